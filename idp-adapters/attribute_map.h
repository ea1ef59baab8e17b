/* SPDX-License-Identifier: EUPL-1.2
 * idp-adapters/attribute_map.h: what a city says -> the normalised person.
 *
 * Floor 3.  A dialect is data (dialects/NAME.map, compiled in): rows from an
 * upstream attribute to a field of the person, how to read it, and what its
 * absence means.  Of several attributes for one field the first that can be used
 * counts, not the first that is there; the identity provider's own row may name
 * attributes that go before all of them.  No protocol here: adapters bring
 * attributes as lists of texts.  Pure: same input, same person.
 */
#ifndef IDP_ADAPTERS_ATTRIBUTE_MAP_H
#define IDP_ADAPTERS_ATTRIBUTE_MAP_H

#include "base/fail.h"
#include "idp-adapters/map_notes.h"
#include "model/person.h"
#include "model/registry.h"

/* One proven attribute.  SAML: Name (never FriendlyName).  OpenID Connect: the
 * claim's name; a nested object's members as "puavo.learner_id"; an array of
 * objects stays one JSON text per element. */
struct attribute {
    struct str name;
    struct strs values;
    bool no_text; /* some value was no text in JSON, and no whole number: nobody's name */
};

enum { ATTRIBUTES_MAX = 256, ATTRIBUTE_VALUES_MAX = 1024 }; /* at most; attribute_list.h says what becomes of more */

struct dialect; /* a compiled map */

/* NULL when there is none of that name. */
const struct dialect *dialect_named(struct str name);
/* The names of all dialects, for messages: "entra, funet, mpassid, native". */
struct str dialect_names(struct arena *a);

/* A subject is exact bytes: people who differ in white space, case or
 * composition are different people.  The parts of a composed one are percent-
 * encoded, so that no two pairs of parts are one person.  All other texts are
 * trimmed and composed [UAX 15, NFC]; what a screen would obey is not taken.
 *
 * Fills *out (id stays absent: flow derives it from idp and subject) from the
 * attributes of one proven answer.  subject: the protocol's own stable name of
 * the person (OIDC sub, SAML pairwise-id or persistent NameID), used when the
 * dialect finds no better one; may be absent.
 *
 * The idp may speak for its own provider alone: an affiliation with another
 * provider, an unknown or closed school, or an unknown role is left out, counted
 * and told in *notes, which is filled on refusal too.  Fails UPSTREAM with
 *   attribute_missing   an attribute that must be there brought nothing
 *   subject_part_missing  one part of a composed subject is missing, empty or white space
 *   subject_ambiguous   what names the person has several values
 *   subject_no_text     … is a boolean, a fraction, a list in a list, an object
 *   subject_not_plain   … holds characters that cannot be seen
 *   subject_too_long    … is longer than SUBJECT_MAX_B
 *   learner_id_invalid  not a learner number, or its check digit is wrong
 *   scope_foreign       the subject itself carries a scope that is not the idp's
 *   no_subject          neither the dialect nor the protocol names the person
 * detail names the attribute, never its value. */
bool map_person(struct arena *a, const struct idp *idp, const struct attribute *attributes, size_t n,
                struct str subject, struct person *out, struct map_notes *notes, struct fail *f);

/* The assurance that an answer states (acr, AuthnContextClassRef), or the idp's own where it states none.  What cannot
 * be kept is refused and not replaced: the idp's own may be a higher one.  Fails UPSTREAM acr_too_long, acr_not_plain.
 */
bool stated_acr(struct arena *a, struct str stated, const struct idp *idp, struct str *out, struct fail *f);

/* Whom a row's own attribute may fill: "NAME=role"; NULL when the entry is in order, else what is wrong with it. */
const char *own_attribute_trouble(struct str entry);
/* The fields that such an entry may name, for messages and documents: "subject, learner_id, …". */
struct str own_attribute_fields(struct arena *a);
/* What would name the person over SAML, in order, for a log line: "urn:…, urn:…, a NameID of format persistent". */
struct str map_subject_wanted(struct arena *a, const struct idp *idp);

/* Where the spelling of a row's "SPELLING=role" ends: the last equals sign, for a group's DN has others; its length
 * when there is none. */
size_t role_name_equals(struct str entry);
/* The role that the row calls so, without regard to case and composition; absent when it does not. */
struct str own_role_name(struct arena *a, const struct idp *idp, struct str said);
/* What own_role_name() gives of a word that is deliberately no role, "OPE=none". */
#define OWN_NO_ROLE "none"
bool own_says_no_role(struct str role_name);

/* A learner number: person arc of OPH with its 7-3-1 check digit; test: the test arcs count too. */
bool learner_id_valid(struct str oid, bool test);

#endif
