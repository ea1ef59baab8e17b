/* SPDX-License-Identifier: EUPL-1.2
 * launcher/pages.h: every page a person lands on, as a function of its view.
 *
 * Floor 5.  A page takes a struct of plain values and gives complete HTML; it
 * reads nothing else, so it cannot fail and never blocks.  All texts are foreign
 * until escaped: callers pass them as they came.  The result lives in the arena
 * given; it is absent only if the page outgrew HTML_PAGE_MAX_B.
 *
 * An absent or empty text means "does not apply": its part of the page is left
 * out.  Addresses are paths of ours, or http(s) addresses that the caller has
 * checked (a service's registered redirect URI, a provider's support page); the
 * template refuses any other scheme besides.
 *
 * Send every page with page_send() (frame/page.h).
 */
#ifndef LAUNCHER_PAGES_H
#define LAUNCHER_PAGES_H

#include "base/fail.h"
#include "frame/page.h"
#include "idp-adapters/refusals.h"
#include "launcher/notices.h"
#include "launcher/tiles.h"
#include "model/ctx.h"
#include "wire/html.h"

enum { PICKS_MAX = 12, RESULTS_SHOWN = 8, RESULTS_PAGE = 40 /* what a page of 50 KB holds */ };

/* --- signing in ------------------------------------------------------------------------------------------- */

struct pick {                      /* one thing to choose: a city, a school, an identity provider */
    struct str idp;                /* registry id that is posted */
    struct str before, hit, after; /* the name, the matching part apart; without a search all of it is in `before` */
    struct str note;               /* second line: the city under a school's name */
    struct str lang, note_lang;    /* tags, where they are in another language than the page; else absent */
    bool away;                     /* its sign-in did not answer a moment ago; it can be chosen all the same */
};

struct picks {
    const struct pick *at;
    size_t n;
};

struct letter {
    struct str letter; /* "K" */
    size_t count;
    bool current;
};

struct letters {
    const struct letter *at;
    size_t n;
};

struct sign_in_view { /* GET /sign-in */
    struct page page;
    struct str login;   /* id of the login in flight; goes into every form and link as `login` */
    struct str service; /* name of the service being opened; absent: the launcher */
    struct icon service_icon;
    struct str service_policy, service_terms; /* addresses of its own; absent: none */
    struct str cancel;                        /* leads back to it, not signed in; absent: it did not send anybody */
    bool shared;            /* the device is marked as shared: "remember" is off, and the mark can be taken away */
    int64_t shared_idle_s;  /* what it means: signed out when unused for so long */
    struct pick remembered; /* last choice; idp absent: none, or `all=1` was asked */
    bool search;            /* more than PICKS_MAX to choose from: no buttons before a search or a letter */
    size_t city_count;      /* all of them */
    struct picks used;      /* with it: what was chosen on this device before */
    struct letters letters; /* with it: with which municipalities begin */
    struct str letter;      /* the chosen one: picks are its municipalities */
    struct picks all;       /* with it, where they are not too many: every municipality, to complete what is typed */
    struct picks picks;     /* without a search: the buttons; with one: the rows shown */
    bool guardians;         /* GET /guardian?login=… leads to where they sign in */
    struct picks others;    /* local accounts and other ways; GET /sign-in/local?idp=…&login=… */
    struct str q;           /* what was searched for; absent: no search */
    size_t total;           /* hits in all */
    size_t from;            /* hits before the first one shown */
    size_t next, previous;  /* the last hit of the pages after and before this one (parameter `n`); 0: none */
};
/* Forms and links of this page:
 *   GET  /sign-in?login=&q=        search             GET  /sign-in?login=&q=&n=40   show more
 *   GET  /sign-in?login=&letter=   its municipalities
 *   POST /sign-in/idp              login, idp, remember=1, shared=1 (when ticked)
 *   GET  /sign-in?login=&all=1     choose another     POST /sign-in/forget           login
 *   POST /sign-in/own              login, idp: the device is not shared any more
 *   GET  /sign-in?login=&help=1    "I cannot find my school": page_no_school */
struct html page_sign_in(struct arena *a, const struct sign_in_view *v);
struct html page_no_school(struct arena *a, const struct sign_in_view *v);

/* The picker over a registry snapshot: made by the first call (gateway/node/node.c, before a snapshot is in force),
 * kept with it, shared by all threads. */
struct picker;
const struct picker *picker_of(const struct registry *r);
/* Fills in all of a view whose page.lang is set but page, login, service and shared.  query, n and letter as they came
 * in the request (absent: none); remembered_idp and used from the cookie; all: `all=1`. */
struct picker_ask {
    struct str query, n, letter, remembered_idp;
    struct strs used; /* ids from the cookie, the last first */
    bool all;
    bool local_allowed; /* may local accounts sign in to this service? */
};
void picker_fill(const struct picker *p, struct arena *a, const struct picker_ask *ask, struct sign_in_view *v);

enum local_error { LOCAL_OK = 0, LOCAL_WRONG /* name or password, never which */, LOCAL_EMPTY, LOCAL_BUSY };

struct local_view { /* GET, POST /sign-in/local: login, idp, username, password, shared=1;
                     * lang=sv in place of a password: the same form in another language */
    struct page page;
    struct str login, idp, idp_name, service;
    struct icon service_icon;
    struct str service_policy, service_terms, cancel; /* as above */
    struct str username;                              /* as typed; the password is never shown again */
    bool marked;           /* the device is marked as shared, and the mark can be taken away */
    bool shared;           /* else whether "shared" is ticked */
    int64_t shared_idle_s; /* what it means: signed out when unused for so long */
    enum local_error error;
    bool no_username, no_password;      /* with LOCAL_EMPTY: each that is */
    int64_t wait_s;                     /* with LOCAL_BUSY: try again after */
    struct str ask, ask_url, ask_email; /* whose help desk gives a new password */
    /* Of people of vendors, and of who administers by an account of our own: a code besides (field `code`), or a
     * passkey (POST /sign-in/passkey: login, idp, seal, key, client, data, signature), which passkey.js asks the
     * browser for. */
    bool code;
    bool code_maybe; /* only who has a passkey needs one */
    struct str seal, challenge, rp;
};
struct html page_local(struct arena *a, const struct local_view *v);

/* --- the launcher ----------------------------------------------------------------------------------------- */

struct school_tab {
    struct str id;         /* parameter `school` of /; "all": every one */
    struct str name, role; /* role: what the person is there */
    struct str lang;       /* of the name, where it is another than the page's */
    bool current;
};

struct school_tabs {
    const struct school_tab *at;
    size_t n;
};

struct launcher_view { /* GET /?school=&q=&from= */
    struct page page;
    struct tiles tiles;
    struct notices notices; /* not read yet; each has a form: POST /news: csrf, read=ID */
    struct str today;       /* "Maanantai 23. marraskuuta" */
    struct str q;
    bool leads;                         /* a group: "/class" is theirs */
    bool shared;                        /* a shared device: the "Valmis" bar for pupils */
    bool cleared;                       /* the search was emptied: the field has the focus */
    struct school_tabs schools;         /* more than one: the switch, "all" first */
    struct str school, school_id;       /* the chosen (or only) school: name, or the provider's; parameter `school` */
    struct str ask, ask_url, ask_email; /* whose help desk opens services */
    struct {                            /* opened to them since they last looked (fresh.h) */
        const struct tile *at;
        size_t n;
    } fresh;
    struct { /* of another account of the person's, in another municipality */
        const struct tile *at;
        size_t n;
    } other;
    struct str own_title, other_title; /* then: whose the tiles are */
};
struct launcher_ask {            /* parameters as they came; absent: none */
    struct str school, q, from;  /* school: also as it was chosen before */
    const struct tile_pin *pins; /* what teachers have put first */
    size_t pin_count;
    const struct strs *recent; /* ids of services, the last opened first; NULL: none */
    bool lists;                /* fills in tiles.theirs */
    bool shared;
};
/* Fills in the whole view from the session's person. */
struct launcher_view launcher_for(const struct ctx *c, const struct launcher_ask *asked);
struct html page_launcher(struct arena *a, const struct launcher_view *v); /* also the empty one */

struct lesson_group {
    struct str url, school, group;
};
struct lesson_place { /* a school, or a service, to choose */
    struct str value, name;
    bool on;
};
struct lesson_pin {
    struct str id, service_id, title, service, open, url, until; /* url: open, with our own address before it */
};
enum lesson_said {
    LESSON_SAID_NOTHING = 0,
    LESSON_SAID_PINNED,
    LESSON_SAID_GONE,
    LESSON_SAID_ENDED,
    LESSON_SAID_SERVICE, /* none, or not theirs to open */
    LESSON_SAID_TARGET,  /* it lets no link lead there */
    LESSON_SAID_UNTIL,   /* no day, one that is over, or too far ahead */
    LESSON_SAID_FULL     /* no more sessions can be ended */
};
struct lesson_view { /* GET /class?at=SCHOOL&group=; POST: csrf, at, group, act=pin (service, title, to, until),
                      * act=unpin (service, id), act=end */
    struct page page;
    enum lesson_said said;
    struct str school_id, school, group; /* absent: none is chosen */
    struct {
        const struct lesson_group *at;
        size_t n;
    } groups; /* that the city says are theirs */
    struct {
        const struct lesson_place *at;
        size_t n;
    } places, services; /* the schools where they may; what they can put first */
    struct {
        const struct lesson_pin *at;
        size_t n;
    } pins;
    struct {
        const struct str *at;
        size_t n;
    } deaf; /* with ENDED: services that do not hear of it */
    bool more_deaf, may_pin, may_end, shared;
    struct str title, to, until;
};
struct html page_lesson(struct arena *a, const struct lesson_view *v);

struct news_view { /* GET /news: all of them; POST: csrf, read=ID, here=1 (comes back to this page) */
    struct page page;
    struct notices notices;
    bool shared;
};
struct news_view news_for(const struct ctx *c);
struct html page_news(struct arena *a, const struct news_view *v);

enum { FAVOURITE_ROWS_MAX = 24 }; /* to choose from on one page: each has a button */

/* GET /favourites?q=&from=; POST: csrf, one of add, remove, up, down with a service's id, and q and from to come back
 * to the same page. */
struct favourites_view {
    struct page page;
    struct tiles tiles; /* favourites, and in groups what may become one */
    struct str q;
    bool shared;
    size_t max;
};
/* q, from: parameters as they came. */
struct favourites_view favourites_for(const struct ctx *c, struct str q, struct str from, size_t max);
struct html page_favourites(struct arena *a, const struct favourites_view *v);

/* --- refusals --------------------------------------------------------------------------------------------- */

struct denied_way { /* how it is open, and what is so now: "luokat 7–9", "oppilas, luokka 5"; is may be "" */
    struct str words, is;
};
/* What somebody has asked to be opened to them, and what became of it. */
struct plea_line {
    int64_t number;
    struct str service, service_id, place, role, when;
    struct str answer, office, answered; /* the words, whose, on which day; absent: none */
    bool waits, met;                     /* met: it is open to them */
};
struct plea_lines {
    const struct plea_line *at;
    size_t n;
};
struct plea_choice {
    struct str value, name;
    bool on;
};
enum plea_said {
    PLEA_SAID_NOTHING = 0,
    PLEA_SAID_WORDS, /* they hold what may be a child's */
    PLEA_SAID_PLACE, /* none was chosen */
    PLEA_SAID_DAY,   /* enough for today */
    PLEA_SAID_MANY,  /* enough for now */
    PLEA_SAID_FULL   /* no more is kept there */
};
struct plea_view { /* POST /request/SERVICE: csrf, place, why, named=1; or csrf, take=NUMBER */
    struct str service;
    struct {
        const struct plea_choice *at;
        size_t n;
    } choices;                           /* as what, and where; none: they cannot ask */
    bool staff;                          /* words and a name may be given */
    struct str to, count;                /* of the one choice: who is asked; how many ask already, absent: nobody */
    struct plea_lines own;               /* what they asked themselves */
    struct str answer, office, answered; /* what was answered to others like them, not long ago; absent: nothing */
    enum plea_said said;
    struct str words; /* as they were typed */
    bool named;
};
struct chain_view { /* who decides what; provider absent: not shown */
    struct str provider, school;
    bool left; /* it stopped at the school, and not at the provider */
};

struct denied_view { /* also GET /why/SERVICE, from a search */
    struct page page;
    struct {
        const struct denied_way *at;
        size_t n;
    } ways;
    struct str child_age; /* from which the child alone decides, whom the person acts for; absent: another reason */
    bool not_now;         /* all that is otherwise passes: a time, a device */
    bool no_place;        /* nothing was said of the person that any policy speaks of */
    struct str exam_ends; /* they sit an exam, until then; absent: none that shuts it */
    bool asked;           /* nobody was refused: the person asks why it is missing */
    struct str service;
    struct icon service_icon;
    struct str school;                  /* school or provider that has not opened it */
    struct str ask, ask_url, ask_email; /* whom to ask: the provider and its help desk */
    struct str support_code;
    int64_t at_s;
    struct str back; /* the service's own address, checked; absent: none */
    struct plea_view plea;
    struct chain_view chain;
};
struct html page_denied(struct arena *a, const struct denied_view *v);
/* Fills in the names from the registry.  decision.ask says whom to ask. */
void denied_ask(struct denied_view *v, const struct service *s, const struct decision *d, struct arena *a);

struct error_view {
    struct page page;
    enum fail_kind kind; /* chooses the words */
    enum lasts lasts;    /* of what an identity provider refuses: chooses them instead; LASTS_UNKNOWN: kind does */
    struct str city;     /* its name */
    struct str word; /* the stable code of what is wrong at the identity provider, for those who run it; absent: none */
    struct str city_help; /* its own page for such trouble (errorURL of its metadata); absent: none */
    struct str service;   /* name of the service, where one is known */
    struct str support_code;
    struct str told; /* what the service asked wrongly, in English, for its makers; quotes nothing */
    int64_t at_s;
    struct str again;  /* the same thing once more, e.g. "/sign-in/again?login=…"; absent: none */
    struct str choose; /* where another identity provider can be chosen, for the same service; absent: none */
    struct str back;   /* to the service: its own address, checked, or a path of ours that tells it; absent: none */
    struct str fresh;  /* a fresh start; absent: "/" */
    int retry_s;       /* with FAIL_OURS and `again`: the page tries by itself after so many seconds, and says so */
};
struct html page_error(struct arena *a, const struct error_view *v);
/* Sends it, with a Refresh header when it tries again by itself.  (A <meta> refresh does the same to a browser, but
 * fails accessibility checks, WCAG failure technique F41.)  Fails as page_send(). */
enum step page_error_send(struct ctx *c, int status, const struct error_view *v, struct fail *f);

struct expired_view { /* a login that was begun too long ago, answered twice, or in another browser */
    struct page page;
    struct str service, back, fresh;
    bool no_cookies; /* the browser sent none: it may block them */
};
struct html page_expired(struct arena *a, const struct expired_view *v);

struct astray_view { /* GET /open/SERVICE?to=: a link to a place that the service has not allowed; quotes nothing of it
                      */
    struct page page;
    struct str service, open; /* its name; a path of ours that opens its front page */
};
struct html page_astray(struct arena *a, const struct astray_view *v);

/* --- leaving ---------------------------------------------------------------------------------------------- */

enum sign_out_ask {
    SIGN_OUT_UNKNOWN = 0, /* nobody is signed in here, and nothing is known of who was */
    SIGN_OUT_OVER,        /* the session is over; what it had opened, and the city, may not be */
    SIGN_OUT_ASK
};

struct sign_out_view { /* GET /sign-out: asks first; POST /sign-out: csrf, state */
    struct page page;
    enum sign_out_ask ask;
    struct str csrf;
    struct str state;   /* hidden field `state`: the caller's own, e.g. a sealed post-logout address */
    struct str service; /* the service that asked; absent: the person did */
    struct str stay;    /* where "stay signed in" leads; absent: "/" */
    struct str back;    /* where nothing is known: the service's own address, checked */
    struct str fault;   /* what the service asked wrongly, in English, for its makers */
};
struct html page_sign_out(struct arena *a, const struct sign_out_view *v);

/* Zero claims least: still open, and it cannot be told. */
enum receipt {
    RECEIPT_OPEN = 0,
    RECEIPT_ASKED, /* was told, and has not said that it heard */
    RECEIPT_WAITS, /* did not answer; ends by itself */
    RECEIPT_OVER,  /* had ended before */
    RECEIPT_OUT
};

struct left {
    struct str name;
    struct str lang; /* of the name, where it is another than the page's */
    enum receipt receipt;
    int64_t ends_s; /* with RECEIPT_WAITS: when it ends by itself; 0: not known */
    struct str url; /* a path of ours by which the browser itself ends it; absent: none */
    bool is_city;   /* its own log-in, and no service */
};

struct lefts {
    const struct left *at;
    size_t n;
};

/* What the browser itself tells services that hear so: loaded where nobody sees it. */
struct frame {
    struct str url, name;
};

struct frames {
    const struct frame *at;
    size_t n;
};

struct signed_out_view {
    struct page page;
    struct lefts left; /* the gateway itself, the services opened */
    struct str city;   /* whose own sign-in is the last of the list; absent: none */
    enum receipt city_receipt;
    struct str back;    /* the service's own address, checked */
    struct str service; /* its name */
    struct str fault;   /* what it asked wrongly, in English, for its makers */
    struct frames frames;
    struct str next; /* a shared device: where the next one signs in, "/school/99101"; absent: not known */
    bool more;       /* further services were opened, which are not listed */
    bool over;       /* the session had ended before */
};
struct html page_signed_out(struct arena *a, const struct signed_out_view *v);

struct leaving_view { /* on the way back to a service: a script leads on once the frames have loaded, else the caller's
                         Refresh header */
    struct page page;
    struct str url, to; /* a checked address; the service's name */
    bool own;           /* it is that of our page of what has ended */
    struct frames frames;
};
struct html page_leaving(struct arena *a, const struct leaving_view *v);

struct idle_view { /* GET /idle: where a page on a shared device goes by itself, and the session is over */
    struct page page;
    struct str csrf; /* of the session that is over, for leaving its city; absent: nothing is known of it */
};
struct html page_idle(struct arena *a, const struct idle_view *v);

struct still_view { /* GET /idle: the session is about to end */
    struct page page;
    struct str back; /* a path of ours: where the person was, and goes on */
    int64_t minutes; /* unused for so long, in a moment */
    int64_t ends_s;
};
struct html page_still(struct arena *a, const struct still_view *v);

/* --- what is known of the person --- */

enum {
    ME_SERVICES_MAX = 20,
    ME_LOOKS_MAX = 20,
    ME_SESSIONS_MAX = 8,
    ME_CONSENTS_MAX = 40,
    ME_HELD_MAX = 40,
    ME_TIMES_MAX = 5
};

struct me_place { /* an affiliation */
    struct str where, group, level, from, to, came;
    struct str role; /* absent: what came was not understood */
};
enum me_hears { ME_DEAF = 0 /* nobody can tell it */, ME_TELLING, ME_HEARD, ME_LOST };
struct me_receipt { /* what a service said to the end of a session */
    struct str service;
    enum me_hears hears;
};
struct me_session { /* at another browser, told from the log */
    struct str when, idp, services;
    struct str sid;   /* absent: it was ended from here, or another browser, */
    struct str ended; /* then */
    struct {
        const struct me_receipt *at;
        size_t n;
    } receipts;
};
struct me_time {
    struct str when;
};
struct told_why { /* what is told, and why the service asks for it, as its vendor says */
    struct str what, why;
};
struct me_told {
    struct str service, count, last, claims;
    struct {
        const struct told_why *at;
        size_t n;
    } whys; /* of some of it */
    struct {
        const struct me_time *at;
        size_t n;
    } times; /* where there was more than one */
};
enum me_looked { LOOKED_PERSON = 0, LOOKED_ENDED, LOOKED_EXPORTED, LOOKED_CODE, LOOKED_LOG };
enum me_reason { REASON_NONE = 0, REASON_SUPPORT, REASON_INCIDENT, REASON_REQUEST };
struct me_look {
    struct str when, office; /* office: "Pääkäyttäjä, Oulu" */
    enum me_looked looked;
    enum me_reason reason;
};
enum me_said {
    ME_SAID_NOTHING = 0,
    ME_SAID_OTHERS,
    ME_SAID_FORGOTTEN,
    ME_SAID_TAKEN_BACK,
    ME_SAID_LET_GO,
    ME_SAID_SESSION
};
struct me_consent { /* what they have let a service be told */
    struct str service, service_id, when, claims;
};
struct me_held { /* a service that stays signed in when they have signed out */
    struct str service, service_id, since, seen;
};

struct me_view { /* GET /me, GET /me/data (JSON); POST /me: csrf, act=others|forget|consent|end|session, service,
                  * sid */
    struct page page;
    enum me_said said;
    struct str name, email, learner_id, age;
    bool hidden;           /* their data is protected */
    struct str city, came; /* who told it, when */
    struct {
        const struct me_place *at;
        size_t n;
    } places;
    bool shared;
    struct str began, ends; /* of this session */
    struct {
        const struct me_session *at;
        size_t n;
    } sessions;
    struct {
        const struct me_told *at;
        size_t n;
    } told;
    bool told_cut, looks_cut, sessions_cut; /* there is more than the page holds */
    struct {
        const struct me_look *at;
        size_t n;
    } looks;
    struct {
        const struct me_consent *at;
        size_t n;
    } consents;
    struct {
        const struct me_held *at;
        size_t n;
    } held;
    struct plea_view plea; /* own: requests */
    struct str remembered; /* the identity provider that this browser remembers; absent: none */
    bool away;             /* the log could not be read */
    struct str ask, ask_url, ask_email;
};
struct html page_me(struct arena *a, const struct me_view *v);

struct me_line {
    struct str when, what, service, claims, rule, code, number;
    struct {
        const struct told_why *at;
        size_t n;
    } whys;
};
struct me_log_view { /* GET /me/log?before=: the newest first */
    struct page page;
    struct {
        const struct me_line *at;
        size_t n;
    } lines;
    struct str next; /* parameter `before` of what is older; absent: nothing is */
    bool older;      /* the newest are on another page */
    bool away, shared;
};
struct html page_me_log(struct arena *a, const struct me_log_view *v);

/* --- about --- */

enum { ABOUT_ROWS_MAX = 30 };

struct about_row {
    struct str name, line, name_lang, line_lang;
    struct str told; /* at most this, in words; absent: nothing */
    struct {
        const struct told_why *at;
        size_t n;
    } whys; /* of some of it */
};

struct about_view { /* GET /about?from= */
    struct page page;
    size_t municipalities, services, from, next; /* next: 0: none */
    struct {
        const struct about_row *at;
        size_t n;
    } rows;
};
/* Fills in the rest of a view whose page.lang is set. */
void about_fill(struct arena *a, const struct registry *r, int64_t from, struct about_view *v);
struct html page_about(struct arena *a, const struct about_view *v);

/* --- what a service would be told --------------------------------------------------------------------------- */

struct telling_row { /* what, as it would be told now (absent: not shown), and why the service asks for it */
    struct str what, value, why, without; /* without: what happens where it is not given */
};
struct tells {                    /* of one service, to one person */
    struct str service, provider; /* provider: whose school has chosen it; absent: not known */
    struct icon service_icon;
    struct str site, policy, terms; /* addresses of the service's own pages, checked; absent: none */
    /* What is told and was not when they last saw it, what is told no longer, and when they did; absent: none. */
    struct str fresh, gone, since;
    struct {
        const struct telling_row *at;
        size_t n;
    } rows;
};

struct consent_view { /* GET /consent?login=; POST /consent: login, csrf, told, act=yes|no */
    struct page page;
    bool asks; /* a voluntary service: yes or no; else there is nothing to agree to */
    bool grew; /* it would be told more than before */
    struct str login;
    struct str told; /* words of what is shown: what is agreed to, and nothing that came to it since */
    struct tells of;
};
struct html page_consent(struct arena *a, const struct consent_view *v);

enum device_at { DEVICE_TYPE = 0, DEVICE_ASK, DEVICE_YES, DEVICE_NO };
enum device_wrong { DEVICE_RIGHT = 0, DEVICE_EMPTY, DEVICE_WRONG, DEVICE_BUSY };

struct device_view { /* GET /device?user_code=; POST /device: csrf, user_code, told, act=yes|no */
    struct page page;
    enum device_at at;
    enum device_wrong wrong; /* DEVICE_TYPE */
    struct str typed;        /* as it was */
    struct str code;         /* DEVICE_ASK: as the screen shows it */
    struct str asked;        /* when the screen asked */
    bool stays;              /* it would stay signed in when this session ends */
    struct str told;         /* words of what is shown */
    struct tells of;
};
struct html page_device(struct arena *a, const struct device_view *v);

struct screen_view { /* GET /device/screen?user_code=: for a screen that shows pages, and draws no QR code itself */
    struct page page;
    struct str address; /* what is typed: "gateway.example/device" */
    struct str code;
    struct str url; /* what the QR code says */
};
struct html page_screen(struct arena *a, const struct screen_view *v);

/* --- going on --------------------------------------------------------------------------------------------- */

struct continue_view { /* goes on by itself with a GET, and has a link besides */
    struct page page;
    struct str url, to; /* where; its name */
};
struct html page_continue(struct arena *a, const struct continue_view *v);

struct hidden_field {
    struct str name, value;
};

struct post_view { /* an answer that the browser takes to a service by POST: a button, and the script presses it */
    struct page page;
    struct str url, to; /* a checked address; the service's name */
    struct {
        const struct hidden_field *at;
        size_t n;
    } fields;
};
struct html page_post(struct arena *a, const struct post_view *v);

struct picked_row {
    struct str title, url; /* the link that holds what was picked */
};
struct framed_view { /* a service in a frame of ours, which keeps things for it (frame/assets/storage.js) */
    struct page page;
    struct str service, url; /* its name; where it begins */
    struct str origins;      /* space-separated: for whom things are kept */
};
struct html page_framed(struct arena *a, const struct framed_view *v);

struct picked_rows {
    const struct picked_row *at;
    size_t n;
};
struct class_view { /* a launch, and which of their classes it is in: one address each */
    struct page page;
    struct str service; /* its name */
    struct picked_rows classes;
};
struct html page_class(struct arena *a, const struct class_view *v);

struct picked_view { /* GET /lti/picked: what somebody picked in a service, as links to hand on */
    struct page page;
    struct str service, service_id, again; /* its name; where more can be picked */
    struct picked_rows links;
    struct picked_rows classes; /* for which they may be put up: POST /lti/links; url: parameter `class` */
    struct str list;            /* parameter `add` */
    int64_t left_out;           /* things that no link can hold */
};
struct class_row {
    struct str id, title, url;
    bool first, last; /* of its list */
};
struct class_list { /* of one service, in one class */
    struct str service, service_id, context;
    struct str class_name; /* "": none is told */
    struct str open, pick; /* the service in that class; its catalogue */
    struct str more;       /* where its links are, when they are too many for this page; absent: here */
    bool teaches;          /* the person: they pick, and POST /lti/links: csrf, service, class, and one of up, down,
                            * remove with a link's id */
    struct {
        const struct class_row *at;
        size_t n;
    } links;
};
struct links_view { /* GET /lti/pick: links of the person's classes */
    struct page page;
    struct {
        const struct class_list *at;
        size_t n;
    } lists;
    bool teaches; /* any of them */
    bool shared;  /* a shared device */
    bool only;    /* one list alone was asked for: POST only=1 comes back to it */
};
struct html page_links(struct arena *a, const struct links_view *v);

struct html page_picked(struct arena *a, const struct picked_view *v);

/* --- accounts that belong together --------------------------------------------------------------------------- */

enum accounts_said {
    ACCOUNTS_SAID_NOTHING = 0,
    ACCOUNTS_SAID_JOINED,
    ACCOUNTS_SAID_PARTED,
    ACCOUNTS_SAID_NOT_SAME, /* nothing says that they are one person's */
    ACCOUNTS_SAID_OVER,     /* what was asked is not asked any more */
    ACCOUNTS_SAID_LEFT
};

struct account_row {
    struct str mark, city, provider, since;
    bool here; /* signed in with it as well, at this browser */
};

struct accounts_view { /* GET /me/accounts; POST: csrf, act=add|open|join|part|leave, provider, with, mark */
    struct page page;
    enum accounts_said said;
    bool shared, asked; /* asked: whether both are theirs */
    struct str name, city;
    struct str other_name, other_city, with; /* of asked */
    struct {
        const struct account_row *at;
        size_t n;
    } rows;
};
struct html page_accounts(struct arena *a, const struct accounts_view *v);

/* --- guardians -------------------------------------------------------------------------------------------- */

struct ward_pick { /* a child of the guardian's */
    struct str id; /* parameter `child` */
    struct str name, initial;
    struct str where, city; /* "Kielonmäen koulu, 4A"; the municipality */
    bool current;
};
struct guardian_view { /* GET /guardian */
    struct page page;
    struct {
        const struct ward_pick *at;
        size_t n;
    } wards;
    struct str login;        /* of the service that is being opened; absent: none */
    int64_t began_s, ends_s; /* the sign-in, and when it ends */
    bool acts;               /* for one of them already: changing closes its services */
};
/* POST /guardian: csrf, login, act=choose child=…, or act=again */
struct html page_guardian(struct arena *a, const struct guardian_view *v);
/* Nobody to act for, whatever the reason is: nothing but support_code differs from one to the next. */
struct guardian_none_view {
    struct page page;
    struct str login, support_code;
};
struct html page_guardian_none(struct arena *a, const struct guardian_none_view *v);

struct roles_view { /* GET /roles; POST /roles: csrf, act=guardian or act=school */
    struct page page;
    struct strs open; /* services that a change closes, by name */
};
struct html page_roles(struct arena *a, const struct roles_view *v);

#endif
