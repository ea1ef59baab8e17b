/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/http/shares.h"
#include "tests/test.h"

/* Of an address 2, of a network 4, of all 16; of bodies 100, 200. */
enum { PLACES = 16, BODIES_B = 800 };

struct rig {
    struct shares *s;
    struct place places[64];
};

static void rig_new(struct test *t, struct rig *r)
{
    *r = (struct rig){ .s = shares_new(t->arena, 7, PLACES, BODIES_B) };
}

/* Whether it gets a place, and silent from then on. */
static bool take(struct rig *r, int i, const char *address, struct place **instead)
{
    struct in6_addr whose;
    bool has = address != NULL && shares_address(str_of(address), &whose);

    if (!shares_take(r->s, &r->places[i], has ? &whose : NULL, instead))
        return false;
    shares_stand(&r->places[i], STANDING_SILENT);
    return true;
}

static int index_of(const struct rig *r, const struct place *p)
{
    return p != NULL ? (int)(p - r->places) : -1;
}

TEST(an_address_has_an_eighth_and_its_oldest_goes)
{
    struct rig r;
    struct place *instead;

    rig_new(t, &r);
    CHECK(take(&r, 0, "192.0.2.1", &instead) && take(&r, 1, "192.0.2.1", &instead));
    CHECK(!take(&r, 2, "192.0.2.1", &instead));
    CHECK_INT(index_of(&r, instead), 0);
    CHECK(take(&r, 3, "198.51.100.1", &instead));
    shares_leave(r.s, &r.places[0]);
    CHECK(take(&r, 2, "192.0.2.1", &instead));
    CHECK(!take(&r, 4, "::ffff:192.0.2.1", &instead)); /* the same, written otherwise */
    CHECK_INT(index_of(&r, instead), 1);
}

TEST(an_address_of_ipv6_is_a_64_and_its_network_a_48)
{
    struct rig r;
    struct place *instead;

    rig_new(t, &r);
    CHECK(take(&r, 0, "2001:db8:1:1::1", &instead) && take(&r, 1, "2001:db8:1:1:ffff::2", &instead));
    CHECK(!take(&r, 2, "2001:db8:1:1::3", &instead));
    CHECK_INT(index_of(&r, instead), 0);
    CHECK(take(&r, 2, "2001:db8:1:2::1", &instead) && take(&r, 3, "2001:db8:1:3::1", &instead));
    CHECK(!take(&r, 4, "2001:db8:1:4::1", &instead)); /* the network is full */
    CHECK_INT(index_of(&r, instead), 0);
    CHECK(take(&r, 4, "2001:db8:2:1::1", &instead));
}

TEST(a_network_of_ipv4_has_a_quarter)
{
    struct rig r;
    struct place *instead;

    rig_new(t, &r);
    CHECK(take(&r, 0, "192.0.2.1", &instead) && take(&r, 1, "192.0.2.2", &instead));
    CHECK(take(&r, 2, "192.0.2.3", &instead) && take(&r, 3, "192.0.2.254", &instead));
    CHECK(!take(&r, 4, "192.0.2.5", &instead));
    CHECK_INT(index_of(&r, instead), 0);
    CHECK(take(&r, 4, "192.0.3.5", &instead));
}

TEST(who_is_in_work_stays_and_who_was_heard_last_goes_last)
{
    struct rig r;
    struct place *instead;

    rig_new(t, &r);
    CHECK(take(&r, 0, "192.0.2.1", &instead) && take(&r, 1, "192.0.2.1", &instead));
    shares_stand(&r.places[0], STANDING_WORKING);
    CHECK(!take(&r, 2, "192.0.2.1", &instead));
    CHECK_INT(index_of(&r, instead), 1);
    shares_stand(&r.places[1], STANDING_WORKING);
    CHECK(!take(&r, 2, "192.0.2.1", &instead));
    CHECK(instead == NULL);
    shares_stand(&r.places[0], STANDING_SILENT);
    shares_stand(&r.places[1], STANDING_SILENT);
    CHECK(!take(&r, 2, "192.0.2.1", &instead));
    CHECK_INT(index_of(&r, instead), 0);
    shares_stand(&r.places[0], STANDING_SILENT); /* it was heard again */
    CHECK(!take(&r, 2, "192.0.2.1", &instead));
    CHECK_INT(index_of(&r, instead), 1);
}

TEST(when_all_is_taken_the_oldest_of_all_goes)
{
    struct rig r;
    struct place *instead;

    rig_new(t, &r);
    for (int i = 0; i < PLACES; i++)
        CHECK(take(&r, i, (const char *)arena_printf(t->arena, "10.%d.0.1%c", i, 0).p, &instead));
    CHECK(!take(&r, 20, "192.0.2.1", &instead));
    CHECK_INT(index_of(&r, instead), 0);
    CHECK(!take(&r, 20, NULL, &instead)); /* nor is there room for the proxy */
    CHECK(shares_oldest(r.s) == &r.places[0]);
    shares_leave(r.s, &r.places[0]);
    CHECK(take(&r, 20, "192.0.2.1", &instead));
}

TEST(a_proxy_has_no_share_and_each_of_its_requests_has)
{
    struct rig r;
    struct place *instead;

    rig_new(t, &r);
    for (int i = 0; i < 8; i++)
        CHECK(take(&r, i, NULL, &instead));
    CHECK(take(&r, 0, "192.0.2.1", &instead) && take(&r, 1, "192.0.2.1", &instead));
    CHECK(!take(&r, 2, "192.0.2.1", &instead));
    CHECK_INT(index_of(&r, instead), 0);
    shares_leave_address(r.s, &r.places[0]);
    CHECK(take(&r, 2, "192.0.2.1", &instead));
    for (int i = 8; i < PLACES; i++)
        CHECK(take(&r, i, NULL, &instead)); /* none was lost, and none was won */
    CHECK(!take(&r, 20, NULL, &instead));
}

TEST(bodies_of_an_address_and_of_a_network_are_bounded)
{
    struct rig r;
    struct place *instead;

    rig_new(t, &r);
    CHECK(take(&r, 0, "192.0.2.1", &instead) && take(&r, 1, "192.0.2.1", &instead));
    CHECK(take(&r, 2, "192.0.2.2", &instead) && take(&r, 3, "192.0.2.3", &instead));
    CHECK(shares_count(r.s, &r.places[0], 60) && shares_count(r.s, &r.places[1], 40));
    CHECK(!shares_count(r.s, &r.places[1], 1));
    CHECK(shares_count(r.s, &r.places[2], 100));
    CHECK(!shares_count(r.s, &r.places[3], 1));
    shares_leave(r.s, &r.places[0]);
    CHECK(shares_count(r.s, &r.places[1], 60) && !shares_count(r.s, &r.places[1], 1));
    shares_leave(r.s, &r.places[1]);
    CHECK(shares_count(r.s, &r.places[3], 100));
}

TEST(thousands_come_and_go_and_leave_nothing_behind)
{
    struct rig r;
    struct place *instead;
    int turned_away = 0;

    rig_new(t, &r);
    for (int round = 0; round < 20000; round++) {
        int i = round % 40;
        shares_leave(r.s, &r.places[i]);
        turned_away +=
            !take(&r, i, (const char *)arena_printf(t->arena, "10.%d.%d.%d%c", round % 7, round % 3, round % 11, 0).p,
                  &instead);
    }
    CHECK(turned_away > 0);
    for (int i = 0; i < 40; i++)
        shares_leave(r.s, &r.places[i]);
    CHECK(shares_oldest(r.s) == NULL);
    for (int i = 0; i < PLACES; i++)
        CHECK(take(&r, i, NULL, &instead));
}

TEST(what_is_no_address_has_no_share)
{
    static const char *const none[] = {
        "",           "unix", "192.0.2", "192.0.2.1:80", "[2001:db8::1]", "192.0.2.1, 192.0.2.2", "2001:db8::1%eth0",
        "0x7f.0.0.1", "127.1"
    };
    struct in6_addr a;

    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        if (t->checked++, shares_address(str_of(none[i]), &a))
            test_fail(t, __FILE__, __LINE__, "%s is an address", none[i]);
}
