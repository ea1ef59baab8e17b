/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/gates.h"

#include "base/crypt.h"

enum { EDITION_MAX_B = 65536 };

#define ROW "service, trial, verdict, seen, edition, tester, at_s"

static const struct db_statement put = { "gate_row_put", "INSERT OR REPLACE INTO gate_rows (" ROW
                                                         ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)" },
                                 all = { "gate_rows_of",
                                         "SELECT " ROW " FROM gate_rows WHERE service = ?1 ORDER BY trial LIMIT 64" },
                                 old = { "gate_rows_old", "DELETE FROM gate_rows WHERE at_s < ?1" };

static void add_all(struct buf *b, const struct strs *list)
{
    for (size_t i = 0; i < list->n; i++)
        buf_printf(b, "%zu:%.*s", list->at[i].n, STR_ARG(list->at[i]));
    buf_byte(b, '\n');
}

static void add(struct buf *b, struct str text)
{
    buf_printf(b, "%zu:%.*s\n", text.n, STR_ARG(text));
}

static void add_saml(struct arena *a, struct buf *b, const struct saml_service *s)
{
    add(b, sha256_hex(a, s->metadata_xml)); /* of any size */
    add(b, s->metadata_url);
    add(b, s->metadata_from);
    add(b, s->signs);
    add(b, s->signing_alg);
    add(b, s->encrypts);
    add(b, s->encryption_alg);
    add(b, s->name_id);
    add(b, s->answers_as);
    add(b, s->attributes_as);
    if (!str_is_set(s->signing_too) && !str_is_set(s->encryption_too) && s->retired.n == 0)
        return; /* as editions were before there were any */
    add(b, sha256_hex(a, s->signing_too));
    add(b, sha256_hex(a, s->encryption_too));
    add_all(b, &s->retired);
}

struct str gate_edition(struct arena *a, const struct service *s)
{
    struct buf b = buf_new(a, EDITION_MAX_B);

    buf_printf(&b, "%d %d %d\n", (int)s->protocol, s->pkce_required, s->client.fapi);
    add(&b, s->client_id);
    add(&b, s->saml.entity_id);
    add(&b, s->auth_method);
    add(&b, s->jwks);
    add(&b, s->client.jwks_uri);
    add(&b, s->id_token_alg);
    add(&b, s->client.id_token_encryption_alg);
    add(&b, s->client.userinfo_alg);
    add(&b, s->client.response_alg);
    add(&b, s->initiate_login_uri);
    add(&b, s->target_link_uri);
    add(&b, s->client.backchannel_logout_uri);
    add_all(&b, &s->redirect_uris);
    if (s->protocol == PROTO_SAML)
        add_saml(a, &b, &s->saml);
    if (s->protocol == PROTO_LTI)
        add_all(&b, &s->lti.deployments);
    return str_sub(sha256_hex(a, buf_str(&b)), 0, GATE_EDITION_CHARS);
}

static struct db_value text_of(struct str s)
{
    return db_text(str_is_set(s) ? s : S(""));
}

bool gate_row_put(struct db *d, const struct gate_row *x, struct fail *f)
{
    const struct db_value row[] = { db_text(x->service), db_text(x->trial), db_int(x->verdict), text_of(x->seen),
                                    text_of(x->edition), text_of(x->by),    db_int(x->at_s) };

    const struct db_value before = db_int(x->at_s - (int64_t)GATE_KEPT_DAYS * 86400);

    return db_run(d, &old, &before, 1, f) && db_run(d, &put, row, sizeof row / sizeof *row, f);
}

bool gate_rows_of(struct db *d, struct arena *a, struct str service, struct gate_rows *out, struct fail *f)
{
    const struct db_value of = db_text(service);
    struct db_rows rows;

    *out = (struct gate_rows){ 0 };
    if (!db_query(d, &all, &of, 1, a, &rows, f))
        return false;
    out->at = arena_make_n(a, rows.n + 1, struct gate_row);
    for (; out->n < rows.n; out->n++) {
        const struct db_value *v = db_row(&rows, out->n);
        int64_t verdict = v[2].number;
        out->at[out->n] =
            (struct gate_row){ .service = v[0].text,
                               .trial = v[1].text,
                               .verdict =
                                   verdict > 0 && verdict < GATE_VERDICT_COUNT ? (enum gate_verdict)verdict : GATE_OPEN,
                               .seen = v[3].text,
                               .edition = v[4].text,
                               .by = v[5].text,
                               .at_s = v[6].number };
    }
    return true;
}