/* SPDX-License-Identifier: EUPL-1.2 */
#include "idp-adapters/oidc_attributes.h"

#include "base/fields.h"
#include "base/text.h"

enum { VALUE_MAX_B = 65536, AMR_MAX_B = 255 };

struct gathering {
    struct arena *arena;
    const struct idp *idp;
    struct attribute_list list;
    bool with_verified; /* this document's email_verified is about the address that was taken */
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

static bool is_blank(const struct json_value *v)
{
    return v->type == JSON_NULL || (v->type == JSON_STR && text_is_blank(v->text));
}

/* null is no value.  Where nothing but null and white space is said, nothing is said: an empty claim of the ID token
 * does not hide what userinfo says under the same name. */
static size_t count_values(const struct json_value *v)
{
    size_t n = 0;
    bool said = false;

    if (v->type != JSON_ARRAY)
        return !is_blank(v);
    for (v = v->first; v != NULL; v = v->next) {
        n += v->type != JSON_NULL;
        said = said || !is_blank(v);
    }
    return said ? n : 0;
}

static void add(struct gathering *g, struct str name, const struct json_value *v)
{
    size_t n = count_values(v);

    if (n == 0 || attribute_list_has(&g->list, name))
        return;
    struct strs values = { arena_make_n(g->arena, n, struct str), 0 };
    size_t before = g->list.n;
    bool no_text = false;
    for (const struct json_value *e = v->type == JSON_ARRAY ? v->first : v; e != NULL;
         e = v->type == JSON_ARRAY ? e->next : NULL)
        if (e->type != JSON_NULL) {
            values.at[values.n++] = as_text(g->arena, e);
            no_text = no_text || (e->type != JSON_STR && e->type != JSON_INT);
        }
    attribute_list_add(g->arena, &g->list, g->idp, name, values);
    if (g->list.n > before)
        g->list.at[before].no_text = no_text;
}

/* A member below the top whose own name holds a dot would be named as another's path is. */
static bool is_left_out(const struct gathering *g, const struct json_value *v, int depth)
{
    if (depth > 0)
        return str_find_byte(v->name, '.', 0) < v->name.n;
    return is_protocol_claim(v->name) || (!g->with_verified && str_eq(v->name, S("email_verified")));
}

/* Recursion ends at OIDC_NESTED_MAX: what lies deeper stays one JSON text. */
static void add_members(struct gathering *g, struct str prefix, const struct json_value *object, int depth)
{
    for (const struct json_value *v = object->first; v != NULL; v = v->next) {
        struct str name =
            prefix.n > 0 ? arena_printf(g->arena, "%.*s.%.*s", STR_ARG(prefix), STR_ARG(v->name)) : v->name;
        if (is_left_out(g, v, depth))
            continue;
        if (v->type == JSON_OBJECT && depth + 1 < OIDC_NESTED_MAX)
            add_members(g, name, v, depth + 1);
        else
            add(g, name, v);
    }
}

/* What is said of an address is said where the address is: the ID token's word is not about userinfo's address. */
static bool same_email(const struct json_value *id_token, const struct json_value *userinfo)
{
    return json_get(id_token, S("email")) == NULL ||
           str_eq(json_get_str(id_token, S("email")), json_get_str(userinfo, S("email")));
}

struct attribute_list oidc_attributes(struct arena *a, const struct idp *idp, const struct json_value *id_token,
                                      const struct json_value *userinfo)
{
    struct gathering g = { a, idp, attribute_list_new(a), json_get(id_token, S("email")) != NULL };

    add_members(&g, S(""), id_token, 0);
    g.with_verified = same_email(id_token, userinfo);
    if (userinfo != NULL)
        add_members(&g, S(""), userinfo, 0);
    return g.list;
}

struct str oidc_amr(struct arena *a, const struct json_value *id_token)
{
    const struct json_value *amr = json_get(id_token, S("amr"));
    struct fields methods = fields_new(a, ' ', AMR_MAX_B);

    for (const struct json_value *v = amr != NULL && amr->type == JSON_ARRAY ? amr->first : NULL; v != NULL;
         v = v->next)
        if (v->type == JSON_STR)
            fields_item(&methods, v->text);
    return methods.begun ? fields_text(&methods) : (struct str){ NULL, 0 };
}
