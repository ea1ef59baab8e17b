/* SPDX-License-Identifier: EUPL-1.2
 * The search for alternatives: policies by how little they lack, the first ones tried. */
#include "policy/cedar/why.h"

#include "policy/cedar/json.h"
#include "policy/cedar/json_value.h"
#include "policy/cedar/sort.h"

struct alternative {
    const struct cedar_policy *policy; /* NULL: none applies any more */
    uint32_t cost;
    size_t n;
    struct difference *list;
    bool concrete;
};

struct cedar_why {
    enum cedar_decision decision;
    struct world world;
    size_t n;
    struct alternative *all;
};

struct search {
    struct arena *arena, *scratch; /* scratch: of the policy or alternative at hand */
    const struct cedar_policies *policies;
    struct world world;
    struct cedar_answer answer;
    enum cedar_rule rule;
    uint64_t work; /* left */
    struct cedar_why *why;
};

/* What one alternative is made of until it changes the answer. */
struct attempt {
    const struct cedar_policy *policy; /* that is to apply; NULL: no permit is to */
    const struct difference *list[WHY_DIFFERENCES];
    size_t n;
    bool over; /* there is a contradiction, or no room */
};

static void count(struct search *s, uint64_t work)
{
    s->work -= work < s->work ? work : s->work;
}

static void spend(struct search *s, uint64_t work)
{
    count(s, work);
    arena_spend(s->arena, work);
}

/* Making differences and deciding ------------------------------------------------------ */

static bool changes_store(const struct difference *d)
{
    return d->subject.of == SUBJECT_ENTITY || d->kind == CEDAR_DIFFERENCE_TYPE;
}

static bool try(struct search *s, struct arena *a, const struct difference *const *list, size_t n, struct world *world,
                struct cedar_answer *answer)
{
    struct cedar_assumed assumed[WHY_DIFFERENCES];
    uint64_t steps;
    size_t n_assumed = 0;
    bool store = false;

    for (size_t i = 0; i < n; i++) {
        store = store || changes_store(list[i]);
        if (is_whole_text(list[i]))
            assumed[n_assumed++] = (struct cedar_assumed){ list[i]->text, list[i]->kind == CEDAR_DIFFERENCE_HOLDS };
    }
    spend(s, 64 + (store ? 16 * (uint64_t)s->world.entities->n : 0));
    if (s->work == 0 || !world_make(a, &s->world, list, n, world))
        return false;
    *answer = authorize_assuming(a, s->policies, world->entities, &world->request, s->rule, assumed, n_assumed, &steps);
    count(s, steps / WHY_STEPS);
    return true;
}

/* Lists of differences ------------------------------------------------------------------ */

/* Is what a says settled by b, which is about the same, or about something inside of it? */
static bool told_by(const struct difference *a, const struct difference *b)
{
    struct difference outer = *b;

    if (a->kind != CEDAR_DIFFERENCE_PRESENT || b->subject.n < a->subject.n)
        return false;
    outer.subject.n = a->subject.n;
    return b->kind != CEDAR_DIFFERENCE_ABSENT && difference_same_subject(a, &outer);
}

/* Things that cannot both be so.  (What is left is tried.) */
static bool contradict(const struct difference *a, const struct difference *b)
{
    if (!difference_same_subject(a, b))
        return false;
    if (is_whole_text(a))
        return a->kind != b->kind;
    return a->kind == CEDAR_DIFFERENCE_EQUAL && b->kind == CEDAR_DIFFERENCE_EQUAL &&
           !cedar_value_eq(&a->example, &b->example);
}

static void take_out(struct attempt *t, size_t i)
{
    for (t->n--; i < t->n; i++)
        t->list[i] = t->list[i + 1];
}

/* The one that is said again is made last. */
static void add_one(struct attempt *t, const struct difference *d)
{
    for (size_t i = 0; i < t->n; i++) {
        const struct difference *old = t->list[i];
        t->over = t->over || contradict(old, d);
        if (told_by(d, old))
            return;
        if (told_by(old, d) || (difference_same_subject(old, d) && old->kind == d->kind && old->add == d->add &&
                                (is_whole_text(d) || cedar_value_eq(&old->example, &d->example))))
            take_out(t, i--);
    }
    if (t->n == WHY_DIFFERENCES)
        t->over = true;
    else
        t->list[t->n++] = d;
}

static void add_all(struct attempt *t, const struct wants *w)
{
    for (; w != NULL && w->first != NULL; w = w->second)
        add_all(t, w->first);
    if (w == NULL)
        t->over = true;
    else if (w->one != NULL)
        add_one(t, w->one);
}

/* One alternative ---------------------------------------------------------------------- */

static bool is_among(const struct cedar_policy *p, const struct cedar_answer *answer)
{
    for (size_t i = 0; i < answer->n_reasons; i++)
        if (answer->reasons[i] == p)
            return true;
    return false;
}

/* What the answer still lacks in that world. */
static void add_needs(struct search *s, struct attempt *t, const struct world *world, const struct cedar_answer *answer)
{
    struct differ x = { .arena = s->scratch, .settled = t->list, .n_settled = t->n };

    authorize_start(&x.eval, x.sides, s->scratch, world->entities, &world->request);
    for (size_t i = 0; i < answer->n_reasons && !t->over; i++)
        if (answer->reasons[i]->effect != (s->why->decision == CEDAR_ALLOW ? CEDAR_FORBID : CEDAR_PERMIT) &&
            (s->why->decision == CEDAR_DENY || t->policy == NULL)) {
            add_all(t, differ_avoid(&x, answer->reasons[i]));
            spend(s, WHY_POLICY_WORK - x.eval.work);
        }
    if (t->policy != NULL && !is_among(t->policy, answer) && !t->over) {
        add_all(t, differ_apply(&x, t->policy));
        spend(s, WHY_POLICY_WORK - x.eval.work);
    }
}

/* Does the answer change without difference i, too?  Then nobody needs it. */
static bool drop_if_idle(struct search *s, struct attempt *t, size_t i)
{
    struct arena *scratch = arena_scratch(s->scratch);
    struct attempt without = *t;
    struct cedar_answer answer;
    struct world world;

    take_out(&without, i);
    bool idle = try(s, scratch, without.list, without.n, &world, &answer) && answer.decision != s->why->decision &&
                (t->policy == NULL || is_among(t->policy, &answer));
    arena_free(scratch);
    if (idle)
        *t = without;
    return idle;
}

/* Until each is needed: one that goes may leave another without use. */
static void drop_idle(struct search *s, struct attempt *t)
{
    for (size_t i = t->n; i-- > 0 && t->n > 1;)
        if (drop_if_idle(s, t, i))
            i = t->n;
}

static struct cedar_value kept_value(struct arena *a, const struct cedar_value *v);

static const struct cedar_uid *kept_uid(struct arena *a, const struct cedar_uid *uid)
{
    struct cedar_uid *kept = arena_make(a, struct cedar_uid);

    *kept = *uid;
    kept->type = arena_str(a, uid->type);
    kept->id = arena_str(a, uid->id);
    return kept;
}

static const struct cedar_record *kept_record(struct arena *a, const struct cedar_record *r)
{
    struct cedar_field *fields = arena_make_n(a, r->n, struct cedar_field);
    struct cedar_record *kept = arena_make(a, struct cedar_record);

    for (size_t i = 0; i < r->n; i++)
        fields[i] = (struct cedar_field){ arena_str(a, r->fields[i].name), kept_value(a, &r->fields[i].value) };
    *kept = (struct cedar_record){ r->n, fields };
    return kept;
}

static const struct cedar_set *kept_set(struct arena *a, const struct cedar_set *s)
{
    struct cedar_value *items = arena_make_n(a, s->n, struct cedar_value);
    struct cedar_set *kept = arena_make(a, struct cedar_set);

    for (size_t i = 0; i < s->n; i++)
        items[i] = kept_value(a, &s->items[i]);
    *kept = (struct cedar_set){ s->n, items };
    return kept;
}

/* As deep as the value. */
static struct cedar_value kept_value(struct arena *a, const struct cedar_value *v)
{
    struct cedar_value kept = *v;

    switch (v->kind) {
    case CEDAR_STRING:
        kept.text = arena_str(a, v->text);
        break;
    case CEDAR_ENTITY:
        kept.uid = kept_uid(a, v->uid);
        break;
    case CEDAR_SET:
        kept.set = kept_set(a, v->set);
        break;
    case CEDAR_RECORD:
        kept.record = kept_record(a, v->record);
        break;
    case CEDAR_IP: {
        struct cedar_ip *ip = arena_make(a, struct cedar_ip);
        *ip = *v->ip;
        kept.ip = ip;
        break;
    }
    default:
        break;
    }
    return kept;
}

/* A node that stands for how something would be asked for is made again where it stays. */
static const struct cedar_expr *kept_path(struct arena *a, const struct difference *d)
{
    if (d->kind != CEDAR_DIFFERENCE_PRESENT && d->kind != CEDAR_DIFFERENCE_ABSENT)
        return d->path;
    struct cedar_expr *path = arena_make(a, struct cedar_expr);
    *path = *d->path;
    return path;
}

static struct difference kept_difference(struct arena *a, const struct difference *d, const struct world *world)
{
    struct difference kept = *d;
    struct str *names = arena_make_n(a, d->subject.n, struct str);

    for (size_t i = 0; i < d->subject.n; i++)
        names[i] = arena_str(a, d->subject.names[i]);
    kept.path = d->path != NULL ? kept_path(a, d) : NULL;
    kept.subject.names = names;
    if (d->subject.uid != NULL)
        kept.subject.uid = kept_uid(a, d->subject.uid);
    struct cedar_value example = is_of_groups(d) || is_whole_text(d) ? d->example : world_value(world, &d->subject);
    kept.needed = kept_value(a, &d->needed);
    kept.example = kept_value(a, &example);
    return kept;
}

static void keep(struct search *s, const struct attempt *t)
{
    struct alternative *to = &s->why->all[s->why->n];
    struct cedar_answer answer;
    struct world world;

    *to = (struct alternative){
        .policy = t->policy, .n = t->n, .concrete = true, .list = arena_make_n(s->arena, t->n, struct difference)
    };
    if (!try(s, s->scratch, t->list, t->n, &world, &answer))
        return;
    for (size_t i = 0; i < t->n; i++) {
        to->list[i] = kept_difference(s->arena, t->list[i], &world);
        to->cost += t->list[i]->cost;
        to->concrete = to->concrete && !is_whole_text(t->list[i]);
    }
    s->why->n++;
}

/* Makes more and more different until the answer changes. */
static void attempt(struct search *s, const struct cedar_policy *policy)
{
    struct attempt t = { .policy = policy };
    struct cedar_answer answer = s->answer;
    struct world worlds[WHY_ROUNDS + 1]; /* differences point into them */
    bool changed = false;

    s->scratch = arena_scratch(s->arena);
    worlds[0] = s->world;
    for (size_t i = 0; i < WHY_ROUNDS && !changed && !t.over && s->work > 0; i++) {
        add_needs(s, &t, &worlds[i], &answer);
        if (t.over || !try(s, s->scratch, t.list, t.n, &worlds[i + 1], &answer))
            break;
        changed = answer.decision != s->why->decision;
    }
    if (changed) {
        drop_idle(s, &t);
        keep(s, &t);
    }
    arena_free(s->scratch);
}

/* The search ------------------------------------------------------------------------- */

struct candidate {
    const struct cedar_policy *policy;
    uint32_t cost, number;
};

static int by_cost(const void *x, const void *y)
{
    const struct candidate *a = x, *b = y;

    return a->cost != b->cost ? (a->cost > b->cost) - (a->cost < b->cost)
                              : (a->number > b->number) - (a->number < b->number);
}

static int by_alternative_cost(const void *x, const void *y)
{
    const struct alternative *a = x, *b = y;

    return (a->cost > b->cost) - (a->cost < b->cost);
}

/* How little each policy lacks that would settle it. */
static size_t find_candidates(struct search *s, struct arena *a, struct candidate *out)
{
    enum cedar_effect effect = s->why->decision == CEDAR_DENY ? CEDAR_PERMIT : CEDAR_FORBID;
    struct arena *scratch = arena_scratch(a);
    struct differ x = { .arena = scratch };
    size_t n = 0;

    for (size_t i = 0; i < s->policies->n && s->work > 0; i++) {
        if (s->policies->items[i]->effect != effect)
            continue;
        authorize_start(&x.eval, x.sides, scratch, s->world.entities, &s->world.request);
        const struct wants *w = differ_apply(&x, s->policies->items[i]);
        spend(s, 8 + WHY_POLICY_WORK - x.eval.work);
        if (w != NULL)
            out[n++] = (struct candidate){ s->policies->items[i], w->cost, (uint32_t)i };
        arena_reset(scratch);
    }
    arena_free(scratch);
    cedar_sort(a, out, n, sizeof *out, by_cost);
    return n;
}

const struct cedar_why *cedar_explain_answer(struct arena *a, const struct cedar_policies *p,
                                             const struct cedar_entities *e, const struct cedar_request *r,
                                             enum cedar_rule rule, size_t max)
{
    struct cedar_why *why = arena_make(a, struct cedar_why);
    struct search s = { .arena = a, .policies = p, .world = { e, *r }, .rule = rule, .work = WHY_WORK, .why = why };
    struct arena *list = arena_scratch(a);
    struct candidate *candidates = arena_make_n(list, p->n, struct candidate);

    max = max < WHY_MAX ? max : WHY_MAX;
    why->world = s.world;
    why->all = arena_make_n(a, max + 1, struct alternative);
    s.answer = authorize_assuming(list, p, e, r, rule, NULL, 0, NULL);
    why->decision = s.answer.decision;
    size_t n = find_candidates(&s, list, candidates);
    if (why->decision == CEDAR_ALLOW && max > 0)
        attempt(&s, NULL);
    for (size_t i = 0; i < n && why->n < max && i < 4 * max && s.work > 0; i++)
        attempt(&s, candidates[i].policy);
    cedar_sort(a, why->all, why->n, sizeof *why->all, by_alternative_cost);
    arena_free(list);
    return why;
}

/* What was found ---------------------------------------------------------------------- */

enum cedar_decision cedar_why_decision(const struct cedar_why *why)
{
    return why != NULL ? why->decision : CEDAR_DENY;
}

size_t cedar_why_count(const struct cedar_why *why)
{
    return why != NULL ? why->n : 0;
}

const struct cedar_policy *cedar_why_policy(const struct cedar_why *why, size_t i)
{
    return i < cedar_why_count(why) ? why->all[i].policy : NULL;
}

bool cedar_why_concrete(const struct cedar_why *why, size_t i)
{
    return i < cedar_why_count(why) && why->all[i].concrete;
}

size_t cedar_why_difference_count(const struct cedar_why *why, size_t i)
{
    return i < cedar_why_count(why) ? why->all[i].n : 0;
}

const char *cedar_difference_name(enum cedar_difference_kind kind)
{
    static const char *const names[] = { [CEDAR_DIFFERENCE_NONE] = "none",
#define X(kind, name) [CEDAR_DIFFERENCE_##kind] = name,
                                         CEDAR_DIFFERENCES(X)
#undef X
    };

    return (size_t)kind < CEDAR_DIFFERENCE_COUNT ? names[kind] : "unknown";
}

const char *cedar_part_name(enum cedar_part part)
{
    static const char *const names[] = { "principal", "action", "resource", "condition" };

    return (size_t)part < sizeof names / sizeof *names ? names[part] : "unknown";
}

static const struct cedar_scope *scope_of(const struct difference *d)
{
    return d->part == CEDAR_PART_PRINCIPAL ? &d->policy->principal
           : d->part == CEDAR_PART_ACTION  ? &d->policy->action
                                           : &d->policy->resource;
}

static struct cedar_str text_of_value(struct arena *a, const struct cedar_value *v)
{
    struct buf b = buf_new(a, CEDAR_TEXT_MAX_B);

    if (v->kind == CEDAR_NONE)
        return cedar_text(NULL);
    cedar_value_text(&b, v);
    return (struct cedar_str){ buf_str(&b).p, buf_str(&b).n };
}

static struct cedar_value actual_of(const struct cedar_why *why, const struct difference *d)
{
    if (is_whole_text(d))
        return (struct cedar_value){ .kind = CEDAR_NONE };
    return is_of_groups(d) ? CEDAR_ENTITY_OF(d->subject.uid) : world_value(&why->world, &d->subject);
}

static struct cedar_str text_of_difference(struct arena *a, const struct difference *d)
{
    struct buf b = buf_new(a, CEDAR_TEXT_MAX_B);

    if (d->text != NULL)
        cedar_expr_text(&b, d->text);
    else
        cedar_scope_text(&b, scope_of(d), (enum cedar_var)d->part);
    return (struct cedar_str){ buf_str(&b).p, buf_str(&b).n };
}

static struct cedar_str text_of_subject(struct arena *a, const struct difference *d)
{
    struct buf b = buf_new(a, CEDAR_TEXT_MAX_B);

    if (is_whole_text(d))
        return cedar_text(NULL);
    if (d->path != NULL)
        cedar_expr_text(&b, d->path);
    else
        buf_add(&b, str_of(cedar_part_name(d->part)));
    return (struct cedar_str){ buf_str(&b).p, buf_str(&b).n };
}

bool why_difference(struct arena *a, const struct cedar_why *why, size_t i, size_t k, struct cedar_difference *out)
{
    *out = (struct cedar_difference){ .policy = NULL };
    if (k >= cedar_why_difference_count(why, i))
        return false;
    const struct difference *d = &why->all[i].list[k];
    struct cedar_span span = d->text != NULL ? d->text->span : scope_of(d)->span;
    struct cedar_value actual = actual_of(why, d);
    *out = (struct cedar_difference){ .policy = d->policy,
                                      .part = d->part,
                                      .condition = d->part == CEDAR_PART_CONDITION ? d->condition : 0,
                                      .kind = d->kind,
                                      .text = text_of_difference(a, d),
                                      .subject = text_of_subject(a, d),
                                      .actual = text_of_value(a, &actual),
                                      .needed = text_of_value(a, &d->needed),
                                      .example = text_of_value(a, &d->example),
                                      .begin = span.at,
                                      .end = span.end };
    if (d->subject.of == SUBJECT_ENTITY)
        out->owner = (struct cedar_name){ { d->subject.uid->type.p, d->subject.uid->type.n },
                                          { d->subject.uid->id.p, d->subject.uid->id.n } };
    return true;
}

/* JSON ------------------------------------------------------------------------------- */

static void add_value(struct buf *b, const char *member, const struct cedar_value *v)
{
    if (v->kind == CEDAR_NONE)
        return;
    buf_printf(b, ",\"%s\":", member);
    cedar_value_to_json(b, v);
}

static void add_subject(struct buf *b, const struct difference *d)
{
    const struct subject *s = &d->subject;

    if (is_whole_text(d))
        return;
    buf_add(b, S(",\"subject\":"));
    struct cedar_str text = text_of_subject(b->arena, d);
    cedar_json_quote(b, (struct str){ text.p, text.n });
    if (s->of == SUBJECT_ENTITY) {
        buf_add(b, S(",\"owner\":"));
        cedar_uid_to_json(b, s->uid);
    }
    for (size_t i = 0; i < s->n; i++) {
        buf_add(b, i > 0 ? S(",") : s->tag ? S(",\"tag\":[") : S(",\"path\":["));
        cedar_json_quote(b, s->names[i]);
    }
    if (s->n > 0)
        buf_byte(b, ']');
}

static void add_difference(struct buf *b, const struct cedar_why *why, const struct difference *d)
{
    struct cedar_value actual = actual_of(why, d);
    struct cedar_str text = text_of_difference(b->arena, d);

    buf_add(b, S("{\"policy\":"));
    cedar_json_quote(b, d->policy->id);
    buf_printf(b, ",\"part\":\"%s\"", cedar_part_name(d->part));
    if (d->part == CEDAR_PART_CONDITION)
        buf_printf(b, ",\"condition\":%zu", d->condition);
    buf_printf(b, ",\"kind\":\"%s\",\"text\":", cedar_difference_name(d->kind));
    cedar_json_quote(b, (struct str){ text.p, text.n });
    add_subject(b, d);
    add_value(b, "actual", &actual);
    add_value(b, "needed", &d->needed);
    add_value(b, "example", &d->example);
    buf_byte(b, '}');
}

void cedar_why_to_json(struct buf *b, const struct cedar_why *why)
{
    buf_printf(b, "{\"decision\":\"%s\",\"alternatives\":[", why->decision == CEDAR_ALLOW ? "allow" : "deny");
    for (size_t i = 0; i < why->n; i++) {
        const struct alternative *alternative = &why->all[i];
        buf_add(b, i > 0 ? S(",{") : S("{"));
        if (alternative->policy != NULL) {
            buf_add(b, S("\"policy\":"));
            cedar_json_quote(b, alternative->policy->id);
            buf_byte(b, ',');
        }
        buf_printf(b, "\"concrete\":%s,\"differences\":[", alternative->concrete ? "true" : "false");
        for (size_t k = 0; k < alternative->n; k++) {
            if (k > 0)
                buf_byte(b, ',');
            add_difference(b, why, &alternative->list[k]);
        }
        buf_add(b, S("]}"));
    }
    buf_add(b, S("]}"));
}
