/* SPDX-License-Identifier: EUPL-1.2
 * The organisation itself, and which of its addresses are known to be read (registry/contacts.h). */
#include "base/settings.h"
#include "gateway/answer.h"
#include "gateway/joining.h"
#include "gateway/session/done.h"
#include "gateway/vendor/door.h"
#include "model/when.h"
#include "registry/contacts.h"
#include "wire/form.h"
#include "wire/http.h"

static const struct str organisation_at = S("/vendor/organisation");

static struct str say(const struct ctx *c, enum vendor_text key)
{
    return vendor_text(key, c->lang);
}

struct organisation_on { /* c->state; the worker's, while it has it */
    struct vendor_organisation_view v;
    struct wrong_list wrongs;
    struct vendor_act act;
    struct str organisation;
    struct contacts contacts;
    struct contact_asking asks[CONTACT_COUNT];
    size_t ask_n;
    bool verifies; /* nothing but links is asked for */
    struct mail_door door;
    int64_t now_s;
    struct vendors_got listed, kept;
};

static struct organisation_on *organisation_state(struct ctx *c)
{
    if (c->state == NULL) {
        struct organisation_on *x = arena_make(c->arena, struct organisation_on);
        x->organisation = c->vendor->staff->organisation->id;
        x->door = mail_door_of(c);
        x->now_s = c->now_s;
        x->kept.ok = true;
        c->state = x;
    }
    return c->state;
}

/* ── the page ───────────────────────────────────────────────────────────── */

static bool look(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct organisation_on *x = with;

    return contacts_of(d, a, x->organisation, &x->contacts, f);
}

static enum step list(struct ctx *c, struct fail *f)
{
    return vendor_ask(c, look, organisation_state(c), &organisation_state(c)->listed, f);
}

static void put_contacts(struct ctx *c, struct organisation_on *x)
{
    const struct organisation *o = c->vendor->staff->organisation;
    struct vendor_contact_row *rows = arena_make_n(c->arena, CONTACT_COUNT, struct vendor_contact_row);

    for (int i = 0; i < CONTACT_COUNT; i++) {
        enum contact which = (enum contact)i;
        rows[i] = (struct vendor_contact_row){ .word = contact_word(which),
                                               .what = say(c, contact_text(which)),
                                               .address = contact_address(o, which),
                                               .verified = contact_is_verified(&x->contacts, o, which),
                                               .before = x->contacts.before[i] };
        if (!rows[i].verified)
            rows[i].old = x->contacts.verified[i];
    }
    x->v.contacts.at = rows;
    x->v.contacts.n = CONTACT_COUNT;
    x->v.mail_set = mail_is_set(c->set);
}

static enum step show(struct ctx *c, struct organisation_on *x, int status)
{
    vendor_page_for(c, VENDOR_PLACE_ORGANISATION, false, organisation_at, &x->v.con);
    x->v.wrongs = (struct vendor_wrongs){ x->wrongs.at, x->wrongs.n };
    put_contacts(c, x);
    return answer_page(c, status, page_vendor_organisation(c->arena, &x->v));
}

static void put_row(const struct organisation *o, struct organisation_form *out)
{
    *out = (struct organisation_form){ .name_fi = o->names.in[LANG_FI],
                                       .name_sv = o->names.in[LANG_SV],
                                       .name_en = o->names.in[LANG_EN],
                                       .business_id = o->business_id,
                                       .technology = o->technology,
                                       .privacy = o->privacy,
                                       .incidents = o->incidents };
}

static enum step page(struct ctx *c, struct fail *f)
{
    struct organisation_on *x = organisation_state(c);
    struct str done = done_here(c, NULL);

    if (!x->listed.ok) {
        *f = x->listed.why;
        return REFUSE;
    }
    put_row(c->vendor->staff->organisation, &x->v.org);
    x->v.done = str_eq(done, S("saved"))  ? say(c, V_v_saved)
                : str_eq(done, S("sent")) ? say(c, V_v_contact_sent)
                                          : (struct str){ NULL, 0 };
    return show(c, x, 200);
}

const struct step_row vendor_organisation[] = { { vendor_door }, { list }, { page }, { NULL } };

/* ── a link to an address ───────────────────────────────────────────────── */

static void ask_for(struct ctx *c, struct organisation_on *x, enum contact which, struct str address)
{
    contact_ask(c, c->vendor->staff->organisation, which, address, &x->asks[x->ask_n++]);
}

static bool keep_links(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct organisation_on *x = with;

    for (size_t i = 0; i < x->ask_n; i++)
        if (!contact_send(d, a, &x->door, &x->asks[i], x->now_s, f))
            return false;
    return true;
}

static enum step verify(struct ctx *c, struct organisation_on *x, struct fail *f)
{
    const struct organisation *o = c->vendor->staff->organisation;
    enum contact which;

    if (!contact_of_word(form_get(c->body, S("contact")), &which))
        return fail(f, FAIL_CALLER, "invalid_request", "there is no such contact");
    x->verifies = true;
    put_row(o, &x->v.org);
    ask_for(c, x, which, contact_address(o, which));
    return vendor_ask(c, keep_links, x, &x->kept, f);
}

/* ── altered ────────────────────────────────────────────────────────────── */

static enum step read(struct ctx *c, struct fail *f)
{
    struct organisation_on *x = organisation_state(c);

    if (!x->listed.ok) {
        *f = x->listed.why;
        return REFUSE;
    }
    if (str_eq(form_get(c->body, S("act")), S("verify")))
        return verify(c, x, f);
    organisation_typed(c, &x->v.org);
    organisation_judge(c, &x->v.org, &x->wrongs);
    if (x->wrongs.n > 0)
        return show(c, x, 400);
    organisation_put(vendor_act_begin(c, &x->act, false, (struct str){ NULL, 0 }, S("")), x->organisation, &x->v.org);
    return vendor_act_run(c, &x->act, f);
}

static enum step served(struct ctx *c, struct fail *f)
{
    (void)f;
    return organisation_state(c)->verifies ? NEXT : vendor_act_served(c, &organisation_state(c)->act);
}

/* To each address that is another now, where there is a mail server; else its button shows the link. */
static enum step ask_changed(struct ctx *c, struct fail *f)
{
    struct organisation_on *x = organisation_state(c);
    const struct organisation *was = c->vendor->staff->organisation;
    const struct str typed[CONTACT_COUNT] = { x->v.org.technology, x->v.org.privacy, x->v.org.incidents };

    if (x->verifies || !x->act.got.ok || !mail_is_set(c->set))
        return NEXT;
    for (int i = 0; i < CONTACT_COUNT; i++)
        if (!str_eq(typed[i], contact_address(was, (enum contact)i)) && !str_eq(typed[i], x->contacts.verified[i]))
            ask_for(c, x, (enum contact)i, typed[i]);
    return x->ask_n > 0 ? vendor_ask(c, keep_links, x, &x->kept, f) : NEXT;
}

static enum step say_it(struct ctx *c, struct fail *f)
{
    struct organisation_on *x = organisation_state(c);
    struct str field;

    if (x->verifies && !x->kept.ok && x->kept.why.kind == FAIL_OURS) {
        *f = x->kept.why;
        return REFUSE;
    }
    if (x->verifies && !x->kept.ok) {
        x->v.trouble = say(c, V_v_invitations_many);
        return show(c, x, 400);
    }
    if (x->verifies && !mail_is_set(c->set)) {
        x->v.link = x->asks[0].shown;
        return show(c, x, 200);
    }
    if (x->verifies)
        return done_go(c, organisation_at, "sent", S(""));
    if (x->act.got.ok) /* what could not be sent is sent by its button: the page says that it is not verified */
        return done_go(c, organisation_at, x->ask_n > 0 && x->kept.ok ? "sent" : "saved", S(""));
    if (!vendor_act_shown(&x->act, f))
        return REFUSE;
    x->v.trouble = vendor_act_trouble(c, &x->act, &field);
    return show(c, x, 400);
}

const struct step_row vendor_organisation_set[] = { { vendor_door }, { list },   { read }, { served },
                                                    { ask_changed }, { say_it }, { NULL } };
