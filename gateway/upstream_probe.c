/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/upstream_probe.h"

#include "alarms/alarms.h"
#include "base/log.h"
#include "base/seals.h"
#include "base/settings.h"
#include "gateway/metrics.h"
#include "idp-adapters/adapter.h"
#include "idp-adapters/addresses.h"
#include "idp-adapters/refusals.h"
#include "idp-adapters/relay.h"
#include "idp-adapters/tryout.h"
#include "registry/desk.h"
#include "registry/idp_probes.h"
#include "wire/fetch.h"
#include "wire/form.h"
#include "wire/http.h"

#include <assert.h>

struct probing {  /* one turn */
    struct ctx c; /* first: a context leads back */
    struct upstream_probes *all;
    struct http_request request;
    struct idp_probes_known known;
    struct str id; /* of whom is tried; absent: nobody is due */
    const struct idp *idp;
    struct fetch_got got;
    const char *step, *why; /* NULL: it has got through, so far */
    bool ours;              /* it ended on our own side */
    struct desk_got taken, kept;
    bool begun;
};

struct upstream_probes {
    struct timer timer; /* first */
    struct arena *arena;
    struct loop *loop;
    const struct world *world;
    const struct settings *set;
    struct farewell_hooks hooks;
    struct probing *now, *over; /* over: its steps have ended, and its memory is not free */
    bool more;                  /* one was tried: another may be due */
    bool stopped;
};

static struct probing *probing_of(struct ctx *c)
{
    return (struct probing *)c;
}

static const struct adapter *adapter_for(const struct probing *x)
{
    return adapter_of(x->idp->kind);
}

/* ── whose turn it is ───────────────────────────────────────────────────── */

static bool take_sql(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct probing *x = with;

    return idp_probe_take(d, a, registry_parts(x->c.registry), x->c.now_s, &x->known, &x->id, f);
}

static enum step take(struct ctx *c, struct fail *f)
{
    struct probing *x = probing_of(c);

    (void)f;
    return desk_ask(c->desk, c->work, &c->batch, c->arena, take_sql, x, &x->taken) ? WAIT : DONE;
}

/* A state is said for as long as it lasts. */
static void raise_alarms(const struct probing *x)
{
    for (size_t i = 0; i < x->known.n; i++) {
        const struct idp_probe *p = &x->known.at[i];
        const struct idp *idp = registry_idp(x->c.registry, p->idp);
        if (idp == NULL || idp->provider == NULL || !idp->enabled)
            continue;
        const struct area where = { .provider = idp->provider->id };
        if (idp_probe_alarms(p))
            alarm_raise(x->c.alarms, ALARM_idp_probe_fails, &where, idp->id,
                        arena_printf(x->c.arena, "%.*s %.*s", STR_ARG(p->step), STR_ARG(p->why)), x->c.now_s);
        else
            alarm_over(x->c.alarms, ALARM_idp_probe_fails, &where, idp->id, x->c.now_s);
    }
}

/* ── there ──────────────────────────────────────────────────────────────── */

static enum step begin(struct ctx *c, struct fail *f)
{
    struct probing *x = probing_of(c);

    (void)f;
    if (x->taken.ok)
        raise_alarms(x);
    x->idp = x->taken.ok && str_is_set(x->id) ? registry_idp(c->registry, x->id) : NULL;
    if (x->idp == NULL)
        return DONE;
    x->step = "begin";
    c->tryout = tryout_new(c->arena, x->idp->id, c->now_s);
    c->login = arena_make(c->arena, struct login);
    *c->login = (struct login){ .id = S("probe"),
                                .state = LOGIN_AT_CITY,
                                .started_s = c->now_s,
                                .protocol = PROTO_LAUNCHER,
                                .service = S(""),
                                .answer_to = S("/"),
                                .max_age_s = -1,
                                .idp = x->idp->id,
                                .asked_city_s = c->now_s };
    return step_into(c, adapter_for(x)->start);
}

static struct str start_body(struct ctx *c)
{
    struct buf b = buf_new(c->arena, FETCH_BODY_MAX_B);

    if (c->upstream_form == NULL)
        return (struct str){ NULL, 0 };
    for (size_t i = 0; i < c->upstream_form->count; i++)
        form_add(&b, c->upstream_form->fields[i].name, c->upstream_form->fields[i].value);
    return buf_ok(&b) ? buf_str(&b) : (struct str){ NULL, 0 };
}

/* Where answers come; registered at the provider, so that it sends none elsewhere. */
static struct str back_at(struct ctx *c, const struct idp *idp)
{
    return idp->kind == IDP_OIDC
               ? arena_printf(c->arena, "%.*s/upstream/oidc/%.*s", STR_ARG(c->set->public_url), STR_ARG(idp->id))
               : arena_join(c->arena, c->set->public_url, S("/upstream/saml/acs"));
}

static enum step ask(struct ctx *c, struct fail *f)
{
    struct probing *x = probing_of(c);
    struct str password;

    if (!seal_secret_open(c->arena, c->seals, arena_join(c->arena, S("idp:"), x->idp->id),
                          x->idp->probe_password_sealed, &password))
        return refusal(f, REFUSAL_secret_unreadable, "the test account's password does not open");
    x->step = "page";
    struct fetch_request r =
        fetch_sign_in(c->arena, c->upstream_url, start_body(c), back_at(c, x->idp), x->idp->probe_username, password);
    r.test = x->idp->test;
    r.place = x->idp->id;
    r.networks = strs_joined(c->arena, &x->idp->private_networks, ' ');
    fetch_ask(c->fetch, &c->batch, c->arena, &r, &x->got);
    return WAIT;
}

/* ── and back ───────────────────────────────────────────────────────────── */

static enum step keep_now(struct ctx *c);

static enum step ended(struct ctx *c, const char *step, const char *why)
{
    struct probing *x = probing_of(c);

    x->step = step;
    x->why = why;
    return keep_now(c);
}

static const char *step_named(struct str word)
{
#define X(step)                                                                                                        \
    if (str_eq(word, S(#step)))                                                                                        \
        return #step;
    UPSTREAM_PROBE_STEPS(X)
#undef X
    return "page";
}

static enum step ended_on_its_way(struct ctx *c, struct str said)
{
    struct str step = said;

    (void)str_split(&said, ' ', &step);
    return ended(c, step_named(step), arena_cstr(c->arena, said));
}

static bool read_answer(struct ctx *c, struct probing *x)
{
    struct form **where = x->idp->kind == IDP_OIDC ? &c->query : &c->body;
    struct fail ignored = { 0 };

    return form_read(c->arena, x->got.body, where, &ignored);
}

/* The name of our request must come back beside a SAML answer, or no sign-in is found by it. */
static bool is_named(struct ctx *c, const struct probing *x)
{
    struct relay relay;

    return x->idp->kind != IDP_SAML || (str_eq(form_get(c->body, S("RelayState")), c->login->upstream_id) &&
                                        relay_read(c, c->login->upstream_id, &relay) && relay.tryout);
}

static enum step came_back(struct ctx *c, struct fail *f)
{
    struct probing *x = probing_of(c);

    if (!x->got.answered) {
        x->ours = true;
        x->why = x->got.error;
        return keep_now(c);
    }
    if (x->got.status == 422)
        return ended_on_its_way(c, x->got.body);
    x->step = "proof";
    if (!read_answer(c, x))
        return ended(c, "back", "bad_form");
    if (!is_named(c, x))
        return refusal(f, REFUSAL_answer_unasked, "RelayState did not come back as it was sent");
    x->request.param = x->idp->id;
    c->req = &x->request;
    return adapter_for(x)->prove != NULL ? step_into(c, adapter_for(x)->prove) : NEXT;
}

static enum step finish(struct ctx *c, struct fail *f)
{
    (void)f;
    return step_into(c, adapter_for(probing_of(c))->finish);
}

/* Whoever is let in without a password shows nothing of the page that people see. */
static enum step judge(struct ctx *c, struct fail *f)
{
    struct probing *x = probing_of(c);

    if (c->person == NULL)
        return fail(f, FAIL_OURS, "server_error", "the adapter proved nobody");
    c->person = NULL; /* nobody is signed in */
    if (x->got.status == 203)
        return ended(c, "password", "not_asked");
    return ended(c, NULL, NULL);
}

/* ── what came of it ────────────────────────────────────────────────────── */

static enum step refused_note(struct ctx *c, struct fail *f)
{
    struct probing *x = probing_of(c);

    (void)f;
    x->ours = c->caught.kind == FAIL_OURS || c->caught.kind == FAIL_BUSY;
    x->why = c->caught.code;
    return NEXT;
}

static bool keep_sql(void *with, struct db *d, struct arena *a, struct fail *f)
{
    const struct probing *x = with;

    (void)a;
    return idp_probe_keep(d, x->idp->id, x->step, x->why, x->c.now_s, f);
}

static enum step keep(struct ctx *c, struct fail *f)
{
    struct probing *x = probing_of(c);

    (void)f;
    c->rescue = NULL;
    c->now_s = world_now_s(c->world);
    log_event(x->step == NULL ? LOG_INFO : LOG_WARN, "probe.done", LOG_S("idp", x->idp->id),
              LOG_C("step", x->step != NULL ? x->step : "-"), LOG_C("code", x->why != NULL ? x->why : "ok"),
              LOG_C("side", x->ours ? "ours" : "theirs"));
    if (x->ours)
        return DONE;
    metrics_add(c->metrics, x->step == NULL ? METRIC_probes_good : METRIC_probes_failed);
    return desk_ask(c->desk, c->work, &c->batch, c->arena, keep_sql, x, &x->kept) ? WAIT : DONE;
}

static enum step last(struct ctx *c, struct fail *f)
{
    (void)c;
    (void)f;
    return DONE;
}

static const struct step_row refused[] = { { refused_note }, { keep }, { last }, { NULL } };
static const struct step_row kept[] = { { keep }, { last }, { NULL } };
static const struct step_row all[] = { { take }, { begin }, { ask }, { came_back }, { finish }, { judge }, { NULL } };

static enum step keep_now(struct ctx *c)
{
    c->rescue = NULL;
    return step_into(c, kept);
}

/* ── turns ──────────────────────────────────────────────────────────────── */

/* Called by the steps, which still hold the context: the rest waits for the next turn. */
static void over(struct ctx *c)
{
    struct probing *x = probing_of(c);

    x->all->over = x;
    timer_set(x->all->loop, &x->all->timer, 0);
}

static void clear_over(struct upstream_probes *p)
{
    struct probing *x = p->over;

    if (x == NULL)
        return;
    p->over = p->now = NULL;
    p->more = x->idp != NULL;
    p->hooks.end(p->hooks.self, &x->c);
    arena_free(x->c.arena);
}

static bool any_account(const struct ctx *c)
{
    const struct registry_parts *parts = registry_parts(c->registry);

    for (size_t i = 0; i < parts->idp_count; i++)
        if (idp_has_probe(&parts->idps[i]))
            return true;
    return false;
}

static void start(struct upstream_probes *p)
{
    struct arena *a = arena_new_secret(); /* the password, and what comes back */
    struct probing *x = arena_make(a, struct probing);

    *x = (struct probing){ .all = p };
    x->c.arena = a;
    x->c.world = p->world;
    x->c.set = p->set;
    x->c.now_s = world_now_s(p->world);
    x->c.rescue = refused;
    p->now = x;
    x->begun = p->hooks.begin(p->hooks.self, &x->c);
    if (x->begun && x->c.desk != NULL && any_account(&x->c))
        steps_run(&x->c, all, over);
    else
        over(&x->c);
}

static void due(struct timer *timer)
{
    struct upstream_probes *p = (struct upstream_probes *)timer;
    bool was_over = p->over != NULL;

    clear_over(p);
    if (p->stopped)
        return;
    if (was_over)
        timer_set(p->loop, &p->timer, p->more ? UPSTREAM_PROBE_NEXT_MS : UPSTREAM_PROBE_LOOK_MS);
    else if (p->now == NULL)
        start(p);
}

struct upstream_probes *upstream_probes_new(struct loop *l, const struct world *w, const struct settings *set,
                                            const struct farewell_hooks *h)
{
    struct arena *a = arena_new();
    struct upstream_probes *p = arena_make(a, struct upstream_probes);

    *p =
        (struct upstream_probes){ .timer = { .due = due }, .arena = a, .loop = l, .world = w, .set = set, .hooks = *h };
    timer_set(l, &p->timer, UPSTREAM_PROBE_LOOK_MS);
    return p;
}

void upstream_probes_stop(struct upstream_probes *p)
{
    if (p != NULL)
        p->stopped = true;
}

bool upstream_probes_busy(const struct upstream_probes *p)
{
    return p != NULL && p->now != NULL;
}

void upstream_probes_free(struct upstream_probes *p)
{
    if (p == NULL)
        return;
    assert(p->now == NULL);
    timer_clear(p->loop, &p->timer);
    arena_free(p->arena);
}
