/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/console/products.h"

#include "tests/test.h"

struct line {
    enum product product;
    enum product_field field;
    const char *names;
};

static const struct line lines[] = {
#define X(product, field, names, where) { PRODUCT_##product, FIELD_##field, names },
    PRODUCT_SETTINGS(X)
#undef X
};
enum { LINES = sizeof lines / sizeof *lines };

/* What the map calls a field that people are told by. */
static bool is_field(enum product_field field, struct str word)
{
    static const char *const words[PRODUCT_FIELD_COUNT] = {
        [FIELD_subject] = "subject", [FIELD_name] = "given_names family_name", [FIELD_learner] = "learner_id",
        [FIELD_school] = "school",   [FIELD_role] = "role affiliations",       [FIELD_class] = "group class_level",
    };

    return str_has_word(str_of(words[field]), word);
}

static bool reads(struct str map, struct str name, enum product_field field, bool part)
{
    struct str rest = map, line, word;

    while (str_split(&rest, '\n', &line)) {
        struct str words[4] = { { NULL, 0 } };
        size_t n = 0;
        for (struct str w = line; n < 4 && str_split(&w, ' ', &word);)
            if (word.n > 0)
                words[n++] = word;
        if (n < 4 || !str_eq(words[0], S("map")))
            continue;
        if (str_eq(words[1], name) && is_field(field, words[2]))
            return true;
        if (part && str_eq(words[2], S("subject")) && str_has_suffix(words[3], name))
            return true; /* with:oid */
    }
    return false;
}

TEST(item_14_each_name_that_a_city_is_told_to_send_is_one_that_its_map_reads)
{
    for (size_t i = 0; i < LINES; i++) {
        const struct product_row *p = &product_rows[lines[i].product];
        struct str map =
            test_file(t->arena, arena_cstr(t->arena, arena_printf(t->arena, "idp-adapters/dialects/%s.map", p->map)));
        struct str rest = str_of(lines[i].names), name;
        CHECK(str_is_set(map));
        while (rest.n > 0 && str_split(&rest, ' ', &name))
            if (!reads(map, name, lines[i].field, lines[i].field == FIELD_subject))
                test_fail(t, __FILE__, __LINE__, "%s does not read %.*s", p->map, STR_ARG(name));
    }
}

TEST(item_14_each_product_says_of_each_field_where_it_is_set)
{
    for (int p = PRODUCT_NONE + 1; p < PRODUCT_COUNT; p++)
        for (int field = 0; field < PRODUCT_FIELD_COUNT; field++) {
            int n = 0;
            for (size_t i = 0; i < LINES; i++)
                n += (int)lines[i].product == p && (int)lines[i].field == field;
            CHECK_INT(n, 1);
        }
}

TEST(item_14_a_product_is_found_by_its_word_and_by_a_row)
{
    const struct idp entra = { .kind = IDP_SAML, .map = S("entra") }, other = { .kind = IDP_SAML, .map = S("native") };

    CHECK_INT(product_named(S("google")), PRODUCT_google);
    CHECK_INT(product_named(S("")), PRODUCT_NONE);
    CHECK_INT(product_of(&entra), PRODUCT_entra_saml);
    CHECK_INT(product_of(&other), PRODUCT_NONE);
}
