/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/saml_service.h"

#include "wire/saml_entity.h"
#include "wire/xmlenc.h"

#include <string.h>

#define MD      SAML_MD
#define DS      SAML_DS
#define ALG     SAML_ALG
#define SAML    "urn:oasis:names:tc:SAML:2.0:assertion"
#define MDUI    "urn:oasis:names:tc:SAML:metadata:ui"
#define MDATTR  "urn:oasis:names:tc:SAML:metadata:attribute"
#define XENC    "http://www.w3.org/2001/04/xmlenc#"
#define XENC11  "http://www.w3.org/2009/xmlenc11#"
#define XMLNS   "http://www.w3.org/XML/1998/namespace"
#define BINDING "urn:oasis:names:tc:SAML:2.0:bindings:"

enum { INDEX_MAX = 65535, NAME_MAX_B = 4096 }; /* index: an unsigned short [SAML metadata 2.2.3] */

struct reading {
    struct entity entity;
    struct arena *arena;
    struct saml_service_metadata *out;
};

static struct str token(const struct reading *r, const struct _xmlNode *n, const char *name)
{
    return entity_token(&r->entity, n, name);
}

static struct str leaf(const struct reading *r, const struct _xmlNode *n)
{
    return xml_first(n) == NULL ? str_trim(xml_text(r->arena, n)) : (struct str){ NULL, 0 };
}

/* --- bindings ----------------------------------------------------------------- */

static const struct {
    const char *uri;
    enum saml_binding is;
} bindings[] = {
    { BINDING "HTTP-Redirect", SAML_REDIRECT },
    { BINDING "HTTP-POST", SAML_POST },
    { BINDING "SOAP", SAML_SOAP },
};

enum { BINDINGS = sizeof bindings / sizeof bindings[0] };

struct str saml_binding_uri(enum saml_binding b)
{
    for (size_t i = 0; i < BINDINGS; i++)
        if (bindings[i].is == b)
            return str_of(bindings[i].uri);
    return (struct str){ NULL, 0 };
}

enum saml_binding saml_binding_named(struct str uri)
{
    for (size_t i = 0; i < BINDINGS; i++)
        if (str_eq(uri, str_of(bindings[i].uri)))
            return bindings[i].is;
    return str_is_set(uri) ? SAML_OTHER_BINDING : SAML_NO_BINDING;
}

/* --- endpoints ---------------------------------------------------------------- */

static int64_t index_of(const struct reading *r, const struct _xmlNode *n)
{
    int64_t at;

    return str_int(token(r, n, "index"), &at) && at >= 0 && at <= INDEX_MAX ? at : -1;
}

/* An address that we cannot use is passed over: others may do. */
static bool read_endpoint(const struct reading *r, const struct _xmlNode *n, struct saml_endpoint *out)
{
    struct str location = token(r, n, "Location"), answers = token(r, n, "ResponseLocation");

    if (!entity_is_location(location))
        return false;
    *out = (struct saml_endpoint){
        .binding = saml_binding_named(token(r, n, "Binding")),
        .location = arena_str(r->arena, location),
        .response_location = arena_str(r->arena, entity_is_location(answers) ? answers : location),
        .index = index_of(r, n),
        .is_default = entity_is_true(&r->entity, n, "isDefault"),
    };
    return true;
}

static void read_acs(struct reading *r, const struct _xmlNode *n)
{
    struct saml_service_metadata *m = r->out;

    if (m->acs_count < SAML_ACS_MAX && read_endpoint(r, n, &m->acs[m->acs_count])) {
        m->acs[m->acs_count].default_said = str_is_set(token(r, n, "isDefault"));
        m->acs_count++;
    }
}

static void read_slo(struct reading *r, const struct _xmlNode *n)
{
    struct saml_service_metadata *m = r->out;

    if (m->slo_count < SAML_SLO_MAX && read_endpoint(r, n, &m->slo[m->slo_count]) &&
        m->slo[m->slo_count].binding != SAML_OTHER_BINDING)
        m->slo_count++;
}

/* --- keys and algorithms -------------------------------------------------------- */

static const struct entity_can signatures[] = {
    { "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", SAML_CAN_RSA_SHA256 },
    { "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", SAML_CAN_ECDSA_SHA256 },
    { NULL, SAML_CAN_OTHER_SIGNATURE },
};

static void read_key(struct reading *r, const struct _xmlNode *n)
{
    entity_read_key(&r->entity, n);
}

/* alg:SigningMethod and alg:DigestMethod, of the entity or of the role. */
static void read_algorithm(struct reading *r, const struct _xmlNode *n)
{
    struct str uri = token(r, n, "Algorithm");

    if (xml_is(n, ALG, "SigningMethod"))
        r->out->signs_with |= entity_bit(signatures, uri);
    else if (str_eq(uri, S(XENC "sha256")))
        r->out->digests = 1;
}

/* --- texts -------------------------------------------------------------------- */

static bool is_web_address(struct str text)
{
    return entity_is_location(text);
}

static bool is_any_text(struct str text)
{
    return text.n > 0 && text.n <= NAME_MAX_B;
}

/* The first of each language counts. */
static void add_text(const struct reading *r, const struct _xmlNode *n, bool (*fits)(struct str),
                     struct saml_localized *list, size_t *count)
{
    struct str lang = xml_attr(r->arena, n, XMLNS, "lang"), text = leaf(r, n);

    if (text.p == NULL || !fits(text) || *count == SAML_TAGS_MAX)
        return;
    for (size_t i = 0; i < *count; i++)
        if (str_eq(list[i].lang, lang))
            return;
    list[(*count)++] = (struct saml_localized){ arena_str(r->arena, lang), arena_str(r->arena, text) };
}

static void read_ui(struct reading *r, const struct _xmlNode *info)
{
    struct saml_service_metadata *m = r->out;
    const struct {
        const char *name;
        bool (*fits)(struct str);
        struct saml_localized *list;
        size_t *count;
    } kinds[] = {
        { "DisplayName", is_any_text, m->names, &m->name_count },
        { "Description", is_any_text, m->descriptions, &m->description_count },
        { "PrivacyStatementURL", is_web_address, m->privacy, &m->privacy_count },
        { "InformationURL", is_web_address, m->information, &m->information_count },
    };

    for (const struct _xmlNode *c = xml_first(info); c != NULL; c = xml_next(c))
        for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
            if (xml_is(c, MDUI, kinds[i].name))
                add_text(r, c, kinds[i].fits, kinds[i].list, kinds[i].count);
}

/* Languages that UIInfo did not say: ServiceName, or the organisation's name. */
static void read_fallback_names(struct reading *r, const struct _xmlNode *holder, const char *name)
{
    for (const struct _xmlNode *c = xml_first(holder); c != NULL; c = xml_next(c))
        if (xml_is(c, MD, name))
            add_text(r, c, is_any_text, r->out->names, &r->out->name_count);
}

/* --- entity attributes ---------------------------------------------------------- */

static void read_trait(struct reading *r, const struct _xmlNode *attribute)
{
    struct saml_service_metadata *m = r->out;
    struct str name = token(r, attribute, "Name");

    for (const struct _xmlNode *c = xml_first(attribute); c != NULL; c = xml_next(c)) {
        struct str value = xml_is(c, SAML, "AttributeValue") ? leaf(r, c) : (struct str){ NULL, 0 };
        if (str_is_set(name) && str_is_set(value) && m->trait_count < SAML_TRAITS_MAX)
            m->traits[m->trait_count++] = (struct saml_trait){ arena_str(r->arena, name), arena_str(r->arena, value) };
    }
}

static void read_entity_attributes(struct reading *r, const struct _xmlNode *n)
{
    for (const struct _xmlNode *c = xml_first(n); c != NULL; c = xml_next(c))
        if (xml_is(c, SAML, "Attribute"))
            read_trait(r, c);
}

/* --- AttributeConsumingService ----------------------------------------------------- */

static void read_set(struct reading *r, const struct _xmlNode *n)
{
    struct saml_service_metadata *m = r->out;

    if (m->set_count == SAML_SETS_MAX)
        return;
    struct saml_attribute_set *set = &m->sets[m->set_count++];
    *set = (struct saml_attribute_set){ .index = index_of(r, n),
                                        .is_default = entity_is_true(&r->entity, n, "isDefault"),
                                        .wanted = arena_make_n(r->arena, SAML_WANTED_MAX, struct saml_wanted) };
    for (const struct _xmlNode *c = xml_first(n); c != NULL; c = xml_next(c)) {
        struct str name = token(r, c, "Name");
        if (xml_is(c, MD, "RequestedAttribute") && str_is_set(name) && set->wanted_count < SAML_WANTED_MAX)
            set->wanted[set->wanted_count++] =
                (struct saml_wanted){ arena_str(r->arena, name), arena_str(r->arena, token(r, c, "NameFormat")),
                                      entity_is_true(&r->entity, c, "isRequired") };
    }
}

static void read_format(struct reading *r, const struct _xmlNode *n)
{
    struct str format = leaf(r, n);

    if (str_is_set(format) && r->out->format_count < SAML_FORMATS_MAX)
        r->out->formats[r->out->format_count++] = arena_str(r->arena, format);
}

/* --- the role ------------------------------------------------------------------- */

/* What is read of a child; everything else is passed over [IIP-MD05]. */
struct part {
    const char *ns, *name;
    void (*read)(struct reading *r, const struct _xmlNode *n);
};

static void read_parts(struct reading *r, const struct _xmlNode *n, const struct part *parts)
{
    for (const struct _xmlNode *c = n != NULL ? xml_first(n) : NULL; c != NULL; c = xml_next(c))
        for (const struct part *p = parts; p->ns != NULL; p++)
            if (xml_is(c, p->ns, p->name))
                p->read(r, c);
}

static const struct part role_parts[] = {
    { MD, "KeyDescriptor", read_key },
    { MD, "AssertionConsumerService", read_acs },
    { MD, "SingleLogoutService", read_slo },
    { MD, "NameIDFormat", read_format },
    { MD, "AttributeConsumingService", read_set },
    { NULL, NULL, NULL },
};

static const struct part extension_parts[] = {
    { MDUI, "UIInfo", read_ui },
    { MDATTR, "EntityAttributes", read_entity_attributes },
    { ALG, "SigningMethod", read_algorithm },
    { ALG, "DigestMethod", read_algorithm },
    { NULL, NULL, NULL },
};

static void read_names(struct reading *r, const struct _xmlNode *entity, const struct _xmlNode *role)
{
    const struct _xmlNode *organization = xml_child(entity, MD, "Organization");

    for (const struct _xmlNode *c = xml_first(role); c != NULL; c = xml_next(c))
        if (xml_is(c, MD, "AttributeConsumingService"))
            read_fallback_names(r, c, "ServiceName");
    if (organization != NULL && r->out->name_count == 0)
        read_fallback_names(r, organization, "OrganizationDisplayName");
}

static bool has_acs(const struct saml_service_metadata *m)
{
    for (size_t i = 0; i < m->acs_count; i++)
        if (m->acs[i].binding == SAML_POST)
            return true;
    return false;
}

static bool read_entity(struct entity *e, const struct _xmlNode *entity, struct fail *f)
{
    struct reading *r = e->out;
    struct saml_service_metadata *m = r->out;
    const struct _xmlNode *role = entity_role(e, entity, "SPSSODescriptor", f);

    if (role == NULL)
        return false;
    m->entity_id = e->id;
    m->signs_requests = entity_is_true(e, role, "AuthnRequestsSigned");
    m->wants_signed_assertions = entity_is_true(e, role, "WantAssertionsSigned");
    read_parts(r, role, role_parts);
    read_parts(r, xml_child(role, MD, "Extensions"), extension_parts);
    read_parts(r, xml_child(entity, MD, "Extensions"), extension_parts);
    read_names(r, entity, role);
    if (!has_acs(m))
        return fail(f, FAIL_UPSTREAM, "metadata_endpoint", "no AssertionConsumerService by HTTP-POST that we can use");
    m->signing = e->keys;
    memcpy(m->certificates, e->certificates, sizeof m->certificates);
    m->certificate_count = e->certificate_count;
    memcpy(m->encryption, e->encryption, sizeof m->encryption);
    m->encryption_count = e->encryption_count;
    m->valid_until_s = e->valid_until_s;
    m->cache_s = e->cache_s;
    return true;
}

bool saml_service_read(struct arena *a, struct str text, const struct saml_metadata_rules *rules,
                       struct saml_service_metadata *out, struct fail *f)
{
    struct reading r = { .entity = { .arena = a, .rules = rules, .read = read_entity }, .arena = a, .out = out };

    *out = (struct saml_service_metadata){ 0 };
    r.entity.out = &r;
    return entity_find(&r.entity, text, f);
}

/* --- asking it ------------------------------------------------------------------- */

/* The default of indexed endpoints [SAML metadata 2.2.3]. */
static const struct saml_endpoint *default_acs(const struct saml_service_metadata *m)
{
    const struct saml_endpoint *first = NULL, *unsaid = NULL;

    for (size_t i = 0; i < m->acs_count; i++) {
        const struct saml_endpoint *at = &m->acs[i];
        if (at->binding != SAML_POST)
            continue;
        if (at->is_default)
            return at;
        first = first != NULL ? first : at;
        unsaid = unsaid != NULL || at->default_said ? unsaid : at;
    }
    return unsaid != NULL ? unsaid : first;
}

const struct saml_endpoint *saml_service_acs(const struct saml_service_metadata *m, struct str url, struct str binding,
                                             int64_t index)
{
    if (url.p == NULL && index < 0)
        return binding.p == NULL || saml_binding_named(binding) == SAML_POST ? default_acs(m) : NULL;
    if ((url.p != NULL && index >= 0) || (binding.p != NULL && saml_binding_named(binding) != SAML_POST))
        return NULL; /* one or the other [SAML core 3.4.1]; answers go by POST alone */
    for (size_t i = 0; i < m->acs_count; i++) {
        const struct saml_endpoint *at = &m->acs[i];
        if (at->binding == SAML_POST && (url.p != NULL ? str_eq(at->location, url) : at->index == index))
            return at;
    }
    return NULL;
}

const struct saml_endpoint *saml_service_slo(const struct saml_service_metadata *m, enum saml_binding binding)
{
    for (size_t i = 0; i < m->slo_count; i++)
        if (m->slo[i].binding == binding)
            return &m->slo[i];
    return NULL;
}

const struct saml_attribute_set *saml_service_set(const struct saml_service_metadata *m, int64_t index)
{
    for (size_t i = 0; i < m->set_count; i++)
        if (index >= 0 ? m->sets[i].index == index : m->sets[i].is_default)
            return &m->sets[i];
    return index < 0 && m->set_count > 0 ? &m->sets[0] : NULL;
}

bool saml_service_has(const struct saml_service_metadata *m, struct str name, struct str value)
{
    for (size_t i = 0; i < m->trait_count; i++)
        if (str_eq(m->traits[i].name, name) && str_eq(m->traits[i].value, value))
            return true;
    return false;
}
