/* SPDX-License-Identifier: EUPL-1.2
 * wire/svg.h: an SVG reduced to shapes and paint.
 *
 * Floor 1.  Of the tree that wire/xml.h gives, the elements and attributes of two
 * allow-lists are written anew, in one order, with values of letters, digits and
 * little else; nothing is copied.  What a drawing program notes down beside is left
 * out without a word (titles, metadata, its own namespaces, classes); what would
 * change the picture, move it, run or lead anywhere is refused, with its line.
 * `style` becomes attributes.  Nothing refers to what refers on (no clones, no clip
 * within a clip), so that drawing costs what the file is long.  Pure.
 */
#ifndef WIRE_SVG_H
#define WIRE_SVG_H

#include "wire/logo.h"

enum { SVG_ELEMENTS_MAX = 2000, SVG_DEPTH_MAX = 16, SVG_SIDE_MAX = 1000000 };

bool svg_is(struct str file); /* begins as XML does; a PNG does not */
bool svg_make(struct arena *a, struct str svg, struct str *out, struct logo_fault *why);

#endif
