/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/kv_int.h"

#include <assert.h>

static const struct {
    const char *prefix;
    int version;
    enum { FILED = 0, HELD } kept;
} families[KV_FAMILY_COUNT] = {
#define X(family, prefix, version, kept) [KV_##family] = { prefix, version, kept },
    KV_FAMILIES(X)
#undef X
};

/* Answering. */

static void answered(struct kv *k, struct asked *q, enum kv_outcome outcome)
{
    q->out->outcome = outcome;
    kv_settle(k, q);
}

static void answer_value(struct kv *k, struct asked *q, const struct reply *r)
{
    if (r->type == REPLY_TEXT && r->text.n <= KV_VALUE_MAX_B) {
        q->out->value = arena_str(q->arena, r->text);
        answered(k, q, KV_HIT);
    } else {
        answered(k, q, r->type == REPLY_NIL ? KV_MISS : KV_DOWN);
    }
}

bool kv_said_ok(const struct reply *r)
{
    return r->type == REPLY_STATUS && str_eq(r->text, S("OK"));
}

static void answer_stored(struct kv *k, struct asked *q, const struct reply *r)
{
    answered(k, q, kv_said_ok(r) ? KV_HIT : r->type == REPLY_NIL ? KV_MISS : KV_DOWN);
}

static void answer_added(struct kv *k, struct asked *q, const struct reply *r)
{
    answered(k, q, kv_said_ok(r) ? KV_MISS : r->type == REPLY_NIL ? KV_HIT : KV_DOWN);
}

static void answer_was_there(struct kv *k, struct asked *q, const struct reply *r)
{
    answered(k, q, r->type != REPLY_NUMBER ? KV_DOWN : r->number > 0 ? KV_HIT : KV_MISS);
}

static void answer_number(struct kv *k, struct asked *q, const struct reply *r)
{
    q->out->number = r->number;
    answered(k, q, r->type == REPLY_NUMBER && r->number > 0 ? KV_HIT : KV_DOWN);
}

static void answer_list(struct kv *k, struct asked *q, const struct reply *r)
{
    if (r->type != REPLY_LIST) {
        answered(k, q, KV_DOWN);
        return;
    }
    q->out->list = arena_make_n(q->arena, r->n + 1, struct str);
    for (size_t i = 0; i < r->n; i++)
        if (r->elements[i]->type == REPLY_TEXT)
            q->out->list[q->out->listed++] = arena_str(q->arena, r->elements[i]->text);
    answered(k, q, KV_HIT);
}

static void answer_how_many(struct kv *k, struct asked *q, const struct reply *r)
{
    q->out->number = r->number;
    answered(k, q, r->type == REPLY_NUMBER ? KV_HIT : KV_DOWN);
}

/* The commands. */

struct question {
    struct kv *kv;
    struct batch *batch;
    struct arena *arena;
    struct kv_got *out;
    enum kv_family family;
    struct str id;
};

enum { KEY_ARG = 1, PARTS_MAX = 8 };

struct str kv_key(struct arena *a, enum kv_family family, struct str id)
{
    return arena_join(a, arena_printf(a, "%s%d:", families[family].prefix, families[family].version), id);
}

static bool only_reads(struct str command)
{
    return str_eq(command, S("GET")) || str_eq(command, S("ZREVRANGE"));
}

/* What was FILED and is lost would be missed; that a session was used a little later would not. */
static bool is_guarded(const struct kv *k, const struct question *x, struct str command)
{
    return k->guard != KV_GUARD_OFF && families[x->family].kept == FILED && !only_reads(command) &&
           !str_eq(command, S("EXPIRE"));
}

static struct str encoded(struct arena *a, const struct str *parts, size_t n)
{
    struct buf b = buf_new(a, kv_link_size(parts, n));

    kv_link_encode(&b, parts, n);
    return buf_str(&b);
}

/* parts[KEY_ARG] is filled in here: no command can be sent without its family.  What will be answered; NULL: it was at
 * once. */
static struct asked *ask(const struct question *x, struct str *parts, size_t n,
                         void (*answer)(struct kv *k, struct asked *q, const struct reply *r))
{
    struct kv *k = x->kv;
    size_t key_at = str_eq(parts[0], S("EVAL")) ? 3 : KEY_ARG;
    bool fits = str_is_set(x->id) && x->id.n <= KV_ID_MAX_B && x->family > KV_NONE && x->family < KV_FAMILY_COUNT;
    bool guarded = fits && is_guarded(k, x, parts[0]), holds = kv_holds(k);

    *x->out = (struct kv_got){ 0 };
    batch_ask(x->batch);
    if (fits && (holds || k->state == READY) && !(guarded && k->guard == KV_GUARD_SHORT)) {
        struct asked *q = arena_make(x->arena, struct asked);
        parts[key_at] = kv_key(x->arena, x->family, x->id);
        *q = (struct asked){ .answer = answer,
                             .batch = x->batch,
                             .arena = x->arena,
                             .out = x->out,
                             .reads = only_reads(parts[0]),
                             .guarded = guarded };
        if (k->keeps)
            q->sent = encoded(x->arena, parts, n);
        if (holds) {
            kv_hold(k, q);
            return q;
        }
        if (k->keeps ? kv_link_put_encoded(&k->link, q->sent) : kv_link_put(&k->link, parts, n)) {
            k->wants_proof = k->wants_proof || guarded;
            kv_queue(k, q);
            return q;
        }
    }
    batch_answered(x->batch);
    return NULL;
}

static struct str number_text(struct arena *a, int64_t number)
{
    return arena_printf(a, "%lld", (long long)number);
}

void kv_get(struct kv *k, struct batch *b, struct arena *a, struct kv_got *out, enum kv_family family, struct str id)
{
    ask(&(struct question){ k, b, a, out, family, id }, (struct str[]){ S("GET"), S("") }, 2, answer_value);
}

void kv_take(struct kv *k, struct batch *b, struct arena *a, struct kv_got *out, enum kv_family family, struct str id)
{
    ask(&(struct question){ k, b, a, out, family, id }, (struct str[]){ S("GETDEL"), S("") }, 2, answer_value);
}

static void store(const struct question *x, struct str value, int64_t ttl_s, struct str only,
                  void (*answer)(struct kv *k, struct asked *q, const struct reply *r))
{
    struct str parts[] = { S("SET"), S(""), value, S("EX"), number_text(x->arena, ttl_s), only };

    assert(ttl_s > 0 && value.p != NULL && value.n <= KV_VALUE_MAX_B);
    assert(only.n == 0 || families[x->family].kept == FILED);
    ask(x, parts, only.n > 0 ? 6 : 5, answer);
}

static void hold(const struct question *x, struct str value, int64_t ttl_s)
{
    struct str parts[] = { S("EVAL"), KV_HOLD_SCRIPT, S("1"), S(""), value, number_text(x->arena, ttl_s) };

    assert(ttl_s > 0 && value.p != NULL && value.n <= KV_VALUE_MAX_B);
    ask(x, parts, 6, answer_stored);
}

void kv_set(struct kv *k, struct batch *b, struct arena *a, struct kv_got *out, enum kv_family family, struct str id,
            struct str value, int64_t ttl_s)
{
    const struct question x = { k, b, a, out, family, id };

    if (families[family].kept == HELD)
        hold(&x, value, ttl_s);
    else
        store(&x, value, ttl_s, S(""), answer_stored);
}

void kv_replace(struct kv *k, struct batch *b, struct arena *a, struct kv_got *out, enum kv_family family,
                struct str id, struct str value, int64_t ttl_s)
{
    store(&(struct question){ k, b, a, out, family, id }, value, ttl_s, S("XX"), answer_stored);
}

/* Swaps. */

enum { SWAP_TRIES = 64 }; /* of N who change it at once, each is too late N - 1 times at most */

struct swapping {
    struct question question;
    struct kv_swap swap;
    int tries;
};

static void answer_swapped(struct kv *k, struct asked *q, const struct reply *r);

static void swap_ask(struct swapping *w)
{
    struct arena *a = w->question.arena;
    struct str head = str_sub(w->swap.before, 0, w->swap.before.n < KV_SWAP_HEAD_B ? w->swap.before.n : KV_SWAP_HEAD_B);
    struct str parts[] = { S("EVAL"),
                           KV_SWAP_SCRIPT,
                           S("1"),
                           S(""),
                           head,
                           w->swap.value,
                           number_text(a, w->swap.ttl_s),
                           w->swap.create ? S("1") : S("0") };

    struct asked *q = ask(&w->question, parts, sizeof parts / sizeof *parts, answer_swapped);
    if (q != NULL)
        q->swapping = w;
    w->tries++;
}

/* The next try is asked before this one is answered, so that the batch still waits. */
static void answer_swapped(struct kv *k, struct asked *q, const struct reply *r)
{
    struct swapping *w = q->swapping;

    if (r->type != REPLY_TEXT) {
        answered(k, q, r->type == REPLY_NUMBER ? KV_HIT : r->type == REPLY_NIL ? KV_MISS : KV_DOWN);
        return;
    }
    w->swap.before = arena_str(q->arena, r->text);
    w->swap.value = w->tries < SWAP_TRIES ? w->swap.remake(w->swap.with, w->swap.before) : (struct str){ NULL, 0 };
    if (w->swap.value.p == NULL || w->swap.value.n > KV_VALUE_MAX_B) {
        answered(k, q, w->tries < SWAP_TRIES ? KV_MISS : KV_DOWN);
        return;
    }
    struct batch *batch = q->batch;
    swap_ask(w);
    batch_answered(batch);
}

void kv_swap(struct kv *k, struct batch *b, struct arena *a, struct kv_got *out, enum kv_family family, struct str id,
             const struct kv_swap *swap)
{
    struct swapping *w = arena_make(a, struct swapping);

    assert(swap->ttl_s > 0 && swap->value.p != NULL && swap->value.n <= KV_VALUE_MAX_B &&
           families[family].kept == FILED);
    *w = (struct swapping){ { k, b, a, out, family, arena_str(a, id) }, *swap, 0 };
    swap_ask(w);
}

void kv_add(struct kv *k, struct batch *b, struct arena *a, struct kv_got *out, enum kv_family family, struct str id,
            struct str value, int64_t ttl_s)
{
    store(&(struct question){ k, b, a, out, family, id }, value, ttl_s, S("NX"), answer_added);
}

void kv_delete(struct kv *k, struct batch *b, struct arena *a, struct kv_got *out, enum kv_family family, struct str id)
{
    ask(&(struct question){ k, b, a, out, family, id }, (struct str[]){ S("DEL"), S("") }, 2, answer_was_there);
}

void kv_touch(struct kv *k, struct batch *b, struct arena *a, struct kv_got *out, enum kv_family family, struct str id,
              int64_t ttl_s)
{
    struct str parts[] = { S("EXPIRE"), S(""), number_text(a, ttl_s) };

    assert(ttl_s > 0);
    ask(&(struct question){ k, b, a, out, family, id }, parts, 3, answer_was_there);
}

void kv_count(struct kv *k, struct batch *b, struct arena *a, struct kv_got *out, enum kv_family family, struct str id,
              int64_t ttl_s)
{
    struct str parts[] = { S("EVAL"), KV_COUNT_SCRIPT, S("1"), S(""), number_text(a, ttl_s) };

    assert(ttl_s > 0);
    ask(&(struct question){ k, b, a, out, family, id }, parts, 5, answer_number);
}

/* Lines. */

static void ask_texts(const struct question *x, const struct str *head, size_t head_n, const struct str *texts,
                      size_t n)
{
    struct str *parts = arena_make_n(x->arena, head_n + n, struct str);

    assert(n > 0 && n <= KV_LINE_MOST && families[x->family].kept == FILED);
    for (size_t i = 0; i < head_n + n; i++)
        parts[i] = i < head_n ? head[i] : texts[i - head_n];
    ask(x, parts, head_n + n, answer_how_many);
}

void kv_line_put(struct kv *k, struct batch *b, struct arena *a, struct kv_got *out, enum kv_family family,
                 struct str id, const struct kv_line_more *more)
{
    const struct str head[] = { S("EVAL"),
                                more->fleeting ? KV_PUT_FLEETING_SCRIPT : KV_PUT_SCRIPT,
                                S("1"),
                                S(""),
                                number_text(a, more->after_ms),
                                number_text(a, (int64_t)more->most),
                                number_text(a, more->ttl_s) };

    assert(more->after_ms >= 0 && more->most > 0 && more->ttl_s > 0);
    ask_texts(&(struct question){ k, b, a, out, family, id }, head, sizeof head / sizeof *head, more->texts, more->n);
}

void kv_line_take(struct kv *k, struct batch *b, struct arena *a, struct kv_got *out, enum kv_family family,
                  struct str id, size_t most, int64_t again_ms)
{
    struct str parts[] = {
        S("EVAL"), KV_TAKE_SCRIPT, S("1"), S(""), number_text(a, (int64_t)most), number_text(a, again_ms)
    };

    assert(most > 0 && most <= KV_LINE_MOST && again_ms > 0 && families[family].kept == FILED);
    ask(&(struct question){ k, b, a, out, family, id }, parts, 6, answer_list);
}

void kv_line_look(struct kv *k, struct batch *b, struct arena *a, struct kv_got *out, enum kv_family family,
                  struct str id, size_t most)
{
    struct str parts[] = { S("ZREVRANGE"), S(""), S("0"), number_text(a, (int64_t)most - 1) };

    assert(most > 0 && most <= KV_LINE_MOST);
    ask(&(struct question){ k, b, a, out, family, id }, parts, 4, answer_list);
}

void kv_line_drop(struct kv *k, struct batch *b, struct arena *a, struct kv_got *out, enum kv_family family,
                  struct str id, const struct str *texts, size_t n)
{
    const struct str head[] = { S("ZREM"), S("") };

    ask_texts(&(struct question){ k, b, a, out, family, id }, head, 2, texts, n);
}
