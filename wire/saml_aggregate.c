/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/saml_aggregate.h"

#include "wire/saml_entity.h"
#include "wire/xml_canon.h"

#include <errno.h>
#include <fcntl.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlreader.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define DS  SAML_DS
#define MD  SAML_MD
#define RPI "urn:oasis:names:tc:SAML:metadata:rpi"

enum {
    CHUNK_B = 65536,
    TAG_MAX_B = 1 << 20, /* of one start tag, and of one text of characters that libxml2 hands over */
    ENTITY_MAX_B = 16 << 20,
    RENDERED_MAX = 512,
    NAME_MAX_B = 512,
    DIGEST_MAX_B = 64,
    PRINT_B = 64,
    INDEX_VERSION = 2
};

static bool io_failed(struct fail *f, const char *what)
{
    return fail(f, FAIL_OURS, "aggregate_io", "%s: %s", what, strerror(errno));
}

/* --- the index on disk ----------------------------------------------------------- */

struct index_head {
    char magic[8];
    uint32_t version, digest_B;
    int64_t valid_until_s, cache_s, created_s;
    uint64_t count, rows_at, size;
    unsigned char digest[DIGEST_MAX_B];
    char print[PRINT_B];
};

struct index_row { /* in the order of the names */
    uint64_t id_at, text_at;
    uint32_t id_n, text_n;
};

static const char magic[8] = { 'd', 'i', 'g', 'i', 'm', 'd', 'x', '\n' };

struct saml_index {
    const char *p;
    size_t n;
    const struct index_head *head;
    const struct index_row *rows;
};

struct mapping {
    void *p;
    size_t n;
};

static void mapping_release(void *handle)
{
    struct mapping *m = handle;

    (void)munmap(m->p, m->n);
}

static bool row_ok(const struct saml_index *x, const struct index_row *row)
{
    return row->id_at <= x->n && row->id_n <= x->n - row->id_at && row->text_at <= x->n &&
           row->text_n <= x->n - row->text_at;
}

static bool index_ok(struct saml_index *x)
{
    const struct index_head *head = (const void *)x->p;

    if (x->n < sizeof *head || memcmp(head->magic, magic, sizeof magic) != 0 || head->version != INDEX_VERSION ||
        head->size != x->n || head->rows_at > x->n || head->rows_at % 8 != 0 || head->digest_B > DIGEST_MAX_B ||
        head->count > (x->n - head->rows_at) / sizeof(struct index_row))
        return false;
    x->head = head;
    x->rows = (const void *)(x->p + head->rows_at);
    for (size_t i = 0; i < head->count; i++)
        if (!row_ok(x, &x->rows[i]))
            return false;
    return true;
}

const struct saml_index *saml_index_open(struct arena *a, const char *path, struct fail *f)
{
    struct saml_index *x = arena_make(a, struct saml_index);
    struct mapping *m = arena_make(a, struct mapping);
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return io_failed(f, path), NULL;
    bool some = fstat(fd, &st) == 0 && st.st_size > 0;
    void *p = some ? mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
    (void)close(fd);
    if (p == MAP_FAILED)
        return fail(f, FAIL_OURS, "aggregate_broken", "%s is empty", path), NULL;
    *m = (struct mapping){ p, (size_t)st.st_size };
    arena_adopt(a, m, mapping_release);
    *x = (struct saml_index){ .p = p, .n = m->n };
    return index_ok(x) ? x : (fail(f, FAIL_OURS, "aggregate_broken", "%s is no index of ours", path), NULL);
}

size_t saml_index_count(const struct saml_index *x)
{
    return x->head->count;
}

int64_t saml_index_valid_until_s(const struct saml_index *x)
{
    return x->head->valid_until_s;
}

int64_t saml_index_cache_s(const struct saml_index *x)
{
    return x->head->cache_s;
}

struct str saml_index_key(const struct saml_index *x)
{
    return str_n(x->head->print, strnlen(x->head->print, PRINT_B));
}

struct str saml_index_find(const struct saml_index *x, struct str entity_id, int64_t now_s)
{
    size_t low = 0, high = x->head->count;

    if (entity_id.p == NULL || x->head->valid_until_s <= now_s)
        return (struct str){ NULL, 0 };
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct index_row *row = &x->rows[middle];
        int order = str_cmp(entity_id, str_n(x->p + row->id_at, row->id_n));
        if (order == 0)
            return str_n(x->p + row->text_at, row->text_n);
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return (struct str){ NULL, 0 };
}

/* --- before parsing ------------------------------------------------------------------
 * What the parser must not see, or what would make it slow, told from the bytes alone. */

struct glance {
    char before[2]; /* the last two bytes */
    bool in_tag;
    char quote;
    size_t attributes;
};

static bool glance_ok(struct glance *g, const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char c = p[i];
        if (c == '\0' || (c == 'D' && g->before[1] == '!' && g->before[0] == '<'))
            return false;
        if (g->in_tag && g->quote != 0) {
            g->quote = c == g->quote ? 0 : g->quote;
        } else if (g->in_tag && (c == '"' || c == '\'')) {
            g->quote = c;
            if (++g->attributes > XML_ATTRIBUTES_MAX)
                return false;
        } else if (g->in_tag && c == '>') {
            g->in_tag = false;
        } else if (g->before[1] == '<' && c != '!' && c != '?' && c != '/') {
            g->in_tag = true;
            g->attributes = 0;
        }
        g->before[0] = g->before[1];
        g->before[1] = c;
    }
    return true;
}

/* Hands the whole file over, chunk by chunk. */
static bool each_chunk(struct arena *a, int fd, bool (*take)(void *self, const char *p, size_t n), void *self,
                       struct fail *f)
{
    char *chunk = arena_alloc(a, CHUNK_B);
    ssize_t n;
    size_t total = 0;

    if (lseek(fd, 0, SEEK_SET) != 0)
        return io_failed(f, "the aggregate");
    while ((n = read(fd, chunk, CHUNK_B)) > 0) {
        total += (size_t)n;
        if (total > AGGREGATE_MAX_B)
            return fail(f, FAIL_UPSTREAM, "metadata_malformed", "more than %d bytes", AGGREGATE_MAX_B);
        if (!take(self, chunk, (size_t)n))
            return fail(f, FAIL_UPSTREAM, "metadata_malformed",
                        "a document type, a NUL byte, too many attributes, or not XML");
    }
    return n == 0 || io_failed(f, "the aggregate");
}

static bool take_glance(void *self, const char *p, size_t n)
{
    return glance_ok(self, p, n);
}

/* --- the root and its Signature --------------------------------------------------------- */

struct making {
    struct arena *arena;
    const struct saml_aggregate_rules *rules;
    struct dsig_stream *signature;
    int64_t valid_until_s, cache_s, created_s;
    FILE *out;
    uint64_t at; /* where the next byte of the index goes */
    struct index_row *rows;
    struct str *ids;
    size_t count, cap;
    struct fail *f;
    bool failed;
    /* the canonical form */
    xmlParserCtxt *parser;
    size_t depth, skipping, signatures; /* skipping: depth of the Signature that is left out; 0: none */
    struct {
        const xmlChar *prefix, *uri;
        size_t depth;
    } rendered[RENDERED_MAX];
    size_t rendered_count;
    size_t entity_depth; /* 0: outside of an entity */
    struct buf entity, tag;
    struct str entity_id;
};

static void doc_release(void *doc)
{
    xmlFreeDoc(doc);
}

/* A document of the root's tag and its Signature alone: what SignedInfo needs for its canonical form. */
static struct _xmlNode *stub_of(struct arena *a, xmlNode *root, xmlNode *signature)
{
    xmlDoc *doc = xmlNewDoc((const xmlChar *)"1.0");

    arena_adopt(a, doc, doc_release);
    xmlNode *copy = xmlDocCopyNode(root, doc, 2);
    (void)xmlDocSetRootElement(doc, copy);
    xmlNode *inner = xmlDocCopyNode(signature, doc, 1);
    (void)xmlAddChild(copy, inner);
    return copy;
}

static int64_t time_of(struct arena *a, const struct _xmlNode *n)
{
    int64_t ms = 0;

    return xml_time_ms(xml_collapsed(a, xml_attr(a, n, NULL, "validUntil")), &ms) ? ms / 1000 : 0;
}

/* The Signature is the first child of the root [SAML metadata 2.3.1]. */
static bool read_root(struct making *m, xmlTextReader *reader, struct fail *f)
{
    xmlNode *root = NULL;
    int more = xmlTextReaderRead(reader);

    for (; more == 1; more = xmlTextReaderRead(reader)) {
        if (xmlTextReaderNodeType(reader) != XML_READER_TYPE_ELEMENT)
            continue;
        if (root != NULL)
            break;
        root = xmlTextReaderCurrentNode(reader);
        if (!xml_is(root, MD, "EntitiesDescriptor") && !xml_is(root, MD, "EntityDescriptor"))
            return fail(f, FAIL_UPSTREAM, "metadata_malformed", "the root is no metadata");
    }
    if (more != 1)
        return fail(f, FAIL_UPSTREAM, "metadata_malformed", "not XML, or nothing in it");
    xmlNode *signature = xmlTextReaderExpand(reader);
    if (!xml_is(signature, DS, "Signature"))
        return fail(f, FAIL_UPSTREAM, "sig_missing", "the first child of the root is no Signature");
    const struct saml_metadata_rules rules = { .now_s = m->rules->now_s,
                                               .must_expire = true,
                                               .most_ahead_s = m->rules->most_ahead_s };
    m->valid_until_s = time_of(m->arena, root);
    m->cache_s = entity_duration_s(xml_collapsed(m->arena, xml_attr(m->arena, root, NULL, "cacheDuration")));
    if (!entity_valid(m->valid_until_s, &rules, f))
        return false;
    m->signature = dsig_stream_new(m->arena, stub_of(m->arena, root, signature), m->rules->trust, f);
    return m->signature != NULL;
}

static bool read_promise(struct making *m, int fd, struct fail *f)
{
    if (lseek(fd, 0, SEEK_SET) != 0)
        return io_failed(f, "the aggregate");
    xmlTextReader *reader =
        xmlReaderForFd(fd, NULL, "UTF-8", XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    bool ok = reader != NULL && read_root(m, reader, f);

    if (reader != NULL)
        xmlFreeTextReader(reader);
    return ok;
}

/* --- exclusive C14N as a stream ------------------------------------------------------------ */

static void give_up(struct making *m, const char *code, const char *why)
{
    if (!m->failed)
        (void)fail(m->f, FAIL_UPSTREAM, code, "%s", why);
    m->failed = true;
    xmlStopParser(m->parser);
}

static bool same(const xmlChar *a, const xmlChar *b)
{
    return xmlStrEqual(a != NULL ? a : (const xmlChar *)"", b != NULL ? b : (const xmlChar *)"");
}

/* A name that is cut would be another one. */
static bool name_fits(const xmlChar *prefix, const xmlChar *name)
{
    return (prefix != NULL ? strlen((const char *)prefix) : 0) + strlen((const char *)name) + 8 < NAME_MAX_B;
}

static const xmlChar *rendered_uri(const struct making *m, const xmlChar *prefix)
{
    for (size_t i = m->rendered_count; i-- > 0;)
        if (same(m->rendered[i].prefix, prefix))
            return m->rendered[i].uri;
    return NULL;
}

/* Notes that a namespace is to stand on this element, unless it is in force in what was written. */
static void use_namespace(struct making *m, const xmlChar *prefix, const xmlChar *uri)
{
    if (same(prefix, (const xmlChar *)"xml") || same(rendered_uri(m, prefix), uri))
        return;
    if (m->rendered_count == RENDERED_MAX || (prefix != NULL && !name_fits(NULL, prefix))) {
        give_up(m, "metadata_malformed", "too many namespaces, or a prefix is too long");
        return;
    }
    m->rendered[m->rendered_count].prefix = prefix;
    m->rendered[m->rendered_count].uri = uri;
    m->rendered[m->rendered_count++].depth = m->depth;
}

static int by_prefix(const struct making *m, size_t x, size_t y)
{
    const xmlChar *a = m->rendered[x].prefix, *b = m->rendered[y].prefix;

    return strcmp(a != NULL ? (const char *)a : "", b != NULL ? (const char *)b : "");
}

/* name: "xmlns", or what an attribute is called; its prefix, or what follows "xmlns:". */
static void write_attribute(struct buf *b, const xmlChar *prefix, const xmlChar *name, struct str value)
{
    char whole[NAME_MAX_B];

    (void)snprintf(whole, sizeof whole, "%s%s%s", prefix != NULL ? (const char *)prefix : "",
                   prefix != NULL && name != NULL ? ":" : "", name != NULL ? (const char *)name : "");
    canon_attribute(b, whole, value);
}

static void write_namespace(struct buf *b, const xmlChar *prefix, const xmlChar *uri)
{
    write_attribute(b, (const xmlChar *)"xmlns", prefix, str_of(uri != NULL ? (const char *)uri : ""));
}

/* Those from `first` on, by prefix; all: for a text of its own, of each prefix the last. */
static void write_namespaces(const struct making *m, struct buf *b, size_t first)
{
    size_t order[RENDERED_MAX], n = 0;

    for (size_t i = first; i < m->rendered_count; i++) {
        size_t at = n;
        bool hidden = rendered_uri(m, m->rendered[i].prefix) != m->rendered[i].uri;
        for (size_t j = i + 1; first == 0 && j < m->rendered_count; j++)
            hidden = hidden || same(m->rendered[j].prefix, m->rendered[i].prefix);
        if (hidden)
            continue;
        for (; at > 0 && by_prefix(m, order[at - 1], i) > 0; at--)
            order[at] = order[at - 1];
        order[at] = i;
        n++;
    }
    for (size_t i = 0; i < n; i++)
        write_namespace(b, m->rendered[order[i]].prefix, m->rendered[order[i]].uri);
}

struct attribute { /* as libxml2 hands it over */
    const xmlChar *name, *prefix, *uri, *value, *end;
};

static int by_uri_and_name(const void *x, const void *y)
{
    const struct attribute *a = x, *b = y;
    int uris = strcmp(a->uri != NULL ? (const char *)a->uri : "", b->uri != NULL ? (const char *)b->uri : "");

    return uris != 0 ? uris : strcmp((const char *)a->name, (const char *)b->name);
}

static void write_attributes(struct buf *b, const struct attribute *attributes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        write_attribute(b, attributes[i].prefix, attributes[i].name,
                        str_n(attributes[i].value, (size_t)(attributes[i].end - attributes[i].value)));
}

/* To the hash, and to the entity that it is part of. */
static void put(struct making *m, struct str bytes)
{
    dsig_stream_add(m->signature, bytes);
    if (m->entity_depth > 0)
        buf_add(&m->entity, bytes);
}

static struct str attribute_named(const struct attribute *attributes, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (attributes[i].uri == NULL && strcmp((const char *)attributes[i].name, name) == 0)
            return str_n(attributes[i].value, (size_t)(attributes[i].end - attributes[i].value));
    return (struct str){ NULL, 0 };
}

/* A group within may expire earlier than the whole: then the whole does. */
static void note_group(struct making *m, struct str until)
{
    int64_t ms;

    if (until.p == NULL)
        return;
    if (!xml_time_ms(str_trim(until), &ms))
        give_up(m, "metadata_malformed", "validUntil is no UTC time");
    else if (ms / 1000 < m->valid_until_s)
        m->valid_until_s = ms / 1000;
}

/* Of the root alone: below Extensions, its third level. */
static void note_creation(struct making *m, const xmlChar *local, const xmlChar *uri, struct str instant)
{
    int64_t ms;

    if (m->depth != 3 || m->entity_depth > 0 || instant.p == NULL || !same(uri, (const xmlChar *)RPI) ||
        !same(local, (const xmlChar *)"PublicationInfo"))
        return;
    if (!xml_time_ms(str_trim(instant), &ms))
        give_up(m, "metadata_malformed", "creationInstant is no UTC time");
    else
        m->created_s = ms / 1000;
}

static void write_tag(struct making *m, const xmlChar *prefix, const xmlChar *local, size_t first,
                      const struct attribute *attributes, size_t n)
{
    m->tag.n = 0;
    buf_printf(&m->tag, "<%s%s%s", prefix != NULL ? (const char *)prefix : "", prefix != NULL ? ":" : "",
               (const char *)local);
    write_namespaces(m, &m->tag, first);
    write_attributes(&m->tag, attributes, n);
    buf_byte(&m->tag, '>');
}

/* The Signature of the root is no part of what it signs. */
static bool begins_signature(struct making *m, const xmlChar *local, const xmlChar *uri)
{
    if (m->depth != 2 || !same(local, (const xmlChar *)"Signature") || !same(uri, (const xmlChar *)DS))
        return false;
    m->skipping = m->depth;
    if (++m->signatures > 1)
        give_up(m, "sig_structure", "the root has more than one Signature");
    return true;
}

/* The attributes in their order; false when there are too many, or a name is too long. */
static bool sort_attributes(const xmlChar **raw, size_t n, struct attribute *out)
{
    if (n > XML_ATTRIBUTES_MAX)
        return false;
    for (size_t i = 0; i < n; i++, raw += 5) {
        out[i] = (struct attribute){ raw[0], raw[1], raw[2], raw[3], raw[4] };
        if (!name_fits(raw[1], raw[0]))
            return false;
    }
    qsort(out, n, sizeof out[0], by_uri_and_name);
    return true;
}

/* What is visibly used, and what InclusiveNamespaces names. */
static void use_namespaces(struct making *m, const struct attribute *attributes, size_t n, const xmlChar **declared,
                           int count)
{
    for (size_t i = 0; i < n; i++)
        if (attributes[i].prefix != NULL)
            use_namespace(m, attributes[i].prefix, attributes[i].uri);
    for (int i = 0; i < count; i++, declared += 2)
        if (dsig_stream_is_inclusive(m->signature, declared[0] != NULL ? (const char *)declared[0] : "#default"))
            use_namespace(m, declared[0], declared[1]);
}

/* A group, or an entity: whose text begins with all namespaces that are in force. */
static void begin_part(struct making *m, const xmlChar *prefix, const xmlChar *local,
                       const struct attribute *attributes, size_t n)
{
    if (same(local, (const xmlChar *)"EntitiesDescriptor"))
        note_group(m, attribute_named(attributes, n, "validUntil"));
    if (!same(local, (const xmlChar *)"EntityDescriptor"))
        return;
    write_tag(m, prefix, local, 0, attributes, n);
    m->entity_depth = m->depth;
    m->entity_id = arena_str(m->arena, str_trim(attribute_named(attributes, n, "entityID")));
    m->entity.n = 0;
    buf_add(&m->entity, buf_str(&m->tag));
}

/* As many parameters as the parser gives.  NOLINTNEXTLINE(readability-function-size) */
static void on_start(void *self, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri, int namespace_count,
                     const xmlChar **namespaces, int attribute_count, int defaulted, const xmlChar **raw)
{
    struct making *m = self;
    struct attribute attributes[XML_ATTRIBUTES_MAX];
    size_t first = m->rendered_count, n = (size_t)attribute_count;

    m->depth++;
    if (m->failed || m->skipping > 0 || begins_signature(m, local, uri))
        return;
    if (m->depth > XML_DEPTH_MAX || !name_fits(prefix, local) || !sort_attributes(raw, n, attributes)) {
        give_up(m, "metadata_malformed", "too deep, too many attributes, or a name is too long");
        return;
    }
    use_namespace(m, prefix, uri);
    use_namespaces(m, attributes, n, namespaces, namespace_count);
    write_tag(m, prefix, local, first, attributes, n);
    put(m, buf_str(&m->tag));
    note_creation(m, local, uri, attribute_named(attributes, n, "creationInstant"));
    if (m->entity_depth == 0 && same(uri, (const xmlChar *)MD))
        begin_part(m, prefix, local, attributes, n);
    if (!buf_ok(&m->tag) || !buf_ok(&m->entity))
        give_up(m, "metadata_malformed", "a tag or an entity is too large");
}

static void keep_entity(struct making *m)
{
    if (!str_is_set(m->entity_id) || m->count == AGGREGATE_ENTITIES_MAX) {
        give_up(m, "metadata_malformed", "an entity without a name, or too many of them");
        return;
    }
    if (m->count == m->cap) {
        size_t cap = m->cap * 2 + 1024;
        struct index_row *rows = arena_make_n(m->arena, cap, struct index_row);
        struct str *ids = arena_make_n(m->arena, cap, struct str);
        if (m->count > 0) {
            memcpy(rows, m->rows, m->count * sizeof rows[0]);
            memcpy(ids, m->ids, m->count * sizeof ids[0]);
        }
        m->rows = rows;
        m->ids = ids;
        m->cap = cap;
    }
    struct str text = buf_str(&m->entity);
    m->ids[m->count] = m->entity_id;
    m->rows[m->count++] = (struct index_row){ .text_at = m->at, .text_n = (uint32_t)text.n };
    m->at += text.n;
    if (fwrite(text.p, 1, text.n, m->out) != text.n)
        give_up(m, "aggregate_io", "the index cannot be written");
}

static void on_end(void *self, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri)
{
    struct making *m = self;

    if (m->skipping > 0) {
        m->skipping = m->skipping == m->depth ? 0 : m->skipping;
        m->depth--;
        return;
    }
    m->tag.n = 0;
    buf_add(&m->tag, S("</"));
    buf_printf(&m->tag, "%s%s%s>", prefix != NULL ? (const char *)prefix : "", prefix != NULL ? ":" : "",
               (const char *)local);
    put(m, buf_str(&m->tag));
    if (m->entity_depth == m->depth) {
        m->entity_depth = 0;
        keep_entity(m);
    }
    while (m->rendered_count > 0 && m->rendered[m->rendered_count - 1].depth == m->depth)
        m->rendered_count--;
    m->depth--;
}

static void on_text(void *self, const xmlChar *text, int n)
{
    struct making *m = self;

    if (m->skipping > 0 || m->depth == 0)
        return;
    m->tag.n = 0;
    canon_text(&m->tag, str_n(text, (size_t)n));
    put(m, buf_str(&m->tag));
    if (!buf_ok(&m->tag) || !buf_ok(&m->entity))
        give_up(m, "metadata_malformed", "a text or an entity is too large");
}

static void on_doctype(void *self, const xmlChar *name, const xmlChar *public_id, const xmlChar *system_id)
{
    give_up(self, "xml_doctype", "a document type in metadata");
}

static bool take_xml(void *self, const char *p, size_t n)
{
    struct making *m = self;

    return xmlParseChunk(m->parser, p, (int)n, 0) == 0 && !m->failed;
}

static bool read_entities(struct making *m, int fd, struct fail *f)
{
    xmlSAXHandler sax = { .initialized = XML_SAX2_MAGIC,
                          .startElementNs = on_start,
                          .endElementNs = on_end,
                          .characters = on_text,
                          .ignorableWhitespace = on_text,
                          .cdataBlock = on_text,
                          .internalSubset = on_doctype };

    m->parser = xmlCreatePushParserCtxt(&sax, m, NULL, 0, NULL);
    if (m->parser == NULL)
        return fail(f, FAIL_OURS, "xml_memory", "no parser");
    /* References in attributes come as what they mean: there is no document type that could mean more. */
    (void)xmlCtxtUseOptions(m->parser, XML_PARSE_NOENT | XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    bool ok = each_chunk(m->arena, fd, take_xml, m, f) && xmlParseChunk(m->parser, NULL, 0, 1) == 0 && !m->failed &&
              m->parser->wellFormed && m->parser->nsWellFormed;
    if (m->parser->myDoc != NULL)
        xmlFreeDoc(m->parser->myDoc);
    xmlFreeParserCtxt(m->parser);
    return ok || fail(f, FAIL_UPSTREAM, "metadata_malformed", "not well-formed");
}

/* --- an index is made ------------------------------------------------------------------------ */

struct named {
    struct str id;
    struct index_row row;
};

static int by_name(const void *x, const void *y)
{
    return str_cmp(((const struct named *)x)->id, ((const struct named *)y)->id);
}

/* The names and the rows behind the texts, then the head in front. */
static bool write_table(struct making *m, struct index_head *head, struct fail *f)
{
    struct named *all = arena_make_n(m->arena, m->count + 1, struct named);
    static const char zeros[8];
    bool ok = true;

    for (size_t i = 0; i < m->count; i++)
        all[i] = (struct named){ m->ids[i], m->rows[i] };
    qsort(all, m->count, sizeof all[0], by_name);
    for (size_t i = 0; i < m->count; i++) {
        if (i > 0 && str_eq(all[i].id, all[i - 1].id))
            return fail(f, FAIL_UPSTREAM, "metadata_twice", "the entity %.*s is there twice", STR_ARG(all[i].id));
        all[i].row.id_at = m->at;
        all[i].row.id_n = (uint32_t)all[i].id.n;
        m->at += all[i].id.n;
        ok = ok && fwrite(all[i].id.p, 1, all[i].id.n, m->out) == all[i].id.n;
    }
    size_t gap = (8 - m->at % 8) % 8;
    ok = ok && fwrite(zeros, 1, gap, m->out) == gap;
    m->at += gap;
    head->rows_at = m->at;
    for (size_t i = 0; i < m->count; i++)
        ok = ok && fwrite(&all[i].row, sizeof all[i].row, 1, m->out) == 1;
    head->size = m->at + m->count * sizeof all[0].row;
    head->count = m->count;
    ok = ok && fseek(m->out, 0, SEEK_SET) == 0 && fwrite(head, sizeof *head, 1, m->out) == 1 && fflush(m->out) == 0 &&
         fsync(fileno(m->out)) == 0;
    return ok || io_failed(f, "the index");
}

/* Against the index in use, if there is one: not older, and not the same again. */
static bool replaces(struct making *m, const char *to, struct str digest, bool *is_same, struct fail *f)
{
    struct fail none = { 0 };
    const struct saml_index *used = saml_index_open(m->arena, to, &none);

    *is_same = used != NULL && str_eq(str_n(used->head->digest, used->head->digest_B), digest);
    if (used == NULL || *is_same)
        return true;
    if (used->head->valid_until_s > m->valid_until_s)
        return fail(f, FAIL_UPSTREAM, "metadata_older", "it ends before the copy that is in use");
    return m->created_s == 0 || used->head->created_s <= m->created_s ||
           fail(f, FAIL_UPSTREAM, "metadata_older", "it was made before the copy that is in use");
}

static bool make(struct making *m, int fd, const char *to, struct saml_aggregate_made *out, struct fail *f)
{
    struct index_head head = { .version = INDEX_VERSION };
    struct glance glance = { { 0 }, false, 0, 0 };
    struct str digest;
    size_t key;

    memcpy(head.magic, magic, sizeof magic);
    m->at = sizeof head;
    if (!each_chunk(m->arena, fd, take_glance, &glance, f) || !read_promise(m, fd, f))
        return false;
    if (fwrite(&head, sizeof head, 1, m->out) != 1)
        return io_failed(f, "the index");
    if (!read_entities(m, fd, f) || !dsig_stream_end(m->signature, &key, &digest, f))
        return false;
    const struct saml_metadata_rules rules = { .now_s = m->rules->now_s };
    if (!entity_valid(m->valid_until_s, &rules, f) || !replaces(m, to, digest, &out->same, f))
        return false;
    out->entities = m->count;
    out->valid_until_s = head.valid_until_s = m->valid_until_s;
    out->cache_s = head.cache_s = m->cache_s;
    out->created_s = head.created_s = m->created_s;
    out->key = keyring_print(m->rules->trust, key);
    head.digest_B = (uint32_t)digest.n;
    memcpy(head.digest, digest.p, digest.n);
    memcpy(head.print, out->key.p, PRINT_B);
    return out->same || write_table(m, &head, f);
}

bool saml_aggregate_index_fd(struct arena *a, int from, const char *to, const struct saml_aggregate_rules *rules,
                             struct saml_aggregate_made *out, struct fail *f)
{
    struct arena *scratch = arena_scratch(a);
    struct making *m = arena_make(scratch, struct making);
    char *part = arena_cstr(scratch, arena_printf(scratch, "%s.part", to));

    *out = (struct saml_aggregate_made){ 0 };
    *m = (struct making){ .arena = scratch,
                          .rules = rules,
                          .f = f,
                          .out = fopen(part, "wbe"),
                          .entity = buf_new(scratch, ENTITY_MAX_B),
                          .tag = buf_new(scratch, TAG_MAX_B) };
    bool ok = m->out != NULL ? make(m, from, to, out, f) : io_failed(f, part);
    if (m->out != NULL)
        (void)fclose(m->out);
    if (ok && !out->same)
        ok = rename(part, to) == 0 || io_failed(f, to);
    else
        (void)unlink(part);
    out->key = arena_str(a, out->key);
    arena_free(scratch);
    return ok;
}

bool saml_aggregate_index(struct arena *a, const char *from, const char *to, const struct saml_aggregate_rules *rules,
                          struct saml_aggregate_made *out, struct fail *f)
{
    int fd = open(from, O_RDONLY | O_CLOEXEC);

    *out = (struct saml_aggregate_made){ 0 };
    if (fd < 0)
        return io_failed(f, from);
    bool ok = saml_aggregate_index_fd(a, fd, to, rules, out, f);
    (void)close(fd);
    return ok;
}
