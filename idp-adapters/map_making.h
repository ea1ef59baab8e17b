/* SPDX-License-Identifier: EUPL-1.2
 * idp-adapters/map_making.h: a person while a map makes it.
 *
 * Floor 3.  Between attribute_map.c, which walks the rows and reads names and
 * numbers, map_subject.c, which reads who it is, and map_readers.c, which reads
 * roles and schools; of no use to others.
 */
#ifndef IDP_ADAPTERS_MAP_MAKING_H
#define IDP_ADAPTERS_MAP_MAKING_H

#include "idp-adapters/affiliation.h"
#include "idp-adapters/attribute_map.h"

/* A person in the making: what single rows brought, before parallel lists are joined. */
struct making {
    struct arena *arena;
    const struct idp *idp;
    const struct attribute *said; /* all that the answer says */
    size_t said_n;
    bool seen[ATTRIBUTES_MAX]; /* some row reads it */
    struct person *out;
    struct str display_name;
    struct affiliation_lists lists;
    struct strs school_marks;  /* how groups name the schools of lists.schools, by place */
    struct affiliations whole; /* from values that describe one affiliation each */
    bool subject_is_own;       /* the row names the attribute */
    bool role_declined;        /* a word came that the row says is deliberately no role */
    bool role_was_said;        /* something that looks like a role came, whether we understood it or not */
    struct str learner_bad;    /* the attribute that held a learner number which is none */
    struct map_notes *notes;
    struct fail *fail;
};

/* Reads one attribute into a field; false: refused, *m->fail says why. */
typedef bool map_reader(struct making *m, struct str *into, const struct attribute *from);

map_reader map_read_subject;
map_reader map_read_scoped_subject;
map_reader map_read_own_subject;
/* "first/second", both said or neither. */
bool map_compose_subject(struct making *m, struct str *into, struct str first, struct str second);
bool map_part_missing(const struct making *m, struct str missing, struct str other); /* refuses */
/* What the protocol calls the person; absent when that is no name. */
struct str map_subject_of_protocol(struct arena *a, struct str subject);

map_reader map_read_list;
map_reader map_read_school;
map_reader map_read_school_info;
map_reader map_read_school_objects;
map_reader map_read_roles;
map_reader map_read_role_set;
map_reader map_read_group_roles;
map_reader map_read_group_objects;
map_reader map_read_number;
map_reader map_read_charge;
map_reader map_read_home;
map_reader map_read_mpass_role;
map_reader map_read_old_role;
map_reader map_read_edu_role;
map_reader map_read_scoped_role;

/* The city's own words in place of what it said [domain 2, rule 5]. */
void map_use_own_words(struct making *m);
/* Who names no role at all has the row's; who names one that we do not know, or whose groups were cut off, has not. */
void map_use_default_role(struct making *m);
/* Who names no school is at the row's. */
void map_use_own_school(struct making *m);

/* One value: trimmed, composed, plain, of at most PERSON_TEXT_MAX_B; otherwise absent. */
struct str map_one_text(const struct making *m, struct str value);
/* name@scope: true for a scope that the idp may assert. */
bool map_scope_is_ours(const struct making *m, struct str value);

#endif
