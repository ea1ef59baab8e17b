/* SPDX-License-Identifier: EUPL-1.2
 * Alarms of the area in which one acts: listed, looked at, acknowledged. */
#include "audit/audit.h"
#include "console/pages.h"
#include "console/texts.h"
#include "gateway/answer.h"
#include "gateway/console/door.h"
#include "gateway/console/lines.h"
#include "gateway/console/listed.h"
#include "gateway/console/people.h"
#include "gateway/console/raise.h"
#include "gateway/console/rights_given.h"
#include "gateway/session/done.h"
#include "model/when.h"
#include "wire/form.h"
#include "wire/http.h"

#include <string.h>

enum { ROWS_A_PAGE = 40, HERE_MAX_B = 1024, WHO_SHOWN_B = 8 };

/* ── what the table says, in words ──────────────────────────────────────── */

static const struct {
    enum console_action may;
    enum said title, mend;
} words[ALARM_COUNT] = {
#define X(code, severity, kind, back, may, page) [ALARM_##code] = { MAY_##may, C_alarm_##code, C_alarm_##code##_mend },
    ALARMS(X)
#undef X
};

enum console_action alarm_may(enum alarm_code code)
{
    return alarm_row(code) != NULL ? words[code].may : MAY_NONE;
}

struct str alarm_words(enum alarm_code code, enum lang lang)
{
    return alarm_row(code) != NULL ? said(words[code].title, lang) : S("");
}

struct str alarm_about(struct ctx *c, const struct alarm *x)
{
    const struct registry_parts *parts = registry_parts(c->registry);
    const struct idp *idp = registry_idp(c->registry, x->subject);
    const struct admin *right = rights_find(c->registry, x->subject);

    if (idp != NULL)
        return names_in(&idp->names, c->lang);
    if (right != NULL)
        return right->subject;
    for (size_t i = 0; x->code == ALARM_policy_failed && i < parts->policy_count; i++)
        if (str_eq(parts->policies[i].id, x->subject) && str_is_set(names_in(&parts->policies[i].names, c->lang)))
            return names_in(&parts->policies[i].names, c->lang);
    return lines_who(c, x->subject); /* of somebody: their name, where one knows it */
}

struct str alarm_severity_words(enum alarm_severity severity, enum lang lang)
{
    return said(severity == ALARM_CRITICAL  ? C_severity_critical
                : severity == ALARM_WARNING ? C_severity_warning
                                            : C_severity_info,
                lang);
}

/* Where it is mended: # of the table's path stands for the subject. */
static struct str page_of(struct ctx *c, const struct alarm *x)
{
    struct str page = str_of(alarm_row(x->code)->page);
    size_t at = str_find_byte(page, '#', 0);

    struct buf b = buf_new(c->arena, HERE_MAX_B);

    buf_add(&b, str_sub(page, 0, at));
    if (at < page.n)
        url_escape(&b, x->subject);
    return buf_str(&b);
}

static struct alarm_line alarm_line(struct ctx *c, const struct alarm *x)
{
    const struct alarm_row *row = alarm_row(x->code);

    return (struct alarm_line){ .id = arena_str(c->arena, str_of(x->id)),
                                .code = str_of(row->code),
                                .title = alarm_words(x->code, c->lang),
                                .severity = alarm_severity_words(row->severity, c->lang),
                                .subject = x->subject,
                                .about = alarm_about(c, x),
                                .detail = x->detail,
                                .area = console_area_name(c, &x->area),
                                .first = when_full(c->arena, x->first_s, c->lang),
                                .last = when_full(c->arena, x->last_s, c->lang),
                                .n = lines_number(c, x->n),
                                .urgency = row->severity == ALARM_CRITICAL  ? URGENCY_NOW
                                           : row->severity == ALARM_WARNING ? URGENCY_SOON
                                                                            : URGENCY_CALM,
                                .open = alarm_is_open(x),
                                .seen = x->seen_s != 0,
                                .over = x->over };
}

/* ── all of them ────────────────────────────────────────────────────────── */

static const char *const states[] = { "open", "seen", "over", "all" };
enum { STATES = sizeof states / sizeof *states };

static size_t state_of(struct str word)
{
    for (size_t i = 0; i < STATES; i++)
        if (str_eq(word, str_of(states[i])))
            return i;
    return 0;
}

struct filter {
    size_t state;
    struct str severity;
    enum alarm_code code;
};

static bool is_wanted(const struct filter *f, const struct alarm *x)
{
    bool of_state = f->state == 0 ? alarm_is_open(x) : f->state == 1 ? x->seen_s != 0 : f->state == 2 ? x->over : true;

    return of_state && (f->code == ALARM_NONE || f->code == x->code) &&
           (!str_is_set(f->severity) || str_eq(f->severity, str_of(alarm_severity_name(alarm_row(x->code)->severity))));
}

static void put_filters(struct ctx *c, const struct filter *f, struct alarms_view *v)
{
    static const enum said state_words[STATES] = { C_alarms_open, C_alarms_seen, C_alarms_over, C_alarms_any };
    enum { SEVERITIES = ALARM_CRITICAL + 1 };
    struct choice *at = arena_make_n(c->arena, STATES, struct choice);
    struct choice *grave = arena_make_n(c->arena, SEVERITIES, struct choice);
    struct choice *codes = arena_make_n(c->arena, ALARM_COUNT, struct choice);

    for (size_t i = 0; i < STATES; i++)
        at[i] = (struct choice){ str_of(states[i]), said(state_words[i], c->lang), f->state == i };
    for (int i = ALARM_CRITICAL; i > ALARM_INFO; i--) {
        struct str name = str_of(alarm_severity_name((enum alarm_severity)i));
        grave[v->severities.n++] =
            (struct choice){ name, alarm_severity_words((enum alarm_severity)i, c->lang), str_eq(name, f->severity) };
    }
    for (int i = ALARM_NONE + 1; i < ALARM_COUNT; i++)
        codes[v->codes.n++] =
            (struct choice){ str_of(alarm_row((enum alarm_code)i)->code), alarm_words((enum alarm_code)i, c->lang),
                             f->code == (enum alarm_code)i };
    v->states = (struct choices){ at, STATES };
    v->severities.at = grave;
    v->codes.at = codes;
}

static struct str here(struct ctx *c, const struct filter *f, int64_t from)
{
    struct buf b = buf_new(c->arena, HERE_MAX_B);

    buf_add(&b, S("/admin/alarms"));
    if (f->state != 0)
        url_query(&b, S("state"), str_of(states[f->state]));
    if (str_is_set(f->severity))
        url_query(&b, S("severity"), f->severity);
    if (f->code != ALARM_NONE)
        url_query(&b, S("code"), str_of(alarm_row(f->code)->code));
    if (from > 0)
        url_query(&b, S("from"), arena_printf(c->arena, "%lld", (long long)from));
    return buf_ok(&b) ? buf_str(&b) : S("/admin/alarms");
}

static enum step show_all(struct ctx *c, struct fail *f)
{
    const struct filter filter = { .state = state_of(form_get(c->query, S("state"))),
                                   .severity = str_sub(form_get(c->query, S("severity")), 0, ALARM_ID_B),
                                   .code = alarm_of_name(form_get(c->query, S("code"))) };
    struct alarms_found all = alarms_read(c->alarms, c->arena, &c->console->area, c->now_s);
    struct alarms_view v = { .next = { NULL, 0 } };
    size_t n = 0;

    (void)f;
    for (size_t i = 0; i < all.n; i++)
        if (is_wanted(&filter, &all.at[i]))
            all.at[n++] = all.at[i];
    const struct paging page = paging_of(c, n, ROWS_A_PAGE);
    struct alarm_line *rows = arena_make_n(c->arena, ROWS_A_PAGE, struct alarm_line);
    for (size_t i = page.from; i < page.end; i++)
        rows[v.rows.n++] = alarm_line(c, &all.at[i]);
    v.rows.at = rows;
    v.first = page.first;
    v.last = page.last;
    v.total = page.total;
    v.next = paging_next(c, &page, here(c, &filter, 0));
    v.previous = paging_previous(c, &page, here(c, &filter, 0));
    put_filters(c, &filter, &v);
    console_page_for(c, PLACE_HOME, true, here(c, &filter, (int64_t)page.from), &v.con);
    return answer_page(c, 200, page_alarms(c->arena, &v));
}

const struct step_row admin_alarms[] = { { console_door }, { show_all }, { NULL } };

/* ── one ────────────────────────────────────────────────────────────────── */

/* Of another area it is as one that is not there. */
static bool find(struct ctx *c, struct alarm *out)
{
    return alarms_one(c->alarms, c->arena, c->req->param, c->now_s, out) && area_within(&out->area, &c->console->area);
}

static enum step show_alarm(struct ctx *c, const struct alarm *x, bool came_again)
{
    struct alarm_view v = { .one = alarm_line(c, x),
                            .mend = said(words[x->code].mend, c->lang),
                            .link = page_of(c, x),
                            .may_acknowledge = alarm_is_open(x) && console_may_in(c, alarm_may(x->code), &x->area),
                            .count = arena_printf(c->arena, "%lld", (long long)x->n),
                            .acknowledged = !came_again && done_was(c, "acknowledged"),
                            .came_again = came_again,
                            .note = x->note };

    if (x->seen_s != 0) {
        v.seen_by = str_sub(x->seen_by, 0, WHO_SHOWN_B);
        v.seen_when = when_full(c->arena, x->seen_s, c->lang);
    }
    console_page_for(c, PLACE_HOME, true, arena_join(c->arena, S("/admin/alarms/"), v.one.id), &v.con);
    return answer_page(c, came_again ? 409 : 200, page_alarm(c->arena, &v));
}

static enum step show_one(struct ctx *c, struct fail *f)
{
    struct alarm x;

    (void)f;
    if (!find(c, &x))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    return show_alarm(c, &x, false);
}

const struct step_row admin_alarm[] = { { console_door }, { show_one }, { NULL } };

struct seeing { /* c->state */
    struct alarm one;
    int64_t count; /* how often it had come when they looked */
    struct str note;
    struct audit_got audit;
};

static enum step ask_see(struct ctx *c, struct fail *f)
{
    struct seeing *x = arena_make(c->arena, struct seeing);

    (void)f;
    c->state = x;
    if (!find(c, &x->one) || !console_may_in(c, alarm_may(x->one.code), &x->one.area))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    if (!str_int(form_get(c->body, S("count")), &x->count) || x->count != x->one.n)
        return show_alarm(c, &x->one, true);
    x->note = str_sub(str_trim(form_get(c->body, S("note"))), 0, PEOPLE_WHY_MAX_B);
    people_audit(c, "acknowledge",
                 arena_printf(c->arena, "alarm %s %.*s", alarm_row(x->one.code)->code, STR_ARG(x->one.subject)),
                 x->note, &x->audit);
    return WAIT;
}

static enum step see(struct ctx *c, struct fail *f)
{
    struct seeing *x = c->state;

    if (!x->audit.durable)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "the audit log takes nothing");
    if (!alarms_acknowledge(c->alarms, str_of(x->one.id), x->count, c->session->person->id, x->note, c->now_s))
        return find(c, &x->one) ? show_alarm(c, &x->one, true) : console_refuse(c, FAIL_NOT_FOUND, "not_found");
    return done_go(c, arena_join(c->arena, S("/admin/alarms/"), str_of(x->one.id)), "acknowledged", S(""));
}

const struct step_row admin_alarm_see[] = { { console_door }, { ask_see }, { see }, { NULL } };
