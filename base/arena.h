/* SPDX-License-Identifier: EUPL-1.2
 * base/arena.h: the memory of one request or one snapshot.
 *
 * Floor 0.  Allocation does not fail: inputs are bounded at the doors, and true
 * exhaustion is the host's matter, which does not come back.  Whoever makes an
 * arena with arena_new() has chosen to end the process (which is restarted); a
 * library inside somebody else's process gives a host of its own, which jumps.
 * Memory comes zeroed, is never freed alone, and goes with its arena.  Foreign handles are adopted the
 * moment they exist and are released, last adopted first, with the arena.
 * Threads: an arena belongs to one thread at a time.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/str.h"

struct arena;

/* arena_heap.c: memory of malloc(), and exhaustion ends the process. */
struct arena *arena_new(void);
struct arena *arena_new_secret(void); /* wipes its memory before it gives it back */

/* Where arenas get their memory from, and how much work may be done in them.  One host serves one thread at a time. */
struct arena_host {
    void *(*zeroed)(struct arena_host *, size_t n); /* NULL when there is none */
    void (*release)(struct arena_host *, void *p);
    __attribute__((noreturn)) void (*exhausted)(struct arena_host *, size_t n);
    /* Called when `steps` is less than what is wanted: takes `wanted` from a new allowance, or does not come back. */
    void (*tired)(struct arena_host *, uint64_t wanted);
    size_t left_B;       /* SIZE_MAX: as much as there is */
    uint64_t steps;      /* UINT64_MAX: any number */
    struct arena **open; /* NULL, or a list of all its arenas, for a host that jumps out of the middle */
};
struct arena *arena_new_for(struct arena_host *host, bool secret);
struct arena *arena_scratch(const struct arena *a); /* another of the same host; whoever makes it frees it */
struct arena_host *arena_host(const struct arena *a);
void arena_spend(struct arena *a, uint64_t steps); /* counts work */

void arena_free(struct arena *a); /* NULL does nothing */
/* Gives everything back but one block, for the next request. */
void arena_reset(struct arena *a);
size_t arena_used(const struct arena *a); /* bytes handed out; for budgets */

/* n zeroed bytes, aligned for any type. */
void *arena_alloc(struct arena *a, size_t n) __attribute__((returns_nonnull, malloc));
/* count * size with checked multiplication. */
void *arena_array(struct arena *a, size_t count, size_t size) __attribute__((returns_nonnull));
#define arena_make(a, type)          ((type *)arena_alloc((a), sizeof(type)))
#define arena_make_n(a, count, type) ((type *)arena_array((a), (count), sizeof(type)))

struct str arena_str(struct arena *a, struct str s); /* a copy; absent stays absent */
char *arena_cstr(struct arena *a, struct str s);     /* a copy with a NUL behind it; "" for absent */
struct str arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
struct str arena_join(struct arena *a, struct str x, struct str y);

/* release(handle) runs when the arena is freed or reset. */
void arena_adopt(struct arena *a, void *handle, void (*release)(void *));

#endif
