/* SPDX-License-Identifier: EUPL-1.2
 * What people have let services be told, what they were shown, and what services hold of theirs. */
#include "base/crypt.h"
#include "base/log.h"
#include "registry/consents.h"
#include "registry/ends.h"
#include "tests/test.h"

#include <stdlib.h>
#include <sys/stat.h>

struct rig {
    char dir[64];
    struct settings set;
    struct consents *consents;
    struct fail why;
};

static struct rig *rig_new(struct test *t)
{
    struct rig *r = arena_make(t->arena, struct rig);

    *r = (struct rig){ .dir = "/tmp/digione-consents-XXXXXX" };
    CHECK(mkdtemp(r->dir) != NULL);
    CHECK(mkdir(arena_cstr(t->arena, arena_printf(t->arena, "%s/registry", r->dir)), 0700) == 0);
    r->set.state_dir = str_of(r->dir);
    r->consents = consents_new(&r->set);
    return r;
}

static void rig_end(struct test *t, struct rig *r)
{
    consents_free(r->consents);
    CHECK(system(arena_cstr(t->arena, arena_printf(t->arena, "rm -rf %s", r->dir))) == 0);
}

/* Its next opening reads the file anew. */
static void rig_again(struct rig *r)
{
    consents_free(r->consents);
    r->consents = consents_new(&r->set);
}

/* ── jobs ───────────────────────────────────────────────────────────────── */

struct deed {
    struct str person, service;
    enum consent_kind kind;
    struct consent put, got;
    struct consents_found found;
    struct held held;
    struct held_found holds;
    int64_t oldest_s;
    struct ends *ends;
    bool was;
};

static bool do_put(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct deed *x = with;

    return consent_put(d, a, x->person, &x->put, f);
}

static bool do_get(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct deed *x = with;

    return consent_get(d, a, x->person, x->service, x->kind, &x->got, f);
}

static bool do_list(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct deed *x = with;

    return consents_of(d, a, x->person, &x->found, f);
}

static bool do_take(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct deed *x = with;

    return consent_take(d, a, x->person, x->service, &x->was, f);
}

static bool do_hold(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct deed *x = with;

    return held_put(d, a, x->person, &x->held, x->oldest_s, x->ends, f);
}

static bool do_holds(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct deed *x = with;

    return held_of(d, a, x->person, &x->holds, f);
}

static bool do_drop(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct deed *x = with;

    (void)a;
    return held_drop(d, x->person, x->service, f);
}

static void give(struct test *t, struct rig *r, const char *person, const char *service, enum consent_kind kind,
                 const char *words, int64_t at_s)
{
    struct deed x = {
        .person = str_of(person),
        .put = { .kind = kind, .service = str_of(service), .claims = consent_claims(str_of(words)), .at_s = at_s }
    };

    CHECK(consents_now(r->consents, t->arena, do_put, &x, &r->why));
}

static struct consent look(struct test *t, struct rig *r, const char *person, const char *service,
                           enum consent_kind kind)
{
    struct deed x = { .person = str_of(person), .service = str_of(service), .kind = kind };

    CHECK(consents_now(r->consents, t->arena, do_get, &x, &r->why));
    return x.got;
}

static struct consents_found list(struct test *t, struct rig *r, const char *person)
{
    struct deed x = { .person = str_of(person) };

    CHECK(consents_now(r->consents, t->arena, do_list, &x, &r->why));
    return x.found;
}

static bool take(struct test *t, struct rig *r, const char *person, const char *service)
{
    struct deed x = { .person = str_of(person), .service = str_of(service) };

    CHECK(consents_now(r->consents, t->arena, do_take, &x, &r->why));
    return x.was;
}

static void hold(struct test *t, struct rig *r, const char *person, const char *service, struct str key, int64_t at_s,
                 int64_t oldest_s)
{
    struct deed x = { .person = str_of(person), .held = { str_of(service), key, at_s }, .oldest_s = oldest_s };

    CHECK(consents_now(r->consents, t->arena, do_hold, &x, &r->why));
}

static struct held_found holds(struct test *t, struct rig *r, const char *person)
{
    struct deed x = { .person = str_of(person) };

    CHECK(consents_now(r->consents, t->arena, do_holds, &x, &r->why));
    return x.holds;
}

/* ── consents ───────────────────────────────────────────────────────────── */

TEST(a_consent_is_of_one_person_one_service_and_one_kind)
{
    struct rig *r = rig_new(t);

    give(t, r, "anna", "kerho", CONSENT_GIVEN, "given_name roles", 100);
    rig_again(r);
    struct consent c = look(t, r, "anna", "kerho", CONSENT_GIVEN);
    CHECK(c.kind == CONSENT_GIVEN && c.at_s == 100);
    CHECK_STR(c.service, "kerho");
    CHECK_STR(consent_words(t->arena, c.claims), "given_name roles");
    CHECK(look(t, r, "berta", "kerho", CONSENT_GIVEN).kind == CONSENT_NONE);
    CHECK(look(t, r, "anna", "peli", CONSENT_GIVEN).kind == CONSENT_NONE);
    CHECK(look(t, r, "anna", "kerho", CONSENT_SHOWN).kind == CONSENT_NONE);
    rig_end(t, r);
}

TEST(a_later_consent_stands_in_place_of_the_one_before)
{
    struct rig *r = rig_new(t);

    give(t, r, "anna", "kerho", CONSENT_GIVEN, "given_name", 100);
    give(t, r, "anna", "kerho", CONSENT_GIVEN, "given_name roles", 200);
    struct consent c = look(t, r, "anna", "kerho", CONSENT_GIVEN);
    CHECK(c.at_s == 200);
    CHECK_STR(consent_words(t->arena, c.claims), "given_name roles");
    CHECK(list(t, r, "anna").n == 1);
    rig_end(t, r);
}

TEST(what_is_taken_back_is_gone_and_what_was_shown_stays)
{
    struct rig *r = rig_new(t);

    give(t, r, "anna", "kerho", CONSENT_GIVEN, "given_name", 100);
    give(t, r, "anna", "kerho", CONSENT_SHOWN, "given_name", 100);
    give(t, r, "berta", "kerho", CONSENT_GIVEN, "given_name", 100);
    CHECK(take(t, r, "anna", "kerho"));
    CHECK(!take(t, r, "anna", "kerho"));
    CHECK(!take(t, r, "anna", "peli"));
    CHECK(look(t, r, "anna", "kerho", CONSENT_GIVEN).kind == CONSENT_NONE);
    CHECK(look(t, r, "anna", "kerho", CONSENT_SHOWN).kind == CONSENT_SHOWN);
    CHECK(look(t, r, "berta", "kerho", CONSENT_GIVEN).kind == CONSENT_GIVEN);
    rig_end(t, r);
}

TEST(a_persons_consents_are_listed_the_newest_first)
{
    struct rig *r = rig_new(t);

    give(t, r, "anna", "kerho", CONSENT_GIVEN, "given_name", 100);
    give(t, r, "anna", "peli", CONSENT_SHOWN, "", 300);
    give(t, r, "anna", "levy", CONSENT_GIVEN, "roles", 200);
    struct consents_found all = list(t, r, "anna");
    CHECK(all.n == 3);
    CHECK_STR(all.at[0].service, "peli");
    CHECK(all.at[0].claims.bits == 0 && all.at[0].kind == CONSENT_SHOWN);
    CHECK_STR(all.at[1].service, "levy");
    CHECK_STR(all.at[2].service, "kerho");
    CHECK(list(t, r, "nobody").n == 0);
    rig_end(t, r);
}

TEST(a_word_that_nobody_knows_any_more_is_passed_over)
{
    CHECK_STR(consent_words(t->arena, consent_claims(S("roles shoe_size given_name"))), "given_name roles");
    CHECK(consent_claims(S("shoe_size")).bits == 0);
    CHECK(consent_claims(S("")).bits == 0);
}

/* ── what services hold ─────────────────────────────────────────────────── */

static struct str key_of(struct test *t, int i)
{
    return arena_printf(t->arena, "%064d", i);
}

TEST(what_services_hold_is_listed_of_one_person_the_newest_first)
{
    struct rig *r = rig_new(t);

    hold(t, r, "anna", "levy", key_of(t, 1), 100, 0);
    hold(t, r, "anna", "taulu", key_of(t, 2), 200, 0);
    hold(t, r, "berta", "levy", key_of(t, 3), 300, 0);
    rig_again(r);
    struct held_found all = holds(t, r, "anna");
    CHECK(all.n == 2);
    CHECK_STR(all.at[0].service, "taulu");
    CHECK(str_eq(all.at[1].key, key_of(t, 1)) && all.at[1].at_s == 100);
    CHECK(list(t, r, "anna").n == 0);
    rig_end(t, r);
}

TEST(what_one_service_holds_is_let_go_and_nothing_else)
{
    struct rig *r = rig_new(t);
    struct deed x = { .person = S("anna"), .service = S("levy") };

    hold(t, r, "anna", "levy", key_of(t, 1), 100, 0);
    hold(t, r, "anna", "levy", key_of(t, 2), 100, 0);
    hold(t, r, "anna", "taulu", key_of(t, 3), 100, 0);
    hold(t, r, "berta", "levy", key_of(t, 4), 100, 0);
    CHECK(consents_now(r->consents, t->arena, do_drop, &x, &r->why));
    CHECK(holds(t, r, "anna").n == 1);
    CHECK_STR(holds(t, r, "anna").at[0].service, "taulu");
    CHECK(holds(t, r, "berta").n == 1);
    rig_end(t, r);
}

TEST(no_service_fills_the_list_and_what_cannot_be_good_any_more_leaves_it)
{
    struct rig *r = rig_new(t);

    hold(t, r, "anna", "vanha", key_of(t, 1000), 50, 0);
    for (int i = 0; i < 3 * HELD_OF_SERVICE; i++)
        hold(t, r, "anna", "levy", key_of(t, i), 100 + i, 0);
    struct held_found all = holds(t, r, "anna");
    CHECK(all.n == HELD_OF_SERVICE + 2); /* with one for the older ones of levy */
    CHECK(all.at[0].at_s == 100 + 3 * HELD_OF_SERVICE - 1);
    CHECK_STR(all.at[1].service, "vanha"); /* of each service one comes before the second of any */
    hold(t, r, "anna", "taulu", key_of(t, 2000), 1000, 51);
    all = holds(t, r, "anna");
    CHECK(all.n == HELD_OF_SERVICE + 2);
    for (size_t i = 0; i < all.n; i++)
        CHECK(!str_eq(all.at[i].service, S("vanha")));
    rig_end(t, r);
}

TEST(what_a_service_was_left_with_is_not_hidden_by_what_comes_after_it)
{
    struct rig *r = rig_new(t);
    int unnamed = 0;

    for (int i = 0; i <= HELD_OF_SERVICE; i++)
        hold(t, r, "anna", "levy", key_of(t, i), 100 + i, 0);
    struct held_found all = holds(t, r, "anna");
    CHECK(all.n == HELD_OF_SERVICE + 1);
    for (size_t i = 0; i < all.n; i++)
        if (all.at[i].key.p == NULL) {
            unnamed++;
            CHECK(all.at[i].at_s == 100); /* the one that lost its name */
        }
    CHECK_INT(unnamed, 1);
    hold(t, r, "anna", "levy", key_of(t, 500), 300, 101); /* when it could be good no longer, its row goes */
    all = holds(t, r, "anna");
    for (size_t i = 0; i < all.n; i++)
        CHECK(all.at[i].key.p != NULL || all.at[i].at_s == 101);
    rig_end(t, r);
}

static struct str hash_of(struct test *t, int i)
{
    return sha256_hex(t->arena, key_of(t, i));
}

static void hold_but(struct test *t, struct rig *r, const char *service, struct str key, int64_t at_s,
                     struct ends *ends)
{
    struct deed x = { .person = S("anna"), .held = { str_of(service), key, at_s }, .ends = ends };

    CHECK(consents_now(r->consents, t->arena, do_hold, &x, &r->why));
}

TEST(what_has_ended_makes_room_for_what_is_good)
{
    struct rig *r = rig_new(t);
    struct ends *ends = ends_new(&r->set, &t->world);

    log_set_level((enum log_level)(LOG_ERROR + 1)); /* without a thread for SQL each end says that it is not kept */

    hold(t, r, "anna", "levy", hash_of(t, 0), 100, 0);
    for (int i = 1; i <= 3 * HELD_OF_SERVICE; i++) { /* made, and revoked at once */
        hold_but(t, r, "levy", hash_of(t, i), 100 + i, ends);
        (void)ends_add(ends, NULL, NULL, t->arena, hash_of(t, i), TEST_NOW_S + 1000);
    }
    hold_but(t, r, "levy", hash_of(t, 500), 500, ends);
    struct held_found all = holds(t, r, "anna");
    CHECK(all.n == 2);
    CHECK_STR(all.at[1].key, arena_cstr(t->arena, hash_of(t, 0)));
    ends_free(ends);
    rig_end(t, r);
}
