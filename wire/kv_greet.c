/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/kv_int.h"

#include "base/crypt.h"
#include "base/log.h"

#include <string.h>

/* The first conversation of a connection: the password, the role, who it is.
 * Until it is over nothing else is sent: that a socket connects proves nothing. */

static void ask_own(struct kv *k, const struct str *parts, size_t n,
                    void (*answer)(struct kv *k, struct asked *q, const struct reply *r))
{
    struct asked *q = arena_make(k->own_arena, struct asked);

    q->answer = answer;
    if (kv_put(k, parts, n))
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
    if (r->type == REPLY_LIST && r->n > 0 && r->elements[0] != NULL && str_eq(r->elements[0]->text, S("master")))
        return false;
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
    ask_own(k, (const struct str[]){ S("SET"), key, one, S("EX"), life }, 5, probe_stored);
    ask_own(k, (const struct str[]){ S("EVAL"), KV_COUNT_SCRIPT, one, key, life }, 5, probe_counted);
    ask_own(k, (const struct str[]){ S("EVAL"), KV_HOLD_SCRIPT, one, key, KV_PROBE_TEXT, life }, 6, probe_stored);
    ask_own(k, (const struct str[]){ S("GETDEL"), key }, 2, probe_taken);
    ask_own(k, (const struct str[]){ S("INCR"), k->beat_key }, 2, answer);
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
    arena_reset(k->own_arena);
    timer_set(k->loop, &k->heartbeat, KV_HEARTBEAT_MS);
}

void kv_heartbeat_due(struct timer *t)
{
    struct kv *k = KV_OF(t, heartbeat);

    if (k->state != READY)
        return;
    ask_own(k, (const struct str[]){ S("ROLE") }, 1, greeted_role);
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
    struct str hex = sha256_hex(k->reply_arena, arena_join(k->reply_arena, run_id, replication_id));

    if (k->has_epoch && memcmp(k->epoch, hex.p, KV_EPOCH_TEXT_B) == 0)
        return;
    log_event(k->has_epoch ? LOG_WARN : LOG_INFO, "kv.epoch", LOG_S("epoch", str_n(hex.p, KV_EPOCH_TEXT_B)));
    memcpy(k->epoch, hex.p, KV_EPOCH_TEXT_B);
    k->has_epoch = true;
}

static void greeted_info(struct kv *k, struct asked *q, const struct reply *r)
{
    struct str run_id = info_line(r->text, S("run_id:"));
    struct str policy = info_line(r->text, S("maxmemory_policy:"));
    bool bounded = !str_eq(info_line(r->text, S("maxmemory:")), S("0"));

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
    }
}

/* The last word of the greeting; what refuses to be written to is connected all the same, for what can be read. */
static void greeted_beat(struct kv *k, struct asked *q, const struct reply *r)
{
    if (!take_beat(k, r))
        return;
    k->state = READY;
    k->failures = 0;
    arena_reset(k->own_arena);
    kv_note_trouble(k, "");
    timer_set(k->loop, &k->heartbeat, KV_HEARTBEAT_MS);
}

void kv_greet(struct kv *k)
{
    const struct kv_config *c = &k->config;

    k->state = GREETING;
    if (!loop_watch(k->loop, &k->watch, EPOLLIN)) {
        kv_give_up(k, "descriptors");
        return;
    }
    if (str_is_set(c->user))
        ask_own(k, (const struct str[]){ S("AUTH"), c->user, c->password }, 3, greeted_auth);
    else if (str_is_set(c->password))
        ask_own(k, (const struct str[]){ S("AUTH"), c->password }, 2, greeted_auth);
    ask_own(k, (const struct str[]){ S("ROLE") }, 1, greeted_role);
    ask_own(k, (const struct str[]){ S("INFO") }, 1, greeted_info);
    ask_beat(k, greeted_beat);
}
