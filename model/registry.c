/* SPDX-License-Identifier: EUPL-1.2 */
#include "model/registry.h"

#include "base/fields.h"
#include "base/text.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct slot {
    struct str key;
    const void *value;
};

struct table { /* open addressing, at most half full, so a probe always ends */
    struct slot *slots;
    size_t mask;
};

struct index { /* has an arena and a lock of its own: one may be made while another is, or asks for another */
    struct arena *arena;
    pthread_mutex_t lock;
    _Atomic(void *) made;
};

struct registry {
    struct arena *arena;
    atomic_uint holders;
    struct registry_parts parts;
    struct table providers, provider_oids, idps, idp_schools, entities, issuers, services, clients, resources,
        service_entities, accounts, organisations, api_tokens;
    const struct policy **policies; /* by layer, provider, school, id */
    const struct admin **admins;    /* by idp, subject, id */
    const struct admin **idle;      /* those that give nothing */
    size_t admin_count, idle_count; /* of these two */
    const struct idp *guardians;    /* where they sign in */
    struct index *indexes;          /* of INDEX_COUNT */
};

struct school_slots {
    struct table table;
};

static struct table table_for(struct arena *a, size_t n)
{
    size_t size = 8;

    while (size < 2 * n + 2)
        size *= 2;
    return (struct table){ arena_make_n(a, size, struct slot), size - 1 };
}

static struct slot *slot_of(const struct table *t, struct str key)
{
    size_t i = str_hash(key, 0) & t->mask;

    while (t->slots[i].value != NULL && !str_eq(t->slots[i].key, key))
        i = (i + 1) & t->mask;
    return &t->slots[i];
}

/* The first one stays: the loader has refused duplicates before. */
static void put(struct table *t, struct str key, const void *value)
{
    if (!str_is_set(key))
        return;
    struct slot *s = slot_of(t, key);
    if (s->value == NULL)
        *s = (struct slot){ key, value };
}

static const void *get(const struct table *t, struct str key)
{
    return str_is_set(key) ? slot_of(t, key)->value : NULL;
}

static struct str account_key(struct arena *a, struct str idp, struct str username)
{
    return fields_key(a, (struct str[]){ idp, text_composed(a, username) }, 2);
}

static int by_owner(const void *x, const void *y)
{
    const struct policy *a = *(const struct policy *const *)x, *b = *(const struct policy *const *)y;
    int order = (int)a->layer - (int)b->layer;

    if (order == 0 && a->provider != NULL && b->provider != NULL)
        order = str_cmp(a->provider->id, b->provider->id);
    if (order == 0 && a->school != NULL && b->school != NULL)
        order = str_cmp(a->school->oid, b->school->oid);
    return order != 0 ? order : str_cmp(a->id, b->id);
}

static int by_holder(const void *x, const void *y)
{
    const struct admin *a = *(const struct admin *const *)x, *b = *(const struct admin *const *)y;
    int order = str_cmp(a->idp, b->idp);

    if (order == 0)
        order = str_cmp(a->subject, b->subject);
    return order != 0 ? order : str_cmp(a->id, b->id);
}

/* Whoever gives a pass knows its password: a right of it would be a right of theirs. */
static void part_idle(struct arena *a, struct registry *r)
{
    bool *idle = arena_make_n(a, r->admin_count + 1, bool);
    size_t kept = 0, n;

    for (size_t i = 0; i < r->parts.account_count; i++) {
        const struct account *pass = &r->parts.accounts[i];
        if (!str_is_set(pass->school))
            continue;
        const struct admin *const *theirs = registry_admins(r, pass->idp, pass->id, &n);
        for (size_t k = 0; k < n; k++)
            idle[(size_t)(theirs - (const struct admin *const *)r->admins) + k] = true;
        r->idle_count += n;
    }
    r->idle = arena_make_n(a, r->idle_count + 1, const struct admin *);
    r->idle_count = 0;
    for (size_t i = 0; i < r->admin_count; i++)
        if (idle[i])
            r->idle[r->idle_count++] = r->admins[i];
        else
            r->admins[kept++] = r->admins[i];
    r->admin_count = kept;
}

/* A school's keys, each leading to whoever came first. */
static void put_school(struct table *t, const struct school *s, const void *value)
{
    put(t, s->oid, value);
    put(t, s->code, value);
}

static bool is_picked(const struct idp *idp)
{
    return idp->enabled && idp->listed && idp->provider != NULL;
}

bool idp_may_assert_role(const struct idp *idp, enum role role)
{
    return idp->asserts_roles.n == 0 || strs_has(&idp->asserts_roles, str_of(role_name(role)));
}

bool idp_may_assert_school(const struct idp *idp, struct str oid, struct str code)
{
    return idp->asserts_schools.n == 0 || (str_is_set(oid) && strs_has(&idp->asserts_schools, oid)) ||
           (str_is_set(code) && strs_has(&idp->asserts_schools, code));
}

/* What stands there first stays, so learners' come before the others'. */
static void index_idp_schools_of(struct registry *r, bool learners)
{
    for (size_t i = 0; i < r->parts.idp_count; i++) {
        const struct idp *idp = &r->parts.idps[i];
        if (!is_picked(idp) || idp_may_assert_role(idp, ROLE_LEARNER) != learners)
            continue;
        for (size_t k = 0; k < idp->provider->school_count; k++) {
            const struct school *s = &idp->provider->schools[k];
            if (idp_may_assert_school(idp, s->oid, s->code))
                put_school(&r->idp_schools, s, idp);
        }
    }
}

static void index_idp_schools(struct registry *r)
{
    size_t n = 0;

    for (size_t i = 0; i < r->parts.idp_count; i++)
        n += is_picked(&r->parts.idps[i]) ? r->parts.idps[i].provider->school_count : 0;
    r->idp_schools = table_for(r->arena, 2 * n);
    index_idp_schools_of(r, true);
    index_idp_schools_of(r, false);
}

struct registry *registry_build(struct arena *a, const struct registry_parts *parts)
{
    struct registry *r = arena_make(a, struct registry);

    r->arena = a;
    r->parts = *parts;
    atomic_init(&r->holders, 1);
    r->indexes = arena_make_n(a, INDEX_COUNT, struct index);
    for (size_t i = 0; i < INDEX_COUNT; i++) {
        atomic_init(&r->indexes[i].made, NULL);
        (void)pthread_mutex_init(&r->indexes[i].lock, NULL); /* a default mutex holds nothing to give back */
    }
    r->providers = table_for(a, parts->provider_count);
    r->provider_oids = table_for(a, parts->provider_count);
    for (size_t i = 0; i < parts->provider_count; i++) {
        put(&r->providers, parts->providers[i].id, &parts->providers[i]);
        put(&r->provider_oids, parts->providers[i].oid, &parts->providers[i]);
    }
    r->idps = table_for(a, parts->idp_count);
    r->entities = table_for(a, parts->idp_count);
    r->issuers = table_for(a, parts->idp_count);
    for (size_t i = 0; i < parts->idp_count; i++) {
        const struct idp *idp = &parts->idps[i];
        put(&r->idps, idp->id, idp);
        if (idp->guardians && idp->enabled && r->guardians == NULL)
            r->guardians = idp;
        if (idp->kind == IDP_SAML)
            put(&r->entities, idp->entity_id, idp);
        else if (idp->kind == IDP_OIDC)
            put(&r->issuers, idp->issuer, idp);
    }
    index_idp_schools(r);
    r->services = table_for(a, parts->service_count);
    r->clients = table_for(a, parts->service_count);
    r->resources = table_for(a, parts->service_count);
    r->service_entities = table_for(a, parts->service_count);
    for (size_t i = 0; i < parts->service_count; i++) {
        put(&r->services, parts->services[i].id, &parts->services[i]);
        put(&r->clients, parts->services[i].client_id, &parts->services[i]);
        put(&r->resources, parts->services[i].client.resource, &parts->services[i]);
        if (parts->services[i].protocol == PROTO_SAML)
            put(&r->service_entities, parts->services[i].saml.entity_id, &parts->services[i]);
    }
    r->accounts = table_for(a, parts->account_count);
    r->organisations = table_for(a, parts->organisation_count);
    for (size_t i = 0; i < parts->organisation_count; i++)
        put(&r->organisations, parts->organisations[i].id, &parts->organisations[i]);
    r->api_tokens = table_for(a, parts->api_token_count);
    for (size_t i = 0; i < parts->api_token_count; i++)
        put(&r->api_tokens, parts->api_tokens[i].token_hash, &parts->api_tokens[i]);
    r->policies = arena_make_n(a, parts->policy_count + 1, const struct policy *);
    for (size_t i = 0; i < parts->policy_count; i++)
        r->policies[i] = &parts->policies[i];
    qsort(r->policies, parts->policy_count, sizeof(struct policy *), by_owner);
    r->admins = arena_make_n(a, parts->admin_count + parts->api_token_count + 1, const struct admin *);
    for (size_t i = 0; i < parts->admin_count; i++)
        r->admins[r->admin_count++] = &parts->admins[i];
    for (size_t i = 0; i < parts->api_token_count; i++)
        if (parts->api_tokens[i].enabled)
            r->admins[r->admin_count++] = &parts->api_tokens[i].right;
    qsort(r->admins, r->admin_count, sizeof(struct admin *), by_holder);
    part_idle(a, r);
    for (size_t i = 0; i < parts->account_count; i++)
        put(&r->accounts, account_key(a, parts->accounts[i].idp, parts->accounts[i].username), &parts->accounts[i]);
    return r;
}

struct maker {
    void *(*make)(struct arena *a, const struct registry *r);
};

static void *make_alone(struct arena *a, const struct registry *r, const void *with)
{
    return ((const struct maker *)with)->make(a, r);
}

const void *registry_index(const struct registry *r, enum registry_index which,
                           void *(*make)(struct arena *a, const struct registry *r))
{
    const struct maker m = { make };

    return registry_index_with(r, which, &m, make_alone);
}

const void *registry_index_with(const struct registry *r, enum registry_index which, const void *with,
                                void *(*make)(struct arena *a, const struct registry *r, const void *with))
{
    struct index *i = &r->indexes[which];
    void *made = atomic_load_explicit(&i->made, memory_order_acquire);

    if (made != NULL)
        return made;
    (void)pthread_mutex_lock(&i->lock);
    made = atomic_load_explicit(&i->made, memory_order_relaxed);
    if (made == NULL) {
        i->arena = arena_new();
        made = make(i->arena, r, with);
        atomic_store_explicit(&i->made, made, memory_order_release);
    }
    (void)pthread_mutex_unlock(&i->lock);
    return made;
}

struct registry *registry_hold(struct registry *r)
{
    atomic_fetch_add_explicit(&r->holders, 1, memory_order_relaxed);
    return r;
}

void registry_drop(struct registry *r)
{
    if (r == NULL || atomic_fetch_sub_explicit(&r->holders, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < INDEX_COUNT; i++)
        arena_free(r->indexes[i].arena);
    arena_free(r->arena);
}

const struct registry_parts *registry_parts(const struct registry *r)
{
    return &r->parts;
}

const struct provider *registry_provider(const struct registry *r, struct str id)
{
    return get(&r->providers, id);
}

const struct provider *registry_provider_oid(const struct registry *r, struct str oid)
{
    return get(&r->provider_oids, oid);
}

const struct idp *registry_idp(const struct registry *r, struct str id)
{
    return get(&r->idps, id);
}

const struct idp *registry_idp_entity(const struct registry *r, enum idp_kind kind, struct str name)
{
    return kind == IDP_SAML ? get(&r->entities, name) : kind == IDP_OIDC ? get(&r->issuers, name) : NULL;
}

const struct service *registry_service(const struct registry *r, struct str id)
{
    return get(&r->services, id);
}

const struct purpose *service_purpose(const struct service *s, enum claim claim)
{
    for (size_t i = 0; i < s->purpose_count; i++)
        if (s->purposes[i].claim == claim)
            return &s->purposes[i];
    return NULL;
}

struct claim_set service_asks(const struct service *s, int64_t now_s)
{
    struct claim_set asks = s->asks;

    for (size_t i = 0; i < s->purpose_count; i++)
        if (s->purposes[i].claim != CLAIM_SUB && s->purposes[i].until_s > 0 && s->purposes[i].until_s <= now_s)
            asks.bits &= ~(1u << s->purposes[i].claim);
    return asks;
}

bool permission_in_force(const struct permission *p, int64_t now_s)
{
    return p->withdrawn_s == 0 && p->from_s <= now_s && (p->until_s == 0 || p->until_s > now_s);
}

const struct permission *registry_permission(const struct registry *r, struct str id)
{
    for (size_t i = 0; i < r->parts.permission_count; i++)
        if (str_eq(r->parts.permissions[i].id, id))
            return &r->parts.permissions[i];
    return NULL;
}

const struct service *registry_client(const struct registry *r, struct str client_id)
{
    return get(&r->clients, client_id);
}

/* Few, and seldom asked for. */
const struct registrar *registry_registrar_token(const struct registry *r, struct str token_hash)
{
    for (size_t i = 0; str_is_set(token_hash) && i < r->parts.registrar_count; i++)
        if (str_eq(r->parts.registrars[i].token_hash, token_hash))
            return &r->parts.registrars[i];
    return NULL;
}

const struct metadata_source *registry_source(const struct registry *r, struct str id)
{
    for (size_t i = 0; str_is_set(id) && i < r->parts.source_count; i++)
        if (str_eq(r->parts.sources[i].id, id))
            return &r->parts.sources[i];
    return NULL;
}

const struct registrar *registry_registrar(const struct registry *r, struct str id)
{
    for (size_t i = 0; str_is_set(id) && i < r->parts.registrar_count; i++)
        if (str_eq(r->parts.registrars[i].id, id))
            return &r->parts.registrars[i];
    return NULL;
}

const struct organisation *registry_organisation(const struct registry *r, struct str id)
{
    return get(&r->organisations, id);
}

const struct staff *registry_staff(const struct registry *r, struct str idp, struct str subject,
                                   struct str organisation)
{
    for (size_t i = 0; i < r->parts.staff_count; i++) {
        const struct staff *s = &r->parts.staff[i];
        if (str_eq(s->subject, subject) && str_eq(s->idp, idp) && s->organisation->enabled &&
            (!str_is_set(organisation) || str_eq(s->organisation->id, organisation)))
            return s;
    }
    return NULL;
}

const struct account *registry_account_id(const struct registry *r, struct str id)
{
    size_t low = 0, high = r->parts.account_count;

    while (low < high) { /* they come in the order of their ids */
        size_t middle = low + (high - low) / 2;
        int c = str_cmp(r->parts.accounts[middle].id, id);
        if (c == 0)
            return &r->parts.accounts[middle];
        if (c < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const struct idp *registry_idp_vendors(const struct registry *r)
{
    for (size_t i = 0; i < r->parts.idp_count; i++)
        if (r->parts.idps[i].vendors && r->parts.idps[i].enabled && r->parts.idps[i].kind == IDP_LOCAL)
            return &r->parts.idps[i];
    return NULL;
}

const struct idp *registry_idp_guardians(const struct registry *r)
{
    return r->guardians;
}

const char *staff_role_name(enum staff_role role)
{
    static const char *const names[STAFF_ROLE_COUNT] = { "",
#define X(role, words) #role,
                                                         STAFF_ROLES(X)
#undef X
    };

    return role > STAFF_NONE && role < STAFF_ROLE_COUNT ? names[role] : "";
}

const struct api_token *registry_api_token(const struct registry *r, struct str token_hash)
{
    return get(&r->api_tokens, token_hash);
}

const struct service *registry_service_entity(const struct registry *r, struct str entity_id)
{
    return get(&r->service_entities, entity_id);
}

const struct service *registry_resource(const struct registry *r, struct str resource)
{
    return get(&r->resources, resource);
}

const struct account *registry_account(const struct registry *r, struct str idp, struct str username)
{
    struct arena *scratch = arena_new();
    const struct account *found = get(&r->accounts, account_key(scratch, idp, username));

    arena_free(scratch);
    return found;
}

const struct policy *const *registry_policies(const struct registry *r, size_t *n)
{
    *n = r->parts.policy_count;
    return (const struct policy *const *)r->policies;
}

const struct admin *const *registry_admins(const struct registry *r, struct str idp, struct str subject, size_t *n)
{
    size_t from = 0, to = r->admin_count;
    const struct admin key = { .idp = idp, .subject = subject, .id = S("") }, *at = &key;

    while (from < to) {
        size_t mid = from + (to - from) / 2;
        if (by_holder(&r->admins[mid], &at) < 0)
            from = mid + 1;
        else
            to = mid;
    }
    for (*n = 0; from + *n < r->admin_count; ++*n)
        if (!str_eq(r->admins[from + *n]->idp, idp) || !str_eq(r->admins[from + *n]->subject, subject))
            break;
    return (const struct admin *const *)r->admins + from;
}

const struct admin *const *registry_idle_admins(const struct registry *r, size_t *n)
{
    *n = r->idle_count;
    return (const struct admin *const *)r->idle;
}

const struct idp *registry_idp_school(const struct registry *r, struct str oid_or_code)
{
    return get(&r->idp_schools, oid_or_code);
}

const struct idp *registry_idp_school_role(const struct registry *r, struct str oid_or_code, enum role role)
{
    const struct idp *any = registry_idp_school(r, oid_or_code);
    const struct school *s = any != NULL ? provider_school(any->provider, oid_or_code) : NULL;

    for (size_t i = 0; s != NULL && i < r->parts.idp_count; i++) {
        const struct idp *idp = &r->parts.idps[i];
        if (is_picked(idp) && idp->provider == any->provider && idp_may_assert_role(idp, role) &&
            idp_may_assert_school(idp, s->oid, s->code))
            return idp;
    }
    return NULL;
}

void provider_index_schools(struct arena *a, struct provider *p)
{
    struct school_slots *slots = arena_make(a, struct school_slots);

    slots->table = table_for(a, 2 * p->school_count);
    for (size_t i = 0; i < p->school_count; i++)
        put_school(&slots->table, &p->schools[i], &p->schools[i]);
    p->school_slots = slots;
}

const struct school *provider_school(const struct provider *p, struct str oid_or_code)
{
    if (p->school_slots != NULL)
        return get(&p->school_slots->table, oid_or_code);
    for (size_t i = 0; i < p->school_count; i++)
        if (str_eq(p->schools[i].oid, oid_or_code) || str_eq(p->schools[i].code, oid_or_code))
            return &p->schools[i];
    return NULL;
}

bool strs_has(const struct strs *list, struct str s)
{
    for (size_t i = 0; i < list->n; i++)
        if (str_eq(list->at[i], s))
            return true;
    return false;
}

void strs_add(struct arena *a, struct strs *list, struct str s)
{
    struct str *at = arena_make_n(a, list->n + 1, struct str);

    for (size_t i = 0; i < list->n; i++)
        at[i] = list->at[i];
    at[list->n++] = s;
    list->at = at;
}

struct str strs_joined(struct arena *a, const struct strs *list, char between)
{
    size_t n = 0;

    for (size_t i = 0; i < list->n; i++)
        n += list->at[i].n + 1;
    struct buf b = buf_new(a, n + 1);
    for (size_t i = 0; i < list->n; i++) {
        if (i > 0)
            buf_byte(&b, between);
        buf_add(&b, list->at[i]);
    }
    return buf_str(&b);
}

bool service_is_public(const struct service *s)
{
    return str_eq(s->auth_method, S("none"));
}

bool service_has_way_in(const struct service *s)
{
    return str_is_set(s->launch_uri) || str_is_set(s->initiate_login_uri) || str_is_set(s->target_link_uri) ||
           (s->protocol == PROTO_SAML && s->saml.unasked);
}
