/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/loop.h"
#include "base/world.h"
#include "tests/test.h"

static int64_t clock_of(void *self)
{
    return *(int64_t *)self;
}

struct deadline {
    struct timer timer;
    struct loop *loop;
    int asked, gone;
};

static void due(struct timer *t)
{
    struct deadline *d = (struct deadline *)(void *)t;

    d->asked++;
    if (!timer_overslept(d->loop, t))
        d->gone++;
}

/* What a clock shows at each turn, and how often the deadline, set at 0 for 100, was due and passed. */
static const struct {
    const char *what;
    int64_t turns[3];
    int asked, gone;
} nights[] = {
    { "in time", { 100, 100, 100 }, 1, 1 },
    { "a little late", { 119, 119, 119 }, 1, 1 },
    { "the loop stood still, and hears again", { 120, 139, 139 }, 1, 0 },
    { "the same, and nobody has answered", { 120, 140, 140 }, 2, 1 },
    { "it stood still twice", { 500, 1400, 1900 }, 3, 1 },
    { "it stood still for an hour: two seconds are enough", { 3600000, 3601999, 3602000 }, 2, 1 },
};

TEST(a_deadline_does_not_pass_while_the_loop_itself_stood_still)
{
    for (size_t i = 0; i < sizeof nights / sizeof *nights; i++) {
        int64_t now_ms = 0;
        struct world w = { .self = &now_ms, .mono_ms = clock_of };
        struct loop *l = loop_new(&w);
        struct deadline d = { .timer.due = due, .loop = l };

        timer_set(l, &d.timer, 100);
        for (size_t n = 0; n < sizeof nights[i].turns / sizeof nights[i].turns[0]; n++) {
            now_ms = nights[i].turns[n];
            loop_turn(l, 0);
        }
        t->checked++;
        if (d.asked != nights[i].asked || d.gone != nights[i].gone)
            test_fail(t, __FILE__, __LINE__, "%s: asked %d times, passed %d", nights[i].what, d.asked, d.gone);
        timer_clear(l, &d.timer);
        loop_free(l);
    }
}
