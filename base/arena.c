/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { BLOCK_B = 8192 - 64, BLOCKS_KEPT = 4, ALIGN = alignof(max_align_t) };

struct block {
    struct block *next;
    size_t cap, used;
    alignas(max_align_t) char data[];
};

struct adopted {
    struct adopted *next;
    void *handle;
    void (*release)(void *);
};

struct arena {
    struct arena_host *host;
    struct block *blocks;
    struct block *spare; /* as they come, zeroed: kept by arena_reset() */
    struct adopted *adopted;
    size_t handed_out;
    bool secret;
    struct arena *next, **link; /* in the host's list */
};

/* Zeroed, and within what the host allows. */
static void *take_from(struct arena_host *host, size_t n)
{
    void *p = n <= host->left_B ? host->zeroed(host, n) : NULL;

    if (p == NULL)
        host->exhausted(host, n);
    if (host->left_B != SIZE_MAX) /* one without a bound serves all threads, and is not written */
        host->left_B -= n;
    return p;
}

static void give_back(struct arena_host *host, void *p, size_t n)
{
    host->release(host, p);
    if (host->left_B != SIZE_MAX)
        host->left_B += n;
}

static struct block *block_new(struct arena_host *host, size_t cap)
{
    struct block *b = take_from(host, cap < SIZE_MAX - sizeof *b ? sizeof *b + cap : SIZE_MAX);

    b->cap = cap;
    return b;
}

struct arena *arena_new_for(struct arena_host *host, bool secret)
{
    struct arena *a = take_from(host, sizeof *a);

    a->host = host;
    a->secret = secret;
    if (host->open != NULL) {
        a->next = *host->open;
        a->link = host->open;
        if (a->next != NULL)
            a->next->link = &a->next;
        *host->open = a;
    }
    return a;
}

struct arena *arena_scratch(const struct arena *a)
{
    return arena_new_for(a->host, a->secret);
}

void arena_spend(struct arena *a, uint64_t steps)
{
    struct arena_host *host = a->host;

    if (host->steps == UINT64_MAX)
        return;
    if (steps <= host->steps)
        host->steps -= steps;
    else
        host->tired(host, steps);
}

struct arena_host *arena_host(const struct arena *a)
{
    return a->host;
}

static void release_adopted(struct arena *a)
{
    while (a->adopted != NULL) {
        struct adopted *top = a->adopted;
        a->adopted = top->next;
        top->release(top->handle);
    }
}

static void block_free(const struct arena *a, struct block *b)
{
    if (a->secret)
        explicit_bzero(b->data, b->used);
    give_back(a->host, b, sizeof *b + b->cap);
}

static void free_blocks(const struct arena *a, struct block *first)
{
    for (struct block *next; first != NULL; first = next) {
        next = first->next;
        block_free(a, first);
    }
}

void arena_free(struct arena *a)
{
    if (a == NULL)
        return;
    release_adopted(a);
    free_blocks(a, a->blocks);
    free_blocks(a, a->spare);
    if (a->link != NULL) {
        *a->link = a->next;
        if (a->next != NULL)
            a->next->link = a->link;
    }
    give_back(a->host, a, sizeof *a);
}

void arena_reset(struct arena *a)
{
    int kept = 0;

    for (const struct block *b = a->spare; b != NULL; b = b->next)
        kept++;
    release_adopted(a);
    while (a->blocks != NULL) {
        struct block *b = a->blocks;
        a->blocks = b->next;
        if (kept == BLOCKS_KEPT || b->cap != BLOCK_B) {
            block_free(a, b);
            continue;
        }
        memset(b->data, 0, b->used);
        b->used = 0;
        b->next = a->spare;
        a->spare = b;
        kept++;
    }
    a->handed_out = 0;
}

size_t arena_used(const struct arena *a)
{
    return a->handed_out;
}

static struct block *block_take(struct arena *a)
{
    struct block *b = a->spare;

    if (b == NULL)
        return block_new(a->host, BLOCK_B);
    a->spare = b->next;
    return b;
}

void *arena_alloc(struct arena *a, size_t n)
{
    if (n > SIZE_MAX - ALIGN)
        a->host->exhausted(a->host, n);
    size_t need = (n + ALIGN - 1) / ALIGN * ALIGN;
    struct block *b = a->blocks;

    if (b == NULL || b->cap - b->used < need) {
        /* A large piece gets a block of its own, behind the one still filling; where none is, it begins one. */
        bool alone = need > (b != NULL ? BLOCK_B / 4 : BLOCK_B);
        b = alone ? block_new(a->host, need) : block_take(a);
        if (alone && a->blocks != NULL) {
            b->next = a->blocks->next;
            a->blocks->next = b;
        } else {
            b->next = a->blocks;
            a->blocks = b;
        }
    }
    void *p = b->data + b->used;
    b->used += need;
    a->handed_out += need;
    return p;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
    size_t n;

    if (__builtin_mul_overflow(count, size, &n))
        a->host->exhausted(a->host, SIZE_MAX);
    return arena_alloc(a, n);
}

struct str arena_str(struct arena *a, struct str s)
{
    if (s.p == NULL)
        return s;
    char *p = arena_alloc(a, s.n);
    memcpy(p, s.p, s.n);
    return (struct str){ p, s.n };
}

char *arena_cstr(struct arena *a, struct str s)
{
    char *p = arena_alloc(a, s.n + 1);

    if (s.n > 0)
        memcpy(p, s.p, s.n);
    return p;
}

/* Written straight into what is left of the block, and a second time only where that is too short: counting alone
 * (vsnprintf into nothing) takes glibc 2 ns a byte. */
struct str arena_printf(struct arena *a, const char *fmt, ...)
{
    struct block *b = a->blocks;
    char *rest = b != NULL ? b->data + b->used : NULL;
    size_t room = b != NULL ? b->cap - b->used : 0;
    va_list ap, again;

    va_start(ap, fmt);
    va_copy(again, ap);
    int said = vsnprintf(rest, room, fmt, ap);
    va_end(ap);
    size_t n = said > 0 ? (size_t)said : 0;
    bool fits = n + ALIGN <= room;
    if (!fits && room > 0)
        memset(rest, 0, room); /* what an arena has not given out is zero */
    char *p = arena_alloc(a, n + 1);
    if (!fits && n > 0)
        (void)vsnprintf(p, n + 1, fmt, again);
    va_end(again);
    return (struct str){ p, n };
}

struct str arena_join(struct arena *a, struct str x, struct str y)
{
    char *p = arena_alloc(a, x.n + y.n);

    if (x.n > 0)
        memcpy(p, x.p, x.n);
    if (y.n > 0)
        memcpy(p + x.n, y.p, y.n);
    return (struct str){ p, x.n + y.n };
}

void arena_adopt(struct arena *a, void *handle, void (*release)(void *))
{
    struct adopted *top = arena_make(a, struct adopted);

    *top = (struct adopted){ a->adopted, handle, release };
    a->adopted = top;
}
