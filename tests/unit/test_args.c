/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/cli/args.h"
#include "tests/test.h"

TEST(a_time_is_unix_seconds_or_rfc_3339)
{
    static const struct {
        const char *text;
        int64_t at;
    } good[] = { { "0", 0 },
                 { "1786348800", 1786348800 },
                 { "2026-08-10T08:00:00Z", 1786348800 },
                 { "2026-08-10t11:00:00.25+03:00", 1786348800 },
                 { "2026-08-09T23:30:00-08:30", 1786348800 },
                 { "1970-01-01T00:00:00Z", 0 },
                 { "2024-02-29T00:00:00Z", 1709164800 },
                 { "2000-03-01T00:00:00Z", 951868800 },
                 { "9999-12-31T23:59:59Z", 253402300799 } };
    static const char *const bad[] = { "",
                                       "now",
                                       "1.5",
                                       "2026-08-10",
                                       "2026-08-10T08:00:00",
                                       "2026-02-29T00:00:00Z",
                                       "2026-13-01T00:00:00Z",
                                       "2026-08-10T24:00:00Z",
                                       "2026-08-10T08:00:00.Z",
                                       "2026-08-10T08:00:00Zx",
                                       "2026-8-10T08:00:00Z",
                                       "2026-08-10T08:00:00+3:00",
                                       " 1" };
    int64_t at;

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        at = -1;
        CHECK(args_time(good[i].text, &at));
        CHECK_INT(at, good[i].at);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (args_time(bad[i], &at))
            test_fail(t, __FILE__, __LINE__, "accepted: %s", bad[i]);
}

TEST(a_number_is_whole_and_within_its_bounds)
{
    int64_t v = 0;

    CHECK(args_number("60", 0, 300, &v) && v == 60);
    CHECK(!args_number("301", 0, 300, &v));
    CHECK(!args_number("-1", 0, 300, &v));
    CHECK(!args_number("6x", 0, 300, &v));
}
