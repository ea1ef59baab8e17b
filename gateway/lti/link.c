/* SPDX-License-Identifier: EUPL-1.2
 * What a teacher picked stands in the address of its link, sealed: nothing is stored, so nothing fills up, and a link
 * opens for whomever policy lets in for as long as the tool is there. */
#include "gateway/lti/lti.h"

#include "base/codec.h"
#include "base/seals.h"
#include "wire/json.h"

enum { LINK_RECORD_MAX_B = 8192, LINK_TEXT_MAX_B = 8192 };

static const struct str link_place = S("lti link");

static const struct json_field link_fields[] = {
    FIELD(lti_link, service, JSON_STR, true, 128),        FIELD(lti_link, id, JSON_STR, true, 64),
    FIELD(lti_link, url, JSON_STR, true, 2048),           FIELD(lti_link, title, JSON_STR, false, LINK_MAX_B),
    FIELD(lti_link, custom, JSON_STR, false, LINK_MAX_B), { 0 },
};

struct str lti_link_write(struct arena *a, const struct lti_link *l)
{
    struct json_out o = json_out(a, LINK_RECORD_MAX_B);

    json_begin_object(&o);
    json_put_str(&o, S("service"), l->service);
    json_put_str(&o, S("id"), l->id);
    json_put_str(&o, S("url"), l->url);
    json_put_str(&o, S("title"), l->title);
    json_put_str(&o, S("custom"), l->custom);
    json_end_object(&o);
    return json_done(&o);
}

bool lti_link_read(struct arena *a, struct str json, struct lti_link *out)
{
    struct fail unreadable = { 0 };

    *out = (struct lti_link){ .id = { NULL, 0 } };
    return json_read(a, json, link_fields, out, &unreadable);
}

bool lti_link_read_value(const struct json_value *v, struct lti_link *out)
{
    struct fail unreadable = { 0 };

    *out = (struct lti_link){ .id = { NULL, 0 } };
    return json_read_value(v, link_fields, out, &unreadable);
}

struct str lti_link_seal(struct ctx *c, const struct lti_link *l)
{
    return b64url_encode(
        c->arena, seal_close(c->arena, c->world, c->seals, SEAL_SECRET, link_place, lti_link_write(c->arena, l)));
}

bool lti_link_open(struct ctx *c, struct str text, struct lti_link *out)
{
    struct str sealed, json;

    return str_is_set(text) && text.n <= LINK_TEXT_MAX_B && b64url_decode(c->arena, text, &sealed) &&
           seal_open(c->arena, c->seals, SEAL_SECRET, link_place, sealed, &json) && lti_link_read(c->arena, json, out);
}
