/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/release.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "base/fields.h"
#include "certs/signer_client.h"
#include "model/pairwise.h"
#include "model/test_school.h"
#include "wire/json.h"

enum { WORDS_MAX_B = 512, TUPLE_MAX_B = 8192, OBJECT_MAX_B = 16384 };

/* What leaves of each affiliation: the same decision, asked for it alone.  Whatever writes a value says in told whose
 * data it is, so that the audit log names what left and nothing else. */
struct view {
    const struct release *r;
    struct arena *arena;
    struct claim_set whole;
    struct claim_set name; /* what a full name may be made of */
    struct claim_set of[PERSON_AFFILIATIONS_MAX];
    size_t n;
    struct claim_set told;
};

static bool is_name(enum claim claim)
{
    return claim == CLAIM_GIVEN_NAME || claim == CLAIM_CALLING_NAME || claim == CLAIM_FAMILY_NAME;
}

static bool asked_by_name(const struct release *r, const char *name)
{
    struct str wanted = str_of(name);

    return str_is_set(wanted) && ((r->asked != NULL && claims_asked_get(r->asked, wanted) != NULL) ||
                                  (r->asked_too != NULL && claims_asked_get(r->asked_too, wanted) != NULL));
}

/* Where a row of the table is told under further names. */
static bool asked_by_another_name(const struct release *r, enum claim claim)
{
    return claim == CLAIM_LOCALE && asked_by_name(r, "zoneinfo");
}

static bool is_mpass(const struct release *r)
{
    return r->as == RELEASE_AS_ROW ? r->service->profile == PROFILE_MPASS : r->as == RELEASE_AS_MPASS;
}

static bool asked_by_scope(const struct release *r, enum claim claim)
{
    struct str scope = str_of(claim_rows[claim].scope);

    if (r->whole)
        return true;
    if (is_mpass(r))
        return str_has_word(r->scope, S("profile"));
    return str_is_set(scope) && str_has_word(r->scope, scope);
}

bool release_covers(const struct release *r, enum claim claim)
{
    bool mpass = is_mpass(r);

    return asked_by_scope(r, claim) || (mpass && asked_by_name(r, claim_rows[claim].mpass)) ||
           ((!mpass || is_name(claim)) &&
            (asked_by_name(r, claim_rows[claim].native) || asked_by_another_name(r, claim)));
}

static bool is_released(const struct release *r, struct claim_set released, enum claim claim)
{
    return claim_in(released, claim) && (r->consented == NULL || claim_in(*r->consented, claim));
}

/* `name` alone tells the full name, and not which given names somebody has besides. */
static struct claim_set name_of(const struct release *r, struct claim_set released)
{
    struct claim_set out = { 0 };

    for (int i = 0; i < CLAIM_COUNT; i++)
        if (is_name((enum claim)i) && is_released(r, released, (enum claim)i) &&
            (asked_by_scope(r, (enum claim)i) || asked_by_name(r, "name")))
            claim_add(&out, (enum claim)i);
    return out;
}

static struct claim_set asked_and_allowed(const struct release *r, struct claim_set released)
{
    struct claim_set out = { 0 };

    for (int i = 0; i < CLAIM_COUNT; i++)
        if (is_released(r, released, (enum claim)i) && release_covers(r, (enum claim)i))
            claim_add(&out, (enum claim)i);
    return out;
}

/* A guardian is told of as a guardian: what a child's place at school says of the child would make them one. */
static struct claim_set without_childs(const struct release *r, const struct affiliation *a, struct claim_set told)
{
    if (a->role != ROLE_GUARDIAN)
        return told;
    told.bits &= ~(1u << CLAIM_CLASS_LEVEL | 1u << CLAIM_CHARGE);
    if (!r->as_context)
        told.bits &= ~(1u << CLAIM_GROUP);
    return told;
}

static bool is_guardian(const struct person *p)
{
    for (size_t i = 0; i < p->affiliation_count; i++)
        if (p->affiliations[i].role == ROLE_GUARDIAN)
            return true;
    return person_acts(p);
}

static struct view view_of(struct arena *a, const struct release *r)
{
    struct view v = { .r = r, .arena = a };

    if (r->decision->effect != EFFECT_ALLOW)
        return v;
    v.whole = asked_and_allowed(r, r->decision->release);
    if (is_guardian(r->person))
        v.whole.bits &= ~(1u << CLAIM_LEARNER_ID);
    v.name = name_of(r, r->decision->release);
    v.n = r->person->affiliation_count;
    for (size_t i = 0; i < v.n; i++) {
        struct person alone = *r->person;
        alone.affiliations = &r->person->affiliations[i];
        alone.affiliation_count = 1;
        struct decision d = policy_decide(r->registry, &alone, r->service, &r->now);
        if (d.effect == EFFECT_ALLOW)
            v.of[i] = without_childs(r, &r->person->affiliations[i], asked_and_allowed(r, d.release));
    }
    return v;
}

/* ── lists that hang on affiliations ────────────────────────────────────── */

/* Values of one claim, as JSON, each once: affiliations that differ in what is not told say the same. */
struct items {
    struct str *at;
    size_t n;
};

/* One affiliation being told. */
struct telling {
    struct view *v;
    const struct affiliation *a;
    struct claim_set may, told; /* told: by what is written at the moment */
    struct items *into;
};

typedef void tell_fn(struct telling *t);

static void add_item(struct telling *t, struct str json)
{
    for (size_t i = 0; i < t->into->n; i++)
        if (str_eq(t->into->at[i], json))
            return;
    if (json.p == NULL)
        return;
    t->into->at[t->into->n++] = json;
    t->v->told.bits |= t->told.bits;
}

static void add_text(struct telling *t, struct str text)
{
    struct json_out o = json_out(t->v->arena, 2 * TUPLE_MAX_B);

    json_str(&o, text);
    add_item(t, text.p != NULL ? json_done(&o) : text);
}

/* A part that is another claim's data: empty unless that claim is released as well. */
static struct str part_of(struct telling *t, enum claim claim, struct str value)
{
    if (!claim_in(t->may, claim) || !str_is_set(value))
        return S("");
    claim_add(&t->told, claim);
    return value;
}

/* The same within a tuple, where a part that would read as two is empty, and tells nothing. */
static void put_part(struct telling *t, struct fields *tuple, enum claim claim, struct str value)
{
    fields_part(tuple, fields_fit(value, tuple->separator) ? part_of(t, claim, value) : S(""));
}

static const struct provider *provider_of(const struct telling *t)
{
    return person_provider(t->v->r->registry, t->v->r->person, t->a->provider_oid);
}

static const struct school *school_of(const struct telling *t)
{
    const struct provider *p = provider_of(t);

    return p != NULL && str_is_set(t->a->school_oid) ? provider_school(p, t->a->school_oid) : NULL;
}

static bool is_school_role(enum role role)
{
    return role != ROLE_NONE && !role_is_official(role);
}

/* ── profile A: URNs and semicolons [MPASSid data model] ────────────────── */

static void mpass_role(struct telling *t)
{
    const struct affiliation *a = t->a;
    struct fields tuple = fields_new(t->v->arena, ';', TUPLE_MAX_B);

    if (role_mpass_code(a->role) == 0)
        return;
    put_part(t, &tuple, CLAIM_PROVIDER, a->provider_oid);
    put_part(t, &tuple, CLAIM_SCHOOL, a->school_code);
    put_part(t, &tuple, CLAIM_GROUP, a->group);
    put_part(t, &tuple, CLAIM_ROLES, str_of(role_mpass_name(a->role)));
    put_part(t, &tuple, CLAIM_ROLES, arena_printf(t->v->arena, "%d", role_mpass_code(a->role)));
    put_part(t, &tuple, CLAIM_SCHOOL, a->school_oid);
    put_part(t, &tuple, CLAIM_SCHOOL, a->office_oid);
    add_text(t, fields_text(&tuple));
}

static void add_pair(struct telling *t, enum claim claim, struct str first, struct str second)
{
    struct fields tuple = fields_new(t->v->arena, ';', TUPLE_MAX_B);

    if (!str_is_set(first))
        return;
    put_part(t, &tuple, claim, first);
    put_part(t, &tuple, claim, second);
    add_text(t, fields_text(&tuple));
}

/* The code first and the OID second: a live service reads the second. */
static void mpass_school(struct telling *t)
{
    const struct school *s = school_of(t);
    struct str name = s != NULL ? names_in(&s->names, t->v->r->lang) : S("");

    if (!str_is_set(t->a->school_oid))
        return;
    add_pair(t, CLAIM_SCHOOL, t->a->school_code, name);
    add_pair(t, CLAIM_SCHOOL, t->a->school_oid, name);
}

static void mpass_provider(struct telling *t)
{
    const struct provider *p = provider_of(t);

    add_pair(t, CLAIM_PROVIDER, t->a->provider_oid, p != NULL ? names_in(&p->names, t->v->r->lang) : S(""));
}

static void charge(struct telling *t)
{
    struct fields tuple = fields_new(t->v->arena, ';', TUPLE_MAX_B);

    if (t->a->charge <= 0 || !str_is_set(t->a->school_code))
        return;
    put_part(t, &tuple, CLAIM_CHARGE, t->a->charge == 1 ? S("0") : S("1"));
    put_part(t, &tuple, CLAIM_SCHOOL, t->a->school_code);
    add_text(t, fields_text(&tuple));
}

/* ── profile B: objects, in which what is not released is absent ────────── */

static void put(struct json_out *o, struct str name, struct str value)
{
    if (str_is_set(value))
        json_put_str(o, name, value);
}

static void put_names(struct json_out *o, const struct names *n)
{
    if (!str_is_set(n->in[LANG_FI]) && !str_is_set(n->in[LANG_SV]))
        return;
    json_key(o, S("name"));
    json_begin_object(o);
    put(o, S("fi"), n->in[LANG_FI]);
    put(o, S("sv"), n->in[LANG_SV]);
    json_end_object(o);
}

static void edu_role(struct telling *t)
{
    struct json_out o = json_out(t->v->arena, OBJECT_MAX_B);

    if (!is_school_role(t->a->role))
        return;
    json_begin_object(&o);
    json_put_str(&o, S("role"), part_of(t, CLAIM_ROLES, str_of(role_name(t->a->role))));
    if (role_mpass_code(t->a->role) > 0)
        json_put_int(&o, S("code"), role_mpass_code(t->a->role));
    put(&o, S("school_oid"), part_of(t, CLAIM_SCHOOL, t->a->school_oid));
    put(&o, S("provider_oid"), part_of(t, CLAIM_PROVIDER, t->a->provider_oid));
    json_end_object(&o);
    add_item(t, json_done(&o));
}

static void edu_school(struct telling *t)
{
    const struct school *s = school_of(t);
    struct json_out o = json_out(t->v->arena, OBJECT_MAX_B);

    if (!str_is_set(t->a->school_oid))
        return;
    json_begin_object(&o);
    json_put_str(&o, S("oid"), part_of(t, CLAIM_SCHOOL, t->a->school_oid));
    put(&o, S("code"), part_of(t, CLAIM_SCHOOL, t->a->school_code));
    put(&o, S("provider_oid"), part_of(t, CLAIM_PROVIDER, t->a->provider_oid));
    if (s != NULL)
        put_names(&o, &s->names);
    json_end_object(&o);
    add_item(t, json_done(&o));
}

static void edu_provider(struct telling *t)
{
    const struct provider *p = provider_of(t);
    struct json_out o = json_out(t->v->arena, OBJECT_MAX_B);

    if (!str_is_set(t->a->provider_oid))
        return;
    json_begin_object(&o);
    json_put_str(&o, S("oid"), part_of(t, CLAIM_PROVIDER, t->a->provider_oid));
    if (p != NULL) {
        put(&o, S("municipality_code"), p->municipality_code);
        put_names(&o, &p->names);
    }
    json_end_object(&o);
    add_item(t, json_done(&o));
}

static void edu_group(struct telling *t)
{
    if (str_is_set(t->a->group))
        add_text(t, part_of(t, CLAIM_GROUP, t->a->group));
}

/* ── the whole ──────────────────────────────────────────────────────────── */

static const struct {
    enum claim claim;
    tell_fn *mpass, *native;
} lists[] = {
    { CLAIM_ROLES, mpass_role, edu_role },
    { CLAIM_SCHOOL, mpass_school, edu_school },
    { CLAIM_PROVIDER, mpass_provider, edu_provider },
    { CLAIM_GROUP, edu_group, edu_group },
    { CLAIM_CHARGE, charge, charge },
};

static void write_list(struct json_out *o, struct view *v, enum claim claim, const char *name, tell_fn *tell)
{
    struct items items = { arena_make_n(v->arena, 2 * v->n + 1, struct str), 0 };

    for (size_t i = 0; i < v->n && *name; i++)
        if (claim_in(v->of[i], claim)) {
            struct telling t = { .v = v, .a = &v->r->person->affiliations[i], .may = v->of[i], .into = &items };
            tell(&t);
        }
    if (items.n == 0)
        return;
    json_key(o, str_of(name));
    json_begin_array(o);
    for (size_t i = 0; i < items.n; i++)
        json_raw(o, items.at[i]);
    json_end_array(o);
}

static const char *const age_bands[] = { "", "under13", "13to17", "adult" };

/* The value of a claim that is one text; absent when there is none. */
static struct str text_of(const struct view *v, enum claim claim)
{
    const struct person *p = v->r->person;

    switch (claim) {
    case CLAIM_GIVEN_NAME:
        return p->given_names;
    case CLAIM_CALLING_NAME:
        return p->calling_name;
    case CLAIM_FAMILY_NAME:
        return p->family_name;
    case CLAIM_LOCALE:
        return str_of(lang_tag(v->r->lang));
    case CLAIM_EMAIL:
        return p->email;
    case CLAIM_LEARNER_ID:
        return p->learner_id;
    case CLAIM_ORIGIN:
        return p->origin;
    case CLAIM_AGE:
        return str_of(age_bands[p->age]);
    case CLAIM_CLASS_LEVEL:
        for (size_t i = 0; i < v->n; i++)
            if (claim_in(v->of[i], claim) && p->affiliations[i].class_level > 0)
                return arena_printf(v->arena, "%d", p->affiliations[i].class_level);
        return (struct str){ NULL, 0 };
    default:
        return (struct str){ NULL, 0 };
    }
}

/* Vendors of MPASSid read either spelling of a name, so profile A says both. */
static void write_text(struct json_out *o, struct view *v, enum claim claim)
{
    bool mpass = is_mpass(v->r);
    const char *name = mpass ? claim_rows[claim].mpass : claim_rows[claim].native;
    struct str value = text_of(v, claim);
    int64_t number;

    if (!claim_in(v->whole, claim) || !str_is_set(value) || !*name)
        return;
    claim_add(&v->told, claim);
    if (!mpass && claim == CLAIM_CLASS_LEVEL && str_int(value, &number))
        json_put_int(o, str_of(name), number);
    else
        json_put_str(o, str_of(name), value);
    if (mpass && is_name(claim))
        json_put_str(o, str_of(claim_rows[claim].native), value);
    if (!mpass && claim == CLAIM_LOCALE) /* of all schools of Finland */
        json_put_str(o, S("zoneinfo"), S("Europe/Helsinki"));
    if (claim == CLAIM_EMAIL && v->r->person->email_verified != VERIFIED_UNSAID) /* the city's word, or none */
        json_put_bool(o, S("email_verified"), v->r->person->email_verified == VERIFIED_YES);
}

/* A name made of names: of those that are released. */
static void write_full_name(struct json_out *o, struct view *v)
{
    struct person told = { .given_names = { NULL, 0 } };
    bool given = claim_in(v->name, CLAIM_GIVEN_NAME), calling = claim_in(v->name, CLAIM_CALLING_NAME);

    if (given)
        told.given_names = v->r->person->given_names;
    if (calling)
        told.calling_name = v->r->person->calling_name;
    if (!claim_in(v->name, CLAIM_FAMILY_NAME) || (!given && !calling))
        return;
    told.family_name = v->r->person->family_name;
    put(o, S("name"), person_display_name(v->arena, &told));
    if (str_is_set(told.family_name))
        claim_add(&v->told, CLAIM_FAMILY_NAME);
    if (str_is_set(told.calling_name))
        claim_add(&v->told, CLAIM_CALLING_NAME);
    else if (str_is_set(told.given_names))
        claim_add(&v->told, CLAIM_GIVEN_NAME);
}

struct str release_child(struct arena *a, const struct seals *s, const struct person *p, struct str vendor,
                         int64_t now_s)
{
    if (!person_acts(p) || now_s >= p->acting.until_s || str_eq(p->acting.child, p->id))
        return (struct str){ NULL, 0 };
    return pairwise_sub(a, s, p->acting.child, vendor);
}

/* Whom a guardian acts for, beside the guardian, who is the subject.  Profile A: "CHILD;SCHOOL". */
static struct str behalf_of(struct view *v)
{
    const struct release *r = v->r;
    const struct acting *as = &r->person->acting;
    struct json_out o = json_out(v->arena, OBJECT_MAX_B);

    if (!claim_in(v->whole, CLAIM_ON_BEHALF_OF) || !person_acts(r->person) || !str_is_set(r->child) ||
        str_eq(r->child, r->sub) || r->now.now_s >= as->until_s)
        return (struct str){ NULL, 0 };
    claim_add(&v->told, CLAIM_ON_BEHALF_OF);
    if (is_mpass(r)) {
        json_str(&o, arena_printf(v->arena, "%.*s;%.*s", STR_ARG(r->child), STR_ARG(as->school_oid)));
        return json_done(&o);
    }
    json_begin_object(&o);
    json_put_str(&o, S("child"), r->child);
    put(&o, S("school_oid"), as->school_oid);
    json_end_object(&o);
    return json_done(&o);
}

static const char *behalf_name(const struct release *r)
{
    return is_mpass(r) ? claim_rows[CLAIM_ON_BEHALF_OF].mpass : claim_rows[CLAIM_ON_BEHALF_OF].native;
}

static void put_behalf(struct json_out *o, const struct release *r, struct str json)
{
    if (!str_is_set(json))
        return;
    json_key(o, str_of(behalf_name(r)));
    json_raw(o, json);
}

void release_put_behalf(struct arena *a, struct json_out *o, const struct release *r)
{
    struct view v = view_of(a, r);

    put_behalf(o, r, behalf_of(&v));
}

static void write_claims(struct json_out *o, struct view *v)
{
    bool mpass = is_mpass(v->r);

    json_put_str(o, S("sub"), v->r->sub);
    if (mpass && claim_in(v->whole, CLAIM_SUB))
        json_put_str(o, str_of(claim_rows[CLAIM_SUB].mpass), v->r->sub);
    claim_add(&v->told, CLAIM_SUB);
    for (int i = 0; i < CLAIM_COUNT; i++)
        write_text(o, v, (enum claim)i);
    write_full_name(o, v);
    put_behalf(o, v->r, behalf_of(v));
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        write_list(o, v, lists[i].claim, mpass ? claim_rows[lists[i].claim].mpass : claim_rows[lists[i].claim].native,
                   mpass ? lists[i].mpass : lists[i].native);
}

static struct str write_all(struct view *v)
{
    struct json_out o = json_out(v->arena, RELEASE_MAX_B);

    json_begin_object(&o);
    write_claims(&o, v);
    json_end_object(&o);
    return json_done(&o);
}

/* ── the ID token ───────────────────────────────────────────────────────── */

static void put_amr(struct json_out *o, struct str amr)
{
    struct str word;

    if (!str_is_set(amr))
        return;
    json_key(o, S("amr"));
    json_begin_array(o);
    while (str_split(&amr, ' ', &word))
        if (word.n > 0)
            json_str(o, word);
    json_end_array(o);
}

struct str release_acr(const struct registry *r, const struct person *p)
{
    const struct idp *idp = person_idp(r, p);

    return str_is_set(p->acr) ? p->acr : idp != NULL && str_is_set(idp->acr) ? idp->acr : (struct str){ NULL, 0 };
}

bool release_acr_fits(const struct registry *r, const struct person *p, const struct login *l)
{
    struct str acr = release_acr(r, p);

    if (!l->acr_must)
        return true;
    return str_is_set(l->acr_values) ? str_is_set(acr) && str_has_word(l->acr_values, acr) : str_is_set(acr);
}

static struct str write_id_claims(struct arena *a, const struct id_facts *f, struct view *told)
{
    const struct person *p = f->person;
    struct json_out o = json_out(a, SIGNER_CLAIMS_MAX_B);

    json_begin_object(&o);
    if (told != NULL)
        write_claims(&o, told);
    else
        json_put_str(&o, S("sub"), f->sub);
    if (f->told != NULL) { /* by its scope, as userinfo says it: who is meant must be known before anything is asked */
        struct release r = *f->told;
        r.sub = f->sub;
        release_put_behalf(a, &o, &r);
    }
    json_put_str(&o, S("aud"), f->client_id);
    json_put_str(&o, S("azp"), f->client_id);
    json_put_str(&o, S("nonce"), f->nonce);
    if (p->auth_time_s > 0) /* a city may not say; whoever asks for it with max_age has had a city that does */
        json_put_int(&o, S("auth_time"), p->auth_time_s);
    json_put_str(&o, S("acr"), release_acr(f->registry, p));
    put_amr(&o, p->amr);
    json_put_str(&o, S("sid"), f->sid);
    json_put_str(&o, S("at_hash"), jose_half_hash(a, f->alg != JOSE_NONE ? f->alg : JOSE_RS256, f->access_token));
    json_end_object(&o);
    return json_done(&o);
}

struct str release_id_claims(struct arena *a, const struct id_facts *f)
{
    struct str claims = { NULL, 0 };

    if (f->told != NULL && f->told->asked != NULL && f->told->asked->n > 0) {
        struct release r = *f->told;
        r.sub = f->sub;
        r.scope = S("");
        r.asked_too = NULL;
        struct view v = view_of(a, &r);
        v.whole.bits &= ~(1u << CLAIM_ON_BEHALF_OF); /* it stands there once */
        claims = write_id_claims(a, f, &v);
    }
    return claims.p != NULL ? claims : write_id_claims(a, f, NULL);
}

struct str release_claims(struct arena *a, const struct release *r)
{
    struct view v = view_of(a, r);

    return write_all(&v);
}

static struct str words_of(struct arena *a, const struct view *v)
{
    struct fields words = fields_new(a, ' ', WORDS_MAX_B);

    for (int i = 0; i < CLAIM_COUNT; i++)
        if (claim_in(v->told, (enum claim)i))
            fields_item(&words, str_of(claim_rows[i].word));
    return fields_text(&words);
}

struct str release_claims_told(struct arena *a, const struct release *r, struct str *words)
{
    struct view v = view_of(a, r);
    struct str claims = write_all(&v);

    *words = words_of(a, &v);
    return claims;
}

struct str release_words(struct arena *a, const struct release *r)
{
    struct view v = view_of(a, r);

    (void)write_all(&v);
    return words_of(a, &v);
}
