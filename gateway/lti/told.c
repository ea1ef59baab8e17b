/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/lti/told.h"

#include "base/settings.h"
#include "gateway/flow.h"
#include "gateway/release.h"
#include "model/pairwise.h"
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
    const struct provider *provider = a != NULL ? registry_provider_oid(c->registry, a->provider_oid) : NULL;

    *out = (struct lti_told){ .given_name = json_get_str(all, S("given_name")),
                              .family_name = json_get_str(all, S("family_name")),
                              .name = json_get_str(all, S("name")),
                              .email = json_get_str(all, S("email")),
                              .learner_id = json_get_str(all, S("edu_learner_id")),
                              .role = role_of_name(json_get_str(first_of(all, S("edu_roles")), S("role"))),
                              .provider = provider != NULL ? provider->id : (struct str){ NULL, 0 },
                              .words = release_words(c->arena, &r) };
    if (a == NULL)
        return;
    out->at = (struct member){ .provider_oid = a->provider_oid,
                               .school_oid = a->school_oid,
                               .school_code = a->school_code,
                               .group = a->group,
                               .class_level = a->class_level };
    put_context(c, a, all, out);
}

static bool is_better(const struct lti_told *than, const struct lti_told *x)
{
    int a = x->context_id.p == NULL ? 0
            : x->is_school          ? 1
                                    : 2,
        b = than->context_id.p == NULL ? 0
            : than->is_school          ? 1
                                       : 2;

    return a > b || (a == b && than->role == ROLE_NONE && x->role != ROLE_NONE);
}

void told_find(struct ctx *c, const struct decision *d, struct lti_told *out)
{
    struct person alone = *c->person;
    struct lti_told one;
    bool found = false;

    *out = (struct lti_told){ .role = ROLE_NONE };
    alone.affiliation_count = 0;
    for (size_t i = 0; i < c->person->affiliation_count; i++) {
        if (!affiliation_valid(&c->person->affiliations[i], c->now_s))
            continue;
        alone.affiliations = &c->person->affiliations[i];
        alone.affiliation_count = 1;
        read_one(c, &alone, d, &one);
        if (!found || is_better(out, &one))
            *out = one;
        found = true;
    }
    if (!found)
        read_one(c, &alone, d, out);
}

struct claim_set told_claims(struct ctx *c, const struct decision *d)
{
    const struct release r = release_of(c, c->person, d);
    struct claim_set told = consent_claims(release_words(c->arena, &r));

    claim_add(&told, CLAIM_SUB);
    return told;
}
