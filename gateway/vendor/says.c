/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/vendor/says.h"

#include "gateway/vendor/use.h"

#include "model/when.h"
#include "portal/texts.h"
#include "registry/readiness.h"
#include "registry/service_ends.h"
#include "wire/form.h"
#include "wire/http.h"

#include <string.h>

enum { WHY_MAX_B = 2000 /* typed; what may be kept is the registry's to say */ };

struct str says_claim_name(const struct ctx *c, enum claim claim)
{
    static const enum vendor_text names[CLAIM_COUNT] = {
#define X(claim, word, tells, scope, native, mpass) [CLAIM_##claim] = V_v_claim_##claim,
        CLAIMS(X)
#undef X
    };

    return vendor_text(names[claim], c->lang);
}

/* ── why it asks ────────────────────────────────────────────────────────── */

static const char *const bases[BASIS_COUNT] = {
    "unsaid", "consent", "contract", "legal_obligation", "vital_interests", "public_task", "legitimate_interests"
};

static struct str typed(struct ctx *c, const char *what, enum claim claim)
{
    return form_typed(c->body, arena_printf(c->arena, "%s_%s", what, claim_rows[claim].word), WHY_MAX_B);
}

static bool was_shown(struct ctx *c, enum claim claim)
{
    return c->req->method == HTTP_POST && str_is_set(typed(c, "basis", claim));
}

static int basis_of(struct str word)
{
    for (int i = 0; i < BASIS_COUNT; i++)
        if (str_eq(word, str_of(bases[i])))
            return i;
    return BASIS_UNSAID;
}

void says_purpose(struct ctx *c, const struct service *s, enum claim claim, struct vendor_claim *row)
{
    const struct purpose *p = s != NULL ? service_purpose(s, claim) : NULL;

    if (was_shown(c, claim)) {
        row->why_fi = typed(c, "why_fi", claim);
        row->why_sv = typed(c, "why_sv", claim);
        row->why_en = typed(c, "why_en", claim);
        row->without_fi = typed(c, "without_fi", claim);
        row->without_sv = typed(c, "without_sv", claim);
        row->without_en = typed(c, "without_en", claim);
        row->basis = basis_of(typed(c, "basis", claim));
    } else if (p != NULL) {
        row->why_fi = p->why.in[LANG_FI];
        row->why_sv = p->why.in[LANG_SV];
        row->why_en = p->why.in[LANG_EN];
        row->without_fi = p->without.in[LANG_FI];
        row->without_sv = p->without.in[LANG_SV];
        row->without_en = p->without.in[LANG_EN];
        row->basis = (int)p->basis;
    }
}

static struct edit_field field_of(const char *key, struct str text)
{
    return (struct edit_field){ str_of(key), str_is_set(text) ? text : S("") };
}

static void put_purpose(struct ctx *c, struct edit *edit, const struct row_id *row, enum claim claim, bool is_there)
{
    struct str fi = typed(c, "why_fi", claim), sv = typed(c, "why_sv", claim), en = typed(c, "why_en", claim);
    struct str basis = typed(c, "basis", claim), without_fi = typed(c, "without_fi", claim);
    struct str without_sv = typed(c, "without_sv", claim), without_en = typed(c, "without_en", claim);
    bool unsaid = basis_of(basis) == BASIS_UNSAID;

    if (!str_is_set(fi) && !str_is_set(sv) && !str_is_set(en) && unsaid && !str_is_set(without_fi) &&
        !str_is_set(without_sv) && !str_is_set(without_en)) {
        if (is_there)
            edit_remove(edit, row);
        return;
    }
    const struct edit_field fields[] = {
        field_of("purpose.fi", fi),         field_of("purpose.sv", sv),
        field_of("purpose.en", en),         { S("basis"), unsaid ? (struct str){ NULL, 0 } : basis },
        field_of("without.fi", without_fi), field_of("without.sv", without_sv),
        field_of("without.en", without_en)
    };
    edit_put(edit, row, fields, sizeof fields / sizeof *fields);
}

void says_put_purposes(struct ctx *c, struct edit *edit, struct str id, const struct service *s, struct claim_set asked)
{
    for (int i = 0; i < CLAIM_COUNT; i++) {
        enum claim claim = (enum claim)i;
        const struct row_id row = { S("purpose"), { id, str_of(claim_rows[i].word) } };
        bool is_there = s != NULL && service_purpose(s, claim) != NULL;

        if (claim_in(asked, claim) && was_shown(c, claim))
            put_purpose(c, edit, &row, claim, is_there);
        else if (!claim_in(asked, claim) && claim != CLAIM_SUB && is_there)
            edit_remove(edit, &row);
    }
}

/* ── what it lacks ──────────────────────────────────────────────────────── */

static const struct {
    const char *key, *id; /* of the row; on the page */
    enum vendor_text label;
} places[] = {
    { "name.fi", "name_fi", V_v_name_fi },
    { "name.sv", "name_sv", V_v_name_sv },
    { "name.en", "name_en", V_v_name_en },
    { "line.fi", "line_fi", V_v_line_fi },
    { "line.sv", "line_sv", V_v_line_sv },
    { "line.en", "line_en", V_v_line_en },
    { "policy_uri", "policy_uri", V_v_policy },
    { "accessibility_uri", "accessibility_uri", V_v_access },
    { "audience", "audience", V_v_audience },
    { "contacts", "contacts", V_v_contacts },
    { "targets", "targets", V_v_targets },
    { "redirect_uris", "redirect_uris", V_v_redirect_uris },
    { "post_logout_redirect_uris", "post_logout_redirect_uris", V_v_post_logout },
    { "initiate_login_uri", "initiate_login_uri", V_v_initiate },
    { "target_link_uri", "target_link_uri", V_v_lti_target },
    { "jwks_uri", "jwks_uri", V_v_lti_keys },
    { "launch_uri", "launch_uri", V_v_launch },
};

static struct vendor_wrong lack_row(struct ctx *c, const struct lack *l)
{
    static const enum vendor_text words[LACK_CODE_COUNT] = {
#define X(code, english) [LACK_##code] = V_v_lack_##code,
        LACK_CODES(X)
#undef X
    };
    struct str says = vendor_text(words[l->code], c->lang);

    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (strcmp(places[i].key, l->field) == 0)
            return (struct vendor_wrong){ str_of(places[i].id), vendor_text(places[i].label, c->lang), says };
    return (struct vendor_wrong){ arena_printf(c->arena, "why-%s", claim_rows[l->claim].word),
                                  says_claim_name(c, l->claim), says };
}

struct vendor_wrongs says_lacks(struct ctx *c, const struct service *s)
{
    struct lacks *l = arena_make(c->arena, struct lacks);
    struct vendor_wrong *rows;

    service_lacks(s, l);
    rows = arena_make_n(c->arena, l->n + 1, struct vendor_wrong);
    for (size_t i = 0; i < l->n; i++)
        rows[i] = lack_row(c, &l->at[i]);
    return (struct vendor_wrongs){ rows, l->n };
}

/* ── what of it ends ────────────────────────────────────────────────────── */

void says_ends(struct ctx *c, const struct service *s, struct vendor_service_view *v)
{
    static const enum vendor_text kinds[] = { [SERVICE_END_SECRET] = V_v_end_secret,
                                              [SERVICE_END_METADATA] = V_v_end_metadata,
                                              [SERVICE_END_CERTIFICATE] = V_v_end_certificate };
    struct service_end *ends = arena_make_n(c->arena, SERVICE_ENDS_MAX, struct service_end);
    size_t n = service_ends(c->arena, s, c->now_s, ends, SERVICE_ENDS_MAX);
    struct vendor_end *rows = arena_make_n(c->arena, n + 1, struct vendor_end);

    for (size_t i = 0; i < n; i++)
        rows[i] = (struct vendor_end){
            .what = vendor_text(kinds[ends[i].kind], c->lang),
            .print = ends[i].print,
            .when = when_date(c->arena, ends[i].end_s),
            .days = arena_printf(c->arena, "%lld", (long long)end_days_left(ends[i].end_s, c->now_s)),
        };
    v->ends.at = rows;
    v->ends.n = n;
}

struct str vendor_basis_key(enum basis basis)
{
    return str_of(bases[basis < BASIS_COUNT ? basis : BASIS_UNSAID]);
}
