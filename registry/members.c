/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/members.h"

#include "registry/known.h"
#include "registry/store.h"
#include "registry/stores.h"

static const struct db_migration migrations[] = {
    { 1, "CREATE TABLE member (service TEXT NOT NULL, context TEXT NOT NULL, sub TEXT NOT NULL, "
         "provider_oid TEXT NOT NULL, school_oid TEXT NOT NULL, school_code TEXT NOT NULL, class_group TEXT NOT NULL, "
         "class_level INTEGER NOT NULL, role TEXT NOT NULL, seen_s INTEGER NOT NULL, "
         "PRIMARY KEY (service, context, sub)) WITHOUT ROWID;"
         "CREATE INDEX member_seen ON member (seen_s);" },
    { 2, "CREATE INDEX member_sub ON member (service, sub);" },
    { 3, "ALTER TABLE member ADD COLUMN person TEXT NOT NULL DEFAULT '';"
         "ALTER TABLE member ADD COLUMN as_of_s INTEGER NOT NULL DEFAULT 0;" },
};

const struct db_schema members_schema = { "members.sqlite", migrations, sizeof migrations / sizeof *migrations };

#define COLUMNS "sub, provider_oid, school_oid, school_code, class_group, class_level, role, seen_s, person, as_of_s"

/* Roles by their names: numbers would mean something else when a row is added to role.def. */
static const struct db_statement
    find = { "member_find", "SELECT " COLUMNS " FROM member WHERE service = ?1 AND context = ?2 AND sub = ?3" },
    count = { "member_count", "SELECT count(*) FROM member WHERE service = ?1 AND context = ?2" },
    put = { "member_put", "INSERT INTO member (service, context, " COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, "
                          "?9, ?10, ?11, ?12) ON CONFLICT (service, context, sub) DO UPDATE SET provider_oid = "
                          "excluded.provider_oid, school_oid = excluded.school_oid, school_code = "
                          "excluded.school_code, class_group = excluded.class_group, class_level = "
                          "excluded.class_level, role = excluded.role, seen_s = excluded.seen_s, "
                          "person = excluded.person, as_of_s = excluded.as_of_s" },
    drop = { "member_drop", "DELETE FROM member WHERE service = ?1 AND context = ?2 AND sub = ?3" },
    leave = { "member_leave", "DELETE FROM member WHERE service = ?1 AND sub = ?2" },
    forget = { "member_forget", "DELETE FROM member WHERE seen_s < ?1" },
    page = { "member_page", "SELECT " COLUMNS " FROM member WHERE service = ?1 AND context = ?2 AND sub > ?3 AND "
                            "instr(?4, ' ' || role || ' ') > 0 AND seen_s >= ?5 ORDER BY sub LIMIT ?6" };

struct members {
    struct arena *arena; /* of this struct */
    struct store *store;
    const struct settings *set;
};

struct members *members_new(const struct settings *set)
{
    struct arena *a = arena_new();
    struct members *m = arena_make(a, struct members);

    m->arena = a;
    m->store = store_new(set, "members.sqlite", migrations, sizeof migrations / sizeof *migrations);
    m->set = set;
    return m;
}

void members_free(struct members *m)
{
    if (m == NULL)
        return;
    store_free(m->store);
    arena_free(m->arena);
}

static struct member read_row(const struct db_value *row)
{
    return (struct member){ .sub = row[0].text,
                            .provider_oid = row[1].text,
                            .school_oid = row[2].text,
                            .school_code = row[3].text,
                            .group = row[4].text,
                            .class_level = (int)row[5].number,
                            .role = role_of_name(row[6].text),
                            .seen_s = row[7].number,
                            .person = row[8].text,
                            .as_of_s = row[9].number };
}

/* Absent is stored as "", so texts compare here as they are told. */
static bool same(struct str a, struct str b)
{
    return str_cmp(a, b) == 0;
}

static bool is_known(const struct member *before, const struct member *now, bool exactly)
{
    return same(before->provider_oid, now->provider_oid) && same(before->school_oid, now->school_oid) &&
           same(before->school_code, now->school_code) && same(before->group, now->group) &&
           before->class_level == now->class_level && before->role == now->role && same(before->person, now->person) &&
           before->as_of_s >= now->as_of_s && now->seen_s - before->seen_s < (exactly ? 1 : MEMBER_SEEN_S);
}

static struct db_value text_of(struct str s)
{
    return db_text(s.p != NULL ? s : S(""));
}

static bool write_row(struct db *d, const struct member_note *n, struct fail *f)
{
    const struct member *w = &n->who;
    const struct db_value old[] = { db_int(w->seen_s - MEMBER_KEPT_S) };
    const struct db_value args[] = {
        db_text(n->service),      db_text(n->context),    db_text(w->sub),
        text_of(w->provider_oid), text_of(w->school_oid), text_of(w->school_code),
        text_of(w->group),        db_int(w->class_level), db_text(str_of(role_name(w->role))),
        db_int(w->seen_s),        text_of(w->person),     db_int(w->as_of_s)
    };

    return db_run(d, &forget, old, 1, f) && db_run(d, &put, args, sizeof args / sizeof *args, f);
}

static bool note(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct member_note *n = with;
    const struct db_value args[] = { db_text(n->service), db_text(n->context), db_text(n->who.sub) };
    const struct db_value whose[] = { db_text(n->service), db_text(n->who.sub) };
    struct db_rows rows, all;

    if (n->gone)
        return db_run(d, &leave, whose, 2, f);
    if (!db_query(d, &find, args, 3, a, &rows, f))
        return false;
    if (rows.n > 0) {
        const struct member before = read_row(db_row(&rows, 0));
        return is_known(&before, &n->who, n->exactly) || write_row(d, n, f);
    }
    if (!db_query(d, &count, args, 2, a, &all, f))
        return false;
    return db_row(&all, 0)->number >= MEMBERS_OF_CONTEXT_MAX || write_row(d, n, f);
}

bool members_note(struct members *m, struct work *w, struct batch *b, struct arena *a, struct member_note *n)
{
    return store_ask(m->store, w, b, a, note, n, &n->ok, &n->why);
}

static struct str role_words(struct arena *a, unsigned roles)
{
    struct buf b = buf_new(a, 1024);

    buf_byte(&b, ' ');
    for (int role = 1; role < ROLE_COUNT; role++)
        if ((roles >> role & 1) != 0)
            buf_printf(&b, "%s ", role_name((enum role)role));
    return buf_str(&b);
}

/* ── who is so no more ──────────────────────────────────────────────────── */

static bool is_there(const struct member *m, const struct person *now, int64_t now_s)
{
    for (size_t i = 0; i < now->affiliation_count; i++) {
        const struct affiliation *at = &now->affiliations[i];
        if (at->role == m->role && same(at->provider_oid, m->provider_oid) && same(at->school_oid, m->school_oid) &&
            same(at->group, m->group) && affiliation_valid(at, now_s))
            return true;
    }
    return false;
}

enum standing { STANDS, UNSEEN, ENDED };

/* By their last sign-in.  One that is not written down yet is a moment old; one that never will be was of somebody
 * whose data is protected by now. */
static enum standing standing_of(const struct member *m, const struct known_one *k, int64_t now_s)
{
    if (k->seen_s < m->as_of_s || k->seen_s == 0)
        return str_is_set(m->person) && now_s - m->as_of_s < MEMBER_KNOWN_S ? STANDS : UNSEEN;
    return is_there(m, &k->who, now_s) ? STANDS : ENDED;
}

struct listing {
    struct members *members;
    struct members_page *page;
};

static bool drop_row(struct db *d, const struct members_page *p, const struct member *m, struct fail *f)
{
    const struct db_value args[] = { db_text(p->service), db_text(p->context), db_text(m->sub) };

    return db_run(d, &drop, args, 3, f);
}

static bool keep_standing(const struct listing *l, struct db *d, struct arena *a, const struct member *found, size_t n,
                          struct fail *f)
{
    struct members_page *p = l->page;
    struct known_one *known = arena_make_n(a, n + 1, struct known_one);

    for (size_t i = 0; i < n; i++)
        known[i].id = found[i].person;
    if (!known_people(l->members->set, a, known, n, f))
        return false;
    for (size_t i = 0; i < n; i++) {
        enum standing is = standing_of(&found[i], &known[i], p->now_s);
        if (is == STANDS)
            p->at[p->n++] = found[i];
        if (is == ENDED && !drop_row(d, p, &found[i], f))
            return false;
    }
    return true;
}

static bool list(void *with, struct db *d, struct arena *a, struct fail *f)
{
    const struct listing *l = with;
    struct members_page *p = l->page;
    const struct db_value args[] = { db_text(p->service),
                                     db_text(p->context),
                                     text_of(p->after),
                                     db_text(role_words(a, p->roles)),
                                     db_int(p->now_s - MEMBER_KEPT_S),
                                     db_int(p->limit + 1) };
    struct db_rows rows;

    if (!db_query(d, &page, args, sizeof args / sizeof *args, a, &rows, f))
        return false;
    size_t n = rows.n > (size_t)p->limit ? (size_t)p->limit : rows.n;
    struct member *found = arena_make_n(a, n + 1, struct member);
    for (size_t i = 0; i < n; i++)
        found[i] = read_row(db_row(&rows, i));
    p->at = arena_make_n(a, n + 1, struct member);
    p->more = rows.n > n;
    p->last = n > 0 ? found[n - 1].sub : p->after;
    return keep_standing(l, d, a, found, n, f);
}

bool members_list(struct members *m, struct work *w, struct batch *b, struct arena *a, struct members_page *p)
{
    struct listing *l = arena_make(a, struct listing);

    *l = (struct listing){ m, p };
    return store_ask(m->store, w, b, a, list, l, &p->ok, &p->why);
}
