/* SPDX-License-Identifier: EUPL-1.2
 * gateway/api/api.h: the registry for programs: rows as JSON, read and written with a token that has an area and a
 * role.
 *
 * Floor 6d; for this folder alone.  Every path begins with the row api_door.  What is written is one change by the same
 * checks as a file or a form (registry/edit.h); openapi.c says to programs what this says to readers.
 */
#ifndef GATEWAY_API_API_H
#define GATEWAY_API_API_H

#include "model/ctx.h"
#include "policy/may.h"
#include "registry/desk.h"
#include "registry/edit.h"
#include "registry/kinds.h"
#include "wire/json.h"

#define API_ROOT         "/api/v1/"
#define API_PRECONDITION "precondition_failed"

enum { API_ROWS_MAX = 200, API_LIST_MAX = ROW_PAGE_MAX, API_ANSWER_MAX_B = 8 << 20, ETAG_B = 32 };

enum api_how { API_AT_ONCE = 0, API_WAITS };

struct api_right {
    const char *kind;
    enum console_action read, write;
    enum api_how how;
};
extern const struct api_right api_rights[];
extern const size_t api_right_count;
const struct api_right *api_right_of(struct str kind); /* NULL: programs have nothing to do with it */

struct api_write { /* one row that is to be written */
    const struct api_right *right;
    struct row_id row;
    bool remove;
    bool takes_away;           /* waits for nobody, whatever the kind: it withdraws */
    struct edit_field *fields; /* all that the kind has, but secrets that were not given */
    size_t field_count;
};

struct pass_call; /* passes.c */

struct api_call { /* c->state */
    const struct api_token *token;
    struct person person; /* whom policy is asked about: the token has the rights of a person in its role */
    struct area area;
    struct circumstances now;
    struct registry *registry;

    const struct api_right *right; /* of the kind that the path names */
    struct kind_about about;
    struct row_id row;
    bool names_row; /* else the path names all rows of the kind */

    struct api_write *writes;
    size_t write_count;
    bool dry_run;
    struct str if_match, if_none_match; /* absent: unsaid */

    struct change_by by;
    struct edit_how how;
    struct edit_result result;
    struct row_seen seen;     /* the row as it is, or has become */
    bool is_there, was_there; /* it */
    struct row_ask list;
    struct row_page page;
    struct draft draft;
    struct change_rows_shown draft_rows;
    int64_t draft_number; /* a draft was made, and waits; 0: none */
    struct pass_call *pass;
    struct desk_got got;
};

static inline struct api_call *api_call(const struct ctx *c)
{
    return c->state;
}

/* A row of every table: whose token it is.  Fails CLIENT_AUTH invalid_token. */
enum step api_door(struct ctx *c, struct fail *f);
/* A row: which kind, and which row, the path names.  Fails NOT_FOUND. */
enum step api_path(struct ctx *c, struct fail *f);
/* A job on the registry's database, with the call and into its got; alone in its batch.  Fails BUSY. */
enum step api_ask(struct ctx *c, desk_job *job, struct fail *f);
/* A vendor's rows are the nation's to administer. */
bool api_may(const struct api_call *x, enum console_action action, const struct area *where);

/* A row's members as fields: what is not named becomes as in a row that does not say it; secrets stay.  Fails CALLER
 * invalid_row, and names the member. */
bool api_read_row(struct arena *a, const struct kind_about *about, const struct json_value *v, struct api_write *out,
                  struct fail *f);
void api_write_row(struct json_out *o, const struct kind_about *about, const struct row_seen *row);
/* As the caller wants it, no secret in it. */
void api_write_wanted(struct json_out *o, const struct kind_about *about, const struct api_write *w);
/* Of the row as it is: a strong validator, in quotes [RFC 9110 8.8.3]. */
struct str api_etag(struct arena *a, const struct kind_about *about, const struct row_seen *row);

/* What a screen would not do with rows of some kinds, a program does not either: asked of the registry as the change
 * would leave it (struct edit_how, look), with x->result.rows.  Fails CALLER invalid_row, and names the row. */
bool api_bounds(void *call, const struct registry *after, struct fail *f);

/* A table: x->writes become one change, or one draft. */
extern const struct step_row api_apply[];
/* Answers what became of it: the change, or the draft that waits (202). */
enum step api_say_change(struct ctx *c, struct fail *f);
/* Answers when that failed: which rows and fields, and why. */
enum step api_refused(struct ctx *c, struct fail *f);
enum step api_json(struct ctx *c, int status, const struct json_out *o, struct fail *f);

#endif
