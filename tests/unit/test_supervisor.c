/* SPDX-License-Identifier: EUPL-1.2
 *
 * The whole node in a process tree of its own: it comes up, survives the death of each part, and leaves nothing
 * behind.  Waiting is always for something seen, never for a time. */
#include "base/log.h"
#include "certs/signer.h"
#include "gateway/process/gateway.h"
#include "gateway/process/supervisor.h"
#include "tests/http/gate.h"
#include "tests/http/tree.h"
#include "tests/test.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Waits until the part is another process than before. */
static bool replaced(const struct tree *x, const char *name, pid_t before)
{
    for (int i = 0; i < PATIENCE; i++) {
        pid_t now = tree_child(x, name);
        if (now > 0 && now != before)
            return true;
        (void)poll(NULL, 0, MOMENT_MS);
    }
    return false;
}

TEST(a_part_that_is_killed_comes_back_and_so_does_the_service)
{
    static const char *const parts[] = { "redis", "signer", "gateway", "fetcher" };
    struct tree x = { 0 };

    tree_new(t, &x);
    CHECK(tree_well(t, &x));
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        pid_t before = tree_child(&x, parts[i]);
        if (before == 0 || kill(before, SIGKILL) != 0) {
            test_fail(t, __FILE__, __LINE__, "there is no %s", parts[i]);
            continue;
        }
        if (!replaced(&x, parts[i], before) || !tree_well(t, &x))
            test_fail(t, __FILE__, __LINE__, "%s did not come back", parts[i]);
    }
    CHECK_INT(tree_end(&x, SIGTERM), 0);
}

static bool publishes(struct test *t, const struct tree *x, struct str kid)
{
    for (int i = 0; i < PATIENCE; i++) {
        struct gate_answer got =
            gate_ask(t, x->port, S("GET /oidc/jwks HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
        if (str_find(got.text, kid) < got.text.n)
            return true;
        (void)poll(NULL, 0, MOMENT_MS);
    }
    return false;
}

static struct str newest_kid(struct test *t, const struct tree *x)
{
    struct fail f = { 0 };
    size_t n;
    const struct public_key *keys = keyset_keys(signer_keys_list(&x->set, t->arena, &f), &n);

    return keys[n - 1].kid;
}

TEST(a_key_that_is_added_is_served_by_another_signer_and_broken_keys_leave_the_old_one)
{
    struct tree x = { 0 };
    struct fail f = { 0 };

    tree_new(t, &x);
    CHECK(tree_well(t, &x));
    pid_t gateway = tree_child(&x, "gateway");
    for (int i = 0; i < 3; i++) {
        CHECK(signer_keys_add(&x.set, &world_real, KEY_OIDC, JOSE_ES256, 0, &f));
        CHECK(publishes(t, &x, newest_kid(t, &x)));
        CHECK(tree_well(t, &x));
    }
    CHECK_INT(tree_child(&x, "gateway"), gateway);

    pid_t signer = tree_child(&x, "signer");
    const char *index = arena_cstr(t->arena, arena_join(t->arena, x.set.keys_dir, S("/keys.json")));
    FILE *broken = fopen(index, "w");
    CHECK(broken != NULL && fputs("{", broken) >= 0 && fclose(broken) == 0);
    for (int i = 0; i < PATIENCE && tree_size(&x) < 5; i++) /* the one that tries */
        (void)poll(NULL, 0, MOMENT_MS);
    for (int i = 0; i < PATIENCE && tree_size(&x) > 4; i++) /* and ends */
        (void)poll(NULL, 0, MOMENT_MS);
    CHECK_INT(tree_child(&x, "signer"), signer);
    CHECK(tree_well(t, &x));
    CHECK_INT(tree_end(&x, SIGTERM), 0);
}

/* Another process of that name was there, and ended by itself. */
static bool came_and_went(const struct tree *x, const char *name, pid_t before)
{
    pid_t seen = 0;

    for (int i = 0; i < PATIENCE; i++) {
        pid_t now = tree_child(x, name);
        if (seen > 0 && now != seen)
            return true;
        seen = now > 0 && now != before ? now : seen;
        (void)poll(NULL, 0, 1);
    }
    return false;
}

static bool shell(struct test *t, const struct tree *x, const char *command)
{
    return system(arena_cstr(t->arena, arena_printf(t->arena, "cd '%s/state' && %s", x->dir, command))) == 0;
}

/* A part that dies and is started again is no first start: it makes nothing anew that was there. */
TEST(what_goes_missing_while_a_node_runs_is_not_made_anew_by_a_part_that_is_restarted)
{
    static const struct {
        const char *part, *take, *is_away, *back;
    } lost[] = {
        { "gateway", "mkdir away && mv registry/registry.sqlite* away/", "test ! -e registry/registry.sqlite",
          "mv away/* registry/ && rmdir away" },
        { "signer", "mv keys away", "test ! -e keys", "mv away keys" },
    };
    struct tree x = { 0 };

    tree_new(t, &x);
    CHECK(tree_well(t, &x));
    CHECK(shell(t, &x, "printf '{}\\n' > registry/people.sqlite && printf '{}\\n' > audit/heads.jsonl"));
    for (size_t i = 0; i < 2; i++) {
        pid_t before = tree_child(&x, lost[i].part);
        CHECK(before > 0 && shell(t, &x, lost[i].take) && kill(before, SIGKILL) == 0);
        CHECK(came_and_went(&x, lost[i].part, before));
        CHECK(shell(t, &x, lost[i].is_away) && shell(t, &x, lost[i].back));
        CHECK(tree_well(t, &x));
    }
    CHECK_INT(tree_end(&x, SIGTERM), 0);
}

static void note_pid(void *with, pid_t pid, const char *name)
{
    pid_t *pids = with;

    (void)name;
    for (int i = 0; i < 8; i++)
        if (pids[i] == 0) {
            pids[i] = pid;
            return;
        }
}

static bool all_gone(const pid_t *pids)
{
    for (int tries = 0; tries < PATIENCE; tries++) {
        bool any = false;
        for (int i = 0; i < 8; i++)
            any = any || (pids[i] > 0 && kill(pids[i], 0) == 0);
        if (!any)
            return true;
        (void)poll(NULL, 0, MOMENT_MS);
    }
    return false;
}

TEST(when_the_supervisor_is_killed_nothing_stays)
{
    struct tree x = { 0 };
    pid_t pids[8] = { 0 };

    tree_new(t, &x);
    CHECK(tree_well(t, &x));
    tree_children(x.pid, note_pid, pids);
    CHECK(pids[2] > 0);
    CHECK_INT(tree_end(&x, SIGKILL), -1);
    CHECK(all_gone(pids));
}

TEST(sigterm_and_sigint_stop_all_and_leave_status_0)
{
    static const int signals[] = { SIGTERM, SIGINT };

    for (int i = 0; i < 2; i++) {
        struct tree x = { 0 };
        pid_t pids[8] = { 0 };
        tree_new(t, &x);
        CHECK(tree_well(t, &x));
        tree_children(x.pid, note_pid, pids);
        CHECK_INT(tree_end(&x, signals[i]), 0);
        CHECK(all_gone(pids));
    }
}

TEST(a_state_directory_has_one_node)
{
    struct tree x = { 0 };

    tree_new(t, &x);
    CHECK(tree_well(t, &x));
    CHECK_INT(tree_wait(tree_start(t, &x)), 90);
    CHECK(tree_well(t, &x));
    CHECK_INT(tree_end(&x, SIGTERM), 0);
}

TEST(a_taken_port_ends_the_start_with_an_error)
{
    struct tree x = { 0 }, y = { 0 };

    tree_new(t, &x);
    CHECK(tree_well(t, &x));
    (void)snprintf(y.dir, sizeof y.dir, "/tmp/digione-tree-XXXXXX");
    CHECK(mkdtemp(y.dir) != NULL && chmod(y.dir, 0711) == 0);
    y.port = x.port;
    tree_settings(t, &y);
    y.pid = tree_start(t, &y);
    CHECK_INT(tree_wait(y.pid), 1);
    CHECK_INT(tree_wait(tree_start(t, &y)), 1); /* for that reason still, and not for a directory that is taken */
    CHECK(tree_remove(&y));
    CHECK(tree_well(t, &x));
    CHECK_INT(tree_end(&x, SIGTERM), 0);
}

TEST(a_missing_system_user_is_named)
{
    struct tree x = { 0 };
    struct fail f = { 0 };

    if (geteuid() != 0) {
        test_skip(t, "only root becomes somebody else");
        return;
    }
    x.set.run_as = S("nobody-of-that-name");
    x.set.state_dir = S("/tmp/digione-never-made");
    CHECK(!supervisor_enter(&x.set, t->arena, &f));
    CHECK_STR(f.code, "run_as_missing");
    CHECK(access("/tmp/digione-never-made", F_OK) != 0);
}
