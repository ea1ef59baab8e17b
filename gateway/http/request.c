/* SPDX-License-Identifier: EUPL-1.2
 *
 * A request: made from its header, started when its body is whole, over when its answer has left. */
#include "gateway/http/int.h"

#include "wire/form.h"
#include "wire/multipart.h"

#include <arpa/inet.h>
#include <string.h>

static struct arena *take_arena(struct server *s)
{
    return s->spare_n > 0 ? s->spare[--s->spare_n] : arena_new();
}

void request_drop(struct request *r)
{
    struct server *s = r->s;
    struct arena *a = r->arena;

    s->bodies_B -= r->body_B;
    if (s->spare_n == SPARE_ARENAS) {
        arena_free(a);
        return;
    }
    arena_reset(a);
    s->spare[s->spare_n++] = a;
}

bool request_count(struct request *r, size_t more_B)
{
    if (more_B > BODIES_MAX_B - r->s->bodies_B || !shares_count(r->s->shares, &r->conn->place, more_B))
        return false;
    shares_stand(&r->conn->place, STANDING_SILENT); /* but not for long: something came */
    r->body_B += more_B;
    r->s->bodies_B += more_B;
    return true;
}

void request_over(struct request *r)
{
    struct server *s = r->s;

    r->conn = NULL;
    if (r->waiting)
        return;
    if (r->started)
        s->hooks.end(s->hooks.self, &r->ctx, world_mono_ms(s->world) - r->began_ms);
    request_drop(r);
}

/* ── from whom ──────────────────────────────────────────────────────────── */

/* The last address of the last X-Forwarded-For: the one that our own proxy saw. */
static struct str forwarded_for(const struct http_request *r)
{
    struct str last = { NULL, 0 }, part;

    for (size_t i = 0; i < r->field_count; i++)
        if (str_eq_case(r->fields[i].name, S("X-Forwarded-For")))
            last = r->fields[i].value;
    for (struct str rest = last; str_split(&rest, ',', &part);)
        last = str_trim(part);
    return last;
}

static bool is_address(struct str s)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr any;

    if (s.n == 0 || s.n >= sizeof text)
        return false;
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    return inet_pton(AF_INET, text, &any) == 1 || inet_pton(AF_INET6, text, &any) == 1;
}

static void find_peer(const struct conn *c, struct request *r)
{
    struct str said;

    r->http.peer = arena_str(r->arena, str_of(c->peer));
    if (c->behind_proxy && is_address(said = forwarded_for(&r->http))) {
        r->http.peer = said;
        r->http.forwarded = true;
        r->http.certificate = http_field(&r->http, S("Client-Cert"));
    }
}

/* ── making ─────────────────────────────────────────────────────────────── */

/* The same place in the copy; what is no view of the header ("/" for an empty path) stays. */
static struct str moved(struct str view, struct str from, const char *to)
{
    bool within = view.p != NULL && (uintptr_t)view.p - (uintptr_t)from.p <= from.n;

    return within ? str_n(to + (view.p - from.p), view.n) : view;
}

/* The header is copied out of what was peeked: its views live as long as the request. */
static void copy_header(struct request *r, struct str header, const struct guarded *g)
{
    struct str copy = arena_str(r->arena, header);
    const struct http_request *from = &g->req;

    r->http = *from;
    r->http.path = moved(from->path, header, copy.p);
    r->http.param = moved(from->param, header, copy.p);
    r->http.query = moved(from->query, header, copy.p);
    r->http.host = moved(from->host, header, copy.p);
    r->http.fields = arena_make_n(r->arena, from->field_count + 1, struct http_field);
    for (size_t i = 0; i < from->field_count; i++)
        r->http.fields[i] = (struct http_field){ moved(from->fields[i].name, header, copy.p),
                                                 moved(from->fields[i].value, header, copy.p) };
}

struct request *request_make(struct conn *c, const char *header, const struct guarded *g, size_t body_max_B)
{
    struct server *s = c->s;
    struct arena *a = take_arena(s);
    struct request *r = arena_make(a, struct request);

    r->arena = a;
    r->s = s;
    r->conn = c;
    copy_header(r, str_n(header, g->header_B), g);
    r->http.https = str_has_prefix(s->set->public_url, S("https://"));
    r->http.body = S("");
    r->announced_B = g->body_B;
    r->chunked = g->chunked;
    r->chunks.most_B = body_max_B;
    r->body = buf_new(a, body_max_B);
    r->began_ms = loop_now_ms(s->loop);
    find_peer(c, r);
    r->res = (struct http_response){ .arena = a, .https = r->http.https };
    r->ctx.arena = a;
    r->ctx.world = s->world;
    r->ctx.set = s->set;
    r->ctx.routes = s->hooks.routes;
    r->ctx.req = &r->http;
    r->ctx.res = &r->res;
    refuse_code(s, r->ctx.support_code);
    return r;
}

/* ── running ────────────────────────────────────────────────────────────── */

static void done(struct ctx *ctx)
{
    struct request *r = (struct request *)ctx;
    struct server *s = r->s;

    if (ctx->fail.kind != FAIL_NONE)
        s->hooks.failed(s->hooks.self, ctx);
    s->hooks.finish(s->hooks.self, ctx);
    r->finished = true;
    if (!r->waiting)
        return;
    r->waiting = false;
    s->waiting--;
    if (r->conn == NULL)
        request_over(r);
    else if (r->conn->own != NULL)
        own_answer(r->conn);
    else
        library_resume(r->conn);
}

/* Files are sent by people who administer something, and by nobody else. */
static bool takes_files(const struct route *route)
{
    return route != NULL && (route->who == WHO_ADMIN || route->who == WHO_VENDOR);
}

static bool read_forms(struct request *r)
{
    struct ctx *c = &r->ctx;
    struct str type = http_field(&r->http, S("Content-Type"));
    struct str base = str_trim(str_sub(type, 0, str_find_byte(type, ';', 0)));
    bool is_form = str_eq_case(base, S("application/x-www-form-urlencoded"));

    r->http.body = buf_str(&r->body);
    if (!form_read(c->arena, r->http.query, &c->query, &c->fail))
        return false;
    if (takes_files(c->route) && is_multipart(type))
        return multipart_read(c->arena, type, r->http.body, &c->body, &c->fail);
    return form_read(c->arena, is_form ? r->http.body : S(""), &c->body, &c->fail);
}

void request_start(struct request *r)
{
    struct server *s = r->s;
    struct ctx *c = &r->ctx;
    const char *allow;

    r->started = true;
    conn_enter(r->conn, PHASE_STEPS);
    c->now_s = world_now_s(s->world);
    c->route = route_find(s->hooks.routes, r->http.method, r->http.path, &r->http.param, &allow, &c->fail);
    if (c->fail.kind == FAIL_METHOD)
        http_header(&r->res, S("Allow"), str_of(allow));
    bool good = c->fail.kind == FAIL_NONE && read_forms(r);
    s->hooks.begin(s->hooks.self, c);
    c->done = done;
    if (!good || c->fail.kind != FAIL_NONE)
        done(c);
    else
        steps_run(c, c->route->steps, done);
    if (r->finished)
        return;
    r->waiting = true;
    s->waiting++;
}
