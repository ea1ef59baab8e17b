/* SPDX-License-Identifier: EUPL-1.2
 * A service hands its request over before the browser comes.  [RFC 9126, FAPI 2.0 5.3.2.2] */
#include "gateway/oidc/request/request.h"

#include "base/crypt.h"
#include "base/settings.h"
#include "gateway/oidc/client/client.h"
#include "gateway/oidc/tokens/dpop.h"
#include "gateway/session/limits.h"
#include "wire/http.h"
#include "wire/json.h"

enum { URI_RANDOM_B = 32, URI_RANDOM_CHARS = 43, PUSHED_MAX_B = 49152, OPENLY_MAX_B = 8192, ANSWER_MAX_B = 512 };

/* What a request_uri stands for, in Redis, sealed, under SHA-256 of its random part. */
struct pushed {
    struct str service, epoch, params; /* params: as a form */
    int64_t until_s;
};

static const struct json_field pushed_fields[] = {
    FIELD(pushed, service, JSON_STR, true, 128),
    FIELD(pushed, epoch, JSON_STR, true, 0),
    FIELD(pushed, params, JSON_STR, true, 0),
    FIELD(pushed, until_s, JSON_INT, true, 0),
    { 0 },
};

static struct str mark_of(struct ctx *c)
{
    return arena_join(c->arena, S(PUSHED_MARK), asking_of(c)->key);
}

static struct str used_up_by(struct ctx *c, struct str epoch)
{
    return arena_printf(c->arena, "%.*s %.*s", STR_ARG(mark_of(c)), STR_ARG(epoch));
}

/* ── it is handed over ──────────────────────────────────────────────────── */

static enum step authenticate(struct ctx *c, struct fail *f)
{
    (void)f;
    asking_begin(c)->pushing = true;
    return step_into(c, oidc_client_auth);
}

static enum step find_proof(struct ctx *c, struct fail *f)
{
    (void)f;
    return step_into(c, dpop_rows);
}

/* A proof binds the code as dpop_jkt does; both must mean one key [RFC 9449 10.1]. */
static enum step check_proof(struct ctx *c, struct fail *f)
{
    struct asking *a = asking_of(c);

    a->jkt = dpop_jkt(c);
    limit_ask(c, LIMIT_pushed, c->service->id, c->set->par_life_s, &a->count);
    if (service_is_public(c->service))
        limit_ask(c, LIMIT_pushed_openly, limit_place(c), c->set->par_life_s, &a->count_open);
    (void)f;
    return WAIT;
}

static enum step check_budget(struct ctx *c, struct fail *f)
{
    struct asking *a = asking_of(c);

    if (!limit_keep(LIMIT_pushed, &a->count, "pushed request", f) ||
        (service_is_public(c->service) && !limit_keep(LIMIT_pushed_openly, &a->count_open, "pushed request", f)))
        return REFUSE;
    return step_into(c, request_source);
}

static enum step check_asked(struct ctx *c, struct fail *f)
{
    struct str jkt = asked(c, "dpop_jkt");

    if (jkt.p != NULL && asking_of(c)->jkt.p != NULL && !str_eq(jkt, asking_of(c)->jkt))
        return fail(f, FAIL_CALLER, "invalid_request", "dpop_jkt is not the key of the DPoP proof");
    return step_into(c, request_checks);
}

/* How the service has proven itself is not kept. */
static bool is_proof(struct str name)
{
    return str_eq(name, S("client_secret")) || str_eq(name, S("client_assertion")) ||
           str_eq(name, S("client_assertion_type"));
}

/* Anybody can push for a public service, from many addresses: limits.h counts them, and each is small. */
static size_t most_B(const struct ctx *c)
{
    return service_is_public(c->service) ? OPENLY_MAX_B : PUSHED_MAX_B;
}

static struct str params_of(struct ctx *c)
{
    const struct asking *a = asking_of(c);
    struct buf b = buf_new(c->arena, most_B(c));

    for (size_t i = 0; i < a->form->count; i++)
        if (!is_proof(a->form->fields[i].name))
            form_add(&b, a->form->fields[i].name, a->form->fields[i].value);
    if (asked(c, "dpop_jkt").p == NULL)
        form_add(&b, S("dpop_jkt"), a->jkt);
    return buf_ok(&b) ? buf_str(&b) : (struct str){ NULL, 0 };
}

static enum step store(struct ctx *c, struct fail *f)
{
    struct asking *a = asking_of(c);
    struct str random = crypt_token(c->arena, c->world, URI_RANDOM_B), rest = a->used_up, mark = { NULL, 0 };
    const struct pushed p = { .service = c->service->id,
                              .epoch = kv_epoch(c->kv),
                              .params = params_of(c),
                              .until_s = c->now_s + c->set->par_life_s };

    a->key = sha256_hex(c->arena, random);
    a->uri = arena_join(c->arena, S(PUSHED_URN), random);
    if (p.epoch.p == NULL)
        return kv_away(f, "epoch");
    if (p.params.p == NULL)
        return fail(f, FAIL_TOO_LARGE, "invalid_request", "the request has more than %zu bytes", most_B(c));
    c->login->pushed = used_up_by(c, p.epoch); /* one attempt with the sign-in to come (gateway/trace.h) */
    kv_set(c->kv, &c->batch, c->arena, &a->record, KV_PUSHED, a->key, oidc_record_seal(c, a->key, pushed_fields, &p),
           c->set->par_life_s);
    a->used.outcome = KV_MISS;
    if (str_split(&rest, ' ', &mark) && str_is_set(mark) && !str_eq(rest, kv_epoch(c->kv)))
        a->used.outcome = KV_HIT; /* or may have been: object.c */
    else if (str_is_set(mark))
        kv_add(c->kv, &c->batch, c->arena, &a->used, KV_REPLAY, mark, S("1"), USED_UP_S + c->set->jose_skew_s);
    return WAIT;
}

static enum step answer(struct ctx *c, struct fail *f)
{
    const struct asking *a = asking_of(c);
    struct json_out o = json_out(c->arena, ANSWER_MAX_B);

    if (a->record.outcome != KV_HIT || a->used.outcome == KV_DOWN)
        return kv_away(f, "pushed request");
    if (a->used.outcome == KV_HIT)
        return fail(f, FAIL_CALLER, "invalid_request_object", "request: its jti was used before");
    json_begin_object(&o);
    json_put_str(&o, S("request_uri"), a->uri);
    json_put_int(&o, S("expires_in"), c->set->par_life_s);
    json_end_object(&o);
    http_header_set(c->res, S("Cache-Control"), S("no-store"));
    http_body(c->res, 201, S("application/json"), json_done(&o));
    check_passed(c, CHECK_pushed);
    return DONE;
}

const struct step_row oidc_par[] = { { authenticate }, { find_proof }, { check_proof }, { check_budget },
                                     { check_asked },  { store },      { answer },      { NULL } };

/* ── it is opened ───────────────────────────────────────────────────────── */

static int gone(struct fail *f)
{
    return fail(f, FAIL_CALLER, "invalid_request_uri",
                "request_uri is unknown, has expired, was used before, or is another service's");
}

static enum step open_ask(struct ctx *c, struct fail *f)
{
    struct asking *a = asking_of(c);
    struct str random = str_from(form_get(a->beside, S("request_uri")), sizeof PUSHED_URN - 1);

    if (random.n != URI_RANDOM_CHARS)
        return gone(f);
    a->key = sha256_hex(c->arena, random);
    kv_get(c->kv, &c->batch, c->arena, &a->record, KV_PUSHED, a->key);
    kv_get(c->kv, &c->batch, c->arena, &a->used, KV_REPLAY, mark_of(c));
    return WAIT;
}

/* As often as the browser likes until the service was answered: it may reload the page.  Which service it is for is
 * sealed with it. */
static enum step open_read(struct ctx *c, struct fail *f)
{
    struct asking *a = asking_of(c);
    struct pushed p = { .until_s = 0 };
    struct form *form;

    if (a->record.outcome == KV_DOWN || a->used.outcome == KV_DOWN)
        return kv_away(f, "pushed request");
    if (a->record.outcome != KV_HIT || a->used.outcome != KV_MISS ||
        !oidc_record_open(c, a->key, a->record.value, pushed_fields, &p) || !str_eq(p.service, c->service->id) ||
        !str_eq(p.epoch, kv_epoch(c->kv)) || p.until_s <= c->now_s)
        return gone(f);
    if (!form_read(c->arena, p.params, &form, f))
        return REFUSE;
    a->form = form;
    a->used_up = used_up_by(c, p.epoch);
    return NEXT;
}

const struct step_row request_pushed[] = { { open_ask }, { open_read }, { NULL } };
