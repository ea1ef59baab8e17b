/* SPDX-License-Identifier: EUPL-1.2 */
#include "idp-adapters/oidc_attributes.h"

enum { VALUE_MAX_B = 65536, ACR_MAX_B = 255 };

struct gathering {
    struct arena *arena;
    const struct idp *idp;
    struct attribute_list list;
};

static bool is_protocol_claim(struct str name)
{
    static const char *const names[] = { "iss",     "aud",    "azp", "exp", "iat",       "nbf", "nonce",
                                         "at_hash", "c_hash", "jti", "sid", "auth_time", "acr", "amr" };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_eq(name, str_of(names[i])))
            return true;
    return false;
}

static struct str as_text(struct arena *a, const struct json_value *v)
{
    struct json_out o = json_out(a, VALUE_MAX_B);

    if (v->type != JSON_OBJECT && v->type != JSON_ARRAY)
        return v->text;
    json_value(&o, v);
    return json_done(&o);
}

/* null says nothing; it is no value. */
static size_t count_values(const struct json_value *v)
{
    size_t n = 0;

    if (v->type != JSON_ARRAY)
        return v->type != JSON_NULL;
    for (v = v->first; v != NULL; v = v->next)
        n += v->type != JSON_NULL;
    return n;
}

static void add(struct gathering *g, struct str name, const struct json_value *v)
{
    size_t n = count_values(v);

    if (n == 0 || attribute_list_has(&g->list, name))
        return;
    struct strs values = { arena_make_n(g->arena, n, struct str), 0 };
    for (const struct json_value *e = v->type == JSON_ARRAY ? v->first : v; e != NULL;
         e = v->type == JSON_ARRAY ? e->next : NULL)
        if (e->type != JSON_NULL)
            values.at[values.n++] = as_text(g->arena, e);
    attribute_list_add(g->arena, &g->list, g->idp, name, values);
}

/* Recursion ends at OIDC_NESTED_MAX: what lies deeper stays one JSON text. */
static void add_members(struct gathering *g, struct str prefix, const struct json_value *object, int depth)
{
    for (const struct json_value *v = object->first; v != NULL; v = v->next) {
        struct str name =
            prefix.n > 0 ? arena_printf(g->arena, "%.*s.%.*s", STR_ARG(prefix), STR_ARG(v->name)) : v->name;
        if (depth == 0 && is_protocol_claim(v->name))
            continue;
        if (v->type == JSON_OBJECT && depth + 1 < OIDC_NESTED_MAX)
            add_members(g, name, v, depth + 1);
        else
            add(g, name, v);
    }
}

struct attribute_list oidc_attributes(struct arena *a, const struct idp *idp, const struct json_value *id_token,
                                      const struct json_value *userinfo)
{
    struct gathering g = { a, idp, attribute_list_new(a) };

    add_members(&g, S(""), id_token, 0);
    if (userinfo != NULL)
        add_members(&g, S(""), userinfo, 0);
    return g.list;
}

struct str oidc_acr(const struct json_value *id_token, const struct idp *idp)
{
    struct str acr = json_get_str(id_token, S("acr"));

    return str_is_set(acr) && acr.n <= ACR_MAX_B ? acr : idp->acr;
}

struct str oidc_amr(struct arena *a, const struct json_value *id_token)
{
    const struct json_value *amr = json_get(id_token, S("amr"));
    struct buf b = buf_new(a, ACR_MAX_B);

    if (amr == NULL || amr->type != JSON_ARRAY)
        return (struct str){ NULL, 0 };
    for (const struct json_value *v = amr->first; v != NULL; v = v->next) {
        if (v->type != JSON_STR || v->text.n == 0 || str_find_byte(v->text, ' ', 0) < v->text.n)
            continue;
        if (b.n > 0)
            buf_byte(&b, ' ');
        buf_add(&b, v->text);
    }
    return b.n > 0 && buf_ok(&b) ? buf_str(&b) : (struct str){ NULL, 0 };
}
