/* SPDX-License-Identifier: EUPL-1.2 */
#include "certs/signer.h"
#include "gateway/cli/cli.h"
#include "tests/contract/cli_run.h"

TEST(keys_are_listed_once_they_are_made)
{
    const char *folder = cli_folder(t);
    struct str text = arena_printf(t->arena,
                                   "public_url: http://localhost:8080\nlisten: 127.0.0.1:8080\nstate_dir: %s\n"
                                   "keys_dir: %s/keys\n",
                                   folder, folder);
    const char *config = cli_file(t, folder, "digione.yaml", text);
    const char *const list[] = { "list", "-c", config, NULL };
    struct settings set = { 0 };
    struct fail f = { 0 };

    struct said s = cli_run(t, cli_keys, "keys", list);
    CHECK_INT(s.status, CLI_BROKEN);
    CHECK_INT(s.line.n, 0);
    CHECK(cli_settings("keys", config, t->arena, &set));
    CHECK(signer_keys_prepare(&set, &world_real, &f));
    s = cli_run(t, cli_keys, "keys", list);
    CHECK_INT(s.status, CLI_OK);
    CHECK(str_find(s.line, S("oidc     ES256  current")) < s.line.n);
    CHECK(str_find(s.line, S("audit    ES256  current")) < s.line.n);
    cli_remove(t, folder);
}
