/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/check_saml.h"

#include "idp-adapters/certificates_too.h"
#include "idp-adapters/upstream_service.h"
#include "model/attribute_name.h"
#include "registry/urls.h"
#include "wire/dsig.h"
#include "wire/saml_encryption.h"

enum {
    ENTITY_ID_MAX_B = 1024 /* [SAML core 8.3.6] */,
    SKEW_MAX_S = 300 /* [IIP-G01] */,
    NAMES_MAX = 64,
    APPROVED_MAX = 300,
    RETIRED_MAX = 64,
    PRINT_B = 64,
    AHEAD_MAX_DAYS = 3660,
    FILE_MAX_B = 128
};

static const struct str none = { NULL, 0 };

static bool is_entity_id(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] <= 0x20)
            return false;
    return s.n > 0 && s.n <= ENTITY_ID_MAX_B;
}

static struct str entity_trouble(struct arena *a, const struct registry *r, const struct service *s)
{
    struct str id = s->saml.entity_id;

    if (!str_is_set(id))
        return S("entity_id is missing: the entityID that stands in its metadata");
    if (!is_entity_id(id))
        return arena_printf(a, "entity_id has a space, or more than %d bytes", ENTITY_ID_MAX_B);
    const struct service *first = registry_service_entity(r, id);
    if (first != s)
        return arena_printf(a, "entity_id \"%.*s\" belongs to service %.*s already", STR_ARG(id),
                            STR_ARG(first != NULL ? first->id : S("?")));
    return none;
}

static struct str metadata_trouble(struct arena *a, const struct registry *r, const struct service *s)
{
    const struct saml_service *row = &s->saml;
    struct str url = row->metadata_url;
    int given = str_is_set(row->metadata_xml) + str_is_set(url) + str_is_set(row->metadata_from);

    if (str_is_set(row->metadata_xml) && str_is_set(url))
        return S("has both metadata_xml and metadata_url: one of them says what it is");
    if (given != 1)
        return given > 1
                   ? S("metadata_from goes with neither metadata_xml nor metadata_url: one of them says what it is")
                   : S("metadata_xml_file, metadata_xml, metadata_url or metadata_from is missing");
    if (str_is_set(row->metadata_from) && registry_source(r, row->metadata_from) == NULL)
        return arena_printf(a, "metadata_from \"%.*s\" is none of metadata_sources", STR_ARG(row->metadata_from));
    if (str_is_set(row->metadata_from) && str_is_set(row->metadata_signer))
        return S("metadata_signer goes with metadata_url and metadata_xml: a source has a signer of its own");
    const char *trouble = str_is_set(url) ? url_trouble(url, s->test) : NULL;
    return trouble != NULL ? arena_printf(a, "metadata_url \"%.*s\" %s", STR_ARG(url), trouble) : none;
}

static bool is_print(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'A' && s.p[i] <= 'F')))
            return false;
    return s.n == PRINT_B;
}

/* Certificates beside those of its metadata. */
static struct str beside_trouble(struct arena *a, const struct registry *r, const struct service *s)
{
    const struct {
        const char *name;
        struct str pem;
        bool encrypts;
    } texts[] = { { "signing_too", s->saml.signing_too, false }, { "encryption_too", s->saml.encryption_too, true } };

    (void)r;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct str trouble = str_is_set(texts[i].pem) ? certificates_trouble(a, texts[i].pem, texts[i].encrypts) : none;
        if (trouble.p != NULL)
            return arena_printf(a, "%s: %.*s", texts[i].name, STR_ARG(trouble.n > 0 ? trouble : S("no certificate")));
    }
    return none;
}

static struct str keys_trouble(struct arena *a, const struct registry *r, const struct service *s)
{
    const struct {
        const char *name;
        struct str pem;
    } texts[] = { { "metadata_signer", s->saml.metadata_signer }, { "pinned_keys", s->saml.pinned_keys } };
    struct fail why = { 0 };

    (void)r;
    for (size_t i = 0; i < s->saml.retired.n; i++)
        if (!is_print(s->saml.retired.at[i]))
            return arena_printf(a, "certificates_retired: \"%.*s\" is no fingerprint: 64 capital hex digits",
                                STR_ARG(s->saml.retired.at[i]));
    if (s->saml.retired.n > RETIRED_MAX)
        return arena_printf(a, "certificates_retired has more than %d entries", RETIRED_MAX);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (str_is_set(texts[i].pem) && !keyring_add_pem(keyring_new(a), texts[i].pem, &why))
            return arena_printf(a, "%s: %s", texts[i].name, why.detail);
    return none;
}

/* What nobody could ever be told under that name is a mistake in the row. */
static struct str names_trouble(struct arena *a, const struct registry *r, const struct service *s)
{
    const struct strs *lines = &s->saml.attributes;
    struct attribute_name name;
    const char *trouble;

    (void)r;
    if (lines->n > NAMES_MAX)
        return arena_printf(a, "attribute_names has more than %d entries", NAMES_MAX);
    for (size_t i = 0; i < lines->n; i++) {
        struct str line = lines->at[i], shown = str_sub(line, 0, line.n < 80 ? line.n : 80);
        if (!attribute_name_read(line, &name, &trouble))
            return arena_printf(a, "attribute_names: \"%.*s\" %s", STR_ARG(shown), trouble);
        if (name.claim != CLAIM_SUB && !claim_in(s->asks, name.claim))
            return arena_printf(a, "attribute_names: \"%.*s\": the service does not ask for %s: add it to asks",
                                STR_ARG(shown), claim_rows[name.claim].word);
    }
    return none;
}

static bool is_fact(struct str s)
{
    return str_has_prefix(s, S("key ")) || str_has_prefix(s, S("acs ")) || str_has_prefix(s, S("slo "));
}

static struct str approval_trouble(struct arena *a, const struct registry *r, const struct service *s)
{
    const struct strs *lists[] = { &s->saml.approved, &s->saml.rejected };

    (void)r;
    for (size_t i = 0; i < 2; i++) {
        if (lists[i]->n > APPROVED_MAX)
            return arena_printf(a, "metadata_approved, metadata_rejected: at most %d entries each", APPROVED_MAX);
        for (size_t j = 0; j < lists[i]->n; j++)
            if (!is_fact(lists[i]->at[j]))
                return arena_printf(a, "metadata_approved, metadata_rejected: \"%.*s\" is no key, acs or slo",
                                    STR_ARG(lists[i]->at[j]));
    }
    return none;
}

static struct str face_trouble(struct arena *a, const struct registry *r, const struct service *s)
{
    struct str id = s->saml.answers_as;

    return !str_is_set(id) || registry_provider(r, id) != NULL
               ? none
               : arena_printf(a, "answers_as \"%.*s\" is no provider", STR_ARG(id));
}

static struct str rest_trouble(struct arena *a, const struct registry *r, const struct service *s)
{
    const struct saml_service *row = &s->saml;

    (void)r;
    if (str_has_suffix(row->name_id, S("email")) && !claim_in(s->asks, CLAIM_EMAIL))
        return S("name_id names e-mail addresses, and the service does not ask for email: add it to asks");
    if (str_eq(row->encrypts, S("never")) && str_is_set(row->encryption_alg))
        return S("encryption_alg says nothing with encrypts: never");
    if (row->skew_s < 0 || row->skew_s > SKEW_MAX_S)
        return arena_printf(a, "skew_s is a number of seconds up to %d", SKEW_MAX_S);
    if (!row->unasked && !str_is_set(s->launch_uri))
        return S("unasked_answers is false, and launch_uri is missing: nothing could open it; launch_uri is the "
                 "address by which it begins a sign-in itself");
    return none;
}

struct str saml_service_trouble(struct arena *a, const struct registry *r, const struct service *s)
{
    static struct str (*const checks[])(struct arena * a, const struct registry *r,
                                        const struct service *s) = { entity_trouble, metadata_trouble, keys_trouble,
                                                                     beside_trouble, names_trouble,    approval_trouble,
                                                                     face_trouble,   rest_trouble };
    struct str trouble = none;

    for (size_t i = 0; i < sizeof checks / sizeof *checks && !str_is_set(trouble); i++)
        trouble = checks[i](a, r, s);
    return trouble;
}

/* ── who signs the metadata of many ─────────────────────────────────────── */

/* A name, and no way out of its folder. */
static bool is_file_name(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '/' || (unsigned char)s.p[i] <= 0x20)
            return false;
    return s.n > 0 && s.n <= FILE_MAX_B && s.p[0] != '.';
}

struct str metadata_source_trouble(struct arena *a, const struct metadata_source *x)
{
    struct fail why = { 0 };
    const char *trouble;

    if (str_is_set(x->url) == str_is_set(x->file))
        return S("url or file is missing, or both are there: one of them says where it is");
    if (x->kind == SOURCE_MDQ && !str_is_set(x->url))
        return S("an MDQ source has a url: what stands before /entities/");
    trouble = str_is_set(x->url) ? url_trouble(x->url, x->test) : NULL;
    if (trouble != NULL)
        return arena_printf(a, "url \"%.*s\" %s", STR_ARG(x->url), trouble);
    if (str_is_set(x->file) && !is_file_name(x->file))
        return arena_printf(a, "file \"%.*s\" is no name of a file in state_dir/metadata", STR_ARG(x->file));
    if (!keyring_add_pem(keyring_new(a), x->signer, &why))
        return arena_printf(a, "signer: %s", why.detail);
    if (x->most_ahead_days < 1 || x->most_ahead_days > AHEAD_MAX_DAYS)
        return arena_printf(a, "most_ahead_days: expected 1 to %d", AHEAD_MAX_DAYS);
    return none;
}

/* ── the metadata that a row holds ──────────────────────────────────────── */

static struct str endpoints_trouble(struct arena *a, const struct service *s, const struct saml_endpoint *at, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *trouble = at[i].binding != SAML_OTHER_BINDING ? url_trouble(at[i].location, s->test) : NULL;
        if (trouble != NULL)
            return arena_printf(a, "metadata_xml: \"%.*s\" %s", STR_ARG(at[i].location), trouble);
    }
    return none;
}

static struct str encryption_trouble(struct arena *a, const struct service *s, const struct saml_service_metadata *m)
{
    struct xmlenc_how how;

    (void)a;
    if (str_eq(s->saml.encrypts, S("always")) && m->encryption_count == 0)
        return S("encrypts is always, and its metadata have no RSA key of 2048 bits or more to encrypt to");
    if (str_eq(s->saml.encrypts, S("never")) || m->encryption_count == 0 || str_is_set(s->saml.encryption_alg))
        return none;
    return !saml_encryption_choose(m->encryption, m->encryption_count, XMLENC_NO_CONTENT, &how)
               ? S("its metadata say that it decrypts neither AES-GCM: name what it can in encryption_alg "
                   "(aes256-cbc), "
                   "or write encrypts: never")
               : none;
}

static struct str keys_missing(const struct service *s, const struct saml_service_metadata *m)
{
    bool signs = s->saml.requests_signed || m->signs_requests;

    return signs && !str_is_set(s->saml.pinned_keys) && keyring_count(m->signing) == 0
               ? S("its requests must be signed (requests_signed, or AuthnRequestsSigned in its metadata), and its "
                   "metadata have no key to verify them with")
               : none;
}

/* The last one of a use is not retired: what the service signs would be nobody's, or what is told it would be open. */
static struct str retired_trouble(const struct service *s, const struct saml_service_metadata *m,
                                  const struct saml_service_metadata *fit)
{
    if (keyring_count(m->signing) > 0 && keyring_count(fit->signing) == 0)
        return S("certificates_retired leaves no certificate that it signs with");
    return m->encryption_count > 0 && fit->encryption_count == 0 && !str_eq(s->saml.encrypts, S("never"))
               ? S("certificates_retired leaves no certificate to encrypt to: write encrypts: never, if that is meant")
               : none;
}

struct str saml_service_document_trouble(struct arena *a, const struct service *s)
{
    struct fail why = { 0 };
    const struct saml_service_metadata *m, *fit;
    struct str trouble;

    if (s->protocol != PROTO_SAML || !str_is_set(s->saml.metadata_xml))
        return none;
    m = upstream_service_read(a, s, &why);
    if (m == NULL)
        return arena_printf(a, "metadata_xml: %s: %s", why.code, why.detail);
    fit = certificates_fit(a, s, m);
    trouble = endpoints_trouble(a, s, m->acs, m->acs_count);
    if (!str_is_set(trouble))
        trouble = endpoints_trouble(a, s, m->slo, m->slo_count);
    if (!str_is_set(trouble))
        trouble = encryption_trouble(a, s, fit);
    if (!str_is_set(trouble))
        trouble = retired_trouble(s, m, fit);
    return str_is_set(trouble) ? trouble : keys_missing(s, fit);
}
