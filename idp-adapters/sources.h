/* SPDX-License-Identifier: EUPL-1.2
 * idp-adapters/sources.h: aggregates of metadata, each as an index on disk (wire/saml_aggregate.h).
 *
 * Floor 3.  An aggregate comes through the fetcher as a file, or lies in state_dir/metadata already; a thread of its
 * own reads it, one at a time, never a loop, nor a worker that logins wait for.  Its index takes the place of the one
 * in use only when it holds.  What is in use stays on disk: a restart begins with it, as long as one of the keys that
 * the row names has signed it [IIP-MD03].  Services find their own EntityDescriptor in it (upstream_service.h).
 * Threads: one struct sources per process.
 */
#ifndef IDP_ADAPTERS_SOURCES_H
#define IDP_ADAPTERS_SOURCES_H

#include "base/settings.h"
#include "base/world.h"
#include "idp-adapters/upstream.h"
#include "model/registry.h"

enum { SOURCES_RETRY_S = 60, SOURCE_ERROR_B = 32, SOURCE_DETAIL_B = 160 };

struct sources;

struct sources *sources_new(const struct settings *set, const struct world *w); /* makes state_dir/metadata */
void sources_free(struct sources *s);                                           /* waits for what is being read */

/* Orders what is due from the loops of the store, and begins with the indexes that are on disk.  Call it every few
 * seconds, on one thread. */
void sources_look(struct sources *s, struct upstream_store *u, const struct registry *r);

/* Fetches, or reads its file, now; on the loop of u.  What is under way goes on. */
void sources_order(struct sources *s, struct upstreams *u, const struct metadata_source *source);

struct source_found {
    struct str text;     /* the EntityDescriptor; held by the arena */
    uint64_t generation; /* of the index: with another one the text may be another */
    const char *error;   /* NULL with a text; source_unread, metadata_expired, metadata_entity */
};
/* Any thread. */
void sources_find(struct sources *s, struct arena *a, const struct metadata_source *source, struct str entity_id,
                  int64_t now_s, struct source_found *out);

struct source_state {
    size_t entities; /* 0: no index is in use */
    uint64_t generation;
    int64_t valid_until_s, read_s, tried_s;              /* 0: not yet */
    bool busy;                                           /* fetched or read right now */
    char error[SOURCE_ERROR_B], detail[SOURCE_DETAIL_B]; /* of the last attempt; "": it went well */
};
/* Any thread. */
void sources_state(struct sources *s, struct str id, struct source_state *out);

#endif
