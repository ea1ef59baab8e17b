/* SPDX-License-Identifier: EUPL-1.2 */
#include "idp-adapters/upstream_service.h"

#include "idp-adapters/sources.h"
#include "wire/form.h"

#include <stdio.h>

enum { DAY_S = 86400, FRESH_LEAST_S = 60 };

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
                                               .now_s = want->most_ahead_s > 0 ? want->now_s : 0,
                                               .trust = trust,
                                               .must_expire = must_be_signed,
                                               .most_ahead_s = want->most_ahead_s,
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

/* As it says itself, and ahead of its end. */
static int64_t fresh(const void *value, int64_t now_s)
{
    const struct saml_service_metadata *m = value;
    int64_t half_s = m->valid_until_s > now_s ? (m->valid_until_s - now_s) / 2 : 0;
    int64_t least = m->cache_s > 0 && (half_s == 0 || m->cache_s < half_s) ? m->cache_s : half_s;

    return least > 0 && least < FRESH_LEAST_S ? FRESH_LEAST_S : least;
}

static bool by_mdq(const struct service *s)
{
    return s->saml.source != NULL && s->saml.source->kind == SOURCE_MDQ;
}

static bool by_aggregate(const struct service *s)
{
    return s->saml.source != NULL && s->saml.source->kind == SOURCE_AGGREGATE;
}

bool upstream_service_fetched(const struct service *s)
{
    return str_is_set(s->saml.metadata_url) || by_mdq(s);
}

/* [draft-young-md-query-saml 2.1, draft-young-md-query 3.1.1] */
static struct str mdq_url(struct arena *a, struct str base, struct str entity_id)
{
    while (base.n > 0 && base.p[base.n - 1] == '/')
        base.n--;
    struct buf b = buf_new(a, FETCH_URL_MAX_B);
    buf_add(&b, base);
    buf_add(&b, S("/entities/"));
    url_escape(&b, entity_id);
    return buf_ok(&b) ? buf_str(&b) : S("");
}

static struct str name_of(struct arena *a, const struct service *s)
{
    return arena_printf(a, "saml service %.*s", STR_ARG(s->id));
}

/* As it lies in the row; or, below, where it comes from. */
static struct upstream_want given_want(struct arena *a, const struct service *s)
{
    const struct saml_service *row = &s->saml;

    return (struct upstream_want){ .name = name_of(a, s),
                                   .url = arena_printf(a, "row:%zu:%016llx", row->metadata_xml.n,
                                                       (unsigned long long)str_hash(row->metadata_xml, 1)),
                                   .place = arena_printf(a, "service:%.*s", STR_ARG(s->id)),
                                   .expect = row->entity_id,
                                   .trust = row->metadata_signer,
                                   .purpose = FETCH_METADATA,
                                   .test = s->test,
                                   .parse = parse,
                                   .body = row->metadata_xml };
}

static void fetch_by_url(struct upstream_want *want, const struct service *s)
{
    want->url = s->saml.metadata_url;
    want->newer = str_is_set(s->saml.metadata_signer) ? signed_newer : unsigned_newer;
}

/* Each service waits for its own entity alone; what the source has none of is asked for again after a while. */
static void fetch_by_mdq(struct arena *a, struct upstream_want *want, const struct service *s, int64_t now_s)
{
    const struct metadata_source *source = s->saml.source;

    want->url = mdq_url(a, source->url, s->saml.entity_id);
    want->place = arena_printf(a, "source:%.*s", STR_ARG(source->id));
    want->trust = source->signer;
    want->test = s->test || source->test;
    want->newer = signed_newer;
    want->most_ahead_s = (int64_t)source->most_ahead_days * DAY_S;
    want->now_s = now_s;
    want->refused_s = MDQ_REFUSED_S;
}

static struct upstream_want want_of(struct arena *a, const struct service *s, enum upstream_how how, int64_t now_s)
{
    struct upstream_want want = given_want(a, s);

    if (!upstream_service_fetched(s))
        return want;
    if (by_mdq(s))
        fetch_by_mdq(a, &want, s, now_s);
    else
        fetch_by_url(&want, s);
    want.body = (struct str){ NULL, 0 };
    want.fresh = fresh;
    want.anew = how == UPSTREAM_ANEW || how == UPSTREAM_ORDERED;
    want.ordered = how == UPSTREAM_ORDERED;
    return want;
}

/* Out of the index in use: the text is read once for each index. */
static bool want_from_index(struct upstreams *u, struct arena *a, const struct service *s, struct upstream_want *want,
                            struct upstream_got *got)
{
    struct source_found found;

    sources_find(upstreams_sources(u), a, s->saml.source, s->saml.entity_id, upstreams_now_s(u), &found);
    want->body = found.text;
    want->url = arena_printf(a, "source:%.*s:%llu", STR_ARG(s->saml.source->id), (unsigned long long)found.generation);
    if (found.error == NULL)
        return true;
    *got = (struct upstream_got){ .error = found.error };
    (void)snprintf(got->detail, sizeof got->detail, "%.*s in the source %.*s", STR_ARG(s->saml.entity_id),
                   STR_ARG(s->saml.source->id));
    return false;
}

void upstream_service_metadata(struct upstreams *u, struct batch *b, struct arena *a, const struct service *s,
                               enum upstream_how how, struct upstream_got *got)
{
    struct upstream_want want = want_of(a, s, how, upstreams_now_s(u));

    if (!by_aggregate(s) || want_from_index(u, a, s, &want, got)) {
        upstream_ask(u, b, a, &want, got);
        return;
    }
    batch_ask(b);
    batch_answered(b);
}

const struct saml_service_metadata *upstream_service_read(struct arena *a, const struct service *s, struct fail *f)
{
    const struct upstream_want want = given_want(a, s);

    return parse(a, &want, want.body, f);
}

static bool is_its_own(const struct service *s, const struct saml_service_metadata *m)
{
    return m != NULL && str_eq(m->entity_id, s->saml.entity_id);
}

const struct saml_service_metadata *upstream_service_kept(struct upstreams *u, struct arena *a, const struct service *s)
{
    struct upstream_want want = given_want(a, s);
    const struct saml_service_metadata *m;
    struct upstream_got got = { .value = NULL };
    struct fail unreadable = { 0 };

    if (by_aggregate(s) && (u == NULL || !want_from_index(u, a, s, &want, &got)))
        return NULL;
    if (u != NULL && !by_aggregate(s))
        upstream_peek(u, a, want.name, &got);
    m = got.value != NULL ? got.value : str_is_set(want.body) ? parse(a, &want, want.body, &unreadable) : NULL;
    return is_its_own(s, m) ? m : NULL;
}

void upstream_service_look(struct upstream_store *store, struct arena *a, const struct service *s,
                           struct upstream_got *got)
{
    upstream_look(store, a, name_of(a, s), got);
}
