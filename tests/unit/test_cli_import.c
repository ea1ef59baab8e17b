/* SPDX-License-Identifier: EUPL-1.2
 * digione import and check: what they make, what they leave alone, and what they warn of. */
#include "gateway/cli/cli.h"
#include "tests/contract/cli_run.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROVIDER "providers:\n  - {id: oulu, oid: 1.2.246.562.99.1, name: {fi: Oulu}}\n"
#define CITY                                                                                                           \
    "idps:\n  - {id: p, provider: oulu, kind: oidc, name: {fi: Oulu}, map: native, issuer: \"https://i.example\", "    \
    "client_id: x, auth_method: client_secret_basic, client_secret: {plain: city-secret-0123456789}}\n"

struct node {
    const char *folder, *config, *state;
};

/* A node that has never run.  As root its words become nobody, who must reach the folder. */
static struct node node_new(struct test *t, const char *more)
{
    struct node n = { .folder = cli_folder(t) };

    CHECK(chmod(n.folder, 0755) == 0);
    if (geteuid() == 0)
        CHECK(chown(n.folder, 65534, 65534) == 0);
    n.state = arena_cstr(t->arena, arena_printf(t->arena, "%s/state", n.folder));
    n.config = cli_file(t, n.folder, "digione.yaml",
                        arena_printf(t->arena,
                                     "public_url: http://localhost:8080\nlisten: 127.0.0.1:8080\nstate_dir: %s\n"
                                     "run_as: nobody\n%s",
                                     n.state, more));
    return n;
}

static struct said import(struct test *t, const struct node *n, const char *option, const char *registry)
{
    const char *file = cli_file(t, n->folder, "registry.yaml", str_of(registry));
    const char *const arguments[] = { "-c", n->config, file, option, NULL };

    return cli_run(t, cli_import, "import", arguments);
}

/* Every file below, with owner, size and a sum of its bytes; times of access are no change. */
static struct str snapshot(struct test *t, const struct node *n)
{
    char *text = arena_alloc(t->arena, 65536);
    FILE *p = popen(
        arena_cstr(t->arena, arena_printf(t->arena,
                                          "cd %s && find . -printf '%%p %%u %%m\\n' | sort && find . -type f -exec "
                                          "cksum {} + | sort",
                                          n->folder)),
        "r");

    CHECK(p != NULL);
    size_t size = fread(text, 1, 65536, p);
    CHECK(pclose(p) == 0);
    return str_n(text, size);
}

static bool has(struct str text, const char *part)
{
    return str_find(text, str_of(part)) < text.n;
}

TEST(a_dry_run_before_the_first_start_makes_nothing)
{
    struct node n = node_new(t, "");

    (void)cli_file(t, n.folder, "registry.yaml", S("format: 1\n" PROVIDER CITY));
    struct str before = snapshot(t, &n);
    struct said s = import(t, &n, "--dry-run", "format: 1\n" PROVIDER CITY);
    CHECK_INT(s.status, CLI_OK);
    CHECK(has(s.line, "+ idp p\n") && has(s.line, "would be: 2 added"));
    CHECK(str_eq(snapshot(t, &n), before));
    cli_remove(t, n.folder);
}

TEST(a_dry_run_says_what_would_change_and_changes_no_byte)
{
    struct node n = node_new(t, "");

    CHECK_INT(import(t, &n, "--quiet", "format: 1\n" PROVIDER).status, CLI_OK);
    (void)cli_file(t, n.folder, "registry.yaml", S("format: 1\n" PROVIDER CITY));
    struct str before = snapshot(t, &n);
    struct said s = import(t, &n, "--dry-run", "format: 1\n" PROVIDER CITY);
    CHECK_INT(s.status, CLI_OK);
    CHECK(has(s.line, "would be: 1 added, 0 changed, 0 removed, 1 as before; nothing was changed"));
    CHECK(str_eq(snapshot(t, &n), before));
    cli_remove(t, n.folder);
}

TEST(a_dry_run_refuses_what_the_import_would_refuse)
{
    struct node n = node_new(t, "");
    struct said s = import(t, &n, "--dry-run", "format: 1\n" PROVIDER "idps: []\nservices: {}\n");

    CHECK_INT(s.status, CLI_REFUSED);
    CHECK(has(s.complaint, "registry.yaml:5: expected a list of services"));
    CHECK(access(n.state, F_OK) != 0);
    cli_remove(t, n.folder);
}

TEST(check_changes_no_byte)
{
    struct node n = node_new(t, "");
    const char *const arguments[] = { "-c", n.config, NULL };

    CHECK_INT(import(t, &n, "--quiet", "format: 1\n" PROVIDER CITY).status, CLI_OK);
    struct str before = snapshot(t, &n);
    struct said s = cli_run(t, cli_check, "check", arguments);
    CHECK(has(s.line, "ok   registry         1 providers, 1 identity providers, 0 services, 0 rules"));
    CHECK(str_eq(snapshot(t, &n), before));
    cli_remove(t, n.folder);
}
