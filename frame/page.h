/* SPDX-License-Identifier: EUPL-1.2
 * frame/page.h: what every page carries, whichever folder makes it.
 *
 * Floor 4.  Pure: reads the request's context, and nothing else.
 */
#ifndef FRAME_PAGE_H
#define FRAME_PAGE_H

#include "base/fail.h"
#include "model/ctx.h"
#include "wire/html.h"

/* form-action names https because a POST of ours is answered by a redirect to a city or a service, and Chromium
 * applies form-action to redirects as well; plain http only on loopback names, for the demo. */
#define PAGE_CSP PAGE_CSP_BUT_ANCESTORS "frame-ancestors 'none'"
#define PAGE_CSP_BUT_ANCESTORS                                                                                         \
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; manifest-src 'self'; base-uri 'none'; "  \
    "form-action 'self' https: http://localhost:* http://*.localhost:* http://127.0.0.1:*; "

struct page_role { /* what somebody is at one school */
    struct str role, school;
};

struct page_me {         /* who is signed in; name absent: nobody */
    struct str name;     /* "Aino Laakso" */
    struct str first;    /* "Aino" */
    struct str initials; /* "AL" */
    struct str role;     /* in the page's language: "Opettaja", "Opettaja ja huoltaja" */
    struct str school;   /* in the page's language */
    struct {
        const struct page_role *at;
        size_t n;
    } roles;         /* each with its school, where there are several */
    struct str csrf; /* token of the sign-out form */
    bool learner;    /* whom to ask: the teacher */
};

struct page {
    enum lang lang;
    enum variety variety; /* of LANG_FI */
    bool varieties;       /* the page is one of those that have texts in them: it offers them */
    struct str gateway;   /* what the gateway calls itself: "DigiOne" */
    struct str here;      /* path and query to come back to after a change of language; absent: no language links.
                           * Links go to /lang?to=sv&back=<here> */
    struct str help, help_email, accessibility, privacy; /* addresses; absent: no link */
    struct page_me me;
    /* A guardian acts for a child: whom, and where; child absent: for nobody. */
    struct {
        struct str child, school, group, city;
    } acting;
    bool guardian;          /* signed in as one */
    bool roles;             /* who is signed in may go on as somebody's guardian, or as what they are at a school */
    struct str test_person; /* somebody of the test school is signed in, whose name this is; absent: nobody is */
};

/* Makes a page the answer of a step: PAGE_CSP, no-store, its language.  Fails OURS page_too_large when it is absent. */
enum step page_send(struct ctx *c, int status, struct html page, struct fail *f);

/* Fills in what the request knows: language, settings (name, support), the signed-in person.
 * here: absent when a GET cannot come back to this page. */
struct page page_for(const struct ctx *c, struct str here);

/* Renders a view: begins a page, lets the compiled template write, ends it. */
#define PAGE_RENDER(arena, view, out)                                                                                  \
    do {                                                                                                               \
        struct buf buf_ = html_begin(arena);                                                                           \
        view(&buf_, out);                                                                                              \
        return html_end(&buf_);                                                                                        \
    } while (0)

#endif
