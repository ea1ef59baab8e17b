/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/mail.h"

#include "base/crypt.h"
#include "model/ctx.h"
#include "model/mail.h"
#include "model/when.h"

/* So that a subject with two of them fits into MAIL_SUBJECT_MAX_B. */
enum { VALUE_MAX_CHARS = 100, VALUE_MAX_B = 150 };

struct letter_words {
    struct str subject, text;
};

/* clang-format off */
static const struct letter_words words[LETTER_COUNT][LANG_COUNT] = {
#define LITERAL(s) { s, sizeof s - 1 }
#define X(letter, fi_subject, fi, sv_subject, sv, en_subject, en)                                                      \
    [LETTER_##letter] = { { LITERAL(fi_subject), LITERAL(fi) },                                                        \
                          { LITERAL(sv_subject), LITERAL(sv) },                                                        \
                          { LITERAL(en_subject), LITERAL(en) } },
    LETTERS(X)
#undef X
};

const struct names letter_parts[] = {
#define X(part, fi, sv, en) { { LITERAL(fi), LITERAL(sv), LITERAL(en) } },
    LETTER_PARTS(X)
#undef X
#undef LITERAL
};
/* clang-format on */

bool mail_is_set(const struct settings *set)
{
    return set->smtp.n > 0;
}

struct mail_door mail_door_of(const struct ctx *c)
{
    return (struct mail_door){ c->set, c->world, c->seals, c->mails };
}

/* ── words ──────────────────────────────────────────────────────────────── */

/* What people have typed becomes one line, of a length that a letter bears. */
static struct str one_line(struct arena *a, struct str s)
{
    struct str cut = str_chars(s, VALUE_MAX_CHARS, VALUE_MAX_B);
    struct buf b = buf_new(a, cut.n + 1);

    for (size_t i = 0; i < cut.n; i++)
        buf_byte(&b, (unsigned char)cut.p[i] < ' ' || cut.p[i] == 0x7f ? ' ' : cut.p[i]);
    return buf_str(&b);
}

static bool is_word(char c)
{
    return (unsigned char)c > ' ' && c != '.';
}

/* No reader of mail makes a link of it: a full stop within a word ends the word, and @ and // are no more. */
static struct str no_address(struct arena *a, struct str s)
{
    struct buf b = buf_new(a, 2 * s.n + 1);

    for (size_t i = 0; i < s.n; i++) {
        bool slashes = s.p[i] == '/' && ((i > 0 && s.p[i - 1] == '/') || (i + 1 < s.n && s.p[i + 1] == '/'));
        buf_byte(&b, slashes || s.p[i] == '@' ? ' ' : s.p[i]);
        if (s.p[i] == '.' && i > 0 && i + 1 < s.n && is_word(s.p[i - 1]) && is_word(s.p[i + 1]))
            buf_byte(&b, ' ');
    }
    return buf_str(&b);
}

static struct str value_of(struct arena *a, const struct settings *set, const struct mail_letter *x, enum lang lang,
                           struct str name)
{
    if (str_eq(name, S("gateway")))
        return one_line(a, set->name);
    if (str_eq(name, S("what")))
        return one_line(a, no_address(a, names_in(&x->what, lang)));
    if (str_eq(name, S("part")))
        return one_line(a, names_in(&x->part, lang));
    if (str_eq(name, S("when")))
        return when_date(a, x->when_s);
    if (str_eq(name, S("days")))
        return arena_printf(a, "%lld", (long long)x->days);
    return arena_join(a, set->public_url, x->path);
}

static struct str fill(struct arena *a, const struct settings *set, const struct mail_letter *x, enum lang lang,
                       struct str text)
{
    struct buf b = buf_new(a, MAIL_TEXT_MAX_B);

    for (size_t at = 0; at < text.n;) {
        size_t open = str_find_byte(text, '{', at), close = str_find_byte(text, '}', open);
        buf_add(&b, str_sub(text, at, open - at));
        if (open < text.n)
            buf_add(&b, value_of(a, set, x, lang, str_sub(text, open + 1, close - open - 1)));
        at = open < text.n ? close + 1 : open;
    }
    return buf_str(&b);
}

void mail_compose(struct arena *a, const struct settings *set, const struct mail_letter *x, struct str *subject,
                  struct str *text)
{
    const enum lang order[LANG_COUNT] = { x->lang, x->lang == LANG_FI ? LANG_SV : LANG_FI,
                                          x->lang == LANG_EN ? LANG_SV : LANG_EN };
    struct buf b = buf_new(a, MAIL_TEXT_MAX_B);

    *subject = fill(a, set, x, x->lang, words[x->letter][x->lang].subject);
    for (size_t i = 0; i < LANG_COUNT; i++) {
        if (i > 0)
            buf_add(&b, S("\n\n----------\n\n"));
        buf_add(&b, fill(a, set, x, order[i], words[x->letter][order[i]].text));
    }
    buf_add(&b, S("\n"));
    *text = buf_str(&b);
}

/* ── the outbox ─────────────────────────────────────────────────────────── */

struct putting {
    const struct mail_door *door;
    struct waiting_mail mail;
    int64_t now_s;
    bool *fresh;
};

static bool keep(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct putting *p = with;

    return mails_put(d, a, p->door->world, p->door->seals, &p->mail, p->now_s, p->fresh, f);
}

bool mail_put(const struct mail_door *d, struct arena *a, const struct mail_letter *x, int64_t now_s, bool *fresh,
              struct fail *f)
{
    struct putting p = { .door = d, .now_s = now_s, .fresh = fresh };
    struct mail m = { .from = d->set->smtp_from, .from_name = d->set->name, .to = x->to, .lang = x->lang };

    *fresh = false;
    if (d->mails == NULL || !mail_is_set(d->set))
        return fail(f, FAIL_CALLER, "no_mail_server", "smtp is not set");
    m.at_s = now_s;
    m.id = str_sub(sha256_hex(a, x->key), 0, MAIL_ID_MAX_B);
    m.all_languages = true;
    mail_compose(a, d->set, x, &m.subject, &m.text);
    p.mail = (struct waiting_mail){ .key = x->key, .owner = x->owner, .to = x->to, .a_day = x->a_day };
    return mail_write(a, &m, &p.mail.message, f) && mails_now(d->mails, a, keep, &p, f);
}

struct asking {
    struct str key;
    enum mail_state *out;
};

static bool look(void *with, struct db *d, struct arena *a, struct fail *f)
{
    const struct asking *x = with;

    return mails_how(d, a, x->key, x->out, f);
}

bool mail_state_of(const struct mail_door *d, struct arena *a, struct str key, enum mail_state *out, struct fail *f)
{
    struct asking x = { key, out };

    *out = MAIL_NONE;
    return d->mails == NULL || mails_now(d->mails, a, look, &x, f);
}

static bool take_back(void *with, struct db *d, struct arena *a, struct fail *f)
{
    const struct asking *x = with;

    (void)a;
    return mails_recall(d, x->key, f);
}

bool mail_recall(const struct mail_door *d, struct arena *a, struct str key, struct fail *f)
{
    struct asking x = { key, NULL };

    return d->mails == NULL || mails_now(d->mails, a, take_back, &x, f);
}
