/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/session/opened.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "base/seals.h"
#include "gateway/session/int.h"
#include "wire/http.h"

enum { MARK_B = 4, REQUESTS = 3, ENTRY_B = MARK_B * (1 + REQUESTS) + 1, ALL_MAX_B = 480 };

static const struct str name = S("opened");

/* A login's mark, those of the requests that it sent to cities (zeros: none), then what it is for, with its length. The
 * marks find an entry of this browser's own; nobody is let in by them. */
struct entry {
    struct str login, requests, what;
};

struct entries {
    struct entry at[OPENED_MAX];
    size_t n;
};

struct str opened_mark(struct arena *a, struct str id)
{
    return str_sub(sha256(a, id), 0, MARK_B);
}

static bool take(struct str *rest, size_t n, struct str *out)
{
    if (rest->n < n)
        return false;
    *out = str_sub(*rest, 0, n);
    *rest = str_from(*rest, n);
    return true;
}

static void read_cookie(struct ctx *c, struct entries *o)
{
    struct str sealed, rest, length, value = http_cookie(c->req, name);

    o->n = 0;
    if (!str_is_set(value) || !b64url_decode(c->arena, value, &sealed) ||
        !seal_open(c->arena, c->seals, SEAL_COOKIE, name, sealed, &rest))
        return;
    while (o->n < OPENED_MAX) {
        struct entry *e = &o->at[o->n];
        if (!take(&rest, MARK_B, &e->login) || !take(&rest, (size_t)MARK_B * REQUESTS, &e->requests) ||
            !take(&rest, 1, &length) || !take(&rest, (unsigned char)length.p[0], &e->what))
            return;
        o->n++;
    }
}

static void write_cookie(struct ctx *c, const struct entries *o)
{
    struct buf b = buf_new(c->arena, ALL_MAX_B);

    for (size_t i = 0; i < o->n && b.n + ENTRY_B + o->at[i].what.n <= ALL_MAX_B; i++) {
        buf_add(&b, o->at[i].login);
        buf_add(&b, o->at[i].requests);
        buf_byte(&b, (char)o->at[i].what.n);
        buf_add(&b, o->at[i].what);
    }
    struct str sealed = seal_close(c->arena, c->world, c->seals, SEAL_COOKIE, name, buf_str(&b));
    http_set_cookie(c->res, name, b64url_encode(c->arena, sealed), c->login->shared ? -1 : OPENED_S, SAME_SITE_NONE);
}

/* A path of ours: without its query where that is too long, or the launcher. */
static struct str path_of(struct str back)
{
    struct str path = str_sub(back, 0, str_find_byte(back, '?', 0));

    return back.n <= OPENED_TEXT_MAX_B ? back : path.n <= OPENED_TEXT_MAX_B ? path : S("/");
}

/* A service by its id. */
static struct str what_of(const struct login *l)
{
    if (l->protocol == PROTO_LAUNCHER)
        return path_of(l->answer_to);
    return l->service.n <= OPENED_TEXT_MAX_B ? l->service : (struct str){ NULL, 0 };
}

static bool has_request(const struct entry *e, struct str mark)
{
    for (size_t i = 0; i < REQUESTS; i++)
        if (str_eq(str_sub(e->requests, i * MARK_B, MARK_B), mark))
            return true;
    return false;
}

/* The request that was sent to a city last stands first. */
static struct str with_request(struct arena *a, const struct entry *e, struct str upstream_id)
{
    struct str mark = opened_mark(a, upstream_id);

    if (!str_is_set(upstream_id) || has_request(e, mark))
        return e->requests;
    return arena_join(a, mark, str_sub(e->requests, 0, (size_t)MARK_B * (REQUESTS - 1)));
}

void opened_note(struct ctx *c)
{
    static const char none[MARK_B * REQUESTS];
    struct entry first = { opened_mark(c->arena, c->login->id), str_n(none, sizeof none), what_of(c->login) };
    struct entries old, out = { .n = 1 };

    if (!str_is_set(first.what))
        return;
    read_cookie(c, &old);
    for (size_t i = 0; i < old.n; i++) {
        if (str_eq(old.at[i].login, first.login))
            first.requests = old.at[i].requests;
        else if (out.n < OPENED_MAX)
            out.at[out.n++] = old.at[i];
    }
    first.requests = with_request(c->arena, &first, c->login->upstream_id);
    out.at[0] = first;
    write_cookie(c, &out);
}

bool opened_find(struct ctx *c, struct opened *out)
{
    const struct visit *v = visit_of(c);
    bool named = str_is_set(v->wanted) || str_is_set(v->wanted_upstream);
    struct str login = opened_mark(c->arena, v->wanted), request = opened_mark(c->arena, v->wanted_upstream);
    struct entries o;

    read_cookie(c, &o);
    for (size_t i = 0; i < o.n; i++)
        if (!named || (str_is_set(v->wanted) && str_eq(o.at[i].login, login)) ||
            (str_is_set(v->wanted_upstream) && has_request(&o.at[i], request))) {
            *out = (struct opened){ o.at[i].what, o.at[i].login };
            return true;
        }
    return false;
}

bool opened_again(struct ctx *c)
{
    bool lately = http_cookie(c->req, S("anew")).p != NULL;

    http_set_cookie(c->res, S("anew"), S("1"), OPENED_PAUSE_S, SAME_SITE_NONE);
    return lately;
}

void opened_forget(struct ctx *c)
{
    if (c->visit != NULL && c->visit->school) /* it is of whoever plays them */
        return;
    if (http_cookie(c->req, name).p != NULL)
        http_set_cookie(c->res, name, S(""), 0, SAME_SITE_NONE);
}
