/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/settings.h"
#include "gateway/http/host.h"
#include "tests/test.h"

TEST(the_gateways_name_is_that_of_public_url)
{
    static const struct {
        const char *url, *host;
        bool ours;
    } cases[] = {
        { "https://gw.example", "gw.example", true },
        { "https://gw.example", "GW.Example", true },
        { "https://gw.example", "gw.example:443", true },
        { "https://gw.example", "gw.example:80", false },
        { "https://gw.example", "gw.example:8443", false },
        { "https://gw.example:8443", "gw.example:8443", true },
        { "https://gw.example:8443", "gw.example", false },
        { "https://gw.example:443", "gw.example", true },
        { "https://gw.example", "www.gw.example", false },
        { "https://gw.example", "gw.example.evil", false },
        { "https://gw.example", "10.0.0.7", false },
        { "http://localhost", "localhost:80", true },
        { "http://127.0.0.1:80", "127.0.0.1", true },
        { "http://[::1]:8080", "[::1]:8080", true },
        { "https://gw.example", "", true },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct settings set = { .public_url = str_of(cases[i].url) };
        CHECK(host_is_ours(&set, str_of(cases[i].host)) == cases[i].ours);
    }
}

static const struct route *led(struct test *t, enum door door, enum errors errors, const char *cookie, bool *rewritten)
{
    struct settings set = { .public_url = S("https://gw.example") };
    struct route route = { .path = "/sign-in", .door = door, .errors = errors };
    struct http_field fields[] = { { S("Cookie"), str_of(cookie) } };
    struct http_request req = {
        .host = S("www.gw.example"), .https = true, .fields = fields, .field_count = *cookie != '\0'
    };
    struct ctx c = { .arena = t->arena, .set = &set, .req = &req, .route = &route };

    return host_leads_on(&c, rewritten);
}

TEST(people_are_led_on_and_machines_are_not)
{
    bool rewritten;

    CHECK(led(t, DOOR_PUBLIC, ERRORS_HTML, "", &rewritten) != NULL && !rewritten);
    CHECK(led(t, DOOR_PUBLIC, ERRORS_SERVICE, "", &rewritten) != NULL && !rewritten);
    CHECK(led(t, DOOR_PUBLIC, ERRORS_JSON, "", &rewritten) == NULL && !rewritten);
    CHECK(led(t, DOOR_SCRIPTS, ERRORS_JSON, "", &rewritten) == NULL && !rewritten);
    CHECK(led(t, DOOR_OPS, ERRORS_JSON, "", &rewritten) == NULL && !rewritten);
    CHECK(led(t, DOOR_PUBLIC, ERRORS_HTML, "__Host-moved=1", &rewritten) == NULL && rewritten);
}
