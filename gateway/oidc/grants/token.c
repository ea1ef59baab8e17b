/* SPDX-License-Identifier: EUPL-1.2
 * The token endpoint.  [RFC 6749 3.2, OIDC Core 3.1.3] */
#include "gateway/oidc/client/client.h"
#include "gateway/oidc/grants/grants.h"
#include "gateway/oidc/grants/int.h"

#include "base/fields.h"
#include "gateway/consent.h"
#include "wire/form.h"

enum { GRANT_NAME_SHOWN_B = 64, GRANT_NAMES_MAX_B = 1024 };

const struct grant_row grant_rows[GRANT_COUNT] = {
#define X(symbol, name, who, unsaid, fapi) { &grant_types[GRANT_##symbol], grant_##symbol },
    GRANT_TYPES(X)
#undef X
};

int grant_bad(struct fail *f, const char *why)
{
    return fail(f, FAIL_CALLER, "invalid_grant", "%s", why);
}

bool grant_person(struct ctx *c, int64_t given_s, struct str knew, struct fail *f)
{
    c->person = c->session->person;
    if (!consent_stands(c, given_s, knew))
        return grant_bad(f, "the person has taken back what they had let the service be told");
    if (flow_decide(c)->effect != EFFECT_ALLOW)
        return grant_bad(f, "the person may not use this service any more");
    check_passed(c, CHECK_policy);
    flow_compare_told(c);
    return true;
}

/* ── narrower than what was granted ─────────────────────────────────────── */

bool grant_narrow(struct ctx *c, struct fail *f)
{
    struct granting *g = c->state;
    struct str asked = form_get(c->body, S("scope")), rest = asked, word;

    if (!str_is_set(asked))
        return true;
    while (str_split(&rest, ' ', &word))
        if (word.n > 0 && !str_has_word(g->scope, word))
            return fail(f, FAIL_CALLER, "invalid_scope", "scope has \"%.*s\", which was not granted before",
                        STR_ARG(str_sub(word, 0, GRANT_NAME_SHOWN_B)));
    g->scope = asked;
    return true;
}

/* ── the endpoint ───────────────────────────────────────────────────────── */

static enum step authenticate(struct ctx *c, struct fail *f)
{
    (void)f;
    c->state = arena_make(c->arena, struct granting);
    return step_into(c, oidc_client_auth);
}

static struct str names(struct ctx *c)
{
    struct fields all = fields_new(c->arena, ' ', GRANT_NAMES_MAX_B);

    for (size_t i = 0; i < GRANT_COUNT; i++)
        fields_item(&all, str_of(grant_types[i].name));
    return fields_text(&all);
}

/* [RFC 6749 5.2]: what we do not know is unsupported; what the service's row does not allow it is unauthorized. */
static enum step find_row(struct ctx *c, struct fail *f)
{
    struct granting *g = c->state;
    struct str name = form_get(c->body, S("grant_type"));
    const struct grant_type *type = grant_type_named(name);

    if (!str_is_set(name))
        return fail(f, FAIL_CALLER, "invalid_request", "grant_type is missing");
    if (type == NULL)
        return fail(f, FAIL_CALLER, "unsupported_grant_type", "grant_type is \"%.*s\": supported are %.*s",
                    STR_ARG(str_sub(name, 0, GRANT_NAME_SHOWN_B)), STR_ARG(names(c)));
    if (!service_may_grant(c->service, type))
        return fail(f, FAIL_CALLER, "unauthorized_client", "grant_type is \"%s\", which %s", type->name,
                    !type->public_too && service_is_public(c->service)
                        ? "a service without a secret or key may not use"
                        : "is not among grant_types of the service's row");
    g->grant = &grant_rows[type - grant_types];
    return passed(c, CHECK_grant_type);
}

static enum step prove_key(struct ctx *c, struct fail *f)
{
    (void)f;
    return step_into(c, dpop_rows);
}

static enum step bind(struct ctx *c, struct fail *f)
{
    struct granting *g = c->state;

    return binding_to_issue(c, &g->bound, f) ? passed(c, CHECK_holder) : REFUSE;
}

static enum step grant(struct ctx *c, struct fail *f)
{
    (void)f;
    return step_into(c, ((struct granting *)c->state)->grant->steps);
}

static enum step issue(struct ctx *c, struct fail *f)
{
    (void)f;
    return step_into(c, grant_issue);
}

const struct step_row oidc_token[] = { { authenticate }, { find_row }, { prove_key }, { bind },
                                       { grant },        { issue },    { NULL } };
