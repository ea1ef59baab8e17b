/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/trace.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "base/seals.h"
#include "gateway/answer.h"
#include "gateway/routes.h"
#include "model/when.h"
#include "policy/policy.h"
#include "wire/form.h"
#include "wire/http.h"
#include "wire/json.h"
#include "wire/saml_ask.h"

#include <stdlib.h>
#include <string.h>

static const struct str bound = S("trace"), none = { NULL, 0 };

/* ── what of a message is kept ──────────────────────────────────────────── */

#define X(name) #name,
static const char *const parameters[] = { TRACE_PARAMETERS(X) };
static const char *const claims[] = { TRACE_CLAIMS(X) };
static const char *const jwts[] = { TRACE_JWTS(X) };
static const char *const addresses[] = { TRACE_ADDRESSES(X) };
#undef X

#define IN(list, name) is_in(list, sizeof list / sizeof *list, name)

static bool is_in(const char *const *list, size_t n, struct str name)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(name, str_of(list[i])))
            return true;
    return false;
}

static bool is_shown(struct str text)
{
    if (text.n > TRACE_VALUE_MAX_B || !str_is_utf8(text))
        return false;
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.p[i] < 0x20 || text.p[i] == 0x7f)
            return false;
    return true;
}

/* What stands behind '?' or '#' may be anybody's, unless it was registered so. */
static struct str address_of(struct arena *a, const struct service *s, struct str uri)
{
    size_t end = 0;

    if (strs_has(&s->redirect_uris, uri) || strs_has(&s->post_logout_redirect_uris, uri))
        return uri;
    while (end < uri.n && uri.p[end] != '?' && uri.p[end] != '#')
        end++;
    return end < uri.n ? arena_printf(a, "%.*s%c\xe2\x80\xa6", (int)end, uri.p, uri.p[end]) : uri;
}

struct pen {
    struct arena *a;
    struct json_out o;
    const struct service *service;
    size_t parts, room; /* room: bytes that parts may still take */
};

enum { PART_B = 48 /* what stands around its name and value */ };

static void put_part(struct pen *p, struct str name, struct str value, size_t length)
{
    if (!is_shown(name) || name.n > TRACE_NAME_MAX_B)
        name = S("\xe2\x80\xa6");
    if (!is_shown(value))
        value = none;
    const size_t cost = PART_B + 2 * (name.n + value.n); /* each may be escaped */
    if (p->parts == TRACE_PARTS_MAX || cost > p->room)
        return;
    p->parts++;
    p->room -= cost;
    json_begin_object(&p->o);
    json_put_str(&p->o, S("name"), name);
    if (value.p != NULL)
        json_put_str(&p->o, S("value"), value);
    json_put_int(&p->o, S("length"), (int64_t)length);
    json_end_object(&p->o);
}

static void put_claims(struct pen *p, struct str name, struct str part)
{
    struct fail why = { 0 };
    struct str text;
    const struct json_value *v = b64url_decode(p->a, part, &text) ? json_parse(p->a, text, &why) : NULL;

    for (size_t i = 0; v != NULL && i < sizeof claims / sizeof *claims; i++) {
        const struct json_value *claim = json_get(v, str_of(claims[i]));
        struct json_out o = json_out(p->a, 4 * TRACE_VALUE_MAX_B);
        if (claim == NULL)
            continue;
        json_value(&o, claim);
        struct str said = claim->type == JSON_STR ? json_get_str(v, str_of(claims[i])) : json_done(&o);
        put_part(p, arena_printf(p->a, "%.*s.%s", STR_ARG(name), claims[i]), said, said.n);
    }
}

static void put_jwt(struct pen *p, struct str name, struct str jwt)
{
    struct str rest = jwt, head, payload;

    put_part(p, name, none, jwt.n);
    if (str_split(&rest, '.', &head) && str_split(&rest, '.', &payload)) {
        put_claims(p, name, head);
        put_claims(p, name, payload);
    }
}

static void put_form(struct pen *p, const struct form *form)
{
    for (size_t i = 0; form != NULL && i < form->count; i++) {
        struct str name = form->fields[i].name, value = form->fields[i].value;
        if (IN(jwts, name))
            put_jwt(p, name, value);
        else if (IN(addresses, name))
            put_part(p, name, address_of(p->a, p->service, value), value.n);
        else
            put_part(p, name, IN(parameters, name) ? value : none, value.n);
    }
}

static void put_saml(void *with, const char *name, struct str value)
{
    struct pen *p = with;

    put_part(p, str_of(name), address_of(p->a, p->service, value), value.n);
}

static void put_keys(struct pen *p, const struct ctx *c)
{
    struct str rest = c->keys_expected, key;

    if (str_is_set(c->key_used))
        put_part(p, S(TRACE_KEY_USED), c->key_used, c->key_used.n);
    while (str_split(&rest, ' ', &key))
        put_part(p, S(TRACE_KEY_EXPECTED), key, key.n);
}

/* How somebody proves something in a header: by its first word alone. */
static void put_header(struct pen *p, const struct http_request *req)
{
    struct str proof = http_field(req, S("Authorization")), scheme = str_sub(proof, 0, str_find_byte(proof, ' ', 0));

    if (str_is_set(proof))
        put_part(p, S("Authorization"),
                 str_eq_case(scheme, S("Basic")) || str_eq_case(scheme, S("Bearer")) || str_eq_case(scheme, S("DPoP"))
                     ? scheme
                     : none,
                 proof.n);
    if (str_is_set(http_field(req, S("DPoP"))))
        put_jwt(p, S("DPoP"), http_field(req, S("DPoP")));
}

/* ── of whom, and what was told ─────────────────────────────────────────── */

static struct str full_name(struct arena *a, const struct person *p)
{
    struct str first = str_is_set(p->calling_name) ? p->calling_name : p->given_names;

    return str_is_set(first) && str_is_set(p->family_name)
               ? arena_printf(a, "%.*s %.*s", STR_ARG(first), STR_ARG(p->family_name))
           : str_is_set(first) ? first
                               : p->family_name;
}

/* The same for one person at one service within a day, and for nobody else. */
static struct str day_code(struct arena *a, const struct ctx *c, const struct service *s, const struct person *p)
{
    struct str day = arena_printf(a, "trace %.*s %.*s", STR_ARG(when_day(a, c->now_s)), STR_ARG(s->id));

    return str_sub(hex_encode(a, seals_pairwise(a, c->seals, day, p->id)), 0, TRACE_PERSON_CHARS);
}

static void put_person(struct pen *p, const struct ctx *c)
{
    if (c->person == NULL || !str_is_set(c->person->id))
        return;
    if (policy_is_test_person(c->registry, c->person)) {
        json_put_str(&p->o, S("person"), full_name(p->a, c->person));
        json_put_int(&p->o, S("test"), 1);
    } else if (c->seals != NULL) {
        json_put_str(&p->o, S("person"), day_code(p->a, c, p->service, c->person));
    }
}

static size_t chars_of(struct str s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++)
        n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
    return n;
}

static void put_told_one(struct pen *p, const struct json_value *v, bool whole)
{
    bool is_text = v->type == JSON_STR, holds = v->type == JSON_ARRAY || v->type == JSON_OBJECT;
    struct json_out o = json_out(p->a, 8 * TRACE_VALUE_MAX_B);

    json_value(&o, v);
    struct str value = is_text ? v->text : json_done(&o);
    json_begin_object(&p->o);
    json_put_str(&p->o, S("name"), v->name);
    json_put_int(&p->o, S("form"), (int64_t)v->type);
    json_put_int(&p->o, S("length"), (int64_t)(holds ? v->count : chars_of(value)));
    if ((whole || IN(claims, v->name)) && str_is_utf8(value) && value.n <= 4 * (size_t)TRACE_VALUE_MAX_B)
        json_put_str(&p->o, S("value"), value);
    json_end_object(&p->o);
}

static void put_told(struct pen *p, const struct ctx *c)
{
    struct fail why = { 0 };
    const struct json_value *all = str_is_set(c->told) ? json_parse(p->a, c->told, &why) : NULL;
    size_t n = 0;

    if (all == NULL || c->person == NULL)
        return;
    for (const struct json_value *v = all->first; v != NULL && n < TRACE_TOLD_MAX; v = v->next, n++)
        put_told_one(p, v, policy_is_test_person(c->registry, c->person));
}

static struct str words_of(struct arena *a, struct claim_set set)
{
    struct buf b = buf_new(a, TRACE_RECORD_MAX_B);

    for (int i = 0; i < CLAIM_COUNT; i++)
        if (claim_in(set, (enum claim)i))
            buf_printf(&b, "%s%s", b.n > 0 ? " " : "", claim_rows[i].word);
    return buf_str(&b);
}

/* What the service asks for and was not told. */
static void put_left_out(struct pen *p, const struct ctx *c)
{
    struct claim_set empty = { 0 }, unlet = { 0 };

    if (c->told_words.p == NULL)
        return;
    for (int i = 0; i < CLAIM_COUNT; i++) {
        enum claim claim = (enum claim)i;
        if (claim == CLAIM_SUB || !claim_in(service_asks(p->service, c->now_s), claim) ||
            str_has_word(c->told_words, str_of(claim_rows[i].word)))
            continue;
        claim_add(claim_in(c->may_tell, claim) ? &empty : &unlet, claim);
    }
    json_put_str(&p->o, S("left_out"), words_of(p->a, empty));
    json_put_str(&p->o, S("unlet"), words_of(p->a, unlet));
}

static bool is_below_a_protocol(const struct route *r)
{
    static const char *const begins[] = { "/oidc/", "/saml/", "/lti/", "/access/" };

    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
        if (strncmp(r->path, begins[i], strlen(begins[i])) == 0)
            return true;
    return false;
}

static bool is_of_a_protocol(const struct route *r)
{
    return is_below_a_protocol(r) || r->errors == ERRORS_SERVICE;
}

/* Whether a service wrote it: what people type and choose at our own pages, and what cities answer, is not its. */
static bool is_message(const struct route *r)
{
    return is_below_a_protocol(r) && r->who != WHO_PERSON;
}

/* ── the record ─────────────────────────────────────────────────────────── */

static const char *const check_words[CHECK_COUNT] = {
#define X(part, name, rule) [CHECK_##name] = #name,
    CHECKS(X)
#undef X
};

static struct str checks_of(struct arena *a, const struct ctx *c)
{
    struct buf b = buf_new(a, CHECKS_KEPT * 24);

    for (size_t i = 0; i < c->check_count; i++)
        buf_printf(&b, "%s%s", i > 0 ? " " : "", check_words[c->checks[i]]);
    return buf_str(&b);
}

static const struct fail *broke(const struct ctx *c)
{
    return c->fail.kind != FAIL_NONE ? &c->fail : c->away;
}

/* What was said of the request's own words may quote them; of everything else there are fixed words. */
static struct str said(struct arena *a, const struct fail *f)
{
    struct ctx plain = { .arena = a };

    return f != NULL ? answer_description(&plain, f) : none;
}

enum { OPEN_PARTS_B = TRACE_OPEN_MAX_B / 2 };

static bool is_open(enum trace_line line)
{
    return line == TRACE_any || line == TRACE_asked;
}

static struct str write(struct arena *a, struct ctx *c, const struct service *s, bool whole)
{
    bool open = is_open(trace_line_of(c));
    struct pen p = { .a = a,
                     .o = json_out(a, open ? TRACE_OPEN_MAX_B : TRACE_RECORD_MAX_B),
                     .service = s,
                     .room = open ? OPEN_PARTS_B : TRACE_RECORD_MAX_B };
    const struct fail *f = broke(c);

    json_begin_object(&p.o);
    json_put_str(&p.o, S("id"), arena_printf(a, "%s.%lld", c->support_code, (long long)c->now_s));
    json_put_int(&p.o, S("at"), c->now_s);
    json_put_int(&p.o, S("at_ms"), c->world != NULL ? world_now_ms(c->world) : c->now_s * 1000);
    json_put_str(&p.o, S("support_code"), str_of(c->support_code));
    json_put_str(&p.o, S("attempt"), c->attempt);
    json_put_str(&p.o, S("method"), str_of(route_method(c->route)));
    json_put_str(&p.o, S("path"), str_of(c->route->path));
    if (f != NULL) {
        json_put_str(&p.o, S("code"), str_of(f->code));
        json_put_str(&p.o, S("kind"), str_of(fail_kind_name(f->kind)));
        json_put_str(&p.o, S("said"), said(a, f));
    }
    json_put_int(&p.o, S("status"), c->res != NULL ? c->res->status : 0);
    json_put_str(&p.o, S("checks"), checks_of(a, c));
    put_person(&p, c);
    put_left_out(&p, c);
    json_key(&p.o, S("told"));
    json_begin_array(&p.o);
    if (whole)
        put_told(&p, c);
    json_end_array(&p.o);
    json_key(&p.o, S("parts"));
    json_begin_array(&p.o);
    if (whole && is_message(c->route)) {
        put_header(&p, c->req);
        put_form(&p, c->query);
        put_form(&p, c->body);
        if (c->saml != NULL) {
            saml_ask_outline(c->saml, put_saml, &p);
            put_keys(&p, c);
        }
    }
    json_end_array(&p.o);
    json_end_object(&p.o);
    return json_done(&p.o);
}

struct str trace_write(struct arena *a, struct ctx *c, const struct service *s)
{
    struct str whole = write(a, c, s, true);

    return whole.p != NULL ? whole : write(a, c, s, false);
}

/* ── noted ──────────────────────────────────────────────────────────────── */

/* The one that asked; the one that somebody is on the way to; the one that the request names. */
static const struct service *whose(const struct ctx *c)
{
    if (c->service != NULL)
        return c->service;
    if (c->login != NULL && str_is_set(c->login->service))
        return registry_service(c->registry, c->login->service);
    return str_is_set(c->service_named) ? registry_client(c->registry, c->service_named) : NULL;
}

/* Whoever knows the name of a service can send what it would send; not what only it can.  A public one keeps no secret:
 * what it holds its people's browsers hold, tokens as well. */
static bool is_proven(const struct ctx *c)
{
    if (check_has(c, CHECK_lti_proof) || check_has(c, CHECK_deep_proof) || check_has(c, CHECK_leave_authentic))
        return true;
    return (check_has(c, CHECK_client) || check_has(c, CHECK_token_good)) && c->service != NULL &&
           !service_is_public(c->service);
}

enum trace_line trace_line_of(const struct ctx *c)
{
    bool known = c->person != NULL && str_is_set(c->person->id);

    if (broke(c) != NULL)
        return is_proven(c) ? TRACE_proven : known ? TRACE_person : TRACE_any;
    return is_proven(c) || known ? TRACE_well : TRACE_asked;
}

enum { PROBES = 8 };

static unsigned char *pace_of(struct trace_pace *pace, struct str service, enum trace_line line, int64_t minute)
{
    uint64_t of = str_hash(service, 0);

    for (size_t i = 0; i < PROBES; i++) {
        size_t at = (of + i) % TRACE_SLOTS;
        if (pace->slot[line][at].minute != minute) {
            memset(&pace->slot[line][at], 0, sizeof pace->slot[line][at]);
            pace->slot[line][at].of = of;
            pace->slot[line][at].minute = minute;
        }
        if (pace->slot[line][at].of == of)
            return &pace->slot[line][at].n;
    }
    return NULL;
}

static const unsigned char a_minute[] = {
#define X(name, most, per) [TRACE_##name] = (per),
    TRACE_LINES(X)
#undef X
};
static const size_t most[] = {
#define X(name, holds, per) [TRACE_##name] = (holds),
    TRACE_LINES(X)
#undef X
};
static const char *const line_names[] = {
#define X(name, holds, per) [TRACE_##name] = #name,
    TRACE_LINES(X)
#undef X
};

bool trace_may(struct trace_pace *pace, struct str service, enum trace_line line, int64_t now_s)
{
    unsigned char *n = pace_of(pace, service, line, now_s / 60 + 1);

    if (n == NULL || *n >= a_minute[line])
        return false;
    ++*n;
    return true;
}

/* What was pushed and the sign-ins that it is opened for are one; reloaded, they stay one. */
static struct str named_by(const struct login *l)
{
    return str_has_prefix(l->pushed, S(PUSHED_MARK)) ? l->pushed : l->id;
}

struct str trace_attempt(struct ctx *c)
{
    const unsigned char *n = c->tracing != NULL && c->login != NULL && c->service != NULL
                                 ? pace_of(c->tracing, c->service->id, TRACE_well, c->now_s / 60 + 1)
                                 : NULL;

    if (n == NULL || !str_is_set(c->login->id) || !str_is_set(c->service->vendor))
        return none;
    return *n < a_minute[TRACE_well] ? str_sub(sha256_hex(c->arena, named_by(c->login)), 0, TRACE_ATTEMPT_MAX_B) : none;
}

struct noting { /* in its own arena */
    struct batch batch;
    struct arena *arena;
    struct kv_got got;
    bool sent, answered;
};

static void noted(struct batch *b)
{
    struct noting *n = (struct noting *)b;

    n->answered = true;
    if (n->sent)
        arena_free(n->arena);
}

static struct str key_of(struct arena *a, const struct service *s, enum trace_line line)
{
    return arena_printf(a, "%s:%.*s", line_names[line], STR_ARG(s->id));
}

/* What goes well is noted with the attempt that it is of, or not at all: half an attempt says nothing. */
static bool is_worth(struct ctx *c)
{
    if (broke(c) != NULL)
        return is_of_a_protocol(c->route) || c->check_count > 0 || (c->login != NULL && str_is_set(c->login->service));
    return c->check_count > 0 &&
           (str_is_set(c->attempt) || !(check_has(c, CHECK_code_known) || check_has(c, CHECK_token_good)));
}

static bool is_waited_for(const struct ctx *c)
{
    return strcmp(c->fail.code != NULL ? c->fail.code : "", "authorization_pending") == 0;
}

void trace_note(struct ctx *c)
{
    const struct service *s;

    if (c->registry == NULL || c->route == NULL || c->kv == NULL || c->seals == NULL || c->tracing == NULL ||
        is_waited_for(c))
        return;
    if (c->login != NULL && !str_is_set(c->attempt))
        c->attempt = trace_attempt(c);
    s = is_worth(c) ? whose(c) : NULL;
    if (s == NULL || !str_is_set(s->vendor))
        return;
    enum trace_line line = trace_line_of(c);
    if (!trace_may(c->tracing, s->id, line, c->now_s))
        return;
    struct arena *a = arena_new();
    struct noting *n = arena_make(a, struct noting);
    struct str plain = trace_write(a, c, s);
    struct str sealed = plain.p != NULL ? seal_close(a, c->world, c->seals, SEAL_SESSION, bound, plain) : plain;
    *n = (struct noting){ .batch = { 0, noted }, .arena = a };
    if (sealed.p == NULL) {
        arena_free(a);
        return;
    }
    const struct kv_line_more more = { .texts = &sealed,
                                       .n = 1,
                                       .most = most[line],
                                       .after_ms = (int64_t)TRACE_LASTS_S * 1000,
                                       .ttl_s = TRACE_LASTS_S,
                                       .fleeting = true };
    kv_line_put(c->kv, &n->batch, a, &n->got, KV_TRACE, key_of(a, s, line), &more);
    n->sent = true;
    if (n->answered)
        arena_free(a);
}

/* ── read ───────────────────────────────────────────────────────────────── */

enum { WORDS_MAX_B = 2048 };

static const struct json_field fields[] = {
    { "id", JSON_STR, true, 64, offsetof(struct traced, id) },
    { "at", JSON_INT, true, 0, offsetof(struct traced, at_s) },
    { "at_ms", JSON_INT, true, 0, offsetof(struct traced, at_ms) },
    { "support_code", JSON_STR, true, 64, offsetof(struct traced, support_code) },
    { "attempt", JSON_STR, false, TRACE_ATTEMPT_MAX_B, offsetof(struct traced, attempt) },
    { "method", JSON_STR, true, 16, offsetof(struct traced, method) },
    { "path", JSON_STR, true, 128, offsetof(struct traced, path) },
    { "code", JSON_STR, false, 64, offsetof(struct traced, code) },
    { "kind", JSON_STR, false, 64, offsetof(struct traced, kind) },
    { "said", JSON_STR, false, 4 * FAIL_LONG_B, offsetof(struct traced, said) },
    { "status", JSON_INT, true, 0, offsetof(struct traced, status) },
    { "checks", JSON_STR, true, WORDS_MAX_B, offsetof(struct traced, checks) },
    { "person", JSON_STR, false, WORDS_MAX_B, offsetof(struct traced, person) },
    { "test", JSON_INT, false, 0, offsetof(struct traced, test) },
    { "left_out", JSON_STR, false, WORDS_MAX_B, offsetof(struct traced, left_out) },
    { "unlet", JSON_STR, false, WORDS_MAX_B, offsetof(struct traced, unlet) },
    { 0 }
};

static int64_t number(const struct json_value *v, struct str name)
{
    const struct json_value *n = json_get(v, name);

    return n != NULL && n->type == JSON_INT ? n->integer : 0;
}

static struct trace_part *parts_of(struct arena *a, const struct json_value *list, size_t may, size_t *n)
{
    struct trace_part *parts = arena_make_n(a, may, struct trace_part);

    *n = 0;
    if (list == NULL || list->type != JSON_ARRAY)
        return parts;
    for (const struct json_value *at = list->first; at != NULL && *n < may; at = at->next)
        parts[(*n)++] = (struct trace_part){ json_get_str(at, S("name")), json_get_str(at, S("value")),
                                             number(at, S("length")), number(at, S("form")) };
    return parts;
}

bool trace_parse(struct arena *a, struct str json, struct traced *out)
{
    struct fail why = { 0 };
    const struct json_value *v = json_parse(a, json, &why);

    *out = (struct traced){ .at_s = 0 };
    if (v == NULL || !json_read(a, json, fields, out, &why))
        return false;
    out->parts = parts_of(a, json_get(v, S("parts")), TRACE_PARTS_MAX, &out->part_count);
    out->told = parts_of(a, json_get(v, S("told")), TRACE_TOLD_MAX, &out->told_count);
    return true;
}

void trace_ask(struct ctx *c, const struct service *s, struct trace_got *got)
{
    for (int i = 0; i < TRACE_LINE_COUNT; i++)
        kv_line_look(c->kv, &c->batch, c->arena, &got->line[i], KV_TRACE, key_of(c->arena, s, (enum trace_line)i),
                     most[i]);
}

static void add_all(struct ctx *c, const struct kv_got *got, struct traced *out, size_t *n)
{
    struct str plain;

    for (size_t i = 0; got->outcome == KV_HIT && i < got->listed; i++)
        if (seal_open(c->arena, c->seals, SEAL_SESSION, bound, got->list[i], &plain) &&
            trace_parse(c->arena, plain, &out[*n]) && c->now_s - out[*n].at_s < TRACE_LASTS_S)
            ++*n;
}

static int by_time(const void *x, const void *y)
{
    const struct traced *a = x, *b = y;

    return a->at_ms != b->at_ms ? (a->at_ms < b->at_ms ? 1 : -1) : str_cmp(a->id, b->id);
}

bool trace_read(struct ctx *c, const struct trace_got *got, struct traced **out, size_t *n, struct fail *f)
{
    size_t may = 0;

    *n = 0;
    for (int i = 0; i < TRACE_LINE_COUNT; i++) {
        if (got->line[i].outcome == KV_DOWN)
            return kv_away(f, "trace");
        may += most[i];
    }
    *out = arena_make_n(c->arena, may, struct traced);
    for (int i = 0; i < TRACE_LINE_COUNT; i++)
        add_all(c, &got->line[i], *out, n);
    qsort(*out, *n, sizeof **out, by_time);
    return true;
}
