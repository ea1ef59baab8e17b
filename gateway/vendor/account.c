/* SPDX-License-Identifier: EUPL-1.2
 * By what somebody signs in: passkeys, added and removed, and recovery codes, made anew. */
#include "base/codec.h"
#include "gateway/answer.h"
#include "gateway/session/ceremony.h"
#include "gateway/session/done.h"
#include "gateway/session/session.h"
#include "gateway/vendor/door.h"
#include "model/when.h"
#include "portal/texts.h"
#include "wire/form.h"
#include "wire/http.h"

enum { NAME_MAX = 40 };

static const struct str here = S("/vendor/account");

struct account_on { /* c->state; the worker's, while it has it */
    struct vendor_account_view v;
    struct kept_passkeys passkeys;
    struct str account, id, client, data, name, papers[RECOVERY_CODES];
    int64_t left, now_s;
    struct passkey_asked want;
    struct kv_got used;
    struct vendors_got listed, got;
    const char *done; /* what is said where it leads; NULL: on this page */
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
        x->now_s = c->now_s;
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

    return passkeys_of(d, a, x->account, &x->passkeys, f) && recovery_left(d, a, x->account, &x->left, f);
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

static struct str done_words(struct ctx *c)
{
    struct str what = done_here(c, NULL);

    return str_eq(what, S("kept"))   ? say(c, V_v_passkey_kept)
           : str_eq(what, S("gone")) ? say(c, V_v_passkey_gone)
                                     : (struct str){ NULL, 0 };
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
    put_passkeys(c, x);
    ceremony_ask(c, bound_to(c), &x->v.challenge, &x->v.seal);
    x->v.rp = passkey_rp(c->set->public_url);
    x->v.user = b64url_encode(c->arena, x->account);
    x->v.username = own != NULL ? own->username : person_display_name(c->arena, c->person);
    x->v.papers_left = arena_printf(c->arena, "%lld", (long long)x->left);
    return answer_page(c, str_is_set(x->v.trouble) ? 400 : 200, page_vendor_account(c->arena, &x->v));
}

const struct step_row vendor_account[] = { { vendor_door }, { list }, { show }, { NULL } };

/* ── acts ───────────────────────────────────────────────────────────────── */

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

    return passkey_drop(d, a, x->account, x->id, f);
}

static bool keep_papers(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct account_on *x = with;

    return recovery_put(d, a, x->account, x->papers, f);
}

static enum step add_passkey(struct ctx *c, struct account_on *x)
{
    x->client = ceremony_part(c, "client");
    x->data = ceremony_part(c, "data");
    x->name = form_typed(c->body, S("name"), NAME_MAX);
    x->done = "kept";
    return str_is_set(x->client) && str_is_set(x->data) && ceremony_answered(c, bound_to(c), &x->want, &x->used) ? WAIT
                                                                                                                 : NEXT;
}

static enum step read(struct ctx *c, struct fail *f)
{
    struct account_on *x = account_on(c);
    struct str act = form_get(c->body, S("act"));

    if (str_eq(act, S("passkey")))
        return add_passkey(c, x);
    if (str_eq(act, S("papers"))) {
        recovery_make(c->arena, c->world, x->papers);
        return vendor_ask(c, keep_papers, x, &x->got, f);
    }
    if (!str_eq(act, S("remove")))
        return fail(f, FAIL_CALLER, "invalid_request", "there is no act \"%.*s\"", STR_ARG(act));
    x->id = ceremony_part(c, "id");
    x->done = "gone";
    return vendor_ask(c, drop, x, &x->got, f);
}

static enum step run(struct ctx *c, struct fail *f)
{
    struct account_on *x = account_on(c);

    if (!str_is_set(x->want.challenge))
        return NEXT;
    if (x->used.outcome == KV_DOWN)
        return kv_away(f, "passkey");
    return x->used.outcome == KV_MISS ? vendor_ask(c, keep, x, &x->got, f) : NEXT;
}

static enum step acted(struct ctx *c, struct fail *f)
{
    struct account_on *x = account_on(c);

    if (!x->got.ok && x->got.why.kind == FAIL_OURS) {
        *f = x->got.why;
        return REFUSE;
    }
    if (x->got.ok && x->done != NULL)
        return done_go(c, here, x->done, S(""));
    if (!x->got.ok)
        x->v.trouble = say(c, V_v_passkey_refused);
    else {
        x->v.papers.at = x->papers;
        x->v.papers.n = RECOVERY_CODES;
    }
    return NEXT;
}

const struct step_row vendor_account_act[] = { { vendor_door }, { read }, { run }, { acted },
                                               { list },        { show }, { NULL } };
