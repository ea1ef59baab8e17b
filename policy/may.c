/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/may.h"

#include "policy/set.h"

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

static struct holdings holdings_of(struct arena *a, const struct registry *r, const struct person *p, int64_t now_s)
{
    size_t given;
    const struct admin *const *admins = registry_admins(r, p->idp, p->subject, &given);
    struct holdings h = { arena_make_n(a, p->affiliation_count + given + 1, struct holding), 0 };

    for (size_t i = 0; i < p->affiliation_count; i++) {
        const struct affiliation *at = &p->affiliations[i];
        const struct provider *of = registry_provider_oid(r, at->provider_oid);
        if (of != NULL && at->role != ROLE_NONE && affiliation_valid(at, now_s))
            h.at[h.n++] = (struct holding){ *at, of };
    }
    for (size_t i = 0; i < given; i++) {
        const struct admin *g = admins[i];
        struct holding one = { .provider = g->provider };
        one.at = (struct affiliation){ .role = g->role, .from_s = g->from_s, .to_s = g->to_s };
        if (g->school != NULL)
            one.at.school_oid = g->school->oid;
        if (affiliation_valid(&one.at, now_s))
            h.at[h.n++] = one;
    }
    return h;
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
    for (int i = MAY_NONE + 1; i < MAY_COUNT; i++)
        if (may(a, r, p, h, (enum console_action)i, where, now))
            return true;
    return false;
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

    for (int i = (int)from + 1; i < MAY_COUNT; i++)
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
