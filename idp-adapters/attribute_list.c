/* SPDX-License-Identifier: EUPL-1.2 */
#include "idp-adapters/attribute_list.h"

#include "base/log.h"
#include "base/text.h"

enum { MORE_NAMED_MAX = 64 };

struct attribute_list attribute_list_new(struct arena *a)
{
    return (struct attribute_list){ .at = arena_make_n(a, ATTRIBUTES_MAX, struct attribute) };
}

bool attribute_list_has(const struct attribute_list *list, struct str name)
{
    for (size_t i = 0; i < list->n; i++)
        if (str_eq(list->at[i].name, name))
            return true;
    return false;
}

static void note_left_out(struct attribute_list *list, struct str name, size_t n)
{
    if (n > 0 && list->left_out == 0)
        list->left_out_of = name;
    list->left_out += n;
}

void attribute_list_add(struct arena *a, struct attribute_list *list, const struct idp *idp, struct str name,
                        struct strs values)
{
    struct strs kept = values;

    if (list->n == ATTRIBUTES_MAX) {
        note_left_out(list, name, values.n);
        return;
    }
    if (values.n > ATTRIBUTE_VALUES_MAX) {
        kept = (struct strs){ arena_make_n(a, ATTRIBUTE_VALUES_MAX + MORE_NAMED_MAX, struct str), 0 };
        for (size_t i = 0; i < values.n; i++)
            if (i < ATTRIBUTE_VALUES_MAX || (kept.n < ATTRIBUTE_VALUES_MAX + MORE_NAMED_MAX &&
                                             own_role_name(a, idp, text_trim(values.at[i])).p != NULL))
                kept.at[kept.n++] = values.at[i];
    }
    note_left_out(list, name, values.n - kept.n);
    list->at[list->n++] = (struct attribute){ .name = name, .values = kept };
}

void attribute_list_log(const struct attribute_list *list, const struct idp *idp)
{
    if (list->left_out > 0)
        log_event(LOG_WARN, "upstream.values_left_out", LOG_S("idp", idp->id), LOG_S("attribute", list->left_out_of),
                  LOG_N("values", list->left_out), LOG_N("kept_of_each", ATTRIBUTE_VALUES_MAX));
}
