/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/console/log_query.h"

#include "audit/audit.h"
#include "audit/line.h"
#include "gateway/pages/own_log.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>

#define AINO  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define TIINA "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

enum { FORM_B = 65536, ROUNDS = 4000 };

static uint64_t state = 2026;

static size_t any(size_t below)
{
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (size_t)(state >> 33) % below;
}

static const char *make_log(struct test *t)
{
    char *dir = arena_alloc(t->arena, 64);
    struct fail f = { 0 };

    (void)snprintf(dir, 64, "/tmp/digione-log-query-XXXXXX");
    CHECK(mkdtemp(dir) != NULL);
    struct audit_writer *w = audit_writer_new(dir, &t->world, &f);
    CHECK(w != NULL);
    const struct audit_event lines[] = {
        { .event = "login", .person = S(AINO), .idp = S("oulu"), .support_code = S("AAAA1111") },
        { .event = "refused", .person = S(AINO), .reason = S("policy"), .support_code = S("K7F29QXM") },
        { .event = "console", .person = S(TIINA), .acting_as = S("admin"), .reason = S("why"), .row = S("code X") }
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        CHECK(audit_now(w, &lines[i]));
    audit_writer_free(w);
    return dir;
}

static struct log_query query_of(struct test *t, struct arena *a, struct str text)
{
    struct log_query q;
    struct form *form;
    struct fail f = { 0 };

    CHECK(form_read(a, text, &form, &f));
    log_query_read(a, form, &q);
    return q;
}

/* What stands in the log of a search, read back as anybody would. */
static struct log_query read_back(struct test *t, struct arena *a, struct str row)
{
    const struct audit_event e = { .event = "console", .row = row };
    struct str members = audit_members(a, &e);

    CHECK(str_find(members, arena_printf(a, "\"row\":\"%.*s\"", STR_ARG(row))) < members.n || !str_is_set(row));
    return query_of(t, a, str_from(row, str_has_prefix(row, S("?")) ? 1 : 0));
}

static bool same(struct str x, struct str y)
{
    return str_is_set(x) ? str_eq(x, y) : !str_is_set(y);
}

static bool is_same_search(const struct audit_search *x, const struct audit_search *y)
{
    return same(x->pseudonym, y->pseudonym) && same(x->actor, y->actor) && same(x->support_code, y->support_code) &&
           same(x->event, y->event) && same(x->idp, y->idp) && same(x->service, y->service) &&
           same(x->reason, y->reason) && x->result == y->result && x->from_s == y->from_s && x->to_s == y->to_s &&
           x->before == y->before;
}

static struct str padded(struct arena *a)
{
    static const char *const kinds[] = { ".", "x", "%41", "&", "%26person%3D", "\xc3\xa4", " ", "%00", "=", "?" };
    static const int lengths[] = { 1, 8, 60, 400, 600, 4200 };
    const char *kind = kinds[any(sizeof kinds / sizeof *kinds)];
    int n = lengths[any(sizeof lengths / sizeof *lengths)];
    struct buf b = buf_new(a, FORM_B);

    for (int i = 0; i < n; i++)
        buf_add(&b, str_of(kind));
    return buf_str(&b);
}

static struct str any_value(struct arena *a)
{
    static const char *const known[] = { AINO,         TIINA,        "aaaaaaaa",   "cccccccccccc", "AAAA1111",
                                         "a-a-aa1111", "login",      "refused",    "well",         "oulu",
                                         "2026-08-11", "2000-01-01", "2099-12-31", "policy",       "",
                                         "1",          "99",         "AAAAAAAAAA" };
    struct str value = str_of(known[any(sizeof known / sizeof *known)]), pad = padded(a);

    switch (any(8)) {
    case 0:
        return pad;
    case 1:
        return arena_join(a, value, pad);
    case 2:
        return arena_join(a, S("  "), value);
    default:
        return value;
    }
}

static struct str any_form(struct arena *a)
{
    static const char *const names[] = { "person", "actor",   "code",   "event",  "from",   "to",   "city",
                                         "idp",    "service", "reason", "result", "before", "other" };
    struct buf b = buf_new(a, FORM_B);

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (any(4) == 0)
            form_add(&b, str_of(names[i]), any_value(a));
    return buf_ok(&b) ? buf_str(&b) : S("");
}

TEST(whoever_is_looked_for_stands_in_the_log_in_full_or_nothing_is_shown)
{
    const char *dir = make_log(t);
    size_t shown = 0, refused = 0;

    for (int i = 0; i < ROUNDS; i++) {
        struct arena *a = arena_new();
        struct form *form;
        struct fail f = { 0 };
        struct str row, text = any_form(a);
        struct log_query q;
        if (form_read(a, text, &form, &f)) {
            log_query_read(a, form, &q);
            if (q.bad_day || q.bad_person || !log_query_row(a, &q, &row)) {
                refused++;
            } else {
                const struct log_query back = read_back(t, a, row);
                struct audit_finds found = { 0 }, own = { 0 };
                const struct audit_search all_own = { .person = S(AINO), .most = 40 };
                CHECK(row.n <= AUDIT_TEXT_MAX_B);
                CHECK(is_same_search(&q.search, &back.search) && same(q.city, back.city));
                q.search.most = 40;
                CHECK(audit_find(dir, a, &q.search, &found, &f) && audit_find(dir, a, &all_own, &own, &f));
                const struct audit_found look = { .event = S("console"), .row = row };
                bool of_one =
                    str_is_set(q.search.pseudonym) || str_is_set(q.search.actor) || str_is_set(q.search.support_code);
                for (size_t k = 0; of_one && k < found.n; k++)
                    CHECK(own_log_is_look(&look, found.at[k].person, &own));
                shown += of_one && found.n > 0;
            }
        }
        arena_free(a);
    }
    CHECK(shown > 20 && refused > 20); /* else it says nothing */
    CHECK(system(arena_cstr(t->arena, arena_printf(t->arena, "rm -rf %s", dir))) == 0);
}

TEST(padding_pushes_nobody_out_of_the_line)
{
    static const char *const pads[] = { ".", "x", "%20x", "%C3%A4" };
    static const char *const fields[] = { "code", "result", "city", "event", "idp", "service", "reason", "before" };
    struct str row;

    for (size_t i = 0; i < sizeof pads / sizeof *pads; i++)
        for (size_t k = 0; k < sizeof fields / sizeof *fields; k++)
            for (int n = 1; n < 5000; n += 613) {
                struct buf b = buf_new(t->arena, FORM_B);
                buf_printf(&b, "person=%s&%s=", AINO, fields[k]);
                for (int m = 0; m < n; m++)
                    buf_add(&b, str_of(pads[i]));
                const struct log_query q = query_of(t, t->arena, buf_str(&b));
                CHECK(!log_query_row(t->arena, &q, &row) || str_has_prefix(row, S("?person=" AINO)));
            }
}

TEST(whom_it_is_about_and_who_did_it_come_first_and_texts_as_they_are_used)
{
    struct str row;
    const struct log_query q =
        query_of(t, t->arena,
                 S("event=login&code=k7f2+9qxm&to=2026-08-12&from=2026-08-11&result=all&actor=" TIINA "&person=" AINO
                   "&before=0"));

    CHECK(log_query_row(t->arena, &q, &row));
    CHECK(str_eq(row, S("?person=" AINO "&actor=" TIINA "&code=K7F29QXM&event=login&from=2026-08-11&to=2026-08-12")));
}

TEST(where_the_first_page_fits_so_do_the_older_ones)
{
    struct str row;

    for (int n = 300; n < 600; n++) {
        struct buf b = buf_new(t->arena, FORM_B);
        buf_add(&b, S("person=" AINO "&event="));
        for (int i = 0; i < n; i++)
            buf_byte(&b, 'x');
        struct log_query q = query_of(t, t->arena, buf_str(&b));
        bool fits = log_query_row(t->arena, &q, &row);
        q.search.before = INT64_MAX;
        CHECK(!fits || log_query_row(t->arena, &q, &row));
    }
}
