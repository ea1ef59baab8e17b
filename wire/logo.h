/* SPDX-License-Identifier: EUPL-1.2
 * wire/logo.h: a service's picture, made anew before anybody is given it.
 *
 * Floor 1.  The door to libpng.  A vendor's PNG is read to pixels and those are
 * written; of an SVG what svg.h knows to be shapes and paint is written: nothing of
 * the file itself is kept, neither its texts and profiles nor what a reader with a
 * fault would stumble over.  Blocks, and costs up to a second: for a process that
 * holds no secret (gateway/cli/logo.c, gateway/process/fetcher.c).
 */
#ifndef WIRE_LOGO_H
#define WIRE_LOGO_H

#include "base/arena.h"
#include "base/fail.h"

enum {
    LOGO_IN_MAX_B = 1 << 20,
    LOGO_UPLOAD_MAX_B = 65536, /* what a form brings */
    LOGO_IN_MAX_PX = 4096,     /* a side */
    LOGO_IN_LEAST_PX = 16,     /* the longer one */
    LOGO_RATIO_MAX = 4,
    LOGO_MAX_PX = 128,
    LOGO_PNG_MAX_B = 4096, /* of what comes out */
    LOGO_MAX_B = 65536     /* of an SVG that comes out */
};

/* Why not, and what to do about it. */
#define LOGO_CAUSES(X)                                                                                                 \
    X(large, "is too large: 64 kB by a form or as an SVG, else 1 MB (an SVG: run svgo over it)")                       \
    X(kind, "is no PNG and no SVG: save it as one of these")                                                           \
    X(png, "cannot be read: save the PNG anew")                                                                        \
    X(sides, "has sides that do not do: the longer one has 16 to 4096 pixels (of an SVG: any size), and at most four " \
             "times the other's")                                                                                      \
    X(fits, "does not fit into 4 kB, however small: take one with fewer colours")                                      \
    X(doctype, "has a document type or entities: remove them")                                                         \
    X(xml, "is no well-formed XML in UTF-8: save it anew")                                                             \
    X(root, "does not begin with <svg xmlns=\"http://www.w3.org/2000/svg\">: save it as plain SVG")                    \
    X(viewbox, "says no size: give <svg> a viewBox of four numbers, or width and height")                              \
    X(deep, "has more than 16 elements within one another: ungroup them")                                              \
    X(many, "has more than 2000 elements: simplify it")                                                                \
    X(script, "has a program or a movement in it: a logo is a picture, remove it")                                     \
    X(text, "has text, which looks different wherever a font is missing: turn it into paths")                          \
    X(style, "has a style sheet: save it with presentation attributes instead (svgo: inlineStyles)")                   \
    X(clone, "has a clone or a symbol: unlink it, so that each shape stands by itself")                                \
    X(effect, "has a filter, mask, pattern, marker or dashes: turn it into shapes")                                    \
    X(element, "has an element that is no shape: remove it")                                                           \
    X(link, "leads out of the file: only #name of the file itself is taken, of a gradient")                            \
    X(url, "names something by url(): only url(#name) of fill, stroke and clip-path is taken")                         \
    X(value, "has a value that is none of numbers, colours, words and transformations: write it plainly")              \
    X(nested, "has a clip within a clip: combine them")                                                                \
    X(empty, "has no shape in it")

enum logo_cause {
#define X(cause, words) LOGO_##cause,
    LOGO_CAUSES(X)
#undef X
        LOGO_CAUSE_COUNT
};
const char *logo_cause_name(enum logo_cause cause);  /* "script": stable */
const char *logo_cause_words(enum logo_cause cause); /* in English, behind "the picture" */

struct logo_fault {
    enum logo_cause cause;
    int line;      /* of an SVG; 0: of the whole */
    char what[64]; /* "<script>", "onload": printable ASCII; "": nothing more to say */
};

/* PNG in, PNG out: at most LOGO_MAX_PX a side and LOGO_PNG_MAX_B large, with a palette; smaller and in fewer colours
 * until it is.  SVG in, SVG out (svg.h).  What has come out comes out of it unchanged. */
bool logo_make_or(struct arena *a, struct str file, struct str *out, struct logo_fault *why);
/* The same; fails CALLER logo_invalid, with what is wrong and the cure in English. */
bool logo_make(struct arena *a, struct str file, struct str *out, struct fail *f);

/* "image/png", "image/svg+xml": of what was made. */
struct str logo_type(struct str made);

#endif
