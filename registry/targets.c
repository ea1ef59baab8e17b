/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/targets.h"

#include "registry/urls.h"
#include "wire/form.h"

#include <string.h>

static const struct str locale_place = S("{locale}"), target_place = S("{target}"), absent = { NULL, 0 };

/* ── placeholders ───────────────────────────────────────────────────────── */

static struct str filled(struct arena *a, struct str text, struct str place, struct str value)
{
    struct buf b = buf_new(a, text.n + TARGET_MAX_B * 4);
    size_t at = str_find(text, place);

    if (at == text.n)
        return text;
    for (; at < text.n; at = str_find(text, place)) {
        buf_add(&b, str_sub(text, 0, at));
        buf_add(&b, value);
        text = str_from(text, at + place.n);
    }
    buf_add(&b, text);
    return buf_ok(&b) ? buf_str(&b) : absent;
}

struct str target_in(struct arena *a, struct str address, enum lang lang)
{
    return filled(a, address, locale_place, str_of(lang_tag(lang)));
}

static bool has_place(struct str address)
{
    return str_find(address, target_place) < address.n;
}

const char *link_trouble(struct str address, bool test, bool may_have_target)
{
    struct arena *a = arena_new();
    size_t at = str_find(address, target_place);
    struct str plain = target_in(a, filled(a, address, target_place, S("x")), LANG_FI);
    const char *trouble;

    if (at < address.n && !may_have_target)
        trouble = "must not hold {target}: launch_uri alone has a place for it";
    else if (at < address.n && str_find_byte(address, '?', 0) > at)
        trouble = "may hold {target} as a value in its query alone";
    else
        trouble = url_trouble(plain, test);
    arena_free(a);
    return trouble;
}

/* ── the bytes of an address ────────────────────────────────────────────── */

static int hex_of(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static bool is_plain(char c)
{
    return c > 0x20 && c < 0x7f && strchr("\"<>\\^`{|}", c) == NULL;
}

/* Letters that people type and spaces become what an address can hold; absent: it holds what none can. */
static struct str encoded(struct arena *a, struct str text)
{
    struct buf b = buf_new(a, TARGET_MAX_B);

    if (!str_is_utf8(text))
        return absent;
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (is_plain(text.p[i]))
            buf_byte(&b, text.p[i]);
        else if (c >= 0x80 || c == ' ')
            buf_printf(&b, "%%%02X", c);
        else
            return absent;
    }
    return buf_ok(&b) ? buf_str(&b) : absent;
}

static bool escapes_are_whole(struct str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] == '%' && (i + 2 >= text.n || hex_of(text.p[i + 1]) < 0 || hex_of(text.p[i + 2]) < 0))
            return false;
    return true;
}

/* What a server that decodes once more would take for the structure of the path. */
static bool escape_is_structure(int byte)
{
    return byte < 0x20 || byte == 0x7f || byte == '.' || byte == '/' || byte == '\\' || byte == '%' || byte == ';';
}

static bool has_structure_in_escapes(struct str path)
{
    for (size_t i = 0; i + 2 < path.n; i++)
        if (path.p[i] == '%' && escape_is_structure(hex_of(path.p[i + 1]) * 16 + hex_of(path.p[i + 2])))
            return true;
    return false;
}

/* A parameter behind a segment (";x") does not make it another [RFC 3986 3.3]. */
static bool is_dots(struct str segment)
{
    struct str name = str_sub(segment, 0, str_find_byte(segment, ';', 0));

    return str_eq(name, S(".")) || str_eq(name, S(".."));
}

/* path: behind the host, from its first "/" on. */
static bool path_is_plain(struct str path)
{
    struct str rest = str_from(path, 1), segment;

    if (has_structure_in_escapes(path))
        return false;
    while (str_split(&rest, '/', &segment))
        if (is_dots(segment) || (segment.n == 0 && rest.n > 0))
            return false;
    return true;
}

static size_t end_of_path(struct str address, size_t from)
{
    while (from < address.n && address.p[from] != '?' && address.p[from] != '#')
        from++;
    return from;
}

/* Where the path begins: behind "https://host:port". */
static size_t path_at(struct str address)
{
    size_t host = str_find(address, S("://"));

    host = host < address.n ? host + 3 : host;
    while (host < address.n && address.p[host] != '/' && address.p[host] != '?' && address.p[host] != '#')
        host++;
    return host;
}

static struct str path_of(struct str address)
{
    size_t at = path_at(address);

    return str_sub(address, at, end_of_path(address, at) - at);
}

const char *target_trouble(struct str prefix, bool test)
{
    const char *trouble = url_trouble(prefix, test);
    struct str path = path_of(prefix);

    if (trouble != NULL)
        return trouble;
    if (!str_has_prefix(path, S("/")))
        return "must go on behind its host: with \"/\" at least";
    if (str_find_byte(prefix, '?', 0) < prefix.n)
        return "must not have a query (?): what follows a prefix is free";
    if (!escapes_are_whole(path) || !path_is_plain(path))
        return "must have a plain path: no empty, \".\" or \"..\" segment, no percent-encoded slash or dot";
    return NULL;
}

/* ── where a link leads ─────────────────────────────────────────────────── */

static struct str first_prefix(const struct service *s)
{
    return s->targets.n > 0 ? s->targets.at[0] : absent;
}

/* The front page, as far as the row says it. */
static struct str front(struct arena *a, const struct service *s, enum lang lang)
{
    if (str_is_set(s->target_link_uri))
        return target_in(a, s->target_link_uri, lang);
    return str_is_set(s->launch_uri) && !has_place(s->launch_uri) ? target_in(a, s->launch_uri, lang) : first_prefix(s);
}

static bool names_a_scheme(struct str to)
{
    size_t i = 0;

    while (i < to.n && to.p[i] != '/' && to.p[i] != '?' && to.p[i] != '#' && to.p[i] != ':')
        i++;
    return i < to.n && to.p[i] == ':';
}

/* The part of base that stands before what `to` says [RFC 3986 5.2.2]. */
static struct str kept_of(struct str base, struct str to)
{
    size_t path = path_at(base), end = end_of_path(base, path);

    if (to.p[0] == '/')
        return str_sub(base, 0, path);
    if (to.p[0] == '?')
        return str_sub(base, 0, end);
    if (to.p[0] == '#')
        return str_sub(base, 0, str_find_byte(base, '#', 0));
    while (end > path && base.p[end - 1] != '/')
        end--;
    return str_sub(base, 0, end);
}

static struct str resolved(struct arena *a, struct str base, struct str to)
{
    if (names_a_scheme(to))
        return to;
    if (!str_is_set(base) || path_at(base) == base.n)
        return absent;
    return arena_join(a, kept_of(base, to), to);
}

/* A prefix that ends within a segment is that segment, and what lies below it. */
static bool begins_with(struct str address, struct str prefix)
{
    if (!str_has_prefix(address, prefix))
        return false;
    return str_has_suffix(prefix, S("/")) || address.n == prefix.n || strchr("/?#", address.p[prefix.n]) != NULL;
}

static bool is_within(const struct service *s, struct str address)
{
    if (!escapes_are_whole(address) || !path_is_plain(path_of(address)))
        return false;
    for (size_t i = 0; i < s->targets.n; i++)
        if (begins_with(address, s->targets.at[i]))
            return true;
    return false;
}

static bool is_registered(struct arena *a, const struct service *s, struct str address, enum lang lang)
{
    return str_eq(address, target_in(a, s->launch_uri, lang)) ||
           str_eq(address, target_in(a, s->target_link_uri, lang));
}

bool target_read(struct arena *a, const struct service *s, struct str to, enum lang lang, struct str *out)
{
    *out = absent;
    if (!str_is_set(to) || to.n > TARGET_MAX_B)
        return false;
    struct str plain = encoded(a, target_in(a, to, lang));
    if (!str_is_set(plain))
        return false;
    struct str address = resolved(a, front(a, s, lang), plain);
    if (!str_is_set(address) || address.n > TARGET_MAX_B)
        return false;
    if (!is_registered(a, s, address, lang) && !is_within(s, address))
        return false;
    *out = address;
    return true;
}

static struct str escaped(struct arena *a, struct str value)
{
    struct buf b = buf_new(a, (size_t)TARGET_MAX_B * 3);

    url_escape(&b, value);
    return buf_str(&b);
}

struct str target_link(struct arena *a, const struct service *s, struct str to, enum lang lang)
{
    if (!str_is_set(s->launch_uri))
        return str_is_set(to) ? to : target_in(a, s->target_link_uri, lang);
    if (!has_place(s->launch_uri))
        return str_is_set(to) ? to : target_in(a, s->launch_uri, lang);
    return filled(a, target_in(a, s->launch_uri, lang), target_place,
                  escaped(a, str_is_set(to) ? to : front(a, s, lang)));
}
