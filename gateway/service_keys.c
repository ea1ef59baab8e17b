/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/service_keys.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "wire/json.h"

bool service_is_near(const struct registry *r, const struct service *s)
{
    return s->test && registry_organisation(r, s->vendor) == NULL;
}

/* The first certificate of x5c is the key's own [RFC 7517 4.7]. */
static void note_names(struct arena *a, const struct json_value *key, struct service_keys *kept)
{
    const struct json_value *x5c = json_get(key, S("x5c"));
    struct str name, der;

    if (jose_thumbprint(a, key, &name))
        strs_add(a, &kept->thumbprints, name);
    if (x5c != NULL && x5c->type == JSON_ARRAY && x5c->count > 0 && b64_decode(a, x5c->first->text, &der))
        strs_add(a, &kept->x5ts, b64url_encode(a, sha256(a, der)));
}

static const void *read_keys(struct arena *a, const struct upstream_want *want, struct str body, struct fail *f)
{
    struct fail why = { 0 };
    struct service_keys *kept = arena_make(a, struct service_keys);

    (void)want;
    kept->text = body;
    kept->keys = jwks_read(a, body, &why);
    if (kept->keys == NULL) {
        (void)fail(f, FAIL_UPSTREAM, why.code, "%s", why.detail);
        return NULL;
    }
    const struct json_value *all = json_get(json_parse(a, body, &why), S("keys"));
    for (const struct json_value *key = all != NULL ? all->first : NULL; key != NULL; key = key->next)
        note_names(a, key, kept);
    return kept;
}

/* What stands in the row is read once as well: its name changes with its text. */
static void ask(struct ctx *c, const struct service *s, bool anew, struct upstream_got *got)
{
    bool fetched = str_is_set(s->client.jwks_uri);
    const struct upstream_want want = {
        .name = arena_printf(c->arena, "service %.*s", STR_ARG(s->id)),
        .url = fetched ? s->client.jwks_uri
                       : arena_printf(c->arena, "row:%016llx", (unsigned long long)str_hash(s->jwks, 0)),
        .place = arena_printf(c->arena, "service:%.*s", STR_ARG(s->id)),
        .purpose = FETCH_KEYS,
        .test = service_is_near(c->registry, s),
        .parse = read_keys,
        .body = fetched ? (struct str){ NULL, 0 } : s->jwks,
        .anew = anew,
    };

    upstream_ask(c->upstreams, &c->batch, c->arena, &want, got);
}

enum step service_keys_ask(struct ctx *c, const struct service *s, bool anew, struct upstream_got *got)
{
    bool fetched = str_is_set(s->client.jwks_uri);

    if (anew && !fetched)
        return NEXT;
    if (!anew)
        *got = (struct upstream_got){ .error = "the row has neither jwks nor jwks_uri" };
    if (!fetched && !str_is_set(s->jwks))
        return NEXT;
    ask(c, s, anew, got);
    return WAIT;
}

const struct service_keys *service_keys_of(const struct upstream_got *got)
{
    return got->value;
}

const char *service_keys_trouble(const struct upstream_got *got)
{
    return got->error != NULL ? got->error : got->trouble != NULL ? got->trouble : "";
}
