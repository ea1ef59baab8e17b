/* SPDX-License-Identifier: EUPL-1.2
 *
 * What is written to a FILED family is answered when replicas have it: one WAIT behind
 * all that a turn has written.  A primary whose replica was made primary by the
 * sentinels goes on for a while as if nothing had happened; that nobody confirms
 * what it is told is how we see it. */
#include "wire/kv_int.h"

#include "base/log.h"

#include <stdio.h>

static const struct {
    const char *name;
} guards[] = {
    [KV_GUARD_OFF] = { "off" },
    [KV_GUARD_SOUND] = { "sound" },
    [KV_GUARD_SHORT] = { "short" },
    [KV_GUARD_ALONE] = { "alone" },
};

/* While nobody waits for it, the connection is not to stand still for it either. */
enum { ALONE_WAIT_MS = 10 };

const char *kv_guard_name(enum kv_guard g)
{
    return guards[g].name;
}

static void change(struct kv *k, enum kv_guard to)
{
    if (k->guard == to)
        return;
    k->guard = to;
    log_event(to == KV_GUARD_SOUND ? LOG_INFO : LOG_ERROR, "kv.guard", LOG_C("replicas", guards[to].name),
              LOG_C("primary", k->primary), LOG_N("wanted", k->config.wait_replicas));
}

/* That it is the primary still must have been said after it could have ceased to be. */
static bool may_go_on(const struct kv *k)
{
    int64_t sure_ms = k->short_since_ms + KV_GRACE_MS;

    return k->config.go_on && loop_now_ms(k->loop) >= sure_ms &&
           (k->sentinels == NULL || kv_sentinels_agree(k->sentinels, str_of(k->primary), sure_ms));
}

void kv_guard_told(struct kv *k, int64_t replicas)
{
    if (k->guard == KV_GUARD_OFF)
        return;
    if (replicas >= k->config.wait_replicas) {
        change(k, KV_GUARD_SOUND);
        kv_proven(k, true);
        return;
    }
    if (k->guard == KV_GUARD_SOUND) {
        k->short_since_ms = loop_now_ms(k->loop);
        change(k, KV_GUARD_SHORT);
    } else if (k->guard == KV_GUARD_SHORT && may_go_on(k)) {
        change(k, KV_GUARD_ALONE);
    }
    if (k->guard == KV_GUARD_SHORT && k->sentinels != NULL)
        kv_sentinels_ask(k->sentinels);
    kv_proven(k, false);
}

static void proof(struct kv *k, struct asked *q, const struct reply *r)
{
    if (r->type == REPLY_ERROR) {
        k->probe_refused = true; /* the heartbeat does not call it well */
        if (kv_refused(k, r))
            return;
    }
    kv_guard_told(k, r->type == REPLY_NUMBER ? r->number : 0);
}

void kv_guard_ask(struct kv *k)
{
    char n[24], ms[24];
    int64_t wait_ms =
        k->guard == KV_GUARD_ALONE && k->config.wait_ms > ALONE_WAIT_MS ? ALONE_WAIT_MS : k->config.wait_ms;

    (void)snprintf(n, sizeof n, "%lld", (long long)k->config.wait_replicas);
    (void)snprintf(ms, sizeof ms, "%lld", (long long)wait_ms);
    kv_ask_own(k, (const struct str[]){ S("WAIT"), str_of(n), str_of(ms) }, 3, proof);
}
