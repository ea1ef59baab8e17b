/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/tell.h"

#include "base/loop.h"
#include "registry/desk.h"
#include "tests/unit/change_help.h"

#include <pthread.h>
#include <unistd.h>

struct told_rig {
    struct rig g;
    const char *audit_dir;
    struct audit_writer *writer;
    struct teller *teller;
    struct desk *desk;
    struct work_pool *pool;
    struct loop *loop;
    struct work *work;
    struct batch batch;
    struct desk_got got;
};

static void ignore(struct batch *b)
{
    (void)b;
}

static void told_new(struct test *t, struct told_rig *x)
{
    *x = (struct told_rig){ .batch = { .ready = ignore } };
    rig_new(t, &x->g);
    x->audit_dir = arena_cstr(t->arena, arena_printf(t->arena, "%s/audit", x->g.dir));
    CHECK(audit_dir_prepare(x->audit_dir, &x->g.fail));
    x->writer = audit_writer_new(x->audit_dir, &t->world, &x->g.fail);
    x->teller = teller_new();
    x->desk = desk_new(&x->g.set);
    desk_tells(x->desk, x->teller, (struct audit_writer *const *)&x->writer);
    x->pool = work_pool_new(2);
    x->loop = loop_new(&t->world);
    x->work = work_new(x->pool, x->loop);
}

static void told_free(struct test *t, struct told_rig *x)
{
    work_free(x->work);
    work_pool_free(x->pool);
    loop_free(x->loop);
    desk_free(x->desk);
    teller_free(x->teller);
    audit_writer_free(x->writer);
    rig_free(t, &x->g);
}

static size_t lines_with(struct test *t, const struct told_rig *x, const char *needle)
{
    struct str log =
        test_file(t->arena, arena_cstr(t->arena, arena_printf(t->arena, "%s/audit-000001.jsonl", x->audit_dir)));
    size_t n = 0;

    for (struct str line; str_split(&log, '\n', &line);)
        n += str_find(line, str_of(needle)) < line.n;
    return n;
}

static bool name_it(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct test *t = with;
    const struct change_by by = by_of(t, "liisa", &area_nation);
    const struct row_id id = id_of("service", "kanerva");
    const struct edit_field field = { S("name.sv"), S("Ljung") };
    const struct edit_how how = { .world = &t->world };
    struct edit *e = edit_new(&by, NULL);
    struct edit_result got;

    edit_put(e, &id, &field, 1);
    bool good = edit_run(e, d, a, &how, EDIT_APPLY, &got, f);
    edit_free(e);
    return good;
}

TEST(an_edit_is_answered_when_it_stands_in_the_audit_log_and_not_before)
{
    struct told_rig x;

    told_new(t, &x);
    audit_writer_hold(x.writer, true); /* as on a disk that hangs */
    CHECK(desk_ask(x.desk, x.work, &x.batch, t->arena, name_it, t, &x.got));
    for (int i = 0; i < 10; i++)
        loop_turn(x.loop, 30);
    CHECK_INT(x.batch.pending, 1);
    CHECK_STR(now(t, &x.g, "service", "kanerva", "name.sv"), "Ljung"); /* it is made, and its maker does not know yet */
    audit_writer_hold(x.writer, false);
    for (int i = 0; x.batch.pending > 0 && i < 1000; i++)
        loop_turn(x.loop, 100);
    CHECK(x.got.ok);
    CHECK_INT(lines_with(t, &x, "\"event\":\"change\","), 2); /* the import's, too */
    CHECK_INT(lines_with(t, &x, "\"row\":\"service kanerva\",\"before\":\"{\\\"name.sv\\\":\\\"\\\"}\""), 1);
    CHECK_INT(lines_with(t, &x, "\"maker\":\"console\",\"who\":\"liisa\""), 2);
    told_free(t, &x);
}

struct other {
    struct told_rig *x;
    enum told told;
};

static void *tell_too(void *arg)
{
    struct other *o = arg;
    struct fail f = { 0 };
    struct db *d = registry_db_open(&o->x->g.set, DB_WRITE, &f);

    o->told = teller_tell(o->x->teller, d, o->x->writer, true, &f);
    db_close(d);
    return NULL;
}

TEST(two_who_tell_at_once_tell_each_change_once)
{
    struct told_rig x;
    pthread_t thread[2];
    struct other others[2] = { { &x, TOLD_NONE }, { &x, TOLD_NONE } };

    told_new(t, &x);
    for (int i = 0; i < 30; i++)
        CHECK(one(
            t, &x.g,
            &(struct one){ "liisa", "service", "kanerva", "name.sv", i % 2 == 0 ? "a" : "b", &area_nation, 0, 0, 0 },
            EDIT_APPLY));
    for (int i = 0; i < 2; i++)
        CHECK(pthread_create(&thread[i], NULL, tell_too, &others[i]) == 0);
    for (int i = 0; i < 2; i++) {
        (void)pthread_join(thread[i], NULL);
        CHECK(others[i].told == TOLD_ALL);
    }
    CHECK_INT(lines_with(t, &x, "\"event\":\"change\","), 31);
    told_free(t, &x);
}

TEST(a_draft_makes_no_node_load_the_federation_and_an_edit_does)
{
    struct rig g;
    struct registry *changed;

    rig_new(t, &g);
    struct registry_watch *w = registry_watch_new(&g.set, &g.fail);
    CHECK(w != NULL);
    CHECK(one(t, &g, &(struct one){ "liisa", "service", "kanerva", "name.sv", "Ljung", &area_nation, 0, 0, 0 },
              EDIT_KEEP));
    CHECK(!registry_poll(w, &changed));
    CHECK(one(t, &g, &(struct one){ "liisa", "service", "kanerva", "name.sv", "Heide", &area_nation, 0, 0, 0 },
              EDIT_APPLY));
    CHECK(registry_poll(w, &changed));
    CHECK_STR(registry_service(changed, S("kanerva"))->names.in[LANG_SV], "Heide");
    registry_drop(changed);
    int64_t epoch;
    CHECK(registry_session_epoch_raise(g.db, &epoch, &g.fail));
    CHECK(registry_poll(w, &changed));
    registry_drop(changed);
    CHECK(registry_refresh(g.db, REFRESH_IDP, S("oulu-local"), &g.fail));
    CHECK(registry_poll(w, &changed));
    registry_drop(changed);
    registry_watch_free(w);
    rig_free(t, &g);
}
