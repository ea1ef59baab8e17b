/* SPDX-License-Identifier: EUPL-1.2
 * Policies, schemas, entities and requests: in and out. */
#include "policy/cedar/lib/lib.h"
#include "policy/cedar/policies.h"

static struct call reading(struct cedar_memory *m, struct cedar_str name, struct cedar_str text)
{
    return (struct call){ .m = m, .source = { in(name), in(text.p != NULL ? text : cedar_text("")) } };
}

/* Policies -------------------------------------------------------------------- */

static bool policies_from_text(struct call *c)
{
    c->made = cedar_policies_parse(c->m->arena, &c->m->found, (enum cedar_ids)c->how);
    return c->made != NULL;
}

static bool policies_from_json(struct call *c)
{
    c->made = cedar_policies_from_json(c->m->arena, &c->m->found);
    return c->made != NULL;
}

/* NULL unless the call went well: what was made on the way is not whole. */
static enum cedar_status made(struct call *c, bool (*work)(struct call *), const void **result)
{
    enum cedar_status status = run_reading(c, work);

    *result = status == CEDAR_OK ? c->made : NULL;
    return status;
}

#define MADE(call, work, type, result)                                                                                 \
    const void *made_;                                                                                                 \
    if ((result) == NULL)                                                                                              \
        return CEDAR_MISUSE;                                                                                           \
    enum cedar_status status_ = made(&(call), work, &made_);                                                           \
    *(result) = (type)made_;                                                                                           \
    return status_

enum cedar_status cedar_read_policies(struct cedar_memory *m, struct cedar_str name, struct cedar_str text,
                                      enum cedar_ids ids, const struct cedar_policies **result)
{
    struct call c = reading(m, name, text);

    c.how = (int)ids;
    MADE(c, policies_from_text, const struct cedar_policies *, result);
}

enum cedar_status cedar_read_policies_json(struct cedar_memory *m, struct cedar_str name, struct cedar_str json,
                                           const struct cedar_policies **result)
{
    struct call c = reading(m, name, json);

    MADE(c, policies_from_json, const struct cedar_policies *, result);
}

static struct cedar_uid uid_of(struct arena *a, struct cedar_name name)
{
    return cedar_uid_make(arena_str(a, in(name.type)), arena_str(a, in(name.id)));
}

static bool link_all(struct call *c)
{
    const struct cedar_template_link *given = c->list;
    struct cedar_link *links = arena_make_n(c->m->arena, c->n, struct cedar_link);

    for (size_t i = 0; i < c->n; i++)
        links[i] =
            (struct cedar_link){ in(given[i].id), arena_str(c->m->arena, in(given[i].template_id)),
                                 uid_of(c->m->arena, given[i].principal), uid_of(c->m->arena, given[i].resource) };
    c->made = cedar_policies_link(c->m->arena, c->policies, links, c->n, &c->m->found);
    return c->made != NULL;
}

enum cedar_status cedar_link_templates(struct cedar_memory *m, const struct cedar_policies *policies,
                                       const struct cedar_template_link *links, size_t n,
                                       const struct cedar_policies **result)
{
    struct call c = { .m = m, .policies = policies, .list = links, .n = n };

    if (policies == NULL || (links == NULL && n > 0)) {
        if (result != NULL)
            *result = NULL;
        return CEDAR_MISUSE;
    }
    MADE(c, link_all, const struct cedar_policies *, result);
}

struct policy_change {
    const struct cedar_policies *with;
    const struct cedar_str *without;
};

static bool change_policies(struct call *c)
{
    const struct policy_change *change = c->list;
    struct str *without = arena_make_n(c->m->arena, c->n, struct str);

    for (size_t i = 0; i < c->n; i++)
        without[i] = in(change->without[i]);
    c->made = cedar_policies_change(c->m->arena, c->policies, change->with, without, c->n, &c->m->found);
    return c->made != NULL;
}

enum cedar_status cedar_change_policies(struct cedar_memory *m, const struct cedar_policies *policies,
                                        const struct cedar_policies *with, const struct cedar_str *without, size_t n,
                                        const struct cedar_policies **result)
{
    struct policy_change change = { with, without };
    struct call c = { .m = m, .policies = policies, .list = &change, .n = n };

    if (policies == NULL || (without == NULL && n > 0)) {
        if (result != NULL)
            *result = NULL;
        return CEDAR_MISUSE;
    }
    MADE(c, change_policies, const struct cedar_policies *, result);
}

size_t cedar_policy_count(const struct cedar_policies *policies)
{
    return policies != NULL ? cedar_policies_n(policies) : 0;
}

const struct cedar_policy *cedar_policy_get(const struct cedar_policies *policies, size_t i)
{
    return i < cedar_policy_count(policies) ? cedar_policy_at(policies, i) : NULL;
}

size_t cedar_template_count(const struct cedar_policies *policies)
{
    return policies != NULL ? cedar_templates_n(policies) : 0;
}

const struct cedar_policy *cedar_template_get(const struct cedar_policies *policies, size_t i)
{
    return i < cedar_template_count(policies) ? cedar_template_at(policies, i) : NULL;
}

const struct cedar_policy *cedar_policy_find(const struct cedar_policies *policies, struct cedar_str id)
{
    return policies != NULL && id.p != NULL ? cedar_policy_named(policies, in(id)) : NULL;
}

struct cedar_str cedar_policy_id(const struct cedar_policy *policy)
{
    return policy != NULL ? out(policy->id) : cedar_text(NULL);
}

enum cedar_effect cedar_policy_effect(const struct cedar_policy *policy)
{
    return policy != NULL ? policy->effect : CEDAR_FORBID;
}

struct cedar_str cedar_policy_template(const struct cedar_policy *policy)
{
    return policy != NULL ? out(policy->template_id) : cedar_text(NULL);
}

struct cedar_str cedar_policy_note(const struct cedar_policy *policy, struct cedar_str annotation)
{
    return policy != NULL ? out(cedar_policy_annotation(policy, in(annotation))) : cedar_text(NULL);
}

/* Texts --------------------------------------------------------------------- */

/* "" unless the call went well. */
static enum cedar_status written(struct call *c, bool (*work)(struct call *), bool there, struct cedar_str *result)
{
    if (result != NULL)
        *result = cedar_text("");
    if (!there || result == NULL)
        return CEDAR_MISUSE;
    enum cedar_status status = run(c, work);
    if (status == CEDAR_OK)
        *result = out(c->text);
    return status;
}

static bool policy_as_text(struct call *c)
{
    struct buf b = text_of(c->m);

    cedar_policy_text(&b, c->policy);
    return text_done(c, &b);
}

static bool policy_as_json(struct call *c)
{
    struct buf b = text_of(c->m);

    cedar_policy_to_json(&b, c->policy);
    return text_done(c, &b);
}

static bool policies_as_json(struct call *c)
{
    struct buf b = text_of(c->m);

    cedar_policies_to_json(&b, c->policies);
    return text_done(c, &b);
}

static bool entities_as_json(struct call *c)
{
    struct buf b = text_of(c->m);

    cedar_entities_to_json(&b, c->entities);
    return text_done(c, &b);
}

enum cedar_status cedar_write_policy(struct cedar_memory *m, const struct cedar_policy *policy,
                                     struct cedar_str *result)
{
    struct call c = { .m = m, .policy = policy };

    return written(&c, policy_as_text, policy != NULL, result);
}

enum cedar_status cedar_write_policy_json(struct cedar_memory *m, const struct cedar_policy *policy,
                                          struct cedar_str *result)
{
    struct call c = { .m = m, .policy = policy };

    return written(&c, policy_as_json, policy != NULL, result);
}

enum cedar_status cedar_write_policies_json(struct cedar_memory *m, const struct cedar_policies *policies,
                                            struct cedar_str *result)
{
    struct call c = { .m = m, .policies = policies };

    return written(&c, policies_as_json, policies != NULL, result);
}

enum cedar_status cedar_write_entities_json(struct cedar_memory *m, const struct cedar_entities *entities,
                                            struct cedar_str *result)
{
    struct call c = { .m = m, .entities = entities };

    return written(&c, entities_as_json, entities != NULL, result);
}

static bool format_text(struct call *c)
{
    struct buf b = text_of(c->m);
    struct str text = cedar_format(c->m->arena, &c->m->found);

    buf_add(&b, text);
    return text_done(c, &b) && text.p != NULL;
}

enum cedar_status cedar_format_policies(struct cedar_memory *m, struct cedar_str name, struct cedar_str text,
                                        struct cedar_str *result)
{
    struct call c = reading(m, name, text);

    if (result == NULL)
        return CEDAR_MISUSE;
    enum cedar_status status = run_reading(&c, format_text);
    *result = status == CEDAR_OK ? out(c.text) : cedar_text("");
    return status;
}

/* Schemas --------------------------------------------------------------------- */

static bool schema_from_text(struct call *c)
{
    c->made = cedar_schema_parse_text(c->m->arena, &c->m->found);
    return c->made != NULL;
}

static bool schema_from_json(struct call *c)
{
    c->made = cedar_schema_parse_json(c->m->arena, &c->m->found);
    return c->made != NULL;
}

enum cedar_status cedar_read_schema(struct cedar_memory *m, struct cedar_str name, struct cedar_str text,
                                    const struct cedar_schema **result)
{
    struct call c = reading(m, name, text);

    MADE(c, schema_from_text, const struct cedar_schema *, result);
}

enum cedar_status cedar_read_schema_json(struct cedar_memory *m, struct cedar_str name, struct cedar_str json,
                                         const struct cedar_schema **result)
{
    struct call c = reading(m, name, json);

    MADE(c, schema_from_json, const struct cedar_schema *, result);
}

static bool schema_as_text(struct call *c)
{
    struct buf b = text_of(c->m);

    cedar_schema_text(&b, c->schema);
    return text_done(c, &b);
}

static bool schema_as_json(struct call *c)
{
    struct buf b = text_of(c->m);

    cedar_schema_to_json(&b, c->schema);
    return text_done(c, &b);
}

enum cedar_status cedar_write_schema(struct cedar_memory *m, const struct cedar_schema *schema,
                                     struct cedar_str *result)
{
    struct call c = { .m = m, .schema = schema };

    return written(&c, schema_as_text, schema != NULL, result);
}

enum cedar_status cedar_write_schema_json(struct cedar_memory *m, const struct cedar_schema *schema,
                                          struct cedar_str *result)
{
    struct call c = { .m = m, .schema = schema };

    return written(&c, schema_as_json, schema != NULL, result);
}

static bool validate_all(struct call *c)
{
    enum cedar_mode mode = (enum cedar_mode)c->how;
    const struct cedar_policies *p = c->policies;
    int level = (int)c->n - 1; /* 0: any */
    bool ok = true;

    for (size_t i = 0; i < p->n_templates; i++)
        ok = cedar_validate_policy_at(c->schema, p->templates[i], mode, level, &c->m->found) && ok;
    for (size_t i = 0; i < p->n; i++)
        ok = cedar_validate_policy_at(c->schema, p->items[i], mode, level, &c->m->found) && ok;
    return ok;
}

enum cedar_status cedar_validate(struct cedar_memory *m, const struct cedar_policies *policies,
                                 const struct cedar_schema *schema, enum cedar_mode mode)
{
    struct call c = { .m = m, .policies = policies, .schema = schema, .how = (int)mode };

    return policies != NULL && schema != NULL ? run_reading(&c, validate_all) : CEDAR_MISUSE;
}

enum cedar_status cedar_validate_at_level(struct cedar_memory *m, const struct cedar_policies *policies,
                                          const struct cedar_schema *schema, enum cedar_mode mode, unsigned level)
{
    struct call c = {
        .m = m, .policies = policies, .schema = schema, .how = (int)mode, .n = 1 + (size_t)(level < 250 ? level : 250)
    };

    return policies != NULL && schema != NULL ? run_reading(&c, validate_all) : CEDAR_MISUSE;
}

/* Entities and requests --------------------------------------------------------- */

static bool read_entities(struct call *c)
{
    c->made = cedar_entities_parse(c->m->arena, &c->m->found, c->schema);
    return c->made != NULL;
}

enum cedar_status cedar_read_entities(struct cedar_memory *m, struct cedar_str name, struct cedar_str json,
                                      const struct cedar_schema *schema, const struct cedar_entities **result)
{
    struct call c = reading(m, name, json);

    c.schema = schema;
    MADE(c, read_entities, const struct cedar_entities *, result);
}

struct entity_change {
    const struct cedar_entities *with;
    const struct cedar_name *without;
};

static bool change_entities(struct call *c)
{
    const struct entity_change *change = c->list;
    struct cedar_uid *without = arena_make_n(c->m->arena, c->n, struct cedar_uid);

    for (size_t i = 0; i < c->n; i++)
        without[i] = cedar_uid_make(in(change->without[i].type), in(change->without[i].id));
    c->made = cedar_entities_change(c->m->arena, c->entities, change->with, without, c->n, &c->m->found);
    return c->made != NULL;
}

enum cedar_status cedar_change_entities(struct cedar_memory *m, const struct cedar_entities *entities,
                                        const struct cedar_entities *with, const struct cedar_name *without, size_t n,
                                        const struct cedar_entities **result)
{
    struct entity_change change = { with, without };
    struct call c = { .m = m, .entities = entities, .list = &change, .n = n };

    if (entities == NULL || (without == NULL && n > 0)) {
        if (result != NULL)
            *result = NULL;
        return CEDAR_MISUSE;
    }
    MADE(c, change_entities, const struct cedar_entities *, result);
}

size_t cedar_entity_count(const struct cedar_entities *entities)
{
    return entities != NULL ? entities->n : 0;
}

static bool read_request(struct call *c)
{
    struct cedar_request *r = arena_make(c->m->arena, struct cedar_request);

    c->made = r;
    return cedar_request_parse(c->m->arena, &c->m->found, c->schema, r);
}

enum cedar_status cedar_read_request(struct cedar_memory *m, struct cedar_str name, struct cedar_str json,
                                     const struct cedar_schema *schema, const struct cedar_request **result)
{
    struct call c = reading(m, name, json);

    c.schema = schema;
    MADE(c, read_request, const struct cedar_request *, result);
}

static bool make_request(struct call *c)
{
    struct cedar_request *r = arena_make(c->m->arena, struct cedar_request);
    const struct cedar_name *names = c->list;

    c->made = r;
    r->principal = uid_of(c->m->arena, names[0]);
    r->action = uid_of(c->m->arena, names[1]);
    r->resource = uid_of(c->m->arena, names[2]);
    return cedar_request_make(c->m->arena, &c->m->found, c->schema, r);
}

enum cedar_status cedar_make_request(struct cedar_memory *m, struct cedar_name principal, struct cedar_name action,
                                     struct cedar_name resource, struct cedar_str context,
                                     const struct cedar_schema *schema, const struct cedar_request **result)
{
    struct cedar_name names[3] = { principal, action, resource };
    struct call c = reading(m, cedar_text("context"), context);

    for (size_t i = 0; i < 3; i++)
        if (names[i].id.p == NULL)
            names[i].id = cedar_text("");
    c.schema = schema;
    c.list = names;
    MADE(c, make_request, const struct cedar_request *, result);
}
