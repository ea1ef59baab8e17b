/* SPDX-License-Identifier: EUPL-1.2
 * digione import and check: what they examine, what they leave alone, and what they warn of. */
#include "gateway/cli/cli.h"
#include "tests/contract/cli_run.h"
#include "tests/contract/proxy_stub.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROVIDER "providers:\n  - {id: oulu, oid: 1.2.246.562.99.1, name: {fi: Oulu}}\n"
#define CITY                                                                                                           \
    "idps:\n  - {id: p, provider: oulu, kind: oidc, name: {fi: Oulu}, map: native, issuer: \"https://i.example\", "    \
    "client_id: x, auth_method: client_secret_basic, client_secret: {plain: city-secret-0123456789}}\n"

struct node {
    const char *folder, *config, *state;
};

/* A node that has never run.  As root its words become nobody, who must reach the folder. */
static struct node node_new(struct test *t, const char *more)
{
    struct node n = { .folder = cli_folder(t) };

    CHECK(chmod(n.folder, 0755) == 0);
    if (geteuid() == 0)
        CHECK(chown(n.folder, 65534, 65534) == 0);
    n.state = arena_cstr(t->arena, arena_printf(t->arena, "%s/state", n.folder));
    n.config = cli_file(t, n.folder, "digione.yaml",
                        arena_printf(t->arena,
                                     "public_url: http://localhost:8080\nlisten: 127.0.0.1:8080\nstate_dir: %s\n"
                                     "run_as: nobody\n%s",
                                     n.state, more));
    return n;
}

static struct said import(struct test *t, const struct node *n, const char *option, const char *registry)
{
    const char *file = cli_file(t, n->folder, "registry.yaml", str_of(registry));
    const char *const arguments[] = { "-c", n->config, file, option, NULL };

    return cli_run(t, cli_import, "import", arguments);
}

/* Every file below, with owner, size and a sum of its bytes; times of access are no change. */
static struct str snapshot(struct test *t, const struct node *n)
{
    char *text = arena_alloc(t->arena, 65536);
    FILE *p = popen(
        arena_cstr(t->arena, arena_printf(t->arena,
                                          "cd %s && find . -printf '%%p %%u %%m\\n' | sort && find . -type f -exec "
                                          "cksum {} + | sort",
                                          n->folder)),
        "r");

    CHECK(p != NULL);
    size_t size = fread(text, 1, 65536, p);
    CHECK(pclose(p) == 0);
    return str_n(text, size);
}

static bool has(struct str text, const char *part)
{
    return str_find(text, str_of(part)) < text.n;
}

TEST(a_dry_run_before_the_first_start_makes_nothing)
{
    struct node n = node_new(t, "");

    (void)cli_file(t, n.folder, "registry.yaml", S("format: 1\n" PROVIDER CITY));
    struct str before = snapshot(t, &n);
    struct said s = import(t, &n, "--dry-run", "format: 1\n" PROVIDER CITY);
    CHECK_INT(s.status, CLI_OK);
    CHECK(has(s.line, "+ idp p\n") && has(s.line, "would be: 2 added"));
    CHECK(str_eq(snapshot(t, &n), before));
    cli_remove(t, n.folder);
}

TEST(a_dry_run_says_what_would_change_and_changes_no_byte)
{
    struct node n = node_new(t, "");

    CHECK_INT(import(t, &n, "--quiet", "format: 1\n" PROVIDER).status, CLI_OK);
    (void)cli_file(t, n.folder, "registry.yaml", S("format: 1\n" PROVIDER CITY));
    struct str before = snapshot(t, &n);
    struct said s = import(t, &n, "--dry-run", "format: 1\n" PROVIDER CITY);
    CHECK_INT(s.status, CLI_OK);
    CHECK(has(s.line, "would be: 1 added, 0 changed, 0 removed, 1 as before; nothing was changed"));
    CHECK(str_eq(snapshot(t, &n), before));
    cli_remove(t, n.folder);
}

TEST(a_dry_run_refuses_what_the_import_would_refuse)
{
    struct node n = node_new(t, "");
    struct said s = import(t, &n, "--dry-run", "format: 1\n" PROVIDER "idps: []\nservices: {}\n");

    CHECK_INT(s.status, CLI_REFUSED);
    CHECK(has(s.complaint, "registry.yaml:5: expected a list of services"));
    CHECK(access(n.state, F_OK) != 0);
    cli_remove(t, n.folder);
}

TEST(check_changes_no_byte)
{
    struct node n = node_new(t, "");
    const char *const arguments[] = { "-c", n.config, NULL };

    CHECK_INT(import(t, &n, "--quiet", "format: 1\n" PROVIDER CITY).status, CLI_OK);
    struct str before = snapshot(t, &n);
    struct said s = cli_run(t, cli_check, "check", arguments);
    CHECK(has(s.line, "ok   registry         1 providers, 1 identity providers, 0 services, 0 policies"));
    CHECK(str_eq(snapshot(t, &n), before));
    cli_remove(t, n.folder);
}

static struct said check(struct test *t, const struct node *n)
{
    const char *const arguments[] = { "-c", n->config, NULL };

    return cli_run(t, cli_check, "check", arguments);
}

#define LOCAL_IDP "idps:\n  - {id: oma, provider: oulu, kind: local, name: {fi: Oma}}\n"
#define LISTEN    "127.0.0.1:8080"

/* One setting after another, beside a registry with the identity provider oma. */
static const struct {
    const char *listen, *more, *says;
} examined[] = {
    { LISTEN, "support: helpdesk\n", "BAD  addresses        support: expected https://… or an e-mail address" },
    { LISTEN, "support: help@example.fi\n", "ok   addresses " },
    { LISTEN, "support: /help\n", "BAD  addresses        support: " },
    { LISTEN, "privacy: javascript:alert(1)\n", "BAD  addresses        privacy: expected https://…" },
    { LISTEN, "accessibility: seloste\n", "BAD  addresses        accessibility: expected https://…" },
    { LISTEN, "", "warn addresses        support is missing" },
    { LISTEN, "local_idp: oma\n", "ok   registry " },
    { LISTEN, "local_idp: omaa\n",
      "BAD  registry         local_idp: there is no identity provider \"omaa\"; did you mean \"oma\"? Known: oma" },
    { LISTEN, "ca_file: /nowhere.pem\n", "BAD  ca_file          /nowhere.pem: No such file or directory" },
    { LISTEN, "ca_file: /etc/passwd\n", "BAD  ca_file          /etc/passwd holds no certificate in PEM" },
    { LISTEN, "ca_file: /etc\n", "BAD  ca_file          /etc is no file" },
    { LISTEN, "trusted_proxy: 127.0.0.1\nmtls_url: https://mtls.example\nclient_ca_file: /etc/passwd\n",
      "BAD  client_ca_file   there is no certificate in PEM" },
    { LISTEN, "trusted_proxy: 127.0.0.1\nmtls_url: https://mtls.example\nclient_ca_file: /nowhere.pem\n",
      "BAD  client_ca_file   /nowhere.pem cannot be read" },
    { LISTEN, "", "ok   outgoing_proxy   none" },
    { LISTEN, "outgoing_proxy: http://127.0.0.1:1\n", "BAD  outgoing_proxy   http://127.0.0.1:1: Connection refused" },
    { LISTEN, "outgoing_proxy: http://127.0.0.1:1\noutgoing_proxy_login_file: /nowhere\n",
      "BAD  outgoing_proxy   outgoing_proxy_login_file /nowhere: No such file" },
    { LISTEN, "outgoing_proxy: http://127.0.0.1:1\noutgoing_proxy_login_file: /dev/null\n",
      "BAD  outgoing_proxy   outgoing_proxy_login_file /dev/null: expected one line, user:password" },
    { LISTEN, "redis: 127.0.0.1:1\nkv_timeout_ms: 100\n", "BAD  Redis            127.0.0.1:1 does not serve us" },
    { LISTEN, "redis: unix:/nowhere.sock\nkv_timeout_ms: 100\n",
      "BAD  Redis            unix:/nowhere.sock does not serve us" },
    { LISTEN, "redis: 127.0.0.1:1\nredis_user: x\n", "BAD  Redis            redis_user is set" },
    { LISTEN, "trusted_proxy: 127.0.0.1\n", "ok   trusted_proxy    127.0.0.1" },
    { LISTEN, "trusted_proxy: unix\n", "BAD  trusted_proxy    trusted_proxy is unix, but listen is 127.0.0.1:8080" },
    { LISTEN, "trusted_proxy: 10.0.0.1\n", "BAD  trusted_proxy    10.0.0.1 cannot connect to 127.0.0.1:8080" },
    { LISTEN, "trusted_proxy: ::1\n", "BAD  trusted_proxy    ::1 cannot connect to 127.0.0.1:8080: one is IPv4" },
    { LISTEN, "trusted_proxy: 127.0.0.0/8\n", "BAD  trusted_proxy    expected unix or one address" },
    { LISTEN, "trusted_proxy: localhost\n", "BAD  trusted_proxy    expected unix or one address" },
    { "'[::1]:8080'", "trusted_proxy: 0:0::1\n", "BAD  trusted_proxy    \"0:0::1\" is written ::1" },
    { "unix:/tmp/http.sock", "", "BAD  trusted_proxy    listen is a Unix socket" },
    { "unix:/tmp/http.sock", "trusted_proxy: 127.0.0.1\n", "BAD  trusted_proxy    listen is a Unix socket" },
    { "unix:/tmp/http.sock", "trusted_proxy: unix\n", "ok   listen           unix:/tmp/http.sock" },
    { "unix:/nowhere/http.sock", "trusted_proxy: unix\n",
      "BAD  listen           the folder /nowhere is not there: install -d -o nobody -m 755 /nowhere" },
    { "unix:/tmp", "trusted_proxy: unix\n", "BAD  listen " },
    { "192.0.2.1:8080", "", "BAD  listen           listen: cannot bind 192.0.2.1:8080" },
};

TEST(check_examines_what_serve_will_need)
{
    struct node n = node_new(t, "");

    CHECK_INT(import(t, &n, "--quiet", "format: 1\n" PROVIDER LOCAL_IDP).status, CLI_OK);
    for (size_t i = 0; i < sizeof examined / sizeof *examined; i++) {
        (void)cli_file(t, n.folder, "digione.yaml",
                       arena_printf(t->arena,
                                    "public_url: http://localhost:8080\nlisten: %s\nstate_dir: %s\nrun_as: nobody\n%s",
                                    examined[i].listen, n.state, examined[i].more));
        struct said s = check(t, &n);
        bool bad = strncmp(examined[i].says, "BAD", 3) == 0;
        t->checked++;
        if (!has(s.line, examined[i].says) || (bad && s.status != CLI_REFUSED))
            test_fail(t, __FILE__, __LINE__, "row %zu: %d:\n%.*s", i, s.status, STR_ARG(s.line));
    }
    cli_remove(t, n.folder);
}

/* Asked to lead to the first identity provider that would be reached through it. */
TEST(check_asks_the_outgoing_proxy_to_lead_on)
{
    static const struct {
        int status;
        const char *login, *more, *says;
        bool bad;
    } proxies[] = {
        { 200, NULL, "", " leads to i.example\n", false },
        { 403, NULL, "", "warn outgoing_proxy   it does not lead to i.example: it said 403", false },
        { 200, "Basic x", "", " wants a login (407): outgoing_proxy_login_file", true },
        { 0, NULL, "", " does not answer CONNECT", true },
        { 403, NULL, "outgoing_proxy_except: i.example\n", "ok   outgoing_proxy   http://127.0.0.1:", false },
    };
    struct node n = node_new(t, "");

    CHECK_INT(import(t, &n, "--quiet", "format: 1\n" PROVIDER CITY).status, CLI_OK);
    for (size_t i = 0; i < sizeof proxies / sizeof *proxies; i++) {
        struct proxy_stub proxy;
        if (!proxy_stub_start(t, &proxy, 1, proxies[i].status, proxies[i].login))
            return;
        (void)cli_file(t, n.folder, "digione.yaml",
                       arena_printf(t->arena,
                                    "public_url: http://localhost:8080\nlisten: " LISTEN "\nstate_dir: %s\n"
                                    "run_as: nobody\noutgoing_proxy: http://127.0.0.1:%d\n%s",
                                    n.state, proxy.port, proxies[i].more));
        struct said s = check(t, &n);
        t->checked++;
        if (!has(s.line, proxies[i].says) || proxies[i].bad != has(s.line, "BAD  outgoing_proxy "))
            test_fail(t, __FILE__, __LINE__, "row %zu:\n%.*s", i, STR_ARG(s.line));
        CHECK_INT(atomic_load(&proxy.shared->asked), proxies[i].more[0] == '\0');
        CHECK(proxies[i].more[0] != '\0' || strstr(proxy.shared->last, "CONNECT i.example:443 HTTP/1.1\r\n") != NULL);
        proxy_stub_stop(&proxy);
    }
    cli_remove(t, n.folder);
}

TEST(check_says_where_a_folder_is_missing_or_a_user)
{
    struct node n = node_new(t, "");

    (void)cli_file(t, n.folder, "digione.yaml",
                   S("public_url: http://localhost:8080\nlisten: 127.0.0.1:8080\nstate_dir: /nowhere/state\n"
                     "run_as: nobody-of-that-name\n"));
    struct said s = check(t, &n);
    CHECK_INT(s.status, CLI_REFUSED);
    CHECK(has(s.line, "BAD  state directory  the folder /nowhere, in which it is to be made, is not there"));
    CHECK(geteuid() != 0 || has(s.line, "BAD  run_as           there is no user \"nobody-of-that-name\": make one"));
    cli_remove(t, n.folder);
}

#define OIDC(id, more)                                                                                                 \
    "  - {id: " id ", protocol: oidc, vendor: v, name: {fi: S}, client_id: " id                                        \
    ", secret: {plain: 0123456789abcdef}, "                                                                            \
    "redirect_uris: [\"https://s.example/cb\"]" more "}\n"

static const struct {
    const char *registry, *says; /* says NULL: nothing */
} warned[] = {
    { PROVIDER "services:\n" OIDC("s", ", launch_uri: \"https://s.example/\", asks: [sub, email], scopes: [openid, "
                                       "email]") "rules:\n  - {id: r, provider: oulu, service: s, release: [sub, "
                                                 "email]}\n",
      NULL },
    { PROVIDER "services:\n" OIDC("s", "") "rules:\n  - {id: r, provider: oulu, service: s}\n",
      "service s: nobody sees a tile for it: it has no launch_uri" },
    { PROVIDER "services:\n" OIDC("s", ", launch_uri: \"https://s.example/\""),
      "service s: nobody can open it: no policy permits it" },
    { PROVIDER "services:\n" OIDC("s", ", enabled: false"), NULL },
    { PROVIDER "services:\n" OIDC(
          "s", ", launch_uri: \"https://s.example/\", asks: [sub]") "rules:\n  - {id: r, provider: oulu, service: s, "
                                                                    "release: [sub, roles, school]}\n",
      "policy r: releases roles, school, which is not told: service s does not list it under asks" },
    { PROVIDER "services:\n" OIDC(
          "s",
          ", launch_uri: \"https://s.example/\", asks: [sub, email], scopes: [openid]") "rules:\n  - {id: r, provider: "
                                                                                        "oulu, service: s, release: "
                                                                                        "[sub, email]}\n",
      "service s: asks for email, which is not told: no scope" },
    { PROVIDER "services:\n" OIDC("s", ", enabled: false") "rules:\n  - {id: r, provider: oulu, service: s}\n",
      "policy r: opens nothing: service s is not enabled" },
    { PROVIDER "services:\n" OIDC("s", ", launch_uri: \"https://s.example/\"") "policies:\n  - {id: p, opens: forbid, "
                                                                               "services: [s]}\n",
      "service s: nobody can open it: no policy permits it" },
    { PROVIDER
      "services:\n" OIDC("s", ", launch_uri: \"https://s.example/\", category: learning") "policies:\n  - {id: "
                                                                                          "p, opens: permit, "
                                                                                          "categories: "
                                                                                          "[learning]}\n",
      NULL },
    { PROVIDER "services:\n" OIDC("s", ", launch_uri: \"https://s.example/\"") "policies:\n  - {id: p, opens: permit, "
                                                                               "enabled: false}\n",
      "service s: nobody can open it: no policy permits it" },
    { PROVIDER LOCAL_IDP, "idp oma: nobody can sign in there: it has no account" },
    { "providers:\n  - {id: oulu, oid: 1.2.246.562.99.1, name: {fi: Oulu}, support: puh 09 123}\n",
      "provider oulu: support is neither https://… nor an e-mail address" },
};

TEST(rows_that_can_have_no_effect_are_warned_of_by_import_and_check)
{
    for (size_t i = 0; i < sizeof warned / sizeof *warned; i++) {
        struct node n = node_new(t, "support: help@example.fi\n");
        const char *text = arena_cstr(t->arena, arena_join(t->arena, S("format: 1\n"), str_of(warned[i].registry)));
        struct said s = import(t, &n, "--dry-run", text);
        t->checked++;
        if (s.status != CLI_OK || has(s.complaint, "warning: ") != (warned[i].says != NULL) ||
            (warned[i].says != NULL && !has(s.complaint, warned[i].says)))
            test_fail(t, __FILE__, __LINE__, "row %zu: %d: %.*s", i, s.status, STR_ARG(s.complaint));
        CHECK_INT(import(t, &n, "--quiet", text).status, CLI_OK);
        s = check(t, &n);
        t->checked++;
        if (has(s.line, "warn registry ") != (warned[i].says != NULL) ||
            (warned[i].says != NULL && !has(s.line, warned[i].says)))
            test_fail(t, __FILE__, __LINE__, "row %zu: %.*s", i, STR_ARG(s.line));
        cli_remove(t, n.folder);
    }
}
