/* SPDX-License-Identifier: EUPL-1.2
 * audit/find.h: lines of the log, the newest first, by what stands in them.
 *
 * Floor 3.  Reads the files beside the writer, and says nothing of whether the chain holds (audit_verify()).  What the
 * index knows (index.h) is read in the blocks where it can stand, and nothing else.  Without it: numbers and times grow
 * along the log, so where a search begins is found by halving and not by reading; from there it reads backwards.
 * Either way at most most_B bytes; then it says where it stopped, to be gone on with.  May block: worker threads, the
 * command line.
 */
#ifndef AUDIT_FIND_H
#define AUDIT_FIND_H

#include "base/arena.h"
#include "base/fail.h"

enum {
    FIND_PAGE_B = 32 << 20,    /* that a page may cost */
    FIND_EXPORT_B = 256 << 20, /* and a file */
    FIND_CLOCK_S = 300,        /* a clock that was set back by no more hides nothing */
    FIND_PERSON_MIN_B = 8,     /* of a pseudonym */
    FIND_HOMES_MAX = 12,       /* more: the index does not look at them */
    FIND_LOOKS_MAX = 48
};

struct audit_found {
    int64_t n; /* number of the record */
    int64_t at_s;
    struct str line; /* as it stands in the log */
    struct str event, person, service, idp, rule, claims, reason, sid, support_code, acting_as, area, who, why, row,
        device, told;
    int64_t version; /* of a refusal by policy; 0: not said */
};

struct audit_search {
    struct str event, service, idp, support_code, reason, person, row; /* exactly; absent: any */
    struct str actor;                                                  /* how they begin: who did it; absent: any */
    struct str pseudonym; /* how it begins, of whom the line is about or who did it; absent: any */
    int64_t from_s, to_s; /* written from–to; 0: open */
    enum { RESULT_ANY = 0, RESULT_REFUSED, RESULT_WELL } result;
    int64_t before;          /* records below this number; 0: from the newest */
    int64_t after;           /* records above this number; 0: to the oldest */
    const struct str *looks; /* of the console alone: at one of these, each a pseudonym or a support code of at least */
    size_t look_n;           /* FIND_PERSON_MIN_B; FIND_LOOKS_MAX at most.  `within` says which of them is meant */
    const struct str *homes; /* whose lines alone could pass `within`, for the index: "a:oulu" of an area's provider, */
    size_t home_n;           /* "i:oulu-edu" of an identity provider where a line says no area; 0: anybody's */
    size_t most, most_B;     /* most_B 0: FIND_PAGE_B */
    bool (*within)(void *with, const struct audit_found *x); /* whose lines may be seen; NULL: all */
    void *with;
};

struct audit_finds {
    struct audit_found *at;
    size_t n;
    int64_t next;   /* `before` of what is older; 0: nothing is */
    bool stopped;   /* for the bytes it may cost, and not for enough was found */
    int64_t till_s; /* when it stopped: how far back was looked */
};

/* Fails OURS audit_unreadable. */
bool audit_find(const char *dir, struct arena *a, const struct audit_search *s, struct audit_finds *out,
                struct fail *f);

#endif
