/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/routes.h"

const char *route_method(const struct route *r)
{
    static const char *const names[] = {
        [HTTP_GET] = "GET", [HTTP_POST] = "POST", [HTTP_PUT] = "PUT", [HTTP_DELETE] = "DELETE"
    };

    return r->method < sizeof names / sizeof *names && names[r->method] != NULL ? names[r->method] : "OPTIONS";
}

/* ── OPTIONS: what a script of another origin may ask here [Fetch 4.8] ──── */

static bool matches(const char *row, struct str path, struct str *param);

static enum step preflight(struct ctx *c, struct fail *f)
{
    struct buf methods = buf_new(c->arena, 64);
    struct str param;

    (void)f;
    for (size_t i = 0; i < c->routes->n; i++)
        if (matches(c->routes->at[i].path, c->req->path, &param))
            buf_printf(&methods, "%s%s", methods.n > 0 ? ", " : "", route_method(&c->routes->at[i]));
    http_header_set(c->res, S("Access-Control-Allow-Methods"), buf_str(&methods));
    http_header_set(c->res, S("Access-Control-Allow-Headers"), S("Authorization, Content-Type, DPoP"));
    http_header_set(c->res, S("Access-Control-Max-Age"), S("86400"));
    c->res->status = 204;
    c->res->body = S("");
    return DONE;
}

static const struct step_row preflight_steps[] = { { preflight }, { NULL } };
static const struct route preflight_route = { HTTP_OPTIONS, "OPTIONS",      DOOR_SCRIPTS, WHO_ANYONE, 0,
                                              ERRORS_JSON,  preflight_steps };

/* "OPTIONS *" asks the server as a whole, to see whether it answers [RFC 9110 9.3.7]. */
static enum step ping(struct ctx *c, struct fail *f)
{
    (void)f;
    http_header_set(c->res, S("Allow"), S("GET, HEAD, POST, OPTIONS"));
    c->res->status = 204;
    c->res->body = S("");
    return DONE;
}

static const struct step_row ping_steps[] = { { ping }, { NULL } };
static const struct route ping_route = { HTTP_OPTIONS, "*", DOOR_PUBLIC, WHO_ANYONE, 0, ERRORS_JSON, ping_steps };

/* ── the table ──────────────────────────────────────────────────────────── */

static bool is_segment(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
              c == '_' || c == '~'))
            return false;
    }
    return s.n > 0 && !str_eq(s, S(".")) && !str_eq(s, S(".."));
}

static bool is_param(struct str s, size_t segments)
{
    struct str rest = s, segment;
    size_t n = 0;

    while (str_split(&rest, '/', &segment))
        if (!is_segment(segment) || ++n > segments)
            return false;
    return n > 0 && s.p[s.n - 1] != '/';
}

static bool matches(const char *row, struct str path, struct str *param)
{
    /* Most rows differ within their first letters. */
    for (size_t i = 0; i < path.n && row[i] != '*'; i++)
        if (row[i] == '\0' || row[i] != path.p[i])
            return false;
    struct str want = str_of(row);
    bool deep = want.n > 1 && want.p[want.n - 2] == '*';

    if (str_eq(want, S("*"))) /* for what no row has */
        return false;
    if (want.p[want.n - 1] != '*')
        return str_eq(want, path);
    want.n -= deep ? 2 : 1;
    *param = str_from(path, want.n);
    return str_has_prefix(path, want) && is_param(*param, deep ? ROUTE_SEGMENTS_MAX : 1);
}

const struct route *route_find(const struct routes *table, enum http_method method, struct str path, struct str *param,
                               const char **allow, struct fail *f)
{
    bool get = false, post = false, manage = false;

    *param = (struct str){ NULL, 0 };
    *allow = NULL;
    if (method == HTTP_OPTIONS && str_eq(path, S("*")))
        return &ping_route;
    if (method == HTTP_HEAD)
        method = HTTP_GET;
    for (size_t i = 0; i < table->n; i++) {
        struct str here = { NULL, 0 };
        const struct route *row = &table->at[i];
        if (!matches(row->path, path, &here))
            continue;
        if (row->method == method) {
            *param = here;
            return row;
        }
        if (method == HTTP_OPTIONS && row->door == DOOR_SCRIPTS)
            return &preflight_route;
        get = get || row->method == HTTP_GET;
        post = post || row->method == HTTP_POST;
        manage = manage || row->method == HTTP_PUT || row->method == HTTP_DELETE;
    }
    if (!get && !post && !manage) {
        const struct route *nowhere = table->n > 0 ? &table->at[table->n - 1] : NULL;
        if (nowhere != NULL && strcmp(nowhere->path, "*") == 0 && nowhere->method == method)
            return nowhere;
        (void)fail(f, FAIL_NOT_FOUND, "not_found", "no such path");
        return NULL;
    }
    *allow = manage ? "GET, HEAD, PUT, DELETE" : get && post ? "GET, HEAD, POST" : get ? "GET, HEAD" : "POST";
    (void)fail(f, FAIL_METHOD, "method_not_allowed", "the path exists, for %s", *allow);
    return NULL;
}

size_t route_index(const struct routes *table, const struct route *r)
{
    uintptr_t at = (uintptr_t)r, from = (uintptr_t)table->at;

    return at >= from && at < from + table->n * sizeof *r ? (at - from) / sizeof *r : table->n;
}
