/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/scenario/manners.h"

static bool has_part(struct str field, struct str want)
{
    struct str part;

    (void)str_split(&field, ';', &part); /* the name and its value */
    while (str_split(&field, ';', &part))
        if (str_eq_case(str_trim(part), want))
            return true;
    return false;
}

/* A city's POST brings along the logins in flight, and what was being opened; nothing else leaves with a request that
 * another site began [RFC 6265bis 5.4.7, 4.1.3]. */
static const char *cookie_trouble(struct str field)
{
    bool in_flight = str_has_prefix(field, S("__Host-login-")) || str_has_prefix(field, S("__Host-opened=")) ||
                     str_has_prefix(field, S("__Host-anew=")) || str_has_prefix(field, S("__Host-moved="));

    if (!str_has_prefix(field, S("__Host-")))
        return "its name does not begin with __Host-";
    if (!has_part(field, S("Path=/")))
        return "Path is not /";
    if (!has_part(field, S("Secure")))
        return "Secure is missing";
    if (str_has_prefix(field, S("__Host-seen="))) /* for a frame in services' pages (gateway/session/glimpse.h) */
        return has_part(field, S("SameSite=None")) ? NULL : "SameSite is not None";
    if (!has_part(field, S("HttpOnly")))
        return "HttpOnly is missing";
    if (str_find(field, S("omain=")) < field.n)
        return "it has a Domain";
    if (str_has_prefix(field, S("__Host-admin=")) || str_has_prefix(field, S("__Host-vendor=")) ||
        str_has_prefix(field, S("__Host-done="))) /* of the console and the portal, which no other site leads into */
        return has_part(field, S("SameSite=Strict")) ? NULL : "SameSite is not Strict";
    if (!has_part(field, in_flight ? S("SameSite=None") : S("SameSite=Lax")))
        return in_flight ? "SameSite is not None" : "SameSite is not Lax";
    return NULL;
}

struct str manners_trouble(struct arena *a, struct str head)
{
    struct str line;
    bool framed = true, policy = false;

    for (struct str rest = head; str_split(&rest, '\n', &line);) {
        size_t colon = str_find_byte(line, ':', 0);
        struct str name = str_sub(line, 0, colon), value = str_trim(str_from(line, colon < line.n ? colon + 1 : colon));
        if (str_eq_case(name, S("X-Frame-Options")))
            framed = !str_eq(value, S("DENY"));
        if (str_eq_case(name, S("Content-Security-Policy")))
            policy = str_find(value, S("frame-ancestors 'none'")) < value.n;
        const char *trouble = str_eq_case(name, S("Set-Cookie")) ? cookie_trouble(value) : NULL;
        if (trouble != NULL)
            return arena_printf(a, "the cookie %.*s: %s", STR_ARG(value), trouble);
    }
    if (framed)
        return S("X-Frame-Options is not DENY");
    return policy ? (struct str){ NULL, 0 } : S("no frame-ancestors 'none'");
}
