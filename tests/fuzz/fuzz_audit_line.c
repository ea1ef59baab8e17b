/* SPDX-License-Identifier: EUPL-1.2 */
#include "audit/line.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Foreign text in every member, written and read back; and the bytes themselves as lines. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct str text = str_n(data, size), rest = text, line;
    struct audit_line l;
    struct audit_event e = { .event = "login",
                             .person = text,
                             .service = text,
                             .idp = text,
                             .rule = text,
                             .claims = text,
                             .reason = text,
                             .sid = text,
                             .support_code = text,
                             .who = text,
                             .acting_as = text,
                             .area = text,
                             .maker = text,
                             .why = text,
                             .row = text,
                             .before = text,
                             .after = text,
                             .change = (int64_t)size };

    while (audit_line_next(&rest, &line))
        (void)audit_line_read(line, &l);
    (void)audit_line_read(text, &l);
    struct str members = audit_members(a, &e);
    line = audit_line_write(a, 7, 1786348800000, members, str_n(audit_no_line, AUDIT_HEAD_HEX));
    if (members.p == NULL || str_find_byte(line, '\n', 0) < line.n || !audit_line_read(line, &l) || l.number != 7)
        abort();
    arena_free(a);
    return 0;
}
