/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/lti/told.h"

#include "base/settings.h"
#include "gateway/flow.h"
#include "gateway/release.h"
#include "model/pairwise.h"
#include "model/test_school.h"
#include "registry/consents.h"
#include "wire/json.h"

enum { SCOPES_MAX_B = 512 };

/* A tool asks for no scope: what its row asks for and policy releases is told. */
static struct str every_scope(struct arena *a)
{
    struct buf b = buf_new(a, SCOPES_MAX_B);

    for (int i = 0; i < CLAIM_COUNT; i++)
        if (!str_has_word(buf_str(&b), str_of(claim_rows[i].scope)))
            buf_printf(&b, "%s%s", b.n > 0 ? " " : "", claim_rows[i].scope);
    return buf_str(&b);
}

static struct release release_of(struct ctx *c, const struct person *p, const struct decision *d)
{
    return (struct release){ .registry = c->registry,
                             .person = p,
                             .service = c->service,
                             .decision = d,
                             .sub = S("-"),
                             .child = release_child(c->arena, c->seals, p, c->service->vendor, c->now_s),
                             .as_context = true,
                             .scope = every_scope(c->arena),
                             .lang = c->lang,
                             .now = flow_circumstances(c) };
}

static const struct json_value *first_of(const struct json_value *all, struct str name)
{
    const struct json_value *list = json_get(all, name);

    return list != NULL && list->type == JSON_ARRAY ? list->first : NULL;
}

static struct str text(const struct json_value *v)
{
    return v != NULL && v->type == JSON_STR ? v->text : (struct str){ NULL, 0 };
}

static struct str school_name(struct ctx *c, const struct json_value *school)
{
    const struct json_value *name = json_get(school, S("name"));
    struct str wanted = json_get_str(name, str_of(lang_tag(c->lang)));

    return wanted.p != NULL ? wanted : json_get_str(name, S("fi"));
}

/* A group has a name in its school alone, and a tool must not be able to tell from it which one another tool has. */
static struct str context_id(struct ctx *c, const struct affiliation *a, struct str group)
{
    struct str key = arena_printf(c->arena, "context\n%.*s\n%.*s\n%.*s", STR_ARG(a->provider_oid),
                                  STR_ARG(a->school_oid), STR_ARG(group));

    return pairwise_sub(c->arena, c->seals, key, c->service->vendor);
}

enum claim told_by_context(struct ctx *c, const struct member *m, struct str context)
{
    const struct affiliation of_school = { .provider_oid = m->provider_oid, .school_oid = m->school_oid };

    return str_eq(context, context_id(c, &of_school, S(""))) ? CLAIM_SCHOOL : CLAIM_GROUP;
}

static void put_context(struct ctx *c, const struct affiliation *a, const struct json_value *all, struct lti_told *out)
{
    const struct json_value *school = first_of(all, S("edu_schools"));
    struct str group = text(first_of(all, S("edu_groups"))), name = school_name(c, school);

    if (group.p == NULL && school == NULL)
        return;
    out->is_school = group.p == NULL;
    out->context_id = context_id(c, a, out->is_school ? S("") : group);
    out->context_label = out->is_school ? json_get_str(school, S("code")) : group;
    out->context_title = out->is_school     ? name
                         : str_is_set(name) ? arena_printf(c->arena, "%.*s, %.*s", STR_ARG(group), STR_ARG(name))
                                            : group;
}

/* With one affiliation, or none. */
static void read_one(struct ctx *c, const struct person *p, const struct decision *d, struct lti_told *out)
{
    const struct release r = release_of(c, p, d);
    struct fail unreadable = { 0 };
    const struct json_value *all = json_parse(c->arena, release_claims(c->arena, &r), &unreadable);
    const struct affiliation *a = p->affiliation_count > 0 ? &p->affiliations[0] : NULL;
    const struct provider *provider = a != NULL ? person_provider(c->registry, p, a->provider_oid) : NULL;

    struct str child = json_get_str(json_get(all, S("on_behalf_of")), S("child"));

    *out = (struct lti_told){ .given_name = json_get_str(all, S("given_name")),
                              .family_name = json_get_str(all, S("family_name")),
                              .name = json_get_str(all, S("name")),
                              .email = json_get_str(all, S("email")),
                              .learner_id = json_get_str(all, S("edu_learner_id")),
                              .role = role_of_name(json_get_str(first_of(all, S("edu_roles")), S("role"))),
                              .provider = provider != NULL ? provider->id : (struct str){ NULL, 0 },
                              .words = release_words(c->arena, &r) };
    if (str_is_set(child))
        strs_add(c->arena, &out->learners, child);
    if (a == NULL)
        return;
    out->at = (struct member){ .provider_oid = a->provider_oid,
                               .school_oid = a->school_oid,
                               .school_code = a->school_code,
                               .group = a->group,
                               .class_level = a->class_level,
                               .role = a->role };
    put_context(c, a, all, out);
}

static bool is_same(struct str a, struct str b)
{
    return (a.p == NULL) == (b.p == NULL) && str_cmp(a, b) == 0;
}

/* Of two that tell of one context, or of none, the one with a role. */
static void put_told(struct told_list *all, const struct lti_told *x)
{
    for (size_t i = 0; i < all->n; i++)
        if (is_same(all->at[i].context_id, x->context_id)) {
            if (all->at[i].role == ROLE_NONE)
                all->at[i] = *x;
            return;
        }
    all->at[all->n++] = *x;
}

static bool has_group_there(const struct told_list *all, const struct lti_told *school)
{
    for (size_t i = 0; i < all->n; i++)
        if (all->at[i].context_id.p != NULL && !all->at[i].is_school &&
            str_eq(all->at[i].at.provider_oid, school->at.provider_oid) &&
            str_cmp(all->at[i].at.school_oid, school->at.school_oid) == 0 &&
            str_cmp(all->at[i].at.school_code, school->at.school_code) == 0)
            return true;
    return false;
}

static bool is_needed(const struct told_list *all, const struct lti_told *x)
{
    if (x->context_id.p == NULL)
        return all->n == 1; /* where nothing else is told */
    return !x->is_school || !has_group_there(all, x);
}

/* Groups stay, so each is still there when its school is judged. */
static void drop_needless(struct told_list *all)
{
    size_t kept = 0;

    for (size_t i = 0; i < all->n; i++)
        if (is_needed(all, &all->at[i]))
            all->at[kept++] = all->at[i];
    all->n = kept;
}

struct told_list *told_all(struct ctx *c, const struct decision *d)
{
    struct told_list *all = arena_make(c->arena, struct told_list);
    struct person alone = *c->person;
    struct lti_told one;

    alone.affiliation_count = 0;
    for (size_t i = 0; i < c->person->affiliation_count && all->n < TOLD_MAX; i++) {
        if (!affiliation_valid(&c->person->affiliations[i], c->now_s))
            continue;
        alone.affiliations = &c->person->affiliations[i];
        alone.affiliation_count = 1;
        read_one(c, &alone, d, &one);
        put_told(all, &one);
    }
    drop_needless(all);
    if (all->n == 0) {
        alone.affiliation_count = 0;
        read_one(c, &alone, d, &all->at[all->n++]);
    }
    return all;
}

const struct lti_told *told_in(const struct told_list *all, struct str context)
{
    for (size_t i = 0; context.p != NULL && i < all->n; i++)
        if (str_eq(all->at[i].context_id, context))
            return &all->at[i];
    return NULL;
}

bool told_teaches(const struct lti_told *x)
{
    return x->context_id.p != NULL &&
           (x->at.role == ROLE_TEACHER || x->at.role == ROLE_SUBSTITUTE || x->at.role == ROLE_PRINCIPAL);
}

struct str told_title(const struct lti_told *x)
{
    return str_is_set(x->context_title) ? x->context_title : str_is_set(x->context_label) ? x->context_label : S("–");
}

const struct lti_told *told_usual(const struct told_list *all, struct str wanted)
{
    const struct lti_told *in = told_in(all, wanted);

    for (size_t i = 0; in == NULL && i < all->n; i++)
        if (all->at[i].context_id.p != NULL && !all->at[i].is_school)
            in = &all->at[i];
    for (size_t i = 0; in == NULL && i < all->n; i++)
        if (all->at[i].context_id.p != NULL)
            in = &all->at[i];
    return in != NULL ? in : &all->at[0];
}

struct claim_set told_claims(struct ctx *c, const struct decision *d)
{
    const struct release r = release_of(c, c->person, d);
    struct claim_set told = consent_claims(release_words(c->arena, &r));

    claim_add(&told, CLAIM_SUB);
    return told;
}
