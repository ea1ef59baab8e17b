/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/cli/told.h"

#include "base/world.h"
#include "gateway/cli/cli.h"
#include "registry/change.h"
#include "registry/tell.h"

#include <string.h>
#include <time.h>

enum { LOOK_MS = 50 };

static bool is_told(struct db *d, int64_t version, bool *out, struct fail *f)
{
    struct arena *a = arena_new();
    struct change_entries list;
    bool good = change_list(d, a, &area_nation, version, 1, &list, f);

    *out = good && list.n == 1 && list.at[0].number == version && list.at[0].told;
    arena_free(a);
    return good;
}

static bool write_it(struct audit_writer *w, struct db *d, struct fail *f)
{
    struct teller *t = teller_new();
    bool good = teller_tell(t, d, w, true, f) == TOLD_ALL;

    teller_free(t);
    return good;
}

/* By the node, which looks for changes several times a second. */
static bool wait_for_node(struct db *d, int64_t version, struct fail *f)
{
    const struct timespec pause = { 0, LOOK_MS * 1000000L };
    bool told = false;

    for (int waited = 0; waited < TOLD_WITHIN_MS && !told; waited += LOOK_MS) {
        if (!is_told(d, version, &told, f))
            return false;
        if (!told)
            (void)nanosleep(&pause, NULL);
    }
    return told || fail(f, FAIL_OURS, "audit", "the node has not written it within %d s", TOLD_WITHIN_MS / 1000);
}

int cli_told(const char *word, const struct settings *set, struct db *d, int64_t version)
{
    struct arena *a = arena_new();
    const char *dir = arena_cstr(a, arena_join(a, set->state_dir, S("/audit")));
    struct fail f = { 0 };
    bool good = true;

    if (version != 0 && audit_dir_used(dir)) {
        struct audit_writer *w = audit_writer_new(dir, &world_real, &f);
        bool taken = w == NULL && strcmp(f.code, "audit_taken") == 0;
        if (taken)
            f = (struct fail){ 0 };
        good = w != NULL ? write_it(w, d, &f) : taken && wait_for_node(d, version, &f);
        audit_writer_free(w);
    }
    arena_free(a);
    return good ? CLI_OK
                : cli_complain(CLI_BROKEN, word, "version %lld is in force, and the audit log does not have it yet: %s",
                               (long long)version, f.detail);
}
