/* SPDX-License-Identifier: EUPL-1.2
 * Mails that wait: one of a key, sealed, bounded, tried again ever later, and there after a restart. */
#include "registry/mails.h"
#include "tests/test.h"
#include "tests/unit/registry_rig.h"

#include <stdlib.h>
#include <string.h>

struct box {
    struct test *t;
    const struct seals *seals;
    int64_t now_s;
};

static bool put(const struct box *x, struct db *d, struct arena *a, const char *key, const char *owner, struct fail *f)
{
    const struct waiting_mail m = {
        .key = str_of(key), .owner = str_of(owner), .to = S("tuki@kinos.fi"), .message = S("https://x/vendor/invite/T")
    };
    bool fresh = false;

    return mails_put(d, a, &x->t->world, x->seals, &m, x->now_s, &fresh, f) && fresh;
}

static bool try_once(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct test *t = ((struct box *)with)->t;
    const struct box *x = with;
    struct waiting_mail got, none;
    bool over;

    CHECK(put(x, d, a, "invite:1", "tuisku", f));
    CHECK(!put(x, d, a, "invite:1", "tuisku", f)); /* of this key there is one */
    CHECK(mails_take(d, a, x->seals, x->now_s, &got, f) && got.tries == 1);
    CHECK_STR(got.to, "tuki@kinos.fi");
    CHECK_STR(got.message, "https://x/vendor/invite/T");
    CHECK(mails_take(d, a, x->seals, x->now_s, &none, f) && none.number == 0); /* it is somebody's */
    CHECK(mails_failed(d, &got, false, x->now_s, &over, f) && !over);
    CHECK(mails_take(d, a, x->seals, x->now_s + MAILS_FIRST_S - 1, &none, f) && none.number == 0);
    CHECK(mails_take(d, a, x->seals, x->now_s + MAILS_FIRST_S, &got, f) && got.tries == 2);
    CHECK(mails_sent(d, got.number, f));
    CHECK(mails_take(d, a, x->seals, x->now_s + 30 * 86400, &none, f) && none.number == 0);
    CHECK(!put(x, d, a, "invite:1", "tuisku", f)); /* nor after it was sent */
    return true;
}

static bool try_again(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct test *t = ((struct box *)with)->t;
    const struct box *x = with;
    struct waiting_mail got;
    int64_t now_s = x->now_s;
    bool over = false;

    CHECK(put(x, d, a, "k", "tuisku", f));
    for (int i = 1; i <= MAILS_TRIES_MAX; i++) {
        CHECK(mails_take(d, a, x->seals, now_s, &got, f) && got.tries == i);
        CHECK(mails_failed(d, &got, false, now_s, &over, f) && over == (i == MAILS_TRIES_MAX));
        now_s += MAILS_LAST_S;
    }
    CHECK(put(x, d, a, "k2", "tuisku", f));
    CHECK(mails_take(d, a, x->seals, now_s, &got, f) && got.tries == 1);
    CHECK(mails_failed(d, &got, true, now_s, &over, f) && over);
    CHECK(mails_take(d, a, x->seals, now_s + MAILS_LAST_S, &got, f) && got.number == 0);
    return true;
}

static bool try_many(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct test *t = ((struct box *)with)->t;
    const struct box *x = with;

    for (int i = 0; i < MAILS_OF_ONE_MAX; i++)
        CHECK(put(x, d, a, arena_printf(a, "k%d", i).p, "tuisku", f));
    CHECK(!put(x, d, a, "more", "tuisku", f));
    CHECK_STR(str_of(f->code), "mails");
    *f = (struct fail){ 0 };
    CHECK(put(x, d, a, "other", "another", f)); /* one owner's flood is its own */
    return true;
}

static bool leave_one(void *with, struct db *d, struct arena *a, struct fail *f)
{
    return put(with, d, a, "left", "tuisku", f);
}

static bool find_one(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct test *t = ((struct box *)with)->t;
    const struct box *x = with;
    const struct seals *others = seals_of(a, S("0123456789abcdef0123456789abcdef-another"));
    static const struct db_statement look = { "look", "SELECT to_sealed, sealed FROM mails WHERE key = 'left'" };
    struct waiting_mail got;
    struct db_rows rows;

    CHECK(db_query(d, &look, NULL, 0, a, &rows, f) && rows.n == 1);
    CHECK(memmem(rows.at[0].text.p, rows.at[0].text.n, "kinos", 5) == NULL);
    CHECK(memmem(rows.at[1].text.p, rows.at[1].text.n, "invite", 6) == NULL);
    CHECK(mails_take(d, a, x->seals, x->now_s, &got, f) && got.number > 0);
    CHECK_STR(got.to, "tuki@kinos.fi");
    CHECK(put(x, d, a, "lost", "tuisku", f));
    CHECK(mails_take(d, a, others, x->now_s, &got, f) && got.number == 0); /* given up: it will never open */
    return true;
}

static void in_box(struct test *t, mails_job *first, mails_job *second)
{
    struct rig g;
    struct fail f = { 0 };

    rig_open(t, &g);
    struct box x = { .t = t, .seals = g.how.seals, .now_s = world_now_s(&t->world) };
    struct mails *m = mails_new(&g.set);
    CHECK(mails_now(m, t->arena, first, &x, &f));
    mails_free(m);
    if (second != NULL) {
        m = mails_new(&g.set);
        CHECK(mails_now(m, t->arena, second, &x, &f));
        mails_free(m);
    }
    CHECK_STR(f.detail, "");
    rig_free(t, &g);
}

TEST(of_one_thing_one_mail_is_sent)
{
    in_box(t, try_once, NULL);
}

TEST(a_mail_that_is_not_taken_is_tried_again_ever_later_and_given_up_at_last)
{
    in_box(t, try_again, NULL);
}

TEST(mails_that_wait_are_bounded_for_each_owner)
{
    in_box(t, try_many, NULL);
}

static bool put_to(const struct box *x, struct db *d, struct arena *a, const char *to, int64_t a_day, int64_t now_s,
                   struct fail *f)
{
    static int puts;
    const int number = ++puts;
    const struct waiting_mail m = { .key = arena_printf(a, "invite:%d", number),
                                    .owner = arena_printf(a, "of-%d", number), /* each time another's */
                                    .to = str_of(to),
                                    .message = S("x"),
                                    .a_day = a_day };
    bool fresh = false;

    return mails_put(d, a, &x->t->world, x->seals, &m, now_s, &fresh, f) && fresh;
}

static bool try_one_mailbox(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct test *t = ((struct box *)with)->t;
    const struct box *x = with;
    static const char *const same[] = { "tuki@kinos.fi", "Tuki@Kinos.FI", "tuki+1@kinos.fi" };

    for (int i = 0; i < MAILS_INVITED_A_DAY_MAX; i++)
        CHECK(put_to(x, d, a, same[i % 3], MAILS_INVITED_A_DAY_MAX, x->now_s, f));
    for (size_t i = 0; i < 3; i++) {
        CHECK(!put_to(x, d, a, same[i], MAILS_INVITED_A_DAY_MAX, x->now_s + 86399, f));
        const struct waiting_mail again = { .key = S("invite:1"),
                                            .owner = S("of-1"),
                                            .to = S("tuki@kinos.fi"),
                                            .message = S("x"),
                                            .a_day = MAILS_INVITED_A_DAY_MAX };
        struct fail none = { 0 };
        bool fresh = true; /* one that is there already takes no room */
        CHECK(mails_put(d, a, &x->t->world, x->seals, &again, x->now_s, &fresh, &none) && !fresh);
        CHECK(f->kind == FAIL_BUSY && strcmp(f->code, "mails") == 0);
    }
    *f = (struct fail){ 0 };
    CHECK(put_to(x, d, a, "tuki@lumme.fi", MAILS_INVITED_A_DAY_MAX, x->now_s, f));
    CHECK(put(x, d, a, "ends:a", "tuisku", f)); /* of which any number goes */
    for (int i = MAILS_INVITED_A_DAY_MAX; i < MAILS_WARNED_A_DAY_MAX; i++)
        CHECK(put_to(x, d, a, same[0], MAILS_WARNED_A_DAY_MAX, x->now_s, f));
    CHECK(!put_to(x, d, a, same[0], MAILS_WARNED_A_DAY_MAX, x->now_s, f));
    *f = (struct fail){ 0 };
    CHECK(put_to(x, d, a, same[0], MAILS_INVITED_A_DAY_MAX, x->now_s + 86400, f));
    return true;
}

TEST(one_mailbox_gets_few_invitations_a_day_and_some_warnings_whoever_asks)
{
    in_box(t, try_one_mailbox, NULL);
}

TEST(a_mail_outlives_a_restart_and_lies_sealed_meanwhile)
{
    in_box(t, leave_one, find_one);
}
