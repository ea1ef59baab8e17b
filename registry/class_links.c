/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/class_links.h"

#include "registry/store.h"
#include "registry/stores.h"

static const struct db_migration migrations[] = {
    { 1, "CREATE TABLE class_link (context TEXT NOT NULL, service TEXT NOT NULL, id TEXT NOT NULL, "
         "place INTEGER NOT NULL, title TEXT NOT NULL, text TEXT NOT NULL, made_s INTEGER NOT NULL, "
         "PRIMARY KEY (context, service, id)) WITHOUT ROWID;"
         "CREATE INDEX class_link_made ON class_link (made_s);" },
};

const struct db_schema class_links_schema = { "class_links.sqlite", migrations,
                                              sizeof migrations / sizeof *migrations };

/* A list is one context's of one service; place says where in it, and has gaps. */
static const struct db_statement
    forget = { "class_link_forget", "DELETE FROM class_link WHERE made_s < ?1" },
    count = { "class_link_count",
              "SELECT count(*), coalesce(max(place), 0) FROM class_link WHERE context = ?1 AND service = ?2" },
    put = { "class_link_put", "INSERT INTO class_link (context, service, id, place, title, text, made_s) VALUES (?1, "
                              "?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (context, service, id) DO NOTHING" },
    drop = { "class_link_drop", "DELETE FROM class_link WHERE context = ?1 AND service = ?2 AND id = ?3" },
    above = { "class_link_above", "SELECT id, place FROM class_link WHERE context = ?1 AND service = ?2 AND place <= "
                                  "(SELECT place FROM class_link WHERE context = ?1 AND service = ?2 AND id = ?3) "
                                  "ORDER BY place DESC LIMIT 2" },
    below = { "class_link_below", "SELECT id, place FROM class_link WHERE context = ?1 AND service = ?2 AND place >= "
                                  "(SELECT place FROM class_link WHERE context = ?1 AND service = ?2 AND id = ?3) "
                                  "ORDER BY place LIMIT 2" },
    move = { "class_link_move", "UPDATE class_link SET place = ?4 WHERE context = ?1 AND service = ?2 AND id = ?3" },
    of = { "class_link_of", "SELECT id, context, service, title, text FROM class_link WHERE context = ?1 AND made_s >= "
                            "?2 ORDER BY service, place" };

struct class_links *class_links_new(const struct settings *set)
{
    return (struct class_links *)store_new(set, "class_links.sqlite", migrations,
                                           sizeof migrations / sizeof *migrations);
}

void class_links_free(struct class_links *s)
{
    store_free((struct store *)s);
}

/* ── changes ────────────────────────────────────────────────────────────── */

static bool add(struct db *d, struct arena *a, struct class_links_ask *x, struct fail *f)
{
    const struct db_value list[] = { db_text(x->link->context), db_text(x->link->service) };
    const struct db_value old[] = { db_int(x->now_s - CLASS_LINK_KEPT_S) };
    struct db_rows rows;

    if (!db_run(d, &forget, old, 1, f) || !db_query(d, &count, list, 2, a, &rows, f))
        return false;
    int64_t n = db_row(&rows, 0)[0].number, last = db_row(&rows, 0)[1].number;
    for (size_t i = 0; i < x->link_count; i++) {
        const struct class_link *l = &x->link[i];
        const struct db_value args[] = { list[0],           list[1],
                                         db_text(l->id),    db_int(last + 1 + (int64_t)i),
                                         db_text(l->title), db_text(l->text),
                                         db_int(x->now_s) };
        if (n + (int64_t)i >= CLASS_LINKS_MAX || l->text.n > CLASS_LINK_MAX_B)
            x->left_out++;
        else if (!db_run(d, &put, args, sizeof args / sizeof *args, f))
            return false;
    }
    return true;
}

static bool take(struct db *d, struct arena *a, struct class_links_ask *x, struct fail *f)
{
    const struct db_value args[] = { db_text(x->link->context), db_text(x->link->service), db_text(x->link->id) };

    (void)a;
    return db_run(d, &drop, args, 3, f);
}

static bool place_at(struct db *d, const struct class_links_ask *x, struct str id, int64_t place, struct fail *f)
{
    const struct db_value args[] = { db_text(x->link->context), db_text(x->link->service), db_text(id), db_int(place) };

    return db_run(d, &move, args, 4, f);
}

/* It changes places with its neighbour. */
static bool shift(struct db *d, struct arena *a, struct class_links_ask *x, struct fail *f)
{
    const struct db_value args[] = { db_text(x->link->context), db_text(x->link->service), db_text(x->link->id) };
    struct db_rows rows;

    if (!db_query(d, x->change == CLASS_LINK_UP ? &above : &below, args, 3, a, &rows, f))
        return false;
    if (rows.n < 2)
        return true;
    const struct db_value *mine = db_row(&rows, 0), *other = db_row(&rows, 1);
    return place_at(d, x, mine[0].text, other[1].number, f) && place_at(d, x, other[0].text, mine[1].number, f);
}

/* ── reading ────────────────────────────────────────────────────────────── */

static bool read_list(struct db *d, struct arena *a, struct class_links_ask *x, struct str context, size_t *room,
                      struct fail *f)
{
    const struct db_value args[] = { db_text(context), db_int(x->now_s - CLASS_LINK_KEPT_S) };
    struct db_rows rows;

    if (!db_query(d, &of, args, 2, a, &rows, f))
        return false;
    if (x->n + rows.n > *room) {
        struct class_link *more = arena_make_n(a, 2 * (x->n + rows.n), struct class_link);
        for (size_t i = 0; i < x->n; i++)
            more[i] = x->at[i];
        x->at = more;
        *room = 2 * (x->n + rows.n);
    }
    for (size_t i = 0; i < rows.n; i++) {
        const struct db_value *row = db_row(&rows, i);
        x->at[x->n++] = (struct class_link){
            .id = row[0].text, .context = row[1].text, .service = row[2].text, .title = row[3].text, .text = row[4].text
        };
    }
    return true;
}

static bool read_lists(struct db *d, struct arena *a, struct class_links_ask *x, struct fail *f)
{
    size_t room = 0;

    for (size_t i = 0; x->contexts != NULL && i < x->contexts->n; i++)
        if (!read_list(d, a, x, x->contexts->at[i], &room, f))
            return false;
    return true;
}

static bool run(void *with, struct db *d, struct arena *a, struct fail *f)
{
    typedef bool change_fn(struct db *, struct arena *, struct class_links_ask *, struct fail *);
    static change_fn *const changes[] = {
        [CLASS_LINK_ADD] = add, [CLASS_LINK_REMOVE] = take, [CLASS_LINK_UP] = shift, [CLASS_LINK_DOWN] = shift
    };
    struct class_links_ask *x = with;

    bool changes_it = changes[x->change] != NULL && x->link_count > 0;

    if (changes_it) {
        bool good = db_begin(d, f) && changes[x->change](d, a, x, f) && db_commit(d, f);
        if (!good) {
            db_rollback(d);
            return false;
        }
    }
    return read_lists(d, a, x, f);
}

bool class_links_ask(struct class_links *s, struct work *w, struct batch *b, struct arena *a, struct class_links_ask *x)
{
    return store_ask((struct store *)s, w, b, a, run, x, &x->ok, &x->why);
}
