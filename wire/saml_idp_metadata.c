/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/saml_idp_metadata.h"

#include "wire/algorithms.h"
#include "wire/saml_service.h"
#include "wire/xml_canon.h"

#define DS       "http://www.w3.org/2000/09/xmldsig#"
#define SAMLP    "urn:oasis:names:tc:SAML:2.0:protocol"
#define URI_NAME "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
#define POST     "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
#define XMLNS_UI " xmlns:mdui=\"urn:oasis:names:tc:SAML:metadata:ui\""

/* --- what both roles have ----------------------------------------------------------- */

static void url_or_text(struct buf *b, const char *element, const struct saml_texts *t)
{
    const struct {
        const char *lang;
        struct str text;
    } each[] = { { "fi", t->fi }, { "sv", t->sv }, { "en", t->en } };

    for (size_t i = 0; i < sizeof each / sizeof each[0]; i++) {
        if (!str_is_set(each[i].text))
            continue;
        buf_printf(b, "<%s xml:lang=\"%s\">", element, each[i].lang);
        canon_text(b, each[i].text);
        buf_printf(b, "</%s>", element);
    }
}

static void keys(struct buf *b, const char *use, const struct str *certificates, size_t n, bool encrypts)
{
    for (size_t i = 0; i < n; i++) {
        buf_printf(b, "<md:KeyDescriptor use=\"%s\"><ds:KeyInfo xmlns:ds=\"" DS "\"><ds:X509Data>", use);
        canon_element(b, "ds:X509Certificate", certificates[i]);
        buf_add(b, S("</ds:X509Data></ds:KeyInfo>"));
        if (encrypts)
            algorithms_write_encryption(b);
        buf_add(b, S("</md:KeyDescriptor>"));
    }
}

/* An absent location writes nothing. */
static void endpoint(struct buf *b, const char *name, enum saml_binding binding, struct str location,
                     struct str answers)
{
    if (!str_is_set(location))
        return;
    buf_printf(b, "<md:%s", name);
    canon_attribute(b, "Binding", saml_binding_uri(binding));
    canon_attribute(b, "Location", location);
    canon_attribute(b, "ResponseLocation", answers);
    buf_printf(b, "></md:%s>", name);
}

/* Of the role that services sign out at: who wants no answer may say so there, and gets none [SAML asynchronous SLO
 * 2.1; IIP-IDP19]. */
static void logout_service(struct buf *b, enum saml_binding binding, struct str location, struct str answers)
{
    if (!str_is_set(location))
        return;
    buf_add(b, S("<md:SingleLogoutService xmlns:aslo=\"urn:oasis:names:tc:SAML:2.0:protocol:ext:async-slo\""));
    canon_attribute(b, "Binding", saml_binding_uri(binding));
    canon_attribute(b, "Location", location);
    canon_attribute(b, "ResponseLocation", answers);
    buf_add(b, S(" aslo:supportsAsynchronous=\"true\"></md:SingleLogoutService>"));
}

/* --- the entity ----------------------------------------------------------------------- */

static void trait(struct buf *b, const char *name, const struct str *values, size_t n)
{
    if (n == 0)
        return;
    buf_add(b, S("<saml:Attribute xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\""));
    canon_attribute(b, "Name", str_of(name));
    canon_attribute(b, "NameFormat", S(URI_NAME));
    buf_byte(b, '>');
    for (size_t i = 0; i < n; i++)
        canon_element(b, "saml:AttributeValue", values[i]);
    buf_add(b, S("</saml:Attribute>"));
}

static void entity_attributes(struct buf *b, const struct saml_idp *idp)
{
    if (idp->category_count + idp->support_count + idp->assurance_count == 0)
        return;
    buf_add(b, S("<mdattr:EntityAttributes xmlns:mdattr=\"urn:oasis:names:tc:SAML:metadata:attribute\">"));
    trait(b, SAML_ENTITY_CATEGORY, idp->categories, idp->category_count);
    trait(b, "http://macedir.org/entity-category-support", idp->supports, idp->support_count);
    trait(b, "urn:oasis:names:tc:SAML:attribute:assurance-certification", idp->assurance, idp->assurance_count);
    buf_add(b, S("</mdattr:EntityAttributes>"));
}

static void entity_extensions(struct buf *b, const struct saml_idp *idp)
{
    buf_add(b, S("<md:Extensions>"));
    algorithms_write_signing(b);
    entity_attributes(b, idp);
    buf_add(b, S("</md:Extensions>"));
}

static void logo(struct buf *b, const struct saml_idp *idp)
{
    if (!str_is_set(idp->logo))
        return;
    buf_printf(b, "<mdui:Logo height=\"%lld\" width=\"%lld\">", (long long)idp->logo_height,
               (long long)idp->logo_width);
    canon_text(b, idp->logo);
    buf_add(b, S("</mdui:Logo>"));
}

static void role_extensions(struct buf *b, const struct saml_idp *idp)
{
    buf_add(b, S("<md:Extensions>"));
    for (size_t i = 0; i < idp->scope_count; i++) {
        buf_add(b, S("<shibmd:Scope xmlns:shibmd=\"urn:mace:shibboleth:metadata:1.0\" regexp=\"false\">"));
        canon_text(b, idp->scopes[i]);
        buf_add(b, S("</shibmd:Scope>"));
    }
    buf_add(b, S("<mdui:UIInfo" XMLNS_UI ">"));
    url_or_text(b, "mdui:DisplayName", &idp->name);
    url_or_text(b, "mdui:Description", &idp->description);
    logo(b, idp);
    url_or_text(b, "mdui:InformationURL", &idp->information_url);
    url_or_text(b, "mdui:PrivacyStatementURL", &idp->privacy_url);
    buf_add(b, S("</mdui:UIInfo></md:Extensions>"));
}

static void idp_role(struct buf *b, const struct saml_idp *idp)
{
    buf_add(b, S("<md:IDPSSODescriptor"));
    canon_attribute(b, "WantAuthnRequestsSigned", idp->wants_signed_requests ? S("true") : S("false"));
    canon_attribute(b, "errorURL", idp->error_url);
    canon_attribute(b, "protocolSupportEnumeration", S(SAMLP));
    buf_byte(b, '>');
    role_extensions(b, idp);
    keys(b, "signing", idp->signing, idp->signing_count, false);
    keys(b, "encryption", idp->encryption, idp->encryption_count, true);
    logout_service(b, SAML_REDIRECT, idp->slo_redirect, idp->slo_answers);
    logout_service(b, SAML_POST, idp->slo_post, idp->slo_answers);
    endpoint(b, "SingleLogoutService", SAML_SOAP, idp->slo_soap, (struct str){ NULL, 0 });
    for (size_t i = 0; i < idp->format_count; i++)
        canon_element(b, "md:NameIDFormat", idp->formats[i]);
    endpoint(b, "SingleSignOnService", SAML_REDIRECT, idp->sso_redirect, (struct str){ NULL, 0 });
    endpoint(b, "SingleSignOnService", SAML_POST, idp->sso_post, (struct str){ NULL, 0 });
    buf_add(b, S("</md:IDPSSODescriptor>"));
}

/* [SDP-MD06–12: an SP role says its PrivacyStatementURL] */
static void sp_role(struct buf *b, const struct saml_idp *idp, const struct saml_sp *sp)
{
    buf_add(b, S("<md:SPSSODescriptor"));
    canon_attribute(b, "AuthnRequestsSigned", sp->signs_requests ? S("true") : S("false"));
    canon_attribute(b, "WantAssertionsSigned", S("true"));
    canon_attribute(b, "protocolSupportEnumeration", S(SAMLP));
    buf_add(b, S("><md:Extensions><mdui:UIInfo" XMLNS_UI ">"));
    url_or_text(b, "mdui:DisplayName",
                str_is_set(sp->name) ? &(struct saml_texts){ sp->name, sp->name, sp->name } : &idp->name);
    url_or_text(b, "mdui:PrivacyStatementURL", &idp->privacy_url);
    buf_add(b, S("</mdui:UIInfo></md:Extensions>"));
    keys(b, "signing", sp->signing, sp->signing_count, false);
    keys(b, "encryption", sp->encryption, sp->encryption_count, true);
    endpoint(b, "SingleLogoutService", SAML_REDIRECT, sp->slo, (struct str){ NULL, 0 });
    endpoint(b, "SingleLogoutService", SAML_POST, sp->slo, (struct str){ NULL, 0 });
    endpoint(b, "SingleLogoutService", SAML_SOAP, sp->slo_soap, (struct str){ NULL, 0 });
    canon_element(b, "md:NameIDFormat", S("urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"));
    buf_add(b, S("<md:AssertionConsumerService"));
    canon_attribute(b, "Binding", S(POST));
    canon_attribute(b, "Location", sp->acs);
    buf_add(b, S(" index=\"0\" isDefault=\"true\"></md:AssertionConsumerService></md:SPSSODescriptor>"));
}

/* All three texts or none: the schema wants each [SAML metadata 2.3.2.1]. */
static void organization(struct buf *b, const struct saml_idp *idp)
{
    const struct saml_texts *name = &idp->organization, *url = &idp->organization_url;

    if ((!str_is_set(name->fi) && !str_is_set(name->sv) && !str_is_set(name->en)) ||
        (!str_is_set(url->fi) && !str_is_set(url->sv) && !str_is_set(url->en)))
        return;
    buf_add(b, S("<md:Organization>"));
    url_or_text(b, "md:OrganizationName", name);
    url_or_text(b, "md:OrganizationDisplayName", name);
    url_or_text(b, "md:OrganizationURL", url);
    buf_add(b, S("</md:Organization>"));
}

static void contact(struct buf *b, const char *type, struct str name, struct str email)
{
    if (!str_is_set(email))
        return;
    buf_printf(b, "<md:ContactPerson%s>", type);
    canon_element(b, "md:GivenName", str_is_set(name) ? name : (struct str){ NULL, 0 });
    canon_element(b, "md:EmailAddress", arena_join(b->arena, S("mailto:"), email));
    buf_add(b, S("</md:ContactPerson>"));
}

struct saml_draft saml_idp_metadata_draft(struct arena *a, const struct saml_idp *idp)
{
    struct buf b = buf_new(a, SAML_TEXT_MAX_B);

    buf_add(&b, S("<md:EntityDescriptor xmlns:md=\""
                  "urn:oasis:names:tc:SAML:2.0:metadata"
                  "\""));
    canon_attribute(&b, "ID", idp->id);
    if (idp->cache_s > 0)
        canon_attribute(&b, "cacheDuration", arena_printf(a, "PT%lldS", (long long)idp->cache_s));
    canon_attribute(&b, "entityID", idp->entity_id);
    if (idp->valid_until_s > 0)
        canon_attribute(&b, "validUntil", xml_time_text(a, idp->valid_until_s));
    buf_byte(&b, '>');
    size_t place = b.n;
    entity_extensions(&b, idp);
    idp_role(&b, idp);
    if (idp->sp != NULL)
        sp_role(&b, idp, idp->sp);
    organization(&b, idp);
    contact(&b, " contactType=\"technical\"", idp->contact_name, idp->contact_email);
    contact(&b,
            " xmlns:remd=\"http://refeds.org/metadata\" contactType=\"other\" "
            "remd:contactType=\"http://refeds.org/metadata/contactType/security\"",
            idp->security_name, idp->security_email);
    buf_add(&b, S("</md:EntityDescriptor>"));
    return buf_ok(&b) ? (struct saml_draft){ buf_str(&b), place } : (struct saml_draft){ { NULL, 0 }, 0 };
}
