/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/console/health.h"

#include "idp-adapters/refusals.h"
#include "idp-adapters/upstream_oidc.h"
#include "idp-adapters/upstream_saml.h"
#include "model/when.h"
#include "wire/saml_metadata.h"

#include <string.h>

enum what_failed health_kind(struct str code)
{
    size_t n;
    const struct refusal_row *all = refusals_all(&n);

    for (size_t i = 0; i < n; i++)
        if (str_eq(str_of(all[i].code), code))
            switch (all[i].lasts) {
            case LASTS_AWAY:
                return FAILED_AWAY;
            case LASTS_SPENT:
                return FAILED_SPENT;
            case LASTS_STAYS:
                return FAILED_STAYS;
            case LASTS_CANCELLED:
                return FAILED_CANCELLED;
            default:
                return FAILED_OTHER;
            }
    return FAILED_OTHER;
}

static int64_t saml_valid_until(struct ctx *c, const struct idp *idp)
{
    struct upstream_got got = { 0 };

    if (idp->kind != IDP_SAML || c->upstreams == NULL)
        return 0;
    upstream_peek(c->upstreams, c->arena, upstream_saml_name(c->arena, idp), &got);
    return got.value != NULL ? ((const struct saml_metadata *)got.value)->valid_until_s : 0;
}

struct health health_of(struct ctx *c, const struct idp *idp, const struct tally_rows *tally)
{
    struct health h = { .valid_until_s = saml_valid_until(c, idp) };

    for (size_t i = 0; i < tally->n; i++) {
        const struct tally_row *row = &tally->at[i];
        if (!str_eq(row->idp, idp->id))
            continue;
        if (str_eq(row->code, S(TALLY_OK))) {
            h.ok += row->n;
            continue;
        }
        enum what_failed kind = health_kind(row->code);
        h.failed += row->n;
        if ((kind == FAILED_STAYS || kind == FAILED_AWAY) && row->n >= HEALTH_FAILS && h.worst == NULL) {
            h.worst = row;
            h.away = kind == FAILED_AWAY;
        }
    }
    bool expired = h.valid_until_s > 0 && h.valid_until_s <= c->now_s;
    bool ends = h.valid_until_s > 0 && h.valid_until_s - c->now_s < HEALTH_ENDS_SOON_S;
    if (h.worst != NULL || expired)
        h.vital = h.ok > 0 && !expired ? VITAL_WARN : VITAL_BAD;
    else if (ends)
        h.vital = VITAL_WARN;
    return h;
}

static struct document_row document(struct ctx *c, struct str name, enum document what)
{
    struct upstream_got got = { .error = "away" };
    struct document_row row = { .what = what };

    if (c->upstreams != NULL)
        upstream_peek(c->upstreams, c->arena, name, &got);
    if (got.value != NULL) {
        row.kept = true;
        row.fetched = when_full(c->arena, got.fetched_s, c->lang);
    }
    const char *error = got.value != NULL ? got.trouble : strcmp(got.error, "away") != 0 ? got.error : NULL;
    if (error != NULL) {
        row.error = str_of(error);
        row.vital = got.value != NULL ? VITAL_WARN : VITAL_BAD;
    }
    return row;
}

size_t health_documents(struct ctx *c, const struct idp *idp, struct document_row *out)
{
    if (idp->kind == IDP_SAML) {
        int64_t until = saml_valid_until(c, idp);
        out[0] = document(c, upstream_saml_name(c->arena, idp), DOCUMENT_METADATA);
        if (until > 0)
            out[0].valid_until = when_full(c->arena, until, c->lang);
        if (until > 0 && until - c->now_s < HEALTH_ENDS_SOON_S)
            out[0].vital = until <= c->now_s ? VITAL_BAD : VITAL_WARN;
        return 1;
    }
    if (idp->kind != IDP_OIDC)
        return 0;
    out[0] = document(c, upstream_oidc_name(c->arena, idp), DOCUMENT_DISCOVERY);
    out[1] = document(c, upstream_oidc_keys_name(c->arena, idp), DOCUMENT_KEYS);
    return 2;
}
