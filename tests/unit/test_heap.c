/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/crypt.h"
#include "base/heap.h"
#include "tests/test.h"
#include "wire/jose.h"
#include "wire/xml.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cjose/util.h>
#include <libxml/xmlmemory.h>
#include <oauth2/mem.h>
#include <openssl/crypto.h>

/* As jansson.h has it; its other names are in the way of wire/json.h. */
typedef void *json_alloc_fn(size_t n);
typedef void json_free_fn(void *p);
void json_get_alloc_funcs(json_alloc_fn **alloc, json_free_fn **give_back);

/* A use of each door, so that it is linked: what sets the allocators stands behind it. */
static void use_the_doors(struct test *t)
{
    struct fail f = { 0 };

    CHECK(sha256(t->arena, S("")).n == SHA256_B);
    CHECK(xml_parse(t->arena, S("<a/>"), 100, &f) != NULL);
    CHECK(jwks_read(t->arena, S("no JSON"), &f) == NULL);
}

TEST(libraries_that_cannot_bear_to_get_no_memory_take_it_from_the_heap)
{
    CRYPTO_malloc_fn openssl_alloc;
    CRYPTO_realloc_fn openssl_realloc;
    CRYPTO_free_fn openssl_free;
    xmlFreeFunc xml_free;
    xmlMallocFunc xml_alloc;
    xmlReallocFunc xml_realloc;
    xmlStrdupFunc xml_strdup;
    json_alloc_fn *json_alloc;
    json_free_fn *json_free;

    use_the_doors(t);
    CRYPTO_get_mem_functions(&openssl_alloc, &openssl_realloc, &openssl_free);
    CHECK(openssl_alloc != CRYPTO_malloc && openssl_realloc != CRYPTO_realloc && openssl_free != CRYPTO_free);
    CHECK(xmlMemGet(&xml_free, &xml_alloc, &xml_realloc, &xml_strdup) == 0);
    CHECK(xml_alloc == heap_alloc && xml_realloc == heap_realloc && xml_free == heap_free && xml_strdup == heap_strdup);
    CHECK(oauth2_mem_get_alloc() == heap_alloc && cjose_get_alloc() == heap_alloc);
    CHECK(oauth2_mem_get_dealloc() == heap_free && cjose_get_dealloc() == heap_free);
    json_get_alloc_funcs(&json_alloc, &json_free);
    CHECK(json_alloc == heap_alloc && json_free == heap_free);
}

TEST(growing_to_nothing_gives_back)
{
    char *p = heap_strdup("Oulu");

    CHECK(strcmp(p, "Oulu") == 0);
    p = heap_realloc(p, 100);
    CHECK(strcmp(p, "Oulu") == 0);
    CHECK(heap_realloc(p, 0) == NULL);
}

TEST(exhaustion_ends_the_process)
{
    int status = 0;

    (void)fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        (void)dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
        (void)heap_alloc((size_t)1 << 62);
        _exit(0);
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK(!WIFEXITED(status) || WEXITSTATUS(status) != 0); /* by our own hand, or by a sanitizer's */
}
