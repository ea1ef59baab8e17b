/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/upstream_vendor.h"

#include "base/codec.h"
#include "base/seals.h"
#include "base/settings.h"
#include "gateway/answer.h"
#include "gateway/flow.h"
#include "gateway/session/login_cookie.h"
#include "gateway/session/proven.h"
#include "gateway/session/session.h"
#include "idp-adapters/adapter.h"
#include "idp-adapters/refusals.h"
#include "model/pairwise.h"
#include "portal/pages.h"
#include "wire/form.h"
#include "wire/http.h"

enum { PROOF_MAX_B = 3800 /* what browsers take of one cookie */ };

static const struct str cookie_name = S("vendor_proof");

bool idp_is_outside(const struct idp *idp)
{
    return idp != NULL && idp->enabled && idp->vendors && idp->kind != IDP_LOCAL;
}

struct strs outside_listed(struct arena *a, const struct registry *r)
{
    const struct registry_parts *p = registry_parts(r);
    struct strs out = { arena_make_n(a, p->idp_count + 1, struct str), 0 };

    for (size_t i = 0; i < p->idp_count; i++)
        if (idp_is_outside(&p->idps[i]))
            out.at[out.n++] = p->idps[i].id;
    return out;
}

enum step outside_begin(struct ctx *c, const struct idp *idp, struct str back, bool fresh, struct fail *f)
{
    c->login = login_own(c, back);
    if (fresh)
        c->login->prompt |= PROMPT_LOGIN;
    return flow_to_idp(c, idp, f);
}

/* ── what was proven, at this browser ───────────────────────────────────── */

static bool is_to(const struct ctx *c, const char *path)
{
    return !str_is_set(c->login->service) && str_has_prefix(c->login->answer_to, str_of(path));
}

/* For one path, and for one's own account in one session: what was proven in another is not of this one. */
static struct str bound_to(struct ctx *c, struct str path)
{
    struct str sid = str_eq(path, S(OUTSIDE_ACCOUNT)) && c->session != NULL ? c->session->sid : S("");

    return arena_printf(c->arena, "%.*s %.*s %.*s", STR_ARG(cookie_name), STR_ARG(path), STR_ARG(sid));
}

static bool keep_proof(struct ctx *c, struct fail *f)
{
    struct person named = { .given_names = c->person->given_names,
                            .family_name = c->person->family_name,
                            .calling_name = c->person->calling_name,
                            .subject = c->person->subject,
                            .origin = c->person->origin };
    const struct proven p = { .idp = c->login->idp,
                              .upstream_id = c->login->id,
                              .person = &named,
                              .replay = S(""),
                              .ends_s = c->now_s + OUTSIDE_PROOF_S };
    struct str sealed = seal_close(c->arena, c->world, c->seals, SEAL_COOKIE, bound_to(c, c->login->answer_to),
                                   proven_write(c->arena, &p));
    struct str text = b64url_encode(c->arena, sealed);

    if (text.n > PROOF_MAX_B)
        return refusal(f, REFUSAL_person_too_large, "more than a cookie holds: %zu bytes", text.n);
    http_set_cookie(c->res, cookie_name, text, OUTSIDE_PROOF_S, SAME_SITE_LAX);
    return true;
}

bool outside_proof(struct ctx *c, struct str path, struct outside *out)
{
    struct str value = http_cookie(c->req, cookie_name), sealed, plain;

    if (!str_is_set(value) || value.n > PROOF_MAX_B || !b64url_decode(c->arena, value, &sealed) ||
        !seal_open(c->arena, c->seals, SEAL_COOKIE, bound_to(c, path), sealed, &plain))
        return false;
    const struct proven *p = proven_parse(c->arena, plain);
    if (p == NULL || p->ends_s <= c->now_s || !idp_is_outside(registry_idp(c->registry, p->idp)) ||
        !str_is_set(p->person->subject))
        return false;
    *out = (struct outside){ { p->idp, p->person->origin, p->person->subject }, p->person };
    return true;
}

void outside_proof_drop(struct ctx *c)
{
    if (str_is_set(http_cookie(c->req, cookie_name)))
        http_set_cookie(c->res, cookie_name, S(""), 0, SAME_SITE_LAX);
}

/* ── whose it is ────────────────────────────────────────────────────────── */

struct coming_in { /* c->state; the worker's, while it has it */
    struct identity_key key;
    struct kept_identity found;
    int64_t now_s;
    struct vendors_got got;
};

static bool look(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct coming_in *x = with;

    return identity_find(d, a, &x->key, x->now_s, &x->found, f);
}

static enum step ask(struct ctx *c, struct fail *f)
{
    struct coming_in *x = c->state = arena_make(c->arena, struct coming_in);

    if (!str_is_set(c->person->subject))
        return refusal(f, REFUSAL_no_subject, "the identity provider names nobody");
    x->key = (struct identity_key){ c->login->idp, c->person->origin, c->person->subject };
    x->now_s = c->now_s;
    x->got.ok = c->vendors == NULL;
    if (c->vendors == NULL)
        return NEXT;
    if (!vendors_ask(c->vendors, c->work, &c->batch, c->arena, look, x, &x->got))
        return fail(f, FAIL_BUSY, "busy", "too many jobs wait");
    return WAIT;
}

/* What there is of them is the account's: its names, its roles in organisations.  When and how they were seen is said
 * by whoever has seen them. */
static void become(struct ctx *c, const struct account *account, const struct idp *own)
{
    const struct person *seen = c->person;
    struct person *p = local_person(c->arena, account, own, c->set->public_url, seen->auth_time_s);

    p->proven_at = c->login->idp;
    p->acr = seen->acr;
    p->amr = seen->amr;
    p->city_ends_s = seen->city_ends_s;
    p->city_name = seen->city_name;
    p->city_session = seen->city_session;
    c->person = p;
}

static bool become_account(struct ctx *c, struct str id)
{
    const struct account *account = registry_account_id(c->registry, id);
    const struct idp *own = account != NULL ? registry_idp(c->registry, account->idp) : NULL;

    if (own == NULL || !account->enabled || !own->enabled || !own->vendors || own->kind != IDP_LOCAL)
        return false;
    become(c, account, own);
    return true;
}

/* ── kept for a page ────────────────────────────────────────────────────── */

static enum step proof_kept(struct ctx *c, struct fail *f)
{
    (void)f;
    return step_into(c, login_keep);
}

static enum step proof_go(struct ctx *c, struct fail *f)
{
    (void)f;
    return answer_go(c, c->login->answer_to);
}

static const struct step_row to_page[] = { { proof_kept }, { proof_go }, { NULL } };

static enum step with_proof(struct ctx *c, struct fail *f)
{
    if (!keep_proof(c, f))
        return REFUSE;
    c->login->state = LOGIN_ANSWERED;
    return step_into(c, to_page);
}

/* ── nobody's ───────────────────────────────────────────────────────────── */

static enum step nobody_ask(struct ctx *c, struct fail *f)
{
    (void)f;
    c->login->state = LOGIN_REFUSED;
    c->person->idp = c->login->idp;
    c->person->id = pairwise_person(c->arena, c->seals, c->person->idp, c->person->subject);
    flow_audit(c, "refused", (struct str){ NULL, 0 }, (struct str){ NULL, 0 }, S("no_vendor_account"));
    return WAIT;
}

static enum step nobody_say(struct ctx *c, struct fail *f)
{
    const struct idp *idp = registry_idp(c->registry, c->login->idp);
    struct vendor_ways_view v = { .page = page_for(c, (struct str){ NULL, 0 }),
                                  .unknown = true,
                                  .name = person_display_name(c->arena, c->person),
                                  .idp = names_in(&idp->names, c->lang) };

    if (!flow_audited(c, f))
        return REFUSE;
    v.again = url_to(c->arena, S(OUTSIDE_ENTER "?fresh=1"), S("idp"), idp->id);
    return answer_page(c, 403, page_vendor_ways(c->arena, &v));
}

static const struct step_row nobody[] = { { nobody_ask }, { nobody_say }, { NULL } };

static enum step settle(struct ctx *c, struct fail *f)
{
    struct coming_in *x = c->state;

    c->state = NULL;
    if (!x->got.ok) {
        *f = x->got.why;
        return REFUSE;
    }
    if (is_to(c, OUTSIDE_ACCOUNT))
        return with_proof(c, f);
    if (str_is_set(x->found.account) && become_account(c, x->found.account))
        return NEXT;
    /* Whom the registry names there by themselves. */
    if (registry_staff(c->registry, c->login->idp, c->person->subject, (struct str){ NULL, 0 }) != NULL)
        return NEXT;
    return is_to(c, OUTSIDE_INVITATION) ? with_proof(c, f) : step_into(c, nobody);
}

static const struct step_row coming_in[] = { { ask }, { settle }, { NULL } };

enum step upstream_vendor(struct ctx *c, struct fail *f)
{
    (void)f;
    return c->person != NULL && idp_is_outside(registry_idp(c->registry, c->login->idp)) ? step_into(c, coming_in)
                                                                                         : NEXT;
}
