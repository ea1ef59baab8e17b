/* SPDX-License-Identifier: EUPL-1.2 */
#include "idp-adapters/upstream_service.h"

/* Where people are sent, and whom we call: https, but in a test row. */
static bool is_endpoint(struct str url, bool test)
{
    return !str_is_set(url) || test || str_has_prefix(url, S("https://"));
}

static bool endpoints_fit(const struct saml_endpoint *at, size_t n, bool test, struct fail *f)
{
    for (size_t i = 0; i < n; i++)
        if (at[i].binding != SAML_OTHER_BINDING &&
            (!is_endpoint(at[i].location, test) || !is_endpoint(at[i].response_location, test)))
            return fail(f, FAIL_UPSTREAM, "metadata_endpoint", "\"%.*s\" is not https", STR_ARG(at[i].location));
    return true;
}

static const void *parse(struct arena *a, const struct upstream_want *want, struct str body, struct fail *f)
{
    bool must_be_signed = str_is_set(want->trust);
    struct saml_service_metadata *m = arena_make(a, struct saml_service_metadata);
    struct keyring *trust = must_be_signed ? keyring_new(a) : NULL;
    const struct saml_metadata_rules rules = { .entity_id = want->expect,
                                               .trust = trust,
                                               .must_expire = must_be_signed,
                                               .one_alone = !must_be_signed && want->body.p == NULL };

    if (must_be_signed && !keyring_add_pem(trust, want->trust, f))
        return NULL;
    return saml_service_read(a, body, &rules, m, f) && endpoints_fit(m->acs, m->acs_count, want->test, f) &&
                   endpoints_fit(m->slo, m->slo_count, want->test, f)
               ? m
               : NULL;
}

static bool signed_newer(const void *kept, const void *fetched, int64_t now_s)
{
    const struct saml_service_metadata *old = kept, *new = fetched;

    return upstream_outlasts(old->valid_until_s, new->valid_until_s, true, now_s);
}

static bool unsigned_newer(const void *kept, const void *fetched, int64_t now_s)
{
    const struct saml_service_metadata *old = kept, *new = fetched;

    return upstream_outlasts(old->valid_until_s, new->valid_until_s, false, now_s);
}

static struct upstream_want want_of(struct arena *a, const struct service *s, enum upstream_how how)
{
    const struct saml_service *row = &s->saml;
    bool fetched = str_is_set(row->metadata_url);

    return (struct upstream_want){
        .name = arena_printf(a, "saml service %.*s", STR_ARG(s->id)),
        .url = fetched ? row->metadata_url
                       : arena_printf(a, "row:%zu:%016llx", row->metadata_xml.n,
                                      (unsigned long long)str_hash(row->metadata_xml, 1)),
        .place = arena_printf(a, "service:%.*s", STR_ARG(s->id)),
        .expect = row->entity_id,
        .trust = row->metadata_signer,
        .purpose = FETCH_METADATA,
        .test = s->test,
        .parse = parse,
        .newer = !fetched                           ? NULL
                 : str_is_set(row->metadata_signer) ? signed_newer
                                                    : unsigned_newer,
        .body = fetched ? (struct str){ NULL, 0 } : row->metadata_xml,
        .anew = how != UPSTREAM_KEPT && fetched,
        .ordered = how == UPSTREAM_ORDERED && fetched,
    };
}

void upstream_service_metadata(struct upstreams *u, struct batch *b, struct arena *a, const struct service *s,
                               enum upstream_how how, struct upstream_got *got)
{
    const struct upstream_want want = want_of(a, s, how);

    upstream_ask(u, b, a, &want, got);
}

const struct saml_service_metadata *upstream_service_read(struct arena *a, const struct service *s, struct fail *f)
{
    const struct upstream_want want = want_of(a, s, UPSTREAM_KEPT);

    return parse(a, &want, want.body, f);
}

const struct saml_service_metadata *upstream_service_kept(struct upstreams *u, struct arena *a, const struct service *s)
{
    const struct upstream_want want = want_of(a, s, UPSTREAM_KEPT);
    const struct saml_service_metadata *m;
    struct upstream_got got = { .value = NULL };
    struct fail unreadable = { 0 };

    if (u != NULL)
        upstream_peek(u, a, want.name, &got);
    m = got.value != NULL ? got.value : str_is_set(want.body) ? parse(a, &want, want.body, &unreadable) : NULL;
    return m != NULL && str_eq(m->entity_id, s->saml.entity_id) ? m : NULL;
}
