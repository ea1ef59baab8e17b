/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/registrar.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "gateway/answer.h"
#include "wire/http.h"

#include <inttypes.h>
#include <string.h>

enum { BEARER_MAX_B = 256, ID_RANDOM_B = 8, WORD_B = 32 };

/* ── who asks ───────────────────────────────────────────────────────────── */

enum step registrar_bad_token(struct ctx *c, struct fail *f, const char *why)
{
    (void)fail_told(f, FAIL_CLIENT_AUTH, "invalid_token",
                    "the token is unknown, has ended, or does not belong to this service", "%s", why);
    http_header_set(c->res, S("WWW-Authenticate"),
                    arena_printf(c->arena,
                                 "Bearer realm=\"digione\", error=\"invalid_token\", error_description=\"%.*s\"",
                                 STR_ARG(answer_description(c, f))));
    return REFUSE;
}

struct str registrar_bearer(struct ctx *c, struct fail *f)
{
    struct str token = http_credentials(c->req, S("Bearer"));

    if (str_is_set(token) && token.n <= BEARER_MAX_B)
        return token;
    if (str_is_set(token)) {
        (void)registrar_bad_token(c, f, "the token is too long");
        return (struct str){ NULL, 0 };
    }
    http_header_set(c->res, S("WWW-Authenticate"), S("Bearer realm=\"digione\""));
    (void)fail_told(
        f, FAIL_CLIENT_AUTH, "invalid_token",
        "there is no token: Authorization: Bearer is missing; whoever runs the gateway gives initial access "
        "tokens",
        "no token");
    return (struct str){ NULL, 0 };
}

bool registrar_is_open(struct ctx *c, const struct registrar *r, struct fail *f)
{
    if (r == NULL)
        return registrar_bad_token(c, f, "the token is unknown");
    if (!r->enabled)
        return registrar_bad_token(c, f, "the registrar is switched off");
    return r->until_s == 0 || c->now_s < r->until_s || registrar_bad_token(c, f, "the registrar has ended");
}

const struct registrar *registrar_read(struct ctx *c, struct fail *f)
{
    struct str token = registrar_bearer(c, f);
    const struct registrar *by;

    if (token.p == NULL)
        return NULL;
    by = registry_registrar_token(c->registry, sha256_hex(c->arena, token));
    return registrar_is_open(c, by, f) ? by : NULL;
}

/* ── what it may name ───────────────────────────────────────────────────── */

struct str registrar_host(struct str url)
{
    size_t at = str_find(url, S("://"));
    struct str rest = str_from(url, at < url.n ? at + 3 : url.n);
    size_t end = 0;

    while (end < rest.n && strchr("/?#", rest.p[end]) == NULL)
        end++;
    struct str host = str_sub(rest, 0, end);
    if (host.n > 0 && host.p[0] == '[')
        return str_sub(host, 0, str_find_byte(host, ']', 0) + 1);
    return str_sub(host, 0, str_find_byte(host, ':', 0));
}

bool registrar_host_fits(const struct strs *hosts, struct str url)
{
    struct str host = registrar_host(url), scheme = str_sub(url, 0, str_find_byte(url, ':', 0) + 1);

    for (size_t i = 0; i < hosts->n; i++) {
        struct str pattern = hosts->at[i], tail = str_from(pattern, 1);
        if (str_eq(pattern, S("*")) || (host.n > 0 && str_eq_case(pattern, host)) ||
            (host.n == 0 && str_eq(pattern, scheme)))
            return true;
        if (str_has_prefix(pattern, S("*.")) && host.n > tail.n && str_eq_case(str_from(host, host.n - tail.n), tail))
            return true;
    }
    return false;
}

/* ── what is ours to make ───────────────────────────────────────────────── */

struct str registrar_word(struct ctx *c)
{
    char bytes[WORD_B];

    world_random(c->world, bytes, sizeof bytes);
    return b64url_encode(c->arena, str_n(bytes, sizeof bytes));
}

struct str registrar_row_id(struct ctx *c, const struct registrar *by)
{
    enum { VENDOR_MAX = 40 };
    char bytes[ID_RANDOM_B];

    world_random(c->world, bytes, sizeof bytes);
    return arena_printf(c->arena, "%.*s-%.*s", STR_ARG(str_sub(by->vendor, 0, VENDOR_MAX)),
                        STR_ARG(hex_encode(c->arena, str_n(bytes, sizeof bytes))));
}

/* ── the change ─────────────────────────────────────────────────────────── */

bool registrar_at_once(const struct registrar *by)
{
    return by->at_once && (by->test || str_is_set(by->why));
}

struct str registrar_ungated(const struct registrar *by)
{
    return registrar_at_once(by) ? by->why : (struct str){ NULL, 0 };
}

bool registrar_has_room(const struct registry *r, struct str registrar, struct str service, struct fail *f)
{
    const struct registrar *by = registry_registrar(r, registrar);
    const struct registry_parts *p = registry_parts(r);
    int64_t n = 0;

    if (by == NULL || !by->enabled)
        return fail(f, FAIL_DENIED, "access_denied", "the registrar has gone");
    const struct service *s = registry_service(r, service);
    if (s != NULL && s->enabled && !registrar_at_once(by))
        return fail(f, FAIL_BUSY, "temporarily_unavailable", "service %.*s was switched on a moment ago",
                    STR_ARG(service));
    for (size_t i = 0; i < p->service_count; i++)
        n += str_eq(p->services[i].client.registered_by, by->id);
    return n <= by->most || fail(f, FAIL_DENIED, "access_denied", "registrar %.*s has its %" PRId64 " services",
                                 STR_ARG(by->id), by->most);
}

bool registrar_propose(struct edit *proposal, struct db *d, struct arena *a, const struct change_by *by,
                       const struct edit_how *how, int64_t *draft, struct fail *f)
{
    struct edit_result kept, moved;
    struct edit_how unseen = *how;

    unseen.look = NULL;
    if (!edit_run(proposal, d, a, &unseen, EDIT_KEEP, &kept, f))
        return false;
    const struct draft_move move = { .number = kept.draft, .edition = kept.edition, .act = DRAFT_PROPOSE };
    *draft = kept.draft;
    return draft_do(d, a, by, &move, &moved, f);
}

/* ── what it names elsewhere ────────────────────────────────────────────── */

void registrar_fetch(struct ctx *c, const struct registrar *by, enum fetch_purpose purpose, struct str url,
                     struct fetch_got *out)
{
    const struct fetch_request r = { .purpose = purpose, .test = by->test, .url = url, .place = S("registration") };

    fetch_ask(c->fetch, &c->batch, c->arena, &r, out);
}

struct str registrar_fetched(struct arena *a, const struct fetch_got *got)
{
    return got->answered ? arena_printf(a, "its server answered %d", got->status)
                         : arena_printf(a, "%s", got->error != NULL ? got->error : "away");
}

struct str registrar_icon(struct arena *a, const struct fetch_got *got, struct str *note)
{
    if (got->answered && got->status == 200)
        return b64_encode(a, got->body);
    *note = arena_printf(a,
                         "logo_uri could not be used (%.*s): a PNG of at most 128 kB and 4096 pixels a side is "
                         "expected, or an SVG of at most 64 kB; the service has none for now",
                         STR_ARG(registrar_fetched(a, got)));
    return (struct str){ NULL, 0 };
}
