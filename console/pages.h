/* SPDX-License-Identifier: EUPL-1.2
 * console/pages.h: every page of the console, as a function of its view.
 *
 * Floor 5, beside launcher/: neither knows the other.  As there, a page takes a struct of plain values and gives
 * complete HTML; it reads nothing else, cannot fail and never blocks, and an absent text is a part left out.  Whether
 * somebody may see or do a thing was decided before the view was made: a view has only what its person may.
 */
#ifndef CONSOLE_PAGES_H
#define CONSOLE_PAGES_H

#include "frame/page.h"
#include "frame/receipt.h"

/* --- what every page of the console carries --------------------------------------------------------------- */

enum sub {
    SUB_NONE = 0,
    SUB_MATRIX,
    SUB_RELEASE,
    SUB_DRAFTS,
    SUB_REQUESTS,
    SUB_HISTORY,
    SUB_FIND,
    SUB_SESSIONS,
    SUB_PASSES,
    SUB_EXAMS,
    SUB_CALENDAR,
    SUB_NETWORKS,
    SUB_REGISTRARS,
    SUB_METADATA,
    SUB_VENDORS,
    SUB_INCIDENTS,
    SUB_NOTICES
};
enum place {
    PLACE_NONE = 0,
    PLACE_HOME,
    PLACE_RIGHTS,
    PLACE_SERVICES,
    PLACE_PROVIDERS,
    PLACE_IDPS,
    PLACE_PEOPLE,
    PLACE_WHY,
    PLACE_SCHOOL,
    PLACE_ADMINS,
    PLACE_LOG
};

struct console_page {
    struct page page;
    struct str scope; /* whose console: "Oulu", "Koko maa" */
    bool nation;      /* it is all of the country's */
    enum place place; /* where in the navigation */
    bool below;       /* on a page below it */
    enum sub sub;
    bool choose; /* another area can be chosen */
    bool may_view, may_log, may_people, may_end, may_passes, may_exams, may_calendar, may_notices;
    struct str people_at; /* where these begin; absent: none of those from may_people on */
    bool school;          /* it is one school's */
    int64_t waits;        /* things that wait for this person; 0: none */
    struct str csrf;      /* of every form here: field `csrf` */
};

/* Where the sign-in comes back to: sets the console's cookie and goes on at once (Refresh), or by its button. */
struct enter_view { /* GET /admin/enter?to= */
    struct page page;
    struct str to; /* a path of the console */
};
struct html page_enter(struct arena *a, const struct enter_view *v);

struct area_row {
    struct str id, name, note; /* id: field `area`; note: whose school it is */
    bool current;
};

struct areas_view { /* GET /admin/area?q=; POST /admin/area: csrf, area */
    struct console_page con;
    struct {
        const struct area_row *at;
        size_t n;
    } rows;
    struct str q;
    bool searchable, more; /* more: there are more than are shown */
    bool may_open;         /* a place for a municipality */
};
struct html page_areas(struct arena *a, const struct areas_view *v);

/* --- lists of what can be chosen --- */

struct choice { /* a box or an item of a list */
    struct str value, name;
    bool on;
};

struct choices {
    const struct choice *at;
    size_t n;
};

/* --- home --- */

enum vital { VITAL_OK = 0, VITAL_WARN, VITAL_BAD };

enum urgency { URGENCY_CALM = 0, URGENCY_SOON, URGENCY_NOW };
enum todo_kind {
    TODO_NONE = 0,
    TODO_IDP_FAILS,
    TODO_IDP_AWAY,
    TODO_METADATA_ENDS,
    TODO_CERTIFICATE_ENDS,
    TODO_SECRET_ENDS,
    TODO_OWN_ENDS, /* a certificate of our own */
    TODO_KEY_WAITS,
    TODO_IDP_OFF,
    TODO_DRAFT,
    TODO_DRAFT_APPROVED, /* and not published */
    TODO_DRAFT_BACK,     /* to whom it is sent back */
    TODO_RIGHT_ENDS,
    TODO_ALARM,
    TODO_PLEA, /* people ask for a service: name; n of them, who they are, since when */
    TODO_PLEAS /* and for more services than are shown */
};

struct todo {
    enum todo_kind kind;
    enum urgency urgency;
    struct str name;     /* of the identity provider, or of the draft */
    struct str code;     /* stable; of TODO_IDP_FAILS and TODO_IDP_AWAY */
    struct str n, when;  /* how many; since when, or by when */
    struct str link;     /* where it is looked after: a path of ours */
    struct str provider; /* whose; absent: this one's */
    struct str why;      /* as somebody gave it; of TODO_ALARM what it is about */
    struct str severity; /* of TODO_ALARM, in words */
};

struct change_line { /* a change as lists show it */
    int64_t number;
    struct str when, who, maker, why, counts;
    bool undo;
    int64_t undoes;
    bool current; /* it is the last one */
    bool chosen;  /* it is the one that the page shows */
};

struct change_lines {
    const struct change_line *at;
    size_t n;
};

struct door_mark { /* of a municipality, in alphabetical order */
    bool sick, down;
};

struct city_row {                                         /* a municipality that is unwell */
    struct str name, idp, what, code, since, failed, all; /* idp: the id of the worst of its identity providers */
    bool down;
};

struct node_row {
    struct str name, version, up, why, heard; /* why: parts that are not well, by their stable words */
    struct str disk, clock, key; /* free, per cent; by how many seconds it jumped; when a key of its own retires */
    struct str connections, jobs, audit, behind;
    enum vital vital;
    bool silent, reserve;
};

struct part_row { /* something that every node has: at how many of them it is well */
    struct str name, well, all, code;
};

struct failing_row { /* a service, or a code, within the last hour */
    struct str name, id, code, n, since;
    int64_t count;
};

struct traffic {
    struct str sign_ins_hour, sign_ins_day, opened_hour, opened_day, denied_hour, denied_day, p50, p95;
    struct str counted_for; /* where that is less than a day */
};

struct home_view { /* GET /admin */
    struct console_page con;
    struct str today, time; /* "Maanantai 23. marraskuuta", "8.24" */
    struct {
        const struct todo *at;
        size_t n;
    } todos;             /* the most urgent first */
    struct str sign_ins; /* within the last hour */
    bool may_alarms;     /* there is a page of all */
    bool own_account;    /* they sign in by an account of our own */
    struct change_lines changes;
    /* Of the whole country's home. */
    struct {
        const struct door_mark *at;
        size_t n;
    } doors;
    struct str well; /* how many municipalities are well */
    struct {
        const struct city_row *at;
        size_t n;
    } cities; /* the unwell ones */
    int64_t ill_cities, ill_nodes;
    bool one_waits; /* and all is well with cities and nodes */
    struct {
        const struct node_row *at;
        size_t n;
    } nodes;
    struct {
        const struct part_row *at;
        size_t n;
    } parts;               /* those that are unwell at some node */
    struct str well_parts; /* the names of the others */
    struct {
        const struct failing_row *at;
        size_t n;
    } codes, services;
    struct traffic traffic;
    bool chain_broken;
    struct str chain_at; /* when the chain was last verified; absent: not since the start */
};
struct html page_home(struct arena *a, const struct home_view *v);

/* --- alarms --- */

struct alarm_line {
    struct str id, code, title, severity; /* title: what it is, in words */
    struct str subject, about, detail;    /* about: the subject by its name; absent: it has none */
    struct str area, first, last, n;
    enum urgency urgency;
    bool open, seen, over; /* seen: acknowledged */
};

struct alarms_view { /* GET /admin/alarms?state=&severity=&code=&from= */
    struct console_page con;
    struct choices states, severities, codes;
    struct {
        const struct alarm_line *at;
        size_t n;
    } rows;
    struct str first, last, total, next, previous; /* next, previous: links; absent: none */
};
struct html page_alarms(struct arena *a, const struct alarms_view *v);

struct alarm_view { /* GET, POST /admin/alarms/ID: csrf, count, note */
    struct console_page con;
    struct alarm_line one;
    struct str mend, link; /* what to do; where */
    struct str seen_by, seen_when, note;
    struct str count; /* how often it had come when the page was made */
    bool may_acknowledge;
    bool acknowledged, came_again; /* just now; meanwhile, so that nothing was acknowledged */
};
struct html page_alarm(struct arena *a, const struct alarm_view *v);

/* --- identity providers --- */

struct idp_row {
    struct str id, name, provider, kind;
    enum vital vital;
    struct str ok, failed; /* of the last hour */
    bool off, unread;      /* disabled; its documents were not fetched yet, or not read */
};

struct idps_view { /* GET /admin/idps?q=&from= */
    struct console_page con;
    struct {
        const struct idp_row *at;
        size_t n;
    } rows;
    struct {
        const struct ending_row *at;
        size_t n;
    } own; /* certificates of our own that end soon: in the whole country's */
    struct str q, total, first, last;
    struct str next, previous; /* links; absent: none */
    bool may_join;             /* another can be connected here */
    bool removed;              /* just now */
};
struct html page_idps(struct arena *a, const struct idps_view *v);

enum what_failed { FAILED_OTHER = 0, FAILED_AWAY, FAILED_SPENT, FAILED_STAYS, FAILED_CANCELLED };

struct failure_row {
    struct str code, n, since, last;
    enum what_failed what;
    struct str means, mend; /* in English, for those who run it */
};

struct document_row { /* what it publishes, as this node has it */
    enum document { DOCUMENT_METADATA = 0, DOCUMENT_DISCOVERY, DOCUMENT_KEYS } what;
    enum vital vital;
    struct str fetched, next, tried; /* tried: the last attempt, which failed; next: absent where nothing is fetched */
    enum trouble {
        TROUBLE_NONE = 0,
        TROUBLE_SILENT,
        TROUBLE_TLS,
        TROUBLE_REFUSED,
        TROUBLE_ADDRESS,
        TROUBLE_CONTENT,
        TROUBLE_OURS
    } trouble;
    struct str error, mend; /* a stable code, absent: none; in English, for those who run it */
    bool kept, given;       /* given: it stands in the registry */
};

struct ending_row { /* what of it ends, and when */
    enum end_of { END_METADATA = 0, END_SIGNING, END_ENCRYPTION, END_TLS, END_SECRET } what;
    enum vital vital;
    struct str when, days, code;
    bool near, over; /* near: within sixty days; over: it has ended */
};

struct key_row {                    /* a key that its answers are signed with */
    struct str id, print, from, to; /* print: the fingerprint in groups; id: the same without, field `print` */
    enum key_state_shown { KEY_SHOWN_USED = 0, KEY_SHOWN_WAITS, KEY_SHOWN_KEPT } state; /* KEPT: no longer published */
};

enum idp_said {
    IDP_SAID_NOTHING = 0,
    IDP_SAID_DISABLED,
    IDP_SAID_ENABLED,
    IDP_SAID_REFRESH,
    IDP_SAID_WHY,
    IDP_SAID_CHANGED,
    IDP_SAID_PINNED,
    IDP_SAID_APPROVED,
    IDP_SAID_DROPPED,
    IDP_SAID_WHO, /* who read the fingerprint aloud is missing, or that it was heard */
    IDP_SAID_KEY  /* there is no such key any more */
};

struct probe_shown {        /* what came of a test account */
    bool has;               /* there is one */
    struct str user;        /* its name */
    bool waits;             /* somebody wants it tried now */
    struct str tried, good; /* the last time; absent: never */
    bool ill;               /* it did not get in */
    struct str step, why,
        means;    /* then where it ended: in words, a code, and what that means; absent: nothing is known */
    bool english; /* means is */
};

struct idp_view { /* GET /admin/idps/ID; POST: csrf, act=disable|enable|refresh|pin|approve|drop, why, version, print,
                     who, heard */
    struct console_page con;
    struct str id, name, provider, kind, issuer;
    bool enabled, test;
    struct {
        const struct document_row *at;
        size_t n;
    } documents;
    struct str ok, failed;
    bool quiet; /* neither */
    struct {
        const struct failure_row *at;
        size_t n;
    } failures;
    struct {
        const struct ending_row *at;
        size_t n;
    } endings;
    struct {
        const struct key_row *at;
        size_t n;
    } keys;
    bool pinned;            /* the row pins its keys */
    bool waits;             /* one of them waits */
    bool may_drop;          /* a key that is no longer published may be taken out */
    bool may_test;          /* a test sign-in can be made here */
    bool may_change, fresh; /* fresh: the log-in is young enough */
    struct str why, who;    /* as they were typed */
    int64_t version;        /* that the form is made from */
    enum idp_said said;
    struct probe_shown probe;
};
struct html page_idp(struct arena *a, const struct idp_view *v);

/* --- a test sign-in --- */

enum check_mark { MARK_UNKNOWN = 0, MARK_OK, MARK_NO };

struct tryout_check_row {
    struct str name;
    enum check_mark mark; /* UNKNOWN: not reached */
};

struct tryout_came_row {
    struct str name, values, more; /* more: how many are not shown; absent: none */
    enum came { CAME_SEEN = 0, CAME_READ, CAME_UNREAD, CAME_HIDDEN, CAME_FAULT } came;
    struct str code; /* of a fault */
};

struct tryout_fault_row {
    struct str code, attribute, value, n;
    struct str what, mend; /* in words, as they can be sent */
    struct str asks;       /* what does value mean?  Answered here, under this number; absent: not asked */
    struct str meant;      /* what it means by now: another test will show it */
};

/* What is set at the identity provider, by the names of its product. */
struct product_setting {
    struct str field, names, where; /* names: that we read; where: on the product's own screens */
};
struct product_set {
    struct str name, kind;
    bool open;
    struct {
        const struct product_setting *at;
        size_t n;
    } rows;
};
struct product_settings {
    const struct product_set *at;
    size_t n;
};

struct tryout_role_row {
    struct str where, role, group, level;
};

struct tryout_word_row { /* a word of the city's, and what it means by now */
    struct str word, means;
};

struct tryout_view { /* GET /admin/tryout/ID; POST: csrf, fresh; or act=mean, word, role; act=unmean, word; back: dry */
    struct console_page con;
    struct str id, name, kind;
    bool enabled;
    bool done; /* all below is there */
    struct str when;
    bool asked_fresh, let_in;
    struct str check, code, what; /* of a refusal: at which check, and what it means */
    struct str means, mend;       /* in English, for those who run it */
    struct {
        const struct tryout_check_row *at;
        size_t n;
    } checks;
    struct {
        const struct tryout_came_row *at;
        size_t n;
    } came;
    struct str left_out; /* how many attributes are not shown; absent: none */
    struct {
        const struct tryout_fault_row *at;
        size_t n;
    } faults;
    struct str given, calling, family, email, learner, subject;
    bool person; /* it was made */
    struct {
        const struct tryout_role_row *at;
        size_t n;
    } roles;
    struct str issuer, key, alg, context, issued, authenticated, ends, session_ends;
    struct choices meanings; /* that a word may be given; none: this person cannot */
    bool no_meaning, meaning_refused, meaning_kept, word_dropped;
    struct {
        const struct tryout_word_row *at;
        size_t n;
    } words;
    bool may_word;
    struct str detail;                /* of meaning_refused */
    struct product_settings settings; /* that mend the faults */
};
struct html page_tryout(struct arena *a, const struct tryout_view *v);

/* --- a dry run of an identity provider --- */

enum dry_shown { DRY_SHOWN_WAITS = 0, DRY_SHOWN_REFUSED, DRY_SHOWN_FAULTS, DRY_SHOWN_WELL };

struct dry_row { /* one of the people */
    struct str n, label, link;
    enum dry_shown state;
    bool again; /* the same person as one before */
    struct str when;
    struct str code, check, what, means, mend; /* of a refusal */
    bool made, named, numbered;                /* made: somebody was; names and a learner number came */
    struct {
        const struct tryout_fault_row *at;
        size_t n;
    } faults;
    struct {
        const struct tryout_came_row *at; /* without values */
        size_t n;
    } came;
    struct {
        const struct tryout_role_row *at;
        size_t n;
    } roles;
};

struct dry_sum_row { /* a fault, of n people */
    struct str code, attribute, value, n, what, mend, meant, asks;
};

struct dry_count {
    struct str what, n;
};

struct dry_view { /* GET /admin/dry/ID; POST: csrf, act=begin, labels (one a line); act=end */
    struct console_page con;
    struct str id, name, kind, most;
    bool enabled;
    bool was_begun, was_dropped, meaning_kept, no_meaning, meaning_refused;
    struct str detail; /* of meaning_refused */
    bool none_named;
    struct str labels; /* as they were typed */
    bool begun;        /* all below is there */
    struct str until, asked, here, well, faulty, refused;
    bool any, twice; /* twice: two results are of one person */
    struct {
        const struct dry_row *at;
        size_t n;
    } rows;
    struct {
        const struct dry_sum_row *at;
        size_t n;
    } sum;
    struct {
        const struct dry_count *at;
        size_t n;
    } roles;
    struct choices meanings;
    struct product_settings settings;
};
struct html page_dry(struct arena *a, const struct dry_view *v);

struct dry_guest_view { /* GET /try/LINK, for whoever has it; POST: begins */
    struct page page;
    struct str link, name, city, until, code;
    enum dry_shown state;
    struct {
        const struct tryout_role_row *at;
        size_t n;
    } roles;
};
struct html page_dry_guest(struct arena *a, const struct dry_guest_view *v);

/* --- what people ask to be opened --- */

struct plea_row {
    int64_t number;
    struct str service, who, count, when; /* who: "Opettaja, Testi-Kielonmäen koulu"; when: since */
};
struct plea_rows {
    const struct plea_row *at;
    size_t n;
};

enum request_said {
    REQUEST_SAID_NOTHING = 0,
    REQUEST_SAID_DECLINED,
    REQUEST_SAID_SET,
    REQUEST_SAID_NO_WORDS,
    REQUEST_SAID_WORDS /* they are too long, or may name a child */
};

struct requests_view { /* GET /admin/requests; POST: csrf, learners=yes|no */
    struct console_page con;
    struct plea_rows rows;
    bool more;              /* than are shown */
    bool may_set, learners; /* whether learners may ask; and whether this person says so */
    enum request_said said;
};
struct html page_requests(struct arena *a, const struct requests_view *v);

struct voice_view {
    struct str words, name, when;
};

struct request_view { /* GET /admin/requests/N; POST: csrf, words */
    struct console_page con;
    struct plea_row row;
    bool met, elsewhere, answered; /* it is open; another area decides; nobody waits any more */
    bool school, widen, lift;      /* what the link leads to; none of them: to a policy of its own */
    struct str link, policy;       /* absent link: this person cannot, or nothing here would do it */
    struct {
        const struct voice_view *at;
        size_t n;
    } voices;
    bool more_voices, may_answer;
    struct str answer, answer_when; /* the last one */
    struct str words;               /* as they were typed */
    enum request_said said;
};
struct html page_request(struct arena *a, const struct request_view *v);

/* --- services by roles --- */

enum { MATRIX_SERVICES = 25 }; /* a page */

struct cell_draft { /* what a draft would make of a cell */
    int64_t number;
    bool open, shut, cond;
};

struct cell_view {
    struct str column; /* its head, for a card */
    struct str col;    /* parameter `col` */
    bool open, shut, cond, inherited, unsaid;
    struct {
        const struct cell_draft *at;
        size_t n;
    } drafts; /* that would alter it */
};

struct service_row {
    struct str id, name;
    bool off; /* the service itself is switched off */
    struct {
        const struct cell_view *at;
        size_t n;
    } cells;
};

struct head_cell {
    struct str name;
};

struct rights_view { /* GET /admin/rights?q=&show=cond|draft&from= */
    struct console_page con;
    struct str place; /* of whose people it speaks */
    struct {
        const struct head_cell *at;
        size_t n;
    } heads;
    struct {
        const struct service_row *at;
        size_t n;
    } rows;
    struct str q, total, first, last, drafts;
    bool only_cond, only_drafts;
    struct str next, previous; /* links; absent: none */
    int64_t texts;             /* policies that say more than the table shows */
};
struct html page_rights(struct arena *a, const struct rights_view *v);

struct saying_view { /* a policy that concerns a cell */
    struct str name, id, words, why;
    bool permits, forbids, leaves, whole, nation, school;
    bool mine; /* it is this area's, and can be changed here */
};

struct cell_page_view { /* GET /admin/rights/SERVICE?col= */
    struct console_page con;
    struct str service, service_id, column, col;
    struct cell_view cell;
    bool off;
    struct {
        const struct saying_view *at;
        size_t n;
    } sayings;
    struct str total, first, last, next, previous; /* next, previous: links; absent: none */
    bool paged, may_draft;
    struct plea_rows pleas; /* who of these asks for it */
};
struct html page_cell_page(struct arena *a, const struct cell_page_view *v);

/* --- a policy, as a form and as text --- */

struct finding_view {     /* what is wrong in a line */
    struct str says, fix; /* fix: the name that was meant; absent: none is near */
    bool warns;
};

struct code_line {
    int64_t number;
    struct str before, wrong, after; /* the line; wrong: what the first finding underlines */
    struct {
        const struct finding_view *at;
        size_t n;
    } findings;
    bool hit;
};

enum policy_said {
    POLICY_SAID_NOTHING = 0,
    POLICY_SAID_GOOD,    /* the text holds */
    POLICY_SAID_ERRORS,  /* it does not; `lines` say where */
    POLICY_SAID_NO_FORM, /* it says more than the form can show: `rest` */
    POLICY_SAID_FORM,    /* what the form says cannot be: levels the wrong way round, no such service */
    POLICY_SAID_WHY,     /* the reason is missing */
    POLICY_SAID_CHANGED  /* somebody else changed it, or the draft */
};

/* GET /admin/policy/ID?draft=&as=text, /admin/policy/new?service=&col=; POST /admin/policy/ID: csrf, as, act=check,
 * keep, to_text, to_form, or fix (with the fields at, end, name), draft, edition, version, and what the form has. */
struct policy_view {
    struct console_page con;
    struct str id, title, words; /* id: of the row, "new" before it has one */
    bool as_text, is_new;
    struct str draft, edition, version;
    struct str name, why, rest, detail;
    struct html_lines text;
    enum policy_said said;
    struct {
        const struct code_line *at;
        size_t n;
    } lines; /* with `as_text`, once it was checked */
    int64_t errors;
    bool permit, forbid, leave, only_tells, may_leave; /* the form */
    struct choices roles, schools, services, known, weekdays, devices, assurances, terms, exams, networks, release,
        withhold;
    bool in_network, any_network;
    struct str level_from, level_to, groups, from, to, add_service;
};
struct html page_policy(struct arena *a, const struct policy_view *v);

/* --- what services are told --- */

struct release_row {
    struct str id, name, vendor, asks; /* asks: how many things */
    bool off, unstated;                /* it does not say why it asks for some of them */
};

struct releases_view { /* GET /admin/release?q=&from=&draft= */
    struct console_page con;
    struct {
        const struct release_row *at;
        size_t n;
    } rows;
    struct str q, draft, total, first, last, next, previous;
};
struct html page_releases(struct arena *a, const struct releases_view *v);

struct told_saying { /* a policy that says something of it */
    struct str id, name, roles;
    bool forbids, whole, nation, mine;
};

struct told_row { /* one thing that the service asks for */
    struct str key, name, purpose, basis;
    bool always;
    struct str yes, partly; /* of whom it is told; absent: of nobody */
    bool inherited;         /* an outer layer decides some of it */
    struct {
        const struct told_saying *at;
        size_t n;
    } sayings;
};

struct told_held { /* what is not told of a person, and why */
    struct str name, id, policy;
    bool shut, withheld, ungranted, unasked, scope, unsayable, empty, mine;
};

enum release_said {
    RELEASE_SAID_NOTHING = 0,
    RELEASE_SAID_WHAT, /* nothing, or nobody, was chosen */
    RELEASE_SAID_WHY,
    RELEASE_SAID_SO,    /* it is so already */
    RELEASE_SAID_ABOVE, /* `because` says it, and it is an outer layer's */
    RELEASE_SAID_ELSEWHERE,
    RELEASE_SAID_CHANGED,
    RELEASE_SAID_INVALID
};

/* GET /admin/release/SERVICE?draft=&who=; or ?draft=&provider=&role=&school=&level=&group=; with ?people= a search for
 * test people.  POST: csrf, draft, edition, version, what_CLAIM=1, role_ROLE=1, act=grant|take, why. */
struct release_view {
    struct console_page con;
    struct str id, name, vendor;
    bool off, link; /* link: it is told nothing */
    struct str draft, edition, version;
    bool broken; /* the draft does not hold: what is shown is in force */
    struct {
        const struct told_row *at;
        size_t n;
    } rows;
    /* By whose word the service itself asks for what; proposed_more: of that, what its row does not ask for; absent:
     * none. */
    struct str proposed_by, proposed, proposed_more;
    bool may_draft;
    struct choices what, roles;
    bool take;
    struct str why, detail, because, because_id;
    bool because_mine;
    enum release_said said;
    /* a test person */
    struct choices people, as_roles, schools;
    struct str find, provider, level, group;
    bool searchable, shown, made_up, shut;
    struct str as, scope, settled;
    struct {
        const struct code_line *at;
        size_t n;
    } id_token, userinfo, own; /* own: what a service of another protocol than OpenID Connect is told */
    bool by_own;
    struct {
        const struct told_held *at;
        size_t n;
    } held;
};
struct html page_release(struct arena *a, const struct release_view *v);

/* --- drafts --- */

struct draft_line {
    int64_t number;
    struct str why, who, when;
    struct str state; /* "Odottaa toista henkilöä." */
};

struct drafts_view { /* GET /admin/drafts */
    struct console_page con;
    struct {
        const struct draft_line *at;
        size_t n;
    } drafts;
};
struct html page_drafts(struct arena *a, const struct drafts_view *v);

struct diff_line {
    struct str name, before, after; /* absent: there was, or is, none */
};

struct text_line { /* of a comparison */
    struct str text;
    bool plus, minus;
};

struct word_part { /* of a text in words; changed: the other one lacks it */
    struct str text;
    bool changed;
};

struct word_parts {
    const struct word_part *at;
    size_t n;
};

struct draft_row_view {
    struct str kind, key;
    struct word_parts was, now; /* a policy in words */
    bool added, removed, editable;
    struct {
        const struct text_line *at;
        size_t n;
    } lines;
    struct {
        const struct diff_line *at;
        size_t n;
    } fields;
    struct {
        const struct diff_line *at; /* after alone */
        size_t n;
    } as_is; /* the rest of a row that is switched on, as it is now: what was registered is decided about as a whole */
    struct str child_age; /* of a service: the age from which a child would use it alone; absent: none, or as it was */
};

struct draft_alike { /* a service of another vendor whose name looks like one of the draft's */
    struct str name, other, id, vendor;
};

struct impact_line { /* of one service, at one school, in one role */
    struct str service, place, role, gain, lose;
};

struct telling_line { /* of those who may open it before and after: what more, or less, is told of them */
    struct str service, place, role, more, less, more_of, less_of; /* _of: of how many; absent: of nobody */
};

/* --- a draft's run in shadow: a part of its page, and a page of its own --- */

enum trial { /* what became of it */
             TRIAL_NONE = 0,
             TRIAL_RUNS,
             TRIAL_OVER,
             TRIAL_STOPPED,
             TRIAL_PUBLISHED,
             TRIAL_WITHDRAWN,
             TRIAL_BACK,
             TRIAL_BROKEN
};

enum trial_said {
    TRIAL_SAID_NOTHING = 0,
    TRIAL_SAID_STARTED,
    TRIAL_SAID_STOPPED,
    TRIAL_SAID_DAYS,
    TRIAL_SAID_MAX,
    TRIAL_SAID_OTHERWISE, /* it, or the draft, is not as the page showed it */
    TRIAL_SAID_INVALID
};

struct trial_line { /* of one service, at one school, in one role: decisions; absent: none of the kind */
    struct str service, place, role, opens, closes, shows, hides, more, less, people; /* people: at least */
};

struct trial_day {
    struct str day, people, differing; /* about so many different people */
    bool few;                          /* differing: fewer than are told */
};

struct trial_part {
    struct str number; /* of the draft */
    enum trial state;
    enum trial_said said;
    struct str detail;
    struct str since, until, ended; /* since: counted */
    bool anew;                      /* since the draft was last written in */
    struct str code, why;           /* TRIAL_BROKEN */
    bool any, differs;              /* decisions were compared; some differed */
    struct str compared, differ;
    struct str openings, openings_differ, pages, pages_differ, releases, releases_differ;
    struct str few, few_people, beyond; /* differences that no row tells; absent: none */
    struct str all;                     /* how many rows there are, where not all are shown */
    struct {
        const struct trial_line *at;
        size_t n;
    } lines;
    struct {
        const struct trial_day *at;
        size_t n;
    } days;
    bool may_start, may_stop;
    struct str days_typed, days_max;
};

struct shadow_view { /* GET /admin/shadow/N?from=; POST: csrf, act=start|stop, days */
    struct console_page con;
    struct trial_part trial;
    struct str first, last, total, previous, next; /* previous, next: links; absent: there is none */
};
struct html page_shadow(struct arena *a, const struct shadow_view *v);

enum draft_said {
    DRAFT_SAID_NOTHING = 0,
    DRAFT_SAID_KEPT,
    DRAFT_SAID_PROPOSED,
    DRAFT_SAID_SENT_BACK,
    DRAFT_SAID_WITHDRAWN,
    DRAFT_SAID_PUBLISHED,
    DRAFT_SAID_WHY,
    DRAFT_SAID_LOOK, /* somebody loses, and the approver has not said that it was looked at */
    DRAFT_SAID_OWN,
    DRAFT_SAID_CHANGED,
    DRAFT_SAID_INVALID,
    DRAFT_SAID_GATE /* the gate was not passed, and the approver has not said why it is approved */
};

/* Of a draft that brings a service into production: what its trials gave (gateway/gate/report.h). */
struct draft_gate_trial {
    struct str name, when; /* when absent: not run */
    bool passed, failed;
};
struct draft_gate {
    bool is, whole;
    bool none, more; /* the service was made from none in test; more than one comes into production */
    struct str of, passed, all, last, until; /* of: the service in test; last, until absent: never, not whole */
    struct {
        const struct draft_gate_trial *at;
        size_t n;
    } trials;
};

struct draft_view { /* GET /admin/drafts/N; POST: csrf, edition, act=propose|approve|send_back|withdraw, why */
    struct console_page con;
    struct draft_line draft;
    struct str number, edition, decided_why, detail, why;
    bool may_write, may_decide, may_withdraw, fresh; /* may_decide: and is not who wrote it */
    bool same_number, same_name; /* it was written by another account of theirs, or of somebody called the same */
    bool same_maker;             /* one of the two made the other's account of late, or somebody made both */
    bool approved;               /* by somebody, and something stood in its way then */
    bool reckoned;               /* what would change was reckoned, over so many people */
    bool too_long;               /* it would have taken too long */
    struct str people, gain, lose;
    bool known;                         /* they have signed in; else test people */
    struct str gain_n, lose_n, version; /* as the form sends them back */
    bool some_lose;
    struct {
        const struct impact_line *at;
        size_t n;
    } impact;
    struct {
        const struct telling_line *at;
        size_t n;
    } tellings;
    struct trial_part trial;
    int64_t change; /* that published it; 0: none */
    struct {
        const struct draft_row_view *at;
        size_t n;
    } rows;
    struct {
        const struct draft_alike *at;
        size_t n;
    } alikes;
    struct draft_gate gate;
    enum draft_said said;
};
struct html page_draft(struct arena *a, const struct draft_view *v);

/* --- the audit log --- */

struct log_line {
    struct str n, when, event, words, person, who, acting_as, idp, area, what, reason, claims, code, why;
};

enum log_said {
    LOG_SAID_NOTHING = 0,
    LOG_SAID_DAY,
    LOG_SAID_PERSON,
    LOG_SAID_CITY,
    LOG_SAID_LONG,    /* more is looked for than a line of the log can say */
    LOG_SAID_WHY,     /* of an export */
    LOG_SAID_TOO_MANY /* for a file */
};

enum chain_state { CHAIN_UNKNOWN = 0, CHAIN_HOLDS, CHAIN_BROKEN };

struct log_chain_view { /* GET /admin/log/chain; POST: csrf, days=1|7|30|365|0 */
    struct console_page con;
    struct choices days;
    bool running, done, holds, failing; /* failing: the index cannot be written */
    struct str at_record, records, indexed;
    struct str when, from, verified, vouched, error, where; /* of the last one; from: "" the whole log */
    struct str fault;                                       /* a record that was met changed; absent: none */
};
struct html page_log_chain(struct arena *a, const struct log_chain_view *v);

struct log_view { /* GET /admin/log?code=&event=&from=&to=&person=&actor=&city=&idp=&service=&reason=&result=&before=;
                     POST /admin/log/export: csrf, format=csv|jsonl, why, the same filters */
    struct console_page con;
    struct choices events, results;
    struct str code, event, from, to, person, actor, city, idp, service, reason, why;
    enum chain_state chain;
    struct str chain_at;
    struct str older, till; /* where it goes on; till when was looked, where it stopped for the work */
    bool stopped, may_export, more_filters;
    enum log_said said;
    struct {
        const struct log_line *at;
        size_t n;
    } lines;
};
struct html page_log(struct arena *a, const struct log_view *v);

/* --- why? --- */

struct why_option {
    struct str value, name;
    bool on;
};
struct why_options {
    const struct why_option *at;
    size_t n;
};

struct truth_view { /* a condition, and what is so; is: "" where nothing can be said */
    bool met, unmet;
    struct str words, is;
};
struct truths {
    const struct truth_view *at;
    size_t n;
};

struct verdict_view { /* a statement of a policy, and what it did */
    struct str id, name, words;
    struct str version, since; /* it is as it is since that version, of that day; absent: not known */
    bool has_history;          /* that may be looked at here */
    bool settled, applied, silent, not_now, failed, not_left, forbids, nation, school;
    struct truths truths;
};

struct wish_draft { /* an open draft that would do it */
    int64_t number;
    struct str why, state;
};

struct wish_drafts {
    const struct wish_draft *at;
    size_t n;
};

struct wish_view { /* with all of it, the answer would be yes */
    struct str letter, id, name;
    bool lifts; /* something that forbids would have to be silent as well */
    struct truths lacks;
    struct wish_drafts drafts; /* of its policy */
};

struct told_way_view {
    struct str words, is;
};

enum why_said { WHY_SAID_NOTHING = 0, WHY_SAID_NO_CODE, WHY_SAID_NO_SERVICE, WHY_SAID_NO_ROLE, WHY_SAID_NO_PLACE };

struct why_view { /* GET /admin/why?code=; or ?service=&provider=&school=&role=&level=&group=&device=&at= */
    struct console_page con;
    enum why_said said;
    struct str code, service_id, provider, level, group, at;
    bool shared;
    struct why_options roles, schools, services;
    bool by_code, answered, allowed, forbidden;
    struct str service, as, when; /* as: "Oppilas, Oulu, luokka 5" */
    /* of a support code: as the log has it */
    struct str at_when, idp, rule, version, told_code, version_now;
    struct str rule_words; /* what settled it where no policy did; absent: a policy, or that there was none */
    bool told_known, was_shared;
    struct {
        const struct told_way_view *at;
        size_t n;
    } told_log, told;
    bool told_plain, told_no_place;
    struct str told_exam; /* until when an exam is on; absent: none that shuts it */
    bool told_exam_then;  /* the log says that one was on */
    struct {
        const struct verdict_view *at;
        size_t n;
    } verdicts;
    struct {
        const struct wish_view *at;
        size_t n;
    } wishes;
    struct wish_drafts drafts; /* that would open it otherwise */
    bool more;                 /* policies than are shown */
    struct str looked;         /* how many */
};
struct html page_why(struct arena *a, const struct why_view *v);
/* --- what is left to a school --- */

struct school_row {
    struct str id, name, open; /* open: to whom the school has opened it; absent: to nobody */
    bool off;
};

struct school_services_view { /* GET /admin/school?q=&from= */
    struct console_page con;
    struct {
        const struct school_row *at;
        size_t n;
    } rows;
    struct str q, next, previous; /* next, previous: links; absent: none */
    bool may_change;
};
struct html page_school_services(struct arena *a, const struct school_services_view *v);

enum school_said {
    SCHOOL_SAID_NOTHING = 0,
    SCHOOL_SAID_DONE,
    SCHOOL_SAID_WHY,
    SCHOOL_SAID_NOT_LEFT,
    SCHOOL_SAID_CHANGED,
    SCHOOL_SAID_MORE
};

struct school_service_view { /* GET, POST /admin/school/SERVICE: csrf, version, who_N=1, why */
    struct console_page con;
    struct str id, name, why;
    struct choices whom; /* to whom it is left; none: the municipality decides */
    bool may_change, fresh;
    int64_t version;
    struct plea_rows pleas;
    enum school_said said;
    struct str in_the_way; /* MORE: the id of a policy that says what no box can */
};
struct html page_school_service(struct arena *a, const struct school_service_view *v);

/* --- who administers --- */

enum right_state { RIGHT_NOW = 0, RIGHT_LATER, RIGHT_ENDS, RIGHT_OVER }; /* ENDS: within 30 days */

struct right_row {
    struct str id, who, user, role, where, from, to; /* who: a name; user: what the identity provider calls them */
    enum right_state state;
    bool open_end, own;
};

struct admins_view { /* GET /admin/admins?q=&after= */
    struct console_page con;
    struct {
        const struct right_row *at;
        size_t n;
    } rows;
    struct str q, next; /* next: parameter `after`; absent: none */
    bool may_give, given, taken;
};
struct html page_admins(struct arena *a, const struct admins_view *v);

enum right_said {
    RIGHT_SAID_NOTHING = 0,
    RIGHT_SAID_WHY,
    RIGHT_SAID_OWN,     /* it is the person's own last one, which was not said to be meant */
    RIGHT_SAID_LOCKOUT, /* nobody could operate any more */
    RIGHT_SAID_MORE,    /* it brings more than the person has: `lacks` */
    RIGHT_SAID_CHANGED
};

struct deed_word {
    struct str words;
};

struct admin_view { /* GET /admin/admins/ID; POST: csrf, version, why, own=yes */
    struct console_page con;
    struct right_row right;
    struct str idp, given_why, lacks;
    struct {
        const struct deed_word *at;
        size_t n;
    } brings;
    bool may_take, fresh, last; /* last: it is the person's own, and they have no other here */
    struct str why;
    int64_t version;
    enum right_said said;
};
struct html page_admin(struct arena *a, const struct admin_view *v);

struct role_choice {
    struct str value, name, brings;
    bool on;
};

struct give_view { /* GET, POST /admin/give: csrf, idp, user, role, place, from, to, why */
    struct console_page con;
    struct choices idps, places;
    struct {
        const struct role_choice *at;
        size_t n;
    } roles; /* that bring something here */
    struct str user, from, to, why;
    bool wrong; /* one of these is */
    bool no_user, no_role, no_from, no_to, no_why;
    bool pass; /* the user is a substitute's pass */
    bool more, fresh;
    struct str lacks, detail; /* lacks: more than the person has; detail: why the whole does not hold */
};
struct html page_give(struct arena *a, const struct give_view *v);

/* --- history --- */

enum undo_said {
    UNDO_SAID_NOTHING = 0,
    UNDO_SAID_DONE,
    UNDO_SAID_WHY,
    UNDO_SAID_CHANGED_SINCE,
    UNDO_SAID_FORGOTTEN,
    UNDO_SAID_INVALID,
    UNDO_SAID_SAME,      /* there is nothing to bring back */
    UNDO_SAID_NO_VERSION /* that can be compared */
};

/* GET /admin/history?upto=&policy=&a=&b=, /admin/history/N; POST /admin/history/N: csrf, why; POST /admin/roll-back:
 * csrf, version, policy, back, why */
struct history_view {
    struct console_page con;
    struct str policy; /* whose history it is; absent: the area's */
    struct change_lines changes;
    int64_t older;             /* parameter `upto`; 0: none */
    struct change_line change; /* the chosen one; number 0: none */
    struct str a, b;           /* as they are typed: versions */
    bool compares;             /* a with b, the older with the newer */
    struct str back;           /* b, as the form of the older one sends it on */
    struct {
        const struct draft_row_view *at;
        size_t n;
    } rows;
    bool rows_cut, may_undo;
    struct str why; /* as it was typed */
    enum undo_said said;
    struct str detail; /* of what stood in the way: the row */
    int64_t made;      /* the change that the undo made */
};
struct html page_history(struct arena *a, const struct history_view *v);

/* --- people, their sessions, passes of substitutes --- */

enum find_said { FIND_SAID_NOTHING = 0, FIND_SAID_WRONG, FIND_SAID_NOBODY, FIND_SAID_EXPIRED };
enum find_why { FIND_WHY_NONE = 0, FIND_WHY_SUPPORT, FIND_WHY_INCIDENT, FIND_WHY_REQUEST };

struct people_view { /* GET /admin/people; POST: csrf, q, reason=support|incident|request, why */
    struct console_page con;
    struct str q, why; /* as they were typed */
    enum find_why reason;
    enum find_said said;
    bool no_q, no_reason, no_why;
};
struct html page_people(struct arena *a, const struct people_view *v);

struct seen_row { /* an affiliation */
    struct str where, group, from, to;
    struct str role; /* absent: what came was not understood */
    bool ended, waits;
};

/* What one service is known to have said to the end of sessions (gateway/farewell_note.h). */
enum told_state { TOLD_HEARD = 0, TOLD_WAITS, TOLD_UNSURE, TOLD_NO_WAY, TOLD_COUNT };
struct heard_row {
    struct str service;
    enum told_state state;
    struct str code;     /* of TOLD_UNSURE, where one is known */
    struct str sessions; /* how many; absent: one session's */
};
struct heard_rows {
    const struct heard_row *at;
    size_t n;
};

struct session_row {
    struct str when, idp, services;
    bool ended;
    struct heard_rows told; /* of one that has ended */
};

struct event_row {
    struct str when, what, detail, code;
};

enum end_said { END_SAID_NOTHING = 0, END_SAID_DONE, END_SAID_WHY, END_SAID_NOBODY, END_SAID_FULL };

struct person_view { /* GET /admin/person?look=; POST: csrf, look, why */
    struct console_page con;
    struct str look; /* what it was opened by, sealed */
    struct str name; /* absent: nobody told us */
    struct str subject, idp, id, opened, until, why, seen;
    enum find_why reason;
    bool hidden; /* protected, or nothing is known: they exist */
    bool account, pass, account_off;
    struct {
        const struct seen_row *at;
        size_t n;
    } seen_rows;
    struct {
        const struct session_row *at;
        size_t n;
    } sessions;
    struct {
        const struct event_row *at;
        size_t n;
    } events;
    struct str open; /* services that stay open */
    bool cut;        /* there are older events */
    bool may_end, may_export, fresh;
    struct str end_why;
    enum end_said said;
};
struct html page_person(struct arena *a, const struct person_view *v);

enum end_what { END_NONE = 0, END_IDP, END_SCHOOL, END_GROUP, END_SERVICE };

struct choice_row {
    struct str id, name;
    bool on;
};

struct ended_row { /* an end of many, and what services said to it */
    struct str when, what;
    struct heard_rows rows;
    bool cut; /* there were more */
};

struct sessions_view { /* GET /admin/sessions; POST: csrf, what=idp|school|group|service, idp, school, group, service,
                          why */
    struct console_page con;
    enum end_what what;
    struct {
        const struct choice_row *at;
        size_t n;
    } idps, schools;
    bool school_area; /* one school, and no identity provider */
    struct str idp, school, group, service, why;
    struct str done; /* of whom they ended */
    enum end_said said;
    bool fresh;
    struct {
        const struct ended_row *at;
        size_t n;
    } ended;                       /* lately, the newest first */
    struct str unable, by_browser; /* services that cannot be told at all; that their person's browser alone tells */
};
struct html page_sessions(struct arena *a, const struct sessions_view *v);

enum pass_said {
    PASS_SAID_NOTHING = 0,
    PASS_SAID_GIVEN,
    PASS_SAID_TAKEN,
    PASS_SAID_NAME,
    PASS_SAID_SHARED,
    PASS_SAID_SCHOOL,
    PASS_SAID_TIMES,
    PASS_SAID_LONG,
    PASS_SAID_PAST,
    PASS_SAID_WHY,
    PASS_SAID_NO_IDP,
    PASS_SAID_STORED,
    PASS_SAID_ASKED, /* it waits for a second person */
    PASS_SAID_APPROVED,
    PASS_SAID_REFUSED,
    PASS_SAID_OWN,    /* whoever asked does not approve */
    PASS_SAID_CHANGED /* it was decided meanwhile, or cannot be any more */
};

struct pass_row {
    struct str id, name, username, school, from, to;
    bool ended, waits, off;
};

struct pass_asked_row { /* one that waits for a second person */
    struct str number, edition, name, school, from, to, who, why;
    bool mine;
};

struct passes_view { /* GET /admin/passes; POST: csrf, given, family, school, from, from_at, to, to_at, why; POST
                      * /admin/passes/ID: csrf; POST /admin/asked-passes/N: csrf, edition, act=approve|refuse */
    struct console_page con;
    struct {
        const struct pass_row *at;
        size_t n;
    } rows;
    struct {
        const struct choice_row *at;
        size_t n;
    } schools;
    struct {
        const struct pass_asked_row *at;
        size_t n;
    } asked;
    bool one_school, fresh;
    struct str given, family, from, from_at, to, to_at, why; /* as they were typed */
    struct str username, password, address; /* of the pass that was given, this once; address: where it signs in */
    enum pass_said said;
    bool cut;
};
struct html page_passes(struct arena *a, const struct passes_view *v);

/* --- exams, the school calendar, networks --- */

struct exam_row {
    struct str id, title, school, who, when, services; /* school: absent in the area of one school */
    bool running, over;
};

enum exam_said {
    EXAM_SAID_NOTHING = 0,
    EXAM_SAID_SET,
    EXAM_SAID_ENDED,
    EXAM_SAID_TITLE,
    EXAM_SAID_SCHOOL,
    EXAM_SAID_TIMES,
    EXAM_SAID_PAST,
    EXAM_SAID_LEVELS,
    EXAM_SAID_SERVICE,
    EXAM_SAID_MEANWHILE, /* somebody else changed it */
    EXAM_SAID_INVALID    /* `detail` */
};

struct exams_view { /* GET /admin/exams?row=ID; POST: csrf, id, version, title, school, groups, level_from, level_to,
                     * day, from, to, service_1 …; POST /admin/exams/ID: csrf, version */
    struct console_page con;
    enum exam_said said;
    struct str detail;
    struct {
        const struct exam_row *at;
        size_t n;
    } rows;
    bool cut, one_school, editing;
    struct choices schools, services, known; /* services: value is the field's number, name what stands in it */
    struct str id, version, title, groups, level_from, level_to, day, from, to;
};
struct html page_exams(struct arena *a, const struct exams_view *v);

struct term_row {
    struct str id, name, school, kind, when;
    bool own, over; /* own: of the area in which the person acts */
};

enum kept_said {
    KEPT_SAID_NOTHING = 0,
    KEPT_SAID_KEPT,
    KEPT_SAID_REMOVED,
    KEPT_SAID_NAME,
    KEPT_SAID_SCHOOL,
    KEPT_SAID_DAYS,
    KEPT_SAID_BLOCKS,
    KEPT_SAID_MEANWHILE,
    KEPT_SAID_INVALID /* `detail` */
};

struct calendar_view { /* GET /admin/calendar?row=ID; POST: csrf, id, version, name, kind, school, from, to; POST
                        * /admin/calendar/ID: csrf, version */
    struct console_page con;
    enum kept_said said;
    struct str detail;
    struct {
        const struct term_row *at;
        size_t n;
    } rows;
    bool cut, one_school, editing;
    struct str today; /* what the calendar says of it */
    struct str ends;  /* the last day that it reaches; absent: there is none */
    bool ends_soon;
    struct choices kinds, schools;
    struct str id, version, name, from, to;
};
struct html page_calendar(struct arena *a, const struct calendar_view *v);

struct network_row {
    struct str id, name, school, blocks;
    bool own;
};

struct networks_view { /* GET /admin/networks?row=ID; POST: csrf, id, version, name, school, blocks; POST
                        * /admin/networks/ID: csrf, version */
    struct console_page con;
    enum kept_said said;
    struct str detail;
    struct {
        const struct network_row *at;
        size_t n;
    } rows;
    bool cut, one_school, editing;
    struct str here; /* where the person is, and what that is called */
    struct choices schools;
    struct str id, version, name;
    struct html_lines blocks;
};
struct html page_networks(struct arena *a, const struct networks_view *v);

/* --- who may register services: initial access tokens --- */

struct vendor_row {
    struct str id, name, business_id, people, services;
};
struct vendor_waits {
    struct str number, name, business_id, person, email, words, when;
};
struct vendor_invited {
    struct str organisation, hash; /* by which it is taken back */
    struct str name, until, mail;  /* mail: absent: its link was shown */
    bool lost;
};
struct vendor_unproven {           /* an address of an organisation that nobody has said to read */
    struct str organisation, word; /* word: field `contact` */
    struct str name, what, address;
    struct str asked, who; /* when a link was sent there last, by whom; absent: none is open */
    struct str old;        /* which receives until it is; absent: nobody does */
};
struct vendors_view { /* GET /admin/vendors; POST: csrf, version, act (invite, approve, decline, uninvite, prove),
                       * number, id, contact, name_fi, business_id, technology, privacy, incidents, email */
    struct console_page con;
    struct {
        const struct vendor_row *at;
        size_t n;
    } rows;
    struct {
        const struct vendor_waits *at;
        size_t n;
    } waits;
    struct {
        const struct vendor_invited *at;
        size_t n;
    } invited;
    struct {
        const struct vendor_unproven *at;
        size_t n;
    } unproven;
    struct str link; /* shown this once */
    bool proof;      /* it is one by which an address is verified */
    bool proving;    /* one was sent */
    bool declined, sent, uninvited, mail_set;
    struct str email;
    struct str detail; /* what is wrong */
    struct str org_id, name, business_id, technology, privacy, incidents, version;
};
struct html page_vendors(struct arena *a, const struct vendors_view *v);

enum tokens_said { TOKENS_SAID_NOTHING = 0, TOKENS_SAID_ENDED, TOKENS_SAID_WRONG /* detail */ };

struct token_row {
    struct str id, role, where, until, why; /* until, why: absent: none */
    bool open, at_once;                     /* open: it is good now, or will be */
};

struct tokens_view { /* GET /admin/tokens; POST: csrf, id, role, to, why; POST /admin/tokens/ID: csrf, version */
    struct console_page con;
    enum tokens_said said;
    struct str detail;
    struct str token; /* that was just made, which no other page shows; absent: none was */
    struct {
        const struct token_row *at;
        size_t n;
    } rows;
    struct choices roles; /* that the person may give here */
    bool cut;
    struct str version, id, to, why;
};
struct html page_tokens(struct arena *a, const struct tokens_view *v);

enum registrars_said {
    REGISTRARS_SAID_NOTHING = 0,
    REGISTRARS_SAID_ENDED,
    REGISTRARS_SAID_MEANWHILE,
    REGISTRARS_SAID_WRONG
};

struct registrar_row {
    struct str id, vendor, hosts, scopes, asks, used, most, until; /* until: absent: open */
    bool open, at_once;                                            /* open: it is good now */
};

struct registrars_view { /* GET /admin/registrars; POST: csrf, version, id, vendor, hosts, scopes, asks, most, until,
                          * at_once, why; POST /admin/registrars/ID: csrf, version */
    struct console_page con;
    enum registrars_said said;
    struct str detail;
    struct str token; /* that was just made, which no other page shows; absent: none was */
    struct {
        const struct registrar_row *at;
        size_t n;
    } rows;
    bool cut, at_once;
    struct str version, id, vendor, most, until, why;
    struct html_lines hosts, scopes, asks;
};
struct html page_registrars(struct arena *a, const struct registrars_view *v);

/* --- metadata of services that speak SAML --- */

enum metadata_said {
    METADATA_SAID_NOTHING = 0,
    METADATA_SAID_APPROVED,
    METADATA_SAID_REJECTED,
    METADATA_SAID_PINNED,
    METADATA_SAID_WHO, /* who was asked is missing */
    METADATA_SAID_GONE /* its metadata, or its row, say something else by now */
};

struct metadata_source_row {
    struct str id, from, entities, read, until, error, detail; /* read, until: absent: not yet */
    bool by_mdq, off;
};

struct metadata_service_row {
    struct str id, name, from, fetched, error;
    bool known;       /* what it says was read, and is kept */
    bool judged;      /* has a page where what it says is approved and rejected */
    bool waits, open; /* waits: something does; open: whatever an unsigned address says is believed */
};

struct metadata_view { /* GET /admin/metadata */
    struct console_page con;
    struct {
        const struct metadata_source_row *at;
        size_t n;
    } sources;
    struct {
        const struct metadata_service_row *at;
        size_t n;
    } rows;
};
struct html page_metadata(struct arena *a, const struct metadata_view *v);

struct metadata_fact_row {
    struct str text, number; /* number: on this page */
    bool waits, rejected;    /* neither: it is used */
};

struct metadata_one_view { /* GET /admin/metadata/ID; POST: csrf, version, act=pin|approve|reject, fact, who */
    struct console_page con;
    enum metadata_said said;
    struct str id, name, from, who, version;
    bool bound, fresh; /* bound: what is not approved waits */
    struct {
        const struct metadata_fact_row *at;
        size_t n;
    } facts;
};
struct html page_metadata_one(struct arena *a, const struct metadata_one_view *v);

/* --- the catalogue: for everybody -------------------------------------------------------------------------------- */

struct catalogue_why {
    struct str name, why, without, basis; /* why, without absent: its vendor has not said */
};

struct catalogue_row {
    struct str id, name, line, vendor;
    struct str name_lang, line_lang; /* tags, where they are in another language; else absent */
    struct str logo, letters;        /* a path; absent: letters */
    int shape, colour;
    struct str privacy, terms, access; /* addresses; may be absent */
    struct str about, about_lang;      /* at length; may be absent */
    struct str whom;                   /* "oppilaille (7–16 v.), opettajille"; may be absent */
    struct str child_age;              /* years, from which a child uses it alone; absent: at none */
    bool link;                         /* a plain link, which is told nothing */
    bool shut;                         /* closed for the time being */
    struct str incident, since;
    struct {
        const struct catalogue_why *at;
        size_t n;
    } whys;
    struct str count; /* of them */
    struct str users; /* municipalities, by name; absent: none yet */
    bool take, taken; /* in the console: may be taken into use; has receipts there */
};

struct catalogue_view { /* GET /services?q=&from= */
    struct page page;
    struct str q, next, previous;
    struct {
        const struct catalogue_row *at;
        size_t n;
    } rows;
};
struct html page_catalogue(struct arena *a, const struct catalogue_view *v);

/* --- municipalities join --------------------------------------------------------------------------------- */

struct joined_city {
    struct str id, name, oid, schools, idps, admins;
    bool idle; /* nobody administers it yet */
};

struct cities_view { /* GET /admin/cities?q= */
    struct console_page con;
    struct str q;
    struct {
        const struct joined_city *at;
        size_t n;
    } rows;
    struct str first, last, total, next, previous;
};
struct html page_cities(struct arena *a, const struct cities_view *v);

struct city_invited { /* that is open */
    struct str hash;  /* by which it is taken back */
    struct str note, until;
    struct str mail; /* what has become of its letter; absent: it was sent nowhere */
    bool lost;
};

struct city_source {
    struct str id, name, kind;
    bool off;
};

struct city_view { /* GET /admin/cities?city=ID; POST /admin/cities: csrf, act=invite, city, note, email; or
                    * act=uninvite, city, id */
    struct console_page con;
    struct joined_city is;
    struct str code;
    bool opened, uninvited;          /* just now */
    bool no_accounts;                /* there is nowhere for an invited person's account (vendors: true) */
    bool no_note, no_email, refused; /* refused: more than the person may give */
    bool may_invite, mail_set, sent; /* mail_set: it can be sent; sent: it was, just now */
    struct str note, email;
    struct str link; /* shown this once */
    struct {
        const struct city_invited *at;
        size_t n;
    } invited;
    struct {
        const struct city_source *at;
        size_t n;
    } sources;
};
struct html page_city(struct arena *a, const struct city_view *v);

struct city_wrong { /* of a field */
    struct str field, label, says;
};

struct city_line {                       /* of the file */
    struct str line, value, says, other; /* line absent: the file as a whole; other: of the line that has it too */
};

struct city_school {
    struct str oid, code, name, name_sv, name_en;
    bool doubtful;
};

struct city_open_view { /* GET /admin/cities?open=1; POST /admin/cities, multipart: csrf, version, act (preview, edit,
                         * open), name_fi, name_sv, name_en, oid, code, id, support, schools, file */
    struct console_page con;
    struct str version, name_fi, name_sv, name_en, oid, code, id, support;
    struct str no_name_fi, no_oid, no_code, no_id; /* what is wrong with each */
    struct {
        const struct city_wrong *at;
        size_t n;
    } wrongs;
    struct html_lines schools; /* as typed, or what was read of the file */
    struct {
        const struct city_line *at;
        size_t n;
    } lines;
    struct str lines_more;
    bool file_kept_out; /* a large file with faults is not shown in the field */
    /* What would be made of it. */
    bool preview, doubtful, windows;
    struct str n, elsewhere, no_schools, closed; /* absent: none */
    struct {
        const struct city_school *at;
        size_t n;
    } rows;
    struct str more; /* schools besides those that are shown */
    struct str detail;
};
struct html page_city_open(struct arena *a, const struct city_open_view *v);

struct city_change { /* a school as it will be; before: what it is now, where that is another */
    struct str oid, code, name, before;
};
struct city_changes {
    const struct city_change *at;
    size_t n;
    struct str all, more; /* all: how many there are; more: besides those that are shown; absent: none */
};

struct city_schools_view { /* GET /admin/city-schools/ID; POST, multipart: csrf, version, act (preview, edit, keep),
                            * schools, file, gone (OIDs, one a line), missing=close */
    struct console_page con;
    struct str id, name, version, detail, gone;
    bool kept, nothing, doubtful;
    struct html_lines schools;
    struct {
        const struct city_line *at;
        size_t n;
    } lines;
    struct str lines_more;
    bool file_kept_out, preview, close_missing;
    struct city_changes made, changed, closed, missing;
    struct str same, elsewhere;
};
struct html page_city_schools(struct arena *a, const struct city_schools_view *v);

/* --- taken into use: what a municipality gives a service, and the receipt of it ----------------------------------- */

struct services_view { /* GET /admin/services?q=&from= */
    struct console_page con;
    struct str q, next, previous;
    struct {
        const struct catalogue_row *at;
        size_t n;
    } rows;
};
struct html page_services(struct arena *a, const struct services_view *v);

struct take_claim { /* fields give_KEY = yes | no */
    struct str key, name, why, basis;
    bool always, never; /* never: the whole country forbids it */
    bool yes, no;       /* as it was chosen */
    bool wrong;         /* it was not */
};

struct take_wrong {
    struct str field, label;
};

struct receipt_row {
    struct str id, whom, when;
    bool in_force, withdrawn;
};

struct opened_row { /* to whom a service was ever open (registry/opened.h) */
    struct str provider, since;
    bool by_then; /* it was open by that day, since when is not known */
};

struct take_view { /* GET /admin/services/ID; POST: csrf, version, act=send|keep, give_…, role_…, where=all|some,
                    * school_…, purpose, agreement, decided_by, until */
    struct console_page con;
    struct str id, name, vendor, line, users, privacy, terms, version;
    bool link, may_take;
    struct {
        const struct take_claim *at;
        size_t n;
    } claims;
    struct choices roles, schools;
    bool all, some, many; /* of the schools; many: they are too many to be listed */
    struct str purpose, agreement, decided_by, until;
    bool no_roles, no_where, no_purpose, no_agreement, no_decided_by, no_until;
    struct {
        const struct take_wrong *at;
        size_t n;
    } wrongs;
    struct {
        const struct receipt_row *at;
        size_t n;
    } receipts;
    struct {
        const struct opened_row *at;
        size_t n;
    } opened;
    bool changed; /* meanwhile */
    struct str trouble;
};
struct html page_take(struct arena *a, const struct take_view *v);

struct receipt_view { /* GET /admin/services/ID?receipt=; POST: csrf, version, act=withdraw, receipt, why */
    struct console_page con;
    struct receipt_words receipt;
    struct str service, version, why, trouble, change;
    struct str opened;     /* the day on which the service first was open to the municipality; absent: it never was */
    bool opened_by, ended; /* opened_by: by that day; ended: the receipt is no longer in force */
    bool may_withdraw, no_why, changed, done;
};
struct html page_receipt(struct arena *a, const struct receipt_view *v);

/* --- a municipality connects an identity provider ------------------------------------------------------- */

struct join_fact { /* of what its address said */
    struct str what, value;
    bool ill;
};

struct join_bound_role { /* field: "role_teacher" */
    struct str field, name;
    bool on;
};

struct join_address {
    struct str what, url;
};

enum join_tested { JOIN_UNTESTED = 0, JOIN_TEST_REFUSED, JOIN_TEST_FAULTS, JOIN_TEST_WELL };
enum join_said {
    JOIN_SAID_NOTHING = 0,
    JOIN_SAID_MADE,
    JOIN_SAID_REGISTERED,
    JOIN_SAID_OPENED,
    JOIN_SAID_MOVED,
    JOIN_SAID_BOUNDS,
    JOIN_SAID_PROBE,
    JOIN_SAID_PROBE_NOW
};

enum join_dry { JOIN_DRY_NONE = 0, JOIN_DRY_RUNS, JOIN_DRY_FAULTS, JOIN_DRY_WELL };
struct join_dry_fault {
    struct str label, says; /* says: codes */
    bool refused;
};

struct join_view { /* GET /admin/join/new, /admin/join/ID; POST, multipart: csrf, version, act (address, register, open,
                    * move, remove, probe, probe_now, probe_off, bounds: role_NAME, bound_schools)
                    */
    struct console_page con;
    bool anew;
    enum join_said said;
    struct str version;
    struct {
        const struct city_wrong *at;
        size_t n;
    } wrongs;
    struct str detail;
    /* anew: product, name_fi, name_sv, name_en, address, entity_id, file, school, role */
    struct choices products, schools;
    bool all_learners;
    struct str name_fi, name_sv, name_en, address, entity_id;
    struct str no_product, no_name, no_address, no_entity;
    /* Else. */
    struct str id, name, kind, product;
    bool saml, registered, open;
    /* Of what it may speak. */
    bool is_bounded, bounding; /* bounding: its form is open */
    struct {
        const struct join_bound_role *at;
        size_t n;
    } bounds;
    struct {
        const struct join_fact *at;
        size_t n;
    } bound_named;                                     /* schools of the row: name, code */
    struct str bound_roles, bound_schools, bound_said; /* as typed, one a line; said: the row's roles in words */
    struct str no_schools;                             /* what is wrong with them */
    bool found;                                        /* what its address says could be used */
    struct {
        const struct join_fact *at;
        size_t n;
    } facts;
    struct str code, means, mend; /* why it was not found */
    struct {
        const struct join_address *at;
        size_t n;
    } addresses;
    struct product_settings settings;
    struct str client_id, no_client, no_secret; /* register: client_id, client_secret, secret_until */
    struct str secret_until, no_until;
    bool basic;    /* it has a client secret to be changed */
    bool second;   /* it is open, or was: a second person approves what decides whose answers are believed */
    bool moving;   /* an address was typed and is not kept: its form is unfolded */
    bool removing; /* remove: why */
    enum join_tested tested;
    enum join_dry dry; /* of the people of the dry run: here, of asked, and whom something was wrong with */
    struct str dry_here, dry_asked;
    struct {
        const struct join_dry_fault *at;
        size_t n;
    } dry_faults;
    bool fresh, may_open;
    bool despite;                       /* the dry run does not say that all is well, and it is opened all the same */
    struct str why, no_why, no_despite; /* open: why, despite */
    struct probe_shown probe;           /* probe: probe_user, probe_password; probe_now; probe_off */
    bool probing;                       /* what was typed is not kept: its form is unfolded */
    struct str probe_user, no_probe_user, no_probe_password;
};
struct html page_join(struct arena *a, const struct join_view *v);

/* --- notices: what people read before their services --- */

struct notice_row {
    struct str id, title, kind, service, who, when; /* service: absent: of none; who: absent: everybody of the school */
    bool important, running, over;
};

enum notice_said {
    NOTICE_SAID_NOTHING = 0,
    NOTICE_SAID_SET,
    NOTICE_SAID_ENDED,
    NOTICE_SAID_TITLE,     /* in no language */
    NOTICE_SAID_LANGUAGES, /* to the whole country, and not in each */
    NOTICE_SAID_SERVICE,   /* none, or there is no such */
    NOTICE_SAID_TIMES,
    NOTICE_SAID_PAST,
    NOTICE_SAID_MEANWHILE, /* somebody else changed it */
    NOTICE_SAID_INVALID    /* `detail` */
};

struct notices_view { /* GET /admin/notices?row=ID; POST: csrf, id, version, kind, service, title_fi …, says_fi …,
                       * school, role_NAME=1, important=1, from_day, from, until_day, until; POST /admin/notices/ID:
                       * csrf, version */
    struct console_page con;
    enum notice_said said;
    struct str detail;
    struct {
        const struct notice_row *at;
        size_t n;
    } rows;
    bool cut, editing, important;
    struct choices kinds, schools, roles, known; /* schools: none in the area of one, nor in the nation's */
    struct str id, version, service, from_day, from, until_day, until;
    struct str title_fi, title_sv, title_en, says_fi, says_sv, says_en;
};
struct html page_notices(struct arena *a, const struct notices_view *v);

/* --- people move to another identity provider of their municipality --- */

enum moves_said {
    MOVES_SAID_NOTHING = 0,
    MOVES_SAID_LOOKED, /* the plan is shown */
    MOVES_SAID_FILE,   /* lines of the file do not hold */
    MOVES_SAID_WRONG,
    MOVES_SAID_MEANWHILE
};

struct move_row {
    struct str id, from, to, way, links, until; /* until: absent: open */
};

struct move_fault { /* a line that does not hold, or that was noted */
    struct str line, other, code, says;
};

struct moves_view { /* GET /admin/moves; POST, multipart: csrf, version, act (look, keep), from, to, by (file,
                     * learner_number), until, file, pairs, take_known, why */
    struct console_page con;
    enum moves_said said;
    struct str detail, version, why, until;
    struct choices froms, tos;
    bool by_number, take_known;
    struct html_lines pairs;
    struct {
        const struct move_row *at;
        size_t n;
    } rows;
    struct {
        const struct move_fault *at;
        size_t n;
    } faults;
    struct str faults_more;                            /* absent: none besides */
    struct str lines, linked, doubtful, twice, unseen; /* of MOVES_SAID_LOOKED */
    bool some;                                         /* anybody would be linked */
};
struct html page_moves(struct arena *a, const struct moves_view *v);

/* --- by what an account of our own signs in ------------------------------------------------------------------- */

struct own_passkey {
    struct str id, name, made;
};
enum own_said { OWN_SAID_NOTHING = 0, OWN_SAID_KEPT, OWN_SAID_GONE, OWN_SAID_WRONG };
struct own_view { /* GET, POST /admin/account: csrf, act (passkey, remove, papers), id, name, seal, client, data */
    struct console_page con;
    enum own_said said;
    struct {
        const struct own_passkey *at;
        size_t n;
    } passkeys;
    struct {
        const struct str *at;
        size_t n;
    } papers; /* shown this once */
    struct str username, papers_left;
    bool vendors;                         /* it has a code beside its password in any case */
    struct str seal, challenge, rp, user; /* for passkey.js, base64url */
};
struct html page_own(struct arena *a, const struct own_view *v);

/* --- what vendors have said went wrong -------------------------------------------------------------------------- */

struct incident_row {
    struct str service, id, vendor, says, since, until; /* until absent: no end is said; vendor absent: of none */
    bool by_operator, to_come;
};
struct incident_list {
    const struct incident_row *at;
    size_t n;
};
struct incidents_view { /* GET /admin/incidents, of the whole country */
    struct console_page con;
    struct incident_list open, past; /* the newest first; open: what is to come as well */
    struct str more;                 /* how many past ones are not shown; absent: none */
};
struct html page_incidents(struct arena *a, const struct incidents_view *v);

#endif
