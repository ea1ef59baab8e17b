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

enum { LINES_A_PAGE = 40, EXPORT_LINES = 10000, HERE_MAX_B = 2048 };

struct reading { /* c->state */
    struct registry *registry;
    struct area area;
    const char *dir;
    struct arena *arena;
    struct audit_search search;
    struct audit_finds found;
    struct fail why;
    bool ok;
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

static struct reading *reading_of(struct ctx *c, size_t most)
{
    struct reading *r = arena_make(c->arena, struct reading);

    c->state = r;
    *r = (struct reading){ .registry = c->registry,
                           .area = c->console->area,
                           .dir = arena_cstr(c->arena, arena_join(c->arena, c->set->state_dir, S("/audit"))),
                           .arena = arena_new(),
                           .search = { .event = str_trim(form_get(c->query, S("event"))),
                                       .service = str_trim(form_get(c->query, S("service"))),
                                       .idp = str_trim(form_get(c->query, S("idp"))),
                                       .support_code = str_trim(form_get(c->query, S("code"))),
                                       .most = most,
                                       .within = is_within } };
    arena_adopt(c->arena, r->arena, release_arena);
    r->search.with = r;
    if (!str_int(form_get(c->query, S("before")), &r->search.before) || r->search.before < 0)
        r->search.before = 0;
    return r;
}

static enum step write_look(struct ctx *c, struct fail *f)
{
    bool exports = str_eq(c->req->path, S("/admin/log/export"));

    (void)f;
    console_audit(c, "console", exports ? S("export_log") : S("read_log"), c->req->query);
    return WAIT;
}

static enum step ask(struct ctx *c, struct fail *f)
{
    struct reading *r = reading_of(c, str_eq(c->req->path, S("/admin/log/export")) ? EXPORT_LINES : LINES_A_PAGE);

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

static struct str query_of(struct ctx *c, const char *path, int64_t before)
{
    static const char *const kept[] = { "event", "service", "idp", "code" };
    struct buf b = buf_new(c->arena, HERE_MAX_B);

    buf_add(&b, str_of(path));
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (str_is_set(form_get(c->query, str_of(kept[i]))))
            url_query(&b, str_of(kept[i]), form_get(c->query, str_of(kept[i])));
    if (before != 0)
        url_query(&b, S("before"), arena_printf(c->arena, "%lld", (long long)before));
    return buf_ok(&b) ? buf_str(&b) : str_of(path);
}

static enum step show(struct ctx *c, struct fail *f)
{
    const struct reading *r = c->state;

    if (!read_well(r, f))
        return REFUSE;
    struct log_view v = { .event = r->search.event,
                          .service = r->search.service,
                          .idp = r->search.idp,
                          .code = r->search.support_code,
                          .may_export = console_may(c, MAY_EXPORT_LOG),
                          .export_at = query_of(c, "/admin/log/export", 0),
                          .older = r->found.next != 0 ? query_of(c, "/admin/log", r->found.next) : S("") };
    struct log_line *lines = arena_make_n(c->arena, r->found.n + 1, struct log_line);
    for (size_t i = 0; i < r->found.n; i++) {
        const struct audit_found *x = &r->found.at[i];
        lines[v.lines.n++] = (struct log_line){ .n = lines_number(c, x->n),
                                                .when = when_full(c->arena, x->at_s, c->lang),
                                                .event = x->event,
                                                .who = str_is_set(x->person) ? str_sub(x->person, 0, 8) : x->acting_as,
                                                .idp = x->idp,
                                                .what = str_is_set(x->service) ? x->service : x->row,
                                                .reason = str_is_set(x->reason) ? x->reason : x->rule,
                                                .code = x->support_code,
                                                .why = x->why };
    }
    v.lines.at = lines;
    console_page_for(c, PLACE_LOG, false, query_of(c, "/admin/log", r->search.before), &v.con);
    return answer_page(c, 200, page_log(c->arena, &v));
}

const struct step_row admin_log[] = { { console_door }, { write_look }, { ask }, { show }, { NULL } };

/* ── as a file ──────────────────────────────────────────────────────────── */

static enum step send(struct ctx *c, struct fail *f)
{
    const struct reading *r = c->state;
    size_t all = 1;

    if (!read_well(r, f))
        return REFUSE;
    for (size_t i = 0; i < r->found.n; i++)
        all += r->found.at[i].line.n + 1;
    struct buf b = buf_new(c->arena, all);
    for (size_t i = 0; i < r->found.n; i++) {
        buf_add(&b, r->found.at[i].line);
        buf_byte(&b, '\n');
    }
    http_header_set(c->res, S("Content-Disposition"), S("attachment; filename=\"audit.jsonl\""));
    http_body(c->res, 200, S("application/x-ndjson"), buf_str(&b));
    return DONE;
}

const struct step_row admin_log_export[] = { { console_door }, { write_look }, { ask }, { send }, { NULL } };
