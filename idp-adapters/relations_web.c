/* SPDX-License-Identifier: EUPL-1.2
 *
 * The Web API of Suomi.fi e-Authorizations, on behalf of a person: register, the authority's own page, code, token,
 * the people who were picked, and what may be done for each.  Every call carries a checksum over its path.
 *
 * Steps go on whatever an answer was; what cannot be asked for want of it is not asked, and nobody is found. */
#include "idp-adapters/relations_int.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "base/seals.h"
#include "base/text.h"
#include "model/when.h"
#include "wire/fetch.h"
#include "wire/form.h"
#include "wire/json.h"
#include "wire/kv.h"

enum { SESSION_MARKED_S = 86400, PATH_MAX_B = 2048, SESSION_MAX_B = 160, TOKEN_MAX_B = 2048, ROLES_MAX = 64 };

/* Where its endpoints stand below relations_url and relations_page. */
#define REGISTER_PATH  "/service/hpa/user/register/"
#define DELEGATES_PATH "/service/hpa/api/delegate/"
#define ROLES_PATH     "/service/hpa/api/authorizationlist/"
#define TOKEN_PATH     "/oauth/token"
#define PAGE_PATH      "/oauth/authorize"

struct web { /* relations_asked.own, and c->adapter_state of begin */
    const struct idp *idp;
    struct fetch_got got;
    struct kv_got marked;
    struct str session, user, bearer;
    struct str ids[WARDS_MAX]; /* of those who were picked */
    struct fetch_got roles[WARDS_MAX];
};

/* ── one call ───────────────────────────────────────────────────────────── */

static struct str secret_of(struct ctx *c, const struct idp *idp, struct str sealed)
{
    struct str plain = { NULL, 0 };

    (void)seal_secret_open(c->arena, c->seals, arena_join(c->arena, S("idp:"), idp->id), sealed, &plain);
    return plain;
}

/* "CLIENTID TIMESTAMP CHECKSUM": the path with its query as sent, a space, and the time. */
static struct str checksum(struct ctx *c, const struct idp *idp, struct str path)
{
    struct str at = when_rfc3339(c->arena, world_now_s(c->world)), key = secret_of(c, idp, idp->relations_key_sealed);
    struct str said = arena_printf(c->arena, "%.*s %.*s", STR_ARG(path), STR_ARG(at));

    return arena_printf(c->arena, "%.*s %.*s %.*s", STR_ARG(idp->relations_client_id), STR_ARG(at),
                        STR_ARG(b64_encode(c->arena, hmac_sha256(c->arena, hmac_key(c->arena, key), said))));
}

/* The path of an address, for the checksum is over what the authority sees. */
static struct str path_of(struct str url)
{
    size_t host = str_find(url, S("://"));

    host = host < url.n ? host + 3 : 0;
    return str_from(url, str_find_byte(url, '/', host));
}

/* A request has a name of its own in the authority's log [RFC 9562, version 4]. */
static struct str request_id(struct ctx *c)
{
    unsigned char b[16];

    world_random(c->world, b, sizeof b);
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    struct str hex = hex_encode(c->arena, str_n((const char *)b, sizeof b));
    return arena_printf(c->arena, "%.*s-%.*s-%.*s-%.*s-%.*s", 8, hex.p, 4, hex.p + 8, 4, hex.p + 12, 4, hex.p + 16, 12,
                        hex.p + 20);
}

/* endUserId: our name of the guardian, which is nobody else's. */
static struct str call_url(struct ctx *c, const struct web *w, const char *path, struct str a, struct str b,
                           struct str subject)
{
    struct buf url = buf_new(c->arena, PATH_MAX_B);

    buf_add(&url, w->idp->relations_url);
    buf_add(&url, str_of(path));
    url_escape(&url, a);
    if (str_is_set(b)) {
        buf_byte(&url, '/');
        url_escape(&url, b);
    }
    url_query(&url, S("requestId"), request_id(c));
    url_query(&url, S("endUserId"), str_sub(subject, 0, 16));
    return buf_str(&url);
}

static void ask(struct ctx *c, const struct web *w, struct str url, struct str bearer, struct fetch_got *got)
{
    const struct fetch_request r = {
        .purpose = FETCH_RELATIONS,
        .test = w->idp->test,
        .url = url,
        .authorization = str_is_set(bearer) ? arena_join(c->arena, S("Bearer "), bearer) : bearer,
        .accept = S("application/json"),
        .field = w->idp->relations_field,
        .field_value = checksum(c, w->idp, path_of(url)),
        .networks = strs_joined(c->arena, &w->idp->private_networks, ' '),
        .place = w->idp->id,
    };

    fetch_ask(c->fetch, &c->batch, c->arena, &r, got);
}

/* What was said, where it was said well; else nothing. */
static struct str said(const struct fetch_got *got)
{
    return got->answered && got->status == 200 ? got->body : S("");
}

static const struct json_value *parsed(struct arena *a, struct str said)
{
    struct fail unreadable = { 0 };

    return json_parse(a, said, &unreadable);
}

static struct str word(const struct json_value *v, const char *name, size_t max)
{
    struct str s = json_get_str(v, str_of(name));

    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] <= ' ' || (unsigned char)s.p[i] >= 127)
            return (struct str){ NULL, 0 };
    return str_is_set(s) && s.n <= max ? s : (struct str){ NULL, 0 };
}

/* ── begin: register, while the identity code is at hand ────────────────── */

static enum step register_ask(struct ctx *c, struct fail *f)
{
    struct person *p = relations_person(c);
    struct web *w = c->adapter_state = arena_make(c->arena, struct web);

    (void)f;
    w->idp = registry_idp(c->registry, p->idp);
    if (w->idp == NULL || !relations_may_ask(p))
        return NEXT;
    ask(c, w, call_url(c, w, REGISTER_PATH, w->idp->relations_client_id, p->identity, p->subject),
        (struct str){ NULL, 0 }, &w->got);
    return WAIT;
}

bool relations_web_registered(struct arena *a, struct str said, struct str *session, struct str *user)
{
    const struct json_value *v = parsed(a, said);

    *session = word(v, "sessionId", SESSION_MAX_B);
    *user = word(v, "userId", SESSION_MAX_B);
    return str_is_set(*session) && str_is_set(*user);
}

/* A session of the authority's is one person's: whoever is given one that somebody has already is given another's. */
static enum step register_read(struct ctx *c, struct fail *f)
{
    struct web *w = c->adapter_state;

    (void)f;
    if (!relations_web_registered(c->arena, said(&w->got), &w->session, &w->user))
        return NEXT;
    kv_add(c->kv, &c->batch, c->arena, &w->marked, KV_REPLAY,
           sha256_hex(c->arena, arena_join(c->arena, S("relations "), w->session)), S("1"), SESSION_MARKED_S);
    return WAIT;
}

static enum step register_keep(struct ctx *c, struct fail *f)
{
    struct web *w = c->adapter_state;

    (void)f;
    if (str_is_set(w->session) && str_is_set(w->user) && w->marked.outcome == KV_MISS)
        relations_person(c)->relations = arena_printf(c->arena, "web %.*s %.*s", STR_ARG(w->session), STR_ARG(w->user));
    return NEXT;
}

/* ── the authority's page ───────────────────────────────────────────────── */

static bool read_kept(struct str kept, struct str *session, struct str *user)
{
    struct str first;

    *user = kept;
    return str_split(user, ' ', &first) && str_eq(first, S("web")) && str_split(user, ' ', session) &&
           str_is_set(*session) && str_is_set(*user);
}

static struct str page(struct ctx *c, const struct idp *idp, const struct person *p, struct str back)
{
    struct buf url = buf_new(c->arena, PATH_MAX_B);
    struct str session, user;

    if (!read_kept(p->relations, &session, &user))
        return (struct str){ NULL, 0 };
    buf_add(&url, str_is_set(idp->relations_page) ? idp->relations_page : idp->relations_url);
    buf_add(&url, S(PAGE_PATH));
    url_query(&url, S("client_id"), idp->relations_client_id);
    url_query(&url, S("response_type"), S("code"));
    url_query(&url, S("redirect_uri"), back);
    url_query(&url, S("user"), user);
    url_query(&url, S("lang"), str_of(lang_tag(c->lang)));
    return buf_str(&url);
}

/* ── finish: code, token, who was picked, what may be done for each ─────── */

static struct web *web_of(struct ctx *c)
{
    return ((struct relations_asked *)c->state)->own;
}

static struct str basic(struct ctx *c, const struct idp *idp)
{
    struct str secret = secret_of(c, idp, idp->relations_secret_sealed);
    struct str pair = arena_printf(c->arena, "%.*s:%.*s", STR_ARG(idp->relations_client_id), STR_ARG(secret));

    return arena_join(c->arena, S("Basic "), b64_encode(c->arena, pair));
}

static enum step token_ask(struct ctx *c, struct fail *f)
{
    struct relations_asked *x = c->state;
    struct web *w = x->own = arena_make(c->arena, struct web);
    struct str code = form_get(c->query, S("code"));
    struct buf url = buf_new(c->arena, PATH_MAX_B);

    (void)f;
    w->idp = registry_idp(c->registry, c->session->person->idp);
    if (w->idp == NULL || !read_kept(c->session->person->relations, &w->session, &w->user) || !str_is_set(code) ||
        code.n > RELATIONS_CODE_MAX_B)
        return NEXT;
    buf_add(&url, w->idp->relations_url);
    buf_add(&url, S(TOKEN_PATH));
    url_query(&url, S("code"), code);
    url_query(&url, S("grant_type"), S("authorization_code"));
    url_query(&url, S("redirect_uri"), x->back);
    const struct fetch_request r = {
        .purpose = FETCH_RELATIONS,
        .post = true,
        .test = w->idp->test,
        .url = buf_str(&url),
        .content_type = S("application/x-www-form-urlencoded"),
        .authorization = basic(c, w->idp),
        .accept = S("application/json"),
        .networks = strs_joined(c->arena, &w->idp->private_networks, ' '),
        .place = w->idp->id,
    };
    fetch_ask(c->fetch, &c->batch, c->arena, &r, &w->got);
    return WAIT;
}

static enum step delegates_ask(struct ctx *c, struct fail *f)
{
    struct web *w = web_of(c);

    (void)f;
    w->bearer = word(parsed(c->arena, said(&w->got)), "access_token", TOKEN_MAX_B);
    w->got = (struct fetch_got){ .answered = false };
    if (!str_is_set(w->bearer))
        return NEXT;
    ask(c, w, call_url(c, w, DELEGATES_PATH, w->session, (struct str){ NULL, 0 }, c->session->person->subject),
        w->bearer, &w->got);
    return WAIT;
}

/* A name of more than fits is cut between characters; it is for the guardian to read, and nobody else. */
static struct str name_of(struct arena *a, const struct json_value *one)
{
    struct str name = json_get_str(one, S("name"));

    return str_is_set(name) && text_is_plain(name) ? arena_str(a, str_chars(name, SIZE_MAX, RELATIONS_NAME_MAX_B))
                                                   : (struct str){ NULL, 0 };
}

size_t relations_web_picked(struct arena *a, const struct seals *s, struct str said, struct kin at[WARDS_MAX],
                            struct str ids[WARDS_MAX])
{
    const struct json_value *v = parsed(a, said);
    const struct json_value *one = v != NULL && v->type == JSON_ARRAY ? v->first : NULL;
    size_t n = 0;

    for (; one != NULL && n < WARDS_MAX; one = one->next) {
        struct str id = word(one, "personId", SESSION_MAX_B);
        if (!str_is_set(id) || !identity_of_age(id, &at[n].of_age_s))
            continue;
        ids[n] = id;
        at[n].identity = identity_hash(a, s, id);
        at[n].name = name_of(a, one);
        n++;
    }
    return n;
}

static enum step roles_ask(struct ctx *c, struct fail *f)
{
    struct relations_asked *x = c->state;
    struct web *w = web_of(c);

    (void)f;
    x->n = relations_web_picked(c->arena, c->seals, said(&w->got), x->at, w->ids);
    for (size_t i = 0; i < x->n; i++)
        ask(c, w, call_url(c, w, ROLES_PATH, w->session, w->ids[i], c->session->person->subject), w->bearer,
            &w->roles[i]);
    return x->n > 0 ? WAIT : NEXT;
}

bool relations_web_allows(struct arena *a, struct str said)
{
    const struct json_value *roles = json_get(parsed(a, said), S("roles"));
    size_t looked = 0;

    if (roles == NULL || roles->type != JSON_ARRAY)
        return false;
    for (const struct json_value *r = roles->first; r != NULL && looked < ROLES_MAX; r = r->next, looked++)
        if (r->type == JSON_STR && str_eq(r->text, S("ALL")))
            return true;
    return false;
}

static enum step roles_read(struct ctx *c, struct fail *f)
{
    struct relations_asked *x = c->state;
    struct web *w = web_of(c);
    size_t kept = 0;

    (void)f;
    for (size_t i = 0; i < x->n; i++)
        if (relations_web_allows(c->arena, said(&w->roles[i])))
            x->at[kept++] = x->at[i];
    x->n = kept;
    return NEXT;
}

static const struct step_row begin_rows[] = { { register_ask }, { register_read }, { register_keep }, { NULL } };
static const struct step_row finish_rows[] = {
    { token_ask }, { delegates_ask }, { roles_ask }, { roles_read }, { NULL }
};

const struct relations_maker relations_web = { "web", begin_rows, page, finish_rows };
