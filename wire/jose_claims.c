/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/jose_int.h"

#include "base/crypt.h"

enum { NAME_MAX_B = 255 };

/* 9999-12-31T23:59:59Z: what lies beyond is no time but a mistake or an attempt. */
static const double last_second = 253402300799.0;

struct check { /* one token in hand */
    struct arena *arena;
    const struct jose_rules *rules;
    struct jose_claims *out;
    struct fail *f;
};

static bool refuse(const struct check *c, const char *code, const char *why)
{
    return fail(c->f, c->rules->blame != FAIL_NONE ? c->rules->blame : FAIL_CALLER, code, "%s", why);
}

/* By how much a time is off, for whoever compares the clocks. */
static bool refuse_time(const struct check *c, const char *code, const char *why, double off_s)
{
    return fail(c->f, c->rules->blame != FAIL_NONE ? c->rules->blame : FAIL_CALLER, code,
                "%s, %lld s by our clock; %lld s are allowed", why, (long long)off_s, (long long)c->rules->skew_s);
}

/* What came in the place of what is expected: the names of parties, never of people. */
static bool refuse_name(const struct check *c, const char *code, const char *why, struct str came)
{
    return fail(c->f, c->rules->blame != FAIL_NONE ? c->rules->blame : FAIL_CALLER, code, "%s: \"%.*s\"", why,
                (int)(came.n < 120 ? came.n : 120), came.p != NULL ? came.p : "");
}

static const struct json_value *claim(const struct check *c, struct str name)
{
    return json_get(c->out->all, name);
}

/* A NumericDate; it may have a fraction [RFC 7519 2]. */
static bool is_time(const struct json_value *v)
{
    return (v->type == JSON_INT || v->type == JSON_NUM) && v->number >= 0 && v->number <= last_second;
}

static bool is_name(const struct json_value *v)
{
    if (v->type != JSON_STR || v->text.n == 0 || v->text.n > NAME_MAX_B)
        return false;
    for (size_t i = 0; i < v->text.n; i++)
        if ((unsigned char)v->text.p[i] < 0x20 || v->text.p[i] == 0x7f)
            return false;
    return true;
}

static bool check_iss(const struct check *c)
{
    const struct json_value *iss = claim(c, S("iss"));

    if (iss != NULL && iss->type != JSON_STR)
        return refuse(c, "iss_malformed", "not a string");
    if (iss != NULL)
        c->out->iss = iss->text;
    if (c->rules->iss_rule == ISS_ANY)
        return true;
    if (iss == NULL)
        return c->rules->iss_rule == ISS_IF_SAID ? true : refuse(c, "iss_missing", "no iss");
    return str_eq(iss->text, c->rules->iss) ? true : refuse_name(c, "iss_wrong", "another issuer", iss->text);
}

static bool check_sub(const struct check *c)
{
    const struct json_value *sub = claim(c, S("sub"));

    if (sub == NULL)
        return c->rules->sub_optional ? true : refuse(c, "sub_missing", "no sub");
    if (!is_name(sub))
        return refuse(c, "sub_malformed", "not 1 to 255 printable bytes");
    c->out->sub = sub->text;
    return true;
}

static bool is_us(const struct check *c, struct str said)
{
    return str_eq(said, c->rules->aud) || str_eq(said, c->rules->aud_too);
}

static bool check_azp(const struct check *c, bool several)
{
    const struct json_value *azp = claim(c, S("azp"));

    if (azp == NULL)
        return several ? refuse(c, "azp_missing", "several audiences and no azp") : true;
    if (azp->type != JSON_STR)
        return refuse(c, "azp_malformed", "not a string");
    return is_us(c, azp->text) ? true : refuse_name(c, "azp_wrong", "meant for another party", azp->text);
}

static bool check_aud(const struct check *c)
{
    const struct json_value *aud = claim(c, S("aud"));
    bool named = false;

    if (c->rules->aud_rule == AUD_ANY)
        return true;
    if (aud == NULL)
        return c->rules->aud_rule == AUD_IF_SAID ? true : refuse(c, "aud_missing", "no aud");
    bool list = aud->type == JSON_ARRAY;
    if (list && c->rules->aud_one)
        return refuse(c, "aud_list", "a list, where one string is asked for");
    if ((list && aud->count == 0) || (!list && aud->type != JSON_STR))
        return refuse(c, "aud_malformed", "neither a string nor a list");
    for (const struct json_value *v = list ? aud->first : aud; v != NULL; v = list ? v->next : NULL) {
        if (v->type != JSON_STR)
            return refuse(c, "aud_malformed", "a list of other things than strings");
        named |= is_us(c, v->text);
    }
    if (!named)
        return refuse_name(c, "aud_wrong", "not for us", (list ? aud->first : aud)->text);
    return c->rules->azp_any || check_azp(c, list && aud->count > 1);
}

static bool check_exp(const struct check *c)
{
    const struct jose_rules *r = c->rules;
    const struct json_value *exp = claim(c, S("exp"));

    if (exp == NULL)
        return r->exp_optional ? true : refuse(c, "exp_missing", "no exp");
    if (!is_time(exp))
        return refuse(c, "exp_malformed", "not a time");
    c->out->exp_s = (int64_t)exp->number;
    if (!r->expired_too && (double)r->now_s >= exp->number + (double)r->skew_s)
        return refuse_time(c, "token_expired", "exp has passed", (double)r->now_s - exp->number);
    if (r->life_max_s > 0 && exp->number > (double)(r->now_s + r->life_max_s + r->skew_s))
        return refuse(c, "exp_too_far", "exp is too far ahead");
    return true;
}

static bool in_future(const struct check *c, const struct json_value *time)
{
    return time->number > (double)(c->rules->now_s + c->rules->skew_s);
}

static bool is_older(const struct check *c, const struct json_value *time, int64_t max_s)
{
    return max_s > 0 && time->number < (double)(c->rules->now_s - max_s - c->rules->skew_s);
}

static bool check_iat(const struct check *c)
{
    const struct json_value *iat = claim(c, S("iat"));

    if (iat == NULL)
        return c->rules->iat_optional ? true : refuse(c, "iat_missing", "no iat");
    if (!is_time(iat))
        return refuse(c, "iat_malformed", "not a time");
    c->out->iat_s = (int64_t)iat->number;
    if (in_future(c, iat))
        return refuse_time(c, "iat_future", "issued in the future", iat->number - (double)c->rules->now_s);
    if (is_older(c, iat, c->rules->age_max_s))
        return refuse_time(c, "iat_old", "issued too long ago", (double)c->rules->now_s - iat->number);
    return true;
}

static bool check_nbf(const struct check *c)
{
    const struct json_value *nbf = claim(c, S("nbf"));

    if (nbf == NULL)
        return c->rules->nbf_must ? refuse(c, "nbf_missing", "no nbf") : true;
    if (!is_time(nbf))
        return refuse(c, "nbf_malformed", "not a time");
    if (in_future(c, nbf))
        return refuse_time(c, "not_yet_valid", "nbf has not come", nbf->number - (double)c->rules->now_s);
    if (is_older(c, nbf, c->rules->nbf_age_max_s))
        return refuse_time(c, "nbf_old", "nbf is too long ago", (double)c->rules->now_s - nbf->number);
    return c->rules->nbf_life_max_s == 0 || (double)c->out->exp_s <= nbf->number + (double)c->rules->nbf_life_max_s
               ? true
               : refuse(c, "exp_too_far", "exp is too far behind nbf");
}

static bool check_nonce(const struct check *c)
{
    const struct json_value *nonce = claim(c, S("nonce"));

    if (nonce != NULL && c->rules->nonce_forbidden)
        return refuse(c, "nonce_forbidden", "a nonce");
    if (nonce != NULL && nonce->type != JSON_STR)
        return refuse(c, "nonce_malformed", "not a string");
    if (nonce != NULL)
        c->out->nonce = nonce->text;
    if (c->rules->nonce.p == NULL)
        return true;
    if (nonce == NULL)
        return refuse(c, "nonce_missing", "no nonce");
    return crypt_eq(nonce->text, c->rules->nonce) ? true : refuse(c, "nonce_wrong", "another nonce");
}

static bool check_ids(const struct check *c)
{
    const struct json_value *jti = claim(c, S("jti")), *sid = claim(c, S("sid"));

    if (jti == NULL && c->rules->jti_must)
        return refuse(c, "jti_missing", "no jti");
    if (jti != NULL && !is_name(jti))
        return refuse(c, "jti_malformed", "not 1 to 255 printable bytes");
    if (sid != NULL && !is_name(sid))
        return refuse(c, "sid_malformed", "not 1 to 255 printable bytes");
    c->out->jti = jti != NULL ? jti->text : c->out->jti;
    c->out->sid = sid != NULL ? sid->text : c->out->sid;
    return true;
}

/* [OIDC Core 3.1.3.6] */
static bool check_at_hash(const struct check *c)
{
    const struct json_value *said = claim(c, S("at_hash"));

    if (said == NULL)
        return c->rules->at_hash_must ? refuse(c, "at_hash_missing", "no at_hash") : true;
    if (said->type != JSON_STR)
        return refuse(c, "at_hash_malformed", "not a string");
    if (c->rules->access_token.p == NULL)
        return true;
    return crypt_eq(said->text, jose_half_hash(c->arena, c->out->alg, c->rules->access_token))
               ? true
               : refuse(c, "at_hash_wrong", "the access token is another one");
}

static bool check_auth_time(const struct check *c)
{
    const struct jose_rules *r = c->rules;
    const struct json_value *at = claim(c, S("auth_time"));

    if (at == NULL)
        return r->auth_since_s > 0 && !r->auth_time_optional ? refuse(c, "auth_time_missing", "no auth_time") : true;
    if (!is_time(at))
        return refuse(c, "auth_time_malformed", "not a time");
    c->out->auth_time_s = (int64_t)at->number;
    if (in_future(c, at))
        return refuse_time(c, "auth_time_future", "authenticated in the future", at->number - (double)c->rules->now_s);
    if (r->auth_since_s > 0 && at->number < (double)(r->auth_since_s - r->skew_s))
        return refuse_time(c, "auth_time_old", "older than was asked for", (double)r->auth_since_s - at->number);
    return true;
}

bool jose_check_claims(struct arena *a, const struct jose_rules *rules, struct jose_claims *claims, struct fail *f)
{
    static bool (*const checks[])(const struct check *) = { check_iss,     check_sub,      check_aud,   check_exp,
                                                            check_iat,     check_nbf,      check_nonce, check_ids,
                                                            check_at_hash, check_auth_time };
    const struct check c = { a, rules, claims, f };

    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
        if (!checks[i](&c))
            return false;
    return true;
}
