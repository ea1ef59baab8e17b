/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/tested.h"

#include "base/codec.h"
#include "base/fields.h"
#include "base/seals.h"
#include "gateway/session/session.h"
#include "model/claims.h"
#include "wire/json.h"

enum { TEXT_MAX_B = 131072, WORDS_MAX_B = 512, RECORD_MAX_B = 2 * TEXT_MAX_B };

static const char *const names[TESTED_COUNT] = { "id_token", "userinfo", "assertion", "launch" };

static const struct json_field fields[] = { FIELD(tested_told, text, JSON_STR, true, TEXT_MAX_B),
                                            FIELD(tested_told, words, JSON_STR, false, WORDS_MAX_B),
                                            FIELD(tested_told, asked, JSON_STR, false, WORDS_MAX_B),
                                            FIELD(tested_told, at_s, JSON_INT, true, 0),
                                            { 0 } };

static struct str key_of(struct arena *a, struct str sid, enum tested what)
{
    return arena_printf(a, "%.*s %s", STR_ARG(sid), names[what]);
}

static struct str asked_words(struct arena *a, const struct release *r)
{
    struct fields words = fields_new(a, ' ', WORDS_MAX_B);

    for (int i = 0; i < CLAIM_COUNT; i++)
        if (r->whole || release_covers(r, (enum claim)i))
            fields_item(&words, str_of(claim_rows[i].word));
    return fields_text(&words);
}

static struct str record_of(struct arena *a, const struct tested_told *t)
{
    struct json_out o = json_out(a, RECORD_MAX_B);

    json_begin_object(&o);
    json_put_str(&o, S("text"), t->text);
    json_put_str(&o, S("words"), t->words);
    json_put_str(&o, S("asked"), t->asked);
    json_put_int(&o, S("at_s"), t->at_s);
    json_end_object(&o);
    return json_done(&o);
}

void tested_keep(struct ctx *c, enum tested what, struct str text, struct str words, const struct release *r)
{
    struct fail why = { 0 };

    if (!session_is_test(c->session))
        return;
    const struct tested_told told = { text, words, asked_words(c->arena, r), c->now_s };
    if (!json_fits(fields, &told, &why))
        return;
    struct str key = key_of(c->arena, c->session->sid, what), record = record_of(c->arena, &told);
    int64_t left_s = c->session->ends_s - c->now_s;
    if (record.p == NULL || left_s <= 0)
        return;
    kv_set(c->kv, &c->batch, c->arena, arena_make(c->arena, struct kv_got), KV_TESTED, key,
           seal_close(c->arena, c->world, c->seals, SEAL_SESSION, key, record), left_s);
}

struct str tested_payload(struct arena *a, struct str jws)
{
    struct str head, body, plain;

    return str_split(&jws, '.', &head) && str_split(&jws, '.', &body) && b64url_decode(a, body, &plain)
               ? plain
               : (struct str){ NULL, 0 };
}

void tested_ask(struct ctx *c, struct str sid, struct tested_got *got)
{
    got->sid = sid;
    for (int i = 0; i < TESTED_COUNT; i++)
        kv_get(c->kv, &c->batch, c->arena, &got->of[i], KV_TESTED, key_of(c->arena, sid, (enum tested)i));
}

bool tested_read(struct ctx *c, const struct tested_got *got, enum tested what, struct tested_told *out)
{
    const struct kv_got *one = &got->of[what];
    struct fail unreadable = { 0 };
    struct str plain;

    *out = (struct tested_told){ .at_s = 0 };
    return one->outcome == KV_HIT &&
           seal_open(c->arena, c->seals, SEAL_SESSION, key_of(c->arena, got->sid, what), one->value, &plain) &&
           json_read(c->arena, plain, fields, out, &unreadable);
}
