/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/saml/trial.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "base/log.h"
#include "gateway/flow.h"
#include "gateway/release.h"
#include "gateway/saml/attributes.h"
#include "gateway/saml/categories.h"
#include "gateway/saml/name_id.h"
#include "gateway/upstream_metadata.h"
#include "wire/http.h"

enum { PAST_S = 1200, AHEAD_S = 1800, TEXT_MAX_B = 4 * SAML_TEXT_MAX_B, INDEX_CHARS = 32 };

static const struct str wrong_recipient = S("https://wrong-recipient.invalid/acs");
/* Read to its first comment, it is the right person's name. */
#define COMMENTED(text) text "." GATE_SUB_WRONG

struct trying { /* c->state */
    struct gate_run run;
    struct kv_got taken, asked, again, seen, kept;
    const struct saml_service_metadata *peer;
    struct saml_draft assertion, response;
    struct signed_got assertion_sig, response_sig;
    struct str request, assertion_id, response_id, message;
};

static struct trying *mine(const struct ctx *c)
{
    return c->state;
}

static enum gate_alter alter_of(const struct ctx *c)
{
    return mine(c)->run.trial->alter;
}

static bool by_other_key(const struct ctx *c)
{
    enum gate_token token = mine(c)->run.trial->token;

    return token == GATE_TOKEN_ROLLED_KEY || token == GATE_TOKEN_OTHER_KEY;
}

static enum step take(struct ctx *c, struct fail *f)
{
    struct trying *t = mine(c);

    (void)f;
    gate_take(c, &t->run, &t->taken);
    gate_mark(c, t->run.id, MARK_ASKED, &t->asked);
    t->again.outcome = KV_MISS;
    if (t->run.trial->kind == GATE_TWICE)
        gate_kept_take(c, &t->run, &t->again);
    return WAIT;
}

/* ── what it says ───────────────────────────────────────────────────────── */

static const char *who_of(enum gate_alter alter, enum gate_token token)
{
    bool right = token == GATE_TOKEN_RIGHT || token == GATE_TOKEN_ROLLED_KEY;

    return alter == ALTER_COMMENT ? COMMENTED(GATE_SUB_RIGHT) : right ? GATE_SUB_RIGHT : GATE_SUB_WRONG;
}

static struct person *nobody(struct ctx *c, const struct gate_trial *t)
{
    struct person *p = arena_make(c->arena, struct person);
    bool right = t->token == GATE_TOKEN_RIGHT || t->token == GATE_TOKEN_ROLLED_KEY;

    p->given_names = p->calling_name = S(GATE_GIVEN);
    p->family_name = t->alter == ALTER_COMMENT ? S(GATE_RIGHT "." GATE_WRONG) : right ? S(GATE_RIGHT) : S(GATE_WRONG);
    p->email = arena_join(c->arena, str_of(who_of(t->alter, t->token)), S(GATE_MAIL));
    return p;
}

static void add_pairwise(struct ctx *c, struct saml_statement *st, struct saml_told *room, struct str sub)
{
    struct str *value = arena_make(c->arena, struct str);

    *value = arena_printf(c->arena, "%.*s@%.*s", STR_ARG(sub), STR_ARG(saml_scope(c)));
    if (categories_subject(mine(c)->peer) != SUBJECT_NOBODY)
        room[st->told_count++] = (struct saml_told){
            .name = S(SAML_PAIRWISE_ID), .friendly = S("pairwise-id"), .values = value, .value_count = 1
        };
}

/* What the service asks for, of somebody who has a name and an address and nothing else. */
static void add_attributes(struct ctx *c, struct saml_statement *st, struct str sub)
{
    const struct trying *t = mine(c);
    const struct decision d = { .effect = EFFECT_ALLOW, .release = c->service->asks };
    const struct release r = { .registry = c->registry,
                               .person = nobody(c, t->run.trial),
                               .service = c->service,
                               .decision = &d,
                               .sub = sub,
                               .whole = true,
                               .lang = c->lang,
                               .now = flow_circumstances(c) };
    const struct told_attributes told =
        attributes_told(c->arena, &r, peer_wants(c->arena, t->peer, c->login->resources), saml_scope(c));
    struct saml_told *room = arena_make_n(c->arena, told.n + 1, struct saml_told);

    add_pairwise(c, st, room, sub);
    for (size_t i = 0; i < told.n; i++)
        room[st->told_count++] = (struct saml_told){ .name = told.at[i].name,
                                                     .friendly = told.at[i].friendly,
                                                     .values = told.at[i].values.at,
                                                     .value_count = told.at[i].values.n,
                                                     .basic = told.at[i].format == ATTRIBUTE_BASIC };
    st->told = room;
}

static void set_times(struct ctx *c, enum gate_token token, struct saml_statement *st)
{
    int64_t skew_s = c->service->saml.skew_s,
            from_s = c->now_s + (token == GATE_TOKEN_EXPIRED  ? -PAST_S - SAML_ANSWER_LIFE_S
                                 : token == GATE_TOKEN_FUTURE ? AHEAD_S
                                                              : 0);

    st->not_before_s = token == GATE_TOKEN_FUTURE ? from_s : from_s - skew_s;
    st->ends_s = from_s + SAML_ANSWER_LIFE_S;
    st->authenticated_s = from_s < c->now_s ? from_s : c->now_s;
}

struct saml_name trial_name(struct ctx *c, struct str sub, struct str word)
{
    bool email = str_eq(word, S("email"));

    word = str_eq(word, S("none")) ? S(NAME_PERSISTENT) : word;

    return (struct saml_name){ .value = email ? arena_join(c->arena, sub, S(GATE_MAIL)) : sub,
                               .format = name_format(word),
                               .qualifier = email ? (struct str){ NULL, 0 } : saml_us(c),
                               .sp_qualifier = email ? (struct str){ NULL, 0 } : c->service->saml.entity_id };
}

struct str trial_index(struct ctx *c)
{
    struct str of = sha256_hex(c->arena, arena_join(c->arena, S("gate:"), c->service->id));

    return arena_join(c->arena, S("_"), str_sub(of, 0, INDEX_CHARS));
}

unsigned saml_trial_ways(const struct ctx *c, const struct service *s)
{
    const struct saml_service_metadata *p = peer_kept(c, s);

    return (saml_hears(c, s) ? GATE_HEARS : 0u) | (p != NULL && saml_encrypts(s, p) ? GATE_DECRYPTS : 0u);
}

static enum step draft(struct ctx *c, struct fail *f)
{
    struct trying *t = mine(c);
    const struct gate_trial *trial = t->run.trial;
    struct str sub = str_of(who_of(trial->alter, trial->token));

    if (t->taken.outcome == KV_DOWN || t->asked.outcome == KV_DOWN || t->again.outcome == KV_DOWN)
        return kv_away(f, "trial");
    if (t->taken.outcome == KV_MISS) /* answered before: what comes now is a sign-in, or the same once more */
        return NEXT;
    c->service = registry_service(c->registry, c->login->service);
    t->request = trial->alter == ALTER_REQUEST ? saml_new_id(c) : c->login->nonce;
    t->assertion_id = saml_new_id(c);
    t->response_id = saml_new_id(c);
    struct saml_statement st = {
        .id = t->assertion_id,
        .now_s = c->now_s,
        .issuer = saml_us(c),
        .audience = trial->token == GATE_TOKEN_WRONG_AUD ? S(GATE_WRONG_AUD) : c->service->saml.entity_id,
        .recipient = trial->alter == ALTER_RECIPIENT ? wrong_recipient : c->login->answer_to,
        .in_response_to = t->request,
        .name = trial_name(c, sub, c->login->scope),
        .session_index = trial_index(c),
        .context = S("urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified"),
    };
    set_times(c, trial->token, &st);
    add_attributes(c, &st, sub);
    t->assertion = saml_assertion_draft(c->arena, &st);
    return t->assertion.text.p != NULL ? NEXT : fail(f, FAIL_OURS, "server_error", "the assertion is too large");
}

/* ── signed, and altered after ──────────────────────────────────────────── */

static void sign(struct ctx *c, struct str text, struct signed_got *got)
{
    enum gate_token token = mine(c)->run.trial->token;

    if (by_other_key(c))
        signer_gate_saml(c->signer, &c->batch, c->arena,
                         token == GATE_TOKEN_ROLLED_KEY ? GATE_KEY_ROLLED : GATE_KEY_STRAY, text, got);
    else
        signer_saml_text(c->signer, &c->batch, c->arena, saml_alg_of(c->service, mine(c)->peer), text, got);
}

static bool signs(struct ctx *c, bool which)
{
    return which && alter_of(c) != ALTER_NO_SIGNATURE;
}

/* A key of trials signs what it can see alone. */
static bool encrypts(struct ctx *c)
{
    return saml_encrypts(c->service, mine(c)->peer) && !(by_other_key(c) && saml_signs_response(c->service));
}

static enum step sign_assertion(struct ctx *c, struct fail *f)
{
    struct trying *t = mine(c);

    (void)f;
    if (t->taken.outcome != KV_HIT)
        return NEXT;
    t->assertion_sig.ok = true;
    if (signs(c, saml_signs_assertion(c->service, t->peer)))
        sign(c, t->assertion.text, &t->assertion_sig);
    return WAIT;
}

static struct str replaced(struct ctx *c, struct str text, struct str from, struct str to)
{
    struct buf b = buf_new(c->arena, TEXT_MAX_B);

    for (size_t at = str_find(text, from); at < text.n; at = str_find(text, from)) {
        buf_add(&b, str_sub(text, 0, at));
        buf_add(&b, to);
        text = str_from(text, at + from.n);
    }
    buf_add(&b, text);
    return buf_str(&b);
}

static struct str with_comments(struct ctx *c, struct str text)
{
    text = replaced(c, text, S(GATE_SUB_RIGHT "."), S(GATE_SUB_RIGHT "<!---->."));
    return replaced(c, text, S(GATE_RIGHT "."), S(GATE_RIGHT "<!---->."));
}

/* The same of the other person, under another name: what nobody has signed. */
static struct saml_draft forged(struct ctx *c, const struct saml_draft *d)
{
    const struct trying *t = mine(c);
    struct str text = replaced(c, d->text, t->assertion_id, saml_new_id(c));

    text = replaced(c, text, t->response_id, saml_new_id(c));
    text = replaced(c, text, S(GATE_SUB_RIGHT), S(GATE_SUB_WRONG));
    return (struct saml_draft){ replaced(c, text, S(">" GATE_RIGHT "<"), S(">" GATE_WRONG "<")), d->place };
}

/* What was signed within the Signature that is over it. */
static struct str within(struct ctx *c, const struct saml_draft *d, struct str signature)
{
    const struct str end = S("</ds:Signature>");
    const struct saml_draft forgery = forged(c, d);
    struct str open = str_sub(signature, 0, signature.n - end.n);

    return saml_sealed(
        c->arena, &forgery,
        arena_printf(c->arena, "%.*s<ds:Object>%.*s</ds:Object>%.*s", STR_ARG(open), STR_ARG(d->text), STR_ARG(end)));
}

/* ── encrypted, and wrong ───────────────────────────────────────────────── */

static void turn_letters(char *cipher, struct str plain, struct str from, struct str to)
{
    for (size_t at = 0; at < plain.n; at += from.n) {
        at += str_find(str_from(plain, at), from);
        for (size_t i = 0; at < plain.n && i < from.n; i++)
            cipher[at + i] ^= (char)(from.p[i] ^ to.p[i]);
    }
}

/* As whoever knows the text could without any key: of AES-GCM letters become others, and its tag fits no more; of
 * AES-CBC a block becomes noise. */
static struct str tampered(struct ctx *c, struct str sealed, struct str plain)
{
    static const struct str tag = S("<xenc:CipherValue>");
    enum { GCM_NONCE_B = 12, GCM_TAG_B = 16 };
    size_t at = 0, next = 0;
    struct str bytes;

    for (; next < sealed.n; next = at + str_find(str_from(sealed, at), tag)) /* the last: the content's */
        at = next == 0 && !str_has_prefix(sealed, tag) ? 0 : next + tag.n;
    struct str value = str_sub(str_from(sealed, at), 0, str_find_byte(str_from(sealed, at), '<', 0));
    if (!b64_decode(c->arena, value, &bytes) || bytes.n == 0)
        return (struct str){ NULL, 0 };
    char *own = arena_alloc(c->arena, bytes.n);
    memcpy(own, bytes.p, bytes.n);
    if (bytes.n == GCM_NONCE_B + plain.n + GCM_TAG_B) {
        turn_letters(own + GCM_NONCE_B, plain, S(GATE_SUB_RIGHT), S("gate-wrong-perso"));
        turn_letters(own + GCM_NONCE_B, plain, S(">" GATE_RIGHT "<"), S(">Vaara<"));
    } else {
        own[bytes.n / 2] ^= 1;
    }
    return arena_printf(c->arena, "%.*s%.*s%.*s", STR_ARG(str_sub(sealed, 0, at)),
                        STR_ARG(b64_encode(c->arena, str_n(own, bytes.n))), STR_ARG(str_from(sealed, at + value.n)));
}

/* The service's metadata with a key of ours in place of its own, whose other half it does not have. */
static const struct saml_service_metadata *somebody_else(struct ctx *c)
{
    struct saml_service_metadata *p = arena_make(c->arena, struct saml_service_metadata);
    struct str ours[SAML_CERTIFICATES_MAX], der;

    *p = *mine(c)->peer;
    if (upstream_certificates(c, KEY_DECRYPT, JOSE_RS256, ours, 0) == 0 || !b64_decode(c->arena, ours[0], &der))
        return NULL;
    for (size_t i = 0; i < p->encryption_count; i++)
        p->encryption[i].der = der;
    return p;
}

static bool encrypt(struct ctx *c, struct str *text, struct fail *f)
{
    const struct saml_service_metadata *to = alter_of(c) == ALTER_CIPHER_KEY ? somebody_else(c) : mine(c)->peer;
    struct str plain = *text;

    if (!encrypts(c))
        return text->p != NULL;
    if (to == NULL)
        return fail(f, FAIL_OURS, "server_error", "there is no other key to encrypt to");
    *text = saml_encrypted(c, to, "saml:EncryptedAssertion", plain, f);
    if (text->p != NULL && alter_of(c) == ALTER_CIPHER)
        *text = tampered(c, *text, plain);
    return text->p != NULL;
}

static bool wraps(struct ctx *c, bool the_response)
{
    return (alter_of(c) == ALTER_WRAP || alter_of(c) == ALTER_WRAP_IN) &&
           saml_signs_response(c->service) == the_response;
}

/* Into what the response holds; absent: *f says why. */
static struct str hold(struct ctx *c, struct fail *f)
{
    struct trying *t = mine(c);
    struct str sealed = saml_sealed(c->arena, &t->assertion, t->assertion_sig.value), forgery = S("");

    if (wraps(c, false) && alter_of(c) == ALTER_WRAP_IN)
        sealed = within(c, &t->assertion, t->assertion_sig.value);
    else if (wraps(c, false))
        forgery = forged(c, &t->assertion).text;
    if (alter_of(c) == ALTER_COMMENT && encrypts(c))
        sealed = with_comments(c, sealed);
    if (!encrypt(c, &sealed, f) || (str_is_set(forgery) && !encrypt(c, &forgery, f)))
        return (struct str){ NULL, 0 };
    return arena_join(c->arena, forgery, sealed);
}

static enum step sign_response(struct ctx *c, struct fail *f)
{
    struct trying *t = mine(c);

    if (t->taken.outcome != KV_HIT)
        return NEXT;
    if (!t->assertion_sig.ok)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "the signer: %s", t->assertion_sig.error);
    const struct saml_response r = { .id = t->response_id,
                                     .now_s = c->now_s,
                                     .issuer = saml_us(c),
                                     .destination = c->login->answer_to,
                                     .in_response_to = t->request,
                                     .status = SAML_SUCCESS,
                                     .holds = hold(c, f) };
    if (r.holds.p == NULL)
        return REFUSE;
    t->response = saml_response_draft(c->arena, &r);
    if (t->response.text.p == NULL)
        return fail(f, FAIL_OURS, "server_error", "the response is too large");
    t->response_sig.ok = true;
    if (signs(c, saml_signs_response(c->service)))
        sign(c, t->response.text, &t->response_sig);
    return WAIT;
}

/* The signed one stands behind the one that is to be read. */
static struct str beside(struct ctx *c, const struct trying *t)
{
    const struct str end = S("</samlp:Response>");
    struct str forgery = forged(c, &t->response).text,
               original = saml_sealed(c->arena, &t->response, t->response_sig.value);

    return arena_printf(c->arena, "%.*s%.*s%.*s", STR_ARG(str_sub(forgery, 0, forgery.n - end.n)), STR_ARG(original),
                        STR_ARG(end));
}

static enum step finish(struct ctx *c, struct fail *f)
{
    struct trying *t = mine(c);

    t->seen.outcome = t->kept.outcome = KV_HIT;
    if (t->again.outcome == KV_HIT) {
        t->message = gate_kept(c, &t->run, &t->again);
        gate_mark(c, t->run.id, MARK_REDEEMED, &t->seen);
        return WAIT;
    }
    if (t->taken.outcome != KV_HIT)
        return NEXT;
    if (!t->response_sig.ok)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "the signer: %s", t->response_sig.error);
    if (!wraps(c, true))
        t->message = saml_sealed(c->arena, &t->response, t->response_sig.value);
    else
        t->message = alter_of(c) == ALTER_WRAP ? beside(c, t) : within(c, &t->response, t->response_sig.value);
    if (alter_of(c) == ALTER_COMMENT && !encrypts(c))
        t->message = with_comments(c, t->message);
    if (t->run.trial->kind == GATE_TWICE)
        gate_keep(c, &t->run, t->message, &t->kept);
    return WAIT;
}

static enum step send(struct ctx *c, struct fail *f)
{
    const struct trying *t = mine(c);

    if (!str_is_set(t->message))
        return NEXT;
    if (t->seen.outcome != KV_HIT || t->kept.outcome != KV_HIT)
        return kv_away(f, "message of a trial");
    log_event(LOG_INFO, "gate.answered", LOG_C("support_code", c->support_code), LOG_S("service", c->login->service),
              LOG_C("trial", t->run.trial->word));
    return saml_post(c, registry_service(c->registry, c->login->service), c->login->answer_to, "SAMLResponse",
                     t->message, c->login->state_out);
}

static const struct step_row rows[] = { { take }, { draft }, { sign_assertion }, { sign_response }, { finish },
                                        { send }, { NULL } };

enum step saml_trial(struct ctx *c, struct fail *f)
{
    const struct service *s = registry_service(c->registry, c->login->service);
    struct gate_run run;

    (void)f;
    if (!gate_find(c, s, &run) || !protocol_saml.may_answer(c))
        return NEXT;
    struct trying *t = c->state = arena_make(c->arena, struct trying);
    t->run = run;
    t->peer = peer_kept(c, s);
    return step_into(c, rows);
}
