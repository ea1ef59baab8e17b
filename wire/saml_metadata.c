/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/saml_metadata.h"

#include <libxml/tree.h>
#include <libxml/xmlreader.h>

#define MD      "urn:oasis:names:tc:SAML:2.0:metadata"
#define DS      "http://www.w3.org/2000/09/xmldsig#"
#define SHIBMD  "urn:mace:shibboleth:metadata:1.0"
#define SAML20  "urn:oasis:names:tc:SAML:2.0:protocol"
#define BINDING "urn:oasis:names:tc:SAML:2.0:bindings:"

enum { NESTED_MAX = 16, URL_MAX_B = 2048 };

struct reading {
    struct arena *arena;
    const struct saml_metadata_rules *rules;
    struct saml_metadata *out;
    struct keyring *keys;
};

static struct str token(const struct reading *r, const xmlNode *n, const char *name)
{
    return xml_collapsed(r->arena, xml_attr(r->arena, n, NULL, name));
}

static bool is_true(const struct reading *r, const xmlNode *n, const char *name)
{
    struct str said = token(r, n, name);

    return str_eq(said, S("true")) || str_eq(said, S("1"));
}

/* --- validity ---------------------------------------------------------------- */

/* Takes "12Y" and the like off *rest; false when what follows is no number with that unit. */
static bool duration_part(struct str *rest, char unit, int64_t *out)
{
    size_t n = 0;

    while (n < rest->n && rest->p[n] >= '0' && rest->p[n] <= '9')
        n++;
    if (n == 0 || n > 9 || n == rest->n || rest->p[n] != unit)
        return false;
    (void)str_int(str_sub(*rest, 0, n), out);
    *rest = str_from(*rest, n + 1);
    return true;
}

/* xs:duration in seconds, a month being 30 days; 0 for anything that is none. */
static int64_t duration_s(struct str text)
{
    static const struct {
        char unit;
        int64_t s;
    } date[] = { { 'Y', 31536000 }, { 'M', 2592000 }, { 'D', 86400 } },
      time[] = { { 'H', 3600 }, { 'M', 60 }, { 'S', 1 } };
    int64_t total = 0, n = 0;

    if (!str_has_prefix(text, S("P")))
        return 0;
    struct str rest = str_from(text, 1);
    for (size_t i = 0; i < 3; i++)
        if (duration_part(&rest, date[i].unit, &n))
            total += n * date[i].s;
    if (str_has_prefix(rest, S("T"))) {
        rest = str_from(rest, 1);
        for (size_t i = 0; i < 3; i++)
            if (duration_part(&rest, time[i].unit, &n))
                total += n * time[i].s;
    }
    return rest.n == 0 ? total : 0;
}

/* The earliest validUntil and the shortest cacheDuration on the way down apply. */
static bool note_validity(const struct reading *r, const xmlNode *n, struct fail *f)
{
    struct str until = token(r, n, "validUntil");
    int64_t cache_s = duration_s(token(r, n, "cacheDuration"));
    int64_t ms;

    if (cache_s > 0 && (r->out->cache_s == 0 || cache_s < r->out->cache_s))
        r->out->cache_s = cache_s;
    if (until.p == NULL)
        return true;
    if (!xml_time_ms(until, &ms))
        return fail(f, FAIL_UPSTREAM, "metadata_malformed", "validUntil is no UTC time");
    if (r->out->valid_until_s == 0 || ms / 1000 < r->out->valid_until_s)
        r->out->valid_until_s = ms / 1000;
    return true;
}

static bool is_valid(const struct reading *r, struct fail *f)
{
    if (r->out->valid_until_s == 0)
        return !r->rules->must_expire || fail(f, FAIL_UPSTREAM, "metadata_no_expiry", "no validUntil");
    return r->rules->now_s == 0 || r->out->valid_until_s > r->rules->now_s ||
           fail(f, FAIL_UPSTREAM, "metadata_expired", "validUntil has passed");
}

/* --- one entity --------------------------------------------------------------- */

/* A key that cannot be read or is too weak is passed over: others may do. */
static void add_certificate(struct reading *r, const xmlNode *n, bool signs, bool encrypts)
{
    struct saml_metadata *out = r->out;
    struct fail ignored = { 0 };
    struct certificate is;
    struct str der;

    if (!xml_base64(r->arena, xml_text(r->arena, n), &der))
        return;
    if (signs)
        (void)keyring_add_certificate(r->keys, der, &ignored);
    if (!certificate_read(r->arena, der, &is))
        return;
    for (size_t i = 0; i < out->certificate_count; i++) {
        struct saml_certificate *have = &out->certificates[i];
        if (str_eq(have->is.print, is.print)) { /* one for each use, as most have it */
            have->signs = have->signs || signs;
            have->encrypts = have->encrypts || encrypts;
            return;
        }
    }
    if (out->certificate_count < METADATA_CERTIFICATES_MAX)
        out->certificates[out->certificate_count++] = (struct saml_certificate){ is, signs, encrypts };
}

static void read_key(struct reading *r, const xmlNode *descriptor)
{
    struct str use = xml_attr(r->arena, descriptor, NULL, "use");
    const xmlNode *info = xml_child(descriptor, DS, "KeyInfo");

    bool signs = use.p == NULL || str_eq(use, S("signing"));
    bool encrypts = use.p == NULL || str_eq(use, S("encryption"));

    if (info == NULL || (!signs && !encrypts))
        return;
    for (const xmlNode *d = xml_first(info); d != NULL; d = xml_next(d))
        if (xml_is(d, DS, "X509Data"))
            for (const xmlNode *c = xml_first(d); c != NULL; c = xml_next(c))
                if (xml_is(c, DS, "X509Certificate"))
                    add_certificate(r, c, signs, encrypts);
}

static bool is_location(struct str url)
{
    bool scheme = str_has_prefix(url, S("https://")) || str_has_prefix(url, S("http://"));

    for (size_t i = 0; i < url.n; i++)
        if (url.p[i] <= ' ' || url.p[i] >= 0x7f || url.p[i] == '"' || url.p[i] == '\\' || url.p[i] == '#')
            return false;
    return scheme && url.n > 8 && url.n <= URL_MAX_B;
}

/* The first of each binding counts [SAML metadata 2.4.3]. */
static void read_service(struct reading *r, const xmlNode *n, struct str *redirect, struct str *post)
{
    struct str binding = token(r, n, "Binding"), location = token(r, n, "Location");
    struct str *to = str_eq(binding, S(BINDING "HTTP-Redirect")) ? redirect
                     : str_eq(binding, S(BINDING "HTTP-POST"))   ? post
                                                                 : NULL;

    if (to != NULL && to->p == NULL && is_location(location))
        *to = arena_str(r->arena, location);
}

/* A pattern as scope is passed over: what it matches would have to be argued about. */
static void read_scopes(struct reading *r, const xmlNode *n)
{
    const xmlNode *extensions = xml_child(n, MD, "Extensions");

    if (extensions == NULL)
        return;
    for (const xmlNode *c = xml_first(extensions); c != NULL; c = xml_next(c)) {
        if (!xml_is(c, SHIBMD, "Scope"))
            continue;
        if (is_true(r, c, "regexp")) {
            r->out->pattern_count++;
            continue;
        }
        struct str scope = str_trim(xml_text(r->arena, c));
        if (scope.n > 0 && r->out->scope_count < METADATA_SCOPES_MAX)
            r->out->scopes[r->out->scope_count++] = arena_str(r->arena, scope);
    }
}

static void read_role(struct reading *r, const xmlNode *role)
{
    struct saml_metadata *out = r->out;
    struct str none = { NULL, 0 };

    out->want_signed_requests = is_true(r, role, "WantAuthnRequestsSigned");
    out->error_url = arena_str(r->arena, token(r, role, "errorURL"));
    read_scopes(r, role);
    for (const xmlNode *c = xml_first(role); c != NULL; c = xml_next(c)) {
        if (xml_is(c, MD, "KeyDescriptor"))
            read_key(r, c);
        else if (xml_is(c, MD, "SingleSignOnService"))
            read_service(r, c, &out->sso_redirect, &out->sso_post);
        else if (xml_is(c, MD, "SingleLogoutService"))
            read_service(r, c, &out->slo_redirect, &none);
    }
}

static bool speaks_saml_2(const struct reading *r, const xmlNode *role)
{
    struct str rest = token(r, role, "protocolSupportEnumeration"), word;

    while (str_split(&rest, ' ', &word))
        if (str_eq(word, S(SAML20)))
            return true;
    return false;
}

static bool read_entity(struct reading *r, const xmlNode *entity, struct fail *f)
{
    const xmlNode *role = xml_first(entity);

    while (role != NULL && !(xml_is(role, MD, "IDPSSODescriptor") && speaks_saml_2(r, role)))
        role = xml_next(role);
    if (role == NULL)
        return fail(f, FAIL_UPSTREAM, "metadata_role", "no SAML 2.0 identity provider");
    r->out->entity_id = arena_str(r->arena, token(r, entity, "entityID"));
    if (!note_validity(r, entity, f) || !note_validity(r, role, f) || !is_valid(r, f))
        return false;
    read_scopes(r, entity);
    read_role(r, role);
    if (r->out->sso_redirect.p == NULL && r->out->sso_post.p == NULL)
        return fail(f, FAIL_UPSTREAM, "metadata_endpoint", "no SingleSignOnService that we can use");
    if (keyring_count(r->keys) == 0)
        return fail(f, FAIL_UPSTREAM, "metadata_keys", "no signing certificate that we can use");
    r->out->signing = r->keys;
    return true;
}

static bool is_wanted(const struct reading *r, const xmlNode *n)
{
    return xml_is(n, MD, "EntityDescriptor") && str_eq(token(r, n, "entityID"), r->rules->entity_id);
}

/* --- a tree -------------------------------------------------------------------- */

/* Walks groups of groups without recursion; NULL when the entity is not there. */
static const xmlNode *find_entity(const struct reading *r, const xmlNode *root)
{
    const xmlNode *n = root;

    while (n != NULL) {
        if (is_wanted(r, n))
            return n;
        const xmlNode *next = xml_is(n, MD, "EntitiesDescriptor") ? xml_first(n) : NULL;
        while (next == NULL && n != root) {
            next = xml_next(n);
            n = next == NULL ? n->parent : n;
        }
        n = next;
    }
    return NULL;
}

static bool read_tree(struct reading *r, const xmlNode *root, struct fail *f)
{
    const xmlNode *entity = find_entity(r, root);

    if (r->rules->one_alone && !xml_is(root, MD, "EntityDescriptor"))
        return fail(f, FAIL_UPSTREAM, "metadata_aggregate", "an aggregate that nobody signed");
    if (entity == NULL)
        return fail(f, FAIL_UPSTREAM, "metadata_entity", "does not speak of %.*s", STR_ARG(r->rules->entity_id));
    for (const xmlNode *n = entity->parent; n != NULL && n->type == XML_ELEMENT_NODE; n = n->parent)
        if (!note_validity(r, n, f))
            return false;
    return read_entity(r, entity, f);
}

/* --- a stream ------------------------------------------------------------------- */

/* Goes on to the next element; what is wanted is expanded, all else forgotten. */
static bool read_wanted(struct reading *r, xmlTextReader *reader, bool *found, struct fail *f)
{
    const xmlNode *n = xmlTextReaderCurrentNode(reader);

    if (xml_is(n, MD, "EntitiesDescriptor"))
        return xmlTextReaderDepth(reader) < NESTED_MAX
                   ? note_validity(r, n, f)
                   : fail(f, FAIL_UPSTREAM, "metadata_malformed", "more than %d groups in one another", NESTED_MAX);
    if (!is_wanted(r, n))
        return true;
    *found = true;
    n = xmlTextReaderExpand(reader);
    return n != NULL ? read_entity(r, n, f) : fail(f, FAIL_UPSTREAM, "metadata_malformed", "the entity does not end");
}

static void reader_release(void *reader)
{
    xmlFreeTextReader(reader);
}

static bool read_stream(struct reading *r, struct str text, struct fail *f)
{
    xmlTextReader *reader = xmlReaderForMemory(text.p, (int)text.n, NULL, "UTF-8",
                                               XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    bool found = false, ok = reader != NULL;
    int more = 1;

    while (ok && !found && (more = xmlTextReaderRead(reader)) == 1)
        while (ok && !found && more == 1 && xmlTextReaderNodeType(reader) == XML_READER_TYPE_ELEMENT) {
            const xmlNode *n = xmlTextReaderCurrentNode(reader);
            ok = read_wanted(r, reader, &found, f);
            if (xml_is(n, MD, "EntitiesDescriptor"))
                break;
            more = ok && !found ? xmlTextReaderNext(reader) : 0;
        }
    if (reader != NULL)
        reader_release(reader);
    if (ok && !found)
        return fail(f, FAIL_UPSTREAM, more < 0 ? "metadata_malformed" : "metadata_entity",
                    "the aggregate does not speak of %.*s", STR_ARG(r->rules->entity_id));
    return ok && found;
}

bool saml_metadata_read_stream(struct arena *a, struct str text, const struct saml_metadata_rules *rules,
                               struct saml_metadata *out, struct fail *f)
{
    struct reading r = { a, rules, out, keyring_new(a) };

    *out = (struct saml_metadata){ 0 };
    return xml_scan_metadata(&text, METADATA_MAX_B, f) && read_stream(&r, text, f);
}

bool saml_metadata_read(struct arena *a, struct str text, const struct saml_metadata_rules *rules,
                        struct saml_metadata *out, struct fail *f)
{
    struct reading r = { a, rules, out, keyring_new(a) };
    struct signed_xml proven;

    if (rules->trust == NULL && !rules->one_alone && text.n > METADATA_TREE_MAX_B)
        return saml_metadata_read_stream(a, text, rules, out, f);
    *out = (struct saml_metadata){ 0 };
    const struct _xmlDoc *doc = xml_parse_metadata(a, text, METADATA_SIGNED_MAX_B, f);
    if (doc == NULL)
        return false;
    if (rules->trust == NULL)
        return read_tree(&r, xml_root(doc), f);
    return dsig_verify(a, xml_root(doc), rules->trust, &proven, f) && read_tree(&r, proven.element, f);
}
