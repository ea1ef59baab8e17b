/* SPDX-License-Identifier: EUPL-1.2
 * gateway/registrar.h: vendors register services by themselves, whatever those speak.
 *
 * Floor 6c.  What the registrations of all protocols share.  Nobody registers without an initial access token, whose
 * row (struct registrar) says what may be registered, how much of it, and whether it is active at once.
 */
#ifndef GATEWAY_REGISTRAR_H
#define GATEWAY_REGISTRAR_H

#include "model/ctx.h"
#include "registry/edit.h"
#include "wire/fetch.h"

/* Who asks: "Authorization: Bearer …".  Absent: WWW-Authenticate is set and f is CLIENT_AUTH invalid_token. */
struct str registrar_bearer(struct ctx *c, struct fail *f);
enum step registrar_bad_token(struct ctx *c, struct fail *f, const char *why); /* gives REFUSE */
/* Whether more may be registered with it now.  Fails CLIENT_AUTH invalid_token. */
bool registrar_is_open(struct ctx *c, const struct registrar *r, struct fail *f);
/* Both: whose token this request brings, if it is good.  NULL: it failed so. */
const struct registrar *registrar_read(struct ctx *c, struct fail *f);

/* Whether an address may be registered: its host is one of the patterns ("app.example.fi", "*.example.fi", "*"), or
 * its own scheme is ("fi.example.app:"). */
bool registrar_host_fits(const struct strs *hosts, struct str url);
struct str registrar_host(struct str url); /* its host; "" where it has none */

/* Asks for a document that a registration names. */
void registrar_fetch(struct ctx *c, const struct registrar *by, enum fetch_purpose purpose, struct str url,
                     struct fetch_got *out);
struct str registrar_fetched(struct arena *a, const struct fetch_got *got); /* what became of it, in words */
/* Of FETCH_LOGO: the picture as a row's `icon` says it; absent: it could not be used, and *note says so to whoever
 * registers, since a service is usable without. */
struct str registrar_icon(struct arena *a, const struct fetch_got *got, struct str *note);

struct str registrar_word(struct ctx *c); /* 256 random bits, base64url: a client_id, a secret, a token */
struct str registrar_row_id(struct ctx *c, const struct registrar *by);

/* Whether what it registers is switched on at once: it may, and it is a test service, or whoever gave the token has
 * said why it comes into production without the gate (registrar_ungated(); absent: it does not). */
bool registrar_at_once(const struct registrar *by);
struct str registrar_ungated(const struct registrar *by);

/* Within the transaction: the token is still good for it, and has room; and what is in use now, though it was not when
 * the request began, is altered by nobody whose registrations are approved first.  Fails DENIED access_denied, BUSY
 * temporarily_unavailable. */
bool registrar_has_room(const struct registry *r, struct str registrar, struct str service, struct fail *f);
/* The edit waits for whoever decides on drafts of the nation; *draft: its number.  Blocks. */
bool registrar_propose(struct edit *proposal, struct db *d, struct arena *a, const struct change_by *by,
                       const struct edit_how *how, int64_t *draft, struct fail *f);

#endif
