/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/service_ends.h"

#include "idp-adapters/certificates_too.h"
#include "wire/dsig.h"
#include "wire/saml_service.h"

enum { DAY_S = 86400 };

int64_t end_days_left(int64_t end_s, int64_t now_s)
{
    int64_t left_s = end_s - now_s;

    return left_s >= 0 ? left_s / DAY_S : -((-left_s + DAY_S - 1) / DAY_S);
}

int end_warning(int64_t end_s, int64_t now_s)
{
    static const int before[] = { 7, 30, 60 };

    for (size_t i = 0; end_s > now_s && i < sizeof before / sizeof *before; i++)
        if (end_s - now_s <= (int64_t)before[i] * DAY_S)
            return before[i];
    return 0;
}

struct ends_list {
    struct service_end *at;
    size_t n, max;
};

static void add(struct ends_list *l, enum service_end_kind kind, struct str print, int64_t end_s)
{
    if (end_s != 0 && l->n < l->max)
        l->at[l->n++] = (struct service_end){ kind, print, end_s };
}

static void add_metadata(struct arena *a, const struct service *s, int64_t now_s, struct ends_list *l)
{
    const struct saml_metadata_rules rules = { .now_s = now_s };
    struct saml_service_metadata *m = arena_make(a, struct saml_service_metadata);
    struct fail why = { 0 };

    if (!saml_service_read(a, s->saml.metadata_xml, &rules, m, &why))
        return;
    const struct saml_service_metadata *fit = certificates_fit(a, s, m);
    add(l, SERVICE_END_METADATA, (struct str){ NULL, 0 }, fit->valid_until_s);
    for (size_t i = 0; i < fit->certificate_count; i++)
        add(l, SERVICE_END_CERTIFICATE, fit->certificates[i].is.print, fit->certificates[i].is.to_s);
}

size_t service_ends(struct arena *a, const struct service *s, int64_t now_s, struct service_end *out, size_t max)
{
    struct ends_list l = { out, 0, max };

    if (str_is_set(s->client.secret_too) && s->client.secret_too_until_s > now_s)
        add(&l, SERVICE_END_SECRET, (struct str){ NULL, 0 }, s->client.secret_too_until_s);
    if (str_is_set(s->saml.metadata_xml))
        add_metadata(a, s, now_s, &l);
    return l.n;
}
