/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/oidc/client/keys.h"

#include "gateway/oidc/client/int.h"

static const void *read_keys(struct arena *a, const struct upstream_want *want, struct str body, struct fail *f)
{
    struct fail why = { 0 };
    const struct jwks *keys = jwks_read(a, body, &why);

    (void)want;
    if (keys == NULL)
        (void)fail(f, FAIL_UPSTREAM, why.code, "%s", why.detail);
    return keys;
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

const struct jwks *client_keys_of(const struct ctx *c)
{
    return c->asker != NULL ? c->asker->keys.value : NULL;
}

const char *client_keys_trouble(const struct ctx *c)
{
    const struct upstream_got *got = c->asker != NULL ? &c->asker->keys : NULL;

    return got == NULL ? "nobody asked" : got->error != NULL ? got->error : got->trouble != NULL ? got->trouble : "";
}
