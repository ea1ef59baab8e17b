/* SPDX-License-Identifier: EUPL-1.2
 * A service gives a token back.  [RFC 7009]
 *
 * Of a refresh token the whole family ends, with all access tokens of it, whichever of its tokens comes.  What is not
 * there is gone already: 200.  What is another service's stays as it is. */
#include "gateway/oidc/client/client.h"
#include "gateway/oidc/tokens/tokens.h"

#include "base/settings.h"
#include "wire/form.h"
#include "wire/http.h"

struct revocation { /* c->state */
    struct str token, key;
    bool is_refresh;
    int64_t turn;
    struct kv_got found, ended;
};

static struct revocation *mine(const struct ctx *c)
{
    return c->state;
}

static enum step authenticate(struct ctx *c, struct fail *f)
{
    (void)f;
    c->state = arena_make(c->arena, struct revocation);
    return step_into(c, oidc_client_auth);
}

/* token_type_hint is a hint alone [RFC 7009 2.1]: a refresh token is known by its form. */
static enum step find(struct ctx *c, struct fail *f)
{
    struct revocation *r = mine(c);

    r->token = form_get(c->body, S("token"));
    if (!str_is_set(r->token))
        return fail(f, FAIL_CALLER, "invalid_request", "token is missing");
    r->found.outcome = KV_MISS;
    r->is_refresh = family_token_read(c, r->token, &r->key, &r->turn);
    if (r->is_refresh) {
        family_ask(c, r->key, &r->found);
    } else if (r->token.n <= TOKEN_SHOWN_MAX_B) {
        r->key = token_key(c->arena, r->token);
        kv_get(c->kv, &c->batch, c->arena, &r->found, KV_TOKEN, r->key);
    }
    return WAIT;
}

static int anothers(struct fail *f)
{
    return fail(f, FAIL_CALLER, "invalid_grant", "token is another service's: it stays as it is");
}

static enum step end_family(struct ctx *c, struct fail *f)
{
    struct revocation *r = mine(c);
    const struct family *m = family_of(c, r->key, &r->found, f);

    if (m == NULL)
        return f->kind == FAIL_NONE ? NEXT : REFUSE;
    if (!family_token_fits(c, m, r->token, r->turn))
        return NEXT;
    if (!str_eq(m->service, c->service->id))
        return anothers(f);
    family_end(c, r->key, &r->ended);
    return WAIT;
}

static enum step end_token(struct ctx *c, struct fail *f)
{
    struct revocation *r = mine(c);
    struct token_record record;

    if (r->found.outcome != KV_HIT || !token_open(c, r->key, r->found.value, &record))
        return NEXT;
    if (!str_eq(record.service, c->service->id))
        return anothers(f);
    kv_delete(c->kv, &c->batch, c->arena, &r->ended, KV_TOKEN, r->key);
    return WAIT;
}

static enum step end(struct ctx *c, struct fail *f)
{
    struct revocation *r = mine(c);

    if (r->found.outcome == KV_DOWN)
        return kv_away(f, "token");
    r->ended.outcome = KV_MISS;
    return r->is_refresh ? end_family(c, f) : end_token(c, f);
}

static enum step answer(struct ctx *c, struct fail *f)
{
    if (mine(c)->ended.outcome == KV_DOWN)
        return kv_away(f, "token");
    http_header_set(c->res, S("Cache-Control"), S("no-store"));
    http_body(c->res, 200, S("application/json"), S("{}"));
    return DONE;
}

const struct step_row oidc_revoke[] = { { authenticate }, { find }, { end }, { answer }, { NULL } };
