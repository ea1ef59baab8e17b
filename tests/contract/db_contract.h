/* SPDX-License-Identifier: EUPL-1.2
 * tests/contract/db_contract.h: what every SQL database behind wire/db.h must do.
 *
 * One call runs the whole list; open gives connections to one empty database,
 * as many as are asked for. */
#ifndef TESTS_CONTRACT_DB_CONTRACT_H
#define TESTS_CONTRACT_DB_CONTRACT_H

#include "tests/test.h"
#include "wire/db.h"

struct db_rig {
    struct db *(*open)(struct db_rig *rig, struct fail *f);
    const char *where; /* the opener's own */
};

void db_contract(struct test *t, struct db_rig *rig);

#endif
