/* SPDX-License-Identifier: EUPL-1.2
 * wire/xml_canon.h: values as canonical XML has them [C14N 1.1, 2.3].
 *
 * Floor 1.  For the files that write what is signed: what stands between tags and
 * in quotation marks comes in by these alone.  Bytes that XML cannot hold become
 * U+FFFD.
 */
#ifndef WIRE_XML_CANON_H
#define WIRE_XML_CANON_H

#include "base/arena.h"

void canon_text(struct buf *b, struct str text);
/* ` name="value"`; an absent value writes nothing. */
void canon_attribute(struct buf *b, const char *name, struct str value);
/* `<name>text</name>`; an absent text writes nothing. */
void canon_element(struct buf *b, const char *name, struct str text);

#endif
