/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/form.h"

enum { TEXT_MAX_B = 8 << 20 };

bool policy_form_tells(const struct policy_form *f)
{
    return (f->release.bits | f->withhold.bits) != 0;
}

bool policy_form_settle(struct arena *a, struct policy_form *f)
{
    if (f->opening == OPENING_NONE && !policy_form_tells(f)) {
        *f = (struct policy_form){ 0 };
        return true;
    }
    return f->opening <= OPENING_LEAVE && (f->release.bits | f->withhold.bits) < 1u << CLAIM_COUNT &&
           fields_settle(a, &f->whom, &f->which, &f->hours);
}

struct str policy_form_text(struct arena *a, const struct policy_form *form)
{
    struct policy_form f = *form;
    struct buf b = buf_new(a, TEXT_MAX_B);

    if (!policy_form_settle(a, &f))
        return (struct str){ 0 };
    struct statement s = { .does = f.opening == OPENING_LEAVE ? DOES_LEAVE : DOES_OPEN,
                           .forbid = f.opening == OPENING_FORBID,
                           .whom = f.whom,
                           .which = f.which,
                           .hours = f.hours,
                           .exact = true };
    if (f.opening != OPENING_NONE)
        statement_write(&b, &s);
    s.does = DOES_RELEASE;
    for (int forbid = 0; forbid < 2; forbid++) {
        s.forbid = forbid != 0;
        s.attributes = forbid ? f.withhold : f.release;
        if (s.attributes.bits == 0)
            continue;
        if (b.n > 0)
            buf_byte(&b, '\n');
        statement_write(&b, &s);
    }
    return buf_ok(&b) ? buf_str(&b) : (struct str){ 0 };
}

/* ---- Reading. */

static bool strs_eq(const struct strs *x, const struct strs *y)
{
    if (x->n != y->n)
        return false;
    for (size_t i = 0; i < x->n; i++)
        if (!str_eq(x->at[i], y->at[i]))
            return false;
    return true;
}

static bool whom_eq(const struct whom *x, const struct whom *y)
{
    return (str_eq(x->provider, y->provider) || (x->provider.p == NULL && y->provider.p == NULL)) &&
           strs_eq(&x->schools, &y->schools) && strs_eq(&x->groups, &y->groups) && x->roles == y->roles &&
           x->level_from == y->level_from && x->level_to == y->level_to && x->ages == y->ages;
}

static bool hours_eq(const struct hours *x, const struct hours *y)
{
    return x->weekdays == y->weekdays && x->minute_from == y->minute_from && x->minute_to == y->minute_to &&
           x->device == y->device && x->assurance == y->assurance && x->days == y->days &&
           x->in_network == y->in_network && strs_eq(&x->networks, &y->networks) && x->exam == y->exam;
}

bool policy_form_eq(const struct policy_form *x, const struct policy_form *y)
{
    return x->opening == y->opening && x->release.bits == y->release.bits && x->withhold.bits == y->withhold.bits &&
           whom_eq(&x->whom, &y->whom) && strs_eq(&x->which.services, &y->which.services) &&
           strs_eq(&x->which.categories, &y->which.categories) && hours_eq(&x->hours, &y->hours);
}

static struct str of_span(struct str text, struct cedar_span span)
{
    return str_sub(text, span.at, span.end - span.at);
}

/* What the statement says as a form; OPENING_NONE and nothing told: nothing that a form can. */
static struct policy_form form_of(const struct statement *s)
{
    struct policy_form f = { .whom = s->whom, .which = s->which, .hours = s->hours };

    if (!s->exact)
        return f;
    if (s->does == DOES_OPEN)
        f.opening = s->forbid ? OPENING_FORBID : OPENING_PERMIT;
    else if (s->does == DOES_LEAVE && !s->forbid)
        f.opening = OPENING_LEAVE;
    else if (s->does == DOES_RELEASE)
        *(s->forbid ? &f.withhold : &f.release) = s->attributes;
    return f;
}

/* Takes one statement in; false: it does not fit to what was before. */
static bool take(struct policy_form *f, const struct policy_form *one, bool first)
{
    struct policy_form same = *one;

    if (one->opening == OPENING_NONE && !policy_form_tells(one))
        return false;
    if (first) {
        *f = *one;
        return true;
    }
    same.opening = f->opening;
    same.release = f->release;
    same.withhold = f->withhold;
    if (!policy_form_eq(f, &same) || (f->opening != OPENING_NONE && one->opening != OPENING_NONE) ||
        (f->release.bits != 0 && one->release.bits != 0) || (f->withhold.bits != 0 && one->withhold.bits != 0))
        return false;
    f->opening = f->opening != OPENING_NONE ? f->opening : one->opening;
    f->release.bits |= one->release.bits;
    f->withhold.bits |= one->withhold.bits;
    return true;
}

/* What a form would lose although it decides nothing. */
static bool find_comment(struct str text, struct str *rest)
{
    bool quoted = false;

    for (size_t i = 0; i + 1 < text.n; i++) {
        if (quoted && text.p[i] == '\\')
            i++;
        else if (text.p[i] == '"')
            quoted = !quoted;
        else if (!quoted && text.p[i] == '/' && text.p[i + 1] == '/') {
            size_t end = str_find_byte(text, '\n', i);
            *rest = str_trim(str_sub(text, i, end - i));
            return true;
        }
    }
    return false;
}

/* The policies keep a copy of their text; people are shown their own. */
static struct str same_in(struct str text, const struct cedar_source *copy, struct str part)
{
    return str_sub(text, (size_t)(part.p - copy->text.p), part.n);
}

bool policy_form_read(struct arena *a, struct str text, struct policy_form *out, struct str *rest)
{
    struct cedar_source *source = arena_make(a, struct cedar_source);

    *source = (struct cedar_source){ S("policy"), text };
    *out = (struct policy_form){ 0 };
    *rest = text;
    struct cedar_diags d = cedar_diags_new(a, source);
    const struct cedar_policies *p = cedar_policies_parse(a, &d, CEDAR_IDS_BY_POSITION);
    if (p == NULL) {
        for (size_t i = 0; i < d.n && i < 1; i++)
            *rest = of_span(text, d.items[i].span);
        return false;
    }
    if (cedar_templates_n(p) > 0) {
        *rest = of_span(text, cedar_template_at(p, 0)->span);
        return false;
    }
    for (size_t i = 0; i < cedar_policies_n(p); i++) {
        const struct cedar_policy *one = cedar_policy_at(p, i);
        struct statement s = statement_read(a, one);
        struct policy_form f = form_of(&s);
        *rest = !s.exact                 ? same_in(text, one->source, s.rest)
                : one->n_annotations > 0 ? of_span(text, one->annotations[0].span)
                                         : of_span(text, one->span);
        if (!s.exact || one->n_annotations > 0 || !take(out, &f, i == 0))
            return false;
    }
    if (find_comment(text, rest))
        return false;
    *rest = (struct str){ 0 };
    return true;
}

/* ---- Rules of before. */

struct str school_uid(struct arena *a, const struct provider *p, const struct school *s)
{
    struct str code = str_is_set(s->code) ? s->code : s->oid;

    return str_is_set(code) ? arena_printf(a, "%.*s/%.*s", STR_ARG(p->id), STR_ARG(code)) : (struct str){ 0 };
}

const struct school *school_of_uid(const struct registry *r, struct str uid, const struct provider **p)
{
    size_t at = str_find_byte(uid, '/', 0);
    struct str code = str_from(uid, at + 1);

    *p = at < uid.n ? registry_provider(r, str_sub(uid, 0, at)) : NULL;
    const struct school *s = *p != NULL && code.n > 0 ? provider_school(*p, code) : NULL;
    return s != NULL && str_eq(str_is_set(s->code) ? s->code : s->oid, code) ? s : NULL;
}

struct policy_form policy_form_of_rule(struct arena *a, const struct rule_words *rule)
{
    struct policy_form f = { .opening = rule->forbid ? OPENING_FORBID : OPENING_PERMIT };

    f.whom.provider = rule->provider->id;
    f.whom.roles = rule->role != ROLE_NONE ? 1u << rule->role : ROLES_ANY;
    if (rule->school != NULL) {
        struct str uid = school_uid(a, rule->provider, rule->school);
        strs_add(a, &f.whom.schools, uid.p != NULL ? uid : S("")); /* nobody can be seen as of such a school */
    }
    if (rule->service != NULL)
        strs_add(a, &f.which.services, rule->service->id);
    if (!rule->forbid)
        f.release = rule->release;
    return f;
}

struct policy policy_of_rule(struct arena *a, struct str id, const struct rule_words *rule)
{
    struct policy_form form = policy_form_of_rule(a, rule);

    return (struct policy){ .id = id,
                            .layer = LAYER_MUNICIPALITY,
                            .provider = rule->provider,
                            .text = policy_form_text(a, &form),
                            .enabled = true };
}
