/* SPDX-License-Identifier: EUPL-1.2
 * Before the door: an organisation asks to join, and an invitation becomes an account.
 *
 * Both are open to everybody, so each address has a budget, and whoever has no invitation learns of none.  An account
 * is made with its second factor in the same form: there is no moment at which a password alone would do.  An owner may
 * let somebody in anew by the same kind of link: then the account is there, and both are made in place of what was. */
#include "base/codec.h"
#include "base/crypt.h"
#include "base/seals.h"
#include "base/settings.h"
#include "frame/roles.h"
#include "gateway/answer.h"
#include "gateway/joining.h"
#include "gateway/session/limits.h"
#include "gateway/session/session.h"
#include "gateway/session/strict.h"
#include "gateway/upstream_vendor.h"
#include "gateway/vendor/door.h"
#include "gateway/vendor/recover.h"
#include "gateway/vendor/seed.h"
#include "idp-adapters/fold.h"
#include "model/pairwise.h"
#include "model/when.h"
#include "registry/ends.h"
#include "wire/form.h"
#include "wire/http.h"
#include "wire/otp.h"

#include <string.h>

enum {
    HOUR_S = 3600,
    WORDS_MAX = 400,
    NAME_MAX = 100,
    USERNAME_MIN = 3,
    USERNAME_MAX = 128,
    ID_B = 10,
    FIRST_ADMIN_S = 366 * 86400
};

static struct str say(const struct ctx *c, enum vendor_text key)
{
    return vendor_text(key, c->lang);
}

static struct vendor_wrongs listed(const struct wrong_list *w)
{
    return (struct vendor_wrongs){ w->at, w->n };
}

/* ── an organisation asks ───────────────────────────────────────────────── */

struct joining_on { /* c->state */
    struct vendor_join_view v;
    struct wrong_list wrongs;
    struct joining what;
    struct kv_got count;
    struct vendors_got got;
};

static enum step show_join(struct ctx *c, struct joining_on *x, int status)
{
    x->v.page = page_for(c, S("/vendor/join"));
    x->v.wrongs = listed(&x->wrongs);
    return answer_page(c, status, page_vendor_join(c->arena, &x->v));
}

static enum step join_page(struct ctx *c, struct fail *f)
{
    (void)f;
    return show_join(c, arena_make(c->arena, struct joining_on), 200);
}

const struct step_row vendor_join[] = { { join_page }, { NULL } };

static enum step join_read(struct ctx *c, struct fail *f)
{
    struct joining_on *x = arena_make(c->arena, struct joining_on);
    struct vendor_join_view *v = &x->v;

    (void)f;
    if (!strict_own_origin(c))
        return vendor_refuse(c, FAIL_DENIED, "other_origin");
    c->state = x;
    organisation_typed(c, &v->org);
    organisation_judge(c, &v->org, &x->wrongs);
    v->person = form_typed(c->body, S("person"), NAME_MAX);
    v->email = form_typed(c->body, S("email"), JOINING_TEXT_MAX_B);
    v->words = form_typed(c->body, S("words"), WORDS_MAX);
    v->no_person = wrong_missing(c, &x->wrongs, "person", V_v_your_name, v->person);
    v->no_email = wrong_email(c, &x->wrongs, "email", V_v_your_email, v->email);
    if (x->wrongs.n > 0)
        return show_join(c, x, 400);
    limit_ask(c, LIMIT_joinings, limit_place(c), HOUR_S, &x->count);
    return WAIT;
}

static bool keep_joining(void *with, struct db *d, struct arena *a, struct fail *f)
{
    return joining_put(d, a, with, f);
}

static enum step join_keep(struct ctx *c, struct fail *f)
{
    struct joining_on *x = c->state;
    const struct organisation_form *o = &x->v.org;

    if (!limit_keep(LIMIT_joinings, &x->count, "an organisation that asks to join", f))
        return REFUSE;
    x->what = (struct joining){ .at_s = c->now_s,
                                .name = o->name_fi,
                                .business_id = o->business_id,
                                .technology = o->technology,
                                .privacy = o->privacy,
                                .incidents = o->incidents,
                                .person = x->v.person,
                                .email = x->v.email,
                                .words = x->v.words };
    return vendor_ask(c, keep_joining, &x->what, &x->got, f);
}

static enum step join_say(struct ctx *c, struct fail *f)
{
    struct joining_on *x = c->state;

    if (!x->got.ok) {
        *f = x->got.why;
        return REFUSE;
    }
    x->v = (struct vendor_join_view){ .sent = true };
    return show_join(c, x, 200);
}

const struct step_row vendor_join_send[] = { { join_read }, { join_keep }, { join_say }, { NULL } };

/* ── an invitation ──────────────────────────────────────────────────────── */

struct accepting { /* c->state; the worker's, while it has it */
    struct vendor_invited_view v;
    struct wrong_list wrongs;
    struct str hash, seed, papers[RECOVERY_CODES];
    int64_t step, now_s;
    struct invitation invitation;
    struct str account, password;
    const struct world *world;
    const struct seals *seals;
    struct vendors *vendors;
    struct kv_got count;
    struct vendors_got got;
    struct vendor_act act;
    bool joins;                    /* with the account that is signed in */
    struct outside outside;        /* what was proven elsewhere, for this invitation; key.idp absent: nothing */
    bool proves;                   /* with that, and no password */
    const struct staff *recovered; /* what whoever is let in anew is; NULL: an account is made */
    struct account_letter letter;
    bool ended; /* the sessions of whoever was in */
};

static bool look(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct accepting *x = with;

    return invitation_get(d, a, x->hash, x->now_s, &x->invitation, f);
}

static enum step find(struct ctx *c, struct fail *f)
{
    struct accepting *x = arena_make(c->arena, struct accepting);

    (void)f;
    if (c->req->method == HTTP_POST && !strict_own_origin(c))
        return vendor_refuse(c, FAIL_DENIED, "other_origin");
    c->state = x;
    x->hash = invitation_hash(c->arena, c->req->param);
    x->now_s = c->now_s;
    x->world = c->world;
    x->seals = c->seals;
    x->vendors = c->vendors;
    limit_ask(c, LIMIT_invited, limit_place(c), HOUR_S, &x->count);
    return WAIT;
}

static enum step find_kept(struct ctx *c, struct fail *f)
{
    struct accepting *x = c->state;

    if (!limit_keep(LIMIT_invited, &x->count, "an invitation", f))
        return REFUSE;
    return vendor_ask(c, look, x, &x->got, f);
}

static bool is_to_city(const struct accepting *x)
{
    return str_is_set(invitation_city(&x->invitation));
}

static bool is_recovery(const struct accepting *x)
{
    return str_is_set(invitation_account(&x->invitation));
}

/* The names of whoever invites; NULL: they are not there, or are switched off. */
static const struct names *invited_by(const struct ctx *c, const struct accepting *x)
{
    const struct provider *p = registry_provider(c->registry, invitation_city(&x->invitation));
    const struct organisation *o = registry_organisation(c->registry, x->invitation.organisation);

    if (is_recovery(x))
        return x->recovered != NULL ? &x->recovered->organisation->names : NULL;
    return is_to_city(x) ? (p != NULL ? &p->names : NULL) : o != NULL && o->enabled ? &o->names : NULL;
}

/* Whoever has it in force still may: whose right was taken away has left no door behind them. */
static bool is_inviter(const struct ctx *c, const struct accepting *x, struct str idp, struct str subject)
{
    return str_eq(pairwise_person(c->arena, c->seals, idp, subject), x->invitation.by);
}

static bool inviter_stands(const struct ctx *c, const struct accepting *x)
{
    const struct registry_parts *p = registry_parts(c->registry);
    struct str where = is_recovery(x) ? x->recovered->organisation->id : x->invitation.organisation;

    for (size_t i = 0; !is_recovery(x) && i < p->admin_count; i++)
        if (p->admins[i].provider == NULL && (p->admins[i].to_s == 0 || p->admins[i].to_s > c->now_s) &&
            p->admins[i].from_s <= c->now_s && is_inviter(c, x, p->admins[i].idp, p->admins[i].subject))
            return true;
    for (size_t i = 0; !is_to_city(x) && i < p->staff_count; i++)
        if (p->staff[i].role == STAFF_owner && str_eq(p->staff[i].organisation->id, where) &&
            is_inviter(c, x, p->staff[i].idp, p->staff[i].subject))
            return true;
    return false;
}

static enum step found(struct ctx *c, struct fail *f)
{
    struct accepting *x = c->state;

    if (!x->got.ok) {
        *f = x->got.why;
        return REFUSE;
    }
    if (is_recovery(x))
        x->recovered = recoverable(c, invitation_account(&x->invitation));
    if (invited_by(c, x) == NULL || registry_idp_vendors(c->registry) == NULL)
        return fail(f, FAIL_NOT_FOUND, "no_invitation", "its organisation is not there, or is switched off");
    if (!inviter_stands(c, x))
        return fail(f, FAIL_NOT_FOUND, "no_invitation", "whoever invited may do so no more");
    return NEXT;
}

static struct str bound_to(struct ctx *c, const struct accepting *x)
{
    return arena_join(c->arena, S("vendor-seed:"), x->hash);
}

static void take_seed(struct ctx *c, struct accepting *x)
{
    x->seed = seed_typed(c, bound_to(c, x));
}

/* Who is signed in with an account that may be of several organisations; NULL: nobody. */
static const struct person *who_joins(const struct ctx *c, const struct accepting *x)
{
    const struct person *p = c->session != NULL ? c->session->person : NULL;
    const struct idp *idp = p != NULL ? registry_idp(c->registry, p->idp) : NULL;

    return idp != NULL && idp->vendors && !is_to_city(x) && !is_recovery(x) ? p : NULL;
}

static void put_joining(struct ctx *c, struct accepting *x)
{
    const struct person *p = who_joins(c, x);

    if (p != NULL)
        x->v.joins = person_display_name(c->arena, p);
    else if (!is_to_city(x) && !is_recovery(x))
        x->v.sign_in_at = vendor_enter_at(c, c->req->path);
}

/* To organisations alone: whoever administers a municipality, or is let in anew, has an account of ours. */
static void put_outside(struct ctx *c, struct accepting *x)
{
    struct strs listed = outside_listed(c->arena, c->registry);
    struct vendor_way *at = arena_make_n(c->arena, listed.n + 1, struct vendor_way);

    if (is_to_city(x) || is_recovery(x))
        return;
    for (size_t i = 0; i < listed.n; i++)
        at[i] = (struct vendor_way){ .name = names_in(&registry_idp(c->registry, listed.at[i])->names, c->lang),
                                     .to = listed.at[i] };
    x->v.outside = (struct vendor_ways){ at, listed.n };
    if (!outside_proof(c, c->req->path, &x->outside))
        return;
    x->v.proven_at = names_in(&registry_idp(c->registry, x->outside.key.idp)->names, c->lang);
    x->v.proven_as = person_display_name(c->arena, x->outside.person);
    if (c->req->method != HTTP_POST) {
        x->v.given_names = x->outside.person->given_names;
        x->v.family_name = x->outside.person->family_name;
    }
}

static enum step show_invited(struct ctx *c, struct accepting *x, int status)
{
    struct vendor_invited_view *v = &x->v;
    const struct account *own = is_recovery(x) ? registry_account_id(c->registry, x->recovered->subject) : NULL;

    v->page = page_for(c, v->papers.n == 0 ? c->req->path : (struct str){ NULL, 0 });
    v->token = c->req->param;
    v->organisation = names_in(invited_by(c, x), c->lang);
    v->city = is_to_city(x);
    v->recovers = own != NULL;
    if (own != NULL)
        v->username = own->username;
    v->role = v->city ? role_word(ROLE_ADMIN, c->lang) : vendor_role_word(x->invitation.role, c->lang);
    v->wrongs = listed(&x->wrongs);
    put_joining(c, x);
    put_outside(c, x);
    if (v->papers.n == 0)
        v->app = seed_shown(c, bound_to(c, x), x->seed, v->organisation);
    return answer_page(c, status, page_vendor_invited(c->arena, v));
}

static enum step invited_page(struct ctx *c, struct fail *f)
{
    (void)f;
    take_seed(c, c->state);
    return show_invited(c, c->state, 200);
}

const struct step_row vendor_invited[] = { { session_find }, { find },         { find_kept },
                                           { found },        { invited_page }, { NULL } };

/* ── it becomes an account ──────────────────────────────────────────────── */

static struct str judge_username(struct ctx *c, struct accepting *x)
{
    struct str name = x->v.username;
    bool fits = name.n >= USERNAME_MIN && name.n <= USERNAME_MAX && str_find_byte(name, ' ', 0) == name.n;

    if (!fits)
        return wrong_note(c, &x->wrongs, "username", V_v_username, say(c, V_v_username_wrong));
    if (registry_account(c->registry, registry_idp_vendors(c->registry)->id, name) != NULL)
        return wrong_note(c, &x->wrongs, "username", V_v_username, say(c, V_v_username_taken));
    return (struct str){ NULL, 0 };
}

static void judge(struct ctx *c, struct accepting *x)
{
    struct vendor_invited_view *v = &x->v;

    if (!is_recovery(x)) {
        v->no_given_names = wrong_missing(c, &x->wrongs, "given_names", V_v_given_names, v->given_names);
        v->no_family_name = wrong_missing(c, &x->wrongs, "family_name", V_v_family_name, v->family_name);
        v->no_username = judge_username(c, x);
    }
    if (!password_will_do(x->password))
        v->no_password = wrong_note(c, &x->wrongs, "password", V_v_password, say(c, V_v_password_short));
    if (!otp_step(c->arena, x->seed, form_get(c->body, S("code")), c->now_s, 0, &x->step))
        v->no_code = wrong_note(c, &x->wrongs, "code", V_v_code, say(c, V_v_code_wrong));
}

/* Of an organisation. */
static void put_member(struct ctx *c, struct accepting *x, struct edit *e, const struct idp *idp)
{
    struct str whose = arena_printf(c->arena, "%.*s/%.*s", STR_ARG(x->account), STR_ARG(x->invitation.organisation));
    struct str staff = b32_encode(c->arena, sha256(c->arena, whose));
    const struct row_id member = { S("staff"), { str_sub(staff, 0, 16), { NULL, 0 } } };
    const struct edit_field fields[] = { { S("organisation"), x->invitation.organisation },
                                         { S("idp"), idp->id },
                                         { S("subject"), x->account },
                                         { S("role"), str_of(staff_role_name(x->invitation.role)) } };

    edit_put(e, &member, fields, sizeof fields / sizeof *fields);
}

/* Of a municipality: a right that ends, as those that are given in the console. */
static void put_admin(struct ctx *c, struct accepting *x, struct edit *e, const struct idp *idp)
{
    const struct row_id right = { S("admin"), { x->account, { NULL, 0 } } };
    const struct edit_field fields[] = { { S("idp"), idp->id },
                                         { S("subject"), x->account },
                                         { S("role"), str_of(role_name(ROLE_ADMIN)) },
                                         { S("provider"), invitation_city(&x->invitation) },
                                         { S("to"), when_rfc3339(c->arena, c->now_s + FIRST_ADMIN_S) },
                                         { S("why"), x->invitation.note } };

    edit_put(e, &right, fields, sizeof fields / sizeof *fields);
}

/* Whoever is let in anew keeps all but what they sign in by. */
static void put_recovered(struct ctx *c, struct accepting *x)
{
    const struct row_id account = { S("account"), { x->account, { NULL, 0 } } };
    const struct edit_field fields[] = { { S("password"), x->password } };

    edit_put(vendor_act_begin(c, &x->act, true, x->invitation.by, S("")), &account, fields, 1);
    account_letter_address(c, &x->letter, x->account, x->recovered->organisation, LETTER_PART_own_recovered);
}

static void put_rows(struct ctx *c, struct accepting *x)
{
    const struct idp *idp = registry_idp_vendors(c->registry);
    const struct row_id account = { S("account"), { x->account, { NULL, 0 } } };
    const struct edit_field of_account[] = { { S("idp"), idp->id },
                                             { S("username"), x->proves ? x->account : x->v.username },
                                             { S("given_names"), x->v.given_names },
                                             { S("family_name"), x->v.family_name },
                                             { S("email"), x->invitation.email },
                                             { S("password"), x->password } };
    size_t n = sizeof of_account / sizeof *of_account;
    struct edit *e = vendor_act_begin(c, &x->act, true, x->invitation.by, S(""));

    edit_put(e, &account, of_account, x->proves ? n - 1 : n);
    if (is_to_city(x))
        put_admin(c, x, e, idp);
    else
        put_member(c, x, e, idp);
}

static bool take(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct accepting *x = with;

    return invitation_take(d, a, x->hash, x->now_s, f);
}

static bool give_back(void *with, struct db *d, struct arena *a, struct fail *f)
{
    const struct accepting *x = with;

    (void)a;
    return factors_drop(d, x->account, f) && invitation_give_back(d, x->hash, f);
}

static bool keep_factors(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct accepting *x = with;

    return seed_put(d, a, x->world, x->seals, x->account, x->seed, x->step, f) &&
           recovery_put(d, a, x->account, x->papers, f);
}

static bool open_again(void *with, struct db *d, struct arena *a, struct fail *f)
{
    (void)a;
    return invitation_give_back(d, ((const struct accepting *)with)->hash, f);
}

/* With an account that is there: a role alone is made. */
static bool join(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct accepting *x = with;
    struct fail none = { 0 };

    if (!vendors_now(x->vendors, a, take, x, f))
        return false;
    if (edit_run(x->act.edit, d, a, &x->act.how, EDIT_APPLY, &x->act.result, f))
        return true;
    (void)vendors_now(x->vendors, a, open_again, x, &none);
    return false;
}

static bool replace_factors(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct accepting *x = with;
    const struct new_factors made = { x->account, x->seed, x->step, x->papers };

    return factors_put(d, a, x->world, x->seals, &made, f);
}

/* The invitation first, so that two of it make one account, and with it the factors, which are nobody's until the
 * account is there: so there is none without them.  Where the rows were not made, all of it is given back. */
static bool accept(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct accepting *x = with;
    struct fail none = { 0 };

    if (!vendors_now(x->vendors, a, take, x, f))
        return false;
    if (vendors_now(x->vendors, a, keep_factors, x, f) &&
        edit_run(x->act.edit, d, a, &x->act.how, EDIT_APPLY, &x->act.result, f))
        return true;
    (void)vendors_now(x->vendors, a, give_back, x, &none);
    return false;
}

static bool tell(void *with, struct db *d, struct arena *a, struct fail *f)
{
    (void)f;
    account_letter_put(&((struct accepting *)with)->letter, d, a);
    return true;
}

/* The same of an account that is there.  The password first, so that no new factor stands beside an old one: where
 * the factors are not kept, the link is good again, and nobody is in by halves. */
static bool recover(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct accepting *x = with;
    struct fail none = { 0 };

    if (!vendors_now(x->vendors, a, take, x, f))
        return false;
    if (edit_run(x->act.edit, d, a, &x->act.how, EDIT_APPLY, &x->act.result, f) &&
        vendors_now(x->vendors, a, replace_factors, x, f)) {
        (void)vendors_now(x->vendors, a, tell, x, &none); /* the account is recovered, whatever becomes of the letter */
        return true;
    }
    (void)vendors_now(x->vendors, a, open_again, x, &none);
    return false;
}

static enum step accept_joining(struct ctx *c, struct accepting *x)
{
    const struct person *p = who_joins(c, x);

    take_seed(c, x);
    x->joins = true;
    if (p == NULL || registry_staff(c->registry, p->idp, p->subject, x->invitation.organisation) != NULL) {
        x->v.no_join = say(c, p == NULL ? V_v_join_sign_in : V_v_joined_already);
        return show_invited(c, x, 400);
    }
    x->account = p->subject;
    put_member(c, x, vendor_act_begin(c, &x->act, true, x->invitation.by, S("")), registry_idp(c->registry, p->idp));
    vendor_audit(c, "vendor", S("join"), x->invitation.organisation);
    return WAIT;
}

static bool keep_identity(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct accepting *x = with;
    const struct kept_identity row = { .key = x->outside.key,
                                       .account = x->account,
                                       .name = person_display_name(a, x->outside.person),
                                       .made_s = x->now_s };

    return identity_put(d, a, &row, f);
}

/* As accept(), where what they have proven elsewhere is the one thing that they sign in by. */
static bool accept_proven(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct accepting *x = with;
    struct fail none = { 0 };

    if (!vendors_now(x->vendors, a, take, x, f))
        return false;
    if (vendors_now(x->vendors, a, keep_identity, x, f) &&
        edit_run(x->act.edit, d, a, &x->act.how, EDIT_APPLY, &x->act.result, f))
        return true;
    (void)vendors_now(x->vendors, a, give_back, x, &none);
    return false;
}

static struct str new_account(struct ctx *c)
{
    return arena_join(
        c->arena, S("v-"),
        b32_encode(c->arena, str_sub(sha256(c->arena, crypt_token(c->arena, c->world, SHA256_B)), 0, ID_B)));
}

static enum step accept_outside(struct ctx *c, struct accepting *x)
{
    take_seed(c, x);
    x->v.given_names = form_typed(c->body, S("given_names"), NAME_MAX);
    x->v.family_name = form_typed(c->body, S("family_name"), NAME_MAX);
    if (is_to_city(x) || is_recovery(x) || !outside_proof(c, c->req->path, &x->outside)) {
        x->v.no_join = say(c, V_v_prove_first);
        return show_invited(c, x, 400);
    }
    x->v.no_given_names = wrong_missing(c, &x->wrongs, "p_given_names", V_v_given_names, x->v.given_names);
    x->v.no_family_name = wrong_missing(c, &x->wrongs, "p_family_name", V_v_family_name, x->v.family_name);
    if (x->wrongs.n > 0)
        return show_invited(c, x, 400);
    x->proves = true;
    x->account = new_account(c);
    put_rows(c, x);
    vendor_audit(c, "vendor", S("join"), x->invitation.organisation);
    return WAIT;
}

static enum step prove_elsewhere(struct ctx *c, struct accepting *x, struct fail *f)
{
    const struct idp *idp = registry_idp(c->registry, form_get(c->body, S("idp")));

    if (!idp_is_outside(idp) || is_to_city(x) || is_recovery(x))
        return fail(f, FAIL_CALLER, "invalid_request", "idp is not listed for people of vendors");
    return outside_begin(c, idp, c->req->path, false, f);
}

static enum step accept_read(struct ctx *c, struct fail *f)
{
    struct accepting *x = c->state;

    if (str_eq(form_get(c->body, S("act")), S("join")))
        return accept_joining(c, x);
    if (str_eq(form_get(c->body, S("act")), S("prove")))
        return accept_outside(c, x);
    if (str_eq(form_get(c->body, S("act")), S("outside")))
        return prove_elsewhere(c, x, f);
    take_seed(c, x);
    x->v.username = fold_word(c->arena, form_typed(c->body, S("username"), USERNAME_MAX + 1));
    x->v.given_names = form_typed(c->body, S("given_names"), NAME_MAX);
    x->v.family_name = form_typed(c->body, S("family_name"), NAME_MAX);
    x->password = form_get(c->body, S("password"));
    judge(c, x);
    if (x->wrongs.n > 0)
        return show_invited(c, x, 400);
    recovery_make(c->arena, c->world, x->papers);
    if (is_recovery(x)) {
        x->account = x->recovered->subject;
        put_recovered(c, x);
    } else {
        x->account = new_account(c);
        put_rows(c, x);
    }
    vendor_audit(c, "vendor", is_recovery(x) ? S("recover") : S("join"),
                 is_recovery(x) ? x->account : x->invitation.organisation);
    return WAIT;
}

static enum step accept_run(struct ctx *c, struct fail *f)
{
    struct accepting *x = c->state;

    desk_job *job = x->joins ? join : x->proves ? accept_proven : is_recovery(x) ? recover : accept;

    return vendor_audited(c, f) ? vendor_ask_registry(c, job, x, &x->act.got, f) : REFUSE;
}

/* Of who is let in anew, wherever they were: perhaps it was not they. */
static enum step accept_end(struct ctx *c, struct fail *f)
{
    struct accepting *x = c->state;

    if (!x->act.got.ok || !is_recovery(x))
        return NEXT;
    const struct mark m = { .kind = MARK_PERSON,
                            .what = pairwise_person(c->arena, c->seals, x->recovered->idp, x->account),
                            .at_s = c->now_s,
                            .until_s = c->now_s + session_longest_s(c->set) };
    if (!ends_mark(c->ends, c->work, &c->batch, c->arena, &m, &x->ended))
        return fail(f, FAIL_BUSY, "busy", "too many jobs wait");
    return WAIT;
}

static enum step accept_served(struct ctx *c, struct fail *f)
{
    (void)f;
    return vendor_act_served(c, &((struct accepting *)c->state)->act);
}

static enum step accept_say(struct ctx *c, struct fail *f)
{
    struct accepting *x = c->state;
    struct str field;

    if (!x->act.got.ok && !vendor_act_shown(&x->act, f))
        return REFUSE;
    if (x->joins && x->act.got.ok) {
        vendor_come_into(c, x->invitation.organisation);
        return answer_go(c, S("/vendor"));
    }
    if (x->proves && x->act.got.ok) {
        outside_proof_drop(c);
        return answer_go(c, url_to(c->arena, S("/vendor/enter"), S("idp"), x->outside.key.idp));
    }
    if (x->proves && x->act.got.why.code != NULL && strcmp(x->act.got.why.code, "identity_taken") == 0) {
        x->v.no_join = say(c, V_v_bind_taken);
        return show_invited(c, x, 400);
    }
    if (x->joins || x->proves) {
        x->v.no_join = vendor_act_trouble(c, &x->act, &field);
        return show_invited(c, x, 400);
    }
    if (!x->act.got.ok) {
        x->v.no_username = wrong_note(c, &x->wrongs, "username", V_v_username, vendor_act_trouble(c, &x->act, &field));
        return show_invited(c, x, 400);
    }
    if (is_recovery(x) && !x->ended)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "the end of sessions was not kept");
    x->v.papers.at = x->papers;
    x->v.papers.n = RECOVERY_CODES;
    return show_invited(c, x, 200);
}

const struct step_row vendor_accept[] = { { session_find }, { find },       { find_kept },  { found },
                                          { accept_read },  { accept_run }, { accept_end }, { accept_served },
                                          { accept_say },   { NULL } };
