/* SPDX-License-Identifier: EUPL-1.2
 * gateway/console/listed.h: services, identity providers and municipalities in the order of their names, a page at a
 * time, found by the words in their names and ids.
 *
 * Floor 6d.  Made with the snapshot in each language, so that a page costs what it shows, and a search one walk over
 * folded names.
 */
#ifndef GATEWAY_CONSOLE_LISTED_H
#define GATEWAY_CONSOLE_LISTED_H

#include "model/ctx.h"

enum listed_kind { LISTED_SERVICES = 0, LISTED_IDPS, LISTED_PROVIDERS, LISTED_KINDS };

struct listed { /* places in the arrays of registry_parts() */
    const uint32_t *at;
    size_t n;
};

/* Those in which every word that was typed stands somewhere; of nothing typed all of them, which costs nothing. */
struct listed listed_find(struct ctx *c, enum listed_kind kind, struct str typed);
/* The identity providers of one education provider; NULL: those of none.  By their names. */
struct listed listed_idps_of(struct ctx *c, const struct provider *p, struct str typed);

/* Makes the index of a snapshot, so that no page waits for it. */
void listed_prepare(const struct registry *r);

/* ── a page of a list ───────────────────────────────────────────────────── */

/* That a page which passes over most of them looks at; it says where it came to, and the next one goes on. */
enum { LISTED_LOOKED_AT = 1000 };

struct paging {
    size_t from, end; /* this page is those from–end - 1 */
    size_t a_page, all;
    struct str first, last, total; /* "25", "48", "1 204", as people read them */
};

/* The page that the field `from` of the query asks for; one past the end is the first. */
struct paging paging_of(struct ctx *c, size_t total, size_t a_page);
/* It went on to here, because some were passed over. */
void paging_ends(struct ctx *c, struct paging *p, size_t end);
/* The pages beside it, as links; `here`: the address of the list, with its filters.  Absent: there is none. */
struct str paging_next(struct ctx *c, const struct paging *p, struct str here);
struct str paging_previous(struct ctx *c, const struct paging *p, struct str here);

#endif
