/* SPDX-License-Identifier: EUPL-1.2
 * The audit log: searched and exported.  That somebody looked stands in it as well. */
#include "audit/find.h"
#include "audit/index.h"
#include "base/settings.h"
#include "base/work.h"
#include "certs/keyset.h"
#include "console/texts.h"
#include "gateway/answer.h"
#include "gateway/console/door.h"
#include "gateway/console/lines.h"
#include "gateway/console/log_query.h"
#include "model/when.h"
#include "wire/form.h"
#include "wire/http.h"
#include "wire/json.h"

enum { LINES_A_PAGE = 40, EXPORT_LINES = 10000, HERE_MAX_B = 4096, WHY_MAX_B = 200, PERSON_SHOWN_B = 8, DAY_S = 86400 };

struct reading { /* c->state */
    struct registry *registry;
    struct area area;
    struct area seen; /* whose lines are looked for: the area, or one municipality of the country */
    const char *dir;
    struct arena *arena;
    struct log_query query;
    struct str row; /* how the log has it */
    struct audit_finds found;
    struct fail why;
    bool ok;
    const struct form *form;
    struct str reason; /* for which it is exported */
    bool bad_city, too_long;
};

/* Whose lines they are: of a change, the area that it was made in; of a person's, the provider of their city. */
static bool is_within(void *with, const struct audit_found *x)
{
    const struct reading *r = with;
    const struct idp *idp = registry_idp(r->registry, x->idp);
    struct str rest = x->area, provider;

    if (!str_is_set(r->seen.provider))
        return true;
    (void)str_split(&rest, '/', &provider);
    if (str_is_set(x->area) && !str_is_set(r->seen.school))
        return str_eq(provider, r->seen.provider);
    if (str_is_set(x->area))
        return str_eq(provider, r->seen.provider) && str_eq(rest, r->seen.school);
    return !str_is_set(r->seen.school) && idp != NULL && idp->provider != NULL &&
           str_eq(idp->provider->id, r->seen.provider);
}

static void run(void *arg)
{
    struct reading *r = arg;

    r->ok = audit_find(r->dir, r->arena, &r->query.search, &r->found, &r->why);
}

static void release_arena(void *a)
{
    arena_free(a);
}

/* Where lines can stand that the area may see, for the index [audit/find.h]. */
static void put_homes(struct ctx *c, struct reading *r)
{
    const struct registry_parts *parts = registry_parts(c->registry);
    struct str *homes = arena_make_n(c->arena, FIND_HOMES_MAX, struct str);
    size_t n = 0;

    if (!str_is_set(r->seen.provider))
        return;
    homes[n++] = arena_join(c->arena, S("a:"), r->seen.provider);
    for (size_t i = 0; i < parts->idp_count; i++) {
        const struct idp *idp = &parts->idps[i];
        if (idp->provider == NULL || !str_eq(idp->provider->id, r->seen.provider))
            continue;
        if (n == FIND_HOMES_MAX)
            return;
        homes[n++] = arena_join(c->arena, S("i:"), idp->id);
    }
    r->query.search.homes = homes;
    r->query.search.home_n = n;
}

/* In the whole country one municipality can be chosen. */
static void read_city(struct ctx *c, struct reading *r)
{
    struct str typed = r->query.city;
    const struct provider *p = str_is_set(typed) ? registry_provider(c->registry, typed) : NULL;

    r->seen = r->area;
    r->query.city = (struct str){ NULL, 0 };
    if (str_is_set(r->area.provider) || !str_is_set(typed))
        return;
    r->bad_city = p == NULL;
    if (p != NULL)
        r->query.city = r->seen.provider = p->id;
}

static struct reading *reading_of(struct ctx *c, const struct form *form, size_t most)
{
    struct reading *r = arena_make(c->arena, struct reading);

    c->state = r;
    *r = (struct reading){ .registry = c->registry,
                           .area = c->console->area,
                           .dir = arena_cstr(c->arena, arena_join(c->arena, c->set->state_dir, S("/audit"))),
                           .arena = arena_new(),
                           .form = form };
    arena_adopt(c->arena, r->arena, release_arena);
    log_query_read(c->arena, form, &r->query);
    r->query.search.most = most;
    r->query.search.within = is_within;
    r->query.search.with = r;
    read_city(c, r);
    put_homes(c, r);
    return r;
}

/* The address of a page of the same search. */
static struct str page_at(struct ctx *c, const struct reading *r, int64_t before)
{
    struct log_query q = r->query;
    struct str row;

    q.search.before = before;
    return log_query_row(c->arena, &q, &row) ? arena_join(c->arena, S("/admin/log"), row) : S("/admin/log");
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
    } known[] = { { "login", C_event_login },         { "open", C_event_open },        { "release", C_event_release },
                  { "refused", C_event_refused },     { "logout", C_event_logout },    { "change", C_event_change },
                  { "change.row", C_event_row },      { "console", C_event_console },  { "pruned", C_event_pruned },
                  { "evaluated", C_event_evaluated }, { "farewell", C_event_farewell } };

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
    static const char *const events[] = { "login",  "open",       "release", "refused",   "logout",
                                          "change", "change.row", "console", "evaluated", "farewell" };
    enum { EVENTS = sizeof events / sizeof *events };
    struct choice *at = arena_make_n(c->arena, EVENTS, struct choice);

    for (size_t i = 0; i < EVENTS; i++)
        at[i] = (struct choice){ str_of(events[i]), event_words(str_of(events[i]), c->lang),
                                 str_eq(r->query.search.event, str_of(events[i])) };
    v->events = (struct choices){ at, EVENTS };
}

static void put_results(struct ctx *c, const struct reading *r, struct log_view *v)
{
    struct choice *at = arena_make_n(c->arena, 2, struct choice);

    at[0] = (struct choice){ S("refused"), said(C_result_refused, c->lang), r->query.search.result == RESULT_REFUSED };
    at[1] = (struct choice){ S("well"), said(C_result_well, c->lang), r->query.search.result == RESULT_WELL };
    v->results = (struct choices){ at, 2 };
}

static void put_chain(struct ctx *c, struct log_view *v)
{
    struct audit_state log;

    audit_index_state(c->audit_index, c->arena, &log);
    v->chain = log.fault != 0 || (log.verified && log.report.error != NULL) ? CHAIN_BROKEN
               : log.verified                                               ? CHAIN_HOLDS
                                                                            : CHAIN_UNKNOWN;
    if (log.verified)
        v->chain_at = when_full(c->arena, log.done_s, c->lang);
}

static enum step show_page(struct ctx *c, const struct reading *r, enum log_said said_, int status)
{
    const struct audit_search *s = &r->query.search;
    struct log_view v = { .service = s->service,
                          .idp = s->idp,
                          .reason = s->reason,
                          .person = s->pseudonym,
                          .code = str_trim(form_get(r->form, S("code"))),
                          .event = s->event,
                          .from = str_trim(form_get(r->form, S("from"))),
                          .to = str_trim(form_get(r->form, S("to"))),
                          .actor = s->actor,
                          .city = str_trim(form_get(r->form, S("city"))),
                          .more_filters = str_is_set(s->actor) || s->result != RESULT_ANY ||
                                          str_is_set(form_get(r->form, S("city"))) || str_is_set(s->service) ||
                                          str_is_set(s->idp) || str_is_set(s->reason) || str_is_set(s->pseudonym),
                          .may_export = console_may(c, MAY_EXPORT_LOG),
                          .why = r->reason,
                          .said = said_,
                          .stopped = r->found.stopped,
                          .older = r->found.next != 0 ? page_at(c, r, r->found.next) : S("") };
    struct log_line *lines = arena_make_n(c->arena, r->found.n + 1, struct log_line);

    if (r->found.stopped)
        v.till = when_full(c->arena, r->found.till_s, c->lang);
    for (size_t i = 0; i < r->found.n && i < LINES_A_PAGE; i++)
        lines[v.lines.n++] = line_of_log(c, &r->found.at[i]);
    v.lines.at = lines;
    put_events(c, r, &v);
    put_results(c, r, &v);
    put_chain(c, &v);
    console_page_for(c, PLACE_LOG, false, page_at(c, r, s->before), &v.con);
    return answer_page(c, status, page_log(c->arena, &v));
}

static enum log_said what_is_bad(const struct reading *r)
{
    return r->query.bad_day      ? LOG_SAID_DAY
           : r->query.bad_person ? LOG_SAID_PERSON
           : r->bad_city         ? LOG_SAID_CITY
           : r->too_long         ? LOG_SAID_LONG
                                 : LOG_SAID_NOTHING;
}

/* That somebody looks stands in the log before they see anything. */
static enum step begin(struct ctx *c, struct fail *f)
{
    struct reading *r = reading_of(c, c->query, LINES_A_PAGE);

    (void)f;
    r->too_long = !log_query_row(c->arena, &r->query, &r->row);
    if (what_is_bad(r) != LOG_SAID_NOTHING)
        return show_page(c, r, what_is_bad(r), 400);
    console_audit(c, "console", S("read_log"), r->row);
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
    r->query.search.before = 0;
    r->query.search.most_B = FIND_EXPORT_B;
    r->reason = str_sub(str_trim(form_get(c->body, S("why"))), 0, WHY_MAX_B);
    r->too_long = !log_query_row(c->arena, &r->query, &r->row);
    if (what_is_bad(r) != LOG_SAID_NOTHING)
        return show_page(c, r, what_is_bad(r), 400);
    if (!str_is_set(r->reason))
        return show_page(c, r, LOG_SAID_WHY, 400);
    console_audit_why(c, "console", S("export_log"), r->row, r->reason);
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

/* What a file says of itself first: by whom, when, which filters, of which lines, and what is known of the chain. */
struct heading {
    struct str filter, area, made, chain;
    int64_t lines;
};

static struct str chain_words(struct ctx *c)
{
    struct audit_state log;

    audit_index_state(c->audit_index, c->arena, &log);
    if (log.fault != 0)
        return arena_printf(c->arena, "record %llu was changed", (unsigned long long)log.fault);
    if (!log.verified)
        return S("not verified since the start");
    return log.report.error != NULL
               ? log.report.where
               : arena_printf(c->arena, "verified %.*s to record %llu", STR_ARG(when_rfc3339(c->arena, log.done_s)),
                              (unsigned long long)log.report.records);
}

static struct heading heading_of(struct ctx *c, const struct reading *r)
{
    return (struct heading){ .filter = str_is_set(r->row) ? str_from(r->row, 1) : S("none"),
                             .area = area_text(c->arena, &r->area),
                             .made = when_rfc3339(c->arena, c->now_s),
                             .chain = chain_words(c),
                             .lines = (int64_t)r->found.n };
}

static void put_heading(struct buf *b, struct ctx *c, const struct heading *h)
{
    const struct str cells[] = { S("filter"), h->filter,
                                 S("area"),   h->area,
                                 S("made"),   h->made,
                                 S("lines"),  arena_printf(c->arena, "%lld", (long long)h->lines),
                                 S("chain"),  h->chain };
    enum { CELLS = sizeof cells / sizeof *cells };

    for (size_t i = 0; i < CELLS; i++)
        put_cell(b, cells[i], i + 1 == CELLS);
}

static struct str as_csv(struct ctx *c, const struct reading *r, const struct heading *h, size_t all)
{
    const struct audit_finds *found = &r->found;
    struct buf b = buf_new(c->arena, 2 * all + found->n * 128 + 4 * HERE_MAX_B);

    put_heading(&b, c, h);
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

static struct str as_lines(struct ctx *c, const struct reading *r, const struct heading *h, size_t all)
{
    const struct audit_finds *found = &r->found;
    struct buf b = buf_new(c->arena, all + 4 * HERE_MAX_B);
    struct json_out o = json_out(c->arena, 4 * HERE_MAX_B);

    json_begin_object(&o);
    json_put_str(&o, S("filter"), h->filter);
    json_put_str(&o, S("area"), h->area);
    json_put_str(&o, S("made"), h->made);
    json_put_int(&o, S("lines"), h->lines);
    json_put_str(&o, S("chain"), h->chain);
    json_end_object(&o);
    buf_add(&b, json_done(&o));
    buf_byte(&b, '\n');
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
    const struct heading heading = heading_of(c, r);
    for (size_t i = 0; i < r->found.n; i++)
        all += r->found.at[i].line.n + 1;
    http_header_set(c->res, S("Content-Disposition"),
                    csv ? S("attachment; filename=\"audit.csv\"") : S("attachment; filename=\"audit.jsonl\""));
    http_body(c->res, 200, csv ? S("text/csv; charset=utf-8") : S("application/x-ndjson"),
              csv ? as_csv(c, r, &heading, all) : as_lines(c, r, &heading, all));
    return DONE;
}

const struct step_row admin_log_export[] = { { console_door }, { begin_export }, { run_search }, { send }, { NULL } };

/* ── whether its chain holds ────────────────────────────────────────────── */

enum { DAYS_MAX = 3650, AGAIN_S = 2 };

static enum step show_chain(struct ctx *c, struct fail *f)
{
    static const int days[] = { 1, 7, 30, 365, 0 };
    static const enum said words[] = { C_days_1, C_days_7, C_days_30, C_days_365, C_days_all };
    enum { CHOICES = sizeof days / sizeof *days };
    struct choice *at = arena_make_n(c->arena, CHOICES, struct choice);
    struct audit_state log;
    struct log_chain_view v = { .days = { at, CHOICES } };

    (void)f;
    audit_index_state(c->audit_index, c->arena, &log);
    for (size_t i = 0; i < CHOICES; i++)
        at[i] = (struct choice){ arena_printf(c->arena, "%d", days[i]), said(words[i], c->lang), days[i] == 30 };
    v.running = log.verifying;
    v.at_record = lines_number(c, (int64_t)log.at_record);
    v.records = lines_number(c, (int64_t)log.records);
    v.indexed = lines_number(c, (int64_t)log.indexed);
    v.failing = log.failing;
    v.done = log.verified;
    if (log.verified) {
        v.when = when_full(c->arena, log.done_s, c->lang);
        v.from = log.from_s != 0 ? when_date(c->arena, log.from_s) : S("");
        v.holds = log.report.error == NULL;
        v.error = str_of(log.report.error);
        v.where = log.report.where;
        v.verified = lines_number(c, (int64_t)log.report.records);
        v.vouched = lines_number(c, (int64_t)log.report.vouched);
    }
    if (log.fault != 0)
        v.fault = lines_number(c, (int64_t)log.fault);
    if (v.running)
        http_header_set(c->res, S("Refresh"), arena_printf(c->arena, "%d", AGAIN_S));
    console_page_for(c, PLACE_LOG, true, S("/admin/log/chain"), &v.con);
    return answer_page(c, 200, page_log_chain(c->arena, &v));
}

const struct step_row admin_chain[] = { { console_door }, { show_chain }, { NULL } };

static enum step verify_chain(struct ctx *c, struct fail *f)
{
    int64_t days = 0;

    if (!str_int(form_get(c->body, S("days")), &days) || days < 0 || days > DAYS_MAX || c->audit_index == NULL)
        return fail(f, FAIL_CALLER, "invalid_request", "no such number of days");
    struct str keys = c->keys != NULL ? keyset_audit_jwks(c->keys) : (struct str){ NULL, 0 };
    (void)audit_index_verify(c->audit_index, days == 0 ? 0 : c->now_s - days * DAY_S, keys);
    return answer_go(c, S("/admin/log/chain"));
}

const struct step_row admin_chain_verify[] = { { console_door }, { verify_chain }, { NULL } };
