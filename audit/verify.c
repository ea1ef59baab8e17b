/* SPDX-License-Identifier: EUPL-1.2 */
#include "audit/audit.h"
#include "audit/line.h"
#include "audit/tree.h"
#include "wire/json.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct head {
    int64_t number, from;
    struct str head, signature, root; /* root absent: it has none */
};

static const struct json_field head_fields[] = {
    FIELD(head, number, JSON_INT, true, 0),       FIELD(head, head, JSON_STR, true, AUDIT_HEAD_HEX),
    FIELD(head, signature, JSON_STR, true, 4096), FIELD(head, root, JSON_STR, false, TREE_HEX),
    FIELD(head, from, JSON_INT, false, 0),        { 0 },
};

struct verifying {
    struct arena *arena;   /* of the report */
    struct arena *scratch; /* of heads */
    int dir_fd;
    const struct audit_check *check;
    struct audit_report *out;
    struct head *heads;
    size_t head_count, head_at;
    uint64_t number, good_head; /* last record; last one that a signed head agreed with */
    int64_t open_s, last_s;     /* when the first record behind that one was written, and the last of all */
    uint64_t gone, pruned;      /* records to which number are not there; are said to have been pruned */
    struct tree tree;           /* over the records that were read, where it begins with one of them */
    bool has_tree;
    uint64_t skipped; /* records to which number are there and are not looked at */
    char prev[AUDIT_HEAD_HEX];
    char place[64]; /* of the record before: "audit-000001.jsonl:17" */
};

__attribute__((format(printf, 4, 5))) static bool wrong(struct verifying *v, const char *error, const char *place,
                                                        const char *fmt, ...)
{
    char why[200];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(why, sizeof why, fmt, ap);
    va_end(ap);
    v->out->error = error;
    v->out->where = arena_printf(v->arena, "%s: %s", place, why);
    return false;
}

/* Heads. */

static struct str signed_of(struct verifying *v, const struct head *h)
{
    return str_is_set(h->root) ? tree_signed(v->scratch, (uint64_t)h->number, h->head, (uint64_t)h->from, h->root)
                               : h->head;
}

static bool read_heads(struct verifying *v)
{
    struct str whole = audit_file_read(v->scratch, v->dir_fd, AUDIT_HEADS_NAME), rest = whole, line;
    size_t lines = 0;
    char place[64];

    for (size_t i = 0; i < whole.n; i++)
        lines += whole.p[i] == '\n';
    v->heads = arena_make_n(v->scratch, lines, struct head);
    while (audit_line_next(&rest, &line)) {
        struct head *h = &v->heads[v->head_count++];
        struct fail f = { 0 };
        (void)snprintf(place, sizeof place, AUDIT_HEADS_NAME ":%zu", v->head_count);
        if (!json_read(v->scratch, line, head_fields, h, &f) || h->number < 1 || h->head.n != AUDIT_HEAD_HEX)
            return wrong(v, "head", place, "is no signed head");
        if (v->head_count > 1 && h->number <= h[-1].number)
            return wrong(v, "head", place, "does not follow the head before it");
        if (v->check != NULL && (uint64_t)h->number >= v->skipped &&
            !v->check->verify_head(v->check->self, (uint64_t)h->number, signed_of(v, h), h->signature))
            return wrong(v, "head", place, "the signature over record %" PRId64 " does not hold", h->number);
    }
    v->out->heads = v->head_count;
    return true;
}

/* Where the tree begins with a record that was read. */
static bool compare_root(struct verifying *v, const struct head *h, const char *place)
{
    struct arena *a = arena_new();
    bool same = !str_is_set(h->root) || !v->has_tree || v->tree.from != (uint64_t)h->from ||
                str_eq(h->root, tree_root(a, &v->tree));

    arena_free(a);
    return same || wrong(v, "changed", place, "the signed tree of the records to %" PRIu64 " is another", v->number);
}

/* A chain that was made anew from some record on agrees with itself, and not with what was signed. */
static bool compare_head(struct verifying *v, const char *place)
{
    if (v->head_at == v->head_count || (uint64_t)v->heads[v->head_at].number != v->number)
        return true;
    const struct head *h = &v->heads[v->head_at++];
    if (!str_eq(h->head, str_n(v->prev, AUDIT_HEAD_HEX)))
        return wrong(v, "changed", place,
                     "of the records %" PRIu64 " to %" PRIu64
                     " at least one was changed: the signed head of record %" PRIu64 " is another",
                     v->good_head + 1, v->number, v->number);
    if (!compare_root(v, h, place))
        return false;
    v->good_head = v->number;
    v->open_s = 0;
    return true;
}

/* A log that nobody signed can have been made by whoever can write it; so can all that follows the last head. */
static bool is_vouched(struct verifying *v)
{
    const char *place = v->place[0] != '\0' ? v->place : "audit log";

    if (v->check == NULL || v->check->may_be_unsigned)
        return true;
    if (v->good_head == 0)
        return wrong(v, "unsigned", place,
                     "no signed head in " AUDIT_HEADS_NAME " vouches for the records to %" PRIu64
                     "; one is signed each minute",
                     v->number);
    return v->open_s == 0 || v->last_s - v->open_s <= AUDIT_HEAD_LATE_S ||
           wrong(v, "unsigned", place,
                 "the records from %" PRIu64 " on stand under no signed head, and were written over %" PRId64 " s",
                 v->good_head + 1, v->last_s - v->open_s);
}

/* Records. */

static bool stands_later(struct str rest, uint64_t number)
{
    struct str line;
    struct audit_line l;

    while (audit_line_next(&rest, &line))
        if (audit_line_read(line, &l) && l.number == number)
            return true;
    return false;
}

static bool wrong_number(struct verifying *v, const struct audit_line *l, struct str rest, const char *place)
{
    uint64_t expected = v->number + 1;

    if (str_eq(l->prev, str_n(v->prev, AUDIT_HEAD_HEX)))
        return wrong(v, "changed", place, "record %" PRIu64 " was changed: it says that it is %" PRIu64, expected,
                     l->number);
    if (l->number < expected)
        return wrong(v, "order", place, "record %" PRIu64 " stands behind record %" PRIu64, l->number, v->number);
    if (stands_later(rest, expected))
        return wrong(v, "order", place, "record %" PRIu64 " stands before record %" PRIu64, l->number, expected);
    return wrong(v, "missing", place,
                 l->number - expected == 1 ? "record %" PRIu64 " is missing (%" PRIu64 " follows)"
                                           : "records from %" PRIu64 " on are missing (%" PRIu64 " follows)",
                 expected, l->number);
}

/* The number is right and the hash is not: either the line before was changed,
 * or this one's hash.  The line behind knows: it carries the hash of this one. */
static bool wrong_hash(struct verifying *v, struct str line, struct str rest, const char *place)
{
    struct str next;
    struct audit_line l;
    bool this_one = v->number == 0;

    if (!this_one && audit_line_next(&rest, &next) && audit_line_read(next, &l))
        this_one = !str_eq(l.prev, audit_line_hash(v->scratch, line));
    return wrong(v, "changed", this_one ? place : v->place, "record %" PRIu64 " was changed",
                 this_one ? v->number + 1 : v->number);
}

/* "pruned", "to 1043": the writer's own word for what is no longer there. */
static void note_pruned(struct verifying *v, const struct json_value *record)
{
    struct str words = json_get_str(record, S("reason"));
    int64_t to;

    if (str_eq(json_get_str(record, S("event")), S(AUDIT_PRUNED)) && str_has_prefix(words, S("to ")) &&
        str_int(str_from(words, 3), &to) && to > 0 && (uint64_t)to > v->pruned)
        v->pruned = (uint64_t)to;
}

/* The tree of the next head begins behind some record: with the one that is read now, or before it was looked at. */
static void grow(struct verifying *v, const struct audit_line *l, struct str line)
{
    unsigned char leaf[TREE_HASH_B], nodes[TREE_DEPTH_MAX][TREE_HASH_B];
    const struct head *h = v->head_at < v->head_count ? &v->heads[v->head_at] : NULL;

    if (h != NULL && str_is_set(h->root) && (uint64_t)h->from == l->number - 1) {
        v->tree = (struct tree){ .from = l->number - 1 };
        v->has_tree = true;
    }
    if (!v->has_tree)
        return;
    tree_leaf(line, leaf);
    (void)tree_add(&v->tree, leaf, nodes);
}

static bool verify_line(struct verifying *v, struct str line, struct str rest, const char *place)
{
    struct audit_line l;
    struct arena *a = arena_new();
    struct fail f = { 0 };
    bool good = audit_line_read(line, &l);

    if (!good)
        (void)wrong(v, "malformed", place, "record %" PRIu64 " is no line of the audit log", v->number + 1);
    else if (l.number != v->number + 1)
        good = wrong_number(v, &l, rest, place);
    else if (!str_eq(l.prev, str_n(v->prev, AUDIT_HEAD_HEX)))
        good = wrong_hash(v, line, rest, place);
    const struct json_value *record = good ? json_parse(a, line, &f) : NULL;
    if (good && record == NULL)
        good = wrong(v, "malformed", place, "record %" PRIu64 " is no JSON", l.number);
    if (good) {
        note_pruned(v, record);
        grow(v, &l, line);
        v->number = l.number;
        v->last_s = audit_line_at_s(line);
        v->open_s = v->open_s == 0 ? v->last_s : v->open_s;
        memcpy(v->prev, audit_line_hash(a, line).p, AUDIT_HEAD_HEX);
        if (!str_is_set(v->out->first))
            v->out->first = arena_str(v->arena, str_n(v->prev, AUDIT_HEAD_HEX));
        (void)snprintf(v->place, sizeof v->place, "%s", place);
        good = compare_head(v, place);
    }
    arena_free(a);
    return good;
}

static bool verify_segment(struct verifying *v, unsigned segment, bool last)
{
    struct arena *a = arena_new();
    char name[32], place[64];
    size_t lines = 0;

    (void)snprintf(name, sizeof name, AUDIT_SEGMENT_FORM, segment);
    struct str rest = audit_file_read(a, v->dir_fd, name), line;
    bool good = rest.p != NULL ||
                wrong(v, "missing", name, "the segment is missing or cannot be read; record %" PRIu64 " should follow",
                      v->number + 1);
    while (good && audit_line_next(&rest, &line)) {
        (void)snprintf(place, sizeof place, "%s:%zu", name, ++lines);
        good = verify_line(v, line, rest, place);
    }
    /* Behind the last line of the last segment one may be on its way. */
    if (good && !last && rest.n > 0)
        good = wrong(v, "malformed", name, "ends in the middle of record %" PRIu64, v->number + 1);
    arena_free(a);
    return good;
}

/* A log whose front was pruned begins with what its first line says of the one before; a head of that one must agree.
 */
static bool begin_late(struct verifying *v, unsigned first)
{
    struct arena *a = arena_new();
    struct audit_line l;
    struct str line;
    char name[32];

    (void)snprintf(name, sizeof name, AUDIT_SEGMENT_FORM, first);
    struct str whole = audit_file_read(a, v->dir_fd, name);
    if (audit_line_next(&whole, &line) && audit_line_read(line, &l)) {
        v->number = v->gone = l.number - 1;
        memcpy(v->prev, l.prev.p, AUDIT_HEAD_HEX);
    }
    arena_free(a);
    while (v->head_at < v->head_count && (uint64_t)v->heads[v->head_at].number < v->number)
        v->head_at++;
    return compare_head(v, name);
}

/* The first line of a segment. */
static struct str first_line(struct arena *a, int dir_fd, unsigned segment)
{
    enum { FIRST_MAX_B = AUDIT_LINE_MAX_B + 1 };
    char name[32], *p = arena_alloc(a, FIRST_MAX_B);
    struct str line = { NULL, 0 };

    (void)snprintf(name, sizeof name, AUDIT_SEGMENT_FORM, segment);
    int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t n = fd >= 0 ? pread(fd, p, FIRST_MAX_B, 0) : -1;
    struct str rest = str_n(p, n > 0 ? (size_t)n : 0);
    if (fd >= 0)
        (void)close(fd);
    (void)audit_line_next(&rest, &line);
    return line;
}

/* The last segment that began before the moment from which on it is to be verified. */
static unsigned begin_with(struct verifying *v, unsigned first, unsigned last)
{
    struct arena *a = arena_new();
    struct audit_line l;
    int64_t from_s = v->check != NULL ? v->check->from_s : 0;
    unsigned s = last;

    while (from_s > 0 && s > first && audit_line_at_s(first_line(a, v->dir_fd, s)) > from_s)
        s--;
    s = from_s > 0 && s > first ? s : first;
    if (s > first && audit_line_read(first_line(a, v->dir_fd, s), &l))
        v->skipped = l.number - 1;
    arena_free(a);
    return s;
}

static bool goes_on(struct verifying *v)
{
    return v->check == NULL || v->check->goes_on == NULL || v->check->goes_on(v->check->self, v->number) ||
           wrong(v, "stopped", "audit log", "it was not looked at behind record %" PRIu64, v->number);
}

static bool verify_all(struct verifying *v)
{
    unsigned last = audit_last_segment(v->dir_fd), first = audit_first_segment(v->dir_fd);
    unsigned begin = begin_with(v, first, last);

    if (!read_heads(v) || (begin > 1 && !begin_late(v, begin)))
        return false;
    if (begin > first)
        v->gone = 0;
    for (unsigned s = begin > 0 ? begin : 1; s <= last; s++) {
        if (!verify_segment(v, s, s == last) || !goes_on(v))
            return false;
        v->out->segments++;
    }
    if (v->gone > v->pruned)
        return wrong(v, "missing", "audit log",
                     "records 1 to %" PRIu64 " are missing, and no record says that they were pruned", v->gone);
    if (v->head_at < v->head_count)
        return wrong(v, "truncated", v->place[0] != '\0' ? v->place : "audit log",
                     "the log ends with record %" PRIu64 ", and record %" PRId64 " was signed: records from %" PRIu64
                     " on are missing",
                     v->number, v->heads[v->head_count - 1].number, v->number + 1);
    return is_vouched(v);
}

bool audit_verify(const char *dir, struct arena *a, const struct audit_check *check, struct audit_report *out)
{
    struct verifying v = { .arena = a, .scratch = arena_new(), .check = check, .out = out };

    *out = (struct audit_report){ 0 };
    memcpy(v.prev, audit_no_line, AUDIT_HEAD_HEX);
    v.dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = v.dir_fd >= 0 ? verify_all(&v) : wrong(&v, "unreadable", dir, "%s", strerror(errno));
    out->records = v.number;
    out->vouched = v.good_head;
    out->head = arena_str(a, str_n(v.prev, AUDIT_HEAD_HEX));
    if (v.dir_fd >= 0)
        (void)close(v.dir_fd);
    arena_free(v.scratch);
    return good;
}
