/* SPDX-License-Identifier: EUPL-1.2 */
#include "launcher/tiles.h"

#include "launcher/texts.h"
#include "launcher/words.h"

#include <stdlib.h>
#include <string.h>

enum { GROUPS_MAX = 8, DENSE_FROM = 5, ROOMY_CLASS_MAX = 3 };

/* Groups stand on the page in this order. */
static const struct {
    const char *id;
    enum text title;
    bool tools; /* drawn dense when there are many */
} groups[] = {
    { "learning", T_group_learning, false }, { "class", T_group_class, false }, { "everyday", T_group_everyday, false },
    { "work", T_group_work, true },          { "other", T_group_other, false },
};

enum { GROUP_COUNT = sizeof groups / sizeof *groups, GROUP_OTHER = GROUP_COUNT - 1 };

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
        for (size_t g = 0; g < GROUP_COUNT; g++)
            if (strcmp(groups[g].id, categories[i].group) == 0)
                return g;
    }
    *pictogram = PIC_STAR;
    return GROUP_OTHER;
}

static struct icon icon_in(struct arena *a, const struct service *s, enum lang lang, size_t *group)
{
    uint64_t h = str_hash(s->id, 0);
    struct icon icon = { .initials = words_initials(a, names_in(&s->names, lang)),
                         .shape = 1 + (int)(h >> 32 & 7),
                         .colour = 1 + (int)(h >> 35 & 7) };

    *group = group_of(s->category, &icon.pictogram);
    return icon;
}

struct icon icon_of(struct arena *a, const struct service *s, enum lang lang)
{
    size_t group;

    return icon_in(a, s, lang, &group);
}

enum density density_of(const struct person *p, int64_t now_s)
{
    int small = 0, other = 0;

    for (size_t i = 0; i < p->affiliation_count; i++) {
        const struct affiliation *at = &p->affiliations[i];
        if (!affiliation_valid(at, now_s))
            continue;
        if (at->role == ROLE_LEARNER && at->class_level >= 1 && at->class_level <= ROOMY_CLASS_MAX)
            small++;
        else
            other++;
    }
    return small > 0 && other == 0 ? DENSITY_ROOMY : DENSITY_NORMAL;
}

/* --- collecting ------------------------------------------------------------------------------------------- */

struct found { /* a tile before it has its place */
    struct tile tile;
    size_t group;
    struct str key;
};

/* The person as one school sees it: affiliations elsewhere do not count, those of the provider itself do. */
static struct person at_school(struct arena *a, const struct person *p, struct str school)
{
    struct person here = *p;

    if (!str_is_set(school))
        return here;
    here.affiliations = arena_make_n(a, p->affiliation_count + 1, struct affiliation);
    here.affiliation_count = 0;
    for (size_t i = 0; i < p->affiliation_count; i++) {
        const struct affiliation *at = &p->affiliations[i];
        bool of_provider = !str_is_set(at->school_oid) && !str_is_set(at->school_code);
        if (of_provider || str_eq(at->school_oid, school) || str_eq(at->school_code, school))
            here.affiliations[here.affiliation_count++] = *at;
    }
    return here;
}

static bool has_way_in(const struct service *s)
{
    return str_is_set(s->launch_uri) || str_is_set(s->initiate_login_uri) || str_is_set(s->target_link_uri);
}

static struct str folded(struct arena *a, struct str s)
{
    struct buf b = buf_new(a, 4 * s.n + 4);

    words_fold(&b, s);
    return buf_str(&b);
}

static bool passes(struct arena *a, const struct tile *t, struct str query)
{
    return query.n == 0 || words_all_in(folded(a, arena_join(a, arena_join(a, t->name, S(" ")), t->line)), query);
}

static struct found found_of(struct arena *a, const struct service *s, enum lang lang)
{
    struct found f = { .tile = { .id = s->id, .name = names_in(&s->names, lang), .line = names_in(&s->lines, lang) } };

    f.tile.icon = icon_in(a, s, lang, &f.group);
    f.tile.word = words_last(f.tile.name);
    f.tile.open = arena_join(a, S("/open/"), s->id);
    f.key = words_sort_key(a, f.tile.name, lang);
    return f;
}

static int by_place(const void *x, const void *y)
{
    const struct found *a = x, *b = y;
    int order = (a->group > b->group) - (a->group < b->group);

    if (order == 0)
        order = str_cmp(a->key, b->key);
    return order != 0 ? order : str_cmp(a->tile.id, b->tile.id);
}

/* Two services of one list never share shape and colour, as long as there are that many: the later takes the next
 * shape, and once a colour is used up the next colour. */
static void tell_apart(struct found *found, size_t n)
{
    bool used[TILE_SHAPES * TILE_COLOURS] = { false };

    for (size_t i = 0; i < n && i < TILE_SHAPES * TILE_COLOURS; i++) {
        struct icon *icon = &found[i].tile.icon;
        int shape = icon->shape - 1, colour = icon->colour - 1;
        for (int tries = 1; used[colour * TILE_SHAPES + shape]; tries++) {
            shape = (shape + 1) % TILE_SHAPES;
            if (tries % TILE_SHAPES == 0)
                colour = (colour + 1) % TILE_COLOURS;
        }
        used[colour * TILE_SHAPES + shape] = true;
        icon->shape = shape + 1;
        icon->colour = colour + 1;
    }
}

/* A pupil's word is the name's last; where two would read alike, each has its whole name.  For roomy lists, which are
 * short: it compares each with each. */
static void tell_words_apart(struct found *found, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = i + 1; k < n; k++)
            if (str_eq(words_last(found[k].tile.name), words_last(found[i].tile.name))) {
                found[i].tile.word = found[i].tile.name;
                found[k].tile.word = found[k].tile.name;
            }
}

static void put_groups(struct arena *a, const struct found *found, size_t n, enum lang lang, struct tiles *out)
{
    struct tile_group *group = arena_make_n(a, GROUPS_MAX, struct tile_group);
    struct tile *tile = arena_make_n(a, n + 1, struct tile);
    size_t count = 0;

    for (size_t from = 0, to; from < n; from = to) {
        size_t g = found[from].group;
        for (to = from; to < n && found[to].group == g; to++)
            tile[to] = found[to].tile;
        group[count++] = (struct tile_group){ .id = str_of(groups[g].id),
                                              .title = text(groups[g].title, lang),
                                              .dense = groups[g].tools && to - from >= DENSE_FROM,
                                              .tiles = { tile + from, to - from } };
    }
    out->groups.at = group;
    out->groups.n = count;
    out->count = n;
}

/* Takes the favourites out of the list, which keeps its order; returns how many stay. */
static size_t take_favourites(struct arena *a, struct found *found, size_t n, const struct strs *ids, struct tiles *out)
{
    struct tile *tile = arena_make_n(a, ids->n + 1, struct tile);
    size_t count = 0, stay = 0;

    for (size_t k = 0; k < ids->n; k++)
        for (size_t i = 0; i < n; i++)
            if (str_eq(found[i].tile.id, ids->at[k]))
                tile[count++] = found[i].tile;
    for (size_t i = 0; i < n; i++)
        if (!strs_has(ids, found[i].tile.id))
            found[stay++] = found[i];
    out->favourites.at = tile;
    out->favourites.n = count;
    return stay;
}

struct tiles tiles_build(struct arena *a, const struct tiles_ask *ask)
{
    const struct registry_parts *parts = registry_parts(ask->registry);
    tiles_decide *decide = ask->decide != NULL ? ask->decide : policy_decide;
    struct person here = at_school(a, ask->person, ask->school);
    struct str query = folded(a, str_trim(ask->filter));
    struct tiles out = { .density = density_of(&here, ask->now_s) };
    size_t room = parts->service_count < TILES_MAX ? parts->service_count : TILES_MAX;
    struct found *found = arena_make_n(a, room + 1, struct found);
    size_t n = 0;

    for (size_t i = 0; i < parts->service_count && n < room; i++) {
        const struct service *s = &parts->services[i];
        if (!has_way_in(s) || decide(ask->registry, &here, s, ask->now_s).effect != EFFECT_ALLOW)
            continue;
        out.before_filter++;
        found[n] = found_of(a, s, ask->lang);
        n += passes(a, &found[n].tile, query);
    }
    qsort(found, n, sizeof *found, by_place);
    tell_apart(found, n);
    if (out.density == DENSITY_ROOMY)
        tell_words_apart(found, n);
    if (ask->favourites != NULL && query.n == 0)
        n = take_favourites(a, found, n, ask->favourites, &out);
    put_groups(a, found, n, ask->lang, &out);
    out.count += out.favourites.n;
    return out;
}
