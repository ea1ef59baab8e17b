/* SPDX-License-Identifier: EUPL-1.2
 * registry/class_links.h: links that teachers have put up for a class.
 *
 * Floor 4.  A class is a context as a vendor knows it (a name that says nothing by itself), so whoever is told that
 * context has its links, and nobody else; what a link holds is its protocol's own text.  In a file of its own,
 * state_dir/registry/class_links.sqlite: losing it loses the links.  They are forgotten CLASS_LINK_KEPT_S after they
 * were put up.
 *
 * Everything here may block but class_links_new() and class_links_ask().
 */
#ifndef REGISTRY_CLASS_LINKS_H
#define REGISTRY_CLASS_LINKS_H

#include "base/batch.h"
#include "base/fail.h"
#include "base/settings.h"
#include "base/work.h"
#include "model/registry.h"

enum {
    CLASS_LINK_KEPT_S = 400 * 86400, /* more than a school year */
    CLASS_LINKS_MAX = 50,            /* of one class, of one service */
    CLASS_LINK_MAX_B = 4096,
    CLASS_LINKS_AT_ONCE = 50
};

struct class_link {
    struct str id; /* made by whoever puts it up: random, at most 64 bytes */
    struct str context, service;
    struct str title, text; /* text: at most CLASS_LINK_MAX_B */
};

enum class_link_change { CLASS_LINK_NONE = 0, CLASS_LINK_ADD, CLASS_LINK_REMOVE, CLASS_LINK_UP, CLASS_LINK_DOWN };

struct class_links;
struct class_links *class_links_new(const struct settings *set); /* opens nothing yet */
void class_links_free(struct class_links *s);                    /* after the worker threads; NULL does nothing */

struct class_links_ask { /* the caller's, until the answer */
    enum class_link_change change;
    const struct class_link *link; /* ADD: link_count of them, of one class; else one, of which id, context and service
                                    * count */
    size_t link_count;
    const struct strs *contexts; /* what is read, once that is done */
    int64_t now_s;
    /* out */
    struct class_link *at; /* in the order of the classes' lists */
    size_t n;
    size_t left_out; /* ADD: for which there was no room */
    bool ok;
    struct fail why;
};
/* Asks the batch and answers it once.  A change that does not apply (gone, first, last) changes nothing.  False, and no
 * answer: too many jobs wait. */
bool class_links_ask(struct class_links *s, struct work *w, struct batch *b, struct arena *a,
                     struct class_links_ask *x);

#endif
