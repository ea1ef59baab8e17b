/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/release.h"

#include "wire/json.h"

enum { WORDS_MAX_B = 512 };

/* What leaves of each affiliation: the same decision, asked for it alone. */
struct view {
    const struct release *r;
    struct arena *arena;
    struct claim_set whole;
    struct claim_set of[PERSON_AFFILIATIONS_MAX];
    size_t n;
};

static bool scope_covers(const struct release *r, enum claim claim)
{
    struct str scope = str_of(claim_rows[claim].scope);

    if (r->service->profile == PROFILE_MPASS)
        return str_has_word(r->scope, S("profile"));
    return str_is_set(scope) && str_has_word(r->scope, scope);
}

static struct claim_set asked_and_allowed(const struct release *r, struct claim_set released)
{
    struct claim_set out = { 0 };

    for (int i = 0; i < CLAIM_COUNT; i++)
        if (claim_in(released, (enum claim)i) && scope_covers(r, (enum claim)i))
            claim_add(&out, (enum claim)i);
    return out;
}

static struct view view_of(struct arena *a, const struct release *r)
{
    struct view v = { .r = r, .arena = a };

    if (r->decision->effect != EFFECT_ALLOW)
        return v;
    v.whole = asked_and_allowed(r, r->decision->release);
    v.n = r->person->affiliation_count;
    for (size_t i = 0; i < v.n; i++) {
        struct person alone = *r->person;
        alone.affiliations = &r->person->affiliations[i];
        alone.affiliation_count = 1;
        struct decision d = policy_decide(r->registry, &alone, r->service, r->now_s);
        if (d.effect == EFFECT_ALLOW)
            v.of[i] = asked_and_allowed(r, d.release);
    }
    return v;
}

/* ── lists that hang on affiliations ────────────────────────────────────── */

typedef void write_fn(struct json_out *o, const struct view *v, const struct affiliation *a);
typedef struct str key_fn(struct arena *a, const struct affiliation *one);

static const struct provider *provider_of(const struct view *v, const struct affiliation *a)
{
    return registry_provider_oid(v->r->registry, a->provider_oid);
}

static const struct school *school_of(const struct view *v, const struct affiliation *a)
{
    const struct provider *p = provider_of(v, a);

    return p != NULL && str_is_set(a->school_oid) ? provider_school(p, a->school_oid) : NULL;
}

/* Equal keys say the same thing once.  An absent key: this affiliation has nothing to say. */
static bool is_new(const struct view *v, enum claim claim, key_fn *key, size_t at)
{
    struct str mine = key(v->arena, &v->r->person->affiliations[at]);

    if (!claim_in(v->of[at], claim) || !str_is_set(mine))
        return false;
    for (size_t i = 0; i < at; i++)
        if (claim_in(v->of[i], claim) && str_eq(mine, key(v->arena, &v->r->person->affiliations[i])))
            return false;
    return true;
}

static bool says(const struct view *v, enum claim claim, key_fn *key)
{
    for (size_t i = 0; i < v->n; i++)
        if (is_new(v, claim, key, i))
            return true;
    return false;
}

static void write_list(struct json_out *o, const struct view *v, enum claim claim, const char *name, key_fn *key,
                       write_fn *write)
{
    if (!*name || !says(v, claim, key))
        return;
    json_key(o, str_of(name));
    json_begin_array(o);
    for (size_t i = 0; i < v->n; i++)
        if (is_new(v, claim, key, i))
            write(o, v, &v->r->person->affiliations[i]);
    json_end_array(o);
}

static struct str key_role(struct arena *a, const struct affiliation *one)
{
    if (one->role == ROLE_NONE || one->role == ROLE_OPERATOR || one->role == ROLE_VENDOR)
        return (struct str){ NULL, 0 };
    return arena_printf(a, "%.*s;%.*s;%.*s;%d;%.*s", STR_ARG(one->provider_oid), STR_ARG(one->school_oid),
                        STR_ARG(one->group), one->role, STR_ARG(one->office_oid));
}

static struct str key_mpass_role(struct arena *a, const struct affiliation *one)
{
    return role_mpass_code(one->role) > 0 ? key_role(a, one) : (struct str){ NULL, 0 };
}

static struct str key_edu_role(struct arena *a, const struct affiliation *one)
{
    if (!str_is_set(key_role(a, one)))
        return (struct str){ NULL, 0 };
    return arena_printf(a, "%d;%.*s;%.*s", one->role, STR_ARG(one->school_oid), STR_ARG(one->provider_oid));
}

static struct str key_school(struct arena *a, const struct affiliation *one)
{
    (void)a;
    return one->school_oid;
}

static struct str key_provider(struct arena *a, const struct affiliation *one)
{
    (void)a;
    return one->provider_oid;
}

static struct str key_group(struct arena *a, const struct affiliation *one)
{
    (void)a;
    return one->group;
}

static struct str key_charge(struct arena *a, const struct affiliation *one)
{
    return one->charge > 0 && str_is_set(one->school_code)
               ? arena_printf(a, "%d;%.*s", one->charge - 1, STR_ARG(one->school_code))
               : (struct str){ NULL, 0 };
}

/* ── profile A: URNs and semicolons [MPASSid data model] ────────────────── */

static void mpass_role(struct json_out *o, const struct view *v, const struct affiliation *a)
{
    json_str(o, arena_printf(v->arena, "%.*s;%.*s;%.*s;%s;%d;%.*s;%.*s", STR_ARG(a->provider_oid),
                             STR_ARG(a->school_code), STR_ARG(a->group), role_mpass_name(a->role),
                             role_mpass_code(a->role), STR_ARG(a->school_oid), STR_ARG(a->office_oid)));
}

/* The code first and the OID second: a live service reads the second. */
static void mpass_school(struct json_out *o, const struct view *v, const struct affiliation *a)
{
    const struct school *s = school_of(v, a);
    struct str name = s != NULL ? names_in(&s->names, v->r->lang) : S("");

    if (str_is_set(a->school_code))
        json_str(o, arena_printf(v->arena, "%.*s;%.*s", STR_ARG(a->school_code), STR_ARG(name)));
    json_str(o, arena_printf(v->arena, "%.*s;%.*s", STR_ARG(a->school_oid), STR_ARG(name)));
}

static void mpass_provider(struct json_out *o, const struct view *v, const struct affiliation *a)
{
    const struct provider *p = provider_of(v, a);

    json_str(o, arena_printf(v->arena, "%.*s;%.*s", STR_ARG(a->provider_oid),
                             STR_ARG(p != NULL ? names_in(&p->names, v->r->lang) : S(""))));
}

static void charge(struct json_out *o, const struct view *v, const struct affiliation *a)
{
    json_str(o, key_charge(v->arena, a));
}

/* ── profile B: objects ─────────────────────────────────────────────────── */

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

static void edu_role(struct json_out *o, const struct view *v, const struct affiliation *a)
{
    (void)v;
    json_begin_object(o);
    json_put_str(o, S("role"), str_of(role_name(a->role)));
    if (role_mpass_code(a->role) > 0)
        json_put_int(o, S("code"), role_mpass_code(a->role));
    put(o, S("school_oid"), a->school_oid);
    put(o, S("provider_oid"), a->provider_oid);
    json_end_object(o);
}

static void edu_school(struct json_out *o, const struct view *v, const struct affiliation *a)
{
    const struct school *s = school_of(v, a);

    json_begin_object(o);
    json_put_str(o, S("oid"), a->school_oid);
    put(o, S("code"), a->school_code);
    put(o, S("provider_oid"), a->provider_oid);
    if (s != NULL)
        put_names(o, &s->names);
    json_end_object(o);
}

static void edu_provider(struct json_out *o, const struct view *v, const struct affiliation *a)
{
    const struct provider *p = provider_of(v, a);

    json_begin_object(o);
    json_put_str(o, S("oid"), a->provider_oid);
    if (p != NULL) {
        put(o, S("municipality_code"), p->municipality_code);
        put_names(o, &p->names);
    }
    json_end_object(o);
}

static void edu_group(struct json_out *o, const struct view *v, const struct affiliation *a)
{
    (void)v;
    json_str(o, a->group);
}

/* ── the whole ──────────────────────────────────────────────────────────── */

static const struct {
    enum claim claim;
    key_fn *mpass_key, *native_key;
    write_fn *mpass, *native;
} lists[] = {
    { CLAIM_ROLES, key_mpass_role, key_edu_role, mpass_role, edu_role },
    { CLAIM_SCHOOL, key_school, key_school, mpass_school, edu_school },
    { CLAIM_PROVIDER, key_provider, key_provider, mpass_provider, edu_provider },
    { CLAIM_GROUP, key_group, key_group, edu_group, edu_group },
    { CLAIM_CHARGE, key_charge, key_charge, charge, charge },
};

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

static bool is_name(enum claim claim)
{
    return claim == CLAIM_GIVEN_NAME || claim == CLAIM_CALLING_NAME || claim == CLAIM_FAMILY_NAME;
}

/* Vendors of MPASSid read either spelling of a name, so profile A says both. */
static void write_text(struct json_out *o, const struct view *v, enum claim claim)
{
    bool mpass = v->r->service->profile == PROFILE_MPASS;
    struct str value = text_of(v, claim);
    int64_t number;

    if (!claim_in(v->whole, claim) || !str_is_set(value))
        return;
    if (mpass)
        put(o, str_of(claim_rows[claim].mpass), *claim_rows[claim].mpass ? value : S(""));
    if (mpass && !is_name(claim))
        return;
    if (claim == CLAIM_CLASS_LEVEL && str_int(value, &number))
        json_put_int(o, str_of(claim_rows[claim].native), number);
    else if (*claim_rows[claim].native)
        json_put_str(o, str_of(claim_rows[claim].native), value);
    if (claim == CLAIM_EMAIL) /* a city's word, which nobody has tried */
        json_put_bool(o, S("email_verified"), false);
}

static void write_full_name(struct json_out *o, const struct view *v)
{
    if (claim_in(v->whole, CLAIM_FAMILY_NAME) &&
        (claim_in(v->whole, CLAIM_GIVEN_NAME) || claim_in(v->whole, CLAIM_CALLING_NAME)))
        put(o, S("name"), person_display_name(v->arena, v->r->person));
}

struct str release_claims(struct arena *a, const struct release *r)
{
    struct view v = view_of(a, r);
    struct json_out o = json_out(a, RELEASE_MAX_B);
    bool mpass = r->service->profile == PROFILE_MPASS;

    json_begin_object(&o);
    json_put_str(&o, S("sub"), r->sub);
    if (mpass && claim_in(v.whole, CLAIM_SUB))
        json_put_str(&o, str_of(claim_rows[CLAIM_SUB].mpass), r->sub);
    for (int i = 0; i < CLAIM_COUNT; i++)
        write_text(&o, &v, (enum claim)i);
    write_full_name(&o, &v);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        write_list(&o, &v, lists[i].claim, mpass ? claim_rows[lists[i].claim].mpass : claim_rows[lists[i].claim].native,
                   mpass ? lists[i].mpass_key : lists[i].native_key, mpass ? lists[i].mpass : lists[i].native);
    json_end_object(&o);
    return json_done(&o);
}

static bool is_said(const struct view *v, enum claim claim)
{
    bool mpass = v->r->service->profile == PROFILE_MPASS;

    if (!claim_in(v->whole, claim) || !*(mpass ? claim_rows[claim].mpass : claim_rows[claim].native))
        return false;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if (lists[i].claim == claim)
            return says(v, claim, mpass ? lists[i].mpass_key : lists[i].native_key);
    return str_is_set(text_of(v, claim));
}

struct str release_words(struct arena *a, const struct release *r)
{
    struct view v = view_of(a, r);
    struct buf b = buf_new(a, WORDS_MAX_B);

    buf_add(&b, S("sub"));
    for (int i = 0; i < CLAIM_COUNT; i++)
        if (i != CLAIM_SUB && is_said(&v, (enum claim)i))
            buf_printf(&b, " %s", claim_rows[i].word);
    return buf_str(&b);
}
