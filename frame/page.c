/* SPDX-License-Identifier: EUPL-1.2 */
#include "frame/page.h"

#include "base/settings.h"
#include "frame/contact.h"
#include "frame/roles.h"
#include "frame/texts.h"
#include "frame/words.h"
#include "model/test_school.h"
#include "wire/http.h"

static struct str otherwise(struct str s, struct str preset)
{
    return str_is_set(s) ? s : preset;
}

static const struct affiliation *first_valid(const struct person *p, int64_t now_s)
{
    for (size_t i = 0; i < p->affiliation_count; i++)
        if (affiliation_valid(&p->affiliations[i], now_s))
            return &p->affiliations[i];
    return NULL;
}

enum { ROLES_SHOWN = 8 };

/* "Oppilas, 7C".  Who has no class level studies beyond the comprehensive school. */
static struct str role_line(struct arena *a, const struct affiliation *at, enum lang lang)
{
    bool student = at->role == ROLE_LEARNER && at->class_level == 0;
    struct str role = student ? frame_text(F_role_student, lang) : role_word(at->role, lang);

    return role.n > 0 && str_is_set(at->group) && at->role != ROLE_GUARDIAN
               ? arena_printf(a, "%.*s, %.*s", STR_ARG(role), STR_ARG(at->group))
               : role;
}

static struct str school_name(const struct ctx *c, const struct person *of, const struct affiliation *at)
{
    const struct provider *p = person_provider(c->registry, of, at->provider_oid);
    const struct school *s = p == NULL ? NULL : provider_school(p, otherwise(at->school_oid, at->school_code));

    return s != NULL ? names_in(&s->names, c->lang) : p != NULL ? names_in(&p->names, c->lang) : S("");
}

static void put_roles(const struct ctx *c, const struct person *p, struct page_me *me)
{
    struct page_role *roles = arena_make_n(c->arena, p->affiliation_count + 1, struct page_role);
    size_t n = 0;

    for (size_t i = 0; i < p->affiliation_count && n < ROLES_SHOWN; i++) {
        const struct affiliation *at = &p->affiliations[i];
        if (affiliation_valid(at, c->now_s))
            roles[n++] = (struct page_role){ role_line(c->arena, at, c->lang), school_name(c, p, at) };
    }
    me->roles.at = roles;
    me->roles.n = n;
}

static struct page_me me_of(const struct ctx *c)
{
    const struct person *p = c->session->person;
    const struct affiliation *at = first_valid(p, c->now_s);
    struct page_me me = { .name = person_display_name(c->arena, p), .csrf = c->session->csrf };

    if (!str_is_set(me.name))
        me.name = at != NULL ? role_word(at->role, c->lang) : frame_text(F_my_services, c->lang);
    me.first = otherwise(p->calling_name, words_first(p->given_names));
    me.initials = words_initials(c->arena, me.name);
    if (at != NULL) {
        enum role roles[ROLE_COUNT];
        size_t n = roles_of(p, c->now_s, roles);
        me.role = n > 1 ? roles_line(c->arena, roles, n, c->lang) : role_line(c->arena, at, c->lang);
        me.learner = at->role == ROLE_LEARNER;
        me.school = school_name(c, p, at);
        if (n > 1)
            put_roles(c, p, &me);
    }
    return me;
}

/* On every page, for as long as they act. */
static void put_acting(const struct ctx *c, struct page *page)
{
    const struct person *p = c->session->person;
    const struct acting *as = &p->acting;
    const struct provider *at = person_acts(p) ? registry_provider_oid(c->registry, as->provider_oid) : NULL;
    const struct school *s = at != NULL ? provider_school(at, as->school_oid) : NULL;
    const struct idp *idp = registry_idp(c->registry, p->idp);

    page->guardian = idp != NULL && idp->guardians;
    page->roles = registry_idp_guardians(c->registry) != NULL && !page->me.learner;
    if (!person_acts(p))
        return;
    page->acting.child = otherwise(as->name, frame_text(F_acting_nameless, c->lang));
    page->acting.school = s != NULL ? names_in(&s->names, c->lang) : S("");
    page->acting.group = as->group;
    page->acting.city = at != NULL ? names_in(&at->names, c->lang) : S("");
}

/* The pages of those who administer and of vendors, and the catalogue, have no texts in a variety. */
static bool is_of_people(const struct http_request *req)
{
    static const char *const others[] = { "/admin", "/vendor", "/services" };

    for (size_t i = 0; req != NULL && i < sizeof others / sizeof *others; i++)
        if (str_has_prefix(req->path, str_of(others[i])))
            return false;
    return req != NULL;
}

struct page page_for(const struct ctx *c, struct str here)
{
    struct page page = { .lang = c->lang,
                         .variety = c->lang == LANG_FI ? c->variety : VARIETY_NONE,
                         .varieties = is_of_people(c->req),
                         .gateway = c->set->name,
                         .here = here };

    contact_split(c->set->support, &page.help, &page.help_email);
    page.accessibility = c->set->accessibility;
    page.privacy = c->set->privacy;
    if (c->session == NULL || c->session->person == NULL)
        return page;
    if (!test_school_has(c->session->person)) {
        page.me = me_of(c);
        put_acting(c, &page);
        return page;
    }
    page.test_person = person_display_name(c->arena, c->session->person);
    page.me.csrf = c->session->csrf; /* of what they are asked; a menu of their own they have none */
    return page;
}

enum step page_send(struct ctx *c, int status, struct html page, struct fail *f)
{
    if (page.s.p == NULL)
        return fail(f, FAIL_OURS, "page_too_large", "a page is over %d bytes", HTML_PAGE_MAX_B);
    http_header_set(c->res, S("Content-Security-Policy"), S(PAGE_CSP));
    http_header_set(c->res, S("Cache-Control"), S("no-store"));
    http_header_set(c->res, S("Content-Language"), str_of(lang_tag(c->lang)));
    http_body(c->res, status, S("text/html; charset=utf-8"), page.s);
    return DONE;
}
