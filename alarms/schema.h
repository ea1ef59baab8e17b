/* SPDX-License-Identifier: EUPL-1.2
 * alarms/schema.h: of the alarms' file, for whoever tries whether this program can read it.  Floor 3. */
#ifndef ALARMS_SCHEMA_H
#define ALARMS_SCHEMA_H

#include "wire/db_schema.h"

extern const struct db_schema alarms_schema;

#endif
