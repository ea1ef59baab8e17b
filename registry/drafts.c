/* SPDX-License-Identifier: EUPL-1.2
 *
 * Changes that wait: in SQL, so that they outlive browsers and restarts. */
#include "registry/edit_int.h"

#include "registry/quota.h"
#include "registry/registry.h"
#include "registry/shadow_int.h"

#include <inttypes.h>

static const char *const states[DRAFT_STATE_COUNT] = { "",
#define X(state, words) #state,
                                                       DRAFT_STATES(X)
#undef X
};

const char *draft_state_name(enum draft_state state)
{
    return state < DRAFT_STATE_COUNT ? states[state] : "";
}

static enum draft_state state_named(struct str name)
{
    for (int s = 1; s < DRAFT_STATE_COUNT; s++)
        if (str_eq(str_of(states[s]), name))
            return (enum draft_state)s;
    return DRAFT_NONE;
}

static bool is_open(enum draft_state state)
{
    return state == DRAFT_draft || state == DRAFT_proposed || state == DRAFT_approved || state == DRAFT_sent_back;
}

static struct str text_or(struct str text, struct str other)
{
    return str_is_set(text) ? text : other;
}

/* ── reading ────────────────────────────────────────────────────────────── */

#define COLUMNS                                                                                                        \
    "number, state, provider, school, owner, acting_as, why, edition, created_s, updated_s, decided_by, "              \
    "decided_why, seen, change, (SELECT count(*) FROM draft_row r WHERE r.draft = draft.number), hands"
#define ORDER " ORDER BY number DESC LIMIT ?2"

static const struct db_statement one = { "draft.one", "SELECT " COLUMNS " FROM draft WHERE number = ?1" };
/* In one state; of those that are open there is an index, which only their own words find. */
#define OPEN_AND   DRAFT_IS_OPEN " AND (?3 = '' OR state = ?3)"
#define WITHIN     " AND provider = ?4 AND (?5 IS NULL OR school = ?5)"
#define LIST(what) "SELECT " COLUMNS " FROM draft WHERE number < ?1 AND " what ORDER
static const struct db_statement open_of_nation = { "draft.open", LIST(OPEN_AND) };
static const struct db_statement open_within = { "draft.open_within", LIST(OPEN_AND WITHIN) };
static const struct db_statement state_within = { "draft.state_within", LIST(DRAFT_IS_OPEN " AND state = ?3" WITHIN) };
static const struct db_statement all_of_nation = { "draft.all", LIST("state = ?3") };
static const struct db_statement all_within = { "draft.within", LIST("state = ?3" WITHIN) };

/* hands: who has written in it, one a line; NULL: not wanted. */
static struct draft draft_of(const struct db_value *v, struct str *hands)
{
    if (hands != NULL)
        *hands = v[15].text;
    return (struct draft){ .number = v[0].number,
                           .state = state_named(v[1].text),
                           .area = { v[2].text, v[3].text },
                           .owner = v[4].text,
                           .acting_as = v[5].text,
                           .why = v[6].text,
                           .edition = v[7].number,
                           .created_s = v[8].number,
                           .updated_s = v[9].number,
                           .decided_by = v[10].text,
                           .decided_why = v[11].text,
                           .seen = v[12].text,
                           .change = v[13].number,
                           .row_count = v[14].number };
}

bool draft_list(struct db *d, struct arena *a, const struct area *area, enum draft_state state, int64_t before,
                size_t most, struct drafts *out, struct fail *f)
{
    bool nation = !str_is_set(area->provider);
    const struct db_value args[] = { db_int(before), db_int((int64_t)most), db_text(str_of(draft_state_name(state))),
                                     db_text(area->provider),
                                     db_text(str_is_set(area->school) ? area->school : (struct str){ NULL, 0 }) };
    bool open = state == DRAFT_NONE || is_open(state);
    const struct db_statement *of = nation ? (open ? &open_of_nation : &all_of_nation)
                                    : open ? (state == DRAFT_NONE ? &open_within : &state_within)
                                           : &all_within;
    struct db_rows rows;

    if (!db_query(d, of, args, nation ? 3 : 5, a, &rows, f))
        return false;
    *out = (struct drafts){ arena_make_n(a, rows.n + 1, struct draft), rows.n };
    for (size_t i = 0; i < rows.n; i++)
        out->at[i] = draft_of(db_row(&rows, i), NULL);
    return true;
}

/* Whoever acts elsewhere does not learn that it is there. */
static bool find(struct db *d, struct arena *a, const struct area *area, int64_t number, struct draft *out,
                 struct str *hands, struct fail *f)
{
    const struct db_value arg = db_int(number);
    struct db_rows rows;

    if (!db_query(d, &one, &arg, 1, a, &rows, f))
        return false;
    if (rows.n == 1) {
        *out = draft_of(rows.at, hands);
        if (area != NULL && area_within(&out->area, area))
            return true;
    }
    *out = (struct draft){ 0 };
    return fail(f, FAIL_CALLER, "no_draft", "there is no draft %" PRId64, number);
}

bool draft_look(struct db *d, struct arena *a, const struct area *area, int64_t number, struct draft *out,
                struct fail *f)
{
    return find(d, a, area, number, out, NULL, f);
}

static bool find_open(struct db *d, struct arena *a, const struct area *area, int64_t number, int64_t edition,
                      struct draft *out, struct str *hands, struct fail *f)
{
    if (!find(d, a, area, number, out, hands, f))
        return false;
    if (!is_open(out->state))
        return fail(f, FAIL_CALLER, "draft_state", "draft %" PRId64 " is %s", number, draft_state_name(out->state));
    return out->edition == edition ||
           fail(f, FAIL_CONFLICT, "changed_since",
                "draft %" PRId64 " was changed meanwhile: it is edition %" PRId64 ", not %" PRId64, number,
                out->edition, edition);
}

bool draft_open(struct db *d, struct arena *a, const struct area *area, int64_t number, int64_t edition,
                struct draft *out, struct fail *f)
{
    return find_open(d, a, area, number, edition, out, NULL, f);
}

static const struct db_statement rows_of = {
    "draft.rows", "SELECT kind, version, before, after FROM draft_row WHERE draft = ?1 ORDER BY position"
};

static bool row_of(struct arena *a, const struct db_value *v, struct wanted *out, struct fail *f)
{
    enum kind kind = kind_named(v[0].text);

    if (kind == KIND_COUNT)
        return fail(f, FAIL_OURS, "registry_invalid", "a draft has a row of a kind that this program does not know");
    if (v[2].kind == DB_NULL && v[3].kind == DB_NULL)
        return fail(f, FAIL_CONFLICT, "forgotten", "what the draft says of persons is forgotten after %d days",
                    CHANGE_PERSONAL_S / 86400);
    const struct kind_row *k = &kind_rows[kind];
    *out = (struct wanted){ .kind = kind, .version = v[1].number };
    out->base = v[2].kind == DB_TEXT ? row_read(a, k, v[2].text) : NULL;
    out->want = v[3].kind == DB_TEXT ? row_read(a, k, v[3].text) : NULL;
    const struct db_value *row = out->base != NULL ? out->base : out->want;
    if (row == NULL || (v[2].kind == DB_TEXT && out->base == NULL) || (v[3].kind == DB_TEXT && out->want == NULL))
        return fail(f, FAIL_OURS, "registry_invalid", "a row of a draft cannot be read");
    for (size_t i = 0; i < k->key_count; i++)
        out->key[i] = row[i];
    out->name = row_name(a, k, row);
    return true;
}

bool draft_rows_read(struct db *d, struct arena *a, int64_t number, struct wanteds *out, struct fail *f)
{
    const struct db_value arg = db_int(number);
    struct db_rows rows;
    struct wanted w;

    if (!db_query(d, &rows_of, &arg, 1, a, &rows, f))
        return false;
    for (size_t i = 0; i < rows.n; i++) {
        if (!row_of(a, db_row(&rows, i), &w, f))
            return false;
        (void)wanted_add(a, out, &w);
    }
    return true;
}

static bool read_wanteds(struct db *d, struct arena *a, const struct area *area, int64_t number, struct wanteds *out,
                         struct fail *f)
{
    struct draft draft;

    return find(d, a, area, number, &draft, NULL, f) && draft_rows_read(d, a, number, out, f);
}

bool draft_rows(struct db *d, struct arena *a, const struct area *area, int64_t number, struct change_rows_shown *out,
                struct fail *f)
{
    struct change x = { .arena = arena_new_secret() };
    struct wanteds all = { 0 };
    bool good = read_wanteds(d, x.arena, area, number, &all, f);

    for (size_t i = 0; good && i < all.n; i++)
        change_add(&x, all.at[i].kind, all.at[i].base, all.at[i].want);
    change_show(a, &x, out);
    arena_free(x.arena);
    return good;
}

bool draft_row_ids(struct db *d, struct arena *a, const struct area *area, int64_t number, struct row_ids *out,
                   struct fail *f)
{
    struct arena *scratch = arena_new_secret();
    struct wanteds all = { 0 };
    bool good = read_wanteds(d, scratch, area, number, &all, f);

    *out = (struct row_ids){ arena_make_n(a, all.n + 1, struct row_id), 0 };
    for (size_t i = 0; good && i < all.n; i++)
        out->at[out->n++] = row_id_of(a, all.at[i].kind, all.at[i].key);
    arena_free(scratch);
    return good;
}

bool draft_row(struct db *d, struct arena *a, const struct area *area, int64_t number, const struct row_id *id,
               struct row_seen *out, struct fail *f)
{
    struct arena *scratch = arena_new_secret();
    struct wanteds all = { 0 };
    struct db_value key[2] = { { 0 }, { 0 } };
    enum kind kind;
    int64_t version;
    bool good = read_wanteds(d, scratch, area, number, &all, f), found = false;

    if (good && !row_id_read(id, &kind, key))
        good = fail(f, FAIL_CALLER, "unknown_kind", "there is no kind \"%.*s\"", STR_ARG(id->kind));
    for (size_t i = 0; good && !found && i < all.n; i++) {
        found = all.at[i].kind == kind && compare_keys(&kind_rows[kind], all.at[i].key, key) == 0;
        if (found && all.at[i].want == NULL)
            good = fail(f, FAIL_NOT_FOUND, "no_row", "draft %" PRId64 " removes %.*s", number, STR_ARG(all.at[i].name));
        else if (found)
            *out = row_seen_of(a, kind, all.at[i].want, true);
    }
    arena_free(scratch);
    return good && (found || row_look(d, a, area, id, out, &version, f));
}

/* ── what they would say ────────────────────────────────────────────────── */

static const struct db_statement policies_of_open = {
    "draft.policies", "SELECT r.draft, r.row_key, r.after FROM draft CROSS JOIN draft_row r ON r.draft = draft.number "
                      "WHERE draft.provider IS ?1 AND draft." DRAFT_IS_OPEN " AND (?2 = '' OR draft.school = ?2) "
                      "AND r.kind = 'policy' ORDER BY draft.number DESC, r.position LIMIT ?3"
};

static struct str cell_of(const struct db_value *row, const char *column)
{
    return row[column_of(&kind_rows[KIND_POLICY], column)].text;
}

static int64_t number_of(const struct db_value *row, const char *column)
{
    return row[column_of(&kind_rows[KIND_POLICY], column)].number;
}

bool draft_policies(struct db *d, struct arena *a, const struct area *area, size_t most, struct draft_policies *out,
                    struct fail *f)
{
    const struct db_value args[] = { db_text(area->provider), db_text(text_or(area->school, S(""))),
                                     db_int((int64_t)most) };
    struct db_rows rows;

    if (!db_query(d, &policies_of_open, args, 3, a, &rows, f))
        return false;
    *out = (struct draft_policies){ arena_make_n(a, rows.n + 1, struct draft_policy), rows.n };
    for (size_t i = 0; i < rows.n; i++) {
        const struct db_value *v = db_row(&rows, i);
        const struct db_value *row = v[2].kind == DB_TEXT ? row_read(a, &kind_rows[KIND_POLICY], v[2].text) : NULL;
        struct draft_policy *p = &out->at[i];
        *p = (struct draft_policy){ .draft = v[0].number,
                                    .id = str_from(v[1].text, str_find_byte(v[1].text, ' ', 0) + 1),
                                    .gone = row == NULL };
        if (row != NULL)
            *p = (struct draft_policy){ .draft = p->draft,
                                        .id = p->id,
                                        .provider = cell_of(row, "provider"),
                                        .school = cell_of(row, "school"),
                                        .text = cell_of(row, "text"),
                                        .enabled = number_of(row, "enabled") != 0,
                                        .from_s = number_of(row, "from_s"),
                                        .to_s = number_of(row, "to_s") };
    }
    return true;
}

/* ── writing ────────────────────────────────────────────────────────────── */

/* Numbers of drafts and of changes are one series: none means two things. */
static const struct db_statement raise_number = {
    "draft.number", "UPDATE number SET value = 1 + max(value, (SELECT value FROM number WHERE name = 'version')) "
                    "WHERE name = 'draft'"
};
static const struct db_statement insert = {
    "draft.insert", "INSERT INTO draft (number, state, provider, school, owner, acting_as, why, edition, created_s, "
                    "updated_s, hands, decided_by, decided_why, seen, change) "
                    "VALUES (?1, 'draft', ?2, ?3, ?4, ?5, ?6, 0, ?7, ?7, ?4, '', '', '', 0)"
};
static const struct db_statement update = {
    "draft.update", "UPDATE draft SET state = ?2, why = ?3, hands = ?4, decided_by = ?5, decided_why = ?6, seen = ?7, "
                    "change = ?8, updated_s = ?9, edition = edition + 1 WHERE number = ?1"
};
static const struct db_statement clear = { "draft.clear", "DELETE FROM draft_row WHERE draft = ?1" };
static const struct db_statement insert_row = {
    "draft.insert_row", "INSERT INTO draft_row (draft, position, kind, row_key, version, before, after) "
                        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
};

static bool update_draft(struct db *d, struct draft *x, struct str hands, int64_t at_s, struct fail *f)
{
    const struct db_value args[] = { db_int(x->number),
                                     db_text(str_of(draft_state_name(x->state))),
                                     db_text(text_or(x->why, S(""))),
                                     db_text(text_or(hands, S(""))),
                                     db_text(text_or(x->decided_by, S(""))),
                                     db_text(text_or(x->decided_why, S(""))),
                                     db_text(text_or(x->seen, S(""))),
                                     db_int(x->change),
                                     db_int(at_s) };

    x->edition++;
    return db_run(d, &update, args, sizeof args / sizeof *args, f);
}

static bool begin_draft(struct db *d, const struct change_by *by, struct draft *x, struct fail *f)
{
    *x = (struct draft){ .area = *by->area, .why = by->why };
    if (!quota_draft(d, by, f) || !db_run(d, &raise_number, NULL, 0, f) ||
        !registry_number(d, S("draft"), &x->number, f))
        return false;
    const struct db_value args[] = { db_int(x->number),
                                     db_text(x->area.provider),
                                     db_text(x->area.school),
                                     db_text(text_or(by->who, S("-"))),
                                     db_text(text_or(by->acting_as, S("-"))),
                                     db_text(str_sub(text_or(by->why, S("")), 0, CHANGE_WHY_MAX_B)),
                                     db_int(by->at_s) };
    return db_run(d, &insert, args, sizeof args / sizeof *args, f);
}

static bool write_row(struct db *d, struct arena *a, int64_t draft, int64_t position, const struct wanted *w,
                      struct fail *f)
{
    const struct kind_row *k = &kind_rows[w->kind];
    const struct db_value none = { .kind = DB_NULL };
    const struct db_value args[] = { db_int(draft),
                                     db_int(position),
                                     db_text(str_of(k->name)),
                                     db_text(w->name),
                                     db_int(w->version),
                                     w->base != NULL ? db_text(row_write(a, k, w->base)) : none,
                                     w->want != NULL ? db_text(row_write(a, k, w->want)) : none };

    return db_run(d, &insert_row, args, sizeof args / sizeof *args, f);
}

static bool has_line(struct str lines, struct str line)
{
    struct str rest = lines, one_line;

    while (str_split(&rest, '\n', &one_line))
        if (str_eq(one_line, line))
            return true;
    return false;
}

/* "ACCOUNT NUMBER NAME"; of an account of which no more is known, as earlier versions have it: "ACCOUNT". */
static struct str hand_line(struct arena *a, const struct change_by *by)
{
    return arena_printf(a, "%.*s %.*s %.*s", STR_ARG(text_or(by->who, S("-"))),
                        STR_ARG(text_or(by->number_key, S("-"))), STR_ARG(text_or(by->name_key, S("-"))));
}

static bool same_known(struct str x, struct str y)
{
    return str_is_set(x) && !str_eq(x, S("-")) && str_eq(x, y);
}

static enum draft_hand hand_of_line(struct str line, const struct change_by *by)
{
    struct str who, number = { NULL, 0 };
    bool numbers;

    (void)str_split(&line, ' ', &who);
    (void)str_split(&line, ' ', &number);
    numbers = str_is_set(number) && !str_eq(number, S("-")) && str_is_set(by->number_key);
    return str_eq(who, by->who)                         ? HAND_ACCOUNT
           : same_known(number, by->number_key)         ? HAND_NUMBER
           : !numbers && same_known(line, by->name_key) ? HAND_NAME
                                                        : HAND_NONE;
}

static enum draft_hand hand_in(struct str hands, const struct change_by *by)
{
    enum draft_hand found = HAND_NONE;
    struct str line;

    while (found == HAND_NONE && str_split(&hands, '\n', &line))
        found = hand_of_line(line, by);
    return found;
}

/* Whoever has a shell has other means, and a file that is imported would make all of a city's accounts one person's. */
static const struct db_statement makers = {
    "draft.makers",
    "SELECT DISTINCT CASE WHEN d.number IS NULL THEN c.who ELSE d.hands END "
    "FROM change_row r JOIN change c ON c.number = r.change LEFT JOIN draft d ON d.number = c.draft "
    "WHERE r.kind = 'account' AND r.row_key = 'account ' || ?1 AND c.at_s >= ?2 AND c.maker IN ('console', 'api')"
};

/* As hands are kept, one a line: of those who may know the password of by->account. */
static bool makers_of(struct db *d, struct arena *a, const struct change_by *by, struct str *out, struct fail *f)
{
    const struct db_value args[] = { db_text(by->account), db_int(by->at_s - MAKER_HAND_S) };
    struct db_rows rows;

    *out = S("");
    if (!str_is_set(by->account))
        return true;
    if (!db_query(d, &makers, args, 2, a, &rows, f))
        return false;
    for (size_t i = 0; i < rows.n; i++)
        *out = arena_printf(a, "%.*s%.*s\n", STR_ARG(*out), STR_ARG(db_row(&rows, i)->text));
    return true;
}

static struct str known_or_none(struct str key)
{
    return str_eq(key, S("-")) ? (struct str){ NULL, 0 } : key;
}

static bool is_of_makers(struct str hands, struct str made_by)
{
    struct str line, who, number = { NULL, 0 };

    while (str_split(&made_by, '\n', &line)) {
        (void)str_split(&line, ' ', &who);
        (void)str_split(&line, ' ', &number);
        const struct change_by maker = { .who = who,
                                         .number_key = known_or_none(number),
                                         .name_key = known_or_none(line) };
        if (str_is_set(known_or_none(who)) && hand_in(hands, &maker) != HAND_NONE)
            return true;
    }
    return false;
}

static bool hand_of(struct db *d, struct arena *a, const struct change_by *by, struct str hands, enum draft_hand *out,
                    struct fail *f)
{
    struct str made_by;

    *out = hand_in(hands, by);
    if (*out != HAND_NONE)
        return true;
    if (!makers_of(d, a, by, &made_by, f))
        return false;
    if (is_of_makers(hands, made_by))
        *out = HAND_MAKER;
    return true;
}

bool draft_hand(struct db *d, struct arena *a, const struct change_by *by, int64_t number, enum draft_hand *out,
                struct fail *f)
{
    struct draft x;
    struct str hands = { NULL, 0 };

    *out = HAND_NONE;
    if (!find(d, a, by->area, number, &x, &hands, f))
        return false;
    return hand_of(d, a, by, hands, out, f);
}

static struct str with_lines(struct arena *a, struct str hands, struct str lines)
{
    struct str line;

    while (str_split(&lines, '\n', &line))
        if (str_is_set(line) && !has_line(hands, line))
            hands = arena_printf(a, "%.*s\n%.*s", STR_ARG(hands), STR_ARG(line));
    return hands;
}

bool draft_write(struct db *d, const struct change_by *by, struct draft *draft, const struct wanteds *rows,
                 struct fail *f)
{
    struct arena *a = arena_new_secret();
    const struct db_value number_before = db_int(draft->number);
    struct str hands = { NULL, 0 };
    struct draft now;
    bool good = draft->number == 0 ? begin_draft(d, by, draft, f) : db_run(d, &clear, &number_before, 1, f);

    good = good && find(d, a, &draft->area, draft->number, &now, &hands, f);
    for (size_t i = 0, position = 0; good && i < rows->n; i++)
        if (!rows->at[i].is_gone && (rows->at[i].base != NULL || rows->at[i].want != NULL))
            good = write_row(d, a, draft->number, (int64_t)position++, &rows->at[i], f);
    struct str made_by = { NULL, 0 };
    good = good && makers_of(d, a, by, &made_by, f);
    hands = with_lines(a, with_lines(a, hands, hand_line(a, by)), made_by);
    if (str_is_set(by->why))
        draft->why = str_sub(by->why, 0, CHANGE_WHY_MAX_B);
    draft->state = DRAFT_draft;
    draft->decided_by = draft->decided_why = draft->seen = (struct str){ NULL, 0 };
    good = good && update_draft(d, draft, hands, by->at_s, f) && shadow_begin_anew(d, draft->number, by->at_s, f);
    arena_free(a);
    return good;
}

static bool hands_of(struct db *d, struct arena *a, const struct draft *draft, struct str *hands, struct fail *f)
{
    struct draft now;

    return find(d, a, &draft->area, draft->number, &now, hands, f);
}

bool draft_published(struct db *d, const struct change_by *by, const struct draft *draft, int64_t change,
                     struct fail *f)
{
    struct arena *a = arena_new();
    struct draft x = *draft;
    struct str hands;

    x.state = DRAFT_published;
    x.change = change;
    bool good = hands_of(d, a, draft, &hands, f) && update_draft(d, &x, hands, by->at_s, f) &&
                shadow_end(d, x.number, SHADOW_published, by->at_s, f);
    arena_free(a);
    return good;
}

/* ── decided ────────────────────────────────────────────────────────────── */

/* In which states an act may find a draft: 1 << state. */
static const struct {
    unsigned from;
    enum draft_state to;
} acts[] = {
    [DRAFT_PROPOSE] = { 1u << DRAFT_draft | 1u << DRAFT_sent_back, DRAFT_proposed },
    [DRAFT_APPROVE] = { 1u << DRAFT_proposed, DRAFT_approved },
    [DRAFT_SEND_BACK] = { 1u << DRAFT_proposed | 1u << DRAFT_approved, DRAFT_sent_back },
    [DRAFT_WITHDRAW] = { 1u << DRAFT_draft | 1u << DRAFT_sent_back | 1u << DRAFT_proposed | 1u << DRAFT_approved,
                         DRAFT_withdrawn },
};

static bool compare(struct db *d, struct arena *a, int64_t number, struct edit_result *out, struct fail *f)
{
    struct arena *scratch = arena_new_secret();
    struct wanteds all = { 0 };
    bool good = draft_rows_read(d, scratch, number, &all, f);

    for (size_t i = 0; good && i < all.n; i++)
        good = row_find(d, scratch, all.at[i].kind, all.at[i].key, &all.at[i].now, f);
    good = good && conflicts_find(d, a, &all, false, out, f);
    arena_free(scratch);
    return good;
}

static bool may_approve(struct db *d, struct arena *a, const struct change_by *by, const struct draft_move *move,
                        struct str hands, struct edit_result *out, struct fail *f)
{
    enum draft_hand hand;
    if (!hand_of(d, a, by, hands, &hand, f))
        return false;
    if (!move->alone && (!str_is_set(by->who) || hand != HAND_NONE))
        return fail(f, FAIL_DENIED, "own_draft", "who has written in draft %" PRId64 "%s does not approve it",
                    move->number,
                    hand == HAND_NAME     ? ", as an account of the same name,"
                    : hand == HAND_NUMBER ? ", by another account,"
                    : hand == HAND_MAKER  ? ", or made the account of who did, within 30 days,"
                                          : "");
    return compare(d, a, move->number, out, f);
}

/* What was taken back is not looked at any further. */
static bool end_shadow(struct db *d, const struct draft *x, int64_t at_s, struct fail *f)
{
    return x->state == DRAFT_withdrawn   ? shadow_end(d, x->number, SHADOW_withdrawn, at_s, f)
           : x->state == DRAFT_sent_back ? shadow_end(d, x->number, SHADOW_sent_back, at_s, f)
                                         : true;
}

static bool move_on(struct db *d, struct arena *a, const struct change_by *by, const struct draft_move *move,
                    struct edit_result *out, struct fail *f)
{
    struct draft x;
    struct str hands;

    if (!find_open(d, a, by->area, move->number, move->edition, &x, &hands, f))
        return false;
    unsigned from = acts[move->act].from | (move->act == DRAFT_APPROVE && move->alone ? 1u << DRAFT_draft : 0);
    if ((from & 1u << x.state) == 0)
        return fail(f, FAIL_CALLER, "draft_state", "draft %" PRId64 " is %s", x.number, draft_state_name(x.state));
    if (move->act == DRAFT_APPROVE && !may_approve(d, a, by, move, hands, out, f))
        return false;
    x.state = acts[move->act].to;
    if (move->act == DRAFT_PROPOSE && str_is_set(by->why))
        x.why = str_sub(by->why, 0, CHANGE_WHY_MAX_B);
    bool decides = move->act == DRAFT_APPROVE || move->act == DRAFT_SEND_BACK;
    if (decides) {
        x.decided_by = by->who;
        x.decided_why = str_sub(text_or(by->why, S("")), 0, CHANGE_WHY_MAX_B);
    }
    x.seen = move->act == DRAFT_APPROVE ? str_sub(text_or(move->seen, S("")), 0, DRAFT_SEEN_MAX_B) : S("");
    if (!update_draft(d, &x, hands, by->at_s, f) || !end_shadow(d, &x, by->at_s, f) ||
        !registry_number(d, S("version"), &out->version, f) || !db_commit(d, f))
        return false;
    out->draft = x.number;
    out->edition = x.edition;
    return true;
}

bool draft_do(struct db *d, struct arena *a, const struct change_by *by, const struct draft_move *move,
              struct edit_result *out, struct fail *f)
{
    *out = (struct edit_result){ 0 };
    if (move->act < DRAFT_PROPOSE || move->act > DRAFT_WITHDRAW)
        return fail(f, FAIL_CALLER, "draft_state", "nothing is asked of the draft");
    bool good = db_begin(d, f) && move_on(d, a, by, move, out, f);
    db_rollback(d); /* after a commit there is nothing left to undo */
    return good;
}

static const struct db_statement of_row = {
    "draft.of_row",
    "SELECT d.number, d.edition FROM draft d JOIN draft_row r ON r.draft = d.number "
    "WHERE d.owner = ?1 AND r.kind = ?2 AND r.row_key = ?3 AND d." DRAFT_IS_OPEN " ORDER BY d.number DESC LIMIT 1"
};

bool draft_of_row(struct db *d, struct arena *a, struct str owner, const struct row_id *row, int64_t *number,
                  int64_t *edition, struct fail *f)
{
    struct db_rows rows;
    struct db_value key[2];
    enum kind kind;

    *number = *edition = 0;
    if (!row_id_read(row, &kind, key))
        return fail(f, FAIL_CALLER, "unknown_kind", "there is no kind \"%.*s\"", STR_ARG(row->kind));
    const struct db_value args[] = { db_text(owner), db_text(row->kind), db_text(row_name(a, &kind_rows[kind], key)) };
    if (!db_query(d, &of_row, args, 3, a, &rows, f))
        return false;
    if (rows.n == 1) {
        *number = rows.at[0].number;
        *edition = rows.at[1].number;
    }
    return true;
}
