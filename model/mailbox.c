/* SPDX-License-Identifier: EUPL-1.2 */
#include "model/mailbox.h"

bool is_mailbox(struct str s)
{
    size_t at = str_find_byte(s, '@', 0);

    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] == '<' || s.p[i] == '>' || s.p[i] == ',' || (i != at && s.p[i] == '@'))
            return false;
    struct str domain = at < s.n ? str_from(s, at + 1) : S("");
    size_t dot = str_find_byte(domain, '.', 0);
    return at > 0 && dot > 0 && dot + 1 < domain.n && s.n <= MAILBOX_MAX_B;
}
