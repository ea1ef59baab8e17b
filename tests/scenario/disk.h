/* SPDX-License-Identifier: EUPL-1.2
 * tests/scenario/disk.h: a disk that cannot say that anything is durable. */
#ifndef TESTS_SCENARIO_DISK_H
#define TESTS_SCENARIO_DISK_H

#include <stdbool.h>

void disk_fails(bool fails); /* fdatasync() of this process, from now on */

#endif
