/* SPDX-License-Identifier: EUPL-1.2 */
#include "launcher/roles.h"

enum text role_text(enum role role)
{
    static const enum text texts[ROLE_COUNT] = {
        [ROLE_LEARNER] = T_role_learner,     [ROLE_TEACHER] = T_role_teacher,       [ROLE_STAFF] = T_role_staff,
        [ROLE_SECRETARY] = T_role_secretary, [ROLE_SUBSTITUTE] = T_role_substitute, [ROLE_PRINCIPAL] = T_role_principal,
        [ROLE_GUARDIAN] = T_role_guardian,   [ROLE_ADMIN] = T_role_admin,           [ROLE_OPERATOR] = T_role_operator,
        [ROLE_VENDOR] = T_role_vendor,
    };

    return role < ROLE_COUNT ? texts[role] : T_NONE;
}

enum text role_as(enum role role)
{
    static const enum text texts[ROLE_COUNT] = {
        [ROLE_LEARNER] = T_as_learner,     [ROLE_TEACHER] = T_as_teacher,       [ROLE_STAFF] = T_as_staff,
        [ROLE_SECRETARY] = T_as_secretary, [ROLE_SUBSTITUTE] = T_as_substitute, [ROLE_PRINCIPAL] = T_as_principal,
        [ROLE_GUARDIAN] = T_as_guardian,   [ROLE_ADMIN] = T_as_admin,           [ROLE_OPERATOR] = T_as_operator,
        [ROLE_VENDOR] = T_as_vendor,
    };

    return role < ROLE_COUNT ? texts[role] : T_NONE;
}

size_t roles_of(const struct person *p, int64_t now_s, enum role *out)
{
    size_t n = 0;

    for (size_t i = 0; i < p->affiliation_count; i++) {
        enum role role = p->affiliations[i].role;
        size_t k = 0;
        while (k < n && out[k] != role)
            k++;
        if (k == n && role != ROLE_NONE && role < ROLE_COUNT && affiliation_valid(&p->affiliations[i], now_s))
            out[n++] = role;
    }
    return n;
}

/* Roles begin with a letter of ASCII in each language. */
static struct str within(struct arena *a, struct str word)
{
    struct str copy = arena_str(a, word);
    char *first = (char *)(uintptr_t)copy.p;

    if (copy.n > 0 && *first >= 'A' && *first <= 'Z')
        *first = (char)(*first + 0x20);
    return copy;
}

struct str roles_line(struct arena *a, const enum role *roles, size_t n, enum lang lang)
{
    struct buf b = buf_new(a, 1024);

    for (size_t i = 0; i < n; i++) {
        struct str word = text(role_text(roles[i]), lang);
        if (i > 0)
            buf_add(&b, i + 1 < n ? S(", ") : text(T_and, lang));
        buf_add(&b, i > 0 ? within(a, word) : word);
    }
    return buf_str(&b);
}
