/* SPDX-License-Identifier: EUPL-1.2
 * frame/contact.h: a help desk's address, which is a web page or a mailbox.
 *
 * Floor 4.  Pure.
 */
#ifndef FRAME_CONTACT_H
#define FRAME_CONTACT_H

#include "base/str.h"

/* Fills one of both, or none when the text is neither; "mailto:" may stand in front. */
void contact_split(struct str contact, struct str *url, struct str *email);

#endif
