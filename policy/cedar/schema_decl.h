/* SPDX-License-Identifier: EUPL-1.2
 * policy/cedar/schema_decl.h: a schema's declarations as they stand in the source, names not yet resolved.
 *
 * Floor 3.  Between the two readers (schema_text.c, schema_json.c), which fill it, and schema_build.c, which makes
 * the schema of it; nobody else includes it.  Everything lives in a scratch arena that ends with the reading.
 */
#ifndef POLICY_CEDAR_SCHEMA_DECL_H
#define POLICY_CEDAR_SCHEMA_DECL_H

#include "policy/cedar/diag.h"
#include "policy/cedar/schema.h"

/* What a name in a type may stand for; the syntax where it stands decides. */
enum decl_kind {
    DECL_NONE = 0,
    DECL_BUILTIN, /* `builtin`; said by the JSON form only, where it cannot be shadowed */
    DECL_ENTITY_OR_COMMON,
    DECL_ENTITY,
    DECL_COMMON,
    DECL_SET,
    DECL_RECORD,
};

struct decl_type {
    enum decl_kind kind;
    enum cedar_type_kind builtin;
    struct str name;           /* ENTITY_OR_COMMON, ENTITY, COMMON */
    struct decl_type *element; /* SET */
    struct decl_attr *attrs;   /* RECORD */
    size_t attr_n;
    struct cedar_span at;
};

struct decl_attr {
    struct decl_attr *next;
    struct str name;
    struct decl_type *type;
    bool required;
    struct cedar_span at;
};

struct decl_name {
    struct decl_name *next;
    struct str name;
    struct cedar_span at;
};

struct decl_namespace {
    struct decl_namespace *next;
    struct str name; /* "" is the namespace without a name */
    struct cedar_span at;
};

struct decl_common {
    struct decl_common *next;
    const struct decl_namespace *ns;
    struct decl_name *name;
    struct decl_type *type;
};

/* One declaration may name several entity types. */
struct decl_entity {
    struct decl_entity *next;
    const struct decl_namespace *ns;
    struct decl_name *names;
    struct decl_name *parents;
    struct decl_name *choices; /* the ids of an enumerated type; NULL for others */
    struct decl_type *shape;   /* NULL: no attributes */
    struct decl_type *tags;    /* NULL: none */
};

struct decl_group {
    struct decl_group *next;
    struct str type; /* "Action" when the source says none */
    struct str id;
    struct cedar_span at;
};

struct decl_action {
    struct decl_action *next;
    const struct decl_namespace *ns;
    struct decl_name *names;
    struct decl_group *groups;
    struct decl_name *principals, *resources;
    struct decl_type *context; /* NULL: the empty record */
};

struct decl_schema {
    struct decl_namespace *namespaces;
    struct decl_common *commons;
    struct decl_entity *entities;
    struct decl_action *actions;
};

/* Makes the schema, in a.  scratch: ends with the reading.  NULL with diagnostics in d when a rule is broken. */
const struct cedar_schema *schema_build(struct arena *a, struct arena *scratch, const struct decl_schema *decls,
                                        struct cedar_diags *d);

/* Is this an identifier that Cedar lets a declaration use (true, if, in, ... are reserved)? */
bool schema_is_ident(struct str s);
/* The same, joined with "::". */
bool schema_is_path(struct str s);
/* Is one part of the path "__cedar", which no declaration may use? */
bool schema_is_reserved(struct str path);

#endif
