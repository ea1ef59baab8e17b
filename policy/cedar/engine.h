/* SPDX-License-Identifier: EUPL-1.2
 * policy/cedar/engine.h: the Cedar policy language, version 4, for those who are built with it.
 *
 * Stands on base/ alone.  Other projects take the library instead: cedar.h, which lib/ makes of this.
 *
 *     struct arena *a = arena_new();
 *     struct cedar_source text = { S("hello.cedar"), policy_text };
 *     struct cedar_diags d = cedar_diags_new(a, &text);
 *     const struct cedar_policies *policies = cedar_policies_parse(a, &d, CEDAR_IDS_BY_POSITION);
 *     if (policies == NULL)
 *         puts(cedar_diags_text(a, &d).p);      every mistake, with its line
 *
 * What is read (policies, entities, schemas) is one immutable snapshot in the
 * arena that was given: share it between threads, free the arena when the last
 * reader is gone.  The text that it was read from need not be kept.  A decision
 * allocates from the arena of its caller only, never blocks, and takes bounded
 * time and stack on any input.  Nothing here knows a clock, a file or a network.
 */
#ifndef CEDAR_ENGINE_H
#define CEDAR_ENGINE_H

#include "policy/cedar/ast.h"
#include "policy/cedar/cedar.h"
#include "policy/cedar/diag.h"
#include "policy/cedar/entities.h"
#include "policy/cedar/eval.h"
#include "policy/cedar/schema.h"
#include "policy/cedar/validate.h"
#include "policy/cedar/value.h"

/* ---- Policies: one immutable set. */

struct cedar_policies;

enum {
    CEDAR_POLICIES_MAX = 1 << 20 /* policies, templates and links of one set */
};

/* Reads policies and templates from d->source.  NULL after reporting into d:
 * every policy with a mistake is reported (CEDAR_DIAGS_MAX of them are kept),
 * none is taken.  Two policies of one id are a mistake. */
const struct cedar_policies *cedar_policies_parse(struct arena *a, struct cedar_diags *d, enum cedar_ids ids);

/* Reads the JSON form: one policy or template, then called "policy0", or a set
 * {"staticPolicies": {ID: …}, "templates": {ID: …}, "templateLinks": […]}, each member of which may be absent.  NULL
 * after reporting into d. */
const struct cedar_policies *cedar_policies_from_json(struct arena *a, struct cedar_diags *d);
/* Add the JSON form of a set, of one policy, to b (buf_ok() tells whether it fitted). */
void cedar_policies_to_json(struct buf *b, const struct cedar_policies *p);
void cedar_policy_to_json(struct buf *b, const struct cedar_policy *p);

/* Fills the slots of a template.  A uid whose type is absent fills nothing. */
struct cedar_link {
    struct str id; /* of the new policy */
    struct str template_id;
    struct cedar_uid principal, resource;
};
/* A new set: everything in p, and the links.  p's arena must outlive it.  NULL
 * after reporting an unknown template, an id in use, or a slot that is not
 * filled or not there. */
const struct cedar_policies *cedar_policies_link(struct arena *a, const struct cedar_policies *p,
                                                 const struct cedar_link *links, size_t n, struct cedar_diags *d);

/* A new set: p without those whose ids are in `without`, and with all of `with` (or NULL), each in the place of the one
 * that has its id, or behind.  Both arenas must outlive it.  NULL after reporting. */
const struct cedar_policies *cedar_policies_change(struct arena *a, const struct cedar_policies *p,
                                                   const struct cedar_policies *with, const struct str *without,
                                                   size_t n, struct cedar_diags *d);

/* Policies that decide (static ones and links), in order, i < n; and templates.  They live as long as the set. */
size_t cedar_policies_n(const struct cedar_policies *p);
const struct cedar_policy *cedar_policy_at(const struct cedar_policies *p, size_t i);
size_t cedar_templates_n(const struct cedar_policies *p);
const struct cedar_policy *cedar_template_at(const struct cedar_policies *p, size_t i);
const struct cedar_policy *cedar_policy_named(const struct cedar_policies *p,
                                              struct str id);                      /* or NULL; templates too */
struct str cedar_policy_annotation(const struct cedar_policy *p, struct str name); /* or absent */

/* Validates every policy and template (strictly); true when there is no error.  Findings go into d with the source and
 * the id of their policy, whatever source d has; warnings (a policy that can never apply) leave it true. */
bool cedar_policies_validate(const struct cedar_policies *p, const struct cedar_schema *s, struct cedar_diags *d);

/* The text in canonical layout, comments kept.  Absent after reporting that it does not parse. */
struct str cedar_format(struct arena *a, struct cedar_diags *d);
/* A policy as text. */
void cedar_policy_text(struct buf *b, const struct cedar_policy *p);

/* ---- Entities. */

/* Reads a JSON array of entities.  With a schema (or NULL) the reading is
 * directed, each entity validated, and the schema's actions are added.  NULL
 * after reporting into d: text that is no such JSON, values that Cedar does not
 * have, one uid with two contents, a cycle of parents, or what the schema forbids. */
const struct cedar_entities *cedar_entities_parse(struct arena *a, struct cedar_diags *d,
                                                  const struct cedar_schema *schema);
void cedar_entities_to_json(struct buf *b, const struct cedar_entities *e); /* the array again; adds to b */

/* ---- Requests. */

struct cedar_request {
    struct cedar_uid principal, action, resource;
    struct cedar_value context; /* a record; CEDAR_NONE counts as the empty one */
};

/* Reads {"principal": …, "action": …, "resource": …, "context": {…}}, entities as
 * {"type", "id"} or as text `User::"anna"`; the context may be absent.  With a schema (or NULL) the context is read as
 * it says and the request validated.  False after reporting into d.  *out points into a. */
bool cedar_request_parse(struct arena *a, struct cedar_diags *d, const struct cedar_schema *schema,
                         struct cedar_request *out);
/* Finishes *r, whose principal, action and resource the caller has set, with the context that d->source is (absent: the
 * empty one).  False after reporting. */
bool cedar_request_make(struct arena *a, struct cedar_diags *d, const struct cedar_schema *schema,
                        struct cedar_request *r);
/* One entity as text, User::"anna", and nothing behind it.  False after reporting into d. */
bool cedar_uid_parse(struct arena *a, struct cedar_diags *d, struct cedar_uid *out);

/* ---- Decisions. */

struct cedar_policy_error {
    const struct cedar_policy *policy;
    struct cedar_eval_error error; /* cedar_eval_error_text() says it in words */
};

struct cedar_answer {
    enum cedar_decision decision;
    size_t n_reasons; /* the policies that settled it, in order; none when no policy applied */
    const struct cedar_policy *const *reasons;
    size_t n_errors; /* policies that could not be evaluated and were passed over */
    const struct cedar_policy_error *errors;
};

/* Decides as Cedar does: a forbid that applies denies; else a permit that
 * applies allows; else deny.  A policy that cannot be evaluated does not apply.
 * Cannot fail.  The arrays of the answer live in a, the policies in p.
 * Nothing is validated here: cedar_request_parse() does that. */
struct cedar_answer cedar_authorize(struct arena *a, const struct cedar_policies *p, const struct cedar_entities *e,
                                    const struct cedar_request *r);
/* The same, but a forbid that cannot be evaluated denies too, and is a reason. */
struct cedar_answer cedar_authorize_closed(struct arena *a, const struct cedar_policies *p,
                                           const struct cedar_entities *e, const struct cedar_request *r);

/* One person, one action, many resources: which may be opened?  out[i] is what
 * cedar_authorize_closed() would decide with resources[i] (r->resource is not
 * read); what does not depend on the resource is computed once. */
void cedar_authorize_each(struct arena *a, const struct cedar_policies *p, const struct cedar_entities *e,
                          const struct cedar_request *r, const struct cedar_uid *resources, size_t n,
                          enum cedar_decision *out);

/* Decides as far as it can be known while some of the request is not: unknown has the bit 1 << var of each variable
 * that is unknown.  *remaining: what remains of the policies that may apply, under their ids.  About every request that
 * agrees in what is known, it says what the policies say, reasons and errors included. */
enum cedar_partial_decision cedar_authorize_partial(struct arena *a, const struct cedar_policies *p,
                                                    const struct cedar_entities *e, const struct cedar_request *r,
                                                    unsigned unknown, const struct cedar_policies **remaining);
/* The entities that are looked at to decide this: with them alone the answer is the same. */
const struct cedar_entities *cedar_entities_slice(struct arena *a, const struct cedar_policies *p,
                                                  const struct cedar_entities *e, const struct cedar_request *r);

/* What would have to be different for the other answer, as cedar_explain() says.  It lives in a; p, e and what r points
 * to must outlive it. */
const struct cedar_why *cedar_explain_answer(struct arena *a, const struct cedar_policies *p,
                                             const struct cedar_entities *e, const struct cedar_request *r,
                                             enum cedar_rule rule, size_t max);
/* Differences k of alternative i, its texts made in a; false beyond the last. */
bool why_difference(struct arena *a, const struct cedar_why *why, size_t i, size_t k, struct cedar_difference *out);
void cedar_why_to_json(struct buf *b, const struct cedar_why *why);

/* One policy and one request whose principal and resource need to stand in no store.  Nothing is looked up for what the
 * scope alone rules out. */
enum cedar_outcome { CEDAR_APPLIES_NOT = 0, CEDAR_APPLIES, CEDAR_FAILED };
struct cedar_asked {
    const struct cedar_entity *principal, *action, *resource; /* with ancestors, sorted; never NULL */
    struct cedar_value context;
    const struct cedar_entities *others; /* whatever else may be looked at */
};
/* error: set when it fails; may be NULL. */
enum cedar_outcome cedar_policy_applies(struct arena *a, const struct cedar_policy *p, const struct cedar_asked *q,
                                        struct cedar_eval_error *error);

/* {"decision": "allow", "reason": […], "errors": [{"policy": …, "code": …, "message": …}]} */
void cedar_answer_to_json(struct buf *b, const struct cedar_answer *answer);

#endif
