/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/settings.h"
#include "frame/assets.h"
#include "gateway/routes.h"
#include "tests/test.h"

extern const struct step_row static_show[], manifest_show[]; /* gateway/routes.def */

static struct http_response *ask(struct test *t, const struct step_row *steps, struct str path, const char *encoding,
                                 struct str none_match)
{
    static const struct settings set = { .name = S("DigiOne") };
    struct ctx *c = arena_make(t->arena, struct ctx);
    struct http_request *req = arena_make(t->arena, struct http_request);
    struct http_field *fields = arena_make_n(t->arena, 2, struct http_field);

    fields[0] = (struct http_field){ S("Accept-Encoding"), str_of(encoding) };
    fields[1] = (struct http_field){ S("If-None-Match"), none_match };
    *req = (struct http_request){ .method = HTTP_GET, .path = path, .fields = fields, .field_count = 2 };
    c->arena = t->arena;
    c->set = &set;
    c->req = req;
    c->res = arena_make(t->arena, struct http_response);
    c->res->arena = t->arena;
    if (steps[0].run(c, &c->fail) == REFUSE)
        c->res->status = fail_status(c->fail.kind);
    return c->res;
}

static struct http_response *get(struct test *t, struct str path, const char *encoding, struct str none_match)
{
    return ask(t, static_show, path, encoding, none_match);
}

TEST(a_static_file_may_be_kept_for_ever)
{
    struct http_response *res = get(t, assets[0].path, NULL, S(""));

    CHECK_INT(res->status, 200);
    CHECK(str_eq(res->body, assets[0].bytes));
    CHECK_STR(http_response_field(res, S("Cache-Control")), "public, max-age=31536000, immutable");
    CHECK_STR(http_response_field(res, S("Vary")), "Accept-Encoding");
    CHECK(http_response_field(res, S("Content-Encoding")).p == NULL);
}

TEST(it_comes_packed_to_those_who_can_unpack)
{
    static const char *const yes[] = { "gzip", "br, gzip", "gzip;q=1.0", "deflate , GZIP ; q=0.5" };
    static const char *const no[] = { "br", "gzip;q=0", "identity", "", "gzipped" };

    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        CHECK_STR(http_response_field(get(t, assets[0].path, yes[i], S("")), S("Content-Encoding")), "gzip");
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        CHECK(http_response_field(get(t, assets[0].path, no[i], S("")), S("Content-Encoding")).p == NULL);
}

TEST(who_has_it_already_is_told_so)
{
    struct http_response *res = get(t, assets[0].path, "gzip", assets[0].etag);

    CHECK_INT(res->status, 304);
    CHECK_INT(res->body.n, 0);
}

TEST(an_old_or_made_up_address_is_not_found)
{
    CHECK_INT(get(t, S("/static/style.0000000000000000.css"), "gzip", S(""))->status, 404);
}

TEST(what_a_language_chose_is_kept_for_that_language)
{
    struct http_response *res = ask(t, manifest_show, S("/manifest.webmanifest"), "", S(""));

    CHECK_INT(res->status, 200);
    CHECK_STR(http_response_field(res, S("Vary")), "Accept-Language, Cookie");
}
