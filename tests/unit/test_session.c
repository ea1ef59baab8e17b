/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/session/session.h"

#include "base/settings.h"
#include "gateway/session/login_cookie.h"
#include "tests/test.h"

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
