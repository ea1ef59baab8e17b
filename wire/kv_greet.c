/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/kv_int.h"

#include "base/crypt.h"
#include "base/log.h"

#include <stdio.h>
#include <string.h>

#define SINCE_LIFE_S "315360000" /* ten years: longer than any Redis goes without a restart */

/* The first conversation of a connection: the password, the role, who it is.
 * Until it is over nothing else is sent: that a socket connects proves nothing. */

void kv_ask_own(struct kv *k, const struct str *parts, size_t n,
                void (*answer)(struct kv *k, struct asked *q, const struct reply *r))
{
    struct asked *q = k->own_free;

    if (!kv_link_put(&k->link, parts, n))
        return;
    if (q != NULL)
        k->own_free = q->next;
    else
        q = arena_make(k->arena, struct asked);
    *q = (struct asked){ .answer = answer };
    kv_queue(k, q);
}

static void greeted_auth(struct kv *k, struct asked *q, const struct reply *r)
{
    if (!kv_said_ok(r))
        kv_give_up(k, "password");
}

/* True: the connection was given up. */
static bool not_primary(struct kv *k, const struct reply *r)
{
    if (r->type == REPLY_ERROR)
        return kv_refused(k, r) || (kv_give_up(k, "permission"), true);
    if (str_eq(kv_reply_at(r, 0), S("master"))) {
        k->replicas = r->n > 2 && r->elements[2] != NULL ? (int64_t)r->elements[2]->n : 0;
        return false;
    }
    kv_give_up(k, r->type == REPLY_LIST ? "replica" : "garbage");
    return true;
}

static void greeted_role(struct kv *k, struct asked *q, const struct reply *r)
{
    (void)not_primary(k, r);
}

/* What is refused first says why; what follows from it would only change the word. */
static void note_probe(struct kv *k, const struct reply *r, bool good)
{
    if (good || k->probe_refused)
        return;
    k->probe_refused = true;
    if (r->type != REPLY_ERROR)
        kv_note_refusing(k, "command");
    else
        (void)kv_refused(k, r);
}

static void probe_stored(struct kv *k, struct asked *q, const struct reply *r)
{
    note_probe(k, r, kv_said_ok(r));
}

static void probe_counted(struct kv *k, struct asked *q, const struct reply *r)
{
    note_probe(k, r, r->type == REPLY_NUMBER);
}

static void probe_taken(struct kv *k, struct asked *q, const struct reply *r)
{
    note_probe(k, r, r->type == REPLY_TEXT && str_eq(r->text, KV_PROBE_TEXT));
}

/* A heartbeat does what a sign-in does, by the same kinds of command: a Redis that only reads, or lacks or forbids one
 * of them, is no help to anybody who signs in. */
static void ask_beat(struct kv *k, void (*answer)(struct kv *k, struct asked *q, const struct reply *r))
{
    const struct str key = k->probe_key, one = S("1"), life = S("60");

    k->probe_refused = false;
    kv_ask_own(k, (const struct str[]){ S("SET"), key, one, S("EX"), life }, 5, probe_stored);
    kv_ask_own(k, (const struct str[]){ S("EVAL"), KV_COUNT_SCRIPT, one, key, life }, 5, probe_counted);
    kv_ask_own(k, (const struct str[]){ S("EVAL"), KV_HOLD_SCRIPT, one, key, KV_PROBE_TEXT, life }, 6, probe_stored);
    kv_ask_own(k, (const struct str[]){ S("GETDEL"), key }, 2, probe_taken);
    if (k->guard != KV_GUARD_OFF)
        kv_guard_ask(k);
    kv_ask_own(k, (const struct str[]){ S("INCR"), k->beat_key }, 2, answer);
}

/* False: the connection was given up. */
static bool take_beat(struct kv *k, const struct reply *r)
{
    if (r->type == REPLY_ERROR)
        return !kv_refused(k, r);
    if (r->type != REPLY_NUMBER) {
        kv_give_up(k, "garbage");
        return false;
    }
    k->beat = r->number;
    if (!k->probe_refused)
        kv_note_refusing(k, "");
    return true;
}

static void heartbeat_answered(struct kv *k, struct asked *q, const struct reply *r)
{
    if (!take_beat(k, r))
        return;
    timer_set(k->loop, &k->heartbeat, KV_HEARTBEAT_MS);
}

void kv_heartbeat_due(struct timer *t)
{
    struct kv *k = KV_OF(t, heartbeat);

    if (k->state != READY)
        return;
    kv_ask_own(k, (const struct str[]){ S("ROLE") }, 1, greeted_role);
    ask_beat(k, heartbeat_answered);
}

static struct str info_line(struct str info, struct str name)
{
    struct str line;

    while (str_split(&info, '\n', &line))
        if (str_has_prefix(line, name))
            return str_trim(str_from(line, name.n));
    return (struct str){ NULL, 0 };
}

/* The epoch of a Redis: its run id changes when it starts, its replication id
 * when another one is promoted. */
static void note_epoch(struct kv *k, struct str run_id, struct str replication_id)
{
    struct str hex = sha256_hex(k->link.reply_arena, arena_join(k->link.reply_arena, run_id, replication_id));

    if (k->has_epoch && memcmp(k->epoch, hex.p, KV_EPOCH_TEXT_B) == 0)
        return;
    log_event(k->has_epoch ? LOG_WARN : LOG_INFO, "kv.epoch", LOG_S("epoch", str_n(hex.p, KV_EPOCH_TEXT_B)));
    memcpy(k->epoch, hex.p, KV_EPOCH_TEXT_B);
    k->switches += k->has_epoch;
    k->has_epoch = true;
    k->since_s = 0;
}

static void be_ready(struct kv *k)
{
    k->state = READY;
    k->failures = 0;
    k->hold_until_ms = 0;
    kv_note_trouble(k, "");
    timer_set(k->loop, &k->heartbeat, KV_HEARTBEAT_MS);
    kv_send_held(k);
}

/* Whoever sees an epoch first says since when it has been; all nodes, and those that start later, go by it. */
static void since_told(struct kv *k, struct asked *q, const struct reply *r)
{
    int64_t since_s;

    if (r->type == REPLY_TEXT && str_int(r->text, &since_s) && since_s > 0)
        k->since_s = since_s;
    be_ready(k);
}

static void since_noted(struct kv *k, struct asked *q, const struct reply *r)
{
    note_probe(k, r, kv_said_ok(r) || r->type == REPLY_NIL);
}

static void ask_since(struct kv *k)
{
    struct arena *a = k->link.reply_arena;
    struct str key = kv_key(a, KV_SINCE, kv_epoch(k));
    struct str now = arena_printf(a, "%lld", (long long)world_now_s(k->world));

    kv_ask_own(k, (const struct str[]){ S("SET"), key, now, S("EX"), S(SINCE_LIFE_S), S("NX") }, 6, since_noted);
    kv_ask_own(k, (const struct str[]){ S("GET"), key }, 2, since_told);
}

static int64_t info_number(struct str all, struct str name)
{
    int64_t n;

    return str_int(info_line(all, name), &n) ? n : 0;
}

static void note_facts(struct kv *k, struct str all)
{
    struct kv_facts *x = &k->facts;

    *x = (struct kv_facts){ .known = true,
                            .filed = str_eq(info_line(all, S("aof_enabled:")), S("1")),
                            .file_fails = str_eq(info_line(all, S("aof_last_write_status:")), S("err")),
                            .max_B = info_number(all, S("maxmemory:")),
                            .used_B = info_number(all, S("used_memory:")) };
    (void)snprintf(x->version, sizeof x->version, "%.*s", STR_ARG(info_line(all, S("redis_version:"))));
    (void)snprintf(x->policy, sizeof x->policy, "%.*s", STR_ARG(info_line(all, S("maxmemory_policy:"))));
}

static void greeted_info(struct kv *k, struct asked *q, const struct reply *r)
{
    struct str run_id = info_line(r->text, S("run_id:"));
    struct str policy = info_line(r->text, S("maxmemory_policy:"));
    bool bounded = !str_eq(info_line(r->text, S("maxmemory:")), S("0"));

    if (r->type == REPLY_TEXT)
        note_facts(k, r->text);
    if (r->type == REPLY_ERROR) {
        if (!kv_refused(k, r))
            kv_give_up(k, "permission");
    } else if (r->type != REPLY_TEXT || !str_is_set(run_id)) {
        kv_give_up(k, "garbage");
    } else if (str_eq(info_line(r->text, S("loading:")), S("1"))) {
        kv_give_up(k, "loading");
    } else if (bounded && str_is_set(policy) && !str_eq(policy, S("noeviction"))) {
        kv_give_up(k, "evicting"); /* would forget replay marks before their time */
    } else {
        note_epoch(k, run_id, info_line(r->text, S("master_replid:")));
        ask_since(k);
    }
}

/* What refuses to be written to is connected all the same, for what can be read.  The last word of the greeting is
 * since when. */
static void greeted_beat(struct kv *k, struct asked *q, const struct reply *r)
{
    (void)take_beat(k, r);
}

void kv_greet(struct kv *k)
{
    const struct kv_config *c = &k->config;

    k->state = GREETING;
    if (k->guard != KV_GUARD_OFF)
        k->guard = KV_GUARD_SOUND; /* until it has been asked */
    if (str_is_set(c->user))
        kv_ask_own(k, (const struct str[]){ S("AUTH"), c->user, c->password }, 3, greeted_auth);
    else if (str_is_set(c->password))
        kv_ask_own(k, (const struct str[]){ S("AUTH"), c->password }, 2, greeted_auth);
    kv_ask_own(k, (const struct str[]){ S("ROLE") }, 1, greeted_role);
    kv_ask_own(k, (const struct str[]){ S("INFO") }, 1, greeted_info);
    ask_beat(k, greeted_beat);
}
