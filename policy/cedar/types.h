/* SPDX-License-Identifier: EUPL-1.2
 * policy/cedar/types.h: the types of Cedar, as a schema declares them and the validator infers them.
 *
 * Floor 3.  Types are immutable values in the arena of their schema, or of the validation that inferred them;
 * pointers to them may be shared between threads.  Declared types are at most CEDAR_TYPE_DEPTH_MAX deep, inferred ones
 * deeper by the depth of a policy's expression at most, so the functions here may recurse.
 * [Cedar reference: Validation; cedar-spec, Cedar.Validation.Types]
 */
#ifndef POLICY_CEDAR_TYPES_H
#define POLICY_CEDAR_TYPES_H

#include "base/arena.h"
#include "policy/cedar/cedar.h"

enum {
    CEDAR_TYPE_DEPTH_MAX = 64,
    CEDAR_TYPE_NODES_MAX = 1 << 16,
};

/*    kind        name in Cedar */
#define CEDAR_TYPE_KINDS(X)                                                                                            \
    X(NEVER, "Never") /* no value has it; what the elements of an empty set have */                                    \
    X(BOOL, "Bool")                                                                                                    \
    X(TRUE, "True") /* a Bool that the validator knows to be true */                                                   \
    X(FALSE, "False")                                                                                                  \
    X(LONG, "Long")                                                                                                    \
    X(STRING, "String")                                                                                                \
    X(ANY_ENTITY, "any entity")                                                                                        \
    X(ENTITY, "entity") /* one of `entities`; exactly one outside permissive validation */                             \
    X(SET, "Set")       /* of `element`; NULL means any set (only as an expectation) */                                \
    X(RECORD, "record") /* `attrs`, sorted by name; `open` means there may be others */                                \
    X(IPADDR, "ipaddr")                                                                                                \
    X(DECIMAL, "decimal")                                                                                              \
    X(DATETIME, "datetime")                                                                                            \
    X(DURATION, "duration")

enum cedar_type_kind {
    CEDAR_TYPE_NONE = 0, /* no type: equal to nothing */
#define X(kind, name) CEDAR_TYPE_##kind,
    CEDAR_TYPE_KINDS(X)
#undef X
        CEDAR_TYPE_COUNT
};

struct cedar_entity_type; /* schema.h: a declared entity type, or the type of a namespace's actions */

struct cedar_attr {
    struct str name;
    const struct cedar_type *type;
    bool required;
};

struct cedar_type {
    enum cedar_type_kind kind;
    uint32_t nodes;                   /* parts when written out, itself included; stops at CEDAR_TYPE_NODES_MAX + 1 */
    uint16_t depth;                   /* 1 without parts */
    bool open;                        /* RECORD */
    const struct cedar_type *element; /* SET */
    const struct cedar_attr *attrs;   /* RECORD, sorted by name (str_cmp), each name once */
    size_t attr_n;                    /* RECORD */
    const struct cedar_entity_type *const *entities; /* ENTITY, sorted by index, each once, at least one */
    size_t entity_n;                                 /* ENTITY */
};

/* cedar_mode: how strictly types are compared.  Strict is Cedar's default and what the gateway uses: records must agree
 * in every attribute and entities in their type.  Permissive allows wider records and several entity types. */

/* The type of a kind that needs no parts (for SET: any set; for RECORD: any record). */
const struct cedar_type *cedar_type_of(enum cedar_type_kind kind);
const struct cedar_type *cedar_type_set(struct arena *a, const struct cedar_type *element);
const struct cedar_type *cedar_type_entity(struct arena *a, const struct cedar_entity_type *entity);
/* attrs: need not be sorted, must not repeat a name; copied. */
const struct cedar_type *cedar_type_record(struct arena *a, const struct cedar_attr *attrs, size_t n, bool open);

/* A declared attribute of a record type, or NULL. */
const struct cedar_attr *cedar_type_attr(const struct cedar_type *record, struct str name);
/* "ipaddr", "decimal", "datetime", "duration" -> kind; CEDAR_TYPE_NONE for any other name. */
enum cedar_type_kind cedar_type_extension(struct str name);

bool cedar_type_eq(const struct cedar_type *x, const struct cedar_type *y); /* false when either is NULL */
/* Is every value of x also one of y? */
bool cedar_type_within(const struct cedar_type *x, const struct cedar_type *y, enum cedar_mode mode);
/* Why two types have no common one; for the advice in a diagnostic. */
enum cedar_lub_help {
    CEDAR_LUB_NONE = 0,
    CEDAR_LUB_WIDTH,
    CEDAR_LUB_OPTIONAL,
    CEDAR_LUB_ENTITY,
    CEDAR_LUB_ENTITY_RECORD
};
/* The smallest type that has the values of both, or NULL, with the reason in *help. */
const struct cedar_type *cedar_type_lub(struct arena *a, const struct cedar_type *x, const struct cedar_type *y,
                                        enum cedar_mode mode, enum cedar_lub_help *help);
/* Text in Cedar's notation: "Set<{a: Long, b?: App::User}>"; long types are cut with "...". */
struct str cedar_type_text(struct arena *a, const struct cedar_type *type);

#endif
