/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/saml.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>

#define SAML   SAML_NS_ASSERTION
#define SAMLP  SAML_NS_PROTOCOL
#define DS     "http://www.w3.org/2000/09/xmldsig#"
#define XSI    "http://www.w3.org/2001/XMLSchema-instance"
#define ENTITY "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"
#define BEARER "urn:oasis:names:tc:SAML:2.0:cm:bearer"
#define STATUS "urn:oasis:names:tc:SAML:2.0:status:"

struct saml_answer {
    struct arena *arena;
    const struct saml_rules *rules;
    size_t most_B;
    const struct _xmlNode *root;   /* the Response as it came */
    const struct _xmlNode *holder; /* its Assertion or EncryptedAssertion, as it came */
    struct signed_xml response;    /* proven, or NULL */
    struct signed_xml assertion;   /* proven, by its own signature or the Response's */
    struct encrypted pending;      /* what a key is wanted for */
    unsigned unwraps;
    bool response_signed, encrypted, name_read, proven;
    const struct _xmlNode *statement, *attribute; /* where reading of attributes stands */
    size_t attribute_cap;
    char off[64]; /* by how much a time is off, for the rule that is broken by it; "": it is not that */
    struct saml_assertion out;
};

/* One condition: what must hold of an element, and what it is called when it does not. */
struct rule {
    const char *code, *means;
    bool (*holds)(struct saml_answer *m, const struct _xmlNode *n, struct fail *f);
};

static bool rules_hold(const struct rule *rules, struct saml_answer *m, const struct _xmlNode *n, struct fail *f)
{
    for (; rules->code != NULL; rules++) {
        m->off[0] = '\0';
        if (!rules->holds(m, n, f))
            return fail(f, FAIL_UPSTREAM, rules->code, "%s%s", rules->means, m->off);
    }
    return true;
}

/* --- words ------------------------------------------------------------------ */

static struct str attr(const struct saml_answer *m, const struct _xmlNode *n, const char *name)
{
    return xml_attr(m->arena, n, NULL, name);
}

/* An attribute of a URI or token type: the white space around it is layout [XML Schema 2: 4.3.6]. */
static struct str token(const struct saml_answer *m, const struct _xmlNode *n, const char *name)
{
    return xml_collapsed(m->arena, attr(m, n, name));
}

/* The text of a leaf; absent when n is NULL or has elements in it. */
static struct str leaf(const struct saml_answer *m, const struct _xmlNode *n)
{
    return n != NULL && xml_first(n) == NULL ? xml_text(m->arena, n) : (struct str){ NULL, 0 };
}

/* A leaf of type anyURI. */
static struct str leaf_uri(const struct saml_answer *m, const struct _xmlNode *n)
{
    return xml_collapsed(m->arena, leaf(m, n));
}

static bool is_saml(const struct _xmlNode *n, const char *name)
{
    return xml_is(n, SAML, name);
}

static size_t children_named(const struct _xmlNode *n, const char *ns, const char *name)
{
    size_t count = 0;

    for (const struct _xmlNode *c = xml_first(n); c != NULL; c = xml_next(c))
        count += xml_is(c, ns, name);
    return count;
}

static bool attr_time(const struct saml_answer *m, const struct _xmlNode *n, const char *name, int64_t *out_ms)
{
    return xml_time_ms(attr(m, n, name), out_ms);
}

/* Whether a time has come, by our clock and what it may be wrong by; or how far ahead of our clock it is. */
static bool has_come(struct saml_answer *m, int64_t ms)
{
    int64_t ahead_s = (ms + 999) / 1000 - m->rules->now_s;

    if (ms <= (m->rules->now_s + m->rules->skew_s) * 1000)
        return true;
    (void)snprintf(m->off, sizeof m->off, " (%lld s ahead of our clock; %lld s are allowed)", (long long)ahead_s,
                   (long long)m->rules->skew_s);
    return false;
}

/* Likewise, whether a time is still to come; or how long it has passed. */
static bool is_to_come(struct saml_answer *m, int64_t ms)
{
    if (ms > (m->rules->now_s - m->rules->skew_s) * 1000)
        return true;
    (void)snprintf(m->off, sizeof m->off, " (%lld s ago by our clock; %lld s are allowed)",
                   (long long)(m->rules->now_s - ms / 1000), (long long)m->rules->skew_s);
    return false;
}

/* The children are these, in this order; `most` of each, 0 for any number. */
struct part {
    const char *ns, *name;
    size_t least, most;
};

static bool in_order(const struct _xmlNode *n, const struct part *parts)
{
    const struct _xmlNode *c = xml_first(n);

    for (; parts->ns != NULL; parts++) {
        size_t count = 0;
        for (; c != NULL && xml_is(c, parts->ns, parts->name); c = xml_next(c))
            count++;
        if (count < parts->least || (parts->most != 0 && count > parts->most))
            return false;
    }
    return c == NULL && xml_only_elements(n);
}

/* --- what Response and Assertion have in common ----------------------------- */

static bool version_is_2(struct saml_answer *m, const struct _xmlNode *n, struct fail *f)
{
    return str_eq(attr(m, n, "Version"), S("2.0"));
}

static bool id_is_name(struct saml_answer *m, const struct _xmlNode *n, struct fail *f)
{
    return xml_is_ncname(attr(m, n, "ID"));
}

static bool is_recent(struct saml_answer *m, int64_t ms)
{
    int64_t most_s = SAML_AGE_MAX_S + m->rules->skew_s;

    if (ms >= (m->rules->now_s - most_s) * 1000)
        return true;
    (void)snprintf(m->off, sizeof m->off, " (%lld s ago by our clock; %lld s are allowed)",
                   (long long)(m->rules->now_s - ms / 1000), (long long)most_s);
    return false;
}

static bool issued_now(struct saml_answer *m, const struct _xmlNode *n, struct fail *f)
{
    int64_t ms;

    return attr_time(m, n, "IssueInstant", &ms) && has_come(m, ms) && is_recent(m, ms);
}

/* [SAML profiles 4.1.4.2: no Format but entity; core 8.3.6] */
static bool issuer_is_asked(const struct saml_answer *m, const struct _xmlNode *issuer)
{
    struct str format = token(m, issuer, "Format");

    return (format.p == NULL || str_eq(format, S(ENTITY))) && str_eq(leaf(m, issuer), m->rules->issuer);
}

/* --- the Response ----------------------------------------------------------- */

static bool is_response(struct saml_answer *m, const struct _xmlNode *n, struct fail *f)
{
    return xml_is(n, SAMLP, "Response");
}

static bool response_in_order(struct saml_answer *m, const struct _xmlNode *n, struct fail *f)
{
    static const struct part parts[] = {
        { SAML, "Issuer", 0, 1 },    { DS, "Signature", 0, 1 },   { SAMLP, "Extensions", 0, 1 },
        { SAMLP, "Status", 1, 1 },   { SAML, "Assertion", 0, 0 }, { SAML, "EncryptedAssertion", 0, 0 },
        { SAML, "Assertion", 0, 0 }, { NULL, NULL, 0, 0 },
    };
    return in_order(n, parts);
}

/* A signed message must name where it goes [SAML bindings 3.5.5.2]. */
static bool destination_is_here(struct saml_answer *m, const struct _xmlNode *n, struct fail *f)
{
    struct str to = token(m, n, "Destination");

    return to.p == NULL ? !m->response_signed : str_eq(to, m->rules->acs);
}

static bool answers_request(struct saml_answer *m, const struct _xmlNode *n, struct fail *f)
{
    return str_eq(token(m, n, "InResponseTo"), m->rules->request_id);
}

/* It may be left out of a Response that is not signed and hides nothing [SAML profiles 4.1.4.2]. */
static bool response_issuer_is_asked(struct saml_answer *m, const struct _xmlNode *n, struct fail *f)
{
    const struct _xmlNode *issuer = xml_child(n, SAML, "Issuer");

    if (issuer == NULL)
        return !m->response_signed && children_named(n, SAML, "EncryptedAssertion") == 0;
    return issuer_is_asked(m, issuer);
}

static bool says_no(struct str status)
{
    return str_eq(status, S(STATUS "AuthnFailed")) || str_eq(status, S(STATUS "RequestDenied"));
}

/* Success, alone.  Anything else is quoted, with the code inside it. */
static bool status_is_success(struct saml_answer *m, const struct _xmlNode *n, struct fail *f)
{
    const struct _xmlNode *status = xml_child(n, SAMLP, "Status");
    const struct _xmlNode *code = status != NULL ? xml_child(status, SAMLP, "StatusCode") : NULL;

    if (code == NULL || xml_first(status) != code)
        return false;
    const struct _xmlNode *inner = xml_child(code, SAMLP, "StatusCode");
    struct str top = token(m, code, "Value");
    struct str sub = inner != NULL ? token(m, inner, "Value") : (struct str){ NULL, 0 };
    if (str_eq(top, S(STATUS "Success")) && xml_first(code) == NULL)
        return true;
    const struct _xmlNode *message = xml_child(status, SAMLP, "StatusMessage");
    return fail(f, says_no(sub) || says_no(top) ? FAIL_DENIED : FAIL_UPSTREAM,
                says_no(sub) || says_no(top) ? "city_refused" : "status", "%.*s %.*s %.*s", STR_ARG(top), STR_ARG(sub),
                STR_ARG(text_words(m->arena, leaf(m, message))));
}

static bool one_assertion(struct saml_answer *m, const struct _xmlNode *n, struct fail *f)
{
    size_t anywhere = xml_count(n, SAML, "Assertion") + xml_count(n, SAML, "EncryptedAssertion");
    size_t direct = children_named(n, SAML, "Assertion") + children_named(n, SAML, "EncryptedAssertion");

    return anywhere == 1 && direct == 1;
}

/* A Signature elsewhere covers something that nobody reads, or is meant to be found first. */
static bool signatures_in_place(struct saml_answer *m, const struct _xmlNode *n, struct fail *f)
{
    const struct _xmlNode *assertion = xml_child(n, SAML, "Assertion");
    size_t expected = children_named(n, DS, "Signature");

    if (assertion != NULL)
        expected += children_named(assertion, DS, "Signature");
    return xml_count(n, DS, "Signature") == expected;
}

/* [SAML core 3.2.2, profiles 4.1.4.2–3, bindings 3.5.5.2] */
static const struct rule response_rules[] = {
    { "response_root", "not a SAML 2.0 Response", is_response },
    { "response_version", "Response: Version is not 2.0", version_is_2 },
    { "response_id", "Response: ID is missing or not a name", id_is_name },
    { "response_issue_instant", "Response: IssueInstant is no UTC time, is to come, or is too long ago", issued_now },
    { "response_structure", "Response: children are missing, unknown or out of order", response_in_order },
    { "response_destination", "Response: Destination is not this address", destination_is_here },
    { "response_in_response_to", "Response: InResponseTo is not our request", answers_request },
    { "response_issuer", "Response: Issuer is not the identity provider that was asked", response_issuer_is_asked },
    { "status", "Response: Status is not readable", status_is_success },
    { "assertion_count", "not exactly one assertion", one_assertion },
    { "sig_place", "a Signature that belongs to neither Response nor Assertion", signatures_in_place },
    { NULL, NULL, NULL },
};

/* --- the Assertion ---------------------------------------------------------- */

static bool is_assertion(struct saml_answer *m, const struct _xmlNode *n, struct fail *f)
{
    return is_saml(n, "Assertion") && xml_count(n, SAML, "Assertion") == 1 &&
           xml_count(n, SAML, "EncryptedAssertion") == 0;
}

static bool assertion_issuer_is_asked(struct saml_answer *m, const struct _xmlNode *n, struct fail *f)
{
    const struct _xmlNode *issuer = xml_child(n, SAML, "Issuer");

    return issuer != NULL && issuer_is_asked(m, issuer);
}

static bool is_statement(const struct _xmlNode *n)
{
    return is_saml(n, "AuthnStatement") || is_saml(n, "AttributeStatement") || is_saml(n, "AuthzDecisionStatement");
}

static bool assertion_in_order(struct saml_answer *m, const struct _xmlNode *n, struct fail *f)
{
    static const char *const order[] = { "Issuer", "Signature", "Subject", "Conditions", "Advice", NULL };
    const struct _xmlNode *c = xml_first(n);

    for (const char *const *name = order; *name != NULL; name++)
        if (c != NULL && xml_is(c, name == &order[1] ? DS : SAML, *name))
            c = xml_next(c);
    while (c != NULL && is_statement(c))
        c = xml_next(c);
    return c == NULL && xml_only_elements(n);
}

static const struct _xmlNode *subject_of(const struct _xmlNode *assertion)
{
    return xml_child(assertion, SAML, "Subject");
}

static bool subject_is_there(struct saml_answer *m, const struct _xmlNode *n, struct fail *f)
{
    return subject_of(n) != NULL;
}

static bool subject_in_order(struct saml_answer *m, const struct _xmlNode *n, struct fail *f)
{
    static const struct part named[] = { { SAML, "NameID", 0, 1 },
                                         { SAML, "EncryptedID", 0, 1 },
                                         { SAML, "SubjectConfirmation", 0, 0 },
                                         { NULL, NULL, 0, 0 } };
    const struct _xmlNode *subject = subject_of(n);

    return in_order(subject, named) &&
           children_named(subject, SAML, "NameID") + children_named(subject, SAML, "EncryptedID") <= 1;
}

/* What keeps a bearer confirmation from being good here and now [SAML profiles
 * 4.1.4.3]; NULL when nothing does, with its end in *ends_ms. */
static const char *confirmation_trouble(struct saml_answer *m, const struct _xmlNode *data, int64_t *ends_ms)
{
    if (data == NULL)
        return "confirmation_data";
    if (!str_eq(token(m, data, "Recipient"), m->rules->acs))
        return "confirmation_recipient";
    if (!str_eq(token(m, data, "InResponseTo"), m->rules->request_id))
        return "confirmation_in_response_to";
    if (attr(m, data, "NotBefore").p != NULL)
        return "confirmation_not_before";
    if (!attr_time(m, data, "NotOnOrAfter", ends_ms))
        return "confirmation_not_on_or_after";
    return !is_to_come(m, *ends_ms) ? "confirmation_expired" : NULL;
}

/* One good bearer confirmation is enough; the first bad one says why when there is none. */
static bool is_confirmed(struct saml_answer *m, const struct _xmlNode *n, struct fail *f)
{
    const char *why = NULL;

    for (const struct _xmlNode *c = xml_first(subject_of(n)); c != NULL; c = xml_next(c)) {
        int64_t ends_ms = 0;
        if (!is_saml(c, "SubjectConfirmation") || !str_eq(token(m, c, "Method"), S(BEARER)))
            continue;
        const char *trouble = confirmation_trouble(m, xml_child(c, SAML, "SubjectConfirmationData"), &ends_ms);
        if (trouble == NULL) {
            m->out.ends_s = (ends_ms + 999) / 1000 + m->rules->skew_s;
            return true;
        }
        why = why != NULL ? why : trouble;
    }
    return why != NULL &&
           fail(f, FAIL_UPSTREAM, why, "the bearer confirmation is not for this answer, here and now%s", m->off);
}

static const struct _xmlNode *conditions_of(const struct _xmlNode *assertion)
{
    return xml_child(assertion, SAML, "Conditions");
}

static bool conditions_are_there(struct saml_answer *m, const struct _xmlNode *n, struct fail *f)
{
    return conditions_of(n) != NULL;
}

static bool conditions_have_begun(struct saml_answer *m, const struct _xmlNode *n, struct fail *f)
{
    const struct _xmlNode *c = conditions_of(n);
    int64_t ms;

    return attr(m, c, "NotBefore").p == NULL || (attr_time(m, c, "NotBefore", &ms) && has_come(m, ms));
}

static bool conditions_have_not_ended(struct saml_answer *m, const struct _xmlNode *n, struct fail *f)
{
    const struct _xmlNode *c = conditions_of(n);
    int64_t begin, end;

    if (attr(m, c, "NotOnOrAfter").p == NULL)
        return true;
    if (!attr_time(m, c, "NotOnOrAfter", &end) || !is_to_come(m, end))
        return false;
    int64_t last = (end + 999) / 1000 + m->rules->skew_s;
    m->out.ends_s = last < m->out.ends_s ? last : m->out.ends_s;
    return !attr_time(m, c, "NotBefore", &begin) || begin < end;
}

/* OneTimeUse holds for everything here; a condition that we do not know is not met [SAML core 2.5.1]. */
static bool conditions_are_known(struct saml_answer *m, const struct _xmlNode *n, struct fail *f)
{
    const struct _xmlNode *conditions = conditions_of(n);

    for (const struct _xmlNode *c = xml_first(conditions); c != NULL; c = xml_next(c))
        if (!is_saml(c, "AudienceRestriction") && !is_saml(c, "OneTimeUse") && !is_saml(c, "ProxyRestriction"))
            return false;
    return xml_only_elements(conditions) && children_named(conditions, SAML, "OneTimeUse") <= 1 &&
           children_named(conditions, SAML, "ProxyRestriction") <= 1;
}

/* xs:nonNegativeInteger above zero, in any of its spellings: "1", "+01". */
static bool is_positive(struct str text)
{
    bool above = false;

    if (str_has_prefix(text, S("+")))
        text = str_from(text, 1);
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return false;
        above = above || text.p[i] != '0';
    }
    return above;
}

/* We are a proxy: what a service hears from us rests on this assertion.  A city that allows no step further, or
 * names those who may hear it, has not allowed us to tell our services [SAML core 2.5.1.6]. */
static bool proxying_is_allowed(struct saml_answer *m, const struct _xmlNode *n, struct fail *f)
{
    const struct _xmlNode *restriction = xml_child(conditions_of(n), SAML, "ProxyRestriction");

    if (restriction == NULL)
        return true;
    struct str count = token(m, restriction, "Count");
    if (count.p != NULL && !is_positive(count))
        return fail(f, FAIL_UPSTREAM, "proxy_restriction", "ProxyRestriction: Count is \"%.*s\"", STR_ARG(count));
    return xml_first(restriction) == NULL && xml_only_elements(restriction);
}

static bool audience_is_restricted(struct saml_answer *m, const struct _xmlNode *n, struct fail *f)
{
    return children_named(conditions_of(n), SAML, "AudienceRestriction") > 0;
}

static bool names_us(const struct saml_answer *m, const struct _xmlNode *restriction)
{
    bool named = false;

    for (const struct _xmlNode *c = xml_first(restriction); c != NULL; c = xml_next(c)) {
        if (!is_saml(c, "Audience"))
            return false;
        named = named || str_eq(leaf_uri(m, c), m->rules->sp);
    }
    return named && xml_only_elements(restriction);
}

/* Each restriction must name us: several are a conjunction [SAML core 2.5.1.4]. */
static bool audience_is_us(struct saml_answer *m, const struct _xmlNode *n, struct fail *f)
{
    for (const struct _xmlNode *c = xml_first(conditions_of(n)); c != NULL; c = xml_next(c))
        if (is_saml(c, "AudienceRestriction") && !names_us(m, c))
            return false;
    return true;
}

/* [saml2int: exactly one AuthnStatement] */
static bool one_authn_statement(struct saml_answer *m, const struct _xmlNode *n, struct fail *f)
{
    return children_named(n, SAML, "AuthnStatement") == 1;
}

static const struct _xmlNode *authn_of(const struct _xmlNode *assertion)
{
    return xml_child(assertion, SAML, "AuthnStatement");
}

static bool authenticated_before(struct saml_answer *m, const struct _xmlNode *n, struct fail *f)
{
    int64_t ms;

    if (!attr_time(m, authn_of(n), "AuthnInstant", &ms) || !has_come(m, ms))
        return false;
    m->out.authenticated_s = ms / 1000;
    return true;
}

static bool session_goes_on(struct saml_answer *m, const struct _xmlNode *n, struct fail *f)
{
    int64_t ms;

    if (attr(m, authn_of(n), "SessionNotOnOrAfter").p == NULL)
        return true;
    if (!attr_time(m, authn_of(n), "SessionNotOnOrAfter", &ms) || !is_to_come(m, ms))
        return false;
    m->out.session_ends_s = ms / 1000;
    return true;
}

static bool context_is_stated(struct saml_answer *m, const struct _xmlNode *n, struct fail *f)
{
    const struct _xmlNode *context = xml_child(authn_of(n), SAML, "AuthnContext");

    if (context == NULL || children_named(context, SAML, "AuthnContextClassRef") > 1)
        return false;
    const struct _xmlNode *class = xml_child(context, SAML, "AuthnContextClassRef");
    if (class != NULL && leaf(m, class).p == NULL)
        return false;
    if (class != NULL)
        m->out.context = leaf_uri(m, class);
    return true;
}

/* An expiry decades ahead would want a replay mark that lives as long. */
static bool lifetime_is_short(struct saml_answer *m, const struct _xmlNode *n, struct fail *f)
{
    int64_t issued_ms;

    if (!attr_time(m, n, "IssueInstant", &issued_ms))
        return false;
    m->out.issued_s = issued_ms / 1000;
    return m->out.ends_s - m->rules->skew_s - m->out.issued_s <= SAML_LIFETIME_MAX_S + m->rules->skew_s;
}

/* [SAML core 2.3–2.7, profiles 4.1.4.2–3] */
static const struct rule assertion_rules[] = {
    { "assertion_count", "not exactly one assertion", is_assertion },
    { "assertion_version", "Assertion: Version is not 2.0", version_is_2 },
    { "assertion_id", "Assertion: ID is missing or not a name", id_is_name },
    { "assertion_issue_instant", "Assertion: IssueInstant is no UTC time, is to come, or is too long ago", issued_now },
    { "assertion_structure", "Assertion: children are unknown, repeated or out of order", assertion_in_order },
    { "assertion_issuer", "Assertion: Issuer is not the identity provider that was asked", assertion_issuer_is_asked },
    { "subject_missing", "Assertion: no Subject", subject_is_there },
    { "subject_structure", "Subject: not one NameID or EncryptedID and confirmations", subject_in_order },
    { "confirmation_missing", "Subject: no bearer confirmation", is_confirmed },
    { "conditions_missing", "Assertion: no Conditions", conditions_are_there },
    { "conditions_not_before", "Conditions: not valid yet, or NotBefore is no UTC time", conditions_have_begun },
    { "conditions_not_on_or_after", "Conditions: valid no more, or the times make no sense",
      conditions_have_not_ended },
    { "conditions_unknown", "Conditions: a condition that we do not know", conditions_are_known },
    { "proxy_restriction", "ProxyRestriction: the assertion may not be used to tell services who somebody is",
      proxying_is_allowed },
    { "audience_missing", "Conditions: no AudienceRestriction", audience_is_restricted },
    { "audience", "Conditions: the assertion is for somebody else", audience_is_us },
    { "authn_statement", "Assertion: not exactly one AuthnStatement", one_authn_statement },
    { "authn_instant", "AuthnStatement: AuthnInstant is no UTC time, or is to come", authenticated_before },
    { "session_over", "AuthnStatement: the session has ended", session_goes_on },
    { "authn_context", "AuthnStatement: not one AuthnContext with at most one class", context_is_stated },
    { "lifetime", "the assertion lives longer than a day", lifetime_is_short },
    { NULL, NULL, NULL },
};

/* --- names and attributes --------------------------------------------------- */

/* A name counts among the names that one identity provider has for one service: the same text with other qualifiers
 * is somebody else's [SAML core 2.2.2, 8.3.7].  Left out, both mean the two who speak here; so does an empty text,
 * which some libraries write for it. */
static bool names_for_us(const struct saml_answer *m, const struct _xmlNode *n)
{
    struct str by = attr(m, n, "NameQualifier"), to = attr(m, n, "SPNameQualifier");
    bool persistent = str_eq(token(m, n, "Format"), S(SAML_PERSISTENT));

    return (!str_is_set(to) || str_eq(to, m->rules->sp)) &&
           (!persistent || !str_is_set(by) || str_eq(by, m->rules->issuer));
}

/* A name is one line: its bytes are the person [XML Schema 2: white space of a string stays]. */
static bool has_control(struct str text)
{
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.p[i] < 0x20 || text.p[i] == 0x7f)
            return true;
    return false;
}

static bool read_name_id(struct saml_answer *m, const struct _xmlNode *n, struct fail *f)
{
    struct saml_assertion *out = &m->out;

    if (!is_saml(n, "NameID"))
        return fail(f, FAIL_UPSTREAM, "subject_structure", "what was encrypted is no NameID");
    out->name_id = leaf(m, n);
    if (str_trim(out->name_id).n == 0 || has_control(out->name_id))
        return fail(f, FAIL_UPSTREAM, "name_id", "NameID is empty, not a text, or holds control characters");
    if (!names_for_us(m, n))
        return fail(f, FAIL_UPSTREAM, "name_id_qualifier", "NameID is \"%.*s\"'s name for \"%.*s\"",
                    STR_ARG(attr(m, n, "NameQualifier")), STR_ARG(attr(m, n, "SPNameQualifier")));
    out->name_id_format = token(m, n, "Format");
    out->name_id_qualifier = attr(m, n, "NameQualifier");
    out->name_id_sp_qualifier = attr(m, n, "SPNameQualifier");
    return true;
}

static bool is_nil(const struct saml_answer *m, const struct _xmlNode *value)
{
    struct str nil = xml_collapsed(m->arena, xml_attr(m->arena, value, XSI, "nil"));

    return str_eq(nil, S("true")) || str_eq(nil, S("1"));
}

/* A value is a text.  Of elements, one NameID alone is read (eduPersonTargetedID has it), and only the name that the
 * identity provider has for us; white space around it is layout.  What any other element means we do not know: its
 * texts, read one after another, would say what nobody has said. */
static struct str value_text(const struct saml_answer *m, const struct _xmlNode *value)
{
    const struct _xmlNode *only = xml_first(value);
    struct str none = { NULL, 0 };

    if (only == NULL)
        return xml_text(m->arena, value);
    if (!is_saml(only, "NameID") || xml_next(only) != NULL || !xml_only_elements(value) || !names_for_us(m, only))
        return none;
    return leaf(m, only);
}

static struct saml_attribute *attribute_named(struct saml_answer *m, struct str name)
{
    struct saml_assertion *out = &m->out;

    for (size_t i = 0; i < out->attribute_count; i++)
        if (str_eq(out->attributes[i].name, name))
            return &out->attributes[i];
    if (out->attribute_count == m->attribute_cap) {
        m->attribute_cap = m->attribute_cap * 2 + 16;
        struct saml_attribute *more = arena_make_n(m->arena, m->attribute_cap, struct saml_attribute);
        for (size_t i = 0; i < out->attribute_count; i++)
            more[i] = out->attributes[i];
        out->attributes = more;
    }
    struct saml_attribute *made = &out->attributes[out->attribute_count++];
    *made = (struct saml_attribute){ .name = name };
    return made;
}

/* Grows by doubling: a name may come a thousand times with one value each. */
static void add_value(struct saml_answer *m, struct saml_attribute *to, struct str value)
{
    size_t n = to->value_count;

    if ((n & (n - 1)) == 0) {
        struct str *more = arena_make_n(m->arena, n == 0 ? 1 : n * 2, struct str);
        for (size_t i = 0; i < n; i++)
            more[i] = to->values[i];
        to->values = more;
    }
    to->values[to->value_count++] = value;
}

static bool read_attribute(struct saml_answer *m, const struct _xmlNode *n, struct fail *f)
{
    struct str name = attr(m, n, "Name");

    if (!is_saml(n, "Attribute") || !str_is_set(name))
        return fail(f, FAIL_UPSTREAM, "attribute_name", "an attribute without a name");
    struct saml_attribute *to = attribute_named(m, name);
    for (const struct _xmlNode *c = xml_first(n); c != NULL; c = xml_next(c)) {
        if (!is_saml(c, "AttributeValue"))
            return fail(f, FAIL_UPSTREAM, "attribute_structure", "an attribute holds something else than values");
        struct str text = is_nil(m, c) ? (struct str){ NULL, 0 } : value_text(m, c);
        if (text.p != NULL)
            add_value(m, to, text);
    }
    return true;
}

/* --- the order of things ---------------------------------------------------- */

static enum saml_state refused(void)
{
    return SAML_REFUSED;
}

static enum saml_state want_key(struct saml_answer *m, const struct _xmlNode *holder, struct fail *f)
{
    if (m->unwraps++ >= SAML_UNWRAPS_MAX) {
        (void)fail(f, FAIL_UPSTREAM, "enc_too_many", "more than %d encrypted elements", SAML_UNWRAPS_MAX);
        return refused();
    }
    return xmlenc_read(m->arena, holder, &m->pending, f) ? SAML_NEEDS_KEY : refused();
}

/* Where reading stands: the next Attribute or EncryptedAttribute, over all statements. */
static void next_attribute(struct saml_answer *m)
{
    if (m->attribute != NULL)
        m->attribute = xml_next(m->attribute);
    while (m->attribute == NULL && m->statement != NULL) {
        m->statement = xml_next(m->statement);
        if (m->statement != NULL && is_saml(m->statement, "AttributeStatement"))
            m->attribute = xml_first(m->statement);
    }
}

static enum saml_state read_attributes(struct saml_answer *m, struct fail *f)
{
    for (; m->attribute != NULL; next_attribute(m)) {
        if (is_saml(m->attribute, "EncryptedAttribute"))
            return want_key(m, m->attribute, f);
        if (!read_attribute(m, m->attribute, f))
            return refused();
    }
    m->proven = true;
    return SAML_PROVEN;
}

static enum saml_state begin_attributes(struct saml_answer *m, struct fail *f)
{
    m->name_read = true;
    m->statement = xml_first(m->assertion.element);
    next_attribute(m);
    return read_attributes(m, f);
}

/* Reads what is proven, and nothing else. */
static enum saml_state read_assertion(struct saml_answer *m, struct fail *f)
{
    const struct _xmlNode *n = m->assertion.element;

    if (!rules_hold(assertion_rules, m, n, f))
        return refused();
    m->out.id = attr(m, n, "ID");
    m->out.issuer = m->rules->issuer;
    m->out.key = keyring_print(m->rules->keys, m->assertion.key);
    m->out.session_index = attr(m, authn_of(n), "SessionIndex");
    const struct _xmlNode *name = xml_child(subject_of(n), SAML, "NameID");
    const struct _xmlNode *hidden = xml_child(subject_of(n), SAML, "EncryptedID");
    if (hidden != NULL)
        return want_key(m, hidden, f);
    return name == NULL || read_name_id(m, name, f) ? begin_attributes(m, f) : refused();
}

/* node: the Assertion as it came.  Its own signature must hold if it has one; it
 * is proven by that, or else by the Response's (by_response). */
static bool prove_assertion(struct saml_answer *m, const struct _xmlNode *node, struct signed_xml by_response,
                            struct fail *f)
{
    if (!is_assertion(m, node, f) || xml_count(node, DS, "Signature") != children_named(node, DS, "Signature"))
        return fail(f, FAIL_UPSTREAM, "assertion_count", "not exactly one assertion with its own signature");
    if (!assertion_in_order(m, node, f))
        return fail(f, FAIL_UPSTREAM, "assertion_structure", "children are unknown, repeated or out of order");
    m->out.assertion_signed = dsig_present(node);
    if (m->out.assertion_signed)
        return dsig_verify(m->arena, node, m->rules->keys, &m->assertion, f);
    m->assertion = by_response;
    return m->assertion.element != NULL ||
           fail(f, FAIL_UPSTREAM, "sig_missing", "neither the Response nor the Assertion is signed");
}

/* The Response's own signature, and its conditions once more on what it proved. */
static bool prove_response(struct saml_answer *m, struct fail *f)
{
    if (!m->response_signed)
        return true;
    m->out.response_signed = true;
    return dsig_verify(m->arena, m->root, m->rules->keys, &m->response, f) &&
           rules_hold(response_rules, m, m->response.element, f);
}

enum saml_state saml_open(struct arena *a, struct str raw, const struct saml_rules *rules, struct saml_answer **out,
                          struct fail *f)
{
    struct saml_answer *m = arena_make(a, struct saml_answer);

    *out = m;
    m->arena = a;
    m->rules = rules;
    m->most_B = rules->message_max_B != 0 ? rules->message_max_B : XML_MESSAGE_MAX_B;
    struct _xmlDoc *doc = xml_parse(a, raw, m->most_B, f);
    if (doc == NULL)
        return refused();
    m->root = xml_root(doc);
    m->response_signed = dsig_present(m->root);
    if (!rules_hold(response_rules, m, m->root, f) || !prove_response(m, f))
        return refused();
    m->holder = xml_child(m->root, SAML, "EncryptedAssertion");
    m->encrypted = m->out.encrypted = m->holder != NULL;
    if (m->encrypted)
        return want_key(m, m->holder, f);
    if (rules->want_encrypted) {
        (void)fail(f, FAIL_UPSTREAM, "assertion_in_the_clear", "this identity provider must encrypt");
        return refused();
    }
    const struct _xmlNode *clear = xml_child(m->root, SAML, "Assertion");
    return prove_assertion(m, clear, signed_child(m->response, SAML, "Assertion"), f) ? read_assertion(m, f)
                                                                                      : refused();
}

/* The text is decrypted where it stood in the message, since a signature in it
 * was made there; without one it counts only as part of the proven Response. */
static enum saml_state opened_assertion(struct saml_answer *m, struct str key, struct fail *f)
{
    const struct _xmlNode *node = xmlenc_open(m->arena, &m->pending, key, m->most_B, f);
    struct signed_xml by_response = { NULL, 0 };
    struct encrypted again;

    if (node == NULL)
        return refused();
    struct signed_xml holder = signed_child(m->response, SAML, "EncryptedAssertion");
    if (holder.element != NULL && !dsig_present(node)) {
        if (!xmlenc_read(m->arena, holder.element, &again, f))
            return refused();
        by_response = xmlenc_open_signed(m->arena, holder, &again, key, m->most_B, f);
        if (by_response.element == NULL)
            return refused();
    }
    return prove_assertion(m, node, by_response, f) ? read_assertion(m, f) : refused();
}

/* An encrypted name or attribute is part of the proven assertion. */
static enum saml_state opened_part(struct saml_answer *m, struct str key, struct fail *f)
{
    const struct _xmlNode *node = xmlenc_open(m->arena, &m->pending, key, m->most_B, f);

    if (node == NULL)
        return refused();
    if (!m->name_read)
        return read_name_id(m, node, f) ? begin_attributes(m, f) : refused();
    if (!read_attribute(m, node, f))
        return refused();
    next_attribute(m);
    return read_attributes(m, f);
}

enum saml_state saml_unwrapped(struct saml_answer *m, struct str content_key, struct fail *f)
{
    return m->assertion.element == NULL ? opened_assertion(m, content_key, f) : opened_part(m, content_key, f);
}

const struct encrypted *saml_wrapped(const struct saml_answer *m)
{
    return &m->pending;
}

const struct saml_assertion *saml_assertion(const struct saml_answer *m)
{
    return m != NULL && m->proven ? &m->out : NULL;
}

struct str saml_claimed_issuer(struct arena *a, struct str raw, size_t most_B)
{
    struct fail ignored = { 0 };
    struct saml_answer m = { .arena = a };
    struct _xmlDoc *doc = xml_parse(a, raw, most_B != 0 ? most_B : XML_MESSAGE_MAX_B, &ignored);
    const struct _xmlNode *root = doc != NULL ? xml_root(doc) : NULL;

    if (root == NULL || !xml_is(root, SAMLP, "Response"))
        return (struct str){ NULL, 0 };
    const struct _xmlNode *issuer = xml_child(root, SAML, "Issuer"), *assertion = xml_child(root, SAML, "Assertion");
    if (issuer == NULL && assertion != NULL)
        issuer = xml_child(assertion, SAML, "Issuer");
    return leaf(&m, issuer);
}

bool saml_decode(struct arena *a, struct str posted, size_t most_B, struct str *out, struct fail *f)
{
    if (posted.n / 2 > most_B) /* base64 and line breaks together do not double it */
        return fail(f, FAIL_UPSTREAM, "message_size", "%zu bytes of base64", posted.n);
    if (!xml_base64(a, posted, out))
        return fail(f, FAIL_UPSTREAM, "message_base64", "the message is not base64");
    return true;
}
