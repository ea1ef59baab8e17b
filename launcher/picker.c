/* SPDX-License-Identifier: EUPL-1.2 */
#include "launcher/pages.h"

#include "frame/words.h"
#include "launcher/cities.h"
#include "launcher/inflect.h"
#include "launcher/search.h"

#include <stdlib.h>
#include <string.h>

enum {
    QUERY_MAX_B = 100,
    LETTERS_MAX = 40,
    LETTER_MAX = 80, /* of one letter on a page; Finland has 54 under K */
    COMPLETED_MAX = 400
};

struct entry { /* a city or one of its schools, and the identity provider that it leads to */
    const struct idp *idp;
    const struct school *school; /* NULL: the city itself */
    struct str forms;            /* genitives of the city's names, folded; while the picker is made */
};

struct picker {
    const struct registry *registry;
    const struct entry **entries[LANG_COUNT]; /* in the order of each language */
    const struct finder *finder[LANG_COUNT];  /* whose lines they are */
    struct bits is_city[LANG_COUNT];          /* which of them are cities themselves */
    size_t count;
    const struct entry **cities[LANG_COUNT]; /* the entries without a school */
    size_t city_count;
    struct letters letters[LANG_COUNT];  /* with which they begin */
    struct picks all[LANG_COUNT];        /* the same as picks */
    const struct idp *others[PICKS_MAX]; /* local accounts that belong to no city: break-glass, vendors' test people */
    size_t other_count;
};

static bool is_city(const struct idp *idp)
{
    return idp->enabled && idp->listed && idp->provider != NULL;
}

static struct str folded(struct arena *a, struct str name)
{
    struct buf b = buf_new(a, 4 * name.n + 4);

    words_fold(&b, name);
    return buf_str(&b);
}

/* Those that rules make, and those that none does (cities.def), in the languages of the names. */
static struct str forms_of(struct arena *a, const struct idp *idp)
{
    const struct names *const names[] = { &idp->names, &idp->provider->names };
    struct strs forms = { NULL, 0 };
    struct buf b = buf_new(a, SIZE_MAX / 4);

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (int lang = 0; lang < LANG_COUNT; lang++) {
            struct str name = names_in(names[i], (enum lang)lang);
            struct str known = city_genitive(a, name, lang == LANG_SV ? LANG_SV : LANG_FI);
            inflect_name(a, folded(a, name), &forms);
            if (str_is_set(known))
                strs_add(a, &forms, folded(a, known));
        }
    for (size_t i = 0; i < forms.n; i++) {
        buf_add(&b, forms.at[i]);
        buf_byte(&b, ' ');
    }
    return buf_str(&b);
}

static size_t collect(struct arena *scratch, const struct registry_parts *parts, struct entry *out)
{
    size_t n = 0;

    for (size_t i = 0; i < parts->idp_count; i++) {
        const struct idp *idp = &parts->idps[i];
        if (!is_city(idp))
            continue;
        struct str forms = out != NULL ? forms_of(scratch, idp) : (struct str){ NULL, 0 };
        if (out != NULL)
            out[n] = (struct entry){ .idp = idp, .forms = forms };
        n++;
        for (size_t k = 0; k < idp->provider->school_count; k++) {
            const struct school *school = &idp->provider->schools[k];
            if (!school->active || !idp_may_assert_school(idp, school->oid, school->code))
                continue;
            if (out != NULL)
                out[n] = (struct entry){ .idp = idp, .school = school, .forms = forms };
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

static void put_name(struct buf *b, struct str name)
{
    words_fold(b, name);
    buf_byte(b, ' ');
}

/* The searched text of an entry: its names in every language, the page's first, and its city's with their genitives, so
 * that "koulu turku" and "Turun koulu" find a school. */
static struct finder_line line_of(struct arena *a, const struct entry *e, enum lang first)
{
    struct buf text = buf_new(a, SIZE_MAX / 4);

    for (int i = 0; i < LANG_COUNT; i++)
        put_name(&text, entry_name(e, (enum lang)((first + i) % LANG_COUNT)));
    size_t head = text.n;
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        put_name(&text, names_in(&e->idp->names, (enum lang)lang));
        put_name(&text, names_in(&e->idp->provider->names, (enum lang)lang));
    }
    buf_add(&text, e->forms);
    return (struct finder_line){ .head = str_sub(buf_str(&text), 0, head), .text = buf_str(&text) };
}

static void fill_lang(struct arena *a, const struct entry *entries, struct picker *p, enum lang lang)
{
    struct arena *scratch = arena_new();
    struct sortable *order = arena_make_n(scratch, p->count + 1, struct sortable);
    struct finder_line *lines = arena_make_n(scratch, p->count + 1, struct finder_line);

    for (size_t i = 0; i < p->count; i++)
        order[i] = (struct sortable){ &entries[i], words_sort_key(scratch, entry_name(&entries[i], lang), lang) };
    qsort(order, p->count, sizeof *order, by_key);
    p->entries[lang] = arena_make_n(a, p->count + 1, const struct entry *);
    p->is_city[lang] = bits_new(a, p->count);
    for (size_t i = 0; i < p->count; i++) {
        p->entries[lang][i] = order[i].entry;
        lines[i] = line_of(scratch, order[i].entry, lang);
        if (order[i].entry->school == NULL)
            bits_set(&p->is_city[lang], i);
    }
    p->finder[lang] = finder_new(a, lines, p->count);
    arena_free(scratch);
}

/* Cities of one letter stand together; "S:t" is one of S.  A name that begins otherwise has its first character. */
static void list_letters(struct arena *a, struct picker *p, enum lang lang)
{
    struct letter *letters = arena_make_n(a, p->city_count + 1, struct letter);
    struct letters *out = &p->letters[lang];

    out->at = letters;
    for (size_t i = 0; i < p->city_count; i++) {
        struct str first = words_first_letter(a, entry_name(p->cities[lang][i], lang));
        if (out->n == LETTERS_MAX)
            break;
        if (out->n == 0 || !str_eq(letters[out->n - 1].letter, first))
            letters[out->n++] = (struct letter){ .letter = first };
        letters[out->n - 1].count++;
    }
}

static struct pick pick_of(const struct entry *e, struct str query, enum lang lang);

static void list_cities(struct arena *a, struct picker *p, enum lang lang)
{
    size_t n = bits_count(&p->is_city[lang]), at = 0;
    struct pick *picks = arena_make_n(a, n + 1, struct pick);

    p->cities[lang] = arena_make_n(a, n + 1, const struct entry *);
    for (size_t i = bits_next(&p->is_city[lang], 0); i != SIZE_MAX; i = bits_next(&p->is_city[lang], i + 1)) {
        p->cities[lang][at] = p->entries[lang][i];
        picks[at++] = pick_of(p->entries[lang][i], S(""), lang);
    }
    p->city_count = n;
    p->all[lang] = (struct picks){ picks, n };
    list_letters(a, p, lang);
}

static void *build(struct arena *a, const struct registry *r)
{
    const struct registry_parts *parts = registry_parts(r);
    struct picker *p = arena_make(a, struct picker);
    struct arena *scratch = arena_new();
    struct entry *entries = arena_make_n(a, collect(scratch, parts, NULL) + 1, struct entry);

    p->registry = r;
    p->count = collect(scratch, parts, entries);
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        fill_lang(a, entries, p, (enum lang)lang);
        list_cities(a, p, (enum lang)lang);
    }
    for (size_t i = 0; i < p->count; i++)
        entries[i].forms = (struct str){ NULL, 0 };
    arena_free(scratch);
    for (size_t i = 0; i < parts->idp_count && p->other_count < PICKS_MAX; i++) {
        const struct idp *idp = &parts->idps[i];
        if (idp->enabled && idp->listed && idp->provider == NULL && idp->kind == IDP_LOCAL)
            p->others[p->other_count++] = idp;
    }
    return p;
}

const struct picker *picker_of(const struct registry *r)
{
    return registry_index(r, INDEX_PICKER, build);
}

/* --- searching -------------------------------------------------------------------------------------------- */

/* In the order in which people read them: municipalities, schools named so, and schools of a municipality that is. */
enum { CITY_BEGINS = 0, CITY, SCHOOL_BEGINS, SCHOOL_NAMED, SCHOOL, RANKS };

struct hits { /* each entry in the set of its rank alone */
    struct bits of[RANKS];
    size_t total;
};

static void search(const struct picker *p, struct arena *a, enum lang lang, struct str query, struct hits *h)
{
    const struct finder *f = p->finder[lang];
    const struct bits all = search_find(f, a, query), heads = finder_heads(f, a, query),
                      names = finder_names(f, a, query);
    struct bits city_heads = bits_new(a, p->count);
    const struct bits *const of[RANKS] = { &city_heads, &p->is_city[lang], &heads, &names, NULL };

    bits_or(&city_heads, &heads);
    bits_and(&city_heads, &p->is_city[lang]);
    h->total = bits_count(&all);
    for (int rank = 0; rank < RANKS; rank++) {
        h->of[rank] = bits_new(a, p->count);
        bits_or(&h->of[rank], &all);
        for (int before = 0; before < rank; before++)
            bits_and_not(&h->of[rank], &h->of[before]);
        if (of[rank] != NULL)
            bits_and(&h->of[rank], of[rank]);
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
    pick.lang = names_tag(e->school != NULL ? &e->school->names : &e->idp->names, lang);
    pick.note_lang = e->school != NULL ? names_tag(&e->idp->names, lang) : (struct str){ NULL, 0 };
    if (str_is_set(pick.lang) && !str_is_set(pick.note_lang)) /* it stands inside the name's element */
        pick.note_lang = str_of(lang_tag(lang));
    while (str_split(&query, ' ', &word))
        if (word.n > 0 && words_find(name, word, &from, &n)) {
            pick.before = str_sub(name, 0, from);
            pick.hit = str_sub(name, from, n);
            pick.after = str_from(name, from + n);
            break;
        }
    return pick;
}

/* Pages begin where "show more" makes them begin, whatever was written into the address: the first ends with
 * RESULTS_SHOWN, or where a page is full, the others a page later.  Past the end is the last page. */
static size_t page_end(struct str n, size_t total)
{
    int64_t asked;

    if (!str_int(n, &asked) || asked <= RESULTS_SHOWN || total <= RESULTS_SHOWN)
        return RESULTS_SHOWN;
    size_t least = (size_t)asked < total ? (size_t)asked : total;
    return (least + RESULTS_PAGE - 1) / RESULTS_PAGE * RESULTS_PAGE;
}

static void fill_hits(const struct picker *p, struct arena *a, struct str query, struct str n, struct sign_in_view *v)
{
    struct hits h;

    search(p, a, v->page.lang, query, &h);
    size_t end = page_end(n, h.total), from = end > RESULTS_PAGE ? end - RESULTS_PAGE : 0, before = from;
    struct pick *picks = arena_make_n(a, end - from + 1, struct pick);
    for (size_t rank = 0; rank < RANKS && v->picks.n < end - from; rank++) {
        size_t here = bits_count(&h.of[rank]), skip = before < here ? before : here;
        before -= skip;
        for (size_t i = bits_nth(&h.of[rank], skip); i != SIZE_MAX && v->picks.n < end - from;
             i = bits_next(&h.of[rank], i + 1))
            picks[v->picks.n++] = pick_of(p->entries[v->page.lang][i], query, v->page.lang);
    }
    v->picks.at = picks;
    v->total = h.total;
    v->from = from;
    v->previous = from;
    if (h.total > from + v->picks.n)
        v->next = end < RESULTS_PAGE ? RESULTS_PAGE : end + RESULTS_PAGE;
}

/* --- the page --------------------------------------------------------------------------------------------- */

static struct pick pick_of_idp(const struct idp *idp, enum lang lang)
{
    return (struct pick){ .idp = idp->id, .before = names_in(&idp->names, lang), .lang = names_tag(&idp->names, lang) };
}

static void fill_used(const struct picker *p, struct arena *a, const struct strs *used, struct sign_in_view *v)
{
    struct pick *picks = arena_make_n(a, used->n + 1, struct pick);

    v->used.at = picks;
    for (size_t i = 0; i < used->n; i++) {
        const struct idp *idp = registry_idp(p->registry, used->at[i]);
        if (idp != NULL && is_city(idp))
            picks[v->used.n++] = pick_of_idp(idp, v->page.lang);
    }
}

/* The letters, and the cities of the chosen one. */
static void fill_letters(const struct picker *p, struct arena *a, struct str asked, struct sign_in_view *v)
{
    const struct letters *all = &p->letters[v->page.lang];
    struct letter *letters = arena_make_n(a, all->n + 1, struct letter);
    struct str letter = words_first_letter(a, asked);
    size_t before = 0;

    for (size_t i = 0; i < all->n; i++) {
        letters[i] = all->at[i];
        letters[i].current = str_is_set(asked) && str_eq(all->at[i].letter, letter);
        if (letters[i].current) {
            v->letter = letters[i].letter;
            v->total = letters[i].count;
            v->picks =
                (struct picks){ p->all[v->page.lang].at + before, v->total < LETTER_MAX ? v->total : LETTER_MAX };
        }
        before += letters[i].count;
    }
    v->letters = (struct letters){ letters, all->n };
}

static void fill_cities(const struct picker *p, struct arena *a, const struct picker_ask *ask, struct sign_in_view *v)
{
    v->city_count = p->city_count;
    v->search = p->city_count > PICKS_MAX;
    if (!v->search) {
        v->picks = p->all[v->page.lang];
        return;
    }
    fill_letters(p, a, ask->letter, v);
    if (p->city_count <= COMPLETED_MAX)
        v->all = p->all[v->page.lang];
    if (!str_is_set(v->letter))
        fill_used(p, a, &ask->used, v);
}

static void fill_others(const struct picker *p, struct arena *a, struct sign_in_view *v)
{
    struct pick *others = arena_make_n(a, PICKS_MAX, struct pick);

    for (size_t i = 0; i < p->other_count; i++)
        others[i] = pick_of_idp(p->others[i], v->page.lang);
    v->others = (struct picks){ others, p->other_count };
}

static void fill_remembered(const struct picker *p, struct str id, struct sign_in_view *v)
{
    const struct idp *idp = registry_idp(p->registry, id);

    if (idp != NULL && is_city(idp))
        v->remembered = pick_of_idp(idp, v->page.lang);
}

void picker_fill(const struct picker *p, struct arena *a, const struct picker_ask *ask, struct sign_in_view *v)
{
    struct str typed = str_trim(str_sub(ask->query, 0, QUERY_MAX_B)), query = words_query(a, typed);

    v->guardians = registry_idp_guardians(p->registry) != NULL;
    if (ask->local_allowed)
        fill_others(p, a, v);
    if (query.n > 0) {
        v->q = typed;
        fill_hits(p, a, query, ask->n, v);
        return;
    }
    if (!ask->all && !str_is_set(ask->letter))
        fill_remembered(p, ask->remembered_idp, v);
    if (!str_is_set(v->remembered.idp))
        fill_cities(p, a, ask, v);
}
