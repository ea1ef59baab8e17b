/* SPDX-License-Identifier: EUPL-1.2
 * A municipality connects an identity provider, step by step: its address, what was found there, what is set at its
 * side, a test sign-in, and then it is opened.  Until that it is a row that is switched off, which nobody can sign in
 * by and no list shows; so one person makes it, as often as there are kinds of people or levels of schools. */
#include "base/crypt.h"
#include "base/fields.h"
#include "base/settings.h"
#include "console/texts.h"
#include "frame/roles.h"
#include "gateway/answer.h"
#include "gateway/console/acts.h"
#include "gateway/console/lines.h"
#include "gateway/console/probed.h"
#include "gateway/console/products.h"
#include "gateway/console/tryout.h"
#include "gateway/session/done.h"
#include "gateway/session/dry_keep.h"
#include "gateway/session/tryout_keep.h"
#include "idp-adapters/addresses.h"
#include "idp-adapters/refusals.h"
#include "idp-adapters/upstream_oidc.h"
#include "idp-adapters/upstream_saml.h"
#include "model/when.h"
#include "wire/form.h"
#include "wire/http.h"

enum {
    NAME_MAX = 100,
    ADDRESS_MAX = 1024,
    CLIENT_MAX = 200,
    SECRET_MAX_B = 1024,
    METADATA_TYPED_MAX_B = 1 << 20,
    FACTS_MAX = 12,
    ID_BYTES = 5,
    WRONGS = 8,
    PROBE_USER_MAX = 200,
    PROBE_PASSWORD_MAX_B = 256,
    DRY_SAYS_MAX_B = 400,
    DAY_MAX = 10,
    BOUND_ROLES_MAX_B = 512,
    BOUND_SCHOOLS_MAX = 20000,
    HERE_MAX_B = 2048
};

static const struct str none = { NULL, 0 };

/* Its name with the provider, until somebody has registered us there and says which it is. */
#define NOT_REGISTERED "not-registered-yet"

static const struct str well_known = S("/.well-known/openid-configuration");

struct joins_on { /* c->state */
    struct join_view v;
    struct city_wrong wrongs[WRONGS];
    const struct idp *idp;
    const struct provider *city;
    enum product product;
    struct str id, metadata_xml, client_secret;
    struct upstream_got found, keys;
    struct kv_got kept;
    struct dry_look dry;
    struct probed probed;
    struct act act;
    enum edit_act as; /* CHECK: it is applied */
    bool removes;
    const char *done;
};

static struct str join_at(struct ctx *c, struct str id)
{
    return arena_join(c->arena, S("/admin/join/"), id);
}

static struct str wrong(struct ctx *c, struct joins_on *x, const char *field, enum said label, enum said says)
{
    x->wrongs[x->v.wrongs.n++] = (struct city_wrong){ str_of(field), said(label, c->lang), said(says, c->lang) };
    x->v.wrongs.at = x->wrongs;
    return said(says, c->lang);
}

/* The municipality's own, of one of the two protocols; else it is as if it were not. */
static const struct idp *idp_of(const struct ctx *c)
{
    const struct idp *idp = registry_idp(c->registry, c->req->param);

    if (idp == NULL || idp->kind == IDP_LOCAL || idp->provider == NULL)
        return NULL;
    const struct area whose = { .provider = idp->provider->id };
    return console_may_in(c, MAY_MANAGE_IDENTITY_PROVIDERS, &whose) ? idp : NULL;
}

static bool is_registered(const struct idp *idp)
{
    return idp->kind == IDP_SAML || !str_eq(idp->client_id, S(NOT_REGISTERED));
}

static bool has_secret(const struct idp *idp)
{
    return idp->kind == IDP_OIDC && str_is_set(idp->client_secret_sealed);
}

/* Opening lists it, and switching it off leaves that.  Its people have accounts: whoever alone could lead it elsewhere
 * could be any of them. */
static bool needs_second(const struct idp *idp)
{
    return idp->enabled || idp->listed;
}

/* ── a new one ──────────────────────────────────────────────────────────── */

static struct choices products(struct ctx *c, const struct joins_on *x)
{
    struct choice *at = arena_make_n(c->arena, PRODUCT_COUNT, struct choice);
    size_t n = 0;

    for (int i = PRODUCT_NONE + 1; i < PRODUCT_COUNT; i++) {
        const struct product_row *p = &product_rows[i];
        at[n++] =
            (struct choice){ str_of(p->word),
                             arena_printf(c->arena, "%s, %s", p->name, p->kind == IDP_SAML ? "SAML" : "OpenID Connect"),
                             i == (int)x->product };
    }
    return (struct choices){ at, n };
}

static struct choices schools(struct ctx *c, const struct provider *p)
{
    struct choice *at = arena_make_n(c->arena, p->school_count + 1, struct choice);
    struct str chosen = form_get(c->body, S("school"));
    size_t n = 0;

    for (size_t i = 0; i < p->school_count; i++)
        if (p->schools[i].active && p->schools[i].code.n > 0)
            at[n++] = (struct choice){ p->schools[i].code, names_in(&p->schools[i].names, c->lang),
                                       str_eq(p->schools[i].code, chosen) };
    return (struct choices){ at, n };
}

static enum step show_new(struct ctx *c, struct joins_on *x, int status)
{
    x->v.anew = true;
    x->v.products = products(c, x);
    x->v.schools = schools(c, x->city);
    x->v.version = arena_printf(c->arena, "%lld", (long long)registry_parts(c->registry)->version);
    console_page_for(c, PLACE_IDPS, true, S("/admin/join/new"), &x->v.con);
    return answer_page(c, status, page_join(c->arena, &x->v));
}

/* Whoever has any Microsoft account would be somebody of the municipality's. */
static bool is_everybodys(struct str address)
{
    static const char *const tenants[] = { "/common/", "/organizations/", "/consumers/" };

    for (size_t i = 0; i < sizeof tenants / sizeof *tenants; i++)
        if (str_find(address, str_of(tenants[i])) < address.n)
            return true;
    return false;
}

/* As metadata say it; what it is of, their reader says when the row is checked. */
static struct str entity_of(struct str xml)
{
    static const char mark[] = "entityID=\"";
    size_t at = str_find(xml, str_of(mark));
    struct str rest = str_from(xml, at + sizeof mark - 1);

    return at < xml.n ? str_sub(rest, 0, str_find_byte(rest, '"', 0)) : none;
}

static void judge_saml(struct ctx *c, struct joins_on *x)
{
    struct str file = form_file(c->body, S("file"));

    if (file.p != NULL && (file.n > METADATA_TYPED_MAX_B || !str_is_utf8(file) || !str_is_set(entity_of(file)))) {
        x->v.no_address = wrong(c, x, "file", C_join_file, C_join_file_wrong);
        return;
    }
    if (file.p != NULL) {
        x->metadata_xml = file;
        x->v.entity_id = entity_of(file);
        x->v.address = none;
        return;
    }
    if (!str_has_prefix(x->v.address, S("https://")))
        x->v.no_address = wrong(c, x, "address", C_join_address, C_join_address_wrong);
    if (!str_is_set(x->v.entity_id))
        x->v.no_entity = wrong(c, x, "entity_id", C_join_entity, C_city_name_missing);
}

static void judge_oidc(struct ctx *c, struct joins_on *x)
{
    if (str_has_suffix(x->v.address, well_known))
        x->v.address = str_sub(x->v.address, 0, x->v.address.n - well_known.n);
    if (is_everybodys(arena_join(c->arena, x->v.address, S("/"))))
        x->v.no_address = wrong(c, x, "address", C_join_address, C_join_common);
    else if (!str_has_prefix(x->v.address, S("https://")))
        x->v.no_address = wrong(c, x, "address", C_join_address, C_join_address_wrong);
}

static void judge_new(struct ctx *c, struct joins_on *x)
{
    struct join_view *v = &x->v;

    x->product = product_named(form_get(c->body, S("product")));
    v->name_fi = form_typed(c->body, S("name_fi"), NAME_MAX);
    v->name_sv = form_typed(c->body, S("name_sv"), NAME_MAX);
    v->name_en = form_typed(c->body, S("name_en"), NAME_MAX);
    v->address = form_typed(c->body, S("address"), ADDRESS_MAX);
    v->entity_id = form_typed(c->body, S("entity_id"), ADDRESS_MAX);
    v->all_learners = str_is_set(form_get(c->body, S("role")));
    if (x->product == PRODUCT_NONE)
        v->no_product = wrong(c, x, "product", C_join_product, C_join_choose);
    if (!str_is_set(v->name_fi))
        v->no_name = wrong(c, x, "name_fi", C_join_name, C_city_name_missing);
    if (x->product == PRODUCT_NONE)
        return;
    if (product_rows[x->product].kind == IDP_SAML)
        judge_saml(c, x);
    else
        judge_oidc(c, x);
}

/* Its id enters the identifier of each of its people, and is never used again: so part of it is chance. */
static struct str new_id(struct ctx *c, const struct joins_on *x)
{
    return arena_printf(c->arena, "%.*s-%.*s", STR_ARG(x->city->id),
                        STR_ARG(str_sub(sha256_hex(c->arena, crypt_token(c->arena, c->world, SHA256_B)), 0, ID_BYTES)));
}

static void put_new(struct ctx *c, struct joins_on *x)
{
    const struct product_row *p = &product_rows[x->product];
    struct str school = form_get(c->body, S("school"));
    struct edit_field fields[20];
    size_t n = 0;

    x->id = new_id(c, x);
    const struct row_id row = { S("idp"), { x->id, none } };
    fields[n++] = (struct edit_field){ S("kind"), p->kind == IDP_SAML ? S("saml") : S("oidc") };
    fields[n++] = (struct edit_field){ S("provider"), x->city->id };
    fields[n++] = (struct edit_field){ S("name.fi"), x->v.name_fi };
    fields[n++] = (struct edit_field){ S("name.sv"), x->v.name_sv.n > 0 ? x->v.name_sv : S("") };
    fields[n++] = (struct edit_field){ S("name.en"), x->v.name_en.n > 0 ? x->v.name_en : S("") };
    fields[n++] = (struct edit_field){ S("enabled"), S("false") };
    fields[n++] = (struct edit_field){ S("listed"), S("false") };
    fields[n++] = (struct edit_field){ S("map"), str_of(p->map) };
    if (x->v.all_learners)
        fields[n++] = (struct edit_field){ S("role"), S("learner") };
    if (school.n > 0)
        fields[n++] = (struct edit_field){ S("school"), school };
    if (p->kind == IDP_OIDC) {
        fields[n++] = (struct edit_field){ S("issuer"), x->v.address };
        fields[n++] = (struct edit_field){ S("client_id"), S(NOT_REGISTERED) };
        fields[n++] = (struct edit_field){ S("auth_method"), S("private_key_jwt") };
        fields[n++] = (struct edit_field){ S("scope"), x->product == PRODUCT_puavo
                                                           ? S("openid profile email puavo.read.userinfo.schools "
                                                               "puavo.read.userinfo.groups puavo.read.userinfo.mpassid")
                                                           : S("openid profile email") };
    } else {
        fields[n++] = (struct edit_field){ S("entity_id"), x->v.entity_id };
        if (str_is_set(x->metadata_xml))
            fields[n++] = (struct edit_field){ S("metadata_xml"), x->metadata_xml };
        else
            fields[n++] = (struct edit_field){ S("metadata_url"), x->v.address };
        if (x->product == PRODUCT_adfs) /* it would encrypt with CBC */
            fields[n++] = (struct edit_field){ S("share_encryption_key"), S("false") };
    }
    (void)act_begin(c, &x->act, NULL, S(""));
    edit_put(x->act.edit, &row, fields, n);
}

/* ── one of them: what was found ────────────────────────────────────────── */

struct facts {
    struct ctx *c;
    struct join_fact at[FACTS_MAX];
    size_t n;
};

static void fact(struct facts *x, enum said what, struct str value, bool ill)
{
    if (x->n < FACTS_MAX)
        x->at[x->n++] = (struct join_fact){ said(what, x->c->lang), value, ill };
}

static void endpoint(struct facts *x, enum said what, struct str url)
{
    bool there = str_is_set(url);

    fact(x, what, there ? url : said(C_join_not_there, x->c->lang), !there);
}

static void facts_of_oidc(struct facts *x, const struct oidc_metadata *m, const struct jwks *keys)
{
    fact(x, C_join_issuer, m->issuer, false);
    endpoint(x, C_join_authorize, m->authorization_endpoint);
    endpoint(x, C_join_token, m->token_endpoint);
    fact(x, C_join_keys, keys != NULL ? m->jwks_uri : said(C_join_not_there, x->c->lang), keys == NULL);
    endpoint(x, C_join_userinfo, m->userinfo_endpoint);
    if (str_is_set(m->end_session_endpoint))
        fact(x, C_join_logout, m->end_session_endpoint, false);
    else
        fact(x, C_join_logout, said(C_join_no_logout, x->c->lang), true);
}

static void facts_of_saml(struct facts *x, const struct saml_metadata *m)
{
    size_t signs = 0;

    for (size_t i = 0; i < m->certificate_count; i++)
        signs += m->certificates[i].signs;
    fact(x, C_join_issuer, m->entity_id, false);
    endpoint(x, C_join_authorize, str_is_set(m->sso_redirect) ? m->sso_redirect : m->sso_post);
    fact(x, C_join_keys, lines_number(x->c, (int64_t)signs), signs == 0);
    struct str logout = str_is_set(m->slo_redirect) ? m->slo_redirect : m->slo_post;
    fact(x, C_join_logout, str_is_set(logout) ? logout : said(C_join_no_logout, x->c->lang), !str_is_set(logout));
}

static void put_found(struct ctx *c, struct joins_on *x)
{
    struct facts *all = arena_make(c->arena, struct facts);
    const char *code = x->found.value == NULL ? x->found.error : NULL;
    const struct refusal_row *row = code != NULL ? refusal_of(code) : NULL;

    all->c = c;
    x->v.found = x->found.value != NULL;
    if (x->v.found && x->idp->kind == IDP_OIDC)
        facts_of_oidc(all, x->found.value, x->keys.value);
    else if (x->v.found)
        facts_of_saml(all, x->found.value);
    x->v.facts.at = all->at;
    x->v.facts.n = all->n;
    x->v.code = str_of(code != NULL ? code : "");
    x->v.means = str_of(row != NULL ? refusal_means(row) : "");
    x->v.mend = str_of(row != NULL ? row->mend : "");
}

static void put_addresses(struct ctx *c, struct joins_on *x)
{
    struct own_address found[ADDRESSES_MAX];
    size_t n = idp_addresses(c->arena, c->set, x->idp, found);
    struct join_address *rows = arena_make_n(c->arena, ADDRESSES_MAX, struct join_address);

    for (size_t i = 0; i < n; i++)
        rows[i] = (struct join_address){ str_of(found[i].what), found[i].url };
    x->v.addresses.at = rows;
    x->v.addresses.n = n;
}

static enum join_tested tested(struct ctx *c, const struct joins_on *x)
{
    const struct tryout *t = x->kept.outcome == KV_HIT ? tryout_kept(c, c->session->sid, x->idp->id, &x->kept) : NULL;

    return t == NULL                  ? JOIN_UNTESTED
           : t->why.kind != FAIL_NONE ? JOIN_TEST_REFUSED
           : t->note_count > 0        ? JOIN_TEST_FAULTS
                                      : JOIN_TEST_WELL;
}

/* ── the people who tried it before it is open ─────────────────────────── */

static enum join_dry dry_is(const struct joins_on *x)
{
    const struct dry_sum sum = dry_sum(&x->dry);

    return x->dry.run == NULL             ? JOIN_DRY_NONE
           : sum.refused + sum.faulty > 0 ? JOIN_DRY_FAULTS
           : sum.came < sum.asked         ? JOIN_DRY_RUNS
                                          : JOIN_DRY_WELL;
}

/* "role_unknown, school_unknown", or the code of the refusal. */
static struct str dry_says(struct ctx *c, const struct joins_on *x, const struct dry_result *r)
{
    struct tryout_fault_row *rows = arena_make_n(c->arena, TRYOUT_FAULTS_MAX, struct tryout_fault_row);
    struct fields out = fields_new(c->arena, ',', DRY_SAYS_MAX_B);

    if (r->tryout->why.kind != FAIL_NONE)
        return str_of(r->tryout->why.code);
    size_t n = tryout_faults(c, x->idp, r->tryout, false, rows);
    for (size_t i = 0; i < n; i++)
        fields_item(&out, rows[i].code);
    return fields_text(&out);
}

static void put_dry(struct ctx *c, struct joins_on *x)
{
    const struct dry_sum sum = dry_sum(&x->dry);
    struct join_dry_fault *rows = arena_make_n(c->arena, DRY_PEOPLE_MAX, struct join_dry_fault);

    x->v.dry = dry_is(x);
    x->v.dry_here = lines_number(c, (int64_t)sum.came);
    x->v.dry_asked = lines_number(c, (int64_t)sum.asked);
    for (size_t i = 0; i < sum.asked; i++) {
        enum dry_state state = dry_state_of(x->dry.results[i]);
        if (state == DRY_REFUSED || state == DRY_FAULTS)
            rows[x->v.dry_faults.n++] =
                (struct join_dry_fault){ x->dry.run->labels[i], dry_says(c, x, x->dry.results[i]),
                                         state == DRY_REFUSED };
    }
    x->v.dry_faults.at = rows;
}

/* What the history keeps of it, behind the reason: "(koekäyttö 9/10, 2)". */
static struct str why_with_dry(struct ctx *c, const struct joins_on *x)
{
    const struct dry_sum sum = dry_sum(&x->dry);

    if (x->dry.run == NULL)
        return arena_printf(c->arena, "%.*s (%.*s)", STR_ARG(x->v.why), STR_ARG(said(C_join_dry_none, c->lang)));
    return arena_printf(c->arena, "%.*s (%.*s %zu/%zu, %.*s %zu)", STR_ARG(x->v.why), STR_ARG(said(C_dry, c->lang)),
                        sum.came, sum.asked, STR_ARG(said(C_join_dry_with, c->lang)), sum.refused + sum.faulty);
}

static bool is_offered(const struct idp *idp, enum role role)
{
    return (role >= ROLE_LEARNER && role <= ROLE_PRINCIPAL) || strs_has(&idp->asserts_roles, str_of(role_name(role)));
}

static bool has_line(struct str lines, struct str one)
{
    struct str line;

    while (str_split(&lines, '\n', &line))
        if (str_eq(line, one))
            return true;
    return false;
}

/* As typed, as it was typed before a log-in, or as they are. */
static void put_bounds(struct ctx *c, struct joins_on *x)
{
    struct join_view *v = &x->v;
    struct join_bound_role *rows = arena_make_n(c->arena, ROLE_COUNT, struct join_bound_role);
    struct join_fact *named = arena_make_n(c->arena, x->idp->asserts_schools.n + 1, struct join_fact);
    bool came_back = str_is_set(form_get(c->query, S("bound_roles")));

    if (!v->bounding) {
        v->bound_roles =
            came_back ? form_get(c->query, S("bound_roles")) : strs_joined(c->arena, &x->idp->asserts_roles, '\n');
        v->bound_schools =
            came_back ? form_get(c->query, S("bound_schools")) : strs_joined(c->arena, &x->idp->asserts_schools, '\n');
        v->bounding = came_back;
    }
    for (int r = ROLE_NONE + 1; r < ROLE_COUNT; r++) {
        struct str name = str_of(role_name((enum role)r));
        if (is_offered(x->idp, (enum role)r))
            rows[v->bounds.n++] =
                (struct join_bound_role){ arena_join(c->arena, S("role_"), name), role_word((enum role)r, c->lang),
                                          has_line(v->bound_roles, name) };
    }
    v->bounds.at = rows;
    for (size_t i = 0; i < x->idp->asserts_schools.n; i++) {
        const struct school *s = provider_school(x->idp->provider, x->idp->asserts_schools.at[i]);
        if (s != NULL)
            named[v->bound_named.n++] = (struct join_fact){ names_in(&s->names, c->lang), s->code, false };
    }
    v->bound_named.at = named;
    v->is_bounded = x->idp->asserts_roles.n + x->idp->asserts_schools.n > 0;
    for (size_t i = 0; i < x->idp->asserts_roles.n; i++)
        v->bound_said = arena_printf(c->arena, "%.*s%s%.*s", STR_ARG(i > 0 ? v->bound_said : S("")), i > 0 ? ", " : "",
                                     STR_ARG(role_word(role_of_name(x->idp->asserts_roles.at[i]), c->lang)));
}

static enum step show_one(struct ctx *c, struct joins_on *x, int status)
{
    struct join_view *v = &x->v;
    enum product product = product_of(x->idp);

    v->id = x->idp->id;
    v->name = names_in(&x->idp->names, c->lang);
    v->saml = x->idp->kind == IDP_SAML;
    v->kind = v->saml ? S("SAML") : S("OpenID Connect");
    v->product = str_of(product != PRODUCT_NONE ? product_rows[product].name : "");
    v->registered = is_registered(x->idp);
    v->open = x->idp->enabled;
    v->version = arena_printf(c->arena, "%lld", (long long)registry_parts(c->registry)->version);
    if (!str_is_set(v->client_id) && v->registered)
        v->client_id = x->idp->client_id;
    if (!str_is_set(v->secret_until) && x->idp->client_secret_until_s > 0)
        v->secret_until = when_day(c->arena, x->idp->client_secret_until_s);
    v->basic = has_secret(x->idp);
    v->second = needs_second(x->idp);
    if (!v->moving) {
        v->address = v->saml ? x->idp->metadata_url : x->idp->issuer;
        v->entity_id = x->idp->entity_id;
    }
    put_found(c, x);
    put_addresses(c, x);
    v->settings = product_settings(c, x->idp->kind, product, FIELDS_ALL);
    v->tested = tested(c, x);
    put_dry(c, x);
    put_bounds(c, x);
    v->probe = probed_show(c, &x->probed);
    if (!v->probing)
        v->probe_user = v->probe.user;
    v->fresh = console_fresh(c);
    v->may_open =
        !v->open && v->found && v->registered && (v->tested == JOIN_TEST_WELL || v->tested == JOIN_TEST_FAULTS);
    if (!str_is_set(v->why))
        v->why = form_get(c->query, S("why"));
    console_page_for(c, PLACE_IDPS, true, join_at(c, x->idp->id), &v->con);
    return answer_page(c, status, page_join(c->arena, v));
}

/* ── rows that a page of one begins with ────────────────────────────────── */

static bool is_new(const struct ctx *c)
{
    return str_eq(c->req->param, S("new"));
}

static enum step find(struct ctx *c, struct fail *f)
{
    struct joins_on *x = c->state = arena_make(c->arena, struct joins_on);

    (void)f;
    x->city = console_provider(c);
    if (is_new(c))
        return x->city != NULL &&
                       console_may_in(c, MAY_MANAGE_IDENTITY_PROVIDERS, &(const struct area){ .provider = x->city->id })
                   ? NEXT
                   : console_refuse(c, FAIL_NOT_FOUND, "not_found");
    x->idp = idp_of(c);
    return x->idp != NULL ? NEXT : console_refuse(c, FAIL_NOT_FOUND, "not_found");
}

static enum step ask_documents(struct ctx *c, struct fail *f)
{
    struct joins_on *x = c->state;

    (void)f;
    if (is_new(c))
        return NEXT;
    if (x->idp->kind == IDP_OIDC)
        upstream_oidc_metadata(c->upstreams, &c->batch, c->arena, x->idp, UPSTREAM_KEPT, &x->found);
    else
        upstream_saml_metadata(c->upstreams, &c->batch, c->arena, x->idp, UPSTREAM_KEPT, &x->found);
    return WAIT;
}

static enum step ask_keys(struct ctx *c, struct fail *f)
{
    struct joins_on *x = c->state;

    (void)f;
    if (is_new(c))
        return NEXT;
    tryout_ask(c, c->session->sid, x->idp->id, &x->kept);
    dry_ask(c, x->idp->id, &x->dry);
    if (x->idp->kind == IDP_OIDC && x->found.value != NULL)
        upstream_oidc_keys(c->upstreams, &c->batch, c->arena, x->idp, x->found.value, UPSTREAM_KEPT, &x->keys);
    return WAIT;
}

static enum step ask_probe(struct ctx *c, struct fail *f)
{
    struct joins_on *x = c->state;
    bool order = str_eq(form_get(c->body, S("act")), S("probe_now"));

    return is_new(c) ? NEXT : probed_ask(c, &x->probed, x->idp, order, f);
}

static enum step ask_dry(struct ctx *c, struct fail *f)
{
    struct joins_on *x = c->state;

    if (is_new(c))
        return NEXT;
    if (!dry_ask_results(c, &x->dry, f))
        return REFUSE;
    return x->dry.run != NULL ? WAIT : NEXT;
}

static enum step show(struct ctx *c, struct fail *f)
{
    struct joins_on *x = c->state;

    if (is_new(c))
        return show_new(c, x, 200);
    if (!dry_read_results(c, &x->dry, f))
        return REFUSE;
    if (x->kept.outcome == KV_DOWN)
        return kv_away(f, "tryout");
    struct str done = done_here(c, NULL);
    x->v.said = str_eq(done, S("made"))         ? JOIN_SAID_MADE
                : str_eq(done, S("registered")) ? JOIN_SAID_REGISTERED
                : str_eq(done, S("opened"))     ? JOIN_SAID_OPENED
                : str_eq(done, S("moved"))      ? JOIN_SAID_MOVED
                : str_eq(done, S("bounds"))     ? JOIN_SAID_BOUNDS
                : str_eq(done, S("probe"))      ? JOIN_SAID_PROBE
                : str_eq(done, S("probe_now"))  ? JOIN_SAID_PROBE_NOW
                                                : JOIN_SAID_NOTHING;
    return show_one(c, x, 200);
}

const struct step_row admin_join[] = { { console_door }, { find },    { ask_documents }, { ask_keys },
                                       { ask_probe },    { ask_dry }, { show },          { NULL } };

/* ── acts ───────────────────────────────────────────────────────────────── */

static enum step make(struct ctx *c, struct joins_on *x, struct fail *f)
{
    judge_new(c, x);
    if (x->v.wrongs.n > 0)
        return show_new(c, x, 400);
    put_new(c, x);
    x->done = "made";
    return act_run(c, &x->act, EDIT_APPLY, f);
}

static enum step note_fields(struct ctx *c, struct joins_on *x, const struct edit_field *fields, size_t n,
                             const char *done, struct fail *f)
{
    const struct row_id row = { S("idp"), { x->idp->id, none } };

    x->id = x->idp->id;
    x->done = done;
    (void)act_begin(c, &x->act, NULL, x->v.why.n > 0 ? x->v.why : S(""));
    edit_put(x->act.edit, &row, fields, n);
    return act_run(c, &x->act, x->as != EDIT_CHECK ? x->as : EDIT_APPLY, f);
}

/* "2027-06-04": the day on which it is no longer good. */
static void judge_until(struct ctx *c, struct joins_on *x, struct str *value)
{
    int64_t end_s = 0;

    x->v.secret_until = form_typed(c->body, S("secret_until"), DAY_MAX);
    *value = none;
    if (!str_is_set(x->v.secret_until))
        return;
    if (!when_day_read(x->v.secret_until, &end_s) || end_s <= c->now_s)
        x->v.no_until = wrong(c, x, "secret_until", C_join_secret_until, C_join_secret_until_wrong);
    else
        *value = when_rfc3339(c->arena, end_s);
}

/* Whose answers are believed. */
static enum step move(struct ctx *c, struct joins_on *x, struct fail *f)
{
    bool saml = x->idp->kind == IDP_SAML;
    struct edit_field fields[9];
    size_t n = 0;

    x->v.moving = true;
    x->v.address = form_typed(c->body, S("address"), ADDRESS_MAX);
    x->v.entity_id = form_typed(c->body, S("entity_id"), ADDRESS_MAX);
    if (saml)
        judge_saml(c, x);
    else
        judge_oidc(c, x);
    if (x->v.wrongs.n > 0)
        return show_one(c, x, 400);
    if (saml) {
        fields[n++] = (struct edit_field){ S("entity_id"), x->v.entity_id };
        fields[n++] = (struct edit_field){ S("metadata_url"), str_is_set(x->metadata_xml) ? none : x->v.address };
        fields[n++] = (struct edit_field){ S("metadata_xml"), x->metadata_xml };
    } else {
        fields[n++] = (struct edit_field){ S("issuer"), x->v.address };
    }
    if (has_secret(x->idp)) { /* it was given for the address that was: the client is stated anew */
        fields[n++] = (struct edit_field){ S("client_id"), S(NOT_REGISTERED) };
        fields[n++] = (struct edit_field){ S("auth_method"), S("private_key_jwt") };
        fields[n++] = (struct edit_field){ S("client_secret"), none };
        fields[n++] = (struct edit_field){ S("client_secret_until"), none };
    }
    /* Its password was given for the address that it had. */
    fields[n++] = (struct edit_field){ S("probe_username"), none };
    fields[n++] = (struct edit_field){ S("probe_password"), none };
    x->as = needs_second(x->idp) ? EDIT_KEEP : EDIT_APPLY;
    if (x->as == EDIT_KEEP && !console_may_in(c, MAY_DRAFT, &(const struct area){ .provider = x->idp->provider->id }))
        return console_refuse(c, FAIL_DENIED, "not_yours");
    return note_fields(c, x, fields, n, "moved", f);
}

/* Nobody signs in by it: where nobody ever did, one person takes it away. */
static enum step take_away(struct ctx *c, struct joins_on *x, struct fail *f)
{
    const struct row_id row = { S("idp"), { x->idp->id, none } };
    struct str why = act_why(c->body);

    if (x->idp->enabled)
        return fail(f, FAIL_CALLER, "invalid_request", "it is open");
    if (!str_is_set(why)) {
        x->v.removing = true;
        (void)wrong(c, x, "why_gone", C_why_label, C_why_missing);
        return show_one(c, x, 400);
    }
    if (!console_fresh(c))
        return console_log_in_again(c, join_at(c, x->idp->id), f);
    x->as = needs_second(x->idp) ? EDIT_KEEP : EDIT_APPLY;
    if (x->as == EDIT_KEEP && !console_may_in(c, MAY_DRAFT, &(const struct area){ .provider = x->idp->provider->id }))
        return console_refuse(c, FAIL_DENIED, "not_yours");
    x->removes = x->as == EDIT_APPLY;
    (void)act_begin(c, &x->act, NULL, why);
    edit_remove(x->act.edit, &row);
    return act_run(c, &x->act, x->as, f);
}

/* Entra takes the secret in the body; products that take it by Basic alone are the others. */
static enum step take_client(struct ctx *c, struct joins_on *x, struct fail *f)
{
    struct str secret = str_trim(form_get(c->body, S("client_secret"))), until;
    bool keeps = secret.n == 0 && has_secret(x->idp);

    x->v.client_id = form_typed(c->body, S("client_id"), CLIENT_MAX);
    if (x->idp->kind != IDP_OIDC)
        return fail(f, FAIL_CALLER, "invalid_request", "it is not registered here");
    if (!str_is_set(x->v.client_id))
        x->v.no_client = wrong(c, x, "client_id", C_join_client, C_city_name_missing);
    judge_until(c, x, &until);
    if ((secret.n == 0 && !keeps) || secret.n > SECRET_MAX_B)
        x->v.no_secret = wrong(c, x, "client_secret", C_join_secret, C_city_name_missing);
    if (x->v.wrongs.n > 0)
        return show_one(c, x, 400);
    if (x->idp->enabled && !console_fresh(c))
        return console_log_in_again(c, join_at(c, x->idp->id), f);
    const struct edit_field fields[] = {
        { S("client_id"), x->v.client_id },
        { S("client_secret_until"), until },
        { S("auth_method"), product_of(x->idp) == PRODUCT_entra ? S("client_secret_post") : S("client_secret_basic") },
        { S("client_secret"), secret }
    };
    return note_fields(c, x, fields, keeps ? 2 : sizeof fields / sizeof *fields, "registered", f);
}

/* It opens nothing to anybody: who may is whoever may change the source. */
static enum step take_probe(struct ctx *c, struct joins_on *x, struct fail *f)
{
    struct str password = form_get(c->body, S("probe_password"));

    x->v.probing = true;
    x->v.probe_user = form_typed(c->body, S("probe_user"), PROBE_USER_MAX);
    if (!str_is_set(x->v.probe_user))
        x->v.no_probe_user = wrong(c, x, "probe_user", C_probe_user, C_city_name_missing);
    if (password.n == 0 || password.n > PROBE_PASSWORD_MAX_B)
        x->v.no_probe_password = wrong(c, x, "probe_password", C_probe_password, C_city_name_missing);
    if (x->v.wrongs.n > 0)
        return show_one(c, x, 400);
    const struct edit_field fields[] = { { S("probe_username"), x->v.probe_user }, { S("probe_password"), password } };
    return note_fields(c, x, fields, 2, "probe", f);
}

static enum step drop_probe(struct ctx *c, struct joins_on *x, struct fail *f)
{
    static const struct edit_field fields[] = { { S("probe_username"), { NULL, 0 } },
                                                { S("probe_password"), { NULL, 0 } } };

    return note_fields(c, x, fields, 2, "probe", f);
}

/* ── of what it may speak ──────────────────────────────────────────────── */

/* One a line, of those that are ticked. */
static struct str ticked_roles(struct ctx *c, const struct idp *idp)
{
    struct buf b = buf_new(c->arena, BOUND_ROLES_MAX_B);

    for (int r = ROLE_NONE + 1; r < ROLE_COUNT; r++) {
        struct str name = str_of(role_name((enum role)r));
        if (is_offered(idp, (enum role)r) && str_is_set(form_get(c->body, arena_join(c->arena, S("role_"), name))))
            buf_printf(&b, "%s%.*s", b.n > 0 ? "\n" : "", STR_ARG(name));
    }
    return buf_str(&b);
}

/* An empty list is all there is. */
static bool is_wider(const struct strs *was, struct str lines)
{
    struct str line;

    if (was->n == 0 || lines.n == 0)
        return was->n > 0;
    while (str_split(&lines, '\n', &line))
        if (!strs_has(was, line))
            return true;
    return false;
}

/* A draft is not looked at as a whole until somebody approves it. */
static void judge_schools(struct ctx *c, struct joins_on *x)
{
    struct str rest = x->v.bound_schools, line;

    while (rest.n > 0 && str_split(&rest, '\n', &line))
        if (provider_school(x->idp->provider, line) == NULL) {
            x->v.no_schools = arena_printf(c->arena, "%.*s: %.*s", STR_ARG(line),
                                           STR_ARG(said(C_join_bounds_school_unknown, c->lang)));
            x->wrongs[x->v.wrongs.n++] =
                (struct city_wrong){ S("bound_schools"), said(C_join_bounds_schools, c->lang), x->v.no_schools };
            x->v.wrongs.at = x->wrongs;
            return;
        }
}

/* What it may say more is what more people may be: a second person approves, as of where its answers come from. */
static enum step bound(struct ctx *c, struct joins_on *x, struct fail *f)
{
    const struct area whose = { .provider = x->idp->provider->id };

    x->v.bounding = true;
    x->v.bound_roles = ticked_roles(c, x->idp);
    x->v.bound_schools = act_lines(c, S("bound_schools"), BOUND_SCHOOLS_MAX);
    judge_schools(c, x);
    if (x->v.wrongs.n > 0)
        return show_one(c, x, 400);
    bool wider =
        is_wider(&x->idp->asserts_roles, x->v.bound_roles) || is_wider(&x->idp->asserts_schools, x->v.bound_schools);
    x->as = wider && needs_second(x->idp) ? EDIT_KEEP : EDIT_APPLY;
    if (x->as == EDIT_KEEP && !console_may_in(c, MAY_DRAFT, &whose))
        return console_refuse(c, FAIL_DENIED, "not_yours");
    if (x->idp->enabled && x->as == EDIT_APPLY && !console_fresh(c)) {
        struct buf back = buf_new(c->arena, HERE_MAX_B);
        buf_add(&back, join_at(c, x->idp->id));
        url_query(&back, S("bound_roles"), str_is_set(x->v.bound_roles) ? x->v.bound_roles : S("-"));
        url_query(&back, S("bound_schools"), x->v.bound_schools);
        return console_log_in_again(c, buf_ok(&back) ? buf_str(&back) : join_at(c, x->idp->id), f);
    }
    const struct edit_field fields[] = { { S("asserts_roles"), x->v.bound_roles },
                                         { S("asserts_schools"), x->v.bound_schools } };
    return note_fields(c, x, fields, 2, "bounds", f);
}

static enum step open_it(struct ctx *c, struct joins_on *x, struct fail *f)
{
    static const struct edit_field fields[] = { { S("enabled"), S("true") }, { S("listed"), S("true") } };
    enum join_tested is = tested(c, x);

    x->v.why = act_why(c->body);
    if (x->idp->enabled || !is_registered(x->idp) || (is != JOIN_TEST_WELL && is != JOIN_TEST_FAULTS)) {
        x->v.detail = said(C_join_test_first, c->lang);
        return show_one(c, x, 409);
    }
    x->v.despite = str_is_set(form_get(c->body, S("despite")));
    if (!str_is_set(x->v.why))
        x->v.no_why = wrong(c, x, "why", C_why_label, C_why_missing);
    if (dry_is(x) != JOIN_DRY_WELL && !x->v.despite)
        x->v.no_despite = wrong(c, x, "despite", C_dry, C_join_despite_missing);
    if (x->v.wrongs.n > 0)
        return show_one(c, x, 400);
    if (!console_fresh(c))
        return console_log_in_again(c, url_to(c->arena, join_at(c, x->idp->id), S("why"), x->v.why), f);
    x->v.why = why_with_dry(c, x);
    return note_fields(c, x, fields, sizeof fields / sizeof *fields, "opened", f);
}

static enum step act(struct ctx *c, struct fail *f)
{
    struct joins_on *x = c->state;
    struct str word = form_get(c->body, S("act"));

    if (is_new(c))
        return make(c, x, f);
    if (!dry_read_results(c, &x->dry, f))
        return REFUSE;
    if (x->kept.outcome == KV_DOWN)
        return kv_away(f, "tryout");
    if (str_eq(word, S("register")))
        return take_client(c, x, f);
    if (str_eq(word, S("open")))
        return open_it(c, x, f);
    if (str_eq(word, S("move")))
        return move(c, x, f);
    if (str_eq(word, S("remove")))
        return take_away(c, x, f);
    if (str_eq(word, S("bounds")))
        return bound(c, x, f);
    if (str_eq(word, S("probe")))
        return take_probe(c, x, f);
    if (str_eq(word, S("probe_off")))
        return drop_probe(c, x, f);
    if (str_eq(word, S("probe_now"))) /* ask_probe() has noted it */
        return done_go(c, join_at(c, x->idp->id), "probe_now", S(""));
    return fail(f, FAIL_CALLER, "invalid_request", "no such act");
}

static enum step note(struct ctx *c, struct fail *f)
{
    (void)f;
    return act_note(c, &((const struct joins_on *)c->state)->act.got);
}

static enum step served(struct ctx *c, struct fail *f)
{
    const struct joins_on *x = c->state;

    (void)f;
    return x->act.got.ok && x->act.as != EDIT_KEEP &&
                   desk_wait(c->desk, c->work, &c->batch, c->arena, x->act.result.report.version)
               ? WAIT
               : NEXT;
}

static enum step say(struct ctx *c, struct fail *f)
{
    struct joins_on *x = c->state;

    if (x->act.got.ok && x->removes)
        return done_go(c, S("/admin/idps"), "removed", S(""));
    if (x->act.got.ok && x->act.as == EDIT_KEEP)
        return done_go(c, arena_printf(c->arena, "/admin/drafts/%lld", (long long)x->act.result.draft), "kept", S(""));
    if (x->act.got.ok)
        return done_go(c, join_at(c, x->id), x->done, S(""));
    bool conflict = x->act.got.why.kind == FAIL_CONFLICT;
    if (!conflict && !act_refused(c, &x->act.got, f))
        return REFUSE;
    x->v.detail = act_detail(c, &x->act);
    return is_new(c) ? show_new(c, x, conflict ? 409 : 400) : show_one(c, x, conflict ? 409 : 400);
}

const struct step_row admin_join_act[] = { { console_door }, { find },    { ask_documents }, { ask_keys },
                                           { ask_probe },    { ask_dry }, { act },           { note },
                                           { served },       { say },     { NULL } };
