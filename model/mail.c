/* SPDX-License-Identifier: EUPL-1.2 */
#include "model/mail.h"

#include "base/codec.h"
#include "model/mailbox.h"

#include <time.h>

enum {
    WORD_B = 39,      /* with "Subject: =?UTF-8?B?" and "?=" within 76 characters [RFC 2047 2] */
    PLAIN_MAX_B = 60, /* a longer one is folded, as encoded-words */
    LINE_B = 76,      /* of base64 [RFC 2045 6.8] */
    MESSAGE_MAX_B = 65536
};

bool mail_address(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] <= ' ' || (unsigned char)s.p[i] >= 0x7f || s.p[i] == '"' || s.p[i] == '\\' ||
            s.p[i] == '(' || s.p[i] == ')' || s.p[i] == ';' || s.p[i] == ':')
            return false;
    return is_mailbox(s);
}

static bool has_control(struct str s, bool lines)
{
    for (size_t i = 0; i < s.n; i++)
        if (((unsigned char)s.p[i] < ' ' && !(lines && s.p[i] == '\n')) || s.p[i] == 0x7f)
            return true;
    return false;
}

static bool is_id(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'))
            return false;
    }
    return s.n > 0 && s.n <= MAIL_ID_MAX_B;
}

/* What may stand as it is, in a subject and, between quotes, in a name. */
static bool is_plain(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] >= 0x7f || s.p[i] == '"' || s.p[i] == '\\' || s.p[i] == '=')
            return false;
    return s.n <= PLAIN_MAX_B;
}

/* Each word is whole characters. */
static size_t word_end(struct str s)
{
    size_t n = s.n < WORD_B ? s.n : WORD_B;

    while (n > 1 && n < s.n && ((unsigned char)s.p[n] & 0xc0) == 0x80)
        n--;
    return n;
}

static void put_words(struct buf *b, struct arena *a, struct str s)
{
    for (bool first = true; s.n > 0; first = false) {
        size_t n = word_end(s);
        struct str word = b64_encode(a, str_sub(s, 0, n));
        buf_printf(b, "%s=?UTF-8?B?%.*s?=", first ? "" : "\r\n ", STR_ARG(word));
        s = str_from(s, n);
    }
}

static void put_from(struct buf *b, struct arena *a, const struct mail *m)
{
    buf_add(b, S("From: "));
    if (str_is_set(m->from_name) && is_plain(m->from_name))
        buf_printf(b, "\"%.*s\" ", STR_ARG(m->from_name));
    else if (str_is_set(m->from_name)) {
        put_words(b, a, m->from_name);
        buf_add(b, S("\r\n "));
    }
    buf_printf(b, "<%.*s>\r\n", STR_ARG(m->from));
}

static void put_subject(struct buf *b, struct arena *a, struct str s)
{
    buf_add(b, S("Subject: "));
    if (is_plain(s))
        buf_add(b, s);
    else
        put_words(b, a, s);
    buf_add(b, S("\r\n"));
}

/* Not by strftime: names of days and months are English wherever the machine stands. */
static void put_date(struct buf *b, int64_t at_s)
{
    static const char days[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
    static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    time_t at = (time_t)at_s;
    struct tm t = { 0 };

    (void)gmtime_r(&at, &t);
    buf_printf(b, "Date: %s, %d %s %d %02d:%02d:%02d +0000\r\n", days[t.tm_wday], t.tm_mday, months[t.tm_mon],
               t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}

/* Lines end with CR LF before they are encoded [RFC 2045 6.8]. */
static struct str canonical(struct arena *a, struct str text)
{
    struct buf b = buf_new(a, MESSAGE_MAX_B);

    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '\n')
            buf_byte(&b, '\r');
        buf_byte(&b, text.p[i]);
    }
    return buf_str(&b);
}

static void put_body(struct buf *b, struct arena *a, struct str text)
{
    struct str left = b64_encode(a, canonical(a, text));

    while (left.n > 0) {
        struct str line = str_sub(left, 0, left.n < LINE_B ? left.n : LINE_B);
        buf_add(b, line);
        buf_add(b, S("\r\n"));
        left = str_from(left, line.n);
    }
}

static bool judge(const struct mail *m, struct fail *f)
{
    if (!mail_address(m->from) || !mail_address(m->to))
        return fail(f, FAIL_CALLER, "mail_address", "a mail goes from one address to one, both of ASCII");
    if (!is_id(m->id))
        return fail(f, FAIL_CALLER, "mail_text", "the id of a mail is letters, digits and '-'");
    if (m->subject.n == 0 || m->subject.n > MAIL_SUBJECT_MAX_B || has_control(m->subject, false) ||
        !str_is_utf8(m->subject))
        return fail(f, FAIL_CALLER, "mail_text", "the subject of a mail is one line of at most %d bytes",
                    MAIL_SUBJECT_MAX_B);
    if (str_is_set(m->from_name) &&
        (m->from_name.n > MAIL_NAME_MAX_B || has_control(m->from_name, false) || !str_is_utf8(m->from_name)))
        return fail(f, FAIL_CALLER, "mail_text", "the sender's name is one line of at most %d bytes", MAIL_NAME_MAX_B);
    if (m->text.n > MAIL_TEXT_MAX_B || has_control(m->text, true) || !str_is_utf8(m->text))
        return fail(f, FAIL_CALLER, "mail_text", "a mail has at most %d bytes of text", MAIL_TEXT_MAX_B);
    return true;
}

bool mail_write(struct arena *a, const struct mail *m, struct str *out, struct fail *f)
{
    static const char languages[LANG_COUNT][3] = { [LANG_FI] = "fi", [LANG_SV] = "sv", [LANG_EN] = "en" };
    static const char others[LANG_COUNT][9] = {
        [LANG_FI] = ", sv, en", [LANG_SV] = ", fi, en", [LANG_EN] = ", fi, sv"
    };
    struct buf b = buf_new(a, MESSAGE_MAX_B);

    if (!judge(m, f))
        return false;
    put_from(&b, a, m);
    buf_printf(&b, "To: <%.*s>\r\n", STR_ARG(m->to));
    put_subject(&b, a, m->subject);
    put_date(&b, m->at_s);
    buf_printf(&b, "Message-ID: <%.*s@%.*s>\r\n", STR_ARG(m->id),
               STR_ARG(str_from(m->from, str_find_byte(m->from, '@', 0) + 1)));
    buf_printf(&b,
               "Auto-Submitted: auto-generated\r\nContent-Language: %s%s\r\nMIME-Version: 1.0\r\n"
               "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n",
               languages[m->lang], m->all_languages ? others[m->lang] : "");
    put_body(&b, a, m->text);
    *out = buf_str(&b);
    return buf_ok(&b) || fail(f, FAIL_CALLER, "mail_text", "the mail is too large");
}
