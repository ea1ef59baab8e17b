/* SPDX-License-Identifier: EUPL-1.2
 * tests/browser/render_vendor.h: the pages of the vendor portal, in their states, for render_pages. */
#ifndef TESTS_BROWSER_RENDER_VENDOR_H
#define TESTS_BROWSER_RENDER_VENDOR_H

#include "frame/page.h"

struct vendor_round {
    struct arena *a;
    enum lang lang;
    struct str text;  /* NULL: ordinary texts; else this in place of each foreign one */
    struct page page; /* of somebody who is signed in */
    const char *prefix;
    void (*put)(const char *state, enum lang lang, struct html page);
};
void render_vendor(const struct vendor_round *r);

#endif
