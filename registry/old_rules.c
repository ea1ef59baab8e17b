/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/old_rules.h"

#include "policy/form.h"
#include "registry/change_int.h"

static const struct db_value *cell(const struct db_value *rule, const char *column)
{
    return &rule[column_of(&kind_rows[KIND_RULE], column)];
}

static struct str text_of(struct arena *a, const struct db_rows *schools, const struct db_value *rule)
{
    enum { OID = 1, CODE = 2 };
    const struct kind_row *k = &kind_rows[KIND_RULE];
    const struct db_value *school = cell(rule, "school"), *service = cell(rule, "service");
    const struct db_value *found =
        school->kind == DB_TEXT ? school_row(schools, cell(rule, "provider")->text, school->text) : NULL;
    const struct provider p = { .id = cell(rule, "provider")->text };
    const struct school in = { .oid = school->text, .code = found != NULL ? found[CODE].text : S("") };
    const struct service s = { .id = service->text };
    int role = word_index(k->columns[column_of(k, "role")].words, cell(rule, "role")->text);
    const struct rule_words words = { .provider = &p,
                                      .role = role > 0 ? (enum role)role : ROLE_NONE,
                                      .school = school->kind == DB_TEXT ? &in : NULL,
                                      .service = service->kind == DB_TEXT ? &s : NULL,
                                      .release = claims_of(cell(rule, "release_claims")->text),
                                      .forbid = cell(rule, "forbid")->number != 0 };

    return policy_of_rule(a, cell(rule, "id")->text, &words).text;
}

struct db_value *rule_as_policy(struct arena *a, const struct db_rows *schools, const struct db_value *rule)
{
    const struct kind_row *k = &kind_rows[KIND_POLICY];
    struct db_value *row = arena_make_n(a, k->column_count, struct db_value);

    for (size_t i = 0; i < k->column_count; i++)
        row[i] = column_preset(&k->columns[i]);
    row[column_of(k, "id")] = *cell(rule, "id");
    row[column_of(k, "layer")] = db_text(S("municipality"));
    row[column_of(k, "provider")] = *cell(rule, "provider");
    row[column_of(k, "text")] = db_text(text_of(a, schools, rule));
    return row;
}

/* ── in SQL ─────────────────────────────────────────────────────────────── */

static const struct db_statement any_rule = { "rule.any", "SELECT 1 FROM rule LIMIT 1" };
static const struct db_statement no_rules = { "rule.none", "DELETE FROM rule" };

static bool turn_one(struct db *d, struct arena *a, const struct db_rows *schools, const struct db_value *rule,
                     struct fail *f)
{
    const struct kind_row *k = &kind_rows[KIND_POLICY];
    struct fail why = { 0 };

    if (db_run(d, &k->insert, rule_as_policy(a, schools, rule), k->column_count, &why))
        return true;
    if (why.kind == FAIL_CONFLICT)
        return fail(f, FAIL_OURS, "rules_stay", "rule %.*s cannot become a policy: there is one of that id already",
                    STR_ARG(cell(rule, "id")->text));
    *f = why;
    return false;
}

static bool turn_all(struct db *d, struct arena *a, struct fail *f)
{
    struct arena *each = arena_new();
    struct db_rows rules, schools;
    bool good = db_query(d, &kind_rows[KIND_RULE].select, NULL, 0, a, &rules, f) &&
                db_query(d, &kind_rows[KIND_SCHOOL].select, NULL, 0, a, &schools, f);

    for (size_t i = 0; good && i < rules.n; i++) {
        good = turn_one(d, each, &schools, db_row(&rules, i), f);
        arena_reset(each);
    }
    arena_free(each);
    return good && db_run(d, &no_rules, NULL, 0, f);
}

bool old_rules_turn(struct db *d, struct fail *f)
{
    struct arena *a = arena_new();
    struct db_rows any;
    bool good = db_query(d, &any_rule, NULL, 0, a, &any, f);

    if (good && any.n > 0) {
        good = db_begin(d, f) && turn_all(d, a, f) && db_commit(d, f); /* another process may have been first */
        db_rollback(d);
    }
    arena_free(a);
    return good;
}
