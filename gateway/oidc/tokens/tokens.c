/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/oidc/tokens/tokens.h"

#include "base/crypt.h"
#include "wire/json.h"

enum { TOKEN_SCOPE_MAX_B = 8192, KEY_CHARS = 64, ID_CHARS_MAX = 128 };

static const struct json_field token_fields[] = {
    FIELD(token_record, service, JSON_STR, true, ID_CHARS_MAX),
    FIELD(token_record, session, JSON_STR, false, KEY_CHARS),
    FIELD(token_record, family, JSON_STR, false, KEY_CHARS),
    FIELD(token_record, scope, JSON_STR, false, TOKEN_SCOPE_MAX_B),
    FIELD(token_record, lang, JSON_STR, false, 8),
    FIELD(token_record, claims, JSON_STR, false, CLAIMS_ASKED_MAX_B),
    FIELD(token_record, resources, JSON_STR, false, RESOURCES_MAX_B),
    FIELD(token_record, act, JSON_STR, false, ACT_MAX_B),
    { "jkt", JSON_STR, false, JKT_CHARS, offsetof(struct token_record, bound.jkt) },
    { "x5t", JSON_STR, false, JKT_CHARS, offsetof(struct token_record, bound.x5t) },
    FIELD(token_record, made_s, JSON_INT, true, 0),
    FIELD(token_record, ends_s, JSON_INT, true, 0),
    { 0 },
};

struct str token_key(struct arena *a, struct str token)
{
    return sha256_hex(a, token);
}

struct str token_seal(struct ctx *c, struct str key, const struct token_record *r)
{
    return oidc_record_seal(c, key, token_fields, r);
}

bool token_open(struct ctx *c, struct str key, struct str sealed, struct token_record *out)
{
    *out = (struct token_record){ 0 };
    return oidc_record_open(c, key, sealed, token_fields, out);
}
