/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/grants.h"

#include "policy/receipts.h"
#include "policy/set.h"

enum { EVERY_CLAIM = (1u << CLAIM_COUNT) - 1 };

/* ── what is said ───────────────────────────────────────────────────────── */

static uint32_t roles_of(const struct whom *w)
{
    return w->roles != 0 ? w->roles : (uint32_t)ROLES_ANY;
}

static bool is_about(const struct listed *l, const struct service *s)
{
    for (size_t i = 0; i < l->n_services; i++)
        if (l->services[i] == s)
            return true;
    return l->services == NULL;
}

static bool may_tell(const struct listed *l)
{
    return (l->says.does == DOES_RELEASE || l->says.does == DOES_OTHER) && l->row->layer != LAYER_SCHOOL;
}

/* The nation's about other people are none of theirs. */
static bool concerns(const struct listed *l, const struct area *area)
{
    struct str whose = l->row->provider != NULL ? l->row->provider->id : l->says.whom.provider;

    if (l->row->provider != NULL && !str_eq(whose, area->provider))
        return false;
    return !str_is_set(whose) || !str_is_set(area->provider) || str_eq(whose, area->provider);
}

static bool has_conditions(const struct whom *w, const struct hours *h)
{
    return w->schools.n > 0 || w->groups.n > 0 || w->level_from != 0 || w->level_to != 0 || w->ages != 0 ||
           h->weekdays != WEEKDAYS_ALL || h->minute_from != 0 || h->minute_to != 0 || h->device != DEVICE_ANY ||
           h->assurance != 0;
}

static bool is_dated(const struct policy *p)
{
    return p->from_s != 0 || p->to_s != 0;
}

static struct grant_saying saying_of(const struct listed *l, const struct area *area)
{
    const struct statement *s = &l->says;
    /* What the nation says of one provider's people alone is not said of everybody's. */
    bool of_some = !str_is_set(area->provider) && str_is_set(s->whom.provider);

    return (struct grant_saying){ .policy = l->row,
                                  .claims = { s->attributes.bits != 0 ? s->attributes.bits : EVERY_CLAIM },
                                  .roles = roles_of(&s->whom),
                                  .forbids = l->cedar->effect == CEDAR_FORBID,
                                  .whole = s->exact && s->does == DOES_RELEASE && !of_some &&
                                           !has_conditions(&s->whom, &s->hours) && !is_dated(l->row) };
}

/* later: those that are not in force yet as well. */
static struct grants list(struct arena *a, const struct registry *r, const struct area *area, const struct service *s,
                          int64_t now_s, bool later)
{
    const struct set *set = set_of(r);
    struct grants g = { 0 };
    size_t n = 0;

    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < set->n; i++) {
            const struct listed *l = &set->at[i];
            bool waits = later && l->row->enabled && now_s < l->row->from_s;
            if (!may_tell(l) || !concerns(l, area) || !is_about(l, s) || (!policy_in_force(l->row, now_s) && !waits))
                continue;
            if (pass == 0)
                n++;
            else
                g.at[g.n++] = saying_of(l, area);
        }
        if (pass == 0)
            g.at = arena_make_n(a, n + 1, struct grant_saying);
    }
    return g;
}

struct grants grants_of(struct arena *a, const struct registry *r, const struct area *area, const struct service *s,
                        int64_t now_s)
{
    return list(a, r, area, s, now_s, false);
}

struct said_by { /* a layer, of one cell */
    bool permit_whole, permit_part, forbid_whole, forbid_part;
};

static enum layer own_layer(const struct area *area)
{
    return !str_is_set(area->provider) ? LAYER_NATION : str_is_set(area->school) ? LAYER_SCHOOL : LAYER_MUNICIPALITY;
}

struct grant_cell grant_cell(const struct grants *g, const struct area *area, enum claim claim, enum role role)
{
    struct said_by layers[LAYER_SCHOOL] = { 0 };
    enum layer own = own_layer(area);
    bool partly = false, some = false;

    for (size_t i = 0; i < g->n; i++) {
        const struct grant_saying *s = &g->at[i];
        struct said_by *by = &layers[s->policy->layer];
        if (!claim_in(s->claims, claim) || (s->roles & 1u << role) == 0)
            continue;
        *(s->forbids ? (s->whole ? &by->forbid_whole : &by->forbid_part)
                     : (s->whole ? &by->permit_whole : &by->permit_part)) = true;
    }
    for (int l = LAYER_NATION; l < LAYER_SCHOOL; l++) {
        const struct said_by *by = &layers[l];
        bool outer = l < (int)own;
        if (by->forbid_whole)
            return (struct grant_cell){ some ? GRANT_PARTLY : GRANT_NOT, outer, false };
        if (by->permit_whole)
            return (struct grant_cell){ partly || by->forbid_part ? GRANT_PARTLY : GRANT_WHOLE, outer, false };
        partly = partly || by->permit_part || by->forbid_part;
        some = some || by->permit_part;
    }
    return (struct grant_cell){ some ? GRANT_PARTLY : GRANT_NOT, false, !partly };
}

/* ── planning ───────────────────────────────────────────────────────────── */

struct own { /* a policy of the owner's that says something of it */
    const struct policy *policy;
    struct policy_form form;
    bool is_form;
    bool narrow; /* about this service alone, without conditions: what it says of it can be said otherwise */
    bool touched;
};

struct planning {
    struct arena *a;
    const struct area *area;
    const struct service *s;
    const struct grant_wish *wish;
    struct grants grants;
    struct own *own;
    size_t n;
    uint32_t need[ROLE_COUNT]; /* claims still to be said, of each role that is wished for */
    struct policy_form *made;
    size_t made_n;
    struct grant_plan plan;
};

static bool is_ours(const struct planning *x, const struct policy *p)
{
    return p->layer == own_layer(x->area);
}

static bool is_wished(const struct planning *x, int role)
{
    return (x->wish->roles & 1u << role) != 0;
}

static bool touches(const struct planning *x, uint32_t roles, uint32_t claims)
{
    for (int role = 1; role < ROLE_COUNT; role++)
        if (is_wished(x, role) && (roles & 1u << role) != 0 && (x->need[role] & claims) != 0)
            return true;
    return false;
}

static bool is_same(struct str x, struct str y)
{
    return str_is_set(x) ? str_eq(x, y) : !str_is_set(y);
}

/* Each of the owner's once, whatever their statements are. */
static void list_own(struct planning *x)
{
    const struct policy *last = NULL;

    x->own = arena_make_n(x->a, x->grants.n + 1, struct own);
    for (size_t i = 0; i < x->grants.n; i++) {
        const struct policy *p = x->grants.at[i].policy;
        struct own *own = &x->own[x->n];
        struct str rest;
        if (p == last || !is_ours(x, p))
            continue;
        last = p;
        *own = (struct own){ .policy = p };
        own->is_form = policy_form_read(x->a, p->text, &own->form, &rest);
        const struct which *which = &own->form.which;
        own->narrow = own->is_form && which->categories.n == 0 && which->services.n == 1 &&
                      str_eq(which->services.at[0], x->s->id) && !has_conditions(&own->form.whom, &own->form.hours) &&
                      !is_dated(p) && is_same(own->form.whom.provider, x->area->provider);
        x->n++;
    }
}

static struct policy_form *make(struct planning *x, uint32_t roles)
{
    struct policy_form *f = &x->made[x->made_n++];

    *f = (struct policy_form){ .opening = OPENING_NONE, .whom = { .provider = x->area->provider, .roles = roles } };
    strs_add(x->a, &f->which.services, x->s->id);
    return f;
}

static bool fail_by(struct planning *x, enum grant_trouble trouble, const struct policy *because)
{
    x->plan.trouble = trouble;
    x->plan.because = because;
    return false;
}

/* What is said already, by the owner or by an outer layer. */
static void leave_out(struct planning *x, bool ours)
{
    for (size_t i = 0; i < x->grants.n; i++) {
        const struct grant_saying *s = &x->grants.at[i];
        if (s->forbids != x->wish->take || !s->whole || is_ours(x, s->policy) != ours)
            continue;
        for (int role = 1; role < ROLE_COUNT; role++)
            if ((s->roles & 1u << role) != 0)
                x->need[role] &= ~s->claims.bits;
    }
}

/* What an outer layer says stands: what it forbids is not granted, what it permits is granted already, or cannot be
 * taken. */
static bool ask_above(struct planning *x)
{
    for (size_t i = 0; i < x->grants.n; i++) {
        const struct grant_saying *s = &x->grants.at[i];
        if (is_ours(x, s->policy) || !touches(x, s->roles, s->claims.bits))
            continue;
        if (x->wish->take ? !s->forbids : s->forbids && s->whole)
            return fail_by(x, GRANT_TROUBLE_ABOVE, s->policy);
    }
    leave_out(x, false);
    return true;
}

/* A claim that several roles need goes into one policy: a form says one thing of all its people. */
static void make_for_the_rest(struct planning *x)
{
    for (int role = 1; role < ROLE_COUNT; role++) {
        uint32_t claims = x->need[role], roles = 0;
        if (claims == 0)
            continue;
        for (int other = role; other < ROLE_COUNT; other++)
            if (x->need[other] == claims) {
                roles |= 1u << other;
                x->need[other] = 0;
            }
        struct policy_form *f = make(x, roles);
        *(x->wish->take ? &f->withhold : &f->release) = (struct claim_set){ claims };
    }
}

/* What all people of a policy need can be said by it. */
static void add_to_own(struct planning *x)
{
    for (size_t i = 0; i < x->n; i++) {
        struct own *own = &x->own[i];
        uint32_t roles = roles_of(&own->form.whom), common = EVERY_CLAIM;
        bool fits = x->wish->take ? own->form.opening == OPENING_NONE && own->form.withhold.bits != 0
                                  : own->form.opening == OPENING_NONE || own->form.opening == OPENING_PERMIT;
        for (int role = 1; role < ROLE_COUNT; role++)
            if ((roles & 1u << role) != 0)
                common &= x->need[role];
        if (!own->narrow || !fits || common == 0)
            continue;
        (x->wish->take ? &own->form.withhold : &own->form.release)->bits |= common;
        own->touched = true;
        for (int role = 1; role < ROLE_COUNT; role++)
            if ((roles & 1u << role) != 0)
                x->need[role] &= ~common;
    }
}

/* ---- granting */

/* A narrow one that forbids forbids it no longer of the roles that are wished for. */
static bool lift(struct planning *x)
{
    for (size_t i = 0; i < x->grants.n; i++) {
        const struct grant_saying *s = &x->grants.at[i];
        struct own *own = x->own;
        if (!s->forbids || !s->whole || !is_ours(x, s->policy) || !touches(x, s->roles, s->claims.bits))
            continue;
        while (own->policy != s->policy)
            own++;
        if (!own->narrow)
            return fail_by(x, GRANT_TROUBLE_ELSEWHERE, s->policy);
        uint32_t others = roles_of(&own->form.whom) & ~x->wish->roles, lifted = own->form.withhold.bits;
        lifted &= x->wish->claims.bits;
        own->form.withhold.bits &= ~lifted;
        own->touched = true;
        if (others != 0 && lifted != 0)
            make(x, others)->withhold.bits = lifted;
    }
    return true;
}

/* ---- taking */

/* Those who say it of nobody else, and of no other service, say it no longer; of what is still said the opposite is. */
static void take_back(struct planning *x)
{
    uint32_t still[ROLE_COUNT] = { 0 };

    for (size_t i = 0; i < x->grants.n; i++) {
        const struct grant_saying *s = &x->grants.at[i];
        struct own *own = x->own;
        if (s->forbids || !is_ours(x, s->policy) || !touches(x, s->roles, s->claims.bits))
            continue;
        while (own->policy != s->policy)
            own++;
        const struct which *which = &own->form.which;
        bool this_alone =
            own->is_form && which->categories.n == 0 && which->services.n == 1 && (s->roles & ~x->wish->roles) == 0;
        if (this_alone) {
            own->form.release.bits &= ~x->wish->claims.bits;
            own->touched = true;
            continue;
        }
        for (int role = 1; role < ROLE_COUNT; role++)
            if ((s->roles & 1u << role) != 0)
                still[role] |= s->claims.bits;
    }
    for (int role = 1; role < ROLE_COUNT; role++)
        x->need[role] &= still[role];
}

/* ---- the whole */

static struct str text_of(const struct planning *x, const struct policy_form *f)
{
    return f->opening == OPENING_NONE && !policy_form_tells(f) ? S("") : policy_form_text(x->a, f);
}

static void write_down(struct planning *x)
{
    struct grant_plan *plan = &x->plan;

    plan->at = arena_make_n(x->a, x->n + x->made_n + 1, struct grant_edit);
    for (size_t i = 0; i < x->n; i++)
        if (x->own[i].touched)
            plan->at[plan->n++] = (struct grant_edit){ x->own[i].policy, x->own[i].form, text_of(x, &x->own[i].form) };
    for (size_t i = 0; i < x->made_n; i++)
        plan->at[plan->n++] = (struct grant_edit){ NULL, x->made[i], text_of(x, &x->made[i]) };
}

struct grant_plan grants_plan(struct arena *a, const struct registry *r, const struct area *area,
                              const struct service *s, const struct grant_wish *wish, int64_t now_s)
{
    struct planning x = { .a = a, .area = area, .s = s, .wish = wish, .grants = list(a, r, area, s, now_s, true) };

    for (int role = 1; role < ROLE_COUNT; role++)
        x.need[role] = is_wished(&x, role) ? wish->claims.bits : 0;
    list_own(&x);
    x.made = arena_make_n(a, x.n + ROLE_COUNT, struct policy_form);
    if (!ask_above(&x) || (!wish->take && !lift(&x)))
        return x.plan;
    if (wish->take)
        take_back(&x);
    leave_out(&x, true);
    add_to_own(&x);
    make_for_the_rest(&x);
    write_down(&x);
    return x.plan;
}

/* ── one person ─────────────────────────────────────────────────────────── */

struct telling { /* of one affiliation */
    const struct set *set;
    const struct service *s;
    struct asking asking;
};

/* The first statement of that layer that permits it, or forbids it. */
static const struct policy *first_that(struct telling *t, enum layer layer, bool forbids, enum claim claim)
{
    for (size_t i = 0; i < t->set->n; i++) {
        const struct listed *l = &t->set->at[i];
        if (l->row->layer != layer || (l->cedar->effect == CEDAR_FORBID) != forbids || !may_tell(l) ||
            !is_about(l, t->s) || (l->says.attributes.bits != 0 && !claim_in(l->says.attributes, claim)))
            continue;
        enum cedar_outcome outcome = asking_whether(&t->asking, l, DEED_RELEASE, t->s, claim);
        if (outcome == CEDAR_APPLIES || (outcome == CEDAR_FAILED && forbids))
            return l->row;
    }
    return NULL;
}

static void ask_claim(struct telling *t, bool opens, enum claim claim, struct claim_said *out)
{
    for (int layer = LAYER_NATION; layer < LAYER_SCHOOL; layer++) {
        const struct policy *forbids = first_that(t, (enum layer)layer, true, claim);
        const struct policy *permits = forbids == NULL ? first_that(t, (enum layer)layer, false, claim) : NULL;
        if (forbids != NULL && out->withheld == NULL)
            out->withheld = forbids;
        if (permits != NULL && opens && out->granted == NULL)
            out->granted = permits;
        if (forbids != NULL || permits != NULL)
            return;
    }
}

void policy_claims(struct arena *a, const struct registry *r, const struct person *p, const struct service *s,
                   const struct circumstances *now, struct claim_said out[CLAIM_COUNT])
{
    for (int i = 0; i < CLAIM_COUNT; i++)
        out[i] = (struct claim_said){ NULL, NULL };
    for (size_t i = 0; i < p->affiliation_count; i++) {
        const struct provider *provider = registry_provider_oid(r, p->affiliations[i].provider_oid);
        struct person alone = *p;
        if (provider == NULL || p->affiliations[i].role == ROLE_NONE ||
            !affiliation_valid(&p->affiliations[i], now->now_s))
            continue;
        alone.affiliations = &p->affiliations[i];
        alone.affiliation_count = 1;
        bool opens = policy_decide(r, &alone, s, now).effect == EFFECT_ALLOW;
        const struct covering receipt = receipts_over(r, provider, s, alone.affiliations, now->now_s);
        struct telling t = { .set = set_of(r), .s = s };
        t.asking = asking_of(a, t.set, p, &p->affiliations[i], provider, now);
        for (int claim = 0; claim < CLAIM_COUNT; claim++)
            ask_claim(&t, opens && !receipt.outside && claim_in(receipt.told, (enum claim)claim), (enum claim)claim,
                      &out[claim]);
    }
}
