/* SPDX-License-Identifier: EUPL-1.2
 * What municipalities have decided about a service: the receipts of them, as their administrators see them.
 *
 * Names and offices that a municipality typed into its decision stand there; who of its people pressed what does not.
 */
#include "policy/receipts.h"
#include "gateway/answer.h"
#include "gateway/vendor/door.h"
#include "gateway/vendor/use.h"
#include "model/when.h"
#include "portal/texts.h"
#include "registry/permissions.h"

enum { RECEIPTS_SHOWN = 400 };

void vendor_receipts(struct ctx *c, const struct service *s, struct vendor_use_view *v)
{
    const struct receipts all = receipts_about(c->registry, s);
    struct vendor_receipt_row *at = arena_make_n(c->arena, RECEIPTS_SHOWN, struct vendor_receipt_row);

    v->receipts.at = at;
    for (size_t i = 0; i < all.n && i < RECEIPTS_SHOWN; i++) {
        const struct receipt_words w = receipt_words(c->arena, c->registry, all.at[i], 0, c->lang, c->now_s);
        at[v->receipts.n++] = (struct vendor_receipt_row){ .id = w.id,
                                                           .provider = w.provider,
                                                           .whom = w.whom,
                                                           .gives = w.gives,
                                                           .keeps = w.keeps,
                                                           .until = w.until,
                                                           .in_force = w.in_force,
                                                           .later = w.later,
                                                           .withdrawn = all.at[i]->withdrawn_s != 0 };
    }
}

/* ── one of them ────────────────────────────────────────────────────────── */

struct looking { /* c->state */
    const struct permission *receipt;
    const struct service *service;
    struct permission_story story;
    struct desk_got got;
};

static bool story_sql(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct looking *x = with;

    return permission_story(d, a, x->receipt->id, &x->story, f);
}

static enum step find(struct ctx *c, struct fail *f)
{
    struct looking *x = arena_make(c->arena, struct looking);

    c->state = x;
    x->receipt = receipt_named(c->registry, c->req->param);
    x->service = x->receipt != NULL ? vendor_own_service(c, x->receipt->service) : NULL;
    if (x->service == NULL)
        return vendor_refuse(c, FAIL_NOT_FOUND, "not_found");
    return vendor_ask_registry(c, story_sql, x, &x->got, f);
}

static enum step show(struct ctx *c, struct fail *f)
{
    const struct looking *x = c->state;
    struct vendor_receipt_view v = { .id = x->service->id, .title = names_in(&x->service->names, c->lang) };

    if (!x->got.ok) {
        *f = x->got.why;
        return REFUSE;
    }
    v.receipt = receipt_words(c->arena, c->registry, x->receipt, x->story.at_s, c->lang, c->now_s);
    if (x->story.draft != 0) {
        v.receipt.asked = when_full(c->arena, x->story.asked_s, c->lang);
        v.receipt.approved = when_full(c->arena, x->story.at_s, c->lang);
    }
    vendor_page_for(c, VENDOR_PLACE_SERVICES, true, arena_join(c->arena, S("/vendor/receipt/"), x->receipt->id),
                    &v.con);
    v.con.tab = VENDOR_TAB_USE;
    return answer_page(c, 200, page_vendor_receipt(c->arena, &v));
}

const struct step_row vendor_receipt[] = { { vendor_door }, { find }, { show }, { NULL } };
