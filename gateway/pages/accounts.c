/* SPDX-License-Identifier: EUPL-1.2
 * Accounts of one person in two municipalities: one is added by proving it, both are said to be one's own, and parted.
 * What that is, gateway/beside.h says. */
#include "base/codec.h"
#include "base/crypt.h"
#include "gateway/answer.h"
#include "gateway/beside.h"
#include "gateway/flow.h"
#include "gateway/session/done.h"
#include "gateway/session/login_cookie.h"
#include "gateway/session/session.h"
#include "launcher/pages.h"
#include "model/when.h"
#include "wire/form.h"
#include "wire/http.h"

enum { MARK_CHARS = 16 };

static const struct str here = S("/me/accounts");

struct accounts {             /* c->state; what a worker thread touches is in here alone */
    struct str person, other; /* other: of the pair that is parted */
    struct pairs pairs;
    struct links_got got;
    struct beside_look look;
};

static bool read_pairs(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct accounts *x = with;

    return pairs_of(d, a, x->person, &x->pairs, f);
}

static enum step ask_pairs(struct ctx *c, struct fail *f)
{
    struct accounts *x = arena_make(c->arena, struct accounts);

    c->state = x;
    x->person = c->session->person->id;
    if (c->links == NULL || !links_ask(c->links, c->work, &c->batch, c->arena, read_pairs, x, &x->got))
        return fail(f, FAIL_BUSY, "busy", "too many jobs wait");
    return WAIT;
}

static struct str provider_name(const struct ctx *c, struct str id)
{
    const struct provider *p = registry_provider(c->registry, id);

    return p != NULL ? names_in(&p->names, c->lang) : id;
}

static struct str city_of(const struct ctx *c, const struct person *p)
{
    const struct idp *idp = registry_idp(c->registry, p->idp);

    return idp != NULL && idp->provider != NULL ? names_in(&idp->provider->names, c->lang) : S("");
}

/* By what a form names a pair: a person's id leaves the gateway in no form. */
static struct str mark_of(struct ctx *c, struct str other)
{
    return str_sub(sha256_hex(c->arena, arena_join(c->arena, S("pair "), other)), 0, MARK_CHARS);
}

static enum accounts_said said_of(struct str done)
{
    static const char *const words[] = { [ACCOUNTS_SAID_JOINED] = "joined",
                                         [ACCOUNTS_SAID_PARTED] = "parted",
                                         [ACCOUNTS_SAID_NOT_SAME] = "not_same",
                                         [ACCOUNTS_SAID_OVER] = "over",
                                         [ACCOUNTS_SAID_LEFT] = "left" };

    for (size_t i = 1; i < sizeof words / sizeof *words; i++)
        if (str_eq(done, str_of(words[i])))
            return (enum accounts_said)i;
    return ACCOUNTS_SAID_NOTHING;
}

static enum step show(struct ctx *c, struct fail *f)
{
    const struct accounts *x = c->state;
    struct account_row *rows = arena_make_n(c->arena, PAIRS_OF_ONE_MAX + 1, struct account_row);
    struct accounts_view v = { .page = page_for(c, here),
                               .said = said_of(done_here(c, NULL)),
                               .shared = c->session->shared,
                               .name = person_display_name(c->arena, c->session->person),
                               .city = city_of(c, c->session->person) };

    if (!x->got.ok)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "pairs: %s", x->got.why.detail);
    for (size_t i = 0; i < x->pairs.n && v.rows.n < PAIRS_OF_ONE_MAX; i++) {
        const struct pair *p = &x->pairs.at[i];
        rows[v.rows.n++] = (struct account_row){ .mark = mark_of(c, p->other),
                                                 .city = provider_name(c, p->other_provider),
                                                 .provider = p->other_provider,
                                                 .since = when_date(c->arena, p->at_s),
                                                 .here = c->beside != NULL && !c->beside->waits &&
                                                         str_eq(c->beside->person->id, p->other) };
    }
    v.rows.at = rows;
    if (c->beside != NULL && c->beside->waits) {
        v.asked = true;
        v.other_name = person_display_name(c->arena, c->beside->person);
        v.other_city = city_of(c, c->beside->person);
        v.with = c->beside->csrf;
    }
    flow_leave_idle(c);
    return answer_page(c, 200, page_accounts(c->arena, &v));
}

const struct step_row accounts_show[] = {
    { session_find }, { flow_need_person }, { session_find_beside }, { ask_pairs }, { show }, { NULL }
};

/* ── adding one ─────────────────────────────────────────────────────────── */

/* The first that the picker shows; where a municipality has several, the person chooses. */
static struct str only_idp_of(const struct ctx *c, struct str provider)
{
    const struct registry_parts *p = registry_parts(c->registry);
    struct str found = { NULL, 0 };

    for (size_t i = 0; str_is_set(provider) && i < p->idp_count; i++) {
        const struct idp *idp = &p->idps[i];
        if (!idp->enabled || !idp->listed || idp->provider == NULL || !str_eq(idp->provider->id, provider))
            continue;
        if (found.p != NULL)
            return (struct str){ NULL, 0 };
        found = idp->id;
    }
    return found;
}

/* A device may be signed in at that city as somebody else: for what is said for good, the city sees them log in. */
static enum step add(struct ctx *c, bool known, struct fail *f)
{
    struct str provider = form_get(c->body, S("provider"));

    c->login = login_own(c, known ? S("/") : here);
    c->login->idp = known ? only_idp_of(c, provider) : (struct str){ NULL, 0 };
    c->login->prompt = PROMPT_SELECT | (known ? 0 : PROMPT_LOGIN);
    c->login->beside = c->session->sid;
    c->login->shared = c->session->shared;
    return flow_next(c, f);
}

/* ── both are theirs ────────────────────────────────────────────────────── */

static enum step join_ask(struct ctx *c, struct fail *f)
{
    struct accounts *x = c->state = arena_make(c->arena, struct accounts);

    /* The page named this very account: another that was proven meanwhile, in another tab, is not joined by it. */
    if (c->beside == NULL || !c->beside->waits || !crypt_eq(c->beside->csrf, form_get(c->body, S("with"))))
        return done_go(c, here, "over", S(""));
    return beside_join_ask(c, c->beside->person, &x->look, f) ? WAIT : REFUSE;
}

static enum step join_read(struct ctx *c, struct fail *f)
{
    const struct accounts *x = c->state;
    struct session *own = c->session;

    if (!x->look.got.ok && x->look.got.why.kind == FAIL_OURS)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "pairs: %s", x->look.got.why.detail);
    if (!x->look.got.ok || x->look.verdict != BESIDE_PAIRED) {
        beside_end(c);
        return done_go(c, here, "not_same", S(""));
    }
    flow_audit(c, "accounts_joined", (struct str){ NULL, 0 }, (struct str){ NULL, 0 }, (struct str){ NULL, 0 });
    c->beside->waits = false;
    session_change(c, c->beside);
    c->session = c->beside;
    c->person = c->beside->person;
    flow_audit(c, "accounts_joined", (struct str){ NULL, 0 }, (struct str){ NULL, 0 }, (struct str){ NULL, 0 });
    c->session = own;
    c->person = own->person;
    return WAIT;
}

static enum step join_done(struct ctx *c, struct fail *f)
{
    return flow_audited(c, f) ? done_go(c, here, "joined", S("")) : REFUSE;
}

static const struct step_row join[] = { { join_ask }, { join_read }, { join_done }, { NULL } };

/* ── they are parted ────────────────────────────────────────────────────── */

static bool drop_pair(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct accounts *x = with;

    (void)a;
    return pair_drop(d, x->person, x->other, f);
}

static enum step part_find(struct ctx *c, struct fail *f)
{
    struct accounts *x = c->state;
    struct str mark = form_get(c->body, S("mark"));

    if (!x->got.ok)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "pairs: %s", x->got.why.detail);
    for (size_t i = 0; i < x->pairs.n; i++)
        if (str_eq(mark_of(c, x->pairs.at[i].other), mark))
            x->other = x->pairs.at[i].other;
    if (!str_is_set(x->other))
        return done_go(c, here, "over", S(""));
    flow_audit(c, "accounts_parted", (struct str){ NULL, 0 }, (struct str){ NULL, 0 }, (struct str){ NULL, 0 });
    if (!links_ask(c->links, c->work, &c->batch, c->arena, drop_pair, x, &x->got))
        return fail(f, FAIL_BUSY, "busy", "too many jobs wait");
    return WAIT;
}

static enum step part_end(struct ctx *c, struct fail *f)
{
    const struct accounts *x = c->state;

    if (!flow_audited(c, f))
        return REFUSE;
    if (!x->got.ok)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "pairs: %s", x->got.why.detail);
    if (c->beside == NULL || !str_eq(c->beside->person->id, x->other))
        return NEXT;
    beside_end(c);
    return WAIT;
}

static enum step part_done(struct ctx *c, struct fail *f)
{
    (void)f;
    return done_go(c, here, "parted", S(""));
}

static const struct step_row part[] = { { ask_pairs }, { part_find }, { part_end }, { part_done }, { NULL } };

/* ── signed out at the other one alone, or not theirs after all ─────────── */

static enum step leave_ask(struct ctx *c, struct fail *f)
{
    (void)f;
    if (c->beside == NULL)
        return NEXT;
    beside_end(c);
    return WAIT;
}

static enum step leave_done(struct ctx *c, struct fail *f)
{
    (void)f;
    return done_go(c, here, "left", S(""));
}

static const struct step_row leave[] = { { leave_ask }, { leave_done }, { NULL } };

static enum step act(struct ctx *c, struct fail *f)
{
    struct str what = form_get(c->body, S("act"));

    if (!crypt_eq(c->session->csrf, form_get(c->body, S("csrf"))))
        return answer_go(c, here);
    if (str_eq(what, S("join")))
        return step_into(c, join);
    if (str_eq(what, S("part")))
        return step_into(c, part);
    if (str_eq(what, S("leave")))
        return step_into(c, leave);
    return add(c, str_eq(what, S("open")), f);
}

const struct step_row accounts_act[] = {
    { session_find }, { flow_need_person }, { session_find_beside }, { act }, { NULL }
};
