/* SPDX-License-Identifier: EUPL-1.2 */
#include "frame/roles.h"

#include "frame/texts.h"

struct str role_word(enum role role, enum lang lang)
{
    static const enum frame_text texts[ROLE_COUNT] = {
        [ROLE_LEARNER] = F_role_learner,     [ROLE_TEACHER] = F_role_teacher,       [ROLE_STAFF] = F_role_staff,
        [ROLE_SECRETARY] = F_role_secretary, [ROLE_SUBSTITUTE] = F_role_substitute, [ROLE_PRINCIPAL] = F_role_principal,
        [ROLE_GUARDIAN] = F_role_guardian,   [ROLE_ADMIN] = F_role_admin,           [ROLE_OPERATOR] = F_role_operator,
        [ROLE_VENDOR] = F_role_vendor,       [ROLE_APPROVER] = F_role_approver,     [ROLE_AUDITOR] = F_role_auditor,
    };

    return frame_text(role < ROLE_COUNT ? texts[role] : F_NONE, lang);
}

struct str role_as(enum role role, enum lang lang)
{
    static const enum frame_text texts[ROLE_COUNT] = {
        [ROLE_LEARNER] = F_as_learner,     [ROLE_TEACHER] = F_as_teacher,       [ROLE_STAFF] = F_as_staff,
        [ROLE_SECRETARY] = F_as_secretary, [ROLE_SUBSTITUTE] = F_as_substitute, [ROLE_PRINCIPAL] = F_as_principal,
        [ROLE_GUARDIAN] = F_as_guardian,   [ROLE_ADMIN] = F_as_admin,           [ROLE_OPERATOR] = F_as_operator,
        [ROLE_VENDOR] = F_as_vendor,       [ROLE_APPROVER] = F_as_approver,     [ROLE_AUDITOR] = F_as_auditor,
    };

    return frame_text(role < ROLE_COUNT ? texts[role] : F_NONE, lang);
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
        struct str word = role_word(roles[i], lang);
        if (i > 0)
            buf_add(&b, i + 1 < n ? S(", ") : frame_text(F_and, lang));
        buf_add(&b, i > 0 ? within(a, word) : word);
    }
    return buf_str(&b);
}

struct str claim_in_words(enum claim claim, enum lang lang)
{
    static const enum frame_text words[CLAIM_COUNT] = {
#define X(claim, word, tells, scope, native, mpass) [CLAIM_##claim] = F_claim_##claim,
        CLAIMS(X)
#undef X
    };

    return frame_text(claim < CLAIM_COUNT ? words[claim] : F_NONE, lang);
}

const char *claim_key(enum claim claim)
{
    static const char *const words[CLAIM_COUNT] = {
#define X(claim, word, tells, scope, native, mpass) [CLAIM_##claim] = word,
        CLAIMS(X)
#undef X
    };

    return claim < CLAIM_COUNT ? words[claim] : "";
}
