/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/passkey.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "wire/json.h"

#include <fido.h>
#include <fido/es256.h>

enum { FLAG_PRESENT = 1, FLAG_VERIFIED = 4, FLAGS_AT = SHA256_B, DATA_MIN_B = SHA256_B + 1 + 4, KEY_B = 64 };

static const unsigned char *bytes_of(struct str s)
{
    return (const unsigned char *)s.p;
}

struct str passkey_rp(struct str origin)
{
    size_t from = 0;

    for (size_t i = 0; i + 2 < origin.n; i++)
        if (origin.p[i] == ':' && origin.p[i + 1] == '/' && origin.p[i + 2] == '/')
            from = i + 3;
    struct str rest = str_from(origin, from);
    return str_sub(rest, 0, str_find_byte(rest, ':', 0));
}

/* What the browser itself says of the ceremony. */
static bool client_ok(struct arena *a, const struct passkey_asked *asked, struct str text, struct str type,
                      struct fail *f)
{
    struct fail why = { 0 };
    const struct json_value *said = text.n <= PASSKEY_PART_MAX_B ? json_parse(a, text, &why) : NULL;
    struct str challenge;

    if (said == NULL || said->type != JSON_OBJECT)
        return fail(f, FAIL_CALLER, "passkey_client_data", "clientDataJSON is none: %s", why.detail);
    if (!str_eq(json_get_str(said, S("type")), type))
        return fail(f, FAIL_CALLER, "passkey_type", "it is of another ceremony");
    if (!b64url_decode(a, json_get_str(said, S("challenge")), &challenge) ||
        asked->challenge.n != PASSKEY_CHALLENGE_B || !crypt_eq(challenge, asked->challenge))
        return fail(f, FAIL_CALLER, "passkey_challenge", "it answers another challenge");
    const struct json_value *crossed = json_get(said, S("crossOrigin"));
    if (!str_eq(json_get_str(said, S("origin")), asked->origin) ||
        (crossed != NULL && (crossed->type != JSON_BOOL || crossed->boolean)))
        return fail(f, FAIL_CALLER, "passkey_origin", "another page has asked for it");
    return true;
}

static bool data_ok(struct arena *a, const struct passkey_asked *asked, struct str data, struct fail *f)
{
    if (data.n < DATA_MIN_B || data.n > PASSKEY_PART_MAX_B)
        return fail(f, FAIL_CALLER, "passkey_data", "authenticator data of %zu bytes", data.n);
    if (!crypt_eq(str_sub(data, 0, SHA256_B), sha256(a, asked->rp)))
        return fail(f, FAIL_CALLER, "passkey_rp", "it is for another site");
    if ((data.p[FLAGS_AT] & (FLAG_PRESENT | FLAG_VERIFIED)) != (FLAG_PRESENT | FLAG_VERIFIED))
        return fail(f, FAIL_CALLER, "passkey_unverified", "the authenticator has not verified its person");
    return true;
}

static bool read_made(struct arena *a, fido_cred_t *cred, const struct passkey_asked *asked, struct str data,
                      struct passkey *out)
{
    if (cred == NULL || fido_cred_set_type(cred, COSE_ES256) != FIDO_OK ||
        fido_cred_set_rp(cred, arena_cstr(a, asked->rp), NULL) != FIDO_OK ||
        fido_cred_set_authdata_raw(cred, bytes_of(data), data.n) != FIDO_OK)
        return false;
    struct str id = str_n((const char *)fido_cred_id_ptr(cred), fido_cred_id_len(cred));
    struct str key = str_n((const char *)fido_cred_pubkey_ptr(cred), fido_cred_pubkey_len(cred));
    if (id.p == NULL || id.n == 0 || id.n > PASSKEY_ID_MAX_B || key.p == NULL || key.n != KEY_B)
        return false;
    *out = (struct passkey){ arena_str(a, id), arena_str(a, key), (int64_t)fido_cred_sigcount(cred) };
    return true;
}

bool passkey_made(struct arena *a, const struct passkey_asked *asked, struct str client_data, struct str data,
                  struct passkey *out, struct fail *f)
{
    if (!client_ok(a, asked, client_data, S("webauthn.create"), f) || !data_ok(a, asked, data, f))
        return false;
    fido_cred_t *cred = fido_cred_new();
    bool good = read_made(a, cred, asked, data, out);

    fido_cred_free(&cred);
    return good || fail(f, FAIL_CALLER, "passkey_data", "its authenticator data hold no key of P-256");
}

static bool verifies(struct arena *a, fido_assert_t *x, es256_pk_t *key, const struct passkey_asked *asked,
                     const struct passkey *kept, struct str hash, struct str data, struct str signature)
{
    return x != NULL && key != NULL && kept->key.n == KEY_B &&
           es256_pk_from_ptr(key, kept->key.p, kept->key.n) == FIDO_OK && fido_assert_set_count(x, 1) == FIDO_OK &&
           fido_assert_set_rp(x, arena_cstr(a, asked->rp)) == FIDO_OK &&
           fido_assert_set_clientdata_hash(x, bytes_of(hash), hash.n) == FIDO_OK &&
           fido_assert_set_uv(x, FIDO_OPT_TRUE) == FIDO_OK &&
           fido_assert_set_authdata_raw(x, 0, bytes_of(data), data.n) == FIDO_OK &&
           fido_assert_set_sig(x, 0, bytes_of(signature), signature.n) == FIDO_OK &&
           fido_assert_verify(x, 0, COSE_ES256, key) == FIDO_OK;
}

bool passkey_signed(struct arena *a, const struct passkey_asked *asked, const struct passkey *kept,
                    struct str client_data, struct str data, struct str signature, int64_t *count, struct fail *f)
{
    if (!client_ok(a, asked, client_data, S("webauthn.get"), f) || !data_ok(a, asked, data, f))
        return false;
    fido_assert_t *x = fido_assert_new();
    es256_pk_t *key = es256_pk_new();
    bool good = verifies(a, x, key, asked, kept, sha256(a, client_data), data, signature);

    *count = good ? (int64_t)fido_assert_sigcount(x, 0) : 0;
    es256_pk_free(&key);
    fido_assert_free(&x);
    if (!good)
        return fail(f, FAIL_CALLER, "passkey_signature", "its signature does not verify");
    return (*count == 0 && kept->count == 0) || *count > kept->count ||
           fail(f, FAIL_CALLER, "passkey_copied", "it has counted %lld, and before %lld", (long long)*count,
                (long long)kept->count);
}
