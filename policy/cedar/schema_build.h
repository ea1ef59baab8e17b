/* SPDX-License-Identifier: EUPL-1.2
 * policy/cedar/schema_build.h: the state of making a schema of its declarations.
 *
 * Floor 3.  Shared by schema_build.c (order and rules), schema_names.c (what a name stands for), schema_types.c
 * (types of attributes) and schema_closure.c (ancestors); nobody else includes it.
 */
#ifndef POLICY_CEDAR_SCHEMA_BUILD_H
#define POLICY_CEDAR_SCHEMA_BUILD_H

#include "policy/cedar/schema_decl.h"
#include "policy/cedar/schema_map.h"

struct cedar_schema {
    struct cedar_entity_type *types; /* declared ones, then those of actions */
    size_t declared_n, type_n;
    struct cedar_action *actions;
    size_t action_n;
    struct schema_map type_map;   /* (name, ""), declared ones only */
    struct schema_map action_map; /* (type, id) */
};

enum common_state { COMMON_NEW = 0, COMMON_OPEN, COMMON_DONE };

struct schema_common {
    struct str name;                /* fully qualified */
    const struct decl_common *decl; /* NULL: one of Cedar's own */
    enum common_state state;
    const struct cedar_type *is; /* when DONE; NULL: wrong, reported */
};

struct schema_builder {
    struct arena *a, *scratch;
    const struct decl_schema *decls;
    struct cedar_diags *d;
    struct cedar_schema *s;
    struct schema_common *commons;
    size_t common_n, common_cap;
    struct schema_map entity_names; /* (name, "") -> struct cedar_entity_type, those of actions too */
    struct schema_map common_names; /* (name, "") -> struct schema_common */
    const struct cedar_type *empty; /* the record without attributes */
};

/* schema_names.c */
struct str schema_qualify(struct arena *a, struct str ns, struct str name);
/* What a name stands for: an entity type, a common type, or nothing (reported, with advice). */
struct schema_meaning {
    const struct cedar_entity_type *entity;
    struct schema_common *common;
};
struct schema_meaning schema_resolve(struct schema_builder *b, const struct decl_namespace *ns, enum decl_kind kind,
                                     struct str name, struct cedar_span at);
/* A declared entity type that is no type of actions, or NULL, reported. */
const struct cedar_entity_type *schema_entity_named(struct schema_builder *b, const struct decl_namespace *ns,
                                                    const struct decl_name *name);
const struct cedar_action *schema_action_named(struct schema_builder *b, const struct decl_namespace *ns,
                                               const struct decl_group *group);

/* schema_types.c: the type that a declaration means.  NULL: wrong, reported. */
const struct cedar_type *schema_type_of(struct schema_builder *b, const struct decl_namespace *ns,
                                        const struct decl_type *t);
const struct cedar_type *schema_common_type(struct schema_builder *b, struct schema_common *c);

/* schema_closure.c */
struct closure_list {
    uint32_t *items; /* sorted */
    size_t n;
};
/* Replaces each node's parents by all its ancestors (itself only when it is on a cycle).  False when that would take
 * more than CEDAR_SCHEMA_CLOSURE_MAX steps. */
bool closure_all(struct arena *scratch, struct closure_list *nodes, size_t n);

#endif
