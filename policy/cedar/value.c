/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/cedar/value.h"

#include "policy/cedar/ext.h"
#include "policy/cedar/lexer.h"
#include "policy/cedar/sort.h"

#include <string.h>

const char *cedar_kind_name(enum cedar_kind kind)
{
    static const char *const names[CEDAR_KIND_COUNT] = {
        [CEDAR_NONE] = "nothing",      [CEDAR_BOOL] = "bool",       [CEDAR_LONG] = "long",
        [CEDAR_STRING] = "string",     [CEDAR_ENTITY] = "entity",   [CEDAR_SET] = "set",
        [CEDAR_RECORD] = "record",     [CEDAR_DECIMAL] = "decimal", [CEDAR_DATETIME] = "datetime",
        [CEDAR_DURATION] = "duration", [CEDAR_IP] = "ipaddr",
    };

    return names[kind];
}

struct cedar_uid cedar_uid_make(struct str type, struct str id)
{
    return (struct cedar_uid){ type, id, str_hash(id, str_hash(type, 0)) };
}

bool cedar_uid_eq(const struct cedar_uid *a, const struct cedar_uid *b)
{
    if (a == b)
        return true;
    return a->hash == b->hash && a->id.n == b->id.n && a->type.n == b->type.n &&
           memcmp(a->id.p, b->id.p, a->id.n) == 0 && memcmp(a->type.p, b->type.p, a->type.n) == 0;
}

/* By hash first: this order is for look-ups, not for people. */
int cedar_uid_cmp(const struct cedar_uid *a, const struct cedar_uid *b)
{
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    int order = str_cmp(a->type, b->type);
    return order != 0 ? order : str_cmp(a->id, b->id);
}

static int order_of(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int set_cmp(const struct cedar_set *a, const struct cedar_set *b)
{
    int order = order_of((int64_t)a->n, (int64_t)b->n);

    for (size_t i = 0; order == 0 && i < a->n; i++)
        order = cedar_value_cmp(&a->items[i], &b->items[i]);
    return order;
}

static int record_cmp(const struct cedar_record *a, const struct cedar_record *b)
{
    int order = order_of((int64_t)a->n, (int64_t)b->n);

    for (size_t i = 0; order == 0 && i < a->n; i++)
        order = str_cmp(a->fields[i].name, b->fields[i].name);
    for (size_t i = 0; order == 0 && i < a->n; i++)
        order = cedar_value_cmp(&a->fields[i].value, &b->fields[i].value);
    return order;
}

static int ip_cmp(const struct cedar_ip *a, const struct cedar_ip *b)
{
    int order = (int)a->v6 - (int)b->v6;

    if (order == 0)
        order = memcmp(a->address, b->address, a->v6 ? 16 : 4);
    return order != 0 ? order : (int)a->prefix - (int)b->prefix;
}

int cedar_value_cmp(const struct cedar_value *a, const struct cedar_value *b)
{
    if (a->kind != b->kind)
        return (int)a->kind - (int)b->kind;
    switch (a->kind) {
    case CEDAR_BOOL:
        return (int)a->boolean - (int)b->boolean;
    case CEDAR_LONG:
    case CEDAR_DECIMAL:
    case CEDAR_DATETIME:
    case CEDAR_DURATION:
        return order_of(a->number, b->number);
    case CEDAR_STRING:
        return str_cmp(a->text, b->text);
    case CEDAR_ENTITY:
        return cedar_uid_cmp(a->uid, b->uid);
    case CEDAR_SET:
        return a->set == b->set ? 0 : set_cmp(a->set, b->set);
    case CEDAR_RECORD:
        return a->record == b->record ? 0 : record_cmp(a->record, b->record);
    case CEDAR_IP:
        return ip_cmp(a->ip, b->ip);
    default:
        return -1; /* nothing equals nothing */
    }
}

bool cedar_value_eq(const struct cedar_value *a, const struct cedar_value *b)
{
    if (a->kind == CEDAR_STRING && b->kind == CEDAR_STRING)
        return a->text.n == b->text.n && memcmp(a->text.p, b->text.p, a->text.n) == 0;
    if (a->kind == CEDAR_ENTITY && b->kind == CEDAR_ENTITY)
        return cedar_uid_eq(a->uid, b->uid);
    return cedar_value_cmp(a, b) == 0;
}

/* Merges two sorted halves of `from` into `to`. */
static void merge(const struct cedar_value *from, struct cedar_value *to, size_t middle, size_t n)
{
    size_t left = 0, right = middle;

    for (size_t i = 0; i < n; i++)
        to[i] = right == n || (left < middle && cedar_value_cmp(&from[left], &from[right]) <= 0) ? from[left++]
                                                                                                 : from[right++];
}

/* Bottom-up merge sort: n log n comparisons whatever the input. */
static struct cedar_value *sort(struct arena *a, struct cedar_value *items, size_t n)
{
    struct cedar_value *spare = arena_make_n(a, n, struct cedar_value);

    for (size_t width = 1; width < n; width *= 2) {
        for (size_t at = 0; at < n; at += 2 * width) {
            size_t span = n - at < 2 * width ? n - at : 2 * width;
            merge(items + at, spare + at, span < width ? span : width, span);
        }
        struct cedar_value *swap = items;
        items = spare;
        spare = swap;
    }
    return items;
}

static void sort_few(struct cedar_value *items, size_t n)
{
    for (size_t i = 1; i < n; i++)
        for (size_t j = i; j > 0 && cedar_value_cmp(&items[j - 1], &items[j]) > 0; j--) {
            struct cedar_value swap = items[j];
            items[j] = items[j - 1];
            items[j - 1] = swap;
        }
}

struct cedar_value cedar_set_of(struct arena *a, struct cedar_value *items, size_t n)
{
    struct cedar_set *set = arena_make(a, struct cedar_set);
    size_t kept = 0;

    if (n <= 8)
        sort_few(items, n);
    else
        items = sort(a, items, n);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || !cedar_value_eq(&items[kept - 1], &items[i]))
            items[kept++] = items[i];
    *set = (struct cedar_set){ kept, items };
    return (struct cedar_value){ .kind = CEDAR_SET, .set = set };
}

static void field_merge(const struct cedar_field *from, struct cedar_field *to, size_t middle, size_t n)
{
    size_t left = 0, right = middle;

    for (size_t i = 0; i < n; i++)
        to[i] = right == n || (left < middle && str_cmp(from[left].name, from[right].name) <= 0) ? from[left++]
                                                                                                 : from[right++];
}

static bool fields_sorted(const struct cedar_field *fields, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (str_cmp(fields[i - 1].name, fields[i].name) > 0)
            return false;
    return true;
}

static struct cedar_field *field_sort(struct arena *a, struct cedar_field *fields, size_t n)
{
    if (fields_sorted(fields, n))
        return fields;
    struct cedar_field *spare = arena_make_n(a, n, struct cedar_field);
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t at = 0; at < n; at += 2 * width) {
            size_t span = n - at < 2 * width ? n - at : 2 * width;
            field_merge(fields + at, spare + at, span < width ? span : width, span);
        }
        struct cedar_field *swap = fields;
        fields = spare;
        spare = swap;
    }
    return fields;
}

bool cedar_record_of(struct arena *a, struct cedar_field *fields, size_t n, struct cedar_value *out, struct str *twice)
{
    struct cedar_record *record = arena_make(a, struct cedar_record);

    fields = field_sort(a, fields, n);
    for (size_t i = 1; i < n; i++)
        if (str_cmp(fields[i - 1].name, fields[i].name) == 0) {
            if (twice != NULL)
                *twice = fields[i].name;
            return false;
        }
    *record = (struct cedar_record){ n, fields };
    *out = (struct cedar_value){ .kind = CEDAR_RECORD, .record = record };
    return true;
}

static int name_to_field(const void *key, const void *item)
{
    return str_cmp(*(const struct str *)key, ((const struct cedar_field *)item)->name);
}

const struct cedar_value *cedar_record_get(const struct cedar_record *r, struct str name)
{
    size_t low = 0, high = r->n;
    bool there;

    if (high <= 8) {
        for (; low < high; low++)
            if (r->fields[low].name.n == name.n && memcmp(r->fields[low].name.p, name.p, name.n) == 0)
                return &r->fields[low].value;
        return NULL;
    }
    low = cedar_search(&name, r->fields, sizeof *r->fields, 0, high, name_to_field, &there);
    return there ? &r->fields[low].value : NULL;
}

static int value_to_item(const void *key, const void *item)
{
    return cedar_value_cmp(key, item);
}

bool cedar_set_has(const struct cedar_set *s, const struct cedar_value *v)
{
    size_t low = 0, high = s->n;
    bool there;

    if (high <= 4) {
        for (; low < high; low++)
            if (cedar_value_eq(&s->items[low], v))
                return true;
        return false;
    }
    (void)cedar_search(v, s->items, sizeof *s->items, 0, high, value_to_item, &there);
    return there;
}

void cedar_uid_text(struct buf *b, const struct cedar_uid *u)
{
    buf_add(b, u->type);
    buf_add(b, S("::"));
    cedar_quote(b, u->id);
}

static void record_text(struct buf *b, const struct cedar_record *r)
{
    buf_byte(b, '{');
    for (size_t i = 0; i < r->n && buf_ok(b); i++) {
        if (i > 0)
            buf_add(b, S(", "));
        cedar_quote(b, r->fields[i].name);
        buf_add(b, S(": "));
        cedar_value_text(b, &r->fields[i].value);
    }
    buf_byte(b, '}');
}

static void set_text(struct buf *b, const struct cedar_set *s)
{
    buf_byte(b, '[');
    for (size_t i = 0; i < s->n && buf_ok(b); i++) {
        if (i > 0)
            buf_add(b, S(", "));
        cedar_value_text(b, &s->items[i]);
    }
    buf_byte(b, ']');
}

void cedar_value_text(struct buf *b, const struct cedar_value *v)
{
    switch (v->kind) {
    case CEDAR_BOOL:
        buf_add(b, v->boolean ? S("true") : S("false"));
        return;
    case CEDAR_LONG:
        buf_printf(b, "%lld", (long long)v->number);
        return;
    case CEDAR_STRING:
        cedar_quote(b, v->text);
        return;
    case CEDAR_ENTITY:
        cedar_uid_text(b, v->uid);
        return;
    case CEDAR_SET:
        set_text(b, v->set);
        return;
    case CEDAR_RECORD:
        record_text(b, v->record);
        return;
    case CEDAR_NONE:
    case CEDAR_KIND_COUNT:
        return;
    default:
        if (!cedar_ext_has_text(v)) {
            buf_printf(b, "datetime(\"1970-01-01\").offset(duration(\"%lldms\"))", (long long)v->number);
            return;
        }
        buf_add(b, cedar_functions[cedar_ext_constructor(v->kind)].name);
        buf_byte(b, '(');
        struct buf text = buf_new(b->arena, 128);
        cedar_ext_text(&text, v);
        cedar_quote(b, buf_str(&text));
        buf_byte(b, ')');
    }
}
