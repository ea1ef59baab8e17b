/* SPDX-License-Identifier: EUPL-1.2
 * The host of a process that is ours: when memory ends, it ends. */
#include "base/arena.h"
#include "base/heap.h"

static void *zeroed(struct arena_host *host, size_t n)
{
    return heap_zeroed(n);
}

static void release(struct arena_host *host, void *p)
{
    heap_free(p);
}

static __attribute__((noreturn)) void exhausted(struct arena_host *host, size_t n)
{
    heap_exhausted(n);
}

static void tired(struct arena_host *host, uint64_t wanted)
{
}

/* Nothing in it changes, so that all threads share it. */
static struct arena_host process = { .zeroed = zeroed,
                                     .release = release,
                                     .exhausted = exhausted,
                                     .tired = tired,
                                     .left_B = SIZE_MAX,
                                     .steps = UINT64_MAX };

struct arena *arena_new(void)
{
    return arena_new_for(&process, false);
}

struct arena *arena_new_secret(void)
{
    return arena_new_for(&process, true);
}
