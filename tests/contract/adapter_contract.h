/* SPDX-License-Identifier: EUPL-1.2
 * tests/contract/adapter_contract.h: what every adapter promises.
 *
 * One list for all protocols.  A rig is one city, in the process, whose answers
 * can be spoilt in one way at a time; the contract begins a login anew for each
 * way, takes the answer through the adapter's finish, and expects a refusal with
 * a code and no person.  A new adapter starts by filling a rig.
 */
#ifndef TESTS_CONTRACT_ADAPTER_CONTRACT_H
#define TESTS_CONTRACT_ADAPTER_CONTRACT_H

#include "idp-adapters/adapter.h"
#include "tests/test.h"

/*    way               what the city, or somebody else, does */
#define CITY_ANSWERS(X)                                                                                                \
    X(UNSIGNED, "the answer carries no signature")                                                                     \
    X(TAMPERED, "the answer was changed after it was signed")                                                          \
    X(OTHER_KEY, "another city signed it")                                                                             \
    X(OTHER_ISSUER, "it speaks in another issuer's name")                                                              \
    X(WRAPPED, "a genuine answer stands beside a forged one")                                                          \
    X(WRAPPED_INSIDE, "a forged answer holds a genuine one")                                                           \
    X(WRAPPED_AROUND, "a genuine answer holds a forged one")                                                           \
    X(EXPIRED, "its time is over")                                                                                     \
    X(NOT_YET, "its time has not come")                                                                                \
    X(OTHER_AUDIENCE, "it is meant for another service provider")                                                      \
    X(OTHER_LOGIN, "it answers another login of ours")                                                                 \
    X(NO_LOGIN, "it answers nothing that we asked")                                                                    \
    X(OTHER_ADDRESS, "it came to an address that is not this city's")                                                  \
    X(STALE_LOGIN, "a fresh authentication was asked for and not made")                                                \
    X(NO_SUBJECT, "it names nobody")                                                                                   \
    X(REFUSED, "the city, or the person, said no")                                                                     \
    X(EMPTY, "it is empty")                                                                                            \
    X(GARBAGE, "it is noise")                                                                                          \
    X(REPLAYED, "it was accepted before")                                                                              \
    X(DISABLED, "the identity provider was switched off meanwhile")

enum city_answer {
    CITY_HONEST = 0,
#define X(way, what) CITY_##way,
    CITY_ANSWERS(X)
#undef X
        CITY_ANSWER_COUNT
};

struct adapter_rig {
    struct test *t;
    const struct adapter *adapter;
    void *self;
    /* Makes a ctx with a login at this city, the clock at t->now_ms; fresh: a new authentication is demanded. */
    struct ctx *(*begin)(struct adapter_rig *rig, bool fresh);
    /* After start: sets c->req, c->query or c->body to the city's answer, spoilt in this way.  REPLAYED: the
     * honest answer, which the rig has seen accepted.  False where the protocol cannot be spoilt so. */
    bool (*answer)(struct adapter_rig *rig, struct ctx *c, enum city_answer way);
    const char *subject; /* whom the honest answer names */
    bool own_form;       /* no city: finish shows a refusal beside its form, and ends without a person */
};

/* Runs a table to its end; the rig's fakes answer at once, or turn their loop in between. */
bool adapter_run(struct ctx *c, const struct step_row *table);

/* The adapter's prove, where it has one, and then its finish, as a POST and the GET after it run them. */
bool adapter_finish(struct ctx *c, const struct adapter *adapter);

void adapter_contract(struct adapter_rig *rig);

#endif
