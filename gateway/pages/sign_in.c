/* SPDX-License-Identifier: EUPL-1.2
 * The sign-in page: which identity provider, and for local accounts the form. */
#include "base/settings.h"
#include "frame/contact.h"
#include "gateway/answer.h"
#include "gateway/flow.h"
#include "gateway/pages/second.h"
#include "gateway/session/ceremony.h"
#include "gateway/session/device.h"
#include "gateway/session/login_cookie.h"
#include "idp-adapters/adapter.h"
#include "idp-adapters/adapter_local.h"
#include "idp-adapters/upstream.h"
#include "launcher/pages.h"
#include "wire/form.h"
#include "wire/http.h"

enum { HERE_MAX_B = 512, NAME_KEPT_MAX_B = 128 };

static struct str param(const struct ctx *c, const char *name)
{
    return form_get(c->req->method == HTTP_POST ? c->body : c->query, str_of(name));
}

/* ── rows that every page here begins with ──────────────────────────────── */

static enum step find(struct ctx *c, struct fail *f)
{
    struct str id = param(c, "login");

    (void)f;
    return str_is_set(id) ? login_find(c, id) : answer_go(c, S("/"));
}

static enum step check(struct ctx *c, struct fail *f)
{
    (void)f;
    return c->login != NULL ? NEXT : flow_expired(c);
}

static const struct service *service_of(const struct ctx *c)
{
    return registry_service(c->registry, c->login->service);
}

/* Accounts that belong to no city are for our own pages and for services under test. */
static bool local_allowed(const struct ctx *c)
{
    const struct service *s = service_of(c);

    return !str_is_set(c->login->service) || (s != NULL && s->test);
}

static bool may_choose(const struct ctx *c, const struct idp *idp)
{
    return idp != NULL && idp->enabled && (idp->provider != NULL || idp->guardians || local_allowed(c));
}

/* ── the picker ─────────────────────────────────────────────────────────── */

static struct str here(struct ctx *c, const char *path)
{
    return url_to(c->arena, str_of(path), S("login"), c->login->id);
}

/* Whoever was sent here by a service may decline, and the service hears of it. */
static struct str cancel_url(struct ctx *c)
{
    return str_is_set(c->login->answer_to) ? here(c, "/sign-in/cancel") : (struct str){ NULL, 0 };
}

static struct str here_local(struct ctx *c)
{
    return url_to(c->arena, here(c, "/sign-in/local"), S("idp"), c->login->idp);
}

/* A change of language comes back to the same search. */
static struct str here_searched(struct ctx *c)
{
    struct buf b = buf_new(c->arena, HERE_MAX_B);

    buf_add(&b, here(c, "/sign-in"));
    if (str_is_set(param(c, "q")))
        url_query(&b, S("q"), param(c, "q"));
    if (str_is_set(param(c, "letter")))
        url_query(&b, S("letter"), param(c, "letter"));
    return buf_ok(&b) ? buf_str(&b) : here(c, "/sign-in");
}

/* Rows that many pages share stand in the picker: those shown are copied. */
static void mark_away(struct ctx *c, struct picks *picks)
{
    struct pick *marked = arena_make_n(c->arena, picks->n + 1, struct pick);

    for (size_t i = 0; i < picks->n; i++) {
        marked[i] = picks->at[i];
        marked[i].away = upstream_is_away(c->upstreams, marked[i].idp);
    }
    picks->at = marked;
}

static enum step show(struct ctx *c, struct fail *f)
{
    const struct service *s = service_of(c);
    const struct picker_ask ask = { .query = param(c, "q"),
                                    .n = param(c, "n"),
                                    .letter = param(c, "letter"),
                                    .remembered_idp = device_remembered(c),
                                    .used = device_used(c),
                                    .all = str_is_set(param(c, "all")),
                                    .local_allowed = local_allowed(c) };
    struct sign_in_view v = { .page = page_for(c, here_searched(c)),
                              .login = c->login->id,
                              .shared = device_shared(c),
                              .shared_idle_s = c->set->shared_idle_s };

    (void)f;
    if (s != NULL) {
        v.service = names_in(&s->names, c->lang);
        v.service_icon = icon_of(c->arena, s, c->lang);
        v.service_policy = s->client.policy_uri;
        v.service_terms = s->client.tos_uri;
        v.cancel = cancel_url(c);
    }
    picker_fill(picker_of(c->registry), c->arena, &ask, &v);
    mark_away(c, &v.picks);
    mark_away(c, &v.used);
    v.remembered.away = upstream_is_away(c->upstreams, v.remembered.idp);
    return answer_page(c, 200,
                       str_is_set(param(c, "help")) ? page_no_school(c->arena, &v) : page_sign_in(c->arena, &v));
}

const struct step_row sign_in_page[] = { { find }, { check }, { show }, { NULL } };

static enum step local_find(struct ctx *c, struct fail *f)
{
    struct str named = param(c, "idp");
    const struct idp *idp = registry_idp(c->registry, str_is_set(named) ? named : c->login->idp);

    if (!may_choose(c, idp) || idp->kind != IDP_LOCAL)
        return fail(f, FAIL_CALLER, "invalid_request", "no local accounts at \"%.*s\"", STR_ARG(named));
    c->login->idp = idp->id;
    return NEXT;
}

/* ── choosing ───────────────────────────────────────────────────────────── */

/* On a shared device the city is asked for a fresh log-in, so that nobody comes in as the one before, the launcher
 * shows the large "done", and the session ends soon [J2].  The mark stays until it is taken away: a form that does not
 * know of it does not. */
static void note_shared(struct ctx *c, struct str idp)
{
    bool says = str_is_set(param(c, "shared"));

    if (says)
        device_mark_shared(c);
    c->login->shared = says || device_shared(c);
    if (c->login->shared)
        device_keep_school(c, idp);
}

static void note_choice(struct ctx *c, const struct idp *idp)
{
    if (str_is_set(param(c, "remember")))
        device_remember(c, idp->id);
    else if (str_is_set(device_remembered(c)))
        device_forget(c);
}

/* A name that was typed for accounts of one identity provider is no other's to know. */
static void forget_name(struct ctx *c, const struct idp *idp)
{
    const struct idp *before = registry_idp(c->registry, c->login->idp);

    if (before != NULL && before->kind == IDP_LOCAL && before != idp)
        c->login->login_hint = (struct str){ NULL, 0 };
}

static enum step choose(struct ctx *c, struct fail *f)
{
    const struct idp *idp = registry_idp(c->registry, param(c, "idp"));

    if (!may_choose(c, idp))
        return fail(f, FAIL_CALLER, "invalid_request", "idp \"%.*s\" cannot be chosen", STR_ARG(param(c, "idp")));
    note_shared(c, idp->id);
    note_choice(c, idp);
    forget_name(c, idp);
    return flow_to_idp(c, idp, f);
}

const struct step_row sign_in_idp[] = { { find }, { check }, { choose }, { NULL } };

/* The page of a refusal leads here: the same identity provider once more, with all that the service asked. */
static enum step again(struct ctx *c, struct fail *f)
{
    const struct idp *idp = registry_idp(c->registry, c->login->idp);

    return may_choose(c, idp) ? flow_to_idp(c, idp, f) : answer_go(c, here(c, "/sign-in"));
}

const struct step_row sign_in_again[] = { { find }, { check }, { again }, { NULL } };

const struct step_row sign_in_cancel[] = { { find }, { check }, { flow_cancel }, { NULL } };

static enum step forget(struct ctx *c, struct fail *f)
{
    (void)f;
    device_forget(c);
    return answer_go(c, url_to(c->arena, here(c, "/sign-in"), S("all"), S("1")));
}

const struct step_row sign_in_forget[] = { { find }, { check }, { forget }, { NULL } };

/* The mark of a shared device goes; what else was chosen stays. */
static enum step own(struct ctx *c, struct fail *f)
{
    (void)f;
    device_mark_own(c);
    c->login->shared = false;
    return step_into(c, login_keep);
}

static enum step own_go(struct ctx *c, struct fail *f)
{
    (void)f;
    return answer_go(c, str_is_set(param(c, "idp")) ? here_local(c) : here(c, "/sign-in"));
}

static enum step own_find(struct ctx *c, struct fail *f)
{
    return str_is_set(param(c, "idp")) ? local_find(c, f) : NEXT;
}

const struct step_row sign_in_own[] = { { find }, { check }, { own_find }, { own }, { own_go }, { NULL } };

/* ── a link to one's own school ─────────────────────────────────────────── */

/* The identity provider of that id, or the one that speaks of the school's learners; with role=teacher the one that
 * speaks of its teachers. */
static const struct idp *idp_of_hint(const struct ctx *c, struct str hint)
{
    const struct idp *named = registry_idp(c->registry, hint);

    if (named != NULL)
        return named->listed && named->provider != NULL ? named : NULL;
    enum role role = role_of_name(form_get(c->query, S("role")));
    const struct idp *of_role = role != ROLE_NONE ? registry_idp_school_role(c->registry, hint, role) : NULL;
    return of_role != NULL ? of_role : registry_idp_school(c->registry, hint);
}

/* /school/99101 is what a card on a pupil's desk may lead to: it names a school and holds no credential.  Whoever is
 * signed in at this device is not asked for: the city says who has come [J2]. */
static enum step to_school(struct ctx *c, struct fail *f)
{
    const struct idp *idp = idp_of_hint(c, c->req->param);

    if (idp == NULL || !idp->enabled)
        return answer_go(c, S("/"));
    c->login = login_own(c, S("/"));
    if (str_eq(form_get(c->query, S("shared")), S("1"))) {
        c->login->shared = true;
        device_mark_shared(c);
    }
    if (c->login->shared || device_shared(c))
        device_keep_school(c, c->req->param);
    return flow_to_idp(c, idp, f);
}

const struct step_row sign_in_school[] = { { to_school }, { NULL } };

/* ── local accounts ─────────────────────────────────────────────────────── */

static enum step local_form(struct ctx *c, enum local_error error, int64_t wait_s)
{
    const struct service *s = service_of(c);
    const struct idp *idp = registry_idp(c->registry, c->login->idp);
    struct str typed = param(c, "username");
    struct local_view v = { .page = page_for(c, here_local(c)),
                            .login = c->login->id,
                            .idp = idp->id,
                            .idp_name = names_in(&idp->names, c->lang),
                            .username = str_is_set(typed) ? typed : c->login->login_hint,
                            .marked = device_shared(c),
                            .shared = c->req->method == HTTP_POST ? str_is_set(param(c, "shared")) : c->login->shared,
                            .shared_idle_s = c->set->shared_idle_s,
                            .error = error,
                            .no_username = error == LOCAL_EMPTY && !str_is_set(str_trim(typed)),
                            .no_password = error == LOCAL_EMPTY && !str_is_set(param(c, "password")),
                            .wait_s = wait_s };

    if (s != NULL) {
        v.service = names_in(&s->names, c->lang);
        v.service_icon = icon_of(c->arena, s, c->lang);
        v.service_policy = s->client.policy_uri;
        v.service_terms = s->client.tos_uri;
        v.cancel = cancel_url(c);
    }
    if (idp->provider != NULL) {
        v.ask = names_in(&idp->provider->names, c->lang);
        contact_split(idp->provider->support, &v.ask_url, &v.ask_email);
    }
    if (local_may_have_second(idp)) {
        v.code = true;
        v.code_maybe = !idp->vendors;
        v.rp = passkey_rp(c->set->public_url);
        ceremony_ask(c, arena_join(c->arena, S("login:"), c->login->id), &v.challenge, &v.seal);
    }
    return answer_page(c, error == LOCAL_BUSY ? 429 : 200, page_local(c->arena, &v));
}

static enum step local_show(struct ctx *c, struct fail *f)
{
    (void)f;
    return local_form(c, LOCAL_OK, 0);
}

const struct step_row sign_in_local_page[] = { { find }, { check }, { local_find }, { local_show }, { NULL } };

/* What was typed comes again, in another language or after a refusal: the browser keeps it, sealed with its login. */
static enum step local_keep_name(struct ctx *c, struct fail *f)
{
    enum lang lang;

    (void)f;
    c->login->login_hint = str_sub(str_trim(param(c, "username")), 0, NAME_KEPT_MAX_B);
    if (lang_of_tag(param(c, "lang"), &lang))
        answer_set_lang(c, lang, VARIETY_NONE);
    return step_into(c, login_keep);
}

static enum step local_go_again(struct ctx *c, struct fail *f)
{
    (void)f;
    return answer_go(c, here_local(c));
}

static const struct step_row local_other_lang[] = { { local_keep_name }, { local_go_again }, { NULL } };

static enum step local_check(struct ctx *c, struct fail *f)
{
    if (str_is_set(param(c, "lang")))
        return step_into(c, local_other_lang);
    (void)f;
    if (c->login->asked_city_s == 0)
        c->login->asked_city_s = c->now_s;
    return step_into(c, adapter_local.finish);
}

static enum step local_show_again(struct ctx *c, struct fail *f)
{
    const struct local_said *said = c->adapter_state;
    const struct second *second = c->state;

    (void)f;
    if (second->busy || second->wrong)
        return local_form(c, second->busy ? LOCAL_BUSY : LOCAL_WRONG, second->busy ? LOCAL_WINDOW_S : 0);
    return local_form(c, said->empty ? LOCAL_EMPTY : said->busy ? LOCAL_BUSY : LOCAL_WRONG, said->wait_s);
}

static const struct step_row local_again[] = { { local_keep_name }, { local_show_again }, { NULL } };

/* A wrong password is no failure of the request: the form comes again, and says so. */
static enum step local_settle(struct ctx *c, struct fail *f)
{
    if (c->person == NULL)
        return step_into(c, local_again);
    note_shared(c, c->login->idp);
    c->login->login_hint = (struct str){ NULL, 0 }; /* the browser keeps the login: the name is not the next person's */
    c->login->state = LOGIN_AT_CITY;
    return flow_proven(c, f);
}

static enum step local_second(struct ctx *c, struct fail *f)
{
    (void)f;
    return step_into(c, second_factor);
}

static enum step passkey_check(struct ctx *c, struct fail *f)
{
    if (!local_may_have_second(registry_idp(c->registry, c->login->idp)))
        return fail(f, FAIL_CALLER, "invalid_request", "there are no passkeys here");
    if (c->login->asked_city_s == 0)
        c->login->asked_city_s = c->now_s;
    return step_into(c, second_passkey);
}

/* The mark of a shared device is not on this form: it stays as it is. */
static enum step passkey_settle(struct ctx *c, struct fail *f)
{
    if (c->person == NULL)
        return step_into(c, local_again);
    c->login->login_hint = (struct str){ NULL, 0 };
    c->login->state = LOGIN_AT_CITY;
    return flow_proven(c, f);
}

const struct step_row sign_in_passkey[] = { { find },          { check },          { local_find },
                                            { passkey_check }, { passkey_settle }, { NULL } };

const struct step_row sign_in_local[] = { { find },         { check },        { local_find }, { local_check },
                                          { local_second }, { local_settle }, { NULL } };
