/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/console/country.h"

#include "audit/index.h"
#include "console/texts.h"
#include "frame/words.h"
#include "gateway/console/door.h"
#include "gateway/console/lines.h"
#include "gateway/console/listed.h"
#include "gateway/nodes.h"
#include "model/when.h"

#include <stdlib.h>
#include <string.h>

enum {
    CITIES_SHOWN = 40,
    CODES_SHOWN = 8,
    SERVICES_SHOWN = 10,
    SERVICE_FAILS = 3,
    DAY_S = 86400,
    PERCENT = 100,
    NAMES_MAX_B = 512,
    BEHIND_MANY = 10000
};

/* ── doors ──────────────────────────────────────────────────────────────── */

struct city { /* a municipality and how it is: by the worst of its identity providers */
    const struct provider *provider;
    const struct idp *worst;
    const struct health *how;
    enum vital vital;
    int64_t ok, failed;
};

static void look_at_cities(struct ctx *c, const struct health *hows, struct city *cities)
{
    const struct registry_parts *parts = registry_parts(c->registry);

    for (size_t i = 0; i < parts->provider_count; i++)
        cities[i].provider = &parts->providers[i];
    for (size_t i = 0; i < parts->idp_count; i++) {
        const struct idp *idp = &parts->idps[i];
        if (idp->provider == NULL || !idp->enabled)
            continue;
        struct city *x = &cities[idp->provider - parts->providers];
        x->ok += hows[i].ok;
        x->failed += hows[i].failed;
        if (hows[i].vital > x->vital || x->worst == NULL) {
            x->vital = hows[i].vital;
            x->worst = idp;
            x->how = &hows[i];
        }
    }
}

static struct city_row city_row(struct ctx *c, const struct city *x)
{
    const struct tally_row *worst = x->how->worst;
    struct city_row row = { .name = names_in(&x->provider->names, c->lang),
                            .idp = x->worst->id,
                            .down = x->vital == VITAL_BAD,
                            .failed = lines_number(c, x->failed),
                            .all = lines_number(c, x->ok + x->failed) };

    row.what = said(worst == NULL    ? C_city_ends
                    : x->how->away   ? C_city_away
                    : x->how->ok > 0 ? C_city_some_fail
                                     : C_city_all_fail,
                    c->lang);
    row.code = worst != NULL ? worst->code : x->how->waits ? S("key_waiting") : str_of(ending_code(x->how->ends.what));
    row.since = worst != NULL ? when_time(c->arena, worst->first_s, c->lang) : when_date(c->arena, x->how->ends.at_s);
    return row;
}

static void put_cities(struct ctx *c, const struct city *cities, struct home_view *v)
{
    const struct registry_parts *parts = registry_parts(c->registry);
    const struct listed in_order = listed_find(c, LISTED_PROVIDERS, S(""));
    struct door_mark *marks = arena_make_n(c->arena, in_order.n + 1, struct door_mark);
    struct city_row *rows = arena_make_n(c->arena, CITIES_SHOWN, struct city_row);
    size_t well = 0, ill = 0;

    for (size_t k = 0; k < in_order.n && in_order.at[k] < parts->provider_count; k++) {
        const struct city *x = &cities[in_order.at[k]];
        marks[v->doors.n++] = (struct door_mark){ .sick = x->vital == VITAL_WARN, .down = x->vital == VITAL_BAD };
        well += x->vital == VITAL_OK;
        ill += x->vital != VITAL_OK;
    }
    for (int bad = VITAL_BAD; bad > VITAL_OK; bad--)
        for (size_t k = 0; k < in_order.n && v->cities.n < CITIES_SHOWN; k++)
            if (cities[in_order.at[k]].vital == (enum vital)bad)
                rows[v->cities.n++] = city_row(c, &cities[in_order.at[k]]);
    v->doors.at = marks;
    v->cities.at = rows;
    v->ill_cities = (int64_t)ill;
    v->well = words_count(c->arena, well, c->lang);
}

/* ── nodes and their parts ──────────────────────────────────────────────── */

static struct str uptime(struct ctx *c, int64_t s)
{
    return s >= DAY_S
               ? arena_printf(c->arena, "%lld %.*s", (long long)(s / DAY_S), STR_ARG(said(C_days_short, c->lang)))
               : arena_printf(c->arena, "%lld h %lld min", (long long)(s / 3600), (long long)(s / 60 % 60));
}

static struct node_row node_row(struct ctx *c, const struct node_known *x)
{
    const struct node_record *r = &x->record;
    struct node_row row = { .name = r->name,
                            .version = r->version,
                            .up = uptime(c, r->at_s - r->began_s),
                            .why = r->why,
                            .vital = x->silent || str_is_set(r->why) ? VITAL_BAD : VITAL_OK,
                            .silent = x->silent,
                            .reserve = r->on_reserve,
                            .connections = lines_number(c, r->connections),
                            .jobs = lines_number(c, r->jobs),
                            .audit = lines_number(c, r->audit_records),
                            .behind = r->audit_records - r->audit_indexed > BEHIND_MANY
                                          ? lines_number(c, r->audit_records - r->audit_indexed)
                                          : (struct str){ NULL, 0 } };

    row.heard = when_full(c->arena, x->heard_s, c->lang);
    row.disk = r->disk_B > 0 ? arena_printf(c->arena, "%lld", (long long)(r->disk_free_B / (r->disk_B / PERCENT + 1)))
                             : (struct str){ NULL, 0 };
    if (r->stepped_ms != 0)
        row.clock = arena_printf(c->arena, "%lld,%lld", (long long)(r->stepped_ms / 1000),
                                 (long long)(llabs(r->stepped_ms) / 100 % 10));
    if (r->certificate_ends_s != 0)
        row.key = when_date(c->arena, r->certificate_ends_s);
    if (row.vital == VITAL_OK && (r->on_reserve || r->stepped_ms != 0))
        row.vital = VITAL_WARN;
    return row;
}

static void put_nodes(struct ctx *c, const struct nodes_known *all, struct home_view *v)
{
    struct node_row *rows = arena_make_n(c->arena, all->n + 1, struct node_row);

    for (int bad = VITAL_BAD; bad >= VITAL_OK; bad--)
        for (size_t i = 0; i < all->n; i++) {
            struct node_row row = node_row(c, &all->at[i]);
            if (row.vital == (enum vital)bad)
                rows[v->nodes.n++] = row;
        }
    for (size_t i = 0; i < v->nodes.n; i++)
        v->ill_nodes += rows[i].vital != VITAL_OK;
    v->nodes.at = rows;
}

/* Whether "redis memory, signer no_key" speaks of a part. */
static bool says(struct str why, const char *part, struct str *word)
{
    struct str one, name;

    while (str_split(&why, ',', &one)) {
        one = str_trim(one);
        if (str_split(&one, ' ', &name) && str_eq(name, str_of(part))) {
            *word = one;
            return true;
        }
    }
    return false;
}

static void put_parts(struct ctx *c, const struct nodes_known *all, struct home_view *v)
{
    static const struct {
        const char *part;
        enum said name;
    } parts[] = { { "redis", C_part_redis },     { "registry", C_part_registry }, { "signer", C_part_signer },
                  { "fetcher", C_part_fetcher }, { "audit", C_part_audit },       { "clock", C_part_clock } };
    enum { PARTS = sizeof parts / sizeof *parts };
    struct part_row *rows = arena_make_n(c->arena, PARTS + 1, struct part_row);
    struct buf names = buf_new(c->arena, NAMES_MAX_B);
    struct audit_state log;
    size_t speaking = 0;

    for (size_t i = 0; i < all->n; i++)
        speaking += !all->at[i].silent;
    for (size_t k = 0; k < PARTS; k++) {
        struct str word = { NULL, 0 };
        size_t well = 0;
        for (size_t i = 0; i < all->n; i++)
            well += !all->at[i].silent && !says(all->at[i].record.why, parts[k].part, &word);
        if (well < speaking)
            rows[v->parts.n++] = (struct part_row){ .name = said(parts[k].name, c->lang),
                                                    .well = lines_number(c, (int64_t)well),
                                                    .all = lines_number(c, (int64_t)speaking),
                                                    .code = word };
        else
            buf_printf(&names, "%s%.*s", names.n > 0 ? ", " : "", STR_ARG(said(parts[k].name, c->lang)));
    }
    v->well_parts = buf_str(&names);
    v->parts.at = rows;
    audit_index_state(c->audit_index, c->arena, &log);
    v->chain_broken = log.fault != 0 || (log.verified && log.report.error != NULL);
    v->chain_at = log.verified ? when_full(c->arena, log.done_s, c->lang) : (struct str){ NULL, 0 };
}

/* ── traffic ────────────────────────────────────────────────────────────── */

static void add_sum(struct pulse_sum *to, const struct pulse_sum *x)
{
    for (size_t i = 0; i < METRIC_COUNT; i++)
        to->counters[i] += x->counters[i];
    for (size_t i = 0; i <= METRICS_BOUNDS; i++)
        to->times[i] += x->times[i];
    to->over_s = x->over_s > to->over_s ? x->over_s : to->over_s;
}

static struct str percentile(struct ctx *c, const struct pulse_sum *x, int percent)
{
    int64_t ms = pulse_percentile(x->times, percent);

    return ms < 0 ? S("> 5 s") : ms == 0 ? S("–") : arena_printf(c->arena, "%lld ms", (long long)ms);
}

static void put_traffic(struct ctx *c, const struct nodes_known *all, struct home_view *v)
{
    struct pulse_sum hour = { .over_s = 0 }, day = { .over_s = 0 };

    for (size_t i = 0; i < all->n; i++) {
        add_sum(&hour, &all->at[i].record.hour);
        add_sum(&day, &all->at[i].record.day);
    }
    v->traffic = (struct traffic){
        .sign_ins_hour = lines_number(c, (int64_t)hour.counters[METRIC_sign_ins]),
        .sign_ins_day = lines_number(c, (int64_t)day.counters[METRIC_sign_ins]),
        .opened_hour = lines_number(c, (int64_t)hour.counters[METRIC_services_opened]),
        .opened_day = lines_number(c, (int64_t)day.counters[METRIC_services_opened]),
        .denied_hour = lines_number(c, (int64_t)hour.counters[METRIC_denied]),
        .denied_day = lines_number(c, (int64_t)day.counters[METRIC_denied]),
        .p50 = percentile(c, &hour, 50),
        .p95 = percentile(c, &hour, 95),
        .counted_for = day.over_s < DAY_S - PULSE_EVERY_S ? uptime(c, day.over_s) : (struct str){ NULL, 0 },
    };
}

static struct failing_row *find_code(struct failing_row *rows, size_t n, struct str code)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(rows[i].code, code))
            return &rows[i];
    return NULL;
}

static int by_count(const void *x, const void *y)
{
    const struct failing_row *a = x, *b = y;

    return a->count != b->count ? (a->count < b->count) - (a->count > b->count) : str_cmp(a->code, b->code);
}

/* Refusals of the last hour by their codes, whichever city's. */
static void put_codes(struct ctx *c, const struct tally_rows *tally, struct home_view *v)
{
    struct failing_row *rows = arena_make_n(c->arena, tally->n + 1, struct failing_row);
    size_t n = 0;

    for (size_t i = 0; i < tally->n; i++) {
        const struct tally_row *x = &tally->at[i];
        struct failing_row *row = find_code(rows, n, x->code);
        if (str_eq(x->code, S(TALLY_OK)))
            continue;
        if (row == NULL) {
            row = &rows[n++];
            *row = (struct failing_row){ .code = x->code };
        }
        row->count += x->n;
    }
    qsort(rows, n, sizeof *rows, by_count);
    v->codes.n = n < CODES_SHOWN ? n : CODES_SHOWN;
    for (size_t i = 0; i < v->codes.n; i++)
        rows[i].n = lines_number(c, rows[i].count);
    v->codes.at = rows;
}

static void put_services(struct ctx *c, struct home_view *v)
{
    const struct tally_rows tally = tally_read(c->service_tally, c->arena, (struct str){ NULL, 0 }, c->now_s);
    struct failing_row *rows = arena_make_n(c->arena, tally.n + 1, struct failing_row);
    size_t n = 0;

    for (size_t i = 0; i < tally.n; i++) {
        const struct tally_row *x = &tally.at[i];
        const struct service *s = registry_service(c->registry, x->idp);
        if (x->n < SERVICE_FAILS || tally_is_notice(x->code))
            continue;
        struct failing_row *row = &rows[n++];
        *row = (struct failing_row){ .name = s != NULL ? names_in(&s->names, c->lang) : x->idp,
                                     .id = x->idp,
                                     .code = x->code,
                                     .count = x->n,
                                     .n = lines_number(c, x->n),
                                     .since = when_time(c->arena, x->first_s, c->lang) };
    }
    qsort(rows, n, sizeof *rows, by_count);
    v->services.at = rows;
    v->services.n = n < SERVICES_SHOWN ? n : SERVICES_SHOWN;
}

void country_put(struct ctx *c, const struct health *hows, struct home_view *v)
{
    const size_t count = registry_parts(c->registry)->provider_count;
    const struct tally_rows tally = tally_read(c->tally, c->arena, (struct str){ NULL, 0 }, c->now_s);
    const struct nodes_known nodes = nodes_read(c->nodes, c->arena, c->now_s);
    struct city *cities = arena_make_n(c->arena, count + 1, struct city);

    look_at_cities(c, hows, cities);
    put_cities(c, cities, v);
    put_nodes(c, &nodes, v);
    put_parts(c, &nodes, v);
    put_traffic(c, &nodes, v);
    put_codes(c, &tally, v);
    put_services(c, v);
}
