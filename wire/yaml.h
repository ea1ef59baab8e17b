/* SPDX-License-Identifier: EUPL-1.2
 * wire/yaml.h: YAML, strictly: maps, lists and texts, each with its line.
 *
 * Floor 1.  Read: one document, UTF-8, at most YAML_MAX_B, YAML_DEPTH_MAX and
 * YAML_NODES_MAX; anchors, aliases, tags, merge keys, duplicate keys, keys that
 * are no texts and a second document are refused.  All scalars are texts: what
 * yes, 012 or 1e3 means is the reader's field table's business.  Every refusal
 * names file, line and what was expected.  Written: one canonical form, so equal
 * values give equal bytes.
 *
 * All views point into the arena.  libyaml comes in here and nowhere else.
 */
#ifndef WIRE_YAML_H
#define WIRE_YAML_H

#include "base/arena.h"
#include "base/fail.h"
#include "base/settings.h"

enum yaml_kind { YAML_NONE = 0, YAML_TEXT, YAML_LIST, YAML_MAP };
enum { YAML_MAX_B = 64 << 20, YAML_DEPTH_MAX = 16, YAML_NODES_MAX = 4000000 };

struct yaml { /* a value */
    enum yaml_kind kind;
    int line;
    const char *file;    /* NULL: of no file; refusals then name no place */
    bool plain;          /* text written without quotes: null, ~ and nothing are YAML_TEXT "" when plain */
    struct str text;     /* YAML_TEXT */
    size_t n;            /* items of a list, entries of a map */
    struct yaml **items; /* the values, of both */
    struct str *keys;    /* YAML_MAP: the keys */
    int *key_lines;
};

/* file: what refusals call it.  Fails CALLER yaml_syntax, yaml_refused, yaml_too_large. */
struct yaml *yaml_read(struct arena *a, struct str text, const char *file, struct fail *f); /* NULL: failed */
/* A file's text, unparsed.  Fails CALLER file_unreadable, yaml_too_large. */
bool yaml_file_text(struct arena *a, const char *path, struct str *out, struct fail *f);
/* Both in one. */
struct yaml *yaml_read_file(struct arena *a, const char *path, struct fail *f);

const struct yaml *yaml_get(const struct yaml *map, const char *key); /* NULL: not there, or no map */
/* `return yaml_fail(node, f, "bad_value", "expected …")`: puts "file:line: " in front. */
int yaml_fail(const struct yaml *where, struct fail *f, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* False when map is no map, or has a key that is not in known (NULL ends it); the refusal names a near one. */
bool yaml_only(const struct yaml *map, const char *const *known, struct fail *f);

/* The node's configuration file: one map of settings.  Defaults, then the file's entries,
 * then settings_check().  Fails CALLER with file, line and what was expected. */
bool settings_read_file(const char *path, struct arena *a, struct settings *out, struct fail *f);

/* Writing: block style, two spaces, texts quoted wherever a plain one could be read as something else. */
struct yaml_out;
struct yaml_out *yaml_out_new(struct arena *a);
void yaml_out_comment(struct yaml_out *o, const char *line);
void yaml_out_map(struct yaml_out *o, const char *key);  /* opens a map: under key, or as a list's next item (NULL) */
void yaml_out_list(struct yaml_out *o, const char *key); /* opens a list under key */
void yaml_out_end(struct yaml_out *o);                   /* ends what was opened last */
void yaml_out_text(struct yaml_out *o, const char *key, struct str value); /* key NULL: a list's next item */
/* Under a key, as a literal block, so that a change shows line by line; quoted where no such block can say it. */
void yaml_out_block(struct yaml_out *o, const char *key, struct str value);
void yaml_out_int(struct yaml_out *o, const char *key, int64_t value);
void yaml_out_bool(struct yaml_out *o, const char *key, bool value);
struct str yaml_out_str(struct yaml_out *o); /* the whole text; absent past YAML_MAX_B */

#endif
