/* SPDX-License-Identifier: EUPL-1.2
 * gateway/upstream_probe.h: whether people of a city can sign in, tried with the test account that it gave.
 *
 * Floor 6c.  A test sign-in without a browser and without a person: our own request as ever, the fetcher goes through
 * the provider's page with the account's name and password (gateway/process/fetch_sign_in.h says what it may), and what
 * comes back is verified by the adapter as any answer is, tokens redeemed, signatures, times and the person.  Nobody is
 * signed in, no service hears of it, and nothing of the person is kept: at which step it ended, and why, or that it got
 * through (registry/idp_probes.h), which also says how often.  One at a time, on one loop of the process.
 *
 * What fails on our own side (Redis, the signer, the fetcher, the log) says nothing of the city and is not counted.
 */
#ifndef GATEWAY_UPSTREAM_PROBE_H
#define GATEWAY_UPSTREAM_PROBE_H

#include "gateway/farewell.h"

enum { UPSTREAM_PROBE_LOOK_MS = 5000, UPSTREAM_PROBE_NEXT_MS = 500 };

/* Where it ended, beside the steps of the fetcher (wire/fetch.h): our request could not be made; what came back did not
 * hold (why: a code of refusals.def); it came back without anybody having been asked for a password. */
#define UPSTREAM_PROBE_STEPS(X) X(begin) X(page) X(form) X(password) X(back) X(proof)

struct upstream_probes;
struct upstream_probes *upstream_probes_new(struct loop *l, const struct world *w, const struct settings *set,
                                            const struct farewell_hooks *h);
void upstream_probes_stop(struct upstream_probes *p); /* begins no more; NULL does nothing */
bool upstream_probes_busy(const struct upstream_probes *p);
void upstream_probes_free(struct upstream_probes *p); /* not busy; NULL does nothing */

#endif
