/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/console/told.h"

#include "console/texts.h"
#include "model/pairwise.h"

enum { SCOPE_MAX_B = 4096, CHILD_MAX_LEVEL = 6 };

/* ── what leaves ────────────────────────────────────────────────────────── */

static struct str scope_of(struct arena *a, const struct service *s)
{
    struct buf b = buf_new(a, SCOPE_MAX_B);

    buf_add(&b, S("openid"));
    for (size_t i = 0; i < s->scopes.n; i++)
        if (!str_eq(s->scopes.at[i], S("openid"))) {
            buf_byte(&b, ' ');
            buf_add(&b, s->scopes.at[i]);
        }
    return buf_ok(&b) ? buf_str(&b) : S("openid");
}

static bool is_sayable(const struct release *r, enum claim claim)
{
    return r->whole ||
           *(r->service->profile == PROFILE_MPASS ? claim_rows[claim].mpass : claim_rows[claim].native) != '\0';
}

static enum held_back held_back_of(const struct release *r, const struct told_of *t, enum claim claim, int64_t now_s)
{
    bool asked = claim_in(service_asks(r->service, now_s), claim), granted = t->said[claim].granted != NULL;

    if (claim == CLAIM_SUB || claim_in(t->told, claim) || (!asked && !granted))
        return HELD_NOT;
    return !asked                               ? HELD_UNASKED
           : t->decision.effect != EFFECT_ALLOW ? HELD_SHUT
           : t->said[claim].withheld != NULL    ? HELD_WITHHELD
           : !granted                           ? HELD_UNGRANTED
           : !is_sayable(r, claim)              ? HELD_UNSAYABLE
           : !release_covers(r, claim)          ? HELD_SCOPE
                                                : HELD_EMPTY;
}

void told_make(struct arena *a, const struct told_ask *ask, struct told_of *out)
{
    struct str sub = pairwise_sub(a, ask->seals, S("example"), ask->service->vendor), words, word;
    const bool own_way = ask->protocol != NULL && ask->protocol->shows != NULL;
    const struct release r = { .registry = ask->registry,
                               .person = ask->person,
                               .service = ask->service,
                               .decision = &out->decision,
                               .sub = sub,
                               .scope = scope_of(a, ask->service),
                               .as = own_way ? RELEASE_AS_NATIVE : RELEASE_AS_ROW,
                               .whole = own_way,
                               .lang = ask->lang,
                               .now = ask->now };
    const struct id_facts facts = { .registry = ask->registry,
                                    .person = ask->person,
                                    .sub = sub,
                                    .client_id = ask->service->client_id,
                                    .nonce = S("example"),
                                    .sid = S("example"),
                                    .access_token = S("example"),
                                    .alg = jose_alg_named(ask->service->id_token_alg) };
    enum claim claim;

    *out = (struct told_of){ .decision = policy_decide(ask->registry, ask->person, ask->service, &ask->now),
                             .scope = r.scope };
    policy_claims(a, ask->registry, ask->person, ask->service, &ask->now, out->said);
    if (out->decision.effect == EFFECT_ALLOW) {
        if (own_way) {
            out->shown = ask->protocol->shows(a, &r);
        } else {
            out->userinfo = release_claims(a, &r);
            out->id_token = release_id_claims(a, &facts);
        }
        words = release_words(a, &r);
        while (str_split(&words, ' ', &word))
            if (claim_of_word(word, &claim))
                claim_add(&out->told, claim);
    }
    for (int i = 0; i < CLAIM_COUNT; i++)
        out->held[i] = held_back_of(&r, out, (enum claim)i, ask->now.now_s);
}

/* ── a person who is not ────────────────────────────────────────────────── */

static int age_of(const struct made_up *of)
{
    if (of->role != ROLE_LEARNER)
        return AGE_ADULT;
    return of->level > 0 && of->level <= CHILD_MAX_LEVEL ? AGE_UNDER13 : AGE_13TO17;
}

static const struct idp *idp_of(const struct registry *r, const struct provider *p)
{
    const struct registry_parts *parts = registry_parts(r);

    for (size_t i = 0; i < parts->idp_count; i++)
        if (parts->idps[i].provider == p && parts->idps[i].enabled)
            return &parts->idps[i];
    return NULL;
}

struct person *told_person(struct arena *a, const struct registry *r, const struct made_up *of, int64_t now_s)
{
    struct person *p = arena_make(a, struct person);
    struct affiliation *at = arena_make(a, struct affiliation);
    const struct idp *idp = idp_of(r, of->provider);
    bool learner = of->role == ROLE_LEARNER;

    *at = (struct affiliation){ .provider_oid = of->provider->oid,
                                .role = of->role,
                                .group = of->group,
                                .class_level = of->level,
                                .charge = learner && of->school != NULL ? 1 : 0 };
    if (of->school != NULL) {
        at->school_oid = of->school->oid;
        at->school_code = of->school->code;
    }
    *p = (struct person){ .id = S("example"),
                          .subject = S("example"),
                          .given_names = S("Esimerkki Maria"),
                          .calling_name = S("Esimerkki"),
                          .family_name = S("Testihenkilö"),
                          .email = arena_printf(a, "esimerkki.testihenkilo@%.*s.example", STR_ARG(of->provider->id)),
                          .origin = S("https://idp.example"),
                          .age = age_of(of),
                          .amr = S("pwd"),
                          .auth_time_s = now_s,
                          .affiliations = at,
                          .affiliation_count = 1 };
    if (learner) /* of the arc for tests, in which no learner has one */
        p->learner_id = S("1.2.246.562.98.00000000018");
    if (idp != NULL) {
        p->idp = idp->id;
        p->acr = idp->acr;
        p->origin = str_is_set(idp->issuer) ? idp->issuer : str_is_set(idp->entity_id) ? idp->entity_id : p->origin;
    }
    return p;
}

struct str told_basis(enum basis basis, enum lang lang)
{
    static const enum said words[BASIS_COUNT] = { [BASIS_CONSENT] = C_basis_consent,
                                                  [BASIS_CONTRACT] = C_basis_contract,
                                                  [BASIS_LEGAL_OBLIGATION] = C_basis_legal_obligation,
                                                  [BASIS_VITAL_INTERESTS] = C_basis_vital_interests,
                                                  [BASIS_PUBLIC_TASK] = C_basis_public_task,
                                                  [BASIS_LEGITIMATE_INTERESTS] = C_basis_legitimate_interests };

    return said(basis < BASIS_COUNT ? words[basis] : C_NONE, lang);
}
