/* SPDX-License-Identifier: EUPL-1.2 */
#include "model/schools_file.h"

#include "base/text.h"
#include "model/organisation_oid.h"

enum column {
#define X(column, names) COLUMN_##column,
    SCHOOLS_COLUMNS(X)
#undef X
        COLUMN_COUNT
};

enum { WORD_MAX_B = 64, SLOTS = 8192, CODE_DIGITS = 5 }; /* SLOTS: a power of 2, several times SCHOOLS_MAX */

struct seen { /* an OID or a code, and where it stood */
    struct str what;
    size_t line;
};

struct reading {
    struct arena *arena;
    struct str rest, whose, place;
    struct schools_read *out;
    size_t line, begun; /* of what is read next; of the row that is being read */
    char between;
    size_t at[COLUMN_COUNT]; /* cell of each column; SIZE_MAX: none */
    struct str cells[SCHOOLS_CELLS_MAX];
    size_t cell_count, tried;
    struct seen *oids, *codes;
    bool over; /* nothing more is read */
};

const char *schools_fault_word(enum schools_fault fault)
{
    static const char *const words[] = { "",
#define X(fault) #fault,
                                         SCHOOLS_FAULTS(X)
#undef X
    };

    return words[fault];
}

static bool wrong_at(struct reading *x, size_t line, enum schools_fault fault, struct str value, size_t other)
{
    struct schools_read *out = x->out;

    if (out->wrong_count == SCHOOLS_WRONGS_MAX)
        out->wrongs_more++;
    else
        out->wrongs[out->wrong_count++] =
            (struct schools_wrong){ fault, line, arena_str(x->arena, str_chars(value, SIZE_MAX, SCHOOLS_QUOTED_MAX_B)),
                                    other };
    return false;
}

static bool wrong(struct reading *x, enum schools_fault fault, struct str value)
{
    return wrong_at(x, x->begun, fault, value, 0);
}

static bool wrong_file(struct reading *x, enum schools_fault fault)
{
    x->over = true;
    return wrong_at(x, 0, fault, S(""), 0);
}

/* ── bytes to text ──────────────────────────────────────────────────────── */

/* What Windows-1252 has where Latin-1 has controls; 0: nothing. */
static const uint16_t windows_high[32] = { 0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
                                           0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017d, 0,
                                           0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
                                           0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178 };

static void put_utf8(struct buf *b, unsigned c)
{
    if (c >= 0x800) {
        buf_byte(b, (char)(0xe0 | c >> 12));
        buf_byte(b, (char)(0x80 | (c >> 6 & 0x3f)));
    } else {
        buf_byte(b, (char)(0xc0 | c >> 6));
    }
    buf_byte(b, (char)(0x80 | (c & 0x3f)));
}

static struct str from_windows(struct arena *a, struct str bytes)
{
    struct buf b = buf_new(a, 3 * bytes.n + 1);

    for (size_t i = 0; i < bytes.n; i++) {
        unsigned char c = (unsigned char)bytes.p[i];
        if (c < 0x80)
            buf_byte(&b, (char)c);
        else
            put_utf8(&b, c >= 0xa0 ? c : windows_high[c - 0x80] != 0 ? windows_high[c - 0x80] : c);
    }
    return buf_str(&b);
}

static bool to_text(struct reading *x, struct str bytes)
{
    if (bytes.n > SCHOOLS_FILE_MAX_B)
        return wrong_file(x, SCHOOLS_file_large);
    if (str_has_prefix(bytes, S("PK\x03\x04")) || str_has_prefix(bytes, S("\xd0\xcf\x11\xe0")))
        return wrong_file(x, SCHOOLS_file_workbook);
    if (str_has_prefix(bytes, S("\xff\xfe")) || str_has_prefix(bytes, S("\xfe\xff")))
        return wrong_file(x, SCHOOLS_file_utf16);
    if (str_find_byte(bytes, '\0', 0) < bytes.n)
        return wrong_file(x, SCHOOLS_file_binary);
    if (str_has_prefix(bytes, S("\xef\xbb\xbf")))
        bytes = str_from(bytes, 3);
    if (str_trim(bytes).n == 0)
        return wrong_file(x, SCHOOLS_file_empty);
    x->out->windows = !str_is_utf8(bytes);
    x->rest = x->out->windows ? from_windows(x->arena, bytes) : bytes;
    return true;
}

/* ── lines and cells ────────────────────────────────────────────────────── */

static size_t line_end(struct str s, size_t from)
{
    size_t i = from;

    while (i < s.n && s.p[i] != '\n' && s.p[i] != '\r')
        i++;
    return i;
}

static void leave_line(struct reading *x, size_t end)
{
    bool both = end + 1 < x->rest.n && x->rest.p[end] == '\r' && x->rest.p[end + 1] == '\n';

    x->rest = str_from(x->rest, end + (both ? 2 : 1));
    x->line++;
}

/* "1.2.246.562.10.1234": an OID, whatever of. */
static bool looks_like_oid(struct str s)
{
    return str_has_prefix(s, S("1.2."));
}

static bool is_between(char c)
{
    return c == ';' || c == ',' || c == '\t';
}

/* What follows the first cell of a school; else, of ; , and tab, the one that the heading has most of. */
static char find_between(struct str text)
{
    static const char all[] = { ';', ',', '\t' };
    size_t n[3] = { 0 }, best = 0;
    size_t end = line_end(text, 0);
    bool quoted = false;

    for (size_t i = 0; looks_like_oid(text) && i < end; i++)
        if (is_between(text.p[i]))
            return text.p[i];
    for (size_t i = 0; i < end; i++) {
        quoted = quoted != (text.p[i] == '"');
        for (size_t k = 0; k < 3; k++)
            n[k] += !quoted && text.p[i] == all[k];
    }
    for (size_t k = 1; k < 3; k++)
        if (n[k] > n[best])
            best = k;
    return all[best];
}

/* A cell in quotation marks, from behind the first; *at is then behind the last.  It may hold the ends of lines. */
static bool quoted_cell(struct reading *x, size_t *at, struct str *out)
{
    struct buf b = buf_new(x->arena, SCHOOLS_LINE_MAX_B);
    size_t i = *at;

    for (; i < x->rest.n && i - *at < SCHOOLS_LINE_MAX_B; i++) {
        if (x->rest.p[i] != '"') {
            x->line += x->rest.p[i] == '\n';
            buf_byte(&b, x->rest.p[i]);
        } else if (i + 1 < x->rest.n && x->rest.p[i + 1] == '"') {
            buf_byte(&b, x->rest.p[i++]);
        } else {
            *at = i + 1;
            *out = str_trim(buf_str(&b));
            return true;
        }
    }
    return false;
}

/* Behind a quotation mark nothing but white space comes before the next cell. */
static bool is_cell_end(const struct reading *x, size_t *at)
{
    while (*at < x->rest.n && x->rest.p[*at] == ' ')
        (*at)++;
    return *at >= x->rest.n || x->rest.p[*at] == x->between || x->rest.p[*at] == '\n' || x->rest.p[*at] == '\r';
}

/* Into x->cells; false: the line is wrong, and is left behind whatever it is. */
static bool take_row(struct reading *x)
{
    size_t at = 0;

    x->begun = x->line;
    x->cell_count = 0;
    for (;;) {
        struct str cell = S("");
        size_t from = at;
        while (at < x->rest.n && x->rest.p[at] == ' ')
            at++;
        if (at < x->rest.n && x->rest.p[at] == '"') {
            at++;
            if (!quoted_cell(x, &at, &cell) || !is_cell_end(x, &at)) {
                x->over = true;
                return wrong(x, SCHOOLS_quote_open, str_sub(x->rest, from, SCHOOLS_QUOTED_MAX_B));
            }
        } else {
            while (at < x->rest.n && x->rest.p[at] != x->between && x->rest.p[at] != '\n' && x->rest.p[at] != '\r')
                at++;
            cell = str_trim(str_sub(x->rest, from, at - from));
        }
        if (at > SCHOOLS_LINE_MAX_B || x->cell_count == SCHOOLS_CELLS_MAX) {
            wrong(x, SCHOOLS_line_long, str_sub(x->rest, 0, SCHOOLS_QUOTED_MAX_B));
            leave_line(x, line_end(x->rest, at));
            return false;
        }
        x->cells[x->cell_count++] = cell;
        if (at >= x->rest.n || x->rest.p[at] != x->between)
            break;
        at++;
    }
    leave_line(x, at);
    return true;
}

static bool row_is_empty(const struct reading *x)
{
    for (size_t i = 0; i < x->cell_count; i++)
        if (x->cells[i].n > 0)
            return false;
    return true;
}

/* ── columns ────────────────────────────────────────────────────────────── */

/* "Oppilaitoksen OID" -> "oppilaitoksenoid" */
static struct str folded(struct arena *a, struct str name)
{
    struct str lower = text_folded(a, str_sub(name, 0, WORD_MAX_B));
    struct buf b = buf_new(a, 2 * WORD_MAX_B);

    for (size_t i = 0; i < lower.n; i++) {
        unsigned char c = (unsigned char)lower.p[i];
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c >= 0x80)
            buf_byte(&b, (char)c);
    }
    return buf_ok(&b) ? buf_str(&b) : S("");
}

static bool is_named(struct str names, struct str word)
{
    return word.n > 0 && str_has_word(names, word);
}

static enum column column_named(struct arena *a, struct str name)
{
    static const char *const names[COLUMN_COUNT] = {
#define X(column, names) names,
        SCHOOLS_COLUMNS(X)
#undef X
    };
    struct str word = folded(a, name);

    for (size_t i = 0; i < COLUMN_COUNT; i++)
        if (is_named(str_of(names[i]), word))
            return (enum column)i;
    return COLUMN_COUNT;
}

static bool has_column(const struct reading *x, enum column column)
{
    return x->at[column] != SIZE_MAX;
}

/* The first line is a school already. */
static void take_usual_columns(struct reading *x)
{
    static const enum column usual[] = { COLUMN_oid, COLUMN_code, COLUMN_name_fi, COLUMN_name_sv, COLUMN_name_en };

    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        x->at[usual[i]] = i;
}

static bool take_header(struct reading *x)
{
    bool good = true;

    for (size_t i = 0; i < x->cell_count; i++) {
        enum column column = column_named(x->arena, x->cells[i]);
        if (column != COLUMN_COUNT && has_column(x, column))
            good = wrong(x, SCHOOLS_column_twice, x->cells[i]);
        else if (column != COLUMN_COUNT)
            x->at[column] = i;
    }
    if (!has_column(x, COLUMN_oid))
        good = wrong(x, SCHOOLS_no_oid_column, x->cells[0]);
    if (!has_column(x, COLUMN_code))
        good = wrong(x, SCHOOLS_no_code_column, x->cells[0]);
    if (!has_column(x, COLUMN_name_fi) && !has_column(x, COLUMN_name_sv))
        good = wrong(x, SCHOOLS_no_name_column, x->cells[0]);
    x->over = !good;
    return good;
}

static struct str cell(const struct reading *x, enum column column)
{
    return has_column(x, column) && x->at[column] < x->cell_count ? x->cells[x->at[column]] : S("");
}

/* ── a school ───────────────────────────────────────────────────────────── */

static bool is_digits(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return s.n > 0;
}

/* The line that has it already; 0: none, and now this one does. */
static size_t seen_before(struct seen *seen, struct str what, size_t line)
{
    size_t slot = str_hash(what, 0) & (SLOTS - 1);

    for (size_t i = 0; i < SLOTS; i++, slot = (slot + 1) & (SLOTS - 1)) {
        if (seen[slot].what.p == NULL) {
            seen[slot] = (struct seen){ what, line };
            return 0;
        }
        if (str_eq(seen[slot].what, what))
            return seen[slot].line;
    }
    return 0;
}

static bool is_formula(struct str s)
{
    return s.n > 0 && (s.p[0] == '=' || s.p[0] == '+' || s.p[0] == '-' || s.p[0] == '@');
}

static bool name_holds(struct reading *x, struct str name)
{
    return name.n > SCHOOLS_NAME_MAX_B ? wrong(x, SCHOOLS_name_long, name)
           : is_formula(name)          ? wrong(x, SCHOOLS_name_formula, name)
           : !text_is_plain(name)      ? wrong(x, SCHOOLS_name_unseen, S(""))
                                       : true;
}

static bool oid_holds(struct reading *x, struct str oid)
{
    if (oid.n == 0)
        return wrong(x, SCHOOLS_oid_missing, cell(x, COLUMN_name_fi));
    if (is_person_oid(oid))
        return wrong(x, SCHOOLS_oid_person, oid);
    if (organisation_oid_is(oid) == ORGANISATION_OID_NOT)
        return wrong(x, str_find(oid, S("E+")) < oid.n ? SCHOOLS_oid_rounded : SCHOOLS_oid_form, oid);
    return str_eq(oid, x->whose) ? wrong(x, SCHOOLS_oid_provider, oid) : true;
}

/* A spreadsheet takes 03829 for a number: 3829. */
static bool code_holds(struct reading *x, struct str code)
{
    return code.n == 0            ? wrong(x, SCHOOLS_code_missing, cell(x, COLUMN_name_fi))
           : !is_digits(code)     ? wrong(x, SCHOOLS_code_form, code)
           : code.n < CODE_DIGITS ? wrong(x, SCHOOLS_code_short, code)
           : code.n > CODE_DIGITS ? wrong(x, SCHOOLS_code_form, code)
                                  : true;
}

static bool once(struct reading *x, struct seen *seen, struct str what, enum schools_fault fault)
{
    size_t other = seen_before(seen, what, x->begun);

    return other == 0 || wrong_at(x, x->begun, fault, what, other);
}

/* Of Statistics Finland 0 is open; of Opintopolku AKTIIVINEN. */
static bool is_closed(const struct reading *x)
{
    static const char *const open[] = { "", "0", "aktiivinen", "active", "voimassa", "aktiv", "1.0", "true" };
    struct str state = cell(x, COLUMN_state);

    for (size_t i = 0; i < sizeof open / sizeof *open; i++)
        if (str_eq_case(state, str_of(open[i])) || (state.n == 0 && open[i][0] == '\0'))
            return false;
    return true;
}

static bool is_elsewhere(const struct reading *x)
{
    struct str whose = cell(x, COLUMN_whose), place = cell(x, COLUMN_place);

    if (whose.n > 0 && looks_like_oid(whose))
        return !str_eq(whose, x->whose);
    if (str_has_prefix(place, S("kunta_")))
        place = str_from(place, 6);
    return place.n == 3 && is_digits(place) && x->place.n == 3 && !str_eq(place, x->place);
}

/* "OPPILAITOS", "organisaatiotyyppi_02"; of several it is one. */
static bool is_no_school(const struct reading *x)
{
    struct str type = cell(x, COLUMN_type);

    return type.n > 0 && str_find(type, S("OPPILAITOS")) == type.n && str_find(type, S("Oppilaitos")) == type.n &&
           str_find(type, S("oppilaitos")) == type.n && str_find(type, S("_02")) == type.n;
}

static bool passed_over(struct reading *x)
{
    struct schools_read *out = x->out;
    size_t *why = is_no_school(x)   ? &out->no_schools
                  : is_elsewhere(x) ? &out->elsewhere
                  : is_closed(x)    ? &out->closed
                                    : NULL;

    if (why != NULL)
        (*why)++;
    if (why == &out->closed && out->gone_n < SCHOOLS_MAX)
        out->gone[out->gone_n++] = cell(x, COLUMN_oid);
    return why != NULL;
}

static bool take_school(struct reading *x)
{
    struct schools_read *out = x->out;
    struct str oid = cell(x, COLUMN_oid), code = cell(x, COLUMN_code), fi = cell(x, COLUMN_name_fi),
               sv = cell(x, COLUMN_name_sv), en = cell(x, COLUMN_name_en);

    if (x->cell_count < 3 || (has_column(x, COLUMN_oid) && x->at[COLUMN_oid] >= x->cell_count) ||
        x->at[COLUMN_code] >= x->cell_count)
        return wrong(x, SCHOOLS_cells, x->cells[0]);
    if (passed_over(x))
        return true;
    if (x->tried++ == SCHOOLS_MAX) {
        x->over = true;
        return wrong(x, SCHOOLS_too_many, S(""));
    }
    if (fi.n == 0)
        fi = sv;                   /* a school that teaches in Swedish may have that name alone */
    bool good = oid_holds(x, oid); /* each says what is wrong with it */
    good = code_holds(x, code) && good;
    good = (fi.n > 0 ? name_holds(x, fi) : wrong(x, SCHOOLS_name_missing, oid)) && good;
    good = (fi.n == 0 || sv.n == 0 || str_eq(sv, fi) || name_holds(x, sv)) && good;
    good = (fi.n == 0 || en.n == 0 || name_holds(x, en)) && good;
    if (!good || !once(x, x->oids, oid, SCHOOLS_oid_twice) || !once(x, x->codes, code, SCHOOLS_code_twice))
        return false;
    out->at[out->n++] = (struct school_read){
        .oid = oid,
        .code = code,
        .name_fi = fi,
        .name_sv = sv,
        .name_en = en,
        .doubtful = organisation_oid_is(oid) != ORGANISATION_OID_GOOD,
        .line = x->begun,
    };
    return true;
}

static void take_first(struct reading *x)
{
    x->between = find_between(x->rest);
    if (!take_row(x))
        x->over = true;
    else if (looks_like_oid(x->cells[0])) {
        take_usual_columns(x);
        (void)take_school(x);
    } else
        (void)take_header(x);
}

bool schools_file_read(struct arena *a, struct str bytes, struct str whose, struct str place, struct schools_read *out)
{
    struct reading *x = arena_make(a, struct reading);

    *out = (struct schools_read){ .at = arena_make_n(a, SCHOOLS_MAX, struct school_read),
                                  .wrongs = arena_make_n(a, SCHOOLS_WRONGS_MAX, struct schools_wrong),
                                  .gone = arena_make_n(a, SCHOOLS_MAX, struct str) };
    *x = (struct reading){ .arena = a, .whose = whose, .place = place, .out = out, .line = 1 };
    x->oids = arena_make_n(a, SLOTS, struct seen);
    x->codes = arena_make_n(a, SLOTS, struct seen);
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        x->at[i] = SIZE_MAX;
    if (!to_text(x, bytes))
        return false;
    while (x->rest.n > 0 && line_end(x->rest, 0) == 0)
        leave_line(x, 0);
    take_first(x);
    while (!x->over && x->rest.n > 0)
        if (take_row(x) && !row_is_empty(x))
            (void)take_school(x);
    return out->wrong_count == 0;
}

/* ── and back ───────────────────────────────────────────────────────────── */

static void put_cell(struct buf *b, struct str s, char before)
{
    bool quoted = false;

    for (size_t i = 0; i < s.n; i++)
        quoted = quoted || is_between(s.p[i]) || s.p[i] == '"';
    if (before != '\0')
        buf_byte(b, before);
    if (quoted)
        buf_byte(b, '"');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"')
            buf_byte(b, '"');
        buf_byte(b, s.p[i]);
    }
    if (quoted)
        buf_byte(b, '"');
}

struct str schools_file_write(struct arena *a, const struct schools_read *x)
{
    struct buf b = buf_new(a, SCHOOLS_FILE_MAX_B);

    for (size_t i = 0; i < x->n; i++) {
        put_cell(&b, x->at[i].oid, '\0');
        put_cell(&b, x->at[i].code, ';');
        put_cell(&b, x->at[i].name_fi, ';');
        put_cell(&b, x->at[i].name_sv, ';');
        put_cell(&b, x->at[i].name_en, ';');
        buf_byte(&b, '\n');
    }
    return buf_ok(&b) ? buf_str(&b) : S("");
}
