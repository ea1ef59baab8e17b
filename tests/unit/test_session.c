/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/session/session.h"

#include "base/seals.h"
#include "base/settings.h"
#include "gateway/answer.h"
#include "gateway/http/guard.h"
#include "gateway/logout.h"
#include "gateway/session/device.h"
#include "gateway/session/int.h"
#include "gateway/session/login_cookie.h"
#include "gateway/session/trail.h"
#include "gateway/session/tryout_keep.h"
#include "model/pairwise.h"
#include "tests/test.h"
#include "wire/http.h"

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

/* ── two requests of one browser at once ── */

TEST(what_two_tabs_open_at_once_is_in_the_session)
{
    struct ctx c = { .arena = t->arena };
    struct str a[] = { S("lampi") }, both[] = { S("lampi"), S("havu") }, kuusi[] = { S("lampi"), S("kuusi") };
    struct str told_before[] = { S("lampi"), S("one") }, told_ours[] = { S("lampi"), S("one"), S("havu"), S("two") },
               told_theirs[] = { S("lampi"), S("three"), S("kuusi"), S("four") };
    struct session read = sample(false), ours = sample(false), theirs = sample(false);

    read.services = (struct strs){ a, 1 };
    ours.services = (struct strs){ both, 2 };
    theirs.services = (struct strs){ kuusi, 2 };
    read.told = (struct strs){ told_before, 2 };
    ours.told = (struct strs){ told_ours, 4 };
    theirs.told = (struct strs){ told_theirs, 4 };
    struct session *there = round_trip(t, &theirs);
    session_merge(&c, there, &ours, &read);
    CHECK_INT(there->services.n, 3);
    CHECK(strs_has(&there->services, S("lampi")) && strs_has(&there->services, S("havu")) &&
          strs_has(&there->services, S("kuusi")));
    CHECK_STR(session_told(there, S("havu")), "two");
    CHECK_STR(session_told(there, S("kuusi")), "four");
    CHECK_STR(session_told(there, S("lampi")), "three"); /* theirs is newer: this one has not told it anew */
}

TEST(favourites_are_those_of_whoever_changed_them)
{
    struct ctx c = { .arena = t->arena };
    struct str ids[] = { S("lampi") };
    struct session read = sample(false), ours = sample(false), theirs = sample(false);

    read.seen_s = theirs.seen_s = 100;
    ours.seen_s = 200;
    theirs.favourites = (struct strs){ ids, 1 };
    theirs.favourites_known = true;
    struct session *there = round_trip(t, &theirs);
    session_merge(&c, there, &ours, &read);
    CHECK(there->favourites_known && there->favourites.n == 1);
    CHECK_INT(there->seen_s, 200);
    ours.favourites_known = true;
    ours.seen_s = 50;
    session_merge(&c, there, &ours, &read);
    CHECK_INT(there->favourites.n, 0);
    CHECK_INT(there->seen_s, 200);
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

TEST(a_login_in_flight_remembers_how_its_service_wants_to_be_answered)
{
    struct login l = { .state = LOGIN_ASKED,
                       .protocol = PROTO_OIDC,
                       .id = S("id"),
                       .answer_mode = 5,
                       .prompt = PROMPT_CONSENT,
                       .acr_must = true,
                       .claims = S("{\"userinfo\":{\"name\":null}}"),
                       .resources = S("https://a.example https://b.example"),
                       .jkt = S("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"),
                       .pushed = S("mark") },
                 back;

    CHECK(login_parse(t->arena, login_write(t->arena, &l), &back));
    CHECK_INT(back.answer_mode, 5);
    CHECK_INT(back.prompt, PROMPT_CONSENT);
    CHECK(back.acr_must && !back.shared && !back.fresh && !back.wants_auth_time);
    CHECK_STR(back.claims, "{\"userinfo\":{\"name\":null}}");
    CHECK_STR(back.resources, "https://a.example https://b.example");
    CHECK_STR(back.jkt, "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
    CHECK_STR(back.pushed, "mark");
    l = (struct login){ .state = LOGIN_ASKED, .protocol = PROTO_OIDC, .id = S("id") };
    CHECK(login_parse(t->arena, login_write(t->arena, &l), &back));
    CHECK(back.claims.p == NULL && back.resources.p == NULL && back.jkt.p == NULL && back.pushed.p == NULL);
    CHECK(!back.acr_must);
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

/* ── what a session leaves behind in its browser ────────────────────────── */

struct trace { /* a request that brings what another was answered */
    struct ctx ctx;
    struct http_request req;
    struct http_response res;
    struct http_field cookie;
    struct settings set;
};

static struct trace *trace_new(struct test *t, struct str cookie)
{
    struct trace *x = arena_make(t->arena, struct trace);

    settings_defaults(&x->set);
    x->cookie = (struct http_field){ S("Cookie"), cookie };
    x->req = (struct http_request){
        .method = HTTP_GET, .path = S("/"), .https = true, .fields = &x->cookie, .field_count = 1
    };
    x->res = (struct http_response){ .arena = t->arena, .https = true };
    x->ctx = (struct ctx){ .arena = t->arena,
                           .world = &t->world,
                           .now_s = world_now_s(&t->world),
                           .set = &x->set,
                           .req = &x->req,
                           .res = &x->res,
                           .seals = seals_of(t->arena, S("0123456789abcdef0123456789abcdef")) };
    return x;
}

static struct str cookie_of(const struct trace *x)
{
    struct str set = http_response_field(&x->res, S("Set-Cookie"));

    return str_sub(set, 0, str_find_byte(set, ';', 0));
}

static struct session leaving(struct test *t, size_t services, size_t hint_n)
{
    struct session s = sample(true);
    struct buf hint = buf_new(t->arena, 16384);

    for (size_t i = 0; i < services; i++)
        strs_add(t->arena, &s.services, arena_printf(t->arena, "service-%zu", i));
    for (size_t i = 0; i < hint_n; i++)
        buf_byte(&hint, (char)('a' + i % 26));
    s.upstream_hint = buf_str(&hint);
    return s;
}

TEST(what_a_session_leaves_behind_is_read_again_by_us_alone)
{
    struct session s = leaving(t, 3, 300);
    struct trace *x = trace_new(t, S("a=b"));
    struct trail got;

    CHECK(!trail_read(&x->ctx, &got));
    trail_keep(&x->ctx, &s);
    struct str cookie = cookie_of(x);
    CHECK(str_find(cookie, S("service")) == cookie.n && str_find(cookie, S("oulu")) == cookie.n);
    struct trace *y = trace_new(t, cookie);
    CHECK(trail_read(&y->ctx, &got));
    CHECK_STR(got.services, "service-0 service-1 service-2");
    CHECK_STR(got.idp, "oulu");
    CHECK_STR(got.csrf, "csrf");
    CHECK_INT(got.hint.n, 300);
    CHECK(got.shared && !got.more);
    y->ctx.seals = seals_of(t->arena, S("another-0123456789abcdef0123456789abcdef"));
    CHECK(!trail_read(&y->ctx, &got));
    test_passes(t, TRAIL_KEPT_S);
    CHECK(!trail_read(&trace_new(t, cookie)->ctx, &got));
}

/* A browser drops a cookie of more than 4096 bytes, and with it all that we knew. */
TEST(what_a_session_leaves_behind_fits_its_cookie_however_much_it_opened)
{
    for (size_t services = 0; services <= SESSION_SERVICES_MAX; services += 25)
        for (size_t hint = 0; hint <= 8000; hint += 500) {
            struct session s = leaving(t, services, hint);
            struct trace *x = trace_new(t, S("a=b"));
            struct trail got;
            trail_keep(&x->ctx, &s);
            struct str cookie = cookie_of(x);
            CHECK(cookie.n <= TRAIL_COOKIE_MAX_B + sizeof "__Host-trail=");
            CHECK(trail_read(&trace_new(t, cookie)->ctx, &got));
            CHECK(str_is_set(got.idp) && (services < 50 ? !got.more : services < 100 || got.more));
            CHECK(hint > 1000 || hint == 0 || got.hint.n == hint);
        }
}

TEST(who_signs_in_again_keeps_the_list_and_nobody_else_gets_it)
{
    struct session s = leaving(t, 2, 0), same = sample(false), other = sample(false);
    struct person somebody = { .id = S("q"), .idp = S("oulu") };
    struct trace *x = trace_new(t, S("a=b"));

    trail_keep(&x->ctx, &s);
    struct trace *y = trace_new(t, cookie_of(x));
    trail_follow(&y->ctx, &same);
    CHECK_INT(same.services.n, 2);
    other.person = &somebody;
    trail_follow(&y->ctx, &other);
    CHECK_INT(other.services.n, 0);
}

TEST(signing_in_again_does_not_renew_what_was_opened_before)
{
    struct session s = leaving(t, 2, 0);
    struct str cookie;
    struct trail got;
    struct trace *x = trace_new(t, S("a=b"));

    trail_keep(&x->ctx, &s);
    cookie = cookie_of(x);
    for (int day = 0; day < 4; day++) { /* in the morning and in the evening, for four days */
        for (int half = 0; half < 2; half++) {
            struct session again = sample(false);
            test_passes(t, 12 * 3600);
            x = trace_new(t, cookie);
            trail_follow(&x->ctx, &again);
            CHECK_INT(again.services.n, day == 0 ? 2 : 1);
            CHECK(session_add_service(&x->ctx, &again, S("service-1")) == false || day > 0);
            cookie = cookie_of(x);
        }
        CHECK(trail_read(&trace_new(t, cookie)->ctx, &got));
        CHECK_STR(got.services, day == 0 ? "service-0 service-1" : "service-1");
        CHECK_INT(got.hours.n, day == 0 ? 2 : 1);
    }
    test_passes(t, 25 * 3600);
    CHECK(!trail_read(&trace_new(t, cookie)->ctx, &got));
}

/* ── all of it together ─────────────────────────────────────────────────── */

/* A browser: what it was told to keep goes along with its next request. */
static struct str jar_after(struct test *t, struct str jar, const struct http_response *res)
{
    struct buf b = buf_new(t->arena, 1 << 20);
    struct str rest = jar, one;

    while (str_split(&rest, ';', &one)) {
        struct str name = str_sub(str_trim(one), 0, str_find_byte(str_trim(one), '=', 0) + 1);
        bool replaced = false;
        for (size_t i = 0; i < res->field_count; i++)
            replaced = replaced ||
                       (str_eq(res->fields[i].name, S("Set-Cookie")) && str_has_prefix(res->fields[i].value, name));
        if (!replaced && str_is_set(str_trim(one)))
            buf_printf(&b, "%s%.*s", b.n > 0 ? "; " : "", STR_ARG(str_trim(one)));
    }
    for (size_t i = 0; i < res->field_count; i++)
        if (str_eq(res->fields[i].name, S("Set-Cookie")) &&
            str_find(res->fields[i].value, S("Max-Age=0")) == res->fields[i].value.n)
            buf_printf(&b, "%s%.*s", b.n > 0 ? "; " : "",
                       STR_ARG(str_sub(res->fields[i].value, 0, str_find_byte(res->fields[i].value, ';', 0))));
    return buf_str(&b);
}

static struct str kept_login(struct test *t, struct trace *x, struct login *l)
{
    struct fail f = { 0 };

    x->ctx.login = l;
    CHECK(login_keep[0].run(&x->ctx, &f) == NEXT);
    for (size_t i = 0; i < x->res.field_count; i++) {
        struct str set = x->res.fields[i].value;
        if (str_has_prefix(set, arena_join(t->arena, S("__Host-login-"), l->id)))
            return str_sub(set, 0, str_find_byte(set, ';', 0));
    }
    return (struct str){ NULL, 0 };
}

/* The guard turns a request away whose header is larger, and with it everything that this browser would ask. */
TEST(all_that_a_browser_keeps_for_us_goes_into_one_header)
{
    enum { OTHERS_B = 3072 /* what browsers and proxies say of themselves */ };
    struct person person = { .id = letters(t, 64), .idp = letters(t, 128) };
    struct session s = leaving(t, SESSION_SERVICES_MAX, 900);
    struct str jar = S("a=b");
    size_t logins = 0, least = 4096, most = 0;

    s.person = &person;
    for (size_t i = 0; i < 60; i++) { /* small logins, and then as large as a cookie takes them */
        struct trace *x = trace_new(t, jar);
        struct login l = { .state = LOGIN_ASKED, .protocol = PROTO_OIDC, .id = arena_printf(t->arena, "%022zu", i) };
        l.service = letters(t, 64);
        l.started_s = x->ctx.now_s;
        l.state_out = letters(t, i < 4 ? 0 : 554);
        size_t n = kept_login(t, x, &l).n;
        least = n < least ? n : least;
        most = n > most ? n : most;
        CHECK(n > 100 && n <= LOGIN_COOKIE_MAX_B + sizeof "__Host-login-0000000000000000000000=");
        jar = jar_after(t, jar, &x->res);
        test_passes(t, 1);
    }
    struct trace *x = trace_new(t, jar);
    x->ctx.session = &s;
    session_cookie_set(&x->ctx, &s, letters(t, SESSION_COOKIE_CHARS));
    static const char letter[] = "abcdefgh";
    for (size_t i = 0; i < 8; i++) {
        jar = jar_after(t, jar, &x->res);
        x = trace_new(t, jar);
        struct str idp = arena_printf(t->arena, "%c%.*s", letter[i], STR_ARG(letters(t, 127)));
        device_remember(&x->ctx, idp);
        device_keep_school(&x->ctx, letters(t, 64));
        device_mark_shared(&x->ctx);
        answer_set_lang(&x->ctx, LANG_FI, VARIETY_NONE);
    }
    jar = jar_after(t, jar, &x->res);
    for (size_t at = 0; (at += str_find(str_from(jar, at), S("login-"))) < jar.n; at++)
        logins++;
    CHECK(logins >= 10 && logins <= LOGINS_MAX && str_find(jar, S("trail=")) < jar.n &&
          str_find(jar, S("opened=")) < jar.n);
    CHECK(str_find(jar, S("idp=")) < jar.n && str_find(jar, S("place=")) < jar.n && str_find(jar, S("lang=")) < jar.n);
    /* Beside them: what was opened last and the school, both with a mark; what is shown after a sign-out; a fault's
     * code; a test sign-in. */
    size_t beside = 64 + 4 * 130 + 128 + LEAVING_COOKIE_MAX_B + 128 + 64 + TRYOUT_COOKIE_MAX_B;
    CHECK(jar.n + beside + GUARD_LINE_MAX_B + OTHERS_B <= GUARD_HEADER_MAX_B);
    CHECK(least < 512 && most > LOGIN_COOKIE_MAX_B - 32);
}

/* Whoever can write to Redis, or mixes two keys up, makes nobody somebody else. */
TEST(a_session_is_read_under_the_key_that_it_was_kept_by)
{
    struct arena *ra = arena_new();
    struct registry_parts parts = { .idps = arena_make(ra, struct idp), .idp_count = 1 };
    struct settings set;
    struct session s = sample(false);
    struct fail f = { 0 };
    struct str mine = S("0101010101010101010101010101010101010101010101010101010101010101"), other = S("02");

    settings_defaults(&set);
    parts.idps[0] = (struct idp){ .id = S("oulu"), .kind = IDP_LOCAL, .enabled = true };
    struct registry *r = registry_build(ra, &parts);
    struct ctx c = { .arena = t->arena, .world = &t->world, .set = &set, .registry = r, .now_s = TEST_NOW_S };
    c.seals = seals_of(t->arena, S("0123456789abcdef0123456789abcdef"));
    struct str record = session_write(t->arena, &s);
    struct kv_got got = { .outcome = KV_HIT,
                          .value = seal_close(t->arena, c.world, c.seals, SEAL_SESSION, mine, record) };

    CHECK(session_of(&c, mine, &got, &f) != NULL);
    CHECK(session_of(&c, other, &got, &f) == NULL);
    got.value = seal_close(t->arena, c.world, c.seals, SEAL_COOKIE, mine, record);
    CHECK(session_of(&c, mine, &got, &f) == NULL);
    got.value = record;
    CHECK(session_of(&c, mine, &got, &f) == NULL);
    CHECK(f.kind == FAIL_NONE); /* no session is no failure */
    registry_drop(r);
}

TEST(item_13_each_vendor_is_told_a_name_of_a_session_of_its_own)
{
    const struct seals *seals = seals_of(t->arena, S("0123456789abcdef0123456789abcdef"));
    struct str sid = S("abcdefghijklmnopqrstuvwx");
    struct str one = pairwise_sid(t->arena, seals, sid, S("one-oy")),
               two = pairwise_sid(t->arena, seals, sid, S("two-oy"));

    CHECK(!str_eq(one, two));
    CHECK(!str_eq(one, sid) && !str_eq(two, sid));
    CHECK_STR(pairwise_sid(t->arena, seals, sid, S("one-oy")), one.p);
    CHECK(!str_eq(pairwise_sid(t->arena, seals, S("abcdefghijklmnopqrstuvwy"), S("one-oy")), one));
    CHECK_INT(one.n, 24);
}

TEST(item_13_a_session_that_began_before_keeps_the_name_that_its_services_know)
{
    const struct seals *seals = seals_of(t->arena, S("0123456789abcdef0123456789abcdef"));
    struct str before = S("abcdefghijklmnopqrstuv");

    CHECK_STR(pairwise_sid(t->arena, seals, before, S("one-oy")), before.p);
}
