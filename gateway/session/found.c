/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/session/found.h"

#include "base/codec.h"
#include "base/fields.h"
#include "base/seals.h"
#include "base/settings.h"
#include "gateway/session/session.h"

enum { SPARE_S = 60, KEY_CHARS = 64 };

/* Keyed, so that whoever reads Redis cannot try names of people. */
static struct str place(const struct ctx *c, enum found_by by, struct str owner, struct str name)
{
    static const char *const kinds[] = { [FOUND_BY_CITY_SUBJECT] = "city subject",
                                         [FOUND_BY_CITY_SESSION] = "city session",
                                         [FOUND_BY_SERVICE_NAME] = "service name" };
    struct str of = fields_key(c->arena, (struct str[]){ S("session by"), str_of(kinds[by]), owner }, 3);

    return b64url_encode(c->arena, seals_pairwise(c->arena, c->seals, of, name));
}

void found_keep(struct ctx *c, const struct session *s, enum found_by by, struct str owner, struct str name,
                struct kv_got *got)
{
    const struct kv_line_more more = {
        .texts = &s->id_hash, .n = 1, .most = FOUND_MAX, .ttl_s = c->set->session_max_s + SPARE_S
    };

    kv_line_put(c->kv, &c->batch, c->arena, got, KV_FOUND, place(c, by, owner, name), &more);
}

void found_ask(struct ctx *c, enum found_by by, struct str owner, struct str name, struct kv_got *got)
{
    kv_line_look(c->kv, &c->batch, c->arena, got, KV_FOUND, place(c, by, owner, name), FOUND_MAX);
}

void found_gather(struct ctx *c, const struct kv_got *got, struct strs *all, bool *cut)
{
    struct strs some = found_read(c, got);

    *cut = *cut || some.n >= FOUND_MAX;
    for (size_t i = 0; i < some.n; i++) {
        if (strs_has(all, some.at[i]))
            continue;
        if (all->n < FOUND_MAX)
            strs_add(c->arena, all, some.at[i]);
        else
            *cut = true;
    }
}

struct strs found_read(struct ctx *c, const struct kv_got *got)
{
    struct strs out = { arena_make_n(c->arena, got->listed + 1, struct str), 0 };

    for (size_t i = 0; got->outcome == KV_HIT && i < got->listed; i++)
        if (got->list[i].n == KEY_CHARS)
            out.at[out.n++] = got->list[i];
    return out;
}
