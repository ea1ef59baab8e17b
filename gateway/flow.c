/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/flow.h"
#include "gateway/farewell_note.h"

#include "alarms/alarms.h"
#include "audit/audit.h"
#include "base/log.h"
#include "base/settings.h"
#include "gateway/answer.h"
#include "gateway/beside.h"
#include "gateway/consent.h"
#include "gateway/explain.h"
#include "gateway/metrics.h"
#include "gateway/protocol.h"
#include "gateway/release.h"
#include "gateway/session/device.h"
#include "gateway/session/done.h"
#include "gateway/session/found.h"
#include "gateway/session/login_cookie.h"
#include "gateway/session/opened.h"
#include "gateway/session/session.h"
#include "gateway/tally.h"
#include "gateway/vigil.h"
#include "gateway/whose.h"
#include "gateway/will.h"
#include "idp-adapters/adapter.h"
#include "idp-adapters/refusals.h"
#include "idp-adapters/relations.h"
#include "launcher/pages.h"
#include "model/pairwise.h"
#include "model/test_school.h"
#include "registry/known.h"
#include "registry/shadow.h"
#include "registry/targets.h"
#include "registry/uses.h"
#include "wire/form.h"
#include "wire/http.h"

#include <stdio.h>
#include <string.h>

/* ── what all steps use ─────────────────────────────────────────────────── */

enum { HERE_MAX_B = 512, BACK_MAX_B = 2048 };

struct audited {
    struct audit_got got;
    struct audited *next;
};

struct flow {
    struct audited *audited; /* what was asked since flow_audited() was */
    struct decision decision;
    bool picked;                   /* the identity provider was named just now */
    struct kv_got stored, dropped; /* the new session, and the one that it replaces */
    struct str cookie;             /* of the new one */
    struct consent_look consent;
    struct whose whose;
    struct beside_look beside;
    const struct acting *ward; /* whom the guardian is to act for */
    struct str goes_on;        /* the login after that */
    struct str ward_sid;       /* of the session in which the child was chosen */
};

static struct flow *flow_of(struct ctx *c)
{
    if (c->flow == NULL)
        c->flow = arena_make(c->arena, struct flow);
    return c->flow;
}

static const struct person *person_here(const struct ctx *c)
{
    return c->person != NULL ? c->person : c->session != NULL ? c->session->person : NULL;
}

struct circumstances flow_circumstances(const struct ctx *c)
{
    return (struct circumstances){ .now_s = c->now_s,
                                   .shared_device = c->session != NULL ? c->session->shared : device_shared(c),
                                   .from = address_read(c->session != NULL ? c->session->from : c->req->peer) };
}

/* At whoever can mend the policy. */
static void raise_failed(struct ctx *c, struct str id)
{
    const struct registry_parts *parts = registry_parts(c->registry);
    struct area owner = area_nation;

    for (size_t i = 0; i < parts->policy_count; i++)
        if (str_eq(parts->policies[i].id, id)) {
            const struct policy *p = &parts->policies[i];
            owner.provider = p->provider != NULL ? p->provider->id : owner.provider;
            owner.school = p->school != NULL ? p->school->oid : owner.school;
        }
    alarm_raise(c->alarms, ALARM_policy_failed, &owner, id, c->service->id, c->now_s);
}

const struct decision *flow_decide(struct ctx *c)
{
    struct flow *flow = flow_of(c);

    const struct circumstances now = flow_circumstances(c);
    flow->decision = policy_decide(c->registry, c->person, c->service, &now);
    if (flow->decision.failed.p != NULL) {
        metrics_add(c->metrics, METRIC_policy_failed);
        log_event(LOG_ERROR, "policy.failed", LOG_S("policy", flow->decision.failed), LOG_S("service", c->service->id),
                  LOG_C("code", c->support_code));
        raise_failed(c, flow->decision.failed);
    }
    return &flow->decision;
}

const struct decision *flow_decision(struct ctx *c)
{
    return &flow_of(c)->decision;
}

bool flow_may_use(struct ctx *c, const struct service *s)
{
    const struct decision before = flow_of(c)->decision;
    const struct service *of = c->service;

    c->service = s;
    bool may = flow_decide(c)->effect == EFFECT_ALLOW;
    c->service = of;
    flow_of(c)->decision = before;
    return may;
}

/* Nobody of a city: no rule that is tried in shadow is about them. */
static bool is_compared(const struct ctx *c)
{
    return c->shadow != NULL && !test_school_has(c->person);
}

void flow_compare_opening(struct ctx *c)
{
    if (!is_compared(c))
        return;
    const struct circumstances now = flow_circumstances(c);
    shadow_opening(c->shadow, c->person, c->service, flow_decision(c), &now);
}

void flow_count(struct ctx *c, enum metric what)
{
    const struct person *p = person_here(c);

    if (p == NULL || !test_school_has(p))
        metrics_add(c->metrics, what);
}

void flow_compare_told(struct ctx *c)
{
    if (!is_compared(c))
        return;
    const struct circumstances now = flow_circumstances(c);
    shadow_release(c->shadow, c->person, c->service, flow_decision(c), &now);
}

/* The path and query that were asked, without what says that nobody asked. */
static struct str here(const struct ctx *c)
{
    struct buf b = buf_new(c->arena, HERE_MAX_B);
    struct str rest = c->req->query, part;
    char before = '?';

    buf_add(&b, c->req->path);
    while (str_split(&rest, '&', &part)) {
        if (str_has_prefix(part, S(SESSION_LOOKS)))
            continue;
        buf_byte(&b, before);
        buf_add(&b, part);
        before = '&';
    }
    return buf_ok(&b) && c->req->method != HTTP_POST ? buf_str(&b) : S("/");
}

static void idle_after(struct ctx *c, int64_t after_s, struct str back)
{
    struct buf b = buf_new(c->arena, 4 * BACK_MAX_B);

    buf_printf(&b, "%lld; url=/idle", (long long)(after_s > 1 ? after_s : 1));
    url_query(&b, S("back"), back.n <= BACK_MAX_B ? back : S("/"));
    http_header_set(c->res, S("Refresh"), buf_str(&b));
}

/* Where its unused time ends the session, a minute before: then there is somebody to ask [WCAG 2.2.1]. */
void flow_leave_idle_to(struct ctx *c, struct str back)
{
    if (c->session == NULL || !c->session->shared)
        return;
    int64_t left = session_left_s(c->set, c->session, c->now_s);
    bool unused_ends_it = c->session->ends_s - c->now_s > left;

    idle_after(c, unused_ends_it ? left - IDLE_WARNING_S : left, back);
}

void flow_leave_idle(struct ctx *c)
{
    flow_leave_idle_to(c, here(c));
}

/* It bears a name as any other page does.  One that tries again by itself has a time of its own. */
void flow_leave_failure(struct ctx *c)
{
    if (http_response_field(c->res, S("Refresh")).p == NULL &&
        str_has_prefix(http_response_field(c->res, S("Content-Type")), S("text/html")))
        flow_leave_idle_to(c, S("/"));
}

void flow_idle_soon(struct ctx *c, struct str back)
{
    idle_after(c, session_left_s(c->set, c->session, c->now_s) + 1, back);
}

struct str flow_launch(struct ctx *c, const struct service *s, struct str to)
{
    const struct protocol *p = protocol_of(c, s->protocol);

    return p != NULL && p->launch != NULL ? p->launch(c, s, to) : target_link(c->arena, s, to, c->lang);
}

/* The site of a registered answer address: where a service that names no address to begin at most likely does. */
static struct str site_of(const struct service *s)
{
    for (size_t i = 0; i < s->redirect_uris.n; i++) {
        struct str uri = s->redirect_uris.at[i];
        if (str_has_prefix(uri, S("https://")))
            return str_sub(uri, 0, str_find_byte(uri, '/', sizeof "https://" - 1));
    }
    return (struct str){ NULL, 0 };
}

/* to: where the person would have been led; absent: not known. */
static enum step expired_page(struct ctx *c, const struct service *s, struct str to)
{
    const struct notice n = {
        .page = NOTICE_EXPIRED, .made_s = c->now_s, .service = s != NULL ? s->id : (struct str){ NULL, 0 }, .back = to
    };
    struct expired_view v = { .page = page_for(c, notice_here(c, &n)),
                              .no_cookies = http_field_list(c->arena, c->req, S("Cookie")).p == NULL };

    if (s != NULL) {
        v.service = names_in(&s->names, c->lang);
        v.back = str_is_set(to) ? to : site_of(s);
    } else {
        v.fresh = to;
    }
    return answer_page(c, 400, page_expired(c->arena, &v));
}

static enum step load_session(struct ctx *c, struct fail *f)
{
    (void)f;
    return c->session != NULL ? NEXT : step_into(c, session_load);
}

static const struct step_row begin_anew[] = { { load_session }, { flow_test_person }, { flow_next }, { NULL } };

/* A service begins best by its own address: what it remembers of its request may be as old as the login. */
static enum step lead_on(struct ctx *c, const struct opened *o)
{
    bool own = str_has_prefix(o->what, S("/"));
    const struct service *s = own ? NULL : registry_service(c->registry, o->what);
    struct str to = own ? o->what : s != NULL ? flow_launch(c, s, (struct str){ NULL, 0 }) : (struct str){ NULL, 0 };

    if (opened_again(c))
        return expired_page(c, s, to);
    if (own && login_renew(c, o->login)) /* the whole of it, where its cookie is still here */
        to = c->login->answer_to;
    log_event(LOG_INFO, "login.begun_anew", LOG_C("support_code", c->support_code), LOG_S("what", o->what));
    if (str_is_set(to))
        return answer_go(c, to);
    return s != NULL && login_renew(c, o->login) ? step_into(c, begin_anew) : expired_page(c, s, to);
}

enum step flow_expired(struct ctx *c)
{
    struct opened o;

    return opened_find(c, &o) ? lead_on(c, &o) : expired_page(c, NULL, (struct str){ NULL, 0 });
}

enum step flow_keep_login(struct ctx *c, struct fail *f)
{
    (void)f;
    return step_into(c, login_keep);
}

enum step flow_find_login(struct ctx *c, struct fail *f)
{
    (void)f;
    return login_find(c, form_get(c->query, S("login")));
}

enum step flow_has_login(struct ctx *c, struct fail *f)
{
    (void)f;
    return c->login != NULL ? NEXT : flow_expired(c);
}

enum step flow_bookmark(struct ctx *c)
{
    struct opened o;

    return opened_find(c, &o) ? lead_on(c, &o) : answer_go(c, S("/"));
}

void flow_audit(struct ctx *c, const char *event, struct str rule, struct str claims, struct str reason)
{
    const struct person *p = person_here(c);
    struct audit_event e = {
        .event = event,
        .person = p != NULL ? p->id : (struct str){ NULL, 0 },
        .idp = p != NULL ? p->idp : (struct str){ NULL, 0 },
        .service = c->service != NULL ? c->service->id : (struct str){ NULL, 0 },
        .rule = rule,
        .claims = claims,
        .reason = reason,
        .sid = c->session != NULL ? c->session->sid : (struct str){ NULL, 0 },
        .support_code = str_of(c->support_code),
    };

    if (p != NULL && person_acts(p)) { /* by whom, as what, for whom */
        e.as = str_of(role_name(ROLE_GUARDIAN));
        e.child = p->acting.child;
    }

    if (strcmp(event, "release") == 0) {
        c->told_words = claims;
        c->may_tell = flow_of(c)->decision.release;
    }
    if (strcmp(event, "refused") == 0 && c->service != NULL) {
        e.version = registry_parts(c->registry)->version;
        e.device = flow_circumstances(c).shared_device ? S("shared") : S("own");
        e.told = c->explained != NULL ? told_code(c->arena, &c->explained->told) : (struct str){ NULL, 0 };
    }
    if (p != NULL && test_school_has(p)) { /* whoever counts openings, disclosures and sign-outs counts none of these */
        e.event = "test_school";
        e.reason = str_of(event);
    }
    struct audited *asked = arena_make(c->arena, struct audited);
    asked->next = flow_of(c)->audited;
    flow_of(c)->audited = asked;
    audit_ask(c->audit, &c->batch, c->arena, &e, &asked->got);
}

bool flow_audited(struct ctx *c, struct fail *f)
{
    const struct audited *x = flow_of(c)->audited;
    bool all = x != NULL;

    for (flow_of(c)->audited = NULL; x != NULL; x = x->next)
        all = all && x->got.durable;
    return all || fail(f, FAIL_OURS, "temporarily_unavailable", "the audit log takes nothing");
}

/* ── to the picker and to the city ──────────────────────────────────────── */

static enum step keep(struct ctx *c, struct fail *f)
{
    (void)f;
    return step_into(c, login_keep);
}

static enum step picker_go(struct ctx *c, struct fail *f)
{
    (void)f;
    return answer_go(c, url_to(c->arena, S("/sign-in"), S("login"), c->login->id));
}

static const struct step_row to_picker[] = { { keep }, { picker_go }, { NULL } };

static enum step refused(struct ctx *c, struct fail *f)
{
    *f = c->caught;
    return REFUSE;
}

/* A city that cannot be asked: the page that says so leads on with the login, which must be there to be found. */
static const struct step_row keep_and_refuse[] = { { keep }, { refused }, { NULL } };

static enum step city_start(struct ctx *c, struct fail *f)
{
    const struct idp *idp = registry_idp(c->registry, c->login->idp);
    const struct adapter *adapter = idp != NULL && idp->enabled ? adapter_of(idp->kind) : NULL;

    if (adapter == NULL)
        return fail(f, FAIL_CALLER, "invalid_request", "no identity provider \"%.*s\"", STR_ARG(c->login->idp));
    c->login->asked_city_s = c->now_s;
    c->login->lang = str_of(lang_tag(c->lang)); /* as it was chosen here, since the service asked */
    c->rescue = c->login->kept ? NULL : keep_and_refuse;
    return step_into(c, adapter->start);
}

static enum step city_keep(struct ctx *c, struct fail *f)
{
    (void)f;
    c->rescue = NULL;
    c->login->state = LOGIN_AT_CITY;
    return step_into(c, login_keep);
}

enum step flow_go_upstream(struct ctx *c)
{
    const struct upstream_form *form = c->upstream_form;
    const struct idp *idp = registry_idp(c->registry, c->login->idp);
    struct hidden_field fields[UPSTREAM_FIELDS_MAX];

    if (form == NULL)
        return answer_go(c, c->upstream_url);
    for (size_t i = 0; i < form->count; i++)
        fields[i] = (struct hidden_field){ form->fields[i].name, form->fields[i].value };
    const struct post_view v = { .page = page_for(c, (struct str){ NULL, 0 }),
                                 .url = c->upstream_url,
                                 .to = idp != NULL ? names_in(&idp->names, c->lang) : (struct str){ NULL, 0 },
                                 .fields = { fields, form->count } };
    return answer_page(c, 200, page_post(c->arena, &v));
}

static enum step city_go(struct ctx *c, struct fail *f)
{
    (void)f;
    return flow_go_upstream(c);
}

static const struct step_row to_city[] = { { city_start }, { city_keep }, { city_go }, { NULL } };

/* ── ASKED ──────────────────────────────────────────────────────────────── */

/* An id_token_hint names the one person that the service will take [OIDC Core 3.1.2.1]. */
static bool is_expected(const struct ctx *c, const struct person *p)
{
    const struct service *s = registry_service(c->registry, c->login->service);

    return !str_is_set(c->login->hint_sub) ||
           (s != NULL && str_eq(c->login->hint_sub, pairwise_sub(c->arena, c->seals, p->id, s->vendor)));
}

/* max_age=0 asks for a fresh log-in as prompt=login does, though one of this very second would do by its number. */
static bool young_enough(const struct ctx *c, int64_t max_age_s)
{
    return max_age_s < 0 || (max_age_s > 0 && c->now_s - c->session->person->auth_time_s <= max_age_s);
}

static bool session_fits(struct ctx *c)
{
    const struct login *l = c->login;

    return c->session != NULL && (l->prompt & (PROMPT_LOGIN | PROMPT_SELECT)) == 0 && !flow_of(c)->picked &&
           is_expected(c, c->session->person) && young_enough(c, l->max_age_s) &&
           release_acr_fits(c->registry, c->session->person, l);
}

static enum step test_freshen(struct ctx *c, struct fail *f)
{
    struct person *p = c->session->person;

    if (!is_expected(c, p))
        return fail(f, FAIL_NO_SESSION, "login_required", "the test person is another than id_token_hint names");
    if (!young_enough(c, c->login->max_age_s) || login_fresh(c->login)) {
        p->auth_time_s = c->now_s;
        session_change(c, c->session);
    }
    return WAIT;
}

static enum step test_known(struct ctx *c, struct fail *f)
{
    c->login->state = LOGIN_KNOWN;
    c->person = c->session->person;
    return flow_next(c, f);
}

/* A test person is as fresh as anybody wants, and is never led to the picker: there somebody real would sign in. */
static const struct step_row asked_test[] = { { test_freshen }, { test_known }, { NULL } };

static enum step asked(struct ctx *c, struct fail *f)
{
    if (session_is_test(c->session))
        return step_into(c, asked_test);
    if (session_fits(c)) {
        c->login->state = LOGIN_KNOWN;
        c->person = c->session->person;
        return flow_next(c, f);
    }
    if ((c->login->prompt & PROMPT_NONE) != 0)
        return fail(f, FAIL_NO_SESSION, "login_required", "prompt=none, and nobody is signed in freshly enough");
    return step_into(c, str_is_set(c->login->idp) ? to_city : to_picker);
}

/* ── AT_CITY: a person was proven ───────────────────────────────────────── */

/* A city that ignores a demand for a fresh log-in is not believed [OIDC Core 3.1.2.1, prompt and max_age]. */
bool flow_fresh_enough(const struct ctx *c, struct fail *f)
{
    const struct login *l = c->login;
    const struct idp *idp = registry_idp(c->registry, l->idp);
    bool saml = idp != NULL && idp->kind == IDP_SAML;
    int64_t skew_s = saml ? c->set->saml_skew_s : c->set->jose_skew_s, since = 0;

    if (login_fresh(l))
        since = l->asked_city_s - skew_s;
    else if (l->max_age_s >= 0)
        since = l->asked_city_s - l->max_age_s - skew_s;
    else
        return true;
    return c->person->auth_time_s >= since ||
           refusal(f, REFUSAL_auth_time_stale, "a fresh log-in was demanded; auth_time is %lld, not after %lld",
                   (long long)c->person->auth_time_s, (long long)since);
}

/* By what its services were told before: they know of one session, whatever its key is. */
static void be_found_by_services(struct ctx *c, const struct session *s)
{
    struct kv_got *got = arena_make_n(c->arena, TOLD_NAMES_MAX * (s->told.n / 2) + 1, struct kv_got);
    struct str names[TOLD_NAMES_MAX];

    for (size_t i = 0; i + 1 < s->told.n; i += 2) {
        const struct service *service = registry_service(c->registry, s->told.at[i]);
        const struct protocol *p = service != NULL ? protocol_of(c, service->protocol) : NULL;
        size_t n = p != NULL && p->found_by != NULL ? p->found_by(s->told.at[i + 1], names) : 0;
        for (size_t k = 0; k < n; k++)
            found_keep(c, s, FOUND_BY_SERVICE_NAME, service->id, names[k], got++);
    }
}

/* By the city, when it signs the person out.  Where that cannot be kept, the sign-in is worth more. */
static void be_found(struct ctx *c, const struct session *s)
{
    const struct person *p = s->person;
    struct kv_got *got = arena_make_n(c->arena, 2, struct kv_got);

    if (str_is_set(p->city_name))
        found_keep(c, s, FOUND_BY_CITY_SUBJECT, person_seen_at(p), p->city_name, &got[0]);
    if (str_is_set(p->city_session))
        found_keep(c, s, FOUND_BY_CITY_SESSION, person_seen_at(p), p->city_session, &got[1]);
}

/* Somebody else signs in where a session still was: its services hear that it is over.  Of the same person they are not
 * told, who goes on. */
static void tell_former(struct ctx *c, const struct session *before, struct str old)
{
    if (before == NULL)
        return;
    will_drop(c, old);
    const struct leaver who = leaver_of(before, LEFT_BY_OTHER);
    if (!str_eq(before->person->id, c->person->id) || person_acts(before->person))
        farewells_tell(c, &who, &before->told, &before->services);
}

/* Who proves once more who they are goes on with what they had open: its services know that by its sid, and by what
 * they were told, and hear of its end by nothing else. */
static void go_on_from(struct ctx *c, struct session *s, const struct session *before)
{
    if (before == NULL || !str_eq(before->person->id, s->person->id) || person_acts(before->person))
        return; /* whom a guardian acted for is chosen anew */
    s->sid = before->sid;
    s->told = before->told;
    for (size_t i = 0; i < before->services.n && s->services.n < SESSION_SERVICES_MAX; i++)
        if (!strs_has(&s->services, before->services.at[i]))
            strs_add(c->arena, &s->services, before->services.at[i]);
}

/* Whose session there is already: not every way to here has looked. */
static enum step admit_look(struct ctx *c, struct fail *f)
{
    (void)f;
    return c->session == NULL && !session_was_over(c) && session_key(c).p != NULL ? step_into(c, session_look) : NEXT;
}

/* Before there is a session: who could not be told apart from somebody else is not let in. */
static enum step admit_whose(struct ctx *c, struct fail *f)
{
    struct flow *flow = flow_of(c);

    if (c->tryout != NULL) /* never: its way is another */
        return fail(f, FAIL_OURS, "server_error", "a test sign-in signs nobody in");
    if (!str_is_set(c->person->subject))
        return refusal(f, REFUSAL_no_subject, "the city names nobody");
    if (!str_is_set(c->person->proven_at))
        c->person->idp = c->login->idp;
    if (!whose_ask(c, c->person, registry_idp(c->registry, c->login->idp), &flow->whose, f))
        return REFUSE;
    return flow->whose.asked ? WAIT : NEXT;
}

/* ── another account of whoever is signed in here ── */

static enum step beside_look_ask(struct ctx *c, struct fail *f)
{
    return beside_ask(c, c->person, &flow_of(c)->beside, f) ? WAIT : REFUSE;
}

static enum step beside_refused(struct ctx *c)
{
    c->login->state = LOGIN_REFUSED;
    return done_go(c, S("/me/accounts"), "not_same", S(""));
}

/* For good it is said of an account that the city has just seen log in: the device may be signed in there as somebody
 * else. */
static enum step beside_admit(struct ctx *c, struct fail *f)
{
    struct flow *flow = flow_of(c);
    struct session *own = c->session;
    enum beside_verdict verdict = flow->beside.verdict;

    if (!flow->beside.got.ok)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "pairs: %s", flow->beside.got.why.detail);
    if (verdict == BESIDE_NOT || (verdict == BESIDE_PROPOSED && (c->login->prompt & PROMPT_LOGIN) == 0))
        return beside_refused(c);
    struct session *made = session_beside_new(c, c->person, verdict == BESIDE_PROPOSED, &flow->cookie);
    if (!session_store(c, made, &flow->stored, f))
        return REFUSE;
    if (c->beside != NULL)
        beside_end(c);
    c->session = made;
    vigil_follow(c);
    be_found(c, made);
    flow_audit(c, "login", (struct str){ NULL, 0 }, (struct str){ NULL, 0 }, (struct str){ NULL, 0 });
    c->session = own;
    return WAIT;
}

static enum step beside_admitted(struct ctx *c, struct fail *f)
{
    struct flow *flow = flow_of(c);

    if (flow->stored.outcome != KV_HIT)
        return kv_away(f, "session");
    if (!flow_audited(c, f))
        return REFUSE;
    session_beside_cookie(c, flow->cookie);
    known_saw(c->known, c->person, c->now_s);
    c->login->state = LOGIN_ANSWERED;
    return step_into(c, login_keep);
}

static enum step beside_go(struct ctx *c, struct fail *f)
{
    (void)f;
    return answer_go(c, flow_of(c)->beside.verdict == BESIDE_PAIRED ? S("/") : S("/me/accounts"));
}

static const struct step_row admit_beside[] = { { session_find_beside }, { beside_look_ask }, { beside_admit },
                                                { beside_admitted },     { beside_go },       { NULL } };

/* A session id that the browser brought never becomes authenticated: a new one is made, the old one ends. */
static enum step admit_ask(struct ctx *c, struct fail *f)
{
    struct flow *flow = flow_of(c);
    struct str old = session_key(c);
    bool was_over = session_was_over(c); /* on Monday many bring Friday's cookie: that costs no SQL */

    if (!whose_read(c, c->person, &flow->whose, f) || !flow_fresh_enough(c, f))
        return REFUSE;
    if (str_is_set(c->login->beside)) { /* whoever began it must still be signed in here */
        if (c->session == NULL || !str_eq(c->session->sid, c->login->beside))
            return flow_expired(c);
        return step_into(c, admit_beside);
    }
    const struct session *before = old.p != NULL ? c->session : NULL;
    if (c->beside != NULL && !str_eq(before->person->id, c->person->id))
        beside_end(c);
    c->session = session_new(c, c->person, c->login->shared, &flow->cookie);
    go_on_from(c, c->session, before);
    if (!session_store(c, c->session, &flow->stored, f)) {
        c->session = NULL;
        return REFUSE;
    }
    if (old.p != NULL && was_over)
        session_drop(c, old, &flow->dropped);
    else if (old.p != NULL)
        session_end(c, old, &flow->dropped);
    tell_former(c, before, old);
    vigil_follow(c);
    be_found(c, c->session);
    be_found_by_services(c, c->session);
    flow_audit(c, "login", (struct str){ NULL, 0 }, (struct str){ NULL, 0 }, (struct str){ NULL, 0 });
    return WAIT;
}

static enum step admit_done(struct ctx *c, struct fail *f)
{
    struct flow *flow = flow_of(c);

    if (flow->stored.outcome != KV_HIT)
        return kv_away(f, "session");
    if (!flow_audited(c, f))
        return REFUSE;
    session_cookie_set(c, c->session, flow->cookie);
    metrics_add(c->metrics, METRIC_sign_ins);
    tally_add(c->tally, c->login->idp, S(TALLY_OK), c->now_s);
    known_saw(c->known, c->person, c->now_s);
    c->login->state = LOGIN_KNOWN;
    return flow_next(c, f);
}

static const struct step_row admit[] = { { admit_look }, { admit_whose }, { session_find_beside },
                                         { admit_ask },  { admit_done },  { NULL } };

void flow_opened(struct ctx *c)
{
    const struct idp *idp = registry_idp(c->registry, c->person->idp);

    flow_count(c, METRIC_services_opened);
    if (idp != NULL && idp->provider != NULL && !idp->test && !test_school_has(c->person))
        uses_opened(c->uses, c->service->id, idp->provider->id, c->now_s);
}

static enum step denied_show(struct ctx *c, const struct provider *ask)
{
    const struct notice n = { .page = NOTICE_DENIED,
                              .made_s = c->now_s,
                              .support_code = str_of(c->support_code),
                              .service = c->service->id,
                              .sid = c->session != NULL ? c->session->sid : (struct str){ NULL, 0 },
                              .ask = ask != NULL ? ask->id : (struct str){ NULL, 0 } };
    const struct decision decision = { .ask = ask, .rule = flow_of(c)->decision.rule };
    struct denied_view v = { .page = page_for(c, notice_here(c, &n)),
                             .service = names_in(&c->service->names, c->lang),
                             .service_icon = icon_of(c->arena, c->service, c->lang),
                             .support_code = str_of(c->support_code),
                             .at_s = c->now_s };
    denied_ask(&v, c->service, &decision, c->arena);
    explain_fill(c, &v);
    return answer_page(c, 403, page_denied(c->arena, &v));
}

static enum step flow_denied(struct ctx *c)
{
    struct fail *why = arena_make(c->arena, struct fail);

    (void)fail(why, FAIL_DENIED, "access_denied", "the person may not use the service");
    c->away = why;
    flow_count(c, METRIC_denied);
    log_event(LOG_INFO, "login.denied", LOG_C("support_code", c->support_code), LOG_S("service", c->service->id),
              LOG_S("idp", c->person->idp), LOG_S("rule", flow_of(c)->decision.rule));
    flow_leave_idle_to(c, S("/")); /* asked for again by itself, the service might open */
    return denied_show(c, flow_of(c)->decision.ask);
}

static enum step explain(struct ctx *c, struct fail *f)
{
    const struct circumstances now = flow_circumstances(c);

    (void)f;
    explain_ask(c, &now);
    return WAIT;
}

static enum step denied_again(struct ctx *c, struct fail *f)
{
    (void)f;
    return denied_show(c, flow_of(c)->decision.ask);
}

/* As at the time, for who is still signed in: the person's own page says more than one for whoever has its address. */
static const struct step_row notice_explained[] = { { explain }, { denied_again }, { NULL } };

enum step flow_notice(struct ctx *c, const struct notice *n)
{
    c->now_s = n->made_s;
    c->service = registry_service(c->registry, n->service);
    if (n->page != NOTICE_DENIED || c->service == NULL)
        return expired_page(c, c->service, n->back);
    (void)snprintf(c->support_code, sizeof c->support_code, "%.*s", STR_ARG(n->support_code));
    flow_of(c)->decision.ask = registry_provider(c->registry, n->ask);
    if (c->session == NULL || !str_eq(c->session->sid, n->sid))
        return denied_again(c, NULL);
    c->person = c->session->person;
    if (person_child_decides(c->person, c->service->child_decides_from, c->now_s))
        flow_of(c)->decision.rule = S(POLICY_CHILD_DECIDES);
    return step_into(c, notice_explained);
}

/* ── why is it missing? ─────────────────────────────────────────────────── */

static enum step missing_show(struct ctx *c, struct fail *f)
{
    struct denied_view v = { .page = page_for(c, arena_join(c->arena, S("/why/"), c->service->id)), .asked = true };

    (void)f;
    denied_ask(&v, c->service, flow_decision(c), c->arena);
    explain_fill(c, &v);
    if (c->req->method == HTTP_POST)
        flow_leave_idle_to(c, v.page.here);
    else
        flow_leave_idle(c);
    return answer_page(c, v.plea.said != PLEA_SAID_NOTHING ? 400 : 200, page_denied(c->arena, &v));
}

static const struct step_row missing[] = { { explain }, { missing_show }, { NULL } };

enum step flow_missing(struct ctx *c)
{
    return step_into(c, missing);
}

/* ── KNOWN: what policy says ────────────────────────────────────────────── */

static bool is_unseen(const struct ctx *c)
{
    return c->login != NULL && (c->login->prompt & PROMPT_NONE) != 0;
}

/* Whom a test person might ask is nobody. */
static enum step denied_explain(struct ctx *c, struct fail *f)
{
    return is_unseen(c) || test_school_has(c->person) ? NEXT : explain(c, f);
}

static enum step denied_page(struct ctx *c, struct fail *f)
{
    if (!flow_audited(c, f))
        return REFUSE;
    if (is_unseen(c))
        return fail(f, FAIL_DENIED, "access_denied", "policy said no, and no page may be shown");
    return flow_denied(c);
}

static enum step denied_ask_audit(struct ctx *c, struct fail *f)
{
    (void)f;
    if (c->login != NULL)
        c->login->state = LOGIN_REFUSED;
    flow_audit(c, "refused", flow_of(c)->decision.rule, (struct str){ NULL, 0 }, S("policy"));
    return WAIT;
}

static const struct step_row refuse[] = { { denied_explain }, { denied_ask_audit }, { denied_page }, { NULL } };

enum step flow_refuse(struct ctx *c)
{
    return step_into(c, refuse);
}

/* The service hears of it, where its protocol can tell it and the address is still its own. */
static bool tell_service(struct ctx *c, const char *code)
{
    const struct protocol *p = c->login->redirect_checked ? protocol_of(c, c->login->protocol) : NULL;

    if (p == NULL || p->refuse == NULL || !p->may_answer(c))
        return false;
    p->refuse(c, code);
    return true;
}

/* The browser may stand at the city's answer by now, whose failures are pages; this one is the service's to hear. */
static enum step another_person(struct ctx *c, struct fail *f)
{
    if (!tell_service(c, "login_required"))
        return fail(f, FAIL_NO_SESSION, "login_required", "somebody else than id_token_hint names has signed in");
    struct fail *why = arena_make(c->arena, struct fail);
    (void)fail(why, FAIL_NO_SESSION, "login_required", "somebody else than the service expects has signed in");
    c->away = why;
    log_event(LOG_INFO, "login.another_person", LOG_C("support_code", c->support_code),
              LOG_S("service", c->login->service));
    return DONE;
}

/* ── CONSENT: what the service would be told ────────────────────────────── */

enum step flow_consented(struct ctx *c, struct fail *f)
{
    c->login->asks_sid = (struct str){ NULL, 0 };
    check_passed(c, CHECK_consent);
    c->login->state = LOGIN_DECIDED;
    return flow_next(c, f);
}

static enum step consent_ask(struct ctx *c, struct fail *f)
{
    bool asked;

    if (!consent_look_up(c, flow_decision(c), &flow_of(c)->consent, &asked, f))
        return REFUSE;
    return asked ? WAIT : flow_consented(c, f);
}

static enum step consent_go(struct ctx *c, struct fail *f)
{
    (void)f;
    return answer_go(c, url_to(c->arena, S("/consent"), S("login"), c->login->id));
}

static const struct step_row to_consent[] = { { keep }, { consent_go }, { NULL } };

static enum step consent_settle(struct ctx *c, struct fail *f)
{
    enum consent_kind due;

    if (!consent_due(c, &flow_of(c)->consent, &due, f))
        return REFUSE;
    if (due == CONSENT_NONE)
        return flow_consented(c, f);
    if (is_unseen(c) && due == CONSENT_GIVEN)
        return fail(f, FAIL_DENIED, "consent_required", "prompt=none, and the person has not let it be told this yet");
    if (is_unseen(c))
        return fail(f, FAIL_DENIED, "interaction_required", "prompt=none, and the person was not shown this yet");
    c->login->state = LOGIN_CONSENT;
    c->login->asks_sid = c->session->sid;
    return step_into(c, to_consent);
}

static const struct step_row consent[] = { { consent_ask }, { consent_settle }, { NULL } };

/* Whoever is signed in by now may be another, or nobody: then the login is asked anew. */
bool flow_at_consent(struct ctx *c, enum step *on, struct fail *f)
{
    struct login *l = c->login;

    if (l->state == LOGIN_CONSENT && (c->session == NULL || !str_eq(c->session->sid, l->asks_sid)))
        l->state = LOGIN_ASKED;
    if (l->state != LOGIN_CONSENT) {
        *on = flow_next(c, f);
        return false;
    }
    c->person = c->session->person;
    c->service = registry_service(c->registry, l->service);
    if (c->service == NULL) {
        *on = fail(f, FAIL_CALLER, "unauthorized_client", "the service has gone");
        return false;
    }
    if (flow_decide(c)->effect == EFFECT_ALLOW)
        return true;
    *on = flow_refuse(c);
    return false;
}

/* ── a guardian, and for whom ───────────────────────────────────────────── */

bool flow_is_guardian(const struct ctx *c)
{
    const struct idp *idp = c->session != NULL ? registry_idp(c->registry, c->session->person->idp) : NULL;

    return idp != NULL && idp->guardians;
}

static enum step child_go(struct ctx *c, struct fail *f)
{
    (void)f;
    return answer_go(c, url_to(c->arena, S(FLOW_GUARDIAN_PATH), S("login"), c->login->id));
}

static const struct step_row to_child[] = { { keep }, { child_go }, { NULL } };

enum step flow_need_child(struct ctx *c, struct fail *f)
{
    (void)f;
    return flow_is_guardian(c) && !person_acts(c->session->person) ? answer_go(c, S(FLOW_GUARDIAN_PATH)) : NEXT;
}

enum step flow_relate(struct ctx *c, struct fail *f)
{
    const struct person *p = c->proven != NULL ? c->proven->person : c->person;
    const struct relations_maker *maker =
        p != NULL && str_is_set(p->identity) ? relations_of(registry_idp(c->registry, p->idp)) : NULL;

    (void)f;
    return maker != NULL ? step_into(c, maker->begin) : NEXT;
}

enum step flow_forget_identity(struct ctx *c, struct fail *f)
{
    struct person *p = c->proven != NULL ? c->proven->person : c->person;

    (void)f;
    if (p != NULL)
        p->identity = (struct str){ NULL, 0 };
    return NEXT;
}

/* The guardian in the one role that they have now, at the child's school and for as long as the child is one. */
static struct person *acting_for(struct ctx *c, const struct person *guardian, const struct acting *ward)
{
    struct person *p = person_copy(c->arena, guardian);

    p->acting = *ward;
    p->affiliations = arena_make_n(c->arena, 1, struct affiliation);
    p->affiliations[0] = (struct affiliation){ .provider_oid = ward->provider_oid,
                                               .school_oid = ward->school_oid,
                                               .school_code = ward->school_code,
                                               .role = ROLE_GUARDIAN,
                                               .group = ward->group,
                                               .class_level = ward->class_level,
                                               .to_s = ward->until_s };
    p->affiliation_count = 1;
    p->learner_id = (struct str){ NULL, 0 };
    return p;
}

static enum step act_ask(struct ctx *c, struct fail *f)
{
    struct flow *flow = flow_of(c);
    const struct session *before = c->session;
    const struct leaver who = leaver_of(before, LEFT_BY_OTHER);

    c->person = acting_for(c, before->person, flow->ward);
    c->upstream_hint = before->upstream_hint;
    c->session = session_new(c, c->person, before->shared, &flow->cookie);
    if (c->session->ends_s > before->ends_s)
        c->session->ends_s = before->ends_s;
    if (c->session->ends_s > flow->ward->until_s)
        c->session->ends_s = flow->ward->until_s;
    c->session->began_s = before->began_s;
    c->session->knew = before->knew;
    c->session->wards = before->wards;
    c->session->ward_count = before->ward_count;
    c->session->wards_known = true;
    if (!session_store(c, c->session, &flow->stored, f))
        return REFUSE;
    session_end(c, before->id_hash, &flow->dropped);
    will_drop(c, before->id_hash);
    farewells_tell(c, &who, &before->told, &before->services);
    be_found(c, c->session);
    flow_audit(c, "acts", (struct str){ NULL, 0 }, (struct str){ NULL, 0 }, (struct str){ NULL, 0 });
    return WAIT;
}

static enum step act_done(struct ctx *c, struct fail *f)
{
    struct flow *flow = flow_of(c);

    if (flow->stored.outcome != KV_HIT)
        return kv_away(f, "session");
    if (!flow_audited(c, f))
        return REFUSE;
    session_cookie_set(c, c->session, flow->cookie);
    return str_is_set(flow->goes_on) ? login_find(c, flow->goes_on) : NEXT;
}

/* What the service asked goes on where it stopped; a log-in that it wanted fresh was made for it. */
static enum step act_go(struct ctx *c, struct fail *f)
{
    if (c->login == NULL || !str_is_set(c->login->service))
        return answer_go(c, S("/"));
    c->login->state = str_eq(c->login->asks_sid, flow_of(c)->ward_sid) ? LOGIN_KNOWN : LOGIN_ASKED;
    c->login->asks_sid = (struct str){ NULL, 0 };
    c->person = c->session->person;
    c->state = NULL; /* the protocol's answer has its own */
    return flow_next(c, f);
}

static const struct step_row act_rows[] = { { act_ask }, { act_done }, { act_go }, { NULL } };

enum step flow_act_for(struct ctx *c, const struct acting *ward, struct str login)
{
    struct flow *flow = flow_of(c);

    flow->ward = ward;
    flow->goes_on = login;
    flow->ward_sid = c->session->sid;
    return step_into(c, act_rows);
}

/* ── KNOWN, once more ──────────────────────────────────────────────────── */

/* Looks the service up again: it may have gone, or have been switched off, since the login began. */
static enum step known(struct ctx *c, struct fail *f)
{
    if (!str_is_set(c->login->service)) { /* our own pages */
        c->login->state = LOGIN_DECIDED;
        return flow_next(c, f);
    }
    c->service = registry_service(c->registry, c->login->service);
    if (c->service == NULL)
        return fail(f, FAIL_CALLER, "unauthorized_client", "the service has gone");
    if (flow_is_guardian(c) && !person_acts(c->person)) { /* whom the service would be told of is not said yet */
        if (is_unseen(c))
            return fail(f, FAIL_DENIED, "interaction_required", "prompt=none, and the guardian has not said for whom");
        c->login->state = LOGIN_ASKED;
        c->login->asks_sid = c->session->sid;
        return step_into(c, to_child);
    }
    check_passed(c, CHECK_person);
    if (!is_expected(c, c->person))
        return another_person(c, f);
    check_passed(c, CHECK_expected);
    enum effect effect = flow_decide(c)->effect;
    if (!is_unseen(c)) /* a service that looks by itself opens nothing */
        flow_compare_opening(c);
    if (effect != EFFECT_ALLOW)
        return flow_refuse(c);
    check_passed(c, CHECK_policy);
    return step_into(c, consent);
}

/* ── DECIDED: the protocol's own answer ─────────────────────────────────── */

static enum step decided(struct ctx *c, struct fail *f)
{
    const struct protocol *p = protocol_of(c, c->login->protocol);

    if (p == NULL || p->answer == NULL)
        return fail(f, FAIL_OURS, "server_error", "no answer is written for protocol %d", (int)c->login->protocol);
    return step_into(c, p->answer);
}

static enum step choose_test(struct ctx *c, struct fail *f)
{
    (void)f;
    return session_for(c, c->login != NULL ? registry_service(c->registry, c->login->service) : c->service);
}

static const struct step_row choose_session[] = {
    { choose_test }, { session_find_beside }, { beside_choose }, { NULL }
};

enum step flow_test_person(struct ctx *c, struct fail *f)
{
    (void)f;
    return step_into(c, choose_session);
}

enum step flow_next(struct ctx *c, struct fail *f)
{
    switch (c->login->state) {
    case LOGIN_ASKED:
        return asked(c, f);
    case LOGIN_AT_CITY: /* by another page of ours than the one that the city's answer comes to */
        c->login->state = LOGIN_ASKED;
        return asked(c, f);
    case LOGIN_KNOWN:
        return known(c, f);
    case LOGIN_CONSENT:
        return consent_go(c, f);
    case LOGIN_DECIDED:
        return decided(c, f);
    case LOGIN_ANSWERED:
        c->login->state = LOGIN_ASKED;
        return asked(c, f);
    case LOGIN_REFUSED:
        break;
    }
    return flow_expired(c);
}

enum step flow_proven(struct ctx *c, struct fail *f)
{
    if (c->person == NULL || c->login->state != LOGIN_AT_CITY)
        return fail(f, FAIL_OURS, "server_error", "nobody was proven");
    return step_into(c, admit);
}

enum step flow_to_idp(struct ctx *c, const struct idp *idp, struct fail *f)
{
    c->login->idp = idp->id;
    c->login->state = LOGIN_ASKED;
    flow_of(c)->picked = true;
    return flow_next(c, f);
}

enum step flow_cancel(struct ctx *c, struct fail *f)
{
    (void)f;
    log_event(LOG_INFO, "login.cancelled", LOG_C("support_code", c->support_code), LOG_S("service", c->login->service),
              LOG_S("idp", c->login->idp));
    struct fail *why = arena_make(c->arena, struct fail);
    (void)fail(why, FAIL_NO_SESSION, "access_denied", "the person gave the sign-in up");
    c->away = why;
    return tell_service(c, "access_denied") ? DONE : answer_go(c, S("/"));
}

enum step flow_need_person_at(struct ctx *c, struct str back, struct fail *f)
{
    if (c->session != NULL) {
        c->person = c->session->person;
        return NEXT;
    }
    c->login = login_own(c, back);
    return flow_next(c, f);
}

enum step flow_need_person(struct ctx *c, struct fail *f)
{
    struct str query = c->req->query;

    return flow_need_person_at(c,
                               str_is_set(query) && query.n + c->req->path.n < 256
                                   ? arena_printf(c->arena, "%.*s?%.*s", STR_ARG(c->req->path), STR_ARG(query))
                                   : c->req->path,
                               f);
}

/* ── failures that a service can do something with ──────────────────────── */

/* Faults of ours and of a city get a page that explains and tries again: a service could only show an error. */
static bool is_for_service(const struct ctx *c)
{
    if ((c->login->prompt & PROMPT_NONE) != 0)
        return true;
    return c->fail.kind == FAIL_CALLER || c->fail.kind == FAIL_NO_SESSION;
}

bool flow_answer_failure(struct ctx *c)
{
    return c->login != NULL && c->login->redirect_checked && is_for_service(c) && tell_service(c, c->fail.code);
}
