/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/known.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct school schools[] = { { .oid = S("9.1") }, { .oid = S("9.2") } };
static struct provider providers[] = {
    { .id = S("oulu"), .oid = S("1.1"), .schools = schools, .school_count = 2 },
    { .id = S("espoo"), .oid = S("1.2") },
};
static const struct area nation = { { NULL, 0 }, { NULL, 0 } }, oulu = { S("oulu"), { NULL, 0 } },
                         first = { S("oulu"), S("9.1") }, unknown = { S("kemi"), { NULL, 0 } };

struct rig {
    struct settings set;
    struct known *known;
    struct registry *r;
    struct fail f;
    char dir[64];
};

static void rig_end(void *arg)
{
    static const char *const files[] = { "known.sqlite", "known.sqlite-wal", "known.sqlite-shm" };
    struct rig *g = arg;
    char path[128];

    known_free(g->known);
    registry_drop(g->r);
    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(path, sizeof path, "%s/registry/%s", g->dir, files[i]);
        (void)unlink(path);
    }
    (void)snprintf(path, sizeof path, "%s/registry", g->dir);
    (void)rmdir(path);
    (void)rmdir(g->dir);
}

static struct rig *rig_new(struct test *t)
{
    const struct registry_parts parts = { .providers = providers, .provider_count = 2 };
    struct rig *g = arena_make(t->arena, struct rig);

    *g = (struct rig){ .dir = "/tmp/digione-known-XXXXXX" };
    CHECK(mkdtemp(g->dir) != NULL);
    g->set.state_dir = str_of(g->dir);
    CHECK(mkdir(arena_cstr(t->arena, arena_join(t->arena, g->set.state_dir, S("/registry"))), 0700) == 0);
    g->known = known_new(&g->set);
    g->r = registry_build(arena_new(), &parts);
    arena_adopt(t->arena, g, rig_end);
    return g;
}

static struct str file_of(struct test *t, struct str path)
{
    FILE *in = fopen(arena_cstr(t->arena, path), "rb");
    struct buf b = buf_new(t->arena, 1 << 20);
    int c;

    while (in != NULL && (c = getc(in)) != EOF)
        buf_byte(&b, (char)c);
    if (in != NULL)
        (void)fclose(in);
    return buf_str(&b);
}

static struct person pupil(struct test *t, const char *id, const char *school, int level)
{
    struct affiliation *a = arena_make(t->arena, struct affiliation);

    *a = (struct affiliation){ .provider_oid = S("1.1"),
                               .school_oid = str_of(school),
                               .role = ROLE_LEARNER,
                               .group = S("7B"),
                               .class_level = level,
                               .charge = 1,
                               .from_s = 5,
                               .to_s = 9 };
    return (struct person){ .id = str_of(id),
                            .given_names = S("Aino"),
                            .learner_id = S("1.2.246.562.98.85640200011"),
                            .email = S("aino@oulu.example"),
                            .age = AGE_UNDER13,
                            .acr = S("loa2"),
                            .affiliations = a,
                            .affiliation_count = 1 };
}

static struct shapes shapes(struct test *t, struct rig *g, const struct area *where)
{
    struct shapes out;

    CHECK(known_write(g->known, TEST_NOW_S, &g->f));
    CHECK(known_shapes(&g->set, t->arena, g->r, where, 0, &out, &g->f));
    CHECK_STR(g->f.detail, "");
    return out;
}

TEST(people_who_are_alike_are_one_sum_and_keep_what_policies_look_at)
{
    struct rig *g = rig_new(t);
    struct person a = pupil(t, "a", "9.1", 7), b = pupil(t, "b", "9.1", 7), c = pupil(t, "c", "9.2", 7);

    known_saw(g->known, &a, TEST_NOW_S);
    known_saw(g->known, &b, TEST_NOW_S);
    known_saw(g->known, &c, TEST_NOW_S);
    known_saw(g->known, &a, TEST_NOW_S + 1);
    struct shapes s = shapes(t, g, &nation);
    CHECK_INT(s.n, 2);
    CHECK_INT(s.people, 3);
    s = shapes(t, g, &first);
    CHECK_INT(s.n, 1);
    CHECK_INT(s.at[0].count, 2);
    const struct affiliation *at = s.at[0].who.affiliations;
    CHECK_INT(at->role, ROLE_LEARNER);
    CHECK_STR(at->group, "7B");
    CHECK_INT(at->class_level, 7);
    CHECK_INT(at->charge, 1);
    CHECK_INT(at->from_s, 5);
    CHECK_INT(at->to_s, 9);
    CHECK_INT(s.at[0].who.age, AGE_UNDER13);
    CHECK_STR(s.at[0].who.acr, "loa2");
    CHECK_INT(shapes(t, g, &unknown).n, 0);
}

TEST(nothing_that_tells_who_somebody_is_stands_in_the_file_and_the_protected_do_not_at_all)
{
    struct rig *g = rig_new(t);
    struct person a = pupil(t, "a", "9.1", 7), hidden = pupil(t, "hidden", "9.2", 3);
    struct str file;

    hidden.non_disclosure = true;
    known_saw(g->known, &a, TEST_NOW_S);
    known_saw(g->known, &hidden, TEST_NOW_S);
    CHECK_INT(shapes(t, g, &nation).people, 1);
    known_free(g->known);
    g->known = NULL;
    file = file_of(t, arena_join(t->arena, g->set.state_dir, S("/registry/known.sqlite")));
    CHECK(file.n > 1000);
    CHECK(str_find(file, S("Aino")) == file.n);
    CHECK(str_find(file, S("aino@")) == file.n);
    CHECK(str_find(file, S("85640200011")) == file.n);
    CHECK(str_find(file, S("hidden")) == file.n);
    CHECK(str_find(file, S("9.2")) == file.n);
}

TEST(who_moved_is_known_where_they_are_now)
{
    struct rig *g = rig_new(t);
    struct person a = pupil(t, "a", "9.1", 7);

    known_saw(g->known, &a, TEST_NOW_S);
    CHECK_INT(shapes(t, g, &oulu).people, 1);
    a.affiliations[0].provider_oid = S("1.2");
    known_saw(g->known, &a, TEST_NOW_S);
    CHECK_INT(shapes(t, g, &oulu).people, 0);
    CHECK_INT(shapes(t, g, &nation).people, 1);
}

TEST(people_are_forgotten_in_time)
{
    struct rig *g = rig_new(t);
    struct person a = pupil(t, "a", "9.1", 7), b = pupil(t, "b", "9.1", 8);

    known_saw(g->known, &a, TEST_NOW_S - KNOWN_KEPT_S - 1);
    known_saw(g->known, &b, TEST_NOW_S - KNOWN_KEPT_S);
    CHECK_INT(shapes(t, g, &oulu).people, 1);
}

TEST(one_person_is_read_back_and_is_forgotten_when_their_data_becomes_protected)
{
    struct rig *g = rig_new(t);
    struct affiliation at[] = { { .provider_oid = S("1.1"), .school_oid = S("9.1"), .role = ROLE_TEACHER },
                                { .provider_oid = S("1.2"), .role = ROLE_STAFF, .to_s = 77 } };
    struct person p = { .id = S("aino"), .affiliations = at, .affiliation_count = 2 }, got;
    int64_t seen_s = -1;

    CHECK(known_person(&g->set, t->arena, S("aino"), &got, &seen_s, &g->f));
    CHECK_INT(seen_s, 0);
    known_saw(g->known, &p, TEST_NOW_S);
    CHECK(known_write(g->known, TEST_NOW_S, &g->f));
    CHECK(known_person(&g->set, t->arena, S("aino"), &got, &seen_s, &g->f));
    CHECK_INT(seen_s, TEST_NOW_S);
    CHECK_INT(got.affiliation_count, 2);
    CHECK(got.affiliations[0].role == ROLE_TEACHER && got.affiliations[1].to_s == 77);
    p.non_disclosure = true;
    known_saw(g->known, &p, TEST_NOW_S + 1);
    CHECK(known_write(g->known, TEST_NOW_S + 1, &g->f));
    CHECK(known_person(&g->set, t->arena, S("aino"), &got, &seen_s, &g->f));
    CHECK_INT(seen_s, 0);
    CHECK_INT(got.affiliation_count, 0);
}

TEST(everybody_of_a_busy_moment_is_known)
{
    struct rig *g = rig_new(t);
    struct person a = pupil(t, "", "9.1", 7);

    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 500; i++) {
            a.id = arena_printf(t->arena, "p%d", 500 * round + i);
            known_saw(g->known, &a, TEST_NOW_S);
        }
        CHECK_INT(shapes(t, g, &oulu).people, 500 * (round + 1));
    }
}
