/* SPDX-License-Identifier: EUPL-1.2 */
#include "idp-adapters/saml_logout.h"

#include "base/codec.h"
#include "base/fields.h"
#include "base/log.h"
#include "base/seals.h"
#include "base/settings.h"
#include "base/text.h"
#include "certs/signer_client.h"
#include "idp-adapters/adapter.h"
#include "idp-adapters/told.h"
#include "idp-adapters/upstream_saml.h"
#include "wire/json.h"
#include "wire/saml_ask.h"
#include "wire/saml_encryption.h"
#include "wire/saml_respond.h"
#include "wire/saml_write.h"

enum { HINT_MAX_B = 2048, NAME_MAX_B = 1024, LOGOUT_LIFE_S = 300 };

#define UNSPECIFIED S("urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified")

/* ── the name ───────────────────────────────────────────────────────────── */

struct str saml_city_name(struct arena *a, struct str idp_entity, struct str sp_entity, struct str value,
                          struct str format, struct str qualifier, struct str sp_qualifier)
{
    const struct str none = { NULL, 0 };
    struct str parts[] = { value, str_eq(format, UNSPECIFIED) ? none : format,
                           str_eq(qualifier, idp_entity) ? none : qualifier,
                           str_eq(sp_qualifier, sp_entity) ? none : sp_qualifier };

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i].p == NULL)
            parts[i] = S("");
    return str_is_set(value) ? fields_key(a, parts, sizeof parts / sizeof *parts) : none;
}

struct hint {
    struct str name, format, qualifier, sp_qualifier, session;
};

static const struct json_field hint_fields[] = {
    FIELD(hint, name, JSON_STR, true, NAME_MAX_B),       FIELD(hint, format, JSON_STR, false, NAME_MAX_B),
    FIELD(hint, qualifier, JSON_STR, false, NAME_MAX_B), FIELD(hint, sp_qualifier, JSON_STR, false, NAME_MAX_B),
    FIELD(hint, session, JSON_STR, false, NAME_MAX_B),   { 0 }
};

static void put(struct json_out *o, const char *name, struct str value)
{
    if (value.p != NULL)
        json_put_str(o, str_of(name), value);
}

struct str saml_logout_hint(struct arena *a, const struct saml_metadata *m, const struct saml_assertion *said)
{
    struct json_out o = json_out(a, HINT_MAX_B);

    if ((m->slo_redirect.p == NULL && m->slo_post.p == NULL) || !str_is_set(said->name_id))
        return (struct str){ NULL, 0 };
    json_begin_object(&o);
    put(&o, "name", said->name_id);
    put(&o, "format", said->name_id_format);
    put(&o, "qualifier", said->name_id_qualifier);
    put(&o, "sp_qualifier", said->name_id_sp_qualifier);
    put(&o, "session", said->session_index);
    json_end_object(&o);
    return json_done(&o);
}

/* ── leaving the city ───────────────────────────────────────────────────── */

struct leaving { /* c->adapter_state */
    const struct idp *idp;
    struct upstream_got got;
    const struct saml_metadata *m;
    struct saml_draft draft;
    struct str query;
    struct signed_got signature;
};

static enum step leave_find(struct ctx *c, struct fail *f)
{
    struct leaving *l = arena_make(c->arena, struct leaving);

    (void)f;
    c->adapter_state = l;
    l->idp = registry_idp(c->registry, c->login->idp);
    if (l->idp == NULL || !str_is_set(c->upstream_hint))
        return NEXT;
    upstream_saml_metadata(c->upstreams, &c->batch, c->arena, l->idp, UPSTREAM_KEPT, &l->got);
    return WAIT;
}

static struct saml_logout request_of(struct ctx *c, const struct hint *h, struct str destination)
{
    struct str *session = arena_make(c->arena, struct str);

    *session = h->session;
    return (struct saml_logout){ .id = arena_join(c->arena, S("_"), c->login->upstream_id),
                                 .now_s = c->now_s,
                                 .ends_s = c->now_s + LOGOUT_LIFE_S,
                                 .issuer = saml_sp_entity_id(c->arena, c->set),
                                 .destination = destination,
                                 .reason = S("urn:oasis:names:tc:SAML:2.0:logout:user"),
                                 .name = { h->name, h->format, h->qualifier, h->sp_qualifier },
                                 .sessions = session,
                                 .session_count = str_is_set(h->session) ? 1 : 0 };
}

/* Whose row wants the name hidden is never told it in the clear: without a key for that it is not left. */
static bool hide_name(struct ctx *c, const struct leaving *l, struct saml_logout *r)
{
    struct xmlenc_how how;
    struct fail why = { 0 };

    if (!l->idp->encrypt_name_id)
        return true;
    if (saml_encryption_choose(l->m->encryption, l->m->encryption_count, XMLENC_NO_CONTENT, &how)) {
        how.recipient = l->m->entity_id;
        r->encrypted =
            xmlenc_seal(c->arena, c->world, &how, "saml:EncryptedID", saml_name_write(c->arena, &r->name), &why);
    }
    if (r->encrypted.p == NULL)
        log_event(
            LOG_WARN, "city.not_left", LOG_S("idp", l->idp->id),
            LOG_C("code", why.kind != FAIL_NONE ? why.code : "no_key"),
            LOG_C("mend", "its metadata must have an RSA key to encrypt to (AES-GCM), or encrypt_name_id: false"));
    return r->encrypted.p != NULL;
}

/* A city that is away, or does not offer it, is not left; the page says so. */
static enum step leave_write(struct ctx *c, struct fail *f)
{
    struct leaving *l = c->adapter_state;
    struct hint h = { { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 } };
    struct fail why = { 0 };

    (void)f;
    l->m = l->got.value;
    if (l->m == NULL || (l->m->slo_redirect.p == NULL && l->m->slo_post.p == NULL) ||
        !json_read(c->arena, c->upstream_hint, hint_fields, &h, &why))
        return NEXT;
    bool by_redirect = l->m->slo_redirect.p != NULL;
    struct saml_logout r = request_of(c, &h, by_redirect ? l->m->slo_redirect : l->m->slo_post);
    if (!hide_name(c, l, &r))
        return NEXT;
    l->draft = saml_logout_draft(c->arena, &r);
    if (l->draft.text.p == NULL)
        return NEXT;
    if (by_redirect) {
        l->query = saml_query_draft(c->arena, l->draft.text, false, c->login->upstream_id, SAML_QUERY_RSA_SHA256);
        if (l->query.p == NULL)
            return NEXT;
        signer_query(c->signer, &c->batch, c->arena, l->query, &l->signature);
    } else {
        signer_saml_text(c->signer, &c->batch, c->arena, JOSE_RS256, l->draft.text, &l->signature);
    }
    return WAIT;
}

const struct upstream_form *saml_logout_form(struct arena *a, struct str field, struct str message, struct str relay)
{
    struct upstream_form *form = arena_make(a, struct upstream_form);

    form->fields[0].name = field;
    form->fields[0].value = b64_encode(a, message);
    form->fields[1].name = S("RelayState");
    form->fields[1].value = relay;
    form->count = relay.p != NULL ? 2 : 1;
    return form;
}

static enum step leave_send(struct ctx *c, struct fail *f)
{
    const struct leaving *l = c->adapter_state;

    (void)f;
    if (!l->signature.ok)
        return NEXT;
    if (l->query.p != NULL) {
        c->upstream_url = saml_redirect_url(c->arena, l->m->slo_redirect, l->query, l->signature.value);
        return NEXT;
    }
    c->upstream_url = l->m->slo_post;
    c->upstream_form = saml_logout_form(c->arena, S("SAMLRequest"),
                                        saml_sealed(c->arena, &l->draft, l->signature.value), c->login->upstream_id);
    return NEXT;
}

const struct step_row saml_leave_city[] = { { leave_find }, { leave_write }, { leave_send }, { 0 } };

/* ── the city's word, on the browser's way ──────────────────────────────── */

static const struct str left_bound = S("saml city left");

struct str city_left_note(struct ctx *c, struct str state)
{
    return b64url_encode(c->arena, seal_close(c->arena, c->world, c->seals, SEAL_COOKIE, left_bound, state));
}

bool city_left_read(const struct ctx *c, struct str state, struct str note)
{
    struct str sealed, said;

    return b64url_decode(c->arena, note, &sealed) &&
           seal_open(c->arena, c->seals, SEAL_COOKIE, left_bound, sealed, &said) && str_eq(said, state);
}
