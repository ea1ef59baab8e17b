/* SPDX-License-Identifier: EUPL-1.2
 * idp-adapters/tryout.h: a test sign-in: nobody is signed in by it; what came, and what was made of it, is told.
 *
 * Floor 3.  An adapter runs the same steps as ever.  Where c->tryout is there it
 * also takes an identity provider that is switched off, names its request so that
 * the answer can be told from one to a login (TRYOUT_STATE, relay.h), and notes what
 * it has proven, check by check.  Nothing is noted that was not proven.  Values are
 * cut; what looks like a personal identity code is not noted (hetu.h).
 */
#ifndef IDP_ADAPTERS_TRYOUT_H
#define IDP_ADAPTERS_TRYOUT_H

#include "idp-adapters/map_notes.h"
#include "idp-adapters/tryout_checks.def"
#include "model/ctx.h"

/* With which the state of an OpenID Connect tryout begins; that of a login is base64url, and has no dot. */
#define TRYOUT_STATE "tryout."

enum tryout_check {
    TRYOUT_NONE = 0,
#define X(check) TRYOUT_##check,
    TRYOUT_CHECKS(X)
#undef X
        TRYOUT_CHECK_COUNT
};

enum {
    TRYOUT_ATTRIBUTES_MAX = 80,
    TRYOUT_VALUES_MAX = 12,
    TRYOUT_VALUE_MAX_B = 256,
    TRYOUT_BYTES_MAX = 24576 /* of all that is noted of attributes */
};

struct tryout_attribute {
    struct str name;
    struct strs values; /* the first of them, cut */
    size_t came;        /* how many there were */
    bool hidden;        /* none is noted: a personal identity code, or what looks like one */
    bool unread;        /* no row of the map reads it */
};

struct tryout_note { /* what the map could not use */
    enum note kind;
    struct str attribute, value;
    int64_t count;
};

struct tryout {
    struct str idp;
    int64_t at_s;
    bool fresh;      /* a fresh log-in was asked for */
    unsigned passed; /* 1u << check */
    struct fail why; /* NONE: the person would be let in */
    struct str key, alg, issuer, context, subject;
    int64_t issued_s, authenticated_s, ends_s, session_ends_s; /* 0: not said */
    struct tryout_attribute attributes[TRYOUT_ATTRIBUTES_MAX];
    size_t attribute_count, left_out, noted_B;
    struct tryout_note notes[MAP_NOTES_MAX];
    size_t note_count, affiliations_left_out;
    size_t learner_ids;          /* good learner numbers that came, each once */
    const struct person *person; /* as it would be; NULL: refused before */
};

struct tryout *tryout_new(struct arena *a, struct str idp, int64_t now_s);

/* Each does nothing where there is no tryout. */
void tryout_pass(const struct ctx *c, enum tryout_check check);
struct attribute;
void tryout_came(const struct ctx *c, const struct idp *idp, const struct attribute *attributes, size_t n,
                 struct str subject);
void tryout_made(const struct ctx *c, const struct map_notes *notes, const struct person *p); /* p: NULL on refusal */

/* At which check a refusal with that code stands; NONE: at none of these. */
enum tryout_check tryout_check_of(const char *code);
/* Refused, and what was passed before by the very order of the checks. */
void tryout_refuse(struct tryout *t, const struct fail *why);
const char *tryout_check_name(enum tryout_check check);
bool tryout_is(struct str state); /* the state of an answer names a tryout */

#endif
