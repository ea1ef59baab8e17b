/* SPDX-License-Identifier: EUPL-1.2
 * digione saml verify: a SAML answer, judged as the gateway would, with clock
 * and trust as arguments.  One JSON line on standard output. */
#include "wire/saml.h"
#include "base/near.h"
#include "base/world.h"
#include "certs/content_key.h"
#include "certs/local_key.h"
#include "gateway/cli/args.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/verdict.h"
#include "idp-adapters/saml_person.h"
#include "wire/json.h"
#include "wire/saml_codes.def"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { FILE_MAX_B = 1 << 20, KEY_FILE_MAX_B = 1 << 16, SKEW_DEFAULT_S = 180, SKEW_MAX_S = 3600, LINE_MAX_B = 4 << 20 };

static const char usage[] =
    "usage: digione saml verify --cert IDP.pem --issuer ID --sp ENTITYID --acs URL\n"
    "                           --request-id ID --now TIME [--skew S] [--decrypt-key KEY.pem]\n"
    "                           [--map NAME] [--scope S] RESPONSE.xml\n"
    "\n"
    "Judges a SAML 2.0 answer as the gateway judges those of identity providers and prints one line of JSON:\n"
    "  {\"ok\":true,\"nameid\":\"…\",\"attributes\":{\"NAME\":[\"…\"]}}\n"
    "  {\"ok\":false,\"error\":\"code\",\"detail\":\"…\"}\n"
    "\n"
    "  --cert FILE         certificates of the identity provider, PEM or DER; may come several times\n"
    "  --issuer ID         entityID of the identity provider\n"
    "  --sp ENTITYID       our entityID: the audience\n"
    "  --acs URL           the address that the answer came to\n"
    "  --request-id ID     ID of the request that it must answer\n"
    "  --now TIME          the clock: Unix seconds or RFC 3339; now, when left out\n"
    "  --skew S            tolerated error of the other clock in seconds (180)\n"
    "  --decrypt-key FILE  our private key, PEM; may come several times\n"
    "  --map NAME          how the identity provider's row reads attributes; left out, what no map reads is refused\n"
    "  --scope SCOPE       a scope that its names may carry (oulu.fi); may come several times\n"
    "  RESPONSE.xml        the answer: XML, or base64 of it as it was posted; - for standard input\n"
    "\n"
    "Exit status: 0 accepted; 1 refused; 2 the command was not understood, or a file cannot be read.\n"
    "\n"
    "Codes, in the order of the checks (file_unreadable, key_unreadable and usage go with exit status 2):\n";

struct job {
    struct arena *arena;
    struct saml_rules rules;
    struct keyring *keyring;
    struct local_keys *own;
    const char *file, *map;
    struct strs scopes;
    bool certificates;
    struct fail why; /* what was wrong with the command */
};

static int help(void)
{
    (void)fputs(usage, stdout);
#define X(code, rule) (void)printf("  %-28s %s\n", #code, rule);
    SAML_CODES(X)
    VERDICT_CODES(X)
#undef X
    return fflush(stdout) == 0 ? CLI_OK : CLI_BROKEN;
}

/* --- arguments -------------------------------------------------------------- */

static bool misunderstood(struct job *j, const char *name, const char *what)
{
    return fail(&j->why, FAIL_CALLER, "usage", "%s: %s", name, what);
}

static bool read_key_file(struct job *j, const char *path, struct str *text)
{
    if (!args_file(j->arena, path, KEY_FILE_MAX_B, text))
        return fail(&j->why, FAIL_CALLER, "file_unreadable", "%s: %s", path, strerror(errno));
    return text->n <= KEY_FILE_MAX_B || fail(&j->why, FAIL_CALLER, "key_unreadable", "%s is too large", path);
}

/* A certificate that is there but too weak is a refusal, not a misunderstanding. */
static bool add_certificates(struct job *j, const char *path)
{
    struct str text;
    struct fail f = { 0 };

    j->certificates = true;
    if (!read_key_file(j, path, &text))
        return false;
    bool der = text.n > 0 && text.p[0] == 0x30;
    bool added = der ? keyring_add_certificate(j->keyring, text, &f) : keyring_add_pem(j->keyring, text, &f);
    return added || strcmp(f.code, "key_weak") == 0 || fail(&j->why, FAIL_CALLER, f.code, "%s: %s", path, f.detail);
}

static bool add_own_key(struct job *j, const char *path)
{
    struct str text;
    struct fail f = { 0 };

    if (!read_key_file(j, path, &text))
        return false;
    struct local_keys *keys = local_keys_read(j->arena, j->own, text, &f);
    if (keys == NULL)
        return fail(&j->why, FAIL_CALLER, "key_unreadable", "%s: %s", path, f.detail);
    j->own = keys;
    return true;
}

static bool set_now(struct job *j, const char *value)
{
    return args_time(value, &j->rules.now_s) ||
           misunderstood(j, "--now", "expected Unix seconds or a time like 2026-08-10T08:00:00Z");
}

static bool set_skew(struct job *j, const char *value)
{
    return args_number(value, 0, SKEW_MAX_S, &j->rules.skew_s) ||
           misunderstood(j, "--skew", "expected seconds from 0 to 3600");
}

/* What comes once: where its value goes. */
struct texts {
    const char *issuer, *sp, *acs, *request_id, *now, *skew, *map;
};

static const char **place_of(struct texts *q, struct str name)
{
    const struct {
        const char *name, **place;
    } all[] = { { "--issuer", &q->issuer }, { "--sp", &q->sp },
                { "--acs", &q->acs },       { "--request-id", &q->request_id },
                { "--now", &q->now },       { "--skew", &q->skew },
                { "--map", &q->map } };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (str_eq(name, str_of(all[i].name)))
            return all[i].place;
    return NULL;
}

/* What may come several times; false: there is no such option. */
static bool take_another(struct job *j, const char *name, const char *value, bool *taken)
{
    *taken = true;
    if (strcmp(name, "--cert") == 0)
        *taken = add_certificates(j, value);
    else if (strcmp(name, "--decrypt-key") == 0)
        *taken = add_own_key(j, value);
    else if (strcmp(name, "--scope") == 0)
        strs_add(j->arena, &j->scopes, str_of(value));
    else
        return false;
    return true;
}

enum { SEVERAL = 3 }; /* the first so many of all options may come several times */

/* One option with its value. */
static bool take(struct job *j, struct texts *q, const char *name, const char *value)
{
    static const char *const all[] = { "--cert",       "--decrypt-key", "--scope", "--issuer", "--sp",   "--acs",
                                       "--request-id", "--now",         "--skew",  "--map",    "--help", NULL };
    const char **place = place_of(q, str_of(name));
    bool known = place != NULL, taken;

    for (size_t i = 0; i < SEVERAL; i++)
        known = known || strcmp(name, all[i]) == 0;
    if (!known)
        return fail_long(&j->why, FAIL_CALLER, "usage", "unknown option %s%.*s", name,
                         STR_ARG(near_help(j->arena, str_of(name), all)));
    if (value == NULL || value[0] == '\0')
        return misunderstood(j, name, "a value is needed");
    if (place == NULL)
        return take_another(j, name, value, &taken) && taken;
    if (*place != NULL)
        return misunderstood(j, name, "is given twice");
    *place = value;
    return true;
}

/* "--name value" and "--name=value"; what is no option is the file. */
static bool take_arguments(struct job *j, struct texts *q, int argc, char **argv)
{
    for (int i = 2; i < argc; i++) {
        struct str arg = str_of(argv[i]);
        size_t equals = str_find_byte(arg, '=', 0);
        if (!str_has_prefix(arg, S("--"))) {
            if (j->file != NULL)
                return misunderstood(j, argv[i], "one file is judged at a time");
            j->file = argv[i];
            continue;
        }
        const char *name = arena_cstr(j->arena, str_sub(arg, 0, equals));
        const char *value = equals < arg.n ? argv[i] + equals + 1 : i + 1 < argc ? argv[++i] : NULL;
        if (!take(j, q, name, value))
            return false;
    }
    return true;
}

static bool understand(struct job *j, int argc, char **argv)
{
    struct texts q = { 0 };

    if (argc < 2 || strcmp(argv[1], "verify") != 0)
        return fail(&j->why, FAIL_CALLER, "usage", "expected: digione saml verify …; got \"%s\"",
                    argc < 2 ? "" : argv[1]);
    if (!take_arguments(j, &q, argc, argv))
        return false;
    const struct cli_need needs[] = { { "--cert FILE", j->certificates },
                                      { "--issuer ID", q.issuer != NULL },
                                      { "--sp ENTITYID", q.sp != NULL },
                                      { "--acs URL", q.acs != NULL },
                                      { "--request-id ID", q.request_id != NULL },
                                      { "RESPONSE.xml", j->file != NULL },
                                      { 0 } };
    if (!cli_needs_read(needs, &j->why))
        return false;
    j->rules.issuer = str_of(q.issuer);
    j->rules.sp = str_of(q.sp);
    j->rules.acs = str_of(q.acs);
    j->rules.request_id = str_of(q.request_id);
    j->map = q.map;
    return verdict_map_known(j->arena, q.map, &j->why) && (q.now == NULL || set_now(j, q.now)) &&
           (q.skew == NULL || set_skew(j, q.skew));
}

/* --- the verdict ------------------------------------------------------------ */

static int put(struct str line, int status)
{
    (void)printf("%.*s\n", STR_ARG(line));
    return fflush(stdout) == 0 ? status : CLI_BROKEN;
}

static int refuse(struct arena *a, int status, const struct fail *f)
{
    struct json_out o = json_out(a, LINE_MAX_B);

    json_begin_object(&o);
    json_put_bool(&o, S("ok"), false);
    json_put_str(&o, S("error"), str_of(f->code));
    json_put_str(&o, S("detail"), str_of(f->detail));
    json_end_object(&o);
    return put(json_done(&o), status);
}

static int accept(struct arena *a, const struct saml_assertion *said)
{
    struct json_out o = json_out(a, LINE_MAX_B);

    json_begin_object(&o);
    json_put_bool(&o, S("ok"), true);
    json_key(&o, S("nameid"));
    json_str(&o, said->name_id);
    json_key(&o, S("attributes"));
    json_begin_object(&o);
    for (size_t i = 0; i < said->attribute_count; i++) {
        json_key(&o, said->attributes[i].name);
        json_begin_array(&o);
        for (size_t v = 0; v < said->attributes[i].value_count; v++)
            json_str(&o, said->attributes[i].values[v]);
        json_end_array(&o);
    }
    json_end_object(&o);
    json_end_object(&o);
    return put(json_done(&o), CLI_OK);
}

/* The signer's part, with a key of our own; absent when none of the alternatives opens. */
static struct str unwrap(const struct job *j, const struct encrypted *e)
{
    struct str key = { NULL, 0 };

    for (size_t i = 0; i < e->wrapped_count; i++)
        if (local_keys_unwrap(j->arena, j->own, content_key_hash(e->wrapped[i].digest),
                              content_key_hash(e->wrapped[i].mgf), e->wrapped[i].cipher, &key) &&
            key.n == e->key_B)
            return key;
    return (struct str){ NULL, 0 };
}

/* What consists of the characters of base64 was posted; all else is to be XML. */
static bool is_posted(struct str text)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/= \t\r\n";

    for (size_t i = 0; i < text.n; i++)
        if (memchr(alphabet, text.p[i], sizeof alphabet - 1) == NULL)
            return false;
    return true;
}

static bool names_person(const struct job *j, const struct saml_assertion *said, struct fail *f)
{
    const struct idp none = { .id = S("idp") };
    const struct attribute_list list = saml_attributes(j->arena, &none, said);

    return verdict_person(j->arena, j->map, j->scopes, &list, saml_subject(said), said->name_id.p != NULL, f);
}

static int verify(struct job *j)
{
    struct saml_answer *answer = NULL;
    struct str text;
    struct fail f = { 0 };

    if (!args_file(j->arena, j->file, FILE_MAX_B, &text)) {
        (void)fail(&f, FAIL_CALLER, "file_unreadable", "%s: %s", j->file, strerror(errno));
        return refuse(j->arena, CLI_USAGE, &f);
    }
    if (keyring_count(j->keyring) == 0) {
        (void)fail(&f, FAIL_UPSTREAM, "key_weak", "no certificate has a key that is strong enough");
        return refuse(j->arena, CLI_REFUSED, &f);
    }
    enum saml_state state = !is_posted(text) || saml_decode(j->arena, text, XML_MESSAGE_MAX_B, &text, &f)
                                ? saml_open(j->arena, text, &j->rules, &answer, &f)
                                : SAML_REFUSED;
    while (state == SAML_NEEDS_KEY)
        state = saml_unwrapped(answer, unwrap(j, saml_wrapped(answer)), &f);
    return state == SAML_PROVEN && names_person(j, saml_assertion(answer), &f)
               ? accept(j->arena, saml_assertion(answer))
               : refuse(j->arena, CLI_REFUSED, &f);
}

int cli_saml(int argc, char **argv)
{
    struct job j = { .arena = arena_new_secret(),
                     .rules = { .now_s = world_now_s(&world_real), .skew_s = SKEW_DEFAULT_S } };

    if (cli_wants_help(argc, argv)) {
        arena_free(j.arena);
        return help();
    }
    j.rules.keys = j.keyring = keyring_new(j.arena);
    int status = understand(&j, argc, argv) ? verify(&j) : refuse(j.arena, CLI_USAGE, &j.why);
    arena_free(j.arena);
    return status;
}
