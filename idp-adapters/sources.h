/* SPDX-License-Identifier: EUPL-1.2
 * idp-adapters/sources.h: aggregates of metadata, each as an index on disk (wire/saml_aggregate.h).
 *
 * Floor 3.  An aggregate comes through the fetcher into a file of state_dir/metadata, or lies there already; it is
 * read by a thread of its own, never by a loop or a worker that logins wait for, and its index takes the place of the
 * one in use only when it holds.  What is in use stays on disk: a restart begins with it.
 * Services find their own EntityDescriptor in it (idp-adapters/upstream_service.h).
 * Threads: one struct sources per process; any thread may look things up.
 */
#ifndef IDP_ADAPTERS_SOURCES_H
#define IDP_ADAPTERS_SOURCES_H

#include "base/settings.h"
#include "base/world.h"
#include "idp-adapters/upstream.h"
#include "model/registry.h"

struct sources;

/* Makes state_dir/metadata; opens the indexes that are there when they are first asked for. */
struct sources *sources_new(const struct settings *set, const struct world *w);
void sources_free(struct sources *s); /* waits for what is being read */

struct source_found {
    struct str text;       /* the EntityDescriptor; held by the arena */
    uint64_t generation;   /* of the index: another one, another text perhaps */
    int64_t valid_until_s; /* of the whole */
    const char *error;     /* NULL with a text; source_unread, source_expired, metadata_entity */
};
void sources_find(struct sources *s, struct arena *a, const struct metadata_source *source, struct str entity_id,
                  int64_t now_s, struct source_found *out);

struct source_state {
    size_t entities;                                /* 0: no index in use */
    int64_t valid_until_s, read_s, tried_s, next_s; /* 0: not yet */
    bool reading;
    char error[32], detail[160]; /* of the last attempt; "": it went well */
};
void sources_state(struct sources *s, const struct metadata_source *source, struct source_state *out);

/* Reads again what is due, or what is named `now` (a source's id; absent: none).  On the loop of u; call it every few
 * seconds on one loop. */
void sources_turn(struct sources *s, struct upstreams *u, const struct registry *r, struct str now);

#endif
