/* SPDX-License-Identifier: EUPL-1.2
 * Our metadata: one entity with both roles, signed.  [SAML metadata 2.4.3, 2.4.4; SDP-MD06–12]
 *
 * A key that comes next is shown before it is used; a service that verifies by either goes on through the change. */
#include "gateway/saml/saml.h"

#include "base/crypt.h"
#include "base/settings.h"
#include "frame/contact.h"
#include "gateway/gate/gate.h"
#include "gateway/saml/categories.h"
#include "gateway/saml/name_id.h"
#include "gateway/upstream_metadata.h"
#include "idp-adapters/upstream_saml.h"
#include "wire/http.h"
#include "wire/saml_idp_metadata.h"

enum {
    METADATA_LIVES_S = 14 * 86400,
    METADATA_CACHE_S = 6 * 3600,
    KEPT_S = 3600,
    TRIAL_CACHE_S = 60,
    FACTS_MAX_B = 65536
};

struct publishing {      /* c->state */
    struct kv_got trial; /* whether one is under way that rolls to another certificate (gateway/gate/gate.h) */
    bool rolled;
    struct str name; /* under which it is kept: of all that it says, but for times */
    struct saml_draft draft;
    struct signed_got signature;
};

static struct saml_texts texts(struct str fi, struct str sv, struct str en)
{
    return (struct saml_texts){ fi, sv, en };
}

static struct saml_sp *sp_role(struct ctx *c)
{
    struct saml_sp *sp = arena_make(c->arena, struct saml_sp);

    sp->entity_id = saml_us(c);
    sp->acs = saml_sp_acs(c->arena, c->set);
    sp->slo = saml_sp_logout(c->arena, c->set);
    sp->slo_soap = saml_sp_logout_soap(c->arena, c->set);
    sp->name = c->set->name;
    sp->signs_requests = upstream_signs_to_all(c);
    sp->signing_count = upstream_certificates(c, KEY_SAML, JOSE_RS256, sp->signing, 0);
    sp->encryption_count = upstream_certificates(c, KEY_DECRYPT, JOSE_RS256, sp->encryption, 0);
    return sp;
}

static void describe(struct ctx *c, struct saml_idp *idp)
{
    static const char *const words[] = { NAME_PERSISTENT, "transient", "email" };
    struct str *formats = arena_make_n(c->arena, sizeof words / sizeof *words, struct str);
    struct str *scope = arena_make(c->arena, struct str), url, email;
    struct str name = c->set->name;

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        formats[i] = name_format(str_of(words[i]));
    idp->formats = formats;
    idp->format_count = sizeof words / sizeof *words;
    *scope = saml_scope(c);
    idp->scopes = scope;
    idp->scope_count = 1;
    idp->name = texts(name, name, name);
    idp->description = texts(arena_join(c->arena, name, S(": kirjautuminen koulujen palveluihin")),
                             arena_join(c->arena, name, S(": inloggning i skolornas tjänster")),
                             arena_join(c->arena, name, S(": sign-in to the services of schools")));
    idp->privacy_url = texts(c->set->privacy, c->set->privacy, c->set->privacy);
    idp->information_url = texts(saml_at(c, "/about"), saml_at(c, "/about"), saml_at(c, "/about"));
    idp->error_url = saml_at(c, "/about");
    idp->organization = idp->name;
    idp->organization_url = texts(c->set->public_url, c->set->public_url, c->set->public_url);
    contact_split(c->set->support, &url, &email);
    categories_of_us(c->arena, c->set->entity_attributes, idp);
    idp->contact_name = name;
    idp->contact_email = email;
}

/* ── kept for an hour: strangers that ask for it do not cost a signature each ── */

struct kept_metadata {
    struct str text;
};

static const void *keep(struct arena *a, const struct upstream_want *want, struct str body, struct fail *f)
{
    struct kept_metadata *k = arena_make(a, struct kept_metadata);

    (void)want;
    (void)f;
    k->text = arena_str(a, body);
    return k;
}

static struct str facts_of(struct ctx *c, const struct saml_idp *idp)
{
    struct buf b = buf_new(c->arena, FACTS_MAX_B);

    for (size_t i = 0; i < idp->signing_count; i++)
        buf_add(&b, idp->signing[i]);
    for (size_t i = 0; i < idp->encryption_count; i++)
        buf_add(&b, idp->encryption[i]);
    buf_printf(&b, "%d", idp->sp != NULL ? (int)idp->sp->signs_requests : -1);
    buf_add(&b, idp->entity_id);
    buf_add(&b, idp->name.fi);
    buf_add(&b, idp->name.sv);
    buf_add(&b, idp->name.en);
    return sha256_hex(c->arena, buf_str(&b));
}

static bool is_kept(struct ctx *c, struct publishing *p, struct str *text)
{
    struct upstream_got got = { .value = NULL };

    if (c->upstreams == NULL)
        return false;
    upstream_peek(c->upstreams, c->arena, p->name, &got);
    if (got.value == NULL || c->now_s - got.fetched_s >= KEPT_S || got.fetched_s > c->now_s)
        return false;
    *text = ((const struct kept_metadata *)got.value)->text;
    return true;
}

static void keep_now(struct ctx *c, const struct publishing *p, struct str text)
{
    const struct upstream_want want = { .name = p->name, .url = p->name, .place = S("own"), .parse = keep };
    struct fail never = { 0 };

    if (c->upstreams != NULL)
        (void)upstream_put(c->upstreams, &want, text, &never);
}

/* ── the endpoint ───────────────────────────────────────────────────────── */

static enum step send(struct ctx *c, struct str text)
{
    http_body(c->res, 200, S("application/samlmetadata+xml"), text);
    http_header_set(c->res, S("Cache-Control"),
                    arena_printf(c->arena, "public, max-age=%d",
                                 ((const struct publishing *)c->state)->rolled ? TRIAL_CACHE_S : KEPT_S));
    return DONE;
}

static struct str named(struct ctx *c, const struct provider *face, enum lang lang)
{
    return arena_printf(c->arena, "%.*s: %.*s", STR_ARG(c->set->name), STR_ARG(names_in(&face->names, lang)));
}

/* Under whose name: of the municipality behind the path, or our own, which is a service provider to cities as well. */
static struct str at_face(struct ctx *c, const struct provider *face, const char *own, const char *path)
{
    return face != NULL ? arena_join(c->arena, saml_at(c, path), face->id) : saml_at(c, own);
}

static enum step draft_as(struct ctx *c, const struct provider *face, struct fail *f)
{
    struct publishing *p = c->state;
    struct saml_idp idp = { .id = saml_new_id(c),
                            .entity_id = saml_us_as(c, face != NULL ? face->id : (struct str){ NULL, 0 }),
                            .valid_until_s = c->now_s + METADATA_LIVES_S,
                            .cache_s = METADATA_CACHE_S,
                            .sso_redirect = at_face(c, face, SAML_PATH_SSO, SAML_FACE_SSO),
                            .sso_post = at_face(c, face, SAML_PATH_SSO, SAML_FACE_SSO),
                            .slo_redirect = at_face(c, face, SAML_PATH_SLO, SAML_FACE_SLO),
                            .slo_post = at_face(c, face, SAML_PATH_SLO, SAML_FACE_SLO),
                            .slo_soap = at_face(c, face, SAML_PATH_SOAP, SAML_FACE_SOAP) };
    struct str text;

    if (c->keys == NULL)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "the signer has not said its keys yet");
    /* RSA first: products that read one key of a role read the first. */
    idp.signing_count = upstream_certificates(c, KEY_SAML, JOSE_RS256, idp.signing, 0);
    idp.signing_count = upstream_certificates(c, KEY_SAML, JOSE_ES256, idp.signing, idp.signing_count);
    p->rolled = gate_shows_certificate(c, &p->trial);
    if (p->rolled)
        idp.signing_count = upstream_certificates(c, KEY_GATE, JOSE_RS256, idp.signing, idp.signing_count);
    idp.encryption_count = upstream_certificates(c, KEY_DECRYPT, JOSE_RS256, idp.encryption, 0);
    describe(c, &idp);
    if (face == NULL)
        idp.sp = sp_role(c);
    else
        idp.name = texts(named(c, face, LANG_FI), named(c, face, LANG_SV), named(c, face, LANG_EN));
    p->name = arena_join(c->arena, S("own metadata "), facts_of(c, &idp));
    if (is_kept(c, p, &text))
        return send(c, text);
    p->draft = saml_idp_metadata_draft(c->arena, &idp);
    if (p->draft.text.p == NULL)
        return fail(f, FAIL_OURS, "server_error", "our metadata cannot be written");
    signer_saml_text(c->signer, &c->batch, c->arena, JOSE_RS256, p->draft.text, &p->signature);
    return WAIT;
}

static enum step ask_trial(struct ctx *c, struct fail *f)
{
    struct publishing *p = c->state = arena_make(c->arena, struct publishing);

    (void)f;
    gate_keys_ask(c, &p->trial);
    return WAIT;
}

static enum step draft(struct ctx *c, struct fail *f)
{
    return draft_as(c, NULL, f);
}

static enum step draft_face(struct ctx *c, struct fail *f)
{
    const struct provider *face = registry_provider(c->registry, c->req->param);

    if (face == NULL)
        return fail(f, FAIL_NOT_FOUND, "not_found", "no such provider");
    return draft_as(c, face, f);
}

static enum step show(struct ctx *c, struct fail *f)
{
    struct publishing *p = c->state;

    if (!p->signature.ok)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "the signer: %s", p->signature.error);
    struct str text = saml_sealed(c->arena, &p->draft, p->signature.value);
    keep_now(c, p, text);
    return send(c, text);
}

const struct step_row saml_metadata_show[] = { { ask_trial }, { draft }, { show }, { NULL } };
const struct step_row saml_metadata_face[] = { { ask_trial }, { draft_face }, { show }, { NULL } };
