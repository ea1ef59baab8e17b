/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/session/screen.h"

#include "base/crypt.h"
#include "base/seals.h"
#include "base/settings.h"
#include "wire/json.h"

enum { RECORD_MAX_B = 16384, SERVICE_MAX_B = 128, SCOPE_KEPT_MAX_B = 4096, LANG_MAX_B = 8, EPOCH_MAX_B = 128 };

static const struct json_field screen_fields[] = {
    FIELD(screen, key, JSON_STR, true, 2 * SHA256_B),
    FIELD(screen, service, JSON_STR, true, SERVICE_MAX_B),
    FIELD(screen, scope, JSON_STR, true, SCOPE_KEPT_MAX_B),
    FIELD(screen, resources, JSON_STR, false, SCOPE_KEPT_MAX_B),
    FIELD(screen, lang, JSON_STR, false, LANG_MAX_B),
    FIELD(screen, epoch, JSON_STR, true, EPOCH_MAX_B),
    FIELD(screen, made_s, JSON_INT, true, 0),
    FIELD(screen, ends_s, JSON_INT, true, 0),
    { 0 },
};

struct verdict {
    struct str session; /* "": no */
    struct str consented;
    int64_t at_s;
};

static const struct json_field verdict_fields[] = {
    FIELD(verdict, session, JSON_STR, true, 2 * SHA256_B),
    FIELD(verdict, consented, JSON_STR, false, 0),
    FIELD(verdict, at_s, JSON_INT, true, 0),
    { 0 },
};

/* ── records ────────────────────────────────────────────────────────────── */

/* The families share keys: what is sealed for one opens in no other. */
static struct str place_of(struct arena *a, const char *family, struct str key)
{
    return arena_printf(a, "screen:%s:%.*s", family, STR_ARG(key));
}

static struct str close_record(struct ctx *c, const char *family, struct str key, struct str json)
{
    return json.p == NULL
               ? json
               : seal_close(c->arena, c->world, c->seals, SEAL_SESSION, place_of(c->arena, family, key), json);
}

static bool open_record(struct ctx *c, const char *family, struct str key, struct str sealed,
                        const struct json_field *fields, void *out)
{
    struct fail unreadable = { 0 };
    struct str json;

    return seal_open(c->arena, c->seals, SEAL_SESSION, place_of(c->arena, family, key), sealed, &json) &&
           json_read(c->arena, json, fields, out, &unreadable);
}

static struct str write_screen(struct arena *a, const struct screen *s)
{
    struct json_out o = json_out(a, RECORD_MAX_B);

    json_begin_object(&o);
    json_put_str(&o, S("key"), s->key);
    json_put_str(&o, S("service"), s->service);
    json_put_str(&o, S("scope"), s->scope);
    json_put_str(&o, S("resources"), s->resources);
    json_put_str(&o, S("lang"), s->lang);
    json_put_str(&o, S("epoch"), s->epoch);
    json_put_int(&o, S("made_s"), s->made_s);
    json_put_int(&o, S("ends_s"), s->ends_s);
    json_end_object(&o);
    return json_done(&o);
}

/* ── codes ──────────────────────────────────────────────────────────────── */

struct str screen_typed(struct arena *a, struct str text)
{
    static const struct str letters = S(SCREEN_LETTERS);
    struct buf b = buf_new(a, SCREEN_TYPED_CHARS);

    for (size_t i = 0; i < text.n; i++) {
        char ch = text.p[i];
        if (ch == ' ' || ch == '-')
            continue;
        ch = ch >= 'a' && ch <= 'z' ? (char)(ch - 'a' + 'A') : ch;
        if (b.n == SCREEN_TYPED_CHARS || str_find_byte(letters, ch, 0) == letters.n)
            return (struct str){ NULL, 0 };
        buf_byte(&b, ch);
    }
    return b.n == SCREEN_TYPED_CHARS ? buf_str(&b) : (struct str){ NULL, 0 };
}

struct str screen_shown(struct arena *a, struct str typed)
{
    return arena_printf(a, "%.4s-%.4s", typed.p, typed.p + SCREEN_TYPED_CHARS / 2);
}

/* Each letter as likely as any other: bytes beyond the last whole multiple are thrown again. */
static struct str new_typed(struct ctx *c)
{
    enum { LETTERS = sizeof SCREEN_LETTERS - 1, FAIR = 256 - 256 % LETTERS };
    char *at = arena_alloc(c->arena, SCREEN_TYPED_CHARS);

    for (size_t n = 0; n < SCREEN_TYPED_CHARS;) {
        unsigned char byte;
        world_random(c->world, &byte, sizeof byte);
        if (byte < FAIR)
            at[n++] = SCREEN_LETTERS[byte % LETTERS];
    }
    return str_n(at, SCREEN_TYPED_CHARS);
}

static struct str typed_key(struct arena *a, struct str typed)
{
    return sha256_hex(a, arena_join(a, S("user code:"), typed));
}

/* ── asking ─────────────────────────────────────────────────────────────── */

bool screen_make(struct ctx *c, struct screen *s, struct screen_made *m, struct fail *f)
{
    struct str typed = new_typed(c), id = typed_key(c->arena, typed);

    m->device_code = crypt_token(c->arena, c->world, SCREEN_DEVICE_B);
    m->user_code = screen_shown(c->arena, typed);
    s->key = sha256_hex(c->arena, m->device_code);
    s->epoch = kv_epoch(c->kv);
    s->made_s = c->now_s;
    s->ends_s = c->now_s + c->set->device_code_life_s;
    struct str json = write_screen(c->arena, s);
    if (s->epoch.p == NULL || json.p == NULL)
        return kv_away(f, "epoch");
    kv_set(c->kv, &c->batch, c->arena, &m->kept, KV_DEVICE, s->key, close_record(c, "device", s->key, json),
           c->set->device_code_life_s + SCREEN_OVER_S);
    kv_add(c->kv, &c->batch, c->arena, &m->typed, KV_TYPED, id, close_record(c, "typed", id, json),
           c->set->device_code_life_s);
    return true;
}

bool screen_kept(const struct screen_made *m, struct fail *f)
{
    if (m->kept.outcome != KV_HIT || m->typed.outcome == KV_DOWN)
        return kv_away(f, "device code");
    return m->typed.outcome == KV_MISS ||
           fail(f, FAIL_BUSY, "temporarily_unavailable", "the user code is another screen's: ask once more");
}

/* ── answering ──────────────────────────────────────────────────────────── */

void screen_find(struct ctx *c, struct str typed, bool take, struct kv_got *got)
{
    struct str id = typed_key(c->arena, typed);

    if (take)
        kv_take(c->kv, &c->batch, c->arena, got, KV_TYPED, id);
    else
        kv_get(c->kv, &c->batch, c->arena, got, KV_TYPED, id);
}

bool screen_waiting(struct ctx *c, struct str typed, const struct kv_got *got, struct screen *out, struct fail *f)
{
    *out = (struct screen){ .made_s = 0 };
    if (got->outcome == KV_DOWN)
        return kv_away(f, "user code");
    return got->outcome == KV_HIT &&
           open_record(c, "typed", typed_key(c->arena, typed), got->value, screen_fields, out) &&
           c->now_s < out->ends_s && str_eq(out->epoch, kv_epoch(c->kv));
}

void screen_answer(struct ctx *c, const struct screen *s, bool allowed, struct str consented, struct kv_got *got)
{
    struct json_out o = json_out(c->arena, RECORD_MAX_B);
    int64_t left = s->ends_s - c->now_s;

    json_begin_object(&o);
    json_put_str(&o, S("session"), allowed ? c->session->id_hash : S(""));
    json_put_str(&o, S("consented"), consented);
    json_put_int(&o, S("at_s"), c->now_s);
    json_end_object(&o);
    kv_set(c->kv, &c->batch, c->arena, got, KV_VERDICT, s->key, close_record(c, "verdict", s->key, json_done(&o)),
           (left > 0 ? left : 0) + SCREEN_OVER_S);
}

/* ── polling ────────────────────────────────────────────────────────────── */

static struct str slowed_key(struct arena *a, struct str key)
{
    return arena_join(a, S("screen:"), str_sub(key, 0, SHA256_B));
}

void screen_ask(struct ctx *c, struct str device_code, struct screen_poll *p)
{
    *p = (struct screen_poll){ .key = sha256_hex(c->arena, device_code) };
    kv_get(c->kv, &c->batch, c->arena, &p->kept, KV_DEVICE, p->key);
    kv_get(c->kv, &c->batch, c->arena, &p->verdict, KV_VERDICT, p->key);
    kv_get(c->kv, &c->batch, c->arena, &p->slowed, KV_COUNT, slowed_key(c->arena, p->key));
}

enum screen_says screen_says(struct ctx *c, struct screen_poll *p, struct fail *f)
{
    struct verdict v = { .at_s = 0 };

    if (p->kept.outcome == KV_DOWN || p->verdict.outcome == KV_DOWN || p->slowed.outcome == KV_DOWN) {
        (void)kv_away(f, "device code");
        return SCREEN_AWAY;
    }
    if (p->kept.outcome == KV_MISS || !open_record(c, "device", p->key, p->kept.value, screen_fields, &p->screen))
        return SCREEN_UNKNOWN;
    if (c->now_s >= p->screen.ends_s || !str_eq(p->screen.epoch, kv_epoch(c->kv)))
        return SCREEN_EXPIRED;
    if (p->verdict.outcome == KV_MISS)
        return SCREEN_WAITS;
    if (!open_record(c, "verdict", p->key, p->verdict.value, verdict_fields, &v))
        return SCREEN_UNKNOWN;
    p->session = v.session;
    p->consented = v.consented;
    p->answered_s = v.at_s;
    return str_is_set(v.session) ? SCREEN_ALLOWED : SCREEN_DENIED;
}

static int64_t every_s(const struct screen_poll *p)
{
    int64_t slowed = 0;

    (void)(p->slowed.value.p != NULL && str_int(p->slowed.value, &slowed));
    int64_t every = SCREEN_EVERY_S + SCREEN_SLOWER_S * slowed;
    return every < SCREEN_EVERY_MAX_S ? every : SCREEN_EVERY_MAX_S;
}

/* A second less than the interval: a poll that comes on time may have had a quicker way than the one before. */
void screen_pace(struct ctx *c, struct screen_poll *p)
{
    kv_add(c->kv, &c->batch, c->arena, &p->pace, KV_REPLAY, arena_join(c->arena, S("screen:"), p->key), S("1"),
           every_s(p) - 1);
}

void screen_count_slow(struct ctx *c, struct screen_poll *p)
{
    kv_count(c->kv, &c->batch, c->arena, &p->slowed, KV_COUNT, slowed_key(c->arena, p->key),
             c->set->device_code_life_s);
}

void screen_take(struct ctx *c, struct screen_poll *p)
{
    kv_take(c->kv, &c->batch, c->arena, &p->taken, KV_DEVICE, p->key);
}
