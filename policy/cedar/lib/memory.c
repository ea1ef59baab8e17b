/* SPDX-License-Identifier: EUPL-1.2
 * Memory, limits, and the door that every call goes through.  (floors: malloc, for hosts that bring no allocator) */
#include "policy/cedar/lib/lib.h"

#include <stdlib.h>

enum { SLICE = 1 << 16 }; /* steps between two questions to progress() */

static _Noreturn void leave(struct cedar_memory *m, enum cedar_status why)
{
    m->status = why;
    longjmp(m->door, 1);
}

static struct cedar_memory *memory_of(struct arena_host *host)
{
    return (struct cedar_memory *)host;
}

static void *take(struct arena_host *host, size_t n)
{
    struct cedar_allocator *a = &memory_of(host)->allocator;
    void *p = a->allocate != NULL ? a->allocate(a->user, n) : calloc(1, n);

    if (p != NULL && a->allocate != NULL)
        memset(p, 0, n);
    return p;
}

static void give(struct arena_host *host, void *p)
{
    struct cedar_allocator *a = &memory_of(host)->allocator;

    if (a->allocate != NULL)
        a->release(a->user, p);
    else
        free(p);
}

static __attribute__((noreturn)) void exhausted(struct arena_host *host, size_t n)
{
    leave(memory_of(host), n > host->left_B ? CEDAR_MEMORY_LIMIT : CEDAR_NO_MEMORY);
}

/* Hands out the steps of a call slice by slice. */
static void tired(struct arena_host *host, uint64_t wanted)
{
    struct cedar_memory *m = memory_of(host);
    uint64_t missing = wanted - host->steps, more = missing > SLICE ? missing : SLICE;

    if (missing > m->left)
        leave(m, CEDAR_STEP_LIMIT);
    if (m->limits.progress != NULL && !m->limits.progress(m->limits.user, m->granted - host->steps))
        leave(m, CEDAR_CANCELLED);
    more = more < m->left ? more : m->left;
    m->left -= more;
    m->granted += more;
    host->steps = host->steps + more - wanted;
}

static void set_limits(struct cedar_memory *m)
{
    const struct cedar_limits *l = &m->limits;

    m->host.left_B = l->memory_B != 0 ? l->memory_B : SIZE_MAX;
    m->granted = 0;
    m->left = l->steps != 0 ? l->steps : UINT64_MAX;
    m->host.steps = l->steps != 0 || l->progress != NULL ? 0 : UINT64_MAX;
}

/* Everything but the arena itself was scratch of what was left. */
static void close_scratch(struct cedar_memory *m)
{
    while (m->open != NULL && m->open != m->arena)
        arena_free(m->open);
}

enum cedar_status run(struct call *c, bool (*work)(struct call *))
{
    struct cedar_memory *m = c->m;

    if (m == NULL || m->busy)
        return CEDAR_MISUSE;
    set_limits(m);
    m->busy = true;
    if (setjmp(m->door) == 0)
        m->status = work(c) ? CEDAR_OK : CEDAR_REFUSED;
    else
        close_scratch(m);
    m->busy = false;
    return m->status;
}

/* The text of the caller need not stay; what is found in it does. */
static void keep_source(struct cedar_memory *m, const struct cedar_source *source)
{
    struct cedar_source *kept = NULL;

    for (size_t i = 0; i < m->found.n; i++) {
        if (m->found.items[i].source != source)
            continue;
        if (kept == NULL) {
            kept = arena_make(m->arena, struct cedar_source);
            *kept = (struct cedar_source){ arena_str(m->arena, source->name), arena_str(m->arena, source->text) };
        }
        m->found.items[i].source = kept;
    }
    m->found.source = NULL;
}

struct reading {
    struct call call; /* first: work gets it back as it is */
    struct call *of;
    bool (*work)(struct call *);
};

static bool read_and_keep(struct call *c)
{
    struct reading *r = (struct reading *)c;
    bool ok = r->work(r->of);

    keep_source(r->of->m, &r->of->source);
    return ok;
}

enum cedar_status run_reading(struct call *c, bool (*work)(struct call *))
{
    struct reading r = { .call = *c, .of = c, .work = work };
    struct cedar_memory *m = c->m;

    if (m == NULL || m->busy)
        return CEDAR_MISUSE;
    m->found = cedar_diags_new(m->arena, c->source.text.p != NULL ? &c->source : NULL);
    enum cedar_status status = run(&r.call, read_and_keep);
    if (status != CEDAR_OK && status != CEDAR_REFUSED)
        m->found = cedar_diags_new(m->arena, NULL); /* it may be half written */
    return status;
}

static bool open_arena(struct call *c)
{
    c->m->arena = arena_new_for(&c->m->host, false);
    c->m->found = cedar_diags_new(c->m->arena, NULL);
    return true;
}

struct cedar_memory *cedar_memory_new(const struct cedar_allocator *allocator)
{
    bool own = allocator != NULL && allocator->allocate != NULL && allocator->release != NULL;
    struct cedar_memory *m = own ? allocator->allocate(allocator->user, sizeof *m) : malloc(sizeof *m);

    if (m == NULL)
        return NULL;
    *m = (struct cedar_memory){
        .host = { .zeroed = take, .release = give, .exhausted = exhausted, .tired = tired, .open = &m->open },
        .allocator = own ? *allocator : (struct cedar_allocator){ NULL, NULL, NULL },
    };
    struct call c = { .m = m };
    if (run(&c, open_arena) == CEDAR_OK)
        return m;
    give(&m->host, m);
    return NULL;
}

void cedar_memory_free(struct cedar_memory *m)
{
    if (m == NULL || m->busy)
        return;
    arena_free(m->arena);
    give(&m->host, m);
}

void cedar_memory_reset(struct cedar_memory *m)
{
    if (m == NULL || m->busy)
        return;
    arena_reset(m->arena);
    m->found = cedar_diags_new(m->arena, NULL);
}

size_t cedar_memory_used(const struct cedar_memory *m)
{
    return m != NULL ? arena_used(m->arena) : 0;
}

void cedar_memory_limit(struct cedar_memory *m, const struct cedar_limits *limits)
{
    if (m != NULL && !m->busy)
        m->limits = limits != NULL ? *limits : (struct cedar_limits){ 0, 0, NULL, NULL };
}

const char *cedar_version(void)
{
    return CEDAR_LIB_VERSION;
}

const char *cedar_language_version(void)
{
    return "4.5";
}

const char *cedar_status_text(enum cedar_status status)
{
    static const char *const texts[] = {
        [CEDAR_OK] = "ok",
        [CEDAR_REFUSED] = "refused",
        [CEDAR_NO_MEMORY] = "no-memory",
        [CEDAR_MEMORY_LIMIT] = "memory-limit",
        [CEDAR_STEP_LIMIT] = "step-limit",
        [CEDAR_CANCELLED] = "cancelled",
        [CEDAR_MISUSE] = "misuse",
    };

    return (size_t)status < sizeof texts / sizeof texts[0] ? texts[status] : "unknown";
}

struct buf text_of(struct cedar_memory *m)
{
    return buf_new(m->arena, SIZE_MAX / 4);
}

bool text_done(struct call *c, struct buf *b)
{
    buf_byte(b, '\0');
    c->text = str_sub(buf_str(b), 0, b->n - 1);
    return buf_ok(b);
}
