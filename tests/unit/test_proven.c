/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/seals.h"
#include "base/settings.h"
#include "gateway/session/proven.h"
#include "idp-adapters/relay.h"
#include "tests/test.h"

#include <string.h>

/* A registry of two SAML cities and one that speaks OpenID Connect. */
static struct registry *cities(bool espoo_too)
{
    struct arena *a = arena_new();
    struct registry_parts parts = { .idps = arena_make_n(a, 3, struct idp), .idp_count = espoo_too ? 3 : 2 };

    parts.idps[0] = (struct idp){ .id = S("oulu-saml"), .kind = IDP_SAML, .entity_id = S("https://oulu.example") };
    parts.idps[1] = (struct idp){ .id = S("vantaa"), .kind = IDP_OIDC, .issuer = S("https://vantaa.example") };
    parts.idps[2] = (struct idp){ .id = S("espoo-saml"), .kind = IDP_SAML, .entity_id = S("https://espoo.example") };
    return registry_build(a, &parts);
}

static struct ctx *ctx_with(struct test *t, struct registry *r, const char *secret)
{
    struct ctx *c = arena_make(t->arena, struct ctx);

    c->arena = t->arena;
    c->world = &t->world;
    c->now_s = world_now_s(&t->world);
    c->registry = r;
    c->seals = seals_of(t->arena, str_of(secret));
    return c;
}

#define SECRET "0123456789abcdef0123456789abcdef"

TEST(a_request_says_by_its_name_of_whom_and_when_it_was_asked)
{
    struct registry *r = cities(true);
    struct ctx *c = ctx_with(t, r, SECRET);
    struct relay relay;

    for (size_t i = 0; i < 3; i += 2) {
        struct str name = relay_new(c, &registry_parts(r)->idps[i]);
        CHECK(name.n <= RELAY_MAX_B); /* [SAML bindings 3.4.3] */
        CHECK(name.p[0] == '_');
        CHECK(!str_eq(name, relay_new(c, &registry_parts(r)->idps[i])));
        CHECK(relay_read(c, name, &relay));
        CHECK(relay.idp == &registry_parts(r)->idps[i]);
        CHECK_INT(relay.made_s, c->now_s);
    }
    registry_drop(r);
}

TEST(a_name_that_we_did_not_give_is_none_of_ours)
{
    static const struct str foreign[] = {
        { NULL, 0 },
        S(""),
        S("_"),
        S("https://portal.example/"),
        S("_short"),
        S("_a b"),
        S("ss:mem:12345"),
        S("_0123456789012345678901234567"),
    };
    struct registry *r = cities(true);
    struct ctx *c = ctx_with(t, r, SECRET), *other = ctx_with(t, r, "another root secret, of another node");
    struct str name = relay_new(c, &registry_parts(r)->idps[0]);
    struct relay relay;

    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        CHECK(!relay_read(c, foreign[i], &relay));
    CHECK(!relay_read(other, name, &relay));
    for (size_t i = 0; i < name.n; i++) { /* every character counts */
        char *copy = arena_cstr(t->arena, name);
        copy[i] = copy[i] == 'A' ? 'B' : 'A';
        CHECK(!relay_read(c, str_n(copy, name.n), &relay) || i + 1 == name.n);
    }
    CHECK(!relay_read(c, str_sub(name, 0, name.n - 1), &relay));
    CHECK(!relay_read(c, arena_join(t->arena, name, name), &relay));
    registry_drop(r);
}

TEST(a_city_that_has_gone_since_is_nobody)
{
    struct registry *before = cities(true), *after = cities(false);
    struct ctx *c = ctx_with(t, before, SECRET);
    struct str name = relay_new(c, &registry_parts(before)->idps[2]);
    struct relay relay;

    c->registry = after;
    CHECK(relay_read(c, name, &relay));
    CHECK(relay.idp == NULL);
    registry_drop(before);
    registry_drop(after);
}

TEST(what_was_proven_is_read_as_it_was_written)
{
    struct affiliation at[] = { { .provider_oid = S("1.2.246.562.99.95640100004"), .role = ROLE_TEACHER },
                                { .provider_oid = S("1.2.246.562.99.95640100004"),
                                  .role = ROLE_LEARNER,
                                  .group = S("7 \"B\"\n"),
                                  .class_level = 7 } };
    struct person person = { .idp = S("oulu-saml"),
                             .subject = S(" exact bytes "),
                             .given_names = S("Äänis"),
                             .affiliations = at,
                             .affiliation_count = 2,
                             .auth_time_s = 1786348800 };
    struct proven p = {
        .idp = S("oulu-saml"), .upstream_id = S("_abc"), .person = &person, .replay = S("0f"), .ends_s = 1786349000
    };
    struct proven *back = proven_parse(t->arena, proven_write(t->arena, &p));

    CHECK(back != NULL);
    if (back == NULL)
        return;
    CHECK_STR(back->idp, "oulu-saml");
    CHECK_STR(back->upstream_id, "_abc");
    CHECK_STR(back->replay, "0f");
    CHECK_INT(back->ends_s, 1786349000);
    CHECK_STR(back->person->subject, " exact bytes ");
    CHECK_STR(back->person->given_names, "Äänis");
    CHECK_INT(back->person->affiliation_count, 2);
    CHECK_STR(back->person->affiliations[1].group, "7 \"B\"\n");
    CHECK(back->person->affiliations[0].role == ROLE_TEACHER);
    CHECK_INT(back->person->auth_time_s, 1786348800);
}

TEST(a_record_that_is_none_proves_nobody)
{
    static const struct str wrong[] = {
        S(""),
        S("{}"),
        S("[]"),
        S("{\"idp\":\"a\",\"request\":\"b\",\"replay\":\"c\",\"ends\":1}"),
        S("{\"idp\":\"a\",\"request\":\"b\",\"replay\":\"c\",\"ends\":1,\"person\":{}}"),
    };

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CHECK(proven_parse(t->arena, wrong[i]) == NULL);
}

/* Whoever can write to Redis, or mixes two keys up, makes nobody of it. */
TEST(a_record_is_read_under_the_name_that_it_was_kept_by)
{
    struct registry *r = cities(true);
    struct ctx *c = ctx_with(t, r, SECRET);
    struct person person = { .idp = S("oulu-saml"), .subject = S("anna"), .auth_time_s = 1786348800 };
    struct proven p = {
        .idp = S("oulu-saml"), .upstream_id = S("_abc"), .person = &person, .replay = S("0f"), .ends_s = 1786349000
    };
    struct str record = proven_write(t->arena, &p);
    struct kv_got got = { .outcome = KV_HIT,
                          .value = seal_close(t->arena, c->world, c->seals, SEAL_SESSION, S("proven:one"), record) };

    CHECK(proven_of(c, S("one"), &got) != NULL);
    CHECK(proven_of(c, S("two"), &got) == NULL);
    CHECK(proven_of(c, S(""), &got) == NULL);
    got.value = seal_close(t->arena, c->world, c->seals, SEAL_COOKIE, S("proven:one"), record);
    CHECK(proven_of(c, S("one"), &got) == NULL);
    got.value = record;
    CHECK(proven_of(c, S("one"), &got) == NULL);
    registry_drop(r);
}

TEST(a_refusal_belongs_to_its_request_and_cannot_be_made_up)
{
    struct registry *r = cities(true);
    struct ctx *c = ctx_with(t, r, SECRET), *other = ctx_with(t, r, "another root secret, of another node");
    struct fail why = { 0 }, back = { 0 }, none = { 0 };

    (void)fail(&why, FAIL_UPSTREAM, "sig_value", "the signature of \"%s\" does not fit", "a b c");
    struct str text = refusal_write(c, S("_abc"), &why);
    CHECK(refusal_read(c, S("_abc"), text, &back));
    CHECK(back.kind == FAIL_UPSTREAM);
    CHECK_STR(back.code, "sig_value");
    CHECK_STR(back.detail, "the signature of \"a b c\" does not fit");
    CHECK(!refusal_read(c, S("_abd"), text, &none));
    CHECK(!refusal_read(other, S("_abc"), text, &none));
    CHECK(!refusal_read(c, S("_abc"), S("4 access_denied x"), &none));
    CHECK(!refusal_read(c, S("_abc"), (struct str){ NULL, 0 }, &none));
    CHECK(none.kind == FAIL_NONE);
    registry_drop(r);
}

TEST(more_than_a_record_holds_is_refused_before_it_is_stored)
{
    struct registry *r = cities(true);
    struct ctx *c = ctx_with(t, r, SECRET);
    struct buf acr = buf_new(t->arena, 8192);
    struct kv_got got = { 0 };
    struct fail f = { 0 };
    struct str id;

    while (acr.n <= PERSON_TEXT_MAX_B)
        buf_byte(&acr, 'x');
    struct person person = { .idp = S("oulu-saml"), .subject = S("a"), .acr = buf_str(&acr) };
    struct proven p = { .idp = S("oulu-saml"), .upstream_id = S("_abc"), .person = &person, .replay = S("0f") };
    c->proven = &p;
    CHECK(!proven_keep(c, &id, &got, &f));
    CHECK_STR(f.code, "person_too_large");
    registry_drop(r);
}
