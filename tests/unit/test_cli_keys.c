/* SPDX-License-Identifier: EUPL-1.2 */
#include "alarms/alarms.h"
#include "certs/signer.h"
#include "gateway/cli/cli.h"
#include "tests/contract/cli_run.h"

#include <sys/stat.h>

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
    CHECK(str_find(s.line, S("older")) == s.line.n);
    cli_remove(t, folder);
}

TEST(who_still_uses_an_older_key_or_secret_is_listed_with_the_keys)
{
    const char *folder = cli_folder(t);
    struct str text = arena_printf(t->arena,
                                   "public_url: http://localhost:8080\nlisten: 127.0.0.1:8080\nstate_dir: %s\n"
                                   "keys_dir: %s/keys\n",
                                   folder, folder);
    const char *config = cli_file(t, folder, "digione.yaml", text);
    const char *const list[] = { "list", "-c", config, NULL };
    const struct area oulu = { .provider = S("oulu") };
    struct settings set = { 0 };
    struct fail f = { 0 };
    int64_t now_s = world_now_s(&world_real);

    CHECK(cli_settings("keys", config, t->arena, &set));
    CHECK(signer_keys_prepare(&set, &world_real, &f));
    CHECK(mkdir(arena_cstr(t->arena, arena_printf(t->arena, "%s/registry", folder)), 0700) == 0);
    struct alarms *s = alarms_new(&set);
    CHECK(alarms_write(s, now_s, &f));
    alarm_raise(s, ALARM_idp_older_key, &oulu, S("oulu-edu"), (struct str){ NULL, 0 }, now_s);
    alarm_raise(s, ALARM_service_older_key, &area_nation, S("kuovi"), (struct str){ NULL, 0 }, now_s);
    alarm_raise(s, ALARM_service_older_secret, &area_nation, S("vaihto"), S("2026-12-31"), now_s);
    alarm_raise(s, ALARM_disk_low, &area_nation, S("node"), (struct str){ NULL, 0 }, now_s);
    CHECK(alarms_write(s, now_s, &f));
    alarms_free(s);
    struct said said = cli_run(t, cli_keys, "keys", list);
    CHECK_INT(said.status, CLI_OK);
    CHECK(str_find(said.line, S("idp      oulu-edu             encrypts to an older key")) < said.line.n);
    CHECK(str_find(said.line, S("service  kuovi                encrypts to an older key")) < said.line.n);
    CHECK(str_find(said.line, S("service  vaihto               proves itself by the older secret")) < said.line.n);
    CHECK(str_find(said.line, S("node")) == said.line.n);
    cli_remove(t, folder);
}
