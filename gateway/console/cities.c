/* SPDX-License-Identifier: EUPL-1.2
 * Municipalities join: a place is opened for one, with its schools, and its first admin is invited; of the whole
 * country alone.  A place opens nothing to anybody: what gives access are its identity providers and policies. */
#include "gateway/console/cities.h"
#include "console/texts.h"
#include "frame/roles.h"
#include "gateway/answer.h"
#include "gateway/console/acts.h"
#include "gateway/console/lines.h"
#include "gateway/console/listed.h"
#include "gateway/flow.h"
#include "gateway/joining.h"
#include "gateway/session/done.h"
#include "model/mail.h"
#include "model/mailbox.h"
#include "model/organisation_oid.h"
#include "model/schools_file.h"
#include "model/when.h"
#include "wire/form.h"
#include "wire/http.h"

enum {
    ROWS_A_PAGE = 40,
    SCHOOLS_SHOWN = 100,
    SOURCES_SHOWN = 50,
    NAME_MAX = 100,
    OID_MAX = 64,
    ID_MAX = 40,
    SUPPORT_MAX = 200,
    NOTE_MAX = 100,
    HASH_SHOWN = 16,
    HERE_MAX_B = 1024
};

static const struct str here = S("/admin/cities");
static const struct str none = { NULL, 0 };

struct cities_on { /* c->state; the worker's, while it has it */
    struct city_open_view v;
    struct city_wrong wrongs[8];
    struct schools_read schools;
    const struct provider *city;
    struct invitations invited;
    enum mail_state *letters; /* of each */
    struct mail_door door;
    struct inviting inviting;
    struct str link, note, email, hash;
    int64_t now_s;
    struct vendors_got got;
    struct act act;
    bool no_note, no_email, refused, invites, uninvites, opens;
};

static struct cities_on *on(struct ctx *c)
{
    if (c->state == NULL) {
        struct cities_on *x = arena_make(c->arena, struct cities_on);
        x->now_s = c->now_s;
        x->door = mail_door_of(c);
        c->state = x;
    }
    return c->state;
}

static struct str city_at(struct ctx *c, struct str id)
{
    return url_to(c->arena, here, S("city"), id);
}

/* ── all of them ────────────────────────────────────────────────────────── */

static size_t count_idps(const struct ctx *c, const struct provider *p)
{
    const struct registry_parts *parts = registry_parts(c->registry);
    size_t n = 0;

    for (size_t i = 0; i < parts->idp_count; i++)
        n += parts->idps[i].provider == p;
    return n;
}

static size_t count_admins(const struct ctx *c, const struct provider *p)
{
    const struct registry_parts *parts = registry_parts(c->registry);
    size_t n = 0;

    for (size_t i = 0; i < parts->admin_count; i++)
        n += parts->admins[i].provider == p && parts->admins[i].role == ROLE_ADMIN &&
             (parts->admins[i].to_s == 0 || parts->admins[i].to_s > c->now_s);
    return n;
}

static struct joined_city row_of(struct ctx *c, const struct provider *p)
{
    size_t admins = count_admins(c, p);

    return (struct joined_city){ .id = p->id,
                                 .name = names_in(&p->names, c->lang),
                                 .oid = p->oid,
                                 .schools = lines_number(c, (int64_t)p->school_count),
                                 .idps = lines_number(c, (int64_t)count_idps(c, p)),
                                 .admins = lines_number(c, (int64_t)admins),
                                 .idle = admins == 0 };
}

static enum step show_all(struct ctx *c)
{
    struct cities_view v = { .q = form_get(c->query, S("q")) };
    const struct listed found = listed_find(c, LISTED_PROVIDERS, v.q);
    const struct paging p = paging_of(c, found.n, ROWS_A_PAGE);
    struct joined_city *rows = arena_make_n(c->arena, ROWS_A_PAGE, struct joined_city);
    struct buf b = buf_new(c->arena, HERE_MAX_B);

    for (size_t i = p.from; i < p.end; i++)
        rows[v.rows.n++] = row_of(c, &registry_parts(c->registry)->providers[found.at[i]]);
    buf_add(&b, here);
    if (str_is_set(v.q))
        url_query(&b, S("q"), v.q);
    struct str at = buf_ok(&b) ? buf_str(&b) : here;
    console_page_for(c, PLACE_PROVIDERS, true, at, &v.con);
    v.rows.at = rows;
    v.total = p.total;
    v.first = p.first;
    v.last = p.last;
    v.next = paging_next(c, &p, at);
    v.previous = paging_previous(c, &p, at);
    return answer_page(c, 200, page_cities(c->arena, &v));
}

/* ── one of them ────────────────────────────────────────────────────────── */

/* Both the right to give rights there, and all that such an admin may do. */
static bool may_invite(const struct ctx *c, const struct provider *p)
{
    const struct circumstances now = flow_circumstances(c);
    const struct area where = { .provider = p->id };

    return console_may_in(c, MAY_MANAGE_ADMINS, &where) &&
           policy_may_not_give(c->registry, c->session->person, ROLE_ADMIN, &where, &now) == MAY_NONE;
}

static void put_sources(struct ctx *c, const struct provider *p, struct city_view *v)
{
    const struct registry_parts *parts = registry_parts(c->registry);
    const struct listed found = listed_idps_of(c, p, S(""));
    struct city_source *rows = arena_make_n(c->arena, SOURCES_SHOWN, struct city_source);

    for (size_t i = 0; i < found.n && v->sources.n < SOURCES_SHOWN; i++) {
        const struct idp *idp = &parts->idps[found.at[i]];
        rows[v->sources.n++] = (struct city_source){ idp->id, names_in(&idp->names, c->lang),
                                                     idp->kind == IDP_SAML   ? S("SAML")
                                                     : idp->kind == IDP_OIDC ? S("OpenID Connect")
                                                                             : said(C_kind_local, c->lang),
                                                     !idp->enabled };
    }
    v->sources.at = rows;
}

static void put_invited(struct ctx *c, const struct cities_on *x, struct city_view *v)
{
    struct city_invited *rows = arena_make_n(c->arena, x->invited.n + 1, struct city_invited);

    for (size_t i = 0; i < x->invited.n; i++)
        rows[i] = (struct city_invited){ .hash = str_sub(x->invited.at[i].hash, 0, HASH_SHOWN),
                                         .note = x->invited.at[i].note,
                                         .until = when_date(c->arena, x->invited.at[i].until_s),
                                         .mail = invitation_letter_words(c, &x->invited.at[i], x->letters[i]),
                                         .lost = x->letters[i] == MAIL_REFUSED || x->letters[i] == MAIL_GIVEN_UP };
    v->invited.at = rows;
    v->invited.n = x->invited.n;
}

static bool look(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct cities_on *x = with;

    if (!invitations_of(d, a, invitation_to_city(a, x->city->id), x->now_s, &x->invited, f))
        return false;
    x->letters = arena_make_n(a, x->invited.n + 1, enum mail_state);
    return invitation_letters(&x->door, a, &x->invited, x->letters, f);
}

static enum step ask_one(struct ctx *c, struct cities_on *x, struct fail *f)
{
    if (!vendors_ask(c->vendors, c->work, &c->batch, c->arena, look, x, &x->got))
        return fail(f, FAIL_BUSY, "busy", "too many jobs wait");
    return WAIT;
}

static enum step show_one(struct ctx *c, struct cities_on *x, struct fail *f)
{
    struct city_view v = { .is = row_of(c, x->city),
                           .code = x->city->municipality_code,
                           .no_accounts = registry_idp_vendors(c->registry) == NULL,
                           .no_note = x->no_note,
                           .refused = x->refused,
                           .may_invite = may_invite(c, x->city),
                           .note = x->invites ? x->note : form_get(c->query, S("note")),
                           .email = x->invites ? x->email : form_get(c->query, S("email")),
                           .mail_set = mail_is_set(c->set),
                           .no_email = x->no_email,
                           .link = x->link };

    if (!x->got.ok) {
        *f = x->got.why;
        return REFUSE;
    }
    const struct str done = c->req->method != HTTP_POST ? done_here(c, NULL) : none;
    v.opened = str_eq(done, S("opened"));
    v.sent = str_eq(done, S("sent"));
    v.uninvited = str_eq(done, S("uninvited"));
    put_sources(c, x->city, &v);
    put_invited(c, x, &v);
    console_page_for(c, PLACE_PROVIDERS, true, city_at(c, x->city->id), &v.con);
    return answer_page(c, x->no_note || x->no_email ? 400 : x->refused ? 403 : 200, page_city(c->arena, &v));
}

/* ── a place is opened: what was typed ──────────────────────────────────── */

static struct str wrong(struct ctx *c, struct cities_on *x, const char *field, enum said label, enum said says)
{
    x->wrongs[x->v.wrongs.n++] = (struct city_wrong){ str_of(field), said(label, c->lang), said(says, c->lang) };
    return said(says, c->lang);
}

/* "Pyhäjärven kaupunki" -> "pyhajarven-kaupunki" */
static struct str id_from(struct ctx *c, struct str name)
{
    struct buf b = buf_new(c->arena, ID_MAX);

    for (size_t i = 0; i < name.n && b.n < ID_MAX; i++) {
        unsigned char k = (unsigned char)name.p[i], next = i + 1 < name.n ? (unsigned char)name.p[i + 1] : 0;
        if (k == 0xc3 && next != 0) {
            static const char from[] = "\xa4\xa5\x84\x85\xb6\x96\xa9\x89", to[] = "aaaaooee";
            const char *at = memchr(from, next, sizeof from - 1);
            k = at != NULL ? (unsigned char)to[at - from] : '-';
            i++;
        }
        k = k >= 'A' && k <= 'Z' ? (unsigned char)(k - 'A' + 'a') : k;
        bool plain = (k >= 'a' && k <= 'z') || (k >= '0' && k <= '9');
        if (plain || (b.n > 0 && b.p[b.n - 1] != '-'))
            buf_byte(&b, plain ? (char)k : '-');
    }
    while (b.n > 0 && b.p[b.n - 1] == '-')
        b.n--;
    return buf_str(&b);
}

static bool is_short_id(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char k = s.p[i];
        if (!((k >= 'a' && k <= 'z') || (k >= '0' && k <= '9') || (k == '-' && i > 0)))
            return false;
    }
    return s.n > 0 && s.n <= ID_MAX;
}

static void judge_oid(struct ctx *c, struct cities_on *x)
{
    enum organisation_oid is = organisation_oid_is(x->v.oid);

    x->v.doubtful = is == ORGANISATION_OID_DOUBTFUL;
    if (is == ORGANISATION_OID_NOT)
        x->v.no_oid = wrong(c, x, "oid", C_city_oid, is_person_oid(x->v.oid) ? C_city_oid_person : C_city_oid_wrong);
    else if (registry_provider_oid(c->registry, x->v.oid) != NULL)
        x->v.no_oid = wrong(c, x, "oid", C_city_oid, C_city_oid_taken);
}

static void judge(struct ctx *c, struct cities_on *x)
{
    struct city_open_view *v = &x->v;
    int64_t number;

    if (!str_is_set(v->name_fi))
        v->no_name_fi = wrong(c, x, "name_fi", C_city_name_fi, C_city_name_missing);
    judge_oid(c, x);
    if (v->code.n > 0 && (v->code.n != 3 || !str_int(v->code, &number) || number < 0))
        v->no_code = wrong(c, x, "code", C_city_code, C_city_code_wrong);
    if (!str_is_set(v->id))
        v->id = id_from(c, v->name_fi);
    if (!is_short_id(v->id) && str_is_set(v->name_fi))
        v->no_id = wrong(c, x, "id", C_city_id, C_city_id_wrong);
    else if (registry_provider(c->registry, v->id) != NULL)
        v->no_id = wrong(c, x, "id", C_city_id, C_city_id_taken);
    v->wrongs.at = x->wrongs;
}

static void read_fields(struct ctx *c, struct cities_on *x)
{
    struct city_open_view *v = &x->v;

    v->name_fi = form_typed(c->body, S("name_fi"), NAME_MAX);
    v->name_sv = form_typed(c->body, S("name_sv"), NAME_MAX);
    v->name_en = form_typed(c->body, S("name_en"), NAME_MAX);
    v->oid = form_typed(c->body, S("oid"), OID_MAX);
    v->code = form_typed(c->body, S("code"), OID_MAX);
    v->id = form_typed(c->body, S("id"), ID_MAX + 1);
    v->support = form_typed(c->body, S("support"), SUPPORT_MAX);
}

/* ── its schools ────────────────────────────────────────────────────────── */

static struct str fault_words(enum schools_fault fault, enum lang lang)
{
    static const enum said words[SCHOOLS_FAULT_COUNT] = {
#define X(fault) [SCHOOLS_##fault] = C_schools_##fault,
        SCHOOLS_FAULTS(X)
#undef X
    };

    return said(words[fault], lang);
}

struct str schools_number(struct ctx *c, size_t n)
{
    return n > 0 ? lines_number(c, (int64_t)n) : none;
}

void schools_lines(struct ctx *c, const struct schools_read *s, struct city_line *rows)
{
    for (size_t i = 0; i < s->wrong_count; i++)
        rows[i] = (struct city_line){ .line = schools_number(c, s->wrongs[i].line),
                                      .value = s->wrongs[i].value,
                                      .says = fault_words(s->wrongs[i].fault, c->lang),
                                      .other = schools_number(c, s->wrongs[i].other) };
}

static void put_lines(struct ctx *c, struct cities_on *x)
{
    const struct schools_read *s = &x->schools;
    struct city_line *rows = arena_make_n(c->arena, s->wrong_count + 1, struct city_line);

    schools_lines(c, s, rows);
    x->v.lines.at = rows;
    x->v.lines.n = s->wrong_count;
    x->v.lines_more = schools_number(c, s->wrongs_more);
}

static void put_schools(struct ctx *c, struct cities_on *x)
{
    const struct schools_read *s = &x->schools;
    struct city_school *rows = arena_make_n(c->arena, SCHOOLS_SHOWN, struct city_school);
    struct city_open_view *v = &x->v;

    for (size_t i = 0; i < s->n && i < SCHOOLS_SHOWN; i++)
        rows[v->rows.n++] = (struct city_school){ s->at[i].oid,     s->at[i].code,    s->at[i].name_fi,
                                                  s->at[i].name_sv, s->at[i].name_en, s->at[i].doubtful };
    v->rows.at = rows;
    v->more = schools_number(c, s->n - v->rows.n);
    v->n = lines_number(c, (int64_t)s->n);
    v->elsewhere = schools_number(c, s->elsewhere);
    v->no_schools = schools_number(c, s->no_schools);
    v->closed = schools_number(c, s->closed);
    v->windows = s->windows;
}

/* What was read of a file stands in the field from then on. */
void schools_typed(struct ctx *c, struct str oid, struct str code, struct schools_typed *out)
{
    struct str file = form_file(c->body, S("file")), typed = form_get(c->body, S("schools"));
    struct str text = file.p != NULL ? file : typed;

    *out = (struct schools_typed){ .text = typed, .any = file.p != NULL || str_trim(typed).n > 0 };
    if (!out->any)
        return;
    bool good = schools_file_read(c->arena, text, oid, code, &out->read);
    struct str lines = good ? schools_file_write(c->arena, &out->read) : text;
    if (good && lines.n > SCHOOLS_CARRIED_MAX_B) {
        out->read.wrongs[out->read.wrong_count++] = (struct schools_wrong){ .fault = SCHOOLS_too_many };
        good = false;
    }
    if (good || (file.p != NULL && file.n <= SCHOOLS_TYPED_MAX_B && str_is_utf8(file)))
        out->text = lines;
    out->kept_out = !good && file.p != NULL && out->text.p != lines.p;
}

static void read_schools(struct ctx *c, struct cities_on *x)
{
    struct schools_typed typed;

    schools_typed(c, x->v.oid, x->v.code, &typed);
    x->schools = typed.read;
    x->v.schools.text = typed.text;
    x->v.file_kept_out = typed.kept_out;
    if (typed.any)
        put_lines(c, x);
}

static enum step show_opening(struct ctx *c, struct cities_on *x, int status)
{
    console_page_for(c, PLACE_PROVIDERS, true, S("/admin/cities?open=1"), &x->v.con);
    x->v.version = arena_printf(c->arena, "%lld", (long long)registry_parts(c->registry)->version);
    if (x->v.preview)
        put_schools(c, x);
    return answer_page(c, status, page_city_open(c->arena, &x->v));
}

static void put_rows(struct ctx *c, struct cities_on *x)
{
    const struct city_open_view *v = &x->v;
    const struct row_id city = { S("provider"), { v->id, none } };
    const struct edit_field of_city[] = { { S("oid"), v->oid },
                                          { S("municipality_code"), v->code.n > 0 ? v->code : S("") },
                                          { S("name.fi"), v->name_fi },
                                          { S("name.sv"), v->name_sv.n > 0 ? v->name_sv : S("") },
                                          { S("name.en"), v->name_en.n > 0 ? v->name_en : S("") },
                                          { S("support"), v->support.n > 0 ? v->support : S("") } };

    (void)act_begin(c, &x->act, NULL, S(""));
    edit_put(x->act.edit, &city, of_city, sizeof of_city / sizeof *of_city);
    for (size_t i = 0; i < x->schools.n; i++) {
        const struct school_read *s = &x->schools.at[i];
        const struct row_id school = { S("school"), { v->id, s->oid } };
        const struct edit_field fields[] = { { S("code"), s->code },
                                             { S("name.fi"), s->name_fi },
                                             { S("name.sv"), s->name_sv.n > 0 ? s->name_sv : S("") },
                                             { S("name.en"), s->name_en.n > 0 ? s->name_en : S("") } };
        edit_put(x->act.edit, &school, fields, sizeof fields / sizeof *fields);
    }
}

static enum step open_place(struct ctx *c, struct cities_on *x, struct fail *f)
{
    struct str act = form_get(c->body, S("act"));

    read_fields(c, x);
    if (str_eq(act, S("edit"))) {
        x->v.schools.text = form_get(c->body, S("schools"));
        return show_opening(c, x, 200);
    }
    judge(c, x);
    read_schools(c, x);
    bool good = x->v.wrongs.n == 0 && x->schools.wrong_count == 0;
    x->v.preview = good;
    if (!good || !str_eq(act, S("open")))
        return show_opening(c, x, good ? 200 : 400);
    x->opens = true;
    put_rows(c, x);
    return act_run(c, &x->act, EDIT_APPLY, f);
}

/* ── its first admin is invited ─────────────────────────────────────────── */

static bool keep_invitation(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct cities_on *x = with;

    return invitation_send(d, a, &x->inviting, f) && look(x, d, a, f);
}

/* Back to the page with what was typed. */
static struct str typed_at(struct ctx *c, const struct cities_on *x)
{
    struct str at = url_to(c->arena, city_at(c, x->city->id), S("note"), x->note);

    return x->email.n > 0 ? url_to(c->arena, at, S("email"), x->email) : at;
}

/* Sent where there is an address; else its link is shown, once. */
static void make_invitation(struct ctx *c, struct cities_on *x)
{
    x->inviting.made = invitation_new(c, invitation_to_city(c->arena, x->city->id), STAFF_owner, x->note, &x->link);
    invitation_address(c, &x->inviting, &x->city->names, x->email.n > 0 ? x->email : S(""), x->link);
    for (int lang = 0; lang < LANG_COUNT; lang++)
        x->inviting.letter.part.in[lang] = role_word(ROLE_ADMIN, (enum lang)lang);
    if (x->email.n > 0)
        x->link = none;
}

static enum step invite(struct ctx *c, struct cities_on *x, struct fail *f)
{
    x->invites = true;
    x->note = form_typed(c->body, S("note"), NOTE_MAX);
    x->email = mail_is_set(c->set) ? form_typed(c->body, S("email"), MAILBOX_MAX_B) : S("");
    x->city = registry_provider(c->registry, form_get(c->body, S("city")));
    if (x->city == NULL)
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    x->refused = !may_invite(c, x->city) || registry_idp_vendors(c->registry) == NULL;
    x->no_note = !str_is_set(x->note);
    x->no_email = x->email.n > 0 && !mail_address(x->email);
    if (x->no_note || x->no_email || x->refused)
        return ask_one(c, x, f);
    if (!console_fresh(c))
        return console_log_in_again(c, typed_at(c, x), f);
    make_invitation(c, x);
    if (!vendors_ask(c->vendors, c->work, &c->batch, c->arena, keep_invitation, x, &x->got))
        return fail(f, FAIL_BUSY, "busy", "too many jobs wait");
    return WAIT;
}

/* ── and is not, after all ──────────────────────────────────────────────── */

static bool take_back(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct cities_on *x = with;

    return invitation_take_back(d, a, &x->door, invitation_to_city(a, x->city->id), x->hash, x->now_s, f);
}

/* Only takes away, and so asks for no fresh log-in: a link has gone to the wrong person. */
static enum step uninvite(struct ctx *c, struct cities_on *x, struct fail *f)
{
    x->hash = form_typed(c->body, S("id"), OID_MAX);
    x->city = registry_provider(c->registry, form_get(c->body, S("city")));
    if (x->city == NULL || !may_invite(c, x->city))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    x->uninvites = true;
    if (!vendors_ask(c->vendors, c->work, &c->batch, c->arena, take_back, x, &x->got))
        return fail(f, FAIL_BUSY, "busy", "too many jobs wait");
    return WAIT;
}

/* ── rows ───────────────────────────────────────────────────────────────── */

static enum step read_ask(struct ctx *c, struct fail *f)
{
    struct cities_on *x = on(c);
    struct str id = form_get(c->query, S("city"));

    if (console_provider(c) != NULL)
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    if (str_is_set(form_get(c->query, S("open"))))
        return show_opening(c, x, 200);
    if (!str_is_set(id))
        return show_all(c);
    x->city = registry_provider(c->registry, id);
    return x->city != NULL ? ask_one(c, x, f) : console_refuse(c, FAIL_NOT_FOUND, "not_found");
}

static enum step show(struct ctx *c, struct fail *f)
{
    return show_one(c, c->state, f);
}

const struct step_row admin_cities[] = { { console_door }, { read_ask }, { show }, { NULL } };

static enum step read_act(struct ctx *c, struct fail *f)
{
    if (console_provider(c) != NULL)
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    struct str act = form_get(c->body, S("act"));
    return str_eq(act, S("invite"))     ? invite(c, on(c), f)
           : str_eq(act, S("uninvite")) ? uninvite(c, on(c), f)
                                        : open_place(c, on(c), f);
}

static enum step note(struct ctx *c, struct fail *f)
{
    const struct cities_on *x = c->state;

    (void)f;
    return x->opens ? act_note(c, &x->act.got) : NEXT;
}

static enum step served(struct ctx *c, struct fail *f)
{
    const struct cities_on *x = c->state;

    (void)f;
    return x->opens && x->act.got.ok && desk_wait(c->desk, c->work, &c->batch, c->arena, x->act.result.report.version)
               ? WAIT
               : NEXT;
}

static enum step say(struct ctx *c, struct fail *f)
{
    struct cities_on *x = c->state;

    if (x->invites && x->got.ok && x->email.n > 0 && !x->no_note && !x->no_email && !x->refused)
        return done_go(c, city_at(c, x->city->id), "sent", S(""));
    if (x->uninvites && x->got.ok)
        return done_go(c, city_at(c, x->city->id), "uninvited", S(""));
    if (!x->opens)
        return show_one(c, x, f);
    if (x->act.got.ok)
        return done_go(c, city_at(c, x->v.id), "opened", S(""));
    if (x->act.got.why.kind != FAIL_CONFLICT && !act_refused(c, &x->act.got, f))
        return REFUSE;
    x->v.preview = false;
    x->v.detail = act_detail(c, &x->act);
    return show_opening(c, x, x->act.got.why.kind == FAIL_CONFLICT ? 409 : 400);
}

const struct step_row admin_cities_act[] = { { console_door }, { read_act }, { note }, { served }, { say }, { NULL } };
