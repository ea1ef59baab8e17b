/* SPDX-License-Identifier: EUPL-1.2
 * model/registry.h: the federation as one immutable snapshot in memory.
 *
 * Floor 1.  Education providers with their schools, identity providers,
 * services, policies, rights, local accounts, and the terms, networks and exams
 * that policies speak of.  Loaded from SQL by registry/registry.c,
 * checked completely, then shared by all threads behind one counted pointer;
 * a change makes a new snapshot, and the last reader frees the old one.
 * All views point into the snapshot's arena.  Look-ups are hashed.
 */
#ifndef MODEL_REGISTRY_H
#define MODEL_REGISTRY_H

#include "base/arena.h"
#include "model/claims.h"
#include "model/lang.h"
#include "model/person.h"

struct strs { /* a list of texts */
    struct str *at;
    size_t n;
};

bool strs_has(const struct strs *list, struct str s);
void strs_add(struct arena *a, struct strs *list, struct str s); /* at the end; the list moves, s is not copied */
struct str strs_joined(struct arena *a, const struct strs *list, char between);

struct school {
    struct str oid, code; /* code: five digits */
    struct names names;
    bool active;
};

struct provider {   /* an education provider: usually a municipality; the tenant */
    struct str id;  /* "oulu" */
    struct str oid; /* "1.2.246.562.99.95640100004" */
    struct str municipality_code;
    struct names names;
    struct str support; /* whom to ask: a URL or an e-mail address of the provider's help desk */
    bool informs;       /* its people are shown what a service is told, the first time and when that grows */
    struct school *schools;
    size_t school_count;
    const struct school_slots
        *school_slots; /* made by provider_index_schools(); NULL: schools are looked for one by one */
};

struct scope_pattern;
enum idp_kind { IDP_NONE = 0, IDP_OIDC, IDP_SAML, IDP_LOCAL };

struct idp {       /* an identity provider of one education provider */
    struct str id; /* "oulu-edu"; enters person ids: never reused */
    enum idp_kind kind;
    const struct provider *provider; /* it may speak for this one only; NULL: for none (break-glass, vendors) */
    struct names names;              /* "Oulu", or "Espoo, henkilöstö" */
    bool enabled, test;              /* test: may live on loopback and on http */
    bool listed;                     /* shown in the picker */
    struct str map;                  /* dialect of its attributes: "mpassid", "funet", "entra", … */
    struct strs attributes;          /* "NAME=field": attributes of its own, which go before its map's */
    enum role role;                  /* of all who name none; ROLE_NONE: none */
    struct strs role_names;          /* "SPELLING=role" of this city alone: a word of its own, or a group's id */
    struct str school;               /* code of the school of all who name none; absent: none */
    /* What it may speak of: what it says beyond is left out, and never obeyed (idp-adapters/may_assert.h).  None: of
     * every role that a city may name; of every school of its provider, and of the provider itself. */
    struct strs asserts_roles;   /* names of roles */
    struct strs asserts_schools; /* codes or OIDs; then of no affiliation without a school either */
    struct str acr;              /* assurance stated for its log-ins when it states none */
    /* OpenID Connect */
    struct str issuer, client_id, scope;
    struct str auth_method;          /* client_secret_basic | client_secret_post | private_key_jwt */
    struct str client_secret_sealed; /* under the secret seal; opened only to be sent */
    int64_t client_secret_until_s;   /* its end, as the provider has told the admin; 0: not said */
    struct str fresh_login_by; /* "iat": what it issues in answer to prompt=login is a fresh log-in; "auth_time": no */
    /* SAML */
    struct str entity_id, metadata_url, metadata_xml;
    struct str metadata_signer; /* PEM: its metadata must be signed by one of these; absent: need not be signed */
    struct str pinned_keys;     /* PEM: its answers must be signed by one of these, whatever its metadata say */
    struct strs contexts;       /* AuthnContextClassRefs, one of which is demanded; none: any will do */
    struct strs scopes;         /* shibmd:Scope values it may assert, besides its metadata's */
    bool sign_requests, want_encrypted;
    struct str name_id_policy;    /* what our requests ask for: "persistent", "any", or "by_map" */
    struct str login_hint;        /* how it is told whom a service expects: "no", "email", "unspecified", "parameter" */
    bool share_encryption_key;    /* our encryption key stands in what it reads of us */
    bool encrypt_name_id;         /* IDP_SAML: a sign-out says to it in an EncryptedID whose session is over */
    struct strs private_networks; /* "10.20.0.0/16": private addresses that it may be at; none: public ones alone */
    const struct scope_pattern *const *patterns; /* as scopes, of its metadata alone (wire/scope_pattern.h) */
    size_t pattern_count;
    /* Guardians sign in here, and act for children alone (idp-adapters/relations.h). */
    bool guardians;
    struct str relations_url; /* e-Authorizations: where its REST interface stands; "": municipalities' own relations */
    struct str relations_page; /* where its selection page stands; "": the same */
    struct str relations_client_id;
    struct str relations_key_sealed, relations_secret_sealed; /* its API key, its OAuth password */
    struct str relations_field;                               /* what its checksum travels in */
    /* A test account of its own, by which we try whether people can sign in (gateway/upstream_probe.h); "": none. */
    struct str probe_username, probe_password_sealed;
    bool vendors; /* people of vendor organisations sign in here, and nobody else; never with a password alone */
    int64_t refresh_turn; /* grows when somebody wants its documents fetched now; 0: never */
};

enum protocol_id { PROTO_NONE = 0, PROTO_OIDC, PROTO_SAML, PROTO_LTI, PROTO_LINK, PROTO_LAUNCHER, PROTO_COUNT };
enum profile { PROFILE_NATIVE = 0, PROFILE_MPASS };

/* On which ground a service may be told a thing [Regulation (EU) 2016/679, Article 6(1)]. */
enum basis {
    BASIS_UNSAID = 0,
    BASIS_CONSENT,
    BASIS_CONTRACT,
    BASIS_LEGAL_OBLIGATION,
    BASIS_VITAL_INTERESTS,
    BASIS_PUBLIC_TASK,
    BASIS_LEGITIMATE_INTERESTS,
    BASIS_COUNT
};

struct purpose { /* why a service asks for a claim, as its vendor says it */
    enum claim claim;
    struct names why;
    struct names without; /* what happens where it is not given; "": not said */
    enum basis basis;
    int64_t until_s; /* needed until then, unless its vendor confirms it; not told afterwards. 0: open */
};

/* What a row of OpenID Connect says beyond the first.  Members are named as client metadata is [RFC 7591 2, OpenID
 * Connect Registration 2], and say the same.  "" and an empty list: as the specification's default. */
struct client {
    struct strs grant_types;  /* names of model/grant_types.def; none: authorization_code */
    struct strs request_uris; /* request objects by reference may stand there alone */
    struct strs resources;    /* that its access tokens may be for [RFC 8707] */
    struct str resource;      /* under which address it is such a resource itself, and may ask about tokens for it */
    struct strs exchanges;    /* ids of services whose tokens it may exchange for its own [RFC 8693] */
    /* How it proves who it is. */
    struct str secret_too; /* hex SHA-256 of the secret before, good until then: the two overlap */
    int64_t secret_too_until_s;
    struct str secret_sealed; /* for client_secret_jwt, which needs the value */
    struct str auth_alg;      /* token_endpoint_auth_signing_alg */
    struct str jwks_uri;
    struct str tls_subject_dn, tls_san_dns, tls_san_uri, tls_san_ip, tls_san_email; /* one of them [RFC 8705 2.1.2] */
    /* What it may ask, and how. */
    struct str request_object_alg;
    bool request_object_required, par_required;
    struct str response_alg; /* authorization_signed_response_alg: JARM */
    int default_max_age_s;   /* -1: none */
    bool auth_time_required;
    struct strs default_acr_values;
    /* What it is given. */
    struct str id_token_encryption_alg, id_token_encryption_enc;
    struct str userinfo_alg, userinfo_encryption_alg, userinfo_encryption_enc;
    struct str introspection_alg;
    bool access_token_jwt; /* [RFC 9068]; else opaque */
    bool dpop_bound, tls_bound;
    struct str sector_identifier_uri;
    bool fapi; /* held to the FAPI 2.0 Security Profile */
    /* How it hears that somebody has left. */
    struct str backchannel_logout_uri, frontchannel_logout_uri;
    bool backchannel_session_required, frontchannel_session_required;
    /* What people are shown. */
    struct str client_uri, policy_uri, tos_uri;
    struct strs contacts;
    bool consent; /* a voluntary service: each person is asked, once */
    /* Who registered it by itself [RFC 7591]; "": nobody. */
    struct str registered_by;     /* id of the initial access token */
    struct str registration_hash; /* hex SHA-256 of its registration access token */
    struct str logo_uri;          /* where service.logo came from */
    struct str software_id, software_version;
};

/* What a row of SAML says beyond its metadata.  "" and an empty list: as the metadata say, or the usual. */
struct saml_service {
    struct str entity_id;
    struct str metadata_xml, metadata_url, metadata_from; /* one of them; the last: id of a metadata_source */
    const struct metadata_source *source;                 /* of metadata_from */
    struct str metadata_signer; /* PEM: its metadata must be signed by one of these; absent: need not be signed */
    struct str pinned_keys;     /* PEM: its requests are signed by one of these, whatever its metadata say */
    /* What was approved, and what was rejected, of what an unsigned metadata_url says: "key HEX", "acs POST https://…"
     * (idp-adapters/approval.h).  None approved: what it says is believed. */
    struct strs approved, rejected;
    /* Certificates that stand side by side (idp-adapters/certificates_too.h): PEM, beside those of its metadata; and
     * fingerprints of those that count no more, wherever they stand. */
    struct str signing_too, encryption_too;
    struct strs retired;
    struct str answers_as;     /* id of the provider as whose identity provider we answer it; "": as our own */
    bool requests_signed;      /* what it asks must be signed, though its metadata do not say so */
    struct str signs;          /* what we sign: "both", "response", "assertion" */
    struct str signing_alg;    /* "rsa-sha256", "ecdsa-sha256" */
    struct str encrypts;       /* "auto": where it has a key for it; "always"; "never" */
    struct str encryption_alg; /* "" : the best of those that it names; else this one */
    /* For a request that names none: "", "persistent", "transient", "email", "none"; with "only-" before it for any. */
    struct str name_id;
    struct str attributes_as;  /* "mpassid", "eduperson", "plain", "none" */
    struct strs attributes;    /* "claim=Name [friendly:word] [format:uri]": names of its own, besides */
    bool signs_out_by_browser; /* never by SOAP, though its metadata name that */
    bool names_origin;         /* it is told which identity provider saw the person (AuthenticatingAuthority) */
    bool unasked;              /* it takes an answer that it did not ask for */
    int skew_s;                /* how far our clocks may be apart */
};

/* Somebody who signs the metadata of many: an aggregate, or one entity at a time [IIP-MD01, MD02]. */
enum source_kind { SOURCE_AGGREGATE = 0, SOURCE_MDQ };

struct metadata_source {
    struct str id;
    enum source_kind kind;
    struct str url;      /* of the aggregate; of MDQ what stands before /entities/ */
    struct str file;     /* of an aggregate instead: a name in state_dir/metadata */
    struct str signer;   /* PEM: these sign it, and nobody else [IIP-MD03] */
    int most_ahead_days; /* validUntil further ahead is refused [IIP-MD04] */
    bool enabled, test;
    int64_t refresh_turn; /* as of struct idp */
};

/* What a row of LTI 1.3 says beyond client_id, redirect_uris, jwks, initiate_login_uri and target_link_uri, which mean
 * what they mean elsewhere. */
struct lti_tool {
    struct strs deployments;  /* "7" for everybody; "oulu=7" for the people of that provider; none: the service's id */
    struct strs custom;       /* "name=value"; a value that is $Person.sourcedId or the like is replaced */
    struct str deep_link_uri; /* where teachers pick what they link to; "": target_link_uri */
    bool deep_linking;        /* it has a catalogue to pick from [LTI Deep Linking 2.0] */
    bool by_post;             /* its login begins by POST; else by GET [LTI Security Framework 5.1.1.1] */
    bool framed;              /* opened in a frame of a page of ours, which keeps its state (platform storage) */
    bool names_and_roles;     /* it may ask who is in a group [LTI Names and Role Provisioning Services 2.0] */
};

/* The scope of a token with which a service asks what policy says of people [AuthZEN Authorization API 1.0]. */
#define SCOPE_ACCESS_EVALUATION "access_evaluation"

struct service {
    struct str id;        /* "kanerva" */
    int64_t refresh_turn; /* as of struct idp */
    enum protocol_id protocol;
    struct str vendor;                              /* vendor organisation; pairwise ids are per vendor */
    struct names names, lines;                      /* name, one-line description */
    struct str category;                            /* groups tiles: "learning", "everyday", "school", … */
    struct strs keywords;                           /* other words by which people look for it */
    struct str logo;                                /* a PNG or SVG of ours (wire/logo.h); "": letters */
    bool enabled, test;                             /* test: redirect URIs may be http on loopback */
    struct str launch_uri;                          /* PROTO_LINK, or plain link of any service; "" : none */
    struct str initiate_login_uri, target_link_uri; /* OpenID third-party-initiated login */
    struct claim_set asks;                          /* the claims that it wants; release never exceeds it */
    const struct purpose *purposes;                 /* of some of them, in the order of their words */
    size_t purpose_count;
    /* OpenID Connect */
    struct str client_id;
    struct str secret_hash; /* hex SHA-256 of a generated secret; "" : public client */
    struct str auth_method; /* a row of gateway/oidc/client/methods.def; "": a secret, by Basic or in the body */
    struct str jwks;        /* for private_key_jwt */
    struct strs redirect_uris, post_logout_redirect_uris;
    struct str id_token_alg; /* "RS256" | "ES256" */
    bool pkce_required;      /* of a public one always true */
    enum profile profile;
    struct strs scopes; /* that it may ask for */
    struct client client;
    struct strs targets; /* where in it a link may lead: "https://host/a/" and all that is below (registry/targets.h) */
    struct saml_service saml;
    struct lti_tool lti;
    struct names about;           /* what it is, at length; "": not said */
    struct strs audience;         /* "learner", "teacher", "guardian": for whom it is made, as its vendor says */
    int age_from, age_to;         /* of learners, in years, both included; 0: open */
    struct str accessibility_uri; /* its accessibility statement */
    int child_decides_from; /* the age in years from which a child uses it alone, and no guardian acts in it; 0: none */
    struct str tested_as;   /* of one in production: id of the one in test that it was made from; "": of none */
};

/* Whose a policy is.  What an outer layer says, no inner one changes; within a layer forbid beats permit; a school's
 * own count where its municipality leaves the service to the schools. */
enum layer { LAYER_NATION = 0, LAYER_MUNICIPALITY, LAYER_SCHOOL, LAYER_COUNT };

struct policy {    /* Cedar text with what people need to know of it */
    struct str id; /* "oulu-7-9-matikka" */
    enum layer layer;
    const struct provider *provider; /* whose it is; NULL: the nation's */
    const struct school *school;     /* whose it is, of LAYER_SCHOOL; else NULL */
    struct names names;              /* what it is called; may be absent */
    struct str why;                  /* as its maker says it; may be absent */
    struct str text;                 /* one or more Cedar policies over policy/model.cedarschema */
    bool enabled;
    int64_t from_s, to_s; /* in force from–to, Unix time; 0: open */
    bool shipped;         /* part of the program: no registry has it */
};

struct admin {               /* a right in the console that somebody was given, besides the roles that a city states */
    struct str id;           /* of the row */
    struct str idp, subject; /* whose: struct person's members of these names */
    enum role role;          /* ROLE_ADMIN, ROLE_PRINCIPAL, ROLE_SECRETARY, ROLE_OPERATOR … */
    const struct provider *provider; /* where; NULL: in the nation */
    const struct school *school;     /* NULL: in all of the provider */
    int64_t from_s, to_s;            /* valid from–to, Unix time; 0: open */
    struct str why;                  /* as its giver says it; may be absent */
};

/* Days are counted from 1970-01-01 as they are in Finland. */
enum term_kind { TERM_TERM = 0, TERM_HOLIDAY, TERM_SCHOOL_DAY };

struct term { /* days of a provider's, or of one school's, calendar */
    struct str id;
    enum term_kind kind; /* a term; a holiday in it; a day of school on which there would be none */
    const struct provider *provider;
    const struct school *school; /* NULL: all of the provider */
    struct names names;          /* may be absent */
    int64_t from_day, to_day;    /* both included */
};

struct named_network { /* what addresses of devices are called */
    struct str id;
    const struct provider *provider;
    const struct school *school; /* NULL: all of the provider */
    struct names names;
    struct strs blocks; /* "10.20.0.0/16", "2001:db8::/32" */
};

struct exam { /* a time in which those of a school who sit it may open what is named, and nothing else */
    struct str id;
    const struct provider *provider;
    const struct school *school;
    struct str title;         /* as its maker calls it */
    struct strs groups;       /* "9A"; with no groups and no levels: the whole school */
    int level_from, level_to; /* class levels, both included; 0: open */
    int64_t from_s, to_s;     /* Unix time, the last excluded */
    struct strs services;     /* ids of those that stay open */
};

/* An initial access token: whoever has it may register services of this vendor by themselves [RFC 7591 3]. */
struct registrar {
    struct str id;         /* "sanoma"; services remember it as client.registered_by */
    struct str token_hash; /* hex SHA-256 of the token */
    struct str vendor;     /* of all that is registered with it */
    bool enabled, test;    /* test: what is registered is a test service */
    bool at_once;          /* is it active at once?  else it is switched off until its proposal is published; one in
                            * production is without why all the same (registrar_at_once()) */
    bool fapi;             /* all that is registered is held to FAPI 2.0 */
    struct strs grant_types, scopes; /* that may be registered; none: authorization_code; openid alone */
    struct claim_set asks;           /* what the services are let ask for */
    struct strs hosts;               /* of their addresses: "app.example.fi", "*.example.fi"; none: any */
    int64_t most;                    /* services at a time */
    int64_t until_s;                 /* Unix time; 0: open */
    /* Software statements [RFC 7591 2.3] are believed from this issuer, signed by one of these keys. */
    struct str statement_issuer, statement_jwks;
    bool statement_required;
    struct str why; /* as its giver says it; may be absent */
};

/* Who makes services.  Its id is what services and registrars call their vendor; a vendor without such a row is one
 * that the operator knows by other means, and has nobody in the portal. */
struct organisation {
    struct str id;
    struct str business_id; /* Y-tunnus: model/business_id.h */
    struct names names;
    struct str technology, privacy, incidents; /* addresses of e-mail: whom to reach about what */
    bool enabled;                              /* off: its people may do nothing here */
};

#define STAFF_ROLES(X)                                                                                                 \
    X(reader, "sees")                                                                                                  \
    X(developer, "registers and alters services")                                                                      \
    X(owner, "and decides about people and the organisation")

enum staff_role { /* each may do what those before it may */
                  STAFF_NONE = 0,
#define X(role, words) STAFF_##role,
                  STAFF_ROLES(X)
#undef X
                      STAFF_ROLE_COUNT
};
const char *staff_role_name(enum staff_role role); /* "developer"; "" for none */

struct staff { /* a person of a vendor organisation */
    struct str id;
    const struct organisation *organisation;
    struct str idp, subject; /* whose: struct person's members of these names */
    enum staff_role role;
};

/* Whoever has it administers by program what its role would let a person administer there (gateway/api/). */
struct api_token {
    struct str id;         /* "oulu-terraform" */
    struct str token_hash; /* hex SHA-256 of the token */
    bool enabled;
    bool at_once; /* what would wait for a second person does not */
    /* Who gave it in the console, and answers for what is done with it: as struct change_by has them; absent: nobody
     * there. */
    struct str given_by, given_number, given_name;
    /* What it may and how long, as if it were a person's: of the identity provider API_TOKENS_IDP, with the token's id
     * as subject. */
    struct admin right;
};
/* Of no row: an id has no tilde. */
#define API_TOKENS_IDP "~api"

/* What a municipality has decided about a service: the receipt of it, for both sides.  What is in force is the policy
 * that was written with it; one that was withdrawn stays, and says why. */
struct permission {
    struct str id;                   /* "oulu-kanerva-2026-11-30-k7": no person's words */
    const struct provider *provider; /* whose decision it is */
    struct str service;              /* id; may be gone since */
    struct str policy;               /* id of the policy that does what was decided */
    struct str agreement;            /* reference of the agreement in their records */
    struct str decided_by;           /* name and office, as typed */
    struct str purpose;              /* what they use it for */
    struct strs roles, schools;      /* of whom: names of roles; OIDs, none: all of the provider's */
    struct claim_set gives, keeps;   /* told; asked for, and not told */
    int64_t from_s, until_s;         /* Unix time; until 0: open */
    int64_t withdrawn_s;             /* 0: it is not */
    struct str withdrawn_why;
};

/* A municipality has changed its identity provider, or some of its people theirs: whose accounts at the new one are
 * those of the old one.  Which are, registry/links.h keeps; they count while this row is there. */
enum move_by { MOVE_BY_FILE = 0, MOVE_BY_NUMBER };

struct move {
    struct str id;
    const struct provider *provider; /* of both identity providers */
    struct str from, to;             /* ids of identity providers */
    enum move_by by;                 /* of links that a file named; of those made at sign-ins by learner number */
    struct str batch;                /* MOVE_BY_FILE: which links, by what they say: hex SHA-256 */
    int people;                      /* as many as it linked when it was made; for whoever reads the row */
    int64_t until_s;                 /* MOVE_BY_NUMBER: no new links from then on; 0: open */
};

struct incident { /* something that went wrong at a service, as its vendor or the operator states it */
    struct str id;
    struct str service; /* id */
    struct names says;
    int64_t from_s, until_s; /* Unix time; until 0: it goes on */
    bool by_operator;
};

/* What people read before their services: of the whole country, a municipality or a school.  MAINTENANCE and DOWN speak
 * of a service, and stand on its tile as well; what is not MAINTENANCE is seen from from_s to until_s, and MAINTENANCE
 * from NOTICE_AHEAD_S earlier on: its times are those in which the service is away. */
enum notice_kind { NOTICE_NEWS = 0, NOTICE_MAINTENANCE, NOTICE_DOWN };
enum { NOTICE_AHEAD_S = 7 * 86400 };

struct bulletin {
    struct str id;
    enum notice_kind kind;
    const struct provider *provider; /* whose; NULL: the nation's */
    const struct school *school;     /* NULL: all of the provider */
    struct strs roles;               /* for whom there; none: everybody */
    const struct service *service;   /* NULL: of none */
    struct names title, says;        /* plain text; says may be absent */
    bool important;
    int64_t from_s, until_s; /* Unix time, the last excluded */
};

struct account { /* a local account, for idp kind local */
    struct str id, idp, username;
    struct str password_hash; /* argon2id, PHC string */
    struct person *person;    /* what it asserts; id and idp are filled in at sign-in */
    struct str school;        /* OID; a substitute's pass at this school, and the school's to give and to take */
    bool enabled;
};

struct registry; /* opaque; made by registry_build() */

struct registry_parts { /* what a snapshot is built from; arrays live in its arena */
    struct provider *providers;
    struct idp *idps;
    struct service *services;
    struct policy *policies;
    struct admin *admins;
    struct account *accounts;
    struct term *terms;
    struct named_network *networks;
    struct exam *exams;
    struct registrar *registrars;
    struct organisation *organisations;
    struct staff *staff;
    struct metadata_source *sources;
    struct api_token *api_tokens;
    struct permission *permissions;
    struct incident *incidents;
    struct bulletin *notices;
    struct move *moves;
    size_t provider_count, idp_count, service_count, policy_count, admin_count, account_count;
    size_t term_count, network_count, exam_count, registrar_count, organisation_count, staff_count, source_count,
        api_token_count, permission_count, incident_count, notice_count, move_count;
    int64_t version; /* grows with every change in SQL */
};

/* Indexes the parts and takes over the arena.  One reference is held. */
struct registry *registry_build(struct arena *a, const struct registry_parts *parts);
struct registry *registry_hold(struct registry *r);
void registry_drop(struct registry *r); /* NULL does nothing; any thread */

/* More indexes over the snapshot, kept with it and freed with it.  Each is made once, by the first who asks for it, and
 * must not ask for itself.  gateway/node/node.c asks for those that take long before a snapshot is in force, so that
 * no request waits for one.  Any thread. */
enum registry_index {
    INDEX_RULES,     /* policy/lookup.c: what the policies say about one role at one school */
    INDEX_POLICIES,  /* policy/set.c: the policies, read */
    INDEX_PICKER,    /* launcher/picker.c: the search over cities and schools */
    INDEX_TILES,     /* launcher/shelf.c: services in the order of the launcher, and the search over them */
    INDEX_RELAYS,    /* idp-adapters/relay.c: identity providers by their mark in our requests */
    INDEX_PINS,      /* idp-adapters/pins.c: keys that rows name */
    INDEX_MATRIX,    /* policy/matrix.c: what policies and rules say of services and roles */
    INDEX_LISTED,    /* gateway/console/listed.c: services, identity providers and cities by name, for the console */
    INDEX_WINDOWS,   /* policy/windows.c: terms, networks and exams by where they are */
    INDEX_HOLDERS,   /* gateway/console/lines.c: who holds a right, by pseudonym */
    INDEX_DISCOVERY, /* gateway/oidc/discovery.c: what the OpenID Provider announces */
    INDEX_OPENAPI,   /* gateway/api/openapi.c: what programs may read and write */
    INDEX_USERS,     /* policy/users.c: whose policies open which service */
    INDEX_RECEIPTS,  /* policy/receipts.c: what municipalities have decided about services */
    INDEX_NOTICES,   /* launcher/notices.c: notices by whose they are, incidents by their ends */
    INDEX_COUNT
};
const void *registry_index(const struct registry *r, enum registry_index which,
                           void *(*make)(struct arena *a, const struct registry *r));
/* The same of what needs something of the process besides, which is the same for every snapshot. */
const void *registry_index_with(const struct registry *r, enum registry_index which, const void *with,
                                void *(*make)(struct arena *a, const struct registry *r, const void *with));

const struct registry_parts *registry_parts(const struct registry *r);
/* Each gives NULL when there is none (or the name is absent). */
const struct provider *registry_provider(const struct registry *r, struct str id);
const struct provider *registry_provider_oid(const struct registry *r, struct str oid);
const struct idp *registry_idp(const struct registry *r, struct str id);
/* By entityID (IDP_SAML) or issuer (IDP_OIDC): one partner may stand over both at once. */
const struct idp *registry_idp_entity(const struct registry *r, enum idp_kind kind, struct str entity_id_or_issuer);
const struct service *registry_service(const struct registry *r, struct str id);
/* Whether a tile of it leads anywhere. */
bool service_has_way_in(const struct service *s);
/* Cannot keep a secret: [RFC 6749 2.1]. */
bool service_is_public(const struct service *s);
/* Why it asks for that; NULL: its vendor has stated no purpose. */
const struct purpose *service_purpose(const struct service *s, enum claim claim);
/* What it asks for, less what it was to confirm by now and did not. */
struct claim_set service_asks(const struct service *s, int64_t now_s);
bool permission_in_force(const struct permission *p, int64_t now_s);
/* By id; NULL: there is none. */
const struct permission *registry_permission(const struct registry *r, struct str id);
const struct service *registry_client(const struct registry *r, struct str client_id);
const struct service *registry_service_entity(const struct registry *r, struct str entity_id); /* of PROTO_SAML */
/* By the hash of its token, or by id. */
const struct registrar *registry_registrar_token(const struct registry *r, struct str token_hash);
const struct registrar *registry_registrar(const struct registry *r, struct str id);
const struct organisation *registry_organisation(const struct registry *r, struct str id);
/* What this person is in an organisation, or in the first that there is (organisation absent); NULL: nothing.  Those of
 * organisations that are switched off are not looked at. */
const struct staff *registry_staff(const struct registry *r, struct str idp, struct str subject,
                                   struct str organisation);
/* The account of that id, at whichever identity provider. */
const struct account *registry_account_id(const struct registry *r, struct str id);
/* Where people of vendors have local accounts; NULL: nowhere. */
const struct idp *registry_idp_vendors(const struct registry *r);
/* Where guardians sign in; NULL: nowhere. */
const struct idp *registry_idp_guardians(const struct registry *r);
const struct metadata_source *registry_source(const struct registry *r, struct str id);
const struct api_token *registry_api_token(const struct registry *r, struct str token_hash); /* likewise */
/* Which is the resource of this address [RFC 8707 2]; NULL: none here. */
const struct service *registry_resource(const struct registry *r, struct str resource);
/* username: composed or decomposed, it is one name. */
const struct account *registry_account(const struct registry *r, struct str idp, struct str username);
/* All policies, by layer, provider, school and then in the order of their ids. */
const struct policy *const *registry_policies(const struct registry *r, size_t *n);
/* The rights that this person was given, valid or not: *n of them; of a substitute's pass none, whatever rows say. */
const struct admin *const *registry_admins(const struct registry *r, struct str idp, struct str subject, size_t *n);
/* The rows that give nothing, because they are of passes. */
const struct admin *const *registry_idle_admins(const struct registry *r, size_t *n);
/* Of which roles and schools its row lets it speak (asserts_roles, asserts_schools).  A school is one by its OID and by
 * its code; a row that names schools speaks of nothing that is at none. */
bool idp_may_assert_role(const struct idp *idp, enum role role);
bool idp_may_assert_school(const struct idp *idp, struct str oid, struct str code);
/* The first identity provider that the picker shows and that may speak of learners of this school; where none may, of
 * anybody there. */
const struct idp *registry_idp_school(const struct registry *r, struct str oid_or_code);
/* The same of somebody with that role; NULL: none may. */
const struct idp *registry_idp_school_role(const struct registry *r, struct str oid_or_code, enum role role);
const struct school *provider_school(const struct provider *p, struct str oid_or_code);
/* Makes the look-up above hashed; slots live in the arena.  The schools must not change any more. */
void provider_index_schools(struct arena *a, struct provider *p);

#endif
