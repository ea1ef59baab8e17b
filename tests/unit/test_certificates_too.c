/* SPDX-License-Identifier: EUPL-1.2 */
#include "idp-adapters/certificates_too.h"
#include "registry/service_ends.h"
#include "tests/saml/forge.h"
#include "tests/test.h"

static struct certificate read(struct test *t, enum forge_key key)
{
    struct certificate is = { .from_s = 0 };

    CHECK_INT(certificates_read(t->arena, forge_certificate(key), &is, 1), 1);
    return is;
}

/* One certificate that signs and is encrypted to. */
static struct saml_service_metadata document(struct test *t)
{
    struct saml_service_metadata m = { .entity_id = S("urn:s") };
    struct keyring *signing = keyring_new(t->arena);
    const struct certificate is = read(t, FORGE_SP1);
    struct fail f = { 0 };

    CHECK(keyring_add_certificate(signing, is.der, &f));
    m.signing = signing;
    m.certificates[m.certificate_count++] = (struct saml_certificate){ .is = is, .signs = true, .encrypts = true };
    m.encryption[m.encryption_count++] = (struct saml_encryption_key){ is.der, 5 };
    return m;
}

TEST(a_row_that_says_nothing_leaves_the_metadata_as_they_are)
{
    struct saml_service_metadata m = document(t);
    struct service s = { .id = S("s") };

    CHECK(certificates_fit(t->arena, &s, &m) == &m);
    CHECK(certificates_fit(t->arena, &s, NULL) == NULL);
    CHECK(!certificates_older(&s, &m, m.certificates[0].is.print));
}

TEST(both_keys_verify_side_by_side_and_the_older_one_is_encrypted_to)
{
    struct saml_service_metadata m = document(t);
    struct service s = { .id = S("s"),
                         .saml = { .signing_too = forge_certificate(FORGE_SP2),
                                   .encryption_too = forge_certificate(FORGE_SP2) } };
    const struct saml_service_metadata *fit = certificates_fit(t->arena, &s, &m);
    const struct certificate second = read(t, FORGE_SP2);

    CHECK_INT(keyring_count(fit->signing), 2);
    CHECK(keyring_has(fit->signing, m.certificates[0].is.der) && keyring_has(fit->signing, second.der));
    CHECK_INT(fit->encryption_count, 2);
    CHECK(str_eq(fit->encryption[0].der, m.certificates[0].is.der) && str_eq(fit->encryption[1].der, second.der));
    CHECK(fit->encryption[1].can == 5); /* as the first of those says */
    CHECK_INT(fit->certificate_count, 2);
    CHECK_INT(m.certificate_count, 1); /* what is shared was not touched */
}

TEST(a_retired_one_verifies_nothing_and_is_not_encrypted_to_wherever_it_stands)
{
    struct saml_service_metadata m = document(t);
    struct service s = { .id = S("s"),
                         .saml = { .signing_too = forge_certificate(FORGE_SP2),
                                   .encryption_too = forge_certificate(FORGE_SP2) } };
    const struct certificate second = read(t, FORGE_SP2);

    strs_add(t->arena, &s.saml.retired, m.certificates[0].is.print);
    const struct saml_service_metadata *fit = certificates_fit(t->arena, &s, &m);
    CHECK(!keyring_has(fit->signing, m.certificates[0].is.der) && keyring_has(fit->signing, second.der));
    CHECK_INT(fit->encryption_count, 1);
    CHECK(str_eq(fit->encryption[0].der, second.der));
    s.saml.retired.at[0] = second.print;
    fit = certificates_fit(t->arena, &s, &m);
    CHECK(keyring_has(fit->signing, m.certificates[0].is.der) && !keyring_has(fit->signing, second.der));
    CHECK_INT(fit->encryption_count, 1);
}

TEST(one_that_signs_alone_is_not_encrypted_to)
{
    struct saml_service_metadata m = document(t);
    struct service s = { .id = S("s"), .saml = { .signing_too = forge_certificate(FORGE_EC256) } };
    const struct saml_service_metadata *fit = certificates_fit(t->arena, &s, &m);

    CHECK_INT(keyring_count(fit->signing), 2);
    CHECK_INT(fit->encryption_count, 1);
}

TEST(the_older_of_several_is_the_one_that_another_came_after)
{
    struct saml_service_metadata m = document(t);
    struct service s = { .id = S("s"), .saml = { .signing_too = forge_certificate(FORGE_SP2) } };
    const struct saml_service_metadata *fit = certificates_fit(t->arena, &s, &m);

    CHECK(certificates_older(&s, fit, fit->certificates[0].is.print)); /* made at once: the added one is the newer */
    CHECK(!certificates_older(&s, fit, fit->certificates[1].is.print));
    CHECK(!certificates_older(&s, fit, S("00")));
    CHECK(!certificates_older(&s, fit, (struct str){ NULL, 0 }));
    strs_add(t->arena, &s.saml.retired, fit->certificates[0].is.print);
    fit = certificates_fit(t->arena, &s, &m);
    CHECK(!certificates_older(&s, fit, fit->certificates[0].is.print)); /* alone again */
}

TEST(what_is_no_certificate_too_weak_or_cannot_be_encrypted_to_is_said)
{
    CHECK(certificates_trouble(t->arena, forge_certificate(FORGE_SP1), true).p == NULL);
    CHECK(certificates_trouble(t->arena, forge_certificate(FORGE_EC256), false).p == NULL);
    CHECK(certificates_trouble(t->arena, forge_certificate(FORGE_EC256), true).n > 0);
    CHECK(certificates_trouble(t->arena, forge_certificate(FORGE_WEAK), false).n > 0);
    CHECK(certificates_trouble(t->arena, S("kissa"), false).p != NULL);
    CHECK(certificates_trouble(t->arena, forge_private(FORGE_SP1), false).p != NULL);
}

static struct str bare(struct test *t, enum forge_key key)
{
    struct buf b = buf_new(t->arena, 8192);
    struct str pem = forge_certificate(key), line;

    while (str_split(&pem, '\n', &line))
        if (!str_has_prefix(line, S("-----")))
            buf_add(&b, line);
    return buf_str(&b);
}

/* What warnings are made of (gateway/reminders.h). */
TEST(each_of_several_certificates_ends_by_itself_and_a_retired_one_does_not)
{
    struct service s = { .id = S("s"), .protocol = PROTO_SAML };
    struct service_end ends[SERVICE_ENDS_MAX];

    s.saml.metadata_xml = arena_printf(
        t->arena,
        "<EntityDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"urn:s\"><SPSSODescriptor "
        "protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"><KeyDescriptor><KeyInfo "
        "xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><X509Data><X509Certificate>%.*s</X509Certificate></X509Data>"
        "</KeyInfo></KeyDescriptor><AssertionConsumerService "
        "Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"https://s.example/acs\" "
        "index=\"0\"/></SPSSODescriptor></EntityDescriptor>",
        STR_ARG(bare(t, FORGE_SP1)));
    CHECK_INT(service_ends(t->arena, &s, 0, ends, SERVICE_ENDS_MAX), 1);
    s.saml.signing_too = forge_certificate(FORGE_SP2);
    CHECK_INT(service_ends(t->arena, &s, 0, ends, SERVICE_ENDS_MAX), 2);
    CHECK_STR(ends[0].print, arena_cstr(t->arena, read(t, FORGE_SP1).print));
    CHECK_STR(ends[1].print, arena_cstr(t->arena, read(t, FORGE_SP2).print));
    strs_add(t->arena, &s.saml.retired, read(t, FORGE_SP1).print);
    CHECK_INT(service_ends(t->arena, &s, 0, ends, SERVICE_ENDS_MAX), 1);
    CHECK_STR(ends[0].print, arena_cstr(t->arena, read(t, FORGE_SP2).print));
}
