/* SPDX-License-Identifier: EUPL-1.2 */
#include "frame/contact.h"

#include "wire/html.h"

static bool is_mailbox(struct str s)
{
    size_t at = str_find_byte(s, '@', 0);

    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] <= ' ' || s.p[i] == '?' || s.p[i] == '&' || s.p[i] == ',' ||
            (s.p[i] == '@' && i != at))
            return false;
    return at > 0 && at + 1 < s.n;
}

void contact_split(struct str contact, struct str *url, struct str *email)
{
    *url = *email = (struct str){ NULL, 0 };
    if (str_eq_case(str_sub(contact, 0, 7), S("mailto:")))
        contact = str_from(contact, 7);
    if (html_url_is_safe(contact))
        *url = contact;
    else if (is_mailbox(contact))
        *email = contact;
}
