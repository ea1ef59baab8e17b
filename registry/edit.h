/* SPDX-License-Identifier: EUPL-1.2
 * registry/edit.h: a change of a few rows, made by a person: a form of the console, a command line.
 *
 * Floor 4.  What a form says is noted down first, and then checked, kept as a draft, applied or published, in one
 * transaction, or not at all.  Fields are those of the YAML file, with its words for what is wrong.
 *
 * Nothing is lost: an edit names the version that it was made from, and a row that somebody else has changed since is
 * not written; the answer shows, field by field, what it was, what it is now, and what was wanted.  Rows that are not
 * touched never stand in the way.
 *
 * Nothing is reached: whatever the caller asks for, a row outside the area of struct change_by is not written
 * (CALLER not_yours), nor read for a form.  areas.h says where each kind of row stands.
 *
 * Everything here may block.  Texts of results live in the caller's arena.
 */
#ifndef REGISTRY_EDIT_H
#define REGISTRY_EDIT_H

#include "base/seals.h"
#include "base/world.h"
#include "model/area.h"
#include "model/registry.h"
#include "registry/change.h"

enum {
    EDIT_ROWS_MAX = 2500,      /* of one edit, and of one draft: the schools of a municipality, and itself */
    EDIT_FIELD_MAX_B = 4 << 20 /* of one field's text */
};

/* One row's name: kind is "service", "school" …: a kind of registry/schema.c.  key[1]: of a kind whose key has two
 * parts, a school's OID or the place of an affiliation; absent otherwise. */
struct row_id {
    struct str kind;
    struct str key[2];
};

/* In front of a hash in place of a secret's plain text, so that one can be moved from a field to another. */
#define EDIT_HASH "sha256:"

/* A key of the YAML file ("name.fi", "redirect_uris", "enabled") and its value as text: a list has one item a line;
 * true and false; a time in RFC 3339.  A secret ("secret", "client_secret", "password") is its plain text.  value
 * absent: as a row has it that does not say it. */
struct edit_field {
    struct str name, value;
};

/* ── rows as a form shows them ─────────────────────────────────────────────── */

struct row_field {
    struct str name, value; /* as in struct edit_field; a secret's value is absent */
    bool is_secret, is_set; /* is_set: not as in a row that does not say it */
};

struct row_seen {
    struct row_id id;
    struct row_field *fields; /* in the order of the file */
    size_t field_count;
};

/* NULL: there is no such field. */
const struct row_field *row_field(const struct row_seen *row, const char *name);

/* One row of the area as it is now, and the version that an edit of it is made from.  Fails NOT_FOUND no_row, where
 * there is none, and where there is one outside the area: who may not touch it does not learn that it is there.
 * CALLER unknown_kind; OURS db_…. */
bool row_look(struct db *d, struct arena *a, const struct area *area, const struct row_id *id, struct row_seen *out,
              int64_t *version, struct fail *f);

struct row_page {
    struct row_seen *at;
    size_t n;
    bool more; /* the next page begins after at[n - 1] */
};

enum { ROW_PAGE_MAX = 200 };

struct row_ask {
    const char *kind;
    struct str search;   /* stands somewhere in the key or in a name, in upper or lower case; absent: all */
    struct str under;    /* rows below this one alone: a provider's schools, an account's affiliations; absent: all */
    struct str after[2]; /* key of the last row of the page before; absent: from the beginning */
    size_t most;         /* at most ROW_PAGE_MAX */
};

/* Rows of a kind in an area, in the order of their keys, a page at a time, from SQL.  Long texts are not in it (their
 * value is absent, is_set says whether there is one). */
bool row_list(struct db *d, struct arena *a, const struct area *area, const struct row_ask *ask, struct row_page *out,
              struct fail *f);

/* ── an edit ───────────────────────────────────────────────────────────────── */

struct edit_how {
    const struct world *world;
    const struct seals *seals; /* may be NULL where no secret is given */
    /* As in struct import_how; NULL: here and now. */
    bool (*logo)(struct arena *a, struct str png, struct str *out, struct fail *f);
    /* Asked for each row that would be written, before any is: may by->who do that?  NULL: nobody is asked; the area
     * holds in any case.  sign: + ~ -.  Refuses with f. */
    bool (*may)(void *with, char sign, const struct row_id *row, const struct area *where, struct fail *f);
    /* Asked for each role that a row which would be written gives or gave, and for each that whoever signs in with an
     * account which would be written has, by whatever row: may by->who give it there, or take it away?  NULL: nobody is
     * asked.  Refuses with f. */
    bool (*gives)(void *with, enum role role, const struct area *where, struct fail *f);
    /* Shown the registry as it will be, when it is in order and before it is kept; may still refuse with f (the
     * numbers are not those that were approved).  NULL: nobody looks. */
    bool (*look)(void *with, const struct registry *r, struct fail *f);
    void *with; /* of all */
};

struct edit_from {
    /* That the form was made from (row_look).  0: as it is when the edit is run; of rows of a draft, what each of them
     * was written from.  Once a conflict was shown, what is decided is made from edit_result.version: what the draft
     * (or the form) does not alter is then as the other has left it. */
    int64_t version;
    int64_t draft;   /* go on with this draft; 0: none */
    int64_t edition; /* of it, as the form was made from (struct draft) */
};

struct edit; /* noted down; in an arena of its own */

struct edit *edit_new(const struct change_by *by,
                      const struct edit_from *from); /* views of by live until edit_free() */
void edit_free(struct edit *e);                      /* NULL does nothing */

/* Fields that are not named keep their value; a row that is not there is made.  Copied.  What is wrong, edit_run()
 * says. */
void edit_put(struct edit *e, const struct row_id *row, const struct edit_field *fields, size_t n);
/* The row, and those below it. */
void edit_remove(struct edit *e, const struct row_id *row);
/* The row is as it was before this draft: its part in it is dropped. */
void edit_leave(struct edit *e, const struct row_id *row);

struct edit_trouble { /* one thing that is wrong with what was typed */
    struct row_id row;
    struct str field; /* absent: the row as a whole */
    const char *code; /* as in struct fail: bad_value, unknown_key, missing_key, registry_invalid … */
    struct str says;
};

struct edit_conflict_field {
    struct str name, was, now, wanted; /* a secret: "(secret)"; absent where there is no such row */
};

struct edit_conflict { /* one row that was changed by somebody else meanwhile */
    struct row_id row;
    bool was_there, is_there, is_wanted;
    struct edit_conflict_field *fields; /* those that are not the same everywhere */
    size_t field_count;
    int64_t change; /* the last one that touched it; 0: not known */
    struct str who; /* of it */
    int64_t at_s;
};

struct edit_result {
    struct change_report report;   /* what would be changed, or was */
    struct change_rows_shown rows; /* the same, row by row, as history shows it */
    int64_t version;               /* of the registry that it was compared with: an edit that decides says so */
    int64_t draft, edition;        /* of the draft that was kept or published; 0: none */
    struct edit_trouble *troubles; /* CALLER: all that is wrong with fields, or the one row that the whole fails by */
    size_t trouble_count;
    struct edit_conflict *conflicts; /* CONFLICT changed_since */
    size_t conflict_count;
};

enum edit_act {
    EDIT_CHECK = 0, /* says what would be, and changes nothing */
    EDIT_KEEP,      /* as a draft: a new one, or the one that it goes on with; need not hold as a whole yet */
    EDIT_APPLY,     /* now, as one change; not for drafts */
    EDIT_PUBLISH    /* a draft that was approved, as it was approved; nothing may be put to it */
};

/* Fails: CALLER bad_value … (troubles), registry_invalid (the same), unknown_kind, too_many, not_yours (the detail
 *        names the row), no_version, no_draft, draft_state (it is published or withdrawn; not approved), lockout;
 *        CONFLICT changed_since (conflicts; or the draft has another edition), forgotten;
 *        whatever may() and look() say; OURS db_….
 * An edit may be run again: checked, then applied.  Applied with nothing to change: true, no version is made. */
bool edit_run(struct edit *e, struct db *d, struct arena *a, const struct edit_how *how, enum edit_act act,
              struct edit_result *out, struct fail *f);

/* ── drafts ────────────────────────────────────────────────────────────────── */

/*    state      what it means */
#define DRAFT_STATES(X)                                                                                                \
    X(draft, "is being written")                                                                                       \
    X(proposed, "waits for a second person")                                                                           \
    X(approved, "may be published")                                                                                    \
    X(sent_back, "is to be written again")                                                                             \
    X(withdrawn, "will not be")                                                                                        \
    X(published, "is a change")

enum draft_state {
    DRAFT_NONE = 0,
#define X(state, words) DRAFT_##state,
    DRAFT_STATES(X)
#undef X
        DRAFT_STATE_COUNT
};

const char *draft_state_name(enum draft_state state); /* "sent_back"; "" for none */

enum { DRAFT_NAME_MAX_B = 200, DRAFT_SEEN_MAX_B = 500 };

struct draft {
    int64_t number; /* its own for ever; no change and no other draft has it */
    enum draft_state state;
    struct area area; /* of whoever began it: who acts in it, or around it, sees the draft */
    struct str owner, acting_as;
    struct str why;
    int64_t edition; /* grows with each act on it: forms say which they were made from */
    int64_t created_s, updated_s;
    struct str decided_by, decided_why; /* approved or sent back; absent: not yet */
    struct str seen;                    /* what the approver saw, in the caller's words (numbers of people) */
    int64_t change;                     /* that published it; 0: none */
    int64_t row_count;
};

struct drafts {
    struct draft *at;
    size_t n;
};

/* Those of the area and within it with numbers below `before` (INT64_MAX: from the newest), the newest first.
 * state DRAFT_NONE: all that are open (draft, proposed, approved, sent_back). */
bool draft_list(struct db *d, struct arena *a, const struct area *area, enum draft_state state, int64_t before,
                size_t most, struct drafts *out, struct fail *f);
/* Fails CALLER no_draft, where there is none in the area. */
bool draft_look(struct db *d, struct arena *a, const struct area *area, int64_t number, struct draft *out,
                struct fail *f);
/* Its rows before and after, as history shows them. */
bool draft_rows(struct db *d, struct arena *a, const struct area *area, int64_t number, struct change_rows_shown *out,
                struct fail *f);
/* Which rows are in it. */
struct row_ids {
    struct row_id *at;
    size_t n;
};
bool draft_row_ids(struct db *d, struct arena *a, const struct area *area, int64_t number, struct row_ids *out,
                   struct fail *f);
/* One of its rows as a form goes on with it; one that is not in it as it is now. */
bool draft_row(struct db *d, struct arena *a, const struct area *area, int64_t number, const struct row_id *id,
               struct row_seen *out, struct fail *f);

struct draft_policy { /* as an open draft would have it */
    int64_t draft;
    struct str id;
    bool gone;                   /* there would be none; else: */
    struct str provider, school; /* whose; absent: the nation's, no school's */
    struct str text;
    bool enabled;
    int64_t from_s, to_s;
};

struct draft_policies {
    struct draft_policy *at;
    size_t n;
};

/* Of the open drafts that were begun in the area (of the nation: in it alone), the newest draft first; at most `most`
 * rows.  Fails OURS db_…. */
bool draft_policies(struct db *d, struct arena *a, const struct area *area, size_t most, struct draft_policies *out,
                    struct fail *f);

/* The open draft of that owner in which this row is; *number 0: there is none.  Fails OURS db_…. */
bool draft_of_row(struct db *d, struct arena *a, struct str owner, const struct row_id *row, int64_t *number,
                  int64_t *edition, struct fail *f);

enum draft_act { DRAFT_PROPOSE = 1, DRAFT_APPROVE, DRAFT_SEND_BACK, DRAFT_WITHDRAW };

/* As whom somebody has written in a draft already.  By number and by name it is another account's: where both numbers
 * are known, they tell two people of one name apart; else who is called the same counts as the same.  By maker: whoever
 * made or altered an account in the console within MAKER_HAND_S may know its password, and is a hand of whatever it
 * does; so are two accounts of one maker. */
enum { MAKER_HAND_S = CHANGE_PERSONAL_S };
enum draft_hand { HAND_NONE = 0, HAND_ACCOUNT, HAND_NUMBER, HAND_NAME, HAND_MAKER };
bool draft_hand(struct db *d, struct arena *a, const struct change_by *by, int64_t number, enum draft_hand *out,
                struct fail *f);

struct draft_move {
    int64_t number, edition; /* as the page showed them */
    enum draft_act act;
    struct str seen; /* DRAFT_APPROVE: what the approver saw; at EDIT_PUBLISH, look() compares */
    bool alone;      /* DRAFT_APPROVE: no second person is demanded here */
};

/* by->why is the reason (of DRAFT_PROPOSE: the draft's own).  Fails CALLER no_draft, draft_state; DENIED own_draft (who
 * wrote in it, by whichever account, does not approve it); CONFLICT changed_since (the draft has another edition, or
 * one of its rows is not as it was when it was written: `out` shows which), forgotten; OURS db_….  out: conflicts
 * alone. */
bool draft_do(struct db *d, struct arena *a, const struct change_by *by, const struct draft_move *move,
              struct edit_result *out, struct fail *f);

#endif
