/* SPDX-License-Identifier: EUPL-1.2
 * portal/pages.h: every page of the vendor portal, as a function of its view.
 *
 * Floor 5, beside launcher/ and console/: none knows another.  As there, a page takes a struct of plain values and
 * gives complete HTML; it reads nothing else, cannot fail and never blocks, and an absent text is a part left out.
 * Whether somebody may see or do a thing was decided before the view was made.
 */
#ifndef PORTAL_PAGES_H
#define PORTAL_PAGES_H

#include "frame/page.h"
#include "frame/receipt.h"

/* --- what every page behind the door carries --------------------------------------------------------------- */

enum vendor_place {
    VENDOR_PLACE_NONE = 0,
    VENDOR_PLACE_HOME,
    VENDOR_PLACE_SERVICES,
    VENDOR_PLACE_PEOPLE,
    VENDOR_PLACE_SCHOOL,
    VENDOR_PLACE_ORGANISATION,
    VENDOR_PLACE_ACCOUNT
};

enum vendor_tab {
    VENDOR_TAB_NONE = 0,
    VENDOR_TAB_SETTINGS,
    VENDOR_TAB_LOGO,
    VENDOR_TAB_CONNECT,
    VENDOR_TAB_GATE,
    VENDOR_TAB_USE,
    VENDOR_TAB_TRACE,
    VENDOR_TAB_INCIDENTS
};

struct vendor_choice { /* an organisation of theirs besides */
    struct str id, name;
};

struct vendor_page {
    struct page page;
    struct str scope;        /* name of the organisation */
    struct str organisation; /* its id, of every form here: field `org`; what is posted is done there */
    struct {
        const struct vendor_choice *at;
        size_t n;
    } others; /* POST /vendor/switch: to */
    enum vendor_place place;
    bool below;           /* on a page below it */
    bool writes, decides; /* a developer's rights; an owner's */
    struct str csrf;      /* of every form here: field `csrf` */
    struct str version;   /* of the registry that the page was made from: field `version` */
    enum vendor_tab tab;  /* of a service's pages, which have `id` and `title` for views/v_tabs.html */
};

/* A mistake of one field: the page names it at the top and beside the field. */
struct vendor_wrong {
    struct str field; /* its id on the page */
    struct str label, says;
};
struct vendor_wrongs {
    const struct vendor_wrong *at;
    size_t n;
};

/* --- coming in ---------------------------------------------------------------------------------------------- */

/* Where the sign-in comes back to: sets the portal's cookie and goes on at once (Refresh), or by its button. */
struct vendor_enter_view { /* GET /vendor/enter?to= */
    struct page page;
    struct str to;
};
struct html page_vendor_enter(struct arena *a, const struct vendor_enter_view *v);

struct vendor_way { /* a way to sign in */
    struct str name, to;
    bool local; /* by an account of ours */
};
struct vendor_ways {
    const struct vendor_way *at;
    size_t n;
};
struct vendor_ways_view { /* GET /vendor/enter, where there is something to choose, or whoever came is nobody here */
    struct page page;
    bool unknown;          /* proven at `idp`, and of no account */
    bool stranger;         /* signed in, and of no vendor */
    struct str name;       /* of either; "": not said */
    struct str idp, again; /* unknown: where, and the path to log in there as somebody else */
    struct vendor_ways ways;
};
struct html page_vendor_ways(struct arena *a, const struct vendor_ways_view *v);

struct vendor_contact_view { /* GET, POST /vendor/contact/TOKEN: an address of an organisation is read */
    struct page page;
    struct str token, organisation, address, what; /* what: "Contact for technology" */
    bool done;
};
struct html page_vendor_contact(struct arena *a, const struct vendor_contact_view *v);

struct organisation_form { /* fields name_fi, name_sv, name_en, business_id, technology, privacy, incidents */
    struct str name_fi, name_sv, name_en, business_id, technology, privacy, incidents;
    struct str no_name_fi, no_business_id, no_technology, no_privacy, no_incidents; /* what is wrong with each */
};

struct vendor_join_view { /* GET, POST /vendor/join: of an organisation_form, and person, email, words */
    struct page page;
    bool sent;
    struct organisation_form org;
    struct str person, email, words;
    struct str no_person, no_email;
    struct vendor_wrongs wrongs;
};
struct html page_vendor_join(struct arena *a, const struct vendor_join_view *v);

struct vendor_seed { /* what an authenticator app is told: sealed, for the form's field `seal`; to be typed; drawn */
    struct str seal, text, qr, box;
};

struct vendor_invited_view { /* GET, POST /vendor/invite/TOKEN: seal, username, given_names, family_name, password, code
                              */
    struct page page;
    struct str token, organisation, role; /* role in words */
    bool city;                            /* a municipality invites: its admins sign in to the console */
    bool recovers;                        /* an account that is there: password and code alone are made anew */
    struct str joins;                     /* who is signed in and may join as they are: act=join; absent: nobody */
    struct str sign_in_at, no_join;       /* where to sign in to do that; why it did not come about */
    struct vendor_ways outside;           /* where else to prove who they are: act=outside, idp (to) */
    struct str proven_at, proven_as;      /* they have: act=prove, given_names, family_name; absent: not */
    struct vendor_seed app;
    struct str username, given_names, family_name;
    struct str no_username, no_given_names, no_family_name, no_password, no_code;
    struct vendor_wrongs wrongs;
    struct { /* done: the account is there */
        const struct str *at;
        size_t n;
    } papers;
};
struct html page_vendor_invited(struct arena *a, const struct vendor_invited_view *v);

/* --- behind the door ---------------------------------------------------------------------------------------- */

struct vendor_todo {
    struct str title, why, to, act; /* to: a path; act: the button */
    bool urgent;
};

struct vendor_service_row {
    struct str id, name, protocol;
    bool test, enabled;
};

struct vendor_home_view { /* GET /vendor */
    struct vendor_page con;
    struct {
        const struct vendor_todo *at;
        size_t n;
    } todo;
    struct {
        const struct vendor_service_row *at;
        size_t n;
    } services;
};
struct html page_vendor_home(struct arena *a, const struct vendor_home_view *v);

struct vendor_person_row {
    struct str id, name, role, role_id; /* role_id: "owner" */
    bool reader, developer, owner;      /* what they are */
    bool self;
    bool recovers; /* their account is this organisation's alone: its owner may let them in anew */
};
struct vendor_invitation_row {
    struct str hash, note, role, until;
    struct str mail; /* where it was sent, and what has become of it; absent: nowhere */
    bool lost;       /* it did not arrive */
};
struct vendor_people_view { /* GET /vendor/people; POST: act (invite, role, remove, uninvite, recover, leave), id, role,
                             * note, email */
    struct vendor_page con;
    struct {
        const struct vendor_person_row *at;
        size_t n;
    } rows;
    struct {
        const struct vendor_invitation_row *at;
        size_t n;
    } invitations;
    struct str link;        /* shown this once */
    bool recovers;          /* it lets in anew */
    struct str note, email; /* as typed */
    struct str no_email;    /* what is wrong with it; absent: nothing */
    bool mail_set;          /* invitations can be sent */
    struct str trouble, done;
};
struct html page_vendor_people(struct arena *a, const struct vendor_people_view *v);

struct vendor_contact_row {
    struct str word, what, address; /* word: field `contact` */
    bool verified;
    bool before;    /* verified by the word of whoever runs the gateway, from before anybody was asked */
    struct str old; /* which receives until it is; absent: nobody does */
};
struct vendor_organisation_view { /* GET, POST /vendor/organisation: an organisation_form; act=verify, contact */
    struct vendor_page con;
    struct {
        const struct vendor_contact_row *at;
        size_t n;
    } contacts;
    bool mail_set;
    struct str link; /* shown this once */
    struct organisation_form org;
    struct vendor_wrongs wrongs;
    struct str trouble, done;
};
struct html page_vendor_organisation(struct arena *a, const struct vendor_organisation_view *v);

struct vendor_passkey_row {
    struct str id, name, made, used;
};
struct vendor_identity_row {
    struct str id, where, name, made;
};

struct vendor_account_view { /* GET, POST /vendor/account: act (passkey, remove, papers, password, app, outside, bind,
                              * unbind), id, name, made, client, data, old, password, code */
    struct vendor_page con;
    struct {
        const struct vendor_passkey_row *at;
        size_t n;
    } passkeys;
    bool has_account, has_password; /* has_account false: the identity provider alone has one of theirs */
    struct {
        const struct vendor_identity_row *at;
        size_t n;
    } identities;                    /* act=unbind, id */
    struct vendor_ways outside;      /* act=outside, idp (to) */
    struct str proven_at, proven_as; /* act=bind; absent: nothing was proven */
    struct str username, papers_left;
    struct str seal, challenge, rp, user; /* for passkey.js: what is asked for, base64url */
    struct {
        const struct str *at;
        size_t n;
    } papers;           /* shown this once */
    struct str told_at; /* where a letter says that something of it was changed; absent: nowhere */
    struct vendor_seed app;
    struct str no_old, no_password, no_app_old, no_code; /* what is wrong with each */
    struct vendor_wrongs wrongs;
    struct str trouble, done;
};
struct html page_vendor_account(struct arena *a, const struct vendor_account_view *v);

/* --- services ----------------------------------------------------------------------------------------------- */

struct vendor_new_view { /* GET /vendor/new: links to /vendor/service/new?protocol= */
    struct vendor_page con;
};
struct html page_vendor_new(struct arena *a, const struct vendor_new_view *v);

enum vendor_protocol { VENDOR_OIDC = 1, VENDOR_SAML, VENDOR_LTI, VENDOR_LINK };

struct vendor_claim {
    struct str word, name;
    bool asked;
    struct str why_fi, why_sv, why_en;
    struct str without_fi, without_sv, without_en;
    int basis; /* enum basis */
};

struct vendor_end { /* a certificate, metadata, a secret */
    struct str what, print, when, days;
};

struct vendor_certificate { /* of those that stand side by side */
    struct str print, when, days;
    bool signs, encrypts;
    bool retired, older; /* older: a newer one of the same use is there */
    bool may_retire;     /* another of each use of it is left */
};

struct service_fields { /* as typed, or as they are; each is the name of its field as well */
    struct str name_fi, name_sv, name_en, line_fi, line_sv, line_en;
    struct str redirect_uris, post_logout_redirect_uris, initiate_login_uri, target_link_uri, launch_uri, jwks_uri;
    struct str backchannel_logout_uri;
    struct str entity_id, metadata_xml;
    struct str policy_uri, contacts, targets;
    struct str about_fi, about_sv, about_en, accessibility_uri, audience, age_from, age_to;
    struct str child_decides_from;               /* years; "": at no age */
    bool for_learner, for_teacher, for_guardian; /* audience, as ticked */
    bool is_public;                              /* cannot keep a secret */
};

struct vendor_service_view { /* GET /vendor/service/ID, /vendor/service/new?protocol=; POST: act (save, secret, retire,
                              * close, open; certificate_add: certificate, use (signing, encryption, both);
                              * certificate_retire, certificate_again: print), protocol, version, service_fields,
                              * ask_WORD; of each that is asked for why_fi_WORD, why_sv_WORD, why_en_WORD, basis_WORD,
                              * without_fi_WORD and so on */
    struct vendor_page con;
    bool is_new, enabled;
    bool fixed; /* in production: it is looked at, and its secrets are renewed */
    enum vendor_protocol protocol;
    struct str id, protocol_id, client_id, title;
    struct service_fields f, no; /* no: what is wrong with each */
    struct {
        const struct vendor_claim *at;
        size_t n;
    } claims;
    struct vendor_wrongs wrongs;
    struct vendor_wrongs lacks; /* before it may ask for production */
    struct {
        const struct vendor_end *at;
        size_t n;
    } ends;
    struct {
        const struct vendor_certificate *at;
        size_t n;
    } certificates;
    struct str certificate, no_certificate; /* as typed; what is wrong with it */
    bool two_sign, two_encrypt;             /* several stand side by side */
    struct str older_used;                  /* when something signed with an older one came last, within the hour */
    struct str ages;                        /* the age rule in a policy's words: "under13, 13to17"; absent: none */
    bool tells, asks_some;                  /* lacks and ends are known; one claim at least is asked for */
    struct str trouble, done;
    struct str secret; /* shown this once */
    bool has_secret;
    struct str too_until; /* the secret before is good until then; absent: there is none */
};
struct html page_vendor_service(struct arena *a, const struct vendor_service_view *v);

struct vendor_product {
    struct str id, name;
    bool current;
};
struct vendor_connect_view { /* GET /vendor/connect/ID?product= */
    struct vendor_page con;
    struct str id, title, product, product_name;
    struct {
        const struct vendor_product *at;
        size_t n;
    } products;
    struct str file;
    struct html_lines text; /* the finished configuration */
    struct str return_at;   /* what the product wants registered; absent: nothing */
    bool return_is_there;   /* it is one of the service's */
    bool secret;            /* it reads one from the environment */
};
struct html page_vendor_connect(struct arena *a, const struct vendor_connect_view *v);

/* --- what a service says and shows of itself ----------------------------------------------------------------- */

struct vendor_logo_view { /* GET /vendor/logo/ID; POST: multipart: act (keep, remove), logo (a file) */
    struct vendor_page con;
    struct str id, title;
    bool fixed;       /* in production */
    struct str logo;  /* address of the picture as it is; absent: none */
    struct str wrong; /* with the file */
    struct str trouble, done;
};
struct html page_vendor_logo(struct arena *a, const struct vendor_logo_view *v);

/* --- production, use, receipts ------------------------------------------------------------------------------ */

struct vendor_receipt_row {
    struct str id, provider, whom, gives, keeps, until; /* keeps, until: may be absent */
    bool in_force, later, withdrawn;                    /* none of them: over */
};

struct vendor_use_day {
    struct str day, n; /* n absent: few */
};

struct vendor_use_place {
    struct str id, name, n; /* n absent: few on every day */
    bool current;
};

struct vendor_need {                  /* field need_KEY */
    struct str key, name, why, until; /* until absent: it has no end yet */
    bool over, soon;
};

struct vendor_address { /* of production, under its own key */
    struct str key, label, value;
    bool list; /* one a line */
};

struct vendor_use_view { /* GET /vendor/use/ID?place=; POST /vendor/service/ID: act=production, metadata_xml;
                          * act=confirm, need_KEY */
    struct vendor_page con;
    /* Of one in test. */
    bool lacks, saml, waits, asked;
    struct str gate_why;                      /* as it was typed */
    struct str production, production_client; /* id of the service in production; absent: none */
    struct str secret, client_id;             /* shown this once */
    struct str metadata, trouble;
    /* Of both: the gate of the one in test. */
    bool gate_open;             /* not passed: who goes on nevertheless says why, field gate_why */
    struct str gate, gate_last; /* id; absent: it has none; when it was run last; absent: never */
    struct str gate_passed, gate_all;
    struct {
        const struct vendor_address *at;
        size_t n;
    } addresses;
    /* Of one in production. */
    struct str tested_as;
    bool confirmed;
    struct {
        const struct vendor_need *at;
        size_t n;
    } needs;
    struct str id, title;
    bool test;
    struct str place, from, to, middle, most, half, sum; /* place absent: all of them; sum absent: few */
    struct str bars, few; /* paths in a picture of 280 by 100, 28 days: of each day, or that they were few, or none */
    struct {
        const struct vendor_use_day *at;
        size_t n;
    } days;
    struct {
        const struct vendor_use_place *at;
        size_t n;
    } places;
    struct {
        const struct vendor_receipt_row *at;
        size_t n;
    } receipts;
};
struct html page_vendor_use(struct arena *a, const struct vendor_use_view *v);

struct vendor_receipt_view { /* GET /vendor/receipt/ID */
    struct vendor_page con;
    struct str id, title; /* of the service */
    struct receipt_words receipt;
};
struct html page_vendor_receipt(struct arena *a, const struct vendor_receipt_view *v);

/* --- the test school ---------------------------------------------------------------------------------------- */

/* Who is played in this browser now; person absent: nobody. */
struct vendor_playing {
    struct str key, person, service;
    struct str launch; /* where the service begins; absent: it names no such address */
    bool here;         /* on the page of that very person */
};

struct vendor_pupil {
    struct str key, name, odd, is; /* odd: what is special about them; is: their roles and schools, in words */
    bool hidden, current;
};

struct vendor_school_view { /* GET /vendor/test-people; POST /vendor/test-people/KEY: act=end */
    struct vendor_page con;
    struct vendor_playing playing;
    struct {
        const struct vendor_pupil *at;
        size_t n;
    } rows;
    struct str done;
};
struct html page_vendor_school(struct arena *a, const struct vendor_school_view *v);

struct vendor_pupil_fact {
    struct str name, value;
};
struct vendor_left_row { /* of what a service asks for */
    struct str name, word, why;
};
struct vendor_told_part {
    struct str title, at;
    struct html_lines text; /* as it left */
};
struct vendor_playable {
    struct str id, name, protocol;
    struct str no; /* why it will not let them in; absent: it will */
};

struct vendor_pupil_view { /* GET /vendor/test-people/KEY; POST: act (start, end), service */
    struct vendor_page con;
    struct vendor_playing playing;
    struct vendor_pupil of;
    struct {
        const struct vendor_pupil_fact *at;
        size_t n;
    } facts;
    struct {
        const struct vendor_playable *at;
        size_t n;
    } services;
    struct str denied;  /* policy does not let them in, in words */
    bool forecast;      /* nothing was told yet: what would be */
    bool tells_nothing; /* the protocol tells of nobody */
    struct {
        const struct vendor_left_row *at;
        size_t n;
    } told, left;
    struct {
        const struct vendor_told_part *at;
        size_t n;
    } parts;
    struct str done, trouble;
};
struct html page_vendor_pupil(struct arena *a, const struct vendor_pupil_view *v);

/* --- the gate ------------------------------------------------------------------------------------------------ */

struct vendor_trial {
    struct str word, name, sent, did, mend; /* did: what the client did; absent: not run */
    struct str when;
};
struct vendor_trials {
    const struct vendor_trial *at;
    size_t n;
};
struct vendor_gate_view { /* GET /vendor/gate/ID, with report=1: a document; POST: act (start, keep, next), trial (a
                           * word), saw (error, in, nothing)
                           */
    struct vendor_page con;
    struct str id, title;
    bool has, all_passed; /* it may have trials */
    struct vendor_trials mend, unfinished, not_run, passed;
    struct str n_mend, n_unfinished, n_not_run, n_passed, n_all;
    struct vendor_trial now;         /* without a word: none is under way */
    bool over;                       /* its time is */
    struct str launch;               /* where its sign-in begins; absent: by a button of its own */
    struct str next;                 /* a word: what is to be run next; absent: nothing */
    struct str last, until, edition; /* until: of a whole report; absent: it is not whole */
    struct str done, trouble;
};
struct html page_vendor_gate(struct arena *a, const struct vendor_gate_view *v);

/* --- the trace ---------------------------------------------------------------------------------------------- */

struct vendor_trace_row {
    struct str id, when, who, said; /* said: how it ended, in words */
    bool current, well, policy; /* well: a ring; policy: refused because somebody may not, a square; else a diamond */
};
struct vendor_trace_check {
    struct str text, time; /* time absent: as the one before */
    bool stop, after;      /* the one that broke; not reached */
    /* of a stop */
    bool differs;    /* two addresses or keys: what is equal, and what is not, of both */
    bool by_request; /* … the other stood in the sign-in request; else in the registry */
    bool by_key;     /* two keys, not addresses */
    struct str given_same, given_rest, held_same, held_rest;
    struct str why, rule, told, code, status; /* told: as the service was told it, in English */
};
struct vendor_trace_part {
    struct str name, value; /* value absent: not kept */
    struct str length;      /* in bytes, in words of a number */
};
struct vendor_trace_message {
    struct str at, time; /* "POST /oidc/token" */
    struct {
        const struct vendor_trace_part *at;
        size_t n;
    } parts;
};
struct vendor_trace_told {
    struct str name, value, why; /* value: or its form; why: it was left out, and why; absent: it was told */
};
struct vendor_trace_view { /* GET /vendor/trace/ID?attempt=&code=&show= */
    struct vendor_page con;
    struct str id, title;
    struct str sought; /* support code, as typed */
    bool only_broken, missed;
    struct {
        const struct vendor_trace_row *at;
        size_t n;
    } rows;
    struct str total;
    struct vendor_trace_row one; /* the one that is shown; id absent: none */
    struct str heading, support_code, mend, means, page;
    struct str field; /* of /vendor/service/ID, where it is cured; absent: not there */
    struct {
        const struct vendor_trace_check *at;
        size_t n;
    } checks;
    struct {
        const struct vendor_trace_message *at;
        size_t n;
    } messages;
    struct {
        const struct vendor_trace_told *at;
        size_t n;
    } told;
    bool told_test;
};
struct html page_vendor_trace(struct arena *a, const struct vendor_trace_view *v);

/* --- incidents ---------------------------------------------------------------------------------------------- */

struct vendor_incident {
    struct str id, says, from, until; /* until absent: it goes on */
    bool over, by_operator;
};
struct vendor_failures {
    struct str code, n; /* within the last day */
};
struct vendor_incidents_view { /* GET /vendor/incidents/ID; POST: act (declare, end), id, says_*, from_*, until_* */
    struct vendor_page con;
    struct str id, title, done, wrong;
    bool test;
    struct {
        const struct vendor_incident *at;
        size_t n;
    } rows;
    struct {
        const struct vendor_failures *at;
        size_t n;
    } failures;
    struct str says_fi, says_sv, says_en, from_day, from_clock, until_day, until_clock; /* as typed */
};
struct html page_vendor_incidents(struct arena *a, const struct vendor_incidents_view *v);

#endif
