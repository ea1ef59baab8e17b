/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/gate/report.h"

#include "model/when.h"
#include "portal/texts.h"
#include "wire/json.h"

enum { REPORT_MAX_B = 65536, DAY_S = 86400 };

/* ── in words ───────────────────────────────────────────────────────────── */

static const struct trial_words {
    enum vendor_text name, sent, mend;
} words[TRIAL_COUNT] = {
#define X(trial, of, kind, token, alter, says) { V_v_gn_##says, V_v_gs_##says, V_v_gm_##says },
    GATE_TRIALS(X)
#undef X
};

struct str gate_trial_name(const struct gate_trial *t, enum lang lang)
{
    return vendor_text(words[t - gate_trials].name, lang);
}

struct str gate_trial_sent(const struct gate_trial *t, enum lang lang)
{
    return vendor_text(words[t - gate_trials].sent, lang);
}

struct str gate_trial_mend(const struct gate_trial *t, enum lang lang)
{
    return vendor_text(words[t - gate_trials].mend, lang);
}

/* ── as a whole ─────────────────────────────────────────────────────────── */

static void count(struct gate_report *r, const struct gate_row *row)
{
    size_t *const by_verdict[GATE_VERDICT_COUNT] = {
        [GATE_OPEN] = &r->unfinished, [GATE_PASSED] = &r->passed, [GATE_FAILED] = &r->failed
    };
    int64_t until_s = row != NULL ? row->at_s + (int64_t)GATE_GOOD_DAYS * DAY_S : 0;

    r->all++;
    ++*(row != NULL ? by_verdict[row->verdict] : &r->not_run);
    if (row != NULL && (r->until_s == 0 || until_s < r->until_s))
        r->until_s = until_s;
}

struct gate_report gate_report_of(const struct service *s, unsigned ways, struct arena *a, const struct gate_rows *rows,
                                  int64_t now_s)
{
    struct str edition = gate_edition(a, s);
    struct gate_report r = { 0 };

    for (size_t i = 0; i < TRIAL_COUNT; i++)
        if (gate_applies(s, ways, &gate_trials[i]))
            count(&r, gate_row_now(rows, &gate_trials[i], edition, now_s));
    for (size_t i = 0; i < rows->n; i++)
        r.last_s = rows->at[i].at_s > r.last_s ? rows->at[i].at_s : r.last_s;
    r.whole = r.passed == r.all;
    r.until_s = r.whole ? r.until_s : 0;
    return r;
}

bool gate_passed(const struct service *s, unsigned ways, struct arena *a, const struct gate_rows *rows, int64_t now_s)
{
    return gate_report_of(s, ways, a, rows, now_s).whole;
}

/* ── as a document ──────────────────────────────────────────────────────── */

static void put_trial(struct json_out *o, struct arena *a, const struct gate_trial *t, const struct gate_row *r)
{
    static const char *const verdicts[GATE_VERDICT_COUNT] = { "unfinished", "passed", "failed" };

    json_begin_object(o);
    json_put_str(o, S("trial"), str_of(t->word));
    json_put_str(o, S("name"), gate_trial_name(t, LANG_EN));
    json_put_str(o, S("verdict"), str_of(r != NULL ? verdicts[r->verdict] : "not_run"));
    if (r != NULL) {
        json_put_str(o, S("known_by"), str_is_set(r->seen) ? r->seen : S("tester"));
        json_put_str(o, S("at"), when_rfc3339(a, r->at_s));
    }
    json_end_object(o);
}

static void put_time(struct json_out *o, struct arena *a, struct str name, int64_t at_s)
{
    if (at_s > 0)
        json_put_str(o, name, when_rfc3339(a, at_s));
}

struct str gate_report_json(const struct service *s, unsigned ways, struct arena *a, const struct gate_rows *rows,
                            int64_t now_s)
{
    static const char *const protocols[PROTO_COUNT] = {
        [PROTO_OIDC] = "oidc", [PROTO_SAML] = "saml", [PROTO_LTI] = "lti"
    };
    const struct gate_report r = gate_report_of(s, ways, a, rows, now_s);
    struct str edition = gate_edition(a, s);
    struct json_out o = json_out(a, REPORT_MAX_B);

    json_begin_object(&o);
    json_put_str(&o, S("service"), s->id);
    json_put_str(&o, S("name"), names_in(&s->names, LANG_EN));
    json_put_str(&o, S("protocol"), protocols[s->protocol] != NULL ? str_of(protocols[s->protocol]) : S(""));
    json_put_str(&o, S("registration"), edition);
    json_put_int(&o, S("list"), GATE_LIST_VERSION);
    json_put_str(&o, S("made"), when_rfc3339(a, now_s));
    json_put_bool(&o, S("passed"), r.whole && r.all > 0);
    put_time(&o, a, S("last_run"), r.last_s);
    put_time(&o, a, S("good_until"), r.until_s);
    json_key(&o, S("trials"));
    json_begin_array(&o);
    for (size_t i = 0; i < TRIAL_COUNT; i++)
        if (gate_applies(s, ways, &gate_trials[i]))
            put_trial(&o, a, &gate_trials[i], gate_row_now(rows, &gate_trials[i], edition, now_s));
    json_end_array(&o);
    json_end_object(&o);
    return json_done(&o);
}

/* ── read ───────────────────────────────────────────────────────────────── */

static bool read_rows(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct gate_asked *x = with;

    return gate_rows_of(d, a, x->of->id, &x->rows, f);
}

const struct service *gate_behind(const struct ctx *c, const struct service *s)
{
    const struct service *tested = s->test ? s : registry_service(c->registry, s->tested_as);

    return tested != NULL && tested->test && str_eq(tested->vendor, s->vendor) && gate_tries(tested->protocol) ? tested
                                                                                                               : NULL;
}

enum step gate_report_ask(struct ctx *c, const struct service *s, gate_ways *ways, struct gate_asked *x, struct fail *f)
{
    x->of = s != NULL ? gate_behind(c, s) : NULL;
    x->none = s != NULL && x->of == NULL && !s->test && gate_tries(s->protocol);
    if (x->of == NULL || c->vendors == NULL) {
        x->of = NULL;
        return NEXT;
    }
    x->ways = ways(c, x->of);
    return vendors_ask(c->vendors, c->work, &c->batch, c->arena, read_rows, x, &x->got)
               ? WAIT
               : (enum step)fail(f, FAIL_BUSY, "busy", "too many jobs wait");
}

bool gate_report_came(struct ctx *c, const struct gate_asked *x, struct gate_report *report, struct fail *f)
{
    *report = (struct gate_report){ .whole = !x->none };
    if (x->of == NULL)
        return true;
    if (!x->got.ok) {
        *f = x->got.why;
        return false;
    }
    *report = gate_report_of(x->of, x->ways, c->arena, &x->rows, c->now_s);
    return true;
}
