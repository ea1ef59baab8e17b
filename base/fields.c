/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/fields.h"

#include "base/text.h"

struct fields fields_new(struct arena *a, char separator, size_t ceiling_B)
{
    return (struct fields){ .text = buf_new(a, ceiling_B), .separator = separator };
}

bool fields_fit(struct str part, char separator)
{
    return str_find_byte(part, separator, 0) == part.n && text_is_plain(part);
}

void fields_part(struct fields *f, struct str part)
{
    bool fits = fields_fit(part, f->separator);

    if (f->begun)
        buf_byte(&f->text, f->separator);
    f->begun = true;
    f->left_out += !fits;
    if (fits)
        buf_add(&f->text, part);
}

void fields_item(struct fields *f, struct str item)
{
    if (!str_is_set(item))
        return;
    if (!fields_fit(item, f->separator) || f->text.n + 1 + item.n > f->text.ceiling) {
        f->left_out++;
        return;
    }
    fields_part(f, item);
}

struct str fields_text(const struct fields *f)
{
    return buf_ok(&f->text) ? buf_str(&f->text) : (struct str){ NULL, 0 };
}

struct str fields_escaped(struct arena *a, struct str part, char separator)
{
    struct buf b = buf_new(a, 3 * part.n + 1);

    if (str_find_byte(part, separator, 0) == part.n && str_find_byte(part, '%', 0) == part.n)
        return part;
    for (size_t i = 0; i < part.n; i++)
        if (part.p[i] == separator || part.p[i] == '%')
            buf_printf(&b, "%%%02X", (unsigned char)part.p[i]);
        else
            buf_byte(&b, part.p[i]);
    return buf_str(&b);
}

struct str fields_key(struct arena *a, const struct str *parts, size_t n)
{
    size_t ceiling = 1;

    for (size_t i = 0; i < n; i++)
        ceiling += parts[i].n + 24;
    struct buf b = buf_new(a, ceiling);
    for (size_t i = 0; i < n; i++) {
        buf_printf(&b, "%zu:", parts[i].n);
        buf_add(&b, parts[i]);
    }
    return buf_str(&b);
}
