/* SPDX-License-Identifier: EUPL-1.2
 *
 * Runs in the registry, beside their drafts: what ends the draft ends its run in the same transaction. */
#include "registry/shadow_int.h"

#include "registry/load.h"

#include <inttypes.h>

enum { DAY_S = 86400 };

static const char *const states[SHADOW_STATE_COUNT] = { "",
#define X(state, words) #state,
                                                        SHADOW_STATES(X)
#undef X
};

static enum shadow_state state_named(struct str name)
{
    for (int s = 1; s < SHADOW_STATE_COUNT; s++)
        if (str_eq(str_of(states[s]), name))
            return (enum shadow_state)s;
    return SHADOW_NONE;
}

/* ── reading ────────────────────────────────────────────────────────────── */

#define COLUMNS                                                                                                        \
    "s.turn, s.draft, s.state, d.provider, d.school, s.who, s.began_s, s.since_s, s.until_s, s.ended_s, s.code, "      \
    "s.detail FROM shadow s JOIN draft d ON d.number = s.draft "
#define RUNNING "s.state = 'running' AND s.until_s > ?1 "

static const struct db_statement last_of = { "shadow.last",
                                             "SELECT " COLUMNS "WHERE s.draft = ?1 ORDER BY s.began_s DESC, s.turn "
                                             "DESC LIMIT 1" };
static const struct db_statement all_running = { "shadow.running",
                                                 "SELECT " COLUMNS "WHERE " RUNNING "ORDER BY s.turn" };
static const struct db_statement count_running = {
    "shadow.count", "SELECT count(*), count(CASE WHEN d.provider IS ?2 THEN 1 END) FROM shadow s "
                    "JOIN draft d ON d.number = s.draft WHERE " RUNNING
};

static struct shadow_run run_of(const struct db_value *v)
{
    return (struct shadow_run){ .turn = v[0].number,
                                .draft = v[1].number,
                                .state = state_named(v[2].text),
                                .area = { v[3].text, v[4].text },
                                .who = v[5].text,
                                .began_s = v[6].number,
                                .since_s = v[7].number,
                                .until_s = v[8].number,
                                .ended_s = v[9].number,
                                .code = v[10].text,
                                .detail = v[11].text };
}

static bool find(struct db *d, struct arena *a, int64_t draft, int64_t now_s, struct shadow_run *out, struct fail *f)
{
    const struct db_value arg = db_int(draft);
    struct db_rows rows;

    *out = (struct shadow_run){ 0 };
    if (!db_query(d, &last_of, &arg, 1, a, &rows, f))
        return false;
    if (rows.n == 1)
        *out = run_of(rows.at);
    if (out->state == SHADOW_running && out->until_s <= now_s)
        out->state = SHADOW_over;
    return true;
}

bool shadow_look(struct db *d, struct arena *a, const struct area *area, int64_t draft, int64_t now_s,
                 struct shadow_run *out, struct fail *f)
{
    struct draft x;

    *out = (struct shadow_run){ 0 };
    return draft_look(d, a, area, draft, &x, f) && find(d, a, draft, now_s, out, f);
}

bool shadow_running(struct db *d, struct arena *a, int64_t now_s, struct shadow_runs *out, struct fail *f)
{
    const struct db_value arg = db_int(now_s);
    struct db_rows rows;

    *out = (struct shadow_runs){ 0 };
    if (!db_query(d, &all_running, &arg, 1, a, &rows, f))
        return false;
    out->at = arena_make_n(a, rows.n + 1, struct shadow_run);
    for (; out->n < rows.n; out->n++)
        out->at[out->n] = run_of(db_row(&rows, out->n));
    return true;
}

/* ── beginning and ending ───────────────────────────────────────────────── */

static const struct db_statement insert = { "shadow.insert",
                                            "INSERT INTO shadow (turn, draft, state, who, began_s, since_s, until_s, "
                                            "ended_s, code, detail) "
                                            "VALUES (?1, ?2, 'running', ?3, ?4, ?4, ?5, 0, '', '')" };
static const struct db_statement end_of_draft = {
    "shadow.end", "UPDATE shadow SET state = ?2, ended_s = ?3 WHERE draft = ?1 AND state = 'running' AND until_s > ?3"
};
static const struct db_statement break_turn = {
    "shadow.break", "UPDATE shadow SET state = 'broken', ended_s = ?2, code = ?3, detail = ?4 "
                    "WHERE turn = ?1 AND state = 'running'"
};
static const struct db_statement turn_over = {
    "shadow.turn", "UPDATE shadow SET turn = ?2, since_s = ?3 WHERE draft = ?1 AND state = 'running' AND until_s > ?3"
};
static const struct db_statement runs_of = {
    "shadow.runs", "SELECT turn FROM shadow WHERE draft = ?1 AND state = 'running' AND until_s > ?2"
};

/* As it would be published today: who looks at numbers of a draft that does not hold would look at nothing. */
static bool fits(struct db *d, struct arena *a, const struct draft *x, const struct edit_how *how, struct fail *f)
{
    const struct change_by by = { .who = x->owner, .area = &x->area, .maker = MAKER_console };
    const struct edit_from from = { .draft = x->number, .edition = x->edition };
    struct edit *e = edit_new(&by, &from);
    struct edit_result result;
    bool good = edit_run(e, d, a, how, EDIT_CHECK, &result, f);

    edit_free(e);
    return good;
}

static bool waits(const struct draft *x)
{
    return x->state == DRAFT_draft || x->state == DRAFT_proposed || x->state == DRAFT_approved;
}

static bool is_room(struct db *d, struct arena *a, const struct area *area, int64_t now_s, struct fail *f)
{
    const struct db_value args[] = { db_int(now_s), db_text(area->provider) };
    struct db_rows rows;

    if (!db_query(d, &count_running, args, 2, a, &rows, f))
        return false;
    return (rows.at[0].number < SHADOW_RUNS_MAX && rows.at[1].number < SHADOW_RUNS_AREA_MAX) ||
           fail(f, FAIL_CALLER, "shadow_runs_max", "%" PRId64 " drafts run in shadow, %" PRId64 " of them here",
                rows.at[0].number, rows.at[1].number);
}

static bool begin(struct db *d, struct arena *a, const struct change_by *by, int64_t number, int64_t days,
                  struct fail *f)
{
    struct draft x;
    struct shadow_run last;
    int64_t turn;

    if (!draft_look(d, a, by->area, number, &x, f) || !find(d, a, number, by->at_s, &last, f))
        return false;
    if (!waits(&x))
        return fail(f, FAIL_CALLER, "draft_state", "draft %" PRId64 " is %s", number, draft_state_name(x.state));
    if (last.state == SHADOW_running)
        return fail(f, FAIL_CALLER, "shadow_runs", "draft %" PRId64 " runs in shadow already", number);
    if (!is_room(d, a, &x.area, by->at_s, f) || !registry_number_raise(d, S("shadow"), &turn, f))
        return false;
    const struct db_value args[] = { db_int(turn), db_int(number), db_text(str_is_set(by->who) ? by->who : S("-")),
                                     db_int(by->at_s), db_int(by->at_s + days * DAY_S) };
    return db_run(d, &insert, args, 5, f) && db_commit(d, f);
}

bool shadow_start(struct db *d, struct arena *a, const struct change_by *by, const struct edit_how *how, int64_t draft,
                  int64_t days, struct fail *f)
{
    struct draft x;

    if (days < 1 || days > SHADOW_DAYS_MAX)
        return fail(f, FAIL_CALLER, "shadow_days", "a run in shadow takes 1 to %d days", SHADOW_DAYS_MAX);
    if (!draft_look(d, a, by->area, draft, &x, f) || (waits(&x) && !fits(d, a, &x, how, f)))
        return false;
    bool good = db_begin(d, f) && begin(d, a, by, draft, days, f);
    db_rollback(d); /* after a commit there is nothing left to undo */
    return good;
}

bool shadow_end(struct db *d, int64_t draft, enum shadow_state state, int64_t at_s, struct fail *f)
{
    const struct db_value args[] = { db_int(draft), db_text(str_of(states[state])), db_int(at_s) };

    return db_run(d, &end_of_draft, args, 3, f);
}

bool shadow_stop(struct db *d, struct arena *a, const struct change_by *by, int64_t draft, struct fail *f)
{
    struct draft x;

    if (!draft_look(d, a, by->area, draft, &x, f) || !shadow_end(d, draft, SHADOW_stopped, by->at_s, f))
        return false;
    return db_changes(d) > 0 || fail(f, FAIL_CALLER, "no_shadow", "draft %" PRId64 " does not run in shadow", draft);
}

bool shadow_begin_anew(struct db *d, int64_t draft, int64_t at_s, struct fail *f)
{
    const struct db_value args[] = { db_int(draft), db_int(at_s) };
    struct arena *a = arena_new();
    struct db_rows rows;
    int64_t turn = 0;
    bool good = db_query(d, &runs_of, args, 2, a, &rows, f);

    if (good && rows.n > 0) {
        good = registry_number_raise(d, S("shadow"), &turn, f);
        const struct db_value next[] = { db_int(draft), db_int(turn), db_int(at_s) };
        good = good && db_run(d, &turn_over, next, 3, f);
    }
    arena_free(a);
    return good;
}

bool shadow_break(struct db *d, int64_t turn, int64_t at_s, const struct fail *why, struct fail *f)
{
    const struct db_value args[] = { db_int(turn), db_int(at_s), db_text(str_of(why->code)),
                                     db_text(str_of(why->detail)) };

    return db_run(d, &break_turn, args, 4, f);
}
