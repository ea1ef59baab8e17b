/* SPDX-License-Identifier: EUPL-1.2
 * idp-adapters/hetu.h: what looks like a Finnish personal identity code is shown to nobody and stands in no log.
 *
 * Floor 3.  Pure.  On the side of hiding: a date, a sign of the century, a number and
 * a character are enough where they stand apart; run together with other letters, or
 * without the sign, the check character must fit.  Dashes and spaces count alike,
 * whichever a person or a program wrote.
 */
#ifndef IDP_ADAPTERS_HETU_H
#define IDP_ADAPTERS_HETU_H

#include "base/arena.h"

bool hetu_in(struct str text);
/* For words that can be written anew: refused already where one may begin, whatever stands behind its three figures. */
bool hetu_like_in(struct str text);
/* An attribute that bears one by its name, whatever stands in it. */
bool hetu_named(struct str attribute);

#endif
