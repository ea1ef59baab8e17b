/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/node/probes.h"

#include "audit/audit.h"
#include "certs/keyset.h"
#include "certs/signer_client.h"
#include "wire/fetch.h"

#include <string.h>

struct probe {          /* one part's */
    struct batch batch; /* first: a batch leads back */
    struct probes *all;
    struct probed *out;
    struct arena *arena;
    void (*ask)(struct probe *p);
    const char *(*judge)(const struct probe *p); /* NULL: well; LATE: nothing new is known; else why not */
    bool under_way;
    union {
        struct signed_got signer;
        struct fetch_got fetch;
        struct audit_got audit;
    } got;
};

enum { SIGNER = 0, FETCHER, AUDIT, PROBES };

struct probes {
    struct timer timer; /* first */
    struct arena *arena;
    struct lane *lane;
    struct probe of[PROBES];
    const struct keyset *keys; /* of which the node knows when the first certificate ends */
    bool ended;
};

/* No answer in time may be a busy moment: until it has lasted, the answer before counts. */
static const char late[] = "";

static const char *unless_late(const char *error)
{
    return strcmp(error, "timeout") == 0 || strcmp(error, "busy") == 0 ? late : error;
}

static void ask_signer(struct probe *p)
{
    signer_probe(p->all->lane->signer, &p->batch, p->arena, &p->got.signer);
}

static const char *judge_signer(const struct probe *p)
{
    return p->got.signer.ok ? NULL : unless_late(p->got.signer.error);
}

static void ask_fetcher(struct probe *p)
{
    const struct fetch_request r = { .purpose = FETCH_PROBE };

    fetch_ask(p->all->lane->fetch, &p->batch, p->arena, &r, &p->got.fetch);
}

static const char *judge_fetcher(const struct probe *p)
{
    return p->got.fetch.answered ? NULL : unless_late(p->got.fetch.error);
}

static void ask_audit(struct probe *p)
{
    audit_probe_ask(p->all->lane->audit, &p->batch, p->arena, &p->got.audit);
}

static const char *judge_audit(const struct probe *p)
{
    return p->got.audit.durable ? NULL : "disk";
}

/* Keys are the lane's own; when they end is everybody's to know. */
static void note_keys(struct probes *all)
{
    const struct keyset *keys = signer_keys(all->lane->signer);
    struct node *n = all->lane->node;

    if (keys == NULL || keys == all->keys)
        return;
    struct arena *a = arena_new();
    all->keys = keys;
    atomic_store(&n->own_ends_s, keyset_ends_s(a, keys, world_now_s(n->world)));
    arena_free(a);
}

static void answered(struct batch *b)
{
    struct probe *p = (struct probe *)b;
    struct probes *all = p->all;
    const char *why = p->judge(p);

    p->under_way = false;
    arena_reset(p->arena);
    note_keys(all);
    if (why == late)
        return;
    if (why == NULL)
        atomic_store(&p->out->good_ms, loop_now_ms(all->lane->loop));
    atomic_store(&p->out->why, why);
    if (why != NULL && !all->ended)
        timer_set(all->lane->loop, &all->timer, PROBE_AGAIN_MS);
}

static void beat(struct timer *t)
{
    struct probes *all = (struct probes *)t;

    timer_set(all->lane->loop, t, PROBE_EVERY_MS);
    for (size_t i = 0; i < PROBES; i++) {
        struct probe *p = &all->of[i];
        if (p->under_way)
            continue;
        p->under_way = true;
        p->ask(p);
    }
}

struct probes *probes_new(struct lane *lane)
{
    struct arena *a = arena_new();
    struct probes *all = arena_make(a, struct probes);

    *all = (struct probes){
        .timer = { .due = beat },
        .arena = a,
        .lane = lane,
        .of = { [SIGNER] = { .ask = ask_signer, .judge = judge_signer, .out = &lane->signer_probed },
                [FETCHER] = { .ask = ask_fetcher, .judge = judge_fetcher, .out = &lane->fetcher_probed },
                [AUDIT] = { .ask = ask_audit, .judge = judge_audit, .out = &lane->audit_probed } }
    };
    for (size_t i = 0; i < PROBES; i++) {
        all->of[i].batch.ready = answered;
        all->of[i].all = all;
        all->of[i].arena = arena_new();
    }
    return all;
}

void probes_now(struct probes *p)
{
    if (!p->ended)
        timer_set(p->lane->loop, &p->timer, 0);
}

void probes_stop(struct probes *p)
{
    p->ended = true;
    timer_clear(p->lane->loop, &p->timer);
}

bool probes_busy(const struct probes *p)
{
    return p->of[AUDIT].under_way;
}

void probes_free(struct probes *p)
{
    if (p == NULL)
        return;
    probes_stop(p);
    for (size_t i = 0; i < PROBES; i++)
        arena_free(p->of[i].arena);
    arena_free(p->arena);
}
