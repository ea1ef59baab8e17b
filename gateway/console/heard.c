/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/console/heard.h"

#include "base/settings.h"
#include "console/texts.h"
#include "gateway/console/door.h"
#include "gateway/farewell_note.h"
#include "model/when.h"
#include "registry/registry.h"

enum { PAIRS_ROOM = 2 * HEARD_LINES_MAX, ROWS_MAX = 400, NAMES_SHOWN = 40, NAMES_MAX_B = 1 << 16 };

static const enum said words[TOLD_COUNT] = { [TOLD_HEARD] = C_told_heard,
                                             [TOLD_WAITS] = C_told_waits,
                                             [TOLD_UNSURE] = C_told_unsure,
                                             [TOLD_NO_WAY] = C_told_no_way };

static enum told_state state_of(struct str outcome)
{
    return str_eq(outcome, S(FAREWELL_NOTE_HEARD))   ? TOLD_HEARD
           : str_eq(outcome, S(FAREWELL_NOTE_WAITS)) ? TOLD_WAITS
                                                     : TOLD_UNSURE;
}

static struct str service_name(const struct ctx *c, struct str id)
{
    const struct service *s = registry_service(c->registry, id);

    return s != NULL ? names_in(&s->names, c->lang) : id;
}

/* Whether it hears of a session's end from us, or from the person's own browser. */
static bool hears_us(const struct ctx *c, const struct service *s)
{
    const struct protocol *p = protocol_of(c, s->protocol);

    return p != NULL && p->hears != NULL && p->hears(c, s);
}

static bool hears_browser(struct ctx *c, const struct service *s)
{
    const struct protocol *p = protocol_of(c, s->protocol);
    const struct leaver nobody = { .sid = S("-"), .person = S("-") };

    return p != NULL && ((p->hears_by_trip != NULL && p->hears_by_trip(c, s)) ||
                         (p->leave_frame != NULL && str_is_set(p->leave_frame(c, s, &nobody))));
}

static struct str code_of(enum told_state state, struct str outcome)
{
    return state == TOLD_UNSURE ? outcome : (struct str){ NULL, 0 };
}

/* ── one session ────────────────────────────────────────────────────────── */

static struct heard_row row_of(struct ctx *c, const struct audit_finds *lines, struct str sid, struct str service)
{
    struct heard_row row = { .service = service_name(c, service), .state = TOLD_UNSURE };

    for (size_t i = 0; i < lines->n; i++) {
        const struct audit_found *x = &lines->at[i];
        if (!str_eq(x->event, S("farewell")) || !str_eq(x->sid, sid) || !str_eq(x->service, service))
            continue;
        row.state = state_of(x->reason);
        row.code = code_of(row.state, x->reason);
        return row;
    }
    const struct service *s = registry_service(c->registry, service);
    if (s != NULL && !hears_us(c, s) && !hears_browser(c, s))
        row.state = TOLD_NO_WAY;
    return row;
}

struct heard_rows heard_session(struct ctx *c, const struct audit_finds *lines, struct str sid,
                                const struct strs *services)
{
    struct heard_row *at = arena_make_n(c->arena, services->n + 1, struct heard_row);

    for (size_t i = 0; i < services->n; i++)
        at[i] = row_of(c, lines, sid, services->at[i]);
    return (struct heard_rows){ at, services->n };
}

struct str heard_words(struct ctx *c, const struct audit_found *line)
{
    return arena_printf(c->arena, "%.*s: %.*s", STR_ARG(service_name(c, line->service)),
                        STR_ARG(said(words[state_of(line->reason)], c->lang)));
}

/* ── an end of many ─────────────────────────────────────────────────────── */

static void release_arena(void *a)
{
    arena_free(a);
}

void heard_begin(struct ctx *c, struct heard *h)
{
    *h = (struct heard){ .arena = arena_new(), .registry = c->registry, .area = c->console->area, .now_s = c->now_s };
    arena_adopt(c->arena, h->arena, release_arena);
    h->area_text = area_text(h->arena, &h->area);
    h->audit_dir = arena_cstr(c->arena, arena_join(c->arena, c->set->state_dir, S("/audit")));
}

/* As left_row() writes it; one person's stands on their own page.  A try that was refused has a line as well, whose row
 * is none. */
static bool is_of_many(struct str row)
{
    static const char *const kinds[] = { "idp ", "provider ", "school ", "group ", "service " };

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (str_has_prefix(row, str_of(kinds[i])))
            return true;
    return false;
}

static bool is_act_here(void *with, const struct audit_found *x)
{
    const struct heard *h = with;

    return str_eq(x->area, h->area_text) && is_of_many(x->row);
}

static bool is_line_here(void *with, const struct audit_found *x)
{
    const struct heard *h = with;
    const struct idp *idp = registry_idp(h->registry, x->idp);

    return !str_is_set(h->area.provider) ||
           (idp != NULL && idp->provider != NULL && str_eq(idp->provider->id, h->area.provider));
}

/* Until the same was ended once more. */
static int64_t until(const struct heard *h, size_t act)
{
    for (size_t i = act; i-- > 0;)
        if (str_eq(h->acts.at[i].row, h->acts.at[act].row))
            return h->acts.at[i].at_s;
    return 0;
}

void heard_run(void *arg)
{
    struct heard *h = arg;
    const struct audit_search acts = { .event = S("console"),
                                       .reason = S("end_sessions"),
                                       .from_s = h->now_s - HEARD_S,
                                       .most = HEARD_ACTS_MAX,
                                       .within = is_act_here,
                                       .with = h };

    h->ok = audit_find(h->audit_dir, h->arena, &acts, &h->acts, &h->why_not);
    for (size_t i = 0; h->ok && i < h->acts.n; i++) {
        const struct audit_search lines = { .event = S("farewell"),
                                            .row = h->acts.at[i].row,
                                            .from_s = h->acts.at[i].at_s,
                                            .to_s = until(h, i),
                                            .most = HEARD_LINES_MAX,
                                            .within = is_line_here,
                                            .with = h };
        h->ok = audit_find(h->audit_dir, h->arena, &lines, &h->lines[i], &h->why_not);
    }
}

struct tally {                                   /* of one act */
    const struct audit_found *pairs[PAIRS_ROOM]; /* the newest line of a session and a service */
    struct heard_row rows[ROWS_MAX];
    int64_t n[ROWS_MAX];
    struct str ids[ROWS_MAX];
    size_t count;
};

static bool is_newest(struct tally *t, const struct audit_found *x)
{
    size_t at = str_hash(x->service, str_hash(x->sid, 0)) % PAIRS_ROOM;

    for (; t->pairs[at] != NULL; at = (at + 1) % PAIRS_ROOM)
        if (str_eq(t->pairs[at]->sid, x->sid) && str_eq(t->pairs[at]->service, x->service))
            return false;
    t->pairs[at] = x;
    return true;
}

static void count(struct ctx *c, struct tally *t, const struct audit_found *x)
{
    enum told_state state = state_of(x->reason);
    struct str code = code_of(state, x->reason);
    size_t i = 0;

    while (i < t->count &&
           !(str_eq(t->ids[i], x->service) && t->rows[i].state == state && str_eq(t->rows[i].code, code)))
        i++;
    if (i == ROWS_MAX)
        return;
    if (i == t->count) {
        t->ids[t->count] = x->service;
        t->rows[t->count++] =
            (struct heard_row){ .service = service_name(c, x->service), .state = state, .code = code };
    }
    t->n[i]++;
}

/* "group oulu/1.2.3/7A", in words. */
static struct str ended_words(struct ctx *c, struct str row)
{
    struct str rest = row, kind = { NULL, 0 }, provider = { NULL, 0 }, school = { NULL, 0 }, place;

    (void)str_split(&rest, ' ', &kind);
    const struct idp *idp = str_eq(kind, S("idp")) ? registry_idp(c->registry, rest) : NULL;
    if (idp != NULL)
        return names_in(&idp->names, c->lang);
    if (str_eq(kind, S("service")))
        return service_name(c, rest);
    place = rest;
    (void)str_split(&place, '/', &provider);
    const struct provider *p = registry_provider(c->registry, provider);
    (void)str_split(&place, '/', &school);
    const struct school *s = p != NULL ? provider_school(p, school) : NULL;
    return s != NULL ? arena_printf(c->arena, "%.*s %.*s", STR_ARG(names_in(&s->names, c->lang)), STR_ARG(place))
                     : rest;
}

static struct ended_row act_row(struct ctx *c, const struct heard *h, size_t act)
{
    const struct audit_found *a = &h->acts.at[act];
    const struct audit_finds *lines = &h->lines[act];
    struct tally *t = arena_make(c->arena, struct tally);

    for (size_t i = 0; i < lines->n; i++)
        if (is_newest(t, &lines->at[i]))
            count(c, t, &lines->at[i]);
    for (size_t i = 0; i < t->count; i++)
        t->rows[i].sessions = arena_printf(c->arena, "%lld", (long long)t->n[i]);
    return (struct ended_row){ .when = when_full(c->arena, a->at_s, c->lang),
                               .what = ended_words(c, a->row),
                               .rows = { t->rows, t->count },
                               .cut = lines->next != 0 };
}

struct naming {
    struct buf text;
    size_t n;
};

/* So many are named, and that there are more. */
static void name(struct naming *x, struct str one)
{
    if (x->n++ > NAMES_SHOWN)
        return;
    buf_add(&x->text, x->n > 1 ? S(", ") : S(""));
    buf_add(&x->text, x->n > NAMES_SHOWN ? S("…") : one);
}

/* Of no session in particular: what is not told by us, whoever opened it. */
static void put_untold(struct ctx *c, struct sessions_view *v)
{
    const struct registry_parts *parts = registry_parts(c->registry);
    struct naming unable = { buf_new(c->arena, NAMES_MAX_B), 0 }, by_browser = { buf_new(c->arena, NAMES_MAX_B), 0 };

    for (size_t i = 0; i < parts->service_count && (unable.n <= NAMES_SHOWN || by_browser.n <= NAMES_SHOWN); i++) {
        const struct service *s = &parts->services[i];
        if (s->enabled && !s->test && !hears_us(c, s))
            name(hears_browser(c, s) ? &by_browser : &unable, names_in(&s->names, c->lang));
    }
    v->unable = buf_str(&unable.text);
    v->by_browser = buf_str(&by_browser.text);
}

void heard_show(struct ctx *c, const struct heard *h, struct sessions_view *v)
{
    struct ended_row *at = arena_make_n(c->arena, h->acts.n + 1, struct ended_row);

    for (size_t i = 0; i < h->acts.n; i++)
        at[i] = act_row(c, h, i);
    v->ended.at = at;
    v->ended.n = h->acts.n;
    put_untold(c, v);
}
