/* SPDX-License-Identifier: EUPL-1.2 */
#include "launcher/pages.h"

#include "frame/contact.h"
#include "frame/roles.h"
#include "frame/words.h"
#include "launcher/texts.h"
#include "model/when.h"
#include "wire/form.h"

#include <string.h>

enum { FILTER_MAX_B = 200 };

/* Where one affiliation stands, as the page names it. */
struct at {
    struct str id, name, lang; /* the school's oid or code; absent for the provider itself */
    const struct provider *provider;
};

static struct at at_of(const struct ctx *c, const struct affiliation *a)
{
    struct at at = { .provider = registry_provider_oid(c->registry, a->provider_oid) };
    struct str key = str_is_set(a->school_oid) ? a->school_oid : a->school_code;
    const struct school *s = at.provider != NULL ? provider_school(at.provider, key) : NULL;

    if (str_is_set(key)) {
        at.id = s != NULL && str_is_set(s->oid) ? s->oid : key;
        at.name = s != NULL ? names_in(&s->names, c->lang) : key;
        at.lang = s != NULL ? names_tag(&s->names, c->lang) : (struct str){ NULL, 0 };
    } else if (at.provider != NULL) {
        at.name = names_in(&at.provider->names, c->lang);
        at.lang = names_tag(&at.provider->names, c->lang);
    }
    return at;
}

/* The schools of the person's valid affiliations, each once, in the order in which the city told them. */
static size_t schools_of(const struct ctx *c, const struct person *p, struct at *out)
{
    size_t n = 0;

    for (size_t i = 0; i < p->affiliation_count; i++) {
        struct at at = at_of(c, &p->affiliations[i]);
        size_t k = 0;
        while (k < n && !str_eq(out[k].id, at.id))
            k++;
        if (str_is_set(at.id) && k == n && affiliation_valid(&p->affiliations[i], c->now_s))
            out[n++] = at;
    }
    return n;
}

static struct str names_of(const struct ctx *c, const struct provider *p)
{
    return p != NULL ? names_in(&p->names, c->lang) : S("");
}

/* A person without a school still has a provider whose help desk can be named. */
static struct at provider_of(const struct ctx *c, const struct person *p)
{
    for (size_t i = 0; i < p->affiliation_count; i++)
        if (affiliation_valid(&p->affiliations[i], c->now_s))
            return at_of(c, &p->affiliations[i]);
    return (struct at){ 0 };
}

/* What the person is at one school: "Opettaja ja rehtori". */
static struct str roles_at(const struct ctx *c, const struct person *p, struct str school)
{
    struct person here = *p;
    enum role roles[ROLE_COUNT];

    here.affiliations = arena_make_n(c->arena, p->affiliation_count + 1, struct affiliation);
    here.affiliation_count = 0;
    for (size_t i = 0; i < p->affiliation_count; i++)
        if (str_eq(at_of(c, &p->affiliations[i]).id, school))
            here.affiliations[here.affiliation_count++] = p->affiliations[i];
    return roles_line(c->arena, roles, roles_of(&here, c->now_s, roles), c->lang);
}

static const struct str all_schools = S("all");

/* Every school first; roles are named where the person has several. */
static void put_tabs(const struct ctx *c, const struct person *p, const struct at *schools, size_t n, size_t chosen,
                     struct launcher_view *v)
{
    struct school_tab *tab = arena_make_n(c->arena, n + 1, struct school_tab);
    enum role roles[ROLE_COUNT];
    bool several = roles_of(p, c->now_s, roles) > 1;

    tab[0] = (struct school_tab){ .id = all_schools, .name = text(T_all_schools, c->lang), .current = chosen == n };
    for (size_t i = 0; i < n; i++)
        tab[i + 1] = (struct school_tab){ .id = schools[i].id,
                                          .name = schools[i].name,
                                          .lang = schools[i].lang,
                                          .role = several ? roles_at(c, p, schools[i].id) : S(""),
                                          .current = i == chosen };
    v->schools = (struct school_tabs){ tab, n > 1 ? n + 1 : 0 };
}

/* The page's own address, for the language links: only parameters that it understood. */
static struct str here_of(const struct ctx *c, struct str school)
{
    return str_is_set(school) ? url_to(c->arena, S("/"), S("school"), school) : S("/");
}

/* A page's beginning as it came in the request; what is no number begins at the first. */
static size_t from_of(struct str text)
{
    int64_t from;

    return str_int(text, &from) && from > 0 ? (size_t)from : 0;
}

static struct notices notices_of(const struct ctx *c, bool all)
{
    const struct notices_ask ask = { .registry = c->registry,
                                     .person = c->session->person,
                                     .read = &c->session->read,
                                     .all = all,
                                     .lang = c->lang,
                                     .now_s = c->now_s };

    return notices_for(c->arena, &ask);
}

struct news_view news_for(const struct ctx *c)
{
    return (struct news_view){ .page = page_for(c, S("/news")),
                               .notices = notices_of(c, true),
                               .shared = c->session->shared };
}

struct launcher_view launcher_for(const struct ctx *c, const struct launcher_ask *asked)
{
    const struct person *p = c->session->person;
    struct at *schools = arena_make_n(c->arena, p->affiliation_count + 1, struct at);
    size_t n = schools_of(c, p, schools), chosen = n == 1 ? 0 : n;

    for (size_t i = 0; i < n; i++)
        if (str_eq(schools[i].id, asked->school))
            chosen = i;
    struct at at = chosen < n ? schools[chosen] : provider_of(c, p);
    if (chosen == n && n > 1)
        at = (struct at){ .id = all_schools, .name = names_of(c, at.provider), .provider = at.provider };
    struct launcher_view v = { .page = page_for(c, here_of(c, at.id)),
                               .today = words_today(c->arena, c->now_s, c->lang),
                               .q = str_sub(asked->q, 0, FILTER_MAX_B),
                               .cleared = asked->q.p != NULL && asked->q.n == 0,
                               .shared = asked->shared,
                               .school = at.name,
                               .school_id = at.id };
    v.notices = notices_of(c, false);
    const struct tiles_ask ask = { .registry = c->registry,
                                   .person = p,
                                   .states = v.notices.states,
                                   .pins = { asked->pins, asked->pin_count },
                                   .school = n > 1 && chosen < n ? at.id : S(""),
                                   .favourites = &c->session->favourites,
                                   .recent = asked->recent,
                                   .filter = v.q,
                                   .missing = true,
                                   .lists = asked->lists,
                                   .from = from_of(asked->from),
                                   .lang = c->lang,
                                   .now_s = c->now_s,
                                   .shared_device = c->session->shared,
                                   .address = address_read(c->session->from) };

    put_tabs(c, p, schools, n, chosen, &v);
    v.tiles = tiles_build(c->arena, &ask);
    if (at.provider != NULL) {
        v.ask = names_in(&at.provider->names, c->lang);
        contact_split(at.provider->support, &v.ask_url, &v.ask_email);
    }
    return v;
}

struct favourites_view favourites_for(const struct ctx *c, struct str q, struct str from, size_t max)
{
    struct tiles_ask ask = { .registry = c->registry,
                             .person = c->session->person,
                             .favourites = &c->session->favourites,
                             .keep_favourites = true,
                             .filter = str_sub(q, 0, FILTER_MAX_B),
                             .from = from_of(from),
                             .max = FAVOURITE_ROWS_MAX,
                             .lang = c->lang,
                             .now_s = c->now_s,
                             .shared_device = c->session->shared,
                             .address = address_read(c->session->from) };

    return (struct favourites_view){ .page = page_for(c, S("/favourites")),
                                     .tiles = tiles_build(c->arena, &ask),
                                     .q = ask.filter,
                                     .shared = c->session->shared,
                                     .max = max };
}
