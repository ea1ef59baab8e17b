/* SPDX-License-Identifier: EUPL-1.2
 * Sessions end whose browser is not here. */
#include "audit/audit.h"
#include "gateway/farewell.h"
#include "gateway/farewell_note.h"
#include "gateway/logout.h"
#include "gateway/metrics.h"
#include "gateway/session/session.h"
#include "gateway/will.h"

struct asked_end { /* of one session */
    struct kv_got got, dropped;
    struct session *session; /* NULL: it was over, or another is meant */
    struct audit_got audit;
    struct strs told; /* ids of services */
    enum farewell_said *said;
};

static struct strs but(struct arena *a, const struct strs *services, const struct service *by)
{
    struct strs out = { arena_make_n(a, services->n + 1, struct str), 0 };

    for (size_t i = 0; i < services->n; i++)
        if (by == NULL || !str_eq(services->at[i], by->id))
            out.at[out.n++] = services->at[i];
    return out;
}

static void end_one(struct ctx *c, const struct logout_elsewhere *l, struct asked_end *e)
{
    const struct session *s = e->session;
    const struct audit_event line = { .event = "logout",
                                      .person = s->person->id,
                                      .idp = s->person->idp,
                                      .service = l->by != NULL ? l->by->id : (struct str){ NULL, 0 },
                                      .reason = l->by != NULL ? S("service") : S("city"),
                                      .sid = s->sid,
                                      .support_code = str_of(c->support_code) };

    session_end(c, s->id_hash, &e->dropped);
    will_drop(c, s->id_hash);
    audit_ask(c->audit, &c->batch, c->arena, &line, &e->audit);
}

static enum step look_ask(struct ctx *c, struct fail *f)
{
    struct logout_elsewhere *l = c->state;

    (void)f;
    if (l->sessions.n > LOGOUT_ELSEWHERE_MAX) {
        l->sessions.n = LOGOUT_ELSEWHERE_MAX;
        l->cut = true;
    }
    l->each = arena_make_n(c->arena, l->sessions.n + 1, struct asked_end);
    for (size_t i = 0; i < l->sessions.n; i++)
        session_ask(c, l->sessions.at[i], &l->each[i].got);
    return l->sessions.n > 0 ? WAIT : NEXT;
}

static enum step end_ask(struct ctx *c, struct fail *f)
{
    struct logout_elsewhere *l = c->state;
    size_t asked = 0;

    for (size_t i = 0; i < l->sessions.n; i++) {
        struct session *s = session_of(c, l->sessions.at[i], &l->each[i].got, f);
        if (f->kind != FAIL_NONE)
            return REFUSE;
        if (s == NULL || (l->is_meant != NULL && !l->is_meant(c, s, l->what)))
            continue;
        l->each[i].session = s;
        end_one(c, l, &l->each[i]);
        asked++;
    }
    return asked > 0 ? WAIT : NEXT;
}

static void tell(struct ctx *c, const struct logout_elsewhere *l, struct asked_end *e)
{
    const struct session *s = e->session;
    const struct leaver who = leaver_of(s, l->by != NULL ? LEFT_BY_SERVICE : LEFT_BY_CITY);

    e->told = but(c->arena, &s->services, l->by);
    if (e->told.n < s->services.n)
        farewells_note(c, &who, l->by->id, FAREWELL_NOTE_HEARD);
    e->said = arena_make_n(c->arena, e->told.n + 1, enum farewell_said);
    if (l->waits)
        farewells_say(c, &who, &s->told, &e->told, e->said);
    else
        farewells_tell(c, &who, &s->told, &e->told);
}

/* What has ended here has ended, whatever of the rest Redis or the disk did not take: its services hear it.  Of what
 * may not have ended nothing is said. */
static enum step end_done(struct ctx *c, struct fail *f)
{
    struct logout_elsewhere *l = c->state;

    for (size_t i = 0; i < l->sessions.n; i++) {
        const struct session *s = l->each[i].session;
        if (s == NULL)
            continue;
        if (l->each[i].dropped.outcome == KV_DOWN) {
            (void)kv_away(f, "session");
            continue;
        }
        tell(c, l, &l->each[i]);
        if (!session_is_test(s))
            metrics_add(c->metrics, METRIC_sign_outs);
        l->ended++;
        if (!l->each[i].audit.durable)
            (void)fail(f, FAIL_OURS, "temporarily_unavailable", "the audit log takes nothing");
    }
    if (f->kind != FAIL_NONE && !l->waits)
        return REFUSE;
    return c->batch.pending > 0 ? WAIT : f->kind == FAIL_NONE ? NEXT : REFUSE;
}

/* Wherever it stopped before, whoever sent the message says it again. */
static enum step mark_done(struct ctx *c, struct fail *f)
{
    struct logout_elsewhere *l = c->state;

    (void)f;
    if (l->mark != NULL)
        ending_mark_done(c->kv, &c->batch, c->arena, l->mark);
    return c->batch.pending > 0 ? WAIT : NEXT;
}

static enum step mark_kept(struct ctx *c, struct fail *f)
{
    const struct logout_elsewhere *l = c->state;

    return l->mark == NULL || ending_mark_is_done(l->mark) ? NEXT : (enum step)kv_away(f, "replay");
}

static enum step all_heard(struct ctx *c, struct fail *f)
{
    struct logout_elsewhere *l = c->state;

    (void)f;
    l->unheard = l->cut;
    for (size_t i = 0; i < l->sessions.n; i++)
        for (size_t k = 0; l->waits && l->each[i].session != NULL && k < l->each[i].told.n; k++)
            l->unheard = l->unheard || l->each[i].said[k] != FAREWELL_HEARD;
    return NEXT;
}

const struct step_row logout_elsewhere[] = { { look_ask },  { end_ask },   { end_done }, { mark_done },
                                             { mark_kept }, { all_heard }, { NULL } };
