/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/check.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "base/near.h"
#include "base/networks.h"
#include "idp-adapters/attribute_map.h"
#include "idp-adapters/upstream_saml.h"
#include "model/audience.h"
#include "model/business_id.h"
#include "model/grant_types.h"
#include "model/mailbox.h"
#include "policy/cost.h"
#include "policy/receipts.h"
#include "policy/text_check.h"
#include "registry/check_client.h"
#include "registry/check_saml.h"
#include "registry/check_tool.h"
#include "registry/links.h"
#include "registry/load.h"
#include "registry/targets.h"
#include "wire/dsig.h"
#include "wire/fetch.h"
#include "wire/jose.h"
#include "wire/saml_write.h"

#include <stdarg.h>
#include <stdio.h>

enum { ID_MAX_B = 64, URL_MAX_B = 2048, REDIRECT_URIS_MAX = 100, ASSERTS_SCHOOLS_MAX = 1000 };

struct checking {
    const struct registry *registry;
    const struct registry_parts *parts;
    struct arena *scratch;
    struct arena *of_text;              /* begun anew for each policy */
    const struct text_checker *checker; /* of policies' texts */
    struct row_place at;
    struct fail *fail;
};

__attribute__((format(printf, 2, 3))) static int wrong(struct checking *c, const char *fmt, ...)
{
    char why[FAIL_LONG_B];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(why, sizeof why, fmt, ap);
    va_end(ap);
    return fail_long(c->fail, FAIL_CALLER, "registry_invalid", "%s %.*s%s%.*s: %s", kind_rows[c->at.kind].name,
                     STR_ARG(c->at.key[0]), c->at.key[1].n > 0 ? "/" : "", STR_ARG(c->at.key[1]), why);
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool is_row_id(struct str s)
{
    if (!str_is_set(s) || s.n > ID_MAX_B || !(is_lower(s.p[0]) || is_digit(s.p[0])))
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (!is_lower(s.p[i]) && !is_digit(s.p[i]) && s.p[i] != '-' && s.p[i] != '_' && s.p[i] != '.')
            return false;
    return true;
}

bool is_oid(struct str s)
{
    struct str rest = s, arc;
    size_t arcs = 0;

    if (s.n > 128 || str_has_suffix(s, S(".")))
        return false;
    while (str_split(&rest, '.', &arc)) {
        arcs++;
        if (arc.n == 0)
            return false;
        for (size_t i = 0; i < arc.n; i++)
            if (!is_digit(arc.p[i]))
                return false;
    }
    return arcs >= 3;
}

/* Addresses. */

struct url {
    struct str scheme, authority, host, port, rest;
    bool has_port;
};

static bool is_url_byte(char c)
{
    return c > 0x20 && c < 0x7f && c != '"' && c != '<' && c != '>' && c != '\\' && c != '^' && c != '`' && c != '{' &&
           c != '|' && c != '}';
}

static const char *bytes_trouble(struct str url)
{
    if (url.n > URL_MAX_B)
        return "is longer than 2048 bytes";
    for (size_t i = 0; i < url.n; i++) {
        if (!is_url_byte(url.p[i]))
            return "has a byte that must be percent-encoded";
        if (url.p[i] == '#')
            return "must not have a fragment (#)";
        if (url.p[i] == '*')
            return "must not have a wildcard (*): write each address out";
    }
    return NULL;
}

static size_t end_of_authority(struct str s)
{
    size_t i = 0;

    while (i < s.n && s.p[i] != '/' && s.p[i] != '?')
        i++;
    return i;
}

static bool split_url(struct str text, struct url *u)
{
    size_t colon = str_find(text, S("://"));

    if (colon == text.n)
        return false;
    struct str rest = str_from(text, colon + 3);
    size_t end = end_of_authority(rest);
    *u = (struct url){ .scheme = str_sub(text, 0, colon),
                       .authority = str_sub(rest, 0, end),
                       .rest = str_from(rest, end) };
    size_t host_end = str_has_prefix(u->authority, S("[")) ? str_find_byte(u->authority, ']', 0) + 1
                                                           : str_find_byte(u->authority, ':', 0);
    if (host_end > u->authority.n)
        return false;
    u->host = str_sub(u->authority, 0, host_end);
    u->has_port = host_end < u->authority.n;
    u->port = str_from(u->authority, host_end + 1);
    return !u->has_port || u->authority.p[host_end] == ':';
}

static bool is_loopback_literal(struct str host)
{
    return str_eq(host, S("127.0.0.1")) || str_eq(host, S("[::1]"));
}

static bool is_localhost(struct str host)
{
    return str_eq(host, S("localhost")) || str_has_suffix(host, S(".localhost"));
}

static const char *host_trouble(const struct url *u)
{
    int64_t port;

    if (str_find_byte(u->authority, '@', 0) < u->authority.n)
        return "must not have a user name (@)";
    if (u->host.n == 0 || u->host.n > 255)
        return "has no host name";
    for (size_t i = 0; i < u->host.n; i++) {
        char c = u->host.p[i];
        bool literal = u->host.p[0] == '[' && (c == '[' || c == ']' || c == ':');
        if (!is_lower(c) && !is_digit(c) && c != '.' && c != '-' && !literal)
            return "must have its host name in lower case letters, digits, dots and hyphens";
    }
    if (u->has_port && (!str_int(u->port, &port) || port < 1 || port > 65535 || u->port.p[0] == '0'))
        return "has a port that is none";
    return NULL;
}

const char *url_trouble(struct str url, bool test)
{
    struct url u;
    const char *trouble = bytes_trouble(url);

    if (trouble != NULL)
        return trouble;
    if (!split_url(url, &u))
        return "must be https://host/…";
    if ((trouble = host_trouble(&u)) != NULL)
        return trouble;
    bool loopback = is_loopback_literal(u.host) || is_localhost(u.host);
    if (str_eq(u.scheme, S("https")))
        return loopback && !test ? "must not be localhost, unless the row says test: true" : NULL;
    if (!str_eq(u.scheme, S("http")))
        return "must begin with https://";
    if (!test)
        return "must begin with https:// (http is for rows with test: true, on loopback)";
    return loopback ? NULL : "may use http on loopback alone (localhost, *.localhost, 127.0.0.1, [::1])";
}

/* "fi.hanki.koodi:/cb" [RFC 8252 7.1] */
static bool is_own_scheme(struct str uri)
{
    size_t colon = str_find_byte(uri, ':', 0);
    struct str scheme = str_sub(uri, 0, colon);

    if (colon + 1 >= uri.n || !str_is_set(scheme) || !is_lower(scheme.p[0]) ||
        str_find_byte(scheme, '.', 0) == scheme.n)
        return false;
    for (size_t i = 0; i < scheme.n; i++)
        if (!is_lower(scheme.p[i]) && !is_digit(scheme.p[i]) && scheme.p[i] != '.' && scheme.p[i] != '-')
            return false;
    return true;
}

const char *redirect_uri_trouble(struct str uri, bool test, bool is_public)
{
    struct url u;
    const char *trouble = bytes_trouble(uri);

    if (trouble != NULL)
        return trouble;
    if (is_public && is_own_scheme(uri))
        return NULL;
    if (is_public && split_url(uri, &u) && host_trouble(&u) == NULL && str_eq(u.scheme, S("http")) &&
        is_loopback_literal(u.host))
        return NULL;
    return url_trouble(uri, test);
}

static bool check_url(struct checking *c, const char *name, struct str url, bool test)
{
    const char *trouble = str_is_set(url) ? url_trouble(url, test) : NULL;

    return trouble == NULL || wrong(c, "%s \"%.*s\" %s", name, STR_ARG(url), trouble);
}

static bool check_names(struct checking *c, const struct names *names)
{
    return str_is_set(names->in[LANG_FI]) || wrong(c, "name.fi is missing: the others fall back to it");
}

/* Education providers. */

static bool check_school(struct checking *c, const struct provider *p, size_t at)
{
    const struct school *s = &p->schools[at];
    int64_t code;

    c->at = (struct row_place){ KIND_SCHOOL, { p->id, s->oid } };
    if (!is_oid(s->oid))
        return wrong(c, "oid \"%.*s\" is no OID (1.2.246.562…)", STR_ARG(s->oid));
    if (s->code.n > 0 && (s->code.n != 5 || !str_int(s->code, &code) || code < 0))
        return wrong(c, "code \"%.*s\" must have five digits", STR_ARG(s->code));
    if (s->code.n > 0 && provider_school(p, s->code) != s)
        return wrong(c, "code %.*s belongs to another school of %.*s already", STR_ARG(s->code), STR_ARG(p->id));
    return check_names(c, &s->names);
}

static bool check_provider(struct checking *c, const struct provider *p)
{
    int64_t code;

    c->at = (struct row_place){ KIND_PROVIDER, { p->id, S("") } };
    if (!is_oid(p->oid))
        return wrong(c, "oid \"%.*s\" is no OID (1.2.246.562…)", STR_ARG(p->oid));
    if (registry_provider_oid(c->registry, p->oid) != p)
        return wrong(c, "oid %.*s belongs to another provider already", STR_ARG(p->oid));
    if (p->municipality_code.n > 0 &&
        (p->municipality_code.n != 3 || !str_int(p->municipality_code, &code) || code < 0))
        return wrong(c, "municipality_code \"%.*s\" must have three digits, in quotes", STR_ARG(p->municipality_code));
    if (!check_names(c, &p->names))
        return false;
    for (size_t i = 0; i < p->school_count; i++)
        if (!check_school(c, p, i))
            return false;
    return true;
}

/* Identity providers. */

/* "a, b, c" as near_help() takes it. */
static const char *const *split_words(struct arena *a, struct str list)
{
    enum { WORDS_MAX = 64 };
    const char **words = arena_make_n(a, WORDS_MAX + 1, const char *);
    struct str word;
    size_t n = 0;

    while (n < WORDS_MAX && str_split(&list, ',', &word))
        words[n++] = arena_cstr(a, str_trim(word));
    words[n] = NULL;
    return words;
}

static bool check_map(struct checking *c, const struct idp *idp)
{
    if (dialect_named(idp->map) != NULL)
        return true;
    if (!str_is_set(idp->map))
        return wrong(c, "map is missing: how its attributes are read; one of %.*s", STR_ARG(dialect_names(c->scratch)));
    return wrong(c, "there is no map \"%.*s\"%.*s", STR_ARG(idp->map),
                 STR_ARG(near_help(c->scratch, idp->map, split_words(c->scratch, dialect_names(c->scratch)))));
}

static bool check_unique_entity(struct checking *c, const struct idp *idp, const char *name, struct str value)
{
    if (!str_is_set(value))
        return wrong(c, "%s is missing", name);
    const struct idp *first = registry_idp_entity(c->registry, idp->kind, value);
    return first == idp || wrong(c, "%s \"%.*s\" belongs to another idp already", name, STR_ARG(value));
}

static bool check_idp_oidc(struct checking *c, const struct idp *idp)
{
    bool with_secret = str_has_prefix(idp->auth_method, S("client_secret_"));

    if (!check_unique_entity(c, idp, "issuer", idp->issuer) || !check_url(c, "issuer", idp->issuer, idp->test))
        return false;
    if (!str_is_set(idp->client_id))
        return wrong(c, "client_id is missing: the name that this gateway has at the identity provider");
    if (!str_is_set(idp->auth_method))
        return wrong(c, "auth_method is missing: client_secret_basic, client_secret_post or private_key_jwt");
    if (with_secret && !str_is_set(idp->client_secret_sealed))
        return wrong(c, "client_secret is missing, which auth_method %.*s needs", STR_ARG(idp->auth_method));
    return check_map(c, idp);
}

static const char *const role_words[] = {
#define X(role, name, code, mpass, affiliation) name,
    ROLES(X)
#undef X
        NULL
};

/* What the city's own words mean, and where those are who name no school. */
static bool check_own_words(struct checking *c, const struct idp *idp)
{
    for (size_t i = 0; i < idp->role_names.n; i++) {
        struct str entry = idp->role_names.at[i];
        size_t equals = role_name_equals(entry);
        if (equals == 0 || equals == entry.n)
            return wrong(c, "role_names: \"%.*s\" is not SPELLING=role", STR_ARG(entry));
        if (role_of_name(str_from(entry, equals + 1)) == ROLE_NONE && !own_says_no_role(str_from(entry, equals + 1)))
            return wrong(c, "role_names: \"%.*s\": there is no role \"%.*s\"%.*s", STR_ARG(entry),
                         STR_ARG(str_from(entry, equals + 1)),
                         STR_ARG(near_help(c->scratch, str_from(entry, equals + 1), role_words)));
    }
    for (size_t i = 0; i < idp->attributes.n; i++) {
        const char *trouble = own_attribute_trouble(idp->attributes.at[i]);
        struct str entry = idp->attributes.at[i], shown = str_sub(entry, 0, entry.n < 40 ? entry.n : 40);
        if (trouble != NULL)
            return wrong(c, "attributes: \"%.*s\" %s (fields: %.*s)", STR_ARG(shown), trouble,
                         STR_ARG(own_attribute_fields(c->scratch)));
    }
    if (idp->role == ROLE_ADMIN || role_is_official(idp->role))
        return wrong(c, "role \"%s\" is nothing that everybody can be", role_name(idp->role));
    if (str_is_set(idp->school) && (idp->provider == NULL || provider_school(idp->provider, idp->school) == NULL))
        return wrong(c, "school \"%.*s\" is none of its provider's", STR_ARG(idp->school));
    return true;
}

static bool check_metadata_signer(struct checking *c, const struct idp *idp)
{
    struct fail why = { 0 };

    return !str_is_set(idp->metadata_signer) || keyring_add_pem(keyring_new(c->scratch), idp->metadata_signer, &why) ||
           wrong(c, "metadata_signer: %s", why.detail);
}

/* Only what metadata bring can wait for approval: keys of an OpenID Provider come over TLS from the issuer itself. */
static bool check_pinned_keys(struct checking *c, const struct idp *idp)
{
    struct fail why = { 0 };

    if (!str_is_set(idp->pinned_keys))
        return true;
    if (idp->kind != IDP_SAML)
        return wrong(c, "pinned_keys are for kind saml alone");
    return keyring_add_pem(keyring_new(c->scratch), idp->pinned_keys, &why) || wrong(c, "pinned_keys: %s", why.detail);
}

static bool check_contexts(struct checking *c, const struct idp *idp)
{
    if (idp->contexts.n > SAML_CONTEXTS_MAX)
        return wrong(c, "contexts has more than %d entries", SAML_CONTEXTS_MAX);
    for (size_t i = 0; i < idp->contexts.n; i++)
        if (str_find_byte(idp->contexts.at[i], ':', 0) == idp->contexts.at[i].n)
            return wrong(c, "contexts: \"%.*s\" is no URI", STR_ARG(idp->contexts.at[i]));
    return true;
}

static bool check_idp_saml(struct checking *c, const struct idp *idp)
{
    if (!check_unique_entity(c, idp, "entity_id", idp->entity_id))
        return false;
    if (!str_is_set(idp->metadata_url) && !str_is_set(idp->metadata_xml))
        return wrong(c, "metadata_url, metadata_xml or metadata_xml_file is missing");
    return check_url(c, "metadata_url", idp->metadata_url, idp->test) && check_metadata_signer(c, idp) &&
           check_contexts(c, idp) && check_map(c, idp);
}

static bool check_networks(struct checking *c, const struct idp *idp)
{
    struct network n;

    if (idp->private_networks.n > FETCH_NETWORKS_MAX)
        return wrong(c, "private_networks has more than %d entries", FETCH_NETWORKS_MAX);
    for (size_t i = 0; i < idp->private_networks.n; i++) {
        const char *trouble = private_network_trouble(idp->private_networks.at[i], &n);
        if (trouble != NULL)
            return wrong(c, "private_networks: \"%.*s\" %s", STR_ARG(idp->private_networks.at[i]), trouble);
    }
    return true;
}

/* A sign-in of a local account is ours: there is nothing to try; and vendors, who have no password alone, nobody's. */
static bool check_probe(struct checking *c, const struct idp *idp)
{
    bool user = str_is_set(idp->probe_username);

    if (user != str_is_set(idp->probe_password_sealed))
        return wrong(c, user ? "probe_username is without its probe_password"
                             : "probe_password is without its "
                               "probe_username");
    return !user || (idp->kind != IDP_LOCAL && !idp->vendors && !idp->guardians) ||
           wrong(c, "probe_username is for kind oidc and saml, and neither for vendors nor for guardians");
}

/* A source that may speak of nothing would be switched off in secret; one that speaks of nobody's roles has no bounds.
 */
static bool check_asserts(struct checking *c, const struct idp *idp)
{
    const struct strs *roles = &idp->asserts_roles, *schools = &idp->asserts_schools;

    if (roles->n + schools->n == 0)
        return true;
    if (idp->kind == IDP_LOCAL || idp->guardians || idp->vendors)
        return wrong(c, "asserts_… are for kind oidc and saml of a provider: what others are, their own rows say");
    if (roles->n > ROLE_COUNT || schools->n > ASSERTS_SCHOOLS_MAX)
        return wrong(c, "asserts_roles has more than %d entries, or asserts_schools more than %d", ROLE_COUNT,
                     ASSERTS_SCHOOLS_MAX);
    for (size_t i = 0; i < roles->n; i++)
        if (role_of_name(roles->at[i]) == ROLE_NONE || role_is_official(role_of_name(roles->at[i])))
            return wrong(c, "asserts_roles: there is no role \"%.*s\" that a city names%.*s", STR_ARG(roles->at[i]),
                         STR_ARG(near_help(c->scratch, roles->at[i], role_words)));
    for (size_t i = 0; i < schools->n; i++)
        if (idp->provider == NULL || provider_school(idp->provider, schools->at[i]) == NULL)
            return wrong(c, "asserts_schools: \"%.*s\" is none of its provider's schools", STR_ARG(schools->at[i]));
    if (idp->role != ROLE_NONE && !idp_may_assert_role(idp, idp->role))
        return wrong(c, "role \"%s\" is none of asserts_roles: nobody would have it", role_name(idp->role));
    const struct school *own = str_is_set(idp->school) ? provider_school(idp->provider, idp->school) : NULL;
    return own == NULL || idp_may_assert_school(idp, own->oid, own->code) ||
           wrong(c, "school \"%.*s\" is none of asserts_schools: nobody would be there", STR_ARG(idp->school));
}

/* Guardians are of no municipality, and their identity provider gives no roles: a child does. */
static bool check_guardians(struct checking *c, const struct idp *idp)
{
    bool asked = str_is_set(idp->relations_url);

    if (!idp->guardians)
        return (!asked && !str_is_set(idp->relations_client_id) && !str_is_set(idp->relations_page)) ||
               wrong(c, "relations_… are of an identity provider with guardians: true alone");
    if (idp->provider != NULL || idp->vendors || idp->role != ROLE_NONE)
        return wrong(c,
                     "guardians: true goes with no provider, no role and no vendors: guardians are of no municipality");
    if (!asked)
        return true;
    if (!check_url(c, "relations_url", idp->relations_url, idp->test) ||
        !check_url(c, "relations_page", idp->relations_page, idp->test))
        return false;
    return (str_is_set(idp->relations_client_id) && str_is_set(idp->relations_key_sealed) &&
            str_is_set(idp->relations_secret_sealed)) ||
           wrong(c, "relations_url needs relations_client_id, relations_key and relations_secret");
}

static bool check_idp(struct checking *c, const struct idp *idp)
{
    c->at = (struct row_place){ KIND_IDP, { idp->id, S("") } };
    if (idp->vendors && idp->provider != NULL)
        return wrong(c, "has a provider, and vendors: true: people of vendors are of no municipality");
    if (!check_guardians(c, idp) || !check_probe(c, idp))
        return false;
    if (!check_names(c, &idp->names) || !check_own_words(c, idp) || !check_asserts(c, idp) || !check_networks(c, idp) ||
        !check_pinned_keys(c, idp))
        return false;
    return idp->kind == IDP_OIDC   ? check_idp_oidc(c, idp)
           : idp->kind == IDP_SAML ? check_idp_saml(c, idp)
                                   : idp->kind == IDP_LOCAL || wrong(c, "kind is missing");
}

/* Services. */

static bool check_uris(struct checking *c, const char *name, const struct strs *uris, const struct service *s)
{
    bool is_public = service_is_public(s);

    if (uris->n > REDIRECT_URIS_MAX)
        return wrong(c, "%s has more than %d addresses", name, REDIRECT_URIS_MAX);
    for (size_t i = 0; i < uris->n; i++) {
        const char *trouble = redirect_uri_trouble(uris->at[i], s->test, is_public);
        if (trouble != NULL)
            return wrong(c, "%s \"%.*s\" %s", name, STR_ARG(uris->at[i]), trouble);
    }
    return true;
}

/* What a resource of somebody else calls its parts is theirs to say: "grades:read", "https://api.example/read". */
static bool is_scope_of_resource(const struct service *s, struct str scope)
{
    bool named = s->client.resources.n > 0 && scope.n <= ID_MAX_B &&
                 (str_find_byte(scope, ':', 0) < scope.n || str_find_byte(scope, '/', 0) < scope.n);

    for (size_t i = 0; i < scope.n && named; i++)
        named = is_url_byte(scope.p[i]);
    return named;
}

static bool check_scopes(struct checking *c, const struct service *s)
{
    const char *known[CLAIM_COUNT + 3];
    size_t n = 0;

    known[n++] = "offline_access";
    known[n++] = SCOPE_ACCESS_EVALUATION;
    for (int k = 0; k < CLAIM_COUNT; k++) { /* those of one scope stand together */
        const char *scope = claim_rows[k].scope;
        if (scope[0] != '\0' && strcmp(scope, known[n - 1]) != 0)
            known[n++] = scope;
    }
    known[n] = NULL;
    for (size_t i = 0; i < s->scopes.n; i++)
        if (word_index(known, s->scopes.at[i]) < 0 && !is_scope_of_resource(s, s->scopes.at[i]))
            return wrong(c, "there is no scope \"%.*s\"%.*s", STR_ARG(s->scopes.at[i]),
                         STR_ARG(near_help(c->scratch, s->scopes.at[i], known)));
    return true;
}

/* An address without a fragment [RFC 8707 2], of whatever scheme; texts are joined with spaces. */
static bool is_resource(struct str uri)
{
    size_t scheme = str_find_byte(uri, ':', 0);

    for (size_t i = 0; i < uri.n; i++)
        if (!is_url_byte(uri.p[i]) || uri.p[i] == '#')
            return false;
    return scheme > 0 && scheme + 1 < uri.n && uri.n <= URL_MAX_B;
}

static bool check_resources(struct checking *c, const struct service *s)
{
    const struct client *row = &s->client;

    for (size_t i = 0; i < row->resources.n; i++)
        if (!is_resource(row->resources.at[i]))
            return wrong(c, "resources: \"%.*s\" is no address without a fragment", STR_ARG(row->resources.at[i]));
    if (!str_is_set(row->resource))
        return true;
    if (!is_resource(row->resource))
        return wrong(c, "resource \"%.*s\" is no address without a fragment", STR_ARG(row->resource));
    return registry_resource(c->registry, row->resource) == s ||
           wrong(c, "resource \"%.*s\" belongs to another service already", STR_ARG(row->resource));
}

static bool check_exchanges(struct checking *c, const struct service *s)
{
    const char *exchange = grant_types[GRANT_exchange].name;

    for (size_t i = 0; i < s->client.exchanges.n; i++)
        if (registry_service(c->registry, s->client.exchanges.at[i]) == NULL)
            return wrong(c, "exchanges: there is no service \"%.*s\"", STR_ARG(s->client.exchanges.at[i]));
    if (strs_has(&s->client.grant_types, str_of(exchange)) != (s->client.exchanges.n > 0))
        return wrong(c,
                     s->client.exchanges.n > 0 ? "exchanges needs %s among grant_types"
                                               : "exchanges is missing: whose tokens %s takes",
                     exchange);
    return true;
}

static bool check_grant_types(struct checking *c, const struct service *s)
{
    const char *known[GRANT_COUNT + 1];

    for (size_t i = 0; i < GRANT_COUNT; i++)
        known[i] = grant_types[i].name;
    known[GRANT_COUNT] = NULL;
    for (size_t i = 0; i < s->client.grant_types.n; i++) {
        struct str name = s->client.grant_types.at[i];
        const struct grant_type *type = grant_type_named(name);
        if (type == NULL)
            return wrong(c, "there is no grant_type \"%.*s\"%.*s", STR_ARG(name),
                         STR_ARG(near_help(c->scratch, name, known)));
        if (!type->public_too && service_is_public(s))
            return wrong(c, "grant_types: %s is not for a public service (auth_method none)", type->name);
        if (!type->fapi_too && s->client.fapi)
            return wrong(c, "grant_types: %s is not for a service that is held to FAPI 2.0 (fapi)", type->name);
    }
    if (strs_has(&s->scopes, S("offline_access")) &&
        !strs_has(&s->client.grant_types, str_of(grant_types[GRANT_refresh].name)))
        return wrong(c, "scopes: offline_access needs %s among grant_types", grant_types[GRANT_refresh].name);
    if (strs_has(&s->scopes, S(SCOPE_ACCESS_EVALUATION)) &&
        !strs_has(&s->client.grant_types, str_of(grant_types[GRANT_client].name)))
        return wrong(
            c, "scopes: " SCOPE_ACCESS_EVALUATION " needs %s among grant_types, for its token is the service's own",
            grant_types[GRANT_client].name);
    return check_exchanges(c, s);
}

/* Nobody comes back from us to a service that only asks for itself, or is only asked. */
static bool needs_redirect_uri(const struct service *s)
{
    const struct grant_type *code = &grant_types[GRANT_code];

    return s->client.grant_types.n > 0 ? strs_has(&s->client.grant_types, str_of(code->name))
                                       : !str_is_set(s->client.resource);
}

/* Scheme, host and port [OIDC Front-Channel Logout 2]: its frame stands in our page. */
static bool is_of_redirect_uri(const struct service *s, struct str uri)
{
    struct url u, of;

    if (!split_url(uri, &u))
        return false;
    for (size_t i = 0; i < s->redirect_uris.n; i++)
        if (split_url(s->redirect_uris.at[i], &of) && str_eq(of.scheme, u.scheme) && str_eq(of.host, u.host) &&
            str_eq(of.port, u.port))
            return true;
    return false;
}

static bool check_logout(struct checking *c, const struct service *s)
{
    const struct client *k = &s->client;

    if (k->backchannel_session_required && !str_is_set(k->backchannel_logout_uri))
        return wrong(c, "backchannel_logout_session_required says nothing without backchannel_logout_uri");
    if (k->frontchannel_session_required && !str_is_set(k->frontchannel_logout_uri))
        return wrong(c, "frontchannel_logout_session_required says nothing without frontchannel_logout_uri");
    if (!check_url(c, "backchannel_logout_uri", k->backchannel_logout_uri, s->test) ||
        !check_url(c, "frontchannel_logout_uri", k->frontchannel_logout_uri, s->test))
        return false;
    return !str_is_set(k->frontchannel_logout_uri) || is_of_redirect_uri(s, k->frontchannel_logout_uri) ||
           wrong(c, "frontchannel_logout_uri \"%.*s\" must have the scheme, host and port of one of redirect_uris",
                 STR_ARG(k->frontchannel_logout_uri));
}

/* What it may ask, and how. */

enum { DEFAULT_MAX_AGE_MAX_S = 366 * 86400, REQUEST_URIS_MAX = 16, ACR_VALUE_MAX_B = 256 };

static bool has_keys(const struct service *s)
{
    return str_is_set(s->jwks) || str_is_set(s->client.jwks_uri);
}

static bool check_request_objects(struct checking *c, const struct service *s)
{
    const struct client *row = &s->client;
    bool signs = str_is_set(row->request_object_alg) || row->request_object_required || row->request_uris.n > 0;

    if (signs && !has_keys(s))
        return wrong(c, "jwks (or jwks_uri) is missing, which request objects (request_object_signing_alg, "
                        "require_signed_request_object, request_uris) are verified with");
    if (str_eq(row->request_object_alg, S("HS256")))
        return wrong(c, "request_object_signing_alg HS256: request objects are signed by a key of their own");
    if (row->request_uris.n > REQUEST_URIS_MAX)
        return wrong(c, "request_uris has more than %d addresses", REQUEST_URIS_MAX);
    for (size_t i = 0; i < row->request_uris.n; i++)
        if (!check_url(c, "request_uris",
                       str_sub(row->request_uris.at[i], 0, str_find_byte(row->request_uris.at[i], '#', 0)), s->test))
            return false;
    return true;
}

static bool check_asking(struct checking *c, const struct service *s)
{
    const struct client *row = &s->client;

    if (row->default_max_age_s < -1 || row->default_max_age_s > DEFAULT_MAX_AGE_MAX_S)
        return wrong(c, "default_max_age is a number of seconds up to %d; -1: none", DEFAULT_MAX_AGE_MAX_S);
    for (size_t i = 0; i < row->default_acr_values.n; i++) {
        struct str value = row->default_acr_values.at[i];
        if (value.n == 0 || value.n > ACR_VALUE_MAX_B || str_find_byte(value, ' ', 0) < value.n)
            return wrong(c, "default_acr_values: \"%.*s\" is empty, too long, or holds a space", STR_ARG(value));
    }
    return check_request_objects(c, s);
}

/* A row that cannot be held to the profile is none of it [FAPI 2.0 Security Profile 5.3.2, 5.4]. */
static bool check_fapi(struct checking *c, const struct service *s)
{
    const struct {
        const char *name;
        struct str alg;
    } algs[] = { { "id_token_alg", s->id_token_alg },
                 { "request_object_signing_alg", s->client.request_object_alg },
                 { "authorization_signed_response_alg", s->client.response_alg },
                 { "userinfo_signed_response_alg", s->client.userinfo_alg },
                 { "introspection_signed_response_alg", s->client.introspection_alg } };

    if (!s->client.fapi)
        return true;
    for (size_t i = 0; i < sizeof algs / sizeof *algs; i++)
        if (str_eq(algs[i].alg, S("RS256")) || str_eq(algs[i].alg, S("HS256")))
            return wrong(c, "fapi: %s is PS256, ES256 or EdDSA, not %.*s", algs[i].name, STR_ARG(algs[i].alg));
    for (size_t i = 0; i < s->redirect_uris.n && !s->test; i++)
        if (!str_has_prefix(s->redirect_uris.at[i], S("https://")))
            return wrong(c, "fapi: redirect_uris are https alone");
    return true;
}

static bool check_service_oidc(struct checking *c, const struct service *s)
{
    bool is_public = service_is_public(s);

    if (!str_is_set(s->client_id))
        return wrong(c, "client_id is missing");
    if (registry_client(c->registry, s->client_id) != s)
        return wrong(c, "client_id \"%.*s\" belongs to another service already", STR_ARG(s->client_id));
    struct str trouble = client_auth_trouble(c->scratch, s);
    if (str_is_set(trouble))
        return wrong(c, "%.*s", STR_ARG(trouble));
    if (!check_url(c, "jwks_uri", s->client.jwks_uri, s->test))
        return false;
    if (is_public && !s->pkce_required)
        return wrong(c, "a public service (auth_method none) cannot be without pkce_required");
    if (s->redirect_uris.n == 0 && needs_redirect_uri(s))
        return wrong(c, "redirect_uris is empty");
    return check_grant_types(c, s) && check_resources(c, s) && check_uris(c, "redirect_uris", &s->redirect_uris, s) &&
           check_uris(c, "post_logout_redirect_uris", &s->post_logout_redirect_uris, s) && check_logout(c, s) &&
           check_scopes(c, s) && check_asking(c, s) && check_fapi(c, s);
}

/* In no language, or in each. */
static bool check_texts(struct checking *c, const char *key, const struct names *texts, size_t most_B)
{
    bool some = false;

    for (int lang = 0; lang < LANG_COUNT; lang++)
        some |= str_is_set(str_trim(texts->in[lang]));
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        if (some && !str_is_set(str_trim(texts->in[lang])))
            return wrong(c, "%s.%s is missing: it is said in each language, or in none", key,
                         lang_tag((enum lang)lang));
        if (texts->in[lang].n > most_B)
            return wrong(c, "%s.%s is longer than %zu bytes", key, lang_tag((enum lang)lang), most_B);
    }
    return true;
}

static bool check_audience(struct checking *c, const struct service *s)
{
    for (size_t i = 0; i < s->audience.n; i++) {
        bool known = false;
        for (int who = 0; who < AUDIENCE_COUNT; who++)
            known |= str_eq(s->audience.at[i], str_of(audience_word((enum audience)who)));
        if (!known)
            return wrong(c, "audience \"%.*s\" is none of learner, teacher, guardian", STR_ARG(s->audience.at[i]));
    }
    if (s->age_from > AUDIENCE_AGE_MAX)
        return wrong(c, "age_from is more than %d years", AUDIENCE_AGE_MAX);
    if (s->child_decides_from < 0 || s->child_decides_from >= PERSON_OF_AGE)
        return wrong(c, "child_decides_from is an age from 1 to %d, or 0 for none", PERSON_OF_AGE - 1);
    if (s->age_to > AUDIENCE_AGE_MAX)
        return wrong(c, "age_to is more than %d years", AUDIENCE_AGE_MAX);
    return s->age_to == 0 || s->age_to >= s->age_from || wrong(c, "age_to is less than age_from");
}

/* Each language for itself: who reads it decides by it, and a Finnish text on a Swedish page is none. */
static bool check_purpose(struct checking *c, const struct service *s, const struct purpose *p)
{
    const char *claim = claim_rows[p->claim].word;

    c->at = (struct row_place){ KIND_PURPOSE, { s->id, str_of(claim) } };
    if (p->claim != CLAIM_SUB && !claim_in(s->asks, p->claim))
        return wrong(c, "the service does not ask for %s: add it to asks, or take the purpose away", claim);
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        struct str why = str_trim(p->why.in[lang]);
        if (!str_is_set(why))
            return wrong(c, "purpose.%s is missing: why %s is asked for, in each language", lang_tag((enum lang)lang),
                         claim);
        if (why.n > PURPOSE_MAX_B)
            return wrong(c, "purpose.%s is longer than %d bytes", lang_tag((enum lang)lang), PURPOSE_MAX_B);
    }
    return check_texts(c, "without", &p->without, PURPOSE_MAX_B);
}

static bool check_purposes(struct checking *c, const struct service *s)
{
    for (size_t i = 0; i < s->purpose_count; i++)
        if (!check_purpose(c, s, &s->purposes[i]))
            return false;
    return true;
}

/* Where it begins, and where in it our links may lead. */

static bool check_link(struct checking *c, const char *name, struct str url, bool test, bool may_have_target)
{
    const char *trouble = str_is_set(url) ? link_trouble(url, test, may_have_target) : NULL;

    return trouble == NULL || wrong(c, "%s \"%.*s\" %s", name, STR_ARG(url), trouble);
}

static bool check_targets(struct checking *c, const struct service *s)
{
    if (s->targets.n > TARGETS_MAX)
        return wrong(c, "targets has more than %d prefixes", TARGETS_MAX);
    for (size_t i = 0; i < s->targets.n; i++) {
        const char *trouble = target_trouble(s->targets.at[i], s->test);
        if (trouble != NULL)
            return wrong(c, "targets: \"%.*s\" %s", STR_ARG(s->targets.at[i]), trouble);
    }
    return true;
}

static bool check_links(struct checking *c, const struct service *s)
{
    if (!check_link(c, "launch_uri", s->launch_uri, s->test, true) ||
        !check_link(c, "initiate_login_uri", s->initiate_login_uri, s->test, false) ||
        !check_link(c, "target_link_uri", s->target_link_uri, s->test, false) || !check_targets(c, s))
        return false;
    if (str_find(s->launch_uri, S("{target}")) < s->launch_uri.n && !str_is_set(s->target_link_uri) &&
        s->targets.n == 0)
        return wrong(c,
                     "target_link_uri is missing, which stands for {target} in launch_uri where no link says another");
    return true;
}

static bool check_service_saml(struct checking *c, const struct service *s)
{
    struct str trouble;

    if (s->protocol != PROTO_SAML)
        return !str_is_set(s->saml.entity_id) || wrong(c, "entity_id is for protocol saml alone");
    trouble = saml_service_trouble(c->scratch, c->registry, s);
    return !str_is_set(trouble) || wrong(c, "%.*s", STR_ARG(trouble));
}

/* What is for another audience on purpose is for nobody. */
static bool check_ungated(struct checking *c, const char *name, struct str value)
{
    return !str_has_prefix(value, S("urn:digione:gate:")) ||
           wrong(c, "%s begins as wrong tokens of the gate do: nobody may be called so", name);
}

static bool check_service(struct checking *c, const struct service *s)
{
    c->at = (struct row_place){ KIND_SERVICE, { s->id, S("") } };
    if (!check_names(c, &s->names) || !check_links(c, s) ||
        !check_url(c, "client_uri", s->client.client_uri, s->test) ||
        !check_url(c, "policy_uri", s->client.policy_uri, s->test) ||
        !check_url(c, "tos_uri", s->client.tos_uri, s->test) ||
        !check_url(c, "logo_uri", s->client.logo_uri, s->test) ||
        !check_url(c, "accessibility_uri", s->accessibility_uri, s->test) ||
        !check_texts(c, "description", &s->about, DESCRIPTION_MAX_B) || !check_audience(c, s) ||
        !check_url(c, "sector_identifier_uri", s->client.sector_identifier_uri, s->test))
        return false;
    if (s->protocol == PROTO_LINK && !str_is_set(s->launch_uri))
        return wrong(c, "launch_uri is missing, which protocol link needs");
    struct str trouble = tool_trouble(c->scratch, c->registry, s);
    if (str_is_set(trouble))
        return wrong(c, "%.*s", STR_ARG(trouble));
    if (!check_ungated(c, "client_id", s->client_id) || !check_ungated(c, "entity_id", s->saml.entity_id))
        return false;
    return (s->protocol != PROTO_OIDC || check_service_oidc(c, s)) && check_service_saml(c, s) && check_purposes(c, s);
}

/* Policies, accounts and rights. */

static bool check_validity(struct checking *c, int64_t from_s, int64_t to_s)
{
    return to_s == 0 || from_s < to_s || wrong(c, "\"to\" is not later than \"from\": it would never be in force");
}

static bool check_why(struct checking *c, struct str why)
{
    return why.n <= WHY_MAX_B || wrong(c, "why has %zu bytes; at most %d", why.n, WHY_MAX_B);
}

/* A layer that is said must be whose the row is, so that a line that is lost does not make a school's word the city's.
 */
static bool check_layer(struct checking *c, const struct policy *p)
{
    static const char *const needs[LAYER_COUNT] = { [LAYER_NATION] = "the nation's policies have neither provider nor "
                                                                     "school",
                                                    [LAYER_MUNICIPALITY] = "a municipality's policies have a provider, "
                                                                           "and no school",
                                                    [LAYER_SCHOOL] =
                                                        "a school's policies have a provider and a school" };
    enum layer is = p->school != NULL ? LAYER_SCHOOL : p->provider != NULL ? LAYER_MUNICIPALITY : LAYER_NATION;

    return p->layer == is || wrong(c, "layer: %s", needs[p->layer]);
}

/* The first mistake, with its place in the text. */
static int text_wrong(struct checking *c, const struct cedar_diags *d)
{
    const struct cedar_diag *first = NULL;

    for (size_t i = 0; i < d->n && first == NULL; i++)
        if (d->items[i].severity == CEDAR_ERROR)
            first = &d->items[i];
    if (first == NULL)
        return wrong(c, "its text is not in order");
    struct cedar_place at = cedar_place_of(d->source, first->span.at);
    struct str more =
        str_is_set(first->expected) ? arena_printf(c->of_text, ", expected %.*s", STR_ARG(first->expected)) : S("");
    struct str near =
        str_is_set(first->near) ? arena_printf(c->of_text, "; did you mean \"%.*s\"?", STR_ARG(first->near)) : S("");
    return wrong(c, "line %zu, column %zu of its text: %.*s%.*s%.*s", at.line, at.column, STR_ARG(first->message),
                 STR_ARG(more), STR_ARG(near));
}

static bool check_text(struct checking *c, const struct policy *p)
{
    const struct cedar_source source = { p->id, p->text };

    arena_reset(c->of_text);
    struct cedar_diags d = cedar_diags_new(c->of_text, &source);
    return policy_text_check(c->checker, p, &d) || text_wrong(c, &d);
}

static bool check_policy(struct checking *c, const struct policy *p)
{
    c->at = (struct row_place){ KIND_POLICY, { p->id, S("") } };
    if (str_eq(p->id, S("new")) || str_eq(p->id, S("none")) || str_eq(p->id, S("service_disabled")) ||
        str_eq(p->id, S("service_in_test")) || str_eq(p->id, S(POLICY_NOT_TAKEN)))
        return wrong(c,
                     "a policy may not be called so: the word says something else in addresses and in the audit log");
    if (!check_layer(c, p) || !check_validity(c, p->from_s, p->to_s) || !check_why(c, p->why))
        return false;
    return check_text(c, p);
}

/* Roles that administer something, or that a municipality's policy may let administer. */
static bool may_be_given(enum role role)
{
    return role == ROLE_TEACHER || role == ROLE_STAFF || role == ROLE_SECRETARY || role == ROLE_PRINCIPAL ||
           role == ROLE_ADMIN || role == ROLE_APPROVER || role == ROLE_AUDITOR || role == ROLE_OPERATOR;
}

static bool check_right(struct checking *c, const struct admin *a)
{
    if (!may_be_given(a->role))
        return wrong(c,
                     "role \"%s\" administers nothing; teacher, staff, secretary, principal, admin, approver, "
                     "auditor or operator",
                     role_name(a->role));
    if (a->role == ROLE_OPERATOR && a->provider != NULL)
        return wrong(c, "an operator is the nation's: leave provider out, or give the role admin");
    return check_validity(c, a->from_s, a->to_s) && check_why(c, a->why);
}

static bool check_admin(struct checking *c, const struct admin *a)
{
    c->at = (struct row_place){ KIND_ADMIN, { a->id, S("") } };
    return check_right(c, a);
}

static bool check_api_token(struct checking *c, const struct api_token *t)
{
    c->at = (struct row_place){ KIND_API_TOKEN, { t->id, S("") } };
    if (registry_api_token(c->registry, t->token_hash) != t)
        return wrong(c, "token is another api_token's already");
    return check_right(c, &t->right);
}

/* A pass can be no more than that, whoever writes it: a school may give it. */
static bool check_pass(struct checking *c, const struct account *a, const struct idp *idp)
{
    const struct person *p = a->person;

    if (!str_is_set(a->school))
        return true;
    if (idp->provider == NULL || provider_school(idp->provider, a->school) == NULL)
        return wrong(c, "school \"%.*s\" is no school of its idp's provider (by its OID)", STR_ARG(a->school));
    for (size_t i = 0; i < p->affiliation_count; i++) {
        const struct affiliation *at = &p->affiliations[i];
        if (at->role != ROLE_SUBSTITUTE || !str_eq(at->school_oid, a->school) ||
            !str_eq(at->provider_oid, idp->provider->oid))
            return wrong(c, "an account of a school is a substitute's pass: it can be no other role, and nowhere else");
        if (at->from_s == 0 || at->to_s <= at->from_s)
            return wrong(c, "a substitute's pass has a \"from\", and a later \"to\"");
    }
    return true;
}

static bool check_account(struct checking *c, const struct account *a)
{
    const struct idp *idp = registry_idp(c->registry, a->idp);

    c->at = (struct row_place){ KIND_ACCOUNT, { a->id, S("") } };
    if (idp == NULL || idp->kind != IDP_LOCAL)
        return wrong(c, "idp \"%.*s\" is no idp of kind local", STR_ARG(a->idp));
    if (registry_account(c->registry, a->idp, a->username) != a)
        return wrong(c, "username \"%.*s\" belongs to another account of %.*s already", STR_ARG(a->username),
                     STR_ARG(a->idp));
    /* A person of a vendor may sign in elsewhere, or by a passkey, and have none. */
    if (!str_has_prefix(a->password_hash, S("$argon2id$")) && (str_is_set(a->password_hash) || !idp->vendors))
        return wrong(c, "password is no Argon2id hash");
    if (a->person->affiliation_count > PERSON_AFFILIATIONS_MAX)
        return wrong(c, "has more than %d affiliations", PERSON_AFFILIATIONS_MAX);
    if (str_is_set(a->person->learner_id) && !learner_id_valid(a->person->learner_id, true))
        return wrong(c, "learner_id is no learner number (its check digit is wrong)");
    for (size_t i = 0; i < a->person->affiliation_count; i++)
        if (a->person->affiliations[i].class_level > 12)
            return wrong(c, "class_level is larger than 12");
    return check_pass(c, a, idp);
}

/* Terms, networks and exams. */

enum { REGISTRAR_HOST_MAX_B = 253, REGISTRAR_MOST_MAX = 10000 };
enum { EXAM_MAX_S = 7 * 86400, TERM_MAX_DAYS = 400, NAMED_BLOCKS_MAX = 200, EXAM_LIST_MAX = 200 };

static bool check_term(struct checking *c, const struct term *t)
{
    c->at = (struct row_place){ KIND_TERM, { t->id, S("") } };
    if (t->provider == NULL)
        return wrong(c, "provider is missing: whose calendar it is in");
    if (t->to_day < t->from_day)
        return wrong(c, "\"to\" is earlier than \"from\"; both days are in it");
    return t->to_day - t->from_day <= TERM_MAX_DAYS ||
           wrong(c, "it is longer than %d days: is a year wrong?", TERM_MAX_DAYS);
}

/* A block that holds half of the world names nothing. */
static bool check_network(struct checking *c, const struct named_network *n)
{
    enum { LEAST_V4 = 8, LEAST_V6 = 16 };
    struct network block;

    c->at = (struct row_place){ KIND_NETWORK, { n->id, S("") } };
    if (n->provider == NULL)
        return wrong(c, "provider is missing: whose network it is");
    if (n->blocks.n == 0 || n->blocks.n > NAMED_BLOCKS_MAX)
        return wrong(c, "blocks: expected 1 to %d networks", NAMED_BLOCKS_MAX);
    for (size_t i = 0; i < n->blocks.n; i++) {
        if (!network_read(n->blocks.at[i], &block))
            return wrong(c,
                         "blocks: \"%.*s\" is no network: expected an address with nothing set beyond its length, as "
                         "10.20.0.0/16 or 2001:db8:1::/48",
                         STR_ARG(n->blocks.at[i]));
        if (block.bits < (block.family == AF_INET ? LEAST_V4 : LEAST_V6))
            return wrong(c, "blocks: \"%.*s\" is too wide: at least /%d (IPv4) or /%d (IPv6)", STR_ARG(n->blocks.at[i]),
                         LEAST_V4, LEAST_V6);
    }
    return check_names(c, &n->names);
}

static bool check_exam(struct checking *c, const struct exam *e)
{
    c->at = (struct row_place){ KIND_EXAM, { e->id, S("") } };
    if (e->provider == NULL || e->school == NULL)
        return wrong(c, "provider and school are needed: an exam is one school's");
    if (e->from_s == 0 || e->to_s <= e->from_s)
        return wrong(c, "it needs a \"from\", and a later \"to\"");
    if (e->to_s - e->from_s > EXAM_MAX_S)
        return wrong(c, "it is longer than a week: is a day wrong?");
    if (e->level_from > 12 || e->level_to > 12 || (e->level_to > 0 && e->level_from > e->level_to))
        return wrong(c, "level_from and level_to: class levels from 1 to 12, in their order");
    if (e->groups.n > EXAM_LIST_MAX || e->services.n > EXAM_LIST_MAX)
        return wrong(c, "groups and services: at most %d each", EXAM_LIST_MAX);
    for (size_t i = 0; i < e->services.n; i++)
        if (registry_service(c->registry, e->services.at[i]) == NULL)
            return wrong(c, "services: there is no service \"%.*s\"", STR_ARG(e->services.at[i]));
    return true;
}

/* Initial access tokens. */

/* "app.example.fi", "*.example.fi", "fi.example.app:" (a scheme of an app's own), "*". */
static bool is_host_pattern(struct str s)
{
    if (str_eq(s, S("*")))
        return true;
    if (str_has_prefix(s, S("*.")))
        s = str_from(s, 2);
    for (size_t i = 0; i < s.n; i++)
        if (!is_lower(s.p[i]) && !is_digit(s.p[i]) && s.p[i] != '-' && s.p[i] != '.' && (s.p[i] != ':' || i + 1 < s.n))
            return false;
    return s.n > 0 && s.n <= REGISTRAR_HOST_MAX_B && s.p[0] != '.';
}

static bool check_registrar(struct checking *c, const struct registrar *r)
{
    struct fail why = { 0 };

    c->at = (struct row_place){ KIND_REGISTRAR, { r->id, S("") } };
    if (registry_registrar_token(c->registry, r->token_hash) != r)
        return wrong(c, "token belongs to another registrar already");
    if (r->hosts.n == 0)
        return wrong(c, "hosts is empty: no address could be registered; name them, or \"*\" for any");
    for (size_t i = 0; i < r->hosts.n; i++)
        if (!is_host_pattern(r->hosts.at[i]))
            return wrong(c,
                         "hosts: \"%.*s\" is no host: expected app.example.fi, *.example.fi, * for any, or the scheme "
                         "of an app with its colon (fi.example.app:)",
                         STR_ARG(r->hosts.at[i]));
    if (r->most < 1 || r->most > REGISTRAR_MOST_MAX)
        return wrong(c, "most: expected 1 to %d services", REGISTRAR_MOST_MAX);
    if (str_is_set(r->statement_issuer) != str_is_set(r->statement_jwks))
        return wrong(c, "statement_issuer and statement_jwks come together: whose software statements are believed, "
                        "and by which keys");
    if (str_is_set(r->statement_jwks) && jwks_read(c->scratch, r->statement_jwks, &why) == NULL)
        return wrong(c, "statement_jwks: %s: %s", why.code, why.detail);
    if (r->statement_required && !str_is_set(r->statement_issuer))
        return wrong(c, "statement_required needs a statement_issuer: nobody's statement would be believed");
    return check_why(c, r->why);
}

/* Vendor organisations and their people. */

static bool check_organisation(struct checking *c, const struct organisation *o)
{
    const struct {
        const char *key;
        struct str value;
    } contacts[] = { { "contact_technology", o->technology },
                     { "contact_privacy", o->privacy },
                     { "contact_incidents", o->incidents } };

    c->at = (struct row_place){ KIND_ORGANISATION, { o->id, S("") } };
    if (!is_business_id(o->business_id))
        return wrong(c, "business_id \"%.*s\" is none: expected seven digits, a hyphen and the check digit",
                     STR_ARG(o->business_id));
    for (size_t i = 0; i < sizeof contacts / sizeof *contacts; i++)
        if (!is_mailbox(contacts[i].value))
            return wrong(c, "%s: expected one address of e-mail", contacts[i].key);
    for (const struct organisation *other = c->parts->organisations; other < o; other++)
        if (str_eq(other->business_id, o->business_id))
            return wrong(c, "business_id %.*s belongs to another organisation already", STR_ARG(o->business_id));
    return check_names(c, &o->names);
}

static bool check_staff(struct checking *c, const struct staff *s)
{
    const struct idp *idp = registry_idp(c->registry, s->idp);

    c->at = (struct row_place){ KIND_STAFF, { s->id, S("") } };
    if (idp == NULL || !idp->vendors)
        return wrong(c, "idp \"%.*s\" is not for people of vendors (vendors: true)", STR_ARG(s->idp));
    for (const struct staff *other = c->parts->staff; other < s; other++)
        if (other->organisation == s->organisation && str_eq(other->idp, s->idp) && str_eq(other->subject, s->subject))
            return wrong(c, "this person has a role in the organisation already (%.*s)", STR_ARG(other->id));
    return true;
}

/* Of whom: roles by their names, schools of the provider by their OIDs. */
static bool check_permission(struct checking *c, const struct permission *p)
{
    c->at = (struct row_place){ KIND_PERMISSION, { p->id, S("") } };
    for (size_t i = 0; i < p->roles.n; i++)
        if (role_of_name(p->roles.at[i]) == ROLE_NONE)
            return wrong(c, "roles: there is no role \"%.*s\"", STR_ARG(p->roles.at[i]));
    for (size_t i = 0; i < p->schools.n; i++)
        if (provider_school(p->provider, p->schools.at[i]) == NULL)
            return wrong(c, "schools: provider %.*s has no school \"%.*s\"", STR_ARG(p->provider->id),
                         STR_ARG(p->schools.at[i]));
    if ((p->gives.bits & p->keeps.bits) != 0)
        return wrong(c, "gives and keeps name the same: what is given is not kept back");
    if (p->withdrawn_s != 0 && !str_is_set(p->withdrawn_why))
        return wrong(c, "withdrawn_why is missing: whoever withdraws says why");
    return (p->until_s == 0 || p->until_s > p->from_s) || wrong(c, "until is not after from");
}

/* In each language: whoever reads it has a lesson to save. */
static bool check_incident(struct checking *c, const struct incident *x)
{
    c->at = (struct row_place){ KIND_INCIDENT, { x->id, S("") } };
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        if (!str_is_set(str_trim(x->says.in[lang])))
            return wrong(c, "says.%s is missing: what happened, in each language", lang_tag((enum lang)lang));
        if (x->says.in[lang].n > INCIDENT_MAX_B)
            return wrong(c, "says.%s is longer than %d bytes", lang_tag((enum lang)lang), INCIDENT_MAX_B);
    }
    return (x->until_s == 0 || x->until_s >= x->from_s) || wrong(c, "until is before from");
}

/* Whoever speaks to a whole country speaks each of its languages; a school speaks its own. */
static bool check_notice(struct checking *c, const struct bulletin *n)
{
    bool any = false;

    c->at = (struct row_place){ KIND_NOTICE, { n->id, S("") } };
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        bool has = str_is_set(str_trim(n->title.in[lang]));
        any = any || has;
        if (n->provider == NULL && !has)
            return wrong(c, "title.%s is missing: a notice to the whole country is in each language",
                         lang_tag((enum lang)lang));
        if (!has && str_is_set(n->says.in[lang]))
            return wrong(c, "title.%s is missing, and says.%s is there", lang_tag((enum lang)lang),
                         lang_tag((enum lang)lang));
        if (n->title.in[lang].n > NOTICE_TITLE_MAX_B || n->says.in[lang].n > NOTICE_MAX_B)
            return wrong(c, "%s: a title of at most %d bytes, and says of at most %d", lang_tag((enum lang)lang),
                         NOTICE_TITLE_MAX_B, NOTICE_MAX_B);
    }
    if (!any)
        return wrong(c, "title is missing, in at least one language");
    for (size_t i = 0; i < n->roles.n; i++)
        if (role_of_name(n->roles.at[i]) == ROLE_NONE)
            return wrong(c, "roles: there is no role \"%.*s\"", STR_ARG(n->roles.at[i]));
    if (n->roles.n > ROLE_COUNT)
        return wrong(c, "roles: more than there are");
    if (n->kind != NOTICE_NEWS && n->service == NULL)
        return wrong(c, "service is missing: which one is away");
    if (n->from_s == 0 || n->until_s <= n->from_s)
        return wrong(c, "it needs a \"from\", and a later \"until\"");
    return n->until_s - n->from_s <= NOTICE_MAX_S || wrong(c, "it is longer than a year: is a year wrong?");
}

/* A move is one municipality's own. */
static bool check_move(struct checking *c, const struct move *m)
{
    const struct idp *from = registry_idp(c->registry, m->from);
    const char *trouble = move_trouble(from, registry_idp(c->registry, m->to));

    c->at = (struct row_place){ KIND_MOVE, { m->id, S("") } };
    if (trouble != NULL)
        return wrong(c, "%s", trouble);
    if (from->provider != m->provider)
        return wrong(c, "identity provider %.*s is not of provider %.*s", STR_ARG(m->from), STR_ARG(m->provider->id));
    if (m->by == MOVE_BY_NUMBER)
        return !str_is_set(m->batch) || wrong(c, "batch is for a move by file");
    struct str digest;
    return (m->batch.n == 2 * SHA256_B && hex_decode(c->scratch, m->batch, &digest)) ||
           wrong(c, "batch is missing: the links that a file named, as `digione move` and the console make them");
}

static bool check_source(struct checking *c, const struct metadata_source *x)
{
    struct str trouble = metadata_source_trouble(c->scratch, x);

    c->at = (struct row_place){ KIND_SOURCE, { x->id, S("") } };
    return !str_is_set(trouble) || wrong(c, "%.*s", STR_ARG(trouble));
}

/* A page of tiles is everybody's loop. */
static bool check_cost(struct checking *c)
{
    const struct policy *row;
    uint64_t steps;

    if (policy_affordable(c->registry, &row, &steps))
        return true;
    c->at = (struct row_place){ KIND_POLICY, { row->id, S("") } };
    return wrong(
        c,
        "the policies of %.*s take %llu steps for one page of tiles, and %d are allowed; this one takes the most: "
        "name its services in the scope (resource == …), or say it as a form does",
        STR_ARG(row->provider != NULL ? row->provider->id : S("the nation")), (unsigned long long)steps,
        (int)POLICY_STEPS_MAX);
}

bool registry_check(const struct registry *r, struct row_place *where, struct fail *f)
{
    struct checking c = { .registry = r, .parts = registry_parts(r), .scratch = arena_new(), .fail = f };
    const struct registry_parts *p = c.parts;
    bool good = true;

    c.of_text = arena_new();
    c.checker = p->policy_count > 0 ? text_checker_new(c.scratch, r) : NULL;
    for (size_t i = 0; good && i < p->provider_count; i++)
        good = check_provider(&c, &p->providers[i]);
    for (size_t i = 0; good && i < p->idp_count; i++)
        good = check_idp(&c, &p->idps[i]);
    for (size_t i = 0; good && i < p->service_count; i++)
        good = check_service(&c, &p->services[i]);
    for (size_t i = 0; good && i < p->policy_count; i++)
        good = check_policy(&c, &p->policies[i]);
    good = good && check_cost(&c);
    for (size_t i = 0; good && i < p->account_count; i++)
        good = check_account(&c, &p->accounts[i]);
    for (size_t i = 0; good && i < p->admin_count; i++)
        good = check_admin(&c, &p->admins[i]);
    for (size_t i = 0; good && i < p->term_count; i++)
        good = check_term(&c, &p->terms[i]);
    for (size_t i = 0; good && i < p->network_count; i++)
        good = check_network(&c, &p->networks[i]);
    for (size_t i = 0; good && i < p->exam_count; i++)
        good = check_exam(&c, &p->exams[i]);
    for (size_t i = 0; good && i < p->registrar_count; i++)
        good = check_registrar(&c, &p->registrars[i]);
    for (size_t i = 0; good && i < p->organisation_count; i++)
        good = check_organisation(&c, &p->organisations[i]);
    for (size_t i = 0; good && i < p->staff_count; i++)
        good = check_staff(&c, &p->staff[i]);
    for (size_t i = 0; good && i < p->source_count; i++)
        good = check_source(&c, &p->sources[i]);
    for (size_t i = 0; good && i < p->api_token_count; i++)
        good = check_api_token(&c, &p->api_tokens[i]);
    for (size_t i = 0; good && i < p->permission_count; i++)
        good = check_permission(&c, &p->permissions[i]);
    for (size_t i = 0; good && i < p->incident_count; i++)
        good = check_incident(&c, &p->incidents[i]);
    for (size_t i = 0; good && i < p->notice_count; i++)
        good = check_notice(&c, &p->notices[i]);
    for (size_t i = 0; good && i < p->move_count; i++)
        good = check_move(&c, &p->moves[i]);
    *where = c.at;
    arena_free(c.of_text);
    arena_free(c.scratch);
    return good;
}

bool registry_check_rights(const struct registry *r, bool (*touched)(const void *with, enum kind kind, struct str id),
                           const void *with, struct row_place *where, struct fail *f)
{
    size_t n;
    const struct admin *const *idle = registry_idle_admins(r, &n);

    for (size_t i = 0; i < n; i++) {
        if (!touched(with, KIND_ADMIN, idle[i]->id) && !touched(with, KIND_ACCOUNT, idle[i]->subject))
            continue;
        *where = (struct row_place){ KIND_ADMIN, { idle[i]->id, S("") } };
        return fail_long(f, FAIL_CALLER, "pass_right",
                         "admin %.*s: account %.*s is a substitute's pass, and a pass has no rights in the console: "
                         "give them to an account of the person's own",
                         STR_ARG(idle[i]->id), STR_ARG(idle[i]->subject));
    }
    return true;
}

static bool check_metadata(struct checking *c, const struct idp *idp)
{
    const struct upstream_want want = {
        .expect = idp->entity_id, .trust = idp->metadata_signer, .test = idp->test, .body = idp->metadata_xml
    };
    struct fail why = { 0 };

    c->at = (struct row_place){ KIND_IDP, { idp->id, S("") } };
    return saml_metadata_parse(c->scratch, &want, idp->metadata_xml, &why) != NULL ||
           wrong(c, "metadata_xml: %s: %s", why.code, why.detail);
}

bool registry_check_document(const struct registry *r, struct str service, struct row_place *where, struct fail *f)
{
    struct checking c = { .registry = r, .scratch = arena_new(), .fail = f };
    const struct service *s = registry_service(r, service);
    struct str trouble = s != NULL ? saml_service_document_trouble(c.scratch, s) : S("");
    bool good;

    c.at = (struct row_place){ KIND_SERVICE, { service, S("") } };
    good = !str_is_set(trouble) || wrong(&c, "%.*s", STR_ARG(trouble));
    arena_free(c.scratch);
    *where = c.at;
    return good;
}

bool registry_check_documents(const struct registry *r, struct row_place *where, struct fail *f)
{
    const struct registry_parts *p = registry_parts(r);
    struct checking c = { .registry = r, .parts = p, .scratch = arena_new(), .fail = f };
    bool good = true;

    for (size_t i = 0; good && i < p->idp_count; i++) {
        if (p->idps[i].kind == IDP_SAML && str_is_set(p->idps[i].metadata_xml))
            good = check_metadata(&c, &p->idps[i]);
        arena_reset(c.scratch);
    }
    for (size_t i = 0; good && i < p->service_count; i++) {
        struct str trouble = saml_service_document_trouble(c.scratch, &p->services[i]);
        c.at = (struct row_place){ KIND_SERVICE, { p->services[i].id, S("") } };
        good = !str_is_set(trouble) || wrong(&c, "%.*s", STR_ARG(trouble));
        arena_reset(c.scratch);
    }
    arena_free(c.scratch);
    *where = c.at;
    return good;
}
