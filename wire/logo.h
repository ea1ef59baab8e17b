/* SPDX-License-Identifier: EUPL-1.2
 * wire/logo.h: a service's picture, made anew before anybody is given it.
 *
 * Floor 1.  The door to libpng.  A vendor's file is read to pixels and those are
 * written: nothing of the file itself is kept, neither its texts and profiles nor
 * what a reader with a fault would stumble over.  PNG alone is read; an SVG is a
 * program and a document at once.  Blocks, and costs up to a second: for the
 * command line, which has it done by a process that holds no secret
 * (gateway/cli/logo.c).
 */
#ifndef WIRE_LOGO_H
#define WIRE_LOGO_H

#include "base/arena.h"
#include "base/fail.h"

enum {
    LOGO_IN_MAX_B = 1 << 20,
    LOGO_IN_MAX_PX = 4096, /* a side */
    LOGO_IN_LEAST_PX = 16, /* the longer one */
    LOGO_RATIO_MAX = 4,
    LOGO_MAX_PX = 128,
    LOGO_MAX_B = 4096 /* of what comes out */
};

/* PNG in, PNG out: at most LOGO_MAX_PX a side and LOGO_MAX_B large, with a palette; smaller and in fewer colours until
 * it is.  What has come out comes out of it unchanged.  Fails CALLER logo_invalid, with what is wrong. */
bool logo_make(struct arena *a, struct str png, struct str *out, struct fail *f);

#endif
