/* SPDX-License-Identifier: EUPL-1.2
 * base/heap.h: memory for foreign libraries that cannot bear to get none.
 *
 * Floor 0.  What malloc and its kin do, but exhaustion ends the process, as it
 * does in an arena: libraries answer it with a NULL pointer that they write to,
 * or with "the token is malformed", "the signature does not hold", half a
 * document.  Each door to such a library gives it these, before its first use.
 * Any thread.
 */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include <stddef.h>

void *heap_alloc(size_t n);
void *heap_zeroed(size_t n);
void *heap_realloc(void *p, size_t n); /* n 0: frees p, gives NULL */
char *heap_strdup(const char *s);
void heap_free(void *p);

_Noreturn void heap_exhausted(size_t n); /* says so, and ends the process */

#endif
