/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/jose_door.h"

#include "base/heap.h"

#include <oauth2/mem.h>
#include <oauth2/oauth2.h>
#include <pthread.h>

/* Without memory liboauth2 writes to NULL.  Its allocator is that of cjose and jansson as well. */
__attribute__((constructor)) static void use_heap(void)
{
    oauth2_mem_set_alloc_funcs(heap_alloc, heap_realloc, heap_free);
}

/* liboauth2 keeps its caches in one list of the process and makes a shared
 * memory cache of 3 MB the first time it finds the list empty.  One entry that
 * nobody names, made before any thread can race for it, keeps it from that:
 * results are never cached here. */
static void occupy_cache_list(void)
{
    char *why = oauth2_cfg_set_cache(NULL, NULL, "file", "name=none&dir=/nonexistent");

    /* The list has its entry even where no semaphore can be made. */
    if (why != NULL)
        oauth2_mem_free(why);
}

static void free_verifier(void *verifier)
{
    oauth2_cfg_token_verify_free(NULL, verifier);
}

/* The library's own checks of time and issuer go by the machine's clock and by
 * optional claims: all of them are switched off and done in jose_claims.c. */
const void *jose_verifier(struct arena *a, struct str jwk)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    oauth2_cfg_token_verify_t *verify = NULL;

    (void)pthread_once(&once, occupy_cache_list);
    char *why = oauth2_cfg_token_verify_add_options(NULL, &verify, "jwk", arena_cstr(a, jwk),
                                                    "type=bearer&verify.cache=off&verify.iss=skip&verify.exp=skip&"
                                                    "verify.iat=skip");
    if (verify != NULL)
        arena_adopt(a, verify, free_verifier);
    if (why == NULL)
        return verify;
    oauth2_mem_free(why);
    return NULL;
}

/* A verifier always holds one key: without any, liboauth2 would say yes to
 * everything.  The token has been read strictly before, so the library's laxer
 * reader sees the same header; its payload is thrown away.  No log is passed:
 * with one, it formats whole tokens. */
bool jose_signature_by(struct arena *a, const void *verifier, struct str token)
{
    json_t *payload = NULL;

    if (verifier == NULL)
        return false;
    /* The library only reads it: it copies the key for each call. */
    oauth2_cfg_token_verify_t *verify = (oauth2_cfg_token_verify_t *)(uintptr_t)verifier;
    bool ok = oauth2_token_verify(NULL, NULL, verify, arena_cstr(a, token), &payload);
    if (payload != NULL)
        json_decref(payload);
    return ok;
}
