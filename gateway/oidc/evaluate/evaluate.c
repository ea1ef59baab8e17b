/* SPDX-License-Identifier: EUPL-1.2
 * A service asks what policy says of somebody: whether they may open it now, and what it may be told of them.
 * [AuthZEN Authorization API 1.0: Access Evaluation, Access Evaluations, Policy Decision Point Metadata]
 *
 * It comes with an access token of its own (client_credentials, scope SCOPE_ACCESS_EVALUATION), and asks about people
 * by the `sub` that it knows.  Who is not signed in with it now is not known here: of them, and of people whom it made
 * up, the answer is the same.  Its batch asks Redis twice, however many questions there are. */
#include "gateway/oidc/tokens/tokens.h"

#include "base/settings.h"
#include "gateway/answer.h"
#include "gateway/pace.h"
#include "gateway/session/found.h"
#include "gateway/session/session.h"
#include "model/pairwise.h"
#include "wire/http.h"
#include "wire/json.h"

#include <string.h>

enum {
    QUESTIONS_MAX = 64,
    SESSIONS_EACH_MAX = 8, /* of one person, the latest */
    ENTITY_MAX_B = 256,
    REQUEST_ID_MAX_B = 1024,
    ANSWER_MAX_B = 65536,
};

struct subject { /* somebody who is asked about, once however often */
    struct str sub;
    struct kv_got found;
    struct strs keys;
    struct kv_got *looked;
    struct session *sessions[SESSIONS_EACH_MAX];
    size_t n;
};

struct entity {
    struct str type, id;
};

struct question {
    struct entity subject, resource;
    struct str action;
    struct subject *whom; /* NULL: not understood */
    const char *why;      /* it is no: a word of the table in docs/services.md; NULL: yes */
};

/* What of many questions is answered. */
enum semantic { ALL = 0, UNTIL_NO, UNTIL_YES };
static const char *const semantics[] = {
    [ALL] = "execute_all", [UNTIL_NO] = "deny_on_first_deny", [UNTIL_YES] = "permit_on_first_permit"
};

struct evaluating { /* c->state */
    struct token_brought by;
    const struct service *asks;
    bool many;
    enum semantic semantic;
    struct question *questions;
    size_t count, answered;
    struct subject *subjects;
    size_t subject_count;
    bool noted; /* something was said of somebody */
};

static struct evaluating *mine(const struct ctx *c)
{
    return c->state;
}

/* ── who asks ───────────────────────────────────────────────────────────── */

static enum step begin(struct ctx *c, bool many)
{
    struct evaluating *x = c->state = arena_make(c->arena, struct evaluating);
    struct str id = http_field(c->req, S("X-Request-ID"));

    x->many = many;
    if (str_is_set(id) && id.n <= REQUEST_ID_MAX_B)
        http_header_set(c->res, S("X-Request-ID"), id);
    return step_into(c, token_bring);
}

static enum step bring_one(struct ctx *c, struct fail *f)
{
    (void)f;
    return begin(c, false);
}

static enum step bring_many(struct ctx *c, struct fail *f)
{
    (void)f;
    return begin(c, true);
}

static enum step check_token(struct ctx *c, struct fail *f)
{
    struct evaluating *x = mine(c);
    const struct token_record *r = &x->by.shown.record;

    if (!token_person(c, &x->by.shown, f))
        return f->kind != FAIL_NONE ? REFUSE : token_refuse(c, f, x->by.shown.why);
    if (c->person != NULL || str_is_set(r->family))
        return token_refuse(c, f, "the token is a person's: a service asks with one of its own");
    if (str_is_set(r->resources))
        return token_refuse(c, f, "the token is for another resource");
    if (!str_has_word(r->scope, S(SCOPE_ACCESS_EVALUATION)))
        return fail_told(f, FAIL_DENIED, "insufficient_scope",
                         "the access token lacks the scope " SCOPE_ACCESS_EVALUATION
                         ", which the registration must have and the token be asked for with",
                         "its scope is \"%.*s\"", STR_ARG(r->scope));
    x->asks = c->service;
    return NEXT;
}

/* ── what is asked ──────────────────────────────────────────────────────── */

static bool bad(struct fail *f, const char *where, const char *what)
{
    return fail(f, FAIL_CALLER, "invalid_request", "%s %s", where, what);
}

/* A member of the question, or what stands for all of them at the top. */
static const struct json_value *part(const struct json_value *own, const struct json_value *all, const char *name)
{
    const struct json_value *v = json_get(own, str_of(name));

    return v != NULL || own == all ? v : json_get(all, str_of(name));
}

static bool read_text(const struct json_value *v, const char *of, const char *name, struct str *out, struct fail *f)
{
    const struct json_value *text = json_get(v, str_of(name));

    if (text == NULL || text->type != JSON_STR || text->text.n == 0)
        return fail(f, FAIL_CALLER, "invalid_request", "%s.%s must be there, and be a text", of, name);
    if (text->text.n > ENTITY_MAX_B)
        return fail(f, FAIL_CALLER, "invalid_request", "%s.%s is longer than %d bytes", of, name, ENTITY_MAX_B);
    *out = text->text;
    return true;
}

static bool read_entity(const struct json_value *v, const char *of, struct entity *out, struct fail *f)
{
    if (v == NULL || v->type != JSON_OBJECT)
        return bad(f, of, "must be there, and be an object with type and id");
    return read_text(v, of, "type", &out->type, f) && read_text(v, of, "id", &out->id, f);
}

static bool read_action(const struct json_value *v, struct str *out, struct fail *f)
{
    if (v == NULL || v->type != JSON_OBJECT)
        return bad(f, "action", "must be there, and be an object with name");
    return read_text(v, "action", "name", out, f);
}

static bool read_question(const struct json_value *own, const struct json_value *all, struct question *q,
                          struct fail *f)
{
    const struct json_value *context = part(own, all, "context");

    if (own->type != JSON_OBJECT)
        return bad(f, "evaluations", "must hold objects");
    if (context != NULL && context->type != JSON_OBJECT)
        return bad(f, "context", "must be an object");
    return read_entity(part(own, all, "subject"), "subject", &q->subject, f) &&
           read_entity(part(own, all, "resource"), "resource", &q->resource, f) &&
           read_action(part(own, all, "action"), &q->action, f);
}

static bool read_semantic(const struct json_value *all, enum semantic *out, struct fail *f)
{
    const struct json_value *v = json_get(json_get(all, S("options")), S("evaluations_semantic"));

    *out = ALL;
    for (size_t i = 0; v != NULL && i < sizeof semantics / sizeof *semantics; i++)
        if (v->type == JSON_STR && str_eq(v->text, str_of(semantics[i]))) {
            *out = (enum semantic)i;
            return true;
        }
    return v == NULL ||
           bad(f, "options.evaluations_semantic", "must be execute_all, deny_on_first_deny or permit_on_first_permit");
}

/* Without `evaluations`, many are one. */
static bool read_questions(struct ctx *c, const struct json_value *all, struct fail *f)
{
    struct evaluating *x = mine(c);
    const struct json_value *list = x->many ? json_get(all, S("evaluations")) : NULL;

    if (list != NULL && list->type != JSON_ARRAY)
        return bad(f, "evaluations", "must be an array");
    if (list == NULL || list->count == 0) {
        x->many = false;
        x->count = 1;
        x->questions = arena_make(c->arena, struct question);
        return read_question(all, all, x->questions, f);
    }
    if (list->count > QUESTIONS_MAX)
        return fail(f, FAIL_CALLER, "invalid_request", "evaluations has %zu questions: ask at most %d at a time",
                    list->count, QUESTIONS_MAX);
    x->questions = arena_make_n(c->arena, list->count, struct question);
    for (const struct json_value *v = list->first; v != NULL; v = v->next)
        if (!read_question(v, all, &x->questions[x->count++], f))
            return false;
    return read_semantic(all, &x->semantic, f);
}

static struct subject *subject_of(struct evaluating *x, struct str sub)
{
    for (size_t i = 0; i < x->subject_count; i++)
        if (str_eq(x->subjects[i].sub, sub))
            return &x->subjects[i];
    x->subjects[x->subject_count] = (struct subject){ .sub = sub };
    return &x->subjects[x->subject_count++];
}

/* "user" is what most products call it by themselves. */
static bool is_person(struct str type)
{
    return str_eq(type, S("person")) || str_eq(type, S("user"));
}

static enum step read_body(struct ctx *c, struct fail *f)
{
    struct evaluating *x = mine(c);
    const struct json_value *all = answer_json_body(c, "invalid_request", f);

    if (all == NULL || !read_questions(c, all, f))
        return REFUSE;
    x->subjects = arena_make_n(c->arena, x->count, struct subject);
    for (size_t i = 0; i < x->count; i++)
        if (is_person(x->questions[i].subject.type))
            x->questions[i].whom = subject_of(x, x->questions[i].subject.id);
    for (size_t i = 0; i < x->subject_count; i++)
        found_ask(c, FOUND_BY_SERVICE_NAME, x->asks->id, x->subjects[i].sub, &x->subjects[i].found);
    return x->subject_count > 0 ? WAIT : NEXT;
}

/* ── about whom ─────────────────────────────────────────────────────────── */

static enum step look_at_sessions(struct ctx *c, struct fail *f)
{
    struct evaluating *x = mine(c);
    size_t asked = 0;

    for (size_t i = 0; i < x->subject_count; i++) {
        struct subject *s = &x->subjects[i];
        if (s->found.outcome == KV_DOWN)
            return kv_away(f, "sessions of a person");
        struct strs keys = found_read(c, &s->found);
        size_t skip = keys.n > SESSIONS_EACH_MAX ? keys.n - SESSIONS_EACH_MAX : 0;
        s->keys = (struct strs){ keys.at + skip, keys.n - skip };
        s->looked = arena_make_n(c->arena, s->keys.n + 1, struct kv_got);
        for (size_t k = 0; k < s->keys.n; k++, asked++)
            session_ask(c, s->keys.at[k], &s->looked[k]);
    }
    return asked > 0 ? WAIT : NEXT;
}

/* What was found is a hint: the session says whose it is. */
static bool take_sessions(struct ctx *c, struct subject *s, struct fail *f)
{
    for (size_t k = 0; k < s->keys.n; k++) {
        struct session *session = session_of(c, s->keys.at[k], &s->looked[k], f);
        if (f->kind != FAIL_NONE)
            return false;
        if (session != NULL &&
            str_eq(pairwise_sub(c->arena, c->seals, session->person->id, mine(c)->asks->vendor), s->sub))
            s->sessions[s->n++] = session;
    }
    return true;
}

/* ── decisions ──────────────────────────────────────────────────────────── */

/* A service of the same vendor, by its client_id; of others nothing is said. */
static const struct service *service_asked(struct ctx *c, struct str id)
{
    const struct service *s = registry_client(c->registry, id), *asks = mine(c)->asks;

    return s != NULL && (s == asks || (str_is_set(asks->vendor) && str_eq(s->vendor, asks->vendor))) ? s : NULL;
}

/* As the service knows it: by the name of the claim in a token, or by the word of its row. */
static bool claim_asked(struct str name, enum claim *out)
{
    for (int i = 0; i < CLAIM_COUNT; i++) {
        const char *names[] = { claim_rows[i].word, claim_rows[i].native, claim_rows[i].mpass };
        for (size_t k = 0; k < sizeof names / sizeof *names; k++)
            if (names[k][0] != '\0' && str_eq(name, str_of(names[k]))) {
                *out = (enum claim)i;
                return true;
            }
    }
    return false;
}

/* c->service is who is asked about; in one session of the person. */
static bool is_yes(struct ctx *c, struct session *s, const enum claim *claim)
{
    c->session = s;
    c->person = s->person;
    const struct decision *d = flow_decide(c);
    return d->effect == EFFECT_ALLOW && (claim == NULL || claim_in(d->release, *claim));
}

static const char *decide(struct ctx *c, const struct question *q)
{
    const struct service *asks = mine(c)->asks;
    enum claim claim = CLAIM_SUB;
    bool opens = str_eq(q->action, S("open")), tells = str_eq(q->action, S("release"));

    if (q->whom == NULL)
        return "unknown_subject_type";
    if (!opens && !tells)
        return "unknown_action";
    if (!str_eq(q->resource.type, opens ? S("service") : S("attribute")))
        return "unknown_resource_type";
    c->service = opens ? service_asked(c, q->resource.id) : asks;
    if (c->service == NULL || (tells && !claim_asked(q->resource.id, &claim))) {
        c->service = asks;
        return "unknown_resource";
    }
    const char *why = q->whom->n == 0 ? "not_signed_in" : "policy";
    for (size_t i = 0; i < q->whom->n && why != NULL; i++)
        if (is_yes(c, q->whom->sessions[i], tells ? &claim : NULL))
            why = NULL;
    return why;
}

/* One line of what the service was told of somebody: in their release log, as what else it learned. */
static void note(struct ctx *c, const struct question *q)
{
    if (q->whom == NULL || q->whom->n == 0 || c->person == NULL)
        return;
    mine(c)->noted = true;
    flow_audit(c, "evaluated", flow_decision(c)->rule, (struct str){ NULL, 0 },
               q->why == NULL ? S("yes") : str_of(q->why));
}

static enum step decide_all(struct ctx *c, struct fail *f)
{
    struct evaluating *x = mine(c);

    for (size_t i = 0; i < x->subject_count; i++)
        if (!take_sessions(c, &x->subjects[i], f))
            return REFUSE;
    for (x->answered = 0; x->answered < x->count;) {
        struct question *q = &x->questions[x->answered++];
        c->person = NULL;
        q->why = decide(c, q);
        note(c, q);
        if ((x->semantic == UNTIL_NO && q->why != NULL) || (x->semantic == UNTIL_YES && q->why == NULL))
            break;
    }
    c->service = x->asks;
    return c->batch.pending > 0 ? WAIT : NEXT;
}

/* ── the answer ─────────────────────────────────────────────────────────── */

static void put_decision(struct json_out *o, const struct question *q)
{
    json_begin_object(o);
    json_put_bool(o, S("decision"), q->why == NULL);
    if (q->why != NULL) {
        json_key(o, S("context"));
        json_begin_object(o);
        json_put_str(o, S("reason"), str_of(q->why));
        json_end_object(o);
    }
    json_end_object(o);
}

static enum step answer(struct ctx *c, struct fail *f)
{
    const struct evaluating *x = mine(c);
    struct json_out o = json_out(c->arena, ANSWER_MAX_B);

    if (x->noted && !flow_audited(c, f))
        return REFUSE;
    if (x->many) {
        json_begin_object(&o);
        json_key(&o, S("evaluations"));
        json_begin_array(&o);
        for (size_t i = 0; i < x->answered; i++)
            put_decision(&o, &x->questions[i]);
        json_end_array(&o);
        json_end_object(&o);
    } else {
        put_decision(&o, x->questions);
    }
    http_header_set(c->res, S("Cache-Control"), S("no-store"));
    http_body(c->res, 200, S("application/json"), json_done(&o));
    return DONE;
}

#define ROWS(bring)                                                                                                    \
    {                                                                                                                  \
        { pace_address }, { bring }, { check_token }, { pace_service }, { read_body }, { look_at_sessions },           \
            { decide_all }, { answer },                                                                                \
        {                                                                                                              \
            NULL                                                                                                       \
        }                                                                                                              \
    }
const struct step_row access_evaluation[] = ROWS(bring_one);
const struct step_row access_evaluations[] = ROWS(bring_many);

/* ── metadata ───────────────────────────────────────────────────────────── */

static enum step announce(struct ctx *c, struct fail *f)
{
    struct json_out o = json_out(c->arena, ANSWER_MAX_B);
    struct str us = c->set->public_url;

    (void)f;
    json_begin_object(&o);
    json_put_str(&o, S("policy_decision_point"), us);
    json_put_str(&o, S("access_evaluation_endpoint"), arena_join(c->arena, us, S("/access/v1/evaluation")));
    json_put_str(&o, S("access_evaluations_endpoint"), arena_join(c->arena, us, S("/access/v1/evaluations")));
    json_end_object(&o);
    http_body(c->res, 200, S("application/json"), json_done(&o));
    return DONE;
}

const struct step_row access_configuration[] = { { announce }, { NULL } };
