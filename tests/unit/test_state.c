/* SPDX-License-Identifier: EUPL-1.2
 *
 * What cannot be made again is not made anew beside what depends on it; tried with the words of the command line, in
 * processes of their own. */
#include "base/seals.h"
#include "certs/signer.h"
#include "gateway/cli/cli.h"
#include "gateway/process/state.h"
#include "gateway/process/supervisor.h"
#include "registry/registry.h"
#include "tests/contract/cli_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
    const char *folder, *config;
    struct settings set;
    struct fail fail;
};

static const char *in(struct test *t, const struct place *p, const char *name)
{
    return arena_cstr(t->arena, arena_printf(t->arena, "%s/state/%s", p->folder, name));
}

static struct place *place_new(struct test *t)
{
    struct place *p = arena_make(t->arena, struct place);
    int port = cli_port(t);

    p->folder = cli_folder(t);
    CHECK(chmod(p->folder, 0711) == 0);
    p->config = cli_file(t, p->folder, "digione.yaml",
                         arena_printf(t->arena,
                                      "public_url: http://localhost:%d\nlisten: 127.0.0.1:%d\nstate_dir: %s/state\n"
                                      "run_as: nobody\n",
                                      port, port, p->folder));
    CHECK(cli_settings("test", p->config, t->arena, &p->set));
    return p;
}

static int says(struct test *t, const struct place *p, int (*word)(int, char **), const char *name, const char *a1,
                const char *a2, struct str *line)
{
    const char *const arguments[] = { "-c", p->config, a1, a2, NULL };
    struct said s = cli_run(t, word, name, arguments);

    if (line != NULL)
        *line = s.line;
    return s.status;
}

static bool there(const char *path)
{
    return access(path, F_OK) == 0;
}

/* A node's state after its first steps: secret, registry, keys.  Its owner is whoever a node would be. */
static struct place *used_place(struct test *t)
{
    struct place *p = place_new(t);
    const char *registry = cli_file(t, p->folder, "registry.yaml", S("format: 1\n"));
    const char *const create[] = { "create", "-c", p->config, NULL };

    CHECK(chmod(registry, 0644) == 0 && chmod(p->config, 0644) == 0);
    CHECK_INT(says(t, p, cli_import, "import", registry, NULL, NULL), CLI_OK);
    CHECK_INT(cli_run(t, cli_keys, "keys", create).status, CLI_OK);
    return p;
}

static void write_file(struct test *t, const char *path, const char *text)
{
    FILE *f = fopen(path, "wb");

    CHECK(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0);
}

/* As if somebody had signed in. */
static void use_audit(struct test *t, const struct place *p)
{
    CHECK(mkdir(in(t, p, "audit"), 0755) == 0 || there(in(t, p, "audit")));
    write_file(t, in(t, p, "audit/audit-000001.jsonl"), "{}\n");
}

static void remove_all(struct test *t, const struct place *p, const char *name)
{
    CHECK(system(arena_cstr(t->arena, arena_printf(t->arena, "rm -r -- '%s'", in(t, p, name)))) == 0);
}

TEST(a_first_start_may_make_everything)
{
    struct place *p = place_new(t);
    struct str line;

    CHECK_INT(says(t, p, cli_check, "check", NULL, NULL, &line), CLI_OK);
    CHECK(str_find(line, S("BAD")) == line.n);
    CHECK(state_secret(&p->set, t->arena, &p->fail) && state_keys(&p->set, t->arena, &p->fail) &&
          state_registry(&p->set, t->arena, &p->fail));
    cli_remove(t, p->folder);
    p = used_place(t);
    CHECK_INT(says(t, p, cli_check, "check", NULL, NULL, &line), CLI_OK);
    CHECK_INT(says(t, p, cli_check, "check", NULL, NULL, &line), CLI_OK);
    cli_remove(t, p->folder);
}

TEST(a_lost_root_secret_is_never_replaced_beside_what_it_made)
{
    static const char *const dependents[] = {
        "registry/registry.sqlite", "keys/keys.json",         "audit/audit-000001.jsonl",
        "audit/heads.jsonl",        "registry/people.sqlite", "redis/appendonlydir/appendonly.aof.1.incr.aof"
    };

    for (size_t i = 0; i < sizeof dependents / sizeof *dependents; i++) {
        struct place *p = place_new(t);
        const char *file = in(t, p, dependents[i]);
        const char *folder = arena_cstr(t->arena, str_n(file, (size_t)(strrchr(file, '/') - file)));
        CHECK(system(arena_cstr(t->arena, arena_printf(t->arena, "mkdir -p -- '%s'", folder))) == 0);
        write_file(t, file, "{}\n");
        if (state_secret(&p->set, t->arena, &p->fail) || strcmp(p->fail.code, "root_secret_lost") != 0)
            test_fail(t, __FILE__, __LINE__, "made anew beside %s", dependents[i]);
        struct str words = str_of(p->fail.detail);
        CHECK(str_find(words, p->set.root_secret_file) < words.n && str_find(words, S("restore")) < words.n);
        CHECK(str_find(words, str_n(dependents[i], 5)) < words.n || i == 1);
        write_file(t, file, ""); /* of no bytes: nothing was made yet */
        CHECK(state_secret(&p->set, t->arena, &p->fail));
        cli_remove(t, p->folder);
    }
}

TEST(check_says_bad_and_serve_import_and_keys_refuse_where_the_root_secret_is_lost)
{
    struct place *p = used_place(t);
    const char *const create[] = { "create", "-c", p->config, NULL };
    struct str line;

    CHECK(unlink(in(t, p, "root-secret")) == 0);
    CHECK_INT(says(t, p, cli_check, "check", NULL, NULL, &line), CLI_REFUSED);
    CHECK(str_find(line, S("BAD  root secret")) < line.n);
    CHECK(str_find(line, str_of(in(t, p, "root-secret"))) < line.n);
    CHECK_INT(says(t, p, cli_serve, "serve", NULL, NULL, NULL), CLI_BROKEN);
    CHECK_INT(says(t, p, cli_import, "import",
                   arena_cstr(t->arena, arena_printf(t->arena, "%s/registry.yaml", p->folder)), NULL, NULL),
              CLI_BROKEN);
    CHECK_INT(cli_run(t, cli_keys, "keys", create).status, CLI_BROKEN);
    CHECK_INT(says(t, p, cli_restore, "restore", NULL, NULL, NULL), CLI_BROKEN);
    CHECK(!there(in(t, p, "root-secret")));
    cli_remove(t, p->folder);
}

TEST(another_root_secret_is_refused_by_the_registry_and_by_the_folder)
{
    struct place *p = used_place(t);
    struct str line;

    CHECK(state_secret(&p->set, t->arena, &p->fail));
    write_file(t, in(t, p, "root-secret"), "another-secret-of-more-than-32-bytes\n");
    CHECK_INT(says(t, p, cli_check, "check", NULL, NULL, &line), CLI_REFUSED);
    CHECK(str_find(line, S("BAD  root secret")) < line.n && str_find(line, S("another root secret")) < line.n);
    CHECK_INT(says(t, p, cli_serve, "serve", NULL, NULL, NULL), CLI_BROKEN);
    /* A registry that came from a backup alone knows as well, and so does a folder whose registry is gone. */
    CHECK(unlink(in(t, p, "root-secret.mark")) == 0);
    CHECK(!state_secret(&p->set, t->arena, &p->fail));
    CHECK_STR(p->fail.code, "root_secret_other");
    cli_remove(t, p->folder);
    p = used_place(t);
    remove_all(t, p, "registry");
    write_file(t, in(t, p, "root-secret"), "another-secret-of-more-than-32-bytes\n");
    CHECK(!state_secret(&p->set, t->arena, &p->fail));
    CHECK_STR(p->fail.code, "root_secret_other");
    cli_remove(t, p->folder);
}

TEST(a_registry_of_an_earlier_version_is_told_by_what_is_sealed_in_it)
{
    static const struct db_statement forget = { "forget", "DELETE FROM number WHERE name = 'root_secret'" };
    static const struct db_statement put = { "put", "UPDATE idp SET client_secret_sealed = ?1" };
    struct place *p = place_new(t);
    const char *registry =
        cli_file(t, p->folder, "registry.yaml",
                 S("format: 1\nidps:\n- id: espoo\n  kind: oidc\n  name: {fi: Espoo}\n  issuer: https://espoo.example\n"
                   "  client_id: digione\n  map: native\n  auth_method: client_secret_basic\n"
                   "  client_secret: {plain: the-secret-that-espoo-gave}\n"));
    struct fail f = { 0 };

    CHECK(chmod(registry, 0644) == 0 && chmod(p->config, 0644) == 0);
    if (says(t, p, cli_import, "import", registry, NULL, NULL) != CLI_OK) {
        test_fail(t, __FILE__, __LINE__, "the registry is not imported");
        return;
    }
    struct db *d = registry_db_open(&p->set, DB_WRITE, &f);
    CHECK(d != NULL && db_run(d, &forget, NULL, 0, &f));
    const struct seals *ours = seals_load(t->arena, in(t, p, "root-secret"), &f);
    const struct seals *other = seals_of(t->arena, S("another-secret-of-more-than-32-bytes"));
    CHECK(registry_fits_secret(d, ours, &f) && !registry_fits_secret(d, other, &f));
    CHECK_STR(f.code, "root_secret_other");
    struct db_value none = db_text(S(""));
    CHECK(db_run(d, &put, &none, 1, &f) && registry_fits_secret(d, other, &f)); /* nothing says otherwise */
    CHECK(registry_keep_secret(d, ours, &f) && !registry_fits_secret(d, other, &f));
    db_close(d);
    cli_remove(t, p->folder);
}

TEST(lost_keys_are_never_made_anew_beside_a_log_that_they_signed)
{
    struct place *p = used_place(t);
    struct str line;

    use_audit(t, p);
    CHECK(state_keys(&p->set, t->arena, &p->fail));
    CHECK(rename(in(t, p, "keys"), in(t, p, "keys-elsewhere")) == 0);
    CHECK_INT(says(t, p, cli_check, "check", NULL, NULL, &line), CLI_REFUSED);
    CHECK(str_find(line, S("BAD  private keys")) < line.n);
    CHECK_INT(says(t, p, cli_serve, "serve", NULL, NULL, NULL), CLI_BROKEN);
    CHECK(!state_keys(&p->set, t->arena, &p->fail));
    CHECK_STR(p->fail.code, "keys_lost");
    CHECK(!there(in(t, p, "keys")));
    /* An index without the keys that signed is another node's, or cut. */
    CHECK(mkdir(in(t, p, "keys"), 0755) == 0);
    write_file(t, in(t, p, "keys/keys.json"), "{\"keys\":[]}");
    CHECK(chmod(in(t, p, "keys/keys.json"), 0600) == 0 && chmod(in(t, p, "keys"), 0700) == 0);
    p->fail = (struct fail){ 0 };
    CHECK(!state_keys(&p->set, t->arena, &p->fail));
    CHECK(strcmp(p->fail.code, "keys_lost") == 0 || strcmp(p->fail.code, "keyset_malformed") == 0);
    cli_remove(t, p->folder);
}

TEST(a_key_whose_file_is_gone_is_named_by_check)
{
    struct place *p = used_place(t);
    struct str line;

    CHECK(system(arena_cstr(t->arena, arena_printf(t->arena, "rm -- '%s'/audit-ES256-*.pem", in(t, p, "keys")))) == 0);
    CHECK_INT(says(t, p, cli_check, "check", NULL, NULL, &line), CLI_REFUSED);
    CHECK(str_find(line, S("BAD  private keys")) < line.n && str_find(line, S("audit-ES256-")) < line.n);
    cli_remove(t, p->folder);
}

TEST(a_lost_registry_is_never_made_anew_beside_what_names_its_rows)
{
    static const char *const dependents[] = { "audit/audit-000001.jsonl", "registry/people.sqlite" };

    for (size_t i = 0; i < 2; i++)
        for (int empty = 0; empty < 2; empty++) {
            struct place *p = used_place(t);
            struct str line;
            (void)mkdir(in(t, p, "audit"), 0755);
            write_file(t, in(t, p, dependents[i]), "{}\n");
            CHECK(state_registry(&p->set, t->arena, &p->fail));
            (void)unlink(in(t, p, "registry/registry.sqlite-wal"));
            CHECK(unlink(in(t, p, "registry/registry.sqlite")) == 0);
            if (empty)
                write_file(t, in(t, p, "registry/registry.sqlite"), "");
            CHECK(!state_registry(&p->set, t->arena, &p->fail));
            CHECK_STR(p->fail.code, "registry_lost");
            CHECK_INT(says(t, p, cli_check, "check", NULL, NULL, &line), CLI_REFUSED);
            CHECK(str_find(line, S("BAD  registry")) < line.n);
            CHECK_INT(says(t, p, cli_serve, "serve", NULL, NULL, NULL), CLI_BROKEN);
            CHECK(there(in(t, p, "registry/registry.sqlite")) == (empty == 1));
            cli_remove(t, p->folder);
        }
}

TEST(what_is_lost_for_good_is_made_anew_where_somebody_says_so)
{
    struct place *p = used_place(t);
    struct stat st;

    use_audit(t, p);
    CHECK(unlink(in(t, p, "root-secret")) == 0);
    remove_all(t, p, "keys");
    CHECK_INT(says(t, p, cli_restore, "restore", "--anew", "everything", NULL), CLI_USAGE);
    CHECK_INT(says(t, p, cli_restore, "restore", "--anew", "root-secret", NULL), CLI_OK);
    CHECK(state_secret(&p->set, t->arena, &p->fail) && !state_keys(&p->set, t->arena, &p->fail));
    CHECK_INT(says(t, p, cli_restore, "restore", "--anew", "keys", NULL), CLI_OK);
    CHECK(state_keys(&p->set, t->arena, &p->fail));
    /* Keys of which one is gone. */
    CHECK(system(arena_cstr(t->arena, arena_printf(t->arena, "rm -- '%s'/audit-ES256-*.pem", in(t, p, "keys")))) == 0);
    CHECK_INT(says(t, p, cli_restore, "restore", "--anew", "keys", NULL), CLI_OK);
    CHECK(state_keys(&p->set, t->arena, &p->fail) && there(in(t, p, "keys/keys.json.lost")));
    remove_all(t, p, "registry");
    CHECK(!state_registry(&p->set, t->arena, &p->fail));
    CHECK_INT(says(t, p, cli_restore, "restore", "--anew", "registry", NULL), CLI_OK);
    CHECK(state_registry(&p->set, t->arena, &p->fail) && state_secret(&p->set, t->arena, &p->fail));
    CHECK(stat(in(t, p, "registry/registry.sqlite"), &st) == 0 && (st.st_mode & 077) == 0);
    cli_remove(t, p->folder);
}

TEST(restore_ends_the_sessions_of_before)
{
    struct place *p = used_place(t);
    int64_t before = 0, after = 0;

    struct db *d = registry_db_open(&p->set, DB_WRITE, &p->fail);
    CHECK(d != NULL && registry_session_epoch(d, &before, &p->fail));
    CHECK_INT(says(t, p, cli_restore, "restore", NULL, NULL, NULL), CLI_OK);
    CHECK(registry_session_epoch(d, &after, &p->fail) && after > before);
    db_close(d);
    cli_remove(t, p->folder);
}

TEST(a_new_registry_begins_in_an_epoch_beyond_every_earlier_ones)
{
    struct place *p = used_place(t);
    int64_t epoch = 0, again = 0;

    struct db *d = registry_db_open(&p->set, DB_WRITE, &p->fail);
    CHECK(d != NULL && registry_session_epoch_raise(d, &epoch, &p->fail));
    db_close(d);
    remove_all(t, p, "registry");
    d = registry_db_open(&p->set, DB_CREATE, &p->fail);
    CHECK(d != NULL && registry_session_epoch(d, &again, &p->fail));
    CHECK(epoch >= world_now_s(&world_real) - 60 && again >= epoch - 1);
    db_close(d);
    cli_remove(t, p->folder);
}
