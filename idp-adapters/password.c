/* SPDX-License-Identifier: EUPL-1.2 */
#include "idp-adapters/password.h"

#include <string.h>

#include <argon2.h>

/* [OWASP Password Storage Cheat Sheet: Argon2id with 19 MiB, 2 passes, 1 lane] */
enum { MEMORY_KiB = 19456, PASSES = 2, LANES = 1, SALT_B = 16, TAG_B = 32, ENCODED_B = 256 };

/* Nobody's: what an unknown account's password is compared with. */
static const char nobodys[] = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5cy1zYWx0LTE2Qg$"
                              "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

struct str password_hash(struct arena *a, const struct world *w, struct str password)
{
    unsigned char salt[SALT_B];
    char encoded[ENCODED_B];

    if (!str_is_set(password) || password.n > PASSWORD_MAX_B)
        return (struct str){ NULL, 0 };
    world_random(w, salt, sizeof salt);
    if (argon2id_hash_encoded(PASSES, MEMORY_KiB, LANES, password.p, password.n, salt, sizeof salt, TAG_B, encoded,
                              sizeof encoded) != ARGON2_OK)
        return (struct str){ NULL, 0 };
    return arena_str(a, str_of(encoded));
}

bool password_ok(struct str hash, struct str password)
{
    char encoded[ENCODED_B];
    bool known =
        str_has_prefix(hash, S("$argon2id$")) && hash.n < sizeof encoded && str_find_byte(hash, '\0', 0) == hash.n;

    if (!str_is_set(password) || password.n > PASSWORD_MAX_B)
        return false;
    memcpy(encoded, known ? hash.p : nobodys, known ? hash.n : sizeof nobodys - 1);
    encoded[known ? hash.n : sizeof nobodys - 1] = '\0';
    return argon2id_verify(encoded, password.p, password.n) == ARGON2_OK && known;
}
