/* SPDX-License-Identifier: EUPL-1.2
 * gateway/protocol.h: what a protocol towards services must be able to do.
 *
 * Floor 6c.  struct protocol is to services what struct adapter is to cities: one
 * per folder of floor 6d, named in protocols.def, and known to flow.c, logout.c
 * and the screens by this struct alone.  A further protocol is a folder and a
 * row.  A member that is NULL: services of this protocol have no such thing.
 */
#ifndef GATEWAY_PROTOCOL_H
#define GATEWAY_PROTOCOL_H

#include "gateway/protocols.def"
#include "model/ctx.h"
#include "policy/policy.h"
#include "registry/consents.h"
#include "wire/kv.h"

struct release; /* gateway/release.h */

struct leaver {             /* whose session is over */
    struct str sid, person; /* as in struct session; person: its id */
    struct str idp;         /* theirs; absent: not known, or nobody's affair in the log (farewell_note.h) */
    struct str why;         /* how it ended, one of farewell_note.h's words */
    struct str row;         /* the act that ended it, as the log names it: "idp oulu-edu"; absent: no act of its own */
    /* What the protocol had kept of this service by session_told() when it answered it, for instance the NameID that it
     * was told; absent: nothing, or no more is known of the session than its browser's own trail. */
    struct str told;
};

struct leave_trip {    /* c->state of leave_go */
    struct leaver who; /* first: leave may read it likewise */
    struct str id;     /* names this trip and no other, 32 hex digits: the request to the service may be called so */
    struct str relay;  /* at most LEAVE_RELAY_MAX_B: what the service gives back, for logout_came() (logout.h) */
    bool framed;       /* in a frame that nobody sees; else the whole page */
    size_t turn;       /* by which of found_by's names: by those before it, the service has known nobody */
};

struct leave_reply { /* c->state of left */
    struct str kept; /* as struct logout had it */
    bool partial;    /* not every service has said that it heard, or the city to which the browser was led has not */
};

enum { TOLD_NAMES_MAX = 3 }; /* of one session, to one service */
enum { LEAVE_RELAY_MAX_B = 80 /* SAML bindings 3.4.3 */, LEAVE_KEPT_MAX_B = 512 };

struct protocol {
    const char *name; /* as a row of the registry says it: "oidc" */

    /* Rows: the decided login becomes the protocol's own answer.  They fail as endpoints do, and end with DONE.  c has
     * login, person, session and service; flow_decision() is the decision. */
    const struct step_row *answer;

    /* What c->login (NULL: nothing in particular was asked) would tell its service of c->person, of what d releases.
     * NULL: all of that. */
    struct claim_set (*tells)(struct ctx *c, const struct decision *d);

    /* What a service would be told, as JSON for people to read; r is set but for what the protocol itself knows.  NULL:
     * as OpenID Connect tells it. */
    struct str (*shows)(struct arena *a, const struct release *r);

    /* What a service says of itself that it needs to be told, by what is kept of its metadata; *by: where it says so,
     * for people; absent: nowhere.  A proposal to who writes its row and its policy.  NULL: none says. */
    struct claim_set (*proposes)(struct ctx *c, const struct service *s, struct str *by);

    /* Whether the address that c->login asked for is still its service's own: what was registered when the login began
     * may have been taken away since.  Reads the registry alone. */
    bool (*may_answer)(const struct ctx *c);

    /* Makes c->res tell the service of a failure, at the address of c->login, which may_answer() has just allowed.
     * code: as in struct fail; c->fail may say more. */
    void (*refuse)(struct ctx *c, const char *code);

    /* The address by which a tile or a link of this service begins; absent: the row names none.  Made in c->arena.
     * to: where inside the service it is to end, an address that target_read() (registry/targets.h) gave; absent: at
     * its front page.  A protocol that cannot carry it, or whose row does not say how, leads to target_link(): there
     * the service asks who has come by itself.  Whoever leads by a path of ours reads `to` there anew: anybody can type
     * it.
     */
    struct str (*launch)(struct ctx *c, const struct service *s, struct str to);

    /* Whether a service can be told that a session is over, from us to it.  Asks nobody: reads its row, and what is
     * kept of its metadata. */
    bool (*hears)(const struct ctx *c, const struct service *s);
    /* Rows that tell c->service so, outside of any request (farewell.h): c->state is a const struct leaver *; there is
     * no c->req, c->res, login or session.  DONE: it has heard.  They fail CALLER when the service refuses, and would
     * again; else it is told once more later. */
    const struct step_row *leave;
    const char *leave_mend; /* what its service's people must see to when it has not heard, for the log */

    /* Which further trials at the gate a service has by what is kept of its metadata: GATE_HEARS, GATE_DECRYPTS
     * (gate/gate.h).  NULL: none. */
    unsigned (*trial_ways)(const struct ctx *c, const struct service *s);
    /* Rows that tell c->service so in a trial at the gate, rightly or wrongly (gate/gate.h): c->state is a struct
     * gate_leaving *.  NULL: services of this protocol have no such trials. */
    const struct step_row *try_leave;

    /* Of what the protocol had kept by session_told(): the names by which the service itself may mean the session
     * (session/found.h, FOUND_BY_SERVICE_NAME), so that who proves anew who they are is found by them still, and its
     * browser may go there by each (leave_trip, turn); the one that it was told last is the first.  Gives how many.
     * NULL: services of this protocol mean it by what is looked up elsewhere. */
    size_t (*found_by)(struct str kept, struct str names[TOLD_NAMES_MAX]);

    /* What a service was left with that outlives the session (registry/consents.h: held): asks for its record, then
     * says whether it is still good and when it was last used; a record that cannot be looked at counts as good.  NULL:
     * services of this protocol are left with nothing. */
    void (*ask_held)(struct ctx *c, const struct held *h, struct kv_got *got);
    bool (*held_lives)(struct ctx *c, const struct held *h, const struct kv_got *got, int64_t *seen_s);

    /* The address by which the browser of whoever leaves tells a service so, in a frame; absent: its row names none.
     * Made in c->arena. */
    struct str (*leave_frame)(struct ctx *c, const struct service *s, const struct leaver *who);

    /* Whether a service can be told by the browser alone, by a trip to it and back that is confirmed: by leave_go.
     * Likewise.  One that hears otherwise (hears) is not sent there. */
    bool (*hears_by_trip)(const struct ctx *c, const struct service *s);
    /* Rows: the browser goes to c->service with a message that it is to end its session of c->state, a const struct
     * leave_trip *, and comes back to an address of the protocol's own, which proves the answer and ends with
     * logout_came() (logout.h).  There is no session any more.  They fail as endpoints do, and end with DONE. */
    const struct step_row *leave_go;

    /* Rows: c->service had asked for the sign-out (struct logout, by), everything has ended that can, and the browser
     * takes the answer to it.  c->state is a const struct leave_reply *.  NULL: struct logout names an address (back).
     */
    const struct step_row *left;
};

#define X(which, symbol) extern const struct protocol symbol;
PROTOCOLS(X)
#undef X

/* NULL: no such protocol here. */
static inline const struct protocol *protocol_of(const struct ctx *c, enum protocol_id which)
{
    return which < PROTO_COUNT ? c->protocols[which] : NULL;
}

#endif
