/* SPDX-License-Identifier: EUPL-1.2
 * A vendor registers a service.  [RFC 7591 3, OpenID Connect Registration 3] */
#include "gateway/oidc/register/register.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "base/settings.h"
#include "gateway/answer.h"
#include "gateway/registrar.h"
#include "wire/http.h"
#include "wire/jose.h"

#include <inttypes.h>
#include <string.h>

enum { STATEMENT_LIFE_MAX_S = 10 * 366 * 86400, WHY_MAX = 200 };

/* ── who asks ───────────────────────────────────────────────────────────── */

static enum step read_registrar(struct ctx *c, struct fail *f)
{
    struct registering *x = c->state = arena_make(c->arena, struct registering);
    struct str token = registrar_bearer(c, f);

    if (token.p == NULL)
        return REFUSE;
    x->by = registry_registrar_token(c->registry, sha256_hex(c->arena, token));
    return registrar_is_open(c, x->by, f) ? NEXT : REFUSE;
}

/* ── what is asked ──────────────────────────────────────────────────────── */

/* Whose it claims to be; proven afterwards. */
static struct str statement_iss(struct ctx *c, struct str token)
{
    struct fail unreadable = { 0 };
    struct str rest = token, header, payload, json;

    if (!str_split(&rest, '.', &header) || !str_split(&rest, '.', &payload) || !b64url_decode(c->arena, payload, &json))
        return (struct str){ NULL, 0 };
    return json_get_str(json_parse(c->arena, json, &unreadable), S("iss"));
}

/* [RFC 7591 2.3, 3.1.1] */
static bool read_statement(struct ctx *c, struct registering *x, const struct json_value *asked, struct fail *f)
{
    const struct json_value *v = json_get(asked, S("software_statement"));
    const struct jose_rules rules = { .blame = FAIL_CALLER,
                                      .algs = JOSE_BOTH,
                                      .iss = x->by->statement_issuer,
                                      .aud = c->set->public_url,
                                      .aud_rule = AUD_IF_SAID,
                                      .exp_optional = true,
                                      .iat_optional = true,
                                      .sub_optional = true,
                                      .now_s = c->now_s,
                                      .skew_s = c->set->jose_skew_s,
                                      .life_max_s = STATEMENT_LIFE_MAX_S };
    struct jose_claims claims;
    struct fail why = { 0 };

    if (v == NULL || v->type == JSON_NULL)
        return !x->by->statement_required ||
               fail(f, FAIL_CALLER, "invalid_software_statement",
                    "software_statement is missing, which this initial access token asks for");
    if (v->type != JSON_STR || statement_iss(c, v->text).p == NULL)
        return fail(f, FAIL_CALLER, "invalid_software_statement",
                    "software_statement must be a signed JWT that says iss");
    if (!str_eq(statement_iss(c, v->text), x->by->statement_issuer))
        return fail(
            f, FAIL_CALLER, "unapproved_software_statement",
            "software_statement: its iss is not one whose statements are believed for this initial access token");
    const struct jwks *keys = jwks_read(c->arena, x->by->statement_jwks, &why);
    if (keys == NULL || !jose_verify(c->arena, v->text, keys, &rules, &claims, &why))
        return fail(f, FAIL_CALLER, "invalid_software_statement", "software_statement: %s: %s", why.code, why.detail);
    x->stated = claims.all;
    return true;
}

/* What RFC 7592 2.2 asks of an update: it names the service, and gives no secret of its own choice. */
static bool names_itself(struct ctx *c, const struct registering *x, const struct json_value *asked, struct fail *f)
{
    static const char *const ours[] = { "registration_access_token", "registration_client_uri",
                                        "client_secret_expires_at", "client_id_issued_at" };
    struct str secret = json_get_str(asked, S("client_secret"));

    if (x->service == NULL)
        return true;
    if (!str_eq(json_get_str(asked, S("client_id")), x->service->client_id))
        return fail(f, FAIL_CALLER, "invalid_client_metadata", "client_id must be there, and be the service's own");
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (json_get(asked, str_of(ours[i])) != NULL)
            return fail(f, FAIL_CALLER, "invalid_client_metadata", "%s must not be in an update: it is ours to say",
                        ours[i]);
    return secret.p == NULL || crypt_eq(sha256_hex(c->arena, secret), x->service->secret_hash) ||
           fail(f, FAIL_CALLER, "invalid_client_metadata", "client_secret must be the one in force, or be left out");
}

static enum step read_metadata(struct ctx *c, struct fail *f)
{
    struct registering *x = c->state;
    const struct json_value *asked = answer_json_body(c, "invalid_client_metadata", f);

    if (asked == NULL || !names_itself(c, x, asked, f) || !read_statement(c, x, asked, f) ||
        !metadata_read(c->arena, asked, x->stated, x->by, x->service, &x->metadata, f))
        return REFUSE;
    return NEXT;
}

/* ── what it names elsewhere ────────────────────────────────────────────── */

static bool is_known_logo(const struct registering *x)
{
    return x->service != NULL && str_is_set(x->service->logo) &&
           str_eq(x->service->client.logo_uri, x->metadata.logo_uri);
}

static enum step fetch_documents(struct ctx *c, struct fail *f)
{
    struct registering *x = c->state;
    bool sector = str_is_set(x->metadata.sector_identifier_uri);
    bool logo = str_is_set(x->metadata.logo_uri) && !is_known_logo(x);

    (void)f;
    if (sector)
        registrar_fetch(c, x->by, FETCH_KEYS, x->metadata.sector_identifier_uri, &x->sector);
    if (logo)
        registrar_fetch(c, x->by, FETCH_LOGO, x->metadata.logo_uri, &x->logo);
    return sector || logo ? WAIT : NEXT;
}

/* A service is usable without its picture: it is left out, and said so. */
static void take_logo(struct ctx *c, struct registering *x)
{
    struct str icon, note;

    if (!str_is_set(x->metadata.logo_uri)) {
        metadata_put(&x->metadata, "icon", (struct str){ NULL, 0 });
        return;
    }
    if (is_known_logo(x))
        return;
    icon = registrar_icon(c->arena, &x->logo, &note);
    metadata_put(&x->metadata, "icon", icon);
    if (icon.p != NULL)
        return;
    metadata_note(c->arena, &x->metadata, note);
    metadata_put(&x->metadata, "logo_uri", (struct str){ NULL, 0 });
}

static enum step judge_documents(struct ctx *c, struct fail *f)
{
    struct registering *x = c->state;

    if (str_is_set(x->metadata.sector_identifier_uri)) {
        if (!x->sector.answered || x->sector.status != 200)
            return fail(f, FAIL_CALLER, "invalid_client_metadata", "sector_identifier_uri could not be fetched: %.*s",
                        STR_ARG(registrar_fetched(c->arena, &x->sector)));
        if (!metadata_sector_holds(c->arena, x->sector.body, &x->metadata.redirect_uris, f))
            return REFUSE;
    }
    take_logo(c, x);
    return NEXT;
}

/* ── what is ours to make ───────────────────────────────────────────────── */

static bool needs_secret(struct str method)
{
    return str_has_prefix(method, S("client_secret_"));
}

/* A secret of that use is there already; of one that is only kept as its hash the value cannot be sealed later. */
static bool has_secret(const struct service *s, struct str method)
{
    return s != NULL && str_is_set(s->secret_hash) &&
           (!str_eq(method, S("client_secret_jwt")) || str_is_set(s->client.secret_sealed));
}

static void make_secret(struct ctx *c, struct registering *x)
{
    struct str method = x->metadata.auth_method, none = { NULL, 0 };
    bool is_jwt = str_eq(method, S("client_secret_jwt"));

    if (!needs_secret(method)) {
        metadata_put(&x->metadata, "secret", none);
        metadata_put(&x->metadata, "secret_value", none);
        return;
    }
    if (!is_jwt)
        metadata_put(&x->metadata, "secret_value", none);
    if (has_secret(x->service, method))
        return;
    x->secret = registrar_word(c);
    metadata_put(&x->metadata, "secret", x->secret);
    if (is_jwt)
        metadata_put(&x->metadata, "secret_value", x->secret);
}

static void make_identity(struct ctx *c, struct registering *x)
{
    if (x->service != NULL) {
        x->id = x->service->id;
        x->client_id = x->service->client_id;
        return;
    }
    x->id = registrar_row_id(c, x->by);
    x->client_id = registrar_word(c);
    x->token = registrar_word(c);
    metadata_put(&x->metadata, "protocol", S("oidc"));
    metadata_put(&x->metadata, "vendor", x->by->vendor);
    metadata_put(&x->metadata, "client_id", x->client_id);
    metadata_put(&x->metadata, "registered_by", x->by->id);
    metadata_put(&x->metadata, "registration_token", x->token);
    metadata_put(&x->metadata, "enabled", registrar_at_once(x->by) ? S("true") : S("false"));
}

/* ── the change ─────────────────────────────────────────────────────────── */

static bool has_room(void *with, const struct registry *r, struct fail *f)
{
    const struct registering *x = with;

    return registrar_has_room(r, x->by->id, x->id, f);
}

static bool propose(struct registering *x, struct db *d, struct arena *a, struct fail *f)
{
    return registrar_propose(x->proposal, d, a, &x->change, &x->how, &x->draft, f);
}

/* What was proposed of a row that is another by now could not be approved. */
static bool withdraw(struct registering *x, struct db *d, struct arena *a, struct fail *f)
{
    struct draft_move move = { .act = DRAFT_WITHDRAW };
    const struct row_id row = { S("service"), { x->id, { NULL, 0 } } };
    struct edit_result moved;

    if (!draft_of_row(d, a, x->change.who, &row, &move.number, &move.edition, f))
        return false;
    x->withdraws = move.number != 0;
    return move.number == 0 || draft_do(d, a, &x->change, &move, &moved, f);
}

static bool write_sql(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct registering *x = with;
    const struct row_id row = { S("service"), { x->id, { NULL, 0 } } };
    struct fail why = { 0 };

    if (x->service != NULL && !registrar_at_once(x->by) && !withdraw(x, d, a, f))
        return false;
    if (x->writes && !edit_run(x->edit, d, a, &x->how, EDIT_APPLY, &x->result, f))
        return false;
    if (x->writes)
        x->version = x->result.report.version;
    /* Switched off by somebody else: nothing of ours switches it on again. */
    bool waits = x->service == NULL || x->service->enabled || x->withdraws;
    if (x->proposal != NULL && waits && !propose(x, d, a, &why)) {
        if (!x->writes) {
            *f = why;
            return false;
        }
        x->untold = arena_str(a, str_of(why.detail));
    }
    int64_t version;
    return row_look(d, a, &area_nation, &row, &x->row, &version, f);
}

static void free_an_edit(void *e)
{
    edit_free(e);
}

static struct edit *edit_of(struct ctx *c, struct registering *x)
{
    struct edit *e = edit_new(&x->change, NULL);

    arena_adopt(c->arena, e, free_an_edit);
    return e;
}

static enum step write(struct ctx *c, struct fail *f)
{
    static const struct edit_field on = { S("enabled"), S("true") };
    struct registering *x = c->state;

    make_identity(c, x);
    make_secret(c, x);
    const struct row_id row = { S("service"), { x->id, { NULL, 0 } } };
    x->change = (struct change_by){ .who = arena_join(c->arena, S("registrar "), x->by->id),
                                    .acting_as = S("vendor"),
                                    .area = &area_nation,
                                    .maker = MAKER_registration,
                                    .why = x->by->vendor,
                                    .ungated = registrar_ungated(x->by),
                                    .at_s = c->now_s };
    x->how = (struct edit_how){ .world = c->world, .seals = c->seals, .look = has_room, .with = x };
    x->writes = registrar_at_once(x->by) || x->service == NULL || !x->service->enabled;
    if (x->writes) {
        x->edit = edit_of(c, x);
        edit_put(x->edit, &row, x->metadata.fields, x->metadata.field_count);
    }
    if (!registrar_at_once(x->by)) {
        x->proposal = edit_of(c, x);
        if (x->writes)
            edit_put(x->proposal, &row, &on, 1);
        else
            edit_put(x->proposal, &row, x->metadata.fields, x->metadata.field_count);
    }
    if (!desk_ask(c->desk, c->work, &c->batch, c->arena, write_sql, x, &x->got))
        return fail(f, FAIL_BUSY, "temporarily_unavailable", "too many jobs wait");
    return WAIT;
}

/* In the words of the protocol [RFC 7591 3.2.2]. */
static enum step judge(struct ctx *c, struct fail *f)
{
    struct registering *x = c->state;
    const struct fail *why = &x->got.why;

    if (!x->got.ok && why->kind == FAIL_CALLER)
        return metadata_trouble(c->arena, &x->result, why, f);
    if (!x->got.ok && why->kind == FAIL_BUSY)
        return fail(f, FAIL_BUSY, "temporarily_unavailable", "%s", why->detail);
    if (!x->got.ok && why->kind == FAIL_DENIED) /* what has_room() said */
        return fail_told(f, FAIL_DENIED, "access_denied",
                         "as many services as this initial access token is for are registered: delete one, or ask for "
                         "more; or the token was taken back a moment ago",
                         "%s", why->detail);
    if (!x->got.ok) {
        *f = *why;
        return REFUSE;
    }
    if (!x->writes)
        return NEXT;
    return desk_wait(c->desk, c->work, &c->batch, c->arena, x->version) ? WAIT : NEXT;
}

const struct step_row register_write[] = { { read_metadata }, { fetch_documents }, { judge_documents },
                                           { write },         { judge },           { NULL } };

/* ── the answer ─────────────────────────────────────────────────────────── */

static void add_notes(struct ctx *c, struct registering *x)
{
    if (str_is_set(x->untold))
        metadata_note(c->arena, &x->metadata,
                      arena_printf(c->arena,
                                   "the service is switched off, and it could not be proposed to switch it on: %.*s",
                                   STR_ARG(x->untold)));
    else if (x->draft != 0)
        metadata_note(c->arena, &x->metadata,
                      x->writes ? S("the service is switched off until its registration is approved")
                                : S("what is asked waits for approval; what stands here is in force until then"));
}

enum step register_written(struct ctx *c, int status, struct fail *f)
{
    struct registering *x = c->state;
    struct json_out o = json_out(c->arena, REGISTER_ANSWER_MAX_B);

    add_notes(c, x);
    json_begin_object(&o);
    json_put_str(&o, S("client_id"), x->client_id);
    if (x->service == NULL && x->token.p != NULL)
        json_put_int(&o, S("client_id_issued_at"), c->now_s);
    if (x->writes && x->secret.p != NULL) {
        json_put_str(&o, S("client_secret"), x->secret);
        json_put_int(&o, S("client_secret_expires_at"), 0);
    }
    json_put_str(&o, S("registration_access_token"), x->token);
    json_put_str(&o, S("registration_client_uri"),
                 arena_printf(c->arena, "%.*s/oidc/register/%.*s", STR_ARG(c->set->public_url), STR_ARG(x->client_id)));
    metadata_write(&o, c->arena, &x->row);
    if (x->metadata.notes.n > 0) {
        json_key(&o, S("registration_notes"));
        json_begin_array(&o);
        for (size_t i = 0; i < x->metadata.notes.n; i++)
            json_str(&o, x->metadata.notes.at[i]);
        json_end_array(&o);
    }
    json_end_object(&o);
    struct str body = json_done(&o);
    if (body.p == NULL)
        return fail(f, FAIL_OURS, "server_error", "the registration is too large to answer with");
    http_body(c->res, status, S("application/json"), body);
    return DONE;
}

static enum step write_new(struct ctx *c, struct fail *f)
{
    (void)f;
    return step_into(c, register_write);
}

static enum step answer_new(struct ctx *c, struct fail *f)
{
    return register_written(c, 201, f);
}

const struct step_row oidc_register[] = { { read_registrar }, { write_new }, { answer_new }, { NULL } };
