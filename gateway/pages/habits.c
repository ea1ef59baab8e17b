/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/pages/habits.h"

#include "base/crypt.h"
#include "launcher/fresh.h"
#include "wire/http.h"

enum { HABITS_S = 365 * 86400, MARK_CHARS = 16, SCHOOL_MAX_B = 64 };

static const struct str school_cookie = S("school"), recent_cookie = S("recent"), seen_cookie = S("known");

/* Whose it is.  A person's id is no secret of theirs to this browser, but neither is it written there. */
static struct str mark(const struct ctx *c)
{
    return str_sub(sha256_hex(c->arena, arena_join(c->arena, S("habits:"), c->session->person->id)), 0, MARK_CHARS);
}

/* What stands behind the person's mark; absent: nothing, or somebody else's. */
static struct str own(const struct ctx *c, struct str cookie)
{
    struct str value = http_cookie(c->req, cookie);

    return str_has_prefix(value, mark(c)) ? str_from(value, MARK_CHARS) : (struct str){ NULL, 0 };
}

static int64_t lasts(const struct ctx *c)
{
    return c->session->shared ? -1 : HABITS_S;
}

struct str habits_school(const struct ctx *c)
{
    struct str kept = own(c, school_cookie);

    return str_has_prefix(kept, S("~")) ? str_from(kept, 1) : (struct str){ NULL, 0 };
}

/* An id of a school: an OID or its code, or "all". */
static bool is_school(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!(s.p[i] >= '0' && s.p[i] <= '9') && !(s.p[i] >= 'a' && s.p[i] <= 'z') && s.p[i] != '.')
            return false;
    return s.n > 0 && s.n <= SCHOOL_MAX_B;
}

void habits_keep_school(struct ctx *c, struct str school)
{
    if (is_school(school) && !str_eq(school, habits_school(c)))
        http_set_cookie(c->res, school_cookie, arena_printf(c->arena, "%.*s~%.*s", STR_ARG(mark(c)), STR_ARG(school)),
                        lasts(c), SAME_SITE_LAX);
}

struct strs habits_recent(const struct ctx *c)
{
    struct strs list = { NULL, 0 };
    struct str rest = c->session->shared ? S("") : own(c, recent_cookie), id;

    while (list.n < HABITS_RECENT_MAX && str_split(&rest, '~', &id))
        if (registry_service(c->registry, id) != NULL && !strs_has(&list, id))
            strs_add(c->arena, &list, id);
    return list;
}

void habits_opened(struct ctx *c, struct str service)
{
    struct strs before = habits_recent(c);
    struct buf b = buf_new(c->arena, 1024);

    if (c->session->shared)
        return;
    buf_add(&b, mark(c));
    buf_byte(&b, '~');
    buf_add(&b, service);
    for (size_t i = 0, n = 1; i < before.n && n < HABITS_RECENT_MAX; i++)
        if (!str_eq(before.at[i], service)) {
            buf_byte(&b, '~');
            buf_add(&b, before.at[i]);
            n++;
        }
    http_set_cookie(c->res, recent_cookie, buf_str(&b), HABITS_S, SAME_SITE_LAX);
}

void habits_seen(const struct ctx *c, struct fresh *out)
{
    *out = fresh_read(c->arena, c->session->shared ? S("") : own(c, seen_cookie));
}

void habits_keep_seen(struct ctx *c, const struct fresh *x)
{
    struct str text = fresh_write(c->arena, x);

    if (!c->session->shared && str_is_set(text))
        http_set_cookie(c->res, seen_cookie, arena_join(c->arena, mark(c), text), HABITS_S, SAME_SITE_LAX);
}

void habits_forget_seen(struct ctx *c)
{
    http_set_cookie(c->res, seen_cookie, S(""), 0, SAME_SITE_LAX);
}

void habits_forget_recent(struct ctx *c)
{
    http_set_cookie(c->res, recent_cookie, S(""), 0, SAME_SITE_LAX);
}
