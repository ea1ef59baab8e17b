/* SPDX-License-Identifier: EUPL-1.2 */
#include "alarms/int.h"

#include "base/crypt.h"
#include "base/log.h"
#include "model/when.h"

#include <stdlib.h>
#include <string.h>

enum { NIGHT_FROM = 22, NIGHT_TO = 6 };

enum { BACK_MINUTES = 300, BACK_DAYS = 7 * 86400 };

static const struct alarm_row rows[ALARM_COUNT] = {
#define X(code, severity, kind, back, may, page)                                                                       \
    [ALARM_##code] = { #code, ALARM_##severity, ALARM_##kind, BACK_##back, page },
    ALARMS(X)
#undef X
};

const struct alarm_row *alarm_row(enum alarm_code code)
{
    return code > ALARM_NONE && code < ALARM_COUNT ? &rows[code] : NULL;
}

enum alarm_code alarm_of_name(struct str name)
{
    for (int i = ALARM_NONE + 1; i < ALARM_COUNT; i++)
        if (str_eq(name, str_of(rows[i].code)))
            return (enum alarm_code)i;
    return ALARM_NONE;
}

const char *alarm_severity_name(enum alarm_severity severity)
{
    return severity == ALARM_CRITICAL ? "critical" : severity == ALARM_WARNING ? "warning" : "info";
}

void alarms_set(char *to, size_t most_B, struct str text)
{
    size_t n = text.n < most_B ? text.n : most_B;

    while (n > 0 && n < text.n && ((unsigned char)text.p[n] & 0xC0) == 0x80)
        n--;
    if (n > 0)
        memcpy(to, text.p, n);
    to[n] = '\0';
}

/* ── the table ──────────────────────────────────────────────────────────── */

static uint64_t key_of(const char *id)
{
    uint64_t key;

    memcpy(&key, id, sizeof key);
    return key;
}

struct kept *alarms_find(struct alarms *s, const char *id)
{
    uint64_t key = key_of(id);

    for (size_t i = 0; i < PLACES; i++)
        if (s->keys[i] == key && s->at[i].code != ALARM_NONE && memcmp(s->at[i].id, id, ALARM_ID_B) == 0)
            return &s->at[i];
    return NULL;
}

bool alarm_still(const struct kept *k, int64_t now_s)
{
    return rows[k->code].kind == ALARM_HAPPENED || (k->over_s == 0 && now_s - k->last_s <= ALARM_STILL_S);
}

static bool is_done(const struct kept *k, int64_t now_s)
{
    return rows[k->code].kind == ALARM_HAPPENED ? k->seen_s != 0 : !alarm_still(k, now_s);
}

struct census { /* of the table, as somebody new sees it */
    size_t own, all;
    struct kept *free, *own_weakest, *weakest; /* weakest: done with */
};

/* Whether x leaves before y: what is done with first, then the less grave, then what has been silent for longer. */
static bool is_weaker(const struct kept *x, const struct kept *y, int64_t now_s)
{
    bool done_x = is_done(x, now_s), done_y = is_done(y, now_s);

    if (done_x != done_y)
        return done_x;
    if (!done_x && rows[x->code].severity != rows[y->code].severity)
        return rows[x->code].severity < rows[y->code].severity;
    return x->last_s < y->last_s;
}

/* A state comes back by itself for as long as it stands: one does not push out another of the same weight. */
static bool gives_way(const struct kept *k, const struct alarm_row *to, int64_t now_s)
{
    return is_done(k, now_s) || rows[k->code].severity < to->severity ||
           (to->kind == ALARM_HAPPENED && rows[k->code].severity == to->severity);
}

static struct census census_of(struct alarms *s, const struct alarm_row *row, struct str provider, int64_t now_s)
{
    struct census x = { .own = 0 };

    for (size_t i = 0; i < ALARMS_MAX; i++) {
        struct kept *k = &s->at[i];
        if (k->code == ALARM_NONE) {
            x.free = k;
            continue;
        }
        x.all++;
        if (is_done(k, now_s) && (x.weakest == NULL || is_weaker(k, x.weakest, now_s)))
            x.weakest = k;
        if (rows[k->code].kind != row->kind || !str_eq(str_of(k->provider), provider))
            continue;
        x.own++;
        if (gives_way(k, row, now_s) && (x.own_weakest == NULL || is_weaker(k, x.own_weakest, now_s)))
            x.own_weakest = k;
    }
    return x;
}

/* How many there may be when one more comes. */
static size_t most_of(const struct alarm_row *row, struct str provider)
{
    if (provider.n == 0 && row->severity == ALARM_CRITICAL)
        return ALARMS_MAX;
    return ALARMS_MAX - ALARMS_FOR_NATION - (row->kind == ALARM_STANDS ? 0 : ALARMS_FOR_STATES);
}

/* The file forgets it with the next writing; where too many wait for that, after ALARM_KEPT_S. */
static void leave(struct alarms *s, struct kept *k)
{
    if (k->code != ALARM_NONE && s->gone_n < GONE_MAX)
        memcpy(s->gone[s->gone_n++], k->id, sizeof k->id);
}

static struct kept *place(struct alarms *s, enum alarm_code code, struct str provider, int64_t now_s)
{
    const struct alarm_row *row = &rows[code];

    if (code == ALARM_alarms_full)
        return &s->at[ALARMS_MAX];
    const struct census x = census_of(s, row, provider, now_s);
    if (x.own >= (provider.n != 0 ? ALARMS_SHARE : ALARMS_NATION))
        return x.own_weakest;
    if (x.all < most_of(row, provider))
        return x.free;
    return x.weakest != NULL ? x.weakest : x.own_weakest;
}

struct kept *alarms_room(struct alarms *s, const char *id, enum alarm_code code, struct str provider, int64_t now_s)
{
    struct kept *k = place(s, code, provider, now_s);

    if (k == NULL || (k->code != ALARM_NONE && k->code != ALARM_alarms_full && !is_done(k, now_s))) {
        s->sum.lost++;
        s->lost_of = code;
        alarms_set(s->lost_in, AREA_MAX_B, provider);
    }
    if (k == NULL)
        return NULL;
    leave(s, k);
    *k = (struct kept){ .code = ALARM_NONE };
    memcpy(k->id, id, ALARM_ID_B);
    s->keys[k - s->at] = key_of(id);
    return k;
}

struct alarms *alarms_new(const struct settings *set)
{
    struct arena *a = arena_new();
    struct alarms *s = arena_make(a, struct alarms);

    s->arena = a;
    s->path = arena_cstr(a, arena_join(a, set->state_dir, S("/registry/alarms.sqlite")));
    s->at = arena_make_n(a, PLACES, struct kept);
    s->moved = -1;
    (void)pthread_mutex_init(&s->lock, NULL);
    return s;
}

/* ── raising ────────────────────────────────────────────────────────────── */

static struct str text_of(struct str s)
{
    return str_is_set(s) ? s : S("");
}

/* Whatever it is about has one id, on every node. */
static void make_id(char id[ALARM_ID_B + 1], enum alarm_code code, const struct area *where, struct str subject)
{
    struct arena *a = arena_new();
    struct str all = arena_printf(a, "%s\n%.*s\n%.*s\n%.*s", rows[code].code, STR_ARG(where->provider),
                                  STR_ARG(where->school), STR_ARG(subject));

    memcpy(id, sha256_hex(a, all).p, ALARM_ID_B);
    id[ALARM_ID_B] = '\0';
    arena_free(a);
}

static void tell(struct alarms *s, struct kept *k, int64_t now_s)
{
    static const enum log_level levels[] = { LOG_INFO, LOG_WARN, LOG_ERROR };
    const struct alarm_row *row = &rows[k->code];

    s->sum.raised[k->code]++;
    s->urgent = true;
    if (now_s - k->logged_s < LOG_EVERY_S && k->logged_s != 0)
        return;
    k->logged_s = now_s;
    log_event(levels[row->severity], "alarm.raised", LOG_C("code", row->code),
              LOG_C("area", k->provider[0] != '\0' ? k->provider : "nation"), LOG_C("school", k->school),
              LOG_C("subject", k->subject), LOG_C("detail", k->detail), LOG_N("n", k->n));
}

static void begin(struct kept *k, enum alarm_code code, const struct area *where, struct str subject, int64_t now_s)
{
    k->code = code;
    k->first_s = now_s;
    alarms_set(k->provider, AREA_MAX_B, text_of(where->provider));
    alarms_set(k->school, AREA_MAX_B, text_of(where->school));
    alarms_set(k->subject, ALARM_SUBJECT_MAX_B, text_of(subject));
}

/* Whether it comes as something that its reader has not seen. */
static bool comes_anew(const struct kept *k, int64_t now_s)
{
    return rows[k->code].kind == ALARM_HAPPENED || k->n == 0 || now_s - k->last_s > rows[k->code].back_s ||
           (k->over_s != 0 && now_s - k->over_s > rows[k->code].back_s);
}

static void again(struct alarms *s, struct kept *k, int64_t now_s)
{
    if (comes_anew(k, now_s)) {
        bool stood = rows[k->code].kind == ALARM_HAPPENED;
        k->n++;
        k->first_s = stood && k->seen_s == 0 ? k->first_s : now_s;
        k->seen_s = 0;
        k->seen_by[0] = k->note[0] = '\0';
        k->last_s = now_s;
        tell(s, k, now_s);
    }
    k->over_s = 0;
    k->last_s = now_s > k->last_s ? now_s : k->last_s;
    k->dirty = true;
}

static void put(struct alarms *s, const char *id, enum alarm_code code, const struct area *where, struct str subject,
                struct str detail, int64_t now_s)
{
    struct kept *k = alarms_find(s, id);

    if (k == NULL && (k = alarms_room(s, id, code, text_of(where->provider), now_s)) != NULL)
        begin(k, code, where, subject, now_s);
    if (k == NULL)
        return;
    alarms_set(k->detail, ALARM_DETAIL_MAX_B, text_of(detail));
    again(s, k, now_s);
}

/* At most once an hour, with what was lost last: "oulu right_ends". */
static void put_full(struct alarms *s, int64_t now_s)
{
    const struct kept *k = &s->at[ALARMS_MAX];
    char id[ALARM_ID_B + 1];

    if (s->lost_of == ALARM_NONE || (k->code != ALARM_NONE && now_s - k->last_s < FULL_EVERY_S && now_s >= k->last_s))
        return;
    struct arena *a = arena_new();
    struct str detail = arena_printf(a, "%s %s", s->lost_in[0] != '\0' ? s->lost_in : "nation", rows[s->lost_of].code);
    make_id(id, ALARM_alarms_full, &area_nation, S(""));
    put(s, id, ALARM_alarms_full, &area_nation, S(""), detail, now_s);
    s->lost_of = ALARM_NONE;
    arena_free(a);
}

void alarm_raise(struct alarms *s, enum alarm_code code, const struct area *where, struct str subject,
                 struct str detail, int64_t now_s)
{
    char id[ALARM_ID_B + 1];

    if (s == NULL || alarm_row(code) == NULL || subject.n > ALARM_SUBJECT_MAX_B || where->provider.n > AREA_MAX_B ||
        where->school.n > AREA_MAX_B)
        return;
    make_id(id, code, where, subject);
    (void)pthread_mutex_lock(&s->lock);
    put(s, id, code, where, subject, detail, now_s);
    put_full(s, now_s);
    (void)pthread_mutex_unlock(&s->lock);
}

/* Two that share a place begin anew by turns: neither raises too early. */
static bool is_often(struct alarms *s, uint64_t key, unsigned most, int64_t now_s)
{
    struct often *o = &s->often[key % OFTEN_MAX];

    if (o->key != key || now_s - o->began_s >= ALARM_OFTEN_S || now_s < o->began_s)
        *o = (struct often){ key, now_s, 0 };
    if (++o->n < most)
        return false;
    o->n = 0;
    return true;
}

bool alarm_is_night(int64_t now_s)
{
    int hour = when_local(now_s).hour;

    return hour >= NIGHT_FROM || hour < NIGHT_TO;
}

void alarm_at_night(struct alarms *s, struct arena *a, enum alarm_code code, const struct area *where,
                    struct str subject, int64_t now_s)
{
    if (alarm_is_night(now_s))
        alarm_raise(s, code, where, subject, when_full(a, now_s, LANG_FI), now_s);
}

void alarm_often(struct alarms *s, enum alarm_code code, const struct area *where, struct str subject, unsigned most,
                 int64_t now_s)
{
    char id[ALARM_ID_B + 1];

    if (s == NULL || alarm_row(code) == NULL)
        return;
    make_id(id, code, where, subject);
    (void)pthread_mutex_lock(&s->lock);
    bool often = is_often(s, key_of(id), most, now_s);
    (void)pthread_mutex_unlock(&s->lock);
    if (often)
        alarm_raise(s, code, where, subject, (struct str){ NULL, 0 }, now_s);
}

void alarm_over(struct alarms *s, enum alarm_code code, const struct area *where, struct str subject, int64_t now_s)
{
    char id[ALARM_ID_B + 1];

    if (s == NULL || alarm_row(code) == NULL)
        return;
    make_id(id, code, where, subject);
    (void)pthread_mutex_lock(&s->lock);
    struct kept *k = alarms_find(s, id);
    if (k != NULL && alarm_still(k, now_s) && rows[code].kind == ALARM_STANDS) {
        k->over_s = now_s > 0 ? now_s : 1;
        k->dirty = s->urgent = true;
    }
    (void)pthread_mutex_unlock(&s->lock);
}

/* ── reading ────────────────────────────────────────────────────────────── */

static struct area area_of(const struct kept *k)
{
    return (struct area){ k->provider[0] != '\0' ? str_of(k->provider) : (struct str){ NULL, 0 },
                          k->school[0] != '\0' ? str_of(k->school) : (struct str){ NULL, 0 } };
}

static struct alarm copy(struct arena *a, const struct kept *k, int64_t now_s)
{
    struct area area = area_of(k);
    struct alarm x = { .code = k->code,
                       .area = { arena_str(a, area.provider), arena_str(a, area.school) },
                       .subject = arena_str(a, str_of(k->subject)),
                       .detail = arena_str(a, str_of(k->detail)),
                       .first_s = k->first_s,
                       .last_s = k->last_s,
                       .n = k->n,
                       .over = !alarm_still(k, now_s),
                       .seen_s = k->seen_s,
                       .seen_by = arena_str(a, str_of(k->seen_by)),
                       .note = arena_str(a, str_of(k->note)) };

    memcpy(x.id, k->id, sizeof x.id);
    return x;
}

static int by_weight(const void *p, const void *q)
{
    const struct alarm *x = p, *y = q;
    bool open_x = alarm_is_open(x), open_y = alarm_is_open(y);

    if (open_x != open_y)
        return open_x ? -1 : 1;
    if (rows[x->code].severity != rows[y->code].severity && open_x)
        return rows[x->code].severity > rows[y->code].severity ? -1 : 1;
    if (x->first_s != y->first_s && open_x)
        return x->first_s > y->first_s ? -1 : 1;
    if (x->last_s != y->last_s && !open_x)
        return x->last_s > y->last_s ? -1 : 1;
    return strcmp(x->id, y->id);
}

struct alarms_found alarms_read(struct alarms *s, struct arena *a, const struct area *within, int64_t now_s)
{
    struct alarms_found found = { NULL, 0 };
    size_t room = 0;

    if (s == NULL)
        return found;
    (void)pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < PLACES; i++)
        room += s->at[i].code != ALARM_NONE;
    found.at = arena_make_n(a, room + 1, struct alarm);
    for (size_t i = 0; i < PLACES; i++) {
        struct area area = area_of(&s->at[i]);
        if (s->at[i].code != ALARM_NONE && area_within(&area, within))
            found.at[found.n++] = copy(a, &s->at[i], now_s);
    }
    (void)pthread_mutex_unlock(&s->lock);
    qsort(found.at, found.n, sizeof *found.at, by_weight);
    return found;
}

static struct kept *named(struct alarms *s, struct str id)
{
    char text[ALARM_ID_B + 1] = { 0 };

    if (s == NULL || id.n != ALARM_ID_B)
        return NULL;
    memcpy(text, id.p, ALARM_ID_B);
    return alarms_find(s, text);
}

bool alarms_one(struct alarms *s, struct arena *a, struct str id, int64_t now_s, struct alarm *out)
{
    if (s == NULL)
        return false;
    (void)pthread_mutex_lock(&s->lock);
    const struct kept *k = named(s, id);
    if (k != NULL)
        *out = copy(a, k, now_s);
    (void)pthread_mutex_unlock(&s->lock);
    return k != NULL;
}

bool alarms_acknowledge(struct alarms *s, struct str id, int64_t n, struct str who, struct str note, int64_t now_s)
{
    if (s == NULL)
        return false;
    (void)pthread_mutex_lock(&s->lock);
    struct kept *k = named(s, id);
    bool same = k != NULL && k->n == n;
    if (same) {
        k->seen_s = now_s;
        alarms_set(k->seen_by, WHO_MAX_B, text_of(who));
        alarms_set(k->note, ALARM_NOTE_MAX_B, text_of(note));
        k->dirty = s->urgent = true;
    }
    (void)pthread_mutex_unlock(&s->lock);
    return same;
}

void alarms_sum(struct alarms *s, int64_t now_s, struct alarms_sum *out)
{
    *out = (struct alarms_sum){ 0 };
    if (s == NULL)
        return;
    (void)pthread_mutex_lock(&s->lock);
    *out = s->sum;
    for (size_t i = 0; i < PLACES; i++)
        if (s->at[i].code != ALARM_NONE && s->at[i].seen_s == 0 && alarm_still(&s->at[i], now_s))
            out->open[s->at[i].code]++;
    (void)pthread_mutex_unlock(&s->lock);
}
