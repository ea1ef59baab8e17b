/* SPDX-License-Identifier: EUPL-1.2
 * gateway/http/guard.h: reads the raw header of a request, strictly, before anything else does.
 *
 * Floor 6a.  Pure.  libmicrohttpd reads leniently: it accepts bare line feeds,
 * folded lines, NUL, several lengths, and so lets one message be two.  So the
 * server looks at the raw bytes first and hands over only a header that can be
 * read in one way [RFC 9112]; what a handler sees comes from this reading, not
 * from the library's.
 *
 *     request line  token SP target SP HTTP/1.x, CRLF; no "%00"; one empty line may stand in front.  A target begins
 *                   with "/", or names the same host as Host in front of that; "*" for OPTIONS
 *     fields        token ":" value, CRLF; no folding, no control byte but tab,
 *                   no Content_Length or Transfer_Encoding (a proxy may take "_" for "-")
 *     Host          exactly one, of host characters; HTTP/1.0 may do without
 *     Content-Length  at most one, digits; none but 0 with GET and HEAD
 *     Transfer-Encoding  at most one, "chunked" and nothing else; not beside a length, not in HTTP/1.0
 *     Expect        100-continue or none
 *
 * What is legal and the library would misread is marked by_hand: own.c answers it.
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
    size_t header_B;      /* bytes up to and with the empty line */
    size_t body_B;        /* Content-Length */
    bool chunked;         /* the body comes in chunks (chunks.h) */
    bool expects;         /* the client waits for 100 (Continue) before it sends the body */
    bool close;           /* the client wants, or HTTP/1.0 means, no other request */
    bool old;             /* HTTP/1.0 */
    bool by_hand;         /* not for the library */
    struct str authority; /* that the target names; absent: none */
    int status;           /* of a refusal: 400, 414, 431, 505 */
    const char *rule;     /* of a refusal: a stable word */
};

/* MORE: so far nothing is wrong, and the header is not complete.  out is filled
 * for WHOLE; status and rule for REFUSED. */
enum guard_says guard_read(struct str bytes, struct guarded *out);

bool is_tchar(unsigned char c); /* of names [RFC 9110 5.6.2] */
/* Whether it says where a message ends or whom it is for, also with "_" for "-". */
bool is_framing_name(struct str name);

#endif
