/* SPDX-License-Identifier: EUPL-1.2
 * digione policy publish and rollback: one change each, as an edit of the console is one. */
#include "gateway/cli/policy.h"

#include "gateway/cli/args.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/told.h"
#include "policy/text_check.h"
#include "registry/edit.h"
#include "registry/registry.h"

#include <errno.h>
#include <stdio.h>

enum { ROWS_SHOWN = 100000 };

static int refused(const char *word, const struct fail *f)
{
    return cli_complain(f->kind == FAIL_OURS ? CLI_BROKEN : CLI_REFUSED, word, "%s", f->detail);
}

static struct change_by by_operator(const struct policy_words *w, struct str who, enum change_maker maker)
{
    return (struct change_by){ .who = who,
                               .acting_as = S("operator"),
                               .area = &area_nation,
                               .maker = maker,
                               .why = str_of(w->why),
                               .at_s = world_now_s(&world_real) };
}

static void print_report(const struct change_report *r, bool dry_run)
{
    (void)printf("%.*s%s: %zu added, %zu changed, %zu removed", STR_ARG(r->lines), dry_run ? "would be" : "done",
                 r->added, r->changed, r->removed);
    if (dry_run)
        (void)puts("; nothing was changed");
    else
        (void)printf("; version %lld\n", (long long)r->version);
}

/* The node's database, as whoever may write it.  NULL after a complaint; *status says which. */
static struct db *open_node(const char *word, struct arena *a, const struct policy_words *w, struct settings *set,
                            int *status)
{
    struct fail f = { 0 };

    *status = CLI_REFUSED;
    if (!cli_settings(word, w->config, a, set))
        return NULL;
    *status = CLI_BROKEN;
    if (!w->dry_run && !cli_become(word, set, a))
        return NULL;
    struct db *d = registry_db_open(set, w->dry_run ? DB_COPY : DB_WRITE, &f);
    if (d == NULL)
        *status = refused(word, &f);
    return d;
}

static const char *layer_name(enum layer layer)
{
    return layer == LAYER_NATION ? "nation" : layer == LAYER_MUNICIPALITY ? "municipality" : "school";
}

struct publishing {
    struct row_id row;
    int64_t version; /* that it is made from */
    struct edit_field fields[4];
    size_t n;
};

static void put(struct publishing *p, struct str name, struct str value)
{
    p->fields[p->n++] = (struct edit_field){ name, value };
}

/* What is put: the text; of a policy that there is not yet its owner as well. */
static bool prepare(const char *word, struct db *d, struct arena *a, const struct policy_words *w, struct str text,
                    struct publishing *out, struct fail *f)
{
    struct row_seen seen;
    struct policy owner;

    *out = (struct publishing){ .row = { S("policy"), { str_of(w->id), { 0 } } } };
    put(out, S("text"), text);
    if (row_look(d, a, &area_nation, &out->row, &seen, &out->version, f))
        return w->owner == NULL || fail(f, FAIL_CALLER, "usage", "policy %s is there: leave --owner out", w->id);
    if (f->kind != FAIL_NOT_FOUND)
        return false;
    *f = (struct fail){ 0 };
    struct registry *r = registry_load(d, f);
    if (r == NULL)
        return false;
    arena_adopt(a, r, (void (*)(void *))registry_drop);
    if (!policy_owner(word, r, w->owner, &owner))
        return fail(f, FAIL_CALLER, "usage", "nothing was changed");
    put(out, S("layer"), str_of(layer_name(owner.layer)));
    if (owner.provider != NULL)
        put(out, S("provider"), owner.provider->id);
    if (owner.school != NULL)
        put(out, S("school"), str_is_set(owner.school->code) ? owner.school->code : owner.school->oid);
    return true;
}

/* What is wrong, or stands in the way, one a line. */
static void print_troubles(const struct edit_result *out)
{
    for (size_t i = 0; i < out->trouble_count; i++)
        (void)fprintf(stderr, "%.*s\n", STR_ARG(out->troubles[i].says));
    for (size_t i = 0; i < out->conflict_count; i++) {
        const struct edit_conflict *c = &out->conflicts[i];
        (void)fprintf(stderr, "%.*s %.*s was changed by %.*s (change %lld)%s\n", STR_ARG(c->row.kind),
                      STR_ARG(c->row.key[0]), STR_ARG(c->who), (long long)c->change, c->is_there ? "" : ": it is gone");
    }
}

/* A draft as it was approved, by whom and over whichever numbers; nothing is put to it here. */
static int publish_draft(const char *word, const struct settings *set, struct db *d, struct arena *a,
                         const struct policy_words *w, int64_t number, struct str who)
{
    struct change_by by = by_operator(w, who, MAKER_cli);
    const struct edit_how how = { .world = &world_real };
    struct edit_result out = { 0 };
    struct draft draft;
    struct fail f = { 0 };

    if (!draft_look(d, a, &area_nation, number, &draft, &f))
        return refused(word, &f);
    if (draft.state != DRAFT_approved)
        return cli_complain(CLI_REFUSED, word,
                            "draft %lld is %s, not approved: somebody else than its writer approves it "
                            "in the console",
                            (long long)number, draft_state_name(draft.state));
    if (w->why == NULL)
        by.why = draft.why;
    const struct edit_from from = { .draft = number, .edition = draft.edition };
    struct edit *e = edit_new(&by, &from);
    bool good = edit_run(e, d, a, &how, w->dry_run ? EDIT_CHECK : EDIT_PUBLISH, &out, &f);
    edit_free(e);
    print_troubles(&out);
    if (!good)
        return refused(word, &f);
    print_report(&out.report, w->dry_run);
    return w->dry_run ? CLI_OK : cli_told(word, set, d, out.report.version);
}

static int publish(const char *word, const struct settings *set, struct db *d, struct arena *a,
                   const struct policy_words *w, struct str text, struct str who)
{
    const struct change_by by = by_operator(w, who, MAKER_cli);
    const struct edit_how how = { .world = &world_real };
    struct publishing p;
    struct edit_result out = { 0 };
    struct fail f = { 0 };

    if (!prepare(word, d, a, w, text, &p, &f))
        return refused(word, &f);
    const struct edit_from from = { .version = p.version };
    struct edit *e = edit_new(&by, &from);
    edit_put(e, &p.row, p.fields, p.n);
    bool good = edit_run(e, d, a, &how, w->dry_run ? EDIT_CHECK : EDIT_APPLY, &out, &f);
    edit_free(e);
    print_troubles(&out);
    if (!good)
        return out.trouble_count > 0 ? CLI_REFUSED : refused(word, &f);
    print_report(&out.report, w->dry_run);
    return w->dry_run ? CLI_OK : cli_told(word, set, d, out.report.version);
}

int policy_publish(const char *word, struct arena *a, const struct policy_words *w)
{
    const struct cli_need text_needs[] = { CLI_NEEDS_CONFIG(w->config),
                                           { "--id ID, or --draft NUMBER", w->id != NULL },
                                           { "POLICY.cedar", w->n == 1 },
                                           { 0 } };
    const struct cli_need draft_needs[] = { CLI_NEEDS_CONFIG(w->config),
                                            { "--draft alone, without --id, --owner and a file",
                                              w->id == NULL && w->owner == NULL && w->n == 0 },
                                            { 0 } };
    struct settings set;
    struct str text = { NULL, 0 }, who = cli_who(a); /* before another user is become */
    int64_t number = 0;
    int status;

    if (!cli_needs(word, w->draft != NULL ? draft_needs : text_needs))
        return CLI_USAGE;
    if (w->draft != NULL && !args_number(w->draft, 1, INT64_MAX, &number))
        return cli_complain(CLI_USAGE, word, "--draft: \"%s\" is no number of a draft", w->draft);
    if (w->draft == NULL && !args_file(a, w->rest[0], POLICY_TEXT_MAX_B + 1, &text))
        return cli_complain(CLI_BROKEN, word, "%s: %s", w->rest[0], strerror(errno));
    struct db *d = open_node(word, a, w, &set, &status);
    if (d == NULL)
        return status;
    status = number != 0 ? publish_draft(word, &set, d, a, w, number, who) : publish(word, &set, d, a, w, text, who);
    db_close(d);
    return status;
}

/* ---- rollback */

static bool is_policy(struct str row)
{
    return str_has_prefix(row, S("policy ")) || str_has_prefix(row, S("rule "));
}

/* `digione registry undo` undoes anything; this word is for those who roll policies back and mean nothing else. */
static bool touched_policies_alone(struct db *d, struct arena *a, int64_t number, struct fail *f)
{
    struct change_rows_shown rows;

    if (!change_rows(d, a, &area_nation, number, ROWS_SHOWN, &rows, f))
        return false;
    for (size_t i = 0; i < rows.n; i++)
        if (!is_policy(rows.at[i].row))
            return fail(f, FAIL_CALLER, "not_policies",
                        "change %lld touched %.*s as well; `digione registry undo` undoes all of it", (long long)number,
                        STR_ARG(rows.at[i].row));
    return true;
}

int policy_rollback(const char *word, struct arena *a, const struct policy_words *w)
{
    const struct cli_need needs[] = { CLI_NEEDS_CONFIG(w->config), { "NUMBER (of a change)", w->n == 1 }, { 0 } };
    const struct change_by by = by_operator(w, cli_who(a), MAKER_undo);
    struct change_report report;
    struct settings set;
    struct fail f = { 0 };
    int64_t number;
    int status;

    if (!cli_needs(word, needs))
        return CLI_USAGE;
    if (!args_number(w->rest[0], 1, INT64_MAX, &number))
        return cli_complain(CLI_USAGE, word, "\"%s\" is no number of a change; `digione registry log` lists them",
                            w->rest[0]);
    struct db *d = open_node(word, a, w, &set, &status);
    if (d == NULL)
        return status;
    bool good = touched_policies_alone(d, a, number, &f) && change_undo(d, a, number, &by, w->dry_run, &report, &f);
    if (good)
        print_report(&report, w->dry_run);
    status = !good ? refused(word, &f) : w->dry_run ? CLI_OK : cli_told(word, &set, d, report.version);
    db_close(d);
    return status;
}
