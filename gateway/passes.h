/* SPDX-License-Identifier: EUPL-1.2
 * gateway/passes.h: passes of substitutes: an account of a person's own at one school, between a begin and an end.
 *
 * Floor 6c.  What the console and the interface for programs share.  Policy sees a dated affiliation, so nothing has to
 * happen at its end.  One of more than PASS_ALONE_S, alone or together with the others of the same name at the school,
 * is asked for, and waits as a draft for a second person who may give passes there.
 */
#ifndef GATEWAY_PASSES_H
#define GATEWAY_PASSES_H

#include "model/ctx.h"
#include "model/registry.h"
#include "registry/edit.h"

#define PASS_PREFIX "pass-" /* of the account's id */

enum {
    PASS_ALONE_S = 5 * 86400,    /* that one person gives */
    PASS_LONGEST_S = 400 * 86400 /* that two do: a school year */
};

struct pass { /* one that is to be given */
    struct str id;
    struct str given, family; /* of the person */
    struct str why;
    const struct provider *provider;
    const struct school *school; /* NULL: none of the provider's was named */
    int64_t from_s, to_s;        /* 0: not readable */
    /* what the gateway adds */
    const struct idp *idp;         /* the municipality's own accounts */
    struct str username, password; /* shown once, kept nowhere */
    bool asks;                     /* for a second person */
};

enum pass_fault {
    PASS_GOOD = 0,
    PASS_NO_NAME,
    PASS_SHARED_NAME, /* nobody's: "Sijainen 1" */
    PASS_NO_SCHOOL,
    PASS_BAD_TIMES, /* not readable, or ends before it begins */
    PASS_OVER,
    PASS_TOO_LONG,
    PASS_NO_WHY,
    PASS_NO_IDP /* the municipality has no accounts of its own */
};
/* Judges it, and fills in idp and asks. */
enum pass_fault pass_judge(struct ctx *c, struct pass *x);
struct str pass_new_id(struct ctx *c);
void pass_new_secrets(struct ctx *c, struct pass *x); /* username and password: without letters that look alike */

/* As an edit of its two rows. */
void pass_put(struct ctx *c, struct edit *e, const struct pass *x);
/* On a worker thread: applies the edit, or proposes it as a draft where two must give it (x->asks says so after;
 * result->draft).  Of edit_run()'s failures. */
bool pass_give(struct pass *x, struct edit *e, const struct edit_how *how, const struct change_by *by, struct db *d,
               struct arena *a, struct edit_result *result, struct fail *f);

/* Whether it is a pass, of that area: a municipality, or one school of it. */
bool is_pass_of(const struct registry *r, const struct account *x, const struct area *area);
const struct account *pass_of(const struct registry *r, struct str id, const struct area *area); /* NULL */
/* Where one signs in with it. */
struct str pass_address(struct ctx *c, const struct idp *idp);

#endif
