/* SPDX-License-Identifier: EUPL-1.2
 * cedar.h: the Cedar policy language, version 4, in C.
 *
 * The whole interface of libcedar; C11 or C++11 and the standard library are
 * all it needs.  Read policies and entities, make a request, decide:
 *
 *     struct cedar_memory *m = cedar_memory_new(NULL);
 *     const struct cedar_policies *policies;
 *     if (cedar_read_policies(m, cedar_text("hello.cedar"), cedar_text(text), CEDAR_IDS_BY_POSITION,
 *                             &policies) != CEDAR_OK)
 *         puts(cedar_findings_text(m).p);      every mistake, with its line
 *
 * Memory.  What a call makes lives in the cedar_memory that it was given, until
 * that is reset or freed; nothing is freed alone.  Policies, entities and
 * schemas never change once they are made: threads may share them, as long as
 * their memory stays.  A cedar_memory itself belongs to one thread at a time;
 * give each thread its own for its decisions, and reset it after each.
 *
 * Failure.  A call that can fail gives a status, and sets its results (to NULL,
 * nothing, deny) also when it is not CEDAR_OK.  Nothing ends the process, and
 * nothing is written anywhere: no memory, no more steps, and wrong input are
 * answers like any other.  Every call takes bounded stack on any input.
 *
 * No clock, no file, no network, no locale, no state outside of what you hold.
 */
#ifndef CEDAR_H
#define CEDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__GNUC__)
#define CEDAR_API __attribute__((visibility("default")))
#else
#define CEDAR_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define CEDAR_VERSION_MAJOR 0
#define CEDAR_VERSION_MINOR 1
#define CEDAR_VERSION_PATCH 0

CEDAR_API const char *cedar_version(void);          /* of the library that runs, "0.1.0" */
CEDAR_API const char *cedar_language_version(void); /* Cedar's, "4.5", as release 4.10 of the reference has it */

/* ---- Text: a pointer and a length.  A NUL ends nothing. */

struct cedar_str {
    const char *p; /* NULL: absent */
    size_t n;
};
/* What cedar_write_…(), cedar_format_…() and cedar_findings_…() give has a NUL behind it as well. */

static inline struct cedar_str cedar_text(const char *text)
{
    struct cedar_str s = { text, text != NULL ? strlen(text) : 0 };
    return s;
}

/* ---- How a call ended. */

enum cedar_status {
    CEDAR_OK = 0,
    CEDAR_REFUSED,      /* the input is wrong: cedar_findings_text() says where and why */
    CEDAR_NO_MEMORY,    /* the allocator gave none */
    CEDAR_MEMORY_LIMIT, /* the call would take more than limits.memory_B */
    CEDAR_STEP_LIMIT,   /* the call would take more than limits.steps */
    CEDAR_CANCELLED,    /* limits.progress said so */
    CEDAR_MISUSE        /* NULL where something must be, or a cedar_memory used inside its own callback */
};
CEDAR_API const char *cedar_status_text(enum cedar_status status); /* "no-memory", … */

/* ---- Memory, and what a call may take. */

struct cedar_memory;

struct cedar_allocator {
    void *(*allocate)(void *user, size_t n);   /* aligned as malloc's; NULL when there is none */
    void (*release)(void *user, void *memory); /* never NULL */
    void *user;
};
/* NULL: malloc() and free().  NULL when there is no memory. */
CEDAR_API struct cedar_memory *cedar_memory_new(const struct cedar_allocator *allocator);
CEDAR_API void cedar_memory_free(struct cedar_memory *m); /* NULL does nothing */
/* As if new, keeping a little for the next request.  Limits stay. */
CEDAR_API void cedar_memory_reset(struct cedar_memory *m);
CEDAR_API size_t cedar_memory_used(const struct cedar_memory *m); /* bytes that live in it */

/* Each call gets these anew; 0: as much as it takes.  A step is about one node of a tree, token, value or pair looked
 * at, some nanoseconds each.  progress may be NULL; it is called every 65,536 steps or so with the number taken, and
 * ends the call by giving false.  It must not jump out, nor use m. */
struct cedar_limits {
    size_t memory_B;
    uint64_t steps;
    bool (*progress)(void *user, uint64_t steps);
    void *user;
};
CEDAR_API void cedar_memory_limit(struct cedar_memory *m, const struct cedar_limits *limits); /* NULL: none */

/* ---- What is wrong with an input: the findings of the last call that reads, changes or validates. */

enum cedar_severity { CEDAR_ERROR = 0, CEDAR_WARNING };

/*  code                 name in JSON          what is wrong */
#define CEDAR_FINDINGS(X)                                                                                              \
    X(SYNTAX, "syntax", "something stands where it cannot, or is missing")                                             \
    X(CHARACTER, "character", "a character that the language does not have")                                           \
    X(NOT_UTF8, "not-utf8", "the text is not UTF-8")                                                                   \
    X(STRING, "string", "a string without an end, or in other quotes than \"")                                         \
    X(ESCAPE, "escape", "a backslash, or a carriage return, that means nothing in a string or pattern")                \
    X(NUMBER, "number", "a number beyond 64 bits, or with a point")                                                    \
    X(OPERATOR, "operator", "an operator or a word that Cedar does not have: and, or, not, allow, =, /")               \
    X(NAME, "name", "what stands there cannot be a name: reserved, or not one")                                        \
    X(ENTITY, "entity", "no entity where one must stand: Type::\"id\"")                                                \
    X(ACTION_TYPE, "action-type", "a type that is none of actions, or one of actions where none may be")               \
    X(SCOPE, "scope", "the scope cannot say that")                                                                     \
    X(SLOT, "slot", "?principal or ?resource where it cannot stand")                                                   \
    X(UNKNOWN_VARIABLE, "unknown-variable", "no principal, action, resource or context")                               \
    X(UNKNOWN_FUNCTION, "unknown-function", "no function of this name")                                                \
    X(UNKNOWN_METHOD, "unknown-method", "no method of this name")                                                      \
    X(ARGUMENTS, "arguments", "a function with the wrong number of arguments")                                         \
    X(EXTENSION, "extension", "a text that is no ip, decimal, datetime or duration")                                   \
    X(TWICE, "twice", "given or declared twice: a name, an id, an entity with two contents")                           \
    X(TOO_DEEP, "too-deep", "nested deeper than the bound")                                                            \
    X(TOO_LARGE, "too-large", "larger, or more work, than the bound")                                                  \
    X(JSON, "json", "no JSON")                                                                                         \
    X(JSON_KIND, "json-kind", "another kind of JSON value must stand there")                                           \
    X(JSON_FORM, "json-form", "no form of what must stand there")                                                      \
    X(MEMBER_MISSING, "member-missing", "a member that must be there")                                                 \
    X(MEMBER_UNKNOWN, "member-unknown", "a member that no form has")                                                   \
    X(UNKNOWN_TEMPLATE, "unknown-template", "no template of this id")                                                  \
    X(LINK, "link", "a link that does not fill what its template leaves open")                                         \
    X(UNKNOWN_TYPE, "unknown-type", "a type that the schema does not have")                                            \
    X(UNKNOWN_ACTION, "unknown-action", "an action that the schema does not have")                                     \
    X(UNKNOWN_ENTITY, "unknown-entity", "an id that an enumerated type does not have")                                 \
    X(UNKNOWN_ATTRIBUTE, "unknown-attribute", "an attribute that the schema does not have there")                      \
    X(MISSING_ATTRIBUTE, "missing-attribute", "an attribute that the schema demands")                                  \
    X(OPTIONAL_ATTRIBUTE, "optional-attribute", "an attribute that may be missing, used without `has`")                \
    X(OPTIONAL_TAG, "optional-tag", "a tag that may be missing, used without `.hasTag()`")                             \
    X(NO_TAGS, "no-tags", "entities of this type have no tags")                                                        \
    X(TYPE, "type", "a value of the wrong type")                                                                       \
    X(TYPES_DIFFER, "types-differ", "two values that must have one type")                                              \
    X(EMPTY_SET, "empty-set", "`[]` has no type")                                                                      \
    X(NOT_LITERAL, "not-literal", "a constructor must be given its text literally")                                    \
    X(NO_ACTION, "no-action", "no action applies to the scope")                                                        \
    X(NOT_APPLICABLE, "not-applicable", "the action does not apply to a principal or resource of this type")           \
    X(LEVEL, "level", "looks further into entities than the level allows")                                             \
    X(PARENT, "parent", "an entity that cannot be in one of this type")                                                \
    X(ACTION_DIFFERS, "action-differs", "an action that is not as the schema declares it")                             \
    X(CYCLE, "cycle", "something contains itself, or is its own ancestor")                                             \
    X(SHADOWED, "shadowed", "a name that is also declared without a namespace")                                        \
    X(NO_RECORD, "no-record", "the shape of an entity or a context must be a record")                                  \
    X(EMPTY, "empty", "a list that must not be empty")                                                                 \
    X(NOT_SUPPORTED, "not-supported", "Cedar reserves it, or no longer has it")                                        \
    X(NEVER_APPLIES, "never-applies", "warning: the policy can never apply")                                           \
    X(BIDI, "bidi", "warning: a character that turns the text around it")                                              \
    X(INVISIBLE, "invisible", "warning: a character that is not seen")                                                 \
    X(CONFUSABLE, "confusable", "warning: a character that looks like another")                                        \
    X(MIXED_SCRIPT, "mixed-script", "warning: letters of several scripts in one text")

/* What a finding is, for programs.  A code keeps its meaning; new ones come behind. */
enum cedar_finding_code {
    CEDAR_FINDING_NONE = 0, /* of no finding */
#define CEDAR_ENUM_(code, name, meaning) CEDAR_FINDING_##code,
    CEDAR_FINDINGS(CEDAR_ENUM_)
#undef CEDAR_ENUM_
        CEDAR_FINDING_CODES
};
CEDAR_API const char *cedar_finding_code_name(enum cedar_finding_code code);    /* "syntax", … */
CEDAR_API const char *cedar_finding_code_meaning(enum cedar_finding_code code); /* one line of English */

struct cedar_finding {
    enum cedar_severity severity;
    struct cedar_str source;    /* the name that the call was given; absent when there is no text to point into */
    size_t line, column;        /* from 1; columns count characters */
    size_t begin, end;          /* bytes of the text */
    struct cedar_str message;   /* one sentence without a full stop */
    struct cedar_str expected;  /* absent, or what would have been right: "`;` or `&&`" */
    struct cedar_str near_name; /* absent, or a known name much like the one that was written */
    struct cedar_str policy;    /* absent, or the id of the policy concerned */
    enum cedar_finding_code code;
};
CEDAR_API size_t cedar_finding_count(const struct cedar_memory *m); /* 100 at most are kept */
CEDAR_API bool cedar_finding_at(struct cedar_memory *m, size_t i, struct cedar_finding *out);
/* All of them for people, with the lines underlined, in the order of their places; and for programs. */
CEDAR_API struct cedar_str cedar_findings_text(struct cedar_memory *m);
CEDAR_API struct cedar_str cedar_findings_json(struct cedar_memory *m);

/* ---- Names of entities: User::"anna". */

struct cedar_name {
    struct cedar_str type, id; /* type: "School::Person", with its namespace */
};

/* ---- Policies. */

struct cedar_policies; /* an immutable set */
struct cedar_policy;   /* one of it; lives as long as the set */

enum cedar_effect { CEDAR_FORBID = 0, CEDAR_PERMIT };
/* What a policy is called: "policy0", "policy1", … in the order of the text; or by its annotation @id("…") where it has
 * one. */
enum cedar_ids { CEDAR_IDS_BY_POSITION = 0, CEDAR_IDS_BY_ANNOTATION };

/* Policies and templates as text.  Every mistake is found, not only the first; none is taken when there is one. */
CEDAR_API enum cedar_status cedar_read_policies(struct cedar_memory *m, struct cedar_str name, struct cedar_str text,
                                                enum cedar_ids ids, const struct cedar_policies **out);
/* The JSON form: one policy or template, or {"staticPolicies": …, "templates": …, "templateLinks": …}. */
CEDAR_API enum cedar_status cedar_read_policies_json(struct cedar_memory *m, struct cedar_str name,
                                                     struct cedar_str json, const struct cedar_policies **out);

struct cedar_template_link {
    struct cedar_str id, template_id;
    struct cedar_name principal, resource; /* absent where the template has no such slot */
};
/* A new set: everything in `policies`, whose memory must outlive it, and the links. */
CEDAR_API enum cedar_status cedar_link_templates(struct cedar_memory *m, const struct cedar_policies *policies,
                                                 const struct cedar_template_link *links, size_t n,
                                                 const struct cedar_policies **out);

/* A new set, which shares what stays with `policies`, whose memory must outlive it: without those whose ids are in
 * `without`, and with all of `with` (or NULL), each in the place of the one that has its id, or behind.  A link stays
 * when its template goes. */
CEDAR_API enum cedar_status cedar_change_policies(struct cedar_memory *m, const struct cedar_policies *policies,
                                                  const struct cedar_policies *with, const struct cedar_str *without,
                                                  size_t n, const struct cedar_policies **out);

/* Those that decide (static ones and links), in order; and templates.  i beyond the last: NULL. */
CEDAR_API size_t cedar_policy_count(const struct cedar_policies *policies);
CEDAR_API const struct cedar_policy *cedar_policy_get(const struct cedar_policies *policies, size_t i);
CEDAR_API size_t cedar_template_count(const struct cedar_policies *policies);
CEDAR_API const struct cedar_policy *cedar_template_get(const struct cedar_policies *policies, size_t i);
CEDAR_API const struct cedar_policy *cedar_policy_find(const struct cedar_policies *policies, struct cedar_str id);

CEDAR_API struct cedar_str cedar_policy_id(const struct cedar_policy *policy);
CEDAR_API enum cedar_effect cedar_policy_effect(const struct cedar_policy *policy);
CEDAR_API struct cedar_str cedar_policy_template(const struct cedar_policy *policy); /* of a link; else absent */
CEDAR_API struct cedar_str cedar_policy_note(const struct cedar_policy *policy,
                                             struct cedar_str annotation); /* or absent; "" for a bare @name */

CEDAR_API enum cedar_status cedar_write_policy(struct cedar_memory *m, const struct cedar_policy *policy,
                                               struct cedar_str *out);
CEDAR_API enum cedar_status cedar_write_policy_json(struct cedar_memory *m, const struct cedar_policy *policy,
                                                    struct cedar_str *out);
CEDAR_API enum cedar_status cedar_write_policies_json(struct cedar_memory *m, const struct cedar_policies *policies,
                                                      struct cedar_str *out);
/* The text in canonical layout, comments kept. */
CEDAR_API enum cedar_status cedar_format_policies(struct cedar_memory *m, struct cedar_str name, struct cedar_str text,
                                                  struct cedar_str *out);

/* ---- Schemas. */

struct cedar_schema;

CEDAR_API enum cedar_status cedar_read_schema(struct cedar_memory *m, struct cedar_str name, struct cedar_str text,
                                              const struct cedar_schema **out);
CEDAR_API enum cedar_status cedar_read_schema_json(struct cedar_memory *m, struct cedar_str name, struct cedar_str json,
                                                   const struct cedar_schema **out);

/* What it says, not how it was said: common types stand where they were named, all ancestors are listed. */
CEDAR_API enum cedar_status cedar_write_schema(struct cedar_memory *m, const struct cedar_schema *schema,
                                               struct cedar_str *out);
CEDAR_API enum cedar_status cedar_write_schema_json(struct cedar_memory *m, const struct cedar_schema *schema,
                                                    struct cedar_str *out);

enum cedar_mode { CEDAR_STRICT = 0, CEDAR_PERMISSIVE };
/* Every policy and template against every kind of request that the schema allows.  Warnings leave it CEDAR_OK. */
CEDAR_API enum cedar_status cedar_validate(struct cedar_memory *m, const struct cedar_policies *policies,
                                           const struct cedar_schema *schema, enum cedar_mode mode);

/* The same, and no policy may look into entities further than `level` behind one another: 0 looks into none, 1 into
 * principal, action and resource (`principal.name`, `action in Action::"x"`), 2 also into what these hold
 * (`principal.boss.name`).  Whoever brings entities for a request knows then how deep.  An entity that the policy names
 * cannot be looked into.  [RFC 76] */
CEDAR_API enum cedar_status cedar_validate_at_level(struct cedar_memory *m, const struct cedar_policies *policies,
                                                    const struct cedar_schema *schema, enum cedar_mode mode,
                                                    unsigned level);

/* ---- Entities: a JSON array of {"uid", "attrs", "parents", "tags"}. */

struct cedar_entities;

/* With a schema (or NULL) the reading is directed, each entity validated, and the schema's actions are added. */
CEDAR_API enum cedar_status cedar_read_entities(struct cedar_memory *m, struct cedar_str name, struct cedar_str json,
                                                const struct cedar_schema *schema, const struct cedar_entities **out);
/* A new store, which shares what stays with `entities`, whose memory must outlive it: without those in `without`, and
 * with all of `with` (or NULL), each instead of the one that has its name.  Ancestors follow. */
CEDAR_API enum cedar_status cedar_change_entities(struct cedar_memory *m, const struct cedar_entities *entities,
                                                  const struct cedar_entities *with, const struct cedar_name *without,
                                                  size_t n, const struct cedar_entities **out);
CEDAR_API size_t cedar_entity_count(const struct cedar_entities *entities);
CEDAR_API enum cedar_status cedar_write_entities_json(struct cedar_memory *m, const struct cedar_entities *entities,
                                                      struct cedar_str *out);

/* ---- Requests. */

struct cedar_request;

/* {"principal": …, "action": …, "resource": …, "context": {…}}: entities as {"type", "id"} or as text `User::"anna"`;
 * the context may be absent.  With a schema (or NULL) the request is validated. */
CEDAR_API enum cedar_status cedar_read_request(struct cedar_memory *m, struct cedar_str name, struct cedar_str json,
                                               const struct cedar_schema *schema, const struct cedar_request **out);
/* The same of its parts; context: JSON of an object, or absent. */
CEDAR_API enum cedar_status cedar_make_request(struct cedar_memory *m, struct cedar_name principal,
                                               struct cedar_name action, struct cedar_name resource,
                                               struct cedar_str context, const struct cedar_schema *schema,
                                               const struct cedar_request **out);

/* ---- Decisions. */

enum cedar_decision { CEDAR_DENY = 0, CEDAR_ALLOW };
/* A policy that cannot be evaluated does not apply, as Cedar defines it.  CLOSED is stricter: a forbid that cannot be
 * evaluated denies, and is a reason. */
enum cedar_rule { CEDAR_AS_DEFINED = 0, CEDAR_CLOSED };

enum cedar_eval_code {
    CEDAR_EVAL_OK = 0,
    CEDAR_EVAL_TYPE,     /* a value of the wrong kind */
    CEDAR_EVAL_ATTR,     /* no such attribute */
    CEDAR_EVAL_TAG,      /* no such tag */
    CEDAR_EVAL_ENTITY,   /* no such entity */
    CEDAR_EVAL_OVERFLOW, /* beyond 64 bits */
    CEDAR_EVAL_EXT,      /* a text that is no ip, decimal, datetime or duration */
    CEDAR_EVAL_ARITY,    /* a function with the wrong number of arguments */
    CEDAR_EVAL_WORK      /* the bound of one policy is used up */
};

struct cedar_answer;

/* A forbid that applies denies; else a permit that applies allows; else deny.  The request must have been read or made
 * with the schema where one is used: nothing is validated here. */
CEDAR_API enum cedar_status cedar_decide(struct cedar_memory *m, const struct cedar_policies *policies,
                                         const struct cedar_entities *entities, const struct cedar_request *request,
                                         enum cedar_rule rule, const struct cedar_answer **out);
/* CEDAR_DENY for NULL. */
CEDAR_API enum cedar_decision cedar_answer_decision(const struct cedar_answer *answer);
/* The policies that settled it, in order; none when no policy applied. */
CEDAR_API size_t cedar_answer_reason_count(const struct cedar_answer *answer);
CEDAR_API const struct cedar_policy *cedar_answer_reason(const struct cedar_answer *answer, size_t i);
/* Policies that could not be evaluated and were passed over. */
CEDAR_API size_t cedar_answer_error_count(const struct cedar_answer *answer);
CEDAR_API const struct cedar_policy *cedar_answer_error_policy(const struct cedar_answer *answer, size_t i);
CEDAR_API enum cedar_eval_code cedar_answer_error_code(const struct cedar_answer *answer, size_t i);
CEDAR_API struct cedar_str cedar_answer_error_text(struct cedar_memory *m, const struct cedar_answer *answer, size_t i);
/* {"decision": "allow", "reason": […], "errors": [{"policy": …, "code": …, "message": …}]} */
CEDAR_API enum cedar_status cedar_write_answer_json(struct cedar_memory *m, const struct cedar_answer *answer,
                                                    struct cedar_str *out);

/* One person, one action, many resources: out[i] is what cedar_decide() with CEDAR_CLOSED says of resources[i] (the
 * request's own resource is not read).  What does not depend on the resource is computed once. */
CEDAR_API enum cedar_status cedar_decide_each(struct cedar_memory *m, const struct cedar_policies *policies,
                                              const struct cedar_entities *entities,
                                              const struct cedar_request *request, const struct cedar_name *resources,
                                              size_t n, enum cedar_decision *out);

/* ---- What would have to be different for the answer to be the other one. */

/*  what the condition needs     in JSON */
#define CEDAR_DIFFERENCES(X)                                                                                           \
    X(EQUAL, "equal")       /* subject == needed                                    */                                 \
    X(OTHER, "other")       /* subject != needed                                    */                                 \
    X(LESS, "less")         /* subject < needed                                     */                                 \
    X(AT_MOST, "at-most")   /* subject <= needed                                    */                                 \
    X(MORE, "more")         /* subject > needed                                     */                                 \
    X(AT_LEAST, "at-least") /* subject >= needed                                    */                                 \
    X(IN, "in")             /* the entity is in needed, or in one of that set       */                                 \
    X(NOT_IN, "not-in")     /* … in none                                            */                               \
    X(TYPE, "type")         /* the entity is of the type that example has           */                                 \
    X(PRESENT, "present")   /* there is a subject                                   */                                 \
    X(ABSENT, "absent")     /* there is none                                        */                                 \
    X(LIKE, "like")         /* subject is like the pattern needed                   */                                 \
    X(NOT_LIKE, "not-like") /* … is not                                             */                               \
    X(CONTAINS, "contains") /* the set has needed: the value, all or one of the set */                                 \
    X(LACKS, "lacks")       /* … has not                                            */                               \
    X(ONE_OF, "one-of")     /* subject is an element of needed                      */                                 \
    X(NONE_OF, "none-of")   /* … of none                                            */                               \
    X(IN_RANGE, "in-range") /* the address is in the range needed                   */                                 \
    X(EMPTY, "empty")       /* the set is empty                                     */                                 \
    X(HOLDS, "holds")       /* the condition as a whole holds: no one thing does it */                                 \
    X(FAILS, "fails")       /* … does not hold                                      */

enum cedar_difference_kind {
    CEDAR_DIFFERENCE_NONE = 0,
#define CEDAR_ENUM_(kind, name) CEDAR_DIFFERENCE_##kind,
    CEDAR_DIFFERENCES(CEDAR_ENUM_)
#undef CEDAR_ENUM_
        CEDAR_DIFFERENCE_COUNT
};
enum cedar_part { CEDAR_PART_PRINCIPAL = 0, CEDAR_PART_ACTION, CEDAR_PART_RESOURCE, CEDAR_PART_CONDITION };

/* One thing that is not as a policy needs it.  Values are Cedar text; absent: there is none. */
struct cedar_difference {
    const struct cedar_policy *policy;
    enum cedar_part part; /* of the scope; or a condition … */
    size_t condition;     /* … the first being 0 */
    enum cedar_difference_kind kind;
    struct cedar_str text;    /* what must be different, as it stands in the policy: `context.device == "own"` */
    struct cedar_str subject; /* `context.device`; absent for HOLDS and FAILS */
    struct cedar_name owner;  /* the entity whose attribute, tag or group it is; absent: the request's */
    struct cedar_str actual;  /* "shared" */
    struct cedar_str needed;  /* "own" */
    struct cedar_str example; /* what subject was made, to try it; for IN and NOT_IN: into and out of which groups */
    size_t begin, end;        /* bytes of the policy's text; 0, 0: it has none */
};
CEDAR_API const char *cedar_difference_name(enum cedar_difference_kind kind); /* "equal", … */
CEDAR_API const char *cedar_part_name(enum cedar_part part);                  /* "principal", …, "condition" */

struct cedar_why;

/* Alternatives, the nearest first, at most `max` (and 32): each is a list of differences, and with all of them made the
 * answer is the other one; that has been tried.  For deny: those with which a permit applies and no forbid does; for
 * allow: those with which a forbid applies, or no permit.  None may be found; work is bounded (milliseconds as a rule;
 * with 10,000 policies and 100,000 entities at most some two seconds, where everybody's group or arithmetic must
 * differ). */
CEDAR_API enum cedar_status cedar_explain(struct cedar_memory *m, const struct cedar_policies *policies,
                                          const struct cedar_entities *entities, const struct cedar_request *request,
                                          enum cedar_rule rule, size_t max, const struct cedar_why **out);
CEDAR_API enum cedar_decision cedar_why_decision(const struct cedar_why *why); /* the answer as it is */
CEDAR_API size_t cedar_why_count(const struct cedar_why *why);
/* The policy that would settle it; NULL: no permit would apply any more. */
CEDAR_API const struct cedar_policy *cedar_why_policy(const struct cedar_why *why, size_t i);
/* Has every difference one subject that can be made as needed?  With HOLDS and FAILS among them it was tried as if the
 * text had that value wherever it stands. */
CEDAR_API bool cedar_why_concrete(const struct cedar_why *why, size_t i);
CEDAR_API size_t cedar_why_difference_count(const struct cedar_why *why, size_t i);
CEDAR_API bool cedar_why_difference(struct cedar_memory *m, const struct cedar_why *why, size_t i, size_t k,
                                    struct cedar_difference *out);
/* {"decision": "deny", "alternatives": [{"policy": …, "concrete": true, "differences": [{"policy": …, "part": …,
 * "kind": "equal", "text": …, "subject": …, "actual": …, "needed": …, "example": …, …}]}]}, values as in entities. */
CEDAR_API enum cedar_status cedar_write_why_json(struct cedar_memory *m, const struct cedar_why *why,
                                                 struct cedar_str *out);

/* ---- Requests of which something is not known yet. */

enum { CEDAR_UNKNOWN_PRINCIPAL = 1, CEDAR_UNKNOWN_ACTION = 2, CEDAR_UNKNOWN_RESOURCE = 4, CEDAR_UNKNOWN_CONTEXT = 8 };
enum cedar_partial_decision { CEDAR_PARTIAL_DENY = 0, CEDAR_PARTIAL_ALLOW, CEDAR_PARTIAL_OPEN };

/* What can be said whatever the unknown parts are (unknown: CEDAR_UNKNOWN_… added up; the request has something in
 * their places, which is not read).  *remaining: the policies that may still apply, under their ids, with what is known
 * computed into them: what would have to hold.  For every request that agrees in what is known, cedar_decide() with
 * them says what it says with all policies.  `policies` and `entities` must outlive them. */
CEDAR_API enum cedar_status cedar_decide_partial(struct cedar_memory *m, const struct cedar_policies *policies,
                                                 const struct cedar_entities *entities,
                                                 const struct cedar_request *request, unsigned unknown,
                                                 enum cedar_partial_decision *decision,
                                                 const struct cedar_policies **remaining);

/* The entities that are looked at to decide this request: with them alone the answer is the same. */
CEDAR_API enum cedar_status cedar_slice_entities(struct cedar_memory *m, const struct cedar_policies *policies,
                                                 const struct cedar_entities *entities,
                                                 const struct cedar_request *request,
                                                 const struct cedar_entities **out);

#ifdef __cplusplus
}
#endif

#endif
