/* SPDX-License-Identifier: EUPL-1.2
 * A person of the admin's own area, found for a reason, which the log keeps, and shown for a while.
 *
 * The look is a sealed text in the address and in no store: whose look it is, in which area, at whom, since when, why.
 */
#include "gateway/console/people.h"

#include "audit/find.h"
#include "base/codec.h"
#include "base/seals.h"
#include "base/settings.h"
#include "base/work.h"
#include "console/texts.h"
#include "frame/roles.h"
#include "gateway/answer.h"
#include "gateway/console/door.h"
#include "gateway/console/heard.h"
#include "gateway/session/done.h"
#include "gateway/session/session.h"
#include "model/pairwise.h"
#include "model/when.h"
#include "registry/known.h"
#include "registry/links.h"
#include "wire/form.h"
#include "wire/http.h"

enum {
    LOOK_S = 1800,
    LOOK_MAX_B = 4096,
    CANDIDATES_MAX = 64,
    EVENTS_SHOWN = 100,
    LOOKS_SHOWN = 20,
    SESSIONS_SHOWN = 20,
    EXPORT_LINES = 10000,
    LIST_MAX_B = 4096,
    CODE_CHARS = 8
};

static const struct str seal_name = S("look");
static const char *const reasons[] = {
    [FIND_WHY_SUPPORT] = "support", [FIND_WHY_INCIDENT] = "incident", [FIND_WHY_REQUEST] = "request"
};

struct look {
    struct str person, idp, subject, why;
    enum find_why reason;
    int64_t at_s;
};

struct candidate { /* who it may be */
    struct str person, idp, subject;
    const struct account *account; /* NULL: a city's */
    struct person known;
    int64_t seen_s; /* 0: not known */
    bool logged;    /* the audit log speaks of them */
};

struct people { /* c->state; what a worker thread touches is in here alone */
    struct arena *arena;
    const struct settings *set;
    const char *audit_dir;
    struct registry *registry;
    struct area area;
    struct candidate all[CANDIDATES_MAX];
    size_t n;
    struct str code;     /* a support code that it may be */
    struct links *links; /* NULL: everybody is who their own name says */
    struct candidate *who;
    struct look look;
    struct audit_finds events, looks;
    bool ok;
    struct fail why_not;

    struct people_view v;
    struct audit_got audit;
    bool kept;
};

static void release_arena(void *a)
{
    arena_free(a);
}

static struct people *begin(struct ctx *c)
{
    struct people *x = arena_make(c->arena, struct people);

    c->state = x;
    x->arena = arena_new();
    arena_adopt(c->arena, x->arena, release_arena);
    x->set = c->set;
    x->registry = c->registry;
    x->links = c->links;
    x->area = c->console->area;
    x->audit_dir = arena_cstr(c->arena, arena_join(c->arena, c->set->state_dir, S("/audit")));
    return x;
}

/* ── what the other screens use, too ────────────────────────────────────── */

void people_audit(struct ctx *c, const char *act, struct str row, struct str why, struct audit_got *got)
{
    const struct change_by by = console_by(c, MAKER_console, why);
    const struct audit_event e = {
        .event = "console",
        .reason = str_of(act),
        .row = row,
        .why = by.why,
        .area = area_text(c->arena, &c->console->area),
        .acting_as = by.acting_as,
        .person = c->session->person->id,
        .idp = c->session->person->idp,
        .sid = c->session->sid,
        .support_code = str_of(c->support_code),
    };

    audit_ask(c->audit, &c->batch, c->arena, &e, got);
}

struct str people_row(struct ctx *c, struct str person)
{
    return arena_join(c->arena, S("person "), person);
}

bool people_end(struct ctx *c, struct mark *x, bool *kept)
{
    x->spare = c->session->sid;
    x->at_s = c->now_s;
    x->until_s = c->now_s + session_longest_s(c->set);
    return ends_mark(c->ends, c->work, &c->batch, c->arena, x, kept);
}

bool people_at_school(const struct person *p, const struct area *area)
{
    for (size_t i = 0; i < p->affiliation_count; i++)
        if (str_eq(p->affiliations[i].school_oid, area->school))
            return true;
    return !str_is_set(area->school);
}

void people_place(const struct ctx *c, struct mark *x)
{
    const struct provider *p = console_provider(c);

    if (p == NULL)
        return;
    x->provider_oid = p->oid;
    x->school = c->console->area.school;
}

/* ── the look, as an address has it ─────────────────────────────────────── */

static struct str look_write(struct ctx *c, const struct look *k)
{
    struct str record =
        arena_printf(c->arena, "1 %.*s %.*s %.*s %.*s %lld %d %.*s %.*s", STR_ARG(c->session->sid),
                     STR_ARG(b64url_encode(c->arena, area_text(c->arena, &c->console->area))), STR_ARG(k->person),
                     STR_ARG(k->idp), (long long)k->at_s, (int)k->reason, STR_ARG(b64url_encode(c->arena, k->subject)),
                     STR_ARG(b64url_encode(c->arena, k->why)));

    return b64url_encode(c->arena, seal_close(c->arena, c->world, c->seals, SEAL_COOKIE, seal_name, record));
}

/* False: none of this session and area, or its time is over. */
static bool look_read(struct ctx *c, struct str text, struct look *k)
{
    struct str sealed, plain, version, sid, area, at, reason, subject, where;
    int64_t number;

    if (!str_is_set(text) || text.n > LOOK_MAX_B || !b64url_decode(c->arena, text, &sealed) ||
        !seal_open(c->arena, c->seals, SEAL_COOKIE, seal_name, sealed, &plain) || !str_split(&plain, ' ', &version) ||
        !str_split(&plain, ' ', &sid) || !str_split(&plain, ' ', &area) || !str_split(&plain, ' ', &k->person) ||
        !str_split(&plain, ' ', &k->idp) || !str_split(&plain, ' ', &at) || !str_split(&plain, ' ', &reason) ||
        !str_split(&plain, ' ', &subject))
        return false;
    bool good = str_eq(version, S("1")) && str_eq(sid, c->session->sid) && b64url_decode(c->arena, area, &where) &&
                str_eq(where, area_text(c->arena, &c->console->area)) && str_int(at, &k->at_s) &&
                str_int(reason, &number) && b64url_decode(c->arena, subject, &k->subject) &&
                b64url_decode(c->arena, plain, &k->why);
    if (!good || c->now_s < k->at_s || c->now_s >= k->at_s + LOOK_S || number < 1 || number > FIND_WHY_REQUEST)
        return false;
    k->reason = (enum find_why)number;
    return true;
}

/* ── the search ─────────────────────────────────────────────────────────── */

static enum step show_search(struct ctx *c, struct people_view *v, int status)
{
    console_page_for(c, PLACE_PEOPLE, false, S("/admin/people"), &v->con);
    v->con.sub = SUB_FIND;
    return answer_page(c, status, page_people(c->arena, v));
}

static enum step show_empty(struct ctx *c, struct fail *f)
{
    struct people_view v = { .said = done_was(c, "expired") ? FIND_SAID_EXPIRED : FIND_SAID_NOTHING };

    (void)f;
    if (!str_is_set(c->console->area.provider))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    return show_search(c, &v, 200);
}

const struct step_row admin_people[] = { { console_door }, { show_empty }, { NULL } };

static bool is_of_area(const struct people *x, const struct idp *idp)
{
    return idp != NULL && idp->provider != NULL && str_is_set(x->area.provider) &&
           str_eq(idp->provider->id, x->area.provider);
}

static void add(struct ctx *c, struct people *x, const struct idp *idp, struct str subject, const struct account *a)
{
    if (x->n < CANDIDATES_MAX)
        x->all[x->n++] = (struct candidate){ .person = pairwise_person(c->arena, c->seals, idp->id, subject),
                                             .idp = idp->id,
                                             .subject = subject,
                                             .account = a };
}

static const struct account *account_of(const struct registry *r, struct str idp, struct str subject)
{
    const struct registry_parts *parts = registry_parts(r);

    for (size_t i = 0; i < parts->account_count; i++)
        if (str_eq(parts->accounts[i].id, subject) && str_eq(parts->accounts[i].idp, idp))
            return &parts->accounts[i];
    return NULL;
}

static void gather(struct ctx *c, struct people *x, struct str q)
{
    const struct registry_parts *parts = registry_parts(c->registry);

    for (size_t i = 0; i < parts->idp_count; i++) {
        const struct idp *idp = &parts->idps[i];
        if (!is_of_area(x, idp))
            continue;
        const struct account *a = idp->kind == IDP_LOCAL ? registry_account(c->registry, idp->id, q) : NULL;
        if (a == NULL && idp->kind == IDP_LOCAL)
            a = account_of(c->registry, idp->id, q);
        if (a != NULL)
            add(c, x, idp, a->id, a);
        else if (idp->kind != IDP_LOCAL)
            add(c, x, idp, q, NULL);
    }
}

/* A support code as people write it: "K7F2 9QXM", in either case. */
static struct str code_of(struct ctx *c, struct str q)
{
    char *code = arena_alloc(c->arena, CODE_CHARS);
    size_t n = 0;

    for (size_t i = 0; i < q.n; i++) {
        char ch = q.p[i] >= 'a' && q.p[i] <= 'z' ? (char)(q.p[i] - 'a' + 'A') : q.p[i];
        if (ch == ' ' || ch == '-')
            continue;
        if (n == CODE_CHARS || !((ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9')))
            return (struct str){ NULL, 0 };
        code[n++] = ch;
    }
    return n == CODE_CHARS ? str_n(code, n) : (struct str){ NULL, 0 };
}

static bool has_person(void *with, const struct audit_found *f)
{
    const struct people *x = with;

    return str_is_set(f->person) && is_of_area(x, registry_idp(x->registry, f->idp));
}

/* Whose page that code stood on. */
static bool add_by_code(struct people *x)
{
    const struct audit_search s = { .support_code = x->code, .most = 1, .within = has_person, .with = x };
    struct audit_finds got;

    if (!str_is_set(x->code))
        return true;
    if (!audit_find(x->audit_dir, x->arena, &s, &got, &x->why_not))
        return false;
    if (got.n > 0 && x->n < CANDIDATES_MAX)
        x->all[x->n++] = (struct candidate){ .person = got.at[0].person, .idp = got.at[0].idp, .logged = true };
    return true;
}

static bool look_up(struct people *x, struct candidate *w)
{
    struct audit_finds got;
    const struct audit_search s = { .person = w->person, .most = 1 };

    if (!known_person(x->set, x->arena, w->person, &w->known, &w->seen_s, &x->why_not))
        return false;
    if (w->logged || w->account != NULL || w->seen_s > 0)
        return true;
    if (!audit_find(x->audit_dir, x->arena, &s, &got, &x->why_not))
        return false;
    w->logged = got.n > 0;
    return true;
}

/* Somebody of whom nothing is known is of no school that could be proven, so a school does not find them. */
static bool exists_here(const struct people *x, const struct candidate *w)
{
    if (w->account != NULL && str_is_set(x->area.school) && str_eq(w->account->school, x->area.school))
        return true;
    if (w->account != NULL)
        return people_at_school(w->account->person, &x->area);
    return (w->seen_s > 0 || w->logged) && people_at_school(&w->known, &x->area);
}

struct settling {
    struct link_ask ask;
    struct link_found found;
};

static bool settle_one(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct settling *s = with;

    return link_resolve(d, a, &s->ask, &s->found, f);
}

/* Who has moved to another identity provider is who they were at the old one. */
static bool settle(struct people *x, struct candidate *w)
{
    struct settling s = {
        .ask = { .registry = x->registry, .idp = registry_idp(x->registry, w->idp), .identity = w->person }
    };

    if (!str_is_set(w->subject) || !links_concern(x->links, x->registry, s.ask.idp, false))
        return true;
    if (!links_now(x->links, x->arena, settle_one, &s, &x->why_not))
        return false;
    w->person = s.found.person;
    return true;
}

static void run_search(void *arg)
{
    struct people *x = arg;

    x->ok = true;
    for (size_t i = 0; x->ok && i < x->n; i++)
        x->ok = settle(x, &x->all[i]);
    x->ok = x->ok && add_by_code(x);
    for (size_t i = 0; x->ok && x->who == NULL && i < x->n; i++) {
        x->ok = look_up(x, &x->all[i]);
        if (x->ok && exists_here(x, &x->all[i]))
            x->who = &x->all[i];
    }
}

static enum find_why reason_of(struct str word)
{
    for (size_t i = 1; i < sizeof reasons / sizeof *reasons; i++)
        if (str_eq(word, str_of(reasons[i])))
            return (enum find_why)i;
    return FIND_WHY_NONE;
}

static enum step ask_search(struct ctx *c, struct fail *f)
{
    struct people *x = begin(c);
    struct people_view *v = &x->v;

    v->q = str_trim(form_get(c->body, S("q")));
    v->why = str_sub(str_trim(form_get(c->body, S("why"))), 0, PEOPLE_WHY_MAX_B);
    v->reason = reason_of(form_get(c->body, S("reason")));
    v->no_q = !str_is_set(v->q) || v->q.n > SUBJECT_MAX_B;
    v->no_reason = v->reason == FIND_WHY_NONE;
    v->no_why = !str_is_set(v->why) || !str_is_utf8(v->why);
    if (!str_is_set(x->area.provider))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    if (v->no_q || v->no_reason || v->no_why) {
        v->said = FIND_SAID_WRONG;
        return show_search(c, v, 400);
    }
    gather(c, x, v->q);
    x->code = code_of(c, v->q);
    if (!work_ask(c->work, &c->batch, run_search, x))
        return fail(f, FAIL_BUSY, "busy", "too many jobs wait");
    return WAIT;
}

static struct str why_logged(struct ctx *c, enum find_why reason, struct str why)
{
    return arena_printf(c->arena, "%s: %.*s", reasons[reason], STR_ARG(why));
}

static enum step note_search(struct ctx *c, struct fail *f)
{
    struct people *x = c->state;

    if (!x->ok) {
        *f = x->why_not;
        return REFUSE;
    }
    people_audit(c, "find", x->who != NULL ? people_row(c, x->who->person) : S("person -"),
                 why_logged(c, x->v.reason, x->v.why), &x->audit);
    return WAIT;
}

static struct str page_at(struct ctx *c, const char *path, struct str look, const char *name, struct str value)
{
    struct buf b = buf_new(c->arena, 2 * LOOK_MAX_B);

    buf_add(&b, str_of(path));
    url_query(&b, S("look"), look);
    if (name != NULL)
        url_query(&b, str_of(name), value);
    return buf_ok(&b) ? buf_str(&b) : S("/admin/people");
}

static enum step say_found(struct ctx *c, struct fail *f)
{
    struct people *x = c->state;

    if (!x->audit.durable)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "the audit log takes nothing");
    if (x->who == NULL) {
        x->v.said = FIND_SAID_NOBODY;
        return show_search(c, &x->v, 200);
    }
    const struct look k = { x->who->person, x->who->idp, x->who->subject, x->v.why, x->v.reason, c->now_s };
    return answer_go(c, page_at(c, "/admin/person", look_write(c, &k), NULL, S("")));
}

const struct step_row admin_people_find[] = {
    { console_door }, { ask_search }, { note_search }, { say_found }, { NULL }
};

/* ── the person ─────────────────────────────────────────────────────────── */

static void run_person(void *arg)
{
    struct people *x = arg;
    const struct audit_search events = { .person = x->who->person, .most = EVENTS_SHOWN }, looks = {
        .event = S("console"), .row = arena_join(x->arena, S("person "), x->who->person), .most = LOOKS_SHOWN
    };

    x->ok = known_person(x->set, x->arena, x->who->person, &x->who->known, &x->who->seen_s, &x->why_not) &&
            audit_find(x->audit_dir, x->arena, &events, &x->events, &x->why_not) &&
            audit_find(x->audit_dir, x->arena, &looks, &x->looks, &x->why_not);
}

/* Whom the look is at.  False: it is over; the search says so. */
static bool open_look(struct ctx *c, struct people *x, struct str text)
{
    if (!look_read(c, text, &x->look) || !is_of_area(x, registry_idp(c->registry, x->look.idp)))
        return false;
    x->who = &x->all[0];
    *x->who = (struct candidate){ .person = x->look.person, .idp = x->look.idp, .subject = x->look.subject };
    x->who->account = account_of(c->registry, x->look.idp, x->look.subject);
    return true;
}

static enum step ask_person(struct ctx *c, struct fail *f)
{
    struct people *x = begin(c);

    if (!open_look(c, x, form_get(c->query, S("look"))))
        return done_go(c, S("/admin/people"), "expired", S(""));
    if (!work_ask(c->work, &c->batch, run_person, x))
        return fail(f, FAIL_BUSY, "busy", "too many jobs wait");
    return WAIT;
}

static struct str place_name(struct ctx *c, const struct affiliation *a)
{
    const struct provider *p = registry_provider_oid(c->registry, a->provider_oid);
    const struct school *s = p != NULL && str_is_set(a->school_oid) ? provider_school(p, a->school_oid) : NULL;

    return s != NULL ? names_in(&s->names, c->lang) : p != NULL ? names_in(&p->names, c->lang) : a->provider_oid;
}

/* What concerns the area alone. */
static bool is_here(const struct ctx *c, const struct affiliation *a)
{
    const struct provider *p = console_provider(c);
    struct str school = c->console->area.school;

    return p != NULL && str_eq(a->provider_oid, p->oid) && (!str_is_set(school) || str_eq(a->school_oid, school));
}

static void put_roles(struct ctx *c, const struct person *p, struct person_view *v)
{
    struct seen_row *rows = arena_make_n(c->arena, p->affiliation_count + 1, struct seen_row);

    for (size_t i = 0; i < p->affiliation_count; i++) {
        const struct affiliation *a = &p->affiliations[i];
        if (!is_here(c, a))
            continue;
        rows[v->seen_rows.n++] =
            (struct seen_row){ .where = place_name(c, a),
                               .role = a->role != ROLE_NONE ? role_word(a->role, c->lang) : (struct str){ NULL, 0 },
                               .group = a->group,
                               .from =
                                   a->from_s != 0 ? when_full(c->arena, a->from_s, c->lang) : (struct str){ NULL, 0 },
                               .to = a->to_s != 0 ? when_full(c->arena, a->to_s, c->lang) : (struct str){ NULL, 0 },
                               .ended = a->to_s != 0 && c->now_s >= a->to_s,
                               .waits = a->from_s > c->now_s };
    }
    v->seen_rows.at = rows;
}

static struct str service_name(struct ctx *c, struct str id)
{
    const struct service *s = registry_service(c->registry, id);

    return s != NULL ? names_in(&s->names, c->lang) : id;
}

static bool is_event(const struct audit_found *x, const char *event)
{
    return str_eq(x->event, str_of(event));
}

/* Sessions that may be open still, told from the log: a sign-in that was not signed out, not marked, and not too old.
 */
static void put_sessions(struct ctx *c, const struct people *x, struct person_view *v)
{
    struct session_row *rows = arena_make_n(c->arena, SESSIONS_SHOWN, struct session_row);
    struct strs open = { arena_make_n(c->arena, 1, struct str), 0 };
    struct buf list = buf_new(c->arena, LIST_MAX_B);

    for (size_t i = 0; i < x->events.n && v->sessions.n < SESSIONS_SHOWN; i++) {
        const struct audit_found *e = &x->events.at[i];
        if (!is_event(e, "login") || !str_is_set(e->sid) || e->at_s + c->set->session_max_s <= c->now_s)
            continue;
        struct strs services = { arena_make_n(c->arena, 1, struct str), 0 };
        struct buf names = buf_new(c->arena, LIST_MAX_B);
        bool left = false;
        for (size_t k = 0; k < x->events.n; k++) {
            const struct audit_found *o = &x->events.at[k];
            if (!str_eq(o->sid, e->sid))
                continue;
            left = left || is_event(o, "logout");
            if (!is_event(o, "open") || !str_is_set(o->service) || strs_has(&services, o->service))
                continue;
            strs_add(c->arena, &services, o->service);
            buf_add(&names, names.n > 0 ? S(", ") : S(""));
            buf_add(&names, service_name(c, o->service));
        }
        struct person p = *(x->who->account != NULL ? x->who->account->person : &x->who->known);
        p.id = x->who->person;
        p.idp = e->idp;
        const struct session s = { .sid = e->sid, .began_s = e->at_s, .person = &p, .services = services };
        bool ended = left || ends_marked(c->ends, &s);
        rows[v->sessions.n++] = (struct session_row){ .when = when_full(c->arena, e->at_s, c->lang),
                                                      .idp = e->idp,
                                                      .services = buf_str(&names),
                                                      .ended = ended,
                                                      .told = heard_session(c, &x->events, e->sid, &services) };
        for (size_t k = 0; !ended && k < services.n; k++)
            if (!strs_has(&open, services.at[k])) {
                strs_add(c->arena, &open, services.at[k]);
                buf_add(&list, list.n > 0 ? S(", ") : S(""));
                buf_add(&list, service_name(c, services.at[k]));
            }
    }
    v->sessions.at = rows;
    v->open = list.n > 0 && buf_ok(&list) ? buf_str(&list) : (struct str){ NULL, 0 };
}

/* "Opened: {name}". */
static struct str with_name(struct ctx *c, enum said words, struct str name)
{
    struct str text = said(words, c->lang);
    size_t open = str_find(text, S("{name}"));

    return arena_printf(c->arena, "%.*s%.*s%.*s", (int)open, text.p, STR_ARG(name),
                        STR_ARG(str_from(text, open + sizeof "{name}" - 1)));
}

static struct str event_words(struct ctx *c, const struct audit_found *e)
{
    struct str name = service_name(c, e->service);

    if (is_event(e, "login"))
        return said(C_log_login, c->lang);
    if (is_event(e, "logout"))
        return said(C_log_logout, c->lang);
    if (is_event(e, "farewell"))
        return heard_words(c, e);
    if (is_event(e, "open"))
        return with_name(c, C_log_opened, name);
    if (is_event(e, "release"))
        return with_name(c, C_log_released, name);
    if (is_event(e, "refused"))
        return str_is_set(e->service) ? with_name(c, C_log_refused, name) : said(C_log_refused_any, c->lang);
    if (str_eq(e->reason, S("end_sessions")))
        return said(C_log_ended, c->lang);
    return str_eq(e->reason, S("export_disclosures")) ? said(C_log_exported, c->lang) : said(C_log_looked, c->lang);
}

/* "support: …", as the log has it, in words. */
static struct str why_words(struct ctx *c, struct str why)
{
    static const enum said words[] = {
        [FIND_WHY_SUPPORT] = C_find_support, [FIND_WHY_INCIDENT] = C_find_incident, [FIND_WHY_REQUEST] = C_find_request
    };
    size_t at = str_find(why, S(": "));

    for (size_t i = 1; i < sizeof words / sizeof *words; i++)
        if (at < why.n && str_eq(str_sub(why, 0, at), str_of(reasons[i])))
            return arena_join(c->arena, said(words[i], c->lang), str_from(why, at));
    return why;
}

static struct event_row event_of(struct ctx *c, const struct audit_found *e)
{
    bool act = is_event(e, "console");

    return (struct event_row){ .when = when_full(c->arena, e->at_s, c->lang),
                               .what = event_words(c, e),
                               .detail = act                     ? why_words(c, e->why)
                                         : str_is_set(e->claims) ? e->claims
                                                                 : e->idp,
                               .code = act                     ? e->acting_as
                                       : str_is_set(e->reason) ? e->reason
                                                               : (struct str){ NULL, 0 } };
}

/* Two lists, each the newest first, as one.  The person's own acts as an admin are not about them. */
static void put_events(struct ctx *c, const struct people *x, struct person_view *v)
{
    struct event_row *rows = arena_make_n(c->arena, x->events.n + x->looks.n + 1, struct event_row);
    size_t i = 0, k = 0;

    while (i < x->events.n || k < x->looks.n) {
        bool own = k == x->looks.n || (i < x->events.n && x->events.at[i].n > x->looks.at[k].n);
        const struct audit_found *e = own ? &x->events.at[i++] : &x->looks.at[k++];
        if (!own || !is_event(e, "console"))
            rows[v->events.n++] = event_of(c, e);
    }
    v->events.at = rows;
    v->cut = x->events.next != 0;
}

static bool is_hidden(const struct candidate *w)
{
    return w->account != NULL ? w->account->person->non_disclosure : w->seen_s == 0;
}

static void put_account(struct ctx *c, const struct account *a, struct person_view *v)
{
    v->account = true;
    v->account_off = !a->enabled;
    v->pass = str_is_set(a->school);
    v->subject = a->username;
    v->name = person_display_name(c->arena, a->person);
    put_roles(c, a->person, v);
}

static enum step show_one(struct ctx *c, struct people *x, struct person_view *v, int status)
{
    const struct candidate *w = x->who;
    const struct idp *idp = registry_idp(c->registry, w->idp);
    struct str look = look_write(c, &x->look);

    console_page_for(c, PLACE_PEOPLE, true, page_at(c, "/admin/person", look, NULL, S("")), &v->con);
    v->con.sub = SUB_FIND;
    v->look = look;
    v->idp = idp != NULL ? names_in(&idp->names, c->lang) : w->idp;
    v->opened = when_time(c->arena, x->look.at_s, c->lang);
    v->until = when_time(c->arena, x->look.at_s + LOOK_S, c->lang);
    v->why = x->look.why;
    v->reason = x->look.reason;
    v->may_end = console_may(c, MAY_END_SESSIONS);
    v->fresh = console_fresh(c);
    v->hidden = is_hidden(w);
    if (v->hidden)
        return answer_page(c, status, page_person(c->arena, v));
    v->id = w->person;
    v->subject = str_is_set(w->subject) ? w->subject : S("–");
    v->seen = w->seen_s > 0 ? when_full(c->arena, w->seen_s, c->lang) : (struct str){ NULL, 0 };
    v->may_export = console_may(c, MAY_EXPORT_LOG);
    if (w->account != NULL)
        put_account(c, w->account, v);
    else
        put_roles(c, &w->known, v);
    put_sessions(c, x, v);
    put_events(c, x, v);
    return answer_page(c, status, page_person(c->arena, v));
}

static enum end_said said_of(struct str word)
{
    return str_eq(word, S("ended")) ? END_SAID_DONE : str_eq(word, S("no_why")) ? END_SAID_WHY : END_SAID_NOTHING;
}

static enum step show_person(struct ctx *c, struct fail *f)
{
    struct people *x = c->state;
    struct person_view v = { .end_why = form_get(c->query, S("why")), .said = said_of(done_here(c, NULL)) };

    if (!x->ok) {
        *f = x->why_not;
        return REFUSE;
    }
    if (!exists_here(x, x->who) && !x->who->logged && !is_hidden(x->who))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    return show_one(c, x, &v, 200);
}

const struct step_row admin_person[] = { { console_door }, { ask_person }, { show_person }, { NULL } };

/* ── their sessions end ─────────────────────────────────────────────────── */

static enum step ask_end(struct ctx *c, struct fail *f)
{
    struct people *x = begin(c);
    struct str look = form_get(c->body, S("look")),
               why = str_sub(str_trim(form_get(c->body, S("why"))), 0, PEOPLE_WHY_MAX_B);

    if (!open_look(c, x, look))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    if (!str_is_set(why))
        return done_go(c, page_at(c, "/admin/person", look, NULL, S("")), "no_why", S(""));
    if (!console_fresh(c))
        return console_log_in_again(c, page_at(c, "/admin/person", look, "why", why), f);
    people_audit(c, "end_sessions", people_row(c, x->look.person), why, &x->audit);
    return WAIT;
}

static enum step do_end(struct ctx *c, struct fail *f)
{
    struct people *x = c->state;
    struct mark m = { .kind = MARK_PERSON, .what = x->look.person };

    if (!x->audit.durable)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "the audit log takes nothing");
    if (!people_end(c, &m, &x->kept))
        return fail(f, FAIL_BUSY, "busy", "too many jobs wait");
    return WAIT;
}

static enum step say_ended(struct ctx *c, struct fail *f)
{
    const struct people *x = c->state;

    if (!x->kept)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "the end of sessions was not kept");
    return done_go(c, page_at(c, "/admin/person", form_get(c->body, S("look")), NULL, S("")), "ended", S(""));
}

const struct step_row admin_person_end[] = { { console_door }, { ask_end }, { do_end }, { say_ended }, { NULL } };

/* ── what was told of them, as a file ───────────────────────────────────── */

static void run_export(void *arg)
{
    struct people *x = arg;
    const struct audit_search s = { .event = S("release"), .person = x->who->person, .most = EXPORT_LINES };

    x->ok = known_person(x->set, x->arena, x->who->person, &x->who->known, &x->who->seen_s, &x->why_not) &&
            audit_find(x->audit_dir, x->arena, &s, &x->events, &x->why_not);
}

static enum step ask_export(struct ctx *c, struct fail *f)
{
    struct people *x = begin(c);

    (void)f;
    if (!console_may(c, MAY_FIND_PEOPLE) || !open_look(c, x, form_get(c->query, S("look"))))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    people_audit(c, "export_disclosures", people_row(c, x->look.person), why_logged(c, x->look.reason, x->look.why),
                 &x->audit);
    return WAIT;
}

static enum step read_export(struct ctx *c, struct fail *f)
{
    struct people *x = c->state;

    if (!x->audit.durable)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "the audit log takes nothing");
    if (!work_ask(c->work, &c->batch, run_export, x))
        return fail(f, FAIL_BUSY, "busy", "too many jobs wait");
    return WAIT;
}

/* Cells hold ids of ours and names of claims alone: nothing that needs quotes. */
static enum step send_export(struct ctx *c, struct fail *f)
{
    const struct people *x = c->state;
    struct buf b = buf_new(c->arena, 8 << 20);

    if (!x->ok) {
        *f = x->why_not;
        return REFUSE;
    }
    if (is_hidden(x->who))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    buf_add(&b, S("at,service,claims,identity_provider,policy,record\r\n"));
    for (size_t i = 0; i < x->events.n; i++) {
        const struct audit_found *e = &x->events.at[i];
        buf_printf(&b, "%.*s,%.*s,%.*s,%.*s,%.*s,%lld\r\n", STR_ARG(when_rfc3339(c->arena, e->at_s)),
                   STR_ARG(e->service), STR_ARG(e->claims), STR_ARG(e->idp), STR_ARG(e->rule), (long long)e->n);
    }
    if (x->events.next != 0)
        buf_printf(&b, "older records were not looked at,,,,,%lld\r\n", (long long)x->events.next);
    http_header_set(c->res, S("Content-Disposition"), S("attachment; filename=\"disclosures.csv\""));
    http_body(c->res, 200, S("text/csv; charset=utf-8"), buf_str(&b));
    return DONE;
}

const struct step_row admin_disclosures[] = {
    { console_door }, { ask_export }, { read_export }, { send_export }, { NULL }
};
