/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/arena.h"
#include "gateway/http/chunks.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_B = 1000 };

struct reading {
    struct chunks c;
    struct buf body;
    enum chunks_say said;
    size_t taken;
};

static void read_in_pieces(struct reading *r, struct arena *a, struct str bytes, size_t piece_B)
{
    size_t taken = 0;

    *r = (struct reading){ .c = { .most_B = MOST_B }, .body = buf_new(a, MOST_B), .said = CHUNKS_MORE };
    for (size_t at = 0; at < bytes.n && r->said == CHUNKS_MORE; at += piece_B) {
        r->said = chunks_read(&r->c, str_sub(bytes, at, piece_B), &r->body, &taken);
        assert(taken <= piece_B && (r->said != CHUNKS_MORE || taken == str_sub(bytes, at, piece_B).n));
        r->taken += taken;
    }
}

/* The first byte says how the rest is cut.  The verdict, the body and its end never depend on that. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct reading whole, cut;

    if (size > 1) {
        struct str bytes = str_n(data + 1, size - 1);
        read_in_pieces(&whole, a, bytes, bytes.n);
        read_in_pieces(&cut, a, bytes, (size_t)data[0] % 16 + 1);
        assert(whole.said == cut.said && whole.taken == cut.taken && whole.body.n == cut.body.n);
        assert(str_eq(buf_str(&whole.body), buf_str(&cut.body)) || whole.body.n == 0);
        assert(buf_ok(&whole.body) && whole.body.n <= whole.c.data_B && whole.c.data_B <= MOST_B);
        if (whole.said == CHUNKS_WHOLE) {
            assert(whole.taken >= 5 && memcmp(bytes.p + whole.taken - 4, "\r\n\r\n", 4) == 0);
            assert(whole.body.n == whole.c.data_B);
        } else if (whole.said == CHUNKS_REFUSED) {
            assert(whole.c.rule != NULL && (whole.c.status == 400 || whole.c.status == 413));
        }
    }
    arena_free(a);
    return 0;
}
