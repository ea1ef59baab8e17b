/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/shadow_int.h"
#include "tests/unit/change_help.h"

enum { SORTS = 40, SERVICES = 8, ROWS = 10, ROUNDS = 40, ASKED = 1000, HOUR_S = 3600 };

/* ── random policies and people ─────────────────────────────────────────── */

struct dice {
    uint64_t state;
};

static size_t roll(struct dice *d, size_t sides)
{
    d->state = d->state * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(d->state >> 33) % sides;
}

static struct school schools[] = { { .oid = S("9.1"), .code = S("99101") }, { .oid = S("9.2"), .code = S("99102") } };
static struct school theirs[] = { { .oid = S("9.3"), .code = S("99103") } };
static struct provider providers[] = {
    { .id = S("oulu"), .oid = S("1.1"), .schools = schools, .school_count = 2 },
    { .id = S("espoo"), .oid = S("1.2"), .schools = theirs, .school_count = 1 },
};

struct world_of {
    struct service services[SERVICES];
    struct policy rows[ROWS];
    struct registry_parts parts;
};

static struct str text_at_random(struct test *t, struct dice *d, const char *city)
{
    static const char *const whens[] = { "", " when { principal in Role::\"learner\" }",
                                         " when { principal in Role::\"teacher\" }",
                                         " when { principal has classLevel && principal.classLevel >= 7 }",
                                         " when { context.device == Device::\"own\" }" };

    if (roll(d, 3) == 0)
        return arena_printf(t->arena,
                            "permit (principal in Provider::\"%s\", action == Action::\"release\", resource in "
                            "Service::\"s%zu\") when { resource in Attribute::\"%s\" };",
                            city, roll(d, SERVICES), roll(d, 2) ? "email" : "given_name");
    if (roll(d, 8) == 0) /* every service, those too that come with the draft */
        return arena_printf(t->arena, "permit (principal in Provider::\"%s\", action == Action::\"open\", resource)%s;",
                            city, whens[roll(d, 5)]);
    return arena_printf(t->arena,
                        "%s (principal in Provider::\"%s\", action == Action::\"open\", resource == "
                        "Service::\"s%zu\")%s;",
                        roll(d, 5) == 0 ? "forbid" : "permit", city, roll(d, SERVICES), whens[roll(d, 5)]);
}

static void put_text(struct test *t, struct dice *d, struct world_of *w, size_t row)
{
    w->rows[row].text = text_at_random(t, d, row % 3 == 0 ? "espoo" : "oulu");
}

static struct world_of *world_at_random(struct test *t, struct dice *d)
{
    struct world_of *w = arena_make(t->arena, struct world_of);

    for (size_t i = 0; i < SERVICES; i++)
        w->services[i] = (struct service){ .id = arena_printf(t->arena, "s%zu", i),
                                           .enabled = true,
                                           .asks = { 1u << CLAIM_EMAIL | 1u << CLAIM_GIVEN_NAME } };
    for (size_t i = 0; i < ROWS; i++) {
        w->rows[i] = (struct policy){ .id = arena_printf(t->arena, "r%zu", i),
                                      .layer = LAYER_MUNICIPALITY,
                                      .provider = &providers[i % 3 == 0 ? 1 : 0],
                                      .enabled = true };
        put_text(t, d, w, i);
    }
    w->parts = (struct registry_parts){
        .providers = providers, .provider_count = 2, .service_count = SERVICES, .policy_count = ROWS
    };
    return w;
}

/* What a draft of one city, or of the nation, makes of it: policies, and services that come, go and are closed. */
static struct world_of *draft_of(struct test *t, struct dice *d, const struct world_of *was)
{
    struct world_of *w = arena_make(t->arena, struct world_of);

    *w = *was;
    for (size_t n = 1 + roll(d, 3); n > 0; n--)
        put_text(t, d, w, roll(d, ROWS));
    w->rows[roll(d, ROWS)].enabled = false;
    if (roll(d, 4) == 0)
        w->parts.service_count--;
    if (roll(d, 4) == 0)
        w->services[roll(d, SERVICES)].enabled = false;
    if (roll(d, 4) == 0)
        w->services[roll(d, SERVICES - 1)].asks.bits = 1u << CLAIM_EMAIL;
    if (roll(d, 4) == 0)
        w->services[0].id = S("new");
    return w;
}

static struct registry *built(struct test *t, struct world_of *w)
{
    w->parts.services = w->services;
    w->parts.policies = w->rows;
    struct registry *r = registry_build(arena_new(), &w->parts);

    arena_adopt(t->arena, r, (void (*)(void *))registry_drop);
    return r;
}

static struct person *person_at_random(struct test *t, struct dice *d, size_t i)
{
    struct person *p = arena_make(t->arena, struct person);

    p->id = arena_printf(t->arena, "person-%zu", i);
    p->affiliation_count = roll(d, 3);
    p->affiliations = arena_make_n(t->arena, 3, struct affiliation);
    p->non_disclosure = roll(d, 12) == 0;
    for (size_t k = 0; k < p->affiliation_count; k++) {
        bool oulus = roll(d, 3) > 0;
        p->affiliations[k] = (struct affiliation){ .provider_oid = oulus ? S("1.1") : S("1.2"),
                                                   .school_oid = !oulus            ? S("9.3")
                                                                 : roll(d, 4) == 0 ? S("")
                                                                                   : schools[roll(d, 2)].oid,
                                                   .role = roll(d, 2) ? ROLE_LEARNER : ROLE_TEACHER,
                                                   .class_level = (int)roll(d, 10),
                                                   .to_s = roll(d, 6) == 0 ? TEST_NOW_S - 1 : 0 };
    }
    return p;
}

/* ── what policy_decide says, one after the other ───────────────────────── */

struct expected {
    struct str key; /* "s1 1.1 9.1 teacher" */
    int64_t n[SHADOW_KIND_COUNT];
};

struct told {
    struct expected at[4096];
    size_t n;
    int64_t compared[SHADOW_AT_COUNT], differ[SHADOW_AT_COUNT];
};

static struct expected *row_of(struct told *x, struct str key)
{
    for (size_t i = 0; i < x->n; i++)
        if (str_eq(x->at[i].key, key))
            return &x->at[i];
    x->at[x->n] = (struct expected){ .key = key };
    return &x->at[x->n++];
}

static void expect(struct test *t, struct told *x, struct str service, const struct affiliation *at,
                   enum shadow_kind kind)
{
    row_of(x, arena_printf(t->arena, "%.*s %.*s %.*s %s", STR_ARG(service), STR_ARG(at->provider_oid),
                           STR_ARG(at->school_oid), role_name(at->role)))
        ->n[kind]++;
}

struct asked { /* one decision, of both sets */
    const struct registry *live, *draft;
    const struct person *p;
    const struct affiliation *at;
    const struct circumstances *now;
};

static struct decision says(const struct registry *r, const struct asked *q, struct str service)
{
    const struct service *s = registry_service(r, service);

    return s != NULL ? policy_decide(r, q->p, s, q->now) : (struct decision){ .effect = EFFECT_DENY };
}

static bool differs_open(struct test *t, struct told *x, const struct asked *q, struct str service, bool on_page)
{
    enum effect was = says(q->live, q, service).effect, is = says(q->draft, q, service).effect;

    if (was == is)
        return false;
    expect(t, x, service, q->at,
           is == EFFECT_ALLOW ? (on_page ? SHADOW_SHOWS : SHADOW_OPENS) : (on_page ? SHADOW_HIDES : SHADOW_CLOSES));
    return true;
}

static bool differs_told(struct test *t, struct told *x, const struct asked *q, struct str service)
{
    struct decision was = says(q->live, q, service), is = says(q->draft, q, service);
    bool more = (is.release.bits & ~was.release.bits) != 0,
         less = (was.release.bits & ~is.release.bits) != 0 || is.effect == EFFECT_DENY;

    if (more)
        expect(t, x, service, q->at, SHADOW_TELLS_MORE);
    if (less)
        expect(t, x, service, q->at, SHADOW_TELLS_LESS);
    return more || less;
}

static bool differs_page(struct test *t, struct told *x, const struct asked *q)
{
    const struct registry_parts *was = registry_parts(q->live), *is = registry_parts(q->draft);
    bool differs = false;

    for (size_t i = 0; i < was->service_count; i++)
        differs |= differs_open(t, x, q, was->services[i].id, true);
    for (size_t i = 0; i < is->service_count; i++)
        if (registry_service(q->live, is->services[i].id) == NULL)
            differs |= differs_open(t, x, q, is->services[i].id, true);
    return differs;
}

/* Where somebody counts, said another way: the first valid affiliation that lies within the area. */
static const struct affiliation *counts_at(const struct person *p, const struct area *where)
{
    for (size_t i = 0; !p->non_disclosure && i < p->affiliation_count; i++) {
        const struct affiliation *at = &p->affiliations[i];
        struct area here = { str_eq(at->provider_oid, S("1.1")) ? S("oulu") : S("espoo"), at->school_oid };
        if (at->to_s == 0 && area_within(&here, where))
            return at;
    }
    return NULL;
}

/* Asks both and counts, as the gateway does and as it is expected. */
static void come_and_ask(struct test *t, struct dice *d, const struct shadow_sets *s, struct asked *q,
                         const struct area *where, struct told *x)
{
    const struct registry_parts *parts = registry_parts(q->live);
    const struct service *of = &parts->services[roll(d, parts->service_count)];
    const struct decision live = policy_decide(q->live, q->p, of, q->now);
    size_t what = roll(d, SHADOW_AT_COUNT);
    bool differs = false;

    if (what == SHADOW_RELEASE && live.effect == EFFECT_DENY)
        what = SHADOW_OPENING;
    if (what == SHADOW_OPENING)
        shadow_opening(s, q->p, of, &live, q->now);
    else if (what == SHADOW_PAGE)
        shadow_page(t->arena, s, q->p, q->now);
    else
        shadow_release(s, q->p, of, &live, q->now);
    q->at = counts_at(q->p, where);
    if (q->at == NULL)
        return;
    differs = what == SHADOW_OPENING ? differs_open(t, x, q, of->id, false)
              : what == SHADOW_PAGE  ? differs_page(t, x, q)
                                     : differs_told(t, x, q, of->id);
    x->compared[what]++;
    x->differ[what] += differs;
}

/* Every row as SQL has it, those of few people too. */
static void check_rows(struct test *t, struct rig *g, int64_t turn, struct told *x)
{
    static const struct db_statement all = { "test", "SELECT service, provider, school, role, opens, closes, shows, "
                                                     "hides, more, less FROM cell WHERE turn = ?1" };
    const struct db_value arg = db_int(turn);
    struct db *d = shadow_store(&g->set, t->arena, &g->fail);
    struct db_rows rows;

    CHECK(db_query(d, &all, &arg, 1, t->arena, &rows, &g->fail));
    db_close(d);
    CHECK_INT(rows.n, x->n);
    for (size_t i = 0; i < rows.n; i++) {
        const struct db_value *v = db_row(&rows, i);
        const struct expected *e = row_of(x, arena_printf(t->arena, "%.*s %.*s %.*s %.*s", STR_ARG(v[0].text),
                                                          STR_ARG(v[1].text), STR_ARG(v[2].text), STR_ARG(v[3].text)));
        for (int k = 0; k < SHADOW_KIND_COUNT; k++)
            CHECK_INT(v[4 + k].number, e->n[k]);
    }
    CHECK_INT(x->n, rows.n);
}

TEST(what_was_counted_is_what_policy_decides_after_publishing)
{
    static const struct area areas[] = {
        { { NULL, 0 }, { NULL, 0 } }, { S("oulu"), { NULL, 0 } }, { S("oulu"), S("9.1") }, { S("espoo"), { NULL, 0 } }
    };
    struct dice d = { 11 };
    int64_t kinds[SHADOW_KIND_COUNT] = { 0 };
    struct rig g;

    rig_new(t, &g);
    for (int round = 0; round < ROUNDS; round++) {
        struct world_of *w = world_at_random(t, &d);
        struct registry *live = built(t, w), *draft = built(t, draft_of(t, &d, w));
        const struct area *where = &areas[round % 4];
        struct shadow_tally *tally = shadow_tally_new(round + 1, 7, where, &t->world);
        struct shadow_sets *s = shadow_sets_new(live, 1);
        struct told *x = arena_make(t->arena, struct told);
        struct person *people[SORTS];
        struct shadow_counts got;
        const struct shadow_run run = { .turn = round + 1, .since_s = 7, .state = SHADOW_running };
        shadow_sets_add(s, tally, draft);
        for (size_t i = 0; i < SORTS; i++)
            people[i] = person_at_random(t, &d, i);
        struct db *store = shadow_store(&g.set, t->arena, &g.fail);
        for (size_t i = 0; i < ASKED; i++) {
            const struct circumstances now = { .now_s = TEST_NOW_S, .shared_device = roll(&d, 2) == 0 };
            struct asked q = { live, draft, people[roll(&d, SORTS)], NULL, &now };
            come_and_ask(t, &d, s, &q, where, x);
            if (i % 499 == 0) /* written in parts, the sums are the same */
                CHECK(shadow_tally_write(store, tally, TEST_NOW_S, &g.fail));
        }
        CHECK(shadow_tally_write(store, tally, TEST_NOW_S, &g.fail));
        CHECK_STR(g.fail.detail, "");
        db_close(store);
        check_rows(t, &g, round + 1, x);
        CHECK(shadow_read(&g.set, t->arena, &run, 0, 100, &got, &g.fail));
        for (int k = 0; k < SHADOW_AT_COUNT; k++) {
            CHECK_INT(got.compared[k], x->compared[k]);
            CHECK_INT(got.differ[k], x->differ[k]);
        }
        for (size_t i = 0; i < x->n; i++)
            for (int k = 0; k < SHADOW_KIND_COUNT; k++)
                kinds[k] += x->at[i].n[k];
        shadow_drop(s);
        shadow_tally_drop(tally);
    }
    for (int k = 0; k < SHADOW_KIND_COUNT; k++)
        CHECK(kinds[k] > 10);
    rig_free(t, &g);
}

/* ── of one row: people, and how many ───────────────────────────────────── */

struct little { /* Oulu's teachers lose s0 in the draft */
    struct registry *live, *draft;
    struct shadow_tally *tally;
    struct shadow_sets *sets;
};

static struct little little_of(struct test *t, const struct area *where, int64_t turn)
{
    struct world_of *w = arena_make(t->arena, struct world_of), *l;
    struct little x;

    w->services[0] = (struct service){ .id = S("s0"), .enabled = true };
    w->rows[0] = (struct policy){ .id = S("r"),
                                  .layer = LAYER_MUNICIPALITY,
                                  .provider = &providers[0],
                                  .enabled = true,
                                  .text = S("permit (principal in Provider::\"oulu\", action == Action::\"open\", "
                                            "resource == Service::\"s0\");") };
    w->parts =
        (struct registry_parts){ .providers = providers, .provider_count = 2, .service_count = 1, .policy_count = 1 };
    l = arena_make(t->arena, struct world_of);
    *l = *w;
    l->rows[0].enabled = false;
    x.live = built(t, w);
    x.draft = built(t, l);
    x.tally = shadow_tally_new(turn, 7, where, &t->world);
    x.sets = shadow_sets_new(x.live, 1);
    shadow_sets_add(x.sets, x.tally, x.draft);
    return x;
}

static void little_end(struct little *x)
{
    shadow_drop(x->sets);
    shadow_tally_drop(x->tally);
}

static void teacher_opens(struct test *t, const struct shadow_sets *s, const char *city, const char *school, size_t who,
                          int64_t at_s)
{
    struct affiliation at = { .provider_oid = str_of(city), .school_oid = str_of(school), .role = ROLE_TEACHER };
    const struct person p = { .id = arena_printf(t->arena, "teacher-%zu", who),
                              .affiliations = &at,
                              .affiliation_count = 1 };
    const struct circumstances now = { .now_s = at_s };
    const struct service *of = &registry_parts(s->live)->services[0];
    const struct decision live = policy_decide(s->live, &p, of, &now);

    shadow_opening(s, &p, of, &live, &now);
}

static struct shadow_counts counts_of(struct test *t, struct rig *g, struct shadow_tally *tally, size_t from,
                                      size_t most)
{
    struct shadow_run run = { .turn = tally->turn, .since_s = tally->since_s, .state = SHADOW_running };
    struct db *d = shadow_store(&g->set, t->arena, &g->fail);
    struct shadow_counts got;

    CHECK(shadow_tally_write(d, tally, TEST_NOW_S, &g->fail));
    db_close(d);
    CHECK(shadow_read(&g->set, t->arena, &run, from, most, &got, &g->fail));
    CHECK_STR(g->fail.detail, "");
    return got;
}

TEST(one_person_with_many_tabs_is_many_decisions_and_one_person_and_is_not_told_apart)
{
    struct rig g;

    rig_new(t, &g);
    struct little x = little_of(t, &oulu, 1);
    for (int i = 0; i < 1000; i++)
        teacher_opens(t, x.sets, "1.1", "9.1", 1, TEST_NOW_S);
    struct shadow_counts got = counts_of(t, &g, x.tally, 0, 10);
    CHECK_INT(got.compared[SHADOW_OPENING], 1000);
    CHECK_INT(got.differ[SHADOW_OPENING], 1000);
    CHECK_INT(got.n, 0); /* one person's row is none */
    CHECK_INT(got.rows, 0);
    CHECK_INT(got.few, 1);
    CHECK_INT(got.few_n[SHADOW_CLOSES], 1000);
    CHECK_INT(got.day_count, 1);
    CHECK_INT(got.days[0].people, 1);
    CHECK_INT(got.days[0].differing, 1);
    for (size_t i = 2; i <= 60; i++)
        teacher_opens(t, x.sets, "1.1", "9.1", i, TEST_NOW_S);
    got = counts_of(t, &g, x.tally, 0, 10);
    CHECK_INT(got.n, 1);
    CHECK_INT(got.few, 0);
    CHECK_INT(got.at[0].n[SHADOW_CLOSES], 1059);
    CHECK(got.at[0].people >= SHADOW_FEW && got.at[0].people <= 60); /* at least */
    CHECK_INT(got.days[0].people, 60);
    little_end(&x);
    rig_free(t, &g);
}

TEST(people_of_a_day_are_about_as_many_as_there_were)
{
    static const size_t sizes[] = { 1, 7, 100, 5000, 60000 };

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct little x = little_of(t, &oulu, 1);
        for (size_t k = 0; k < sizes[i]; k++)
            teacher_opens(t, x.sets, "1.1", "9.1", k % sizes[i], TEST_NOW_S);
        double about = (double)shadow_people_in(&x.tally->all);
        CHECK(about > 0.97 * (double)sizes[i] - 1 && about < 1.03 * (double)sizes[i] + 1);
        teacher_opens(t, x.sets, "1.1", "9.1", 1, TEST_NOW_S + 86400); /* another day begins with nobody */
        CHECK_INT(shadow_people_in(&x.tally->all), 1);
        little_end(&x);
    }
}

TEST(nobody_outside_of_the_area_is_counted)
{
    static const struct area school = { S("oulu"), S("9.1") };
    struct rig g;

    rig_new(t, &g);
    struct little city = little_of(t, &oulu, 1), one = little_of(t, &school, 2), other = little_of(t, &espoo, 3);
    const struct little *all[] = { &city, &one, &other };
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < 30; k++) {
            teacher_opens(t, all[i]->sets, "1.1", "9.1", k, TEST_NOW_S);
            teacher_opens(t, all[i]->sets, "1.1", "9.2", 100 + k, TEST_NOW_S);
            teacher_opens(t, all[i]->sets, "1.2", "9.3", 200 + k, TEST_NOW_S);
            teacher_opens(t, all[i]->sets, "1.2", "9.1", 300 + k, TEST_NOW_S); /* says another's school */
        }
    struct shadow_counts got = counts_of(t, &g, city.tally, 0, 10);
    CHECK_INT(got.compared[SHADOW_OPENING], 60);
    CHECK_INT(got.n, 2);
    got = counts_of(t, &g, one.tally, 0, 10);
    CHECK_INT(got.compared[SHADOW_OPENING], 30);
    CHECK_INT(got.n, 1);
    CHECK_STR(got.at[0].school_oid, "9.1");
    got = counts_of(t, &g, other.tally, 0, 10);
    CHECK_INT(got.compared[SHADOW_OPENING], 60);
    CHECK_INT(got.differ[SHADOW_OPENING], 0);
    little_end(&city);
    little_end(&one);
    little_end(&other);
    rig_free(t, &g);
}

TEST(rows_come_in_pages_the_most_first_and_memory_has_a_bound)
{
    struct rig g;

    rig_new(t, &g);
    struct little x = little_of(t, &oulu, 1);
    for (size_t school = 0; school < 12; school++)
        for (size_t k = 0; k < 40 + school; k++)
            teacher_opens(t, x.sets, "1.1", arena_cstr(t->arena, arena_printf(t->arena, "8.%zu", school)), k,
                          TEST_NOW_S);
    struct shadow_counts got = counts_of(t, &g, x.tally, 0, 5);
    CHECK_INT(got.rows, 12);
    CHECK_INT(got.n, 5);
    CHECK_INT(got.at[0].n[SHADOW_CLOSES], 51);
    CHECK_INT(got.at[4].n[SHADOW_CLOSES], 47);
    got = counts_of(t, &g, x.tally, 10, 5);
    CHECK_INT(got.n, 2);
    CHECK_INT(got.at[1].n[SHADOW_CLOSES], 40);
    for (size_t i = 0; x.tally->n < SHADOW_CELLS_MAX; i++)
        CHECK(shadow_cell_of(x.tally, arena_printf(t->arena, "s%zu", i), S("1.1"), S("9.1"), ROLE_TEACHER) != NULL);
    CHECK(shadow_cell_of(x.tally, S("one more"), S("1.1"), S("9.1"), ROLE_TEACHER) == NULL);
    teacher_opens(t, x.sets, "1.1", "7.7", 1, TEST_NOW_S);
    got = counts_of(t, &g, x.tally, 0, 5);
    CHECK_INT(got.beyond, 1);
    CHECK_INT(got.rows, 12);
    little_end(&x);
    rig_free(t, &g);
}

static bool stands_in(struct str file, const char *text)
{
    return str_find(file, str_of(text)) < file.n;
}

static struct str file_of(struct test *t, struct rig *g, const char *name)
{
    FILE *in = fopen(arena_cstr(t->arena, arena_printf(t->arena, "%s/registry/%s", g->dir, name)), "rb");
    struct buf b = buf_new(t->arena, 1 << 22);
    int c;

    while (in != NULL && (c = getc(in)) != EOF)
        buf_byte(&b, (char)c);
    if (in != NULL)
        (void)fclose(in);
    return buf_str(&b);
}

TEST(no_person_stands_in_the_file_and_the_protected_are_not_counted)
{
    struct rig g;

    rig_new(t, &g);
    struct little x = little_of(t, &oulu, 1);
    for (size_t k = 0; k < 30; k++)
        teacher_opens(t, x.sets, "1.1", "9.1", k, TEST_NOW_S);
    struct affiliation at = { .provider_oid = S("1.1"), .school_oid = S("9.2"), .role = ROLE_STAFF };
    const struct person hidden = {
        .id = S("hidden"), .affiliations = &at, .affiliation_count = 1, .non_disclosure = true
    };
    const struct circumstances now = { .now_s = TEST_NOW_S };
    const struct decision live = policy_decide(x.live, &hidden, &registry_parts(x.live)->services[0], &now);
    shadow_opening(x.sets, &hidden, &registry_parts(x.live)->services[0], &live, &now);
    shadow_page(t->arena, x.sets, &hidden, &now);
    struct shadow_counts got = counts_of(t, &g, x.tally, 0, 5);
    CHECK_INT(got.compared[SHADOW_OPENING], 30);
    CHECK_INT(got.compared[SHADOW_PAGE], 0);
    struct str file = file_of(t, &g, "shadow.sqlite");
    CHECK(stands_in(file, "9.1") && !stands_in(file, "teacher-") && !stands_in(file, "hidden"));
    CHECK(!stands_in(file, "9.2"));
    little_end(&x);
    rig_free(t, &g);
}

/* ── a draft of the registry, run from its page ─────────────────────────── */

struct node_of { /* what a node has, over the registry of change_help.h */
    struct shadow *shadow;
    struct registry *live; /* held */
};

static void look(struct test *t, struct rig *g, struct node_of *n)
{
    struct registry *r = registry_load(g->db, &g->fail);

    CHECK(r != NULL);
    if (n->live == NULL || registry_parts(r)->version != registry_parts(n->live)->version) {
        registry_drop(n->live);
        n->live = registry_hold(r);
    }
    registry_drop(r);
    if (n->shadow == NULL)
        n->shadow = shadow_new(&g->set, &t->world);
    for (int i = 0; i < 3; i++)
        shadow_follow(n->shadow, g->db, n->live, g->how.seals);
}

static void node_end(struct node_of *n)
{
    shadow_free(n->shadow);
    registry_drop(n->live);
    *n = (struct node_of){ 0 };
}

/* Anna, a teacher of Kielonmäki, opens Kanerva. */
static bool anna_opens(struct node_of *n, int64_t at_s, int times)
{
    struct shadow_sets *s = shadow_now(n->shadow, n->live);
    const struct person *anna = registry_account(n->live, S("oulu-local"), S("anna"))->person;
    const struct service *of = registry_service(n->live, S("kanerva"));
    const struct circumstances now = { .now_s = at_s };
    const struct decision live = policy_decide(n->live, anna, of, &now);

    for (int i = 0; s != NULL && i < times; i++)
        shadow_opening(s, anna, of, &live, &now);
    shadow_drop(s);
    return s != NULL;
}

static int64_t begin_draft(struct test *t, struct rig *g, const char *policy, const char *text, const struct area *area)
{
    CHECK(one(t, g, &(struct one){ "liisa", "policy", policy, "text", text, area, 0, 0, 0 }, EDIT_KEEP));
    CHECK_STR(g->fail.detail, "");
    return g->got.draft;
}

static bool start(struct test *t, struct rig *g, const struct area *area, int64_t draft, int64_t days)
{
    const struct change_by by = by_of(t, "liisa", area);

    g->fail = (struct fail){ 0 };
    return shadow_start(g->db, t->arena, &by, &g->edit, draft, days, &g->fail);
}

static struct shadow_run run_of(struct test *t, struct rig *g, int64_t draft)
{
    struct shadow_run run;

    CHECK(shadow_look(g->db, t->arena, &oulu, draft, world_now_s(&t->world), &run, &g->fail));
    return run;
}

static struct shadow_counts counted(struct test *t, struct rig *g, struct node_of *n, int64_t draft)
{
    struct shadow_run run = run_of(t, g, draft);
    struct shadow_counts got;

    if (n->shadow != NULL)
        CHECK(shadow_write(n->shadow, world_now_s(&t->world), &g->fail));
    CHECK(shadow_read(&g->set, t->arena, &run, 0, 10, &got, &g->fail));
    return got;
}

static const char *const forbids = "forbid (principal in Provider::\"oulu\", action == Action::\"open\", resource == "
                                   "Service::\"kanerva\");";
static const char *const school_forbids = "forbid (principal in School::\"oulu/99101\", action == Action::\"open\", "
                                          "resource == Service::\"kanerva\");";

static bool act(struct test *t, struct rig *g, const char *who, enum draft_act what, int64_t draft)
{
    const struct change_by by = by_of(t, who, &oulu);
    struct draft x;

    CHECK(draft_look(g->db, t->arena, &oulu, draft, &x, &g->fail));
    const struct draft_move move = { .number = draft, .edition = x.edition, .act = what };
    return draft_do(g->db, t->arena, &by, &move, &g->got, &g->fail);
}

/* So that Oulu's own policies decide. */
static void nation_lets_go(struct test *t, struct rig *g)
{
    CHECK(
        one(t, g, &(struct one){ "op", "policy", "nation-1", "enabled", "false", &area_nation, 0, 0, 0 }, EDIT_APPLY));
}

TEST(a_run_outlives_a_restart_and_so_do_its_counts)
{
    struct rig g;
    struct node_of n = { 0 };

    rig_new(t, &g);
    nation_lets_go(t, &g);
    int64_t draft = begin_draft(t, &g, "oulu-p", forbids, &oulu);
    look(t, &g, &n);
    CHECK(!anna_opens(&n, TEST_NOW_S, 1)); /* nothing runs: nothing is asked */
    CHECK_INT(shadow_sums(n.shadow).runs, 0);
    CHECK(start(t, &g, &oulu, draft, SHADOW_DAYS));
    CHECK(run_of(t, &g, draft).state == SHADOW_running);
    CHECK_INT(run_of(t, &g, draft).until_s, world_now_s(&t->world) + 7 * 86400);
    look(t, &g, &n);
    CHECK_INT(shadow_sums(n.shadow).runs, 1);
    CHECK(anna_opens(&n, TEST_NOW_S, 3));
    CHECK_INT(shadow_sums(n.shadow).compared, 3);
    CHECK_INT(shadow_sums(n.shadow).differ, 3);
    node_end(&n); /* what waited is written */
    db_close(g.db);
    g.db = registry_db_open(&g.set, DB_WRITE, &g.fail);
    look(t, &g, &n);
    CHECK(anna_opens(&n, TEST_NOW_S, 4));
    struct shadow_counts got = counted(t, &g, &n, draft);
    CHECK_INT(got.compared[SHADOW_OPENING], 7);
    CHECK_INT(got.differ[SHADOW_OPENING], 7);
    CHECK_INT(got.few, 1);
    CHECK_INT(got.few_n[SHADOW_CLOSES], 7);
    CHECK_INT(got.days[0].people, 1);
    node_end(&n);
    rig_free(t, &g);
}

TEST(a_draft_that_is_published_withdrawn_or_sent_back_ends_its_run)
{
    struct rig g;
    struct node_of n = { 0 };

    rig_new(t, &g);
    int64_t taken = begin_draft(t, &g, "oulu-p", forbids, &oulu),
            back = begin_draft(t, &g, "oulu-s", school_forbids, &oulu);
    CHECK(start(t, &g, &oulu, taken, 7));
    CHECK(start(t, &g, &oulu, back, 7));
    look(t, &g, &n);
    CHECK_INT(shadow_sums(n.shadow).runs, 2);
    CHECK(act(t, &g, "liisa", DRAFT_WITHDRAW, taken));
    CHECK(act(t, &g, "liisa", DRAFT_PROPOSE, back));
    CHECK(run_of(t, &g, taken).state == SHADOW_withdrawn);
    CHECK(run_of(t, &g, back).state == SHADOW_running); /* who waits for a second person may well look on */
    CHECK(act(t, &g, "kaisa", DRAFT_SEND_BACK, back));
    CHECK(run_of(t, &g, back).state == SHADOW_sent_back);
    look(t, &g, &n);
    CHECK_INT(shadow_sums(n.shadow).runs, 0);
    CHECK(!start(t, &g, &oulu, taken, 7));
    CHECK_STR(g.fail.code, "draft_state");
    int64_t out = begin_draft(t, &g, "oulu-p", forbids, &oulu);
    CHECK(start(t, &g, &oulu, out, 7));
    CHECK(act(t, &g, "liisa", DRAFT_PROPOSE, out));
    CHECK(act(t, &g, "kaisa", DRAFT_APPROVE, out));
    CHECK(run_of(t, &g, out).state == SHADOW_running);
    struct draft x;
    CHECK(draft_look(g.db, t->arena, &oulu, out, &x, &g.fail));
    CHECK(one(t, &g, &(struct one){ "kaisa", NULL, NULL, NULL, NULL, &oulu, 0, out, x.edition }, EDIT_PUBLISH));
    CHECK(run_of(t, &g, out).state == SHADOW_published);
    node_end(&n);
    rig_free(t, &g);
}

TEST(what_was_counted_is_the_outcome_once_the_draft_is_published)
{
    struct rig g;
    struct node_of n = { 0 };

    rig_new(t, &g);
    nation_lets_go(t, &g);
    int64_t draft = begin_draft(t, &g, "oulu-p", forbids, &oulu);
    CHECK(start(t, &g, &oulu, draft, 7));
    look(t, &g, &n);
    const struct circumstances now = { .now_s = TEST_NOW_S };
    const struct person *anna = registry_account(n.live, S("oulu-local"), S("anna"))->person;
    CHECK(policy_decide(n.live, anna, registry_service(n.live, S("kanerva")), &now).effect == EFFECT_ALLOW);
    CHECK(anna_opens(&n, TEST_NOW_S, 1));
    CHECK_INT(counted(t, &g, &n, draft).few_n[SHADOW_CLOSES], 1);
    CHECK(act(t, &g, "liisa", DRAFT_PROPOSE, draft) && act(t, &g, "kaisa", DRAFT_APPROVE, draft));
    CHECK(one(t, &g, &(struct one){ "kaisa", NULL, NULL, NULL, NULL, &oulu, 0, draft, g.got.edition }, EDIT_PUBLISH));
    look(t, &g, &n);
    anna = registry_account(n.live, S("oulu-local"), S("anna"))->person;
    CHECK(policy_decide(n.live, anna, registry_service(n.live, S("kanerva")), &now).effect == EFFECT_DENY);
    CHECK(!anna_opens(&n, TEST_NOW_S, 1));
    CHECK_INT(counted(t, &g, &n, draft).few_n[SHADOW_CLOSES], 1); /* and what was counted can still be read */
    node_end(&n);
    rig_free(t, &g);
}

TEST(a_run_ends_at_its_time_and_when_it_is_stopped)
{
    struct rig g;
    struct node_of n = { 0 };

    rig_new(t, &g);
    int64_t draft = begin_draft(t, &g, "oulu-p", forbids, &oulu);
    const struct change_by by = by_of(t, "liisa", &oulu);
    CHECK(!start(t, &g, &oulu, draft, 0));
    CHECK(!start(t, &g, &oulu, draft, SHADOW_DAYS_MAX + 1));
    CHECK_STR(g.fail.code, "shadow_days");
    g.fail = (struct fail){ 0 };
    CHECK(!shadow_stop(g.db, t->arena, &by, draft, &g.fail));
    CHECK_STR(g.fail.code, "no_shadow");
    CHECK(start(t, &g, &oulu, draft, 1));
    CHECK(!start(t, &g, &oulu, draft, 1));
    CHECK_STR(g.fail.code, "shadow_runs");
    look(t, &g, &n);
    CHECK_INT(shadow_sums(n.shadow).runs, 1);
    test_passes(t, 86400);
    CHECK(run_of(t, &g, draft).state == SHADOW_over);
    look(t, &g, &n);
    CHECK_INT(shadow_sums(n.shadow).runs, 0);
    CHECK(start(t, &g, &oulu, draft, 1));
    look(t, &g, &n);
    CHECK_INT(shadow_sums(n.shadow).runs, 1);
    CHECK(shadow_stop(g.db, t->arena, &by, draft, &g.fail));
    CHECK(run_of(t, &g, draft).state == SHADOW_stopped);
    look(t, &g, &n);
    CHECK_INT(shadow_sums(n.shadow).runs, 0);
    node_end(&n);
    rig_free(t, &g);
}

TEST(a_draft_that_is_written_in_is_counted_anew)
{
    struct rig g;
    struct node_of n = { 0 };

    rig_new(t, &g);
    nation_lets_go(t, &g);
    int64_t draft = begin_draft(t, &g, "oulu-p", forbids, &oulu), edition = g.got.edition;
    CHECK(start(t, &g, &oulu, draft, 7));
    int64_t until_s = run_of(t, &g, draft).until_s;
    look(t, &g, &n);
    CHECK(anna_opens(&n, TEST_NOW_S, 5));
    CHECK_INT(counted(t, &g, &n, draft).differ[SHADOW_OPENING], 5);
    test_passes(t, 60);
    CHECK(one(t, &g, &(struct one){ "liisa", "policy", "oulu-p", "why", "muu syy", &oulu, 0, draft, edition },
              EDIT_KEEP));
    CHECK(run_of(t, &g, draft).state == SHADOW_running);
    CHECK_INT(run_of(t, &g, draft).until_s, until_s);
    CHECK_INT(run_of(t, &g, draft).since_s, world_now_s(&t->world));
    CHECK_INT(counted(t, &g, &n, draft).compared[SHADOW_OPENING], 0);
    look(t, &g, &n);
    CHECK(anna_opens(&n, TEST_NOW_S, 2));
    CHECK_INT(counted(t, &g, &n, draft).compared[SHADOW_OPENING], 2);
    node_end(&n);
    rig_free(t, &g);
}

TEST(a_draft_that_does_not_fit_the_registry_any_more_ends_its_run_and_says_why)
{
    struct rig g;
    struct node_of n = { 0 };

    rig_new(t, &g);
    int64_t draft = begin_draft(t, &g, "oulu-p", forbids, &oulu);
    CHECK(start(t, &g, &oulu, draft, 7));
    look(t, &g, &n);
    CHECK_INT(shadow_sums(n.shadow).runs, 1);
    /* Another change of the city's goes round it. */
    CHECK(one(t, &g, &(struct one){ "matti", "policy", "oulu-s", "enabled", "false", &oulu, 0, 0, 0 }, EDIT_APPLY));
    look(t, &g, &n);
    CHECK_INT(shadow_sums(n.shadow).runs, 1);
    CHECK(anna_opens(&n, TEST_NOW_S, 1));
    /* One of the same row does not. */
    CHECK(one(t, &g, &(struct one){ "matti", "policy", "oulu-p", "enabled", "false", &oulu, 0, 0, 0 }, EDIT_APPLY));
    look(t, &g, &n);
    CHECK_INT(shadow_sums(n.shadow).runs, 0);
    struct shadow_run run = run_of(t, &g, draft);
    CHECK(run.state == SHADOW_broken);
    CHECK_STR(run.code, "changed_since");
    CHECK(run.detail.n > 0);
    CHECK_INT(run.ended_s, world_now_s(&t->world));
    CHECK(!start(t, &g, &oulu, draft, 7));
    CHECK_STR(g.fail.code, "changed_since");
    node_end(&n);
    rig_free(t, &g);
}

TEST(nobody_outside_of_the_area_begins_sees_or_stops_a_run)
{
    struct rig g;
    struct shadow_run run;

    rig_new(t, &g);
    int64_t draft = begin_draft(t, &g, "oulu-p", forbids, &oulu);
    const struct area *others[] = { &espoo, &kielonmaki };
    for (size_t i = 0; i < 2; i++) {
        const struct change_by by = by_of(t, "eetu", others[i]);
        CHECK(!start(t, &g, others[i], draft, 7));
        CHECK_STR(g.fail.code, "no_draft");
        CHECK(!shadow_look(g.db, t->arena, others[i], draft, TEST_NOW_S, &run, &g.fail));
        CHECK_STR(g.fail.code, "no_draft");
        CHECK(!shadow_stop(g.db, t->arena, &by, draft, &g.fail));
        CHECK_STR(g.fail.code, "no_draft");
    }
    CHECK(run_of(t, &g, draft).state == SHADOW_NONE);
    /* A school's own runs for that school, whoever looks at it from around it. */
    int64_t schools_own = begin_draft(t, &g, "oulu-s", school_forbids, &kielonmaki);
    CHECK(start(t, &g, &kielonmaki, schools_own, 7));
    run = run_of(t, &g, schools_own);
    CHECK_STR(run.area.provider, "oulu");
    CHECK_STR(run.area.school, OULU_SCHOOL);
    rig_free(t, &g);
}

TEST(so_many_run_at_once_and_no_more)
{
    struct rig g;
    struct node_of n = { 0 };
    int64_t draft = 0;

    rig_new(t, &g);
    for (int i = 0; i <= SHADOW_RUNS_AREA_MAX; i++) {
        draft = begin_draft(t, &g, "oulu-p", forbids, &oulu);
        CHECK(start(t, &g, &oulu, draft, 7) == (i < SHADOW_RUNS_AREA_MAX));
    }
    CHECK_STR(g.fail.code, "shadow_runs_max");
    look(t, &g, &n);
    for (int i = 0; i < SHADOW_RUNS_AREA_MAX; i++)
        look(t, &g, &n);
    CHECK_INT(shadow_sums(n.shadow).runs, SHADOW_RUNS_AREA_MAX);
    CHECK(one(t, &g, &(struct one){ "eetu", "policy", "espoo-p", "enabled", "false", &espoo, 0, 0, 0 }, EDIT_KEEP));
    CHECK(start(t, &g, &espoo, g.got.draft, 7)); /* another city has room of its own */
    node_end(&n);
    rig_free(t, &g);
}

TEST(a_snapshot_that_is_not_the_one_in_force_has_nothing_beside_it)
{
    struct rig g;
    struct node_of n = { 0 };

    rig_new(t, &g);
    int64_t draft = begin_draft(t, &g, "oulu-p", forbids, &oulu);
    CHECK(start(t, &g, &oulu, draft, 7));
    look(t, &g, &n);
    struct registry *other = registry_load(g.db, &g.fail);
    CHECK(shadow_now(n.shadow, other) == NULL);
    struct shadow_sets *s = shadow_now(n.shadow, n.live);
    CHECK(s != NULL);
    /* What a request holds stays as it was, whatever is swapped meanwhile. */
    CHECK(one(t, &g, &(struct one){ "matti", "policy", "oulu-s", "enabled", "false", &oulu, 0, 0, 0 }, EDIT_APPLY));
    look(t, &g, &n);
    CHECK(s->live != n.live && s->n == 1);
    shadow_drop(s);
    registry_drop(other);
    node_end(&n);
    rig_free(t, &g);
}

enum { THREADS = 4, EACH = 2000 };

static void *opens_often(void *arg)
{
    for (int i = 0; i < EACH / 10; i++)
        (void)anna_opens(arg, TEST_NOW_S, 10);
    return NULL;
}

TEST(of_what_many_loops_count_while_it_is_written_nothing_is_lost)
{
    struct rig g;
    struct node_of n = { 0 };
    pthread_t threads[THREADS];

    rig_new(t, &g);
    int64_t draft = begin_draft(t, &g, "oulu-p", forbids, &oulu);
    CHECK(start(t, &g, &oulu, draft, 7));
    look(t, &g, &n);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, opens_often, &n) == 0);
    for (int i = 0; i < 5; i++)
        CHECK(shadow_write(n.shadow, TEST_NOW_S, &g.fail));
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK_INT(counted(t, &g, &n, draft).compared[SHADOW_OPENING], THREADS * EACH);
    CHECK_INT(shadow_sums(n.shadow).compared, THREADS * EACH);
    node_end(&n);
    rig_free(t, &g);
}

TEST(a_draft_is_not_made_of_another_version_than_the_one_in_force)
{
    struct rig g;
    struct node_of n = { 0 };

    rig_new(t, &g);
    int64_t draft = begin_draft(t, &g, "oulu-p", forbids, &oulu);
    CHECK(start(t, &g, &oulu, draft, 7));
    n.live = registry_load(g.db, &g.fail);
    n.shadow = shadow_new(&g.set, &t->world);
    /* SQL goes on before the node has looked: what came with it would be counted as the draft's. */
    CHECK(one(t, &g, &(struct one){ "matti", "policy", "oulu-s", "enabled", "false", &oulu, 0, 0, 0 }, EDIT_APPLY));
    for (int i = 0; i < 3; i++)
        shadow_follow(n.shadow, g.db, n.live, g.how.seals);
    CHECK_INT(shadow_sums(n.shadow).runs, 0);
    CHECK(run_of(t, &g, draft).state == SHADOW_running);
    look(t, &g, &n);
    CHECK_INT(shadow_sums(n.shadow).runs, 1);
    node_end(&n);
    rig_free(t, &g);
}
