/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/tally.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKET_S = 300, BUCKETS = TALLY_S / BUCKET_S };

struct pair {
    char idp[TALLY_ID_MAX_B + 1], code[TALLY_CODE_MAX_B + 1];
    int64_t first_s, last_s; /* last_s 0: the place is free */
    int64_t bucket_of[BUCKETS];
    uint32_t counts[BUCKETS];
};

struct tally {
    pthread_mutex_t lock;
    struct pair *pairs;
};

struct tally *tally_new(struct arena *a)
{
    struct tally *t = arena_make(a, struct tally);

    (void)pthread_mutex_init(&t->lock, NULL);
    t->pairs = arena_make_n(a, TALLY_ROWS_MAX, struct pair);
    return t;
}

void tally_free(struct tally *t)
{
    if (t != NULL)
        (void)pthread_mutex_destroy(&t->lock);
}

static bool is_pair(const struct pair *p, struct str idp, struct str code)
{
    return p->last_s != 0 && str_eq(str_of(p->idp), idp) && str_eq(str_of(p->code), code);
}

/* The pair's place, or one that is free; NULL: all are taken. */
static struct pair *place_of(struct tally *t, struct str idp, struct str code, int64_t now_s)
{
    size_t begin = (size_t)(str_hash(idp, 1) ^ str_hash(code, 2)) % TALLY_ROWS_MAX;
    struct pair *open = NULL;

    for (size_t i = 0; i < TALLY_ROWS_MAX; i++) {
        struct pair *p = &t->pairs[(begin + i) % TALLY_ROWS_MAX];
        if (is_pair(p, idp, code))
            return p;
        if (open == NULL && now_s - p->last_s >= TALLY_S)
            open = p;
        if (p->last_s == 0)
            break;
    }
    return open;
}

static void begin_pair(struct pair *p, struct str idp, struct str code, int64_t now_s)
{
    *p = (struct pair){ .first_s = now_s };
    memcpy(p->idp, idp.p, idp.n);
    memcpy(p->code, code.p, code.n);
}

bool tally_is_notice(struct str code)
{
    return str_eq(code, S(TALLY_OLDER_SECRET)) || str_eq(code, S(TALLY_OLDER_CERTIFICATE)) ||
           str_eq(code, S(TALLY_OLDER_KEY)) || str_eq(code, S(TALLY_IDP_OLDER));
}

void tally_add(struct tally *t, struct str idp, struct str code, int64_t now_s)
{
    if (t == NULL || idp.n == 0 || idp.n > TALLY_ID_MAX_B || code.n == 0 || code.n > TALLY_CODE_MAX_B)
        return;
    int64_t bucket = now_s / BUCKET_S;
    (void)pthread_mutex_lock(&t->lock);
    struct pair *p = place_of(t, idp, code, now_s);
    if (p != NULL && (!is_pair(p, idp, code) || now_s - p->last_s >= TALLY_S))
        begin_pair(p, idp, code, now_s);
    if (p != NULL) {
        size_t i = (size_t)(bucket % BUCKETS);
        if (p->bucket_of[i] != bucket)
            p->counts[i] = 0;
        p->bucket_of[i] = bucket;
        p->counts[i]++;
        p->last_s = now_s;
    }
    (void)pthread_mutex_unlock(&t->lock);
}

static int64_t count_of(const struct pair *p, int64_t now_s)
{
    int64_t n = 0;

    for (size_t i = 0; i < BUCKETS; i++)
        if (p->bucket_of[i] > now_s / BUCKET_S - BUCKETS && p->bucket_of[i] <= now_s / BUCKET_S)
            n += p->counts[i];
    return n;
}

static int by_count(const void *x, const void *y)
{
    const struct tally_row *a = x, *b = y;
    int order = str_cmp(a->idp, b->idp);

    return order != 0 ? order : a->n != b->n ? (a->n < b->n) - (a->n > b->n) : str_cmp(a->code, b->code);
}

struct tally_rows tally_read(struct tally *t, struct arena *a, struct str idp, int64_t now_s)
{
    struct tally_rows rows = { 0 };

    if (t == NULL)
        return rows;
    rows.at = arena_make_n(a, TALLY_ROWS_MAX, struct tally_row);
    (void)pthread_mutex_lock(&t->lock);
    for (size_t i = 0; i < TALLY_ROWS_MAX; i++) {
        const struct pair *p = &t->pairs[i];
        int64_t n = p->last_s == 0 || now_s - p->last_s >= TALLY_S ? 0 : count_of(p, now_s);
        if (n > 0 && (!str_is_set(idp) || str_eq(str_of(p->idp), idp)))
            rows.at[rows.n++] = (struct tally_row){ arena_str(a, str_of(p->idp)), arena_str(a, str_of(p->code)), n,
                                                    p->first_s, p->last_s };
    }
    (void)pthread_mutex_unlock(&t->lock);
    qsort(rows.at, rows.n, sizeof *rows.at, by_count);
    return rows;
}
