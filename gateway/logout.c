/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/logout.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "base/seals.h"
#include "base/settings.h"
#include "gateway/flow.h"
#include "gateway/session.h"
#include "launcher/pages.h"
#include "wire/form.h"
#include "wire/http.h"

static const struct str sealed_for = S("sign-out");

/* ── ending ─────────────────────────────────────────────────────────────── */

static enum step end_ask(struct ctx *c, struct fail *f)
{
    struct flow *flow = flow_of(c);
    struct str key = session_key(c);

    (void)f;
    flow->old.outcome = KV_MISS;
    flow->audit.durable = true;
    if (key.p == NULL)
        return NEXT;
    session_drop(c, key, &flow->old);
    if (c->session != NULL)
        flow_audit(c, "logout", (struct str){ NULL, 0 }, (struct str){ NULL, 0 }, (struct str){ NULL, 0 });
    return WAIT;
}

/* Services' own sessions are theirs; one that was never told may still be open. */
static void list_left(struct ctx *c, struct signed_out_view *v)
{
    size_t n = c->session != NULL ? c->session->services.n : 0;
    struct left *at = arena_make_n(c->arena, n + 2, struct left);

    at[v->left.n++] = (struct left){ .name = c->set->name, .receipt = RECEIPT_OUT };
    for (size_t i = 0; i < n; i++) {
        const struct service *s = registry_service(c->registry, c->session->services.at[i]);
        if (s != NULL)
            at[v->left.n++] = (struct left){ .name = names_in(&s->names, c->lang), .receipt = RECEIPT_OPEN };
    }
    const struct idp *idp = c->session != NULL ? registry_idp(c->registry, c->session->person->idp) : NULL;
    if (idp != NULL && idp->kind != IDP_LOCAL) {
        v->city = names_in(&idp->names, c->lang);
        at[v->left.n++] = (struct left){ .name = v->city, .receipt = RECEIPT_OPEN };
    }
    v->left.at = at;
}

static enum step end_done(struct ctx *c, struct fail *f)
{
    const struct logout *l = c->state;

    if (flow_of(c)->old.outcome == KV_DOWN)
        return flow_kv_down(f, "session");
    if (!flow_audited(c, f))
        return REFUSE;
    if (c->session != NULL)
        flow_count(c, METRIC_sign_outs);
    session_cookie_clear(c);
    if (l->go_back && str_is_set(l->back))
        return flow_go(c, l->back);
    struct signed_out_view v = { .back = l->back };
    list_left(c, &v);
    if (l->by != NULL)
        v.service = names_in(&l->by->names, c->lang);
    c->session = NULL;
    v.page = page_for(c, (struct str){ NULL, 0 });
    return flow_page(c, 200, page_signed_out(c->arena, &v));
}

const struct step_row logout_now[] = { { end_ask }, { end_done }, { NULL } };

/* ── asking first ───────────────────────────────────────────────────────── */

/* The address travels through the form sealed: nobody can put another there. */
enum step logout_confirm(struct ctx *c, const struct logout *l)
{
    struct sign_out_view v = { .page = page_for(c, (struct str){ NULL, 0 }),
                               .csrf = c->session != NULL ? c->session->csrf : S(""),
                               .stay = S("/") };

    if (l->by != NULL)
        v.service = names_in(&l->by->names, c->lang);
    if (str_is_set(l->back))
        v.state = b64url_encode(c->arena, seal_close(c->arena, c->world, c->seals, SEAL_COOKIE, sealed_for, l->back));
    return flow_page(c, 200, page_sign_out(c->arena, &v));
}

static enum step load_session(struct ctx *c, struct fail *f)
{
    (void)f;
    (void)flow_of(c);
    c->state = arena_make(c->arena, struct logout);
    return step_into(c, session_load);
}

static enum step show(struct ctx *c, struct fail *f)
{
    (void)f;
    return c->session != NULL ? logout_confirm(c, c->state) : step_into(c, logout_now);
}

/* A page of somebody else's cannot know the token; who is signed out already loses nothing. */
static enum step check_csrf(struct ctx *c, struct fail *f)
{
    struct logout *l = c->state;
    struct str sealed;

    if (c->session != NULL && !crypt_eq(c->session->csrf, form_get(c->body, S("csrf"))))
        return logout_confirm(c, l);
    if (b64url_decode(c->arena, form_get(c->body, S("state")), &sealed) &&
        seal_open(c->arena, c->seals, SEAL_COOKIE, sealed_for, sealed, &l->back))
        l->go_back = true;
    (void)f;
    return step_into(c, logout_now);
}

const struct step_row sign_out_page[] = { { load_session }, { show }, { NULL } };
const struct step_row sign_out[] = { { load_session }, { check_csrf }, { NULL } };
