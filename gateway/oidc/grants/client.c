/* SPDX-License-Identifier: EUPL-1.2
 * A service asks for itself: an access token of no person.  [RFC 6749 4.4] */
#include "gateway/oidc/grants/int.h"

#include "base/fields.h"
#include "base/log.h"
#include "wire/form.h"

enum { SCOPE_MAX_B = 8192, WORD_SHOWN_B = 64 };

/* What its row lets it ask for, but for what is about a person. */
static bool is_own(const struct ctx *c, struct str word)
{
    for (int i = 0; i < CLAIM_COUNT; i++)
        if (str_eq(word, str_of(claim_rows[i].scope)))
            return false;
    return strs_has(&c->service->scopes, word) && !str_eq(word, S("offline_access"));
}

/* [RFC 6749 3.3]: whoever names none gets all of its own. */
static bool own_scope(struct ctx *c, struct str *out, struct fail *f)
{
    struct str asked = form_get(c->body, S("scope")), word;
    struct fields own = fields_new(c->arena, ' ', SCOPE_MAX_B);

    for (size_t i = 0; i < c->service->scopes.n && !str_is_set(asked); i++)
        if (is_own(c, c->service->scopes.at[i]))
            fields_item(&own, c->service->scopes.at[i]);
    while (str_split(&asked, ' ', &word)) {
        if (word.n > 0 && !is_own(c, word))
            return fail(f, FAIL_CALLER, "invalid_scope",
                        "scope has \"%.*s\", which is not among scopes of the service's row, or is about a person",
                        STR_ARG(str_sub(word, 0, WORD_SHOWN_B)));
        fields_item(&own, word);
    }
    *out = fields_text(&own);
    return true;
}

static enum step say(struct ctx *c, struct fail *f)
{
    struct granting *g = c->state;

    if (!own_scope(c, &g->scope, f))
        return REFUSE;
    log_event(LOG_INFO, "token.of_service", LOG_S("service", c->service->id), LOG_C("code", c->support_code));
    return NEXT;
}

const struct step_row grant_client[] = { { say }, { NULL } };
