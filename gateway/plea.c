/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/plea.h"

#include "policy/matrix.h"
#include "policy/reasons.h"

enum { SCHOOL_DAYS = 8, MORNING_S = 8 * 3600 /* UTC: ten or eleven in Finland */ };

static bool may_ever_ask(enum role role)
{
    return role == ROLE_TEACHER || role == ROLE_SUBSTITUTE || role == ROLE_PRINCIPAL || role == ROLE_SECRETARY ||
           role == ROLE_STAFF || role == ROLE_LEARNER;
}

static uint32_t bit_of(const struct affiliation *at)
{
    return 1u << (at->role == ROLE_LEARNER && at->class_level > 0 && at->class_level < PLEA_LEVELS ? at->class_level
                                                                                                   : 0);
}

/* ── open, or not ───────────────────────────────────────────────────────── */

static bool is_open_to(const struct registry *r, const struct affiliation *at, const struct service *s, int64_t at_s)
{
    struct affiliation one = *at;
    const struct person p = { .affiliations = &one, .affiliation_count = 1 };
    const struct circumstances now = { .now_s = at_s };

    return policy_decide(r, &p, s, &now).effect == EFFECT_ALLOW;
}

/* What is open in school hours is open; who asks in the evening asks for something else. */
static bool is_open_some_day(const struct registry *r, const struct affiliation *at, const struct service *s,
                             int64_t now_s)
{
    int64_t morning_s = now_s - now_s % 86400 + MORNING_S;

    if (is_open_to(r, at, s, now_s))
        return true;
    for (int day = 0; day < SCHOOL_DAYS; day++)
        if (is_open_to(r, at, s, morning_s + day * 86400))
            return true;
    return false;
}

/* ── where somebody may ask ─────────────────────────────────────────────── */

static bool is_left(struct arena *a, const struct registry *r, const struct plea_key *key, uint32_t levels,
                    const struct service *s, int64_t now_s)
{
    const struct area area = { key->provider, key->school };
    bool left = str_is_set(key->school);

    for (int level = 0; left && level < PLEA_LEVELS; level++)
        if ((levels >> level & 1u) != 0) {
            const struct matrix_who who = { key->role, level, level };
            left = !matrix_cell(a, r, &area, &who, s, now_s, NULL).inherited;
        }
    return left;
}

struct plea_key plea_key_of(const struct plea_place *at, const struct service *s)
{
    return (struct plea_key){ .provider = at->provider->id,
                              .school = at->school != NULL ? at->school->oid : S(""),
                              .service = s->id,
                              .role = at->at->role };
}

static bool is_listed(const struct plea_places *list, const struct plea_place *x)
{
    for (size_t i = 0; i < list->n; i++)
        if (list->at[i].provider == x->provider && list->at[i].school == x->school &&
            list->at[i].at->role == x->at->role)
            return true;
    return false;
}

/* What the nation forbids no municipality can open. */
static bool could_open(const struct registry *r, const struct affiliation *at, const struct service *s, int64_t now_s)
{
    struct affiliation one = *at;
    const struct person p = { .affiliations = &one, .affiliation_count = 1 };
    const struct circumstances now = { .now_s = now_s };
    const struct decision d = policy_decide(r, &p, s, &now);

    return policy_could_open(r, s, &d);
}

struct plea_places plea_places(struct arena *a, const struct registry *r, const struct person *p,
                               const struct service *s, int64_t now_s)
{
    struct plea_places out = { .n = 0 };

    for (size_t i = 0; i < p->affiliation_count && out.n < PLEA_PLACES_MAX; i++) {
        const struct affiliation *at = &p->affiliations[i];
        struct plea_place x = { .at = at, .provider = registry_provider_oid(r, at->provider_oid) };
        if (x.provider == NULL || !may_ever_ask(at->role) || !affiliation_valid(at, now_s))
            continue;
        x.school = provider_school(x.provider, str_is_set(at->school_oid) ? at->school_oid : at->school_code);
        if (x.school != NULL && !str_is_set(x.school->oid))
            x.school = NULL;
        if (is_listed(&out, &x) || is_open_some_day(r, at, s, now_s) || !could_open(r, at, s, now_s))
            continue;
        const struct plea_key key = plea_key_of(&x, s);
        x.left = is_left(a, r, &key, bit_of(at), s, now_s);
        out.at[out.n++] = x;
    }
    return out;
}

bool plea_decider(struct arena *a, const struct registry *r, const struct plea_key *key, uint32_t levels, int64_t now_s,
                  struct area *out)
{
    const struct provider *p = registry_provider(r, key->provider);
    const struct service *s = registry_service(r, key->service);

    if (p == NULL || s == NULL || key->role == ROLE_NONE ||
        (str_is_set(key->school) && provider_school(p, key->school) == NULL))
        return false;
    *out = (struct area){ .provider = p->id };
    if (is_left(a, r, key, levels, s, now_s))
        out->school = key->school;
    return true;
}

/* Somebody of those who ask, of one class level. */
static bool asker(const struct registry *r, const struct plea *p, int level, struct affiliation *out)
{
    const struct provider *of = registry_provider(r, p->key.provider);
    const struct school *school = of != NULL && str_is_set(p->key.school) ? provider_school(of, p->key.school) : NULL;

    if (of == NULL)
        return false;
    *out = (struct affiliation){ .provider_oid = of->oid, .role = p->key.role, .class_level = level };
    if (school != NULL) {
        out->school_oid = school->oid;
        out->school_code = school->code;
    }
    return true;
}

bool plea_met(const struct registry *r, const struct plea *p, int64_t now_s)
{
    const struct service *s = registry_service(r, p->key.service);
    struct affiliation at;
    bool met = s != NULL && p->levels != 0;

    for (int level = 0; met && level < PLEA_LEVELS; level++)
        if ((p->levels >> level & 1u) != 0)
            met = asker(r, p, level, &at) && is_open_some_day(r, &at, s, now_s);
    return met;
}

/* ── what would grant it ────────────────────────────────────────────────── */

struct plea_whom plea_whom_of(struct arena *a, const struct registry *r, const struct plea *p)
{
    const struct provider *of = registry_provider(r, p->key.provider);
    const struct school *school = of != NULL && str_is_set(p->key.school) ? provider_school(of, p->key.school) : NULL;
    struct plea_whom whom = { .service = p->key.service, .role = p->key.role };

    if (school != NULL)
        whom.school = school_uid(a, of, school);
    if ((p->levels & 1u) != 0) /* no policy says "without a class level" */
        return whom;
    for (int level = 1; level < PLEA_LEVELS; level++)
        if ((p->levels >> level & 1u) != 0) {
            whom.level_from = whom.level_from == 0 ? level : whom.level_from;
            whom.level_to = level;
        }
    return whom;
}

struct policy_form plea_form(struct arena *a, const struct provider *p, const struct plea_whom *whom,
                             struct claim_set release)
{
    struct policy_form form = { .opening = OPENING_PERMIT,
                                .whom = { .provider = p->id,
                                          .roles = 1u << whom->role,
                                          .level_from = whom->level_from,
                                          .level_to = whom->level_to },
                                .release = release };

    strs_add(a, &form.which.services, whom->service);
    if (str_is_set(whom->school))
        strs_add(a, &form.whom.schools, whom->school);
    return form;
}

static int last_level(const struct whom *w)
{
    return w->level_to != 0 ? w->level_to : LEVEL_MAX;
}

/* The levels beside one another: what lies between them was not asked for. */
static bool extend_levels(struct whom *w, const struct plea_whom *whom)
{
    int last = last_level(w);

    if (w->roles != 1u << whom->role || whom->level_from == 0 || (w->level_from == 0 && w->level_to == 0) ||
        whom->level_to + 1 < w->level_from || whom->level_from > last + 1)
        return false;
    w->level_from = whom->level_from < w->level_from ? whom->level_from : w->level_from;
    if (w->level_to != 0)
        w->level_to = whom->level_to > last ? whom->level_to : last;
    return true;
}

bool plea_widen(struct arena *a, struct policy_form *form, const struct plea_whom *whom)
{
    struct whom *w = &form->whom;
    const struct which *which = &form->which;
    bool same_levels = w->level_from == whom->level_from && w->level_to == whom->level_to,
         no_levels = same_levels && whom->level_to == 0, school = str_is_set(whom->school),
         same_place = school ? w->schools.n == 1 && str_eq(w->schools.at[0], whom->school) : w->schools.n == 0;

    if (form->opening != OPENING_PERMIT || hours_ask(&form->hours) || w->groups.n > 0 || w->ages != 0 ||
        which->categories.n > 0 || which->services.n != 1 || !str_eq(which->services.at[0], whom->service) ||
        w->roles == 0)
        return false;
    if (w->roles == 1u << whom->role && same_levels && school && w->schools.n > 0 &&
        !strs_has(&w->schools, whom->school)) {
        strs_add(a, &w->schools, whom->school);
        return true;
    }
    if (!same_place)
        return false;
    if (no_levels && (w->roles >> whom->role & 1u) == 0) {
        w->roles |= 1u << whom->role;
        return true;
    }
    return extend_levels(w, whom);
}

static bool has_column(const struct plea *p)
{
    for (size_t i = 0; i < MATRIX_COLUMNS; i++)
        if (matrix_columns[i].role == p->key.role)
            return true;
    return false;
}

static bool is_of(const struct policy *row, const struct area *area)
{
    const struct area whose = { .provider = row->provider != NULL ? row->provider->id : (struct str){ NULL, 0 },
                                .school = row->school != NULL ? row->school->oid : (struct str){ NULL, 0 } };

    return area_same(&whose, area);
}

/* What forbids it to those of one class level: it goes before all that could permit. */
static bool is_forbidden(const struct reasons *why, const struct area *decider, struct plea_remedy *out)
{
    for (size_t i = 0; why->n == 1 && why->at[0].forbidden && i < why->at[0].n_said; i++) {
        const struct reason *said = &why->at[0].said[i];
        if (said->verdict != VERDICT_SETTLED)
            continue;
        if (is_of(said->row, decider))
            *out = (struct plea_remedy){ PLEA_WAY_LIFT, said->row };
        return true;
    }
    return false;
}

static bool find_wider(struct arena *a, const struct reasons *why, const struct plea_whom *whom,
                       const struct area *decider, struct plea_remedy *out)
{
    for (size_t i = 0; why->n == 1 && i < why->at[0].n_wishes; i++) {
        const struct policy *row = why->at[0].wishes[i].row;
        struct policy_form form;
        struct str rest;
        if (is_of(row, decider) && policy_form_read(a, row->text, &form, &rest) && plea_widen(a, &form, whom)) {
            *out = (struct plea_remedy){ PLEA_WAY_WIDEN, row };
            return true;
        }
    }
    return false;
}

struct plea_remedy plea_remedy(struct arena *a, const struct registry *r, const struct plea *p,
                               const struct area *decider, int64_t now_s)
{
    const struct service *s = registry_service(r, p->key.service);
    const struct plea_whom whom = plea_whom_of(a, r, p);
    const struct circumstances now = { .now_s = now_s };
    struct plea_remedy out = { PLEA_WAY_NONE, NULL };
    struct affiliation at;
    bool wider = false;

    if (s == NULL || !asker(r, p, 0, &at))
        return out;
    if (str_is_set(decider->school) && has_column(p))
        return (struct plea_remedy){ PLEA_WAY_SCHOOL, NULL };
    const struct person one = { .affiliations = &at, .affiliation_count = 1 };
    for (at.class_level = 0; at.class_level < PLEA_LEVELS; at.class_level++) {
        if ((p->levels >> at.class_level & 1u) == 0)
            continue;
        const struct reasons why = policy_reasons(a, r, &one, s, &now);
        if (is_forbidden(&why, decider, &out))
            return out;
        wider = wider || find_wider(a, &why, &whom, decider, &out);
    }
    return wider ? out : (struct plea_remedy){ PLEA_WAY_NEW, NULL };
}
