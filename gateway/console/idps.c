/* SPDX-License-Identifier: EUPL-1.2
 * Identity providers: how each is, what fails there and what mends it; switched off and on. */
#include "console/texts.h"
#include "gateway/answer.h"
#include "gateway/console/door.h"
#include "gateway/console/health.h"
#include "gateway/console/lines.h"
#include "gateway/console/listed.h"
#include "gateway/console/probed.h"
#include "gateway/session/done.h"
#include "idp-adapters/pins.h"
#include "idp-adapters/refusals.h"
#include "model/when.h"
#include "registry/edit.h"
#include "registry/registry.h"
#include "wire/form.h"
#include "wire/http.h"

#include <stdlib.h>

enum { ROWS_A_PAGE = 40, WHY_MAX_B = 200, HERE_MAX_B = 2048, OWN_MAX = 16, PINS_MAX_B = 262144 };

/* NULL: there is none of that id in the area; who may not see it does not learn that it is there. */
static const struct idp *idp_in_area(const struct ctx *c, struct str id)
{
    const struct idp *idp = registry_idp(c->registry, id);
    const struct area *area = &c->console->area;

    if (idp == NULL || !str_is_set(area->provider))
        return idp;
    return idp->provider != NULL && str_eq(idp->provider->id, area->provider) ? idp : NULL;
}

/* It is the municipality's, whoever of a school may see it. */
static bool may_change(const struct ctx *c, const struct idp *idp)
{
    const struct area whose = { .provider = idp->provider != NULL ? idp->provider->id : (struct str){ NULL, 0 } };

    return console_may_in(c, MAY_MANAGE_IDENTITY_PROVIDERS, &whose);
}

static struct str kind_name(const struct ctx *c, const struct idp *idp)
{
    return idp->kind == IDP_SAML   ? S("SAML")
           : idp->kind == IDP_OIDC ? S("OpenID Connect")
                                   : said(C_kind_local, c->lang);
}

static struct str provider_name(const struct ctx *c, const struct idp *idp)
{
    return idp->provider != NULL ? names_in(&idp->provider->names, c->lang) : S("");
}

/* ── all of them ────────────────────────────────────────────────────────── */

struct listed_idp {
    const struct idp *idp;
    struct health how;
    size_t place; /* by name */
};

/* Cities that are unwell come first. */
static int by_need(const void *x, const void *y)
{
    const struct listed_idp *a = x, *b = y;

    if (a->how.vital != b->how.vital)
        return (a->how.vital < b->how.vital) - (a->how.vital > b->how.vital);
    return (a->place > b->place) - (a->place < b->place);
}

static size_t list_of(struct ctx *c, struct str q, struct listed_idp *out)
{
    const struct registry_parts *parts = registry_parts(c->registry);
    const struct provider *p = console_provider(c);
    const struct listed found = p != NULL ? listed_idps_of(c, p, q) : listed_find(c, LISTED_IDPS, q);
    const struct tally_rows tally = tally_read(c->tally, c->arena, (struct str){ NULL, 0 }, c->now_s);

    for (size_t i = 0; i < found.n; i++) {
        const struct idp *idp = &parts->idps[found.at[i]];
        out[i] = (struct listed_idp){ idp, health_of(c, idp, &tally), i };
    }
    qsort(out, found.n, sizeof *out, by_need);
    return found.n;
}

static struct idp_row row_of(struct ctx *c, const struct listed_idp *x)
{
    return (struct idp_row){ .id = x->idp->id,
                             .name = names_in(&x->idp->names, c->lang),
                             .provider = provider_name(c, x->idp),
                             .kind = kind_name(c, x->idp),
                             .vital = x->how.vital,
                             .ok = lines_number(c, x->how.ok),
                             .failed = lines_number(c, x->how.failed),
                             .off = !x->idp->enabled };
}

static enum step show_all(struct ctx *c, struct fail *f)
{
    struct idps_view v = { .q = form_get(c->query, S("q")) };
    struct listed_idp *list = arena_make_n(c->arena, registry_parts(c->registry)->idp_count + 1, struct listed_idp);
    const struct paging p = paging_of(c, list_of(c, v.q, list), ROWS_A_PAGE);
    struct idp_row *rows = arena_make_n(c->arena, ROWS_A_PAGE, struct idp_row);
    struct buf b = buf_new(c->arena, HERE_MAX_B);

    (void)f;
    for (size_t i = p.from; i < p.end; i++)
        rows[v.rows.n++] = row_of(c, &list[i]);
    buf_add(&b, S("/admin/idps"));
    if (str_is_set(v.q))
        url_query(&b, S("q"), v.q);
    struct str here = buf_ok(&b) ? buf_str(&b) : S("/admin/idps");
    console_page_for(c, PLACE_IDPS, false, here, &v.con);
    v.rows.at = rows;
    struct ending_row *own = arena_make_n(c->arena, OWN_MAX, struct ending_row);
    v.own.at = own;
    v.own.n = v.con.nation ? health_own(c, own, OWN_MAX) : 0;
    v.removed = done_was(c, "removed");
    v.may_join =
        console_provider(c) != NULL &&
        console_may_in(c, MAY_MANAGE_IDENTITY_PROVIDERS, &(const struct area){ .provider = console_provider(c)->id });
    v.total = p.total;
    v.first = p.first;
    v.last = p.last;
    v.next = paging_next(c, &p, here);
    v.previous = paging_previous(c, &p, here);
    return answer_page(c, 200, page_idps(c->arena, &v));
}

const struct step_row admin_idps[] = { { console_door }, { show_all }, { NULL } };

/* ── one of them ────────────────────────────────────────────────────────── */

static void put_failures(struct ctx *c, const struct idp *idp, struct idp_view *v)
{
    const struct tally_rows tally = tally_read(c->tally, c->arena, idp->id, c->now_s);
    struct failure_row *rows = arena_make_n(c->arena, tally.n + 1, struct failure_row);
    int64_t ok = 0, failed = 0;

    for (size_t i = 0; i < tally.n; i++) {
        const struct tally_row *t = &tally.at[i];
        if (str_eq(t->code, S(TALLY_OK))) {
            ok += t->n;
            continue;
        }
        const struct refusal_row *known = refusal_of(arena_cstr(c->arena, t->code));
        failed += t->n;
        rows[v->failures.n++] = (struct failure_row){ .code = t->code,
                                                      .n = lines_number(c, t->n),
                                                      .since = when_full(c->arena, t->first_s, c->lang),
                                                      .what = health_kind(t->code),
                                                      .mend = str_of(known != NULL ? known->mend : "") };
    }
    v->failures.at = rows;
    v->quiet = ok + failed == 0;
    v->ok = lines_number(c, ok);
    v->failed = lines_number(c, failed);
}

static void put_keys(struct ctx *c, const struct idp *idp, struct idp_view *v)
{
    struct ending_row *endings = arena_make_n(c->arena, ENDINGS_MAX, struct ending_row);
    struct key_row *keys = arena_make_n(c->arena, HEALTH_KEYS_MAX, struct key_row);
    const struct keyring *pins = pins_of(c->registry, idp->id);
    size_t kept = 0;

    v->endings.at = endings;
    v->endings.n = health_endings(c, idp, endings);
    v->keys.at = keys;
    v->keys.n = health_keys(c, idp, keys);
    v->pinned = pins != NULL;
    for (size_t i = 0; i < v->keys.n; i++) {
        v->waits = v->waits || keys[i].state == KEY_SHOWN_WAITS;
        kept += keys[i].state == KEY_SHOWN_KEPT;
    }
    v->may_drop = pins != NULL && keyring_count(pins) > kept;
}

static enum step show_idp(struct ctx *c, const struct idp *idp, const struct probed *probed, enum idp_said said_,
                          struct str why, struct str who)
{
    struct document_row *documents = arena_make_n(c->arena, 2, struct document_row);
    struct idp_view v = { .id = idp->id,
                          .name = names_in(&idp->names, c->lang),
                          .provider = provider_name(c, idp),
                          .kind = kind_name(c, idp),
                          .enabled = idp->enabled,
                          .test = idp->test,
                          .may_change = may_change(c, idp),
                          .fresh = console_fresh(c),
                          .why = why,
                          .who = who,
                          .may_test = may_change(c, idp) && idp->kind != IDP_LOCAL,
                          .version = registry_parts(c->registry)->version,
                          .said = said_ };

    console_page_for(c, PLACE_IDPS, true, arena_join(c->arena, S("/admin/idps/"), idp->id), &v.con);
    v.documents.at = documents;
    v.documents.n = health_documents(c, idp, documents);
    if (probed != NULL)
        v.probe = probed_show(c, probed);
    put_failures(c, idp, &v);
    put_keys(c, idp, &v);
    return answer_page(c,
                       said_ == IDP_SAID_WHY || said_ == IDP_SAID_WHO       ? 400
                       : said_ == IDP_SAID_CHANGED || said_ == IDP_SAID_KEY ? 409
                                                                            : 200,
                       page_idp(c->arena, &v));
}

static enum idp_said said_of(struct str word)
{
    static const char *const words[] = {
        [IDP_SAID_DISABLED] = "disabled", [IDP_SAID_ENABLED] = "enabled",   [IDP_SAID_REFRESH] = "refresh",
        [IDP_SAID_PINNED] = "pinned",     [IDP_SAID_APPROVED] = "approved", [IDP_SAID_DROPPED] = "dropped"
    };

    for (size_t i = 1; i < sizeof words / sizeof *words; i++)
        if (words[i] != NULL && str_eq(word, str_of(words[i])))
            return (enum idp_said)i;
    return IDP_SAID_NOTHING;
}

static enum step find_one(struct ctx *c, struct fail *f)
{
    const struct idp *idp = idp_in_area(c, c->req->param);
    struct probed *x = c->state = arena_make(c->arena, struct probed);

    return idp != NULL ? probed_ask(c, x, idp, false, f) : console_refuse(c, FAIL_NOT_FOUND, "not_found");
}

static enum step show_one(struct ctx *c, struct fail *f)
{
    const struct probed *x = c->state;

    (void)f;
    return show_idp(c, x->idp, x, said_of(done_here(c, NULL)), form_get(c->query, S("why")),
                    form_get(c->query, S("who")));
}

const struct step_row admin_idp[] = { { console_door }, { find_one }, { show_one }, { NULL } };

/* ── switching it off and on, and its keys ──────────────────────────────── */

enum act { ACT_NONE = 0, ACT_REFRESH, ACT_DISABLE, ACT_ENABLE, ACT_PIN, ACT_APPROVE, ACT_DROP, ACT_COUNT };

static const struct {
    const char *word, *done;
} acts[ACT_COUNT] = { [ACT_NONE] = { "", "" },
                      [ACT_REFRESH] = { "refresh", "refresh" },
                      [ACT_DISABLE] = { "disable", "disabled" },
                      [ACT_ENABLE] = { "enable", "enabled" },
                      [ACT_PIN] = { "pin", "pinned" },
                      [ACT_APPROVE] = { "approve", "approved" },
                      [ACT_DROP] = { "drop", "dropped" } };

struct altering { /* c->state */
    const struct idp *idp;
    enum act act;
    struct edit *edit;
    struct edit_how how;
    struct edit_result result;
    struct desk_got got;
    struct str why, who;
};

static bool run(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct altering *x = with;

    if (x->act == ACT_REFRESH)
        return registry_refresh(d, REFRESH_IDP, x->idp->id, f);
    return edit_run(x->edit, d, a, &x->how, EDIT_APPLY, &x->result, f);
}

static void free_edit(void *e)
{
    edit_free(e);
}

static void note_edit(struct ctx *c, struct altering *x, const struct edit_field *field)
{
    const struct change_by by = console_by(c, MAKER_console, x->why);
    struct change_by *kept = arena_make(c->arena, struct change_by);
    struct edit_from from = { 0 };
    const struct row_id row = { .kind = S("idp"), .key = { x->idp->id } };

    *kept = by;
    (void)str_int(form_get(c->body, S("version")), &from.version);
    x->how = (struct edit_how){ .world = c->world, .seals = c->seals };
    x->edit = edit_new(kept, &from);
    arena_adopt(c->arena, x->edit, free_edit);
    edit_put(x->edit, &row, field, 1);
}

static void add_pem(struct ctx *c, struct buf *b, struct str der)
{
    buf_add(b, certificate_pem(c->arena, der));
}

/* Every key that its metadata name for signatures, as they stand now. */
static void pin_all(struct ctx *c, const struct saml_metadata *m, struct buf *b)
{
    for (size_t i = 0; i < m->certificate_count; i++)
        if (m->certificates[i].signs)
            add_pem(c, b, m->certificates[i].is.der);
}

static bool add_waiting(struct ctx *c, const struct idp *idp, const struct saml_metadata *m, struct str print,
                        struct buf *b)
{
    const struct keyring *pins = pins_of(c->registry, idp->id);

    for (size_t i = 0; i < m->certificate_count; i++)
        if (pins_wait(pins, &m->certificates[i]) && str_eq(m->certificates[i].is.print, print)) {
            buf_add(b, str_trim(idp->pinned_keys));
            buf_byte(b, '\n');
            add_pem(c, b, m->certificates[i].is.der);
            return true;
        }
    return false;
}

/* What stands there that is no certificate would be lost: then nothing is taken out here. */
static bool take_out(struct ctx *c, const struct idp *idp, struct str print, struct buf *b)
{
    const struct keyring *pins = pins_of(c->registry, idp->id);
    struct certificate pinned[KEYRING_KEYS_MAX];
    size_t n = pins != NULL ? certificates_read(c->arena, idp->pinned_keys, pinned, KEYRING_KEYS_MAX) : 0, left = 0;

    if (n == 0 || n != keyring_count(pins))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!str_eq(pinned[i].print, print)) {
            add_pem(c, b, pinned[i].der);
            left++;
        }
    return left > 0 && left + 1 == n;
}

/* The row's keys as they will be; absent: what was to be altered is not there (any more). */
static struct str keys_after(struct ctx *c, const struct altering *x)
{
    const struct saml_metadata *m = health_metadata(c, x->idp);
    struct str print = form_get(c->body, S("print"));
    struct buf b = buf_new(c->arena, PINS_MAX_B);
    bool pinned = str_is_set(x->idp->pinned_keys), good = false;

    if (x->act == ACT_DROP)
        good = take_out(c, x->idp, print, &b);
    else if (m != NULL && x->act == ACT_APPROVE)
        good = add_waiting(c, x->idp, m, print, &b);
    else if (m != NULL && !pinned) {
        pin_all(c, m, &b);
        good = b.n > 0;
    }
    return good && buf_ok(&b) ? buf_str(&b) : (struct str){ NULL, 0 };
}

/* Back to the page of this form, with what was typed. */
static struct str page_of(struct ctx *c, const struct altering *x, const char *name, struct str value)
{
    struct buf b = buf_new(c->arena, HERE_MAX_B);

    buf_add(&b, arena_join(c->arena, S("/admin/idps/"), x->idp->id));
    if (str_is_set(value))
        url_query(&b, str_of(name), value);
    return buf_ok(&b) ? buf_str(&b) : S("/admin/idps");
}

static enum act act_of(struct str word)
{
    for (size_t i = 1; i < ACT_COUNT; i++)
        if (str_eq(word, str_of(acts[i].word)))
            return (enum act)i;
    return ACT_NONE;
}

static enum step show_again(struct ctx *c, const struct altering *x, enum idp_said said_)
{
    return show_idp(c, x->idp, NULL, said_, x->why, x->who);
}

/* Who read the fingerprint aloud is the reason, and stands in history. */
static enum step check_typed(struct ctx *c, struct altering *x)
{
    if (x->act != ACT_APPROVE)
        return str_is_set(x->why) ? NEXT : show_again(c, x, IDP_SAID_WHY);
    if (!str_is_set(x->who) || !str_is_set(form_get(c->body, S("heard"))))
        return show_again(c, x, IDP_SAID_WHO);
    x->why = arena_printf(c->arena, "%.*s: %.*s, %.*s…", STR_ARG(said(C_key_was_read_by, c->lang)), STR_ARG(x->who),
                          STR_ARG(str_sub(form_get(c->body, S("print")), 0, 16)));
    return NEXT;
}

static enum step ask_edit(struct ctx *c, struct altering *x, struct fail *f)
{
    bool keys = x->act == ACT_PIN || x->act == ACT_APPROVE || x->act == ACT_DROP;
    const struct edit_field enabled = { S("enabled"), x->act == ACT_ENABLE ? S("true") : S("false") },
                            pinned = { S("pinned_keys"), keys ? keys_after(c, x) : S("") };
    enum step typed = check_typed(c, x);

    if (typed != NEXT)
        return typed;
    if (keys && !str_is_set(pinned.value))
        return show_again(c, x, IDP_SAID_KEY);
    if (!console_fresh(c))
        return console_log_in_again(
            c, x->act == ACT_APPROVE ? page_of(c, x, "who", x->who) : page_of(c, x, "why", x->why), f);
    note_edit(c, x, keys ? &pinned : &enabled);
    return console_ask(c, run, x, &x->got, f);
}

static enum step ask_change(struct ctx *c, struct fail *f)
{
    struct altering *x = arena_make(c->arena, struct altering);

    c->state = x;
    x->idp = idp_in_area(c, c->req->param);
    if (x->idp == NULL || !may_change(c, x->idp))
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    x->act = act_of(form_get(c->body, S("act")));
    x->why = str_sub(str_trim(form_get(c->body, S("why"))), 0, WHY_MAX_B);
    x->who = str_sub(str_trim(form_get(c->body, S("who"))), 0, WHY_MAX_B);
    if (x->act == ACT_NONE)
        return fail(f, FAIL_CALLER, "invalid_request", "no such act");
    return x->act == ACT_REFRESH ? console_ask(c, run, x, &x->got, f) : ask_edit(c, x, f);
}

static enum step say_changed(struct ctx *c, struct fail *f)
{
    const struct altering *x = c->state;

    if (!x->got.ok && x->got.why.kind == FAIL_CONFLICT)
        return show_again(c, x, IDP_SAID_CHANGED);
    if (!console_answered(&x->got, f))
        return REFUSE;
    return done_go(c, arena_join(c->arena, S("/admin/idps/"), x->idp->id), acts[x->act].done, S(""));
}

const struct step_row admin_idp_change[] = { { console_door }, { ask_change }, { say_changed }, { NULL } };
