/* SPDX-License-Identifier: EUPL-1.2
 * Rows: listed, read, put, removed. */
#include "gateway/api/api.h"

#include "base/codec.h"
#include "gateway/answer.h"
#include "wire/form.h"
#include "wire/http.h"

#include <inttypes.h>

enum { LIST_USUAL = 100, NEXT_MAX_B = 16384 };

static enum step may_read(struct ctx *c, struct fail *f)
{
    const struct api_call *x = api_call(c);

    return api_may(x, x->right->read, &x->area)
               ? NEXT
               : fail_told(f, FAIL_DENIED, "access_denied", "the role of this token may not read such rows",
                           "may not %s", console_action_name(x->right->read));
}

/* ── GET ────────────────────────────────────────────────────────────────── */

static bool list_sql(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct api_call *x = with;

    return row_list(d, a, &x->area, &x->list, &x->page, f);
}

static bool look_sql(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct api_call *x = with;
    int64_t version;

    return row_look(d, a, &x->area, &x->row, &x->seen, &version, f);
}

static bool read_after(struct ctx *c, struct api_call *x)
{
    struct str after = form_get(c->query, S("after")), rest = after;

    for (size_t i = 0; i < x->about.key_count && str_is_set(after); i++)
        if (!str_split(&rest, '/', &x->list.after[i]))
            return false;
    return true;
}

static enum step ask_list(struct ctx *c, struct api_call *x, struct fail *f)
{
    struct str limit = form_get(c->query, S("limit"));
    int64_t most = LIST_USUAL;

    x->list = (struct row_ask){ .kind = x->about.kind,
                                .search = form_get(c->query, S("search")),
                                .under = form_get(c->query, S("under")) };
    if (str_is_set(limit) && (!str_int(limit, &most) || most < 1 || most > API_LIST_MAX))
        return fail(f, FAIL_CALLER, "invalid_request", "limit: expected 1 to %d", API_LIST_MAX);
    if (!read_after(c, x))
        return fail(f, FAIL_CALLER, "invalid_request", "after: expected what \"next\" of the page before has");
    x->list.most = (size_t)most;
    return api_ask(c, list_sql, f);
}

static enum step ask_rows(struct ctx *c, struct fail *f)
{
    struct api_call *x = api_call(c);

    return x->names_row ? api_ask(c, look_sql, f) : ask_list(c, x, f);
}

static struct str path_of(struct ctx *c, const struct row_id *row)
{
    bool two = str_is_set(row->key[1]);

    return arena_printf(c->arena, "%.*s%s%.*s", STR_ARG(row->key[0]), two ? "/" : "",
                        STR_ARG(two ? row->key[1] : S("")));
}

static struct str next_page(struct ctx *c, const struct api_call *x)
{
    struct buf b = buf_new(c->arena, NEXT_MAX_B);

    buf_printf(&b, API_ROOT "%s", x->about.section);
    url_query(&b, S("after"), path_of(c, &x->page.at[x->page.n - 1].id));
    url_query(&b, S("limit"), arena_printf(c->arena, "%zu", x->list.most));
    url_query(&b, S("search"), x->list.search);
    url_query(&b, S("under"), x->list.under);
    return buf_ok(&b) ? buf_str(&b) : (struct str){ NULL, 0 };
}

static enum step say_list(struct ctx *c, struct api_call *x, struct fail *f)
{
    struct json_out o = json_out(c->arena, API_ANSWER_MAX_B);

    json_begin_object(&o);
    json_key(&o, S("rows"));
    json_begin_array(&o);
    for (size_t i = 0; i < x->page.n; i++) {
        json_begin_object(&o);
        json_put_str(
            &o, S("path"),
            arena_printf(c->arena, API_ROOT "%s/%.*s", x->about.section, STR_ARG(path_of(c, &x->page.at[i].id))));
        json_key(&o, S("row"));
        api_write_row(&o, &x->about, &x->page.at[i]);
        json_end_object(&o);
    }
    json_end_array(&o);
    if (x->page.more && x->page.n > 0)
        json_put_str(&o, S("next"), next_page(c, x));
    json_end_object(&o);
    return api_json(c, 200, &o, f);
}

static enum step say_row(struct ctx *c, struct api_call *x, int status, struct fail *f)
{
    struct json_out o = json_out(c->arena, API_ANSWER_MAX_B);

    api_write_row(&o, &x->about, &x->seen);
    http_header_set(c->res, S("ETag"), api_etag(c->arena, &x->about, &x->seen));
    return api_json(c, status, &o, f);
}

static enum step say_rows(struct ctx *c, struct fail *f)
{
    struct api_call *x = api_call(c);

    if (!x->got.ok) {
        *f = x->got.why;
        return REFUSE;
    }
    return x->names_row ? say_row(c, x, 200, f) : say_list(c, x, f);
}

const struct step_row api_show[] = { { api_door }, { api_path }, { may_read }, { ask_rows }, { say_rows }, { NULL } };

/* ── PUT, DELETE ────────────────────────────────────────────────────────── */

static enum step begin_write(struct ctx *c, struct fail *f)
{
    struct api_call *x = api_call(c);

    if (!x->names_row)
        return fail(f, FAIL_METHOD, "method_not_allowed",
                    "rows are written one by one, or by POST " API_ROOT "changes");
    x->writes = arena_make(c->arena, struct api_write);
    x->write_count = 1;
    x->writes[0] = (struct api_write){ .right = x->right, .row = x->row };
    x->if_match = http_field(c->req, S("If-Match"));
    x->if_none_match = http_field(c->req, S("If-None-Match"));
    x->by.why = str_chars(form_get(c->query, S("why")), CHANGE_WHY_MAX_B, CHANGE_WHY_MAX_B);
    x->dry_run = str_eq(form_get(c->query, S("dry_run")), S("true"));
    return NEXT;
}

static enum step read_row(struct ctx *c, struct fail *f)
{
    struct api_call *x = api_call(c);
    const struct json_value *v = answer_json_body(c, "invalid_row", f);

    if (v == NULL || !api_read_row(c->arena, &x->about, v, &x->writes[0], f))
        return REFUSE;
    return step_into(c, api_apply);
}

static enum step say_put(struct ctx *c, struct fail *f)
{
    struct api_call *x = api_call(c);

    return x->dry_run || x->draft_number != 0 ? api_say_change(c, f) : say_row(c, x, x->was_there ? 200 : 201, f);
}

const struct step_row api_put[] = { { api_door }, { api_path }, { begin_write }, { read_row }, { say_put }, { NULL } };

static enum step mark_removed(struct ctx *c, struct fail *f)
{
    (void)f;
    api_call(c)->writes[0].remove = true;
    return step_into(c, api_apply);
}

static enum step say_removed(struct ctx *c, struct fail *f)
{
    const struct api_call *x = api_call(c);

    if (x->dry_run || x->draft_number != 0)
        return api_say_change(c, f);
    c->res->status = 204;
    c->res->body = S("");
    return DONE;
}

const struct step_row api_remove[] = { { api_door },     { api_path },    { begin_write },
                                       { mark_removed }, { say_removed }, { NULL } };
