/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/session/proven.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "base/seals.h"
#include "gateway/session/int.h"
#include "idp-adapters/refusals.h"
#include "idp-adapters/relay.h"
#include "wire/json.h"

#include <string.h>

enum { ID_B = 16, RECORD_MAX_B = 65536, REPLAY_CHARS = 64, REFUSAL_MAX_B = 512, IDP_MAX_B = 128, HINT_MAX_B = 2048 };

/* ── what holds ─────────────────────────────────────────────────────────── */

struct record {
    struct proven p;
    const struct json_value *person;
};

static const struct json_field fields[] = {
    { "idp", JSON_STR, true, IDP_MAX_B, offsetof(struct record, p.idp) },
    { "request", JSON_STR, true, RELAY_MAX_B, offsetof(struct record, p.upstream_id) },
    { "replay", JSON_STR, true, REPLAY_CHARS, offsetof(struct record, p.replay) },
    { "hint", JSON_STR, false, HINT_MAX_B, offsetof(struct record, p.hint) },
    { "ends", JSON_INT, true, 0, offsetof(struct record, p.ends_s) },
    { "person", JSON_OBJECT, true, 0, offsetof(struct record, person) },
    { 0 },
};

struct str proven_write(struct arena *a, const struct proven *p)
{
    struct json_out o = json_out(a, RECORD_MAX_B);

    json_begin_object(&o);
    json_put_str(&o, S("idp"), p->idp);
    json_put_str(&o, S("request"), p->upstream_id);
    json_put_str(&o, S("replay"), p->replay);
    if (str_is_set(p->hint))
        json_put_str(&o, S("hint"), p->hint);
    json_put_int(&o, S("ends"), p->ends_s);
    json_key(&o, S("person"));
    person_write(&o, p->person);
    json_end_object(&o);
    return json_done(&o);
}

struct proven *proven_parse(struct arena *a, struct str json)
{
    struct record r = { .person = NULL };
    struct fail unreadable = { 0 };

    if (!json_read(a, json, fields, &r, &unreadable))
        return NULL;
    struct proven *p = arena_make(a, struct proven);
    *p = r.p;
    p->person = person_read(a, r.person, &unreadable);
    return p->person != NULL ? p : NULL;
}

static struct str bound(struct arena *a, struct str id)
{
    return arena_join(a, S("proven:"), id);
}

bool proven_keep(struct ctx *c, struct str *id, struct kv_got *got, struct fail *f)
{
    const struct record r = { .p = *c->proven };
    struct fail why = { 0 };
    struct str text = { NULL, 0 };

    *id = crypt_token(c->arena, c->world, ID_B);
    if (json_fits(fields, &r, &why) && person_fits(c->proven->person, &why))
        text = proven_write(c->arena, c->proven);
    if (text.p == NULL)
        return refusal(f, REFUSAL_person_too_large, "%s",
                       why.kind != FAIL_NONE ? why.detail : "more than a record holds");
    kv_set(c->kv, &c->batch, c->arena, got, KV_PROVEN, *id,
           seal_close(c->arena, c->world, c->seals, SEAL_SESSION, bound(c->arena, *id), text), PROVEN_LIFE_S);
    return true;
}

void proven_ask(struct ctx *c, struct str id, struct kv_got *got)
{
    kv_take(c->kv, &c->batch, c->arena, got, KV_PROVEN, id);
}

struct proven *proven_of(struct ctx *c, struct str id, const struct kv_got *got)
{
    struct str text;

    if (got->outcome != KV_HIT || !seal_open(c->arena, c->seals, SEAL_SESSION, bound(c->arena, id), got->value, &text))
        return NULL;
    return proven_parse(c->arena, text);
}

/* ── what does not ──────────────────────────────────────────────────────── */

static struct str refused(struct arena *a, struct str upstream_id)
{
    return arena_join(a, S("refused:"), upstream_id);
}

/* "4 sig_value the reason": the kind, the code, the rest. */
struct str refusal_write(struct ctx *c, struct str upstream_id, const struct fail *why)
{
    struct str detail = str_of(why->detail);
    struct str text =
        arena_printf(c->arena, "%d %s %.*s", (int)why->kind, why->code,
                     STR_ARG(str_sub(detail, 0, detail.n < FAIL_DETAIL_B ? detail.n : FAIL_DETAIL_B - 1)));

    return b64url_encode(c->arena,
                         seal_close(c->arena, c->world, c->seals, SEAL_COOKIE, refused(c->arena, upstream_id), text));
}

bool refusal_read(struct ctx *c, struct str upstream_id, struct str text, struct fail *why)
{
    struct str sealed, plain, kind, code;
    int64_t number;

    if (text.n > 2 * REFUSAL_MAX_B || !b64url_decode(c->arena, text, &sealed) ||
        !seal_open(c->arena, c->seals, SEAL_COOKIE, refused(c->arena, upstream_id), sealed, &plain) ||
        !str_split(&plain, ' ', &kind) || !str_split(&plain, ' ', &code) || !str_int(kind, &number) ||
        number <= FAIL_NONE || number >= FAIL_KIND_COUNT)
        return false;
    (void)fail(why, (enum fail_kind)number, arena_cstr(c->arena, code), "%.*s", STR_ARG(plain));
    return true;
}
