/* SPDX-License-Identifier: EUPL-1.2
 * policy/cedar/script.h: texts that look like what they are not.
 *
 * Stands on base/ alone.  [Unicode Technical Standard 39; the ranges are those of Unicode's blocks, simplified]
 */
#ifndef CEDAR_SCRIPT_H
#define CEDAR_SCRIPT_H

#include "base/str.h"

enum script_fault {
    SCRIPT_GOOD = 0,
    SCRIPT_TURNS,     /* a character that changes the direction of what stands around it */
    SCRIPT_HIDDEN,    /* one that is not seen */
    SCRIPT_LOOKALIKE, /* one that looks like another: fullwidth letters, letters of mathematics */
    SCRIPT_MIXED      /* letters of several scripts that are not written together */
};
/* The first fault of a text; *at: the character it is about; names: those of the scripts that are mixed. */
enum script_fault script_check(struct str text, uint32_t *at, const char *names[2]);

#endif
