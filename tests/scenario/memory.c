/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/scenario/memory.h"

#include <errno.h>
#include <link.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { RANGES_MAX = 32 };

static struct {
    struct memory_page *page;
    struct {
        uintptr_t from, to;
    } range[RANGES_MAX]; /* code of the libraries */
    size_t count;
} memory;

static __thread bool may_fail;

#ifndef __SANITIZE_THREAD__

static const char *const libraries[] = { "libxml2",   "libcrypto", "libssl",     "libhiredis", "libmicrohttpd",
                                         "liboauth2", "libcjose",  "libjansson", NULL };

static int note_library(struct dl_phdr_info *info, size_t n, void *with)
{
    bool wanted = false;

    (void)n;
    (void)with;
    for (size_t i = 0; libraries[i] != NULL; i++)
        wanted = wanted || strstr(info->dlpi_name, libraries[i]) != NULL;
    for (size_t i = 0; wanted && i < info->dlpi_phnum && memory.count < RANGES_MAX; i++) {
        const ElfW(Phdr) *h = &info->dlpi_phdr[i];
        if (h->p_type != PT_LOAD || (h->p_flags & PF_X) == 0)
            continue;
        memory.range[memory.count].from = info->dlpi_addr + h->p_vaddr;
        memory.range[memory.count++].to = info->dlpi_addr + h->p_vaddr + h->p_memsz;
    }
    return 0;
}

bool memory_open(struct memory_page *page)
{
    memory.page = page;
    (void)dl_iterate_phdr(note_library, NULL);
    return memory.count > 0;
}

static bool fails(const void *caller)
{
    uintptr_t at = (uintptr_t)caller;

    if (!may_fail || memory.page == NULL)
        return false;
    for (size_t i = 0; i < memory.count; i++) {
        if (at < memory.range[i].from || at >= memory.range[i].to)
            continue;
        if (atomic_fetch_add(&memory.page->count, 1) + 1 != atomic_load(&memory.page->fail_at))
            return false;
        atomic_store(&memory.page->failed, true);
        errno = ENOMEM;
        return true;
    }
    return false;
}

#ifdef __SANITIZE_ADDRESS__
#define REAL(name) __interceptor_##name
#else
#define REAL(name) __libc_##name
#endif

void *REAL(malloc)(size_t n);
void *REAL(calloc)(size_t count, size_t n);
void *REAL(realloc)(void *p, size_t n);

void *malloc(size_t n)
{
    return fails(__builtin_return_address(0)) ? NULL : REAL(malloc)(n);
}

void *calloc(size_t count, size_t n)
{
    return fails(__builtin_return_address(0)) ? NULL : REAL(calloc)(count, n);
}

void *realloc(void *p, size_t n)
{
    return fails(__builtin_return_address(0)) ? NULL : REAL(realloc)(p, n);
}

#else

bool memory_open(struct memory_page *page)
{
    (void)page;
    return false;
}

#endif

void memory_may_fail(void)
{
    may_fail = true;
}

void memory_fail_at(unsigned n)
{
    atomic_store(&memory.page->fail_at, n > 0 ? atomic_load(&memory.page->count) + n : 0);
}
