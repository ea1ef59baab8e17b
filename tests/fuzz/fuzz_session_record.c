/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/arena.h"
#include "gateway/session/session.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A session as Redis has it.  It is sealed, so whoever writes another has our key, or is an older or a newer gateway:
 * what is read is written, and read back as the same record. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct fail f = { 0 };
    struct session *s = session_parse(a, str_n(data, size), &f);

    assert(s != NULL || f.kind != FAIL_NONE);
    struct str record = s != NULL ? session_write(a, s) : (struct str){ NULL, 0 };
    struct session *again = record.p != NULL ? session_parse(a, record, &f) : NULL;
    assert(record.p == NULL || again != NULL);
    if (again != NULL)
        assert(str_eq(session_write(a, again), record) && str_eq(again->sid, s->sid) &&
               again->services.n == s->services.n && again->person->affiliation_count == s->person->affiliation_count);
    arena_free(a);
    return 0;
}
