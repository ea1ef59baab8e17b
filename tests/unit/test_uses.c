/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/windows.h"
#include "registry/uses.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct rig {
    struct settings set;
    struct uses *uses;
    char dir[64];
};

static void rig_end(void *arg)
{
    static const char *const files[] = { "uses.sqlite", "uses.sqlite-wal", "uses.sqlite-shm" };
    struct rig *g = arg;
    char path[128];

    uses_free(g->uses);
    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(path, sizeof path, "%s/registry/%s", g->dir, files[i]);
        (void)unlink(path);
    }
    (void)snprintf(path, sizeof path, "%s/registry", g->dir);
    (void)rmdir(path);
    (void)rmdir(g->dir);
}

static struct rig *rig_new(struct test *t)
{
    struct rig *g = arena_make(t->arena, struct rig);

    *g = (struct rig){ .dir = "/tmp/digione-uses-XXXXXX" };
    CHECK(mkdtemp(g->dir) != NULL);
    g->set.state_dir = str_of(g->dir);
    CHECK(mkdir(arena_cstr(t->arena, arena_join(t->arena, g->set.state_dir, S("/registry"))), 0700) == 0);
    g->uses = uses_new(&g->set);
    arena_adopt(t->arena, g, rig_end);
    return g;
}

static void open_times(struct rig *g, const char *service, const char *provider, int64_t at_s, int n)
{
    for (int i = 0; i < n; i++)
        uses_opened(g->uses, str_of(service), str_of(provider), at_s);
}

enum { DAY = 86400 };

TEST(openings_are_summed_by_day_and_municipality_and_few_are_not_told)
{
    struct rig *g = rig_new(t);
    struct uses_told told;
    struct fail f = { 0 };

    open_times(g, "kanerva", "oulu", TEST_NOW_S - DAY, 7);
    open_times(g, "kanerva", "espoo", TEST_NOW_S - DAY, USES_FEW - 1);
    open_times(g, "lampi", "oulu", TEST_NOW_S - DAY, 90);
    CHECK(uses_write(g->uses, TEST_NOW_S, &f));
    open_times(g, "kanerva", "oulu", TEST_NOW_S - DAY, 2);
    open_times(g, "kanerva", "oulu", TEST_NOW_S, 40); /* the day that goes on */
    CHECK(uses_write(g->uses, TEST_NOW_S, &f));
    CHECK(uses_read(&g->set, t->arena, S("kanerva"), 14, TEST_NOW_S, &told, &f));
    CHECK_INT(told.days, 14);
    CHECK_INT(told.first_day + 14, windows_day(TEST_NOW_S));
    CHECK_INT(told.place_n, 1);
    CHECK_STR(told.places[0].provider, "oulu");
    CHECK_INT(told.places[0].n[13], 9);
    CHECK_INT(told.n[13], 9);
    CHECK_INT(told.sum, 9);
}

TEST(rows_are_forgotten_after_their_days)
{
    struct rig *g = rig_new(t);
    struct uses_told told;
    struct fail f = { 0 };
    const int64_t later = TEST_NOW_S + (int64_t)(USES_KEPT_DAYS + 2) * DAY;

    open_times(g, "kanerva", "oulu", TEST_NOW_S, 9);
    CHECK(uses_write(g->uses, TEST_NOW_S, &f));
    open_times(g, "lampi", "oulu", later, 1);
    CHECK(uses_write(g->uses, later, &f));
    CHECK(uses_read(&g->set, t->arena, S("kanerva"), 14, TEST_NOW_S + 2 * DAY, &told, &f));
    CHECK_INT(told.sum, 0);
}

TEST(a_flood_of_pairs_is_bounded_and_names_that_no_row_has_are_not_kept)
{
    struct rig *g = rig_new(t);
    struct uses_told told;
    struct fail f = { 0 };
    char name[80];

    for (int i = 0; i < USES_WAITING_MAX + 100; i++) {
        (void)snprintf(name, sizeof name, "s%d", i);
        open_times(g, name, "oulu", TEST_NOW_S - DAY, 5);
    }
    (void)snprintf(name, sizeof name, "%079d", 1);
    open_times(g, name, "oulu", TEST_NOW_S - DAY, 5);
    CHECK(uses_write(g->uses, TEST_NOW_S, &f));
    CHECK(uses_read(&g->set, t->arena, S("s16383"), 2, TEST_NOW_S, &told, &f));
    CHECK_INT(told.sum, 5);
    CHECK(uses_read(&g->set, t->arena, S("s16384"), 2, TEST_NOW_S, &told, &f));
    CHECK_INT(told.sum, 0);
}

/* ── what is told says nothing of what is hidden ────────────────────────── */

struct dice {
    uint64_t state;
};

static int64_t roll(struct dice *d, int64_t sides)
{
    d->state = d->state * 6364136223846793005u + 1442695040888963407u;
    return (int64_t)((d->state >> 33) % (uint64_t)sides);
}

static bool same(const struct uses_told *x, const struct uses_told *y)
{
    bool yes = x->sum == y->sum && x->place_n == y->place_n && x->days == y->days;

    for (size_t i = 0; yes && i < x->days; i++)
        yes = x->n[i] == y->n[i];
    for (size_t i = 0; yes && i < x->place_n; i++) {
        yes = str_eq(x->places[i].provider, y->places[i].provider) && x->places[i].sum == y->places[i].sum;
        for (size_t k = 0; yes && k < x->days; k++)
            yes = x->places[i].n[k] == y->places[i].n[k];
    }
    return yes;
}

TEST(no_total_and_no_difference_tells_a_cell_of_fewer_than_five)
{
    enum { PLACES = 6, DAYS = 5, ROUNDS = 2000 };
    struct dice d = { 5 };
    size_t hidden = 0;

    for (int round = 0; round < ROUNDS; round++) {
        struct uses_cell one[PLACES * DAYS], other[PLACES * DAYS];
        size_t n = 0, m = 0;
        struct uses_told x, y;
        for (int p = 0; p < PLACES; p++)
            for (int day = 0; day < DAYS; day++) {
                const struct uses_cell cell = { day, arena_printf(t->arena, "p%d", p), roll(&d, 12) };
                struct uses_cell but = cell;
                if (cell.n > 0)
                    one[n++] = cell;
                if (cell.n < USES_FEW) {
                    but.n = roll(&d, USES_FEW);
                    hidden += but.n != cell.n;
                }
                if (but.n > 0)
                    other[m++] = but;
            }
        uses_tell(t->arena, one, n, 0, DAYS, &x);
        uses_tell(t->arena, other, m, 0, DAYS, &y);
        CHECK(same(&x, &y));
    }
    CHECK(hidden > 1000);
}
