/* SPDX-License-Identifier: EUPL-1.2
 * What each service is told: what it asks for and why, of whom that is told and which policy says so, as it is and as a
 * draft would have it; what would leave for a test person; and granted or taken away, as a draft. */
#include "base/crypt.h"
#include "base/settings.h"
#include "base/work.h"
#include "console/texts.h"
#include "frame/roles.h"
#include "frame/words.h"
#include "gateway/answer.h"
#include "gateway/console/acts.h"
#include "gateway/console/listed.h"
#include "gateway/console/preview.h"
#include "gateway/console/told.h"
#include "gateway/session/done.h"
#include "idp-adapters/adapter.h"
#include "policy/grants.h"
#include "wire/form.h"
#include "wire/http.h"

#include <stdlib.h>
#include <string.h>

enum {
    SERVICES_A_PAGE = 40,
    PEOPLE_SHOWN = 40,
    SCHOOLS_LISTED_MAX = 500,
    GROUP_MAX = 40,
    HERE_MAX_B = 1024,
    WORDS_MAX_B = 4096,
    NAME_MAX_B = 400
};

static const enum role roles[] = { ROLE_LEARNER,   ROLE_TEACHER, ROLE_SUBSTITUTE, ROLE_PRINCIPAL,
                                   ROLE_SECRETARY, ROLE_STAFF,   ROLE_GUARDIAN };
enum { ROLES_N = sizeof roles / sizeof *roles };

/* ── the list ───────────────────────────────────────────────────────────── */

static struct str asks_of(struct ctx *c, const struct service *s, bool *unstated)
{
    struct buf b = buf_new(c->arena, WORDS_MAX_B);

    *unstated = false;
    for (int i = 0; i < CLAIM_COUNT && s->protocol != PROTO_LINK; i++) {
        enum claim claim = (enum claim)i;
        if (claim == CLAIM_SUB || !claim_in(s->asks, claim))
            continue;
        buf_add(&b, b.n > 0 ? S(", ") : S(""));
        buf_add(&b, claim_in_words(claim, c->lang));
        *unstated = *unstated || service_purpose(s, claim) == NULL;
    }
    return b.n > 0 && buf_ok(&b) ? buf_str(&b) : S("–");
}

static struct str draft_asked(struct ctx *c, int64_t *out)
{
    if (!str_int(form_get(c->query, S("draft")), out) || *out <= 0)
        *out = 0;
    return *out > 0 ? arena_printf(c->arena, "%lld", (long long)*out) : S("");
}

static struct str list_here(struct ctx *c, const struct releases_view *v)
{
    struct buf b = buf_new(c->arena, HERE_MAX_B);

    buf_add(&b, S("/admin/release"));
    if (str_is_set(v->q))
        url_query(&b, S("q"), v->q);
    if (str_is_set(v->draft))
        url_query(&b, S("draft"), v->draft);
    return buf_ok(&b) ? buf_str(&b) : S("/admin/release");
}

static enum step show_all(struct ctx *c, struct fail *f)
{
    int64_t number = 0;
    struct releases_view v = { .q = str_trim(form_get(c->query, S("q"))), .draft = draft_asked(c, &number) };
    const struct listed all = listed_find(c, LISTED_SERVICES, v.q);
    const struct paging p = paging_of(c, all.n, SERVICES_A_PAGE);
    struct release_row *rows = arena_make_n(c->arena, SERVICES_A_PAGE, struct release_row);

    (void)f;
    for (size_t i = p.from; i < p.end; i++) {
        const struct service *s = &registry_parts(c->registry)->services[all.at[i]];
        struct release_row *row = &rows[v.rows.n++];
        *row = (struct release_row){
            .id = s->id, .name = names_in(&s->names, c->lang), .vendor = s->vendor, .off = !s->enabled
        };
        row->asks = asks_of(c, s, &row->unstated);
    }
    v.rows.at = rows;
    v.first = p.first;
    v.last = p.last;
    v.total = p.total;
    struct str list = list_here(c, &v);
    v.next = paging_next(c, &p, list);
    v.previous = paging_previous(c, &p, list);
    console_page_for(c, PLACE_RIGHTS, true, list, &v.con);
    v.con.sub = SUB_RELEASE;
    return answer_page(c, 200, page_releases(c->arena, &v));
}

const struct step_row admin_releases[] = { { console_door }, { show_all }, { NULL } };

/* ── one service ────────────────────────────────────────────────────────── */

struct releasing { /* c->state */
    struct area area;
    int64_t number, edition;
    struct draft draft;
    struct preview preview;
    struct fail stands; /* why the draft does not hold */
    struct row_ask ask;
    struct row_page people;
    struct desk_got got;
    const struct registry *r; /* that the page is about: the one in force, or as the draft would have it */
    const struct service *service;
    /* the form */
    struct grant_wish wish;
    struct str why, detail;
    const struct policy *because;
    enum release_said said;
    struct act act;
};

/* Test people, as SQL finds them in the area; and the draft. */
static bool look_sql(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct releasing *x = with;

    if (!row_list(d, a, &x->area, &x->ask, &x->people, f))
        return false;
    if (x->number == 0)
        return true;
    if (!draft_look(d, a, &x->area, x->number, &x->draft, f))
        return false;
    x->stands = (struct fail){ 0 };
    (void)preview_look(&x->preview, d, a, &x->draft, &x->stands);
    return x->stands.kind != FAIL_OURS || fail(f, FAIL_OURS, x->stands.code, "%s", x->stands.detail);
}

static enum step ask_look(struct ctx *c, struct fail *f)
{
    struct releasing *x = c->state;

    x->area = c->console->area;
    x->ask = (struct row_ask){ .kind = "account", .most = PEOPLE_SHOWN };
    x->ask.search = str_chars(str_trim(form_get(c->query, S("people"))), GROUP_MAX, WORDS_MAX_B);
    if (!str_is_set(x->ask.search))
        x->ask.search = (struct str){ NULL, 0 };
    preview_begin(c, &x->preview);
    return console_ask(c, look_sql, x, &x->got, f);
}

static void prepare(void *with)
{
    policy_prepare(with);
}

/* What is looked things up in is made off the loop. */
static enum step ask_prepare(struct ctx *c, struct fail *f)
{
    struct releasing *x = c->state;

    if (!x->got.ok || x->preview.after == NULL)
        return NEXT;
    if (!work_ask(c->work, &c->batch, prepare, (void *)(uintptr_t)x->preview.after))
        return fail(f, FAIL_BUSY, "busy", "too many jobs wait");
    return WAIT;
}

/* Another area's draft is as one that there is not. */
static bool is_none(const struct releasing *x)
{
    return !x->got.ok && (x->got.why.kind == FAIL_NOT_FOUND || strcmp(x->got.why.code, "no_draft") == 0);
}

static bool settle_registry(struct ctx *c, struct releasing *x)
{
    x->r = x->preview.after != NULL ? x->preview.after : c->registry;
    x->service = registry_service(x->r, c->req->param);
    return x->service != NULL;
}

static bool is_mine(const struct ctx *c, const struct policy *p)
{
    const struct area whose = { .provider = p->provider != NULL ? p->provider->id : (struct str){ NULL, 0 },
                                .school = p->school != NULL ? p->school->oid : (struct str){ NULL, 0 } };

    return console_may_in(c, MAY_DRAFT, &whose);
}

/* A school has no say in what is told. */
static bool may_draft(const struct ctx *c)
{
    return !str_is_set(c->console->area.school) && console_may(c, MAY_DRAFT);
}

/* ── of whom, and who says so ───────────────────────────────────────────── */

static struct str role_list(struct ctx *c, uint32_t of)
{
    struct buf b = buf_new(c->arena, WORDS_MAX_B);
    size_t n = 0;

    for (size_t i = 0; i < ROLES_N; i++)
        if ((of & 1u << roles[i]) != 0) {
            buf_add(&b, n++ > 0 ? S(", ") : S(""));
            buf_add(&b, role_word(roles[i], c->lang));
        }
    return buf_str(&b);
}

static void put_sayings(struct ctx *c, const struct grants *g, enum claim claim, struct told_row *row)
{
    struct told_saying *at = arena_make_n(c->arena, g->n + 1, struct told_saying);

    row->sayings.at = at;
    for (size_t i = 0; i < g->n; i++) {
        const struct grant_saying *s = &g->at[i];
        if (claim_in(s->claims, claim))
            at[row->sayings.n++] = (struct told_saying){ .id = s->policy->id,
                                                         .name = names_in(&s->policy->names, c->lang),
                                                         .roles = role_list(c, s->roles),
                                                         .forbids = s->forbids,
                                                         .whole = s->whole,
                                                         .nation = s->policy->layer == LAYER_NATION,
                                                         .mine = is_mine(c, s->policy) };
    }
}

static struct told_row row_of(struct ctx *c, const struct releasing *x, const struct grants *g, enum claim claim)
{
    const struct purpose *p = service_purpose(x->service, claim);
    struct told_row row = { .key = str_of(claim_key(claim)),
                            .name = claim_in_words(claim, c->lang),
                            .always = claim == CLAIM_SUB };
    uint32_t yes = 0, partly = 0;

    if (p != NULL) {
        row.purpose = names_in(&p->why, c->lang);
        row.basis = told_basis(p->basis, c->lang);
    }
    if (row.always)
        return row;
    for (size_t i = 0; i < ROLES_N; i++) {
        const struct grant_cell cell = grant_cell(g, &c->console->area, claim, roles[i]);
        yes |= cell.grant == GRANT_WHOLE ? 1u << roles[i] : 0;
        partly |= cell.grant == GRANT_PARTLY ? 1u << roles[i] : 0;
        row.inherited = row.inherited || (cell.inherited && !str_is_set(c->console->area.school));
    }
    row.yes = role_list(c, yes);
    row.partly = role_list(c, partly);
    put_sayings(c, g, claim, &row);
    return row;
}

static void put_rows(struct ctx *c, const struct releasing *x, struct release_view *v)
{
    struct told_row *rows = arena_make_n(c->arena, CLAIM_COUNT, struct told_row);
    const struct grants g = grants_of(c->arena, x->r, &c->console->area, x->service, c->now_s);

    for (int i = 0; i < CLAIM_COUNT; i++)
        if (i == CLAIM_SUB || claim_in(x->service->asks, (enum claim)i))
            rows[v->rows.n++] = row_of(c, x, &g, (enum claim)i);
    v->rows.at = rows;
}

static void add_word(struct buf *b, struct str word)
{
    buf_add(b, b->n > 0 ? S(", ") : S(""));
    buf_add(b, word);
}

static struct str words_if(const struct buf *b)
{
    return b->n > 0 && buf_ok(b) ? buf_str(b) : (struct str){ NULL, 0 };
}

/* What the service says of itself, beside what its row asks for. */
static void put_proposed(struct ctx *c, const struct releasing *x, struct release_view *v)
{
    const struct protocol *protocol = protocol_of(c, x->service->protocol);
    struct buf all = buf_new(c->arena, WORDS_MAX_B), more = buf_new(c->arena, WORDS_MAX_B);
    struct str by;

    if (protocol == NULL || protocol->proposes == NULL)
        return;
    const struct claim_set wanted = protocol->proposes(c, x->service, &by);
    for (int i = 0; i < CLAIM_COUNT; i++)
        if (claim_in(wanted, (enum claim)i)) {
            add_word(&all, claim_in_words((enum claim)i, c->lang));
            if (i != CLAIM_SUB && !claim_in(x->service->asks, (enum claim)i))
                add_word(&more, claim_in_words((enum claim)i, c->lang));
        }
    v->proposed_by = by;
    v->proposed = all.n > 0 ? buf_str(&all) : S("–");
    v->proposed_more = words_if(&more);
}

static void put_form(struct ctx *c, const struct releasing *x, struct release_view *v)
{
    struct choice *what = arena_make_n(c->arena, CLAIM_COUNT, struct choice);
    struct choice *whom = arena_make_n(c->arena, ROLES_N, struct choice);

    v->may_draft = may_draft(c);
    for (int i = CLAIM_SUB + 1; i < CLAIM_COUNT; i++)
        if (claim_in(x->service->asks, (enum claim)i))
            what[v->what.n++] =
                (struct choice){ str_of(claim_key((enum claim)i)), claim_in_words((enum claim)i, c->lang),
                                 claim_in(x->wish.claims, (enum claim)i) };
    for (size_t i = 0; i < ROLES_N; i++)
        whom[v->roles.n++] = (struct choice){ str_of(role_name(roles[i])), role_word(roles[i], c->lang),
                                              (x->wish.roles & 1u << roles[i]) != 0 };
    v->what.at = what;
    v->roles.at = whom;
    v->take = x->wish.take;
    v->why = x->why;
    v->may_draft = v->may_draft && v->what.n > 0;
}

/* ── a test person ──────────────────────────────────────────────────────── */

static int by_id(const void *id, const void *account)
{
    return str_cmp(*(const struct str *)id, ((const struct account *)account)->id);
}

/* Of an identity provider for tests, of the area's provider. */
static const struct account *test_account(const struct ctx *c, const struct registry *r, struct str id)
{
    const struct registry_parts *parts = registry_parts(r);
    const struct area *area = &c->console->area;
    const struct account *account =
        str_is_set(id) && parts->account_count > 0
            ? bsearch(&id, parts->accounts, parts->account_count, sizeof *parts->accounts, by_id)
            : NULL;
    const struct idp *idp = account != NULL ? registry_idp(r, account->idp) : NULL;

    if (idp == NULL || !idp->test || account->person == NULL || account->person->affiliation_count == 0 ||
        str_is_set(account->school))
        return NULL;
    if (str_is_set(area->provider) && (idp->provider == NULL || !str_eq(idp->provider->id, area->provider)))
        return NULL;
    for (size_t i = 0; i < account->person->affiliation_count; i++)
        if (!str_is_set(area->school) || str_eq(account->person->affiliations[i].school_oid, area->school))
            return account;
    return NULL;
}

static void put_people(struct ctx *c, const struct releasing *x, struct release_view *v)
{
    struct choice *at = arena_make_n(c->arena, x->people.n + 1, struct choice);
    struct str who = form_get(c->query, S("who"));

    v->people.at = at;
    for (size_t i = 0; i < x->people.n; i++) {
        const struct account *a = test_account(c, x->r, x->people.at[i].id.key[0]);
        if (a == NULL)
            continue;
        enum role of[ROLE_COUNT];
        size_t n = roles_of(a->person, c->now_s, of);
        at[v->people.n++] =
            (struct choice){ a->id,
                             arena_printf(c->arena, "%.*s (%.*s)", STR_ARG(person_display_name(c->arena, a->person)),
                                          STR_ARG(roles_line(c->arena, of, n, c->lang))),
                             str_eq(a->id, who) };
    }
    v->find = x->ask.search;
    v->searchable = x->people.more || str_is_set(v->find);
}

static void put_choices(struct ctx *c, const struct made_up *of, struct release_view *v)
{
    const struct provider *p = of->provider;
    size_t n = p != NULL && !str_is_set(c->console->area.school) && p->school_count <= SCHOOLS_LISTED_MAX
                   ? p->school_count
                   : 0;
    struct choice *as = arena_make_n(c->arena, ROLES_N, struct choice);
    struct choice *schools = arena_make_n(c->arena, n + 2, struct choice);

    for (size_t i = 0; i < ROLES_N; i++)
        as[i] = (struct choice){ str_of(role_name(roles[i])), role_word(roles[i], c->lang), of->role == roles[i] };
    v->as_roles = (struct choices){ as, ROLES_N };
    if (n > 0)
        schools[v->schools.n++] = (struct choice){ S(""), said(C_release_no_school, c->lang), of->school == NULL };
    for (size_t i = 0; i < n; i++)
        schools[v->schools.n++] =
            (struct choice){ p->schools[i].oid, names_in(&p->schools[i].names, c->lang), of->school == &p->schools[i] };
    v->schools.at = schools;
    v->group = of->group;
    v->level = of->level > 0 ? arena_printf(c->arena, "%d", of->level) : S("");
    v->provider = p != NULL ? p->id : S("");
}

/* False: nobody was asked for; of the area alone. */
static bool read_made_up(const struct ctx *c, const struct registry *r, struct made_up *of)
{
    const struct area *area = &c->console->area;
    const struct registry_parts *parts = registry_parts(r);
    struct str school = str_is_set(area->school) ? area->school : str_trim(form_get(c->query, S("school")));
    struct str provider = str_trim(form_get(c->query, S("provider")));
    int64_t level = 0;

    *of = (struct made_up){ .role = role_of_name(form_get(c->query, S("role"))) };
    of->provider = registry_provider(r, str_is_set(area->provider) ? area->provider : provider);
    if (of->provider == NULL && !str_is_set(area->provider) && !str_is_set(provider) && parts->provider_count > 0)
        of->provider = &parts->providers[0];
    of->group = str_chars(str_trim(form_get(c->query, S("group"))), GROUP_MAX, WORDS_MAX_B);
    if (of->provider != NULL && str_is_set(school))
        of->school = provider_school(of->provider, school);
    if (str_int(str_trim(form_get(c->query, S("level"))), &level) && level >= 1 && level <= 12)
        of->level = (int)level;
    return of->provider != NULL && of->role != ROLE_NONE && !role_is_official(of->role);
}

static size_t put_json(struct ctx *c, struct str json, const struct code_line **out)
{
    struct str rest = json_lines(c->arena, json), line;
    size_t count = 1, n = 0;

    for (size_t i = 0; i < rest.n; i++)
        count += rest.p[i] == '\n';
    struct code_line *lines = arena_make_n(c->arena, count + 1, struct code_line);
    for (; n < count && str_split(&rest, '\n', &line); n++)
        lines[n] = (struct code_line){ .number = (int64_t)n + 1, .before = line };
    *out = lines;
    return n;
}

static void put_held(struct ctx *c, const struct told_of *t, struct release_view *v)
{
    struct told_held *at = arena_make_n(c->arena, CLAIM_COUNT, struct told_held);

    v->held.at = at;
    for (int i = 0; i < CLAIM_COUNT; i++) {
        const enum held_back held = t->held[i];
        const struct policy *p = held == HELD_WITHHELD ? t->said[i].withheld : NULL;
        if (held == HELD_NOT)
            continue;
        at[v->held.n++] = (struct told_held){ .name = claim_in_words((enum claim)i, c->lang),
                                              .id = p != NULL ? p->id : S(""),
                                              .policy = p != NULL ? names_in(&p->names, c->lang) : S(""),
                                              .mine = p != NULL && is_mine(c, p),
                                              .shut = held == HELD_SHUT,
                                              .withheld = held == HELD_WITHHELD,
                                              .ungranted = held == HELD_UNGRANTED,
                                              .unasked = held == HELD_UNASKED,
                                              .scope = held == HELD_SCOPE,
                                              .unsayable = held == HELD_UNSAYABLE,
                                              .empty = held == HELD_EMPTY };
    }
}

static struct str who_is(struct ctx *c, const struct registry *r, const struct person *p)
{
    struct buf b = buf_new(c->arena, WORDS_MAX_B);

    buf_add(&b, person_display_name(c->arena, p));
    for (size_t i = 0; i < p->affiliation_count; i++) {
        const struct affiliation *at = &p->affiliations[i];
        const struct provider *of = registry_provider_oid(r, at->provider_oid);
        const struct school *s = of != NULL && str_is_set(at->school_oid) ? provider_school(of, at->school_oid) : NULL;
        buf_add(&b, i == 0 ? S(": ") : S("; "));
        buf_add(&b, role_word(at->role, c->lang));
        if (of != NULL)
            buf_printf(&b, ", %.*s", STR_ARG(names_in(s != NULL ? &s->names : &of->names, c->lang)));
        if (str_is_set(at->group))
            buf_printf(&b, ", %.*s", STR_ARG(at->group));
    }
    return buf_ok(&b) ? buf_str(&b) : S("");
}

static void put_told(struct ctx *c, const struct releasing *x, const struct person *p, struct release_view *v)
{
    const struct told_ask ask = { .registry = x->r,
                                  .person = p,
                                  .service = x->service,
                                  .seals = c->seals,
                                  .protocol = protocol_of(c, x->service->protocol),
                                  .lang = c->lang,
                                  .now = { .now_s = c->now_s } };
    struct told_of t;

    told_make(c->arena, &ask, &t);
    v->shown = true;
    v->as = who_is(c, x->r, p);
    v->scope = t.scope;
    v->shut = t.decision.effect != EFFECT_ALLOW;
    v->settled = t.decision.rule;
    v->id_token.n = put_json(c, t.id_token, &v->id_token.at);
    v->userinfo.n = put_json(c, t.userinfo, &v->userinfo.at);
    v->own.n = put_json(c, t.shown, &v->own.at);
    v->by_own = str_is_set(t.shown);
    put_held(c, &t, v);
}

static void put_person(struct ctx *c, const struct releasing *x, struct release_view *v)
{
    const struct account *account = test_account(c, x->r, form_get(c->query, S("who")));
    struct made_up of;
    bool asked = read_made_up(c, x->r, &of);

    put_people(c, x, v);
    put_choices(c, &of, v);
    if (account != NULL) {
        put_told(c, x, local_person(c->arena, account, registry_idp(x->r, account->idp), c->set->public_url, c->now_s),
                 v);
    } else if (asked) {
        v->made_up = true;
        put_told(c, x, told_person(c->arena, x->r, &of, c->now_s), v);
    }
}

/* ── the page ───────────────────────────────────────────────────────────── */

static struct str here(struct ctx *c, const struct releasing *x)
{
    static const char *const fields[] = { "who", "provider", "role", "school", "level", "group" };
    struct buf b = buf_new(c->arena, HERE_MAX_B);

    buf_add(&b, arena_join(c->arena, S("/admin/release/"), x->service->id));
    if (x->number != 0)
        url_query(&b, S("draft"), arena_printf(c->arena, "%lld", (long long)x->number));
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (str_is_set(form_get(c->query, str_of(fields[i]))))
            url_query(&b, str_of(fields[i]), form_get(c->query, str_of(fields[i])));
    return buf_ok(&b) ? buf_str(&b) : S("/admin/release");
}

static int status_of(enum release_said said_)
{
    return said_ == RELEASE_SAID_CHANGED || said_ == RELEASE_SAID_ABOVE || said_ == RELEASE_SAID_ELSEWHERE ? 409
           : said_ == RELEASE_SAID_NOTHING || said_ == RELEASE_SAID_SO                                     ? 200
                                                                                                           : 400;
}

static enum step page(struct ctx *c, const struct releasing *x)
{
    const struct service *s = x->service;
    struct release_view v = { .id = s->id,
                              .name = names_in(&s->names, c->lang),
                              .vendor = s->vendor,
                              .off = !s->enabled,
                              .link = s->protocol == PROTO_LINK,
                              .broken = x->number != 0 && x->preview.after == NULL,
                              .said = x->said,
                              .detail = x->detail };

    if (x->number != 0) {
        v.draft = arena_printf(c->arena, "%lld", (long long)x->number);
        v.edition = arena_printf(c->arena, "%lld", (long long)x->draft.edition);
    }
    v.version = arena_printf(c->arena, "%lld", (long long)registry_parts(c->registry)->version);
    if (x->because != NULL) {
        v.because = names_in(&x->because->names, c->lang);
        v.because_id = x->because->id;
        v.because_mine = is_mine(c, x->because);
    }
    put_rows(c, x, &v);
    put_proposed(c, x, &v);
    put_form(c, x, &v);
    if (!v.link)
        put_person(c, x, &v);
    console_page_for(c, PLACE_RIGHTS, true, c->req->method == HTTP_GET ? here(c, x) : (struct str){ NULL, 0 }, &v.con);
    v.con.sub = SUB_RELEASE;
    return answer_page(c, status_of(x->said), page_release(c->arena, &v));
}

static enum step begin(struct ctx *c, struct fail *f)
{
    struct releasing *x = arena_make(c->arena, struct releasing);

    c->state = x;
    if (registry_service(c->registry, c->req->param) == NULL)
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    (void)draft_asked(c, &x->number);
    return ask_look(c, f);
}

static enum step show(struct ctx *c, struct fail *f)
{
    struct releasing *x = c->state;

    if (is_none(x))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    if (!console_answered(&x->got, f))
        return REFUSE;
    if (!settle_registry(c, x))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    return page(c, x);
}

const struct step_row admin_release[] = { { console_door }, { begin }, { ask_prepare }, { show }, { NULL } };

/* ── granting and taking away ───────────────────────────────────────────── */

static void read_wish(struct ctx *c, struct releasing *x, const struct service *s)
{
    for (int i = CLAIM_SUB + 1; i < CLAIM_COUNT; i++)
        if (claim_in(s->asks, (enum claim)i) &&
            str_is_set(form_get(c->body, arena_printf(c->arena, "what_%s", claim_key((enum claim)i)))))
            claim_add(&x->wish.claims, (enum claim)i);
    for (size_t i = 0; i < ROLES_N; i++)
        if (str_is_set(form_get(c->body, arena_printf(c->arena, "role_%s", role_name(roles[i])))))
            x->wish.roles |= 1u << roles[i];
    x->wish.take = str_eq(form_get(c->body, S("act")), S("take"));
}

/* "oulu-kanerva-told-5f2a" */
static struct str new_id(struct ctx *c, const struct releasing *x, const struct grant_edit *e)
{
    struct str owner = str_is_set(x->area.provider) ? x->area.provider : S("fi");
    uint64_t hash = str_hash(crypt_token(c->arena, c->world, 8), 7);

    return arena_printf(c->arena, "%.*s-%.*s-%s-%04x", STR_ARG(str_sub(owner, 0, 20)),
                        STR_ARG(str_sub(x->service->id, 0, 24)), e->form.release.bits != 0 ? "told" : "not-told",
                        (unsigned)(hash & 0xffff));
}

static struct str name_for(struct ctx *c, const struct releasing *x, const struct grant_edit *e, enum lang lang)
{
    struct str text = said(e->form.release.bits != 0 ? C_release_policy_name : C_release_policy_not, lang);
    struct str mark = S("{service}"), name = names_in(&x->service->names, lang);
    size_t at = str_find(text, mark);

    return at == text.n ? text
                        : arena_printf(c->arena, "%.*s%.*s%.*s", STR_ARG(str_sub(text, 0, at)),
                                       STR_ARG(str_chars(name, 60, NAME_MAX_B)), STR_ARG(str_from(text, at + mark.n)));
}

static void put_edit(struct ctx *c, struct releasing *x, struct edit *edit, const struct grant_edit *e)
{
    const struct row_id row = { .kind = S("policy"), .key = { e->policy != NULL ? e->policy->id : new_id(c, x, e) } };
    struct edit_field fields[6];
    size_t n = 0;

    if (e->text.n == 0) {
        edit_remove(edit, &row);
        return;
    }
    if (str_is_set(x->area.provider))
        fields[n++] = (struct edit_field){ S("provider"), x->area.provider };
    fields[n++] = (struct edit_field){ S("text"), e->text };
    fields[n++] = (struct edit_field){ S("why"), x->why };
    if (e->policy == NULL) {
        fields[n++] = (struct edit_field){ S("name.fi"), name_for(c, x, e, LANG_FI) };
        fields[n++] = (struct edit_field){ S("name.sv"), name_for(c, x, e, LANG_SV) };
        fields[n++] = (struct edit_field){ S("name.en"), name_for(c, x, e, LANG_EN) };
    }
    edit_put(edit, &row, fields, n);
}

static enum step posted(struct ctx *c, struct fail *f)
{
    struct releasing *x = arena_make(c->arena, struct releasing);
    const struct service *s = registry_service(c->registry, c->req->param);

    c->state = x;
    if (s == NULL || !may_draft(c))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    if (!str_int(form_get(c->body, S("draft")), &x->number) || x->number < 0)
        x->number = 0;
    (void)str_int(form_get(c->body, S("edition")), &x->edition);
    x->why = act_why(c->body);
    read_wish(c, x, s);
    x->said = x->wish.claims.bits == 0 || x->wish.roles == 0 ? RELEASE_SAID_WHAT
              : !str_is_set(x->why)                          ? RELEASE_SAID_WHY
                                                             : RELEASE_SAID_NOTHING;
    return ask_look(c, f);
}

static enum release_said said_of(enum grant_trouble trouble)
{
    return trouble == GRANT_TROUBLE_ABOVE ? RELEASE_SAID_ABOVE : RELEASE_SAID_ELSEWHERE;
}

/* Of what is so now, or would be by the draft that is gone on with. */
static enum step keep(struct ctx *c, struct fail *f)
{
    struct releasing *x = c->state;
    const struct edit_from from = { .draft = x->number, .edition = x->edition };

    if (is_none(x))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    if (!console_answered(&x->got, f))
        return REFUSE;
    if (!settle_registry(c, x))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    if (x->said != RELEASE_SAID_NOTHING)
        return page(c, x);
    if (x->number != 0 && x->preview.after == NULL) {
        x->said = RELEASE_SAID_INVALID;
        x->detail = arena_str(c->arena, str_of(x->stands.detail));
        return page(c, x);
    }
    const struct grant_plan plan = grants_plan(c->arena, x->r, &c->console->area, x->service, &x->wish, c->now_s);
    if (plan.trouble != GRANT_TROUBLE_NONE || plan.n == 0) {
        x->said = plan.n == 0 && plan.trouble == GRANT_TROUBLE_NONE ? RELEASE_SAID_SO : said_of(plan.trouble);
        x->because = plan.because;
        return page(c, x);
    }
    struct edit *edit = act_begin(c, &x->act, x->number != 0 ? &from : NULL, x->why);
    for (size_t i = 0; i < plan.n; i++)
        put_edit(c, x, edit, &plan.at[i]);
    return act_run(c, &x->act, EDIT_KEEP, f);
}

static enum step note(struct ctx *c, struct fail *f)
{
    (void)f;
    return act_note(c, &((struct releasing *)c->state)->act.got);
}

static enum step kept(struct ctx *c, struct fail *f)
{
    struct releasing *x = c->state;
    const struct fail *why = &x->act.got.why;

    if (x->act.got.ok)
        return done_go(c, arena_printf(c->arena, "/admin/drafts/%lld", (long long)x->act.result.draft), "kept", S(""));
    if (why->kind == FAIL_CONFLICT) {
        x->said = RELEASE_SAID_CHANGED;
        return page(c, x);
    }
    if (!act_refused(c, &x->act.got, f))
        return REFUSE;
    if (strcmp(why->code, "not_yours") == 0 || strcmp(why->code, "no_draft") == 0)
        return fail(f, FAIL_NOT_FOUND, "not_found", "%s", why->detail);
    x->said = RELEASE_SAID_INVALID;
    x->detail = act_detail(c, &x->act);
    return page(c, x);
}

const struct step_row admin_release_keep[] = { { console_door }, { posted }, { ask_prepare }, { keep },
                                               { note },         { kept },   { NULL } };
