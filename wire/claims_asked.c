/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/claims_asked.h"

#include "wire/json.h"

static bool wrong(struct fail *f, const char *why)
{
    return fail(f, FAIL_CALLER, "invalid_request", "claims: %s", why);
}

/* ── reading ────────────────────────────────────────────────────────────── */

/* A value of a type that no claim of ours has can be asked for and never be met: it stays as it was written. */
static bool take_value(const struct json_value *v, struct claim_asked *out, struct fail *f)
{
    if (v->type == JSON_ARRAY || v->type == JSON_OBJECT || v->type == JSON_NULL)
        return wrong(f, "value and values hold texts, numbers or booleans");
    struct str text = v->type == JSON_BOOL ? str_of(v->boolean ? "true" : "false") : v->text;
    if (text.n > CLAIM_ASKED_VALUE_MAX_B)
        return wrong(f, "a value is too long");
    out->values[out->value_count++] = text;
    return true;
}

static bool read_values(struct arena *a, const struct json_value *v, struct claim_asked *out, struct fail *f)
{
    const struct json_value *one = json_get(v, S("value")), *many = json_get(v, S("values"));

    if (one != NULL && many != NULL)
        return wrong(f, "value and values of one claim");
    if (many != NULL && (many->type != JSON_ARRAY || many->count > CLAIM_ASKED_VALUES_MAX))
        return wrong(f, "values is no array, or has too many");
    if (one == NULL && many == NULL)
        return true;
    out->values = arena_make_n(a, many != NULL ? many->count + 1 : 1, struct str);
    if (one != NULL)
        return take_value(one, out, f);
    for (const struct json_value *each = many->first; each != NULL; each = each->next)
        if (!take_value(each, out, f))
            return false;
    return true;
}

static bool read_claim(struct arena *a, const struct json_value *v, struct claim_asked *out, struct fail *f)
{
    const struct json_value *essential = json_get(v, S("essential"));

    *out = (struct claim_asked){ .name = v->name };
    if (v->name.n == 0 || v->name.n > CLAIM_ASKED_NAME_MAX_B)
        return wrong(f, "the name of a claim is empty or too long");
    if (v->type == JSON_NULL) /* in the default manner */
        return true;
    if (v->type != JSON_OBJECT)
        return wrong(f, "a claim is asked for by null or by an object");
    if (essential != NULL && essential->type != JSON_BOOL)
        return wrong(f, "essential is true or false");
    out->essential = essential != NULL && essential->boolean;
    return read_values(a, v, out, f);
}

static bool read_place(struct arena *a, const struct json_value *v, struct claims_asked_place *out, struct fail *f)
{
    if (v == NULL || v->type == JSON_NULL)
        return true;
    if (v->type != JSON_OBJECT)
        return wrong(f, "userinfo and id_token are objects");
    if (v->count > CLAIMS_ASKED_MAX)
        return wrong(f, "too many claims");
    out->at = arena_make_n(a, v->count + 1, struct claim_asked);
    for (const struct json_value *each = v->first; each != NULL; each = each->next)
        if (!read_claim(a, each, &out->at[out->n++], f))
            return false;
    return true;
}

bool claims_asked_read(struct arena *a, struct str text, struct claims_asked *out, struct fail *f)
{
    struct fail why = { 0 };

    *out = (struct claims_asked){ 0 };
    if (text.p == NULL)
        return true;
    if (text.n > CLAIMS_ASKED_MAX_B)
        return fail(f, FAIL_CALLER, "invalid_request", "claims has %zu bytes, more than %d", text.n,
                    CLAIMS_ASKED_MAX_B);
    const struct json_value *v = json_parse(a, text, &why);
    if (v == NULL || v->type != JSON_OBJECT || json_has_nul(v))
        return fail(f, FAIL_CALLER, "invalid_request", "claims is no JSON object: %s",
                    why.code != NULL ? why.code : "another value");
    return read_place(a, json_get(v, S("userinfo")), &out->userinfo, f) &&
           read_place(a, json_get(v, S("id_token")), &out->id_token, f);
}

/* ── writing ────────────────────────────────────────────────────────────── */

static void write_values(struct json_out *o, const struct claim_asked *c)
{
    json_key(o, S("values"));
    json_begin_array(o);
    for (size_t i = 0; i < c->value_count; i++)
        json_str(o, c->values[i]);
    json_end_array(o);
}

static void write_place(struct json_out *o, struct str name, const struct claims_asked_place *place)
{
    if (place->n == 0)
        return;
    json_key(o, name);
    json_begin_object(o);
    for (size_t i = 0; i < place->n; i++) {
        const struct claim_asked *c = &place->at[i];
        json_key(o, c->name);
        if (!c->essential && c->value_count == 0) {
            json_nil(o);
            continue;
        }
        json_begin_object(o);
        if (c->essential)
            json_put_bool(o, S("essential"), true);
        if (c->value_count > 0)
            write_values(o, c);
        json_end_object(o);
    }
    json_end_object(o);
}

struct str claims_asked_write(struct arena *a, const struct claims_asked *asked)
{
    struct json_out o = json_out(a, CLAIMS_ASKED_MAX_B);

    if (asked->userinfo.n == 0 && asked->id_token.n == 0)
        return (struct str){ NULL, 0 };
    json_begin_object(&o);
    write_place(&o, S("userinfo"), &asked->userinfo);
    write_place(&o, S("id_token"), &asked->id_token);
    json_end_object(&o);
    return json_done(&o);
}

const struct claim_asked *claims_asked_get(const struct claims_asked_place *place, struct str name)
{
    for (size_t i = 0; i < place->n; i++)
        if (str_eq(place->at[i].name, name))
            return &place->at[i];
    return NULL;
}
