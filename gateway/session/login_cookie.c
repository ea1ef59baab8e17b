/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/session/login_cookie.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "base/seals.h"
#include "base/settings.h"
#include "gateway/answer.h"
#include "gateway/session/device.h"
#include "gateway/session/int.h"
#include "gateway/session/limits.h"
#include "gateway/session/opened.h"
#include "wire/http.h"
#include "wire/kv.h"

enum { RECORD_VERSION = 3, ID_B = 16, ABSENT = 0xffff, PREFIX_B = 6, DROPS_MAX = 32 };
enum {
    FLAG_REDIRECT_CHECKED = 1,
    FLAG_AUTH_TIME = 2,
    FLAG_FRESH = 4,
    FLAG_IN_REDIS = 8,
    FLAG_SHARED = 16,
    FLAG_ACR_MUST = 32
};

static const struct str prefix = S("login-");

/* The record: version, state, protocol, flags, prompt and way of the answer as bytes, four numbers, then every text
 * with its length. */
/* clang-format off */
#define LOGIN_NUMBERS(X) X(started_s) X(max_age_s) X(asked_city_s)
#define LOGIN_TEXTS(X)                                                      \
    X(id) X(upstream_id) X(service) X(answer_to) X(state_out) X(nonce)      \
    X(scope) X(code_challenge) X(login_hint) X(acr_values) X(hint_sub)      \
    X(idp) X(upstream_nonce) X(upstream_verifier) X(lang)                   \
    X(claims) X(resources) X(jkt) X(pushed) X(asks_sid)  \
    X(beside)
/* clang-format on */

static void put_number(struct buf *b, int64_t value)
{
    uint64_t v = (uint64_t)value;

    for (int shift = 56; shift >= 0; shift -= 8)
        buf_byte(b, (char)(v >> shift & 0xff));
}

static void put_text(struct buf *b, struct str s)
{
    size_t n = s.p == NULL ? ABSENT : s.n;

    buf_byte(b, (char)(n >> 8 & 0xff));
    buf_byte(b, (char)(n & 0xff));
    if (s.p != NULL)
        buf_add(b, s);
}

static struct str write_record(struct arena *a, const struct login *l, unsigned more_flags)
{
    struct buf b = buf_new(a, LOGIN_RECORD_MAX_B);
    unsigned flags = (l->redirect_checked ? FLAG_REDIRECT_CHECKED : 0) | (l->wants_auth_time ? FLAG_AUTH_TIME : 0) |
                     (l->fresh ? FLAG_FRESH : 0) | (l->shared ? FLAG_SHARED : 0) | (l->acr_must ? FLAG_ACR_MUST : 0) |
                     more_flags;
    bool fits = true;

    buf_byte(&b, RECORD_VERSION);
    buf_byte(&b, (char)l->state);
    buf_byte(&b, (char)l->protocol);
    buf_byte(&b, (char)flags);
    buf_byte(&b, (char)l->prompt);
    buf_byte(&b, (char)l->answer_mode);
#define X(member) put_number(&b, l->member);
    LOGIN_NUMBERS(X)
#undef X
#define X(member) fits = fits && l->member.n < ABSENT, put_text(&b, l->member);
    LOGIN_TEXTS(X)
#undef X
    put_number(&b, l->asked_epoch);
    return fits && buf_ok(&b) ? buf_str(&b) : (struct str){ NULL, 0 };
}

struct str login_write(struct arena *a, const struct login *l)
{
    return write_record(a, l, 0);
}

struct reader {
    struct str rest;
    bool ok;
};

static unsigned take_byte(struct reader *r)
{
    if (r->rest.n == 0) {
        r->ok = false;
        return 0;
    }
    unsigned v = (unsigned char)r->rest.p[0];
    r->rest = str_from(r->rest, 1);
    return v;
}

static int64_t take_number(struct reader *r)
{
    uint64_t v = 0;

    for (int i = 0; i < 8; i++)
        v = v << 8 | take_byte(r);
    return (int64_t)v;
}

static struct str take_text(struct reader *r)
{
    size_t n = take_byte(r) << 8;
    struct str s = { NULL, 0 };

    n |= take_byte(r);
    if (n == ABSENT)
        return s;
    if (n > r->rest.n) {
        r->ok = false;
        return s;
    }
    s = str_sub(r->rest, 0, n);
    r->rest = str_from(r->rest, n);
    return s;
}

static bool read_record(struct str record, struct login *out, unsigned *flags)
{
    struct reader r = { record, true };

    *out = (struct login){ 0 };
    if (take_byte(&r) != RECORD_VERSION)
        return false;
    out->state = (enum login_state)take_byte(&r);
    out->protocol = (enum protocol_id)take_byte(&r);
    *flags = take_byte(&r);
    out->prompt = take_byte(&r);
    out->answer_mode = take_byte(&r);
    out->redirect_checked = (*flags & FLAG_REDIRECT_CHECKED) != 0;
    out->wants_auth_time = (*flags & FLAG_AUTH_TIME) != 0;
    out->fresh = (*flags & FLAG_FRESH) != 0;
    out->shared = (*flags & FLAG_SHARED) != 0;
    out->acr_must = (*flags & FLAG_ACR_MUST) != 0;
#define X(member) out->member = take_number(&r);
    LOGIN_NUMBERS(X)
#undef X
#define X(member) out->member = take_text(&r);
    LOGIN_TEXTS(X)
#undef X
    if (r.rest.n > 0) /* a version before this one ends here */
        out->asked_epoch = take_number(&r);
    return r.ok && r.rest.n == 0 && out->state <= LOGIN_CONSENT && out->protocol <= PROTO_LAUNCHER;
}

bool login_parse(struct arena *a, struct str record, struct login *out)
{
    unsigned flags;

    (void)a;
    return read_record(record, out, &flags) && (flags & FLAG_IN_REDIS) == 0;
}

/* ── making and finding ─────────────────────────────────────────────────── */

struct login *login_new(struct ctx *c, enum protocol_id protocol)
{
    struct login *l = arena_make(c->arena, struct login);

    l->state = LOGIN_ASKED;
    l->id = crypt_token(c->arena, c->world, ID_B);
    l->started_s = c->now_s;
    l->protocol = protocol;
    l->max_age_s = -1;
    l->lang = str_of(lang_tag(c->lang));
    l->shared = device_shared(c);
    return l;
}

struct login *login_own(struct ctx *c, struct str back_to)
{
    struct login *l = login_new(c, PROTO_LAUNCHER);

    l->answer_to = back_to;
    l->service = S("");
    l->idp = c->set->local_idp;
    return l;
}

struct seen { /* one of this browser's logins */
    struct str name;
    int64_t started_s;
    size_t sent_B; /* with each request */
};

struct search {
    struct ctx *c;
    struct login *found;
    struct str mark; /* of the one that is looked for by it */
    bool in_redis;
    struct seen seen[HTTP_COOKIES_MAX];
    size_t count, sent_B;
    size_t overs; /* of them too old, or none that opens */
};

static struct str cookie_name_of(struct arena *a, struct str id)
{
    return arena_join(a, prefix, id);
}

/* Too old to be gone on with. */
static bool is_over(const struct ctx *c, const struct login *l)
{
    return c->now_s - l->started_s >= c->set->login_life_s;
}

/* A cookie that does not open is as good as none. */
static bool open_cookie(struct ctx *c, struct str name, struct str value, struct login *out, unsigned *flags)
{
    struct str sealed, plain;

    return value.n <= LOGIN_COOKIE_MAX_B && b64url_decode(c->arena, value, &sealed) &&
           seal_open(c->arena, c->seals, SEAL_COOKIE, name, sealed, &plain) && read_record(plain, out, flags) &&
           str_eq(cookie_name_of(c->arena, out->id), name);
}

static void find_one(void *with, struct str name, struct str value)
{
    struct search *s = with;
    const struct visit *v = visit_of(s->c);
    struct login l;
    unsigned flags;

    bool wanted_id = str_eq(v->wanted, str_from(name, PREFIX_B));
    if (s->found != NULL || (str_is_set(v->wanted) && !wanted_id) || !open_cookie(s->c, name, value, &l, &flags))
        return;
    if (!wanted_id && (!str_is_set(l.upstream_id) || !str_eq(l.upstream_id, v->wanted_upstream)))
        return;
    if (is_over(s->c, &l))
        return;
    s->found = arena_make(s->c->arena, struct login);
    *s->found = l;
    s->in_redis = (flags & FLAG_IN_REDIS) != 0;
}

static void settle(struct ctx *c, struct login *l)
{
    enum lang lang, chosen;
    int64_t at_s;

    c->login = l;
    l->kept = true;
    /* Whoever chooses a language after it has begun, means this login too; before it, the service asked in one. */
    if (lang_of_tag(l->lang, &lang) && (!answer_chosen_lang(c, &chosen, &at_s) || at_s < l->started_s))
        c->lang = lang;
    if (str_is_set(l->service))
        c->service = registry_service(c->registry, l->service);
}

static enum step find_ask(struct ctx *c, struct fail *f)
{
    struct search s = { .c = c };

    (void)f;
    c->login = NULL;
    http_cookies(c->req, prefix, find_one, &s);
    if (s.found == NULL)
        return NEXT;
    struct visit *v = visit_of(c);
    v->kept = true;
    settle(c, s.found);
    if (!s.in_redis)
        return NEXT;
    v->wanted = s.found->id;
    kv_get(c->kv, &c->batch, c->arena, &v->request, KV_REQUEST, s.found->id);
    return WAIT;
}

static struct str request_bound(struct arena *a, struct str id)
{
    return arena_join(a, S("request:"), id);
}

/* Cookie and record are always written together; the record is the whole. */
static enum step find_read(struct ctx *c, struct fail *f)
{
    const struct visit *v = visit_of(c);
    struct str plain;
    struct login l;

    if (c->login == NULL || str_is_set(c->login->answer_to))
        return NEXT;
    if (v->request.outcome == KV_DOWN)
        return kv_away(f, "request");
    if (v->request.outcome != KV_HIT ||
        !seal_open(c->arena, c->seals, SEAL_COOKIE, request_bound(c->arena, v->wanted), v->request.value, &plain) ||
        !login_parse(c->arena, plain, &l) || !str_eq(l.id, c->login->id)) {
        c->login = NULL;
        return NEXT;
    }
    *c->login = l;
    settle(c, c->login);
    return NEXT;
}

static const struct step_row find[] = { { find_ask }, { find_read }, { NULL } };

enum step login_find(struct ctx *c, struct str id)
{
    visit_of(c)->wanted = id;
    visit_of(c)->wanted_upstream = (struct str){ NULL, 0 };
    return step_into(c, find);
}

enum step login_find_upstream(struct ctx *c, struct str upstream_id)
{
    visit_of(c)->wanted = (struct str){ NULL, 0 };
    visit_of(c)->wanted_upstream = upstream_id;
    return step_into(c, find);
}

static void find_marked(void *with, struct str name, struct str value)
{
    struct search *s = with;
    struct login l;
    unsigned flags;

    if (s->found != NULL || !str_eq(opened_mark(s->c->arena, str_from(name, PREFIX_B)), s->mark) ||
        !open_cookie(s->c, name, value, &l, &flags) || (flags & FLAG_IN_REDIS) != 0 || str_is_set(l.pushed))
        return;
    s->found = arena_make(s->c->arena, struct login);
    *s->found = l;
}

bool login_renew(struct ctx *c, struct str mark)
{
    struct search s = { .c = c, .mark = mark };

    http_cookies(c->req, prefix, find_marked, &s);
    struct login *l = s.found;
    if (l == NULL)
        return false;
    l->started_s = c->now_s;
    l->state = LOGIN_ASKED;
    l->upstream_id = l->upstream_nonce = l->upstream_verifier = (struct str){ NULL, 0 };
    l->fresh = false;
    l->asked_city_s = 0;
    l->asked_epoch = 0;
    settle(c, l);
    visit_of(c)->kept = true;
    return true;
}

bool login_was_kept(const struct ctx *c)
{
    return c->visit != NULL && c->visit->kept;
}

/* ── keeping ────────────────────────────────────────────────────────────── */

/* What a cookie adds to each request. */
static size_t sent_B(struct str name, struct str value)
{
    return sizeof "__Host-=; " - 1 + name.n + value.n;
}

static void count_one(void *with, struct str name, struct str value)
{
    struct search *s = with;
    struct login l;
    unsigned flags;

    if (s->count == sizeof s->seen / sizeof *s->seen || str_eq(name, cookie_name_of(s->c->arena, s->c->login->id)))
        return;
    bool good = open_cookie(s->c, name, value, &l, &flags);
    s->seen[s->count++] = (struct seen){ name, good ? l.started_s : 0, sent_B(name, value) };
    s->sent_B += sent_B(name, value);
    s->overs += !good || is_over(s->c, &l);
}

/* Leaves room for one more: the oldest goes, and what does not open goes before it.  Tabs that were opened at once
 * leave more than LOGINS_MAX behind; an answer takes away as many as it has room for, the next one the rest. */
static void drop_oldest(struct ctx *c, size_t more_B)
{
    struct search s = { .c = c };
    size_t room = DROPS_MAX;

    http_cookies(c->req, prefix, count_one, &s);
    while (s.count > 0 && (s.count >= LOGINS_MAX || s.overs > OVERS_MAX || s.sent_B + more_B > LOGINS_MAX_B) &&
           room-- > 0) {
        size_t oldest = 0;
        for (size_t i = 1; i < s.count; i++)
            if (s.seen[i].started_s < s.seen[oldest].started_s)
                oldest = i;
        http_set_cookie(c->res, s.seen[oldest].name, S(""), 0, SAME_SITE_NONE);
        s.sent_B -= s.seen[oldest].sent_B;
        s.seen[oldest] = s.seen[--s.count];
        s.overs -= s.overs > 0;
    }
}

static struct str sealed_cookie(struct ctx *c, const struct login *l, unsigned flags)
{
    struct str name = cookie_name_of(c->arena, l->id), record = write_record(c->arena, l, flags);

    return record.p == NULL
               ? record
               : b64url_encode(c->arena, seal_close(c->arena, c->world, c->seals, SEAL_COOKIE, name, record));
}

static void set_cookie(struct ctx *c, struct str value)
{
    int64_t left = c->login->started_s + c->set->login_life_s - c->now_s;

    if (c->login->state != LOGIN_ANSWERED)
        left += LOGIN_OVER_S;
    drop_oldest(c, sent_B(cookie_name_of(c->arena, c->login->id), value));
    c->login->kept = true;
    opened_note(c);
    http_set_cookie(c->res, cookie_name_of(c->arena, c->login->id), value, left > 1 ? left : 1, SAME_SITE_NONE);
}

static enum step keep_ask(struct ctx *c, struct fail *f)
{
    struct visit *v = visit_of(c);
    struct str value = sealed_cookie(c, c->login, 0);

    if (value.p == NULL)
        return fail(f, FAIL_TOO_LARGE, "invalid_request", "the request is too large to be kept");
    v->large = value.n > LOGIN_COOKIE_MAX_B;
    if (!v->large) {
        set_cookie(c, value);
        return NEXT;
    }
    limit_ask(c, LIMIT_large_requests, limit_place(c), c->set->login_life_s, &v->count);
    limit_ask(c, LIMIT_all_requests, S("-"), c->set->login_life_s, &v->count_all);
    return WAIT;
}

static enum step keep_store(struct ctx *c, struct fail *f)
{
    struct visit *v = visit_of(c);
    struct str id = c->login->id;

    if (!v->large)
        return NEXT;
    if (!limit_keep(LIMIT_large_requests, &v->count, "request", f) ||
        !limit_keep(LIMIT_all_requests, &v->count_all, "request", f))
        return REFUSE;
    struct str record = seal_close(c->arena, c->world, c->seals, SEAL_COOKIE, request_bound(c->arena, id),
                                   login_write(c->arena, c->login));
    kv_set(c->kv, &c->batch, c->arena, &v->request, KV_REQUEST, id, record, c->set->login_life_s);
    struct login brief = {
        .state = c->login->state, .id = id, .upstream_id = c->login->upstream_id, .started_s = c->login->started_s
    };
    set_cookie(c, sealed_cookie(c, &brief, FLAG_IN_REDIS));
    return WAIT;
}

static enum step keep_read(struct ctx *c, struct fail *f)
{
    const struct visit *v = visit_of(c);

    return !v->large || v->request.outcome == KV_HIT ? NEXT : (enum step)kv_away(f, "request");
}

const struct step_row login_keep[] = { { keep_ask }, { keep_store }, { keep_read }, { NULL } };
