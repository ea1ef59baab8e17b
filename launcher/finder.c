/* SPDX-License-Identifier: EUPL-1.2
 *
 * Each different word stands once in a text, with the lines that hold it.  The endings of all words, sorted, have those
 * that begin alike side by side: what a query's word stands in is a range of them, found by halving.  A range whose
 * lines would take long to collect has its set made beforehand; the ranges that can be asked for are the nodes of a
 * tree, so there are not many. */
#include "launcher/finder.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { END = '\n', RANGE_WALKED_MAX = 1024, WALKED_PER_WORD_OF_A_SET = 8, HEAVY_MAX = 4096 };

struct posting { /* the lines that hold a word, each once */
    uint32_t *at;
    uint32_t n;
    struct bits set; /* the same as a set where there are many; no words: walk the list, else there is none */
};

struct words {
    struct str text; /* each word ended by END, which stands in none */
    struct posting *postings;
    size_t count;
};

struct ending { /* of a word: where it begins in the text, and whose it is */
    uint32_t from, word;
};

struct heavy { /* a range of endings, and the lines of all of them */
    uint32_t from, to;
    struct bits set;
};

struct sorted {
    const struct words *words;
    struct ending *endings;
    uint32_t *costs; /* of all endings before this one; one more than there are endings */
    size_t count;
    struct heavy *heavies; /* by place */
    size_t heavy_count;
};

struct finder {
    size_t lines;
    struct words words, names, heads;
    struct sorted anywhere, begun, named, head;
};

/* --- words ------------------------------------------------------------------------------------------------ */

struct gathering { /* words while they are found */
    struct arena *scratch;
    struct words *out;
    struct buf text;
    uint32_t *starts, *ends; /* of words, in the text */
    uint32_t *room;          /* of their postings */
    uint32_t *slots;         /* a word's number plus one; open addressing */
    size_t mask, most;
};

static bool is_gap(char c)
{
    return (unsigned char)c <= ' ';
}

/* Takes the next word off *rest. */
static bool next_word(struct str *rest, struct str *word)
{
    size_t from = 0, to;

    while (from < rest->n && is_gap(rest->p[from]))
        from++;
    for (to = from; to < rest->n && !is_gap(rest->p[to]); to++)
        ;
    *word = str_sub(*rest, from, to - from);
    *rest = str_from(*rest, to);
    return word->n > 0;
}

static uint32_t word_number(struct gathering *g, struct str word)
{
    size_t i = str_hash(word, 0) & g->mask;

    for (; g->slots[i] != 0; i = (i + 1) & g->mask) {
        uint32_t k = g->slots[i] - 1;
        if (str_eq(str_n(g->text.p + g->starts[k], g->ends[k] - g->starts[k]), word))
            return k;
    }
    uint32_t number = (uint32_t)g->out->count++;
    g->slots[i] = number + 1;
    g->starts[number] = (uint32_t)g->text.n;
    buf_add(&g->text, word);
    g->ends[number] = (uint32_t)g->text.n;
    buf_byte(&g->text, END);
    return number;
}

static void note(struct gathering *g, uint32_t word, size_t line)
{
    struct posting *p = &g->out->postings[word];

    if (p->n > 0 && p->at[p->n - 1] == line)
        return;
    if (p->n == g->room[word]) {
        uint32_t *more = arena_make_n(g->scratch, 2 * (size_t)p->n + 1, uint32_t);
        for (uint32_t i = 0; i < p->n; i++)
            more[i] = p->at[i];
        p->at = more;
        g->room[word] = 2 * p->n + 1;
    }
    p->at[p->n++] = (uint32_t)line;
}

/* Moves the postings into memory that stays, as sets where that is less. */
static void keep_postings(struct arena *a, struct words *w, size_t lines)
{
    struct posting *kept = arena_make_n(a, w->count + 1, struct posting);

    for (size_t i = 0; i < w->count; i++) {
        const struct posting *p = &w->postings[i];
        kept[i].n = p->n;
        if (p->n > bits_words(lines))
            kept[i].set = bits_new(a, lines);
        else
            kept[i].at = arena_make_n(a, p->n, uint32_t);
        for (uint32_t k = 0; k < p->n; k++) {
            if (kept[i].set.words > 0)
                bits_set(&kept[i].set, p->at[k]);
            else
                kept[i].at[k] = p->at[k];
        }
    }
    w->postings = kept;
}

static void gather_words(struct arena *a, struct arena *scratch, const struct str *lines, size_t n, struct words *out)
{
    struct gathering g = { .scratch = scratch, .out = out, .text = buf_new(a, UINT32_MAX / 2) };
    struct str rest, word;
    size_t size = 8;

    for (size_t i = 0; i < n; i++)
        for (rest = lines[i]; next_word(&rest, &word);)
            g.most++;
    while (size < 2 * g.most + 2)
        size *= 2;
    g.mask = size - 1;
    g.slots = arena_make_n(scratch, size, uint32_t);
    g.starts = arena_make_n(scratch, g.most + 1, uint32_t);
    g.ends = arena_make_n(scratch, g.most + 1, uint32_t);
    g.room = arena_make_n(scratch, g.most + 1, uint32_t);
    out->postings = arena_make_n(scratch, g.most + 1, struct posting);
    for (size_t i = 0; i < n; i++)
        for (rest = lines[i]; next_word(&rest, &word);)
            note(&g, word_number(&g, word), i);
    assert(buf_ok(&g.text));
    out->text = buf_str(&g.text);
    keep_postings(a, out, n);
}

/* Every line's head as one "word" of that line, its own words set apart by one space. */
static void gather_heads(struct arena *a, const struct finder_line *lines, size_t n, struct words *out)
{
    struct buf text = buf_new(a, UINT32_MAX / 2);
    uint32_t *numbers = arena_make_n(a, n + 1, uint32_t);

    out->postings = arena_make_n(a, n + 1, struct posting);
    out->count = n;
    for (size_t i = 0; i < n; i++) {
        struct str rest = lines[i].head, word;
        for (bool more = false; next_word(&rest, &word); more = true) {
            if (more)
                buf_byte(&text, ' ');
            buf_add(&text, word);
        }
        buf_byte(&text, END);
        numbers[i] = (uint32_t)i;
        out->postings[i] = (struct posting){ .at = &numbers[i], .n = 1 };
    }
    assert(buf_ok(&text));
    out->text = buf_str(&text);
}

/* --- endings, sorted -------------------------------------------------------------------------------------- */

enum begins { ANYWHERE, AT_A_WORD, AT_THE_HEAD };

static bool begins_here(struct str text, size_t at, bool new_word, enum begins where)
{
    if (where == ANYWHERE)
        return true;
    return new_word || (where == AT_A_WORD && text.p[at - 1] == '-');
}

struct sortable { /* an ending, and its first bytes as a number that sorts alike */
    uint64_t key;
    struct ending ending;
};

static uint64_t key_of(struct str text, size_t from)
{
    uint64_t key = 0;
    size_t i = from;

    for (int byte = 0; byte < 8; byte++) {
        bool over = i >= text.n || text.p[i] == END;
        key = key << 8 | (over ? 0 : (unsigned char)text.p[i]);
        i += !over;
    }
    return key;
}

/* An ending's text up to END. */
static struct str ending_text(struct str text, size_t from)
{
    const char *end = memchr(text.p + from, END, text.n - from);

    return str_sub(text, from, (size_t)(end - (text.p + from)));
}

static int by_text(const void *x, const void *y, void *text)
{
    const struct sortable *a = x, *b = y;
    const struct str *t = text;

    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    int order = str_cmp(ending_text(*t, a->ending.from), ending_text(*t, b->ending.from));
    return order != 0 ? order : (a->ending.from > b->ending.from) - (a->ending.from < b->ending.from);
}

/* UTF-8: a place within a character is no beginning. */
static bool is_inner(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

static size_t list_endings(const struct words *w, enum begins where, struct sortable *out)
{
    size_t n = 0;
    uint32_t word = 0;
    bool new_word = true;

    for (size_t i = 0; i < w->text.n; i++) {
        if (w->text.p[i] == END) {
            word++;
            new_word = true;
            continue;
        }
        if (begins_here(w->text, i, new_word, where) && !is_inner(w->text.p[i])) {
            if (out != NULL)
                out[n] = (struct sortable){ key_of(w->text, i), { (uint32_t)i, word } };
            n++;
        }
        new_word = false;
    }
    return n;
}

static uint32_t cost_of(const struct posting *p)
{
    return p->set.words > 0 ? (uint32_t)p->set.words : p->n;
}

static void collect(struct bits *lines, const struct posting *p)
{
    if (p->set.words > 0) {
        bits_or(lines, &p->set);
        return;
    }
    for (uint32_t i = 0; i < p->n; i++)
        bits_set(lines, p->at[i]);
}

/* --- ranges that would be long to collect ------------------------------------------------------------------ */

static size_t walked_max(size_t lines)
{
    size_t most = WALKED_PER_WORD_OF_A_SET * bits_words(lines);

    return most > RANGE_WALKED_MAX ? most : RANGE_WALKED_MAX;
}

static size_t alike(struct str text, uint32_t a, uint32_t b)
{
    size_t n = 0;

    while (text.p[a + n] == text.p[b + n] && text.p[a + n] != END)
        n++;
    return n;
}

struct weighing {
    struct arena *arena;
    struct sorted *sorted;
    size_t lines;
    uint32_t *within; /* by first ending: the widest heavy range that begins there, plus one */
};

/* Ranges come with those inside them first, so each ending is walked once and then counts as part of a set. */
static void weigh(struct weighing *w, size_t from, size_t to)
{
    struct sorted *s = w->sorted;

    if (s->costs[to] - s->costs[from] <= walked_max(w->lines) || s->heavy_count == HEAVY_MAX)
        return;
    struct heavy *h = &s->heavies[s->heavy_count];
    *h = (struct heavy){ (uint32_t)from, (uint32_t)to, bits_new(w->arena, w->lines) };
    for (size_t i = from; i < to;) {
        const struct heavy *inner = w->within[i] != 0 ? &s->heavies[w->within[i] - 1] : NULL;
        if (inner != NULL) {
            bits_or(&h->set, &inner->set);
            i = inner->to;
        } else {
            collect(&h->set, &s->words->postings[s->endings[i].word]);
            i++;
        }
    }
    w->within[from] = (uint32_t)++s->heavy_count;
}

static int by_range(const void *x, const void *y)
{
    const struct heavy *a = x, *b = y;
    int order = (a->from > b->from) - (a->from < b->from);

    return order != 0 ? order : (a->to > b->to) - (a->to < b->to);
}

/* The ranges of endings that begin alike are a tree; a stack of those still open goes through it from inside out. */
static void weigh_ranges(struct arena *a, struct arena *scratch, struct sorted *s, size_t lines)
{
    struct weighing w = { a, s, lines, arena_make_n(scratch, s->count + 1, uint32_t) };
    struct open {
        size_t alike, from;
    } *open = arena_make_n(scratch, s->count + 2, struct open);
    size_t depth = 1; /* the whole, which nobody asks for */

    s->heavies = arena_make_n(scratch, HEAVY_MAX, struct heavy);
    for (size_t i = 1; i <= s->count; i++) {
        size_t from = i - 1,
               same = i < s->count ? alike(s->words->text, s->endings[i - 1].from, s->endings[i].from) : 0;
        while (depth > 1 && open[depth - 1].alike > same) {
            from = open[--depth].from;
            weigh(&w, from, i);
        }
        if (open[depth - 1].alike < same)
            open[depth++] = (struct open){ same, from };
    }
    struct heavy *kept = arena_make_n(a, s->heavy_count + 1, struct heavy);
    for (size_t i = 0; i < s->heavy_count; i++)
        kept[i] = s->heavies[i];
    s->heavies = kept;
    qsort(s->heavies, s->heavy_count, sizeof *s->heavies, by_range);
}

static void sort_endings(struct arena *a, const struct words *w, enum begins where, size_t lines, struct sorted *s)
{
    struct arena *scratch = arena_new();
    size_t n = list_endings(w, where, NULL);
    struct sortable *order = arena_make_n(scratch, n + 1, struct sortable);
    struct str text = w->text;

    (void)list_endings(w, where, order);
    qsort_r(order, n, sizeof *order, by_text, &text);
    *s = (struct sorted){ .words = w, .count = n };
    s->endings = arena_make_n(a, n + 1, struct ending);
    s->costs = arena_make_n(a, n + 1, uint32_t);
    for (size_t i = 0; i < n; i++) {
        s->endings[i] = order[i].ending;
        s->costs[i + 1] = s->costs[i] + cost_of(&w->postings[order[i].ending.word]);
    }
    weigh_ranges(a, scratch, s, lines);
    arena_free(scratch);
}

const struct finder *finder_new(struct arena *a, const struct finder_line *lines, size_t n)
{
    struct finder *f = arena_make(a, struct finder);
    struct arena *scratch = arena_new();

    struct str *texts = arena_make_n(scratch, n + 1, struct str), *names = arena_make_n(scratch, n + 1, struct str);

    f->lines = n;
    for (size_t i = 0; i < n; i++) {
        texts[i] = lines[i].text;
        names[i] = lines[i].head;
    }
    gather_words(a, scratch, texts, n, &f->words);
    gather_words(a, scratch, names, n, &f->names);
    gather_heads(a, lines, n, &f->heads);
    sort_endings(a, &f->words, ANYWHERE, n, &f->anywhere);
    sort_endings(a, &f->words, AT_A_WORD, n, &f->begun);
    sort_endings(a, &f->names, AT_A_WORD, n, &f->named);
    sort_endings(a, &f->heads, AT_THE_HEAD, n, &f->head);
    arena_free(scratch);
    return f;
}

/* --- searching -------------------------------------------------------------------------------------------- */

/* How an ending compares with what it should begin with: 0 when it does. */
static int compare(const struct sorted *s, size_t at, struct str word)
{
    struct str text = s->words->text;
    size_t from = s->endings[at].from, room = text.n - from;
    int order = memcmp(text.p + from, word.p, word.n < room ? word.n : room);

    return order != 0 || word.n <= room ? order : -1;
}

/* The first ending that does not sort before the word; past: behind all that begin with it. */
static size_t bound(const struct sorted *s, struct str word, bool past)
{
    size_t low = 0, high = s->count;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = compare(s, mid, word);
        if (order < 0 || (past && order == 0))
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

struct range { /* of endings that begin alike */
    size_t from, to;
};

static void collect_range(const struct sorted *s, struct range range, struct bits *lines)
{
    const struct heavy asked = { .from = (uint32_t)range.from, .to = (uint32_t)range.to };
    const struct heavy *heavy =
        s->heavy_count > 0 ? bsearch(&asked, s->heavies, s->heavy_count, sizeof *s->heavies, by_range) : NULL;

    if (heavy != NULL) {
        bits_or(lines, &heavy->set);
        return;
    }
    for (size_t i = range.from; i < range.to; i++)
        collect(lines, &s->words->postings[s->endings[i].word]);
}

static void find(const struct sorted *s, struct str word, struct bits *lines)
{
    collect_range(s, (struct range){ bound(s, word, false), bound(s, word, true) }, lines);
}

/* Whether another word of the query says what this one does, and more. */
static bool is_implied(struct str query, struct str word, enum begins where)
{
    struct str other;

    while (next_word(&query, &other)) {
        bool same = str_eq(other, word);
        bool within = where == ANYWHERE ? str_find(other, word) < other.n : str_has_prefix(other, word);
        if (other.p != word.p && within && (!same || other.p < word.p))
            return true;
    }
    return false;
}

static struct bits find_all(const struct finder *f, const struct sorted *s, struct arena *a, struct str query,
                            enum begins where)
{
    struct bits all = bits_new(a, f->lines), one = bits_new(a, f->lines);
    struct str rest = query, word;
    bool first = true;

    while (next_word(&rest, &word)) {
        if (is_implied(query, word, where))
            continue;
        if (first) {
            find(s, word, &all);
        } else {
            memset(one.at, 0, one.words * sizeof *one.at);
            find(s, word, &one);
            bits_and(&all, &one);
        }
        first = false;
        if (bits_none(&all))
            break;
    }
    return all;
}

struct bits finder_holds(const struct finder *f, struct arena *a, struct str query)
{
    return find_all(f, &f->anywhere, a, query, ANYWHERE);
}

struct bits finder_begins(const struct finder *f, struct arena *a, struct str query)
{
    return find_all(f, &f->begun, a, query, AT_A_WORD);
}

struct bits finder_names(const struct finder *f, struct arena *a, struct str query)
{
    return find_all(f, &f->named, a, query, AT_A_WORD);
}

struct bits finder_none(const struct finder *f, struct arena *a)
{
    return bits_new(a, f->lines);
}

struct bits finder_heads(const struct finder *f, struct arena *a, struct str query)
{
    struct bits lines = bits_new(a, f->lines);

    if (query.n > 0)
        find(&f->head, query, &lines);
    return lines;
}

/* --- one letter wrong -------------------------------------------------------------------------------------- */

/* The text before the mistake is a range of endings; what stands there instead is asked of the range itself, and the
 * rest of the word must follow. */
enum { NEAR_LEAST_B = 4 };

static int compare_at(const struct sorted *s, size_t at, size_t depth, struct str more)
{
    struct str text = s->words->text;
    size_t from = s->endings[at].from + depth, room = text.n - from;

    return memcmp(text.p + from, more.p, more.n < room ? more.n : room);
}

/* What of a range, whose endings are alike for so many bytes, goes on with this. */
static struct range narrow(const struct sorted *s, struct range r, size_t depth, struct str more)
{
    size_t low = r.from, high = r.to;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (compare_at(s, mid, depth, more) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    r.from = low;
    high = r.to;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (compare_at(s, mid, depth, more) == 0)
            low = mid + 1;
        else
            high = mid;
    }
    r.to = low;
    return r;
}

static void collect_after(const struct sorted *s, struct range r, size_t depth, struct str more, struct bits *lines)
{
    r = narrow(s, r, depth, more);
    if (r.from < r.to)
        collect_range(s, r, lines);
}

/* Another byte in the place of the word's first, or before it. */
static void near_instead(const struct sorted *s, struct range r, size_t depth, struct str rest, struct bits *lines)
{
    while (r.from < r.to) {
        char byte = s->words->text.p[s->endings[r.from].from + depth];
        struct range child = narrow(s, r, depth, str_n(&byte, 1));
        if (byte != END && byte != rest.p[0]) {
            collect_after(s, child, depth + 1, str_from(rest, 1), lines);
            collect_after(s, child, depth + 1, rest, lines);
        }
        r.from = child.to;
    }
}

static bool may_be_mistyped(struct str word)
{
    for (size_t i = 0; i < word.n; i++)
        if ((word.p[i] >= '0' && word.p[i] <= '9') || is_gap(word.p[i]))
            return false;
    return word.n >= NEAR_LEAST_B;
}

struct bits finder_near(const struct finder *f, struct arena *a, struct str word)
{
    const struct sorted *s = &f->begun;
    struct bits lines = bits_new(a, f->lines);
    struct range r = { 0, s->count };

    for (size_t i = 0; may_be_mistyped(word) && i < word.n && r.from < r.to; i++) {
        struct str rest = str_from(word, i), after = str_from(word, i + 1);
        collect_after(s, r, i, after, &lines);
        near_instead(s, r, i, rest, &lines);
        if (after.n > 0) {
            const char turned[] = { after.p[0], rest.p[0] };
            struct range two = narrow(s, r, i, str_n(turned, 2));
            collect_after(s, two, i + 2, str_from(after, 1), &lines);
        }
        r = narrow(s, r, i, str_sub(rest, 0, 1));
    }
    return lines;
}
