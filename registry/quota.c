/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/quota.h"

#include "registry/schema.h"

#include <inttypes.h>

enum { MINUTE_S = 60, OWNERS_MAX = 1000 };

static const struct db_statement drafts_of_person = {
    "quota.drafts_of_person", "SELECT count(*) FROM draft WHERE owner = ?1 AND " DRAFT_IS_OPEN
};
static const struct db_statement drafts_of_area = {
    "quota.drafts_of_area", "SELECT count(*) FROM draft WHERE provider IS ?1 AND " DRAFT_IS_OPEN
};
/* Who has too many: nobody, as a rule. */
static const struct db_statement crowded_owners = {
    "quota.policies", "SELECT provider, school, count(*) AS n FROM policy GROUP BY provider, school "
                      "HAVING n > CASE WHEN school IS NULL THEN ?1 ELSE ?2 END LIMIT ?3"
};
static const struct db_statement changes_of_person = {
    "quota.changes", "SELECT count(*) FROM (SELECT who, at_s, maker FROM change ORDER BY number DESC LIMIT ?3) "
                     "WHERE who = ?1 AND at_s > ?2 AND CASE WHEN maker = 'api' THEN 2 WHEN maker IN "
                     "('console', 'undo', 'portal', 'registration') THEN 1 END = ?4"
};

/* How many one may make within a minute; of a maker that is not here, any number. */
static const struct {
    enum change_maker maker;
    int64_t group; /* that are counted together */
    int64_t most;
    enum fail_kind kind;
    const char *code, *what;
} a_minute[] = {
    { MAKER_console, 1, QUOTA_changes_a_minute, FAIL_CALLER, "changes_a_minute", "this person has made" },
    { MAKER_portal, 1, QUOTA_changes_a_minute, FAIL_CALLER, "changes_a_minute", "this person has made" },
    { MAKER_undo, 1, QUOTA_changes_a_minute, FAIL_CALLER, "changes_a_minute", "this person has made" },
    { MAKER_registration, 1, QUOTA_registrations_a_minute, FAIL_BUSY, "registrations_a_minute",
      "with this initial access token were made" },
    { MAKER_api, 2, QUOTA_api_changes_a_minute, FAIL_BUSY, "api_changes_a_minute",
      "programs of this person have made" },
};

static bool counted(struct db *d, const struct db_statement *s, const struct db_value *args, size_t n, int64_t *out,
                    struct fail *f)
{
    struct arena *a = arena_new();
    struct db_rows rows;
    bool good = db_query(d, s, args, n, a, &rows, f);

    *out = good && rows.n == 1 ? db_row(&rows, 0)[0].number : 0;
    arena_free(a);
    return good;
}

bool quota_draft(struct db *d, const struct change_by *by, struct fail *f)
{
    const struct db_value who = db_text(str_is_set(by->who) ? by->who : S("-")), provider = db_text(by->area->provider);
    int64_t theirs, here;

    if (!counted(d, &drafts_of_person, &who, 1, &theirs, f) || !counted(d, &drafts_of_area, &provider, 1, &here, f))
        return false;
    if (theirs >= QUOTA_drafts_of_person)
        return fail(f, FAIL_CALLER, "drafts_of_person", "%d drafts of this person wait already",
                    QUOTA_drafts_of_person);
    return here < QUOTA_drafts_of_area ||
           fail(f, FAIL_CALLER, "drafts_of_area", "%d drafts wait here already", QUOTA_drafts_of_area);
}

static bool same_or_null(const struct db_value *x, const struct db_value *y)
{
    return x->kind == DB_NULL ? y->kind == DB_NULL : y->kind == DB_TEXT && str_eq(x->text, y->text);
}

static bool adds_for(const struct change *x, const struct db_value *owner)
{
    const struct kind_row *k = &kind_rows[KIND_POLICY];
    size_t provider = column_of(k, "provider"), school = column_of(k, "school");

    for (size_t i = 0; i < x->n; i++)
        if (x->rows[i].kind == KIND_POLICY && x->rows[i].before == NULL &&
            same_or_null(&x->rows[i].after[provider], &owner[0]) && same_or_null(&x->rows[i].after[school], &owner[1]))
            return true;
    return false;
}

static bool adds_policies(const struct change *x)
{
    for (size_t i = 0; i < x->n; i++)
        if (x->rows[i].kind == KIND_POLICY && x->rows[i].before == NULL)
            return true;
    return false;
}

bool quota_policies(struct db *d, const struct change *x, struct fail *f)
{
    const struct db_value most[] = { db_int(QUOTA_policies_of_owner), db_int(QUOTA_policies_of_school),
                                     db_int(OWNERS_MAX) };
    struct arena *a = arena_new();
    struct db_rows rows = { 0 };

    if (!adds_policies(x)) {
        arena_free(a);
        return true;
    }
    bool good = db_query(d, &crowded_owners, most, 3, a, &rows, f);
    for (size_t i = 0; good && i < rows.n; i++) {
        const struct db_value *owner = db_row(&rows, i);
        bool school = owner[1].kind == DB_TEXT;
        if (adds_for(x, owner))
            good = fail(f, FAIL_CALLER, school ? "policies_of_school" : "policies_of_owner",
                        "%.*s has more than %d policies",
                        STR_ARG(school                     ? owner[1].text
                                : owner[0].kind == DB_TEXT ? owner[0].text
                                                           : S("the nation")),
                        school ? QUOTA_policies_of_school : QUOTA_policies_of_owner);
    }
    arena_free(a);
    return good;
}

/* Kinds whose rows all have one owner. */
static const struct kind_quota {
    enum kind kind;
    int most;
    const char *owner, *only, *code, *what; /* only: rows in which this column says something; NULL: all */
    struct db_statement crowded;
} kind_quotas[] = {
#define CROWDED(table, owner, where)                                                                                   \
    {                                                                                                                  \
        "quota." table, "SELECT " owner " FROM " table where " GROUP BY " owner " HAVING count(*) > ?1 LIMIT ?2"       \
    }
    /* Passes, which offices give; a file may bring as many other accounts as there is room for. */
    { KIND_ACCOUNT, QUOTA_passes_of_idp, "idp", "school", "passes_of_idp", "substitutes' passes",
      CROWDED("account", "idp", " WHERE school != ''") },
    { KIND_TERM, QUOTA_terms_of_provider, "provider", NULL, "terms_of_provider", "terms",
      CROWDED("term", "provider", "") },
    { KIND_NETWORK, QUOTA_networks_of_provider, "provider", NULL, "networks_of_provider", "networks",
      CROWDED("network", "provider", "") },
    { KIND_EXAM, QUOTA_exams_of_provider, "provider", NULL, "exams_of_provider", "exams",
      CROWDED("exam", "provider", "") },
    { KIND_NOTICE, QUOTA_notices_of_provider, "provider", "provider", "notices_of_provider", "notices",
      CROWDED("notice", "provider", " WHERE provider IS NOT NULL") },
#undef CROWDED
};

static bool counts(const struct kind_quota *q, const struct db_value *row)
{
    const struct db_value *says = row != NULL && q->only != NULL ? &row[column_of(&kind_rows[q->kind], q->only)] : NULL;

    return row != NULL && (says == NULL || (says->kind == DB_TEXT && says->text.n > 0));
}

/* owner NULL: to anybody.  A row that moves from one owner to another is added there. */
static bool adds_rows(const struct change *x, const struct kind_quota *q, const struct db_value *owner)
{
    size_t at = column_of(&kind_rows[q->kind], q->owner);

    for (size_t i = 0; i < x->n; i++) {
        const struct changed_row *row = &x->rows[i];
        if (row->kind == q->kind && counts(q, row->after) &&
            (!counts(q, row->before) || !same_or_null(&row->before[at], &row->after[at])) &&
            (owner == NULL || same_or_null(&row->after[at], owner)))
            return true;
    }
    return false;
}

static bool rows_fit(struct db *d, const struct change *x, const struct kind_quota *q, struct fail *f)
{
    const struct db_value args[] = { db_int(q->most), db_int(OWNERS_MAX) };
    struct arena *a = arena_new();
    struct db_rows rows = { 0 };
    bool good = db_query(d, &q->crowded, args, 2, a, &rows, f);

    for (size_t i = 0; good && i < rows.n; i++)
        if (adds_rows(x, q, db_row(&rows, i)))
            good = fail(f, FAIL_CALLER, q->code, "%.*s has more than %d %s", STR_ARG(db_row(&rows, i)[0].text), q->most,
                        q->what);
    arena_free(a);
    return good;
}

bool quota_rows(struct db *d, const struct change *x, struct fail *f)
{
    for (size_t i = 0; i < sizeof kind_quotas / sizeof *kind_quotas; i++)
        if (adds_rows(x, &kind_quotas[i], NULL) && !rows_fit(d, x, &kind_quotas[i], f))
            return false;
    return true;
}

bool quota_changes(struct db *d, const struct change_by *by, struct fail *f)
{
    int64_t n;

    for (size_t i = 0; i < sizeof a_minute / sizeof *a_minute; i++) {
        const struct db_value args[] = { db_text(by->who), db_int(by->at_s - MINUTE_S),
                                         db_int(4 * QUOTA_api_changes_a_minute), db_int(a_minute[i].group) };
        if (a_minute[i].maker != by->maker || !str_is_set(by->who))
            continue;
        if (!counted(d, &changes_of_person, args, sizeof args / sizeof *args, &n, f))
            return false;
        return n < a_minute[i].most ||
               fail(f, a_minute[i].kind, a_minute[i].code, "%s %" PRId64 " changes within a minute", a_minute[i].what,
                    a_minute[i].most);
    }
    return true;
}
