/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/near.h"

enum { WORD_MAX_B = 64, BEGINNING_LEAST_B = 3, HELP_MAX_B = 65536 };

static char plain(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c == '-' ? '_' : c;
}

static size_t least(size_t x, size_t y)
{
    return x < y ? x : y;
}

/* Slips between two words: the table of the optimal string alignment, of which three rows are kept. */
static size_t slips(struct str x, struct str y)
{
    size_t rows[3][WORD_MAX_B + 1];

    for (size_t j = 0; j <= y.n; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= x.n; i++) {
        size_t *now = rows[i % 3];
        const size_t *before = rows[(i + 2) % 3], *long_before = rows[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= y.n; j++) {
            char a = plain(x.p[i - 1]), b = plain(y.p[j - 1]);
            now[j] = least(before[j - 1] + (a != b), least(before[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && a == plain(y.p[j - 2]) && plain(x.p[i - 2]) == b)
                now[j] = least(now[j], long_before[j - 2] + 1);
        }
    }
    return rows[x.n % 3][y.n];
}

static bool begins(struct str whole, struct str part)
{
    if (part.n < BEGINNING_LEAST_B || part.n > whole.n)
        return false;
    for (size_t i = 0; i < part.n; i++)
        if (plain(whole.p[i]) != plain(part.p[i]))
            return false;
    return true;
}

const char *near_word(struct str word, const char *const *known)
{
    const char *best = NULL;
    size_t fewest = 0;

    for (; word.n <= WORD_MAX_B && *known != NULL; known++) {
        struct str k = str_of(*known);
        if (k.n == 0 || k.n > WORD_MAX_B)
            continue;
        size_t n = slips(word, k), longer = word.n > k.n ? word.n : k.n, allowed = longer / 3 > 0 ? longer / 3 : 1;
        bool part = begins(k, word) || begins(word, k), near = part || (n <= allowed && n < longer);
        n = part && n > 1 ? 1 : n;
        if (near && (best == NULL || n < fewest)) {
            best = *known;
            fewest = n;
        }
    }
    return best;
}

struct str near_help(struct arena *a, struct str word, const char *const *known)
{
    struct buf b = buf_new(a, HELP_MAX_B);
    const char *near = near_word(word, known), *before = "";

    if (near != NULL)
        buf_printf(&b, "; did you mean \"%s\"? Known: ", near);
    else
        buf_add(&b, S("; known: "));
    for (; *known != NULL; known++) {
        if (**known == '\0')
            continue;
        buf_printf(&b, "%s%s", before, *known);
        before = ", ";
    }
    return buf_str(&b);
}
