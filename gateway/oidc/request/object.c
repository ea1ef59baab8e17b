/* SPDX-License-Identifier: EUPL-1.2
 * A request object is fetched, verified, and read.  [RFC 9101, OIDC Core 6, FAPI 2.0 Message Signing 5.3.1] */
#include "gateway/oidc/request/request.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "base/settings.h"
#include "gateway/oidc/client/keys.h"
#include "gateway/service_keys.h"
#include "gateway/session/limits.h"
#include "wire/jose.h"
#include "wire/json.h"

enum { OBJECT_LIFE_S = USED_UP_S, COUNT_S = 60, HASH_CHARS = 43, VALUE_MAX_B = 65536 };

static int unusable(struct fail *f, const char *why)
{
    return fail(f, FAIL_CALLER, "invalid_request_object", "request: %s", why);
}

/* ── by reference ───────────────────────────────────────────────────────── */

static struct str without_fragment(struct str uri)
{
    return str_sub(uri, 0, str_find_byte(uri, '#', 0));
}

/* Only what its row lists is fetched: nobody can make us knock anywhere else.  A row may leave the fragment open, which
 * says which version of the object is meant [OIDC Core 6.2]. */
static bool is_listed(const struct service *s, struct str uri)
{
    return strs_has(&s->client.request_uris, uri) || strs_has(&s->client.request_uris, without_fragment(uri));
}

static enum step fetch_count(struct ctx *c, struct fail *f)
{
    struct str uri = form_get(asking_of(c)->beside, S("request_uri"));

    if (!is_listed(c->service, uri))
        return fail(f, FAIL_CALLER,
                    c->service->client.request_uris.n > 0 ? "invalid_request_uri" : "request_uri_not_supported",
                    "request_uri \"%.*s\" is not one that the service has registered",
                    STR_ARG(str_sub(uri, 0, FAIL_DETAIL_B / 2)));
    limit_ask(c, LIMIT_request_fetches, limit_place(c), COUNT_S, &asking_of(c)->count);
    return WAIT;
}

static enum step fetch_begin(struct ctx *c, struct fail *f)
{
    struct asking *a = asking_of(c);
    const struct fetch_request r = { .purpose = FETCH_OBJECT,
                                     .test = service_is_near(c->registry, c->service),
                                     .url = without_fragment(form_get(a->beside, S("request_uri"))),
                                     .accept = S("application/oauth-authz-req+jwt, application/jwt"),
                                     .place = c->service->id };

    if (!limit_keep(LIMIT_request_fetches, &a->count, "request object", f))
        return REFUSE;
    fetch_ask(c->fetch, &c->batch, c->arena, &r, &a->fetched);
    return WAIT;
}

/* The fragment is the hash of what is meant, where it looks like one [OIDC Core 6.2]. */
static bool is_meant(struct ctx *c, struct str uri, struct str body)
{
    struct str fragment = str_from(uri, str_find_byte(uri, '#', 0) + 1);

    return fragment.n != HASH_CHARS || str_eq(fragment, b64url_encode(c->arena, sha256(c->arena, body)));
}

static enum step fetch_done(struct ctx *c, struct fail *f)
{
    struct asking *a = asking_of(c);

    if (!a->fetched.answered)
        return fail(f, FAIL_CALLER, "invalid_request_uri", "request_uri could not be fetched: %s", a->fetched.error);
    if (a->fetched.status != 200)
        return fail(f, FAIL_CALLER, "invalid_request_uri", "request_uri answers with status %d", a->fetched.status);
    if (!is_meant(c, form_get(a->beside, S("request_uri")), a->fetched.body))
        return fail(f, FAIL_CALLER, "invalid_request_uri",
                    "request_uri: what is there has another hash than its fragment");
    a->object = str_trim(a->fetched.body);
    return step_into(c, request_object);
}

const struct step_row request_object_fetch[] = { { fetch_count }, { fetch_begin }, { fetch_done }, { NULL } };

/* ── verified ───────────────────────────────────────────────────────────── */

static struct str alg_of(struct arena *a, struct str token)
{
    struct fail unreadable = { 0 };
    struct str rest = token, header, json;

    if (!str_split(&rest, '.', &header) || !b64url_decode(a, header, &json))
        return (struct str){ NULL, 0 };
    return json_get_str(json_parse(a, json, &unreadable), S("alg"));
}

static bool signs_always(const struct service *s)
{
    return s->client.fapi || s->client.request_object_required || str_is_set(s->client.request_object_alg);
}

/* A request without a signature is none of an object's kind: it says so to whoever may never have meant to sign, and is
 * an error of whoever must [OIDC Core 3.1.2.6]. */
static enum step refuse_unsigned(struct ctx *c, struct fail *f)
{
    const struct asking *a = asking_of(c);

    if (!str_eq(alg_of(c->arena, a->object), S("none")))
        return NEXT;
    if (signs_always(c->service))
        return unusable(f, "alg is none: this service signs its request objects");
    return fail(f, FAIL_CALLER,
                form_get(a->beside, S("request")).p != NULL ? "request_not_supported" : "request_uri_not_supported",
                "request: alg is none, and unsigned request objects are not supported");
}

static unsigned algs_of(const struct service *s)
{
    unsigned most = s->client.fapi ? JOSE_FAPI : JOSE_EVERY;

    return str_is_set(s->client.request_object_alg) ? most & JOSE_BIT(jose_alg_named(s->client.request_object_alg))
                                                    : most;
}

/* [OIDC Core 6.1] leaves open what [FAPI 2.0 Message Signing 5.3.1] demands. */
static void verify(struct ctx *c)
{
    const struct service *s = c->service;
    bool fapi = s->client.fapi;
    const struct jose_rules rules = {
        .blame = FAIL_CALLER,
        .algs = algs_of(s),
        .typ = S("oauth-authz-req+jwt"),
        .typ_lenient = true,
        .iss = s->client_id,
        .aud = c->set->public_url,
        .iss_rule = fapi ? ISS_MUST : ISS_IF_SAID,
        .aud_rule = fapi ? AUD_MUST : AUD_IF_SAID,
        .exp_optional = !fapi,
        .iat_optional = true,
        .sub_optional = true,
        .azp_any = true,
        .nbf_must = fapi,
        .nbf_age_max_s = fapi ? OBJECT_LIFE_S : 0,
        .nbf_life_max_s = fapi ? OBJECT_LIFE_S : 0,
        .now_s = c->now_s,
        .skew_s = c->set->jose_skew_s,
    };

    struct asking *a = asking_of(c);

    a->why = (struct fail){ 0 };
    a->keys = client_keys_of(c);
    a->verified = a->keys != NULL && jose_verify(c->arena, a->object, a->keys, &rules, &a->claims, &a->why);
}

static enum step find_keys(struct ctx *c, struct fail *f)
{
    (void)f;
    return step_into(c, client_keys);
}

/* A key that is not known may have come since [OIDC Core 10.1.1]. */
static enum step find_keys_anew(struct ctx *c, struct fail *f)
{
    const struct asking *a = asking_of(c);

    (void)f;
    verify(c);
    return a->verified || (a->keys != NULL && !jose_is_about_keys(a->why.code)) ? NEXT : step_into(c, client_keys_anew);
}

/* Signed with a jti, it serves once; a file that is fetched says the same to everybody who is sent with it. */
static void note_jti(struct ctx *c, const struct jose_claims *claims)
{
    struct asking *a = asking_of(c);

    if (!str_is_set(claims->jti) || form_get(a->beside, S("request")).p == NULL)
        return;
    struct str mark = sha256_hex(
        c->arena, arena_printf(c->arena, "%.*s\n%.*s", STR_ARG(c->service->client_id), STR_ARG(claims->jti)));
    /* Made before this Redis was the primary, it may have served where that is forgotten: it is of no epoch then. */
    bool forgotten = kv_may_forget(c->kv, jose_born_s(claims));
    a->used_up =
        arena_printf(c->arena, "ro:%.*s %.*s", STR_ARG(mark), STR_ARG(forgotten ? S("before") : kv_epoch(c->kv)));
}

static enum step read_object(struct ctx *c, struct fail *f)
{
    struct asking *a = asking_of(c);

    if (!a->verified && client_keys_of(c) != a->keys)
        verify(c);
    if (a->keys == NULL)
        return fail_told(f, FAIL_CALLER, "invalid_request_object",
                         "request: no keys of this service are known that could verify it", "request: no keys: %s",
                         client_keys_trouble(c));
    if (!a->verified)
        return fail(f, FAIL_CALLER, "invalid_request_object", "request: %s: %s", a->why.code, a->why.detail);
    if (c->service->client.fapi && json_get(a->claims.all, S("client_id")) == NULL) /* [RFC 9101 5] */
        return unusable(f, "client_id is missing in it");
    note_jti(c, &a->claims);
    return object_form(c->arena, a->claims.all, c->service->client_id, &a->form, f) ? NEXT : REFUSE;
}

const struct step_row request_object[] = {
    { refuse_unsigned }, { find_keys }, { find_keys_anew }, { read_object }, { NULL }
};

/* ── read ───────────────────────────────────────────────────────────────── */

/* What a JWT says of itself, and no parameter. */
static bool is_of_token(struct str name)
{
    static const char *const names[] = { "iss", "aud", "exp", "nbf", "iat", "jti", "sub" };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_eq(name, str_of(names[i])))
            return true;
    return false;
}

/* As little as a form may hold (wire/form.h). */
static bool is_plain(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char ch = (unsigned char)s.p[i];
        if ((ch < 0x20 && ch != '\t' && ch != '\r' && ch != '\n') || ch == 0x7f)
            return false;
    }
    return true;
}

/* Texts as they are; numbers and booleans as they are written; `claims` and whatever else is an object as its JSON. */
static struct str value_text(struct arena *a, const struct json_value *v)
{
    struct json_out o = json_out(a, VALUE_MAX_B);

    if (v->type == JSON_STR)
        return v->text;
    json_value(&o, v);
    return json_done(&o);
}

static bool add_field(struct arena *a, struct form *form, struct str name, const struct json_value *v, struct fail *f)
{
    struct str value = value_text(a, v);

    if (form->count == FORM_FIELDS_MAX)
        return unusable(f, "it has too many members");
    if (value.p == NULL || !is_plain(value) || !is_plain(name))
        return unusable(f, "a member holds a control character, or too much");
    form->fields[form->count++] = (struct form_field){ name, value };
    return true;
}

static bool add_member(struct arena *a, struct form *form, const struct json_value *v, struct fail *f)
{
    if (v->type == JSON_NULL || is_of_token(v->name))
        return true;
    if (str_eq(v->name, S("request")) || str_eq(v->name, S("request_uri"))) /* [RFC 9101 4] */
        return unusable(f, "it holds request or request_uri itself");
    if (!str_eq(v->name, S("resource")) || v->type != JSON_ARRAY)
        return add_field(a, form, v->name, v, f);
    for (const struct json_value *each = v->first; each != NULL; each = each->next)
        if (!add_field(a, form, v->name, each, f))
            return false;
    return true;
}

bool object_form(struct arena *a, const struct json_value *claims, struct str client_id, const struct form **out,
                 struct fail *f)
{
    struct form *form = arena_make(a, struct form);
    const struct json_value *inside = json_get(claims, S("client_id"));

    if (inside != NULL && !str_eq(json_get_str(claims, S("client_id")), client_id)) /* [RFC 9101 6.3] */
        return unusable(f, "client_id in it is another one");
    if (str_eq(json_get_str(claims, S("sub")), client_id)) /* a client assertion is no request [RFC 9101 10.8] */
        return unusable(f, "its sub is the service itself");
    form->fields = arena_make_n(a, FORM_FIELDS_MAX, struct form_field);
    for (const struct json_value *v = claims->first; v != NULL; v = v->next)
        if (!add_member(a, form, v, f))
            return false;
    *out = form;
    return true;
}
