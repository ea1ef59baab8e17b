/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/ending_mark.h"

static const struct str begun = S("begun"), done = S("done");

void ending_mark_ask(struct kv *k, struct batch *b, struct arena *a, struct ending_mark *m, struct str id,
                     int64_t born_s, int64_t ttl_s)
{
    *m = (struct ending_mark){ .id = id, .ttl_s = ttl_s > 0 ? ttl_s : 1, .forgotten = kv_may_forget(k, born_s) };
    if (!m->forgotten)
        kv_add(k, b, a, &m->added, KV_REPLAY, id, begun, m->ttl_s < ENDING_MOMENT_S ? m->ttl_s : ENDING_MOMENT_S);
}

bool ending_mark_look(struct kv *k, struct batch *b, struct arena *a, struct ending_mark *m)
{
    if (m->forgotten || m->added.outcome != KV_HIT)
        return false;
    kv_get(k, b, a, &m->said, KV_REPLAY, m->id);
    return true;
}

enum ending_says ending_mark_says(const struct ending_mark *m)
{
    if (m->forgotten)
        return ENDING_FORGOTTEN;
    if (m->added.outcome != KV_HIT)
        return m->added.outcome == KV_MISS ? ENDING_GOOD : ENDING_AWAY;
    return m->said.outcome == KV_HIT && !str_eq(m->said.value, begun) ? ENDING_USED : ENDING_AWAY;
}

void ending_mark_done(struct kv *k, struct batch *b, struct arena *a, struct ending_mark *m)
{
    if (str_is_set(m->id))
        kv_set(k, b, a, &m->done, KV_REPLAY, m->id, done, m->ttl_s);
}

bool ending_mark_is_done(const struct ending_mark *m)
{
    return !str_is_set(m->id) || m->done.outcome == KV_HIT;
}
