/* SPDX-License-Identifier: EUPL-1.2 */
#include "audit/find.h"

#include "audit/line.h"
#include "wire/json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK_B = 2 * AUDIT_LINE_MAX_B, NEEDLES_MAX = 8 };

struct finding {
    struct arena *arena; /* the caller's */
    const struct audit_search *s;
    struct audit_finds *out;
    struct str needles[NEEDLES_MAX]; /* what stands in each line that is wanted, as it is */
    size_t needle_count;
    char *chunk; /* CHUNK_B */
    size_t left_B;
    int fd; /* of the segment */
    off_t size;
};

/* ── one line ───────────────────────────────────────────────────────────── */

/* A line without them needs no parser. */
static void add_needle(struct finding *g, const char *name, struct str value)
{
    if (!str_is_set(value))
        return;
    struct json_out o = json_out(g->arena, 8 * value.n + 128);
    json_begin_object(&o);
    json_put_str(&o, str_of(name), value);
    json_end_object(&o);
    struct str whole = json_done(&o);
    g->needles[g->needle_count++] = str_sub(whole, 1, whole.n - 2);
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

static bool fits(const struct audit_search *s, const struct audit_found *x)
{
    return (s->from_s == 0 || x->at_s >= s->from_s) && (s->to_s == 0 || x->at_s < s->to_s) &&
           is_wanted(x->event, s->event) && is_wanted(x->service, s->service) && is_wanted(x->idp, s->idp) &&
           is_wanted(x->support_code, s->support_code) && is_wanted(x->reason, s->reason) &&
           is_wanted(x->person, s->person) && is_wanted(x->row, s->row) &&
           (!str_is_set(s->pseudonym) || str_has_prefix(x->person, s->pseudonym) ||
            str_has_prefix(x->who, s->pseudonym)) &&
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

    if (!may_be_wanted(g, line) || !read_line(a, line, &x) || !fits(g->s, &x))
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

    if (s->from_s != 0 && at_s != 0 && at_s < s->from_s - FIND_CLOCK_S)
        return false;
    if (g->left_B > 0)
        return true;
    if (audit_line_read(first, &l) && l.number > 1) {
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

bool audit_find(const char *dir, struct arena *a, const struct audit_search *s, struct audit_finds *out, struct fail *f)
{
    struct arena *own = arena_new();
    struct finding g = { .arena = a, .s = s, .out = out, .chunk = arena_alloc(own, CHUNK_B) };
    int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool more = true;

    g.left_B = s->most_B != 0 ? s->most_B : FIND_PAGE_B;
    *out = (struct audit_finds){ .at = arena_make_n(a, s->most + 1, struct audit_found) };
    add_needle(&g, "event", s->event);
    add_needle(&g, "service", s->service);
    add_needle(&g, "idp", s->idp);
    add_needle(&g, "support_code", s->support_code);
    add_needle(&g, "reason", s->reason);
    add_needle(&g, "person", s->person);
    add_needle(&g, "row", s->row);
    if (str_is_set(s->pseudonym))
        g.needles[g.needle_count++] = s->pseudonym;
    bool good = dir_fd >= 0 || fail(f, FAIL_OURS, "audit_unreadable", "%s: %s", dir, strerror(errno));
    unsigned first = good ? audit_first_segment(dir_fd) : 0, segment = good ? audit_last_segment(dir_fd) : 0;
    for (; more && segment >= first && segment > 0; segment--)
        more = look_at(&g, dir_fd, segment);
    if (good)
        (void)close(dir_fd);
    arena_free(own);
    return good;
}
