/* SPDX-License-Identifier: EUPL-1.2
 * A tool reads what this platform is, and registers itself.  [LTI Dynamic Registration 1.0, OpenID Connect Registration
 * 3]
 *
 * Whoever has an initial access token opens the tool's registration address with it; what comes of it is a change as
 * any other.  A registration is not altered afterwards: the tool is registered anew, or its row is edited. */
#include "base/settings.h"
#include "gateway/lti/custom.def"
#include "gateway/lti/service.h"
#include "gateway/registrar.h"
#include "registry/desk.h"
#include "registry/urls.h"
#include "wire/http.h"
#include "wire/json.h"

#include <string.h>

enum { DOCUMENT_MAX_B = 32768, ANSWER_MAX_B = 65536, FIELDS_MAX = 40, LINE_MAX_B = 2048, LINES_MAX_B = 65536 };

#define PLATFORM_CONFIGURATION "https://purl.imsglobal.org/spec/lti-platform-configuration"
#define TOOL_CONFIGURATION     "https://purl.imsglobal.org/spec/lti-tool-configuration"

/* ── GET /lti/openid-configuration ───────────────────────────────────────── */

static const struct {
    const char *name, *path;
} endpoints[] = {
    { "authorization_endpoint", "/lti/authorize" },
    { "token_endpoint", "/lti/token" },
    { "jwks_uri", "/oidc/jwks" },
    { "registration_endpoint", "/lti/register" },
};

static const struct {
    const char *name, *words;
} lists[] = {
    { "token_endpoint_auth_methods_supported", "private_key_jwt" },
    { "token_endpoint_auth_signing_alg_values_supported", "RS256 ES256 PS256 EdDSA" },
    { "scopes_supported", "openid " LTI_SCOPE_MEMBERS },
    { "response_types_supported", "id_token" },
    { "response_modes_supported", "form_post" },
    { "grant_types_supported", "implicit client_credentials" },
    { "subject_types_supported", "pairwise" },
    { "id_token_signing_alg_values_supported", "RS256" },
    { "claims_supported", "iss sub given_name family_name name email" },
};

static const char *const messages[] = { "LtiResourceLinkRequest", "LtiDeepLinkingRequest" };

static bool is_message(struct str type)
{
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++)
        if (str_eq(type, str_of(messages[i])))
            return true;
    return false;
}

static void put_list(struct json_out *o, const char *name, struct str words)
{
    struct str word;

    json_key(o, str_of(name));
    json_begin_array(o);
    while (str_split(&words, ' ', &word))
        json_str(o, word);
    json_end_array(o);
}

static void put_platform(struct json_out *o)
{
    json_key(o, S(PLATFORM_CONFIGURATION));
    json_begin_object(o);
    json_put_str(o, S("product_family_code"), S("digione-gateway"));
    json_put_str(o, S("version"), S(DIGIONE_VERSION));
    json_key(o, S("messages_supported"));
    json_begin_array(o);
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
        json_begin_object(o);
        json_put_str(o, S("type"), str_of(messages[i]));
        json_end_object(o);
    }
    json_end_array(o);
#define X(name, value) name " "
    put_list(o, "variables", str_trim(S(LTI_VARIABLES(X))));
#undef X
    json_end_object(o);
}

static enum step configuration(struct ctx *c, struct fail *f)
{
    struct json_out o = json_out(c->arena, DOCUMENT_MAX_B);

    (void)f;
    json_begin_object(&o);
    json_put_str(&o, S("issuer"), c->set->public_url);
    for (size_t i = 0; i < sizeof endpoints / sizeof *endpoints; i++)
        json_put_str(&o, str_of(endpoints[i].name),
                     arena_join(c->arena, c->set->public_url, str_of(endpoints[i].path)));
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        put_list(&o, lists[i].name, str_of(lists[i].words));
    put_platform(&o);
    json_end_object(&o);
    http_body(c->res, 200, S("application/json"), json_done(&o));
    return DONE;
}

const struct step_row lti_configuration[] = { { configuration }, { NULL } };

/* ── POST /lti/register: what is asked ───────────────────────────────────── */

struct registering { /* c->state */
    const struct registrar *by;
    const struct json_value *asked, *tool; /* tool: what LTI says besides */
    struct edit_field fields[FIELDS_MAX];
    size_t field_count;
    struct str id, client_id, scope, logo_uri;
    struct fetch_got logo;
    struct str note; /* why it has no picture; absent: it has one, or named none */
    struct change_by change;
    struct edit_how how;
    struct edit *edit, *proposal; /* proposal: NULL, it is active at once */
    struct edit_result result;
    int64_t version, draft;
    struct desk_got got;
};

static struct registering *mine(const struct ctx *c)
{
    return c->state;
}

static int bad(struct fail *f, const char *member, const char *why)
{
    return fail(f, FAIL_CALLER, "invalid_client_metadata", "%s %s", member, why);
}

static void put(struct registering *x, const char *key, struct str value)
{
    if (value.p != NULL && x->field_count < FIELDS_MAX)
        x->fields[x->field_count++] = (struct edit_field){ str_of(key), value };
}

static bool is_line(struct str text)
{
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.p[i] < ' ')
            return false;
    return text.n <= LINE_MAX_B;
}

static bool check_url(const struct registering *x, const char *member, struct str url, struct fail *f)
{
    const char *trouble = url_trouble(url, x->by->test);

    if (trouble != NULL)
        return bad(f, member, trouble);
    return registrar_host_fits(&x->by->hosts, url) ||
           bad(f, member, "has a host that this initial access token does not allow");
}

static bool read_url(struct registering *x, const struct json_value *of, const char *member, const char *key,
                     struct fail *f)
{
    const struct json_value *v = json_get(of, str_of(member));

    if (v == NULL || v->type == JSON_NULL || (v->type == JSON_STR && v->text.n == 0))
        return true;
    if (v->type != JSON_STR || !is_line(v->text))
        return bad(f, member, "must be a text of one line");
    if (!check_url(x, member, v->text, f))
        return false;
    put(x, key, v->text);
    return true;
}

/* It is kept once its picture is. */
static bool read_logo(struct registering *x, struct fail *f)
{
    const struct json_value *v = json_get(x->asked, S("logo_uri"));

    if (v == NULL || v->type == JSON_NULL || (v->type == JSON_STR && v->text.n == 0))
        return true;
    if (v->type != JSON_STR || !is_line(v->text))
        return bad(f, "logo_uri", "must be a text of one line");
    x->logo_uri = v->text;
    return check_url(x, "logo_uri", v->text, f);
}

static bool read_redirect_uris(struct ctx *c, struct registering *x, struct fail *f)
{
    const struct json_value *v = json_get(x->asked, S("redirect_uris"));
    struct buf lines = buf_new(c->arena, LINES_MAX_B);

    if (v == NULL || v->type != JSON_ARRAY || v->count == 0)
        return fail(f, FAIL_CALLER, "invalid_redirect_uri", "redirect_uris is missing or empty");
    for (const struct json_value *uri = v->first; uri != NULL; uri = uri->next) {
        if (uri->type != JSON_STR || !is_line(uri->text))
            return fail(f, FAIL_CALLER, "invalid_redirect_uri", "redirect_uris must be a list of texts");
        if (!check_url(x, "redirect_uris", uri->text, f))
            return false;
        buf_printf(&lines, "%s%.*s", lines.n > 0 ? "\n" : "", STR_ARG(uri->text));
    }
    put(x, "redirect_uris", buf_str(&lines));
    return buf_ok(&lines) || bad(f, "redirect_uris", "is too long");
}

static bool read_custom(struct ctx *c, struct registering *x, struct fail *f)
{
    const struct json_value *v = json_get(x->tool, S("custom_parameters"));
    struct buf lines = buf_new(c->arena, LINES_MAX_B);

    for (v = v != NULL && v->type == JSON_OBJECT ? v->first : NULL; v != NULL; v = v->next) {
        if (v->type != JSON_STR || !is_line(v->text) || !is_line(v->name))
            return bad(f, "custom_parameters", "must be texts of one line");
        buf_printf(&lines, "%s%.*s=%.*s", lines.n > 0 ? "\n" : "", STR_ARG(v->name), STR_ARG(v->text));
    }
    if (lines.n > 0)
        put(x, "lti_custom", buf_str(&lines));
    return buf_ok(&lines) || bad(f, "custom_parameters", "is too long");
}

static bool read_messages(struct registering *x, struct fail *f)
{
    const struct json_value *v = json_get(x->tool, S("messages"));

    for (v = v != NULL && v->type == JSON_ARRAY ? v->first : NULL; v != NULL; v = v->next)
        if (str_eq(json_get_str(v, S("type")), S("LtiDeepLinkingRequest"))) {
            put(x, "lti_deep_linking", S("true"));
            return read_url(x, v, "target_link_uri", "lti_deep_link_uri", f);
        }
    return true;
}

/* As with OpenID Connect: addresses or telephone numbers, a line each. */
static bool read_contacts(struct ctx *c, struct registering *x, struct fail *f)
{
    const struct json_value *v = json_get(x->asked, S("contacts"));
    struct buf lines = buf_new(c->arena, LINES_MAX_B);

    if (v == NULL || v->type == JSON_NULL)
        return true;
    if (v->type != JSON_ARRAY)
        return bad(f, "contacts", "must be a list of texts");
    for (v = v->first; v != NULL; v = v->next) {
        if (v->type != JSON_STR || !is_line(v->text))
            return bad(f, "contacts", "must be texts of one line");
        buf_printf(&lines, "%s%.*s", lines.n > 0 ? "\n" : "", STR_ARG(v->text));
    }
    if (lines.n > 0)
        put(x, "contacts", buf_str(&lines));
    return buf_ok(&lines) || bad(f, "contacts", "is too long");
}

static bool read_names(struct ctx *c, struct registering *x, struct fail *f)
{
    static const char *const keys[] = { "name.fi", "name.sv", "name.en" };
    static const char *const members[] = { "client_name#fi", "client_name#sv", "client_name#en" };
    struct str name = json_get_str(x->asked, S("client_name"));

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct str said = json_get_str(x->asked, str_of(members[i]));
        if (i == 0 && said.p == NULL)
            said = name.p != NULL ? name : registrar_host(json_get_str(x->tool, S("target_link_uri")));
        if (said.p != NULL && !is_line(said))
            return bad(f, "client_name", "must be a text of one line");
        put(x, keys[i], said);
    }
    (void)c;
    return true;
}

/* What only other protocols have is refused where a tool could not do without. */
static bool read_fixed(const struct registering *x, struct fail *f)
{
    struct str method = json_get_str(x->asked, S("token_endpoint_auth_method"));

    if (method.p != NULL && !str_eq(method, S("private_key_jwt")))
        return bad(f, "token_endpoint_auth_method", "must be private_key_jwt");
    if (x->tool == NULL || x->tool->type != JSON_OBJECT)
        return bad(f, TOOL_CONFIGURATION, "is missing");
    return json_get_str(x->tool, S("target_link_uri")).p != NULL ||
           bad(f, "target_link_uri", "is missing in " TOOL_CONFIGURATION);
}

/* AGS and whatever else is asked is not had, and not said to be. */
static void settle_scope(struct registering *x)
{
    struct str scope = json_get_str(x->asked, S("scope"));
    bool keys = json_get_str(x->asked, S("jwks_uri")).p != NULL;

    x->scope = keys && scope.p != NULL && str_has_word(scope, S(LTI_SCOPE_MEMBERS)) ? S(LTI_SCOPE_MEMBERS) : S("");
    if (x->scope.n > 0)
        put(x, "lti_names_and_roles", S("true"));
}

static void settle_ours(struct ctx *c, struct registering *x)
{
    struct buf asks = buf_new(c->arena, LINE_MAX_B);

    for (int i = 0; i < CLAIM_COUNT; i++)
        if (claim_in(x->by->asks, (enum claim)i))
            buf_printf(&asks, "%s%s", asks.n > 0 ? "\n" : "", claim_rows[i].word);
    x->id = registrar_row_id(c, x->by);
    x->client_id = registrar_word(c);
    put(x, "protocol", S("lti"));
    put(x, "vendor", x->by->vendor);
    put(x, "client_id", x->client_id);
    put(x, "registered_by", x->by->id);
    put(x, "asks", buf_str(&asks));
    put(x, "test", x->by->test ? S("true") : S("false"));
    put(x, "enabled", registrar_at_once(x->by) ? S("true") : S("false"));
}

static enum step read_asked(struct ctx *c, struct fail *f)
{
    struct registering *x = c->state = arena_make(c->arena, struct registering);
    struct str type = http_field(c->req, S("Content-Type"));
    struct fail why = { 0 };

    x->by = registrar_read(c, f);
    if (x->by == NULL)
        return REFUSE;
    if (!str_eq_case(str_trim(str_sub(type, 0, str_find_byte(type, ';', 0))), S("application/json")))
        return bad(f, "Content-Type", "must be application/json");
    x->asked = json_parse(c->arena, c->req->body, &why);
    if (x->asked == NULL || x->asked->type != JSON_OBJECT || json_has_nul(x->asked))
        return bad(f, "the body", "must be one JSON object without NUL");
    x->tool = json_get(x->asked, S(TOOL_CONFIGURATION));
    if (!read_fixed(x, f) || !read_names(c, x, f) || !read_redirect_uris(c, x, f) ||
        !read_url(x, x->asked, "initiate_login_uri", "initiate_login_uri", f) ||
        !read_url(x, x->asked, "jwks_uri", "jwks_uri", f) || !read_url(x, x->asked, "client_uri", "client_uri", f) ||
        !read_url(x, x->asked, "policy_uri", "policy_uri", f) || !read_url(x, x->asked, "tos_uri", "tos_uri", f) ||
        !read_url(x, x->tool, "target_link_uri", "target_link_uri", f) || !read_messages(x, f) ||
        !read_custom(c, x, f) || !read_contacts(c, x, f) || !read_logo(x, f))
        return REFUSE;
    settle_scope(x);
    settle_ours(c, x);
    return NEXT;
}

/* ── its picture ─────────────────────────────────────────────────────────── */

static enum step fetch_logo(struct ctx *c, struct fail *f)
{
    struct registering *x = mine(c);

    (void)f;
    if (!str_is_set(x->logo_uri))
        return NEXT;
    registrar_fetch(c, x->by, FETCH_LOGO, x->logo_uri, &x->logo);
    return WAIT;
}

static enum step take_logo(struct ctx *c, struct fail *f)
{
    struct registering *x = mine(c);
    struct str icon;

    (void)f;
    if (!str_is_set(x->logo_uri))
        return NEXT;
    icon = registrar_icon(c->arena, &x->logo, &x->note);
    if (icon.p == NULL)
        return NEXT;
    put(x, "icon", icon);
    put(x, "logo_uri", x->logo_uri);
    return NEXT;
}

/* ── the change ─────────────────────────────────────────────────────────── */

static bool has_room(void *with, const struct registry *r, struct fail *f)
{
    const struct registering *x = with;

    return registrar_has_room(r, x->by->id, x->id, f);
}

static bool write_sql(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct registering *x = with;

    if (!edit_run(x->edit, d, a, &x->how, EDIT_APPLY, &x->result, f))
        return false;
    x->version = x->result.report.version;
    return x->proposal == NULL || registrar_propose(x->proposal, d, a, &x->change, &x->how, &x->draft, f);
}

static void free_an_edit(void *e)
{
    edit_free(e);
}

static struct edit *edit_of(struct ctx *c, const struct edit_field *fields, size_t n)
{
    const struct row_id row = { S("service"), { mine(c)->id, { NULL, 0 } } };
    struct edit *e = edit_new(&mine(c)->change, NULL);

    arena_adopt(c->arena, e, free_an_edit);
    edit_put(e, &row, fields, n);
    return e;
}

static enum step write(struct ctx *c, struct fail *f)
{
    static const struct edit_field on = { S("enabled"), S("true") };
    struct registering *x = mine(c);

    x->change = (struct change_by){ .who = arena_join(c->arena, S("registrar "), x->by->id),
                                    .acting_as = S("vendor"),
                                    .area = &area_nation,
                                    .maker = MAKER_registration,
                                    .why = x->by->vendor,
                                    .ungated = registrar_ungated(x->by),
                                    .at_s = c->now_s };
    x->how = (struct edit_how){ .world = c->world, .seals = c->seals, .look = has_room, .with = x };
    x->edit = edit_of(c, x->fields, x->field_count);
    if (!registrar_at_once(x->by))
        x->proposal = edit_of(c, &on, 1);
    if (!desk_ask(c->desk, c->work, &c->batch, c->arena, write_sql, x, &x->got))
        return fail(f, FAIL_BUSY, "temporarily_unavailable", "too many jobs wait");
    return WAIT;
}

/* "service name-1: initiate_login_uri is missing …": the row's own name says nothing to whoever asked. */
static const char *trouble_of(const struct registering *x)
{
    struct str says = x->result.trouble_count > 0 ? x->result.troubles[0].says : str_of(x->got.why.detail);
    size_t at = str_has_prefix(says, S("service ")) ? str_find(says, S(": ")) : says.n;

    return at < says.n ? says.p + at + 2 : says.p;
}

static enum step judge(struct ctx *c, struct fail *f)
{
    struct registering *x = mine(c);

    if (!x->got.ok && x->got.why.kind == FAIL_CALLER)
        return fail(f, FAIL_CALLER, "invalid_client_metadata", "%s", trouble_of(x));
    if (!x->got.ok && x->got.why.kind == FAIL_DENIED)
        return fail_told(f, FAIL_DENIED, "access_denied",
                         "as many services as this initial access token is for are registered, or it was taken back",
                         "%s", x->got.why.detail);
    if (!x->got.ok) {
        *f = x->got.why;
        return REFUSE;
    }
    return desk_wait(c->desk, c->work, &c->batch, c->arena, x->version) ? WAIT : NEXT;
}

/* ── the answer ─────────────────────────────────────────────────────────── */

static void put_as_asked(struct json_out *o, const struct registering *x)
{
    static const char *const told[] = { "client_name", "initiate_login_uri", "redirect_uris",
                                        "jwks_uri",    "client_uri",         "policy_uri",
                                        "tos_uri",     "logo_uri",           "contacts" };

    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        const struct json_value *v = json_get(x->asked, str_of(told[i]));
        if (v == NULL || (x->note.p != NULL && strcmp(told[i], "logo_uri") == 0))
            continue;
        json_key(o, str_of(told[i]));
        json_value(o, v);
    }
}

/* Of what it wants to be sent, what it will be. */
static void put_messages(struct json_out *o, const struct json_value *wanted)
{
    json_key(o, S("messages"));
    json_begin_array(o);
    for (const struct json_value *v = wanted->type == JSON_ARRAY ? wanted->first : NULL; v != NULL; v = v->next)
        if (is_message(json_get_str(v, S("type"))))
            json_value(o, v);
    json_end_array(o);
}

static void put_tool(struct json_out *o, const struct registering *x)
{
    json_key(o, S(TOOL_CONFIGURATION));
    json_begin_object(o);
    for (const struct json_value *v = x->tool->first; v != NULL; v = v->next)
        if (str_eq(v->name, S("messages"))) {
            put_messages(o, v);
        } else if (!str_eq(v->name, S("deployment_id")) && !str_eq(v->name, S("version"))) {
            json_key(o, v->name);
            json_value(o, v);
        }
    json_put_str(o, S("version"), S("1.3.0"));
    json_put_str(o, S("deployment_id"), x->id);
    json_end_object(o);
}

static void put_notes(struct json_out *o, const struct registering *x)
{
    if (x->draft == 0 && x->note.p == NULL)
        return;
    json_key(o, S("registration_notes"));
    json_begin_array(o);
    if (x->draft != 0)
        json_str(o, S("the tool is switched off until its registration is approved"));
    if (x->note.p != NULL)
        json_str(o, x->note);
    json_end_array(o);
}

static enum step answer(struct ctx *c, struct fail *f)
{
    const struct registering *x = mine(c);
    struct json_out o = json_out(c->arena, ANSWER_MAX_B);

    json_begin_object(&o);
    json_put_str(&o, S("client_id"), x->client_id);
    json_put_int(&o, S("client_id_issued_at"), c->now_s);
    put_as_asked(&o, x);
    json_put_str(&o, S("application_type"), S("web"));
    put_list(&o, "response_types", S("id_token"));
    put_list(&o, "grant_types", S("implicit client_credentials"));
    json_put_str(&o, S("token_endpoint_auth_method"), S("private_key_jwt"));
    json_put_str(&o, S("scope"), x->scope);
    json_put_str(&o, S("subject_type"), S("pairwise"));
    put_tool(&o, x);
    put_notes(&o, x);
    json_end_object(&o);
    struct str body = json_done(&o);
    if (body.p == NULL)
        return fail(f, FAIL_OURS, "server_error", "the registration is too large to answer with");
    http_header_set(c->res, S("Cache-Control"), S("no-store"));
    http_body(c->res, 201, S("application/json"), body);
    return DONE;
}

const struct step_row lti_register[] = { { read_asked }, { fetch_logo }, { take_logo }, { write },
                                         { judge },      { answer },     { NULL } };
