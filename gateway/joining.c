/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/joining.h"

#include "base/crypt.h"
#include "base/settings.h"
#include "model/business_id.h"
#include "model/mail.h"
#include "model/mailbox.h"
#include "wire/form.h"

enum { NAME_MAX = 100, TOKEN_B = 32, NOTE_MAX = 100 };

static const struct str none = { NULL, 0 };

struct str wrong_note(struct ctx *c, struct wrong_list *w, const char *field, enum vendor_text label, struct str says)
{
    if (w->n < WRONGS_MAX)
        w->at[w->n++] = (struct vendor_wrong){ str_of(field), vendor_text(label, c->lang), says };
    return says;
}

struct str wrong_missing(struct ctx *c, struct wrong_list *w, const char *field, enum vendor_text label,
                         struct str typed)
{
    return typed.n > 0 ? none : wrong_note(c, w, field, label, vendor_text(V_v_missing, c->lang));
}

struct str wrong_email(struct ctx *c, struct wrong_list *w, const char *field, enum vendor_text label, struct str typed)
{
    return is_mailbox(typed) ? none : wrong_note(c, w, field, label, vendor_text(V_v_email_wrong, c->lang));
}

void organisation_typed(struct ctx *c, struct organisation_form *o)
{
    *o = (struct organisation_form){ .name_fi = form_typed(c->body, S("name_fi"), NAME_MAX),
                                     .name_sv = form_typed(c->body, S("name_sv"), NAME_MAX),
                                     .name_en = form_typed(c->body, S("name_en"), NAME_MAX),
                                     .business_id = form_typed(c->body, S("business_id"), NAME_MAX),
                                     .technology = form_typed(c->body, S("technology"), MAILBOX_MAX_B),
                                     .privacy = form_typed(c->body, S("privacy"), MAILBOX_MAX_B),
                                     .incidents = form_typed(c->body, S("incidents"), MAILBOX_MAX_B) };
}

void organisation_judge(struct ctx *c, struct organisation_form *o, struct wrong_list *w)
{
    o->no_name_fi = wrong_missing(c, w, "name_fi", V_v_name_fi, o->name_fi);
    if (!is_business_id(o->business_id))
        o->no_business_id =
            wrong_note(c, w, "business_id", V_v_business_id, vendor_text(V_v_business_id_wrong, c->lang));
    o->no_technology = wrong_email(c, w, "technology", V_v_technology, o->technology);
    o->no_privacy = wrong_email(c, w, "privacy", V_v_privacy, o->privacy);
    o->no_incidents = wrong_email(c, w, "incidents", V_v_incidents, o->incidents);
}

void organisation_put(struct edit *e, struct str id, const struct organisation_form *o)
{
    const struct row_id row = { S("organisation"), { id, none } };
    const struct edit_field fields[] = { { S("name.fi"), o->name_fi },
                                         { S("name.sv"), str_is_set(o->name_sv) ? o->name_sv : S("") },
                                         { S("name.en"), str_is_set(o->name_en) ? o->name_en : S("") },
                                         { S("business_id"), o->business_id },
                                         { S("contact_technology"), o->technology },
                                         { S("contact_privacy"), o->privacy },
                                         { S("contact_incidents"), o->incidents } };

    edit_put(e, &row, fields, sizeof fields / sizeof *fields);
}

struct str organisation_id(struct ctx *c, struct str business_id)
{
    return arena_join(c->arena, S("y"), business_id);
}

struct str invitation_hash(struct arena *a, struct str token)
{
    return sha256_hex(a, token);
}

struct invitation invitation_new(struct ctx *c, struct str organisation, enum staff_role role, struct str note,
                                 struct str *link)
{
    struct str token = crypt_token(c->arena, c->world, TOKEN_B);

    *link = arena_printf(c->arena, "%.*s/vendor/invite/%.*s", STR_ARG(c->set->public_url), STR_ARG(token));
    return (struct invitation){ .hash = invitation_hash(c->arena, token),
                                .organisation = organisation,
                                .role = role,
                                .note = str_chars(note, NOTE_MAX, SIZE_MAX),
                                .by = c->session->person->id,
                                .made_s = c->now_s,
                                .until_s = c->now_s + INVITATION_S };
}

struct invitation invitation_recovery(struct ctx *c, struct str account, struct str name, struct str *link)
{
    struct invitation x = invitation_new(c, invitation_to_account(c->arena, account), STAFF_NONE, name, link);

    x.until_s = c->now_s + RECOVERY_S;
    return x;
}

struct str staff_role_word(enum staff_role role, enum lang lang)
{
    static const enum vendor_text words[STAFF_ROLE_COUNT] = {
#define X(role, words) [STAFF_##role] = V_v_role_##role,
        STAFF_ROLES(X)
#undef X
    };

    return role < STAFF_ROLE_COUNT ? vendor_text(words[role], lang) : S("");
}

/* ── by e-mail ──────────────────────────────────────────────────────────── */

static struct str letter_key(struct arena *a, struct str hash)
{
    return arena_join(a, S("invite:"), hash);
}

void invitation_address(struct ctx *c, struct inviting *x, const struct names *name, struct str email, struct str link)
{
    x->door = mail_door_of(c);
    x->now_s = c->now_s;
    x->made.email = email;
    x->letter = (struct mail_letter){ .letter = LETTER_vendor_invitation,
                                      .key = letter_key(c->arena, x->made.hash),
                                      .owner = x->made.organisation,
                                      .to = email,
                                      .a_day = MAILS_INVITED_A_DAY_MAX,
                                      .lang = c->lang,
                                      .what = *name,
                                      .when_s = x->made.until_s,
                                      .path = str_from(link, c->set->public_url.n) };
    for (int lang = 0; lang < LANG_COUNT; lang++)
        x->letter.part.in[lang] = staff_role_word(x->made.role, (enum lang)lang);
}

void invitation_address_recovery(struct ctx *c, struct inviting *x, const struct organisation *owner, struct str email,
                                 struct str link)
{
    invitation_address(c, x, &owner->names, email, link);
    x->letter.letter = LETTER_account_recovery;
    x->letter.owner = owner->id;
    x->letter.part = (struct names){ 0 };
}

bool invitation_send(struct db *d, struct arena *a, struct inviting *x, struct fail *f)
{
    struct fail lost = { 0 };
    bool fresh;

    if (!invitation_put(d, a, &x->made, f))
        return false;
    if (x->made.email.n == 0 || mail_put(&x->door, a, &x->letter, x->now_s, &fresh, f))
        return true;
    (void)invitation_drop(d, x->made.organisation, x->made.hash, &lost);
    return false;
}

bool invitation_take_back(struct db *d, struct arena *a, const struct mail_door *door, struct str organisation,
                          struct str hash, int64_t now_s, struct fail *f)
{
    struct invitations open;

    if (!invitations_of(d, a, organisation, now_s, &open, f))
        return false;
    for (size_t i = 0; i < open.n; i++)
        if (hash.n > 0 && str_has_prefix(open.at[i].hash, hash) &&
            !mail_recall(door, a, letter_key(a, open.at[i].hash), f))
            return false;
    return invitation_drop(d, organisation, hash, f);
}

bool invitation_letters(const struct mail_door *door, struct arena *a, const struct invitations *of,
                        enum mail_state *at, struct fail *f)
{
    for (size_t i = 0; i < of->n; i++) {
        at[i] = MAIL_NONE;
        if (of->at[i].email.n > 0 && !mail_state_of(door, a, letter_key(a, of->at[i].hash), &at[i], f))
            return false;
    }
    return true;
}

struct str invitation_letter_words(struct ctx *c, const struct invitation *x, enum mail_state state)
{
    static const enum vendor_text words[] = { [MAIL_WAITS] = V_v_mail_waits,
                                              [MAIL_SENT] = V_v_mail_sent,
                                              [MAIL_GIVEN_UP] = V_v_mail_given_up,
                                              [MAIL_REFUSED] = V_v_mail_refused };

    if (x->email.n == 0)
        return none;
    return arena_printf(c->arena, "%.*s: %.*s", STR_ARG(x->email),
                        STR_ARG(vendor_text(state == MAIL_NONE ? V_v_mail_sent : words[state], c->lang)));
}

/* ── an address that is read ────────────────────────────────────────────── */

enum vendor_text contact_text(enum contact which)
{
    static const enum vendor_text words[CONTACT_COUNT] = { V_v_technology, V_v_privacy, V_v_incidents };

    return words[which];
}

void contact_ask(struct ctx *c, const struct organisation *o, enum contact which, struct str address,
                 struct contact_asking *out)
{
    enum { CONTACT_TOKEN_B = 24 };
    struct str token = crypt_token(c->arena, c->world, CONTACT_TOKEN_B), hash = invitation_hash(c->arena, token);
    struct str path = arena_join(c->arena, S("/vendor/contact/"), token);

    out->shown = arena_join(c->arena, c->set->public_url, path);
    out->link = (struct contact_link){ .hash = hash,
                                       .organisation = o->id,
                                       .address = address,
                                       .by = c->person->id,
                                       .which = which,
                                       .until_s = c->now_s + CONTACT_LINK_S };
    out->letter = (struct mail_letter){ .letter = LETTER_contact_verify,
                                        .key = arena_join(c->arena, S("contact:"), hash),
                                        .owner = o->id,
                                        .to = address,
                                        .a_day = MAILS_INVITED_A_DAY_MAX,
                                        .lang = c->lang,
                                        .what = o->names,
                                        .when_s = out->link.until_s,
                                        .path = path };
    for (int lang = 0; lang < LANG_COUNT; lang++)
        out->letter.part.in[lang] = vendor_text(contact_text(which), (enum lang)lang);
}

bool contact_send(struct db *d, struct arena *a, struct mail_door *door, const struct contact_asking *x, int64_t now_s,
                  struct fail *f)
{
    bool fresh;

    return contact_link_put(d, &x->link, f) &&
           (!mail_is_set(door->set) || mail_put(door, a, &x->letter, now_s, &fresh, f));
}
