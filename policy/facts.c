/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/facts.h"

#include "model/when.h"
#include "policy/form.h"

#include <stdlib.h>

static const struct str no_name = { NULL, 0 };

/* ── what an entity is made of ──────────────────────────────────────────── */

static const struct cedar_uid *uid(struct arena *a, const char *type, struct str id)
{
    struct cedar_uid *u = arena_make(a, struct cedar_uid);

    *u = cedar_uid_make(str_of(type), id.p != NULL ? id : S(""));
    return u;
}

struct fields_of { /* attributes being gathered */
    struct cedar_field at[8];
    size_t n;
};

static void add(struct fields_of *f, const char *name, struct cedar_value v)
{
    f->at[f->n++] = (struct cedar_field){ str_of(name), v };
}

static const struct cedar_record *record(struct arena *a, const struct fields_of *f)
{
    struct cedar_field *copy = arena_make_n(a, f->n + 1, struct cedar_field);
    struct cedar_value v;

    for (size_t i = 0; i < f->n; i++)
        copy[i] = f->at[i];
    (void)cedar_record_of(a, copy, f->n, &v, NULL);
    return v.record;
}

static const struct cedar_record nothing = { 0, NULL };

static struct cedar_entity *entity(struct arena *a, const char *type, struct str id, const struct cedar_record *attrs)
{
    struct cedar_entity *e = arena_make(a, struct cedar_entity);

    e->uid = cedar_uid_make(str_of(type), id);
    e->attrs = attrs;
    e->tags = &nothing;
    return e;
}

static void under(struct arena *a, struct cedar_entity *e, const struct cedar_uid *const *parents, size_t n)
{
    struct cedar_uid *list = arena_make_n(a, n + 1, struct cedar_uid);

    for (size_t i = 0; i < n; i++)
        list[i] = *parents[i];
    e->parents = list;
    e->n_parents = n;
}

static int by_uid(const void *x, const void *y)
{
    const struct cedar_ancestor *a = x, *b = y;

    return cedar_uid_cmp(a->uid, b->uid);
}

/* What it is in, all of it, for one that stands in no store. */
static void within(struct arena *a, struct cedar_entity *e, const struct cedar_uid *const *all, size_t n)
{
    struct cedar_ancestor *list = arena_make_n(a, n + 1, struct cedar_ancestor);

    for (size_t i = 0; i < n; i++)
        list[i] = (struct cedar_ancestor){ all[i]->hash, all[i] };
    qsort(list, n, sizeof *list, by_uid);
    e->ancestors = list;
    e->n_ancestors = n;
}

/* ── what stays ─────────────────────────────────────────────────────────── */

const struct school *facts_school(const struct registry *r, struct str id, const struct provider **p)
{
    size_t slash = str_find_byte(id, '/', 0);

    *p = slash < id.n ? registry_provider(r, str_sub(id, 0, slash)) : NULL;
    return *p != NULL ? provider_school(*p, str_from(id, slash + 1)) : NULL;
}

static struct cedar_uid nation_uid(void)
{
    return cedar_uid_make(S("Nation"), S("fi"));
}

struct listing {
    struct arena *arena;
    struct cedar_entity **at;
    size_t n;
};

static struct cedar_entity *list(struct listing *l, struct cedar_entity *e)
{
    l->at[l->n++] = e;
    return e;
}

static struct cedar_entity *list_under(struct listing *l, const char *type, struct str id,
                                       const struct cedar_uid *parent)
{
    struct cedar_entity *e = list(l, entity(l->arena, type, id, &nothing));

    under(l->arena, e, &parent, 1);
    return e;
}

static void list_providers(struct listing *l, const struct registry_parts *parts, const struct cedar_uid *nation)
{
    for (size_t i = 0; i < parts->provider_count; i++) {
        const struct provider *p = &parts->providers[i];
        struct cedar_entity *e = list_under(l, "Provider", p->id, nation);
        for (size_t k = 0; k < p->school_count; k++) {
            struct str id = school_uid(l->arena, p, &p->schools[k]);
            if (str_is_set(id) && provider_school(p, str_from(id, p->id.n + 1)) == &p->schools[k])
                (void)list_under(l, "School", id, &e->uid);
        }
    }
}

static const struct cedar_entity *list_service(struct listing *l, const struct service *s)
{
    struct fields_of f = { .n = 0 };
    const struct cedar_uid *parents[2] = { uid(l->arena, "Category", s->category) };
    size_t n = 1;

    add(&f, "category", CEDAR_ENTITY_OF(parents[0]));
    if (str_is_set(s->vendor)) {
        parents[n++] = uid(l->arena, "Vendor", s->vendor);
        add(&f, "vendor", CEDAR_ENTITY_OF(parents[1]));
    }
    struct cedar_entity *e = list(l, entity(l->arena, "Service", s->id, record(l->arena, &f)));
    under(l->arena, e, parents, n);
    return e;
}

static size_t count(const struct registry_parts *parts)
{
    size_t n = 3 + DEED_COUNT + MAY_COUNT + ROLE_COUNT + CLAIM_COUNT + parts->provider_count + parts->service_count;

    for (size_t i = 0; i < parts->provider_count; i++)
        n += parts->providers[i].school_count;
    return n;
}

const struct facts *facts_of(struct arena *a, const struct registry *r)
{
    static const char *const deeds[DEED_COUNT] = { "open", "leaveToSchools", "release" };
    const struct registry_parts *parts = registry_parts(r);
    struct facts *f = arena_make(a, struct facts);
    struct listing l = { a, arena_make_n(a, count(parts), struct cedar_entity *), 0 };
    struct cedar_diags d = cedar_diags_new(a, NULL);

    f->parts = parts;
    const struct cedar_entity *nation = list(&l, entity(a, "Nation", nation_uid().id, &nothing));
    const struct cedar_entity *administer = list(&l, entity(a, "Action", S("administer"), &nothing));
    for (int i = 0; i < DEED_COUNT; i++)
        f->deeds[i] = list(&l, entity(a, "Action", str_of(deeds[i]), &nothing));
    for (int i = MAY_NONE + 1; i < MAY_COUNT; i++)
        f->acts[i] = list_under(&l, "Action", str_of(console_action_name((enum console_action)i)), &administer->uid);
    const struct cedar_entity *any = list(&l, entity(a, "Role", S("any"), &nothing));
    for (int i = ROLE_NONE + 1; i < ROLE_COUNT; i++)
        (void)list_under(&l, "Role", str_of(role_name((enum role)i)), &any->uid);
    for (int i = 0; i < CLAIM_COUNT; i++)
        (void)list(&l, entity(a, "Attribute", str_of(claim_rows[i].word), &nothing));
    list_providers(&l, parts, &nation->uid);
    f->services = arena_make_n(a, parts->service_count + 1, const struct cedar_entity *);
    for (size_t i = 0; i < parts->service_count; i++)
        f->services[i] = list_service(&l, &parts->services[i]);
    f->nouns = cedar_entities_of(a, l.at, l.n, &d);
    return f;
}

const struct cedar_entity *facts_area(struct arena *a, const struct facts *f, const struct registry *r,
                                      const struct area *where)
{
    const struct provider *p = registry_provider(r, where->provider);
    const struct school *s = p != NULL && str_is_set(where->school) ? provider_school(p, where->school) : NULL;
    struct cedar_uid u = nation_uid();

    if (str_is_set(where->provider) && (p == NULL || (str_is_set(where->school) && s == NULL)))
        return NULL;
    if (s != NULL)
        u = cedar_uid_make(S("School"), school_uid(a, p, s));
    else if (p != NULL)
        u = cedar_uid_make(S("Provider"), p->id);
    return cedar_entity_find(f->nouns, &u);
}

/* ── who, what and when ─────────────────────────────────────────────────── */

static void add_age(struct fields_of *f, const struct person *p)
{
    static const char *const ages[] = { "", "under13", "13to17", "adult" };

    if (p->age != AGE_UNKNOWN)
        add(f, "age", CEDAR_STRING_OF(str_of(ages[p->age])));
}

static void add_charge(struct fields_of *f, const struct affiliation *at)
{
    if (at->charge != 0)
        add(f, "charge", CEDAR_STRING_OF(at->charge == 1 ? S("free") : S("paid")));
}

/* What officials have not. */
static void add_own(struct fields_of *f, const struct person *p, const struct affiliation *at)
{
    if (str_is_set(at->group))
        add(f, "group", CEDAR_STRING_OF(at->group));
    if (at->class_level > 0)
        add(f, "classLevel", CEDAR_LONG_OF(at->class_level));
    add_age(f, p);
    add_charge(f, at);
}

const struct cedar_entity *facts_person(struct arena *a, const struct person *p, const struct affiliation *at,
                                        const struct provider *provider)
{
    const struct cedar_uid *in[6];
    const struct school *school =
        provider != NULL && str_is_set(at->school_oid) ? provider_school(provider, at->school_oid) : NULL;
    struct str school_id = school != NULL ? school_uid(a, provider, school) : no_name;
    struct fields_of f = { .n = 0 };
    struct cedar_uid *nation = arena_make(a, struct cedar_uid), *any = arena_make(a, struct cedar_uid);
    size_t n = 0;

    if (provider != NULL) {
        in[n++] = uid(a, "Provider", provider->id);
        add(&f, "provider", CEDAR_ENTITY_OF(in[0]));
    }
    if (at->role != ROLE_NONE) {
        in[n] = uid(a, "Role", str_of(role_name(at->role)));
        add(&f, "role", CEDAR_ENTITY_OF(in[n]));
        n++;
    }
    if (str_is_set(school_id)) {
        in[n] = uid(a, "School", school_id);
        add(&f, "school", CEDAR_ENTITY_OF(in[n]));
        n++;
        if (str_is_set(at->group))
            in[n++] = uid(a, "Group", arena_printf(a, "%.*s/%.*s", STR_ARG(school_id), STR_ARG(at->group)));
    }
    if (provider != NULL)
        add_own(&f, p, at);
    struct cedar_entity *e = entity(a, provider != NULL ? "Person" : "Official", S("asking"), record(a, &f));
    under(a, e, in, n);
    *nation = nation_uid();
    *any = cedar_uid_make(S("Role"), S("any"));
    if (provider != NULL)
        in[n++] = nation;
    if (at->role != ROLE_NONE)
        in[n++] = any;
    within(a, e, in, n);
    return e;
}

const struct cedar_entity *facts_disclosure(struct arena *a, const struct facts *f, const struct service *s,
                                            enum claim claim)
{
    const struct cedar_entity *service = f->services[s - f->parts->services];
    struct str word = str_of(claim_rows[claim].word);
    const struct cedar_uid *in[4] = { &service->uid, uid(a, "Attribute", word) };
    struct fields_of of = { .n = 0 };
    size_t n = 2;

    add(&of, "service", CEDAR_ENTITY_OF(in[0]));
    add(&of, "attribute", CEDAR_ENTITY_OF(in[1]));
    struct cedar_entity *e =
        entity(a, "Disclosure", arena_printf(a, "%.*s/%.*s", STR_ARG(s->id), STR_ARG(word)), record(a, &of));
    under(a, e, in, n);
    for (size_t i = 0; i < service->n_ancestors; i++)
        in[n++] = service->ancestors[i].uid;
    within(a, e, in, n);
    return e;
}

int facts_assurance(struct str acr)
{
    static const struct {
        const char *ends;
        int assurance;
    } known[] = { { "loa3", 3 }, { "LoA/high", 3 }, { "loa2", 2 }, { "LoA/substantial", 2 } };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (str_has_suffix(acr, str_of(known[i].ends)))
            return known[i].assurance;
    return str_is_set(acr) ? 1 : 0;
}

struct moment moment_of(struct arena *a, const struct registry *r, const struct person *p,
                        const struct provider *provider, const struct affiliation *at, const struct circumstances *now)
{
    struct when w = when_local(now->now_s);

    return (struct moment){ .now_s = now->now_s,
                            .minute = w.hour * 60 + w.minute,
                            .weekday = w.weekday,
                            .shared_device = now->shared_device,
                            .assurance = facts_assurance(p->acr),
                            .windows = windows_at(a, r, provider, at, now) };
}

static struct cedar_value time_value(int64_t at_s)
{
    return (struct cedar_value){ .kind = CEDAR_DATETIME, .number = at_s * 1000 };
}

static struct cedar_value exam_value(struct arena *a, const struct windows *w)
{
    struct cedar_value *open = arena_make_n(a, w->services.n + 1, struct cedar_value);
    struct fields_of f = { .n = 0 };

    for (size_t i = 0; i < w->services.n; i++)
        open[i] = CEDAR_ENTITY_OF(uid(a, "Service", w->services.at[i]));
    add(&f, "until", time_value(w->exam_to_s));
    add(&f, "services", cedar_set_of(a, open, w->services.n));
    return (struct cedar_value){ .kind = CEDAR_RECORD, .record = record(a, &f) };
}

struct cedar_value facts_moment(struct arena *a, const struct moment *m)
{
    struct fields_of f = { .n = 0 };
    struct cedar_value out = { .kind = CEDAR_RECORD };

    add(&f, "now", time_value(m->now_s));
    add(&f, "minute", CEDAR_LONG_OF(m->minute));
    add(&f, "weekday", CEDAR_LONG_OF(m->weekday));
    add(&f, "device", CEDAR_ENTITY_OF(uid(a, "Device", m->shared_device ? S("shared") : S("own"))));
    add(&f, "assurance", CEDAR_LONG_OF(m->assurance));
    if (m->windows.day != DAY_UNKNOWN)
        add(&f, "term", CEDAR_ENTITY_OF(uid(a, "Term", str_of(day_kind_word(m->windows.day)))));
    if (str_is_set(m->windows.network))
        add(&f, "network", CEDAR_ENTITY_OF(uid(a, "Network", m->windows.network)));
    if (m->windows.exam)
        add(&f, "exam", exam_value(a, &m->windows));
    out.record = record(a, &f);
    return out;
}

/* From 22 to 6 is over midnight. */
static bool minute_holds(const struct hours *h, int minute)
{
    if (h->minute_from == 0 && h->minute_to == 0)
        return true;
    return h->minute_from < h->minute_to ? minute >= h->minute_from && minute < h->minute_to
                                         : minute >= h->minute_from || minute < h->minute_to;
}

static bool network_holds_here(const struct hours *h, struct str network)
{
    return !h->in_network || (str_is_set(network) && (h->networks.n == 0 || strs_has(&h->networks, network)));
}

bool hours_hold(const struct hours *h, const struct moment *m)
{
    return (h->weekdays == 0 || (h->weekdays >> m->weekday & 1) != 0) && minute_holds(h, m->minute) &&
           (h->device == DEVICE_ANY || (h->device == DEVICE_SHARED) == m->shared_device) &&
           m->assurance >= h->assurance && (h->days == 0 || (h->days >> m->windows.day & 1) != 0) &&
           (h->exam == EXAM_ANY || (h->exam == EXAM_DURING) == m->windows.exam) &&
           network_holds_here(h, m->windows.network);
}
