/* SPDX-License-Identifier: EUPL-1.2 */
#include "model/pairwise.h"
#include "registry/known.h"
#include "registry/links.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NUMBER "1.2.246.562.98.85640200011"

static struct provider providers[] = { { .id = S("turku"), .oid = S("1.1") }, { .id = S("vantaa"), .oid = S("1.2") } };

enum { OLD = 0, NEW, NEWER, AWAY, LOCAL, IDPS };

struct rig {
    struct settings set;
    struct links *links;
    struct known *known;
    struct idp idps[IDPS];
    struct move moves[4];
    size_t move_count;
    struct registry *r;
    const struct seals *seals;
    struct db *d;
    struct arena *a;
    struct fail f;
    char dir[64];
};

static void rig_end(void *arg)
{
    struct rig *g = arg;
    char line[128];

    links_free(g->links);
    known_free(g->known);
    db_close(g->d);
    registry_drop(g->r);
    (void)snprintf(line, sizeof line, "rm -r %s", g->dir);
    (void)!system(line);
}

static void serve(struct rig *g)
{
    const struct registry_parts parts = { .providers = providers,
                                          .provider_count = 2,
                                          .idps = g->idps,
                                          .idp_count = IDPS,
                                          .moves = g->moves,
                                          .move_count = g->move_count };

    registry_drop(g->r);
    g->r = registry_build(arena_new(), &parts);
}

static struct rig *rig_new(struct test *t)
{
    static const char *const ids[IDPS] = { "old", "new", "newer", "away", "own" };
    struct rig *g = arena_make(t->arena, struct rig);

    *g = (struct rig){ .dir = "/tmp/digione-links-XXXXXX", .a = t->arena };
    CHECK(mkdtemp(g->dir) != NULL);
    g->set.state_dir = str_of(g->dir);
    CHECK(mkdir(arena_cstr(t->arena, arena_join(t->arena, g->set.state_dir, S("/registry"))), 0700) == 0);
    for (int i = 0; i < IDPS; i++)
        g->idps[i] = (struct idp){ .id = str_of(ids[i]),
                                   .kind = i == LOCAL ? IDP_LOCAL : IDP_OIDC,
                                   .provider = &providers[i == AWAY],
                                   .issuer = str_of(ids[i]),
                                   .enabled = true };
    g->seals = seals_of(t->arena, S("0123456789abcdef0123456789abcdef-links"));
    g->links = links_new(&g->set);
    g->known = known_new(&g->set);
    g->d = links_open(&g->set, &g->f);
    CHECK(g->d != NULL);
    serve(g);
    arena_adopt(t->arena, g, rig_end);
    return g;
}

static struct str id_of(struct rig *g, int idp, const char *subject)
{
    return pairwise_person(g->a, g->seals, g->idps[idp].id, str_of(subject));
}

static struct move *put_move(struct rig *g, const char *id, int from, int to, struct str batch)
{
    struct move *m = &g->moves[g->move_count++];

    *m = (struct move){ .id = str_of(id),
                        .provider = g->idps[from].provider,
                        .from = g->idps[from].id,
                        .to = g->idps[to].id,
                        .by = batch.n > 0 ? MOVE_BY_FILE : MOVE_BY_NUMBER,
                        .batch = batch };
    serve(g);
    return m;
}

static struct move_plan plan(struct test *t, struct rig *g, int from, int to, struct str text, bool take, bool stage)
{
    struct moves_read *file = arena_make(t->arena, struct moves_read);
    struct move_ask ask = { .registry = g->r,
                            .seals = g->seals,
                            .set = &g->set,
                            .from = &g->idps[from],
                            .to = &g->idps[to],
                            .file = text.n > 0 ? file : NULL,
                            .take_known = take,
                            .now_s = TEST_NOW_S };
    struct move_plan out = { 0 };

    CHECK(text.n == 0 || moves_file_read(t->arena, text, file));
    CHECK((stage ? move_stage : move_plan)(g->d, t->arena, &ask, &out, &g->f));
    return out;
}

static struct link_found look(struct test *t, struct rig *g, int idp, const char *subject, const char *number)
{
    const struct link_ask ask = { .registry = g->r,
                                  .idp = &g->idps[idp],
                                  .identity = id_of(g, idp, subject),
                                  .number = link_number(t->arena, g->seals, str_of(number)),
                                  .now_s = TEST_NOW_S };
    struct link_found out = { 0 };

    CHECK(link_resolve(g->d, t->arena, &ask, &out, &g->f));
    return out;
}

static bool is(struct test *t, struct rig *g, int idp, const char *subject, const char *number, int was,
               const char *who)
{
    return str_eq(look(t, g, idp, subject, number).person, id_of(g, was, who));
}

/* As a sign-in notes it. */
static void signs_in(struct test *t, struct rig *g, int idp, const char *subject, const char *number)
{
    struct affiliation at = { .provider_oid = g->idps[idp].provider->oid, .role = ROLE_LEARNER };
    struct person p = { .id = look(t, g, idp, subject, number).person, .affiliations = &at, .affiliation_count = 1 };

    known_saw(g->known, &p, TEST_NOW_S);
    links_saw(g->links, g->idps[idp].id, link_number(t->arena, g->seals, str_of(number)), p.id, TEST_NOW_S);
    CHECK(known_write(g->known, TEST_NOW_S, &g->f) && links_write(g->links, TEST_NOW_S, &g->f));
}

/* ── a file ─────────────────────────────────────────────────────────────── */

TEST(an_account_that_a_file_names_is_the_old_person_while_the_move_is_in_force)
{
    struct rig *g = rig_new(t);

    signs_in(t, g, OLD, "matti", NULL);
    struct move_plan p = plan(t, g, OLD, NEW, S("matti,m-1\nliisa,l-1\n"), false, true);
    CHECK_INT(p.linked, 2);
    CHECK_INT(p.not_seen, 1);
    CHECK(is(t, g, NEW, "m-1", NULL, NEW, "m-1")); /* links alone are nothing */
    put_move(g, "to-new", OLD, NEW, p.batch);
    CHECK(is(t, g, NEW, "m-1", NULL, OLD, "matti"));
    CHECK(is(t, g, NEW, "l-1", NULL, OLD, "liisa"));
    CHECK(is(t, g, NEW, "other", NULL, NEW, "other"));
    CHECK(is(t, g, OLD, "matti", NULL, OLD, "matti")); /* and by the old one as before */
    g->move_count = 0;
    serve(g);
    CHECK(is(t, g, NEW, "m-1", NULL, NEW, "m-1")); /* undone */
}

TEST(a_dry_run_writes_nothing)
{
    struct rig *g = rig_new(t);
    struct move_plan p = plan(t, g, OLD, NEW, S("matti,m-1\n"), false, false);

    CHECK_INT(p.linked, 1);
    put_move(g, "to-new", OLD, NEW, p.batch);
    CHECK(is(t, g, NEW, "m-1", NULL, NEW, "m-1"));
}

TEST(nobody_is_moved_from_a_municipality_to_another_whatever_is_written)
{
    struct rig *g = rig_new(t);
    struct move_plan p = plan(t, g, OLD, AWAY, S("matti,m-1\n"), false, true);

    CHECK(move_trouble(&g->idps[OLD], &g->idps[AWAY]) != NULL);
    put_move(g, "to-away", OLD, AWAY, p.batch);
    CHECK(is(t, g, AWAY, "m-1", NULL, AWAY, "m-1"));
    /* Nor do links of one move count for another, where its row names their batch. */
    put_move(g, "to-newer", OLD, NEWER, p.batch);
    CHECK(is(t, g, AWAY, "m-1", NULL, AWAY, "m-1"));
    CHECK(is(t, g, NEWER, "m-1", NULL, NEWER, "m-1"));
}

TEST(an_identity_provider_that_becomes_another_municipalitys_keeps_no_move)
{
    struct rig *g = rig_new(t);

    put_move(g, "to-new", OLD, NEW, plan(t, g, OLD, NEW, S("matti,m-1\n"), false, true).batch);
    g->idps[NEW].provider = &providers[1];
    serve(g);
    CHECK(is(t, g, NEW, "m-1", NULL, NEW, "m-1"));
}

TEST(local_accounts_and_the_same_identity_provider_are_no_aim)
{
    struct rig *g = rig_new(t);

    CHECK(move_trouble(&g->idps[OLD], &g->idps[LOCAL]) != NULL);
    CHECK(move_trouble(&g->idps[OLD], &g->idps[OLD]) != NULL);
    CHECK(move_trouble(NULL, &g->idps[NEW]) != NULL);
    g->idps[NEW].test = true;
    CHECK(move_trouble(&g->idps[OLD], &g->idps[NEW]) != NULL);
    CHECK(move_trouble(&g->idps[LOCAL], &g->idps[NEWER]) == NULL);
}

TEST(two_people_never_become_one)
{
    struct rig *g = rig_new(t);
    struct move_plan first = plan(t, g, OLD, NEW, S("matti,m-1\n"), false, true);

    put_move(g, "first", OLD, NEW, first.batch);
    /* A second file names matti for somebody else: it is left as it is. */
    struct move_plan second = plan(t, g, OLD, NEW, S("matti,m-2\nliisa,m-1\npekka,p-1\n"), false, true);
    CHECK_INT(second.twice, 2);
    CHECK_INT(second.linked, 1);
    put_move(g, "second", OLD, NEW, second.batch);
    CHECK(is(t, g, NEW, "m-1", NULL, OLD, "matti"));
    CHECK(is(t, g, NEW, "m-2", NULL, NEW, "m-2"));
    CHECK(is(t, g, NEW, "p-1", NULL, OLD, "pekka"));
}

TEST(of_two_moves_that_claim_one_person_the_older_link_counts)
{
    struct rig *g = rig_new(t);
    struct move_plan first = plan(t, g, OLD, NEW, S("matti,m-1\n"), false, true);
    struct move_plan second = plan(t, g, OLD, NEWER, S("matti,m-9\n"), false, true); /* planned beside */

    put_move(g, "first", OLD, NEW, first.batch);
    put_move(g, "second", OLD, NEWER, second.batch);
    int same = is(t, g, NEW, "m-1", NULL, OLD, "matti") + is(t, g, NEWER, "m-9", NULL, OLD, "matti");
    CHECK_INT(same, 1);
}

TEST(a_move_after_a_move_leads_to_the_same_person_and_round_in_circles_to_nobody)
{
    struct rig *g = rig_new(t);

    put_move(g, "one", OLD, NEW, plan(t, g, OLD, NEW, S("matti,m-1\n"), false, true).batch);
    put_move(g, "two", NEW, NEWER, plan(t, g, NEW, NEWER, S("m-1,m-2\n"), false, true).batch);
    CHECK(is(t, g, NEWER, "m-2", NULL, OLD, "matti"));
    put_move(g, "back", NEWER, OLD, plan(t, g, NEWER, OLD, S("m-2,matti\n"), false, true).batch);
    CHECK(is(t, g, OLD, "matti", NULL, OLD, "matti"));
    CHECK(is(t, g, NEW, "m-1", NULL, OLD, "matti"));
    CHECK(is(t, g, NEWER, "m-2", NULL, OLD, "matti"));
}

TEST(who_has_begun_by_the_new_one_is_doubtful_and_left_unless_it_is_said)
{
    struct rig *g = rig_new(t);

    signs_in(t, g, OLD, "matti", NULL);
    signs_in(t, g, NEW, "m-1", NULL);
    struct move_plan p = plan(t, g, OLD, NEW, S("matti,m-1\n"), false, false);
    CHECK_INT(p.doubtful, 1);
    CHECK_INT(p.linked, 0);
    CHECK_INT(p.note_count, 1);
    CHECK_INT(p.notes[0].line, 1);
    CHECK_INT(p.notes[0].what, MOVE_SAYS_known_new);
    p = plan(t, g, OLD, NEW, S("matti,m-1\n"), true, true);
    CHECK_INT(p.linked, 1);
    put_move(g, "to-new", OLD, NEW, p.batch);
    CHECK(is(t, g, NEW, "m-1", NULL, OLD, "matti"));
}

/* ── a learner number ───────────────────────────────────────────────────── */

TEST(a_learner_number_leads_from_the_old_account_to_the_new_one_once)
{
    struct rig *g = rig_new(t);

    signs_in(t, g, OLD, "matti", NUMBER);
    struct move_plan p = plan(t, g, OLD, NEW, S(""), false, false);
    CHECK_INT(p.lines, 1);
    CHECK_INT(p.linked, 1);
    struct move *m = put_move(g, "to-new", OLD, NEW, S(""));
    CHECK(is(t, g, NEW, "m-1", NUMBER, OLD, "matti"));
    CHECK(is(t, g, NEW, "m-1", NULL, OLD, "matti"));       /* from then on without it */
    CHECK(is(t, g, NEW, "forger", NUMBER, NEW, "forger")); /* who states it after them is nobody but themselves */
    size_t n = 0;
    CHECK(move_links(g->d, t->arena, m, &n, &g->f));
    CHECK_INT(n, 1);
    g->move_count = 0;
    serve(g);
    CHECK(is(t, g, NEW, "m-1", NUMBER, NEW, "m-1"));
}

TEST(a_number_that_two_people_had_leads_nowhere)
{
    struct rig *g = rig_new(t);

    signs_in(t, g, OLD, "matti", NUMBER);
    signs_in(t, g, OLD, "maija", NUMBER);
    CHECK_INT(plan(t, g, OLD, NEW, S(""), false, false).twice, 1);
    CHECK_INT(plan(t, g, OLD, NEW, S(""), false, false).linked, 0);
    put_move(g, "to-new", OLD, NEW, S(""));
    CHECK(is(t, g, NEW, "m-1", NUMBER, NEW, "m-1"));
}

TEST(who_has_begun_by_the_new_one_is_not_moved_by_number)
{
    struct rig *g = rig_new(t);

    signs_in(t, g, OLD, "matti", NUMBER);
    signs_in(t, g, NEW, "m-1", NUMBER);
    CHECK_INT(plan(t, g, OLD, NEW, S(""), false, false).doubtful, 1);
    CHECK_INT(plan(t, g, OLD, NEW, S(""), false, false).linked, 0);
    put_move(g, "to-new", OLD, NEW, S(""));
    CHECK(is(t, g, NEW, "m-1", NUMBER, NEW, "m-1"));
}

TEST(a_move_by_number_that_is_over_makes_no_new_links)
{
    struct rig *g = rig_new(t);

    signs_in(t, g, OLD, "matti", NUMBER);
    struct move *m = put_move(g, "to-new", OLD, NEW, S(""));
    m->until_s = TEST_NOW_S;
    serve(g);
    CHECK(is(t, g, NEW, "m-1", NUMBER, NEW, "m-1"));
}

TEST(who_was_linked_before_a_move_was_over_stays_who_they_are_and_who_comes_then_is_somebody_new)
{
    struct rig *g = rig_new(t);

    signs_in(t, g, OLD, "matti", NUMBER);
    signs_in(t, g, OLD, "maija", "1.2.246.562.98.85640200029");
    struct move *m = put_move(g, "to-new", OLD, NEW, S(""));
    m->until_s = TEST_NOW_S + 1;
    serve(g);
    CHECK(is(t, g, NEW, "m-1", NUMBER, OLD, "matti")); /* the last second of it */
    m->until_s = TEST_NOW_S;
    serve(g);
    CHECK(is(t, g, NEW, "m-1", NUMBER, OLD, "matti"));
    CHECK(is(t, g, NEW, "m-1", "", OLD, "matti")); /* whatever the new one says of numbers by now */
    CHECK(is(t, g, NEW, "m-2", "1.2.246.562.98.85640200029", NEW, "m-2"));
    CHECK(is(t, g, OLD, "matti", NUMBER, OLD, "matti")); /* the former way in leads to the same account */
    g->move_count = 0;
    serve(g);
    CHECK(is(t, g, NEW, "m-1", NUMBER, NEW, "m-1")); /* the row is what keeps a link */
}

/* ── the operator's list ────────────────────────────────────────────────── */

static bool import(struct test *t, struct rig *g, struct str text, struct learners_read *out)
{
    return learners_import(g->d, t->arena, g->seals, g->r, text, out, &g->f);
}

#define OTHER "1.2.246.562.98.85640200029"

TEST(a_municipality_whose_learners_are_listed_states_no_others)
{
    struct rig *g = rig_new(t);
    struct learners_read got;

    CHECK(!look(t, g, OLD, "matti", NUMBER).foreign_number);
    CHECK(import(t, g, S(NUMBER ",,turku\n"), &got));
    CHECK_INT(got.numbers, 1);
    CHECK(!look(t, g, OLD, "matti", NUMBER).foreign_number);
    CHECK(look(t, g, OLD, "matti", OTHER).foreign_number);
    CHECK(!look(t, g, AWAY, "matti", OTHER).foreign_number); /* of which nothing is listed */
    /* A forged number moves nobody. */
    signs_in(t, g, OLD, "matti", NUMBER);
    signs_in(t, g, OLD, "victim", OTHER);
    put_move(g, "to-new", OLD, NEW, S(""));
    CHECK(is(t, g, NEW, "forger", OTHER, NEW, "forger"));
}

TEST(a_duplicate_number_is_its_master)
{
    struct rig *g = rig_new(t);
    struct learners_read got;
    struct str master, number = link_number(t->arena, g->seals, S(OTHER));

    CHECK(import(t, g, S("oppijanumero,master,kunta\n" OTHER "," NUMBER ",\n"), &got));
    CHECK_INT(got.duplicates, 1);
    CHECK(learner_master(g->d, t->arena, number, &master, &g->f));
    CHECK(str_eq(master, link_number(t->arena, g->seals, S(NUMBER))));
    signs_in(t, g, OLD, "matti", OTHER);
    put_move(g, "to-new", OLD, NEW, S(""));
    CHECK(is(t, g, NEW, "m-1", NUMBER, OLD, "matti"));
}

TEST(a_list_that_does_not_hold_changes_nothing_and_says_where)
{
    static const struct {
        struct str text;
        size_t line;
    } files[] = { { S("number\n1.2.246.562.98.85640200012,,turku\n"), 2 },
                  { S(NUMBER "," NUMBER "x,\n"), 1 },
                  { S(NUMBER ",,\n"), 1 },
                  { S(NUMBER ",,atlantis\n"), 1 },
                  { S(NUMBER ",,turku,x\n"), 1 },
                  { S(NUMBER "," OTHER ",\n" OTHER "," NUMBER ",\n"), 0 } };
    struct rig *g = rig_new(t);
    struct learners_read got;

    CHECK(import(t, g, S(NUMBER ",,turku\n"), &got));
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        CHECK(!import(t, g, files[i].text, &got));
        CHECK(got.wrong != NULL && got.line == files[i].line);
    }
    CHECK(look(t, g, OLD, "matti", OTHER).foreign_number); /* what was there still is */
}

/* ── accounts that belong together ──────────────────────────────────────── */

TEST(accounts_that_belong_together_do_so_both_ways_until_they_are_parted)
{
    struct rig *g = rig_new(t);
    struct str one = id_of(g, OLD, "matti"), two = id_of(g, AWAY, "m-1");
    struct pairs got;

    CHECK(pair_put(g->d, t->arena, one, S("turku"), two, S("vantaa"), TEST_NOW_S, &g->f));
    CHECK(pair_put(g->d, t->arena, two, S("vantaa"), one, S("turku"), TEST_NOW_S, &g->f)); /* once more */
    CHECK(pairs_of(g->d, t->arena, two, &got, &g->f));
    CHECK_INT(got.n, 1);
    CHECK(str_eq(got.at[0].other, one));
    CHECK_STR(got.at[0].other_provider, "turku");
    CHECK(is(t, g, AWAY, "m-1", NUMBER, AWAY, "m-1")); /* and stay two people */
    CHECK(pair_drop(g->d, two, one, &g->f));
    CHECK(pairs_of(g->d, t->arena, one, &got, &g->f));
    CHECK_INT(got.n, 0);
    CHECK(!pair_put(g->d, t->arena, one, S("turku"), one, S("turku"), TEST_NOW_S, &g->f));
}

TEST(one_account_belongs_together_with_a_few)
{
    struct rig *g = rig_new(t);
    struct str one = id_of(g, OLD, "matti");
    char name[16];

    for (int i = 0; i < PAIRS_OF_ONE_MAX; i++) {
        (void)snprintf(name, sizeof name, "m-%d", i);
        CHECK(pair_put(g->d, t->arena, one, S("turku"), id_of(g, AWAY, name), S("vantaa"), TEST_NOW_S, &g->f));
    }
    CHECK(!pair_put(g->d, t->arena, one, S("turku"), id_of(g, AWAY, "more"), S("vantaa"), TEST_NOW_S, &g->f));
    CHECK(strcmp(g->f.code, "too_many") == 0);
}
