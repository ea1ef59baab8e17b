/* SPDX-License-Identifier: EUPL-1.2
 * A QR code's path draws a square of modules with its three corners.  That a camera reads it, tests/browser/consent.mjs
 * says. */
#include "tests/test.h"
#include "wire/qr.h"

#include <stdlib.h>
#include <string.h>

enum { SIDE_MAX = 200 };

/* Draws "M0 .5h7m1 0h1…" as the browser does: every stroke is a row of dark modules. */
static bool draw(struct str path, size_t side, bool dark[SIDE_MAX][SIDE_MAX])
{
    double x = 0, y = 0;
    const char *p = path.p, *end = path.p + path.n;

    memset(dark, 0, sizeof(bool) * SIDE_MAX * SIDE_MAX);
    while (p < end) {
        char what = *p++, *next;
        double by = strtod(p, &next);
        if (next == p)
            return false;
        p = next;
        if (what == 'M' || what == 'm') {
            double down = strtod(p, &next);
            if (next == p)
                return false;
            p = next;
            x = what == 'M' ? by : x + by;
            y = what == 'M' ? down : y + down;
            continue;
        }
        if (what != 'h' || x < 0 || y < 0 || x + by > (double)side || y >= (double)side)
            return false;
        for (size_t i = 0; i < (size_t)by; i++)
            dark[(size_t)y][(size_t)x + i] = true;
        x += by;
    }
    return true;
}

/* Seven modules dark, a light ring, three by three dark: how a reader finds it [ISO/IEC 18004 6.3.3]. */
static bool has_corner(bool dark[SIDE_MAX][SIDE_MAX], size_t top, size_t left)
{
    for (size_t y = 0; y < 7; y++)
        for (size_t x = 0; x < 7; x++) {
            size_t dx = x < 3 ? 3 - x : x - 3, dy = y < 3 ? 3 - y : y - 3, ring = dx > dy ? dx : dy;
            if (dark[top + y][left + x] != (ring != 2))
                return false;
        }
    return true;
}

static size_t quiet_of(bool dark[SIDE_MAX][SIDE_MAX], size_t side)
{
    for (size_t i = 0; i < side; i++)
        if (dark[i][i])
            return i;
    return side;
}

TEST(the_path_draws_three_corners_within_its_square)
{
    static const char *const texts[] = { "x", "https://login.example.fi/device?user_code=WDJB-MJHT" };
    static bool dark[SIDE_MAX][SIDE_MAX];

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t side = 0;
        struct str path = qr_path(t->arena, str_of(texts[i]), &side);
        CHECK(path.p != NULL && side >= 21 && side < SIDE_MAX);
        CHECK(draw(path, side, dark));
        size_t quiet = quiet_of(dark, side);
        CHECK(quiet < side / 2);
        CHECK(has_corner(dark, quiet, quiet));
        CHECK(has_corner(dark, quiet, side - quiet - 7));
        CHECK(has_corner(dark, side - quiet - 7, quiet));
        CHECK(!has_corner(dark, side - quiet - 7, side - quiet - 7));
        CHECK((side - 2 * quiet) % 4 == 1); /* 21, 25, 29 … modules */
    }
}

TEST(the_same_text_is_drawn_the_same_and_another_otherwise)
{
    size_t one = 0, two = 0;
    struct str a = qr_path(t->arena, S("WDJB-MJHT"), &one), b = qr_path(t->arena, S("WDJB-MJHT"), &two);

    CHECK(str_eq(a, b) && one == two);
    CHECK(!str_eq(a, qr_path(t->arena, S("WDJB-MJHV"), &two)));
}

TEST(what_is_empty_or_too_long_is_not_drawn)
{
    size_t side = 0;
    char *text = arena_alloc(t->arena, QR_TEXT_MAX_B + 1);

    memset(text, 'a', QR_TEXT_MAX_B + 1);
    CHECK(qr_path(t->arena, S(""), &side).p == NULL);
    CHECK(qr_path(t->arena, (struct str){ NULL, 0 }, &side).p == NULL);
    CHECK(qr_path(t->arena, str_n(text, QR_TEXT_MAX_B), &side).p != NULL && side < SIDE_MAX);
    CHECK(qr_path(t->arena, str_n(text, QR_TEXT_MAX_B + 1), &side).p == NULL);
}
