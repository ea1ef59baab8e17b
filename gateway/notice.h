/* SPDX-License-Identifier: EUPL-1.2
 * gateway/notice.h: a page that cannot be asked for again carries itself.
 *
 * Floor 6a.  What a page says after a POST, an answer of a city, or a refusal is
 * gone when it is asked for once more; but its reader may want it in another
 * language.  So its links carry what it was made of, sealed: names of the registry,
 * words of ours, the support code.  Nobody can make one, it changes nothing, and it
 * is over after NOTICE_S.
 */
#ifndef GATEWAY_NOTICE_H
#define GATEWAY_NOTICE_H

#include "model/ctx.h"

enum { NOTICE_S = 900, NOTICE_MAX_B = 1800 /* of an address */ };

enum notice_page { NOTICE_NONE = 0, NOTICE_ERROR, NOTICE_DENIED, NOTICE_EXPIRED, NOTICE_SIGN_OUT };

struct notice {
    int64_t page; /* enum notice_page */
    int64_t made_s;
    struct str support_code, service;
    struct str sid;                    /* NOTICE_DENIED: of whose session it says why */
    struct str code, told, idp, login; /* NOTICE_ERROR; login: of a kept one */
    int64_t kind;                      /* enum fail_kind */
    struct str ask;                    /* NOTICE_DENIED: provider */
    struct str back;                   /* NOTICE_EXPIRED, NOTICE_SIGN_OUT */
    struct str fault;                  /* NOTICE_SIGN_OUT */
};

/* A path of ours that shows it again; absent when it would be longer than an address should be. */
struct str notice_here(struct ctx *c, const struct notice *n);
/* From c->query. */
bool notice_read(const struct ctx *c, struct notice *out);

#endif
