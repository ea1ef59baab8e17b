/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/heap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void heap_exhausted(size_t n)
{
    (void)fprintf(stderr, "{\"level\":\"error\",\"event\":\"memory.exhausted\",\"bytes\":%zu}\n", n);
    abort();
}

void *heap_alloc(size_t n)
{
    void *p = malloc(n);

    if (p == NULL)
        heap_exhausted(n);
    return p;
}

void *heap_zeroed(size_t n)
{
    void *p = calloc(1, n);

    if (p == NULL)
        heap_exhausted(n);
    return p;
}

void *heap_realloc(void *p, size_t n)
{
    if (n == 0) {
        free(p);
        return NULL;
    }
    void *q = realloc(p, n);
    if (q == NULL)
        heap_exhausted(n);
    return q;
}

char *heap_strdup(const char *s)
{
    size_t n = strlen(s) + 1;

    return memcpy(heap_alloc(n), s, n);
}

void heap_free(void *p)
{
    free(p);
}
