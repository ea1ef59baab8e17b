/* SPDX-License-Identifier: EUPL-1.2
 * The audit log: searched and exported.  That somebody looked stands in it as well. */
#include "audit/find.h"
#include "base/settings.h"
#include "base/work.h"
#include "console/texts.h"
#include "gateway/answer.h"
#include "gateway/console/door.h"
#include "gateway/console/lines.h"
#include "model/when.h"
#include "wire/form.h"
#include "wire/http.h"

enum {
    LINES_A_PAGE = 40,
    EXPORT_LINES = 10000,
    HERE_MAX_B = 4096,
    WHY_MAX_B = 200,
    CODE_MAX_B = 32,
    PERSON_SHOWN_B = 8,
    DAY_S = 86400
};

struct reading { /* c->state */
    struct registry *registry;
    struct area area;
    const char *dir;
    struct arena *arena;
    struct audit_search search;
    struct audit_finds found;
    struct fail why;
    bool ok;
    const struct form *form;
    struct str reason; /* for which it is exported */
    bool bad_day, bad_person;
};

/* Whose lines they are: of a change, the area that it was made in; of a person's, the provider of their city. */
static bool is_within(void *with, const struct audit_found *x)
{
    const struct reading *r = with;
    const struct idp *idp = registry_idp(r->registry, x->idp);
    struct str rest = x->area, provider;

    if (!str_is_set(r->area.provider))
        return true;
    (void)str_split(&rest, '/', &provider);
    if (str_is_set(x->area) && !str_is_set(r->area.school))
        return str_eq(provider, r->area.provider);
    if (str_is_set(x->area))
        return str_eq(provider, r->area.provider) && str_eq(rest, r->area.school);
    return !str_is_set(r->area.school) && idp != NULL && idp->provider != NULL &&
           str_eq(idp->provider->id, r->area.provider);
}

static void run(void *arg)
{
    struct reading *r = arg;

    r->ok = audit_find(r->dir, r->arena, &r->search, &r->found, &r->why);
}

static void release_arena(void *a)
{
    arena_free(a);
}

/* As it is read out on the telephone: "k7rm 2q4x". */
static struct str support_code(struct ctx *c, struct str typed)
{
    struct buf b = buf_new(c->arena, CODE_MAX_B);

    for (size_t i = 0; i < typed.n && i < CODE_MAX_B - 1; i++) {
        char x = typed.p[i];
        if ((x >= '0' && x <= '9') || (x >= 'A' && x <= 'Z'))
            buf_byte(&b, x);
        else if (x >= 'a' && x <= 'z')
            buf_byte(&b, (char)(x - 'a' + 'A'));
    }
    return buf_str(&b);
}

/* Days as people mean them: the last one counts whole. */
static void read_days(struct ctx *c, struct reading *r)
{
    struct str from = str_trim(form_get(r->form, S("from"))), to = str_trim(form_get(r->form, S("to")));
    int64_t last_s;

    if (str_is_set(from))
        r->bad_day = !when_day_read(from, &r->search.from_s);
    if (str_is_set(to))
        r->bad_day = !when_day_read(to, &last_s) ||
                     !when_day_read(when_day(c->arena, last_s + DAY_S + DAY_S / 8), &r->search.to_s) || r->bad_day;
}

static struct reading *reading_of(struct ctx *c, const struct form *form, size_t most)
{
    struct reading *r = arena_make(c->arena, struct reading);

    c->state = r;
    *r = (struct reading){ .registry = c->registry,
                           .area = c->console->area,
                           .dir = arena_cstr(c->arena, arena_join(c->arena, c->set->state_dir, S("/audit"))),
                           .arena = arena_new(),
                           .form = form,
                           .search = { .event = str_trim(form_get(form, S("event"))),
                                       .service = str_trim(form_get(form, S("service"))),
                                       .idp = str_trim(form_get(form, S("idp"))),
                                       .reason = str_trim(form_get(form, S("reason"))),
                                       .pseudonym = str_trim(form_get(form, S("person"))),
                                       .support_code = support_code(c, form_get(form, S("code"))),
                                       .most = most,
                                       .within = is_within } };
    arena_adopt(c->arena, r->arena, release_arena);
    r->search.with = r;
    r->bad_person = str_is_set(r->search.pseudonym) && r->search.pseudonym.n < FIND_PERSON_MIN_B;
    read_days(c, r);
    if (!str_int(form_get(form, S("before")), &r->search.before) || r->search.before < 0)
        r->search.before = 0;
    return r;
}

/* The filters, as they stand in links, and as the log has what was looked for. */
static struct str filters(struct ctx *c, const struct form *form, const char *path, int64_t before)
{
    static const char *const kept[] = { "code", "event", "from", "to", "person", "idp", "service", "reason" };
    struct buf b = buf_new(c->arena, HERE_MAX_B);

    buf_add(&b, str_of(path));
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (str_is_set(str_trim(form_get(form, str_of(kept[i])))))
            url_query(&b, str_of(kept[i]), str_trim(form_get(form, str_of(kept[i]))));
    if (before != 0)
        url_query(&b, S("before"), arena_printf(c->arena, "%lld", (long long)before));
    return buf_ok(&b) ? buf_str(&b) : str_of(path);
}

static enum step run_search(struct ctx *c, struct fail *f)
{
    struct reading *r = c->state;

    if (!console_audited(c, f))
        return REFUSE;
    if (!work_ask(c->work, &c->batch, run, r))
        return fail(f, FAIL_BUSY, "busy", "too many jobs wait");
    return WAIT;
}

static bool read_well(const struct reading *r, struct fail *f)
{
    if (!r->ok)
        *f = r->why;
    return r->ok;
}

/* ── as a page ──────────────────────────────────────────────────────────── */

static struct str event_words(struct str event, enum lang lang)
{
    static const struct {
        const char *event;
        enum said words;
    } known[] = { { "login", C_event_login },     { "open", C_event_open },       { "release", C_event_release },
                  { "refused", C_event_refused }, { "logout", C_event_logout },   { "change", C_event_change },
                  { "change.row", C_event_row },  { "console", C_event_console }, { "pruned", C_event_pruned } };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (str_eq(event, str_of(known[i].event)))
            return said(known[i].words, lang);
    return S("");
}

static struct log_line line_of_log(struct ctx *c, const struct audit_found *x)
{
    struct str person = str_is_set(x->person) ? x->person : x->who;

    return (struct log_line){ .n = lines_number(c, x->n),
                              .when = when_full(c->arena, x->at_s, c->lang),
                              .event = x->event,
                              .words = event_words(x->event, c->lang),
                              .person = person,
                              .who = str_sub(person, 0, PERSON_SHOWN_B),
                              .acting_as = x->acting_as,
                              .idp = x->idp,
                              .area = x->area,
                              .what = str_is_set(x->service) ? x->service : x->row,
                              .reason = str_is_set(x->reason) ? x->reason : x->rule,
                              .claims = x->claims,
                              .code = x->support_code,
                              .why = x->why };
}

static void put_events(struct ctx *c, const struct reading *r, struct log_view *v)
{
    static const char *const events[] = { "login",  "open",   "release",    "refused",
                                          "logout", "change", "change.row", "console" };
    enum { EVENTS = sizeof events / sizeof *events };
    struct choice *at = arena_make_n(c->arena, EVENTS, struct choice);

    for (size_t i = 0; i < EVENTS; i++)
        at[i] = (struct choice){ str_of(events[i]), event_words(str_of(events[i]), c->lang),
                                 str_eq(r->search.event, str_of(events[i])) };
    v->events = (struct choices){ at, EVENTS };
}

static enum step show_page(struct ctx *c, const struct reading *r, enum log_said said_, int status)
{
    const struct audit_search *s = &r->search;
    struct log_view v = { .service = s->service,
                          .idp = s->idp,
                          .reason = s->reason,
                          .person = s->pseudonym,
                          .code = str_trim(form_get(r->form, S("code"))),
                          .event = s->event,
                          .from = str_trim(form_get(r->form, S("from"))),
                          .to = str_trim(form_get(r->form, S("to"))),
                          .more_filters = str_is_set(s->service) || str_is_set(s->idp) || str_is_set(s->reason) ||
                                          str_is_set(s->pseudonym),
                          .may_export = console_may(c, MAY_EXPORT_LOG),
                          .why = r->reason,
                          .said = said_,
                          .stopped = r->found.stopped,
                          .older = r->found.next != 0 ? filters(c, r->form, "/admin/log", r->found.next) : S("") };
    struct log_line *lines = arena_make_n(c->arena, r->found.n + 1, struct log_line);

    if (r->found.stopped)
        v.till = when_full(c->arena, r->found.till_s, c->lang);
    for (size_t i = 0; i < r->found.n && i < LINES_A_PAGE; i++)
        lines[v.lines.n++] = line_of_log(c, &r->found.at[i]);
    v.lines.at = lines;
    put_events(c, r, &v);
    console_page_for(c, PLACE_LOG, false, filters(c, r->form, "/admin/log", s->before), &v.con);
    return answer_page(c, status, page_log(c->arena, &v));
}

/* That somebody looks stands in the log before they see anything. */
static enum step begin(struct ctx *c, struct fail *f)
{
    struct reading *r = reading_of(c, c->query, LINES_A_PAGE);

    (void)f;
    if (r->bad_day || r->bad_person)
        return show_page(c, r, r->bad_day ? LOG_SAID_DAY : LOG_SAID_PERSON, 400);
    console_audit(c, "console", S("read_log"), filters(c, c->query, "", r->search.before));
    return WAIT;
}

static enum step show(struct ctx *c, struct fail *f)
{
    const struct reading *r = c->state;

    return read_well(r, f) ? show_page(c, r, LOG_SAID_NOTHING, 200) : REFUSE;
}

const struct step_row admin_log[] = { { console_door }, { begin }, { run_search }, { show }, { NULL } };

/* ── as a file ──────────────────────────────────────────────────────────── */

static enum step begin_export(struct ctx *c, struct fail *f)
{
    struct reading *r = reading_of(c, c->body, EXPORT_LINES);

    (void)f;
    r->search.before = 0;
    r->search.most_B = FIND_EXPORT_B;
    r->reason = str_sub(str_trim(form_get(c->body, S("why"))), 0, WHY_MAX_B);
    if (r->bad_day || r->bad_person || !str_is_set(r->reason))
        return show_page(c, r, r->bad_day ? LOG_SAID_DAY : r->bad_person ? LOG_SAID_PERSON : LOG_SAID_WHY, 400);
    console_audit_why(c, "console", S("export_log"), filters(c, c->body, "", 0), r->reason);
    return WAIT;
}

/* A spreadsheet takes what begins so for a formula. */
static bool is_formula(struct str s)
{
    return s.n > 0 && (s.p[0] == '=' || s.p[0] == '+' || s.p[0] == '-' || s.p[0] == '@' || s.p[0] == '\t');
}

/* [RFC 4180] */
static void put_cell(struct buf *b, struct str value, bool last)
{
    buf_byte(b, '"');
    if (is_formula(value))
        buf_byte(b, '\'');
    for (size_t i = 0; i < value.n; i++) {
        if (value.p[i] == '"')
            buf_byte(b, '"');
        buf_byte(b, value.p[i]);
    }
    buf_add(b, last ? S("\"\r\n") : S("\","));
}

static struct str as_csv(struct ctx *c, const struct audit_finds *found, size_t all)
{
    struct buf b = buf_new(c->arena, 2 * all + found->n * 128 + 256);

    buf_add(&b, S("n,at,event,person,who,acting_as,area,idp,service,rule,claims,reason,support_code,row,why\r\n"));
    for (size_t i = 0; i < found->n; i++) {
        const struct audit_found *x = &found->at[i];
        const struct str cells[] = { arena_printf(c->arena, "%lld", (long long)x->n),
                                     when_rfc3339(c->arena, x->at_s),
                                     x->event,
                                     x->person,
                                     x->who,
                                     x->acting_as,
                                     x->area,
                                     x->idp,
                                     x->service,
                                     x->rule,
                                     x->claims,
                                     x->reason,
                                     x->support_code,
                                     x->row,
                                     x->why };
        enum { CELLS = sizeof cells / sizeof *cells };
        for (size_t k = 0; k < CELLS; k++)
            put_cell(&b, cells[k], k + 1 == CELLS);
    }
    return buf_str(&b);
}

static struct str as_lines(struct ctx *c, const struct audit_finds *found, size_t all)
{
    struct buf b = buf_new(c->arena, all + 1);

    for (size_t i = 0; i < found->n; i++) {
        buf_add(&b, found->at[i].line);
        buf_byte(&b, '\n');
    }
    return buf_str(&b);
}

/* All that fits the filters, or nothing: who holds a file believes that it is whole. */
static enum step send(struct ctx *c, struct fail *f)
{
    const struct reading *r = c->state;
    bool csv = str_eq(form_get(c->body, S("format")), S("csv"));
    size_t all = 0;

    if (!read_well(r, f))
        return REFUSE;
    if (r->found.next != 0)
        return show_page(c, r, LOG_SAID_TOO_MANY, 400);
    for (size_t i = 0; i < r->found.n; i++)
        all += r->found.at[i].line.n + 1;
    http_header_set(c->res, S("Content-Disposition"),
                    csv ? S("attachment; filename=\"audit.csv\"") : S("attachment; filename=\"audit.jsonl\""));
    http_body(c->res, 200, csv ? S("text/csv; charset=utf-8") : S("application/x-ndjson"),
              csv ? as_csv(c, &r->found, all) : as_lines(c, &r->found, all));
    return DONE;
}

const struct step_row admin_log_export[] = { { console_door }, { begin_export }, { run_search }, { send }, { NULL } };
