/* SPDX-License-Identifier: EUPL-1.2 */
#include "model/attribute_name.h"

enum { ATTRIBUTE_NAME_MAX_B = 256 };

static bool read_option(struct str word, struct attribute_name *out, const char **trouble)
{
    static const struct {
        struct str word;
        enum attribute_format is;
    } formats[] = { { S("format:uri"), ATTRIBUTE_URI }, { S("format:basic"), ATTRIBUTE_BASIC } };

    if (str_has_prefix(word, S("friendly:")) && word.n > sizeof "friendly:" - 1) {
        out->friendly = str_from(word, sizeof "friendly:" - 1);
        return true;
    }
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (str_eq(word, formats[i].word)) {
            out->format = formats[i].is;
            return true;
        }
    *trouble = "may have friendly:WORD and format:uri or format:basic behind its name";
    return false;
}

bool attribute_name_read(struct str line, struct attribute_name *out, const char **trouble)
{
    size_t equals = str_find_byte(line, '=', 0);
    struct str rest, word;

    *out = (struct attribute_name){ .format = ATTRIBUTE_URI };
    *trouble = "is not CLAIM=NAME";
    if (equals == 0 || equals + 1 >= line.n)
        return false;
    if (!claim_of_word(str_sub(line, 0, equals), &out->claim)) {
        *trouble = "begins with no claim: the words are those of asks";
        return false;
    }
    rest = str_from(line, equals + 1);
    if (!str_split(&rest, ' ', &out->name) || out->name.n == 0)
        return false;
    if (out->name.n > ATTRIBUTE_NAME_MAX_B) {
        *trouble = "has a name longer than 256 bytes [IIP-G02]";
        return false;
    }
    while (str_split(&rest, ' ', &word))
        if (word.n > 0 && !read_option(word, out, trouble))
            return false;
    *trouble = NULL;
    return true;
}
