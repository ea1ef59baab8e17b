/* SPDX-License-Identifier: EUPL-1.2
 * A refresh token becomes an access token.  [RFC 6749 6, RFC 9700 4.14, OIDC Core 12, FAPI 2.0 Security
 * Profile 5.3.2.1]
 *
 * Of a service that proves itself, the refresh token stays as it is: it is of use to nobody else, and rotation loses
 * people whose answer was lost.  Of a public service each use makes the next one; an old one that comes again is in two
 * hands, and ends the family.  But for the one before, for RETRY_S: its answer may have been lost.  A retry comes
 * alone; many at once are no retry, and only the first of them is served. */
#include "gateway/oidc/grants/int.h"

#include "base/log.h"
#include "base/pause.h"
#include "base/settings.h"
#include "gateway/oidc/client/client.h"
#include "gateway/session/session.h"
#include "wire/form.h"

enum {
    RETRY_S = 30,        /* in which the answer may be asked for once more */
    CROWD_MS = 250,      /* whoever retries waits so long, to see whether others come as well */
    CROWD_S = 1,         /* who comes within it comes at once … */
    RETRIES_AT_ONCE = 2, /* … and these may: tabs of one browser */
    TURN_MARK_S = 300,   /* longer than any request that makes the next one is under way */
    TOUCH_S = 60         /* an idle time is counted from a record at most so old */
};

struct renewal { /* g->own */
    struct str token, key;
    int64_t turn;
    bool again; /* it is the one before, or somebody else is about to make the next */
    struct kv_got found, session, mark, crowd, ended;
};

static struct renewal *mine(const struct ctx *c)
{
    return ((struct granting *)c->state)->own;
}

static enum step ask_family(struct ctx *c, struct fail *f)
{
    struct granting *g = c->state;
    struct renewal *r = g->own = arena_make(c->arena, struct renewal);

    r->token = form_get(c->body, S("refresh_token"));
    if (!str_is_set(r->token))
        return fail(f, FAIL_CALLER, "invalid_request", "refresh_token is missing");
    if (!family_token_read(c, r->token, &r->key, &r->turn))
        return grant_bad(f, "refresh_token is none of ours");
    family_ask(c, r->key, &r->found);
    return WAIT;
}

/* ── what came too often ────────────────────────────────────────────────── */

static enum step end_family(struct ctx *c, struct fail *f)
{
    struct renewal *r = mine(c);

    (void)f;
    log_event(LOG_WARN, "refresh.reused", LOG_S("service", c->service->id), LOG_C("code", c->support_code),
              LOG_C("mend", "the refresh token is in two hands: its family and its access tokens have ended"));
    family_end(c, r->key, &r->ended);
    return WAIT;
}

/* Not dealt with while it may still be good: whoever asks again deals with it. */
static enum step refuse_reuse(struct ctx *c, struct fail *f)
{
    if (mine(c)->ended.outcome == KV_DOWN)
        return kv_away(f, "refresh family");
    return grant_bad(f, "refresh_token was used before: all tokens that came of this sign-in have ended");
}

static const struct step_row reused[] = { { end_family }, { refuse_reuse }, { NULL } };

/* ── whose it is ────────────────────────────────────────────────────────── */

/* Whoever proves itself may change its key [RFC 9449 5], but what began with one does not go on without. */
static bool key_fits(struct ctx *c, const struct family *m, struct fail *f)
{
    const struct granting *g = c->state;
    const char *why = "it is bound to a key, and no DPoP proof came";

    if (service_is_public(c->service) ? binding_proven(c, &m->bound, &why)
                                      : !str_is_set(m->bound.jkt) || str_is_set(g->bound.jkt))
        return true;
    return fail(f, FAIL_CALLER, "invalid_grant", "refresh_token: %s", why);
}

/* The service and its key first: what another one shows does no harm. */
static bool is_theirs(struct ctx *c, const struct family *m, struct fail *f)
{
    struct renewal *r = mine(c);

    if (!family_token_fits(c, m, r->token, r->turn))
        return grant_bad(f, "refresh_token is none of ours");
    if (!str_eq(m->service, c->service->id))
        return grant_bad(f, "refresh_token is another service's");
    return key_fits(c, m, f);
}

static bool read_family(struct ctx *c, struct fail *f)
{
    struct granting *g = c->state;
    struct renewal *r = mine(c);

    g->family = family_of(c, r->key, &r->found, f);
    if (g->family == NULL)
        return f->kind == FAIL_NONE && grant_bad(f, "refresh_token has ended, was taken back, or is unknown");
    return is_theirs(c, g->family, f);
}

static bool is_retry(const struct ctx *c, const struct family *m, int64_t turn)
{
    return turn == m->turn - 1 && c->now_s - m->turned_s <= RETRY_S;
}

/* Where it rotates, of any number who bring the same one the first makes the next.  A Redis that has lost its last
 * moments knows an older turn: who brings a later one has it from us. */
static enum step claim_turn(struct ctx *c, struct fail *f)
{
    struct granting *g = c->state;
    struct renewal *r = mine(c);

    if (!read_family(c, f))
        return REFUSE;
    if (str_is_set(g->family->session))
        session_ask(c, g->family->session, &r->session);
    r->mark.outcome = KV_MISS;
    r->again = is_retry(c, g->family, r->turn);
    if (r->turn < g->family->turn && !r->again)
        return step_into(c, reused);
    if (!r->again && service_is_public(c->service))
        kv_add(c->kv, &c->batch, c->arena, &r->mark, KV_REPLAY,
               arena_printf(c->arena, "turn:%.*s:%lld", STR_ARG(r->key), (long long)r->turn), S("1"), TURN_MARK_S);
    return WAIT;
}

/* ── once more ──────────────────────────────────────────────────────────── */

static struct str crowd_key(struct ctx *c)
{
    return arena_printf(c->arena, "again:%.*s:%lld", STR_ARG(mine(c)->key), (long long)mine(c)->turn);
}

static enum step again_wait(struct ctx *c, struct fail *f)
{
    struct renewal *r = mine(c);

    (void)f;
    kv_count(c->kv, &c->batch, c->arena, &r->crowd, KV_COUNT, crowd_key(c), CROWD_S);
    pause_ask(c->pauses, &c->batch, c->arena, CROWD_MS);
    return WAIT;
}

static enum step again_look(struct ctx *c, struct fail *f)
{
    struct renewal *r = mine(c);

    if (r->crowd.outcome == KV_DOWN)
        return kv_away(f, "refresh token");
    kv_get(c->kv, &c->batch, c->arena, &r->crowd, KV_COUNT, crowd_key(c));
    family_ask(c, r->key, &r->found);
    return WAIT;
}

static bool is_crowd(const struct kv_got *count)
{
    int64_t n;

    return count->outcome == KV_HIT && str_int(count->value, &n) && n > RETRIES_AT_ONCE;
}

/* The next one may have been made, or used, meanwhile. */
static enum step again_judge(struct ctx *c, struct fail *f)
{
    struct renewal *r = mine(c);

    if (r->crowd.outcome == KV_DOWN)
        return kv_away(f, "refresh token");
    if (is_crowd(&r->crowd))
        return grant_bad(f, "refresh_token came many times at once: the first was answered");
    if (!read_family(c, f))
        return REFUSE;
    const struct family *m = ((struct granting *)c->state)->family;
    return r->turn >= m->turn || is_retry(c, m, r->turn) ? NEXT : step_into(c, reused);
}

static const struct step_row again[] = { { again_wait }, { again_look }, { again_judge }, { NULL } };

static enum step check_turn(struct ctx *c, struct fail *f)
{
    struct renewal *r = mine(c);

    if (r->mark.outcome == KV_DOWN)
        return kv_away(f, "refresh token");
    return r->again || r->mark.outcome == KV_HIT ? step_into(c, again) : NEXT;
}

/* ── what it grants ─────────────────────────────────────────────────────── */

static bool find_session(struct ctx *c, struct fail *f)
{
    struct granting *g = c->state;

    g->session = g->family->session;
    if (!str_is_set(g->session)) {
        c->session = g->family->who;
        return true;
    }
    c->session = session_of(c, g->session, &mine(c)->session, f);
    return c->session != NULL || (f->kind == FAIL_NONE && grant_bad(f, "the person's session has ended"));
}

/* The turn goes on, or the idle time begins anew: worth a write. */
static bool move_on(struct ctx *c, struct family *m)
{
    bool turns = service_is_public(c->service) && mine(c)->turn >= m->turn;

    if (!turns && c->now_s - m->seen_s < TOUCH_S)
        return false;
    if (turns) {
        m->turn = mine(c)->turn + 1;
        m->turned_s = c->now_s;
    }
    m->seen_s = c->now_s;
    return true;
}

static enum step say(struct ctx *c, struct fail *f)
{
    struct granting *g = c->state;
    struct family *m = g->family;

    if (!find_session(c, f) || !grant_person(c, m->made_s, m->knew, f))
        return REFUSE;
    g->scope = m->scope;
    g->lang = m->lang;
    g->claims = m->claims;
    g->resources = m->resources;
    g->consented = m->consented;
    g->id_token = true;
    g->family_moves = move_on(c, m);
    return grant_narrow(c, f) ? NEXT : REFUSE;
}

const struct step_row grant_refresh[] = { { ask_family }, { claim_turn }, { check_turn }, { say }, { NULL } };
