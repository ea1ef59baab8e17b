/* SPDX-License-Identifier: EUPL-1.2
 * Metadata of services that speak SAML: where they come from, how old they are, and what an address that nobody signs
 * says anew, which waits here until somebody approves or rejects it (idp-adapters/approval.h).  Of the whole country
 * alone. */
#include "console/texts.h"
#include "gateway/answer.h"
#include "gateway/console/acts.h"
#include "gateway/console/door.h"
#include "gateway/session/done.h"
#include "idp-adapters/approval.h"
#include "idp-adapters/sources.h"
#include "idp-adapters/upstream_service.h"
#include "model/when.h"
#include "wire/form.h"
#include "wire/http.h"

enum { ROWS_SHOWN = 400, WHO_MAX = 120 };

static const struct str here = S("/admin/metadata");

static bool is_nation(const struct ctx *c)
{
    return console_provider(c) == NULL;
}

static struct str moment(struct ctx *c, int64_t at_s)
{
    return at_s > 0 ? when_full(c->arena, at_s, c->lang) : (struct str){ NULL, 0 };
}

/* ── all of them ────────────────────────────────────────────────────────── */

static struct metadata_source_row source_row(struct ctx *c, const struct metadata_source *source)
{
    struct source_state *st = arena_make(c->arena, struct source_state);

    sources_state(c->upstreams != NULL ? upstreams_sources(c->upstreams) : NULL, source->id, st);
    return (struct metadata_source_row){ .id = source->id,
                                         .from = str_is_set(source->url) ? source->url : source->file,
                                         .by_mdq = source->kind == SOURCE_MDQ,
                                         .off = !source->enabled,
                                         .entities = arena_printf(c->arena, "%zu", st->entities),
                                         .read = moment(c, st->read_s),
                                         .until = moment(c, st->valid_until_s),
                                         .error = str_of(st->error),
                                         .detail = str_of(st->detail) };
}

static const struct saml_service_metadata *kept_of(struct ctx *c, const struct service *s)
{
    return upstream_service_kept(c->upstreams, c->arena, s);
}

static struct metadata_service_row service_row(struct ctx *c, const struct service *s)
{
    const struct saml_service_metadata *m = kept_of(c, s);
    struct upstream_got got = { .value = NULL };

    if (c->upstreams != NULL)
        upstream_service_look(upstreams_store(c->upstreams), c->arena, s, &got);
    return (struct metadata_service_row){
        .id = s->id,
        .name = names_in(&s->names, c->lang),
        .from = str_is_set(s->saml.metadata_url) ? s->saml.metadata_url : s->saml.metadata_from,
        .fetched = moment(c, got.fetched_s),
        .error = str_of(got.trouble != NULL                                 ? got.trouble
                        : m == NULL && got.error != NULL && got.tried_s > 0 ? got.error
                                                                            : ""),
        .waits = m != NULL && approval_waiting(c->arena, s, m) > 0,
        .known = m != NULL,
        .judged = approval_possible(s),
        .open = approval_possible(s) && !approval_binds(s),
    };
}

static void put_rows(struct ctx *c, struct metadata_view *v)
{
    const struct registry_parts *p = registry_parts(c->registry);
    struct metadata_source_row *sources = arena_make_n(c->arena, p->source_count + 1, struct metadata_source_row);
    struct metadata_service_row *rows = arena_make_n(c->arena, ROWS_SHOWN, struct metadata_service_row);

    for (size_t i = 0; i < p->source_count; i++)
        sources[v->sources.n++] = source_row(c, &p->sources[i]);
    for (size_t i = 0; i < p->service_count && v->rows.n < ROWS_SHOWN; i++)
        if (p->services[i].protocol == PROTO_SAML && !str_is_set(p->services[i].saml.metadata_xml))
            rows[v->rows.n++] = service_row(c, &p->services[i]);
    v->sources.at = sources;
    v->rows.at = rows;
}

static enum step show_all(struct ctx *c, struct fail *f)
{
    struct metadata_view v = { .sources = { NULL, 0 } };

    (void)f;
    if (!is_nation(c))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    console_page_for(c, PLACE_RIGHTS, true, here, &v.con);
    v.con.sub = SUB_METADATA;
    put_rows(c, &v);
    return answer_page(c, 200, page_metadata(c->arena, &v));
}

const struct step_row admin_metadata[] = { { console_door }, { show_all }, { NULL } };

/* ── one of them ────────────────────────────────────────────────────────── */

static const struct service *service_here(const struct ctx *c)
{
    const struct service *s = registry_service(c->registry, c->req->param);

    return is_nation(c) && s != NULL && s->protocol == PROTO_SAML && approval_possible(s) ? s : NULL;
}

static struct str page_at(struct ctx *c, const struct service *s)
{
    return arena_printf(c->arena, "%.*s/%.*s", STR_ARG(here), STR_ARG(s->id));
}

static enum step show_one(struct ctx *c, const struct service *s, struct metadata_one_view *v, int status)
{
    const struct saml_service_metadata *m = kept_of(c, s);
    struct facts all = m != NULL ? approval_facts(c->arena, s, m) : (struct facts){ NULL, 0 };
    struct metadata_fact_row *rows = arena_make_n(c->arena, all.n + 1, struct metadata_fact_row);

    console_page_for(c, PLACE_RIGHTS, true, page_at(c, s), &v->con);
    v->con.sub = SUB_METADATA;
    v->id = s->id;
    v->name = names_in(&s->names, c->lang);
    v->from = s->saml.metadata_url;
    v->bound = approval_binds(s);
    v->fresh = console_fresh(c);
    v->version = arena_printf(c->arena, "%lld", (long long)registry_parts(c->registry)->version);
    for (size_t i = 0; i < all.n; i++)
        rows[v->facts.n++] = (struct metadata_fact_row){ .text = all.at[i].text,
                                                         .number = arena_printf(c->arena, "%zu", i),
                                                         .waits = v->bound && all.at[i].is == APPROVAL_WAITS,
                                                         .rejected = v->bound && all.at[i].is == APPROVAL_REJECTED };
    v->facts.at = rows;
    return answer_page(c, status, page_metadata_one(c->arena, v));
}

static enum step show_service(struct ctx *c, struct fail *f)
{
    const struct service *s = service_here(c);
    struct metadata_one_view v = { .said = done_was(c, "approved")   ? METADATA_SAID_APPROVED
                                           : done_was(c, "rejected") ? METADATA_SAID_REJECTED
                                           : done_was(c, "pinned")   ? METADATA_SAID_PINNED
                                                                     : METADATA_SAID_NOTHING };

    (void)f;
    return s != NULL ? show_one(c, s, &v, 200) : console_refuse(c, FAIL_NOT_FOUND, "not_found");
}

const struct step_row admin_metadata_one[] = { { console_door }, { show_service }, { NULL } };

/* ── approved, rejected, or all of it as it stands ──────────────────────── */

struct judging { /* c->state */
    const struct service *service;
    struct str who;
    const char *done;
    struct act act;
};

/* The list as a form has it, with that text in it (once, at its end) or without. */
static struct str listed(struct ctx *c, const struct strs *list, struct str text, bool is_in)
{
    struct strs made = { NULL, 0 };

    for (size_t i = 0; i < list->n; i++)
        if (!str_eq(list->at[i], text))
            strs_add(c->arena, &made, list->at[i]);
    if (is_in)
        strs_add(c->arena, &made, text);
    return strs_joined(c->arena, &made, '\n');
}

static struct str all_of(struct ctx *c, const struct facts *facts)
{
    struct strs made = { NULL, 0 };

    for (size_t i = 0; i < facts->n; i++)
        strs_add(c->arena, &made, facts->at[i].text);
    return strs_joined(c->arena, &made, '\n');
}

/* What its metadata say now, by that very text: a form that is older than them judges nothing. */
static bool is_said(const struct facts *facts, struct str text)
{
    for (size_t i = 0; i < facts->n; i++)
        if (str_eq(facts->at[i].text, text))
            return true;
    return false;
}

static enum step again(struct ctx *c, const struct judging *x, enum metadata_said what, int status)
{
    struct metadata_one_view v = { .said = what, .who = x->who };

    return show_one(c, x->service, &v, status);
}

/* False: there is no such act, or no such fact any more. */
static bool fields_of(struct ctx *c, struct judging *x, struct edit_field fields[2])
{
    const struct service *s = x->service;
    const struct saml_service_metadata *m = kept_of(c, s);
    const struct facts facts = m != NULL ? approval_facts(c->arena, s, m) : (struct facts){ NULL, 0 };
    struct str act = form_get(c->body, S("act")), fact = form_get(c->body, S("fact"));
    bool pins = str_eq(act, S("pin")) && !approval_binds(s) && facts.n > 0, known = is_said(&facts, fact);
    bool approves = known && str_eq(act, S("approve")), rejects = known && str_eq(act, S("reject"));

    x->done = pins ? "pinned" : approves ? "approved" : "rejected";
    fields[0] = (struct edit_field){ S("metadata_approved"),
                                     pins ? all_of(c, &facts) : listed(c, &s->saml.approved, fact, approves) };
    fields[1] = (struct edit_field){ S("metadata_rejected"), listed(c, &s->saml.rejected, fact, rejects) };
    return pins || approves || (rejects && approval_binds(s));
}

static enum step ask_judge(struct ctx *c, struct fail *f)
{
    struct judging *x = arena_make(c->arena, struct judging);
    struct edit_field fields[2];

    c->state = x;
    x->service = service_here(c);
    x->who = act_field(c->body, S("who"), WHO_MAX);
    if (x->service == NULL)
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    if (!fields_of(c, x, fields))
        return again(c, x, METADATA_SAID_GONE, 409);
    if (!str_is_set(x->who))
        return again(c, x, METADATA_SAID_WHO, 400);
    if (!console_fresh(c))
        return console_log_in_again(c, page_at(c, x->service), f);
    struct str why =
        arena_printf(c->arena, "%.*s: %.*s", STR_ARG(said(C_metadata_was_read_by, c->lang)), STR_ARG(x->who));
    const struct row_id row = { S("service"), { x->service->id, { NULL, 0 } } };
    edit_put(act_begin(c, &x->act, NULL, why), &row, fields, 2);
    return act_run(c, &x->act, EDIT_APPLY, f);
}

static enum step note(struct ctx *c, struct fail *f)
{
    (void)f;
    return act_note(c, &((struct judging *)c->state)->act.got);
}

static enum step wait_for_it(struct ctx *c, struct fail *f)
{
    const struct act *x = &((struct judging *)c->state)->act;

    (void)f;
    return x->got.ok && desk_wait(c->desk, c->work, &c->batch, c->arena, x->result.report.version) ? WAIT : NEXT;
}

static enum step say_judged(struct ctx *c, struct fail *f)
{
    struct judging *x = c->state;

    if (x->act.got.ok)
        return done_go(c, page_at(c, x->service), x->done, S(""));
    if (x->act.got.why.kind == FAIL_CONFLICT)
        return again(c, x, METADATA_SAID_GONE, 409);
    *f = x->act.got.why;
    return REFUSE;
}

const struct step_row admin_metadata_judge[] = { { console_door }, { ask_judge },  { note },
                                                 { wait_for_it },  { say_judged }, { NULL } };
