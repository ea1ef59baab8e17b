/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/session/ceremony.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "base/seals.h"
#include "base/settings.h"
#include "wire/form.h"

enum { SEAL_MAX_B = 512, PART_TEXT_MAX_B = 2 * PASSKEY_PART_MAX_B };

static struct str whose(struct ctx *c, struct str bound)
{
    return arena_join(c->arena, S("ceremony:"), bound);
}

void ceremony_ask(struct ctx *c, struct str bound, struct str *challenge, struct str *seal)
{
    unsigned char bytes[PASSKEY_CHALLENGE_B];

    world_random(c->world, bytes, sizeof bytes);
    *challenge = b64url_encode(c->arena, str_n((const char *)bytes, sizeof bytes));
    struct str record = arena_printf(c->arena, "%lld %.*s", (long long)c->now_s, STR_ARG(*challenge));
    *seal = b64url_encode(c->arena, seal_close(c->arena, c->world, c->seals, SEAL_COOKIE, whose(c, bound), record));
}

bool ceremony_answered(struct ctx *c, struct str bound, struct passkey_asked *out, struct kv_got *used)
{
    struct str typed = form_get(c->body, S("seal")), sealed, plain, began;
    int64_t at_s;

    if (!str_is_set(typed) || typed.n > SEAL_MAX_B || !b64url_decode(c->arena, typed, &sealed) ||
        !seal_open(c->arena, c->seals, SEAL_COOKIE, whose(c, bound), sealed, &plain) ||
        !str_split(&plain, ' ', &began) || !str_int(began, &at_s) || c->now_s - at_s > CEREMONY_S ||
        kv_may_forget(c->kv, at_s) || !b64url_decode(c->arena, plain, &out->challenge))
        return false;
    out->origin = c->set->public_url;
    out->rp = passkey_rp(c->set->public_url);
    kv_add(c->kv, &c->batch, c->arena, used, KV_REPLAY, arena_join(c->arena, S("passkey:"), plain), S("1"),
           2 * CEREMONY_S);
    return true;
}

struct str ceremony_part(struct ctx *c, const char *field)
{
    struct str typed = form_get(c->body, str_of(field)), bytes;

    return str_is_set(typed) && typed.n <= PART_TEXT_MAX_B && b64url_decode(c->arena, typed, &bytes)
               ? bytes
               : (struct str){ NULL, 0 };
}
