/* SPDX-License-Identifier: EUPL-1.2
 * digione saml verify: a SAML answer, judged as the gateway would, with clock
 * and trust as arguments.  One JSON line on standard output. */
#include "wire/saml.h"
#include "certs/local_key.h"
#include "gateway/cli/cli.h"
#include "wire/json.h"

#include <stdio.h>
#include <string.h>

enum { FILE_MAX_B = 1 << 20, KEY_FILE_MAX_B = 1 << 16, SKEW_DEFAULT_S = 180, SKEW_MAX_S = 3600, LINE_MAX_B = 4 << 20 };

static const char help[] =
    "digione saml verify --cert IDP.pem --issuer ID --sp ENTITYID --acs URL\n"
    "                    --request-id ID --now TIME [--skew S] [--decrypt-key KEY.pem] RESPONSE.xml\n"
    "\n"
    "Verifies a SAML 2.0 answer as the gateway does and prints one line of JSON:\n"
    "  {\"ok\":true,\"nameid\":\"…\",\"attributes\":{\"NAME\":[\"…\"]}}\n"
    "  {\"ok\":false,\"error\":\"code\",\"detail\":\"…\"}\n"
    "\n"
    "  --cert FILE         certificates of the identity provider, PEM; may come several times\n"
    "  --issuer ID         entityID of the identity provider\n"
    "  --sp ENTITYID       our entityID: the audience\n"
    "  --acs URL           the address that the answer came to\n"
    "  --request-id ID     ID of the request that it must answer\n"
    "  --now TIME          the clock: Unix seconds, or RFC 3339\n"
    "  --skew S            tolerated error of the other clock in seconds (180)\n"
    "  --decrypt-key FILE  our private key, PEM; may come several times\n"
    "  RESPONSE.xml        the answer: XML, or base64 of it as it was posted; - for standard input\n"
    "\n"
    "Exit status: 0 accepted, 1 refused, 2 the command was not understood.\n";

struct job {
    struct arena *arena;
    struct saml_rules rules;
    struct keyring *keyring;
    struct local_keys *own;
    const char *file;
    bool now_given;
};

/* A whole file of at most most_B bytes; absent when it cannot be read. One byte
 * more is read, so that a larger one shows. */
static struct str read_file(struct arena *a, const char *path, size_t most_B)
{
    FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    struct str none = { NULL, 0 };

    if (in == NULL)
        return none;
    char *p = arena_alloc(a, most_B + 1);
    size_t n = fread(p, 1, most_B + 1, in);
    bool ok = ferror(in) == 0;
    if (in != stdin)
        (void)fclose(in);
    return ok ? str_n(p, n) : none;
}

/* --- arguments -------------------------------------------------------------- */

/* RFC 3339 with an offset, which XML times must not have: "2026-08-10T11:00:00+03:00". */
static bool read_offset_time(struct arena *a, struct str text, int64_t *out_ms)
{
    int64_t hours, minutes;

    if (text.n < 7)
        return false;
    struct str zone = str_from(text, text.n - 6);
    if ((zone.p[0] != '+' && zone.p[0] != '-') || zone.p[3] != ':' || !str_int(str_sub(zone, 1, 2), &hours) ||
        !str_int(str_sub(zone, 4, 2), &minutes) || hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
        return false;
    if (!xml_time_ms(arena_join(a, str_sub(text, 0, text.n - 6), S("Z")), out_ms))
        return false;
    int64_t offset_ms = (hours * 60 + minutes) * 60000;
    *out_ms += zone.p[0] == '+' ? -offset_ms : offset_ms;
    return true;
}

static bool set_now(struct job *j, const char *value)
{
    int64_t ms;

    j->now_given = true;
    if (str_int(str_of(value), &j->rules.now_s))
        return true;
    if (!xml_time_ms(str_of(value), &ms) && !read_offset_time(j->arena, str_of(value), &ms))
        return false;
    j->rules.now_s = ms / 1000;
    return true;
}

static bool set_skew(struct job *j, const char *value)
{
    return str_int(str_of(value), &j->rules.skew_s) && j->rules.skew_s >= 0 && j->rules.skew_s <= SKEW_MAX_S;
}

/* A certificate that is there but too weak is a refusal, not a misunderstanding:
 * it is left out, and no signature will fit. */
static bool add_certificates(struct job *j, const char *path)
{
    struct str text = read_file(j->arena, path, KEY_FILE_MAX_B);
    struct fail f = { 0 };

    if (text.p == NULL || text.n > KEY_FILE_MAX_B)
        return false;
    bool der = text.n > 0 && text.p[0] == 0x30;
    bool added = der ? keyring_add_certificate(j->keyring, text, &f) : keyring_add_pem(j->keyring, text, &f);
    return added || strcmp(f.code, "key_weak") == 0;
}

static bool add_own_key(struct job *j, const char *path)
{
    struct str text = read_file(j->arena, path, KEY_FILE_MAX_B);
    struct fail f = { 0 };

    if (text.p == NULL || text.n > KEY_FILE_MAX_B)
        return false;
    struct local_keys *keys = local_keys_read(j->arena, j->own, text, &f);
    j->own = keys != NULL ? keys : j->own;
    return keys != NULL;
}

static bool set_text(struct str *to, const char *value)
{
    bool first = to->p == NULL;

    *to = str_of(value);
    return first && to->n > 0;
}

/* One option with its value; false when it is unknown, repeated or makes no sense. */
static bool take(struct job *j, const char *name, const char *value)
{
    if (strcmp(name, "--cert") == 0)
        return add_certificates(j, value);
    if (strcmp(name, "--decrypt-key") == 0)
        return add_own_key(j, value);
    if (strcmp(name, "--issuer") == 0)
        return set_text(&j->rules.issuer, value);
    if (strcmp(name, "--sp") == 0)
        return set_text(&j->rules.sp, value);
    if (strcmp(name, "--acs") == 0)
        return set_text(&j->rules.acs, value);
    if (strcmp(name, "--request-id") == 0)
        return set_text(&j->rules.request_id, value);
    if (strcmp(name, "--now") == 0)
        return !j->now_given && set_now(j, value);
    return strcmp(name, "--skew") == 0 && set_skew(j, value);
}

/* "--name value" and "--name=value"; what is no option is the file. */
static bool take_arguments(struct job *j, int argc, char **argv)
{
    for (int i = 2; i < argc; i++) {
        struct str arg = str_of(argv[i]);
        size_t equals = str_find_byte(arg, '=', 0);
        if (!str_has_prefix(arg, S("--"))) {
            if (j->file != NULL)
                return fprintf(stderr, "digione saml: one file, not %s as well\n", argv[i]), false;
            j->file = argv[i];
            continue;
        }
        const char *name = arena_cstr(j->arena, str_sub(arg, 0, equals));
        const char *value = equals < arg.n ? argv[i] + equals + 1 : i + 1 < argc ? argv[++i] : NULL;
        if (value == NULL || !take(j, name, value))
            return fprintf(stderr, "digione saml: cannot use %s %s\n", name, value != NULL ? value : "(nothing)"),
                   false;
    }
    return true;
}

static bool complete(const struct job *j, bool certificates)
{
    const struct saml_rules *r = &j->rules;

    if (certificates && r->issuer.p != NULL && r->sp.p != NULL && r->acs.p != NULL && r->request_id.p != NULL &&
        j->now_given && j->file != NULL)
        return true;
    (void)fputs("digione saml verify: --cert, --issuer, --sp, --acs, --request-id, --now and a file are needed\n",
                stderr);
    return false;
}

/* --- the verdict ------------------------------------------------------------ */

static int put(struct str line, int status)
{
    (void)printf("%.*s\n", STR_ARG(line));
    return fflush(stdout) == 0 ? status : CLI_BROKEN;
}

static int refuse(struct arena *a, const struct fail *f)
{
    struct json_out o = json_out(a, LINE_MAX_B);

    json_begin_object(&o);
    json_put_bool(&o, S("ok"), false);
    json_put_str(&o, S("error"), str_of(f->code));
    json_put_str(&o, S("detail"), str_of(f->detail));
    json_end_object(&o);
    return put(json_done(&o), CLI_REFUSED);
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

static enum oaep_hash oaep(enum xmlenc_hash hash)
{
    static const enum oaep_hash same[] = { [XMLENC_NO_HASH] = OAEP_NONE,
                                           [XMLENC_SHA1] = OAEP_SHA1,
                                           [XMLENC_SHA256] = OAEP_SHA256,
                                           [XMLENC_SHA384] = OAEP_SHA384,
                                           [XMLENC_SHA512] = OAEP_SHA512 };
    return same[hash];
}

/* The signer's part, with a key of our own; absent when none of the alternatives opens. */
static struct str unwrap(const struct job *j, const struct encrypted *e)
{
    struct str key = { NULL, 0 };

    for (size_t i = 0; i < e->wrapped_count; i++)
        if (local_keys_unwrap(j->arena, j->own, oaep(e->wrapped[i].digest), oaep(e->wrapped[i].mgf),
                              e->wrapped[i].cipher, &key) &&
            key.n == e->key_B)
            return key;
    return (struct str){ NULL, 0 };
}

/* XML as it is, or base64 as it was posted. */
static bool decode(struct arena *a, struct str *text, struct fail *f)
{
    struct str start = str_trim(str_has_prefix(*text, S("\xEF\xBB\xBF")) ? str_from(*text, 3) : *text);

    return (start.n > 0 && start.p[0] == '<') || saml_decode(a, *text, XML_MESSAGE_MAX_B, text, f);
}

static int verify(struct job *j)
{
    struct str text = read_file(j->arena, j->file, FILE_MAX_B);
    struct saml_answer *answer = NULL;
    struct fail f = { 0 };

    if (text.p == NULL)
        return fprintf(stderr, "digione saml: cannot read %s\n", j->file), CLI_USAGE;
    enum saml_state state =
        decode(j->arena, &text, &f) ? saml_open(j->arena, text, &j->rules, &answer, &f) : SAML_REFUSED;
    while (state == SAML_NEEDS_KEY)
        state = saml_unwrapped(answer, unwrap(j, saml_wrapped(answer)), &f);
    return state == SAML_PROVEN ? accept(j->arena, saml_assertion(answer)) : refuse(j->arena, &f);
}

static bool wants_help(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

int cli_saml(int argc, char **argv)
{
    struct job j = { .arena = arena_new_secret(), .rules = { .skew_s = SKEW_DEFAULT_S } };
    int status = CLI_USAGE;
    bool certificates = false;

    for (int i = 2; i < argc; i++)
        certificates = certificates || strncmp(argv[i], "--cert", 6) == 0;
    j.rules.keys = j.keyring = keyring_new(j.arena);
    if (wants_help(argc, argv))
        status = fputs(help, stdout) >= 0 ? CLI_OK : CLI_BROKEN;
    else if (argc < 2 || strcmp(argv[1], "verify") != 0)
        (void)fputs(help, stderr);
    else if (take_arguments(&j, argc, argv) && complete(&j, certificates))
        status = verify(&j);
    arena_free(j.arena);
    return status;
}
