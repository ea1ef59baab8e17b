/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/contract/adapter_contract.h"

#include "wire/form.h"

#include <string.h>

static const char *const ways[CITY_ANSWER_COUNT] = { "honest",
#define X(way, what) #way,
                                                     CITY_ANSWERS(X)
#undef X
};

static void on_done(struct ctx *c)
{
    c->depth = -1; /* over: no row is in progress */
}

bool adapter_run(struct ctx *c, const struct step_row *table)
{
    /* An adapter's table is run inside another; alone, its end must not be an error. */
    const struct step_row *end = table;
    struct fail before = c->fail;

    while (end->run != NULL)
        end++;
    steps_run(c, table, on_done);
    bool reached_end = c->at[0] == end && c->fail.kind != FAIL_NONE && strcmp(c->fail.code, "server_error") == 0 &&
                       strstr(c->fail.detail, "ended without an answer") != NULL;
    if (reached_end)
        c->fail = before;
    return reached_end;
}

bool adapter_finish(struct ctx *c, const struct adapter *adapter)
{
    struct login *whole = c->login, *named = arena_make(c->arena, struct login);

    if (adapter->prove == NULL)
        return adapter_run(c, adapter->finish);
    /* What proves knows no more of the login than its answer says. */
    named->idp = whole->idp;
    named->upstream_id = whole->upstream_id;
    c->login = named;
    bool good = adapter_run(c, adapter->prove);
    c->login = whole;
    c->body = arena_make(c->arena, struct form);
    return good && adapter_run(c, adapter->finish);
}

static void refuses(struct adapter_rig *rig, enum city_answer way)
{
    struct test *t = rig->t;
    struct ctx *c = rig->begin(rig, way == CITY_STALE_LOGIN);

    CHECK(adapter_run(c, rig->adapter->start));
    if (!rig->answer(rig, c, way))
        return;
    bool shown = adapter_finish(c, rig->adapter) && rig->own_form && c->person == NULL;
    bool accepted = !shown && c->fail.kind == FAIL_NONE;
    if (accepted)
        test_fail(t, __FILE__, __LINE__, "accepted: %s", ways[way]);
    if (c->person != NULL)
        test_fail(t, __FILE__, __LINE__, "%s: a person in spite of the refusal", ways[way]);
    if (!accepted && !shown && (c->fail.kind == FAIL_NONE || c->fail.code == NULL || c->fail.kind == FAIL_OURS))
        test_fail(t, __FILE__, __LINE__, "%s: refused as %s %s", ways[way], fail_kind_name(c->fail.kind),
                  c->fail.code != NULL ? c->fail.code : "-");
    CHECK(way != CITY_REFUSED || shown || c->fail.kind == FAIL_DENIED);
}

static void accepts(struct adapter_rig *rig, bool fresh)
{
    struct test *t = rig->t;
    struct ctx *c = rig->begin(rig, fresh);

    CHECK(adapter_run(c, rig->adapter->start));
    CHECK(str_is_set(c->upstream_url));
    CHECK(rig->own_form || (str_is_set(c->login->upstream_id) && c->login->asked_city_s > 0));
    CHECK(c->login->fresh == (fresh || rig->own_form)); /* who types a password is here now */
    CHECK(rig->answer(rig, c, CITY_HONEST));
    if (!adapter_finish(c, rig->adapter))
        test_fail(t, __FILE__, __LINE__, "the honest answer was refused: %s %s", c->fail.code, c->fail.detail);
    CHECK(c->person != NULL);
    if (c->person == NULL)
        return;
    CHECK_STR(c->person->subject, rig->subject);
    CHECK(str_eq(c->person->idp, c->login->idp));
    CHECK(c->person->auth_time_s > 0 && str_is_set(c->person->origin));
}

void adapter_contract(struct adapter_rig *rig)
{
    accepts(rig, false);
    accepts(rig, true);
    for (int way = CITY_HONEST + 1; way < CITY_ANSWER_COUNT; way++)
        refuses(rig, (enum city_answer)way);
    accepts(rig, false);
}
