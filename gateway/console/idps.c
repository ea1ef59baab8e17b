/* SPDX-License-Identifier: EUPL-1.2
 * Identity providers: how each is, what fails there and what mends it; switched off and on. */
#include "console/texts.h"
#include "frame/words.h"
#include "gateway/answer.h"
#include "gateway/console/done.h"
#include "gateway/console/door.h"
#include "gateway/console/health.h"
#include "gateway/console/lines.h"
#include "idp-adapters/refusals.h"
#include "model/when.h"
#include "registry/edit.h"
#include "registry/registry.h"
#include "wire/form.h"
#include "wire/http.h"

#include <stdlib.h>

enum { ROWS_A_PAGE = 40, NAME_MAX_B = 1024, WHY_MAX_B = 200, HERE_MAX_B = 2048 };

/* NULL: there is none of that id in the area; who may not see it does not learn that it is there. */
static const struct idp *idp_in_area(const struct ctx *c, struct str id)
{
    const struct idp *idp = registry_idp(c->registry, id);
    const struct area *area = &c->console->area;

    if (idp == NULL || !str_is_set(area->provider))
        return idp;
    return idp->provider != NULL && str_eq(idp->provider->id, area->provider) ? idp : NULL;
}

/* It is the municipality's, whoever of a school may see it. */
static bool may_change(const struct ctx *c, const struct idp *idp)
{
    const struct area whose = { .provider = idp->provider != NULL ? idp->provider->id : (struct str){ NULL, 0 } };

    return console_may_in(c, MAY_MANAGE_IDENTITY_PROVIDERS, &whose);
}

static struct str kind_name(const struct ctx *c, const struct idp *idp)
{
    return idp->kind == IDP_SAML   ? S("SAML")
           : idp->kind == IDP_OIDC ? S("OpenID Connect")
                                   : said(C_kind_local, c->lang);
}

static struct str provider_name(const struct ctx *c, const struct idp *idp)
{
    return idp->provider != NULL ? names_in(&idp->provider->names, c->lang) : S("");
}

/* ── all of them ────────────────────────────────────────────────────────── */

struct listed {
    const struct idp *idp;
    struct health how;
    struct str key;
};

/* Cities that are unwell come first. */
static int by_need(const void *x, const void *y)
{
    const struct listed *a = x, *b = y;

    if (a->how.vital != b->how.vital)
        return (a->how.vital < b->how.vital) - (a->how.vital > b->how.vital);
    return str_cmp(a->key, b->key);
}

static bool is_wanted(struct ctx *c, const struct idp *idp, struct str query)
{
    struct buf folded = buf_new(c->arena, NAME_MAX_B);

    if (!str_is_set(query))
        return true;
    words_fold(&folded, names_in(&idp->names, c->lang));
    buf_byte(&folded, ' ');
    words_fold(&folded, idp->id);
    return words_all_in(buf_str(&folded), query);
}

static size_t list_of(struct ctx *c, struct str query, struct listed *out)
{
    const struct registry_parts *parts = registry_parts(c->registry);
    const struct tally_rows tally = tally_read(c->tally, c->arena, (struct str){ NULL, 0 }, c->now_s);
    size_t n = 0;

    for (size_t i = 0; i < parts->idp_count; i++) {
        const struct idp *idp = &parts->idps[i];
        if (idp_in_area(c, idp->id) != NULL && is_wanted(c, idp, query))
            out[n++] = (struct listed){ idp, health_of(c, idp, &tally),
                                        words_sort_key(c->arena, names_in(&idp->names, c->lang), c->lang) };
    }
    qsort(out, n, sizeof *out, by_need);
    return n;
}

static struct idp_row row_of(struct ctx *c, const struct listed *x)
{
    return (struct idp_row){ .id = x->idp->id,
                             .name = names_in(&x->idp->names, c->lang),
                             .provider = provider_name(c, x->idp),
                             .kind = kind_name(c, x->idp),
                             .vital = x->how.vital,
                             .ok = lines_number(c, x->how.ok),
                             .failed = lines_number(c, x->how.failed),
                             .off = !x->idp->enabled };
}

static enum step show_all(struct ctx *c, struct fail *f)
{
    struct idps_view v = { .q = form_get(c->query, S("q")) };
    struct listed *list = arena_make_n(c->arena, registry_parts(c->registry)->idp_count + 1, struct listed);
    size_t n = list_of(c, words_query(c->arena, v.q), list), shown = 0;
    struct idp_row *rows = arena_make_n(c->arena, ROWS_A_PAGE, struct idp_row);
    int64_t from = 0;

    (void)f;
    if (!str_int(form_get(c->query, S("from")), &from) || from < 0 || (size_t)from >= n)
        from = 0;
    for (; shown < ROWS_A_PAGE && (size_t)from + shown < n; shown++)
        rows[shown] = row_of(c, &list[(size_t)from + shown]);
    struct buf here = buf_new(c->arena, HERE_MAX_B);
    buf_add(&here, S("/admin/idps"));
    if (str_is_set(v.q))
        url_query(&here, S("q"), v.q);
    console_page_for(c, PLACE_IDPS, false, buf_ok(&here) ? buf_str(&here) : S("/admin/idps"), &v.con);
    v.rows.at = rows;
    v.rows.n = shown;
    v.total = lines_number(c, (int64_t)n);
    v.first = lines_number(c, from + 1);
    v.last = lines_number(c, from + (int64_t)shown);
    v.next = (size_t)from + shown < n ? from + ROWS_A_PAGE : 0;
    v.previous = from > ROWS_A_PAGE ? from - ROWS_A_PAGE : 0;
    return answer_page(c, 200, page_idps(c->arena, &v));
}

const struct step_row admin_idps[] = { { console_door }, { show_all }, { NULL } };

/* ── one of them ────────────────────────────────────────────────────────── */

static void put_failures(struct ctx *c, const struct idp *idp, struct idp_view *v)
{
    const struct tally_rows tally = tally_read(c->tally, c->arena, idp->id, c->now_s);
    struct failure_row *rows = arena_make_n(c->arena, tally.n + 1, struct failure_row);
    int64_t ok = 0, failed = 0;

    for (size_t i = 0; i < tally.n; i++) {
        const struct tally_row *t = &tally.at[i];
        if (str_eq(t->code, S(TALLY_OK))) {
            ok += t->n;
            continue;
        }
        const struct refusal_row *known = refusal_of(arena_cstr(c->arena, t->code));
        failed += t->n;
        rows[v->failures.n++] = (struct failure_row){ .code = t->code,
                                                      .n = lines_number(c, t->n),
                                                      .since = when_full(c->arena, t->first_s, c->lang),
                                                      .what = health_kind(t->code),
                                                      .mend = str_of(known != NULL ? known->mend : "") };
    }
    v->failures.at = rows;
    v->quiet = ok + failed == 0;
    v->ok = lines_number(c, ok);
    v->failed = lines_number(c, failed);
}

static enum step show_idp(struct ctx *c, const struct idp *idp, enum idp_said said_, struct str why)
{
    struct document_row *documents = arena_make_n(c->arena, 2, struct document_row);
    struct idp_view v = { .id = idp->id,
                          .name = names_in(&idp->names, c->lang),
                          .provider = provider_name(c, idp),
                          .kind = kind_name(c, idp),
                          .enabled = idp->enabled,
                          .test = idp->test,
                          .may_change = may_change(c, idp),
                          .fresh = console_fresh(c),
                          .why = why,
                          .version = registry_parts(c->registry)->version,
                          .said = said_ };

    console_page_for(c, PLACE_IDPS, true, arena_join(c->arena, S("/admin/idps/"), idp->id), &v.con);
    v.documents.at = documents;
    v.documents.n = health_documents(c, idp, documents);
    put_failures(c, idp, &v);
    return answer_page(c, said_ == IDP_SAID_WHY ? 400 : said_ == IDP_SAID_CHANGED ? 409 : 200, page_idp(c->arena, &v));
}

static enum idp_said said_of(struct str word)
{
    static const char *const words[] = {
        [IDP_SAID_DISABLED] = "disabled", [IDP_SAID_ENABLED] = "enabled", [IDP_SAID_REFRESH] = "refresh"
    };

    for (size_t i = 1; i < sizeof words / sizeof *words; i++)
        if (str_eq(word, str_of(words[i])))
            return (enum idp_said)i;
    return IDP_SAID_NOTHING;
}

static enum step show_one(struct ctx *c, struct fail *f)
{
    const struct idp *idp = idp_in_area(c, c->req->param);

    (void)f;
    if (idp == NULL)
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    return show_idp(c, idp, said_of(done_here(c, NULL)), form_get(c->query, S("why")));
}

const struct step_row admin_idp[] = { { console_door }, { show_one }, { NULL } };

/* ── switching it off and on ────────────────────────────────────────────── */

struct switching { /* c->state */
    const struct idp *idp;
    struct edit *edit;
    struct edit_how how;
    struct edit_result result;
    struct desk_got got;
    bool refresh, on;
    struct str why;
};

static bool run(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct switching *x = with;

    if (x->refresh)
        return registry_refresh(d, x->idp->id, f);
    return edit_run(x->edit, d, a, &x->how, EDIT_APPLY, &x->result, f);
}

static void free_edit(void *e)
{
    edit_free(e);
}

static void note_edit(struct ctx *c, struct switching *x)
{
    const struct change_by by = console_by(c, MAKER_console, x->why);
    struct change_by *kept = arena_make(c->arena, struct change_by);
    struct edit_from from = { 0 };
    const struct row_id row = { .kind = S("idp"), .key = { x->idp->id } };
    const struct edit_field field = { S("enabled"), x->on ? S("true") : S("false") };

    *kept = by;
    (void)str_int(form_get(c->body, S("version")), &from.version);
    x->how = (struct edit_how){ .world = c->world, .seals = c->seals };
    x->edit = edit_new(kept, &from);
    arena_adopt(c->arena, x->edit, free_edit);
    edit_put(x->edit, &row, &field, 1);
}

/* Back to the page of this form, with what was typed. */
static struct str page_of(struct ctx *c, const struct switching *x, struct str name, struct str value)
{
    struct buf b = buf_new(c->arena, HERE_MAX_B);

    buf_add(&b, arena_join(c->arena, S("/admin/idps/"), x->idp->id));
    url_query(&b, name, value);
    return buf_ok(&b) ? buf_str(&b) : S("/admin/idps");
}

static enum step ask_change(struct ctx *c, struct fail *f)
{
    struct switching *x = arena_make(c->arena, struct switching);
    struct str act = form_get(c->body, S("act"));

    c->state = x;
    x->idp = idp_in_area(c, c->req->param);
    if (x->idp == NULL || !may_change(c, x->idp))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    x->refresh = str_eq(act, S("refresh"));
    x->on = str_eq(act, S("enable"));
    x->why = str_sub(str_trim(form_get(c->body, S("why"))), 0, WHY_MAX_B);
    if (!x->refresh && !x->on && !str_eq(act, S("disable")))
        return fail(f, FAIL_CALLER, "invalid_request", "no such act");
    if (!x->refresh && !str_is_set(x->why))
        return show_idp(c, x->idp, IDP_SAID_WHY, x->why);
    if (!x->refresh && !console_fresh(c))
        return console_log_in_again(c, page_of(c, x, S("why"), x->why), f);
    if (!x->refresh)
        note_edit(c, x);
    return console_ask(c, run, x, &x->got, f);
}

static enum step say_changed(struct ctx *c, struct fail *f)
{
    const struct switching *x = c->state;

    if (!x->got.ok && x->got.why.kind == FAIL_CONFLICT)
        return show_idp(c, x->idp, IDP_SAID_CHANGED, x->why);
    if (!console_answered(&x->got, f))
        return REFUSE;
    return done_go(c, arena_join(c->arena, S("/admin/idps/"), x->idp->id),
                   x->refresh ? "refresh"
                   : x->on    ? "enabled"
                              : "disabled",
                   S(""));
}

const struct step_row admin_idp_change[] = { { console_door }, { ask_change }, { say_changed }, { NULL } };
