/* SPDX-License-Identifier: EUPL-1.2
 *
 * Whether an operator can get in, by a right that the registry gives: now, and at every moment to come, whatever the
 * hour, the device, the network and all else that a policy may ask about. */
#include "registry/guard.h"

#include "model/when.h"
#include "policy/may.h"

#include <stdlib.h>

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

static bool leads_in(const struct registry *r, const struct admin *x)
{
    if (x->role != ROLE_OPERATOR || x->provider != NULL || !idp_is_open(r, x->idp))
        return false;
    if (is_elsewhere(r, x->idp))
        return true;
    const struct account *account = account_of(registry_parts(r), x->idp, x->subject);
    return account != NULL && account->enabled;
}

/* ── at a moment, under any circumstances ───────────────────────────────── */

/* By these whatever was done wrong is mended: a right given, a change undone. */
static const enum console_action mends[] = { MAY_VIEW, MAY_ROLL_BACK, MAY_MANAGE_ADMINS };

enum {
    RENEW_S = 90 * 86400 /* in which a right that ends is seen to end, and given anew */
};

struct entering { /* somebody who may be an operator */
    struct person who;
    const struct admin *right; /* by which */
};

struct entrants {
    struct arena *arena;
    const struct registry *r;
    struct entering *at;
    size_t n;
};

static struct person person_of(const struct registry *r, struct str idp, struct str subject)
{
    const struct account *account = account_of(registry_parts(r), idp, subject);
    struct person who = account != NULL ? *account->person : (struct person){ 0 };

    who.idp = idp;
    who.subject = subject;
    return who;
}

/* Whom their identity provider lets in; whether their right is in force at a moment is asked of policy. */
static struct entrants entrants_of(struct arena *a, const struct registry *r)
{
    const struct registry_parts *p = registry_parts(r);
    struct entrants out = { a, r, arena_make_n(a, p->admin_count + 1, struct entering), 0 };

    for (size_t i = 0; i < p->admin_count; i++)
        if (leads_in(r, &p->admins[i]))
            out.at[out.n++] = (struct entering){ person_of(r, p->admins[i].idp, p->admins[i].subject), &p->admins[i] };
    return out;
}

static bool gets_in_anyhow(const struct entrants *x, int64_t at_s, int64_t renewed_s)
{
    enum { MENDS = sizeof mends / sizeof *mends };

    for (size_t i = 0; i < x->n; i++) {
        size_t may = 0;
        while (may < MENDS && policy_may_anyhow(x->r, &x->at[i].who, mends[may], &area_nation, at_s, renewed_s))
            may++;
        if (may == MENDS)
            return true;
    }
    return false;
}

static int by_time(const void *x, const void *y)
{
    const int64_t *a = x, *b = y;

    return (*a > *b) - (*a < *b);
}

static size_t add_dates(int64_t *to, size_t n, int64_t from_s, int64_t to_s, int64_t since_s)
{
    if (from_s > since_s)
        to[n++] = from_s;
    if (to_s > since_s)
        to[n++] = to_s;
    return n;
}

/* Whenever something about it may become otherwise. */
static const int64_t *changes_of(const struct entrants *x, int64_t since_s, size_t *n)
{
    size_t policies, room, rights, k = 0;
    const int64_t *of_policies = policy_may_changes(x->arena, x->r, since_s, &policies);

    room = policies + 1;
    for (size_t i = 0; i < x->n; i++) {
        (void)registry_admins(x->r, x->at[i].who.idp, x->at[i].who.subject, &rights);
        room += 2 * (rights + x->at[i].who.affiliation_count);
    }
    int64_t *out = arena_make_n(x->arena, room, int64_t);
    for (; k < policies; k++)
        out[k] = of_policies[k];
    for (size_t i = 0; i < x->n; i++) {
        const struct person *p = &x->at[i].who;
        const struct admin *const *given = registry_admins(x->r, p->idp, p->subject, &rights);
        for (size_t m = 0; m < rights; m++)
            k = add_dates(out, k, given[m]->from_s, given[m]->to_s, since_s);
        for (size_t m = 0; m < p->affiliation_count; m++)
            k = add_dates(out, k, p->affiliations[m].from_s, p->affiliations[m].to_s, since_s);
    }
    qsort(out, k, sizeof *out, by_time);
    *n = k;
    return out;
}

struct entrance {
    int64_t by_policies; /* from when on nobody gets in for sure, though every right be renewed; INT64_MAX: never */
    int64_t by_rights;   /* likewise, as the rights end */
};

static struct entrance entrance_of(const struct registry *r, int64_t now_s)
{
    struct arena *a = arena_new();
    const struct entrants x = entrants_of(a, r);
    struct entrance out = { INT64_MAX, INT64_MAX };
    size_t n;
    const int64_t *moments = changes_of(&x, now_s, &n);

    for (size_t i = 0; i <= n; i++) {
        int64_t at_s = i == 0 ? now_s : moments[i - 1];
        if (i > 1 && at_s == moments[i - 2])
            continue;
        if (out.by_rights == INT64_MAX && !gets_in_anyhow(&x, at_s, 0))
            out.by_rights = at_s;
        if (out.by_rights != INT64_MAX && !gets_in_anyhow(&x, at_s, now_s)) {
            out.by_policies = at_s;
            break;
        }
    }
    arena_free(a);
    return out;
}

/* ── now, as things are ─────────────────────────────────────────────────── */

static bool operator_gets_in(const struct registry *r, int64_t now_s)
{
    struct arena *a = arena_new();
    const struct entrants x = entrants_of(a, r);
    const struct circumstances now = { .now_s = now_s };
    bool yes = false;

    for (size_t i = 0; i < x.n && !yes; i++)
        yes = valid_at(x.at[i].right->from_s, x.at[i].right->to_s, now_s) &&
              policy_may(r, &x.at[i].who, MAY_MANAGE_ADMINS, &area_nation, &now);
    arena_free(a);
    return yes;
}

/* ── before and after a change ──────────────────────────────────────────── */

struct could {
    bool now;
    struct entrance anyhow;
};

static bool could_before(struct db *d, const struct change *x, struct could *could, struct fail *f)
{
    struct arena *a = arena_new();
    struct row_place where;
    struct fail none = { 0 };
    bool good = change_turn(d, x, true, f);
    struct registry *before = good ? registry_load_within(d, a, &area_nation, &where, &none) : NULL;

    *could = (struct could){ .now = before != NULL && operator_gets_in(before, x->by.at_s),
                             .anyhow = { x->by.at_s, x->by.at_s } };
    if (before != NULL)
        could->anyhow = entrance_of(before, x->by.at_s);
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

static bool lockout(const struct change *x, int64_t from_s, const char *why, struct fail *f)
{
    struct str when = when_rfc3339(x->arena, from_s);

    return fail_long(f, FAIL_CALLER, "lockout", "from %.*s on no operator could be sure to get in: %s", STR_ARG(when),
                     why);
}

/* A right that ends may be the last one for as long as there is time to give it anew. */
bool entrance_stays(struct db *d, const struct change *x, const struct registry *r, struct fail *f)
{
    int64_t now_s = x->by.at_s;
    struct could before;

    if (!may_take_away(x))
        return true;
    const struct entrance after = entrance_of(r, now_s);
    if (after.by_policies == INT64_MAX && after.by_rights >= now_s + RENEW_S)
        return true;
    if (!could_before(d, x, &before, f))
        return false;
    int64_t enough_s = before.anyhow.by_rights < now_s + RENEW_S ? before.anyhow.by_rights : now_s + RENEW_S;
    if (before.anyhow.by_policies > now_s) {
        if (after.by_policies < before.anyhow.by_policies)
            return lockout(x, after.by_policies,
                           "keep one right with the role operator whose identity provider is enabled, and which no "
                           "national policy forbids, at no time and under no condition",
                           f);
        return after.by_rights >= enough_s ||
               lockout(
                   x, after.by_rights,
                   "keep one right with the role operator without an end, or with one that leaves 90 days to renew it",
                   f);
    }
    return !before.now || operator_gets_in(r, now_s) ||
           fail(f, FAIL_CALLER, "lockout",
                "no operator could get in any more: keep one right with the role operator, which no national policy "
                "forbids and whose identity provider is enabled");
}
