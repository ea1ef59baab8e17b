/* SPDX-License-Identifier: EUPL-1.2 */
#include "certs/claims_scan.h"

#include <string.h>

struct scan {
    struct str rest;
    char open[CLAIMS_DEPTH_MAX]; /* the bracket that closes each level */
    size_t depth;
    struct str names[CLAIMS_MAX];
    size_t name_count;
    const char *const *names_known;
    bool known_pass; /* only names that are known; else any but those */
};

static bool take(struct scan *s, char c)
{
    if (s->rest.n == 0 || s->rest.p[0] != c)
        return false;
    s->rest = str_from(s->rest, 1);
    return true;
}

/* From one quotation mark to the next that no backslash hides. */
static bool take_string(struct scan *s, struct str *out)
{
    size_t n = 0;

    if (!take(s, '"'))
        return false;
    while (n < s->rest.n && s->rest.p[n] != '"') {
        if ((unsigned char)s->rest.p[n] < 0x20)
            return false;
        n += s->rest.p[n] == '\\' ? 2 : 1;
    }
    if (n >= s->rest.n)
        return false;
    *out = str_sub(s->rest, 0, n);
    s->rest = str_from(s->rest, n + 1);
    return true;
}

/* Numbers and the three words: their letters; what they form is the gateway's matter. */
static bool take_plain(struct scan *s)
{
    size_t n = 0;

    while (n < s->rest.n && strchr("+-.0123456789Eaeflnrstu", s->rest.p[n]) != NULL && s->rest.p[n] != '\0')
        n++;
    s->rest = str_from(s->rest, n);
    return n > 0;
}

/* An escape could spell a reserved name another way. */
static bool is_plain_name(struct str name)
{
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     (c != '\0' && strchr("_.:-/#", c) != NULL);
        if (!plain)
            return false;
    }
    return name.n > 0;
}

static bool is_known(const struct scan *s, struct str name)
{
    for (const char *const *known = s->names_known; *known != NULL; known++)
        if (str_eq(name, str_of(*known)))
            return true;
    return false;
}

static enum signer_reason take_name(struct scan *s)
{
    struct str name;

    if (!take_string(s, &name) || !take(s, ':'))
        return REASON_MALFORMED;
    if (s->depth > 1)
        return REASON_SIGNED;
    if (!is_plain_name(name) || s->name_count == CLAIMS_MAX)
        return REASON_MALFORMED;
    if (is_known(s, name) != s->known_pass)
        return REASON_RESERVED_CLAIM;
    for (size_t i = 0; i < s->name_count; i++)
        if (str_eq(name, s->names[i]))
            return REASON_MALFORMED;
    s->names[s->name_count++] = name;
    return REASON_SIGNED;
}

/* Closes what ends here; false when neither a bracket nor a comma follows as it should. */
static bool after_value(struct scan *s)
{
    while (s->depth > 0 && take(s, s->open[s->depth - 1]))
        s->depth--;
    return s->depth == 0 ? s->rest.n == 0 : take(s, ',');
}

static bool open_level(struct scan *s, char close)
{
    if (s->depth == CLAIMS_DEPTH_MAX)
        return false;
    s->open[s->depth++] = close;
    return true;
}

static enum signer_reason scan_all(struct str claims, const char *const *known, bool known_pass)
{
    struct scan s = { .rest = claims, .names_known = known, .known_pass = known_pass };
    struct str text;

    if (!take(&s, '{') || !open_level(&s, '}'))
        return REASON_MALFORMED;
    if (str_eq(s.rest, S("}")))
        return REASON_SIGNED;
    while (s.depth > 0) {
        if (s.open[s.depth - 1] == '}') {
            enum signer_reason named = take_name(&s);
            if (named != REASON_SIGNED)
                return named;
        }
        char c = s.rest.n > 0 ? s.rest.p[0] : '\0';
        if (c == '{' || c == '[') {
            (void)take(&s, c);
            if (!open_level(&s, c == '{' ? '}' : ']'))
                return REASON_MALFORMED;
            if (s.rest.n == 0 || s.rest.p[0] != s.open[s.depth - 1])
                continue;
        } else if (c == '"' ? !take_string(&s, &text) : !take_plain(&s)) {
            return REASON_MALFORMED;
        }
        if (!after_value(&s))
            return REASON_MALFORMED;
    }
    return REASON_SIGNED;
}

enum signer_reason claims_scan(struct str claims, const char *const *reserved)
{
    return scan_all(claims, reserved, false);
}

enum signer_reason claims_scan_only(struct str claims, const char *const *allowed)
{
    return scan_all(claims, allowed, true);
}
