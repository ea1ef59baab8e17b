/* SPDX-License-Identifier: EUPL-1.2
 * Letters in three languages, with their values filled in; the outbox behind them; and the words of settings. */
#include "gateway/mail.h"
#include "model/mail.h"
#include "tests/test.h"
#include "tests/unit/registry_rig.h"

#include <string.h>

static const struct settings set = { .public_url = { "https://digione.example", 23 },
                                     .name = { "DigiOne", 7 },
                                     .smtp = { "smtps://mail.example", 20 },
                                     .smtp_from = { "portti@digione.example", 22 } };

static struct mail_letter letter(enum letter which)
{
    return (struct mail_letter){ .letter = which,
                                 .key = S("invite:1"),
                                 .owner = S("tuisku"),
                                 .to = S("vera@tuisku.fi"),
                                 .what = { { S("Tuisku Oy"), S("Snöyra Ab"), S("Blizzard Ltd") } },
                                 .part = { { S("omistaja"), S("ägare"), S("owner") } },
                                 .when_s = 1764482465,
                                 .days = 30,
                                 .path = S("/vendor/invite/abc") };
}

static size_t count(struct str s, const char *part)
{
    size_t n = 0, m = strlen(part);

    for (size_t i = 0; i + m <= s.n; i++)
        n += memcmp(s.p + i, part, m) == 0;
    return n;
}

TEST(each_letter_says_everything_in_three_languages_its_own_first)
{
    for (int which = LETTER_NONE + 1; which < LETTER_COUNT; which++)
        for (int lang = 0; lang < LANG_COUNT; lang++) {
            struct mail_letter x = letter((enum letter)which);
            struct str subject, text;
            x.lang = (enum lang)lang;
            mail_compose(t->arena, &set, &x, &subject, &text);
            CHECK(count(subject, "{") == 0 && count(text, "{") == 0 && count(text, "}") == 0);
            CHECK(count(subject, arena_cstr(t->arena, names_in(&x.what, x.lang))) == 1);
            CHECK(count(text, "https://digione.example/vendor/invite/abc") == LANG_COUNT);
            CHECK(count(text, "30.11.2025") == LANG_COUNT);
            CHECK(count(text, "Tuisku Oy") == 1 && count(text, "Snöyra Ab") == 1 && count(text, "Blizzard Ltd") == 1);
            CHECK(subject.n > 0 && subject.n <= MAIL_SUBJECT_MAX_B && text.n <= MAIL_TEXT_MAX_B);
        }
}

TEST(what_people_have_typed_begins_no_line_of_a_letter)
{
    struct mail_letter x = letter(LETTER_vendor_invitation);
    struct str subject, text;

    x.what.in[LANG_FI] = S("Tuisku\r\nBcc: kaikki@maailma.fi\n\n.\nVoitit!");
    mail_compose(t->arena, &set, &x, &subject, &text);
    CHECK(count(subject, "\n") == 0 && count(subject, "\r") == 0);
    CHECK(count(text, "\nBcc") == 0 && count(text, "\n.") == 0 && count(text, "\r") == 0);
}

TEST(what_people_have_typed_becomes_no_address_of_a_letter)
{
    struct mail_letter x = letter(LETTER_vendor_invitation);
    struct str subject, text;

    x.what.in[LANG_FI] =
        S("Voitit! https://huijaus.example/voitto voitto@huijaus.example //huijaus.example www.huijaus.fi");
    mail_compose(t->arena, &set, &x, &subject, &text);
    CHECK(count(subject, "//") == 0 && count(subject, "@") == 0 && count(subject, "huijaus.") > 0);
    CHECK(count(subject, "huijaus.e") == 0 && count(subject, "www.h") == 0);
    CHECK(count(text, "huijaus.e") == 0 && count(text, "www.h") == 0 && count(text, "@") == 0);
    CHECK(count(text, "//") == LANG_COUNT); /* of our own links */
    x.what.in[LANG_FI] = S("A/S Lumi Oy, os. 2.0");
    mail_compose(t->arena, &set, &x, &subject, &text);
    CHECK(count(subject, "A/S Lumi Oy, os. 2. 0") == 1);
}

TEST(a_value_of_any_length_fits_into_a_mail)
{
    char huge[4000];

    for (size_t i = 0; i < sizeof huge; i += 2)
        memcpy(huge + i, "\xc3\xa4", 2);
    for (int which = LETTER_NONE + 1; which < LETTER_COUNT; which++) {
        struct mail_letter x = letter((enum letter)which);
        struct mail m = { .from = set.smtp_from, .to = x.to, .id = S("a"), .all_languages = true };
        struct fail f = { 0 };
        struct str out;
        x.what.in[LANG_FI] = x.part.in[LANG_FI] = str_n(huge, sizeof huge);
        mail_compose(t->arena, &set, &x, &m.subject, &m.text);
        CHECK(mail_write(t->arena, &m, &out, &f));
        CHECK_STR(str_of(f.detail), "");
        CHECK(count(out, "Content-Language: fi, sv, en\r\n") == 1);
    }
}

TEST(of_one_key_one_letter_lies_in_the_outbox_until_it_is_taken_back)
{
    struct rig g;
    struct fail f = { 0 };
    bool fresh = false;
    enum mail_state state = MAIL_NONE;

    rig_open(t, &g);
    struct mails *m = mails_new(&g.set);
    const struct mail_door door = { &set, &t->world, g.how.seals, m };
    const struct mail_letter x = letter(LETTER_vendor_invitation);
    int64_t now_s = world_now_s(&t->world);
    CHECK(mail_put(&door, t->arena, &x, now_s, &fresh, &f) && fresh);
    CHECK(mail_put(&door, t->arena, &x, now_s, &fresh, &f) && !fresh);
    CHECK(mail_state_of(&door, t->arena, x.key, &state, &f) && state == MAIL_WAITS);
    CHECK(mail_recall(&door, t->arena, x.key, &f));
    CHECK(mail_state_of(&door, t->arena, x.key, &state, &f) && state == MAIL_GIVEN_UP);
    CHECK(mail_state_of(&door, t->arena, S("invite:2"), &state, &f) && state == MAIL_NONE);
    mails_free(m);
    rig_free(t, &g);
}

TEST(no_letter_goes_to_what_is_no_address_nor_where_no_server_is_set)
{
    struct rig g;
    struct fail f = { 0 };
    bool fresh = false;
    const struct settings none = { .public_url = set.public_url };

    rig_open(t, &g);
    struct mails *m = mails_new(&g.set);
    const struct mail_door door = { &set, &t->world, g.how.seals, m }, shut = { &none, &t->world, g.how.seals, m };
    struct mail_letter x = letter(LETTER_vendor_invitation);
    x.to = S("vera@tuisku.fi>\r\nRCPT TO:<kaikki@maailma.fi");
    CHECK(!mail_put(&door, t->arena, &x, 1, &fresh, &f) && strcmp(f.code, "mail_address") == 0);
    f = (struct fail){ 0 };
    x.to = S("vera@tuisku.fi");
    CHECK(!mail_put(&shut, t->arena, &x, 1, &fresh, &f) && strcmp(f.code, "no_mail_server") == 0);
    CHECK(!mail_is_set(&none) && mail_is_set(&set));
    mails_free(m);
    rig_free(t, &g);
}

static bool fits(struct test *t, const char *smtp, const char *from, const char *user, const char *file)
{
    struct settings s;
    struct fail f = { 0 };
    const char *const rows[][2] = { { "public_url", "https://digione.example" },
                                    { "listen", "127.0.0.1:8080" },
                                    { "state_dir", "/var/lib/digione" },
                                    { "smtp", smtp },
                                    { "smtp_from", from },
                                    { "smtp_user", user },
                                    { "smtp_password_file", file } };

    settings_defaults(&s);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i][1] != NULL)
            CHECK(settings_set(&s, t->arena, str_of(rows[i][0]), str_of(rows[i][1]), &f));
    return settings_check(&s, t->arena, &f);
}

TEST(a_mail_server_beyond_this_machine_is_reached_over_tls_alone)
{
    const char *from = "portti@digione.example";

    CHECK(fits(t, NULL, NULL, NULL, NULL));
    CHECK(fits(t, "starttls://mail.kunta.example:587", from, "portti", "/etc/digione/smtp"));
    CHECK(fits(t, "smtps://mail.kunta.example", from, NULL, NULL));
    CHECK(fits(t, "smtp://localhost:25", from, NULL, NULL) && fits(t, "smtp://127.0.0.1", from, NULL, NULL));
    CHECK(!fits(t, "smtp://mail.kunta.example", from, NULL, NULL)); /* in clear */
    CHECK(!fits(t, "mail.kunta.example", from, NULL, NULL));
    CHECK(!fits(t, "smtps://portti:salainen@mail.kunta.example", from, NULL, NULL));
    CHECK(!fits(t, "smtps://mail.kunta.example/polku", from, NULL, NULL));
    CHECK(!fits(t, "smtps://mail.kunta.example", NULL, NULL, NULL));          /* from whom? */
    CHECK(!fits(t, "smtps://mail.kunta.example", "portti", NULL, NULL));      /* no address */
    CHECK(!fits(t, "smtps://mail.kunta.example", from, "portti", NULL));      /* a user without a password */
    CHECK(!fits(t, "smtps://mail.kunta.example", from, NULL, "/etc/passwd")); /* and the other way round */
    CHECK(!fits(t, NULL, from, NULL, NULL));
}
