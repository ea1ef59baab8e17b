/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/known.h"

#include "registry/stores.h"
#include "wire/db.h"
#include "wire/json.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { WAITING_FIRST = 64, SHAPE_MAX_B = 16384, DAY_S = 86400 };

static const struct db_migration migrations[] = {
    { 1, "CREATE TABLE known (person TEXT NOT NULL, provider TEXT NOT NULL, shape TEXT NOT NULL, "
         "seen_s INTEGER NOT NULL, PRIMARY KEY (person, provider)) WITHOUT ROWID;"
         "CREATE INDEX known_provider ON known (provider, shape);"
         "CREATE INDEX known_seen ON known (seen_s);" },
};

const struct db_schema known_schema = { "known.sqlite", migrations, sizeof migrations / sizeof *migrations };

static const struct db_statement put = { "known_put",
                                         "INSERT INTO known (person, provider, shape, seen_s) VALUES (?1, ?2, ?3, ?4) "
                                         "ON CONFLICT (person, provider) DO UPDATE SET shape = excluded.shape, "
                                         "seen_s = excluded.seen_s" };
/* Where somebody is no longer at a provider, they are not known there. */
static const struct db_statement gone = { "known_gone", "DELETE FROM known WHERE person = ?1" };
static const struct db_statement forget = { "known_forget", "DELETE FROM known WHERE seen_s < ?1" };
static const struct db_statement of_provider = {
    "known_of", "SELECT shape, COUNT(*) FROM known WHERE provider = ?1 AND seen_s >= ?2 GROUP BY shape"
};
static const struct db_statement of_all = {
    "known_all", "SELECT shape, COUNT(*) FROM known WHERE seen_s >= ?1 GROUP BY provider, shape"
};

static const struct db_statement of_person = { "known_person",
                                               "SELECT shape, seen_s FROM known WHERE person = ?1 ORDER BY provider" };

static const struct db_statement is_known = { "known_is", "SELECT 1 FROM known WHERE person = ?1 LIMIT 1" };

struct part { /* of a person, at one provider */
    struct str provider, shape;
};

struct seen { /* one sign-in that waits */
    struct str person;
    int64_t at_s;
    struct part *parts;
    size_t n;
};

struct known {
    const char *path;
    struct arena *arena; /* of this struct */
    pthread_mutex_t lock;
    struct arena *waiting_arena; /* of what waits; under lock, like it */
    struct seen *waiting;
    size_t n, room;
    struct db *db; /* of the thread that writes */
    int64_t forgot_s;
};

static const char *path_of(const struct settings *set, struct arena *a)
{
    return arena_cstr(a, arena_join(a, set->state_dir, S("/registry/known.sqlite")));
}

static struct db *open_store(const struct settings *set, struct arena *a, struct fail *f)
{
    return db_open_with(path_of(set, a), migrations, sizeof migrations / sizeof *migrations, f);
}

struct known *known_new(const struct settings *set)
{
    struct arena *a = arena_new();
    struct known *k = arena_make(a, struct known);

    k->arena = a;
    k->path = path_of(set, a);
    (void)pthread_mutex_init(&k->lock, NULL);
    return k;
}

void known_free(struct known *k)
{
    struct fail f = { 0 };

    if (k == NULL)
        return;
    (void)known_write(k, 0, &f);
    db_close(k->db);
    arena_free(k->waiting_arena);
    (void)pthread_mutex_destroy(&k->lock);
    arena_free(k->arena);
}

/* ── a person as text, and back ─────────────────────────────────────────── */

static void put_affiliation(struct json_out *o, const struct affiliation *at)
{
    json_begin_object(o);
    json_put_str(o, S("provider"), at->provider_oid);
    json_put_str(o, S("school"), at->school_oid);
    json_put_str(o, S("role"), str_of(role_name(at->role)));
    json_put_str(o, S("group"), at->group);
    json_put_int(o, S("level"), at->class_level);
    json_put_int(o, S("charge"), at->charge);
    json_put_int(o, S("from"), at->from_s);
    json_put_int(o, S("to"), at->to_s);
    json_end_object(o);
}

static struct str shape_of(struct arena *a, const struct person *p, struct str provider_oid)
{
    struct json_out o = json_out(a, SHAPE_MAX_B);

    json_begin_object(&o);
    json_put_int(&o, S("age"), (int64_t)p->age);
    json_put_str(&o, S("acr"), p->acr);
    json_key(&o, S("at"));
    json_begin_array(&o);
    for (size_t i = 0; i < p->affiliation_count; i++)
        if (str_eq(p->affiliations[i].provider_oid, provider_oid))
            put_affiliation(&o, &p->affiliations[i]);
    json_end_array(&o);
    json_end_object(&o);
    return json_done(&o);
}

struct stored { /* one affiliation as it is stored */
    struct str provider, school, role, group;
    int64_t level, charge, from, to;
};

static const struct json_field stored_fields[] = { FIELD(stored, provider, JSON_STR, true, PERSON_TEXT_MAX_B),
                                                   FIELD(stored, school, JSON_STR, false, PERSON_TEXT_MAX_B),
                                                   FIELD(stored, role, JSON_STR, false, PERSON_TEXT_MAX_B),
                                                   FIELD(stored, group, JSON_STR, false, PERSON_TEXT_MAX_B),
                                                   FIELD(stored, level, JSON_INT, false, 0),
                                                   FIELD(stored, charge, JSON_INT, false, 0),
                                                   FIELD(stored, from, JSON_INT, false, 0),
                                                   FIELD(stored, to, JSON_INT, false, 0),
                                                   { NULL, JSON_NONE, false, 0, 0 } };

static bool read_affiliation(const struct json_value *v, struct affiliation *out, struct fail *f)
{
    struct stored s = { { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, 0, 0, 0, 0 };

    if (!json_read_value(v, stored_fields, &s, f))
        return false;
    *out = (struct affiliation){ .provider_oid = s.provider,
                                 .school_oid = s.school,
                                 .role = role_of_name(s.role),
                                 .group = s.group,
                                 .class_level = (int)s.level,
                                 .charge = (int)s.charge,
                                 .from_s = s.from,
                                 .to_s = s.to };
    return true;
}

static bool read_shape(struct arena *a, struct str text, struct person *out, struct fail *f)
{
    const struct json_value *v = json_parse(a, text, f), *at = json_get(v, S("at")), *age = json_get(v, S("age"));

    if (v == NULL || at == NULL)
        return false;
    *out = (struct person){ .acr = json_get_str(v, S("acr")) };
    if (age != NULL && age->type == JSON_INT && age->integer > 0 && age->integer <= AGE_ADULT)
        out->age = (int)age->integer;
    out->affiliations = arena_make_n(a, at->count + 1, struct affiliation);
    for (const struct json_value *one = at->first; one != NULL; one = one->next)
        if (!read_affiliation(one, &out->affiliations[out->affiliation_count++], f))
            return false;
    return true;
}

/* ── writing ────────────────────────────────────────────────────────────── */

static bool is_first_of(const struct person *p, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (str_eq(p->affiliations[k].provider_oid, p->affiliations[i].provider_oid))
            return false;
    return true;
}

/* For one more, at the cost of those that wait, since a loop makes it under the lock. */
static void make_room(struct known *k)
{
    if (k->n < k->room)
        return;
    if (k->waiting_arena == NULL)
        k->waiting_arena = arena_new();
    k->room = k->room > 0 ? 2 * k->room : WAITING_FIRST;
    struct seen *more = arena_make_n(k->waiting_arena, k->room, struct seen);
    for (size_t i = 0; i < k->n; i++)
        more[i] = k->waiting[i];
    k->waiting = more;
}

static void note(struct known *k, const struct person *p, int64_t now_s)
{
    if (k->n == KNOWN_WAITING_MAX)
        return;
    make_room(k);
    struct arena *a = k->waiting_arena;
    struct seen *s = &k->waiting[k->n++];
    *s = (struct seen){ arena_str(a, p->id), now_s, arena_make_n(a, p->affiliation_count + 1, struct part), 0 };
    for (size_t i = 0; !p->non_disclosure && i < p->affiliation_count; i++) {
        struct str provider = p->affiliations[i].provider_oid;
        struct str shape = is_first_of(p, i) ? shape_of(a, p, provider) : (struct str){ NULL, 0 };
        if (shape.p != NULL)
            s->parts[s->n++] = (struct part){ arena_str(a, provider), shape };
    }
}

void known_saw(struct known *k, const struct person *p, int64_t now_s)
{
    /* Whose data became protected, or who is nowhere any more, is forgotten. */
    if (k == NULL)
        return;
    (void)pthread_mutex_lock(&k->lock);
    note(k, p, now_s);
    (void)pthread_mutex_unlock(&k->lock);
}

static bool write_seen(struct db *d, const struct seen *s, struct fail *f)
{
    struct db_value values[4] = { db_text(s->person) };

    if (!db_run(d, &gone, values, 1, f))
        return false;
    for (size_t i = 0; i < s->n; i++) {
        values[1] = db_text(s->parts[i].provider);
        values[2] = db_text(s->parts[i].shape);
        values[3] = db_int(s->at_s);
        if (!db_run(d, &put, values, 4, f))
            return false;
    }
    return true;
}

static bool forget_old(struct known *k, int64_t now_s, struct fail *f)
{
    const struct db_value before = db_int(now_s - KNOWN_KEPT_S);

    if (now_s < k->forgot_s + DAY_S)
        return true;
    k->forgot_s = now_s;
    return db_run(k->db, &forget, &before, 1, f);
}

bool known_write(struct known *k, int64_t now_s, struct fail *f)
{
    (void)pthread_mutex_lock(&k->lock);
    struct arena *a = k->waiting_arena;
    struct seen *waiting = k->waiting;
    size_t n = k->n;
    k->waiting_arena = NULL;
    k->waiting = NULL;
    k->n = k->room = 0;
    (void)pthread_mutex_unlock(&k->lock);

    if (n > 0 && k->db == NULL)
        k->db = db_open_with(k->path, migrations, sizeof migrations / sizeof *migrations, f);
    bool good = n == 0 || (k->db != NULL && db_begin(k->db, f));
    for (size_t i = 0; good && i < n; i++)
        good = write_seen(k->db, &waiting[i], f);
    good = good && (n == 0 || (forget_old(k, now_s, f) && db_commit(k->db, f)));
    if (!good && k->db != NULL)
        db_rollback(k->db);
    arena_free(a);
    return good;
}

/* ── reading ────────────────────────────────────────────────────────────── */

static void keep_school(struct person *p, struct str school)
{
    size_t n = 0;

    for (size_t i = 0; i < p->affiliation_count; i++)
        if (str_eq(p->affiliations[i].school_oid, school))
            p->affiliations[n++] = p->affiliations[i];
    p->affiliation_count = n;
}

static bool take(struct arena *a, const struct db_rows *rows, const struct area *where, struct shapes *out,
                 struct fail *f)
{
    out->at = arena_make_n(a, rows->n + 1, struct shape);
    for (size_t i = 0; i < rows->n; i++) {
        const struct db_value *row = db_row(rows, i);
        struct shape s = { .count = (size_t)row[1].number };
        if (!read_shape(a, row[0].text, &s.who, f))
            return false;
        if (str_is_set(where->school))
            keep_school(&s.who, where->school);
        if (s.who.affiliation_count == 0)
            continue;
        out->at[out->n++] = s;
        out->people += s.count;
    }
    return true;
}

bool known_shapes(const struct settings *set, struct arena *a, const struct registry *r, const struct area *where,
                  int64_t since_s, struct shapes *out, struct fail *f)
{
    const struct provider *p = registry_provider(r, where->provider);
    const struct db_value values[2] = { p != NULL ? db_text(p->oid) : db_int(since_s), db_int(since_s) };
    struct db_rows rows;

    *out = (struct shapes){ NULL, 0, 0 };
    if (str_is_set(where->provider) && p == NULL)
        return true;
    struct db *d = open_store(set, a, f);
    if (d == NULL)
        return false;
    bool good =
        p != NULL ? db_query(d, &of_provider, values, 2, a, &rows, f) : db_query(d, &of_all, values, 1, a, &rows, f);
    db_close(d);
    if (good && rows.n > KNOWN_SHAPES_MAX)
        return fail(f, FAIL_CALLER, "too_many_shapes",
                    "%zu sorts of people are more than can be looked at; choose a city", rows.n);
    return good && take(a, &rows, where, out, f);
}

static bool read_one(struct db *d, struct arena *a, struct known_one *out, struct fail *f)
{
    const struct db_value who = db_text(out->id);
    struct person *p = &out->who;
    struct db_rows rows;

    *p = (struct person){ .id = out->id };
    out->seen_s = 0;
    if (!db_query(d, &of_person, &who, 1, a, &rows, f))
        return false;
    p->affiliations = arena_make_n(a, rows.n * PERSON_AFFILIATIONS_MAX + 1, struct affiliation);
    for (size_t i = 0; i < rows.n; i++) {
        const struct db_value *row = db_row(&rows, i);
        struct person part;
        if (!read_shape(a, row[0].text, &part, f))
            return false;
        for (size_t k = 0; k < part.affiliation_count && k < PERSON_AFFILIATIONS_MAX; k++)
            p->affiliations[p->affiliation_count++] = part.affiliations[k];
        p->acr = part.acr;
        p->age = part.age;
        out->seen_s = row[1].number > out->seen_s ? row[1].number : out->seen_s;
    }
    return true;
}

bool known_people(const struct settings *set, struct arena *a, struct known_one *people, size_t n, struct fail *f)
{
    struct db *d = open_store(set, a, f);
    bool good = d != NULL;

    for (size_t i = 0; good && i < n; i++)
        good = read_one(d, a, &people[i], f);
    db_close(d);
    return good;
}

bool known_seen(const struct settings *set, struct arena *a, const struct str *ids, size_t n, bool *seen,
                struct fail *f)
{
    struct db *d = open_store(set, a, f);
    struct arena *scratch = arena_new();
    bool good = d != NULL;

    for (size_t i = 0; good && i < n; i++) {
        const struct db_value who = db_text(ids[i]);
        struct db_rows rows;
        good = db_query(d, &is_known, &who, 1, scratch, &rows, f);
        seen[i] = good && rows.n > 0;
        arena_reset(scratch);
    }
    db_close(d);
    arena_free(scratch);
    return good;
}

bool known_person(const struct settings *set, struct arena *a, struct str id, struct person *out, int64_t *seen_s,
                  struct fail *f)
{
    struct known_one one = { .id = id };
    bool good = known_people(set, a, &one, 1, f);

    *out = good ? one.who : (struct person){ .id = id };
    *seen_s = good ? one.seen_s : 0;
    return good;
}
