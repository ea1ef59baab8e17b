/* SPDX-License-Identifier: EUPL-1.2
 * The vendor portal's paths, and what is pasted. */
#include "gateway/node/tables.h"
#include "gateway/vendor/door.h"
#include "portal/paste.h"
#include "tests/test.h"

#include <string.h>

static bool is_before_the_door(const struct route *r)
{
    return strcmp(r->path, "/vendor/enter") == 0 || strcmp(r->path, "/vendor/join") == 0 ||
           strcmp(r->path, "/vendor/invite/*") == 0 || strcmp(r->path, "/vendor/contact/*") == 0;
}

TEST(every_path_of_the_portal_begins_with_its_door_and_names_a_role)
{
    size_t seen = 0;

    for (size_t i = 0; i < all_routes.n; i++) {
        const struct route *r = &all_routes.at[i];
        bool mine = strcmp(r->path, "/vendor") == 0 || strncmp(r->path, "/vendor/", 8) == 0;
        if (!mine || is_before_the_door(r)) {
            CHECK(r->who != WHO_VENDOR);
            continue;
        }
        const char *act = "";
        enum staff_role role = vendor_screen_role(r->steps, &act);
        seen++;
        CHECK(r->who == WHO_VENDOR && r->door == DOOR_PUBLIC && r->steps[0].run == vendor_door);
        CHECK(role != STAFF_NONE);
        CHECK((*act != '\0') == (r->method == HTTP_POST)); /* what alters something has its line before */
    }
    CHECK(seen >= 12);
}

TEST(what_is_pasted_has_the_values_and_nothing_that_ends_a_line)
{
    const struct paste_values good = { S("https://login.example"),      S("tuisku-a1"),
                                       S("https://tori.example/paluu"), S("https://tori.example"),
                                       S("https://tori.example/sp"),    S("openid profile") };
    const struct paste_values evil = { S("https://login.example"), S("a\"\nLoadModule x"), S("https://x/'+x+'"),
                                       S("https://x$(id)"),        S("https://x/\\"),      S("openid`id`") };

    for (size_t i = 0; i < paste_count; i++) {
        struct str text = paste_made(t->arena, &paste_products[i], &good);
        struct str bad = paste_made(t->arena, &paste_products[i], &evil);
        CHECK(str_is_set(text) && str_is_set(bad));
        CHECK(memmem(text.p, text.n, "https://login.example", 21) != NULL);
        CHECK(memmem(text.p, text.n, "{issuer}", 8) == NULL && memmem(text.p, text.n, "{client_id}", 11) == NULL);
        CHECK(memmem(bad.p, bad.n, "LoadModule", 10) == NULL && memmem(bad.p, bad.n, "+x+", 3) == NULL);
        CHECK(memmem(bad.p, bad.n, "$(id)", 5) == NULL && memmem(bad.p, bad.n, "`id", 3) == NULL);
        CHECK(paste_named(str_of(paste_products[i].id), paste_products[i].protocol) == &paste_products[i]);
        CHECK(paste_named(str_of(paste_products[i].id), PROTO_LINK) == NULL);
    }
}
