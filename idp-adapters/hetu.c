/* SPDX-License-Identifier: EUPL-1.2 */
#include "idp-adapters/hetu.h"

enum { DATE_N = 6, NUMBER_N = 3 };

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

static bool digits_at(struct str s, size_t i, size_t n)
{
    for (size_t k = 0; k < n; k++)
        if (!is_digit(at(s, i + k)))
            return false;
    return true;
}

static int number_at(struct str s, size_t i, size_t n)
{
    int value = 0;

    for (size_t k = 0; k < n; k++)
        value = value * 10 + (s.p[i + k] - '0');
    return value;
}

static bool is_date(struct str s, size_t i)
{
    if (!digits_at(s, i, DATE_N))
        return false;
    int day = number_at(s, i, 2), month = number_at(s, i + 2, 2);

    return day >= 1 && day <= 31 && month >= 1 && month <= 12;
}

/* Signs of the centuries, the additional ones of 2023 among them. */
static bool is_sign(char c)
{
    static const struct str signs = S("+-ABCDEFUVWXY");

    return c != '\0' && str_find_byte(signs, upper(c), 0) < signs.n;
}

static bool check_fits(struct str s, size_t date, size_t number, size_t check)
{
    static const char characters[] = "0123456789ABCDEFHJKLMNPRSTUVWXY";

    return upper(at(s, check)) == characters[(number_at(s, date, DATE_N) * 1000 + number_at(s, number, NUMBER_N)) % 31];
}

static bool is_one(struct str s, size_t date)
{
    size_t i = date + DATE_N;
    bool apart = date == 0 || (!is_digit(at(s, date - 1)) && !is_letter(at(s, date - 1)));

    while (at(s, i) == ' ')
        i++;
    bool signed_ = is_sign(at(s, i)) && !is_digit(at(s, i));
    if (signed_)
        i++;
    while (at(s, i) == ' ')
        i++;
    if (!digits_at(s, i, NUMBER_N) || !(is_digit(at(s, i + NUMBER_N)) || is_letter(at(s, i + NUMBER_N))))
        return false;
    char after = at(s, i + NUMBER_N + 1);
    apart = apart && !is_digit(after) && !is_letter(after);
    return signed_ ? apart || check_fits(s, date, i, i + NUMBER_N) : apart && check_fits(s, date, i, i + NUMBER_N);
}

bool hetu_in(struct str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (is_date(text, i) && is_one(text, i))
            return true;
    return false;
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
