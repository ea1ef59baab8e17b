/* SPDX-License-Identifier: EUPL-1.2 */
#include "launcher/tiles.h"

#include "frame/roles.h"
#include "frame/words.h"
#include "launcher/search.h"
#include "launcher/shelf.h"

enum { ROOMY_CLASS_MAX = 3, MISSING_LOOKED_AT_MAX = 20, MISSING_QUERY_MIN_B = 3 };

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

/* --- choosing --------------------------------------------------------------------------------------------- */

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

/* What the person may open, by place on the shelf. */
static struct bits allowed_on(struct arena *a, const struct shelf *shelf, const struct tiles_ask *ask,
                              const struct person *here, bool *class_links)
{
    tiles_allow *allow = ask->allow != NULL ? ask->allow : policy_services;
    const struct circumstances now = { .now_s = ask->now_s, .shared_device = ask->shared_device, .from = ask->address };
    struct bits services = allow(a, ask->registry, here, &now), tiles = bits_new(a, shelf->count);

    *class_links = *class_links || bits_meet(&services, &shelf->with_links);
    for (size_t i = 0; i < services.words; i++)
        for (uint64_t word = services.at[i]; word != 0; word &= word - 1) {
            uint32_t place = shelf->places[i * 64 + (size_t)__builtin_ctzll(word)];
            if (place != SHELF_NOWHERE)
                bits_set(&tiles, place);
        }
    return tiles;
}

/* Takes the favourites out of what is left to show. */
static size_t take_favourites(const struct tiles_ask *ask, const struct shelf *shelf, struct bits *left,
                              struct tile *out)
{
    const struct service *services = registry_parts(ask->registry)->services;
    size_t n = 0;

    for (size_t i = 0; i < ask->favourites->n; i++) {
        const struct service *s = registry_service(ask->registry, ask->favourites->at[i]);
        size_t place = s != NULL ? shelf->places[s - services] : SHELF_NOWHERE;
        if (place == SHELF_NOWHERE || !bits_has(left, place))
            continue;
        out[n++] = shelf->tiles[place];
        bits_clear(left, place);
    }
    return n;
}

/* --- telling apart ---------------------------------------------------------------------------------------- */

/* A tile keeps its colour as long as none is used less on the page; else it takes the next one of those.  Two never
 * share shape and colour, as long as there are that many.  Logos need neither. */
static void tell_apart(struct tile *tiles, size_t n)
{
    bool used[TILE_COLOURS][TILE_SHAPES] = { { false } };
    size_t times[TILE_COLOURS] = { 0 }, least = 0;

    for (size_t i = 0; i < n && least < TILE_SHAPES; i++) {
        struct icon *icon = &tiles[i].icon;
        int shape = icon->shape - 1, colour = icon->colour - 1, tries = 0;
        if (str_is_set(icon->logo))
            continue;
        for (; times[colour] > least && tries < TILE_COLOURS; tries++)
            colour = (colour + 1) % TILE_COLOURS;
        if (tries == TILE_COLOURS) { /* all are used alike by now */
            least++;
            i--;
            continue;
        }
        while (used[colour][shape])
            shape = (shape + 1) % TILE_SHAPES;
        used[colour][shape] = true;
        times[colour]++;
        icon->shape = shape + 1;
        icon->colour = colour + 1;
    }
}

/* Who cannot read yet knows a tile by its pictogram: where several have the same, each has a sign of its own besides.
 */
static void mark_pictograms(struct tile *tiles, size_t n)
{
    size_t alike[PIC_COUNT] = { 0 };
    bool used[PIC_COUNT][TILE_MARKS] = { { false } };

    for (size_t i = 0; i < n; i++)
        alike[tiles[i].icon.pictogram] += !str_is_set(tiles[i].icon.logo);
    for (size_t i = 0; i < n; i++) {
        struct icon *icon = &tiles[i].icon;
        int mark = (int)(str_hash(tiles[i].id, 1) % TILE_MARKS);
        if (str_is_set(icon->logo) || alike[icon->pictogram] < 2)
            continue;
        for (int tries = 1; tries < TILE_MARKS && used[icon->pictogram][mark]; tries++)
            mark = (mark + 1) % TILE_MARKS;
        used[icon->pictogram][mark] = true;
        icon->mark = mark + 1;
    }
}

/* A pupil's word is the name's last; where two would read alike, each has its whole name. */
static void tell_words_apart(struct arena *a, struct tile *tiles, size_t n)
{
    size_t size = 8;

    while (size < 2 * n + 2)
        size *= 2;
    struct tile **seen = arena_make_n(a, size, struct tile *); /* the first with each word; open addressing */
    for (size_t i = 0; i < n; i++) {
        struct str word = words_last(tiles[i].name);
        size_t k = str_hash(word, 0) & (size - 1);
        while (seen[k] != NULL && !str_eq(words_last(seen[k]->name), word))
            k = (k + 1) & (size - 1);
        if (seen[k] == NULL) {
            seen[k] = &tiles[i];
            continue;
        }
        seen[k]->word = seen[k]->shown;
        tiles[i].word = tiles[i].shown;
    }
}

/* --- roles ------------------------------------------------------------------------------------------------- */

/* The person in one role alone. */
static struct person in_role(struct arena *a, const struct person *p, enum role role, int64_t now_s)
{
    struct person alone = *p;

    alone.affiliations = arena_make_n(a, p->affiliation_count + 1, struct affiliation);
    alone.affiliation_count = 0;
    for (size_t i = 0; i < p->affiliation_count; i++)
        if (p->affiliations[i].role == role && affiliation_valid(&p->affiliations[i], now_s))
            alone.affiliations[alone.affiliation_count++] = p->affiliations[i];
    return alone;
}

/* Who has several roles reads on a tile by which of the others it is there; what the first one opens needs no word. */
static void say_roles(struct arena *a, const struct shelf *shelf, const struct tiles_ask *ask,
                      const struct person *here, struct tile *tiles, size_t n)
{
    enum role roles[ROLE_COUNT];
    size_t role_count = roles_of(here, ask->now_s, roles);
    bool links = false;
    struct bits open[ROLE_COUNT];

    for (size_t r = 0; role_count > 1 && r < role_count; r++) {
        struct person alone = in_role(a, here, roles[r], ask->now_s);
        open[r] = allowed_on(a, shelf, ask, &alone, &links);
    }
    for (size_t i = 0; role_count > 1 && i < n; i++) {
        const struct service *s = registry_service(ask->registry, tiles[i].id);
        size_t place = shelf->places[s - registry_parts(ask->registry)->services], r = 0;
        while (r < role_count && !bits_has(&open[r], place))
            r++;
        if (r > 0 && r < role_count)
            tiles[i].as = role_as(roles[r], ask->lang);
    }
}

/* --- groups ----------------------------------------------------------------------------------------------- */

/* The groups of all that is left, each with how many it has and how many stand before it. */
static void list_groups(struct arena *a, const struct shelf *shelf, const struct bits *left, enum lang lang,
                        struct tiles *out)
{
    struct tile_part *part = arena_make_n(a, SHELF_GROUPS, struct tile_part);
    size_t n = 0, before = 0;

    for (size_t g = 0; g < SHELF_GROUPS; g++) {
        size_t count = bits_count_in(left, g > 0 ? shelf->ends[g - 1] : 0, shelf->ends[g]);
        if (count > 0)
            part[n++] = (struct tile_part){ .title = text(shelf_groups[g].title, lang),
                                            .from = before,
                                            .count = count,
                                            .current = before <= out->from && out->from < before + count };
        before += count;
    }
    out->parts.at = part;
    out->parts.n = n;
}

static void put_groups(struct arena *a, const struct shelf *shelf, const struct bits *left, struct tile *tile,
                       const struct tiles_ask *ask, struct tiles *out)
{
    struct tile_group *group = arena_make_n(a, SHELF_GROUPS, struct tile_group);
    size_t place = bits_nth(left, out->from), n = 0;

    for (size_t g = 0; g < SHELF_GROUPS && out->shown < ask->max; g++) {
        struct tile *first = tile + out->shown;
        size_t count = 0;
        for (; place < shelf->ends[g] && out->shown < ask->max; place = bits_next(left, place + 1), out->shown++)
            first[count++] = shelf->tiles[place];
        if (count > 0)
            group[n++] = (struct tile_group){ .id = str_of(shelf_groups[g].id),
                                              .title = text(shelf_groups[g].title, ask->lang),
                                              .tiles = { first, count } };
    }
    out->groups.at = group;
    out->groups.n = n;
}

/* --- what is said of them ---------------------------------------------------------------------------------- */

/* Of the services that the person has, the worst of each. */
static void say_states(const struct shelf *shelf, const struct tiles_ask *ask, const struct bits *theirs,
                       struct tile *tiles, size_t n)
{
    const struct service *services = registry_parts(ask->registry)->services;

    for (size_t i = 0; i < ask->states.n; i++) {
        const struct tile_state_of *s = &ask->states.at[i];
        size_t place = s->service != NULL ? shelf->places[s->service - services] : SHELF_NOWHERE;
        if (place == SHELF_NOWHERE || !bits_has(theirs, place))
            continue;
        for (size_t k = 0; k < n; k++)
            if (s->state > tiles[k].state && tiles[k].id.p == s->service->id.p) {
                tiles[k].state = s->state;
                tiles[k].when = s->when;
            }
    }
}

/* --- what a teacher has put first --------------------------------------------------------------------------- */

static void put_pins(struct arena *a, const struct shelf *shelf, const struct bits *theirs, const struct tiles_ask *ask,
                     struct tiles *out)
{
    const struct service *services = registry_parts(ask->registry)->services;
    struct tile *tiles = arena_make_n(a, ask->pins.n + 1, struct tile);
    size_t n = 0;

    for (size_t i = 0; i < ask->pins.n; i++) {
        const struct tile_pin *p = &ask->pins.at[i];
        const struct service *s = registry_service(ask->registry, p->service);
        size_t place = s != NULL ? shelf->places[s - services] : SHELF_NOWHERE;
        if (place == SHELF_NOWHERE || !bits_has(theirs, place))
            continue;
        struct tile *t = &tiles[n++];
        *t = shelf->tiles[place];
        t->open = p->open;
        t->shown = t->word = words_parted(a, p->title, ask->lang);
        t->name_lang = (struct str){ NULL, 0 };
        t->until = p->until;
    }
    say_states(shelf, ask, theirs, tiles, n);
    out->pins.at = tiles;
    out->pins.n = n;
}

/* --- all of it -------------------------------------------------------------------------------------------- */

/* Where a page begins: at what was asked, but there is always something on it. */
static void turn_to(const struct tiles_ask *ask, size_t listed, struct tiles *out)
{
    size_t last = listed > 0 ? (listed - 1) / ask->max * ask->max : 0;

    out->from = ask->from < listed ? ask->from : last;
    out->previous = out->from > ask->max ? out->from - ask->max : 0;
    out->next = listed - out->from > ask->max ? out->from + ask->max : 0;
}

/* What was opened last looks as it does in its group. */
static void put_recent(struct arena *a, const struct shelf *shelf, const struct bits *open, const struct tiles_ask *ask,
                       const struct tile *shown, struct tiles *out)
{
    const struct service *services = registry_parts(ask->registry)->services;
    size_t n = 0, count = out->favourites.n + out->shown;
    struct tile *tiles = arena_make_n(a, ask->recent->n + 1, struct tile);

    for (size_t i = 0; i < ask->recent->n; i++) {
        const struct service *s = registry_service(ask->registry, ask->recent->at[i]);
        size_t place = s != NULL ? shelf->places[s - services] : SHELF_NOWHERE, k = 0;
        if (place == SHELF_NOWHERE || !bits_has(open, place))
            continue;
        while (k < count && !str_eq(shown[k].id, s->id))
            k++;
        tiles[n++] = k < count ? shown[k] : shelf->tiles[place];
    }
    say_states(shelf, ask, open, tiles, n);
    out->recent.at = tiles;
    out->recent.n = n;
}

/* By words that begin so, of three letters at least: an answer to who looks for something, no list of what there is.
 * Each is decided: what is theirs at another school is not missing. */
static void put_missing(struct arena *a, const struct shelf *shelf, const struct tiles_ask *ask, struct str query,
                        struct tiles *out)
{
    const struct circumstances now = { .now_s = ask->now_s, .shared_device = ask->shared_device, .from = ask->address };
    struct tile *tiles = arena_make_n(a, TILES_MISSING_MAX, struct tile);
    struct bits named = finder_begins(shelf->finder, a, query);
    size_t looked = 0;

    out->missing.at = tiles;
    for (size_t place = bits_next(&named, 0);
         place < shelf->count && out->missing.n < TILES_MISSING_MAX && looked < MISSING_LOOKED_AT_MAX;
         place = bits_next(&named, place + 1), looked++) {
        const struct service *s = registry_service(ask->registry, shelf->tiles[place].id);
        struct decision d = policy_decide(ask->registry, ask->person, s, &now);
        if (d.effect == EFFECT_DENY && policy_could_open(ask->registry, s, &d))
            tiles[out->missing.n++] = shelf->tiles[place];
    }
}

static struct strs list_theirs(struct arena *a, const struct shelf *shelf, const struct bits *theirs)
{
    struct strs out = { arena_make_n(a, bits_count(theirs) + 1, struct str), 0 };

    for (size_t place = bits_next(theirs, 0); place < shelf->count; place = bits_next(theirs, place + 1))
        out.at[out.n++] = shelf->tiles[place].id;
    return out;
}

size_t tiles_of(const struct registry *r, enum lang lang, const struct strs *ids, struct tile *out)
{
    const struct shelf *shelf = shelf_of(r, lang);
    size_t n = 0;

    for (size_t i = 0; i < ids->n; i++) {
        const struct service *s = registry_service(r, ids->at[i]);
        size_t place = s != NULL ? shelf->places[s - registry_parts(r)->services] : SHELF_NOWHERE;
        if (place != SHELF_NOWHERE)
            out[n++] = shelf->tiles[place];
    }
    return n;
}

struct tiles tiles_build(struct arena *a, const struct tiles_ask *wish)
{
    const struct shelf *shelf = shelf_of(wish->registry, wish->lang);
    struct tiles_ask ask = *wish;
    struct person here = at_school(a, ask.person, ask.school);
    bool links = false;
    struct bits left = allowed_on(a, shelf, &ask, &here, &links);
    struct str query = words_query(a, ask.filter);
    struct tiles out = { .density = density_of(&here, ask.now_s),
                         .before_filter = bits_count(&left),
                         .class_links = links };
    size_t favourites = 0;
    struct bits theirs = bits_new(a, shelf->count);

    bits_or(&theirs, &left);
    if (ask.lists)
        out.theirs = list_theirs(a, shelf, &theirs);
    if (ask.max == 0)
        ask.max = out.density == DENSITY_ROOMY ? TILES_ROOMY_MAX : TILES_MAX;
    size_t room = ask.max + (ask.favourites != NULL ? ask.favourites->n : 0);
    struct tile *tiles = arena_make_n(a, room + 1, struct tile);
    if (ask.favourites != NULL && (query.n == 0 || ask.keep_favourites))
        favourites = take_favourites(&ask, shelf, &left, tiles);
    struct bits open = bits_new(a, shelf->count); /* without favourites */
    bits_or(&open, &left);
    if (query.n > 0) {
        struct bits hits = search_find(shelf->finder, a, query);
        bits_and(&left, &hits);
    }
    size_t listed = bits_count(&left);
    out.count = listed + favourites;
    turn_to(&ask, listed, &out);
    out.favourites.at = tiles;
    out.favourites.n = out.from == 0 || ask.keep_favourites ? favourites : 0;
    out.before = out.from > 0 ? out.from + favourites - out.favourites.n : 0;
    put_groups(a, shelf, &left, tiles + favourites, &ask, &out);
    if (out.shown < listed)
        list_groups(a, shelf, &left, ask.lang, &out);
    size_t skip = favourites - out.favourites.n;
    tell_apart(tiles + skip, out.favourites.n + out.shown);
    if (out.density == DENSITY_ROOMY) {
        tell_words_apart(a, tiles + skip, out.favourites.n + out.shown);
        mark_pictograms(tiles + skip, out.favourites.n + out.shown);
    }
    say_roles(a, shelf, &ask, &here, tiles + skip, out.favourites.n + out.shown);
    say_states(shelf, &ask, &theirs, tiles + skip, out.favourites.n + out.shown);
    if (query.n == 0 && out.from == 0)
        put_pins(a, shelf, &theirs, &ask, &out);
    if (ask.recent != NULL && query.n == 0 && out.from == 0)
        put_recent(a, shelf, &open, &ask, tiles + skip, &out);
    if (ask.missing && query.n >= MISSING_QUERY_MIN_B && out.from == 0 && out.density != DENSITY_ROOMY)
        put_missing(a, shelf, &ask, query, &out);
    out.shown += out.favourites.n;
    return out;
}
