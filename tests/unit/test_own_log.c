/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/pages/own_log.h"

#include "audit/audit.h"
#include "audit/index.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>

#define AINO   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define VEIKKO "aaaaaaaabbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" /* begins as hers does */
#define TIINA  "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

static void write(struct audit_writer *w, struct audit_event e)
{
    (void)audit_now(w, &e);
}

static void looks(struct audit_writer *w, const char *reason, const char *row)
{
    write(w, (struct audit_event){ .event = "console",
                                   .person = S(TIINA),
                                   .reason = str_of(reason),
                                   .row = str_of(row),
                                   .area = S("oulu"),
                                   .acting_as = S("admin"),
                                   .support_code = S("TTTT2222"),
                                   .why = S("incident: Salainen") });
}

/* A log of two people and of who looked at them. */
static const char *make(struct test *t)
{
    char *dir = arena_alloc(t->arena, 64);
    struct fail f = { 0 };

    (void)snprintf(dir, 64, "/tmp/digione-own-log-XXXXXX");
    CHECK(mkdtemp(dir) != NULL);
    struct audit_writer *w = audit_writer_new(dir, &t->world, &f);
    CHECK(w != NULL);
    write(w,
          (struct audit_event){ .event = "login", .person = S(AINO), .idp = S("oulu"), .support_code = S("AAAA1111") });
    write(w, (struct audit_event){
                 .event = "refused", .person = S(AINO), .reason = S("policy"), .support_code = S("K7F29QXM") });
    write(w, (struct audit_event){
                 .event = "release", .person = S(VEIKKO), .service = S("kanerva"), .support_code = S("VVVV3333") });
    looks(w, "find", "person " AINO);
    looks(w, "find", "person " VEIKKO);
    looks(w, "find", "person -");
    looks(w, "why", "code K7F29QXM");
    looks(w, "why", "code VVVV3333");
    looks(w, "read_log", "?event=login&person=aaaaaaaaaaaa");
    looks(w, "read_log", "?person=aaaaaaaabbbb");
    looks(w, "read_log", "?event=login");
    looks(w, "read_log", "?code=AAAA1111");
    looks(w, "read_log", "?actor=aaaaaaaaaaaa&event=login");
    looks(w, "policy", "policy aaaaaaaa");
    audit_writer_free(w);
    return dir;
}

static struct own_log read_of(struct test *t, const char *dir, const char *person)
{
    struct own_log log = { 0 };
    struct fail f = { 0 };

    CHECK(own_log_read(dir, t->arena, str_of(person), 50, FIND_PAGE_B, &log, &f));
    return log;
}

static void remove_(struct test *t, const char *dir)
{
    CHECK(system(arena_cstr(t->arena, arena_printf(t->arena, "rm -rf %s", dir))) == 0);
}

TEST(a_person_reads_their_own_lines_and_nobody_elses)
{
    const char *dir = make(t);
    struct own_log aino = read_of(t, dir, AINO), veikko = read_of(t, dir, VEIKKO);

    CHECK_INT(aino.events.n, 2);
    CHECK_INT(veikko.events.n, 1);
    for (size_t i = 0; i < aino.events.n; i++)
        CHECK_STR(aino.events.at[i].person, AINO);
    remove_(t, dir);
}

TEST(each_look_is_found_by_the_person_by_their_codes_and_by_searches_that_name_them)
{
    const char *dir = make(t);
    struct own_log aino = read_of(t, dir, AINO), veikko = read_of(t, dir, VEIKKO);
    static const char *const rows[] = { "?actor=aaaaaaaaaaaa&event=login", "?code=AAAA1111",
                                        "?event=login&person=aaaaaaaaaaaa", "code K7F29QXM", ("person " AINO) };

    CHECK_INT(aino.looks.n, 5);
    for (size_t i = 0; i < aino.looks.n && i < 5; i++)
        CHECK_STR(aino.looks.at[i].row, rows[i]);
    CHECK_INT(veikko.looks.n, 3);
    for (size_t i = 0; i < veikko.looks.n; i++)
        CHECK(!own_log_is_look(&veikko.looks.at[i], S(AINO), &aino.events));
    remove_(t, dir);
}

TEST(what_an_admin_did_is_no_look_at_the_admin)
{
    const char *dir = make(t);

    CHECK_INT(read_of(t, dir, TIINA).looks.n, 0);
    remove_(t, dir);
}

/* ── what one page shows, with the index and without ────────────────────── */

enum { FILLERS = 300, OWN_LINES = 60 };

static void index_all(struct test *t, const char *dir)
{
    struct audit_index *x = audit_index_new(dir, &t->world, NULL);
    struct audit_state s;

    while (audit_index_step(x))
        ;
    audit_index_state(x, t->arena, &s);
    CHECK(s.indexed >= FILLERS - 128 && s.fault == 0);
    audit_index_free(x);
}

/* Hers, and many lines of somebody else's behind them: all of hers are in whole blocks of the index. */
static const char *make_long(struct test *t)
{
    const char *dir = make(t);
    struct fail f = { 0 };
    struct audit_writer *w = audit_writer_new(dir, &t->world, &f);

    CHECK(w != NULL);
    for (int i = 0; i < OWN_LINES; i++)
        write(w,
              (struct audit_event){ .event = i % 2 ? "open" : "release", .person = S(AINO), .service = S("kanerva") });
    for (int i = 0; i < FILLERS; i++)
        write(w, (struct audit_event){ .event = "login", .person = S(VEIKKO), .idp = S("oulu") });
    audit_writer_free(w);
    return dir;
}

static void check_looks(struct test *t, const char *dir)
{
    struct own_log aino = { 0 };
    struct fail f = { 0 };

    CHECK(own_log_newest(dir, t->arena, S(AINO), 0, &aino, &f));
    CHECK_INT(aino.events.n, OWN_LOG_NEWEST);
    CHECK_INT(aino.looks.n, 3); /* the codes of the two others are of events that the page does not show */
    for (size_t i = 0; i < aino.looks.n; i++)
        CHECK(own_log_is_look(&aino.looks.at[i], S(AINO), &aino.events));
    for (size_t i = 0; i + 1 < aino.looks.n; i++)
        CHECK(aino.looks.at[i].n > aino.looks.at[i + 1].n);
    CHECK(own_log_newest(dir, t->arena, S(VEIKKO), 0, &aino, &f));
    CHECK_INT(aino.looks.n, 2);
}

TEST(the_newest_page_says_the_same_with_the_index_and_without)
{
    const char *dir = make_long(t);

    check_looks(t, dir);
    index_all(t, dir);
    check_looks(t, dir);
    remove_(t, dir);
}

TEST(a_look_by_the_code_of_an_event_that_the_page_shows_is_on_it)
{
    const char *dir = make(t);
    struct own_log aino = { 0 };
    struct fail f = { 0 };

    CHECK(own_log_newest(dir, t->arena, S(AINO), 0, &aino, &f));
    CHECK_INT(aino.looks.n, 5);
    remove_(t, dir);
}

static void check_pages(struct test *t, const char *dir)
{
    struct audit_finds page;
    struct fail f = { 0 };
    int64_t before = 0, last = INT64_MAX;
    size_t n = 0, pages = 0;

    do {
        CHECK(own_log_page(dir, t->arena, S(AINO), before, &page, &f));
        for (size_t i = 0; i < page.n; i++) {
            CHECK_STR(page.at[i].person, AINO);
            CHECK(page.at[i].n < last);
            last = page.at[i].n;
        }
        n += page.n;
        before = page.next;
    } while (before != 0 && ++pages < 10);
    CHECK_INT(n, OWN_LINES + 2);
    CHECK_INT(pages, 2);
}

TEST(page_after_page_shows_each_line_once_the_newest_first)
{
    const char *dir = make_long(t);

    check_pages(t, dir);
    index_all(t, dir);
    check_pages(t, dir);
    remove_(t, dir);
}

TEST(a_session_of_somebody_else_is_not_theirs)
{
    const char *dir = make(t);
    struct fail f = { 0 };
    struct audit_finds one;
    struct audit_writer *w = audit_writer_new(dir, &t->world, &f);

    CHECK(w != NULL);
    write(w, (struct audit_event){ .event = "login", .person = S(AINO), .idp = S("oulu"), .sid = S("s1") });
    write(w, (struct audit_event){ .event = "open", .person = S(VEIKKO), .service = S("kanerva"), .sid = S("s2") });
    audit_writer_free(w);
    CHECK(own_log_session(dir, t->arena, S(AINO), S("s1"), 0, &one, &f));
    CHECK(!own_log_session(dir, t->arena, S(VEIKKO), S("s1"), 0, &one, &f));
    CHECK(!own_log_session(dir, t->arena, S(VEIKKO), S("s2"), 0, &one, &f)); /* opened there, not signed in */
    CHECK(f.kind == FAIL_NONE);
    remove_(t, dir);
}
