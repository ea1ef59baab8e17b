/* SPDX-License-Identifier: EUPL-1.2
 * A service that was handed somebody's access token gets one of its own for the same person.  [RFC 8693]
 *
 * Whose tokens it takes is its row's (`exchanges`); what the person may open is policy's, asked for the service itself
 * and for each resource that is one here.  Never more scope, never longer, and over when the first one's session is. */
#include "gateway/oidc/grants/int.h"

#include "base/fields.h"
#include "wire/form.h"
#include "wire/json.h"

enum { SCOPE_MAX_B = 8192, WORD_SHOWN_B = 64, TARGETS_MAX = 16 };

static const struct str of_access_token = S("urn:ietf:params:oauth:token-type:access_token");
static const struct str of_jwt = S("urn:ietf:params:oauth:token-type:jwt");

struct exchange {                    /* g->own */
    const struct service *asks, *of; /* of: to whom the subject token was issued */
    struct token_shown shown;
};

static struct exchange *mine(const struct ctx *c)
{
    return ((struct granting *)c->state)->own;
}

/* [RFC 8693 2.2.2]: whatever is wrong with the token is invalid_request. */
static int bad_subject(struct fail *f, const char *why)
{
    return fail(f, FAIL_CALLER, "invalid_request", "subject_token: %s", why);
}

static bool types_fit(struct ctx *c, struct fail *f)
{
    struct str wanted = form_get(c->body, S("requested_token_type"));

    if (!str_eq(form_get(c->body, S("subject_token_type")), of_access_token))
        return fail(f, FAIL_CALLER, "invalid_request",
                    "subject_token_type is not "
                    "%.*s: no other is taken",
                    STR_ARG(of_access_token));
    if (form_get(c->body, S("actor_token")).p != NULL)
        return fail(f, FAIL_CALLER, "invalid_request", "actor_token is not taken: whoever asks is who acts");
    if (wanted.p != NULL && !str_eq(wanted, of_access_token) &&
        !(str_eq(wanted, of_jwt) && c->service->client.access_token_jwt))
        return fail(f, FAIL_CALLER, "invalid_request", "requested_token_type is not %.*s", STR_ARG(of_access_token));
    return true;
}

static enum step read_subject(struct ctx *c, struct fail *f)
{
    struct granting *g = c->state;
    struct exchange *x = g->own = arena_make(c->arena, struct exchange);
    struct str token = form_get(c->body, S("subject_token"));

    if (!types_fit(c, f))
        return REFUSE;
    if (!str_is_set(token))
        return bad_subject(f, "it is missing");
    if (token.n > TOKEN_SHOWN_MAX_B)
        return bad_subject(f, "it is none of ours");
    x->asks = c->service;
    token_ask(c, &x->shown, token);
    return WAIT;
}

static enum step ask_whose(struct ctx *c, struct fail *f)
{
    struct exchange *x = mine(c);
    bool good = token_ask_whose(c, &x->shown, f);

    x->of = c->service;
    c->service = x->asks;
    if (!good)
        return f->kind != FAIL_NONE ? REFUSE : (enum step)bad_subject(f, x->shown.why);
    return WAIT;
}

/* A token for others is nothing to exchange for whoever came by it; nor is one that is bound to a key, but for the
 * resource that it was meant for, or who holds the key. */
static bool may_take(struct ctx *c, const struct token_record *r, struct fail *f)
{
    struct str me = c->service->client.resource;
    bool for_me = str_is_set(me) && str_has_word(r->resources, me);
    const char *why;

    if (!strs_has(&c->service->client.exchanges, r->service))
        return bad_subject(f, "it was issued to a service that is not among exchanges of the asking service's row");
    if (str_is_set(r->resources) && !for_me)
        return bad_subject(f, "it is for another resource");
    return for_me || binding_proven(c, &r->bound, &why) || bad_subject(f, why);
}

/* ── what it is to be for ───────────────────────────────────────────────── */

/* Of a name, its address: audience names a service, resource an address [RFC 8693 2.1]. */
static struct str address_of(const struct ctx *c, struct str audience)
{
    const struct service *s = registry_client(c->registry, audience);

    return s != NULL ? s->client.resource : audience;
}

static bool add_target(struct ctx *c, struct fields *all, struct str address, struct fail *f)
{
    const struct service *s = registry_resource(c->registry, address);
    const struct service *asks = c->service;

    if (!strs_has(&asks->client.resources, address))
        return fail(f, FAIL_CALLER, "invalid_target",
                    "resource or audience is not among resources of the asking service's row");
    if (s != NULL && !flow_may_use(c, s))
        return fail(f, FAIL_CALLER, "invalid_target", "the person may not use what resource or audience names");
    fields_item(all, address);
    return true;
}

static bool find_targets(struct ctx *c, struct fail *f)
{
    struct granting *g = c->state;
    struct fields all = fields_new(c->arena, ' ', RESOURCES_MAX_B);
    struct str one;

    for (size_t i = 0; (one = form_get_nth(c->body, S("resource"), i)).p != NULL; i++)
        if (i >= TARGETS_MAX || !add_target(c, &all, one, f))
            return f->kind == FAIL_NONE && fail(f, FAIL_CALLER, "invalid_target", "resource comes too often");
    for (size_t i = 0; (one = form_get_nth(c->body, S("audience"), i)).p != NULL; i++)
        if (i >= TARGETS_MAX || !add_target(c, &all, address_of(c, one), f))
            return f->kind == FAIL_NONE && fail(f, FAIL_CALLER, "invalid_target", "audience comes too often");
    g->resources = fields_text(&all);
    g->resources_chosen = true;
    return true;
}

/* ── how much of it ─────────────────────────────────────────────────────── */

/* Of the first token's scope what the row may ask for; of that what is asked for. */
static bool narrow_scope(struct ctx *c, struct str scope, struct fail *f)
{
    struct granting *g = c->state;
    struct fields own = fields_new(c->arena, ' ', SCOPE_MAX_B);
    struct str word;

    while (str_split(&scope, ' ', &word))
        if (str_eq(word, S("openid")) || (strs_has(&c->service->scopes, word) && !str_eq(word, S("offline_access"))))
            fields_item(&own, word);
    g->scope = fields_text(&own);
    return grant_narrow(c, f);
}

/* Who acts, and for whom they do [RFC 8693 4.1]. */
static bool name_actor(struct ctx *c, const struct token_record *r, struct fail *f)
{
    struct granting *g = c->state;
    struct json_out o = json_out(c->arena, ACT_MAX_B);

    json_begin_object(&o);
    json_put_str(&o, S("sub"), c->service->client_id);
    if (str_is_set(r->act)) {
        json_key(&o, S("act"));
        json_raw(&o, r->act);
    }
    json_end_object(&o);
    g->act = json_done(&o);
    return g->act.p != NULL || bad_subject(f, "it was exchanged too often");
}

/* The services that it has come through: what their person takes back from one of them ends what was made of it. */
static bool name_way(struct ctx *c, const struct token_record *r, struct fail *f)
{
    struct granting *g = c->state;

    g->through = str_is_set(r->through) ? arena_printf(c->arena, "%.*s %.*s", STR_ARG(r->through), STR_ARG(r->service))
                                        : r->service;
    return g->through.n <= THROUGH_MAX_B || bad_subject(f, "it was exchanged too often");
}

static bool decide(struct ctx *c, struct fail *f)
{
    if (flow_decide(c)->effect != EFFECT_ALLOW)
        return bad_subject(f, "the person may not use the service that asks");
    if (c->service->client.consent)
        return bad_subject(f, "the service that asks is voluntary, and the person themselves has to be asked");
    flow_compare_told(c);
    return true;
}

/* What opens nothing any more for the service that it was issued to is nothing to exchange either: it may be that one
 * whom the person has taken their consent back from. */
static bool still_opens(struct ctx *c, struct exchange *x, struct fail *f)
{
    c->service = x->of;
    bool good = token_person(c, &x->shown, f);
    c->service = x->asks;
    if (!good)
        return f->kind == FAIL_NONE && bad_subject(f, x->shown.why);
    if (c->person == NULL)
        return bad_subject(f, "it is a service's own, and of no person");
    return flow_may_use(c, x->of) ||
           bad_subject(f, "the person may not use the service any more that it was issued to");
}

static enum step say(struct ctx *c, struct fail *f)
{
    struct granting *g = c->state;
    struct exchange *x = mine(c);
    const struct token_record *r = &x->shown.record;

    if (!may_take(c, r, f)) /* before it is known whose it is: that is nothing to whoever came by it */
        return REFUSE;
    if (!still_opens(c, x, f) || !find_targets(c, f) || !decide(c, f) || !narrow_scope(c, r->scope, f) ||
        !name_actor(c, r, f) || !name_way(c, r, f))
        return REFUSE;
    g->lang = r->lang;
    g->session = r->session;
    g->of_family = r->family;
    g->ends_s = r->ends_s;
    g->issued_type = str_eq(form_get(c->body, S("requested_token_type")), of_jwt) ? of_jwt : of_access_token;
    return NEXT;
}

const struct step_row grant_exchange[] = { { read_subject }, { ask_whose }, { say }, { NULL } };
