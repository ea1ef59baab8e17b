/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/beside.h"

#include "audit/audit.h"
#include "gateway/farewell.h"
#include "gateway/farewell_note.h"
#include "gateway/flow.h"
#include "gateway/session/session.h"
#include "gateway/will.h"
#include "model/pairwise.h"
#include "model/test_school.h"
#include "wire/http.h"

/* ── what the other account is ──────────────────────────────────────────── */

static bool is_paired(const struct pairs *all, struct str other)
{
    for (size_t i = 0; i < all->n; i++)
        if (str_eq(all->at[i].other, other))
            return true;
    return false;
}

/* On a worker thread, which touches x alone. */
static bool look(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct beside_look *x = with;
    struct pairs all;
    struct str own, other;

    x->verdict = BESIDE_NOT;
    if (!x->comparable)
        return true;
    if (!pairs_of(d, a, x->own, &all, f) || !learner_master(d, a, x->own_number, &own, f) ||
        !learner_master(d, a, x->other_number, &other, f))
        return false;
    if (is_paired(&all, x->other))
        x->verdict = BESIDE_PAIRED;
    else if (str_is_set(own) && str_eq(own, other))
        x->verdict = BESIDE_PROPOSED;
    if (x->verdict != BESIDE_PROPOSED || !str_is_set(x->put.other))
        return true;
    if (!pair_put(d, a, x->own, x->own_provider, x->other, x->put.other_provider, x->put.at_s, f))
        return false;
    x->verdict = BESIDE_PAIRED;
    return true;
}

static bool are_of_two_municipalities(const struct idp *one, const struct idp *two)
{
    return one != NULL && two != NULL && one->provider != NULL && two->provider != NULL &&
           one->provider != two->provider && one->test == two->test;
}

static void prepare(struct ctx *c, const struct person *other, struct beside_look *x)
{
    const struct person *own = c->session->person;
    const struct idp *here = registry_idp(c->registry, own->idp), *there = registry_idp(c->registry, other->idp);

    *x = (struct beside_look){ .own = own->id,
                               .other = other->id,
                               .own_number = link_number(c->arena, c->seals, own->learner_id),
                               .other_number = link_number(c->arena, c->seals, other->learner_id),
                               .comparable = are_of_two_municipalities(here, there) && !str_eq(own->id, other->id) &&
                                             !test_school_has(own) && !test_school_has(other) };
    if (x->comparable) {
        x->own_provider = here->provider->id;
        x->put.other_provider = there->provider->id;
    }
}

static bool ask(struct ctx *c, struct beside_look *x, struct fail *f)
{
    if (c->links == NULL)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "no links are kept");
    return links_ask(c->links, c->work, &c->batch, c->arena, look, x, &x->got) ||
           fail(f, FAIL_BUSY, "temporarily_unavailable", "too many jobs wait for SQL");
}

bool beside_ask(struct ctx *c, const struct person *other, struct beside_look *x, struct fail *f)
{
    prepare(c, other, x);
    return ask(c, x, f);
}

bool beside_join_ask(struct ctx *c, const struct person *other, struct beside_look *x, struct fail *f)
{
    prepare(c, other, x);
    x->put.other = other->id;
    x->put.at_s = c->now_s;
    return ask(c, x, f);
}

/* ── which of the two opens a service ───────────────────────────────────── */

static const struct str wish_cookie = S("opens_as");

static void wish(struct ctx *c, struct str service, struct str provider)
{
    http_set_cookie(c->res, wish_cookie, arena_printf(c->arena, "%.*s/%.*s", STR_ARG(service), STR_ARG(provider)), -1,
                    SAME_SITE_LAX);
}

static struct str provider_of(const struct ctx *c, const struct session *s)
{
    const struct idp *idp = registry_idp(c->registry, s->person->idp);

    return idp != NULL && idp->provider != NULL ? idp->provider->id : S("");
}

/* It says which of the person's own sessions, and nothing else: whoever alters it opens what they may open anyway. */
static bool is_wished(const struct ctx *c, const struct service *s, const struct session *as)
{
    struct str rest = http_cookie(c->req, wish_cookie), service;

    return str_is_set(rest) && str_split(&rest, '/', &service) && str_eq(service, s->id) &&
           str_eq(rest, provider_of(c, as));
}

static bool may_open(struct ctx *c, const struct service *s, const struct session *as)
{
    struct session *session = c->session;
    struct person *person = c->person;

    c->session = as == session ? session : c->beside;
    c->person = as->person;
    bool may = flow_may_use(c, s);
    c->session = session;
    c->person = person;
    return may;
}

static bool is_hinted(struct ctx *c, const struct service *s, const struct session *as)
{
    return c->login != NULL && str_is_set(c->login->hint_sub) &&
           str_eq(c->login->hint_sub, pairwise_sub(c->arena, c->seals, as->person->id, s->vendor));
}

static bool is_beside_meant(struct ctx *c, const struct service *s)
{
    if (c->login != NULL && str_is_set(c->login->hint_sub))
        return is_hinted(c, s, c->beside) && !is_hinted(c, s, c->session);
    if (!may_open(c, s, c->beside))
        return false;
    return is_wished(c, s, c->beside) || !may_open(c, s, c->session);
}

enum step beside_choose(struct ctx *c, struct fail *f)
{
    const struct service *s = c->login != NULL ? registry_service(c->registry, c->login->service) : c->service;

    (void)f;
    if (s != NULL && c->session != NULL && c->beside != NULL && !c->beside->waits && is_beside_meant(c, s))
        session_be_beside(c);
    return NEXT;
}

void beside_open(struct ctx *c, struct str as)
{
    struct fail ignored = { 0 };

    if (c->session == NULL || c->beside == NULL || c->beside->waits)
        return;
    if (!str_is_set(as)) {
        (void)beside_choose(c, &ignored);
        return;
    }
    bool there = str_eq(as, provider_of(c, c->beside));
    if (!there && !str_eq(as, provider_of(c, c->session)))
        return;
    wish(c, c->service->id, as);
    if (there && may_open(c, c->service, c->beside))
        session_be_beside(c);
}

/* ── its end ────────────────────────────────────────────────────────────── */

const struct session *beside_end_untold(struct ctx *c)
{
    const struct session *s = c->beside;

    if (s == NULL)
        return NULL;
    const struct audit_event line = { .event = "logout",
                                      .person = s->person->id,
                                      .idp = s->person->idp,
                                      .sid = s->sid,
                                      .support_code = str_of(c->support_code) };
    session_end(c, s->id_hash, arena_make(c->arena, struct kv_got));
    will_drop(c, s->id_hash);
    audit_ask(c->audit, &c->batch, c->arena, &line, arena_make(c->arena, struct audit_got));
    session_beside_cookie(c, S(""));
    c->beside = NULL;
    return s;
}

void beside_end(struct ctx *c)
{
    const struct session *s = beside_end_untold(c);

    if (s == NULL)
        return;
    const struct leaver who = leaver_of(s, LEFT_BY_PERSON);
    farewells_tell(c, &who, &s->told, &s->services);
}
