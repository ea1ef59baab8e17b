/* SPDX-License-Identifier: EUPL-1.2
 * registry/versions.h: the federation as an earlier version had it: compared, and brought back.
 *
 * Floor 4.  What widens access does not take effect from one person (docs/decisions.md): what would bring such policies
 * back becomes a draft for a second person, in the same step.  Only what narrows whatever else is in force, and what a
 * school decides within what is left to it, acts at once.  Everything here may block.
 */
#ifndef REGISTRY_VERSIONS_H
#define REGISTRY_VERSIONS_H

#include "registry/edit.h"

/* Changes of one policy with numbers up to `upto`, the newest first.  Fails OURS db_…. */
bool versions_of_policy(struct db *d, struct arena *a, const struct area *area, struct str policy, int64_t upto,
                        size_t most, struct change_entries *out, struct fail *f);

struct version_of {
    int64_t number, at_s; /* 0: not known */
};

/* Since which version each policy is as it is: policies->n of them, of whatever area.  Fails OURS db_…. */
bool versions_latest(struct db *d, struct arena *a, const struct strs *policies, struct version_of *out,
                     struct fail *f);

struct versions_pair {
    int64_t from, to;  /* either may be the later one; beyond the last: as it is now */
    struct str policy; /* of it alone; absent: all rows of the area */
};

/* The first `most` rows that differ, policies first, as history shows them.  Fails CALLER no_version; OURS db_…. */
bool versions_compare(struct db *d, struct arena *a, const struct area *area, const struct versions_pair *pair,
                      size_t most, struct change_rows_shown *out, struct fail *f);

struct back {          /* what is brought back */
    int64_t undoes;    /* what this change did; 0: the policies as `version` had them */
    int64_t version;   /* the area's own, and none within it: what a school has decided stays; or */
    struct str policy; /* this one alone */
    bool fresh;        /* whoever asks has just logged in: it may act at once */
    /* Asked for each row, before any is written; NULL: nobody is.  Refuses with f. */
    bool (*may)(void *with, struct str row, struct fail *f);
    void *with;
};

struct back_made {
    bool at_once; /* it needs no second person; and was done, where the log-in is fresh */
    struct change_report report;
    int64_t draft; /* that waits for a second person; 0: none */
};

/* by->maker is MAKER_undo.  Nothing to bring back: true, report.version and draft 0.  Fails as change_undo() and
 * edit_run(EDIT_KEEP). */
bool versions_back(struct db *d, struct arena *a, const struct change_by *by, const struct back *what,
                   struct back_made *out, struct fail *f);

#endif
