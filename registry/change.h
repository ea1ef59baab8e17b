/* SPDX-License-Identifier: EUPL-1.2
 * registry/change.h: whatever alters what the gateway knows of the federation is one change.
 *
 * Floor 4.  The only writer of the registry's rows.  Many make changes (the import
 * of a file, an undo, edit.h; later the portal, the APIs), one applies them:
 * each row must still be as it was when the change was made from it, the whole is
 * loaded and checked, and rows, version and history are written in one
 * transaction, or nothing is.  A change has the number of the version that it
 * makes.  It writes no row outside the area of whoever makes it.  History keeps, row by row, what was before and after;
 * it never shows a secret, and forgets what it knows of persons after CHANGE_PERSONAL_S. Everything here may block.
 */
#ifndef REGISTRY_CHANGE_H
#define REGISTRY_CHANGE_H

#include "base/arena.h"
#include "base/fail.h"
#include "model/area.h"
#include "wire/db.h"

enum {
    CHANGE_WHY_MAX_B = 500,
    UNGATED_MAX = 200, /* characters of why something comes into production without the gate */
    UNGATED_MAX_B = 300,
    CHANGE_PERSONAL_S = 30 * 86400, /* so long the history knows rows of local accounts, so that they can come back */
    CHANGE_SHOWN_B = 1024           /* a longer value is shown as its length and hash; a policy's text whole */
};

/*    maker     what it is, in words */
#define CHANGE_MAKERS(X)                                                                                               \
    X(import, "a file was imported")                                                                                   \
    X(undo, "a change was undone")                                                                                     \
    X(registration, "a vendor registered it by itself")                                                                \
    X(console, "a form of the console")                                                                                \
    X(portal, "a form of the vendor portal")                                                                           \
    X(api, "a program, with an API token")                                                                             \
    X(cli, "a command line")

enum change_maker {
    MAKER_NONE = 0,
#define X(maker, words) MAKER_##maker,
    CHANGE_MAKERS(X)
#undef X
        MAKER_COUNT
};

const char *change_maker_name(enum change_maker maker); /* "import"; "" for none */

struct change_passed {
    const struct change_passed_one {
        struct str service, vendor;
    } * at;
    size_t n;
};

struct change_by {  /* who answers for a change */
    struct str who; /* the account that made it: of the operating system, where it came by the command line */
    /* Of the human being behind it, the same for each of their accounts, without spaces; absent: not known.  number: of
     * their learner number; name: of what they are called. */
    struct str number_key, name_key;
    struct str account;      /* id of the row by which they sign in; absent: their accounts are kept elsewhere */
    struct str acting_as;    /* "operator" */
    const struct area *area; /* whose rows it may touch; &area_nation: all of them; NULL: none */
    enum change_maker maker;
    struct str why; /* in the maker's words; may be absent */
    int64_t at_s;   /* Unix time */
    /* Of a change by which services come into production (entering.h): those in test whose gate is passed, as whoever
     * writes has read it; and why the others come without, in the words of whoever answers.  Both as long as the
     * change; absent: none. */
    struct change_passed passed;
    struct str ungated;
};

struct change_report {
    size_t added, changed, removed;
    struct str lines; /* "+ service kanerva", "~ idp oulu-edu", "- rule r7", one a line */
    int64_t version;  /* of the registry, afterwards: the number of the change */
};

/* How much one person, one area, one owner may have, so that nobody takes what is others': more of it fails CALLER with
 * this code; what is there stays and can be altered. */
/*    code               most   what */
#define QUOTAS(X)                                                                                                      \
    X(drafts_of_person, 50, "drafts of one person that wait")                                                          \
    X(drafts_of_area, 1000, "drafts of one municipality, or of the nation, that wait")                                 \
    X(policies_of_owner, 20000, "policies of one municipality, or of the nation")                                      \
    X(policies_of_school, 1000, "policies of one school")                                                              \
    X(passes_of_idp, 2000, "substitutes' passes at one identity provider, also those that ended")                      \
    X(terms_of_provider, 2000, "rows of the calendars of one municipality and its schools")                            \
    X(networks_of_provider, 500, "networks that one municipality and its schools have named")                          \
    X(exams_of_provider, 5000, "exams of one municipality's schools")                                                  \
    X(notices_of_provider, 2000, "notices of one municipality and its schools")                                        \
    X(registrations_a_minute, 120, "changes with one initial access token within a minute")                            \
    X(api_changes_a_minute, 600, "changes by programs of one person within a minute")                                  \
    X(changes_a_minute, 30, "changes by one person within a minute, but by files and command lines")

enum quota {
#define X(code, most, what) QUOTA_##code = (most),
    QUOTAS(X)
#undef X
};

/* ── history ──────────────────────────────────────────────────────────────── */

struct change_entry {
    int64_t number; /* the version that it made */
    int64_t at_s;
    struct str who, acting_as, area, maker, why;
    int64_t undoes; /* the number of the change that it undid; 0: none */
    int64_t draft;  /* the number of the draft that it published; 0: none */
    int64_t added, changed, removed;
    bool told; /* stands in the audit log */
};

struct change_entries {
    struct change_entry *at;
    size_t n;
};

/* The last `most` changes of rows in the area with numbers up to `upto`, the newest first.  Fails OURS db_…. */
bool change_list(struct db *d, struct arena *a, const struct area *area, int64_t upto, size_t most,
                 struct change_entries *out, struct fail *f);
/* Those that the audit log does not have yet, the oldest first; at most `most`. */
bool change_list_untold(struct db *d, struct arena *a, size_t most, struct change_entries *out, struct fail *f);
bool change_told(struct db *d, int64_t number, struct fail *f); /* it has them now */

/* One row of a change, as may be shown: no secret, and nothing of a person. */
struct change_row_shown {
    char sign;                /* + ~ - */
    struct str row;           /* "service kanerva"; "account" alone, whose key is a person's */
    struct str before, after; /* JSON objects of what differs; absent where there is no such row */
};

struct change_rows_shown {
    struct change_row_shown *at;
    size_t n;
};

/* The first `most` rows in the area of a change, in the order of kinds and keys; none: there is no such change, or its
 * rows are forgotten. */
bool change_rows(struct db *d, struct arena *a, const struct area *area, int64_t number, size_t most,
                 struct change_rows_shown *out, struct fail *f);

/* Makes what change `number` did undone, as a change of its own (by->maker is MAKER_undo).  Fails CALLER no_change;
 * CONFLICT changed_since (the detail names the row and the later change) and forgotten; CALLER not_yours, where a row
 * of it stands outside by->area, registry_invalid, where the result would not hold, lockout, where no operator could
 * get in any more; OURS db_…. */
bool change_undo(struct db *d, struct arena *a, int64_t number, const struct change_by *by, bool dry_run,
                 struct change_report *out, struct fail *f);

#endif
