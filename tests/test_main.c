/* SPDX-License-Identifier: EUPL-1.2
 *
 * Apart from test.c, so that a program with a main of its own may link the rest. */
#include "tests/test.h"

int main(int argc, char **argv)
{
    return test_main(argc, argv);
}
