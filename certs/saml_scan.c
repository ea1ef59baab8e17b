/* SPDX-License-Identifier: EUPL-1.2 */
#include "certs/saml_scan.h"

#include "wire/xml.h"

#define NS_SAML  "urn:oasis:names:tc:SAML:2.0:assertion"
#define NS_SAMLP "urn:oasis:names:tc:SAML:2.0:protocol"
#define NS_MD    "urn:oasis:names:tc:SAML:2.0:metadata"
#define SAML     " xmlns:saml=\"" NS_SAML "\""
#define SAMLP    " xmlns:samlp=\"" NS_SAMLP "\""

enum { INSTANT_OFF_S = 300, ASSERTION_LIFE_S = 3600, SCAN_ID_MAX_B = 128 };

/* All that is signed as XML. */
static const struct kind {
    const char *begins;
    const char *issuer; /* what stands before the issuer's name; NULL: entityID says it */
    bool may_assert;    /* an assertion may be in it */
} kinds[] = {
    { "<saml:Assertion" SAML, "<saml:Issuer>", true },
    { "<samlp:Response" SAMLP, "<saml:Issuer" SAML ">", true },
    { "<samlp:LogoutRequest" SAMLP, "<saml:Issuer" SAML ">", false },
    { "<samlp:LogoutResponse" SAMLP, "<saml:Issuer" SAML ">", false },
    { "<samlp:AuthnRequest" SAMLP, "<saml:Issuer" SAML ">", false },
    { "<md:EntityDescriptor xmlns:md=\"" NS_MD "\"", NULL, false },
};

enum { KINDS = sizeof kinds / sizeof kinds[0], ASSERTION = 0 };

struct head { /* of an element: the attributes that are looked at, and what follows its tag */
    struct str id, instant, entity_id, rest;
};

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == ':';
}

/* An XML ID, so that nothing else can stand between the quotation marks. */
static bool is_id(struct str id)
{
    for (size_t i = 0; i < id.n; i++) {
        char c = id.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && (i == 0 || !((c >= '0' && c <= '9') || c == '-' || c == '.')))
            return false;
    }
    return id.n > 0 && id.n <= SCAN_ID_MAX_B;
}

/* Reads ` name="value"` until '>'; text stands behind the element's name and namespace. */
static bool read_head(struct str text, struct head *out)
{
    *out = (struct head){ 0 };
    while (text.n > 0 && text.p[0] == ' ') {
        size_t n = 1;
        while (n < text.n && is_name_char(text.p[n]))
            n++;
        struct str name = str_sub(text, 1, n - 1);
        if (!str_has_prefix(str_from(text, n), S("=\"")) || str_has_prefix(name, S("xmlns")))
            return false;
        size_t end = str_find_byte(text, '"', n + 2);
        struct str value = str_sub(text, n + 2, end - n - 2);
        if (end == text.n || str_find_byte(value, '<', 0) < value.n)
            return false;
        struct str *to = str_eq(name, S("ID"))             ? &out->id
                         : str_eq(name, S("IssueInstant")) ? &out->instant
                         : str_eq(name, S("entityID"))     ? &out->entity_id
                                                           : NULL;
        if (to != NULL && to->p != NULL)
            return false;
        if (to != NULL)
            *to = value;
        text = str_from(text, end + 1);
    }
    out->rest = str_from(text, 1);
    return str_has_prefix(text, S(">"));
}

/* Our address, or one below it. */
static bool is_ours(struct str name, struct str us)
{
    struct str rest = str_from(name, us.n);

    return us.n > 0 && str_has_prefix(name, us) && (rest.n == 0 || rest.p[0] == '/');
}

static bool is_now(struct str instant, int64_t now_s)
{
    int64_t ms;

    return xml_time_ms(instant, &ms) && ms >= (now_s - INSTANT_OFF_S) * 1000 && ms <= (now_s + INSTANT_OFF_S) * 1000;
}

/* Canonical text has these references and no others, so that no name can be written in a way that is not seen here. */
static bool references_ok(struct str text)
{
    static const char *const known[] = { "&amp;", "&lt;", "&gt;", "&quot;", "&#x9;", "&#xA;", "&#xD;" };

    for (size_t at = str_find_byte(text, '&', 0); at < text.n; at = str_find_byte(text, '&', at + 1)) {
        bool found = false;
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
            found = found || str_has_prefix(str_from(text, at), str_of(known[i]));
        if (!found)
            return false;
    }
    return true;
}

/* The namespace of assertions goes by one prefix, so that an assertion can be told by its tag. */
static bool prefix_ok(struct str text)
{
    static const char before[] = "xmlns:saml=\"";

    for (size_t at = 0; at < text.n;) {
        size_t found = at + str_find(str_from(text, at), S(NS_SAML));
        struct str quote = str_sub(text, found + sizeof NS_SAML - 1, 1);
        if (found >= text.n)
            return true;
        bool is_value = str_eq(quote, S("\"")) || str_eq(quote, S("'"));
        if (is_value && !str_has_suffix(str_sub(text, 0, found), str_of(before)))
            return false;
        at = found + 1;
    }
    return true;
}

static size_t count(struct str text, struct str what)
{
    size_t n = 0;

    for (size_t found = str_find(text, what); found < text.n; found = str_find(text, what)) {
        n++;
        text = str_from(text, found + 1);
    }
    return n;
}

/* The one text of an element that is there once; absent otherwise. */
static struct str only_text(struct str text, struct str tag)
{
    size_t at = str_find(text, tag);
    struct str rest = str_from(text, at + tag.n);

    return count(text, tag) == 1 ? str_sub(rest, 0, str_find_byte(rest, '<', 0)) : (struct str){ NULL, 0 };
}

static bool ends_soon(struct str text, int64_t now_s)
{
    static const char name[] = " NotOnOrAfter=\"";
    size_t said = 0;

    for (size_t at = str_find(text, str_of(name)); at < text.n; at = str_find(text, str_of(name))) {
        int64_t ms;
        text = str_from(text, at + sizeof name - 1);
        if (!xml_time_ms(str_sub(text, 0, str_find_byte(text, '"', 0)), &ms) || ms > (now_s + ASSERTION_LIFE_S) * 1000)
            return false;
        said++;
    }
    return said >= 2; /* of Conditions and of the confirmation */
}

/* text: from the Assertion's own tag to the end of what is signed. */
static bool assertion_ok(struct str text, struct str us, int64_t now_s)
{
    struct str audience = only_text(text, S("<saml:Audience>"));

    return str_is_set(audience) && !is_ours(audience, us) && count(text, S("<saml:AudienceRestriction>")) == 1 &&
           count(text, S("<saml:Conditions ")) == 1 && count(text, S("<saml:AuthnStatement ")) == 1 &&
           ends_soon(text, now_s);
}

static bool element_ok(const struct kind *k, struct str text, struct str us, int64_t now_s, struct str *id)
{
    struct head head;

    if (!read_head(str_from(text, str_of(k->begins).n), &head) || !is_id(head.id))
        return false;
    *id = head.id;
    if (k->issuer == NULL)
        return is_ours(head.entity_id, us);
    struct str issuer = str_of(k->issuer), rest = str_from(head.rest, issuer.n);
    size_t end = str_find_byte(rest, '<', 0);
    return is_now(head.instant, now_s) && str_has_prefix(head.rest, issuer) && is_ours(str_sub(rest, 0, end), us) &&
           str_has_prefix(str_from(rest, end), S("</saml:Issuer>"));
}

enum signer_reason saml_scan(struct str text, struct str us, int64_t now_s, struct str *id)
{
    const struct str tag = S("<saml:Assertion ");
    const struct kind *k = kinds;
    struct str inner;

    while (k < kinds + KINDS && !str_has_prefix(text, str_of(k->begins)))
        k++;
    if (k == kinds + KINDS || !references_ok(text) || !prefix_ok(text) || count(text, S("<!")) > 0 ||
        count(text, S("<?")) > 0 || count(text, S("xmlns=")) > 0)
        return REASON_MALFORMED;
    if (!element_ok(k, text, us, now_s, id))
        return REASON_MALFORMED;
    size_t assertions = count(text, S("<saml:Assertion")), at = str_find(text, tag);
    if (assertions == 0)
        return REASON_SIGNED;
    bool ok = k->may_assert && assertions == 1 && at < text.n &&
              str_has_prefix(str_from(text, at), str_of(kinds[ASSERTION].begins)) &&
              element_ok(&kinds[ASSERTION], str_from(text, at), us, now_s, &inner) &&
              assertion_ok(str_from(text, at), us, now_s);
    return ok ? REASON_SIGNED : REASON_MALFORMED;
}
