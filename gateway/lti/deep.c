/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/lti/deep.h"

#include "base/codec.h"
#include "base/seals.h"
#include "wire/json.h"

enum { DATA_MAX_B = 2048, PICKING_LIFE_S = 7200 };

struct picking {
    struct str id, sid, service, deployment;
    int64_t until_s;
};

static const struct str data_place = S("lti deep linking");

struct str deep_data(struct ctx *c, struct str deployment)
{
    struct json_out o = json_out(c->arena, DATA_MAX_B);
    char id[16];

    world_random(c->world, id, sizeof id);
    json_begin_object(&o);
    json_put_str(&o, S("id"), b64url_encode(c->arena, str_n(id, sizeof id)));
    json_put_str(&o, S("sid"), c->session->sid);
    json_put_str(&o, S("service"), c->service->id);
    json_put_str(&o, S("deployment"), deployment);
    json_put_int(&o, S("until_s"), c->now_s + PICKING_LIFE_S);
    json_end_object(&o);
    return b64url_encode(c->arena, seal_close(c->arena, c->world, c->seals, SEAL_COOKIE, data_place, json_done(&o)));
}
