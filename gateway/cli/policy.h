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

struct policy_words { /* of the command line */
    const char *config, *registry, *owner, *lang, *to, *who, *service, *at, *device, *id, *why, *draft, *since, *until,
        *term, *network, *from, *exam;
    bool dry_run;
    const char **rest;
    size_t n;
};

/* A policy of this id has the text of the file; without one of that id it is made, --owner's.  With --draft: a draft
 * that was approved, as it was approved.  Undoes a change that
 * touched policies alone.  Each is one change, and gives the exit status. */
int policy_publish(const char *word, struct arena *a, const struct policy_words *w);
int policy_rollback(const char *word, struct arena *a, const struct policy_words *w);
/* Whose a text is: --owner, "oulu" or "oulu/99101"; NULL: the nation's.  Complains and gives false. */
bool policy_owner(const char *word, const struct registry *r, const char *owner, struct policy *out);
/* Who would gain and who lose what, over all kinds of people that there can be; the exit status. */
int policy_print_impact(struct arena *a, const struct registry *was, const struct registry *is);

/* Somebody who asks for a service, made up for the occasion. */
struct asked {
    struct person person;
    const struct service *service;
    struct circumstances now;
};

/* Reads who (a map of provider, role, school, level, group, age, or a list of such: one who is several things), and
 * what else stands in the map: service, at, device, from, term, network, exam.  Fails CALLER with file, line, and what
 * there is. */
bool asked_read(struct arena *a, const struct registry *r, const struct yaml *map, struct asked *out, struct fail *f);
struct decision asked_decide(const struct registry *r, const struct asked *q);

/* Runs the cases of the files: a line for each that fails, with its place, and a count; the exit status. */
int policy_test_files(struct arena *a, const struct registry *r, const char *const *files, size_t n);

#endif
