/* SPDX-License-Identifier: EUPL-1.2
 * registry/vendors.h: how people of vendor organisations come in: invitations, who asks to join, and by what they sign
 * in besides a password.
 *
 * Floor 4.  Organisations and their people are rows of the registry; here is what changes without being a change of the
 * federation: an invitation that was used, a code that was taken, a passkey that has counted on.  In a file of its own,
 * state_dir/registry/vendors.sqlite.  Losing it loses open invitations, and every local account of a vendor has to be
 * invited anew: it does not open with a password alone.
 *
 * What is in a link, or on paper, is kept as its hash; what codes are made from is sealed (SEAL_SECRET).
 * Everything here may block but vendors_new() and vendors_ask().
 */
#ifndef REGISTRY_VENDORS_H
#define REGISTRY_VENDORS_H

#include "base/batch.h"
#include "base/fail.h"
#include "base/seals.h"
#include "base/settings.h"
#include "base/work.h"
#include "model/registry.h"
#include "wire/db.h"

enum {
    INVITATION_S = 7 * 86400,
    RECOVERY_S = 86400,
    INVITATIONS_OF_ONE_MAX = 50, /* open ones of an organisation */
    JOININGS_MAX = 500,          /* that wait, of all the world */
    JOINING_KEPT_S = 90 * 86400,
    JOINING_TEXT_MAX_B = 800,
    RECOVERY_CODES = 10,
    PASSKEYS_OF_ONE_MAX = 10,
    IDENTITIES_OF_ONE_MAX = 10,
    PASSKEY_NAME_MAX_B = 80
};

struct vendors;
struct vendors *vendors_new(const struct settings *set);
void vendors_free(struct vendors *s); /* after the worker threads; NULL does nothing */

typedef bool vendors_job(void *with, struct db *d, struct arena *a, struct fail *f); /* as a desk_job (desk.h) */
struct vendors_got {
    bool ok;
    struct fail why;
};
/* False, and no answer: too many jobs wait. */
bool vendors_ask(struct vendors *s, struct work *w, struct batch *b, struct arena *a, vendors_job *job, void *with,
                 struct vendors_got *out);
bool vendors_now(struct vendors *s, struct arena *a, vendors_job *job, void *with, struct fail *f);

/* ── invitations ────────────────────────────────────────────────────────── */

struct invitation {
    struct str hash;         /* hex SHA-256 of what stands in the link */
    struct str organisation; /* or invitation_to_city() */
    enum staff_role role;
    struct str note; /* for whom, as the inviter says */
    struct str by;   /* person id of the inviter */
    int64_t made_s, until_s;
    struct str email; /* where it was sent; "": nowhere, its link was shown */
    bool by_operator; /* and not by one of the organisation's own */
};
struct invitations {
    struct invitation *at;
    size_t n;
};

/* Of a municipality whose first admin is invited: what stands for an organisation, whose ids never begin so. */
struct str invitation_to_city(struct arena *a, struct str provider);
/* And back; absent: it is to an organisation. */
struct str invitation_city(const struct invitation *x);

/* Of an account that is let in anew: no new one is made, and its role stays. */
struct str invitation_to_account(struct arena *a, struct str account);
/* And back; absent: it is none of an account. */
struct str invitation_account(const struct invitation *x);

/* Fails CALLER invitations_of_one; OURS db_…. */
bool invitation_put(struct db *d, struct arena *a, const struct invitation *x, struct fail *f);
/* One that is open.  Fails NOT_FOUND no_invitation: there never was, it is over, it was used. */
bool invitation_get(struct db *d, struct arena *a, struct str hash, int64_t now_s, struct invitation *out,
                    struct fail *f);
/* Of any number of askers one has it.  Fails likewise. */
bool invitation_take(struct db *d, struct arena *a, struct str hash, int64_t now_s, struct fail *f);
/* What it was taken for did not come about. */
bool invitation_give_back(struct db *d, struct str hash, struct fail *f);
/* Open ones, the newest first. */
bool invitations_of(struct db *d, struct arena *a, struct str organisation, int64_t now_s, struct invitations *out,
                    struct fail *f);
/* Of whatever organisation. */
bool invitations_by_operators(struct db *d, struct arena *a, int64_t now_s, struct invitations *out, struct fail *f);
/* All that are open: of one account one link lets in. */
bool invitations_end(struct db *d, struct str organisation, struct fail *f);
/* hash: its first digits will do, as many as a form shows. */
bool invitation_drop(struct db *d, struct str organisation, struct str hash, struct fail *f);

/* ── who asks to join ───────────────────────────────────────────────────── */

struct joining {
    int64_t number, at_s;
    struct str name, business_id, technology, privacy, incidents; /* of the organisation */
    struct str person, email, words;                              /* of who asks */
};
struct joinings {
    struct joining *at;
    size_t n;
};

/* Fails BUSY joinings: too many wait. */
bool joining_put(struct db *d, struct arena *a, const struct joining *x, struct fail *f);
bool joinings_list(struct db *d, struct arena *a, int64_t now_s, struct joinings *out, struct fail *f);
/* Fails NOT_FOUND no_joining. */
bool joining_get(struct db *d, struct arena *a, int64_t number, struct joining *out, struct fail *f);
bool joining_drop(struct db *d, int64_t number, struct fail *f);

/* ── codes ──────────────────────────────────────────────────────────────── */

/* Ten codes for the day on which the telephone is lost: "abcd-efgh-jkmn". */
void recovery_make(struct arena *a, const struct world *w, struct str out[RECOVERY_CODES]);
/* In place of those before. */
bool recovery_put(struct db *d, struct arena *a, struct str account, const struct str codes[RECOVERY_CODES],
                  struct fail *f);
bool recovery_left(struct db *d, struct arena *a, struct str account, int64_t *n, struct fail *f);

/* seed: bytes; step: of the code by which it was proven. */
bool seed_put(struct db *d, struct arena *a, const struct world *w, const struct seals *s, struct str account,
              struct str seed, int64_t step, struct fail *f);

enum code_was { CODE_WRONG = 0, CODE_TAKEN, CODE_OF_PAPER };
/* Whatever was typed, a code of the app or one of the ten: of any number of askers one has it. */
bool code_take(struct db *d, struct arena *a, const struct seals *s, struct str account, struct str typed,
               int64_t now_s, enum code_was *out, struct fail *f);

/* ── passkeys ───────────────────────────────────────────────────────────── */

struct kept_passkey {
    struct str id, key; /* bytes, as in wire/passkey.h */
    int64_t count;
    struct str account, name;
    int64_t made_s, used_s; /* 0: never */
};
struct kept_passkeys {
    struct kept_passkey *at;
    size_t n;
};

/* Fails CALLER passkeys_of_one; CONFLICT db_constraint: it is somebody's already. */
bool passkey_put(struct db *d, struct arena *a, const struct kept_passkey *x, struct fail *f);
/* Fails NOT_FOUND no_passkey. */
bool passkey_get(struct db *d, struct arena *a, struct str id, struct kept_passkey *out, struct fail *f);
/* From `before` to `count`; false and CONFLICT passkey_used where another has used it meanwhile. */
bool passkey_count(struct db *d, struct arena *a, const struct kept_passkey *before, int64_t count, int64_t now_s,
                   struct fail *f);
bool passkeys_of(struct db *d, struct arena *a, struct str account, struct kept_passkeys *out, struct fail *f);
bool passkey_drop(struct db *d, struct arena *a, struct str account, struct str id, struct fail *f);

/* ── who they are elsewhere ─────────────────────────────────────────────── */

/* Who somebody is at an identity provider that is listed for people of vendors: its row here, its own name of itself,
 * so that a row that is turned to another issuer lets nobody in, and the person's there.  Never an address of e-mail.
 */
struct identity_key {
    struct str idp, issuer, subject;
};
struct kept_identity {
    struct identity_key key;
    struct str account, name; /* name: as that provider said it, for its own person to see */
    int64_t made_s, used_s;   /* 0: never */
};
struct kept_identities {
    struct kept_identity *at;
    size_t n;
};

/* Somebody comes in by it now.  account absent: it is nobody's. */
bool identity_find(struct db *d, struct arena *a, const struct identity_key *key, int64_t now_s,
                   struct kept_identity *out, struct fail *f);
/* Fails CONFLICT identity_taken, of whatever account; CALLER identities_of_one. */
bool identity_put(struct db *d, struct arena *a, const struct kept_identity *x, struct fail *f);
bool identities_of(struct db *d, struct arena *a, struct str account, struct kept_identities *out, struct fail *f);
bool identity_drop(struct db *d, struct str account, const struct identity_key *key, struct fail *f);

/* How many ways in an account has: password with its app, passkeys, identities at providers that are listed. */
bool ways_in(struct db *d, struct arena *a, struct str account, const struct strs *listed, int64_t *n, struct fail *f);
/* As passkey_drop() and identity_drop(), but the last way in stays: fails CALLER last_way. */
bool passkey_drop_but_last(struct db *d, struct arena *a, struct str account, const struct strs *listed, struct str id,
                           struct fail *f);
bool identity_drop_but_last(struct db *d, struct arena *a, struct str account, const struct strs *listed,
                            const struct identity_key *key, struct fail *f);

/* All that this account signs in by. */
bool factors_drop(struct db *d, struct str account, struct fail *f);
struct new_factors {
    struct str account, seed;
    int64_t step;            /* of the code by which the seed was proven */
    const struct str *codes; /* RECOVERY_CODES */
};
/* In place of it, an app and recovery codes: both, and nothing else, or as it was. */
bool factors_put(struct db *d, struct arena *a, const struct world *w, const struct seals *s,
                 const struct new_factors *x, struct fail *f);

/* ── owners ─────────────────────────────────────────────────────────────── */

/* Whether the organisation has an owner who can sign in.  Pure. */
bool vendor_is_owned(const struct registry *r, struct str organisation);

#endif
