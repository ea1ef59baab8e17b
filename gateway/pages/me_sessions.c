/* SPDX-License-Identifier: EUPL-1.2
 * Where a person is signed in, told from the log; one of them ended, and what its services said to that.
 *
 * Which browser it is nobody knows but the person: they see when they signed in there and what they opened.  A session
 * is ended by its name (registry/marks.h), which is theirs where the log has a sign-in of theirs under it. */
#include "base/settings.h"
#include "base/work.h"
#include "gateway/answer.h"
#include "gateway/farewell_note.h"
#include "gateway/flow.h"
#include "gateway/pages/me_parts.h"
#include "gateway/pages/own_log.h"
#include "gateway/protocol.h"
#include "gateway/session/limits.h"
#include "gateway/session/session.h"
#include "model/when.h"
#include "registry/ends.h"
#include "wire/form.h"

enum { SID_MAX_B = 64 };

/* ── where ──────────────────────────────────────────────────────────────── */

static bool is_of(const struct audit_found *x, const char *event, struct str sid)
{
    return me_is(x, event) && str_eq(x->sid, sid);
}

static bool says(const struct audit_finds *day, const char *event, struct str sid)
{
    for (size_t i = 0; i < day->n; i++)
        if (is_of(&day->at[i], event, sid))
            return true;
    return false;
}

/* When they ended it from elsewhere; 0: they did not. */
static int64_t ended_at(const struct audit_finds *day, struct str sid)
{
    for (size_t i = 0; i < day->n; i++)
        if (me_is(&day->at[i], "end_session") && str_eq(day->at[i].reason, sid))
            return day->at[i].at_s;
    return 0;
}

static bool lived(const struct ctx *c, const struct audit_found *x)
{
    return me_is(x, "login") && str_is_set(x->sid) && !str_eq(x->sid, c->session->sid) &&
           x->at_s + c->set->session_max_s > c->now_s;
}

static bool is_marked(struct ctx *c, const struct audit_found *login)
{
    struct person p = *c->session->person;
    const struct session s = { .sid = login->sid, .began_s = login->at_s, .person = &p };

    p.idp = login->idp;
    return c->ends != NULL && ends_marked(c->ends, &s);
}

static void opened_in(struct ctx *c, const struct audit_finds *day, struct str sid, struct strs *services)
{
    for (size_t i = 0; i < day->n; i++) {
        const struct audit_found *x = &day->at[i];
        if (is_of(x, "open", sid) && str_is_set(x->service) && !strs_has(services, x->service))
            strs_add(c->arena, services, x->service);
    }
}

static struct str names_of(struct ctx *c, const struct strs *services)
{
    struct buf names = buf_new(c->arena, ME_LIST_MAX_B);

    for (size_t i = 0; i < services->n; i++)
        me_add_name(&names, me_service_name(c, services->at[i]));
    return buf_str(&names);
}

/* ── what its services said ─────────────────────────────────────────────── */

static bool can_hear(const struct ctx *c, struct str service)
{
    const struct service *s = registry_service(c->registry, service);
    const struct protocol *p = s != NULL ? protocol_of(c, s->protocol) : NULL;

    return p != NULL && p->hears != NULL && p->hears(c, s);
}

/* The newest line is true. */
static enum me_hears heard(const struct ctx *c, const struct audit_finds *day, struct str sid, struct str service)
{
    for (size_t i = 0; i < day->n; i++) {
        const struct audit_found *x = &day->at[i];
        if (is_of(x, "farewell", sid) && str_eq(x->service, service))
            return str_eq(x->reason, S(FAREWELL_NOTE_HEARD))   ? ME_HEARD
                   : str_eq(x->reason, S(FAREWELL_NOTE_WAITS)) ? ME_TELLING
                                                               : ME_LOST;
    }
    return can_hear(c, service) ? ME_TELLING : ME_DEAF;
}

static void put_ended(struct ctx *c, const struct audit_finds *day, struct str sid, const struct strs *services,
                      struct me_session *out)
{
    struct me_receipt *rows = arena_make_n(c->arena, services->n + 1, struct me_receipt);

    for (size_t i = 0; i < services->n; i++)
        rows[i] = (struct me_receipt){ me_service_name(c, services->at[i]), heard(c, day, sid, services->at[i]) };
    out->receipts.at = rows;
    out->receipts.n = services->n;
}

void me_put_sessions(struct ctx *c, const struct audit_finds *day, struct me_view *v)
{
    struct me_session *at = arena_make_n(c->arena, ME_SESSIONS_MAX, struct me_session);

    for (size_t i = 0; i < day->n && v->sessions.n < ME_SESSIONS_MAX; i++) {
        const struct audit_found *x = &day->at[i];
        struct strs services = { NULL, 0 };
        if (!lived(c, x) || says(day, "logout", x->sid))
            continue;
        int64_t ended_s = ended_at(day, x->sid);
        if (ended_s == 0 && is_marked(c, x))
            continue;
        struct me_session *one = &at[v->sessions.n++];
        opened_in(c, day, x->sid, &services);
        *one = (struct me_session){ .when = when_full(c->arena, x->at_s, c->lang),
                                    .idp = me_idp_name(c, x->idp),
                                    .services = names_of(c, &services) };
        if (ended_s == 0)
            one->sid = x->sid;
        else
            one->ended = when_full(c->arena, ended_s, c->lang);
        if (ended_s != 0)
            put_ended(c, day, x->sid, &services, one);
    }
    v->sessions.at = at;
    v->sessions_cut = v->sessions.n == ME_SESSIONS_MAX || day->next != 0;
}

/* ── one of them ended ──────────────────────────────────────────────────── */

struct ending { /* c->state; what a worker thread touches is in here alone */
    struct arena *arena;
    const char *audit_dir;
    struct str person, sid;
    int64_t from_s;
    struct audit_finds login;
    bool ok, kept;
    struct fail why;
    struct kv_got counted;
};

static void release_arena(void *a)
{
    arena_free(a);
}

static void look_up(void *arg)
{
    struct ending *x = arg;

    x->ok = own_log_session(x->audit_dir, x->arena, x->person, x->sid, x->from_s, &x->login, &x->why);
}

static enum step count(struct ctx *c, struct fail *f)
{
    struct ending *x = arena_make(c->arena, struct ending);
    struct str sid = form_get(c->body, S("sid"));

    (void)f;
    c->state = x;
    if (!str_is_set(sid) || sid.n > SID_MAX_B || str_eq(sid, c->session->sid) || c->ends == NULL)
        return answer_go(c, S("/me"));
    limit_ask(c, LIMIT_own_data, c->session->person->id, ME_BUDGET_S, &x->counted);
    return WAIT;
}

static enum step ask(struct ctx *c, struct fail *f)
{
    struct ending *x = c->state;

    if (!limit_keep(LIMIT_own_data, &x->counted, "own data", f))
        return REFUSE;
    *x = (struct ending){ .arena = arena_new(),
                          .audit_dir = arena_cstr(c->arena, arena_join(c->arena, c->set->state_dir, S("/audit"))),
                          .person = c->session->person->id,
                          .sid = form_get(c->body, S("sid")),
                          .from_s = c->now_s - session_longest_s(c->set) };
    arena_adopt(c->arena, x->arena, release_arena);
    if (!work_ask(c->work, &c->batch, look_up, x))
        return fail(f, FAIL_BUSY, "busy", "too many jobs wait");
    return WAIT;
}

/* A name that is nobody's, or another's, ends nothing, and looks no different. */
static enum step note(struct ctx *c, struct fail *f)
{
    const struct ending *x = c->state;

    if (x->why.kind != FAIL_NONE) {
        *f = x->why;
        return REFUSE;
    }
    if (!x->ok)
        return answer_go(c, S("/me"));
    flow_audit(c, "end_session", (struct str){ NULL, 0 }, (struct str){ NULL, 0 }, x->sid);
    return WAIT;
}

static enum step mark(struct ctx *c, struct fail *f)
{
    struct ending *x = c->state;
    const struct mark m = {
        .kind = MARK_SESSION, .what = x->sid, .at_s = c->now_s, .until_s = c->now_s + session_longest_s(c->set)
    };

    if (!flow_audited(c, f))
        return REFUSE;
    if (!ends_mark(c->ends, c->work, &c->batch, c->arena, &m, &x->kept))
        return fail(f, FAIL_BUSY, "busy", "too many jobs wait");
    return WAIT;
}

static enum step say(struct ctx *c, struct fail *f)
{
    const struct ending *x = c->state;

    if (!x->kept)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "the end of a session was not kept");
    return me_go_said(c, "session");
}

const struct step_row me_end_session[] = { { count }, { ask }, { note }, { mark }, { say }, { NULL } };
