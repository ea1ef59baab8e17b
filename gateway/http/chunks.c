/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/http/chunks.h"

#include "gateway/http/guard.h"

enum at {
    AT_SIZE = 0,     /* the first digit, or one more */
    AT_SPACE,        /* white space that an extension must follow */
    AT_EXT_NAME,     /* behind ";" */
    AT_IN_EXT_NAME,  /* the name has begun */
    AT_EXT_EQUALS,   /* white space behind the name */
    AT_EXT_VALUE,    /* behind "=" */
    AT_IN_EXT_VALUE, /* a token */
    AT_QUOTED,
    AT_ESCAPED,
    AT_EXT_END, /* behind a quoted value, or white space behind any */
    AT_SIZE_LF,
    AT_DATA,
    AT_DATA_CR,
    AT_DATA_LF,
    AT_TRAILER, /* the first byte of a line behind the last chunk */
    AT_TRAILER_NAME,
    AT_TRAILER_VALUE,
    AT_TRAILER_LF,
    AT_END_LF,
    AT_END,
    AT_REFUSED
};

static int refuse(struct chunks *c, int status, const char *rule)
{
    c->status = status;
    c->rule = rule;
    return AT_REFUSED;
}

static bool is_space(unsigned char b)
{
    return b == ' ' || b == '\t';
}

/* Of quoted strings and field values: no control byte but the tab. */
static bool is_text(unsigned char b)
{
    return (b >= 0x20 && b != 0x7f) || b == '\t';
}

static int hex_value(unsigned char b)
{
    return b >= '0' && b <= '9'   ? b - '0'
           : b >= 'a' && b <= 'f' ? b - 'a' + 10
           : b >= 'A' && b <= 'F' ? b - 'A' + 10
                                  : -1;
}

/* What may follow a size, an extension's name or its value. */
static int after(struct chunks *c, unsigned char b, int spaced)
{
    return b == '\r'     ? AT_SIZE_LF
           : b == ';'    ? AT_EXT_NAME
           : is_space(b) ? spaced
                         : refuse(c, 400, b == '\n' ? "bare_lf" : "chunk");
}

static int read_size(struct chunks *c, unsigned char b)
{
    int value = hex_value(b);

    if (value < 0)
        return c->digits > 0 ? after(c, b, AT_SPACE) : refuse(c, 400, "chunk");
    if (++c->digits > CHUNKS_DIGITS_MAX)
        return refuse(c, 400, "chunk");
    if (c->left_B > (c->most_B - c->data_B) / 16)
        return refuse(c, 413, "body_length");
    c->left_B = c->left_B * 16 + (size_t)value;
    return c->left_B > c->most_B - c->data_B ? refuse(c, 413, "body_length") : AT_SIZE;
}

static int begin_chunk(struct chunks *c)
{
    c->data_B += c->left_B;
    c->digits = 0;
    return c->left_B > 0 ? AT_DATA : AT_TRAILER;
}

/* chunk-ext = *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] )  [RFC 9112 7.1.1] */
static int read_extension(struct chunks *c, unsigned char b)
{
    switch (c->at) {
    case AT_SPACE:
    case AT_EXT_END:
        return b == '\r' && c->at == AT_SPACE ? refuse(c, 400, "chunk") : after(c, b, AT_SPACE);
    case AT_EXT_NAME:
        return is_space(b) ? AT_EXT_NAME : is_tchar(b) ? AT_IN_EXT_NAME : refuse(c, 400, "chunk_extension");
    case AT_IN_EXT_NAME:
        return is_tchar(b) ? AT_IN_EXT_NAME : b == '=' ? AT_EXT_VALUE : after(c, b, AT_EXT_EQUALS);
    case AT_EXT_EQUALS:
        return is_space(b) ? AT_EXT_EQUALS
               : b == '='  ? AT_EXT_VALUE
               : b == ';'  ? AT_EXT_NAME
                           : refuse(c, 400, "chunk_extension");
    case AT_EXT_VALUE:
        return is_space(b)   ? AT_EXT_VALUE
               : b == '"'    ? AT_QUOTED
               : is_tchar(b) ? AT_IN_EXT_VALUE
                             : refuse(c, 400, "chunk_extension");
    case AT_IN_EXT_VALUE:
        return is_tchar(b) ? AT_IN_EXT_VALUE : after(c, b, AT_SPACE);
    case AT_QUOTED:
        return b == '"'     ? AT_EXT_END
               : b == '\\'  ? AT_ESCAPED
               : is_text(b) ? AT_QUOTED
                            : refuse(c, 400, "chunk_extension");
    default: /* AT_ESCAPED */
        return is_text(b) ? AT_QUOTED : refuse(c, 400, "chunk_extension");
    }
}

static int end_name(struct chunks *c)
{
    struct str name = str_n(c->name, c->name_B);

    c->name_B = 0;
    return is_framing_name(name) ? refuse(c, 400, "trailer") : AT_TRAILER_VALUE;
}

static int read_trailer(struct chunks *c, unsigned char b)
{
    switch (c->at) {
    case AT_TRAILER:
    case AT_TRAILER_NAME:
        if (b == '\r' && c->at == AT_TRAILER)
            return AT_END_LF;
        if (b == ':' && c->name_B > 0)
            return end_name(c);
        if (!is_tchar(b) || c->name_B == sizeof c->name)
            return refuse(c, 400, b == '\n' ? "bare_lf" : "trailer");
        c->name[c->name_B++] = (char)b;
        return AT_TRAILER_NAME;
    case AT_TRAILER_VALUE:
        return b == '\r' ? AT_TRAILER_LF : is_text(b) ? AT_TRAILER_VALUE : refuse(c, 400, "trailer");
    default: /* AT_TRAILER_LF, AT_END_LF */
        return b != '\n' ? refuse(c, 400, "bare_cr") : c->at == AT_END_LF ? AT_END : AT_TRAILER;
    }
}

static int step(struct chunks *c, unsigned char b)
{
    switch (c->at) {
    case AT_SIZE:
        return read_size(c, b);
    case AT_SIZE_LF:
        return b == '\n' ? begin_chunk(c) : refuse(c, 400, "bare_cr");
    case AT_DATA_CR:
        return b == '\r' ? AT_DATA_LF : refuse(c, 400, "chunk");
    case AT_DATA_LF:
        return b == '\n' ? AT_SIZE : refuse(c, 400, "bare_cr");
    default:
        if (++c->extra_B > CHUNKS_EXTRA_MAX_B)
            return refuse(c, 400, c->at >= AT_TRAILER ? "trailer" : "chunk_extension");
        return c->at >= AT_TRAILER ? read_trailer(c, b) : read_extension(c, b);
    }
}

static size_t take_data(struct chunks *c, struct str bytes, struct buf *body)
{
    size_t n = bytes.n < c->left_B ? bytes.n : c->left_B;

    buf_add(body, str_sub(bytes, 0, n));
    c->left_B -= n;
    if (c->left_B == 0)
        c->at = AT_DATA_CR;
    return n;
}

enum chunks_say chunks_read(struct chunks *c, struct str bytes, struct buf *body, size_t *taken)
{
    size_t i = 0;

    while (i < bytes.n && c->at != AT_END && c->at != AT_REFUSED)
        if (c->at == AT_DATA)
            i += take_data(c, str_from(bytes, i), body);
        else
            c->at = step(c, (unsigned char)bytes.p[i++]);
    *taken = i;
    return c->at == AT_REFUSED ? CHUNKS_REFUSED : c->at == AT_END ? CHUNKS_WHOLE : CHUNKS_MORE;
}
