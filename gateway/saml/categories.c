/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/saml/categories.h"

#include "gateway/saml/attributes.h"
#include "gateway/saml/categories.def"

enum kind { SERVICE, OURS, ASSURANCE };

static const struct category {
    struct str word;
    enum kind kind;
    struct str uri;
    enum saml_subject subject;
    struct str claims, title;
} rows[] = {
#define X(word, kind, uri, subject, claims, title) { S(word), kind, S(uri), SUBJECT_##subject, S(claims), S(title) },
    SAML_CATEGORIES(X)
#undef X
};
enum { ROWS = sizeof rows / sizeof *rows, BY_MAX_B = 1024 };

static bool has(const struct saml_service_metadata *m, const struct category *row)
{
    return row->kind == SERVICE && saml_service_has(m, S(SAML_ENTITY_CATEGORY), row->uri);
}

/* ── of a service ───────────────────────────────────────────────────────── */

enum saml_subject categories_subject(const struct saml_service_metadata *m)
{
    static const struct {
        struct str value;
        enum saml_subject is;
    } required[] = { { S("none"), SUBJECT_NOBODY },
                     { S("pairwise-id"), SUBJECT_PAIRWISE },
                     { S("any"), SUBJECT_PAIRWISE },
                     { S("subject-id"), SUBJECT_SHARED } };
    enum saml_subject most = SUBJECT_UNSAID;

    for (size_t i = 0; i < sizeof required / sizeof *required; i++)
        if (saml_service_has(m, S(SAML_SUBJECT_ID_REQ), required[i].value))
            return required[i].is;
    for (size_t i = 0; i < ROWS; i++)
        if (has(m, &rows[i]) && rows[i].subject > most)
            most = rows[i].subject;
    return most;
}

static void name_by(struct buf *b, struct str title)
{
    buf_add(b, b->n > 0 ? S(", ") : S(""));
    buf_add(b, title);
}

static void add_claims(struct claim_set *set, struct str words)
{
    struct str word;
    enum claim claim;

    while (str_split(&words, ' ', &word))
        if (claim_of_word(word, &claim))
            claim_add(set, claim);
}

struct claim_set categories_claims(struct arena *a, const struct saml_service_metadata *m, struct str *by)
{
    struct buf b = buf_new(a, BY_MAX_B);
    struct claim_set set = { 0 };
    bool lists = false;

    for (size_t i = 0; i < ROWS; i++)
        if (has(m, &rows[i])) {
            name_by(&b, rows[i].title);
            add_claims(&set, rows[i].claims);
        }
    for (size_t i = 0; i < m->set_count; i++)
        for (size_t k = 0; k < m->sets[i].wanted_count; k++) {
            enum claim claim;
            if (attributes_claim_named(m->sets[i].wanted[k].name, &claim)) {
                claim_add(&set, claim);
                lists = true;
            }
        }
    if (lists)
        name_by(&b, S("RequestedAttribute"));
    *by = b.n > 0 ? buf_str(&b) : (struct str){ NULL, 0 };
    return set;
}

/* ── of ourselves ───────────────────────────────────────────────────────── */

static const struct category *row_of(struct str word)
{
    for (size_t i = 0; i < ROWS; i++)
        if (str_eq(rows[i].word, word))
            return &rows[i];
    return NULL;
}

bool categories_known(struct str words, struct fail *f)
{
    struct str word;

    while (str_split(&words, ' ', &word))
        if (word.n > 0 && row_of(word) == NULL)
            return fail(f, FAIL_CALLER, "bad_setting",
                        "entity_attributes: \"%.*s\" is unknown; known are anonymous, pseudonymous, personalized, "
                        "research-and-scholarship, code-of-conduct, hide-from-discovery, sirtfi, sirtfi2",
                        STR_ARG(word));
    return true;
}

void categories_of_us(struct arena *a, struct str words, struct saml_idp *idp)
{
    struct str *of[] = { [SERVICE] = arena_make_n(a, ROWS, struct str),
                         [OURS] = arena_make_n(a, ROWS, struct str),
                         [ASSURANCE] = arena_make_n(a, ROWS, struct str) };
    size_t n[] = { [SERVICE] = 0, [OURS] = 0, [ASSURANCE] = 0 };

    for (size_t i = 0; i < ROWS; i++)
        if (str_has_word(words, rows[i].word))
            of[rows[i].kind][n[rows[i].kind]++] = rows[i].uri;
    idp->supports = of[SERVICE];
    idp->support_count = n[SERVICE];
    idp->categories = of[OURS];
    idp->category_count = n[OURS];
    idp->assurance = of[ASSURANCE];
    idp->assurance_count = n[ASSURANCE];
}
