/* SPDX-License-Identifier: EUPL-1.2
 * bench/pages.c: what a nation's registry costs a page, in CPU time of this process alone.
 *
 *   bench_pages [CITIES [SERVICES [RULES [SCHOOLS]]]]      default: 10000 5000 10000 2500
 *
 * No request, no Redis: decisions, tiles, pages and searches, each repeated until the clock's own cost disappears.  One
 * line each: microseconds, and bytes of the page.  All rules are of the city of the people who ask. */
#include "launcher/pages.h"
#include "launcher/fresh.h"
#include "policy/form.h"
#include "policy/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { NOW_S = 1795413840, LEAST_NS = 200000000, TILES = 40, BULLETINS = 12, PINS = 3, RECENT = 4 };

static uint64_t cpu_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

struct size {
    size_t cities, services, rules, schools;
};

/* --- the registry ----------------------------------------------------------------------------------------- */

static struct provider *providers(struct arena *a, const struct size *n)
{
    struct provider *p = arena_make_n(a, n->schools, struct provider);

    for (size_t i = 0; i < n->schools; i++) {
        struct school *s = arena_make(a, struct school);
        *s = (struct school){ .oid = arena_printf(a, "1.2.246.562.99.8%06zu", i), .active = true };
        s->code = arena_printf(a, "%05zu", i);
        s->names.in[LANG_FI] = arena_printf(a, "Kaupunki %zu, koulu", i);
        p[i] = (struct provider){ .id = arena_printf(a, "c%zu", i), .schools = s, .school_count = 1 };
        p[i].oid = arena_printf(a, "1.2.246.562.99.7%06zu", i);
        p[i].names.in[LANG_FI] = arena_printf(a, "Kaupunki %zu", i);
        provider_index_schools(a, &p[i]);
    }
    return p;
}

static struct idp *idps(struct arena *a, const struct size *n, const struct provider *p)
{
    struct idp *all = arena_make_n(a, n->cities, struct idp);

    for (size_t i = 0; i < n->cities; i++) {
        all[i] = (struct idp){ .id = arena_printf(a, "c%zu-edu", i), .kind = IDP_OIDC, .provider = &p[i % n->schools] };
        all[i].enabled = all[i].listed = true;
        all[i].names.in[LANG_FI] = arena_printf(a, "Kaupunki %zu", i);
        all[i].names.in[LANG_SV] = arena_printf(a, "Stad %zu", i);
    }
    return all;
}

static struct service *services(struct arena *a, const struct size *n)
{
    static const char *const kinds[] = { "learning", "maths", "class", "everyday", "messages", "work", "other" };
    struct service *s = arena_make_n(a, n->services, struct service);

    for (size_t i = 0; i < n->services; i++) {
        s[i] = (struct service){ .id = arena_printf(a, "s%zu", i), .protocol = PROTO_LINK, .enabled = true };
        s[i].category = str_of(kinds[i % (sizeof kinds / sizeof *kinds)]);
        s[i].launch_uri = S("https://s.example/");
        s[i].names.in[LANG_FI] = arena_printf(a, "Palvelu %zu", i);
        s[i].lines.in[LANG_FI] = arena_printf(a, "Yksi rivi palvelusta %zu", i);
    }
    return s;
}

/* A name of some syllables, as different from another as those of schools are. */
static struct str place(struct arena *a, size_t i)
{
    static const char *const begin[] = { "kuusi",  "lehto", "pelto", "hanka",  "ranta",   "vuori", "saari", "kivi",
                                         "sammal", "tuomi", "pihla", "vaahte", "kanerva", "lumi",  "talvi", "suvi" };
    static const char *const middle[] = { "la", "mä", "no", "ri", "ka", "tu", "vi", "sö", "pe", "ja" };
    static const char *const end[] = { "lan", "mäen", "rannan", "lahden", "joen", "niemen", "järven", "kankaan" };

    return arena_printf(a, "%s%s%s%s", begin[i % 16], middle[i / 16 % 10], middle[i / 160 % 10], end[i / 1600 % 8]);
}

/* 300 municipalities with 10,000 schools under names of their own. */
static struct registry *country(void)
{
    enum { CITIES = 300, SCHOOLS = 33 };
    struct arena *a = arena_new();
    struct provider *p = arena_make_n(a, CITIES, struct provider);
    struct idp *idps = arena_make_n(a, CITIES, struct idp);

    for (size_t i = 0; i < CITIES; i++) {
        struct school *s = arena_make_n(a, SCHOOLS, struct school);
        for (size_t k = 0; k < SCHOOLS; k++) {
            s[k] = (struct school){ .oid = arena_printf(a, "1.2.%zu.%zu", i, k), .active = true };
            s[k].names.in[LANG_FI] = arena_join(a, place(a, i * SCHOOLS + k), S(" koulu"));
        }
        p[i] = (struct provider){ .id = arena_printf(a, "p%zu", i), .schools = s, .school_count = SCHOOLS };
        p[i].names.in[LANG_FI] = place(a, 12800 + 37 * i);
        p[i].names.in[LANG_SV] = arena_printf(a, "Stad%.*s", STR_ARG(place(a, 41 * i)));
        idps[i] = (struct idp){ .id = arena_printf(a, "i%zu", i), .kind = IDP_OIDC, .provider = &p[i] };
        idps[i].names = p[i].names;
        idps[i].enabled = idps[i].listed = true;
    }
    struct registry_parts parts = { .providers = p, .provider_count = CITIES, .idps = idps, .idp_count = CITIES };
    return registry_build(a, &parts);
}

/* What a municipality and the nation say on a Monday, and services that are to be maintained. */
static struct bulletin *bulletins(struct arena *a, const struct provider *p, const struct service *s)
{
    struct bulletin *all = arena_make_n(a, BULLETINS, struct bulletin);

    for (size_t i = 0; i < BULLETINS; i++) {
        all[i] = (struct bulletin){ .id = arena_printf(a, "n%zu", i),
                                    .provider = i % 2 ? p : NULL,
                                    .service = i % 4 == 1 ? &s[i] : NULL,
                                    .from_s = NOW_S - 3600,
                                    .until_s = NOW_S + 3600 };
        all[i].title.in[LANG_FI] = arena_printf(a, "Tiedote %zu, jolla on tavallinen pituus", i);
        all[i].says.in[LANG_FI] = S("Kaksi lausetta siitä, mitä tapahtuu. Ja mitä siitä seuraa.");
    }
    return all;
}

/* Teachers open TILES services, the staff every one, and the rest is about others. */
static struct policy *policies(struct arena *a, const struct size *n, const struct provider *p, const struct service *s)
{
    struct policy *all = arena_make_n(a, n->rules, struct policy);

    for (size_t i = 0; i < n->rules; i++) {
        enum role role = i < TILES ? ROLE_TEACHER : i < TILES + n->services ? ROLE_STAFF : ROLE_GUARDIAN;
        size_t of = i < TILES ? i * (n->services / TILES) : (i - TILES) % n->services;
        const struct rule_words rule = { .provider = p, .role = role, .service = &s[of] };
        all[i] = policy_of_rule(a, arena_printf(a, "r%zu", i), &rule);
    }
    return all;
}

static struct registry *nation(const struct size *n)
{
    struct arena *a = arena_new();
    struct registry_parts parts = { .providers = providers(a, n),
                                    .provider_count = n->schools,
                                    .services = services(a, n),
                                    .service_count = n->services,
                                    .idp_count = n->cities,
                                    .policy_count = n->rules };

    parts.idps = idps(a, n, parts.providers);
    parts.notices = bulletins(a, parts.providers, parts.services);
    parts.notice_count = BULLETINS;
    parts.policies = policies(a, n, parts.providers, parts.services);
    return registry_build(a, &parts);
}

/* --- what is measured ------------------------------------------------------------------------------------- */

struct ask {
    struct registry *registry;
    struct person person;
    const char *text;
    size_t from;
};

static size_t decide(struct arena *a, const struct ask *ask)
{
    const struct registry_parts *p = registry_parts(ask->registry);
    const struct circumstances now = { .now_s = NOW_S };

    (void)a;
    return policy_decide(ask->registry, &ask->person, &p->services[p->service_count / 2], &now).release.bits;
}

static struct launcher_view launcher(struct arena *a, const struct ask *ask)
{
    const struct tiles_ask tiles = { .registry = ask->registry,
                                     .person = &ask->person,
                                     .filter = str_of(ask->text),
                                     .from = ask->from,
                                     .now_s = NOW_S };

    return (struct launcher_view){ .tiles = tiles_build(a, &tiles),
                                   .page = { .gateway = S("DigiOne"), .me = { .name = S("Aino Laakso") } } };
}

static size_t tiles(struct arena *a, const struct ask *ask)
{
    return launcher(a, ask).tiles.count;
}

static size_t launcher_page(struct arena *a, const struct ask *ask)
{
    struct launcher_view v = launcher(a, ask);

    return page_launcher(a, &v).s.n;
}

/* As a teacher sees it on Monday: what is said, what is pinned, what was opened last, what is new. */
static size_t morning_page(struct arena *a, const struct ask *ask)
{
    const struct registry_parts *p = registry_parts(ask->registry);
    const struct notices_ask said = { .registry = ask->registry, .person = &ask->person, .now_s = NOW_S };
    struct launcher_view v = { .page = { .gateway = S("DigiOne"), .me = { .name = S("Aino Laakso") } },
                               .notices = notices_for(a, &said) };
    struct tile_pin pins[PINS];
    struct strs recent = { arena_make_n(a, RECENT, struct str), RECENT };
    struct fresh fresh = fresh_read(a, str_of(ask->text));

    for (size_t i = 0; i < PINS; i++)
        pins[i] = (struct tile_pin){ p->services[i * (p->service_count / TILES)].id, S("Novelli, luku 4"),
                                     S("/open/s0"), S("28.11.2026") };
    for (size_t i = 0; i < RECENT; i++)
        recent.at[i] = p->services[(i + PINS) * (p->service_count / TILES)].id;
    const struct tiles_ask tiles = { .registry = ask->registry,
                                     .person = &ask->person,
                                     .pins = { pins, PINS },
                                     .states = v.notices.states,
                                     .recent = &recent,
                                     .lists = true,
                                     .missing = true,
                                     .now_s = NOW_S };
    v.tiles = tiles_build(a, &tiles);
    if (fresh_look(a, &v.tiles.theirs, S("2026-11-23"), &fresh))
        (void)fresh_write(a, &fresh);
    struct tile *new_ones = arena_make_n(a, fresh.shown.n + 1, struct tile);
    v.fresh.n = tiles_of(ask->registry, LANG_FI, &fresh.shown, new_ones);
    v.fresh.at = new_ones;
    return page_launcher(a, &v).s.n;
}

static struct sign_in_view sign_in(struct arena *a, const struct ask *ask)
{
    struct sign_in_view v = { .page = { .gateway = S("DigiOne") }, .login = S("login") };
    const struct picker_ask picker = { .query = str_of(ask->text), .n = arena_printf(a, "%zu", ask->from) };

    picker_fill(picker_of(ask->registry), a, &picker, &v);
    return v;
}

static size_t hits(struct arena *a, const struct ask *ask)
{
    return sign_in(a, ask).total;
}

static size_t sign_in_page(struct arena *a, const struct ask *ask)
{
    struct sign_in_view v = sign_in(a, ask);

    return page_sign_in(a, &v).s.n;
}

static void measure(const char *name, size_t (*once)(struct arena *a, const struct ask *ask), const struct ask *ask)
{
    struct arena *a = arena_new();
    uint64_t began = 0, took = 0;
    size_t count = 0, said = 0;

    for (size_t i = 0; i < 16; i++, arena_reset(a))
        said = once(a, ask);
    for (began = cpu_ns(); took < LEAST_NS; took = cpu_ns() - began)
        for (size_t i = 0; i < 16; i++, count++, arena_reset(a))
            (void)once(a, ask);
    (void)printf("%-44s %9.2f µs  %8zu\n", name, (double)took / 1000 / (double)count, said);
    arena_free(a);
}

static void measure_all(struct registry *r)
{
    static char many_a[201], many_words[201];
    struct affiliation at[] = { { .provider_oid = registry_parts(r)->providers[0].oid, .role = ROLE_TEACHER },
                                { .provider_oid = registry_parts(r)->providers[0].oid, .role = ROLE_STAFF } };
    struct ask teacher = { .registry = r, .person = { .affiliations = &at[0], .affiliation_count = 1 } },
               staff = { .registry = r, .person = { .affiliations = &at[1], .affiliation_count = 1 } }, search = staff;

    for (size_t i = 0; i < 200; i++) {
        many_a[i] = 'a';
        many_words[i] = "kaupunki "[i % 9];
    }
    measure("a decision", decide, &teacher);
    measure("40 tiles of all", tiles, &teacher);
    measure("40 tiles of all, the page", launcher_page, &teacher);
    measure("80 tiles of all open", tiles, &staff);
    measure("80 tiles of all open, the page", launcher_page, &staff);
    teacher.text = staff.text = "AAA~2026-11-20";
    measure("40 tiles, notices, pins, new: the page", morning_page, &teacher);
    measure("all open, notices, pins, new: the page", morning_page, &staff);
    search.text = "palvelu 49";
    measure("a search for services, the page", launcher_page, &search);
    search.text = "palvely";
    measure("the same with a letter wrong: services found", tiles, &search);
    static const struct {
        const char *name, *text;
    } searches[] = { { "one city", "kaupunki 7777" },
                     { "all cities", "kaupunki" },
                     { "one letter", "k" },
                     { "eight letters", "a u p n k i s t" },
                     { "eight parts", "kaup aupu upun punk unki taup 1 koul" },
                     { "no match", "zzz" },
                     { "200 characters", many_words },
                     { "200 letters a", many_a } };
    for (size_t i = 0; i < sizeof searches / sizeof *searches; i++) {
        char name[100];
        search.text = searches[i].text;
        (void)snprintf(name, sizeof name, "cities: %s", searches[i].name);
        measure(name, hits, &search);
        (void)snprintf(name, sizeof name, "cities: %s, the page", searches[i].name);
        measure(name, sign_in_page, &search);
    }
}

static void measure_country(void)
{
    static const struct {
        const char *name, *text;
    } searches[] = {
        { "a beginning", "kuusilala" },
        { "a genitive", "saarimalan" },
        { "within words", "lahd" },
        { "one letter wrong", "kuusilaxalan" },
        { "one letter wrong in each of eight words",
          "kuusilaxalan lehtomaxmaen peltonoxrannan hankarixlahden rantakaxjoen vuorituxniemen saarivixjarven "
          "kivisoxkankaan" },
        { "words that no line has together", "kuusilalalan lehtomamamaen peltononorannan hankaririlahden" }
    };
    struct registry *r = country();
    struct ask ask = { .registry = r };

    (void)picker_of(r);
    for (size_t i = 0; i < sizeof searches / sizeof *searches; i++) {
        char name[100];
        ask.text = searches[i].text;
        (void)snprintf(name, sizeof name, "10,000 schools: %s", searches[i].name);
        measure(name, hits, &ask);
    }
    registry_drop(r);
}

int main(int argc, char **argv)
{
    struct size n = { 10000, 5000, 10000, 2500 };
    size_t *const sizes[] = { &n.cities, &n.services, &n.rules, &n.schools };

    for (int i = 1; i < argc && i < 5; i++)
        *sizes[i - 1] = strtoul(argv[i], NULL, 10);
    if (n.cities == 0 || n.services < TILES || n.rules < TILES || n.schools == 0) {
        (void)fprintf(stderr, "usage: bench_pages [CITIES [SERVICES [RULES [SCHOOLS]]]]\n");
        return 2;
    }
    struct registry *r = nation(&n);
    uint64_t began = cpu_ns();
    policy_prepare(r);
    uint64_t rules_ns = cpu_ns();
    (void)picker_of(r);
    uint64_t picker_ns = cpu_ns();
    tiles_prepare(r);
    (void)printf("made: rules %.1f ms, cities and schools %.1f ms, services %.1f ms\n",
                 (double)(rules_ns - began) / 1e6, (double)(picker_ns - rules_ns) / 1e6,
                 (double)(cpu_ns() - picker_ns) / 1e6);
    measure_all(r);
    registry_drop(r);
    measure_country();
    return 0;
}
