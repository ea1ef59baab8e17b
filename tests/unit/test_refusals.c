/* SPDX-License-Identifier: EUPL-1.2 */
#include "idp-adapters/refusals.h"

#include "tests/test.h"
#include "wire/jose_codes.def"
#include "wire/saml_codes.def"

#include <string.h>

TEST(every_code_of_a_verifier_is_a_row_and_every_row_means_something)
{
    static const char *const codes[] = {
#define X(code, rule) #code,
        SAML_CODES(X) JOSE_CODES(X)
#undef X
    };
    size_t n;
    const struct refusal_row *rows = refusals_all(&n);

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        CHECK(refusal_of(codes[i]) != NULL);
    for (size_t i = 0; i < n; i++) {
        const char *means = refusal_means(&rows[i]);
        CHECK(means != NULL && *means != '\0' && rows[i].mend[0] != '\0' && rows[i].lasts != LASTS_UNKNOWN);
        CHECK(refusal_of(rows[i].code) == &rows[i]); /* stands once */
    }
}

TEST(what_is_recorded_is_the_row)
{
    struct fail f = { 0 };

    CHECK(!refusal(&f, REFUSAL_city_refused, "cancelled by %s", "somebody"));
    CHECK_STR(f.code, "city_refused");
    CHECK(f.kind == FAIL_DENIED);
    CHECK_STR(f.detail, "cancelled by somebody");
    CHECK(refusal_of("city_refused")->lasts == LASTS_CANCELLED);
    CHECK(refusal_of("no_such_code") == NULL && refusal_of(NULL) == NULL);
}

TEST(what_cannot_be_read_is_named_and_what_does_not_come_is_unreachable)
{
    static const struct {
        const char *error, *code;
        enum lasts lasts;
    } cases[] = {
        { "connect", "city_unreachable", LASTS_AWAY },
        { "resolve", "city_unreachable", LASTS_AWAY },
        { "timeout", "city_unreachable", LASTS_AWAY },
        { NULL, "city_unreachable", LASTS_AWAY },
        { "http_error", "city_unreachable", LASTS_AWAY },
        { "http_refused", "http_refused", LASTS_STAYS },
        { "tls", "tls", LASTS_STAYS },
        { "discovery_issuer", "discovery_issuer", LASTS_STAYS },
        { "refused_url", "refused_url", LASTS_STAYS },
        { "refused_address", "refused_address", LASTS_STAYS },
        { "proxy", "proxy", LASTS_AWAY },
        { "jwks_private", "jwks_private", LASTS_STAYS },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fail f = { 0 };
        CHECK(!refusal_unread(&f, cases[i].error, "keys of oulu"));
        CHECK_STR(f.code, cases[i].code);
        CHECK(f.kind == FAIL_UPSTREAM && refusal_of(f.code)->lasts == cases[i].lasts);
    }
}
