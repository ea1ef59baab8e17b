/* SPDX-License-Identifier: EUPL-1.2
 * audit/tree.h: a Merkle tree over the records, so that one of them can be shown to be in the log without the others.
 *
 * Floor 3; private to audit/.  A leaf is SHA-256(0x00 || line), a node SHA-256(0x01 || left || right), the root of n
 * leaves that of RFC 6962 2.1.  The nodes stand in a file beside the log, in the order in which they became known (each
 * leaf, and behind it every node that it completes), so that a proof reads as many of them as it names.  The file holds
 * hashes alone and is a cache: what it says is worth what a signed head says of its root.
 *
 * The tree begins with record from+1: with the first one, or where the file was lost or the log is older than it.
 */
#ifndef AUDIT_TREE_H
#define AUDIT_TREE_H

#include "base/arena.h"
#include "base/fail.h"

enum { TREE_HASH_B = 32, TREE_DEPTH_MAX = 48, TREE_HEX = 64 };
#define AUDIT_TREE_NAME "tree"

struct tree { /* at its growing end */
    uint64_t from, leaves;
    unsigned char peaks[TREE_DEPTH_MAX][TREE_HASH_B]; /* of the complete trees, the largest first */
    size_t peak_count;
};

void tree_leaf(struct str line, unsigned char out[TREE_HASH_B]);
/* Adds a leaf; nodes: room for TREE_DEPTH_MAX of them, what the file is to be longer by.  Gives how many. */
size_t tree_add(struct tree *t, const unsigned char leaf[TREE_HASH_B], unsigned char nodes[][TREE_HASH_B]);
/* 64 hex digits; absent: there is no leaf. */
struct str tree_root(struct arena *a, const struct tree *t);

/* What a signature of a head is over, where the head has a root: 64 hex digits. */
struct str tree_signed(struct arena *a, uint64_t number, struct str head, uint64_t from, struct str root);

/* The file.  Opens it (or makes it) and finds its end: at most so many leaves as there are records behind its
 * beginning. A file that is none, or of another log, begins anew behind record `number`.  Gives the descriptor; -1:
 * there is none. */
int tree_open(struct tree *t, int dir_fd, uint64_t number);
/* Appends the next records' lines, each with its line feed, in few writes; false: they could not be written. */
bool tree_append(struct tree *t, int fd, struct str lines);

struct tree_path {
    uint64_t leaf;  /* from 0 */
    uint64_t size;  /* of the tree that its head is over */
    struct str *at; /* hex, from the leaf upwards */
    size_t n;
};
/* The audit path of a record [RFC 6962 2.1.1] in the tree of that many leaves.  Fails CALLER not_in_tree, OURS
 * audit_unreadable. */
bool tree_prove(struct arena *a, int dir_fd, uint64_t number, uint64_t size, uint64_t *from, struct tree_path *out,
                struct fail *f);
/* The root that a path leads to; absent: it is none for that leaf and size. */
struct str tree_follow(struct arena *a, struct str line, const struct tree_path *path);

#endif
