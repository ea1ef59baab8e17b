/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/console/listed.h"

#include "frame/words.h"
#include "wire/form.h"

#include <stdlib.h>

enum { NAME_MAX_B = 2048 };

struct names_of {             /* a kind in one language */
    const struct str *folded; /* by place in the registry: name and id */
    const uint32_t *order;
    size_t n;
};

struct span {
    uint32_t from, n;
};

struct listed_index {
    struct names_of of[LISTED_KINDS][LANG_COUNT];
    /* Identity providers by education provider and then by name; the last span is of those of none. */
    const uint32_t *idps[LANG_COUNT];
    const struct span *idp_spans;
};

/* ── making it ──────────────────────────────────────────────────────────── */

struct placing {
    struct str key;
    uint32_t place;
};

static int by_key(const void *x, const void *y)
{
    const struct placing *a = x, *b = y;
    int order = str_cmp(a->key, b->key);

    return order != 0 ? order : (a->place > b->place) - (a->place < b->place);
}

static size_t count_of(const struct registry_parts *p, enum listed_kind kind)
{
    return kind == LISTED_SERVICES ? p->service_count : kind == LISTED_IDPS ? p->idp_count : p->provider_count;
}

static const struct names *names_at(const struct registry_parts *p, enum listed_kind kind, size_t i, struct str *id)
{
    *id = kind == LISTED_SERVICES ? p->services[i].id : kind == LISTED_IDPS ? p->idps[i].id : p->providers[i].id;
    return kind == LISTED_SERVICES ? &p->services[i].names
           : kind == LISTED_IDPS   ? &p->idps[i].names
                                   : &p->providers[i].names;
}

static struct names_of names_in_order(struct arena *a, const struct registry_parts *parts, enum listed_kind kind,
                                      enum lang lang)
{
    struct arena *scratch = arena_new();
    size_t n = count_of(parts, kind);
    struct placing *all = arena_make_n(scratch, n + 1, struct placing);
    struct str *folded = arena_make_n(a, n + 1, struct str);
    uint32_t *order = arena_make_n(a, n + 1, uint32_t);

    for (size_t i = 0; i < n; i++) {
        struct str id;
        const struct str name = names_in(names_at(parts, kind, i, &id), lang);
        struct buf b = buf_new(scratch, NAME_MAX_B);
        words_fold(&b, name);
        buf_byte(&b, ' ');
        words_fold(&b, id);
        folded[i] = arena_str(a, buf_ok(&b) ? buf_str(&b) : id);
        all[i] = (struct placing){ words_sort_key(scratch, name, lang), (uint32_t)i };
    }
    qsort(all, n, sizeof *all, by_key);
    for (size_t i = 0; i < n; i++)
        order[i] = all[i].place;
    arena_free(scratch);
    return (struct names_of){ folded, order, n };
}

static size_t span_of(const struct registry_parts *parts, const struct provider *p)
{
    return p != NULL ? (size_t)(p - parts->providers) : parts->provider_count;
}

static void place_idps(struct arena *a, const struct registry_parts *parts, struct listed_index *x)
{
    struct span *spans = arena_make_n(a, parts->provider_count + 1, struct span);
    uint32_t from = 0;

    for (size_t i = 0; i < parts->idp_count; i++)
        spans[span_of(parts, parts->idps[i].provider)].n++;
    for (size_t i = 0; i <= parts->provider_count; i++) {
        spans[i].from = from;
        from += spans[i].n;
    }
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        const struct names_of *of = &x->of[LISTED_IDPS][lang];
        uint32_t *at = arena_make_n(a, parts->idp_count + 1, uint32_t);
        for (size_t i = 0; i <= parts->provider_count; i++)
            spans[i].n = 0;
        for (size_t i = 0; i < of->n; i++) {
            struct span *s = &spans[span_of(parts, parts->idps[of->order[i]].provider)];
            at[s->from + s->n++] = of->order[i];
        }
        x->idps[lang] = at;
    }
    x->idp_spans = spans;
}

static void *make(struct arena *a, const struct registry *r)
{
    struct listed_index *x = arena_make(a, struct listed_index);

    for (int kind = 0; kind < LISTED_KINDS; kind++)
        for (int lang = 0; lang < LANG_COUNT; lang++)
            x->of[kind][lang] = names_in_order(a, registry_parts(r), (enum listed_kind)kind, (enum lang)lang);
    place_idps(a, registry_parts(r), x);
    return x;
}

static const struct listed_index *index_of(const struct registry *r)
{
    return registry_index(r, INDEX_LISTED, make);
}

void listed_prepare(const struct registry *r)
{
    (void)index_of(r);
}

/* ── finding ────────────────────────────────────────────────────────────── */

static struct listed those_with(struct ctx *c, const struct names_of *of, struct listed all, struct str typed)
{
    struct str query = words_query(c->arena, typed);

    if (!str_is_set(query))
        return all;
    uint32_t *at = arena_make_n(c->arena, all.n + 1, uint32_t);
    size_t n = 0;
    for (size_t i = 0; i < all.n; i++)
        if (words_all_in(of->folded[all.at[i]], query))
            at[n++] = all.at[i];
    return (struct listed){ at, n };
}

struct listed listed_find(struct ctx *c, enum listed_kind kind, struct str typed)
{
    const struct names_of *of = &index_of(c->registry)->of[kind][c->lang];

    return those_with(c, of, (struct listed){ of->order, of->n }, typed);
}

struct listed listed_idps_of(struct ctx *c, const struct provider *p, struct str typed)
{
    const struct listed_index *x = index_of(c->registry);
    const struct span *s = &x->idp_spans[span_of(registry_parts(c->registry), p)];

    return those_with(c, &x->of[LISTED_IDPS][c->lang], (struct listed){ x->idps[c->lang] + s->from, s->n }, typed);
}

/* ── a page ─────────────────────────────────────────────────────────────── */

struct paging paging_of(struct ctx *c, size_t total, size_t a_page)
{
    struct paging p = { .a_page = a_page, .all = total };
    int64_t from = 0;

    if (!str_int(form_get(c->query, S("from")), &from) || from < 0 || (size_t)from >= total)
        from = 0;
    p.from = (size_t)from;
    p.first = words_count(c->arena, total > 0 ? p.from + 1 : 0, c->lang);
    p.total = words_count(c->arena, total, c->lang);
    paging_ends(c, &p, total - p.from > a_page ? p.from + a_page : total);
    return p;
}

void paging_ends(struct ctx *c, struct paging *p, size_t end)
{
    p->end = end;
    p->last = words_count(c->arena, end, c->lang);
}

static struct str page_at(struct ctx *c, size_t from, struct str here)
{
    char mark = str_find_byte(here, '?', 0) < here.n ? '&' : '?';

    return from > 0 ? arena_printf(c->arena, "%.*s%cfrom=%zu", STR_ARG(here), mark, from) : here;
}

struct str paging_next(struct ctx *c, const struct paging *p, struct str here)
{
    return p->end < p->all ? page_at(c, p->end, here) : (struct str){ NULL, 0 };
}

struct str paging_previous(struct ctx *c, const struct paging *p, struct str here)
{
    return p->from > 0 ? page_at(c, p->from > p->a_page ? p->from - p->a_page : 0, here) : (struct str){ NULL, 0 };
}
