/* SPDX-License-Identifier: EUPL-1.2
 * Passes of substitutes, for programs: given, looked at, taken, by names that the caller chooses, so that what is asked
 * twice happens once.  What a pass must be is said in gateway/passes.h. */
#include "gateway/passes.h"

#include "alarms/alarms.h"
#include "base/crypt.h"
#include "gateway/answer.h"
#include "gateway/api/api.h"
#include "gateway/session/session.h"
#include "model/pairwise.h"
#include "model/when.h"
#include "registry/ends.h"
#include "wire/form.h"
#include "wire/http.h"

#include <string.h>

enum { NAME_MAX_B = 40, ID_HEX = 20, PERSON_MAX_B = 100, ROWS_MAX = 500, NEXT_MAX_B = 2048 };

#define THERE_ALREADY "pass_exists"

struct pass_call { /* api_call(c)->pass */
    struct pass pass;
    const struct account *account; /* that is there */
    struct edit *edit;
    bool was_asked; /* it waits already, asked by this very token */
    bool kept;
};

static const struct {
    enum pass_fault fault;
    const char *says;
} faults[] = {
    { PASS_NO_NAME, "given_names, family_name: expected the name of the person, in UTF-8" },
    { PASS_SHARED_NAME, "given_names, family_name: expected one person's name, without digits and words like "
                        "\"sijainen\": a pass is nobody else's" },
    { PASS_NO_SCHOOL, "school: expected the OID of one of the municipality's schools" },
    { PASS_BAD_TIMES,
      "from, to: expected times as in RFC 3339 (\"2026-11-30T08:00:00+02:00\"), the end after the begin" },
    { PASS_OVER, "to: it has passed" },
    { PASS_TOO_LONG, "to: a pass lasts 400 days at most" },
    { PASS_NO_WHY, "why: expected a few words, for the history" },
    { PASS_NO_IDP, "the municipality has no identity provider of the kind \"local\", for accounts of its own" },
};

/* ── which ──────────────────────────────────────────────────────────────── */

static enum step pass_door(struct ctx *c, struct fail *f)
{
    struct api_call *x = api_call(c);
    struct str named = form_get(c->query, S("provider"));

    (void)f;
    if (!str_is_set(x->area.provider) && str_is_set(named)) /* a token of the country says where */
        x->area.provider = named;
    x->pass = arena_make(c->arena, struct pass_call);
    x->pass->pass.provider = registry_provider(c->registry, x->area.provider);
    return x->pass->pass.provider != NULL
               ? NEXT
               : fail(f, FAIL_CALLER, "invalid_request",
                      "passes are a municipality's: a token of the country says whose, in the parameter provider");
}

static bool may_pass(struct ctx *c, const struct area *where, struct fail *f)
{
    (void)c;
    return api_may(api_call(c), MAY_GIVE_PASSES, where) ||
           fail_told(f, FAIL_DENIED, "access_denied", "the role of this token gives no passes there", "may not %s",
                     console_action_name(MAY_GIVE_PASSES));
}

static bool is_name(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!(s.p[i] >= 'a' && s.p[i] <= 'z') && !(s.p[i] >= '0' && s.p[i] <= '9') && s.p[i] != '-')
            return false;
    return s.n > 0 && s.n <= NAME_MAX_B;
}

/* The caller's name is its own municipality's: it neither meets nor shows another's. */
static struct str id_of(struct ctx *c, struct str name)
{
    struct str hash = sha256_hex(c->arena, arena_printf(c->arena, "pass %.*s %.*s",
                                                        STR_ARG(api_call(c)->pass->pass.provider->id), STR_ARG(name)));

    return arena_join(c->arena, S(PASS_PREFIX), str_sub(hash, 0, ID_HEX));
}

/* By the caller's name, or by the id that a list shows. */
static enum step find(struct ctx *c, struct fail *f)
{
    struct api_call *x = api_call(c);
    struct str name = c->req->param;
    bool is_id = str_has_prefix(name, S(PASS_PREFIX));

    if (!is_name(name))
        return fail(f, FAIL_NOT_FOUND, "not_found", "a pass is named by a-z, 0-9 and -, %d at most", NAME_MAX_B);
    x->pass->pass.id = is_id ? name : id_of(c, name);
    x->pass->account = pass_of(c->registry, x->pass->pass.id, &x->area);
    return NEXT;
}

/* ── shown ──────────────────────────────────────────────────────────────── */

static void put_pass(struct ctx *c, struct json_out *o, const struct account *x)
{
    const struct affiliation *at = &x->person->affiliations[0];

    json_put_str(o, S("id"), x->id);
    json_put_str(o, S("given_names"), x->person->given_names);
    json_put_str(o, S("family_name"), x->person->family_name);
    json_put_str(o, S("school"), x->school);
    json_put_str(o, S("from"), when_rfc3339(c->arena, at->from_s));
    json_put_str(o, S("to"), when_rfc3339(c->arena, at->to_s));
    json_put_str(o, S("username"), x->username);
    json_put_bool(o, S("enabled"), x->enabled);
}

static struct str next_page(struct ctx *c, struct str after)
{
    struct str named = form_get(c->query, S("provider"));
    struct buf b = buf_new(c->arena, NEXT_MAX_B);

    buf_add(&b, S(API_ROOT "passes"));
    url_query(&b, S("after"), after);
    if (str_is_set(named))
        url_query(&b, S("provider"), named);
    return buf_str(&b);
}

static enum step show_all(struct ctx *c, struct fail *f)
{
    const struct registry_parts *parts = registry_parts(c->registry);
    const struct api_call *x = api_call(c);
    struct json_out o = json_out(c->arena, API_ANSWER_MAX_B);
    struct str after = form_get(c->query, S("after")), last = S("");
    size_t shown = 0;
    bool more = false;

    if (!may_pass(c, &x->area, f))
        return REFUSE;
    json_begin_object(&o);
    json_key(&o, S("rows"));
    json_begin_array(&o);
    /* Accounts stand in the order of their ids. */
    for (size_t i = 0; i < parts->account_count && !more; i++) {
        const struct account *one = &parts->accounts[i];
        if (!is_pass_of(c->registry, one, &x->area) || str_cmp(one->id, after) <= 0)
            continue;
        more = shown == ROWS_MAX;
        if (more)
            break;
        json_begin_object(&o);
        put_pass(c, &o, one);
        json_end_object(&o);
        last = one->id;
        shown++;
    }
    json_end_array(&o);
    if (more)
        json_put_str(&o, S("next"), next_page(c, last));
    json_end_object(&o);
    return api_json(c, 200, &o, f);
}

const struct step_row api_passes[] = { { api_door }, { pass_door }, { show_all }, { NULL } };

static enum step say_there(struct ctx *c, struct fail *f)
{
    struct json_out o = json_out(c->arena, API_ANSWER_MAX_B);

    json_begin_object(&o);
    put_pass(c, &o, api_call(c)->pass->account);
    json_end_object(&o);
    return api_json(c, 200, &o, f);
}

static enum step show_one(struct ctx *c, struct fail *f)
{
    const struct api_call *x = api_call(c);

    if (!may_pass(c, &x->area, f))
        return REFUSE;
    if (x->pass->account == NULL)
        return fail(f, FAIL_NOT_FOUND, "no_row", "there is no such pass");
    return say_there(c, f);
}

const struct step_row api_pass_show[] = { { api_door }, { pass_door }, { find }, { show_one }, { NULL } };

/* ── given ──────────────────────────────────────────────────────────────── */

static const char *const members[] = { "given_names", "family_name", "school", "from", "to", "why" };

static bool is_member(struct str name)
{
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (str_eq(name, str_of(members[i])))
            return true;
    return false;
}

static bool read_pass(struct ctx *c, const struct json_value *v, struct pass *out, struct fail *f)
{
    struct str own = api_call(c)->area.school;

    for (const struct json_value *m = v->first; m != NULL; m = m->next)
        if (!is_member(m->name) || m->type != JSON_STR)
            return fail(f, FAIL_CALLER, "invalid_row",
                        "%.*s: expected given_names, family_name, school, from, to and why, texts each",
                        STR_ARG(str_sub(m->name, 0, NAME_MAX_B)));
    out->given = str_sub(str_trim(json_get_str(v, S("given_names"))), 0, PERSON_MAX_B);
    out->family = str_sub(str_trim(json_get_str(v, S("family_name"))), 0, PERSON_MAX_B);
    out->why = str_chars(json_get_str(v, S("why")), CHANGE_WHY_MAX_B, CHANGE_WHY_MAX_B);
    out->school = provider_school(out->provider, json_get_str(v, S("school")));
    if (out->school != NULL && str_is_set(own) && !str_eq(own, out->school->oid))
        out->school = NULL;
    if (!when_rfc3339_read(json_get_str(v, S("from")), &out->from_s) ||
        !when_rfc3339_read(json_get_str(v, S("to")), &out->to_s))
        out->from_s = out->to_s = 0;
    return true;
}

static bool is_same(const struct account *x, const struct pass *pass)
{
    const struct affiliation *at = &x->person->affiliations[0];

    return x->enabled && str_eq(x->person->given_names, pass->given) && str_eq(x->person->family_name, pass->family) &&
           str_eq(x->school, pass->school->oid) && at->from_s == pass->from_s && at->to_s == pass->to_s;
}

static void free_edit(void *e)
{
    edit_free(e);
}

static void begin(struct ctx *c, struct api_call *x, struct str why)
{
    const struct edit_from from = { 0 };

    x->by.why = why;
    x->how = (struct edit_how){ .world = c->world, .seals = c->seals };
    x->pass->edit = edit_new(&x->by, &from);
    arena_adopt(c->arena, x->pass->edit, free_edit);
}

/* Asked in the database: the snapshot may be a moment older, and to put an account again would alter its password. */
static bool is_new(struct api_call *x, struct db *d, struct arena *a, struct fail *f)
{
    const struct row_id row = { S("account"), { x->pass->pass.id } };
    struct fail why = { 0 };
    struct row_seen seen;
    int64_t version;

    if (row_look(d, a, &x->area, &row, &seen, &version, &why))
        return fail(f, FAIL_CONFLICT, THERE_ALREADY, "there is such a pass already");
    return why.kind == FAIL_NOT_FOUND || (*f = why, false);
}

static bool give_sql(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct api_call *x = with;
    const struct row_id row = { S("account"), { x->pass->pass.id } };
    int64_t edition;

    if (!is_new(x, d, a, f) || !draft_of_row(d, a, x->by.who, &row, &x->draft_number, &edition, f))
        return false;
    x->pass->was_asked = x->draft_number != 0;
    if (x->pass->was_asked)
        return true;
    if (x->dry_run)
        return edit_run(x->pass->edit, d, a, &x->how, EDIT_CHECK, &x->result, f);
    if (!pass_give(&x->pass->pass, x->pass->edit, &x->how, &x->by, d, a, &x->result, f))
        return false;
    x->draft_number = x->pass->pass.asks ? x->result.draft : 0;
    return true;
}

static enum step ask_give(struct ctx *c, struct fail *f)
{
    struct api_call *x = api_call(c);
    struct pass *pass = &x->pass->pass;
    const struct json_value *v = answer_json_body(c, "invalid_row", f);
    enum pass_fault fault;

    if (v == NULL || !read_pass(c, v, pass, f))
        return REFUSE;
    if (str_has_prefix(c->req->param, S(PASS_PREFIX)))
        return fail(f, FAIL_CALLER, "invalid_request", "names that begin with " PASS_PREFIX " are the gateway's own");
    fault = pass_judge(c, pass);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        if (faults[i].fault == fault)
            return fail(f, FAIL_CALLER, "invalid_row", "%s", faults[i].says);
    const struct area where = { x->area.provider, pass->school->oid };
    if (!may_pass(c, &where, f))
        return REFUSE;
    if (x->pass->account != NULL && is_same(x->pass->account, pass))
        return say_there(c, f);
    if (x->pass->account != NULL)
        return fail(f, FAIL_CONFLICT, THERE_ALREADY,
                    "there is such a pass already, of another person or time, or taken: give one of another name");
    x->dry_run = str_eq(form_get(c->query, S("dry_run")), S("true"));
    pass_new_secrets(c, pass);
    begin(c, x, pass->why);
    pass_put(c, x->pass->edit, pass);
    return api_ask(c, give_sql, f);
}

static enum step wait_for_it(struct ctx *c, struct fail *f)
{
    const struct api_call *x = api_call(c);

    if (!x->got.ok)
        return api_refused(c, f);
    if (x->dry_run || x->draft_number != 0)
        return NEXT;
    return desk_wait(c->desk, c->work, &c->batch, c->arena, x->result.report.version) ? WAIT : NEXT;
}

/* The password stands in this answer alone. */
static enum step say_given(struct ctx *c, struct fail *f)
{
    const struct api_call *x = api_call(c);
    const struct pass *pass = &x->pass->pass;
    const struct area where = { x->area.provider, pass->school->oid };
    struct json_out o = json_out(c->arena, API_ANSWER_MAX_B);

    if (x->dry_run || x->pass->was_asked)
        return api_say_change(c, f);
    alarm_at_night(c->alarms, c->arena, ALARM_pass_at_night, &where, (struct str){ NULL, 0 }, c->now_s);
    json_begin_object(&o);
    json_put_str(&o, S("id"), pass->id);
    json_put_str(&o, S("given_names"), pass->given);
    json_put_str(&o, S("family_name"), pass->family);
    json_put_str(&o, S("school"), pass->school->oid);
    json_put_str(&o, S("from"), when_rfc3339(c->arena, pass->from_s));
    json_put_str(&o, S("to"), when_rfc3339(c->arena, pass->to_s));
    json_put_str(&o, S("username"), pass->username);
    json_put_str(&o, S("password"), pass->password);
    json_put_str(&o, S("address"), pass_address(c, pass->idp));
    json_put_bool(&o, S("enabled"), x->draft_number == 0);
    if (x->draft_number != 0) {
        json_put_int(&o, S("draft"), x->draft_number);
        json_put_str(&o, S("state"), S("proposed"));
        http_header_set(c->res, S("Location"),
                        arena_printf(c->arena, API_ROOT "drafts/%lld", (long long)x->draft_number));
    }
    json_end_object(&o);
    return api_json(c, x->draft_number != 0 ? 202 : 201, &o, f);
}

const struct step_row api_pass_put[] = { { api_door },    { pass_door }, { find }, { ask_give },
                                         { wait_for_it }, { say_given }, { NULL } };

/* ── taken ──────────────────────────────────────────────────────────────── */

static bool take_sql(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct api_call *x = with;

    return edit_run(x->pass->edit, d, a, &x->how, x->dry_run ? EDIT_CHECK : EDIT_APPLY, &x->result, f);
}

static enum step ask_take(struct ctx *c, struct fail *f)
{
    struct api_call *x = api_call(c);
    const struct account *account = x->pass->account;
    const struct edit_field off = { S("enabled"), S("false") };

    if (account == NULL)
        return fail(f, FAIL_NOT_FOUND, "no_row", "there is no such pass");
    const struct area where = { x->area.provider, account->school };
    const struct row_id row = { S("account"), { account->id } };
    if (!may_pass(c, &where, f))
        return REFUSE;
    x->dry_run = str_eq(form_get(c->query, S("dry_run")), S("true"));
    begin(c, x, str_chars(form_get(c->query, S("why")), CHANGE_WHY_MAX_B, CHANGE_WHY_MAX_B));
    edit_put(x->pass->edit, &row, &off, 1);
    return api_ask(c, take_sql, f);
}

/* Who is in with it, is out. */
static enum step end_theirs(struct ctx *c, struct fail *f)
{
    struct api_call *x = api_call(c);

    if (!x->got.ok)
        return api_refused(c, f);
    if (x->dry_run)
        return api_say_change(c, f);
    const struct mark m = { .kind = MARK_PERSON,
                            .what = pairwise_person(c->arena, c->seals, x->pass->account->idp, x->pass->account->id),
                            .at_s = c->now_s,
                            .until_s = c->now_s + session_longest_s(c->set) };
    return ends_mark(c->ends, c->work, &c->batch, c->arena, &m, &x->pass->kept)
               ? WAIT
               : fail(f, FAIL_BUSY, "temporarily_unavailable", "too many jobs wait");
}

static enum step wait_taken(struct ctx *c, struct fail *f)
{
    const struct change_report *r = &api_call(c)->result.report;

    (void)f;
    return r->changed > 0 && desk_wait(c->desk, c->work, &c->batch, c->arena, r->version) ? WAIT : NEXT;
}

static enum step say_taken(struct ctx *c, struct fail *f)
{
    if (!api_call(c)->pass->kept)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "the end of sessions was not kept");
    c->res->status = 204;
    c->res->body = S("");
    return DONE;
}

const struct step_row api_pass_remove[] = { { api_door },   { pass_door },  { find },      { ask_take },
                                            { end_theirs }, { wait_taken }, { say_taken }, { NULL } };
