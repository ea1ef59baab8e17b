/* SPDX-License-Identifier: EUPL-1.2
 * policy/words.h: policies, and what is wrong with them, in words for people; texts.def has the words.
 *
 * Floor 3.  Pure.  Names come from the registry; what it does not know stands as its id.  policy_form_words() of form.h
 * is made here, too.
 */
#ifndef POLICY_WORDS_H
#define POLICY_WORDS_H

#include "model/lang.h"
#include "model/registry.h"
#include "policy/cedar/diag.h"

/* Each statement of a policy's text in words, in its order: "Oulu: opettajat saavat avata palvelun Kanerva".  Where it
 * says more than words are known for, they say that, with the first such condition as it stands.  None: the text cannot
 * be read. */
struct strs policy_text_words(struct arena *a, const struct registry *r, struct str text, enum lang lang);

/* A finding of policy_text_check() in the reader's language, with the place as it stands in the text and "did you
 * mean"; what the engine finds in no policy (in schemas, JSON) is said in its own words. */
struct str policy_finding_words(struct arena *a, const struct cedar_diag *d, enum lang lang);

#endif
