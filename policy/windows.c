/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/windows.h"

#include "base/networks.h"
#include "model/when.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DAY_S = 86400 };

const char *day_kind_word(enum day_kind day)
{
    static const char *const words[DAY_COUNT] = { [DAY_UNKNOWN] = "",
#define X(day, word) [DAY_##day] = word,
                                                  DAY_KINDS(X)
#undef X
    };

    return day < DAY_COUNT ? words[day] : "";
}

enum day_kind day_kind_of_word(struct str word)
{
    for (int day = DAY_UNKNOWN + 1; day < DAY_COUNT; day++)
        if (str_eq(word, str_of(day_kind_word((enum day_kind)day))))
            return (enum day_kind)day;
    return DAY_UNKNOWN;
}

const struct supposed supposed_ordinary = { .ordinary = true };

/* ── the index ──────────────────────────────────────────────────────────── */

struct block { /* one of a network's */
    const struct named_network *of;
    struct network network;
};

struct span {
    size_t from, n;
};

struct places { /* what one provider has, each kind in an order of its own */
    struct span terms, blocks, exams;
};

struct index {
    const struct provider *providers;
    const struct term **terms;   /* by provider, school (the provider's own first) and begin */
    struct block *blocks;        /* by provider, school (the provider's own first); the longest prefix first */
    const struct exam **exams;   /* by provider, school, and end, the last first */
    const struct places *places; /* by the place of the provider in the registry */
};

static int by_address(const void *x, const void *y)
{
    return ((uintptr_t)x > (uintptr_t)y) - ((uintptr_t)x < (uintptr_t)y);
}

static int by_number(int64_t x, int64_t y)
{
    return (x > y) - (x < y);
}

static int by_term(const void *x, const void *y)
{
    const struct term *a = *(const struct term *const *)x, *b = *(const struct term *const *)y;
    int order = by_address(a->provider, b->provider);

    if (order == 0)
        order = by_address(a->school, b->school);
    return order != 0 ? order : by_number(a->from_day, b->from_day);
}

static int by_block(const void *x, const void *y)
{
    const struct block *a = x, *b = y;
    int order = by_address(a->of->provider, b->of->provider);

    if (order == 0)
        order = by_address(a->of->school, b->of->school);
    if (order == 0)
        order = b->network.bits - a->network.bits;
    return order != 0 ? order : str_cmp(a->of->id, b->of->id);
}

static int by_exam(const void *x, const void *y)
{
    const struct exam *a = *(const struct exam *const *)x, *b = *(const struct exam *const *)y;
    int order = by_address(a->provider, b->provider);

    if (order == 0)
        order = by_address(a->school, b->school);
    return order != 0 ? order : by_number(b->to_s, a->to_s);
}

static void count_in(struct span *s, size_t at)
{
    if (s->n++ == 0)
        s->from = at;
}

static size_t gather_blocks(const struct registry_parts *parts, struct block *out)
{
    size_t n = 0;

    for (size_t i = 0; i < parts->network_count; i++)
        for (size_t k = 0; k < parts->networks[i].blocks.n; k++) {
            struct block b = { .of = &parts->networks[i] };
            if (!network_read(parts->networks[i].blocks.at[k], &b.network))
                continue;
            if (out != NULL)
                out[n] = b;
            n++;
        }
    return n;
}

static void *make(struct arena *a, const struct registry *r)
{
    const struct registry_parts *parts = registry_parts(r);
    struct index *x = arena_make(a, struct index);
    struct places *places = arena_make_n(a, parts->provider_count + 1, struct places);
    size_t blocks = gather_blocks(parts, NULL);

    *x = (struct index){ .providers = parts->providers,
                         .terms = arena_make_n(a, parts->term_count + 1, const struct term *),
                         .blocks = arena_make_n(a, blocks + 1, struct block),
                         .exams = arena_make_n(a, parts->exam_count + 1, const struct exam *),
                         .places = places };
    (void)gather_blocks(parts, x->blocks);
    for (size_t i = 0; i < parts->term_count; i++)
        x->terms[i] = &parts->terms[i];
    for (size_t i = 0; i < parts->exam_count; i++)
        x->exams[i] = &parts->exams[i];
    qsort(x->terms, parts->term_count, sizeof(const struct term *), by_term);
    qsort(x->blocks, blocks, sizeof *x->blocks, by_block);
    qsort(x->exams, parts->exam_count, sizeof(const struct exam *), by_exam);
    for (size_t i = 0; i < parts->term_count; i++)
        count_in(&places[x->terms[i]->provider - parts->providers].terms, i);
    for (size_t i = 0; i < blocks; i++)
        count_in(&places[x->blocks[i].of->provider - parts->providers].blocks, i);
    for (size_t i = 0; i < parts->exam_count; i++)
        count_in(&places[x->exams[i]->provider - parts->providers].exams, i);
    return x;
}

static const struct index *index_of(const struct registry *r)
{
    return registry_index(r, INDEX_WINDOWS, make);
}

void windows_prepare(const struct registry *r)
{
    (void)index_of(r);
}

static const struct places *places_of(const struct registry *r, const struct index *x, const struct provider *p)
{
    const struct registry_parts *parts = registry_parts(r);
    bool own = p >= parts->providers && p < parts->providers + parts->provider_count;
    const struct provider *twin = own || p == NULL ? p : registry_provider(r, p->id);

    return twin != NULL ? &x->places[twin - x->providers] : NULL;
}

/* ── the calendar ───────────────────────────────────────────────────────── */

int64_t windows_day(int64_t at_s)
{
    struct when w = when_local(at_s);
    struct tm t = { .tm_year = w.year - 1900, .tm_mon = w.month - 1, .tm_mday = w.day };

    return (int64_t)timegm(&t) / DAY_S;
}

static int weekday_of(int64_t day)
{
    return (int)((day % 7 + 7 + 3) % 7) + 1; /* 1 January 1970 was a Thursday */
}

struct calendar { /* what rows of one owner say of a day */
    bool any, term, holiday, school_day;
    int64_t from, to; /* that they reach; both included */
};

static void heed(struct calendar *c, const struct term *t, int64_t day)
{
    c->from = !c->any || t->from_day < c->from ? t->from_day : c->from;
    c->to = !c->any || t->to_day > c->to ? t->to_day : c->to;
    c->any = true;
    if (day < t->from_day || day > t->to_day)
        return;
    c->term = c->term || t->kind == TERM_TERM;
    c->holiday = c->holiday || t->kind == TERM_HOLIDAY;
    c->school_day = c->school_day || t->kind == TERM_SCHOOL_DAY;
}

static bool same_school(const struct school *x, const struct school *y)
{
    return x == y || (x != NULL && y != NULL && str_eq(x->oid, y->oid));
}

static void read_calendars(const struct registry *r, const struct provider *p, const struct school *s, int64_t day,
                           struct calendar *own, struct calendar *around)
{
    const struct index *x = index_of(r);
    const struct places *places = places_of(r, x, p);

    *own = *around = (struct calendar){ .any = false };
    for (size_t i = 0; places != NULL && i < places->terms.n; i++) {
        const struct term *t = x->terms[places->terms.from + i];
        if (t->school == NULL)
            heed(around, t, day);
        else if (s != NULL && same_school(t->school, s))
            heed(own, t, day);
    }
}

/* What a school says of a day goes before what its provider says.  A calendar that has run out says nothing: the next
 * one is not written yet, and nobody shall be locked out, or in, by that. */
enum day_kind windows_calendar(const struct registry *r, const struct provider *p, const struct school *s, int64_t day)
{
    struct calendar own, around;
    bool weekend = weekday_of(day) > 5;

    read_calendars(r, p, s, day, &own, &around);
    const struct calendar *c = own.term || own.holiday || own.school_day ? &own : &around;
    if (c->school_day)
        return DAY_SCHOOL;
    if (c->holiday)
        return DAY_HOLIDAY;
    if (c->term)
        return weekend ? DAY_OFF : DAY_SCHOOL;
    bool between = (around.any && day >= around.from && day <= around.to) ||
                   (own.any && day >= own.from && day <= own.to && !around.any);
    return between ? DAY_HOLIDAY : DAY_UNKNOWN;
}

int64_t windows_calendar_end(const struct registry *r, const struct provider *p, const struct school *s)
{
    struct calendar own, around;

    read_calendars(r, p, s, 0, &own, &around);
    const struct calendar *c = around.any ? &around : &own;
    return c->any ? c->to + 1 : 0;
}

/* ── the network ────────────────────────────────────────────────────────── */

static size_t first_block(const struct index *x, struct span span, const struct school *s)
{
    size_t low = span.from, high = span.from + span.n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (by_address(x->blocks[middle].of->school, s) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Among the blocks of one owner; s NULL: the provider itself. */
static struct str name_at(const struct index *x, struct span span, const struct school *s, const struct address *from)
{
    size_t end = span.from + span.n;

    for (size_t i = first_block(x, span, s); i < end && x->blocks[i].of->school == s; i++)
        if (network_holds(&x->blocks[i].network, from))
            return x->blocks[i].of->id;
    return (struct str){ NULL, 0 };
}

/* What the provider names goes before: a school that named the same would lead its own people past its provider's
 * policies.  What a school names is so for those who are in it. */
static struct str network_at(const struct index *x, const struct places *places, const struct school *s,
                             const struct address *from)
{
    struct str id = { NULL, 0 };

    if (places == NULL || from->family == 0)
        return id;
    id = name_at(x, places->blocks, NULL, from);
    return str_is_set(id) || s == NULL ? id : name_at(x, places->blocks, s, from);
}

/* ── exams ──────────────────────────────────────────────────────────────── */

static bool sits(const struct exam *e, const struct affiliation *at)
{
    int to = e->level_to > 0 ? e->level_to : INT32_MAX;
    bool levels = e->level_from > 0 || e->level_to > 0;

    if (e->groups.n == 0 && !levels)
        return true;
    for (size_t i = 0; i < e->groups.n && str_is_set(at->group); i++)
        if (str_eq_case(e->groups.at[i], at->group))
            return true;
    return levels && at->class_level > 0 && at->class_level >= e->level_from && at->class_level <= to;
}

static size_t first_exam(const struct index *x, struct span span, const struct school *s)
{
    size_t low = span.from, high = span.from + span.n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (by_address(x->exams[middle]->school, s) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* What is open in both; of one exam that is what it names. */
static void add_exam(struct arena *a, struct windows *w, const struct exam *e)
{
    struct strs both = { arena_make_n(a, e->services.n + 1, struct str), 0 };

    for (size_t i = 0; i < e->services.n; i++)
        if (!w->exam || strs_has(&w->services, e->services.at[i]))
            both.at[both.n++] = e->services.at[i];
    w->services = both;
    w->exam_to_s = e->to_s > w->exam_to_s ? e->to_s : w->exam_to_s;
    w->exam = true;
}

static void find_exams(struct arena *a, const struct index *x, const struct places *places, const struct school *s,
                       const struct affiliation *at, int64_t now_s, struct windows *out)
{
    size_t end = places->exams.from + places->exams.n;

    for (size_t i = first_exam(x, places->exams, s); i < end && x->exams[i]->school == s && x->exams[i]->to_s > now_s;
         i++)
        if (x->exams[i]->from_s <= now_s && sits(x->exams[i], at))
            add_exam(a, out, x->exams[i]);
}

/* ── all of it ──────────────────────────────────────────────────────────── */

/* What is asked about as if it were so. */
static void suppose(const struct supposed *as_if, struct windows *w)
{
    if (as_if->ordinary) {
        w->day = w->day != DAY_UNKNOWN ? DAY_SCHOOL : DAY_UNKNOWN;
        w->exam = false;
    }
    if (as_if->day != NULL)
        w->day = day_kind_of_word(str_of(as_if->day));
    if (as_if->network.p != NULL)
        w->network = as_if->network.n > 0 ? as_if->network : (struct str){ NULL, 0 };
    if (as_if->exam != EXAM_ANY) {
        w->exam = as_if->exam == EXAM_DURING;
        w->exam_to_s = as_if->exam_to_s;
        w->services = as_if->services;
    }
}

struct windows windows_at(struct arena *a, const struct registry *r, const struct provider *p,
                          const struct affiliation *at, const struct circumstances *now)
{
    const struct registry_parts *parts = registry_parts(r);
    struct windows w = { .day = DAY_UNKNOWN };

    if (p != NULL && parts->term_count + parts->network_count + parts->exam_count > 0) {
        const struct index *x = index_of(r);
        const struct places *places = places_of(r, x, p);
        const struct provider *twin = places != NULL ? &x->providers[places - x->places] : p;
        const struct school *s = str_is_set(at->school_oid) ? provider_school(twin, at->school_oid) : NULL;
        if (parts->term_count > 0)
            w.day = windows_calendar(r, p, s, windows_day(now->now_s));
        w.network = network_at(x, places, s, &now->from);
        if (places != NULL && s != NULL && parts->exam_count > 0)
            find_exams(a, x, places, s, at, now->now_s, &w);
    }
    if (now->as_if != NULL)
        suppose(now->as_if, &w);
    return w;
}
