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

struct claim_set consent_told(struct ctx *c, const struct decision *d)
{
    const struct protocol *p = protocol_of(c, c->service->protocol);

    return p != NULL && p->tells != NULL ? p->tells(c, d) : d->release;
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

bool consent_look_up(struct ctx *c, struct claim_set told, struct consent_look *x, bool *asked, struct fail *f)
{
    *x = (struct consent_look){ .person = c->person->id,
                                .now = { .kind = told.bits != 0 ? consent_kind_of(c) : CONSENT_NONE,
                                         .service = c->service->id,
                                         .claims = told,
                                         .at_s = c->now_s } };
    *asked = x->now.kind != CONSENT_NONE;
    return !*asked || ask(c, read_before, x, f);
}

static bool covers(const struct consent *before, struct claim_set now)
{
    return before->kind != CONSENT_NONE && (now.bits & ~before->claims.bits) == 0;
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
    x->now.claims.bits |= x->before.kind == CONSENT_SHOWN ? x->before.claims.bits : 0; /* what was shown, was shown */
    return ask(c, write_now, x, f);
}

bool consent_kept(const struct consent_look *x, struct fail *f)
{
    return x->got.ok ||
           fail(f, FAIL_OURS, "temporarily_unavailable", "consent: %s %s", x->got.why.code, x->got.why.detail);
}

bool consent_stands(const struct ctx *c, int64_t given_s)
{
    return !ends_taken_back(c->ends, c->person->id, c->service->id, given_s);
}

const struct claim_set *consent_of(struct ctx *c, struct str words)
{
    struct claim_set *out = arena_make(c->arena, struct claim_set);

    *out = consent_claims(words);
    return c->service->client.consent ? out : NULL;
}
