/* SPDX-License-Identifier: EUPL-1.2
 *
 * render_pages DIR: writes every page in every state and language into DIR, for pages.mjs to look at:
 * DIR/<state>.<lang>.html, the static files under their own paths, and DIR/csp.txt.  The states named hostile-*
 * carry markup, quotes, direction marks and very long words in every foreign text. */
#include "base/settings.h"
#include "frame/assets.h"
#include "frame/roles.h"
#include "frame/words.h"
#include "launcher/fresh.h"
#include "launcher/manifest.h"
#include "launcher/pages.h"
#include "launcher/texts.h"
#include "tests/browser/render_vendor.h"
#include "wire/logo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { NOW_S = 1795413840 }; /* Monday, 23 November 2026, 8:04 in Finland */

static const char *dir;

static void write_file(const char *path, struct str s)
{
    char name[1024];

    (void)snprintf(name, sizeof name, "%s/%s", dir, path);
    FILE *f = fopen(name, "wb");
    if (f == NULL || fwrite(s.p, 1, s.n, f) != s.n || fclose(f) != 0) {
        (void)fprintf(stderr, "%s: cannot be written\n", name);
        exit(1);
    }
}

static void put(const char *state, enum lang lang, struct html page)
{
    char name[256];

    if (page.s.p == NULL) {
        (void)fprintf(stderr, "%s: too large\n", state);
        exit(1);
    }
    (void)snprintf(name, sizeof name, "%s.%s.html", state, lang_tag(lang));
    write_file(name, page.s);
}

/* --- a small federation ----------------------------------------------------------------------------------- */

/* A text that must come out as text, whatever stands around it. */
#define HOSTILE                                                                                                        \
    "</script></title><script>alert(1)</script><img src=x onerror=alert(2)>\" onfocus=alert(3) x='&amp;{{t.find}}"     \
    "\xE2\x80\xAE\xD7\x90\xD7\x91 \xC4\x8C\xC3\xA1r\xC5\xA1 \xC5\xA6\xC5\xA7\x01"
#define LONG_WORD "Wolfeschlegelsteinhausenbergerdorffvoralternwarengewissenhaft"

static struct school oulu_schools[] = {
    { S("1.2.246.562.99.95640200010"), S("99101"), { { S("Testi-Kielonmäen koulu") } }, true },
    { S("1.2.246.562.99.95640200028"), S("99102"), { { S("Testi-Otsolahden lukio") } }, true },
};
static struct school espoo_schools[] = {
    { S("1.2.246.562.99.90490200012"), S("99201"), { { S("Testi-Vattukallion koulu") } }, true },
    { S("1.2.246.562.99.90490200020"), S("99202"), { { S("Testi-Lingonbacka skola") } }, true },
};
static struct provider providers[] = {
    { .id = S("oulu"),
      .oid = S("1.2.246.562.99.95640100004"),
      .names = { { S("Oulu"), S("Uleåborg"), S("Oulu") } },
      .support = S("tuki@oulu.example"),
      .schools = oulu_schools,
      .school_count = 2 },
    { .id = S("espoo"),
      .oid = S("1.2.246.562.99.90490100006"),
      .names = { { S("Espoo"), S("Esbo"), S("Espoo") } },
      .support = S("https://tuki.espoo.example/"),
      .schools = espoo_schools,
      .school_count = 2 },
    { .id = S("tampere"), .names = { { S("Tampere"), S("Tammerfors"), S("Tampere") } } },
    { .id = S("turku"), .names = { { S("Turku"), S("Åbo"), S("Turku") } } },
    { .id = S("vantaa"), .names = { { S("Vantaa"), S("Vanda"), S("Vantaa") } } },
    { .id = S("hostile"), .names = { { S(HOSTILE), S(HOSTILE), S(HOSTILE) } }, .support = S("javascript:alert(4)") },
};
static struct idp idps[16];
static size_t idp_count;

static const struct {
    const char *id, *category, *fi, *sv, *en, *line_fi, *line_sv, *line_en;
} samples[] = {
    { "kanerva", "books", "Kanerva Oppikirjat", "Ljung Läroböcker", "Heather Textbooks", "Digikirjat",
      "Digitala böcker", "Digital books" },
    { "vaahtera", "maths", "Vaahtera Matikka", "Lönn Matematik", "Maple Maths", "Harjoitukset luokille 1–6",
      "Övningar för årskurs 1–6", "Exercises for grades 1–6" },
    { "jakala", "library", "Jäkälä Kirjasto", "Lav Bibliotek", "Lichen Library", "Kirjat ja lainat", "Böcker och lån",
      "Books and loans" },
    { "hanki", "coding", "Hanki Koodi", "Skare Kod", "Crust Code", "Ohjelmointi", "Programmering", "Programming" },
    { "valo", "assistive", "Valo Lukutuki", "Ljus Lässtöd", "Light Reading", "Lukee tekstin ääneen",
      "Läser texten högt", "Reads text aloud" },
    { "tori", "learning", "Tori Materiaalit", "Torget Material", "Market Materials", "Hanki materiaaleja",
      "Skaffa material", "Get materials" },
    { "ruska", "pictures", "Ruska Kuvat", "Höst Bilder", "Autumn Pictures", "Kuvat opetukseen",
      "Bilder för undervisning", "Pictures for teaching" },
    { "hilla", "music", "Hilla Musiikki", "Hjortron Musik", "Cloudberry Music", "Nuotit ja säestykset",
      "Noter och ackompanjemang", "Scores and accompaniments" },
    { "tunturi", "courses", "Tunturi Kurssit", "Fjäll Kurser", "Fell Courses", "Kurssialusta", "Kursplattform",
      "Course platform" },
    { "pihka", "assessment", "Pihka Koe", "Kåda Prov", "Resin Exam", "Kokeet", "Prov", "Exams" },
    { "kajo", "survey", "Kajo Kysely", "Sken Enkät", "Glow Survey", "Hyvinvointikysely", "Välmåendeenkät",
      "Wellbeing survey" },
    { "kuusi", "class", "Kuusi Luokkahuone", "Gran Klassrum", "Spruce Classroom", "Verkkotunnit ja tehtävät",
      "Nätlektioner och uppgifter", "Online lessons and tasks" },
    { "lampi", "timetable", "Lampi Lukkari", "Tjärn Schema", "Pond Timetable", "Lukujärjestys", "Läsordning",
      "Timetable" },
    { "puolukka", "journal", "Puolukka Päiväkirja", "Lingon Dagbok", "Lingonberry Journal", "Poissaolot ja arviot",
      "Frånvaro och omdömen", "Absences and assessments" },
    { "sammal", "school", "Sammal Asiointi", "Mossa Ärenden", "Moss Applications", "Hakemukset ja päätökset",
      "Ansökningar och beslut", "Applications and decisions" },
    { "havu", "office", "Havu Toimisto", "Barr Kontor", "Needle Office", "Tekstit ja taulukot", "Texter och tabeller",
      "Documents and sheets" },
    { "varvikko", "work", "Varvikko Tilat", "Ris Lokaler", "Shrub Rooms", "", "", "" },
    { "routa", "work", "Routa Työvuorot", "Tjäle Arbetsskift", "Frost Shifts", "", "", "" },
    { "suopursu", "work", "Suopursu Ruoka", "Skvattram Mat", "Rosemary Meals", "", "", "" },
    { "kelo", "work", "Kelo Laitetuki", "Torrfura Enhetsstöd", "Deadwood Device help", "", "", "" },
};
enum { SAMPLES = sizeof samples / sizeof *samples, SERVICES_MAX = 80 };

static struct service services[SERVICES_MAX];

/* As an import makes them of the demo's files. */
static struct str logo_of(struct str id)
{
    static const char *const files[][2] = {
        { "kuusi", "kuusi" }, { "lampi", "lampi" }, { "puolukka", "paivakirja" }, { "tunturi", "tunturi" }
    };
    static struct str made[4];
    static struct arena *kept;

    for (size_t i = 0; i < 4; i++) {
        struct fail f = { 0 };
        char path[1024], bytes[65536];
        if (!str_eq(id, str_of(files[i][0])))
            continue;
        if (made[i].n > 0)
            return made[i];
        kept = kept != NULL ? kept : arena_new();
        (void)snprintf(path, sizeof path, "%s/deploy/demo/logos/%s.png", SOURCE_DIR, files[i][1]);
        FILE *file = fopen(path, "rb");
        size_t n = file != NULL ? fread(bytes, 1, sizeof bytes, file) : 0;
        if (file == NULL || fclose(file) != 0 || !logo_make(kept, str_n(bytes, n), &made[i], &f)) {
            (void)fprintf(stderr, "%s: %s\n", path, f.detail);
            exit(1);
        }
        return made[i];
    }
    return S("");
}

static struct service sample(size_t i)
{
    return (struct service){ .id = str_of(samples[i].id),
                             .category = str_of(samples[i].category),
                             .names = { { str_of(samples[i].fi), str_of(samples[i].sv), str_of(samples[i].en) } },
                             .lines = { { str_of(samples[i].line_fi), str_of(samples[i].line_sv),
                                          str_of(samples[i].line_en) } },
                             .logo = logo_of(str_of(samples[i].id)),
                             .protocol = i % 4 == 3 ? PROTO_LINK : PROTO_OIDC,
                             .asks = { i % 4 == 0 ? 0x4bu : 0x1u },
                             .launch_uri = S("https://vendor.example/"),
                             .enabled = true };
}

static struct registry *registry_of(size_t service_count)
{
    struct arena *a = arena_new();
    struct registry_parts parts = { .providers = providers,
                                    .provider_count = sizeof providers / sizeof *providers,
                                    .idps = idps,
                                    .idp_count = idp_count,
                                    .services = services,
                                    .service_count = service_count };

    return registry_build(a, &parts);
}

static void add_idp(const char *id, const struct provider *p, enum idp_kind kind, struct names names)
{
    idps[idp_count++] =
        (struct idp){ .id = str_of(id), .kind = kind, .provider = p, .names = names, .enabled = true, .listed = true };
}

static void add_idps(void)
{
    static const char *const ids[] = { "oulu-edu", "espoo-edu", "tampere-edu", "turku-edu", "vantaa-edu" };

    for (size_t i = 0; i < 5; i++)
        add_idp(ids[i], &providers[i], IDP_OIDC, providers[i].names);
    add_idp("local", NULL, IDP_LOCAL,
            (struct names){ { S("Palveluntarjoajat ja ylläpito"), S("Leverantörer och upprätthållare"),
                              S("Service providers and operators") } });
}

static struct bits allow(struct arena *a, const struct registry *r, const struct person *p,
                         const struct circumstances *now)
{
    struct bits all = bits_new(a, registry_parts(r)->service_count);

    (void)p, (void)now;
    for (size_t i = 0; i < registry_parts(r)->service_count; i++)
        bits_set(&all, i);
    return all;
}

/* A guardian opens four that no teacher does. */
static struct bits allow_by_role(struct arena *a, const struct registry *r, const struct person *p,
                                 const struct circumstances *now)
{
    struct bits open = bits_new(a, registry_parts(r)->service_count);

    (void)now;
    for (size_t i = 0; i < p->affiliation_count; i++)
        for (size_t k = 0; k < registry_parts(r)->service_count; k++)
            if ((k % 5 == 4) == (p->affiliations[i].role == ROLE_GUARDIAN))
                bits_set(&open, k);
    return open;
}

/* --- views ------------------------------------------------------------------------------------------------ */

struct stage { /* what the pages of one round are made with */
    struct arena *a;
    enum lang lang;
    enum variety variety;
    struct str text; /* NULL: ordinary texts; else this in place of each foreign one */
};

static struct str word(const struct stage *s, struct str usual)
{
    return s->text.p != NULL ? s->text : usual;
}

static struct page page(const struct stage *s, const char *here, bool signed_in)
{
    struct page p = { .lang = s->lang,
                      .variety = s->variety,
                      .varieties = true,
                      .gateway = word(s, S("DigiOne")),
                      .here = str_of(here) };

    p.help = word(s, S("https://tuki.example/"));
    p.accessibility = word(s, S("https://tuki.example/saavutettavuus"));
    p.privacy = word(s, S("https://tuki.example/tietosuoja"));
    if (signed_in)
        p.me = (struct page_me){ .name = word(s, S("Aino Laakso")),
                                 .first = word(s, S("Aino")),
                                 .initials = S("AL"),
                                 .role = word(s, s->lang == LANG_SV   ? S("Lärare")
                                                 : s->lang == LANG_EN ? S("Teacher")
                                                                      : S("Opettaja")),
                                 .school = word(s, S("Testi-Kielonmäen koulu")),
                                 .csrf = word(s, S("csrf")) };
    return p;
}

static struct sign_in_view sign_in(const struct stage *s, const struct picker *picker, const struct picker_ask *ask)
{
    struct sign_in_view v = { .page = page(s, "/sign-in?login=abc", false),
                              .login = word(s, S("abc")),
                              .service = word(s, names_in(&services[1].names, s->lang)),
                              .service_icon = icon_of(s->a, &services[1], s->lang),
                              .shared_idle_s = 900 };

    picker_fill(picker, s->a, ask, &v);
    return v;
}

static const struct strs *favourites, *recent; /* of the person for whom tiles are made next */

static struct tiles tiles_from(const struct stage *s, struct registry *r, int class_level, size_t from, size_t max)
{
    struct affiliation at = { .provider_oid = providers[0].oid,
                              .role = class_level > 0 ? ROLE_LEARNER : ROLE_TEACHER,
                              .class_level = class_level };
    struct person person = { .affiliations = &at, .affiliation_count = 1 };
    struct tiles_ask ask = { .registry = r,
                             .person = &person,
                             .favourites = favourites,
                             .recent = recent,
                             .lang = s->lang,
                             .now_s = NOW_S,
                             .allow = allow };

    ask.from = from;
    ask.max = max;
    ask.keep_favourites = max > 0;
    return tiles_build(s->a, &ask);
}

static struct tiles tiles(const struct stage *s, struct registry *r, int class_level)
{
    return tiles_from(s, r, class_level, 0, 0);
}

static struct tiles tiles_filtered(const struct stage *s, struct registry *r, const char *filter)
{
    struct affiliation at = { .provider_oid = providers[0].oid, .role = ROLE_TEACHER };
    struct person person = { .affiliations = &at, .affiliation_count = 1 };
    const struct tiles_ask ask = {
        .registry = r, .person = &person, .filter = str_of(filter), .lang = s->lang, .now_s = NOW_S, .allow = allow
    };

    return tiles_build(s->a, &ask);
}

static struct launcher_view launcher(const struct stage *s, struct registry *r, int class_level)
{
    static const struct str today[LANG_COUNT] = { { "Maanantai 23. marraskuuta", 25 },
                                                  { "Måndag 23 november", 19 },
                                                  { "Monday 23 November", 18 } };
    struct launcher_view v = { .page = page(s, "/?school=99101", true),
                               .tiles = tiles(s, r, class_level),
                               .today = today[s->lang],
                               .school = word(s, S("Testi-Kielonmäen koulu")),
                               .school_id = word(s, S("99101")),
                               .ask = word(s, S("Oulu")),
                               .ask_email = word(s, S("tuki@oulu.example")) };

    if (class_level > 0) {
        v.page.me.name = word(s, S("Eino Mäkelä"));
        v.page.me.first = word(s, S("Eino"));
        v.page.me.initials = S("EM");
        v.page.me.role = word(s, s->lang == LANG_SV   ? S("Elev, 1B")
                                 : s->lang == LANG_EN ? S("Pupil, 1B")
                                                      : S("Oppilas, 1B"));
        v.page.me.learner = true;
    }
    return v;
}

static void with_schools(const struct stage *s, struct launcher_view *v)
{
    struct school_tab *tab = arena_make_n(s->a, 3, struct school_tab);

    tab[0] = (struct school_tab){ .id = S("all"), .name = text(T_all_schools, s->lang) };
    tab[1] =
        (struct school_tab){ .id = word(s, S("99101")), .name = word(s, S("Testi-Kielonmäen koulu")), .current = true };
    tab[2] = (struct school_tab){ .id = word(s, S("99102")), .name = word(s, S("Testi-Otsolahden lukio")) };
    v->schools = (struct school_tabs){ tab, 3 };
}

/* A teacher who is a guardian as well: both are named, and tiles say which of them opens them. */
static void with_roles(const struct stage *s, struct registry *r, struct launcher_view *v)
{
    struct affiliation at[] = { { .provider_oid = providers[0].oid, .role = ROLE_TEACHER },
                                { .provider_oid = providers[0].oid, .role = ROLE_GUARDIAN } };
    struct person person = { .affiliations = at, .affiliation_count = 2 };
    const struct tiles_ask ask = {
        .registry = r, .person = &person, .lang = s->lang, .now_s = NOW_S, .allow = allow_by_role
    };
    const enum role roles[] = { ROLE_TEACHER, ROLE_GUARDIAN };
    struct page_role *mine = arena_make_n(s->a, 2, struct page_role);
    struct school_tab *tab = (struct school_tab *)(uintptr_t)v->schools.at;

    v->tiles = tiles_build(s->a, &ask);
    v->page.me.role = roles_line(s->a, roles, 2, s->lang);
    for (size_t i = 0; i < 2; i++)
        mine[i] = (struct page_role){ role_word(roles[i], s->lang), word(s, S("Testi-Kielonmäen koulu")) };
    v->page.me.roles.at = mine;
    v->page.me.roles.n = 2;
    tab[1].role = v->page.me.role;
    tab[2].role = role_word(ROLE_TEACHER, s->lang);
}

/* --- states ----------------------------------------------------------------------------------------------- */

static void put_sign_in(const struct stage *s, const char *prefix, const struct picker *picker)
{
    const struct {
        const char *name;
        struct picker_ask ask;
    } states[] = {
        { "sign-in", { .local_allowed = true } },
        { "sign-in-remembered", { .local_allowed = true, .remembered_idp = S("oulu-edu") } },
        { "sign-in-found", { .query = S("koulu") } },
        { "sign-in-nothing", { .query = S("zzz") } },
        { "sign-in-near", { .query = S("espooo") } },
    };

    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        struct sign_in_view v = sign_in(s, picker, &states[i].ask);
        put(arena_cstr(s->a, arena_printf(s->a, "%s%s", prefix, states[i].name)), s->lang, page_sign_in(s->a, &v));
    }
    for (size_t i = 0; i < 3; i++) { /* a city is away: among the buttons, remembered, and as its schools */
        static const char *const names[] = { "sign-in-away", "sign-in-remembered-away", "sign-in-found-away" };
        struct sign_in_view v = sign_in(s, picker, &states[i].ask);
        struct pick *picks = arena_make_n(s->a, v.picks.n + 1, struct pick);
        for (size_t k = 0; k < v.picks.n; k++) {
            picks[k] = v.picks.at[k];
            picks[k].away = k < 2;
        }
        v.picks.at = picks;
        v.remembered.away = true;
        put(arena_cstr(s->a, arena_printf(s->a, "%s%s", prefix, names[i])), s->lang, page_sign_in(s->a, &v));
    }
    struct sign_in_view v = sign_in(s, picker, &states[0].ask);
    v.shared = true;
    v.service = (struct str){ NULL, 0 };
    put(arena_cstr(s->a, arena_printf(s->a, "%ssign-in-shared", prefix)), s->lang, page_sign_in(s->a, &v));
    put(arena_cstr(s->a, arena_printf(s->a, "%sno-school", prefix)), s->lang, page_no_school(s->a, &v));
}

/* A whole country: the search comes first, and what it finds comes in pages. */
enum { MANY_CITIES = 300, MANY_SCHOOLS = 16 };

static struct registry *country(void)
{
    struct arena *own = arena_new();
    struct provider *cities = arena_make_n(own, MANY_CITIES, struct provider);
    struct idp *at = arena_make_n(own, MANY_CITIES, struct idp);

    for (size_t i = 0; i < MANY_CITIES; i++) {
        struct school *schools = arena_make_n(own, MANY_SCHOOLS, struct school);
        struct str name =
            i < 5 ? providers[i].names.in[0] : arena_printf(own, "%cunta %zu", "AEHIJKKKLLMNOPRSTUVYK"[i % 21], i);
        for (size_t k = 0; k < MANY_SCHOOLS; k++) {
            struct str code = arena_printf(own, "%05zu", i * MANY_SCHOOLS + k);
            schools[k] = (struct school){ .oid = code, .code = code, .active = true };
            schools[k].names.in[0] = arena_printf(own, "Testi-%.*s, koulu %zu", STR_ARG(name), k + 1);
        }
        cities[i] = (struct provider){ .id = name, .schools = schools, .school_count = MANY_SCHOOLS };
        cities[i].names = i < 5 ? providers[i].names : (struct names){ { name } };
        at[i] = (struct idp){ .id = arena_printf(own, "c%zu", i), .kind = IDP_OIDC, .provider = &cities[i] };
        at[i].names = cities[i].names;
        at[i].enabled = at[i].listed = true;
    }
    struct registry_parts parts = {
        .providers = cities, .provider_count = MANY_CITIES, .idps = at, .idp_count = MANY_CITIES
    };
    return registry_build(own, &parts);
}

static void put_many(const struct stage *s, const char *prefix)
{
    struct registry *r = country();
    struct picker_ask ask = { .local_allowed = true };
    struct sign_in_view v = sign_in(s, picker_of(r), &ask);

    put(arena_cstr(s->a, arena_printf(s->a, "%ssign-in-many", prefix)), s->lang, page_sign_in(s->a, &v));
    ask.query = S("koulu");
    v = sign_in(s, picker_of(r), &ask);
    put(arena_cstr(s->a, arena_printf(s->a, "%ssign-in-many-found", prefix)), s->lang, page_sign_in(s->a, &v));
    static struct str used[] = { S("c0"), S("c7"), S("c3") };
    ask = (struct picker_ask){ .local_allowed = true, .letter = S("k"), .used = { used, 3 } };
    v = sign_in(s, picker_of(r), &ask);
    put(arena_cstr(s->a, arena_printf(s->a, "%ssign-in-letter", prefix)), s->lang, page_sign_in(s->a, &v));
    ask.letter = S("");
    v = sign_in(s, picker_of(r), &ask);
    put(arena_cstr(s->a, arena_printf(s->a, "%ssign-in-used", prefix)), s->lang, page_sign_in(s->a, &v));
    ask = (struct picker_ask){ .query = S("koulu") };
    ask.n = S("400");
    v = sign_in(s, picker_of(r), &ask);
    put(arena_cstr(s->a, arena_printf(s->a, "%ssign-in-many-more", prefix)), s->lang, page_sign_in(s->a, &v));
    registry_drop(r);
}

static void put_local(const struct stage *s, const char *prefix)
{
    static const char *const names[] = { "local", "local-wrong", "local-empty", "local-busy" };

    for (int error = LOCAL_OK; error <= LOCAL_BUSY; error++) {
        struct local_view v = { .page = page(s, error == LOCAL_OK ? "/sign-in/local?login=abc&idp=local" : NULL, false),
                                .login = word(s, S("abc")),
                                .idp = word(s, S("local")),
                                .idp_name = word(s, S("Oulu")),
                                .username = error == LOCAL_EMPTY ? S("") : word(s, S("aino.laakso")),
                                .error = (enum local_error)error,
                                .marked = error == LOCAL_BUSY,
                                .shared = error != LOCAL_OK,
                                .shared_idle_s = 900,
                                .no_username = error == LOCAL_EMPTY,
                                .no_password = error == LOCAL_EMPTY,
                                .ask = word(s, S("Oulu")),
                                .ask_email = word(s, S("tuki@oulu.example")),
                                .wait_s = 540 };
        put(arena_cstr(s->a, arena_printf(s->a, "%s%s", prefix, names[error])), s->lang, page_local(s->a, &v));
    }
}

static void put_favourites(const struct stage *s, const char *prefix, struct registry *all)
{
    static struct str chosen[] = { S("puolukka"), S("kuusi"), S("lampi"), S("havu") };
    const struct strs ids = { chosen, sizeof chosen / sizeof *chosen };
    struct launcher_view v = launcher(s, all, 0);
    struct favourites_view edit = { .page = page(s, "/favourites", true), .tiles = v.tiles, .max = 12 };

    put(arena_cstr(s->a, arena_printf(s->a, "%sfavourites-none", prefix)), s->lang, page_favourites(s->a, &edit));
    favourites = &ids;
    with_schools(s, &v);
    edit.tiles = v.tiles = tiles(s, all, 0);
    favourites = NULL;
    put(arena_cstr(s->a, arena_printf(s->a, "%slauncher-favourites", prefix)), s->lang, page_launcher(s->a, &v));
    put(arena_cstr(s->a, arena_printf(s->a, "%sfavourites", prefix)), s->lang, page_favourites(s->a, &edit));
    edit.max = 4;
    edit.shared = true;
    put(arena_cstr(s->a, arena_printf(s->a, "%sfavourites-full", prefix)), s->lang, page_favourites(s->a, &edit));
}

/* A nation's services: what does not fit on the page is counted, and is a group, a search or a page away. */
enum { MANY_SERVICES = 5000, LOG_LINES = 25 };

static struct registry *nation(size_t count)
{
    struct arena *own = arena_new();
    struct service *all = arena_make_n(own, count, struct service);

    for (size_t i = 0; i < count; i++) {
        all[i] = sample(i % SAMPLES);
        all[i].logo = S("");
        all[i].id = arena_printf(own, "%.*s-%zu", STR_ARG(all[i].id), i / SAMPLES);
        for (int lang = 0; lang < LANG_COUNT; lang++)
            all[i].names.in[lang] = arena_printf(own, "%.*s %zu", STR_ARG(all[i].names.in[lang]), i / SAMPLES + 1);
    }
    struct registry_parts parts = { .services = all, .service_count = count };
    return registry_build(own, &parts);
}

static void put_many_tiles(const struct stage *s, const char *prefix)
{
    static struct str chosen[] = {
        S("puolukka-0"), S("kuusi-1"), S("lampi-2"), S("havu-3"), S("valo-4"), S("hilla-5"),
        S("jakala-6"),   S("hanki-7"), S("pihka-8"), S("kajo-9"), S("tori-9"), S("ruska-9")
    };
    const struct strs ids = { chosen, sizeof chosen / sizeof *chosen };
    struct registry *r = nation(TILES_MAX + 12);
    struct launcher_view v = launcher(s, r, 0);

    static struct str twelve[] = {
        S("puolukka-0"), S("kuusi-1"), S("lampi-2"), S("havu-3"), S("valo-0"), S("hilla-1"),
        S("jakala-2"),   S("hanki-3"), S("pihka-0"), S("kajo-1"), S("tori-2"), S("ruska-3")
    };
    const struct strs first = { twelve, 12 };
    favourites = &first;
    v.tiles = tiles_from(s, r, 0, 0, 0);
    v.fresh.at = v.tiles.groups.at[0].tiles.at;
    v.fresh.n = FRESH_SHOWN_MAX;
    put(arena_cstr(s->a, arena_printf(s->a, "%slauncher-full", prefix)), s->lang, page_launcher(s->a, &v));
    v.fresh.n = 0;
    favourites = NULL;
    registry_drop(r);
    r = nation(MANY_SERVICES);
    v = launcher(s, r, 0);

    favourites = &ids;
    v.tiles = tiles_from(s, r, 0, 0, 0);
    with_schools(s, &v);
    put(arena_cstr(s->a, arena_printf(s->a, "%slauncher-many", prefix)), s->lang, page_launcher(s->a, &v));
    v.tiles = tiles_from(s, r, 0, 3000, 0);
    put(arena_cstr(s->a, arena_printf(s->a, "%slauncher-many-more", prefix)), s->lang, page_launcher(s->a, &v));
    struct favourites_view edit = { .page = page(s, "/favourites", true), .max = 13 };
    edit.tiles = tiles_from(s, r, 0, 240, FAVOURITE_ROWS_MAX);
    put(arena_cstr(s->a, arena_printf(s->a, "%sfavourites-many", prefix)), s->lang, page_favourites(s->a, &edit));
    edit.q = word(s, S("zzz"));
    edit.tiles.groups.n = edit.tiles.parts.n = 0;
    put(arena_cstr(s->a, arena_printf(s->a, "%sfavourites-nothing", prefix)), s->lang, page_favourites(s->a, &edit));
    favourites = NULL;
    v = launcher(s, r, 1);
    put(arena_cstr(s->a, arena_printf(s->a, "%spupil-many", prefix)), s->lang, page_launcher(s->a, &v));
    registry_drop(r);
}

static void put_launchers(const struct stage *s, const char *prefix, struct registry *all, struct registry *none)
{
    static struct str opened[] = { S("tunturi"), S("jakala"), S("havu") };
    static const struct strs last = { opened, 3 };
    struct launcher_view v;
    const char *name;

    recent = &last;
    v = launcher(s, all, 0);
    recent = NULL;
    with_schools(s, &v);
    put(arena_cstr(s->a, arena_printf(s->a, "%slauncher", prefix)), s->lang, page_launcher(s->a, &v));
    with_roles(s, all, &v);
    put(arena_cstr(s->a, arena_printf(s->a, "%slauncher-roles", prefix)), s->lang, page_launcher(s->a, &v));
    v = launcher(s, all, 0);
    v.q = word(s, S("matikka"));
    v.tiles = tiles_filtered(s, all, "matikka");
    put(arena_cstr(s->a, arena_printf(s->a, "%slauncher-found", prefix)), s->lang, page_launcher(s->a, &v));
    v = launcher(s, none, 0);
    put(arena_cstr(s->a, arena_printf(s->a, "%slauncher-empty", prefix)), s->lang, page_launcher(s->a, &v));
    v.tiles.before_filter = 20;
    v.q = word(s, S("zzz"));
    name = arena_cstr(s->a, arena_printf(s->a, "%slauncher-filtered", prefix));
    put(name, s->lang, page_launcher(s->a, &v));
    put_favourites(s, prefix, all);
    v = launcher(s, all, 1);
    put(arena_cstr(s->a, arena_printf(s->a, "%spupil", prefix)), s->lang, page_launcher(s->a, &v));
    v.shared = true;
    put(arena_cstr(s->a, arena_printf(s->a, "%spupil-shared", prefix)), s->lang, page_launcher(s->a, &v));
    v = launcher(s, all, 7);
    v.shared = true;
    put(arena_cstr(s->a, arena_printf(s->a, "%slearner-shared", prefix)), s->lang, page_launcher(s->a, &v));
}

/* Pages that have texts in languages which have only some: each of them once. */
static void put_varieties(const struct stage *finnish, struct registry *all, const struct picker *picker)
{
    static const char *const names[VARIETY_COUNT] = { "", "easy", "se" };

    for (int i = VARIETY_NONE + 1; i < VARIETY_COUNT; i++) {
        struct stage s = *finnish;
        s.variety = (enum variety)i;
        const struct sign_in_view in = sign_in(&s, picker, &(const struct picker_ask){ 0 });
        const struct launcher_view v = launcher(&s, all, 0);
        const struct error_view error = {
            .page = page(&s, "/x", false), .kind = FAIL_NOT_FOUND, .support_code = S("K7F29QXM"), .at_s = NOW_S
        };
        const struct sign_out_view ask = { .page = page(&s, "/sign-out", true),
                                           .ask = SIGN_OUT_ASK,
                                           .csrf = S("csrf") };
        put(arena_cstr(s.a, arena_printf(s.a, "sign-in-%s", names[i])), s.lang, page_sign_in(s.a, &in));
        put(arena_cstr(s.a, arena_printf(s.a, "launcher-%s", names[i])), s.lang, page_launcher(s.a, &v));
        put(arena_cstr(s.a, arena_printf(s.a, "error-notfound-%s", names[i])), s.lang, page_error(s.a, &error));
        put(arena_cstr(s.a, arena_printf(s.a, "sign-out-%s", names[i])), s.lang, page_sign_out(s.a, &ask));
    }
}

static void put_refusals(const struct stage *s, const char *prefix)
{
    static const struct {
        const char *name;
        enum fail_kind kind;
        enum lasts lasts;
        const char *word;
    } errors[] = {
        { "error-city", FAIL_UPSTREAM, LASTS_AWAY, "city_unreachable" },
        { "error-unusable", FAIL_UPSTREAM, LASTS_STAYS, "sig_algorithm" },
        { "error-spent", FAIL_CALLER, LASTS_SPENT, "answer_unasked" },
        { "error-cancelled", FAIL_DENIED, LASTS_CANCELLED, NULL },
        { "error-ours", FAIL_OURS, LASTS_UNKNOWN, NULL },
        { "error-request", FAIL_CALLER, LASTS_UNKNOWN, NULL },
        { "error-login", FAIL_NO_SESSION, LASTS_UNKNOWN, NULL },
        { "error-denied", FAIL_DENIED, LASTS_UNKNOWN, NULL },
        { "error-notfound", FAIL_NOT_FOUND, LASTS_UNKNOWN, NULL },
        { "error-conflict", FAIL_CONFLICT, LASTS_UNKNOWN, NULL },
        { "error-busy", FAIL_BUSY, LASTS_UNKNOWN, NULL },
    };
    struct str none = { NULL, 0 };

    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        struct error_view v = { .page = page(s, "/", false),
                                .kind = errors[i].kind,
                                .lasts = errors[i].lasts,
                                .word = errors[i].word != NULL ? word(s, str_of(errors[i].word)) : none,
                                .choose =
                                    errors[i].lasts != LASTS_UNKNOWN ? word(s, S("/sign-in?all=1&login=abc")) : none,
                                .city = word(s, providers[1].names.in[s->lang]),
                                .service = word(s, S("Vaahtera Matikka")),
                                .support_code = word(s, S("R4TC8HWP")),
                                .at_s = NOW_S,
                                .again = errors[i].lasts != LASTS_STAYS ? word(s, S("/sign-in/again?login=abc")) : none,
                                .back = word(s, S("https://vaahtera.example/")),
                                .retry_s = 60 };
        put(arena_cstr(s->a, arena_printf(s->a, "%s%s", prefix, errors[i].name)), s->lang, page_error(s->a, &v));
    }
    struct error_view lost = { .page = page(s, NULL, true), .kind = FAIL_NOT_FOUND, .at_s = NOW_S };
    lost.support_code = word(s, S("R4TC8HWP"));
    put(arena_cstr(s->a, arena_printf(s->a, "%serror-notfound-me", prefix)), s->lang, page_error(s->a, &lost));
    struct denied_view d = { .page = page(s, "/", true), .support_code = word(s, S("K7F29QXM")), .at_s = NOW_S };
    struct decision decision = { .ask = s->text.p != NULL ? &providers[5] : &providers[0] };
    d.school = word(s, S("Testi-Kielonmäen koulu"));
    denied_ask(&d, &services[9], &decision, s->a);
    put(arena_cstr(s->a, arena_printf(s->a, "%sdenied", prefix)), s->lang, page_denied(s->a, &d));
    d.child_age = S("13");
    put(arena_cstr(s->a, arena_printf(s->a, "%sdenied-child", prefix)), s->lang, page_denied(s->a, &d));
    d.child_age = (struct str){ NULL, 0 };
    const struct denied_way ways[] = { { word(s, S("luokat 7–9")), word(s, S("luokka 5")) },
                                       { word(s, S("opettajat")), word(s, S("oppilas")) } };
    d.ways.at = ways;
    d.ways.n = 2;
    put(arena_cstr(s->a, arena_printf(s->a, "%sdenied-ways", prefix)), s->lang, page_denied(s->a, &d));
    d.asked = d.not_now = true;
    d.support_code = S("");
    d.ways.n = 1;
    put(arena_cstr(s->a, arena_printf(s->a, "%smissing", prefix)), s->lang, page_denied(s->a, &d));
    struct expired_view e = { .page = page(s, "/", false),
                              .service = word(s, S("Pihka Koe")),
                              .back = word(s, S("https://pihka.example/")) };
    put(arena_cstr(s->a, arena_printf(s->a, "%sexpired", prefix)), s->lang, page_expired(s->a, &e));
    e = (struct expired_view){ .page = page(s, "/", false), .no_cookies = true };
    put(arena_cstr(s->a, arena_printf(s->a, "%sexpired-no-cookies", prefix)), s->lang, page_expired(s->a, &e));
    const struct astray_view astray = { .page = page(s, "/open/pihka", false),
                                        .service = word(s, S("Pihka Koe")),
                                        .open = S("/open/pihka") };
    put(arena_cstr(s->a, arena_printf(s->a, "%sastray", prefix)), s->lang, page_astray(s->a, &astray));
}

/* What somebody may do about it: ask, as what and where; and what became of it. */
static void put_pleas(const struct stage *s, const char *prefix)
{
    const struct decision decision = { .ask = s->text.p != NULL ? &providers[5] : &providers[0] };
    struct denied_view d = { .page = page(s, "/why/pihka", true), .asked = true };
    const struct plea_choice choices[] = {
        { S("oulu/1/teacher"), word(s, S("Opettaja, Testi-Kielonmäen koulu")), true },
        { S("oulu/2/teacher"), word(s, S("Opettaja, Testi-Otsolahden lukio")), false }
    };
    const struct plea_line lines[] = { { .number = 7,
                                         .service = word(s, S("Pihka Koe")),
                                         .service_id = S("pihka"),
                                         .place = word(s, S("Testi-Kielonmäen koulu")),
                                         .role = word(s, S("Opettaja")),
                                         .when = S("23.11.2026"),
                                         .waits = true },
                                       { .number = 8,
                                         .service = word(s, S("Vaahtera Matikka")),
                                         .service_id = S("vaahtera"),
                                         .place = word(s, S("Testi-Otsolahden lukio")),
                                         .role = word(s, S("Opettaja")),
                                         .when = S("2.11.2026"),
                                         .answered = S("9.11.2026"),
                                         .office = word(s, S("Oulu")),
                                         .answer = word(s, S("Hankimme palvelun ensi lukuvuodeksi.")) },
                                       { .number = 9,
                                         .service = word(s, S("Havu")),
                                         .service_id = S("havu"),
                                         .place = word(s, S("Testi-Otsolahden lukio")),
                                         .role = word(s, S("Opettaja")),
                                         .when = S("1.10.2026"),
                                         .met = true } };

    denied_ask(&d, &services[9], &decision, s->a);
    d.chain = (struct chain_view){ .provider = word(s, S("Oulu")), .school = word(s, S("Testi-Kielonmäen koulu")) };
    d.plea = (struct plea_view){
        .service = S("pihka"), .choices = { choices, 1 }, .staff = true, .to = word(s, S("Oulu")), .count = S("4")
    };
    put(arena_cstr(s->a, arena_printf(s->a, "%smissing-ask", prefix)), s->lang, page_denied(s->a, &d));
    d.chain.left = true;
    d.plea.choices.n = 2;
    d.plea.to = d.plea.count = S("");
    d.plea.said = PLEA_SAID_WORDS;
    d.plea.words = word(s, S("Oppilas 010199-123A"));
    put(arena_cstr(s->a, arena_printf(s->a, "%smissing-ask-wrong", prefix)), s->lang, page_denied(s->a, &d));
    d.plea = (struct plea_view){ .service = S("pihka"), .own = { lines, 2 } };
    put(arena_cstr(s->a, arena_printf(s->a, "%smissing-asked", prefix)), s->lang, page_denied(s->a, &d));
    d.plea = (struct plea_view){ .answer = lines[1].answer, .office = lines[1].office, .answered = lines[1].answered };
    put(arena_cstr(s->a, arena_printf(s->a, "%smissing-answered", prefix)), s->lang, page_denied(s->a, &d));

    const struct me_place places[] = { { .where = word(s, S("Testi-Kielonmäen koulu")),
                                         .role = word(s, S("Oppilas")),
                                         .group = word(s, S("7B")),
                                         .level = S("7"),
                                         .to = S("31.5.2027"),
                                         .came = S("1.2.246.562.99.95640100004, 1.2.246.562.99.95640200010, 99101") },
                                       { .where = word(s, S("Oulu")), .came = S("1.2.246.562.99.95640100004") } };
    const struct me_time times[] = { { S("23.11.2026 klo 8.04") }, { S("20.11.2026 klo 10.02") } };
    struct me_told told[ME_SERVICES_MAX];
    struct me_look looks[ME_LOOKS_MAX];
    struct me_session sessions[ME_SESSIONS_MAX];
    const struct me_held held[] = {
        { word(s, S("Luokan taulu")), S("taulu"), S("23.11.2026 klo 8.04"), S("23.11.2026 klo 9.30") },
        { word(s, S("Kanerva Oppikirjat")), S("kanerva"), S("1.9.2026 klo 8.04"), S("20.11.2026 klo 12.00") }
    };
    struct me_view v = { .page = page(s, "/me", true),
                         .said = ME_SAID_OTHERS,
                         .name = word(s, S("Aino Laakso")),
                         .email = word(s, S("aino.laakso@oulu.example")),
                         .learner_id = S("1.2.246.562.24.85640200011"),
                         .age = word(s, S("13–17")),
                         .hidden = true,
                         .city = word(s, S("Oulu")),
                         .came = S("23.11.2026 klo 8.04"),
                         .places = { places, 2 },
                         .began = S("23.11.2026 klo 8.04"),
                         .ends = S("23.11.2026 klo 16.04"),
                         .sessions = { sessions, ME_SESSIONS_MAX },
                         .told = { told, ME_SERVICES_MAX },
                         .looks = { looks, ME_LOOKS_MAX },
                         .told_cut = true,
                         .looks_cut = true,
                         .held = { held, 2 },
                         .plea = { .own = { lines, 3 } },
                         .remembered = word(s, S("Oulu")),
                         .ask = word(s, S("Oulu")),
                         .ask_email = S("tuki@oulu.example") };
    const struct told_why whys[] = { { word(s, S("etunimi")), word(s, S("Opettaja tunnistaa työsi.")) },
                                     { word(s, S("koulu")), word(s, S("Koulun kirjat avautuvat.")) } };
    for (size_t i = 0; i < ME_SERVICES_MAX; i++)
        told[i] = (struct me_told){ .service = word(s, S("Kanerva Oppikirjat")),
                                    .count = S("14"),
                                    .last = S("23.11.2026 klo 8.04"),
                                    .claims = word(s, S("etunimi, koulu, luokka tai ryhmä")),
                                    .whys = { whys, i % 2 ? 2 : 0 },
                                    .times = { times, 2 } };
    for (size_t i = 0; i < ME_LOOKS_MAX; i++)
        looks[i] =
            (struct me_look){ S("23.11.2026 klo 8.24"), word(s, S("Pääkäyttäjä, Oulu")),
                              (enum me_looked)(i % (LOOKED_LOG + 1)), (enum me_reason)(i % (REASON_REQUEST + 1)) };
    for (size_t i = 0; i < ME_SESSIONS_MAX; i++)
        sessions[i] = (struct me_session){ .when = S("22.11.2026 klo 17.40"),
                                           .idp = word(s, S("Oulu")),
                                           .services = word(s, S("Lampi Lukkari")),
                                           .sid = S("7c1e") };
    const struct me_receipt receipts[] = { { word(s, S("Lampi Lukkari")), ME_HEARD },
                                           { word(s, S("Kanerva Oppikirjat")), ME_TELLING },
                                           { word(s, S("Kajo Kysely")), ME_LOST },
                                           { word(s, S("Valo Lukutuki")), ME_DEAF } };
    sessions[0].sid = (struct str){ NULL, 0 };
    sessions[0].ended = S("23.11.2026 klo 8.20");
    sessions[0].receipts.at = receipts;
    sessions[0].receipts.n = 4;
    put(arena_cstr(s->a, arena_printf(s->a, "%sme", prefix)), s->lang, page_me(s->a, &v));
    v.said = ME_SAID_LET_GO;
    put(arena_cstr(s->a, arena_printf(s->a, "%sme-let-go", prefix)), s->lang, page_me(s->a, &v));
    v.said = ME_SAID_SESSION;
    put(arena_cstr(s->a, arena_printf(s->a, "%sme-session", prefix)), s->lang, page_me(s->a, &v));
    struct me_line log[LOG_LINES];
    for (size_t i = 0; i < LOG_LINES; i++)
        log[i] = (struct me_line){ .when = S("23.11.2026 klo 8.04"),
                                   .what = word(s, S("Sinusta kerrottiin")),
                                   .service = word(s, S("Kanerva Oppikirjat")),
                                   .claims = word(s, S("etunimi, koulu, luokka tai ryhmä")),
                                   .rule = S("shared-7-9"),
                                   .code = S("K7F29QXM"),
                                   .number = S("1204417"),
                                   .whys = { whys, 2 } };
    struct me_log_view w = {
        .page = page(s, "/me/log", true), .lines = { log, LOG_LINES }, .next = S("1204392"), .older = true
    };
    put(arena_cstr(s->a, arena_printf(s->a, "%sme-log", prefix)), s->lang, page_me_log(s->a, &w));
    /* The first of many pages, and who reads it acts for a child. */
    w.older = false;
    w.page.acting.child = word(s, S("Helmi Sofia"));
    w.page.acting.school = word(s, S("Testi-Kielonmäen koulu"));
    w.page.acting.group = word(s, S("7B"));
    put(arena_cstr(s->a, arena_printf(s->a, "%sme-log-child", prefix)), s->lang, page_me_log(s->a, &w));
    const struct me_consent consents[] = {
        { word(s, S("Kajo Kysely")), S("kajo"), S("1.9.2026 klo 8.04"), word(s, S("etunimet, rooli")) },
        { word(s, S("Valo Lukutuki")), S("valo"), S("2.9.2026 klo 8.04"), word(s, S("etunimet")) }
    };
    v.said = ME_SAID_TAKEN_BACK;
    v.page.acting = w.page.acting;
    v.page.guardian = v.page.roles = true;
    v.consents.at = consents;
    v.consents.n = 2;
    v.sessions_cut = true;
    v.hidden = false;
    v.ask_email = (struct str){ NULL, 0 };
    v.ask_url = S("https://tuki.example/");
    put(arena_cstr(s->a, arena_printf(s->a, "%sme-child", prefix)), s->lang, page_me(s->a, &v));
    w = (struct me_log_view){ .page = page(s, "/me/log", true), .away = true, .shared = true };
    put(arena_cstr(s->a, arena_printf(s->a, "%sme-log-empty", prefix)), s->lang, page_me_log(s->a, &w));
    v = (struct me_view){ .page = page(s, "/me", true),
                          .name = v.name,
                          .city = v.city,
                          .came = v.came,
                          .began = v.began,
                          .ends = v.ends,
                          .shared = true,
                          .away = true };
    put(arena_cstr(s->a, arena_printf(s->a, "%sme-empty", prefix)), s->lang, page_me(s->a, &v));
}

/* A screen that is signed in from a browser of one's own, in each state; and the page that it may show. */
static void put_device(const struct stage *s, const char *prefix, struct tells of)
{
    const struct {
        const char *name;
        enum device_at at;
        enum device_wrong wrong;
        const char *typed;
    } states[] = { { "device", DEVICE_TYPE, DEVICE_RIGHT, "" },
                   { "device-empty", DEVICE_TYPE, DEVICE_EMPTY, "" },
                   { "device-wrong", DEVICE_TYPE, DEVICE_WRONG, "BCDF-GHJK" },
                   { "device-busy", DEVICE_TYPE, DEVICE_BUSY, "BCDF-GHJK" },
                   { "device-ask", DEVICE_ASK, DEVICE_RIGHT, "" },
                   { "device-ask-stays", DEVICE_ASK, DEVICE_RIGHT, "" },
                   { "device-done", DEVICE_YES, DEVICE_RIGHT, "" },
                   { "device-not", DEVICE_NO, DEVICE_RIGHT, "" } };

    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        const struct device_view v = { .page = page(s, "/device", true),
                                       .at = states[i].at,
                                       .wrong = states[i].wrong,
                                       .typed = str_of(states[i].typed),
                                       .code = S("BCDF-GHJK"),
                                       .asked = S("23.11.2026 klo 7.59"),
                                       .stays = i == 5,
                                       .of = of };

        put(arena_cstr(s->a, arena_printf(s->a, "%s%s", prefix, states[i].name)), s->lang, page_device(s->a, &v));
    }
    const struct screen_view w = { .page = page(s, "/device/screen", false),
                                   .address = S("digione.example/device"),
                                   .code = S("BCDF-GHJK"),
                                   .url = S("https://digione.example/device?user_code=BCDF-GHJK") };
    put(arena_cstr(s->a, arena_printf(s->a, "%sscreen", prefix)), s->lang, page_screen(s->a, &w));
}

/* What a service would be told, asked and shown. */
static void put_tells(const struct stage *s, const char *prefix)
{
    const struct telling_row rows[] = { { word(s, S("etunimet")), word(s, S("Aino Maria")),
                                          word(s, S("Jotta opettaja tunnistaa työsi.")),
                                          word(s, S("Nimimerkki riittää.")) },
                                        { word(s, S("rooli")), word(s, S("Opettaja")), { NULL, 0 }, { NULL, 0 } } };
    struct consent_view v = {
        .page = page(s, "/consent?login=x", true), .asks = true, .login = S("x"), .told = S("given_name")
    };

    v.of = (struct tells){ .service = word(s, S("Kajo Kysely")),
                           .provider = word(s, S("Oulu")),
                           .service_icon = { .letters = S("KK"), .colour = 3, .shape = 1 },
                           .site = S("https://kajo.example/"),
                           .policy = S("https://kajo.example/tietosuoja"),
                           .terms = S("https://kajo.example/ehdot") };
    v.of.rows.at = rows;
    v.of.rows.n = 2;
    put(arena_cstr(s->a, arena_printf(s->a, "%sconsent", prefix)), s->lang, page_consent(s->a, &v));
    v.grew = true;
    v.of.fresh = word(s, S("rooli"));
    v.of.gone = word(s, S("sähköposti, luokka"));
    v.of.since = word(s, S("3.8.2026 klo 8.15"));
    put(arena_cstr(s->a, arena_printf(s->a, "%sconsent-more", prefix)), s->lang, page_consent(s->a, &v));
    v.asks = false;
    put(arena_cstr(s->a, arena_printf(s->a, "%sinform-more", prefix)), s->lang, page_consent(s->a, &v));
    v.grew = false;
    v.of.fresh = v.of.gone = v.of.since = (struct str){ NULL, 0 };
    put(arena_cstr(s->a, arena_printf(s->a, "%sinform", prefix)), s->lang, page_consent(s->a, &v));
    put_device(s, prefix, v.of);
}

static void put_about(const struct stage *s, const char *prefix, struct registry *all)
{
    struct about_view v = { .page = page(s, "/about", false) };

    about_fill(s->a, all, 0, &v);
    put(arena_cstr(s->a, arena_printf(s->a, "%sabout", prefix)), s->lang, page_about(s->a, &v));
}

static void put_leaving(const struct stage *s, const char *prefix)
{
    struct left left[] = {
        { .name = word(s, S("DigiOne")), .receipt = RECEIPT_OUT, .ends_s = 0 },
        { .name = word(s, S("Puolukka Päiväkirja")), .receipt = RECEIPT_OUT, .ends_s = 0 },
        { .name = word(s, S("Kanerva Oppikirjat")), .receipt = RECEIPT_WAITS, .ends_s = NOW_S + 5760 },
        { .name = word(s, S("Kuusi Luokkahuone")), .receipt = RECEIPT_OPEN, .ends_s = 0 },
        { .name = word(s, S("Kielo Kirjasto")), .receipt = RECEIPT_ASKED, .url = S("/signed-out/tell?t=x&s=kielo") },
    };
    struct signed_out_view v = { .page = page(s, "/sign-out", false),
                                 .left = { left, 5 },
                                 .city = word(s, s->lang == LANG_SV ? S("Uleåborg") : S("Oulu")) };
    struct sign_out_view ask = { .page = page(s, "/sign-out", true),
                                 .ask = SIGN_OUT_ASK,
                                 .csrf = word(s, S("csrf")),
                                 .state = word(s, S("x")),
                                 .service = word(s, S("Kuusi Luokkahuone")) };
    struct idle_view idle = { .page = page(s, "/idle", false), .csrf = word(s, S("csrf")) };
    struct still_view still = {
        .page = page(s, "/idle", true), .back = word(s, S("/?school=99101")), .minutes = 15, .ends_s = NOW_S + 60
    };
    const struct hidden_field fields[] = { { S("code"), word(s, S("x")) }, { S("state"), word(s, S("y")) } };
    struct post_view post = { .page = page(s, NULL, false),
                              .url = word(s, S("https://kuusi.example/callback")),
                              .to = word(s, S("Kuusi Luokkahuone")),
                              .fields = { fields, 2 } };
    struct continue_view go = { .page = page(s, NULL, false),
                                .url = word(s, S("#on")),
                                .to = word(s, S("Kuusi Luokkahuone")) };

    put(arena_cstr(s->a, arena_printf(s->a, "%ssigned-out", prefix)), s->lang, page_signed_out(s->a, &v));
    v.next = S("/school/99101");
    put(arena_cstr(s->a, arena_printf(s->a, "%snext", prefix)), s->lang, page_signed_out(s->a, &v));
    v.left.n = 2;
    v.city_receipt = RECEIPT_OUT;
    put(arena_cstr(s->a, arena_printf(s->a, "%snext-all", prefix)), s->lang, page_signed_out(s->a, &v));
    v.next = S("");
    v.city = (struct str){ NULL, 0 };
    v.back = word(s, S("https://puolukka.example/"));
    v.service = word(s, S("Puolukka Päiväkirja"));
    put(arena_cstr(s->a, arena_printf(s->a, "%ssigned-out-all", prefix)), s->lang, page_signed_out(s->a, &v));
    put(arena_cstr(s->a, arena_printf(s->a, "%ssign-out", prefix)), s->lang, page_sign_out(s->a, &ask));
    ask.fault =
        word(s, S("post_logout_redirect_uri is not one that the service has registered; support code 7K2M9PXT"));
    put(arena_cstr(s->a, arena_printf(s->a, "%ssign-out-faulty", prefix)), s->lang, page_sign_out(s->a, &ask));
    put(arena_cstr(s->a, arena_printf(s->a, "%spost", prefix)), s->lang, page_post(s->a, &post));
    ask.ask = SIGN_OUT_OVER;
    ask.page.me = (struct page_me){ .name = S("") };
    ask.fault = (struct str){ NULL, 0 };
    put(arena_cstr(s->a, arena_printf(s->a, "%ssign-out-over", prefix)), s->lang, page_sign_out(s->a, &ask));
    ask.ask = SIGN_OUT_UNKNOWN;
    ask.back = word(s, S("https://puolukka.example/"));
    put(arena_cstr(s->a, arena_printf(s->a, "%ssign-out-unknown", prefix)), s->lang, page_sign_out(s->a, &ask));
    v = (struct signed_out_view){
        .page = page(s, "/sign-out", false), .left = { left, 4 }, .over = true, .more = true
    };
    v.city = word(s, s->lang == LANG_SV ? S("Uleåborg") : S("Oulu"));
    left[0].receipt = RECEIPT_OVER;
    put(arena_cstr(s->a, arena_printf(s->a, "%ssigned-out-over", prefix)), s->lang, page_signed_out(s->a, &v));
    put(arena_cstr(s->a, arena_printf(s->a, "%sidle", prefix)), s->lang, page_idle(s->a, &idle));
    idle.csrf = (struct str){ NULL, 0 };
    put(arena_cstr(s->a, arena_printf(s->a, "%sidle-unknown", prefix)), s->lang, page_idle(s->a, &idle));
    still.page.me.name = word(s, S("Eino Mäkelä"));
    still.page.me.first = word(s, S("Eino"));
    put(arena_cstr(s->a, arena_printf(s->a, "%sstill", prefix)), s->lang, page_still(s->a, &still));
    put(arena_cstr(s->a, arena_printf(s->a, "%scontinue", prefix)), s->lang, page_continue(s->a, &go));
    const struct picked_row rows[] = { { word(s, S("Murtoluvut: harjoitus 3")), word(s, S("#1")) },
                                       { word(s, S("Desimaaliluvut")), word(s, S("#2")) } };
    struct picked_view picked = { .page = page(s, "/lti/picked", true),
                                  .service = word(s, S("Kanerva Oppikirjat")),
                                  .again = word(s, S("/lti/pick/kanerva")),
                                  .service_id = word(s, S("kanerva")),
                                  .list = word(s, S("sealed")),
                                  .links = { rows, 2 },
                                  .classes = { rows, 2 },
                                  .left_out = 1 };
    put(arena_cstr(s->a, arena_printf(s->a, "%spicked", prefix)), s->lang, page_picked(s->a, &picked));
    picked.links.n = 0;
    put(arena_cstr(s->a, arena_printf(s->a, "%spicked-nothing", prefix)), s->lang, page_picked(s->a, &picked));
    const struct class_view class = { .page = page(s, "/lti/open/kanerva", true),
                                      .service = picked.service,
                                      .classes = { rows, 2 } };
    put(arena_cstr(s->a, arena_printf(s->a, "%sclass", prefix)), s->lang, page_class(s->a, &class));
    /* A tool in a frame of ours needs its service: tests/browser/lti.mjs looks at that page. */
    const struct class_row links[] = { { word(s, S("a1")), rows[0].title, word(s, S("#1")), true, false },
                                       { word(s, S("a2")), rows[1].title, word(s, S("#2")), false, true } };
    struct class_list lists[] = { { .service = picked.service,
                                    .service_id = picked.service_id,
                                    .context = word(s, S("abc")),
                                    .class_name = word(s, S("7B, Kielonmäen koulu")),
                                    .open = word(s, S("/lti/open/kanerva?class=abc")),
                                    .pick = word(s, S("/lti/pick/kanerva?class=abc")),
                                    .teaches = true,
                                    .links = { links, 2 } },
                                  { .service = picked.service,
                                    .service_id = picked.service_id,
                                    .context = word(s, S("def")),
                                    .class_name = word(s, S("8C")),
                                    .open = word(s, S("/lti/open/kanerva?class=def")),
                                    .pick = word(s, S("/lti/pick/kanerva?class=def")),
                                    .teaches = true } };
    struct links_view of_classes = { .page = page(s, "/lti/pick", true), .lists = { lists, 2 }, .teaches = true };
    put(arena_cstr(s->a, arena_printf(s->a, "%slinks", prefix)), s->lang, page_links(s->a, &of_classes));
    of_classes.teaches = lists[0].teaches = false;
    of_classes.lists.n = 1;
    put(arena_cstr(s->a, arena_printf(s->a, "%slinks-pupil", prefix)), s->lang, page_links(s->a, &of_classes));
    of_classes.lists.n = 0;
    put(arena_cstr(s->a, arena_printf(s->a, "%slinks-nothing", prefix)), s->lang, page_links(s->a, &of_classes));
    struct leaving_view leaving = { .page = page(s, NULL, false), .url = go.url, .to = go.to };
    put(arena_cstr(s->a, arena_printf(s->a, "%sleaving", prefix)), s->lang, page_leaving(s->a, &leaving));
}

static void put_all(struct str hostile, const char *prefix, int lang, int last)
{
    for (; lang <= last; lang++) {
        struct stage s = { .a = arena_new(), .lang = (enum lang)lang, .text = hostile };
        for (size_t i = 0; i < SAMPLES; i++) {
            services[i] = sample(i);
            if (hostile.p != NULL)
                services[i].names.in[lang] = services[i].lines.in[lang] = hostile;
        }
        struct registry *all = registry_of(SAMPLES), *none = registry_of(0);
        const struct picker *picker = picker_of(all);
        put_sign_in(&s, prefix, picker);
        if (hostile.p == NULL) {
            put_many(&s, prefix);
            put_many_tiles(&s, prefix);
            if (s.lang == LANG_FI)
                put_varieties(&s, all, picker);
        }
        put_local(&s, prefix);
        put_launchers(&s, prefix, all, none);
        put_refusals(&s, prefix);
        put_pleas(&s, prefix);
        put_tells(&s, prefix);
        put_leaving(&s, prefix);
        put_about(&s, prefix, all);
        render_vendor(&(struct vendor_round){ s.a, s.lang, s.text, page(&s, "/vendor", true), prefix, put });
        registry_drop(all);
        registry_drop(none);
        arena_free(s.a);
    }
}

/* How every character is folded, for filter.js to be compared with: its number and what becomes of it, a line each. */
static void write_folds(void)
{
    struct arena *a = arena_new();
    struct buf b = buf_new(a, 8 << 20);

    for (uint32_t c = 1; c < 0x20000; c++) {
        char utf8[5] = "";
        struct buf one = buf_new(a, 16);
        if (c >= 0xD800 && c < 0xE000)
            continue;
        size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        for (size_t i = n - 1; i > 0; i--)
            utf8[i] = (char)(0x80 | (c >> 6 * (n - 1 - i) & 0x3F));
        utf8[0] = (char)(n == 1 ? c : (0xF00u >> n & 0xF0) | c >> 6 * (n - 1));
        words_fold(&one, str_n(utf8, n));
        struct str folded = buf_str(&one);
        buf_printf(&b, "%x", c);
        for (size_t i = 0; i < folded.n; i++)
            buf_printf(&b, " %02x", (unsigned char)folded.p[i]);
        buf_byte(&b, '\n');
    }
    write_file("fold.txt", buf_str(&b));
    arena_free(a);
}

/* What the gateway serves besides: logos, the manifest, an icon. */
static void write_static(void)
{
    struct arena *a = arena_new();
    char path[1024];

    (void)snprintf(path, sizeof path, "%s/logo", dir);
    (void)mkdir(path, 0755);
    for (size_t i = 0; i < SAMPLES; i++) {
        struct service s = sample(i);
        struct str address = icon_of(a, &s, LANG_FI).logo;
        if (str_is_set(address))
            write_file(arena_cstr(a, str_from(address, 1)), s.logo);
    }
    write_file("manifest.webmanifest", manifest_text(a, S("DigiOne"), LANG_FI));
    write_folds();
    arena_free(a);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        (void)fprintf(stderr, "usage: render_pages DIR\n");
        return 2;
    }
    dir = argv[1];
    char path[1024];
    (void)mkdir(dir, 0755);
    (void)snprintf(path, sizeof path, "%s/static", dir);
    (void)mkdir(path, 0755);
    for (size_t i = 0; i < asset_count; i++)
        write_file(assets[i].path.p + 1, assets[i].bytes);
    write_file("csp.txt", S(PAGE_CSP));
    write_static();
    add_idps();
    put_all((struct str){ NULL, 0 }, "", LANG_FI, LANG_EN);
    add_idp("hostile\"><script>", &providers[5], IDP_OIDC, providers[5].names);
    put_all(S(HOSTILE), "hostile-", LANG_FI, LANG_FI);
    put_all(S(LONG_WORD), "long-", LANG_SV, LANG_SV);
    return 0;
}
