/* SPDX-License-Identifier: EUPL-1.2 */
#include "launcher/pages.h"
#include "launcher/faults.def"

#include "base/settings.h"
#include "frame/contact.h"
#include "frame/roles.h"
#include "frame/words.h"
#include "launcher/cities.h"
#include "launcher/texts.h"
#include "launcher/views.h"
#include "model/when.h"
#include "wire/http.h"
#include "wire/qr.h"

static struct str otherwise(struct str s, struct str preset)
{
    return str_is_set(s) ? s : preset;
}

static struct code halves(struct str code)
{
    return code.n == 8 ? (struct code){ str_sub(code, 0, 4), str_from(code, 4) } : (struct code){ .first = code };
}

static struct str time_of(struct arena *a, int64_t at_s, enum lang lang)
{
    return at_s > 0 ? when_full(a, at_s, lang) : S("");
}

/* --- signing in ------------------------------------------------------------------------------------------- */

static struct sign_in_out sign_in_out(struct arena *a, const struct sign_in_view *v)
{
    size_t last = v->from + v->picks.n;

    return (struct sign_in_out){ .page = v->page,
                                 .in = *v,
                                 .asked = str_is_set(v->q),
                                 .has_more = v->total > last,
                                 .shared_minutes = v->shared_idle_s / 60,
                                 .total = words_count(a, v->total, v->page.lang),
                                 .first = words_count(a, v->from + 1, v->page.lang),
                                 .last = words_count(a, last, v->page.lang),
                                 .all_count = words_count(a, v->city_count, v->page.lang),
                                 .letter_count = words_count(a, v->total, v->page.lang) };
}

struct html page_sign_in(struct arena *a, const struct sign_in_view *v)
{
    struct sign_in_out out = sign_in_out(a, v);

    PAGE_RENDER(a, view_sign_in, &out);
}

struct html page_no_school(struct arena *a, const struct sign_in_view *v)
{
    struct sign_in_out out = sign_in_out(a, v);

    PAGE_RENDER(a, view_no_school, &out);
}

struct html page_local(struct arena *a, const struct local_view *v)
{
    struct local_out out = { .page = v->page,
                             .in = *v,
                             .minutes = v->wait_s > 0 ? (v->wait_s + 59) / 60 : 1,
                             .shared_minutes = v->shared_idle_s / 60 };

    PAGE_RENDER(a, view_local, &out);
}

/* --- the launcher ----------------------------------------------------------------------------------------- */

/* Fewer are seen at a glance, on a telephone as well; more do not fit into 50 KB with what each is found by. */
enum { SEARCH_FROM = 7, LIVE_MAX = 60 };

static void put_parts(struct arena *a, const struct tiles *tiles, struct launcher_out *out)
{
    struct part_row *rows = arena_make_n(a, tiles->parts.n + 1, struct part_row);
    enum lang lang = out->page.lang;

    for (size_t i = 0; i < tiles->parts.n; i++) {
        const struct tile_part *part = &tiles->parts.at[i];
        rows[i] = (struct part_row){ part->title, words_count(a, part->count, lang), part->from, part->current };
    }
    out->parts.at = rows;
    out->parts.n = tiles->parts.n;
    out->first = words_count(a, tiles->before + 1, lang);
    out->last = words_count(a, tiles->before + tiles->shown, lang);
    out->total = words_count(a, tiles->count, lang);
}

/* One of them is open, the others are folded behind their number. */
static void put_news(struct arena *a, const struct notices *n, struct launcher_out *out)
{
    out->news.at = n->lines.at;
    out->news.n = 1;
    out->more.at = n->lines.at + 1;
    out->more.n = n->lines.n - 1;
    out->more_count = words_count(a, n->count - 1, out->page.lang);
}

struct html page_launcher(struct arena *a, const struct launcher_view *v)
{
    struct launcher_out out = { .page = v->page, .in = *v, .roomy = v->tiles.density == DENSITY_ROOMY };

    out.filtered = v->tiles.count == 0 && v->tiles.before_filter > 0;
    out.searchable =
        out.roomy ? v->tiles.parts.n > 0 || str_is_set(v->q) : v->tiles.before_filter >= SEARCH_FROM || out.filtered;
    out.found = str_is_set(v->q) && !out.filtered;
    out.live = out.searchable && v->tiles.parts.n == 0 && v->tiles.shown <= LIVE_MAX && !str_is_set(v->q);
    out.hits = words_count(a, v->tiles.count, v->page.lang);
    if (v->notices.lines.n > 0 && !str_is_set(v->q) && v->tiles.from == 0)
        put_news(a, &v->notices, &out);
    if (v->tiles.parts.n > 0)
        put_parts(a, &v->tiles, &out);
    if (out.roomy)
        PAGE_RENDER(a, view_pupil, &out);
    PAGE_RENDER(a, view_launcher, &out);
}

struct html page_lesson(struct arena *a, const struct lesson_view *v)
{
    struct lesson_code *codes = arena_make_n(a, v->pins.n + 1, struct lesson_code);
    struct left_name_row *deaf = arena_make_n(a, v->deaf.n + 1, struct left_name_row);
    struct lesson_out out = { .page = v->page, .in = *v, .codes = { codes, v->pins.n }, .deaf = { deaf, v->deaf.n } };
    size_t side;

    for (size_t i = 0; i < v->pins.n; i++) {
        codes[i] = (struct lesson_code){ .pin = v->pins.at[i], .qr = qr_path(a, v->pins.at[i].url, &side) };
        if (codes[i].qr.p != NULL)
            codes[i].box = arena_printf(a, "-4 -4 %zu %zu", side + 8, side + 8);
    }
    for (size_t i = 0; i < v->deaf.n; i++)
        deaf[i].name = v->deaf.at[i];
    PAGE_RENDER(a, view_lesson, &out);
}

struct html page_news(struct arena *a, const struct news_view *v)
{
    struct news_out out = { .page = v->page, .in = *v };

    PAGE_RENDER(a, view_news, &out);
}

struct html page_favourites(struct arena *a, const struct favourites_view *v)
{
    size_t n = v->tiles.favourites.n, from = v->tiles.from;
    struct favourite_row *rows = arena_make_n(a, n + 1, struct favourite_row);
    struct favourites_out out = { .page = v->page, .in = *v, .full = n >= v->max, .cut = v->tiles.parts.n > 0 };

    for (size_t i = 0; i < n; i++)
        rows[i] = (struct favourite_row){ v->tiles.favourites.at[i], i == 0, i + 1 == n };
    out.rows.at = rows;
    out.rows.n = n;
    out.searchable = out.cut || str_is_set(v->q);
    if (out.cut) {
        out.first = words_count(a, from + 1, v->page.lang);
        out.last = words_count(a, from + v->tiles.shown - n, v->page.lang);
        out.total = words_count(a, v->tiles.count - n, v->page.lang);
    }
    PAGE_RENDER(a, view_favourites, &out);
}

/* --- refusals --------------------------------------------------------------------------------------------- */

void denied_ask(struct denied_view *v, const struct service *s, const struct decision *d, struct arena *a)
{
    enum lang lang = v->page.lang;

    v->service = names_in(&s->names, lang);
    v->service_icon = icon_of(a, s, lang);
    if (str_eq(d->rule, S(POLICY_CHILD_DECIDES)))
        v->child_age = arena_printf(a, "%d", s->child_decides_from);
    if (d->ask == NULL)
        return;
    v->ask = names_in(&d->ask->names, lang);
    v->school = otherwise(v->school, v->ask);
    contact_split(d->ask->support, &v->ask_url, &v->ask_email);
}

struct html page_denied(struct arena *a, const struct denied_view *v)
{
    struct denied_out out = {
        .page = v->page, .in = *v, .code = halves(v->support_code), .at = time_of(a, v->at_s, v->page.lang)
    };

    PAGE_RENDER(a, view_denied, &out);
}

static enum cause cause_of(const struct error_view *v)
{
    static const enum cause citys[] = { [LASTS_AWAY] = CAUSE_CITY,
                                        [LASTS_SPENT] = CAUSE_SPENT,
                                        [LASTS_STAYS] = CAUSE_UNUSABLE,
                                        [LASTS_CANCELLED] = CAUSE_CANCELLED };

    if (v->lasts != LASTS_UNKNOWN)
        return citys[v->lasts];
    switch (v->kind) {
    case FAIL_CALLER:
    case FAIL_CLIENT_AUTH:
    case FAIL_METHOD:
    case FAIL_TOO_LARGE:
        return CAUSE_REQUEST;
    case FAIL_NO_SESSION:
        return CAUSE_LOGIN;
    case FAIL_DENIED:
        return CAUSE_DENIED;
    case FAIL_NOT_FOUND:
        return CAUSE_NOTFOUND;
    case FAIL_CONFLICT:
        return CAUSE_CONFLICT;
    case FAIL_BUSY:
        return CAUSE_BUSY;
    case FAIL_UPSTREAM:
        return CAUSE_CITY;
    case FAIL_NONE:
    case FAIL_OURS:
    case FAIL_KIND_COUNT:
        break;
    }
    return CAUSE_OURS;
}

/* Only faults of ours pass by themselves, and only a path of ours is asked again. */
static bool retries(const struct error_view *v)
{
    return cause_of(v) == CAUSE_OURS && v->retry_s > 0 && html_url_is_safe(v->again) && v->again.p[0] == '/';
}

static struct str fault_of(struct str word, enum lang lang)
{
    static const struct {
        const char *word;
        enum text text;
    } faults[] = {
#define X(code, key) { #code, T_##key },
        FAULTS(X)
#undef X
    };

    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        if (str_eq(word, str_of(faults[i].word)))
            return text(faults[i].text, lang);
    return (struct str){ NULL, 0 };
}

struct html page_error(struct arena *a, const struct error_view *v)
{
    struct error_out out = { .page = v->page,
                             .in = *v,
                             .cause = cause_of(v),
                             .code = halves(v->support_code),
                             .at = time_of(a, v->at_s, v->page.lang) };

    out.in.fresh = otherwise(v->fresh, S("/"));
    out.city_of = city_genitive(a, v->city, v->page.lang);
    out.fault = fault_of(v->word, v->page.lang);
    out.retries = retries(v);
    PAGE_RENDER(a, view_error, &out);
}

enum step page_error_send(struct ctx *c, int status, const struct error_view *v, struct fail *f)
{
    if (retries(v))
        http_header_set(c->res, S("Refresh"), arena_printf(c->arena, "%d; url=%.*s", v->retry_s, STR_ARG(v->again)));
    return page_send(c, status, page_error(c->arena, v), f);
}

struct html page_expired(struct arena *a, const struct expired_view *v)
{
    struct expired_out out = { .page = v->page, .in = *v };

    out.in.fresh = otherwise(v->fresh, S("/"));
    PAGE_RENDER(a, view_expired, &out);
}

struct html page_astray(struct arena *a, const struct astray_view *v)
{
    struct astray_out out = { .page = v->page, .in = *v };

    PAGE_RENDER(a, view_astray, &out);
}

/* --- leaving, going on ------------------------------------------------------------------------------------ */

struct html page_sign_out(struct arena *a, const struct sign_out_view *v)
{
    struct sign_out_out out = { .page = v->page, .in = *v };

    out.in.stay = otherwise(v->stay, S("/"));
    PAGE_RENDER(a, view_sign_out, &out);
}

struct html page_signed_out(struct arena *a, const struct signed_out_view *v)
{
    struct left_row *rows = arena_make_n(a, v->left.n + 1, struct left_row);
    struct signed_out_out out = { .page = v->page, .in = *v, .all = true };

    for (size_t i = 0; i < v->left.n; i++) {
        const struct left *left = &v->left.at[i];
        rows[i] = (struct left_row){
            .name = left->name, .lang = left->lang, .receipt = left->receipt, .url = left->url, .is_city = left->is_city
        };
        if (left->is_city)
            rows[i].city_of = city_genitive(a, left->name, v->page.lang);
        if (left->receipt == RECEIPT_WAITS && left->ends_s > 0)
            rows[i].time = when_time(a, left->ends_s, v->page.lang);
        bool ended = left->receipt == RECEIPT_OUT || left->receipt == RECEIPT_OVER;
        out.all &= ended;
        out.open += !ended;
    }
    out.all &= !v->more;
    out.open += v->more;
    if (str_is_set(v->city)) {
        rows[v->left.n] = (struct left_row){ .name = v->city,
                                             .city_of = city_genitive(a, v->city, v->page.lang),
                                             .is_city = true,
                                             .receipt = v->city_receipt };
        out.all &= v->city_receipt == RECEIPT_OUT;
        out.open += v->city_receipt != RECEIPT_OUT;
    }
    out.rows.at = rows;
    out.rows.n = v->left.n + str_is_set(v->city);
    if (str_is_set(v->next) && !str_is_set(v->back))
        PAGE_RENDER(a, view_next, &out);
    PAGE_RENDER(a, view_signed_out, &out);
}

struct html page_leaving(struct arena *a, const struct leaving_view *v)
{
    struct leaving_out out = { .page = v->page, .in = *v };

    PAGE_RENDER(a, view_leaving, &out);
}

struct html page_idle(struct arena *a, const struct idle_view *v)
{
    struct idle_out out = { .page = v->page, .in = *v };

    PAGE_RENDER(a, view_idle, &out);
}

struct html page_still(struct arena *a, const struct still_view *v)
{
    struct still_out out = { .page = v->page, .in = *v, .at = when_time(a, v->ends_s, v->page.lang) };

    out.in.back = html_url_is_safe(v->back) && v->back.p[0] == '/' ? v->back : S("/");
    PAGE_RENDER(a, view_still, &out);
}

struct html page_guardian(struct arena *a, const struct guardian_view *v)
{
    struct guardian_out out = { .page = v->page, .in = *v, .ends = when_time(a, v->ends_s, v->page.lang) };

    PAGE_RENDER(a, view_guardian, &out);
}

struct html page_guardian_none(struct arena *a, const struct guardian_none_view *v)
{
    struct guardian_none_out out = { .page = v->page, .in = *v, .code = halves(v->support_code) };

    PAGE_RENDER(a, view_guardian_none, &out);
}

struct html page_roles(struct arena *a, const struct roles_view *v)
{
    struct roles_out out = { .page = v->page, .in = *v };

    PAGE_RENDER(a, view_roles, &out);
}

struct html page_me(struct arena *a, const struct me_view *v)
{
    struct me_out out = { .page = v->page, .in = *v };

    PAGE_RENDER(a, view_own_data, &out);
}

struct html page_me_log(struct arena *a, const struct me_log_view *v)
{
    struct me_log_out out = { .page = v->page, .in = *v };

    PAGE_RENDER(a, view_own_log, &out);
}

struct html page_accounts(struct arena *a, const struct accounts_view *v)
{
    struct accounts_out out = { .page = v->page, .in = *v };

    PAGE_RENDER(a, view_accounts, &out);
}

struct html page_consent(struct arena *a, const struct consent_view *v)
{
    struct consent_out out = { .page = v->page, .in = *v };

    PAGE_RENDER(a, view_consent, &out);
}

struct html page_device(struct arena *a, const struct device_view *v)
{
    struct device_out out = { .page = v->page, .in = *v };

    PAGE_RENDER(a, view_device, &out);
}

/* Four modules of quiet around it [ISO/IEC 18004 9.1]. */
struct html page_screen(struct arena *a, const struct screen_view *v)
{
    struct screen_out out = { .page = v->page, .in = *v };
    size_t side;

    out.qr = qr_path(a, v->url, &side);
    if (out.qr.p != NULL)
        out.box = arena_printf(a, "-4 -4 %zu %zu", side + 8, side + 8);
    PAGE_RENDER(a, view_screen, &out);
}

struct html page_post(struct arena *a, const struct post_view *v)
{
    struct post_out out = { .page = v->page, .in = *v };

    PAGE_RENDER(a, view_post, &out);
}

struct html page_picked(struct arena *a, const struct picked_view *v)
{
    struct picked_out out = { .page = v->page, .in = *v };

    PAGE_RENDER(a, view_picked, &out);
}

struct html page_links(struct arena *a, const struct links_view *v)
{
    struct links_out out = { .page = v->page, .in = *v };

    PAGE_RENDER(a, view_links, &out);
}

struct html page_framed(struct arena *a, const struct framed_view *v)
{
    struct framed_out out = { .page = v->page, .in = *v };

    PAGE_RENDER(a, view_framed, &out);
}

struct html page_class(struct arena *a, const struct class_view *v)
{
    struct class_out out = { .page = v->page, .in = *v };

    PAGE_RENDER(a, view_class, &out);
}

struct html page_continue(struct arena *a, const struct continue_view *v)
{
    struct continue_out out = { .page = v->page, .in = *v };

    PAGE_RENDER(a, view_continue, &out);
}
