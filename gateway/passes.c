/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/passes.h"

#include "base/settings.h"
#include "frame/words.h"
#include "model/when.h"

#include <string.h>

enum {
    BETWEEN_S = 3 * 86400, /* a weekend: passes nearer to each other than this are one */
    ID_CHARS = 12,
    USERNAME_CHARS = 7,
    PASSWORD_CHARS = 16
};

#define NEEDS_TWO "pass_needs_two"

/* ── what it must be ────────────────────────────────────────────────────── */

/* Without letters and digits that are taken for one another: 5 bits each. */
static struct str readable(struct ctx *c, size_t n, size_t group)
{
    static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";
    unsigned char bytes[PASSWORD_CHARS];
    struct buf b = buf_new(c->arena, 2 * PASSWORD_CHARS);

    world_random(c->world, bytes, n);
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && group > 0 && i % group == 0)
            buf_byte(&b, '-');
        buf_byte(&b, letters[bytes[i] & 31]);
    }
    return buf_str(&b);
}

struct str pass_new_id(struct ctx *c)
{
    return arena_join(c->arena, S(PASS_PREFIX), readable(c, ID_CHARS, 0));
}

void pass_new_secrets(struct ctx *c, struct pass *x)
{
    x->username = arena_join(c->arena, S("s"), readable(c, USERNAME_CHARS, 0));
    x->password = readable(c, PASSWORD_CHARS, 4);
}

/* A shared account has no person's name: "Sijainen 1", "Vikarie". */
static bool is_nobodys(struct ctx *c, struct str name)
{
    static const char *const words[] = { "sijai", "vikari", "substitut", "opettaj", "lärar", "teacher", "tunnus" };
    struct str folded = words_query(c->arena, name);

    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] >= '0' && name.p[i] <= '9')
            return true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_find(folded, words_query(c->arena, str_of(words[i]))) < folded.n)
            return true;
    return false;
}

static const struct idp *own_accounts(const struct ctx *c, const struct provider *p)
{
    const struct registry_parts *parts = registry_parts(c->registry);

    for (size_t i = 0; i < parts->idp_count; i++)
        if (parts->idps[i].provider == p && parts->idps[i].kind == IDP_LOCAL && parts->idps[i].enabled)
            return &parts->idps[i];
    return NULL;
}

static bool is_named(struct str name)
{
    return str_is_set(name) && str_is_utf8(name);
}

enum pass_fault pass_judge(struct ctx *c, struct pass *x)
{
    if (!is_named(x->given) || !is_named(x->family))
        return PASS_NO_NAME;
    if (is_nobodys(c, x->given) || is_nobodys(c, x->family))
        return PASS_SHARED_NAME;
    if (x->school == NULL)
        return PASS_NO_SCHOOL;
    if (x->from_s == 0 || x->to_s <= x->from_s)
        return PASS_BAD_TIMES;
    if (x->to_s <= c->now_s)
        return PASS_OVER;
    x->asks = x->to_s - x->from_s > PASS_ALONE_S;
    if (x->to_s - x->from_s > PASS_LONGEST_S)
        return PASS_TOO_LONG;
    if (!str_is_set(x->why))
        return PASS_NO_WHY;
    x->idp = own_accounts(c, x->provider);
    return x->idp == NULL ? PASS_NO_IDP : PASS_GOOD;
}

/* ── those of one person count together ─────────────────────────────────── */

static struct str folded_name(struct arena *a, const struct person *p)
{
    return words_query(a, arena_printf(a, "%.*s %.*s", STR_ARG(p->given_names), STR_ARG(p->family_name)));
}

/* Those that were ended count as well: else one would end one and give the next. */
static bool is_same_persons(struct arena *a, const struct account *one, const struct account *other)
{
    return str_is_set(one->school) && str_eq(one->school, other->school) && one->person->affiliation_count > 0 &&
           str_eq(folded_name(a, one->person), folded_name(a, other->person));
}

struct span {
    int64_t from_s, to_s;
};

/* As long as one grows it, by passes that overlap it or are near. */
static struct span joined(struct span whole, const struct span *at, size_t n)
{
    for (bool grew = true; grew;) {
        grew = false;
        for (size_t i = 0; i < n; i++) {
            if (at[i].from_s - whole.to_s > BETWEEN_S || whole.from_s - at[i].to_s > BETWEEN_S ||
                (at[i].from_s >= whole.from_s && at[i].to_s <= whole.to_s))
                continue;
            whole.from_s = at[i].from_s < whole.from_s ? at[i].from_s : whole.from_s;
            whole.to_s = at[i].to_s > whole.to_s ? at[i].to_s : whole.to_s;
            grew = true;
        }
    }
    return whole;
}

/* Shown the registry with the pass in it, in the transaction that writes it: two at once are not both the first. */
static bool is_short(void *with, const struct registry *r, struct fail *f)
{
    const struct pass *x = with;
    const struct registry_parts *parts = registry_parts(r);
    const struct account *given = NULL;
    struct arena *a = arena_new_secret();
    struct span *spans = arena_make_n(a, parts->account_count + 1, struct span);
    struct span whole = { x->from_s, x->to_s };
    size_t n = 0;

    for (size_t i = 0; i < parts->account_count && given == NULL; i++)
        if (str_eq(parts->accounts[i].id, x->id))
            given = &parts->accounts[i];
    for (size_t i = 0; given != NULL && i < parts->account_count; i++) {
        const struct account *one = &parts->accounts[i];
        if (is_same_persons(a, one, given))
            spans[n++] = (struct span){ one->person->affiliations[0].from_s, one->person->affiliations[0].to_s };
    }
    whole = joined(whole, spans, n);
    arena_free(a);
    return whole.to_s - whole.from_s <= PASS_ALONE_S ||
           fail(f, FAIL_CALLER, NEEDS_TWO, "with the others of the same name it is more than %d days",
                PASS_ALONE_S / 86400);
}

/* ── given ──────────────────────────────────────────────────────────────── */

void pass_put(struct ctx *c, struct edit *e, const struct pass *x)
{
    const struct row_id account = { S("account"), { x->id } }, place = { S("affiliation"), { x->id, S("0") } };
    const struct edit_field fields[] = {
        { S("idp"), x->idp->id },        { S("username"), x->username },  { S("password"), x->password },
        { S("given_names"), x->given },  { S("family_name"), x->family }, { S("age"), S("adult") },
        { S("school"), x->school->oid },
    };
    const struct edit_field at[] = { { S("provider"), x->provider->id },
                                     { S("school"), x->school->oid },
                                     { S("role"), S("substitute") },
                                     { S("from"), when_rfc3339(c->arena, x->from_s) },
                                     { S("to"), when_rfc3339(c->arena, x->to_s) } };

    edit_put(e, &account, fields, sizeof fields / sizeof *fields);
    edit_put(e, &place, at, sizeof at / sizeof *at);
}

static bool give_alone(struct pass *x, struct edit *e, const struct edit_how *given_how, struct db *d, struct arena *a,
                       struct edit_result *result, struct fail *f)
{
    struct edit_how how = *given_how;

    how.look = is_short;
    how.with = x;
    return edit_run(e, d, a, &how, EDIT_APPLY, result, f);
}

bool pass_give(struct pass *x, struct edit *e, const struct edit_how *how, const struct change_by *by, struct db *d,
               struct arena *a, struct edit_result *result, struct fail *f)
{
    if (!x->asks && give_alone(x, e, how, d, a, result, f))
        return true;
    if (!x->asks && strcmp(f->code, NEEDS_TWO) != 0)
        return false;
    x->asks = true;
    *f = (struct fail){ 0 };
    /* Held to what a row must be now: whoever approves can mend nothing of it. */
    if (!edit_run(e, d, a, how, EDIT_CHECK, result, f) || !edit_run(e, d, a, how, EDIT_KEEP, result, f))
        return false;
    const struct draft_move move = { .number = result->draft, .edition = result->edition, .act = DRAFT_PROPOSE };
    struct edit_result moved;
    return draft_do(d, a, by, &move, &moved, f);
}

/* ── those that there are ───────────────────────────────────────────────── */

bool is_pass_of(const struct registry *r, const struct account *x, const struct area *area)
{
    const struct idp *idp = registry_idp(r, x->idp);

    return str_is_set(x->school) && idp != NULL && idp->provider != NULL && str_is_set(area->provider) &&
           str_eq(idp->provider->id, area->provider) &&
           (!str_is_set(area->school) || str_eq(x->school, area->school)) && x->person->affiliation_count > 0;
}

const struct account *pass_of(const struct registry *r, struct str id, const struct area *area)
{
    const struct registry_parts *parts = registry_parts(r);

    for (size_t i = 0; i < parts->account_count; i++)
        if (str_eq(parts->accounts[i].id, id))
            return is_pass_of(r, &parts->accounts[i], area) ? &parts->accounts[i] : NULL;
    return NULL;
}

struct str pass_address(struct ctx *c, const struct idp *idp)
{
    return idp->listed ? arena_printf(c->arena, "%.*s/school/%.*s", STR_ARG(c->set->public_url), STR_ARG(idp->id))
                       : c->set->public_url;
}
