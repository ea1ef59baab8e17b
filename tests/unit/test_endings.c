/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/codec.h"
#include "certs/keyset.h"
#include "idp-adapters/endings.h"
#include "tests/saml/forge.h"
#include "tests/test.h"
#include "wire/dsig.h"

enum { DAY_S = 86400 };

static int within(enum ending_what what, int64_t days)
{
    return ending_within(&(struct ending){ .what = what, .at_s = TEST_NOW_S + days * DAY_S }, TEST_NOW_S);
}

TEST(what_ends_is_told_sixty_thirty_and_seven_days_before)
{
    CHECK_INT(within(ENDING_TLS, 61), -1);
    CHECK_INT(within(ENDING_TLS, 60), 60);
    CHECK_INT(within(ENDING_SIGNING, 31), 60);
    CHECK_INT(within(ENDING_METADATA, 30), 30);
    CHECK_INT(within(ENDING_SIGNING, 8), 30);
    CHECK_INT(within(ENDING_SIGNING, 7), 7);
    CHECK_INT(within(ENDING_TLS, 0), 0);
    CHECK_INT(within(ENDING_METADATA, -1), 0);
    CHECK_INT(within(ENDING_SECRET, 60), 60);
    CHECK_INT(within(ENDING_SECRET, -3), 0); /* nobody gets in with one that has ended */
}

/* Its key is good for as long as the metadata name it [IIP-MD12]: many cities sign with what ended long ago. */
TEST(a_certificate_of_metadata_that_has_ended_is_no_alarm)
{
    CHECK_INT(within(ENDING_SIGNING, 0), -1);
    CHECK_INT(within(ENDING_ENCRYPTION, -4000), -1);
}

TEST(metadata_that_are_signed_anew_all_the_time_press_in_their_last_two_days)
{
    struct ending e = { .what = ENDING_METADATA, .at_s = TEST_NOW_S + 5 * DAY_S, .renewed = true };

    CHECK_INT(ending_within(&e, TEST_NOW_S), -1);
    e.at_s = TEST_NOW_S + 2 * DAY_S;
    CHECK_INT(ending_within(&e, TEST_NOW_S), 7);
    e.at_s = TEST_NOW_S;
    CHECK_INT(ending_within(&e, TEST_NOW_S), 0);
}

TEST(the_ending_that_presses_is_the_first_that_is_near)
{
    const struct endings e = { .at = { { .what = ENDING_SIGNING, .at_s = TEST_NOW_S - DAY_S },
                                       { .what = ENDING_TLS, .at_s = TEST_NOW_S + 5 * DAY_S },
                                       { .what = ENDING_METADATA, .at_s = TEST_NOW_S + 6 * DAY_S } },
                               .n = 3 };
    const struct endings none = { .at = { { .what = ENDING_TLS, .at_s = TEST_NOW_S + 70 * DAY_S } }, .n = 1 };

    CHECK(endings_first(&e, TEST_NOW_S) == &e.at[1]);
    CHECK(endings_first(&none, TEST_NOW_S) == NULL);
    CHECK_STR(ending_code(ENDING_TLS), "certificate_ends");
    CHECK_STR(ending_code(ENDING_METADATA), "metadata_ends");
}

/* Of keys that are gone nobody asks. */
TEST(our_first_certificate_that_ends_is_told)
{
    struct certificate is;
    struct fail f = { 0 };

    CHECK_INT(certificates_read(t->arena, forge_certificate(FORGE_SP1), &is, 1), 1);
    struct public_key keys[] = { { .use = KEY_SAML,
                                   .alg = JOSE_RS256,
                                   .kid = S("k"),
                                   .made_s = 1,
                                   .current_s = 1,
                                   .jwk = S("{\"kty\":\"EC\"}"),
                                   .certificate = b64_encode(t->arena, is.der) } };
    const struct keyset *set = keyset_read(t->arena, keyset_write(t->arena, keys, 1), &f);
    CHECK_STR(f.detail, "");
    CHECK(set != NULL && is.to_s > 0);
    if (set == NULL)
        return;
    CHECK_INT(keyset_ends_s(t->arena, set, TEST_NOW_S), is.to_s);
    keys[0].gone_s = TEST_NOW_S;
    CHECK_INT(keyset_ends_s(t->arena, keyset_read(t->arena, keyset_write(t->arena, keys, 1), &f), TEST_NOW_S), 0);
}
