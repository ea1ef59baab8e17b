/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/tell.h"

#include "base/crypt.h"
#include "registry/change.h"

#include <pthread.h>

/* A change with more rows than this is told by its counts; `digione registry log` has the rows. */
enum { TOLD_ROWS_MAX = 200, TOLD_CHANGES_MAX = 20 };

struct teller {
    struct arena *arena;
    pthread_mutex_t lock;
};

struct teller *teller_new(void)
{
    struct arena *a = arena_new();
    struct teller *x = arena_make(a, struct teller);

    x->arena = a;
    (void)pthread_mutex_init(&x->lock, NULL);
    return x;
}

void teller_free(struct teller *x)
{
    if (x == NULL)
        return;
    (void)pthread_mutex_destroy(&x->lock);
    arena_free(x->arena);
}

static struct audit_event event_of(const char *event, const struct change_entry *e)
{
    return (struct audit_event){ .event = event,
                                 .change = e->number,
                                 .maker = e->maker,
                                 .who = e->who,
                                 .acting_as = e->acting_as,
                                 .area = e->area };
}

/* What does not fit into a line is named by its hash, never cut short. */
static struct str whole_or_hash(struct arena *a, struct str shown)
{
    return shown.n <= AUDIT_LONG_MAX_B
               ? shown
               : arena_printf(a, "(%zu bytes, sha256 %.*s)", shown.n, STR_ARG(sha256_hex(a, shown)));
}

static bool tell_row(struct audit_writer *w, struct arena *a, const struct change_entry *e,
                     const struct change_row_shown *r)
{
    struct audit_event event = event_of("change.row", e);

    event.reason = r->sign == '+' ? S("added") : r->sign == '-' ? S("removed") : S("changed");
    event.row = r->row;
    event.before = whole_or_hash(a, r->before);
    event.after = whole_or_hash(a, r->after);
    return audit_now(w, &event);
}

static bool tell_change(struct audit_writer *w, struct db *d, struct arena *a, const struct change_entry *e,
                        struct fail *f)
{
    int64_t all = e->added + e->changed + e->removed;
    struct audit_event event = event_of("change", e);
    struct change_rows_shown rows;

    if (!change_rows(d, a, &area_nation, e->number, TOLD_ROWS_MAX, &rows, f))
        return false;
    event.why = e->why;
    event.reason = arena_printf(
        a, "added %lld, changed %lld, removed %lld%s", (long long)e->added, (long long)e->changed,
        (long long)e->removed, all > TOLD_ROWS_MAX ? "; rows after the first 200 stand in the registry's history" : "");
    if (e->undoes != 0)
        event.rule = arena_printf(a, "undoes %lld", (long long)e->undoes);
    bool good = audit_now(w, &event);
    for (size_t i = 0; good && i < rows.n; i++)
        good = tell_row(w, a, e, &rows.at[i]);
    return good ? change_told(d, e->number, f) : fail(f, FAIL_OURS, "audit", "the audit log takes nothing");
}

static enum told tell(struct db *d, struct audit_writer *w, struct fail *f)
{
    struct arena *a = arena_new();
    struct change_entries list;
    bool good = change_list_untold(d, a, TOLD_CHANGES_MAX, &list, f);

    for (size_t i = 0; good && i < list.n; i++)
        good = tell_change(w, d, a, &list.at[i], f);
    arena_free(a);
    return !good ? TOLD_NONE : list.n == TOLD_CHANGES_MAX ? TOLD_BUSY : TOLD_ALL;
}

enum told teller_tell(struct teller *x, struct db *d, struct audit_writer *w, bool wait, struct fail *f)
{
    enum told told = TOLD_BUSY;

    if ((wait ? pthread_mutex_lock(&x->lock) : pthread_mutex_trylock(&x->lock)) != 0)
        return TOLD_BUSY;
    do
        told = tell(d, w, f);
    while (wait && told == TOLD_BUSY);
    (void)pthread_mutex_unlock(&x->lock);
    return told;
}
