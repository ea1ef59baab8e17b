/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/logo.h"

#include "wire/svg.h"

#include <png.h>
#include <stdio.h>
#include <string.h>

enum { BYTES = 4, COLOURS_MAX = 256, SLOTS = 1024, BITS_LEFT_OUT_MAX = 5 };

struct picture { /* 8 bits each of red, green, blue and opacity, rows without gaps */
    unsigned char *at;
    uint32_t width, height;
};

/* --- why not ----------------------------------------------------------------------------------------------- */

const char *logo_cause_name(enum logo_cause cause)
{
    static const char *const names[] = {
#define X(name, words) #name,
        LOGO_CAUSES(X)
#undef X
    };

    return names[cause];
}

const char *logo_cause_words(enum logo_cause cause)
{
    static const char *const all[] = {
#define X(name, words) (words),
        LOGO_CAUSES(X)
#undef X
    };

    return all[cause];
}

static bool refuse(struct logo_fault *why, enum logo_cause cause, const char *what)
{
    *why = (struct logo_fault){ .cause = cause };
    (void)snprintf(why->what, sizeof why->what, "%s", what);
    return false;
}

/* --- in ---------------------------------------------------------------------------------------------------- */

static const unsigned char magic[] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };

static bool is_png(struct str file)
{
    return file.n >= sizeof magic && memcmp(file.p, magic, sizeof magic) == 0;
}

static bool sides_ok(uint32_t width, uint32_t height)
{
    uint32_t least = width < height ? width : height, most = width < height ? height : width;

    return most >= LOGO_IN_LEAST_PX && most <= LOGO_IN_MAX_PX && least >= (most + LOGO_RATIO_MAX - 1) / LOGO_RATIO_MAX;
}

static bool read_png(struct arena *a, struct str png, struct picture *out, struct logo_fault *why)
{
    png_image image = { .version = PNG_IMAGE_VERSION };
    char sides[32];

    if (png_image_begin_read_from_memory(&image, png.p, png.n) == 0)
        return refuse(why, LOGO_png, image.message);
    if (!sides_ok(image.width, image.height)) {
        png_image_free(&image);
        (void)snprintf(sides, sizeof sides, "%ux%u", image.width, image.height);
        return refuse(why, LOGO_sides, sides);
    }
    image.format = PNG_FORMAT_RGBA;
    *out = (struct picture){ arena_alloc(a, PNG_IMAGE_SIZE(image)), image.width, image.height };
    return png_image_finish_read(&image, NULL, out->at, 0, NULL) != 0 || refuse(why, LOGO_png, image.message);
}

/* --- smaller ----------------------------------------------------------------------------------------------- */

/* The mean of what lies under one pixel; what is more opaque weighs more. */
static void mean_of(const struct picture *p, const uint32_t x[2], const uint32_t y[2], unsigned char *out)
{
    uint64_t sum[3] = { 0 }, opacity = 0, count = (uint64_t)(x[1] - x[0]) * (y[1] - y[0]);

    for (uint32_t row = y[0]; row < y[1]; row++)
        for (uint32_t column = x[0]; column < x[1]; column++) {
            const unsigned char *px = p->at + ((size_t)row * p->width + column) * BYTES;
            for (int c = 0; c < 3; c++)
                sum[c] += (uint64_t)px[c] * px[3];
            opacity += px[3];
        }
    for (int c = 0; c < 3; c++)
        out[c] = opacity > 0 ? (unsigned char)((sum[c] + opacity / 2) / opacity) : 0;
    out[3] = (unsigned char)((opacity + count / 2) / count);
}

/* The span of old pixels under a new one: at least one. */
static void span(uint32_t at, uint32_t to, uint32_t from, uint32_t out[2])
{
    out[0] = (uint32_t)((uint64_t)at * from / to);
    out[1] = (uint32_t)(((uint64_t)at + 1) * from / to);
    if (out[1] == out[0])
        out[1]++;
}

static struct picture scaled(struct arena *a, const struct picture *p, uint32_t side)
{
    uint32_t most = p->width > p->height ? p->width : p->height, x[2], y[2];
    struct picture out = { .width = p->width, .height = p->height };

    if (most <= side)
        return *p;
    out.width = (uint32_t)((uint64_t)p->width * side / most);
    out.height = (uint32_t)((uint64_t)p->height * side / most);
    out.width += out.width == 0;
    out.height += out.height == 0;
    out.at = arena_alloc(a, (size_t)out.width * out.height * BYTES);
    for (uint32_t row = 0; row < out.height; row++)
        for (uint32_t column = 0; column < out.width; column++) {
            span(column, out.width, p->width, x);
            span(row, out.height, p->height, y);
            mean_of(p, x, y, out.at + ((size_t)row * out.width + column) * BYTES);
        }
    return out;
}

/* --- fewer colours ----------------------------------------------------------------------------------------- */

struct palette {
    unsigned char colours[COLOURS_MAX * BYTES];
    size_t n;
    uint16_t slots[SLOTS]; /* a colour's place plus one; open addressing */
};

/* White stays white and black black, however few bits are left. */
static unsigned char with_fewer_bits(unsigned char v, int left_out)
{
    unsigned most = 255u >> left_out, q = (unsigned)(v * most + 127) / 255;

    return (unsigned char)((q * 255 + most / 2) / most);
}

/* A colour's place; COLOURS_MAX: there is no room. */
static size_t place_of(struct palette *p, const unsigned char *colour)
{
    size_t i = str_hash(str_n((const char *)colour, BYTES), 0) % SLOTS;

    for (; p->slots[i] != 0; i = (i + 1) % SLOTS)
        if (memcmp(p->colours + (p->slots[i] - 1) * (size_t)BYTES, colour, BYTES) == 0)
            return p->slots[i] - 1u;
    if (p->n == COLOURS_MAX)
        return COLOURS_MAX;
    memcpy(p->colours + p->n * BYTES, colour, BYTES);
    p->slots[i] = (uint16_t)++p->n;
    return p->n - 1;
}

static bool index_colours(const struct picture *p, int left_out, struct palette *palette, unsigned char *places)
{
    size_t pixels = (size_t)p->width * p->height;

    *palette = (struct palette){ .n = 0 };
    for (size_t i = 0; i < pixels; i++) {
        unsigned char colour[BYTES] = { 0 };
        if (p->at[i * BYTES + 3] != 0) /* what is not seen has no colour */
            for (int c = 0; c < BYTES; c++)
                colour[c] = with_fewer_bits(p->at[i * BYTES + (size_t)c], left_out);
        size_t place = place_of(palette, colour);
        if (place == COLOURS_MAX)
            return false;
        places[i] = (unsigned char)place;
    }
    return true;
}

/* --- out --------------------------------------------------------------------------------------------------- */

static bool write_png(struct arena *a, const struct picture *p, const struct palette *palette,
                      const unsigned char *places, struct str *out)
{
    png_image image = { .version = PNG_IMAGE_VERSION,
                        .width = p->width,
                        .height = p->height,
                        .format = PNG_FORMAT_RGBA_COLORMAP,
                        .colormap_entries = (png_uint_32)palette->n };
    png_alloc_size_t n = LOGO_PNG_MAX_B;
    char *bytes = arena_alloc(a, n);

    if (png_image_write_to_memory(&image, bytes, &n, 0, places, 0, palette->colours) == 0)
        return false; /* too large */
    *out = str_n(bytes, n);
    return true;
}

static bool make_png(struct arena *a, struct str png, struct str *out, struct logo_fault *why)
{
    static const uint32_t sides[] = { LOGO_MAX_PX, 96, 64, 48, 32, 16 };
    struct palette *palette = arena_make(a, struct palette);
    struct picture whole = { NULL, 0, 0 };

    if (!read_png(a, png, &whole, why))
        return false;
    for (size_t s = 0; s < sizeof sides / sizeof *sides; s++) {
        struct picture p = scaled(a, &whole, sides[s]);
        unsigned char *places = arena_alloc(a, (size_t)p.width * p.height);
        for (int left_out = 0; left_out <= BITS_LEFT_OUT_MAX; left_out++)
            if (index_colours(&p, left_out, palette, places) && write_png(a, &p, palette, places, out))
                return true;
    }
    return refuse(why, LOGO_fits, "");
}

/* --- either ------------------------------------------------------------------------------------------------ */

bool logo_make_or(struct arena *a, struct str file, struct str *out, struct logo_fault *why)
{
    *why = (struct logo_fault){ .line = 0 };
    if (file.n > LOGO_IN_MAX_B)
        return refuse(why, LOGO_large, "");
    if (is_png(file))
        return make_png(a, file, out, why);
    return svg_is(file) ? svg_make(a, file, out, why) : refuse(why, LOGO_kind, "");
}

bool logo_make(struct arena *a, struct str file, struct str *out, struct fail *f)
{
    struct logo_fault why;
    char line[32] = "";

    if (logo_make_or(a, file, out, &why))
        return true;
    if (why.line > 0)
        (void)snprintf(line, sizeof line, "line %d", why.line);
    return fail(f, FAIL_CALLER, "logo_invalid", "%s%s%s%s%s%s", logo_cause_words(why.cause),
                line[0] != '\0' || why.what[0] != '\0' ? " (" : "", line,
                line[0] != '\0' && why.what[0] != '\0' ? ": " : "", why.what,
                line[0] != '\0' || why.what[0] != '\0' ? ")" : "");
}

struct str logo_type(struct str made)
{
    return is_png(made) ? S("image/png") : S("image/svg+xml");
}
