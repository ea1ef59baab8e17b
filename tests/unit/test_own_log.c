/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/pages/own_log.h"

#include "audit/audit.h"
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
