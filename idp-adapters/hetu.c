/* SPDX-License-Identifier: EUPL-1.2 */
#include "idp-adapters/hetu.h"

enum { DATE_N = 6, NUMBER_N = 3, WINDOW_N = 24 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static bool is_letter(char c)
{
    return upper(c) >= 'A' && upper(c) <= 'Z';
}

static char at(struct str s, size_t i)
{
    return i < s.n ? s.p[i] : '\0';
}

/* ── one character, however it was typed ────────────────────────────────── */

struct sign { /* what editors and telephones write instead */
    struct str bytes;
    char as; /* '\0': of no width */
};

static const struct sign signs[] = {
    { S("\xE2\x80\x90"), '-' },  /* hyphen */
    { S("\xE2\x80\x91"), '-' },  /* non-breaking hyphen */
    { S("\xE2\x80\x92"), '-' },  /* figure dash */
    { S("\xE2\x80\x93"), '-' },  /* en dash */
    { S("\xE2\x80\x94"), '-' },  /* em dash */
    { S("\xE2\x80\x95"), '-' },  /* horizontal bar */
    { S("\xE2\x88\x92"), '-' },  /* minus */
    { S("\xEF\xB9\x98"), '-' },  /* small em dash */
    { S("\xEF\xB9\xA3"), '-' },  /* small hyphen */
    { S("\xEF\xBC\x8D"), '-' },  /* fullwidth hyphen */
    { S("\xEF\xBC\x8B"), '+' },  /* fullwidth plus */
    { S("\xC2\xA0"), ' ' },      /* no-break space */
    { S("\xE2\x80\xAF"), ' ' },  /* narrow no-break space */
    { S("\xE2\x81\x9F"), ' ' },  /* mathematical space */
    { S("\xE3\x80\x80"), ' ' },  /* ideographic space */
    { S("\xC2\xAD"), '\0' },     /* soft hyphen */
    { S("\xE2\x80\x8B"), '\0' }, /* zero width space */
    { S("\xE2\x80\x8C"), '\0' }, /* zero width non-joiner */
    { S("\xE2\x80\x8D"), '\0' }, /* zero width joiner */
    { S("\xE2\x81\xA0"), '\0' }, /* word joiner */
    { S("\xEF\xBB\xBF"), '\0' }, /* zero width no-break space */
};

static char folded(struct str s, size_t *i)
{
    char c = s.p[*i];

    for (size_t k = 0; (c & 0x80) != 0 && k < sizeof signs / sizeof *signs; k++)
        if (str_eq(str_sub(s, *i, signs[k].bytes.n), signs[k].bytes)) {
            *i += signs[k].bytes.n;
            return signs[k].as;
        }
    /* U+2000 to U+200A are spaces of several widths. */
    if (c == '\xE2' && at(s, *i + 1) == '\x80' && (unsigned char)at(s, *i + 2) >= 0x80 &&
        (unsigned char)at(s, *i + 2) <= 0x8A) {
        *i += 3;
        return ' ';
    }
    *i += 1;
    return c == '\t' || c == '\r' || c == '\n' ? ' ' : c;
}

/* What is written from there on, each run of spaces as one. */
static struct str window_at(struct str s, size_t i, char room[WINDOW_N])
{
    size_t n = 0;

    while (i < s.n && n < WINDOW_N) {
        char c = folded(s, &i);
        if (c != '\0' && !(c == ' ' && n > 0 && room[n - 1] == ' '))
            room[n++] = c;
    }
    return (struct str){ room, n };
}

/* ── a code ─────────────────────────────────────────────────────────────── */

/* Six figures, in pairs or not; where they end.  0: no date. */
static size_t date_end(struct str w, int *number)
{
    size_t i = 0;
    int day, month;

    *number = 0;
    for (size_t n = 0; n < DATE_N; n++) {
        if (n > 0 && n % 2 == 0 && at(w, i) == ' ')
            i++;
        if (!is_digit(at(w, i)))
            return 0;
        *number = *number * 10 + (w.p[i++] - '0');
    }
    day = *number / 10000;
    month = *number / 100 % 100;
    return day >= 1 && day <= 31 && month >= 1 && month <= 12 ? i : 0;
}

/* Signs of the centuries, the additional ones of 2023 among them. */
static bool is_sign(char c)
{
    static const struct str centuries = S("+-ABCDEFUVWXY");

    return c != '\0' && str_find_byte(centuries, upper(c), 0) < centuries.n;
}

static bool check_fits(struct str w, int date, size_t number, size_t check)
{
    static const char characters[] = "0123456789ABCDEFHJKLMNPRSTUVWXY";
    int value = date;

    for (size_t k = 0; k < NUMBER_N; k++)
        value = value * 10 + (at(w, number + k) - '0');
    return upper(at(w, check)) == characters[value % 31];
}

static bool has_figures(struct str w, size_t i)
{
    for (size_t k = 0; k < NUMBER_N; k++)
        if (!is_digit(at(w, i + k)))
            return false;
    return true;
}

static size_t past_space(struct str w, size_t i)
{
    return at(w, i) == ' ' ? i + 1 : i;
}

static bool is_one(struct str w, bool apart)
{
    int date;
    size_t i = date_end(w, &date);

    if (i == 0)
        return false;
    i = past_space(w, i);
    bool signed_ = is_sign(at(w, i));
    i = past_space(w, signed_ ? i + 1 : i);
    if (!has_figures(w, i) || !(is_digit(at(w, i + NUMBER_N)) || is_letter(at(w, i + NUMBER_N))))
        return false;
    char after = at(w, i + NUMBER_N + 1);
    apart = apart && !is_digit(after) && !is_letter(after);
    return signed_ ? apart || check_fits(w, date, i, i + NUMBER_N) : apart && check_fits(w, date, i, i + NUMBER_N);
}

/* A date, any sign or none, and three figures. */
static bool begins_like_one(struct str w)
{
    int date;
    size_t i = date_end(w, &date);

    if (i == 0)
        return false;
    i = past_space(w, i);
    if (!is_digit(at(w, i)) && at(w, i) != '\0')
        i = past_space(w, i + 1);
    return has_figures(w, i);
}

static bool any(struct str text, bool like)
{
    char room[WINDOW_N];

    for (size_t i = 0; i < text.n; i++) {
        if (!is_digit(text.p[i]))
            continue;
        struct str w = window_at(text, i, room);
        bool apart = i == 0 || (!is_digit(text.p[i - 1]) && !is_letter(text.p[i - 1]));
        if (like ? begins_like_one(w) : is_one(w, apart))
            return true;
    }
    return false;
}

bool hetu_in(struct str text)
{
    return any(text, false);
}

bool hetu_like_in(struct str text)
{
    return any(text, true);
}

static bool has_word(struct str name, struct str word)
{
    for (size_t i = 0; i + word.n <= name.n; i++) {
        size_t k = 0;
        while (k < word.n && upper(name.p[i + k]) == upper(word.p[k]))
            k++;
        if (k == word.n)
            return true;
    }
    return false;
}

bool hetu_named(struct str attribute)
{
    static const struct str words[] = { S("hetu"),
                                        S("personalidentit"),
                                        S("nationalid"),
                                        S("personnummer"),
                                        S("personbeteckning"),
                                        S("henkilotunnus"),
                                        S("personaluniqueid"),
                                        S("socialsecurity"),
                                        S("1.3.6.1.4.1.25178.1.2.15") };

    if (str_eq(attribute, S("urn:oid:1.2.246.21")) || str_eq(attribute, S("1.2.246.21")) ||
        str_eq(attribute, S("ssn")) || str_eq(attribute, S("SSN")))
        return true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (has_word(attribute, words[i]))
            return true;
    return false;
}
