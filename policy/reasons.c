/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/reasons.h"

#include "policy/receipts.h"
#include "policy/settle.h"

#include <stdlib.h>

enum { JOINED_MAX_B = 1 << 20 };

struct explaining { /* one affiliation */
    struct arena *arena;
    const struct registry *r;
    const struct set *set;
    const struct person *person;
    const struct service *service;
    const struct circumstances *now;
    struct reasons_at *out;
    struct asking asking;
    struct says says;
    bool left; /* to the schools */
};

static bool about_service(const struct listed *l, const struct service *s)
{
    if (l->services == NULL)
        return true;
    for (size_t i = 0; i < l->n_services; i++)
        if (l->services[i] == s)
            return true;
    return false;
}

/* Those of other people, and those about what is told, are no reason. */
static bool concerns(const struct explaining *x, const struct listed *l)
{
    const struct str owner = l->row->provider != NULL ? l->row->provider->id : l->says.whom.provider;

    return l->says.does != DOES_RELEASE && about_service(l, x->service) &&
           (!str_is_set(owner) || str_eq(owner, x->out->provider->id));
}

static enum cedar_outcome outcome_of(struct explaining *x, const struct listed *l, enum deed deed)
{
    return asking_whether(&x->asking, l, deed, x->service, CLAIM_SUB);
}

static bool counts(enum cedar_outcome outcome, const struct listed *l)
{
    return outcome == CEDAR_APPLIES || (outcome == CEDAR_FAILED && l->cedar->effect == CEDAR_FORBID);
}

static void sum_up(struct explaining *x)
{
    for (uint32_t i = 0; i < x->set->n; i++) {
        const struct listed *l = &x->set->at[i];
        if (!concerns(x, l))
            continue;
        for (int deed = DEED_OPEN; deed <= DEED_LEAVE; deed++)
            if (counts(outcome_of(x, l, (enum deed)deed), l))
                says_add(&x->says, l, i, (enum deed)deed, (struct claim_set){ 0 });
    }
    x->left = x->says.leave[SAYS_PERMIT] && !x->says.leave[SAYS_FORBID];
}

static enum verdict verdict_of(struct explaining *x, uint32_t place, const struct settled *settled)
{
    const struct listed *l = &x->set->at[place];
    enum deed deed = l->says.does == DOES_LEAVE ? DEED_LEAVE : DEED_OPEN;

    if (settled->place == place + 1)
        return VERDICT_SETTLED;
    if (!policy_in_force(l->row, x->now->now_s))
        return VERDICT_NOT_NOW;
    enum cedar_outcome outcome = outcome_of(x, l, deed);
    if (outcome == CEDAR_FAILED)
        return VERDICT_FAILED;
    if (outcome == CEDAR_APPLIES_NOT)
        return VERDICT_SILENT;
    return l->row->layer == LAYER_SCHOOL && !x->left ? VERDICT_NOT_LEFT : VERDICT_APPLIED;
}

static int by_verdict(const void *x, const void *y)
{
    const struct reason *a = x, *b = y;

    return a->verdict != b->verdict ? (int)a->verdict - (int)b->verdict : (a > b) - (a < b);
}

static struct str text_of(const struct listed *l)
{
    return str_sub(l->row->text, l->cedar->span.at, l->cedar->span.end - l->cedar->span.at);
}

static void list_reasons(struct explaining *x, const struct settled *settled)
{
    struct reasons_at *out = x->out;

    out->said = arena_make_n(x->arena, REASONS_STATEMENTS_MAX, struct reason);
    for (uint32_t i = 0; i < x->set->n; i++) {
        const struct listed *l = &x->set->at[i];
        if (!concerns(x, l))
            continue;
        enum verdict verdict = verdict_of(x, i, settled);
        if (out->n_said == REASONS_STATEMENTS_MAX) {
            out->more = true;
            if (verdict != VERDICT_SETTLED)
                continue;
            out->n_said--;
        }
        out->said[out->n_said++] = (struct reason){ l->row, text_of(l), l->cedar->effect == CEDAR_FORBID, verdict };
    }
    qsort(out->said, out->n_said, sizeof *out->said, by_verdict);
}

/* ── what would have to be different ────────────────────────────────────── */

/* The statements that may settle it as things are: outer layers are silent, or it is theirs. */
static bool may_settle(const struct explaining *x, const struct listed *l)
{
    const uint32_t *nation = x->says.open[LAYER_NATION];

    if (!policy_in_force(l->row, x->now->now_s) || l->says.does == DOES_LEAVE)
        return false;
    if (nation[SAYS_FORBID] != 0 || nation[SAYS_PERMIT] != 0)
        return l->row->layer == LAYER_NATION;
    return l->row->layer != LAYER_SCHOOL || x->left;
}

static const struct cedar_policies *join(struct explaining *x)
{
    struct buf b = buf_new(x->arena, JOINED_MAX_B);
    struct cedar_source *source = arena_make(x->arena, struct cedar_source);
    struct cedar_diags d = cedar_diags_new(x->arena, source);

    for (uint32_t i = 0; i < x->set->n; i++) {
        const struct listed *l = &x->set->at[i];
        struct cedar_policy plain = *l->cedar;
        if (!concerns(x, l) || !may_settle(x, l))
            continue;
        plain.n_annotations = 0;
        buf_printf(&b, "@id(\"%u\")\n", (unsigned)i);
        cedar_policy_text(&b, &plain);
        buf_byte(&b, '\n');
    }
    *source = (struct cedar_source){ S("policies"), buf_ok(&b) ? buf_str(&b) : S("") };
    return cedar_policies_parse(x->arena, &d, CEDAR_IDS_BY_ANNOTATION);
}

static const struct cedar_entities *with_person(struct explaining *x)
{
    const struct facts *f = x->set->facts;
    struct cedar_diags d = cedar_diags_new(x->arena, NULL);
    struct cedar_entity *person = arena_make(x->arena, struct cedar_entity);

    *person = *x->asking.cedar.principal;
    const struct cedar_entities *alone = cedar_entities_of(x->arena, &person, 1, &d);
    return alone != NULL ? cedar_entities_change(x->arena, f->nouns, alone, NULL, 0, &d) : NULL;
}

/* Another service, and another act, are no advice. */
static bool is_advice(const struct cedar_difference *d)
{
    return d->part != CEDAR_PART_ACTION && d->part != CEDAR_PART_RESOURCE &&
           !str_has_prefix(str_n(d->subject.p, d->subject.n), S("resource"));
}

static struct str seen(struct cedar_str s)
{
    return s.p != NULL ? str_n(s.p, s.n) : (struct str){ NULL, 0 };
}

static const struct listed *listed_of(const struct explaining *x, const struct cedar_policy *p)
{
    int64_t place;

    if (p == NULL || !str_int(p->id, &place) || place < 0 || (size_t)place >= x->set->n)
        return NULL;
    return &x->set->at[place];
}

static bool wish_of(struct explaining *x, const struct cedar_why *why, size_t i, struct wish *out)
{
    const struct listed *settles = listed_of(x, cedar_why_policy(why, i));
    struct cedar_difference d;

    *out = (struct wish){ .n = 0 };
    if (settles == NULL)
        return false;
    for (size_t k = 0; why_difference(x->arena, why, i, k, &d); k++) {
        if (k == REASONS_DIFFERENCES_MAX || !is_advice(&d))
            return false;
        const struct listed *asks = listed_of(x, d.policy);
        out->parts[out->n++] = (struct wish_part){ .kind = cedar_difference_name(d.kind),
                                                   .row = asks != NULL ? asks->row : settles->row,
                                                   .text = seen(d.text),
                                                   .subject = seen(d.subject),
                                                   .actual = seen(d.actual),
                                                   .needed = seen(d.needed) };
    }
    if (out->n == 0)
        return false;
    out->row = settles->row;
    out->statement = text_of(settles);
    return true;
}

static void list_wishes(struct explaining *x)
{
    const struct cedar_policies *all = join(x);
    const struct cedar_entities *everything = all != NULL ? with_person(x) : NULL;
    const struct facts *f = x->set->facts;

    if (everything == NULL)
        return;
    const struct cedar_request request = { .principal = x->asking.cedar.principal->uid,
                                           .action = f->deeds[DEED_OPEN]->uid,
                                           .resource = f->services[x->service - f->parts->services]->uid,
                                           .context = x->asking.cedar.context };
    const struct cedar_why *why =
        cedar_explain_answer(x->arena, all, everything, &request, CEDAR_CLOSED, 4 * REASONS_WISHES_MAX);
    x->out->wishes = arena_make_n(x->arena, REASONS_WISHES_MAX, struct wish);
    for (size_t i = 0; i < cedar_why_count(why) && x->out->n_wishes < REASONS_WISHES_MAX; i++)
        if (wish_of(x, why, i, &x->out->wishes[x->out->n_wishes]))
            x->out->n_wishes++;
}

struct reasons policy_reasons(struct arena *a, const struct registry *r, const struct person *p,
                              const struct service *s, const struct circumstances *now)
{
    struct reasons out = { .decision = policy_decide(r, p, s, now) };
    const struct set *set = set_of(r);

    out.at = arena_make_n(a, p->affiliation_count + 1, struct reasons_at);
    for (size_t i = 0; i < p->affiliation_count; i++) {
        const struct affiliation *at = &p->affiliations[i];
        const struct provider *provider = registry_provider_oid(r, at->provider_oid);
        if (provider == NULL || at->role == ROLE_NONE || !affiliation_valid(at, now->now_s))
            continue;
        struct reasons_at *here = &out.at[out.n++];
        *here = (struct reasons_at){ .at = at, .provider = provider };
        struct explaining x = { .arena = a, .r = r, .set = set, .person = p, .service = s, .now = now, .out = here };
        x.asking = asking_of(a, set, p, at, provider, now);
        sum_up(&x);
        struct settled settled = settle(&x.says);
        here->outside = receipts_over(r, provider, s, at, now->now_s).outside;
        here->permitted = settled.place != 0 && !settled.forbid && !here->outside;
        here->forbidden = settled.forbid && !here->outside;
        list_reasons(&x, &settled);
        if (!here->permitted && !here->outside && s->enabled)
            list_wishes(&x);
    }
    return out;
}
