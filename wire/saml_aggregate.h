/* SPDX-License-Identifier: EUPL-1.2
 * wire/saml_aggregate.h: a big signed aggregate of metadata, into an index on disk.
 *
 * Floor 1.  BLOCKS, for seconds: a worker's, or the command line's; never a loop's.
 * The file is read as a stream, in memory that does not grow with it
 * (AGGREGATE_MEMORY_B, the table of names besides): its canonical form is hashed
 * as it goes by, and what is kept are the bytes that were hashed, entity by
 * entity.  An index is written beside the one that is in use and takes its name
 * only when the signature of the whole has held: a broken, older or expired copy
 * never replaces a good one.
 */
#ifndef WIRE_SAML_AGGREGATE_H
#define WIRE_SAML_AGGREGATE_H

#include "wire/saml_metadata.h"

enum { AGGREGATE_MAX_B = 536870912, AGGREGATE_MEMORY_B = 67108864, AGGREGATE_ENTITIES_MAX = 200000 };

struct saml_aggregate_rules {
    const struct keyring *trust; /* who signs the root; required */
    int64_t now_s;
    int64_t most_ahead_s; /* validUntil further ahead is refused; 0: any */
};

struct saml_aggregate_made {
    size_t entities;
    int64_t valid_until_s, cache_s; /* 0: not stated */
    int64_t created_s;              /* creationInstant of its PublicationInfo [MDRPI 2.2]; 0: not stated */
    struct str key;                 /* that proved it: keyring_print() */
    bool same;                      /* the copy that is in use already: nothing was written */
};

/* Reads the file `from` into the index `to`.  Fails UPSTREAM metadata_malformed, metadata_expired, metadata_no_expiry,
 * metadata_too_far, metadata_older (validUntil is before that of the index in use, or it was made before that),
 * metadata_twice (an entityID twice), what dsig_verify() fails with; OURS aggregate_io. */
bool saml_aggregate_index(struct arena *a, const char *from, const char *to, const struct saml_aggregate_rules *rules,
                          struct saml_aggregate_made *out, struct fail *f);

/* The same of a file that is open already; it stays the caller's. */
bool saml_aggregate_index_fd(struct arena *a, int from, const char *to, const struct saml_aggregate_rules *rules,
                             struct saml_aggregate_made *out, struct fail *f);

struct saml_index; /* an index, open; threads may share it */

/* Maps the file; closed with the arena.  NULL: OURS aggregate_io, aggregate_broken. */
const struct saml_index *saml_index_open(struct arena *a, const char *path, struct fail *f);
size_t saml_index_count(const struct saml_index *x);
int64_t saml_index_valid_until_s(const struct saml_index *x);
int64_t saml_index_cache_s(const struct saml_index *x);
struct str saml_index_key(const struct saml_index *x); /* that proved it: keyring_print() */
/* The EntityDescriptor as a text of its own, for saml_service_read() or saml_metadata_read() without `trust` (the index
 * is what was proven).  Absent: it is not there, or the whole has expired at now_s. */
struct str saml_index_find(const struct saml_index *x, struct str entity_id, int64_t now_s);

#endif
