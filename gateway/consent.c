/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/consent.h"

#include "base/log.h"
#include "gateway/protocol.h"
#include "model/test_school.h"
#include "registry/ends.h"

enum consent_kind consent_kind_of(const struct ctx *c)
{
    const struct idp *idp = person_idp(c->registry, c->person);

    if (c->service->client.consent)
        return CONSENT_GIVEN;
    return idp != NULL && idp->provider != NULL && idp->provider->informs ? CONSENT_SHOWN : CONSENT_NONE;
}

/* What this login would tell. */
static struct claim_set told_by(struct ctx *c, const struct decision *d)
{
    const struct protocol *p = protocol_of(c, c->service->protocol);

    return p != NULL && p->tells != NULL ? p->tells(c, d) : d->release;
}

/* Of somebody with several roles the decision is of one of them: another role is told what this one is not, and nothing
 * is said to have ended that the next change of role brings back.  Then only what the service asks for no more has. */
static struct claim_set may_tell(const struct ctx *c, const struct decision *d)
{
    bool one_role = c->person->affiliation_count == 1 && !str_is_set(c->person->relations);

    return one_role ? d->release : service_asks(c->service, c->now_s);
}

/* ── on a worker thread ─────────────────────────────────────────────────── */

static bool read_before(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct consent_look *x = with;

    return consent_get(d, a, x->person, x->now.service, x->now.kind, &x->before, f);
}

static bool write_now(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct consent_look *x = with;

    return consent_put(d, a, x->person, &x->now, f);
}

/* ── on the loop ────────────────────────────────────────────────────────── */

static bool ask(struct ctx *c, consents_job *job, struct consent_look *x, struct fail *f)
{
    if (c->consents == NULL)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "no consents are kept here");
    return consents_ask(c->consents, c->work, &c->batch, c->arena, job, x, &x->got) ||
           fail(f, FAIL_BUSY, "busy", "too many jobs wait");
}

bool consent_look_up(struct ctx *c, const struct decision *d, struct consent_look *x, bool *asked, struct fail *f)
{
    struct claim_set told = told_by(c, d);

    *x = (struct consent_look){ .person = c->person->id,
                                .now = { .kind = told.bits != 0 ? consent_kind_of(c) : CONSENT_NONE,
                                         .service = c->service->id,
                                         .claims = told,
                                         .at_s = c->now_s },
                                .may = may_tell(c, d) };
    *asked = x->now.kind != CONSENT_NONE;
    return !*asked || ask(c, read_before, x, f);
}

static bool covers(const struct consent *before, struct claim_set now)
{
    return before->kind != CONSENT_NONE && (now.bits & ~before->claims.bits) == 0;
}

struct claim_set consent_fresh(const struct consent_look *x)
{
    uint32_t fresh = x->now.claims.bits & ~x->before.claims.bits;

    return (struct claim_set){ x->before.kind != CONSENT_NONE ? fresh : 0 };
}

struct claim_set consent_gone(const struct consent_look *x)
{
    return (struct claim_set){ x->before.claims.bits & ~(x->now.claims.bits | x->may.bits) };
}

bool consent_due(const struct ctx *c, const struct consent_look *x, enum consent_kind *due, struct fail *f)
{
    bool again = c->login != NULL && (c->login->prompt & PROMPT_CONSENT) != 0 && x->now.kind == CONSENT_GIVEN;

    *due = CONSENT_NONE;
    if (x->now.kind == CONSENT_NONE)
        return true;
    if (!x->got.ok && x->now.kind == CONSENT_GIVEN) {
        *f = x->got.why;
        return false;
    }
    if (!x->got.ok)
        log_event(LOG_ERROR, "consent.not_read", LOG_C("support_code", c->support_code), LOG_C("code", x->got.why.code),
                  LOG_C("why", x->got.why.detail));
    else if (again || !covers(&x->before, x->now.claims))
        *due = x->now.kind;
    return true;
}

bool consent_keep(struct ctx *c, struct consent_look *x, struct fail *f)
{
    /* What was shown, was shown, but for what the page has just said to be over: if that comes back, it is new. */
    if (x->before.kind == CONSENT_SHOWN)
        x->now.claims.bits |= x->before.claims.bits & ~consent_gone(x).bits;
    return ask(c, write_now, x, f);
}

bool consent_kept(const struct consent_look *x, struct fail *f)
{
    return x->got.ok ||
           fail(f, FAIL_OURS, "temporarily_unavailable", "consent: %s %s", x->got.why.code, x->got.why.detail);
}

bool consent_stands(const struct ctx *c, int64_t given_s, struct str knew)
{
    return !ends_taken_back(c->ends, c->person->id, c->service->id, given_s, knew);
}

const struct claim_set *consent_of(struct ctx *c, struct str words)
{
    struct claim_set *out = arena_make(c->arena, struct claim_set);

    *out = consent_claims(words);
    return c->service->client.consent ? out : NULL;
}
