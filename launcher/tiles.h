/* SPDX-License-Identifier: EUPL-1.2
 * launcher/tiles.h: services + person + policy -> the tiles of one person's launcher.
 *
 * Floor 5.  Pure: reads its arguments, keeps nothing.  A tile is there exactly
 * when policy allows the service, so the launcher never shows what sign-in would
 * refuse.  The order is by group and then by name, as the language sorts; what does
 * not fit on a page stands on the next one, and the counts are of all.  Views point into the registry or the arena
 * given.
 */
#ifndef LAUNCHER_TILES_H
#define LAUNCHER_TILES_H

#include "model/registry.h"
#include "policy/policy.h"

/* At most so many on one page, besides the favourites: what fits into 50 KB with the stylesheet.  Roomy tiles have a
 * picture each. */
enum {
    TILE_SHAPES = 8,
    TILE_COLOURS = 10,
    TILE_MARKS = 6,
    TILES_MAX = 80,
    TILES_ROOMY_MAX = 36,
    TILES_MISSING_MAX = 5
};

/* How much of a tile is shown.  ROOMY: pupils (pictogram, one word); NORMAL: icon, name, one line. */
enum density { DENSITY_NORMAL = 0, DENSITY_ROOMY };

/* Categories that the registry may give a service, with their group and picture, stand in shelf.c: books, library,
 * maths, exercises, reading, assistive, pictures, music, coding, learning; class, courses, assessment, survey;
 * timetable, journal, messages, school, everyday; office, admin, work.  Any other stands in the last group.
 *
 * Pictures for pupils, by category. */
enum pictogram {
    PIC_STAR = 0,
    PIC_BOOK,
    PIC_MATHS,
    PIC_READ,
    PIC_ROOM,
    PIC_PICTURE,
    PIC_MUSIC,
    PIC_CODE,
    PIC_EXAM,
    PIC_CLOCK,
    PIC_LETTER,
    PIC_HOME,
    PIC_COUNT
};

struct icon {
    struct str logo;    /* path of the service's own picture: "/logo/kanerva.0123456789abcdef"; absent: letters */
    struct str letters; /* two, of the name's first two words or of its only one */
    int shape, colour;  /* classes f1..f8 and k1..k10 */
    enum pictogram pictogram;
    int mark; /* 1..6: a sign beside a pictogram that others of the page have as well; 0: none */
};

/* What is said of a service on its tile, the worst last. */
enum tile_state {
    TILE_OPEN = 0,
    TILE_SOON,       /* it will be maintained: `when` */
    TILE_TROUBLE,    /* an incident goes on */
    TILE_MAINTAINED, /* until `when` */
    TILE_DOWN
};

struct tile_state_of {
    const struct service *service;
    enum tile_state state;
    struct str when; /* "24.11.2026 klo 17.00–19.00"; absent: not said */
};

struct tile_states {
    const struct tile_state_of *at;
    size_t n;
};

/* What a teacher has put first. */
struct tile_pin {
    struct str service, title, open, until; /* open: path; until: in words */
};

struct tile {
    struct str id, name, line;       /* service id; name and line in the page's language; line may be absent */
    struct str name_lang, line_lang; /* tags, where they are in another language; else absent */
    struct str shown;                /* the name with soft hyphens in long words */
    struct str word;                 /* the one word a pupil reads, likewise */
    struct str find;                 /* what a search looks through, folded: all names, lines and keywords */
    struct str as;   /* "Huoltajana": another role than the person's first, by which it is there; else absent */
    struct str open; /* path that opens it: "/open/kanerva" */
    struct icon icon;
    enum tile_state state;
    struct str when;  /* of its state; absent: not said */
    struct str until; /* of one that a teacher has put first: its last day */
};

struct tile_group {
    struct str id;    /* "learning": for anchors */
    struct str title; /* in the page's language */
    struct {
        const struct tile *at;
        size_t n;
    } tiles; /* by name, in the page's language's order */
};

struct tile_part { /* a group of a list that is longer than its page */
    struct str title;
    size_t from, count; /* where it begins (tiles_ask.from), how many it has */
    bool current;       /* the page begins in it */
};

struct tiles {
    struct {
        const struct tile_group *at;
        size_t n;
    } groups;
    struct {
        const struct tile *at;
        size_t n;
    } favourites; /* in the person's order, on the first page; they stand in no group */
    struct {
        const struct tile *at;
        size_t n;
    } pins; /* without a search, on the first page; of services that the person may open */
    struct {
        const struct tile *at;
        size_t n;
    } recent; /* without a search, on the first page; they stand in their groups as well */
    struct {
        const struct tile_part *at;
        size_t n;
    } parts; /* all groups, where not all tiles are shown; else none */
    struct {
        const struct tile *at;
        size_t n;
    } missing;             /* of a search on the first page: what it names and the person may not open */
    struct strs theirs;    /* tiles_ask.lists: ids of all that they may open, with a search or without */
    bool class_links;      /* one of them is a service in which teachers pick links for a class */
    size_t count;          /* of all tiles, shown or not */
    size_t before_filter;  /* count without the filter: 0 means "no services at all" */
    size_t shown, before;  /* of them: on this page, and on those before it */
    size_t from;           /* where this page begins, favourites not counted */
    size_t next, previous; /* where the pages after and before begin; next 0: none; previous counts where from > 0 */
    enum density density;
};

/* Which services a person may open, by their place in the registry. */
typedef struct bits tiles_allow(struct arena *a, const struct registry *, const struct person *,
                                const struct circumstances *now);

struct tiles_ask {
    const struct registry *registry;
    const struct person *person;
    struct str school;             /* oid or code: only what the person may open there; absent: anywhere */
    const struct strs *favourites; /* ids; NULL: none.  A filtered list has none apart */
    const struct strs *recent;     /* ids, the last first; NULL: none */
    bool keep_favourites;          /* shows them with a filter and on every page, too, to arrange them */
    struct str filter;             /* words that name or line must contain; absent: all */
    bool lists;                    /* fills in tiles.theirs */
    bool missing;                  /* looks for what is there and not theirs, TILES_MISSING_MAX at most */
    size_t from, max; /* the page: so many before it, without favourites, and at most so many on it; max 0: what
                       * fits.  One past the end is the last */
    enum lang lang;
    int64_t now_s;          /* Unix time, seconds */
    bool shared_device;     /* the browser is one that many use */
    struct address address; /* of the device */
    struct {
        const struct tile_pin *at;
        size_t n;
    } pins;
    struct tile_states states; /* of any services; those that the person has are on their tiles */
    tiles_allow *allow;        /* NULL: policy_services */
};

struct tiles tiles_build(struct arena *a, const struct tiles_ask *ask);

/* The tiles of these services (ids; those that there are), as they stand in their groups; out: as many. */
size_t tiles_of(const struct registry *r, enum lang lang, const struct strs *ids, struct tile *out);

/* Makes what the tiles of a snapshot are taken from, so that the first request does not wait for it. */
void tiles_prepare(const struct registry *r);

/* The icon of one service alone (sign-in, "not for you"): the same everywhere, but where two of one list would look
 * alike and the later takes the next shape. */
struct icon icon_of(struct arena *a, const struct service *s, enum lang lang);

/* ROOMY for a learner whose classes, at now_s, are all 1 to 3. */
enum density density_of(const struct person *p, int64_t now_s);

#endif
