/* SPDX-License-Identifier: EUPL-1.2 */
#include "launcher/shelf.h"

#include "frame/words.h"

#include <stdlib.h>
#include <string.h>

/* Groups stand on the page in this order. */
const struct shelf_group shelf_groups[SHELF_GROUPS] = {
    { "learning", T_group_learning }, { "class", T_group_class }, { "everyday", T_group_everyday },
    { "work", T_group_work },         { "other", T_group_other },
};

/* What a service's category means here; one that is not in the table stands among the others. */
static const struct {
    const char *category, *group;
    enum pictogram pictogram;
} categories[] = {
    { "learning", "learning", PIC_BOOK },   { "books", "learning", PIC_BOOK },
    { "library", "learning", PIC_BOOK },    { "maths", "learning", PIC_MATHS },
    { "exercises", "learning", PIC_MATHS }, { "reading", "learning", PIC_READ },
    { "assistive", "learning", PIC_READ },  { "pictures", "learning", PIC_PICTURE },
    { "music", "learning", PIC_MUSIC },     { "coding", "learning", PIC_CODE },
    { "class", "class", PIC_ROOM },         { "courses", "class", PIC_ROOM },
    { "assessment", "class", PIC_EXAM },    { "survey", "class", PIC_EXAM },
    { "everyday", "everyday", PIC_CLOCK },  { "timetable", "everyday", PIC_CLOCK },
    { "journal", "everyday", PIC_HOME },    { "school", "everyday", PIC_HOME },
    { "messages", "everyday", PIC_LETTER }, { "work", "work", PIC_STAR },
    { "office", "work", PIC_LETTER },       { "admin", "work", PIC_STAR },
};

static size_t group_of(struct str category, enum pictogram *pictogram)
{
    for (size_t i = 0; i < sizeof categories / sizeof *categories; i++) {
        if (!str_eq(category, str_of(categories[i].category)))
            continue;
        *pictogram = categories[i].pictogram;
        for (size_t g = 0; g < SHELF_GROUPS; g++)
            if (strcmp(shelf_groups[g].id, categories[i].group) == 0)
                return g;
    }
    *pictogram = PIC_STAR;
    return SHELF_GROUPS - 1;
}

static struct icon icon_in(struct arena *a, const struct service *s, enum lang lang, size_t *group)
{
    uint64_t h = str_hash(s->id, 0);
    struct icon icon = { .letters = words_letters(a, names_in(&s->names, lang)),
                         .shape = 1 + (int)((h >> 32) % TILE_SHAPES),
                         .colour = 1 + (int)((h >> 35) % TILE_COLOURS) };

    if (str_is_set(s->logo))
        icon.logo = arena_printf(a, "/logo/%.*s.%016llx", STR_ARG(s->id), (unsigned long long)str_hash(s->logo, 0));

    *group = group_of(s->category, &icon.pictogram);
    return icon;
}

struct icon icon_of(struct arena *a, const struct service *s, enum lang lang)
{
    size_t group;

    return icon_in(a, s, lang, &group);
}

/* --- making it -------------------------------------------------------------------------------------------- */

struct placing { /* a tile before it has its place */
    struct tile tile;
    size_t group, service;
    struct str key;
};

/* All that people may know it by: names and lines in each language, and the row's keywords. */
static struct str searched(struct arena *a, struct arena *scratch, const struct service *s, enum lang first)
{
    struct buf b = buf_new(scratch, SIZE_MAX / 4);

    for (int i = 0; i < LANG_COUNT; i++) {
        enum lang lang = (enum lang)((first + i) % LANG_COUNT);
        words_fold(&b, names_in(&s->names, lang));
        buf_byte(&b, ' ');
        words_fold(&b, names_in(&s->lines, lang));
        buf_byte(&b, ' ');
    }
    for (size_t i = 0; i < s->keywords.n; i++) {
        words_fold(&b, s->keywords.at[i]);
        buf_byte(&b, ' ');
    }
    return words_once(a, buf_str(&b));
}

static struct placing place_of(struct arena *a, struct arena *scratch, const struct service *s, enum lang lang)
{
    struct placing p = { .tile = { .id = s->id,
                                   .name = names_in(&s->names, lang),
                                   .line = names_in(&s->lines, lang),
                                   .name_lang = names_tag(&s->names, lang),
                                   .line_lang = names_tag(&s->lines, lang) } };

    p.tile.icon = icon_in(a, s, lang, &p.group);
    p.tile.shown = words_parted(a, p.tile.name, lang);
    p.tile.word = words_parted(a, words_last(p.tile.name), lang);
    p.tile.find = searched(a, scratch, s, lang);
    p.tile.open = arena_join(a, S("/open/"), s->id);
    p.key = words_sort_key(scratch, p.tile.name, lang);
    return p;
}

static int by_place(const void *x, const void *y)
{
    const struct placing *a = x, *b = y;
    int order = (a->group > b->group) - (a->group < b->group);

    if (order == 0)
        order = str_cmp(a->key, b->key);
    return order != 0 ? order : str_cmp(a->tile.id, b->tile.id);
}

static void fill(struct arena *a, const struct registry_parts *parts, enum lang lang, struct shelf *shelf)
{
    struct arena *scratch = arena_new();
    struct placing *order = arena_make_n(scratch, parts->service_count + 1, struct placing);
    struct finder_line *lines = arena_make_n(scratch, parts->service_count + 1, struct finder_line);
    uint32_t *places = arena_make_n(a, parts->service_count + 1, uint32_t);
    size_t n = 0;

    shelf->with_links = bits_new(a, parts->service_count);
    for (size_t i = 0; i < parts->service_count; i++) {
        places[i] = SHELF_NOWHERE;
        if (parts->services[i].lti.deep_linking)
            bits_set(&shelf->with_links, i);
        if (!service_has_way_in(&parts->services[i]))
            continue;
        order[n] = place_of(a, scratch, &parts->services[i], lang);
        order[n++].service = i;
    }
    qsort(order, n, sizeof *order, by_place);
    struct tile *tiles = arena_make_n(a, n + 1, struct tile);
    for (size_t i = 0; i < n; i++) {
        const struct tile *t = &order[i].tile;
        tiles[i] = *t;
        places[order[i].service] = (uint32_t)i;
        lines[i].text = t->find;
        for (size_t g = order[i].group; g < SHELF_GROUPS; g++)
            shelf->ends[g] = i + 1;
    }
    shelf->tiles = tiles;
    shelf->count = n;
    shelf->places = places;
    shelf->finder = finder_new(a, lines, n);
    arena_free(scratch);
}

static void *build(struct arena *a, const struct registry *r)
{
    struct shelf *shelves = arena_make_n(a, LANG_COUNT, struct shelf);

    for (int lang = 0; lang < LANG_COUNT; lang++)
        fill(a, registry_parts(r), (enum lang)lang, &shelves[lang]);
    return shelves;
}

const struct shelf *shelf_of(const struct registry *r, enum lang lang)
{
    const struct shelf *shelves = registry_index(r, INDEX_TILES, build);

    return &shelves[lang];
}

void tiles_prepare(const struct registry *r)
{
    (void)shelf_of(r, LANG_FI);
}
