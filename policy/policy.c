/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/policy.h"

#include "model/test_school.h"
#include "policy/lookup.h"
#include "policy/receipts.h"
#include "policy/settle.h"

/* One person and all that is asked of them.  The evaluator's view of an affiliation is made when a statement first
 * needs it. */
struct deciding {
    const struct registry *r;
    const struct set *set;
    const struct lookup *index;
    const struct person *person;
    const struct circumstances *now;
    struct arena *scratch; /* NULL: nothing was asked of the evaluator yet */
};

struct here { /* one affiliation of theirs */
    struct deciding *x;
    const struct affiliation *at;
    const struct provider *provider;
    struct found found;
    struct asking asking;
    struct moment moment;
    bool asked, timed;
};

static bool here_of(struct deciding *x, const struct affiliation *at, struct here *out)
{
    *out = (struct here){ .x = x, .at = at, .provider = registry_provider_oid(x->r, at->provider_oid) };
    if (out->provider == NULL || at->role == ROLE_NONE || !affiliation_valid(at, x->now->now_s))
        return false;
    out->found = lookup_find(x->index, out->provider, at);
    return true;
}

static struct asking *ask(struct here *h)
{
    if (h->x->scratch == NULL)
        h->x->scratch = arena_new();
    if (!h->asked)
        h->asking = asking_of(h->x->scratch, h->x->set, h->x->person, h->at, h->provider, h->x->now);
    h->asked = true;
    return &h->asking;
}

/* What a statement asks of the moment is looked at before the evaluator is troubled: of many that are for an hour, a
 * day or an exam, few are for now. */
static bool is_for_now(struct here *h, const struct listed *l)
{
    struct deciding *x = h->x;

    if (!hours_ask(&l->says.hours))
        return true;
    if (x->scratch == NULL)
        x->scratch = arena_new();
    if (!h->timed)
        h->moment = moment_of(x->scratch, x->r, x->person, h->provider, h->at, x->now);
    h->timed = true;
    return hours_hold(&l->says.hours, &h->moment);
}

static bool may_be_about(const struct listed *l, enum deed deed)
{
    static const enum does does[DEED_COUNT] = { DOES_OPEN, DOES_LEAVE, DOES_RELEASE };

    return l->says.does == does[deed] || l->says.does == DOES_OTHER;
}

/* Adds what a statement says that the index alone does not know.  One that forbids and cannot be evaluated forbids, and
 * is *failed. */
static void weigh(struct here *h, uint32_t place, enum deed deed, const struct service *s, struct claim_set claims,
                  struct says *says, const struct policy **failed)
{
    const struct listed *l = &h->x->set->at[place];
    enum claim claim = claims.bits != 0 ? (enum claim)__builtin_ctz(claims.bits) : CLAIM_SUB;
    enum cedar_outcome outcome = asking_whether(ask(h), l, deed, s, claim);

    if (outcome == CEDAR_APPLIES || (outcome == CEDAR_FAILED && l->says.forbid))
        says_add(says, l, place, deed, claims);
    if (outcome == CEDAR_FAILED && l->says.forbid && *failed == NULL)
        *failed = l->row;
}

static void weigh_release(struct here *h, uint32_t place, const struct service *s, struct says *says,
                          const struct policy **failed)
{
    const struct listed *l = &h->x->set->at[place];
    struct claim_set about = { s->asks.bits };

    if (l->says.attributes.bits != 0)
        about.bits &= l->says.attributes.bits;
    if (l->says.exact && about.bits != 0) { /* alike for each of them */
        weigh(h, place, DEED_RELEASE, s, about, says, failed);
        return;
    }
    for (; about.bits != 0; about.bits &= about.bits - 1)
        weigh(h, place, DEED_RELEASE, s, (struct claim_set){ about.bits & -about.bits }, says, failed);
}

static struct says say(struct here *h, const struct service *s, const struct policy **failed)
{
    struct found_at at = { 0 };
    struct says says = { 0 };
    uint32_t place;

    lookup_say(&h->found, s, &says);
    while (lookup_next(&h->found, s, &at, &place)) {
        const struct listed *l = &h->x->set->at[place];
        if (!is_for_now(h, l))
            continue;
        for (int deed = DEED_OPEN; deed <= DEED_LEAVE; deed++)
            if (may_be_about(l, (enum deed)deed))
                weigh(h, place, (enum deed)deed, s, (struct claim_set){ 0 }, &says, failed);
        if (may_be_about(l, DEED_RELEASE))
            weigh_release(h, place, s, &says, failed);
    }
    return says;
}

static struct deciding deciding_of(const struct registry *r, const struct person *p, const struct circumstances *now)
{
    return (struct deciding){ .r = r, .set = set_of(r), .index = lookup_of(r), .person = p, .now = now };
}

bool policy_under_test(const struct registry *r, const struct service *s)
{
    return s->test && registry_organisation(r, s->vendor) != NULL;
}

bool policy_is_test_person(const struct registry *r, const struct person *p)
{
    const struct idp *idp = person_idp(r, p);

    return idp != NULL && idp->test;
}

/* No city's policies speak of the test school.  Whoever has a role there now may open the test services of the
 * organisation whose test person they are, which are told what they have asked for; and nothing else, ever. */
static struct decision decide_test_person(const struct registry *r, const struct person *p, const struct service *s,
                                          const struct circumstances *now)
{
    struct decision d = { .effect = EFFECT_DENY, .rule = S("test_school") };

    if (!policy_under_test(r, s) || !str_eq(s->vendor, test_school_owner(p)))
        return d;
    for (size_t i = 0; i < p->affiliation_count; i++)
        if (p->affiliations[i].role != ROLE_NONE && affiliation_valid(&p->affiliations[i], now->now_s))
            d.effect = EFFECT_ALLOW;
    if (d.effect == EFFECT_ALLOW)
        d.release = service_asks(s, now->now_s);
    return d;
}

struct decision policy_decide(const struct registry *reg, const struct person *person, const struct service *service,
                              const struct circumstances *now)
{
    struct deciding x = deciding_of(reg, person, now);
    struct settling so_far = settling_new();
    struct here h;

    if (!service->enabled) {
        so_far.d.rule = S("service_disabled");
        return so_far.d;
    }
    if (test_school_has(person))
        return decide_test_person(reg, person, service, now);
    if (person_child_decides(person, service->child_decides_from, now->now_s)) {
        so_far.d.rule = S(POLICY_CHILD_DECIDES);
        return so_far.d;
    }
    if (policy_under_test(reg, service) && !policy_is_test_person(reg, person)) {
        so_far.d.rule = S("service_in_test");
        return so_far.d;
    }
    if (x.set->unread != NULL) {
        so_far.d.rule = so_far.d.failed = x.set->unread->id;
        return so_far.d;
    }
    for (size_t i = 0; i < person->affiliation_count && !so_far.forbidden; i++) {
        const struct policy *failed = NULL;
        if (!here_of(&x, &person->affiliations[i], &h))
            continue;
        const struct covering receipt = receipts_over(reg, h.provider, service, h.at, now->now_s);
        if (receipt.outside) {
            settling_outside(&so_far, h.provider);
            continue;
        }
        struct says says = say(&h, service, &failed);
        settling_add(&so_far, x.set, &says, h.provider, failed);
        settling_tell(&so_far, receipt.told);
    }
    arena_free(x.scratch);
    return settling_end(&so_far, reg, person, service, now->now_s);
}

/* ── all services at once ───────────────────────────────────────────────── */

/* Marks the services of a statement, once it is known to apply to them alike. */
static void mark_listed(struct marks *m, const struct set *set, const struct listed *l, enum deed deed,
                        const struct bits *every)
{
    int says = l->says.forbid ? SAYS_FORBID : SAYS_PERMIT;
    struct bits *to = deed == DEED_OPEN               ? &m->open[l->row->layer][says]
                      : l->row->layer != LAYER_SCHOOL ? &m->leave[says]
                                                      : NULL;

    if (to == NULL)
        return;
    if (l->services == NULL)
        bits_or(to, every);
    for (size_t i = 0; i < l->n_services; i++)
        bits_set(to, (size_t)(l->services[i] - set->parts->services));
}

static bool holds(struct here *h, const struct listed *l, enum deed deed, const struct service *s)
{
    enum cedar_outcome outcome = asking_whether(ask(h), l, deed, s, CLAIM_SUB);

    return outcome == CEDAR_APPLIES || (outcome == CEDAR_FAILED && l->says.forbid);
}

static void mark_asked(struct here *h, uint32_t place, enum deed deed, struct marks *m)
{
    const struct set *set = h->x->set;
    const struct listed *l = &set->at[place];
    const struct bits *every = lookup_enabled(h->x->index);
    size_t n = l->services != NULL ? l->n_services : set->parts->service_count;

    if (n == 0 || !may_be_about(l, deed) || !is_for_now(h, l))
        return;
    if (listed_alike(l)) {
        if (holds(h, l, deed, l->services != NULL ? l->services[0] : &set->parts->services[0]))
            mark_listed(m, set, l, deed, every);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        struct listed one = *l;
        const struct service *s = l->services != NULL ? l->services[i] : &set->parts->services[i];
        one.services = &s;
        one.n_services = 1;
        if (holds(h, l, deed, s))
            mark_listed(m, set, &one, deed, every);
    }
}

static void settle_here(struct arena *a, const struct here *h, const struct marks *m, struct bits *permitted,
                        struct bits *forbidden)
{
    const struct deciding *x = h->x;
    struct bits may = *permitted, must_not = *forbidden;
    bool decided = receipts_any(x->r, h->provider);

    if (decided) {
        may = bits_new(a, x->set->parts->service_count);
        must_not = bits_new(a, x->set->parts->service_count);
    }
    settle_marks(a, m, &may, &must_not);
    if (!decided)
        return;
    receipts_leave_out(x->r, h->provider, h->at, x->now->now_s, &may, &must_not);
    bits_or(permitted, &may);
    bits_or(forbidden, &must_not);
}

struct bits policy_services(struct arena *a, const struct registry *reg, const struct person *person,
                            const struct circumstances *now)
{
    struct deciding x = deciding_of(reg, person, now);
    size_t n = x.set->parts->service_count;
    struct bits permitted = bits_new(a, n), forbidden = bits_new(a, n);
    struct here h;

    if (test_school_has(person)) /* has no launcher */
        return permitted;
    for (size_t i = 0; i < person->affiliation_count && x.set->unread == NULL; i++) {
        struct found_at at = { 0 };
        uint32_t place;
        if (!here_of(&x, &person->affiliations[i], &h))
            continue;
        struct marks m = lookup_marks(a, x.index);
        lookup_mark(x.index, &h.found, &m);
        while (lookup_next(&h.found, NULL, &at, &place)) {
            mark_asked(&h, place, DEED_OPEN, &m);
            mark_asked(&h, place, DEED_LEAVE, &m);
        }
        settle_here(a, &h, &m, &permitted, &forbidden);
    }
    arena_free(x.scratch);
    bits_and_not(&permitted, &forbidden);
    bits_and(&permitted, lookup_enabled(x.index));
    if (!policy_is_test_person(reg, person))
        bits_and_not(&permitted, lookup_under_test(x.index));
    for (size_t i = 0; person_acts(person) && i < n; i++)
        if (person_child_decides(person, x.set->parts->services[i].child_decides_from, now->now_s))
            bits_clear(&permitted, i);
    return permitted;
}

void policy_prepare(const struct registry *reg)
{
    (void)lookup_of(reg);
    receipts_prepare(reg);
    windows_prepare(reg);
}

bool policy_could_open(const struct registry *r, const struct service *s, const struct decision *d)
{
    size_t n;
    const struct policy *const *all = registry_policies(r, &n);

    if (!s->enabled || d->ask == NULL || policy_under_test(r, s))
        return false;
    for (size_t i = 0; i < n && all[i]->layer == LAYER_NATION; i++)
        if (str_eq(all[i]->id, d->rule))
            return false;
    return true;
}
