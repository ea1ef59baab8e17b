/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/saml_ask.h"

#include "base/crypt.h"
#include "wire/saml.h"

#include <zlib.h>

#define SAML    SAML_NS_ASSERTION
#define SAMLP   SAML_NS_PROTOCOL
#define DS      "http://www.w3.org/2000/09/xmldsig#"
#define SOAP    "http://schemas.xmlsoap.org/soap/envelope/"
#define ENTITY  "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"
#define STATUS  "urn:oasis:names:tc:SAML:2.0:status:"
#define ASLO    "urn:oasis:names:tc:SAML:2.0:protocol:ext:async-slo"
#define DEFLATE "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE"

enum { ID_MAX_B = 256, INDEX_MAX = 65535, PROXY_COUNT_MAX = 1000000 };

struct saml_ask {
    struct arena *arena;
    enum saml_ask_kind kind;
    enum saml_binding binding;
    const struct _xmlNode *top;  /* of the document: the envelope, or the message */
    const struct _xmlNode *root; /* the message as it came */
    struct str relay_state;
    bool is_answer;                          /* came as SAMLResponse */
    struct str octets, algorithm, signature; /* of a Redirect; absent: unsigned */
    size_t message_max_B;
    struct encrypted wrapped;
    /* while it is read */
    const struct saml_ask_rules *rules;
    bool is_signed;
    struct str key;
    union {
        struct saml_login_asked *login;
        struct saml_logout_asked *logout;
        struct saml_logged_out *logged_out;
    } out;
};

static bool refuse(struct fail *f, const char *code, const char *why)
{
    return fail(f, FAIL_CALLER, code, "%s", why);
}

/* Whoever reads XML and signatures speaks of cities; here it was the caller. */
static bool of_caller(bool ok, struct fail *f)
{
    if (!ok && f->kind == FAIL_UPSTREAM)
        f->kind = FAIL_CALLER;
    return ok;
}

/* --- words ---------------------------------------------------------------------- */

static struct str attr(const struct saml_ask *m, const struct _xmlNode *n, const char *name)
{
    return xml_attr(m->arena, n, NULL, name);
}

static struct str token(const struct saml_ask *m, const struct _xmlNode *n, const char *name)
{
    return xml_collapsed(m->arena, attr(m, n, name));
}

static struct str leaf(const struct saml_ask *m, const struct _xmlNode *n)
{
    return n != NULL && xml_first(n) == NULL ? xml_text(m->arena, n) : (struct str){ NULL, 0 };
}

static struct str leaf_uri(const struct saml_ask *m, const struct _xmlNode *n)
{
    return xml_collapsed(m->arena, leaf(m, n));
}

static bool has_controls(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
            return true;
    return false;
}

/* xs:boolean; absent is false. */
static bool flag(const struct saml_ask *m, const struct _xmlNode *n, const char *name, bool *out)
{
    struct str said = token(m, n, name);

    *out = str_eq(said, S("true")) || str_eq(said, S("1"));
    return *out || said.p == NULL || str_eq(said, S("false")) || str_eq(said, S("0"));
}

/* A number from 0 to most; -1 where nothing is said. */
static bool number(const struct saml_ask *m, const struct _xmlNode *n, const char *name, int64_t most, int64_t *out)
{
    struct str said = token(m, n, name);

    *out = -1;
    return said.p == NULL || (str_int(said, out) && *out >= 0 && *out <= most);
}

struct part {
    const char *ns, *name;
    size_t most; /* 0: any number */
};

static bool in_order(const struct _xmlNode *n, const struct part *parts)
{
    const struct _xmlNode *c = xml_first(n);

    for (; parts->ns != NULL; parts++) {
        size_t count = 0;
        for (; c != NULL && xml_is(c, parts->ns, parts->name); c = xml_next(c))
            count++;
        if (parts->most != 0 && count > parts->most)
            return false;
    }
    return c == NULL && xml_only_elements(n);
}

/* --- opening: what every binding comes to ------------------------------------------- */

static const struct {
    const char *name;
    enum saml_ask_kind kind;
    bool is_answer;
} kinds[] = {
    { "AuthnRequest", SAML_ASK_LOGIN, false },
    { "LogoutRequest", SAML_ASK_LOGOUT, false },
    { "LogoutResponse", SAML_ASK_LOGGED_OUT, true },
};

static bool settle(struct saml_ask *m, const struct _xmlNode *top, const struct _xmlNode *root, struct fail *f)
{
    m->top = top;
    m->root = root;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (xml_is(root, SAMLP, kinds[i].name)) {
            m->kind = kinds[i].kind;
            return m->binding != SAML_REDIRECT || m->is_answer == kinds[i].is_answer ||
                   refuse(f, "ask_message", "a request as SAMLResponse, or an answer as SAMLRequest");
        }
    return fail(f, FAIL_CALLER, "ask_message", "%.40s is no message that services send", xml_name(root));
}

static struct saml_ask *begin(struct arena *a, enum saml_binding binding, size_t most_B)
{
    struct saml_ask *m = arena_make(a, struct saml_ask);

    m->arena = a;
    m->binding = binding;
    m->message_max_B = most_B != 0 ? most_B : XML_MESSAGE_MAX_B;
    return m;
}

static bool relay_state_ok(struct str state, struct fail *f)
{
    return (state.n <= SAML_RELAY_STATE_MAX_B && !has_controls(state)) ||
           refuse(f, "ask_relay_state", "RelayState is too long or has control characters");
}

static bool parse_message(struct saml_ask *m, struct str text, struct fail *f)
{
    const struct _xmlDoc *doc = xml_parse(m->arena, text, m->message_max_B, f);

    return of_caller(doc != NULL, f) && settle(m, xml_root(doc), xml_root(doc), f);
}

bool saml_ask_post(struct arena *a, struct str posted, struct str relay_state, size_t most_B, struct saml_ask **out,
                   struct fail *f)
{
    struct saml_ask *m = begin(a, SAML_POST, most_B);
    struct str text;

    *out = m;
    m->relay_state = relay_state;
    return relay_state_ok(relay_state, f) && of_caller(saml_decode(a, posted, m->message_max_B, &text, f), f) &&
           parse_message(m, text, f);
}

/* --- SOAP ------------------------------------------------------------------------ */

/* A header that must be understood is none that we do [SOAP 1.1, 4.2.3]. */
static bool headers_ok(const struct saml_ask *m, const struct _xmlNode *header)
{
    for (const struct _xmlNode *c = header != NULL ? xml_first(header) : NULL; c != NULL; c = xml_next(c)) {
        struct str must = str_trim(xml_attr(m->arena, c, SOAP, "mustUnderstand"));
        if (must.p != NULL && !str_eq(must, S("0")))
            return false;
    }
    return true;
}

static const struct _xmlNode *body_of(const struct saml_ask *m, const struct _xmlNode *envelope)
{
    static const struct part parts[] = { { SOAP, "Header", 1 }, { SOAP, "Body", 1 }, { NULL, NULL, 0 } };
    const struct _xmlNode *body = xml_is(envelope, SOAP, "Envelope") ? xml_child(envelope, SOAP, "Body") : NULL;
    const struct _xmlNode *message = body != NULL ? xml_first(body) : NULL;
    bool alone = message != NULL && xml_next(message) == NULL && xml_only_elements(body);

    return alone && in_order(envelope, parts) && headers_ok(m, xml_child(envelope, SOAP, "Header")) ? message : NULL;
}

bool saml_ask_soap(struct arena *a, struct str envelope, size_t most_B, struct saml_ask **out, struct fail *f)
{
    struct saml_ask *m = begin(a, SAML_SOAP, most_B);

    *out = m;
    const struct _xmlDoc *doc = xml_parse(a, envelope, m->message_max_B, f);
    if (!of_caller(doc != NULL, f))
        return false;
    const struct _xmlNode *message = body_of(m, xml_root(doc));
    return message != NULL ? settle(m, xml_root(doc), message, f)
                           : refuse(f, "ask_soap", "no SOAP envelope with one message");
}

/* --- Redirect ---------------------------------------------------------------------- */

enum { PARAM_REQUEST = 0, PARAM_RESPONSE, PARAM_RELAY_STATE, PARAM_ALGORITHM, PARAM_SIGNATURE, PARAM_ENCODING, PARAMS };

static const char *const param_names[PARAMS] = { "SAMLRequest", "SAMLResponse", "RelayState",
                                                 "SigAlg",      "Signature",    "SAMLEncoding" };

struct param {
    struct str whole, value; /* "name=value", "value", as they came; absent: it is not there */
};

/* Others are passed over; one of ours that comes twice could be signed once and read once. */
static bool split_query(struct str query, struct param *params)
{
    struct str part;

    while (str_split(&query, '&', &part)) {
        size_t equals = str_find_byte(part, '=', 0);
        for (int i = 0; i < PARAMS; i++) {
            if (!str_eq(str_sub(part, 0, equals), str_of(param_names[i])))
                continue;
            if (params[i].whole.p != NULL)
                return false;
            params[i] = (struct param){ part, str_from(part, equals + 1) };
        }
    }
    return (params[PARAM_REQUEST].whole.p != NULL) != (params[PARAM_RESPONSE].whole.p != NULL);
}

static int hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* plus: what stands for '+': a space in text, itself in base64, where senders forget to escape it. */
static bool unescaped(struct arena *a, struct str text, char plus, struct str *out)
{
    char *p = arena_alloc(a, text.n + 1);
    size_t n = 0;

    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i] == '+' ? plus : text.p[i];
        if (c == '%') {
            int high = i + 2 < text.n ? hex(text.p[i + 1]) : -1, low = high >= 0 ? hex(text.p[i + 2]) : -1;
            if (low < 0)
                return false;
            c = (char)(high * 16 + low);
            i += 2;
        }
        p[n++] = c;
    }
    *out = str_n(p, n);
    return str_is_utf8(*out);
}

/* Never writes more than one byte over the bound, whatever the stream would unfold to. */
static bool inflated(struct arena *a, struct str packed, size_t most_B, struct str *out)
{
    z_stream z = { 0 };
    size_t room = packed.n > most_B / 16 ? most_B + 1 : packed.n * 16 + 1024;
    unsigned char *p = NULL;
    int code = Z_BUF_ERROR;

    room = room > most_B + 1 ? most_B + 1 : room;
    for (;; room = room * 4 > most_B + 1 ? most_B + 1 : room * 4) {
        p = arena_alloc(a, room);
        z = (z_stream){ .next_in = (Bytef *)arena_cstr(a, packed), .avail_in = (uInt)packed.n };
        if (inflateInit2(&z, -MAX_WBITS) != Z_OK)
            return false;
        z.next_out = p;
        z.avail_out = (uInt)room;
        code = inflate(&z, Z_FINISH);
        (void)inflateEnd(&z);
        if (z.avail_out > 0 || room > most_B)
            break;
    }
    *out = str_n(p, room - z.avail_out);
    return code == Z_STREAM_END && z.avail_in == 0 && out->n <= most_B;
}

static bool read_octets(struct saml_ask *m, const struct param *params, const struct param *message, struct fail *f)
{
    struct arena *a = m->arena;
    struct str base64;

    if ((params[PARAM_ALGORITHM].whole.p != NULL) != (params[PARAM_SIGNATURE].whole.p != NULL))
        return refuse(f, "ask_query_signature", "SigAlg without Signature, or Signature without SigAlg");
    if (params[PARAM_SIGNATURE].whole.p == NULL)
        return true;
    if (!unescaped(a, params[PARAM_ALGORITHM].value, ' ', &m->algorithm) ||
        !unescaped(a, params[PARAM_SIGNATURE].value, '+', &base64) || !xml_base64(a, base64, &m->signature))
        return refuse(f, "ask_encoding", "SigAlg or Signature is not whole");
    struct str state = params[PARAM_RELAY_STATE].whole;
    m->octets = arena_printf(a, "%.*s%s%.*s&%.*s", STR_ARG(message->whole), state.p != NULL ? "&" : "", STR_ARG(state),
                             STR_ARG(params[PARAM_ALGORITHM].whole));
    return true;
}

bool saml_ask_redirect(struct arena *a, struct str query, size_t most_B, struct saml_ask **out, struct fail *f)
{
    struct saml_ask *m = begin(a, SAML_REDIRECT, most_B);
    struct param params[PARAMS] = { 0 };
    struct str encoding = { NULL, 0 }, base64, packed, text;

    *out = m;
    if (query.n / 4 > m->message_max_B)
        return refuse(f, "message_size", "the query is too long");
    if (!split_query(query, params))
        return refuse(f, "ask_query", "not exactly one message, or a parameter twice");
    m->is_answer = params[PARAM_RESPONSE].whole.p != NULL;
    const struct param *message = &params[m->is_answer ? PARAM_RESPONSE : PARAM_REQUEST];
    if (!unescaped(a, message->value, '+', &base64) || !xml_base64(a, base64, &packed) ||
        (params[PARAM_ENCODING].whole.p != NULL &&
         (!unescaped(a, params[PARAM_ENCODING].value, ' ', &encoding) || !str_eq(encoding, S(DEFLATE)))))
        return refuse(f, "ask_encoding", "the message is not base64 of DEFLATE");
    if (params[PARAM_RELAY_STATE].whole.p != NULL &&
        !unescaped(a, params[PARAM_RELAY_STATE].value, ' ', &m->relay_state))
        return refuse(f, "ask_encoding", "RelayState is not percent-encoded UTF-8");
    if (!relay_state_ok(m->relay_state, f) || !read_octets(m, params, message, f))
        return false;
    if (!inflated(a, packed, m->message_max_B, &text))
        return refuse(f, "ask_deflate", "no DEFLATE stream, or one that unfolds to more than a message may have");
    return parse_message(m, text, f);
}

/* --- what is said of it before it is proven --------------------------------------------- */

enum saml_ask_kind saml_ask_kind(const struct saml_ask *m)
{
    return m->kind;
}

enum saml_binding saml_ask_binding(const struct saml_ask *m)
{
    return m->binding;
}

struct str saml_ask_issuer(const struct saml_ask *m)
{
    const struct _xmlNode *issuer = m->root != NULL ? xml_child(m->root, SAML, "Issuer") : NULL;

    return leaf_uri(m, issuer);
}

static void put_attributes(const struct saml_ask *m, const struct _xmlNode *n, const char *of, saml_part_fn *put,
                           void *with)
{
    static const char *const known[] = { "Version",
                                         "IssueInstant",
                                         "Destination",
                                         "AssertionConsumerServiceURL",
                                         "AssertionConsumerServiceIndex",
                                         "ProtocolBinding",
                                         "AttributeConsumingServiceIndex",
                                         "ForceAuthn",
                                         "IsPassive",
                                         "Format",
                                         "AllowCreate",
                                         "Comparison" };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct str value = attr(m, n, known[i]);
        if (value.p != NULL)
            put(with, arena_cstr(m->arena, arena_printf(m->arena, "%s.%s", of, known[i])), value);
    }
}

/* By whose key it says that it was signed, as keyring_print() has it. */
static struct str certificate_print(const struct saml_ask *m, const struct _xmlNode *signature)
{
    static const char *const path[] = { "KeyInfo", "X509Data", "X509Certificate" };
    struct str der;
    struct certificate is = { .print = { NULL, 0 } };

    for (size_t i = 0; signature != NULL && i < sizeof path / sizeof *path; i++)
        signature = xml_child(signature, DS, path[i]);
    if (signature != NULL && xml_base64(m->arena, leaf(m, signature), &der))
        (void)certificate_read(m->arena, der, &is);
    return is.print;
}

enum { OUTLINE_MAX = 24 };

void saml_ask_outline(const struct saml_ask *m, saml_part_fn *put, void *with)
{
    const struct _xmlNode *n = m->root != NULL ? xml_first(m->root) : NULL;

    if (m->root == NULL)
        return;
    put_attributes(m, m->root, xml_name(m->root), put, with);
    for (size_t i = 0; n != NULL && i < OUTLINE_MAX; i++, n = xml_next(n)) {
        put(with, xml_name(n), xml_is(n, SAML, "Issuer") ? leaf_uri(m, n) : (struct str){ NULL, 0 });
        if (xml_is(n, DS, "Signature"))
            put(with, SAML_PART_KEY_NAMED, certificate_print(m, n));
        if (!xml_is(n, SAMLP, "NameIDPolicy") && !xml_is(n, SAMLP, "RequestedAuthnContext"))
            continue;
        put_attributes(m, n, xml_name(n), put, with);
        for (const struct _xmlNode *in = xml_first(n); in != NULL && i < OUTLINE_MAX; in = xml_next(in), i++)
            put(with, xml_name(in), leaf_uri(m, in));
    }
    put(with, "SigAlg", m->algorithm);
}

struct str saml_ask_id(const struct saml_ask *m)
{
    struct str id = m->root != NULL ? attr(m, m->root, "ID") : (struct str){ NULL, 0 };

    return id.n <= ID_MAX_B && xml_is_ncname(id) ? id : (struct str){ NULL, 0 };
}

struct str saml_ask_in_response_to(const struct saml_ask *m)
{
    return m->root != NULL ? token(m, m->root, "InResponseTo") : (struct str){ NULL, 0 };
}

struct str saml_ask_relay_state(const struct saml_ask *m)
{
    return m->relay_state;
}

bool saml_ask_has_signature(const struct saml_ask *m)
{
    return m->octets.p != NULL || (m->root != NULL && dsig_present(m->root));
}

/* --- rules --------------------------------------------------------------------------- */

struct rule {
    const char *code, *means;
    bool (*holds)(struct saml_ask *m, const struct _xmlNode *n, struct fail *f);
};

static bool rules_hold(const struct rule *rules, struct saml_ask *m, const struct _xmlNode *n, struct fail *f)
{
    for (; rules->code != NULL; rules++)
        if (!rules->holds(m, n, f))
            return refuse(f, rules->code, rules->means);
    return true;
}

static bool version_is_2(struct saml_ask *m, const struct _xmlNode *n, struct fail *f)
{
    return str_eq(attr(m, n, "Version"), S("2.0"));
}

static bool id_is_name(struct saml_ask *m, const struct _xmlNode *n, struct fail *f)
{
    struct str id = attr(m, n, "ID");

    return id.n <= ID_MAX_B && xml_is_ncname(id);
}

static bool issued_now(struct saml_ask *m, const struct _xmlNode *n, struct fail *f)
{
    const struct saml_ask_rules *r = m->rules;
    int64_t ms;

    return xml_time_ms(attr(m, n, "IssueInstant"), &ms) && ms <= (r->now_s + r->skew_s) * 1000 &&
           ms >= (r->now_s - r->skew_s - SAML_ASK_AGE_S) * 1000;
}

static bool issuer_is_service(struct saml_ask *m, const struct _xmlNode *n, struct fail *f)
{
    const struct _xmlNode *issuer = xml_child(n, SAML, "Issuer");
    struct str format = issuer != NULL ? token(m, issuer, "Format") : (struct str){ NULL, 0 };

    return issuer != NULL && (format.p == NULL || str_eq(format, S(ENTITY))) &&
           str_eq(leaf_uri(m, issuer), m->rules->issuer);
}

/* [SAML bindings 3.4.5.2, 3.5.5.2]; SOAP has its own address. */
static bool destination_is_here(struct saml_ask *m, const struct _xmlNode *n, struct fail *f)
{
    struct str to = token(m, n, "Destination");

    return to.p != NULL ? str_eq(to, m->rules->here) : m->binding == SAML_SOAP || !m->is_signed;
}

static bool children_in_order(struct saml_ask *m, const struct _xmlNode *n, struct fail *f)
{
    static const struct part login[] = {
        { SAML, "Issuer", 1 },
        { DS, "Signature", 1 },
        { SAMLP, "Extensions", 1 },
        { SAML, "Subject", 1 },
        { SAMLP, "NameIDPolicy", 1 },
        { SAML, "Conditions", 1 },
        { SAMLP, "RequestedAuthnContext", 1 },
        { SAMLP, "Scoping", 1 },
        { NULL, NULL, 0 },
    };
    static const struct part logout[] = {
        { SAML, "Issuer", 1 }, { DS, "Signature", 1 },     { SAMLP, "Extensions", 1 },   { SAML, "BaseID", 1 },
        { SAML, "NameID", 1 }, { SAML, "EncryptedID", 1 }, { SAMLP, "SessionIndex", 0 }, { NULL, NULL, 0 },
    };
    static const struct part logged_out[] = {
        { SAML, "Issuer", 1 },  { DS, "Signature", 1 }, { SAMLP, "Extensions", 1 },
        { SAMLP, "Status", 1 }, { NULL, NULL, 0 },
    };
    const struct part *parts[] = {
        [SAML_ASK_LOGIN] = login, [SAML_ASK_LOGOUT] = logout, [SAML_ASK_LOGGED_OUT] = logged_out
    };

    return in_order(n, parts[m->kind]);
}

/* [SAML core 3.2.1, 3.2.2] */
static const struct rule common_rules[] = {
    { "ask_version", "Version is not 2.0", version_is_2 },
    { "ask_id", "ID is missing, not a name, or too long", id_is_name },
    { "ask_issue_instant", "IssueInstant is no UTC time, is to come, or is too long ago", issued_now },
    { "ask_structure", "children are unknown, repeated or out of order", children_in_order },
    { "ask_issuer", "Issuer is not the service", issuer_is_service },
    { "ask_destination", "Destination is not the address that it came to", destination_is_here },
    { NULL, NULL, NULL },
};

/* --- proof --------------------------------------------------------------------------- */

/* A Signature elsewhere covers something that nobody reads, or is meant to be found first. */
static bool signature_in_place(const struct saml_ask *m)
{
    return xml_count(m->top, DS, "Signature") == (dsig_present(m->root) ? 1 : 0);
}

static bool prove_octets(struct saml_ask *m, const struct keyring *keys, struct fail *f)
{
    size_t key = 0;

    if (m->octets.p == NULL)
        return true;
    if (!dsig_verify_octets(m->arena, m->octets, m->algorithm, m->signature, keys, &key, f))
        return false;
    m->is_signed = true;
    m->key = keyring_print(keys, key);
    return true;
}

/* Gives what is to be read: the proven element, or the message as it came when its octets were proven or it may be
 * unsigned. */
static const struct _xmlNode *prove(struct saml_ask *m, bool must_be_signed, struct fail *f)
{
    const struct keyring *keys = m->rules->keys != NULL ? m->rules->keys : keyring_new(m->arena);
    struct signed_xml proven = { NULL, 0 };

    m->is_signed = false;
    m->key = (struct str){ NULL, 0 };
    if (!signature_in_place(m))
        return refuse(f, "ask_sig_place", "a Signature that is not the message's"), NULL;
    if (!of_caller(prove_octets(m, keys, f), f))
        return NULL;
    if (dsig_present(m->root)) {
        if (!of_caller(dsig_verify(m->arena, m->root, keys, &proven, f), f))
            return NULL;
        m->is_signed = true;
        m->key = keyring_print(keys, proven.key);
        return proven.element;
    }
    if (must_be_signed && !m->is_signed)
        return refuse(f, "ask_unsigned", "the service must sign this, and it did not"), NULL;
    return m->root;
}

static const struct _xmlNode *read_common(struct saml_ask *m, const struct saml_ask_rules *rules,
                                          enum saml_ask_kind kind, bool must_be_signed, struct fail *f)
{
    m->rules = rules;
    if (m->root == NULL || m->kind != kind)
        return refuse(f, "ask_message", "another message than was expected here"), NULL;
    const struct _xmlNode *n = prove(m, must_be_signed, f);
    return n != NULL && rules_hold(common_rules, m, n, f) ? n : NULL;
}

static int64_t issued_s(const struct saml_ask *m, const struct _xmlNode *n)
{
    int64_t ms = 0;

    (void)xml_time_ms(attr(m, n, "IssueInstant"), &ms);
    return ms / 1000;
}

/* --- AuthnRequest -------------------------------------------------------------------- */

/* [SAML core 3.4.1: URL and binding, or an index] */
static bool read_acs(struct saml_ask *m, const struct _xmlNode *n, struct fail *f)
{
    struct saml_login_asked *out = m->out.login;

    out->acs_url = token(m, n, "AssertionConsumerServiceURL");
    out->acs_binding = token(m, n, "ProtocolBinding");
    return number(m, n, "AssertionConsumerServiceIndex", INDEX_MAX, &out->acs_index) &&
           number(m, n, "AttributeConsumingServiceIndex", INDEX_MAX, &out->set_index) &&
           (out->acs_index < 0 || (out->acs_url.p == NULL && out->acs_binding.p == NULL));
}

static bool read_flags(struct saml_ask *m, const struct _xmlNode *n, struct fail *f)
{
    struct saml_login_asked *out = m->out.login;
    const struct _xmlNode *policy = xml_child(n, SAMLP, "NameIDPolicy");

    out->policy.said = policy != NULL;
    if (policy != NULL) {
        out->policy.format = token(m, policy, "Format");
        out->policy.sp_qualifier = attr(m, policy, "SPNameQualifier");
    }
    return flag(m, n, "ForceAuthn", &out->force) && flag(m, n, "IsPassive", &out->passive) &&
           (policy == NULL || flag(m, policy, "AllowCreate", &out->policy.may_create));
}

static bool read_name(struct saml_ask *m, const struct _xmlNode *n, struct saml_asked_name *out)
{
    *out = (struct saml_asked_name){ .value = leaf(m, n),
                                     .format = token(m, n, "Format"),
                                     .qualifier = attr(m, n, "NameQualifier"),
                                     .sp_qualifier = attr(m, n, "SPNameQualifier") };
    return str_is_set(out->value) && !has_controls(out->value);
}

/* One that is encrypted in a way that we do not read is nobody whom we know: the service hears that, once it is known.
 */
static void read_wrapped(struct saml_ask *m, const struct _xmlNode *hidden)
{
    struct fail unreadable = { 0 };

    if (xmlenc_read(m->arena, hidden, &m->wrapped, &unreadable))
        m->out.login->wrapped = &m->wrapped;
}

static bool read_subject(struct saml_ask *m, const struct _xmlNode *n, struct fail *f)
{
    struct saml_login_asked *out = m->out.login;
    const struct _xmlNode *subject = xml_child(n, SAML, "Subject");
    const struct _xmlNode *first = subject != NULL ? xml_first(subject) : NULL;

    out->has_subject = subject != NULL;
    if (subject == NULL)
        return true;
    if (first == NULL || xml_next(first) != NULL || !xml_only_elements(subject))
        return false;
    if (xml_is(first, SAML, "EncryptedID")) {
        read_wrapped(m, first);
        return true;
    }
    return xml_is(first, SAML, "NameID") && read_name(m, first, &out->subject);
}

static bool read_comparison(const struct saml_ask *m, const struct _xmlNode *n, enum saml_comparison *out)
{
    static const char *const words[] = {
        [SAML_EXACT] = "exact", [SAML_MINIMUM] = "minimum", [SAML_MAXIMUM] = "maximum", [SAML_BETTER] = "better"
    };
    struct str said = token(m, n, "Comparison");

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (said.p == NULL || str_eq(said, str_of(words[i]))) {
            *out = (enum saml_comparison)i;
            return true;
        }
    return false;
}

static bool read_contexts(struct saml_ask *m, const struct _xmlNode *n, struct fail *f)
{
    struct saml_login_asked *out = m->out.login;
    const struct _xmlNode *wanted = xml_child(n, SAMLP, "RequestedAuthnContext");
    size_t declarations = 0;

    if (wanted == NULL)
        return true;
    if (!read_comparison(m, wanted, &out->comparison) || !xml_only_elements(wanted))
        return false;
    for (const struct _xmlNode *c = xml_first(wanted); c != NULL; c = xml_next(c)) {
        struct str uri = leaf_uri(m, c);
        if (!str_is_set(uri) || out->context_count + declarations == SAML_ASK_CONTEXTS_MAX)
            return false;
        if (xml_is(c, SAML, "AuthnContextClassRef"))
            out->contexts[out->context_count++] = uri;
        else if (xml_is(c, SAML, "AuthnContextDeclRef"))
            declarations++;
        else
            return false;
    }
    out->declarations = declarations > 0;
    return (out->context_count > 0) != (declarations > 0);
}

static bool read_idps(struct saml_ask *m, const struct _xmlNode *list)
{
    struct saml_login_asked *out = m->out.login;

    for (const struct _xmlNode *c = list != NULL ? xml_first(list) : NULL; c != NULL; c = xml_next(c)) {
        if (!xml_is(c, SAMLP, "IDPEntry"))
            continue; /* GetComplete: a list elsewhere, which is not fetched */
        struct str id = token(m, c, "ProviderID");
        if (!str_is_set(id) || out->idp_count == SAML_ASK_IDPS_MAX)
            return false;
        out->idps[out->idp_count++] = id;
    }
    return true;
}

static bool read_scoping(struct saml_ask *m, const struct _xmlNode *n, struct fail *f)
{
    static const struct part parts[] = { { SAMLP, "IDPList", 1 }, { SAMLP, "RequesterID", 0 }, { NULL, NULL, 0 } };
    const struct _xmlNode *scoping = xml_child(n, SAMLP, "Scoping");

    m->out.login->proxy_count = -1;
    return scoping == NULL || (number(m, scoping, "ProxyCount", PROXY_COUNT_MAX, &m->out.login->proxy_count) &&
                               in_order(scoping, parts) && read_idps(m, xml_child(scoping, SAMLP, "IDPList")));
}

/* [SAML core 3.4.1, profiles 4.1.4.1] */
static const struct rule login_rules[] = {
    { "ask_acs", "the ACS by URL and by index, or an index that is no number", read_acs },
    { "ask_flags", "ForceAuthn, IsPassive or AllowCreate is neither true nor false", read_flags },
    { "ask_subject", "Subject is not one NameID", read_subject },
    { "ask_context", "RequestedAuthnContext: unknown Comparison, no class, too many, or two kinds", read_contexts },
    { "ask_scoping", "Scoping: ProxyCount is no number, or the list is too long or has no names", read_scoping },
    { NULL, NULL, NULL },
};

bool saml_ask_login(struct saml_ask *m, const struct saml_ask_rules *rules, struct saml_login_asked *out,
                    struct fail *f)
{
    *out = (struct saml_login_asked){ .acs_index = -1, .set_index = -1, .proxy_count = -1 };
    const struct _xmlNode *n = read_common(m, rules, SAML_ASK_LOGIN, rules->must_be_signed, f);
    m->out.login = out;
    if (n == NULL || !rules_hold(login_rules, m, n, f))
        return false;
    out->id = attr(m, n, "ID");
    out->issuer = rules->issuer;
    out->issued_s = issued_s(m, n);
    out->is_signed = m->is_signed;
    out->key = m->key;
    out->provider_name = attr(m, n, "ProviderName");
    out->consent = token(m, n, "Consent");
    return true;
}

/* --- LogoutRequest ------------------------------------------------------------------- */

static bool logout_is_in_time(struct saml_ask *m, const struct _xmlNode *n, struct fail *f)
{
    int64_t ms;

    return attr(m, n, "NotOnOrAfter").p == NULL ||
           (xml_time_ms(attr(m, n, "NotOnOrAfter"), &ms) && ms > (m->rules->now_s - m->rules->skew_s) * 1000);
}

static bool read_logout_name(struct saml_ask *m, const struct _xmlNode *n, struct fail *f)
{
    const struct _xmlNode *clear = xml_child(n, SAML, "NameID"), *hidden = xml_child(n, SAML, "EncryptedID");

    if ((clear != NULL) == (hidden != NULL) || xml_child(n, SAML, "BaseID") != NULL)
        return false;
    if (clear != NULL)
        return read_name(m, clear, &m->out.logout->name);
    if (!of_caller(xmlenc_read(m->arena, hidden, &m->wrapped, f), f))
        return false;
    m->out.logout->wrapped = &m->wrapped;
    return true;
}

static bool read_sessions(struct saml_ask *m, const struct _xmlNode *n, struct fail *f)
{
    struct saml_logout_asked *out = m->out.logout;

    for (const struct _xmlNode *c = xml_first(n); c != NULL; c = xml_next(c)) {
        if (!xml_is(c, SAMLP, "SessionIndex"))
            continue;
        struct str index = leaf(m, c);
        if (!str_is_set(index) || has_controls(index) || out->session_count == SAML_ASK_SESSIONS_MAX)
            return false;
        out->sessions[out->session_count++] = index;
    }
    return true;
}

/* [SAML core 3.7.1] */
static const struct rule logout_rules[] = {
    { "ask_expired", "NotOnOrAfter is no UTC time, or has passed", logout_is_in_time },
    { "ask_name_id", "not exactly one NameID or EncryptedID that can be read", read_logout_name },
    { "ask_sessions", "a SessionIndex that is empty, or too many", read_sessions },
    { NULL, NULL, NULL },
};

static bool wants_no_answer(const struct _xmlNode *n)
{
    const struct _xmlNode *extensions = xml_child(n, SAMLP, "Extensions");

    return extensions != NULL && xml_child(extensions, ASLO, "Asynchronous") != NULL;
}

/* Whoever asks for an end must have proven who they are, over every binding. */
bool saml_ask_logout(struct saml_ask *m, const struct saml_ask_rules *rules, struct saml_logout_asked *out,
                     struct fail *f)
{
    *out = (struct saml_logout_asked){ 0 };
    const struct _xmlNode *n = read_common(m, rules, SAML_ASK_LOGOUT, true, f);
    m->out.logout = out;
    if (n == NULL || !rules_hold(logout_rules, m, n, f))
        return false;
    out->id = attr(m, n, "ID");
    out->issuer = rules->issuer;
    out->issued_s = issued_s(m, n);
    out->is_signed = m->is_signed;
    out->key = m->key;
    out->reason = token(m, n, "Reason");
    out->asynchronous = wants_no_answer(n);
    return true;
}

bool saml_ask_named(struct saml_ask *m, struct str content_key, struct saml_asked_name *out, struct fail *f)
{
    const struct _xmlNode *n = xmlenc_open(m->arena, &m->wrapped, content_key, m->message_max_B, f);

    if (!of_caller(n != NULL, f))
        return false;
    return (xml_is(n, SAML, "NameID") && read_name(m, n, out)) ||
           refuse(f, "ask_name_id", "what was encrypted is no NameID that can be read");
}

/* --- LogoutResponse ------------------------------------------------------------------- */

static bool answers_ours(struct saml_ask *m, const struct _xmlNode *n, struct fail *f)
{
    return str_eq(token(m, n, "InResponseTo"), m->rules->request_id);
}

static bool read_status(struct saml_ask *m, const struct _xmlNode *n, struct fail *f)
{
    struct saml_logged_out *out = m->out.logged_out;
    const struct _xmlNode *status = xml_child(n, SAMLP, "Status");
    const struct _xmlNode *code = status != NULL ? xml_child(status, SAMLP, "StatusCode") : NULL;
    const struct _xmlNode *inner = code != NULL ? xml_child(code, SAMLP, "StatusCode") : NULL;

    if (code == NULL || xml_first(status) != code)
        return false;
    out->status = token(m, code, "Value");
    out->inner = inner != NULL ? token(m, inner, "Value") : (struct str){ NULL, 0 };
    out->success = str_eq(out->status, S(STATUS "Success"));
    out->partial = str_eq(out->status, S(STATUS "PartialLogout")) || str_eq(out->inner, S(STATUS "PartialLogout"));
    return str_is_set(out->status);
}

/* [SAML core 3.7.2] */
static const struct rule logged_out_rules[] = {
    { "ask_in_response_to", "InResponseTo is not our request", answers_ours },
    { "ask_status", "Status is not readable", read_status },
    { NULL, NULL, NULL },
};

/* What came over a browser must be signed [SAML profiles 4.4.4.2]; what came back over our own TLS connection need not.
 */
bool saml_ask_logged_out(struct saml_ask *m, const struct saml_ask_rules *rules, struct saml_logged_out *out,
                         struct fail *f)
{
    *out = (struct saml_logged_out){ 0 };
    const struct _xmlNode *n =
        read_common(m, rules, SAML_ASK_LOGGED_OUT, rules->must_be_signed || m->binding != SAML_SOAP, f);
    m->out.logged_out = out;
    if (n == NULL || !rules_hold(logged_out_rules, m, n, f))
        return false;
    out->id = attr(m, n, "ID");
    out->issuer = rules->issuer;
    out->issued_s = issued_s(m, n);
    out->is_signed = m->is_signed;
    out->key = m->key;
    return true;
}
