/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/scenario/authority.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "model/when.h"
#include "wire/form.h"

#include <stdlib.h>
#include <string.h>

#define CLIENT   "asiakas1"
#define API_KEY  "the-api-key-of-the-scenarios"
#define PASSWORD "the-oauth-password-of-the-scenarios"

enum { OFF_MOST_S = 300 };

/* role: what e-Authorizations say of the pair; "": nothing. */
static const struct {
    const char *guardian, *code, *child, *child_code, *role;
} families[] = {
    { "maija", "010180-9015", "Vilja", "050516A911S", "ALL" },
    { "maija", "010180-9015", "Onni", "060619A9121", "ALL" },
    { "paavo", "020281-902W", "Piilo", "080814A916S", "ALL" }, /* no row at home: the child is protected */
    { "kaisa", "030382-903M", "Toivo", "070715A915J", "" },    /* care order; a protected guardian: no role */
    { "niilo", "040483-904C", NULL, NULL, "" },
    { "aatu", "050584-9054", "Helmi", "110808A9132", "ALL" }, /* of age on 11 August 2026 */
    { "elli", "060684-906L", "Armi", "110816A9178", "ALL" },  /* ten on 11 August 2026 */
    { "aatu", "050584-9054", "Lumi", "290208A914V", "ALL" },  /* on 28 February 2026 */
};

enum { FAMILIES = sizeof families / sizeof *families };

struct str authority_code(struct str person)
{
    for (size_t i = 0; i < FAMILIES; i++)
        if (str_eq(person, str_of(families[i].guardian)))
            return str_of(families[i].code);
    return S("040483-904C");
}

/* Aatu's are in Espoo's own relations as well. */
struct str authority_children(struct arena *a, const char *city)
{
    if (strcmp(city, "oulu") == 0)
        return S("identity;own_key;school;group;level;name;protected;guardians\n"
                 "050516A911S;uid-vilja;99101;4A;4;Vilja Koe;;\n"
                 "080814A916S;uid-piilo;99101;6B;6;Piilo Koe;1;\n"
                 "070715A915J;uid-toivo;99101;5A;5;Toivo Koe;;\n"
                 "110808A9132;uid-helmi;99101;;;Helmi Koe;;050584-9054\n"
                 "110816A9178;uid-armi;99101;4B;4;Armi Koe;;\n");
    (void)a;
    return S("identity,own_key,school,group,level,name\n"
             "060619A9121,uid-onni,99102,1B,1,\"Onni \"\"O\"\" Koe\"\n"
             "290208A914V,uid-lumi,99102,,,Lumi Koe\n");
}

static struct str after(struct str s, const char *prefix)
{
    return str_has_prefix(s, str_of(prefix)) ? str_from(s, strlen(prefix)) : (struct str){ NULL, 0 };
}

/* "CLIENTID TIMESTAMP CHECKSUM" over the path with its query. */
static bool checksum_fits(struct arena *a, const struct world *w, const struct fetch_request *r)
{
    struct str rest = r->field_value, client, at, path = str_from(r->url, strlen(AUTHORITY_URL));
    int64_t at_s;

    if (!str_eq(r->field, S("X-AsiointivaltuudetAuthorization")) || !str_split(&rest, ' ', &client) ||
        !str_split(&rest, ' ', &at) || !str_eq(client, S(CLIENT)) || !when_rfc3339_read(at, &at_s) ||
        at_s - world_now_s(w) > OFF_MOST_S || world_now_s(w) - at_s > OFF_MOST_S)
        return false;
    struct str said = arena_printf(a, "%.*s %.*s", STR_ARG(path), STR_ARG(at));
    return str_eq(rest, b64_encode(a, hmac_sha256(a, hmac_key(a, S(API_KEY)), said)));
}

static bool bearer_fits(struct arena *a, const struct fetch_request *r, struct str session)
{
    return str_eq(r->authorization, arena_printf(a, "Bearer t-%.*s", STR_ARG(session)));
}

/* "s-maija-1": the first that was registered. */
static const char *whose(const struct authority *x, struct str session)
{
    int64_t n;
    size_t dash = session.n;

    while (dash > 0 && session.p[dash - 1] != '-')
        dash--;
    return str_int(str_from(session, dash), &n) && n >= 1 && n <= (int64_t)x->registered ? x->who[n] : "";
}

static struct str enrol(struct arena *a, struct authority *x, struct str rest)
{
    struct str code, line = rest;

    (void)str_split(&line, '?', &code);
    if (str_eq(x->says, S("another"))) /* the one that was registered last, whosever it is */
        return arena_printf(a, "{\"sessionId\":\"s-%s-%u\",\"userId\":\"u-%s-%u\"}", x->who[x->registered],
                            x->registered, x->who[x->registered], x->registered);
    x->registered = x->registered < 31 ? x->registered + 1 : 31;
    x->who[x->registered] = "niilo";
    for (size_t i = 0; i < FAMILIES; i++)
        if (str_eq(code, str_of(families[i].code)))
            x->who[x->registered] = families[i].guardian;
    return arena_printf(a, "{\"sessionId\":\"s-%s-%u\",\"userId\":\"u-%s-%u\"}", x->who[x->registered], x->registered,
                        x->who[x->registered], x->registered);
}

/* The code is the user's id: the script goes in the browser's place. */
static struct str redeem(struct arena *a, struct authority *x, const struct fetch_request *r, int *status)
{
    struct form *f = NULL;
    struct fail why = { 0 };
    struct str basic = arena_printf(a, "Basic %.*s", STR_ARG(b64_encode(a, S(CLIENT ":" PASSWORD)))), code;
    int64_t n = 0;

    (void)form_read(a, str_from(r->url, str_find_byte(r->url, '?', 0) + 1), &f, &why);
    code = form_get(f, S("code"));
    size_t dash = code.n;
    while (dash > 0 && code.p[dash - 1] != '-')
        dash--;
    bool good = r->post && str_eq(r->authorization, basic) &&
                str_eq(form_get(f, S("grant_type")), S("authorization_code")) &&
                str_eq(form_get(f, S("redirect_uri")), S("https://gateway.example/guardian/came")) &&
                str_int(str_from(code, dash), &n) && n >= 1 && n <= (int64_t)x->registered && (x->spent >> n & 1) == 0;
    if (!good) {
        *status = 400;
        return S("{\"error\":\"invalid_grant\"}");
    }
    x->spent |= 1u << n;
    return arena_printf(a, "{\"access_token\":\"t-s-%.*s\",\"expires_in\":600}", STR_ARG(str_from(code, 2)));
}

static struct str delegates(struct arena *a, const char *guardian)
{
    struct buf b = buf_new(a, 4096);

    buf_byte(&b, '[');
    for (size_t i = 0; i < FAMILIES; i++)
        if (strcmp(families[i].guardian, guardian) == 0 && families[i].child != NULL)
            buf_printf(&b, "%s{\"personId\":\"%s\",\"name\":\"%s Valtuus\"}", b.n > 1 ? "," : "",
                       families[i].child_code, families[i].child);
    buf_byte(&b, ']');
    return buf_str(&b);
}

static struct str roles(struct arena *a, const char *guardian, struct str child)
{
    for (size_t i = 0; i < FAMILIES; i++)
        if (strcmp(families[i].guardian, guardian) == 0 && families[i].child != NULL &&
            str_eq(child, str_of(families[i].child_code)) && *families[i].role != '\0')
            return arena_printf(a, "{\"roles\":[\"%s\"]}", families[i].role);
    return S("{\"roles\":[]}");
}

static void answer(struct arena *a, struct authority *x, const struct world *w, const struct fetch_request *r,
                   struct fetch_got *out)
{
    struct str path = str_from(r->url, strlen(AUTHORITY_URL)), rest, session;
    struct str client = after(path, "/service/hpa/user/register/" CLIENT "/");

    out->status = 401;
    if (str_has_prefix(path, S("/oauth/token?"))) {
        out->status = 200;
        out->body = redeem(a, x, r, &out->status);
        return;
    }
    if (!checksum_fits(a, w, r))
        return;
    out->status = 200;
    if (client.p != NULL) {
        out->body = enrol(a, x, client);
        return;
    }
    rest = after(path, "/service/hpa/api/delegate/");
    bool lists = rest.p == NULL;
    rest = lists ? after(path, "/service/hpa/api/authorizationlist/") : rest;
    (void)str_split(&rest, '?', &path);
    (void)str_split(&path, '/', &session);
    if (!bearer_fits(a, r, session)) {
        out->status = 401;
        out->body = S("{\"status\":401}");
        return;
    }
    out->body = lists ? roles(a, whose(x, session), path) : delegates(a, whose(x, session));
}

bool authority_fetch(struct arena *a, struct authority *x, const struct world *w, const struct fetch_request *r,
                     struct fetch_got *out)
{
    int64_t status;

    if (!str_has_prefix(r->url, S(AUTHORITY_URL "/")))
        return false;
    *out =
        (struct fetch_got){ .answered = true, .status = 200, .max_age_s = -1, .content_type = S("application/json") };
    if (str_eq(x->says, S("away")) || str_eq(x->says, S("late")))
        *out = (struct fetch_got){ .error = str_eq(x->says, S("late")) ? "timeout" : "connect", .max_age_s = -1 };
    else if (str_eq(x->says, S("nonsense")))
        out->body = S("<html>\xff{");
    else if (str_eq(x->says, S("words")))
        out->body = S("{\"sessionId\":7,\"access_token\":[],\"roles\":\"ALL\",\"result\":\"allowed\"}");
    else if (str_int(x->says, &status))
        out->status = (int)status;
    else
        answer(a, x, w, r, out);
    return true;
}
