/* SPDX-License-Identifier: EUPL-1.2
 * Many rows at once, all or none; and drafts that wait. */
#include "gateway/api/api.h"

#include "gateway/answer.h"
#include "wire/form.h"
#include "wire/http.h"

#include <inttypes.h>

/* ── POST /api/v1/changes: {"why": …, "put": {"services/tori": {…}}, "remove": ["policies/p7"]} ── */

static bool read_path(struct ctx *c, struct str path, struct kind_about *about, struct api_write *out, struct fail *f)
{
    struct str rest = path, section, part;
    bool good = str_split(&rest, '/', &section) && kind_about_section(c->arena, section, about);

    out->right = good ? api_right_of(str_of(about->kind)) : NULL;
    if (out->right == NULL)
        return fail(f, FAIL_CALLER, "invalid_row", "\"%.*s\": no such kind of rows", STR_ARG(str_sub(path, 0, 100)));
    out->row.kind = str_of(about->kind);
    for (size_t i = 0; good && i < about->key_count; i++) {
        good = str_split(&rest, '/', &part);
        out->row.key[i] = part;
    }
    return (good && !str_split(&rest, '/', &part)) ||
           fail(f, FAIL_CALLER, "invalid_row", "\"%.*s\": a %s is named by %zu part(s) after %s/",
                STR_ARG(str_sub(path, 0, 100)), about->kind, about->key_count, about->section);
}

static bool read_put(struct ctx *c, const struct json_value *v, struct api_write *out, struct fail *f)
{
    struct kind_about about;

    if (!read_path(c, v->name, &about, out, f))
        return false;
    return v->type == JSON_OBJECT
               ? api_read_row(c->arena, &about, v, out, f)
               : fail(f, FAIL_CALLER, "invalid_row", "\"%.*s\": expected an object", STR_ARG(v->name));
}

static bool read_remove(struct ctx *c, const struct json_value *v, struct api_write *out, struct fail *f)
{
    struct kind_about about;

    out->remove = true;
    return v->type == JSON_STR ? read_path(c, v->text, &about, out, f)
                               : fail(f, FAIL_CALLER, "invalid_row", "remove: expected paths as texts");
}

static bool read_writes(struct ctx *c, struct api_call *x, const struct json_value *put,
                        const struct json_value *remove, struct fail *f)
{
    x->writes = arena_make_n(c->arena, (put != NULL ? put->count : 0) + (remove != NULL ? remove->count : 0) + 1,
                             struct api_write);
    for (const struct json_value *v = put != NULL ? put->first : NULL; v != NULL; v = v->next)
        if (!read_put(c, v, &x->writes[x->write_count++], f))
            return false;
    for (const struct json_value *v = remove != NULL ? remove->first : NULL; v != NULL; v = v->next)
        if (!read_remove(c, v, &x->writes[x->write_count++], f))
            return false;
    return true;
}

static enum step read_change(struct ctx *c, struct fail *f)
{
    struct api_call *x = api_call(c);
    const struct json_value *v = answer_json_body(c, "invalid_row", f);
    const struct json_value *put = json_get(v, S("put")), *remove = json_get(v, S("remove"));

    if (v == NULL)
        return REFUSE;
    if ((put != NULL && put->type != JSON_OBJECT) || (remove != NULL && remove->type != JSON_ARRAY))
        return fail(f, FAIL_CALLER, "invalid_row", "put is an object of rows by their paths, remove a list of paths");
    size_t n = (put != NULL ? put->count : 0) + (remove != NULL ? remove->count : 0);
    if (n == 0 || n > API_ROWS_MAX)
        return fail(f, FAIL_CALLER, "invalid_row", "expected 1 to %d rows in put and remove, here are %zu",
                    API_ROWS_MAX, n);
    x->by.why = str_chars(json_get_str(v, S("why")), CHANGE_WHY_MAX_B, CHANGE_WHY_MAX_B);
    x->dry_run = str_eq(form_get(c->query, S("dry_run")), S("true"));
    return read_writes(c, x, put, remove, f) ? step_into(c, api_apply) : REFUSE;
}

enum step api_say_change(struct ctx *c, struct fail *f)
{
    const struct api_call *x = api_call(c);
    const struct change_report *r = &x->result.report;
    struct json_out o = json_out(c->arena, API_ANSWER_MAX_B);
    struct str lines = r->lines, line;

    json_begin_object(&o);
    if (x->draft_number != 0) {
        json_put_int(&o, S("draft"), x->draft_number);
        json_put_str(&o, S("state"), S("proposed"));
        http_header_set(c->res, S("Location"), arena_printf(c->arena, API_ROOT "drafts/%" PRId64, x->draft_number));
    } else if (!x->dry_run) {
        json_put_int(&o, S("version"), r->version);
    }
    json_key(&o, S("rows"));
    json_begin_array(&o);
    while (str_split(&lines, '\n', &line))
        if (line.n > 0)
            json_str(&o, line);
    json_end_array(&o);
    json_end_object(&o);
    return api_json(c, x->draft_number != 0 ? 202 : 200, &o, f);
}

const struct step_row api_change[] = { { api_door }, { read_change }, { api_say_change }, { NULL } };

/* ── GET /api/v1/drafts/N ───────────────────────────────────────────────── */

static bool draft_sql(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct api_call *x = with;

    return draft_look(d, a, &x->area, x->draft_number, &x->draft, f) &&
           draft_rows(d, a, &x->area, x->draft_number, &x->draft_rows, f);
}

static enum step ask_draft(struct ctx *c, struct fail *f)
{
    struct api_call *x = api_call(c);

    if (!api_may(x, MAY_VIEW, &x->area))
        return fail(f, FAIL_DENIED, "access_denied", "the role of this token may not see drafts");
    if (!str_int(c->req->param, &x->draft_number) || x->draft_number <= 0)
        return fail(f, FAIL_NOT_FOUND, "not_found", "no such draft");
    return api_ask(c, draft_sql, f);
}

static enum step say_draft(struct ctx *c, struct fail *f)
{
    const struct api_call *x = api_call(c);
    struct json_out o = json_out(c->arena, API_ANSWER_MAX_B);

    if (!x->got.ok)
        return x->got.why.kind == FAIL_CALLER ? fail(f, FAIL_NOT_FOUND, "not_found", "no such draft")
                                              : (*f = x->got.why, REFUSE);
    json_begin_object(&o);
    json_put_int(&o, S("draft"), x->draft.number);
    json_put_str(&o, S("state"), str_of(draft_state_name(x->draft.state)));
    json_put_str(&o, S("why"), x->draft.why);
    json_put_str(&o, S("decided_why"), x->draft.decided_why);
    if (x->draft.change != 0)
        json_put_int(&o, S("version"), x->draft.change);
    json_key(&o, S("rows"));
    json_begin_array(&o);
    for (size_t i = 0; i < x->draft_rows.n; i++)
        json_str(&o, arena_printf(c->arena, "%c %.*s", x->draft_rows.at[i].sign, STR_ARG(x->draft_rows.at[i].row)));
    json_end_array(&o);
    json_end_object(&o);
    return api_json(c, 200, &o, f);
}

const struct step_row api_draft[] = { { api_door }, { ask_draft }, { say_draft }, { NULL } };
