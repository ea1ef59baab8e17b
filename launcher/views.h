/* SPDX-License-Identifier: EUPL-1.2
 * launcher/views.h: what the templates see, and the functions that they become.
 *
 * Floor 5; private to the launcher.  Each view begins with struct page, so that
 * the parts every page shares find it, holds its page's public view as `in`,
 * and beside it what pages.c has worked out.
 */
#ifndef LAUNCHER_VIEWS_H
#define LAUNCHER_VIEWS_H

#include "launcher/pages.h"

struct sign_in_out {
    struct page page;
    struct sign_in_view in;
    struct str total, first, last; /* numbers as people write them */
    bool asked, has_more;
    struct str all_count, letter_count;
    int64_t shared_minutes;
};

struct local_out {
    struct page page;
    struct local_view in;
    int64_t minutes, shared_minutes;
};

struct part_row { /* a group of a list that is longer than its page */
    struct str title, count;
    size_t from;
    bool current;
};

struct launcher_out {
    struct page page;
    struct launcher_view in;
    struct {
        const struct part_row *at;
        size_t n;
    } parts;                       /* none where all is shown */
    struct str first, last, total; /* numbers as people write them */
    struct str hits;               /* of a search */
    struct {
        const struct notice_line *at;
        size_t n;
    } news, more; /* the first notice, and the others */
    struct str more_count;
    bool roomy, searchable;
    bool filtered; /* a search found nothing */
    bool found;    /* a search found something */
    bool live;     /* the page has all of it: it is searched while one types */
};

struct news_out {
    struct page page;
    struct news_view in;
};

struct left_name_row {
    struct str name;
};

struct lesson_code {
    struct lesson_pin pin;
    struct str qr, box; /* a path, and the viewBox around it; absent: the address is too long for one */
};

struct lesson_out {
    struct page page;
    struct lesson_view in;
    struct {
        const struct lesson_code *at;
        size_t n;
    } codes;
    struct {
        const struct left_name_row *at;
        size_t n;
    } deaf;
};

struct favourite_row {
    struct tile tile;
    bool first, last;
};

struct favourites_out {
    struct page page;
    struct favourites_view in;
    struct {
        const struct favourite_row *at;
        size_t n;
    } rows;
    struct str first, last, total; /* of what may become a favourite */
    bool roomy, full, cut, searchable;
};

/* A support code in two halves: apart to the eye, together when it is copied. */
struct code {
    struct str first, second;
};

struct denied_out {
    struct page page;
    struct denied_view in;
    struct code code;
    struct str at;
};

enum cause {
    CAUSE_OURS = 0,
    CAUSE_CITY,      /* does not answer */
    CAUSE_UNUSABLE,  /* answers what nobody can use */
    CAUSE_SPENT,     /* this answer is no good any more */
    CAUSE_CANCELLED, /* the person, or the city for them, said no */
    CAUSE_REQUEST,
    CAUSE_LOGIN,
    CAUSE_DENIED,
    CAUSE_NOTFOUND,
    CAUSE_CONFLICT,
    CAUSE_BUSY
};

struct error_out {
    struct page page;
    struct error_view in;
    enum cause cause;
    struct code code;
    struct str at, city_of, fault; /* fault: what in.word means, in a sentence; absent: the word alone */
    bool retries;
};

struct expired_out {
    struct page page;
    struct expired_view in;
};

struct astray_out {
    struct page page;
    struct astray_view in;
};

struct sign_out_out {
    struct page page;
    struct sign_out_view in;
};

struct left_row {
    struct str name, lang, time, city_of, url;
    enum receipt receipt;
    bool is_city;
};

struct signed_out_out {
    struct page page;
    struct signed_out_view in;
    struct {
        const struct left_row *at;
        size_t n;
    } rows;
    bool all;
    int open; /* how many are not known to be closed */
};

struct leaving_out {
    struct page page;
    struct leaving_view in;
};

struct idle_out {
    struct page page;
    struct idle_view in;
};

struct picked_out {
    struct page page;
    struct picked_view in;
};

struct class_out {
    struct page page;
    struct class_view in;
};

struct links_out {
    struct page page;
    struct links_view in;
};

struct framed_out {
    struct page page;
    struct framed_view in;
};

struct still_out {
    struct page page;
    struct still_view in;
    struct str at;
};

struct guardian_out {
    struct page page;
    struct guardian_view in;
    struct str ends;
};

struct guardian_none_out {
    struct page page;
    struct guardian_none_view in;
    struct code code;
    struct str at;
};

struct roles_out {
    struct page page;
    struct roles_view in;
};

struct me_out {
    struct page page;
    struct me_view in;
};

struct me_log_out {
    struct page page;
    struct me_log_view in;
};

struct accounts_out {
    struct page page;
    struct accounts_view in;
};

struct consent_out {
    struct page page;
    struct consent_view in;
};

struct device_out {
    struct page page;
    struct device_view in;
};

struct screen_out {
    struct page page;
    struct screen_view in;
    struct str qr, box; /* a path, and the viewBox around it; absent: the address is too long for one */
};

struct about_out {
    struct page page;
    struct about_view in;
    struct str municipalities, services, first, last;
    size_t previous;
    bool cut;
};

struct continue_out {
    struct page page;
    struct continue_view in;
};

struct post_out {
    struct page page;
    struct post_view in;
};

void view_sign_in(struct buf *b, const struct sign_in_out *v);
void view_no_school(struct buf *b, const struct sign_in_out *v);
void view_local(struct buf *b, const struct local_out *v);
void view_launcher(struct buf *b, const struct launcher_out *v);
void view_lesson(struct buf *b, const struct lesson_out *v);
void view_news(struct buf *b, const struct news_out *v);
void view_favourites(struct buf *b, const struct favourites_out *v);
void view_pupil(struct buf *b, const struct launcher_out *v);
void view_denied(struct buf *b, const struct denied_out *v);
void view_error(struct buf *b, const struct error_out *v);
void view_expired(struct buf *b, const struct expired_out *v);
void view_astray(struct buf *b, const struct astray_out *v);
void view_sign_out(struct buf *b, const struct sign_out_out *v);
void view_signed_out(struct buf *b, const struct signed_out_out *v);
void view_next(struct buf *b, const struct signed_out_out *v);
void view_leaving(struct buf *b, const struct leaving_out *v);
void view_idle(struct buf *b, const struct idle_out *v);
void view_still(struct buf *b, const struct still_out *v);
void view_guardian(struct buf *b, const struct guardian_out *v);
void view_guardian_none(struct buf *b, const struct guardian_none_out *v);
void view_roles(struct buf *b, const struct roles_out *v);
void view_own_log(struct buf *b, const struct me_log_out *v);
void view_own_data(struct buf *b, const struct me_out *v);
void view_accounts(struct buf *b, const struct accounts_out *v);
void view_consent(struct buf *b, const struct consent_out *v);
void view_device(struct buf *b, const struct device_out *v);
void view_screen(struct buf *b, const struct screen_out *v);
void view_about(struct buf *b, const struct about_out *v);
void view_continue(struct buf *b, const struct continue_out *v);
void view_picked(struct buf *b, const struct picked_out *v);
void view_links(struct buf *b, const struct links_out *v);
void view_framed(struct buf *b, const struct framed_out *v);
void view_class(struct buf *b, const struct class_out *v);
void view_post(struct buf *b, const struct post_out *v);

#endif
