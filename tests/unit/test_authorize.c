/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/oidc/oidc.h"
#include "tests/test.h"

/* Whether a service that registered one address is answered at another. */
static bool fits(const char *auth_method, const char *registered, const char *asked)
{
    struct str uris[] = { str_of(registered) };
    struct service s = { .auth_method = str_of(auth_method), .redirect_uris = { uris, 1 } };

    return redirect_uri_fits(&s, str_of(asked));
}

static const struct {
    const char *registered, *asked;
} served[] = {
    { "http://127.0.0.1/cb", "http://127.0.0.1/cb" },       { "http://127.0.0.1/cb", "http://127.0.0.1:1/cb" },
    { "http://127.0.0.1/cb", "http://127.0.0.1:80/cb" },    { "http://127.0.0.1/cb", "http://127.0.0.1:49152/cb" },
    { "http://127.0.0.1/cb", "http://127.0.0.1:65535/cb" }, { "http://127.0.0.1:8080/cb", "http://127.0.0.1:51004/cb" },
    { "http://127.0.0.1:8080/cb", "http://127.0.0.1/cb" },  { "http://[::1]/cb", "http://[::1]:65535/cb" },
    { "http://127.0.0.1", "http://127.0.0.1:5000" },        { "http://127.0.0.1?a=b", "http://127.0.0.1:5000?a=b" },
};

TEST(a_native_app_is_answered_on_any_port_there_is) /* [RFC 8252 7.3, RFC 9700 2.1] */
{
    for (size_t i = 0; i < sizeof served / sizeof *served; i++)
        if (t->checked++, !fits("none", served[i].registered, served[i].asked))
            test_fail(t, __FILE__, __LINE__, "%s is refused", served[i].asked);
}

static const struct {
    const char *registered, *asked;
} refused[] = {
    { "http://127.0.0.1/cb", "http://127.0.0.1:0/cb" },
    { "http://127.0.0.1/cb", "http://127.0.0.1:/cb" },
    { "http://127.0.0.1/cb", "http://127.0.0.1:65536/cb" },
    { "http://127.0.0.1/cb", "http://127.0.0.1:99999/cb" },
    { "http://127.0.0.1/cb", "http://127.0.0.1:70000/cb" },
    { "http://127.0.0.1/cb", "http://127.0.0.1:080/cb" },
    { "http://127.0.0.1/cb", "http://127.0.0.1:18446744073709551617/cb" },
    { "http://127.0.0.1/cb", "http://127.0.0.1:-1/cb" },
    { "http://127.0.0.1/cb", "http://127.0.0.1:+80/cb" },
    { "http://127.0.0.1/cb", "http://127.0.0.1:8o/cb" },
    { "http://127.0.0.1/cb", "http://127.0.0.1:80:80/cb" },
    { "http://127.0.0.1/cb", "http://127.0.0.1:80@evil.example/cb" },
    { "http://127.0.0.1/cb", "http://127.0.0.1.evil.example/cb" },
    { "http://127.0.0.1/cb", "http://127.0.0.1:8080/cb/more" },
    { "http://127.0.0.1/cb", "http://127.0.0.1:8080/cb?a=b" },
    { "http://127.0.0.1/cb", "http://[::1]:8080/cb" },
    { "http://127.0.0.1/cb", "https://127.0.0.1:8080/cb" },
    { "http://127.0.0.1", "http://127.0.0.1:5000?a=b" },
    { "http://[::1]/cb", "http://[::1]:65536/cb" },
    { "http://[::1]/cb", "http://[::1]8080/cb" },
};

TEST(a_port_that_is_none_or_another_address_is_no_native_app) /* [RFC 3986 3.2.3] */
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (t->checked++, fits("none", refused[i].registered, refused[i].asked))
            test_fail(t, __FILE__, __LINE__, "%s is answered", refused[i].asked);
}

/* Each begins, ends or reads like what was registered. */
static const char *const near_misses[] = {
    "https://kanerva.example/c",
    "https://kanerva.example/cb2",
    "https://kanerva.example/cb/",
    "https://kanerva.example/cb/x",
    "https://kanerva.example/",
    "https://kanerva.example",
    "https://kanerva.example.evil.example/cb",
    "https://kanerva.examples/cb",
    "https://evil.example/https://kanerva.example/cb",
    "https://evil.example/?https://kanerva.example/cb",
    "https://evil.example#https://kanerva.example/cb",
    "https://xkanerva.example/cb",
    "https://x.kanerva.example/cb",
    "xhttps://kanerva.example/cb",
    " https://kanerva.example/cb",
    "https://kanerva.example/cb ",
    "https://kanerva.example/cb\n",
    "HTTPS://kanerva.example/cb",
    "https://KANERVA.example/cb",
    "https://kanerva.example/CB",
    "https://kanerva.example/cb?",
    "https://kanerva.example/cb?a=b",
    "https://kanerva.example/cb&a=b",
    "https://kanerva.example/cb;a=b",
    "https://kanerva.example/cb#",
    "https://kanerva.example/cb#a",
    "https://kanerva.example/x/../cb",
    "https://kanerva.example/cb/../cb",
    "https://kanerva.example/cb/..",
    "https://kanerva.example/cb/../evil",
    "https://kanerva.example/./cb",
    "https://kanerva.example//cb",
    "https://kanerva.example/%63b",
    "https://kanerva.example/cb%00",
    "https://kanerva.example/cb%2F..%2Fevil",
    "https://kanerva.example\\cb",
    "https://kanerva.example./cb",
    "https://kanerva.example:443/cb",
    "https://kanerva.example:8443/cb",
    "https://kanerva.example@evil.example/cb",
    "https://evil.example@kanerva.example/cb",
    "http://kanerva.example/cb",
    "//kanerva.example/cb",
    "/cb",
    "",
};

/* By prefix, suffix, case, extra query, path traversal, and every other way to be nearly the same [RFC 9700 4.1.3]. */
TEST(an_address_that_is_nearly_the_registered_one_is_another)
{
    static const char *const methods[] = { "none", "client_secret_basic", "client_secret_post", "private_key_jwt", "" };

    for (size_t m = 0; m < sizeof methods / sizeof *methods; m++) {
        CHECK(fits(methods[m], "https://kanerva.example/cb", "https://kanerva.example/cb"));
        for (size_t i = 0; i < sizeof near_misses / sizeof *near_misses; i++)
            if (t->checked++, fits(methods[m], "https://kanerva.example/cb", near_misses[i]))
                test_fail(t, __FILE__, __LINE__, "%s is answered", near_misses[i]);
    }
    CHECK(!fits("none", "fi.hilla.app:/cb", "fi.hilla.app:/cb2") &&
          !fits("none", "fi.hilla.app:/cb", "FI.hilla.app:/cb"));
    CHECK(!fits("none", "https://kanerva.example/cb?one=1", "https://kanerva.example/cb?one=1&two=2"));
    CHECK(!fits("none", "https://kanerva.example/cb?one=1", "https://kanerva.example/cb"));
}

TEST(a_service_that_keeps_a_secret_is_answered_at_the_very_address_alone) /* [RFC 9700 2.1] */
{
    CHECK(fits("client_secret_basic", "http://127.0.0.1/cb", "http://127.0.0.1/cb"));
    CHECK(!fits("client_secret_basic", "http://127.0.0.1/cb", "http://127.0.0.1:8080/cb"));
    CHECK(!fits("client_secret_basic", "https://kanerva.example/cb", "https://kanerva.example/cb2"));
    CHECK(!fits("none", "https://kanerva.example/cb", "https://kanerva.example/c"));
    CHECK(!fits("none", "https://kanerva.example/cb", "https://kanerva.example/cb/x"));
    CHECK(!fits("none", "https://kanerva.example/cb", "https://kanerva.example:8443/cb"));
}
