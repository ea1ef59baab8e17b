/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/algorithms.h"

#include "wire/algorithms.def"

#define OLDER_OAEP "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"
#define SHA1       "http://www.w3.org/2000/09/xmldsig#sha1"
#define XMLNS_ALG  " xmlns:alg=\"urn:oasis:names:tc:SAML:metadata:algsupport\""

enum kind { DIGEST, SIGNATURE, CONTENT, KEY, HASH, CBC };

static const struct row {
    enum kind kind;
    struct str uri;
} rows[] = {
#define X(kind, uri) { kind, S(uri) },
    XML_ALGORITHMS(X)
#undef X
};
enum { ROWS = sizeof rows / sizeof *rows };

/* What we cannot go without: our own messages, and what others send without being asked. */
static const struct str ours[] = { S("sha256"), S("rsa-sha256"), S("aes128-gcm"), S("aes256-gcm"), S("rsa-oaep") };

static bool off[ROWS];

static struct str word_of(struct str uri)
{
    return str_from(uri, str_find_byte(uri, '#', 0) + 1);
}

static bool is_ours(struct str word)
{
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (str_eq(ours[i], word))
            return true;
    return false;
}

static bool switch_off(struct str word, struct fail *f)
{
    size_t i = 0;

    while (i < ROWS && !str_eq(word_of(rows[i].uri), word))
        i++;
    if (i == ROWS)
        return fail(f, FAIL_CALLER, "bad_setting",
                    "xml_algorithms_off: \"%.*s\" is none that is taken: nothing needs to be switched off",
                    STR_ARG(word));
    if (is_ours(word))
        return fail(f, FAIL_CALLER, "bad_setting", "xml_algorithms_off: \"%.*s\" is used by us, and cannot be off",
                    STR_ARG(word));
    off[i] = true;
    return true;
}

static bool is_between(char c)
{
    return c == ' ' || c == ',';
}

bool algorithms_off(struct str words, struct fail *f)
{
    for (size_t i = 0; i < ROWS; i++)
        off[i] = false;
    for (size_t at = 0, end; at < words.n; at = end + 1) {
        for (end = at; end < words.n && !is_between(words.p[end]);)
            end++;
        if (end > at && !switch_off(str_sub(words, at, end - at), f))
            return false;
    }
    return true;
}

/* The older OAEP has SHA-1 in its mask, whatever its digest is [XML Encryption 1.1, 5.5.2]. */
bool algorithm_taken(struct str uri)
{
    if (str_eq(uri, S(OLDER_OAEP)) && !algorithm_taken(S(SHA1)))
        return false;
    for (size_t i = 0; i < ROWS; i++)
        if (str_eq(rows[i].uri, uri))
            return !off[i];
    return false;
}

static void write_kind(struct buf *b, enum kind kind, const char *begin, const char *end)
{
    for (size_t i = 0; i < ROWS; i++)
        if (rows[i].kind == kind && algorithm_taken(rows[i].uri))
            buf_printf(b, "<%s Algorithm=\"%.*s\"></%s>", begin, STR_ARG(rows[i].uri), end);
}

void algorithms_write_signing(struct buf *b)
{
    write_kind(b, DIGEST, "alg:DigestMethod" XMLNS_ALG, "alg:DigestMethod");
    write_kind(b, SIGNATURE, "alg:SigningMethod" XMLNS_ALG, "alg:SigningMethod");
}

void algorithms_write_encryption(struct buf *b)
{
    write_kind(b, CONTENT, "md:EncryptionMethod", "md:EncryptionMethod");
    write_kind(b, KEY, "md:EncryptionMethod", "md:EncryptionMethod");
}
