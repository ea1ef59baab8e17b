/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/upstream_tryout.h"

#include "base/log.h"
#include "base/settings.h"
#include "gateway/answer.h"
#include "gateway/flow.h"
#include "gateway/session/dry_keep.h"
#include "gateway/session/login_cookie.h"
#include "gateway/session/tryout_keep.h"
#include "idp-adapters/adapter.h"
#include "idp-adapters/refusals.h"
#include "wire/form.h"
#include "wire/http.h"

struct trying { /* c->state */
    struct str upstream_id, id;
    struct str sid; /* of the session that began it; or DRY and the link of one who was asked to try */
    struct dry_look dry;
    struct kv_got once, stored, passed;
};

#define DRY "dry:" /* a session's id has no colon */

static struct trying *trying_new(struct ctx *c, struct str upstream_id)
{
    struct trying *x = c->state = arena_make(c->arena, struct trying);

    x->upstream_id = upstream_id;
    return x;
}

struct str upstream_tryout_page(struct arena *a, struct str idp)
{
    return arena_join(a, S("/admin/tryout/"), idp);
}

struct str upstream_dry_page(struct arena *a, struct str link)
{
    return arena_join(a, S("/try/"), link);
}

/* The link of whom a dry run has asked; absent: an admin tries. */
static struct str link_of(const struct trying *x)
{
    return str_has_prefix(x->sid, S(DRY)) ? str_from(x->sid, sizeof DRY - 1) : (struct str){ NULL, 0 };
}

static const struct adapter *adapter_for(const struct ctx *c)
{
    const struct idp *idp = registry_idp(c->registry, c->login->idp);

    return idp != NULL && idp->kind != IDP_LOCAL ? adapter_of(idp->kind) : NULL;
}

/* ── what came of it, for the page ──────────────────────────────────────── */

/* Trouble of our own is told as ever. */
static enum step refused_note(struct ctx *c, struct fail *f)
{
    if (c->caught.kind == FAIL_OURS || c->caught.kind == FAIL_BUSY) {
        *f = c->caught;
        return REFUSE;
    }
    tryout_refuse(c->tryout, &c->caught);
    return NEXT;
}

static enum step keep_find(struct ctx *c, struct fail *f)
{
    struct trying *x = c->state;

    (void)f;
    c->rescue = NULL;
    if (!str_is_set(link_of(x)))
        return NEXT;
    dry_ask(c, c->tryout->idp, &x->dry);
    return WAIT;
}

/* The run may have been ended meanwhile: then nobody wants to know any more. */
static enum step keep_dry(struct ctx *c, struct trying *x, struct fail *f)
{
    struct str link = link_of(x), idp;
    size_t slot;

    if (!dry_read(c, &x->dry, f))
        return REFUSE;
    if (!dry_link_is(c->arena, x->dry.run, link) || !dry_link_read(link, &idp, &slot))
        return fail(f, FAIL_CALLER, "tryout_over", "the dry run is over");
    return dry_keep(c, x->dry.run, slot, &x->stored, f) ? WAIT : REFUSE;
}

static enum step keep_ask(struct ctx *c, struct fail *f)
{
    struct trying *x = c->state;
    bool dry = str_is_set(link_of(x));

    log_event(LOG_INFO, "tryout.done", LOG_S("idp", c->tryout->idp), LOG_C("support_code", c->support_code),
              LOG_C("code", c->tryout->why.kind != FAIL_NONE ? c->tryout->why.code : "ok"),
              LOG_C("by", dry ? "dry_run" : "admin"));
    if (dry)
        return keep_dry(c, x, f);
    return tryout_keep(c, x->sid, &x->stored, f) ? WAIT : REFUSE;
}

static enum step keep_go(struct ctx *c, struct fail *f)
{
    const struct trying *x = c->state;

    if (x->stored.outcome != KV_HIT)
        return kv_away(f, "tryout");
    return answer_go(c, str_is_set(link_of(x)) ? upstream_dry_page(c->arena, link_of(x))
                                               : upstream_tryout_page(c->arena, c->tryout->idp));
}

static const struct step_row refused[] = { { refused_note }, { keep_find }, { keep_ask }, { keep_go }, { NULL } };

/* ── there ──────────────────────────────────────────────────────────────── */

static enum step start(struct ctx *c, struct fail *f)
{
    const struct adapter *adapter = adapter_for(c);

    if (adapter == NULL)
        return refusal(f, REFUSAL_idp_disabled, "%.*s has no sign-in to try", STR_ARG(c->login->idp));
    c->rescue = refused;
    return step_into(c, adapter->start);
}

static enum step go(struct ctx *c, struct fail *f)
{
    const struct trying *x = c->state;

    (void)f;
    c->rescue = NULL;
    c->login->state = LOGIN_AT_CITY;
    tryout_cookie_set(c, x->sid);
    return flow_go_upstream(c);
}

static const struct step_row begin[] = { { start }, { go }, { NULL } };

static enum step begin_for(struct ctx *c, struct str sid, const struct idp *idp, bool fresh)
{
    struct trying *x = trying_new(c, (struct str){ NULL, 0 });

    x->sid = sid;
    c->tryout = tryout_new(c->arena, idp->id, c->now_s);
    c->tryout->fresh = fresh;
    c->login = login_own(c, S("/"));
    c->login->idp = idp->id;
    c->login->shared = false;
    c->login->prompt = fresh ? PROMPT_LOGIN : 0;
    c->login->asked_city_s = c->now_s;
    return step_into(c, begin);
}

enum step upstream_tryout_begin(struct ctx *c, const struct idp *idp, bool fresh)
{
    return begin_for(c, c->session->sid, idp, fresh);
}

enum step upstream_dry_begin(struct ctx *c, const struct idp *idp, struct str link)
{
    return begin_for(c, arena_join(c->arena, S(DRY), link), idp, false);
}

/* ── and back ───────────────────────────────────────────────────────────── */

/* Another browser's, over, or answered: there is nothing that it could change. */
static enum step find(struct ctx *c, struct fail *f)
{
    struct trying *x = c->state;

    if (!tryout_cookie_find(c, x->upstream_id, &x->sid))
        return fail(f, FAIL_CALLER, "tryout_over", "no test sign-in of this browser has asked for this answer");
    tryout_cookie_drop(c);
    tryout_once(c, x->upstream_id, &x->once);
    return WAIT;
}

static enum step first(struct ctx *c, struct fail *f)
{
    const struct trying *x = c->state;

    if (x->once.outcome == KV_DOWN)
        return kv_away(f, "tryout");
    return x->once.outcome == KV_MISS ? NEXT
                                      : fail(f, FAIL_CALLER, "tryout_over", "this test sign-in was answered before");
}

static enum step finish(struct ctx *c, struct fail *f)
{
    const struct adapter *adapter = adapter_for(c);
    struct tryout *kept = c->tryout;

    if (kept == NULL)
        c->tryout = tryout_new(c->arena, c->login->idp, c->now_s);
    c->tryout->fresh = c->login->fresh;
    if (kept != NULL && kept->why.kind != FAIL_NONE)
        return NEXT; /* refused before it was known whose it is */
    c->rescue = refused;
    if (adapter == NULL)
        return refusal(f, REFUSAL_idp_disabled, "the identity provider is gone");
    return step_into(c, adapter->finish);
}

/* As flow admits a login, up to the session. */
static enum step judge(struct ctx *c, struct fail *f)
{
    if (c->tryout->why.kind != FAIL_NONE)
        return NEXT;
    if (c->person == NULL)
        return fail(f, FAIL_OURS, "server_error", "the adapter proved nobody");
    if (!flow_fresh_enough(c, f))
        return REFUSE;
    tryout_pass(c, TRYOUT_fresh);
    c->person = NULL; /* nobody is signed in */
    return NEXT;
}

static const struct step_row back[] = { { find },      { first },    { finish },  { judge },
                                        { keep_find }, { keep_ask }, { keep_go }, { NULL } };

enum step upstream_tryout_oidc(struct ctx *c)
{
    (void)trying_new(c, form_get(c->query, S("state")));
    return step_into(c, back);
}

/* ── SAML: the POST reads no cookie ─────────────────────────────────────── */

static enum step pass_on(struct ctx *c, struct fail *f)
{
    struct trying *x = c->state;

    c->rescue = NULL;
    return tryout_pass_on(c, x->upstream_id, &x->id, &x->stored, f) ? WAIT : REFUSE;
}

static enum step passed_go(struct ctx *c, struct fail *f)
{
    const struct trying *x = c->state;

    if (x->stored.outcome != KV_HIT)
        return kv_away(f, "tryout");
    return answer_go(c,
                     url_to(c->arena, url_to(c->arena, S("/upstream/saml/go"), S("r"), x->upstream_id), S("a"), x->id));
}

static const struct step_row refused_on[] = { { refused_note }, { pass_on }, { passed_go }, { NULL } };

static enum step prove(struct ctx *c, struct fail *f)
{
    const struct adapter *adapter = adapter_for(c);

    c->rescue = refused_on;
    if (adapter == NULL || adapter->prove == NULL)
        return refusal(f, REFUSAL_idp_disabled, "the identity provider is gone");
    return step_into(c, adapter->prove);
}

static const struct step_row posted[] = { { prove }, { pass_on }, { passed_go }, { NULL } };

enum step upstream_tryout_posted(struct ctx *c, const struct relay *r, struct str upstream_id)
{
    (void)trying_new(c, upstream_id);
    c->login = arena_make(c->arena, struct login);
    c->login->idp = r->idp != NULL ? r->idp->id : S("");
    c->login->upstream_id = upstream_id;
    c->tryout = tryout_new(c->arena, c->login->idp, c->now_s);
    return step_into(c, posted);
}

static enum step take(struct ctx *c, struct fail *f)
{
    struct trying *x = c->state;

    x->id = form_get(c->query, S("a"));
    if (!str_is_set(x->id) || x->id.n > TRYOUT_ID_CHARS)
        return fail(f, FAIL_CALLER, "tryout_over", "an answer without its name");
    tryout_take_on(c, x->id, &x->passed);
    return WAIT;
}

static enum step took(struct ctx *c, struct fail *f)
{
    const struct trying *x = c->state;

    if (x->passed.outcome == KV_DOWN)
        return kv_away(f, "tryout");
    if (!tryout_passed_on(c, x->upstream_id, x->id, &x->passed) || !str_eq(c->tryout->idp, c->login->idp))
        return fail(f, FAIL_CALLER, "tryout_over", "what came is gone");
    return NEXT;
}

static const struct step_row go_rows[] = { { find },  { first },     { take },     { took },    { finish },
                                           { judge }, { keep_find }, { keep_ask }, { keep_go }, { NULL } };

enum step upstream_tryout_go(struct ctx *c, struct str upstream_id)
{
    (void)trying_new(c, upstream_id);
    return step_into(c, go_rows);
}
