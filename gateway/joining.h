/* SPDX-License-Identifier: EUPL-1.2
 * gateway/joining.h: a vendor organisation as people type it, and an invitation to it.
 *
 * Floor 6c.  What the vendor portal and the console share: who asks to join, who is invited by an operator, and who by
 * an owner, go through the same form, the same checks, and the same kind of link.
 */
#ifndef GATEWAY_JOINING_H
#define GATEWAY_JOINING_H

#include "gateway/mail.h"
#include "model/ctx.h"
#include "portal/pages.h"
#include "portal/texts.h"
#include "registry/contacts.h"
#include "registry/edit.h"
#include "registry/vendors.h"

enum { WRONGS_MAX = 24 };
struct wrong_list { /* fills a struct vendor_wrongs */
    struct vendor_wrong at[WRONGS_MAX];
    size_t n;
};
/* Notes it down for the top of the page; the text, for beside the field. */
struct str wrong_note(struct ctx *c, struct wrong_list *w, const char *field, enum vendor_text label, struct str says);
/* The same with the text "missing", where nothing was typed; absent where something was. */
struct str wrong_missing(struct ctx *c, struct wrong_list *w, const char *field, enum vendor_text label,
                         struct str typed);
/* The same of an address of e-mail. */
struct str wrong_email(struct ctx *c, struct wrong_list *w, const char *field, enum vendor_text label,
                       struct str typed);

/* From c->body. */
void organisation_typed(struct ctx *c, struct organisation_form *o);
/* What of it the registry would not take; o->no_… and the list. */
void organisation_judge(struct ctx *c, struct organisation_form *o, struct wrong_list *w);
/* As an edit of that row. */
void organisation_put(struct edit *e, struct str id, const struct organisation_form *o);
/* The id of a new one, which its business id makes: "y2345678-0". */
struct str organisation_id(struct ctx *c, struct str business_id);

struct str staff_role_word(enum staff_role role, enum lang lang);

/* A new invitation to be kept; *link: what is shown, once, where it is not sent. */
struct invitation invitation_new(struct ctx *c, struct str organisation, enum staff_role role, struct str note,
                                 struct str *link);

/* The same to let an account in anew: RECOVERY_S, of no role. */
struct invitation invitation_recovery(struct ctx *c, struct str account, struct str name, struct str *link);

/* What becomes of it in a job on the vendors' store. */
struct inviting {
    struct invitation made; /* email: where it is sent; "": nowhere */
    struct mail_door door;
    struct mail_letter letter;
    int64_t now_s;
};
/* On the loop: x->made stands, name is the organisation's, email what was typed (""), link is invitation_new()'s. */
void invitation_address(struct ctx *c, struct inviting *x, const struct names *name, struct str email, struct str link);
/* The same of one that lets an account in anew; owner: the organisation whose owner does. */
void invitation_address_recovery(struct ctx *c, struct inviting *x, const struct organisation *owner, struct str email,
                                 struct str link);
/* Keeps it and leaves its letter in the outbox: both or neither. */
bool invitation_send(struct db *d, struct arena *a, struct inviting *x, struct fail *f);
/* hash: its first digits will do.  A letter that waits is not sent any more. */
bool invitation_take_back(struct db *d, struct arena *a, const struct mail_door *door, struct str organisation,
                          struct str hash, int64_t now_s, struct fail *f);
/* What has become of the letters of each; at: n of them. */
bool invitation_letters(const struct mail_door *door, struct arena *a, const struct invitations *of,
                        enum mail_state *at, struct fail *f);
/* In words; absent: it was sent nowhere. */
struct str invitation_letter_words(struct ctx *c, const struct invitation *x, enum mail_state state);
/* A link by which somebody says that an address of an organisation is read. */
struct contact_asking {
    struct contact_link link;
    struct mail_letter letter;
    struct str shown; /* the link */
};
/* On the loop.  name: the organisation's; the letter counts among those that it may send in a day. */
void contact_ask(struct ctx *c, const struct organisation *o, enum contact which, struct str address,
                 struct contact_asking *out);
/* In a job on the vendors' store: keeps it, and leaves its letter in the outbox where there is one. */
bool contact_send(struct db *d, struct arena *a, struct mail_door *door, const struct contact_asking *x, int64_t now_s,
                  struct fail *f);
enum vendor_text contact_text(enum contact which); /* "Tekniikka" */

/* Of what stands in the link. */
struct str invitation_hash(struct arena *a, struct str token);

#endif
