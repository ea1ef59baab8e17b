/* SPDX-License-Identifier: EUPL-1.2
 * gateway/http/guard.h: reads the raw header of a request, strictly, before anything else does.
 *
 * Floor 6a.  Pure.  libmicrohttpd reads leniently: it accepts bare line feeds,
 * folded lines, NUL, several lengths, and so lets one message be two.  So the
 * server looks at the raw bytes first and hands over only a header that can be
 * read in one way [RFC 9112]; what a handler sees comes from this reading, not
 * from the library's.
 *
 *     request line  token SP origin-form SP HTTP/1.1 or 1.0, CRLF; no "%00"
 *     fields        token ":" value, CRLF; no folding, no control byte but tab,
 *                   no Content_Length or Transfer_Encoding (a proxy may take "_" for "-")
 *     Host          exactly one, of host characters
 *     Content-Length  at most one, digits; none but 0 with GET and HEAD
 *     Transfer-Encoding  none: a body says its length
 *     Cookie        does not end with a quote that opens and does not close: the library answers that twice
 *     Expect        100-continue or none
 */
#ifndef GATEWAY_GUARD_H
#define GATEWAY_GUARD_H

#include "wire/http.h"

/* Room for twenty logins in flight, each in a cookie of its own. */
enum { GUARD_HEADER_MAX_B = 36864, GUARD_LINE_MAX_B = 8192, GUARD_FIELDS_MAX = 100, GUARD_BODY_MAX_B = 999999999 };

enum guard_says { GUARD_REFUSED = 0, GUARD_MORE, GUARD_WHOLE };

struct guarded {
    struct http_request req; /* method, path, query, host, fields; views into the bytes */
    struct http_field fields[GUARD_FIELDS_MAX];
    size_t header_B;  /* bytes up to and with the empty line */
    size_t body_B;    /* Content-Length */
    bool close;       /* the client wants, or HTTP/1.0 means, no other request */
    int status;       /* of a refusal: 400, 414, 431, 505 */
    const char *rule; /* of a refusal: a stable word */
};

/* MORE: so far nothing is wrong, and the header is not complete.  out is filled
 * for WHOLE; status and rule for REFUSED. */
enum guard_says guard_read(struct str bytes, struct guarded *out);

#endif
