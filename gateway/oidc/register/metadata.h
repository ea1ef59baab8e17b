/* SPDX-License-Identifier: EUPL-1.2
 * gateway/oidc/register/metadata.h: client metadata as JSON, and as the fields of a service's row.
 *
 * Floor 6d.  members.def says which member is which field.  Pure: nothing is fetched and nothing is written; results
 * live in the given arena.  What we cannot do as it was asked is done otherwise where the specification lets us, and
 * a note says so [RFC 7591 3.2.1]; the rest is refused, with the member and the rule.  Used by this room alone.
 */
#ifndef GATEWAY_OIDC_REGISTER_METADATA_H
#define GATEWAY_OIDC_REGISTER_METADATA_H

#include "model/registry.h"
#include "registry/edit.h"
#include "wire/json.h"

enum { METADATA_FIELDS_MAX = 64, METADATA_NOTES_MAX = 24 };

struct metadata {
    struct edit_field fields[METADATA_FIELDS_MAX]; /* of the row; a value that is absent: as its preset */
    size_t field_count;
    struct strs redirect_uris;
    struct str auth_method, logo_uri, sector_identifier_uri;
    struct strs notes; /* what was done otherwise, in words */
};

/* asked: the request's object.  stated: the claims of its software statement, which go before it [RFC 7591 2.3]; NULL:
 * it has none.  by: what may be registered.  now: the service that is altered; NULL: a new one.  Every field of
 * members.def is in the result.  Of an altered one, what whoever runs the gateway may have set by hand stays: asks,
 * test, fapi, pkce_required; its scopes and grants are the bound, and what it leaves out of scope stays as it is. Fails
 * CALLER invalid_redirect_uri, invalid_client_metadata. */
bool metadata_read(struct arena *a, const struct json_value *asked, const struct json_value *stated,
                   const struct registrar *by, const struct service *now, struct metadata *out, struct fail *f);
void metadata_put(struct metadata *m, const char *key, struct str value); /* one field more, or instead */
void metadata_note(struct arena *a, struct metadata *m, struct str note);

/* Writes the members that a row has into an object that is open. */
void metadata_write(struct json_out *o, struct arena *a, const struct row_seen *row);

/* The document of a sector_identifier_uri lists all redirect URIs [OpenID Connect Core 8.1].  Fails CALLER
 * invalid_client_metadata. */
bool metadata_sector_holds(struct arena *a, struct str document, const struct strs *redirect_uris, struct fail *f);

/* What is wrong with a row, in the words of whoever wrote the metadata.  Fails CALLER invalid_redirect_uri,
 * invalid_client_metadata. */
int metadata_trouble(struct arena *a, const struct edit_result *r, const struct fail *why, struct fail *f);

#endif
