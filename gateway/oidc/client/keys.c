/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/oidc/client/keys.h"

#include "gateway/oidc/client/int.h"
#include "gateway/service_keys.h"

static enum step find(struct ctx *c, struct fail *f)
{
    (void)f;
    return service_keys_ask(c, c->service, false, &asker_of(c)->keys);
}

static enum step find_anew(struct ctx *c, struct fail *f)
{
    (void)f;
    return service_keys_ask(c, c->service, true, &asker_of(c)->keys);
}

const struct step_row client_keys[] = { { find }, { NULL } };
const struct step_row client_keys_anew[] = { { find_anew }, { NULL } };

const struct service_keys *client_keys_kept(const struct ctx *c)
{
    return c->asker != NULL ? service_keys_of(&c->asker->keys) : NULL;
}

const struct jwks *client_keys_of(const struct ctx *c)
{
    return client_keys_kept(c) != NULL ? client_keys_kept(c)->keys : NULL;
}

struct str client_keys_text(const struct ctx *c)
{
    return client_keys_kept(c) != NULL ? client_keys_kept(c)->text : (struct str){ NULL, 0 };
}

const char *client_keys_trouble(const struct ctx *c)
{
    return c->asker == NULL ? "nobody asked" : service_keys_trouble(&c->asker->keys);
}
