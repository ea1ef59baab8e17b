/* SPDX-License-Identifier: EUPL-1.2
 * The catalogue: what is in production, for everybody to read.
 *
 * No door: nothing here is anybody's secret.  What is in test, and what waits for the operator, does not stand in it.
 */
#include "gateway/console/catalogue.h"

#include "console/texts.h"
#include "frame/roles.h"
#include "frame/words.h"
#include "gateway/answer.h"
#include "gateway/console/listed.h"
#include "gateway/console/told.h"
#include "launcher/tiles.h"
#include "model/audience.h"
#include "model/when.h"
#include "policy/users.h"
#include "wire/form.h"
#include "wire/http.h"

enum {
    SERVICES_A_PAGE = 30,
    SEARCH_MAX_B = 400,
    SEARCH_MAX = 100,
    USERS_NAMED = 40,
    WORDS_MAX_B = 8192,
    HERE_MAX_B = 1024
};

/* What it may be told at most, whatever a municipality gives; everybody who opens it is known again. */
static void put_whys(struct ctx *c, const struct service *s, struct catalogue_row *row)
{
    struct catalogue_why *at = arena_make_n(c->arena, CLAIM_COUNT, struct catalogue_why);
    struct claim_set asks = service_asks(s, c->now_s);

    claim_add(&asks, CLAIM_SUB);
    row->whys.at = at;
    for (int i = 0; i < CLAIM_COUNT && !row->link; i++) {
        const struct purpose *p = service_purpose(s, (enum claim)i);
        if (!claim_in(asks, (enum claim)i))
            continue;
        struct catalogue_why *why = &at[row->whys.n++];
        why->name = claim_in_words((enum claim)i, c->lang);
        if (p == NULL)
            continue;
        why->why = names_in(&p->why, c->lang);
        why->without = names_in(&p->without, c->lang);
        why->basis = told_basis(p->basis, c->lang);
    }
    row->count = arena_printf(c->arena, "%zu", row->whys.n);
}

/* Whether a receipt names it: such a decision is in force by a policy as well, unless somebody took that away. */
static struct str names_of_users(struct ctx *c, const struct users *users)
{
    struct buf b = buf_new(c->arena, WORDS_MAX_B);

    for (size_t i = 0; i < users->n && i < USERS_NAMED; i++)
        buf_printf(&b, "%s%.*s", i > 0 ? ", " : "", STR_ARG(names_in(&users->at[i]->names, c->lang)));
    if (users->n > USERS_NAMED)
        buf_printf(&b, " + %zu", users->n - USERS_NAMED);
    return buf_ok(&b) ? buf_str(&b) : S("…");
}

static const struct incident *incident_of(const struct ctx *c, const struct service *s)
{
    const struct registry_parts *p = registry_parts(c->registry);
    const struct incident *last = NULL;

    for (size_t i = 0; i < p->incident_count; i++) {
        const struct incident *x = &p->incidents[i];
        bool now = x->from_s <= c->now_s && (x->until_s == 0 || x->until_s > c->now_s);
        if (now && str_eq(x->service, s->id) && (last == NULL || x->from_s > last->from_s))
            last = x;
    }
    return last;
}

/* "Oppilaille (7–16 v.), opettajille" */
static struct str whom_of(struct ctx *c, const struct service *s)
{
    static const enum said words[] = { [AUDIENCE_LEARNER] = C_catalogue_learners,
                                       [AUDIENCE_TEACHER] = C_catalogue_teachers,
                                       [AUDIENCE_GUARDIAN] = C_catalogue_guardians };
    struct str years = audience_years(c->arena, s->age_from, s->age_to);
    struct buf b = buf_new(c->arena, 256);

    for (int who = 0; who < AUDIENCE_COUNT; who++) {
        if (!audience_has(s, (enum audience)who))
            continue;
        struct str word = said(words[who], c->lang);
        buf_printf(&b, "%s%.*s", b.n > 0 ? ", " : "", STR_ARG(word));
        if (who == AUDIENCE_LEARNER && str_is_set(years)) {
            struct str unit = said(C_catalogue_years, c->lang);
            buf_printf(&b, " (%.*s %.*s)", STR_ARG(years), STR_ARG(unit));
        }
    }
    return b.n > 0 ? buf_str(&b) : (struct str){ NULL, 0 };
}

static void put_row(struct ctx *c, const struct service *s, const struct users *users, struct catalogue_row *row)
{
    const struct icon icon = icon_of(c->arena, s, c->lang);
    const struct organisation *vendor = registry_organisation(c->registry, s->vendor);
    const struct incident *incident = incident_of(c, s);

    *row = (struct catalogue_row){ .id = s->id,
                                   .name = names_in(&s->names, c->lang),
                                   .name_lang = names_tag(&s->names, c->lang),
                                   .line = names_in(&s->lines, c->lang),
                                   .line_lang = names_tag(&s->lines, c->lang),
                                   .vendor = vendor != NULL ? names_in(&vendor->names, c->lang) : s->vendor,
                                   .logo = icon.logo,
                                   .letters = icon.letters,
                                   .shape = icon.shape,
                                   .colour = icon.colour,
                                   .privacy = s->client.policy_uri,
                                   .terms = s->client.tos_uri,
                                   .access = s->accessibility_uri,
                                   .about = names_in(&s->about, c->lang),
                                   .about_lang = names_tag(&s->about, c->lang),
                                   .whom = whom_of(c, s),
                                   .child_age = s->child_decides_from > 0
                                                    ? arena_printf(c->arena, "%d", s->child_decides_from)
                                                    : (struct str){ NULL, 0 },
                                   .link = s->protocol == PROTO_LINK,
                                   .shut = !s->enabled };
    if (incident != NULL) {
        row->incident = names_in(&incident->says, c->lang);
        row->since = when_full(c->arena, incident->from_s, c->lang);
    }
    if (users->n > 0)
        row->users = names_of_users(c, users);
    put_whys(c, s, row);
}

/* One that is switched off is told of where somebody has it: else it may never have been approved. */
static bool is_in_it(const struct service *s, const struct users *users)
{
    return !s->test && (s->enabled || users->n > 0);
}

static size_t fill(struct ctx *c, const struct listed *all, size_t from, struct catalogue_list *out)
{
    size_t i = from;

    out->rows = arena_make_n(c->arena, SERVICES_A_PAGE, struct catalogue_row);
    for (; i < all->n && out->n < SERVICES_A_PAGE && i - from < LISTED_LOOKED_AT; i++) {
        const struct service *s = &registry_parts(c->registry)->services[all->at[i]];
        struct users users = { 0 };
        if (!s->test)
            users = policy_users(c->arena, c->registry, s, c->now_s);
        if (is_in_it(s, &users))
            put_row(c, s, &users, &out->rows[out->n++]);
    }
    return i;
}

bool catalogue_has(struct ctx *c, const struct service *s)
{
    if (s == NULL || s->test)
        return false;
    const struct users users = policy_users(c->arena, c->registry, s, c->now_s);
    return is_in_it(s, &users);
}

void catalogue_fill(struct ctx *c, struct str path, struct catalogue_list *out)
{
    *out = (struct catalogue_list){ .q = str_chars(str_trim(form_get(c->query, S("q"))), SEARCH_MAX, SEARCH_MAX_B) };
    const struct listed all = listed_find(c, LISTED_SERVICES, out->q);
    struct paging p = paging_of(c, all.n, SERVICES_A_PAGE);
    struct buf here = buf_new(c->arena, HERE_MAX_B);

    paging_ends(c, &p, fill(c, &all, p.from, out));
    buf_add(&here, path);
    if (str_is_set(out->q))
        url_query(&here, S("q"), out->q);
    out->here = buf_ok(&here) ? buf_str(&here) : path;
    out->next = paging_next(c, &p, out->here);
    out->previous = paging_previous(c, &p, out->here);
}

static enum step show(struct ctx *c, struct fail *f)
{
    struct catalogue_list list;

    (void)f;
    catalogue_fill(c, S("/services"), &list);
    const struct catalogue_view v = { .page = page_for(c, list.here),
                                      .q = list.q,
                                      .next = list.next,
                                      .previous = list.previous,
                                      .rows = { list.rows, list.n } };
    return answer_page(c, 200, page_catalogue(c->arena, &v));
}

const struct step_row services_catalogue[] = { { show }, { NULL } };
