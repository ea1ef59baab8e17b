/* SPDX-License-Identifier: EUPL-1.2 */
#include "certs/keyset.h"

#include "base/codec.h"
#include "wire/dsig.h"

#include <string.h>

enum { KEYS_MAX = 32, KEYSET_MAX_B = 60000 };

struct keyset {
    struct public_key *keys;
    size_t count;
    struct str jwks, client_jwks, audit_jwks;
    const struct jwks *own, *audit;
};

static const char *const use_names[KEY_USE_COUNT] = {
    "", "oidc", "saml", "client", "decrypt", "audit", "gate", "stray"
};

const char *key_use_name(enum key_use use)
{
    return use_names[use];
}

enum key_use key_use_named(struct str name)
{
    for (int use = KEY_NONE + 1; use < KEY_USE_COUNT; use++)
        if (str_eq(name, str_of(use_names[use])))
            return (enum key_use)use;
    return KEY_NONE;
}

const char *key_state_name(enum key_state state)
{
    static const char *const names[] = { "gone", "next", "current", "retired" };

    return names[state];
}

enum key_state key_state_at(const struct public_key *k, int64_t now_s)
{
    if (k->gone_s > 0 && now_s >= k->gone_s)
        return KEY_GONE;
    if (k->retired_s > 0 && now_s >= k->retired_s)
        return KEY_RETIRED;
    return now_s >= k->current_s ? KEY_CURRENT : KEY_NEXT;
}

struct record {
    struct str use, alg, kid, certificate;
    int64_t made_s, current_s, retired_s, gone_s;
    const struct json_value *jwk;
};

static const struct json_field record_fields[] = {
    /*            member       type         must   max */
    FIELD(record, use, JSON_STR, true, 16),
    FIELD(record, alg, JSON_STR, true, 16),
    FIELD(record, kid, JSON_STR, true, 64),
    FIELD(record, made_s, JSON_INT, true, 0),
    FIELD(record, current_s, JSON_INT, true, 0),
    FIELD(record, retired_s, JSON_INT, true, 0),
    FIELD(record, gone_s, JSON_INT, true, 0),
    FIELD(record, jwk, JSON_OBJECT, true, 16),
    FIELD(record, certificate, JSON_STR, false, 8192),
    { 0 },
};

static bool read_record(struct arena *a, const struct json_value *v, struct public_key *k, struct fail *f)
{
    struct record r = { 0 };
    struct json_out jwk = json_out(a, KEYSET_MAX_B);

    if (!json_read_value(v, record_fields, &r, f))
        return false;
    json_value(&jwk, r.jwk);
    *k = (struct public_key){ key_use_named(r.use),
                              jose_alg_named(r.alg),
                              arena_str(a, r.kid),
                              r.made_s,
                              r.current_s,
                              r.retired_s,
                              r.gone_s,
                              json_done(&jwk),
                              arena_str(a, r.certificate) };
    return k->use != KEY_NONE && k->alg != JOSE_NONE ? true
                                                     : fail(f, FAIL_OURS, "keyset_malformed", "a key's use or alg");
}

static struct str write_jwks(struct arena *a, const struct keyset *set, enum key_use use)
{
    struct json_out o = json_out(a, KEYSET_MAX_B);

    json_begin_object(&o);
    json_key(&o, S("keys"));
    json_begin_array(&o);
    for (size_t i = 0; i < set->count; i++)
        if (set->keys[i].use == use)
            json_raw(&o, set->keys[i].jwk);
    json_end_array(&o);
    json_end_object(&o);
    return json_done(&o);
}

static bool read_all(struct arena *a, struct str json, struct keyset *set, struct fail *f)
{
    const struct json_value *root = json_parse(a, json, f);
    const struct json_value *list = json_get(root, S("keys"));

    if (list == NULL || list->type != JSON_ARRAY || list->count > KEYS_MAX)
        return fail(f, FAIL_OURS, "keyset_malformed", "no list of at most %d keys", KEYS_MAX);
    set->keys = arena_make_n(a, list->count, struct public_key);
    for (const struct json_value *v = list->first; v != NULL; v = v->next)
        if (!read_record(a, v, &set->keys[set->count++], f))
            return false;
    set->jwks = write_jwks(a, set, KEY_OIDC);
    set->client_jwks = write_jwks(a, set, KEY_CLIENT);
    set->own = jwks_read(a, set->jwks, f);
    set->audit_jwks = write_jwks(a, set, KEY_AUDIT);
    set->audit = jwks_read(a, set->audit_jwks, f);
    return set->own != NULL && set->audit != NULL;
}

const struct keyset *keyset_read(struct arena *a, struct str json, struct fail *f)
{
    struct keyset *set = arena_make(a, struct keyset);
    struct fail why = { 0 };

    if (read_all(a, json, set, &why))
        return set;
    (void)fail(f, FAIL_OURS, "keyset_malformed", "%s: %s", why.code, why.detail);
    return NULL;
}

struct str keyset_write(struct arena *a, const struct public_key *keys, size_t n)
{
    struct json_out o = json_out(a, KEYSET_MAX_B);

    json_begin_object(&o);
    json_key(&o, S("keys"));
    json_begin_array(&o);
    for (const struct public_key *k = keys; k < keys + n; k++) {
        json_begin_object(&o);
        json_put_str(&o, S("use"), str_of(key_use_name(k->use)));
        json_put_str(&o, S("alg"), str_of(jose_alg_name(k->alg)));
        json_put_str(&o, S("kid"), k->kid);
        json_put_int(&o, S("made_s"), k->made_s);
        json_put_int(&o, S("current_s"), k->current_s);
        json_put_int(&o, S("retired_s"), k->retired_s);
        json_put_int(&o, S("gone_s"), k->gone_s);
        json_key(&o, S("jwk"));
        json_raw(&o, k->jwk);
        json_put_str(&o, S("certificate"), k->certificate);
        json_end_object(&o);
    }
    json_end_array(&o);
    json_end_object(&o);
    return json_done(&o);
}

const struct public_key *keyset_keys(const struct keyset *k, size_t *n)
{
    *n = k->count;
    return k->keys;
}

struct str keyset_jwks(const struct keyset *k)
{
    return k->jwks;
}

struct str keyset_client_jwks(const struct keyset *k)
{
    return k->client_jwks;
}

const struct jwks *keyset_own(const struct keyset *k)
{
    return k->own;
}

struct str keyset_audit_jwks(const struct keyset *k)
{
    return k->audit_jwks;
}

const struct jwks *keyset_audit(const struct keyset *k)
{
    return k->audit;
}

struct str keyset_certificate(const struct keyset *k, enum key_use use, int64_t now_s)
{
    for (size_t i = 0; i < k->count; i++)
        if (k->keys[i].use == use && key_state_at(&k->keys[i], now_s) == KEY_CURRENT &&
            str_is_set(k->keys[i].certificate))
            return k->keys[i].certificate;
    return (struct str){ NULL, 0 };
}

int64_t keyset_ends_s(struct arena *a, const struct keyset *k, int64_t now_s)
{
    int64_t first_s = 0;

    for (size_t i = 0; i < k->count; i++) {
        struct certificate is;
        struct str der;
        if (str_is_set(k->keys[i].certificate) && key_state_at(&k->keys[i], now_s) != KEY_GONE &&
            b64_decode(a, k->keys[i].certificate, &der) && certificate_read(a, der, &is) && is.to_s > 0 &&
            (first_s == 0 || is.to_s < first_s))
            first_s = is.to_s;
    }
    return first_s;
}
