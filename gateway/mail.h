/* SPDX-License-Identifier: EUPL-1.2
 * gateway/mail.h: the one door for whoever wants to send e-mail.
 *
 * Floor 6a.  A letter is a row of letters.def.  mail_put() writes it and leaves it in the outbox (registry/mails.h);
 * gateway/post.h carries it from there to the mail server, again if need be, after a restart too.  Of one key one
 * letter is ever sent, by whichever node: who asks once more does no harm.
 *
 *     const struct mail_door door = mail_door_of(c);      on the loop
 *     ... in a job, on a worker thread:
 *     mail_put(&door, a, &letter, &fresh, f)
 *
 * What people have typed becomes no address in a letter: else an organisation that calls itself "Look at
 * https://elsewhere.example" would have us send that to whomever it likes.
 *
 * Each letter is written in all three languages, its own first: what people read who are no accounts yet, nobody knows.
 */
#ifndef GATEWAY_MAIL_H
#define GATEWAY_MAIL_H

#include "base/arena.h"
#include "base/fail.h"
#include "base/settings.h"
#include "base/world.h"
#include "gateway/letters.def"
#include "model/lang.h"
#include "registry/mails.h"

struct ctx;

enum letter {
    LETTER_NONE = 0,
#define X(letter, ...) LETTER_##letter,
    LETTERS(X)
#undef X
        LETTER_COUNT
};

enum letter_part {
#define X(part, fi, sv, en) LETTER_PART_##part,
    LETTER_PARTS(X)
#undef X
};
extern const struct names letter_parts[];

struct mail_letter {
    enum letter letter;
    struct str key;   /* what it is about: "invite:HASH"; at most MAILS_KEY_MAX_B */
    struct str owner; /* whose capacity it uses: an organisation's or a provider's id */
    struct str to;
    int64_t a_day;  /* as of struct waiting_mail */
    enum lang lang; /* which language comes first */
    struct names what, part;
    int64_t when_s; /* shown as a date */
    int64_t days;
    struct str path; /* of our own, "/vendor/…": {link} is public_url with it */
};

struct mail_door {
    const struct settings *set;
    const struct world *world;
    const struct seals *seals;
    struct mails *mails; /* NULL: nothing is sent */
};

/* Whether there is a mail server at all; where there is none, what would be sent is shown. */
bool mail_is_set(const struct settings *set);
struct mail_door mail_door_of(const struct ctx *c);

/* Subject and text, with nothing of what was given able to begin a line of a header.  Pure. */
void mail_compose(struct arena *a, const struct settings *set, const struct mail_letter *x, struct str *subject,
                  struct str *text);

/* Leaves it in the outbox; may block.  *fresh: false: of this key there was one already.  Fails CALLER mail_address,
 * mail_key, no_mail_server; BUSY mails: too many wait, or were sent today, of its owner or to this mailbox; OURS db_….
 */
bool mail_put(const struct mail_door *d, struct arena *a, const struct mail_letter *x, int64_t now_s, bool *fresh,
              struct fail *f);
/* What has become of it; may block. */
bool mail_state_of(const struct mail_door *d, struct arena *a, struct str key, enum mail_state *out, struct fail *f);
/* It is not to be sent after all; may block. */
bool mail_recall(const struct mail_door *d, struct arena *a, struct str key, struct fail *f);

#endif
