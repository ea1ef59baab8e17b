/* SPDX-License-Identifier: EUPL-1.2
 * base/settings.h: the settings of one node, checked as a whole.
 *
 * Floor 0.  settings.def is the one table.  wire/yaml.c reads the file and calls
 * settings_set() per entry, with line numbers; settings_check() looks at what
 * only the whole can tell.  Afterwards a struct settings never changes.
 */
#ifndef BASE_SETTINGS_H
#define BASE_SETTINGS_H

#include "base/arena.h"
#include "base/fail.h"
#include "base/settings.def"

struct settings {
#define N(name, preset, min, max, meaning) int64_t name;
    SETTINGS_NUMBERS(N)
#undef N
#define T(name, preset, max_B, meaning) struct str name;
    SETTINGS_TEXTS(T)
#undef T
};

void settings_defaults(struct settings *s);
/* Sets one by name.  Fails CALLER unknown_setting (detail names near ones),
 * bad_setting (says what was expected).  The text is copied into a. */
bool settings_set(struct settings *s, struct arena *a, struct str name, struct str value, struct fail *f);
/* Fails CALLER missing_setting, bad_setting; fills defaults that depend on others. */
bool settings_check(struct settings *s, struct arena *a, struct fail *f);
/* One line per setting: name, default, bounds, meaning; for --help and the manual. */
struct str settings_manual(struct arena *a);

#endif
