/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/oidc/client/keys.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "gateway/oidc/client/int.h"

struct kept { /* of one service, in the store */
    struct str text;
    const struct jwks *keys;
    struct key_names names;
};

/* The first certificate of x5c is the key's own [RFC 7517 4.7]. */
static void note_names(struct arena *a, const struct json_value *key, struct key_names *names)
{
    const struct json_value *x5c = json_get(key, S("x5c"));
    struct str name, der;

    if (jose_thumbprint(a, key, &name))
        strs_add(a, &names->thumbprints, name);
    if (x5c != NULL && x5c->type == JSON_ARRAY && x5c->count > 0 && b64_decode(a, x5c->first->text, &der))
        strs_add(a, &names->x5ts, b64url_encode(a, sha256(a, der)));
}

static const void *read_keys(struct arena *a, const struct upstream_want *want, struct str body, struct fail *f)
{
    struct fail why = { 0 };
    struct kept *kept = arena_make(a, struct kept);

    (void)want;
    kept->text = body;
    kept->keys = jwks_read(a, body, &why);
    if (kept->keys == NULL) {
        (void)fail(f, FAIL_UPSTREAM, why.code, "%s", why.detail);
        return NULL;
    }
    const struct json_value *all = json_get(json_parse(a, body, &why), S("keys"));
    for (const struct json_value *key = all != NULL ? all->first : NULL; key != NULL; key = key->next)
        note_names(a, key, &kept->names);
    return kept;
}

/* What stands in the row is read once as well: its name changes with its text. */
static void ask(struct ctx *c, bool anew)
{
    const struct service *s = c->service;
    bool fetched = str_is_set(s->client.jwks_uri);
    const struct upstream_want want = {
        .name = arena_printf(c->arena, "service %.*s", STR_ARG(s->id)),
        .url = fetched ? s->client.jwks_uri
                       : arena_printf(c->arena, "row:%016llx", (unsigned long long)str_hash(s->jwks, 0)),
        .place = arena_printf(c->arena, "service:%.*s", STR_ARG(s->id)),
        .purpose = FETCH_KEYS,
        .test = s->test,
        .parse = read_keys,
        .body = fetched ? (struct str){ NULL, 0 } : s->jwks,
        .anew = anew,
    };

    upstream_ask(c->upstreams, &c->batch, c->arena, &want, &asker_of(c)->keys);
}

static bool has_keys(const struct service *s)
{
    return str_is_set(s->client.jwks_uri) || str_is_set(s->jwks);
}

static enum step find(struct ctx *c, struct fail *f)
{
    struct asker *asker = asker_of(c);

    (void)f;
    asker->keys = (struct upstream_got){ .error = "the row has neither jwks nor jwks_uri" };
    if (!has_keys(c->service))
        return NEXT;
    ask(c, false);
    return WAIT;
}

static enum step find_anew(struct ctx *c, struct fail *f)
{
    (void)f;
    if (!str_is_set(c->service->client.jwks_uri))
        return NEXT;
    ask(c, true);
    return WAIT;
}

const struct step_row client_keys[] = { { find }, { NULL } };
const struct step_row client_keys_anew[] = { { find_anew }, { NULL } };

static const struct kept *kept_of(const struct ctx *c)
{
    return c->asker != NULL ? c->asker->keys.value : NULL;
}

const struct jwks *client_keys_of(const struct ctx *c)
{
    return kept_of(c) != NULL ? kept_of(c)->keys : NULL;
}

struct str client_keys_text(const struct ctx *c)
{
    return kept_of(c) != NULL ? kept_of(c)->text : (struct str){ NULL, 0 };
}

const struct key_names *client_key_names(const struct ctx *c)
{
    return kept_of(c) != NULL ? &kept_of(c)->names : NULL;
}

const char *client_keys_trouble(const struct ctx *c)
{
    const struct upstream_got *got = c->asker != NULL ? &c->asker->keys : NULL;

    return got == NULL ? "nobody asked" : got->error != NULL ? got->error : got->trouble != NULL ? got->trouble : "";
}
