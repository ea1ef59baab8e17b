/* SPDX-License-Identifier: EUPL-1.2
 * Which algorithms are taken, told and switched off; how a service is encrypted to by what its metadata say. */
#include "tests/saml/forge.h"
#include "tests/test.h"
#include "wire/algorithms.h"
#include "wire/saml_encryption.h"
#include "wire/saml_service.h"

#define XENC "http://www.w3.org/2001/04/xmlenc#"
#define MORE "http://www.w3.org/2001/04/xmldsig-more#"
#define DS   "http://www.w3.org/2000/09/xmldsig#"

static struct str signing(struct test *t)
{
    struct buf b = buf_new(t->arena, 65536);

    algorithms_write_signing(&b);
    return buf_str(&b);
}

static struct str encryption(struct test *t)
{
    struct buf b = buf_new(t->arena, 65536);

    algorithms_write_encryption(&b);
    return buf_str(&b);
}

static bool has(struct str text, const char *what)
{
    return str_find(text, str_of(what)) < text.n;
}

TEST(item_9_what_we_take_is_told_and_nothing_else)
{
    struct fail f = { 0 };

    CHECK(algorithms_off(S(""), &f));
    CHECK(has(signing(t), "SigningMethod xmlns:alg=\"urn:oasis:names:tc:SAML:metadata:algsupport\" Algorithm=\"" MORE
                          "rsa-sha256\""));
    CHECK(has(signing(t), MORE "ecdsa-sha256\"") && has(signing(t), XENC "sha256\""));
    CHECK(!has(signing(t), "sha1\"") && !has(signing(t), "md5"));
    CHECK(has(encryption(t), "aes128-gcm\"") && has(encryption(t), XENC "rsa-oaep-mgf1p\""));
    CHECK(!has(encryption(t), "cbc") && !has(encryption(t), "rsa-1_5"));
}

/* Each method that we tell of is looked at as far as its value; any other is refused by its name. */
TEST(items_16_19_a_signature_is_of_the_list_or_refused_by_its_algorithm)
{
    static const struct {
        const char *uri, *code;
    } each[] = { { MORE "rsa-sha256", "sig_value" },
                 { MORE "ecdsa-sha256", "sig_key" },
                 { "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1", "sig_value" },
                 { DS "rsa-sha1", "sig_algorithm" },
                 { DS "dsa-sha1", "sig_algorithm" },
                 { DS "hmac-sha1", "sig_algorithm" },
                 { MORE "rsa-md5", "sig_algorithm" },
                 { MORE "hmac-sha256", "sig_algorithm" },
                 { MORE "rsa-sha224", "sig_algorithm" },
                 { MORE "RSA-SHA256", "sig_algorithm" },
                 { "", "sig_algorithm" } };
    const struct keyring *keys = forge_keyring(t->arena, FORGE_IDP);
    size_t key;

    for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
        struct fail f = { 0 };
        CHECK(!dsig_verify_octets(t->arena, S("text"), str_of(each[i].uri), S("bm9uZQ=="), keys, &key, &f));
        CHECK_STR(f.code, each[i].code);
        CHECK(str_eq(str_of(f.code), S("sig_algorithm")) != algorithm_taken(str_of(each[i].uri)));
    }
}

TEST(item_19_what_is_switched_off_is_neither_taken_nor_told)
{
    const struct keyring *keys = forge_keyring(t->arena, FORGE_IDP);
    struct fail f = { 0 };
    size_t key;

    CHECK(algorithms_off(S("ecdsa-sha512, aes192-gcm sha1"), &f));
    CHECK(!has(signing(t), "ecdsa-sha512") && has(signing(t), "ecdsa-sha256"));
    CHECK(!has(encryption(t), "aes192-gcm"));
    CHECK(!has(encryption(t), XENC "rsa-oaep-mgf1p") && has(encryption(t), "rsa-oaep\"")); /* SHA-1 is its mask */
    CHECK(!dsig_verify_octets(t->arena, S("x"), S(MORE "ecdsa-sha512"), S("bm9uZQ=="), keys, &key, &f));
    CHECK_STR(f.code, "sig_algorithm");
    f = (struct fail){ 0 };
    CHECK(!algorithms_off(S("rsa-1_5"), &f)); /* is not taken anyway: whoever writes it should know */
    CHECK_STR(f.code, "bad_setting");
    f = (struct fail){ 0 };
    CHECK(!algorithms_off(S("rsa-sha256"), &f));
    CHECK_STR(f.code, "bad_setting");
    CHECK(algorithms_off(S(""), &f));
    CHECK(algorithm_taken(S(MORE "ecdsa-sha512")));
}

struct chosen {
    enum xmlenc_content content;
    bool newer;
    enum xmlenc_hash digest, mgf;
};

static bool chooses(unsigned can, enum xmlenc_content row, struct chosen want)
{
    static struct saml_service_metadata m;
    struct xmlenc_how how;

    m = (struct saml_service_metadata){ .encryption = { { S("der"), can } }, .encryption_count = 1 };
    bool can_be = saml_encryption_choose(m.encryption, m.encryption_count, row, &how);
    return can_be == (want.content != XMLENC_NO_CONTENT) &&
           (!can_be || (how.content == want.content && how.newer == want.newer && how.digest == want.digest &&
                        how.mgf == want.mgf));
}

TEST(items_10_17_18_a_service_is_encrypted_to_by_what_its_metadata_can)
{
    static const struct {
        unsigned can;
        struct chosen want;
    } each[] = {
        { 0, { XMLENC_AES128_GCM, false, XMLENC_SHA1, XMLENC_SHA1 } },
        { SAML_CAN_AES256_GCM | SAML_CAN_AES128_GCM, { XMLENC_AES256_GCM, false, XMLENC_SHA1, XMLENC_SHA1 } },
        { SAML_CAN_AES128_GCM | SAML_CAN_AES256_CBC, { XMLENC_AES128_GCM, false, XMLENC_SHA1, XMLENC_SHA1 } },
        { SAML_CAN_OAEP_MGF1P | SAML_CAN_OAEP_SHA256, { XMLENC_AES128_GCM, false, XMLENC_SHA256, XMLENC_SHA1 } },
        { SAML_CAN_OAEP_MGF1P | SAML_CAN_OAEP_11, { XMLENC_AES128_GCM, false, XMLENC_SHA1, XMLENC_SHA1 } },
        { SAML_CAN_OAEP_11, { XMLENC_AES128_GCM, true, XMLENC_SHA256, XMLENC_SHA256 } },
        { SAML_CAN_OAEP_11 | SAML_CAN_OAEP_SHA1, { XMLENC_AES128_GCM, true, XMLENC_SHA1, XMLENC_SHA1 } },
        { SAML_CAN_OAEP_11 | SAML_CAN_OAEP_SHA1 | SAML_CAN_OAEP_SHA256,
          { XMLENC_AES128_GCM, true, XMLENC_SHA256, XMLENC_SHA256 } },
        { SAML_CAN_AES128_CBC | SAML_CAN_AES256_CBC, { .content = XMLENC_NO_CONTENT } },
        { SAML_CAN_OTHER_CIPHER, { .content = XMLENC_NO_CONTENT } },
    };
    struct fail f = { 0 };

    CHECK(algorithms_off(S(""), &f));
    for (size_t i = 0; i < sizeof each / sizeof *each; i++)
        if (!chooses(each[i].can, XMLENC_NO_CONTENT, each[i].want))
            test_fail(t, __FILE__, __LINE__, "case %zu", i);
    CHECK(chooses(SAML_CAN_AES128_CBC, XMLENC_AES128_CBC,
                  (struct chosen){ XMLENC_AES128_CBC, false, XMLENC_SHA1, XMLENC_SHA1 }));
    CHECK(algorithms_off(S("sha1"), &f));
    CHECK(chooses(0, XMLENC_NO_CONTENT, (struct chosen){ XMLENC_AES128_GCM, true, XMLENC_SHA256, XMLENC_SHA256 }));
    CHECK(algorithms_off(S(""), &f));
}

TEST(item_8_of_several_keys_the_first_that_can_is_encrypted_to)
{
    static struct saml_service_metadata m = { .encryption = { { { "old", 3 }, SAML_CAN_AES128_CBC },
                                                              { { "new", 3 }, SAML_CAN_AES256_GCM } },
                                              .encryption_count = 2 };
    struct xmlenc_how how;

    CHECK(saml_encryption_choose(m.encryption, m.encryption_count, XMLENC_NO_CONTENT, &how));
    CHECK_STR(how.certificate, "new");
    CHECK(saml_encryption_choose(m.encryption, m.encryption_count, XMLENC_AES128_CBC, &how));
    CHECK_STR(how.certificate, "old");
    m.encryption_count = 0;
    CHECK(!saml_encryption_choose(m.encryption, m.encryption_count, XMLENC_NO_CONTENT, &how));
    CHECK_INT(xmlenc_content_named(S("aes256-cbc")), XMLENC_AES256_CBC);
    CHECK_INT(xmlenc_content_named(S("")), XMLENC_NO_CONTENT);
}
