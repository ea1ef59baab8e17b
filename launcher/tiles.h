/* SPDX-License-Identifier: EUPL-1.2
 * launcher/tiles.h: services + person + policy -> the tiles of one person's launcher.
 *
 * Floor 4.  Pure: reads its arguments, keeps nothing.  A tile is there exactly
 * when the decision function allows the service, so the launcher never shows
 * what sign-in would refuse.  Views point into the registry or the arena given.
 */
#ifndef LAUNCHER_TILES_H
#define LAUNCHER_TILES_H

#include "model/registry.h"
#include "policy/policy.h"

enum { TILE_SHAPES = 8, TILE_COLOURS = 8, TILES_MAX = 500, TILES_FILTER_MAX_B = 100 };

/* How much of a tile is shown.  ROOMY: pupils (pictogram, one word); NORMAL: icon, name, one line. */
enum density { DENSITY_NORMAL = 0, DENSITY_ROOMY };

struct icon {
    struct str initials;   /* of the name's first two words; one or two letters, upper case */
    int shape, colour;     /* 1..8: classes f1..f8 and k1..k8 */
    struct str pictogram;  /* of the category, for pupils: a symbol id, e.g. "book"; never absent */
};

struct tile {
    struct str id, name, line; /* service id; name and line in the page's language; line may be absent */
    struct str word;           /* the one word a pupil reads */
    struct str open;           /* path that opens it: "/open/kanerva" */
    struct icon icon;
};

struct tile_group {
    struct str category;       /* as the registry has it */
    struct str title;          /* in the page's language */
    struct {
        const struct tile *at;
        size_t n;
    } tiles;                   /* by name, in the page's language's order */
};

struct tiles {
    struct {
        const struct tile_group *at;
        size_t n;
    } groups;
    size_t count;              /* of all tiles */
    size_t before_filter;      /* count without the filter: 0 means "no services at all" */
    enum density density;
};

typedef struct decision tiles_decide(const struct registry *, const struct person *, const struct service *,
                                     int64_t now_s);

struct tiles_ask {
    const struct registry *registry;
    const struct person *person;
    struct str school;         /* oid or code: only what the person may open there; absent: anywhere */
    struct str filter;         /* words that name or line must contain; absent: all */
    enum lang lang;
    int64_t now_s;             /* Unix time, seconds */
    tiles_decide *decide;      /* NULL: policy_decide */
};

struct tiles tiles_build(struct arena *a, const struct tiles_ask *ask);

/* The icon of one service alone (sign-in, "not for you"): the same everywhere but where two in one list would look alike. */
struct icon icon_of(struct arena *a, const struct service *s, enum lang lang);

/* A learner of class 1..3, or one whose class is not known while under 10 cannot be told apart: ROOMY is for classes 1..3. */
enum density density_of(const struct person *p, int64_t now_s);

#endif
