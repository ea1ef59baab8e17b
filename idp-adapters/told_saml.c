/* SPDX-License-Identifier: EUPL-1.2
 * Messages of a SAML city about sign-outs [SAML core 3.7, profiles 4.4]. */
#include "idp-adapters/told.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "base/fields.h"
#include "base/settings.h"
#include "certs/content_key.h"
#include "certs/signer_client.h"
#include "idp-adapters/adapter.h"
#include "idp-adapters/pins.h"
#include "idp-adapters/refusals.h"
#include "idp-adapters/saml_logout.h"
#include "idp-adapters/upstream_saml.h"
#include "model/person.h"
#include "wire/saml_ask.h"
#include "wire/saml_respond.h"
#include "wire/saml_write.h"

enum { ID_B = 16, REPLAY_LEAST_S = 600, STATE_CHARS = 22 };

struct city_message_own {
    struct upstream_got got;
    struct saml_logout_asked asked;
    struct saml_logged_out answer;
    struct fail unproven;
    bool again;
    struct content_key key; /* of an EncryptedID */
};

/* ── reading ────────────────────────────────────────────────────────────── */

static const struct idp *idp_called(const struct registry *r, struct str entity)
{
    const struct registry_parts *parts = registry_parts(r);

    for (size_t i = 0; i < parts->idp_count; i++)
        if (parts->idps[i].kind == IDP_SAML && parts->idps[i].enabled && str_eq(parts->idps[i].entity_id, entity))
            return &parts->idps[i];
    return NULL;
}

static enum step find(struct ctx *c, struct fail *f)
{
    struct city_message *t = c->state;
    enum saml_ask_kind kind = saml_ask_kind(t->ask);

    t->own = arena_make(c->arena, struct city_message_own);
    if (kind != SAML_ASK_LOGOUT && kind != SAML_ASK_LOGGED_OUT)
        return fail(f, FAIL_CALLER, "invalid_request", "the message is neither LogoutRequest nor LogoutResponse");
    t->is_request = kind == SAML_ASK_LOGOUT;
    t->told.idp = idp_called(c->registry, saml_ask_issuer(t->ask));
    if (t->told.idp == NULL)
        return fail(f, FAIL_CALLER, "invalid_request", "Issuer is no identity provider that is in use here");
    upstream_saml_metadata(c->upstreams, &c->batch, c->arena, t->told.idp, UPSTREAM_KEPT, &t->own->got);
    return WAIT;
}

static bool read_message(struct ctx *c, struct city_message *t, struct fail *f)
{
    struct saml_ask *ask = (struct saml_ask *)(uintptr_t)t->ask;
    const struct keyring *pins = pins_of(c->registry, t->told.idp->id);
    const struct saml_ask_rules rules = { .keys = pins != NULL ? pins : t->metadata->signing,
                                          .issuer = t->told.idp->entity_id,
                                          .here = t->here,
                                          .us = saml_sp_entity_id(c->arena, c->set),
                                          .now_s = c->now_s,
                                          .skew_s = c->set->saml_skew_s,
                                          .must_be_signed = true,
                                          .request_id = saml_ask_in_response_to(t->ask) };

    return t->is_request ? saml_ask_logout(ask, &rules, &t->own->asked, f)
                         : saml_ask_logged_out(ask, &rules, &t->own->answer, f);
}

static bool is_about_keys(const struct fail *f)
{
    struct str code = str_of(f->code);

    return str_has_suffix(code, S("sig_value")) || str_has_suffix(code, S("sig_key"));
}

static enum step verify(struct ctx *c, struct fail *f)
{
    struct city_message *t = c->state;
    struct fail why = { 0 };

    t->metadata = upstream_saml_in_force(&t->own->got, t->told.idp, c->now_s, f);
    if (t->metadata == NULL)
        return REFUSE;
    t->own->unproven = (struct fail){ 0 };
    if (read_message(c, t, &why))
        return NEXT;
    if (!t->own->again && is_about_keys(&why)) {
        t->own->unproven = why;
        return NEXT;
    }
    *f = why;
    return REFUSE;
}

static enum step anew(struct ctx *c, struct fail *f)
{
    struct city_message *t = c->state;

    (void)f;
    t->own->again = true;
    upstream_saml_metadata(c->upstreams, &c->batch, c->arena, t->told.idp, UPSTREAM_ANEW, &t->own->got);
    return WAIT;
}

/* The city may have changed its keys. */
static const struct step_row second[] = { { anew }, { verify }, { 0 } };

static enum step verify_again(struct ctx *c, struct fail *f)
{
    const struct city_message *t = c->state;

    (void)f;
    return t->own->unproven.kind != FAIL_NONE ? step_into(c, second) : NEXT;
}

/* ── an encrypted name ──────────────────────────────────────────────────── */

static enum step key_ask(struct ctx *c, struct fail *f)
{
    struct city_message *t = c->state;

    (void)f;
    return content_key_ask(c->signer, &c->batch, c->arena, &t->own->key) ? WAIT : NEXT;
}

static enum step key_use(struct ctx *c, struct fail *f)
{
    struct city_message *t = c->state;
    struct saml_ask *ask = (struct saml_ask *)(uintptr_t)t->ask;
    const struct content_key *k = &t->own->key;
    enum content_key_state state = content_key_look(&t->own->key);

    if (state == CONTENT_KEY_AWAY)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "the signer: %s", k->got.error);
    if (state != CONTENT_KEY_FITS)
        return fail(f, FAIL_CALLER, "enc_decrypt", "no key of ours opens EncryptedID");
    if (!saml_ask_named(ask, k->got.value, &t->own->asked.name, f))
        return REFUSE;
    if (k->got.retired)
        c->older_key_of = t->told.idp->id;
    return NEXT;
}

static const struct step_row unwrap[] = { CONTENT_KEY_ROWS(key_ask, key_use), { 0 } };

static enum step open_name(struct ctx *c, struct fail *f)
{
    struct city_message *t = c->state;

    (void)f;
    if (!t->is_request || t->own->asked.wrapped == NULL)
        return NEXT;
    t->own->key = (struct content_key){ .of = t->own->asked.wrapped };
    return step_into(c, unwrap);
}

/* ── what it means ──────────────────────────────────────────────────────── */

/* Of a LogoutRequest: whose, and once. */
static enum step read_request(struct ctx *c, struct city_message *t, struct fail *f)
{
    const struct saml_logout_asked *a = &t->own->asked;

    t->id = a->id;
    t->relay = saml_ask_relay_state(t->ask);
    t->unanswered = a->asynchronous;
    t->told.name = saml_city_name(c->arena, t->told.idp->entity_id, saml_sp_entity_id(c->arena, c->set), a->name.value,
                                  a->name.format, a->name.qualifier, a->name.sp_qualifier);
    if (!str_is_set(t->told.name))
        return fail(f, FAIL_CALLER, "invalid_request", "the LogoutRequest names nobody");
    if (a->session_count > TOLD_SESSIONS_MAX)
        return fail(f, FAIL_CALLER, "invalid_request", "the LogoutRequest names more sessions than anybody has");
    for (size_t i = 0; i < a->session_count; i++)
        t->told.sessions[t->told.session_count++] = a->sessions[i];
    struct str mark =
        sha256_hex(c->arena, fields_key(c->arena, (struct str[]){ S("logout request"), a->issuer, a->id }, 3));
    ending_mark_ask(c->kv, &c->batch, c->arena, &t->told.mark, mark, a->issued_s,
                    SAML_ASK_AGE_S + 2 * c->set->saml_skew_s + REPLAY_LEAST_S);
    return c->batch.pending > 0 ? WAIT : NEXT;
}

/* Of a LogoutResponse: our request was called by the sign-out that it belongs to (saml_logout.c). */
static enum step read_answer(struct city_message *t, struct fail *f)
{
    struct str to = saml_ask_in_response_to(t->ask);

    if (to.n != STATE_CHARS + 1 || to.p[0] != '_')
        return fail(f, FAIL_CALLER, "invalid_request", "InResponseTo names no request of ours");
    t->state = str_from(to, 1);
    t->left = t->own->answer.success && !t->own->answer.partial;
    return NEXT;
}

static enum step read(struct ctx *c, struct fail *f)
{
    struct city_message *t = c->state;

    return t->is_request ? read_request(c, t, f) : read_answer(t, f);
}

static enum step look(struct ctx *c, struct fail *f)
{
    struct city_message *t = c->state;

    (void)f;
    return t->is_request && ending_mark_look(c->kv, &c->batch, c->arena, &t->told.mark) ? WAIT : NEXT;
}

static enum step once(struct ctx *c, struct fail *f)
{
    const struct city_message *t = c->state;

    return !t->is_request || told_is_good(&t->told, "LogoutRequest", f) ? NEXT : REFUSE;
}

const struct step_row told_by_saml[] = { { find }, { verify }, { verify_again }, { open_name },
                                         { read }, { look },   { once },         { 0 } };

/* ── answering ──────────────────────────────────────────────────────────── */

struct saml_reply_own {
    enum saml_binding by;
    struct str to;
    struct saml_draft draft;
    struct str query;
    struct signed_got signature;
};

/* As it came, or by the other of the browser's ways. */
static void choose(struct saml_reply *r)
{
    const struct saml_metadata *m = r->to->metadata;
    enum saml_binding came = saml_ask_binding(r->to->ask);
    struct str redirect = m->slo_redirect_answer, post = m->slo_post_answer;

    r->own->by = came == SAML_SOAP                                             ? SAML_SOAP
                 : redirect.p != NULL && (came != SAML_POST || post.p == NULL) ? SAML_REDIRECT
                 : post.p != NULL                                              ? SAML_POST
                                                                               : SAML_NO_BINDING;
    r->own->to = r->own->by == SAML_REDIRECT ? redirect : r->own->by == SAML_POST ? post : (struct str){ NULL, 0 };
}

static enum step reply_write(struct ctx *c, struct fail *f)
{
    struct saml_reply *r = c->state;
    struct saml_reply_own *o = arena_make(c->arena, struct saml_reply_own);

    r->own = o;
    choose(r);
    if (o->by == SAML_NO_BINDING)
        return NEXT;
    const struct saml_response said = {
        .id = arena_printf(c->arena, "_%.*s", STR_ARG(sha256_hex(c->arena, crypt_token(c->arena, c->world, ID_B)))),
        .now_s = c->now_s,
        .issuer = saml_sp_entity_id(c->arena, c->set),
        .destination = o->to,
        .in_response_to = r->to->id,
        .status = SAML_SUCCESS,
        .inner = r->partial ? SAML_PARTIAL_LOGOUT : SAML_NO_STATUS
    };
    o->draft = saml_logged_out_draft(c->arena, &said);
    if (o->draft.text.p == NULL)
        return fail(f, FAIL_OURS, "server_error", "the LogoutResponse cannot be written");
    if (o->by == SAML_REDIRECT) {
        o->query = saml_query_draft(c->arena, o->draft.text, true, r->to->relay, SAML_QUERY_RSA_SHA256);
        if (o->query.p == NULL)
            return fail(f, FAIL_OURS, "server_error", "the LogoutResponse cannot be written");
        signer_query(c->signer, &c->batch, c->arena, o->query, &o->signature);
    } else {
        signer_saml_text(c->signer, &c->batch, c->arena, JOSE_RS256, o->draft.text, &o->signature);
    }
    return WAIT;
}

static enum step reply_seal(struct ctx *c, struct fail *f)
{
    struct saml_reply *r = c->state;
    const struct saml_reply_own *o = r->own;

    if (o->by == SAML_NO_BINDING)
        return NEXT;
    if (!o->signature.ok)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "the signer: %s", o->signature.error);
    if (o->by == SAML_REDIRECT) {
        c->upstream_url = saml_redirect_url(c->arena, o->to, o->query, o->signature.value);
        return NEXT;
    }
    struct str message = saml_sealed(c->arena, &o->draft, o->signature.value);
    if (o->by == SAML_SOAP) {
        r->soap = saml_soap_write(c->arena, message);
        return NEXT;
    }
    c->upstream_url = o->to;
    c->upstream_form = saml_logout_form(c->arena, S("SAMLResponse"), message, r->to->relay);
    return NEXT;
}

const struct step_row saml_reply[] = { { reply_write }, { reply_seal }, { 0 } };
