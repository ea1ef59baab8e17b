/* SPDX-License-Identifier: EUPL-1.2
 *
 * What was done is said once, to whom did it, where it leads. */
#include "base/seals.h"
#include "gateway/session/done.h"
#include "gateway/session/session.h"
#include "tests/test.h"
#include "wire/http.h"

struct visit {
    struct ctx ctx;
    struct http_request req;
    struct http_response res;
    struct http_field cookie;
    struct session session;
};

/* A request of this session for this address, with what its browser has kept. */
static struct visit *visit(struct test *t, const char *sid, const char *path, const char *query, struct str kept)
{
    struct visit *x = arena_make(t->arena, struct visit);

    x->cookie = (struct http_field){ S("Cookie"), arena_join(t->arena, S("__Host-done="), kept) };
    x->req = (struct http_request){ .https = true,
                                    .path = str_of(path),
                                    .query = str_of(query),
                                    .fields = &x->cookie,
                                    .field_count = str_is_set(kept) };
    x->res = (struct http_response){ .arena = t->arena, .https = true };
    x->session = (struct session){ .sid = str_of(sid) };
    x->ctx = (struct ctx){ .arena = t->arena,
                           .world = &t->world,
                           .now_s = world_now_s(&t->world),
                           .seals = seals_of(t->arena, S("0123456789abcdef0123456789abcdef")),
                           .req = &x->req,
                           .res = &x->res,
                           .session = &x->session };
    return x;
}

/* The cookie's value after something was done. */
static struct str kept_by(struct test *t, const char *to, const char *more)
{
    struct visit *x = visit(t, "a-session", "/admin/drafts/7", "", (struct str){ NULL, 0 });

    CHECK(done_go(&x->ctx, str_of(to), "approve", str_of(more)) == DONE);
    CHECK_STR(http_response_field(&x->res, S("Location")), to);
    struct str line = http_response_field(&x->res, S("Set-Cookie"));
    size_t equals = str_find_byte(line, '=', 0);
    return str_sub(line, equals + 1, str_find_byte(line, ';', 0) - equals - 1);
}

static bool is_said(struct test *t, const char *sid, const char *path, const char *query, struct str kept)
{
    return done_was(&visit(t, sid, path, query, kept)->ctx, "approve");
}

TEST(what_was_done_is_said_where_it_leads_and_its_cookie_ends_there)
{
    struct visit *x = visit(t, "a-session", "/admin/drafts/7", "", kept_by(t, "/admin/drafts/7", "37 of them"));
    struct str more;

    CHECK_STR(done_here(&x->ctx, &more), "approve");
    CHECK_STR(more, "37 of them");
    CHECK(str_find(http_response_field(&x->res, S("Set-Cookie")), S("Max-Age=0")) <
          http_response_field(&x->res, S("Set-Cookie")).n);
    CHECK(!done_was(&x->ctx, "withdraw"));
    CHECK(is_said(t, "a-session", "/admin/person", "look=x", kept_by(t, "/admin/person?look=x", "")));
}

TEST(no_other_session_address_or_time_says_it)
{
    struct str kept = kept_by(t, "/admin/drafts/7", "");

    CHECK(is_said(t, "a-session", "/admin/drafts/7", "", kept));
    CHECK(!is_said(t, "another", "/admin/drafts/7", "", kept));
    CHECK(!is_said(t, "a-session", "/admin/drafts/8", "", kept));
    CHECK(!is_said(t, "a-session", "/admin/drafts/7", "done=approve", kept));
    test_passes(t, DONE_S);
    CHECK(is_said(t, "a-session", "/admin/drafts/7", "", kept));
    test_passes(t, 1);
    CHECK(!is_said(t, "a-session", "/admin/drafts/7", "", kept));
}

TEST(an_address_or_a_cookie_of_somebody_s_own_says_nothing)
{
    CHECK(!is_said(t, "a-session", "/admin/drafts/7", "done=approve", (struct str){ NULL, 0 }));
    CHECK(!is_said(t, "a-session", "/admin/drafts/7", "", S("approve")));
    CHECK(!is_said(t, "a-session", "/admin/drafts/7", "", S("MSBhLXNlc3Npb24")));
}
