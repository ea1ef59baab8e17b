/* SPDX-License-Identifier: EUPL-1.2
 * gateway/process/fetch_mail.h: one mail to the mail server of the settings, by libcurl [RFC 5321, 3207, 4954].
 *
 * Floor 6f.  The server is the word of whoever runs the node, so it may be at any address; no message names another.
 * starttls:// and smtps:// never go on without TLS and a certificate that holds (ca_file, or the system's); smtp:// is
 * loopback alone (base/settings.c).  It is reached directly, whatever outgoing_proxy is.
 */
#ifndef GATEWAY_FETCH_MAIL_H
#define GATEWAY_FETCH_MAIL_H

#include "base/fail.h"
#include "base/settings.h"

#include <curl/curl.h>

struct mail_server {
    struct str url;            /* absent: none is set; as libcurl has it, with the name that we give after EHLO */
    struct str user, password; /* absent: no log-in */
    struct str from;
    bool starttls;
    struct str pin; /* "mail.localhost:587:127.0.0.1"; absent: resolved as any name */
};

/* Reads the file with the password, which is never shown.  Fails OURS smtp_password_file. */
bool mail_server_read(const struct settings *s, struct arena *a, struct mail_server *out, struct fail *f);

enum mailing_at { MAILING_GREETED = 0, MAILING_LOGIN, MAILING_SENDER, MAILING_ADDRESS };
struct mailing { /* one; set to and message before it begins */
    struct str to, message;
    size_t sent_B;
    enum mailing_at at;
    int said; /* the answer to what was sent last, but QUIT; 0: none yet */
    bool over;
    struct curl_slist *to_list; /* freed with the arena, like resolve */
    struct curl_slist *resolve;
};

/* All options of the handle; m must outlive it.  NULL: good; else why not: no_server, refused_url (the address, or
 * nothing to send). */
const char *mailing_begin(CURL *easy, struct arena *a, const struct settings *set, const struct mail_server *s,
                          struct mailing *m);
/* Only as far as a mail could begin: connects, TLS, log-in, a NOOP.  May block.  NULL: good, or none is set; else why
 * not, in a few words. */
const char *mail_server_try(struct arena *a, const struct settings *set, const struct mail_server *s);
/* Afterwards: what the server has said of this very mail, 250, 4xx, 5xx; 0: nothing, and *error where the reason is
 * one of ours (login, sender, server), else NULL: the transfer's. */
int mailing_said(const struct mailing *m, CURLcode code, const char **error);

#endif
