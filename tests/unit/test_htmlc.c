/* SPDX-License-Identifier: EUPL-1.2
 *
 * The template compiler, run as the build runs it: each mistake ends it with file and line. */
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct str in_folder(struct test *t, const char *folder, const char *name)
{
    return arena_printf(t->arena, "%s/%s", folder, name);
}

static void write_file(struct test *t, const char *folder, const char *name, const char *text)
{
    FILE *f = fopen(arena_cstr(t->arena, in_folder(t, folder, name)), "wb");

    if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
        abort();
}

static const char *const names[] = { "assets/a.css", "views/v.html", "views/part.html", "texts.def", "texts_easy.def",
                                     "texts_se.def", "out.c",        "table.c",         "said" };

static void remove_all(struct test *t, const char *folder)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        (void)unlink(arena_cstr(t->arena, in_folder(t, folder, names[i])));
    (void)rmdir(arena_cstr(t->arena, in_folder(t, folder, "assets")));
    (void)rmdir(arena_cstr(t->arena, in_folder(t, folder, "views")));
    (void)rmdir(folder);
}

static struct str read_whole(struct test *t, const char *folder, const char *name)
{
    FILE *f = fopen(arena_cstr(t->arena, in_folder(t, folder, name)), "rb");
    char *p = arena_alloc(t->arena, 65536);

    if (f == NULL)
        return S("");
    size_t n = fread(p, 1, 65536, f);
    (void)fclose(f);
    return str_n(p, n);
}

#define TEXTS "TEXT(one, \"yksi\", \"ett\", \"one\")\nTEXT(hi, \"Hei {who}\", \"Hej {who}\", \"Hi {who} <\")\n"

static const char *again_easy = "", *again_se = ""; /* of the next run */

/* Compiles one view with texts; gives what was written, or what was said when it was refused. */
static struct str run(struct test *t, const char *view, const char *texts, bool *ok)
{
    char folder[] = "/tmp/htmlc.XXXXXX";

    if (mkdtemp(folder) == NULL)
        abort();
    (void)mkdir(arena_cstr(t->arena, in_folder(t, folder, "assets")), 0700);
    (void)mkdir(arena_cstr(t->arena, in_folder(t, folder, "views")), 0700);
    write_file(t, folder, "assets/a.css", "a{color:red}");
    write_file(t, folder, "views/v.html", view);
    write_file(t, folder, "views/part.html", "<i>{{x.name}}</i>\n");
    write_file(t, folder, "texts.def", texts);
    write_file(t, folder, "texts_easy.def", again_easy);
    write_file(t, folder, "texts_se.def", again_se);
    again_easy = again_se = "";
    struct str command = arena_printf(t->arena,
                                      "cd %s && { %s out.c views x.h assets views texts.def texts_easy.def "
                                      "texts_se.def && %s table.c table x.h assets "
                                      "&& cat table.c >>out.c; } 2>said",
                                      folder, TEST_HTMLC, TEST_HTMLC);
    int status = system(arena_cstr(t->arena, command));
    *ok = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    struct str out = read_whole(t, folder, *ok ? "out.c" : "said");
    remove_all(t, folder);
    return out;
}

static bool has(struct str s, const char *what)
{
    return str_find(s, str_of(what)) < s.n;
}

static struct str compiled(struct test *t, const char *view)
{
    bool ok;
    struct str out = run(t, view, TEXTS, &ok);

    CHECK(ok);
    return out;
}

#define V "{{view x_out}}\n"

TEST(a_value_is_written_as_its_place_asks)
{
    struct str c =
        compiled(t, V "<p>{{name}}</p><a class=\"k{{n}}\" href=\"{{url}}\">x</a><a href=\"/open/{{id}}\">y</a>");

    CHECK(has(c, "void view_v(struct buf *b, const struct x_out *v)"));
    CHECK(has(c, "HTML_PUT(b, v->name)"));
    CHECK(has(c, "HTML_PUT_ATTR(b, v->n)"));
    CHECK(has(c, "html_url(b, v->url)"));
    CHECK(has(c, "HTML_PUT_PART(b, v->id)"));
}

TEST(a_refresh_holds_an_address)
{
    CHECK(has(compiled(t, V "<meta content=\"0;url={{u}}\">"), "html_url(b, v->u)"));
}

TEST(layout_of_a_template_is_not_part_of_the_page)
{
    CHECK(has(compiled(t, V "<p\n   class=\"a\">\n    <b>x</b>\n</p>\n"), "<p class=\\\"a\\\"><b>x</b></p>"));
}

TEST(texts_are_escaped_at_build_time_and_their_arguments_when_written)
{
    struct str c = compiled(t, V "<p>{{t.hi who=name}}</p>");

    CHECK(has(c, "case LANG_SV:"));
    CHECK(has(c, "Hej "));
    CHECK(has(c, " &lt;"));
    CHECK(has(c, "HTML_PUT(b, v->name)"));
}

/* Another language is marked by an element, so it stands nowhere where there is none: titles, choices, attributes. */
TEST(a_text_that_is_there_again_stands_for_finnish_where_it_can_be_marked)
{
    static const char view[] =
        "{{view x}}<title>{{t.one}}</title><p>{{t.one}}</p><a title=\"{{t.one}}\">{{t.hi who=who}}</a>";
    bool ok;

    again_se = "AGAIN(one, \"okta\") AGAIN(hi, \"Bures {who}\")";
    struct str out = run(t, view, TEXTS, &ok);
    CHECK(ok);
    CHECK(has(out, "v->page.variety == VARIETY_SE"));
    size_t first = str_find(out, S("okta"));
    CHECK(first < out.n);
    CHECK(str_find(out, S("<title>")) < first && str_find(out, S("<p>")) < first);
    CHECK(!has(str_from(out, first + 1), "okta")); /* neither in the title nor in the attribute */
    CHECK(has(out, "Bures "));
    CHECK(!has(out, "VARIETY_EASY"));

    again_easy = "AGAIN(one, \"se yksi\")";
    out = run(t, view, TEXTS, &ok);
    CHECK(ok);
    first = str_find(out, S("se yksi"));
    size_t second = first + 1 + str_find(str_from(out, first + 1), S("se yksi"));
    CHECK(second < out.n && has(str_from(out, second + 1), "se yksi")); /* it is Finnish: in each place */
    CHECK(!has(out, "<span lang"));
}

TEST(a_text_that_is_there_again_is_told_the_same_and_has_a_first)
{
    static const char *const wrong[][2] = { { "AGAIN(two, \"x\")", "text key 'two' is not there, or stands twice" },
                                            { "AGAIN(one, \"x\") AGAIN(one, \"y\")", "stands twice" },
                                            { "AGAIN(hi, \"Bures\")", "{who} is not in both" },
                                            { "AGAIN(one, \"{who}\")", "{who} is not in both" },
                                            { "TEXT(one, \"x\")", "AGAIN(key, text) expected" } };
    bool ok;

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        again_se = wrong[i][0];
        struct str said = run(t, "{{view x}}<p>{{t.one}}</p>", TEXTS, &ok);
        CHECK(!ok);
        CHECK(has(said, "texts_se.def:") && has(said, wrong[i][1]));
    }
}

TEST(blocks_become_c)
{
    struct str c = compiled(
        t, V "{{if a is B_C and not d}}x{{else if e}}y{{else}}z{{end}}{{each x in list}}{{include part}}{{end}}");

    CHECK(has(c, "if ((v->a == B_C) && !HTML_IS(v->d))"));
    CHECK(has(c, "} else if (HTML_IS(v->e)) {"));
    CHECK(has(c, "i_x < v->list.n"));
    CHECK(has(c, "HTML_PUT(b, x->name)"));
    CHECK(has(c, "#line 1 \"views/part.html\""));
}

TEST(attributes_may_be_left_out_behind_a_tags_name)
{
    struct str c = compiled(t, V "<p{{if a}} lang=\"{{a}}\"{{end}}>x</p><p{{if a}} lang=\"{{a}}\"{{end}} class=\"x\">");

    CHECK(has(c, "HTML_PUT_ATTR(b, v->a)"));
}

TEST(a_static_file_is_named_by_its_hash)
{
    struct str c = compiled(t, V "<link href=\"{{asset a.css}}\">");

    CHECK(has(c, "href=\\\"/static/a."));
    CHECK(has(c, "a{color:red}"));
}

/* view → the mistake, with its line. */
static const struct {
    const char *view, *says;
} mistakes[] = {
    { V "\n<p>{{t.none}}</p>", "v.html:3: error: no text 'none'" },
    { V "{{t.hi}}", "argument {who} is missing" },
    { V "{{t.one who=x}}", "has no argument 'who'" },
    { V "<p>{{if a}}</p>", "has no end" },
    { V "<p>{{end}}", "nothing is open" },
    { V "{{else}}", "nothing is open" },
    { V "{{if a}}{{else}}{{else}}{{end}}", "an else without an if" },
    { V "<p {{a}}>", "a value must not stand here" },
    { V "<p class={{a}}>", "a value must not stand here" },
    { V "<p class=a>", "double quotes" },
    { V "<{{a}}>", "a value must not stand here" },
    { V "<p onclick=\"{{a}}\">", "runs code" },
    { V "<p style=\"{{a}}\">", "runs code or carries style" },
    { V "<p unknown=\"{{a}}\">", "a value must not stand here" },
    { V "<script>alert(1)</script>", "no script in a page" },
    { V "<script>{{a}}</script>", "a value must not stand here" },
    { V "<style>p{}</style>", "no style in a page" },
    { V "{{if a}}<p{{end}}>", "in another place of a tag" },
    { V "{{if a}}<p class=\"{{else}}<p class=\"x\"{{end}}", "end in different places" },
    { V "<p{{if a}} class=\"x\"{{end}}re>", "goes on behind a block" },
    { V "<p{{if a}} class{{end}}>", "in another place of a tag" },
    { V "<a href=\"{{if a}}{{u}}{{end}}x\">", "in another place of a tag" },
    { V "<a href=\"x{{asset a.css}}\">", "an asset is a whole address" },
    { V "<a href=\"{{asset ../x}}\">", "is no static file" },
    { V "<link href=\"{{asset b.css}}\">", "cannot be read" },
    { V "{{include none}}", "cannot be read" },
    { V "{{a b}}", "is no directive" },
    { V "{{a+b}}", "is not a name" },
    { V "{{1a}}", "a name is expected" },
    { V "{{each v in list}}{{end}}", "is taken" },
    { V "{{each x of list}}{{end}}", "'in' is missing" },
    { V "{{if a and b or c}}{{end}}", "not both" },
    { V "{{a", "{{ without its end" },
    { V "<p", "ends inside a tag" },
    { V V, "one view per page" },
};

TEST(every_mistake_ends_the_build_and_says_where)
{
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        bool ok;
        struct str said = run(t, mistakes[i].view, TEXTS, &ok);
        CHECK(!ok);
        if (!has(said, mistakes[i].says) || !has(said, ":"))
            test_fail(t, __FILE__, __LINE__, "%s\n  said: %.*s\n  not:  %s", mistakes[i].view, STR_ARG(said),
                      mistakes[i].says);
    }
}

TEST(a_text_that_differs_between_languages_ends_the_build)
{
    static const struct {
        const char *texts, *says;
    } bad[] = {
        { "TEXT(a, \"{x}\", \"y\", \"{x}\")", "{x} is missing in a language" },
        { "TEXT(a, \"x\", \"y\")", "texts.def:1: error: ',' expected" },
        { "TEXT(a, \"x\", \"y\", \"\")", "empty" },
        { "TEXT(a, \"x\", \"y\", \"z\")\nTEXT(a, \"x\", \"y\", \"z\")",
          "texts.def:2: error: text key 'a' is empty or stands twice" },
        { "X(a)", "expected" },
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        bool ok;
        struct str said = run(t, V, bad[i].texts, &ok);
        CHECK(!ok);
        if (!has(said, bad[i].says))
            test_fail(t, __FILE__, __LINE__, "said: %.*s\n  not: %s", STR_ARG(said), bad[i].says);
    }
}
