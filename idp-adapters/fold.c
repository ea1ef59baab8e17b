/* SPDX-License-Identifier: EUPL-1.2 */
#include "idp-adapters/fold.h"

/* A letter and the combining mark behind it -> the composed letter: a + U+0308 is ä. */
static const struct {
    char letter, mark;
    const char *composed;
} compositions[] = {
    { 'a', '\x88', "ä" }, { 'o', '\x88', "ö" }, { 'a', '\x8a', "å" }, { 'u', '\x88', "ü" }, { 'e', '\x81', "é" }
};

static bool compose(struct buf *b, struct str rest)
{
    if (b->n == 0 || rest.n < 2 || rest.p[0] != '\xcc')
        return false;
    for (size_t i = 0; i < sizeof compositions / sizeof *compositions; i++)
        if (b->p[b->n - 1] == compositions[i].letter && rest.p[1] == compositions[i].mark) {
            b->n--;
            buf_add(b, str_of(compositions[i].composed));
            return true;
        }
    return false;
}

struct str fold_word(struct arena *a, struct str word)
{
    struct buf b = buf_new(a, 2 * word.n + 16);

    word = str_trim(word);
    for (size_t i = 0; i < word.n; i++) {
        unsigned char c = (unsigned char)word.p[i];
        if (c == ' ' || c == '\t') {
            if (b.n > 0 && b.p[b.n - 1] != '_')
                buf_byte(&b, '_');
        } else if (c >= 'A' && c <= 'Z') {
            buf_byte(&b, (char)(c + 32));
        } else if (c == 0xC3 && i + 1 < word.n) { /* U+00C0–U+00DE, without the multiplication sign */
            unsigned char d = (unsigned char)word.p[++i];
            buf_byte(&b, (char)c);
            buf_byte(&b, (char)(d >= 0x80 && d <= 0x9E && d != 0x97 ? d + 0x20 : d));
        } else if (compose(&b, str_from(word, i))) {
            i++;
        } else {
            buf_byte(&b, (char)c);
        }
    }
    return buf_str(&b);
}
