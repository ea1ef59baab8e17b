/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/saml/peer.h"

#include "gateway/tally.h"
#include "idp-adapters/approval.h"
#include "idp-adapters/certificates_too.h"

void peer_ask(struct ctx *c, const struct service *s, bool anew, struct upstream_got *got)
{
    upstream_service_metadata(c->upstreams, &c->batch, c->arena, s, anew ? UPSTREAM_ANEW : UPSTREAM_KEPT, got);
}

static bool is_expired(const struct ctx *c, const struct saml_service_metadata *m)
{
    return m->valid_until_s != 0 && m->valid_until_s <= c->now_s;
}

const struct saml_service_metadata *peer_in_force(const struct ctx *c, const struct service *s,
                                                  const struct upstream_got *got, struct fail *f)
{
    const struct saml_service_metadata *m = got->value;

    if (m == NULL)
        return fail(f, FAIL_OURS, "service_metadata", "metadata of %.*s: %s: %s", STR_ARG(s->id), got->error,
                    got->detail),
               NULL;
    if (is_expired(c, m))
        return fail(f, FAIL_OURS, "service_metadata_expired", "metadata of %.*s expired %lld s ago%s%s", STR_ARG(s->id),
                    (long long)(c->now_s - m->valid_until_s), got->trouble != NULL ? ", and none newer came: " : "",
                    got->trouble != NULL ? got->trouble : ""),
               NULL;
    return certificates_fit(c->arena, s, approval_fit(c->arena, s, m));
}

const struct saml_service_metadata *peer_kept(const struct ctx *c, const struct service *s)
{
    const struct saml_service_metadata *m = upstream_service_kept(c->upstreams, c->arena, s);

    return m != NULL && !is_expired(c, m) ? certificates_fit(c->arena, s, approval_fit(c->arena, s, m)) : NULL;
}

static const struct keyring *keys_of(struct ctx *c, const struct service *s, const struct saml_service_metadata *m)
{
    struct keyring *pinned;
    struct fail unreadable = { 0 };

    if (!str_is_set(s->saml.pinned_keys))
        return m->signing;
    pinned = keyring_new(c->arena);
    (void)keyring_add_pem(pinned, s->saml.pinned_keys, &unreadable);
    return pinned;
}

const struct keyring *peer_keys(struct ctx *c, const struct service *s, const struct saml_service_metadata *m)
{
    const struct keyring *keys = keys_of(c, s, m);
    struct buf b = buf_new(c->arena, KEYRING_KEYS_MAX * 80);

    for (size_t i = 0; keys != NULL && i < keyring_count(keys); i++)
        buf_printf(&b, "%s%.*s", i > 0 ? " " : "", STR_ARG(keyring_print(keys, i)));
    c->keys_expected = buf_str(&b);
    return keys;
}

void peer_used_key(struct ctx *c, const struct service *s, const struct saml_service_metadata *m, struct str print)
{
    c->key_used = print;
    if (!str_is_set(s->saml.pinned_keys) && certificates_older(s, m, print))
        tally_add(c->service_tally, s->id, S(TALLY_OLDER_CERTIFICATE), c->now_s);
}

bool peer_takes_at(const struct saml_service_metadata *m, struct str acs)
{
    return saml_service_acs(m, acs, (struct str){ NULL, 0 }, -1) != NULL;
}

const struct strs *peer_wants(struct arena *a, const struct saml_service_metadata *m, struct str index)
{
    int64_t number = -1;
    const struct saml_attribute_set *set;
    struct strs *names = arena_make(a, struct strs);

    if (str_is_set(index))
        (void)str_int(index, &number);
    set = saml_service_set(m, number);
    if (set == NULL || set->wanted_count == 0)
        return NULL;
    names->at = arena_make_n(a, set->wanted_count, struct str);
    for (size_t i = 0; i < set->wanted_count; i++)
        names->at[names->n++] = set->wanted[i].name;
    return names;
}
