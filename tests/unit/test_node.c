/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/log.h"
#include "base/seals.h"
#include "gateway/answer.h"
#include "gateway/http/listen.h"
#include "gateway/metrics.h"
#include "gateway/node/node.h"
#include "tests/test.h"
#include "wire/form.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static struct registry *snapshot(int64_t version)
{
    struct registry_parts parts = { .version = version };

    return registry_build(arena_new(), &parts);
}

TEST(a_request_keeps_the_registry_it_began_with)
{
    struct settings set = { 0 };
    struct node *n = node_new(&set, &t->world);
    struct lane *lane = node_lane(n, NULL);

    CHECK(lane_registry(lane) == NULL);
    node_swap_registry(n, snapshot(1));
    struct registry *first = lane_registry(lane);
    node_swap_registry(n, snapshot(2));
    struct registry *second = lane_registry(lane);
    CHECK_INT(registry_parts(first)->version, 1);
    CHECK_INT(registry_parts(second)->version, 2);
    registry_drop(first);
    registry_drop(second);
    node_free(n);
}

TEST(metrics_are_summed_over_the_loops)
{
    struct metrics *loops[2] = { arena_make(t->arena, struct metrics), arena_make(t->arena, struct metrics) };

    metrics_add(loops[0], METRIC_refused_framing);
    metrics_add(loops[1], METRIC_refused_framing);
    metrics_request(loops[0], 0, 200, 0);
    metrics_request(loops[1], 0, 503, 30);
    metrics_request(loops[1], SIZE_MAX, 404, 100000);
    struct str text = metrics_text(t->arena, &all_routes, loops, 2, S("extra 1\n"));
    CHECK(str_find(text, S("digione_refused_framing_total 2\n")) < text.n);
    CHECK(str_find(text, S("digione_answers_total{status=\"2xx\"} 1\n")) < text.n);
    CHECK(str_find(text, S("digione_answers_total{status=\"5xx\"} 1\n")) < text.n);
    CHECK(str_find(text, S("{method=\"GET\",path=\"/health/live\",le=\"0.001\"} 1\n")) < text.n);
    CHECK(str_find(text, S("{method=\"GET\",path=\"/health/live\",le=\"0.050\"} 2\n")) < text.n);
    CHECK(str_find(text, S("{method=\"GET\",path=\"/health/live\",le=\"+Inf\"} 2\n")) < text.n);
    CHECK(str_find(text, S("{method=\"-\",path=\"-\",le=\"5.000\"} 0\n")) < text.n);
    CHECK(str_find(text, S("{method=\"-\",path=\"-\",le=\"+Inf\"} 1\n")) < text.n);
    CHECK(str_has_suffix(text, S("extra 1\n")));
}

TEST(an_address_that_cannot_be_listened_on_is_refused)
{
    static const struct str bad[] = {
        S(""),
        S("8080"),
        S(":8080"),
        S("localhost:8080"),
        S("127.0.0.1"),
        S("127.0.0.1:"),
        S("127.0.0.1:0"),
        S("127.0.0.1:65536"),
        S("127.0.0.1:80x"),
        S("::1:8080"),
        S("[::1]"),
        S("[::g]:80"),
        S("unix:"),
        S("unix:x/y"),
        S("300.0.0.1:80"),
        S("unix:/a/path/that/is/far/too/long/for/the/field/in/which/the/kernel/wants/to/find/it/"
          "and/so/must/be/refused/before/it/is/cut"),
    };
    struct fail f;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        f = (struct fail){ 0 };
        if (listen_check(bad[i], &f) || !str_eq(str_of(f.code), S("bad_setting")))
            test_fail(t, __FILE__, __LINE__, "%.*s is accepted", STR_ARG(bad[i]));
    }
    CHECK(listen_check(S("127.0.0.1:8080"), &f) && listen_check(S("[::1]:8080"), &f) &&
          listen_check(S("unix:/x/y"), &f));
}

TEST(a_unix_socket_is_shared_by_the_loops_and_a_stale_one_is_replaced)
{
    char dir[] = "/tmp/digione-listen-XXXXXX", path[64];
    struct fail f = { 0 };
    int fds[3], again[1];
    struct stat st;

    CHECK(mkdtemp(dir) != NULL);
    (void)snprintf(path, sizeof path, "%s/socket", dir);
    struct str address = arena_printf(t->arena, "unix:%s", path);
    CHECK(listen_open(address, fds, 3, &f));
    CHECK(stat(path, &st) == 0 && (st.st_mode & 0777) == 0660);
    CHECK(!listen_open(address, again, 1, &f));
    CHECK_STR(f.code, "listen_taken");
    for (int i = 0; i < 3; i++)
        (void)close(fds[i]);
    f = (struct fail){ 0 };
    CHECK(listen_open(address, again, 1, &f)); /* the file of a gateway that was killed */
    (void)close(again[0]);
    (void)unlink(path);
    (void)rmdir(dir);
}

/* ── failures as answers ────────────────────────────────────────────────── */

struct answered {
    struct ctx ctx;
    struct http_request req;
    struct http_response res;
    struct route route;
    struct login login;
    struct settings set;
};

static struct answered *failing(struct test *t, enum fail_kind kind, const char *code, enum errors errors)
{
    struct answered *x = arena_make(t->arena, struct answered);

    x->req = (struct http_request){ .method = HTTP_GET, .path = S("/oidc/authorize"), .query = S("a=b&c=%22") };
    x->res = (struct http_response){ .arena = t->arena };
    x->route = (struct route){ HTTP_GET, "/oidc/authorize", DOOR_PUBLIC, WHO_ANYONE, 0, errors, NULL };
    settings_defaults(&x->set);
    x->ctx = (struct ctx){ .arena = t->arena,
                           .set = &x->set,
                           .req = &x->req,
                           .res = &x->res,
                           .route = &x->route,
                           .login = &x->login,
                           .now_s = TEST_NOW_S,
                           .support_code = "ABCD2345" };
    (void)fail(&x->ctx.fail, kind, code, "the reason is for the log <only>");
    return x;
}

TEST(a_failure_page_shows_the_support_code_and_never_the_reason)
{
    struct answered *x = failing(t, FAIL_CALLER, "invalid_request", ERRORS_HTML);

    http_header(&x->res, S("Location"), S("https://leaks.example/"));
    http_header(&x->res, S("Set-Cookie"), S("kept=1"));
    answer_failure(&x->ctx, NULL);
    answer_finish(&x->ctx);
    CHECK_INT(x->res.status, 400);
    CHECK(str_find(x->res.body, S("ABCD")) < x->res.body.n && str_find(x->res.body, S("2345")) < x->res.body.n);
    CHECK(str_find(x->res.body, S("for the log")) == x->res.body.n);
    CHECK(http_response_field(&x->res, S("Location")).p == NULL);
    CHECK_STR(http_response_field(&x->res, S("Set-Cookie")), "kept=1");
    CHECK_STR(http_response_field(&x->res, S("Cache-Control")), "no-store");
    CHECK_STR(http_response_field(&x->res, S("X-Content-Type-Options")), "nosniff");
    CHECK_STR(http_response_field(&x->res, S("Content-Language")), "fi");
}

TEST(when_we_fail_the_page_says_when_to_come_again)
{
    struct answered *x = failing(t, FAIL_OURS, "temporarily_unavailable", ERRORS_HTML);

    answer_failure(&x->ctx, NULL);
    CHECK_INT(x->res.status, 503);
    CHECK_STR(http_response_field(&x->res, S("Retry-After")), "60");
    CHECK(str_find(x->res.body, S("/oidc/authorize?a=b&amp;c=%22")) < x->res.body.n);
}

/* What was written to standard error while `run` ran. */
static struct str logged(struct test *t, void (*run)(void *with), void *with)
{
    char text[65536];
    int saved = dup(STDERR_FILENO), pipes[2] = { -1, -1 };
    ssize_t n;

    CHECK(saved >= 0 && pipe(pipes) == 0 && dup2(pipes[1], STDERR_FILENO) >= 0);
    run(with);
    (void)fflush(stderr);
    CHECK(dup2(saved, STDERR_FILENO) >= 0);
    (void)close(pipes[1]);
    n = read(pipes[0], text, sizeof text);
    (void)close(pipes[0]);
    (void)close(saved);
    return arena_str(t->arena, str_n(text, n > 0 ? (size_t)n : 0));
}

static void answer_it(void *with)
{
    answer_failure(with, NULL);
}

/* Whatever the kind, whoever asks, however little is logged. */
TEST(a_code_that_is_shown_stands_in_the_log)
{
    static const enum errors asked[] = { ERRORS_HTML, ERRORS_JSON, ERRORS_SERVICE, ERRORS_SOAP };
    int shown = 0, hidden = 0;

    for (int level = LOG_DEBUG; level <= LOG_ERROR; level++)
        for (int kind = FAIL_NONE + 1; kind < FAIL_KIND_COUNT; kind++)
            for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
                struct answered *x = failing(t, (enum fail_kind)kind, "some_code", asked[i]);
                log_set_level((enum log_level)level);
                struct str log = logged(t, answer_it, &x->ctx);
                struct str half = asked[i] == ERRORS_JSON || asked[i] == ERRORS_SOAP ? S("ABCD2345") : S("ABCD<");
                bool code_shown = str_find(x->res.body, half) < x->res.body.n;
                bool code_logged = str_find(log, S("\"support_code\":\"ABCD2345\"")) < log.n;
                if (code_shown != code_logged)
                    test_fail(t, __FILE__, __LINE__, "level %d, kind %d: shown %d, in the log %d", level, kind,
                              code_shown, code_logged);
                shown += code_shown;
                hidden += !code_shown;
            }
    log_set_level(LOG_INFO);
    CHECK(shown > 60 && hidden > 20);
}

/* The page comes again by itself: the code that the person has noted stays. */
TEST(while_we_fail_a_browser_has_one_code)
{
    struct answered *x = failing(t, FAIL_OURS, "temporarily_unavailable", ERRORS_HTML);

    x->ctx.world = &t->world;
    x->ctx.seals = seals_of(t->arena, S("0123456789abcdef0123456789abcdef"));
    answer_failure(&x->ctx, NULL);
    CHECK_STR(http_response_field(&x->res, S("Refresh")), "60; url=/oidc/authorize?a=b&c=%22");
    struct str set = http_response_field(&x->res, S("Set-Cookie"));
    struct http_field cookie = { S("Cookie"), str_sub(set, 0, str_find_byte(set, ';', 0)) };
    CHECK(str_has_prefix(set, S("fault=")) && str_find(set, S("ABCD2345")) == set.n);
    for (int door = DOOR_PUBLIC; door <= DOOR_OPS; door++) {
        struct answered *next = failing(t, FAIL_OURS, "temporarily_unavailable", ERRORS_HTML);
        next->ctx.seals = x->ctx.seals;
        next->req.fields = &cookie;
        next->req.field_count = 1;
        next->route.door = (enum door)door;
        memcpy(next->ctx.support_code, "WXYZ2345", 8);
        answer_take_code(&next->ctx);
        CHECK_STR(str_of(next->ctx.support_code), door == DOOR_PUBLIC ? "ABCD2345" : "WXYZ2345");
    }
    /* Nobody chooses a code. */
    cookie.value = S("fault=QUJDRDIzNDU");
    struct answered *forged = failing(t, FAIL_OURS, "temporarily_unavailable", ERRORS_HTML);
    forged->ctx.seals = x->ctx.seals;
    forged->req.fields = &cookie;
    forged->req.field_count = 1;
    memcpy(forged->ctx.support_code, "WXYZ2345", 8);
    answer_take_code(&forged->ctx);
    CHECK_STR(str_of(forged->ctx.support_code), "WXYZ2345");
}

TEST(a_service_gets_its_errors_as_json) /* [RFC 6749 5.2] */
{
    struct answered *x = failing(t, FAIL_CALLER, "invalid_grant", ERRORS_JSON);

    answer_failure(&x->ctx, NULL);
    CHECK_INT(x->res.status, 400);
    CHECK_STR(http_response_field(&x->res, S("Content-Type")), "application/json");
    CHECK_STR(x->res.body, "{\"error\":\"invalid_grant\",\"error_description\":\"the reason is for the log <only>; "
                           "support code ABCD2345\",\"error_uri\":\"/errors/invalid_grant\"}");
    x = failing(t, FAIL_CLIENT_AUTH, "invalid_client", ERRORS_JSON);
    answer_failure(&x->ctx, NULL);
    CHECK_INT(x->res.status, 401);
    CHECK_STR(http_response_field(&x->res, S("WWW-Authenticate")), "Basic realm=\"digione\"");
}

TEST(who_speaks_soap_gets_a_fault) /* [SOAP 1.1, 4.4, 6.2] */
{
    static const struct {
        enum fail_kind kind;
        int status;
        const char *code, *retry;
    } rows[] = { { FAIL_CALLER, 500, "S:Client", "" },
                 { FAIL_CONFLICT, 500, "S:Client", "" },
                 { FAIL_TOO_LARGE, 413, "S:Client", "" },
                 { FAIL_BUSY, 429, "S:Server", "5" },
                 { FAIL_OURS, 503, "S:Server", "5" } };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct answered *x = failing(t, rows[i].kind, "some_code", ERRORS_SOAP);
        answer_failure(&x->ctx, NULL);
        CHECK_INT(x->res.status, rows[i].status);
        CHECK_STR(http_response_field(&x->res, S("Content-Type")), "text/xml; charset=utf-8");
        struct str retry = http_response_field(&x->res, S("Retry-After"));
        CHECK_STR(retry.p != NULL ? retry : S(""), rows[i].retry);
        CHECK(str_find(x->res.body, arena_printf(t->arena, "<faultcode>%s<", rows[i].code)) < x->res.body.n);
    }
    struct answered *x = failing(t, FAIL_CALLER, "invalid_request", ERRORS_SOAP);
    answer_failure(&x->ctx, NULL);
    CHECK_STR(
        x->res.body,
        "<S:Envelope xmlns:S=\"http://schemas.xmlsoap.org/soap/envelope/\"><S:Body><S:Fault><faultcode>S:Client"
        "</faultcode><faultstring>invalid_request: the reason is for the log &#60;only&#62;; support code ABCD2345"
        "</faultstring></S:Fault></S:Body></S:Envelope>");
}

static const char *described(struct test *t, struct ctx *c, enum fail_kind kind, const char *told, const char *detail)
{
    struct fail f = { 0 };

    (void)fail_told(&f, kind, "code", told, "%s", detail);
    return arena_cstr(t->arena, answer_description(c, &f));
}

TEST(a_description_has_the_characters_that_may_stand_in_one) /* [RFC 6749 4.1.2.1, 5.2] */
{
    struct answered *x = failing(t, FAIL_CALLER, "code", ERRORS_JSON);

    CHECK_STR(described(t, &x->ctx, FAIL_CALLER, NULL, "scope is \"a\\b\": \xc3\xa4\x01\x7f"),
              "scope is 'a'b': ????; support code ABCD2345");
}

TEST(what_is_wrong_with_a_proof_with_us_or_with_a_city_is_for_the_log)
{
    static const enum fail_kind kinds[] = { FAIL_CLIENT_AUTH, FAIL_DENIED, FAIL_BUSY, FAIL_UPSTREAM, FAIL_OURS };
    struct answered *x = failing(t, FAIL_CALLER, "code", ERRORS_JSON);

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        CHECK(strstr(described(t, &x->ctx, kinds[i], NULL, "secret reason"), "secret reason") == NULL);
    CHECK_STR(described(t, &x->ctx, FAIL_CLIENT_AUTH, "no proof", "secret reason"), "no proof; support code ABCD2345");
}

TEST(a_page_says_the_rule_that_was_broken_and_nothing_of_what_came)
{
    struct answered *x = failing(t, FAIL_NONE, "", ERRORS_SERVICE);

    x->ctx.fail = (struct fail){ 0 };
    (void)fail_told(&x->ctx.fail, FAIL_CALLER, "invalid_request", "redirect_uri is not registered", "call 0700-1");
    answer_failure(&x->ctx, NULL);
    CHECK(str_find(x->res.body, S("redirect_uri is not registered")) < x->res.body.n);
    CHECK(str_find(x->res.body, S("0700-1")) == x->res.body.n);
}

static bool tell(struct ctx *c)
{
    http_redirect(c->res, 303, S("https://service.example/cb?error=x"));
    return true;
}

static bool cannot_tell(struct ctx *c)
{
    (void)c;
    return false;
}

TEST(a_failure_goes_to_the_service_only_when_its_address_was_checked)
{
    struct answered *x = failing(t, FAIL_CALLER, "invalid_scope", ERRORS_SERVICE);

    answer_failure(&x->ctx, tell);
    CHECK_INT(x->res.status, 400);
    x = failing(t, FAIL_CALLER, "invalid_scope", ERRORS_SERVICE);
    x->login.redirect_checked = true;
    answer_failure(&x->ctx, tell);
    CHECK_INT(x->res.status, 303);
    x = failing(t, FAIL_CALLER, "invalid_scope", ERRORS_SERVICE);
    x->login.redirect_checked = true;
    answer_failure(&x->ctx, cannot_tell);
    CHECK_INT(x->res.status, 400);
    x = failing(t, FAIL_CALLER, "invalid_scope", ERRORS_HTML); /* a page, whatever the login says */
    x->login.redirect_checked = true;
    answer_failure(&x->ctx, tell);
    CHECK_INT(x->res.status, 400);
}

TEST(hsts_is_sent_where_public_url_is_https)
{
    struct answered *x = failing(t, FAIL_CALLER, "x", ERRORS_JSON);

    x->req.https = true;
    answer_finish(&x->ctx);
    CHECK(str_has_prefix(http_response_field(&x->res, S("Strict-Transport-Security")), S("max-age=")));
    struct str written = answer_fixed_headers(t->arena, true), plain = answer_fixed_headers(t->arena, false);
    CHECK(str_find(written, S("Strict-Transport-Security")) < written.n);
    CHECK(str_find(plain, S("Strict-Transport-Security")) == plain.n);
}

TEST(the_language_is_asked_remembered_or_negotiated)
{
    struct answered *x = failing(t, FAIL_CALLER, "x", ERRORS_HTML);
    struct http_field fields[] = { { S("Cookie"), S("lang=sv") }, { S("Accept-Language"), S("en-GB,en;q=0.9") } };
    struct fail f = { 0 };

    CHECK(answer_lang(&x->ctx) == LANG_FI);
    x->req.fields = &fields[1];
    x->req.field_count = 1;
    CHECK(answer_lang(&x->ctx) == LANG_EN);
    x->req.fields = fields;
    x->req.field_count = 2;
    CHECK(answer_lang(&x->ctx) == LANG_SV);
    CHECK(form_read(t->arena, S("ui_locales=de+fi"), &x->ctx.query, &f));
    CHECK(answer_lang(&x->ctx) == LANG_FI);
}
