/* SPDX-License-Identifier: EUPL-1.2
 *
 * The file of keys that make_rsa_pool.c writes and rsa_pool.c reads. */
#ifndef TESTS_RSA_POOL_H
#define TESTS_RSA_POOL_H

enum { RSA_POOL_KEYS = 40, RSA_POOL_BITS = 2048, RSA_POOL_KEY_B = 1280 }; /* more keys than a folder of them holds */

#endif
