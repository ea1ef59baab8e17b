/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/browser/render_vendor.h"

#include "portal/pages.h"

#include <string.h>

static struct str word(const struct vendor_round *r, const char *usual)
{
    return r->text.p != NULL ? r->text : str_of(usual);
}

static void put(const struct vendor_round *r, const char *state, struct html page)
{
    r->put(arena_cstr(r->a, arena_printf(r->a, "%svendor-%s", r->prefix, state)), r->lang, page);
}

static struct vendor_page con(const struct vendor_round *r, enum vendor_place place, enum vendor_tab tab)
{
    struct vendor_page p = { .page = r->page,
                             .scope = word(r, "Tuisku Oy"),
                             .place = place,
                             .below = tab != VENDOR_TAB_NONE,
                             .writes = true,
                             .decides = true,
                             .csrf = word(r, "csrf"),
                             .version = S("17"),
                             .tab = tab };

    p.page.here = S("/vendor");
    return p;
}

static struct vendor_wrongs wrongs(const struct vendor_round *r, const char *field)
{
    struct vendor_wrong *at = arena_make_n(r->a, 1, struct vendor_wrong);

    at[0] = (struct vendor_wrong){ str_of(field), word(r, "Paluuosoitteet"), word(r, "\"http://tori.example\"") };
    return (struct vendor_wrongs){ at, 1 };
}

static void put_coming(const struct vendor_round *r)
{
    struct str papers[] = { word(r, "abcd-efgh-ijkl"), word(r, "mnop-qrst-uvwx") };
    struct vendor_join_view join = { .page = r->page, .person = word(r, "Vera Tuisku") };
    struct vendor_invited_view invited = { .page = r->page,
                                           .token = S("abc"),
                                           .organisation = word(r, "Tuisku Oy"),
                                           .role = word(r, "Kehittäjä"),
                                           .app = { .seal = S("seal"), .text = S("JBSWY3DPEHPK3PXP") },
                                           .username = word(r, "vera") };

    join.page.me = invited.page.me = (struct page_me){ .name = { NULL, 0 } };
    put(r, "join", page_vendor_join(r->a, &join));
    join.wrongs = wrongs(r, "email");
    join.no_email = word(r, "Ei ole osoite");
    put(r, "join-wrong", page_vendor_join(r->a, &join));
    put(r, "invited", page_vendor_invited(r->a, &invited));
    invited.papers.at = papers;
    invited.papers.n = 2;
    put(r, "invited-done", page_vendor_invited(r->a, &invited));
}

static void put_home(const struct vendor_round *r)
{
    const struct vendor_todo todo[] = {
        { word(r, "Tori Materiaalit: vanha salaisuus"), word(r, "Päättyy 14.12.2026"), S("/vendor/service/tori"),
          word(r, "Avaa"), true },
        { word(r, "Kanerva: tarve"), word(r, "roles, 30.12.2026"), S("/vendor/use/kanerva"), word(r, "Vahvista"),
          false },
    };
    const struct vendor_service_row rows[] = {
        { S("tori"), word(r, "Tori Materiaalit"), word(r, "OpenID Connect"), true, true },
        { S("kanerva"), word(r, "Kanerva Oppikirjat"), word(r, "SAML"), false, true },
        { S("hanki"), word(r, "Hanki Koodi"), word(r, "LTI 1.3"), false, false },
    };
    struct vendor_home_view v = { .con = con(r, VENDOR_PLACE_HOME, VENDOR_TAB_NONE) };

    put(r, "home-empty", page_vendor_home(r->a, &v));
    v.todo.at = todo;
    v.todo.n = 2;
    v.services.at = rows;
    v.services.n = 3;
    put(r, "home", page_vendor_home(r->a, &v));
}

static void put_organisation(const struct vendor_round *r)
{
    const struct vendor_person_row people[] = {
        { .id = S("s-vera"),
          .name = word(r, "Vera Tuisku"),
          .role = word(r, "Omistaja"),
          .role_id = S("owner"),
          .owner = true,
          .self = true },
        { .id = S("s-laura"),
          .name = word(r, "Laura Lukija"),
          .role = word(r, "Lukija"),
          .role_id = S("reader"),
          .reader = true },
    };
    const struct vendor_invitation_row asked[] = {
        { .hash = S("abc"),
          .note = word(r, "Ville"),
          .role = word(r, "Kehittäjä"),
          .until = word(r, "7.12.2026"),
          .mail = word(r, "ville@tuisku.example"),
          .lost = true },
    };
    struct vendor_people_view v = { .con = con(r, VENDOR_PLACE_PEOPLE, VENDOR_TAB_NONE),
                                    .rows = { people, 2 },
                                    .invitations = { asked, 1 },
                                    .link = word(r, "https://login.example.fi/vendor/invite/abcdefghijklmnop"),
                                    .mail_set = true };
    struct vendor_organisation_view o = { .con = con(r, VENDOR_PLACE_ORGANISATION, VENDOR_TAB_NONE),
                                          .org = { .name_fi = word(r, "Tuisku Oy"),
                                                   .business_id = word(r, "2345678-0") } };

    put(r, "people", page_vendor_people(r->a, &v));
    put(r, "organisation", page_vendor_organisation(r->a, &o));
}

static void put_service(const struct vendor_round *r)
{
    const struct vendor_claim claims[] = {
        { .word = S("given_name"),
          .name = word(r, "Etunimet"),
          .asked = true,
          .why_fi = word(r, "Nimi näkyy."),
          .basis = 2 },
        { .word = S("roles"), .name = word(r, "Roolit") },
    };
    const struct vendor_end ends[] = { { word(r, "Varmenne"), word(r, "3F:22:A1"), word(r, "14.12.2026"), S("14") } };
    struct vendor_new_view anew = { .con = con(r, VENDOR_PLACE_SERVICES, VENDOR_TAB_NONE) };
    struct vendor_service_view v = { .con = con(r, VENDOR_PLACE_SERVICES, VENDOR_TAB_SETTINGS),
                                     .enabled = true,
                                     .protocol = VENDOR_OIDC,
                                     .id = S("tori"),
                                     .protocol_id = S("oidc"),
                                     .client_id = S("tori"),
                                     .title = word(r, "Tori Materiaalit"),
                                     .f = { .name_fi = word(r, "Tori Materiaalit"),
                                            .redirect_uris = word(r, "http://tori.example/cb") },
                                     .claims = { claims, 2 },
                                     .ends = { ends, 1 },
                                     .tells = true,
                                     .asks_some = true,
                                     .has_secret = true };

    put(r, "new", page_vendor_new(r->a, &anew));
    v.lacks = wrongs(r, "policy_uri");
    v.secret = word(r, "q1w2e3r4t5y6u7i8o9p0a1s2d3f4g5h6j7k8l9z0x1c");
    v.too_until = word(r, "14.12.2026");
    put(r, "service", page_vendor_service(r->a, &v));
    v.secret = v.too_until = (struct str){ NULL, 0 };
    v.wrongs = wrongs(r, "redirect_uris");
    v.no.redirect_uris = word(r, "must begin with https://");
    put(r, "service-wrong", page_vendor_service(r->a, &v));
    v.wrongs.n = 0;
    v.protocol = VENDOR_LTI;
    put(r, "service-lti", page_vendor_service(r->a, &v));
}

static void put_connect(const struct vendor_round *r)
{
    const struct vendor_product products[] = { { S("openid-client"), word(r, "openid-client (Node)"), true },
                                               { S("spring"), word(r, "Spring Security (Java)"), false } };
    struct vendor_connect_view v = { .con = con(r, VENDOR_PLACE_SERVICES, VENDOR_TAB_CONNECT),
                                     .id = S("tori"),
                                     .title = word(r, "Tori Materiaalit"),
                                     .products = { products, 2 } };

    put(r, "connect", page_vendor_connect(r->a, &v));
    v.product = S("openid-client");
    v.product_name = products[0].name;
    v.file = word(r, "digione.mjs");
    v.text.text =
        word(r, "import * as client from 'openid-client';\n\nconst callback = 'http://localhost:4000/callback';\n");
    v.return_at = word(r, "http://localhost:4000/callback");
    v.secret = true;
    put(r, "connect-product", page_vendor_connect(r->a, &v));
}

static void put_use(const struct vendor_round *r)
{
    const struct vendor_address addresses[] = {
        { S("redirect_uris"), word(r, "Paluuosoitteet"), word(r, "https://tori.example/cb"), true },
        { S("initiate_login_uri"), word(r, "Kirjautumisen alku"), word(r, ""), false }
    };
    const struct vendor_need needs[] = {
        { S("roles"), word(r, "Roolit"), word(r, "Opettaja näkee vastaukset."), word(r, "30.12.2026"), false, true },
        { S("email"), word(r, "Sähköposti"), word(r, "Viestit."), word(r, "1.11.2026"), true, false }
    };
    const struct vendor_use_place places[] = { { S("oulu"), word(r, "Oulu"), S("245"), true },
                                               { S("espoo"), word(r, "Espoo"), { NULL, 0 }, false } };
    const struct vendor_use_day days[] = { { word(r, "29.11."), S("214") }, { word(r, "30.11."), { NULL, 0 } } };
    const struct vendor_receipt_row receipts[] = { { .id = S("k-1"),
                                                     .provider = word(r, "Oulu"),
                                                     .whom = word(r, "Opettajat"),
                                                     .gives = word(r, "etunimet"),
                                                     .keeps = word(r, "sähköposti"),
                                                     .in_force = true } };
    struct vendor_use_view v = { .con = con(r, VENDOR_PLACE_SERVICES, VENDOR_TAB_USE),
                                 .id = S("tori"),
                                 .title = word(r, "Tori Materiaalit"),
                                 .test = true,
                                 .saml = true,
                                 .addresses = { addresses, 2 } };

    put(r, "ask", page_vendor_use(r->a, &v));
    v.trouble = word(r, "redirect_uris \"http://tori.example/cb\" must begin with https://");
    put(r, "ask-refused", page_vendor_use(r->a, &v));
    v.trouble = (struct str){ NULL, 0 };
    v.asked = v.waits = true;
    v.client_id = S("y2345678-0-abc");
    v.secret = word(r, "q1w2e3r4t5y6u7i8o9p0a1s2d3f4g5h6j7k8l9z0x1c");
    put(r, "asked", page_vendor_use(r->a, &v));
    v = (struct vendor_use_view){ .con = v.con,
                                  .id = v.id,
                                  .title = v.title,
                                  .needs = { needs, 2 },
                                  .from = word(r, "3.11."),
                                  .to = word(r, "30.11."),
                                  .middle = word(r, "17.11."),
                                  .most = S("250"),
                                  .half = S("125"),
                                  .sum = S("245"),
                                  .bars = S("M260 20v80h8v-80z"),
                                  .few = S("M270 96v4h8v-4z"),
                                  .days = { days, 2 },
                                  .places = { places, 2 },
                                  .receipts = { receipts, 1 } };
    put(r, "use", page_vendor_use(r->a, &v));
}

static void put_receipt(const struct vendor_round *r)
{
    struct vendor_receipt_view v = { .con = con(r, VENDOR_PLACE_SERVICES, VENDOR_TAB_USE),
                                     .id = S("kanerva"),
                                     .title = word(r, "Kanerva Oppikirjat"),
                                     .receipt = { .id = S("k-1"),
                                                  .service = word(r, "Kanerva Oppikirjat"),
                                                  .vendor = word(r, "Tuisku Oy"),
                                                  .provider = word(r, "Oulu"),
                                                  .oid = S("1.2.246.562.99.95640100004"),
                                                  .whom = word(r, "Opettajat, Testi-Kielonmäen koulu"),
                                                  .gives = word(r, "etunimet"),
                                                  .keeps = word(r, "sähköposti"),
                                                  .purpose = word(r, "Äidinkielen opetus"),
                                                  .agreement = word(r, "OUL/2231/2026"),
                                                  .decided_by = word(r, "Helena Virta"),
                                                  .from = word(r, "30.11.2026"),
                                                  .in_force = true } };

    put(r, "receipt", page_vendor_receipt(r->a, &v));
    v.receipt.in_force = false;
    v.receipt.withdrawn = word(r, "1.12.2026");
    v.receipt.why = word(r, "Sopimus irtisanottiin");
    put(r, "receipt-withdrawn", page_vendor_receipt(r->a, &v));
}

static void put_school(const struct vendor_round *r)
{
    const struct vendor_pupil rows[] = { { S("teacher"), word(r, "Helmi Sofia Opettavainen"), word(r, "Opettaja"),
                                           word(r, "Opettaja, Testikoulu"), false, true },
                                         { S("protected"), word(r, "Tuisku"), word(r, "Turvakielto"),
                                           word(r, "Oppilas"), true, false } };
    const struct vendor_pupil_fact facts[] = { { word(r, "Sukunimi"), word(r, "Opettavainen") } };
    const struct vendor_playable services[] = { { S("tori"), word(r, "Tori"), word(r, "OpenID Connect"), { NULL, 0 } },
                                                { S("hanki"), word(r, "Hanki"), word(r, "LTI 1.3"),
                                                  word(r, "Suljettu") } };
    const struct vendor_left_row told[] = { { word(r, "Etunimet"), S("given_name"), { NULL, 0 } } },
                                 left[] = { { word(r, "Sähköposti"), S("email"), word(r, "scope: email") } };
    const struct vendor_told_part parts[] = {
        { word(r, "ID token"), word(r, "10.15"), { word(r, "{\n  \"iss\": \"https://login.example.fi\"\n}") } }
    };
    const struct vendor_playing playing = { S("teacher"), rows[0].name, word(r, "Tori"),
                                            S("https://tori.example/login"), true };
    struct vendor_school_view v = { .con = con(r, VENDOR_PLACE_SCHOOL, VENDOR_TAB_NONE), .rows = { rows, 2 } };
    struct vendor_pupil_view p = { .con = v.con,
                                   .playing = playing,
                                   .of = rows[0],
                                   .facts = { facts, 1 },
                                   .services = { services, 2 },
                                   .told = { told, 1 },
                                   .left = { left, 1 },
                                   .parts = { parts, 1 } };

    put(r, "school", page_vendor_school(r->a, &v));
    put(r, "pupil", page_vendor_pupil(r->a, &p));
    p.denied = word(r, "Mikään päätös ei koske tätä henkilöä.");
    put(r, "pupil-denied", page_vendor_pupil(r->a, &p));
}

static void put_gate(const struct vendor_round *r)
{
    const struct vendor_trial mend[] = { { S("nonce"), word(r, "Väärä nonce"), word(r, "Toinen nonce kuin pyynnössä"),
                                           word(r, "Otti sen vastaan"), word(r, "Vertaa nonce-arvoa"),
                                           word(r, "30.11.2026") } };
    const struct vendor_trial passed[] = { { .word = S("iss"),
                                             .name = word(r, "Väärä iss"),
                                             .sent = word(r, "Toinen iss"),
                                             .did = word(r, "Hylkäsi"),
                                             .when = word(r, "30.11.2026") } };
    const struct vendor_trial later[] = {
        { .word = S("alg_none"), .name = word(r, "alg none"), .sent = word(r, "Ilman allekirjoitusta") }
    };
    struct vendor_gate_view v = { .con = con(r, VENDOR_PLACE_SERVICES, VENDOR_TAB_GATE),
                                  .id = S("tori"),
                                  .title = word(r, "Tori Materiaalit"),
                                  .has = true,
                                  .mend = { mend, 1 },
                                  .not_run = { later, 1 },
                                  .passed = { passed, 1 },
                                  .n_mend = S("1"),
                                  .n_unfinished = S("0"),
                                  .n_not_run = S("1"),
                                  .n_passed = S("1"),
                                  .n_all = S("3"),
                                  .launch = S("https://tori.example/login"),
                                  .next = S("alg_none") };

    put(r, "gate", page_vendor_gate(r->a, &v));
    v.now = mend[0];
    put(r, "gate-now", page_vendor_gate(r->a, &v));
}

static void put_trace(const struct vendor_round *r)
{
    const struct vendor_trace_row rows[] = { { .id = S("a1"),
                                               .when = word(r, "30.11. 10.15"),
                                               .who = word(r, "Helmi Sofia"),
                                               .said = word(r, "Paluuosoite on toinen"),
                                               .current = true },
                                             { .id = S("a2"),
                                               .when = word(r, "30.11. 10.14"),
                                               .who = word(r, "k7x2"),
                                               .said = word(r, "Tuli sisään"),
                                               .well = true },
                                             { .id = S("a3"),
                                               .when = word(r, "30.11. 10.13"),
                                               .who = word(r, "k7x3"),
                                               .said = word(r, "Ei saa"),
                                               .policy = true } };
    const struct vendor_trace_check checks[] = { { .text = word(r, "client_id"), .time = word(r, "10.15.02") },
                                                 { .text = word(r, "redirect_uri"),
                                                   .stop = true,
                                                   .differs = true,
                                                   .given_same = word(r, "https://tori.example/cb"),
                                                   .given_rest = word(r, "/"),
                                                   .held_same = word(r, "https://tori.example/cb"),
                                                   .held_rest = word(r, ""),
                                                   .why = word(r, "Osoite ei ole rekisterissä"),
                                                   .rule = word(r, "OpenID Connect Core 3.1.2.1"),
                                                   .told = word(r, "invalid_request"),
                                                   .code = word(r, "redirect_uri_unknown"),
                                                   .status = S("400") },
                                                 { .text = word(r, "scope"), .after = true } };
    const struct vendor_trace_part parts[] = { { word(r, "redirect_uri"), word(r, "https://tori.example/cb/"),
                                                 S("24") },
                                               { word(r, "state"), { NULL, 0 }, S("43") } };
    const struct vendor_trace_message messages[] = {
        { word(r, "GET /oidc/authorize"), word(r, "10.15.02"), { parts, 2 } }
    };
    const struct vendor_trace_told told[] = { { word(r, "Etunimet"), word(r, "Helmi Sofia"), { NULL, 0 } },
                                              { word(r, "Sähköposti"), { NULL, 0 }, word(r, "scope: email") } };
    struct vendor_trace_view v = { .con = con(r, VENDOR_PLACE_SERVICES, VENDOR_TAB_TRACE),
                                   .id = S("tori"),
                                   .title = word(r, "Tori Materiaalit") };

    put(r, "trace-empty", page_vendor_trace(r->a, &v));
    v.rows.at = rows;
    v.rows.n = 3;
    v.total = S("3");
    v.one = rows[0];
    v.heading = rows[0].said;
    v.support_code = S("WQ5RPWRN");
    v.mend = word(r, "Lisää osoite");
    v.checks.at = checks;
    v.checks.n = 3;
    v.messages.at = messages;
    v.messages.n = 1;
    v.told.at = told;
    v.told.n = 2;
    v.told_test = true;
    put(r, "trace", page_vendor_trace(r->a, &v));
}

static void put_incidents(const struct vendor_round *r)
{
    const struct vendor_incident rows[] = {
        { .id = S("h1"), .says = word(r, "Kirjautuminen on hidasta"), .from = word(r, "30.11.2026 klo 8.00") },
        { .id = S("h2"),
          .says = word(r, "Huolto"),
          .from = word(r, "1.11.2026"),
          .until = word(r, "2.11.2026"),
          .over = true,
          .by_operator = true }
    };
    const struct vendor_failures failures[] = { { S("redirect_uri_unknown"), S("12") } };
    struct vendor_incidents_view v = { .con = con(r, VENDOR_PLACE_SERVICES, VENDOR_TAB_INCIDENTS),
                                       .id = S("tori"),
                                       .title = word(r, "Tori Materiaalit"),
                                       .rows = { rows, 2 },
                                       .failures = { failures, 1 } };

    put(r, "incidents", page_vendor_incidents(r->a, &v));
}

void render_vendor(const struct vendor_round *r)
{
    put_coming(r);
    put_home(r);
    put_organisation(r);
    put_service(r);
    put_connect(r);
    put_use(r);
    put_receipt(r);
    put_school(r);
    put_gate(r);
    put_trace(r);
    put_incidents(r);
}
