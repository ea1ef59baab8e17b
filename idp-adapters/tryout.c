/* SPDX-License-Identifier: EUPL-1.2 */
#include "idp-adapters/tryout.h"

#include "base/text.h"
#include "idp-adapters/attribute_map.h"
#include "idp-adapters/hetu.h"

#include <string.h>

struct tryout *tryout_new(struct arena *a, struct str idp, int64_t now_s)
{
    struct tryout *t = arena_make(a, struct tryout);

    t->idp = idp;
    t->at_s = now_s;
    return t;
}

bool tryout_is(struct str state)
{
    return str_has_prefix(state, S(TRYOUT_STATE));
}

void tryout_pass(const struct ctx *c, enum tryout_check check)
{
    if (c->tryout != NULL)
        c->tryout->passed |= 1u << check;
}

const char *tryout_check_name(enum tryout_check check)
{
    static const char *const names[TRYOUT_CHECK_COUNT] = { [TRYOUT_NONE] = "",
#define X(check) [TRYOUT_##check] = #check,
                                                           TRYOUT_CHECKS(X)
#undef X
    };

    return check < TRYOUT_CHECK_COUNT ? names[check] : "";
}

_Static_assert(ATTRIBUTES_MAX <= 256, "a bit for each");

/* ── what came ──────────────────────────────────────────────────────────── */

/* Not inside a character. */
static struct str cut(struct str s)
{
    size_t max = TRYOUT_VALUE_MAX_B;

    if (s.n <= max)
        return s;
    while (max > 0 && ((unsigned char)s.p[max] & 0xC0) == 0x80)
        max--;
    return str_sub(s, 0, max);
}

/* As a page can show it: what a screen would obey is not. */
static struct str shown(struct arena *a, struct str value)
{
    struct str text = cut(value);

    return text_is_plain(text) ? arena_str(a, text) : text_words(a, text);
}

static bool is_hidden(const struct attribute *from)
{
    bool hidden = hetu_named(from->name) || hetu_in(from->name);

    for (size_t i = 0; i < from->values.n && !hidden; i++)
        hidden = hetu_in(from->values.at[i]);
    return hidden;
}

static void note_values(struct arena *a, struct tryout *t, const struct attribute *from, struct tryout_attribute *to)
{
    struct str *values = arena_make_n(a, TRYOUT_VALUES_MAX, struct str);
    size_t n = 0;

    for (size_t i = 0; i < from->values.n && n < TRYOUT_VALUES_MAX && t->noted_B < TRYOUT_BYTES_MAX; i++) {
        values[n] = shown(a, from->values.at[i]);
        t->noted_B += values[n++].n;
    }
    to->values = (struct strs){ values, n };
}

static void note_attribute(struct arena *a, struct tryout *t, const struct attribute *from)
{
    if (t->attribute_count == TRYOUT_ATTRIBUTES_MAX || t->noted_B >= TRYOUT_BYTES_MAX) {
        t->left_out++;
        return;
    }
    struct tryout_attribute *to = &t->attributes[t->attribute_count++];
    *to = (struct tryout_attribute){ .name = hetu_in(from->name) ? S("…") : shown(a, from->name),
                                     .came = from->values.n,
                                     .hidden = is_hidden(from) };
    t->noted_B += to->name.n;
    if (!to->hidden)
        note_values(a, t, from, to);
}

/* Two good numbers are two people, or one who has been joined with another [domain 2, rule 8]. */
static size_t learner_ids(const struct idp *idp, const struct attribute *attributes, size_t n)
{
    struct str seen[8];
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < attributes[i].values.n; k++) {
            struct str value = str_trim(attributes[i].values.at[k]);
            bool new = count < 8 && learner_id_valid(value, idp->test);
            for (size_t m = 0; m < count && new; m++)
                new = !str_eq(seen[m], value);
            if (new)
                seen[count++] = value;
        }
    return count;
}

void tryout_came(const struct ctx *c, const struct idp *idp, const struct attribute *attributes, size_t n,
                 struct str subject)
{
    struct tryout *t = c->tryout;

    if (t == NULL)
        return;
    for (size_t i = 0; i < n; i++)
        note_attribute(c->arena, t, &attributes[i]);
    t->learner_ids = learner_ids(idp, attributes, n);
    t->subject = hetu_in(subject) ? S("…") : shown(c->arena, subject);
}

/* ── what was made of it ────────────────────────────────────────────────── */

static void clean(struct arena *a, struct str *text)
{
    if (hetu_in(*text))
        *text = S("…");
    else if (str_is_set(*text))
        *text = shown(a, *text);
}

/* A name that a directory has filled with a code is no name either. */
static struct person *cleaned(struct arena *a, const struct person *p)
{
    struct person *copy = person_copy(a, p);
    struct str *texts[] = { &copy->subject,      &copy->origin,      &copy->given_names,
                            &copy->calling_name, &copy->family_name, &copy->email,
                            &copy->learner_id,   &copy->acr,         &copy->amr };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        clean(a, texts[i]);
    for (size_t i = 0; i < copy->affiliation_count; i++)
        clean(a, &copy->affiliations[i].group);
    return copy;
}

void tryout_made(const struct ctx *c, const struct map_notes *notes, const struct person *p)
{
    struct tryout *t = c->tryout;

    if (t == NULL)
        return;
    t->affiliations_left_out = notes->left_out;
    for (size_t i = 0; i < t->attribute_count; i++)
        t->attributes[i].unread = (notes->unread[i / 64] >> (i % 64) & 1) != 0;
    for (size_t i = 0; i < notes->n; i++) {
        const struct map_note *n = &notes->at[i];
        if (n->kind == NOTE_UNREAD)
            continue;
        struct tryout_note *to = &t->notes[t->note_count++];
        *to = (struct tryout_note){ n->kind, n->attribute, n->value, n->count };
        clean(c->arena, &to->attribute);
        clean(c->arena, &to->value);
    }
    t->person = p != NULL ? cleaned(c->arena, p) : NULL;
    if (p != NULL) {
        tryout_pass(c, TRYOUT_attributes);
        tryout_pass(c, TRYOUT_subject);
        tryout_pass(c, TRYOUT_learner);
    }
}

/* ── what was refused ───────────────────────────────────────────────────── */

/* The first that fits; an asterisk stands for any end.  Behind the signature: codes of checks that look at nothing
 * before a signature holds [wire/saml.c, assertion_rules; wire/jws.c]. */
static const struct {
    const char *code;
    enum tryout_check check;
    bool behind_signature;
} places[] = {
    { "idp_disabled", TRYOUT_documents, false },
    { "city_unreachable", TRYOUT_documents, false },
    { "http_*", TRYOUT_documents, false },
    { "tls", TRYOUT_documents, false },
    { "proxy", TRYOUT_documents, false },
    { "refused_*", TRYOUT_documents, false },
    { "discovery_*", TRYOUT_documents, false },
    { "metadata_*", TRYOUT_documents, false },
    { "city_metadata_expired", TRYOUT_documents, false },
    { "jwks_*", TRYOUT_documents, false },
    { "url_too_long", TRYOUT_documents, false },
    { "code_refused", TRYOUT_redeemed, false },
    { "token_refused", TRYOUT_redeemed, false },
    { "token_answer_malformed", TRYOUT_redeemed, false },
    { "secret_unreadable", TRYOUT_redeemed, false },
    { "response_issue_instant", TRYOUT_time, false },
    { "assertion_issue_instant", TRYOUT_time, true },
    { "confirmation_not_*", TRYOUT_time, true },
    { "confirmation_expired", TRYOUT_time, true },
    { "conditions_not_*", TRYOUT_time, true },
    { "authn_instant", TRYOUT_time, true },
    { "session_over", TRYOUT_time, true },
    { "lifetime", TRYOUT_time, true },
    { "token_expired", TRYOUT_time, true },
    { "exp_*", TRYOUT_time, true },
    { "iat_*", TRYOUT_time, true },
    { "nbf_*", TRYOUT_time, true },
    { "not_yet_valid", TRYOUT_time, true },
    { "auth_time_stale", TRYOUT_fresh, true },
    { "auth_time_*", TRYOUT_fresh, true },
    { "authn_stale", TRYOUT_fresh, true },
    { "authn_context*", TRYOUT_context, true },
    { "acr_*", TRYOUT_context, true },
    { "subject_missing", TRYOUT_audience, true },
    { "subject_structure", TRYOUT_audience, true },
    { "confirmation_*", TRYOUT_audience, true },
    { "conditions_*", TRYOUT_audience, true },
    { "proxy_restriction", TRYOUT_audience, true },
    { "audience*", TRYOUT_audience, true },
    { "assertion_issuer", TRYOUT_audience, true },
    { "iss_*", TRYOUT_audience, true },
    { "aud_*", TRYOUT_audience, true },
    { "azp_*", TRYOUT_audience, true },
    { "nonce_*", TRYOUT_audience, true },
    { "at_hash_*", TRYOUT_audience, true },
    { "jti_*", TRYOUT_audience, true },
    { "sid_*", TRYOUT_audience, true },
    { "sub_*", TRYOUT_subject, true },
    { "no_subject", TRYOUT_subject, true },
    { "attribute_missing", TRYOUT_subject, true },
    { "subject_*", TRYOUT_subject, true },
    { "scope_foreign", TRYOUT_subject, true },
    { "learner_id_invalid", TRYOUT_learner, true },
    { "attribute_*", TRYOUT_attributes, true },
    { "userinfo_*", TRYOUT_attributes, true },
    { "name_id*", TRYOUT_attributes, true },
    { "authn_statement", TRYOUT_attributes, true },
    { "person_too_large", TRYOUT_attributes, true },
    { "map_*", TRYOUT_attributes, true },
    { "assertion_in_the_clear", TRYOUT_signature, false },
    { "sig_*", TRYOUT_signature, false },
    { "enc_*", TRYOUT_signature, false },
    { "key_*", TRYOUT_signature, false },
    { "alg_*", TRYOUT_signature, false },
    { "header_*", TRYOUT_signature, false },
    { "token_*", TRYOUT_signature, false },
    { "signature_*", TRYOUT_signature, false },
    { "claims_malformed", TRYOUT_signature, false },
    { "replay", TRYOUT_once, true },
    { "city_*", TRYOUT_answer, false },
    { "answer_*", TRYOUT_answer, false },
    { "wrong_callback", TRYOUT_answer, false },
    { "callback_wrong", TRYOUT_answer, false },
    { "state_wrong", TRYOUT_answer, false },
    { "login_not_begun", TRYOUT_answer, false },
    { "code_missing", TRYOUT_answer, false },
    { "status", TRYOUT_answer, false },
    { "response_*", TRYOUT_answer, false },
    { "assertion_*", TRYOUT_answer, false },
    { "message_*", TRYOUT_answer, false },
    { "xml_*", TRYOUT_answer, false },
};

static size_t place_of(const char *code)
{
    size_t n = sizeof places / sizeof *places;

    for (size_t i = 0; code != NULL && i < n; i++) {
        struct str wanted = str_of(places[i].code), said = str_of(code);
        bool open = str_has_suffix(wanted, S("*"));
        if (open ? str_has_prefix(said, str_sub(wanted, 0, wanted.n - 1)) : str_eq(said, wanted))
            return i;
    }
    return n;
}

enum tryout_check tryout_check_of(const char *code)
{
    size_t i = place_of(code);

    return i < sizeof places / sizeof *places ? places[i].check : TRYOUT_NONE;
}

void tryout_refuse(struct tryout *t, const struct fail *why)
{
    size_t i = place_of(why->code);

    t->why = *why;
    if (i < sizeof places / sizeof *places && places[i].behind_signature)
        t->passed |= 1u << TRYOUT_signature;
    if (i < sizeof places / sizeof *places)
        t->passed &= ~(1u << places[i].check);
}
