/* SPDX-License-Identifier: EUPL-1.2
 * RequestedAuthnContext becomes what a login demands [SAML core 3.3.2.2.1; item 43, 54, 56]. */
#include "gateway/saml/contexts.h"

#include "tests/test.h"

#define CLASSES "urn:oasis:names:tc:SAML:2.0:ac:classes:"
#define PPT     CLASSES "PasswordProtectedTransport"
#define MFA     "https://refeds.org/profile/mfa"
#define LOA2    "http://ftn.ficora.fi/2017/loa2"
#define LOA3    "http://ftn.ficora.fi/2017/loa3"

static struct login demanded(struct test *t, enum context_comparison how, const char *first, const char *second,
                             bool *can)
{
    struct strs asked = { NULL, 0 };
    struct login l = { .acr_must = false };

    if (first != NULL)
        strs_add(t->arena, &asked, str_of(first));
    if (second != NULL)
        strs_add(t->arena, &asked, str_of(second));
    *can = contexts_demand(t->arena, how, &asked, &l);
    return l;
}

TEST(item_43_exactly_one_of_them_is_demanded_of_the_city)
{
    bool can;
    struct login l = demanded(t, CONTEXT_EXACT, MFA, "urn:own:strong", &can);

    CHECK(can && l.acr_must);
    CHECK(str_eq(l.acr_values, S(MFA " urn:own:strong")));
    CHECK(str_eq(context_stated(&l, S(MFA)), S(MFA)));
}

TEST(item_43_what_a_password_over_tls_meets_any_sign_in_meets_and_it_is_stated)
{
    bool can;
    struct login l = demanded(t, CONTEXT_EXACT, PPT, NULL, &can);

    CHECK(can && !l.acr_must);
    CHECK(str_eq(context_stated(&l, (struct str){ NULL, 0 }), S(PPT)));
    CHECK(str_eq(context_stated(&l, S(MFA)), S(PPT)));
    l = demanded(t, CONTEXT_EXACT, MFA, PPT, &can);
    CHECK(can && !l.acr_must);
    CHECK(str_eq(context_stated(&l, S(MFA)), S(MFA)));
    CHECK(str_eq(context_stated(&l, (struct str){ NULL, 0 }), S(PPT)));
}

TEST(at_least_means_everything_that_is_as_strong)
{
    bool can;
    struct login l = demanded(t, CONTEXT_MINIMUM, LOA2, NULL, &can);

    CHECK(can && l.acr_must);
    CHECK(str_has_word(l.acr_values, S(LOA2)) && str_has_word(l.acr_values, S(LOA3)));
    CHECK(!str_has_word(l.acr_values, S(MFA)) && !str_has_word(l.acr_values, S(PPT)));
    l = demanded(t, CONTEXT_MINIMUM, "urn:own:strong", NULL, &can);
    CHECK(can && l.acr_must && str_eq(l.acr_values, S("urn:own:strong")));
    l = demanded(t, CONTEXT_MINIMUM, CLASSES "Password", NULL, &can);
    CHECK(can && !l.acr_must);
}

TEST(better_than_the_best_is_nothing)
{
    bool can;
    struct login l = demanded(t, CONTEXT_BETTER, MFA, NULL, &can);

    CHECK(can && l.acr_must && str_has_word(l.acr_values, S(LOA2)) && !str_has_word(l.acr_values, S(MFA)));
    (void)demanded(t, CONTEXT_BETTER, LOA3, NULL, &can);
    CHECK(!can);
}

TEST(nothing_asked_and_at_most_demand_nothing)
{
    bool can;
    struct login l = demanded(t, CONTEXT_EXACT, NULL, NULL, &can);

    CHECK(can && !l.acr_must && !str_is_set(l.acr_values));
    l = demanded(t, CONTEXT_MAXIMUM, LOA3, NULL, &can);
    CHECK(can && !l.acr_must);
}

TEST(item_56_the_citys_word_is_stated_where_it_is_a_uri)
{
    const struct login l = { .acr_must = false };

    CHECK(str_eq(context_stated(&l, S(LOA2)), S(LOA2)));
    CHECK(str_eq(context_stated(&l, S("2")), S(PPT)));
    CHECK(str_eq(context_stated(&l, (struct str){ NULL, 0 }), S(PPT)));
}
