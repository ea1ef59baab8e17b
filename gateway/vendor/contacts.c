/* SPDX-License-Identifier: EUPL-1.2
 * A link that says that an address of an organisation is read.  Open to whoever has it: who reads the mail need have no
 * account.  Opening it verifies nothing, since programs that look into mail open every link; the page's button does. */
#include "registry/contacts.h"
#include "gateway/answer.h"
#include "gateway/joining.h"
#include "gateway/session/limits.h"
#include "gateway/session/strict.h"
#include "gateway/vendor/door.h"
#include "portal/texts.h"
#include "wire/http.h"

enum { HOUR_S = 3600 };

struct verifying { /* c->state; the worker's, while it has it */
    struct str hash;
    int64_t now_s;
    bool confirms;
    struct contact_link link;
    struct kv_got count;
    struct vendors_got got;
};

static bool look(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct verifying *x = with;

    return contact_link_get(d, a, x->hash, x->now_s, &x->link, f) &&
           (!x->confirms || contact_verify(d, a, x->hash, x->now_s, f));
}

static enum step find(struct ctx *c, struct fail *f)
{
    struct verifying *x = c->state = arena_make(c->arena, struct verifying);

    (void)f;
    if (c->req->method == HTTP_POST && !strict_own_origin(c))
        return vendor_refuse(c, FAIL_DENIED, "other_origin");
    x->hash = invitation_hash(c->arena, c->req->param);
    x->now_s = c->now_s;
    x->confirms = c->req->method == HTTP_POST;
    limit_ask(c, LIMIT_invited, limit_place(c), HOUR_S, &x->count);
    return WAIT;
}

static enum step ask(struct ctx *c, struct fail *f)
{
    struct verifying *x = c->state;

    if (!limit_keep(LIMIT_invited, &x->count, "a link of a contact", f))
        return REFUSE;
    return vendor_ask(c, look, x, &x->got, f);
}

static enum step show(struct ctx *c, struct fail *f)
{
    struct verifying *x = c->state;
    static const enum vendor_text words[CONTACT_COUNT] = { V_v_technology, V_v_privacy, V_v_incidents };

    if (!x->got.ok) {
        *f = x->got.why;
        return REFUSE;
    }
    const struct organisation *o = registry_organisation(c->registry, x->link.organisation);
    if (o == NULL)
        return fail(f, FAIL_NOT_FOUND, "no_contact_link", "its organisation has gone");
    const struct vendor_contact_view v = { .page = page_for(c, x->confirms ? (struct str){ NULL, 0 } : c->req->path),
                                           .token = c->req->param,
                                           .organisation = names_in(&o->names, c->lang),
                                           .address = x->link.address,
                                           .what = vendor_text(words[x->link.which], c->lang),
                                           .done = x->confirms };
    return answer_page(c, 200, page_vendor_contact(c->arena, &v));
}

const struct step_row vendor_contact[] = { { find }, { ask }, { show }, { NULL } };
const struct step_row vendor_contact_verify[] = { { find }, { ask }, { show }, { NULL } };
