/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/may.h"

#include "policy/set.h"

#include <stdlib.h>

const char *console_action_name(enum console_action action)
{
    static const char *const names[MAY_COUNT] = { [MAY_NONE] = "",
#define X(name, cedar) [MAY_##name] = cedar,
                                                  CONSOLE_ACTIONS(X)
#undef X
    };

    return action < MAY_COUNT ? names[action] : "";
}

/* A role that the person holds somewhere: stated by a city, or given by the registry. */
struct holding {
    struct affiliation at;
    const struct provider *provider; /* NULL: the nation */
};

struct holdings {
    struct holding *at;
    size_t n;
};

/* renewed_s: as policy_may_anyhow() has it. */
static bool is_held(const struct affiliation *at, int64_t now_s, int64_t renewed_s)
{
    struct affiliation renewed = *at;

    if (renewed_s != 0 && at->to_s > renewed_s)
        renewed.to_s = 0;
    return affiliation_valid(&renewed, now_s);
}

static struct holdings holdings_at(struct arena *a, const struct registry *r, const struct person *p, int64_t now_s,
                                   int64_t renewed_s)
{
    size_t given;
    const struct admin *const *admins = registry_admins(r, p->idp, p->subject, &given);
    struct holdings h = { arena_make_n(a, p->affiliation_count + given + 1, struct holding), 0 };

    for (size_t i = 0; i < p->affiliation_count; i++) {
        const struct affiliation *at = &p->affiliations[i];
        const struct provider *of = registry_provider_oid(r, at->provider_oid);
        if (of != NULL && at->role != ROLE_NONE && is_held(at, now_s, renewed_s))
            h.at[h.n++] = (struct holding){ *at, of };
    }
    for (size_t i = 0; i < given; i++) {
        const struct admin *g = admins[i];
        struct holding one = { .provider = g->provider };
        one.at = (struct affiliation){ .role = g->role, .from_s = g->from_s, .to_s = g->to_s };
        if (g->school != NULL)
            one.at.school_oid = g->school->oid;
        if (is_held(&one.at, now_s, renewed_s))
            h.at[h.n++] = one;
    }
    return h;
}

static struct holdings holdings_of(struct arena *a, const struct registry *r, const struct person *p, int64_t now_s)
{
    return holdings_at(a, r, p, now_s, 0);
}

/* A municipality says nothing of what is done elsewhere, and a school nothing of the console. */
static bool may_speak(const struct policy *row, const struct area *where)
{
    return row->layer == LAYER_NATION || (row->layer == LAYER_MUNICIPALITY && str_is_set(where->provider) &&
                                          str_eq(row->provider->id, where->provider));
}

struct said {
    bool permit, forbid;
    bool forbid_shipped; /* parts duties */
};

static void weigh(struct said *said, enum cedar_effect effect, enum cedar_outcome outcome)
{
    if (outcome == CEDAR_APPLIES && effect == CEDAR_PERMIT)
        said->permit = true;
    if (outcome != CEDAR_APPLIES_NOT && effect == CEDAR_FORBID)
        said->forbid = true;
}

static void ask(struct asking *q, const struct area *where, struct said *said)
{
    const struct set *set = q->set;
    struct said shipped = { 0 };

    for (size_t i = 0; i < cedar_policies_n(set->defaults); i++) {
        const struct cedar_policy *p = cedar_policy_at(set->defaults, i);
        weigh(&shipped, p->effect, cedar_policy_applies(q->arena, p, &q->cedar, NULL));
    }
    said->permit = said->permit || shipped.permit;
    said->forbid_shipped = said->forbid_shipped || shipped.forbid;
    for (size_t i = 0; i < set->n; i++) {
        const struct listed *l = &set->at[i];
        if (l->says.does == DOES_OTHER && may_speak(l->row, where) && policy_in_force(l->row, q->now_s))
            weigh(said, l->cedar->effect, cedar_policy_applies(q->arena, l->cedar, &q->cedar, NULL));
    }
}

static struct said say(struct arena *a, const struct registry *r, const struct person *p, const struct holdings *h,
                       enum console_action action, const struct area *where, const struct circumstances *now)
{
    const struct set *set = set_of(r);
    const struct cedar_entity *resource = facts_area(a, set->facts, r, where);
    struct said said = { 0 };

    if (set->unread != NULL || resource == NULL || action == MAY_NONE || action >= MAY_COUNT)
        return said;
    for (size_t i = 0; i < h->n && !said.forbid; i++) {
        struct asking q = asking_of(a, set, p, &h->at[i].at, h->at[i].provider, now);
        q.cedar.action = set->facts->acts[action];
        q.cedar.resource = resource;
        ask(&q, where, &said);
    }
    return said;
}

static bool may(struct arena *a, const struct registry *r, const struct person *p, const struct holdings *h,
                enum console_action action, const struct area *where, const struct circumstances *now)
{
    const struct said said = say(a, r, p, h, action, where, now);

    return said.permit && !said.forbid && !said.forbid_shipped;
}

bool policy_may(const struct registry *r, const struct person *p, enum console_action action, const struct area *where,
                const struct circumstances *now)
{
    struct arena *a = arena_new();
    struct holdings h = holdings_of(a, r, p, now->now_s);
    bool yes = may(a, r, p, &h, action, where, now);

    arena_free(a);
    return yes;
}

static bool has_some(struct arena *a, const struct registry *r, const struct person *p, const struct holdings *h,
                     const struct area *where, const struct circumstances *now)
{
    for (int i = MAY_NONE + 1; i < MAY_OUTSIDE; i++)
        if (may(a, r, p, h, (enum console_action)i, where, now))
            return true;
    return false;
}

/* ── whatever else is so ────────────────────────────────────────────────── */

static bool is_of_console(const struct listed *l)
{
    return l->says.does == DOES_OTHER && l->row->layer == LAYER_NATION;
}

/* What is shipped, and what is in force at the moment, as sets; rows with others of the same row's statements, which
 * are about other acts. */
struct speaking {
    const struct cedar_policies **at;
    size_t n;
};

static struct speaking speaking_at(struct arena *a, const struct set *set, int64_t at_s)
{
    struct speaking s = { arena_make_n(a, set->n + 2, const struct cedar_policies *), 0 };
    const struct policy *row = NULL;

    s.at[s.n++] = set->defaults;
    for (size_t i = 0; i < set->n; i++) {
        const struct listed *l = &set->at[i];
        if (l->row == row || !is_of_console(l) || !policy_in_force(l->row, at_s))
            continue;
        struct cedar_source *source = arena_make(a, struct cedar_source);
        *source = (struct cedar_source){ l->row->id, l->row->text };
        struct cedar_diags d = cedar_diags_new(a, source);
        row = l->row;
        s.at[s.n] = cedar_policies_parse(a, &d, CEDAR_IDS_BY_POSITION);
        s.n += s.at[s.n] != NULL;
    }
    return s;
}

/* With the context unknown, what remains of a policy is all that could still apply: without conditions, it does. */
static void weigh_anyhow(struct arena *a, const struct cedar_policies *p, const struct cedar_entities *e,
                         const struct cedar_request *request, struct said *said)
{
    const struct cedar_policies *left;

    (void)cedar_authorize_partial(a, p, e, request, 1u << CEDAR_CONTEXT, &left);
    for (size_t i = 0; i < cedar_policies_n(left); i++) {
        const struct cedar_policy *one = cedar_policy_at(left, i);
        if (one->effect == CEDAR_FORBID)
            said->forbid = true;
        else if (one->n_conditions == 0)
            said->permit = true;
    }
}

/* In a store without the others: all that it is in stands right above it. */
static struct cedar_entity *alone(struct arena *a, const struct cedar_entity *e)
{
    struct cedar_entity *copy = arena_make(a, struct cedar_entity);
    struct cedar_uid *parents = arena_make_n(a, e->n_ancestors + 1, struct cedar_uid);

    for (size_t i = 0; i < e->n_ancestors; i++)
        parents[i] = *e->ancestors[i].uid;
    *copy = *e;
    copy->parents = parents;
    copy->n_parents = e->n_ancestors;
    copy->ancestors = NULL;
    copy->n_ancestors = 0;
    return copy;
}

bool policy_may_anyhow(const struct registry *r, const struct person *p, enum console_action action,
                       const struct area *where, int64_t at_s, int64_t renewed_s)
{
    struct arena *a = arena_new();
    const struct set *set = set_of(r);
    const struct holdings h = holdings_at(a, r, p, at_s, renewed_s);
    const struct cedar_entity *resource = facts_area(a, set->facts, r, where);
    const struct speaking speaking = speaking_at(a, set, at_s);
    struct said said = { 0 };

    for (size_t i = 0; i < h.n && set->unread == NULL && resource != NULL; i++) {
        const struct cedar_entity *who = facts_person(a, p, &h.at[i].at, h.at[i].provider),
                                  *act = set->facts->acts[action];
        const struct cedar_request request = { .principal = who->uid, .action = act->uid, .resource = resource->uid };
        struct cedar_entity *three[] = { alone(a, who), alone(a, act), alone(a, resource) };
        struct cedar_diags d = cedar_diags_new(a, NULL);
        const struct cedar_entities *all = cedar_entities_of(a, three, 3, &d);
        said.forbid = said.forbid || all == NULL;
        for (size_t k = 0; k < speaking.n && !said.forbid; k++)
            weigh_anyhow(a, speaking.at[k], all, &request, &said);
    }
    arena_free(a);
    return said.permit && !said.forbid;
}

static int by_time(const void *x, const void *y)
{
    const int64_t *a = x, *b = y;

    return (*a > *b) - (*a < *b);
}

const int64_t *policy_may_changes(struct arena *a, const struct registry *r, int64_t since_s, size_t *n)
{
    const struct set *set = set_of(r);
    int64_t *out = arena_make_n(a, 2 * set->n + 1, int64_t);
    const struct policy *row = NULL;

    *n = 0;
    for (size_t i = 0; i < set->n; i++) {
        if (set->at[i].row == row || !is_of_console(&set->at[i]))
            continue;
        row = set->at[i].row;
        if (row->from_s > since_s)
            out[(*n)++] = row->from_s;
        if (row->to_s > since_s)
            out[(*n)++] = row->to_s;
    }
    qsort(out, *n, sizeof *out, by_time);
    return out;
}

/* ── who may give what ──────────────────────────────────────────────────── */

/* Somebody who holds that role there and is nobody else. */
static struct holdings holder(struct arena *a, const struct registry *r, enum role role, const struct area *where)
{
    struct holding *one = arena_make(a, struct holding);

    one->provider = str_is_set(where->provider) ? registry_provider(r, where->provider) : NULL;
    one->at = (struct affiliation){ .role = role, .school_oid = where->school };
    return (struct holdings){ one, 1 };
}

static enum console_action brings(struct arena *a, const struct registry *r, const struct holdings *h,
                                  const struct area *where, const struct circumstances *now, enum console_action from)
{
    const struct person nobody = { 0 };

    for (int i = (int)from + 1; i < MAY_OUTSIDE; i++)
        if (may(a, r, &nobody, h, (enum console_action)i, where, now))
            return (enum console_action)i;
    return MAY_NONE;
}

enum console_action policy_role_brings(const struct registry *r, enum role role, const struct area *where,
                                       const struct circumstances *now, enum console_action from)
{
    struct arena *a = arena_new();
    const struct holdings h = holder(a, r, role, where);
    enum console_action next = brings(a, r, &h, where, now, from);

    arena_free(a);
    return next;
}

enum console_action policy_may_not_give(const struct registry *r, const struct person *p, enum role role,
                                        const struct area *where, const struct circumstances *now)
{
    struct arena *a = arena_new();
    const struct holdings theirs = holdings_of(a, r, p, now->now_s), given = holder(a, r, role, where);
    enum console_action lacks = MAY_NONE;

    for (enum console_action x = brings(a, r, &given, where, now, MAY_NONE); lacks == MAY_NONE && x != MAY_NONE;
         x = brings(a, r, &given, where, now, x)) {
        const struct said said = say(a, r, p, &theirs, x, where, now);
        if (!said.permit || said.forbid)
            lacks = x;
    }
    arena_free(a);
    return lacks;
}

/* ── areas ──────────────────────────────────────────────────────────────── */

static bool area_listed(const struct areas *all, const struct area *where)
{
    for (size_t i = 0; i < all->n; i++)
        if (area_same(&all->at[i], where))
            return true;
    return false;
}

struct areas policy_areas(struct arena *a, const struct registry *r, const struct person *p,
                          const struct circumstances *now)
{
    struct holdings h = holdings_of(a, r, p, now->now_s);
    struct areas out = { arena_make_n(a, h.n + 1, struct area), 0 };

    for (int narrow = 0; narrow <= 2; narrow++) /* the nation, providers, schools */
        for (size_t i = 0; i < h.n; i++) {
            struct area where = { h.at[i].provider != NULL ? h.at[i].provider->id : (struct str){ NULL, 0 },
                                  h.at[i].at.school_oid };
            int is = str_is_set(where.school) ? 2 : str_is_set(where.provider) ? 1 : 0;
            if (is == narrow && !area_listed(&out, &where) && has_some(a, r, p, &h, &where, now))
                out.at[out.n++] = where;
        }
    return out;
}
