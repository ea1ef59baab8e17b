/* SPDX-License-Identifier: EUPL-1.2
 * gateway/http/chunks.h: a body that comes in chunks, read strictly [RFC 9112 7.1].
 *
 * Floor 6.  Pure.  Clients that stream do not know a body's length beforehand, and
 * what comes over HTTP/2 without one is chunked by the proxy.  The grammar is
 * taken by its letter, since where two readers of one message differ, the second
 * hears a request that the first did not:
 *
 *     size        1 to 16 hexadecimal digits, nothing around them; what passes the limit is refused before it comes
 *     extensions  well-formed, and thrown away; all of them and the trailers together CHUNKS_EXTRA_MAX_B
 *     lines       end with CRLF, and so does the data of a chunk; nothing is folded
 *     trailers    well-formed fields, thrown away: nothing that came behind a body is ever taken for its header;
 *                 none that frames a message or names its host
 */
#ifndef GATEWAY_CHUNKS_H
#define GATEWAY_CHUNKS_H

#include "base/str.h"

enum { CHUNKS_EXTRA_MAX_B = 4096, CHUNKS_DIGITS_MAX = 16, CHUNKS_NAME_MAX_B = 64 };

enum chunks_say { CHUNKS_REFUSED = 0, CHUNKS_MORE, CHUNKS_WHOLE };

struct chunks {    /* begins zeroed, but for most_B */
    size_t most_B; /* of data */
    size_t data_B; /* announced so far */
    size_t left_B; /* of the chunk that is being read */
    size_t extra_B;
    int at; /* where in the grammar */
    int digits;
    char name[CHUNKS_NAME_MAX_B]; /* of the trailer that is being read */
    size_t name_B;
    int status;       /* of a refusal: 400 or 413 */
    const char *rule; /* of a refusal: a stable word */
};

/* Reads on, however the bytes were cut.  Data goes to body, whose ceiling is most_B or more.  *taken: how many bytes
 * belong to this message; all of them, unless it is WHOLE.  After WHOLE and REFUSED nothing more is read. */
enum chunks_say chunks_read(struct chunks *c, struct str bytes, struct buf *body, size_t *taken);

#endif
