/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/schema.h"

#include "model/auth_methods.def"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const char *const idp_kinds[] = { "", "oidc", "saml", "local", NULL };
static const char *const protocols[] = { "", "oidc", "saml", "lti", "link", NULL };
static const char *const profiles[] = { "native", "mpass", NULL };
static const char *const auth_methods[] = { "client_secret_basic", "client_secret_post", "private_key_jwt", "none",
                                            NULL };
static const char *const service_auth_methods[] = {
#define X(word, must, fapi, is_signed, tls, came, proves) word,
    AUTH_METHODS(X)
#undef X
        NULL
};
static const char *const freshness[] = { "auth_time", "iat", NULL };
static const char *const hint_ways[] = { "no", "email", "unspecified", "parameter", NULL };
static const char *const name_policies[] = { "by_map", "persistent", "any", NULL };
static const char *const algorithms[] = { "ES256", "RS256", "PS256", "EdDSA", NULL };
static const char *const our_algs[] = { "", "ES256", "RS256", "PS256", "EdDSA", NULL };
static const char *const ages[] = { "unknown", "under13", "13to17", "adult", NULL };
static const char *const charges[] = { "unknown", "free", "paid", NULL };
static const char *const any_role[] = { "any",
#define X(role, name, code, mpass, affiliation) name,
                                        ROLES(X)
#undef X
                                            NULL };
static const char *const some_role[] = { "",
#define X(role, name, code, mpass, affiliation) name,
                                         ROLES(X)
#undef X
                                             NULL };

static const char *const bases[] = {
    "unsaid", "consent", "contract", "legal_obligation", "vital_interests", "public_task", "legitimate_interests", NULL
};
static const char *const claim_words[] = {
#define X(claim, word, tells, scope, native, mpass) word,
    CLAIMS(X)
#undef X
        NULL
};
static const char *const any_algs[] = { "", "RS256", "PS256", "ES256", "EdDSA", "HS256", NULL };
static const char *const key_algs[] = { "",  "RSA-OAEP", "RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW",
                                        NULL };
static const char *const content_algs[] = { "", "A128CBC-HS256", "A256CBC-HS512", "A128GCM", "A256GCM", NULL };
static const char *const source_kinds[] = { "aggregate", "mdq", NULL };
static const char *const saml_signs[] = { "both", "response", "assertion", NULL };
static const char *const saml_signing_algs[] = { "rsa-sha256", "ecdsa-sha256", NULL };
static const char *const saml_encrypts[] = { "auto", "always", "never", NULL };
static const char *const saml_encryption_algs[] = { "", "aes128-gcm", "aes256-gcm", "aes128-cbc", "aes256-cbc", NULL };
static const char *const saml_name_ids[] = { "",     "persistent",      "transient",  "email",
                                             "none", "only-persistent", "only-email", NULL };
static const char *const saml_attributes[] = { "mpassid", "eduperson", "plain", "none", NULL };
static const char *const term_kinds[] = { "term", "holiday", "school_day", NULL };
static const char *const notice_kinds[] = { "news", "maintenance", "down", NULL };
static const char *const staff_roles[] = { "",
#define X(role, words) #role,
                                           STAFF_ROLES(X)
#undef X
                                               NULL };
static const char *const move_ways[] = { "file", "learner_number", NULL };
static const char *const layers[] = { "nation", "municipality", "school", NULL };

#define AT(type, member) (int)offsetof(struct type, member)
#define NAMES_AT(type, member, key)                                                                                    \
    { #member "_fi", key ".fi", COL_NAME, "", AT(type, member.in[LANG_FI]), NULL },                                    \
        { #member "_sv", key ".sv", COL_NAME, "", AT(type, member.in[LANG_SV]), NULL },                                \
    {                                                                                                                  \
#member "_en", key ".en", COL_NAME, "", AT(type, member.in[LANG_EN]), NULL                                     \
    }

/*    SQL name               key                    type          preset     member                          words */
static const struct column provider_columns[] = {
    { "id", "id", COL_ID, NULL, AT(provider, id), NULL },
    { "oid", "oid", COL_TEXT, NULL, AT(provider, oid), NULL },
    { "municipality_code", "municipality_code", COL_TEXT, "", AT(provider, municipality_code), NULL },
    NAMES_AT(provider, names, "name"),
    { "support", "support", COL_TEXT, "", AT(provider, support), NULL },
    { "informs", "informs", COL_BOOL, "0", AT(provider, informs), NULL },
};

static const struct column school_columns[] = {
    { "provider", NULL, COL_PARENT, NULL, AT_NONE, NULL },
    { "oid", "oid", COL_TEXT, NULL, AT(school, oid), NULL },
    { "code", "code", COL_TEXT, "", AT(school, code), NULL },
    NAMES_AT(school, names, "name"),
    { "active", "active", COL_BOOL, "1", AT(school, active), NULL },
};

static const struct column idp_columns[] = {
    { "id", "id", COL_ID, NULL, AT(idp, id), NULL },
    { "kind", "kind", COL_WORD, NULL, AT(idp, kind), idp_kinds },
    { "provider", "provider", COL_REF, "", AT_NONE, NULL },
    NAMES_AT(idp, names, "name"),
    { "enabled", "enabled", COL_BOOL, "1", AT(idp, enabled), NULL },
    { "test", "test", COL_BOOL, "0", AT(idp, test), NULL },
    { "listed", "listed", COL_BOOL, "1", AT(idp, listed), NULL },
    { "map", "map", COL_TEXT, "", AT(idp, map), NULL },
    { "acr", "acr", COL_TEXT, "", AT(idp, acr), NULL },
    { "issuer", "issuer", COL_TEXT, "", AT(idp, issuer), NULL },
    { "client_id", "client_id", COL_TEXT, "", AT(idp, client_id), NULL },
    { "scope", "scope", COL_TEXT, "", AT(idp, scope), NULL },
    { "auth_method", "auth_method", COL_CHOICE, "", AT(idp, auth_method), auth_methods },
    { "client_secret_sealed", "client_secret", COL_SEALED, "", AT(idp, client_secret_sealed), NULL },
    { "entity_id", "entity_id", COL_TEXT, "", AT(idp, entity_id), NULL },
    { "metadata_url", "metadata_url", COL_TEXT, "", AT(idp, metadata_url), NULL },
    { "metadata_xml", "metadata_xml", COL_LONG, "", AT(idp, metadata_xml), NULL },
    { "scopes", "scopes", COL_LIST, "", AT(idp, scopes), NULL },
    { "sign_requests", "sign_requests", COL_BOOL, "1", AT(idp, sign_requests), NULL },
    { "want_encrypted", "want_encrypted", COL_BOOL, "0", AT(idp, want_encrypted), NULL },
    { "metadata_signer", "metadata_signer", COL_LONG, "", AT(idp, metadata_signer), NULL },
    { "contexts", "contexts", COL_LIST, "", AT(idp, contexts), NULL },
    { "role_names", "role_names", COL_LIST, "", AT(idp, role_names), NULL },
    { "school", "school", COL_TEXT, "", AT(idp, school), NULL },
    { "attributes", "attributes", COL_LIST, "", AT(idp, attributes), NULL },
    { "role", "role", COL_WORD, "", AT(idp, role), some_role },
    { "fresh_login_by", "fresh_login_by", COL_CHOICE, "auth_time", AT(idp, fresh_login_by), freshness },
    { "name_id_policy", "name_id_policy", COL_CHOICE, "by_map", AT(idp, name_id_policy), name_policies },
    { "share_encryption_key", "share_encryption_key", COL_BOOL, "1", AT(idp, share_encryption_key), NULL },
    { "private_networks", "private_networks", COL_LIST, "", AT(idp, private_networks), NULL },
    { "pinned_keys", "pinned_keys", COL_LONG, "", AT(idp, pinned_keys), NULL },
    { "vendors", "vendors", COL_BOOL, "0", AT(idp, vendors), NULL },
    { "login_hint", "login_hint", COL_CHOICE, "no", AT(idp, login_hint), hint_ways },
    { "client_secret_until_s", "client_secret_until", COL_TIME, "0", AT(idp, client_secret_until_s), NULL },
    { "encrypt_name_id", "encrypt_name_id", COL_BOOL, "0", AT(idp, encrypt_name_id), NULL },
    { "guardians", "guardians", COL_BOOL, "0", AT(idp, guardians), NULL },
    { "relations_url", "relations_url", COL_TEXT, "", AT(idp, relations_url), NULL },
    { "relations_page", "relations_page", COL_TEXT, "", AT(idp, relations_page), NULL },
    { "relations_client_id", "relations_client_id", COL_TEXT, "", AT(idp, relations_client_id), NULL },
    { "relations_key_sealed", "relations_key", COL_SEALED, "", AT(idp, relations_key_sealed), NULL },
    { "relations_secret_sealed", "relations_secret", COL_SEALED, "", AT(idp, relations_secret_sealed), NULL },
    { "relations_field", "relations_field", COL_TEXT, "X-AsiointivaltuudetAuthorization", AT(idp, relations_field),
      NULL },
    { "probe_username", "probe_username", COL_TEXT, "", AT(idp, probe_username), NULL },
    { "probe_password_sealed", "probe_password", COL_SEALED, "", AT(idp, probe_password_sealed), NULL },
    { "asserts_roles", "asserts_roles", COL_LIST, "", AT(idp, asserts_roles), NULL },
    { "asserts_schools", "asserts_schools", COL_LIST, "", AT(idp, asserts_schools), NULL },
};

static const struct column service_columns[] = {
    { "id", "id", COL_ID, NULL, AT(service, id), NULL },
    { "protocol", "protocol", COL_WORD, NULL, AT(service, protocol), protocols },
    { "vendor", "vendor", COL_ID, NULL, AT(service, vendor), NULL },
    NAMES_AT(service, names, "name"),
    NAMES_AT(service, lines, "line"),
    { "category", "category", COL_TEXT, "", AT(service, category), NULL },
    { "icon", "icon", COL_LOGO, "", AT(service, logo), NULL },
    { "enabled", "enabled", COL_BOOL, "1", AT(service, enabled), NULL },
    { "test", "test", COL_BOOL, "0", AT(service, test), NULL },
    { "launch_uri", "launch_uri", COL_TEXT, "", AT(service, launch_uri), NULL },
    { "initiate_login_uri", "initiate_login_uri", COL_TEXT, "", AT(service, initiate_login_uri), NULL },
    { "target_link_uri", "target_link_uri", COL_TEXT, "", AT(service, target_link_uri), NULL },
    { "asks", "asks", COL_CLAIMS, "", AT(service, asks), NULL },
    { "client_id", "client_id", COL_TEXT, "", AT(service, client_id), NULL },
    { "secret_hash", "secret", COL_HASHED, "", AT(service, secret_hash), NULL },
    { "auth_method", "auth_method", COL_CHOICE, "", AT(service, auth_method), service_auth_methods },
    { "jwks", "jwks", COL_LONG, "", AT(service, jwks), NULL },
    { "redirect_uris", "redirect_uris", COL_LIST, "", AT(service, redirect_uris), NULL },
    { "post_logout_redirect_uris", "post_logout_redirect_uris", COL_LIST, "", AT(service, post_logout_redirect_uris),
      NULL },
    { "id_token_alg", "id_token_alg", COL_CHOICE, "RS256", AT(service, id_token_alg), algorithms },
    { "pkce_required", "pkce_required", COL_BOOL, "0", AT(service, pkce_required), NULL },
    { "profile", "profile", COL_WORD, "native", AT(service, profile), profiles },
    { "scopes", "scopes", COL_LIST, "", AT(service, scopes), NULL },
    { "keywords", "keywords", COL_LIST, "", AT(service, keywords), NULL },
    { "grant_types", "grant_types", COL_LIST, "", AT(service, client.grant_types), NULL },
    { "request_uris", "request_uris", COL_LIST, "", AT(service, client.request_uris), NULL },
    { "resources", "resources", COL_LIST, "", AT(service, client.resources), NULL },
    { "resource", "resource", COL_TEXT, "", AT(service, client.resource), NULL },
    { "exchanges", "exchanges", COL_LIST, "", AT(service, client.exchanges), NULL },
    { "secret_too", "secret_too", COL_HASHED, "", AT(service, client.secret_too), NULL },
    { "secret_too_until_s", "secret_too_until", COL_TIME, "0", AT(service, client.secret_too_until_s), NULL },
    { "secret_sealed", "secret_value", COL_SEALED, "", AT(service, client.secret_sealed), NULL },
    { "auth_alg", "token_endpoint_auth_signing_alg", COL_CHOICE, "", AT(service, client.auth_alg), any_algs },
    { "jwks_uri", "jwks_uri", COL_TEXT, "", AT(service, client.jwks_uri), NULL },
    { "tls_subject_dn", "tls_client_auth_subject_dn", COL_TEXT, "", AT(service, client.tls_subject_dn), NULL },
    { "tls_san_dns", "tls_client_auth_san_dns", COL_TEXT, "", AT(service, client.tls_san_dns), NULL },
    { "tls_san_uri", "tls_client_auth_san_uri", COL_TEXT, "", AT(service, client.tls_san_uri), NULL },
    { "tls_san_ip", "tls_client_auth_san_ip", COL_TEXT, "", AT(service, client.tls_san_ip), NULL },
    { "tls_san_email", "tls_client_auth_san_email", COL_TEXT, "", AT(service, client.tls_san_email), NULL },
    { "request_object_alg", "request_object_signing_alg", COL_CHOICE, "", AT(service, client.request_object_alg),
      any_algs },
    { "request_object_required", "require_signed_request_object", COL_BOOL, "0",
      AT(service, client.request_object_required), NULL },
    { "par_required", "require_pushed_authorization_requests", COL_BOOL, "0", AT(service, client.par_required), NULL },
    { "response_alg", "authorization_signed_response_alg", COL_CHOICE, "", AT(service, client.response_alg), our_algs },
    { "default_max_age_s", "default_max_age", COL_INT, "-1", AT(service, client.default_max_age_s), NULL },
    { "auth_time_required", "require_auth_time", COL_BOOL, "0", AT(service, client.auth_time_required), NULL },
    { "default_acr_values", "default_acr_values", COL_LIST, "", AT(service, client.default_acr_values), NULL },
    { "id_token_encryption_alg", "id_token_encrypted_response_alg", COL_CHOICE, "",
      AT(service, client.id_token_encryption_alg), key_algs },
    { "id_token_encryption_enc", "id_token_encrypted_response_enc", COL_CHOICE, "",
      AT(service, client.id_token_encryption_enc), content_algs },
    { "userinfo_alg", "userinfo_signed_response_alg", COL_CHOICE, "", AT(service, client.userinfo_alg), our_algs },
    { "userinfo_encryption_alg", "userinfo_encrypted_response_alg", COL_CHOICE, "",
      AT(service, client.userinfo_encryption_alg), key_algs },
    { "userinfo_encryption_enc", "userinfo_encrypted_response_enc", COL_CHOICE, "",
      AT(service, client.userinfo_encryption_enc), content_algs },
    { "introspection_alg", "introspection_signed_response_alg", COL_CHOICE, "", AT(service, client.introspection_alg),
      our_algs },
    { "access_token_jwt", "access_token_jwt", COL_BOOL, "0", AT(service, client.access_token_jwt), NULL },
    { "dpop_bound", "dpop_bound_access_tokens", COL_BOOL, "0", AT(service, client.dpop_bound), NULL },
    { "tls_bound", "tls_client_certificate_bound_access_tokens", COL_BOOL, "0", AT(service, client.tls_bound), NULL },
    { "sector_identifier_uri", "sector_identifier_uri", COL_TEXT, "", AT(service, client.sector_identifier_uri), NULL },
    { "fapi", "fapi", COL_BOOL, "0", AT(service, client.fapi), NULL },
    { "backchannel_logout_uri", "backchannel_logout_uri", COL_TEXT, "", AT(service, client.backchannel_logout_uri),
      NULL },
    { "backchannel_session_required", "backchannel_logout_session_required", COL_BOOL, "0",
      AT(service, client.backchannel_session_required), NULL },
    { "frontchannel_logout_uri", "frontchannel_logout_uri", COL_TEXT, "", AT(service, client.frontchannel_logout_uri),
      NULL },
    { "frontchannel_session_required", "frontchannel_logout_session_required", COL_BOOL, "0",
      AT(service, client.frontchannel_session_required), NULL },
    { "client_uri", "client_uri", COL_TEXT, "", AT(service, client.client_uri), NULL },
    { "policy_uri", "policy_uri", COL_TEXT, "", AT(service, client.policy_uri), NULL },
    { "tos_uri", "tos_uri", COL_TEXT, "", AT(service, client.tos_uri), NULL },
    { "contacts", "contacts", COL_LIST, "", AT(service, client.contacts), NULL },
    { "consent", "consent", COL_BOOL, "0", AT(service, client.consent), NULL },
    { "registered_by", "registered_by", COL_TEXT, "", AT(service, client.registered_by), NULL },
    { "registration_hash", "registration_token", COL_HASHED, "", AT(service, client.registration_hash), NULL },
    { "logo_uri", "logo_uri", COL_TEXT, "", AT(service, client.logo_uri), NULL },
    { "software_id", "software_id", COL_TEXT, "", AT(service, client.software_id), NULL },
    { "software_version", "software_version", COL_TEXT, "", AT(service, client.software_version), NULL },
    { "entity_id", "entity_id", COL_TEXT, "", AT(service, saml.entity_id), NULL },
    { "metadata_xml", "metadata_xml", COL_LONG, "", AT(service, saml.metadata_xml), NULL },
    { "metadata_url", "metadata_url", COL_TEXT, "", AT(service, saml.metadata_url), NULL },
    { "metadata_signer", "metadata_signer", COL_LONG, "", AT(service, saml.metadata_signer), NULL },
    { "pinned_keys", "pinned_keys", COL_LONG, "", AT(service, saml.pinned_keys), NULL },
    { "requests_signed", "requests_signed", COL_BOOL, "0", AT(service, saml.requests_signed), NULL },
    { "signs", "signs", COL_CHOICE, "both", AT(service, saml.signs), saml_signs },
    { "signing_alg", "signing_alg", COL_CHOICE, "rsa-sha256", AT(service, saml.signing_alg), saml_signing_algs },
    { "encrypts", "encrypts", COL_CHOICE, "auto", AT(service, saml.encrypts), saml_encrypts },
    { "encryption_alg", "encryption_alg", COL_CHOICE, "", AT(service, saml.encryption_alg), saml_encryption_algs },
    { "name_id", "name_id", COL_CHOICE, "", AT(service, saml.name_id), saml_name_ids },
    { "attributes_as", "attributes_as", COL_CHOICE, "mpassid", AT(service, saml.attributes_as), saml_attributes },
    { "attribute_names", "attribute_names", COL_LIST, "", AT(service, saml.attributes), NULL },
    { "names_origin", "names_origin", COL_BOOL, "0", AT(service, saml.names_origin), NULL },
    { "unasked_answers", "unasked_answers", COL_BOOL, "1", AT(service, saml.unasked), NULL },
    { "signs_out_by_browser", "signs_out_by_browser", COL_BOOL, "0", AT(service, saml.signs_out_by_browser), NULL },
    { "skew_s", "skew_s", COL_INT, "180", AT(service, saml.skew_s), NULL },
    { "targets", "targets", COL_LIST, "", AT(service, targets), NULL },
    { "metadata_from", "metadata_from", COL_TEXT, "", AT(service, saml.metadata_from), NULL },
    { "metadata_approved", "metadata_approved", COL_LIST, "", AT(service, saml.approved), NULL },
    { "metadata_rejected", "metadata_rejected", COL_LIST, "", AT(service, saml.rejected), NULL },
    { "answers_as", "answers_as", COL_TEXT, "", AT(service, saml.answers_as), NULL },
    { "lti_deployments", "lti_deployments", COL_LIST, "", AT(service, lti.deployments), NULL },
    { "lti_custom", "lti_custom", COL_LIST, "", AT(service, lti.custom), NULL },
    { "lti_deep_link_uri", "lti_deep_link_uri", COL_TEXT, "", AT(service, lti.deep_link_uri), NULL },
    { "lti_deep_linking", "lti_deep_linking", COL_BOOL, "0", AT(service, lti.deep_linking), NULL },
    { "lti_names_and_roles", "lti_names_and_roles", COL_BOOL, "0", AT(service, lti.names_and_roles), NULL },
    { "lti_login_by_post", "lti_login_by_post", COL_BOOL, "0", AT(service, lti.by_post), NULL },
    { "lti_framed", "lti_framed", COL_BOOL, "0", AT(service, lti.framed), NULL },
    { "tested_as", "tested_as", COL_TEXT, "", AT(service, tested_as), NULL },
    NAMES_AT(service, about, "description"),
    { "audience", "audience", COL_LIST, "", AT(service, audience), NULL },
    { "age_from", "age_from", COL_INT, "0", AT(service, age_from), NULL },
    { "age_to", "age_to", COL_INT, "0", AT(service, age_to), NULL },
    { "accessibility_uri", "accessibility_uri", COL_TEXT, "", AT(service, accessibility_uri), NULL },
    { "child_decides_from", "child_decides_from", COL_INT, "0", AT(service, child_decides_from), NULL },
    { "signing_too", "signing_too", COL_LONG, "", AT(service, saml.signing_too), NULL },
    { "encryption_too", "encryption_too", COL_LONG, "", AT(service, saml.encryption_too), NULL },
    { "certificates_retired", "certificates_retired", COL_LIST, "", AT(service, saml.retired), NULL },
};

static const struct column purpose_columns[] = {
    { "service", NULL, COL_PARENT, NULL, AT_NONE, NULL },
    { "claim", "attribute", COL_WORD, NULL, AT(purpose, claim), claim_words },
    NAMES_AT(purpose, why, "purpose"),
    { "basis", "basis", COL_WORD, "unsaid", AT(purpose, basis), bases },
    { "until_s", "until", COL_TIME, "0", AT(purpose, until_s), NULL },
    NAMES_AT(purpose, without, "without"),
};

static const struct column rule_columns[] = {
    { "id", "id", COL_ID, NULL, AT_NONE, NULL },
    { "provider", "provider", COL_REF, NULL, AT_NONE, NULL },
    { "role", "role", COL_WORD, "any", AT_NONE, any_role },
    { "school", "school", COL_SCHOOL, "", AT_NONE, NULL },
    { "service", "service", COL_REF, "", AT_NONE, NULL },
    { "release_claims", "release", COL_CLAIMS, "", AT_NONE, NULL },
    { "forbid", "forbid", COL_BOOL, "0", AT_NONE, NULL },
};

static const struct column policy_columns[] = {
    { "id", "id", COL_ID, NULL, AT(policy, id), NULL },
    { "layer", "layer", COL_LAYER, NULL, AT(policy, layer), layers },
    { "provider", "provider", COL_REF, "", AT_NONE, NULL },
    { "school", "school", COL_SCHOOL, "", AT_NONE, NULL },
    NAMES_AT(policy, names, "name"),
    { "why", "why", COL_TEXT, "", AT(policy, why), NULL },
    { "enabled", "enabled", COL_BOOL, "1", AT(policy, enabled), NULL },
    { "from_s", "from", COL_TIME, "0", AT(policy, from_s), NULL },
    { "to_s", "to", COL_TIME, "0", AT(policy, to_s), NULL },
    { "text", "text", COL_POLICY, NULL, AT(policy, text), NULL },
};

static const struct column account_columns[] = {
    { "id", "id", COL_ID, NULL, AT(account, id), NULL },
    { "idp", "idp", COL_REF, NULL, AT(account, idp), NULL },
    { "username", "username", COL_NAME, NULL, AT(account, username), NULL },
    { "password_hash", "password", COL_PASSWORD, "", AT(account, password_hash), NULL },
    { "enabled", "enabled", COL_BOOL, "1", AT(account, enabled), NULL },
    { "given_names", "given_names", COL_NAME, "", AT_NONE, NULL },
    { "calling_name", "calling_name", COL_NAME, "", AT_NONE, NULL },
    { "family_name", "family_name", COL_NAME, "", AT_NONE, NULL },
    { "email", "email", COL_TEXT, "", AT_NONE, NULL },
    { "learner_id", "learner_id", COL_TEXT, "", AT_NONE, NULL },
    { "age", "age", COL_WORD, "unknown", AT_NONE, ages },
    { "non_disclosure", "non_disclosure", COL_BOOL, "0", AT_NONE, NULL },
    { "school", "school", COL_TEXT, "", AT(account, school), NULL },
};

static const struct column affiliation_columns[] = {
    { "account", NULL, COL_PARENT, NULL, AT_NONE, NULL },
    { "position", NULL, COL_POSITION, NULL, AT_NONE, NULL },
    { "provider", "provider", COL_REF, NULL, AT_NONE, NULL },
    { "school", "school", COL_SCHOOL, "", AT_NONE, NULL },
    { "office_oid", "office_oid", COL_TEXT, "", AT(affiliation, office_oid), NULL },
    { "role", "role", COL_WORD, NULL, AT(affiliation, role), some_role },
    { "class_group", "group", COL_NAME, "", AT(affiliation, group), NULL },
    { "class_level", "class_level", COL_INT, "0", AT(affiliation, class_level), NULL },
    { "charge", "charge", COL_WORD, "unknown", AT(affiliation, charge), charges },
    { "from_s", "from", COL_TIME, "0", AT(affiliation, from_s), NULL },
    { "to_s", "to", COL_TIME, "0", AT(affiliation, to_s), NULL },
};

static const struct column admin_columns[] = {
    { "id", "id", COL_ID, NULL, AT(admin, id), NULL },
    { "idp", "idp", COL_REF, NULL, AT(admin, idp), NULL },
    { "subject", "subject", COL_SUBJECT, NULL, AT(admin, subject), NULL },
    { "role", "role", COL_WORD, NULL, AT(admin, role), some_role },
    { "provider", "provider", COL_REF, "", AT_NONE, NULL },
    { "school", "school", COL_SCHOOL, "", AT_NONE, NULL },
    { "from_s", "from", COL_TIME, "0", AT(admin, from_s), NULL },
    { "to_s", "to", COL_TIME, "0", AT(admin, to_s), NULL },
    { "why", "why", COL_TEXT, "", AT(admin, why), NULL },
};

static const struct column api_token_columns[] = {
    { "id", "id", COL_ID, NULL, AT(api_token, id), NULL },
    { "token_hash", "token", COL_HASHED, NULL, AT(api_token, token_hash), NULL },
    { "role", "role", COL_WORD, NULL, AT(api_token, right.role), some_role },
    { "provider", "provider", COL_REF, "", AT_NONE, NULL },
    { "school", "school", COL_SCHOOL, "", AT_NONE, NULL },
    { "enabled", "enabled", COL_BOOL, "1", AT(api_token, enabled), NULL },
    { "from_s", "from", COL_TIME, "0", AT(api_token, right.from_s), NULL },
    { "to_s", "to", COL_TIME, "0", AT(api_token, right.to_s), NULL },
    { "why", "why", COL_TEXT, "", AT(api_token, right.why), NULL },
    { "at_once", "at_once", COL_BOOL, "0", AT(api_token, at_once), NULL },
    { "given_by", "given_by", COL_TEXT, "", AT(api_token, given_by), NULL },
    { "given_number", "given_number", COL_TEXT, "", AT(api_token, given_number), NULL },
    { "given_name", "given_name", COL_TEXT, "", AT(api_token, given_name), NULL },
};

static const struct column term_columns[] = {
    { "id", "id", COL_ID, NULL, AT(term, id), NULL },
    { "kind", "kind", COL_WORD, "term", AT(term, kind), term_kinds },
    { "provider", "provider", COL_REF, NULL, AT_NONE, NULL },
    { "school", "school", COL_SCHOOL, "", AT_NONE, NULL },
    NAMES_AT(term, names, "name"),
    { "from_day", "from", COL_DAY, NULL, AT(term, from_day), NULL },
    { "to_day", "to", COL_DAY, NULL, AT(term, to_day), NULL },
};

static const struct column network_columns[] = {
    { "id", "id", COL_ID, NULL, AT(named_network, id), NULL },
    { "provider", "provider", COL_REF, NULL, AT_NONE, NULL },
    { "school", "school", COL_SCHOOL, "", AT_NONE, NULL },
    NAMES_AT(named_network, names, "name"),
    { "blocks", "blocks", COL_LIST, NULL, AT(named_network, blocks), NULL },
};

static const struct column exam_columns[] = {
    { "id", "id", COL_ID, NULL, AT(exam, id), NULL },
    { "provider", "provider", COL_REF, NULL, AT_NONE, NULL },
    { "school", "school", COL_SCHOOL, NULL, AT_NONE, NULL },
    { "title", "title", COL_NAME, "", AT(exam, title), NULL },
    { "class_groups", "groups", COL_LIST, "", AT(exam, groups), NULL },
    { "level_from", "level_from", COL_INT, "0", AT(exam, level_from), NULL },
    { "level_to", "level_to", COL_INT, "0", AT(exam, level_to), NULL },
    { "from_s", "from", COL_TIME, NULL, AT(exam, from_s), NULL },
    { "to_s", "to", COL_TIME, NULL, AT(exam, to_s), NULL },
    { "services", "services", COL_LIST, "", AT(exam, services), NULL },
};

static const struct column registrar_columns[] = {
    { "id", "id", COL_ID, NULL, AT(registrar, id), NULL },
    { "token_hash", "token", COL_HASHED, NULL, AT(registrar, token_hash), NULL },
    { "vendor", "vendor", COL_ID, NULL, AT(registrar, vendor), NULL },
    { "enabled", "enabled", COL_BOOL, "1", AT(registrar, enabled), NULL },
    { "test", "test", COL_BOOL, "0", AT(registrar, test), NULL },
    { "at_once", "at_once", COL_BOOL, "0", AT(registrar, at_once), NULL },
    { "fapi", "fapi", COL_BOOL, "0", AT(registrar, fapi), NULL },
    { "grant_types", "grant_types", COL_LIST, "", AT(registrar, grant_types), NULL },
    { "scopes", "scopes", COL_LIST, "", AT(registrar, scopes), NULL },
    { "asks", "asks", COL_CLAIMS, "", AT(registrar, asks), NULL },
    { "hosts", "hosts", COL_LIST, "", AT(registrar, hosts), NULL },
    { "most", "most", COL_INT, "10", AT(registrar, most), NULL },
    { "until_s", "until", COL_TIME, "0", AT(registrar, until_s), NULL },
    { "statement_issuer", "statement_issuer", COL_TEXT, "", AT(registrar, statement_issuer), NULL },
    { "statement_jwks", "statement_jwks", COL_LONG, "", AT(registrar, statement_jwks), NULL },
    { "statement_required", "statement_required", COL_BOOL, "0", AT(registrar, statement_required), NULL },
    { "why", "why", COL_TEXT, "", AT(registrar, why), NULL },
};

static const struct column organisation_columns[] = {
    { "id", "id", COL_ID, NULL, AT(organisation, id), NULL },
    { "business_id", "business_id", COL_TEXT, NULL, AT(organisation, business_id), NULL },
    NAMES_AT(organisation, names, "name"),
    { "technology", "contact_technology", COL_TEXT, NULL, AT(organisation, technology), NULL },
    { "privacy", "contact_privacy", COL_TEXT, NULL, AT(organisation, privacy), NULL },
    { "incidents", "contact_incidents", COL_TEXT, NULL, AT(organisation, incidents), NULL },
    { "enabled", "enabled", COL_BOOL, "1", AT(organisation, enabled), NULL },
};

static const struct column staff_columns[] = {
    { "id", "id", COL_ID, NULL, AT(staff, id), NULL },
    { "organisation", "organisation", COL_REF, NULL, AT_NONE, NULL },
    { "idp", "idp", COL_REF, NULL, AT(staff, idp), NULL },
    { "subject", "subject", COL_SUBJECT, NULL, AT(staff, subject), NULL },
    { "role", "role", COL_WORD, NULL, AT(staff, role), staff_roles },
};

static const struct column source_columns[] = {
    { "id", "id", COL_ID, NULL, AT(metadata_source, id), NULL },
    { "kind", "kind", COL_WORD, "aggregate", AT(metadata_source, kind), source_kinds },
    { "url", "url", COL_TEXT, "", AT(metadata_source, url), NULL },
    { "file", "file", COL_TEXT, "", AT(metadata_source, file), NULL },
    { "signer", "signer", COL_LONG, NULL, AT(metadata_source, signer), NULL },
    { "most_ahead_days", "most_ahead_days", COL_INT, "30", AT(metadata_source, most_ahead_days), NULL },
    { "enabled", "enabled", COL_BOOL, "1", AT(metadata_source, enabled), NULL },
    { "test", "test", COL_BOOL, "0", AT(metadata_source, test), NULL },
};

static const struct column permission_columns[] = {
    { "id", "id", COL_ID, NULL, AT(permission, id), NULL },
    { "provider", "provider", COL_REF, NULL, AT_NONE, NULL },
    { "service", "service", COL_TEXT, NULL, AT(permission, service), NULL },
    { "policy", "policy", COL_TEXT, "", AT(permission, policy), NULL },
    { "agreement", "agreement", COL_TEXT, "", AT(permission, agreement), NULL },
    { "decided_by", "decided_by", COL_TEXT, "", AT(permission, decided_by), NULL },
    { "purpose", "purpose", COL_TEXT, "", AT(permission, purpose), NULL },
    { "roles", "roles", COL_LIST, "", AT(permission, roles), NULL },
    { "schools", "schools", COL_LIST, "", AT(permission, schools), NULL },
    { "gives", "gives", COL_CLAIMS, "", AT(permission, gives), NULL },
    { "keeps", "keeps", COL_CLAIMS, "", AT(permission, keeps), NULL },
    { "from_s", "from", COL_TIME, "0", AT(permission, from_s), NULL },
    { "until_s", "until", COL_TIME, "0", AT(permission, until_s), NULL },
    { "withdrawn_s", "withdrawn", COL_TIME, "0", AT(permission, withdrawn_s), NULL },
    { "withdrawn_why", "withdrawn_why", COL_TEXT, "", AT(permission, withdrawn_why), NULL },
};

static const struct column incident_columns[] = {
    { "id", "id", COL_ID, NULL, AT(incident, id), NULL },
    { "service", "service", COL_REF, NULL, AT(incident, service), NULL },
    NAMES_AT(incident, says, "says"),
    { "from_s", "from", COL_TIME, NULL, AT(incident, from_s), NULL },
    { "until_s", "until", COL_TIME, "0", AT(incident, until_s), NULL },
    { "by_operator", "by_operator", COL_BOOL, "0", AT(incident, by_operator), NULL },
};

static const struct column notice_columns[] = {
    { "id", "id", COL_ID, NULL, AT(bulletin, id), NULL },
    { "kind", "kind", COL_WORD, "news", AT(bulletin, kind), notice_kinds },
    { "provider", "provider", COL_REF, "", AT_NONE, NULL },
    { "school", "school", COL_SCHOOL, "", AT_NONE, NULL },
    { "roles", "roles", COL_LIST, "", AT(bulletin, roles), NULL },
    { "service", "service", COL_REF, "", AT_NONE, NULL },
    NAMES_AT(bulletin, title, "title"),
    NAMES_AT(bulletin, says, "says"),
    { "important", "important", COL_BOOL, "0", AT(bulletin, important), NULL },
    { "from_s", "from", COL_TIME, NULL, AT(bulletin, from_s), NULL },
    { "until_s", "until", COL_TIME, NULL, AT(bulletin, until_s), NULL },
};

static const struct column move_columns[] = {
    { "id", "id", COL_ID, NULL, AT(move, id), NULL },
    { "provider", "provider", COL_REF, NULL, AT_NONE, NULL },
    { "from_idp", "from", COL_REF, NULL, AT(move, from), NULL },
    { "to_idp", "to", COL_REF, NULL, AT(move, to), NULL },
    { "by_what", "by", COL_WORD, "file", AT(move, by), move_ways },
    { "batch", "batch", COL_TEXT, "", AT(move, batch), NULL },
    { "people", "people", COL_INT, "0", AT(move, people), NULL },
    { "until_s", "until", COL_TIME, "0", AT(move, until_s), NULL },
};

/* The lists of columns stand here once more, as SQL; a test compares them with the tables above. */
#define P1  "?1"
#define P5  P1 ",?2,?3,?4,?5"
#define P6  P5 ",?6"
#define P7  P6 ",?7"
#define P8  P7 ",?8"
#define P9  P7 ",?8,?9"
#define P10 P9 ",?10"
#define P11 P9 ",?10,?11"
#define P12 P11 ",?12"
#define P13 P12 ",?13"
#define P17 P13 ",?14,?15,?16,?17"
#define P26 P13 ",?14,?15,?16,?17,?18,?19,?20,?21,?22,?23,?24,?25,?26"
#define P27 P26 ",?27"
#define P28 P27 ",?28"
#define P75                                                                                                            \
    P28 ",?29,?30,?31,?32,?33,?34,?35,?36,?37,?38,?39,?40,?41,?42,?43,?44,?45,?46,?47,?48,?49,?50,?51,?52,?53,?54,?"   \
        "55,?56,?57,?58,?59,?60,?61,?62,?63,?64,?65,?66,?67,?68,?69,?70,?71,?72,?73,?74,?75"
#define P92  P75 ",?76,?77,?78,?79,?80,?81,?82,?83,?84,?85,?86,?87,?88,?89,?90,?91,?92"
#define P97  P92 ",?93,?94,?95,?96,?97"
#define P101 P97 ",?98,?99,?100,?101"
#define P102 P101 ",?102"
#define P103 P102 ",?103"
#define P104 P103 ",?104"
#define P105 P104 ",?105"
#define P116 P105 ",?106,?107,?108,?109,?110,?111,?112,?113,?114,?115,?116"
#define P15  P13 ",?14,?15"
#define P32  P28 ",?29,?30,?31,?32"
#define P33  P32 ",?33"
#define P34  P33 ",?34"
#define P35  P34 ",?35"
#define P36  P35 ",?36"
#define P37  P36 ",?37"
#define P44  P37 ",?38,?39,?40,?41,?42,?43,?44"
#define P48  P44 ",?45,?46,?47,?48"

#define PROVIDER_COLUMNS "id,oid,municipality_code,names_fi,names_sv,names_en,support,informs"
#define SCHOOL_COLUMNS   "provider,oid,code,names_fi,names_sv,names_en,active"
#define IDP_COLUMNS                                                                                                    \
    "id,kind,provider,names_fi,names_sv,names_en,enabled,test,listed,map,acr,issuer,client_id,scope,"                  \
    "auth_method,client_secret_sealed,entity_id,metadata_url,metadata_xml,scopes,sign_requests,want_encrypted,"        \
    "metadata_signer,contexts,role_names,school,attributes,role,fresh_login_by,name_id_policy,"                        \
    "share_encryption_key,private_networks,pinned_keys,vendors,login_hint,client_secret_until_s,"                      \
    "encrypt_name_id,guardians,relations_url,relations_page,"                                                          \
    "relations_client_id,relations_key_sealed,relations_secret_sealed,relations_field,probe_username,"                 \
    "probe_password_sealed,asserts_roles,asserts_schools"
#define SERVICE_COLUMNS                                                                                                \
    "id,protocol,vendor,names_fi,names_sv,names_en,lines_fi,lines_sv,lines_en,category,icon,enabled,"                  \
    "test,launch_uri,initiate_login_uri,target_link_uri,asks,client_id,secret_hash,auth_method,jwks,"                  \
    "redirect_uris,post_logout_redirect_uris,id_token_alg,pkce_required,profile,scopes,keywords,"                      \
    "grant_types,request_uris,resources,resource,exchanges,secret_too,secret_too_until_s,secret_sealed,auth_alg,jwks_" \
    "uri,tls_"                                                                                                         \
    "subject_dn,tls_san_dns,tls_san_uri,tls_san_ip,tls_san_email,request_object_alg,request_object_required,par_"      \
    "required,response_alg,default_max_age_s,auth_time_required,default_acr_values,id_token_encryption_alg,id_token_"  \
    "encryption_enc,userinfo_alg,userinfo_encryption_alg,userinfo_encryption_enc,introspection_alg,access_token_jwt,"  \
    "dpop_bound,tls_bound,sector_identifier_uri,fapi,backchannel_logout_uri,backchannel_session_required,"             \
    "frontchannel_logout_uri,frontchannel_session_required,client_uri,policy_uri,tos_uri,contacts,consent,registered_" \
    "by,registration_hash,logo_uri,software_id,software_version,entity_id,metadata_xml,metadata_url,metadata_"         \
    "signer,pinned_keys,requests_signed,signs,signing_alg,encrypts,encryption_alg,name_id,attributes_as,attribute_"    \
    "names,names_origin,unasked_answers,signs_out_by_browser,skew_s,targets,metadata_from,metadata_approved,metadata_" \
    "rejected,answers_as,"                                                                                             \
    "lti_deployments,lti_custom,lti_deep_link_uri,"                                                                    \
    "lti_deep_linking,lti_names_and_roles,lti_login_by_post,lti_framed,tested_as,"                                     \
    "about_fi,about_sv,about_en,audience,age_from,age_to,accessibility_uri,child_decides_from,signing_"                \
    "too,encryption_too,certificates_retired"
#define PURPOSE_COLUMNS "service,claim,why_fi,why_sv,why_en,basis,until_s,without_fi,without_sv,without_en"
#define RULE_COLUMNS    "id,provider,role,school,service,release_claims,forbid"
#define POLICY_COLUMNS  "id,layer,provider,school,names_fi,names_sv,names_en,why,enabled,from_s,to_s,text"
#define ACCOUNT_COLUMNS                                                                                                \
    "id,idp,username,password_hash,enabled,given_names,calling_name,family_name,email,learner_id,age,"                 \
    "non_disclosure,school"
#define AFFILIATION_COLUMNS                                                                                            \
    "account,position,provider,school,office_oid,role,class_group,class_level,charge,from_s,to_s"
#define ADMIN_COLUMNS   "id,idp,subject,role,provider,school,from_s,to_s,why"
#define TERM_COLUMNS    "id,kind,provider,school,names_fi,names_sv,names_en,from_day,to_day"
#define NETWORK_COLUMNS "id,provider,school,names_fi,names_sv,names_en,blocks"
#define EXAM_COLUMNS    "id,provider,school,title,class_groups,level_from,level_to,from_s,to_s,services"
#define REGISTRAR_COLUMNS                                                                                              \
    "id,token_hash,vendor,enabled,test,at_once,fapi,grant_types,scopes,asks,hosts,most,until_s,statement_issuer,"      \
    "statement_jwks,statement_required,why"
#define ORGANISATION_COLUMNS "id,business_id,names_fi,names_sv,names_en,technology,privacy,incidents,enabled"
#define STAFF_COLUMNS        "id,organisation,idp,subject,role"
#define SOURCE_COLUMNS       "id,kind,url,file,signer,most_ahead_days,enabled,test"

#define API_TOKEN_COLUMNS                                                                                              \
    "id,token_hash,role,provider,school,enabled,from_s,to_s,why,at_once,given_by,given_number,given_name"

#define PERMISSION_COLUMNS                                                                                             \
    "id,provider,service,policy,agreement,decided_by,purpose,roles,schools,gives,keeps,from_s,until_s,withdrawn_s,"    \
    "withdrawn_why"
#define INCIDENT_COLUMNS "id,service,says_fi,says_sv,says_en,from_s,until_s,by_operator"

#define NOTICE_COLUMNS                                                                                                 \
    "id,kind,provider,school,roles,service,title_fi,title_sv,title_en,says_fi,says_sv,says_en,important,from_s,until_" \
    "s"
#define MOVE_COLUMNS "id,provider,from_idp,to_idp,by_what,batch,people,until_s"

#define COUNT(columns) sizeof(columns) / sizeof *(columns)
#define STATEMENTS(table, columns, places, order, where)                                                               \
    { table ".select", "SELECT " columns " FROM " table " ORDER BY " order },                                          \
        { table ".insert", "INSERT INTO " table " (" columns ") VALUES (" places ")" },                                \
        { table ".remove", "DELETE FROM " table " WHERE " where },                                                     \
        { table ".find", "SELECT " columns " FROM " table " WHERE " where },                                           \
    {                                                                                                                  \
        table ".count", "SELECT count(*) FROM " table                                                                  \
    }

const struct kind_row kind_rows[KIND_ALL] = {
    [KIND_PROVIDER] = { "provider", "providers", "provider", provider_columns, COUNT(provider_columns), 1,
                        sizeof(struct provider), KIND_COUNT, 5000,
                        STATEMENTS("provider", PROVIDER_COLUMNS, P8, "id", "id = ?1") },
    [KIND_SCHOOL] = { "school", "schools", "school", school_columns, COUNT(school_columns), 2, sizeof(struct school),
                      KIND_PROVIDER, 100000,
                      STATEMENTS("school", SCHOOL_COLUMNS, P7, "provider, oid", "provider = ?1 AND oid = ?2") },
    [KIND_IDP] = { "idp", "idps", "idp", idp_columns, COUNT(idp_columns), 1, sizeof(struct idp), KIND_COUNT, 50000,
                   STATEMENTS("idp", IDP_COLUMNS, P48, "id", "id = ?1") },
    [KIND_SERVICE] = { "service", "services", "service", service_columns, COUNT(service_columns), 1,
                       sizeof(struct service), KIND_COUNT, 50000,
                       STATEMENTS("service", SERVICE_COLUMNS, P116, "id", "id = ?1") },
    [KIND_PURPOSE] = { "purpose", "purposes", "purpose", purpose_columns, COUNT(purpose_columns), 2,
                       sizeof(struct purpose), KIND_SERVICE, 50000 * CLAIM_COUNT,
                       STATEMENTS("purpose", PURPOSE_COLUMNS, P10, "service, claim", "service = ?1 AND claim = ?2") },
    [KIND_RULE] = { "rule", "rules", "rule", rule_columns, COUNT(rule_columns), 1, 0, KIND_COUNT, 500000,
                    STATEMENTS("rule", RULE_COLUMNS, P7, "id", "id = ?1") },
    [KIND_POLICY] = { "policy", "policies", "policy", policy_columns, COUNT(policy_columns), 1, sizeof(struct policy),
                      KIND_COUNT, 500000, STATEMENTS("policy", POLICY_COLUMNS, P12, "id", "id = ?1") },
    [KIND_ACCOUNT] = { "account", "accounts", "account", account_columns, COUNT(account_columns), 1,
                       sizeof(struct account), KIND_COUNT, 200000,
                       STATEMENTS("account", ACCOUNT_COLUMNS, P13, "id", "id = ?1") },
    [KIND_AFFILIATION] = { "affiliation", "affiliations", "affiliation", affiliation_columns,
                           COUNT(affiliation_columns), 2, sizeof(struct affiliation), KIND_ACCOUNT, 1000000,
                           STATEMENTS("affiliation", AFFILIATION_COLUMNS, P11, "account, position",
                                      "account = ?1 AND position = ?2") },
    [KIND_ADMIN] = { "admin", "admins", "admin", admin_columns, COUNT(admin_columns), 1, sizeof(struct admin),
                     KIND_COUNT, 100000, STATEMENTS("admin", ADMIN_COLUMNS, P9, "id", "id = ?1") },
    [KIND_TERM] = { "term", "terms", "term", term_columns, COUNT(term_columns), 1, sizeof(struct term), KIND_COUNT,
                    100000, STATEMENTS("term", TERM_COLUMNS, P9, "id", "id = ?1") },
    [KIND_NETWORK] = { "network", "networks", "network", network_columns, COUNT(network_columns), 1,
                       sizeof(struct named_network), KIND_COUNT, 100000,
                       STATEMENTS("network", NETWORK_COLUMNS, P7, "id", "id = ?1") },
    [KIND_EXAM] = { "exam", "exams", "exam", exam_columns, COUNT(exam_columns), 1, sizeof(struct exam), KIND_COUNT,
                    500000, STATEMENTS("exam", EXAM_COLUMNS, P10, "id", "id = ?1") },
    [KIND_REGISTRAR] = { "registrar", "registrars", "registrar", registrar_columns, COUNT(registrar_columns), 1,
                         sizeof(struct registrar), KIND_COUNT, 1000,
                         STATEMENTS("registrar", REGISTRAR_COLUMNS, P17, "id", "id = ?1") },
    [KIND_ORGANISATION] = { "organisation", "organisations", "organisation", organisation_columns,
                            COUNT(organisation_columns), 1, sizeof(struct organisation), KIND_COUNT, 5000,
                            STATEMENTS("organisation", ORGANISATION_COLUMNS, P9, "id", "id = ?1") },
    [KIND_STAFF] = { "staff", "staff", "staff", staff_columns, COUNT(staff_columns), 1, sizeof(struct staff),
                     KIND_COUNT, 50000, STATEMENTS("staff", STAFF_COLUMNS, P5, "id", "id = ?1") },
    [KIND_SOURCE] = { "metadata_source", "metadata_sources", "metadata_source", source_columns, COUNT(source_columns),
                      1, sizeof(struct metadata_source), KIND_COUNT, 100,
                      STATEMENTS("metadata_source", SOURCE_COLUMNS, P8, "id", "id = ?1") },
    [KIND_API_TOKEN] = { "api_token", "api_tokens", "api_token", api_token_columns, COUNT(api_token_columns), 1,
                         sizeof(struct api_token), KIND_COUNT, 10000,
                         STATEMENTS("api_token", API_TOKEN_COLUMNS, P13, "id", "id = ?1") },
    [KIND_PERMISSION] = { "permission", "permissions", "permission", permission_columns, COUNT(permission_columns), 1,
                          sizeof(struct permission), KIND_COUNT, 500000,
                          STATEMENTS("permission", PERMISSION_COLUMNS, P15, "id", "id = ?1") },
    [KIND_INCIDENT] = { "incident", "incidents", "incident", incident_columns, COUNT(incident_columns), 1,
                        sizeof(struct incident), KIND_COUNT, 50000,
                        STATEMENTS("incident", INCIDENT_COLUMNS, P8, "id", "id = ?1") },
    [KIND_NOTICE] = { "notice", "notices", "notice", notice_columns, COUNT(notice_columns), 1, sizeof(struct bulletin),
                      KIND_COUNT, 500000, STATEMENTS("notice", NOTICE_COLUMNS, P15, "id", "id = ?1") },
    [KIND_MOVE] = { "move", "moves", "move", move_columns, COUNT(move_columns), 1, sizeof(struct move), KIND_COUNT,
                    10000, STATEMENTS("move", MOVE_COLUMNS, P8, "id", "id = ?1") },
};

/* Foreign keys wait for the commit, so that an import may work in any order. */
/* clang-format off */
const struct db_migration registry_migrations[] = {
    { 1,
      "CREATE TABLE number (name TEXT PRIMARY KEY, value INTEGER NOT NULL);"
      "INSERT INTO number (name, value) VALUES ('version', 1), ('session_epoch', 1);"
      "CREATE TABLE provider ("
          "id TEXT PRIMARY KEY, oid TEXT NOT NULL, municipality_code TEXT NOT NULL, names_fi TEXT NOT NULL, "
          "names_sv TEXT NOT NULL, names_en TEXT NOT NULL, support TEXT NOT NULL);"
      "CREATE TABLE school ("
          "provider TEXT NOT NULL REFERENCES provider (id) DEFERRABLE INITIALLY DEFERRED, oid TEXT NOT NULL, "
          "code TEXT NOT NULL, names_fi TEXT NOT NULL, names_sv TEXT NOT NULL, names_en TEXT NOT NULL, "
          "active INTEGER NOT NULL, PRIMARY KEY (provider, oid));"
      "CREATE TABLE idp ("
          "id TEXT PRIMARY KEY, kind TEXT NOT NULL, "
          "provider TEXT REFERENCES provider (id) DEFERRABLE INITIALLY DEFERRED, names_fi TEXT NOT NULL, "
          "names_sv TEXT NOT NULL, names_en TEXT NOT NULL, enabled INTEGER NOT NULL, test INTEGER NOT NULL, "
          "listed INTEGER NOT NULL, map TEXT NOT NULL, acr TEXT NOT NULL, issuer TEXT NOT NULL, "
          "client_id TEXT NOT NULL, scope TEXT NOT NULL, auth_method TEXT NOT NULL, "
          "client_secret_sealed TEXT NOT NULL, entity_id TEXT NOT NULL, metadata_url TEXT NOT NULL, "
          "metadata_xml TEXT NOT NULL, scopes TEXT NOT NULL, sign_requests INTEGER NOT NULL, "
          "want_encrypted INTEGER NOT NULL);"
      "CREATE TABLE service ("
          "id TEXT PRIMARY KEY, protocol TEXT NOT NULL, vendor TEXT NOT NULL, names_fi TEXT NOT NULL, "
          "names_sv TEXT NOT NULL, names_en TEXT NOT NULL, lines_fi TEXT NOT NULL, lines_sv TEXT NOT NULL, "
          "lines_en TEXT NOT NULL, category TEXT NOT NULL, icon TEXT NOT NULL, enabled INTEGER NOT NULL, "
          "test INTEGER NOT NULL, launch_uri TEXT NOT NULL, initiate_login_uri TEXT NOT NULL, "
          "target_link_uri TEXT NOT NULL, asks TEXT NOT NULL, client_id TEXT NOT NULL, "
          "secret_hash TEXT NOT NULL, auth_method TEXT NOT NULL, jwks TEXT NOT NULL, "
          "redirect_uris TEXT NOT NULL, post_logout_redirect_uris TEXT NOT NULL, id_token_alg TEXT NOT NULL, "
          "pkce_required INTEGER NOT NULL, profile TEXT NOT NULL, scopes TEXT NOT NULL);"
      "CREATE TABLE rule ("
          "id TEXT PRIMARY KEY, provider TEXT NOT NULL REFERENCES provider (id) DEFERRABLE INITIALLY DEFERRED, "
          "role TEXT NOT NULL, school TEXT, "
          "service TEXT REFERENCES service (id) DEFERRABLE INITIALLY DEFERRED, release_claims TEXT NOT NULL, "
          "forbid INTEGER NOT NULL, "
          "FOREIGN KEY (provider, school) REFERENCES school (provider, oid) DEFERRABLE INITIALLY DEFERRED);"
      "CREATE INDEX rule_provider ON rule (provider);"
      "CREATE TABLE account ("
          "id TEXT PRIMARY KEY, idp TEXT NOT NULL REFERENCES idp (id) DEFERRABLE INITIALLY DEFERRED, "
          "username TEXT NOT NULL, password_hash TEXT NOT NULL, enabled INTEGER NOT NULL, "
          "given_names TEXT NOT NULL, calling_name TEXT NOT NULL, family_name TEXT NOT NULL, "
          "email TEXT NOT NULL, learner_id TEXT NOT NULL, age TEXT NOT NULL, non_disclosure INTEGER NOT NULL);"
      "CREATE TABLE affiliation ("
          "account TEXT NOT NULL REFERENCES account (id) DEFERRABLE INITIALLY DEFERRED, "
          "position INTEGER NOT NULL, "
          "provider TEXT NOT NULL REFERENCES provider (id) DEFERRABLE INITIALLY DEFERRED, school TEXT, "
          "office_oid TEXT NOT NULL, role TEXT NOT NULL, class_group TEXT NOT NULL, "
          "class_level INTEGER NOT NULL, charge TEXT NOT NULL, from_s INTEGER NOT NULL, to_s INTEGER NOT NULL, "
          "PRIMARY KEY (account, position), "
          "FOREIGN KEY (provider, school) REFERENCES school (provider, oid) DEFERRABLE INITIALLY DEFERRED);" },
    { 2,
      "ALTER TABLE idp ADD COLUMN metadata_signer TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE idp ADD COLUMN contexts TEXT NOT NULL DEFAULT '';" },
    { 3,
      "ALTER TABLE idp ADD COLUMN role_names TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE idp ADD COLUMN school TEXT NOT NULL DEFAULT '';" },
    { 4,
      "ALTER TABLE idp ADD COLUMN attributes TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE idp ADD COLUMN role TEXT NOT NULL DEFAULT '';" },
    { 5,
      "ALTER TABLE idp ADD COLUMN fresh_login_by TEXT NOT NULL DEFAULT 'auth_time';"
      "ALTER TABLE idp ADD COLUMN name_id_policy TEXT NOT NULL DEFAULT 'by_map';"
      "ALTER TABLE idp ADD COLUMN share_encryption_key INTEGER NOT NULL DEFAULT 1;"
      /* Not of the file: `digione refresh` writes it, and no import.  0: never asked. */
      "ALTER TABLE idp ADD COLUMN refresh_turn INTEGER NOT NULL DEFAULT 0;"
      "INSERT INTO number (name, value) VALUES ('refresh_turn', 0);" },
    { 6,
      "CREATE TABLE change ("
          "number INTEGER PRIMARY KEY, at_s INTEGER NOT NULL, who TEXT NOT NULL, acting_as TEXT NOT NULL, "
          "area TEXT NOT NULL, maker TEXT NOT NULL, why TEXT NOT NULL, undoes INTEGER NOT NULL, "
          "added INTEGER NOT NULL, changed INTEGER NOT NULL, removed INTEGER NOT NULL, told INTEGER NOT NULL);"
      "CREATE INDEX change_told ON change (told) WHERE told = 0;"
      "CREATE TABLE change_row ("
          "change INTEGER NOT NULL REFERENCES change (number), position INTEGER NOT NULL, sign TEXT NOT NULL, "
          "kind TEXT NOT NULL, row_key TEXT NOT NULL, before TEXT, after TEXT, PRIMARY KEY (change, position));"
      "CREATE INDEX change_row_key ON change_row (kind, row_key, change);" },
    /* Presets have changed.  Rows hold what they said in full, and go on meaning it: ES256, PKCE required; only how a
     * service proves itself could be left out, and meant Basic.  Rows of other protocols mean none of it. */
    { 7,
      "UPDATE service SET auth_method = 'client_secret_basic' WHERE protocol = 'oidc' AND auth_method = '';"
      "UPDATE service SET id_token_alg = 'RS256', pkce_required = 0 WHERE protocol <> 'oidc';" },
    { 8, "ALTER TABLE idp ADD COLUMN private_networks TEXT NOT NULL DEFAULT '';" },
    /* An icon was any text, which nothing drew; now it is a picture. */
    { 9,
      "UPDATE service SET icon = '';"
      "ALTER TABLE service ADD COLUMN keywords TEXT NOT NULL DEFAULT '';" },
    { 10,
      "CREATE TABLE policy ("
          "id TEXT PRIMARY KEY, layer TEXT NOT NULL, "
          "provider TEXT REFERENCES provider (id) DEFERRABLE INITIALLY DEFERRED, school TEXT, "
          "names_fi TEXT NOT NULL, names_sv TEXT NOT NULL, names_en TEXT NOT NULL, why TEXT NOT NULL, "
          "enabled INTEGER NOT NULL, from_s INTEGER NOT NULL, to_s INTEGER NOT NULL, text TEXT NOT NULL, "
          "FOREIGN KEY (provider, school) REFERENCES school (provider, oid) DEFERRABLE INITIALLY DEFERRED);"
      "CREATE INDEX policy_provider ON policy (provider, school);"
      "CREATE TABLE admin ("
          "id TEXT PRIMARY KEY, idp TEXT NOT NULL REFERENCES idp (id) DEFERRABLE INITIALLY DEFERRED, "
          "subject TEXT NOT NULL, role TEXT NOT NULL, "
          "provider TEXT REFERENCES provider (id) DEFERRABLE INITIALLY DEFERRED, school TEXT, "
          "from_s INTEGER NOT NULL, to_s INTEGER NOT NULL, why TEXT NOT NULL, "
          "FOREIGN KEY (provider, school) REFERENCES school (provider, oid) DEFERRABLE INITIALLY DEFERRED);" },
    /* provider and school of change_row: where the row stands; NULL: in the nation, as all of older changes. */
    { 11,
      "ALTER TABLE change ADD COLUMN draft INTEGER NOT NULL DEFAULT 0;"
      "ALTER TABLE change ADD COLUMN guarded INTEGER NOT NULL DEFAULT 0;"
      "ALTER TABLE change_row ADD COLUMN provider TEXT;"
      "ALTER TABLE change_row ADD COLUMN school TEXT;"
      "CREATE INDEX change_row_area ON change_row (provider, change) WHERE provider IS NOT NULL;"
      "CREATE TABLE guard ("
          "kind TEXT NOT NULL, row_key TEXT NOT NULL, change INTEGER NOT NULL REFERENCES change (number), "
          "settled INTEGER NOT NULL, PRIMARY KEY (kind, row_key));"
      "CREATE TABLE draft ("
          "number INTEGER PRIMARY KEY, state TEXT NOT NULL, provider TEXT, school TEXT, owner TEXT NOT NULL, "
          "acting_as TEXT NOT NULL, why TEXT NOT NULL, edition INTEGER NOT NULL, created_s INTEGER NOT NULL, "
          "updated_s INTEGER NOT NULL, hands TEXT NOT NULL, decided_by TEXT NOT NULL, decided_why TEXT NOT NULL, "
          "seen TEXT NOT NULL, change INTEGER NOT NULL);"
      "CREATE INDEX draft_area ON draft (provider, number) WHERE provider IS NOT NULL;"
      "CREATE TABLE draft_row ("
          "draft INTEGER NOT NULL REFERENCES draft (number), position INTEGER NOT NULL, kind TEXT NOT NULL, "
          "row_key TEXT NOT NULL, version INTEGER NOT NULL, before TEXT, after TEXT, PRIMARY KEY (draft, position));"
      "CREATE INDEX idp_provider ON idp (provider, id);"
      "CREATE INDEX account_idp ON account (idp, id);"
      "CREATE INDEX affiliation_provider ON affiliation (provider, school);"
      "INSERT INTO number (name, value) VALUES ('draft', 0);" },
    { 12, "ALTER TABLE account ADD COLUMN school TEXT NOT NULL DEFAULT '';"
          "CREATE INDEX account_school ON account (school, id) WHERE school <> '';" },
    { 13,
      "CREATE TABLE shadow ("
          "turn INTEGER PRIMARY KEY, draft INTEGER NOT NULL REFERENCES draft (number), state TEXT NOT NULL, "
          "who TEXT NOT NULL, began_s INTEGER NOT NULL, since_s INTEGER NOT NULL, until_s INTEGER NOT NULL, "
          "ended_s INTEGER NOT NULL, code TEXT NOT NULL, detail TEXT NOT NULL);"
      "CREATE INDEX shadow_draft ON shadow (draft);"
      "CREATE INDEX shadow_runs ON shadow (until_s) WHERE state = 'running';"
      "INSERT INTO number (name, value) VALUES ('shadow', 0);" },
    { 14, "CREATE TABLE purpose ("
          "service TEXT NOT NULL REFERENCES service (id) DEFERRABLE INITIALLY DEFERRED, claim TEXT NOT NULL, "
          "why_fi TEXT NOT NULL, why_sv TEXT NOT NULL, why_en TEXT NOT NULL, basis TEXT NOT NULL, "
          "PRIMARY KEY (service, claim));" },
    { 15, "ALTER TABLE idp ADD COLUMN pinned_keys TEXT NOT NULL DEFAULT '';" },
    { 16,
      "CREATE TABLE term ("
          "id TEXT PRIMARY KEY, kind TEXT NOT NULL, "
          "provider TEXT NOT NULL REFERENCES provider (id) DEFERRABLE INITIALLY DEFERRED, school TEXT, "
          "names_fi TEXT NOT NULL, names_sv TEXT NOT NULL, names_en TEXT NOT NULL, "
          "from_day INTEGER NOT NULL, to_day INTEGER NOT NULL, "
          "FOREIGN KEY (provider, school) REFERENCES school (provider, oid) DEFERRABLE INITIALLY DEFERRED);"
      "CREATE INDEX term_provider ON term (provider, school);"
      "CREATE TABLE network ("
          "id TEXT PRIMARY KEY, provider TEXT NOT NULL REFERENCES provider (id) DEFERRABLE INITIALLY DEFERRED, "
          "school TEXT, names_fi TEXT NOT NULL, names_sv TEXT NOT NULL, names_en TEXT NOT NULL, blocks TEXT NOT NULL, "
          "FOREIGN KEY (provider, school) REFERENCES school (provider, oid) DEFERRABLE INITIALLY DEFERRED);"
      "CREATE INDEX network_provider ON network (provider, school);"
      "CREATE TABLE exam ("
          "id TEXT PRIMARY KEY, provider TEXT NOT NULL REFERENCES provider (id) DEFERRABLE INITIALLY DEFERRED, "
          "school TEXT NOT NULL, title TEXT NOT NULL, class_groups TEXT NOT NULL, level_from INTEGER NOT NULL, "
          "level_to INTEGER NOT NULL, from_s INTEGER NOT NULL, to_s INTEGER NOT NULL, services TEXT NOT NULL, "
          "FOREIGN KEY (provider, school) REFERENCES school (provider, oid) DEFERRABLE INITIALLY DEFERRED);"
      "CREATE INDEX exam_provider ON exam (provider, school);" },
    /* What is open is asked for on every page, and is little of what there was; a school's history likewise. */
    { 18, "CREATE INDEX change_row_school ON change_row (provider, school, change) WHERE school IS NOT NULL;"
          "CREATE INDEX draft_open ON draft (provider, number) WHERE " DRAFT_IS_OPEN ";"
          "CREATE INDEX draft_open_of ON draft (owner) WHERE " DRAFT_IS_OPEN ";"
          "CREATE INDEX draft_open_all ON draft (number) WHERE " DRAFT_IS_OPEN ";" },
    { 19,
      "ALTER TABLE service ADD COLUMN grant_types TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN request_uris TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN resources TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN resource TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN exchanges TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN secret_too TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN secret_too_until_s INTEGER NOT NULL DEFAULT 0;"
      "ALTER TABLE service ADD COLUMN secret_sealed TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN auth_alg TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN jwks_uri TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN tls_subject_dn TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN tls_san_dns TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN tls_san_uri TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN tls_san_ip TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN tls_san_email TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN request_object_alg TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN request_object_required INTEGER NOT NULL DEFAULT 0;"
      "ALTER TABLE service ADD COLUMN par_required INTEGER NOT NULL DEFAULT 0;"
      "ALTER TABLE service ADD COLUMN response_alg TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN default_max_age_s INTEGER NOT NULL DEFAULT -1;"
      "ALTER TABLE service ADD COLUMN auth_time_required INTEGER NOT NULL DEFAULT 0;"
      "ALTER TABLE service ADD COLUMN default_acr_values TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN id_token_encryption_alg TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN id_token_encryption_enc TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN userinfo_alg TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN userinfo_encryption_alg TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN userinfo_encryption_enc TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN introspection_alg TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN access_token_jwt INTEGER NOT NULL DEFAULT 0;"
      "ALTER TABLE service ADD COLUMN dpop_bound INTEGER NOT NULL DEFAULT 0;"
      "ALTER TABLE service ADD COLUMN tls_bound INTEGER NOT NULL DEFAULT 0;"
      "ALTER TABLE service ADD COLUMN sector_identifier_uri TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN fapi INTEGER NOT NULL DEFAULT 0;"
      "ALTER TABLE service ADD COLUMN backchannel_logout_uri TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN backchannel_session_required INTEGER NOT NULL DEFAULT 0;"
      "ALTER TABLE service ADD COLUMN frontchannel_logout_uri TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN frontchannel_session_required INTEGER NOT NULL DEFAULT 0;"
      "ALTER TABLE service ADD COLUMN client_uri TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN policy_uri TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN tos_uri TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN contacts TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN consent INTEGER NOT NULL DEFAULT 0;"
      "ALTER TABLE service ADD COLUMN registered_by TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN registration_hash TEXT NOT NULL DEFAULT '';"
      /* A page counts those that wait, beside those that were sent back. */
      "CREATE INDEX draft_open_state ON draft (provider, state, number) WHERE " DRAFT_IS_OPEN ";" },
    { 20, "ALTER TABLE provider ADD COLUMN informs INTEGER NOT NULL DEFAULT 0;" },
    { 21,
      "ALTER TABLE service ADD COLUMN logo_uri TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN software_id TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN software_version TEXT NOT NULL DEFAULT '';"
      "CREATE INDEX service_registered ON service (registered_by) WHERE registered_by <> '';"
      "CREATE TABLE registrar ("
          "id TEXT PRIMARY KEY, token_hash TEXT NOT NULL, vendor TEXT NOT NULL, enabled INTEGER NOT NULL, "
          "test INTEGER NOT NULL, at_once INTEGER NOT NULL, fapi INTEGER NOT NULL, grant_types TEXT NOT NULL, "
          "scopes TEXT NOT NULL, asks TEXT NOT NULL, hosts TEXT NOT NULL, most INTEGER NOT NULL, "
          "until_s INTEGER NOT NULL, statement_issuer TEXT NOT NULL, statement_jwks TEXT NOT NULL, "
          "statement_required INTEGER NOT NULL, why TEXT NOT NULL);" },
    { 22,
      "ALTER TABLE service ADD COLUMN entity_id TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN metadata_xml TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN metadata_url TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN metadata_signer TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN pinned_keys TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN requests_signed INTEGER NOT NULL DEFAULT 0;"
      "ALTER TABLE service ADD COLUMN signs TEXT NOT NULL DEFAULT 'both';"
      "ALTER TABLE service ADD COLUMN signing_alg TEXT NOT NULL DEFAULT 'rsa-sha256';"
      "ALTER TABLE service ADD COLUMN encrypts TEXT NOT NULL DEFAULT 'auto';"
      "ALTER TABLE service ADD COLUMN encryption_alg TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN name_id TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN attributes_as TEXT NOT NULL DEFAULT 'mpassid';"
      "ALTER TABLE service ADD COLUMN attribute_names TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN names_origin INTEGER NOT NULL DEFAULT 0;"
      "ALTER TABLE service ADD COLUMN unasked_answers INTEGER NOT NULL DEFAULT 1;"
      "ALTER TABLE service ADD COLUMN skew_s INTEGER NOT NULL DEFAULT 180;"
      "ALTER TABLE service ADD COLUMN targets TEXT NOT NULL DEFAULT '';" },
    { 23,
      "ALTER TABLE service ADD COLUMN lti_deployments TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN lti_custom TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN lti_deep_link_uri TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN lti_deep_linking INTEGER NOT NULL DEFAULT 0;"
      "ALTER TABLE service ADD COLUMN lti_names_and_roles INTEGER NOT NULL DEFAULT 0;" },
    { 24,
      "ALTER TABLE idp ADD COLUMN vendors INTEGER NOT NULL DEFAULT 0;"
      "CREATE TABLE organisation ("
          "id TEXT PRIMARY KEY, business_id TEXT NOT NULL, names_fi TEXT NOT NULL, names_sv TEXT NOT NULL, "
          "names_en TEXT NOT NULL, technology TEXT NOT NULL, privacy TEXT NOT NULL, incidents TEXT NOT NULL, "
          "enabled INTEGER NOT NULL);"
      "CREATE TABLE staff ("
          "id TEXT PRIMARY KEY, organisation TEXT NOT NULL REFERENCES organisation (id) DEFERRABLE INITIALLY DEFERRED, "
          "idp TEXT NOT NULL REFERENCES idp (id) DEFERRABLE INITIALLY DEFERRED, subject TEXT NOT NULL, "
          "role TEXT NOT NULL);"
      "CREATE INDEX staff_organisation ON staff (organisation);"
      "CREATE INDEX service_vendor ON service (vendor);" },
    { 25,
      "ALTER TABLE service ADD COLUMN metadata_from TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN metadata_approved TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN metadata_rejected TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN answers_as TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN refresh_turn INTEGER NOT NULL DEFAULT 0;"
      "CREATE TABLE metadata_source ("
          "id TEXT PRIMARY KEY, kind TEXT NOT NULL, url TEXT NOT NULL, file TEXT NOT NULL, signer TEXT NOT NULL, "
          "most_ahead_days INTEGER NOT NULL, enabled INTEGER NOT NULL, test INTEGER NOT NULL, "
          "refresh_turn INTEGER NOT NULL DEFAULT 0);" },
    { 26, "ALTER TABLE service ADD COLUMN lti_login_by_post INTEGER NOT NULL DEFAULT 0;" },
    { 27,
      "CREATE TABLE api_token ("
          "id TEXT PRIMARY KEY, token_hash TEXT NOT NULL, role TEXT NOT NULL, "
          "provider TEXT REFERENCES provider (id) DEFERRABLE INITIALLY DEFERRED, school TEXT, "
          "enabled INTEGER NOT NULL, from_s INTEGER NOT NULL, to_s INTEGER NOT NULL, why TEXT NOT NULL, "
          "at_once INTEGER NOT NULL, given_by TEXT NOT NULL, given_number TEXT NOT NULL, given_name TEXT NOT NULL, "
          "FOREIGN KEY (provider, school) REFERENCES school (provider, oid) DEFERRABLE INITIALLY DEFERRED);"
      "CREATE INDEX api_token_provider ON api_token (provider, school);" },
    { 28, "ALTER TABLE service ADD COLUMN lti_framed INTEGER NOT NULL DEFAULT 0;" },
    { 29, "ALTER TABLE idp ADD COLUMN login_hint TEXT NOT NULL DEFAULT 'no';" },
    { 30, "ALTER TABLE service ADD COLUMN signs_out_by_browser INTEGER NOT NULL DEFAULT 0;" },
    { 31,
      "ALTER TABLE service ADD COLUMN tested_as TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE purpose ADD COLUMN until_s INTEGER NOT NULL DEFAULT 0;"
      "CREATE TABLE permission ("
          "id TEXT PRIMARY KEY, provider TEXT NOT NULL REFERENCES provider (id) DEFERRABLE INITIALLY DEFERRED, "
          "service TEXT NOT NULL, policy TEXT NOT NULL, agreement TEXT NOT NULL, decided_by TEXT NOT NULL, "
          "purpose TEXT NOT NULL, roles TEXT NOT NULL, schools TEXT NOT NULL, gives TEXT NOT NULL, "
          "keeps TEXT NOT NULL, from_s INTEGER NOT NULL, until_s INTEGER NOT NULL, withdrawn_s INTEGER NOT NULL, "
          "withdrawn_why TEXT NOT NULL);"
      "CREATE INDEX permission_provider ON permission (provider);"
      "CREATE TABLE incident ("
          "id TEXT PRIMARY KEY, service TEXT NOT NULL REFERENCES service (id) DEFERRABLE INITIALLY DEFERRED, "
          "says_fi TEXT NOT NULL, says_sv TEXT NOT NULL, says_en TEXT NOT NULL, from_s INTEGER NOT NULL, "
          "until_s INTEGER NOT NULL, by_operator INTEGER NOT NULL);"
      "CREATE INDEX incident_service ON incident (service);" },
    { 32,
      "ALTER TABLE service ADD COLUMN about_fi TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN about_sv TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN about_en TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN audience TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN age_from INTEGER NOT NULL DEFAULT 0;"
      "ALTER TABLE service ADD COLUMN age_to INTEGER NOT NULL DEFAULT 0;"
      "ALTER TABLE service ADD COLUMN accessibility_uri TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE purpose ADD COLUMN without_fi TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE purpose ADD COLUMN without_sv TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE purpose ADD COLUMN without_en TEXT NOT NULL DEFAULT '';" },
    { 33,
      "CREATE TABLE notice ("
          "id TEXT PRIMARY KEY, kind INTEGER NOT NULL, "
          "provider TEXT REFERENCES provider (id) DEFERRABLE INITIALLY DEFERRED, school TEXT, roles TEXT NOT NULL, "
          "service TEXT REFERENCES service (id) DEFERRABLE INITIALLY DEFERRED, title_fi TEXT NOT NULL, "
          "title_sv TEXT NOT NULL, title_en TEXT NOT NULL, says_fi TEXT NOT NULL, says_sv TEXT NOT NULL, "
          "says_en TEXT NOT NULL, important INTEGER NOT NULL, from_s INTEGER NOT NULL, until_s INTEGER NOT NULL);"
      "CREATE INDEX notice_provider ON notice (provider, school);" },
    { 34,
      "CREATE TABLE move ("
          "id TEXT PRIMARY KEY, provider TEXT NOT NULL REFERENCES provider (id) DEFERRABLE INITIALLY DEFERRED, "
          "from_idp TEXT NOT NULL REFERENCES idp (id) DEFERRABLE INITIALLY DEFERRED, "
          "to_idp TEXT NOT NULL REFERENCES idp (id) DEFERRABLE INITIALLY DEFERRED, by_what TEXT NOT NULL, "
          "batch TEXT NOT NULL, people INTEGER NOT NULL, until_s INTEGER NOT NULL);"
      "CREATE INDEX move_provider ON move (provider);" },
    { 35, "ALTER TABLE idp ADD COLUMN client_secret_until_s INTEGER NOT NULL DEFAULT 0;" },
    { 36, "ALTER TABLE idp ADD COLUMN encrypt_name_id INTEGER NOT NULL DEFAULT 0;" },
    { 37,
      "ALTER TABLE idp ADD COLUMN guardians INTEGER NOT NULL DEFAULT 0;"
      "ALTER TABLE idp ADD COLUMN relations_url TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE idp ADD COLUMN relations_page TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE idp ADD COLUMN relations_client_id TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE idp ADD COLUMN relations_key_sealed TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE idp ADD COLUMN relations_secret_sealed TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE idp ADD COLUMN relations_field TEXT NOT NULL DEFAULT 'X-AsiointivaltuudetAuthorization';" },
    { 38,
      "ALTER TABLE idp ADD COLUMN probe_username TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE idp ADD COLUMN probe_password_sealed TEXT NOT NULL DEFAULT '';"
      "CREATE TABLE idp_probe ("
          "idp TEXT PRIMARY KEY, account TEXT NOT NULL, due_s INTEGER NOT NULL, ordered_s INTEGER NOT NULL, "
          "done_s INTEGER NOT NULL, good_s INTEGER NOT NULL, fails INTEGER NOT NULL, step TEXT NOT NULL, "
          "why TEXT NOT NULL) WITHOUT ROWID;" },
    { 39, "ALTER TABLE service ADD COLUMN child_decides_from INTEGER NOT NULL DEFAULT 0;" },
    /* Beside the rows (opened.h). */
    { 40,
      "CREATE TABLE opened ("
          "provider TEXT NOT NULL, service TEXT NOT NULL, first_s INTEGER NOT NULL, change INTEGER NOT NULL, "
          "PRIMARY KEY (provider, service)) WITHOUT ROWID;"
      "CREATE INDEX opened_service ON opened (service, first_s);"
      "INSERT INTO number (name, value) VALUES ('opened', 0);" },
    { 41,
      "ALTER TABLE service ADD COLUMN signing_too TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN encryption_too TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE service ADD COLUMN certificates_retired TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE idp ADD COLUMN asserts_roles TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE idp ADD COLUMN asserts_schools TEXT NOT NULL DEFAULT '';" },
};
/* clang-format on */
const size_t registry_migration_count = COUNT(registry_migrations);

struct db_value column_preset(const struct column *c)
{
    int64_t number;

    if (c->preset == NULL || c->type == COL_REF || c->type == COL_SCHOOL)
        return (struct db_value){ .kind = DB_NULL };
    if (c->type == COL_BOOL || c->type == COL_INT || c->type == COL_TIME || c->type == COL_DAY) {
        (void)str_int(str_of(c->preset), &number);
        return db_int(number);
    }
    return db_text(str_of(c->preset));
}

size_t column_of(const struct kind_row *k, const char *name)
{
    for (size_t i = 0; i < k->column_count; i++)
        if (strcmp(k->columns[i].name, name) == 0)
            return i;
    assert(!"a column that is not in its table");
    abort();
}
