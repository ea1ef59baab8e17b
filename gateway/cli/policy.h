/* SPDX-License-Identifier: EUPL-1.2
 * gateway/cli/policy.h: what the files of `digione policy` share.
 *
 * Floor 6g.
 */
#ifndef GATEWAY_CLI_POLICY_H
#define GATEWAY_CLI_POLICY_H

#include "base/fail.h"
#include "policy/cedar/diag.h"
#include "policy/policy.h"
#include "wire/yaml.h"

/* Somebody who asks for a service, made up for the occasion. */
struct asked {
    struct person person;
    const struct service *service;
    struct circumstances now;
};

/* Reads who (a map of provider, role, school, level, group, age, or a list of such: one who is several things), and
 * what else stands in the map: service, at, device.  Fails CALLER with file, line, and what there is. */
bool asked_read(struct arena *a, const struct registry *r, const struct yaml *map, struct asked *out, struct fail *f);
struct decision asked_decide(const struct registry *r, const struct asked *q);

/* Runs the cases of the files: a line for each that fails, with its place, and a count; the exit status. */
int policy_test_files(struct arena *a, const struct registry *r, const char *const *files, size_t n);

#endif
