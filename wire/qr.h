/* SPDX-License-Identifier: EUPL-1.2
 * wire/qr.h: a text as a QR code, drawn as a path of SVG.
 *
 * Floor 1.  Pure; libqrencode comes in here and nowhere else.  Error correction M: a camera reads it off a screen with
 * a reflection on it.  [ISO/IEC 18004]
 */
#ifndef WIRE_QR_H
#define WIRE_QR_H

#include "base/arena.h"

enum { QR_TEXT_MAX_B = 512 };

/* The dark modules as strokes of width 1: "M0 .5h7m1 0h1…", in a square of *side units.  Absent: longer than
 * QR_TEXT_MAX_B, or empty. */
struct str qr_path(struct arena *a, struct str text, size_t *side);

#endif
