/* SPDX-License-Identifier: EUPL-1.2
 * Who asks too much is slowed down alone. */
#include "gateway/flood.h"
#include "tests/test.h"

static int taken(struct floods *x, const char *whose, int asks, int64_t per_s)
{
    int n = 0;

    for (int i = 0; i < asks; i++)
        n += flood_take(x, str_of(whose), per_s);
    return n;
}

TEST(a_service_that_floods_is_slowed_down_alone)
{
    struct floods *x = floods_new(t->arena, &t->world);

    CHECK_INT(taken(x, "flooder", 1000, 10), 10 * FLOOD_BURST_S);
    CHECK(!flood_has_room(x, S("flooder"), 10) && flood_has_room(x, S("other"), 10));
    CHECK_INT(taken(x, "other", 50, 10), 50);
    floods_free(x);
}

TEST(a_service_that_waits_is_served_at_its_rate)
{
    struct floods *x = floods_new(t->arena, &t->world);

    (void)taken(x, "flooder", 1000, 10);
    test_passes(t, 1);
    CHECK_INT(taken(x, "flooder", 100, 10), 10);
    test_passes(t, 3600);
    CHECK_INT(taken(x, "flooder", 1000, 10), 10 * FLOOD_BURST_S); /* and saves nothing up */
    floods_free(x);
}

TEST(a_flood_of_names_frees_nobody_who_is_held_back)
{
    struct floods *x = floods_new(t->arena, &t->world);

    (void)taken(x, "flooder", 1000, 10);
    for (int i = 0; i < 20 * FLOOD_SETS; i++)
        (void)flood_take(x, arena_printf(t->arena, "name-%d", i), 10);
    CHECK(!flood_has_room(x, S("flooder"), 10));
    floods_free(x);
}

TEST(looking_costs_nothing)
{
    struct floods *x = floods_new(t->arena, &t->world);

    for (int i = 0; i < 1000; i++)
        CHECK(flood_has_room(x, S("who looks"), 1));
    CHECK_INT(taken(x, "who looks", 100, 1), FLOOD_BURST_S);
    floods_free(x);
}
