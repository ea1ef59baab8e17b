/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/pages/tells.h"

#include "frame/receipt.h"
#include "frame/roles.h"
#include "frame/words.h"
#include "launcher/texts.h"
#include "model/test_school.h"
#include "model/when.h"

static const struct str none = { NULL, 0 };

static struct str provider_name(const struct ctx *c, const struct affiliation *a)
{
    const struct provider *p = person_provider(c->registry, c->person, a->provider_oid);

    return p != NULL ? names_in(&p->names, c->lang) : a->provider_oid;
}

static struct str school_name(const struct ctx *c, const struct affiliation *a)
{
    const struct provider *p = person_provider(c->registry, c->person, a->provider_oid);
    const struct school *s =
        p != NULL ? provider_school(p, str_is_set(a->school_oid) ? a->school_oid : a->school_code) : NULL;

    return s != NULL ? names_in(&s->names, c->lang) : a->school_code;
}

static struct str of_affiliation(struct ctx *c, enum claim claim)
{
    const struct affiliation *a = c->person->affiliations;

    if (c->person->affiliation_count != 1)
        return none;
    switch (claim) {
    case CLAIM_ROLES:
        return a->role != ROLE_NONE ? role_word(a->role, c->lang) : none;
    case CLAIM_SCHOOL:
        return school_name(c, a);
    case CLAIM_PROVIDER:
        return provider_name(c, a);
    case CLAIM_GROUP:
        return a->group;
    case CLAIM_CLASS_LEVEL:
        return a->class_level > 0 ? arena_printf(c->arena, "%d", a->class_level) : none;
    default:
        return none;
    }
}

static struct str age_of(const struct ctx *c)
{
    static const enum text ages[] = {
        [AGE_UNDER13] = T_age_under13, [AGE_13TO17] = T_age_13to17, [AGE_ADULT] = T_age_adult
    };

    return c->person->age != AGE_UNKNOWN ? text(ages[c->person->age], c->lang) : none;
}

static struct str value_of(struct ctx *c, enum claim claim)
{
    const struct person *p = c->person;

    switch (claim) {
    case CLAIM_SUB:
        return text(T_telling_sub, c->lang);
    case CLAIM_GIVEN_NAME:
        return p->given_names;
    case CLAIM_CALLING_NAME:
        return p->calling_name;
    case CLAIM_FAMILY_NAME:
        return p->family_name;
    case CLAIM_EMAIL:
        return p->email;
    case CLAIM_LEARNER_ID:
        return p->learner_id;
    case CLAIM_AGE:
        return age_of(c);
    default:
        return of_affiliation(c, claim);
    }
}

static struct str why_of(const struct ctx *c, enum claim claim)
{
    const struct purpose *p = service_purpose(c->service, claim);

    return p != NULL ? names_in(&p->why, c->lang) : none;
}

static struct str without(const struct ctx *c, enum claim claim)
{
    const struct purpose *p = service_purpose(c->service, claim);

    return p != NULL ? names_in(&p->without, c->lang) : none;
}

struct tells tells_of(struct ctx *c, struct claim_set told)
{
    const struct service *s = c->service;
    const struct idp *idp = person_idp(c->registry, c->person);
    struct telling_row *rows = arena_make_n(c->arena, CLAIM_COUNT, struct telling_row);
    struct tells t = { .service = names_in(&s->names, c->lang),
                       .provider =
                           idp != NULL && idp->provider != NULL ? names_in(&idp->provider->names, c->lang) : none,
                       .service_icon = icon_of(c->arena, s, c->lang),
                       .site = s->client.client_uri,
                       .policy = s->client.policy_uri,
                       .terms = s->client.tos_uri };

    for (int i = 0; i < CLAIM_COUNT; i++)
        if (claim_in(told, (enum claim)i))
            rows[t.rows.n++] = (struct telling_row){ claim_in_words((enum claim)i, c->lang), value_of(c, (enum claim)i),
                                                     why_of(c, (enum claim)i), without(c, (enum claim)i) };
    t.rows.at = rows;
    return t;
}

void tells_changed(struct ctx *c, const struct consent_look *x, struct tells *t)
{
    struct claim_set fresh = consent_fresh(x), gone = consent_gone(x);

    if (fresh.bits != 0)
        t->fresh = claims_in_words(c->arena, fresh, c->lang);
    if (gone.bits != 0)
        t->gone = claims_in_words(c->arena, gone, c->lang);
    if (fresh.bits != 0 || gone.bits != 0)
        t->since = when_full(c->arena, x->before.at_s, c->lang);
}
