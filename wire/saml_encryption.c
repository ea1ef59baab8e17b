/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/saml_encryption.h"

#include "wire/algorithms.h"

#define MGF1P "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"

static const struct {
    struct str word;
    enum xmlenc_content is;
} words[] = { { S("aes128-gcm"), XMLENC_AES128_GCM },
              { S("aes256-gcm"), XMLENC_AES256_GCM },
              { S("aes128-cbc"), XMLENC_AES128_CBC },
              { S("aes256-cbc"), XMLENC_AES256_CBC } };

enum xmlenc_content xmlenc_content_named(struct str word)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_eq(words[i].word, word))
            return words[i].is;
    return XMLENC_NO_CONTENT;
}

static enum xmlenc_content content_of(unsigned can)
{
    const unsigned others = SAML_CAN_AES128_CBC | SAML_CAN_AES256_CBC | SAML_CAN_OTHER_CIPHER;

    if ((can & SAML_CAN_AES256_GCM) != 0)
        return XMLENC_AES256_GCM;
    return (can & SAML_CAN_AES128_GCM) != 0 || (can & others) == 0 ? XMLENC_AES128_GCM : XMLENC_NO_CONTENT;
}

/* The older URI goes without saying; the newer one is for who says that alone, or where SHA-1 is switched off. */
static void choose_oaep(unsigned can, struct xmlenc_how *out)
{
    bool only_newer = (can & SAML_CAN_OAEP_11) != 0 && (can & SAML_CAN_OAEP_MGF1P) == 0;
    bool only_sha1 = (can & SAML_CAN_OAEP_SHA1) != 0 && (can & SAML_CAN_OAEP_SHA256) == 0;
    bool only_sha256 = (can & SAML_CAN_OAEP_SHA256) != 0 && (can & SAML_CAN_OAEP_SHA1) == 0;

    out->newer = only_newer || !algorithm_taken(S(MGF1P));
    out->digest = (out->newer ? only_sha1 : !only_sha256) ? XMLENC_SHA1 : XMLENC_SHA256;
    out->mgf = out->newer ? out->digest : XMLENC_SHA1;
}

bool saml_encryption_choose(const struct saml_encryption_key *keys, size_t n, enum xmlenc_content content,
                            struct xmlenc_how *out)
{
    for (size_t i = 0; i < n; i++) {
        const struct saml_encryption_key *key = &keys[i];
        *out = (struct xmlenc_how){ .content = content != XMLENC_NO_CONTENT ? content : content_of(key->can),
                                    .certificate = key->der };
        choose_oaep(key->can, out);
        if (out->content != XMLENC_NO_CONTENT)
            return true;
    }
    return false;
}
