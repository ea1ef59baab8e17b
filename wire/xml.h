/* SPDX-License-Identifier: EUPL-1.2
 * wire/xml.h: libxml2 with entities, network, depth and oddities closed.
 *
 * Floor 1.  A message is looked at byte by byte before libxml2 sees it, because
 * the parser's cost is quadratic in attributes and some of what it accepts must
 * not be accepted: only UTF-8 and XML 1.0, no DOCTYPE, no comment, no processing
 * instruction, no NUL, namespaces well-formed, IDs unique, and the limits below.
 * Elements are opaque outside the files that include libxml2 (xml.c, dsig.c,
 * xmlenc.c, saml*.c); a document belongs to the arena that adopted it.
 * Pure and blocking-free; documents are for one thread at a time.
 */
#ifndef WIRE_XML_H
#define WIRE_XML_H

#include "base/arena.h"
#include "base/fail.h"

struct _xmlNode;
struct _xmlDoc;

enum {
    XML_MESSAGE_MAX_B = 262144, /* where the caller names no other limit */
    XML_ELEMENTS_MAX = 5000,
    XML_DEPTH_MAX = 64,
    XML_ATTRIBUTES_MAX = 256, /* of one element, namespace declarations included */
    XML_IN_SCOPE_MAX = 128    /* namespace declarations in force at one place */
};

/* Makes libxml2's state of this thread.  It would make it at its first use, and write to it whether it got it or not:
 * better at the thread's start than in a login. */
void xml_thread_ready(void);

/* Parses one message; the document is adopted by a.  Fails UPSTREAM xml_size,
 * xml_encoding, xml_doctype, xml_comment, xml_instruction, xml_depth,
 * xml_elements, xml_attributes, xml_malformed, xml_namespace, xml_id_duplicate. */
struct _xmlDoc *xml_parse(struct arena *a, struct str raw, size_t most_B, struct fail *f);

/* Metadata has other bounds: no limit to elements; comments and processing
 * instructions are passed over.  Depth and attributes are bounded as above, and
 * IDs must be unique here too. */
struct _xmlDoc *xml_parse_metadata(struct arena *a, struct str raw, size_t most_B, struct fail *f);
/* Only what can be told without parsing, for a document that is read as a
 * stream.  *raw comes back without a byte order mark. */
bool xml_scan_metadata(struct str *raw, size_t most_B, struct fail *f);

/* The same for a piece of text that stood inside `place` (what a decryption
 * gave): the namespaces in force there are in force for it.  Gives the one
 * element that the text is. */
const struct _xmlNode *xml_parse_at(struct arena *a, struct str raw, const struct _xmlNode *place, size_t most_B,
                                    struct fail *f);

const struct _xmlNode *xml_root(const struct _xmlDoc *doc);

/* Namespace and local name are exactly these. */
bool xml_is(const struct _xmlNode *n, const char *ns, const char *name);
const char *xml_name(const struct _xmlNode *n);             /* local name, for messages */
const struct _xmlNode *xml_first(const struct _xmlNode *n); /* first child element, or NULL */
const struct _xmlNode *xml_next(const struct _xmlNode *n);  /* next sibling element, or NULL */
/* The only child of that name; NULL when there is none or more than one. */
const struct _xmlNode *xml_child(const struct _xmlNode *n, const char *ns, const char *name);
/* True when nothing but white space stands between the child elements. */
bool xml_only_elements(const struct _xmlNode *n);
/* True when the element has one text or nothing in it: no elements, no CDATA. */
bool xml_only_text(const struct _xmlNode *n);
/* Everything that is text in it, at any depth, in order; never absent. */
struct str xml_text(struct arena *a, const struct _xmlNode *n);
/* The attribute without namespace (ns NULL), or in one; absent when it is not there. */
struct str xml_attr(struct arena *a, const struct _xmlNode *n, const char *ns, const char *name);
/* How many elements of that name are in the tree below and including n. */
size_t xml_count(const struct _xmlNode *n, const char *ns, const char *name);

/* What every module that reads XML values needs. */
/* The value of a URI or token type: white space at both ends goes, runs within become one space [XML Schema 2: 4.3.6].
 * Absent stays absent; a text without such is given back itself. */
struct str xml_collapsed(struct arena *a, struct str text);
bool xml_is_ncname(struct str s);
/* Base64 as XML carries it: white space anywhere, otherwise strict [XML Schema 2: 3.2.16]. */
bool xml_base64(struct arena *a, struct str text, struct str *bytes);
/* xs:dateTime in UTC (Z, or an offset of zero) [SAML core 1.3.3], to milliseconds; the
 * fraction may have any number of digits.  False on anything else, also 24:00:00 and :60. */
bool xml_time_ms(struct str text, int64_t *out_ms);
/* Writes text as XML content or inside "…": the only way that a value gets into
 * XML.  What XML cannot hold (control bytes) becomes U+FFFD. */
void xml_add_escaped(struct buf *b, struct str text);
/* "2026-08-10T08:00:00Z" */
struct str xml_time_text(struct arena *a, int64_t unix_s);

#endif
