/* SPDX-License-Identifier: EUPL-1.2
 * The tokens of any grant: an access token, an ID token where one is due, a refresh token where one is due.
 * [RFC 6749 5.1, OIDC Core 3.1.3.3, RFC 8707 2.2, RFC 9068] */
#include "gateway/oidc/grants/int.h"

#include "base/crypt.h"
#include "base/fields.h"
#include "base/log.h"
#include "base/settings.h"
#include "gateway/consent.h"
#include "gateway/oidc/client/client.h"
#include "gateway/oidc/client/keys.h"
#include "gateway/oidc/tokens/envelope.h"
#include "gateway/release.h"
#include "gateway/session/limits.h"
#include "gateway/session/session.h"
#include "gateway/tested.h"
#include "model/pairwise.h"
#include "wire/form.h"
#include "wire/http.h"
#include "wire/json.h"

enum { ANSWER_MAX_B = 65536, SCOPE_MAX_B = 8192, JTI_B = 16, FAMILIES_S = 86400 };

static const struct str offline_access = S("offline_access");

struct noting { /* what a worker thread touches */
    struct str person;
    struct held held;
    int64_t oldest_s;
    struct ends *ends;
    struct consents_got got;
};

struct issue {
    struct str token, key; /* the access token */
    int64_t life_s;
    struct str resources; /* that it is for */
    bool new_family;
    struct kv_got families; /* of the person, today */
    struct noting note;     /* … and this one, where its person sees it */
    struct signed_got access_token;
    struct envelope sealed_id; /* the ID token, under way */
    struct str id_token;
    struct kv_got stored, family; /* what was stored */
    struct kv_got mark, first;    /* of what was redeemed, and what its first use left */
    struct kv_got token_ended, family_ended;
};

static struct granting *granting(const struct ctx *c)
{
    return c->state;
}

static struct issue *mine(const struct ctx *c)
{
    return granting(c)->issue;
}

/* ── for whom, of which family, for how long ────────────────────────────── */

static bool is_granted(const struct ctx *c, struct str resource)
{
    const struct granting *g = granting(c);

    return strs_has(&c->service->client.resources, resource) &&
           (!str_is_set(g->resources) || str_has_word(g->resources, resource));
}

static int no_target(struct fail *f)
{
    return fail(f, FAIL_CALLER, "invalid_target",
                "resource is none that was granted: it must be among resources of the service's row, and of those that "
                "the authorization request named");
}

/* What the row has lost since is not made up for: a token for nobody in particular would be for us. */
static bool all_resources(struct ctx *c, struct fail *f)
{
    struct str rest = granting(c)->resources, one;

    mine(c)->resources = rest;
    while (str_split(&rest, ' ', &one))
        if (one.n > 0 && !is_granted(c, one))
            return no_target(f);
    return true;
}

/* What is a service here is opened by a token as by a sign-in: policy is asked [docs/decisions.md]. */
static bool may_open(struct ctx *c, struct fail *f)
{
    struct str rest = mine(c)->resources, one;

    while (c->person != NULL && str_split(&rest, ' ', &one)) {
        const struct service *s = registry_resource(c->registry, one);
        if (s != NULL && s != c->service && !flow_may_use(c, s))
            return fail(f, FAIL_CALLER, "invalid_target", "the person may not use what resource names");
    }
    return true;
}

/* Those that the request names, of those that were granted; all of these where it names none [RFC 8707 2.2]. */
static bool choose_resources(struct ctx *c, struct fail *f)
{
    struct fields chosen = fields_new(c->arena, ' ', RESOURCES_MAX_B);
    struct str one;

    mine(c)->resources = granting(c)->resources;
    if (granting(c)->resources_chosen)
        return true;
    for (size_t i = 0; (one = form_get_nth(c->body, S("resource"), i)).p != NULL; i++) {
        if (!is_granted(c, one))
            return no_target(f);
        fields_item(&chosen, one);
    }
    mine(c)->resources = fields_text(&chosen);
    return str_is_set(mine(c)->resources) || all_resources(c, f);
}

static struct str without_word(struct ctx *c, struct str scope, struct str word)
{
    struct fields left = fields_new(c->arena, ' ', SCOPE_MAX_B);
    struct str one;

    while (str_split(&scope, ' ', &one))
        if (one.n > 0 && !str_eq(one, word))
            fields_item(&left, one);
    return fields_text(&left);
}

/* What outlives the session is not for a device that many use, nor for a service whose row names no refresh tokens. */
static void choose_family(struct ctx *c)
{
    struct granting *g = granting(c);
    bool may = g->refresh && c->person != NULL && service_may_grant(c->service, &grant_types[GRANT_refresh]);
    bool stays =
        may && !c->session->shared && !person_acts(c->session->person) && str_has_word(g->scope, offline_access);

    if (g->family != NULL)
        return;
    if (!stays)
        g->scope = without_word(c, g->scope, offline_access);
    if (!may)
        return;
    g->family = family_new(c, g->session, stays);
    g->family->scope = g->scope;
    g->family->lang = g->lang;
    g->family->claims = g->claims;
    g->family->resources = g->resources;
    g->family->consented = g->consented;
    g->family->bound = g->bound;
    mine(c)->new_family = true;
}

/* Not beyond what it ends with. */
static int64_t life_s(const struct ctx *c)
{
    const struct granting *g = granting(c);
    bool offline = g->family != NULL && g->family->who != NULL;
    int64_t life = c->set->access_token_life_s, left = life;

    if (c->session != NULL)
        left = (offline ? g->family->ends_s : c->session->ends_s) - c->now_s;
    if (g->ends_s > 0 && g->ends_s - c->now_s < left)
        left = g->ends_s - c->now_s;
    return left >= life ? life : left > 1 ? left : 1;
}

static enum step choose(struct ctx *c, struct fail *f)
{
    granting(c)->issue = arena_make(c->arena, struct issue);
    if (!choose_resources(c, f) || !may_open(c, f))
        return REFUSE;
    check_passed(c, CHECK_granted);
    choose_family(c);
    if (mine(c)->new_family)
        limit_ask(c, LIMIT_families, c->person->id, FAMILIES_S, &mine(c)->families);
    return WAIT;
}

static void leave_out_family(struct ctx *c)
{
    struct granting *g = granting(c);

    g->family = NULL;
    g->scope = without_word(c, g->scope, offline_access);
    mine(c)->new_family = false;
}

static bool is_noted(const struct issue *i)
{
    return str_is_set(i->note.held.key);
}

static bool write_note(void *with, struct db *d, struct arena *a, struct fail *f)
{
    const struct noting *x = with;

    return held_put(d, a, x->person, &x->held, x->oldest_s, x->ends, f);
}

/* What outlives the session stands where its person sees it, before the service has it. */
static bool ask_to_note(struct ctx *c)
{
    struct issue *i = mine(c);
    const struct family *m = granting(c)->family;

    if (!i->new_family || m->who == NULL || c->consents == NULL)
        return false;
    i->note = (struct noting){ .person = c->person->id,
                               .held = { m->service, m->key, m->made_s },
                               .oldest_s = c->now_s - c->set->refresh_max_s,
                               .ends = c->ends };
    if (consents_ask(c->consents, c->work, &c->batch, c->arena, write_note, &i->note, &i->note.got))
        return true;
    (void)fail(&i->note.got.why, FAIL_BUSY, "busy", "too many jobs wait");
    return false;
}

/* A family is kept for days: a script in one browser that is signed in could fill the store with them.  Whoever has
 * used up what people use in a day signs in without one. */
static enum step bound_families(struct ctx *c, struct fail *f)
{
    struct fail why = { 0 };

    if (mine(c)->new_family && !limit_keep(LIMIT_families, &mine(c)->families, "refresh tokens", &why)) {
        if (why.kind != FAIL_BUSY) {
            *f = why;
            return REFUSE;
        }
        log_event(LOG_WARN, "refresh.too_many", LOG_S("service", c->service->id), LOG_C("code", c->support_code),
                  LOG_C("mend", "somebody signs in to it over and over: it should keep the refresh token that it has"));
        leave_out_family(c);
    }
    return ask_to_note(c) ? WAIT : NEXT;
}

/* What its person could not see and end is not handed out. */
static enum step check_note(struct ctx *c, struct fail *f)
{
    struct issue *i = mine(c);

    (void)f;
    if (is_noted(i) && !i->note.got.ok) {
        log_event(LOG_ERROR, "refresh.not_noted", LOG_S("service", c->service->id),
                  LOG_C("support_code", c->support_code), LOG_C("code", i->note.got.why.code),
                  LOG_C("why", i->note.got.why.detail));
        leave_out_family(c);
    }
    i->life_s = life_s(c);
    return NEXT;
}

/* ── the access token ───────────────────────────────────────────────────── */

/* Whose name of the person a resource knows: that of its own vendor; of an address that is nobody's here, and of
 * several, the service's. */
static struct str vendor_of_resource(const struct ctx *c)
{
    const struct service *s = registry_resource(c->registry, mine(c)->resources);

    return s != NULL ? s->vendor : c->service->vendor;
}

static void put_audience(struct json_out *o, struct str resources, struct str otherwise)
{
    struct str one;

    json_key(o, S("aud"));
    if (str_find_byte(resources, ' ', 0) == resources.n) {
        json_str(o, str_is_set(resources) ? resources : otherwise);
        return;
    }
    json_begin_array(o);
    while (str_split(&resources, ' ', &one))
        json_str(o, one);
    json_end_array(o);
}

/* [RFC 9068 2.2]; one that names no resource is for us, at userinfo. */
static struct str access_claims(struct ctx *c)
{
    const struct granting *g = granting(c);
    struct json_out o = json_out(c->arena, SIGNER_CLAIMS_MAX_B);

    json_begin_object(&o);
    json_put_str(&o, S("sub"),
                 c->person != NULL ? pairwise_sub(c->arena, c->seals, c->person->id, vendor_of_resource(c))
                                   : c->service->client_id);
    put_audience(&o, mine(c)->resources, c->set->public_url);
    json_put_str(&o, S("client_id"), c->service->client_id);
    json_put_str(&o, S("jti"), crypt_token(c->arena, c->world, JTI_B));
    if (str_is_set(g->scope))
        json_put_str(&o, S("scope"), g->scope);
    if (c->person != NULL && c->person->auth_time_s > 0)
        json_put_int(&o, S("auth_time"), c->person->auth_time_s);
    if (c->person != NULL && str_is_set(c->person->acr))
        json_put_str(&o, S("acr"), c->person->acr);
    binding_put(&o, &g->bound);
    if (str_is_set(g->act)) {
        json_key(&o, S("act"));
        json_raw(&o, g->act);
    }
    json_end_object(&o);
    return json_done(&o);
}

/* What it ends with: of an offline family, that alone. */
static struct str session_of_token(const struct ctx *c)
{
    const struct family *m = granting(c)->family;

    return m != NULL && m->who != NULL ? (struct str){ NULL, 0 } : granting(c)->session;
}

static struct str family_of_token(const struct ctx *c)
{
    const struct family *m = granting(c)->family;

    return m != NULL ? m->key : granting(c)->of_family;
}

static enum step make_access_token(struct ctx *c, struct fail *f)
{
    struct issue *i = mine(c);

    (void)f;
    if (!c->service->client.access_token_jwt) {
        i->token = token_new(c, session_of_token(c), family_of_token(c));
        return NEXT;
    }
    signer_access_token(c->signer, &c->batch, c->arena, envelope_alg(c->service, ENVELOPE_ID_TOKEN), access_claims(c),
                        i->life_s, &i->access_token);
    return WAIT;
}

static bool signed_by_now(const struct signed_got *got, struct fail *f)
{
    return got->ok || fail(f, FAIL_OURS, "temporarily_unavailable", "the signer: %s", got->error);
}

/* ── what is kept, and what is told ─────────────────────────────────────── */

static void store_token(struct ctx *c)
{
    const struct granting *g = granting(c);
    struct issue *i = mine(c);
    const struct token_record t = { .service = c->service->id,
                                    .session = session_of_token(c),
                                    .family = family_of_token(c),
                                    .scope = g->scope,
                                    .lang = g->lang,
                                    .claims = g->claims,
                                    .resources = i->resources,
                                    .consented = g->consented,
                                    .through = g->through,
                                    .act = g->act,
                                    .attempt = c->attempt,
                                    .bound = g->bound,
                                    .made_s = c->now_s,
                                    .knew = c->knew,
                                    .ends_s = c->now_s + i->life_s };

    i->key = token_key(c->arena, i->token);
    kv_set(c->kv, &c->batch, c->arena, &i->stored, KV_TOKEN, i->key, token_seal(c, i->key, &t), i->life_s);
}

static void store_family(struct ctx *c)
{
    struct issue *i = mine(c);

    i->family.outcome = KV_HIT;
    if (i->new_family)
        family_store(c, granting(c)->family, &i->family);
    else if (granting(c)->family_moves)
        family_change(c, granting(c)->family, &i->family);
}

/* Whoever redeems first leaves a mark, and in it what was made.  The second use may overtake the first one's tokens:
 * then the first finds the mark of the second when it stores them. */
static void leave_mark(struct ctx *c)
{
    const struct granting *g = granting(c);
    struct issue *i = mine(c);
    struct str made = i->key;

    i->mark.outcome = KV_MISS;
    if (!str_is_set(g->once))
        return;
    if (g->family != NULL)
        made = arena_printf(c->arena, "%.*s %.*s", STR_ARG(i->key), STR_ARG(g->family->key));
    kv_add(c->kv, &c->batch, c->arena, &i->mark, KV_REPLAY, g->once, made, c->set->access_token_life_s);
}

/* What may be told of the person now: as scope and the parameter `claims` ask. */
static struct release release_now(struct ctx *c, struct claims_asked *asked)
{
    const struct granting *g = granting(c);
    struct fail unreadable = { 0 }; /* it was read when it came */

    *asked = (struct claims_asked){ 0 };
    (void)claims_asked_read(c->arena, g->claims, asked, &unreadable);
    return (struct release){ .registry = c->registry,
                             .person = c->person,
                             .service = c->service,
                             .decision = flow_decision(c),
                             .sub = S("-"),
                             .child = release_child(c->arena, c->seals, c->person, c->service->vendor, c->now_s),
                             .scope = g->scope,
                             .consented = consent_of(c, g->consented),
                             .lang = c->lang,
                             .now = flow_circumstances(c) };
}

static struct str id_claims(struct ctx *c)
{
    struct claims_asked asked;
    struct release told = release_now(c, &asked);

    told.asked = &asked.id_token;
    const struct id_facts facts = { .registry = c->registry,
                                    .person = c->person,
                                    .sub = pairwise_sub(c->arena, c->seals, c->person->id, c->service->vendor),
                                    .client_id = c->service->client_id,
                                    .nonce = granting(c)->nonce,
                                    .sid = pairwise_sid(c->arena, c->seals, c->session->sid, c->service->vendor),
                                    .access_token = mine(c)->token,
                                    .alg = envelope_alg(c->service, ENVELOPE_ID_TOKEN),
                                    .told = &told };

    return c->told = release_id_claims(c->arena, &facts);
}

static bool id_token_due(const struct ctx *c)
{
    const struct granting *g = granting(c);

    return g->id_token && c->person != NULL && str_has_word(g->scope, S("openid"));
}

static void ask_id_token(struct ctx *c)
{
    struct issue *i = mine(c);

    if (id_token_due(c))
        envelope_ask(c, &i->sealed_id, c->service, ENVELOPE_ID_TOKEN, id_claims(c), c->set->id_token_life_s);
}

/* Its keys, where the row wants its ID tokens encrypted. */
static enum step find_keys(struct ctx *c, struct fail *f)
{
    (void)f;
    return id_token_due(c) && envelope_encrypts(c->service, ENVELOPE_ID_TOKEN) ? step_into(c, client_keys) : NEXT;
}

/* Of both: what the ID token says, and what the access token opens.  Once they are made and kept: what could not be has
 * not been released. */
static enum step note(struct ctx *c, struct fail *f)
{
    struct claims_asked asked;

    (void)f;
    if (c->person == NULL)
        return NEXT;
    struct release r = release_now(c, &asked);
    r.asked = &asked.userinfo;
    if (id_token_due(c))
        r.asked_too = &asked.id_token;
    struct str words = release_words(c->arena, &r);
    if (id_token_due(c))
        tested_keep(c, TESTED_ID_TOKEN, tested_payload(c->arena, mine(c)->sealed_id.signed_as.value), words, &r);
    flow_audit(c, "release", flow_decision(c)->rule, words, (struct str){ NULL, 0 });
    return WAIT;
}

static enum step store(struct ctx *c, struct fail *f)
{
    struct issue *i = mine(c);

    if (!str_is_set(i->token)) {
        if (!signed_by_now(&i->access_token, f))
            return REFUSE;
        i->token = i->access_token.value;
    }
    store_token(c);
    store_family(c);
    leave_mark(c);
    ask_id_token(c);
    return WAIT;
}

/* ── what was redeemed twice ────────────────────────────────────────────── */

static void take_back(struct ctx *c, struct str made)
{
    struct issue *i = mine(c);
    struct str token;

    (void)str_split(&made, ' ', &token);
    kv_delete(c->kv, &c->batch, c->arena, &i->token_ended, KV_TOKEN, token);
    if (made.n > 0)
        family_end(c, made, &i->family_ended);
}

static bool took_back(const struct ctx *c, struct fail *f)
{
    const struct issue *i = mine(c);

    return (i->token_ended.outcome != KV_DOWN && i->family_ended.outcome != KV_DOWN) || kv_away(f, "token");
}

static enum step again_ask(struct ctx *c, struct fail *f)
{
    struct issue *i = granting(c)->issue = arena_make(c->arena, struct issue);
    struct str once = granting(c)->once;

    (void)f;
    kv_add(c->kv, &c->batch, c->arena, &i->mark, KV_REPLAY, once, S("again"), c->set->access_token_life_s);
    kv_get(c->kv, &c->batch, c->arena, &i->first, KV_REPLAY, once);
    return WAIT;
}

static enum step again_revoke(struct ctx *c, struct fail *f)
{
    struct issue *i = mine(c);

    if (i->mark.outcome == KV_DOWN || i->first.outcome == KV_DOWN)
        return kv_away(f, "replay mark");
    i->token_ended.outcome = i->family_ended.outcome = KV_MISS;
    if (i->mark.outcome == KV_MISS || i->first.outcome != KV_HIT || str_eq(i->first.value, S("again")))
        return NEXT;
    take_back(c, i->first.value);
    return WAIT;
}

/* While the first use's token may still be good, the second use is not dealt with: whoever asks again deals with it. */
static enum step again_refuse(struct ctx *c, struct fail *f)
{
    if (!took_back(c, f))
        return REFUSE;
    return fail(f, FAIL_CALLER, "invalid_grant", "code is unknown, has expired or was used before");
}

const struct step_row grant_used_again[] = { { again_ask }, { again_revoke }, { again_refuse }, { NULL } };

/* ── the answer ─────────────────────────────────────────────────────────── */

static enum step check(struct ctx *c, struct fail *f)
{
    struct issue *i = mine(c);

    if (i->stored.outcome != KV_HIT || i->mark.outcome == KV_DOWN || i->family.outcome == KV_DOWN)
        return kv_away(f, "token");
    if (i->family.outcome == KV_MISS)
        return grant_bad(f, "refresh_token was taken back meanwhile");
    if (id_token_due(c) && !envelope_take(c, &i->sealed_id, client_keys_of(c), &i->id_token, f))
        return REFUSE;
    i->token_ended.outcome = i->family_ended.outcome = KV_MISS;
    if (i->mark.outcome == KV_MISS)
        return NEXT;
    /* The code came a second time while the first was being answered: one answer, whose tokens are dead. */
    kv_delete(c->kv, &c->batch, c->arena, &i->token_ended, KV_TOKEN, i->key);
    if (i->new_family)
        family_end(c, granting(c)->family->key, &i->family_ended);
    return WAIT;
}

static struct str refresh_token(struct ctx *c)
{
    const struct family *m = granting(c)->family;

    return m != NULL ? family_token(c, m, m->turn) : (struct str){ NULL, 0 };
}

static enum step answer(struct ctx *c, struct fail *f)
{
    const struct granting *g = granting(c);
    const struct issue *i = mine(c);
    struct json_out o = json_out(c->arena, ANSWER_MAX_B);

    if (!took_back(c, f) || (c->person != NULL && !flow_audited(c, f)))
        return REFUSE;
    json_begin_object(&o);
    json_put_str(&o, S("access_token"), i->token);
    json_put_str(&o, S("issued_token_type"), g->issued_type);
    json_put_str(&o, S("token_type"), binding_token_type(&g->bound));
    json_put_int(&o, S("expires_in"), i->life_s);
    json_put_str(&o, S("refresh_token"), refresh_token(c));
    if (str_is_set(g->scope))
        json_put_str(&o, S("scope"), g->scope);
    json_put_str(&o, S("id_token"), i->id_token);
    json_end_object(&o);
    http_header_set(c->res, S("Cache-Control"), S("no-store"));
    http_header_set(c->res, S("Pragma"), S("no-cache"));
    http_body(c->res, 200, S("application/json"), json_done(&o));
    check_passed(c, CHECK_tokens_given);
    return DONE;
}

const struct step_row grant_issue[] = {
    { choose }, { bound_families }, { check_note }, { make_access_token }, { find_keys }, { store }, { check },
    { note },   { answer },         { NULL }
};
