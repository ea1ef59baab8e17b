/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/test.h"
#include "wire/yaml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct yaml *read_yaml(struct test *t, const char *text, struct fail *f)
{
    *f = (struct fail){ 0 };
    return yaml_read(t->arena, str_of(text), "f.yaml", f);
}

TEST(maps_lists_and_texts_are_read_with_their_lines)
{
    struct fail f;
    const struct yaml *y = read_yaml(t, "a: 1\nb:\n  - x\n  - {c: 'it''s'}\nd: |\n  two\n  lines\ne:\n", &f);

    CHECK(y != NULL && y->kind == YAML_MAP && y->n == 4);
    CHECK_STR(yaml_get(y, "a")->text, "1");
    CHECK_INT(yaml_get(y, "b")->items[1]->line, 4);
    CHECK_STR(yaml_get(yaml_get(y, "b")->items[1], "c")->text, "it's");
    CHECK(!yaml_get(yaml_get(y, "b")->items[1], "c")->plain);
    CHECK_STR(yaml_get(y, "d")->text, "two\nlines\n");
    CHECK_STR(yaml_get(y, "e")->text, "");
    CHECK(yaml_get(y, "nothing") == NULL && yaml_get(yaml_get(y, "a"), "a") == NULL);
}

static const struct {
    const char *text, *code, *says;
} refused[] = {
    { "", "yaml_refused", "f.yaml:1: the file is empty" },
    { "a: &x 1\n", "yaml_refused", "f.yaml:1: an anchor" },
    { "a: 1\nb: *x\n", "yaml_refused", "f.yaml:2: an alias" },
    { "a: !!str 1\n", "yaml_refused", "f.yaml:1: a tag" },
    { "a: ! 1\n", "yaml_refused", "tag" },
    { "!x a: 1\n", "yaml_refused", "tag" },
    { "a: 1\nb: 2\na: 3\n", "yaml_refused", "f.yaml:3: the key \"a\" stands here twice (first in line 1)" },
    { "? [a]\n: 1\n", "yaml_refused", "f.yaml:1: a key must be a text" },
    { "a: 1\n---\nb: 2\n", "yaml_refused", "second document" },
    { "%YAML 1.1\n---\na: 1\n", "yaml_refused", "directives" },
    { "a: [1, 2\n", "yaml_syntax", "f.yaml:" },
    { "a: 1\n\tb: 2\n", "yaml_syntax", "f.yaml:2" },
    { "a: \"\\0\"\n", "yaml_refused", "NUL" },
    { "a: \xff\xfe\n", "yaml_syntax", "f.yaml:1" },
    { "[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", "yaml_too_large", "nested too deeply" },
};

TEST(a_byte_order_mark_is_no_part_of_the_file) /* [YAML 1.2 5.2] */
{
    struct fail f;
    const struct yaml *y = read_yaml(t,
                                     "\xEF\xBB\xBF"
                                     "format: 1\nrows: []\n",
                                     &f);

    CHECK(y != NULL && y->n == 2);
    CHECK_STR(y->keys[0], "format");
    CHECK_INT(y->key_lines[1], 2);
    CHECK(read_yaml(t,
                    "\xEF\xBB\xBF"
                    "format: 1\r\nb: \xE4\r\n",
                    &f) == NULL);
    CHECK_STR(f.detail,
              "f.yaml:2: byte 4 of the line, 0xE4, is no UTF-8 (the file may be Latin-1 or Windows-1252); save it "
              "as UTF-8");
    CHECK(read_yaml(t, "\xEF\xBB\xBF", &f) == NULL);
    CHECK_STR(f.detail, "f.yaml:1: the file is empty");
}

static const struct {
    struct str text;
    const char *says;
} bytes[] = {
    { { "a: 1\nname: M\xE4kel\xE4\n", 16 }, "f.yaml:2: byte 8 of the line, 0xE4, is no UTF-8" },
    { { "a: 1\n# \xC3\xA4 is one\n\n# \xE4 is none\n", 31 }, "f.yaml:4: byte 3 of the line, 0xE4" },
    { { "a: 1\r\rb: \xE4", 10 }, "f.yaml:3: byte 4" },
    { { "a: 1\r\nb: \xC3", 10 }, "f.yaml:2: byte 4" },
    { { "a: 1\nb: \x07\n", 10 }, "f.yaml:2: byte 4 of the line is the control character 0x07" },
    { { "a: 1\nb: \0\n", 10 }, "f.yaml:2: byte 4 of the line is the control character 0x00" },
    { { "a: 1\nb: 2\nc: \xC2\x81\n", 16 }, "f.yaml:3: control characters" },
    { { "\xFF\xFE"
        "a\0:\0",
        6 },
      "f.yaml:1: the file is UTF-16" },
    { { "\xFE\xFF"
        "\0a",
        4 },
      "f.yaml:1: the file is UTF-16" },
    { { "a\0:\0 \0", 6 }, "f.yaml:1: the file is UTF-16" },
};

TEST(bytes_that_are_no_text_are_named_with_their_line)
{
    for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++) {
        struct fail f = { 0 };
        t->checked++;
        if (yaml_read(t->arena, bytes[i].text, "f.yaml", &f) != NULL || strcmp(f.code, "yaml_syntax") != 0 ||
            strncmp(f.detail, bytes[i].says, strlen(bytes[i].says)) != 0)
            test_fail(t, __FILE__, __LINE__, "text %zu: %s: %s", i, f.code, f.detail);
    }
}

TEST(what_a_configuration_does_not_need_is_refused)
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct fail f;
        t->checked++;
        if (read_yaml(t, refused[i].text, &f) != NULL || strcmp(f.code, refused[i].code) != 0 ||
            strstr(f.detail, refused[i].says) == NULL)
            test_fail(t, __FILE__, __LINE__, "text %zu: %s: %s", i, f.code, f.detail);
    }
}

TEST(an_unknown_key_names_a_near_one)
{
    static const char *const known[] = { "redirect_uris", "name", NULL };
    struct fail f;
    const struct yaml *y = read_yaml(t, "name: x\nredirect_uri: y\n", &f);

    CHECK(!yaml_only(y, known, &f));
    CHECK_STR(f.detail,
              "f.yaml:2: unknown key \"redirect_uri\"; did you mean \"redirect_uris\"? Known: redirect_uris, name");
    y = read_yaml(t, "colour: red\n", &f);
    CHECK(!yaml_only(y, known, &f));
    CHECK_STR(f.detail, "f.yaml:1: unknown key \"colour\"; known: redirect_uris, name");
    y = read_yaml(t, "[name]\n", &f);
    CHECK(!yaml_only(y, known, &f));
}

TEST(every_text_is_written_so_that_it_reads_as_itself)
{
    static const struct str texts[] = {
        { "", 0 },
        { "plain", 5 },
        { "two words", 9 },
        { " space ", 7 },
        { "yes", 3 },
        { "No", 2 },
        { "null", 4 },
        { "~", 1 },
        { "0123", 4 },
        { "1e3", 3 },
        { "-", 1 },
        { "- a", 3 },
        { "a: b", 4 },
        { "a:b", 3 },
        { "a:", 2 },
        { "#x", 2 },
        { "a #b", 4 },
        { "{x}", 3 },
        { "[x]", 3 },
        { "&a", 2 },
        { "*a", 2 },
        { "!a", 2 },
        { "%a", 2 },
        { "'a'", 3 },
        { "\"a\"", 3 },
        { "a\\b", 3 },
        { "a\nb", 3 },
        { "a\tb", 3 },
        { "\x01\x7f", 2 },
        { "åäö čđšž", 13 },
        { "a\xC2\x85"
          "b",
          4 },
        { "\xE2\x80\xA8", 3 },
        { "\xEF\xBB\xBF", 3 },
        { "\xEF\xBF\xBE", 3 },
        { "\xF0\x9D\x84\x9E", 4 },
        { "https://a.example/b?c=d&e=f", 27 },
        { "O'Mäkelä", 10 },
        { "trailing ", 9 },
        { "a  b", 4 },
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct fail f = { 0 };
        struct yaml_out *o = yaml_out_new(t->arena);
        yaml_out_text(o, "k", texts[i]);
        yaml_out_list(o, "l");
        yaml_out_text(o, NULL, texts[i]);
        yaml_out_end(o);
        struct yaml *y = yaml_read(t->arena, yaml_out_str(o), "again", &f);
        t->checked++;
        if (y == NULL || !str_eq(yaml_get(y, "k")->text, texts[i]) ||
            !str_eq(yaml_get(y, "l")->items[0]->text, texts[i]) || (yaml_get(y, "k")->plain && texts[i].n == 0))
            test_fail(t, __FILE__, __LINE__, "text %zu: %s\n%.*s", i, f.detail, STR_ARG(yaml_out_str(o)));
    }
}

/* The next of numbers that look random and are the same in every run. */
static uint32_t roll(uint64_t *seed, uint32_t sides)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 33) % sides;
}

TEST(every_block_is_written_so_that_it_reads_as_itself)
{
    static const char *const pieces[] = { "a",        " ",
                                          "  ",       "\n",
                                          "\n",       "\n\n",
                                          "\t",       "#",
                                          "- ",       ": ",
                                          "|",        "\"",
                                          "---",      "...",
                                          "\r",       "ä",
                                          "\x01",     "permit (principal, action, resource);\n",
                                          "\xC2\x85", "\xE2\x80\xA8",
                                          "%",        "\\n",
                                          "}",        "\xEF\xBB\xBF" };
    uint64_t seed = 11;
    size_t blocks = 0;

    for (size_t i = 0; i < 20000; i++) {
        struct buf b = buf_new(t->arena, 4096);
        for (size_t n = roll(&seed, 8); n > 0; n--)
            buf_add(&b, str_of(pieces[roll(&seed, sizeof pieces / sizeof *pieces)]));
        if (roll(&seed, 2) == 0)
            buf_byte(&b, '\n');
        struct str text = buf_str(&b);
        struct fail f = { 0 };
        struct yaml_out *o = yaml_out_new(t->arena);
        yaml_out_list(o, "l");
        yaml_out_map(o, NULL);
        yaml_out_text(o, "first", S("x"));
        yaml_out_block(o, "k", text);
        yaml_out_text(o, "last", S("y"));
        yaml_out_end(o);
        yaml_out_end(o);
        blocks += str_find(yaml_out_str(o), S("k: |\n")) < yaml_out_str(o).n;
        struct yaml *y = yaml_read(t->arena, yaml_out_str(o), "again", &f);
        const struct yaml *item = y != NULL ? yaml_get(y, "l")->items[0] : NULL;
        t->checked++;
        if (item == NULL || !str_eq(yaml_get(item, "k")->text, text) || !str_eq(yaml_get(item, "last")->text, S("y")))
            test_fail(t, __FILE__, __LINE__, "text %zu: %s\n%.*s", i, f.detail, STR_ARG(yaml_out_str(o)));
        arena_reset(t->arena);
    }
    CHECK(blocks > 1000);
}

TEST(a_block_shows_its_lines_as_they_are)
{
    struct yaml_out *o = yaml_out_new(t->arena);

    yaml_out_list(o, "policies");
    yaml_out_map(o, NULL);
    yaml_out_text(o, "id", S("x"));
    yaml_out_block(o, "text", S("permit (\n  principal\n);\n\n// ä\n"));
    yaml_out_end(o);
    yaml_out_end(o);
    CHECK_STR(yaml_out_str(o), "policies:\n  - id: x\n    text: |\n      permit (\n        principal\n      );\n\n"
                               "      // ä\n");
    o = yaml_out_new(t->arena);
    yaml_out_block(o, "text", S("a \nb\n")); /* an editor would take the blank away */
    CHECK_STR(yaml_out_str(o), "text: \"a \\nb\\n\"\n");
}

TEST(what_is_written_is_nested_as_it_was_opened)
{
    struct yaml_out *o = yaml_out_new(t->arena);

    yaml_out_comment(o, "a comment");
    yaml_out_int(o, "n", -7);
    yaml_out_list(o, "empty");
    yaml_out_end(o);
    yaml_out_list(o, "list");
    yaml_out_map(o, NULL);
    yaml_out_text(o, "a", S("x"));
    yaml_out_map(o, "b");
    yaml_out_bool(o, "c", true);
    yaml_out_end(o);
    yaml_out_end(o);
    yaml_out_map(o, NULL);
    yaml_out_end(o);
    yaml_out_end(o);
    CHECK_STR(yaml_out_str(o), "# a comment\nn: -7\nempty:\n  []\nlist:\n  - a: x\n    b:\n      c: true\n  - {}\n");
}

static bool settings_of(struct test *t, const char *text, struct settings *s, struct fail *f)
{
    char path[] = "/tmp/digione-settings-XXXXXX";
    int fd = mkstemp(path);

    CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    (void)close(fd);
    *f = (struct fail){ 0 };
    bool good = settings_read_file(path, t->arena, s, f);
    (void)unlink(path);
    return good;
}

#define LEAST "public_url: https://login.example\nlisten: 127.0.0.1:8080\nstate_dir: /var/lib/digione\n"

TEST(a_settings_file_is_read_over_the_defaults)
{
    struct settings s;
    struct fail f;

    CHECK(settings_of(t, LEAST "session_idle_s: 900 # a quarter of an hour\n", &s, &f));
    CHECK_STR(s.public_url, "https://login.example");
    CHECK_INT(s.session_idle_s, 900);
    CHECK_INT(s.code_life_s, 60);
    CHECK_STR(s.keys_dir, "/var/lib/digione/keys");
}

TEST(a_wrong_setting_is_refused_with_its_line)
{
    struct settings s;
    struct fail f;

    CHECK(!settings_of(t, LEAST "sesion_idle_s: 900\n", &s, &f));
    CHECK_STR(f.code, "unknown_setting");
    CHECK(strstr(f.detail, ":4: ") != NULL);
    CHECK(!settings_of(t, LEAST "session_idle_s: 12\n", &s, &f));
    CHECK_STR(f.code, "bad_setting");
    CHECK(strstr(f.detail, ":4: session_idle_s: expected a number from 300 to 28800") != NULL);
    CHECK(!settings_of(t, LEAST "loops: [1]\n", &s, &f));
    CHECK_STR(f.code, "bad_setting");
    CHECK(!settings_of(t, LEAST "session_idle_s: 300\nsession_max_s: 900\nlog_level: loud\n", &s, &f));
    CHECK(strstr(f.detail, ":6: log_level: expected debug, info, warn or error, got \"loud\"") != NULL);
    CHECK(!settings_of(t, "- a\n", &s, &f));
    CHECK(!settings_read_file("/nonexistent", t->arena, &s, (f = (struct fail){ 0 }, &f)));
    CHECK_STR(f.code, "file_unreadable");
}

TEST(a_missing_setting_is_called_missing)
{
    struct settings s;
    struct fail f;

    CHECK(!settings_of(t, "listen: 127.0.0.1:1\nstate_dir: /a\n", &s, &f));
    CHECK_STR(f.code, "missing_setting");
    CHECK(strstr(f.detail, ": public_url is missing: ") != NULL);
    CHECK(!settings_of(t, "public_url: https://login.example\nstate_dir: /a\n", &s, &f));
    CHECK(strstr(f.detail, ": listen is missing: ") != NULL);
    CHECK(!settings_of(t, "public_url: https://login.example\nlisten: 127.0.0.1:1\n", &s, &f));
    CHECK(strstr(f.detail, ": state_dir is missing: ") != NULL);
    CHECK(!settings_of(t, "public_url: https://login.example\nlisten: 127.0.0.1:1\nstate_dir: a\n", &s, &f));
    CHECK_STR(f.code, "bad_setting");
    CHECK(strstr(f.detail, ":3: state_dir: expected an absolute path, got \"a\"") != NULL);
}

TEST(an_unknown_setting_is_answered_with_all_that_there_are)
{
    struct settings s;
    struct fail f;

    CHECK(!settings_of(t, LEAST "sesion_idle_s: 900\n", &s, &f));
    CHECK(strstr(f.detail, "unknown setting \"sesion_idle_s\"; did you mean \"session_idle_s\"? Known: ") != NULL);
#define N(name, preset, min, max, meaning) CHECK(strstr(f.detail, #name) != NULL);
    SETTINGS_NUMBERS(N)
#undef N
#define T(name, preset, max_B, meaning) CHECK(strstr(f.detail, #name) != NULL);
    SETTINGS_TEXTS(T)
#undef T
}

static const struct {
    const char *url, *says; /* says: NULL when it is good */
} addresses[] = {
    { "https://login.example", NULL },
    { "https://login.example:8443", NULL },
    { "https://xn--kirjaudu-9za.example", NULL },
    { "https://[2001:db8::1]:8443", NULL },
    { "http://localhost:8080", NULL },
    { "http://localhost", NULL },
    { "http://oulu.localhost:8081", NULL },
    { "http://127.0.0.1:8080", NULL },
    { "http://127.9.8.7", NULL },
    { "http://[::1]:8080", NULL },
    { "http://login.example", "expected https://login.example; http is for localhost" },
    { "http://login.example:8080", "http is for localhost" },
    { "http://localhost.example", "http is for localhost" },
    { "http://notlocalhost", "http is for localhost" },
    { "http://127.0.0.1.example", "http is for localhost" },
    { "http://127.1", "http is for localhost" },
    { "http://128.0.0.1", "http is for localhost" },
    { "http://0.0.0.0:8080", "http is for localhost" },
    { "http://10.0.0.1", "http is for localhost" },
    { "http://[::2]", "http is for localhost" },
    { "https://login.example:443", "expected no \":443\"" },
    { "http://localhost:80", "expected no \":80\"" },
    { "https://login.example/", "without a path" },
    { "https://login.example/sso", "without a path" },
    { "https://Login.example", "in lower case" },
    { "https://", "expected https://host" },
    { "https://:443", "expected https://host" },
    { "https://login.example:", "expected https://host" },
    { "https://login.example:0", "expected https://host" },
    { "https://login.example:080", "expected https://host" },
    { "https://login.example:65536", "expected https://host" },
    { "https://a@login.example", "expected https://host" },
    { "https://login..example", "expected https://host" },
    { "https://login.example.", "expected https://host" },
    { "https://-login.example", "expected https://host" },
    { "https://[::1", "expected https://host" },
    { "https://[::1]x", "expected https://host" },
    { "ftp://login.example", "expected https://host" },
    { "login.example", "expected https://host" },
};

TEST(the_public_address_is_https_but_on_this_machine)
{
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        struct settings s;
        struct fail f = { 0 };
        settings_defaults(&s);
        s.public_url = str_of(addresses[i].url);
        s.listen = S("127.0.0.1:8080");
        s.state_dir = S("/var/lib/digione");
        bool good = settings_check(&s, t->arena, &f);
        t->checked++;
        if (good != (addresses[i].says == NULL) || (!good && strstr(f.detail, addresses[i].says) == NULL))
            test_fail(t, __FILE__, __LINE__, "%s: %s", addresses[i].url, good ? "passes" : f.detail);
    }
}

TEST(certificates_come_over_tls_and_from_a_trusted_proxy_alone)
{
    static const struct {
        const char *settings, *says;
    } wrong[] = {
        { "client_ca_file: /a\n", "mtls_url is not" },
        { "mtls_url: http://mtls.example\ntrusted_proxy: 127.0.0.1\n", "expected https://host" },
        { "mtls_url: https://mtls.example/\ntrusted_proxy: 127.0.0.1\n", "expected https://host" },
        { "mtls_url: https://mtls.example:443\ntrusted_proxy: 127.0.0.1\n", "expected https://host" },
        { "mtls_url: https://mtls.example\n", "trusted_proxy is not" },
    };
    struct settings s;
    struct fail f = { 0 };

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        f = (struct fail){ 0 };
        CHECK(!settings_of(t, arena_printf(t->arena, LEAST "%s", wrong[i].settings).p, &s, &f));
        CHECK(strstr(f.detail, wrong[i].says) != NULL);
    }
    CHECK(settings_of(t, LEAST "mtls_url: https://login.example:8443\ntrusted_proxy: 127.0.0.1\nclient_ca_file: /a\n",
                      &s, &f));
}

TEST(the_outgoing_proxy_is_an_address_and_nothing_more)
{
    static const char *const wrong[] = {
        "outgoing_proxy: proxy.example:3128\n",
        "outgoing_proxy: http://proxy.example\n", /* a library would take 1080 */
        "outgoing_proxy: https://proxy.example:3128\n",
        "outgoing_proxy: http://digione:salainen@proxy.example:3128\n",
        "outgoing_proxy: http://proxy.example:3128/\n",
        "outgoing_proxy: socks5://proxy.example:1080\n",
        "outgoing_proxy_login_file: /a\n",
        "outgoing_proxy_except: kunta.example\n",
        "outgoing_proxy: http://p.example:1\noutgoing_proxy_except: \"kunta.example, *\"\n",
        "outgoing_proxy: http://p.example:1\noutgoing_proxy_except: 10.0.0.1\n",
        "outgoing_proxy: http://p.example:1\noutgoing_proxy_except: \"a.example,,b.example\"\n",
    };
    struct settings s;
    struct fail f = { 0 };

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        f = (struct fail){ 0 };
        CHECK(!settings_of(t, arena_printf(t->arena, LEAST "%s", wrong[i]).p, &s, &f));
        CHECK(strstr(f.detail, "outgoing_proxy") != NULL && strstr(f.detail, "salainen") == NULL);
    }
    CHECK(settings_of(t,
                      LEAST "outgoing_proxy: http://proxy.example:3128\noutgoing_proxy_login_file: /etc/digione/proxy\n"
                            "outgoing_proxy_except: kunta.example, .idp.example\n",
                      &s, &f));
    CHECK(settings_of(t, LEAST "outgoing_proxy: \"http://[fd00::1]:3128\"\n", &s, &f));
}
