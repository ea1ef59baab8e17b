/* SPDX-License-Identifier: EUPL-1.2
 * policy/form.h: a policy as the form that admins fill in; the text is what counts, the form is a view of it.
 *
 * Floor 3.  One form says who may open what and when, and what may be told of
 * them: at most one statement that permits, forbids or leaves to the schools,
 * at most one that releases, and at most one that forbids to, for the same people
 * and services.  A text that
 * says more than that is no form, and stays as it is.
 */
#ifndef POLICY_FORM_H
#define POLICY_FORM_H

#include "model/lang.h"
#include "policy/statement.h"

enum opening { OPENING_NONE = 0, OPENING_PERMIT, OPENING_FORBID, OPENING_LEAVE }; /* NONE: it only tells */

struct policy_form {
    enum opening opening;
    struct whom whom;
    struct which which;
    struct hours hours;
    struct claim_set release;  /* may be told; none: nothing is said of it */
    struct claim_set withhold; /* must not be told, whatever else the layer says; none: likewise */
};

bool policy_form_tells(const struct policy_form *f); /* it says something of what may be told */

/* No services and no categories: every service, today's and later ones.  A screen asks before the last one is taken
 * out.
 *
 * Canonical Cedar text, as cedar_format() leaves it; policy_form_read() of it gives the form again, settled.  "" of a
 * form that says nothing; absent: policy_form_settle() refuses. */
struct str policy_form_text(struct arena *a, const struct policy_form *f);
/* Of several ways to fill in one thing (levels 7–0 and 7–12, a service twice) leaves the one that reading gives. False:
 * it says what cannot be (see fields_settle()). */
bool policy_form_settle(struct arena *a, struct policy_form *f);
bool policy_form_eq(const struct policy_form *x, const struct policy_form *y);

/* False: the text says what a form cannot show, a comment or an annotation included; *rest is the first such thing, a
 * view into text (so that its line can be told), the text itself when it is no policy.  Views point into text and a. */
bool policy_form_read(struct arena *a, struct str text, struct policy_form *out, struct str *rest);

/* The form in words for a person: "Oulu: oppilaat, luokat 7–9, saavat avata palvelun Vaahtera Matikka arkisin klo
 * 8–16". Names come from the registry; what it does not know stands as its id. */
struct str policy_form_words(struct arena *a, const struct registry *r, const struct policy_form *f, enum lang lang);

/* What a row of `rules:` says: those of a role (ROLE_NONE: any) at a provider, or one school of it (NULL: any), open
 * one service (NULL: every one) and what is told; or must not. */
struct rule_words {
    const struct provider *provider;
    enum role role;
    const struct school *school;
    const struct service *service;
    struct claim_set release;
    bool forbid;
};
struct policy_form policy_form_of_rule(struct arena *a, const struct rule_words *rule);

/* The same as a row of the provider's own. */
struct policy policy_of_rule(struct arena *a, struct str id, const struct rule_words *rule);

/* "oulu/99101": how Cedar text names a school; absent: it has neither code nor OID. */
struct str school_uid(struct arena *a, const struct provider *p, const struct school *s);
/* The school that goes by this; NULL: none does.  *p: its provider, and that which is named where the school is not. */
const struct school *school_of_uid(const struct registry *r, struct str uid, const struct provider **p);

#endif
