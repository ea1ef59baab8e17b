/* SPDX-License-Identifier: EUPL-1.2 */
#include "idp-adapters/upstream_saml.h"

#include "idp-adapters/refusals.h"

struct str saml_sp_entity_id(struct arena *a, const struct settings *set)
{
    return arena_printf(a, "%.*s/saml/metadata", STR_ARG(set->public_url));
}

struct str saml_sp_acs(struct arena *a, const struct settings *set)
{
    return arena_printf(a, "%.*s/upstream/saml/acs", STR_ARG(set->public_url));
}

struct str saml_sp_logout(struct arena *a, const struct settings *set)
{
    return arena_printf(a, "%.*s/upstream/saml/logout", STR_ARG(set->public_url));
}

struct str saml_sp_logout_soap(struct arena *a, const struct settings *set)
{
    return arena_printf(a, "%.*s/upstream/saml/logout/soap", STR_ARG(set->public_url));
}

struct str saml_sp_metadata_of(struct arena *a, const struct settings *set, const struct idp *idp)
{
    return arena_printf(a, "%.*s/saml/metadata/%.*s", STR_ARG(set->public_url), STR_ARG(idp->id));
}

/* Where a person is sent must be https, but on the loopback of a test row. */
static bool is_endpoint(struct str url, bool test)
{
    return url.p == NULL || test || str_has_prefix(url, S("https://"));
}

/* The verifier's words are of answers; of metadata they say that nobody whom we trust has signed them, or that they are
 * not XML as it must be. */
static enum refusal unread(const char *code)
{
    static const struct {
        const char *code;
        enum refusal is;
    } own[] = {
        { "metadata_aggregate", REFUSAL_metadata_aggregate }, { "metadata_entity", REFUSAL_metadata_entity },
        { "metadata_role", REFUSAL_metadata_role },           { "metadata_endpoint", REFUSAL_metadata_endpoint },
        { "metadata_keys", REFUSAL_metadata_keys },           { "metadata_no_expiry", REFUSAL_metadata_no_expiry },
    };

    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (str_eq(str_of(code), str_of(own[i].code)))
            return own[i].is;
    return str_has_prefix(str_of(code), S("sig_")) || str_has_prefix(str_of(code), S("key_"))
               ? REFUSAL_metadata_signature
               : REFUSAL_metadata_malformed;
}

const void *saml_metadata_parse(struct arena *a, const struct upstream_want *want, struct str body, struct fail *f)
{
    bool must_be_signed = str_is_set(want->trust);
    struct keyring *trust = must_be_signed ? keyring_new(a) : NULL;
    const struct saml_metadata_rules rules = { .entity_id = want->expect,
                                               .trust = trust,
                                               .must_expire = must_be_signed,
                                               .one_alone = !must_be_signed && want->body.p == NULL };
    struct saml_metadata *m = arena_make(a, struct saml_metadata);

    struct fail why = { 0 };
    if ((must_be_signed && !keyring_add_pem(trust, want->trust, &why)) || !saml_metadata_read(a, body, &rules, m, &why))
        return refusal(f, unread(why.code), "%s: %s", why.code, why.detail), NULL;
    struct str *const ends[] = { &m->slo_redirect, &m->slo_post, &m->slo_redirect_answer, &m->slo_post_answer };
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (!is_endpoint(*ends[i], want->test)) /* nobody is sent there; a sign-in needs it not */
            *ends[i] = (struct str){ NULL, 0 };
    if (!is_endpoint(m->sso_redirect, want->test) || !is_endpoint(m->sso_post, want->test))
        return refusal(f, REFUSAL_metadata_endpoint, "SingleSignOnService is not https"), NULL;
    return m;
}

static bool signed_newer(const void *kept, const void *fetched, int64_t now_s)
{
    const struct saml_metadata *old = kept, *new = fetched;

    return upstream_outlasts(old->valid_until_s, new->valid_until_s, true, now_s);
}

static bool unsigned_newer(const void *kept, const void *fetched, int64_t now_s)
{
    const struct saml_metadata *old = kept, *new = fetched;

    return upstream_outlasts(old->valid_until_s, new->valid_until_s, false, now_s);
}

struct str upstream_saml_name(struct arena *a, const struct idp *idp)
{
    return arena_printf(a, "metadata %.*s", STR_ARG(idp->id));
}

void upstream_saml_metadata(struct upstreams *u, struct batch *b, struct arena *a, const struct idp *idp,
                            enum upstream_how how, struct upstream_got *got)
{
    bool given = str_is_set(idp->metadata_xml);
    struct upstream_want want = {
        .name = upstream_saml_name(a, idp),
        .url = idp->metadata_url,
        .place = idp->id,
        .networks = strs_joined(a, &idp->private_networks, ' '),
        .expect = idp->entity_id,
        .trust = idp->metadata_signer,
        .purpose = FETCH_METADATA,
        .test = idp->test,
        .parse = saml_metadata_parse,
        .newer = str_is_set(idp->metadata_signer) ? signed_newer : unsigned_newer,
        .anew = how != UPSTREAM_KEPT,
        .ordered = how == UPSTREAM_ORDERED,
    };

    if (given) {
        want.body = idp->metadata_xml;
        want.url = arena_printf(a, "registry:%zu:%016llx:%.*s", idp->metadata_xml.n,
                                (unsigned long long)str_hash(idp->metadata_xml, 1), STR_ARG(idp->entity_id));
    }
    upstream_ask(u, b, a, &want, got);
}

const struct saml_metadata *upstream_saml_in_force(const struct upstream_got *got, const struct idp *idp, int64_t now_s,
                                                   struct fail *f)
{
    const struct saml_metadata *m = got->value;

    if (m == NULL)
        return refusal_unread(f, got->error, "metadata of %.*s: %s", STR_ARG(idp->id), got->detail), NULL;
    if (m->valid_until_s != 0 && m->valid_until_s <= now_s)
        return refusal(f, REFUSAL_city_metadata_expired,
                       "metadata of %.*s expired %lld s ago; the copy is %lld s old%s%s", STR_ARG(idp->id),
                       (long long)(now_s - m->valid_until_s), (long long)(now_s - got->fetched_s),
                       got->trouble != NULL ? ", and none newer came: " : "", got->trouble != NULL ? got->trouble : ""),
               NULL;
    return m;
}
