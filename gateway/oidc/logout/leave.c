/* SPDX-License-Identifier: EUPL-1.2
 * A service hears that a session is over: from us to it [OIDC Back-Channel Logout 1.0], and by a frame in the browser
 * of whoever leaves [OIDC Front-Channel Logout 1.0]. */
#include "gateway/oidc/logout/leave.h"

#include "base/crypt.h"
#include "base/settings.h"
#include "certs/signer_client.h"
#include "gateway/service_keys.h"
#include "model/pairwise.h"
#include "wire/fetch.h"
#include "wire/form.h"
#include "wire/json.h"

enum { CLAIMS_MAX_B = 4096, BODY_MAX_B = 16384, JTI_B = 16 };

struct leaving { /* what is under way besides c->state */
    struct signed_got token;
    struct fetch_got got;
};

bool oidc_hears(const struct ctx *c, const struct service *s)
{
    (void)c;
    return str_is_set(s->client.backchannel_logout_uri);
}

/* [2.4]: sub and sid as in the ID token of that session; never a nonce, so that nobody takes it for one. */
void leave_event_put(struct json_out *o)
{
    json_key(o, S("events"));
    json_begin_object(o);
    json_key(o, S("http://schemas.openid.net/event/backchannel-logout"));
    json_begin_object(o);
    json_end_object(o);
    json_end_object(o);
}

static struct str logout_claims(struct ctx *c, const struct leaver *who)
{
    struct json_out o = json_out(c->arena, CLAIMS_MAX_B);

    json_begin_object(&o);
    json_put_str(&o, S("aud"), c->service->client_id);
    json_put_str(&o, S("jti"), crypt_token(c->arena, c->world, JTI_B));
    json_put_str(&o, S("sub"), pairwise_sub(c->arena, c->seals, who->person, c->service->vendor));
    json_put_str(&o, S("sid"), pairwise_sid(c->arena, c->seals, who->sid, c->service->vendor));
    leave_event_put(&o);
    json_end_object(&o);
    return json_done(&o);
}

static enum step sign(struct ctx *c, struct fail *f)
{
    const struct leaver *who = c->state;
    struct leaving *l = arena_make(c->arena, struct leaving);
    struct str claims = logout_claims(c, who);

    c->state = l;
    if (claims.p == NULL || c->keys == NULL)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "nothing can be signed now");
    signer_logout_token(c->signer, &c->batch, c->arena, jose_alg_named(c->service->id_token_alg), claims, &l->token);
    return WAIT;
}

/* [2.5] */
static enum step post(struct ctx *c, struct fail *f)
{
    struct leaving *l = c->state;
    struct buf body = buf_new(c->arena, BODY_MAX_B);

    if (!l->token.ok)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "the signer: %s", l->token.error);
    buf_add(&body, S("logout_token="));
    buf_add(&body, l->token.value); /* of characters that need no escape */
    const struct fetch_request request = {
        .purpose = FETCH_NOTICE,
        .post = true,
        .test = service_is_near(c->registry, c->service),
        .url = c->service->client.backchannel_logout_uri,
        .body = buf_str(&body),
        .content_type = S("application/x-www-form-urlencoded"),
        .accept = S("application/json, */*;q=0.1"),
        .place = arena_join(c->arena, S("leave:"), c->service->id),
    };
    fetch_ask(c->fetch, &c->batch, c->arena, &request, &l->got);
    return WAIT;
}

/* Worth another try: what a service says of itself for a while [RFC 9110 15.5.9, 15.6, RFC 6585 4]. */
static bool is_passing(int status)
{
    return status >= 500 || status == 408 || status == 425 || status == 429;
}

/* 200, or 204 of those who took the word for it [2.8]. */
static enum step judge(struct ctx *c, struct fail *f)
{
    const struct leaving *l = c->state;

    if (!l->got.answered)
        return fail(f, FAIL_UPSTREAM, "unreachable", "%s", l->got.error);
    if (l->got.status == 200 || l->got.status == 204)
        return DONE;
    return is_passing(l->got.status) ? fail(f, FAIL_UPSTREAM, "away", "HTTP status %d", l->got.status)
                                     : fail(f, FAIL_CALLER, "refused", "HTTP status %d", l->got.status);
}

const struct step_row oidc_leave[] = { { sign }, { post }, { judge }, { NULL } };

/* [OIDC Front-Channel Logout 2]: both say whose session, to whoever asks for them and to whoever does not: a service
 * that compares them signs out nobody else's. */
struct str oidc_leave_frame(struct ctx *c, const struct service *s, const struct leaver *who)
{
    struct buf b = buf_new(c->arena, FETCH_URL_MAX_B + BODY_MAX_B);

    if (!str_is_set(s->client.frontchannel_logout_uri))
        return (struct str){ NULL, 0 };
    buf_add(&b, s->client.frontchannel_logout_uri);
    url_query(&b, S("iss"), c->set->public_url);
    url_query(&b, S("sid"), pairwise_sid(c->arena, c->seals, who->sid, s->vendor));
    return buf_str(&b);
}
