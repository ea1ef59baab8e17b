/* SPDX-License-Identifier: EUPL-1.2
 * A service signs somebody out, or says that it has: LogoutRequest and LogoutResponse by Redirect and POST, and
 * LogoutRequest by SOAP.  [SAML core 3.7, profiles 4.4; IIP-IDP17–20] */
#include "gateway/saml/saml.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "base/log.h"
#include "base/seals.h"
#include "base/settings.h"
#include "certs/content_key.h"
#include "gateway/answer.h"
#include "gateway/flow.h"
#include "gateway/logout.h"
#include "gateway/saml/name_id.h"
#include "gateway/session/found.h"
#include "gateway/session/session.h"
#include "gateway/session/trail.h"
#include "gateway/tally.h"
#include "model/pairwise.h"
#include "wire/form.h"
#include "wire/http.h"
#include "wire/json.h"
#include "wire/saml_ask.h"
#include "wire/saml_write.h"

enum { SEALED_MAX_B = 16384, ADDRESS_MAX_B = 32768, USED_UP_S = 3600 };

static const struct str place = S("saml logout");

/* What a message came to once it was proven; as a record: between a POST of somebody else's and the GET of ours that
 * follows it. */
struct slo_told {
    struct str service, id, relay, name, sessions; /* sessions: SessionIndex, with spaces between */
    int64_t kind, asynchronous, until_s;
    int64_t heard, unknown; /* of an answer: all has ended; it knows nobody of the name that it was told */
};

static const struct json_field fields[] = {
    FIELD(slo_told, service, JSON_STR, true, 128),
    FIELD(slo_told, id, JSON_STR, true, 0),
    FIELD(slo_told, relay, JSON_STR, false, 0),
    FIELD(slo_told, name, JSON_STR, false, 0),
    FIELD(slo_told, sessions, JSON_STR, false, 0),
    FIELD(slo_told, kind, JSON_INT, true, 0),
    FIELD(slo_told, asynchronous, JSON_INT, true, 0),
    FIELD(slo_told, heard, JSON_INT, true, 0),
    FIELD(slo_told, until_s, JSON_INT, true, 0),
    FIELD(slo_told, unknown, JSON_INT, false, 0),
    { 0 },
};

struct ending {
    struct logout out; /* first: c->state of logout_now */
    struct saml_ask *message;
    struct upstream_got got;
    const struct saml_service_metadata *peer;
    struct saml_logout_asked said;
    struct content_key key; /* of an EncryptedID */
    struct slo_told told;
    struct ending_mark used; /* the mark of this very message; an answer to ours has none: its trip is good once */
    struct kv_got found;
    bool *others; /* a session that ended had opened other services */
    /* The answer. */
    enum saml_status status, inner;
    bool by_soap;
};

static struct ending *mine(const struct ctx *c)
{
    return c->state;
}

/* ── what came ──────────────────────────────────────────────────────────── */

static enum step find_service(struct ctx *c, struct fail *f)
{
    struct ending *e = mine(c);
    struct str issuer = saml_ask_issuer(e->message);
    enum saml_ask_kind kind = saml_ask_kind(e->message);

    if (kind != SAML_ASK_LOGOUT && (kind != SAML_ASK_LOGGED_OUT || e->by_soap))
        return fail_told(f, FAIL_CALLER, "invalid_request", "the message is no LogoutRequest",
                         "the message is neither a LogoutRequest nor a LogoutResponse");
    c->saml = e->message;
    check_passed(c, CHECK_leave_message);
    c->service_named = issuer;
    c->service = registry_service_entity(c->registry, issuer);
    if (c->service == NULL || !c->service->enabled)
        return fail_told(f, FAIL_CALLER, "invalid_request", "Issuer is no service that is known here",
                         "unknown service: none has the entityID \"%.*s\"", STR_ARG(issuer));
    if (!saml_face_fits(c, f))
        return REFUSE;
    check_passed(c, CHECK_leave_issuer);
    peer_ask(c, c->service, false, &e->got);
    return WAIT;
}

/* Who signs somebody out has signed that: anybody could send the browser here [SAML profiles 4.4.3.1]. */
static struct saml_ask_rules rules_of(struct ctx *c, const char *path)
{
    const struct service *s = c->service;

    return (struct saml_ask_rules){ .keys = peer_keys(c, s, mine(c)->peer),
                                    .issuer = s->saml.entity_id,
                                    .here = saml_here(c, path),
                                    .us = saml_us(c),
                                    .now_s = c->now_s,
                                    .skew_s = s->saml.skew_s,
                                    .must_be_signed = true };
}

static bool read_logged_out(struct ctx *c, struct fail *f)
{
    struct ending *e = mine(c);
    struct saml_ask_rules rules = rules_of(c, SAML_PATH_SLO);
    struct saml_logged_out said;

    rules.request_id = saml_ask_in_response_to(e->message); /* which of ours: looked at where its trip is known */
    if (!str_is_set(rules.request_id))
        return fail(f, FAIL_CALLER, "invalid_request", "InResponseTo is missing");
    if (!saml_ask_logged_out(e->message, &rules, &said, f))
        return false;
    e->told.id = rules.request_id;
    e->told.heard = said.success && !said.partial;
    e->told.unknown = saml_knows_nobody(&said);
    return true;
}

static enum step key_ask(struct ctx *c, struct fail *f)
{
    (void)f;
    return content_key_ask(c->signer, &c->batch, c->arena, &mine(c)->key) ? WAIT : NEXT;
}

static enum step key_use(struct ctx *c, struct fail *f)
{
    struct ending *e = mine(c);
    const struct content_key *k = &e->key;
    enum content_key_state state = content_key_look(&e->key);

    if (state == CONTENT_KEY_AWAY)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "the signer: %s", k->got.error);
    if (!saml_ask_named(e->message, state == CONTENT_KEY_FITS ? k->got.value : (struct str){ NULL, 0 }, &e->said.name,
                        f))
        return REFUSE;
    if (k->got.retired)
        tally_add(c->service_tally, c->service->id, S(TALLY_OLDER_KEY), c->now_s);
    return NEXT;
}

static const struct step_row naming[] = { CONTENT_KEY_ROWS(key_ask, key_use), { NULL } };

static enum step prove(struct ctx *c, struct fail *f)
{
    struct ending *e = mine(c);

    e->peer = peer_in_force(c, c->service, &e->got, f);
    if (e->peer == NULL)
        return REFUSE;
    e->told = (struct slo_told){ .service = c->service->id,
                                 .relay = saml_ask_relay_state(e->message),
                                 .kind = saml_ask_kind(e->message),
                                 .until_s = c->now_s + c->set->login_life_s };
    if (e->told.kind == SAML_ASK_LOGGED_OUT)
        return read_logged_out(c, f) ? NEXT : REFUSE;
    const struct saml_ask_rules rules = rules_of(c, e->by_soap ? SAML_PATH_SOAP : SAML_PATH_SLO);
    if (!saml_ask_logout(e->message, &rules, &e->said, f))
        return REFUSE;
    peer_used_key(c, c->service, e->peer, e->said.key);
    if (e->said.wrapped == NULL)
        return NEXT;
    e->key.of = e->said.wrapped;
    return step_into(c, naming);
}

static enum step note_told(struct ctx *c, struct fail *f)
{
    struct ending *e = mine(c);
    struct strs sessions = { e->said.sessions, e->said.session_count };

    check_passed(c, CHECK_leave_authentic);
    if (e->told.kind == SAML_ASK_LOGGED_OUT)
        return passed(c, CHECK_leave_named);
    e->told.id = e->said.id;
    e->told.name = e->said.name.value;
    e->told.sessions = strs_joined(c->arena, &sessions, ' ');
    e->told.asynchronous = e->said.asynchronous;
    return passed(c, CHECK_leave_named);
}

/* One that comes again could end a session that has begun since [security: replay].  as: in which form it comes. */
static enum step use_up_as(struct ctx *c, const char *as)
{
    struct ending *e = mine(c);

    if (e->told.kind == SAML_ASK_LOGGED_OUT)
        return NEXT;
    struct str mark = arena_printf(c->arena, "%s:%.*s:%.*s", as, STR_ARG(c->service->id), STR_ARG(e->told.id));
    ending_mark_ask(c->kv, &c->batch, c->arena, &e->used, sha256_hex(c->arena, mark),
                    e->said.issued_s != 0 ? e->said.issued_s : c->now_s, USED_UP_S);
    return c->batch.pending > 0 ? WAIT : NEXT;
}

static enum step use_up(struct ctx *c, struct fail *f)
{
    (void)f;
    return use_up_as(c, "saml-logout");
}

static enum step look_used(struct ctx *c, struct fail *f)
{
    struct ending *e = mine(c);

    (void)f;
    return str_is_set(e->used.id) && ending_mark_look(c->kv, &c->batch, c->arena, &e->used) ? WAIT : NEXT;
}

static enum step check_unused(struct ctx *c, struct fail *f)
{
    const struct ending *e = mine(c);
    enum ending_says says = str_is_set(e->used.id) ? ending_mark_says(&e->used) : ENDING_GOOD;

    if (says == ENDING_AWAY)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "Redis is away, or the same LogoutRequest is under way");
    return says == ENDING_GOOD
               ? passed(c, CHECK_leave_once)
               : fail_told(f, FAIL_CALLER, "invalid_request", "the message came before, and is good once",
                           "LogoutRequest \"%.*s\" came before", STR_ARG(e->told.id));
}

static const struct step_row read_rows[] = { { find_service }, { prove },        { note_told }, { use_up },
                                             { look_used },    { check_unused }, { NULL } };

static enum step read_message(struct ctx *c, struct fail *f)
{
    (void)f;
    return step_into(c, read_rows);
}

/* ── whether a session is meant ─────────────────────────────────────────── */

static bool is_named(const struct ctx *c, const struct slo_told *t, struct str told, struct str person)
{
    struct str sub = pairwise_sub(c->arena, c->seals, person, c->service->vendor), names[TOLD_NAMES_MAX];
    size_t n = names_told(told, names);
    bool is = str_eq(t->name, sub);

    for (size_t i = 0; i < n; i++)
        is = is || str_eq(t->name, names[i]);
    return str_is_set(t->name) && is;
}

/* By the index that the service's vendor was told; where it says none, by the name [core 3.7.3.2].  takes_part: the
 * service was opened from the session: services of one vendor know one index, and one name. */
static bool is_meant(const struct ctx *c, const struct slo_told *t, struct str sid, bool takes_part, struct str told,
                     struct str person)
{
    struct str index = pairwise_sid(c->arena, c->seals, sid, c->service->vendor);

    return takes_part && (str_is_set(t->sessions) ? str_has_word(t->sessions, index) : is_named(c, t, told, person));
}

static bool session_means(const struct ctx *c, const struct slo_told *t, const struct session *s)
{
    return is_meant(c, t, s->sid, strs_has(&s->services, c->service->id), session_told(s, c->service->id),
                    s->person->id);
}

static bool session_is_meant(const struct ctx *c, const struct session *s, const void *what)
{
    const struct ending *e = what;

    if (!session_means(c, &e->told, s))
        return false;
    for (size_t i = 0; i < s->services.n; i++)
        *e->others = *e->others || !str_eq(s->services.at[i], c->service->id);
    return true;
}

/* ── the answer ─────────────────────────────────────────────────────────── */

struct answering { /* c->state */
    struct saml_response out;
    struct str relay;
    struct upstream_got got;
    const struct saml_service_metadata *peer;
    const struct saml_endpoint *to;
    struct saml_draft draft;
    struct str query;
    struct signed_got signature;
    bool by_soap;
};

static enum step answer_ask(struct ctx *c, struct fail *f)
{
    struct answering *x = c->state;

    (void)f;
    peer_ask(c, c->service, false, &x->got);
    return WAIT;
}

static enum step answer_sign(struct ctx *c, struct fail *f)
{
    struct answering *x = c->state;
    bool redirect = false;

    x->peer = peer_in_force(c, c->service, &x->got, f);
    if (x->peer == NULL)
        return REFUSE;
    enum jose_alg alg = saml_alg_of(c->service, x->peer);
    if (!x->by_soap) {
        x->to = saml_service_slo(x->peer, SAML_REDIRECT);
        redirect = x->to != NULL;
        x->to = redirect ? x->to : saml_service_slo(x->peer, SAML_POST);
        if (x->to == NULL) /* it signed out, and is to be told nothing */
            return answer_go(c, S("/signed-out"));
        x->out.destination = x->to->response_location;
    }
    x->out.id = saml_new_id(c);
    x->out.now_s = c->now_s;
    x->out.issuer = saml_us(c);
    x->draft = saml_logged_out_draft(c->arena, &x->out);
    if (redirect) {
        x->query = saml_query_draft(c->arena, x->draft.text, true, x->relay,
                                    alg == JOSE_ES256 ? SAML_QUERY_ECDSA_SHA256 : SAML_QUERY_RSA_SHA256);
        signer_query_by(c->signer, &c->batch, c->arena, alg, x->query, &x->signature);
    } else {
        signer_saml_text(c->signer, &c->batch, c->arena, alg, x->draft.text, &x->signature);
    }
    return WAIT;
}

static enum step answer_send(struct ctx *c, struct fail *f)
{
    struct answering *x = c->state;

    if (!x->signature.ok)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "the signer: %s", x->signature.error);
    if (str_is_set(x->query))
        return answer_go(c, saml_redirect_url(c->arena, x->out.destination, x->query, x->signature.value));
    struct str message = saml_sealed(c->arena, &x->draft, x->signature.value);
    if (!x->by_soap)
        return saml_post(c, c->service, x->out.destination, "SAMLResponse", message, x->relay);
    http_body(c->res, 200, S("text/xml; charset=utf-8"), saml_soap_write(c->arena, message));
    return DONE;
}

static const struct step_row answer_rows[] = { { answer_ask }, { answer_sign }, { answer_send }, { NULL } };

static enum step answer(struct ctx *c, const struct slo_told *t, enum saml_status status, enum saml_status inner,
                        bool by_soap)
{
    struct answering *x = c->state = arena_make(c->arena, struct answering);

    x->out = (struct saml_response){ .in_response_to = t->id, .status = status, .inner = inner };
    x->relay = t->relay;
    x->by_soap = by_soap;
    return step_into(c, answer_rows);
}

/* ── begun by a service, with the browser ───────────────────────────────── */

/* "ID RelayState"; a RelayState that is longer than the binding allows (80 bytes) may not come back. */
static struct str kept_of(struct ctx *c, const struct slo_told *t)
{
    struct str all = arena_printf(c->arena, "%.*s %.*s", STR_ARG(t->id), STR_ARG(t->relay));

    return all.n <= LEAVE_KEPT_MAX_B ? all : arena_join(c->arena, t->id, S(" "));
}

static enum step left_answer(struct ctx *c, struct fail *f)
{
    const struct leave_reply *r = c->state;
    struct slo_told t = { .relay = r->kept };

    (void)f;
    (void)str_split(&t.relay, ' ', &t.id);
    if (t.relay.n == 0)
        t.relay = (struct str){ NULL, 0 };
    return answer(c, &t, SAML_SUCCESS, r->partial ? SAML_PARTIAL_LOGOUT : SAML_NO_STATUS, false);
}

const struct step_row saml_left[] = { { left_answer }, { NULL } };

static enum step elsewhere_ask(struct ctx *c, struct fail *f)
{
    struct ending *e = mine(c);

    (void)f;
    e->others = arena_make(c->arena, bool);
    if (!str_is_set(e->told.name))
        return NEXT;
    found_ask(c, FOUND_BY_SERVICE_NAME, c->service->id, e->told.name, &e->found);
    return WAIT;
}

static enum step elsewhere_end(struct ctx *c, struct fail *f)
{
    struct ending *e = mine(c);
    struct logout_elsewhere *all = arena_make(c->arena, struct logout_elsewhere);

    if (str_is_set(e->told.name)) {
        if (e->found.outcome == KV_DOWN)
            return kv_away(f, "index of sessions");
        found_gather(c, &e->found, &all->sessions, &all->cut);
    }
    all->by = c->service;
    all->is_meant = session_is_meant;
    all->what = e;
    all->mark = &e->used;
    c->state = all;
    return step_into(c, logout_elsewhere);
}

/* Their services are told, and nobody waits for that: where there were others, not all of them have confirmed it.  From
 * its own server a service hears where nobody was meant [core 3.2.2.2, UnknownPrincipal]: of sessions that it opened
 * itself, as nothing else is looked at.  A browser that brings no session has none to end. */
static enum step elsewhere_answer(struct ctx *c, struct fail *f)
{
    const struct logout_elsewhere *all = c->state;
    const struct ending *e = all->what;

    (void)f;
    if (e->by_soap && all->ended == 0 && !all->cut)
        return answer(c, &e->told, SAML_REQUESTER, SAML_UNKNOWN_PRINCIPAL, true);
    return answer(c, &e->told, SAML_SUCCESS, *e->others || all->cut ? SAML_PARTIAL_LOGOUT : SAML_NO_STATUS, e->by_soap);
}

static const struct step_row elsewhere[] = { { elsewhere_ask }, { elsewhere_end }, { elsewhere_answer }, { NULL } };

/* The session is over already: then the browser's trail of it is looked at in the same way. */
static bool is_over_and_meant(struct ctx *c, struct ending *e)
{
    struct trail *t = arena_make(c->arena, struct trail);

    if (!trail_read(c, t) || !is_meant(c, &e->told, t->sid, t->more || str_has_word(t->services, c->service->id),
                                       (struct str){ NULL, 0 }, t->person))
        return false;
    e->out.trail = t;
    return true;
}

/* Somebody else's session in this browser is not the service's to end. */
static enum step decide(struct ctx *c, struct fail *f)
{
    struct ending *e = mine(c);

    (void)f;
    if (e->told.kind == SAML_ASK_LOGGED_OUT) {
        struct str trip = logout_trip_id(c, e->told.relay, c->service->id);
        if (trip.p == NULL || !str_eq(e->told.id, arena_join(c->arena, S("_"), trip)))
            return fail_told(f, FAIL_CALLER, "invalid_request", "the message answers no sign-out that began here",
                             "InResponseTo \"%.*s\" is no trip of ours", STR_ARG(e->told.id));
        enum came_as as = e->told.heard != 0 ? CAME_HEARD : e->told.unknown != 0 ? CAME_UNKNOWN : CAME_UNHEARD;
        return logout_came(c, e->told.relay, c->service->id, as);
    }
    bool meant = c->session != NULL ? session_means(c, &e->told, c->session) ||
                                          (c->beside != NULL && session_means(c, &e->told, c->beside))
                                    : is_over_and_meant(c, e);
    if (!meant)
        return step_into(c, elsewhere);
    e->out.by = c->service;
    e->out.mark = &e->used;
    e->out.go_back = true;
    if (!e->told.asynchronous)
        e->out.kept = kept_of(c, &e->told);
    return step_into(c, logout_now);
}

static enum step read_query(struct ctx *c, struct fail *f)
{
    struct ending *e = c->state = arena_make(c->arena, struct ending);

    if (form_get(c->query, S("SAMLRequest")).p == NULL && form_get(c->query, S("SAMLResponse")).p == NULL)
        return answer_go(c, S("/"));
    return saml_ask_redirect(c->arena, c->req->query, (size_t)c->set->saml_message_B, &e->message, f) ? NEXT : REFUSE;
}

const struct step_row saml_slo[] = { { read_query },          { read_message }, { session_find }, { flow_test_person },
                                     { session_find_beside }, { decide },       { NULL } };

/* ── by POST: no cookie is read; what was proven goes on, sealed, to a GET of ours ─── */

static enum step read_form(struct ctx *c, struct fail *f)
{
    struct ending *e = c->state = arena_make(c->arena, struct ending);
    struct str message = form_get(c->body, S("SAMLRequest"));

    if (!str_is_set(message))
        message = form_get(c->body, S("SAMLResponse"));
    if (!str_is_set(message))
        return fail_told(f, FAIL_CALLER, "invalid_request", "SAMLRequest and SAMLResponse are missing",
                         "SAMLRequest and SAMLResponse are missing");
    return saml_ask_post(c->arena, message, form_get(c->body, S("RelayState")), (size_t)c->set->saml_message_B,
                         &e->message, f)
               ? NEXT
               : REFUSE;
}

static struct str written(struct ctx *c, const struct slo_told *t)
{
    struct json_out o = json_out(c->arena, SEALED_MAX_B);

    json_begin_object(&o);
    json_put_str(&o, S("service"), t->service);
    json_put_str(&o, S("id"), t->id);
    json_put_str(&o, S("relay"), t->relay);
    json_put_str(&o, S("name"), t->name);
    json_put_str(&o, S("sessions"), t->sessions);
    json_put_int(&o, S("kind"), t->kind);
    json_put_int(&o, S("asynchronous"), t->asynchronous);
    json_put_int(&o, S("heard"), t->heard);
    json_put_int(&o, S("unknown"), t->unknown);
    json_put_int(&o, S("until_s"), t->until_s);
    json_end_object(&o);
    return json_done(&o);
}

/* What is to end goes on with a mark of its own. */
static enum step handed_on(struct ctx *c, struct fail *f)
{
    (void)f;
    ending_mark_done(c->kv, &c->batch, c->arena, &mine(c)->used);
    return c->batch.pending > 0 ? WAIT : NEXT;
}

static enum step go_on(struct ctx *c, struct fail *f)
{
    struct buf b = buf_new(c->arena, ADDRESS_MAX_B);
    struct str json = written(c, &mine(c)->told);

    if (!ending_mark_is_done(&mine(c)->used))
        return kv_away(f, "mark of a request");
    if (json.p == NULL)
        return fail(f, FAIL_TOO_LARGE, "invalid_request", "the message is too large");
    buf_add(&b, S("/saml/slo/on"));
    url_query(&b, S("told"),
              b64url_encode(c->arena, seal_close(c->arena, c->world, c->seals, SEAL_COOKIE, place, json)));
    return answer_go(c, buf_str(&b));
}

const struct step_row saml_slo_post[] = { { read_form }, { read_message }, { handed_on }, { go_on }, { NULL } };

static enum step open_told(struct ctx *c, struct fail *f)
{
    struct ending *e = c->state = arena_make(c->arena, struct ending);
    struct str sealed, plain;
    struct fail why = { 0 };

    if (!b64url_decode(c->arena, form_get(c->query, S("told")), &sealed) ||
        !seal_open(c->arena, c->seals, SEAL_COOKIE, place, sealed, &plain) ||
        !json_read(c->arena, plain, fields, &e->told, &why) || e->told.until_s <= c->now_s)
        return fail(f, FAIL_CALLER, "invalid_request", "told is none of ours, or too old");
    c->service = registry_service(c->registry, e->told.service);
    return c->service != NULL && c->service->enabled && c->service->protocol == PROTO_SAML
               ? NEXT
               : fail(f, FAIL_CALLER, "invalid_request", "the service was taken away since it asked");
}

/* The address stays in the browser's history. */
static enum step use_up_on(struct ctx *c, struct fail *f)
{
    (void)f;
    return use_up_as(c, "saml-logout-on");
}

const struct step_row saml_slo_on[] = { { open_told },           { use_up_on },    { look_used },
                                        { check_unused },        { session_find }, { flow_test_person },
                                        { session_find_beside }, { decide },       { NULL } };

/* ── begun by a service, from it to us ──────────────────────────────────── */

static enum step read_envelope(struct ctx *c, struct fail *f)
{
    struct ending *e = c->state = arena_make(c->arena, struct ending);

    e->by_soap = true;
    return saml_ask_soap(c->arena, c->req->body, (size_t)c->set->saml_message_B, &e->message, f) ? NEXT : REFUSE;
}

static enum step end_elsewhere(struct ctx *c, struct fail *f)
{
    (void)f;
    return step_into(c, elsewhere);
}

const struct step_row saml_slo_soap[] = { { read_envelope }, { read_message }, { end_elsewhere }, { NULL } };
