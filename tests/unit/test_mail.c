/* SPDX-License-Identifier: EUPL-1.2
 * A mail is one message to one address, whatever is in its subject, its sender's name and its text. */
#include "base/codec.h"
#include "model/mail.h"
#include "tests/test.h"

#include <string.h>

static struct mail letter(void)
{
    return (struct mail){ .from = S("portti@digione.example"),
                          .from_name = S("DigiOne"),
                          .to = S("tuki@kinos.fi"),
                          .subject = S("Kutsu"),
                          .text = S("Hei\n.\nLoppu\n"),
                          .id = S("abc-123"),
                          .lang = LANG_FI,
                          .at_s = 1764482465 };
}

static bool holds(struct str s, const char *part)
{
    size_t n = strlen(part);

    for (size_t i = 0; i + n <= s.n; i++)
        if (memcmp(s.p + i, part, n) == 0)
            return true;
    return false;
}

static struct str body_of(struct str mail)
{
    for (size_t i = 0; i + 4 <= mail.n; i++)
        if (memcmp(mail.p + i, "\r\n\r\n", 4) == 0)
            return str_from(mail, i + 4);
    return S("");
}

static struct str decoded(struct test *t, struct str mail)
{
    struct str body = body_of(mail), bytes = S("");
    struct buf b = buf_new(t->arena, 65536);

    for (size_t i = 0; i < body.n; i++)
        if (body.p[i] != '\r' && body.p[i] != '\n')
            buf_byte(&b, body.p[i]);
    CHECK(b64_decode(t->arena, buf_str(&b), &bytes));
    return bytes;
}

TEST(a_mail_has_every_header_that_it_must_have)
{
    struct mail m = letter();
    struct fail f = { 0 };
    struct str out;

    CHECK(mail_write(t->arena, &m, &out, &f));
    CHECK(holds(out, "From: \"DigiOne\" <portti@digione.example>\r\nTo: <tuki@kinos.fi>\r\nSubject: Kutsu\r\n"
                     "Date: Sun, 30 Nov 2025 06:01:05 +0000\r\nMessage-ID: <abc-123@digione.example>\r\n"
                     "Auto-Submitted: auto-generated\r\nContent-Language: fi\r\nMIME-Version: 1.0\r\n"));
    CHECK_STR(decoded(t, out), "Hei\r\n.\r\nLoppu\r\n");
}

TEST(letters_beyond_ascii_are_encoded_words_of_whole_characters)
{
    struct mail m = letter();
    struct fail f = { 0 };
    struct str out;
    size_t line = 0;

    m.subject = S("Čáppa Ŋuŋŋá Đorvvolaš – kutsu organisaatioon Äiti & Öljy Oy, jonka nimi on pitkä kuin nälkävuosi");
    m.from_name = S("Sámi giellagáldu");
    m.text = S("Čáhci, ŋ, đ, ŧ, ž\n");
    CHECK(mail_write(t->arena, &m, &out, &f));
    for (size_t i = 0; i < out.n; i++) {
        CHECK((unsigned char)out.p[i] < 0x7f);
        line = out.p[i] == '\n' ? 0 : line + 1;
        CHECK(line <= 77); /* with its CR */
    }
    for (size_t i = 0; i + 10 < out.n; i++)
        if (memcmp(out.p + i, "=?UTF-8?B?", 10) == 0) {
            struct str rest = str_from(out, i + 10), word;
            CHECK(b64_decode(t->arena, str_sub(rest, 0, str_find_byte(rest, '?', 0)), &word) && str_is_utf8(word));
        }
    CHECK_STR(decoded(t, out), "Čáhci, ŋ, đ, ŧ, ž\r\n");
}

TEST(nothing_that_is_given_begins_a_header_field)
{
    static const struct str subjects[] = { S("a\r\nBcc: x@y.fi"), S("a\nb"), S("a\rb"), S(""), S("\xff\xfe") };
    static const struct str addresses[] = {
        S("a@k.fi\r\nRCPT TO:<b@k.fi>"), S("a@k.fi>"), S("ä@k.fi"), S("a@k.fi b"), S("\"a\"@k.fi"), S("k.fi"), S("")
    };
    struct fail f = { 0 };
    struct str out;

    for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++) {
        struct mail m = letter();
        m.subject = subjects[i];
        CHECK(!mail_write(t->arena, &m, &out, &f));
        CHECK_STR(str_of(f.code), "mail_text");
        m = letter();
        m.from_name = subjects[i];
        CHECK(subjects[i].n == 0 || !mail_write(t->arena, &m, &out, &f));
    }
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        struct mail m = letter();
        m.to = addresses[i];
        f = (struct fail){ 0 };
        CHECK(!mail_write(t->arena, &m, &out, &f));
        CHECK_STR(str_of(f.code), "mail_address");
        m = letter();
        m.from = addresses[i];
        CHECK(!mail_write(t->arena, &m, &out, &f));
    }
    struct mail m = letter();
    m.id = S("x> y");
    CHECK(!mail_write(t->arena, &m, &out, &f));
}

TEST(the_text_of_a_mail_ends_no_message_and_is_bounded)
{
    struct mail m = letter();
    struct fail f = { 0 };
    struct str out;
    char long_text[MAIL_TEXT_MAX_B + 1];

    m.text = S("\n.\nQUIT\n");
    CHECK(mail_write(t->arena, &m, &out, &f) && !holds(body_of(out), "."));
    m.text = S("a\rb");
    CHECK(!mail_write(t->arena, &m, &out, &f));
    memset(long_text, '\n', sizeof long_text);
    m.text = str_n(long_text, MAIL_TEXT_MAX_B);
    CHECK(mail_write(t->arena, &m, &out, &f));
    m.text = str_n(long_text, MAIL_TEXT_MAX_B + 1);
    CHECK(!mail_write(t->arena, &m, &out, &f));
}
