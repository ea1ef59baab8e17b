/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/saml_entity.h"

#include "wire/xmlenc.h"

#include <libxml/tree.h>
#include <libxml/xmlreader.h>

#define XENC   "http://www.w3.org/2001/04/xmlenc#"
#define XENC11 "http://www.w3.org/2009/xmlenc11#"
#define SAML20 "urn:oasis:names:tc:SAML:2.0:protocol"

enum { NESTED_MAX = 16, URL_MAX_B = 2048 };

struct str entity_token(const struct entity *e, const xmlNode *n, const char *name)
{
    return xml_collapsed(e->arena, xml_attr(e->arena, n, NULL, name));
}

bool entity_is_true(const struct entity *e, const xmlNode *n, const char *name)
{
    struct str said = entity_token(e, n, name);

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

int64_t entity_duration_s(struct str text)
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
static bool note_validity(struct entity *e, const xmlNode *n, struct fail *f)
{
    struct str until = entity_token(e, n, "validUntil");
    int64_t cache_s = entity_duration_s(entity_token(e, n, "cacheDuration"));
    int64_t ms;

    if (cache_s > 0 && (e->cache_s == 0 || cache_s < e->cache_s))
        e->cache_s = cache_s;
    if (until.p == NULL)
        return true;
    if (!xml_time_ms(until, &ms))
        return fail(f, FAIL_UPSTREAM, "metadata_malformed", "validUntil is no UTC time");
    if (e->valid_until_s == 0 || ms / 1000 < e->valid_until_s)
        e->valid_until_s = ms / 1000;
    return true;
}

bool entity_valid(int64_t valid_until_s, const struct saml_metadata_rules *rules, struct fail *f)
{
    if (valid_until_s == 0)
        return !rules->must_expire || fail(f, FAIL_UPSTREAM, "metadata_no_expiry", "no validUntil");
    if (rules->now_s != 0 && valid_until_s <= rules->now_s)
        return fail(f, FAIL_UPSTREAM, "metadata_expired", "validUntil has passed");
    return rules->now_s == 0 || rules->most_ahead_s == 0 || valid_until_s - rules->now_s <= rules->most_ahead_s ||
           fail(f, FAIL_UPSTREAM, "metadata_too_far", "validUntil is more than %lld days ahead",
                (long long)(rules->most_ahead_s / 86400));
}

/* --- what roles have in common --------------------------------------------------- */

/* A key that cannot be read or is too weak is passed over: others may do. */
static void add_certificate(struct entity *e, struct str der, bool signs, bool encrypts)
{
    struct fail ignored = { 0 };
    struct certificate is;

    if (signs)
        (void)keyring_add_certificate(e->keys, der, &ignored);
    if (!certificate_read(e->arena, der, &is))
        return;
    for (size_t i = 0; i < e->certificate_count; i++) {
        struct saml_certificate *have = &e->certificates[i];
        if (str_eq(have->is.print, is.print)) { /* one for each use, as most have it */
            have->signs = have->signs || signs;
            have->encrypts = have->encrypts || encrypts;
            return;
        }
    }
    if (e->certificate_count < METADATA_CERTIFICATES_MAX)
        e->certificates[e->certificate_count++] = (struct saml_certificate){ is, signs, encrypts };
}

static bool key_has_use(const struct entity *e, const xmlNode *descriptor, struct str wanted)
{
    struct str use = xml_attr(e->arena, descriptor, NULL, "use");

    return use.p == NULL || str_eq(use, wanted);
}

static bool key_encrypts(const struct entity *e, const xmlNode *descriptor)
{
    return key_has_use(e, descriptor, S("encryption"));
}

static void each_certificate(struct entity *e, const xmlNode *descriptor,
                             void (*take)(struct entity *e, const xmlNode *descriptor, struct str der))
{
    const xmlNode *info = xml_child(descriptor, SAML_DS, "KeyInfo");
    struct str der;

    for (const xmlNode *d = info != NULL ? xml_first(info) : NULL; d != NULL; d = xml_next(d))
        if (xml_is(d, SAML_DS, "X509Data"))
            for (const xmlNode *c = xml_first(d); c != NULL; c = xml_next(c))
                if (xml_is(c, SAML_DS, "X509Certificate") && xml_base64(e->arena, xml_text(e->arena, c), &der))
                    take(e, descriptor, der);
}

static void take_key(struct entity *e, const xmlNode *descriptor, struct str der)
{
    add_certificate(e, der, key_has_use(e, descriptor, S("signing")), key_encrypts(e, descriptor));
}

static const struct entity_can ciphers[] = {
    { XENC11 "aes128-gcm", SAML_CAN_AES128_GCM },
    { XENC11 "aes256-gcm", SAML_CAN_AES256_GCM },
    { XENC "aes128-cbc", SAML_CAN_AES128_CBC },
    { XENC "aes256-cbc", SAML_CAN_AES256_CBC },
    { XENC "rsa-oaep-mgf1p", SAML_CAN_OAEP_MGF1P },
    { XENC11 "rsa-oaep", SAML_CAN_OAEP_11 },
    { NULL, SAML_CAN_OTHER_CIPHER },
};

static const struct entity_can digests_of_oaep[] = {
    { SAML_DS "sha1", SAML_CAN_OAEP_SHA1 },
    { XENC "sha256", SAML_CAN_OAEP_SHA256 },
    { NULL, 0 },
};

unsigned entity_bit(const struct entity_can *list, struct str uri)
{
    while (list->uri != NULL && !str_eq(uri, str_of(list->uri)))
        list++;
    return list->bit;
}

/* EncryptionMethod of a key, with the DigestMethod in it. */
static unsigned methods_of(const struct entity *e, const xmlNode *descriptor)
{
    unsigned can = 0;

    for (const xmlNode *c = xml_first(descriptor); c != NULL; c = xml_next(c)) {
        if (!xml_is(c, SAML_MD, "EncryptionMethod"))
            continue;
        can |= entity_bit(ciphers, entity_token(e, c, "Algorithm"));
        for (const xmlNode *d = xml_first(c); d != NULL; d = xml_next(d))
            if (xml_is(d, SAML_DS, "DigestMethod"))
                can |= entity_bit(digests_of_oaep, entity_token(e, d, "Algorithm"));
    }
    return can;
}

static void take_encryption(struct entity *e, const xmlNode *descriptor, struct str der)
{
    if (e->encryption_count < METADATA_CERTIFICATES_MAX && xmlenc_can_seal(der))
        e->encryption[e->encryption_count++] = (struct saml_encryption_key){ der, methods_of(e, descriptor) };
}

void entity_read_key(struct entity *e, const xmlNode *descriptor)
{
    bool encrypts = key_encrypts(e, descriptor);

    if (encrypts || key_has_use(e, descriptor, S("signing")))
        each_certificate(e, descriptor, take_key);
    if (encrypts)
        each_certificate(e, descriptor, take_encryption);
}

bool entity_is_location(struct str url)
{
    bool scheme = str_has_prefix(url, S("https://")) || str_has_prefix(url, S("http://"));

    for (size_t i = 0; i < url.n; i++)
        if (url.p[i] <= ' ' || url.p[i] >= 0x7f || url.p[i] == '"' || url.p[i] == '\\' || url.p[i] == '#')
            return false;
    return scheme && url.n > 8 && url.n <= URL_MAX_B;
}

static bool speaks_saml_2(const struct entity *e, const xmlNode *role)
{
    struct str rest = entity_token(e, role, "protocolSupportEnumeration"), word;

    while (str_split(&rest, ' ', &word))
        if (str_eq(word, S(SAML20)))
            return true;
    return false;
}

const xmlNode *entity_role(struct entity *e, const xmlNode *entity, const char *name, struct fail *f)
{
    const xmlNode *role = xml_first(entity);

    while (role != NULL && !(xml_is(role, SAML_MD, name) && speaks_saml_2(e, role)))
        role = xml_next(role);
    if (role == NULL)
        return fail(f, FAIL_UPSTREAM, "metadata_role", "no %s of SAML 2.0", name), NULL;
    bool ok = note_validity(e, entity, f) && note_validity(e, role, f) && entity_valid(e->valid_until_s, e->rules, f);
    return ok ? role : NULL;
}

static bool read_entity(struct entity *e, const xmlNode *entity, struct fail *f)
{
    e->id = arena_str(e->arena, entity_token(e, entity, "entityID"));
    return e->read(e, entity, f);
}

static bool is_wanted(const struct entity *e, const xmlNode *n)
{
    return xml_is(n, SAML_MD, "EntityDescriptor") &&
           (e->rules->entity_id.p == NULL || str_eq(entity_token(e, n, "entityID"), e->rules->entity_id));
}

/* --- a tree -------------------------------------------------------------------- */

/* Walks groups of groups without recursion; NULL when the entity is not there. */
static const xmlNode *find_entity(const struct entity *e, const xmlNode *root)
{
    const xmlNode *n = root;

    while (n != NULL) {
        if (is_wanted(e, n))
            return n;
        const xmlNode *next = xml_is(n, SAML_MD, "EntitiesDescriptor") ? xml_first(n) : NULL;
        while (next == NULL && n != root) {
            next = xml_next(n);
            n = next == NULL ? n->parent : n;
        }
        n = next;
    }
    return NULL;
}

static bool read_tree(struct entity *e, const xmlNode *root, struct fail *f)
{
    const xmlNode *entity = find_entity(e, root);

    if (e->rules->one_alone && !xml_is(root, SAML_MD, "EntityDescriptor"))
        return fail(f, FAIL_UPSTREAM, "metadata_aggregate", "an aggregate that nobody signed");
    if (e->rules->entity_id.p == NULL && xml_count(root, SAML_MD, "EntityDescriptor") != 1)
        return fail(f, FAIL_UPSTREAM, "metadata_entity", "not exactly one entity, and none was named");
    if (entity == NULL)
        return fail(f, FAIL_UPSTREAM, "metadata_entity", "does not speak of %.*s", STR_ARG(e->rules->entity_id));
    for (const xmlNode *n = entity->parent; n != NULL && n->type == XML_ELEMENT_NODE; n = n->parent)
        if (!note_validity(e, n, f))
            return false;
    return read_entity(e, entity, f);
}

/* --- a stream ------------------------------------------------------------------- */

/* Goes on to the next element; what is wanted is expanded, all else forgotten. */
static bool read_wanted(struct entity *e, xmlTextReader *reader, bool *found, struct fail *f)
{
    const xmlNode *n = xmlTextReaderCurrentNode(reader);

    if (xml_is(n, SAML_MD, "EntitiesDescriptor"))
        return xmlTextReaderDepth(reader) < NESTED_MAX
                   ? note_validity(e, n, f)
                   : fail(f, FAIL_UPSTREAM, "metadata_malformed", "more than %d groups in one another", NESTED_MAX);
    if (!is_wanted(e, n))
        return true;
    *found = true;
    n = xmlTextReaderExpand(reader);
    return n != NULL ? read_entity(e, n, f) : fail(f, FAIL_UPSTREAM, "metadata_malformed", "the entity does not end");
}

static void reader_release(void *reader)
{
    xmlFreeTextReader(reader);
}

static bool read_stream(struct entity *e, struct str text, struct fail *f)
{
    xmlTextReader *reader = xmlReaderForMemory(text.p, (int)text.n, NULL, "UTF-8",
                                               XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    bool found = false, ok = reader != NULL;
    int more = 1;

    while (ok && !found && (more = xmlTextReaderRead(reader)) == 1)
        while (ok && !found && more == 1 && xmlTextReaderNodeType(reader) == XML_READER_TYPE_ELEMENT) {
            const xmlNode *n = xmlTextReaderCurrentNode(reader);
            ok = read_wanted(e, reader, &found, f);
            if (xml_is(n, SAML_MD, "EntitiesDescriptor"))
                break;
            more = ok && !found ? xmlTextReaderNext(reader) : 0;
        }
    if (reader != NULL)
        reader_release(reader);
    if (ok && !found)
        return fail(f, FAIL_UPSTREAM, more < 0 ? "metadata_malformed" : "metadata_entity",
                    "the aggregate does not speak of %.*s", STR_ARG(e->rules->entity_id));
    return ok && found;
}

bool entity_stream(struct entity *e, struct str text, struct fail *f)
{
    e->keys = keyring_new(e->arena);
    return xml_scan_metadata(&text, METADATA_MAX_B, f) && read_stream(e, text, f);
}

bool entity_find(struct entity *e, struct str text, struct fail *f)
{
    const struct saml_metadata_rules *rules = e->rules;
    struct signed_xml proven;

    if (rules->trust == NULL && !rules->one_alone && text.n > METADATA_TREE_MAX_B)
        return entity_stream(e, text, f);
    e->keys = keyring_new(e->arena);
    const struct _xmlDoc *doc = xml_parse_metadata(e->arena, text, METADATA_SIGNED_MAX_B, f);
    if (doc == NULL)
        return false;
    if (rules->trust == NULL)
        return read_tree(e, xml_root(doc), f);
    return dsig_verify(e->arena, xml_root(doc), rules->trust, &proven, f) && read_tree(e, proven.element, f);
}
