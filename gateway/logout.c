/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/farewell_note.h"
#include "gateway/logout_trips.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "base/fields.h"
#include "base/seals.h"
#include "base/settings.h"
#include "gateway/answer.h"
#include "gateway/beside.h"
#include "gateway/farewell.h"
#include "gateway/flow.h"
#include "gateway/metrics.h"
#include "gateway/session/device.h"
#include "gateway/session/login_cookie.h"
#include "gateway/session/opened.h"
#include "gateway/session/session.h"
#include "gateway/session/trail.h"
#include "gateway/will.h"
#include "idp-adapters/adapter.h"
#include "idp-adapters/told.h"
#include "launcher/pages.h"
#include "wire/form.h"
#include "wire/http.h"
#include "wire/json.h"

#include <assert.h>
#include <stdio.h>

static const struct str sealed_for = S("sign-out");

/* ── ending ─────────────────────────────────────────────────────────────── */

/* Whom a developer plays at this browser leaves with them. */
static enum step test_ask(struct ctx *c, struct fail *f)
{
    struct logout *l = c->state;

    (void)f;
    l->plays = c->session != NULL && !session_is_test(c->session) && session_test_ask(c, &l->test);
    return l->plays ? WAIT : NEXT;
}

static void end_test(struct ctx *c, struct logout *l)
{
    struct fail away = { 0 };
    const struct session *s = l->plays ? session_test_of(c, &l->test, &away) : NULL;

    if (s == NULL)
        return;
    const struct leaver who = leaver_of(s, LEFT_BY_PERSON);
    session_drop(c, s->id_hash, &l->test_dropped);
    will_drop(c, s->id_hash);
    farewells_tell(c, &who, &s->told, &s->services);
    session_test_cookie(c, S(""));
}

static enum step end_ask(struct ctx *c, struct fail *f)
{
    struct logout *l = c->state;
    struct str key = session_key(c);

    (void)f;
    end_test(c, l);
    if (c->session != NULL) {
        struct trail *t = arena_make(c->arena, struct trail);
        *t = trail_of(c, c->session);
        l->trail = t;
    }
    if (key.p == NULL)
        return NEXT;
    l->beside = beside_end_untold(c);
    if (c->session == NULL)
        session_drop(c, key, &l->dropped);
    else
        session_end(c, key, &l->dropped);
    if (l->trail != NULL && c->session == NULL) /* else nobody here knows whom to tell */
        will_take(c, key, &l->will);
    else if (l->trail != NULL)
        will_drop(c, key);
    if (c->session != NULL)
        flow_audit(c, "logout", (struct str){ NULL, 0 }, (struct str){ NULL, 0 }, (struct str){ NULL, 0 });
    return WAIT;
}

static const char *left_by(const struct logout *l)
{
    return l->by != NULL ? LEFT_BY_SERVICE : LEFT_BY_PERSON;
}

/* Whoever asks by a protocol that answers has ended its own, and is told nothing but the answer [SAML core 3.7.3.2]. */
static bool has_ended_its_own(const struct ctx *c, const struct service *by, struct str service)
{
    const struct protocol *p = by != NULL ? protocol_of(c, by->protocol) : NULL;

    return p != NULL && p->left != NULL && str_eq(by->id, service);
}

static struct strs others_than(const struct ctx *c, const struct service *by, const struct strs *all)
{
    struct strs out = { arena_make_n(c->arena, 1, struct str), 0 };

    for (size_t i = 0; i < all->n; i++)
        if (!has_ended_its_own(c, by, all->at[i]))
            strs_add(c->arena, &out, all->at[i]);
    return out;
}

/* The sessions have ended, whatever the audit log takes: their services hear it, and nobody waits for them. */
static void tell_unanswered(struct ctx *c, const struct logout *l)
{
    const struct session *ended[] = { c->session, l->beside };

    for (size_t i = 0; i < sizeof ended / sizeof *ended; i++) {
        if (ended[i] == NULL)
            continue;
        const struct leaver who = leaver_of(ended[i], left_by(l));
        struct strs told = others_than(c, l->by, &ended[i]->services);
        farewells_tell(c, &who, &ended[i]->told, &told);
    }
}

/* Only a browser that brought a session loses it: a form on somebody else's page brings no Lax cookie, and signs nobody
 * out.  The trail goes with what is shown of it: who has not shown that they mean it, leaves it to its person. */
static enum step end_done(struct ctx *c, struct fail *f)
{
    const struct logout *l = c->state;

    if (l->trail != NULL)
        trail_clear(c);
    if (session_key(c).p == NULL)
        return NEXT;
    if (l->dropped.outcome == KV_DOWN)
        return kv_away(f, "session");
    if (c->session != NULL) {
        if (!flow_audited(c, f)) {
            tell_unanswered(c, l);
            return REFUSE;
        }
        flow_count(c, METRIC_sign_outs);
    }
    session_cookie_clear(c);
    opened_forget(c);
    return NEXT;
}

/* ── its services hear it ───────────────────────────────────────────────── */

static struct strs words_of(struct arena *a, struct str words)
{
    struct strs out = { arena_make_n(a, 1, struct str), 0 };
    struct str word;

    while (str_split(&words, ' ', &word))
        if (str_is_set(word))
            strs_add(a, &out, word);
    return out;
}

/* All that the session has opened; of one that was over before, what the browser remembers, and what was kept beside it
 * for its end by the clock, if nobody was told so yet: its services hear it now. */
static void gather_own(struct ctx *c, struct logout *l)
{
    struct leaving_of *own = &l->of[LEAVE_OWN];
    struct strs *names = arena_make(c->arena, struct strs);
    struct str key = session_key(c);
    const struct trail *t = l->trail;

    own->who = (struct leaver){ .sid = t->sid, .person = t->person, .idp = t->idp, .why = str_of(left_by(l)) };
    own->names = c->session != NULL ? &c->session->told : NULL;
    own->opened = c->session != NULL ? c->session->services : words_of(c->arena, t->services);
    if (c->session == NULL && key.p != NULL && will_read(c, key, t->sid, &l->will, names, &own->opened))
        own->names = names;
}

static void gather(struct ctx *c, struct logout *l)
{
    struct leaving_of *beside = &l->of[LEAVE_BESIDE];

    if (l->trail != NULL)
        gather_own(c, l);
    if (l->beside != NULL) {
        beside->who = leaver_of(l->beside, left_by(l));
        beside->names = &l->beside->told;
        beside->opened = l->beside->services;
    }
}

static void say_of(struct ctx *c, const struct logout *l, struct leaving_of *x)
{
    x->told = others_than(c, l->by, &x->opened);
    enum farewell_said *said = arena_make_n(c->arena, x->told.n + 1, enum farewell_said);
    x->said = said;
    if (x->told.n < x->opened.n)
        farewells_note(c, &x->who, l->by->id, FAREWELL_NOTE_HEARD);
    farewells_say(c, &x->who, x->names, &x->told, said);
}

static enum step say_ask(struct ctx *c, struct fail *f)
{
    struct logout *l = c->state;

    (void)f;
    if (l->mark != NULL) /* not kept: the message comes again, and finds nothing to end */
        ending_mark_done(c->kv, &c->batch, c->arena, l->mark);
    gather(c, l);
    for (size_t i = 0; i < LEAVE_SESSIONS; i++)
        if (str_is_set(l->of[i].who.sid))
            say_of(c, l, &l->of[i]);
    return c->batch.pending > 0 ? WAIT : NEXT;
}

static bool has_heard(const struct leaving_of *x, struct str service)
{
    for (size_t i = 0; i < x->told.n; i++)
        if (str_eq(x->told.at[i], service))
            return x->said[i] == FAREWELL_HEARD;
    return false;
}

/* A letter for each service that was opened: 'y' where it has said that it heard. */
static struct str heard_marks(struct ctx *c, const struct logout *l, const struct leaving_of *x)
{
    struct buf b = buf_new(c->arena, SESSION_SERVICES_MAX + 1);

    for (size_t i = 0; i < x->opened.n; i++)
        buf_byte(&b, has_heard(x, x->opened.at[i]) || has_ended_its_own(c, l->by, x->opened.at[i]) ? 'y' : 'n');
    return buf_str(&b);
}

/* ── by way of the city ─────────────────────────────────────────────────── */

/* Of one session: what services it had opened, and how they hear of its end by the browser. */
struct party {
    struct str sid, person;
    struct str services; /* ids, with spaces between: as many as fit */
    struct str heard;    /* a letter each: 'y': it has said that it heard */
    struct str trips;    /* names this sign-out to services that the browser tells (logout_trips.h); absent: none */
};

/* What is shown when the browser is back: by then the session is gone.  Kept by the browser, sealed. */
struct leaving {
    struct str state, idp, by, back, fault;
    struct str kept;  /* the protocol's own answer to `by` needs it; absent: an address or a page is the end */
    struct str shown; /* absent: not yet; else the one address at which it may be shown once more */
    struct party of[LEAVE_SESSIONS];
    struct str beside_idp; /* where the account beside it came from: nobody leads there */
    bool more;             /* not all services fit */
    bool over;             /* the session had ended before */
    bool at_once;          /* 303 to back, no page */
    bool at_city;          /* the city has said that it logged the person out */
};

enum { LEAVING_S = 600, LEAVING_MAX_B = 2700 /* sealed and encoded, what a cookie holds */, STATE_B = 16 };
enum { LEAVING_ID_MAX_B = 128, LEAVING_SERVICES_MAX_B = 1024, LEAVING_FAULT_MAX_B = 512 };

#define PARTY_FIELD(which, name, as, most)                                                                             \
    {                                                                                                                  \
        as, JSON_STR, false, most, offsetof(struct leaving, of[which].name)                                            \
    }
#define PARTY_FIELDS(which, suffix)                                                                                    \
    PARTY_FIELD(which, services, "services" suffix, LEAVING_SERVICES_MAX_B),                                           \
        PARTY_FIELD(which, heard, "heard" suffix, SESSION_SERVICES_MAX),                                               \
        PARTY_FIELD(which, sid, "sid" suffix, LEAVING_ID_MAX_B),                                                       \
        PARTY_FIELD(which, person, "person" suffix, LEAVING_ID_MAX_B),                                                 \
        PARTY_FIELD(which, trips, "trips" suffix, LEAVING_ID_MAX_B)

static const struct json_field leaving_fields[] = { FIELD(leaving, state, JSON_STR, false, LEAVING_ID_MAX_B),
                                                    FIELD(leaving, idp, JSON_STR, false, LEAVING_ID_MAX_B),
                                                    FIELD(leaving, by, JSON_STR, false, LEAVING_ID_MAX_B),
                                                    FIELD(leaving, back, JSON_STR, false, LEAVING_MAX_B),
                                                    FIELD(leaving, fault, JSON_STR, false, LEAVING_FAULT_MAX_B),
                                                    FIELD(leaving, shown, JSON_STR, false, LEAVING_ID_MAX_B),
                                                    FIELD(leaving, at_city, JSON_BOOL, false, 0),
                                                    PARTY_FIELDS(LEAVE_OWN, ""),
                                                    PARTY_FIELDS(LEAVE_BESIDE, "_2"),
                                                    FIELD(leaving, beside_idp, JSON_STR, false, LEAVING_ID_MAX_B),
                                                    FIELD(leaving, kept, JSON_STR, false, LEAVE_KEPT_MAX_B),
                                                    FIELD(leaving, more, JSON_BOOL, false, 0),
                                                    FIELD(leaving, over, JSON_BOOL, false, 0),
                                                    FIELD(leaving, at_once, JSON_BOOL, false, 0),
                                                    { 0 } };

static const struct str leaving_cookie = S("leaving");

static void put_set(struct json_out *o, const char *name, const char *suffix, struct str value)
{
    char all[32];

    (void)snprintf(all, sizeof all, "%s%s", name, suffix);
    if (str_is_set(value))
        json_put_str(o, str_of(all), value);
}

static void put_party(struct json_out *o, const struct party *p, const char *suffix)
{
    put_set(o, "services", suffix, p->services);
    put_set(o, "heard", suffix, p->heard);
    put_set(o, "sid", suffix, p->sid);
    put_set(o, "person", suffix, p->person);
    put_set(o, "trips", suffix, p->trips);
}

static struct str write_leaving(const struct ctx *c, const struct leaving *v)
{
    struct json_out o = json_out(c->arena, LEAVING_MAX_B);
    struct fail why = { 0 };

    json_begin_object(&o);
    json_put_str(&o, S("state"), v->state);
    json_put_str(&o, S("idp"), v->idp);
    json_put_str(&o, S("by"), v->by);
    json_put_str(&o, S("back"), v->back);
    json_put_str(&o, S("fault"), v->fault);
    json_put_str(&o, S("shown"), v->shown);
    put_party(&o, &v->of[LEAVE_OWN], "");
    put_party(&o, &v->of[LEAVE_BESIDE], "_2");
    put_set(&o, "beside_idp", "", v->beside_idp);
    put_set(&o, "kept", "", v->kept);
    json_put_bool(&o, S("at_city"), v->at_city);
    json_put_bool(&o, S("more"), v->more);
    json_put_bool(&o, S("over"), v->over);
    json_put_bool(&o, S("at_once"), v->at_once);
    json_end_object(&o);
    return json_fits(leaving_fields, v, &why) ? json_done(&o) : (struct str){ NULL, 0 };
}

/* The first of the services, as many as fit most_B; a heard letter each is theirs still.  Whether all do. */
static bool cut_party(struct ctx *c, struct party *p, size_t most_B)
{
    struct fields kept = fields_new(c->arena, ' ', most_B);
    struct str rest = p->services, id;

    size_t n = 0;
    while (kept.left_out == 0 && str_is_set(rest) && str_split(&rest, ' ', &id)) {
        fields_item(&kept, id);
        n += kept.left_out == 0;
    }
    p->services = fields_text(&kept);
    p->heard = str_sub(p->heard, 0, n);
    return kept.left_out == 0;
}

static struct leaving cut_to(struct ctx *c, const struct leaving *v, size_t most_B)
{
    struct leaving less = *v;

    for (size_t i = 0; i < LEAVE_SESSIONS; i++)
        less.more = !cut_party(c, &less.of[i], most_B) || less.more;
    return less;
}

/* Where all of it does not fit, of the services those that come last stay behind, and the page says that there were
 * more: that the city is left matters more. */
static bool keep_leaving(struct ctx *c, const struct leaving *v)
{
    struct str record = write_leaving(c, v);

    for (size_t most_B = LEAVING_SERVICES_MAX_B; record.p == NULL && most_B > 0; most_B /= 2) {
        struct leaving less = cut_to(c, v, most_B);
        record = write_leaving(c, &less);
    }
    if (record.p == NULL)
        return false;
    struct str sealed = seal_close(c->arena, c->world, c->seals, SEAL_COOKIE, leaving_cookie, record);
    struct str value = b64url_encode(c->arena, sealed);
    assert(value.n <= LEAVING_COOKIE_MAX_B);
    http_set_cookie(c->res, leaving_cookie, value, LEAVING_S, SAME_SITE_LAX);
    return true;
}

static bool read_leaving(const struct ctx *c, struct leaving *out)
{
    struct str sealed, record;
    struct fail why = { 0 };

    *out = (struct leaving){ .at_city = false };
    return b64url_decode(c->arena, http_cookie(c->req, leaving_cookie), &sealed) &&
           seal_open(c->arena, c->seals, SEAL_COOKIE, leaving_cookie, sealed, &record) &&
           json_read(c->arena, record, leaving_fields, out, &why);
}

/* A person who leaves, leaves the city too; so does everybody on a shared device, whoever asked.  A service that
 * signs somebody out of their own device ends our session alone. */
static bool leaves_city(const struct ctx *c, const struct logout *l)
{
    const struct idp *idp = l->trail != NULL ? registry_idp(c->registry, l->trail->idp) : NULL;

    return idp != NULL && idp->enabled && adapter_of(idp->kind) != NULL && adapter_of(idp->kind)->leave != NULL &&
           (l->by == NULL || l->trail->shared);
}

static enum step city_ask(struct ctx *c, struct fail *f)
{
    const struct logout *l = c->state;

    (void)f;
    if (!leaves_city(c, l))
        return NEXT;
    c->login = login_own(c, S("/"));
    c->login->idp = l->trail->idp;
    c->login->upstream_id = crypt_token(c->arena, c->world, STATE_B);
    c->upstream_hint = l->trail->hint;
    return step_into(c, adapter_of(registry_idp(c->registry, c->login->idp)->kind)->leave);
}

/* ── the page ───────────────────────────────────────────────────────────── */

/* ── frames ─────────────────────────────────────────────────────────────── */

/* SOURCES_MAX_B: what servers between us and browsers take of one header besides the rest of ours. */
enum { FRAMES_MAX = LEAVE_SESSIONS * SESSION_SERVICES_MAX, SOURCES_MAX_B = 2048, CSP_MAX_B = 4096 };

static struct str frame_url(struct ctx *c, const struct service *s, const struct party *p)
{
    const struct protocol *speaks = s != NULL ? protocol_of(c, s->protocol) : NULL;
    const struct leaver who = { .sid = p->sid, .person = p->person };

    return speaks != NULL && speaks->leave_frame != NULL && str_is_set(p->sid) ? speaks->leave_frame(c, s, &who)
                                                                               : (struct str){ NULL, 0 };
}

static void add_frames(struct ctx *c, const struct leaving *v, const struct party *p, struct frame *at, size_t *n)
{
    struct str rest = p->services, id;

    while (str_is_set(rest) && *n < FRAMES_MAX && str_split(&rest, ' ', &id)) {
        if (has_ended_its_own(c, registry_service(c->registry, v->by), id))
            continue;
        const struct service *s = registry_service(c->registry, id);
        struct str url =
            str_is_set(p->trips) && trips_to(c, id) ? trips_address(c, p->trips, id, true) : frame_url(c, s, p);
        if (str_is_set(url))
            at[(*n)++] = (struct frame){ url, names_in(&s->names, c->lang) };
    }
}

/* Services that are told by the browser itself, in frames that nobody sees.  Once: not when a page is shown again. */
static struct frames frames_of(struct ctx *c, const struct leaving *v)
{
    struct frame *at = arena_make_n(c->arena, FRAMES_MAX, struct frame);
    size_t n = 0;

    for (size_t i = 0; !str_is_set(v->shown) && i < LEAVE_SESSIONS; i++)
        add_frames(c, v, &v->of[i], at, &n);
    return (struct frames){ at, n };
}

/* A source of a policy has no query, and is cut at ';' and ',' [CSP Level 3, 2.3.1]. */
static void put_source(struct buf *b, struct str url)
{
    struct str place = str_sub(url, 0, str_find_byte(url, '?', 0));

    buf_byte(b, ' ');
    for (size_t i = 0; i < place.n; i++)
        if (place.p[i] == ';' || place.p[i] == ',')
            buf_printf(b, "%%%02X", (unsigned)place.p[i]);
        else
            buf_byte(b, place.p[i]);
}

/* A trip leads from our address to its service's, and from there wherever that sends it.  So may a frame where the list
 * of them would be longer than a header may be. */
static void put_sources(struct ctx *c, struct buf *b, const struct frames *frames)
{
    struct buf named = buf_new(c->arena, SOURCES_MAX_B);
    bool trips = false;

    for (size_t i = 0; i < frames->n; i++)
        if (frames->at[i].url.p[0] == '/')
            trips = true;
        else
            put_source(&named, frames->at[i].url);
    if (buf_ok(&named))
        buf_add(b, buf_str(&named));
    if (trips || !buf_ok(&named))
        buf_add(b, str_has_prefix(c->set->public_url, S("https://")) ? S(" 'self' https:") : S(" 'self' https: http:"));
}

static enum step answer_framing(struct ctx *c, struct html page, const struct frames *frames)
{
    enum step done = answer_page(c, 200, page);
    struct buf b = buf_new(c->arena, CSP_MAX_B);

    if (frames->n == 0)
        return done;
    buf_add(&b, S(PAGE_CSP "; frame-src"));
    put_sources(c, &b, frames);
    if (buf_ok(&b))
        http_header_set(c->res, S("Content-Security-Policy"), buf_str(&b));
    return done;
}

static bool marked_heard(const struct party *p, size_t i)
{
    return i < p->heard.n && p->heard.p[i] == 'y';
}

static bool all_but_heard(const struct party *p, struct str by)
{
    struct str rest = p->services, id;

    for (size_t i = 0; str_is_set(rest) && str_split(&rest, ' ', &id); i++)
        if (!str_eq(id, by) && !marked_heard(p, i))
            return false;
    return true;
}

/* Whether another than the one that asked has not said that it heard (that one has ended its own), or the city, where
 * the browser was led there. */
static bool is_partial(const struct leaving *v)
{
    for (size_t i = 0; i < LEAVE_SESSIONS; i++)
        if (!all_but_heard(&v->of[i], v->by))
            return true;
    return v->more || (str_is_set(v->state) && !v->at_city);
}

/* The protocol's own answer to whoever asked: what it has kept says to what. */
static enum step reply(struct ctx *c, const struct leaving *v)
{
    struct leave_reply *r = arena_make(c->arena, struct leave_reply);

    c->service = registry_service(c->registry, v->by);
    const struct protocol *p = c->service != NULL ? protocol_of(c, c->service->protocol) : NULL;
    if (p == NULL || p->left == NULL)
        return answer_go(c, S("/"));
    *r = (struct leave_reply){ .kept = v->kept, .partial = is_partial(v) };
    c->state = r;
    c->session = NULL;
    return step_into(c, p->left);
}

/* Back to the service, once those that hear by frames have heard: a page of a moment, where there are any. */
static enum step go_back(struct ctx *c, const struct leaving *v)
{
    struct frames frames = frames_of(c, v);
    const struct service *by = registry_service(c->registry, v->by);

    if (frames.n == 0)
        return answer_go(c, v->back);
    struct leaving_view out = { .url = v->back, .frames = frames };
    if (by != NULL)
        out.to = names_in(&by->names, c->lang);
    c->session = NULL;
    out.page = page_for(c, (struct str){ NULL, 0 });
    /* Where scripts are off, a moment is what the frames get.  (No <meta>: WCAG failure technique F41.) */
    http_header_set(c->res, S("Refresh"), arena_printf(c->arena, "1; url=%.*s", STR_ARG(v->back)));
    return answer_framing(c, page_leaving(c->arena, &out), &frames);
}

/* Whoever asked is answered once those have heard that the browser tells: a moment. */
static enum step reply_in_a_moment(struct ctx *c, const struct leaving *v)
{
    struct frames frames = frames_of(c, v);
    const struct service *by = registry_service(c->registry, v->by);
    struct leaving kept = *v;

    kept.shown = crypt_token(c->arena, c->world, STATE_B);
    if (frames.n == 0 || !keep_leaving(c, &kept)) {
        http_set_cookie(c->res, leaving_cookie, S(""), 0, SAME_SITE_LAX);
        return reply(c, v);
    }
    struct leaving_view out = { .url = url_to(c->arena, S("/signed-out"), S("n"), kept.shown), .frames = frames };
    if (by != NULL)
        out.to = names_in(&by->names, c->lang);
    c->session = NULL;
    out.page = page_for(c, (struct str){ NULL, 0 });
    http_header_set(c->res, S("Refresh"), arena_printf(c->arena, "2; url=%.*s", STR_ARG(out.url)));
    return answer_framing(c, page_leaving(c->arena, &out), &frames);
}

/* By which the page asks for itself; any of both would do. */
static struct str trips_name(const struct leaving *v)
{
    return str_is_set(v->of[LEAVE_OWN].trips) ? v->of[LEAVE_OWN].trips : v->of[LEAVE_BESIDE].trips;
}

/* NULL: it names no sign-out of these. */
static const struct party *party_of_trips(const struct leaving *v, struct str trips)
{
    for (size_t i = 0; i < LEAVE_SESSIONS; i++)
        if (str_is_set(v->of[i].trips) && crypt_eq(trips, v->of[i].trips))
            return &v->of[i];
    return NULL;
}

/* The page that says how things are comes once those have answered who can: a moment. */
static enum step wait_for_trips(struct ctx *c, const struct leaving *v)
{
    struct frames frames = frames_of(c, v);
    struct leaving_view out = { .url = url_to(c->arena, S("/signed-out"), S("t"), trips_name(v)),
                                .own = true,
                                .frames = frames };

    if (!keep_leaving(c, v))
        return DONE;
    c->session = NULL;
    out.page = page_for(c, (struct str){ NULL, 0 });
    http_header_set(c->res, S("Refresh"), arena_printf(c->arena, "2; url=%.*s", STR_ARG(out.url)));
    return answer_framing(c, page_leaving(c->arena, &out), &frames);
}

/* ── the list ───────────────────────────────────────────────────────────── */

/* What is true of a service that has not said that it heard: it could be told, or it cannot. */
static enum receipt receipt_of(struct ctx *c, const struct service *s, const struct party *p, bool heard)
{
    const struct protocol *speaks = protocol_of(c, s->protocol);
    bool told = speaks != NULL && ((speaks->hears != NULL && speaks->hears(c, s)) || trips_to(c, s->id) ||
                                   str_is_set(frame_url(c, s, p)));

    return heard ? RECEIPT_OUT : told ? RECEIPT_ASKED : RECEIPT_OPEN;
}

static struct str trip_link(struct ctx *c, const struct party *p, const struct service *s, bool heard)
{
    return !heard && str_is_set(p->trips) && trips_to(c, s->id) ? trips_address(c, p->trips, s->id, false)
                                                                : (struct str){ NULL, 0 };
}

struct listing {
    struct left at[LEAVE_SESSIONS * (SESSION_SERVICES_MAX + 2)];
    struct str ids[LEAVE_SESSIONS * (SESSION_SERVICES_MAX + 2)]; /* of services; of others absent */
    size_t n;
};

static struct left *row_of(struct listing *all, struct str id)
{
    size_t i = 0;

    while (i < all->n && !str_eq(all->ids[i], id))
        i++;
    if (i == all->n)
        all->ids[all->n++] = id;
    return &all->at[i];
}

/* One that both accounts had opened stands once, with the lesser of what is true of it. */
static void list_party(struct ctx *c, const struct party *p, struct listing *all)
{
    struct str rest = p->services, id;

    for (size_t i = 0; i < SESSION_SERVICES_MAX && str_split(&rest, ' ', &id); i++) {
        const struct service *s = registry_service(c->registry, id);
        if (s == NULL)
            continue;
        bool heard = marked_heard(p, i);
        const struct left one = { .name = names_in(&s->names, c->lang),
                                  .lang = names_tag(&s->names, c->lang),
                                  .receipt = receipt_of(c, s, p, heard),
                                  .url = trip_link(c, p, s, heard) };
        struct left *row = row_of(all, id);
        if (!str_is_set(row->name) || one.receipt < row->receipt)
            *row = one;
    }
}

/* Services' own sessions are theirs: one that has not said that it heard may still be open.  So may the city of the
 * account beside: a browser is led to one of them. */
static void list_left(struct ctx *c, const struct leaving *v, struct signed_out_view *out)
{
    struct listing *all = arena_make(c->arena, struct listing);

    all->at[all->n++] = (struct left){ .name = c->set->name, .receipt = v->over ? RECEIPT_OVER : RECEIPT_OUT };
    for (size_t i = 0; i < LEAVE_SESSIONS; i++)
        list_party(c, &v->of[i], all);
    const struct idp *idp = registry_idp(c->registry, v->idp), *other = registry_idp(c->registry, v->beside_idp);
    if (idp != NULL && idp->kind != IDP_LOCAL) {
        out->city = names_in(&idp->names, c->lang);
        out->city_receipt = v->at_city ? RECEIPT_OUT : RECEIPT_OPEN;
    }
    if (other != NULL && other->kind != IDP_LOCAL && other != idp)
        all->at[all->n++] = (struct left){ .name = names_in(&other->names, c->lang),
                                           .lang = names_tag(&other->names, c->lang),
                                           .receipt = RECEIPT_OPEN,
                                           .is_city = true };
    out->left = (struct lefts){ all->at, all->n };
}

/* Once more in another language, and from the page alone that is on view: each showing has an address of its own, so
 * nobody after finds the list by the back button. */
static struct str show_again_at(struct ctx *c, const struct leaving *v)
{
    struct leaving shown = *v;

    shown.shown = crypt_token(c->arena, c->world, STATE_B);
    if (keep_leaving(c, &shown))
        return url_to(c->arena, S("/signed-out"), S("n"), shown.shown);
    http_set_cookie(c->res, leaving_cookie, S(""), 0, SAME_SITE_LAX);
    return (struct str){ NULL, 0 };
}

static enum step signed_out(struct ctx *c, const struct leaving *v)
{
    const struct service *by = registry_service(c->registry, v->by);
    struct str school = device_shared(c) && by == NULL ? device_school(c) : (struct str){ NULL, 0 };
    struct signed_out_view out = { .back = v->back, .fault = v->fault, .over = v->over, .more = v->more };

    if (str_is_set(school))
        out.next = arena_join(c->arena, S("/school/"), school);
    list_left(c, v, &out);
    out.frames = frames_of(c, v);
    if (by != NULL)
        out.service = names_in(&by->names, c->lang);
    c->session = NULL;
    out.page = page_for(c, show_again_at(c, v));
    return answer_framing(c, page_signed_out(c->arena, &out), &out.frames);
}

static enum step show_first(struct ctx *c, const struct leaving *v)
{
    return str_is_set(trips_name(v)) ? wait_for_trips(c, v) : signed_out(c, v);
}

static struct party party_of(struct ctx *c, const struct logout *l, const struct leaving_of *x)
{
    return (struct party){ .sid = x->who.sid,
                           .person = x->who.person,
                           .services = strs_joined(c->arena, &x->opened, ' '),
                           .heard = heard_marks(c, l, x),
                           .trips = x->kept_trips.outcome == KV_HIT ? x->trips : (struct str){ NULL, 0 } };
}

static enum step answer(struct ctx *c, struct fail *f)
{
    const struct logout *l = c->state;
    struct leaving v = { .by = l->by != NULL ? l->by->id : S(""),
                         .back = l->back,
                         .fault = l->fault,
                         .kept = l->kept,
                         .over = c->session == NULL,
                         .at_once = l->go_back && str_is_set(l->back) };

    (void)f;
    if (l->trail != NULL) {
        v.idp = l->trail->idp;
        const struct leaving_of *own = &l->of[LEAVE_OWN];
        v.more = c->session != NULL ? own->opened.n >= SESSION_SERVICES_MAX : l->trail->more && own->names == NULL;
    }
    if (l->beside != NULL) {
        v.beside_idp = l->beside->person->idp;
        v.more = v.more || l->of[LEAVE_BESIDE].opened.n >= SESSION_SERVICES_MAX;
    }
    for (size_t i = 0; i < LEAVE_SESSIONS; i++)
        v.of[i] = party_of(c, l, &l->of[i]);
    if (str_is_set(c->upstream_url)) {
        v.state = c->login->upstream_id;
        if (keep_leaving(c, &v))
            return flow_go_upstream(c);
    }
    if (str_is_set(v.kept))
        return reply_in_a_moment(c, &v);
    if (v.at_once)
        return go_back(c, &v);
    return l->trail != NULL ? show_first(c, &v) : logout_confirm(c, l);
}

/* Those that the browser itself tells, once there is no session any more. */
static enum step trips_ask(struct ctx *c, struct fail *f)
{
    struct logout *l = c->state;

    (void)f;
    for (size_t i = 0; i < LEAVE_SESSIONS; i++) {
        struct leaving_of *x = &l->of[i];
        if (str_is_set(x->who.sid) && trips_any(c, strs_joined(c->arena, &x->opened, ' ')))
            x->trips = trips_keep(c, &x->who, x->names, &x->kept_trips);
    }
    return c->batch.pending > 0 ? WAIT : NEXT;
}

/* Who signs out has signed out at both accounts. */
const struct step_row logout_now[] = {
    { session_find_beside }, { test_ask }, { end_ask }, { end_done }, { say_ask }, { city_ask },
    { trips_ask },           { answer },   { NULL }
};

/* A city's answer by OpenID Connect is that the browser comes back; by SAML it says what became of it. */
static bool has_left(const struct ctx *c, const struct leaving *v)
{
    const struct idp *idp = registry_idp(c->registry, v->idp);

    return str_is_set(v->state) && crypt_eq(form_get(c->query, S("state")), v->state) &&
           (idp == NULL || idp->kind != IDP_SAML || city_left_read(c, v->state, form_get(c->query, S("left"))));
}

/* The city sends the browser back.  Only an answer to our own request says that it logged the person out; the list is
 * shown once, so that nobody after finds it by the back button. */
static enum step left(struct ctx *c, struct fail *f)
{
    struct leaving v;

    (void)f;
    if (!read_leaving(c, &v) || str_is_set(v.shown))
        return answer_go(c, S("/"));
    v.at_city = has_left(c, &v);
    if (str_is_set(v.kept))
        return reply_in_a_moment(c, &v);
    if (!v.at_once)
        return show_first(c, &v);
    http_set_cookie(c->res, leaving_cookie, S(""), 0, SAME_SITE_LAX);
    return go_back(c, &v);
}

struct again { /* c->state */
    struct leaving v;
    struct kv_got heard[LEAVE_SESSIONS][TRIPS_MAX];
};

/* Once more, or for the first time after a moment (t): then it has not been shown. */
static bool may_show(const struct ctx *c, const struct leaving *v)
{
    return crypt_eq(form_get(c->query, S("n")), v->shown) ||
           (!str_is_set(v->shown) && party_of_trips(v, form_get(c->query, S("t"))) != NULL);
}

static enum step again_ask(struct ctx *c, struct fail *f)
{
    struct again *x = c->state = arena_make(c->arena, struct again);

    (void)f;
    if (!read_leaving(c, &x->v) || !may_show(c, &x->v))
        return answer_go(c, S("/"));
    for (size_t i = 0; i < LEAVE_SESSIONS; i++)
        if (str_is_set(x->v.of[i].trips))
            trips_heard_ask(c, x->v.of[i].trips, x->v.of[i].services, x->heard[i]);
    return c->batch.pending > 0 ? WAIT : NEXT;
}

static enum step again_show(struct ctx *c, struct fail *f)
{
    struct again *x = c->state;

    (void)f;
    for (size_t i = 0; i < LEAVE_SESSIONS; i++)
        if (str_is_set(x->v.of[i].trips))
            x->v.of[i].heard = trips_heard(c, x->v.of[i].services, x->v.of[i].heard, x->heard[i]);
    if (str_is_set(trips_name(&x->v)) && !str_is_set(x->v.shown))
        x->v.shown = S("now"); /* its frames have told: not once more */
    if (str_is_set(x->v.kept)) {
        http_set_cookie(c->res, leaving_cookie, S(""), 0, SAME_SITE_LAX);
        return reply(c, &x->v);
    }
    return signed_out(c, &x->v);
}

/* The browser goes to a service, from a page of ours that its person has seen, or in a frame of one. */
static enum step tell_begin(struct ctx *c, struct fail *f)
{
    struct trip_asked *t = arena_make(c->arena, struct trip_asked);
    struct leaving v;

    t->framed = form_get(c->query, S("f")).p != NULL;
    t->service = form_get(c->query, S("s"));
    t->behind = trips_behind(form_get(c->query, S("n")));
    const struct party *p = read_leaving(c, &v) ? party_of_trips(&v, form_get(c->query, S("t"))) : NULL;
    if (p == NULL)
        return fail(f, FAIL_CALLER, "invalid_request", "the sign-out is another browser's, or too old");
    t->trips = p->trips;
    if (!t->framed) { /* shown when it comes back */
        v.shown = (struct str){ NULL, 0 };
        (void)keep_leaving(c, &v);
    }
    c->state = t;
    return step_into(c, trip_begin);
}

const struct step_row signed_out_tell[] = { { tell_begin }, { NULL } };
const struct step_row upstream_left[] = { { left }, { NULL } };
const struct step_row signed_out_again[] = { { again_ask }, { again_show }, { NULL } };

/* ── asking first ───────────────────────────────────────────────────────── */

static struct str confirm_here(struct ctx *c, const struct logout *l)
{
    const struct notice n = { .page = NOTICE_SIGN_OUT,
                              .made_s = c->now_s,
                              .service = l->by != NULL ? l->by->id : (struct str){ NULL, 0 },
                              .back = l->back,
                              .fault = l->fault };

    bool own = l->by == NULL && !str_is_set(l->fault) && !str_is_set(l->back);

    return own ? S("/sign-out") : notice_here(c, &n);
}

/* The address travels through the form sealed: nobody can put another there. */
enum step logout_confirm(struct ctx *c, const struct logout *l)
{
    struct trail t;
    bool over = c->session == NULL && trail_read(c, &t);
    struct sign_out_view v = { .page = page_for(c, confirm_here(c, l)),
                               .ask = c->session != NULL ? SIGN_OUT_ASK
                                      : over             ? SIGN_OUT_OVER
                                                         : SIGN_OUT_UNKNOWN,
                               .csrf = c->session != NULL ? c->session->csrf
                                       : over             ? t.csrf
                                                          : S(""),
                               .fault = l->fault,
                               .stay = S("/") };

    flow_leave_idle_to(c, v.page.here);
    if (l->by != NULL)
        v.service = names_in(&l->by->names, c->lang);
    if (v.ask == SIGN_OUT_UNKNOWN)
        v.back = l->back;
    else if (str_is_set(l->back))
        v.state = b64url_encode(c->arena, seal_close(c->arena, c->world, c->seals, SEAL_COOKIE, sealed_for, l->back));
    return answer_page(c, 200, page_sign_out(c->arena, &v));
}

enum step logout_notice(struct ctx *c, const struct notice *n)
{
    const struct logout l = { .by = registry_service(c->registry, n->service), .back = n->back, .fault = n->fault };

    return logout_confirm(c, &l);
}

static enum step load_session(struct ctx *c, struct fail *f)
{
    (void)f;
    c->state = arena_make(c->arena, struct logout);
    return step_into(c, session_load);
}

static enum step show(struct ctx *c, struct fail *f)
{
    (void)f;
    return logout_confirm(c, c->state);
}

/* A page of somebody else's cannot know the token: neither the session's, nor that of the session that is over, which a
 * page that was left open still has. */
static bool knows_token(struct ctx *c, struct logout *l)
{
    struct str token = form_get(c->body, S("csrf"));
    struct trail *t = arena_make(c->arena, struct trail);

    if (c->session != NULL)
        return crypt_eq(c->session->csrf, token);
    if (!trail_read(c, t) || !crypt_eq(t->csrf, token))
        return false;
    l->trail = t;
    return true;
}

static enum step check_csrf(struct ctx *c, struct fail *f)
{
    struct logout *l = c->state;
    struct str sealed;

    (void)f;
    bool way_back = b64url_decode(c->arena, form_get(c->body, S("state")), &sealed) &&
                    seal_open(c->arena, c->seals, SEAL_COOKIE, sealed_for, sealed, &l->back);
    if (!knows_token(c, l) && c->session != NULL)
        return logout_confirm(c, l); /* with the way back that the form had */
    l->go_back = way_back;
    return step_into(c, logout_now);
}

const struct step_row sign_out_page[] = { { load_session }, { show }, { NULL } };
const struct step_row sign_out[] = { { load_session }, { check_csrf }, { NULL } };
