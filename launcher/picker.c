/* SPDX-License-Identifier: EUPL-1.2 */
#include "launcher/pages.h"

#include "launcher/words.h"

#include <stdlib.h>
#include <string.h>

/* One search is one walk along a text that lies in one piece: ten thousand names are half a megabyte. */
enum { QUERY_MAX_B = 100, SHOWN_MAX = 400 };

struct entry { /* a city or one of its schools, and the identity provider that it leads to */
    const struct idp *idp;
    const struct school *school; /* NULL: the city itself */
};

struct shelf { /* the entries in the order of one language */
    const struct entry **entries;
    struct str text; /* their folded names, each ended by a line break, in this order */
    size_t *ends;    /* where each one's line ends */
};

struct picker {
    const struct registry *registry;
    struct shelf shelf[LANG_COUNT];
    size_t count;
    const struct entry **cities[LANG_COUNT]; /* the entries without a school */
    size_t city_count;
};

static bool is_city(const struct idp *idp)
{
    return idp->enabled && idp->listed && idp->provider != NULL;
}

static size_t collect(const struct registry_parts *parts, struct entry *out)
{
    size_t n = 0;

    for (size_t i = 0; i < parts->idp_count; i++) {
        const struct idp *idp = &parts->idps[i];
        if (!is_city(idp))
            continue;
        if (out != NULL)
            out[n] = (struct entry){ .idp = idp };
        n++;
        for (size_t k = 0; k < idp->provider->school_count; k++) {
            const struct school *school = &idp->provider->schools[k];
            if (!school->active)
                continue;
            if (out != NULL)
                out[n] = (struct entry){ .idp = idp, .school = school };
            n++;
        }
    }
    return n;
}

static struct str entry_name(const struct entry *e, enum lang lang)
{
    return names_in(e->school != NULL ? &e->school->names : &e->idp->names, lang);
}

struct sortable {
    const struct entry *entry;
    struct str key;
};

static int by_key(const void *x, const void *y)
{
    const struct sortable *a = x, *b = y;
    int order = str_cmp(a->key, b->key);

    return order != 0 ? order : str_cmp(a->entry->idp->id, b->entry->idp->id);
}

static void put_names(struct buf *b, const struct entry *e, enum lang lang)
{
    words_fold(b, entry_name(e, lang));
    buf_byte(b, ' ');
    words_fold(b, names_in(&e->idp->names, lang));
    buf_byte(b, ' ');
    words_fold(b, names_in(&e->idp->provider->names, lang));
    buf_byte(b, ' ');
}

/* The searched text of an entry: its names in every language, the shelf's first, and the city's, so that
 * "koulu turku" finds a school. */
static void put_line(struct buf *b, const struct entry *e, enum lang first)
{
    put_names(b, e, first);
    for (int lang = 0; lang < LANG_COUNT; lang++)
        if ((enum lang)lang != first)
            put_names(b, e, (enum lang)lang);
    buf_byte(b, '\n');
}

static void fill_shelf(struct arena *a, const struct entry *entries, size_t n, enum lang lang, struct shelf *shelf)
{
    struct arena *scratch = arena_new();
    struct sortable *order = arena_make_n(scratch, n + 1, struct sortable);
    struct buf text = buf_new(a, SIZE_MAX / 4);

    for (size_t i = 0; i < n; i++)
        order[i] = (struct sortable){ &entries[i], words_sort_key(scratch, entry_name(&entries[i], lang), lang) };
    qsort(order, n, sizeof *order, by_key);
    shelf->entries = arena_make_n(a, n + 1, const struct entry *);
    shelf->ends = arena_make_n(a, n + 1, size_t);
    for (size_t i = 0; i < n; i++) {
        shelf->entries[i] = order[i].entry;
        put_line(&text, order[i].entry, lang);
        shelf->ends[i] = text.n;
    }
    shelf->text = buf_str(&text);
    arena_free(scratch);
}

static void *build(struct arena *a, const struct registry *r)
{
    const struct registry_parts *parts = registry_parts(r);
    struct picker *p = arena_make(a, struct picker);
    size_t n = collect(parts, NULL);
    struct entry *entries = arena_make_n(a, n + 1, struct entry);

    p->registry = r;
    p->count = collect(parts, entries);
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        fill_shelf(a, entries, n, (enum lang)lang, &p->shelf[lang]);
        p->cities[lang] = arena_make_n(a, n + 1, const struct entry *);
        p->city_count = 0;
        for (size_t i = 0; i < n; i++)
            if (p->shelf[lang].entries[i]->school == NULL)
                p->cities[lang][p->city_count++] = p->shelf[lang].entries[i];
    }
    return p;
}

const struct picker *picker_of(struct registry *r)
{
    return registry_index(r, build);
}

/* --- searching -------------------------------------------------------------------------------------------- */

/* How well an entry answers: its name begins so, one of its words does, or it only holds it. */
enum { RANKS = 3 };

struct hits {
    const struct entry *at[RANKS][SHOWN_MAX];
    size_t n[RANKS], total;
};

static size_t rank_of(struct str line, struct str query)
{
    if (str_has_prefix(line, query))
        return 0;
    for (size_t i = 1; i + query.n <= line.n; i++)
        if ((line.p[i - 1] == ' ' || line.p[i - 1] == '-') && str_has_prefix(str_from(line, i), query))
            return 1;
    return 2;
}

static void hit(struct hits *h, const struct entry *e, size_t rank)
{
    h->total++;
    if (h->n[rank] < SHOWN_MAX)
        h->at[rank][h->n[rank]++] = e;
}

static struct str longest_word(struct str query)
{
    struct str word, longest = S("");

    while (str_split(&query, ' ', &word))
        if (word.n > longest.n)
            longest = word;
    return longest;
}

/* The entry whose line holds a place of the text. */
static size_t line_at(const struct shelf *shelf, size_t count, size_t at)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (shelf->ends[middle] <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void search(const struct picker *p, enum lang lang, struct str query, struct hits *h)
{
    const struct shelf *shelf = &p->shelf[lang];
    struct str word = longest_word(query);

    for (size_t at = 0; word.n > 0 && at < shelf->text.n;) {
        const char *found = memmem(shelf->text.p + at, shelf->text.n - at, word.p, word.n);
        if (found == NULL)
            return;
        size_t i = line_at(shelf, p->count, (size_t)(found - shelf->text.p));
        size_t begin = i > 0 ? shelf->ends[i - 1] : 0;
        struct str line = str_sub(shelf->text, begin, shelf->ends[i] - begin);
        if (words_all_in(line, query))
            hit(h, shelf->entries[i], rank_of(line, query));
        at = shelf->ends[i];
    }
}

/* The name with its first matching word apart, to be marked. */
static struct pick pick_of(const struct entry *e, struct str query, enum lang lang)
{
    struct str name = entry_name(e, lang), word;
    struct pick pick = { .idp = e->idp->id, .before = name };
    size_t from, n;

    if (e->school != NULL)
        pick.note = names_in(&e->idp->names, lang);
    while (str_split(&query, ' ', &word))
        if (word.n > 0 && words_find(name, word, &from, &n)) {
            pick.before = str_sub(name, 0, from);
            pick.hit = str_sub(name, from, n);
            pick.after = str_from(name, from + n);
            break;
        }
    return pick;
}

/* Folded, words set apart by one space; a control byte is none of a name's. */
static struct str query_of(struct arena *a, struct str typed)
{
    struct buf folded = buf_new(a, 4 * QUERY_MAX_B), out = buf_new(a, 4 * QUERY_MAX_B);
    struct str rest, word;

    words_fold(&folded, typed);
    for (size_t i = 0; i < folded.n; i++)
        if ((unsigned char)folded.p[i] < ' ')
            folded.p[i] = ' ';
    rest = buf_str(&folded);
    for (int words = 0; words < WORDS_IN_SEARCH_MAX && str_split(&rest, ' ', &word);) {
        if (word.n == 0)
            continue;
        if (words++ > 0)
            buf_byte(&out, ' ');
        buf_add(&out, word);
    }
    return buf_str(&out);
}

/* A page ends with its n-th hit: the first has RESULTS_SHOWN, or with them whatever fills a page, the others that much.
 */
static void fill_hits(const struct picker *p, struct arena *a, struct str query, size_t n, struct sign_in_view *v)
{
    struct hits *h = arena_make(a, struct hits);
    size_t from = n > RESULTS_PAGE ? n - RESULTS_PAGE : 0, at = 0;

    search(p, v->page.lang, query, h);
    for (; from > 0 && from >= h->total; from -= RESULTS_PAGE)
        n -= RESULTS_PAGE;
    struct pick *picks = arena_make_n(a, n - from + 1, struct pick);
    for (size_t rank = 0; rank < RANKS; rank++)
        for (size_t i = 0; i < h->n[rank] && at < n; i++)
            if (at++ >= from)
                picks[v->picks.n++] = pick_of(h->at[rank][i], query, v->page.lang);
    v->picks.at = picks;
    v->total = h->total;
    v->from = from;
    v->previous = from;
    if (h->total > at && at < SHOWN_MAX)
        v->next = at < RESULTS_PAGE ? RESULTS_PAGE : at + RESULTS_PAGE;
}

/* --- the page --------------------------------------------------------------------------------------------- */

static void fill_cities(const struct picker *p, struct arena *a, struct sign_in_view *v)
{
    v->search = p->city_count > PICKS_MAX;
    if (v->search)
        return;
    struct pick *picks = arena_make_n(a, p->city_count + 1, struct pick);
    for (size_t i = 0; i < p->city_count; i++)
        picks[i] = pick_of(p->cities[v->page.lang][i], S(""), v->page.lang);
    v->picks = (struct picks){ picks, p->city_count };
}

/* Local accounts that belong to no city: break-glass, vendors' test people. */
static void fill_others(const struct picker *p, struct arena *a, struct sign_in_view *v)
{
    const struct registry_parts *parts = registry_parts(p->registry);
    struct pick *others = arena_make_n(a, PICKS_MAX, struct pick);
    size_t n = 0;

    for (size_t i = 0; i < parts->idp_count && n < PICKS_MAX; i++) {
        const struct idp *idp = &parts->idps[i];
        if (idp->enabled && idp->listed && idp->provider == NULL && idp->kind == IDP_LOCAL)
            others[n++] = (struct pick){ .idp = idp->id, .before = names_in(&idp->names, v->page.lang) };
    }
    v->others = (struct picks){ others, n };
}

static void fill_remembered(const struct picker *p, struct str id, struct sign_in_view *v)
{
    const struct idp *idp = registry_idp(p->registry, id);

    if (idp != NULL && is_city(idp))
        v->remembered = (struct pick){ .idp = idp->id, .before = names_in(&idp->names, v->page.lang) };
}

/* Pages begin where "show more" makes them begin, whatever was written into the address. */
static size_t limit_of(struct str n)
{
    int64_t asked;

    if (!str_int(n, &asked) || asked <= RESULTS_SHOWN)
        return RESULTS_SHOWN;
    if (asked > SHOWN_MAX)
        return SHOWN_MAX;
    return ((size_t)asked + RESULTS_PAGE - 1) / RESULTS_PAGE * RESULTS_PAGE;
}

void picker_fill(const struct picker *p, struct arena *a, const struct picker_ask *ask, struct sign_in_view *v)
{
    struct str typed = str_trim(str_sub(ask->query, 0, QUERY_MAX_B)), query = query_of(a, typed);

    if (ask->local_allowed)
        fill_others(p, a, v);
    if (query.n > 0) {
        v->q = typed;
        fill_hits(p, a, query, limit_of(ask->n), v);
        return;
    }
    if (!ask->all)
        fill_remembered(p, ask->remembered_idp, v);
    if (!str_is_set(v->remembered.idp))
        fill_cities(p, a, v);
}
