/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/console/products.h"

#include "console/texts.h"

const struct product_row product_rows[PRODUCT_COUNT] = {
#define X(product, name, kind, map) [PRODUCT_##product] = { #product, name, kind, map },
    PRODUCTS(X)
#undef X
};

struct setting {
    enum product product;
    enum product_field field;
    const char *names, *where;
};

static const struct setting settings[] = {
#define X(product, field, names, where) { PRODUCT_##product, FIELD_##field, names, where },
    PRODUCT_SETTINGS(X)
#undef X
};
enum { SETTINGS = sizeof settings / sizeof *settings };

enum product product_named(struct str word)
{
    for (int i = PRODUCT_NONE + 1; i < PRODUCT_COUNT; i++)
        if (str_eq(word, str_of(product_rows[i].word)))
            return (enum product)i;
    return PRODUCT_NONE;
}

enum product product_of(const struct idp *idp)
{
    for (int i = PRODUCT_NONE + 1; i < PRODUCT_COUNT; i++)
        if (product_rows[i].kind == idp->kind && str_eq(idp->map, str_of(product_rows[i].map)))
            return (enum product)i;
    return PRODUCT_NONE;
}

unsigned product_fields_of_note(enum note kind)
{
    static const unsigned of[NOTE_COUNT] = {
        [NOTE_ROLE_UNKNOWN] = 1u << FIELD_role,
        [NOTE_NO_ROLE] = 1u << FIELD_role,
        [NOTE_GROUPS_WITHOUT_ROLE] = 1u << FIELD_role,
        [NOTE_GROUPS_OVERAGE] = 1u << FIELD_role,
        [NOTE_SCHOOL_UNKNOWN] = 1u << FIELD_school,
        [NOTE_ROLE_BEYOND] = 1u << FIELD_role,
        [NOTE_SCHOOL_BEYOND] = 1u << FIELD_school,
        [NOTE_SCHOOL_CLOSED] = 1u << FIELD_school,
        [NOTE_SCHOOL_CONTRADICTS] = 1u << FIELD_school,
        [NOTE_COUNTS_DIFFER] = 1u << FIELD_school | 1u << FIELD_role | 1u << FIELD_class,
        [NOTE_CLASS_LEVEL_UNKNOWN] = 1u << FIELD_class,
        [NOTE_GROUP_UNUSABLE] = 1u << FIELD_class,
        [NOTE_LEARNER_ID_INVALID] = 1u << FIELD_learner,
        [NOTE_NO_NAME] = 1u << FIELD_name,
        [NOTE_NO_SUBJECT] = 1u << FIELD_subject,
    };

    return kind < NOTE_COUNT ? of[kind] : 0;
}

unsigned product_fields_of_refusal(const char *code)
{
    struct str said_ = str_of(code);

    return str_eq(said_, S("learner_id_invalid")) ? 1u << FIELD_learner
           : str_has_prefix(said_, S("subject_")) || str_eq(said_, S("no_subject")) ||
                   str_eq(said_, S("attribute_missing"))
               ? 1u << FIELD_subject
               : 0;
}

static struct str field_word(enum product_field field, enum lang lang)
{
    static const enum said words[PRODUCT_FIELD_COUNT] = {
#define X(field) [FIELD_##field] = C_set_##field,
        PRODUCT_FIELDS(X)
#undef X
    };

    return said(words[field], lang);
}

static struct product_set set_of(struct ctx *c, enum product product, unsigned fields)
{
    struct product_setting *rows = arena_make_n(c->arena, SETTINGS, struct product_setting);
    struct product_set out = { .name = str_of(product_rows[product].name),
                               .kind = product_rows[product].kind == IDP_SAML ? S("SAML") : S("OpenID Connect") };

    for (size_t i = 0; i < SETTINGS; i++)
        if (settings[i].product == product && (fields & 1u << settings[i].field) != 0)
            rows[out.rows.n++] = (struct product_setting){ field_word(settings[i].field, c->lang),
                                                           str_of(settings[i].names), str_of(settings[i].where) };
    out.rows.at = rows;
    return out;
}

struct product_settings product_settings(struct ctx *c, enum idp_kind kind, enum product product, unsigned fields)
{
    struct product_set *sets = arena_make_n(c->arena, PRODUCT_COUNT, struct product_set);
    struct product_settings out = { .at = sets };

    for (int i = PRODUCT_NONE + 1; fields != 0 && i < PRODUCT_COUNT; i++)
        if (product != PRODUCT_NONE ? i == (int)product : product_rows[i].kind == kind)
            sets[out.n++] = set_of(c, (enum product)i, fields);
    for (size_t i = 0; i < out.n; i++)
        sets[i].open = out.n == 1;
    return out;
}
