/* SPDX-License-Identifier: EUPL-1.2
 *
 * Foreign text on its way into a page: whatever comes in, what goes out is UTF-8 and holds no character that could
 * end its place; an address is of the web or ours; folding, sorting and shortening end and stay within bounds. */
#include "frame/contact.h"
#include "frame/words.h"
#include "launcher/pages.h"

#include <stdlib.h>

static void must(bool ok)
{
    if (!ok)
        abort();
}

static bool holds(struct str s, const char *bytes)
{
    for (; *bytes != '\0'; bytes++)
        if (str_find_byte(s, *bytes, 0) < s.n)
            return true;
    return false;
}

static void check_text(struct arena *a, struct str in)
{
    struct buf b = html_begin(a);

    html_text(&b, in);
    if (buf_ok(&b)) {
        must(str_is_utf8(buf_str(&b)));
        must(!holds(buf_str(&b), "<>\"'\n\t\x01\x1b"));
    }
}

static void check_addresses(struct arena *a, struct str in)
{
    struct buf whole = html_begin(a), part = html_begin(a);
    struct str url, mail;

    html_url(&whole, in);
    struct str out = buf_str(&whole);
    must(!buf_ok(&whole) || out.n == 0 || out.p[0] == '/' || out.p[0] == '#' || out.p[0] == '?' ||
         str_eq_case(str_sub(out, 0, 4), S("http")));
    must(!holds(out, "<>\"' \\"));
    html_url_part(&part, in);
    must(!holds(buf_str(&part), "<>\"'&/?#= :\\"));
    contact_split(in, &url, &mail);
    must(mail.p == NULL || !holds(mail, "?& "));
}

static void check_words(struct arena *a, struct str in)
{
    struct buf folded = buf_new(a, 8 * in.n + 16);
    size_t from, n;

    words_fold(&folded, in);
    must(buf_ok(&folded));
    struct buf again = buf_new(a, 8 * in.n + 16);
    words_fold(&again, buf_str(&folded));
    if (str_is_utf8(in))
        must(again.n == folded.n); /* folding what is folded changes nothing */
    if (in.n > 0 && str_is_utf8(in))
        must(words_find(in, buf_str(&folded), &from, &n) && from + n <= in.n);
    (void)words_sort_key(a, in, LANG_FI);
    must(words_initials(a, in).n > 0);
    must(words_last(in).n <= in.n && words_first(in).n <= in.n);
}

/* The only script of the page is its own file. */
static size_t scripts(struct str page)
{
    size_t n = 0;

    for (size_t at = 0; (at += str_find(str_from(page, at), S("<script"))) < page.n; at++)
        n += str_has_prefix(str_from(page, at), S("<script src=\"/static/wait.")) ? 1 : 2;
    return n;
}

static void check_search(struct arena *a, struct str in)
{
    static struct school schools[] = { { S("1.1"), S("99101"), { { S("Testi-Kielonmäen koulu") } }, true } };
    static struct provider provider = {
        .id = S("oulu"), .names = { { S("Oulu") } }, .schools = schools, .school_count = 1
    };
    static struct idp idp = {
        .id = S("oulu"), .provider = &provider, .names = { { S("Oulu") } }, .enabled = true, .listed = true
    };
    const struct registry_parts parts = { .providers = &provider, .provider_count = 1, .idps = &idp, .idp_count = 1 };
    struct registry *r = registry_build(arena_new(), &parts);
    struct sign_in_view v = { .page = { .gateway = in, .here = in }, .login = in, .service = in };

    picker_fill(picker_of(r), a, &(struct picker_ask){ .query = in, .n = in, .remembered_idp = in }, &v);
    struct html page = page_sign_in(a, &v);
    must(page.s.p == NULL || (str_is_utf8(page.s) && scripts(page.s) == 1));
    registry_drop(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct str in = str_n(data, size < 4096 ? size : 4096);

    check_text(a, in);
    check_addresses(a, in);
    check_words(a, in);
    check_search(a, in);
    arena_free(a);
    return 0;
}
