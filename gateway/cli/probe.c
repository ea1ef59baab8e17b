/* SPDX-License-Identifier: EUPL-1.2
 *
 * digione probe [ID] -c FILE: whether people of a city can sign in, as tried with the test account that it gave. */
#include "gateway/cli/cli.h"

#include "model/when.h"
#include "registry/idp_probes.h"
#include "registry/registry.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { WAIT_S = 60, LOOK_MS = 500 };

static int help(void)
{
    (void)puts("usage: digione probe [--now] [ID] -c FILE\n\n"
               "Says, of each identity provider that has a test account (probe_username of its row), when the account "
               "last got\n"
               "in, and where and why its last sign-in ended.  ID: of a municipality, or of one identity provider.\n"
               "--now: a running node tries them now, and this waits for what comes of it, at most a minute each.  A "
               "password\n"
               "that was refused is tried again as well: providers lock accounts that are tried too often.\n"
               "Exit status: 0 all got in; 1 one did not, was not tried, or there is none.");
    return CLI_OK;
}

struct asking {
    struct db *d;
    struct arena *arena;
    const struct registry *registry;
    bool now;
    size_t found, ill;
};

static bool is_asked(const struct idp *idp, struct str id)
{
    return idp_has_probe(idp) &&
           (!str_is_set(id) || str_eq(idp->id, id) || (idp->provider != NULL && str_eq(idp->provider->id, id)));
}

static struct str at(struct asking *x, int64_t at_s)
{
    return at_s > 0 ? when_rfc3339(x->arena, at_s) : S("never");
}

static void say(struct asking *x, const struct idp *idp, bool there, const struct idp_probe *p)
{
    bool good = there && p->done_s > 0 && p->fails == 0;

    x->ill += !good;
    if (!there || p->done_s == 0)
        (void)printf("%.*s: not tried yet\n", STR_ARG(idp->id));
    else if (good)
        (void)printf("%.*s: got in at %.*s\n", STR_ARG(idp->id), STR_ARG(at(x, p->good_s)));
    else
        (void)printf("%.*s: did not get in at %.*s: %.*s %.*s (%lld in a row; last got in: %.*s)\n", STR_ARG(idp->id),
                     STR_ARG(at(x, p->done_s)), STR_ARG(p->step), STR_ARG(p->why), (long long)p->fails,
                     STR_ARG(at(x, p->good_s)));
}

/* Until a node has done it; whether one runs, nobody here knows. */
static bool wait_for(struct asking *x, const struct idp *idp, int64_t was_s, bool *there, struct idp_probe *p,
                     struct fail *f)
{
    const struct timespec pause = { .tv_nsec = LOOK_MS * 1000000L };

    for (int i = 0; i < WAIT_S * 1000 / LOOK_MS; i++) {
        if (!idp_probe_look(x->d, x->arena, idp, there, p, f))
            return false;
        if (*there && p->ordered_s == 0 && p->done_s >= was_s)
            return true;
        (void)nanosleep(&pause, NULL);
    }
    (void)fprintf(stderr, "digione probe: %.*s: no running node has tried it within %d s\n", STR_ARG(idp->id), WAIT_S);
    return true;
}

static bool look_at(struct asking *x, const struct idp *idp, struct fail *f)
{
    struct idp_probe p = { .done_s = 0 };
    int64_t now_s = world_now_s(&world_real);
    bool there = false, good = true;

    x->found++;
    if (x->now)
        good = idp_probe_order(x->d, x->arena, idp, now_s, f) && wait_for(x, idp, now_s, &there, &p, f);
    else
        good = idp_probe_look(x->d, x->arena, idp, &there, &p, f);
    if (good)
        say(x, idp, there, &p);
    return good;
}

static int ask(struct asking *x, const char *id)
{
    struct fail f = { 0 };
    struct registry *r = registry_load(x->d, &f);
    bool good = r != NULL;

    for (size_t i = 0; good && i < registry_parts(r)->idp_count; i++)
        if (is_asked(&registry_parts(r)->idps[i], id != NULL ? str_of(id) : S("")))
            good = look_at(x, &registry_parts(r)->idps[i], &f);
    if (r != NULL)
        registry_drop(r);
    if (!good)
        return cli_complain(CLI_BROKEN, "probe", "%s", f.detail);
    if (x->found == 0)
        return cli_complain(CLI_REFUSED, "probe", "%s has no identity provider with a test account (probe_username)",
                            id != NULL ? id : "the registry");
    return x->ill > 0 ? CLI_REFUSED : CLI_OK;
}

static int run(struct arena *a, int argc, char **argv)
{
    const char *path = NULL, *id = NULL;
    struct asking x = { .arena = a };
    const struct cli_option options[] = {
        { "-c", &path, NULL }, { "--config", &path, NULL }, { "--now", NULL, &x.now }, { NULL, NULL, NULL }
    };
    struct settings set;
    struct fail f = { 0 };
    size_t words;

    if (!cli_options(argc, argv, options, &id, 1, &words))
        return CLI_USAGE;
    const struct cli_need needs[] = { CLI_NEEDS_CONFIG(path), { 0 } };
    if (!cli_needs(argv[0], needs))
        return CLI_USAGE;
    if (!cli_settings(argv[0], path, a, &set))
        return CLI_REFUSED;
    if (!cli_become(argv[0], &set, a))
        return CLI_BROKEN;
    x.d = registry_db_open(&set, DB_WRITE, &f);
    if (x.d == NULL)
        return cli_complain(CLI_BROKEN, argv[0], "%s", f.detail);
    int status = ask(&x, id);
    db_close(x.d);
    return status;
}

int cli_probe(int argc, char **argv)
{
    if (cli_wants_help(argc, argv))
        return help();
    struct arena *a = arena_new();
    int status = run(a, argc, argv);
    arena_free(a);
    return status;
}
