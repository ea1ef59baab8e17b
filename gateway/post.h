/* SPDX-License-Identifier: EUPL-1.2
 * gateway/post.h: carries what lies in the outbox (registry/mails.h) to the mail server, on one loop of the process.
 *
 * Floor 6a.  Looks every POST_EVERY_MS; at most POST_AT_ONCE are on their way.  SQL runs on worker threads, SMTP in the
 * fetcher: the loop never waits.  A server that is away or says 4xx is asked again by and by (mails.h); an address that
 * is refused (5xx) is not.  Logged without the address: "mail.sent", "mail.not_now", "mail.given_up".
 *
 * Threads: all of it belongs to its loop, but post_trouble().
 */
#ifndef GATEWAY_POST_H
#define GATEWAY_POST_H

#include "base/loop.h"
#include "gateway/mail.h"

enum { POST_EVERY_MS = 1000, POST_AT_ONCE = 4, POST_CLAIM_S = 40 * 86400 };

struct post;
struct fetch;
struct work;
struct kv;
struct alarms;

struct post_parts {
    struct mail_door door;
    struct loop *loop;
    struct fetch *fetch;
    struct work *work;
    struct kv *kv;         /* where nodes see who sends a letter that several have; NULL: there is one node */
    struct alarms *alarms; /* hears of addresses that are refused; NULL: nobody does */
};

/* NULL where no mail server is set.  Begins at once. */
struct post *post_new(const struct post_parts *parts);
void post_stop(struct post *p);       /* takes no more; NULL does nothing */
bool post_busy(const struct post *p); /* an answer may still come; before post_free() it must not */
void post_free(struct post *p);       /* NULL does nothing */

/* Why the mail server takes nothing (a word of wire/fetch.h, or "refuses"); NULL: it does, as far as is known.  Any
 * thread. */
const char *post_trouble(const struct post *p);

#endif
