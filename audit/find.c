/* SPDX-License-Identifier: EUPL-1.2 */
#include "audit/find.h"

#include "audit/line.h"
#include "wire/json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct finding {
    struct arena *arena; /* the caller's */
    const struct audit_search *s;
    struct audit_finds *out;
    size_t looked;
};

/* What is wanted stands in the line as it is, so a line without it needs no parser. */
static bool may_hold(struct str line, struct str wanted)
{
    return !str_is_set(wanted) || str_find(line, wanted) < line.n;
}

static bool is_wanted(struct str has, struct str wanted)
{
    return !str_is_set(wanted) || str_eq(has, wanted);
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

static bool fits(const struct audit_search *s, const struct audit_found *x)
{
    return (s->before == 0 || x->n < s->before) && (s->from_s == 0 || x->at_s >= s->from_s) &&
           (s->to_s == 0 || x->at_s < s->to_s) && is_wanted(x->event, s->event) && is_wanted(x->service, s->service) &&
           is_wanted(x->idp, s->idp) && is_wanted(x->person, s->person) && is_wanted(x->row, s->row) &&
           is_wanted(x->support_code, s->support_code) && is_wanted(x->reason, s->reason) &&
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
    const struct audit_search *s = g->s;
    struct audit_found x;

    g->looked++;
    if (!may_hold(line, s->event) || !may_hold(line, s->service) || !may_hold(line, s->idp) ||
        !may_hold(line, s->support_code) || !may_hold(line, s->reason) || !may_hold(line, s->person) ||
        !may_hold(line, s->row) || !read_line(a, line, &x))
        return g->looked < FIND_LINES_MAX;
    if (fits(s, &x)) {
        if (g->out->n == s->most) {
            g->out->next = g->out->at[g->out->n - 1].n;
            return false;
        }
        keep(g, &x);
    }
    if (g->looked == FIND_LINES_MAX)
        g->out->next = x.n;
    return g->looked < FIND_LINES_MAX && (s->from_s == 0 || x.at_s >= s->from_s);
}

/* From behind.  What has no line end was not finished. */
static bool look_through(struct finding *g, struct str whole)
{
    struct arena *a = arena_new();
    size_t end = whole.n, done = 0;
    bool more = true;

    while (end > 0 && whole.p[end - 1] != '\n')
        end--;
    while (more && end > 0) {
        size_t begin = end - 1;
        while (begin > 0 && whole.p[begin - 1] != '\n')
            begin--;
        more = look(g, a, str_sub(whole, begin, end - 1 - begin));
        end = begin;
        if (++done % 1024 == 0)
            arena_reset(a);
    }
    arena_free(a);
    return more;
}

bool audit_find(const char *dir, struct arena *a, const struct audit_search *s, struct audit_finds *out, struct fail *f)
{
    struct finding g = { .arena = a, .s = s, .out = out };
    int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool more = true;

    *out = (struct audit_finds){ .at = arena_make_n(a, s->most + 1, struct audit_found) };
    if (dir_fd < 0)
        return fail(f, FAIL_OURS, "audit_unreadable", "%s: %s", dir, strerror(errno));
    unsigned first = audit_first_segment(dir_fd);
    for (unsigned segment = audit_last_segment(dir_fd); more && segment >= first && segment > 0; segment--) {
        struct arena *file = arena_new();
        char name[32];
        (void)snprintf(name, sizeof name, AUDIT_SEGMENT_FORM, segment);
        struct str whole = audit_file_read(file, dir_fd, name);
        more = whole.p == NULL || look_through(&g, whole);
        arena_free(file);
    }
    (void)close(dir_fd);
    return true;
}
