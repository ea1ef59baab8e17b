/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/http/host.h"

#include "base/settings.h"
#include "wire/http.h"

static const struct str moved = S("moved");

static struct str authority_of(struct str url)
{
    size_t at = str_find(url, S("://"));
    struct str rest = at < url.n ? str_from(url, at + 3) : url;

    return str_sub(rest, 0, str_find_byte(rest, '/', 0));
}

static struct str without_port(struct str authority, struct str port)
{
    return str_has_suffix(authority, port) ? str_sub(authority, 0, authority.n - port.n) : authority;
}

bool host_is_ours(const struct settings *set, struct str host)
{
    struct str port = str_has_prefix(set->public_url, S("https://")) ? S(":443") : S(":80");

    return !str_is_set(host) ||
           str_eq_case(without_port(host, port), without_port(authority_of(set->public_url), port));
}

/* The path begins with "/" and stands behind our own name, so it can lead nowhere else. */
static enum step lead_on(struct ctx *c, struct fail *f)
{
    struct str query = c->req->query;

    (void)f;
    http_set_cookie(c->res, moved, S("1"), HOST_MOVED_S, SAME_SITE_NONE);
    http_redirect(c->res, 307,
                  arena_printf(c->arena, "%.*s%.*s%s%.*s", STR_ARG(c->set->public_url), STR_ARG(c->req->path),
                               query.p != NULL ? "?" : "", STR_ARG(query)));
    return DONE;
}

static const struct step_row steps[] = { { lead_on }, { NULL } };
static const struct route route = { HTTP_GET, "HOST", DOOR_PUBLIC, WHO_ANYONE, 0, ERRORS_HTML, steps };

const struct route *host_leads_on(const struct ctx *c, bool *rewritten)
{
    bool people = c->route != NULL && c->route->path[0] == '/' && c->route->door == DOOR_PUBLIC &&
                  c->route->errors != ERRORS_JSON && c->route->errors != ERRORS_SOAP;

    *rewritten = false;
    if (!people || host_is_ours(c->set, c->req->host))
        return NULL;
    *rewritten = http_cookie(c->req, moved).p != NULL;
    return *rewritten ? NULL : &route;
}
