/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/gate/gate.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "base/pause.h"
#include "base/seals.h"
#include "gateway/gate/report.h"
#include "gateway/session/session.h"
#include "wire/http.h"

enum {
    RUN_B = 32,
    COOKIE_MAX_B = 1024,
    KEYS_SHOWN = 40 /* LIMIT_rolled_keys of eight organisations at once */,
    KEYS_MAX_B = 65536,
    SEEN_LIFE_S = 2 * GATE_LIFE_S
};

static const struct str cookie_name = S("gate"), keys_line = S("keys"), key_place = S("gate key"),
                        certificate = S("certificate");

const struct gate_trial gate_trials[TRIAL_COUNT] = {
#define X(trial, of, kind, token, alter, says) { #trial, PROTO_##of, GATE_##kind, GATE_TOKEN_##token, ALTER_##alter },
    GATE_TRIALS(X)
#undef X
};

const struct gate_trial *gate_trial_named(struct str word)
{
    for (size_t i = 0; i < TRIAL_COUNT; i++)
        if (str_eq(word, str_of(gate_trials[i].word)))
            return &gate_trials[i];
    return NULL;
}

bool gate_tries(enum protocol_id protocol)
{
    for (size_t i = 0; i < TRIAL_COUNT; i++)
        if (gate_trials[i].of == protocol)
            return true;
    return false;
}

bool gate_has_trials(const struct service *s)
{
    return s->test && s->enabled && gate_tries(s->protocol);
}

bool gate_applies(const struct service *s, unsigned ways, const struct gate_trial *t)
{
    bool hears = t->of == PROTO_SAML ? (ways & GATE_HEARS) != 0 : str_is_set(s->client.backchannel_logout_uri),
         encrypted = t->alter == ALTER_CIPHER || t->alter == ALTER_CIPHER_KEY;

    return s->protocol == t->of && (!gate_is_leaving(t) || hears) && (!encrypted || (ways & GATE_DECRYPTS) != 0);
}

/* ── begun, and caught ──────────────────────────────────────────────────── */

static struct str key_of(struct ctx *c, struct str id)
{
    return arena_join(c->arena, S("run:"), sha256_hex(c->arena, id));
}

void gate_begin(struct ctx *c, const struct service *s, const struct gate_trial *t, struct str *id,
                struct kv_got got[GATE_BEGUN])
{
    int64_t until_s = c->now_s + GATE_LIFE_S;

    *id = crypt_token(c->arena, c->world, RUN_B);
    struct str plain = arena_printf(c->arena, "%.*s %.*s %.*s %s %lld", STR_ARG(*id), STR_ARG(s->id),
                                    STR_ARG(c->session->sid), t->word, (long long)until_s);
    struct str key = key_of(c, *id);

    http_set_cookie(c->res, cookie_name,
                    b64url_encode(c->arena, seal_close(c->arena, c->world, c->seals, SEAL_COOKIE, cookie_name, plain)),
                    SEEN_LIFE_S, SAME_SITE_LAX);
    kv_set(c->kv, &c->batch, c->arena, &got[0], KV_TRIAL, key,
           seal_close(c->arena, c->world, c->seals, SEAL_SESSION, key, s->id), GATE_LIFE_S);
    got[1].outcome = KV_HIT;
    if (t->of != PROTO_SAML || t->token != GATE_TOKEN_ROLLED_KEY)
        return;
    gate_key_show(c, certificate, &got[1]);
    pause_ask(c->pauses, &c->batch, c->arena, GATE_KEY_SEEN_MS);
}

static bool read_cookie(struct ctx *c, struct gate_run *out)
{
    struct str value = http_cookie(c->req, cookie_name), sealed, rest, word;

    *out = (struct gate_run){ 0 };
    if (!str_is_set(value) || value.n > COOKIE_MAX_B || !b64url_decode(c->arena, value, &sealed) ||
        !seal_open(c->arena, c->seals, SEAL_COOKIE, cookie_name, sealed, &rest) || !str_split(&rest, ' ', &out->id) ||
        !str_split(&rest, ' ', &out->service) || !str_split(&rest, ' ', &out->sid) || !str_split(&rest, ' ', &word) ||
        !str_int(rest, &out->until_s))
        return false;
    out->trial = gate_trial_named(word);
    return out->trial != NULL;
}

bool gate_seen(struct ctx *c, const struct service *s, struct gate_run *out)
{
    return s != NULL && c->session != NULL && gate_has_trials(s) && read_cookie(c, out) &&
           str_eq(out->service, s->id) && str_eq(out->sid, c->session->sid) &&
           c->now_s < out->until_s + SEEN_LIFE_S - GATE_LIFE_S;
}

bool gate_find(struct ctx *c, const struct service *s, struct gate_run *out)
{
    return gate_seen(c, s, out) && c->now_s < out->until_s && session_may_play(c, s);
}

void gate_end(struct ctx *c)
{
    http_set_cookie(c->res, cookie_name, S(""), 0, SAME_SITE_LAX);
}

void gate_take(struct ctx *c, const struct gate_run *run, struct kv_got *got)
{
    kv_take(c->kv, &c->batch, c->arena, got, KV_TRIAL, key_of(c, run->id));
}

static struct str kept_key(struct ctx *c, const struct gate_run *run)
{
    return arena_join(c->arena, S("kept:"), sha256_hex(c->arena, run->id));
}

void gate_keep(struct ctx *c, const struct gate_run *run, struct str message, struct kv_got *got)
{
    struct str key = kept_key(c, run);

    kv_set(c->kv, &c->batch, c->arena, got, KV_TRIAL, key,
           seal_close(c->arena, c->world, c->seals, SEAL_SESSION, key, message), GATE_LIFE_S);
}

void gate_kept_take(struct ctx *c, const struct gate_run *run, struct kv_got *got)
{
    kv_take(c->kv, &c->batch, c->arena, got, KV_TRIAL, kept_key(c, run));
}

struct str gate_kept(struct ctx *c, const struct gate_run *run, const struct kv_got *got)
{
    struct str message;

    return got->outcome == KV_HIT && seal_open(c->arena, c->seals, SEAL_SESSION, kept_key(c, run), got->value, &message)
               ? message
               : (struct str){ NULL, 0 };
}

static struct str part(struct str token, int which)
{
    struct str rest = token, one = { NULL, 0 };

    for (int i = 0; i <= which; i++)
        if (!str_split(&rest, '.', &one))
            return rest;
    return one;
}

struct str gate_token_altered(struct arena *a, enum gate_alter alter, struct str token)
{
    struct str head = part(token, 0), payload = part(token, 1);

    if (alter == ALTER_ALG_NONE)
        head = b64url_encode(a, S("{\"alg\":\"none\",\"typ\":\"JWT\"}"));
    return alter == ALTER_ALG_NONE || alter == ALTER_NO_SIGNATURE
               ? arena_printf(a, "%.*s.%.*s.", STR_ARG(head), STR_ARG(payload))
               : token;
}

/* ── what was seen ──────────────────────────────────────────────────────── */

static struct str mark_key(struct ctx *c, struct str id, enum gate_mark what)
{
    return arena_printf(c->arena, "seen:%.*s:%d", STR_ARG(sha256_hex(c->arena, id)), (int)what);
}

void gate_mark(struct ctx *c, struct str id, enum gate_mark what, struct kv_got *got)
{
    kv_set(c->kv, &c->batch, c->arena, got, KV_TRIAL, mark_key(c, id, what), S("1"), SEEN_LIFE_S);
}

void gate_marks_ask(struct ctx *c, struct str id, struct kv_got got[MARK_COUNT])
{
    for (int i = 0; i < MARK_COUNT; i++)
        kv_get(c->kv, &c->batch, c->arena, &got[i], KV_TRIAL, mark_key(c, id, (enum gate_mark)i));
}

static enum gate_verdict by(struct str *seen, const char *word, enum gate_verdict v)
{
    *seen = str_of(word);
    return v;
}

static enum gate_verdict by_tester(struct str *seen, enum gate_saw saw, bool may_in)
{
    return saw == SAW_NOTHING ? by(seen, "unsaid", GATE_OPEN) : (saw == SAW_IN) == may_in ? GATE_PASSED : GATE_FAILED;
}

enum gate_verdict gate_judge(const struct gate_trial *t, const struct kv_got marks[MARK_COUNT], enum gate_saw saw,
                             bool opens, struct str *seen)
{
    bool asked = marks[MARK_ASKED].outcome == KV_HIT, redeemed = marks[MARK_REDEEMED].outcome == KV_HIT,
         exempt = marks[MARK_EXEMPT].outcome == KV_HIT, unbound = marks[MARK_UNBOUND].outcome == KV_HIT,
         opened = marks[MARK_OPENED].outcome == KV_HIT;

    *seen = (struct str){ NULL, 0 };
    if (!asked)
        return by(seen, "not_asked", GATE_OPEN);
    if (t->kind == GATE_GOOD)
        return opened && saw != SAW_ERROR ? by(seen, "opened", GATE_PASSED) : by_tester(seen, saw, true);
    if (t->kind == GATE_TWICE && !redeemed)
        return by(seen, "once", GATE_OPEN);
    if (t->kind == GATE_MESSAGE || t->kind == GATE_TWICE)
        return by_tester(seen, saw, false);
    if (exempt)
        return by(seen, "exempt", GATE_PASSED);
    if (opened)
        return by(seen, "opened", GATE_FAILED);
    if (saw == SAW_IN)
        return GATE_FAILED;
    if (t->kind == GATE_ANSWER)
        return redeemed ? by(seen, "redeemed", GATE_FAILED) : by(seen, "not_redeemed", GATE_PASSED);
    if (!redeemed) /* it stopped before what is tried came to it */
        return by(seen, "not_redeemed", GATE_OPEN);
    if (t->kind == GATE_CODE && unbound)
        return by(seen, "unbound", GATE_PASSED);
    return opens ? by(seen, "not_opened", GATE_PASSED) : by_tester(seen, saw, false);
}

bool gate_is_leaving(const struct gate_trial *t)
{
    return t->kind == GATE_LOGOUT_BAD || t->kind == GATE_LOGOUT_GOOD;
}

enum gate_verdict gate_judge_leaving(const struct gate_leaving *l, struct str *seen)
{
    bool took = l->status == 200 || l->status == 204;

    if (l->nobody)
        return by(seen, "nobody", GATE_OPEN);
    if (!took && (l->status < 400 || l->status >= 500)) /* it says nothing of the message */
        return by(seen, "unreachable", GATE_OPEN);
    return by(seen, took ? "took" : "refused",
              took == (l->trial->kind == GATE_LOGOUT_GOOD) ? GATE_PASSED : GATE_FAILED);
}

/* ── the report ─────────────────────────────────────────────────────────── */

const struct gate_row *gate_row_now(const struct gate_rows *rows, const struct gate_trial *t, struct str edition,
                                    int64_t now_s)
{
    for (size_t i = 0; i < rows->n; i++) {
        const struct gate_row *r = &rows->at[i];
        if (str_eq(r->trial, str_of(t->word)) && str_eq(r->edition, edition) &&
            r->at_s + (int64_t)GATE_GOOD_DAYS * 86400 > now_s)
            return r;
    }
    return NULL;
}

/* ── keys of trials ─────────────────────────────────────────────────────── */

void gate_key_show(struct ctx *c, struct str jwk, struct kv_got *got)
{
    struct str *text = arena_make(c->arena, struct str);
    int64_t until_s = c->now_s + GATE_LIFE_S;

    *text = b64url_encode(c->arena, seal_close(c->arena, c->world, c->seals, SEAL_SESSION, key_place,
                                               arena_printf(c->arena, "%lld %.*s", (long long)until_s, STR_ARG(jwk))));
    const struct kv_line_more more = { .texts = text, .n = 1, .most = KEYS_SHOWN, .ttl_s = GATE_LIFE_S };
    kv_line_put(c->kv, &c->batch, c->arena, got, KV_TRIAL, keys_line, &more);
}

void gate_keys_ask(struct ctx *c, struct kv_got *got)
{
    if (c->no_trial_key_s != NULL && *c->no_trial_key_s == c->now_s)
        *got = (struct kv_got){ .outcome = KV_MISS };
    else
        kv_line_look(c->kv, &c->batch, c->arena, got, KV_TRIAL, keys_line, KEYS_SHOWN);
}

static bool open_key(struct ctx *c, struct str text, struct str *plain)
{
    struct str sealed, until;
    int64_t until_s;

    return b64url_decode(c->arena, text, &sealed) &&
           seal_open(c->arena, c->seals, SEAL_SESSION, key_place, sealed, plain) && str_split(plain, ' ', &until) &&
           str_int(until, &until_s) && until_s > c->now_s;
}

/* Nobody shows one: for a moment it is not asked for. */
static void note_none(struct ctx *c, const struct kv_got *got)
{
    if (got->outcome != KV_DOWN && got->listed == 0 && c->no_trial_key_s != NULL)
        *c->no_trial_key_s = c->now_s;
}

bool gate_shows_certificate(struct ctx *c, const struct kv_got *got)
{
    struct str plain;

    note_none(c, got);
    for (size_t i = 0; got->outcome == KV_HIT && i < got->listed; i++)
        if (open_key(c, got->list[i], &plain) && str_eq(plain, certificate))
            return true;
    return false;
}

struct str gate_keys_with(struct ctx *c, struct str jwks, const struct kv_got *got)
{
    struct buf b = buf_new(c->arena, jwks.n + KEYS_MAX_B);
    size_t shown = 0;

    note_none(c, got);
    if (got->outcome != KV_HIT || !str_has_suffix(jwks, S("]}")))
        return jwks;
    buf_add(&b, str_sub(jwks, 0, jwks.n - 2));
    for (size_t i = 0; i < got->listed; i++) {
        struct str plain;
        if (!open_key(c, got->list[i], &plain) || str_eq(plain, certificate))
            continue;
        buf_byte(&b, ',');
        buf_add(&b, plain);
        shown++;
    }
    buf_add(&b, S("]}"));
    return shown > 0 && buf_ok(&b) ? buf_str(&b) : jwks;
}
