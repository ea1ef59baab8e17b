/* SPDX-License-Identifier: EUPL-1.2
 * gateway/answer.h: what every answer has in common, and what a failure looks like.
 *
 * Floor 6a.  The one place that turns a struct fail into status, log line and
 * text: a page for people, JSON or a SOAP Fault for services, or a redirect to the service when
 * its answer address was checked.
 */
#ifndef GATEWAY_ANSWER_H
#define GATEWAY_ANSWER_H

#include "gateway/notice.h"
#include "gateway/routes.h"
#include "wire/html.h"

enum { ANSWER_RETRY_S = 60 /* of a page */, ANSWER_RETRY_SOON_S = 5 /* of a service */ };

/* While a fault of ours lasts, the requests of one browser have one support code.  Once, before the steps. */
void answer_take_code(struct ctx *c);

/* Sends the failure to the service that asked (route column SERVICE, answer
 * address checked).  False: it cannot; then a page follows. */
typedef bool answer_to_service_fn(struct ctx *c);

/* Fills c->res from c->fail and writes the one log line.  Set-Cookie, Allow,
 * WWW-Authenticate, DPoP-Nonce, Refresh and X-Request-ID fields that steps have set stay; the rest goes. */
void answer_failure(struct ctx *c, answer_to_service_fn *to_service);

/* The page of a failure once more, as it was. */
void answer_notice(struct ctx *c, const struct notice *n);

/* What whoever asked may read of c->fail: the parameter and the rule, where the request is at fault, and the support
 * code under which our log says the rest.  In the characters of an error_description [RFC 6749 4.1.2.1, 5.2]. */
struct str answer_description(const struct ctx *c, const struct fail *f);

/* The body of the request as one JSON object without NUL characters.  NULL: it failed CALLER, by that code. */
struct json_value; /* wire/json.h */
const struct json_value *answer_json_body(struct ctx *c, const char *code, struct fail *f);

/* The last hand on every answer: security headers, Cache-Control, Content-Language.
 * A Content-Security-Policy or Cache-Control that is there already stays. */
void answer_finish(struct ctx *c);
/* The policy of a page that may stand in a frame of a page of ours alone, and a row of it: set after the page is made.
 */
void answer_within_ours(struct ctx *c);

/* The policy of a page that shows nothing and may stand in a frame of others; it has no X-Frame-Options. */
#define ANSWER_FRAMED_CSP                                                                                              \
    "default-src 'none'; script-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors *"
/* The same headers for refusals that are written by hand; https: public_url is. */
struct str answer_fixed_headers(struct arena *a, bool https);

/* The page of a refusal before there is a request, in the language of its header; absent where that does not ask for
 * HTML.  A line that is too long hides the rest: who asks by GET may be a person. */
struct str answer_refusal(struct arena *a, const struct settings *set, struct str header, int status,
                          const char *support_code, int64_t now_s);

/* Sends a page with its security policy and language; gives DONE. */
enum step answer_page(struct ctx *c, int status, struct html page);
/* 303 to a path of ours or to a checked address; gives DONE. */
enum step answer_go(struct ctx *c, struct str url);

/* For this browser, from the next page on; of a variety, lang is LANG_FI. */
void answer_set_lang(struct ctx *c, enum lang lang, enum variety variety);
bool answer_chosen_lang(const struct ctx *c, enum lang *lang, int64_t *at_s); /* what it was set to, and when */
/* Which language the page is in: ui_locales, the cookie, Accept-Language, Finnish. */
enum lang answer_lang(const struct ctx *c);
/* The variety of it that was chosen at this browser; when c->lang is set. */
enum variety answer_variety(const struct ctx *c);

#endif
