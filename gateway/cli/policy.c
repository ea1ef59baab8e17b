/* SPDX-License-Identifier: EUPL-1.2
 * digione policy WORD: the policies of a registry, live or in a file: check, test, explain, diff, export. */
#include "gateway/cli/policy.h"

#include "gateway/cli/args.h"
#include "gateway/cli/cli.h"
#include "policy/form.h"
#include "policy/reasons.h"
#include "policy/text_check.h"
#include "policy/words.h"
#include "registry/registry.h"
#include "registry/versions.h"
#include "wire/json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* ---- Where the registry comes from. */

static bool keep_picture(struct arena *a, struct str png, struct str *out, struct fail *f)
{
    (void)a;
    (void)f;
    *out = png; /* nobody looks at it here */
    return true;
}

static bool hold(void *with, const struct registry *r, struct fail *f)
{
    *(struct registry **)with = registry_hold((struct registry *)(uintptr_t)r);
    return true;
}

static const char *folder_of(struct arena *a, const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? "." : slash == path ? "/" : arena_cstr(a, str_n(path, (size_t)(slash - path)));
}

/* The registry that a file would make, without a node. */
static struct registry *from_file(struct arena *a, const char *path, struct fail *f)
{
    struct registry *r = NULL;
    struct settings set;
    struct import_report report;
    struct str text;
    char secret[32];

    settings_defaults(&set);
    set.state_dir = S("/nonexistent"); /* a copy of nothing, in memory */
    world_random(&world_real, secret, sizeof secret);
    struct import_how how = { .world = &world_real,
                              .seals = seals_of(a, str_n(secret, sizeof secret)),
                              .base_dir = folder_of(a, path),
                              .logo = keep_picture,
                              .dry_run = true,
                              .look = hold,
                              .with = &r };
    struct db *d = yaml_file_text(a, path, &text, f) ? registry_db_open(&set, DB_COPY, f) : NULL;
    bool good = d != NULL && registry_import(d, a, text, path, &how, &report, f);
    db_close(d);
    if (!good) {
        registry_drop(r);
        r = NULL;
    }
    return r;
}

static struct registry *from_node(const char *word, struct arena *a, const char *config, struct fail *f)
{
    struct settings set;

    if (!cli_settings(word, config, a, &set))
        return NULL;
    struct db *d = registry_db_open(&set, DB_COPY, f);
    struct registry *r = d != NULL ? registry_load(d, f) : NULL;
    db_close(d);
    return r;
}

/* Held by the arena.  Complains and gives NULL. */
static const struct registry *registry_of(const char *word, struct arena *a, const char *config, const char *file)
{
    struct fail f = { 0 };
    struct registry *r = config != NULL ? from_node(word, a, config, &f) : from_file(a, file, &f);

    if (r != NULL)
        arena_adopt(a, r, (void (*)(void *))registry_drop);
    else if (f.kind != FAIL_NONE)
        (void)cli_complain(CLI_REFUSED, word, "%s", f.detail);
    return r;
}

static bool has_registry(const char *word, const struct policy_words *w)
{
    const struct cli_need needs[] = { { "-c FILE or --registry FILE", (w->config != NULL) != (w->registry != NULL) },
                                      { 0 } };

    return cli_needs(word, needs);
}

static bool read_lang(const char *word, const struct policy_words *w, enum lang *out)
{
    *out = LANG_EN;
    return w->lang == NULL || lang_of_tag(str_of(w->lang), out) ||
           cli_complain(false, word, "--lang: expected fi, sv or en, got \"%s\"", w->lang);
}

static void print(struct str text)
{
    (void)fwrite(text.p, 1, text.n, stdout);
}

/* ---- check */

static bool check_one(struct arena *a, const struct text_checker *c, const struct policy *row, struct str name)
{
    const struct cedar_source source = { name, row->text };
    struct cedar_diags d = cedar_diags_new(a, &source);
    bool good = policy_text_check(c, row, &d);

    for (size_t i = 0; i < d.n; i++) {
        struct str text = cedar_diag_text(a, &d.items[i]);
        (void)fprintf(stderr, "%.*s", STR_ARG(text));
    }
    return good;
}

/* "oulu", "oulu/99101"; none: the nation's. */
bool policy_owner(const char *word, const struct registry *r, const char *owner, struct policy *out)
{
    struct str uid = str_of(owner);
    bool school = str_find_byte(uid, '/', 0) < uid.n;

    *out = (struct policy){ .layer = uid.p == NULL ? LAYER_NATION : school ? LAYER_SCHOOL : LAYER_MUNICIPALITY };
    if (uid.p == NULL)
        return true;
    out->school = school ? school_of_uid(r, uid, &out->provider) : NULL;
    out->provider = school ? out->provider : registry_provider(r, uid);
    return (out->provider != NULL && (!school || out->school != NULL)) ||
           cli_complain(false, word, "--owner: \"%s\" is no provider and no school of the registry", owner);
}

static int check_files(const char *word, struct arena *a, const struct registry *r, const struct policy_words *w)
{
    const struct text_checker *c = text_checker_new(a, r);
    struct policy row;
    int status = CLI_OK;

    if (!policy_owner(word, r, w->owner, &row))
        return CLI_USAGE;
    for (size_t i = 0; i < w->n; i++) {
        if (!args_file(a, w->rest[i], POLICY_TEXT_MAX_B + 1, &row.text))
            return cli_complain(CLI_BROKEN, word, "%s: %s", w->rest[i], strerror(errno));
        if (check_one(a, c, &row, str_of(w->rest[i])))
            (void)printf("%s: in order\n", w->rest[i]);
        else
            status = CLI_REFUSED;
    }
    return status;
}

static int run_check(const char *word, struct arena *a, const struct policy_words *w)
{
    const struct registry *r = has_registry(word, w) ? registry_of(word, a, w->config, w->registry) : NULL;
    size_t n, bad = 0;

    if (r == NULL)
        return (w->config != NULL) != (w->registry != NULL) ? CLI_REFUSED : CLI_USAGE;
    if (w->n > 0)
        return check_files(word, a, r, w);
    const struct policy *const *all = registry_policies(r, &n);
    const struct text_checker *c = text_checker_new(a, r);
    for (size_t i = 0; i < n; i++)
        bad += !check_one(a, c, all[i], all[i]->id);
    (void)printf("%zu %s, %zu not in order\n", n, n == 1 ? "policy" : "policies", bad);
    return bad == 0 ? CLI_OK : CLI_REFUSED;
}

/* ---- test */

static int run_test(const char *word, struct arena *a, const struct policy_words *w)
{
    if (!has_registry(word, w) || !cli_needs(word, (const struct cli_need[]){ { "TESTS.yaml", w->n > 0 }, { 0 } }))
        return CLI_USAGE;
    const struct registry *r = registry_of(word, a, w->config, w->registry);
    return r != NULL ? policy_test_files(a, r, w->rest, w->n) : CLI_REFUSED;
}

/* ---- explain */

/* none, or the services that stay open in it: "pihka,kanerva", "" */
static void put_exam(struct yaml_out *o, const char *exam)
{
    struct str rest = str_of(exam), one;

    if (exam == NULL)
        return;
    if (str_eq(rest, S("none"))) {
        yaml_out_text(o, "exam", rest);
        return;
    }
    yaml_out_list(o, "exam");
    while (str_split(&rest, ',', &one))
        if (str_is_set(str_trim(one)))
            yaml_out_text(o, NULL, str_trim(one));
    yaml_out_end(o);
}

/* The options as the map that a test case is: "who: {provider=oulu,role=teacher}" with colons. */
static bool read_asked(struct arena *a, const struct registry *r, const struct policy_words *w, struct asked *out,
                       struct fail *f)
{
    struct yaml_out *o = yaml_out_new(a);
    struct str who = str_of(w->who), pair;

    yaml_out_map(o, "who");
    while (str_split(&who, ',', &pair)) {
        size_t at = str_find_byte(pair, '=', 0);
        if (at == pair.n)
            return fail(f, FAIL_CALLER, "usage", "--who: expected NAME=VALUE,… and got \"%.*s\"", STR_ARG(pair));
        yaml_out_text(o, arena_cstr(a, str_trim(str_sub(pair, 0, at))), str_from(pair, at + 1));
    }
    yaml_out_end(o);
    yaml_out_text(o, "service", str_of(w->service));
    if (w->at != NULL)
        yaml_out_text(o, "at", str_of(w->at));
    if (w->device != NULL)
        yaml_out_text(o, "device", str_of(w->device));
    if (w->term != NULL)
        yaml_out_text(o, "term", str_of(w->term));
    if (w->network != NULL)
        yaml_out_text(o, "network", str_of(w->network));
    if (w->from != NULL)
        yaml_out_text(o, "from", str_of(w->from));
    put_exam(o, w->exam);
    struct yaml *map = yaml_read(a, yaml_out_str(o), "options", f);
    return map != NULL && asked_read(a, r, map, out, f);
}

static const struct policy *policy_named(const struct registry *r, struct str id)
{
    size_t n;
    const struct policy *const *all = registry_policies(r, &n);

    for (size_t i = 0; i < n; i++)
        if (str_eq(all[i]->id, id))
            return all[i];
    return NULL;
}

static void print_words(struct arena *a, const struct registry *r, struct str text, enum lang lang, const char *before)
{
    struct strs said = policy_text_words(a, r, text, lang);

    for (size_t i = 0; i < said.n; i++)
        (void)printf("%s%.*s\n", before, STR_ARG(said.at[i]));
}

static const char *verdict_words(enum verdict verdict)
{
    static const char *const words_of[VERDICT_COUNT] = {
        [VERDICT_NONE] = "",
        [VERDICT_SETTLED] = "settled it",
        [VERDICT_APPLIED] = "applies, another settled it",
        [VERDICT_SILENT] = "does not apply",
        [VERDICT_NOT_NOW] = "is not in force",
        [VERDICT_FAILED] = "cannot be evaluated",
        [VERDICT_NOT_LEFT] = "is a school's, to which the service is not left",
    };

    return words_of[verdict];
}

static void print_wish(const struct wish *w)
{
    (void)printf("  %.*s would permit it, if\n", STR_ARG(w->row->id));
    for (size_t i = 0; i < w->n; i++) {
        const struct wish_part *p = &w->parts[i];
        (void)printf("    %.*s", STR_ARG(p->text));
        if (str_is_set(p->actual))
            (void)printf("   (it is %.*s)", STR_ARG(p->actual));
        (void)putchar('\n');
    }
}

static void explain_at(struct arena *a, const struct registry *r, const struct reasons_at *at, enum lang lang)
{
    const struct school *s = provider_school(at->provider, at->at->school_oid);
    struct str school = s != NULL ? names_in(&s->names, lang) : S(""), provider = names_in(&at->provider->names, lang);

    (void)printf("as %s at %.*s%s%.*s: %s\n", role_name(at->at->role), STR_ARG(provider), s != NULL ? ", " : "",
                 STR_ARG(school),
                 at->outside     ? "not taken into use: no decision of the municipality that is in force covers them"
                 : at->forbidden ? "forbidden"
                 : at->permitted ? "permitted"
                                 : "not permitted");
    for (size_t i = 0; i < at->n_said; i++) {
        (void)printf("  %.*s %s\n", STR_ARG(at->said[i].row->id), verdict_words(at->said[i].verdict));
        print_words(a, r, at->said[i].text, lang, "    ");
    }
    for (size_t i = 0; i < at->n_wishes; i++)
        print_wish(&at->wishes[i]);
}

static void explain(struct arena *a, const struct registry *r, const struct asked *q, enum lang lang)
{
    struct reasons why = policy_reasons(a, r, &q->person, q->service, &q->now);
    const struct decision *d = &why.decision;

    (void)printf("%s by %.*s\n", d->effect == EFFECT_ALLOW ? "allowed" : "denied", STR_ARG(d->rule));
    if (str_is_set(d->failed))
        (void)printf("%.*s forbids and could not be evaluated\n", STR_ARG(d->failed));
    for (size_t i = 0; i < why.n; i++)
        explain_at(a, r, &why.at[i], lang);
    for (int i = 0; i < CLAIM_COUNT; i++)
        if (claim_in(d->release, (enum claim)i))
            (void)printf("told: %s\n", claim_rows[i].word);
}

static int run_explain(const char *word, struct arena *a, const struct policy_words *w)
{
    const struct cli_need needs[] = { { "--who NAME=VALUE,…", w->who != NULL },
                                      { "--service ID", w->service != NULL },
                                      { 0 } };
    struct fail f = { 0 };
    struct asked q;
    enum lang lang;

    if (!has_registry(word, w) || !cli_needs(word, needs) || !read_lang(word, w, &lang))
        return CLI_USAGE;
    const struct registry *r = registry_of(word, a, w->config, w->registry);
    if (r == NULL)
        return CLI_REFUSED;
    if (!read_asked(a, r, w, &q, &f))
        return cli_complain(CLI_USAGE, word, "%s", f.detail);
    explain(a, r, &q, lang);
    return CLI_OK;
}

/* ---- diff */

static void print_lines(const char *sign, struct str text)
{
    struct str line;

    while (str_split(&text, '\n', &line))
        if (text.n > 0 || line.n > 0)
            (void)printf("%s%.*s\n", sign, STR_ARG(line));
}

/* What both begin with, and end with, in whole lines, is left out. */
static void leave_out_common(struct str *x, struct str *y)
{
    size_t same = 0, begin = 0, end = 0;

    for (; same < x->n && same < y->n && x->p[same] == y->p[same]; same++)
        begin = x->p[same] == '\n' ? same + 1 : begin;
    *x = str_from(*x, begin);
    *y = str_from(*y, begin);
    for (same = 0; same < x->n && same < y->n && x->p[x->n - 1 - same] == y->p[y->n - 1 - same]; same++)
        end = x->p[x->n - 1 - same] == '\n' ? same : end;
    x->n -= end;
    y->n -= end;
}

static void print_policy(struct arena *a, const struct registry *r, const struct policy *p, struct str text,
                         enum lang lang, char sign)
{
    const char said[] = { sign, ' ', ' ', '\0' }, line[] = { sign, ' ', ' ', ' ', ' ', '\0' };

    print_words(a, r, p->text, lang, said);
    print_lines(line, text);
}

static bool same_policy(const struct policy *x, const struct policy *y)
{
    return str_eq(x->text, y->text) && x->enabled == y->enabled && x->from_s == y->from_s && x->to_s == y->to_s &&
           x->layer == y->layer;
}

static bool print_difference(struct arena *a, const struct registry *was, const struct registry *is, enum lang lang)
{
    size_t n, m;
    const struct policy *const *old = registry_policies(was, &n), *const *new = registry_policies(is, &m);
    bool differs = false;

    for (size_t i = 0; i < n; i++) {
        const struct policy *now = policy_named(is, old[i]->id);
        if (now != NULL && same_policy(old[i], now))
            continue;
        differs = true;
        (void)printf("%c %.*s%s\n", now == NULL ? '-' : '~', STR_ARG(old[i]->id),
                     now != NULL && now->enabled != old[i]->enabled ? now->enabled ? " (now on)" : " (now off)" : "");
        struct str before = old[i]->text, after = now != NULL ? now->text : S("");
        leave_out_common(&before, &after);
        if (now == NULL || !str_eq(now->text, old[i]->text))
            print_policy(a, was, old[i], before, lang, '-');
        if (now != NULL && !str_eq(now->text, old[i]->text))
            print_policy(a, is, now, after, lang, '+');
    }
    for (size_t i = 0; i < m; i++)
        if (policy_named(was, new[i]->id) == NULL) {
            differs = true;
            (void)printf("+ %.*s\n", STR_ARG(new[i]->id));
            print_policy(a, is, new[i], new[i]->text, lang, '+');
        }
    return differs;
}

/* The old and the new one: of a node and a file, or of two files.  The exit status. */
static int two_registries(const char *word, struct arena *a, const struct policy_words *w, const struct registry **was,
                          const struct registry **is)
{
    size_t files = w->config != NULL ? 1 : 2;
    const struct cli_need needs[] = { { "two registry files, or one and -c FILE", w->n == files }, { 0 } };

    if (!cli_needs(word, needs))
        return CLI_USAGE;
    *was = registry_of(word, a, w->config, w->rest[0]);
    *is = *was != NULL ? registry_of(word, a, NULL, w->rest[w->n - 1]) : NULL;
    return *is != NULL ? CLI_OK : CLI_BROKEN;
}

/* ---- versions of the history */

enum { DIFFERENCES_MAX = 10000 };

static bool is_policy_row(const struct change_row_shown *row)
{
    return str_has_prefix(row->row, S("policy ")) || str_has_prefix(row->row, S("rule "));
}

static struct str text_of(struct arena *a, struct str shown)
{
    struct fail f = { 0 };

    return str_is_set(shown) ? json_get_str(json_parse(a, shown, &f), S("text")) : (struct str){ NULL, 0 };
}

static void print_row(struct arena *a, const struct registry *r, const struct change_row_shown *row, enum lang lang)
{
    struct str was = text_of(a, row->before), is = text_of(a, row->after), before = was, after = is;

    (void)printf("%c %.*s\n", row->sign, STR_ARG(str_from(row->row, str_find_byte(row->row, ' ', 0) + 1)));
    if (!str_is_set(was) && !str_is_set(is)) { /* switched on or off, other dates, another name */
        print_lines("-    ", row->before);
        print_lines("+    ", row->after);
        return;
    }
    leave_out_common(&before, &after);
    if (str_is_set(was)) {
        print_words(a, r, was, lang, "-  ");
        print_lines("-    ", before);
    }
    if (str_is_set(is)) {
        print_words(a, r, is, lang, "+  ");
        print_lines("+    ", after);
    }
}

static int diff_versions(const char *word, struct arena *a, const struct policy_words *w, enum lang lang)
{
    const struct cli_need needs[] = { CLI_NEEDS_CONFIG(w->config),
                                      { "--since NUMBER, and no file", w->since != NULL && w->n == 0 },
                                      { 0 } };
    struct versions_pair pair = { .to = INT64_MAX };
    struct change_rows_shown rows;
    struct settings set;
    struct fail f = { 0 };
    bool differs = false;

    if (!cli_needs(word, needs))
        return CLI_USAGE;
    if (!args_number(w->since, 1, INT64_MAX, &pair.from) ||
        (w->until != NULL && !args_number(w->until, 1, INT64_MAX, &pair.to)))
        return cli_complain(CLI_USAGE, word, "expected numbers of versions; `digione registry log` lists them");
    struct registry *r = from_node(word, a, w->config, &f);
    struct db *d = r != NULL && cli_settings(word, w->config, a, &set) ? registry_db_open(&set, DB_COPY, &f) : NULL;
    bool good = d != NULL && versions_compare(d, a, &area_nation, &pair, DIFFERENCES_MAX, &rows, &f);
    db_close(d);
    if (r != NULL)
        arena_adopt(a, r, (void (*)(void *))registry_drop);
    if (!good)
        return f.kind != FAIL_NONE ? cli_complain(CLI_BROKEN, word, "%s", f.detail) : CLI_REFUSED;
    for (size_t i = 0; i < rows.n; i++)
        if (is_policy_row(&rows.at[i])) {
            print_row(a, r, &rows.at[i], lang);
            differs = true;
        }
    return differs ? CLI_REFUSED : CLI_OK;
}

static int run_diff(const char *word, struct arena *a, const struct policy_words *w)
{
    const struct registry *was, *is;
    enum lang lang;

    if (w->since != NULL || w->until != NULL)
        return read_lang(word, w, &lang) ? diff_versions(word, a, w, lang) : (int)CLI_USAGE;
    int status = read_lang(word, w, &lang) ? two_registries(word, a, w, &was, &is) : CLI_USAGE;

    return status != CLI_OK ? status : print_difference(a, was, is, lang) ? CLI_REFUSED : CLI_OK;
}

static int run_impact(const char *word, struct arena *a, const struct policy_words *w)
{
    const struct registry *was, *is;
    int status = two_registries(word, a, w, &was, &is);

    return status == CLI_OK ? policy_print_impact(a, was, is) : status;
}

/* ---- export */

static int write_one(const char *word, struct arena *a, const char *folder, struct str id, struct str text)
{
    const char *path = arena_cstr(a, arena_printf(a, "%s/%.*s.cedar", folder, STR_ARG(id)));
    FILE *f = fopen(path, "wb");
    bool ok = f != NULL && fwrite(text.p, 1, text.n, f) == text.n;

    ok = (f == NULL || fclose(f) == 0) && ok;
    return ok ? CLI_OK : cli_complain(CLI_BROKEN, word, "%s: %s", path, strerror(errno));
}

static int export_one(const char *word, struct arena *a, const struct policy_words *w, struct str id, struct str text)
{
    if (w->to != NULL)
        return write_one(word, a, w->to, id, text);
    (void)printf("// %.*s\n", STR_ARG(id));
    print(text);
    (void)puts(str_has_suffix(text, S("\n")) ? "" : "\n");
    return CLI_OK;
}

static int run_export(const char *word, struct arena *a, const struct policy_words *w)
{
    const struct registry *r = has_registry(word, w) ? registry_of(word, a, w->config, w->registry) : NULL;
    size_t n;
    int status = CLI_OK;

    if (r == NULL)
        return (w->config != NULL) != (w->registry != NULL) ? CLI_REFUSED : CLI_USAGE;
    if (w->to != NULL && mkdir(w->to, 0777) != 0 && errno != EEXIST)
        return cli_complain(CLI_BROKEN, word, "%s: %s", w->to, strerror(errno));
    const struct policy *const *all = registry_policies(r, &n);
    for (size_t i = 0; i < n && status == CLI_OK; i++)
        status = export_one(word, a, w, all[i]->id, all[i]->text);
    return status;
}

/* ---- All of them. */

static const struct {
    const char *word;
    int (*run)(const char *word, struct arena *a, const struct policy_words *w);
} words[] = { { "check", run_check },          { "test", run_test },
              { "explain", run_explain },      { "diff", run_diff },
              { "impact", run_impact },        { "publish", policy_publish },
              { "rollback", policy_rollback }, { "export", run_export } };

static int help(void)
{
    (void)puts(
        "usage: digione policy check (-c FILE | --registry REGISTRY.yaml) [POLICY.cedar… [--owner OWNER]]\n"
        "       digione policy test (-c FILE | --registry REGISTRY.yaml) TESTS.yaml…\n"
        "       digione policy explain (-c FILE | --registry REGISTRY.yaml) --who NAME=VALUE,… --service ID\n"
        "                              [--at TIME] [--device own|shared] [--lang fi|sv|en]\n"
        "                              [--term school_day|day_off|holiday|unknown] [--network ID|none]\n"
        "                              [--from ADDRESS] [--exam none|SERVICE,…]\n"
        "       digione policy diff (-c FILE | OLD.yaml) NEW.yaml [--lang fi|sv|en]\n"
        "       digione policy diff -c FILE --since NUMBER [--until NUMBER] [--lang fi|sv|en]\n"
        "       digione policy impact (-c FILE | OLD.yaml) NEW.yaml\n"
        "       digione policy export (-c FILE | --registry REGISTRY.yaml) [--to FOLDER]\n"
        "       digione policy publish -c FILE --id ID [--owner OWNER] [--why TEXT] [--dry-run] POLICY.cedar\n"
        "       digione policy publish -c FILE --draft NUMBER [--why TEXT] [--dry-run]\n"
        "       digione policy rollback -c FILE [--why TEXT] [--dry-run] NUMBER\n\n"
        "check     every mistake in the registry's policies, or in files of Cedar, with its place: what is no\n"
        "          Cedar, what the schema does not know, what does not exist, whose people it may speak of\n"
        "test      asks what the cases ask and compares (docs/policy.md has the format)\n"
        "explain   who is made up of provider, role, school, level, group and age: allowed or denied, what each\n"
        "          policy said, what would have to be different, and what is told\n"
        "diff      what differs between two sets of policies, in words and as text; or between two versions of\n"
        "          `digione registry log`, the second of which is the present one where it is not said\n"
        "impact    who would gain and who lose which service, over every kind of person that there can be\n"
        "export    the policies as Cedar, one after the other, or each in a file of its own\n"
        "publish   the policy ID has the text of the file from now on; a new one is OWNER's.  Or a draft that a\n"
        "          second person has approved in the console, unless what it alters was changed since\n"
        "rollback  undoes change NUMBER of `digione registry log`, if it touched policies alone\n\n"
        "Rows of rules: count as the policies that they are.\n\n"
        "  -c FILE          the registry of the node with these settings\n"
        "  --registry FILE  the registry that this file would make; nothing is changed anywhere\n"
        "  --owner OWNER    whose a text is: \"oulu\", a school \"oulu/99101\"; without it, the nation's\n"
        "  --why TEXT       the reason, for the history and the audit log\n"
        "  --dry-run        say what would change, and change nothing\n\n"
        "exit status: 0 in order, alike, passed, done; 1 not so; 2 usage; 3 the machine failed");
    return CLI_OK;
}

static int run(size_t at, int argc, char **argv)
{
    struct policy_words w = { 0 };
    const struct cli_option options[] = {
        { "-c", &w.config, NULL },       { "--config", &w.config, NULL },   { "--registry", &w.registry, NULL },
        { "--owner", &w.owner, NULL },   { "--lang", &w.lang, NULL },       { "--to", &w.to, NULL },
        { "--who", &w.who, NULL },       { "--service", &w.service, NULL }, { "--at", &w.at, NULL },
        { "--device", &w.device, NULL }, { "--term", &w.term, NULL },       { "--network", &w.network, NULL },
        { "--from", &w.from, NULL },     { "--exam", &w.exam, NULL },       { "--id", &w.id, NULL },
        { "--draft", &w.draft, NULL },   { "--since", &w.since, NULL },     { "--until", &w.until, NULL },
        { "--why", &w.why, NULL },       { "--dry-run", NULL, &w.dry_run }, { NULL, NULL, NULL },
    };
    struct arena *a = arena_new_secret();
    int status = CLI_USAGE;

    argv[0] = arena_cstr(a, arena_printf(a, "policy %s", argv[0]));
    w.rest = arena_make_n(a, (size_t)argc + 1, const char *);
    if (cli_options(argc, argv, options, w.rest, (size_t)argc, &w.n))
        status = words[at].run(argv[0], a, &w);
    arena_free(a);
    return status;
}

int cli_policy(int argc, char **argv)
{
    enum { WORDS = sizeof words / sizeof *words };
    const char *known[WORDS + 1] = { 0 };

    for (size_t i = 0; i < WORDS; i++)
        known[i] = words[i].word;
    if (cli_wants_help(argc, argv))
        return help();
    for (size_t i = 0; argc > 1 && i < WORDS; i++)
        if (strcmp(argv[1], words[i].word) == 0)
            return run(i, argc - 1, argv + 1);
    return cli_unknown("policy", "word", argc > 1 ? argv[1] : NULL, known);
}
