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

static enum step find_keys(struct ctx *c, struct fail *f)
{
    (void)f;
    return service_keys_ask(c, mine(c)->tool, false, &mine(c)->keys);
}

static bool judge(struct ctx *c)
{
    struct tool_proof *p = mine(c);

    p->why = (struct fail){ 0 };
    p->ok = service_keys_of(&p->keys) != NULL
                ? jose_verify(c->arena, p->token, service_keys_of(&p->keys)->keys, &p->rules, &p->claims, &p->why)
                : fail(&p->why, FAIL_CALLER, "no_keys", "%s", service_keys_trouble(&p->keys));
    return p->ok;
}

/* It may be signed by a key that is newer than our copy. */
static enum step look_for_newer(struct ctx *c, struct fail *f)
{
    (void)f;
    return judge(c) || !jose_is_about_keys(mine(c)->why.code)
               ? NEXT
               : service_keys_ask(c, mine(c)->tool, true, &mine(c)->keys);
}

static enum step settle(struct ctx *c, struct fail *f)
{
    (void)f;
    (void)judge(c);
    return NEXT;
}

const struct step_row tool_prove[] = { { find_keys }, { look_for_newer }, { settle }, { NULL } };
