/* SPDX-License-Identifier: EUPL-1.2
 * Vendor organisations: who asks to join, who is invited; of the whole country alone.  A link with an invitation is
 * shown once, to whoever made it. */
#include "console/texts.h"
#include "gateway/answer.h"
#include "gateway/console/acts.h"
#include "gateway/console/lines.h"
#include "gateway/joining.h"
#include "gateway/session/done.h"
#include "model/mail.h"
#include "model/mailbox.h"
#include "model/when.h"
#include "wire/form.h"
#include "wire/http.h"

enum { ROWS_SHOWN = 500, ID_MAX = 64, HASH_SHOWN = 16 };

static const struct str here = S("/admin/vendors");

struct vendors_on { /* c->state; the worker's, while it has it */
    struct vendors_view v;
    struct wrong_list wrongs;
    struct joinings waiting;
    struct joining asked; /* number 0: nobody asked */
    int64_t number, now_s;
    struct str id, hash; /* hash: of an invitation that is taken back */
    struct inviting inviting;
    struct invitations open; /* by operators */
    enum mail_state *letters;
    struct mail_door door;
    struct contacts *contacts; /* of each organisation, in the registry's order */
    struct contact_links links;
    const struct organisation *organisations;
    size_t organisation_n;
    struct contact_asking proof;
    bool proves;
    struct str link;
    struct vendors *vendors;
    struct vendors_got listed, got;
    struct act act;
    bool exists; /* the organisation is there: an invitation alone */
};

static struct vendors_on *on(struct ctx *c)
{
    if (c->state == NULL) {
        struct vendors_on *x = arena_make(c->arena, struct vendors_on);
        x->now_s = c->now_s;
        x->vendors = c->vendors;
        x->door = mail_door_of(c);
        x->organisations = registry_parts(c->registry)->organisations;
        x->organisation_n = registry_parts(c->registry)->organisation_count;
        x->contacts = arena_make_n(c->arena, x->organisation_n + 1, struct contacts);
        x->v.mail_set = mail_is_set(c->set);
        c->state = x;
    }
    return c->state;
}

/* ── the page ───────────────────────────────────────────────────────────── */

static bool look(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct vendors_on *x = with;

    if (!joinings_list(d, a, x->now_s, &x->waiting, f) || !invitations_by_operators(d, a, x->now_s, &x->open, f))
        return false;
    if (!contacts_of_all(d, a, x->organisations, x->organisation_n, x->contacts, f) ||
        !contact_links_open(d, a, x->now_s, &x->links, f))
        return false;
    x->letters = arena_make_n(a, x->open.n + 1, enum mail_state);
    return invitation_letters(&x->door, a, &x->open, x->letters, f);
}

static enum step list(struct ctx *c, struct fail *f)
{
    struct vendors_on *x = on(c);

    if (console_provider(c) != NULL)
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    if (!vendors_ask(c->vendors, c->work, &c->batch, c->arena, look, x, &x->listed))
        return fail(f, FAIL_BUSY, "busy", "too many jobs wait");
    return WAIT;
}

struct has { /* an organisation */
    size_t people, services;
};

/* Of each, by its place among them, in one walk. */
static struct has *count_all(const struct ctx *c, const struct registry_parts *p)
{
    struct has *all = arena_make_n(c->arena, p->organisation_count + 1, struct has);

    for (size_t i = 0; i < p->staff_count; i++)
        all[p->staff[i].organisation - p->organisations].people++;
    for (size_t i = 0; i < p->service_count; i++) {
        const struct organisation *o = registry_organisation(c->registry, p->services[i].vendor);
        if (o != NULL)
            all[o - p->organisations].services++;
    }
    return all;
}

static void put_organisations(struct ctx *c, struct vendors_view *v)
{
    const struct registry_parts *p = registry_parts(c->registry);
    struct vendor_row *rows = arena_make_n(c->arena, ROWS_SHOWN, struct vendor_row);
    struct has *all = count_all(c, p);

    for (size_t i = 0; i < p->organisation_count && v->rows.n < ROWS_SHOWN; i++) {
        const struct organisation *o = &p->organisations[i];
        rows[v->rows.n++] = (struct vendor_row){ .id = o->id,
                                                 .name = names_in(&o->names, c->lang),
                                                 .business_id = o->business_id,
                                                 .people = arena_printf(c->arena, "%zu", all[i].people),
                                                 .services = arena_printf(c->arena, "%zu", all[i].services) };
    }
    v->rows.at = rows;
}

static void put_waiting(struct ctx *c, struct vendors_on *x)
{
    struct vendor_waits *rows = arena_make_n(c->arena, x->waiting.n + 1, struct vendor_waits);

    for (size_t i = 0; i < x->waiting.n; i++) {
        const struct joining *j = &x->waiting.at[i];
        rows[i] = (struct vendor_waits){ .number = arena_printf(c->arena, "%lld", (long long)j->number),
                                         .name = j->name,
                                         .business_id = j->business_id,
                                         .person = j->person,
                                         .email = j->email,
                                         .words = j->words,
                                         .when = when_date(c->arena, j->at_s) };
    }
    x->v.waits.at = rows;
    x->v.waits.n = x->waiting.n;
}

static void put_invited(struct ctx *c, struct vendors_on *x)
{
    struct vendor_invited *rows = arena_make_n(c->arena, x->open.n + 1, struct vendor_invited);

    for (size_t i = 0; i < x->open.n; i++) {
        const struct invitation *one = &x->open.at[i];
        const struct organisation *o = registry_organisation(c->registry, one->organisation);
        rows[i] = (struct vendor_invited){ .organisation = one->organisation,
                                           .hash = str_sub(one->hash, 0, HASH_SHOWN),
                                           .name = o != NULL ? names_in(&o->names, c->lang) : one->organisation,
                                           .until = when_date(c->arena, one->until_s),
                                           .mail = invitation_letter_words(c, one, x->letters[i]),
                                           .lost = x->letters[i] == MAIL_REFUSED || x->letters[i] == MAIL_GIVEN_UP };
    }
    x->v.invited.at = rows;
    x->v.invited.n = x->open.n;
}

static const struct contact_link *link_to(const struct vendors_on *x, struct str organisation, enum contact which)
{
    for (size_t i = 0; i < x->links.n; i++)
        if (x->links.at[i].which == which && str_eq(x->links.at[i].organisation, organisation))
            return &x->links.at[i];
    return NULL;
}

static struct vendor_unproven unproven(struct ctx *c, const struct vendors_on *x, size_t at, enum contact which)
{
    const struct organisation *o = &x->organisations[at];
    const struct contact_link *link = link_to(x, o->id, which);
    struct vendor_unproven u = { .organisation = o->id,
                                 .word = contact_word(which),
                                 .name = names_in(&o->names, c->lang),
                                 .what = vendor_text(contact_text(which), c->lang),
                                 .address = contact_address(o, which),
                                 .old = x->contacts[at].verified[which] };

    if (link != NULL && str_eq(link->address, u.address)) {
        u.asked = when_full(c->arena, link->until_s - CONTACT_LINK_S, c->lang);
        u.who = str_is_set(link->by) ? lines_who(c, link->by) : S("-");
    }
    return u;
}

static void put_unproven(struct ctx *c, struct vendors_on *x)
{
    struct vendor_unproven *rows = arena_make_n(c->arena, ROWS_SHOWN, struct vendor_unproven);

    x->v.unproven.at = rows;
    for (size_t i = 0; i < x->organisation_n; i++)
        for (int k = 0; k < CONTACT_COUNT && x->v.unproven.n < ROWS_SHOWN; k++)
            if (!contact_is_verified(&x->contacts[i], &x->organisations[i], (enum contact)k))
                rows[x->v.unproven.n++] = unproven(c, x, i, (enum contact)k);
}

static enum step show(struct ctx *c, struct fail *f)
{
    struct vendors_on *x = on(c);

    if (!x->listed.ok) {
        *f = x->listed.why;
        return REFUSE;
    }
    console_page_for(c, PLACE_RIGHTS, true, here, &x->v.con);
    x->v.con.sub = SUB_VENDORS;
    x->v.version = arena_printf(c->arena, "%lld", (long long)registry_parts(c->registry)->version);
    if (c->req->method != HTTP_POST) {
        x->v.declined = done_was(c, "declined");
        x->v.sent = done_was(c, "sent");
        x->v.proving = done_was(c, "proving");
        x->v.uninvited = done_was(c, "uninvited");
    }
    put_organisations(c, &x->v);
    put_waiting(c, x);
    put_invited(c, x);
    put_unproven(c, x);
    return answer_page(c, str_is_set(x->v.detail) ? 400 : 200, page_vendors(c->arena, &x->v));
}

const struct step_row admin_vendors[] = { { console_door }, { list }, { show }, { NULL } };

/* ── one is invited, approved or declined ───────────────────────────────── */

static bool fetch(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct vendors_on *x = with;

    return joining_get(d, a, x->number, &x->asked, f);
}

static bool take_back(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct vendors_on *x = with;

    return invitation_take_back(d, a, &x->door, x->id, x->hash, x->now_s, f);
}

static bool send_proof(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct vendors_on *x = with;

    return contact_send(d, a, &x->door, &x->proof, x->now_s, f);
}

static enum step ask_proof(struct ctx *c, struct vendors_on *x, struct fail *f)
{
    const struct organisation *o = registry_organisation(c->registry, form_typed(c->body, S("id"), ID_MAX));
    enum contact which;

    if (o == NULL || !contact_of_word(form_get(c->body, S("contact")), &which))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    x->proves = true;
    contact_ask(c, o, which, contact_address(o, which), &x->proof);
    if (!vendors_ask(c->vendors, c->work, &c->batch, c->arena, send_proof, x, &x->got))
        return fail(f, FAIL_BUSY, "busy", "too many jobs wait");
    return WAIT;
}

static enum step read(struct ctx *c, struct fail *f)
{
    struct vendors_on *x = on(c);

    if (console_provider(c) != NULL)
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    if (str_eq(form_get(c->body, S("act")), S("uninvite"))) { /* only takes away: no fresh log-in */
        x->id = form_typed(c->body, S("id"), ID_MAX);
        x->hash = form_typed(c->body, S("hash"), ID_MAX);
        x->v.uninvited = true;
        if (!vendors_ask(c->vendors, c->work, &c->batch, c->arena, take_back, x, &x->got))
            return fail(f, FAIL_BUSY, "busy", "too many jobs wait");
        return WAIT;
    }
    if (str_eq(form_get(c->body, S("act")), S("prove"))) /* to an address that stands there: no fresh log-in */
        return ask_proof(c, x, f);
    if (!console_fresh(c))
        return console_log_in_again(c, here, f);
    if (!str_int(form_get(c->body, S("number")), &x->number) || x->number <= 0) {
        x->number = 0;
        return NEXT;
    }
    if (!vendors_ask(c->vendors, c->work, &c->batch, c->arena, fetch, x, &x->got))
        return fail(f, FAIL_BUSY, "busy", "too many jobs wait");
    return WAIT;
}

static struct organisation_form form_of(const struct joining *j)
{
    return (struct organisation_form){ .name_fi = j->name,
                                       .business_id = j->business_id,
                                       .technology = j->technology,
                                       .privacy = j->privacy,
                                       .incidents = j->incidents };
}

static bool drop(void *with, struct db *d, struct arena *a, struct fail *f)
{
    (void)a;
    return joining_drop(d, ((struct vendors_on *)with)->number, f);
}

static bool invite(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct vendors_on *x = with;

    return invitation_send(d, a, &x->inviting, f) && (x->number == 0 || joining_drop(d, x->number, f));
}

/* The organisation, and then the invitation to it: an organisation without one is invited again by its id. */
static bool make(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct vendors_on *x = with;

    return (x->exists || edit_run(x->act.edit, d, a, &x->act.how, EDIT_APPLY, &x->act.result, f)) &&
           vendors_now(x->vendors, a, invite, x, f);
}

static void judge(struct ctx *c, struct vendors_on *x, struct organisation_form *o)
{
    x->id = form_typed(c->body, S("id"), ID_MAX);
    if (x->number > 0)
        *o = form_of(&x->asked);
    else
        organisation_typed(c, o);
    if (!str_is_set(x->id))
        x->id = organisation_id(c, o->business_id);
    x->exists = registry_organisation(c->registry, x->id) != NULL;
    if (!x->exists)
        organisation_judge(c, o, &x->wrongs);
}

static void make_invitation(struct ctx *c, struct vendors_on *x, struct str name)
{
    const struct organisation *o = registry_organisation(c->registry, x->id);
    const struct names typed = { .in = { name } };
    struct str note = x->number > 0 ? x->asked.email : S("");

    x->inviting.made = invitation_new(c, x->id, STAFF_owner, note, &x->link);
    x->inviting.made.by_operator = true;
    invitation_address(c, &x->inviting, o != NULL ? &o->names : &typed, x->v.email, x->link);
}

/* Who asked has an address; whoever is invited unasked is given one, or their link is shown. */
static void take_email(struct ctx *c, struct vendors_on *x)
{
    x->v.email = !x->v.mail_set  ? S("")
                 : x->number > 0 ? x->asked.email
                                 : form_typed(c->body, S("email"), MAILBOX_MAX_B);
    if (x->v.email.n > 0 && !mail_address(x->v.email)) {
        if (x->number > 0)
            x->v.email = S(""); /* no address of ASCII: its link is shown, and goes another way */
        else
            (void)wrong_note(c, &x->wrongs, "email", V_v_email, vendor_text(V_v_email_wrong, c->lang));
    }
}

static enum step run(struct ctx *c, struct fail *f)
{
    struct vendors_on *x = on(c);
    struct organisation_form o = { 0 };

    if (x->v.uninvited || x->proves)
        return NEXT;
    if (x->number > 0 && !x->got.ok) {
        *f = x->got.why;
        return REFUSE;
    }
    if (x->number > 0 && str_eq(form_get(c->body, S("act")), S("decline"))) {
        x->v.declined = true;
        if (!vendors_ask(c->vendors, c->work, &c->batch, c->arena, drop, x, &x->got))
            return fail(f, FAIL_BUSY, "busy", "too many jobs wait");
        return WAIT;
    }
    judge(c, x, &o);
    take_email(c, x);
    x->v.org_id = x->id;
    x->v.name = o.name_fi;
    x->v.business_id = o.business_id;
    x->v.technology = o.technology;
    x->v.privacy = o.privacy;
    x->v.incidents = o.incidents;
    if (x->wrongs.n > 0) {
        x->v.detail =
            arena_printf(c->arena, "%.*s: %.*s", STR_ARG(x->wrongs.at[0].label), STR_ARG(x->wrongs.at[0].says));
        return NEXT;
    }
    make_invitation(c, x, o.name_fi);
    (void)act_begin(c, &x->act, NULL, S(""));
    organisation_put(x->act.edit, x->id, &o);
    return console_ask(c, make, x, &x->act.got, f);
}

static enum step served(struct ctx *c, struct fail *f)
{
    struct vendors_on *x = on(c);

    (void)f;
    return x->act.got.ok && !x->exists && desk_wait(c->desk, c->work, &c->batch, c->arena, x->act.result.report.version)
               ? WAIT
               : NEXT;
}

static enum step say(struct ctx *c, struct fail *f)
{
    struct vendors_on *x = on(c);

    if ((x->v.declined || x->v.uninvited) && !x->got.ok) {
        *f = x->got.why;
        return REFUSE;
    }
    if (x->v.declined || x->v.uninvited)
        return done_go(c, here, x->v.declined ? "declined" : "uninvited", S(""));
    if (x->proves && !x->got.ok && x->got.why.kind == FAIL_OURS) {
        *f = x->got.why;
        return REFUSE;
    }
    if (x->proves && !x->got.ok)
        x->v.detail = said(C_vendor_proof_many, c->lang);
    else if (x->proves && x->v.mail_set)
        return done_go(c, here, "proving", S(""));
    else if (x->proves) {
        x->v.link = x->proof.shown;
        x->v.proof = true;
    }
    if (str_is_set(x->v.detail) || x->proves)
        return NEXT;
    if (!x->act.got.ok && x->act.got.why.kind != FAIL_CALLER && x->act.got.why.kind != FAIL_CONFLICT) {
        *f = x->act.got.why;
        return REFUSE;
    }
    if (!x->act.got.ok)
        x->v.detail = act_detail(c, &x->act);
    else if (x->v.email.n > 0)
        return done_go(c, here, "sent", S(""));
    else
        x->v.link = x->link;
    return NEXT;
}

const struct step_row admin_vendors_act[] = { { console_door }, { read }, { run },  { served },
                                              { say },          { list }, { show }, { NULL } };
