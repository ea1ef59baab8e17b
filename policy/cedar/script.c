/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/cedar/script.h"

#include "policy/cedar/utf8.h"

/* Scripts that one word may mix are one bit each in a set: Japanese and Korean are written with Han characters. */
enum {
    LATIN = 0,
    GREEK,
    CYRILLIC,
    ARMENIAN,
    HEBREW,
    ARABIC,
    INDIC,
    THAI,
    GEORGIAN,
    CHEROKEE,
    HAN,
    KANA,
    HANGUL,
    OTHERS
};
static const char *const script_names[] = { "Latin", "Greek",    "Cyrillic", "Armenian", "Hebrew", "Arabic", "Indic",
                                            "Thai",  "Georgian", "Cherokee", "Han",      "Kana",   "Hangul", "other" };

/* What is not listed (digits, marks, symbols) belongs to every script. */
static const struct {
    uint32_t from, to;
    unsigned script;
} ranges[] = {
    { 'A', 'Z', LATIN },          { 'a', 'z', LATIN },          { 0xAA, 0xAA, LATIN },
    { 0xBA, 0xBA, LATIN },        { 0xC0, 0xD6, LATIN },        { 0xD8, 0xF6, LATIN },
    { 0xF8, 0x2B8, LATIN },       { 0x370, 0x373, GREEK },      { 0x376, 0x37D, GREEK },
    { 0x37F, 0x383, GREEK },      { 0x386, 0x3FF, GREEK },      { 0x400, 0x52F, CYRILLIC },
    { 0x531, 0x58F, ARMENIAN },   { 0x591, 0x5F4, HEBREW },     { 0x620, 0x63F, ARABIC },
    { 0x641, 0x64A, ARABIC },     { 0x671, 0x6FF, ARABIC },     { 0x750, 0x77F, ARABIC },
    { 0x904, 0x963, INDIC },      { 0x966, 0xDFF, INDIC },      { 0xE01, 0xE3A, THAI },
    { 0xE40, 0xE5B, THAI },       { 0x10A0, 0x10FF, GEORGIAN }, { 0x1100, 0x11FF, HANGUL },
    { 0x13A0, 0x13FD, CHEROKEE }, { 0x1C80, 0x1C8F, CYRILLIC }, { 0x1C90, 0x1CBF, GEORGIAN },
    { 0x1E00, 0x1EFF, LATIN },    { 0x1F00, 0x1FFF, GREEK },    { 0x2C60, 0x2C7F, LATIN },
    { 0x2DE0, 0x2DFF, CYRILLIC }, { 0x3005, 0x3007, HAN },      { 0x3041, 0x309F, KANA },
    { 0x30A1, 0x30FA, KANA },     { 0x3131, 0x318E, HANGUL },   { 0x3400, 0x4DBF, HAN },
    { 0x4E00, 0x9FFF, HAN },      { 0xA640, 0xA69F, CYRILLIC }, { 0xA720, 0xA7FF, LATIN },
    { 0xAB30, 0xAB6F, LATIN },    { 0xAB70, 0xABBF, CHEROKEE }, { 0xAC00, 0xD7FB, HANGUL },
    { 0xF900, 0xFAFF, HAN },      { 0xFB1D, 0xFB4F, HEBREW },   { 0xFB50, 0xFDFF, ARABIC },
    { 0xFE70, 0xFEFC, ARABIC },   { 0x10400, 0x10FFF, OTHERS }, { 0x20000, 0x3FFFF, HAN },
};

/* A script's number, or -1. */
static int script_of(uint32_t c)
{
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (c >= ranges[i].from && c <= ranges[i].to)
            return (int)ranges[i].script;
    return -1;
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

static bool written_together(int x, int y)
{
    return x == y || (x == HAN && (y == KANA || y == HANGUL)) || (y == HAN && (x == KANA || x == HANGUL));
}

enum script_fault script_check(struct str text, uint32_t *at, const char *names[2])
{
    int first = -1;

    for (size_t i = 0, len; i < text.n; i += len) {
        uint32_t c = *at = cedar_char_at(text, i, &len);
        if (c < 0x80 && script_of(c) < 0)
            continue;
        if (turns(c))
            return SCRIPT_TURNS;
        if (cedar_char_is_hidden(c))
            return SCRIPT_HIDDEN;
        if (looks_like_another(c))
            return SCRIPT_LOOKALIKE;
        int script = script_of(c);
        if (script >= 0 && first >= 0 && !written_together(first, script)) {
            names[0] = script_names[first];
            names[1] = script_names[script];
            return SCRIPT_MIXED;
        }
        first = script >= 0 ? script : first;
    }
    return SCRIPT_GOOD;
}
