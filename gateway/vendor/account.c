/* SPDX-License-Identifier: EUPL-1.2
 * By what somebody signs in: the password and the app for codes, each changed by whoever knows the password; passkeys,
 * added and removed; recovery codes, made anew.
 *
 * Whatever of it is changed ends the other sessions of that person, everywhere, and a letter says so: who has stolen
 * one does not stay, and does not go unnoticed. */
#include "base/codec.h"
#include "base/crypt.h"
#include "gateway/answer.h"
#include "gateway/joining.h"
#include "gateway/session/ceremony.h"
#include "gateway/session/done.h"
#include "gateway/session/limits.h"
#include "gateway/session/session.h"
#include "gateway/upstream_vendor.h"
#include "gateway/vendor/door.h"
#include "gateway/vendor/seed.h"
#include "idp-adapters/password.h"
#include "model/when.h"
#include "portal/texts.h"
#include "registry/contacts.h"
#include "registry/ends.h"
#include "wire/form.h"
#include "wire/http.h"
#include "wire/otp.h"

#include <string.h>

enum { NAME_MAX = 40, WINDOW_S = 600, IDENTITY_ID_HEX = 16 };

static const struct str here = S("/vendor/account");

struct own_act;

struct account_on { /* c->state; the worker's, while it has it */
    struct vendor_account_view v;
    const struct own_act *act; /* NULL: none */
    struct wrong_list wrongs;
    struct kept_passkeys passkeys;
    struct kept_identities identities;
    struct strs listed_idps;
    struct contacts contacts; /* of the organisation */
    struct str organisation;
    struct outside outside; /* of what is proven elsewhere; key.idp absent: nothing is */
    struct str account, id, client, data, name, papers[RECOVERY_CODES];
    int64_t left, now_s;
    struct passkey_asked want;
    struct kv_got used;
    struct vendors_got listed, got;
    /* of what the password is asked for */
    struct str hash, old, password, seed;
    int64_t step;
    bool knows; /* the password */
    struct kv_got count, forgiven;
    struct vendor_act edit;
    const struct world *world;
    const struct seals *seals;
    struct account_letter letter;
    bool ended; /* the other sessions */
};

static struct str say(const struct ctx *c, enum vendor_text key)
{
    return vendor_text(key, c->lang);
}

static struct account_on *account_on(struct ctx *c)
{
    if (c->state == NULL) {
        struct account_on *x = arena_make(c->arena, struct account_on);
        x->account = c->person->subject;
        x->organisation = c->vendor->staff->organisation->id;
        x->world = c->world;
        x->seals = c->seals;
        x->now_s = c->now_s;
        x->listed_idps = outside_listed(c->arena, c->registry);
        (void)outside_proof(c, here, &x->outside);
        c->state = x;
    }
    return c->state;
}

static struct str bound_to(struct ctx *c)
{
    return arena_join(c->arena, S("sid:"), c->session->sid);
}

/* ── the page ───────────────────────────────────────────────────────────── */

static bool look(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct account_on *x = with;

    return passkeys_of(d, a, x->account, &x->passkeys, f) && recovery_left(d, a, x->account, &x->left, f) &&
           identities_of(d, a, x->account, &x->identities, f) && contacts_of(d, a, x->organisation, &x->contacts, f);
}

static enum step list(struct ctx *c, struct fail *f)
{
    struct account_on *x = account_on(c);

    return vendor_ask(c, look, x, &x->listed, f);
}

static void put_passkeys(struct ctx *c, struct account_on *x)
{
    struct vendor_passkey_row *rows = arena_make_n(c->arena, x->passkeys.n + 1, struct vendor_passkey_row);

    for (size_t i = 0; i < x->passkeys.n; i++) {
        const struct kept_passkey *k = &x->passkeys.at[i];
        rows[i] = (struct vendor_passkey_row){ .id = b64url_encode(c->arena, k->id),
                                               .name = str_is_set(k->name) ? k->name : S("–"),
                                               .made = when_date(c->arena, k->made_s) };
    }
    x->v.passkeys.at = rows;
    x->v.passkeys.n = x->passkeys.n;
}

/* In the page, whose subject there need not stand. */
static struct str identity_id(struct arena *a, const struct identity_key *k)
{
    struct str all = arena_printf(a, "%.*s\n%.*s\n%.*s", STR_ARG(k->idp), STR_ARG(k->issuer), STR_ARG(k->subject));

    return str_sub(sha256_hex(a, all), 0, IDENTITY_ID_HEX);
}

static struct str idp_word(const struct ctx *c, struct str id)
{
    const struct idp *idp = registry_idp(c->registry, id);

    return idp != NULL ? names_in(&idp->names, c->lang) : S("–");
}

static void put_identities(struct ctx *c, struct account_on *x)
{
    struct vendor_identity_row *rows = arena_make_n(c->arena, x->identities.n + 1, struct vendor_identity_row);

    for (size_t i = 0; i < x->identities.n; i++) {
        const struct kept_identity *k = &x->identities.at[i];
        rows[i] = (struct vendor_identity_row){ .id = identity_id(c->arena, &k->key),
                                                .where = idp_word(c, k->key.idp),
                                                .name = k->name,
                                                .made = when_date(c->arena, k->made_s) };
    }
    x->v.identities.at = rows;
    x->v.identities.n = x->identities.n;
    struct vendor_way *ways = arena_make_n(c->arena, x->listed_idps.n + 1, struct vendor_way);
    for (size_t i = 0; i < x->listed_idps.n; i++)
        ways[i] = (struct vendor_way){ .name = idp_word(c, x->listed_idps.at[i]), .to = x->listed_idps.at[i] };
    x->v.outside = (struct vendor_ways){ ways, x->listed_idps.n };
    if (str_is_set(x->outside.key.idp) && x->v.has_account) {
        x->v.proven_at = idp_word(c, x->outside.key.idp);
        x->v.proven_as = person_display_name(c->arena, x->outside.person);
    }
}

static struct str done_words(struct ctx *c)
{
    struct str what = done_here(c, NULL);

    return str_eq(what, S("kept"))       ? say(c, V_v_passkey_kept)
           : str_eq(what, S("gone"))     ? say(c, V_v_passkey_gone)
           : str_eq(what, S("password")) ? say(c, V_v_own_password_kept)
           : str_eq(what, S("app"))      ? say(c, V_v_own_app_kept)
           : str_eq(what, S("bound"))    ? say(c, V_v_bound)
           : str_eq(what, S("unbound"))  ? say(c, V_v_unbound)
                                         : (struct str){ NULL, 0 };
}

static struct str app_bound(struct ctx *c)
{
    return arena_join(c->arena, S("account-seed:"), c->session->sid);
}

/* Where a letter is sent (account_letter_address()), as it says so. */
static struct str told_at(const struct ctx *c, const struct account_on *x, const struct account *own)
{
    if (!mail_is_set(c->set) || c->mails == NULL)
        return (struct str){ NULL, 0 };
    return own != NULL && str_is_set(own->person->email) ? own->person->email
                                                         : x->contacts.verified[CONTACT_technology];
}

static enum step show(struct ctx *c, struct fail *f)
{
    struct account_on *x = account_on(c);
    const struct account *own = registry_account_id(c->registry, x->account);

    if (!x->listed.ok) {
        *f = x->listed.why;
        return REFUSE;
    }
    vendor_page_for(c, VENDOR_PLACE_ACCOUNT, false, here, &x->v.con);
    if (c->req->method != HTTP_POST)
        x->v.done = done_words(c);
    x->v.has_account = own != NULL && str_eq(own->idp, c->person->idp);
    x->v.has_password = x->v.has_account && str_is_set(own->password_hash);
    put_passkeys(c, x);
    put_identities(c, x);
    ceremony_ask(c, bound_to(c), &x->v.challenge, &x->v.seal);
    x->v.rp = passkey_rp(c->set->public_url);
    x->v.user = b64url_encode(c->arena, x->account);
    x->v.username = x->v.has_password ? own->username : person_display_name(c->arena, c->person);
    x->v.papers_left = arena_printf(c->arena, "%lld", (long long)x->left);
    x->v.told_at = told_at(c, x, own);
    x->v.app = seed_shown(c, app_bound(c), seed_typed(c, app_bound(c)), x->v.username);
    x->v.wrongs = (struct vendor_wrongs){ x->wrongs.at, x->wrongs.n };
    return answer_page(c, str_is_set(x->v.trouble) || x->wrongs.n > 0 ? 400 : 200,
                       page_vendor_account(c->arena, &x->v));
}

const struct step_row vendor_account[] = { { vendor_door }, { list }, { show }, { NULL } };

/* ── acts ───────────────────────────────────────────────────────────────── */

struct own_act {
    const char *word;                                       /* of the form's field `act` */
    enum step (*read)(struct ctx *c, struct account_on *x); /* what was typed; WAIT: something is asked */
    vendors_job *job;                                       /* NULL: its edit is run */
    const char *done;                                       /* what is said where it leads; NULL: on this page */
    enum letter_part part;                                  /* what the letter calls it */
};

static bool keep(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct account_on *x = with;
    struct passkey made;

    if (!passkey_made(a, &x->want, x->client, x->data, &made, f))
        return false;
    const struct kept_passkey row = {
        .id = made.id, .key = made.key, .count = made.count, .account = x->account, .name = x->name, .made_s = x->now_s
    };
    return passkey_put(d, a, &row, f);
}

static bool drop(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct account_on *x = with;

    return passkey_drop_but_last(d, a, x->account, &x->listed_idps, x->id, f);
}

static bool bind(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct account_on *x = with;
    const struct kept_identity row = {
        .key = x->outside.key, .account = x->account, .name = x->name, .made_s = x->now_s
    };

    return identity_put(d, a, &row, f);
}

static bool unbind(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct account_on *x = with;
    struct kept_identities known;

    if (!identities_of(d, a, x->account, &known, f))
        return false;
    for (size_t i = 0; i < known.n; i++)
        if (str_eq(identity_id(a, &known.at[i].key), x->id))
            return identity_drop_but_last(d, a, x->account, &x->listed_idps, &known.at[i].key, f);
    return true;
}

static bool keep_papers(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct account_on *x = with;

    return recovery_put(d, a, x->account, x->papers, f);
}

static bool keep_app(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct account_on *x = with;

    return seed_put(d, a, x->world, x->seals, x->account, x->seed, x->step, f);
}

static enum step read_passkey(struct ctx *c, struct account_on *x)
{
    x->client = ceremony_part(c, "client");
    x->data = ceremony_part(c, "data");
    x->name = form_typed(c->body, S("name"), NAME_MAX);
    return str_is_set(x->client) && str_is_set(x->data) && ceremony_answered(c, bound_to(c), &x->want, &x->used) ? WAIT
                                                                                                                 : NEXT;
}

static enum step read_bind(struct ctx *c, struct account_on *x)
{
    if (!str_is_set(x->outside.key.idp)) {
        x->v.trouble = say(c, V_v_prove_first);
        return NEXT;
    }
    x->name = person_display_name(c->arena, x->outside.person);
    outside_proof_drop(c);
    return NEXT;
}

static enum step read_unbind(struct ctx *c, struct account_on *x)
{
    x->id = form_typed(c->body, S("id"), IDENTITY_ID_HEX);
    return NEXT;
}

static enum step read_papers(struct ctx *c, struct account_on *x)
{
    recovery_make(c->arena, c->world, x->papers);
    return NEXT;
}

static enum step read_remove(struct ctx *c, struct account_on *x)
{
    x->id = ceremony_part(c, "id");
    return NEXT;
}

/* The password that is in force; what is counted is looked at before it is. */
static enum step read_old(struct ctx *c, struct account_on *x, const char *field, struct str *beside)
{
    const struct account *own = registry_account_id(c->registry, x->account);

    x->old = form_get(c->body, S("old"));
    x->hash = own != NULL ? own->password_hash : (struct str){ NULL, 0 };
    if (x->old.n == 0)
        *beside = wrong_note(c, &x->wrongs, field, V_v_own_old, say(c, V_v_missing));
    if (x->wrongs.n > 0)
        return NEXT;
    limit_ask(c, LIMIT_own_password, x->account, WINDOW_S, &x->count);
    return WAIT;
}

static enum step read_password(struct ctx *c, struct account_on *x)
{
    x->password = form_get(c->body, S("password"));
    if (!password_will_do(x->password))
        x->v.no_password = wrong_note(c, &x->wrongs, "password", V_v_own_new, say(c, V_v_password_short));
    return read_old(c, x, "old", &x->v.no_old);
}

static enum step read_app(struct ctx *c, struct account_on *x)
{
    x->seed = seed_typed(c, app_bound(c));
    if (!otp_step(c->arena, x->seed, form_get(c->body, S("code")), c->now_s, 0, &x->step))
        x->v.no_code = wrong_note(c, &x->wrongs, "code", V_v_code, say(c, V_v_code_wrong));
    return read_old(c, x, "app-old", &x->v.no_app_old);
}

static const struct own_act acts[] = {
    { "passkey", read_passkey, keep, "kept", LETTER_PART_own_passkey },
    { "remove", read_remove, drop, "gone", LETTER_PART_own_passkey_gone },
    { "papers", read_papers, keep_papers, NULL, LETTER_PART_own_papers },
    { "password", read_password, NULL, "password", LETTER_PART_own_password },
    { "app", read_app, keep_app, "app", LETTER_PART_own_app },
    { "bind", read_bind, bind, "bound", LETTER_PART_own_outside },
    { "unbind", read_unbind, unbind, "unbound", LETTER_PART_own_outside_gone },
};

static enum step prove_elsewhere(struct ctx *c, struct fail *f)
{
    const struct idp *idp = registry_idp(c->registry, form_get(c->body, S("idp")));

    if (!idp_is_outside(idp))
        return fail(f, FAIL_CALLER, "invalid_request", "idp is not listed for people of vendors");
    return outside_begin(c, idp, here, false, f);
}

/* What an account of another's has is changed there; what needs a password, by whoever has one. */
static bool may(const struct ctx *c, const struct account_on *x, const struct own_act *act)
{
    const struct account *own = registry_account_id(c->registry, x->account);
    bool by_password = act->part == LETTER_PART_own_password || act->part == LETTER_PART_own_app ||
                       act->part == LETTER_PART_own_papers;

    return own != NULL && str_eq(own->idp, c->person->idp) && (str_is_set(own->password_hash) || !by_password);
}

static enum step read(struct ctx *c, struct fail *f)
{
    struct account_on *x = account_on(c);
    struct str typed = form_get(c->body, S("act"));

    if (str_eq(typed, S("outside")))
        return prove_elsewhere(c, f);

    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++)
        if (str_eq(typed, str_of(acts[i].word)))
            x->act = &acts[i];
    if (x->act == NULL || !may(c, x, x->act))
        return fail(f, FAIL_CALLER, "invalid_request", "there is no act \"%.*s\"", STR_ARG(typed));
    account_letter_address(c, &x->letter, x->account, c->vendor->staff->organisation, x->act->part);
    return x->act->read(c, x);
}

static bool asks_password(const struct account_on *x)
{
    return x->old.n > 0 && x->wrongs.n == 0;
}

static void check_password(void *arg)
{
    struct account_on *x = arg;

    x->knows = password_ok(x->hash, x->old);
}

static enum step prove(struct ctx *c, struct fail *f)
{
    struct account_on *x = account_on(c);

    if (!asks_password(x))
        return NEXT;
    if (!limit_keep(LIMIT_own_password, &x->count, "a password of one's own", f))
        return REFUSE;
    if (!work_ask(c->work, &c->batch, check_password, x))
        return fail(f, FAIL_BUSY, "busy", "too many passwords wait to be checked");
    return WAIT;
}

static enum step proven(struct ctx *c, struct fail *f)
{
    struct account_on *x = account_on(c);
    bool is_app = x->act->job == keep_app;
    struct str *beside = is_app ? &x->v.no_app_old : &x->v.no_old;

    (void)f;
    if (!asks_password(x))
        return NEXT;
    if (!x->knows) {
        *beside = wrong_note(c, &x->wrongs, is_app ? "app-old" : "old", V_v_own_old, say(c, V_v_own_old_wrong));
        return NEXT;
    }
    limit_forgive(c, LIMIT_own_password, x->account, &x->forgiven);
    return WAIT;
}

/* The account is no row of the organisation's area: nobody but its own person alters it from here. */
static enum step run_password(struct ctx *c, struct account_on *x, struct fail *f)
{
    const struct row_id row = { S("account"), { x->account, { NULL, 0 } } };
    const struct edit_field fields[] = { { S("password"), x->password } };

    edit_put(vendor_act_begin(c, &x->edit, true, c->person->id, S("")), &row, fields, 1);
    return vendor_act_run(c, &x->edit, f);
}

static enum step run(struct ctx *c, struct fail *f)
{
    struct account_on *x = account_on(c);

    if (x->wrongs.n > 0 || str_is_set(x->v.trouble))
        return NEXT;
    if (x->act->job == NULL)
        return run_password(c, x, f);
    if (x->act->read == read_passkey && !str_is_set(x->want.challenge))
        return NEXT;
    if (x->used.outcome == KV_DOWN && x->act->read == read_passkey)
        return kv_away(f, "passkey");
    return x->act->read != read_passkey || x->used.outcome == KV_MISS ? vendor_ask(c, x->act->job, x, &x->got, f)
                                                                      : NEXT;
}

static bool is_done(const struct account_on *x)
{
    return x->act->job == NULL ? x->edit.got.ok : x->got.ok;
}

static enum step end_others(struct ctx *c, struct fail *f)
{
    struct account_on *x = account_on(c);
    const struct mark m = { .kind = MARK_PERSON,
                            .what = c->person->id,
                            .spare = c->session->sid,
                            .at_s = c->now_s,
                            .until_s = c->now_s + session_longest_s(c->set) };

    if (!is_done(x))
        return NEXT;
    if (!ends_mark(c->ends, c->work, &c->batch, c->arena, &m, &x->ended))
        return fail(f, FAIL_BUSY, "busy", "too many jobs wait");
    return WAIT;
}

static bool tell(void *with, struct db *d, struct arena *a, struct fail *f)
{
    (void)f;
    account_letter_put(&((struct account_on *)with)->letter, d, a);
    return true;
}

static enum step tell_it(struct ctx *c, struct fail *f)
{
    struct account_on *x = account_on(c);

    if (!is_done(x))
        return NEXT;
    if (!x->ended)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "the end of sessions was not kept");
    return vendor_ask(c, tell, x, &x->listed, f);
}

static enum step served(struct ctx *c, struct fail *f)
{
    (void)f;
    return vendor_act_served(c, &account_on(c)->edit);
}

static struct str job_trouble(const struct ctx *c, const struct account_on *x)
{
    static const struct {
        const char *code;
        enum vendor_text says;
    } known[] = { { "last_way", V_v_last_way },
                  { "identity_taken", V_v_bind_taken },
                  { "identities_of_one", V_v_bind_many } };

    for (size_t i = 0; x->got.why.code != NULL && i < sizeof known / sizeof *known; i++)
        if (strcmp(x->got.why.code, known[i].code) == 0)
            return say(c, known[i].says);
    return say(c, V_v_passkey_refused);
}

static enum step acted(struct ctx *c, struct fail *f)
{
    struct account_on *x = account_on(c);
    bool edits = x->act->job == NULL;
    struct str field;

    if (!edits && !x->got.ok && x->got.why.kind == FAIL_OURS) {
        *f = x->got.why;
        return REFUSE;
    }
    if (is_done(x) && x->act->done != NULL)
        return done_go(c, here, x->act->done, S(""));
    if (is_done(x)) {
        x->v.papers.at = x->papers;
        x->v.papers.n = RECOVERY_CODES;
    } else if (x->wrongs.n > 0 || str_is_set(x->v.trouble))
        return NEXT;
    else if (edits && !vendor_act_shown(&x->edit, f))
        return REFUSE;
    else
        x->v.trouble = edits ? vendor_act_trouble(c, &x->edit, &field) : job_trouble(c, x);
    return NEXT;
}

const struct step_row vendor_account_act[] = { { vendor_door }, { read },       { prove },   { proven },
                                               { run },         { end_others }, { tell_it }, { served },
                                               { acted },       { list },       { show },    { NULL } };
