/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/pages/second.h"

#include "base/settings.h"
#include "gateway/session/ceremony.h"
#include "gateway/session/limits.h"
#include "idp-adapters/adapter.h"
#include "idp-adapters/adapter_local.h"
#include "registry/vendors.h"
#include "wire/form.h"

enum { WINDOW_S = 600, CODE_MAX_B = 64 };

struct trying {         /* c->state; the worker's, while it has it */
    struct second said; /* first */
    const struct seals *seals;
    struct str account, typed;
    int64_t now_s;
    enum code_was was;
    struct kv_got count, used;
    struct vendors_got got;
    bool asked;
    struct kept_passkeys own; /* of an account that needs no second factor without */
    /* of a passkey */
    struct passkey_asked want;
    struct str id, client, data, signature;
    struct kept_passkey kept;
};

static struct trying *trying_of(struct ctx *c)
{
    if (c->state == NULL) {
        struct trying *x = arena_make(c->arena, struct trying);
        x->seals = c->seals;
        x->now_s = c->now_s;
        c->state = x;
    }
    return c->state;
}

/* Over the budget is said beside the form; Redis that is away is not. */
static bool within(struct ctx *c, enum limit which, struct trying *x, struct fail *f)
{
    struct fail why = { 0 };

    if (limit_keep(which, &x->count, "a sign-in of a vendor", &why))
        return true;
    c->person = NULL;
    x->said.busy = why.kind == FAIL_BUSY;
    if (!x->said.busy)
        *f = why;
    return false;
}

/* ── a code beside the password ─────────────────────────────────────────── */

static bool look_own(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct trying *x = with;

    return passkeys_of(d, a, x->account, &x->own, f);
}

/* Whether there is a second factor, where there need not be one. */
static enum step look(struct ctx *c, struct fail *f)
{
    struct trying *x = trying_of(c);
    const struct idp *idp = registry_idp(c->registry, c->login->idp);

    x->asked = c->person != NULL && (idp == NULL || idp->vendors);
    if (c->person == NULL || x->asked || !local_may_have_second(idp) || c->vendors == NULL)
        return NEXT;
    x->account = c->person->subject;
    if (!vendors_ask(c->vendors, c->work, &c->batch, c->arena, look_own, x, &x->got))
        return fail(f, FAIL_BUSY, "busy", "too many jobs wait");
    return WAIT;
}

static enum step count(struct ctx *c, struct fail *f)
{
    struct trying *x = trying_of(c);

    if (!x->asked && str_is_set(x->account) && !x->got.ok) {
        *f = x->got.why;
        return REFUSE;
    }
    x->asked = x->asked || x->own.n > 0;
    if (!x->asked)
        return NEXT;
    x->account = c->person->subject;
    x->typed = str_sub(form_get(c->body, S("code")), 0, CODE_MAX_B);
    limit_ask(c, LIMIT_second_codes, x->account, WINDOW_S, &x->count);
    return WAIT;
}

static bool take_code(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct trying *x = with;

    return code_take(d, a, x->seals, x->account, x->typed, x->now_s, &x->was, f);
}

static enum step take(struct ctx *c, struct fail *f)
{
    struct trying *x = trying_of(c);

    if (!x->asked)
        return NEXT;
    if (!within(c, LIMIT_second_codes, x, f))
        return x->said.busy ? NEXT : REFUSE;
    if (!vendors_ask(c->vendors, c->work, &c->batch, c->arena, take_code, x, &x->got))
        return fail(f, FAIL_BUSY, "busy", "too many jobs wait");
    return WAIT;
}

static enum step settle(struct ctx *c, struct fail *f)
{
    struct trying *x = trying_of(c);

    if (!x->asked || x->said.busy)
        return NEXT;
    if (!x->got.ok) {
        *f = x->got.why;
        return REFUSE;
    }
    x->said.wrong = x->was == CODE_WRONG;
    if (x->said.wrong) {
        c->person = NULL;
        return NEXT;
    }
    c->person->amr = S("mfa otp pwd");
    limit_forgive(c, LIMIT_second_codes, x->account, &x->count); /* both were right */
    return WAIT;
}

const struct step_row second_factor[] = { { look }, { count }, { take }, { settle }, { NULL } };

/* ── a passkey in place of both ─────────────────────────────────────────── */

static enum step read_passkey(struct ctx *c, struct fail *f)
{
    struct trying *x = trying_of(c);

    (void)f;
    c->person = NULL;
    x->id = ceremony_part(c, "key");
    x->client = ceremony_part(c, "client");
    x->data = ceremony_part(c, "data");
    x->signature = ceremony_part(c, "signature");
    x->asked = str_is_set(x->id) && str_is_set(x->client) && str_is_set(x->data) && str_is_set(x->signature) &&
               ceremony_answered(c, arena_join(c->arena, S("login:"), c->login->id), &x->want, &x->used);
    x->said.wrong = !x->asked;
    if (!x->asked)
        return NEXT;
    limit_ask(c, LIMIT_passkeys, limit_place(c), WINDOW_S, &x->count);
    return WAIT;
}

static bool verify(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct trying *x = with;
    int64_t count;

    if (!passkey_get(d, a, x->id, &x->kept, f))
        return false;
    const struct passkey key = { x->kept.id, x->kept.key, x->kept.count };
    return passkey_signed(a, &x->want, &key, x->client, x->data, x->signature, &count, f) &&
           passkey_count(d, a, &x->kept, count, x->now_s, f);
}

static enum step ask_passkey(struct ctx *c, struct fail *f)
{
    struct trying *x = trying_of(c);

    if (!x->asked)
        return NEXT;
    if (x->used.outcome == KV_DOWN)
        return kv_away(f, "passkey");
    if (!within(c, LIMIT_passkeys, x, f))
        return x->said.busy ? NEXT : REFUSE;
    x->asked = x->used.outcome == KV_MISS; /* a challenge is answered once */
    x->said.wrong = !x->asked;
    if (!x->asked)
        return NEXT;
    if (!vendors_ask(c->vendors, c->work, &c->batch, c->arena, verify, x, &x->got))
        return fail(f, FAIL_BUSY, "busy", "too many jobs wait");
    return WAIT;
}

static enum step prove_passkey(struct ctx *c, struct fail *f)
{
    struct trying *x = trying_of(c);
    const struct idp *idp = registry_idp(c->registry, c->login->idp);
    const struct account *account = x->got.ok ? registry_account_id(c->registry, x->kept.account) : NULL;

    if (!x->asked || x->said.busy)
        return NEXT;
    if (!x->got.ok && x->got.why.kind == FAIL_OURS) {
        *f = x->got.why;
        return REFUSE;
    }
    x->said.wrong = account == NULL || !local_may_have_second(idp) || !idp->enabled || !account->enabled ||
                    !str_eq(account->idp, idp->id);
    if (x->said.wrong)
        return NEXT;
    c->person = local_person(c->arena, account, idp, c->set->public_url, c->now_s);
    c->person->amr = S("mfa pop user");
    return NEXT;
}

const struct step_row second_passkey[] = { { read_passkey }, { ask_passkey }, { prove_passkey }, { NULL } };
