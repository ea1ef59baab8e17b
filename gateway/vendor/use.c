/* SPDX-License-Identifier: EUPL-1.2
 * Who has a service in use, and how much. */
#include "gateway/vendor/use.h"

#include "gateway/answer.h"
#include "gateway/vendor/door.h"

static enum step page(struct ctx *c, struct fail *f)
{
    const struct service *s = vendor_own_service(c, c->req->param);
    struct vendor_use_view v = { 0 };

    (void)f;
    if (s == NULL)
        return vendor_refuse(c, FAIL_NOT_FOUND, "not_found");
    v.id = s->id;
    v.title = names_in(&s->names, c->lang);
    v.test = s->test;
    vendor_receipts(c, s, &v);
    vendor_page_for(c, VENDOR_PLACE_SERVICES, true, arena_join(c->arena, S("/vendor/use/"), s->id), &v.con);
    v.con.tab = VENDOR_TAB_USE;
    return answer_page(c, 200, page_vendor_use(c->arena, &v));
}

const struct step_row vendor_use[] = { { vendor_door }, { page }, { NULL } };
