/* SPDX-License-Identifier: EUPL-1.2
 * digione cedar WORD: Cedar policies from the command line: check, authorize,
 * why, format, and test (the public integration-test format). */
#include "gateway/cli/cedar.h"

#include "gateway/cli/cli.h"
#include "policy/cedar/engine.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

bool cedar_file(struct arena *a, const char *path, struct cedar_source *out)
{
    struct buf b = buf_new(a, CEDAR_TEXT_MAX_B + 1);
    char piece[65536];
    size_t n;
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    bool ok = f != NULL;

    while (ok && (n = fread(piece, 1, sizeof piece, f)) > 0)
        buf_add(&b, str_n(piece, n));
    ok = ok && ferror(f) == 0;
    if (!ok)
        (void)cli_complain(CLI_BROKEN, "cedar", "%s: %s", path, strerror(errno));
    if (f != NULL && f != stdin)
        (void)fclose(f);
    *out = (struct cedar_source){ str_of(strcmp(path, "-") == 0 ? "standard input" : path), buf_str(&b) };
    return ok;
}

void cedar_print(FILE *to, struct str text)
{
    (void)fwrite(text.p, 1, text.n, to);
}

bool cedar_is_json(struct str text)
{
    text = str_trim(text);
    return text.n > 0 && (text.p[0] == '{' || text.p[0] == '[');
}

/* Everything that a command reads; what is not named stays NULL. */
struct inputs {
    struct arena *a;
    const struct cedar_schema *schema;
    const struct cedar_policies *policies;
    const struct cedar_entities *entities;
};

/* Prints what was found; CLI_REFUSED when that is an error. */
static int report(struct arena *a, const struct cedar_diags *d)
{
    cedar_print(stderr, cedar_diags_text(a, d));
    return d->errors > 0 ? CLI_REFUSED : CLI_OK;
}

static int read_schema(struct inputs *in, const char *path)
{
    struct cedar_source source;

    if (path == NULL)
        return CLI_OK;
    if (!cedar_file(in->a, path, &source))
        return CLI_BROKEN;
    struct cedar_diags d = cedar_diags_new(in->a, &source);
    in->schema = cedar_is_json(source.text) ? cedar_schema_parse_json(in->a, &d) : cedar_schema_parse_text(in->a, &d);
    return report(in->a, &d);
}

static int read_policies(struct inputs *in, const char *path, enum cedar_ids ids)
{
    struct cedar_source source;

    if (!cedar_file(in->a, path, &source))
        return CLI_BROKEN;
    struct cedar_diags d = cedar_diags_new(in->a, &source);
    in->policies =
        cedar_is_json(source.text) ? cedar_policies_from_json(in->a, &d) : cedar_policies_parse(in->a, &d, ids);
    return report(in->a, &d);
}

static int read_entities(struct inputs *in, const char *path)
{
    struct cedar_source source;

    if (!cedar_file(in->a, path, &source))
        return CLI_BROKEN;
    struct cedar_diags d = cedar_diags_new(in->a, &source);
    in->entities = cedar_entities_parse(in->a, &d, in->schema);
    return report(in->a, &d);
}

static int worst(int a, int b)
{
    return a > b ? a : b;
}

/* "1 policy", "2 policies". */
static struct str count_of(struct arena *a, size_t n, const char *one, const char *many)
{
    return arena_printf(a, "%zu %s", n, n == 1 ? one : many);
}

static void print_in_order(struct arena *a, const char *file, const struct inputs *in)
{
    size_t n = cedar_templates_n(in->policies);
    struct str policies = count_of(a, cedar_policies_n(in->policies), "policy", "policies"),
               templates = count_of(a, n, "template", "templates");

    (void)printf("%s: in order: %.*s%s%.*s%s\n", file, STR_ARG(policies), n > 0 ? ", " : "",
                 n > 0 ? (int)templates.n : 0, templates.p, in->schema != NULL ? ", valid for the schema" : "");
}

static int run_check(struct arena *a, int argc, char **argv)
{
    const char **files = arena_make_n(a, (size_t)argc + 1, const char *), *schema = NULL;
    size_t n;
    const struct cli_option options[] = { { "--schema", &schema, NULL }, { 0 } };
    struct inputs in = { .a = a };
    int status;

    if (!cli_options(argc, argv, options, files, (size_t)argc, &n))
        return CLI_USAGE;
    if (n == 0 && schema == NULL)
        return cli_complain(CLI_USAGE, argv[0], "missing: a file of policies, or --schema SCHEMA");
    status = read_schema(&in, schema);
    if (n == 0 && status == CLI_OK)
        (void)printf("%s: in order\n", schema);
    for (size_t i = 0; i < n; i++) {
        int one = read_policies(&in, files[i], CEDAR_IDS_BY_ANNOTATION);
        struct cedar_diags d = cedar_diags_new(a, NULL);
        if (one == CLI_OK && in.schema != NULL) {
            (void)cedar_policies_validate(in.policies, in.schema, &d);
            one = report(a, &d);
        }
        if (one == CLI_OK)
            print_in_order(a, files[i], &in);
        status = worst(status, one);
    }
    return status;
}

/* The value of --ids; false after a complaint. */
static bool read_ids(const char *word, enum cedar_ids *out)
{
    *out = word != NULL && strcmp(word, "annotation") == 0 ? CEDAR_IDS_BY_ANNOTATION : CEDAR_IDS_BY_POSITION;
    if (word == NULL || strcmp(word, "position") == 0 || strcmp(word, "annotation") == 0)
        return true;
    return cli_complain(false, "cedar", "--ids: expected position or annotation, got \"%s\"", word);
}

/* What authorize and why ask about. */
struct question {
    struct inputs in;
    struct cedar_request request;
    bool closed;
    int64_t max;
};

static int read_question(struct arena *a, int argc, char **argv, bool with_max, struct question *q)
{
    const char *policies = NULL, *entities = NULL, *schema = NULL, *request = NULL, *ids = NULL, *max = NULL;
    size_t n;
    const struct cli_option options[] = {
        { "--policies", &policies, NULL },
        { "--entities", &entities, NULL },
        { "--schema", &schema, NULL },
        { "--request", &request, NULL },
        { "--ids", &ids, NULL },
        { "--closed", NULL, &q->closed },
        { with_max ? "--max" : NULL, &max, NULL },
        { 0 },
    };
    struct cedar_source source;
    enum cedar_ids named_by;
    int status;

    *q = (struct question){ .in = { .a = a }, .max = 5 };
    if (!cli_options(argc, argv, options, NULL, 0, &n))
        return CLI_USAGE;
    const struct cli_need needs[] = { { "--policies FILE", policies != NULL },
                                      { "--entities FILE", entities != NULL },
                                      { "--request FILE", request != NULL },
                                      { 0 } };
    if (!cli_needs(argv[0], needs))
        return CLI_USAGE;
    if (!read_ids(ids != NULL ? ids : "annotation", &named_by))
        return CLI_USAGE;
    if (max != NULL && (!str_int(str_of(max), &q->max) || q->max < 1 || q->max > 32))
        return cli_complain(CLI_USAGE, argv[0], "--max: expected 1 to 32, got \"%s\"", max);
    if ((status = read_schema(&q->in, schema)) != CLI_OK ||
        (status = read_policies(&q->in, policies, named_by)) != CLI_OK ||
        (status = read_entities(&q->in, entities)) != CLI_OK)
        return status;
    if (!cedar_file(a, request, &source))
        return CLI_BROKEN;
    struct cedar_diags d = cedar_diags_new(a, &source);
    return cedar_request_parse(a, &d, q->in.schema, &q->request) ? CLI_OK : worst(report(a, &d), CLI_REFUSED);
}

static int print_line(struct buf *out)
{
    buf_byte(out, '\n');
    cedar_print(stdout, buf_str(out));
    return CLI_OK;
}

static int run_authorize(struct arena *a, int argc, char **argv)
{
    struct question q;
    int status = read_question(a, argc, argv, false, &q);

    if (status != CLI_OK)
        return status;
    struct cedar_answer answer = q.closed ? cedar_authorize_closed(a, q.in.policies, q.in.entities, &q.request)
                                          : cedar_authorize(a, q.in.policies, q.in.entities, &q.request);
    struct buf out = buf_new(a, 64u << 20);
    cedar_answer_to_json(&out, &answer);
    return print_line(&out);
}

static int run_why(struct arena *a, int argc, char **argv)
{
    struct question q;
    int status = read_question(a, argc, argv, true, &q);

    if (status != CLI_OK)
        return status;
    struct buf out = buf_new(a, 64u << 20);
    cedar_why_to_json(&out, cedar_explain_answer(a, q.in.policies, q.in.entities, &q.request,
                                                 q.closed ? CEDAR_CLOSED : CEDAR_AS_DEFINED, (size_t)q.max));
    return print_line(&out);
}

static bool write_file(const char *path, struct str text)
{
    FILE *f = fopen(path, "wb");
    bool ok = f != NULL && fwrite(text.p, 1, text.n, f) == text.n;

    ok = (f == NULL || fclose(f) == 0) && ok;
    if (!ok)
        (void)cli_complain(CLI_BROKEN, "cedar", "%s: %s", path, strerror(errno));
    return ok;
}

static int format_one(struct arena *a, const char *path, bool check, bool write)
{
    struct cedar_source source;

    if (!cedar_file(a, path, &source))
        return CLI_BROKEN;
    struct cedar_diags d = cedar_diags_new(a, &source);
    struct str text = cedar_format(a, &d);
    if (text.p == NULL)
        return report(a, &d);
    bool same = str_eq(text, source.text);
    if (check) {
        (void)printf("%s: %s\n", path, same ? "in canonical layout" : "not in canonical layout");
        return same ? CLI_OK : CLI_REFUSED;
    }
    if (!write)
        cedar_print(stdout, text);
    return !write || same || write_file(path, text) ? CLI_OK : CLI_BROKEN;
}

static int run_format(struct arena *a, int argc, char **argv)
{
    const char **files = arena_make_n(a, (size_t)argc + 1, const char *);
    bool check = false, write = false;
    size_t n;
    const struct cli_option options[] = { { "--check", NULL, &check }, { "--write", NULL, &write }, { 0 } };
    int status = CLI_OK;

    if (!cli_options(argc, argv, options, files, (size_t)argc, &n))
        return CLI_USAGE;
    if (n == 0)
        files[n++] = "-";
    for (size_t i = 0; i < n; i++)
        status = worst(status, format_one(a, files[i], check, write));
    return status;
}

static int run_test(struct arena *a, int argc, char **argv)
{
    const char **files = arena_make_n(a, (size_t)argc + 1, const char *), *root = NULL, *ids = NULL;
    size_t n;
    const struct cli_option options[] = { { "--root", &root, NULL }, { "--ids", &ids, NULL }, { 0 } };
    enum cedar_ids named_by;

    if (!cli_options(argc, argv, options, files, (size_t)argc, &n))
        return CLI_USAGE;
    if (n == 0)
        return cli_complain(CLI_USAGE, argv[0], "missing: files of test cases");
    if (!read_ids(ids, &named_by))
        return CLI_USAGE;
    return cedar_test_files(files, n, root, named_by);
}

static const struct {
    const char *word;
    int (*run)(struct arena *a, int argc, char **argv);
} words[] = { { "check", run_check },
              { "authorize", run_authorize },
              { "why", run_why },
              { "format", run_format },
              { "test", run_test } };

static void print_help(FILE *to)
{
    (void)fputs(
        "Cedar policies: https://www.cedarpolicy.com\n\n"
        "usage: digione cedar check [POLICIES…] [--schema SCHEMA]\n"
        "       digione cedar authorize --policies P --entities E [--schema S] --request R\n"
        "                               [--ids position|annotation] [--closed]\n"
        "       digione cedar why       (the same) [--max N]\n"
        "       digione cedar format [FILE…] [--check | --write]\n"
        "       digione cedar test FILE.json… [--root FOLDER] [--ids position|annotation]\n\n"
        "check      every mistake in policies or a schema, with its place; with both, what can never work\n"
        "authorize  answers one request as JSON: decision, determining policies, errors; --closed: a forbid\n"
        "           that cannot be evaluated denies\n"
        "why        what would have to be different for the other answer, as JSON: at most N alternatives (5), the\n"
        "           nearest first, each with the conditions that are not met\n"
        "format     policies in canonical layout; comments stay\n"
        "test       runs cases in the format of the public Cedar integration tests\n"
        "--ids      what policies are called: policy0, policy1, … (test), or as @id says (authorize)\n\n"
        "Policies and schemas are read as text or, when they begin with `{`, as JSON; `-` is standard input.\n"
        "Exit status: 0 in order, 1 not in order, 2 not understood, 3 a file cannot be read.\n",
        to);
}

/* Complaints about options name both words. */
static int run_word(struct arena *a, size_t word, int argc, char **argv)
{
    argv[0] = arena_cstr(a, arena_printf(a, "cedar %s", argv[0]));
    return words[word].run(a, argc, argv);
}

int cli_cedar(int argc, char **argv)
{
    struct arena *a;
    int status = -1;

    const char *known[] = { words[0].word, words[1].word, words[2].word, words[3].word, words[4].word, NULL };
    _Static_assert(sizeof known / sizeof *known == sizeof words / sizeof *words + 1, "all words are known");

    if (cli_wants_help(argc, argv)) {
        print_help(stdout);
        return CLI_OK;
    }
    if (argc < 2)
        return cli_unknown("cedar", "word", NULL, known);
    a = arena_new();
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(argv[1], words[i].word) == 0)
            status = run_word(a, i, argc - 1, argv + 1);
    arena_free(a);
    return status >= 0 ? status : cli_unknown("cedar", "word", argv[1], known);
}
