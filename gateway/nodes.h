/* SPDX-License-Identifier: EUPL-1.2
 * gateway/nodes.h: every node that is known, as each says of itself.
 *
 * Floor 6a.  A node writes a record of itself to Redis every few seconds, with a short life, and reads those of the
 * others (gateway/node/presence.h); here they are kept for whoever looks.  A node that has fallen silent stays for a
 * day, marked.
 * Threads: one writes, any read.
 */
#ifndef GATEWAY_NODES_H
#define GATEWAY_NODES_H

#include "base/fail.h"
#include "gateway/pulse.h"

enum {
    NODES_MAX = 16,
    NODE_EVERY_S = 10,
    NODE_LIFE_S = 60,     /* of a record; who has none is silent */
    NODE_KNOWN_S = 86400, /* after it was last heard of */
    NODE_NAME_MAX_B = 64,
    NODE_RECORD_MAX_B = 4096
};

struct node_record {               /* what a node says of itself */
    struct str name, version, why; /* why: the parts that are not well, "redis memory"; absent: all are */
    int64_t began_s, at_s;
    int64_t stepped_ms; /* by how much its clock jumped since it began */
    int64_t disk_free_B, disk_B;
    int64_t audit_records, audit_indexed;
    bool on_reserve;
    int64_t connections, jobs;  /* open; waiting for a worker thread */
    int64_t certificate_ends_s; /* the first of its own; 0: none does */
    struct pulse_sum hour, day;
};

struct str node_record_write(struct arena *a, const struct node_record *x); /* absent: it is too long */
bool node_record_read(struct arena *a, struct str text, struct node_record *out);

struct nodes;
struct nodes *nodes_new(struct arena *a); /* lives in a; freed with nodes_free() before it */
void nodes_free(struct nodes *s);
/* Heard of now. */
void nodes_heard(struct nodes *s, const struct node_record *x, int64_t now_s);

struct node_known {
    struct node_record record;
    int64_t heard_s;
    bool silent;
};
struct nodes_known {
    struct node_known *at;
    size_t n;
};
/* By name. */
struct nodes_known nodes_read(struct nodes *s, struct arena *a, int64_t now_s);

#endif
