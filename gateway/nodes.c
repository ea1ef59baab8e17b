/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/nodes.h"

#include "wire/json.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* ── a record as text ───────────────────────────────────────────────────── */

#define NUMBERS(X)                                                                                                     \
    X(began_s)                                                                                                         \
    X(at_s)                                                                                                            \
    X(stepped_ms)                                                                                                      \
    X(disk_free_B) X(disk_B) X(audit_records) X(audit_indexed) X(connections) X(jobs) X(certificate_ends_s)
#define TEXTS(X) X(name) X(version) X(why)

static const struct json_field fields[] = {
#define X(member) FIELD(node_record, member, JSON_INT, false, 0),
    NUMBERS(X)
#undef X
#define X(member) FIELD(node_record, member, JSON_STR, false, 512),
        TEXTS(X)
#undef X
            FIELD(node_record, on_reserve, JSON_BOOL, false, 0),
    { NULL, JSON_NONE, false, 0, 0 }
};

struct wire { /* sums stand in arrays */
    struct str hour, day;
};
static const struct json_field sum_fields[] = { FIELD(wire, hour, JSON_STR, false, 1024),
                                                FIELD(wire, day, JSON_STR, false, 1024),
                                                { NULL, JSON_NONE, false, 0, 0 } };

/* "300 1,0,4… 17,3…": over how long, the counters, the times. */
static struct str sum_write(struct arena *a, const struct pulse_sum *x)
{
    struct buf b = buf_new(a, 1024);

    buf_printf(&b, "%lld", (long long)x->over_s);
    for (size_t i = 0; i < METRIC_COUNT; i++)
        buf_printf(&b, "%c%llu", i == 0 ? ' ' : ',', (unsigned long long)x->counters[i]);
    for (size_t i = 0; i <= METRICS_BOUNDS; i++)
        buf_printf(&b, "%c%llu", i == 0 ? ' ' : ',', (unsigned long long)x->times[i]);
    return buf_str(&b);
}

static void numbers_read(struct str text, uint64_t *out, size_t n)
{
    struct str part;
    int64_t number;

    for (size_t i = 0; i < n && str_split(&text, ',', &part); i++)
        out[i] = str_int(part, &number) && number >= 0 ? (uint64_t)number : 0;
}

static void sum_read(struct str text, struct pulse_sum *out)
{
    struct str over, counters;

    *out = (struct pulse_sum){ .over_s = 0 };
    if (!str_split(&text, ' ', &over) || !str_split(&text, ' ', &counters) || !str_int(over, &out->over_s))
        return;
    numbers_read(counters, out->counters, METRIC_COUNT);
    numbers_read(text, out->times, METRICS_BOUNDS + 1);
}

struct str node_record_write(struct arena *a, const struct node_record *x)
{
    struct json_out o = json_out(a, NODE_RECORD_MAX_B);

    json_begin_object(&o);
#define X(member) json_put_int(&o, S(#member), x->member);
    NUMBERS(X)
#undef X
#define X(member)                                                                                                      \
    if (str_is_set(x->member))                                                                                         \
        json_put_str(&o, S(#member), x->member);
    TEXTS(X)
#undef X
    json_put_bool(&o, S("on_reserve"), x->on_reserve);
    json_put_str(&o, S("hour"), sum_write(a, &x->hour));
    json_put_str(&o, S("day"), sum_write(a, &x->day));
    json_end_object(&o);
    return json_done(&o);
}

bool node_record_read(struct arena *a, struct str text, struct node_record *out)
{
    struct fail f = { 0 };
    struct wire sums = { { NULL, 0 }, { NULL, 0 } };

    *out = (struct node_record){ .at_s = 0 };
    if (!json_read(a, text, fields, out, &f) || !json_read(a, text, sum_fields, &sums, &f) || !str_is_set(out->name) ||
        out->name.n > NODE_NAME_MAX_B)
        return false;
    sum_read(sums.hour, &out->hour);
    sum_read(sums.day, &out->day);
    return true;
}

/* ── those that are known ───────────────────────────────────────────────── */

struct nodes {
    pthread_mutex_t lock;
    struct arena *arena[NODES_MAX]; /* of each record; NULL: the place is free */
    struct node_known at[NODES_MAX];
};

struct nodes *nodes_new(struct arena *a)
{
    struct nodes *s = arena_make(a, struct nodes);

    (void)pthread_mutex_init(&s->lock, NULL);
    return s;
}

void nodes_free(struct nodes *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < NODES_MAX; i++)
        arena_free(s->arena[i]);
    (void)pthread_mutex_destroy(&s->lock);
}

/* Its own place, a free one, or that of who was silent for longest. */
static size_t place_of(const struct nodes *s, struct str name)
{
    size_t place = 0;

    for (size_t i = 0; i < NODES_MAX; i++)
        if (s->arena[i] != NULL && str_eq(s->at[i].record.name, name))
            return i;
    for (size_t i = 0; i < NODES_MAX; i++) {
        if (s->arena[i] == NULL)
            return i;
        place = s->at[i].heard_s < s->at[place].heard_s ? i : place;
    }
    return place;
}

static struct node_record copy(struct arena *a, const struct node_record *x)
{
    struct node_record y = *x;

    y.name = arena_str(a, x->name);
    y.version = arena_str(a, x->version);
    y.why = arena_str(a, x->why);
    return y;
}

void nodes_heard(struct nodes *s, const struct node_record *x, int64_t now_s)
{
    struct arena *a = arena_new();

    (void)pthread_mutex_lock(&s->lock);
    size_t i = place_of(s, x->name);
    s->at[i] = (struct node_known){ copy(a, x), now_s, false };
    arena_free(s->arena[i]);
    s->arena[i] = a;
    (void)pthread_mutex_unlock(&s->lock);
}

static int by_name(const void *x, const void *y)
{
    return str_cmp(((const struct node_known *)x)->record.name, ((const struct node_known *)y)->record.name);
}

struct nodes_known nodes_read(struct nodes *s, struct arena *a, int64_t now_s)
{
    struct nodes_known out = { arena_make_n(a, NODES_MAX, struct node_known), 0 };

    if (s == NULL)
        return out;
    (void)pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < NODES_MAX; i++)
        if (s->arena[i] != NULL && now_s - s->at[i].heard_s < NODE_KNOWN_S)
            out.at[out.n++] = (struct node_known){ copy(a, &s->at[i].record), s->at[i].heard_s,
                                                   now_s - s->at[i].heard_s > NODE_LIFE_S };
    (void)pthread_mutex_unlock(&s->lock);
    qsort(out.at, out.n, sizeof *out.at, by_name);
    return out;
}
