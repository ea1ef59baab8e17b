/* SPDX-License-Identifier: EUPL-1.2
 *
 * Whether an operator can get in: by a right that the registry gives, or by the role of a local account. */
#include "registry/guard.h"

#include "policy/may.h"

static bool valid_at(int64_t from_s, int64_t to_s, int64_t now_s)
{
    return (from_s == 0 || from_s <= now_s) && (to_s == 0 || now_s < to_s);
}

static bool idp_is_open(const struct registry *r, struct str id)
{
    const struct idp *idp = registry_idp(r, id);

    return idp != NULL && idp->enabled;
}

static const struct account *account_of(const struct registry_parts *p, struct str idp, struct str id)
{
    for (size_t i = 0; i < p->account_count; i++)
        if (str_eq(p->accounts[i].id, id) && str_eq(p->accounts[i].idp, idp))
            return &p->accounts[i];
    return NULL;
}

/* Whether others than our own accounts come in through it: whom it knows is not known here. */
static bool is_elsewhere(const struct registry *r, struct str id)
{
    const struct idp *idp = registry_idp(r, id);

    return idp != NULL && idp->kind != IDP_LOCAL;
}

static bool leads_in(const struct registry *r, const struct admin *x, int64_t now_s)
{
    if (x->role != ROLE_OPERATOR || x->provider != NULL || !valid_at(x->from_s, x->to_s, now_s) ||
        !idp_is_open(r, x->idp))
        return false;
    if (is_elsewhere(r, x->idp))
        return true;
    const struct account *account = account_of(registry_parts(r), x->idp, x->subject);
    return account != NULL && account->enabled;
}

static bool is_operator(const struct registry *r, const struct account *x, int64_t now_s)
{
    if (!x->enabled || !idp_is_open(r, x->idp))
        return false;
    for (size_t i = 0; i < x->person->affiliation_count; i++) {
        const struct affiliation *f = &x->person->affiliations[i];
        if (f->role == ROLE_OPERATOR && valid_at(f->from_s, f->to_s, now_s))
            return true;
    }
    return false;
}

/* Whether the policies let them do what an operator's successor is made by: a national one may forbid. */
static bool may_operate(const struct registry *r, struct str idp, struct str subject, int64_t now_s)
{
    const struct account *account = account_of(registry_parts(r), idp, subject);
    struct person who = account != NULL ? *account->person : (struct person){ 0 };
    const struct circumstances now = { .now_s = now_s };

    who.idp = idp;
    who.subject = subject;
    return policy_may(r, &who, MAY_MANAGE_ADMINS, &area_nation, &now);
}

static bool operator_gets_in(const struct registry *r, int64_t now_s)
{
    const struct registry_parts *p = registry_parts(r);

    for (size_t i = 0; i < p->admin_count; i++)
        if (leads_in(r, &p->admins[i], now_s) && may_operate(r, p->admins[i].idp, p->admins[i].subject, now_s))
            return true;
    for (size_t i = 0; i < p->account_count; i++)
        if (is_operator(r, &p->accounts[i], now_s) && may_operate(r, p->accounts[i].idp, p->accounts[i].id, now_s))
            return true;
    return false;
}

static bool could_before(struct db *d, const struct change *x, bool *could, struct fail *f)
{
    struct arena *a = arena_new();
    struct row_place where;
    struct fail none = { 0 };
    bool good = change_turn(d, x, true, f);
    struct registry *before = good ? registry_load_within(d, a, &where, &none) : NULL;

    *could = before != NULL && operator_gets_in(before, x->by.at_s);
    registry_drop(before);
    arena_free(a);
    return good && change_turn(d, x, false, f);
}

/* The nation's policies alone speak of the console. */
static bool is_national_policy(const struct changed_row *row)
{
    size_t layer = column_of(&kind_rows[KIND_POLICY], "layer");

    return row->kind == KIND_POLICY && (row->after == NULL || str_eq(row->after[layer].text, S("nation")));
}

/* Only a change that alters something of this can take it away. */
static bool may_take_away(const struct change *x)
{
    for (size_t i = 0; i < x->n; i++)
        if (is_national_policy(&x->rows[i]))
            return true;
    for (size_t i = 0; i < x->n; i++)
        if (x->rows[i].before != NULL && (x->rows[i].kind == KIND_ADMIN || x->rows[i].kind == KIND_IDP ||
                                          x->rows[i].kind == KIND_ACCOUNT || x->rows[i].kind == KIND_AFFILIATION))
            return true;
    return false;
}

bool entrance_stays(struct db *d, const struct change *x, const struct registry *r, struct fail *f)
{
    bool could = false;

    if (!may_take_away(x) || operator_gets_in(r, x->by.at_s))
        return true;
    if (!could_before(d, x, &could, f))
        return false;
    return !could || fail(f, FAIL_CALLER, "lockout",
                          "no operator could get in any more: keep one right with the role operator, which no national "
                          "policy forbids "
                          "and whose "
                          "identity provider is enabled");
}
