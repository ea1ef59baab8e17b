/* SPDX-License-Identifier: EUPL-1.2 */
#include "launcher/notices.h"

#include "launcher/texts.h"
#include "model/when.h"

#include <stdlib.h>

struct span {
    size_t from, n;
};

struct notice_index {
    const struct bulletin **at;        /* by whose, and by end, the last first */
    struct span nation, *of_providers; /* by place in the registry */
    const struct incident **incidents; /* by end, the last first; one that goes on first of all */
};

static size_t place_of(const struct registry_parts *parts, const struct provider *p)
{
    return p != NULL ? 1 + (size_t)(p - parts->providers) : 0;
}

static int by_owner(const void *x, const void *y)
{
    const struct bulletin *a = *(const struct bulletin *const *)x, *b = *(const struct bulletin *const *)y;
    /* Of one array, or NULL: as numbers they sort as places do. */
    uintptr_t p = (uintptr_t)a->provider, q = (uintptr_t)b->provider;

    return p != q ? (p > q) - (p < q) : (a->until_s < b->until_s) - (a->until_s > b->until_s);
}

static int64_t end_of(const struct incident *x)
{
    return x->until_s == 0 ? INT64_MAX : x->until_s;
}

static int by_end(const void *x, const void *y)
{
    int64_t a = end_of(*(const struct incident *const *)x), b = end_of(*(const struct incident *const *)y);

    return (a < b) - (a > b);
}

static void *build(struct arena *a, const struct registry *r)
{
    const struct registry_parts *parts = registry_parts(r);
    struct notice_index *x = arena_make(a, struct notice_index);

    x->at = arena_make_n(a, parts->notice_count + 1, const struct bulletin *);
    x->of_providers = arena_make_n(a, parts->provider_count + 1, struct span);
    x->incidents = arena_make_n(a, parts->incident_count + 1, const struct incident *);
    for (size_t i = 0; i < parts->notice_count; i++)
        x->at[i] = &parts->notices[i];
    for (size_t i = 0; i < parts->incident_count; i++)
        x->incidents[i] = &parts->incidents[i];
    qsort(x->at, parts->notice_count, sizeof(const struct bulletin *), by_owner);
    qsort(x->incidents, parts->incident_count, sizeof(const struct incident *), by_end);
    for (size_t i = 0; i < parts->notice_count; i++) {
        size_t place = place_of(parts, x->at[i]->provider);
        struct span *s = place > 0 ? &x->of_providers[place - 1] : &x->nation;
        if (s->n++ == 0)
            s->from = i;
    }
    return x;
}

/* ── whom it concerns ───────────────────────────────────────────────────────── */

static bool is_school(const struct school *s, const struct affiliation *at)
{
    return (str_is_set(at->school_oid) && str_eq(at->school_oid, s->oid)) ||
           (str_is_set(at->school_code) && str_eq(at->school_code, s->code));
}

static bool concerns_them(const struct bulletin *n, const struct person *p, int64_t now_s)
{
    for (size_t i = 0; i < p->affiliation_count; i++) {
        const struct affiliation *at = &p->affiliations[i];
        if (affiliation_valid(at, now_s) && (n->provider == NULL || str_eq(n->provider->oid, at->provider_oid)) &&
            (n->school == NULL || is_school(n->school, at)) &&
            (n->roles.n == 0 || strs_has(&n->roles, str_of(role_name(at->role)))))
            return true;
    }
    return n->provider == NULL && n->roles.n == 0; /* to the whole country, whoever they are */
}

static bool is_on(const struct bulletin *n, int64_t now_s)
{
    int64_t from = n->kind == NOTICE_MAINTENANCE ? n->from_s - NOTICE_AHEAD_S : n->from_s;

    return from <= now_s && now_s < n->until_s;
}

struct gathering {
    struct arena *a;
    const struct notices_ask *ask;
    const struct bulletin **found;
    size_t n;
};

static void gather(struct gathering *g, const struct notice_index *x, struct span s)
{
    for (size_t i = s.from; i < s.from + s.n && x->at[i]->until_s > g->ask->now_s; i++)
        if (is_on(x->at[i], g->ask->now_s) && concerns_them(x->at[i], g->ask->person, g->ask->now_s))
            g->found[g->n++] = x->at[i];
}

/* Each of the person's municipalities once. */
static void gather_all(struct gathering *g, const struct notice_index *x)
{
    const struct registry *r = g->ask->registry;
    const struct registry_parts *parts = registry_parts(r);
    const struct person *p = g->ask->person;
    struct span *spans = arena_make_n(g->a, p->affiliation_count + 2, struct span);
    size_t n = 0, most = 0;

    spans[n++] = x->nation;
    for (size_t i = 0; i < p->affiliation_count; i++) {
        const struct provider *at = registry_provider_oid(r, p->affiliations[i].provider_oid);
        struct span s = at != NULL ? x->of_providers[place_of(parts, at) - 1] : (struct span){ 0, 0 };
        size_t k = 1;
        while (k < n && spans[k].from != s.from)
            k++;
        if (s.n > 0 && k == n)
            spans[n++] = s;
    }
    for (size_t i = 0; i < n; i++)
        most += spans[i].n;
    g->found = arena_make_n(g->a, most + 1, const struct bulletin *);
    for (size_t i = 0; i < n; i++)
        gather(g, x, spans[i]);
}

/* ── in words ───────────────────────────────────────────────────────────────── */

/* In the page's language; else in that of them that there is: nobody had to write three. */
static enum lang lang_of(const struct bulletin *n, enum lang wanted)
{
    static const enum lang order[] = { LANG_FI, LANG_SV, LANG_EN };

    for (size_t i = 0; i < LANG_COUNT && !str_is_set(n->title.in[wanted]); i++)
        if (str_is_set(n->title.in[order[i]]))
            return order[i];
    return wanted;
}

/* "24.11.2026 klo 17.00–19.00" */
static struct str when_of(struct arena *a, int64_t from_s, int64_t until_s, enum lang lang)
{
    struct str end =
        str_eq(when_date(a, from_s), when_date(a, until_s)) ? when_time(a, until_s, lang) : when_full(a, until_s, lang);

    return arena_printf(a, "%.*s–%.*s", STR_ARG(when_full(a, from_s, lang)), STR_ARG(end));
}

static struct str owner_of(const struct bulletin *n, enum lang lang)
{
    return n->school != NULL     ? names_in(&n->school->names, lang)
           : n->provider != NULL ? names_in(&n->provider->names, lang)
                                 : text(T_chain_nation, lang);
}

static struct notice_line line_of(struct arena *a, const struct notices_ask *ask, const struct bulletin *n, bool read)
{
    enum lang lang = lang_of(n, ask->lang);

    return (struct notice_line){
        .id = n->id,
        .title = n->title.in[lang],
        .says = n->says.in[lang],
        .by = owner_of(n, ask->lang),
        .when = n->kind == NOTICE_MAINTENANCE ? when_of(a, n->from_s, n->until_s, ask->lang) : (struct str){ NULL, 0 },
        .service = n->service != NULL ? names_in(&n->service->names, ask->lang) : (struct str){ NULL, 0 },
        .lang = lang != ask->lang ? str_of(lang_tag(lang)) : (struct str){ NULL, 0 },
        .kind = n->kind,
        .important = n->important,
        .read = read
    };
}

/* What is important, then what is broken, then what was said last. */
static int by_weight(const void *x, const void *y)
{
    const struct bulletin *a = *(const struct bulletin *const *)x, *b = *(const struct bulletin *const *)y;
    bool down = a->kind == NOTICE_DOWN, other = b->kind == NOTICE_DOWN;

    if (a->important != b->important)
        return a->important ? -1 : 1;
    if (down != other)
        return down ? -1 : 1;
    return a->from_s != b->from_s ? (a->from_s < b->from_s) - (a->from_s > b->from_s) : str_cmp(a->id, b->id);
}

static void put_lines(const struct gathering *g, struct notices *out)
{
    const struct notices_ask *ask = g->ask;
    size_t most = ask->all ? NOTICES_LISTED : NOTICES_SHOWN;
    struct notice_line *lines = arena_make_n(g->a, most, struct notice_line);

    qsort(g->found, g->n, sizeof(const struct bulletin *), by_weight);
    for (size_t i = 0; i < g->n; i++) {
        bool read = ask->read != NULL && strs_has(ask->read, g->found[i]->id);
        if (read && !ask->all)
            continue;
        if (out->count++ < most)
            lines[out->lines.n++] = line_of(g->a, ask, g->found[i], read);
    }
    out->lines.at = lines;
}

/* ── on tiles ───────────────────────────────────────────────────────────────── */

/* An office's word goes before an incident: who says that all is well again says so of their own word alone. */
static struct tile_state_of state_of(struct arena *a, const struct notices_ask *ask, const struct bulletin *n)
{
    bool begun = n->from_s <= ask->now_s, same = str_eq(when_date(a, ask->now_s), when_date(a, n->until_s));

    if (n->kind == NOTICE_DOWN)
        return (struct tile_state_of){ n->service, TILE_DOWN, { NULL, 0 } };
    if (begun)
        return (struct tile_state_of){ n->service, TILE_MAINTAINED,
                                       same ? when_time(a, n->until_s, ask->lang)
                                            : when_full(a, n->until_s, ask->lang) };
    return (struct tile_state_of){ n->service, TILE_SOON, when_of(a, n->from_s, n->until_s, ask->lang) };
}

static void put_states(const struct gathering *g, const struct notice_index *x, struct notices *out)
{
    const struct registry_parts *parts = registry_parts(g->ask->registry);
    int64_t now_s = g->ask->now_s;
    size_t incidents = 0;

    while (incidents < parts->incident_count && end_of(x->incidents[incidents]) > now_s)
        incidents++;
    struct tile_state_of *at = arena_make_n(g->a, g->n + incidents + 1, struct tile_state_of);
    for (size_t i = 0; i < incidents; i++)
        if (x->incidents[i]->from_s <= now_s)
            at[out->states.n++] = (struct tile_state_of){ registry_service(g->ask->registry, x->incidents[i]->service),
                                                          TILE_TROUBLE,
                                                          { NULL, 0 } };
    for (size_t i = 0; i < g->n; i++)
        if (g->found[i]->service != NULL && g->found[i]->kind != NOTICE_NEWS)
            at[out->states.n++] = state_of(g->a, g->ask, g->found[i]);
    out->states.at = at;
}

struct notices notices_for(struct arena *a, const struct notices_ask *ask)
{
    const struct notice_index *x = registry_index(ask->registry, INDEX_NOTICES, build);
    struct gathering g = { .a = a, .ask = ask };
    struct notices out = { .count = 0 };

    gather_all(&g, x);
    put_states(&g, x, &out);
    put_lines(&g, &out);
    return out;
}

void notices_prepare(const struct registry *r)
{
    (void)registry_index(r, INDEX_NOTICES, build);
}
