/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/http.h"

#include <arpa/inet.h>
#include <assert.h>
#include <inttypes.h>
#include <string.h>

struct str http_field(const struct http_request *r, struct str name)
{
    struct str found = { NULL, 0 };

    for (size_t i = 0; i < r->field_count; i++)
        if (str_eq_case(r->fields[i].name, name)) {
            if (found.p != NULL)
                return (struct str){ NULL, 0 };
            found = r->fields[i].value;
        }
    return found;
}

struct str http_credentials(const struct http_request *r, struct str scheme)
{
    struct str field = http_field(r, S("Authorization")), said;

    if (!str_split(&field, ' ', &said) || !str_eq_case(said, scheme))
        return (struct str){ NULL, 0 };
    struct str token = str_trim(field);
    return str_is_set(token) ? token : (struct str){ NULL, 0 };
}

struct str http_field_list(struct arena *a, const struct http_request *r, struct str name)
{
    struct str list = { NULL, 0 };

    for (size_t i = 0; i < r->field_count; i++)
        if (str_eq_case(r->fields[i].name, name))
            list = list.p == NULL ? r->fields[i].value
                                  : arena_printf(a, "%.*s, %.*s", STR_ARG(list), STR_ARG(r->fields[i].value));
    return list;
}

static struct str own_prefix(bool https)
{
    return https ? S("__Host-") : S("");
}

/* [RFC 6265 4.1.1] without what nobody needs: spaces, quotes, backslashes, commas. */
static bool is_cookie_text(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c <= 0x20 || c >= 0x7f || c == '"' || c == ',' || c == ';' || c == '\\')
            return false;
    }
    return true;
}

/* One part of the header as "name=value".  Browsers also send what has no name or is empty, as any page of the host may
 * have set it [RFC 6265 5.2, 5.4]: that is no cookie of ours, and no reason to lose the others. */
static bool cookie_pair(struct str part, struct str *name, struct str *value)
{
    part = str_trim(part);
    size_t eq = str_find_byte(part, '=', 0);

    *name = str_sub(part, 0, eq);
    *value = str_from(part, eq + 1);
    return eq > 0 && eq < part.n;
}

struct str http_place(struct arena *a, struct str peer)
{
    static const unsigned char mapped[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
    unsigned char ip[sizeof(struct in6_addr)];

    if (inet_pton(AF_INET6, arena_cstr(a, peer), ip) != 1)
        return peer;
    if (memcmp(ip, mapped, sizeof mapped) == 0)
        return arena_printf(a, "%d.%d.%d.%d", ip[12], ip[13], ip[14], ip[15]);
    return arena_printf(a, "%02x%02x:%02x%02x:%02x%02x:%02x%02x", ip[0], ip[1], ip[2], ip[3], ip[4], ip[5], ip[6],
                        ip[7]);
}

struct matching {
    bool https;
    struct str prefix;
    void (*each)(void *with, struct str name, struct str value);
    void *with;
    size_t most;
};

static void match_field(struct str header, const struct matching *m, size_t *found)
{
    struct str own = own_prefix(m->https), part, name, value;

    while (str_split(&header, ';', &part) && *found < m->most) {
        if (!cookie_pair(part, &name, &value) || !str_has_prefix(name, own))
            continue;
        name = str_from(name, own.n);
        /* Other programs on the same host may use what cookies we would not write. */
        if (!str_has_prefix(name, m->prefix) || !is_cookie_text(value))
            continue;
        m->each(m->with, name, value);
        ++*found;
    }
}

/* HTTP/2 has a field for each cookie, and not every proxy joins them again [RFC 9113 8.2.3]. */
static void for_matching(const struct http_request *r, const struct matching *m)
{
    size_t found = 0;

    for (size_t i = 0; i < r->field_count; i++)
        if (str_eq_case(r->fields[i].name, S("Cookie")))
            match_field(r->fields[i].value, m, &found);
}

void http_cookies(const struct http_request *r, struct str prefix,
                  void (*each)(void *with, struct str name, struct str value), void *with)
{
    for_matching(r, &(struct matching){ r->https, prefix, each, with, HTTP_COOKIES_MAX });
}

struct wanted {
    struct str name, value;
    int times;
};

static void note_wanted(void *with, struct str name, struct str value)
{
    struct wanted *w = with;

    if (str_eq(name, w->name)) {
        w->value = value;
        w->times++;
    }
}

struct str http_cookie(const struct http_request *r, struct str name)
{
    struct wanted w = { name, { NULL, 0 }, 0 };

    for_matching(r, &(struct matching){ r->https, name, note_wanted, &w, SIZE_MAX });
    return w.times == 1 ? w.value : (struct str){ NULL, 0 };
}

static bool is_clean(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
            return false;
    return s.p != NULL;
}

void http_header(struct http_response *res, struct str name, struct str value)
{
    bool good = is_clean(name) && is_clean(value) && res->field_count < HTTP_RESPONSE_FIELDS_MAX;

    assert(good);
    if (good)
        res->fields[res->field_count++] = (struct http_field){ name, value };
}

void http_header_set(struct http_response *res, struct str name, struct str value)
{
    size_t kept = 0;

    for (size_t i = 0; i < res->field_count; i++)
        if (!str_eq_case(res->fields[i].name, name))
            res->fields[kept++] = res->fields[i];
    res->field_count = kept;
    http_header(res, name, value);
}

struct str http_response_field(const struct http_response *res, struct str name)
{
    for (size_t i = 0; i < res->field_count; i++)
        if (str_eq_case(res->fields[i].name, name))
            return res->fields[i].value;
    return (struct str){ NULL, 0 };
}

/* Bytes that no address has [RFC 3986 2], and '\\', which browsers read as '/': as browsers would write them. */
static struct str as_address(struct arena *a, struct str url)
{
    struct buf b = buf_new(a, 3 * url.n + 1);

    for (size_t i = 0; i < url.n; i++) {
        unsigned char byte = (unsigned char)url.p[i];
        if (byte <= ' ' || byte >= 0x7f || strchr("\"<>\\`", byte) != NULL)
            buf_printf(&b, "%%%02X", byte);
        else
            buf_byte(&b, url.p[i]);
    }
    return buf_str(&b);
}

void http_redirect(struct http_response *res, int status, struct str url)
{
    res->body = S("");
    if (!is_clean(url) || !str_is_set(url)) {
        res->status = 500;
        return;
    }
    res->status = status;
    http_header_set(res, S("Location"), as_address(res->arena, url));
}

void http_body(struct http_response *res, int status, struct str type, struct str body)
{
    res->status = status;
    res->body = body;
    http_header_set(res, S("Content-Type"), type);
}

static void set_cookie(struct http_response *res, struct str name, struct str value, int64_t max_age_s,
                       const char *attributes)
{
    struct buf b = buf_new(res->arena, 8192);

    assert(is_cookie_text(value));
    buf_add(&b, own_prefix(res->https));
    buf_add(&b, name);
    buf_byte(&b, '=');
    buf_add(&b, value);
    buf_printf(&b, "; Path=/; %s", attributes);
    if (res->https)
        buf_add(&b, S("; Secure"));
    if (max_age_s >= 0)
        buf_printf(&b, "; Max-Age=%" PRId64, max_age_s);
    if (buf_ok(&b))
        http_header(res, S("Set-Cookie"), buf_str(&b));
}

void http_set_cookie(struct http_response *res, struct str name, struct str value, int64_t max_age_s,
                     enum same_site same_site)
{
    static const char *const attributes[] = { "HttpOnly; SameSite=Lax", "HttpOnly; SameSite=Strict",
                                              "HttpOnly; SameSite=None" };

    set_cookie(res, name, value, max_age_s,
               attributes[!res->https && same_site == SAME_SITE_NONE ? SAME_SITE_LAX : same_site]);
}

void http_set_cookie_shown(struct http_response *res, struct str name, struct str value)
{
    set_cookie(res, name, value, -1, res->https ? "SameSite=None" : "SameSite=Lax");
}
