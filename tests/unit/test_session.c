/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/session/session.h"

#include "base/settings.h"
#include "gateway/session/login_cookie.h"
#include "tests/test.h"

#include <string.h>

static struct session sample(bool shared)
{
    static struct person person = { .id = S("p"), .idp = S("oulu"), .calling_name = S("Eemeli") };

    return (struct session){ .sid = S("sid"),
                             .csrf = S("csrf"),
                             .began_s = TEST_NOW_S,
                             .seen_s = TEST_NOW_S,
                             .ends_s = TEST_NOW_S + 36000,
                             .shared = shared,
                             .person = &person };
}

static struct session *round_trip(struct test *t, const struct session *s)
{
    struct fail f = { 0 };

    return session_parse(t->arena, session_write(t->arena, s), &f);
}

TEST(a_session_remembers_that_the_device_is_shared)
{
    struct session own = sample(false), shared = sample(true);

    CHECK(!round_trip(t, &own)->shared);
    CHECK(round_trip(t, &shared)->shared);
    CHECK_STR(round_trip(t, &shared)->person->calling_name, "Eemeli");
}

TEST(a_session_keeps_what_ends_the_citys_own)
{
    struct session s = sample(true);

    CHECK(!str_is_set(round_trip(t, &s)->upstream_hint));
    s.upstream_hint = S("eyJ.a.b");
    CHECK_STR(round_trip(t, &s)->upstream_hint, "eyJ.a.b");
}

TEST(a_session_knows_whether_it_has_asked_for_favourites)
{
    struct session s = sample(false);
    struct str ids[] = { S("lampi"), S("havu") };

    CHECK(!round_trip(t, &s)->favourites_known);
    s.favourites_known = true;
    CHECK(round_trip(t, &s)->favourites_known && round_trip(t, &s)->favourites.n == 0);
    s.favourites = (struct strs){ ids, 2 };
    CHECK_STR(round_trip(t, &s)->favourites.at[1], "havu");
}

TEST(a_record_of_a_version_without_the_mark_is_read)
{
    struct fail f = { 0 };
    struct session *s =
        session_parse(t->arena,
                      S("{\"v\":1,\"sid\":\"s\",\"csrf\":\"c\",\"began\":1,\"seen\":2,\"ends\":3,\"epoch\":0,"
                        "\"services\":[\"kanerva\"],\"person\":{\"id\":\"p\",\"idp\":\"oulu\",\"auth_time\":1,"
                        "\"affiliations\":[]}}"),
                      &f);

    CHECK(s != NULL && !s->shared && s->services.n == 1);
}

TEST(a_shared_device_ends_a_session_sooner)
{
    struct settings set;
    struct session own = sample(false), shared = sample(true);

    settings_defaults(&set);
    CHECK_INT(session_left_s(&set, &own, TEST_NOW_S), 3600);
    CHECK_INT(session_left_s(&set, &shared, TEST_NOW_S), 900);
    CHECK_INT(session_left_s(&set, &shared, TEST_NOW_S + 899), 1);
    CHECK(session_left_s(&set, &shared, TEST_NOW_S + 900) <= 0);
    CHECK(session_left_s(&set, &own, TEST_NOW_S + 900) > 0);
    own.ends_s = shared.ends_s = TEST_NOW_S + 60;
    CHECK_INT(session_left_s(&set, &own, TEST_NOW_S), 60);
    CHECK_INT(session_left_s(&set, &shared, TEST_NOW_S), 60);
}

TEST(a_shared_device_is_never_trusted_for_longer_than_an_own_one)
{
    struct settings set;
    struct fail f = { 0 };

    settings_defaults(&set);
    set.public_url = S("https://digione.example");
    set.listen = S("127.0.0.1:8080");
    set.state_dir = S("/var/lib/digione");
    set.session_idle_s = 600;
    CHECK(settings_check(&set, t->arena, &f));
    CHECK_INT(set.shared_idle_s, 600);
}

TEST(a_login_in_flight_remembers_that_the_device_is_shared)
{
    struct login l = { .state = LOGIN_ASKED, .protocol = PROTO_LAUNCHER, .id = S("id"), .shared = true }, back;

    CHECK(login_fresh(&l));
    CHECK(login_parse(t->arena, login_write(t->arena, &l), &back) && back.shared && !back.fresh);
    l.shared = false;
    CHECK(!login_fresh(&l));
    CHECK(login_parse(t->arena, login_write(t->arena, &l), &back) && !back.shared);
}

/* ── what can be written can be read ────────────────────────────────────── */

static struct str letters(struct test *t, size_t n)
{
    return str_n(memset(arena_alloc(t->arena, n + 1), 'x', n), n);
}

/* Every text of a person and of an affiliation, with its bound. */
static struct str *text_at_place(struct person *p, size_t i, size_t *max)
{
    struct affiliation *a = &p->affiliations[0];
    const struct {
        struct str *at;
        size_t max;
    } all[] = {
        { &p->id, 128 },
        { &p->idp, 128 },
        { &p->subject, SUBJECT_MAX_B },
        { &p->origin, PERSON_ORIGIN_MAX_B },
        { &p->given_names, PERSON_TEXT_MAX_B },
        { &p->calling_name, PERSON_TEXT_MAX_B },
        { &p->family_name, PERSON_TEXT_MAX_B },
        { &p->email, PERSON_TEXT_MAX_B },
        { &p->learner_id, PERSON_TEXT_MAX_B },
        { &p->acr, PERSON_TEXT_MAX_B },
        { &p->amr, PERSON_TEXT_MAX_B },
        { &a->provider_oid, 128 },
        { &a->school_oid, 128 },
        { &a->school_code, 128 },
        { &a->office_oid, 128 },
        { &a->group, PERSON_TEXT_MAX_B },
    };

    if (i >= sizeof all / sizeof *all)
        return NULL;
    *max = all[i].max;
    return all[i].at;
}

TEST(a_session_that_fits_is_read_again_and_one_that_does_not_is_not_kept)
{
    struct affiliation at = { .role = ROLE_TEACHER };
    struct person p = { .affiliations = &at, .affiliation_count = 1 };
    struct session s = sample(false);
    struct fail f = { 0 };
    size_t max = 0;

    s.person = &p;
    for (size_t i = 0; text_at_place(&p, i, &max) != NULL; i++) {
        struct str *text = text_at_place(&p, i, &max);
        *text = letters(t, max);
        CHECK(session_keepable(t->arena, &s, &f));
        struct session *back = round_trip(t, &s);
        CHECK(back != NULL && str_eq(*text_at_place(back->person, i, &max), *text));
        *text = letters(t, max + 1);
        CHECK(!session_keepable(t->arena, &s, &f));
        CHECK_STR(f.code, "json_too_long");
        CHECK(round_trip(t, &s) == NULL);
        f = (struct fail){ 0 };
        *text = (struct str){ NULL, 0 };
    }
}

TEST(a_session_of_everything_at_its_bound_is_not_kept_rather_than_cut)
{
    struct affiliation at[PERSON_AFFILIATIONS_MAX];
    struct person p = { .affiliations = at, .affiliation_count = PERSON_AFFILIATIONS_MAX };
    struct session s = sample(false);
    struct fail f = { 0 };

    s.person = &p;
    for (size_t i = 0; i < PERSON_AFFILIATIONS_MAX; i++)
        at[i] = (struct affiliation){ .role = ROLE_TEACHER, .group = letters(t, PERSON_TEXT_MAX_B) };
    CHECK(!session_keepable(t->arena, &s, &f));
    CHECK_STR(f.code, "json_too_large");
}

/* What a session gathers on its way never makes it unreadable. */
TEST(a_session_gathers_services_and_favourites_within_its_record)
{
    struct affiliation at[PERSON_AFFILIATIONS_MAX];
    struct person p = { .affiliations = at, .affiliation_count = PERSON_AFFILIATIONS_MAX };
    struct session s = sample(false), *back;
    struct str ids[SESSION_SERVICES_MAX];
    struct fail f = { 0 };
    size_t n = 0;

    s.person = &p;
    for (size_t i = 0; i < PERSON_AFFILIATIONS_MAX; i++)
        at[i] = (struct affiliation){ .role = ROLE_TEACHER };
    for (; n < 2000 && session_keepable(t->arena, &s, &f); n++) /* as large as it may begin */
        at[n % PERSON_AFFILIATIONS_MAX].group = letters(t, at[n % PERSON_AFFILIATIONS_MAX].group.n + 50);
    at[(n - 1) % PERSON_AFFILIATIONS_MAX].group.n -= 50;
    f = (struct fail){ 0 };
    CHECK(session_keepable(t->arena, &s, &f));
    for (size_t i = 0; i < SESSION_SERVICES_MAX; i++)
        ids[i] = letters(t, 128);
    s.services = (struct strs){ ids, SESSION_SERVICES_MAX };
    s.favourites = (struct strs){ ids, 12 };
    s.favourites_known = true;
    CHECK(session_keepable(t->arena, &s, &f));
    back = round_trip(t, &s);
    CHECK(back != NULL && back->services.n == SESSION_SERVICES_MAX && back->favourites.n == 12);
}

TEST(a_session_remembers_what_was_said_of_the_address)
{
    struct person p = { .id = S("p") };
    struct session s = sample(false);

    s.person = &p;
    for (int v = VERIFIED_UNSAID; v <= VERIFIED_YES; v++) {
        p.email_verified = (enum verified)v;
        CHECK_INT(round_trip(t, &s)->person->email_verified, v);
    }
}

TEST(a_login_in_flight_is_read_as_it_was_written_or_not_written)
{
    struct login l = { .state = LOGIN_ASKED, .protocol = PROTO_OIDC, .id = S("id"), .prompt = 7, .max_age_s = -1 },
                 back;
    static const size_t sizes[] = { 0, 1, 255, 256, 1000, 8192, 30000, 40000, 65534, 65535, 70000 };

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        l.state_out = letters(t, sizes[i]);
        l.nonce = S("a\nb;c d\xe2\x80\xae");
        struct str record = login_write(t->arena, &l);
        CHECK(record.p == NULL || (login_parse(t->arena, record, &back) && str_eq(back.state_out, l.state_out) &&
                                   str_eq(back.nonce, l.nonce) && back.max_age_s == -1 && back.prompt == 7));
        CHECK((record.p != NULL) == (sizes[i] < 32000));
    }
}
