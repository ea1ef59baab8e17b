/* SPDX-License-Identifier: EUPL-1.2
 * What a service lacks before production, and what of it ends. */
#include "registry/readiness.h"
#include "registry/service_ends.h"
#include "tests/test.h"

#include <string.h>

enum { DAY = 86400 };

static struct str contacts[] = { S("tuki@kirja.example") }, returns[] = { S("https://kirja.example/paluu") },
                  prefixes[] = { S("https://kirja.example/") };
static const struct purpose given_name_why = { .claim = CLAIM_GIVEN_NAME,
                                               .why = { { S("Tervehdys"), S("Hälsning"), S("Greeting") } },
                                               .basis = BASIS_CONTRACT };

static struct service whole(void)
{
    struct service s = { .protocol = PROTO_OIDC,
                         .names = { { S("Kirja"), S("Bok"), S("Book") } },
                         .lines = { { S("Lue"), S("Läs"), S("Read") } },
                         .redirect_uris = { returns, 1 },
                         .targets = { prefixes, 1 },
                         .audience = { contacts, 1 },
                         .accessibility_uri = S("https://kirja.example/saavutettavuus"),
                         .client = { .policy_uri = S("https://kirja.example/tietosuoja"), .contacts = { contacts, 1 } },
                         .purposes = &given_name_why,
                         .purpose_count = 1 };

    claim_add(&s.asks, CLAIM_GIVEN_NAME);
    return s;
}

static bool lacks_just(const struct service *s, const char *field, enum lack_code code)
{
    struct lacks l;

    service_lacks(s, &l);
    return l.n == 1 && strcmp(l.at[0].field, field) == 0 && l.at[0].code == code;
}

TEST(a_service_that_says_all_lacks_nothing)
{
    struct service s = whole();
    struct lacks l;

    service_lacks(&s, &l);
    CHECK(l.n == 0);
}

TEST(each_thing_that_is_not_said_is_one_lack)
{
    struct service s = whole();

    s.names.in[LANG_SV] = S(" ");
    CHECK(lacks_just(&s, "name.sv", LACK_missing));
    s = whole();
    s.lines.in[LANG_EN] = S("");
    CHECK(lacks_just(&s, "line.en", LACK_missing));
    s = whole();
    s.accessibility_uri = S("");
    CHECK(lacks_just(&s, "accessibility_uri", LACK_missing));
    s = whole();
    s.audience.n = 0;
    CHECK(lacks_just(&s, "audience", LACK_missing));
    s = whole();
    s.client.policy_uri = S("");
    CHECK(lacks_just(&s, "policy_uri", LACK_missing));
    s = whole();
    s.client.contacts.n = 0;
    CHECK(lacks_just(&s, "contacts", LACK_missing));
    s = whole();
    s.protocol = PROTO_LINK;
    CHECK(lacks_just(&s, "launch_uri", LACK_missing));
}

TEST(what_is_asked_for_without_a_purpose_or_a_basis_is_named_by_its_claim)
{
    struct service s = whole();
    struct purpose groundless = given_name_why;
    struct lacks l;

    groundless.basis = BASIS_UNSAID;
    s.purposes = &groundless;
    CHECK(lacks_just(&s, "purposes", LACK_no_basis));
    s.purpose_count = 0;
    service_lacks(&s, &l);
    CHECK(l.n == 1 && l.at[0].code == LACK_no_purpose && l.at[0].claim == CLAIM_GIVEN_NAME);
    CHECK(strcmp(lack_code_name(l.at[0].code), "no_purpose") == 0);
}

TEST(what_is_on_this_machine_or_without_tls_is_refused_in_production)
{
    struct service s = whole();
    struct str near[] = { S("http://127.0.0.1:8080/paluu") };

    s.redirect_uris = (struct strs){ near, 1 };
    CHECK(lacks_just(&s, "redirect_uris", LACK_not_public));
    s = whole();
    s.targets = (struct strs){ near, 1 };
    CHECK(lacks_just(&s, "targets", LACK_not_public));
    s = whole();
    s.launch_uri = near[0];
    CHECK(lacks_just(&s, "launch_uri", LACK_not_public));
    s = whole();
    s.client.policy_uri = near[0];
    CHECK(lacks_just(&s, "policy_uri", LACK_not_public));
}

TEST(days_are_whole_ones_and_what_is_over_is_negative)
{
    CHECK(end_days_left(10 * DAY, 0) == 10);
    CHECK(end_days_left(10 * DAY, 1) == 9);
    CHECK(end_days_left(DAY - 1, 0) == 0);
    CHECK(end_days_left(0, 1) == -1);
    CHECK(end_days_left(0, DAY + 1) == -2);
}

TEST(a_warning_is_due_60_30_and_7_days_before_an_end)
{
    CHECK(end_warning(61 * DAY, 0) == 0);
    CHECK(end_warning(60 * DAY, 0) == 60);
    CHECK(end_warning(30 * DAY + 1, 0) == 60);
    CHECK(end_warning(30 * DAY, 0) == 30);
    CHECK(end_warning(7 * DAY, 0) == 7);
    CHECK(end_warning(1, 0) == 7);
    CHECK(end_warning(5, 5) == 0);
}

TEST(the_secret_before_ends_and_one_that_has_ended_is_not_told)
{
    struct service s = whole();
    struct service_end ends[SERVICE_ENDS_MAX];

    CHECK(service_ends(t->arena, &s, 0, ends, SERVICE_ENDS_MAX) == 0);
    s.client.secret_too = S("00");
    s.client.secret_too_until_s = 14 * DAY;
    CHECK(service_ends(t->arena, &s, 0, ends, SERVICE_ENDS_MAX) == 1);
    CHECK(ends[0].kind == SERVICE_END_SECRET && ends[0].end_s == 14 * DAY);
    CHECK(service_ends(t->arena, &s, 15 * DAY, ends, SERVICE_ENDS_MAX) == 0);
    s.saml.metadata_xml = S("<no/>");
    CHECK(service_ends(t->arena, &s, 0, ends, SERVICE_ENDS_MAX) == 1);
}
