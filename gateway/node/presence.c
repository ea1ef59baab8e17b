/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/node/presence.h"

#include "audit/audit.h"
#include "audit/index.h"
#include "certs/signer_client.h"
#include "gateway/node/readiness.h"
#include "wire/kv.h"

#include <stddef.h>
#include <sys/statvfs.h>

enum { NO_PLACE = -1, FIRST_MS = 1000 };

struct presence {
    struct timer timer; /* first */
    struct batch batch;
    struct arena *arena, *asking;
    struct lane *lane;
    const char *state_dir;
    struct kv_got got[NODES_MAX], put;
    int place;
    bool under_way, unwell;
};

static int64_t certificate_ends(const struct keyset *keys, int64_t now_s)
{
    size_t n = 0;
    const struct public_key *at = keys != NULL ? keyset_keys(keys, &n) : NULL;
    int64_t first = 0;

    for (size_t i = 0; i < n; i++)
        if (key_state_at(&at[i], now_s) == KEY_CURRENT && at[i].retired_s != 0 &&
            (first == 0 || at[i].retired_s < first))
            first = at[i].retired_s;
    return first;
}

static void put_disk(const char *dir, struct node_record *x)
{
    struct statvfs fs;

    if (statvfs(dir, &fs) != 0)
        return;
    x->disk_free_B = (int64_t)((uint64_t)fs.f_bavail * fs.f_frsize);
    x->disk_B = (int64_t)((uint64_t)fs.f_blocks * fs.f_frsize);
}

struct node_record presence_of(struct node *n, struct arena *a)
{
    struct node_record x = { .name = n->name,
                             .version = S(DIGIONE_VERSION),
                             .began_s = n->began_s,
                             .at_s = world_now_s(n->world),
                             .stepped_ms = atomic_load(&n->stepped_ms),
                             .certificate_ends_s = atomic_load(&n->certificate_ends_s) };
    struct readiness now;
    struct audit_state log;

    readiness_look(n, &now);
    x.why = now.ready ? (struct str){ NULL, 0 } : readiness_text(a, &now);
    put_disk(arena_cstr(a, n->set->state_dir), &x);
    audit_index_state(n->audit_index, a, &log);
    x.audit_records = n->audit != NULL ? (int64_t)audit_writer_count(n->audit) : 0;
    x.audit_indexed = (int64_t)log.indexed;
    x.on_reserve = n->audit != NULL && audit_writer_on_reserve(n->audit);
    x.jobs = n->pool != NULL ? (int64_t)work_pool_waiting(n->pool) : 0;
    for (size_t i = 0; i < n->lane_count; i++)
        x.connections += (int64_t)atomic_load(&n->lanes[i]->metrics.connections);
    pulse_read(n->pulse, &x.hour, &x.day);
    return x;
}

static struct str id_of(struct arena *a, int place)
{
    return arena_printf(a, "%d", place);
}

/* Its place is the one that has its name, or else the first that is free; no place, no record. */
static void choose_place(struct presence *p, const struct node_record *records)
{
    struct str own = p->lane->node->name;
    bool held = p->place != NO_PLACE && (p->got[p->place].outcome == KV_MISS || str_eq(records[p->place].name, own));

    for (int i = 0; !held && i < NODES_MAX; i++)
        if (p->got[i].outcome == KV_HIT && str_eq(records[i].name, own)) {
            p->place = i;
            held = true;
        }
    p->place = held ? p->place : NO_PLACE;
    for (int i = 0; p->place == NO_PLACE && i < NODES_MAX; i++)
        if (p->got[i].outcome == KV_MISS)
            p->place = i;
}

static void written(struct batch *b)
{
    struct presence *p = (struct presence *)((char *)b - offsetof(struct presence, batch));

    p->under_way = false;
    arena_reset(p->asking);
}

static void read_all(struct batch *b)
{
    struct presence *p = (struct presence *)((char *)b - offsetof(struct presence, batch));
    struct node *n = p->lane->node;
    struct node_record records[NODES_MAX];
    const struct node_record mine = presence_of(n, p->asking);
    bool away = false;

    p->unwell = str_is_set(mine.why);
    for (int i = 0; i < NODES_MAX; i++) {
        records[i] = (struct node_record){ .at_s = 0 };
        away = away || p->got[i].outcome == KV_DOWN;
        if (p->got[i].outcome == KV_HIT && node_record_read(p->asking, p->got[i].value, &records[i]) &&
            !str_eq(records[i].name, n->name))
            nodes_heard(n->nodes, &records[i], world_now_s(n->world));
    }
    nodes_heard(n->nodes, &mine, world_now_s(n->world));
    if (!away)
        choose_place(p, records);
    struct str text = node_record_write(p->asking, &mine);
    if (away || p->place == NO_PLACE || !str_is_set(text)) {
        written(b);
        return;
    }
    p->batch.ready = written;
    kv_set(p->lane->kv, &p->batch, p->asking, &p->put, KV_NODE, id_of(p->asking, p->place), text, NODE_LIFE_S);
}

static void beat(struct timer *t)
{
    struct presence *p = (struct presence *)t;
    struct node *n = p->lane->node;

    timer_set(p->lane->loop, t, p->unwell ? FIRST_MS : NODE_EVERY_S * 1000);
    if (p->under_way)
        return;
    p->under_way = true;
    atomic_store(&n->certificate_ends_s, certificate_ends(signer_keys(p->lane->signer), world_now_s(n->world)));
    p->batch.ready = read_all;
    batch_ask(&p->batch); /* so that it is ready once all are asked, though some be answered at once */
    for (int i = 0; i < NODES_MAX; i++)
        kv_get(p->lane->kv, &p->batch, p->asking, &p->got[i], KV_NODE, id_of(p->asking, i));
    batch_answered(&p->batch);
}

struct presence *presence_new(struct lane *lane)
{
    struct arena *a = arena_new();
    struct presence *p = arena_make(a, struct presence);

    *p = (struct presence){
        .timer = { .due = beat }, .arena = a, .asking = arena_new(), .lane = lane, .place = NO_PLACE, .unwell = true
    };
    timer_set(lane->loop, &p->timer, FIRST_MS);
    return p;
}

void presence_stop(struct presence *p)
{
    timer_clear(p->lane->loop, &p->timer);
}

void presence_free(struct presence *p)
{
    if (p == NULL)
        return;
    arena_free(p->asking);
    arena_free(p->arena);
}
