/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/cells.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "base/near.h"
#include "base/text.h"
#include "idp-adapters/password.h"
#include "model/when.h"
#include "wire/logo.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_MAX_B = 2048, LONG_MAX_B = 16 << 20, LIST_ITEMS_MAX = 1000, SECRET_LEAST_B = 16 };

/* Texts. */

static int expected(struct cells *m, const struct cell *c, const char *what)
{
    return yaml_fail(c->value, m->fail, "bad_value", "%s: expected %s", c->column->key, what);
}

/* Judged as it is once YAML's escapes are gone. */
static bool is_one_line(struct str s)
{
    return s.n <= LINE_MAX_B && text_is_plain(s);
}

static bool read_line(struct cells *m, const struct cell *c, struct str *out)
{
    if (c->value->kind != YAML_TEXT || !is_one_line(c->value->text))
        return expected(m, c, "a text of one line, at most 2048 bytes, without controls and marks of direction");
    if (c->column->preset == NULL && c->value->text.n == 0)
        return expected(m, c, "a text that is not empty");
    *out = c->value->text;
    return true;
}

static bool read_name(struct cells *m, const struct cell *c, struct db_value *out)
{
    struct str text;

    if (!read_line(m, c, &text))
        return false;
    text = text_composed(m->arena, text);
    if (text.n > PERSON_TEXT_MAX_B)
        return expected(m, c, "a name of at most 1024 bytes");
    *out = db_text(text);
    return true;
}

static bool read_text(struct cells *m, const struct cell *c, struct db_value *out)
{
    struct str text;

    if (!read_line(m, c, &text))
        return false;
    *out = db_text(text);
    return true;
}

static bool read_id(struct cells *m, const struct cell *c, struct db_value *out)
{
    struct str text;

    if (!read_line(m, c, &text))
        return false;
    if (!is_row_id(text))
        return expected(m, c, "an id: lower case letters, digits, dot, hyphen, underscore; at most 64");
    *out = db_text(text);
    return true;
}

/* A reference that is not there is NULL, so that the foreign key asks for nothing. */
static bool read_reference(struct cells *m, const struct cell *c, struct db_value *out)
{
    struct str text;

    if (!read_line(m, c, &text))
        return false;
    *out = text.n > 0 ? db_text(text) : (struct db_value){ .kind = DB_NULL };
    return true;
}

static bool read_long(struct cells *m, const struct cell *c, struct db_value *out)
{
    if (c->value->kind != YAML_TEXT || c->value->text.n > LONG_MAX_B)
        return expected(m, c, "a text of at most 16 MB");
    *out = db_text(c->value->text);
    return true;
}

static bool read_bool(struct cells *m, const struct cell *c, struct db_value *out)
{
    struct str text = c->value->kind == YAML_TEXT ? c->value->text : S("");

    if (!c->value->plain || (!str_eq(text, S("true")) && !str_eq(text, S("false"))))
        return expected(m, c, "true or false");
    *out = db_int(str_eq(text, S("true")));
    return true;
}

static bool read_int(struct cells *m, const struct cell *c, struct db_value *out)
{
    int64_t number;

    if (c->value->kind != YAML_TEXT || !str_int(c->value->text, &number) || number < 0 || number > INT_MAX)
        return expected(m, c, "a whole number");
    *out = db_int(number);
    return true;
}

/* "2026-08-10" or "2026-08-10T08:00:00Z" [RFC 3339 5.6]. */
static bool time_of(struct cells *m, struct str text, int64_t *out)
{
    return when_rfc3339_read(text.n == 10 ? arena_join(m->arena, text, S("T00:00:00Z")) : text, out);
}

static bool read_time(struct cells *m, const struct cell *c, struct db_value *out)
{
    int64_t seconds;

    if (c->value->kind != YAML_TEXT || !time_of(m, c->value->text, &seconds))
        return expected(m, c, "a date (2026-08-10) or a time (2026-08-10T08:00:00+03:00)");
    *out = db_int(seconds);
    return true;
}

static bool read_day(struct cells *m, const struct cell *c, struct db_value *out)
{
    int64_t seconds;

    if (c->value->kind != YAML_TEXT || c->value->text.n != 10 || !time_of(m, c->value->text, &seconds))
        return expected(m, c, "a date (2026-08-10)");
    *out = db_int(seconds / 86400);
    return true;
}

static bool read_word(struct cells *m, const struct cell *c, struct db_value *out)
{
    struct str text = c->value->kind == YAML_TEXT ? c->value->text : S("");
    struct buf all = buf_new(m->arena, 1024);
    const char *near = near_word(text, c->column->words);

    if (text.n > 0 && word_index(c->column->words, text) >= 0) {
        *out = db_text(text);
        return true;
    }
    for (const char *const *w = c->column->words; *w != NULL; w++)
        if (**w != '\0')
            buf_printf(&all, "%s%s", all.n > 0 ? ", " : "", *w);
    return yaml_fail(c->value, m->fail, "bad_value", "%s: expected one of %.*s, got \"%.*s\"%s%s%s", c->column->key,
                     STR_ARG(buf_str(&all)), STR_ARG(text), near != NULL ? "; did you mean \"" : "",
                     near != NULL ? near : "", near != NULL ? "\"?" : "");
}

/* Whatever a file holds is made anew; what was kept is as it was made. */
static bool read_logo(struct cells *m, const struct cell *c, struct db_value *out)
{
    struct str png, made;
    struct fail why = { 0 };

    if (c->value->kind != YAML_TEXT || !b64_decode(m->arena, c->value->text, &png))
        return expected(m, c, "a PNG in base64; or write icon_file: PATH");
    if (png.n == 0 || (c->before != NULL && str_eq(c->before->text, c->value->text))) {
        *out = db_text(c->value->text);
        return true;
    }
    if (!(m->how->logo != NULL ? m->how->logo : logo_make)(m->arena, png, &made, &why))
        return yaml_fail(c->value, m->fail, "bad_value", "%s: the picture %s", c->column->key, why.detail);
    *out = db_text(b64_encode(m->arena, made));
    return true;
}

static bool read_list(struct cells *m, const struct cell *c, struct db_value *out)
{
    struct buf joined = buf_new(m->arena, LIST_ITEMS_MAX * (LINE_MAX_B + 1));

    if (c->value->kind != YAML_LIST || c->value->n > LIST_ITEMS_MAX)
        return expected(m, c, "a list of at most 1000 texts");
    for (size_t i = 0; i < c->value->n; i++) {
        const struct yaml *item = c->value->items[i];
        if (item->kind != YAML_TEXT || item->text.n == 0 || !is_one_line(item->text))
            return yaml_fail(item, m->fail, "bad_value",
                             "%s: expected a text of one line, without controls and marks of direction",
                             c->column->key);
        if (joined.n > 0)
            buf_byte(&joined, '\n');
        buf_add(&joined, item->text);
    }
    *out = db_text(buf_str(&joined));
    return true;
}

static const char *const *claim_words(struct arena *a)
{
    const char **words = arena_make_n(a, CLAIM_COUNT + 1, const char *);

    for (int i = 0; i < CLAIM_COUNT; i++)
        words[i] = claim_rows[i].word;
    words[CLAIM_COUNT] = NULL;
    return words;
}

/* Claims are a set: kept in the order of claims.def, whatever the file's. */
static bool read_claims(struct cells *m, const struct cell *c, struct db_value *out)
{
    struct claim_set set = { 0 };
    struct buf joined = buf_new(m->arena, 4096);
    enum claim claim;

    if (c->value->kind != YAML_LIST)
        return expected(m, c, "a list of claims");
    for (size_t i = 0; i < c->value->n; i++) {
        const struct yaml *item = c->value->items[i];
        if (item->kind != YAML_TEXT || !claim_of_word(item->text, &claim))
            return yaml_fail(item, m->fail, "bad_value", "%s: \"%.*s\" is no claim%.*s", c->column->key,
                             STR_ARG(item->text), STR_ARG(near_help(m->arena, item->text, claim_words(m->arena))));
        claim_add(&set, claim);
    }
    for (int i = 0; i < CLAIM_COUNT; i++)
        if (claim_in(set, (enum claim)i))
            buf_printf(&joined, "%s%s", joined.n > 0 ? "\n" : "", claim_rows[i].word);
    *out = db_text(buf_str(&joined));
    return true;
}

/* Secrets. */

static const char *path_of(struct cells *m, struct str name)
{
    bool absolute = str_has_prefix(name, S("/"));

    return arena_printf(m->arena, "%s%s%.*s", absolute ? "" : m->how->base_dir, absolute ? "" : "/", STR_ARG(name)).p;
}

bool cell_bytes(struct cells *m, const struct yaml *where, struct str *out)
{
    struct str name = where->text;
    const char *path = path_of(m, name);
    struct buf b = buf_new(m->arena, LONG_MAX_B);
    char piece[16384];
    struct stat st;
    ssize_t n = -1;

    int fd = where->kind == YAML_TEXT && str_find_byte(name, '\0', 0) == name.n
                 ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
                 : -1;
    const char *why = fd < 0 ? strerror(errno) : "no file of at most 16 MB";
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        while ((n = read(fd, piece, sizeof piece)) > 0)
            buf_add(&b, str_n(piece, (size_t)n));
    if (fd >= 0)
        (void)close(fd);
    *out = buf_str(&b);
    return (n == 0 && buf_ok(&b)) || yaml_fail(where, m->fail, "file_unreadable", "%s: %s", path, why);
}

bool cell_file(struct cells *m, const struct yaml *where, struct str *out)
{
    return cell_bytes(m, where, out) &&
           ((str_is_utf8(*out) && str_find_byte(*out, '\0', 0) == out->n) ||
            yaml_fail(where, m->fail, "file_unreadable", "%s: no text", path_of(m, where->text)));
}

/* {plain: …} or {other: …}: *is_plain says which. */
static bool secret_text(struct cells *m, const struct cell *c, const char *other, bool *is_plain, struct str *out)
{
    const char *const known[] = { "plain", other, NULL };

    if (c->value->kind != YAML_MAP || c->value->n != 1)
        return yaml_fail(c->value, m->fail, "bad_value", "%s: expected {plain: …} or {%s: …}, or %s_file: PATH",
                         c->column->key, other, c->column->key);
    if (!yaml_only(c->value, known, m->fail))
        return false;
    if (c->value->items[0]->kind != YAML_TEXT || c->value->items[0]->text.n == 0)
        return yaml_fail(c->value, m->fail, "bad_value", "%s: expected a text", c->column->key);
    *is_plain = str_eq(c->value->keys[0], S("plain"));
    *out = c->value->items[0]->text;
    return true;
}

static bool read_hashed(struct cells *m, const struct cell *c, struct db_value *out)
{
    struct str text, bytes;
    bool plain;

    if (!secret_text(m, c, "sha256", &plain, &text))
        return false;
    if (plain && text.n < SECRET_LEAST_B)
        return yaml_fail(c->value, m->fail, "bad_value",
                         "%s: expected 16 bytes or more: it is kept as a plain SHA-256, so it must not be guessable",
                         c->column->key);
    if (!plain && (!hex_decode(m->arena, text, &bytes) || bytes.n != SHA256_B))
        return yaml_fail(c->value, m->fail, "bad_value", "%s: expected 64 hexadecimal digits", c->column->key);
    *out = db_text(plain ? sha256_hex(m->arena, text) : hex_encode(m->arena, bytes));
    return true;
}

static bool read_sealed(struct cells *m, const struct cell *c, struct db_value *out)
{
    struct str owner = arena_printf(m->arena, "%s:%.*s", c->kind->name, STR_ARG(c->row_id)), text, before;
    bool plain;

    if (!secret_text(m, c, "sealed", &plain, &text))
        return false;
    if (m->how->seals == NULL)
        return yaml_fail(c->value, m->fail, "no_root_secret", "%s: sealing needs the root secret, which is not there",
                         c->column->key);
    if (!plain && !seal_secret_open(m->arena, m->how->seals, owner, text, &before))
        return yaml_fail(c->value, m->fail, "bad_value",
                         "%s: was sealed with another root secret or for another row: give it anew as {plain: …}",
                         c->column->key);
    /* The same secret keeps its seal, so that importing a file twice changes nothing. */
    if (plain && c->before != NULL && seal_secret_open(m->arena, m->how->seals, owner, c->before->text, &before) &&
        crypt_eq(before, text))
        *out = *c->before;
    else
        *out = db_text(plain ? seal_secret(m->arena, m->how->world, m->how->seals, owner, text) : text);
    return true;
}

static bool read_password(struct cells *m, const struct cell *c, struct db_value *out)
{
    struct str text;
    bool plain;

    if (!secret_text(m, c, "argon2id", &plain, &text))
        return false;
    if (plain && c->before != NULL && password_ok(c->before->text, text)) {
        *out = *c->before;
        return true;
    }
    if (plain)
        text = password_hash(m->arena, m->how->world, text);
    if (!str_has_prefix(text, S("$argon2id$")) || text.n > 255 || !is_one_line(text))
        return yaml_fail(c->value, m->fail, "bad_value",
                         plain ? "%s: expected at most 1024 bytes" : "%s: expected $argon2id$…", c->column->key);
    *out = db_text(text);
    return true;
}

bool cell_read(struct cells *m, const struct cell *c, struct db_value *out)
{
    switch (c->column->type) {
    case COL_ID:
        return read_id(m, c, out);
    case COL_REF:
    case COL_SCHOOL:
        return read_reference(m, c, out);
    case COL_NAME:
        return read_name(m, c, out);
    case COL_LONG:
    case COL_POLICY:
        return read_long(m, c, out);
    case COL_LOGO:
        return read_logo(m, c, out);
    case COL_LIST:
        return read_list(m, c, out);
    case COL_BOOL:
        return read_bool(m, c, out);
    case COL_INT:
        return read_int(m, c, out);
    case COL_TIME:
        return read_time(m, c, out);
    case COL_DAY:
        return read_day(m, c, out);
    case COL_CHOICE:
    case COL_WORD:
    case COL_LAYER:
        return read_word(m, c, out);
    case COL_CLAIMS:
        return read_claims(m, c, out);
    case COL_HASHED:
        return read_hashed(m, c, out);
    case COL_SEALED:
        return read_sealed(m, c, out);
    case COL_PASSWORD:
        return read_password(m, c, out);
    default:
        return read_text(m, c, out);
    }
}

/* A public service cannot go without PKCE, and need not say so; one that says it will is refused later. */
static void settle_pkce(struct db_value *values)
{
    const struct kind_row *k = &kind_rows[KIND_SERVICE];

    if (str_eq(values[column_of(k, "auth_method")].text, S("none")))
        values[column_of(k, "pkce_required")] = db_int(1);
}

/* Whose a policy is says in which layer it stands. */
static void settle_layer(struct db_value *values)
{
    const struct kind_row *k = &kind_rows[KIND_POLICY];
    struct db_value *layer = &values[column_of(k, "layer")];

    if (layer->kind == DB_NULL)
        *layer = db_text(values[column_of(k, "school")].kind != DB_NULL     ? S("school")
                         : values[column_of(k, "provider")].kind != DB_NULL ? S("municipality")
                                                                            : S("nation"));
}

void cells_settle(enum kind kind, struct db_value *values, bool says_pkce)
{
    if (kind == KIND_SERVICE && !says_pkce)
        settle_pkce(values);
    if (kind == KIND_POLICY)
        settle_layer(values);
}
