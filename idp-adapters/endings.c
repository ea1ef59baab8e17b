/* SPDX-License-Identifier: EUPL-1.2 */
#include "idp-adapters/endings.h"

#include "idp-adapters/pins.h"
#include "idp-adapters/upstream_saml.h"

#include <stdlib.h>

enum { DAY_S = 86400 };

static const struct {
    const char *code, *name;
} rows[ENDING_COUNT] = { [ENDING_NONE] = { "", "" },
#define X(what, code, name) [ENDING_##what] = { code, name },
                         ENDINGS(X)
#undef X
};

const char *ending_code(enum ending_what what)
{
    return rows[what].code;
}

const char *ending_name(enum ending_what what)
{
    return rows[what].name;
}

int ending_within(const struct ending *e, int64_t now_s)
{
    int64_t left_s = e->at_s - now_s;

    if (left_s <= 0)
        return e->what == ENDING_METADATA || e->what == ENDING_TLS || e->what == ENDING_SECRET ? 0 : -1;
    if (e->renewed && left_s > (int64_t)ENDING_RENEWED_D * DAY_S)
        return -1;
    return left_s <= (int64_t)ENDING_LAST_D * DAY_S   ? ENDING_LAST_D
           : left_s <= (int64_t)ENDING_NEAR_D * DAY_S ? ENDING_NEAR_D
           : left_s <= (int64_t)ENDING_FAR_D * DAY_S  ? ENDING_FAR_D
                                                      : -1;
}

static void add(struct endings *e, enum ending_what what, struct str print, int64_t at_s)
{
    if (at_s > 0 && e->n < ENDINGS_MAX)
        e->at[e->n++] = (struct ending){ what, print, at_s, false };
}

static int by_time(const void *x, const void *y)
{
    const struct ending *a = x, *b = y;

    return (a->at_s > b->at_s) - (a->at_s < b->at_s);
}

static void add_metadata(struct endings *e, const struct saml_metadata *m, const struct keyring *pins, bool renewed)
{
    add(e, ENDING_METADATA, (struct str){ NULL, 0 }, m->valid_until_s);
    if (e->n > 0)
        e->at[0].renewed = renewed;
    for (size_t i = 0; i < m->certificate_count; i++) {
        const struct saml_certificate *c = &m->certificates[i];
        add(e, c->signs ? ENDING_SIGNING : ENDING_ENCRYPTION, c->is.print, c->is.to_s);
    }
    e->waiting = pins_waiting(pins, m);
}

void endings_of(struct upstream_store *s, struct arena *a, const struct registry *r, const struct idp *idp,
                struct endings *out)
{
    struct upstream_got got = { 0 };

    *out = (struct endings){ .n = 0 };
    if (idp->kind == IDP_SAML)
        upstream_look(s, a, upstream_saml_name(a, idp), &got);
    bool renewed = got.trouble == NULL && (got.renews || str_is_set(idp->metadata_signer));
    if (got.value != NULL)
        add_metadata(out, got.value, pins_of(r, idp->id), renewed && !str_is_set(idp->metadata_xml));
    add(out, ENDING_TLS, (struct str){ NULL, 0 }, upstream_tls_ends_s(s, idp->id));
    if (idp->kind == IDP_OIDC && str_is_set(idp->client_secret_sealed))
        add(out, ENDING_SECRET, (struct str){ NULL, 0 }, idp->client_secret_until_s);
    qsort(out->at, out->n, sizeof *out->at, by_time);
}

const struct ending *endings_first(const struct endings *e, int64_t now_s)
{
    for (size_t i = 0; i < e->n; i++)
        if (ending_within(&e->at[i], now_s) >= 0)
            return &e->at[i];
    return NULL;
}
