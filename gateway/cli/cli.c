/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/cli/cli.h"

#include "base/near.h"
#include "gateway/process/supervisor.h"
#include "gateway/saml/categories.h"
#include "wire/algorithms.h"
#include "wire/yaml.h"

#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* "--name", or "--name=value" when it takes one. */
static const struct cli_option *find(const struct cli_option *table, struct str word)
{
    size_t end = str_has_prefix(word, S("--")) ? str_find_byte(word, '=', 0) : word.n;

    for (; table->name != NULL; table++)
        if (str_eq(str_of(table->name), table->value != NULL ? str_sub(word, 0, end) : word))
            return table;
    return NULL;
}

/* Takes one option with its value; gives how many arguments that were, 0: refused. */
static int take(int left, char **argv, const struct cli_option *o, struct fail *f)
{
    bool twice = (o->value != NULL && *o->value != NULL) || (o->value == NULL && o->seen != NULL && *o->seen);

    if (twice)
        return fail(f, FAIL_CALLER, "usage", "%s is given twice", o->name);
    if (o->seen != NULL)
        *o->seen = true;
    if (o->value == NULL)
        return 1;
    if (argv[0][strlen(o->name)] == '=') {
        *o->value = argv[0] + strlen(o->name) + 1;
        return 1;
    }
    if (left < 2)
        return fail(f, FAIL_CALLER, "usage", "%s needs a value", o->name);
    *o->value = argv[1];
    return 2;
}

enum { OPTIONS_MAX = 32 };

static bool unknown_option(const struct cli_option *table, const char *word, struct fail *f)
{
    const char *known[OPTIONS_MAX + 2];
    struct str name = str_of(word);
    size_t n = 0;

    for (; table->name != NULL && n < OPTIONS_MAX; table++)
        known[n++] = table->name;
    known[n++] = "--help";
    known[n] = NULL;
    struct arena *a = arena_new();
    (void)fail_long(f, FAIL_CALLER, "usage", "unknown option %s%.*s", word,
                    STR_ARG(near_help(a, str_sub(name, 0, str_find_byte(name, '=', 0)), known)));
    arena_free(a);
    return false;
}

bool cli_options_read(int argc, char **argv, const struct cli_option *table, const char **rest, size_t rest_max,
                      size_t *rest_count, struct fail *f)
{
    bool only_words = false;

    *rest_count = 0;
    for (int i = 1, taken; i < argc; i += taken) {
        struct str word = str_of(argv[i]);
        const struct cli_option *o = only_words ? NULL : find(table, word);
        taken = 1;
        if (o != NULL) {
            if ((taken = take(argc - i, argv + i, o, f)) == 0)
                return false;
        } else if (!only_words && str_eq(word, S("--"))) {
            only_words = true;
        } else if (!only_words && word.n > 1 && word.p[0] == '-') {
            return unknown_option(table, argv[i], f);
        } else if (*rest_count == rest_max) {
            return fail(f, FAIL_CALLER, "usage", "\"%s\" is one word too many", argv[i]);
        } else {
            rest[(*rest_count)++] = argv[i];
        }
    }
    return true;
}

bool cli_options(int argc, char **argv, const struct cli_option *table, const char **rest, size_t rest_max,
                 size_t *rest_count)
{
    struct fail f = { 0 };

    return cli_options_read(argc, argv, table, rest, rest_max, rest_count, &f) ||
           cli_complain(false, argv[0], "%s", f.detail);
}

bool cli_needs_read(const struct cli_need *needs, struct fail *f)
{
    struct arena *a = arena_new();
    struct buf missing = buf_new(a, FAIL_DETAIL_B);

    for (; needs->name != NULL; needs++)
        if (!needs->given)
            buf_printf(&missing, "%s%s", missing.n > 0 ? ", " : "", needs->name);
    bool complete = missing.n == 0 || fail(f, FAIL_CALLER, "usage", "missing: %.*s", STR_ARG(buf_str(&missing)));
    arena_free(a);
    return complete;
}

bool cli_needs(const char *word, const struct cli_need *needs)
{
    struct fail f = { 0 };

    return cli_needs_read(needs, &f) || cli_complain(false, word, "%s", f.detail);
}

int cli_unknown(const char *word, const char *kind, const char *given, const char *const *known)
{
    struct arena *a = arena_new();
    struct str help = near_help(a, str_of(given != NULL ? given : ""), known);

    if (given != NULL)
        (void)cli_complain(0, word, "there is no %s \"%s\"%.*s", kind, given, STR_ARG(help));
    else
        (void)cli_complain(0, word, "missing: a %s%.*s", kind, STR_ARG(help));
    arena_free(a);
    return CLI_USAGE;
}

bool cli_wants_help(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (str_eq(str_of(argv[i]), S("--help")) || str_eq(str_of(argv[i]), S("-h")))
            return true;
    return false;
}

int cli_complain(int status, const char *word, const char *fmt, ...)
{
    va_list ap;

    (void)fprintf(stderr, "digione %s: ", word);
    va_start(ap, fmt);
    (void)vfprintf(stderr, fmt, ap);
    va_end(ap);
    (void)fputc('\n', stderr);
    return status;
}

bool cli_settings(const char *word, const char *path, struct arena *a, struct settings *set)
{
    struct fail f = { 0 };

    return (settings_read_file(path, a, set, &f) && algorithms_off(set->xml_algorithms_off, &f) &&
            categories_known(set->entity_attributes, &f)) ||
           cli_complain(false, word, "%s", f.detail);
}

bool cli_become(const char *word, const struct settings *set, struct arena *a)
{
    struct fail f = { 0 };

    return supervisor_enter(set, a, &f) || cli_complain(false, word, "%s", f.detail);
}

struct str cli_who(struct arena *a)
{
    const struct passwd *p = getpwuid(getuid());

    return p != NULL ? arena_str(a, str_of(p->pw_name)) : arena_printf(a, "uid %u", (unsigned)getuid());
}
