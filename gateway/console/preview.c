/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/console/preview.h"

#include "base/work.h"
#include "gateway/console/door.h"
#include "registry/known.h"
#include "registry/registry.h"

enum { YEAR_S = 365 * 86400 };

struct preview_work { /* what the threads touch */
    struct preview *preview;
    const struct registry *before;
    struct registry *after; /* held */
    struct area area;
    const struct settings *set;
    const struct world *world;
    const struct seals *seals;
    struct circumstances now;
    struct arena *arena; /* of the reckoning */
    const struct people *people;
    size_t people_n;
    int64_t until_ms;
};

static void drop_after(void *work)
{
    registry_drop(((struct preview_work *)work)->after);
}

static void free_arena(void *a)
{
    arena_free(a);
}

void preview_begin(struct ctx *c, struct preview *p)
{
    struct preview_work *w = arena_make(c->arena, struct preview_work);

    *w = (struct preview_work){ .preview = p,
                                .before = c->registry,
                                .area = c->console->area,
                                .set = c->set,
                                .world = c->world,
                                .seals = c->seals,
                                /* As on a school day, outside exams and in no named network: what is drafted in a
                                 * holiday is for the days after it. */
                                .now = { .now_s = c->now_s, .as_if = &supposed_ordinary },
                                .arena = arena_new() };
    arena_adopt(c->arena, w->arena, free_arena);
    arena_adopt(c->arena, w, drop_after);
    *p = (struct preview){ .work = w };
}

static bool keep(void *with, const struct registry *r, struct fail *f)
{
    struct preview_work *w = with;

    (void)f;
    registry_drop(w->after);
    w->after = registry_hold((struct registry *)(uintptr_t)r);
    w->preview->after = w->after;
    return true;
}

bool preview_look(struct preview *p, struct db *d, struct arena *a, const struct draft *draft, struct fail *f)
{
    struct preview_work *w = p->work;
    const struct change_by by = { .who = draft->owner, .area = &draft->area, .maker = MAKER_console };
    const struct edit_from from = { .draft = draft->number, .edition = draft->edition };
    const struct edit_how how = { .world = w->world, .seals = w->seals, .look = keep, .with = w };
    struct edit *e = edit_new(&by, &from);
    bool good = edit_run(e, d, a, &how, EDIT_CHECK, &p->found, f);

    edit_free(e);
    return good;
}

/* Who signed in of late, as sorts; where nobody has, test people: the registry's own accounts. */
static void know_people(struct preview_work *w)
{
    const struct registry_parts *parts = registry_parts(w->before);
    struct fail ignored = { 0 };
    struct shapes shapes = { 0 };
    bool known =
        known_shapes(w->set, w->arena, w->before, &w->area, w->now.now_s - YEAR_S, &shapes, &ignored) && shapes.n > 0;
    size_t room = known ? shapes.n : parts->account_count;
    struct people *all = arena_make_n(w->arena, room + 1, struct people);

    w->preview->known = known;
    w->people = all;
    for (size_t i = 0; i < room; i++) {
        const struct person *account = known ? NULL : parts->accounts[i].person;
        if (known)
            all[w->people_n++] = (struct people){ &shapes.at[i].who, shapes.at[i].count };
        else if (account != NULL && account->affiliation_count > 0)
            all[w->people_n++] = (struct people){ account, 1 };
    }
}

static bool goes_on(void *with)
{
    const struct preview_work *w = with;

    return world_mono_ms(w->world) < w->until_ms;
}

static void run(void *with)
{
    struct preview_work *w = with;
    struct preview *p = w->preview;
    const struct impact_watch watch = { .goes_on = goes_on, .with = w };

    w->until_ms = world_mono_ms(w->world) + PREVIEW_MAX_MS;
    know_people(w);
    p->reckoned = policy_impact(w->arena, w->before, p->after, w->people, w->people_n, &w->now, &watch, &p->impact);
    p->too_long = !p->reckoned;
}

enum step preview_reckon(struct ctx *c, struct preview *p, struct fail *f)
{
    if (p->after == NULL || p->reckoned || p->too_long)
        return NEXT;
    if (!work_ask(c->work, &c->batch, run, p->work))
        return fail(f, FAIL_BUSY, "busy", "too many jobs wait");
    return WAIT;
}
