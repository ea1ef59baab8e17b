/* SPDX-License-Identifier: EUPL-1.2
 * By what an account of our own signs in to the console: passkeys, and recovery codes beside its password.
 *
 * People of a city come by their city and have nothing here.  The first passkey of an account that had a password alone
 * (local_may_have_second()) brings its recovery codes, and the last one takes them along. */
#include "base/codec.h"
#include "base/settings.h"
#include "gateway/answer.h"
#include "gateway/console/door.h"
#include "gateway/session/ceremony.h"
#include "gateway/session/done.h"
#include "gateway/session/session.h"
#include "idp-adapters/adapter_local.h"
#include "model/when.h"
#include "registry/ends.h"
#include "registry/vendors.h"
#include "wire/form.h"
#include "wire/http.h"

enum { OWN_NAME_MAX = 40 };

static const struct str here = S("/admin/account");

struct owning { /* c->state; the worker's, while it has it */
    struct own_view v;
    const struct account *own;
    struct str account, id, client, data, name, papers[RECOVERY_CODES];
    int64_t left, now_s;
    bool vendors;    /* its codes are an app's besides, and stay */
    bool papers_new; /* they were made, and are shown */
    struct kept_passkeys kept;
    struct passkey_asked want;
    struct kv_got used;
    struct vendors_got listed, got;
    vendors_job *job;
    const char *done;
    bool ended;
};

static struct str bound_to(struct ctx *c)
{
    return arena_join(c->arena, S("admin-sid:"), c->session->sid);
}

static enum step find(struct ctx *c, struct fail *f)
{
    const struct idp *idp = registry_idp(c->registry, c->person->idp);
    const struct account *own = registry_account_id(c->registry, c->person->subject);
    struct owning *x = arena_make(c->arena, struct owning);

    if (!local_may_have_second(idp) || own == NULL || !str_eq(own->idp, idp->id))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    if (!console_fresh(c))
        return console_log_in_again(c, here, f);
    c->state = x;
    x->own = own;
    x->account = own->id;
    x->vendors = idp->vendors;
    x->now_s = c->now_s;
    return NEXT;
}

static enum step ask(struct ctx *c, vendors_job *job, struct owning *x, struct vendors_got *got, struct fail *f)
{
    return vendors_ask(c->vendors, c->work, &c->batch, c->arena, job, x, got)
               ? WAIT
               : fail(f, FAIL_BUSY, "busy", "too many jobs wait");
}

/* ── the page ───────────────────────────────────────────────────────────── */

static bool look(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct owning *x = with;

    return passkeys_of(d, a, x->account, &x->kept, f) && recovery_left(d, a, x->account, &x->left, f);
}

static enum step list(struct ctx *c, struct fail *f)
{
    struct owning *x = c->state;

    return ask(c, look, x, &x->listed, f);
}

static enum step show(struct ctx *c, struct fail *f)
{
    struct owning *x = c->state;
    struct own_passkey *rows = arena_make_n(c->arena, x->kept.n + 1, struct own_passkey);
    bool posted = c->req->method == HTTP_POST;

    if (!x->listed.ok) {
        *f = x->listed.why;
        return REFUSE;
    }
    console_page_for(c, PLACE_NONE, false, here, &x->v.con);
    for (size_t i = 0; i < x->kept.n; i++)
        rows[i] = (struct own_passkey){ b64url_encode(c->arena, x->kept.at[i].id),
                                        str_is_set(x->kept.at[i].name) ? x->kept.at[i].name : S("–"),
                                        when_date(c->arena, x->kept.at[i].made_s) };
    x->v.passkeys.at = rows;
    x->v.passkeys.n = x->kept.n;
    if (!posted)
        x->v.said = done_was(c, "gone") ? OWN_SAID_GONE : OWN_SAID_NOTHING;
    x->v.username = x->own->username;
    x->v.vendors = x->vendors;
    x->v.papers_left = arena_printf(c->arena, "%lld", (long long)x->left);
    ceremony_ask(c, bound_to(c), &x->v.challenge, &x->v.seal);
    x->v.rp = passkey_rp(c->set->public_url);
    x->v.user = b64url_encode(c->arena, x->account);
    return answer_page(c, x->v.said == OWN_SAID_WRONG ? 400 : 200, page_own(c->arena, &x->v));
}

const struct step_row admin_own[] = { { console_door }, { find }, { list }, { show }, { NULL } };

/* ── acts ───────────────────────────────────────────────────────────────── */

static bool keep_papers(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct owning *x = with;

    x->papers_new = recovery_put(d, a, x->account, x->papers, f);
    return x->papers_new;
}

/* The codes first: a passkey without them could lock its owner out. */
static bool keep(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct owning *x = with;
    struct passkey made;

    if (!passkey_made(a, &x->want, x->client, x->data, &made, f) || !look(x, d, a, f))
        return false;
    const struct kept_passkey row = {
        .id = made.id, .key = made.key, .count = made.count, .account = x->account, .name = x->name, .made_s = x->now_s
    };
    return (x->vendors || x->kept.n > 0 || keep_papers(x, d, a, f)) && passkey_put(d, a, &row, f);
}

static bool drop(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct owning *x = with;

    if (!passkey_drop(d, a, x->account, x->id, f) || !passkeys_of(d, a, x->account, &x->kept, f))
        return false;
    return x->vendors || x->kept.n > 0 || factors_drop(d, x->account, f);
}

static enum step read(struct ctx *c, struct fail *f)
{
    struct owning *x = c->state;
    struct str act = form_get(c->body, S("act"));

    recovery_make(c->arena, c->world, x->papers);
    if (str_eq(act, S("papers")))
        x->job = keep_papers;
    else if (str_eq(act, S("remove"))) {
        x->job = drop;
        x->id = ceremony_part(c, "id");
        x->done = "gone";
    } else if (str_eq(act, S("passkey"))) {
        x->client = ceremony_part(c, "client");
        x->data = ceremony_part(c, "data");
        x->name = form_typed(c->body, S("name"), OWN_NAME_MAX);
        if (str_is_set(x->client) && str_is_set(x->data) && ceremony_answered(c, bound_to(c), &x->want, &x->used)) {
            x->job = keep;
            return WAIT;
        }
    } else
        return fail(f, FAIL_CALLER, "invalid_request", "there is no act \"%.*s\"", STR_ARG(act));
    return NEXT;
}

static enum step run(struct ctx *c, struct fail *f)
{
    struct owning *x = c->state;

    if (x->job == keep && x->used.outcome == KV_DOWN)
        return kv_away(f, "passkey");
    if (x->job == NULL || (x->job == keep && x->used.outcome != KV_MISS))
        return NEXT;
    return ask(c, x->job, x, &x->got, f);
}

static enum step end_others(struct ctx *c, struct fail *f)
{
    struct owning *x = c->state;
    const struct mark m = { .kind = MARK_PERSON,
                            .what = c->person->id,
                            .spare = c->session->sid,
                            .at_s = c->now_s,
                            .until_s = c->now_s + session_longest_s(c->set) };

    if (!x->got.ok)
        return NEXT;
    if (!ends_mark(c->ends, c->work, &c->batch, c->arena, &m, &x->ended))
        return fail(f, FAIL_BUSY, "busy", "too many jobs wait");
    return WAIT;
}

static enum step acted(struct ctx *c, struct fail *f)
{
    struct owning *x = c->state;

    if (!x->got.ok && x->got.why.kind == FAIL_OURS) {
        *f = x->got.why;
        return REFUSE;
    }
    if (x->got.ok && !x->ended)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "the end of sessions was not kept");
    if (x->got.ok && x->done != NULL)
        return done_go(c, here, x->done, S(""));
    x->v.said = !x->got.ok ? OWN_SAID_WRONG : x->job == keep ? OWN_SAID_KEPT : OWN_SAID_NOTHING;
    if (x->got.ok && x->papers_new) {
        x->v.papers.at = x->papers;
        x->v.papers.n = RECOVERY_CODES;
    }
    return NEXT;
}

const struct step_row admin_own_act[] = { { console_door }, { find }, { read }, { run }, { end_others },
                                          { acted },        { list }, { show }, { NULL } };
