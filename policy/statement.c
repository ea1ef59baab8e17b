/* SPDX-License-Identifier: EUPL-1.2
 * Reading takes a policy apart into what must hold all together (scopes, `when`, `unless`, a && b, !(a || b)) and reads
 * each part by itself: as a set of values (values.h), or as a list of names.  What is read cannot fail when it is
 * evaluated; behind a part that is not read nothing is, since it might. */
#include "policy/statement.h"

#include "policy/cedar/lexer.h"
#include "policy/values.h"
#include "policy/windows.h"

enum {
    DEPTH_READ = 40, /* nobody writes conditions that nest deeper */
    WRITTEN_MAX_B = 4 << 20
};

struct reading {
    struct arena *a;
    const struct cedar_policy *p;
    struct statement *s;
    struct values left[THING_COUNT]; /* what the parts so far leave */
    bool asked[THING_COUNT];
    bool blocked;                    /* a part was not read */
    const struct cedar_expr *school; /* `principal has school`, until a school is named */
    bool network;                    /* `context has network` was asked */
};

static void rest(struct reading *r, struct cedar_span span)
{
    struct statement *s = r->s;

    if (!s->exact)
        return;
    s->exact = false;
    if (r->p->source != NULL && span.end > span.at && span.end <= r->p->source->text.n) {
        s->rest = str_sub(r->p->source->text, span.at, span.end - span.at);
        return;
    }
    struct buf b = buf_new(r->a, WRITTEN_MAX_B);
    cedar_policy_text(&b, r->p);
    s->rest = buf_str(&b);
}

/* ---- Names: providers, schools, groups, services, categories. */

enum name_type {
    NAMES_PROVIDER = 0,
    NAMES_SCHOOL,
    NAMES_GROUP,
    NAMES_SERVICE,
    NAMES_CATEGORY,
    NAMES_NETWORK,
    NAMES_COUNT
};

static const char *const name_types[NAMES_COUNT] = { "Provider", "School", "Group", "Service", "Category", "Network" };

/* What one part names, as a list for each type; one of these is asked for. */
struct named {
    struct strs of[NAMES_COUNT];
};

static bool is_service_of_disclosure(const struct cedar_expr *e)
{
    return is_attr(e, CEDAR_RESOURCE, "service");
}

/* May `e in T::"…"` (or e == T::"…") be asked here, as one of the fields? */
static bool may_name(const struct reading *r, const struct cedar_expr *e, bool in, enum name_type type)
{
    bool told = r->s->does == DOES_RELEASE, opens = r->s->does == DOES_OPEN || r->s->does == DOES_LEAVE;

    switch (type) {
    case NAMES_PROVIDER:
        return (in && is_var(e, CEDAR_PRINCIPAL)) || is_attr(e, CEDAR_PRINCIPAL, "provider");
    case NAMES_SCHOOL:
        return (in && is_var(e, CEDAR_PRINCIPAL)) ||
               (is_attr(e, CEDAR_PRINCIPAL, "school") && (r->school != NULL || r->s->whom.schools.n > 0));
    case NAMES_GROUP:
        return in && is_var(e, CEDAR_PRINCIPAL);
    case NAMES_NETWORK:
        return r->network && is_attr(e, CEDAR_CONTEXT, "network");
    case NAMES_SERVICE:
        return (opens && is_var(e, CEDAR_RESOURCE)) || (told && in && is_var(e, CEDAR_RESOURCE)) ||
               (told && is_service_of_disclosure(e));
    default:
        return ((opens || told) && in && is_var(e, CEDAR_RESOURCE)) ||
               (opens && is_attr(e, CEDAR_RESOURCE, "category")) || (told && in && is_service_of_disclosure(e)) ||
               (told && e->op == CEDAR_OP_ATTR && is_service_of_disclosure(e->kids[0]) &&
                str_eq(e->name, S("category")));
    }
}

/* Adds to a list that only this function adds to: it has room for a power of two.  A text of 64 kB may name thousands.
 */
static void push(struct arena *a, struct strs *list, struct str s)
{
    if ((list->n & (list->n - 1)) == 0) {
        struct str *at = arena_make_n(a, list->n > 0 ? 2 * list->n : 1, struct str);
        for (size_t i = 0; i < list->n; i++)
            at[i] = list->at[i];
        list->at = at;
    }
    list->at[list->n++] = s;
}

/* The texts of a list, each once, in its order; of `among` alone, where that is not empty. */
static struct strs once(struct arena *a, const struct strs *list, const struct strs *among)
{
    size_t size = 4;
    struct strs out = { 0 };

    while (size < 2 * (list->n + among->n))
        size *= 2;
    uint8_t *states = arena_alloc(a, size); /* of slots: 0 empty, 1 among, 2 taken */
    struct str *slots = arena_make_n(a, size, struct str);
    for (size_t i = 0; i < among->n + list->n; i++) {
        bool asked = i >= among->n;
        struct str s = asked ? list->at[i - among->n] : among->at[i];
        size_t k = str_hash(s, 0) & (size - 1);
        while (states[k] != 0 && !str_eq(slots[k], s))
            k = (k + 1) & (size - 1);
        if (asked && states[k] != 2 && (states[k] == 1 || among->n == 0)) {
            push(a, &out, s);
            states[k] = 2;
        } else if (!asked) {
            states[k] = 1;
        }
        if (states[k] != 0)
            slots[k] = s;
    }
    return out;
}

static bool name_one(struct reading *r, const struct cedar_expr *e, bool in, const struct cedar_expr *literal,
                     struct named *out)
{
    const struct cedar_value *v = literal->constant;

    for (enum name_type type = 0; v != NULL && v->kind == CEDAR_ENTITY && type < NAMES_COUNT; type++)
        if (str_eq(v->uid->type, str_of(name_types[type]))) {
            push(r->a, &out->of[type], v->uid->id);
            return may_name(r, e, in, type);
        }
    return false;
}

static bool name_set(struct reading *r, const struct cedar_expr *e, bool in, const struct cedar_expr *set,
                     struct named *out)
{
    for (uint32_t i = 0; i < set->n; i++)
        if (!name_one(r, e, in, set->kids[i], out))
            return false;
    return set->n > 0;
}

/* resource == Service::"a" || resource in [Service::"b"] || … */
static bool read_names(struct reading *r, const struct cedar_expr *e, bool negated, struct named *out)
{
    bool turned = e->n == 2 && e->kids[0]->constant != NULL;

    if (negated && e->op != CEDAR_OP_NE)
        return false;
    switch (e->op) {
    case CEDAR_OP_OR:
        for (uint32_t i = 0; i < e->n; i++)
            if (!read_names(r, e->kids[i], false, out))
                return false;
        return true;
    case CEDAR_OP_IN:
        return e->kids[1]->op == CEDAR_OP_SET ? name_set(r, e->kids[0], true, e->kids[1], out)
                                              : name_one(r, e->kids[0], true, e->kids[1], out);
    case CEDAR_OP_CONTAINS:
        return e->kids[0]->op == CEDAR_OP_SET && name_set(r, e->kids[1], false, e->kids[0], out);
    case CEDAR_OP_NE:
        return negated && name_one(r, e->kids[turned ? 1 : 0], false, e->kids[turned ? 0 : 1], out);
    case CEDAR_OP_EQ:
        return name_one(r, e->kids[turned ? 1 : 0], false, e->kids[turned ? 0 : 1], out);
    default:
        return false;
    }
}

/* A person is in one school and a service in one category, so two lists that must hold are what they share. */
static bool narrow(struct arena *a, struct strs *list, const struct strs *by)
{
    struct strs both = once(a, by, list);

    if (both.n > 0)
        *list = both;
    return both.n > 0;
}

static bool take_which(struct reading *r, const struct named *n)
{
    struct which *which = &r->s->which;
    const struct strs *services = &n->of[NAMES_SERVICE], *categories = &n->of[NAMES_CATEGORY];

    if (which->services.n == 0 && which->categories.n == 0) {
        const struct strs none = { 0 };
        *which = (struct which){ once(r->a, services, &none), once(r->a, categories, &none) };
        return true;
    }
    if (which->categories.n == 0 && categories->n == 0)
        return narrow(r->a, &which->services, services);
    return which->services.n == 0 && services->n == 0 && narrow(r->a, &which->categories, categories);
}

static bool take_names(struct reading *r, const struct named *n)
{
    struct whom *whom = &r->s->whom;
    size_t kinds = 0;

    for (enum name_type type = 0; type <= NAMES_GROUP; type++)
        kinds += n->of[type].n > 0;
    if (n->of[NAMES_NETWORK].n > 0)
        return kinds == 0 && n->of[NAMES_SERVICE].n == 0 && n->of[NAMES_CATEGORY].n == 0 &&
               narrow(r->a, &r->s->hours.networks, &n->of[NAMES_NETWORK]);
    if (n->of[NAMES_SERVICE].n > 0 || n->of[NAMES_CATEGORY].n > 0)
        return kinds == 0 && take_which(r, n);
    if (kinds != 1)
        return false;
    if (n->of[NAMES_SCHOOL].n > 0)
        return narrow(r->a, &whom->schools, &n->of[NAMES_SCHOOL]);
    if (n->of[NAMES_GROUP].n > 0)
        return narrow(r->a, &whom->groups, &n->of[NAMES_GROUP]);
    if (n->of[NAMES_PROVIDER].n != 1 ||
        (whom->provider.p != NULL && !str_eq(whom->provider, n->of[NAMES_PROVIDER].at[0])))
        return false;
    whom->provider = n->of[NAMES_PROVIDER].at[0];
    return true;
}

/* ---- Sets of values into fields, and whether they fit. */

/* from up to the last one that is in v without a gap; -1: none is. */
static int run_from(const struct values *v, int from, int end)
{
    while (from < end && values_has(v, (unsigned)from))
        from++;
    return from - 1;
}

static int first_from(const struct values *v, int from, int end)
{
    while (from < end && !values_has(v, (unsigned)from))
        from++;
    return from;
}

/* One piece of numbers, or, round the clock, what is left by one. */
static bool one_piece(const struct values *v, int begin, int end, bool round, int *from, int *to)
{
    *from = first_from(v, begin, end);
    *to = run_from(v, *from, end);
    int again = first_from(v, *to + 1, end), last = run_from(v, again, end);

    if (again == end)
        return true;
    if (!round || *from != begin || last != end - 1 || first_from(v, last + 1, end) != end)
        return false;
    *from = again;
    return true;
}

static uint32_t bits_of(const struct values *v, unsigned from, unsigned end)
{
    uint32_t bits = 0;

    for (unsigned n = from; n < end; n++)
        if (values_has(v, n))
            bits |= 1u << n;
    return bits;
}

static bool fits(enum thing thing, const struct values *v)
{
    int from, to;

    switch (thing) {
    case THING_ROLE:
    case THING_AGE:
    case THING_DAY:
        return !values_has(v, 0);
    case THING_LEVEL:
        return !values_has(v, 0) && one_piece(v, 1, LEVEL_MAX + 1, false, &from, &to);
    case THING_MINUTE:
        return one_piece(v, 0, MINUTES_A_DAY, true, &from, &to);
    case THING_ASSURANCE:
        return one_piece(v, 0, ASSURANCE_MAX + 1, false, &from, &to) && to == ASSURANCE_MAX;
    default:
        return true;
    }
}

static void fill(struct reading *r)
{
    struct statement *s = r->s;
    struct values all;
    int from, to;

    for (enum thing thing = 0; thing < THING_COUNT; thing++) {
        const struct values *v = &r->left[thing];
        all = values_all(thing);
        if (!r->asked[thing] || (thing != THING_ATTRIBUTE && values_eq(v, &all)))
            continue;
        switch (thing) {
        case THING_ROLE:
            s->whom.roles = bits_of(v, 1, ROLE_COUNT);
            break;
        case THING_AGE:
            s->whom.ages = bits_of(v, 1, AGE_ADULT + 1);
            break;
        case THING_LEVEL:
            (void)one_piece(v, 1, LEVEL_MAX + 1, false, &s->whom.level_from, &s->whom.level_to);
            break;
        case THING_ATTRIBUTE:
            s->attributes.bits = bits_of(v, 0, CLAIM_COUNT);
            break;
        case THING_WEEKDAY:
            s->hours.weekdays = (uint8_t)bits_of(v, 1, 8);
            break;
        case THING_MINUTE:
            (void)one_piece(v, 0, MINUTES_A_DAY, true, &from, &to);
            s->hours.minute_from = from;
            s->hours.minute_to = to + 1;
            break;
        case THING_DEVICE:
            s->hours.device = values_has(v, DEVICE_OWN) ? DEVICE_OWN : DEVICE_SHARED;
            break;
        case THING_DAY:
            s->hours.days = (uint8_t)bits_of(v, DAY_UNKNOWN + 1, DAY_COUNT);
            break;
        case THING_EXAM:
            s->hours.exam = values_has(v, 1) ? EXAM_DURING : EXAM_OUTSIDE;
            break;
        default:
            (void)one_piece(v, 0, ASSURANCE_MAX + 1, false, &s->hours.assurance, &to);
        }
    }
}

static bool is_settled(const struct reading *r, const struct truth *t, enum thing thing)
{
    struct values v = values_and(&t->fails, &r->left[thing]);

    return values_none(&v);
}

static bool read_values(struct reading *r, const struct cedar_expr *e, bool negated)
{
    enum thing thing = thing_of(e);
    struct truth t;

    if (thing == THING_COUNT || (thing == THING_ATTRIBUTE && r->s->does != DOES_RELEASE) || !truth_of(e, thing, &t) ||
        !is_settled(r, &t, thing))
        return false;
    struct values holds = negated ? values_not(thing, &t.holds) : t.holds, left = values_and(&holds, &r->left[thing]),
                  all = values_all(thing);
    if (values_none(&left) || (!fits(thing, &left) && !values_eq(&left, &all)))
        return false;
    r->left[thing] = left;
    r->asked[thing] = true;
    return true;
}

/* ---- Parts. */

static enum does does_of(const struct cedar_uid *action)
{
    if (!str_eq(action->type, S("Action")))
        return DOES_OTHER;
    return str_eq(action->id, S("open"))             ? DOES_OPEN
           : str_eq(action->id, S("leaveToSchools")) ? DOES_LEAVE
           : str_eq(action->id, S("release"))        ? DOES_RELEASE
                                                     : DOES_OTHER;
}

/* action == Action::"open", and [..].contains(action), `in`: the one action that is named, or NULL. */
static const struct cedar_uid *action_of(const struct cedar_expr *e, bool negated)
{
    const struct cedar_expr *x = e->n == 2 ? e->kids[0] : NULL, *y = e->n == 2 ? e->kids[1] : NULL;

    if (x == NULL || (e->op != (negated ? CEDAR_OP_NE : CEDAR_OP_EQ) &&
                      (negated || (e->op != CEDAR_OP_IN && e->op != CEDAR_OP_CONTAINS))))
        return NULL;
    const struct cedar_expr *literal = is_var(x, CEDAR_ACTION) ? y : x;
    if (!is_var(literal == y ? x : y, CEDAR_ACTION) || (e->op == CEDAR_OP_IN && literal != y) ||
        (literal->op == CEDAR_OP_SET) !=
            (e->op == CEDAR_OP_CONTAINS || (e->op == CEDAR_OP_IN && literal->op == CEDAR_OP_SET)))
        return NULL;
    if (literal->op == CEDAR_OP_SET)
        literal = literal->n == 1 ? literal->kids[0] : e;
    return literal->constant != NULL && literal->constant->kind == CEDAR_ENTITY ? literal->constant->uid : NULL;
}

static bool is_of_type(const struct reading *r, enum cedar_var var, struct str type)
{
    return var == CEDAR_PRINCIPAL
               ? str_eq(type, S("Person"))
               : (str_eq(type, S("Service")) && (r->s->does == DOES_OPEN || r->s->does == DOES_LEAVE)) ||
                     (str_eq(type, S("Disclosure")) && r->s->does == DOES_RELEASE);
}

/* What is so for all who are asked about: true, `principal is Person`. */
static bool is_granted(const struct reading *r, const struct cedar_expr *e, bool negated)
{
    if (e->constant != NULL)
        return e->constant->kind == CEDAR_BOOL && e->constant->boolean != negated;
    return !negated && e->op == CEDAR_OP_IS && e->n == 1 && e->kids[0]->op == CEDAR_OP_VAR &&
           (e->kids[0]->var == CEDAR_PRINCIPAL || e->kids[0]->var == CEDAR_RESOURCE) &&
           is_of_type(r, e->kids[0]->var, e->name);
}

static bool read_part(struct reading *r, const struct cedar_expr *e, bool negated)
{
    struct named named = { 0 };
    const struct cedar_uid *action = action_of(e, negated);

    if (action != NULL)
        return r->s->does != DOES_OTHER && does_of(action) == r->s->does;
    if (is_granted(r, e, negated))
        return true;
    if (!negated && e->op == CEDAR_OP_HAS && is_var(e->kids[0], CEDAR_PRINCIPAL) && str_eq(e->name, S("school"))) {
        r->school = r->school != NULL ? r->school : e;
        return true;
    }
    if (!negated && e->op == CEDAR_OP_HAS && is_var(e->kids[0], CEDAR_CONTEXT) && str_eq(e->name, S("network"))) {
        r->network = r->s->hours.in_network = true;
        return true;
    }
    return (read_names(r, e, negated, &named) && take_names(r, &named)) || read_values(r, e, negated);
}

/* Visits what must hold all together, in the order in which it is evaluated. */
static void each_part(const struct cedar_expr *e, bool negated, void (*visit)(void *, const struct cedar_expr *, bool),
                      void *with)
{
    if (e->op == CEDAR_OP_NOT)
        each_part(e->kids[0], !negated, visit, with);
    else if (e->op == (negated ? CEDAR_OP_OR : CEDAR_OP_AND))
        for (uint32_t i = 0; i < e->n; i++)
            each_part(e->kids[i], negated, visit, with);
    else
        visit(with, e, negated);
}

static void each_condition(const struct cedar_policy *p, void (*visit)(void *, const struct cedar_expr *, bool),
                           void *with)
{
    for (size_t i = 0; i < p->n_conditions; i++)
        each_part(p->conditions[i].body, p->conditions[i].unless, visit, with);
}

static void visit_part(void *with, const struct cedar_expr *e, bool negated)
{
    struct reading *r = with;

    if (!r->blocked && e->depth <= DEPTH_READ && read_part(r, e, negated))
        return;
    r->blocked = true;
    rest(r, e->span);
}

/* ---- Scopes. */

static void visit_action(void *with, const struct cedar_expr *e, bool negated)
{
    const struct cedar_uid **found = with, *action = action_of(e, negated);

    if (*found == NULL)
        *found = action;
}

static void read_action(struct reading *r)
{
    const struct cedar_scope *scope = &r->p->action;
    const struct cedar_uid *action = scope->kind == CEDAR_SCOPE_EQ || scope->kind == CEDAR_SCOPE_IN ? &scope->uid
                                     : scope->kind == CEDAR_SCOPE_IN_SET && scope->n_uids == 1      ? scope->uids
                                                                                                    : NULL;

    if (scope->kind == CEDAR_SCOPE_ANY)
        each_condition(r->p, visit_action, &action);
    if (action != NULL)
        r->s->does = does_of(action);
    if (r->s->does == DOES_OTHER)
        rest(r, scope->span);
}

/* A scope is the part that it would be in `when`. */
static void read_scope(struct reading *r, const struct cedar_scope *scope, enum cedar_var var)
{
    const struct cedar_expr variable = { .op = CEDAR_OP_VAR, .var = var };
    struct cedar_value uid = CEDAR_ENTITY_OF(&scope->uid);
    const struct cedar_expr literal = { .op = CEDAR_OP_LIT, .value = uid, .constant = &uid };
    const struct cedar_expr *const kids[] = { &variable, &literal };
    const struct cedar_expr part = { .op = scope->kind == CEDAR_SCOPE_EQ ? CEDAR_OP_EQ : CEDAR_OP_IN,
                                     .depth = 2,
                                     .span = scope->span,
                                     .n = 2,
                                     .kids = kids };
    bool is = scope->kind == CEDAR_SCOPE_IS || scope->kind == CEDAR_SCOPE_IS_IN;

    if (scope->slot || (is && !is_of_type(r, var, scope->type)) ||
        (scope->kind != CEDAR_SCOPE_ANY && scope->kind != CEDAR_SCOPE_IS && !read_part(r, &part, false)))
        rest(r, scope->span);
}

struct statement statement_read(struct arena *a, const struct cedar_policy *p)
{
    struct statement s = { .forbid = p->effect == CEDAR_FORBID, .exact = true };
    struct reading r = { .a = a, .p = p, .s = &s };

    for (enum thing thing = 0; thing < THING_COUNT; thing++)
        r.left[thing] = values_all(thing);
    read_action(&r);
    read_scope(&r, &p->principal, CEDAR_PRINCIPAL);
    read_scope(&r, &p->resource, CEDAR_RESOURCE);
    each_condition(p, visit_part, &r);
    if (r.school != NULL && s.whom.schools.n == 0)
        rest(&r, r.school->span);
    fill(&r);
    return s;
}

/* ---- Writing. */

static bool settle_names(struct arena *a, struct strs *list)
{
    const struct strs none = { 0 };

    for (size_t i = 0; i < list->n; i++)
        if (list->at[i].p == NULL || !str_is_utf8(list->at[i]))
            return false;
    *list = once(a, list, &none);
    return true;
}

static bool settle_levels(struct whom *w)
{
    if (w->level_from == 0 && w->level_to == 0)
        return true;
    w->level_from = w->level_from == 0 ? 1 : w->level_from;
    w->level_to = w->level_to == 0 ? LEVEL_MAX : w->level_to;
    return w->level_from >= 1 && w->level_from <= w->level_to && w->level_to <= LEVEL_MAX;
}

static bool settle_minutes(struct hours *h)
{
    if (h->minute_from == 0 && (h->minute_to == 0 || h->minute_to == MINUTES_A_DAY)) {
        h->minute_to = 0;
        return true;
    }
    h->minute_to = h->minute_to == 0 ? MINUTES_A_DAY : h->minute_to;
    return h->minute_from >= 0 && h->minute_from < MINUTES_A_DAY && h->minute_to > 0 && h->minute_to <= MINUTES_A_DAY &&
           h->minute_from != h->minute_to;
}

static bool within(uint32_t bits, unsigned from, unsigned end)
{
    return (bits & ~(((1u << (end - from)) - 1) << from)) == 0;
}

bool hours_ask(const struct hours *h)
{
    return h->weekdays != 0 || h->minute_from != 0 || h->minute_to != 0 || h->device != DEVICE_ANY ||
           h->assurance != 0 || h->days != 0 || h->in_network || h->exam != EXAM_ANY;
}

bool fields_settle(struct arena *a, struct whom *whom, struct which *which, struct hours *hours)
{
    enum { WEEK = 0xFE };

    hours->in_network = hours->in_network || hours->networks.n > 0;
    if (hours->weekdays == WEEK)
        hours->weekdays = WEEKDAYS_ALL;
    return (whom->provider.p == NULL || str_is_utf8(whom->provider)) && settle_names(a, &whom->schools) &&
           settle_names(a, &whom->groups) && settle_names(a, &which->services) && settle_names(a, &which->categories) &&
           settle_levels(whom) && settle_minutes(hours) && within(whom->roles, ROLE_NONE + 1, ROLE_COUNT) &&
           within(whom->ages, AGE_UNDER13, AGE_ADULT + 1) && within(hours->weekdays, 1, 8) &&
           hours->device <= DEVICE_SHARED && hours->assurance >= 0 && hours->assurance <= ASSURANCE_MAX &&
           within(hours->days, DAY_UNKNOWN + 1, DAY_COUNT) && settle_names(a, &hours->networks) &&
           hours->exam <= EXAM_OUTSIDE;
}

static void write_uid(struct buf *b, const char *type, struct str id)
{
    buf_printf(b, "%s::", type);
    cedar_quote(b, id);
}

static void write_uids(struct buf *b, const char *type, const struct strs *ids)
{
    if (ids->n != 1)
        buf_byte(b, '[');
    for (size_t i = 0; i < ids->n; i++) {
        buf_add(b, i > 0 ? S(", ") : S(""));
        write_uid(b, type, ids->at[i]);
    }
    if (ids->n != 1)
        buf_byte(b, ']');
}

/* The names of the bits, as a list. */
static struct strs names_of(struct arena *a, uint32_t bits, const char *(*name)(unsigned))
{
    struct strs list = { 0 };

    for (unsigned n = 0; n < 32; n++)
        if ((bits >> n & 1) != 0)
            strs_add(a, &list, str_of(name(n)));
    return list;
}

static const char *name_of_role(unsigned n)
{
    return role_name((enum role)n);
}

static const char *name_of_claim(unsigned n)
{
    return claim_rows[n].word;
}

static struct strs role_ids(struct arena *a, uint32_t roles)
{
    struct strs any = { 0 };

    if (roles != ROLES_ANY)
        return names_of(a, roles, name_of_role);
    strs_add(a, &any, S("any"));
    return any;
}

/* The statement as parts: one stands in the scope of the principal, one in that of the resource. */
struct writing {
    struct buf *b;
    bool principal_taken, any_condition;
};

static void begin_condition(struct writing *w)
{
    buf_add(w->b, w->any_condition ? S(" && ") : S(" when { "));
    w->any_condition = true;
}

/* Moves a single name into the scope of the principal, where that is free. */
static void in_scope(struct writing *w, const char *type, struct strs *ids)
{
    if (w->principal_taken || ids->n != 1)
        return;
    buf_add(w->b, S(" in "));
    write_uids(w->b, type, ids);
    w->principal_taken = true;
    ids->n = 0;
}

static void write_in(struct writing *w, const char *variable, const char *type, const struct strs *ids)
{
    if (ids->n == 0)
        return;
    begin_condition(w);
    buf_printf(w->b, "%s in ", variable);
    write_uids(w->b, type, ids);
}

static void write_set(struct writing *w, struct strs words, bool quoted, const char *term)
{
    if (words.n == 0)
        return;
    begin_condition(w);
    buf_byte(w->b, '[');
    for (size_t i = 0; i < words.n; i++) {
        buf_add(w->b, i > 0 ? S(", ") : S(""));
        if (quoted)
            cedar_quote(w->b, words.at[i]);
        else
            buf_add(w->b, words.at[i]);
    }
    buf_printf(w->b, "].contains(%s)", term);
}

static void write_which(struct writing *w, const struct which *which)
{
    if (which->services.n == 0 || which->categories.n == 0) {
        write_in(w, "resource", "Service", &which->services);
        write_in(w, "resource", "Category", &which->categories);
        return;
    }
    begin_condition(w); /* a set holds one type */
    buf_add(w->b, S("(resource in "));
    write_uids(w->b, "Service", &which->services);
    buf_add(w->b, S(" || resource in "));
    write_uids(w->b, "Category", &which->categories);
    buf_byte(w->b, ')');
}

static void write_levels(struct writing *w, const struct whom *whom)
{
    if (whom->level_from == 0)
        return;
    begin_condition(w);
    buf_add(w->b, S("principal has classLevel"));
    if (whom->level_from == whom->level_to) {
        buf_printf(w->b, " && principal.classLevel == %d", whom->level_from);
        return;
    }
    if (whom->level_from > 1)
        buf_printf(w->b, " && principal.classLevel >= %d", whom->level_from);
    if (whom->level_to < LEVEL_MAX)
        buf_printf(w->b, " && principal.classLevel <= %d", whom->level_to);
}

static const char *digit_of(unsigned n)
{
    static const char *const digits[] = { "0", "1", "2", "3", "4", "5", "6", "7" };

    return digits[n & 7];
}

static void write_hours(struct writing *w, const struct hours *h)
{
    bool over_midnight = h->minute_from > h->minute_to;

    write_set(w, names_of(w->b->arena, h->weekdays, digit_of), false, "context.weekday");
    if (over_midnight) {
        begin_condition(w);
        buf_printf(w->b, "(context.minute >= %d || context.minute < %d)", h->minute_from, h->minute_to);
    }
    if (!over_midnight && h->minute_from > 0) {
        begin_condition(w);
        buf_printf(w->b, "context.minute >= %d", h->minute_from);
    }
    if (!over_midnight && h->minute_to > 0 && h->minute_to < MINUTES_A_DAY) {
        begin_condition(w);
        buf_printf(w->b, "context.minute < %d", h->minute_to);
    }
    if (h->device != DEVICE_ANY) {
        begin_condition(w);
        buf_printf(w->b, "context.device == Device::\"%s\"", h->device == DEVICE_OWN ? "own" : "shared");
    }
    if (h->assurance > 0) {
        begin_condition(w);
        buf_printf(w->b, "context.assurance >= %d", h->assurance);
    }
}

static const char *name_of_day(unsigned n)
{
    return day_kind_word((enum day_kind)n);
}

static void write_one_of(struct writing *w, const char *type, const struct strs *ids, const char *term)
{
    if (ids->n == 1) {
        buf_printf(w->b, "%s == ", term);
        write_uids(w->b, type, ids);
        return;
    }
    write_uids(w->b, type, ids);
    buf_printf(w->b, ".contains(%s)", term);
}

static void write_windows(struct writing *w, const struct hours *h)
{
    const struct strs days = names_of(w->b->arena, h->days, name_of_day);

    if (h->days != 0) {
        begin_condition(w);
        buf_add(w->b, S("context has term"));
    }
    if (days.n > 0 && days.n < DAY_COUNT - 1) {
        begin_condition(w);
        write_one_of(w, "Term", &days, "context.term");
    }
    if (h->in_network) {
        begin_condition(w);
        buf_add(w->b, S("context has network"));
    }
    if (h->networks.n > 0) {
        begin_condition(w);
        write_one_of(w, "Network", &h->networks, "context.network");
    }
    if (h->exam != EXAM_ANY) {
        begin_condition(w);
        buf_add(w->b, h->exam == EXAM_DURING ? S("context has exam") : S("!(context has exam)"));
    }
}

static const char *word_of(enum does does)
{
    return does == DOES_OPEN ? "open" : does == DOES_LEAVE ? "leaveToSchools" : "release";
}

static void write_parts(struct buf *b, const struct statement *s)
{
    struct strs provider = { 0 }, roles = role_ids(b->arena, s->whom.roles),
                claims = names_of(b->arena, s->attributes.bits, name_of_claim);
    struct writing w = { .b = b };
    struct which which = s->which;

    if (s->whom.provider.p != NULL)
        strs_add(b->arena, &provider, s->whom.provider);
    buf_printf(b, "%s (principal", s->forbid ? "forbid" : "permit");
    struct strs schools = s->whom.schools, groups = s->whom.groups;
    in_scope(&w, "Provider", &provider);
    in_scope(&w, "School", &schools);
    in_scope(&w, "Group", &groups);
    in_scope(&w, "Role", &roles);
    buf_printf(b, ", action == Action::\"%s\", resource", word_of(s->does));
    if (which.services.n + which.categories.n == 1) {
        bool service = which.services.n == 1;
        buf_add(b, service && s->does != DOES_RELEASE ? S(" == ") : S(" in "));
        write_uids(b, service ? "Service" : "Category", service ? &which.services : &which.categories);
        which = (struct which){ 0 };
    }
    buf_byte(b, ')');
    write_in(&w, "principal", "School", &schools);
    write_in(&w, "principal", "Group", &groups);
    write_in(&w, "principal", "Role", &roles);
    write_levels(&w, &s->whom);
    if (s->whom.ages != 0) {
        begin_condition(&w);
        buf_add(b, S("principal has age"));
        write_set(&w, names_of(b->arena, s->whom.ages, age_word), true, "principal.age");
    }
    write_which(&w, &which);
    if (s->does == DOES_RELEASE)
        write_in(&w, "resource", "Attribute", &claims);
    write_hours(&w, &s->hours);
    write_windows(&w, &s->hours);
    buf_add(b, w.any_condition ? S(" };") : S(";"));
}

void statement_write(struct buf *b, const struct statement *s)
{
    struct arena *a = arena_scratch(b->arena);
    struct statement settled = *s;
    struct buf raw = buf_new(a, WRITTEN_MAX_B);

    if (s->exact && s->does != DOES_OTHER && within(s->attributes.bits, 0, CLAIM_COUNT) &&
        fields_settle(a, &settled.whom, &settled.which, &settled.hours)) {
        write_parts(&raw, &settled);
        struct cedar_source source = { S("statement"), buf_str(&raw) };
        struct cedar_diags d = cedar_diags_new(a, &source);
        struct str text = buf_ok(&raw) ? cedar_format(a, &d) : (struct str){ 0 };
        if (text.p == NULL)
            b->over = true;
        else
            buf_add(b, text);
    }
    arena_free(a);
}
