/* SPDX-License-Identifier: EUPL-1.2
 * gateway/oidc/register/register.h: services that vendors register by themselves.
 *
 * Floor 6d.  Files in reading order: members.def (what may be said), metadata.h (JSON and rows), register.c (a
 * registration: RFC 7591, OpenID Connect Registration), manage.c (it is read, altered and taken back: RFC 7592).
 *
 * Nobody registers without an initial access token, whose row (struct registrar) says what may be registered, how much
 * of it, and whether it is active at once; otherwise the service is there, switched off, and a proposal to switch it on
 * waits for whoever decides on drafts of the nation.  What is written is a change as any other, by the maker
 * `registration`.  Used by this room alone.
 */
#ifndef GATEWAY_OIDC_REGISTER_REGISTER_H
#define GATEWAY_OIDC_REGISTER_REGISTER_H

#include "gateway/oidc/register/metadata.h"
#include "model/ctx.h"
#include "registry/desk.h"
#include "wire/fetch.h"

enum { REGISTER_ANSWER_MAX_B = 262144 };

struct registering { /* c->state */
    const struct registrar *by;
    const struct service *service; /* that is there already; NULL: a new one */
    const struct json_value *stated;
    struct metadata metadata;
    struct fetch_got sector, logo;
    /* Made by us; absent where there is none.  secret and token are told once. */
    struct str id, client_id, secret, token;
    /* Of the job. */
    struct change_by change;
    struct edit_how how;
    struct edit *edit, *proposal; /* proposal: NULL, nothing is proposed */
    bool writes;                  /* the edit; false: it is proposed alone */
    bool withdraws;               /* what was proposed of it before */
    struct edit_result result;
    struct row_seen row;
    int64_t version, draft; /* draft: of the proposal; 0: none */
    struct str untold;      /* why nothing could be proposed */
    struct desk_got got;
};

/* Rows: the body is read, what it names is fetched, the row is written, and this process serves it.  c->state is a
 * struct registering with by (and service).  register_written() then answers. */
extern const struct step_row register_write[];
enum step register_written(struct ctx *c, int status, struct fail *f);

#endif
