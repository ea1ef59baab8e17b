/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/qr.h"

#include <qrencode.h>

enum { PATH_MAX_B = 65536, SMALLEST = 0 /* version: as small as the text allows */ };

static void free_code(void *code)
{
    QRcode_free(code);
}

static bool is_dark(const QRcode *code, int x, int y)
{
    return (code->data[y * code->width + x] & 1) != 0;
}

/* A row as runs: each begins where the pen stands, or is moved to. */
static void draw_row(struct buf *b, const QRcode *code, int y)
{
    int pen = 0;
    bool begun = false;

    for (int x = 0; x < code->width; x++) {
        int from = x;
        while (x < code->width && is_dark(code, x, y))
            x++;
        if (x == from)
            continue;
        if (begun)
            buf_printf(b, "m%d 0h%d", from - pen, x - from);
        else
            buf_printf(b, "M%d %d.5h%d", from, y, x - from);
        begun = true;
        pen = x;
    }
}

struct str qr_path(struct arena *a, struct str text, size_t *side)
{
    struct buf b = buf_new(a, PATH_MAX_B);

    *side = 0;
    if (text.n == 0 || text.n > QR_TEXT_MAX_B)
        return (struct str){ NULL, 0 };
    QRcode *code = QRcode_encodeData((int)text.n, (const unsigned char *)text.p, SMALLEST, QR_ECLEVEL_M);
    if (code == NULL)
        return (struct str){ NULL, 0 };
    arena_adopt(a, code, free_code);
    *side = (size_t)code->width;
    for (int y = 0; y < code->width; y++)
        draw_row(&b, code, y);
    return buf_ok(&b) ? buf_str(&b) : (struct str){ NULL, 0 };
}
