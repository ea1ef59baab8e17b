/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/session/tryout_keep.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "base/fields.h"
#include "base/seals.h"
#include "base/settings.h"
#include "gateway/session/int.h"
#include "gateway/session/login_cookie.h"
#include "idp-adapters/relay.h"
#include "wire/http.h"
#include "wire/json.h"

enum { ID_B = 16, RECORD_MAX_B = 262144, TEXT_MAX_B = 4096 };

static const struct str cookie_name = S("tryout");

/* ── at the browser ─────────────────────────────────────────────────────── */

/* "SID RECORD": a session id has no space. */
void tryout_cookie_set(struct ctx *c, struct str sid)
{
    struct str record = arena_printf(c->arena, "%.*s %.*s", STR_ARG(sid),
                                     STR_ARG(b64url_encode(c->arena, login_write(c->arena, c->login))));
    struct str sealed = seal_close(c->arena, c->world, c->seals, SEAL_COOKIE, cookie_name, record);

    http_set_cookie(c->res, cookie_name, b64url_encode(c->arena, sealed), c->set->login_life_s, SAME_SITE_LAX);
}

bool tryout_cookie_find(struct ctx *c, struct str upstream_id, struct str *sid)
{
    struct str value = http_cookie(c->req, cookie_name), sealed, plain, record;
    struct login *l = arena_make(c->arena, struct login);

    c->login = NULL;
    if (!str_is_set(value) || value.n > TRYOUT_COOKIE_MAX_B || !b64url_decode(c->arena, value, &sealed) ||
        !seal_open(c->arena, c->seals, SEAL_COOKIE, cookie_name, sealed, &plain) || !str_split(&plain, ' ', sid) ||
        !b64url_decode(c->arena, plain, &record) || !login_parse(c->arena, record, l))
        return false;
    if (!str_is_set(l->upstream_id) || !crypt_eq(l->upstream_id, upstream_id) ||
        c->now_s - l->started_s >= c->set->login_life_s)
        return false;
    c->login = l;
    return true;
}

void tryout_cookie_drop(struct ctx *c)
{
    http_set_cookie(c->res, cookie_name, S(""), 0, SAME_SITE_LAX);
}

void tryout_once(struct ctx *c, struct str upstream_id, struct kv_got *got)
{
    struct str id = sha256_hex(c->arena, fields_key(c->arena, (struct str[]){ S("tryout"), upstream_id }, 2));

    kv_add(c->kv, &c->batch, c->arena, got, KV_REPLAY, id, S("1"), c->set->login_life_s);
}

/* ── the record ─────────────────────────────────────────────────────────── */

static void put_attribute(struct json_out *o, const struct tryout_attribute *x)
{
    json_begin_object(o);
    json_put_str(o, S("name"), x->name);
    json_put_int(o, S("came"), (int64_t)x->came);
    json_put_bool(o, S("hidden"), x->hidden);
    json_put_bool(o, S("unread"), x->unread);
    json_key(o, S("values"));
    json_begin_array(o);
    for (size_t i = 0; i < x->values.n; i++)
        json_str(o, x->values.at[i]);
    json_end_array(o);
    json_end_object(o);
}

static void put_note(struct json_out *o, const struct tryout_note *x)
{
    json_begin_object(o);
    json_put_int(o, S("kind"), (int64_t)x->kind);
    json_put_int(o, S("count"), x->count);
    json_put_str(o, S("attribute"), x->attribute);
    json_put_str(o, S("value"), x->value);
    json_end_object(o);
}

/*    member           in JSON */
#define TRYOUT_TEXTS(X)  X(idp) X(key) X(alg) X(issuer) X(context) X(subject)
#define TRYOUT_TIMES(X)  X(at_s) X(issued_s) X(authenticated_s) X(ends_s) X(session_ends_s)
#define TRYOUT_COUNTS(X) X(left_out) X(affiliations_left_out) X(learner_ids) X(passed)

static void put_proven(struct json_out *o, const struct proven *p)
{
    json_key(o, S("proven"));
    json_begin_object(o);
    json_put_str(o, S("request"), p->upstream_id);
    json_put_str(o, S("replay"), p->replay);
    json_put_int(o, S("ends"), p->ends_s);
    json_end_object(o);
}

struct str tryout_write(struct arena *a, const struct tryout *t, const struct proven *p)
{
    struct json_out o = json_out(a, RECORD_MAX_B);
    struct fail ignored = { 0 };

    json_begin_object(&o);
#define X(member) json_put_str(&o, S(#member), t->member);
    TRYOUT_TEXTS(X)
#undef X
#define X(member) json_put_int(&o, S(#member), (int64_t)t->member);
    TRYOUT_TIMES(X)
    TRYOUT_COUNTS(X)
#undef X
    json_put_bool(&o, S("fresh"), t->fresh);
    if (t->why.kind != FAIL_NONE) {
        json_put_int(&o, S("kind"), (int64_t)t->why.kind);
        json_put_str(&o, S("code"), str_of(t->why.code));
    }
    json_key(&o, S("attributes"));
    json_begin_array(&o);
    for (size_t i = 0; i < t->attribute_count; i++)
        put_attribute(&o, &t->attributes[i]);
    json_end_array(&o);
    json_key(&o, S("notes"));
    json_begin_array(&o);
    for (size_t i = 0; i < t->note_count; i++)
        put_note(&o, &t->notes[i]);
    json_end_array(&o);
    if (t->person != NULL && person_fits(t->person, &ignored)) {
        json_key(&o, S("person"));
        person_write(&o, t->person);
    }
    if (p != NULL)
        put_proven(&o, p);
    json_end_object(&o);
    return json_done(&o);
}

static int64_t int_of(const struct json_value *v, struct str name)
{
    const struct json_value *x = json_get(v, name);

    return x != NULL && x->type == JSON_INT ? x->integer : 0;
}

static bool bool_of(const struct json_value *v, struct str name)
{
    const struct json_value *x = json_get(v, name);

    return x != NULL && x->type == JSON_BOOL && x->boolean;
}

static struct str text_of(struct arena *a, const struct json_value *v, struct str name)
{
    struct str text = json_get_str(v, name);

    return text.n <= TEXT_MAX_B ? arena_str(a, text) : (struct str){ NULL, 0 };
}

static void take_attributes(struct arena *a, const struct json_value *list, struct tryout *t)
{
    for (const struct json_value *v = list != NULL ? list->first : NULL;
         v != NULL && t->attribute_count < TRYOUT_ATTRIBUTES_MAX; v = v->next) {
        const struct json_value *values = json_get(v, S("values"));
        struct tryout_attribute *x = &t->attributes[t->attribute_count++];
        struct str *at = arena_make_n(a, TRYOUT_VALUES_MAX, struct str);
        *x = (struct tryout_attribute){ .name = text_of(a, v, S("name")),
                                        .came = (size_t)int_of(v, S("came")),
                                        .hidden = bool_of(v, S("hidden")),
                                        .unread = bool_of(v, S("unread")) };
        for (const struct json_value *one = values != NULL ? values->first : NULL;
             one != NULL && x->values.n < TRYOUT_VALUES_MAX; one = one->next)
            at[x->values.n++] = arena_str(a, one->text);
        x->values.at = at;
    }
}

static void take_notes(struct arena *a, const struct json_value *list, struct tryout *t)
{
    for (const struct json_value *v = list != NULL ? list->first : NULL; v != NULL && t->note_count < MAP_NOTES_MAX;
         v = v->next) {
        int64_t kind = int_of(v, S("kind"));
        if (kind > NOTE_NONE && kind < NOTE_COUNT)
            t->notes[t->note_count++] = (struct tryout_note){ (enum note)kind, text_of(a, v, S("attribute")),
                                                              text_of(a, v, S("value")), int_of(v, S("count")) };
    }
}

static struct proven *take_proven(struct arena *a, const struct json_value *v, const struct tryout *t)
{
    struct proven *p = arena_make(a, struct proven);

    *p = (struct proven){ .idp = t->idp,
                          .upstream_id = text_of(a, v, S("request")),
                          .person = t->person != NULL ? person_copy(a, t->person) : NULL,
                          .replay = text_of(a, v, S("replay")),
                          .ends_s = int_of(v, S("ends")) };
    if (p->person == NULL)
        return NULL;
    p->person->auth_time_s = t->authenticated_s;
    return p;
}

struct tryout *tryout_parse(struct arena *a, struct str json, struct proven **p)
{
    struct fail ignored = { 0 };
    const struct json_value *v = json_parse(a, json, &ignored), *person, *proven;

    if (p != NULL)
        *p = NULL;
    if (v == NULL || v->type != JSON_OBJECT)
        return NULL;
    struct tryout *t = tryout_new(a, text_of(a, v, S("idp")), 0);
#define X(member) t->member = text_of(a, v, S(#member));
    TRYOUT_TEXTS(X)
#undef X
#define X(member) t->member = int_of(v, S(#member));
    TRYOUT_TIMES(X)
#undef X
    t->left_out = (size_t)int_of(v, S("left_out"));
    t->affiliations_left_out = (size_t)int_of(v, S("affiliations_left_out"));
    t->learner_ids = (size_t)int_of(v, S("learner_ids"));
    t->passed = (unsigned)int_of(v, S("passed"));
    t->fresh = bool_of(v, S("fresh"));
    int64_t kind = int_of(v, S("kind"));
    if (kind > FAIL_NONE && kind < FAIL_KIND_COUNT)
        t->why = (struct fail){ .kind = (enum fail_kind)kind, .code = arena_cstr(a, text_of(a, v, S("code"))) };
    take_attributes(a, json_get(v, S("attributes")), t);
    take_notes(a, json_get(v, S("notes")), t);
    person = json_get(v, S("person"));
    t->person = person != NULL ? person_read(a, person, &ignored) : NULL;
    proven = json_get(v, S("proven"));
    if (p != NULL && proven != NULL)
        *p = take_proven(a, proven, t);
    return t;
}

/* ── in Redis ───────────────────────────────────────────────────────────── */

static bool store(struct ctx *c, struct str id, struct str bound, const struct proven *p, int64_t life_s,
                  struct kv_got *got, struct fail *f)
{
    struct str text = tryout_write(c->arena, c->tryout, p);

    if (text.p == NULL)
        return fail(f, FAIL_OURS, "server_error", "a test sign-in does not fit its record");
    kv_set(c->kv, &c->batch, c->arena, got, KV_TRYOUT, id,
           seal_close(c->arena, c->world, c->seals, SEAL_SESSION, bound, text), life_s);
    return true;
}

static struct str on_bound(struct arena *a, struct str upstream_id, struct str id)
{
    return arena_printf(a, "tryout on:%.*s:%.*s", STR_ARG(id), STR_ARG(upstream_id));
}

bool tryout_pass_on(struct ctx *c, struct str upstream_id, struct str *id, struct kv_got *got, struct fail *f)
{
    *id = crypt_token(c->arena, c->world, ID_B);
    return store(c, arena_join(c->arena, S("on:"), *id), on_bound(c->arena, upstream_id, *id), c->proven,
                 TRYOUT_SHOWN_S, got, f);
}

void tryout_take_on(struct ctx *c, struct str id, struct kv_got *got)
{
    kv_take(c->kv, &c->batch, c->arena, got, KV_TRYOUT, arena_join(c->arena, S("on:"), id));
}

bool tryout_passed_on(struct ctx *c, struct str upstream_id, struct str id, const struct kv_got *got)
{
    struct str text;

    if (got->outcome != KV_HIT ||
        !seal_open(c->arena, c->seals, SEAL_SESSION, on_bound(c->arena, upstream_id, id), got->value, &text))
        return false;
    c->tryout = tryout_parse(c->arena, text, &c->proven);
    return c->tryout != NULL;
}

static struct str shown_id(struct arena *a, struct str sid, struct str idp)
{
    return sha256_hex(a, fields_key(a, (struct str[]){ S("tryout shown"), sid, idp }, 3));
}

static struct str shown_bound(struct arena *a, struct str sid, struct str idp)
{
    return arena_printf(a, "tryout:%.*s:%.*s", STR_ARG(sid), STR_ARG(idp));
}

bool tryout_keep(struct ctx *c, struct str sid, struct kv_got *got, struct fail *f)
{
    struct str idp = c->tryout->idp;

    return store(c, shown_id(c->arena, sid, idp), shown_bound(c->arena, sid, idp), NULL, TRYOUT_SHOWN_S, got, f);
}

void tryout_ask(struct ctx *c, struct str sid, struct str idp, struct kv_got *got)
{
    kv_get(c->kv, &c->batch, c->arena, got, KV_TRYOUT, shown_id(c->arena, sid, idp));
}

struct tryout *tryout_kept(struct ctx *c, struct str sid, struct str idp, const struct kv_got *got)
{
    struct str text;

    if (got->outcome != KV_HIT ||
        !seal_open(c->arena, c->seals, SEAL_SESSION, shown_bound(c->arena, sid, idp), got->value, &text))
        return NULL;
    return tryout_parse(c->arena, text, NULL);
}
