/* SPDX-License-Identifier: EUPL-1.2
 *
 * The forms of somebody else's page, and the sign-in that goes through one. */
#include "gateway/process/fetch_sign_in.h"
#include "tests/test.h"
#include "wire/form.h"
#include "wire/page_forms.h"

#include <string.h>

static struct page_forms *forms_of(struct test *t, const char *page)
{
    struct page_forms *out = arena_make(t->arena, struct page_forms);

    page_forms_read(t->arena, str_of(page), out);
    return out;
}

TEST(a_form_is_read_as_a_browser_without_scripts_would_send_it)
{
    const struct page_forms *x = forms_of(
        t, "<!-- <form><input type=password name=a> --><title><form></title><script>'<form>'</script>"
           "<form action=\"/in?a=1&amp;b=&#x32;\" METHOD='post'><input name=u type=email value=&quot;x>"
           "<INPUT TYPE=Password NAME=p><input type=hidden name=h value='1'><input name='' type=hidden>"
           "<input type=checkbox name=no><input type=checkbox name=yes checked><input type=hidden name=off disabled>"
           "<button type=button name=x></button><button name=first value=1></button><input type=submit name=second>"
           "</form><input name=outside type=password>");

    CHECK_INT(x->n, 1);
    CHECK(x->at[0].post && !x->at[0].unread && !x->too_much);
    CHECK_STR(x->at[0].action, "/in?a=1&b=2");
    CHECK_INT(x->at[0].passwords, 1);
    CHECK_INT(x->at[0].texts, 1);
    CHECK_INT(x->at[0].field_count, 5);
    CHECK_STR(x->at[0].fields[0].value, "\"x");
    CHECK_STR(x->at[0].fields[2].name, "h");
    CHECK_STR(x->at[0].fields[3].value, "on");
    CHECK_STR(x->at[0].fields[4].name, "first");
}

TEST(what_noscript_holds_is_read_and_a_form_within_a_form_is_part_of_it)
{
    const struct page_forms *x = forms_of(t, "<form><noscript><input name=a></noscript><form action=/b><input name=c>"
                                             "<select name=s></select></form><form><input name=d");

    CHECK_INT(x->n, 2);
    CHECK_INT(x->at[0].field_count, 2);
    CHECK(x->at[0].unread && x->at[0].action.n == 0 && !x->at[0].post);
    CHECK_INT(x->at[1].field_count, 1);
}

TEST(more_than_the_limits_is_said)
{
    struct buf b = buf_new(t->arena, 1 << 16);

    for (int i = 0; i < PAGE_FORMS_MAX + 1; i++)
        buf_add(&b, S("<form></form>"));
    struct page_forms *x = forms_of(t, arena_cstr(t->arena, buf_str(&b)));
    CHECK(x->n == PAGE_FORMS_MAX && x->too_much);
    b = buf_new(t->arena, 1 << 16);
    buf_add(&b, S("<form>"));
    for (int i = 0; i < PAGE_FORM_FIELDS_MAX + 1; i++)
        buf_add(&b, S("<input name=a>"));
    x = forms_of(t, arena_cstr(t->arena, buf_str(&b)));
    CHECK(x->at[0].field_count == PAGE_FORM_FIELDS_MAX && x->too_much);
}

/* ── the sign-in ────────────────────────────────────────────────────────── */

#define BACK "https://login.example/upstream/oidc/oulu"
#define SIMPLE                                                                                                         \
    "<form method=post action=in><input name=u><input type=password name=p><input type=hidden name=t value=7></form>"

static struct signing begun(struct test *t)
{
    struct fetch_request r = fetch_sign_in(t->arena, S("https://id.oulu.example/a/authorize?x=1"),
                                           (struct str){ NULL, 0 }, S(BACK), S("koe"), S("sala & sana"));
    struct signing s = { .hops = 0 };

    CHECK(r.purpose == FETCH_SIGN_IN && signing_read(t->arena, &r, &s));
    return s;
}

static enum signing_word saw(struct test *t, struct signing *s, int status, const char *location, const char *body,
                             struct signing_next *next)
{
    const struct signing_saw x = { status, location != NULL ? str_of(location) : (struct str){ NULL, 0 },
                                   str_of(body) };

    return signing_saw(t->arena, s, &x, next);
}

TEST(the_password_is_typed_once_into_one_form_and_the_answer_comes_back)
{
    struct signing s = begun(t);
    struct signing_next next;

    CHECK_INT(saw(t, &s, 302, "https://id.oulu.example/a/b/login?k=1", "", &next), SIGNING_GO);
    CHECK(next.body.p == NULL && strcmp(signing_step(&s), "page") == 0);
    CHECK_INT(saw(t, &s, 200, NULL, SIMPLE, &next), SIGNING_GO);
    CHECK_STR(next.url, "https://id.oulu.example/a/b/in");
    CHECK_STR(next.body, "u=koe&p=sala%20%26%20sana&t=7");
    CHECK(s.asked && strcmp(signing_step(&s), "password") == 0);
    CHECK_INT(saw(t, &s, 303, "https://other.example/between", "", &next), SIGNING_GO);
    CHECK(next.body.p == NULL && strcmp(signing_step(&s), "back") == 0);
    CHECK_INT(saw(t, &s, 302, BACK "?code=c&state=s#x", "", &next), SIGNING_BACK);
    CHECK_STR(next.back, "code=c&state=s");
}

TEST(an_answer_that_a_page_posts_to_us_comes_back_as_its_form)
{
    struct signing s = begun(t);
    struct signing_next next;

    CHECK_INT(saw(t, &s, 200, NULL, SIMPLE, &next), SIGNING_GO);
    CHECK_INT(saw(t, &s, 200, NULL,
                  "<form method=POST action='" BACK "'><input type=hidden name=SAMLResponse value='a+/='>"
                  "<input type=hidden name=RelayState value=r></form>",
                  &next),
              SIGNING_BACK);
    CHECK_STR(next.back, "SAMLResponse=a%2B%2F%3D&RelayState=r");
}

TEST(the_password_leaves_for_no_other_place)
{
    static const struct {
        const char *at, *page, *step, *why;
    } cases[] = {
        { "https://phish.example/x", SIMPLE, "form", "page_elsewhere" },
        { "http://id.oulu.example/x", SIMPLE, "form", "page_elsewhere" },
        { "https://id.oulu.example:8443/x", SIMPLE, "form", "page_elsewhere" },
        { "https://id.oulu.example@phish.example/", SIMPLE, "form", "page_elsewhere" },
        { NULL, "<form method=post action='https://phish.example/'><input name=u><input type=password name=p></form>",
          "form", "form_elsewhere" },
        { NULL, "<form method=post action='//phish.example/'><input name=u><input type=password name=p></form>", "form",
          "form_elsewhere" },
        { NULL, "<form method=post action='javascript:x()'><input name=u><input type=password name=p></form>", "form",
          "form_elsewhere" },
        { NULL, "<form method=post action='http://id.oulu.example/'><input name=u><input type=password name=p></form>",
          "form", "form_elsewhere" },
        { NULL, "<form action=/in><input name=u><input type=password name=p></form>", "form", "odd_form" },
        { NULL, "<form method=post><input type=password name=p></form>", "form", "odd_form" },
        { NULL, "<form method=post><input name=u><input name=v><input type=password name=p></form>", "form",
          "odd_form" },
        { NULL, "<form method=post><input name=u><input type=password name=p><input type=password name=q></form>",
          "form", "odd_form" },
        { NULL, "<form method=post><input name=u><select name=s></select><input type=password name=p></form>", "form",
          "odd_form" },
        { NULL, SIMPLE SIMPLE, "form", "many_forms" },
        { NULL, "<form method=post><input name=u></form>", "form", "no_form" },
        { NULL, "<script>draw()</script>", "form", "no_form" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct signing s = begun(t);
        struct signing_next next;
        if (cases[i].at != NULL)
            CHECK_INT(saw(t, &s, 302, cases[i].at, "", &next), SIGNING_GO);
        CHECK_INT(saw(t, &s, 200, NULL, cases[i].page, &next), SIGNING_OVER);
        CHECK(strcmp(next.step, cases[i].step) == 0 && strcmp(next.why, cases[i].why) == 0);
        CHECK(!s.asked && next.body.p == NULL);
    }
}

TEST(the_password_is_not_posted_on_and_not_typed_twice)
{
    struct signing s = begun(t);
    struct signing_next next;

    CHECK_INT(saw(t, &s, 200, NULL, SIMPLE, &next), SIGNING_GO);
    CHECK_INT(saw(t, &s, 307, "https://id.oulu.example/again", "", &next), SIGNING_OVER);
    CHECK(strcmp(next.step, "password") == 0 && strcmp(next.why, "redirects") == 0);
    s = begun(t);
    CHECK_INT(saw(t, &s, 200, NULL, SIMPLE, &next), SIGNING_GO);
    CHECK_INT(saw(t, &s, 401, NULL, SIMPLE, &next), SIGNING_OVER);
    CHECK(strcmp(next.step, "password") == 0 && strcmp(next.why, "refused") == 0);
    s = begun(t);
    CHECK_INT(saw(t, &s, 200, NULL, SIMPLE, &next), SIGNING_GO);
    CHECK_INT(saw(t, &s, 200, NULL, "<form method=post><input name=otp></form>", &next), SIGNING_OVER);
    CHECK(strcmp(next.step, "back") == 0 && strcmp(next.why, "other_page") == 0);
}

TEST(pages_that_lead_on_without_end_end)
{
    struct signing s = begun(t);
    struct signing_next next;
    int hops = 0;

    while (saw(t, &s, 302, "https://id.oulu.example/x", "", &next) == SIGNING_GO)
        CHECK(++hops <= SIGN_IN_HOPS_MAX);
    CHECK_INT(hops, SIGN_IN_HOPS_MAX);
    CHECK(strcmp(next.why, "redirects") == 0);
    s = begun(t);
    CHECK_INT(saw(t, &s, 503, NULL, "", &next), SIGNING_OVER);
    CHECK(strcmp(next.step, "page") == 0 && strcmp(next.why, "http_503") == 0);
}

/* An address that only begins like ours is another's. */
TEST(only_our_own_address_is_where_it_comes_back)
{
    static const char *const not_ours[] = { BACK "x?code=c",
                                            "https://login.example.evil.example/upstream/oidc/oulu?code=c",
                                            "https://login.example/upstream/oidc/oulu/../x" };

    for (size_t i = 0; i < sizeof not_ours / sizeof *not_ours; i++) {
        struct signing s = begun(t);
        struct signing_next next;
        CHECK_INT(saw(t, &s, 302, not_ours[i], "", &next), SIGNING_GO);
    }
}

TEST(a_message_without_its_parts_is_none)
{
    const struct fetch_request good =
        fetch_sign_in(t->arena, S("https://id.oulu.example/"), S("a=b"), S(BACK), S("u"), S("p"));
    struct fetch_request r = good;
    struct signing s;

    CHECK(signing_read(t->arena, &r, &s) && s.posts);
    r.url = S("ftp://id.oulu.example/");
    CHECK(!signing_read(t->arena, &r, &s));
    r = good;
    r.body = S("back=https%3A%2F%2Fx.example%2F&user=u&password=");
    CHECK(!signing_read(t->arena, &r, &s));
    r.body = S("%");
    CHECK(!signing_read(t->arena, &r, &s));
}
