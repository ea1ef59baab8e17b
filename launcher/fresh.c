/* SPDX-License-Identifier: EUPL-1.2 */
#include "launcher/fresh.h"

#include "base/bits.h"

enum { CODE_BITS = 18, DAY_B = 10, TEXT_MAX_B = FRESH_KNOWN_MAX * FRESH_CODE_B + 1024, SEED = 0x6e6577 };

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static size_t code_of(struct str id)
{
    return (size_t)(str_hash(id, SEED) >> (64 - CODE_BITS));
}

static void add_code(struct buf *b, size_t code)
{
    for (int shift = CODE_BITS - 6; shift >= 0; shift -= 6)
        buf_byte(b, letters[code >> shift & 63]);
}

static size_t value_of(char letter)
{
    size_t i = 0;

    while (letters[i] != '\0' && letters[i] != letter)
        i++;
    return i & 63;
}

static struct bits codes_in(struct arena *a, struct str known)
{
    struct bits out = bits_new(a, (size_t)1 << CODE_BITS);

    for (size_t i = 0; i + FRESH_CODE_B <= known.n; i += FRESH_CODE_B)
        bits_set(&out, value_of(known.p[i]) << 12 | value_of(known.p[i + 1]) << 6 | value_of(known.p[i + 2]));
    return out;
}

/* What was shown today and is theirs still. */
static void keep_shown(struct arena *a, const struct strs *theirs, struct fresh *x)
{
    struct strs before = x->shown;

    x->shown = (struct strs){ NULL, 0 };
    for (size_t i = 0; i < before.n; i++)
        if (strs_has(theirs, before.at[i]))
            strs_add(a, &x->shown, before.at[i]);
}

bool fresh_look(struct arena *a, const struct strs *theirs, struct str today, struct fresh *x)
{
    struct bits known = codes_in(a, x->known);
    struct buf b = buf_new(a, TEXT_MAX_B);
    bool first = !str_is_set(x->known), same_day = str_eq(x->day, today), any = false;

    if (!same_day)
        x->shown = (struct strs){ NULL, 0 };
    buf_add(&b, x->known);
    for (size_t i = 0; i < theirs->n; i++) {
        size_t code = code_of(theirs->at[i]);
        if (bits_has(&known, code))
            continue;
        any = true;
        bits_set(&known, code);
        add_code(&b, code);
        if (!first && x->shown.n < FRESH_SHOWN_MAX)
            strs_add(a, &x->shown, theirs->at[i]);
    }
    keep_shown(a, theirs, x);
    if (!any)
        return false;
    x->day = first ? (struct str){ NULL, 0 } : today;
    x->known = buf_str(&b);
    if (x->known.n > (size_t)FRESH_KNOWN_MAX * FRESH_CODE_B || !buf_ok(&b))
        *x = (struct fresh){ .known = { NULL, 0 } };
    return true;
}

struct str fresh_write(struct arena *a, const struct fresh *x)
{
    struct buf b = buf_new(a, TEXT_MAX_B);

    buf_add(&b, x->known);
    buf_byte(&b, '~');
    buf_add(&b, x->day);
    for (size_t i = 0; i < x->shown.n; i++) {
        buf_byte(&b, '~');
        buf_add(&b, x->shown.at[i]);
    }
    return buf_ok(&b) ? buf_str(&b) : (struct str){ NULL, 0 };
}

struct fresh fresh_read(struct arena *a, struct str text)
{
    struct str rest = text, known, day, id;
    struct fresh x = { .known = { NULL, 0 } };

    if (text.n > TEXT_MAX_B || !str_split(&rest, '~', &known) || known.n % FRESH_CODE_B != 0 ||
        known.n > (size_t)FRESH_KNOWN_MAX * FRESH_CODE_B)
        return x;
    x.known = known;
    if (str_split(&rest, '~', &day) && day.n == DAY_B)
        x.day = day;
    while (x.shown.n < FRESH_SHOWN_MAX && str_split(&rest, '~', &id))
        strs_add(a, &x.shown, id);
    return x;
}
