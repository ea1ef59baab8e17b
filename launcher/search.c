/* SPDX-License-Identifier: EUPL-1.2 */
#include "launcher/search.h"

#include "launcher/inflect.h"

typedef struct bits look(const struct finder *f, struct arena *a, struct str word);

static struct bits find_inflected(const struct finder *f, struct arena *a, struct str word)
{
    struct bits lines = finder_none(f, a);
    struct strs forms = { NULL, 0 };

    inflect_word(a, word, &forms);
    for (size_t i = 0; i < forms.n; i++) {
        struct bits one = finder_begins(f, a, forms.at[i]);
        bits_or(&lines, &one);
    }
    return lines;
}

static struct bits find_near(const struct finder *f, struct arena *a, struct str word)
{
    struct bits lines = finder_near(f, a, word);
    struct strs forms = { NULL, 0 };

    inflect_word(a, word, &forms);
    for (size_t i = 0; i < forms.n && bits_none(&lines); i++)
        lines = finder_near(f, a, forms.at[i]);
    return lines;
}

/* From the strictest to the loosest. */
static look *const looks[] = { finder_begins, find_inflected, finder_holds, find_near };

enum { LOOKS = sizeof looks / sizeof *looks };

static struct bits meant(const struct finder *f, struct arena *a, struct str word)
{
    struct bits lines = looks[0](f, a, word);

    for (size_t i = 1; i < LOOKS && bits_none(&lines); i++)
        lines = looks[i](f, a, word);
    return lines;
}

static struct bits meant_at_all(const struct finder *f, struct arena *a, struct str word)
{
    struct bits lines = looks[0](f, a, word);

    for (size_t i = 1; i < LOOKS; i++) {
        struct bits more = looks[i](f, a, word);
        bits_or(&lines, &more);
    }
    return lines;
}

static struct bits all_words(const struct finder *f, struct arena *a, struct str query, look *mean)
{
    struct bits all = finder_none(f, a);
    struct str word;

    for (bool first = true; str_split(&query, ' ', &word); first = false) {
        struct bits one = mean(f, a, word);
        if (first)
            all = one;
        else
            bits_and(&all, &one);
        if (bits_none(&all))
            break;
    }
    return all;
}

struct bits search_find(const struct finder *f, struct arena *a, struct str query)
{
    struct bits hits = all_words(f, a, query, meant);

    if (bits_none(&hits) && str_find_byte(query, ' ', 0) < query.n)
        hits = all_words(f, a, query, meant_at_all);
    return hits;
}
