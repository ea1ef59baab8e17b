/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/session/trail.h"

#include "gateway/session/int.h"

#include "base/codec.h"
#include "base/fields.h"
#include "base/seals.h"
#include "gateway/session/session.h"
#include "wire/http.h"
#include "wire/json.h"

enum { ID_MAX_B = 128, RECORD_MAX_B = 2240 /* sealed and encoded: TRAIL_COOKIE_MAX_B */ };

static const struct str cookie_name = S("trail");

static const struct json_field fields[] = { FIELD(trail, person, JSON_STR, true, ID_MAX_B),
                                            FIELD(trail, sid, JSON_STR, true, ID_MAX_B),
                                            FIELD(trail, csrf, JSON_STR, true, ID_MAX_B),
                                            FIELD(trail, idp, JSON_STR, true, ID_MAX_B),
                                            FIELD(trail, hint, JSON_STR, false, RECORD_MAX_B),
                                            FIELD(trail, services, JSON_STR, false, TRAIL_SERVICES_MAX_B),
                                            FIELD(trail, hours, JSON_STR, false, TRAIL_SERVICES_MAX_B),
                                            FIELD(trail, more, JSON_BOOL, false, 0),
                                            FIELD(trail, shared, JSON_BOOL, false, 0),
                                            FIELD(trail, made_s, JSON_INT, true, 0),
                                            { 0 } };

struct trail trail_of(const struct ctx *c, const struct session *s)
{
    struct fields ids = fields_new(c->arena, ' ', TRAIL_SERVICES_MAX_B);

    for (size_t i = 0; i < s->services.n; i++)
        fields_item(&ids, s->services.at[i]);
    return (struct trail){ .person = s->person->id,
                           .sid = s->sid,
                           .csrf = s->csrf,
                           .idp = person_seen_at(s->person),
                           .hint = s->upstream_hint,
                           .services = fields_text(&ids),
                           .more = ids.left_out > 0 || s->services.n == SESSION_SERVICES_MAX,
                           .shared = s->shared,
                           .made_s = c->now_s };
}

static struct str write_record(const struct ctx *c, const struct trail *t)
{
    struct json_out o = json_out(c->arena, RECORD_MAX_B);
    struct fail why = { 0 };

    json_begin_object(&o);
    json_put_str(&o, S("person"), t->person);
    json_put_str(&o, S("sid"), t->sid);
    json_put_str(&o, S("csrf"), t->csrf);
    json_put_str(&o, S("idp"), t->idp);
    if (str_is_set(t->hint))
        json_put_str(&o, S("hint"), t->hint);
    json_put_str(&o, S("services"), t->services);
    json_put_str(&o, S("hours"), t->hours);
    json_put_bool(&o, S("more"), t->more);
    json_put_bool(&o, S("shared"), t->shared);
    json_put_int(&o, S("made_s"), t->made_s);
    json_end_object(&o);
    return json_fits(fields, t, &why) ? json_done(&o) : (struct str){ NULL, 0 };
}

/* ── when each was opened ───────────────────────────────────────────────── */

/* A day and the day that the cookie itself may be old are told apart by two alphabets. */
static const char hour_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
enum { HOURS = sizeof hour_letters - 1, HOUR_S = 3600, AHEAD = 2 /* a clock that was set back */ };

static char hour_now(const struct ctx *c)
{
    return hour_letters[c->now_s / HOUR_S % HOURS];
}

static bool is_old(const struct ctx *c, char hour)
{
    struct str at = str_of(hour_letters);
    int64_t age = (c->now_s / HOUR_S + HOURS - (int64_t)str_find_byte(at, hour, 0)) % HOURS;

    return age < HOURS - AHEAD && age * HOUR_S > TRAIL_KEPT_S;
}

static char hour_of(const struct trail *t, struct str service)
{
    struct str rest = t->services, id;

    for (size_t i = 0; str_split(&rest, ' ', &id) && i < t->hours.n; i++)
        if (str_eq(id, service))
            return t->hours.p[i];
    return '\0';
}

/* As the browser has noted them; what it does not know of was opened now, and so was `opened`. */
static struct str hours_of(const struct ctx *c, const struct trail *t, struct str opened)
{
    struct buf b = buf_new(c->arena, TRAIL_SERVICES_MAX_B);
    struct str rest = t->services, id;
    struct trail before;
    bool known = trail_read(c, &before) && str_eq(before.person, t->person);

    while (str_is_set(rest) && str_split(&rest, ' ', &id)) {
        char hour = known && !str_eq(id, opened) ? hour_of(&before, id) : '\0';
        buf_byte(&b, hour != '\0' ? hour : hour_now(c));
    }
    return buf_str(&b);
}

static void forget_old(const struct ctx *c, struct trail *t)
{
    struct fields kept = fields_new(c->arena, ' ', TRAIL_SERVICES_MAX_B);
    struct buf hours = buf_new(c->arena, TRAIL_SERVICES_MAX_B);
    struct str rest = t->services, id;

    for (size_t i = 0; str_is_set(rest) && str_split(&rest, ' ', &id); i++) {
        char hour = i < t->hours.n ? t->hours.p[i] : hour_now(c);
        if (is_old(c, hour))
            continue;
        fields_item(&kept, id);
        buf_byte(&hours, hour);
    }
    t->services = fields_text(&kept);
    t->hours = buf_str(&hours);
}

/* ── the cookie ─────────────────────────────────────────────────────────── */

/* Most cities can be left without their word for the session, which may be as long as a token is: it goes first. */
void trail_opened(struct ctx *c, const struct session *s, struct str service)
{
    if (session_is_test(s) || session_is_beside(s)) /* the browser remembers whoever signed in first */
        return;
    struct trail t = trail_of(c, s);
    t.hours = hours_of(c, &t, service);
    struct str record = write_record(c, &t);

    if (record.p == NULL) {
        t.hint = (struct str){ NULL, 0 };
        record = write_record(c, &t);
    }
    if (record.p == NULL) {
        trail_clear(c);
        return;
    }
    struct str sealed = seal_close(c->arena, c->world, c->seals, SEAL_COOKIE, cookie_name, record);
    http_set_cookie(c->res, cookie_name, b64url_encode(c->arena, sealed), TRAIL_KEPT_S, SAME_SITE_LAX);
}

void trail_keep(struct ctx *c, const struct session *s)
{
    trail_opened(c, s, (struct str){ NULL, 0 });
}

void trail_clear(struct ctx *c)
{
    if (c->visit != NULL && (c->visit->school || c->visit->is_beside)) /* it is somebody else's */
        return;
    http_set_cookie(c->res, cookie_name, S(""), 0, SAME_SITE_LAX);
}

bool trail_read(const struct ctx *c, struct trail *out)
{
    struct str cookie = http_cookie(c->req, cookie_name), sealed, record;
    struct fail why = { 0 };

    *out = (struct trail){ .made_s = 0 };
    if (!(str_is_set(cookie) && cookie.n <= TRAIL_COOKIE_MAX_B && b64url_decode(c->arena, cookie, &sealed) &&
          seal_open(c->arena, c->seals, SEAL_COOKIE, cookie_name, sealed, &record) &&
          json_read(c->arena, record, fields, out, &why) && c->now_s - out->made_s < TRAIL_KEPT_S))
        return false;
    forget_old(c, out);
    return true;
}

void trail_follow(struct ctx *c, struct session *s)
{
    struct trail t;
    struct str id;

    if (!trail_read(c, &t) || !str_eq(t.person, s->person->id))
        return;
    while (str_split(&t.services, ' ', &id))
        if (str_is_set(id) && !strs_has(&s->services, id) && s->services.n < SESSION_SERVICES_MAX)
            strs_add(c->arena, &s->services, id);
}
