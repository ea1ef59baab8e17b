/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/saml_write.h"

#include "wire/xml_canon.h"

#include "base/codec.h"
#include "wire/algorithms.h"
#include "wire/form.h"
#include "wire/saml.h"

#include <zlib.h>

#define SAML_NS_METADATA "urn:oasis:names:tc:SAML:2.0:metadata"
#define REDIRECT_BINDING "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
#define SOAP_BINDING     "urn:oasis:names:tc:SAML:2.0:bindings:SOAP"
#define POST_BINDING     "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
#define RSA_SHA256       "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"

enum { MESSAGE_MAX_B = 65536, WINDOW_BITS = 12, MEMORY_LEVEL = 5 };

static void open_tag(struct buf *b, const char *name)
{
    buf_printf(b, "<%s", name);
}

/* An absent value writes nothing. */
static void attribute(struct buf *b, const char *name, struct str value)
{
    if (value.p == NULL)
        return;
    buf_printf(b, " %s=\"", name);
    xml_add_escaped(b, value);
    buf_byte(b, '"');
}

static void element(struct buf *b, const char *name, struct str text)
{
    buf_printf(b, "<%s>", name);
    xml_add_escaped(b, text);
    buf_printf(b, "</%s>", name);
}

static void add_subject(struct buf *b, const struct saml_request *r)
{
    if (!str_is_set(r->subject))
        return;
    buf_add(b, S("<saml:Subject xmlns:saml=\"" SAML_NS_ASSERTION "\"><saml:NameID"));
    canon_attribute(b, "Format", r->subject_format);
    buf_byte(b, '>');
    canon_text(b, r->subject);
    buf_add(b, S("</saml:NameID></saml:Subject>"));
}

struct str saml_request_write(struct arena *a, const struct saml_request *r)
{
    struct buf b = buf_new(a, MESSAGE_MAX_B);

    open_tag(&b, "samlp:AuthnRequest xmlns:samlp=\"" SAML_NS_PROTOCOL "\"");
    canon_attribute(&b, "AssertionConsumerServiceURL", r->acs);
    canon_attribute(&b, "Destination", r->destination);
    if (r->force)
        canon_attribute(&b, "ForceAuthn", S("true"));
    canon_attribute(&b, "ID", r->id);
    if (r->passive)
        canon_attribute(&b, "IsPassive", S("true"));
    canon_attribute(&b, "IssueInstant", xml_time_text(a, r->now_s));
    canon_attribute(&b, "ProtocolBinding", S(POST_BINDING));
    canon_attribute(&b, "Version", S("2.0"));
    buf_add(&b, S("><saml:Issuer xmlns:saml=\"" SAML_NS_ASSERTION "\">"));
    canon_text(&b, r->issuer);
    buf_add(&b, S("</saml:Issuer>"));
    add_subject(&b, r);
    buf_add(&b, S("<samlp:NameIDPolicy AllowCreate=\"true\""));
    if (r->persistent)
        canon_attribute(&b, "Format", S(SAML_PERSISTENT));
    buf_add(&b, S("></samlp:NameIDPolicy>"));
    if (r->context_count > 0) {
        buf_add(&b, S("<samlp:RequestedAuthnContext Comparison=\"exact\">"));
        for (size_t i = 0; i < r->context_count; i++) {
            buf_add(&b, S("<saml:AuthnContextClassRef xmlns:saml=\"" SAML_NS_ASSERTION "\">"));
            canon_text(&b, r->contexts[i]);
            buf_add(&b, S("</saml:AuthnContextClassRef>"));
        }
        buf_add(&b, S("</samlp:RequestedAuthnContext>"));
    }
    buf_add(&b, S("</samlp:AuthnRequest>"));
    return buf_ok(&b) ? buf_str(&b) : (struct str){ NULL, 0 };
}

/* Behind the issuer, whose text holds no tag: it is escaped. */
struct str saml_request_sealed(struct arena *a, struct str text, struct str signature)
{
    static const struct str end = S("</saml:Issuer>");
    size_t at = str_find(text, end) + end.n;
    struct buf b = buf_new(a, text.n + signature.n);

    buf_add(&b, str_sub(text, 0, at));
    buf_add(&b, signature);
    buf_add(&b, str_from(text, at));
    return buf_str(&b);
}

/* Raw deflate, without zlib's own header [SAML bindings 3.4.4.1].  A request is shorter than the window; zlib's usual
 * 256 KB of tables would take longer to clear than the rest takes. */
static struct str deflated(struct arena *a, struct str text)
{
    z_stream z = { 0 };
    size_t room = text.n + 256;
    unsigned char *out = arena_alloc(a, room);

    if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -WINDOW_BITS, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
        return (struct str){ NULL, 0 };
    z.next_in = (Bytef *)arena_cstr(a, text);
    z.avail_in = (uInt)text.n;
    z.next_out = out;
    z.avail_out = (uInt)room;
    int code = deflate(&z, Z_FINISH);
    size_t n = room - z.avail_out;
    (void)deflateEnd(&z);
    return code == Z_STREAM_END ? str_n(out, n) : (struct str){ NULL, 0 };
}

struct str saml_redirect_text(struct arena *a, const char *parameter, struct str message, struct str relay_state,
                              const char *algorithm)
{
    struct buf b = buf_new(a, MESSAGE_MAX_B);
    struct str packed = deflated(a, message);

    if (packed.p == NULL)
        return packed;
    form_add(&b, str_of(parameter), b64_encode(a, packed));
    if (relay_state.p != NULL)
        form_add(&b, S("RelayState"), relay_state);
    if (algorithm != NULL)
        form_add(&b, S("SigAlg"), str_of(algorithm));
    return buf_ok(&b) ? buf_str(&b) : (struct str){ NULL, 0 };
}

struct str saml_redirect_query(struct arena *a, struct str message, struct str relay_state, bool is_signed)
{
    return saml_redirect_text(a, "SAMLRequest", message, relay_state, is_signed ? RSA_SHA256 : NULL);
}

/* The city's own query, if its address has one, stays in front. */
struct str saml_redirect_url(struct arena *a, struct str destination, struct str query, struct str signature)
{
    struct buf b = buf_new(a, MESSAGE_MAX_B);

    buf_add(&b, destination);
    buf_byte(&b, str_find_byte(destination, '?', 0) < destination.n ? '&' : '?');
    buf_add(&b, query);
    url_query(&b, S("Signature"), signature);
    return buf_ok(&b) ? buf_str(&b) : (struct str){ NULL, 0 };
}

/* --- our metadata ------------------------------------------------------------ */

static void key_descriptor(struct buf *b, const char *use, struct str certificate)
{
    open_tag(b, "md:KeyDescriptor");
    attribute(b, "use", str_of(use));
    buf_add(b, S("><ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:X509Data>"));
    element(b, "ds:X509Certificate", certificate);
    buf_add(b, S("</ds:X509Data></ds:KeyInfo>"));
    if (str_eq(str_of(use), S("encryption")))
        algorithms_write_encryption(b);
    buf_add(b, S("</md:KeyDescriptor>"));
}

static void extensions(struct buf *b, const struct saml_sp *sp)
{
    static const char *const langs[] = { "fi", "sv", "en" };

    if (!str_is_set(sp->name))
        return;
    buf_add(b, S("<md:Extensions><mdui:UIInfo xmlns:mdui=\"urn:oasis:names:tc:SAML:metadata:ui\">"));
    for (size_t i = 0; i < sizeof langs / sizeof langs[0]; i++) {
        open_tag(b, "mdui:DisplayName");
        attribute(b, "xml:lang", str_of(langs[i]));
        buf_byte(b, '>');
        xml_add_escaped(b, sp->name);
        buf_add(b, S("</mdui:DisplayName>"));
    }
    buf_add(b, S("</mdui:UIInfo></md:Extensions>"));
}

static void logout_service(struct buf *b, const char *binding, struct str location)
{
    if (!str_is_set(location))
        return;
    open_tag(b, "md:SingleLogoutService");
    attribute(b, "Binding", str_of(binding));
    attribute(b, "Location", location);
    buf_add(b, S("></md:SingleLogoutService>"));
}

struct str saml_sp_metadata_write(struct arena *a, const struct saml_sp *sp)
{
    struct buf b = buf_new(a, MESSAGE_MAX_B);

    open_tag(&b, "md:EntityDescriptor xmlns:md=\"" SAML_NS_METADATA "\"");
    attribute(&b, "entityID", sp->entity_id);
    if (sp->valid_until_s > 0)
        attribute(&b, "validUntil", xml_time_text(a, sp->valid_until_s));
    buf_add(&b, S("><md:Extensions>"));
    algorithms_write_signing(&b);
    buf_add(&b, S("</md:Extensions>"));
    open_tag(&b, "md:SPSSODescriptor");
    attribute(&b, "AuthnRequestsSigned", sp->signs_requests ? S("true") : S("false"));
    attribute(&b, "WantAssertionsSigned", S("true"));
    attribute(&b, "protocolSupportEnumeration", S(SAML_NS_PROTOCOL));
    buf_byte(&b, '>');
    extensions(&b, sp);
    for (size_t i = 0; i < sp->signing_count; i++)
        key_descriptor(&b, "signing", sp->signing[i]);
    for (size_t i = 0; i < sp->encryption_count; i++)
        key_descriptor(&b, "encryption", sp->encryption[i]);
    logout_service(&b, REDIRECT_BINDING, sp->slo);
    logout_service(&b, POST_BINDING, sp->slo);
    logout_service(&b, SOAP_BINDING, sp->slo_soap);
    element(&b, "md:NameIDFormat", S(SAML_PERSISTENT));
    open_tag(&b, "md:AssertionConsumerService");
    attribute(&b, "Binding", S(POST_BINDING));
    attribute(&b, "Location", sp->acs);
    attribute(&b, "index", S("0"));
    attribute(&b, "isDefault", S("true"));
    buf_add(&b, S("></md:AssertionConsumerService></md:SPSSODescriptor></md:EntityDescriptor>"));
    return buf_ok(&b) ? buf_str(&b) : (struct str){ NULL, 0 };
}
