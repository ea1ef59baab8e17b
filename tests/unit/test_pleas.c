/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/pleas.h"
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct area oulu = { S("oulu"), { NULL, 0 } }, first = { S("oulu"), S("9.1") },
                         second = { S("oulu"), S("9.2") }, espoo = { S("espoo"), { NULL, 0 } },
                         nation = { { NULL, 0 }, { NULL, 0 } };
static const struct plea_key teachers = { S("oulu"), S("9.1"), S("matikka"), ROLE_TEACHER },
                             learners = { S("oulu"), S("9.1"), S("matikka"), ROLE_LEARNER };

struct store {
    char dir[64];
    struct settings set;
    struct pleas *pleas;
    struct fail why;
    int64_t now_s;
};

static struct store *open_store(struct test *t)
{
    struct store *s = arena_make(t->arena, struct store);

    *s = (struct store){ .dir = "/tmp/digione-pleas-XXXXXX", .now_s = TEST_NOW_S };
    CHECK(mkdtemp(s->dir) != NULL);
    CHECK(mkdir(arena_cstr(t->arena, arena_printf(t->arena, "%s/registry", s->dir)), 0700) == 0);
    s->set.state_dir = str_of(s->dir);
    s->pleas = pleas_new(&s->set);
    return s;
}

static void close_store(struct test *t, struct store *s)
{
    pleas_free(s->pleas);
    CHECK(system(arena_cstr(t->arena, arena_printf(t->arena, "rm -rf %s", s->dir))) == 0);
}

/* ── jobs ───────────────────────────────────────────────────────────────── */

struct deed {
    struct store *s;
    struct plea_asking ask;
    struct str person, service, words;
    struct plea_key key;
    struct area area;
    int64_t number, from;
    bool may;
    struct pleas_found found;
    struct plea one;
    struct plea_voices voices;
};

static bool do_put(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct deed *x = with;

    return plea_put(d, a, &x->ask, x->s->now_s, f);
}

static bool do_of(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct deed *x = with;

    return pleas_of(d, a, x->person, x->service, x->s->now_s, &x->found, f);
}

static bool do_take(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct deed *x = with;

    (void)a;
    return plea_take(d, x->person, x->number, x->s->now_s, f);
}

static bool do_list(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct deed *x = with;

    return pleas_list(d, a, &x->area, x->service, (size_t)x->from, x->s->now_s, &x->found, f);
}

static bool do_one(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct deed *x = with;

    return plea_one(d, a, &x->area, x->number, x->s->now_s, &x->one, &x->voices, f);
}

static bool do_look(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct deed *x = with;

    return plea_look(d, a, &x->key, x->s->now_s, &x->one, f);
}

static bool do_decline(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct deed *x = with;

    return plea_decline(d, a, &x->area, x->number, x->words, x->s->now_s, f);
}

static bool do_let(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct deed *x = with;

    (void)a;
    return pleas_let_learners(d, x->service, x->may, f);
}

/* "ok", or the code of the failure. */
static const char *deed(struct test *t, struct store *s, pleas_job *job, struct deed *x)
{
    x->s = s;
    s->why = (struct fail){ 0 };
    return pleas_now(s->pleas, t->arena, job, x, &s->why) ? "ok" : s->why.code;
}

static const char *asks(struct test *t, struct store *s, const char *person, struct plea_key key, const char *words,
                        const char *name)
{
    struct deed x = { .ask = { .person = str_of(person), .key = key, .level = key.role == ROLE_LEARNER ? 5 : 0 } };

    if (words != NULL)
        x.ask.words = str_of(words);
    if (name != NULL)
        x.ask.name = str_of(name);
    return deed(t, s, do_put, &x);
}

static struct pleas_found listed(struct test *t, struct store *s, struct area area)
{
    struct deed x = { .area = area };

    CHECK_STR(deed(t, s, do_list, &x), "ok");
    return x.found;
}

static struct pleas_found own(struct test *t, struct store *s, const char *person)
{
    struct deed x = { .person = str_of(person) };

    CHECK_STR(deed(t, s, do_of, &x), "ok");
    return x.found;
}

static struct deed looked(struct test *t, struct store *s, struct area area, int64_t number)
{
    struct deed x = { .area = area, .number = number };

    (void)deed(t, s, do_one, &x);
    return x;
}

static const char *declines(struct test *t, struct store *s, struct area area, int64_t number)
{
    struct deed x = { .area = area, .number = number, .words = S("Ensi syksynä") };

    return deed(t, s, do_decline, &x);
}

static void let(struct test *t, struct store *s, const char *provider, bool may)
{
    struct deed x = { .service = str_of(provider), .may = may };

    CHECK_STR(deed(t, s, do_let, &x), "ok");
}

/* ── what is asked is one question with a number ────────────────────────── */

TEST(who_asks_for_the_same_joins_one_plea_and_nobody_counts_twice)
{
    struct store *s = open_store(t);
    struct plea_key elsewhere = teachers;

    elsewhere.school = S("9.2");
    for (int i = 0; i < 12; i++)
        CHECK_STR(asks(t, s, arena_cstr(t->arena, arena_printf(t->arena, "p%d", i)), teachers, NULL, NULL), "ok");
    CHECK_STR(asks(t, s, "p3", teachers, "Kokeisiin", NULL), "ok");
    CHECK_STR(asks(t, s, "p3", elsewhere, NULL, NULL), "ok");
    struct pleas_found all = listed(t, s, oulu);
    CHECK_INT(all.n, 2);
    CHECK_INT(all.at[0].count, 12);
    CHECK_INT(all.at[1].count, 1);
    CHECK_INT(all.at[0].levels, 1);
    CHECK_INT(listed(t, s, first).n, 1);
    CHECK_STR(listed(t, s, second).at[0].key.school, "9.2");
    struct deed x = { .key = teachers };
    CHECK_STR(deed(t, s, do_look, &x), "ok");
    CHECK_INT(x.one.count, 12);
    close_store(t, s);
}

TEST(no_area_sees_or_answers_what_another_is_asked)
{
    static const struct area *const all[] = { &oulu, &first, &second, &espoo, &nation };
    struct store *s = open_store(t);

    CHECK_STR(asks(t, s, "p", teachers, "Kokeisiin", "Aino Laakso"), "ok");
    int64_t number = listed(t, s, oulu).at[0].number;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        bool its = i < 2;
        CHECK_INT(listed(t, s, *all[i]).n, its);
        CHECK_INT(looked(t, s, *all[i], number).one.number, its ? number : 0);
        CHECK_INT(looked(t, s, *all[i], number).voices.n, its);
        if (!its)
            CHECK_STR(declines(t, s, *all[i], number), "no_plea");
    }
    CHECK_INT(listed(t, s, oulu).at[0].count, 1);
    close_store(t, s);
}

TEST(a_person_finds_their_own_and_nobody_elses)
{
    struct store *s = open_store(t);

    CHECK_STR(asks(t, s, "p", teachers, "Kokeisiin", "Aino Laakso"), "ok");
    CHECK_STR(asks(t, s, "q", teachers, "Muuhun", NULL), "ok");
    struct pleas_found of_p = own(t, s, "p");
    CHECK_INT(of_p.n, 1);
    CHECK(of_p.at[0].waits);
    CHECK_STR(of_p.at[0].words, "Kokeisiin");
    CHECK_INT(own(t, s, "r").n, 0);
    struct deed not_theirs = { .person = S("r"), .number = of_p.at[0].number };
    CHECK_STR(deed(t, s, do_take, &not_theirs), "ok");
    CHECK_INT(own(t, s, "p").n, 1);
    struct deed theirs = { .person = S("p"), .number = of_p.at[0].number };
    CHECK_STR(deed(t, s, do_take, &theirs), "ok");
    CHECK_INT(own(t, s, "p").n, 0);
    CHECK_INT(own(t, s, "q").n, 1);
    close_store(t, s);
}

/* ── learners ───────────────────────────────────────────────────────────── */

TEST(learners_ask_only_where_their_city_lets_them)
{
    struct store *s = open_store(t);
    struct plea_key other = learners;

    other.provider = S("espoo");
    CHECK_STR(asks(t, s, "l", learners, NULL, NULL), "learners");
    let(t, s, "oulu", true);
    CHECK_STR(asks(t, s, "l", learners, NULL, NULL), "ok");
    CHECK_STR(asks(t, s, "l", other, NULL, NULL), "learners");
    let(t, s, "oulu", false);
    CHECK_STR(asks(t, s, "m", learners, NULL, NULL), "learners");
    close_store(t, s);
}

TEST(neither_words_nor_a_name_of_a_learner_is_kept)
{
    struct store *s = open_store(t);

    let(t, s, "oulu", true);
    CHECK_STR(asks(t, s, "l", learners, "Haluan pelata", "Eino Oppilas"), "ok");
    int64_t number = listed(t, s, oulu).at[0].number;
    CHECK_INT(listed(t, s, oulu).at[0].levels, 1 << 5);
    CHECK_INT(looked(t, s, oulu, number).voices.n, 0);
    CHECK(!str_is_set(own(t, s, "l").at[0].words) && !str_is_set(own(t, s, "l").at[0].name));
    CHECK(system(arena_cstr(t->arena, arena_printf(t->arena, "! grep -qr 'Eino\\|pelata' %s", s->dir))) == 0);
    close_store(t, s);
}

TEST(a_name_is_shown_where_it_was_ticked_alone)
{
    struct store *s = open_store(t);

    CHECK_STR(asks(t, s, "p", teachers, "Kokeisiin", "Aino Laakso"), "ok");
    CHECK_STR(asks(t, s, "q", teachers, "Muuhun", NULL), "ok");
    CHECK_STR(asks(t, s, "r", teachers, NULL, NULL), "ok");
    struct deed x = looked(t, s, oulu, listed(t, s, oulu).at[0].number);
    CHECK_INT(x.voices.n, 2);
    CHECK_STR(x.voices.at[0].name, "Aino Laakso");
    CHECK(!str_is_set(x.voices.at[1].name));
    CHECK_STR(asks(t, s, "p", teachers, NULL, NULL), "ok"); /* and is taken back so */
    CHECK_INT(looked(t, s, oulu, x.number).voices.n, 1);
    close_store(t, s);
}

TEST(words_that_may_name_a_child_are_refused)
{
    static const char *const bad[] = { "Oppilas 010199-123A tarvitsee",
                                       "kirjoita eino.oppilas@oulu.example",
                                       "1.2.246.562.24.12345678901",
                                       "tunnus 85640200011",
                                       "010199A1234",
                                       "010199\xE2\x80\x93"
                                       "123A",
                                       "010199\xE2\x80\x91"
                                       "123A",
                                       "010199 -123A",
                                       "010199 - 123A",
                                       "01 01 99-123A",
                                       "010199 123A",
                                       "010199\xC2\xA0"
                                       "123A",
                                       "010199/1234",
                                       "x010199-123Ax" },
                             *const good[] = { "", "Kokeisiin 7–9", "7B ja 8A, 45 minuuttia", "syksyllä 2026",
                                               "klo 8.15–9.00" };
    struct store *s = open_store(t);

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK(!plea_words_fit(str_of(bad[i])));
        CHECK_STR(asks(t, s, "p", teachers, bad[i], NULL), "plea_words");
    }
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        CHECK_STR(asks(t, s, "p", teachers, good[i], NULL), "ok");
    CHECK_STR(asks(t, s, "p", teachers, "rivi\nrivi", NULL), "plea_words");
    close_store(t, s);
}

/* ── answers ────────────────────────────────────────────────────────────── */

TEST(who_asked_reads_the_answer_and_the_same_is_not_asked_again_for_a_month)
{
    struct store *s = open_store(t);

    CHECK_STR(asks(t, s, "p", teachers, NULL, NULL), "ok");
    int64_t number = listed(t, s, oulu).at[0].number;
    s->now_s += 60;
    CHECK_STR(declines(t, s, first, number), "ok");
    CHECK_INT(listed(t, s, oulu).n, 0);
    struct plea p = own(t, s, "p").at[0];
    CHECK(!p.waits);
    CHECK_STR(p.answer, "Ensi syksynä");
    CHECK_STR(p.answered, "oulu/9.1");
    CHECK_STR(asks(t, s, "p", teachers, NULL, NULL), "declined");
    CHECK_STR(asks(t, s, "q", teachers, NULL, NULL), "declined");
    s->now_s += PLEA_REST_S;
    CHECK_STR(asks(t, s, "q", teachers, NULL, NULL), "ok");
    CHECK_INT(listed(t, s, oulu).at[0].count, 1);
    CHECK(own(t, s, "q").at[0].waits && !own(t, s, "p").at[0].waits);
    CHECK_STR(asks(t, s, "p", teachers, NULL, NULL), "ok");
    CHECK_INT(listed(t, s, oulu).at[0].count, 2);
    close_store(t, s);
}

/* ── bounds ─────────────────────────────────────────────────────────────── */

static struct plea_key numbered(struct test *t, int i)
{
    struct plea_key key = teachers;

    key.service = arena_printf(t->arena, "s%d", i);
    return key;
}

TEST(one_person_asks_for_few_services_a_day_and_for_some_in_all)
{
    struct store *s = open_store(t);

    for (int i = 0; i < PLEAS_A_DAY; i++)
        CHECK_STR(asks(t, s, "p", numbered(t, i), NULL, NULL), "ok");
    CHECK_STR(asks(t, s, "p", numbered(t, PLEAS_A_DAY), NULL, NULL), "plea_day");
    CHECK_STR(asks(t, s, "p", numbered(t, 0), NULL, NULL), "ok"); /* what is asked already */
    CHECK_STR(asks(t, s, "q", numbered(t, 0), NULL, NULL), "ok");
    for (int i = PLEAS_A_DAY; i < PLEAS_OF_ONE_MAX; i++) {
        s->now_s += i % PLEAS_A_DAY == 0 ? PLEA_DAY_S : 0;
        CHECK_STR(asks(t, s, "p", numbered(t, i), NULL, NULL), "ok");
    }
    s->now_s += PLEA_DAY_S;
    CHECK_STR(asks(t, s, "p", numbered(t, PLEAS_OF_ONE_MAX), NULL, NULL), "plea_many");
    CHECK_INT(own(t, s, "p").n, PLEAS_OF_ONE_MAX);
    close_store(t, s);
}

static void takes_all(struct test *t, struct store *s, const char *person)
{
    struct pleas_found all = own(t, s, person);

    for (size_t i = 0; i < all.n; i++) {
        struct deed x = { .person = str_of(person), .number = all.at[i].number };
        CHECK_STR(deed(t, s, do_take, &x), "ok");
    }
}

TEST(what_is_taken_back_counts_for_the_day_and_for_nothing_else)
{
    struct store *s = open_store(t);

    for (int i = 0; i < PLEAS_A_DAY; i++) {
        CHECK_STR(asks(t, s, "p", numbered(t, i), NULL, NULL), "ok");
        takes_all(t, s, "p");
        s->now_s += 60;
    }
    CHECK_STR(asks(t, s, "p", numbered(t, 0), NULL, NULL), "plea_day");
    s->now_s += PLEA_DAY_S - PLEAS_A_DAY * 60;
    CHECK_STR(asks(t, s, "p", numbered(t, 0), NULL, NULL), "ok"); /* the first of them is a day old */
    CHECK_STR(asks(t, s, "p", numbered(t, 1), NULL, NULL), "plea_day");
    close_store(t, s);
}

TEST(a_plea_goes_with_its_last_asker_and_a_declined_one_rests)
{
    struct store *s = open_store(t);
    struct deed x = { .key = teachers };

    CHECK_STR(asks(t, s, "p", teachers, NULL, NULL), "ok");
    CHECK_STR(asks(t, s, "q", teachers, NULL, NULL), "ok");
    takes_all(t, s, "p");
    CHECK_STR(deed(t, s, do_look, &x), "ok");
    CHECK(x.one.number != 0);
    takes_all(t, s, "q");
    CHECK_STR(deed(t, s, do_look, &x), "ok");
    CHECK_INT(x.one.number, 0);
    CHECK_STR(asks(t, s, "p", teachers, NULL, NULL), "ok");
    s->now_s += 1;
    CHECK_STR(declines(t, s, first, listed(t, s, oulu).at[0].number), "ok");
    takes_all(t, s, "p");
    CHECK_STR(asks(t, s, "q", teachers, NULL, NULL), "declined");
    s->now_s += PLEA_REST_S;
    CHECK_STR(asks(t, s, "q", teachers, NULL, NULL), "ok");
    takes_all(t, s, "q");
    CHECK_STR(deed(t, s, do_look, &x), "ok");
    CHECK_INT(x.one.number, 0);
    close_store(t, s);
}

/* Through SQL: so many by asking take as long as they would. */
static bool do_fill(void *with, struct db *d, struct arena *a, struct fail *f)
{
    const struct deed *x = with;
    const struct db_value args[] = { db_int(x->number), db_int(x->s->now_s) };
    static const struct db_statement
        pleas = { "test.pleas", "WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < ?1) INSERT "
                                "INTO pleas (provider, school, service, role) SELECT 'oulu', '9.1', 'full-' || n, "
                                "'teacher' FROM i" },
        askers = { "test.askers", "INSERT INTO askers (plea, person, at_s, level) SELECT number, 'x' || number, ?1, 0 "
                                  "FROM pleas WHERE service LIKE 'full-%'" };

    (void)a;
    return db_run(d, &pleas, args, 1, f) && db_run(d, &askers, args + 1, 1, f);
}

TEST(a_provider_is_full_of_what_somebody_waits_for)
{
    struct store *s = open_store(t);
    struct deed x = { .number = PLEAS_OF_PROVIDER_MAX }, all = { .area = oulu };

    CHECK_STR(deed(t, s, do_fill, &x), "ok");
    CHECK_STR(asks(t, s, "p", teachers, NULL, NULL), "plea_full");
    CHECK_STR(deed(t, s, do_list, &all), "ok");
    s->now_s += 1;
    CHECK_STR(declines(t, s, oulu, all.found.at[0].number), "ok"); /* nobody waits for that one any more */
    CHECK_STR(asks(t, s, "p", teachers, NULL, NULL), "ok");
    CHECK_STR(asks(t, s, "q", teachers, NULL, NULL), "ok");
    CHECK_STR(asks(t, s, "q", numbered(t, 1), NULL, NULL), "plea_full");
    size_t n = 0; /* and page by page each of them is read once */
    for (all.from = 0; all.from == 0 || all.found.n > 0; all.from += PLEAS_LISTED_MAX, n += all.found.n)
        CHECK_STR(deed(t, s, do_list, &all), "ok");
    CHECK_INT(n, PLEAS_OF_PROVIDER_MAX);
    close_store(t, s);
}

TEST(all_of_it_is_forgotten_after_its_term)
{
    struct store *s = open_store(t);

    CHECK_STR(asks(t, s, "p", teachers, "Syysretkeen", "Aino Laakso"), "ok");
    s->now_s += PLEA_KEPT_S - 1;
    CHECK_INT(listed(t, s, oulu).n, 1);
    CHECK_STR(asks(t, s, "q", teachers, NULL, NULL), "ok");
    s->now_s += 1;
    CHECK_INT(own(t, s, "p").n, 0);
    CHECK_INT(listed(t, s, oulu).at[0].count, 1);
    CHECK_INT(looked(t, s, oulu, listed(t, s, oulu).at[0].number).voices.n, 0);
    s->now_s += PLEA_KEPT_S;
    CHECK_STR(asks(t, s, "r", numbered(t, 1), NULL, NULL), "ok");
    CHECK_INT(listed(t, s, oulu).n, 1);
    CHECK_STR(listed(t, s, oulu).at[0].key.service, "s1");
    close_store(t, s);
}

/* How many wait is kept beside, and says what counting says. */
TEST(the_most_asked_for_stand_first_whatever_came_between)
{
    enum { SERVICES = 6, PEOPLE = 12, ROUNDS = 400 };
    struct store *s = open_store(t);
    unsigned seed = 7;
    size_t listed_in_all = 0;

    for (int i = 0; i < ROUNDS; i++) {
        int service = rand_r(&seed) % SERVICES, what = rand_r(&seed) % 20;
        const char *person = arena_cstr(t->arena, arena_printf(t->arena, "p%d", rand_r(&seed) % PEOPLE));
        struct deed x = { .key = numbered(t, service), .person = str_of(person) };
        CHECK_STR(deed(t, s, do_look, &x), "ok");
        x.number = x.one.number;
        if (what == 0 && x.number != 0)
            (void)declines(t, s, first, x.number);
        else if (what < 4 && x.number != 0)
            CHECK_STR(deed(t, s, do_take, &x), "ok");
        else
            (void)asks(t, s, person, x.key, NULL, NULL);
        s->now_s += rand_r(&seed) % PLEA_DAY_S;
        struct pleas_found all = listed(t, s, oulu);
        size_t waiting = 0;
        for (int k = 0; k < SERVICES; k++) {
            struct deed y = { .key = numbered(t, k) };
            CHECK_STR(deed(t, s, do_look, &y), "ok");
            waiting += y.one.number != 0 && y.one.count > 0;
        }
        CHECK_INT(all.n, waiting);
        for (size_t k = 1; k < all.n; k++)
            CHECK(all.at[k - 1].count >= all.at[k].count);
        listed_in_all += all.n;
    }
    CHECK(listed_in_all > ROUNDS);
    close_store(t, s);
}

TEST(what_was_asked_survives_a_restart)
{
    struct store *s = open_store(t);

    CHECK_STR(asks(t, s, "p", teachers, NULL, NULL), "ok");
    pleas_free(s->pleas);
    s->pleas = pleas_new(&s->set);
    CHECK_INT(own(t, s, "p").n, 1);
    close_store(t, s);
}
