/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/codec.h"
#include "base/seals.h"
#include "gateway/session/opened.h"
#include "tests/test.h"
#include "wire/http.h"

#define SECRET "0123456789abcdef0123456789abcdef"

/* A browser that brings this as its cookie of what was opened. */
static struct ctx *ctx_bringing(struct test *t, struct str value)
{
    struct ctx *c = arena_make(t->arena, struct ctx);
    struct http_field *field = arena_make(t->arena, struct http_field);
    struct http_request *req = arena_make(t->arena, struct http_request);

    *field = (struct http_field){ S("Cookie"), arena_join(t->arena, S("__Host-opened="), value) };
    *req = (struct http_request){ .https = true, .fields = field, .field_count = str_is_set(value) };
    c->arena = t->arena;
    c->world = &t->world;
    c->req = req;
    c->res = arena_make(t->arena, struct http_response);
    *c->res = (struct http_response){ .arena = t->arena, .https = true };
    c->seals = seals_of(t->arena, S(SECRET));
    return c;
}

/* What the gateway writes of a login for matikka. */
static struct str line_of(struct test *t, bool shared)
{
    struct ctx *c = ctx_bringing(t, (struct str){ NULL, 0 });
    struct login login = { .id = S("a-login"), .service = S("matikka"), .protocol = PROTO_OIDC, .shared = shared };

    c->login = &login;
    opened_note(c);
    return http_response_field(c->res, S("Set-Cookie"));
}

static struct str kept(struct test *t)
{
    struct str line = line_of(t, false);
    size_t equals = str_find_byte(line, '=', 0);
    return str_sub(line, equals + 1, str_find_byte(line, ';', 0) - equals - 1);
}

static bool leads_on(struct test *t, struct str value)
{
    struct opened o;

    return opened_find(ctx_bringing(t, value), &o);
}

TEST(what_was_opened_is_read_as_it_was_kept)
{
    struct opened o;

    CHECK(opened_find(ctx_bringing(t, kept(t)), &o));
    CHECK_STR(o.what, "matikka");
    CHECK(!leads_on(t, (struct str){ NULL, 0 }));
}

TEST(what_was_opened_is_what_we_have_sealed_for_that_and_nothing_else)
{
    static const char marks[17] = { [16] = 7 };
    struct ctx *c = ctx_bringing(t, (struct str){ NULL, 0 });
    struct str good = kept(t), plain = arena_join(t->arena, str_n(marks, sizeof marks), S("//evil.")), sealed;
    const struct seals *other = seals_of(t->arena, S("another root secret, of another node"));

    CHECK(!leads_on(t, b64url_encode(t->arena, plain)));
    for (size_t i = 0; i + 1 < good.n; i++) {
        char *copy = arena_cstr(t->arena, good);
        copy[i] = copy[i] == 'A' ? 'B' : 'A';
        CHECK(!leads_on(t, str_n(copy, good.n)));
    }
    sealed = seal_close(t->arena, c->world, c->seals, SEAL_COOKIE, S("login-opened"), plain);
    CHECK(!leads_on(t, b64url_encode(t->arena, sealed)));
    sealed = seal_close(t->arena, c->world, c->seals, SEAL_SESSION, S("opened"), plain);
    CHECK(!leads_on(t, b64url_encode(t->arena, sealed)));
    sealed = seal_close(t->arena, c->world, other, SEAL_COOKIE, S("opened"), plain);
    CHECK(!leads_on(t, b64url_encode(t->arena, sealed)));
    /* The same bytes, sealed as ours are: the form above is right. */
    sealed = seal_close(t->arena, c->world, c->seals, SEAL_COOKIE, S("opened"), plain);
    CHECK(leads_on(t, b64url_encode(t->arena, sealed)));
}

/* The next one at a classroom's computer is somebody else. */
TEST(a_shared_device_forgets_what_was_opened_when_its_browser_ends)
{
    struct str own = line_of(t, false), shared = line_of(t, true), age = S("Max-Age");

    CHECK(str_find(own, age) < own.n);
    CHECK(shared.n > 0 && str_find(shared, age) == shared.n);
}
