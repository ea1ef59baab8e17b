/* SPDX-License-Identifier: EUPL-1.2 */
#include "idp-adapters/approval.h"
#include "tests/test.h"

static struct saml_service_metadata document(struct test *t)
{
    struct saml_service_metadata m = { .entity_id = S("urn:s"), .signing = keyring_new(t->arena) };

    m.acs[m.acs_count++] = (struct saml_endpoint){ .binding = SAML_POST, .location = S("https://s.example/acs") };
    m.acs[m.acs_count++] = (struct saml_endpoint){ .binding = SAML_POST, .location = S("https://s.example/new") };
    m.slo[m.slo_count++] = (struct saml_endpoint){ .binding = SAML_REDIRECT,
                                                   .location = S("https://s.example/slo"),
                                                   .response_location = S("https://s.example/done") };
    m.certificates[m.certificate_count++] = (struct saml_certificate){ .is = { .print = S("AA") }, .signs = true };
    return m;
}

static struct service at_address(void)
{
    return (struct service){ .id = S("s"), .saml = { .metadata_url = S("https://s.example/md") } };
}

TEST(facts_are_keys_and_addresses_with_where_answers_go)
{
    struct saml_service_metadata m = document(t);
    struct service s = at_address();
    struct facts f = approval_facts(t->arena, &s, &m);

    CHECK_INT(f.n, 4);
    CHECK_STR(f.at[0].text, "key AA");
    CHECK_STR(f.at[1].text, "acs POST https://s.example/acs");
    CHECK_STR(f.at[3].text, "slo Redirect https://s.example/slo https://s.example/done");
    CHECK(f.at[0].is == APPROVAL_WAITS);
}

TEST(nothing_waits_where_nothing_was_approved_or_somebody_signs)
{
    struct saml_service_metadata m = document(t);
    struct service s = at_address();

    CHECK(approval_possible(&s) && !approval_binds(&s) && approval_fit(t->arena, &s, &m) == &m);
    strs_add(t->arena, &s.saml.approved, S("key AA"));
    CHECK(approval_binds(&s));
    s.saml.metadata_signer = S("PEM");
    CHECK(!approval_binds(&s) && approval_fit(t->arena, &s, &m) == &m && approval_waiting(t->arena, &s, &m) == 0);
}

TEST(who_rejects_the_last_that_was_approved_takes_nothing_of_it)
{
    struct saml_service_metadata m = document(t);
    struct service s = at_address();

    strs_add(t->arena, &s.saml.rejected, S("acs POST https://s.example/acs"));
    CHECK(approval_binds(&s));
    CHECK_INT(approval_fit(t->arena, &s, &m)->acs_count, 0);
    CHECK_INT(approval_waiting(t->arena, &s, &m), 3);
}

TEST(what_was_not_approved_is_not_used_and_waits_unless_it_was_rejected)
{
    struct saml_service_metadata m = document(t);
    struct service s = at_address();

    strs_add(t->arena, &s.saml.approved, S("acs POST https://s.example/acs"));
    const struct saml_service_metadata *fit = approval_fit(t->arena, &s, &m);
    CHECK_INT(fit->acs_count, 1);
    CHECK_STR(fit->acs[0].location, "https://s.example/acs");
    CHECK_INT(fit->slo_count, 0);
    CHECK_INT(fit->certificate_count, 0);
    CHECK_INT(keyring_count(fit->signing), 0);
    CHECK_INT(m.acs_count, 2); /* what is kept is as it was */
    CHECK_INT(approval_waiting(t->arena, &s, &m), 3);
    strs_add(t->arena, &s.saml.rejected, S("acs POST https://s.example/new"));
    CHECK_INT(approval_waiting(t->arena, &s, &m), 2);
    CHECK_INT(approval_fit(t->arena, &s, &m)->acs_count, 1);
}
