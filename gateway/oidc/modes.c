/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/oidc/modes.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "base/seals.h"
#include "base/settings.h"
#include "gateway/errors.h"
#include "gateway/oidc/oidc.h"
#include "wire/form.h"
#include "wire/http.h"
#include "wire/json.h"

enum { URL_MAX_B = 65536, RESPONSE_LIFE_S = 600, FIELDS_MAX_B = 16384, REFUSAL_MAX_B = 16384 };

/* ── the rows ───────────────────────────────────────────────────────────── */

enum carrier { IN_QUERY = 1, IN_FRAGMENT, BY_FORM };

static const struct {
    const char *word;
    enum carrier carrier;
    bool is_signed;
} rows[MODE_COUNT] = {
#define X(name, mode, carrier, is_signed) { mode, carrier, is_signed },
    RESPONSE_MODES(X)
#undef X
};

bool mode_find(struct str word, unsigned *mode)
{
    for (*mode = 0; *mode < MODE_COUNT; ++*mode)
        if (str_eq(word, str_of(rows[*mode].word)))
            return true;
    *mode = MODE_QUERY;
    return false;
}

struct str mode_word(unsigned mode)
{
    return str_of(rows[mode < MODE_COUNT ? mode : MODE_QUERY].word);
}

bool mode_is_signed(unsigned mode)
{
    return mode < MODE_COUNT && rows[mode].is_signed;
}

static enum carrier carrier_of(unsigned mode)
{
    return rows[mode < MODE_COUNT ? mode : MODE_QUERY].carrier;
}

bool mode_fits(unsigned mode, struct str redirect_uri)
{
    return carrier_of(mode) != BY_FORM || str_has_prefix(redirect_uri, S("http://")) ||
           str_has_prefix(redirect_uri, S("https://"));
}

/* ── the answer ─────────────────────────────────────────────────────────── */

void answer_put(struct answer_fields *all, struct str name, struct str value)
{
    if (value.p != NULL && all->n < ANSWER_FIELDS_MAX)
        all->at[all->n++] = (struct hidden_field){ name, value };
}

/* As one parameter [JARM 2.1]; the signer writes iss and exp. */
static struct str response_claims(struct ctx *c, const struct answer_fields *all, const struct service *s)
{
    struct json_out o = json_out(c->arena, FIELDS_MAX_B);

    json_begin_object(&o);
    json_put_str(&o, S("aud"), s->client_id);
    for (size_t i = 0; i < all->n; i++)
        json_put_str(&o, all->at[i].name, all->at[i].value);
    json_end_object(&o);
    return json_done(&o);
}

static enum jose_alg response_alg(const struct service *s)
{
    return jose_alg_named(str_is_set(s->client.response_alg) ? s->client.response_alg : s->id_token_alg);
}

static struct str value_of(const struct answer_fields *all, struct str name)
{
    for (size_t i = 0; i < all->n; i++)
        if (str_eq(all->at[i].name, name))
            return all->at[i].value;
    return (struct str){ NULL, 0 };
}

enum step answer_seal(struct ctx *c, struct answer_fields *all)
{
    const struct service *s = registry_service(c->registry, c->login->service);

    answer_put(all, S("error_uri"), error_uri(c, value_of(all, S("error"))));
    answer_put(all, S("state"), c->login->state_out);
    if (!mode_is_signed(c->login->answer_mode) || s == NULL) {
        answer_put(all, S("iss"), c->set->public_url); /* against mix-up [RFC 9207 2] */
        return NEXT;
    }
    signer_response(c->signer, &c->batch, c->arena, response_alg(s), response_claims(c, all, s), RESPONSE_LIFE_S,
                    &all->response);
    return WAIT;
}

/* The browser posts it, from a page of ours [OAuth Form Post Response Mode 2]. */
static enum step by_form(struct ctx *c, const struct answer_fields *all)
{
    const struct service *s = registry_service(c->registry, c->login->service);
    struct post_view v = { .page = page_for(c, (struct str){ NULL, 0 }),
                           .url = c->login->answer_to,
                           .to = s != NULL ? names_in(&s->names, c->lang) : (struct str){ NULL, 0 },
                           .fields = { all->at, all->n } };

    return answer_page(c, 200, page_post(c->arena, &v));
}

static enum step in_address(struct ctx *c, const struct answer_fields *all, enum carrier carrier)
{
    struct buf b = buf_new(c->arena, URL_MAX_B), fragment = buf_new(c->arena, URL_MAX_B);

    buf_add(&b, c->login->answer_to);
    for (size_t i = 0; i < all->n && carrier == IN_QUERY; i++)
        url_query(&b, all->at[i].name, all->at[i].value);
    for (size_t i = 0; i < all->n && carrier == IN_FRAGMENT; i++)
        form_add(&fragment, all->at[i].name, all->at[i].value);
    if (carrier == IN_FRAGMENT)
        buf_printf(&b, "#%.*s", STR_ARG(buf_str(&fragment)));
    return answer_go(c, buf_str(&b));
}

enum step answer_send(struct ctx *c, struct answer_fields *all, struct fail *f)
{
    enum carrier carrier = carrier_of(c->login->answer_mode);

    if (mode_is_signed(c->login->answer_mode)) {
        if (!all->response.ok)
            return fail(f, FAIL_OURS, "temporarily_unavailable", "the signer: %s", all->response.error);
        all->at[0] = (struct hidden_field){ S("response"), all->response.value };
        all->n = 1;
    }
    return carrier == BY_FORM ? by_form(c, all) : in_address(c, all, carrier);
}

/* ── a refusal that must be signed ──────────────────────────────────────── */

/* What is to be told, sealed into an address of ours: where a failure is known, nobody can be asked any more. */
struct told {
    struct str service, answer_to, state, error, description;
    int64_t mode, until_s;
};

static const struct str refusal_place = S("signed refusal");

static const struct json_field refusal_fields[] = {
    FIELD(told, service, JSON_STR, true, 128),    FIELD(told, answer_to, JSON_STR, true, 0),
    FIELD(told, state, JSON_STR, false, 0),       FIELD(told, error, JSON_STR, true, 64),
    FIELD(told, description, JSON_STR, false, 0), FIELD(told, mode, JSON_INT, true, 0),
    FIELD(told, until_s, JSON_INT, true, 0),      { 0 },
};

void answer_refuse(struct ctx *c, struct answer_fields *all)
{
    const struct login *l = c->login;
    const struct told r = { .service = l->service,
                            .answer_to = l->answer_to,
                            .state = l->state_out,
                            .error = value_of(all, S("error")),
                            .description = value_of(all, S("error_description")),
                            .mode = l->answer_mode,
                            .until_s = c->now_s + c->set->login_life_s };
    struct fail never = { 0 };

    if (!mode_is_signed(l->answer_mode)) {
        (void)answer_seal(c, all);
        (void)answer_send(c, all, &never);
        return;
    }
    struct buf b = buf_new(c->arena, URL_MAX_B);
    buf_add(&b, S("/oidc/answer"));
    url_query(&b, S("told"),
              b64url_encode(c->arena, seal_close(c->arena, c->world, c->seals, SEAL_COOKIE, refusal_place,
                                                 oidc_record_write(c->arena, refusal_fields, &r))));
    (void)answer_go(c, buf_str(&b));
}

struct refusing { /* c->state */
    struct answer_fields all;
    struct kv_got told;
};

static enum step refusal_open(struct ctx *c, struct fail *f)
{
    struct refusing *x = c->state = arena_make(c->arena, struct refusing);
    struct answer_fields *all = &x->all;
    struct told r = { .until_s = 0 };
    struct str sealed, plain;
    struct fail why = { 0 };

    if (!b64url_decode(c->arena, form_get(c->query, S("told")), &sealed) ||
        !seal_open(c->arena, c->seals, SEAL_COOKIE, refusal_place, sealed, &plain) ||
        !json_read(c->arena, plain, refusal_fields, &r, &why) || r.until_s <= c->now_s)
        return fail(f, FAIL_CALLER, "invalid_request", "told is none of ours, or too old");
    c->service = registry_service(c->registry, r.service);
    if (c->service == NULL || !c->service->enabled || !redirect_uri_fits(c->service, r.answer_to))
        return fail(f, FAIL_CALLER, "invalid_request", "redirect_uri was taken away since it was asked");
    c->login = arena_make(c->arena, struct login);
    *c->login = (struct login){ .state = LOGIN_REFUSED,
                                .protocol = PROTO_OIDC,
                                .service = r.service,
                                .answer_to = r.answer_to,
                                .state_out = r.state,
                                .answer_mode = (unsigned)r.mode };
    answer_put(all, S("error"), r.error);
    answer_put(all, S("error_description"), r.description);
    kv_add(c->kv, &c->batch, c->arena, &x->told, KV_REPLAY,
           sha256_hex(c->arena, arena_join(c->arena, S("told:"), sealed)), S("1"), r.until_s - c->now_s);
    (void)answer_seal(c, all);
    return WAIT;
}

/* Once: the address stands in the browser's history, and each answer is signed anew. */
static enum step refusal_send(struct ctx *c, struct fail *f)
{
    struct refusing *x = c->state;

    if (x->told.outcome == KV_DOWN)
        return kv_away(f, "mark of an answer");
    if (x->told.outcome == KV_HIT)
        return fail(f, FAIL_CALLER, "invalid_request", "told was told before: begin again at the service");
    return answer_send(c, &x->all, f);
}

const struct step_row oidc_refused[] = { { refusal_open }, { refusal_send }, { NULL } };
