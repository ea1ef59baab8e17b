/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/near.h"
#include "tests/test.h"

static const char *const known[] = { "", "redirect_uris", "client_id", "client_secret", "id", "name", "scopes", NULL };

static const struct {
    const char *word, *near;
} words[] = {
    { "redirect_uri", "redirect_uris" }, /* a letter missing */
    { "redirect_urisx", "redirect_uris" },
    { "redirect-uris", "redirect_uris" },
    { "Client_ID", "client_id" },
    { "clientid", "client_id" },
    { "clinet_id", "client_id" }, /* two swapped */
    { "nmae", "name" },
    { "scope", "scopes" },
    { "client_sec", "client_secret" }, /* a beginning */
    { "names", "name" },
    { "colour", NULL },
    { "x", NULL },
    { "", NULL },
    { "redirect_uris_that_nobody_would_ever_write_so_long_that_no_table_holds_it_at_all", NULL },
};

TEST(a_slip_of_the_pen_finds_its_word)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const char *near = near_word(str_of(words[i].word), known);
        t->checked++;
        if ((near == NULL) != (words[i].near == NULL) || (near != NULL && strcmp(near, words[i].near) != 0))
            test_fail(t, __FILE__, __LINE__, "%s: %s", words[i].word, near != NULL ? near : "none");
    }
}

TEST(help_lists_what_is_known)
{
    CHECK_STR(near_help(t->arena, S("nam"), known),
              "; did you mean \"name\"? Known: redirect_uris, client_id, client_secret, id, name, scopes");
    CHECK_STR(near_help(t->arena, S("colour"), known),
              "; known: redirect_uris, client_id, client_secret, id, name, scopes");
}
