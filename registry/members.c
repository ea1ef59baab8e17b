/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/members.h"

#include "registry/store.h"

static const struct db_migration migrations[] = {
    { 1, "CREATE TABLE member (service TEXT NOT NULL, context TEXT NOT NULL, sub TEXT NOT NULL, "
         "provider_oid TEXT NOT NULL, school_oid TEXT NOT NULL, school_code TEXT NOT NULL, class_group TEXT NOT NULL, "
         "class_level INTEGER NOT NULL, role TEXT NOT NULL, seen_s INTEGER NOT NULL, "
         "PRIMARY KEY (service, context, sub)) WITHOUT ROWID;"
         "CREATE INDEX member_seen ON member (seen_s);" },
    { 2, "CREATE INDEX member_sub ON member (service, sub);" },
};

#define COLUMNS "sub, provider_oid, school_oid, school_code, class_group, class_level, role, seen_s"

/* Roles by their names: numbers would mean something else when a row is added to role.def. */
static const struct db_statement
    find = { "member_find", "SELECT " COLUMNS " FROM member WHERE service = ?1 AND context = ?2 AND sub = ?3" },
    count = { "member_count", "SELECT count(*) FROM member WHERE service = ?1 AND context = ?2" },
    put = { "member_put", "INSERT INTO member (service, context, " COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, "
                          "?9, ?10) ON CONFLICT (service, context, sub) DO UPDATE SET provider_oid = "
                          "excluded.provider_oid, school_oid = excluded.school_oid, school_code = "
                          "excluded.school_code, class_group = excluded.class_group, class_level = "
                          "excluded.class_level, role = excluded.role, seen_s = excluded.seen_s" },
    leave = { "member_leave", "DELETE FROM member WHERE service = ?1 AND sub = ?2" },
    forget = { "member_forget", "DELETE FROM member WHERE seen_s < ?1" },
    page = { "member_page", "SELECT " COLUMNS " FROM member WHERE service = ?1 AND context = ?2 AND sub > ?3 AND "
                            "instr(?4, ' ' || role || ' ') > 0 AND seen_s >= ?5 ORDER BY sub LIMIT ?6" };

struct members *members_new(const struct settings *set)
{
    return (struct members *)store_new(set, "members.sqlite", migrations, sizeof migrations / sizeof *migrations);
}

void members_free(struct members *m)
{
    store_free((struct store *)m);
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
                            .seen_s = row[7].number };
}

/* Absent is stored as "", so texts compare here as they are told. */
static bool same(struct str a, struct str b)
{
    return str_cmp(a, b) == 0;
}

static bool is_known(const struct member *before, const struct member *now)
{
    return same(before->provider_oid, now->provider_oid) && same(before->school_oid, now->school_oid) &&
           same(before->school_code, now->school_code) && same(before->group, now->group) &&
           before->class_level == now->class_level && before->role == now->role &&
           now->seen_s - before->seen_s < MEMBER_SEEN_S;
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
        db_int(w->seen_s)
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
        return is_known(&before, &n->who) || write_row(d, n, f);
    }
    if (!db_query(d, &count, args, 2, a, &all, f))
        return false;
    return db_row(&all, 0)->number >= MEMBERS_OF_CONTEXT_MAX || write_row(d, n, f);
}

bool members_note(struct members *m, struct work *w, struct batch *b, struct arena *a, struct member_note *n)
{
    return store_ask((struct store *)m, w, b, a, note, n, &n->ok, &n->why);
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

static bool list(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct members_page *p = with;
    const struct db_value args[] = { db_text(p->service),
                                     db_text(p->context),
                                     text_of(p->after),
                                     db_text(role_words(a, p->roles)),
                                     db_int(p->now_s - MEMBER_KEPT_S),
                                     db_int(p->limit + 1) };
    struct db_rows rows;

    if (!db_query(d, &page, args, sizeof args / sizeof *args, a, &rows, f))
        return false;
    p->at = arena_make_n(a, rows.n + 1, struct member);
    p->more = rows.n > (size_t)p->limit;
    for (p->n = 0; p->n < rows.n && p->n < (size_t)p->limit; p->n++)
        p->at[p->n] = read_row(db_row(&rows, p->n));
    return true;
}

bool members_list(struct members *m, struct work *w, struct batch *b, struct arena *a, struct members_page *p)
{
    return store_ask((struct store *)m, w, b, a, list, p, &p->ok, &p->why);
}
