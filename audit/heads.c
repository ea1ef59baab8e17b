/* SPDX-License-Identifier: EUPL-1.2 */
#include "audit/heads.h"

#include "base/codec.h"
#include "base/log.h"

enum { LAST_MS = 1500, TURN_MS = 100 };

struct audit_heads {
    struct batch batch; /* first: a batch leads back */
    struct timer timer;
    struct arena *arena, *scratch;
    struct loop *loop;
    struct audit_writer *writer;
    struct audit *audit;
    struct signer *signer;
    uint64_t signed_number;
    struct audit_rooted head;
    struct signed_got signature;
    struct audit_got written;
    enum { RESTS = 0, SIGNS, WRITES } state;
};

static void go_on(struct audit_heads *h);

/* Held by one while it asks, so that an answer that comes at once is not run below the question. */
static void asked(struct audit_heads *h)
{
    if (--h->batch.pending == 0)
        go_on(h);
}

static void rest(struct audit_heads *h)
{
    h->state = RESTS;
    arena_reset(h->scratch);
    timer_set(h->loop, &h->timer, AUDIT_HEAD_EVERY_S * 1000);
}

static void sign(struct audit_heads *h)
{
    struct str bytes;

    if (!audit_writer_rooted(h->writer, &h->head) || h->head.number == h->signed_number ||
        !hex_decode(h->scratch, audit_rooted_signed(h->scratch, &h->head), &bytes)) {
        rest(h);
        return;
    }
    h->state = SIGNS;
    batch_ask(&h->batch);
    signer_audit_head(h->signer, &h->batch, h->scratch, (int64_t)h->head.number, bytes, &h->signature);
    asked(h);
}

static void write_head(struct audit_heads *h)
{
    h->state = WRITES;
    batch_ask(&h->batch);
    audit_rooted_ask(h->audit, &h->batch, h->scratch, &h->head, h->signature.value, &h->written);
    asked(h);
}

static void go_on(struct audit_heads *h)
{
    if (h->state == SIGNS && h->signature.ok) {
        write_head(h);
        return;
    }
    if (h->state == WRITES && h->written.durable)
        h->signed_number = h->head.number;
    else
        log_event(LOG_WARN, "audit.head_unsigned", LOG_N("number", h->head.number),
                  LOG_C("why", h->state == SIGNS ? h->signature.error : "disk"));
    rest(h);
}

static void batch_ready(struct batch *b)
{
    go_on((struct audit_heads *)b);
}

static void timer_due(struct timer *t)
{
    sign((struct audit_heads *)(void *)((char *)t - offsetof(struct audit_heads, timer)));
}

struct audit_heads *audit_heads_new(struct loop *l, struct audit_writer *w, struct audit *x, struct signer *s)
{
    struct arena *a = arena_new();
    struct audit_heads *h = arena_make(a, struct audit_heads);

    *h = (struct audit_heads){ .batch = { 0, batch_ready },
                               .timer = { .due = timer_due },
                               .arena = a,
                               .scratch = arena_new(),
                               .loop = l,
                               .writer = w,
                               .audit = x,
                               .signer = s };
    rest(h);
    return h;
}

void audit_heads_last(struct audit_heads *h)
{
    int64_t until_ms = h != NULL ? loop_now_ms(h->loop) + LAST_MS : 0;

    /* Twice: a head that was on its way when the loop ended is an older one's. */
    for (int i = 0; h != NULL && i < 2; i++) {
        if (h->state == RESTS) {
            timer_clear(h->loop, &h->timer);
            sign(h);
        }
        while (h->state != RESTS && loop_now_ms(h->loop) < until_ms)
            loop_turn(h->loop, TURN_MS);
    }
}

bool audit_heads_busy(const struct audit_heads *h)
{
    return h != NULL && h->state != RESTS;
}

void audit_heads_free(struct audit_heads *h)
{
    if (h == NULL)
        return;
    timer_clear(h->loop, &h->timer);
    arena_free(h->scratch);
    arena_free(h->arena);
}

bool audit_head_holds(const struct jwks *keys, uint64_t number, struct str head, struct str signature)
{
    struct arena *a = arena_new();
    const struct jose_rules rules = {
        .algs = JOSE_BIT(JOSE_ES256),
        .typ = S("audit-head+jwt"),
        .iss_rule = ISS_ANY,
        .aud_rule = AUD_ANY,
        .exp_optional = true,
        .sub_optional = true,
        .now_s = world_now_s(&world_real),
        .skew_s = 300,
    };
    struct jose_claims claims;
    struct fail f = { 0 };
    bool good = jose_verify(a, signature, keys, &rules, &claims, &f);
    const struct json_value *seq = good ? json_get(claims.all, S("seq")) : NULL;

    good = good && seq != NULL && seq->type == JSON_INT && (uint64_t)seq->integer == number &&
           str_eq(json_get_str(claims.all, S("head")), head);
    arena_free(a);
    return good;
}
