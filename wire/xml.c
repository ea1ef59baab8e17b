/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/xml.h"

#include "base/codec.h"
#include "base/heap.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlmemory.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { NAMESPACE_URI_MAX_B = 1024 };

/* Without memory libxml2 would give us half a document. */
__attribute__((constructor)) static void use_heap(void)
{
    (void)xmlMemSetup(heap_free, heap_alloc, heap_realloc, heap_strdup);
}

void xml_thread_ready(void)
{
    xmlInitParser();
    (void)xmlGetLastError();
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool all_space(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_space(s.p[i]))
            return false;
    return true;
}

/* --- before parsing ---------------------------------------------------------
 * One linear pass that counts what makes libxml2 slow and finds what it must not
 * see.  It need not understand malformed text: libxml2 stops at the first error,
 * and up to there both read the same tags. */

struct scan {
    struct str text;
    bool metadata; /* comments and any number of elements */
    size_t at, depth, elements, in_scope;
    unsigned short declared[XML_DEPTH_MAX + 1]; /* namespace declarations of each open element */
};

static bool starts(const struct scan *s, struct str what)
{
    return str_has_prefix(str_from(s->text, s->at), what);
}

/* Leaves `at` behind the next `what`; false when there is none. */
static bool skip_past(struct scan *s, struct str what)
{
    struct str rest = str_from(s->text, s->at);
    size_t found = str_find(rest, what);

    if (found == rest.n)
        return false;
    s->at += found + what.n;
    return true;
}

static bool scan_cdata(struct scan *s, struct fail *f)
{
    return skip_past(s, S("]]>")) || fail(f, FAIL_UPSTREAM, "xml_malformed", "a CDATA section does not end");
}

static bool scan_end_tag(struct scan *s, struct fail *f)
{
    if (s->depth == 0 || !skip_past(s, S(">")))
        return fail(f, FAIL_UPSTREAM, "xml_malformed", "an end tag without its start");
    s->in_scope -= s->declared[s->depth--];
    return true;
}

struct tag {
    size_t attributes, namespaces;
    bool empty;
};

/* Reads to the end of a start tag; `at` stands behind its '<'. */
static bool scan_attributes(struct scan *s, struct tag *tag, struct fail *f)
{
    char quote = 0;
    const char *p = s->text.p;

    for (; s->at < s->text.n; s->at++) {
        char c = p[s->at];
        if (quote != 0) {
            if (c == quote)
                quote = 0;
        } else if (c == '"' || c == '\'') {
            quote = c;
            if (++tag->attributes > XML_ATTRIBUTES_MAX)
                return fail(f, FAIL_UPSTREAM, "xml_attributes", "an element has more than %d attributes",
                            XML_ATTRIBUTES_MAX);
        } else if (is_space(c)) {
            struct str rest = str_from(s->text, s->at + 1);
            tag->namespaces += str_has_prefix(rest, S("xmlns:")) || str_has_prefix(rest, S("xmlns=")) ||
                               str_has_prefix(rest, S("xmlns "));
        } else if (c == '>') {
            tag->empty = p[s->at - 1] == '/';
            s->at++;
            return true;
        }
    }
    return fail(f, FAIL_UPSTREAM, "xml_malformed", "a tag does not end");
}

static bool scan_start_tag(struct scan *s, struct fail *f)
{
    struct tag tag = { 0, 0, false };

    if (++s->elements > XML_ELEMENTS_MAX && !s->metadata)
        return fail(f, FAIL_UPSTREAM, "xml_elements", "more than %d elements", XML_ELEMENTS_MAX);
    if (s->depth == XML_DEPTH_MAX)
        return fail(f, FAIL_UPSTREAM, "xml_depth", "more than %d elements within one another", XML_DEPTH_MAX);
    if (!scan_attributes(s, &tag, f))
        return false;
    if (s->in_scope + tag.namespaces > XML_IN_SCOPE_MAX)
        return fail(f, FAIL_UPSTREAM, "xml_attributes", "more than %d namespaces in force", XML_IN_SCOPE_MAX);
    if (tag.empty)
        return true;
    s->declared[++s->depth] = (unsigned short)tag.namespaces;
    s->in_scope += tag.namespaces;
    return true;
}

static bool scan_one(struct scan *s, struct fail *f)
{
    if (starts(s, S("<![CDATA[")))
        return scan_cdata(s, f);
    if (s->metadata && starts(s, S("<!--")))
        return skip_past(s, S("-->")) || fail(f, FAIL_UPSTREAM, "xml_malformed", "a comment does not end");
    if (starts(s, S("<!--")))
        return fail(f, FAIL_UPSTREAM, "xml_comment", "a comment in a message");
    if (starts(s, S("<!")))
        return fail(f, FAIL_UPSTREAM, "xml_doctype", "a document type in a message");
    if (s->metadata && starts(s, S("<?")))
        return skip_past(s, S("?>")) || fail(f, FAIL_UPSTREAM, "xml_malformed", "an instruction does not end");
    if (starts(s, S("<?")))
        return fail(f, FAIL_UPSTREAM, "xml_instruction", "a processing instruction in a message");
    if (starts(s, S("</")))
        return scan_end_tag(s, f);
    s->at++;
    return scan_start_tag(s, f);
}

static bool scan_markup(struct str text, bool metadata, struct fail *f)
{
    struct scan s = { .text = text, .metadata = metadata };

    for (;;) {
        s.at = str_find_byte(text, '<', s.at);
        if (s.at == text.n)
            return true;
        if (!scan_one(&s, f))
            return false;
    }
}

/* --- the XML declaration ---------------------------------------------------- */

/* Takes `name = "value"` off the declaration; false at its end or on anything else. */
static bool declaration_part(struct str *rest, struct str *name, struct str *value)
{
    *rest = str_trim(*rest);
    size_t equals = str_find_byte(*rest, '=', 0);
    *name = str_trim(str_sub(*rest, 0, equals));
    *rest = str_trim(str_from(*rest, equals + 1));
    if (rest->n < 2 || (rest->p[0] != '"' && rest->p[0] != '\''))
        return false;
    size_t end = str_find_byte(*rest, rest->p[0], 1);
    *value = str_sub(*rest, 1, end - 1);
    *rest = str_from(*rest, end + 1);
    return true;
}

/* Version 1.0, UTF-8; another encoding may be declared to make two readers differ. */
static bool declaration_ok(struct str inner, struct fail *f)
{
    struct str name, value;

    while (declaration_part(&inner, &name, &value)) {
        if (str_eq(name, S("version")) && !str_eq(value, S("1.0")))
            return fail(f, FAIL_UPSTREAM, "xml_encoding", "XML version %.*s", STR_ARG(value));
        if (str_eq(name, S("encoding")) && !str_eq_case(value, S("UTF-8")))
            return fail(f, FAIL_UPSTREAM, "xml_encoding", "encoding %.*s", STR_ARG(value));
    }
    return true;
}

static bool has_declaration(struct str text)
{
    return text.n > 5 && str_has_prefix(text, S("<?xml")) && is_space(text.p[5]);
}

/* Checks all that can be told without parsing.  *text comes back without a byte order mark. */
static bool scan_document(struct str *text, size_t most_B, bool metadata, struct fail *f)
{
    if (text->n > most_B)
        return fail(f, FAIL_UPSTREAM, "xml_size", "%zu bytes", text->n);
    if (str_has_prefix(*text, S("\xEF\xBB\xBF")))
        *text = str_from(*text, 3);
    if (text->n == 0 || str_has_prefix(*text, S("\xEF\xBB\xBF"))) /* libxml2 would pass over a second mark */
        return fail(f, FAIL_UPSTREAM, "xml_malformed", "an empty message, or two byte order marks");
    if (memchr(text->p, 0, text->n) != NULL || !str_is_utf8(*text))
        return fail(f, FAIL_UPSTREAM, "xml_encoding", "not UTF-8, or a NUL byte");
    struct str body = *text;
    if (has_declaration(body)) {
        size_t end = str_find(body, S("?>"));
        if (!declaration_ok(str_sub(body, 5, end - 5), f))
            return false;
        body = str_from(body, end + 2);
    }
    return scan_markup(body, metadata, f);
}

/* --- after parsing ---------------------------------------------------------- */

static const struct _xmlNode *next_in(const struct _xmlNode *top, const struct _xmlNode *n)
{
    if (n->type == XML_ELEMENT_NODE && n->children != NULL)
        return n->children;
    while (n != top && n->next == NULL)
        n = n->parent;
    return n == top ? NULL : n->next;
}

static struct str view(const xmlChar *s)
{
    return str_of((const char *)s);
}

static bool is_absolute(struct str uri)
{
    size_t colon = str_find_byte(uri, ':', 0);

    return colon > 0 && colon < uri.n && str_find_byte(str_sub(uri, 0, colon), '/', 0) == colon;
}

/* A relative namespace makes canonicalization fail half-way [C14N 1.1], a long one makes it large. */
static bool namespaces_ok(const struct _xmlNode *n, struct fail *f)
{
    for (const xmlNs *ns = n->nsDef; ns != NULL; ns = ns->next) {
        struct str uri = view(ns->href);
        if (uri.n > NAMESPACE_URI_MAX_B || (uri.n > 0 && !is_absolute(uri)))
            return fail(f, FAIL_UPSTREAM, "xml_namespace", "namespace %.*s", (int)(uri.n < 80 ? uri.n : 80),
                        uri.n > 0 ? uri.p : "");
    }
    return true;
}

struct ids {
    struct str *at;
    size_t n;
};

static bool names_an_id(const xmlChar *name)
{
    return str_eq_case(view(name), S("id"));
}

static struct str attribute_text(struct arena *a, const xmlAttr *attr)
{
    struct buf b;

    if (attr->children == NULL)
        return S("");
    if (attr->children->next == NULL)
        return view(attr->children->content);
    b = buf_new(a, XML_MESSAGE_MAX_B * 8);
    for (const xmlNode *n = attr->children; n != NULL; n = n->next)
        if (n->content != NULL)
            buf_add(&b, view(n->content));
    return buf_str(&b);
}

static int by_text(const void *x, const void *y)
{
    return str_cmp(*(const struct str *)x, *(const struct str *)y);
}

/* Two elements of one ID let a signature point at one and a reader at the other. */
static bool ids_unique(struct ids *ids, struct fail *f)
{
    if (ids->n > 1)
        qsort(ids->at, ids->n, sizeof ids->at[0], by_text);
    for (size_t i = 1; i < ids->n; i++)
        if (str_eq(ids->at[i - 1], ids->at[i]))
            return fail(f, FAIL_UPSTREAM, "xml_id_duplicate", "the ID %.*s is there twice", STR_ARG(ids->at[i]));
    return true;
}

static size_t count_ids(const struct _xmlNode *root)
{
    size_t n = 0;

    for (const xmlNode *at = root; at != NULL; at = next_in(root, at))
        if (at->type == XML_ELEMENT_NODE)
            for (const xmlAttr *attr = at->properties; attr != NULL; attr = attr->next)
                n += names_an_id(attr->name);
    return n;
}

static bool tree_ok(struct arena *a, const struct _xmlNode *root, struct fail *f)
{
    struct ids ids = { arena_make_n(a, count_ids(root), struct str), 0 };

    for (const xmlNode *n = root; n != NULL; n = next_in(root, n)) {
        if (n->type == XML_TEXT_NODE || n->type == XML_CDATA_SECTION_NODE)
            continue;
        if (n->type != XML_ELEMENT_NODE)
            return fail(f, FAIL_UPSTREAM, "xml_malformed", "a node of type %d", (int)n->type);
        if (!namespaces_ok(n, f))
            return false;
        for (const xmlAttr *attr = n->properties; attr != NULL; attr = attr->next)
            if (names_an_id(attr->name))
                ids.at[ids.n++] = attribute_text(a, attr);
    }
    return ids_unique(&ids, f);
}

/* --- parsing ---------------------------------------------------------------- */

static pthread_once_t once = PTHREAD_ONCE_INIT;

static xmlParserInputPtr load_nothing(const char *url, const char *id, xmlParserCtxtPtr ctxt)
{
    return NULL;
}

static void prepare(void)
{
    xmlInitParser();
    xmlSetExternalEntityLoader(load_nothing);
}

static void doc_release(void *doc)
{
    xmlFreeDoc(doc);
}

/* Namespace errors are no parse errors to libxml2 2.9: nsWellFormed alone tells. */
static bool parsed_ok(const xmlParserCtxt *ctxt, const xmlDoc *doc, struct fail *f)
{
    if (doc == NULL || !ctxt->wellFormed)
        return fail(f, FAIL_UPSTREAM, "xml_malformed", "line %d: %s", ctxt->lastError.line,
                    ctxt->lastError.message != NULL ? ctxt->lastError.message : "not XML");
    if (!ctxt->nsWellFormed)
        return fail(f, FAIL_UPSTREAM, "xml_namespace", "%s",
                    ctxt->lastError.message != NULL ? ctxt->lastError.message : "namespaces are not well-formed");
    if (doc->intSubset != NULL || doc->extSubset != NULL)
        return fail(f, FAIL_UPSTREAM, "xml_doctype", "a document type in a message");
    return true;
}

static struct _xmlDoc *parse(struct arena *a, struct str text, bool metadata, struct fail *f)
{
    (void)pthread_once(&once, prepare);
    xmlParserCtxt *ctxt = xmlNewParserCtxt();
    if (ctxt == NULL)
        return fail(f, FAIL_OURS, "xml_memory", "no parser"), NULL;
    if (metadata) { /* they leave no node behind, and what they parted is one text */
        ctxt->sax->comment = NULL;
        ctxt->sax->processingInstruction = NULL;
    }
    xmlDoc *doc = xmlCtxtReadMemory(ctxt, text.p, (int)text.n, NULL, "UTF-8",
                                    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    if (doc != NULL)
        arena_adopt(a, doc, doc_release);
    bool ok = parsed_ok(ctxt, doc, f);
    xmlFreeParserCtxt(ctxt);
    return ok && tree_ok(a, xmlDocGetRootElement(doc), f) ? doc : NULL;
}

struct _xmlDoc *xml_parse(struct arena *a, struct str raw, size_t most_B, struct fail *f)
{
    return scan_document(&raw, most_B, false, f) ? parse(a, raw, false, f) : NULL;
}

bool xml_scan_metadata(struct str *raw, size_t most_B, struct fail *f)
{
    (void)pthread_once(&once, prepare);
    return scan_document(raw, most_B, true, f);
}

struct _xmlDoc *xml_parse_metadata(struct arena *a, struct str raw, size_t most_B, struct fail *f)
{
    return xml_scan_metadata(&raw, most_B, f) ? parse(a, raw, true, f) : NULL;
}

/* --- a piece of text in its place ------------------------------------------- */

static bool declared_before(const struct _xmlNode *from, const struct _xmlNode *n, const xmlNs *ns)
{
    for (; from != n; from = from->parent)
        for (const xmlNs *inner = from->nsDef; inner != NULL; inner = inner->next)
            if (xmlStrEqual(inner->prefix, ns->prefix))
                return true;
    return false;
}

/* An element that declares what is in force at place. */
static void add_context(struct buf *b, const struct _xmlNode *place)
{
    buf_add(b, S("<in"));
    for (const xmlNode *n = place; n != NULL && n->type == XML_ELEMENT_NODE; n = n->parent)
        for (const xmlNs *ns = n->nsDef; ns != NULL; ns = ns->next) {
            if (declared_before(place, n, ns) || ns->href == NULL || ns->href[0] == '\0')
                continue;
            buf_add(b, ns->prefix != NULL ? S(" xmlns:") : S(" xmlns"));
            if (ns->prefix != NULL)
                buf_add(b, view(ns->prefix));
            buf_add(b, S("=\""));
            xml_add_escaped(b, view(ns->href));
            buf_byte(b, '"');
        }
    buf_byte(b, '>');
}

static const struct _xmlNode *only_element(const struct _xmlNode *holder, struct fail *f)
{
    const struct _xmlNode *first = xml_first(holder);

    if (first == NULL || xml_next(first) != NULL || !xml_only_elements(holder))
        return fail(f, FAIL_UPSTREAM, "xml_malformed", "not exactly one element"), NULL;
    return first;
}

const struct _xmlNode *xml_parse_at(struct arena *a, struct str raw, const struct _xmlNode *place, size_t most_B,
                                    struct fail *f)
{
    struct _xmlDoc *doc;

    if (raw.n > most_B)
        return fail(f, FAIL_UPSTREAM, "xml_size", "%zu bytes", raw.n), NULL;
    if (has_declaration(raw)) { /* a whole document stands for itself */
        doc = xml_parse(a, raw, most_B, f);
        return doc != NULL ? xml_root(doc) : NULL;
    }
    struct buf b = buf_new(a, most_B * 2 + XML_IN_SCOPE_MAX * (NAMESPACE_URI_MAX_B + 128));
    add_context(&b, place);
    buf_add(&b, raw);
    buf_add(&b, S("</in>"));
    if (!buf_ok(&b))
        return fail(f, FAIL_UPSTREAM, "xml_size", "too large in its place"), NULL;
    doc = xml_parse(a, buf_str(&b), b.n, f);
    return doc != NULL ? only_element(xml_root(doc), f) : NULL;
}

/* --- reading ---------------------------------------------------------------- */

const struct _xmlNode *xml_root(const struct _xmlDoc *doc)
{
    const struct _xmlNode *n = doc->children;

    while (n != NULL && n->type != XML_ELEMENT_NODE)
        n = n->next;
    return n;
}

bool xml_is(const struct _xmlNode *n, const char *ns, const char *name)
{
    return n != NULL && n->type == XML_ELEMENT_NODE && n->ns != NULL && n->ns->href != NULL &&
           strcmp((const char *)n->name, name) == 0 && strcmp((const char *)n->ns->href, ns) == 0;
}

const char *xml_name(const struct _xmlNode *n)
{
    return (const char *)n->name;
}

static const struct _xmlNode *element_from(const struct _xmlNode *n)
{
    while (n != NULL && n->type != XML_ELEMENT_NODE)
        n = n->next;
    return n;
}

const struct _xmlNode *xml_first(const struct _xmlNode *n)
{
    return element_from(n->children);
}

const struct _xmlNode *xml_next(const struct _xmlNode *n)
{
    return element_from(n->next);
}

const struct _xmlNode *xml_child(const struct _xmlNode *n, const char *ns, const char *name)
{
    const struct _xmlNode *found = NULL;

    for (const struct _xmlNode *c = xml_first(n); c != NULL; c = xml_next(c))
        if (xml_is(c, ns, name)) {
            if (found != NULL)
                return NULL;
            found = c;
        }
    return found;
}

bool xml_only_elements(const struct _xmlNode *n)
{
    for (const xmlNode *c = n->children; c != NULL; c = c->next)
        if (c->type != XML_ELEMENT_NODE && !(c->type == XML_TEXT_NODE && all_space(view(c->content))))
            return false;
    return true;
}

bool xml_only_text(const struct _xmlNode *n)
{
    for (const xmlNode *c = n->children; c != NULL; c = c->next)
        if (c->type != XML_TEXT_NODE)
            return false;
    return true;
}

struct str xml_text(struct arena *a, const struct _xmlNode *n)
{
    if (n->children == NULL)
        return S("");
    if (n->children->next == NULL && n->children->type != XML_ELEMENT_NODE)
        return view(n->children->content);
    struct buf b = buf_new(a, XML_MESSAGE_MAX_B * 8);
    for (const xmlNode *at = n; at != NULL; at = next_in(n, at))
        if (at->type == XML_TEXT_NODE || at->type == XML_CDATA_SECTION_NODE)
            buf_add(&b, view(at->content));
    return buf_str(&b);
}

struct str xml_attr(struct arena *a, const struct _xmlNode *n, const char *ns, const char *name)
{
    for (const xmlAttr *attr = n->properties; attr != NULL; attr = attr->next) {
        bool in_ns = ns == NULL ? attr->ns == NULL : attr->ns != NULL && str_eq(view(attr->ns->href), str_of(ns));
        if (in_ns && str_eq(view(attr->name), str_of(name)))
            return attribute_text(a, attr);
    }
    return (struct str){ NULL, 0 };
}

size_t xml_count(const struct _xmlNode *n, const char *ns, const char *name)
{
    size_t count = 0;

    for (const xmlNode *at = n; at != NULL; at = next_in(n, at))
        count += xml_is(at, ns, name);
    return count;
}

/* --- writing ---------------------------------------------------------------- */

void xml_add_escaped(struct buf *b, struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == '&' || c == '<' || c == '>' || c == '"' || c == '\t' || c == '\n' || c == '\r')
            buf_printf(b, "&#%d;", c);
        else if ((unsigned char)c < 0x20)
            buf_add(b, S("\xEF\xBF\xBD"));
        else
            buf_byte(b, c);
    }
}

/* --- values ----------------------------------------------------------------- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_xml_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

struct str xml_collapsed(struct arena *a, struct str text)
{
    bool changes = false, space = true;

    for (size_t i = 0; i < text.n; i++) {
        bool is = is_xml_space(text.p[i]);
        changes = changes || (is && (space || text.p[i] != ' '));
        space = is;
    }
    if (!changes && (text.n == 0 || !space))
        return text;
    struct buf b = buf_new(a, text.n);
    for (size_t i = 0; i < text.n; i++) {
        bool is = is_xml_space(text.p[i]);
        if (!is && b.n > 0 && is_xml_space(text.p[i - 1]))
            buf_byte(&b, ' ');
        if (!is)
            buf_byte(&b, text.p[i]);
    }
    return buf_str(&b);
}

bool xml_is_ncname(struct str s)
{
    if (s.n == 0 || !is_letter(s.p[0]))
        return false;
    for (size_t i = 1; i < s.n; i++)
        if (!is_letter(s.p[i]) && !is_digit(s.p[i]) && s.p[i] != '-' && s.p[i] != '.')
            return false;
    return true;
}

bool xml_base64(struct arena *a, struct str text, struct str *bytes)
{
    char *tight = arena_alloc(a, text.n);
    size_t n = 0;

    for (size_t i = 0; i < text.n; i++)
        if (!is_space(text.p[i]))
            tight[n++] = text.p[i];
    return n > 0 && b64_decode(a, str_n(tight, n), bytes);
}

/* n decimal digits at `at`; -1 when one of them is none. */
static int digits(struct str s, size_t at, size_t n)
{
    int value = 0;

    for (size_t i = at; i < at + n; i++) {
        if (i >= s.n || !is_digit(s.p[i]))
            return -1;
        value = value * 10 + (s.p[i] - '0');
    }
    return value;
}

static int month_days(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && leap);
}

/* Days since 1 January 1970, counted in years that begin in March. */
static int64_t days_since_1970(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = y / 400, of_era = y % 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* Takes ".ddd…" off *zone; milliseconds, or -1 when a point has no digits. */
static int fraction_ms(struct str *zone)
{
    int ms = 0, scale = 100;
    size_t i = 1;

    if (zone->n == 0 || zone->p[0] != '.')
        return 0;
    for (; i < zone->n && is_digit(zone->p[i]); i++, scale /= 10)
        ms += (zone->p[i] - '0') * scale;
    *zone = str_from(*zone, i);
    return i > 1 ? ms : -1;
}

bool xml_time_ms(struct str text, int64_t *out_ms)
{
    int year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
    int hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
    struct str zone = str_from(text, 19);

    if (text.n < 20 || text.p[4] != '-' || text.p[7] != '-' || text.p[10] != 'T' || text.p[13] != ':' ||
        text.p[16] != ':')
        return false;
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > month_days(year, month))
        return false;
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
        return false;
    int ms = fraction_ms(&zone);
    if (ms < 0 || !(str_eq(zone, S("Z")) || str_eq(zone, S("+00:00")) || str_eq(zone, S("-00:00"))))
        return false;
    *out_ms = (((days_since_1970(year, month, day) * 24 + hour) * 60 + minute) * 60 + second) * 1000 + ms;
    return true;
}

struct str xml_time_text(struct arena *a, int64_t unix_s)
{
    int64_t days = unix_s / 86400, rest = unix_s % 86400;
    int64_t z = days + 719468, era = z / 146097, doe = z % 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    int64_t month = mp < 10 ? mp + 3 : mp - 9;

    return arena_printf(a, "%04lld-%02lld-%02lldT%02lld:%02lld:%02lldZ",
                        (long long)yoe + (long long)era * 400 + (month <= 2), (long long)month,
                        (long long)doy - (153 * mp + 2) / 5 + 1, (long long)(rest / 3600), (long long)(rest / 60 % 60),
                        (long long)(rest % 60));
}
