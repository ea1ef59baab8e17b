/* SPDX-License-Identifier: EUPL-1.2
 * registry/registry.h: the federation in SQL: load, import, export, live changes.
 *
 * Floor 4.  SQL in state_dir/registry/registry.sqlite is what counts; a snapshot
 * (model/registry.h) is made from it, checked completely, and served.  A row that
 * does not hold refuses the whole load, with the row's name and what to do.
 * Everything here may block: the main thread, worker threads, the command line.
 */
#ifndef REGISTRY_REGISTRY_H
#define REGISTRY_REGISTRY_H

#include "base/fail.h"
#include "base/seals.h"
#include "base/settings.h"
#include "base/world.h"
#include "model/registry.h"
#include "registry/change.h"
#include "wire/db.h"

/* Opens state_dir/registry/registry.sqlite and brings its schema up to date.  NULL: failed. */
struct db *registry_db_open(const struct settings *s, enum db_mode mode, struct fail *f);

/* A complete, checked snapshot; the caller holds it.  NULL: failed, OURS registry_invalid and db_…. */
struct registry *registry_load(struct db *d, struct fail *f);

struct registry_watch; /* the node's view: one connection, used by one thread */
/* Loads the first snapshot.  NULL: failed. */
struct registry_watch *registry_watch_new(const struct settings *s, struct fail *f);
void registry_watch_free(struct registry_watch *w);
struct db *registry_watch_db(const struct registry_watch *w); /* its connection, for its thread */
/* The snapshot last loaded; hold it to keep it. */
struct registry *registry_watch_now(const struct registry_watch *w);
/* Call it several times a second.  True: *changed is a new snapshot (held for the caller, drop it).  A registry that
 * cannot be read or does not hold leaves the last good one in force: false, one log line per trouble. */
bool registry_poll(struct registry_watch *w, struct registry **changed);

struct import_report {
    struct change_report change;
    size_t same;         /* rows that are as before */
    size_t guarded;      /* rows that people have changed and that the file does not know of */
    struct str overruns; /* those, one a line: "service kanerva: changed by liisa (console, change 41)" */
};

struct import_how {
    const struct world *world;
    const struct seals *seals; /* may be NULL when the file has no secret to seal */
    const char *base_dir;      /* secret_file: and metadata_file: are relative to it */
    /* Makes a service's picture anew (wire/logo.h), where no secret is; NULL: here and now. */
    bool (*logo)(struct arena *a, struct str png, struct str *out, struct fail *f);
    bool dry_run; /* says what would change, and changes nothing */
    bool replace; /* rows that people have changed since the file was exported as well */
    /* Shown the registry as it will be, when it is in order and before it is kept; false: refused.  NULL: nobody looks.
     */
    bool (*look)(void *with, const struct registry *r, struct fail *f);
    void *with;
    struct str who, why, ungated; /* of struct change_by; may be absent */
};

/* Makes the registry equal to the file, as one change (change.h): all of it, or nothing.  Fails CALLER with file:line
 * and what was expected, changed_since where it would overwrite what people have changed (report->overruns names each
 * row) and `replace` does not say so, lockout; OURS db_…. */
bool registry_import(struct db *d, struct arena *a, struct str text, const char *file, const struct import_how *how,
                     struct import_report *out, struct fail *f);
/* Deterministic YAML that imports to the same registry, and knows of what people have changed.  Absent: failed. */
struct str registry_export(struct db *d, struct arena *a, struct fail *f);

/* Whether the registry belongs to this root secret: it says so itself, or, where it does not (one of an earlier
 * version), one of the secrets that are sealed in it opens.  Fails OURS root_secret_other, db_…. */
bool registry_fits_secret(struct db *d, const struct seals *s, struct fail *f);
/* From now on it belongs to this one. */
bool registry_keep_secret(struct db *d, const struct seals *s, struct fail *f);

/* Asks every running node to fetch what this identity provider, service of SAML or source of metadata publishes now.
 * Each sees it as it sees a change of the
 * registry.  Fails OURS db_…; an id that there is not changes nothing. */
enum refresh_of { REFRESH_IDP = 0, REFRESH_SERVICE, REFRESH_SOURCE, REFRESH_COUNT };
bool registry_refresh(struct db *d, enum refresh_of of, struct str id, struct fail *f);

/* A number by which this registry is known from others, made when it is first asked for.  Fails OURS db_…. */
bool registry_id(struct db *d, const struct world *w, int64_t *out, struct fail *f);

/* Sessions made in an older epoch are void [design: Processes].  A new registry begins with the time of its making,
 * and so beyond whatever one before it had reached. */
bool registry_session_epoch(struct db *d, int64_t *out, struct fail *f);
bool registry_session_epoch_raise(struct db *d, int64_t *out, struct fail *f);

#endif
