/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/scenario/play.h"

#include "base/codec.h"
#include "tests/scenario/manners.h"

#include "wire/form.h"
#include "wire/json.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FAULT_PASSES_MS = 100, /* so soon our client tries Redis again */
    CODE_CHARS = 4,        /* of half a support code */
    TOKEN_CHARS = 22
};

__attribute__((format(printf, 2, 0))) static void say(const struct play *p, const char *fmt, va_list ap)
{
    (void)printf("%.*s:%d: ", STR_ARG(p->script), p->line != NULL ? p->line->number : 0);
    (void)vprintf(fmt, ap);
    (void)printf("\n");
    if (p->line != NULL)
        (void)printf("    %.*s\n", STR_ARG(p->line->text));
}

void play_complain(struct play *p, const char *fmt, ...)
{
    va_list ap;

    if (p->quiet) {
        p->differences++;
        return;
    }
    p->complaints++;
    va_start(ap, fmt);
    say(p, fmt, ap);
    va_end(ap);
}

void play_violation(struct play *p, const char *fmt, ...)
{
    va_list ap;

    p->complaints++;
    va_start(ap, fmt);
    say(p, fmt, ap);
    va_end(ap);
}

/* Actors. */

static const struct service_actor services[] = {
    { "matikka", "the-secret-of-matikka-in-the-scenarios", "https://matikka.example/callback", false, false },
    { "havu", "the-secret-of-havu-in-the-scenarios", "https://havu.example/callback", true, false },
    { "sudoku", "the-secret-of-sudoku-in-the-scenarios", "https://sudoku.example/callback", true, false },
    { "avain", NULL, "https://avain.example/callback", false, false },
    { "levy", "the-secret-of-levy-in-the-scenarios", "https://levy.example/callback", false, false },
    { "peli", NULL, "https://peli.example/callback", false, true },
    { "kerho", "the-secret-of-kerho-in-the-scenarios", "https://kerho.example/callback", true, false },
    { "kuulo", "the-secret-of-kuulo-in-the-scenarios", "https://kuulo.example/callback", false, false },
};

const struct service_actor *play_service(struct str name)
{
    for (size_t i = 0; i < sizeof services / sizeof *services; i++)
        if (str_eq(name, str_of(services[i].name)))
            return &services[i];
    return NULL;
}

const struct service_actor *play_service_at(struct str location)
{
    for (size_t i = 0; i < sizeof services / sizeof *services; i++)
        if (str_has_prefix(location, str_of(services[i].redirect_uri)))
            return &services[i];
    return NULL;
}

struct tab *play_tab(struct play *p, struct str name)
{
    struct str person = str_sub(name, 0, str_find_byte(name, '.', 0));
    struct tab *t = &p->tabs[p->tab_count], *same = NULL;

    for (size_t i = 0; i < p->tab_count; i++) {
        if (str_eq(p->tabs[i].name, name))
            return &p->tabs[i];
        if (str_eq(p->tabs[i].person, person))
            same = &p->tabs[i];
    }
    if (p->tab_count == TABS_MAX) {
        play_complain(p, "more than %d tabs", TABS_MAX);
        return &p->tabs[0];
    }
    p->tab_count++;
    *t = (struct tab){ .name = arena_str(p->arena, name), .person = arena_str(p->arena, person) };
    t->jar = same != NULL ? same->jar : arena_make(p->arena, struct jar);
    return t;
}

struct str play_query(struct play *p, struct str location, const char *name)
{
    size_t at = str_find_byte(location, '?', 0);
    struct form *form = NULL;
    struct fail f = { 0 };

    (void)form_read(p->arena, str_from(location, at + 1), &form, &f);
    return form_get(form, str_of(name));
}

bool play_alias(struct alias *all, struct str name, struct str value)
{
    size_t n = 0;

    for (; n < ALIASES_MAX && all[n].name.p != NULL; n++)
        if (str_eq(all[n].name, name) || str_eq(all[n].value, value))
            return str_eq(all[n].name, name) && str_eq(all[n].value, value);
    if (n == ALIASES_MAX || !str_is_set(value) || str_find(value, name) < value.n)
        return false;
    all[n] = (struct alias){ name, value };
    return true;
}

struct str play_known_as(const struct alias *all, struct str name)
{
    for (size_t n = 0; n < ALIASES_MAX && all[n].name.p != NULL; n++)
        if (str_eq(all[n].name, name))
            return all[n].value;
    return (struct str){ NULL, 0 };
}

/* The log. */

static struct str log_since(struct play *p)
{
    struct stat st;
    struct buf b = buf_new(p->arena, 1 << 22);
    char piece[16384];
    ssize_t n;

    if (p->log_fd < 0 || fstat(p->log_fd, &st) != 0)
        return S("");
    while ((n = pread(p->log_fd, piece, sizeof piece, (off_t)p->log_at)) > 0) {
        buf_add(&b, str_n(piece, (size_t)n));
        p->log_at += (size_t)n;
    }
    return buf_str(&b);
}

struct str play_refusal(struct play *p)
{
    struct str rest = p->logged = log_since(p), line, code = { NULL, 0 };
    struct fail f = { 0 };

    while (str_split(&rest, '\n', &line))
        if (str_find(line, S("\"event\":\"request.failed\"")) < line.n)
            code = json_get_str(json_parse(p->arena, line, &f), S("code"));
    return code;
}

/* Judging. */

/* What a page of that name says in its heading; every other page says something else. */
static const struct {
    const char *name, *says;
} pages[] = {
    { "sign-in", "action=\"/sign-in/idp\"" },
    { "expired", "<h1>Kirjautuminen jäi kesken</h1>" },
    { "astray", "<h1>Linkki ei vie perille</h1>" },
    { "not-for-you", "ei ole käytettävissäsi</h1>" },
    { "launcher", "<title>Omat palvelut" },
    { "may-it?", "<h1>Saako palvelu tietää tämän sinusta?</h1>" },
    { "told", "<h1>Tämän palvelu saa tietää sinusta</h1>" },
    { "told-more", "<h1>Palvelu saa tietää sinusta enemmän kuin ennen</h1>" },
    { "screen-code", "<h1>Kirjaudu näytölle</h1>" },
    { "screen?", "<h1>Kirjaudutko näytölle?</h1>" },
    { "screen-done", "<h1>Valmis. Katso näyttöä.</h1>" },
    { "screen-not", "<h1>Näyttöä ei kirjattu sisään</h1>" },
    { "sign-out?", "<h1>Haluatko kirjautua ulos?</h1>" },
    { "signed-out", "<h1>Kirjauduit ulos</h1>" },
    { "was-over", "<h1>Kirjautumisesi oli jo päättynyt</h1>" },
    { "is-over", "<h1>Kirjautumisesi on jo päättynyt</h1>" },
    { "nobody-is-known", "<h1>Et ole kirjautunut sisään</h1>" },
    { "idle", "<h1>Kirjautuminen on päättynyt</h1>" },
    { "still-there?", "<h1>Oletko vielä siinä" },
    { "out-of-use", "<h1>Kirjautuminen on hetken poissa käytöstä</h1>" },
    { "request", "<h1>Linkki tai palvelu ei toiminut oikein</h1>" },
    { "city", "kirjautuminen ei vastaa</h1>" },
    { "city-unusable", "kirjautumisessa on vika</h1>" },
    { "cancelled", "<h1>Kirjautuminen peruttiin</h1>" },
    { "spent", "Tällä vastauksella ei pääse enää eteenpäin." },
};

struct judging {
    struct play *play;
    struct tab *tab;
    const struct answer *got;
    struct str refusal;
    bool code, session, session_ended; /* were expected */
};

static void expect_status(struct judging *j, struct str want)
{
    int64_t status;

    if (!str_int(want, &status) || status != j->got->status)
        play_complain(j->play, "status %d (%.*s) instead of %.*s, to %.*s", j->got->status, STR_ARG(j->refusal),
                      STR_ARG(want), STR_ARG(j->got->location));
}

/* "city oulu", "service matikka", "/sign-in", or with its query: "/open/x?to=y" */
static void expect_target(struct judging *j, struct str want)
{
    struct str kind = str_sub(want, 0, str_find_byte(want, ' ', 0)), name = str_from(want, kind.n + 1);
    struct str to = j->got->location;
    struct str compared = str_find_byte(want, '?', 0) < want.n ? to : str_sub(to, 0, str_find_byte(to, '?', 0));
    const struct service_actor *service = play_service_at(to);
    const struct city *city = city_at(j->play->cities, to);
    bool good = str_eq(kind, S("city"))      ? city != NULL && str_eq(city_name(city), name)
                : str_eq(kind, S("service")) ? service != NULL && str_eq(str_of(service->name), name)
                                             : str_eq(compared, want);

    if (!good)
        play_complain(j->play, "sent to \"%.*s\" instead of %.*s", STR_ARG(to), STR_ARG(want));
}

static void expect_logs(struct judging *j, struct str want)
{
    struct play *p = j->play;

    if (str_find(p->logged, arena_printf(p->arena, "\"event\":\"%.*s\"", STR_ARG(want))) == p->logged.n)
        play_complain(p, "no line of the log is %.*s", STR_ARG(want));
}

static void expect_nothing(struct judging *j, struct str want)
{
    (void)j;
    (void)want;
}

static void expect_code(struct judging *j, struct str want)
{
    (void)want;
    j->code = true;
    if (!str_is_set(play_query(j->play, j->got->location, "code")))
        play_complain(j->play, "no code in \"%.*s\"", STR_ARG(j->got->location));
}

static void expect_session(struct judging *j, struct str want)
{
    bool ended = str_eq(want, S("ended"));

    *(ended ? &j->session_ended : &j->session) = true;
    if (!(ended ? j->got->session_ended : j->got->session))
        play_complain(j->play, "no session cookie was %s", ended ? "taken away" : "set");
}

/* In the address that a service is told an error with, or in its JSON. */
static void expect_error(struct judging *j, struct str want)
{
    struct fail f = { 0 };
    struct str error = j->got->location.p != NULL
                           ? play_query(j->play, j->got->location, "error")
                           : json_get_str(json_parse(j->play->arena, j->got->body, &f), S("error"));

    if (!str_eq(error, want))
        play_complain(j->play, "error %.*s instead of %.*s", STR_ARG(error), STR_ARG(want));
}

static void expect_refused(struct judging *j, struct str want)
{
    if (!str_eq(j->refusal, want))
        play_complain(j->play, "refused with \"%.*s\" instead of %.*s", STR_ARG(j->refusal), STR_ARG(want));
}

static void expect_page(struct judging *j, struct str want)
{
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        if (str_eq(want, str_of(pages[i].name))) {
            if (str_find(j->got->body, str_of(pages[i].says)) == j->got->body.n)
                play_complain(j->play, "this is not the page %s", pages[i].name);
            return;
        }
    play_complain(j->play, "no page is called %.*s", STR_ARG(want));
}

static void expect_says(struct judging *j, struct str want)
{
    if (str_find(j->got->body, want) == j->got->body.n)
        play_complain(j->play, "\"%.*s\" does not stand there", STR_ARG(want));
}

static void expect_lacks(struct judging *j, struct str want)
{
    if (str_find(j->got->body, want) < j->got->body.n)
        play_complain(j->play, "\"%.*s\" stands there", STR_ARG(want));
}

/* What is told in a token or an assertion of the answer, which nobody reads without decoding it. */
static struct str told_in(struct play *p, struct str body)
{
    struct buf b = buf_new(p->arena, 1 << 20);
    struct str assertion = str_from(body, str_find(body, S("name=\"SAMLResponse\" value=\"")));
    struct str plain, part, token = body;

    for (size_t at; (at = str_find(token, S("eyJ"))) < token.n;) {
        struct str head;
        token = str_from(token, at);
        struct str rest = str_sub(token, 0, str_find_byte(token, '"', 0));
        (void)str_split(&rest, '.', &head);
        (void)str_split(&rest, '.', &part);
        if (b64url_decode(p->arena, part, &plain))
            buf_add(&b, plain);
        token = str_from(token, 3);
    }
    assertion = str_from(assertion, sizeof "name=\"SAMLResponse\" value=\"" - 1);
    if (assertion.n > 0 && b64_decode(p->arena, str_sub(assertion, 0, str_find_byte(assertion, '"', 0)), &plain))
        buf_add(&b, plain);
    return buf_str(&b);
}

static void expect_tells(struct judging *j, struct str want)
{
    struct str told = told_in(j->play, j->got->body);

    if (str_find(told, want) == told.n)
        play_complain(j->play, "\"%.*s\" is not told: %.*s", STR_ARG(want), STR_ARG(told));
}

static void expect_hides(struct judging *j, struct str want)
{
    struct str told = told_in(j->play, j->got->body);

    if (told.n == 0 || str_find(told, want) < told.n)
        play_complain(j->play, "\"%.*s\" is told, or nothing is", STR_ARG(want));
}

/* The page of another, to the byte but for the support code and what proves whose form it is, and as late. */
static bool is_random(struct str word)
{
    for (size_t i = 0; i < word.n; i++)
        if (islower((unsigned char)word.p[i]) || word.p[i] == '-')
            return word.n >= TOKEN_CHARS;
    return word.n == CODE_CHARS || word.n >= TOKEN_CHARS;
}

/* The main part of a page, whose top has the person's own name, without what differs on every one: its support code,
 * and what its forms must bring. */
static struct str without_random(struct play *p, struct str whole)
{
    struct str page = str_from(whole, str_find(whole, S("<main")));
    struct buf b = buf_new(p->arena, page.n + 1);

    for (size_t at = 0, n; at<page.n; at += n> 0 ? n : 1) {
        for (n = 0; at + n < page.n &&
                    (isalnum((unsigned char)page.p[at + n]) || page.p[at + n] == '-' || page.p[at + n] == '_');)
            n++;
        struct str word = str_sub(page, at, n > 0 ? n : 1);
        buf_add(&b, is_random(word) ? S("*") : word);
    }
    return buf_str(&b);
}

/* The same page and as many bytes. */
static void expect_alike(struct judging *j, struct str want)
{
    const struct tab *t = play_tab(j->play, want);

    if (t->page.n != j->got->body.n)
        play_complain(j->play, "%zu bytes, and %zu of %.*s", j->got->body.n, t->page.n, STR_ARG(want));
    struct str theirs = without_random(j->play, t->page), ours = without_random(j->play, j->got->body);
    size_t at = 0;
    while (at < ours.n && at < theirs.n && ours.p[at] == theirs.p[at])
        at++;
    if (!str_eq(theirs, ours))
        play_complain(j->play, "another page than that of %.*s: \"%.*s\"", STR_ARG(want),
                      STR_ARG(str_sub(ours, at > 40 ? at - 40 : 0, 120)));
}

/* "takes 4000 ms": by the script's clock, neither less nor more. */
static void expect_takes(struct judging *j, struct str want)
{
    int64_t ms;

    if (!str_int(str_sub(want, 0, str_find_byte(want, ' ', 0)), &ms) || j->got->took_ms != ms)
        play_complain(j->play, "it took %lld ms instead of %.*s", (long long)j->got->took_ms, STR_ARG(want));
}

/* A cookie of its own jar, by its name without __Host-. */
static bool has_cookie(const struct judging *j, struct str name)
{
    return j->tab != NULL && jar_find(j->tab->jar, arena_join(j->play->arena, S("__Host-"), name)) != NULL;
}

static void expect_keeps(struct judging *j, struct str want)
{
    if (!has_cookie(j, want))
        play_complain(j->play, "the cookie %.*s is not there", STR_ARG(want));
}

static void expect_forgets(struct judging *j, struct str want)
{
    if (has_cookie(j, want))
        play_complain(j->play, "the cookie %.*s is there", STR_ARG(want));
}

static void expect_turns(struct judging *j, struct str want)
{
    (void)want;
    if (str_find(j->got->head, S("; url=/idle?back=")) == j->got->head.n)
        play_complain(j->play, "the page does not turn away when nobody uses it");
}

static void expect_asks(struct judging *j, struct str want)
{
    size_t at = str_find_byte(want, '=', 0);
    struct str name = str_sub(want, 0, at),
               got = play_query(j->play, j->got->location, arena_cstr(j->play->arena, name));

    if (!str_eq(got, str_from(want, at + 1)) && (str_is_set(got) || at + 1 < want.n))
        play_complain(j->play, "the city is asked for %.*s=\"%.*s\"", STR_ARG(name), STR_ARG(got));
}

static void expect_logins(struct judging *j, struct str want)
{
    int64_t n;
    size_t got = jar_count(j->play->stage, j->tab->jar, S("__Host-login-"));

    if (!str_int(want, &n) || (size_t)n != got)
        play_complain(j->play, "%zu logins are kept", got);
}

/* What may stand behind EXPECT; the word, and what follows it. */
static const struct {
    const char *word;
    void (*check)(struct judging *j, struct str want);
} expectations[] = {
    { "to ", expect_target },        { "code", expect_code },
    { "session", expect_session },   { "error=", expect_error },
    { "refused ", expect_refused },  { "page ", expect_page },
    { "says ", expect_says },        { "lacks ", expect_lacks },
    { "keeps ", expect_keeps },      { "forgets ", expect_forgets },
    { "asks ", expect_asks },        { "logins ", expect_logins },
    { "logs ", expect_logs },        { "if undisturbed", expect_nothing },
    { "of nobody", expect_nothing }, { "turns away", expect_turns },
    { "tells ", expect_tells },      { "hides ", expect_hides },
    { "alike ", expect_alike },      { "takes ", expect_takes },
};

static void expect(struct judging *j, struct str want)
{
    for (size_t i = 0; i < sizeof expectations / sizeof *expectations; i++) {
        struct str word = str_of(expectations[i].word);
        if (str_has_prefix(want, word)) {
            expectations[i].check(j, str_trim(str_from(want, word.n)));
            return;
        }
    }
    play_complain(j->play, "what is \"%.*s\"?", STR_ARG(want));
}

static void judge_unexpected(const struct judging *j)
{
    if (!j->code && str_is_set(play_query(j->play, j->got->location, "code")) &&
        play_service_at(j->got->location) != NULL)
        play_complain(j->play, "a code that nobody expects");
    if (!j->session && j->got->session)
        play_complain(j->play, "a session that nobody expects");
    if (!j->session_ended && j->got->session_ended)
        play_complain(j->play, "the session's cookie was taken away");
}

static void judge(struct play *p, struct tab *t, const struct answer *got)
{
    struct judging j = { .play = p, .tab = t, .got = got, .refusal = play_refusal(p) };

    for (size_t i = 0; i < p->line->expect_count; i++) {
        struct str want = p->line->expect[i];
        if (i == 0) {
            expect_status(&j, str_sub(want, 0, 3));
            want = str_trim(str_from(want, 3));
        }
        if (want.n > 0)
            expect(&j, want);
    }
    if (p->line->expect_count == 0)
        play_complain(p, "EXPECT is missing: the answer is %d", got->status);
    judge_unexpected(&j);
}

/* Judging under a fault. */

bool play_fault_hit(const struct play *p)
{
    switch (p->fault.kind) {
    case FAULT_REDIS:
        return redis_double_failed(p->stage->redis);
    case FAULT_SIGNER:
        return p->stage->signer_failed;
    case FAULT_CITY:
        return p->stage->fetch_failed;
    case FAULT_MEMORY:
        return atomic_load(&p->memory->failed);
    case FAULT_NONE:
        break;
    }
    return false;
}

static bool expects(const struct play *p, const char *word)
{
    for (size_t i = 0; i < p->line->expect_count; i++)
        if (str_eq(p->line->expect[i], str_of(word)) || (i == 0 && str_has_suffix(p->line->expect[0], str_of(word))))
            return true;
    return false;
}

bool play_of_nobody(const struct play *p)
{
    return expects(p, "of nobody");
}

/* Somebody got in, or something was told. */
static bool is_accepted(struct play *p, const struct answer *got)
{
    static const char *const by_services[] = { "REDEEMS", "REFRESHES", "REVOKES", "ASKS" };
    bool by_service = false;

    for (size_t i = 0; i < sizeof by_services / sizeof *by_services; i++)
        by_service = by_service || str_has_prefix(p->line->verb, str_of(by_services[i]));
    return got->session ||
           (!by_service ? str_is_set(play_query(p, got->location, "code")) && play_service_at(got->location) != NULL
                        : got->status == 200);
}

static bool expects_acceptance(const struct play *p)
{
    return expects(p, "code") || expects(p, "session") || expects(p, "200");
}

static bool as_expected(struct play *p, struct tab *t, const struct answer *got)
{
    bool before = p->quiet;

    p->quiet = true;
    p->differences = 0;
    judge(p, t, got);
    p->quiet = before;
    return p->differences == 0;
}

/* To a service that is answered by a form of our page. */
static bool posts_error(const struct answer *got, const char *code)
{
    size_t at = str_find(got->body, S("name=\"error\" value=\""));

    return at < got->body.n &&
           str_has_prefix(str_from(got->body, at + sizeof "name=\"error\" value=\"" - 1), str_of(code));
}

/* What may be said when something of ours has failed: that it is ours, or nothing at all; never that somebody is not
 * signed in, or that a request was wrong. */
static void judge_fault(struct play *p, const struct answer *got)
{
    struct str error = play_query(p, got->location, "error");
    bool ours = got->status == 0 || got->status >= 500 || str_eq(error, S("temporarily_unavailable")) ||
                str_eq(error, S("server_error")) || posts_error(got, "temporarily_unavailable") ||
                posts_error(got, "server_error");

    if (!ours && !expects(p, "if undisturbed"))
        play_violation(p, "because of a fault: %d to \"%.*s\"", got->status, STR_ARG(got->location));
    if (is_accepted(p, got) && !expects_acceptance(p))
        play_violation(p, "a fault let somebody in");
}

/* The fault has passed.  It may have cost an acceptance; it may not have made one. */
static void judge_after(struct play *p, struct tab *t, const struct answer *got)
{
    if (as_expected(p, t, got))
        return;
    if (is_accepted(p, got) && !expects_acceptance(p) && !expects(p, "if undisturbed"))
        play_violation(p, "accepted after a fault, where the script refuses");
}

static void count_acceptances(struct play *p, const struct answer *got)
{
    p->logins += got->session;
    p->opens += play_service_at(got->location) != NULL && str_is_set(play_query(p, got->location, "code")) &&
                !play_of_nobody(p);
}

static bool is_login_page(const struct answer *got)
{
    return str_has_prefix(got->location, S("/sign-in")) ||
           str_find(got->location, S("login_required")) < got->location.n;
}

struct answer play_ask(struct play *p, struct tab *t, const struct request *r)
{
    struct jar *jar = t != NULL ? t->jar : NULL;
    bool before = play_fault_hit(p), signed_in = jar != NULL && jar_find(jar, S("__Host-digione")) != NULL;
    struct answer got = browser_ask(p->stage, p->arena, jar, r);

    count_acceptances(p, &got);
    struct str rude = got.status != 0 ? manners_trouble(p->arena, got.head) : S("");
    if (rude.n > 0)
        play_violation(p, "%.*s: %.*s", STR_ARG(r->path), STR_ARG(rude));
    if (got.hung)
        play_violation(p, "no answer, and the connection stays open");
    if (!play_fault_hit(p)) {
        judge(p, t, &got);
        return got;
    }
    if (!before && !as_expected(p, t, &got)) {
        judge_fault(p, &got);
        stage_move(p->stage, FAULT_PASSES_MS, FAULT_PASSES_MS);
        got = browser_ask(p->stage, p->arena, jar, r);
        count_acceptances(p, &got);
        if (signed_in && is_login_page(&got) && expects_acceptance(p) && !expects(p, "session") &&
            !expects(p, "if undisturbed"))
            play_violation(p, "a fault has signed somebody out: %d, to \"%.*s\"", got.status, STR_ARG(got.location));
    }
    judge_after(p, t, &got);
    return got;
}

/* Browsing. */

/* A service checks what came back with the code [RFC 9207, RFC 6749 10.12]. */
static void arrive_at_service(struct play *p, struct tab *t, const struct service_actor *s)
{
    struct str code = play_query(p, t->location, "code");

    if (t->grant.service != s)
        return;
    if (!str_eq(play_query(p, t->location, "state"), t->grant.state))
        play_complain(p, "the state came back changed");
    if (!str_eq(play_query(p, t->location, "iss"), S(STAGE_URL)))
        play_complain(p, "iss is missing");
    if (str_is_set(code))
        t->grant.code = code;
}

void play_browse(struct play *p, struct tab *t, const struct request *r)
{
    struct request full = *r;

    if (t->past_count < PAST_MAX)
        t->past[t->past_count++] = *r;
    full.from = S("192.0.2.7");
    struct answer got = play_ask(p, t, &full);
    t->page = got.body;
    t->location = got.location.p != NULL ? got.location : r->path;
    if (city_at(p->cities, got.location) != NULL)
        t->at_city = got.location;
    const struct service_actor *s = play_service_at(got.location);
    if (s != NULL)
        arrive_at_service(p, t, s);
}
