/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/farewell_keep.h"

#include "base/seals.h"
#include "wire/json.h"

enum { RECORD_MAX_B = 4096, ID_MAX_B = 128, TOLD_MAX_B = 512, WORD_MAX_B = 32 };

static const struct str line = S("all"), bound = S("farewell");

static const struct json_field fields[] = {
    { "service", JSON_STR, true, ID_MAX_B, offsetof(struct farewell_record, service) },
    { "sid", JSON_STR, true, ID_MAX_B, offsetof(struct farewell_record, who.sid) },
    { "person", JSON_STR, true, ID_MAX_B, offsetof(struct farewell_record, who.person) },
    { "told", JSON_STR, false, TOLD_MAX_B, offsetof(struct farewell_record, who.told) },
    { "idp", JSON_STR, false, ID_MAX_B, offsetof(struct farewell_record, who.idp) },
    { "why", JSON_STR, false, WORD_MAX_B, offsetof(struct farewell_record, who.why) },
    { "row", JSON_STR, false, LEFT_ROW_MAX_B, offsetof(struct farewell_record, who.row) },
    { "until", JSON_INT, true, 0, offsetof(struct farewell_record, until_s) },
    { 0 }
};

struct str farewell_seal(struct arena *a, const struct ctx *c, const struct farewell_record *r)
{
    struct json_out o = json_out(a, RECORD_MAX_B);
    struct fail why = { 0 };

    if (!json_fits(fields, r, &why))
        return (struct str){ NULL, 0 };
    json_begin_object(&o);
    json_put_str(&o, S("service"), r->service);
    json_put_str(&o, S("sid"), r->who.sid);
    json_put_str(&o, S("person"), r->who.person);
    json_put_str(&o, S("told"), r->who.told);
    json_put_str(&o, S("idp"), r->who.idp);
    json_put_str(&o, S("why"), r->who.why);
    json_put_str(&o, S("row"), r->who.row);
    json_put_int(&o, S("until"), r->until_s);
    json_end_object(&o);
    struct str plain = json_done(&o);
    return plain.p != NULL ? seal_close(a, c->world, c->seals, SEAL_SESSION, bound, plain) : plain;
}

bool farewell_unseal(struct arena *a, const struct ctx *c, struct str text, struct farewell_record *out)
{
    struct fail why = { 0 };
    struct str plain;

    *out = (struct farewell_record){ .until_s = 0 };
    return seal_open(a, c->seals, SEAL_SESSION, bound, text, &plain) && json_read(a, plain, fields, out, &why);
}

/* ── errands ────────────────────────────────────────────────────────────── */

static void maybe_done(struct errand *e)
{
    if (e->sent && e->answered)
        e->done(e->self, e);
}

static void answered(struct batch *b)
{
    struct errand *e = (struct errand *)b;

    e->answered = true;
    maybe_done(e);
}

static void sent(struct errand *e)
{
    e->sent = true;
    maybe_done(e);
}

struct errand *errand_new(void *self, void (*done)(void *self, struct errand *e))
{
    struct arena *a = arena_new();
    struct errand *e = arena_make(a, struct errand);

    *e = (struct errand){ .batch = { 0, answered }, .arena = a, .self = self, .done = done };
    return e;
}

void errand_add(struct errand *e, struct str text)
{
    if (e->texts == NULL)
        e->texts = arena_make_n(e->arena, KV_LINE_MOST, struct str);
    e->texts[e->n++] = arena_str(e->arena, text);
}

void errand_free(struct errand *e)
{
    arena_free(e->arena);
}

void errand_keep(struct errand *e, struct kv *k, int64_t after_ms)
{
    const struct kv_line_more more = { .texts = e->texts,
                                       .n = e->n,
                                       .most = FAREWELLS_KEPT_MAX,
                                       .after_ms = after_ms,
                                       .ttl_s = FAREWELL_LASTS_S + FAREWELL_LEASE_MS / 1000 };

    kv_line_put(k, &e->batch, e->arena, &e->got, KV_FAREWELL, line, &more);
    sent(e);
}

void errand_drop(struct errand *e, struct kv *k)
{
    kv_line_drop(k, &e->batch, e->arena, &e->got, KV_FAREWELL, line, e->texts, e->n);
    sent(e);
}

void errand_take(struct errand *e, struct kv *k)
{
    kv_line_take(k, &e->batch, e->arena, &e->got, KV_FAREWELL, line, FAREWELL_TAKE_MOST, FAREWELL_LEASE_MS);
    sent(e);
}

void errand_note(struct errand *e, struct audit *log, const struct leaver *who, struct str service, const char *outcome)
{
    const struct audit_event event = farewell_line(who, service, outcome);

    audit_ask(log, &e->batch, e->arena, &event, &e->written);
    sent(e);
}
