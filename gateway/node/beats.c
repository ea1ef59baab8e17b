/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/node/beats.h"

#include "base/log.h"
#include "registry/ends.h"
#include "registry/registry.h"

#include <string.h>

static bool raise_epoch(struct node *n, struct db *d, int64_t count, const char *why)
{
    struct fail f = { 0 };
    int64_t epoch;
    bool good = registry_session_epoch_raise(d, &epoch, &f) && ends_beat_from(n->ends, count, epoch, &f);

    if (good) {
        atomic_store(&n->session_epoch, epoch);
        log_event(LOG_WARN, "sessions.ended", LOG_C("why", why), LOG_N("epoch", epoch), LOG_N("count", count));
    } else if (n->beats_trouble == NULL || strcmp(n->beats_trouble, f.code) != 0) {
        log_event(LOG_ERROR, "sessions.not_ended", LOG_C("code", f.code), LOG_C("why", f.detail));
    }
    n->beats_trouble = good ? NULL : f.code;
    return good;
}

bool beats_begin(struct node *n, struct db *d, int64_t *epoch, struct fail *f)
{
    int64_t id;
    bool older;

    if (!registry_session_epoch(d, epoch, f) || !registry_id(d, n->world, &id, f) ||
        !ends_load(n->ends, *epoch, &older, f))
        return false;
    n->beat_of = arena_printf(n->arena, "%llx", (unsigned long long)id);
    if (older && !raise_epoch(n, d, ends_beat_least(n->ends), "the registry is an older copy"))
        return fail(f, FAIL_OURS, "epoch", "the registry is an older copy, and its sessions could not be ended");
    return !older || registry_session_epoch(d, epoch, f);
}

/* The lowest count that a lane has had; and of the lanes that found it behind, if there are any. */
static int64_t lowest_count(const struct node *n, bool *behind)
{
    int64_t lowest = 0;

    *behind = false;
    for (size_t i = 0; i < n->lane_count; i++) {
        int64_t beat = atomic_load(&n->lanes[i]->beat);
        bool here = atomic_load(&n->lanes[i]->redis_older) && ends_beat_judge(n->ends, beat, 1) == BEAT_BEHIND;
        if (beat > 0 && (here > *behind || (here == *behind && (lowest == 0 || beat < lowest))))
            lowest = beat;
        *behind = *behind || here;
    }
    return lowest;
}

void beats_look(struct node *n, struct db *d)
{
    struct fail f = { 0 };
    bool behind;
    int64_t count = lowest_count(n, &behind);

    if (count == 0)
        return;
    if (behind)
        (void)raise_epoch(n, d, count, "redis is an older copy");
    else if (ends_beat_judge(n->ends, count, (int64_t)n->lane_count) == BEAT_AHEAD)
        (void)raise_epoch(n, d, count, "what sql keeps of sessions is an older copy");
    else if (!ends_beat_keep(n->ends, count, atomic_load(&n->session_epoch), &f))
        log_event(LOG_ERROR, "sessions.beat_not_kept", LOG_C("code", f.code), LOG_C("why", f.detail));
}
