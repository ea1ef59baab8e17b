/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/codec.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/verdict.h"
#include "tests/contract/cli_run.h"
#include "tests/saml/forge.h"
#include "wire/saml_codes.def"

/* The files of one try. */
struct desk {
    const char *folder, *cert, *weak, *sp, *answer, *posted, *hidden;
};

static struct desk lay_out(struct test *t)
{
    struct desk d = { .folder = cli_folder(t) };
    struct str text = forge_unmark(
        t->arena, forge_sign_assertion(t->arena, forge_file(t->arena, "google"), &(struct forge_sign){ 0 }));

    d.cert = cli_file(t, d.folder, "idp.pem", forge_certificate(FORGE_IDP));
    d.weak = cli_file(t, d.folder, "weak.pem", forge_certificate(FORGE_WEAK));
    d.sp = cli_file(t, d.folder, "sp.pem", forge_private(FORGE_SP1));
    d.answer = cli_file(t, d.folder, "answer.xml", text);
    d.posted = cli_file(t, d.folder, "answer.b64", b64_encode(t->arena, text));
    d.hidden = cli_file(t, d.folder, "hidden.xml",
                        forge_encrypt(t->arena, text, "Assertion", &(struct forge_encrypt){ .digest = NULL }));
    return d;
}

static struct said run(struct test *t, const char *const *arguments)
{
    return cli_run(t, cli_saml, "saml", arguments);
}

#define RULES          "verify", "--issuer", FORGE_ISSUER, "--sp", FORGE_SP, "--acs", FORGE_ACS, "--request-id", FORGE_REQUEST
#define ARGUMENTS(...) ((const char *const[]){ RULES, __VA_ARGS__, NULL })
#define NOW            "2026-08-10T08:00:00Z"

static bool refused_as(struct said s, int status, const char *code)
{
    struct str begin = S("{\"ok\":false,\"error\":\""), rest = str_from(s.line, begin.n);

    return s.status == status && str_has_prefix(s.line, begin) && str_has_prefix(rest, str_of(code)) &&
           str_has_prefix(str_from(rest, str_of(code).n), S("\",\"detail\":\"")) &&
           str_has_suffix(s.line, S("\"}\n")) && str_find_byte(s.line, '\n', 0) == s.line.n - 1;
}

TEST(saml_verify_prints_one_line_of_json)
{
    struct desk d = lay_out(t);

    struct said s = run(t, ARGUMENTS("--cert", d.cert, "--now", NOW, d.answer));
    CHECK_INT(s.status, CLI_OK);
    CHECK(str_has_prefix(s.line, S("{\"ok\":true,\"nameid\":\"")) && str_has_suffix(s.line, S("]}}\n")));
    CHECK_INT(run(t, ARGUMENTS("--cert", d.cert, "--now", NOW, d.posted)).status, CLI_OK);
    CHECK_INT(run(t, ARGUMENTS("--cert", d.weak, "--cert", d.cert, "--now", NOW, d.answer)).status, CLI_OK);
    CHECK(refused_as(run(t, ARGUMENTS("--cert", d.weak, "--now", NOW, d.answer)), CLI_REFUSED, "key_weak"));
    CHECK(refused_as(run(t, ARGUMENTS("--cert", d.cert, "--now", NOW, d.hidden)), CLI_REFUSED, "enc_decrypt"));
    CHECK_INT(run(t, ARGUMENTS("--cert", d.cert, "--now", NOW, "--decrypt-key", d.sp, d.hidden)).status, CLI_OK);
    /* Without --now it is now: months or years later. */
    CHECK(refused_as(run(t, ARGUMENTS("--cert", d.cert, d.answer)), CLI_REFUSED, "response_issue_instant"));
    cli_remove(t, d.folder);
}

TEST(saml_verify_reads_times_of_several_forms)
{
    static const char *const same[] = { "1786348800",
                                        NOW,
                                        "2026-08-10T08:00:00.75Z",
                                        "2026-08-10T11:00:00+03:00",
                                        "2026-08-10T03:00:00.000000-05:00",
                                        "2026-08-10t08:00:00z" };
    static const char *const none[] = { "",    "yesterday",           "2026-08-10", "2026-08-10T08:00:00",
                                        "1e9", "2026-08-10T25:00:00Z" };
    struct desk d = lay_out(t);

    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        CHECK_INT(run(t, ARGUMENTS("--cert", d.cert, "--now", same[i], "--skew", "5", d.answer)).status, CLI_OK);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        CHECK(refused_as(run(t, ARGUMENTS("--cert", d.cert, "--now", none[i], d.answer)), CLI_USAGE, "usage"));
    cli_remove(t, d.folder);
}

TEST(saml_verify_says_what_it_does_not_understand)
{
    struct desk d = lay_out(t);

    static const char *const wrong[][2] = { { "--skew", "-1" },      { "--skew", "3601" }, { "--skew", "x" },
                                            { "--issuer", "again" }, { "--what", "ever" }, { "--sp=", "x" } };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CHECK(refused_as(run(t, ARGUMENTS("--cert", d.cert, wrong[i][0], wrong[i][1], d.answer)), CLI_USAGE, "usage"));
    CHECK(refused_as(run(t, ARGUMENTS("--cert", d.cert, d.answer, d.posted)), CLI_USAGE, "usage"));
    CHECK(refused_as(run(t, ARGUMENTS("--cert", d.cert)), CLI_USAGE, "usage"));
    CHECK(refused_as(run(t, ARGUMENTS(d.answer)), CLI_USAGE, "usage"));
    CHECK(refused_as(run(t, ARGUMENTS(d.answer, "--cert")), CLI_USAGE, "usage"));
    CHECK(refused_as(run(t, (const char *const[]){ NULL }), CLI_USAGE, "usage"));
    CHECK(refused_as(run(t, (const char *const[]){ "prove", NULL }), CLI_USAGE, "usage"));
    CHECK(refused_as(run(t, ARGUMENTS("--cert", "/nowhere/idp.pem", d.answer)), CLI_USAGE, "file_unreadable"));
    CHECK(refused_as(run(t, ARGUMENTS("--cert", d.cert, "/nowhere/a.xml")), CLI_USAGE, "file_unreadable"));
    CHECK(refused_as(run(t, ARGUMENTS("--cert", d.cert, d.folder)), CLI_USAGE, "file_unreadable"));
    CHECK(refused_as(run(t, ARGUMENTS("--cert", d.answer, d.answer)), CLI_USAGE, "key_unreadable"));
    CHECK(refused_as(run(t, ARGUMENTS("--cert", d.cert, "--decrypt-key", d.cert, d.answer)), CLI_USAGE,
                     "key_unreadable"));
    cli_remove(t, d.folder);
}

TEST(saml_verify_names_the_form_of_what_is_no_xml)
{
    struct desk d = lay_out(t);
    static const struct {
        struct str text;
        const char *code;
    } forms[] = { { { "", 0 }, "message_base64" },
                  { { "hello world", 11 }, "message_base64" },
                  { { "{\"SAML\":1}", 10 }, "xml_malformed" },
                  { { "\xFF\xFE<\0a\0/\0>\0", 10 }, "xml_encoding" },
                  { { "<\0a\0/\0>\0", 8 }, "xml_encoding" } };

    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        const char *path = cli_file(t, d.folder, "form", forms[i].text);
        CHECK(refused_as(run(t, ARGUMENTS("--cert", d.cert, "--now", NOW, path)), CLI_REFUSED, forms[i].code));
    }
    cli_remove(t, d.folder);
}

/* The server refuses what names nobody; so does the verifier, by the same code. */
TEST(saml_verify_refuses_what_names_nobody)
{
    struct desk d = lay_out(t);
    static const struct {
        const char *name, *from, *to, *map, *code; /* code NULL: accepted */
    } rows[] = {
        { "shibboleth", NULL, NULL, NULL, NULL },
        { "shibboleth", NULL, NULL, "google", NULL },
        { "shibboleth", "nameid-format:persistent", "nameid-format:transient", NULL, NULL }, /* a map may not need it */
        { "shibboleth", "nameid-format:persistent", "nameid-format:transient", "google", "no_subject" },
        { "shibboleth", NULL, NULL, "mpassid", "attribute_missing" },
        { "mpassid", NULL, NULL, NULL, NULL },                     /* no NameID: an attribute names the person */
        { "mpassid", NULL, NULL, "mpassid", "attribute_missing" }, /* the learner number */
        { "mpassid", NULL, NULL, "google", "no_subject" },
        { "mpassid", "urn:mpass.id:uid", "urn:mpass.id:nothing", NULL, "no_subject" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct str text = forge_file(t->arena, rows[i].name);
        CHECK(rows[i].from == NULL || str_find(text, str_of(rows[i].from)) < text.n);
        if (rows[i].from != NULL)
            text = forge_replace(t->arena, text, rows[i].from, rows[i].to);
        const char *path =
            cli_file(t, d.folder, "person.xml",
                     forge_unmark(t->arena, forge_sign_assertion(t->arena, text, &(struct forge_sign){ 0 })));
        struct said s = rows[i].map == NULL
                            ? run(t, ARGUMENTS("--cert", d.cert, "--now", NOW, path))
                            : run(t, ARGUMENTS("--cert", d.cert, "--now", NOW, "--map", rows[i].map, path));
        CHECK(rows[i].code == NULL ? s.status == CLI_OK : refused_as(s, CLI_REFUSED, rows[i].code));
    }
    CHECK(refused_as(run(t, ARGUMENTS("--cert", d.cert, "--map", "roles", d.answer)), CLI_USAGE, "usage"));
    cli_remove(t, d.folder);
}

TEST(saml_verify_lists_its_codes)
{
    struct said s = run(t, (const char *const[]){ "verify", "--help", NULL });

    CHECK_INT(s.status, CLI_OK);
#define X(code, rule) CHECK(str_find(s.line, S("\n  " #code " ")) < s.line.n);
    SAML_CODES(X)
    VERDICT_CODES(X)
#undef X
}
