/* SPDX-License-Identifier: EUPL-1.2
 * The two hints of a launch: one names the session, the other the message; neither can be made or read elsewhere. */
#include "gateway/lti/lti.h"

#include "base/codec.h"
#include "base/seals.h"
#include "wire/json.h"

enum { HINT_RECORD_MAX_B = 8192 };

static const struct str login_place = S("lti login_hint"), message_place = S("lti_message_hint");

static const struct json_field hint_fields[] = {
    FIELD(lti_hint, id, JSON_STR, true, 64),
    FIELD(lti_hint, sid, JSON_STR, true, 128),
    FIELD(lti_hint, service, JSON_STR, true, 128),
    FIELD(lti_hint, target, JSON_STR, true, 2048),
    FIELD(lti_hint, link, JSON_STR, false, 4096),
    FIELD(lti_hint, pick, JSON_INT, true, 0),
    FIELD(lti_hint, framed, JSON_INT, false, 0),
    FIELD(lti_hint, context, JSON_STR, false, 64),
    FIELD(lti_hint, deployment, JSON_STR, true, 255),
    FIELD(lti_hint, until_s, JSON_INT, true, 0),
    { 0 },
};
static const struct json_field login_fields[] = {
    FIELD(lti_hint, id, JSON_STR, true, 64),
    FIELD(lti_hint, sid, JSON_STR, true, 128),
    { 0 },
};

static struct str seal(struct ctx *c, struct str place, struct str json)
{
    return b64url_encode(c->arena, seal_close(c->arena, c->world, c->seals, SEAL_COOKIE, place, json));
}

static bool open_sealed(struct ctx *c, struct str place, struct str text, const struct json_field *fields,
                        struct lti_hint *out)
{
    struct fail unreadable = { 0 };
    struct str sealed, json;

    return str_is_set(text) && text.n <= LTI_HINT_MAX_B && b64url_decode(c->arena, text, &sealed) &&
           seal_open(c->arena, c->seals, SEAL_COOKIE, place, sealed, &json) &&
           json_read(c->arena, json, fields, out, &unreadable);
}

struct lti_hints hint_seal(struct ctx *c, const struct lti_hint *h)
{
    struct json_out login = json_out(c->arena, HINT_RECORD_MAX_B), o = json_out(c->arena, HINT_RECORD_MAX_B);

    json_begin_object(&login);
    json_put_str(&login, S("id"), h->id);
    json_put_str(&login, S("sid"), h->sid);
    json_end_object(&login);
    json_begin_object(&o);
    json_put_str(&o, S("id"), h->id);
    json_put_str(&o, S("sid"), h->sid);
    json_put_str(&o, S("service"), h->service);
    json_put_str(&o, S("target"), h->target);
    json_put_str(&o, S("link"), h->link);
    json_put_str(&o, S("context"), h->context);
    json_put_str(&o, S("deployment"), h->deployment);
    json_put_int(&o, S("pick"), h->pick);
    json_put_int(&o, S("framed"), h->framed);
    json_put_int(&o, S("until_s"), h->until_s);
    json_end_object(&o);
    return (struct lti_hints){ .login = seal(c, login_place, json_done(&login)),
                               .message = seal(c, message_place, json_done(&o)) };
}

bool hint_open(struct ctx *c, struct str login, struct str message, struct lti_hint *out, struct fail *f)
{
    struct lti_hint who = { .until_s = 0 };

    *out = (struct lti_hint){ .until_s = 0 };
    if (!open_sealed(c, login_place, login, login_fields, &who))
        return fail(f, FAIL_CALLER, "invalid_request", "login_hint is not one that this platform gave");
    if (!open_sealed(c, message_place, message, hint_fields, out))
        return fail(f, FAIL_CALLER, "invalid_request", "lti_message_hint is not one that this platform gave");
    return (str_eq(who.id, out->id) && str_eq(who.sid, out->sid)) ||
           fail(f, FAIL_CALLER, "invalid_request", "login_hint and lti_message_hint are of two launches");
}
