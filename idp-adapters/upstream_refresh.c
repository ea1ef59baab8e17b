/* SPDX-License-Identifier: EUPL-1.2 */
#include "idp-adapters/upstream_refresh.h"

#include "base/log.h"
#include "idp-adapters/sources.h"
#include "idp-adapters/upstream_oidc.h"
#include "idp-adapters/upstream_saml.h"
#include "idp-adapters/upstream_service.h"

#include <string.h>

struct refresh {
    struct batch batch; /* first: the batch leads back */
    struct arena *arena;
    struct upstreams *from;
    struct registry *registry; /* held */
    const struct idp *idp;     /* NULL: a service's */
    const struct service *service;
    bool silent;
    const char *document; /* that is on its way */
    struct upstream_got old, got;
};

static void end(struct refresh *r)
{
    registry_drop(r->registry);
    arena_free(r->arena);
}

static void say(const struct refresh *r)
{
    const struct upstream_got *got = &r->got;
    const char *why = got->value == NULL ? got->error : got->trouble;
    bool renewed = got->value != NULL && why == NULL;
    int64_t age_s = r->old.value != NULL ? upstreams_now_s(r->from) - r->old.fetched_s : -1;

    log_event(renewed ? LOG_INFO : LOG_WARN, "upstream.refreshed",
              LOG_S(r->idp != NULL ? "idp" : "service", r->idp != NULL ? r->idp->id : r->service->id),
              LOG_C("document", r->document), LOG_C("result", renewed ? "renewed" : why),
              LOG_C("detail", renewed ? "" : got->detail), LOG_N("copy_was_s_old", age_s));
}

static void ask_keys(struct refresh *r)
{
    const struct oidc_metadata *metadata = r->got.value;

    r->document = "keys";
    upstream_peek(r->from, r->arena, upstream_oidc_keys_name(r->arena, r->idp), &r->old);
    batch_ask(&r->batch); /* held open, so that an answer that is here at once does not end us in the middle */
    upstream_oidc_keys(r->from, &r->batch, r->arena, r->idp, metadata, UPSTREAM_ORDERED, &r->got);
    batch_answered(&r->batch);
}

static void ready(struct batch *b)
{
    struct refresh *r = (struct refresh *)b;

    if (!r->silent)
        say(r);
    if (r->idp != NULL && r->idp->kind == IDP_OIDC && r->got.value != NULL &&
        str_eq(str_of(r->document), S("discovery")))
        ask_keys(r);
    else
        end(r);
}

static void refresh_service(struct upstreams *u, struct registry *registry, struct str id, bool ahead)
{
    const struct service *s = registry_service(registry, id);

    if (s == NULL || !s->enabled || s->protocol != PROTO_SAML || !upstream_service_fetched(s))
        return;
    struct arena *a = arena_new();
    struct refresh *r = arena_make(a, struct refresh);

    *r = (struct refresh){ .batch = { 0, ready },
                           .arena = a,
                           .from = u,
                           .registry = registry_hold(registry),
                           .service = s,
                           .silent = ahead,
                           .document = "metadata" };
    upstream_service_look(upstreams_store(u), a, s, &r->old);
    batch_ask(&r->batch);
    upstream_service_metadata(u, &r->batch, a, s, ahead ? UPSTREAM_KEPT : UPSTREAM_ORDERED, &r->got);
    batch_answered(&r->batch);
}

static void refresh_source(struct upstreams *u, const struct registry *registry, struct str id)
{
    const struct metadata_source *source = registry_source(registry, id);

    if (source != NULL && upstreams_sources(u) != NULL)
        sources_order(upstreams_sources(u), u, source);
}

static bool is_below(struct str id, const char *what, struct str *rest)
{
    bool is = str_has_prefix(id, str_of(what));

    *rest = is ? str_from(id, strlen(what)) : id;
    return is;
}

void upstream_refresh(struct upstreams *u, struct registry *registry, struct str id)
{
    const struct idp *idp = registry_idp(registry, id);
    struct str rest;
    bool ahead = is_below(id, REFRESH_AHEAD, &rest);

    if (ahead || is_below(id, REFRESH_OF_SERVICE, &rest)) {
        refresh_service(u, registry, rest, ahead);
        return;
    }
    if (is_below(id, REFRESH_OF_SOURCE, &rest)) {
        refresh_source(u, registry, rest);
        return;
    }

    if (idp == NULL || !idp->enabled || (idp->kind != IDP_OIDC && idp->kind != IDP_SAML))
        return;
    struct arena *a = arena_new();
    struct refresh *r = arena_make(a, struct refresh);
    bool oidc = idp->kind == IDP_OIDC;

    *r = (struct refresh){ .batch = { 0, ready },
                           .arena = a,
                           .from = u,
                           .registry = registry_hold(registry),
                           .idp = idp,
                           .document = oidc ? "discovery" : "metadata" };
    upstream_peek(u, a, oidc ? upstream_oidc_name(a, idp) : upstream_saml_name(a, idp), &r->old);
    batch_ask(&r->batch);
    if (oidc)
        upstream_oidc_metadata(u, &r->batch, a, idp, UPSTREAM_ORDERED, &r->got);
    else
        upstream_saml_metadata(u, &r->batch, a, idp, UPSTREAM_ORDERED, &r->got);
    batch_answered(&r->batch);
}
