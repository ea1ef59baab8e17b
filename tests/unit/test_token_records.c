/* SPDX-License-Identifier: EUPL-1.2
 * What tokens stand for (gateway/oidc/tokens), and whose grants a row allows (gateway/oidc/grants). */
#include "base/codec.h"
#include "base/crypt.h"
#include "base/seals.h"
#include "base/settings.h"
#include "gateway/oidc/grants/grants.h"
#include "tests/test.h"
#include "wire/kv.h"

static struct ctx *ctx_of(struct test *t, const char *secret)
{
    struct ctx *c = arena_make(t->arena, struct ctx);
    struct settings *set = arena_make(t->arena, struct settings);
    struct service *s = arena_make(t->arena, struct service);
    struct session *who = arena_make(t->arena, struct session);
    struct person *p = arena_make(t->arena, struct person);

    *p = (struct person){ .id = S("p1"), .idp = S("oulu"), .subject = S("anna") };
    *who = (struct session){ .sid = S("sid"), .person = p, .began_s = TEST_NOW_S - 60, .ends_s = TEST_NOW_S + 600 };
    s->id = S("levy");
    set->refresh_idle_s = 1000;
    set->refresh_max_s = 5000;
    c->arena = t->arena;
    c->world = &t->world;
    c->now_s = world_now_s(&t->world);
    c->seals = seals_of(t->arena, str_of(secret));
    c->set = set;
    c->service = s;
    c->session = who;
    return c;
}

#define SECRET "0123456789abcdef0123456789abcdef"

TEST(a_token_names_what_it_ends_with_to_us_alone)
{
    struct ctx *c = ctx_of(t, SECRET), *other = ctx_of(t, "another root secret, of another node");
    struct str none = { NULL, 0 }, one = sha256_hex(t->arena, S("one")), two = sha256_hex(t->arena, S("two"));
    const struct {
        struct str session, family;
    } rows[] = { { one, none }, { none, two }, { one, two }, { none, none } };
    struct str session, family, key;
    int64_t turn;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct str token = token_new(c, rows[i].session, rows[i].family);
        CHECK(token_whose(c, token, &session, &family));
        CHECK(str_cmp(session, rows[i].session) == 0 && str_cmp(family, rows[i].family) == 0);
        CHECK(!str_eq(token, token_new(c, rows[i].session, rows[i].family))); /* each is one of its own */
        CHECK(!token_whose(other, token, &session, &family) && session.p == NULL && family.p == NULL);
        CHECK(!token_whose(c, str_sub(token, 0, token.n - 2), &session, &family));
        CHECK(!family_token_read(c, token, &key, &turn)); /* no refresh token, by its form */
    }
    CHECK(!token_whose(c, S("eyJhbGciOiJFUzI1NiJ9.e30.c2ln"), &session, &family));
}

TEST(a_token_opens_under_its_own_key_alone)
{
    struct ctx *c = ctx_of(t, SECRET), *other = ctx_of(t, "another root secret, of another node");
    const struct token_record r = { .service = S("levy"),
                                    .session = S("k"),
                                    .family = S("f"),
                                    .scope = S("openid"),
                                    .resources = S("https://a.example https://b.example"),
                                    .act = S("{\"sub\":\"x\"}"),
                                    .bound = { .jkt = S("thumb"), .x5t = S("print") },
                                    .made_s = 1,
                                    .ends_s = 2 };
    struct str key = token_key(t->arena, S("token")), sealed = token_seal(c, key, &r);
    struct token_record back;

    CHECK(token_open(c, key, sealed, &back));
    CHECK_STR(back.service, "levy");
    CHECK_STR(back.family, "f");
    CHECK_STR(back.resources, "https://a.example https://b.example");
    CHECK_STR(back.act, "{\"sub\":\"x\"}");
    CHECK_STR(back.bound.jkt, "thumb");
    CHECK_STR(back.bound.x5t, "print");
    CHECK_INT(back.ends_s, 2);
    CHECK(!token_open(c, token_key(t->arena, S("tokem")), sealed, &back));
    CHECK(!token_open(other, key, sealed, &back));
    CHECK(!token_open(c, key, str_sub(sealed, 0, sealed.n - 1), &back));
}

TEST(a_refresh_token_is_of_its_family_and_its_turn)
{
    struct ctx *c = ctx_of(t, SECRET);
    struct family *m = family_new(c, S("k"), false), *n = family_new(c, S("k"), false);
    struct str first = family_token(c, m, 0), second = family_token(c, m, 1), key;
    int64_t turn;

    CHECK(!str_eq(first, second) && str_eq(first, family_token(c, m, 0)));
    CHECK(first.n >= 43); /* more than 256 bits */
    CHECK(family_token_read(c, second, &key, &turn));
    CHECK(str_eq(key, m->key));
    CHECK_INT(turn, 1);
    CHECK(family_token_fits(c, m, second, 1));
    CHECK(!family_token_fits(c, m, second, 0) && !family_token_fits(c, n, second, 1));
    CHECK(str_find(second, m->root) == second.n && str_find(second, m->key) == second.n);
}

TEST(a_refresh_token_that_was_altered_is_none)
{
    struct ctx *c = ctx_of(t, SECRET);
    struct family *m = family_new(c, S("k"), false);
    struct str token = family_token(c, m, 3), bytes, key;
    int64_t turn;

    CHECK(b64url_decode(t->arena, token, &bytes));
    for (size_t i = 0; i < bytes.n; i++) { /* every byte counts */
        char *copy = arena_alloc(t->arena, bytes.n);
        for (size_t k = 0; k < bytes.n; k++)
            copy[k] = bytes.p[k];
        copy[i] ^= 1;
        struct str altered = b64url_encode(t->arena, str_n(copy, bytes.n));
        CHECK(!family_token_read(c, altered, &key, &turn) || !str_eq(key, m->key) ||
              !family_token_fits(c, m, altered, turn));
    }
    CHECK(!family_token_read(c, str_sub(token, 0, token.n - 1), &key, &turn));
    CHECK(!family_token_read(c, S(""), &key, &turn) && !family_token_read(c, (struct str){ NULL, 0 }, &key, &turn));
}

TEST(an_offline_family_keeps_the_person_and_nothing_that_opens_their_session)
{
    struct ctx *c = ctx_of(t, SECRET);
    struct family *bound = family_new(c, S("k"), false), *stays;

    c->session->csrf = S("csrf");
    c->session->upstream_hint = S("hint");
    c->session->id_hash = S("k");
    stays = family_new(c, S("k"), true);
    CHECK(bound->who == NULL && str_eq(bound->session, S("k")));
    CHECK_INT(bound->ends_s, c->session->ends_s);
    CHECK(stays->session.p == NULL && stays->who != NULL && stays->who->person == c->session->person);
    CHECK_INT(stays->ends_s, c->now_s + 5000);
    CHECK_INT(stays->who->began_s, c->session->began_s); /* what ended sessions of that time ends it */
    CHECK(stays->who->id_hash.p == NULL && stays->who->upstream_hint.p == NULL && str_eq(stays->who->csrf, S("-")));
}

TEST(a_row_that_names_no_grant_types_may_redeem_codes_and_nothing_else) /* [RFC 7591 2] */
{
    struct str none = S("none");
    struct service s = { .id = S("s") };

    for (size_t i = 0; i < GRANT_COUNT; i++)
        CHECK(service_may_grant(&s, &grant_types[i]) == (i == GRANT_code));
    for (size_t i = 0; i < GRANT_COUNT; i++)
        strs_add(t->arena, &s.client.grant_types, str_of(grant_types[i].name));
    for (size_t i = 0; i < GRANT_COUNT; i++)
        CHECK(service_may_grant(&s, &grant_types[i]));
    s.auth_method = none; /* [RFC 6749 4.4] */
    CHECK(!service_may_grant(&s, &grant_types[GRANT_client]) && !service_may_grant(&s, &grant_types[GRANT_exchange]));
    CHECK(service_may_grant(&s, &grant_types[GRANT_refresh]));
}

TEST(every_grant_type_has_steps_and_a_name_of_its_own)
{
    for (size_t i = 0; i < GRANT_COUNT; i++) {
        CHECK(grant_rows[i].type == &grant_types[i] && grant_rows[i].steps != NULL &&
              grant_rows[i].steps[0].run != NULL);
        CHECK(grant_type_named(str_of(grant_types[i].name)) == &grant_types[i]);
    }
    CHECK(grant_type_named(S("password")) == NULL && grant_type_named((struct str){ NULL, 0 }) == NULL);
}

TEST(every_family_of_keys_has_a_prefix_of_its_own)
{
    static const char prefixes[] = {
#define X(family, prefix, version, kept) prefix[0],
        KV_FAMILIES(X)
#undef X
    };

    for (size_t i = 0; i < sizeof prefixes; i++)
        for (size_t k = 0; k < i; k++)
            CHECK(prefixes[i] != prefixes[k]);
}
