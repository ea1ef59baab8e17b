/* SPDX-License-Identifier: EUPL-1.2 */
#include "idp-adapters/certificates_too.h"

#include "wire/xmlenc.h"

struct listing {
    const struct service *s;
    struct certificate_listed *at;
    size_t n, max;
};

static struct certificate_listed *find(const struct listing *l, struct str print)
{
    for (size_t i = 0; i < l->n; i++)
        if (str_eq(l->at[i].is.print, print))
            return &l->at[i];
    return NULL;
}

static void add(struct listing *l, const struct certificate *is, bool signs, bool encrypts, bool added)
{
    struct certificate_listed *have = find(l, is->print);

    if (have == NULL && l->n < l->max) {
        have = &l->at[l->n++];
        *have = (struct certificate_listed){ .is = *is,
                                             .added = added,
                                             .retired = strs_has(&l->s->saml.retired, is->print) };
    }
    if (have == NULL)
        return;
    have->signs = have->signs || signs;
    have->encrypts = have->encrypts || encrypts;
}

static void add_text(struct arena *a, struct listing *l, struct str pem, bool encrypts)
{
    struct certificate all[METADATA_CERTIFICATES_MAX];
    size_t n = str_is_set(pem) ? certificates_read(a, pem, all, METADATA_CERTIFICATES_MAX) : 0;

    for (size_t i = 0; i < n; i++)
        add(l, &all[i], !encrypts, encrypts, true);
}

size_t certificates_list(struct arena *a, const struct service *s, const struct saml_service_metadata *m,
                         struct certificate_listed *out, size_t max)
{
    struct listing l = { s, out, 0, max };

    for (size_t i = 0; m != NULL && i < m->certificate_count; i++)
        add(&l, &m->certificates[i].is, m->certificates[i].signs, m->certificates[i].encrypts, false);
    add_text(a, &l, s->saml.signing_too, false);
    add_text(a, &l, s->saml.encryption_too, true);
    return l.n;
}

static bool says_any(const struct service *s)
{
    return str_is_set(s->saml.signing_too) || str_is_set(s->saml.encryption_too) || s->saml.retired.n > 0;
}

/* A key of its metadata comes with what its owner says that it can; one of the row can what the first of those can. */
static void fit_encryption(struct saml_service_metadata *fit, const struct saml_service_metadata *m,
                           const struct certificate_listed *one)
{
    struct saml_encryption_key key = { one->is.der, m->encryption_count > 0 ? m->encryption[0].can : 0 };

    if (!one->encrypts || fit->encryption_count == METADATA_CERTIFICATES_MAX)
        return;
    for (size_t i = 0; i < m->encryption_count; i++)
        if (str_eq(m->encryption[i].der, one->is.der))
            key.can = m->encryption[i].can;
    if (xmlenc_can_seal(one->is.der))
        fit->encryption[fit->encryption_count++] = key;
}

const struct saml_service_metadata *certificates_fit(struct arena *a, const struct service *s,
                                                     const struct saml_service_metadata *m)
{
    struct certificate_listed all[CERTIFICATES_LISTED_MAX];
    struct saml_service_metadata *fit;
    struct keyring *signing;
    struct fail weak = { 0 };

    if (m == NULL || !says_any(s))
        return m;
    size_t n = certificates_list(a, s, m, all, CERTIFICATES_LISTED_MAX);
    fit = arena_make(a, struct saml_service_metadata);
    *fit = *m;
    fit->certificate_count = fit->encryption_count = 0;
    signing = keyring_new(a);
    for (size_t i = 0; i < n; i++) {
        const struct certificate_listed *one = &all[i];
        if (one->retired)
            continue;
        if (one->signs)
            (void)keyring_add_certificate(signing, one->is.der, &weak);
        fit_encryption(fit, m, one);
        if (fit->certificate_count < METADATA_CERTIFICATES_MAX)
            fit->certificates[fit->certificate_count++] =
                (struct saml_certificate){ one->is, one->signs, one->encrypts };
    }
    fit->signing = signing;
    return fit;
}

/* The newer is the one that was made later; of two made at once the one that was added later. */
bool certificates_older(const struct service *s, const struct saml_service_metadata *m, struct str print)
{
    const struct certificate *used = NULL, *newest = NULL;

    if (!str_is_set(print) || !str_is_set(s->saml.signing_too))
        return false;
    for (size_t i = 0; i < m->certificate_count; i++) {
        const struct certificate *is = &m->certificates[i].is;
        if (!m->certificates[i].signs)
            continue;
        if (newest == NULL || is->from_s >= newest->from_s)
            newest = is;
        if (str_eq(is->print, print))
            used = is;
    }
    return used != NULL && used != newest;
}

struct str certificates_trouble(struct arena *a, struct str pem, bool encrypts)
{
    struct certificate all[METADATA_CERTIFICATES_MAX];
    size_t n = certificates_read(a, pem, all, METADATA_CERTIFICATES_MAX);
    struct fail why = { 0 };

    if (n == 0)
        return S("");
    for (size_t i = 0; i < n; i++) {
        if (!keyring_add_certificate(keyring_new(a), all[i].der, &why))
            return arena_printf(a, "%s", why.detail);
        if (encrypts && !xmlenc_can_seal(all[i].der))
            return S("what is encrypted to must be an RSA key of 2048 bits or more");
    }
    return (struct str){ NULL, 0 };
}
