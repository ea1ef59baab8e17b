/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/process/fetch_sign_in.h"

#include "wire/form.h"
#include "wire/page_forms.h"

#include <string.h>

enum { ORIGIN_MAX_B = 300, BODY_MAX_B = 98304 /* an answer of the fetcher has room for that */ };

static const struct str none = { NULL, 0 };

/* ── addresses ──────────────────────────────────────────────────────────── */

static size_t scheme_n(struct str url)
{
    return str_has_prefix(url, S("https://")) ? 8 : str_has_prefix(url, S("http://")) ? 7 : 0;
}

static bool ends_authority(char c)
{
    return c == '/' || c == '?' || c == '#' || c == '\\';
}

static size_t authority_end(struct str url)
{
    size_t i = scheme_n(url);

    while (i < url.n && !ends_authority(url.p[i]))
        i++;
    return i;
}

/* A port that goes without saying is not said. */
static struct str without_usual_port(struct str origin)
{
    struct str usual = str_has_prefix(origin, S("https:")) ? S(":443") : S(":80");

    return str_has_suffix(origin, usual) ? str_sub(origin, 0, origin.n - usual.n) : origin;
}

struct str signing_origin(struct arena *a, struct str url)
{
    struct buf b = buf_new(a, ORIGIN_MAX_B);
    size_t end = authority_end(url);

    if (scheme_n(url) == 0 || end == scheme_n(url) || str_find_byte(str_sub(url, 0, end), '@', 0) < end)
        return none;
    for (size_t i = 0; i < end; i++)
        buf_byte(&b, url.p[i] >= 'A' && url.p[i] <= 'Z' ? (char)(url.p[i] - 'A' + 'a') : url.p[i]);
    return buf_ok(&b) ? without_usual_port(buf_str(&b)) : none;
}

/* Against the page that it stands in [RFC 3986 5.2], as far as forms go: what has a scheme that is neither leads
 * nowhere. */
static struct str resolved(struct arena *a, struct str base, struct str to)
{
    struct str page = str_sub(base, 0, str_find_byte(base, '#', 0)),
               path = str_sub(page, 0, str_find_byte(page, '?', 0));
    size_t root = authority_end(page), slash = path.n;

    if (to.n == 0)
        return page;
    if (scheme_n(to) > 0)
        return to;
    if (str_has_prefix(to, S("//")))
        return arena_join(a, str_sub(page, 0, scheme_n(page) - 2), to);
    if (to.p[0] == '/')
        return arena_join(a, str_sub(page, 0, root), to);
    if (to.p[0] == '?')
        return arena_join(a, path, to);
    size_t colon = str_find_byte(to, ':', 0), segment = str_find_byte(to, '/', 0);
    if (colon < to.n && colon < segment)
        return none;
    while (slash > root && path.p[slash - 1] != '/')
        slash--;
    return slash > root ? arena_join(a, str_sub(path, 0, slash), to)
                        : arena_printf(a, "%.*s/%.*s", STR_ARG(str_sub(page, 0, root)), STR_ARG(to));
}

/* Our own address, with or without a query behind it. */
static bool leads_back(const struct signing *s, struct str url)
{
    return str_has_prefix(url, s->back) && (url.n == s->back.n || url.p[s->back.n] == '?');
}

/* ── what is said of it ─────────────────────────────────────────────────── */

const char *signing_step(const struct signing *s)
{
    return !s->asked ? "page" : s->posts ? "password" : "back";
}

static enum signing_word over(struct signing_next *out, const char *step, const char *why)
{
    out->step = step;
    out->why = why;
    return SIGNING_OVER;
}

static enum signing_word refused_by_status(struct arena *a, const struct signing *s, const struct signing_saw *saw,
                                           struct signing_next *out)
{
    return over(out, signing_step(s), arena_cstr(a, arena_printf(a, "http_%d", saw->status)));
}

static enum signing_word go(struct signing *s, struct signing_next *out, struct str url, struct str body)
{
    if (++s->hops > SIGN_IN_HOPS_MAX)
        return over(out, signing_step(s), "redirects");
    out->url = url;
    out->body = body;
    s->referrer = s->at;
    s->at = url;
    s->posts = body.p != NULL;
    return SIGNING_GO;
}

static enum signing_word come_back(struct signing_next *out, struct str form)
{
    out->back = form;
    return form.p != NULL ? SIGNING_BACK : over(out, "back", "too_large");
}

/* ── redirects ──────────────────────────────────────────────────────────── */

/* 307 and 308 would have what was posted posted again, the password with it. */
static enum signing_word redirected(struct signing *s, const struct signing_saw *saw, struct signing_next *out)
{
    struct str query = str_from(saw->location, s->back.n + 1);

    if (leads_back(s, saw->location))
        return come_back(out, str_sub(query, 0, str_find_byte(query, '#', 0)));
    if (s->posts && (saw->status == 307 || saw->status == 308))
        return over(out, signing_step(s), "redirects");
    return go(s, out, saw->location, none);
}

/* ── pages ──────────────────────────────────────────────────────────────── */

/* user, password: absent in what is sent as it is. */
static struct str filled(struct arena *a, const struct page_form *form, struct str user, struct str password)
{
    struct buf b = buf_new(a, BODY_MAX_B);

    for (size_t i = 0; i < form->field_count; i++) {
        const struct page_field *x = &form->fields[i];
        struct str typed = x->kind == PAGE_FIELD_TEXT ? user : x->kind == PAGE_FIELD_PASSWORD ? password : none;
        form_add(&b, x->name, typed.p != NULL ? typed : x->value);
    }
    return buf_ok(&b) ? buf_str(&b) : none;
}

/* An answer that the page posts to us: by a script, which does not run here, or by its button. */
static const struct page_form *form_back(struct arena *a, const struct signing *s, const struct page_forms *all)
{
    for (size_t i = 0; i < all->n; i++)
        if (all->at[i].post && all->at[i].passwords == 0 && leads_back(s, resolved(a, s->at, all->at[i].action)))
            return &all->at[i];
    return NULL;
}

static const struct page_form *form_asking(const struct page_forms *all, size_t *n)
{
    const struct page_form *found = NULL;

    *n = 0;
    for (size_t i = 0; i < all->n; i++)
        if (all->at[i].passwords > 0) {
            found = &all->at[i];
            ++*n;
        }
    return found;
}

static bool is_odd(const struct page_forms *all, const struct page_form *form)
{
    return all->too_much || form->passwords > 1 || form->texts != 1 || form->unread || !form->post;
}

/* The one place where the password leaves, and all that must hold before it does. */
static enum signing_word type_password(struct arena *a, struct signing *s, const struct page_forms *all,
                                       const struct page_form *form, struct signing_next *out)
{
    struct str action = resolved(a, s->at, form->action), body;

    if (!str_eq(signing_origin(a, s->at), s->origin))
        return over(out, "form", "page_elsewhere");
    if (is_odd(all, form))
        return over(out, "form", "odd_form");
    if (!str_eq(signing_origin(a, action), s->origin))
        return over(out, "form", "form_elsewhere");
    body = filled(a, form, s->user, s->password);
    if (body.p == NULL)
        return over(out, "form", "odd_form");
    s->asked = true;
    return go(s, out, action, body);
}

/* Some say 401 or 403 above the page that asks again. */
static enum signing_word look_after(const struct signing_saw *saw, size_t asking, struct arena *a,
                                    const struct signing *s, struct signing_next *out)
{
    if (asking > 0)
        return over(out, "password", "refused");
    return saw->status / 100 == 2 ? over(out, "back", "other_page") : refused_by_status(a, s, saw, out);
}

static enum signing_word look_at_page(struct arena *a, struct signing *s, const struct signing_saw *saw,
                                      struct signing_next *out)
{
    struct page_forms *all = arena_make(a, struct page_forms);
    size_t asking;

    page_forms_read(a, saw->body, all);
    const struct page_form *back = form_back(a, s, all), *form = form_asking(all, &asking);
    if (back != NULL)
        return come_back(out, filled(a, back, none, none));
    if (s->asked)
        return look_after(saw, asking, a, s, out);
    if (asking != 1)
        return over(out, "form", asking == 0 ? "no_form" : "many_forms");
    return type_password(a, s, all, form, out);
}

enum signing_word signing_saw(struct arena *a, struct signing *s, const struct signing_saw *saw,
                              struct signing_next *out)
{
    *out = (struct signing_next){ .step = NULL };
    if (saw->status / 100 == 3 && saw->location.p != NULL)
        return redirected(s, saw, out);
    if (saw->status / 100 == 2 || (s->asked && saw->status / 100 == 4))
        return look_at_page(a, s, saw, out);
    return refused_by_status(a, s, saw, out);
}

/* ── the message ────────────────────────────────────────────────────────── */

bool signing_read(struct arena *a, const struct fetch_request *r, struct signing *out)
{
    struct form *form = NULL;
    struct fail ignored = { 0 };

    *out = (struct signing){ .at = r->url, .origin = signing_origin(a, r->url) };
    if (!str_is_set(out->origin) || !form_read(a, r->body, &form, &ignored))
        return false;
    out->back = form_get(form, S("back"));
    out->user = form_get(form, S("user"));
    out->password = form_get(form, S("password"));
    out->start_body = form_get(form, S("start"));
    out->posts = out->start_body.p != NULL;
    return str_is_set(signing_origin(a, out->back)) && str_is_set(out->user) && str_is_set(out->password);
}
