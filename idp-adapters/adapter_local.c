/* SPDX-License-Identifier: EUPL-1.2 */
#include "idp-adapters/adapter_local.h"

#include "base/crypt.h"
#include "base/settings.h"
#include "base/work.h"
#include "idp-adapters/fold.h"
#include "idp-adapters/password.h"
#include "wire/form.h"
#include "wire/http.h"
#include "wire/kv.h"

enum { USERNAME_MAX_B = 128 };

struct local { /* c->adapter_state; what a worker thread touches is in here alone */
    struct local_said said;
    const struct account *account;
    struct str hash, password;
    bool ok;
    struct str per_place, per_account;
    struct kv_got place_count, account_count, cleared;
};

static struct local *mine(const struct ctx *c)
{
    return c->adapter_state;
}

/* ── start: our own form ────────────────────────────────────────────────── */

static enum step start(struct ctx *c, struct fail *f)
{
    (void)f;
    c->login->fresh = true;
    c->upstream_url = url_to(c->arena, S("/sign-in/local"), S("login"), c->login->id);
    return NEXT;
}

static const struct step_row starting[] = { { start }, { NULL } };

/* ── finish ─────────────────────────────────────────────────────────────── */

/* One spelling counts for all of an account's, so case and Unicode variants share a counter. */
static struct str counter(struct ctx *c, struct str username, struct str place)
{
    struct str text =
        arena_printf(c->arena, "%.*s\n%.*s\n%.*s", STR_ARG(c->login->idp), STR_ARG(username), STR_ARG(place));

    return arena_join(c->arena, S("password:"), sha256_hex(c->arena, text));
}

/* Looked up at every use, like a city's: what was switched off meanwhile knows nobody. */
static bool in_use(const struct ctx *c)
{
    const struct idp *idp = registry_idp(c->registry, c->login->idp);

    return idp != NULL && idp->kind == IDP_LOCAL && idp->enabled;
}

static enum step read_form(struct ctx *c, struct fail *f)
{
    struct local *l = arena_make(c->arena, struct local);
    struct str typed = str_trim(form_get(c->body, S("username"))), password = form_get(c->body, S("password"));

    (void)f;
    c->adapter_state = l;
    c->person = NULL;
    l->said.empty = !str_is_set(typed) || !str_is_set(password);
    if (l->said.empty || typed.n > USERNAME_MAX_B || password.n > PASSWORD_MAX_B)
        return NEXT;
    struct str folded = fold_word(c->arena, typed);
    l->password = password;
    l->account = registry_account(c->registry, c->login->idp, folded);
    if (l->account == NULL)
        l->account = registry_account(c->registry, c->login->idp, typed);
    if (l->account != NULL && l->account->enabled && in_use(c))
        l->hash = l->account->password_hash;
    l->per_place = counter(c, folded, http_place(c->arena, c->req->peer));
    l->per_account = counter(c, folded, S("*"));
    kv_count(c->kv, &c->batch, c->arena, &l->place_count, KV_COUNT, l->per_place, LOCAL_WINDOW_S);
    kv_count(c->kv, &c->batch, c->arena, &l->account_count, KV_COUNT, l->per_account, LOCAL_WINDOW_S);
    return WAIT;
}

static void check_password(void *arg)
{
    struct local *l = arg;

    l->ok = password_ok(l->hash, l->password);
}

/* Away counts as over the limit would: an attempt that cannot be counted is not made. */
static enum step ask_worker(struct ctx *c, struct fail *f)
{
    struct local *l = mine(c);

    if (!str_is_set(l->per_place))
        return NEXT;
    if (l->place_count.outcome == KV_DOWN || l->account_count.outcome == KV_DOWN)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "Redis is away (attempts)");
    l->said.busy = l->place_count.number > c->set->local_guesses_max ||
                   l->account_count.number > c->set->local_guesses_max * LOCAL_ACCOUNT_FACTOR;
    l->said.wait_s = l->said.busy ? LOCAL_WINDOW_S : 0;
    if (l->said.busy)
        return NEXT;
    if (!work_ask(c->work, &c->batch, check_password, l))
        return fail(f, FAIL_BUSY, "busy", "too many passwords wait to be checked");
    return WAIT;
}

/* Right at last: the wrong ones before it are forgiven. */
static enum step forgive(struct ctx *c, struct fail *f)
{
    struct local *l = mine(c);

    (void)f;
    if (!l->ok || l->account == NULL)
        return NEXT;
    kv_delete(c->kv, &c->batch, c->arena, &l->cleared, KV_COUNT, l->per_place);
    kv_delete(c->kv, &c->batch, c->arena, &l->cleared, KV_COUNT, l->per_account);
    return WAIT;
}

struct person *local_person(struct arena *a, const struct account *account, const struct idp *idp, struct str origin,
                            int64_t now_s)
{
    struct person *p = person_copy(a, account->person);

    p->idp = idp->id;
    p->subject = account->id;
    p->origin = origin;
    p->acr = str_is_set(p->acr) ? p->acr : idp->acr;
    p->amr = S("pwd");
    p->auth_time_s = now_s;
    return p;
}

bool local_may_have_second(const struct idp *idp)
{
    return idp != NULL && idp->kind == IDP_LOCAL && (idp->vendors || idp->provider == NULL);
}

static enum step settle(struct ctx *c, struct fail *f)
{
    const struct local *l = mine(c);
    const struct idp *idp = registry_idp(c->registry, c->login->idp);

    (void)f;
    if (!l->ok || l->account == NULL || idp == NULL)
        return NEXT;
    c->person = local_person(c->arena, l->account, idp, c->set->public_url, c->now_s);
    return NEXT;
}

static const struct step_row finishing[] = { { read_form }, { ask_worker }, { forgive }, { settle }, { NULL } };

const struct adapter adapter_local = { IDP_LOCAL, starting, finishing, NULL, NULL };
