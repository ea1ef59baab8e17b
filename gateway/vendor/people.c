/* SPDX-License-Identifier: EUPL-1.2
 * The people of an organisation, and invitations to it. */
#include "gateway/answer.h"
#include "gateway/joining.h"
#include "gateway/session/done.h"
#include "gateway/vendor/door.h"
#include "gateway/vendor/recover.h"
#include "model/mail.h"
#include "model/mailbox.h"
#include "model/when.h"
#include "wire/form.h"
#include "wire/http.h"

enum { NOTE_MAX = 100, ID_MAX = 64 };

static const struct str people_at = S("/vendor/people");

static struct str say(const struct ctx *c, enum vendor_text key)
{
    return vendor_text(key, c->lang);
}

/* ── people ─────────────────────────────────────────────────────────────── */

struct people_on { /* c->state */
    struct vendor_people_view v;
    struct invitations open;
    struct str organisation, id;
    int64_t now_s;
    struct inviting inviting;
    enum mail_state *letters; /* of the open ones */
    struct mail_door door;
    struct wrong_list wrongs;
    struct vendors_got listed, kept;
    struct vendor_act act;
    bool recovers;      /* what is kept lets somebody in anew */
    bool leaves;        /* who acts leaves */
    const char *alters; /* what was done to somebody, as done.h says it; NULL: nothing */
};

static struct str name_of(struct ctx *c, const struct staff *s)
{
    const struct account *a = registry_account_id(c->registry, s->subject);

    return a != NULL ? person_display_name(c->arena, a->person) : S("–");
}

static void put_people(struct ctx *c, struct vendor_people_view *v)
{
    const struct registry_parts *p = registry_parts(c->registry);
    struct vendor_person_row *rows = arena_make_n(c->arena, p->staff_count + 1, struct vendor_person_row);

    for (size_t i = 0; i < p->staff_count; i++) {
        const struct staff *s = &p->staff[i];
        if (s->organisation == c->vendor->staff->organisation)
            rows[v->rows.n++] =
                (struct vendor_person_row){ .id = s->id,
                                            .name = name_of(c, s),
                                            .role = vendor_role_word(s->role, c->lang),
                                            .role_id = str_of(staff_role_name(s->role)),
                                            .reader = s->role == STAFF_reader,
                                            .developer = s->role == STAFF_developer,
                                            .owner = s->role == STAFF_owner,
                                            .self = s == c->vendor->staff,
                                            .recovers = s != c->vendor->staff && recoverable(c, s->subject) == s };
    }
    v->rows.at = rows;
}

static void put_invitations(struct ctx *c, struct people_on *x)
{
    struct vendor_invitation_row *rows = arena_make_n(c->arena, x->open.n + 1, struct vendor_invitation_row);

    for (size_t i = 0; i < x->open.n; i++)
        rows[i] =
            (struct vendor_invitation_row){ .hash = str_sub(x->open.at[i].hash, 0, 16),
                                            .note = str_is_set(x->open.at[i].note) ? x->open.at[i].note : S("–"),
                                            .role = vendor_role_word(x->open.at[i].role, c->lang),
                                            .until = when_date(c->arena, x->open.at[i].until_s),
                                            .mail = invitation_letter_words(c, &x->open.at[i], x->letters[i]),
                                            .lost = x->letters[i] == MAIL_REFUSED || x->letters[i] == MAIL_GIVEN_UP };
    x->v.invitations.at = rows;
    x->v.invitations.n = x->open.n;
}

static bool list_open(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct people_on *x = with;

    if (!invitations_of(d, a, x->organisation, x->now_s, &x->open, f))
        return false;
    x->letters = arena_make_n(a, x->open.n + 1, enum mail_state);
    return invitation_letters(&x->door, a, &x->open, x->letters, f);
}

static struct people_on *people_state(struct ctx *c)
{
    if (c->state == NULL) {
        struct people_on *x = arena_make(c->arena, struct people_on);
        x->organisation = c->vendor->staff->organisation->id;
        x->now_s = c->now_s;
        x->door = mail_door_of(c);
        x->v.mail_set = mail_is_set(c->set);
        c->state = x;
    }
    return c->state;
}

static enum step people_list(struct ctx *c, struct fail *f)
{
    struct people_on *x = people_state(c);

    return vendor_ask(c, list_open, x, &x->listed, f);
}

static struct str done_words(struct ctx *c)
{
    struct str what = done_here(c, NULL);

    return str_eq(what, S("gone"))        ? say(c, V_v_person_gone)
           : str_eq(what, S("role"))      ? say(c, V_v_role_changed)
           : str_eq(what, S("sent"))      ? say(c, V_v_invitation_sent)
           : str_eq(what, S("recovery"))  ? say(c, V_v_recovery_sent)
           : str_eq(what, S("uninvited")) ? say(c, V_v_invitation_gone)
                                          : (struct str){ NULL, 0 };
}

static enum step people_show(struct ctx *c, struct fail *f)
{
    struct people_on *x = people_state(c);

    if (!x->listed.ok) {
        *f = x->listed.why;
        return REFUSE;
    }
    vendor_page_for(c, VENDOR_PLACE_PEOPLE, false, people_at, &x->v.con);
    if (c->req->method != HTTP_POST)
        x->v.done = done_words(c);
    x->v.recovers = x->recovers;
    put_people(c, &x->v);
    put_invitations(c, x);
    return answer_page(c, str_is_set(x->v.trouble) ? 400 : 200, page_vendor_people(c->arena, &x->v));
}

const struct step_row vendor_people[] = { { vendor_door }, { people_list }, { people_show }, { NULL } };

static bool keep_invitation(void *with, struct db *d, struct arena *a, struct fail *f)
{
    return invitation_send(d, a, &((struct people_on *)with)->inviting, f);
}

/* In place of whatever link was made before. */
static bool keep_recovery(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct people_on *x = with;

    return invitations_end(d, x->inviting.made.organisation, f) && invitation_send(d, a, &x->inviting, f);
}

static bool drop_invitation(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct people_on *x = with;

    return invitation_take_back(d, a, &x->door, x->organisation, x->id, x->now_s, f);
}

static enum staff_role typed_role(const struct ctx *c)
{
    struct str typed = form_get(c->body, S("role"));

    for (int i = STAFF_reader; i < STAFF_ROLE_COUNT; i++)
        if (str_eq(typed, str_of(staff_role_name((enum staff_role)i))))
            return (enum staff_role)i;
    return STAFF_NONE;
}

static enum step invite(struct ctx *c, struct people_on *x, struct fail *f)
{
    enum staff_role role = typed_role(c);

    if (role == STAFF_NONE)
        return fail(f, FAIL_CALLER, "invalid_request", "there is no such role");
    x->v.note = form_typed(c->body, S("note"), NOTE_MAX);
    x->v.email = x->v.mail_set ? form_typed(c->body, S("email"), MAILBOX_MAX_B) : S("");
    if (x->v.email.n > 0 && !mail_address(x->v.email)) {
        x->v.no_email = wrong_note(c, &x->wrongs, "email", V_v_email, say(c, V_v_email_wrong));
        return NEXT;
    }
    x->inviting.made = invitation_new(c, x->organisation, role, x->v.note, &x->v.link);
    invitation_address(c, &x->inviting, &c->vendor->staff->organisation->names, x->v.email, x->v.link);
    return vendor_ask(c, keep_invitation, x, &x->kept, f);
}

static const struct staff *one_of_ours(const struct ctx *c, struct str id)
{
    const struct registry_parts *p = registry_parts(c->registry);

    for (size_t i = 0; i < p->staff_count; i++)
        if (str_eq(p->staff[i].id, id) && p->staff[i].organisation == c->vendor->staff->organisation)
            return &p->staff[i];
    return NULL;
}

/* Nobody removes themselves so: whoever leaves, leaves. */
static enum step remove_one(struct ctx *c, struct people_on *x, struct fail *f)
{
    const struct staff *s = one_of_ours(c, x->id);

    if (s == NULL || s == c->vendor->staff)
        return vendor_refuse(c, FAIL_NOT_FOUND, "not_found");
    const struct row_id row = { S("staff"), { s->id, { NULL, 0 } } };
    x->alters = "gone";
    edit_remove(vendor_act_begin(c, &x->act, false, (struct str){ NULL, 0 }, S("")), &row);
    x->act.still.least = STAFF_owner;
    return vendor_act_run(c, &x->act, f);
}

/* Of another, likewise. */
static enum step change_role(struct ctx *c, struct people_on *x, struct fail *f)
{
    const struct staff *s = one_of_ours(c, x->id);
    enum staff_role role = typed_role(c);

    if (role == STAFF_NONE)
        return fail(f, FAIL_CALLER, "invalid_request", "there is no such role");
    if (s == NULL || s == c->vendor->staff)
        return vendor_refuse(c, FAIL_NOT_FOUND, "not_found");
    const struct row_id row = { S("staff"), { s->id, { NULL, 0 } } };
    const struct edit_field fields[] = { { S("role"), str_of(staff_role_name(role)) } };
    x->alters = "role";
    edit_put(vendor_act_begin(c, &x->act, false, (struct str){ NULL, 0 }, S("")), &row, fields, 1);
    x->act.still.least = STAFF_owner;
    return vendor_act_run(c, &x->act, f);
}

/* Oneself: an owner as long as another stays. */
static enum step leave_it(struct ctx *c, struct people_on *x, struct fail *f)
{
    const struct row_id row = { S("staff"), { c->vendor->staff->id, { NULL, 0 } } };

    x->alters = "left";
    x->leaves = true;
    edit_remove(vendor_act_begin(c, &x->act, false, (struct str){ NULL, 0 }, S("")), &row);
    x->act.still.leaves = true;
    x->act.still.least = c->vendor->staff->role;
    return vendor_act_run(c, &x->act, f);
}

/* By a link that is good once, for a day: to their own address where it is known, else shown to the owner. */
static enum step recover_one(struct ctx *c, struct people_on *x, struct fail *f)
{
    const struct staff *s = one_of_ours(c, x->id);
    const struct account *own = s != NULL ? registry_account_id(c->registry, s->subject) : NULL;

    if (s == NULL || s == c->vendor->staff || recoverable(c, s->subject) != s)
        return vendor_refuse(c, FAIL_NOT_FOUND, "not_found");
    x->recovers = true;
    x->v.email = x->v.mail_set && str_is_set(own->person->email) ? own->person->email : S("");
    x->inviting.made = invitation_recovery(c, own->id, name_of(c, s), &x->v.link);
    invitation_address_recovery(c, &x->inviting, s->organisation, x->v.email, x->v.link);
    return vendor_ask(c, keep_recovery, x, &x->kept, f);
}

static enum step people_act(struct ctx *c, struct fail *f)
{
    struct people_on *x = people_state(c);
    struct str act = form_get(c->body, S("act"));

    x->id = form_typed(c->body, S("id"), ID_MAX);
    if (str_eq(act, S("leave")))
        return leave_it(c, x, f);
    if (!vendor_is(c, STAFF_owner))
        return vendor_refuse(c, FAIL_NOT_FOUND, "not_found");
    if (str_eq(act, S("invite")))
        return invite(c, x, f);
    if (str_eq(act, S("remove")))
        return remove_one(c, x, f);
    if (str_eq(act, S("role")))
        return change_role(c, x, f);
    if (str_eq(act, S("recover")))
        return recover_one(c, x, f);
    if (str_eq(act, S("uninvite")))
        return vendor_ask(c, drop_invitation, x, &x->kept, f);
    return fail(f, FAIL_CALLER, "invalid_request", "there is no act \"%.*s\"", STR_ARG(act));
}

static enum step people_served(struct ctx *c, struct fail *f)
{
    (void)f;
    return vendor_act_served(c, &people_state(c)->act);
}

/* To another organisation of theirs, or out. */
static enum step left(struct ctx *c)
{
    const struct staff *other = vendor_other(c, NULL);

    if (other == NULL)
        vendor_go_out(c);
    else
        vendor_move(c, other->organisation->id);
    return answer_go(c, other == NULL ? S("/") : S("/vendor"));
}

static enum step people_acted(struct ctx *c, struct fail *f)
{
    struct people_on *x = people_state(c);
    struct str field;

    if (x->wrongs.n > 0) {
        x->v.trouble = say(c, V_v_email_wrong);
        return NEXT;
    }
    if (x->leaves && x->act.got.ok)
        return left(c);
    if (x->alters != NULL && x->act.got.ok)
        return done_go(c, people_at, x->alters, S(""));
    if (x->alters != NULL && !vendor_act_shown(&x->act, f))
        return REFUSE;
    if (x->alters != NULL)
        x->v.trouble = vendor_act_trouble(c, &x->act, &field);
    else if (!x->kept.ok && (x->kept.why.kind == FAIL_CALLER || str_eq(str_of(x->kept.why.code), S("mails")))) {
        x->v.trouble = say(c, V_v_invitations_many);
        x->v.link = (struct str){ NULL, 0 };
    } else if (!x->kept.ok) {
        *f = x->kept.why;
        return REFUSE;
    } else if (x->v.email.n > 0)
        return done_go(c, people_at, x->recovers ? "recovery" : "sent", S(""));
    else if (!str_is_set(x->v.link))
        return done_go(c, people_at, "uninvited", S(""));
    return NEXT;
}

const struct step_row vendor_people_act[] = { { vendor_door }, { people_act },  { people_served }, { people_acted },
                                              { people_list }, { people_show }, { NULL } };
