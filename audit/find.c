/* SPDX-License-Identifier: EUPL-1.2 */
#include "audit/find.h"

#include "audit/index_int.h"
#include "wire/json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK_B = 2 * AUDIT_LINE_MAX_B, NEEDLES_MAX = 12 };

struct finding {
    const char *dir;
    struct arena *arena; /* the caller's */
    const struct audit_search *s;
    struct audit_finds *out;
    struct str needles[NEEDLES_MAX]; /* what stands in each line that is wanted, as it is */
    size_t needle_count;
    int64_t keys[NEEDLES_MAX]; /* of the index: all of these */
    size_t key_count;
    int64_t floor; /* records up to this one are the index's, and not looked at line by line; 0: there is none */
    int64_t least; /* blocks that begin below it hold nothing that is meant */
    bool in_blocks, at_floor;
    char *chunk; /* CHUNK_B */
    size_t left_B;
    int fd; /* of the segment */
    off_t size;
};

/* ── one line ───────────────────────────────────────────────────────────── */

/* A line without them needs no parser; and the index knows where lines with them are. */
static void add_needle(struct finding *g, const char *name, enum key_kind kind, struct str value)
{
    if (!str_is_set(value))
        return;
    struct json_out o = json_out(g->arena, 8 * value.n + 128);
    json_begin_object(&o);
    json_put_str(&o, str_of(name), value);
    json_end_object(&o);
    struct str whole = json_done(&o);
    g->needles[g->needle_count++] = str_sub(whole, 1, whole.n - 2);
    size_t name_B = strlen(name) + 5; /* {"name":" */
    g->keys[g->key_count++] = audit_key(kind, str_sub(whole, name_B, whole.n - name_B - 2));
}

static bool may_be_wanted(const struct finding *g, struct str line)
{
    for (size_t i = 0; i < g->needle_count; i++)
        if (memmem(line.p, line.n, g->needles[i].p, g->needles[i].n) == NULL)
            return false;
    return true;
}

static bool read_line(struct arena *a, struct str line, struct audit_found *x)
{
    struct fail f = { 0 };
    const struct json_value *v = json_parse(a, line, &f);
    const struct json_value *n = json_get(v, S("n"));

    if (v == NULL || n == NULL || n->type != JSON_INT)
        return false;
    *x = (struct audit_found){ .n = n->integer, .at_s = audit_line_at_s(line), .line = line };
    const struct {
        struct str *to, name;
    } members[] = { { &x->event, S("event") },
                    { &x->person, S("person") },
                    { &x->service, S("service") },
                    { &x->idp, S("idp") },
                    { &x->rule, S("rule") },
                    { &x->claims, S("claims") },
                    { &x->reason, S("reason") },
                    { &x->support_code, S("support_code") },
                    { &x->sid, S("sid") },
                    { &x->area, S("area") },
                    { &x->acting_as, S("acting_as") },
                    { &x->who, S("who") },
                    { &x->why, S("why") },
                    { &x->row, S("row") },
                    { &x->device, S("device") },
                    { &x->told, S("told") } };
    const struct json_value *version = json_get(v, S("version"));

    x->version = version != NULL && version->type == JSON_INT ? version->integer : 0;
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        *members[i].to = json_get_str(v, members[i].name);
    return true;
}

static bool is_wanted(struct str has, struct str wanted)
{
    return !str_is_set(wanted) || str_eq(has, wanted);
}

/* Who made a change, or acted in the console; a line without a role is of whom it happened to. */
static bool did(const struct audit_found *x, struct str actor)
{
    return str_has_prefix(x->who, actor) || (str_is_set(x->acting_as) && str_has_prefix(x->person, actor));
}

static bool fits(const struct audit_search *s, const struct audit_found *x)
{
    return (s->from_s == 0 || x->at_s >= s->from_s) && (s->to_s == 0 || x->at_s < s->to_s) &&
           (s->before == 0 || x->n < s->before) && x->n > s->after && is_wanted(x->event, s->event) &&
           is_wanted(x->service, s->service) && is_wanted(x->idp, s->idp) &&
           is_wanted(x->support_code, s->support_code) && is_wanted(x->reason, s->reason) &&
           is_wanted(x->person, s->person) && is_wanted(x->row, s->row) &&
           (!str_is_set(s->pseudonym) || str_has_prefix(x->person, s->pseudonym) ||
            str_has_prefix(x->who, s->pseudonym)) &&
           (!str_is_set(s->actor) || did(x, s->actor)) &&
           (s->result == RESULT_ANY || str_eq(x->event, S("refused")) == (s->result == RESULT_REFUSED)) &&
           (s->within == NULL || s->within(s->with, x));
}

/* Only what was found is the caller's to keep. */
static void keep(struct finding *g, const struct audit_found *x)
{
    struct audit_found copy;

    if (read_line(g->arena, arena_str(g->arena, x->line), &copy))
        g->out->at[g->out->n++] = copy;
}

/* False: enough. */
static bool look(struct finding *g, struct arena *a, struct str line)
{
    struct audit_found x;

    if (!may_be_wanted(g, line) || !read_line(a, line, &x) || !fits(g->s, &x) || (!g->in_blocks && x.n <= g->floor))
        return true;
    if (g->out->n == g->s->most) {
        g->out->next = g->out->at[g->out->n - 1].n;
        g->out->till_s = g->out->at[g->out->n - 1].at_s;
        return false;
    }
    keep(g, &x);
    return true;
}

/* ── where to begin ─────────────────────────────────────────────────────── */

static struct str read_at(const struct finding *g, off_t at, size_t most)
{
    size_t n = 0;
    ssize_t got = 1;

    while (n < most && (got = pread(g->fd, g->chunk + n, most - n, at + (off_t)n)) > 0)
        n += (size_t)got;
    return str_n(g->chunk, got < 0 ? 0 : n);
}

/* The first whole line that begins at `at` or after it; *begins: where.  False: none does. */
static bool line_after(const struct finding *g, off_t at, struct str *line, off_t *begins)
{
    off_t from = at > 0 ? at - 1 : 0; /* a line begins after a line end */
    struct str rest = read_at(g, from, CHUNK_B);

    if (at > 0) {
        size_t end = str_find_byte(rest, '\n', 0);
        if (end == rest.n)
            return false;
        from += (off_t)end + 1;
        rest = str_from(rest, end + 1);
    }
    *begins = from;
    return audit_line_next(&rest, line);
}

/* What is sought ends before this line. */
static bool is_past(const struct audit_search *s, struct str line)
{
    struct audit_line l;

    return (s->before != 0 && audit_line_read(line, &l) && (int64_t)l.number >= s->before) ||
           (s->to_s != 0 && audit_line_at_s(line) >= s->to_s + FIND_CLOCK_S);
}

/* Where the first line begins that is past; the end of the file where none is. */
static off_t find_end(const struct finding *g)
{
    off_t low = 0, high = g->size;

    if (g->s->before == 0 && g->s->to_s == 0)
        return high;
    while (low < high) {
        off_t middle = low + (high - low) / 2, begins;
        struct str line;
        if (!line_after(g, middle, &line, &begins) || is_past(g->s, line))
            high = middle;
        else
            low = begins + (off_t)line.n + 1;
    }
    return low;
}

/* ── backwards ──────────────────────────────────────────────────────────── */

/* The whole lines of what ends at `end`, from behind.  *begin: where the first of them begins.  False: enough. */
static bool look_through(struct finding *g, struct arena *a, struct str chunk, size_t *begin)
{
    size_t end = chunk.n;

    while (end > 0 && chunk.p[end - 1] != '\n') /* what has no line end was not finished */
        end--;
    while (end > *begin) {
        size_t from = end - 1;
        while (from > *begin && chunk.p[from - 1] != '\n')
            from--;
        if (!look(g, a, str_sub(chunk, from, end - 1 - from)))
            return false;
        end = from;
    }
    return true;
}

/* The bytes are spent, or time is: what is older is looked at another time, or not at all. */
static bool goes_on(struct finding *g, struct str first)
{
    const struct audit_search *s = g->s;
    struct audit_line l;
    int64_t at_s = audit_line_at_s(first);

    bool ours = audit_line_read(first, &l);
    if ((s->from_s != 0 && at_s != 0 && at_s < s->from_s - FIND_CLOCK_S) || (ours && (int64_t)l.number <= s->after))
        return false;
    g->at_floor = g->floor > 0 && ours && (int64_t)l.number <= g->floor;
    if (g->at_floor)
        return false;
    if (g->left_B > 0)
        return true;
    if (ours && l.number > 1) {
        g->out->next = (int64_t)l.number;
        g->out->till_s = at_s;
        g->out->stopped = true;
    }
    return false;
}

/* False: enough. */
static bool look_at_segment(struct finding *g)
{
    off_t end = find_end(g);
    bool more = true;

    while (more && end > 0) {
        struct arena *a = arena_new();
        off_t from = end > CHUNK_B ? end - CHUNK_B : 0;
        struct str chunk = read_at(g, from, (size_t)(end - from)), line, rest;
        size_t begin = from == 0 ? 0 : str_find_byte(chunk, '\n', 0) + 1;
        more = chunk.n == (size_t)(end - from) && begin < chunk.n && look_through(g, a, chunk, &begin);
        g->left_B -= g->left_B < chunk.n ? g->left_B : chunk.n;
        rest = str_from(chunk, begin);
        if (more) /* where nothing whole stands there is nothing to measure by */
            more = audit_line_next(&rest, &line) ? goes_on(g, line) : from == 0;
        end = from + (off_t)begin;
        arena_free(a);
    }
    return more;
}

static bool look_at(struct finding *g, int dir_fd, unsigned segment)
{
    struct stat st;
    char name[32];
    bool more = true;

    (void)snprintf(name, sizeof name, AUDIT_SEGMENT_FORM, segment);
    g->fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (g->fd < 0) /* pruned meanwhile */
        return true;
    if (fstat(g->fd, &st) == 0 && S_ISREG(st.st_mode)) {
        g->size = st.st_size;
        more = look_at_segment(g);
    }
    (void)close(g->fd);
    return more;
}

/* ── with the index ─────────────────────────────────────────────────────── */

enum {
    BLOCKS_AT_ONCE = 64,
    LEAST_ARG = 12,
    HOME_ARG,
    LOOK_ARG = HOME_ARG + FIND_HOMES_MAX,
    QUERY_ARGS = LOOK_ARG + FIND_LOOKS_MAX
};

/* Blocks of one age, the newest first: ?6 the rarest key, ?7–?12 others (0: none), ?13 the oldest block that may be
 * meant, ?14… homes, ?26… looks.  With it where in the block its lines lie. */
#define OF_BLOCK "SELECT b.n, b.last, b.segment, b.at, b.len, b.min_s, "
#define ALSO(p)  "(" p " = 0 OR EXISTS (SELECT 1 FROM post q WHERE q.age = ?1 AND q.key = " p " AND q.block = b.n)) AND "
#define WITHIN                                                                                                         \
    "b.age = ?1 AND b.n < ?2 AND b.n >= ?13 AND (?3 = 0 OR b.max_s >= ?3) AND (?4 = 0 OR b.min_s < ?4) AND " ALSO(     \
        "?7") ALSO("?8") ALSO("?9") ALSO("?10") ALSO("?11")                                                            \
        ALSO("?12") "(?14 = 0 OR EXISTS (SELECT 1 FROM post q WHERE q.age = ?1 AND q.block = b.n AND q.key IN "        \
                    "(?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25))) "
static const struct db_statement by_key = { "index_by_key",
                                            OF_BLOCK "p.begins, p.ends FROM post p CROSS JOIN block b ON b.n = p.block "
                                                     "WHERE p.age = ?1 AND p.key = ?6 AND p.block < ?2 AND "
                                                     "p.block >= ?13 AND " WITHIN "ORDER BY p.block DESC LIMIT ?5" };
static const struct db_statement by_home = { "index_by_home", OF_BLOCK "0, b.len FROM block b WHERE ?6 = 0 AND " WITHIN
                                                                       "ORDER BY b.n DESC LIMIT ?5" };
#define LOOKS                                                                                                          \
    "?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35, ?36, ?37, ?38, ?39, ?40, ?41, "                                 \
    "?42, ?43, ?44, ?45, ?46, ?47, ?48, ?49, ?50, ?51, ?52, ?53, ?54, ?55, ?56, ?57, "                                 \
    "?58, ?59, ?60, ?61, ?62, ?63, ?64, ?65, ?66, ?67, ?68, ?69, ?70, ?71, ?72, ?73"
static const struct db_statement by_look = {
    "index_by_look",
    OF_BLOCK "MIN(p.begins), MAX(p.ends) FROM post p CROSS JOIN block b ON b.n = p.block "
             "WHERE p.age = ?1 AND p.key IN (" LOOKS ") AND p.block < ?2 AND p.block >= ?13 AND " WITHIN
             "GROUP BY p.block ORDER BY p.block DESC LIMIT ?5"
};
/* The last block that begins at a record or before it: where a moment lies is found by halving. */
static const struct db_statement block_at = { "index_block_at",
                                              "SELECT n, max_s FROM block WHERE n <= ?1 ORDER BY n DESC LIMIT 1" };
static const struct db_statement oldest = { "index_oldest", "SELECT n FROM block ORDER BY n LIMIT 1" };

struct blocks {
    struct db *db;
    int dir_fd;
    int64_t before, segment; /* of the open file */
};

static bool open_segment(struct finding *g, struct blocks *x, int64_t segment)
{
    char name[32];

    if (x->segment == segment && g->fd >= 0)
        return true;
    if (g->fd >= 0)
        (void)close(g->fd);
    (void)snprintf(name, sizeof name, AUDIT_SEGMENT_FORM, (unsigned)segment);
    g->fd = openat(x->dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    x->segment = segment;
    return g->fd >= 0;
}

/* False: enough. */
static bool look_at_block(struct finding *g, struct blocks *x, const struct db_value *row)
{
    const int64_t block_B = row[4].number, begins = row[6].number, ends = row[7].number;
    const size_t len = begins >= 0 && ends > begins && ends <= block_B ? (size_t)(ends - begins) : 0;
    size_t begin = 0;
    bool more = true;

    x->before = row[0].number;
    if (len > BLOCK_MAX_B + AUDIT_LINE_MAX_B + 1 || !open_segment(g, x, row[2].number)) /* pruned meanwhile */
        return true;
    struct arena *a = arena_new();
    char *p = arena_alloc(a, len + 1);
    size_t n = 0;
    ssize_t got = 1;
    while (n < len && (got = pread(g->fd, p + n, len - n, (off_t)(row[3].number + begins) + (off_t)n)) > 0)
        n += (size_t)got;
    if (n == len)
        more = look_through(g, a, str_n(p, n), &begin);
    arena_free(a);
    g->left_B -= g->left_B < len ? g->left_B : len;
    if (more && g->left_B == 0) {
        g->out->next = row[0].number;
        g->out->till_s = row[5].number;
        g->out->stopped = true;
        more = false;
    }
    return more;
}

static void put_args(const struct finding *g, int64_t age, struct db_value args[QUERY_ARGS])
{
    const struct audit_search *s = g->s;

    for (size_t i = 0; i < QUERY_ARGS; i++)
        args[i] = db_int(0);
    args[0] = db_int(age);
    args[2] = db_int(s->from_s);
    args[3] = db_int(s->to_s);
    args[4] = db_int(BLOCKS_AT_ONCE);
    for (size_t i = 0; i < g->key_count && i < 7; i++)
        args[5 + i] = db_int(g->keys[i]);
    args[LEAST_ARG] = db_int(g->least);
    for (size_t i = 0; i < s->look_n && i < FIND_LOOKS_MAX; i++)
        args[LOOK_ARG + i] = db_int(audit_key(KEY_OF_LOOK, s->looks[i]));
    for (size_t i = 0; i < s->home_n && s->home_n <= FIND_HOMES_MAX; i++)
        args[HOME_ARG + i] = db_int(audit_key(KEY_OF_HOME, s->homes[i]));
}

static const struct db_statement *statement_for(const struct finding *g)
{
    return g->s->look_n > 0 ? &by_look : g->key_count > 0 ? &by_key : &by_home;
}

/* False: enough, or the index is not to be used further. */
static bool look_at_age(struct finding *g, struct blocks *x, int64_t age, bool *good)
{
    struct db_value args[QUERY_ARGS];
    bool more = true, full = true;

    put_args(g, age, args);
    while (more && full) {
        struct arena *a = arena_new();
        struct db_rows rows;
        struct fail f = { 0 };
        args[1] = db_int(x->before);
        *good = db_query(x->db, statement_for(g), args, g->s->look_n > 0 ? QUERY_ARGS : LOOK_ARG, a, &rows, &f);
        full = *good && rows.n == BLOCKS_AT_ONCE;
        more = *good;
        for (size_t i = 0; more && i < rows.n; i++)
            more = look_at_block(g, x, db_row(&rows, i));
        arena_free(a);
    }
    return more;
}

static int64_t oldest_record(struct db *d)
{
    struct arena *a = arena_new();
    struct db_rows rows;
    struct fail f = { 0 };
    int64_t n = db_query(d, &oldest, NULL, 0, a, &rows, &f) && rows.n == 1 ? db_row(&rows, 0)[0].number : 0;

    arena_free(a);
    return n;
}

/* The last block that begins at this record or before it; 0: none. */
static int64_t block_before(struct db *d, int64_t record, int64_t *max_s)
{
    struct arena *a = arena_new();
    struct db_rows rows;
    struct fail f = { 0 };
    const struct db_value at = db_int(record);
    int64_t n = db_query(d, &block_at, &at, 1, a, &rows, &f) && rows.n == 1 ? db_row(&rows, 0)[0].number : 0;

    *max_s = n > 0 ? db_row(&rows, 0)[1].number : 0;
    arena_free(a);
    return n;
}

/* Times grow along the log, but for a clock that was set back. */
static int64_t least_block(const struct finding *g, struct db *d, int64_t first)
{
    const struct audit_search *s = g->s;
    int64_t low = first, high = s->from_s != 0 ? g->floor : first, max_s;

    while (low < high) {
        int64_t middle = low + (high - low + 1) / 2, n = block_before(d, middle, &max_s);
        if (n > low && max_s < s->from_s - FIND_CLOCK_S)
            low = n; /* it ends before: the next one may be meant */
        else if (n > low)
            high = n - 1;
        else
            high = middle - 1;
    }
    int64_t after = s->after > 0 ? block_before(d, s->after, &max_s) : 0;
    return after > low ? after : low;
}

/* What the index knows; records above the floor were looked at.  False: it could not be used. */
static bool look_in_index(struct finding *g, struct blocks *x)
{
    const int64_t first = oldest_record(x->db);
    bool good = first > 0, more = good;

    x->before = g->s->before != 0 && g->s->before <= g->floor ? g->s->before : g->floor + 1;
    g->in_blocks = true;
    g->fd = -1;
    g->least = good ? least_block(g, x->db, first) : 0;
    for (int64_t age = (x->before - 1) / AGE_LINES; more && age >= g->least / AGE_LINES; age--)
        more = look_at_age(g, x, age, &good);
    if (g->fd >= 0)
        (void)close(g->fd);
    return good;
}

/* ── a search ───────────────────────────────────────────────────────────── */

static void look_everywhere(struct finding *g, int dir_fd)
{
    unsigned first = audit_first_segment(dir_fd);
    bool more = true;

    for (unsigned segment = audit_last_segment(dir_fd); more && segment >= first && segment > 0; segment--)
        more = look_at(g, dir_fd, segment);
}

static void begin_again(struct finding *g)
{
    const struct audit_search *s = g->s;

    g->left_B = s->most_B != 0 ? s->most_B : FIND_PAGE_B;
    g->floor = 0;
    g->in_blocks = g->at_floor = false;
    *g->out = (struct audit_finds){ .at = g->out->at };
}

/* What is younger than the index in the log itself, then the index.  False: there is none, or it is of no use. */
static bool find_with_index(struct finding *g, int dir_fd)
{
    struct fail f = { 0 };
    struct index_at at;
    bool narrow = g->key_count > 0 || g->s->look_n > 0 || (g->s->home_n > 0 && g->s->home_n <= FIND_HOMES_MAX);
    struct blocks x = { .db = narrow ? audit_index_open(g->dir, false, &f) : NULL, .dir_fd = dir_fd };
    bool good = x.db != NULL && audit_index_reach(x.db, dir_fd, &at);

    if (good) {
        g->floor = at.number;
        g->at_floor = g->s->before != 0 && g->s->before <= g->floor + 1;
        if (!g->at_floor)
            look_everywhere(g, dir_fd);
        if (g->at_floor)
            good = look_in_index(g, &x);
    }
    db_close(x.db);
    return good;
}

/* The rarest first: the index begins with it. */
static void add_needles(struct finding *g)
{
    const struct audit_search *s = g->s;

    add_needle(g, "support_code", KEY_OF_SUPPORT_CODE, s->support_code);
    add_needle(g, "person", KEY_OF_PERSON, s->person);
    if (str_is_set(s->pseudonym)) {
        g->needles[g->needle_count++] = s->pseudonym;
        if (s->pseudonym.n >= PERSON_KEY_B)
            g->keys[g->key_count++] = audit_key(KEY_OF_PERSON, s->pseudonym);
    }
    if (str_is_set(s->actor)) {
        g->needles[g->needle_count++] = s->actor;
        if (s->actor.n >= PERSON_KEY_B)
            g->keys[g->key_count++] = audit_key(KEY_OF_PERSON, s->actor);
    }
    add_needle(g, "row", KEY_OF_ROW, s->row);
    add_needle(g, "reason", KEY_OF_REASON, s->reason);
    add_needle(g, "service", KEY_OF_SERVICE, s->service);
    add_needle(g, "idp", KEY_OF_IDP, s->idp);
    add_needle(g, "event", KEY_OF_EVENT,
               s->result == RESULT_REFUSED && !str_is_set(s->event) ? S("refused") : s->event);
}

bool audit_find(const char *dir, struct arena *a, const struct audit_search *s, struct audit_finds *out, struct fail *f)
{
    struct arena *own = arena_new();
    struct finding g = { .dir = dir, .arena = a, .s = s, .out = out, .chunk = arena_alloc(own, CHUNK_B) };
    int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = dir_fd >= 0 || fail(f, FAIL_OURS, "audit_unreadable", "%s: %s", dir, strerror(errno));

    *out = (struct audit_finds){ .at = arena_make_n(a, s->most + 1, struct audit_found) };
    add_needles(&g);
    begin_again(&g);
    if (good && !find_with_index(&g, dir_fd)) {
        begin_again(&g);
        look_everywhere(&g, dir_fd);
    }
    if (good)
        (void)close(dir_fd);
    arena_free(own);
    return good;
}
