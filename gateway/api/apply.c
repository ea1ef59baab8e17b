/* SPDX-License-Identifier: EUPL-1.2
 * What is to be written becomes one change, or one draft that a second person approves. */
#include "gateway/api/api.h"

#include "gateway/answer.h"
#include "wire/http.h"

#include <string.h>

/* ── may this token ─────────────────────────────────────────────────────── */

static bool may_write(void *with, char sign, const struct row_id *row, const struct area *where, struct fail *f)
{
    const struct api_call *x = with;
    const struct api_right *right = api_right_of(row->kind);

    (void)sign;
    return (right != NULL && api_may(x, right->write, where)) ||
           fail_told(f, FAIL_DENIED, "access_denied", "the role of this token may not write such a row there",
                     "may not write a %.*s", STR_ARG(row->kind));
}

/* Nobody gives more than they have, nor takes it away, nor becomes who has it. */
static bool may_give(void *with, enum role role, const struct area *where, struct fail *f)
{
    const struct api_call *x = with;
    enum console_action lacks =
        role == ROLE_NONE ? MAY_NONE : policy_may_not_give(x->registry, &x->person, role, where, &x->now);

    return lacks == MAY_NONE ||
           fail_told(f, FAIL_DENIED, "more_than_own",
                     "it gives, takes away or hands over a role that brings more than the token has",
                     "the role %s brings %s, which the token has not", role_name(role), console_action_name(lacks));
}

/* ── on a worker thread ─────────────────────────────────────────────────── */

static bool is_listed(struct str list, struct str tag)
{
    struct str one;

    while (str_split(&list, ',', &one))
        if (str_eq(str_trim(one), S("*")) || str_eq(str_trim(one), tag))
            return true;
    return false;
}

/* [RFC 9110 13.1] */
static bool is_as_expected(struct api_call *x, struct arena *a, struct fail *f)
{
    struct str tag = x->was_there ? api_etag(a, &x->about, &x->seen) : S("");

    if (str_is_set(x->if_match) && (!x->was_there || !is_listed(x->if_match, tag)))
        return fail(f, FAIL_CONFLICT, API_PRECONDITION, "the row is not as If-Match says it: read it again");
    if (str_is_set(x->if_none_match) && x->was_there && is_listed(x->if_none_match, tag))
        return fail(f, FAIL_CONFLICT, API_PRECONDITION,
                    "there is such a row already, which If-None-Match says there "
                    "must not be");
    return true;
}

static bool look(struct api_call *x, struct db *d, struct arena *a, const struct row_id *row, struct row_seen *seen,
                 bool *is_there, int64_t *version, struct fail *f)
{
    struct fail why = { 0 };

    *is_there = row_look(d, a, &x->area, row, seen, version, &why);
    if (*is_there || why.kind == FAIL_NOT_FOUND)
        return true;
    *f = why;
    return false;
}

/* Of a row that is put: what the field is to say; absent: not said. */
static struct str field_wanted(const struct api_write *w, const char *name)
{
    for (size_t i = 0; i < w->field_count; i++)
        if (str_eq(w->fields[i].name, str_of(name)))
            return w->fields[i].value;
    return (struct str){ NULL, 0 };
}

/* The same change as in the console: what opened by the decision goes with it (gateway/console/take.c). */
static bool take_policy_away(struct api_call *x, struct db *d, struct arena *a, const struct row_seen *was,
                             struct fail *f)
{
    const struct row_id policy = { S("policy"), { row_field(was, "policy")->value } };
    struct row_seen seen;
    bool is_there;
    int64_t version;

    if (!str_is_set(policy.key[0]))
        return true;
    for (size_t i = 0; i < x->write_count; i++)
        if (str_eq(x->writes[i].row.kind, policy.kind) && str_eq(x->writes[i].row.key[0], policy.key[0]))
            return true; /* said by the caller */
    if (!look(x, d, a, &policy, &seen, &is_there, &version, f))
        return false;
    if (!is_there || !str_eq(row_field(&seen, "provider")->value, row_field(was, "provider")->value) ||
        row_field(&seen, "school")->is_set)
        return true;
    struct api_write *more = arena_make_n(a, x->write_count + 1, struct api_write);
    memcpy(more, x->writes, x->write_count * sizeof *more);
    more[x->write_count++] =
        (struct api_write){ .right = api_right_of(policy.kind), .row = policy, .remove = true, .takes_away = true };
    x->writes = more;
    return true;
}

/* A decision is withdrawn: bounds.c sees to it that nothing else of it alters. */
static bool withdraws(struct api_call *x, struct db *d, struct arena *a, size_t which, const struct row_seen *was,
                      struct fail *f)
{
    struct api_write *w = &x->writes[which];

    if (w->remove || !str_eq(w->row.kind, S("permission")) || row_field(was, "withdrawn")->is_set ||
        !str_is_set(field_wanted(w, "withdrawn")))
        return true;
    w->takes_away = true;
    return take_policy_away(x, d, a, was, f);
}

/* What each row was, and the version that all of it is made from: the oldest, so that nothing slips in between. */
static bool look_before(struct api_call *x, struct db *d, struct arena *a, int64_t *version, struct fail *f)
{
    const size_t n = x->write_count; /* of the caller's own */

    *version = 0;
    for (size_t i = 0; i < n; i++) {
        struct row_seen seen;
        bool is_there;
        int64_t now;
        if (!look(x, d, a, &x->writes[i].row, &seen, &is_there, &now, f))
            return false;
        *version = *version == 0 || now < *version ? now : *version;
        x->seen = seen;
        x->was_there = is_there;
        if (is_there && !withdraws(x, d, a, i, &seen, f))
            return false;
    }
    if (!x->names_row)
        return true;
    return is_as_expected(x, a, f) && (x->was_there || !x->writes[0].remove ||
                                       fail(f, FAIL_NOT_FOUND, "no_row", "there is no such %s", x->about.kind));
}

static bool must_wait(const struct api_call *x)
{
    for (size_t i = 0; i < x->write_count; i++)
        if (x->writes[i].right->how == API_WAITS && !x->writes[i].takes_away && !x->token->at_once)
            return true;
    return false;
}

/* A draft of this very token that has the first row already: asked again, it is written again and no second one. */
static bool own_draft(struct api_call *x, struct db *d, struct arena *a, struct edit_from *from, struct fail *f)
{
    struct draft open;
    struct fail why = { 0 };
    int64_t number, edition;

    if (!draft_of_row(d, a, x->by.who, &x->writes[0].row, &number, &edition, f))
        return false;
    if (number == 0)
        return true;
    if (!draft_look(d, a, &x->area, number, &open, &why))
        return why.kind == FAIL_CALLER || (*f = why, false); /* another area's is as if it were not there */
    if (str_eq(open.acting_as, x->by.acting_as))
        *from = (struct edit_from){ .draft = number, .edition = edition };
    return true;
}

static void note_down(const struct api_call *x, struct edit *e)
{
    for (size_t i = 0; i < x->write_count; i++)
        if (x->writes[i].remove)
            edit_remove(e, &x->writes[i].row);
        else
            edit_put(e, &x->writes[i].row, x->writes[i].fields, x->writes[i].field_count);
}

static bool run_as(struct api_call *x, struct db *d, struct arena *a, const struct edit_from *from, enum edit_act act,
                   struct fail *f)
{
    struct edit *e = edit_new(&x->by, from);
    bool good;

    note_down(x, e);
    good = edit_run(e, d, a, &x->how, act, &x->result, f);
    edit_free(e);
    return good;
}

static bool alters(const struct api_call *x)
{
    const struct change_report *r = &x->result.report;

    return r->added + r->changed + r->removed > 0;
}

static bool propose(struct api_call *x, struct db *d, struct arena *a, const struct edit_from *seen, struct fail *f)
{
    struct edit_from from = *seen;
    struct edit_result moved;

    if (!own_draft(x, d, a, &from, f) || !run_as(x, d, a, &from, EDIT_KEEP, f))
        return false;
    x->draft_number = x->result.draft;
    const struct draft_move move = { .number = x->result.draft, .edition = x->result.edition, .act = DRAFT_PROPOSE };
    return draft_do(d, a, &x->by, &move, &moved, f);
}

static bool apply_sql(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct api_call *x = with;
    struct edit_from from = { 0 };
    int64_t version;

    if (!look_before(x, d, a, &from.version, f) || !run_as(x, d, a, &from, EDIT_CHECK, f))
        return false;
    if (x->dry_run || !alters(x))
        return true;
    if (must_wait(x))
        return propose(x, d, a, &from, f);
    if (!run_as(x, d, a, &from, EDIT_APPLY, f)) {
        if (strcmp(f->code, "ungated") != 0)
            return false;
        *f = (struct fail){ 0 }; /* somebody reads the report of its gate first, or says why without */
        return propose(x, d, a, &from, f);
    }
    return !x->names_row || look(x, d, a, &x->row, &x->seen, &x->is_there, &version, f);
}

static enum step ask(struct ctx *c, struct fail *f)
{
    struct api_call *x = api_call(c);

    x->how = (struct edit_how){
        .world = c->world, .seals = c->seals, .may = may_write, .gives = may_give, .look = api_bounds, .with = x
    };
    x->is_there = true;
    return api_ask(c, apply_sql, f);
}

/* Whoever reads next, on whichever loop, reads it as it has become. */
static enum step wait_for_it(struct ctx *c, struct fail *f)
{
    const struct api_call *x = api_call(c);

    if (!x->got.ok)
        return api_refused(c, f);
    if (x->dry_run || x->draft_number != 0 || !alters(x))
        return NEXT;
    return desk_wait(c->desk, c->work, &c->batch, c->arena, x->result.report.version) ? WAIT : NEXT;
}

const struct step_row api_apply[] = { { ask }, { wait_for_it }, { NULL } };

/* ── refused ────────────────────────────────────────────────────────────── */

static void put_trouble(struct ctx *c, struct json_out *o, const struct edit_trouble *t)
{
    bool two = str_is_set(t->row.key[1]);

    json_begin_object(o);
    json_put_str(o, S("row"),
                 arena_printf(c->arena, "%.*s %.*s%s%.*s", STR_ARG(t->row.kind), STR_ARG(t->row.key[0]), two ? "/" : "",
                              STR_ARG(two ? t->row.key[1] : S(""))));
    json_put_str(o, S("field"), t->field);
    json_put_str(o, S("code"), str_of(t->code));
    json_put_str(o, S("says"), t->says);
    json_end_object(o);
}

static enum step say_troubles(struct ctx *c, const struct fail *why, struct fail *f)
{
    const struct api_call *x = api_call(c);
    struct json_out o = json_out(c->arena, API_ANSWER_MAX_B);

    json_begin_object(&o);
    json_put_str(&o, S("error"), S("invalid_row"));
    json_put_str(&o, S("error_description"), answer_description(c, why));
    json_key(&o, S("troubles"));
    json_begin_array(&o);
    for (size_t i = 0; i < x->result.trouble_count; i++)
        put_trouble(c, &o, &x->result.troubles[i]);
    json_end_array(&o);
    json_end_object(&o);
    return api_json(c, 400, &o, f);
}

/* What a precondition refuses has a status of its own [RFC 9110 15.5.13]. */
static enum step say_precondition(struct ctx *c, const struct fail *why, struct fail *f)
{
    const struct api_call *x = api_call(c);
    struct json_out o = json_out(c->arena, API_ANSWER_MAX_B);
    bool is_shown = x->was_there && api_may(x, x->right->read, &x->area);

    json_begin_object(&o);
    json_put_str(&o, S("error"), S(API_PRECONDITION));
    json_put_str(&o, S("error_description"), answer_description(c, why));
    json_put_str(&o, S("expected"), str_is_set(x->if_match) ? x->if_match : x->if_none_match);
    if (is_shown) { /* both: as it is, and as it was wanted */
        struct str tag = api_etag(c->arena, &x->about, &x->seen);
        http_header_set(c->res, S("ETag"), tag);
        json_put_str(&o, S("etag"), tag);
        json_key(&o, S("row"));
        api_write_row(&o, &x->about, &x->seen);
    }
    if (!x->writes[0].remove) {
        json_key(&o, S("wanted"));
        api_write_wanted(&o, &x->about, &x->writes[0]);
    }
    json_end_object(&o);
    return api_json(c, 412, &o, f);
}

enum step api_refused(struct ctx *c, struct fail *f)
{
    const struct api_call *x = api_call(c);
    const struct fail *why = &x->got.why;

    if (strcmp(why->code, API_PRECONDITION) == 0)
        return say_precondition(c, why, f);
    if (why->kind == FAIL_CALLER && x->result.trouble_count > 0)
        return say_troubles(c, why, f);
    if (strcmp(why->code, "not_yours") == 0)
        return fail_told(f, FAIL_DENIED, "access_denied", "some of it stands outside the area of this token", "%s",
                         why->detail);
    *f = *why;
    return REFUSE;
}
