/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/pace.h"

#include "base/settings.h"
#include "gateway/flood.h"
#include "wire/http.h"

/* What an address is refused, not what it asks: a whole city, or all services of a vendor, may stand behind one. */
static struct str refused_of(struct ctx *c)
{
    return arena_join(c->arena, S("refused:"), http_place(c->arena, c->req->peer));
}

/* Anybody can say that they are a public service, so each address has its own share of one. */
static struct str asked_of(struct ctx *c)
{
    if (!service_is_public(c->service))
        return arena_join(c->arena, S("service:"), c->service->id);
    return arena_printf(c->arena, "service:%.*s:%.*s", STR_ARG(c->service->id),
                        STR_ARG(http_place(c->arena, c->req->peer)));
}

static enum step too_many(struct fail *f, const char *whose)
{
    return fail(f, FAIL_BUSY, "too_many_requests", "more than service_requests_max of %s", whose);
}

enum step pace_address(struct ctx *c, struct fail *f)
{
    if (c->floods == NULL || flood_has_room(c->floods, refused_of(c), c->set->service_requests_max))
        return NEXT;
    return too_many(f, "what this address was refused");
}

void pace_refused(struct ctx *c)
{
    if (c->floods != NULL)
        (void)flood_take(c->floods, refused_of(c), c->set->service_requests_max);
}

enum step pace_service(struct ctx *c, struct fail *f)
{
    if (c->floods == NULL || flood_take(c->floods, asked_of(c), c->set->service_requests_max))
        return NEXT;
    return too_many(f, "this service");
}
