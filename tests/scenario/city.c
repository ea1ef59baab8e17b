/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/scenario/city.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "tests/saml/forge.h"
#include "tests/scenario/authority.h"
#include "tests/tokens.h"
#include "wire/form.h"

#include <string.h>
#include <time.h>

enum { BODY_B = 1 << 17 };

struct code { /* that an OpenID city gave out */
    struct str code, nonce, challenge, person, role, number;
    int64_t auth_time_s;
    bool spent, silent;
};

struct city {
    const char *name, *site, *provider_oid; /* site: SAML: of the single sign-on; OpenID Connect: the issuer */
    bool saml, away;
    int64_t wrong_by_s;
    struct cities *all;
};

struct cities {
    struct arena *arena;
    const struct world *world;
    struct city city[4];
    struct code codes[CITY_ANSWERS_MAX];
    size_t code_count;
    int answers;
    struct str heard[CITY_HEARD_MAX]; /* logout tokens that kuulo has heard */
    size_t heard_count, tries;
    bool deaf; /* kuulo's web server does not answer */
    struct authority authority;
};

enum { CITIES = sizeof((struct cities *)0)->city / sizeof *((struct cities *)0)->city };

struct cities *cities_new(struct arena *a, const struct world *w)
{
    struct cities *c = arena_make(a, struct cities);
    const struct city all[CITIES] = {
        { "oulu", "https://idp.oulu.example/sso", "1.2.246.562.99.95640100004", true, false, 0, c },
        { "espoo", "https://idp.espoo.example", "1.2.246.562.99.95640100017", false, false, 0, c },
        { "vantaa", "https://idp.vantaa.example", "1.2.246.562.99.95640100025", false, false, 0, c },
        { "suomifi", "https://tunnistus.example/sso", "", true, false, 0, c }, /* no city: guardians sign in there */
    };

    c->arena = a;
    c->world = w;
    memcpy(c->city, all, sizeof all);
    return c;
}

struct city *city_named(struct cities *c, struct str name)
{
    for (size_t i = 0; i < CITIES; i++)
        if (str_eq(name, str_of(c->city[i].name)))
            return &c->city[i];
    return NULL;
}

struct city *city_at(struct cities *c, struct str location)
{
    for (size_t i = 0; i < CITIES; i++)
        if (str_has_prefix(location, str_of(c->city[i].site)))
            return &c->city[i];
    return NULL;
}

struct str city_name(const struct city *c)
{
    return str_of(c->name);
}

bool city_is_saml(const struct city *c)
{
    return c->saml;
}

void city_clock(struct city *c, int64_t wrong_by_s)
{
    c->wrong_by_s = wrong_by_s;
}

void city_leaves(struct city *c, bool away)
{
    c->away = away;
}

static int64_t now_s(const struct city *c)
{
    return world_now_s(c->all->world) + c->wrong_by_s;
}

static struct form *query_of(struct arena *a, struct str location)
{
    struct form *form = NULL;
    struct fail f = { 0 };

    (void)form_read(a, str_from(location, str_find_byte(location, '?', 0) + 1), &form, &f);
    return form;
}

/* SAML. */

#define SUOMIFI_ENTITY "https://tunnistus.example/idp"

struct str city_metadata_suomifi(struct arena *a)
{
    struct str text = city_metadata(a);

    text = forge_replace(a, text, FORGE_ISSUER, SUOMIFI_ENTITY);
    return forge_replace(a, text, "https://idp.oulu.example/sso", "https://tunnistus.example/sso");
}

struct str city_metadata(struct arena *a)
{
    struct str pem = forge_certificate(FORGE_IDP);
    struct str rest = str_from(pem, str_find(pem, S("-----\n")) + 6);

    return arena_printf(
        a,
        "<EntityDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\" "
        "xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" entityID=\"" FORGE_ISSUER
        "\" validUntil=\"2026-09-01T00:00:00Z\"><IDPSSODescriptor "
        "errorURL=\"https://idp.oulu.example/apua?c=ERRORURL_CODE\" "
        "protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"><KeyDescriptor><ds:KeyInfo><ds:X509Data>"
        "<ds:X509Certificate>%.*s</ds:X509Certificate></ds:X509Data></ds:KeyInfo></KeyDescriptor><SingleSignOnService "
        "Location=\"https://idp.oulu.example/sso\" Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\"/>"
        "</IDPSSODescriptor></EntityDescriptor>\n",
        STR_ARG(str_sub(rest, 0, str_find(rest, S("-----END")))));
}

static const char *stamp(struct arena *a, int64_t at_s)
{
    char *text = arena_alloc(a, 32);
    time_t at = (time_t)at_s;
    struct tm tm;

    (void)strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&at, &tm));
    return text;
}

/* The name of a role as OPH's register has it in MPASSid's attribute. */
static const char *role_word(struct str role)
{
    static const struct {
        const char *role, *word;
    } words[] = { { "teacher", "opettaja" }, { "learner", "oppilas" }, { "substitute", "sijaisopettaja" } };

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_eq(role, str_of(words[i].role)))
            return words[i].word;
    return "opettaja";
}

static struct str attribute(struct arena *a, const char *name, struct str value)
{
    return arena_printf(a,
                        "<saml:Attribute Name=\"%s\"><saml:AttributeValue>%.*s</saml:AttributeValue></saml:Attribute>",
                        name, STR_ARG(value));
}

/* Names and what the population register has of them, as e-Identification sends it. */
static struct str guardian_xml(struct arena *a, const struct city_answer_how *how)
{
    bool unknown = str_eq(how->role, S("unregistered"));

    return arena_printf(
        a, "<saml:AttributeStatement>%.*s%.*s%.*s%.*s%.*s</saml:AttributeStatement>",
        STR_ARG(attribute(a, "urn:oid:1.2.246.21", authority_code(how->person))),
        STR_ARG(attribute(a, "urn:oid:2.5.4.42", how->person)), STR_ARG(attribute(a, "urn:oid:2.5.4.4", S("Huoltaja"))),
        STR_ARG(attribute(a, "urn:oid:1.2.246.517.2002.2.27", str_eq(how->role, S("protected")) ? S("1") : S("0"))),
        STR_ARG(attribute(a, "urn:oid:1.2.246.517.3002.111.2", unknown ? S("false") : S("true"))));
}

static struct str person_xml(const struct city *c, const struct city_answer_how *how)
{
    struct arena *a = c->all->arena;

    if (strcmp(c->name, "suomifi") == 0)
        return guardian_xml(a, how);
    struct str role = arena_printf(a, "%s;99101;7B;%s;;;", c->provider_oid, role_word(how->role));

    return arena_printf(a, "<saml:AttributeStatement>%.*s%.*s%.*s%.*s%.*s</saml:AttributeStatement>",
                        STR_ARG(attribute(a, "urn:mpass.id:uid", arena_join(a, S("uid-"), how->person))),
                        STR_ARG(attribute(a, "urn:oid:1.3.6.1.4.1.16161.1.1.27",
                                          how->number.p != NULL ? how->number : S("1.2.246.562.24.10000000003"))),
                        STR_ARG(attribute(a, "urn:oid:2.5.4.42", how->person)),
                        STR_ARG(attribute(a, "urn:oid:2.5.4.4", S("Koe"))),
                        STR_ARG(attribute(a, "urn:mpass.id:role", role)));
}

/* The template of SimpleSAMLphp, with today's times in it and this person instead of its own. */
static struct str write_response(struct city *c, const struct city_answer_how *how, struct str request_id)
{
    struct arena *a = c->all->arena;
    int64_t now = now_s(c);
    const char *id = arena_cstr(a, arena_printf(a, "_answer%d", ++c->all->answers));
    const struct {
        const char *from, *to;
    } edits[] = {
        { FORGE_REQUEST, arena_cstr(a, request_id) },
        { "_assertion1", id },
        { "AuthnInstant=\"2026-08-10T07:59:58Z\"",
          arena_cstr(a, arena_printf(a, "AuthnInstant=\"%s\"", stamp(a, now - how->since_s))) },
        { "2026-08-10T07:59:58Z", stamp(a, now) },
        { "2026-08-10T07:59:28Z", stamp(a, now) },
        { "2026-08-10T08:04:58Z", stamp(a, now + 300) },
        { "2026-08-10T15:59:58Z", stamp(a, now + (how->for_s > 0 ? how->for_s : 8 * 3600)) },
    };
    struct str text = forge_file(a, "simplesamlphp");

    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++)
        text = forge_replace(a, text, edits[i].from, edits[i].to);
    text =
        forge_replace(a, text, arena_cstr(a, forge_cut(text, "AttributeStatement")), arena_cstr(a, person_xml(c, how)));
    if (strcmp(c->name, "suomifi") == 0)
        text = forge_replace(a, text, FORGE_ISSUER, SUOMIFI_ENTITY);
    if (how->refuses || how->error.p != NULL)
        text = forge_replace(
            a, text, "status:Success\"/>",
            arena_printf(a,
                         "status:Responder\"><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:%.*s\"/>"
                         "</samlp:StatusCode>",
                         STR_ARG(how->error.p != NULL ? how->error : S("AuthnFailed")))
                .p);
    return forge_unmark(a, forge_sign(a, text, id, "@A@", &(struct forge_sign){ .key = FORGE_IDP }));
}

static void write_saml(struct city *c, const struct city_answer_how *how, struct str relay, struct city_answer *out)
{
    struct arena *a = c->all->arena;
    struct buf body = buf_new(a, BODY_B);

    form_add(&body, S("SAMLResponse"), b64_encode(a, write_response(c, how, relay)));
    form_add(&body, S("RelayState"), relay);
    *out = (struct city_answer){ true, S("/upstream/saml/acs"), buf_str(&body) };
}

/* OpenID Connect. */

static void write_oidc(struct city *c, const struct city_answer_how *how, const struct form *asked, struct str state,
                       struct city_answer *out)
{
    struct cities *all = c->all;
    struct arena *a = all->arena;
    struct buf path = buf_new(a, BODY_B);
    struct str code = arena_printf(a, "code-%s-%d", c->name, ++all->answers);

    if (all->code_count < CITY_ANSWERS_MAX)
        all->codes[all->code_count++] = (struct code){ .code = code,
                                                       .nonce = form_get(asked, S("nonce")),
                                                       .challenge = form_get(asked, S("code_challenge")),
                                                       .person = how->person,
                                                       .role = how->role,
                                                       .number = how->number,
                                                       .auth_time_s = now_s(c) - how->since_s,
                                                       .silent = how->silent };
    buf_printf(&path, "/upstream/oidc/%s", c->name);
    if (how->refuses || how->error.p != NULL)
        url_query(&path, S("error"), how->error.p != NULL ? how->error : S("access_denied"));
    else
        url_query(&path, S("code"), code);
    url_query(&path, S("state"), state);
    url_query(&path, S("iss"), str_of(c->site));
    *out = (struct city_answer){ false, buf_str(&path), { NULL, 0 } };
}

/* Where a SAML city has its RelayState, an OpenID city has its state: both name the login. */
bool city_write(struct city *c, const struct city_answer_how *how, struct city_answer *out)
{
    const struct form *asked = query_of(c->all->arena, how->asked);
    struct str login = form_get(asked, S("RelayState"));

    if (login.p == NULL)
        login = form_get(asked, S("state"));
    if (login.p == NULL)
        return false;
    if (c->saml)
        write_saml(c, how, login, out);
    else
        write_oidc(c, how, asked, login, out);
    return true;
}

static struct str discovery(const struct city *c, struct arena *a)
{
    /* One of them can be left. */
    struct str end =
        strcmp(c->name, "vantaa") == 0
            ? arena_printf(a, "\"end_session_endpoint\":\"%s/end\",\"backchannel_logout_supported\":true,", c->site)
            : S("");

    return arena_printf(a,
                        "{\"issuer\":\"%s\",\"authorization_endpoint\":\"%s/auth\",\"token_endpoint\":\"%s/token\","
                        "\"jwks_uri\":\"%s/jwks\",%.*s\"authorization_response_iss_parameter_supported\":true}",
                        c->site, c->site, c->site, c->site, STR_ARG(end));
}

static struct str id_token(const struct city *c, struct arena *a, const struct code *code)
{
    struct str at_hash = b64url_encode(a, str_sub(sha256(a, S("city-token")), 0, 16));
    struct str auth_time = code->silent ? S("") : arena_printf(a, "\"auth_time\":%lld,", (long long)code->auth_time_s);
    struct str number =
        code->number.p != NULL ? arena_printf(a, "\"edu_learner_id\":\"%.*s\",", STR_ARG(code->number)) : S("");
    struct str payload =
        arena_printf(a,
                     "{\"iss\":\"%s\",\"aud\":\"digione\",\"sub\":\"uid-%.*s\",\"sid\":\"sid-%.*s\","
                     "\"given_name\":\"%.*s\",\"family_name\":\"Koe\","
                     "\"edu_roles\":[{\"role\":\"%.*s\",\"provider_oid\":\"%s\"}],"
                     "\"exp\":%lld,\"iat\":%lld,%.*s%.*s\"nonce\":\"%.*s\",\"at_hash\":\"%.*s\"}",
                     c->site, STR_ARG(code->person), STR_ARG(code->person), STR_ARG(code->person), STR_ARG(code->role),
                     c->provider_oid, (long long)now_s(c) + 300, (long long)now_s(c), STR_ARG(auth_time),
                     STR_ARG(number), STR_ARG(code->nonce), STR_ARG(at_hash));

    return test_token(a, TEST_EC, S("{\"alg\":\"ES256\",\"kid\":\"city\"}"), payload);
}

/* A code is good once, here and with its verifier. */
static struct str redeem(struct city *c, struct arena *a, struct str body, int *status)
{
    struct form *form = NULL;
    struct fail f = { 0 };

    (void)form_read(a, body, &form, &f);
    for (size_t i = 0; i < c->all->code_count; i++) {
        struct code *code = &c->all->codes[i];
        struct str verifier = form_get(form, S("code_verifier"));
        if (!str_eq(code->code, form_get(form, S("code"))) || code->spent || !str_is_set(verifier) ||
            !str_eq(code->challenge, b64url_encode(a, sha256(a, verifier))))
            continue;
        code->spent = true;
        return arena_printf(a, "{\"access_token\":\"city-token\",\"token_type\":\"Bearer\",\"id_token\":\"%.*s\"}",
                            STR_ARG(id_token(c, a, code)));
    }
    *status = 400;
    return S("{\"error\":\"invalid_grant\"}");
}

/* Espoo is on a private network, which its row names, and the others are in the world: a request that says otherwise
 * goes nowhere. */
static bool is_reached(const struct city *c, struct str networks)
{
    return str_eq(city_name(c), S("espoo")) ? str_eq(networks, S("10.20.0.0/16 fd00:20::/48")) : networks.n == 0;
}

struct str city_logout_token(struct city *c, const struct city_logout *said)
{
    struct arena *a = c->all->arena;
    struct buf b = buf_new(a, 2048);
    struct str head = arena_printf(a, "{\"alg\":\"ES256\",\"kid\":\"city\",\"typ\":\"%.*s\"}", STR_ARG(said->typ));

    buf_printf(&b, "{\"iss\":\"%.*s\",\"aud\":\"%.*s\"", STR_ARG(said->iss.p != NULL ? said->iss : str_of(c->site)),
               STR_ARG(said->aud));
    const struct {
        const char *name;
        struct str value;
    } texts[] = { { "sub", said->sub }, { "sid", said->sid }, { "jti", said->jti }, { "nonce", said->nonce } };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].value.p != NULL)
            buf_printf(&b, ",\"%s\":\"%.*s\"", texts[i].name, STR_ARG(texts[i].value));
    if (said->events.p != NULL)
        buf_printf(&b, ",\"events\":%.*s", STR_ARG(said->events));
    buf_printf(&b, ",\"iat\":%lld,\"exp\":%lld}", (long long)(now_s(c) - said->old_s),
               (long long)(now_s(c) - said->old_s + 120));
    return test_token(a, said->foreign ? TEST_EC_OTHER : TEST_EC, head, buf_str(&b));
}

void cities_deaf(struct cities *c, bool deaf)
{
    c->deaf = deaf;
}

struct str cities_heard(struct cities *c, size_t *n)
{
    struct str first = c->heard_count > 0 ? c->heard[0] : (struct str){ NULL, 0 };

    *n = c->heard_count;
    c->heard_count = 0;
    return first;
}

/* Kuulo's: answers 200 to whatever comes. */
static void hear(struct cities *c, const struct fetch_request *r, struct fetch_got *out)
{
    *out = (struct fetch_got){ .answered = !c->deaf, .status = 200, .max_age_s = -1 };
    if (c->deaf)
        out->error = "connect";
    else if (c->heard_count < CITY_HEARD_MAX)
        c->heard[c->heard_count++] = arena_str(c->arena, r->body);
}

void cities_fetch(void *self, struct arena *a, const struct fetch_request *r, struct fetch_got *out)
{
    struct city *c = city_at(self, r->url);
    struct str path = c != NULL ? str_from(r->url, strlen(c->site)) : S("");

    if (authority_fetch(a, &((struct cities *)self)->authority, ((struct cities *)self)->world, r, out))
        return;
    if (str_eq(r->url, S("https://kuulo.example/leave"))) {
        hear(self, r, out);
        return;
    }
    *out =
        (struct fetch_got){ .answered = true, .status = 200, .max_age_s = -1, .content_type = S("application/json") };
    if (c == NULL || c->away)
        *out = (struct fetch_got){ .error = "connect", .max_age_s = -1 };
    else if (!is_reached(c, r->networks))
        *out = (struct fetch_got){ .error = "refused_address", .max_age_s = -1 };
    else if (str_eq(path, S("/.well-known/openid-configuration")))
        out->body = discovery(c, a);
    else if (str_eq(path, S("/jwks")))
        out->body = test_jwks(a, TEST_EC, "city");
    else if (str_eq(path, S("/token")))
        out->body = redeem(c, a, r->body, &out->status);
    else
        out->status = 404;
}

void cities_authority(struct cities *c, struct str says)
{
    c->authority.says = says;
}
