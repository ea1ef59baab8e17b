/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/arena.h"
#include "model/when.h"
#include "wire/xml.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An offset may lead out of the years 0000 to 9999. */
static bool is_of_four_digits(int64_t at_s)
{
    return at_s >= INT64_C(-62167219200) && at_s <= INT64_C(253402300799);
}

/* Times as APIs, forms and SAML carry them: what is read is a time that is written back, and read as the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct str text = str_n(data, size);
    int64_t at_s, again_s, ms, begin_s, end_s;

    if (when_rfc3339_read(text, &at_s) && is_of_four_digits(at_s)) {
        assert(when_rfc3339_read(when_rfc3339(a, at_s), &again_s));
        assert(again_s == at_s);
    }
    if (xml_time_ms(text, &ms) && ms % 1000 == 0 && when_rfc3339_read(when_rfc3339(a, ms / 1000), &again_s))
        assert(again_s == ms / 1000);
    if (when_day_read(text, &begin_s)) {
        assert(when_day_read_end(text, &end_s) && end_s > begin_s && end_s <= begin_s + 25 * 3600);
        assert(str_eq(when_day(a, begin_s), text));
    }
    arena_free(a);
    return 0;
}
