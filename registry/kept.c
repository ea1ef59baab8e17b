/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/kept.h"

#include "base/seals.h"
#include "registry/cells.h"

const struct kept_secret kept_secrets[] = {
    { KIND_IDP, "client_secret_sealed", "issuer" },
    /* Typed into the page where people sign in, which metadata name. */
    { KIND_IDP, "probe_password_sealed", "kind issuer entity_id metadata_url metadata_xml" },
    { KIND_IDP, "relations_key_sealed", "relations_url" },
    { KIND_IDP, "relations_secret_sealed", "relations_url" },
    { KIND_SERVICE, "secret_sealed", "" }, /* what the service signs with is checked by it, here */
};
const size_t kept_secret_count = sizeof kept_secrets / sizeof *kept_secrets;

/* ── addresses within a document ────────────────────────────────────────── */

static struct str skip_space(struct str s)
{
    while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t' || s.p[0] == '\r' || s.p[0] == '\n'))
        s = str_from(s, 1);
    return s;
}

/* The value of the next attribute Location or ResponseLocation; *rest is what follows.  False: there is none. */
static bool next_location(struct str *rest, struct str *out)
{
    static const struct str name = { "Location", 8 };

    for (size_t at = str_find(*rest, name); at < rest->n; at = str_find(*rest, name)) {
        struct str s = skip_space(str_from(*rest, at + name.n));
        *rest = str_from(*rest, at + name.n);
        if (s.n == 0 || s.p[0] != '=')
            continue;
        s = skip_space(str_from(s, 1));
        if (s.n == 0 || (s.p[0] != '"' && s.p[0] != '\''))
            continue;
        *out = str_sub(s, 1, str_find_byte(s, s.p[0], 1));
        return true;
    }
    return false;
}

/* "https://idp.example:8443": up to the path. */
static struct str origin_of(struct str address)
{
    size_t scheme = str_find(address, S("://"));

    return scheme < address.n ? str_sub(address, 0, str_find_byte(address, '/', scheme + 3)) : address;
}

static bool names_origin(struct str document, struct str origin)
{
    struct str location;

    while (next_location(&document, &location))
        if (str_eq(origin_of(location), origin))
            return true;
    return false;
}

/* New keys at the same addresses are no new address; a document in which none is found is another altogether. */
static bool leads_elsewhere(struct str before, struct str after)
{
    struct str location, rest = after;
    size_t n = 0;

    for (; next_location(&rest, &location); n++)
        if (!names_origin(before, origin_of(location)))
            return true;
    return n == 0;
}

/* ── the check ──────────────────────────────────────────────────────────── */

static bool is_other(const struct column *c, const struct db_value *before, const struct db_value *after)
{
    if (same_value(before, after))
        return false;
    return c->type != COL_LONG || before->kind != DB_TEXT || after->kind != DB_TEXT ||
           leads_elsewhere(before->text, after->text);
}

/* The first address of the secret that is another now; NULL: none. */
static const struct column *moved(const struct kept_secret *s, const struct db_value *before,
                                  const struct db_value *after)
{
    const struct kind_row *k = &kind_rows[s->kind];
    struct str rest = str_of(s->addresses), name;

    while (str_split(&rest, ' ', &name))
        for (size_t i = 0; name.n > 0 && i < k->column_count; i++)
            if (str_eq(str_of(k->columns[i].name), name) && is_other(&k->columns[i], &before[i], &after[i]))
                return &k->columns[i];
    return NULL;
}

static bool stays(struct arena *a, const struct changed_row *r, const struct kept_secret *s, struct row_place *where,
                  struct fail *f)
{
    const struct kind_row *k = &kind_rows[s->kind];
    const struct column *secret = &k->columns[column_of(k, s->secret)];
    const struct db_value *before = &r->before[secret - k->columns], *after = &r->after[secret - k->columns];
    const struct column *to = moved(s, r->before, r->after);

    if (to == NULL || after->kind != DB_TEXT || after->text.n == 0 || !same_value(before, after))
        return true;
    *where = (struct row_place){ r->kind, { arena_str(a, r->after[0].text), S("") } };
    return fail(f, FAIL_CALLER, "secret_elsewhere",
                "%s was given for another %s: say it anew with the new one, or take it away in the same change",
                secret->key, to->key);
}

bool kept_secrets_stay(struct arena *a, const struct change *x, struct row_place *where, struct fail *f)
{
    for (size_t i = 0; i < x->n; i++)
        for (size_t k = 0; k < kept_secret_count; k++)
            if (x->rows[i].kind == kept_secrets[k].kind && x->rows[i].before != NULL && x->rows[i].after != NULL &&
                !stays(a, &x->rows[i], &kept_secrets[k], where, f))
                return false;
    return true;
}

void kept_renew(struct cells *m, enum kind kind, const struct db_value *before, struct db_value *row, size_t column)
{
    const struct kind_row *k = &kind_rows[kind];
    struct str owner = arena_printf(m->arena, "%s:%.*s", k->name, STR_ARG(row[0].text)), plain;

    for (size_t i = 0; before != NULL && m->how->seals != NULL && i < kept_secret_count; i++)
        if (kept_secrets[i].kind == kind && column_of(k, kept_secrets[i].secret) == column &&
            same_value(&before[column], &row[column]) && moved(&kept_secrets[i], before, row) != NULL &&
            seal_secret_open(m->arena, m->how->seals, owner, row[column].text, &plain))
            row[column] = db_text(seal_secret(m->arena, m->how->world, m->how->seals, owner, plain));
}
