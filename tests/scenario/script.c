/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/scenario/script.h"

#include <string.h>
#include <time.h>

static struct str take_word(struct str *rest)
{
    *rest = str_trim(*rest);
    size_t n = str_find_byte(*rest, ' ', 0);
    struct str word = str_sub(*rest, 0, n);

    *rest = str_trim(str_from(*rest, n));
    return word;
}

static void split_expects(struct line *l, struct str text)
{
    struct str part;

    while (l->expect_count < EXPECTS_MAX && str_split(&text, ',', &part))
        l->expect[l->expect_count++] = str_trim(part);
}

/* A comment begins with '#' at the beginning or behind two spaces, so that values may have one. */
static struct str without_comment(struct str text)
{
    size_t at = str_has_prefix(str_trim(text), S("#")) ? 0 : str_find(text, S("  #"));

    return str_trim(str_sub(text, 0, at));
}

bool script_next(struct str *rest, int *number, struct line *out)
{
    const struct str mark = S(" EXPECT ");
    struct str text;

    *out = (struct line){ 0 };
    if (!str_split(rest, '\n', &text))
        return false;
    out->number = ++*number;
    out->text = without_comment(text);
    size_t at = str_find(out->text, mark);
    struct str acts = str_sub(out->text, 0, at);
    if (at < out->text.n)
        split_expects(out, str_from(out->text, at + mark.n));
    out->who = take_word(&acts);
    out->verb = take_word(&acts);
    out->rest = acts;
    while (acts.n > 0 && out->word_count < WORDS_MAX)
        out->word[out->word_count++] = take_word(&acts);
    return true;
}

struct str line_after(const struct line *l, const char *name)
{
    for (size_t i = 0; i + 1 < l->word_count; i++)
        if (str_eq(l->word[i], str_of(name)))
            return l->word[i + 1];
    return (struct str){ NULL, 0 };
}

bool line_has(const struct line *l, const char *word)
{
    for (size_t i = 0; i < l->word_count; i++)
        if (str_eq(l->word[i], str_of(word)))
            return true;
    return false;
}

bool line_seconds(const struct line *l, size_t at, int64_t *out)
{
    static const struct {
        const char *name;
        int64_t seconds;
    } units[] = { { "s", 1 }, { "min", 60 }, { "h", 3600 }, { "d", 86400 } };
    struct str digits = at < l->word_count ? l->word[at] : S("");
    int64_t n;

    if (str_has_prefix(digits, S("+")))
        digits = str_from(digits, 1);
    if (at + 1 >= l->word_count || !str_int(digits, &n))
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (str_eq(l->word[at + 1], str_of(units[i].name))) {
            *out = n * units[i].seconds;
            return true;
        }
    return false;
}

bool script_time(struct str text, int64_t *out)
{
    char copy[32];
    struct tm tm = { 0 };

    if (text.n >= sizeof copy)
        return false;
    memcpy(copy, text.p, text.n);
    copy[text.n] = '\0';
    const char *end = strptime(copy, "%Y-%m-%dT%H:%M:%SZ", &tm);
    *out = (int64_t)timegm(&tm);
    return end != NULL && *end == '\0';
}
