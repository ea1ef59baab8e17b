/* SPDX-License-Identifier: EUPL-1.2
 * launcher/manifest.h: what a telephone needs to keep the launcher among its programs.
 *
 * Floor 5.  Pure.
 */
#ifndef LAUNCHER_MANIFEST_H
#define LAUNCHER_MANIFEST_H

#include "base/arena.h"
#include "model/lang.h"

/* [Web Application Manifest] */
struct str manifest_text(struct arena *a, struct str name, enum lang lang);

#endif
