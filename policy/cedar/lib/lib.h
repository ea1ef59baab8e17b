/* SPDX-License-Identifier: EUPL-1.2
 * policy/cedar/lib/lib.h: what the files of the library's outside share.
 *
 * Stands on policy/cedar/ and base/.  Inside, allocation does not fail; at the door, it does: each public function runs
 * its work under run(), to which the host of the arenas jumps back when memory, steps or patience end.  Nothing inside
 * holds anything but arenas, so a jump leaves nothing behind: what was open is closed at the door.
 */
#ifndef CEDAR_LIB_H
#define CEDAR_LIB_H

#include "policy/cedar/engine.h"

#include <setjmp.h>

struct cedar_memory {
    struct arena_host host; /* first: a host is its memory */
    struct cedar_allocator allocator;
    struct cedar_limits limits;
    struct arena *arena, *open; /* open: it, and all scratch arenas */
    struct cedar_diags found;
    uint64_t granted, left; /* steps */
    enum cedar_status status;
    bool busy;
    jmp_buf door;
};

/* One call on its way in: what the public function was given, for the function that does the work. */
struct call {
    struct cedar_memory *m;
    struct cedar_source source;
    const struct cedar_policies *policies;
    const struct cedar_schema *schema;
    const struct cedar_entities *entities;
    const struct cedar_request *request;
    const struct cedar_answer *answer;
    const struct cedar_policy *policy;
    const void *list;
    size_t n;
    int how;
    const void *made; /* the result */
    void *out;
    struct str text;
};

static inline struct str in(struct cedar_str s)
{
    return (struct str){ s.p, s.n };
}

static inline struct cedar_str out(struct str s)
{
    return (struct cedar_str){ s.p, s.n };
}

/* Runs work; false of it is CEDAR_REFUSED. */
enum cedar_status run(struct call *c, bool (*work)(struct call *));
/* The same; findings of an earlier call end, and those about c->source outlive it. */
enum cedar_status run_reading(struct call *c, bool (*work)(struct call *));

/* A text that a call makes, with a NUL behind it. */
struct buf text_of(struct cedar_memory *m);
bool text_done(struct call *c, struct buf *b);

#endif
