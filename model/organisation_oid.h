/* SPDX-License-Identifier: EUPL-1.2
 * model/organisation_oid.h: organisation OIDs of the National Agency for Education, "1.2.246.562.10.346830761110".
 *
 * Floor 1.  Pure.  Arc 10; 99, 199 and 299 of its test worlds.  The last digit is Luhn's, but some real organisations
 * have one that is not (or 12 digits, or the root's eleven zeros): so that is a doubt, and no fault.
 */
#ifndef MODEL_ORGANISATION_OID_H
#define MODEL_ORGANISATION_OID_H

#include "base/str.h"

enum organisation_oid { ORGANISATION_OID_NOT = 0, ORGANISATION_OID_DOUBTFUL, ORGANISATION_OID_GOOD };
enum organisation_oid organisation_oid_is(struct str s);
bool is_person_oid(struct str s); /* by its arc: the mistake that is made most */

#endif
