/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/console/health.h"

#include "base/codec.h"
#include "certs/keyset.h"
#include "gateway/console/lines.h"
#include "idp-adapters/pins.h"
#include "idp-adapters/refusals.h"
#include "idp-adapters/upstream_oidc.h"
#include "idp-adapters/upstream_saml.h"
#include "model/when.h"
#include "wire/saml_metadata.h"

#include <stdlib.h>
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

const struct saml_metadata *health_metadata(struct ctx *c, const struct idp *idp)
{
    struct upstream_got got = { 0 };

    if (idp->kind == IDP_SAML && c->upstreams != NULL)
        upstream_peek(c->upstreams, c->arena, upstream_saml_name(c->arena, idp), &got);
    return got.value;
}

static void look_at_endings(struct ctx *c, const struct idp *idp, struct health *h)
{
    struct endings e;

    if (c->upstreams == NULL || idp->kind == IDP_LOCAL)
        return;
    endings_of(upstreams_store(c->upstreams), c->arena, c->registry, idp, &e);
    const struct ending *first = endings_first(&e, c->now_s);
    if (first != NULL) {
        h->ends = *first;
        h->ends_within = ending_within(first, c->now_s);
    }
    h->waits = e.waiting > 0;
}

/* The first row of it, or where it would stand: rows are in the order of ids. */
static size_t first_of(const struct tally_rows *tally, struct str idp)
{
    size_t low = 0, high = tally->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (str_cmp(tally->at[middle].idp, idp) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct health health_of(struct ctx *c, const struct idp *idp, const struct tally_rows *tally)
{
    struct health h = { .ends_within = -1 };

    look_at_endings(c, idp, &h);
    for (size_t i = first_of(tally, idp->id); i < tally->n && str_eq(tally->at[i].idp, idp->id); i++) {
        const struct tally_row *row = &tally->at[i];
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
    bool expired = h.ends_within == 0;
    bool ends = h.ends_within > 0 && h.ends_within <= ENDING_NEAR_D;
    if (h.worst != NULL || expired)
        h.vital = h.ok > 0 && !expired ? VITAL_WARN : VITAL_BAD;
    else if (ends || h.waits)
        h.vital = VITAL_WARN;
    return h;
}

/* In words for people; the code stands beside them. */
static enum trouble trouble_of(const char *code)
{
    static const struct {
        const char *code;
        enum trouble is;
    } known[] = {
        { "tls", TROUBLE_TLS },
        { "http_refused", TROUBLE_REFUSED },
        { "refused_address", TROUBLE_ADDRESS },
        { "refused_url", TROUBLE_ADDRESS },
        { "redirect", TROUBLE_ADDRESS },
        { "away", TROUBLE_OURS },
        { "busy", TROUBLE_OURS },
        { "proxy", TROUBLE_OURS },
        { "timeout", TROUBLE_SILENT },
        { "connect", TROUBLE_SILENT },
        { "resolve", TROUBLE_SILENT },
        { "protocol", TROUBLE_SILENT },
        { "http_error", TROUBLE_SILENT },
    };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i].code, code) == 0)
            return known[i].is;
    return TROUBLE_CONTENT;
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
    if (got.next_s > 0)
        row.next = when_full(c->arena, got.next_s, c->lang);
    const char *error = got.value != NULL ? got.trouble : got.tried_s > 0 ? got.error : NULL;
    if (error != NULL) {
        const struct refusal_row *known = refusal_of(error);
        row.error = str_of(error);
        row.trouble = trouble_of(error);
        row.tried = when_full(c->arena, got.tried_s, c->lang);
        row.mend = str_of(known != NULL ? known->mend : "");
        row.vital = got.value != NULL ? VITAL_WARN : VITAL_BAD;
    }
    return row;
}

size_t health_documents(struct ctx *c, const struct idp *idp, struct document_row *out)
{
    if (idp->kind == IDP_SAML) {
        out[0] = document(c, upstream_saml_name(c->arena, idp), DOCUMENT_METADATA);
        out[0].given = str_is_set(idp->metadata_xml);
        return 1;
    }
    if (idp->kind != IDP_OIDC)
        return 0;
    out[0] = document(c, upstream_oidc_name(c->arena, idp), DOCUMENT_DISCOVERY);
    out[1] = document(c, upstream_oidc_keys_name(c->arena, idp), DOCUMENT_KEYS);
    return 2;
}

/* ── what ends ──────────────────────────────────────────────────────────── */

static struct ending_row ending_row(struct ctx *c, const struct ending *e)
{
    static const enum end_of what[ENDING_COUNT] = { [ENDING_METADATA] = END_METADATA,
                                                    [ENDING_SIGNING] = END_SIGNING,
                                                    [ENDING_ENCRYPTION] = END_ENCRYPTION,
                                                    [ENDING_TLS] = END_TLS,
                                                    [ENDING_SECRET] = END_SECRET };
    int within = ending_within(e, c->now_s);
    int64_t days = (e->at_s - c->now_s) / 86400;

    return (struct ending_row){ .what = what[e->what],
                                .vital = within == 0                             ? VITAL_BAD
                                         : within > 0 && within <= ENDING_NEAR_D ? VITAL_WARN
                                                                                 : VITAL_OK,
                                .when = when_date(c->arena, e->at_s),
                                .days = lines_number(c, days > 0 ? days : 0),
                                .near = within > 0,
                                .over = e->at_s <= c->now_s,
                                .code = within >= 0 ? str_of(ending_code(e->what)) : (struct str){ NULL, 0 } };
}

size_t health_endings(struct ctx *c, const struct idp *idp, struct ending_row *out)
{
    struct endings e;

    if (c->upstreams == NULL || idp->kind == IDP_LOCAL)
        return 0;
    endings_of(upstreams_store(c->upstreams), c->arena, c->registry, idp, &e);
    for (size_t i = 0; i < e.n; i++)
        out[i] = ending_row(c, &e.at[i]);
    return e.n;
}

size_t health_own(struct ctx *c, struct ending_row *out, size_t max)
{
    size_t n = 0, found = 0;
    const struct public_key *keys = c->keys != NULL ? keyset_keys(c->keys, &n) : NULL;

    for (size_t i = 0; keys != NULL && i < n && found < max; i++) {
        struct certificate is;
        struct str der;
        if (!str_is_set(keys[i].certificate) || key_state_at(&keys[i], c->now_s) == KEY_GONE ||
            !b64_decode(c->arena, keys[i].certificate, &der) || !certificate_read(c->arena, der, &is))
            continue;
        /* Cities pin ours as it stands in our metadata; some look at its end. */
        const struct ending e = { .what = keys[i].use == KEY_SAML ? ENDING_SIGNING : ENDING_ENCRYPTION,
                                  .at_s = is.to_s };
        if (is.to_s - c->now_s <= (int64_t)ENDING_FAR_D * 86400)
            out[found++] = ending_row(c, &e);
    }
    return found;
}

/* ── keys ───────────────────────────────────────────────────────────────── */

/* As it is read aloud. */
struct str health_print(struct ctx *c, struct str print)
{
    struct buf b = buf_new(c->arena, 2 * print.n + 1);

    for (size_t i = 0; i < print.n; i++) {
        if (i > 0 && i % 4 == 0)
            buf_byte(&b, ' ');
        buf_byte(&b, print.p[i]);
    }
    return buf_str(&b);
}

static struct key_row key_row(struct ctx *c, const struct certificate *is, enum key_state_shown state)
{
    return (struct key_row){ .id = is->print,
                             .print = health_print(c, is->print),
                             .from = is->from_s > 0 ? when_date(c->arena, is->from_s) : (struct str){ NULL, 0 },
                             .to = is->to_s > 0 ? when_date(c->arena, is->to_s) : (struct str){ NULL, 0 },
                             .state = state };
}

static bool is_published(const struct saml_metadata *m, const struct certificate *is)
{
    for (size_t i = 0; m != NULL && i < m->certificate_count; i++)
        if (m->certificates[i].signs && str_eq(m->certificates[i].is.print, is->print))
            return true;
    return false;
}

size_t health_keys(struct ctx *c, const struct idp *idp, struct key_row *out)
{
    const struct saml_metadata *m = health_metadata(c, idp);
    const struct keyring *pins = pins_of(c->registry, idp->id);
    struct certificate pinned[KEYRING_KEYS_MAX];
    size_t n = 0, pinned_n = pins != NULL ? certificates_read(c->arena, idp->pinned_keys, pinned, KEYRING_KEYS_MAX) : 0;

    for (size_t i = 0; i < pinned_n; i++)
        if (!is_published(m, &pinned[i]))
            out[n++] = key_row(c, &pinned[i], KEY_SHOWN_KEPT);
    for (size_t i = 0; m != NULL && i < m->certificate_count; i++)
        if (m->certificates[i].signs)
            out[n++] = key_row(c, &m->certificates[i].is,
                               pins_wait(pins, &m->certificates[i]) ? KEY_SHOWN_WAITS : KEY_SHOWN_USED);
    return n;
}
