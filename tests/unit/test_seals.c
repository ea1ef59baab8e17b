/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/seals.h"
#include "tests/test.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct seals *some_seals(struct test *t)
{
    return seals_of(t->arena, S("0123456789abcdef0123456789abcdef"));
}

TEST(a_sealed_text_opens_only_where_it_belongs)
{
    const struct seals *s = some_seals(t);
    struct str sealed = seal_close(t->arena, &t->world, s, SEAL_COOKIE, S("login"), S("secret text")), plain;

    CHECK(seal_open(t->arena, s, SEAL_COOKIE, S("login"), sealed, &plain));
    CHECK_STR(plain, "secret text");
    CHECK(!seal_open(t->arena, s, SEAL_SESSION, S("login"), sealed, &plain));
    CHECK(!seal_open(t->arena, s, SEAL_COOKIE, S("other"), sealed, &plain));
    CHECK(!seal_open(t->arena, s, SEAL_COOKIE, S("login"), str_from(sealed, 1), &plain));
    CHECK(!seal_open(t->arena, s, SEAL_COOKIE, S("login"), S(""), &plain));
    CHECK(!seal_open(t->arena, s, SEAL_COOKIE, S("login"), (struct str){ NULL, 0 }, &plain));
    char *changed = arena_cstr(t->arena, sealed);
    changed[sealed.n - 1] ^= 1;
    CHECK(!seal_open(t->arena, s, SEAL_COOKIE, S("login"), str_n(changed, sealed.n), &plain));
}

TEST(a_registry_secret_opens_for_its_owner_alone)
{
    const struct seals *s = some_seals(t);
    struct str text = seal_secret(t->arena, &t->world, s, S("idp:oulu"), S("p4ss")), plain;

    CHECK(seal_secret_open(t->arena, s, S("idp:oulu"), text, &plain));
    CHECK_STR(plain, "p4ss");
    CHECK(!seal_secret_open(t->arena, s, S("idp:espoo"), text, &plain));
}

TEST(pairwise_parts_do_not_run_together)
{
    const struct seals *s = some_seals(t);

    CHECK(!str_eq(seals_pairwise(t->arena, s, S("ab"), S("c")), seals_pairwise(t->arena, s, S("a"), S("bc"))));
    CHECK(str_eq(seals_pairwise(t->arena, s, S("ab"), S("c")), seals_pairwise(t->arena, s, S("ab"), S("c"))));
}

TEST(the_root_secret_is_made_once_and_refused_when_others_can_read_it)
{
    char folder[] = "/tmp/digione-seals-XXXXXX";
    CHECK(mkdtemp(folder) != NULL);
    char *path = arena_cstr(t->arena, arena_printf(t->arena, "%s/root-secret", folder));
    struct fail f = { 0 };

    CHECK(seals_load(t->arena, path, &f) == NULL);
    CHECK_STR(f.code, "root_secret");
    f = (struct fail){ 0 };
    CHECK(seals_prepare(path, &t->world, &f));
    const struct seals *first = seals_load(t->arena, path, &f);
    CHECK(first != NULL);
    CHECK(seals_prepare(path, &t->world, &f));
    const struct seals *again = seals_load(t->arena, path, &f);
    CHECK(again != NULL &&
          str_eq(seals_pairwise(t->arena, first, S("a"), S("b")), seals_pairwise(t->arena, again, S("a"), S("b"))));
    (void)chmod(path, 0644);
    CHECK(seals_load(t->arena, path, &f) == NULL);
    CHECK_STR(f.code, "root_secret");
    (void)unlink(path);
    (void)rmdir(folder);
}
