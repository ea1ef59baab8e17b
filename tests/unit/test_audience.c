/* SPDX-License-Identifier: EUPL-1.2 */
#include "model/audience.h"
#include "model/person.h"
#include "tests/test.h"

enum { CHILD = 1 << AGE_UNDER13, TEEN = 1 << AGE_13TO17, ADULT = 1 << AGE_ADULT };

TEST(a_span_of_years_meets_the_steps_that_policies_know)
{
    CHECK_INT(audience_ages(0, 0), 0);
    CHECK_INT(audience_ages(7, 12), CHILD);
    CHECK_INT(audience_ages(7, 13), CHILD | TEEN);
    CHECK_INT(audience_ages(13, 17), TEEN);
    CHECK_INT(audience_ages(13, 0), TEEN | ADULT);
    CHECK_INT(audience_ages(0, 12), CHILD);
    CHECK_INT(audience_ages(18, 0), ADULT);
    CHECK_INT(audience_ages(1, 120), CHILD | TEEN | ADULT);
}

TEST(a_span_of_years_is_said_as_it_is)
{
    CHECK_STR(audience_years(t->arena, 7, 16), "7–16");
    CHECK_STR(audience_years(t->arena, 13, 0), "13–");
    CHECK_STR(audience_years(t->arena, 0, 12), "–12");
    CHECK(audience_years(t->arena, 0, 0).p == NULL);
}

TEST(an_audience_is_what_its_row_says)
{
    struct str words[] = { S("teacher"), S("guardian") };
    const struct service s = { .audience = { words, 2 } };

    CHECK(!audience_has(&s, AUDIENCE_LEARNER) && audience_has(&s, AUDIENCE_TEACHER) &&
          audience_has(&s, AUDIENCE_GUARDIAN));
}
