/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/cli/cli.h"
#include "registry/registry.h"
#include "tests/contract/cli_run.h"

#include <sys/stat.h>
#include <unistd.h>

#define REGISTRY                                                                                                       \
    "format: 1\nidps:\n"                                                                                               \
    "  - {id: far, kind: saml, name: {fi: Far}, map: funet, entity_id: 'urn:far', metadata_url: "                      \
    "'https://far.example/'}\n"                                                                                        \
    "  - {id: off, kind: saml, name: {fi: Off}, map: funet, entity_id: 'urn:off', enabled: false, metadata_url: "      \
    "'https://off.example/'}\n"                                                                                        \
    "  - {id: local, kind: local, name: {fi: Local}}\n"

static int refresh(struct test *t, const char *config, const char *id)
{
    return cli_run(t, cli_refresh, "refresh", (const char *const[]){ "-c", config, id, NULL }).status;
}

TEST(refresh_orders_what_can_be_fetched_and_refuses_the_rest)
{
    const char *folder = cli_folder(t);
    struct settings set;
    struct fail f = { 0 };
    const char *config = cli_file(
        t, folder, "digione.yaml",
        arena_printf(t->arena,
                     "public_url: http://localhost:8080\nlisten: 127.0.0.1:8080\nstate_dir: %s/state\nrun_as: nobody\n",
                     folder));
    const char *registry = cli_file(t, folder, "registry.yaml", S(REGISTRY));

    CHECK(chmod(folder, 0711) == 0); /* whoever a node becomes as root finds its state */
    CHECK(cli_settings("test", config, t->arena, &set));
    CHECK_INT(cli_run(t, cli_import, "import", (const char *const[]){ "-c", config, registry, NULL }).status, CLI_OK);
    struct said s = cli_run(t, cli_refresh, "refresh", (const char *const[]){ "far", "-c", config, NULL });
    CHECK_INT(s.status, CLI_OK);
    CHECK(str_find(s.line, S("upstream.refreshed")) < s.line.n);
    CHECK_INT(refresh(t, config, "far"), CLI_OK);
    CHECK_INT(refresh(t, config, "off"), CLI_REFUSED);
    CHECK_INT(refresh(t, config, "local"), CLI_REFUSED);
    CHECK_INT(refresh(t, config, "faar"), CLI_REFUSED);
    CHECK_INT(cli_run(t, cli_refresh, "refresh", (const char *const[]){ "-c", config, NULL }).status, CLI_USAGE);
    CHECK_INT(cli_run(t, cli_refresh, "refresh", (const char *const[]){ "far", NULL }).status, CLI_USAGE);
    CHECK_INT(cli_run(t, cli_refresh, "refresh", (const char *const[]){ "--help", NULL }).status, CLI_OK);
    struct db *d = registry_db_open(&set, DB_WRITE, &f);
    struct registry *r = registry_load(d, &f);
    CHECK(r != NULL && registry_idp(r, S("far"))->refresh_turn == 2 && registry_idp(r, S("off"))->refresh_turn == 0);
    registry_drop(r);
    db_close(d);
    for (const char *const *p = (const char *const[]){ "registry/registry.sqlite", "registry/registry.sqlite-wal",
                                                       "registry/registry.sqlite-shm", "root-secret", "lock", NULL };
         *p != NULL; p++)
        (void)unlink(arena_cstr(t->arena, arena_printf(t->arena, "%s/state/%s", folder, *p)));
    (void)rmdir(arena_cstr(t->arena, arena_printf(t->arena, "%s/state/registry", folder)));
    (void)rmdir(arena_cstr(t->arena, set.state_dir));
    cli_remove(t, folder);
}
