/* SPDX-License-Identifier: EUPL-1.2
 * What a token is worth, asked by the service that it was issued to, or by the resource that it is for.
 * [RFC 7662, RFC 9701]
 *
 * Whoever else asks hears what those hear who ask about nothing: that it is not active. */
#include "gateway/oidc/client/client.h"
#include "gateway/oidc/client/keys.h"
#include "gateway/oidc/tokens/envelope.h"
#include "gateway/oidc/tokens/tokens.h"

#include "base/settings.h"
#include "gateway/consent.h"
#include "gateway/flow.h"
#include "gateway/release.h"
#include "gateway/session/session.h"
#include "model/pairwise.h"
#include "wire/form.h"
#include "wire/http.h"
#include "wire/json.h"

enum { INTROSPECTION_MAX_B = 16384 };

struct introspection {               /* c->state */
    const struct service *asks, *of; /* of: to whom the token was issued */
    struct token_shown shown;
    struct str family_key; /* of a refresh token; absent: it is none */
    int64_t turn;
    struct kv_got of_family, session;
    const struct family *family;
    bool active;
    struct str answer;
    struct envelope signed_answer;
};

static struct introspection *mine(const struct ctx *c)
{
    return c->state;
}

static enum step authenticate(struct ctx *c, struct fail *f)
{
    (void)f;
    c->state = arena_make(c->arena, struct introspection);
    return step_into(c, oidc_client_auth);
}

static enum step read_token(struct ctx *c, struct fail *f)
{
    struct introspection *i = mine(c);
    struct str token = form_get(c->body, S("token"));

    i->asks = c->service;
    if (service_is_public(c->service))
        return fail(f, FAIL_CLIENT_AUTH, "invalid_client",
                    "a service without a secret or key cannot ask what a token is worth");
    if (!str_is_set(token))
        return fail(f, FAIL_CALLER, "invalid_request", "token is missing");
    if (family_token_read(c, token, &i->family_key, &i->turn)) {
        i->shown.token = token;
        family_ask(c, i->family_key, &i->of_family);
        return WAIT;
    }
    i->family_key = (struct str){ NULL, 0 };
    if (token.n <= TOKEN_SHOWN_MAX_B)
        token_ask(c, &i->shown, token);
    else
        i->shown.stored.outcome = KV_MISS;
    return WAIT;
}

/* ── a refresh token: for the service that has it alone ─────────────────── */

static bool family_is_theirs(struct ctx *c, const struct family *m)
{
    return str_eq(m->service, c->service->id) && mine(c)->turn == m->turn &&
           family_token_fits(c, m, mine(c)->shown.token, m->turn);
}

static bool find_family(struct ctx *c, struct fail *f)
{
    struct introspection *i = mine(c);
    const struct family *m = family_of(c, i->family_key, &i->of_family, f);

    if (m == NULL || !family_is_theirs(c, m))
        return f->kind == FAIL_NONE;
    i->family = m;
    c->session = m->who;
    if (str_is_set(m->session))
        session_ask(c, m->session, &i->session);
    return true;
}

/* ── whose it is ────────────────────────────────────────────────────────── */

static bool may_see(const struct ctx *c, const struct token_record *r)
{
    const struct service *asks = mine(c)->asks;

    return str_eq(r->service, asks->id) ||
           (str_is_set(asks->client.resource) && str_has_word(r->resources, asks->client.resource));
}

static enum step find_whose(struct ctx *c, struct fail *f)
{
    struct introspection *i = mine(c);

    if (str_is_set(i->family_key))
        return find_family(c, f) ? WAIT : REFUSE;
    i->active = token_ask_whose(c, &i->shown, f) && may_see(c, &i->shown.record);
    return f->kind != FAIL_NONE ? REFUSE : WAIT;
}

static bool family_person(struct ctx *c, struct fail *f)
{
    const struct introspection *i = mine(c);

    if (i->family == NULL)
        return false;
    if (str_is_set(i->family->session))
        c->session = session_of(c, i->family->session, &i->session, f);
    c->person = c->session != NULL ? c->session->person : NULL;
    return c->person != NULL && consent_stands(c, i->family->made_s, i->family->knew);
}

/* Whoever may not use the service any more, or the one that it opens, has no token that is worth anything. */
static enum step judge(struct ctx *c, struct fail *f)
{
    struct introspection *i = mine(c);

    if (str_is_set(i->family_key))
        i->active = family_person(c, f);
    else
        i->active = i->active && token_person(c, &i->shown, f);
    if (f->kind != FAIL_NONE)
        return REFUSE;
    if (i->active && c->person != NULL)
        i->active = flow_decide(c)->effect == EFFECT_ALLOW && (i->asks == c->service || flow_may_use(c, i->asks));
    return NEXT;
}

/* ── the answer ─────────────────────────────────────────────────────────── */

/* By the name that the one who asks knows. */
static struct str name_for(struct ctx *c)
{
    return c->person != NULL ? pairwise_sub(c->arena, c->seals, c->person->id, mine(c)->asks->vendor)
                             : mine(c)->of->client_id;
}

static void put_family(struct ctx *c, struct json_out *o, const struct family *m)
{
    json_put_int(o, S("exp"), m->ends_s);
    json_put_str(o, S("scope"), m->scope);
    binding_put(o, &m->bound);
    (void)c;
}

/* For whom a guardian acts, to the service that has the token and may know it. */
static void put_behalf(struct ctx *c, struct json_out *o, const struct token_record *of)
{
    const struct introspection *i = mine(c);

    if (c->person == NULL || i->asks != i->of)
        return;
    const struct release r = { .registry = c->registry,
                               .person = c->person,
                               .service = i->asks,
                               .decision = flow_decision(c),
                               .sub = name_for(c),
                               .child = release_child(c->arena, c->seals, c->person, i->asks->vendor, c->now_s),
                               .scope = of->scope,
                               .consented = consent_of(c, of->consented),
                               .now = flow_circumstances(c) };
    release_put_behalf(c->arena, o, &r);
}

static void put_token(struct ctx *c, struct json_out *o, const struct token_record *r)
{
    struct str rest = r->resources, one;

    json_put_str(o, S("token_type"), binding_token_type(&r->bound));
    json_put_int(o, S("iat"), r->made_s);
    json_put_int(o, S("exp"), r->ends_s);
    if (str_is_set(r->scope))
        json_put_str(o, S("scope"), r->scope);
    json_key(o, S("aud"));
    json_begin_array(o);
    if (!str_is_set(rest))
        json_str(o, c->set->public_url);
    while (str_split(&rest, ' ', &one))
        if (one.n > 0)
            json_str(o, one);
    json_end_array(o);
    binding_put(o, &r->bound);
    put_behalf(c, o, r);
    if (str_is_set(r->act)) {
        json_key(o, S("act"));
        json_raw(o, r->act);
    }
}

static void put_answer(struct ctx *c, struct json_out *o)
{
    const struct introspection *i = mine(c);

    json_begin_object(o);
    json_put_bool(o, S("active"), i->active);
    if (i->active) {
        json_put_str(o, S("iss"), c->set->public_url);
        json_put_str(o, S("client_id"), i->of->client_id);
        json_put_str(o, S("sub"), name_for(c));
        if (i->family != NULL)
            put_family(c, o, i->family);
        else
            put_token(c, o, &i->shown.record);
    }
    json_end_object(o);
}

static bool wants_signed(const struct ctx *c)
{
    struct str accept = http_field(c->req, S("Accept")), wanted = S("application/token-introspection+jwt");

    return str_find(accept, wanted) < accept.n;
}

/* The keys of whoever asks, where the answer is to be encrypted for them. */
static enum step find_keys(struct ctx *c, struct fail *f)
{
    struct introspection *i = mine(c);

    (void)f;
    i->of = c->service;
    c->service = i->asks;
    return wants_signed(c) && envelope_encrypts(i->asks, ENVELOPE_INTROSPECTION) ? step_into(c, client_keys) : NEXT;
}

static enum step write_answer(struct ctx *c, struct fail *f)
{
    struct introspection *i = mine(c);
    struct json_out o = json_out(c->arena, INTROSPECTION_MAX_B);

    (void)f;
    if (!wants_signed(c)) {
        put_answer(c, &o);
        i->answer = json_done(&o);
        return NEXT;
    }
    json_begin_object(&o);
    json_put_str(&o, S("aud"), i->asks->client_id);
    json_key(&o, S("token_introspection"));
    put_answer(c, &o);
    json_end_object(&o);
    envelope_ask(c, &i->signed_answer, i->asks, ENVELOPE_INTROSPECTION, json_done(&o), 0);
    return WAIT;
}

static enum step answer(struct ctx *c, struct fail *f)
{
    struct introspection *i = mine(c);
    bool sealed = !str_is_set(i->answer);

    if (sealed && !envelope_take(c, &i->signed_answer, client_keys_of(c), &i->answer, f))
        return REFUSE;
    http_header_set(c->res, S("Cache-Control"), S("no-store"));
    http_body(c->res, 200, sealed ? S("application/token-introspection+jwt") : S("application/json"), i->answer);
    return DONE;
}

const struct step_row oidc_introspect[] = { { authenticate }, { read_token },   { find_whose }, { judge },
                                            { find_keys },    { write_answer }, { answer },     { NULL } };
