/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/saml_respond.h"

#include "wire/saml.h"
#include "wire/saml_write.h"
#include "wire/xml.h"
#include "wire/xml_canon.h"

#define XMLNS_SAML  " xmlns:saml=\"" SAML_NS_ASSERTION "\""
#define XMLNS_SAMLP " xmlns:samlp=\"" SAML_NS_PROTOCOL "\""
#define SOAP        "http://schemas.xmlsoap.org/soap/envelope/"
#define STATUS      "urn:oasis:names:tc:SAML:2.0:status:"
#define BEARER      "urn:oasis:names:tc:SAML:2.0:cm:bearer"
#define ASLO        "urn:oasis:names:tc:SAML:2.0:protocol:ext:async-slo"
#define URI_NAMES   "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
#define BASIC_NAMES "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"

static struct str when(struct buf *b, int64_t s)
{
    return s > 0 ? xml_time_text(b->arena, s) : (struct str){ NULL, 0 };
}

static struct saml_draft done(const struct buf *b, size_t place)
{
    return buf_ok(b) ? (struct saml_draft){ buf_str(b), place } : (struct saml_draft){ { NULL, 0 }, 0 };
}

struct str saml_sealed(struct arena *a, const struct saml_draft *d, struct str signature)
{
    struct buf b = buf_new(a, d->text.n + signature.n);

    if (d->text.p == NULL || signature.p == NULL)
        return d->text;
    buf_add(&b, str_sub(d->text, 0, d->place));
    buf_add(&b, signature);
    buf_add(&b, str_from(d->text, d->place));
    return buf_str(&b);
}

/* --- names --------------------------------------------------------------------- */

/* xmlns: where `saml` is in force already, "". */
static void name_id(struct buf *b, const struct saml_name *n, const char *xmlns)
{
    if (n->value.p == NULL)
        return;
    buf_printf(b, "<saml:NameID%s", xmlns);
    canon_attribute(b, "Format", n->format);
    canon_attribute(b, "NameQualifier", n->qualifier);
    canon_attribute(b, "SPNameQualifier", n->sp_qualifier);
    buf_byte(b, '>');
    canon_text(b, n->value);
    buf_add(b, S("</saml:NameID>"));
}

struct str saml_name_write(struct arena *a, const struct saml_name *n)
{
    struct buf b = buf_new(a, SAML_TEXT_MAX_B);

    name_id(&b, n, XMLNS_SAML);
    return buf_ok(&b) && b.n > 0 ? buf_str(&b) : (struct str){ NULL, 0 };
}

/* --- the Assertion ---------------------------------------------------------------- */

static void subject(struct buf *b, const struct saml_statement *s)
{
    buf_add(b, S("<saml:Subject>"));
    name_id(b, &s->name, "");
    buf_add(b, S("<saml:SubjectConfirmation Method=\"" BEARER "\"><saml:SubjectConfirmationData"));
    canon_attribute(b, "InResponseTo", s->in_response_to);
    canon_attribute(b, "NotOnOrAfter", when(b, s->ends_s));
    canon_attribute(b, "Recipient", s->recipient);
    buf_add(b, S("></saml:SubjectConfirmationData></saml:SubjectConfirmation></saml:Subject>"));
}

static void conditions(struct buf *b, const struct saml_statement *s)
{
    buf_add(b, S("<saml:Conditions"));
    canon_attribute(b, "NotBefore", when(b, s->not_before_s));
    canon_attribute(b, "NotOnOrAfter", when(b, s->ends_s));
    buf_add(b, S("><saml:AudienceRestriction>"));
    canon_element(b, "saml:Audience", s->audience);
    buf_add(b, S("</saml:AudienceRestriction></saml:Conditions>"));
}

static void authentication(struct buf *b, const struct saml_statement *s)
{
    buf_add(b, S("<saml:AuthnStatement"));
    canon_attribute(b, "AuthnInstant", when(b, s->authenticated_s));
    canon_attribute(b, "SessionIndex", s->session_index);
    canon_attribute(b, "SessionNotOnOrAfter", when(b, s->session_ends_s));
    buf_add(b, S("><saml:AuthnContext>"));
    canon_element(b, "saml:AuthnContextClassRef", s->context);
    for (size_t i = 0; i < s->authority_count; i++)
        canon_element(b, "saml:AuthenticatingAuthority", s->authorities[i]);
    buf_add(b, S("</saml:AuthnContext></saml:AuthnStatement>"));
}

static void attribute(struct buf *b, const struct saml_told *told)
{
    buf_add(b, S("<saml:Attribute"));
    canon_attribute(b, "FriendlyName", told->friendly);
    canon_attribute(b, "Name", told->name);
    canon_attribute(b, "NameFormat", told->basic ? S(BASIC_NAMES) : S(URI_NAMES));
    buf_byte(b, '>');
    for (size_t i = 0; i < told->value_count; i++)
        canon_element(b, "saml:AttributeValue", told->values[i]);
    for (size_t i = 0; i < told->name_count; i++) {
        buf_add(b, S("<saml:AttributeValue>"));
        name_id(b, &told->names[i], "");
        buf_add(b, S("</saml:AttributeValue>"));
    }
    buf_add(b, S("</saml:Attribute>"));
}

struct saml_draft saml_assertion_draft(struct arena *a, const struct saml_statement *s)
{
    struct buf b = buf_new(a, SAML_TEXT_MAX_B);

    buf_add(&b, S("<saml:Assertion" XMLNS_SAML));
    canon_attribute(&b, "ID", s->id);
    canon_attribute(&b, "IssueInstant", when(&b, s->now_s));
    buf_add(&b, S(" Version=\"2.0\">"));
    canon_element(&b, "saml:Issuer", s->issuer);
    size_t place = b.n;
    subject(&b, s);
    conditions(&b, s);
    authentication(&b, s);
    if (s->told_count > 0) {
        buf_add(&b, S("<saml:AttributeStatement>"));
        for (size_t i = 0; i < s->told_count; i++)
            attribute(&b, &s->told[i]);
        buf_add(&b, S("</saml:AttributeStatement>"));
    }
    buf_add(&b, S("</saml:Assertion>"));
    return done(&b, place);
}

/* --- messages ---------------------------------------------------------------------- */

/* `saml` is declared where it is used: that is its place in exclusive C14N. */
static size_t issuer(struct buf *b, struct str id)
{
    buf_add(b, S("<saml:Issuer" XMLNS_SAML ">"));
    canon_text(b, id);
    buf_add(b, S("</saml:Issuer>"));
    return b->n;
}

static void code(struct buf *b, enum saml_status status, enum saml_status inner)
{
    static const char *const words[] = { [SAML_NO_STATUS] = "Responder",
#define X(name, word) [SAML_##name] = (word),
                                         SAML_STATUSES(X)
#undef X
    };

    buf_printf(b, "<samlp:StatusCode Value=\"" STATUS "%s\">", words[status < SAML_STATUS_COUNT ? status : 0]);
    if (inner != SAML_NO_STATUS)
        code(b, inner, SAML_NO_STATUS);
    buf_add(b, S("</samlp:StatusCode>"));
}

static struct saml_draft answer(struct arena *a, const char *name, const struct saml_response *r, struct str holds)
{
    struct buf b = buf_new(a, SAML_TEXT_MAX_B);

    buf_printf(&b, "<samlp:%s" XMLNS_SAMLP, name);
    canon_attribute(&b, "Destination", r->destination);
    canon_attribute(&b, "ID", r->id);
    canon_attribute(&b, "InResponseTo", r->in_response_to);
    canon_attribute(&b, "IssueInstant", when(&b, r->now_s));
    buf_add(&b, S(" Version=\"2.0\">"));
    size_t place = issuer(&b, r->issuer);
    buf_add(&b, S("<samlp:Status>"));
    code(&b, r->status, r->inner);
    canon_element(&b, "samlp:StatusMessage", r->message);
    buf_add(&b, S("</samlp:Status>"));
    buf_add(&b, holds);
    buf_printf(&b, "</samlp:%s>", name);
    return done(&b, place);
}

struct saml_draft saml_response_draft(struct arena *a, const struct saml_response *r)
{
    return answer(a, "Response", r, r->holds);
}

struct saml_draft saml_logged_out_draft(struct arena *a, const struct saml_response *r)
{
    return answer(a, "LogoutResponse", r, (struct str){ NULL, 0 });
}

struct saml_draft saml_logout_draft(struct arena *a, const struct saml_logout *l)
{
    struct buf b = buf_new(a, SAML_TEXT_MAX_B);

    buf_add(&b, S("<samlp:LogoutRequest" XMLNS_SAMLP));
    canon_attribute(&b, "Destination", l->destination);
    canon_attribute(&b, "ID", l->id);
    canon_attribute(&b, "IssueInstant", when(&b, l->now_s));
    canon_attribute(&b, "NotOnOrAfter", when(&b, l->ends_s));
    canon_attribute(&b, "Reason", l->reason);
    buf_add(&b, S(" Version=\"2.0\">"));
    size_t place = issuer(&b, l->issuer);
    if (l->asynchronous)
        buf_add(&b, S("<samlp:Extensions><aslo:Asynchronous xmlns:aslo=\"" ASLO "\"></aslo:Asynchronous>"
                      "</samlp:Extensions>"));
    if (l->encrypted.p != NULL)
        buf_add(&b, l->encrypted);
    else
        name_id(&b, &l->name, XMLNS_SAML);
    for (size_t i = 0; i < l->session_count; i++)
        canon_element(&b, "samlp:SessionIndex", l->sessions[i]);
    buf_add(&b, S("</samlp:LogoutRequest>"));
    return done(&b, place);
}

/* --- bindings ----------------------------------------------------------------------- */

struct str saml_soap_write(struct arena *a, struct str message)
{
    return arena_printf(a, "<S:Envelope xmlns:S=\"" SOAP "\"><S:Body>%.*s</S:Body></S:Envelope>", STR_ARG(message));
}

struct str saml_soap_fault(struct arena *a, bool of_client, struct str text)
{
    struct buf b = buf_new(a, SAML_TEXT_MAX_B);

    buf_printf(&b, "<S:Fault><faultcode>S:%s</faultcode><faultstring>", of_client ? "Client" : "Server");
    xml_add_escaped(&b, text);
    buf_add(&b, S("</faultstring></S:Fault>"));
    return saml_soap_write(a, buf_str(&b));
}

struct str saml_query_draft(struct arena *a, struct str message, bool is_answer, struct str relay_state,
                            enum saml_query_alg alg)
{
    static const char *const algorithms[] = {
        [SAML_QUERY_UNSIGNED] = NULL,
        [SAML_QUERY_RSA_SHA256] = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        [SAML_QUERY_ECDSA_SHA256] = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
    };

    return saml_redirect_text(a, is_answer ? "SAMLResponse" : "SAMLRequest", message, relay_state, algorithms[alg]);
}
