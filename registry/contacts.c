/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/contacts.h"

#define LINK "organisation, part, hash, address, until_s, asked_by"

static const struct db_statement
    all = { "contacts_of",
            "SELECT part, address, before, organisation FROM contacts WHERE organisation = ?1 LIMIT 16" },
    of_all = { "contacts_of_all", "SELECT part, address, before, organisation FROM contacts ORDER BY organisation" },
    put = { "contact_put",
            "INSERT OR REPLACE INTO contacts (organisation, part, address, at_s) VALUES (?1, ?2, ?3, ?4)" },
    link_put = { "contact_link_put",
                 "INSERT OR REPLACE INTO contact_links (organisation, part, hash, address, until_s, asked_by) "
                 "VALUES (?1, ?2, ?3, ?4, ?5, ?6)" },
    link_get = { "contact_link_get", "SELECT " LINK " FROM contact_links WHERE hash = ?1 AND until_s > ?2" },
    links_open = { "contact_links_open", "SELECT " LINK " FROM contact_links WHERE until_s > ?1 LIMIT 10000" },
    due = { "contacts_due", "SELECT due FROM contacts_due" }, done = { "contacts_done", "DELETE FROM contacts_due" },
    take_over = { "contact_take_over",
                  "INSERT OR IGNORE INTO contacts (organisation, part, address, at_s, before) SELECT ?1, ?2, ?3, ?4, 1 "
                  "WHERE NOT EXISTS (SELECT 1 FROM contact_links WHERE organisation = ?1 AND part = ?2)" },
    link_drop = { "contact_link_drop", "DELETE FROM contact_links WHERE hash = ?1" };

static const char *const words[CONTACT_COUNT] = { "technology", "privacy", "incidents" };

struct str contact_word(enum contact which)
{
    return str_of(words[which]);
}

bool contact_of_word(struct str word, enum contact *out)
{
    for (int i = 0; i < CONTACT_COUNT; i++)
        if (str_eq(word, str_of(words[i]))) {
            *out = (enum contact)i;
            return true;
        }
    return false;
}

struct str contact_address(const struct organisation *o, enum contact which)
{
    return which == CONTACT_technology ? o->technology : which == CONTACT_privacy ? o->privacy : o->incidents;
}

bool contact_is_verified(const struct contacts *x, const struct organisation *o, enum contact which)
{
    return str_is_set(x->verified[which]) && str_eq(x->verified[which], contact_address(o, which));
}

static void put_row(const struct db_value *row, struct contacts *out)
{
    if (row[0].number < 0 || row[0].number >= CONTACT_COUNT)
        return;
    out->verified[row[0].number] = row[1].text;
    out->before[row[0].number] = row[2].number != 0;
}

bool contacts_of(struct db *d, struct arena *a, struct str organisation, struct contacts *out, struct fail *f)
{
    const struct db_value args[] = { db_text(organisation) };
    struct db_rows rows;

    *out = (struct contacts){ 0 };
    if (!db_query(d, &all, args, 1, a, &rows, f))
        return false;
    for (size_t i = 0; i < rows.n; i++)
        put_row(db_row(&rows, i), out);
    return true;
}

bool contact_link_put(struct db *d, const struct contact_link *x, struct fail *f)
{
    const struct db_value row[] = { db_text(x->organisation), db_int(x->which),
                                    db_text(x->hash),         db_text(x->address),
                                    db_int(x->until_s),       db_text(str_is_set(x->by) ? x->by : S("")) };

    return db_run(d, &link_put, row, sizeof row / sizeof *row, f);
}

static struct contact_link link_of(const struct db_value *v)
{
    return (struct contact_link){ .organisation = v[0].text,
                                  .which = (enum contact)v[1].number,
                                  .hash = v[2].text,
                                  .address = v[3].text,
                                  .until_s = v[4].number,
                                  .by = v[5].text };
}

bool contact_link_get(struct db *d, struct arena *a, struct str hash, int64_t now_s, struct contact_link *out,
                      struct fail *f)
{
    const struct db_value args[] = { db_text(hash), db_int(now_s) };
    struct db_rows rows;

    if (!db_query(d, &link_get, args, 2, a, &rows, f))
        return false;
    if (rows.n == 0 || db_row(&rows, 0)[1].number < 0 || db_row(&rows, 0)[1].number >= CONTACT_COUNT)
        return fail(f, FAIL_NOT_FOUND, "no_contact_link", "it is over, was used, or never was");
    *out = link_of(db_row(&rows, 0));
    return true;
}

bool contact_links_open(struct db *d, struct arena *a, int64_t now_s, struct contact_links *out, struct fail *f)
{
    const struct db_value now = db_int(now_s);
    struct db_rows rows;

    *out = (struct contact_links){ 0 };
    if (!db_query(d, &links_open, &now, 1, a, &rows, f))
        return false;
    out->at = arena_make_n(a, rows.n + 1, struct contact_link);
    for (size_t i = 0; i < rows.n; i++)
        if (db_row(&rows, i)[1].number >= 0 && db_row(&rows, i)[1].number < CONTACT_COUNT)
            out->at[out->n++] = link_of(db_row(&rows, i));
    return true;
}

/* The first row that is not of an organisation before this one. */
static size_t first_row(const struct db_rows *rows, struct str organisation)
{
    size_t from = 0, to = rows->n;

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (str_cmp(db_row(rows, middle)[3].text, organisation) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

bool contacts_of_all(struct db *d, struct arena *a, const struct organisation *all_of, size_t n, struct contacts *out,
                     struct fail *f)
{
    struct db_rows rows;

    if (!db_query(d, &of_all, NULL, 0, a, &rows, f))
        return false;
    for (size_t i = 0; i < n; i++) {
        out[i] = (struct contacts){ 0 };
        for (size_t k = first_row(&rows, all_of[i].id); k < rows.n; k++) {
            const struct db_value *row = db_row(&rows, k);
            if (!str_eq(row[3].text, all_of[i].id))
                break;
            put_row(row, &out[i]);
        }
    }
    return true;
}

static bool take_over_one(struct db *d, const struct organisation *o, int64_t now_s, struct fail *f)
{
    for (int i = 0; i < CONTACT_COUNT; i++) {
        struct str address = contact_address(o, (enum contact)i);
        const struct db_value row[] = { db_text(o->id), db_int(i), db_text(address), db_int(now_s) };
        if (str_is_set(address) && !db_run(d, &take_over, row, sizeof row / sizeof *row, f))
            return false;
    }
    return true;
}

bool contacts_take_over(struct db *d, struct arena *a, const struct organisation *all_of, size_t n, int64_t now_s,
                        struct fail *f)
{
    struct db_rows rows;
    bool good = db_query(d, &due, NULL, 0, a, &rows, f);

    if (!good || rows.n == 0)
        return good;
    good = db_begin(d, f);
    for (size_t i = 0; good && i < n; i++)
        good = take_over_one(d, &all_of[i], now_s, f);
    good = good && db_run(d, &done, NULL, 0, f) && db_commit(d, f);
    if (!good)
        db_rollback(d);
    return good;
}

static bool verify(struct db *d, const struct contact_link *x, int64_t now_s, struct fail *f)
{
    const struct db_value row[] = { db_text(x->organisation), db_int(x->which), db_text(x->address), db_int(now_s) };
    const struct db_value hash = db_text(x->hash);

    return db_run(d, &put, row, 4, f) && db_run(d, &link_drop, &hash, 1, f);
}

bool contact_verify(struct db *d, struct arena *a, struct str hash, int64_t now_s, struct fail *f)
{
    struct contact_link x;

    if (!contact_link_get(d, a, hash, now_s, &x, f) || !db_begin(d, f))
        return false;
    if (verify(d, &x, now_s, f) && db_commit(d, f))
        return true;
    db_rollback(d);
    return false;
}
