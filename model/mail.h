/* SPDX-License-Identifier: EUPL-1.2
 * model/mail.h: a mail as it goes to an SMTP server [RFC 5322, 2045, 2047, 3834].
 *
 * Floor 1.  Pure.  Plain text in UTF-8, to one address.  Nothing that is given can begin a header field, or end the
 * message: addresses are is_mailbox() in ASCII, a name or a subject with a control character is refused, whatever is
 * beyond ASCII is an encoded-word, and the text travels as base64, in which no line begins with a dot.
 */
#ifndef MODEL_MAIL_H
#define MODEL_MAIL_H

#include "base/arena.h"
#include "base/fail.h"
#include "model/lang.h"

enum { MAIL_SUBJECT_MAX_B = 400, MAIL_NAME_MAX_B = 200, MAIL_TEXT_MAX_B = 16000, MAIL_ID_MAX_B = 64 };

struct mail {
    struct str from, from_name; /* from_name: absent: the address alone */
    struct str to;
    struct str subject, text; /* UTF-8; lines of the text end with \n */
    struct str id; /* letters, digits, '-': Message-ID is <id@domain of from>; one a mail, kept over retries */
    enum lang lang;
    bool all_languages; /* the text says it in each, lang first */
    int64_t at_s;       /* Date, in UTC */
};

/* Headers and body, in a.  Fails CALLER mail_address, mail_text: nothing is sent of it. */
bool mail_write(struct arena *a, const struct mail *m, struct str *out, struct fail *f);
/* An address of ASCII that has no second meaning in an SMTP command [RFC 5321 4.1.2]. */
bool mail_address(struct str s);

#endif
