/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/lti/message.h"

#include "certs/signer_client.h"
#include "gateway/lti/custom.def"
#include "gateway/lti/roles.def"
#include "wire/json.h"

#define PRODUCT      "digione-gateway"
#define PRODUCT_NAME "DigiOne"
#define M            "http://purl.imsglobal.org/vocab/lis/v2/membership"
#define I            "http://purl.imsglobal.org/vocab/lis/v2/institution/person"

enum { NAMES_MAX_B = 8192 };

/* ── roles ──────────────────────────────────────────────────────────────── */

struct str message_roles(enum role role)
{
    static const struct {
        const char *here, *all;
    } rows[ROLE_COUNT] = {
#define X(role, membership, institution) [ROLE_##role] = { membership, membership " " institution },
        LTI_ROLES(X)
#undef X
    };

    return role < ROLE_COUNT && rows[role].all != NULL ? str_trim(str_of(rows[role].all)) : S("");
}

/* ── variables ──────────────────────────────────────────────────────────── */

static struct str context_type(const struct lti_message *m)
{
    if (m->told->context_id.p == NULL)
        return S("");
    return m->told->is_school ? S(LTI_COURSE "Group") : S(LTI_COURSE "CourseSection");
}

/* Names the installation, in characters of a host name. */
static struct str guid(const struct lti_message *m)
{
    size_t at = str_find(m->platform_url, S("://"));

    return at < m->platform_url.n ? str_from(m->platform_url, at + 3) : m->platform_url;
}

static struct str document_target(const struct lti_message *m)
{
    return m->framed ? S("iframe") : S("window");
}

/* Of a guardian alone, and nobody is their own. */
static bool is_mentored(const struct lti_message *m, struct str learner)
{
    return m->told->role == ROLE_GUARDIAN && !str_eq(learner, m->sub);
}

static struct str mentored(struct arena *a, const struct lti_message *m)
{
    struct buf b = buf_new(a, NAMES_MAX_B);

    for (size_t i = 0; i < m->told->learners.n; i++)
        if (is_mentored(m, m->told->learners.at[i]))
            buf_printf(&b, "%s%.*s", b.n > 0 ? "," : "", STR_ARG(m->told->learners.at[i]));
    return buf_str(&b);
}

/* A learner's number beside a guardian's name would make them one. */
static struct str learner_id(const struct lti_message *m)
{
    return m->told->role == ROLE_GUARDIAN ? (struct str){ NULL, 0 } : m->told->learner_id;
}

struct str message_variable(struct arena *a, const struct lti_message *m, struct str variable)
{
    const struct {
        struct str name, value;
    } rows[] = {
#define X(name, value) { S(name), value },
        LTI_VARIABLES(X)
#undef X
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (str_eq(rows[i].name, variable))
            return rows[i].value.p != NULL ? rows[i].value : S("");
    return (struct str){ NULL, 0 };
}

/* ── the parts ──────────────────────────────────────────────────────────── */

static void put(struct json_out *o, struct str name, struct str value)
{
    if (str_is_set(value))
        json_put_str(o, name, value);
}

static void put_list(struct json_out *o, struct str name, struct str words)
{
    struct str word;

    json_key(o, name);
    json_begin_array(o);
    while (str_split(&words, ' ', &word))
        if (word.n > 0)
            json_str(o, word);
    json_end_array(o);
}

/* Not there rather than empty [LTI Core 5.3.8]. */
static void put_mentored(struct json_out *o, const struct lti_message *m)
{
    size_t n = 0;

    for (size_t i = 0; i < m->told->learners.n; i++)
        n += is_mentored(m, m->told->learners.at[i]);
    if (n == 0)
        return;
    json_key(o, S(LTI_CLAIM "role_scope_mentor"));
    json_begin_array(o);
    for (size_t i = 0; i < m->told->learners.n; i++)
        if (is_mentored(m, m->told->learners.at[i]))
            json_str(o, m->told->learners.at[i]);
    json_end_array(o);
}

static void put_person(struct json_out *o, const struct lti_message *m)
{
    const struct lti_told *t = m->told;

    json_put_str(o, S("sub"), m->sub);
    put(o, S("given_name"), t->given_name);
    put(o, S("family_name"), t->family_name);
    put(o, S("name"), t->name);
    put(o, S("email"), t->email);
    put_list(o, S(LTI_CLAIM "roles"), message_roles(t->role)); /* must be there, and may be empty [LTI Core 5.3.7] */
    put_mentored(o, m);
    if (str_is_set(learner_id(m))) {
        json_key(o, S(LTI_CLAIM "lis"));
        json_begin_object(o);
        json_put_str(o, S("person_sourcedid"), learner_id(m));
        json_end_object(o);
    }
}

static void put_context(struct json_out *o, const struct lti_message *m)
{
    if (m->told->context_id.p == NULL)
        return;
    json_key(o, S(LTI_CLAIM "context"));
    json_begin_object(o);
    json_put_str(o, S("id"), m->told->context_id);
    put(o, S("label"), m->told->context_label);
    put(o, S("title"), m->told->context_title);
    put_list(o, S("type"), context_type(m));
    json_end_object(o);
}

static void put_link(struct json_out *o, const struct lti_message *m)
{
    json_key(o, S(LTI_CLAIM "resource_link"));
    json_begin_object(o);
    json_put_str(o, S("id"), m->link_id);
    put(o, S("title"), m->link_title);
    json_end_object(o);
}

/* Whether a later line names the parameter again: what a teacher picked goes before what the row says. */
static bool is_said_again(struct str rest, struct str name)
{
    struct str line;

    while (str_split(&rest, '\n', &line))
        if (str_eq(str_sub(line, 0, str_find_byte(line, '=', 0)), name))
            return true;
    return false;
}

static void put_custom(struct json_out *o, struct arena *a, const struct lti_message *m)
{
    struct str rest = m->custom, line;

    if (!str_is_set(rest))
        return;
    json_key(o, S(LTI_CLAIM "custom"));
    json_begin_object(o);
    while (str_split(&rest, '\n', &line)) {
        struct str name = str_sub(line, 0, str_find_byte(line, '=', 0)), value = str_from(line, name.n + 1);
        struct str known = str_has_prefix(value, S("$")) ? message_variable(a, m, str_from(value, 1)) : value;
        if (name.n > 0 && !is_said_again(rest, name))
            json_put_str(o, name, known.p != NULL ? known : value);
    }
    json_end_object(o);
}

static void put_presentation(struct json_out *o, const struct lti_message *m)
{
    json_key(o, S(LTI_CLAIM "launch_presentation"));
    json_begin_object(o);
    json_put_str(o, S("document_target"), document_target(m));
    json_put_str(o, S("locale"), str_of(lang_tag(m->lang)));
    if (!m->picking)
        put(o, S("return_url"), m->return_url);
    json_end_object(o);
}

static void put_platform(struct json_out *o, const struct lti_message *m)
{
    json_key(o, S(LTI_CLAIM "tool_platform"));
    json_begin_object(o);
    json_put_str(o, S("guid"), guid(m));
    json_put_str(o, S("name"), S(PRODUCT_NAME));
    json_put_str(o, S("url"), m->platform_url);
    json_put_str(o, S("product_family_code"), S(PRODUCT));
    json_end_object(o);
}

/* [Deep Linking 2.0 3.4.1]; what is asked for is what a link of ours can hold. */
static void put_settings(struct json_out *o, const struct lti_message *m)
{
    json_key(o, S(LTI_DL "deep_linking_settings"));
    json_begin_object(o);
    json_put_str(o, S("deep_link_return_url"), m->return_url);
    put_list(o, S("accept_types"), S("ltiResourceLink"));
    put_list(o, S("accept_presentation_document_targets"), S("window"));
    json_put_bool(o, S("accept_multiple"), true);
    json_put_bool(o, S("accept_lineitem"), false);
    json_put_bool(o, S("auto_create"), false);
    json_put_str(o, S("data"), m->data);
    json_end_object(o);
}

static void put_members(struct json_out *o, const struct lti_message *m)
{
    if (!str_is_set(m->members_url))
        return;
    json_key(o, S(LTI_NRPS "claim/namesroleservice"));
    json_begin_object(o);
    json_put_str(o, S("context_memberships_url"), m->members_url);
    put_list(o, S("service_versions"), S("2.0"));
    json_end_object(o);
}

struct str message_claims(struct arena *a, const struct lti_message *m)
{
    struct json_out o = json_out(a, SIGNER_CLAIMS_MAX_B);

    json_begin_object(&o);
    json_put_str(&o, S("aud"), m->client_id);
    json_put_str(&o, S("nonce"), m->nonce);
    json_put_str(&o, S(LTI_CLAIM "message_type"),
                 m->picking ? S("LtiDeepLinkingRequest") : S("LtiResourceLinkRequest"));
    json_put_str(&o, S(LTI_CLAIM "version"), S("1.3.0"));
    json_put_str(&o, S(LTI_CLAIM "deployment_id"), m->deployment_id);
    json_put_str(&o, S(LTI_CLAIM "target_link_uri"), m->target_link_uri);
    put_person(&o, m);
    put_context(&o, m);
    put_presentation(&o, m);
    put_platform(&o, m);
    put_custom(&o, a, m);
    if (m->picking) {
        put_settings(&o, m);
    } else {
        put_link(&o, m);
        put_members(&o, m);
    }
    json_end_object(&o);
    return json_done(&o);
}
