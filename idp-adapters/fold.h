/* SPDX-License-Identifier: EUPL-1.2
 * idp-adapters/fold.h: one spelling for words that people type.
 *
 * Floor 3.
 */
#ifndef IDP_ADAPTERS_FOLD_H
#define IDP_ADAPTERS_FOLD_H

#include "base/arena.h"

/* Composed, without case, trimmed; white space as single underscores.  For
 * comparing, never for showing. */
struct str fold_word(struct arena *a, struct str word);

#endif
