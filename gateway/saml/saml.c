/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/saml/saml.h"

#include "base/codec.h"
#include "base/settings.h"
#include "gateway/answer.h"
#include "idp-adapters/upstream_saml.h"
#include "launcher/pages.h"

#include <string.h>

struct str saml_us_as(const struct ctx *c, struct str provider)
{
    return str_is_set(provider) ? arena_join(c->arena, saml_at(c, SAML_FACE_METADATA), provider)
                                : saml_sp_entity_id(c->arena, c->set);
}

static struct str face_of(const struct ctx *c)
{
    return c->service != NULL ? c->service->saml.answers_as : (struct str){ NULL, 0 };
}

struct str saml_us(const struct ctx *c)
{
    return saml_us_as(c, face_of(c));
}

struct str saml_here(const struct ctx *c, const char *path)
{
    static const struct {
        const char *path, *face;
    } paths[] = { { SAML_PATH_METADATA, SAML_FACE_METADATA },
                  { SAML_PATH_SSO, SAML_FACE_SSO },
                  { SAML_PATH_SLO, SAML_FACE_SLO },
                  { SAML_PATH_SOAP, SAML_FACE_SOAP } };

    for (size_t i = 0; str_is_set(face_of(c)) && i < sizeof paths / sizeof *paths; i++)
        if (strcmp(paths[i].path, path) == 0)
            return arena_join(c->arena, saml_at(c, paths[i].face), face_of(c));
    return saml_at(c, path);
}

bool saml_face_fits(const struct ctx *c, struct fail *f)
{
    struct str here = c->req->param, there = face_of(c);

    return (!str_is_set(here) && !str_is_set(there)) || str_eq(here, there) ||
           fail_told(f, FAIL_CALLER, "invalid_request",
                     "the service is answered by another identity provider of ours: its metadata say where",
                     "%.*s is answered as \"%.*s\", and its message came to \"%.*s\"", STR_ARG(c->service->id),
                     STR_ARG(there), STR_ARG(here));
}

struct str saml_at(const struct ctx *c, const char *path)
{
    return arena_printf(c->arena, "%.*s%s", STR_ARG(c->set->public_url), path);
}

/* The host of public_url, without its port. */
struct str saml_scope(const struct ctx *c)
{
    struct str url = c->set->public_url;
    struct str host = str_from(url, str_find(url, S("://")) + sizeof "://" - 1);

    return str_sub(host, 0, str_find_byte(host, ':', 0));
}

struct str saml_new_id(const struct ctx *c)
{
    unsigned char bytes[SAML_ID_B];

    world_random(c->world, bytes, sizeof bytes);
    return arena_join(c->arena, S("_"), hex_encode(c->arena, (struct str){ (const char *)bytes, sizeof bytes }));
}

enum jose_alg saml_alg_of(const struct service *s, const struct saml_service_metadata *p)
{
    bool only_ec =
        p != NULL && (p->signs_with & SAML_CAN_ECDSA_SHA256) != 0 && (p->signs_with & SAML_CAN_RSA_SHA256) == 0;

    return only_ec || str_eq(s->saml.signing_alg, S("ecdsa-sha256")) ? JOSE_ES256 : JOSE_RS256;
}

enum step saml_post(struct ctx *c, const struct service *s, struct str url, const char *field, struct str message,
                    struct str relay)
{
    struct hidden_field *fields = arena_make_n(c->arena, 2, struct hidden_field);
    struct post_view v = { .page = page_for(c, (struct str){ NULL, 0 }),
                           .url = url,
                           .to = s != NULL ? names_in(&s->names, c->lang) : (struct str){ NULL, 0 },
                           .fields = { fields, relay.p != NULL ? 2 : 1 } };

    fields[0] = (struct hidden_field){ str_of(field), b64_encode(c->arena, message) };
    fields[1] = (struct hidden_field){ S("RelayState"), relay };
    return answer_page(c, 200, page_post(c->arena, &v));
}
