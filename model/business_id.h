/* SPDX-License-Identifier: EUPL-1.2
 * model/business_id.h: Finnish business ids (Y-tunnus), "2345678-0": seven digits, and one that is made of them.
 *
 * Floor 1.  Pure.  Weights 7 9 10 5 8 4 2 modulo 11: a remainder of 1 makes no id [vero.fi, Y-tunnuksen
 * tarkistusmerkki].
 */
#ifndef MODEL_BUSINESS_ID_H
#define MODEL_BUSINESS_ID_H

#include "base/str.h"

bool is_business_id(struct str s);

#endif
