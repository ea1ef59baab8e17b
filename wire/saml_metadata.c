/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/saml_metadata.h"

#include "wire/saml_entity.h"

#include <libxml/tree.h>
#include <string.h>

#define MD      SAML_MD
#define SHIBMD  "urn:mace:shibboleth:metadata:1.0"
#define BINDING "urn:oasis:names:tc:SAML:2.0:bindings:"

struct reading {
    struct entity entity;
    struct arena *arena;
    struct saml_metadata *out;
};

static struct str token(const struct reading *r, const xmlNode *n, const char *name)
{
    return entity_token(&r->entity, n, name);
}

/* The first of each binding counts [SAML metadata 2.4.3]. */
static void read_service(struct reading *r, const xmlNode *n, struct str *redirect, struct str *post)
{
    struct str binding = token(r, n, "Binding"), location = token(r, n, "Location");
    struct str *to = str_eq(binding, S(BINDING "HTTP-Redirect")) ? redirect
                     : str_eq(binding, S(BINDING "HTTP-POST"))   ? post
                                                                 : NULL;

    if (to != NULL && to->p == NULL && entity_is_location(location))
        *to = arena_str(r->arena, location);
}

/* One that will not do is passed over and counted: others may. */
static void read_pattern(struct reading *r, struct str text)
{
    struct saml_metadata *out = r->out;
    const char *trouble = "there are more than 16 of them";
    const struct scope_pattern *p =
        out->pattern_count < METADATA_PATTERNS_MAX ? scope_pattern_read(r->arena, text, &trouble) : NULL;

    if (p != NULL) {
        out->patterns[out->pattern_count++] = p;
        return;
    }
    out->patterns_refused++;
    out->pattern_trouble = out->pattern_trouble != NULL ? out->pattern_trouble : trouble;
}

/* Where requests go, and answers, which may be elsewhere [SAML metadata 2.2.2]. */
static void read_logout(struct reading *r, const xmlNode *n)
{
    struct saml_metadata *out = r->out;
    struct str answers = token(r, n, "ResponseLocation");
    struct str redirect = { NULL, 0 }, post = { NULL, 0 };

    read_service(r, n, &redirect, &post);
    struct str *to = redirect.p != NULL ? &out->slo_redirect : post.p != NULL ? &out->slo_post : NULL;
    if (to == NULL || to->p != NULL)
        return;
    *to = redirect.p != NULL ? redirect : post;
    *(redirect.p != NULL ? &out->slo_redirect_answer : &out->slo_post_answer) =
        entity_is_location(answers) ? arena_str(r->arena, answers) : *to;
}

static void read_scopes(struct reading *r, const xmlNode *n)
{
    const xmlNode *extensions = xml_child(n, MD, "Extensions");

    if (extensions == NULL)
        return;
    for (const xmlNode *c = xml_first(extensions); c != NULL; c = xml_next(c)) {
        if (!xml_is(c, SHIBMD, "Scope"))
            continue;
        struct str scope = str_trim(xml_text(r->arena, c));
        if (entity_is_true(&r->entity, c, "regexp"))
            read_pattern(r, scope);
        else if (scope.n > 0 && r->out->scope_count < METADATA_SCOPES_MAX)
            r->out->scopes[r->out->scope_count++] = arena_str(r->arena, scope);
    }
}

static void read_role(struct reading *r, const xmlNode *role)
{
    struct saml_metadata *out = r->out;

    out->want_signed_requests = entity_is_true(&r->entity, role, "WantAuthnRequestsSigned");
    out->error_url = arena_str(r->arena, token(r, role, "errorURL"));
    read_scopes(r, role);
    for (const xmlNode *c = xml_first(role); c != NULL; c = xml_next(c)) {
        if (xml_is(c, MD, "KeyDescriptor"))
            entity_read_key(&r->entity, c);
        else if (xml_is(c, MD, "SingleSignOnService"))
            read_service(r, c, &out->sso_redirect, &out->sso_post);
        else if (xml_is(c, MD, "SingleLogoutService"))
            read_logout(r, c);
    }
}

static bool read_entity(struct entity *e, const xmlNode *entity, struct fail *f)
{
    struct reading *r = e->out;
    struct saml_metadata *out = r->out;
    const xmlNode *role = entity_role(e, entity, "IDPSSODescriptor", f);

    if (role == NULL)
        return false;
    out->entity_id = e->id;
    read_scopes(r, entity);
    read_role(r, role);
    if (out->sso_redirect.p == NULL && out->sso_post.p == NULL)
        return fail(f, FAIL_UPSTREAM, "metadata_endpoint", "no SingleSignOnService that we can use");
    if (keyring_count(e->keys) == 0)
        return fail(f, FAIL_UPSTREAM, "metadata_keys", "no signing certificate that we can use");
    out->signing = e->keys;
    memcpy(out->certificates, e->certificates, sizeof out->certificates);
    out->certificate_count = e->certificate_count;
    memcpy(out->encryption, e->encryption, sizeof out->encryption);
    out->encryption_count = e->encryption_count;
    out->valid_until_s = e->valid_until_s;
    out->cache_s = e->cache_s;
    return true;
}

static bool read_with(struct arena *a, struct str text, const struct saml_metadata_rules *rules,
                      bool (*find)(struct entity *, struct str, struct fail *), struct saml_metadata *out,
                      struct fail *f)
{
    struct reading r = { .entity = { .arena = a, .rules = rules, .read = read_entity }, .arena = a, .out = out };

    *out = (struct saml_metadata){ 0 };
    r.entity.out = &r;
    return find(&r.entity, text, f);
}

bool saml_metadata_read_stream(struct arena *a, struct str text, const struct saml_metadata_rules *rules,
                               struct saml_metadata *out, struct fail *f)
{
    return read_with(a, text, rules, entity_stream, out, f);
}

bool saml_metadata_read(struct arena *a, struct str text, const struct saml_metadata_rules *rules,
                        struct saml_metadata *out, struct fail *f)
{
    return read_with(a, text, rules, entity_find, out, f);
}
