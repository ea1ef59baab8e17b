/* SPDX-License-Identifier: EUPL-1.2
 * gateway/farewell_keep.h: what farewell.c keeps in Redis of its queue; nobody else includes it.
 *
 * Floor 6c.  One line (wire/kv.h) for all loops of all nodes, of sealed records.  Whoever holds a farewell has it due
 * again in FAREWELL_LEASE_MS and says so once more before that; who ends lets it be due at once.  What is due is
 * somebody's who has died: the first who asks takes it over.
 */
#ifndef GATEWAY_FAREWELL_KEEP_H
#define GATEWAY_FAREWELL_KEEP_H

#include "gateway/farewell.h"
#include "gateway/farewell_note.h"
#include "wire/kv.h"

enum {
    FAREWELL_LEASE_MS = 90000,
    FAREWELL_RENEW_MS = 30000,
    FAREWELL_TAKE_MS = 5000,
    FAREWELL_TAKE_MOST = 64,
    FAREWELLS_KEPT_MAX = 65536 /* of more, the oldest are in their process's memory alone */
};

struct farewell_record {
    struct str service;
    struct leaver who;
    int64_t until_s; /* wall clock */
};

/* In a; absent: it is longer than any. */
struct str farewell_seal(struct arena *a, const struct ctx *c, const struct farewell_record *r);
/* False: none of ours, or of a root secret that is no more. */
bool farewell_unseal(struct arena *a, const struct ctx *c, struct str text, struct farewell_record *out);

/* Texts on their way to Redis, or a line on its way to the log, whose memory is their own. */
struct errand {
    struct batch batch; /* first */
    struct arena *arena;
    struct kv_got got;
    struct audit_got written;
    void *self;
    void (*done)(void *self,
                 struct errand *e); /* not before errand_send…() has returned; then frees it by errand_free() */
    struct str *texts;
    size_t n;
    struct errand *next;
    bool sent, answered;
};

struct errand *errand_new(void *self, void (*done)(void *self, struct errand *e));
void errand_add(struct errand *e, struct str text); /* copied */
void errand_free(struct errand *e);
/* Each calls done, once. */
void errand_keep(struct errand *e, struct kv *k, int64_t after_ms);
void errand_drop(struct errand *e, struct kv *k);
void errand_take(struct errand *e, struct kv *k);
void errand_note(struct errand *e, struct audit *log, const struct leaver *who, struct str service,
                 const char *outcome); /* one line; whether it was written is nobody's affair */

#endif
