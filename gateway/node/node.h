/* SPDX-License-Identifier: EUPL-1.2
 * gateway/node/node.h: what all loops of a gateway process share, and what each has of its own.
 *
 * Floor 6e.  A node is made once, before its lanes run, and freed after them.
 * Snapshots (the registry) are swapped while requests run: each request holds
 * the one that it began with.
 */
#ifndef GATEWAY_NODE_H
#define GATEWAY_NODE_H

#include "base/pause.h"
#include "base/seals.h"
#include "base/settings.h"
#include "base/work.h"
#include "gateway/metrics.h"
#include "gateway/node/tables.h"
#include "gateway/trace.h"
#include "model/ctx.h"

enum { LANES_MAX = 64, NODE_SAID_B = 512 };

struct probed {                  /* by probes.c, on the lane's thread; read by all */
    atomic_int_fast64_t good_ms; /* monotonic: when it was last well */
    _Atomic(const char *) why;   /* a literal; NULL: the last answer was good */
};

struct lane { /* one loop and what belongs to it */
    struct trace_pace traced;
    int64_t no_trial_key_s;
    struct node *node;
    struct loop *loop;
    struct server *server;
    struct kv *kv;
    struct fetch *fetch;
    struct signer *signer;
    struct pauses *pauses;
    struct work *work;
    struct audit *audit;
    struct upstreams *upstreams;
    struct metrics metrics;
    struct registry *registry; /* held; the loop's own copy of the current one */
    uint64_t registry_turn;    /* which swap that was */
    int64_t shed_logged_ms;    /* when a line about shedding was last written */
    int64_t host_logged_ms;    /* and one about a Host that a proxy has rewritten */
    atomic_int_fast64_t beat;  /* Redis's count of heartbeats, as it last came here; 0: not yet */
    atomic_bool redis_older;   /* it had fallen behind: an older copy; nobody is served from it */
    struct probes *probes;
    struct upstream_probes *upstream_probes; /* of the first lane; NULL: of others */
    struct farewells *farewells;
    struct vigil *vigil;
    bool greeted; /* signer and fetcher have both said hello */
    /* As last seen by the loop; for readiness.h. */
    atomic_int_fast64_t turned_ms;
    _Atomic(const char *) kv_why; /* a literal; NULL: it is well */
    atomic_bool signer_ok, fetch_ok;
    struct probed signer_probed, fetcher_probed, audit_probed;
};

struct node {
    struct arena *arena;
    const struct settings *set;
    const struct world *world;
    const struct seals *seals;
    struct audit_writer *audit;
    struct audit_heads *heads;
    struct audit_index *audit_index; /* NULL: nobody follows the log */
    struct work_pool *pool;
    struct people *people;
    struct pleas *pleas;
    struct consents *consents;
    struct vendors *vendors;
    struct mails *mails;
    struct post *post; /* on the first lane; NULL: no mail server is set */
    struct members *members;
    struct wards *wards;
    struct class_links *class_links;
    struct known *known;
    struct links *links;
    struct uses *uses;
    struct shadow *shadow;
    struct ends *ends;
    struct desk *desk;
    struct teller *teller;
    struct tally *tally, *service_tally;
    struct floods *floods;
    const struct cert_trust *client_trust; /* NULL: client_ca_file names none */
    struct alarms *alarms;
    struct str name; /* of this machine, for people and alarms */
    int64_t began_s;
    struct pulse *pulse;
    struct nodes *nodes;
    atomic_int_fast64_t stepped_ms;         /* jumps of the wall clock, all together */
    atomic_int_fast64_t certificate_ends_s; /* the first of the node's own keys that retires; 0: none does */
    const char *beats_trouble;   /* beats.c: code of the last failure to end sessions, to log it once; NULL: none */
    struct str beat_of;          /* this registry's name for its heartbeats in Redis; set before the lanes are made */
    const struct routes *routes; /* of tables.h; a test may put others there before it makes lanes */
    const struct protocol *const *protocols;
    struct upstream_store *upstreams;
    struct sources *sources; /* aggregates of metadata; NULL: none are read */
    struct lane *lanes[LANES_MAX];
    size_t lane_count;
    atomic_int_fast64_t session_epoch; /* sessions made in an older one are void */
    atomic_bool clock_stepped;         /* the wall clock jumped by more than the skew: not ready */
    atomic_bool registry_ok;
    atomic_bool registry_leads;     /* it has an identity provider to lead somebody to */
    atomic_bool stopping;           /* SIGTERM came: not ready */
    atomic_size_t lanes_busy;       /* have connections, or serve on */
    atomic_int_fast64_t own_ends_s; /* when the first certificate of our own ends; 0: not known yet */
    bool sandboxed;                 /* false: the kernel lacks it, or a sanitizer build */
    bool has_been_ready;            /* readiness.c, the main thread's */
    char said[NODE_SAID_B];         /* what it last logged is not well */
    struct node_swap *swap;
};

struct node *node_new(const struct settings *set, const struct world *w);
void node_free(struct node *n);                         /* after its lanes and worker threads */
struct lane *node_lane(struct node *n, struct loop *l); /* adds one; freed with the node */

/* Reads client_ca_file, where it is set.  Before lanes run.  Fails CALLER bad_certificates. */
bool node_trust(struct node *n, struct fail *f);
/* Puts a new snapshot in force; takes over the caller's hold.  Any thread. */
void node_swap_registry(struct node *n, struct registry *r);
/* The current one, held for the caller; NULL before the first.  Any thread. */
struct registry *node_registry(struct node *n);
/* The same, without a lock where none was swapped.  The lane's thread. */
struct registry *lane_registry(struct lane *lane);

#endif
