/* SPDX-License-Identifier: EUPL-1.2
 * idp-adapters/affiliation.h: reads affiliations in the forms that cities send.
 *
 * Floor 3.  Every reader checks the provider and the school against the
 * registry: an identity provider may speak for its own provider alone.
 */
#ifndef IDP_ADAPTERS_AFFILIATION_H
#define IDP_ADAPTERS_AFFILIATION_H

#include "idp-adapters/map_notes.h"
#include "model/person.h"
#include "model/registry.h"

enum { AFFILIATION_VALUES_MAX = PERSON_AFFILIATIONS_MAX };

struct affiliations {
    struct affiliation *at; /* room for PERSON_AFFILIATIONS_MAX */
    size_t n;
};

/* What one attribute said; the first attribute that can be used stands. */
struct listed {
    struct strs values;
    struct str attribute;
    bool usable;
};

struct school_charge {
    const struct school *school;
    int charge; /* as in struct affiliation */
};

/* Parallel lists, as directories keep them: belonging together by position. */
struct affiliation_lists {
    struct listed schools, roles, groups, charges;
    bool roles_everywhere; /* roles are a set (app roles, groups): each holds at every school */
    bool roles_placed;     /* they count at a school of ours, or where the home is ours; nowhere else */
    bool home_is_ours;     /* the answer names the provider itself */
    struct school_charge charge_at[PERSON_AFFILIATIONS_MAX]; /* charges that name their school */
    size_t charge_at_count;
    int class_level; /* 0: none */
    struct str unused;
};

/* Why a value was not used: the part of it that is at fault. */
struct why_not {
    enum note kind;
    struct str value;
};

struct affiliations affiliations_new(struct arena *a);
/* False when there is no more room.  An equal one is kept once. */
bool affiliations_add(struct affiliations *list, const struct affiliation *one);

/* "provider OID;school code;group;role;role code;school OID;office OID", or the
 * older "municipality;school code;group;role", where the municipality is its
 * name, its code or the provider's OID.  False: *why says why not; true: *why says
 * which part alone was left out, or NOTE_NONE. */
bool affiliation_of_mpass(struct arena *a, const struct provider *p, struct str value, struct affiliation *out,
                          struct why_not *why);
/* {"role":"teacher","code":2,"school_oid":"…","provider_oid":"…"} */
bool affiliation_of_edu(struct arena *a, const struct provider *p, struct str value, struct affiliation *out,
                        struct why_not *why);
/* True for the provider's OID, its municipality's name in any language, or its code. */
bool affiliation_names_provider(struct arena *a, const struct provider *p, struct str said);

/* Joins the lists and adds what they say, unless a whole affiliation at a school
 * is there already: that one was told in one piece.  Counts must match; one role
 * or charge covers all schools, one group joins the first school; other counts
 * drop the list.  Class level and charge also reach whole affiliations.  Counts
 * in notes->left_out what was left out. */
void affiliations_join(struct arena *a, const struct provider *p, const struct affiliation_lists *lists,
                       struct affiliations *into, struct map_notes *notes);

/* The role that a spelling means, in any language; ROLE_NONE when unknown. */
enum role role_spelled(struct arena *a, struct str spelling);
/* A spelling, or MPASSid's number of a role. */
enum role role_said(struct arena *a, struct str said);
/* Words that say nothing of a role at school, and need no line in a log ("member", "default-access"). */
bool role_says_nothing(struct arena *a, struct str said);
/* 0 unknown, 1 free, 2 paid; MPASSid writes 0 for free, 1 for paid. */
int charge_said(struct str mark);

#endif
