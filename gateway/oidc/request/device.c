/* SPDX-License-Identifier: EUPL-1.2
 * A screen asks to be signed in: two codes, one to poll with and one to type.  [RFC 8628 3.1, 3.2] */
#include "base/settings.h"
#include "gateway/oidc/client/client.h"
#include "gateway/oidc/oidc.h"
#include "gateway/session/limits.h"
#include "gateway/session/screen.h"
#include "model/grant_types.h"
#include "wire/form.h"
#include "wire/http.h"
#include "wire/json.h"

enum { DEVICE_SCOPE_MAX_B = 1024, DEVICE_ANSWER_MAX_B = 4096 };

struct asking { /* c->state */
    struct screen screen;
    struct screen_made made;
    struct kv_got by_address, by_service, by_all;
};

static enum step authenticate(struct ctx *c, struct fail *f)
{
    (void)f;
    return step_into(c, oidc_client_auth);
}

static enum step check_grant(struct ctx *c, struct fail *f)
{
    const struct str grant = str_of(grant_types[GRANT_device].name);

    return strs_has(&c->service->client.grant_types, grant) ||
                   fail(f, FAIL_CALLER, "unauthorized_client", "grant_types of the service's row lacks %.*s",
                        STR_ARG(grant))
               ? NEXT
               : REFUSE;
}

/* Scopes that nobody knows, or that this service may not ask for, are left out, as at the authorization endpoint; who
 * names none means openid alone [RFC 6749 3.3]. */
static enum step check_scope(struct ctx *c, struct fail *f)
{
    struct asking *x = c->state = arena_make(c->arena, struct asking);
    struct str asked = form_get(c->body, S("scope")), word;
    struct buf b = buf_new(c->arena, DEVICE_SCOPE_MAX_B);

    if (asked.n > DEVICE_SCOPE_MAX_B)
        return fail(f, FAIL_CALLER, "invalid_scope", "scope has %zu bytes, more than %d", asked.n, DEVICE_SCOPE_MAX_B);
    if (str_is_set(asked) && !str_has_word(asked, S("openid")))
        return fail(f, FAIL_CALLER, "invalid_scope", "scope does not contain openid");
    buf_add(&b, S("openid"));
    while (str_split(&asked, ' ', &word)) {
        if (!strs_has(&c->service->scopes, word) || str_has_word(buf_str(&b), word))
            continue;
        buf_byte(&b, ' ');
        buf_add(&b, word);
    }
    x->screen.scope = buf_str(&b);
    return NEXT;
}

/* [RFC 8707 2] */
static enum step check_resources(struct ctx *c, struct fail *f)
{
    struct asking *x = c->state;
    struct buf b = buf_new(c->arena, RESOURCES_MAX_B);
    struct str uri;

    for (size_t i = 0; (uri = form_get_nth(c->body, S("resource"), i)).p != NULL; i++) {
        if (!strs_has(&c->service->client.resources, uri))
            return fail(f, FAIL_CALLER, "invalid_target", "resource is none of those in the service's row");
        if (b.n > 0)
            buf_byte(&b, ' ');
        buf_add(&b, uri);
    }
    if (!buf_ok(&b))
        return fail(f, FAIL_CALLER, "invalid_target", "resource: there are too many");
    if (b.n > 0)
        x->screen.resources = buf_str(&b);
    return NEXT;
}

/* What is to be stored is counted before it is. */
static enum step count(struct ctx *c, struct fail *f)
{
    struct asking *x = c->state;
    int64_t life_s = c->set->device_code_life_s;

    (void)f;
    limit_ask(c, LIMIT_screens, limit_place(c), life_s, &x->by_address);
    limit_ask(c, LIMIT_service_screens, c->service->id, life_s, &x->by_service);
    limit_ask(c, LIMIT_all_screens, S(""), life_s, &x->by_all);
    return WAIT;
}

static enum step make(struct ctx *c, struct fail *f)
{
    struct asking *x = c->state;

    if (!limit_keep(LIMIT_screens, &x->by_address, "device code", f) ||
        !limit_keep(LIMIT_service_screens, &x->by_service, "device code", f) ||
        !limit_keep(LIMIT_all_screens, &x->by_all, "device code", f))
        return REFUSE;
    x->screen.service = c->service->id;
    return screen_make(c, &x->screen, &x->made, f) ? WAIT : REFUSE;
}

static enum step answer(struct ctx *c, struct fail *f)
{
    const struct asking *x = c->state;
    struct str page = arena_join(c->arena, c->set->public_url, S("/device")), code = x->made.user_code;
    struct json_out o = json_out(c->arena, DEVICE_ANSWER_MAX_B);

    if (!screen_kept(&x->made, f))
        return REFUSE;
    json_begin_object(&o);
    json_put_str(&o, S("device_code"), x->made.device_code);
    json_put_str(&o, S("user_code"), code);
    json_put_str(&o, S("verification_uri"), page);
    json_put_str(&o, S("verification_uri_complete"), url_to(c->arena, page, S("user_code"), code));
    json_put_str(&o, S("screen_uri"), url_to(c->arena, arena_join(c->arena, page, S("/screen")), S("user_code"), code));
    json_put_int(&o, S("expires_in"), c->set->device_code_life_s);
    json_put_int(&o, S("interval"), SCREEN_EVERY_S);
    json_end_object(&o);
    http_header_set(c->res, S("Cache-Control"), S("no-store"));
    http_body(c->res, 200, S("application/json"), json_done(&o));
    return DONE;
}

const struct step_row oidc_device[] = { { authenticate }, { check_grant }, { check_scope }, { check_resources },
                                        { count },        { make },        { answer },      { NULL } };
