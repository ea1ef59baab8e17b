/* SPDX-License-Identifier: EUPL-1.2
 *
 * The service provider towards a city's SAML identity provider: AuthnRequest by
 * redirect (by POST where the city takes nothing else), answer by POST [SAML profiles 4.1].  The answer comes in at a
 * POST that reads no cookie, and is proven there; finish is a GET of our own, where the login's cookie has come along
 * (gateway/upstream_return.c). */
#include "idp-adapters/adapter.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "base/fields.h"
#include "base/log.h"
#include "base/settings.h"
#include "certs/content_key.h"
#include "certs/signer_client.h"
#include "idp-adapters/pins.h"
#include "idp-adapters/refusals.h"
#include "idp-adapters/relations.h"
#include "idp-adapters/relay.h"
#include "idp-adapters/saml_logout.h"
#include "idp-adapters/saml_person.h"
#include "idp-adapters/told.h"
#include "idp-adapters/tryout.h"
#include "idp-adapters/upstream_saml.h"
#include "wire/form.h"
#include "wire/kv.h"
#include "wire/saml.h"
#include "wire/saml_write.h"

enum { REPLAY_LEAST_S = 60 };

struct saml {       /* one start or one finish, in the request's arena */
    struct idp idp; /* the row, with the scopes of its metadata besides */
    struct upstream_got metadata_got;
    const struct saml_metadata *metadata;
    int64_t metadata_fetched_s; /* of the copy in metadata */
    struct strs row_scopes;
    const struct keyring *pins; /* NULL: its metadata say which keys are good */
    struct str query;           /* of the request, as it is signed */
    struct str request;         /* itself, where it is posted; absent: it goes by redirect */
    struct signed_got signature;
    bool again;           /* the answer is judged the second time, with metadata fetched anew */
    struct fail unproven; /* why it was not proven with what was kept; NONE: it was, or was judged once */
    struct saml_rules rules;
    struct str text; /* of the answer */
    struct saml_answer *answer;
    enum saml_state state;
    struct content_key tried; /* of NULL: none yet of what is encrypted */
    struct signed_got key;    /* the last that was tried */
    const struct saml_assertion *said;
    struct kv_got replay;
};

static struct saml *saml_of(struct ctx *c)
{
    return c->adapter_state;
}

/* Looked up at every use: an identity provider that was switched off meanwhile is refused. */
static enum step find_idp(struct ctx *c, struct fail *f)
{
    const struct idp *idp = registry_idp(c->registry, c->login->idp);
    struct saml *s = arena_make(c->arena, struct saml);

    if (idp == NULL || idp->kind != IDP_SAML || (!idp->enabled && c->tryout == NULL))
        return refusal(f, REFUSAL_idp_disabled, "%.*s is not in use", STR_ARG(c->login->idp));
    s->idp = *idp;
    s->row_scopes = idp->scopes;
    s->pins = pins_of(c->registry, idp->id);
    c->adapter_state = s;
    return NEXT;
}

static enum step metadata_ask(struct ctx *c, struct fail *f)
{
    struct saml *s = saml_of(c);

    (void)f;
    upstream_saml_metadata(c->upstreams, &c->batch, c->arena, &s->idp, UPSTREAM_KEPT, &s->metadata_got);
    return WAIT;
}

/* The scopes that it may assert are the row's and its metadata's [SDP-SP17]. */
static void add_scopes(struct ctx *c, struct saml *s)
{
    size_t n = s->row_scopes.n;
    struct str *all = arena_make_n(c->arena, n + s->metadata->scope_count, struct str);

    for (size_t i = 0; i < n; i++)
        all[i] = s->row_scopes.at[i];
    for (size_t i = 0; i < s->metadata->scope_count; i++)
        all[n + i] = s->metadata->scopes[i];
    s->idp.scopes = (struct strs){ all, n + s->metadata->scope_count };
    s->idp.patterns = s->metadata->patterns;
    s->idp.pattern_count = s->metadata->pattern_count;
}

static enum step metadata_read(struct ctx *c, struct fail *f)
{
    struct saml *s = saml_of(c);

    s->metadata = upstream_saml_in_force(&s->metadata_got, &s->idp, c->now_s, f);
    if (s->metadata == NULL)
        return REFUSE;
    s->metadata_fetched_s = s->metadata_got.fetched_s;
    add_scopes(c, s);
    tryout_pass(c, TRYOUT_documents);
    return NEXT;
}

/* --- start -------------------------------------------------------------------- */

/* Where the map reads the person's name from attributes, a city that has no persistent names is not to be asked for
 * one: some refuse the log-in over it. */
static bool asks_persistent(const struct idp *idp)
{
    bool by_attributes = str_eq(idp->map, S("funet")) || str_eq(idp->map, S("mpassid"));

    for (size_t i = 0; i < idp->attributes.n; i++)
        by_attributes = by_attributes || str_has_suffix(idp->attributes.at[i], S("=subject"));

    return str_eq(idp->name_id_policy, S("persistent")) || (!str_eq(idp->name_id_policy, S("any")) && !by_attributes);
}

#define EMAIL_FORMAT       "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
#define UNSPECIFIED_FORMAT "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"

/* As Subject it is a demand: the city answers about that very person, or refuses [SAML core 3.4.1.4].  So it is handed
 * on where the row says how, and a text that cannot be such a name is none. */
static void put_hint(const struct ctx *c, const struct idp *idp, struct saml_request *out)
{
    struct str hint = c->login->login_hint;
    bool email = str_eq(idp->login_hint, S("email")), unspecified = str_eq(idp->login_hint, S("unspecified"));

    if (!str_is_set(hint) || !str_is_utf8(hint) || (email && str_find_byte(hint, '@', 0) == hint.n))
        return;
    for (size_t i = 0; i < hint.n; i++)
        if ((unsigned char)hint.p[i] < ' ')
            return;
    if (email || unspecified) {
        out->subject = hint;
        out->subject_format = email ? S(EMAIL_FORMAT) : S(UNSPECIFIED_FORMAT);
    }
}

/* Beside the message: Entra takes it so, and no Subject. */
static struct str with_hint(struct ctx *c, const struct saml *s, struct str url)
{
    if (url.p == NULL || !str_is_set(c->login->login_hint) || !str_eq(s->idp.login_hint, S("parameter")))
        return url;
    return url_to(c->arena, url, S("login_hint"), c->login->login_hint);
}

/* A redirect where it may be: it shows no page [SDP-SSO02; IIP-SSO02]. */
static bool goes_by_post(const struct saml *s)
{
    return s->metadata->sso_redirect.p == NULL;
}

static struct str destination(const struct saml *s)
{
    return goes_by_post(s) ? s->metadata->sso_post : s->metadata->sso_redirect;
}

static bool is_signed(const struct saml *s)
{
    return s->idp.sign_requests || s->metadata->want_signed_requests;
}

/* In the message itself [SAML bindings 3.5.4; core 5.4]. */
static enum step sign_text(struct ctx *c, struct str text)
{
    struct saml *s = saml_of(c);

    s->request = text;
    if (!is_signed(s))
        return NEXT;
    signer_saml_text(c->signer, &c->batch, c->arena, JOSE_RS256, text, &s->signature);
    return WAIT;
}

static enum step sign_query(struct ctx *c, struct str text, struct fail *f)
{
    struct saml *s = saml_of(c);

    s->query = saml_redirect_query(c->arena, text, c->login->upstream_id, is_signed(s));
    if (s->query.p == NULL)
        return fail(f, FAIL_OURS, "server_error", "the request for %.*s cannot be written", STR_ARG(s->idp.id));
    if (!is_signed(s))
        return NEXT;
    signer_query(c->signer, &c->batch, c->arena, s->query, &s->signature);
    return WAIT;
}

static enum step make_request(struct ctx *c, struct fail *f)
{
    struct saml *s = saml_of(c);
    struct login *l = c->login;

    l->upstream_id = relay_new(c, &s->idp);
    l->fresh = login_fresh(l) || l->max_age_s >= 0; /* SAML cannot say how old is too old */
    l->asked_city_s = c->now_s;
    l->asked_epoch = kv_epoch_number(c->kv);
    struct saml_request request = {
        .id = l->upstream_id,
        .now_s = c->now_s,
        .destination = destination(s),
        .issuer = saml_sp_entity_id(c->arena, c->set),
        .acs = saml_sp_acs(c->arena, c->set),
        .force = l->fresh,
        .persistent = asks_persistent(&s->idp),
    };
    put_hint(c, &s->idp, &request);
    for (size_t i = 0; i < s->idp.contexts.n && i < SAML_CONTEXTS_MAX; i++)
        request.contexts[request.context_count++] = s->idp.contexts.at[i];
    struct str text = saml_request_write(c->arena, &request);
    if (text.p == NULL)
        return fail(f, FAIL_OURS, "server_error", "the request for %.*s cannot be written", STR_ARG(s->idp.id));
    return goes_by_post(s) ? sign_text(c, text) : sign_query(c, text, f);
}

/* The language of the page, as MPASSid and its like take it: beside the message, which is signed without it [SAML
 * bindings 3.4.4.1].  Whoever does not know the parameter passes it over. */
static struct str with_lang(struct ctx *c, struct str url)
{
    if (url.p == NULL || !str_is_set(c->login->lang) || str_find(url, S("?lang=")) < url.n ||
        str_find(url, S("&lang=")) < url.n)
        return url;
    return url_to(c->arena, url, S("lang"), c->login->lang);
}

/* The browser posts it, from a page of ours [SAML bindings 3.5.4]. */
static enum step write_form(struct ctx *c, struct str signature)
{
    struct saml *s = saml_of(c);
    struct upstream_form *form = arena_make(c->arena, struct upstream_form);

    form->fields[0].name = S("SAMLRequest");
    form->fields[0].value = b64_encode(c->arena, saml_request_sealed(c->arena, s->request, signature));
    form->fields[1].name = S("RelayState");
    form->fields[1].value = c->login->upstream_id;
    form->count = 2;
    c->upstream_form = form;
    c->upstream_url = with_hint(c, s, destination(s));
    return NEXT;
}

static enum step write_url(struct ctx *c, struct fail *f)
{
    struct saml *s = saml_of(c);
    struct str signature = is_signed(s) ? s->signature.value : (struct str){ NULL, 0 };

    if (is_signed(s) && !s->signature.ok)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "the signer: %s", s->signature.error);
    if (goes_by_post(s))
        return write_form(c, signature);
    struct str url = saml_redirect_url(c->arena, s->metadata->sso_redirect, s->query, signature);
    c->upstream_url = with_hint(c, s, with_lang(c, url));
    return c->upstream_url.p != NULL ? NEXT : refusal(f, REFUSAL_url_too_long, "of %.*s", STR_ARG(s->idp.id));
}

/* --- prove: the answer, whoever brings it ---------------------------------------- */

/* Whether other keys could prove what these did not. */
static bool is_of_unknown_key(const struct fail *f)
{
    return str_eq(str_of(f->code), S("sig_value")) || str_eq(str_of(f->code), S("sig_key"));
}

/* Signed, but by a key that the metadata bring and nobody has approved. */
static bool is_by_waiting_key(struct ctx *c, const struct saml *s)
{
    struct saml_rules rules = s->rules;
    struct saml_answer *same;
    struct fail why = { 0 };

    if (s->pins == NULL || pins_waiting(s->pins, s->metadata) == 0)
        return false;
    rules.keys = s->metadata->signing;
    enum saml_state state = saml_open(c->arena, s->text, &rules, &same, &why);
    if (state == SAML_NEEDS_KEY && !s->key.ok)
        return false;
    if (state == SAML_NEEDS_KEY)
        (void)saml_unwrapped(same, s->key.value, &why);
    return !is_of_unknown_key(&why);
}

/* No newer copy can help: why, and how old is what it was judged with. */
static enum step unproven(struct ctx *c, const struct fail *why, int64_t age_s, struct fail *f)
{
    const struct saml *s = saml_of(c);

    if (is_by_waiting_key(c, s))
        return refusal(f, REFUSAL_key_waiting, "%s; the metadata bring a key that is not among pinned_keys",
                       why->detail);
    return fail(f, why->kind, why->code, "%s (metadata %lld s old)", why->detail, (long long)age_s);
}

/* A refusal for want of a key waits for the second judgement; any other stands. */
static enum step judged(struct ctx *c, struct fail *why, struct fail *f)
{
    struct saml *s = saml_of(c);

    if (s->state != SAML_REFUSED)
        return NEXT;
    if (!s->again && is_of_unknown_key(why)) {
        s->unproven = *why;
        return NEXT;
    }
    if (is_of_unknown_key(why))
        return unproven(c, why, c->now_s - s->metadata_got.fetched_s, f);
    *f = *why;
    return REFUSE;
}

/* The rules come from what was asked and from the registry, never from the answer. */
static enum step open_answer(struct ctx *c, struct fail *f)
{
    struct saml *s = saml_of(c);
    struct fail why = { 0 };

    if (!str_is_set(c->login->upstream_id))
        return refusal(f, REFUSAL_login_not_begun, "this login has asked no city");
    if (!saml_decode(c->arena, form_get(c->body, S("SAMLResponse")), (size_t)c->set->saml_message_B, &s->text, f))
        return REFUSE;
    s->rules = (struct saml_rules){
        .keys = s->pins != NULL ? s->pins : s->metadata->signing,
        .issuer = s->idp.entity_id,
        .sp = saml_sp_entity_id(c->arena, c->set),
        .acs = saml_sp_acs(c->arena, c->set),
        .request_id = c->login->upstream_id,
        .now_s = c->now_s,
        .skew_s = c->set->saml_skew_s,
        .message_max_B = (size_t)c->set->saml_message_B,
        .want_encrypted = s->idp.want_encrypted,
    };
    s->state = saml_open(c->arena, s->text, &s->rules, &s->answer, &why);
    return judged(c, &why, f);
}

static enum step key_ask(struct ctx *c, struct fail *f)
{
    struct saml *s = saml_of(c);

    (void)f;
    if (s->tried.of == NULL)
        s->tried = (struct content_key){ .of = saml_wrapped(s->answer) };
    return content_key_ask(c->signer, &c->batch, c->arena, &s->tried) ? WAIT : NEXT;
}

static enum step key_use(struct ctx *c, struct fail *f)
{
    struct saml *s = saml_of(c);
    enum content_key_state state = content_key_look(&s->tried);
    struct fail why = { 0 };

    if (state == CONTENT_KEY_AWAY)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "the signer: %s", s->tried.got.error);
    if (state == CONTENT_KEY_OPEN)
        return NEXT;
    bool fits = state == CONTENT_KEY_FITS;
    if (fits && s->tried.got.retired)
        c->older_key_of = s->idp.id;
    s->key = s->tried.got;
    s->tried.of = NULL;
    s->state = saml_unwrapped(s->answer, fits ? s->key.value : (struct str){ NULL, 0 }, &why);
    return judged(c, &why, f);
}

static enum step unwrap_more(struct ctx *c, struct fail *f)
{
    (void)f;
    return saml_of(c)->state == SAML_NEEDS_KEY ? key_ask(c, f) : NEXT;
}

static enum step unwrap_next(struct ctx *c, struct fail *f)
{
    return saml_of(c)->state == SAML_NEEDS_KEY ? key_use(c, f) : NEXT;
}

/* A table is linear, so an answer gets this many turns at the signer, which is
 * more than anybody's answer needs: an assertion, a name, some attributes. */
#define TURN                                                                                                           \
    { unwrap_more },                                                                                                   \
    {                                                                                                                  \
        unwrap_next                                                                                                    \
    }
#define TURNS TURN, TURN, TURN, TURN

static const struct step_row unwrapping[] = { TURNS, TURNS, TURNS, TURNS, { 0 } };

static enum step unwrap_keys(struct ctx *c, struct fail *f)
{
    (void)f;
    return saml_of(c)->state == SAML_NEEDS_KEY ? step_into(c, unwrapping) : NEXT;
}

/* The city may have changed its key: its metadata is fetched anew, and the same answer judged once more.  Where
 * nothing newer can be had, the first judgement stands. */
static enum step metadata_anew(struct ctx *c, struct fail *f)
{
    struct saml *s = saml_of(c);

    (void)f;
    s->again = true;
    upstream_saml_metadata(c->upstreams, &c->batch, c->arena, &s->idp, UPSTREAM_ANEW, &s->metadata_got);
    return WAIT;
}

static enum step metadata_compare(struct ctx *c, struct fail *f)
{
    struct saml *s = saml_of(c);
    const struct upstream_got *got = &s->metadata_got;
    bool newer = got->value != NULL && got->value != s->metadata;

    upstream_log_unknown_key(got, newer, s->idp.id, c->support_code, s->unproven.code,
                             c->now_s - s->metadata_fetched_s);
    if (newer)
        return metadata_read(c, f);
    return unproven(c, &s->unproven, c->now_s - s->metadata_fetched_s, f);
}

static const struct step_row second_judgement[] = {
    { metadata_anew }, { metadata_compare }, { open_answer }, { unwrap_keys }, { 0 }
};

static enum step judge_again(struct ctx *c, struct fail *f)
{
    (void)f;
    return saml_of(c)->unproven.kind != FAIL_NONE ? step_into(c, second_judgement) : NEXT;
}

/* Where contexts are demanded, the answer must name one of them, exactly [IIP-SP07]. */
static bool is_context_asked(const struct idp *idp, const struct saml_assertion *said)
{
    for (size_t i = 0; i < idp->contexts.n; i++)
        if (str_eq(idp->contexts.at[i], said->context))
            return true;
    return idp->contexts.n == 0;
}

static void tell_tryout(const struct ctx *c, const struct saml_assertion *said)
{
    struct tryout *t = c->tryout;

    if (t == NULL)
        return;
    tryout_pass(c, TRYOUT_answer);
    tryout_pass(c, TRYOUT_signature);
    tryout_pass(c, TRYOUT_audience);
    tryout_pass(c, TRYOUT_time);
    t->key = said->key;
    t->issuer = said->issuer;
    t->context = said->context;
    t->issued_s = said->issued_s;
    t->authenticated_s = said->authenticated_s;
    t->ends_s = said->ends_s;
    t->session_ends_s = said->session_ends_s;
}

static enum step read_assertion(struct ctx *c, struct fail *f)
{
    struct saml *s = saml_of(c);

    s->said = saml_assertion(s->answer);
    if (s->said == NULL)
        return fail(f, FAIL_UPSTREAM, "enc_too_many", "more encrypted parts than anybody needs");
    tell_tryout(c, s->said);
    if (!is_context_asked(&s->idp, s->said))
        return refusal(f, REFUSAL_authn_context_other, "the context %.*s was not asked for", STR_ARG(s->said->context));
    return NEXT;
}

/* Which name the message bore, and which would have done. */
static void tell_name_id(const struct ctx *c, const struct saml *s)
{
    struct str format = s->said->name_id_format;

    log_event(LOG_WARN, "upstream.name_id", LOG_S("idp", s->idp.id), LOG_C("support_code", c->support_code),
              LOG_S("came", str_is_set(format) ? format : S("no NameID, or one without a format")),
              LOG_S("map", s->idp.map), LOG_S("wanted", map_subject_wanted(c->arena, &s->idp)));
}

/* Where the city offers sign-outs, it may send one of its own: by these names. */
static void name_for_sign_out(struct ctx *c, const struct saml *s, struct person *p)
{
    const struct saml_assertion *said = s->said;
    struct str name = saml_city_name(c->arena, s->idp.entity_id, saml_sp_entity_id(c->arena, c->set), said->name_id,
                                     said->name_id_format, said->name_id_qualifier, said->name_id_sp_qualifier);

    if (s->metadata->slo_redirect.p == NULL && s->metadata->slo_post.p == NULL)
        return;
    if (name.n <= CITY_NAME_MAX_B)
        p->city_name = name;
    if (said->session_index.n <= CITY_NAME_MAX_B)
        p->city_session = said->session_index;
}

static enum step make_person(struct ctx *c, struct fail *f)
{
    struct saml *s = saml_of(c);
    struct attribute_list attributes = saml_attributes(c->arena, &s->idp, s->said);
    struct person *p = arena_make(c->arena, struct person);
    struct map_notes notes = { .n = 0 };

    attribute_list_log(&attributes, &s->idp);
    tryout_came(c, &s->idp, attributes.at, attributes.n, saml_subject(s->said));
    struct fail why = { 0 };
    bool good = map_person(c->arena, &s->idp, attributes.at, attributes.n, saml_subject(s->said), p, &notes, &why);
    if (good)
        relations_name(c, p);
    bool foreign = !good && str_eq(str_of(why.code), S("scope_foreign"));
    const char *unread = s->metadata->pattern_trouble;
    if (unread != NULL && (foreign || map_notes_find(&notes, NOTE_SCOPE_FOREIGN) != NULL))
        log_event(LOG_WARN, "upstream.scope_pattern", LOG_C("support_code", c->support_code), LOG_S("idp", s->idp.id),
                  LOG_N("patterns", s->metadata->patterns_refused), LOG_C("why", unread),
                  LOG_C("mend", "metadata names a scope as a pattern (regexp) that is not taken: write the scopes out "
                                "in scopes of the row"));
    if (foreign && unread != NULL)
        (void)fail(f, why.kind, why.code, "%s; metadata names a scope as a pattern (regexp) that is not taken: %s",
                   why.detail, unread);
    else if (!good)
        *f = why;
    map_notes_tell(&notes, good ? p : NULL, s->idp.id, c->support_code);
    tryout_made(c, &notes, good ? p : NULL);
    if (!good && p->subject.p == NULL)
        tell_name_id(c, s);
    if (!good || !stated_acr(c->arena, s->said->context, &s->idp, &p->acr, f))
        return REFUSE;
    tryout_pass(c, TRYOUT_context);
    p->idp = s->idp.id;
    p->origin = s->said->issuer;
    p->auth_time_s = s->said->authenticated_s;
    p->city_ends_s = s->said->session_ends_s;
    name_for_sign_out(c, s, p);
    c->proven = arena_make(c->arena, struct proven);
    c->proven->hint = saml_logout_hint(c->arena, s->metadata, s->said);
    c->proven->idp = s->idp.id;
    c->proven->upstream_id = c->login->upstream_id;
    c->proven->person = p;
    c->proven->replay =
        sha256_hex(c->arena, fields_key(c->arena, (struct str[]){ S("saml"), s->said->issuer, s->said->id }, 3));
    c->proven->ends_s = s->said->ends_s;
    return NEXT;
}

/* --- finish: whose it was is known ---------------------------------------------- */

static enum step check_login(struct ctx *c, struct fail *f)
{
    const struct proven *p = c->proven;

    if (p == NULL || !str_eq(p->idp, c->login->idp) || !str_eq(p->upstream_id, c->login->upstream_id))
        return refusal(f, REFUSAL_callback_wrong, "the answer is not one to this login");
    c->upstream_hint = p->hint;
    return NEXT;
}

/* Whether it was answered already is known by the Redis that it was begun with, and by no other [security: failover].
 */
static bool is_of_before(const struct ctx *c)
{
    const struct login *l = c->login;

    return l->asked_epoch != 0 ? l->asked_epoch != kv_epoch_number(c->kv) : kv_may_forget(c->kv, l->asked_city_s);
}

/* When we demanded a fresh authentication, an older one does not do [SDP-IDP07].  One mark per issuer and assertion,
 * for as long as the assertion could be shown again. */
static enum step replay_ask(struct ctx *c, struct fail *f)
{
    const struct proven *p = c->proven;
    const struct login *l = c->login;

    if (l->fresh && p->person->auth_time_s + c->set->saml_skew_s < l->asked_city_s)
        return refusal(f, REFUSAL_authn_stale, "a fresh log-in was asked for");
    tryout_pass(c, TRYOUT_fresh);
    if (is_of_before(c))
        return refusal(f, REFUSAL_replay, "another Redis is the primary since this log-in was begun: begin anew");
    int64_t left_s = p->ends_s - c->now_s;
    kv_add(c->kv, &c->batch, c->arena, &saml_of(c)->replay, KV_REPLAY, p->replay, S("1"),
           left_s > REPLAY_LEAST_S ? left_s : REPLAY_LEAST_S);
    return WAIT;
}

static enum step replay_read(struct ctx *c, struct fail *f)
{
    switch (saml_of(c)->replay.outcome) {
    case KV_MISS:
        c->person = c->proven->person;
        tryout_pass(c, TRYOUT_once);
        return NEXT;
    case KV_HIT:
        return refusal(f, REFUSAL_replay, "this answer was used before");
    case KV_DOWN:
        break;
    }
    return fail(f, FAIL_OURS, "temporarily_unavailable", "Redis is away: a replay could not be told");
}

static const struct step_row start[] = { { find_idp },     { metadata_ask }, { metadata_read },
                                         { make_request }, { write_url },    { 0 } };

static const struct step_row prove[] = { { find_idp },       { metadata_ask }, { metadata_read },
                                         { open_answer },    { unwrap_keys },  { judge_again },
                                         { read_assertion }, { make_person },  { 0 } };

static const struct step_row finish[] = { { find_idp }, { check_login }, { replay_ask }, { replay_read }, { 0 } };

const struct adapter adapter_saml = { IDP_SAML, start, finish, prove, saml_leave_city };
