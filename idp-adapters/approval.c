/* SPDX-License-Identifier: EUPL-1.2 */
#include "idp-adapters/approval.h"

enum { FACTS_MAX = SAML_ACS_MAX + SAML_SLO_MAX + METADATA_CERTIFICATES_MAX };

bool approval_possible(const struct service *s)
{
    return str_is_set(s->saml.metadata_url) && !str_is_set(s->saml.metadata_signer);
}

bool approval_binds(const struct service *s)
{
    return approval_possible(s) && s->saml.approved.n + s->saml.rejected.n > 0;
}

static struct str key_fact(struct arena *a, struct str print)
{
    return arena_join(a, S("key "), print);
}

static struct str endpoint_fact(struct arena *a, const char *what, const struct saml_endpoint *e)
{
    static const char *const words[] = { [SAML_NO_BINDING] = "?",
                                         [SAML_REDIRECT] = "Redirect",
                                         [SAML_POST] = "POST",
                                         [SAML_SOAP] = "SOAP",
                                         [SAML_OTHER_BINDING] = "other" };
    bool elsewhere = str_is_set(e->response_location) && !str_eq(e->response_location, e->location);

    return arena_printf(a, "%s %s %.*s%s%.*s", what, words[e->binding], STR_ARG(e->location), elsewhere ? " " : "",
                        STR_ARG(elsewhere ? e->response_location : S("")));
}

static void add(struct facts *out, const struct service *s, struct str text)
{
    for (size_t i = 0; i < out->n; i++)
        if (str_eq(out->at[i].text, text))
            return;
    out->at[out->n++] = (struct fact){ text, strs_has(&s->saml.approved, text)   ? APPROVAL_GIVEN
                                             : strs_has(&s->saml.rejected, text) ? APPROVAL_REJECTED
                                                                                 : APPROVAL_WAITS };
}

struct facts approval_facts(struct arena *a, const struct service *s, const struct saml_service_metadata *m)
{
    struct facts out = { arena_make_n(a, FACTS_MAX, struct fact), 0 };

    for (size_t i = 0; i < m->certificate_count; i++)
        add(&out, s, key_fact(a, m->certificates[i].is.print));
    for (size_t i = 0; i < m->acs_count; i++)
        add(&out, s, endpoint_fact(a, "acs", &m->acs[i]));
    for (size_t i = 0; i < m->slo_count; i++)
        add(&out, s, endpoint_fact(a, "slo", &m->slo[i]));
    return out;
}

size_t approval_waiting(struct arena *a, const struct service *s, const struct saml_service_metadata *m)
{
    const struct facts all = approval_binds(s) ? approval_facts(a, s, m) : (struct facts){ NULL, 0 };
    size_t n = 0;

    for (size_t i = 0; i < all.n; i++)
        n += all.at[i].is == APPROVAL_WAITS;
    return n;
}

static size_t fit_endpoints(struct arena *a, const struct strs *approved, const char *what, struct saml_endpoint *at,
                            size_t n)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++)
        if (strs_has(approved, endpoint_fact(a, what, &at[i])))
            at[kept++] = at[i];
    return kept;
}

static void fit_keys(struct arena *a, const struct strs *approved, struct saml_service_metadata *m)
{
    struct keyring *signing = keyring_new(a);
    size_t certificates = 0, encryption = 0;
    struct certificate is;
    struct fail weak = { 0 };

    for (size_t i = 0; i < m->certificate_count; i++) {
        if (!strs_has(approved, key_fact(a, m->certificates[i].is.print)))
            continue;
        if (m->certificates[i].signs)
            (void)keyring_add_certificate(signing, m->certificates[i].is.der, &weak);
        m->certificates[certificates++] = m->certificates[i];
    }
    for (size_t i = 0; i < m->encryption_count; i++)
        if (certificate_read(a, m->encryption[i].der, &is) && strs_has(approved, key_fact(a, is.print)))
            m->encryption[encryption++] = m->encryption[i];
    m->certificate_count = certificates;
    m->encryption_count = encryption;
    m->signing = signing;
}

const struct saml_service_metadata *approval_fit(struct arena *a, const struct service *s,
                                                 const struct saml_service_metadata *m)
{
    struct saml_service_metadata *fit;

    if (m == NULL || !approval_binds(s))
        return m;
    fit = arena_make(a, struct saml_service_metadata);
    *fit = *m;
    fit->acs_count = fit_endpoints(a, &s->saml.approved, "acs", fit->acs, fit->acs_count);
    fit->slo_count = fit_endpoints(a, &s->saml.approved, "slo", fit->slo, fit->slo_count);
    fit_keys(a, &s->saml.approved, fit);
    return fit;
}
