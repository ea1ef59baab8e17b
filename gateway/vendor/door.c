/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/vendor/door.h"

#include "gateway/joining.h"

#include "audit/audit.h"
#include "base/settings.h"
#include "gateway/answer.h"
#include "gateway/flow.h"
#include "gateway/session/session.h"
#include "gateway/session/strict.h"
#include "gateway/vendor/screens.def"
#include "portal/texts.h"
#include "wire/form.h"
#include "wire/http.h"

#include <string.h>

static const struct str cookie_name = S("vendor");

struct caller { /* of a request, besides what others may see */
    struct vendor_visit visit;
    struct strict strict;
    struct audit_got audit;
    enum fail_kind kind; /* of a refusal on its way */
    const char *code;
    const struct vendor_screen *screen;
};

static struct caller *caller_of(struct ctx *c)
{
    if (c->vendor == NULL) {
        struct caller *d = arena_make(c->arena, struct caller);
        c->vendor = &d->visit;
    }
    return (struct caller *)c->vendor;
}

/* ── screens ────────────────────────────────────────────────────────────── */

struct vendor_screen {
    const struct step_row *steps;
    enum staff_role role;
    const char *act;
};

#define X(steps, role, act) extern const struct step_row steps[];
VENDOR_SCREENS(X)
#undef X

static const struct vendor_screen *screen_for(const struct step_row *steps)
{
    static const struct vendor_screen screens[] = {
#define X(steps, role, act) { steps, STAFF_##role, act },
        VENDOR_SCREENS(X)
#undef X
    };

    for (size_t i = 0; i < sizeof screens / sizeof *screens; i++)
        if (screens[i].steps == steps)
            return &screens[i];
    return NULL;
}

enum staff_role vendor_screen_role(const struct step_row *steps, const char **act)
{
    const struct vendor_screen *s = screen_for(steps);

    if (s != NULL)
        *act = s->act;
    return s != NULL ? s->role : STAFF_NONE;
}

/* ── the audit log ──────────────────────────────────────────────────────── */

void vendor_audit(struct ctx *c, const char *event, struct str reason, struct str what)
{
    struct caller *d = caller_of(c);
    const struct person *p = c->session != NULL ? c->session->person : NULL;
    const struct staff *s = d->visit.staff;
    struct audit_event e = { .event = event,
                             .reason = reason,
                             .row = what,
                             .area = s != NULL ? area_text(c->arena, &d->visit.area) : (struct str){ NULL, 0 },
                             .acting_as = str_of(staff_role_name(s != NULL ? s->role : STAFF_NONE)),
                             .person = p != NULL ? p->id : (struct str){ NULL, 0 },
                             .idp = p != NULL ? p->idp : (struct str){ NULL, 0 },
                             .sid = c->session != NULL ? c->session->sid : (struct str){ NULL, 0 },
                             .support_code = str_of(c->support_code) };

    audit_ask(c->audit, &c->batch, c->arena, &e, &d->audit);
}

bool vendor_audited(struct ctx *c, struct fail *f)
{
    return caller_of(c)->audit.durable || fail(f, FAIL_OURS, "temporarily_unavailable", "the audit log takes nothing");
}

static enum step refuse_ask(struct ctx *c, struct fail *f)
{
    (void)f;
    vendor_audit(c, "refused", str_of(caller_of(c)->code), c->route != NULL ? str_of(c->route->path) : S(""));
    return WAIT;
}

static enum step refuse_say(struct ctx *c, struct fail *f)
{
    const struct caller *d = caller_of(c);

    if (!vendor_audited(c, f))
        return REFUSE;
    return fail(f, d->kind, d->code, "the vendor portal: %s", d->code);
}

static const struct step_row refuse[] = { { refuse_ask }, { refuse_say }, { NULL } };

enum step vendor_refuse(struct ctx *c, enum fail_kind kind, const char *code)
{
    struct caller *d = caller_of(c);

    d->kind = kind;
    d->code = code;
    return step_into(c, refuse);
}

/* ── the door ───────────────────────────────────────────────────────────── */

struct str vendor_enter_at(struct ctx *c, struct str to)
{
    return strict_enter_at(c, S("/vendor/enter"), to);
}

bool vendor_come_in(struct ctx *c)
{
    struct caller *d = caller_of(c);
    const struct person *p = c->session->person;

    d->visit.staff = registry_staff(c->registry, p->idp, p->subject, (struct str){ NULL, 0 });
    if (d->visit.staff != NULL)
        vendor_come_into(c, d->visit.staff->organisation->id);
    return d->visit.staff != NULL;
}

void vendor_come_into(struct ctx *c, struct str organisation)
{
    strict_begin(c, &caller_of(c)->strict, cookie_name, organisation);
}

void vendor_move(struct ctx *c, struct str organisation)
{
    strict_keep(c, &caller_of(c)->strict, organisation);
}

const struct staff *vendor_other(const struct ctx *c, const struct staff *after)
{
    const struct registry_parts *p = registry_parts(c->registry);
    const struct staff *is = c->vendor->staff;

    for (const struct staff *s = after != NULL ? after + 1 : p->staff; s < p->staff + p->staff_count; s++)
        if (s != is && s->organisation->enabled && str_eq(s->idp, is->idp) && str_eq(s->subject, is->subject))
            return s;
    return NULL;
}

void vendor_go_out(struct ctx *c)
{
    strict_leave(c, cookie_name);
}

static enum step load(struct ctx *c, struct fail *f)
{
    (void)f;
    (void)caller_of(c);
    return step_into(c, session_load);
}

static enum step check_session(struct ctx *c, struct fail *f)
{
    struct caller *d = caller_of(c);
    bool posts = c->req->method == HTTP_POST;

    (void)f;
    d->screen = c->route != NULL ? screen_for(c->route->steps) : NULL;
    if (posts && !strict_own_origin(c))
        return vendor_refuse(c, FAIL_DENIED, "other_origin");
    if (c->session == NULL || !strict_find(c, &d->strict, cookie_name, VENDOR_IDLE_S))
        return posts ? vendor_refuse(c, FAIL_DENIED, "no_vendor_session")
                     : answer_go(c, vendor_enter_at(c, strict_here(c)));
    c->person = c->session->person;
    d->visit.csrf = d->strict.csrf;
    if (posts && !strict_token_fits(c, &d->strict))
        return vendor_refuse(c, FAIL_DENIED, "csrf");
    strict_touch(c, &d->strict);
    return NEXT;
}

/* What they are in the organisation; absent: in the first. */
static const struct staff *staff_in(const struct ctx *c, struct str organisation)
{
    return registry_staff(c->registry, c->person->idp, c->person->subject, organisation);
}

/* A form names its organisation; one that names none is of who has one alone. */
static const struct staff *staff_posted(struct ctx *c)
{
    struct str named = form_get(c->body, S("org"));
    const struct staff *first = staff_in(c, (struct str){ NULL, 0 });

    if (str_is_set(named))
        return staff_in(c, named);
    caller_of(c)->visit.staff = first;
    return first != NULL && vendor_other(c, NULL) == NULL ? first : NULL;
}

/* An address names its service, and so its organisation; else where they acted last, if they still may there. */
static const struct staff *staff_shown(struct ctx *c)
{
    const struct service *s = registry_service(c->registry, c->req->param);
    const struct staff *owns = s != NULL && str_is_set(s->vendor) ? staff_in(c, s->vendor) : NULL;
    struct str kept = caller_of(c)->strict.kept;
    const struct staff *last = str_is_set(kept) ? staff_in(c, kept) : NULL;

    return owns != NULL ? owns : last != NULL ? last : staff_in(c, (struct str){ NULL, 0 });
}

/* Looked up at every use: who was removed meanwhile is nobody here. */
static enum step check_role(struct ctx *c, struct fail *f)
{
    struct caller *d = caller_of(c);

    (void)f;
    d->visit.staff = c->req->method == HTTP_POST ? staff_posted(c) : staff_shown(c);
    if (d->visit.staff != NULL && !str_eq(d->visit.staff->organisation->id, d->strict.kept))
        vendor_move(c, d->visit.staff->organisation->id);
    if (d->screen == NULL || d->visit.staff == NULL)
        return vendor_refuse(c, FAIL_NOT_FOUND, "not_found");
    d->visit.area = area_vendor(c->arena, d->visit.staff->organisation->id);
    if (d->visit.staff->role < d->screen->role)
        return vendor_refuse(c, FAIL_NOT_FOUND, "not_found");
    return NEXT;
}

static enum step write_act(struct ctx *c, struct fail *f)
{
    const struct vendor_screen *s = caller_of(c)->screen;

    (void)f;
    if (*s->act == '\0')
        return NEXT;
    vendor_audit(c, "vendor", str_of(s->act), c->req->param);
    return WAIT;
}

static enum step act_written(struct ctx *c, struct fail *f)
{
    return *caller_of(c)->screen->act == '\0' || vendor_audited(c, f) ? NEXT : REFUSE;
}

static const struct step_row door[] = { { load },      { check_session }, { check_role },
                                        { write_act }, { act_written },   { NULL } };

enum step vendor_door(struct ctx *c, struct fail *f)
{
    (void)f;
    return step_into(c, door);
}

/* ── what the endpoints share ───────────────────────────────────────────── */

bool vendor_is(const struct ctx *c, enum staff_role at_least)
{
    return c->vendor->staff->role >= at_least;
}

const struct service *vendor_own_service(const struct ctx *c, struct str id)
{
    const struct service *s = registry_service(c->registry, id);

    return s != NULL && str_eq(s->vendor, c->vendor->staff->organisation->id) ? s : NULL;
}

enum step vendor_ask(struct ctx *c, vendors_job *job, void *with, struct vendors_got *got, struct fail *f)
{
    if (!vendors_ask(c->vendors, c->work, &c->batch, c->arena, job, with, got))
        return fail(f, FAIL_BUSY, "busy", "too many jobs wait");
    return WAIT;
}

enum step vendor_ask_registry(struct ctx *c, desk_job *job, void *with, struct desk_got *got, struct fail *f)
{
    if (!desk_ask(c->desk, c->work, &c->batch, c->arena, job, with, got))
        return fail(f, FAIL_BUSY, "busy", "too many jobs wait");
    return WAIT;
}

struct str vendor_role_word(enum staff_role role, enum lang lang)
{
    return staff_role_word(role, lang);
}

static void put_others(struct ctx *c, struct vendor_page *out)
{
    struct vendor_choice *at =
        arena_make_n(c->arena, registry_parts(c->registry)->staff_count + 1, struct vendor_choice);

    for (const struct staff *s = vendor_other(c, NULL); s != NULL; s = vendor_other(c, s))
        at[out->others.n++] = (struct vendor_choice){ s->organisation->id, names_in(&s->organisation->names, c->lang) };
    out->others.at = at;
}

void vendor_page_for(struct ctx *c, enum vendor_place place, bool below, struct str here, struct vendor_page *out)
{
    const struct vendor_visit *v = c->vendor;

    *out = (struct vendor_page){ .page = page_for(c, here),
                                 .scope = names_in(&v->staff->organisation->names, c->lang),
                                 .organisation = v->staff->organisation->id,
                                 .place = place,
                                 .below = below,
                                 .writes = vendor_is(c, STAFF_developer),
                                 .decides = vendor_is(c, STAFF_owner),
                                 .csrf = v->csrf,
                                 .version =
                                     arena_printf(c->arena, "%lld", (long long)registry_parts(c->registry)->version) };
    put_others(c, out);
    out->page.me.role = vendor_role_word(v->staff->role, c->lang);
    flow_leave_idle(c);
}

/* ── a form that alters rows ────────────────────────────────────────────── */

static void free_edit(void *e)
{
    edit_free(e);
}

/* The registry as it will be. */
static bool still_may(void *with, const struct registry *r, struct fail *f)
{
    const struct vendor_still *x = with;
    const struct staff *is = registry_staff(r, x->idp, x->subject, x->organisation);

    if (x->leaves)
        return vendor_is_owned(r, x->organisation) || x->least < STAFF_owner ||
               fail(f, FAIL_CALLER, "last_owner", "the organisation would have no owner");
    return (is != NULL && is->role >= x->least) ||
           fail(f, FAIL_CALLER, "no_longer", "whoever does this has been removed, or is less, meanwhile");
}

struct edit *vendor_act_begin(struct ctx *c, struct vendor_act *x, bool whole, struct str who, struct str why)
{
    struct change_by *by = arena_make(c->arena, struct change_by);
    const struct staff *is = c->vendor != NULL ? c->vendor->staff : NULL; /* NULL: before the door */
    struct edit_from from = { 0 };

    if (!str_int(form_get(c->body, S("version")), &from.version) || from.version <= 0)
        from.version = registry_parts(c->registry)->version;
    *by = (struct change_by){ .who = str_is_set(who) ? who : c->person->id,
                              .account = is == NULL ? (struct str){ NULL, 0 } : c->person->subject,
                              .acting_as = is == NULL ? S("invitation") : str_of(staff_role_name(is->role)),
                              .area = whole ? &area_nation : &c->vendor->area,
                              .maker = MAKER_portal,
                              .why = why,
                              .at_s = c->now_s };
    x->how = (struct edit_how){ .world = c->world, .seals = c->seals };
    if (is != NULL) {
        x->still = (struct vendor_still){ .idp = is->idp,
                                          .subject = is->subject,
                                          .organisation = is->organisation->id,
                                          .least = caller_of(c)->screen->role };
        x->how.look = still_may;
        x->how.with = &x->still;
    }
    x->edit = edit_new(by, &from);
    arena_adopt(c->arena, x->edit, free_edit);
    return x->edit;
}

static bool run_edit(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct vendor_act *x = with;

    return edit_run(x->edit, d, a, &x->how, EDIT_APPLY, &x->result, f);
}

enum step vendor_act_run(struct ctx *c, struct vendor_act *x, struct fail *f)
{
    return vendor_ask_registry(c, run_edit, x, &x->got, f);
}

enum step vendor_act_served(struct ctx *c, const struct vendor_act *x)
{
    return x->got.ok && desk_wait(c->desk, c->work, &c->batch, c->arena, x->result.report.version) ? WAIT : NEXT;
}

bool vendor_act_shown(const struct vendor_act *x, struct fail *f)
{
    enum fail_kind kind = x->got.why.kind;

    if (kind == FAIL_CALLER || kind == FAIL_CONFLICT)
        return true;
    *f = x->got.why;
    return false;
}

/* "service tuisku-a: redirect_uris "http://…" is …": the row goes, since it is the one on the page. */
static struct str without_row(struct str says)
{
    size_t colon = str_find_byte(says, ':', 0);
    struct str head = str_sub(says, 0, colon);

    return colon + 2 < says.n && (str_has_prefix(head, S("service ")) || str_has_prefix(head, S("organisation ")))
               ? str_from(says, colon + 2)
               : says;
}

/* What names another row that has the same is another's, perhaps: that it is in use is all that may be learnt. */
static bool tells_of_another(struct str says)
{
    static const char mark[] = "already";

    for (size_t i = 0; i + sizeof mark - 1 <= says.n; i++)
        if (memcmp(says.p + i, mark, sizeof mark - 1) == 0)
            return true;
    return false;
}

struct str vendor_act_trouble(struct ctx *c, const struct vendor_act *x, struct str *field)
{
    static const struct {
        const char *code;
        enum vendor_text says;
    } known[] = { { "changes_a_minute", V_v_too_often },
                  { "last_owner", V_v_last_owner },
                  { "no_longer", V_v_no_longer } };
    const struct edit_trouble *first = x->result.trouble_count > 0 ? &x->result.troubles[0] : NULL;
    struct str says = without_row(first != NULL ? first->says : str_of(x->got.why.detail));
    size_t n = 0;

    *field = first != NULL ? first->field : (struct str){ NULL, 0 };
    while (n < says.n && ((says.p[n] >= 'a' && says.p[n] <= 'z') || says.p[n] == '_'))
        n++;
    if (!str_is_set(*field))
        *field = str_sub(says, 0, n); /* the checks of the whole begin with the key */
    if (x->got.why.kind == FAIL_CONFLICT)
        return vendor_text(V_v_changed_meanwhile, c->lang);
    for (size_t i = 0; x->got.why.code != NULL && i < sizeof known / sizeof *known; i++)
        if (strcmp(x->got.why.code, known[i].code) == 0)
            return vendor_text(known[i].says, c->lang);
    return tells_of_another(says) ? vendor_text(V_v_is_in_use, c->lang) : arena_str(c->arena, says);
}
