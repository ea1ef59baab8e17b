/* SPDX-License-Identifier: EUPL-1.2
 * wire/json.h: JSON in and out, strictly.
 *
 * Floor 1.  A reader of RFC 8259 and nothing more: UTF-8 only, no byte order
 * mark, no duplicate names, at most JSON_DEPTH_MAX levels, JSON_VALUES_MAX
 * values and JSON_TEXT_MAX_B bytes; integers of 64 bits are exact.  Our own
 * records are read into structs through field tables; foreign claims, whose
 * names we do not know beforehand, as a read-only tree.  Pure; results live in
 * the arena (texts without escapes are views into the input, which must live
 * as long).  No recursion.
 */
#ifndef WIRE_JSON_H
#define WIRE_JSON_H

#include "base/arena.h"
#include "base/fail.h"

enum { JSON_TEXT_MAX_B = 1 << 20, JSON_DEPTH_MAX = 32, JSON_VALUES_MAX = 16384 };

enum json_type { JSON_NONE = 0, JSON_NULL, JSON_BOOL, JSON_INT, JSON_NUM, JSON_STR, JSON_ARRAY, JSON_OBJECT };

struct json_value {
    enum json_type type;
    bool boolean;
    int64_t integer;                       /* JSON_INT: a whole number without point or exponent that fits */
    double number;                         /* JSON_INT and JSON_NUM; always finite */
    struct str text;                       /* JSON_STR: decoded (may hold NUL); otherwise as it was written */
    struct str name;                       /* decoded, of an object's member; absent elsewhere */
    size_t count;                          /* JSON_ARRAY, JSON_OBJECT: children */
    const struct json_value *first, *next; /* children; siblings */
};

/* The whole text as one value; NULL on failure.
 * Fails CALLER json_malformed, json_duplicate, json_too_large, json_number. */
const struct json_value *json_parse(struct arena *a, struct str text, struct fail *f);

/* A member of an object; NULL when there is none, or when v is no object (or NULL). */
const struct json_value *json_get(const struct json_value *v, struct str name);
/* Its text, when it is a string; absent otherwise. */
struct str json_get_str(const struct json_value *v, struct str name);

/* Whether a text or a name anywhere in it holds a NUL character. */
bool json_has_nul(const struct json_value *v);

/* One member that a record has.  JSON_STR fills a struct str, JSON_INT an
 * int64_t, JSON_BOOL a bool, JSON_ARRAY and JSON_OBJECT a const struct json_value *. */
struct json_field { /* a table ends with a zero row */
    const char *name;
    enum json_type type;
    bool must;
    size_t max; /* JSON_STR: bytes, JSON_ARRAY: elements; 0: no limit of its own */
    size_t at;
};
#define FIELD(structure, member, type, must, max)                                                                      \
    {                                                                                                                  \
#member, (type), (must), (max), offsetof(struct structure, member)                                             \
    }

/* Text -> struct in one step.  Members that the table does not name are
 * ignored; absent ones leave *out as it was.  Fails CALLER as json_parse, and
 * json_missing, json_type, json_too_long. */
bool json_read(struct arena *a, struct str text, const struct json_field *fields, void *out, struct fail *f);
/* The same for an object that is parsed already. */
bool json_read_value(const struct json_value *v, const struct json_field *fields, void *out, struct fail *f);

/* Whether json_read() will take back, by the same table, what a writer makes of *record: texts that must be there are,
 * each is UTF-8 and within its bound (arrays and objects have no place in the record yet).  Ask before storing: what
 * can be written must be readable.  Fails CALLER json_missing, json_malformed, json_too_long; detail names the member.
 */
bool json_fits(const struct json_field *fields, const void *record, struct fail *f);

/* Writes without white space, members in the order of the calls, everything
 * escaped; bytes that are not UTF-8 become U+FFFD.  Past the ceiling, or with
 * unbalanced calls, json_done() gives an absent text. */
struct json_out {
    struct buf buf;
    unsigned depth;
    bool comma;
};

struct json_out json_out(struct arena *a, size_t ceiling_B);
void json_begin_object(struct json_out *o);
void json_end_object(struct json_out *o);
void json_begin_array(struct json_out *o);
void json_end_array(struct json_out *o);
void json_key(struct json_out *o, struct str name);
void json_str(struct json_out *o, struct str value); /* absent: null */
void json_int(struct json_out *o, int64_t value);
void json_bool(struct json_out *o, bool value);
void json_nil(struct json_out *o);
void json_raw(struct json_out *o, struct str json);              /* one value, already JSON */
void json_value(struct json_out *o, const struct json_value *v); /* a parsed one again; numbers as they were written */
void json_put_str(struct json_out *o, struct str name,
                  struct str value); /* key and value; an absent value is left out */
void json_put_int(struct json_out *o, struct str name, int64_t value);
void json_put_bool(struct json_out *o, struct str name, bool value);
struct str json_done(const struct json_out *o);

/* As people read it: a value a line, indented.  What is too large for that stays as it is. */
struct str json_lines(struct arena *a, struct str json);

#endif
