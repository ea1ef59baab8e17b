/* SPDX-License-Identifier: EUPL-1.2
 *
 * digione jwt verify --jwks FILE --iss ISS --aud AUD [--nonce N] --now TIME [--skew S] TOKENFILE */
#include "base/world.h"
#include "gateway/cli/args.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/verdict.h"
#include "idp-adapters/oidc_attributes.h"
#include "wire/jose.h"
#include "wire/jose_codes.def"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { SKEW_MAX_S = 3600, SKEW_PRESET_S = 60 };

struct asked {
    const char *jwks, *iss, *aud, *nonce, *now, *skew, *map, *token;
};

static int help(void)
{
    (void)puts(
        "usage: digione jwt verify --jwks FILE --iss ISS --aud AUD [--nonce N] --now TIME [--skew S] [--map NAME]\n"
        "                          TOKENFILE\n\n"
        "Judges an ID token as the gateway judges those of identity providers: RS256 or ES256, one key of the set.\n"
        "TIME: Unix seconds or RFC 3339; now, when left out.  S: tolerated seconds, 60.  A file may be - for standard\n"
        "input.  NAME: how the identity provider's row reads claims; left out, what no map reads is refused.  Prints "
        "one line of JSON, {\"ok\":true,\"claims\":{...}} or "
        "{\"ok\":false,\"error\":\"code\",\"detail\":\"...\"};\n"
        "the exit status is 0, 1, or 2 when the command was not understood or a file cannot be read.\n\n"
        "Codes, in the order of the checks (file_unreadable and usage go with exit status 2):");
#define X(code, rule) (void)printf("  %-22s %s\n", #code, rule);
    JOSE_CODES(X)
    VERDICT_CODES(X)
#undef X
    return CLI_OK;
}

static void print_line(struct json_out *o)
{
    struct str line = json_done(o);

    (void)printf("%.*s\n", STR_ARG(line));
}

static int refuse(struct arena *a, int status, const char *code, const char *detail)
{
    struct json_out o = json_out(a, 4096);

    json_begin_object(&o);
    json_put_bool(&o, S("ok"), false);
    json_put_str(&o, S("error"), str_of(code));
    json_put_str(&o, S("detail"), str_of(detail));
    json_end_object(&o);
    print_line(&o);
    return status;
}

static int accept(struct arena *a, const struct jose_claims *claims)
{
    struct json_out o = json_out(a, 8 * (size_t)JOSE_TOKEN_MAX_B);

    json_begin_object(&o);
    json_put_bool(&o, S("ok"), true);
    json_key(&o, S("claims"));
    json_value(&o, claims->all);
    json_end_object(&o);
    print_line(&o);
    return CLI_OK;
}

/* One line end is the editor's; more are part of what is judged. */
static struct str without_line_end(struct str s)
{
    if (str_has_suffix(s, S("\n")))
        s.n--;
    if (str_has_suffix(s, S("\r")))
        s.n--;
    return s;
}

static int verify(struct arena *a, const struct asked *q, const struct jose_rules *rules)
{
    struct str jwks, token;
    struct jose_claims claims;
    struct fail f = { 0 };

    if (!args_file(a, q->jwks, JWKS_MAX_B, &jwks) || !args_file(a, q->token, JOSE_TOKEN_MAX_B + 2, &token))
        return refuse(a, CLI_USAGE, "file_unreadable", strerror(errno));
    const struct jwks *keys = jwks_read(a, jwks, &f);
    if (keys == NULL || !jose_verify(a, without_line_end(token), keys, rules, &claims, &f))
        return refuse(a, CLI_REFUSED, f.code, f.detail);
    const struct idp none = { .id = S("idp") };
    const struct attribute_list list = oidc_attributes(a, &none, claims.all, NULL);
    if (!verdict_person(a, q->map, (struct strs){ NULL, 0 }, &list, claims.sub, true, &f))
        return refuse(a, CLI_REFUSED, f.code, f.detail);
    return accept(a, &claims);
}

/* Fills q and rules. */
static bool understand(int argc, char **argv, struct asked *q, struct jose_rules *rules, struct fail *f)
{
    const struct cli_option options[] = { { "--jwks", &q->jwks, NULL }, { "--iss", &q->iss, NULL },
                                          { "--aud", &q->aud, NULL },   { "--nonce", &q->nonce, NULL },
                                          { "--now", &q->now, NULL },   { "--skew", &q->skew, NULL },
                                          { NULL, NULL, NULL } };
    size_t words = 0;

    if (!cli_options_read(argc, argv, options, &q->token, 1, &words, f))
        return false;
    const struct cli_need needs[] = { { "--jwks FILE", q->jwks != NULL },
                                      { "--iss ISS", q->iss != NULL },
                                      { "--aud AUD", q->aud != NULL },
                                      { "TOKENFILE", words == 1 },
                                      { 0 } };
    if (!cli_needs_read(needs, f))
        return false;
    *rules = (struct jose_rules){ .blame = FAIL_UPSTREAM,
                                  .algs = JOSE_EVERY,
                                  .iss = str_of(q->iss),
                                  .aud = str_of(q->aud),
                                  .nonce = str_of(q->nonce),
                                  .now_s = world_now_s(&world_real),
                                  .skew_s = SKEW_PRESET_S };
    if (q->now != NULL && !args_time(q->now, &rules->now_s))
        return fail(f, FAIL_CALLER, "usage", "--now: expected Unix seconds or a time like 2026-08-10T08:00:00Z");
    if (q->skew != NULL && !args_number(q->skew, 0, SKEW_MAX_S, &rules->skew_s))
        return fail(f, FAIL_CALLER, "usage", "--skew: expected seconds from 0 to 3600");
    return true;
}

int cli_jwt(int argc, char **argv)
{
    struct asked q = { 0 };
    struct jose_rules rules;
    struct fail f = { 0 };

    if (cli_wants_help(argc, argv))
        return help();
    struct arena *a = arena_new();
    bool understood =
        argc < 2 || strcmp(argv[1], "verify") != 0
            ? fail(&f, FAIL_CALLER, "usage", "expected: digione jwt verify …; got \"%s\"", argc < 2 ? "" : argv[1])
            : understand(argc - 1, argv + 1, &q, &rules, &f);
    int status = understood ? verify(a, &q, &rules) : refuse(a, CLI_USAGE, "usage", f.detail);
    arena_free(a);
    return status;
}
