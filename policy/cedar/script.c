/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/cedar/script.h"

#include "policy/cedar/script_table.h"
#include "policy/cedar/utf8.h"

/* How many of a sorted list begin at or before c. */
static size_t rank_of(uint32_t c, const uint32_t *first, size_t stride, size_t n)
{
    size_t low = 0, high = n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (first[middle * stride] <= c)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const uint64_t *scripts_of(uint32_t c)
{
    enum { N = sizeof script_ranges / sizeof *script_ranges, STRIDE = sizeof *script_ranges / sizeof(uint32_t) };
    size_t rank = rank_of(c, &script_ranges[0].from, STRIDE, N);

    return script_sets[rank > 0 ? script_ranges[rank - 1].set : 0];
}

static bool is_private(uint32_t c)
{
    return (c >= 0xE000 && c <= 0xF8FF) || c >= 0xF0000;
}

static bool is_for_names(uint32_t c)
{
    return !is_private(c) && rank_of(c, script_allowed, 1, sizeof script_allowed / sizeof *script_allowed) % 2 == 1;
}

static bool turns(uint32_t c)
{
    return c == 0x61C || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

static bool looks_like_another(uint32_t c)
{
    return (c >= 0xFF01 && c <= 0xFF5E) || (c >= 0x1D400 && c <= 0x1D7FF) ||
           (c >= 0x2100 && c <= 0x214F && c != 0x2116 && c != 0x2122) || (c >= 0x2160 && c <= 0x217F) ||
           (c >= 0x249C && c <= 0x24E9);
}

/* The name of one script of a set. */
static const char *name_of(const uint64_t set[3])
{
    for (size_t i = 0; i < SCRIPTS; i++)
        if ((set[i / 64] >> i % 64 & 1) != 0)
            return script_names[i];
    return "other";
}

/* The scripts that all characters have in common up to here, and those of the last that has any. */
struct scripts {
    uint64_t common[3];
    const uint64_t *last; /* NULL: there was none */
};

/* False when there is none any more. */
static bool goes_together(struct scripts *s, uint32_t c)
{
    const uint64_t *set = scripts_of(c);
    bool any = (set[0] | set[1] | set[2]) != 0;

    for (int i = 0; i < 3 && any; i++)
        s->common[i] = s->last != NULL ? s->common[i] & set[i] : set[i];
    if (any && (s->common[0] | s->common[1] | s->common[2]) == 0)
        return false;
    s->last = any ? set : s->last;
    return true;
}

enum script_fault script_check(struct str text, bool is_name, uint32_t *at, const char *names[2])
{
    struct scripts scripts = { .last = NULL };

    for (size_t i = 0, len; i < text.n; i += len) {
        uint32_t c = *at = cedar_char_at(text, i, &len);
        if (turns(c))
            return SCRIPT_TURNS;
        if (cedar_char_is_hidden(c))
            return SCRIPT_HIDDEN;
        if (looks_like_another(c) || (is_name && !is_for_names(c)))
            return SCRIPT_LOOKALIKE;
        if (!goes_together(&scripts, c)) {
            names[0] = name_of(scripts.last);
            names[1] = name_of(scripts_of(c));
            return SCRIPT_MIXED;
        }
    }
    return SCRIPT_GOOD;
}

enum script_fault script_check_comment(struct str text, uint32_t *at)
{
    for (size_t i = 0, len; i < text.n; i += len) {
        uint32_t c = *at = cedar_char_at(text, i, &len);
        if (turns(c))
            return SCRIPT_TURNS;
        if (cedar_char_is_hidden(c))
            return SCRIPT_HIDDEN;
    }
    return SCRIPT_GOOD;
}
