/* SPDX-License-Identifier: EUPL-1.2
 * The test school: who is there, signing in as one of them at a test service, and what that was told.
 *
 * The session of a test person stands beside whoever's page this is (session.h): it is begun and ended here, and used
 * where the service leads. */
#include "frame/roles.h"
#include "gateway/answer.h"
#include "gateway/farewell.h"
#include "gateway/farewell_note.h"
#include "gateway/flow.h"
#include "gateway/session/done.h"
#include "gateway/session/session.h"
#include "gateway/session/strict.h"
#include "gateway/tested.h"
#include "gateway/vendor/door.h"
#include "gateway/vendor/says.h"
#include "gateway/will.h"
#include "model/pairwise.h"
#include "model/test_school.h"
#include "model/when.h"
#include "policy/policy.h"
#include "portal/texts.h"
#include "wire/form.h"
#include "wire/http.h"
#include "wire/json.h"

enum { ROLES_MAX_B = 2048, FACTS_MAX = 16, XML_MAX_B = 1 << 18 };

struct schooling { /* c->state */
    struct kv_got got, stored, dropped;
    struct session *playing; /* of this browser; NULL: nobody is played */
    struct session *made;
    struct str cookie;
    const struct service *service; /* of the form */
    struct person *person;         /* of the path */
    struct test_person row;
    struct tested_got told;
    bool ends;
};

static struct schooling *mine(const struct ctx *c)
{
    return c->state;
}

static struct str say(const struct ctx *c, enum vendor_text key)
{
    return vendor_text(key, c->lang);
}

static struct str organisation(const struct ctx *c)
{
    return c->vendor->staff->organisation->id;
}

static struct str page_of(struct ctx *c, struct str key)
{
    return arena_join(c->arena, S("/vendor/test-people/"), key);
}

/* ── who is played ──────────────────────────────────────────────────────── */

static enum step look(struct ctx *c, struct fail *f)
{
    struct schooling *x = c->state = arena_make(c->arena, struct schooling);

    (void)f;
    return session_test_ask(c, &x->got) ? WAIT : NEXT;
}

static enum step looked(struct ctx *c, struct fail *f)
{
    struct schooling *x = mine(c);
    struct session *s = session_test_of(c, &x->got, f);

    if (s == NULL && f->kind != FAIL_NONE)
        return REFUSE;
    x->playing = s != NULL && vendor_own_service(c, s->only) != NULL ? s : NULL;
    return NEXT;
}

/* "…/pupil1": the rest of their subject. */
static struct str key_of(const struct person *p)
{
    return str_from(p->subject, str_find_byte(p->subject, '/', 0) + 1);
}

static bool is_played(const struct schooling *x, struct str key)
{
    return x->playing != NULL && str_eq(key_of(x->playing->person), key);
}

static struct str site_of(const struct service *s)
{
    struct str uri = s->redirect_uris.n > 0 ? s->redirect_uris.at[0] : (struct str){ NULL, 0 };
    size_t host = str_find(uri, S("://")) + 3;

    return host < uri.n ? str_sub(uri, 0, str_find_byte(uri, '/', host)) : (struct str){ NULL, 0 };
}

static struct vendor_playing playing_of(struct ctx *c, const struct schooling *x, struct str here)
{
    const struct session *s = x->playing;
    const struct service *at = s != NULL ? vendor_own_service(c, s->only) : NULL;

    if (at == NULL)
        return (struct vendor_playing){ .here = false };
    struct str launch = flow_launch(c, at, (struct str){ NULL, 0 });
    return (struct vendor_playing){ .key = key_of(s->person),
                                    .person = person_display_name(c->arena, s->person),
                                    .service = names_in(&at->names, c->lang),
                                    .launch = str_is_set(launch) ? launch : site_of(at),
                                    .here = str_eq(key_of(s->person), here) };
}

/* ── people in words ────────────────────────────────────────────────────── */

static struct str place_name(struct ctx *c, const struct person *p, const struct affiliation *at)
{
    const struct provider *of = person_provider(c->registry, p, at->provider_oid);
    const struct school *s = of != NULL ? provider_school(of, at->school_oid) : NULL;

    return s != NULL ? names_in(&s->names, c->lang) : of != NULL ? names_in(&of->names, c->lang) : at->school_oid;
}

static struct str roles_in_words(struct ctx *c, const struct person *p)
{
    struct buf b = buf_new(c->arena, ROLES_MAX_B);

    for (size_t i = 0; i < p->affiliation_count; i++) {
        const struct affiliation *at = &p->affiliations[i];
        buf_printf(&b, "%s%.*s", i > 0 ? "; " : "", STR_ARG(role_word(at->role, c->lang)));
        if (str_is_set(at->group))
            buf_printf(&b, " %.*s", STR_ARG(at->group));
        buf_printf(&b, ", %.*s", STR_ARG(place_name(c, p, at)));
        if (!affiliation_valid(at, c->now_s))
            buf_printf(&b, " (%.*s)", STR_ARG(say(c, V_v_pupil_ended)));
        else if (at->to_s != 0)
            buf_printf(&b, " (%.*s)", STR_ARG(say(c, V_v_pupil_until)));
    }
    return b.n > 0 ? buf_str(&b) : say(c, V_v_pupil_no_role);
}

static struct vendor_pupil pupil_of(struct ctx *c, const struct schooling *x, const struct test_person *row,
                                    const struct person *p)
{
    return (struct vendor_pupil){ .key = row->key,
                                  .name = row->name,
                                  .odd = names_in(&row->odd, c->lang),
                                  .is = roles_in_words(c, p),
                                  .hidden = row->hidden,
                                  .current = is_played(x, row->key) };
}

/* ── the list ───────────────────────────────────────────────────────────── */

static enum step list(struct ctx *c, struct fail *f)
{
    const struct schooling *x = mine(c);
    size_t n = test_school_count();
    struct vendor_pupil *rows = arena_make_n(c->arena, n, struct vendor_pupil);
    struct vendor_school_view v = { .playing = playing_of(c, x, (struct str){ NULL, 0 }), .rows = { rows, n } };

    (void)f;
    vendor_page_for(c, VENDOR_PLACE_SCHOOL, false, S("/vendor/test-people"), &v.con);
    for (size_t i = 0; i < n; i++) {
        const struct test_person row = test_school_at(c->arena, i);
        rows[i] = pupil_of(c, x, &row, test_school_person(c->arena, organisation(c), row.key, c->now_s));
    }
    if (done_was(c, "ended"))
        v.done = say(c, V_v_playing_ended);
    return answer_page(c, 200, page_vendor_school(c->arena, &v));
}

const struct step_row vendor_school[] = { { vendor_door }, { look }, { looked }, { list }, { NULL } };

/* ── one of them ────────────────────────────────────────────────────────── */

static enum step find(struct ctx *c, struct fail *f)
{
    struct schooling *x = mine(c);

    (void)f;
    x->person = test_school_person(c->arena, organisation(c), c->req->param, c->now_s);
    for (size_t i = 0; i < test_school_count(); i++) {
        const struct test_person row = test_school_at(c->arena, i);
        if (str_eq(row.key, c->req->param))
            x->row = row;
    }
    return x->person != NULL ? NEXT : vendor_refuse(c, FAIL_NOT_FOUND, "not_found");
}

static enum step ask_told(struct ctx *c, struct fail *f)
{
    struct schooling *x = mine(c);

    (void)f;
    if (!is_played(x, x->row.key))
        return NEXT;
    tested_ask(c, x->playing->sid, &x->told);
    return WAIT;
}

static void put_facts(struct ctx *c, const struct person *p, struct vendor_pupil_view *v)
{
    static const enum vendor_text ages[] = { [AGE_UNKNOWN] = V_v_pupil_unknown,
                                             [AGE_UNDER13] = V_v_pupil_under13,
                                             [AGE_13TO17] = V_v_pupil_13to17,
                                             [AGE_ADULT] = V_v_pupil_adult };
    struct vendor_pupil_fact *rows = arena_make_n(c->arena, FACTS_MAX, struct vendor_pupil_fact);
    const struct vendor_pupil_fact all[] = {
        { says_claim_name(c, CLAIM_GIVEN_NAME), p->given_names },
        { says_claim_name(c, CLAIM_CALLING_NAME), p->calling_name },
        { says_claim_name(c, CLAIM_FAMILY_NAME), p->family_name },
        { say(c, V_v_pupil_email), p->email },
        { says_claim_name(c, CLAIM_LEARNER_ID), p->learner_id },
        { says_claim_name(c, CLAIM_AGE), say(c, ages[p->age]) },
        { say(c, V_v_pupil_roles), roles_in_words(c, p) },
    };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (str_is_set(all[i].value))
            rows[v->facts.n++] = all[i];
    v->facts.at = rows;
}

/* ── at which services ──────────────────────────────────────────────────── */

static bool is_playable(const struct ctx *c, const struct service *s)
{
    return s != NULL && s->enabled && policy_under_test(c->registry, s);
}

static bool lets_in(struct ctx *c, const struct service *s, const struct person *p)
{
    const struct circumstances now = flow_circumstances(c);

    return policy_decide(c->registry, p, s, &now).effect == EFFECT_ALLOW;
}

static struct str protocol_word(const struct ctx *c, enum protocol_id protocol)
{
    static const enum vendor_text words[PROTO_COUNT] = { [PROTO_OIDC] = V_v_protocol_oidc,
                                                         [PROTO_SAML] = V_v_protocol_saml,
                                                         [PROTO_LTI] = V_v_protocol_lti,
                                                         [PROTO_LINK] = V_v_protocol_link };

    return protocol < PROTO_COUNT ? say(c, words[protocol]) : S("");
}

static void put_services(struct ctx *c, struct vendor_pupil_view *v)
{
    const struct registry_parts *parts = registry_parts(c->registry);
    struct vendor_playable *rows = arena_make_n(c->arena, parts->service_count + 1, struct vendor_playable);

    for (size_t i = 0; i < parts->service_count; i++) {
        const struct service *s = vendor_own_service(c, parts->services[i].id);
        if (!is_playable(c, s))
            continue;
        struct vendor_playable *row = &rows[v->services.n++];
        *row = (struct vendor_playable){ s->id, names_in(&s->names, c->lang), protocol_word(c, s->protocol), S("") };
        if (s->protocol != PROTO_LINK && !lets_in(c, s, mine(c)->person))
            row->no = say(c, V_v_play_denied);
    }
    v->services.at = rows;
}

/* ── what was told, and what was left out ───────────────────────────────── */

struct telling { /* while it is filled in */
    const struct service *s;
    const struct person *p;
    struct decision d;
    struct str words, asked; /* of all that was told */
    bool by_scope;           /* some of it was asked for by scope */
    bool any;
};

static bool has_at(const struct affiliation *at, enum claim claim)
{
    switch (claim) {
    case CLAIM_ROLES:
        return at->role != ROLE_NONE;
    case CLAIM_SCHOOL:
        return str_is_set(at->school_oid);
    case CLAIM_PROVIDER:
        return str_is_set(at->provider_oid);
    case CLAIM_GROUP:
        return str_is_set(at->group);
    case CLAIM_CLASS_LEVEL:
        return at->class_level > 0;
    case CLAIM_CHARGE:
        return at->charge > 0;
    default:
        return false;
    }
}

static bool has_alone(const struct person *p, enum claim claim)
{
    switch (claim) {
    case CLAIM_GIVEN_NAME:
        return str_is_set(p->given_names);
    case CLAIM_CALLING_NAME:
        return str_is_set(p->calling_name);
    case CLAIM_FAMILY_NAME:
        return str_is_set(p->family_name);
    case CLAIM_EMAIL:
        return str_is_set(p->email);
    case CLAIM_LEARNER_ID:
        return str_is_set(p->learner_id);
    case CLAIM_AGE:
        return p->age != AGE_UNKNOWN;
    default:
        return claim == CLAIM_SUB || claim == CLAIM_LOCALE || claim == CLAIM_ORIGIN;
    }
}

enum having { HAS_NOT = 0, HAD, HAS };

static enum having has(const struct ctx *c, const struct person *p, enum claim claim)
{
    enum having is = has_alone(p, claim) ? HAS : HAS_NOT;

    for (size_t i = 0; i < p->affiliation_count && is != HAS; i++)
        if (has_at(&p->affiliations[i], claim))
            is = affiliation_valid(&p->affiliations[i], c->now_s) ? HAS : HAD;
    return is;
}

/* The first thing that kept it back, in the order in which they are looked at.  Absent: nothing did. */
static struct str why_left(struct ctx *c, const struct telling *t, enum claim claim)
{
    enum having having = has(c, t->p, claim);

    if (!claim_in(t->s->asks, claim))
        return say(c, V_v_left_no_purpose);
    if (!claim_in(service_asks(t->s, c->now_s), claim))
        return say(c, V_v_left_unconfirmed);
    if (t->d.effect != EFFECT_ALLOW)
        return say(c, V_v_left_denied);
    if (t->by_scope && !str_has_word(t->asked, str_of(claim_rows[claim].word)))
        return arena_printf(c->arena, "%.*s %s", STR_ARG(say(c, V_v_left_unasked)), claim_rows[claim].scope);
    if (having != HAS)
        return say(c, having == HAD ? V_v_left_ended : V_v_left_no_value);
    if (!t->any)
        return (struct str){ NULL, 0 };
    return say(c, t->s->client.consent ? V_v_left_consent : V_v_left_form);
}

static void put_rows(struct ctx *c, const struct telling *t, struct vendor_pupil_view *v)
{
    struct vendor_left_row *told = arena_make_n(c->arena, CLAIM_COUNT, struct vendor_left_row);
    struct vendor_left_row *left = arena_make_n(c->arena, CLAIM_COUNT, struct vendor_left_row);

    for (int i = 0; i < CLAIM_COUNT; i++) {
        struct str word = str_of(claim_rows[i].word);
        struct vendor_left_row row = { says_claim_name(c, (enum claim)i), word, S("") };
        bool wanted = claim_in(t->s->asks, (enum claim)i) || (t->by_scope && str_has_word(t->asked, word));
        if (str_has_word(t->words, word)) {
            told[v->told.n++] = row;
            continue;
        }
        if (i == CLAIM_SUB || !wanted)
            continue;
        row.why = why_left(c, t, (enum claim)i);
        if (str_is_set(row.why))
            left[v->left.n++] = row;
        else
            told[v->told.n++] = row;
    }
    v->told.at = told;
    v->left.at = left;
}

/* Canonical XML has no line of its own; a person reads it element by element. */
static struct str xml_lines(struct arena *a, struct str xml)
{
    struct buf b = buf_new(a, XML_MAX_B);

    for (size_t i = 0; i < xml.n; i++) {
        buf_byte(&b, xml.p[i]);
        if (xml.p[i] == '>' && i + 1 < xml.n && xml.p[i + 1] == '<')
            buf_byte(&b, '\n');
    }
    return buf_ok(&b) ? buf_str(&b) : xml;
}

static void put_parts(struct ctx *c, struct telling *t, struct vendor_pupil_view *v)
{
    static const enum vendor_text titles[TESTED_COUNT] = { [TESTED_ID_TOKEN] = V_v_told_id_token,
                                                           [TESTED_USERINFO] = V_v_told_userinfo,
                                                           [TESTED_ASSERTION] = V_v_told_assertion,
                                                           [TESTED_LAUNCH] = V_v_told_launch };
    struct vendor_told_part *parts = arena_make_n(c->arena, TESTED_COUNT, struct vendor_told_part);
    struct tested_told told;

    for (int i = 0; i < TESTED_COUNT; i++) {
        if (!tested_read(c, &mine(c)->told, (enum tested)i, &told))
            continue;
        struct str text = i == TESTED_ASSERTION ? xml_lines(c->arena, told.text) : json_lines(c->arena, told.text);
        parts[v->parts.n++] =
            (struct vendor_told_part){ say(c, titles[i]), when_time(c->arena, told.at_s, c->lang), { text } };
        t->any = true;
        t->by_scope = t->by_scope || i == TESTED_ID_TOKEN || i == TESTED_USERINFO;
        t->words = arena_printf(c->arena, "%.*s %.*s", STR_ARG(t->words), STR_ARG(told.words));
        t->asked = arena_printf(c->arena, "%.*s %.*s", STR_ARG(t->asked), STR_ARG(told.asked));
    }
    v->parts.at = parts;
}

static void put_told(struct ctx *c, struct vendor_pupil_view *v)
{
    const struct session *s = mine(c)->playing;
    const struct circumstances now = flow_circumstances(c);
    struct telling t = { .s = vendor_own_service(c, s->only), .p = s->person };

    t.d = policy_decide(c->registry, t.p, t.s, &now);
    put_parts(c, &t, v);
    v->tells_nothing = t.s->protocol == PROTO_LINK;
    v->forecast = !t.any;
    if (v->tells_nothing)
        return;
    if (t.d.effect != EFFECT_ALLOW)
        v->denied = say(c, V_v_play_denied);
    put_rows(c, &t, v);
}

static enum step show_as(struct ctx *c, int status, struct str trouble)
{
    const struct schooling *x = mine(c);
    struct vendor_pupil_view v = { .playing = playing_of(c, x, x->row.key),
                                   .of = pupil_of(c, x, &x->row, x->person),
                                   .trouble = trouble };

    vendor_page_for(c, VENDOR_PLACE_SCHOOL, true, page_of(c, x->row.key), &v.con);
    put_facts(c, x->person, &v);
    put_services(c, &v);
    if (v.playing.here)
        put_told(c, &v);
    if (done_was(c, "begun"))
        v.done = say(c, V_v_playing_begun);
    return answer_page(c, status, page_vendor_pupil(c->arena, &v));
}

static enum step show(struct ctx *c, struct fail *f)
{
    (void)f;
    return show_as(c, 200, (struct str){ NULL, 0 });
}

const struct step_row vendor_pupil[] = { { vendor_door }, { look }, { looked }, { find },
                                         { ask_told },    { show }, { NULL } };

/* ── begun, and ended ───────────────────────────────────────────────────── */

/* Its service hears of it, as of any session. */
static void end_playing(struct ctx *c, struct schooling *x)
{
    const struct session *s = x->playing;

    if (s == NULL)
        return;
    const struct leaver who = leaver_of(s, LEFT_BY_PERSON);
    session_drop(c, s->id_hash, &x->dropped);
    will_drop(c, s->id_hash);
    farewells_tell(c, &who, &s->told, &s->services);
}

static enum step refuse_service(struct ctx *c, struct fail *f)
{
    (void)f;
    return show_as(c, 400, say(c, V_v_play_not_yours));
}

static const struct step_row refuse_rows[] = { { ask_told }, { refuse_service }, { NULL } };

static enum step act(struct ctx *c, struct fail *f)
{
    struct schooling *x = mine(c);
    struct str what = form_get(c->body, S("act"));

    x->ends = str_eq(what, S("end"));
    if (!x->ends && !str_eq(what, S("start")))
        return fail(f, FAIL_CALLER, "invalid_request", "there is no act \"%.*s\" here", STR_ARG(what));
    x->service = vendor_own_service(c, form_get(c->body, S("service")));
    if (!x->ends && !is_playable(c, x->service))
        return step_into(c, refuse_rows);
    x->dropped.outcome = x->stored.outcome = KV_HIT;
    end_playing(c, x);
    if (x->ends)
        return WAIT;
    x->person->id = pairwise_person(c->arena, c->seals, x->person->idp, x->person->subject);
    x->made = session_test_new(c, x->person, x->service, &x->cookie);
    return session_store(c, x->made, &x->stored, f) ? WAIT : REFUSE;
}

static enum step acted(struct ctx *c, struct fail *f)
{
    const struct schooling *x = mine(c);

    if (x->stored.outcome != KV_HIT || x->dropped.outcome == KV_DOWN)
        return kv_away(f, "session of a test person");
    session_test_cookie(c, x->ends ? S("") : x->cookie);
    return x->ends ? done_go(c, S("/vendor/test-people"), "ended", S(""))
                   : done_go(c, page_of(c, x->row.key), "begun", S(""));
}

const struct step_row vendor_pupil_act[] = { { vendor_door }, { look },  { looked }, { find },
                                             { act },         { acted }, { NULL } };
