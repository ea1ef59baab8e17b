/* SPDX-License-Identifier: EUPL-1.2
 *
 * digione doctor -c FILE [--json]: what an upgrade to this program would meet on this machine, and what mends it. */
#include "gateway/cli/doctor.h"

#include "base/world.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/examine.h"
#include "gateway/process/supervisor.h"
#include "wire/json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SAID_MAX_B = 1 << 20, ONE_MAX_B = 4096 };

static int help(void)
{
    (void)puts(
        "usage: digione doctor -c FILE [--json]\n\n"
        "Says what this program would meet on this machine, for a look before an upgrade: run the new version's\n"
        "doctor while the old one serves.  It changes nothing, and looks at all that `digione check` looks at, and "
        "at\n\n"
        "  settings    names that this version does not know, values that it does not take: all of them\n"
        "  databases   whether it can read each, and bring it up to date: tried on a copy\n"
        "  room        on the disk, for that and for the audit log\n"
        "  owners      files that run_as may not use, secrets that others may read\n"
        "  endings     certificates, metadata and secrets that end soon, and what the node has found and is not over\n"
        "  Redis       its version, whether it keeps what it is told, what it does when it is full\n"
        "  clock       whether it is kept right, and not behind what was written already\n"
        "  libraries   the versions that are loaded\n\n"
        "  --json      one object: status, version, findings with of, level (well, warn, bad), says and cure\n\n"
        "exit status: 0 nothing was found, 1 something will surprise (warn), 2 it would not start, or lose something "
        "(bad);\n"
        "2 as well when the command was not understood");
    return CLI_OK;
}

/* ── what was found ─────────────────────────────────────────────────────── */

static const char *const levels[] = {
    [FINDING_NONE] = "?", [FINDING_WELL] = "well", [FINDING_WARN] = "warn", [FINDING_BAD] = "bad"
};

static void add_line(struct buf *out, enum finding level, const char *of, const char *cure, struct str says)
{
    buf_printf(out, "%d\t%s\t", (int)level, of);
    for (size_t i = 0; i < says.n; i++)
        buf_byte(out, (unsigned char)says.p[i] < ' ' ? ' ' : says.p[i]);
    buf_printf(out, "\t%s\n", cure != NULL ? cure : "");
}

void look_say(struct look *x, enum finding level, const char *cure, const char *fmt, ...)
{
    char text[ONE_MAX_B];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    add_line(x->out, level, x->of, cure, str_of(text));
}

struct found {
    enum finding level;
    struct str of, says, cure;
};

static bool take_found(struct str *rest, struct found *out)
{
    struct str line, level;
    int64_t number;

    if (!str_split(rest, '\n', &line) || !str_split(&line, '\t', &level) || !str_int(level, &number))
        return false;
    out->level = number >= FINDING_WELL && number <= FINDING_BAD ? (enum finding)number : FINDING_BAD;
    return str_split(&line, '\t', &out->of) && str_split(&line, '\t', &out->says) &&
           (str_split(&line, '\t', &out->cure) || ((out->cure = S("")), true));
}

static enum finding worst_of(struct str said)
{
    enum finding worst = FINDING_WELL;

    for (struct found x; take_found(&said, &x);)
        worst = x.level > worst ? x.level : worst;
    return worst;
}

static void print_text(struct str said)
{
    for (struct found x; take_found(&said, &x);) {
        (void)printf("%-4s %-16.*s %.*s\n", levels[x.level], STR_ARG(x.of), STR_ARG(x.says));
        if (x.cure.n > 0)
            (void)printf("%-21s → %.*s\n", "", STR_ARG(x.cure));
    }
}

static void print_json(struct arena *a, struct str said, int status)
{
    struct json_out o = json_out(a, 4 * SAID_MAX_B);

    json_begin_object(&o);
    json_put_int(&o, S("status"), status);
    json_put_str(&o, S("version"), S(DIGIONE_VERSION));
    json_key(&o, S("findings"));
    json_begin_array(&o);
    for (struct found x; take_found(&said, &x);) {
        json_begin_object(&o);
        json_put_str(&o, S("of"), x.of);
        json_put_str(&o, S("level"), str_of(levels[x.level]));
        json_put_str(&o, S("says"), x.says);
        json_put_str(&o, S("cure"), x.cure.n > 0 ? x.cure : (struct str){ NULL, 0 });
        json_end_object(&o);
    }
    json_end_array(&o);
    json_end_object(&o);
    (void)printf("%.*s\n", STR_ARG(json_done(&o)));
}

/* ── looking ────────────────────────────────────────────────────────────── */

static const struct {
    const char *of;
    look_fn *look;
} looks[] = {
    { "databases", look_databases }, { "room", look_room },   { "owners", look_owners },
    { "endings", look_endings },     { "Redis", look_redis }, { "clock", look_clock },
    { "libraries", look_libraries },
};

/* What `digione check` says. */
static void examine(struct look *x)
{
    for (size_t i = 0; i < examination_count; i++) {
        struct examined e = { .set = x->set, .arena = x->arena, .found = "" };
        struct fail f = { 0 };
        struct str line;
        bool good = examinations[i].run(&e, &f);
        x->of = examinations[i].name;
        look_say(x, good ? FINDING_WELL : FINDING_BAD, good ? NULL : examinations[i].cure, "%s",
                 good ? e.found : f.detail);
        while (str_split(&e.warn, '\n', &line))
            if (line.n > 0)
                look_say(x, FINDING_WARN, examinations[i].cure, "%.*s", STR_ARG(line));
    }
}

static void look_as_owner(struct look *x, int out)
{
    struct fail f = { 0 };

    x->of = "owners";
    if (!supervisor_become(x->set, x->arena, &f))
        look_say(x, FINDING_BAD, "make the user, or set run_as", "%s", f.detail);
    else
        for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) {
            x->of = looks[i].of;
            looks[i].look(x);
        }
    struct str said = buf_str(x->out);
    for (ssize_t n; said.n > 0 && (n = write(out, said.p, said.n)) != 0;)
        if (n > 0)
            said = str_from(said, (size_t)n);
        else if (errno != EINTR)
            break;
    _exit(0);
}

/* In a process of its own, which becomes run_as; this one may have to be root still. */
static void look_in_child(struct look *x)
{
    struct buf mine = buf_new(x->arena, SAID_MAX_B);
    struct look of_child = *x;
    char *text = arena_alloc(x->arena, SAID_MAX_B);
    size_t have = 0;
    int ends[2], status = 1;

    of_child.out = &mine;
    x->of = "doctor";
    if (pipe2(ends, O_CLOEXEC) != 0) {
        look_say(x, FINDING_BAD, "try again", "pipe: %s", strerror(errno));
        return;
    }
    (void)fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        look_as_owner(&of_child, ends[1]);
    (void)close(ends[1]);
    for (ssize_t n; pid > 0 && have < SAID_MAX_B && (n = read(ends[0], text + have, SAID_MAX_B - have)) != 0;)
        if (n > 0)
            have += (size_t)n;
        else if (errno != EINTR)
            break;
    (void)close(ends[0]);
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    buf_add(x->out, str_n(text, have));
    if (pid < 0 || status != 0)
        look_say(x, FINDING_BAD, "tell whoever made this program", "it ended while it looked");
}

static int run(const char *word, const char *path, bool json, struct arena *a)
{
    struct settings set;
    struct buf out = buf_new(a, 4 * SAID_MAX_B);
    struct look x = { .set = &set, .arena = a, .out = &out, .of = "settings", .now_s = world_now_s(&world_real) };
    struct stat st;

    if (stat(path, &st) != 0)
        return cli_complain(CLI_USAGE, word, "%s: %s", path, strerror(errno));
    bool holds = look_settings(&x, path);
    if (holds && cli_settings(word, path, a, &set)) {
        examine(&x);
        look_in_child(&x);
    }
    struct str said = buf_str(&out);
    enum finding worst = holds ? worst_of(said) : FINDING_BAD;
    int status = worst == FINDING_WELL ? 0 : worst == FINDING_WARN ? 1 : 2;
    if (json)
        print_json(a, said, status);
    else
        print_text(said);
    return status;
}

int cli_doctor(int argc, char **argv)
{
    const char *path = NULL;
    bool json = false;
    const struct cli_option options[] = {
        { "-c", &path, NULL }, { "--config", &path, NULL }, { "--json", NULL, &json }, { NULL, NULL, NULL }
    };
    size_t words;

    if (cli_wants_help(argc, argv))
        return help();
    if (!cli_options(argc, argv, options, NULL, 0, &words) ||
        !cli_needs(argv[0], (const struct cli_need[]){ CLI_NEEDS_CONFIG(path), { 0 } }))
        return CLI_USAGE;
    struct arena *a = arena_new_secret();
    int status = run(argv[0], path, json, a);
    arena_free(a);
    return status;
}
