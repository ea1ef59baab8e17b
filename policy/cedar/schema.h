/* SPDX-License-Identifier: EUPL-1.2
 * policy/cedar/schema.h: which entity types, actions and contexts there are.
 *
 * Floor 3.  A schema is read from Cedar's schema syntax or from its JSON form; both give the same structure: names
 * fully qualified ("App::User"), common types replaced by what they stand for, ancestors transitively closed.  It is
 * one immutable snapshot in the arena that the caller gave, which must outlive it; threads may share it.
 *
 * Readers report every error they find, with place and advice, and return NULL when there was one.  Their work is
 * bounded: CEDAR_SCHEMA_* below are refused with a diagnostic, never exceeded.
 * [Cedar reference: Schema format, JSON schema format; RFC 24, 52, 53, 70, 82]
 */
#ifndef POLICY_CEDAR_SCHEMA_H
#define POLICY_CEDAR_SCHEMA_H

#include "policy/cedar/diag.h"
#include "policy/cedar/types.h"

enum {
    CEDAR_SCHEMA_TEXT_MAX = 4 << 20,    /* bytes of schema text or JSON */
    CEDAR_SCHEMA_NAMES_MAX = 16384,     /* entity types, common types and actions, each */
    CEDAR_SCHEMA_CLOSURE_MAX = 1 << 22, /* steps to find all ancestors, of entity types and of actions each */
};

/* An entity type.  The type of actions ("Action", "App::Action") is one too, with is_action set and no shape; it is
 * found by no look-up of declared types, only through actions and attribute types. */
struct cedar_entity_type {
    struct str name;
    const struct cedar_type *self; /* the type of references to it */
    uint32_t index;                /* unique in its schema; orders entities in types */
    bool is_action;
    bool is_enum; /* only the ids in `choices` exist; no attributes, no parents, no tags */
    const struct str *choices;
    size_t choice_n;
    const struct cedar_type *shape;                   /* RECORD; never NULL */
    const struct cedar_type *tags;                    /* NULL: no tags allowed */
    const struct cedar_entity_type *const *ancestors; /* transitive, sorted by index; itself only in a cycle */
    size_t ancestor_n;
};

struct cedar_action {
    const struct cedar_entity_type *type; /* "Action" in the action's namespace */
    struct str id;
    uint32_t index;
    const struct cedar_entity_type *const *principals; /* what it applies to; sorted by index */
    size_t principal_n;
    const struct cedar_entity_type *const *resources;
    size_t resource_n;
    const struct cedar_type *context;            /* RECORD; never NULL */
    const struct cedar_action *const *ancestors; /* groups, transitive, sorted by index; never itself */
    size_t ancestor_n;
};

struct cedar_schema;

/* Reads d->source as Cedar's schema syntax (text) or as the JSON form.  NULL after reporting into d when the schema is
 * wrong.  The schema keeps no pointer into the source. */
const struct cedar_schema *cedar_schema_parse_text(struct arena *a, struct cedar_diags *d);
const struct cedar_schema *cedar_schema_parse_json(struct arena *a, struct cedar_diags *d);

/* Add what the schema says to b, as JSON or as Cedar's schema syntax: common types stand where they were named, and all
 * ancestors are listed.  Text cannot say that a context belongs to an action that applies to nothing, nor that there
 * may be further attributes; JSON can. */
void cedar_schema_to_json(struct buf *b, const struct cedar_schema *s);
void cedar_schema_text(struct buf *b, const struct cedar_schema *s);

/* Look-ups; NULL when there is none.  Names are fully qualified. */
const struct cedar_entity_type *cedar_schema_entity_type(const struct cedar_schema *s, struct str name);
const struct cedar_action *cedar_schema_action(const struct cedar_schema *s, struct str type, struct str id);

/* Everything, in index order: entity types without the action types, then actions. */
size_t cedar_schema_entity_type_n(const struct cedar_schema *s);
const struct cedar_entity_type *cedar_schema_entity_type_at(const struct cedar_schema *s, size_t i);
size_t cedar_schema_action_n(const struct cedar_schema *s);
const struct cedar_action *cedar_schema_action_at(const struct cedar_schema *s, size_t i);

/* Is type in a list that is sorted by index (principals, resources, ancestors)? */
bool cedar_entity_types_have(const struct cedar_entity_type *const *list, size_t n,
                             const struct cedar_entity_type *type);
bool cedar_entity_type_has_ancestor(const struct cedar_entity_type *type, const struct cedar_entity_type *ancestor);
bool cedar_action_has_ancestor(const struct cedar_action *action, const struct cedar_action *ancestor);
/* Is this id one of an enumerated type's?  True for every id of other types. */
bool cedar_entity_type_allows(const struct cedar_entity_type *type, struct str id);
/* Is the last part of the name "Action"? */
bool cedar_name_is_action(struct str type_name);

/* Do both schemas say the same, whatever the order of declarations and the form that they were read from? */
bool cedar_schema_eq(const struct cedar_schema *x, const struct cedar_schema *y);

#endif
