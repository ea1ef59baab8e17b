/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/lti/proof.h"

static struct tool_proof *mine(const struct ctx *c)
{
    return c->state;
}

struct str tool_claimed(struct arena *a, struct str token, struct str claim)
{
    return token.n <= JOSE_TOKEN_MAX_B ? json_get_str(jose_unproven(a, token), claim) : (struct str){ NULL, 0 };
}

static const void *read_keys(struct arena *a, const struct upstream_want *want, struct str body, struct fail *f)
{
    struct fail why = { 0 };
    const struct jwks *keys = jwks_read(a, body, &why);

    (void)want;
    if (keys == NULL)
        (void)fail(f, FAIL_UPSTREAM, why.code, "%s", why.detail);
    return keys;
}

static void ask(struct ctx *c, bool anew)
{
    const struct service *s = mine(c)->tool;
    bool fetched = str_is_set(s->client.jwks_uri);
    const struct upstream_want want = {
        .name = arena_printf(c->arena, "tool %.*s", STR_ARG(s->id)),
        .url = fetched ? s->client.jwks_uri
                       : arena_printf(c->arena, "row:%016llx", (unsigned long long)str_hash(s->jwks, 0)),
        .place = arena_printf(c->arena, "service:%.*s", STR_ARG(s->id)),
        .purpose = FETCH_KEYS,
        .test = s->test,
        .parse = read_keys,
        .body = fetched ? (struct str){ NULL, 0 } : s->jwks,
        .anew = anew,
    };

    upstream_ask(c->upstreams, &c->batch, c->arena, &want, &mine(c)->keys);
}

static enum step find_keys(struct ctx *c, struct fail *f)
{
    const struct service *s = mine(c)->tool;

    (void)f;
    mine(c)->keys = (struct upstream_got){ .error = "the row has neither jwks nor jwks_uri" };
    if (!str_is_set(s->client.jwks_uri) && !str_is_set(s->jwks))
        return NEXT;
    ask(c, false);
    return WAIT;
}

static bool judge(struct ctx *c)
{
    struct tool_proof *p = mine(c);

    p->why = (struct fail){ 0 };
    p->ok = p->keys.value != NULL
                ? jose_verify(c->arena, p->token, p->keys.value, &p->rules, &p->claims, &p->why)
                : fail(&p->why, FAIL_CALLER, "no_keys", "%s", p->keys.error != NULL ? p->keys.error : "none");
    return p->ok;
}

/* It may be signed by a key that is newer than our copy. */
static enum step look_for_newer(struct ctx *c, struct fail *f)
{
    (void)f;
    if (judge(c) || !str_is_set(mine(c)->tool->client.jwks_uri) || !jose_is_about_keys(mine(c)->why.code))
        return NEXT;
    ask(c, true);
    return WAIT;
}

static enum step settle(struct ctx *c, struct fail *f)
{
    (void)f;
    (void)judge(c);
    return NEXT;
}

const struct step_row tool_prove[] = { { find_keys }, { look_for_newer }, { settle }, { NULL } };
