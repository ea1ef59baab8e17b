/* SPDX-License-Identifier: EUPL-1.2 */
#include "idp-adapters/password.h"

#include "base/text.h"

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
    struct arena *scratch = arena_new_secret();
    struct str typed = text_composed(scratch, password);
    bool good = false;

    if (str_is_set(password) && password.n <= PASSWORD_MAX_B) {
        world_random(w, salt, sizeof salt);
        good = argon2id_hash_encoded(PASSES, MEMORY_KiB, LANES, typed.p, typed.n, salt, sizeof salt, TAG_B, encoded,
                                     sizeof encoded) == ARGON2_OK;
    }
    arena_free(scratch);
    return good ? arena_str(a, str_of(encoded)) : (struct str){ NULL, 0 };
}

/* What is composed is compared; and what was typed, where that is something else, for the hash may be older, or made
 * elsewhere.  Whether there is a second look depends on the password alone. */
static bool verifies(const char *encoded, struct str password)
{
    struct arena *scratch = arena_new_secret();
    struct str typed = text_composed(scratch, password);
    bool good = argon2id_verify(encoded, typed.p, typed.n) == ARGON2_OK;

    if (!str_eq(typed, password))
        good = (argon2id_verify(encoded, password.p, password.n) == ARGON2_OK) || good;
    arena_free(scratch);
    return good;
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
    return verifies(encoded, password) && known;
}
