/* SPDX-License-Identifier: EUPL-1.2
 *
 * What names a person: bytes as they came, of one attribute or of two together. */
#include "idp-adapters/map_making.h"

#include "base/fields.h"
#include "base/text.h"
#include "idp-adapters/refusals.h"

enum said { SAID_NOTHING = 0, SAID_ONE, SAID_REFUSED };

static enum said odd(const struct making *m, enum refusal which, struct str name, const char *why)
{
    (void)refusal(m->fail, which, "%.*s %s", STR_ARG(name), why);
    return SAID_REFUSED;
}

static bool is_said(const struct making *m, struct str name)
{
    for (size_t i = 0; i < m->said_n; i++)
        if (str_eq(m->said[i].name, name))
            return true;
    return false;
}

/* The one value of the attribute, wherever it stands in the answer, that says something. */
static enum said only_value(const struct making *m, struct str name, struct str *out)
{
    for (size_t i = 0; i < m->said_n; i++) {
        const struct attribute *from = &m->said[i];
        if (!str_eq(from->name, name))
            continue;
        if (from->no_text)
            return odd(m, REFUSAL_subject_no_text, name, "is neither a text nor a whole number");
        for (size_t k = 0; k < from->values.n; k++) {
            struct str value = from->values.at[k];
            if (text_is_blank(value) || str_eq(value, *out))
                continue;
            if (out->p != NULL)
                return odd(m, REFUSAL_subject_ambiguous, name, "has several values, and a person has one name");
            *out = value;
        }
    }
    return out->p != NULL ? SAID_ONE : SAID_NOTHING;
}

/* Neither trimmed nor composed, for two people may differ in just that.  What several people could share is refused
 * instead of made fit. */
static enum said exact(const struct making *m, struct str name, struct str *out)
{
    *out = (struct str){ NULL, 0 };
    enum said how = only_value(m, name, out);

    if (how != SAID_ONE)
        return how;
    if (out->n > SUBJECT_MAX_B)
        return odd(m, REFUSAL_subject_too_long, name, "is longer than a subject is kept");
    if (!text_is_plain(*out))
        return odd(m, REFUSAL_subject_not_plain, name, "holds characters that cannot be seen");
    return SAID_ONE;
}

bool map_read_subject(struct making *m, struct str *into, const struct attribute *from)
{
    struct str value;

    if (into->p != NULL)
        return true;
    enum said how = exact(m, from->name, &value);
    if (how == SAID_ONE)
        *into = arena_str(m->arena, value);
    return how != SAID_REFUSED;
}

/* name@scope: a scope that is not the idp's would make it speak for another city, and a scope alone for all of its
 * people. */
bool map_read_scoped_subject(struct making *m, struct str *into, const struct attribute *from)
{
    struct str value;

    if (into->p != NULL)
        return true;
    enum said how = exact(m, from->name, &value);
    if (how != SAID_ONE)
        return how == SAID_NOTHING;
    if (!map_scope_is_ours(m, value))
        return refusal(m->fail, REFUSAL_scope_foreign, "%.*s carries a scope that %.*s may not assert",
                       STR_ARG(from->name), STR_ARG(m->idp->id));
    if (text_is_blank(str_sub(value, 0, str_find_byte(value, '@', 0))))
        return odd(m, REFUSAL_subject_part_missing, from->name, "has a scope and no name before it") != SAID_REFUSED;
    *into = arena_str(m->arena, value);
    return true;
}

/* What looks like an address must be within the idp's scope, as every scoped name. */
bool map_read_own_subject(struct making *m, struct str *into, const struct attribute *from)
{
    struct str value;
    enum said how = exact(m, from->name, &value);

    if (how == SAID_ONE && str_find_byte(value, '@', 0) < value.n)
        return map_read_scoped_subject(m, into, from);
    return how != SAID_REFUSED && map_read_subject(m, into, from);
}

bool map_part_missing(const struct making *m, struct str missing, struct str other)
{
    return refusal(m->fail, REFUSAL_subject_part_missing,
                   "%.*s is missing, empty or white space; together with %.*s it names a person", STR_ARG(missing),
                   STR_ARG(other));
}

/* A name that is unique in its two parts together (tenant and object).  Where neither is said, the row does not apply;
 * where one is, both must be.  Encoded, so that no two pairs of parts are one person. */
bool map_compose_subject(struct making *m, struct str *into, struct str first, struct str second)
{
    struct str head, tail;

    if (into->p != NULL || (!is_said(m, first) && !is_said(m, second)))
        return true;
    enum said has_head = exact(m, first, &head);
    enum said has_tail = has_head == SAID_REFUSED ? SAID_REFUSED : exact(m, second, &tail);
    if (has_tail == SAID_REFUSED)
        return false;
    if (has_head == SAID_NOTHING)
        return map_part_missing(m, first, second);
    if (has_tail == SAID_NOTHING)
        return map_part_missing(m, second, first);
    head = fields_escaped(m->arena, head, '/');
    tail = fields_escaped(m->arena, tail, '/');
    if (head.n + 1 + tail.n > SUBJECT_MAX_B)
        return odd(m, REFUSAL_subject_too_long, second, "and its other part are longer than a subject is kept") !=
               SAID_REFUSED;
    *into = arena_printf(m->arena, "%.*s/%.*s", STR_ARG(head), STR_ARG(tail));
    return true;
}

struct str map_subject_of_protocol(struct arena *a, struct str subject)
{
    return !text_is_blank(subject) && text_is_plain(subject) && subject.n <= SUBJECT_MAX_B ? arena_str(a, subject)
                                                                                           : (struct str){ NULL, 0 };
}
