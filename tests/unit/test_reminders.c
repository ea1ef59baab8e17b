/* SPDX-License-Identifier: EUPL-1.2
 * What ends is said 60, 30 and 7 days before, once, whoever looks and whatever restarts: a year goes by in here. */
#include "alarms/alarms.h"
#include "gateway/reminders.h"
#include "idp-adapters/upstream.h"
#include "registry/contacts.h"
#include "registry/registry.h"
#include "tests/test.h"
#include "tests/unit/registry_rig.h"

#include <stdio.h>
#include <string.h>

enum { DAY_S = 86400 };

static const struct settings with_mail = { .public_url = { "https://digione.example", 23 },
                                           .name = { "DigiOne", 7 },
                                           .smtp = { "smtps://mail.example", 20 },
                                           .smtp_from = { "portti@digione.example", 22 } };

struct year {
    struct test *t;
    struct rig g;
    struct mails *mails;
    struct vendors *vendors;
    struct str technology, asked; /* of the row; what is verified next */
    struct mail_door door;
    struct registry *r;
    struct service service;
    struct purpose need;
    size_t seen; /* letters that came out of the outbox */
    char said[16][160];
};

/* Everything in its place: one organisation, one service of it whose need ends. */
static void registry_of(struct year *y)
{
    struct arena *a = arena_new();
    struct registry_parts p = { .services = arena_make_n(a, 1, struct service),
                                .service_count = 1,
                                .organisations = arena_make_n(a, 1, struct organisation),
                                .organisation_count = 1,
                                .version = 1 };

    p.services[0] = y->service;
    p.organisations[0] = (struct organisation){ .id = S("tuisku"),
                                                .business_id = S("2345678-0"),
                                                .names = { { S("Tuisku Oy") } },
                                                .technology = y->technology,
                                                .enabled = true };
    registry_drop(y->r);
    y->r = registry_build(a, &p);
}

static bool verify(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct year *y = with;
    const struct contact_link x = { .hash = y->asked,
                                    .organisation = S("tuisku"),
                                    .address = y->asked,
                                    .which = CONTACT_technology,
                                    .until_s = world_now_s(&y->t->world) + CONTACT_LINK_S };

    return contact_link_put(d, &x, f) && contact_verify(d, a, x.hash, world_now_s(&y->t->world), f);
}

static void verified(struct year *y, struct str address)
{
    struct test *t = y->t;
    struct fail f = { 0 };

    y->asked = address;
    CHECK(vendors_now(y->vendors, t->arena, verify, y, &f));
    CHECK_STR(str_of(f.detail), "");
}

static void year_open_unverified(struct test *t, struct year *y)
{
    *y = (struct year){ .t = t, .technology = S("tekniikka@tuisku.fi") };
    rig_open(t, &y->g);
    y->vendors = vendors_new(&y->g.set);
    y->mails = mails_new(&y->g.set);
    y->door = (struct mail_door){ &with_mail, &t->world, y->g.how.seals, y->mails };
    y->need = (struct purpose){ .claim = CLAIM_EMAIL, .until_s = world_now_s(&t->world) + 100 * DAY_S };
    y->service = (struct service){ .id = S("tuisku-a"),
                                   .names = { { S("Tuisku A") } },
                                   .vendor = S("tuisku"),
                                   .enabled = true,
                                   .purposes = &y->need,
                                   .purpose_count = 1 };
    registry_of(y);
}

static void year_open(struct test *t, struct year *y)
{
    year_open_unverified(t, y);
    verified(y, y->technology);
}

static void year_close(struct year *y)
{
    registry_drop(y->r);
    mails_free(y->mails);
    vendors_free(y->vendors);
    rig_free(y->t, &y->g);
}

static bool take(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct year *y = with;
    struct waiting_mail m;

    for (;;) {
        if (!mails_take(d, a, y->g.how.seals, world_now_s(&y->t->world), &m, f))
            return false;
        if (m.number == 0)
            return true;
        if (y->seen < 16)
            (void)snprintf(y->said[y->seen], sizeof y->said[0], "%.*s %.*s", STR_ARG(m.to), STR_ARG(m.key));
        y->seen++;
        if (!mails_sent(d, m.number, f))
            return false;
    }
}

static size_t letters(struct year *y)
{
    struct test *t = y->t;
    struct arena *a = arena_new();
    struct fail f = { 0 };

    y->seen = 0;
    CHECK(mails_now(y->mails, a, take, y, &f));
    CHECK_STR(str_of(f.detail), "");
    arena_free(a);
    return y->seen;
}

static void look(struct year *y, struct reminders *x)
{
    test_passes(y->t, REMINDERS_FIRST_MS / 1000);
    reminders_look(x, y->r, NULL);
}

static void days_pass(struct year *y, struct reminders *x, int n)
{
    for (int i = 0; i < n; i++) {
        test_passes(y->t, DAY_S);
        reminders_look(x, y->r, NULL);
    }
}

TEST(a_need_that_ends_is_said_60_30_and_7_days_before_and_not_again)
{
    struct year y;

    year_open(t, &y);
    struct reminders *x = reminders_new(&y.door, NULL, y.vendors);
    look(&y, x);
    days_pass(&y, x, 39);
    CHECK_INT(letters(&y), 0); /* 61 days are left */
    days_pass(&y, x, 1);
    CHECK_INT(letters(&y), 1);
    CHECK(strstr(y.said[0], "tekniikka@tuisku.fi ends:service:tuisku-a:email:") == y.said[0]);
    CHECK(strcmp(y.said[0] + strlen(y.said[0]) - 3, ":60") == 0);
    days_pass(&y, x, 29);
    CHECK_INT(letters(&y), 0);
    days_pass(&y, x, 1);
    CHECK_INT(letters(&y), 1);
    CHECK(strcmp(y.said[0] + strlen(y.said[0]) - 3, ":30") == 0);
    days_pass(&y, x, 22);
    CHECK_INT(letters(&y), 0);
    days_pass(&y, x, 1);
    CHECK_INT(letters(&y), 1);
    CHECK(strcmp(y.said[0] + strlen(y.said[0]) - 2, ":7") == 0);
    days_pass(&y, x, 60);
    CHECK_INT(letters(&y), 0); /* nor when it is over */
    reminders_free(x);
    year_close(&y);
}

/* [issue 14, 1] */
TEST(nothing_is_sent_to_an_address_that_nobody_verified_and_the_former_receives_until_then)
{
    struct year y;

    year_open_unverified(t, &y);
    struct reminders *x = reminders_new(&y.door, NULL, y.vendors);
    look(&y, x);
    days_pass(&y, x, 45); /* 55 are left */
    CHECK_INT(letters(&y), 0);
    verified(&y, S("tekniikka@tuisku.fi"));
    days_pass(&y, x, 1); /* what was due meanwhile is said now */
    CHECK_INT(letters(&y), 1);
    CHECK(strstr(y.said[0], "tekniikka@tuisku.fi ") == y.said[0]);
    y.technology = S("uusi@tuisku.fi");
    registry_of(&y);
    days_pass(&y, x, 30);
    CHECK_INT(letters(&y), 1);
    CHECK(strstr(y.said[0], "tekniikka@tuisku.fi ") == y.said[0]);
    verified(&y, S("uusi@tuisku.fi"));
    days_pass(&y, x, 20);
    CHECK_INT(letters(&y), 1);
    CHECK(strstr(y.said[0], "uusi@tuisku.fi ") == y.said[0]);
    reminders_free(x);
    year_close(&y);
}

TEST(a_restart_and_a_second_node_say_nothing_again)
{
    struct year y;

    year_open(t, &y);
    y.need.until_s = world_now_s(&t->world) + 20 * DAY_S;
    struct reminders *x = reminders_new(&y.door, NULL, y.vendors), *second = reminders_new(&y.door, NULL, y.vendors);
    look(&y, x);
    CHECK_INT(letters(&y), 1);
    look(&y, second);
    reminders_free(x);
    mails_free(y.mails); /* the process ends */
    y.mails = mails_new(&y.g.set);
    y.door.mails = y.mails;
    x = reminders_new(&y.door, NULL, y.vendors);
    look(&y, x);
    CHECK_INT(letters(&y), 0);
    reminders_free(x);
    reminders_free(second);
    year_close(&y);
}

TEST(what_was_renewed_has_warnings_of_its_own)
{
    struct year y;

    year_open(t, &y);
    y.need.until_s = world_now_s(&t->world) + 20 * DAY_S;
    struct reminders *x = reminders_new(&y.door, NULL, y.vendors);
    look(&y, x);
    CHECK_INT(letters(&y), 1);
    y.need.until_s += 365 * DAY_S;
    days_pass(&y, x, 324);
    CHECK_INT(letters(&y), 0);
    days_pass(&y, x, 2);
    CHECK_INT(letters(&y), 1);
    CHECK(strcmp(y.said[0] + strlen(y.said[0]) - 3, ":60") == 0);
    reminders_free(x);
    year_close(&y);
}

TEST(a_secret_that_retires_is_said_with_words_of_its_own_and_what_is_off_reminds_nobody)
{
    struct year y;
    struct reminder due[REMINDERS_OF_ONE_MAX];
    int64_t now_s = world_now_s(&t->world);

    year_open(t, &y);
    y.service.purpose_count = 0;
    y.service.client.secret_too = S("00");
    y.service.client.secret_too_until_s = now_s + 5 * DAY_S;
    CHECK_INT(reminders_of_service(t->arena, NULL, &y.service, now_s, due, REMINDERS_OF_ONE_MAX), 1);
    CHECK(due[0].letter == LETTER_secret_retires && due[0].days == 5);
    CHECK_STR(due[0].path, "/vendor/service/tuisku-a");
    CHECK_INT(reminders_of_service(t->arena, NULL, &y.service, now_s + 6 * DAY_S, due, REMINDERS_OF_ONE_MAX), 0);
    y.service.enabled = false;
    CHECK_INT(reminders_of_service(t->arena, NULL, &y.service, now_s, due, REMINDERS_OF_ONE_MAX), 0);
    year_close(&y);
}

TEST(without_a_mail_server_what_ends_is_an_alarm_alone_until_it_is_renewed)
{
    static const struct settings none = { .public_url = { "https://digione.example", 23 } };
    struct year y;

    year_open(t, &y);
    y.need.until_s = world_now_s(&t->world) + 20 * DAY_S;
    y.door.set = &none;
    struct alarms *alarms = alarms_new(&y.g.set);
    struct reminders *x = reminders_new(&y.door, alarms, y.vendors);
    look(&y, x);
    CHECK_INT(letters(&y), 0);
    struct alarms_found all = alarms_read(alarms, t->arena, &area_nation, world_now_s(&t->world));
    CHECK_INT(all.n, 1);
    CHECK(all.n == 1 && all.at[0].code == ALARM_service_ends);
    CHECK_STR(all.at[0].subject, "tuisku-a");
    y.need.until_s += 365 * DAY_S;
    days_pass(&y, x, 2);
    reminders_free(x);
    alarms_free(alarms);
    year_close(&y);
}

TEST(a_municipality_hears_by_admins_who_have_an_address_else_by_its_help_desk)
{
    struct arena *a = arena_new();
    struct person with = { .email = S("riikka@oulu.fi") }, without = { .email = { NULL, 0 } };
    struct registry_parts p = { .providers = arena_make_n(a, 1, struct provider),
                                .provider_count = 1,
                                .idps = arena_make_n(a, 1, struct idp),
                                .idp_count = 1,
                                .accounts = arena_make_n(a, 2, struct account),
                                .account_count = 2,
                                .admins = arena_make_n(a, 3, struct admin),
                                .admin_count = 3 };
    struct str to[4];

    p.providers[0] = (struct provider){ .id = S("oulu"), .support = S("tuki@oulu.fi") };
    p.idps[0] = (struct idp){ .id = S("ops"), .enabled = true };
    p.accounts[0] =
        (struct account){ .id = S("a"), .idp = S("ops"), .username = S("a"), .person = &with, .enabled = true };
    p.accounts[1] =
        (struct account){ .id = S("b"), .idp = S("ops"), .username = S("b"), .person = &without, .enabled = true };
    p.admins[0] =
        (struct admin){ .id = S("1"), .idp = S("ops"), .subject = S("a"), .role = ROLE_ADMIN, .provider = p.providers };
    p.admins[1] =
        (struct admin){ .id = S("2"), .idp = S("ops"), .subject = S("b"), .role = ROLE_ADMIN, .provider = p.providers };
    p.admins[2] = (struct admin){ .id = S("3"), .idp = S("ops"), .subject = S("a"), .role = ROLE_OPERATOR };
    struct registry *r = registry_build(a, &p);
    const struct provider *oulu = registry_parts(r)->providers;
    CHECK_INT(reminders_to_provider(r, oulu, 100, to, 4), 1);
    CHECK_STR(to[0], "riikka@oulu.fi");
    registry_parts(r)->admins[0].to_s = 100; /* whose right is over hears nothing */
    CHECK_INT(reminders_to_provider(r, oulu, 100, to, 4), 1);
    CHECK_STR(to[0], "tuki@oulu.fi");
    registry_parts(r)->providers[0].support = S("https://oulu.fi/tuki");
    CHECK_INT(reminders_to_provider(r, oulu, 100, to, 4), 0);
    CHECK_INT(reminders_to_provider(r, NULL, 100, to, 4), 0);
    registry_drop(r);
}

TEST(item_14_a_citys_client_secret_that_ends_is_said_sixty_thirty_and_seven_days_before)
{
    struct upstream_store *kept = upstream_store_new();
    struct arena *a = arena_new();
    struct registry_parts nothing = { .version = 1 };
    struct registry *r = registry_build(a, &nothing);
    struct reminder due[REMINDERS_OF_ONE_MAX];
    static const struct {
        int64_t days, says;
    } at[] = { { 61, 0 }, { 60, 60 }, { 31, 60 }, { 30, 30 }, { 8, 30 }, { 7, 7 } };
    struct idp idp = { .id = S("oulu"), .kind = IDP_OIDC, .enabled = true, .client_secret_sealed = S("x") };

    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
        idp.client_secret_until_s = TEST_NOW_S + at[i].days * DAY_S;
        size_t n = reminders_of_idp(t->arena, kept, r, &idp, TEST_NOW_S, due, REMINDERS_OF_ONE_MAX);
        CHECK_INT(n, at[i].says > 0 ? 1 : 0);
        if (n != 1)
            continue;
        CHECK(due[0].letter == LETTER_idp_ends && str_eq(due[0].part.in[LANG_EN], S("the client secret")));
        CHECK_STR(due[0].path, "/admin/join/oulu");
        CHECK_INT(due[0].end_s, idp.client_secret_until_s);
        CHECK(str_has_suffix(due[0].key, arena_printf(t->arena, ":%lld", (long long)at[i].says)));
    }
    /* Not said, none kept, switched off: nobody is reminded. */
    idp.client_secret_until_s = 0;
    CHECK_INT(reminders_of_idp(t->arena, kept, r, &idp, TEST_NOW_S, due, REMINDERS_OF_ONE_MAX), 0);
    idp.client_secret_until_s = TEST_NOW_S + DAY_S;
    idp.client_secret_sealed = S("");
    CHECK_INT(reminders_of_idp(t->arena, kept, r, &idp, TEST_NOW_S, due, REMINDERS_OF_ONE_MAX), 0);
    idp.client_secret_sealed = S("x");
    idp.enabled = false;
    CHECK_INT(reminders_of_idp(t->arena, kept, r, &idp, TEST_NOW_S, due, REMINDERS_OF_ONE_MAX), 0);
    registry_drop(r);
    upstream_store_free(kept);
}
