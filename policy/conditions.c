/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/conditions.h"

#include "policy/facts.h"
#include "policy/form.h"

#include <string.h>

static const char *const names[CONDITION_COUNT] = { "",
#define X(condition, word) word,
                                                    CONDITIONS(X)
#undef X
};

const char *condition_name(enum condition_of of)
{
    return names[of];
}

enum condition_of condition_of_name(struct str name)
{
    for (int i = CONDITION_NONE + 1; i < CONDITION_COUNT; i++)
        if (str_eq(name, str_of(names[i])))
            return (enum condition_of)i;
    return CONDITION_NONE;
}

/* ── whether each holds ─────────────────────────────────────────────────── */

static bool one_of(const struct strs *list, struct str x)
{
    for (size_t i = 0; i < list->n; i++)
        if (str_eq(list->at[i], x))
            return true;
    return false;
}

static struct str school_id(struct arena *a, const struct standing *who)
{
    struct str key = str_is_set(who->at->school_oid) ? who->at->school_oid : who->at->school_code;
    const struct school *s = provider_school(who->provider, key);

    return s != NULL ? school_uid(a, who->provider, s) : (struct str){ NULL, 0 };
}

static bool is_there(struct arena *a, const struct whom *whom, const struct standing *who)
{
    return (!str_is_set(whom->provider) || str_eq(whom->provider, who->provider->id)) &&
           (whom->schools.n == 0 || one_of(&whom->schools, school_id(a, who)));
}

static bool in_group(struct arena *a, const struct whom *whom, const struct standing *who)
{
    return str_is_set(who->at->group) &&
           one_of(&whom->groups, arena_printf(a, "%.*s/%.*s", STR_ARG(school_id(a, who)), STR_ARG(who->at->group)));
}

static bool holds(struct arena *a, const struct statement *s, enum condition_of of, const struct standing *who,
                  const struct moment *m)
{
    int level = who->at->class_level;

    switch (of) {
    case CONDITION_PLACE:
        return is_there(a, &s->whom, who);
    case CONDITION_ROLE:
        return (s->whom.roles >> who->at->role & 1) != 0;
    case CONDITION_LEVEL:
        return level >= s->whom.level_from && level <= s->whom.level_to;
    case CONDITION_GROUP:
        return in_group(a, &s->whom, who);
    case CONDITION_AGE:
        return (s->whom.ages >> who->person->age & 1) != 0;
    case CONDITION_DAY:
        return hours_hold(&(struct hours){ .weekdays = s->hours.weekdays }, m);
    case CONDITION_HOURS:
        return hours_hold(&(struct hours){ .minute_from = s->hours.minute_from, .minute_to = s->hours.minute_to }, m);
    case CONDITION_DEVICE:
        return hours_hold(&(struct hours){ .device = s->hours.device }, m);
    case CONDITION_ASSURANCE:
        return m->assurance >= s->hours.assurance;
    case CONDITION_TERM:
        return hours_hold(&(struct hours){ .days = s->hours.days }, m);
    case CONDITION_NETWORK:
        return hours_hold(&(struct hours){ .in_network = true, .networks = s->hours.networks }, m);
    case CONDITION_EXAM:
        return hours_hold(&(struct hours){ .exam = s->hours.exam }, m);
    default:
        return false;
    }
}

static bool asks_for(const struct statement *s, enum condition_of of)
{
    switch (of) {
    case CONDITION_PLACE:
        return str_is_set(s->whom.provider) || s->whom.schools.n > 0;
    case CONDITION_ROLE:
        return s->whom.roles != 0;
    case CONDITION_LEVEL:
        return s->whom.level_from > 0;
    case CONDITION_GROUP:
        return s->whom.groups.n > 0;
    case CONDITION_AGE:
        return s->whom.ages != 0;
    case CONDITION_DAY:
        return s->hours.weekdays != 0;
    case CONDITION_HOURS:
        return s->hours.minute_from != 0 || s->hours.minute_to != 0;
    case CONDITION_DEVICE:
        return s->hours.device != DEVICE_ANY;
    case CONDITION_ASSURANCE:
        return s->hours.assurance > 0;
    case CONDITION_TERM:
        return s->hours.days != 0;
    case CONDITION_NETWORK:
        return s->hours.in_network;
    case CONDITION_EXAM:
        return s->hours.exam != EXAM_ANY;
    case CONDITION_REST:
        return !s->exact;
    default:
        return false;
    }
}

static enum met rest_met(enum verdict verdict, bool others)
{
    if (verdict == VERDICT_SETTLED || verdict == VERDICT_APPLIED)
        return MET_YES;
    return verdict == VERDICT_SILENT && others ? MET_NO : MET_UNKNOWN;
}

struct conditions policy_conditions(struct arena *a, const struct registry *r, struct str text, enum verdict verdict,
                                    const struct standing *who, enum lang lang)
{
    struct cedar_source *source = arena_make(a, struct cedar_source);
    struct condition *list = arena_make_n(a, CONDITION_COUNT, struct condition);
    struct conditions out = { list, 0 };
    const struct moment moment = moment_of(a, r, who->person, who->provider, who->at, who->now);
    bool others = true;

    *source = (struct cedar_source){ S("policy"), text };
    struct cedar_diags d = cedar_diags_new(a, source);
    const struct cedar_policies *p = cedar_policies_parse(a, &d, CEDAR_IDS_BY_POSITION);
    if (p == NULL || cedar_policies_n(p) != 1)
        return out;
    struct statement s = statement_read(a, cedar_policy_at(p, 0));
    for (int i = CONDITION_NONE + 1; i < CONDITION_COUNT; i++) {
        enum condition_of of = (enum condition_of)i;
        if (!asks_for(&s, of))
            continue;
        bool met = holds(a, &s, of, who, &moment);
        others = others && (met || of == CONDITION_REST);
        list[out.n++] = (struct condition){ .of = of,
                                            .met = of == CONDITION_REST ? rest_met(verdict, others)
                                                   : met                ? MET_YES
                                                                        : MET_NO,
                                            .words = condition_words(a, r, &s, of, lang),
                                            .is = condition_is(a, r, who, of, lang) };
    }
    return out;
}

/* ── what the person is told ────────────────────────────────────────────── */

/* Nobody is made an administrator to open a service. */
static bool only_officials(struct arena *a, struct str text)
{
    struct cedar_source source = { S("policy"), text };
    struct cedar_diags d = cedar_diags_new(a, &source);
    const struct cedar_policies *p = cedar_policies_parse(a, &d, CEDAR_IDS_BY_POSITION);

    if (p == NULL || cedar_policies_n(p) != 1)
        return true;
    struct statement s = statement_read(a, cedar_policy_at(p, 0));
    for (int i = ROLE_NONE + 1; i < ROLE_COUNT; i++)
        if ((s.whom.roles >> i & 1) != 0 && i != ROLE_ADMIN && !role_is_official((enum role)i))
            return false;
    return s.whom.roles != 0;
}

/* False: it is not the person's to know, or nothing that words can say. */
static bool lacks_of(struct arena *a, const struct registry *r, const struct wish *w, const struct standing *who,
                     enum lang lang, struct conditions *out)
{
    struct conditions all = policy_conditions(a, r, w->statement, VERDICT_SILENT, who, lang);
    struct condition *list = arena_make_n(a, all.n + 1, struct condition);

    *out = (struct conditions){ list, 0 };
    for (size_t i = 0; i < w->n; i++)
        if (w->parts[i].row != w->row)
            return false;
    for (size_t i = 0; i < all.n; i++) {
        struct condition c = all.at[i];
        if (c.of == CONDITION_REST && c.met != MET_YES)
            return false;
        if (c.met != MET_NO)
            continue;
        if (c.of == CONDITION_GROUP)
            c.words = c.is = S("");
        list[out->n++] = c;
    }
    return out->n > 0 && !only_officials(a, w->statement);
}

static bool same_lacks(const struct conditions *x, const struct conditions *y)
{
    bool same = x->n == y->n;

    for (size_t i = 0; same && i < x->n; i++)
        same = x->at[i].of == y->at[i].of && str_eq(x->at[i].words, y->at[i].words);
    return same;
}

static bool was_told(const struct telling *t, const struct conditions *lacks)
{
    for (size_t i = 0; i < t->n; i++)
        if (same_lacks(&t->ways[i].lacks, lacks))
            return true;
    return false;
}

/* Until when the exam is on that shuts it. */
static bool sits_exam(struct arena *a, const struct registry *r, const struct reasons *why,
                      const struct circumstances *now, int64_t *to_s)
{
    for (size_t i = 0; i < why->n; i++) {
        const struct windows w = windows_at(a, r, why->at[i].provider, why->at[i].at, now);
        if (why->at[i].forbidden && w.exam)
            *to_s = w.exam_to_s > *to_s ? w.exam_to_s : *to_s;
    }
    return *to_s != 0;
}

struct telling policy_told(struct arena *a, const struct registry *r, const struct person *p, const struct reasons *why,
                           const struct circumstances *now, enum lang lang)
{
    struct telling out = { .kind = why->n == 0 ? TOLD_NO_PLACE : TOLD_PLAIN };

    if (str_is_set(why->decision.failed))
        return out;
    if (str_eq(why->decision.rule, S(POLICY_OF_EXAMS)) && sits_exam(a, r, why, now, &out.exam_to_s)) {
        out.kind = TOLD_EXAM;
        return out;
    }
    for (size_t i = 0; i < why->n; i++)
        if (why->at[i].forbidden)
            return out;
    for (size_t i = 0; i < why->n; i++) {
        const struct standing who = { p, why->at[i].at, why->at[i].provider, now };
        for (size_t k = 0; k < why->at[i].n_wishes && out.n < TOLD_WAYS_MAX; k++) {
            const struct wish *w = &why->at[i].wishes[k];
            struct conditions lacks;
            if (lacks_of(a, r, w, &who, lang, &lacks) && !was_told(&out, &lacks))
                out.ways[out.n++] = (struct told_way){ w->row, who.at, lacks };
        }
    }
    out.kind = out.n > 0 ? TOLD_WAYS : out.kind;
    return out;
}

struct str told_code(struct arena *a, const struct telling *t)
{
    struct buf b = buf_new(a, 512);

    if (t->kind != TOLD_WAYS)
        return t->kind == TOLD_PLAIN ? S("plain") : t->kind == TOLD_EXAM ? S("exam") : S("no_place");
    for (size_t i = 0; i < t->n; i++) {
        buf_printf(&b, "%s%.*s:", i > 0 ? " " : "", STR_ARG(t->ways[i].row->id));
        for (size_t k = 0; k < t->ways[i].lacks.n; k++)
            buf_printf(&b, "%s%s", k > 0 ? "," : "", names[t->ways[i].lacks.at[k].of]);
    }
    return buf_ok(&b) ? buf_str(&b) : S("ways");
}
