/* SPDX-License-Identifier: EUPL-1.2
 * policy/cedar/script.h: texts that look like what they are not.
 *
 * Stands on base/ alone.  What a text mixes is told as Unicode Technical Standard 39 has it (one script, by
 * Script_Extensions; Han goes with Bopomofo, Kana and Hangul), which characters a name has by its profile for
 * identifiers.
 */
#ifndef CEDAR_SCRIPT_H
#define CEDAR_SCRIPT_H

#include "base/str.h"

enum script_fault {
    SCRIPT_GOOD = 0,
    SCRIPT_TURNS,     /* a character that changes the direction of what stands around it */
    SCRIPT_HIDDEN,    /* one that is not seen */
    SCRIPT_LOOKALIKE, /* one that looks like another: fullwidth letters, letters of mathematics; in a name also what is
                         outside of the profile */
    SCRIPT_MIXED      /* letters of several scripts that are not written together */
};
/* The first fault of a text, or of an id or the name of an attribute; *at: the character it is about; names: those of
 * the scripts that are mixed. */
enum script_fault script_check(struct str text, bool is_name, uint32_t *at, const char *names[2]);
/* The first character of a comment that turns or hides what stands around it.  What scripts it has is nobody's
 * business. */
enum script_fault script_check_comment(struct str text, uint32_t *at);

#endif
