/* SPDX-License-Identifier: EUPL-1.2
 * Services of an organisation: added in test at once, altered, closed and opened, and their secrets.
 *
 * Whatever a form says is one change in the organisation's area, by the checks of the registry and with their words; a
 * service that is made here is one under test, and no form here makes it another. */
#include "base/codec.h"
#include "base/crypt.h"
#include "gateway/answer.h"
#include "gateway/joining.h"
#include "gateway/session/done.h"
#include "gateway/session/strict.h"
#include "gateway/vendor/certificates.h"
#include "gateway/vendor/door.h"
#include "gateway/vendor/says.h"
#include "gateway/vendor/use.h"
#include "model/audience.h"
#include "model/person.h"
#include "model/when.h"
#include "policy/values.h"
#include "wire/form.h"
#include "wire/http.h"
#include "wire/saml_service.h"

#include <stddef.h>
#include <string.h>

enum {
    SERVICES_MAX = 100, /* of one organisation, under test */
    FIELDS_MAX = 48,
    LIST_MAX = 8000,
    METADATA_MAX = 500000,
    OWNER_SHOWN = 40,
    RANDOM_B = 5,
    SECRET_B = 32,
    OVERLAP_S = 14 * 86400
};

/* ── fields of the form ─────────────────────────────────────────────────── */

enum { OF_OIDC = 1 << VENDOR_OIDC, OF_SAML = 1 << VENDOR_SAML, OF_LTI = 1 << VENDOR_LTI, OF_LINK = 1 << VENDOR_LINK };
enum { OF_ALL = OF_OIDC | OF_SAML | OF_LTI | OF_LINK };

static const struct field {
    const char *name, *key; /* on the page; in the registry */
    size_t at;              /* in struct service_fields */
    size_t most;
    int of; /* protocols */
    bool list, must;
    enum vendor_text label;
} fields[] = {
#define F(member)  #member
#define AT(member) offsetof(struct service_fields, member)
    { F(name_fi), "name.fi", AT(name_fi), 100, OF_ALL, false, true, V_v_name_fi },
    { F(name_sv), "name.sv", AT(name_sv), 100, OF_ALL, false, false, V_v_name_sv },
    { F(name_en), "name.en", AT(name_en), 100, OF_ALL, false, false, V_v_name_en },
    { F(line_fi), "line.fi", AT(line_fi), 150, OF_ALL, false, false, V_v_line_fi },
    { F(line_sv), "line.sv", AT(line_sv), 150, OF_ALL, false, false, V_v_line_sv },
    { F(line_en), "line.en", AT(line_en), 150, OF_ALL, false, false, V_v_line_en },
    { F(redirect_uris), "redirect_uris", AT(redirect_uris), LIST_MAX, OF_OIDC | OF_LTI, true, true, V_v_redirect_uris },
    { F(post_logout_redirect_uris), "post_logout_redirect_uris", AT(post_logout_redirect_uris), LIST_MAX, OF_OIDC, true,
      false, V_v_post_logout },
    { F(initiate_login_uri), "initiate_login_uri", AT(initiate_login_uri), 2000, OF_OIDC, false, false, V_v_initiate },
    { F(initiate_login_uri), "initiate_login_uri", AT(initiate_login_uri), 2000, OF_LTI, false, true,
      V_v_lti_initiate },
    { F(backchannel_logout_uri), "backchannel_logout_uri", AT(backchannel_logout_uri), 2000, OF_OIDC, false, false,
      V_v_backchannel },
    { F(target_link_uri), "target_link_uri", AT(target_link_uri), 2000, OF_LTI, false, true, V_v_lti_target },
    { F(jwks_uri), "jwks_uri", AT(jwks_uri), 2000, OF_LTI, false, false, V_v_lti_keys },
    { F(metadata_xml), "metadata_xml", AT(metadata_xml), METADATA_MAX, OF_SAML, false, true, V_v_metadata },
    { F(launch_uri), "launch_uri", AT(launch_uri), 2000, OF_SAML, false, false, V_v_launch },
    { F(launch_uri), "launch_uri", AT(launch_uri), 2000, OF_LINK, false, true, V_v_launch },
    { F(policy_uri), "policy_uri", AT(policy_uri), 2000, OF_ALL, false, false, V_v_policy },
    { F(about_fi), "description.fi", AT(about_fi), 1000, OF_ALL, false, false, V_v_about_fi },
    { F(about_sv), "description.sv", AT(about_sv), 1000, OF_ALL, false, false, V_v_about_sv },
    { F(about_en), "description.en", AT(about_en), 1000, OF_ALL, false, false, V_v_about_en },
    { F(accessibility_uri), "accessibility_uri", AT(accessibility_uri), 2000, OF_ALL, false, false, V_v_access },
    { F(age_from), "age_from", AT(age_from), 10, OF_ALL, false, false, V_v_age_from },
    { F(age_to), "age_to", AT(age_to), 10, OF_ALL, false, false, V_v_age_to },
    { F(child_decides_from), "child_decides_from", AT(child_decides_from), 10, OF_ALL, false, false, V_v_child_age },
    { F(contacts), "contacts", AT(contacts), LIST_MAX, OF_ALL, true, false, V_v_contacts },
    { F(targets), "targets", AT(targets), LIST_MAX, OF_ALL, true, false, V_v_targets },
#undef F
#undef AT
};

enum { FIELD_COUNT = sizeof fields / sizeof *fields };

struct serving { /* c->state; the worker's, while it has it */
    struct vendor_service_view v;
    struct wrong_list wrongs;
    const struct service *service; /* NULL: a new one */
    struct str id, secret, scopes, asks, why_not;
    int64_t now_s;
    struct edit_field put[FIELDS_MAX];
    size_t put_n;
    struct vendor_act act;
    const char *done;
};

static struct str say(const struct ctx *c, enum vendor_text key)
{
    return vendor_text(key, c->lang);
}

static struct str *value_of(struct service_fields *f, const struct field *x)
{
    return (struct str *)(void *)((char *)f + x->at);
}

static bool is_of(const struct serving *x, const struct field *f)
{
    return (f->of & (1 << x->v.protocol)) != 0;
}

static const char *const protocol_ids[] = { "", "oidc", "saml", "lti", "link" };

static enum vendor_protocol protocol_typed(struct str typed)
{
    for (int i = VENDOR_OIDC; i <= VENDOR_LINK; i++)
        if (str_eq(typed, str_of(protocol_ids[i])))
            return (enum vendor_protocol)i;
    return 0;
}

static enum vendor_protocol protocol_is(const struct service *s)
{
    return s->protocol == PROTO_OIDC   ? VENDOR_OIDC
           : s->protocol == PROTO_SAML ? VENDOR_SAML
           : s->protocol == PROTO_LTI  ? VENDOR_LTI
                                       : VENDOR_LINK;
}

/* ── what it asks about people ──────────────────────────────────────────── */

static void put_claims(struct ctx *c, struct serving *x, struct claim_set asked)
{
    struct vendor_claim *rows = arena_make_n(c->arena, CLAIM_COUNT, struct vendor_claim);

    for (int i = 0; i < CLAIM_COUNT && x->v.protocol != VENDOR_LINK; i++) {
        struct vendor_claim *row = &rows[x->v.claims.n++];
        *row = (struct vendor_claim){ .word = str_of(claim_rows[i].word),
                                      .name = says_claim_name(c, (enum claim)i),
                                      .asked = claim_in(asked, (enum claim)i) };
        says_purpose(c, x->service, (enum claim)i, row);
        x->v.asks_some |= row->asked;
    }
    x->v.claims.at = rows;
}

/* A scope is asked for by what it brings; each once. */
static void add_scope(struct buf *scopes, struct str scope)
{
    struct str have = buf_str(scopes), one;

    while (str_split(&have, '\n', &one))
        if (str_eq(one, scope))
            return;
    if (scope.n > 0)
        buf_printf(scopes, "%s%.*s", scopes->n > 0 ? "\n" : "", STR_ARG(scope));
}

static struct claim_set asks_typed(struct ctx *c, struct serving *x)
{
    struct buf asks = buf_new(c->arena, 1024), scopes = buf_new(c->arena, 1024);
    struct claim_set set = { 0 };

    buf_add(&scopes, S("openid"));
    for (int i = 0; i < CLAIM_COUNT; i++) {
        struct str name = arena_printf(c->arena, "ask_%s", claim_rows[i].word);
        if (!str_is_set(form_get(c->body, name)))
            continue;
        claim_add(&set, (enum claim)i);
        buf_printf(&asks, "%s%s", asks.n > 0 ? "\n" : "", claim_rows[i].word);
        add_scope(&scopes, str_of(claim_rows[i].scope));
    }
    x->asks = buf_str(&asks);
    x->scopes = buf_str(&scopes);
    return set;
}

/* What is in production is as it was approved, and somebody may have suspended it; its secrets are theirs to renew. */
static bool is_fixed(const struct serving *x)
{
    return x->service != NULL && !x->service->test;
}

/* ── the page ───────────────────────────────────────────────────────────── */

/* Policies know three steps of age. */
static struct str ages_in_policy(struct arena *a, const struct service *s)
{
    unsigned ages = audience_ages(s->age_from, s->age_to);
    struct buf b = buf_new(a, 64);

    for (unsigned age = AGE_UNDER13; age <= AGE_ADULT; age++)
        if ((ages >> age & 1u) != 0)
            buf_printf(&b, "%s%s", b.n > 0 ? ", " : "", age_word(age));
    return ages != 0 ? buf_str(&b) : (struct str){ NULL, 0 };
}

static enum step show(struct ctx *c, struct serving *x, int status)
{
    struct vendor_service_view *v = &x->v;
    const struct service *s = x->service;

    bool made = s == NULL && str_is_set(v->secret); /* just now, and not in this request's snapshot */

    vendor_page_for(c, VENDOR_PLACE_SERVICES, true,
                    c->req->method == HTTP_POST ? (struct str){ NULL, 0 } : strict_here(c), &v->con);
    v->con.tab = VENDOR_TAB_SETTINGS;
    v->is_new = s == NULL && !made;
    v->fixed = is_fixed(x);
    v->protocol_id = str_of(protocol_ids[v->protocol]);
    v->title = s != NULL ? names_in(&s->names, c->lang) : made ? v->f.name_fi : say(c, V_v_new);
    v->wrongs = (struct vendor_wrongs){ x->wrongs.at, x->wrongs.n };
    if (made) {
        v->id = v->client_id = x->id;
        v->enabled = v->has_secret = true;
    }
    if (s != NULL) {
        v->id = s->id;
        v->client_id = s->client_id;
        v->enabled = s->enabled;
        v->tells = true;
        v->lacks = says_lacks(c, s);
        says_ends(c, s, v);
        if (v->protocol == VENDOR_SAML)
            certificates_show(c, s, v);
        v->ages = ages_in_policy(c->arena, s);
        v->has_secret = str_is_set(s->secret_hash);
        v->too_until = str_is_set(s->client.secret_too) && s->client.secret_too_until_s > c->now_s
                           ? when_date(c->arena, s->client.secret_too_until_s)
                           : (struct str){ NULL, 0 };
        if (str_is_set(v->secret))
            v->too_until = when_date(c->arena, c->now_s + OVERLAP_S);
    }
    if (str_is_set(v->secret))
        v->con.version = arena_printf(c->arena, "%lld", (long long)x->act.result.report.version);
    return answer_page(c, status, page_vendor_service(c->arena, v));
}

static struct str list_text(struct arena *a, const struct strs *list)
{
    return strs_joined(a, list, '\n');
}

static struct str age_text(struct arena *a, int years)
{
    return years > 0 ? arena_printf(a, "%d", years) : S("");
}

static void fill(struct ctx *c, struct serving *x, const struct service *s)
{
    x->v.f = (struct service_fields){ .name_fi = s->names.in[LANG_FI],
                                      .name_sv = s->names.in[LANG_SV],
                                      .name_en = s->names.in[LANG_EN],
                                      .line_fi = s->lines.in[LANG_FI],
                                      .line_sv = s->lines.in[LANG_SV],
                                      .line_en = s->lines.in[LANG_EN],
                                      .redirect_uris = list_text(c->arena, &s->redirect_uris),
                                      .post_logout_redirect_uris = list_text(c->arena, &s->post_logout_redirect_uris),
                                      .initiate_login_uri = s->initiate_login_uri,
                                      .target_link_uri = s->target_link_uri,
                                      .launch_uri = s->launch_uri,
                                      .jwks_uri = s->client.jwks_uri,
                                      .backchannel_logout_uri = s->client.backchannel_logout_uri,
                                      .policy_uri = s->client.policy_uri,
                                      .contacts = list_text(c->arena, &s->client.contacts),
                                      .targets = list_text(c->arena, &s->targets),
                                      .about_fi = s->about.in[LANG_FI],
                                      .about_sv = s->about.in[LANG_SV],
                                      .about_en = s->about.in[LANG_EN],
                                      .accessibility_uri = s->accessibility_uri,
                                      .age_from = age_text(c->arena, s->age_from),
                                      .age_to = age_text(c->arena, s->age_to),
                                      .child_decides_from = age_text(c->arena, s->child_decides_from),
                                      .for_learner = audience_has(s, AUDIENCE_LEARNER),
                                      .for_teacher = audience_has(s, AUDIENCE_TEACHER),
                                      .for_guardian = audience_has(s, AUDIENCE_GUARDIAN),
                                      .entity_id = s->saml.entity_id,
                                      .metadata_xml = s->saml.metadata_xml };
}

/* The service that the path names, or a new one of the protocol that is asked for; NULL: another's, or none. */
static struct serving *begin(struct ctx *c, const struct form *form)
{
    struct serving *x = arena_make(c->arena, struct serving);
    bool is_new = str_eq(c->req->param, S("new"));

    x->service = is_new ? NULL : vendor_own_service(c, c->req->param);
    if (!is_new && x->service == NULL)
        return NULL;
    x->v.protocol = is_new ? protocol_typed(form_get(form, S("protocol"))) : protocol_is(x->service);
    x->now_s = c->now_s;
    c->state = x;
    return x->v.protocol != 0 ? x : NULL;
}

static struct str done_words(struct ctx *c)
{
    static const struct {
        const char *what;
        enum vendor_text words;
    } all[] = { { "saved", V_v_saved },
                { "closed", V_v_service_closed },
                { "opened", V_v_service_opened },
                { "made", V_v_service_made },
                { "retired", V_v_secret_gone },
                { "certificate_added", V_v_cert_added },
                { "certificate_gone", V_v_cert_gone },
                { "certificate_back", V_v_cert_back } };
    struct str what = done_here(c, NULL);

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (str_eq(what, str_of(all[i].what)))
            return say(c, all[i].words);
    return (struct str){ NULL, 0 };
}

static enum step page(struct ctx *c, struct fail *f)
{
    struct serving *x = begin(c, c->query);

    (void)f;
    if (x == NULL || (x->service == NULL && !vendor_is(c, STAFF_developer)))
        return vendor_refuse(c, FAIL_NOT_FOUND, "not_found");
    if (x->service != NULL)
        fill(c, x, x->service);
    put_claims(c, x, x->service != NULL ? x->service->asks : (struct claim_set){ 0 });
    x->v.done = done_words(c);
    return show(c, x, 200);
}

const struct step_row vendor_service[] = { { vendor_door }, { page }, { NULL } };

static enum step new_page(struct ctx *c, struct fail *f)
{
    struct vendor_new_view v = { 0 };

    (void)f;
    vendor_page_for(c, VENDOR_PLACE_SERVICES, false, S("/vendor/new"), &v.con);
    return answer_page(c, 200, page_vendor_new(c->arena, &v));
}

const struct step_row vendor_new[] = { { vendor_door }, { new_page }, { NULL } };

/* ── kept ───────────────────────────────────────────────────────────────── */

static void put(struct serving *x, const char *key, struct str value)
{
    if (x->put_n < FIELDS_MAX)
        x->put[x->put_n++] = (struct edit_field){ str_of(key), str_is_set(value) ? value : S("") };
}

static void read_audience(struct ctx *c, struct serving *x)
{
    bool *const ticked[] = { &x->v.f.for_learner, &x->v.f.for_teacher, &x->v.f.for_guardian };
    struct buf b = buf_new(c->arena, 64);

    for (int who = 0; who < AUDIENCE_COUNT; who++) {
        const char *word = audience_word((enum audience)who);
        *ticked[who] = str_is_set(form_get(c->body, arena_printf(c->arena, "for_%s", word)));
        if (*ticked[who])
            buf_printf(&b, "%s%s", b.n > 0 ? "\n" : "", word);
    }
    put(x, "audience", buf_str(&b));
}

static bool is_age(const struct field *f)
{
    return strcmp(f->key, "age_from") == 0 || strcmp(f->key, "age_to") == 0 ||
           strcmp(f->key, "child_decides_from") == 0;
}

static void read_fields(struct ctx *c, struct serving *x)
{
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        const struct field *f = &fields[i];
        if (!is_of(x, f))
            continue;
        struct str *value = value_of(&x->v.f, f);
        *value = f->list ? form_lines(c->arena, c->body, str_of(f->name), f->most)
                         : form_typed(c->body, str_of(f->name), f->most);
        if (f->must)
            *value_of(&x->v.no, f) = wrong_missing(c, &x->wrongs, f->name, f->label, *value);
        put(x, f->key, is_age(f) && !str_is_set(*value) ? S("0") : *value);
    }
    read_audience(c, x);
    x->v.f.is_public = str_is_set(form_get(c->body, S("is_public")));
}

static size_t services_of(const struct ctx *c)
{
    const struct registry_parts *p = registry_parts(c->registry);
    size_t n = 0;

    for (size_t i = 0; i < p->service_count; i++)
        n += str_eq(p->services[i].vendor, c->vendor->staff->organisation->id);
    return n;
}

/* Of the organisation and of chance: nobody learns from it what others have called theirs. */
static struct str new_id(struct ctx *c)
{
    unsigned char bytes[RANDOM_B];

    world_random(c->world, bytes, sizeof bytes);
    return arena_printf(c->arena, "%.*s-%.*s", STR_ARG(str_sub(c->vendor->staff->organisation->id, 0, OWNER_SHOWN)),
                        STR_ARG(b32_encode(c->arena, str_n((const char *)bytes, sizeof bytes))));
}

/* What no form says, because it is the portal's to say. */
static void put_fixed(struct ctx *c, struct serving *x)
{
    x->id = new_id(c);
    put(x, "protocol", str_of(protocol_ids[x->v.protocol]));
    put(x, "vendor", c->vendor->staff->organisation->id);
    put(x, "test", S("true"));
    if (x->v.protocol == VENDOR_OIDC || x->v.protocol == VENDOR_LTI)
        put(x, "client_id", x->id);
    if (x->v.protocol != VENDOR_OIDC)
        return;
    if (x->v.f.is_public) {
        put(x, "auth_method", S("none"));
        put(x, "pkce_required", S("true"));
        return;
    }
    x->secret = crypt_token(c->arena, c->world, SECRET_B);
    put(x, "secret", x->secret);
}

/* The metadata say whose they are; what they lack is said before the row is looked at. */
static bool read_metadata(struct arena *a, struct serving *x)
{
    const struct saml_metadata_rules rules = { .now_s = x->now_s };
    struct saml_service_metadata *m = arena_make(a, struct saml_service_metadata);
    struct fail why = { 0 };

    if (saml_service_read(a, x->v.f.metadata_xml, &rules, m, &why)) {
        put(x, "entity_id", m->entity_id);
        return true;
    }
    x->why_not = arena_printf(a, "%s: %s", why.code, why.detail);
    return false;
}

static bool save(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct serving *x = with;
    const struct row_id row = { S("service"), { x->id, { NULL, 0 } } };

    if (x->v.protocol == VENDOR_SAML && str_is_set(x->v.f.metadata_xml) && !read_metadata(a, x))
        return fail(f, FAIL_CALLER, "metadata", "its metadata do not do");
    edit_put(x->act.edit, &row, x->put, x->put_n);
    return edit_run(x->act.edit, d, a, &x->act.how, EDIT_APPLY, &x->act.result, f);
}

static enum step keep(struct ctx *c, struct serving *x, struct fail *f)
{
    struct claim_set asked;

    read_fields(c, x);
    asked = asks_typed(c, x);
    put_claims(c, x, asked);
    if (x->wrongs.n > 0)
        return show(c, x, 400);
    if (x->service == NULL && services_of(c) >= SERVICES_MAX) {
        x->v.trouble = say(c, V_v_services_many);
        return show(c, x, 400);
    }
    if (x->v.protocol != VENDOR_LINK)
        put(x, "asks", x->asks);
    if (x->v.protocol == VENDOR_OIDC)
        put(x, "scopes", x->scopes);
    x->id = x->service != NULL ? x->service->id : (struct str){ NULL, 0 };
    if (x->service == NULL)
        put_fixed(c, x);
    x->done = x->service != NULL ? "saved" : "made";
    (void)vendor_act_begin(c, &x->act, false, (struct str){ NULL, 0 }, S(""));
    says_put_purposes(c, x->act.edit, x->id, x->service, asked);
    return vendor_ask_registry(c, save, x, &x->act.got, f);
}

/* ── acts on one that is there ──────────────────────────────────────────── */

static enum step alter(struct ctx *c, struct serving *x, const char *done, struct fail *f)
{
    x->id = x->service->id;
    x->done = done;
    fill(c, x, x->service);
    put_claims(c, x, x->service->asks);
    (void)vendor_act_begin(c, &x->act, false, (struct str){ NULL, 0 }, S(""));
    return vendor_ask_registry(c, save, x, &x->act.got, f);
}

/* Certificates of production are its vendor's to renew, as secrets are. */
static enum step alter_certificates(struct ctx *c, struct serving *x, struct str what, struct fail *f)
{
    struct certificates_altered altered;

    if (!certificates_alter(c, x->service, what, &altered))
        return fail(f, FAIL_CALLER, "invalid_request", "there is no act \"%.*s\" here", STR_ARG(what));
    if (altered.wrong.p != NULL) {
        fill(c, x, x->service);
        put_claims(c, x, x->service->asks);
        x->v.certificate = altered.secret ? S("") : form_typed(c->body, S("certificate"), METADATA_MAX);
        x->v.no_certificate = wrong_note(c, &x->wrongs, "certificate", V_v_cert, altered.wrong);
        return show(c, x, 400);
    }
    for (size_t i = 0; i < altered.n; i++)
        put(x, arena_cstr(c->arena, altered.fields[i].name), altered.fields[i].value);
    return alter(c, x, altered.done, f);
}

/* The one before goes on beside it, so that servers can be changed one by one. */
static enum step new_secret(struct ctx *c, struct serving *x, struct fail *f)
{
    x->secret = crypt_token(c->arena, c->world, SECRET_B);
    put(x, "secret", x->secret);
    put(x, "secret_too", arena_join(c->arena, S(EDIT_HASH), x->service->secret_hash));
    put(x, "secret_too_until", when_rfc3339(c->arena, c->now_s + OVERLAP_S));
    return alter(c, x, NULL, f);
}

static enum step retire(struct ctx *c, struct serving *x, struct fail *f)
{
    x->put[x->put_n++] = (struct edit_field){ S("secret_too"), { NULL, 0 } };
    x->put[x->put_n++] = (struct edit_field){ S("secret_too_until"), { NULL, 0 } };
    return alter(c, x, "retired", f);
}

static enum step act(struct ctx *c, struct fail *f)
{
    struct serving *x = begin(c, c->body);
    struct str what = form_get(c->body, S("act"));

    if (x == NULL)
        return vendor_refuse(c, FAIL_NOT_FOUND, "not_found");
    if (x->service != NULL && str_eq(what, S("production")))
        return step_into(c, vendor_production);
    if (x->service != NULL && str_eq(what, S("confirm")))
        return step_into(c, vendor_confirm);
    if (x->service != NULL && x->service->protocol == PROTO_SAML && str_has_prefix(what, S("certificate_")))
        return alter_certificates(c, x, what, f);
    if (is_fixed(x) && !str_eq(what, S("secret")) && !str_eq(what, S("retire")))
        return vendor_refuse(c, FAIL_DENIED, "in_production");
    if (str_eq(what, S("save")))
        return keep(c, x, f);
    if (x->service != NULL && str_is_set(x->service->secret_hash) && str_eq(what, S("secret")))
        return new_secret(c, x, f);
    if (x->service != NULL && str_eq(what, S("retire")))
        return retire(c, x, f);
    if (x->service != NULL && (str_eq(what, S("close")) || str_eq(what, S("open")))) {
        bool open = str_eq(what, S("open"));
        put(x, "enabled", open ? S("true") : S("false"));
        return alter(c, x, open ? "opened" : "closed", f);
    }
    return fail(f, FAIL_CALLER, "invalid_request", "there is no act \"%.*s\" here", STR_ARG(what));
}

static enum step served(struct ctx *c, struct fail *f)
{
    (void)f;
    return vendor_act_served(c, &((struct serving *)c->state)->act);
}

/* Beside the field that it is about, or above the form. */
static void put_trouble(struct ctx *c, struct serving *x)
{
    struct str key, says = vendor_act_trouble(c, &x->act, &key);

    if (str_is_set(x->why_not)) {
        x->v.no.metadata_xml = wrong_note(c, &x->wrongs, "metadata_xml", V_v_metadata, x->why_not);
        return;
    }
    if (str_eq(key, S("signing_too")) || str_eq(key, S("encryption_too")) || str_eq(key, S("certificates_retired"))) {
        x->v.no_certificate = wrong_note(c, &x->wrongs, "certificate", V_v_cert, says);
        return;
    }
    for (size_t i = 0; i < FIELD_COUNT; i++)
        if (is_of(x, &fields[i]) && str_eq(key, str_of(fields[i].key))) {
            *value_of(&x->v.no, &fields[i]) = wrong_note(c, &x->wrongs, fields[i].name, fields[i].label, says);
            return;
        }
    x->v.trouble = says;
}

/* A secret is on the page that answers the form, and nowhere else: what leads to it keeps none. */
static enum step acted(struct ctx *c, struct fail *f)
{
    struct serving *x = c->state;

    if (x->act.got.ok && !str_is_set(x->secret))
        return done_go(c, arena_join(c->arena, S("/vendor/service/"), x->id), x->done, S(""));
    if (!x->act.got.ok && !vendor_act_shown(&x->act, f))
        return REFUSE;
    if (!x->act.got.ok) {
        put_trouble(c, x);
        return show(c, x, x->act.got.why.kind == FAIL_CONFLICT ? 409 : 400);
    }
    x->v.secret = x->secret;
    x->v.done = x->service == NULL ? say(c, V_v_service_made) : (struct str){ NULL, 0 };
    return show(c, x, 200);
}

const struct step_row vendor_service_act[] = { { vendor_door }, { act }, { served }, { acted }, { NULL } };
