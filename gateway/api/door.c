/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/api/api.h"

#include "base/crypt.h"
#include "gateway/answer.h"
#include "gateway/api/kinds.def"
#include "gateway/flow.h"
#include "wire/form.h"
#include "wire/http.h"

enum { TOKEN_MAX_B = 256 };

const struct api_right api_rights[] = {
#define X(kind, read, write, how) { #kind, MAY_##read, MAY_##write, API_##how },
    API_KINDS(X)
#undef X
};
const size_t api_right_count = sizeof api_rights / sizeof *api_rights;

const struct api_right *api_right_of(struct str kind)
{
    for (size_t i = 0; i < api_right_count; i++)
        if (str_eq(kind, str_of(api_rights[i].kind)))
            return &api_rights[i];
    return NULL;
}

enum step api_ask(struct ctx *c, desk_job *job, struct fail *f)
{
    struct api_call *x = api_call(c);

    if (!desk_ask(c->desk, c->work, &c->batch, c->arena, job, x, &x->got))
        return fail(f, FAIL_BUSY, "temporarily_unavailable", "too many jobs wait");
    return WAIT;
}

bool api_may(const struct api_call *x, enum console_action action, const struct area *where)
{
    return policy_may(x->registry, &x->person, action, area_is_vendor(where) ? &area_nation : where, &x->now);
}

/* ── whose token it is [RFC 6750 2.1, 3] ────────────────────────────────── */

static enum step no_token(struct ctx *c, struct fail *f, bool came, const char *why)
{
    http_header_set(c->res, S("WWW-Authenticate"),
                    came ? S("Bearer realm=\"digione\", error=\"invalid_token\"") : S("Bearer realm=\"digione\""));
    return fail_told(f, FAIL_CLIENT_AUTH, "invalid_token",
                     came
                         ? "the token is unknown, has ended, or is switched off: whoever administers here gives another"
                         : "there is no token: Authorization: Bearer is missing; whoever administers here gives tokens",
                     "%s", why);
}

static bool is_valid(const struct api_token *t, int64_t now_s)
{
    const struct affiliation held = { .from_s = t->right.from_s, .to_s = t->right.to_s };

    return t->enabled && affiliation_valid(&held, now_s);
}

static void take_up(struct ctx *c, struct api_call *x, const struct api_token *t)
{
    const struct admin *right = &t->right;

    x->token = t;
    x->registry = c->registry;
    x->now = flow_circumstances(c);
    x->person = (struct person){ .idp = right->idp, .subject = right->subject };
    if (right->provider != NULL)
        x->area.provider = right->provider->id;
    if (right->school != NULL)
        x->area.school = right->school->oid;
    x->by = (struct change_by){
        .who = str_is_set(t->given_by) ? t->given_by : arena_join(c->arena, S("api_token "), t->id),
        .number_key = t->given_number,
        .name_key = t->given_name,
        .acting_as = arena_join(c->arena, S("api_token "), t->id),
        .area = &x->area,
        .maker = MAKER_api,
        .ungated = t->at_once ? str_chars(str_trim(form_get(c->query, S("ungated"))), UNGATED_MAX, UNGATED_MAX_B)
                              : (struct str){ NULL, 0 },
        .at_s = c->now_s,
    };
}

enum step api_door(struct ctx *c, struct fail *f)
{
    struct api_call *x = c->state = arena_make(c->arena, struct api_call);
    struct str token = http_credentials(c->req, S("Bearer"));

    if (!str_is_set(token) || token.n > TOKEN_MAX_B)
        return no_token(c, f, str_is_set(token), "no token, or one that is too long");
    const struct api_token *t = registry_api_token(c->registry, sha256_hex(c->arena, token));
    if (t == NULL || !is_valid(t, c->now_s))
        return no_token(c, f, true, t == NULL ? "unknown" : "switched off, or not now");
    take_up(c, x, t);
    return NEXT;
}

/* ── what the path names ────────────────────────────────────────────────── */

static bool read_key(struct api_call *x, struct str rest)
{
    struct str part;

    for (size_t i = 0; i < x->about.key_count; i++) {
        if (!str_split(&rest, '/', &part))
            return false;
        x->row.key[i] = part;
    }
    return !str_split(&rest, '/', &part);
}

enum step api_path(struct ctx *c, struct fail *f)
{
    struct api_call *x = api_call(c);
    struct str rest = c->req->param, section;

    (void)str_split(&rest, '/', &section);
    bool known = kind_about_section(c->arena, section, &x->about);
    x->right = known ? api_right_of(str_of(x->about.kind)) : NULL;
    if (x->right == NULL)
        return fail_told(f, FAIL_NOT_FOUND, "not_found", "no such kind of rows: " API_ROOT "openapi.json lists them",
                         "no such kind of rows");
    x->row.kind = str_of(x->about.kind);
    x->names_row = str_is_set(rest);
    if (x->names_row && !read_key(x, rest))
        return fail(f, FAIL_NOT_FOUND, "not_found", "a %s is named by %zu part(s) of the path", x->about.kind,
                    x->about.key_count);
    return NEXT;
}

/* ── in and out ─────────────────────────────────────────────────────────── */

enum step api_json(struct ctx *c, int status, const struct json_out *o, struct fail *f)
{
    struct str body = json_done(o);

    if (body.p == NULL)
        return fail(f, FAIL_TOO_LARGE, "too_large", "the answer is larger than %d bytes: ask for fewer rows (limit)",
                    API_ANSWER_MAX_B);
    http_body(c->res, status, S("application/json"), body);
    return DONE;
}
