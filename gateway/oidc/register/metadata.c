/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/oidc/register/metadata.h"

#include "gateway/registrar.h"

#include "gateway/oidc/register/members.def"
#include "registry/urls.h"

#include <inttypes.h>
#include <string.h>

enum { TEXTS_MAX_B = 65536, TEXT_MAX_B = 2048, LIST_MAX = 100 };

enum member_form { FORM_TEXT = 0, FORM_LIST, FORM_WORDS, FORM_BOOL, FORM_NUMBER, FORM_OBJECT, FORM_URL, FORM_URLS };

static const struct member {
    const char *name, *key;
    enum member_form form;
} members[] = {
#define X(name, key, form) { name, key, FORM_##form },
    MEMBERS(X)
#undef X
};
enum { MEMBER_COUNT = sizeof members / sizeof *members };
_Static_assert(MEMBER_COUNT <= METADATA_FIELDS_MAX - 12, "fields of our own need room too");

struct reading {
    struct arena *arena;
    const struct json_value *asked, *stated;
    const struct registrar *by;
    const struct service *now; /* that is altered; NULL: a new one */
    struct metadata *out;
    struct fail *fail;
};

/* ── fields ─────────────────────────────────────────────────────────────── */

static struct edit_field *field_of(struct metadata *m, const char *key)
{
    for (size_t i = 0; i < m->field_count; i++)
        if (str_eq(m->fields[i].name, str_of(key)))
            return &m->fields[i];
    return NULL;
}

void metadata_put(struct metadata *m, const char *key, struct str value)
{
    struct edit_field *there = field_of(m, key);

    if (there != NULL)
        there->value = value;
    else if (m->field_count < METADATA_FIELDS_MAX)
        m->fields[m->field_count++] = (struct edit_field){ str_of(key), value };
}

static struct str value_of(struct metadata *m, const char *key)
{
    const struct edit_field *there = field_of(m, key);

    return there != NULL ? there->value : (struct str){ NULL, 0 };
}

void metadata_note(struct arena *a, struct metadata *m, struct str note)
{
    if (m->notes.n < METADATA_NOTES_MAX)
        strs_add(a, &m->notes, note);
}

/* ── a member as it came ────────────────────────────────────────────────── */

static int bad(struct reading *r, const struct member *m, const char *rule)
{
    return fail(r->fail, FAIL_CALLER,
                strcmp(m->name, "redirect_uris") == 0 ? "invalid_redirect_uri" : "invalid_client_metadata", "%s %s",
                m->name, rule);
}

/* null and "" are as if left out [RFC 7591 2, 3.1]. */
static const struct json_value *said(const struct json_value *object, const char *name)
{
    const struct json_value *v = json_get(object, str_of(name));

    return v == NULL || v->type == JSON_NULL || (v->type == JSON_STR && v->text.n == 0) ? NULL : v;
}

static const struct json_value *member_of(const struct reading *r, const char *name)
{
    const struct json_value *stated = said(r->stated, name);

    return stated != NULL ? stated : said(r->asked, name);
}

static bool is_line(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
            return false;
    return s.n <= TEXT_MAX_B;
}

static bool fits_url(struct reading *r, const struct member *m, struct str url)
{
    bool is_public = str_eq(value_of(r->out, "auth_method"), S("none"));
    bool is_redirect = strstr(m->name, "redirect_uris") != NULL;
    const char *trouble =
        is_redirect ? redirect_uri_trouble(url, r->by->test, is_public) : url_trouble(url, r->by->test);

    if (trouble != NULL)
        return bad(r, m, arena_printf(r->arena, "\"%.*s\" %s", STR_ARG(url), trouble).p);
    return registrar_host_fits(&r->by->hosts, url) ||
           bad(r, m,
               arena_printf(r->arena, "\"%.*s\" has a host that this initial access token does not allow", STR_ARG(url))
                   .p);
}

static bool read_texts(struct reading *r, const struct member *m, const struct json_value *v, struct str *out)
{
    struct buf b = buf_new(r->arena, TEXTS_MAX_B);

    if (v->type != JSON_ARRAY || v->count > LIST_MAX)
        return bad(r, m, "must be a list of at most 100 texts");
    for (const struct json_value *item = v->first; item != NULL; item = item->next) {
        if (item->type != JSON_STR || item->text.n == 0 || !is_line(item->text))
            return bad(r, m, "must be a list of texts of one line");
        if (m->form == FORM_URLS && !fits_url(r, m, item->text))
            return false;
        buf_printf(&b, "%s%.*s", b.n > 0 ? "\n" : "", STR_ARG(item->text));
    }
    *out = buf_str(&b);
    return buf_ok(&b) || bad(r, m, "is too long");
}

static struct str words_as_lines(struct arena *a, struct str words)
{
    struct buf b = buf_new(a, TEXTS_MAX_B);
    struct str rest = words, word;

    while (str_split(&rest, ' ', &word))
        if (word.n > 0)
            buf_printf(&b, "%s%.*s", b.n > 0 ? "\n" : "", STR_ARG(word));
    return buf_str(&b);
}

static bool read_member(struct reading *r, const struct member *m, const struct json_value *v, struct str *out)
{
    struct json_out json = json_out(r->arena, TEXTS_MAX_B);

    switch (m->form) {
    case FORM_LIST:
    case FORM_URLS:
        return read_texts(r, m, v, out);
    case FORM_BOOL: /* a text says the same in what some libraries send */
        if (v->type != JSON_BOOL)
            return bad(r, m, "must be true or false, without quotes");
        *out = v->boolean ? S("true") : S("false");
        return true;
    case FORM_NUMBER:
        if (v->type != JSON_INT || v->integer < 0)
            return bad(r, m, "must be a whole number, without quotes");
        *out = arena_printf(r->arena, "%" PRId64, v->integer);
        return true;
    case FORM_OBJECT:
        if (v->type != JSON_OBJECT)
            return bad(r, m, "must be an object");
        json_value(&json, v);
        *out = json_done(&json);
        return out->p != NULL || bad(r, m, "is too long");
    default:
        if (v->type != JSON_STR || !is_line(v->text))
            return bad(r, m, "must be a text of one line, at most 2048 bytes");
        *out = m->form == FORM_WORDS ? words_as_lines(r->arena, v->text) : v->text;
        return m->form != FORM_URL || fits_url(r, m, v->text);
    }
}

/* ── what is done otherwise ─────────────────────────────────────────────── */

static bool has(const struct strs *list, struct str word)
{
    for (size_t i = 0; i < list->n; i++)
        if (str_eq(list->at[i], word))
            return true;
    return false;
}

/* Those lines that the token allows; the rest is noted. */
static struct str allowed_lines(struct reading *r, const char *member, struct str lines, const struct strs *allowed)
{
    struct buf kept = buf_new(r->arena, TEXTS_MAX_B);
    struct str rest = lines, line;

    while (str_split(&rest, '\n', &line)) {
        if (!has(allowed, line))
            metadata_note(r->arena, r->out,
                          arena_printf(r->arena, "%s: \"%.*s\" may not be registered with this initial access token",
                                       member, STR_ARG(line)));
        else
            buf_printf(&kept, "%s%.*s", kept.n > 0 ? "\n" : "", STR_ARG(line));
    }
    return buf_str(&kept);
}

static struct str joined(struct arena *a, const struct strs *list)
{
    struct buf b = buf_new(a, TEXTS_MAX_B);

    for (size_t i = 0; i < list->n; i++)
        buf_printf(&b, "%s%.*s", b.n > 0 ? "\n" : "", STR_ARG(list->at[i]));
    return buf_str(&b);
}

/* Those that it was given by hand since are its own as well. */
static const struct strs *both(struct arena *a, struct strs *out, const struct strs *x, const struct strs *y)
{
    for (size_t i = 0; i < x->n; i++)
        strs_add(a, out, x->at[i]);
    for (size_t i = 0; i < y->n; i++)
        if (!has(out, y->at[i]))
            strs_add(a, out, y->at[i]);
    return out;
}

static bool settle_grants(struct reading *r)
{
    struct strs only_code = { 0 };
    const struct strs *allowed = &r->by->grant_types;
    struct strs with_own = { 0 };
    struct str asked = value_of(r->out, "grant_types");

    strs_add(r->arena, &only_code, S("authorization_code"));
    if (allowed->n == 0)
        allowed = &only_code;
    if (r->now != NULL)
        allowed = both(r->arena, &with_own, allowed, &r->now->client.grant_types);
    if (!str_is_set(asked)) /* [RFC 7591 2] */
        asked = S("authorization_code");
    struct str kept = allowed_lines(r, "grant_types", asked, allowed);
    metadata_put(r->out, "grant_types", kept);
    return kept.n > 0 || fail(r->fail, FAIL_CALLER, "invalid_client_metadata",
                              "grant_types: none of them may be registered with this initial access token");
}

static bool has_line(struct str lines, struct str wanted)
{
    struct str rest = lines, line;

    while (str_is_set(rest) && str_split(&rest, '\n', &line))
        if (str_eq(line, wanted))
            return true;
    return false;
}

/* Who may not refresh has no use for it. */
static struct strs scopes_of_grants(struct reading *r, const struct strs *allowed)
{
    bool refreshes = has_line(value_of(r->out, "grant_types"), S("refresh_token"));
    struct strs out = { 0 };

    for (size_t i = 0; i < allowed->n; i++)
        if (refreshes || !str_eq(allowed->at[i], S("offline_access")))
            strs_add(r->arena, &out, allowed->at[i]);
    return out;
}

/* An altered service has the scopes of its row as its bound: what was taken from it by hand does not come back so.  Who
 * begins to refresh may begin to ask for offline_access. */
static struct strs scopes_of_row(struct reading *r)
{
    struct strs bound = { 0 };

    for (size_t i = 0; i < r->now->scopes.n; i++)
        strs_add(r->arena, &bound, r->now->scopes.at[i]);
    if (has(&r->by->scopes, S("offline_access")) && !has(&bound, S("offline_access")) &&
        !strs_has(&r->now->client.grant_types, S("refresh_token")))
        strs_add(r->arena, &bound, S("offline_access"));
    return bound;
}

static void settle_scopes(struct reading *r)
{
    struct strs row = r->now != NULL ? scopes_of_row(r) : r->by->scopes;
    struct strs allowed = scopes_of_grants(r, &row);
    struct str asked = value_of(r->out, "scopes");

    if (row.n == 0)
        strs_add(r->arena, &allowed, S("openid"));
    metadata_put(r->out, "scopes",
                 str_is_set(asked) ? allowed_lines(r, "scope", asked, &allowed) : joined(r->arena, &allowed));
}

/* response_types: code alone; the rest goes with the grants that we do not have. */
static bool settle_response_types(struct reading *r)
{
    const struct json_value *v = member_of(r, "response_types");
    bool code = v == NULL;

    if (v != NULL && v->type != JSON_ARRAY)
        return fail(r->fail, FAIL_CALLER, "invalid_client_metadata", "response_types must be a list of texts");
    for (const struct json_value *item = v != NULL ? v->first : NULL; item != NULL; item = item->next) {
        bool is_code = str_eq(item->text, S("code"));
        code = code || is_code;
        if (!is_code)
            metadata_note(r->arena, r->out,
                          arena_printf(r->arena, "response_types: \"%.*s\" is not supported, \"code\" alone is",
                                       STR_ARG(item->text)));
    }
    return code || fail(r->fail, FAIL_CALLER, "invalid_client_metadata", "response_types: \"code\" alone is supported");
}

static void settle_what_is_not_ours(struct reading *r)
{
    static const char *const left_out[] = {
        "request_object_encryption_alg",        "request_object_encryption_enc",
        "authorization_encrypted_response_alg", "authorization_encrypted_response_enc",
        "introspection_encrypted_response_alg", "introspection_encrypted_response_enc",
        "backchannel_token_delivery_mode"
    };
    const struct json_value *v = member_of(r, "subject_type");

    if (v != NULL && !str_eq(v->text, S("pairwise")))
        metadata_note(r->arena, r->out, S("subject_type: every vendor has its own identifiers of people, pairwise"));
    for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++)
        if (member_of(r, left_out[i]) != NULL)
            metadata_note(r->arena, r->out, arena_printf(r->arena, "%s is not supported: left out", left_out[i]));
}

static void settle_name(struct reading *r)
{
    struct str name = value_of(r->out, "name.fi");

    for (int i = 0; i < 2 && !str_is_set(name); i++)
        name = value_of(r->out, i == 0 ? "name.sv" : "name.en");
    if (!str_is_set(name) && r->out->redirect_uris.n > 0)
        name = registrar_host(r->out->redirect_uris.at[0]);
    metadata_put(r->out, "name.fi", str_is_set(name) ? name : r->by->vendor);
}

/* Of a new one, whatever was asked: what the token's row says. */
static void settle_new(struct reading *r, bool must_pkce)
{
    struct buf asks = buf_new(r->arena, TEXT_MAX_B);

    for (int i = 0; i < CLAIM_COUNT; i++)
        if (claim_in(r->by->asks, (enum claim)i))
            buf_printf(&asks, "%s%s", asks.n > 0 ? "\n" : "", claim_rows[i].word);
    metadata_put(r->out, "asks", buf_str(&asks));
    metadata_put(r->out, "test", r->by->test ? S("true") : S("false"));
    metadata_put(r->out, "fapi", r->by->fapi ? S("true") : S("false"));
    metadata_put(r->out, "pkce_required", must_pkce ? S("true") : S("false"));
}

static void settle_ours(struct reading *r)
{
    bool fapi = r->now != NULL ? r->now->client.fapi : r->by->fapi;
    bool must_pkce = fapi || str_eq(r->out->auth_method, S("none"));

    if (r->now == NULL)
        settle_new(r, must_pkce);
    else if (must_pkce)
        metadata_put(r->out, "pkce_required", S("true"));
    if (fapi &&
        !str_is_set(value_of(r->out, "id_token_alg"))) /* the default is none of its algorithms [FAPI 2.0 5.4.1] */
        metadata_put(r->out, "id_token_alg", S("PS256"));
    if (fapi)
        metadata_put(r->out, "require_pushed_authorization_requests", S("true"));
}

/* client_name without a language is the Finnish one, unless that is there as well. */
static bool read_all(struct reading *r)
{
    for (size_t i = 0; i < MEMBER_COUNT; i++)
        if (field_of(r->out, members[i].key) == NULL)
            metadata_put(r->out, members[i].key, (struct str){ NULL, 0 });
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        const struct json_value *v = member_of(r, members[i].name);
        struct str value;
        if (v == NULL)
            continue;
        if (!read_member(r, &members[i], v, &value))
            return false;
        metadata_put(r->out, members[i].key, value);
    }
    return true;
}

static void keep_redirect_uris(struct reading *r)
{
    struct str rest = value_of(r->out, "redirect_uris"), line;

    while (str_is_set(rest) && str_split(&rest, '\n', &line))
        strs_add(r->arena, &r->out->redirect_uris, line);
}

/* Known before any address is judged: a public one may have others. */
static bool read_method(struct reading *r)
{
    const struct json_value *v = member_of(r, "token_endpoint_auth_method");

    if (v != NULL && v->type != JSON_STR)
        return fail(r->fail, FAIL_CALLER, "invalid_client_metadata", "token_endpoint_auth_method must be a text");
    r->out->auth_method = v != NULL ? v->text : S("client_secret_basic"); /* [RFC 7591 2] */
    metadata_put(r->out, "auth_method", r->out->auth_method);
    return true;
}

bool metadata_read(struct arena *a, const struct json_value *asked, const struct json_value *stated,
                   const struct registrar *by, const struct service *now, struct metadata *out, struct fail *f)
{
    struct reading r = { .arena = a, .asked = asked, .stated = stated, .by = by, .now = now, .out = out, .fail = f };

    *out = (struct metadata){ 0 };
    if (!read_method(&r) || !read_all(&r))
        return false;
    keep_redirect_uris(&r);
    if (out->redirect_uris.n == 0)
        return fail(f, FAIL_CALLER, "invalid_redirect_uri", "redirect_uris is missing or empty");
    if (member_of(&r, "jwks") != NULL && member_of(&r, "jwks_uri") != NULL) /* [RFC 7591 2] */
        return fail(f, FAIL_CALLER, "invalid_client_metadata", "jwks and jwks_uri must not both be there");
    if (!settle_grants(&r) || !settle_response_types(&r))
        return false;
    settle_scopes(&r);
    settle_what_is_not_ours(&r);
    settle_name(&r);
    settle_ours(&r);
    out->logo_uri = value_of(out, "logo_uri");
    out->sector_identifier_uri = value_of(out, "sector_identifier_uri");
    return true;
}

bool metadata_sector_holds(struct arena *a, struct str document, const struct strs *redirect_uris, struct fail *f)
{
    struct fail why = { 0 };
    const struct json_value *list = json_parse(a, document, &why);

    if (list == NULL || list->type != JSON_ARRAY)
        return fail(f, FAIL_CALLER, "invalid_client_metadata",
                    "sector_identifier_uri: its document is no JSON list of redirect URIs");
    for (size_t i = 0; i < redirect_uris->n; i++) {
        const struct json_value *item = list->first;
        while (item != NULL && !str_eq(item->text, redirect_uris->at[i]))
            item = item->next;
        if (item == NULL)
            return fail(f, FAIL_CALLER, "invalid_client_metadata",
                        "sector_identifier_uri: its document does not list the redirect URI \"%.*s\"",
                        STR_ARG(redirect_uris->at[i]));
    }
    return true;
}

/* ── out ────────────────────────────────────────────────────────────────── */

static void write_lines(struct json_out *o, struct str lines)
{
    struct str rest = lines, line;

    json_begin_array(o);
    while (str_is_set(rest) && str_split(&rest, '\n', &line))
        json_str(o, line);
    json_end_array(o);
}

static struct str lines_as_words(struct arena *a, struct str lines)
{
    char *p = arena_alloc(a, lines.n + 1);

    for (size_t i = 0; i < lines.n; i++)
        p[i] = lines.p[i] == '\n' ? ' ' : lines.p[i];
    return str_n(p, lines.n);
}

static void write_member(struct json_out *o, struct arena *a, const struct member *m, struct str value)
{
    struct fail unreadable = { 0 };
    int64_t number = 0;

    json_key(o, str_of(m->name));
    switch (m->form) {
    case FORM_LIST:
    case FORM_URLS:
        write_lines(o, value);
        break;
    case FORM_WORDS:
        json_str(o, lines_as_words(a, value));
        break;
    case FORM_BOOL:
        json_bool(o, str_eq(value, S("true")));
        break;
    case FORM_NUMBER:
        (void)str_int(value, &number);
        json_int(o, number);
        break;
    case FORM_OBJECT: {
        const struct json_value *v = json_parse(a, value, &unreadable);
        if (v != NULL)
            json_value(o, v);
        else
            json_nil(o);
        break;
    }
    default:
        json_str(o, value);
        break;
    }
}

/* Always there, because the defaults of the specifications and ours need not be the same for ever. */
static bool is_always_told(const struct member *m)
{
    static const char *const told[] = { "redirect_uris", "token_endpoint_auth_method",  "grant_types", "scope",
                                        "client_name",   "id_token_signed_response_alg" };

    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        if (strcmp(m->name, told[i]) == 0)
            return true;
    return false;
}

void metadata_write(struct json_out *o, struct arena *a, const struct row_seen *row)
{
    const struct row_field *method = row_field(row, "auth_method");
    bool is_public = method != NULL && str_eq(method->value, S("none"));

    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        const struct row_field *field = row_field(row, members[i].key);
        if (strcmp(members[i].name, "client_name#fi") == 0 || field == NULL || field->value.p == NULL ||
            (!field->is_set && !is_always_told(&members[i])))
            continue;
        write_member(o, a, &members[i], field->value);
    }
    json_key(o, S("response_types"));
    write_lines(o, S("code"));
    json_put_str(o, S("subject_type"), S("pairwise"));
    json_put_str(o, S("application_type"), is_public ? S("native") : S("web"));
}

static const char *member_named(struct str key)
{
    for (size_t i = 0; i < MEMBER_COUNT; i++)
        if (str_eq(key, str_of(members[i].key)))
            return members[i].name;
    return NULL;
}

int metadata_trouble(struct arena *a, const struct edit_result *r, const struct fail *why, struct fail *f)
{
    struct str says = r->trouble_count > 0 ? r->troubles[0].says : str_of(why->detail);
    struct str field = r->trouble_count > 0 ? r->troubles[0].field : (struct str){ NULL, 0 };
    const char *member = member_named(field);
    size_t at = str_find(says, S(": ")); /* "service name-1: …" is of our own book-keeping */
    bool ours = str_has_prefix(says, S("service ")) && at < says.n;
    struct str text = ours ? str_from(says, at + 2) : says;

    if (member != NULL && !str_has_prefix(text, str_of(member)))
        text = arena_printf(a, "%s: %.*s", member, STR_ARG(text));
    return fail_long(f, FAIL_CALLER,
                     str_has_prefix(text, S("redirect_uris")) ? "invalid_redirect_uri" : "invalid_client_metadata",
                     "%.*s", STR_ARG(text));
}
