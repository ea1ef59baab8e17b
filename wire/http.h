/* SPDX-License-Identifier: EUPL-1.2
 * wire/http.h: request and response as values.
 *
 * Floor 1.  Knows no library and no socket: gateway/http/request.c fills requests and
 * sends responses, tests make both by hand.  A request has passed the framing
 * guard: one Host, token-only names, no control bytes in values.  Views of a
 * request live as long as it does; what is given to a response must live in
 * the response's arena (or be a literal) until it is sent.
 */
#ifndef WIRE_HTTP_H
#define WIRE_HTTP_H

#include "base/arena.h"

enum http_method { HTTP_OTHER = 0, HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_OPTIONS, HTTP_PUT, HTTP_DELETE };

struct http_field {
    struct str name, value;
};

struct http_request {
    enum http_method method;
    struct str path;  /* raw: a route matches it byte by byte, nothing is unescaped */
    struct str param; /* what stood for the '*' of the route's path; letters, digits and "-._~" only */
    struct str query; /* raw, without '?'; absent when there is no '?' */
    struct str host;  /* as the client says: for logs; URLs are made from public_url alone */
    struct http_field *fields;
    size_t field_count;
    struct str body;        /* whole, within the route's limit */
    struct str peer;        /* address of the person's device: the connection's, or what trusted_proxy says; "unix" */
    bool forwarded;         /* came through trusted_proxy */
    struct str certificate; /* the field Client-Cert as trusted_proxy has set it [RFC 9440 2]; absent: none */
    bool https;             /* public_url is https: decides names and flags of cookies */
};

/* The field's value; absent when missing.  Names compare without case.  A field
 * that came twice is absent: nobody may choose between two. */
struct str http_field(const struct http_request *r, struct str name);
/* What Authorization holds behind that scheme ("Bearer", "DPoP"), without white space around it [RFC 6750 2.1]; absent:
 * no such field, another scheme, or nothing. */
struct str http_credentials(const struct http_request *r, struct str scheme);
/* A field whose value is a list: it may come in several lines, which are one list [RFC 9110 5.3]. */
struct str http_field_list(struct arena *a, const struct http_request *r, struct str name);
/* The cookie's value, under the name that http_set_cookie gave it; absent when
 * missing or repeated.  Each cookie is judged alone: one without a name, an empty
 * one, one whose value we would not write, is passed over, and the others stand.
 * Several Cookie fields are read as one [RFC 6265 5.4, RFC 9113 8.2.3]. */
struct str http_cookie(const struct http_request *r, struct str name);
/* Calls each(with, name, value) for cookies of ours whose name begins so (prefix
 * as given to http_set_cookie; names come without `__Host-`), in their order; for
 * HTTP_COOKIES_MAX of them at most. */
void http_cookies(const struct http_request *r, struct str prefix,
                  void (*each)(void *with, struct str name, struct str value), void *with);

enum { HTTP_COOKIES_MAX = 256, HTTP_RESPONSE_FIELDS_MAX = 48 };

/* The part of a peer's address that limits count by: IPv4 whole, of IPv6 the /64, since one device has all of it;
 * however it is written.  What is no address stays as it is. */
struct str http_place(struct arena *a, struct str peer);

struct http_response {
    struct arena *arena;
    bool https; /* as in the request */
    int status; /* 0: nothing was answered yet */
    struct http_field fields[HTTP_RESPONSE_FIELDS_MAX];
    size_t field_count;
    struct str body;
};

/* Adds a field.  Control bytes never reach a header: a value with one is a bug
 * (assert), and is dropped where assertions are off. */
void http_header(struct http_response *res, struct str name, struct str value);
/* Replaces every field of that name. */
void http_header_set(struct http_response *res, struct str name, struct str value);
struct str http_response_field(const struct http_response *res, struct str name); /* the first; for tests too */
/* After a POST: 303.  A url with a control byte is refused with status 500. */
void http_redirect(struct http_response *res, int status, struct str url);
void http_body(struct http_response *res, int status, struct str type, struct str body);

enum same_site { SAME_SITE_LAX = 0, SAME_SITE_STRICT, SAME_SITE_NONE };

/* Sets a cookie: HttpOnly, Path=/, Secure and `__Host-` in front of the name
 * where public_url is https.  On the plain-http localhost of the demo neither,
 * and SAME_SITE_NONE becomes Lax, since browsers refuse None without Secure.
 * max_age_s: -1 until the browser ends, 0 delete.  value: token characters. */
void http_set_cookie(struct http_response *res, struct str name, struct str value, int64_t max_age_s, enum same_site);
/* The same for what scripts of ours in frames of others may read: without HttpOnly, SameSite=None, until the browser
 * ends.  Nothing secret. */
void http_set_cookie_shown(struct http_response *res, struct str name, struct str value);

#endif
