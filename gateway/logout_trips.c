/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/logout_trips.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "base/fields.h"
#include "base/seals.h"
#include "gateway/answer.h"
#include "gateway/farewell_note.h"
#include "gateway/protocol.h"
#include "gateway/session/session.h"
#include "wire/form.h"
#include "wire/http.h"
#include "wire/json.h"

enum { ID_B = 16, RECORD_MAX_B = 65536, TEXT_MAX_B = 128, MAC_B = 12, TRIP_ID_CHARS = 32 };

static const struct str bound = S("sign-out by browser");

/* ── which services ─────────────────────────────────────────────────────── */

bool trips_to(const struct ctx *c, struct str service)
{
    const struct service *s = registry_service(c->registry, service);
    const struct protocol *p = s != NULL ? protocol_of(c, s->protocol) : NULL;

    return p != NULL && p->leave_go != NULL && p->hears_by_trip != NULL && p->hears_by_trip(c, s) &&
           !(p->hears != NULL && p->hears(c, s));
}

bool trips_any(const struct ctx *c, struct str services)
{
    struct str id;

    while (str_is_set(services) && str_split(&services, ' ', &id))
        if (trips_to(c, id))
            return true;
    return false;
}

/* ── what Redis keeps ───────────────────────────────────────────────────── */

struct record {
    struct str sid, person, idp, why;
    const struct json_value *told;
};

static const struct json_field fields[] = {
    { "sid", JSON_STR, true, TEXT_MAX_B, offsetof(struct record, sid) },
    { "person", JSON_STR, true, TEXT_MAX_B, offsetof(struct record, person) },
    { "idp", JSON_STR, false, TEXT_MAX_B, offsetof(struct record, idp) },
    { "why", JSON_STR, false, TEXT_MAX_B, offsetof(struct record, why) },
    { "told", JSON_ARRAY, false, 2 * SESSION_TOLD_MAX, offsetof(struct record, told) },
    { 0 },
};

struct str trips_keep(struct ctx *c, const struct leaver *who, const struct strs *told, struct kv_got *got)
{
    struct json_out o = json_out(c->arena, RECORD_MAX_B);
    struct str trips = crypt_token(c->arena, c->world, ID_B);

    json_begin_object(&o);
    json_put_str(&o, S("sid"), who->sid);
    json_put_str(&o, S("person"), who->person);
    json_put_str(&o, S("idp"), who->idp);
    json_put_str(&o, S("why"), who->why);
    json_key(&o, S("told"));
    json_begin_array(&o);
    for (size_t i = 0; told != NULL && i < told->n; i++)
        json_str(&o, told->at[i]);
    json_end_array(&o);
    json_end_object(&o);
    kv_set(c->kv, &c->batch, c->arena, got, KV_LEAVING, trips,
           seal_close(c->arena, c->world, c->seals, SEAL_SESSION, bound, json_done(&o)), LEAVING_TRIPS_S);
    return trips;
}

static struct str told_of(const struct json_value *pairs, struct str service)
{
    for (const struct json_value *v = pairs != NULL ? pairs->first : NULL; v != NULL && v->next != NULL;
         v = v->next->next)
        if (str_eq(v->text, service))
            return v->next->text;
    return (struct str){ NULL, 0 };
}

static bool read_leaver(struct ctx *c, const struct kv_got *kept, struct str service, struct leaver *out)
{
    struct record r = { .told = NULL };
    struct fail why = { 0 };
    struct str plain;

    if (kept->outcome != KV_HIT || !seal_open(c->arena, c->seals, SEAL_SESSION, bound, kept->value, &plain) ||
        !json_read(c->arena, plain, fields, &r, &why))
        return false;
    *out = (struct leaver){
        .sid = r.sid, .person = r.person, .told = told_of(r.told, service), .idp = r.idp, .why = r.why
    };
    return true;
}

/* ── what a service gives back ──────────────────────────────────────────── */

static struct str mac(const struct ctx *c, struct str head, struct str service)
{
    struct str of = fields_key(c->arena, (struct str[]){ S("sign-out relay"), head }, 2);

    return b64url_encode(c->arena, str_sub(seals_pairwise(c->arena, c->seals, of, service), 0, MAC_B));
}

/* How a trip goes, as one letter: its place among these. */
#define HOW_LETTERS "pPQRfFGH"
enum { HOWS = sizeof HOW_LETTERS - 1, HOWS_OF_FRAME = HOWS / 2 };

_Static_assert((int)HOWS_OF_FRAME == 1 + (int)TOLD_NAMES_MAX, "by none of its names, or with so many behind it");

struct how {
    bool framed, named; /* named: the service is called by a name that it was told */
    size_t behind;      /* names that are for a trip after this one, where it knows nobody of this one */
};

static struct str relay_of(const struct ctx *c, struct str trips, struct str service, const struct how *how)
{
    size_t letter = (how->framed ? HOWS_OF_FRAME : 0) + (how->named ? 1 + how->behind : 0);
    struct str head = arena_join(c->arena, trips, str_n(&HOW_LETTERS[letter], 1));

    return arena_join(c->arena, head, mac(c, head, service));
}

static bool read_relay(const struct ctx *c, struct str relay, struct str service, struct str *trips, struct how *how)
{
    struct str head = str_sub(relay, 0, TRIPS_ID_CHARS + 1);
    size_t letter;

    if (relay.n <= TRIPS_ID_CHARS + 1 || !crypt_eq(str_from(relay, TRIPS_ID_CHARS + 1), mac(c, head, service)))
        return false;
    *trips = str_sub(relay, 0, TRIPS_ID_CHARS);
    letter = str_find_byte(S(HOW_LETTERS), head.p[TRIPS_ID_CHARS], 0) % HOWS;
    *how = (struct how){ .framed = letter >= HOWS_OF_FRAME, .named = letter % HOWS_OF_FRAME > 0 };
    how->behind = how->named ? letter % HOWS_OF_FRAME - 1 : 0;
    return true;
}

struct str logout_trip_id(const struct ctx *c, struct str relay, struct str service)
{
    struct str trips;
    struct how how;

    return read_relay(c, relay, service, &trips, &how) ? str_sub(sha256_hex(c->arena, relay), 0, TRIP_ID_CHARS)
                                                       : (struct str){ NULL, 0 };
}

/* ── there ──────────────────────────────────────────────────────────────── */

static const char *const behind_words[TOLD_NAMES_MAX] = { "0", "1", "2" };

size_t trips_behind(struct str word)
{
    for (size_t i = 0; i < TOLD_NAMES_MAX; i++)
        if (str_eq(word, str_of(behind_words[i])))
            return i;
    return TOLD_NAMES_MAX;
}

struct str trips_address(struct ctx *c, struct str trips, struct str service, bool framed)
{
    struct buf b = buf_new(c->arena, 1024);

    buf_add(&b, S("/signed-out/tell"));
    url_query(&b, S("t"), trips);
    url_query(&b, S("s"), service);
    if (framed)
        url_query(&b, S("f"), S("1"));
    return buf_str(&b);
}

static enum step begin_ask(struct ctx *c, struct fail *f)
{
    struct trip_asked *t = c->state;

    if (!trips_to(c, t->service))
        return fail(f, FAIL_CALLER, "invalid_request", "no service that the browser can tell");
    kv_get(c->kv, &c->batch, c->arena, &t->kept, KV_LEAVING, t->trips);
    return WAIT;
}

static size_t names_of(const struct protocol *p, struct str told)
{
    struct str names[TOLD_NAMES_MAX];

    return p->found_by != NULL ? p->found_by(told, names) : str_is_set(told) ? 1 : 0;
}

static enum step begin_go(struct ctx *c, struct fail *f)
{
    const struct trip_asked *t = c->state;
    struct leave_trip *trip = arena_make(c->arena, struct leave_trip);
    struct how how = { .framed = t->framed };

    if (t->kept.outcome == KV_DOWN)
        return kv_away(f, "sign-out");
    if (!read_leaver(c, &t->kept, t->service, &trip->who))
        return fail(f, FAIL_CALLER, "invalid_request", "the sign-out is too old");
    c->service = registry_service(c->registry, t->service);
    size_t names = names_of(protocol_of(c, c->service->protocol), trip->who.told);
    how.named = names > 0;
    how.behind = t->behind + 1 < names ? t->behind : names > 0 ? names - 1 : 0;
    trip->turn = names > 0 ? names - 1 - how.behind : 0;
    trip->relay = relay_of(c, t->trips, t->service, &how);
    trip->id = logout_trip_id(c, trip->relay, t->service);
    trip->framed = t->framed;
    c->state = trip;
    return step_into(c, protocol_of(c, c->service->protocol)->leave_go);
}

const struct step_row trip_begin[] = { { begin_ask }, { begin_go }, { NULL } };

/* ── and back ───────────────────────────────────────────────────────────── */

static struct str mark_of(struct ctx *c, struct str trips, struct str service)
{
    return sha256_hex(c->arena, fields_key(c->arena, (struct str[]){ trips, service }, 2));
}

/* A mark says what the service has answered; that all has ended there is its last word. */
#define MARK_HEARD   "y"
#define MARK_UNHEARD "n"

static bool says_heard(const struct kv_got *mark)
{
    return mark->outcome == KV_HIT && str_eq(mark->value, S(MARK_HEARD));
}

struct came {
    struct str trips;
    bool framed, heard;
    struct kv_got kept, before, marked;
};

static enum step came_show(struct ctx *c, struct fail *f)
{
    const struct came *x = c->state;

    (void)f;
    if (!x->framed)
        return answer_go(c, url_to(c->arena, S("/signed-out"), S("t"), x->trips));
    http_header_set(c->res, S("Content-Security-Policy"), S(ANSWER_FRAMED_CSP));
    http_header_set(c->res, S("Cache-Control"), S("no-store"));
    http_body(c->res, 200, S("text/html; charset=utf-8"),
              S("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>signed out</title></html>\n"));
    return DONE;
}

static enum step came_ask(struct ctx *c, struct fail *f)
{
    struct came *x = c->state;

    (void)f;
    kv_get(c->kv, &c->batch, c->arena, &x->kept, KV_LEAVING, x->trips);
    kv_get(c->kv, &c->batch, c->arena, &x->before, KV_HEARD, mark_of(c, x->trips, c->service->id));
    return WAIT;
}

/* A browser may bring one answer as often as it likes: what it has not said before is marked, and has a line. */
static enum step came_mark(struct ctx *c, struct fail *f)
{
    struct came *x = c->state;
    struct str mark = x->heard ? S(MARK_HEARD) : S(MARK_UNHEARD);
    struct leaver who;

    (void)f;
    if (says_heard(&x->before) || (x->before.outcome == KV_HIT && str_eq(x->before.value, mark)))
        return NEXT;
    if (read_leaver(c, &x->kept, c->service->id, &who))
        farewells_note(c, &who, c->service->id, x->heard ? FAREWELL_NOTE_HEARD : FAREWELL_NOTE_REFUSED);
    kv_set(c->kv, &c->batch, c->arena, &x->marked, KV_HEARD, mark_of(c, x->trips, c->service->id), mark,
           LEAVING_TRIPS_S);
    return WAIT;
}

static const struct step_row came_back[] = { { came_ask }, { came_mark }, { came_show }, { NULL } };

/* It may know them by a name that it was told before that one.  A frame has no cookie of ours after such a way. */
static enum step came_again(struct ctx *c, const struct came *x, struct str service, const struct how *how)
{
    struct buf b = buf_new(c->arena, 1024);

    buf_add(&b, trips_address(c, x->trips, service, false));
    url_query(&b, S("n"), str_of(behind_words[how->behind - 1]));
    return answer_go(c, buf_str(&b));
}

enum step logout_came(struct ctx *c, struct str relay, struct str service, enum came_as as)
{
    struct came *x = arena_make(c->arena, struct came);
    struct how how;

    if (!read_relay(c, relay, service, &x->trips, &how))
        return fail(&c->fail, FAIL_CALLER, "invalid_request", "RelayState is that of no sign-out of ours");
    c->service = registry_service(c->registry, service);
    c->state = x;
    x->framed = how.framed;
    if (as == CAME_UNKNOWN && how.behind > 0 && !how.framed)
        return came_again(c, x, service, &how);
    if (c->service == NULL)
        return came_show(c, &c->fail);
    x->heard = as == CAME_HEARD || (as == CAME_UNKNOWN && how.named && how.behind == 0);
    return step_into(c, came_back);
}

/* ── what is known of them ──────────────────────────────────────────────── */

void trips_heard_ask(struct ctx *c, struct str trips, struct str services, struct kv_got *got)
{
    struct str id;

    for (size_t n = 0; str_is_set(services) && n < TRIPS_MAX && str_split(&services, ' ', &id);)
        if (trips_to(c, id))
            kv_get(c->kv, &c->batch, c->arena, &got[n++], KV_HEARD, mark_of(c, trips, id));
}

struct str trips_heard(struct ctx *c, struct str services, struct str marks, const struct kv_got *got)
{
    struct buf b = buf_new(c->arena, SESSION_SERVICES_MAX + 1);
    struct str id;

    for (size_t i = 0, n = 0; str_is_set(services) && str_split(&services, ' ', &id); i++) {
        bool heard = i < marks.n && marks.p[i] == 'y';
        if (n < TRIPS_MAX && trips_to(c, id))
            heard = says_heard(&got[n++]) || heard;
        buf_byte(&b, heard ? 'y' : 'n');
    }
    return buf_str(&b);
}
