/* SPDX-License-Identifier: EUPL-1.2
 * From test to production, beside the test; and what a service needs, confirmed once a year.
 *
 * Asking makes a draft: a row of its own beside the one in test (tested_as), with its own client_id and secret, by the
 * checks of production.  The operator approves it; asked again, it is a draft of that row, so that what has changed
 * since is seen.  The secret is shown to whoever asked, once; until somebody approved, it opens nothing.
 */
#include "base/codec.h"
#include "base/crypt.h"
#include "gateway/answer.h"
#include "gateway/gate/report.h"
#include "gateway/session/done.h"
#include "gateway/trial_ways.h"
#include "gateway/vendor/addresses.h"
#include "gateway/vendor/certificates.h"
#include "gateway/vendor/door.h"
#include "gateway/vendor/use.h"
#include "model/when.h"
#include "portal/texts.h"
#include "registry/readiness.h"
#include "wire/form.h"
#include "wire/http.h"
#include "wire/saml_service.h"

#include <string.h>

enum { FIELDS_MAX = 160, SECRET_B = 32, RANDOM_B = 5, OWNER_SHOWN = 40, METADATA_MAX = 500000, GATE_WHY_MAX_B = 200 };

struct asking {                                 /* c->state; the worker's, while it has it */
    const struct service *service, *production; /* production: NULL: none yet */
    struct area area;
    struct gate_asked gate;
    struct str id, secret, metadata, entity_id, why_not, waits_says, same_key_says, gate_why;
    int64_t now_s;
    struct edit_field put[FIELDS_MAX];
    size_t put_n;
    struct vendor_act act;
    struct change_by by;
};

const struct service *vendor_production_of(const struct ctx *c, const struct service *s)
{
    const struct registry_parts *p = registry_parts(c->registry);

    for (size_t i = 0; i < p->service_count; i++)
        if (!p->services[i].test && str_eq(p->services[i].tested_as, s->id) && str_eq(p->services[i].vendor, s->vendor))
            return &p->services[i];
    return NULL;
}

static void put(struct asking *x, const char *key, struct str value)
{
    if (x->put_n < FIELDS_MAX)
        x->put[x->put_n++] = (struct edit_field){ str_of(key), value };
}

static bool is_put(const struct asking *x, struct str key)
{
    for (size_t i = 0; i < x->put_n; i++)
        if (str_eq(x->put[i].name, key))
            return true;
    return false;
}

/* What is the production row's own, or says whose the test row was. */
static bool stays(struct str key)
{
    static const char *const own[] = { "id",
                                       "test",
                                       "enabled",
                                       "vendor",
                                       "client_id",
                                       "secret_too_until",
                                       "registered_by",
                                       "tested_as",
                                       "entity_id",
                                       "metadata_xml",
                                       "signing_too",
                                       "encryption_too",
                                       "certificates_retired",
                                       "metadata_approved",
                                       "metadata_rejected",
                                       "lti_deployments" };

    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (str_eq(key, str_of(own[i])))
            return true;
    return false;
}

static void copy_fields(struct asking *x, const struct row_seen *row)
{
    for (size_t i = 0; i < row->field_count; i++) {
        const struct row_field *f = &row->fields[i];
        if (f->is_secret || stays(f->name) || is_put(x, f->name) || (!f->is_set && x->production == NULL))
            continue;
        if (x->put_n < FIELDS_MAX)
            x->put[x->put_n++] = (struct edit_field){ f->name, f->is_set ? f->value : (struct str){ NULL, 0 } };
    }
}

/* A year from now each need is to be confirmed. */
static void copy_purposes(struct arena *a, struct asking *x)
{
    const struct str until = when_rfc3339(a, x->now_s + (int64_t)NEED_CONFIRMED_DAYS * 86400);

    for (size_t i = 0; i < x->service->purpose_count; i++) {
        const struct purpose *p = &x->service->purposes[i];
        const struct row_id row = { S("purpose"), { x->id, str_of(claim_rows[p->claim].word) } };
        const struct edit_field fields[] = {
            { S("purpose.fi"), p->why.in[LANG_FI] },     { S("purpose.sv"), p->why.in[LANG_SV] },
            { S("purpose.en"), p->why.in[LANG_EN] },     { S("without.fi"), p->without.in[LANG_FI] },
            { S("without.sv"), p->without.in[LANG_SV] }, { S("without.en"), p->without.in[LANG_EN] },
            { S("basis"), vendor_basis_key(p->basis) },  { S("until"), until }
        };
        edit_put(x->act.edit, &row, fields, sizeof fields / sizeof *fields - (p->claim == CLAIM_SUB ? 1 : 0));
    }
    for (size_t i = 0; x->production != NULL && i < x->production->purpose_count; i++) {
        const struct purpose *p = &x->production->purposes[i];
        const struct row_id row = { S("purpose"), { x->id, str_of(claim_rows[p->claim].word) } };
        if (service_purpose(x->service, p->claim) == NULL)
            edit_remove(x->act.edit, &row);
    }
}

/* A key that opens the test is known to whoever tests: it must not open production. */
static bool has_key_of_test(struct arena *a, const struct asking *x, const struct saml_service_metadata *m)
{
    for (size_t i = 0; i < m->certificate_count; i++)
        if (certificates_hold(a, x->service, x->now_s, m->certificates[i].is.der))
            return true;
    return false;
}

/* Production has metadata of its own: two rows of one entityID there cannot be. */
static bool put_metadata(struct arena *a, struct asking *x, struct fail *f)
{
    const struct saml_metadata_rules rules = { .now_s = x->now_s };
    struct saml_service_metadata *m = arena_make(a, struct saml_service_metadata);
    struct fail why = { 0 };

    if (x->service->protocol != PROTO_SAML || (x->production != NULL && !str_is_set(x->metadata)))
        return true;
    if (!saml_service_read(a, x->metadata, &rules, m, &why)) {
        x->why_not = arena_printf(a, "%s: %s", why.code, why.detail);
        return fail(f, FAIL_CALLER, "metadata", "its metadata do not do");
    }
    if (has_key_of_test(a, x, m)) {
        x->why_not = x->same_key_says;
        return fail(f, FAIL_CALLER, "metadata", "its metadata hold a key of the test");
    }
    put(x, "metadata_xml", x->metadata);
    put(x, "entity_id", m->entity_id);
    return true;
}

/* Checked as a whole before it is kept: what production refuses is said to whoever asks, not to the operator. */
static bool ask_sql(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct asking *x = with;
    const struct row_id from = { S("service"), { x->service->id, { NULL, 0 } } },
                        to = { S("service"), { x->id, { NULL, 0 } } };
    struct edit_result checked = { 0 }, sent = { 0 };
    struct row_seen *row = arena_make(a, struct row_seen);
    int64_t version, waits;

    if (!vendor_production_waits(d, a, &x->area, x->service->id, &waits, f))
        return false;
    if (waits != 0) { /* approved both, they would be two in production, of which one is nobody's */
        x->why_not = x->waits_says;
        return fail(f, FAIL_CALLER, "waits", "draft %lld waits already", (long long)waits);
    }
    if (!row_look(d, a, &x->area, &from, row, &version, f))
        return false;
    copy_fields(x, row);
    if (!put_metadata(a, x, f))
        return false;
    edit_put(x->act.edit, &to, x->put, x->put_n);
    copy_purposes(a, x);
    if (!edit_run(x->act.edit, d, a, &x->act.how, EDIT_CHECK, &checked, f)) {
        x->act.result = checked;
        return false;
    }
    if (!edit_run(x->act.edit, d, a, &x->act.how, EDIT_KEEP, &x->act.result, f))
        return false;
    const struct draft_move move = { .number = x->act.result.draft,
                                     .edition = x->act.result.edition,
                                     .act = DRAFT_PROPOSE };
    return draft_do(d, a, &x->by, &move, &sent, f);
}

static struct str new_id(struct ctx *c)
{
    unsigned char bytes[RANDOM_B];

    world_random(c->world, bytes, sizeof bytes);
    return arena_printf(c->arena, "%.*s-%.*s", STR_ARG(str_sub(c->vendor->staff->organisation->id, 0, OWNER_SHOWN)),
                        STR_ARG(b32_encode(c->arena, str_n((const char *)bytes, sizeof bytes))));
}

static void put_own(struct ctx *c, struct asking *x)
{
    const struct service *s = x->service;

    put(x, "vendor", s->vendor);
    put(x, "test", S("false"));
    put(x, "enabled", S("true"));
    put(x, "tested_as", s->id);
    x->put_n += addresses_typed(c, s, &x->put[x->put_n]);
    if (x->production != NULL)
        return;
    if (s->protocol == PROTO_OIDC || s->protocol == PROTO_LTI)
        put(x, "client_id", x->id);
    if (str_is_set(s->secret_hash)) {
        x->secret = crypt_token(c->arena, c->world, SECRET_B);
        put(x, "secret", x->secret);
    }
}

static enum step answer(struct ctx *c, const struct asking *x, struct str trouble)
{
    struct vendor_asked *said = arena_make(c->arena, struct vendor_asked);

    *said = (struct vendor_asked){ .secret = str_is_set(trouble) ? (struct str){ NULL, 0 } : x->secret,
                                   .client_id = x->id,
                                   .trouble = trouble,
                                   .metadata = x->metadata,
                                   .gate_why = x->gate_why,
                                   .asked = !str_is_set(trouble) };
    return vendor_use_answer(c, x->service, said);
}

static enum step begin(struct ctx *c, struct fail *f)
{
    struct asking *x = arena_make(c->arena, struct asking);

    c->state = x;
    x->service = vendor_own_service(c, c->req->param);
    if (x->service == NULL || !x->service->test)
        return vendor_refuse(c, FAIL_NOT_FOUND, "not_found");
    return gate_report_ask(c, x->service, trial_ways, &x->gate, f);
}

/* What is typed where the gate is not passed, for who approves; absent where it is, or nothing was typed. */
static struct str why_ungated(struct ctx *c, const struct gate_report *r)
{
    struct str why = r->whole ? (struct str){ NULL, 0 } : form_typed(c->body, S("gate_why"), GATE_WHY_MAX_B);

    return str_is_set(str_trim(why)) ? str_trim(why) : (struct str){ NULL, 0 };
}

/* Behind what the change says of itself; "" where the gate is passed. */
static struct str ungated_says(struct ctx *c, const struct gate_report *r, struct str why)
{
    return r->whole ? S("")
                    : arena_printf(c->arena, ". %.*s %zu/%zu: %.*s", STR_ARG(vendor_text(V_v_gate, c->lang)), r->passed,
                                   r->all, STR_ARG(why));
}

static enum step ask(struct ctx *c, struct fail *f)
{
    struct asking *x = c->state;
    struct gate_report report;
    struct lacks lacks;

    if (!gate_report_came(c, &x->gate, &report, f))
        return REFUSE;
    x->gate_why = why_ungated(c, &report);
    x->production = vendor_production_of(c, x->service);
    x->metadata = form_typed(c->body, S("metadata_xml"), METADATA_MAX);
    x->id = x->production != NULL ? x->production->id : new_id(c);
    service_lacks(x->service, &lacks);
    if (lacks.n > 0)
        return answer(c, x, vendor_text(V_v_prod_lacks, c->lang));
    if (!report.whole && !str_is_set(x->gate_why))
        return answer(c, x, vendor_text(V_v_gate_lacks, c->lang));
    x->area = c->vendor->area;
    x->now_s = c->now_s;
    x->waits_says = vendor_text(V_v_prod_waits, c->lang);
    x->same_key_says = vendor_text(V_v_prod_same_key, c->lang);
    put_own(c, x);
    struct str why = arena_printf(c->arena, "%.*s: %.*s%.*s", STR_ARG(vendor_text(V_v_prod_why, c->lang)),
                                  STR_ARG(x->service->id), STR_ARG(ungated_says(c, &report, x->gate_why)));
    (void)vendor_act_begin(c, &x->act, false, (struct str){ NULL, 0 }, why);
    x->by = (struct change_by){ .who = c->person->id,
                                .account = c->person->subject,
                                .acting_as = str_of(staff_role_name(c->vendor->staff->role)),
                                .area = &c->vendor->area,
                                .maker = MAKER_portal,
                                .why = why,
                                .at_s = c->now_s };
    return vendor_ask_registry(c, ask_sql, x, &x->act.got, f);
}

static enum step asked(struct ctx *c, struct fail *f)
{
    struct asking *x = c->state;
    struct str key;

    if (x->act.got.ok)
        return answer(c, x, (struct str){ NULL, 0 });
    if (!vendor_act_shown(&x->act, f))
        return REFUSE;
    struct str says = str_is_set(x->why_not) ? x->why_not : vendor_act_trouble(c, &x->act, &key);
    return answer(c, x, says);
}

const struct step_row vendor_production[] = { { begin }, { ask }, { asked }, { NULL } };

/* ── needs, once a year ─────────────────────────────────────────────────── */

struct confirming {
    const struct service *service;
    struct gate_asked gate;
    struct vendor_act act;
};

static enum step begin_confirming(struct ctx *c, struct fail *f)
{
    struct confirming *x = arena_make(c->arena, struct confirming);

    c->state = x;
    x->service = vendor_own_service(c, c->req->param);
    if (x->service == NULL || x->service->test)
        return vendor_refuse(c, FAIL_NOT_FOUND, "not_found");
    return gate_report_ask(c, x->service, trial_ways, &x->gate, f);
}

static enum step confirm(struct ctx *c, struct fail *f)
{
    struct confirming *x = c->state;
    const struct str until = when_rfc3339(c->arena, c->now_s + (int64_t)NEED_CONFIRMED_DAYS * 86400);
    struct vendor_asked *said = arena_make(c->arena, struct vendor_asked);
    struct gate_report report;
    size_t n = 0;

    if (!gate_report_came(c, &x->gate, &report, f))
        return REFUSE;
    struct str ungated = why_ungated(c, &report);
    *said = (struct vendor_asked){ .trouble = vendor_text(V_v_gate_lacks, c->lang) };
    if (!report.whole && !str_is_set(ungated))
        return vendor_use_answer(c, x->service, said);
    struct edit *e =
        vendor_act_begin(c, &x->act, false, (struct str){ NULL, 0 },
                         arena_join(c->arena, vendor_text(V_v_need_why, c->lang), ungated_says(c, &report, ungated)));
    for (size_t i = 0; i < x->service->purpose_count; i++) {
        const enum claim claim = x->service->purposes[i].claim;
        const struct row_id row = { S("purpose"), { x->service->id, str_of(claim_rows[claim].word) } };
        const struct edit_field field = { S("until"), until };
        if (claim == CLAIM_SUB ||
            !str_is_set(form_get(c->body, arena_printf(c->arena, "need_%s", claim_rows[claim].word))))
            continue;
        edit_put(e, &row, &field, 1);
        n++;
    }
    if (n == 0)
        return answer_go(c, arena_join(c->arena, S("/vendor/use/"), x->service->id));
    return vendor_act_run(c, &x->act, f);
}

static enum step confirmed_served(struct ctx *c, struct fail *f)
{
    (void)f;
    return vendor_act_served(c, &((struct confirming *)c->state)->act);
}

static enum step confirmed(struct ctx *c, struct fail *f)
{
    const struct confirming *x = c->state;
    struct vendor_asked *said = arena_make(c->arena, struct vendor_asked);

    if (x->act.got.ok)
        return done_go(c, arena_join(c->arena, S("/vendor/use/"), x->service->id), "confirmed", S(""));
    if (!vendor_act_shown(&x->act, f))
        return REFUSE;
    struct str key;
    *said = (struct vendor_asked){ .trouble = vendor_act_trouble(c, &x->act, &key) };
    return vendor_use_answer(c, x->service, said);
}

const struct step_row vendor_confirm[] = {
    { begin_confirming }, { confirm }, { confirmed_served }, { confirmed }, { NULL }
};
