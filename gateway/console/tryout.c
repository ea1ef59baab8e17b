/* SPDX-License-Identifier: EUPL-1.2
 * A test sign-in at an identity provider: what came, what was made of it, and what mends the rest. */
#include "gateway/console/tryout.h"

#include "base/text.h"
#include "console/texts.h"
#include "frame/roles.h"
#include "gateway/answer.h"
#include "gateway/console/acts.h"
#include "gateway/console/door.h"
#include "gateway/console/health.h"
#include "gateway/console/lines.h"
#include "gateway/console/products.h"
#include "gateway/flow.h"
#include "gateway/session/done.h"
#include "gateway/session/tryout_keep.h"
#include "gateway/upstream_tryout.h"
#include "idp-adapters/attribute_map.h"
#include "idp-adapters/refusals.h"
#include "model/when.h"
#include "registry/registry.h"
#include "wire/form.h"

enum { VALUES_MAX_B = 8192, WORDS_SHOWN = 200 };

struct showing { /* c->state */
    const struct idp *idp;
    struct kv_got got;
};

/* The municipality's, or the whole country's: who may not look after it does not learn that it is there. */
const struct idp *tryout_idp(const struct ctx *c)
{
    const struct idp *idp = registry_idp(c->registry, c->req->param);
    struct area whose = { .provider = { NULL, 0 } };

    if (idp == NULL || idp->kind == IDP_LOCAL)
        return NULL;
    if (idp->provider != NULL)
        whose.provider = idp->provider->id;
    return console_may_in(c, MAY_MANAGE_IDENTITY_PROVIDERS, &whose) ? idp : NULL;
}

/* ── what was made of it, as rows ───────────────────────────────────────── */

struct str tryout_check_word(enum tryout_check check, enum lang lang)
{
    static const enum said names[TRYOUT_CHECK_COUNT] = {
#define X(check) [TRYOUT_##check] = C_check_##check,
        TRYOUT_CHECKS(X)
#undef X
    };

    return said(names[check], lang);
}

struct str tryout_check_refused(enum tryout_check check, enum lang lang)
{
    static const enum said words[TRYOUT_CHECK_COUNT] = {
#define X(check) [TRYOUT_##check] = C_refused_##check,
        TRYOUT_CHECKS(X)
#undef X
    };

    return said(words[check], lang);
}

static const struct {
    enum said what, mend;
    const char *code;
} note_words[NOTE_COUNT] = {
#define X(name, event, mend) [NOTE_##name] = { C_fault_##name, C_mend_##name, event },
    MAP_NOTES(X)
#undef X
};

/* "upstream.role_unknown" -> "role_unknown" */
static struct str note_code(enum note kind)
{
    struct str event = str_of(note_words[kind].code);

    return str_from(event, sizeof "upstream." - 1);
}

static bool has_check(const struct idp *idp, enum tryout_check check)
{
    return check != TRYOUT_redeemed || idp->kind == IDP_OIDC;
}

static bool is_once(const struct idp *idp, enum tryout_check check)
{
    return check != TRYOUT_once || idp->kind == IDP_SAML; /* of a code, its own token endpoint sees to it */
}

static void put_checks(struct ctx *c, const struct idp *idp, const struct tryout *t, struct tryout_view *v)
{
    struct tryout_check_row *rows = arena_make_n(c->arena, TRYOUT_CHECK_COUNT, struct tryout_check_row);
    enum tryout_check at = t->why.kind != FAIL_NONE ? tryout_check_of(t->why.code) : TRYOUT_NONE;

    for (size_t i = 1; i < TRYOUT_CHECK_COUNT; i++) {
        enum tryout_check check = (enum tryout_check)i;
        if (!has_check(idp, check) || !is_once(idp, check) || (check == TRYOUT_fresh && !t->fresh && at != check))
            continue;
        rows[v->checks.n++] = (struct tryout_check_row){ tryout_check_word(check, c->lang),
                                                         check == at                      ? MARK_NO
                                                         : (t->passed & 1u << check) != 0 ? MARK_OK
                                                                                          : MARK_UNKNOWN };
    }
    v->checks.at = rows;
}

/* The first note about an attribute of that name. */
static const struct tryout_note *fault_of(const struct tryout *t, struct str name)
{
    for (size_t i = 0; i < t->note_count; i++)
        if (str_eq(t->notes[i].attribute, name))
            return &t->notes[i];
    return NULL;
}

void tryout_came_rows(struct ctx *c, const struct tryout *t, struct tryout_came_row *rows)
{
    for (size_t i = 0; i < t->attribute_count; i++) {
        const struct tryout_attribute *x = &t->attributes[i];
        const struct tryout_note *fault = fault_of(t, x->name);
        struct buf b = buf_new(c->arena, VALUES_MAX_B);
        for (size_t k = 0; k < x->values.n; k++) {
            buf_add(&b, k > 0 ? S(" · ") : S(""));
            buf_add(&b, x->values.at[k]);
        }
        rows[i] = (struct tryout_came_row){ .name = x->name,
                                            .values = buf_ok(&b) ? buf_str(&b) : S("…"),
                                            .came = x->hidden           ? CAME_HIDDEN
                                                    : fault != NULL     ? CAME_FAULT
                                                    : t->person == NULL ? CAME_SEEN
                                                    : x->unread         ? CAME_UNREAD
                                                                        : CAME_READ,
                                            .code = fault != NULL ? note_code(fault->kind) : (struct str){ NULL, 0 } };
        if (x->came > x->values.n && !x->hidden)
            rows[i].more = lines_number(c, (int64_t)(x->came - x->values.n));
    }
}

static void put_came(struct ctx *c, const struct tryout *t, struct tryout_view *v)
{
    struct tryout_came_row *rows = arena_make_n(c->arena, t->attribute_count + 1, struct tryout_came_row);

    tryout_came_rows(c, t, rows);
    v->came.at = rows;
    v->came.n = t->attribute_count;
    if (t->left_out > 0)
        v->left_out = lines_number(c, (int64_t)t->left_out);
}

/* What a word may be said to mean: what people are in schools, as far as this person may give it. */
static const enum role meanings[] = { ROLE_LEARNER,   ROLE_TEACHER,   ROLE_SUBSTITUTE,
                                      ROLE_PRINCIPAL, ROLE_SECRETARY, ROLE_STAFF };
enum {
    MEANINGS = sizeof meanings / sizeof *meanings,
    WORD_MAX_B = MAP_NOTE_VALUE_MAX_B - 4 /* a longer one may have been cut within a character */
};

static struct area place_of(const struct idp *idp)
{
    return (struct area){ .provider = idp->provider != NULL ? idp->provider->id : (struct str){ NULL, 0 } };
}

static bool may_mean(const struct ctx *c, const struct idp *idp, enum role role)
{
    const struct circumstances now = flow_circumstances(c);
    const struct area where = place_of(idp);

    for (size_t i = 0; i < MEANINGS; i++)
        if (meanings[i] == role)
            return policy_may_not_give(c->registry, c->session->person, role, &where, &now) == MAY_NONE;
    return false;
}

static bool may_draft(const struct ctx *c, const struct idp *idp)
{
    const struct area where = place_of(idp);

    return idp->provider != NULL && console_may_in(c, MAY_DRAFT, &where);
}

/* That it is no role is last, and gives nothing: whoever may draft says so. */
struct choices tryout_meanings(struct ctx *c, const struct idp *idp)
{
    struct choice *at = arena_make_n(c->arena, MEANINGS + 1, struct choice);
    struct choices out = { at, 0 };

    if (!may_draft(c, idp))
        return out;
    for (size_t i = 0; i < MEANINGS; i++)
        if (may_mean(c, idp, meanings[i]))
            at[out.n++] = (struct choice){ str_of(role_name(meanings[i])), role_word(meanings[i], c->lang), false };
    at[out.n++] = (struct choice){ S(OWN_NO_ROLE), said(C_tryout_no_role, c->lang), false };
    return out;
}

static struct str meaning_word(const struct ctx *c, struct str role)
{
    return own_says_no_role(role) ? said(C_tryout_no_role, c->lang) : role_word(role_of_name(role), c->lang);
}

/* By now, whoever said so. */
static struct str meant(struct ctx *c, const struct idp *idp, struct str word)
{
    struct str role = own_role_name(c->arena, idp, word);

    return str_is_set(role) ? meaning_word(c, role) : (struct str){ NULL, 0 };
}

/* All that were said so far, each to be taken back. */
static void put_words(struct ctx *c, const struct idp *idp, struct tryout_view *v)
{
    struct tryout_word_row *rows = arena_make_n(c->arena, WORDS_SHOWN, struct tryout_word_row);

    for (size_t i = 0; i < idp->role_names.n && v->words.n < WORDS_SHOWN; i++) {
        struct str entry = idp->role_names.at[i];
        size_t equals = role_name_equals(entry);
        rows[v->words.n++] =
            (struct tryout_word_row){ str_sub(entry, 0, equals), meaning_word(c, str_from(entry, equals + 1)) };
    }
    v->words.at = rows;
    v->may_word = may_draft(c, idp);
}

/* What the city sets anew so that these faults end. */
unsigned tryout_fields(const struct tryout *t)
{
    unsigned fields = t->why.kind != FAIL_NONE ? product_fields_of_refusal(t->why.code) : 0;

    for (size_t i = 0; i < t->note_count; i++)
        fields |= product_fields_of_note(t->notes[i].kind);
    if (t->learner_ids > 1)
        fields |= 1u << FIELD_learner;
    return fields;
}

size_t tryout_faults(struct ctx *c, const struct idp *idp, const struct tryout *t, bool asking,
                     struct tryout_fault_row *rows)
{
    size_t n = 0;

    for (size_t i = 0; i < t->note_count; i++) {
        const struct tryout_note *x = &t->notes[i];
        bool lists_names = x->kind == NOTE_NO_ROLE || x->kind == NOTE_NO_NAME || x->kind == NOTE_NO_SUBJECT;
        bool asks = x->kind == NOTE_ROLE_UNKNOWN && x->value.n > 0 && x->value.n <= WORD_MAX_B;
        rows[n] = (struct tryout_fault_row){ .code = note_code(x->kind),
                                             .attribute = x->attribute,
                                             .value = lists_names ? (struct str){ NULL, 0 } : x->value,
                                             .n = x->count > 1 ? lines_number(c, x->count) : (struct str){ NULL, 0 },
                                             .what = said(note_words[x->kind].what, c->lang),
                                             .mend = said(note_words[x->kind].mend, c->lang),
                                             .meant = asks ? meant(c, idp, x->value) : (struct str){ NULL, 0 } };
        if (asks && asking && !str_is_set(rows[n].meant))
            rows[n].asks = lines_number(c, (int64_t)n + 1);
        n++;
    }
    for (size_t i = 0; i < t->attribute_count; i++)
        if (t->attributes[i].hidden) {
            rows[n] = (struct tryout_fault_row){ .code = S("personal_code_sent"),
                                                 .attribute = t->attributes[i].name,
                                                 .what = said(C_fault_personal_code, c->lang),
                                                 .mend = said(C_mend_personal_code, c->lang) };
            n++;
        }
    if (t->learner_ids > 1) {
        rows[n] = (struct tryout_fault_row){ .code = S("learner_id_several"),
                                             .n = lines_number(c, (int64_t)t->learner_ids),
                                             .what = said(C_fault_learner_several, c->lang),
                                             .mend = said(C_mend_learner_several, c->lang) };
        n++;
    }
    return n;
}

static void put_faults(struct ctx *c, const struct idp *idp, const struct tryout *t, struct tryout_view *v)
{
    struct tryout_fault_row *rows = arena_make_n(c->arena, TRYOUT_FAULTS_MAX, struct tryout_fault_row);

    v->faults.n = tryout_faults(c, idp, t, v->meanings.n > 0, rows);
    v->faults.at = rows;
}

static struct str where_of(struct ctx *c, const struct idp *idp, const struct affiliation *a)
{
    const struct provider *p = idp->provider;
    const struct school *s = p != NULL && str_is_set(a->school_oid) ? provider_school(p, a->school_oid) : NULL;

    return s != NULL ? names_in(&s->names, c->lang) : p != NULL ? names_in(&p->names, c->lang) : a->provider_oid;
}

void tryout_role_rows(struct ctx *c, const struct idp *idp, const struct person *p, struct tryout_role_row *rows)
{
    for (size_t i = 0; i < p->affiliation_count; i++) {
        const struct affiliation *a = &p->affiliations[i];
        rows[i] = (struct tryout_role_row){ .where = where_of(c, idp, a),
                                            .role = role_word(a->role, c->lang),
                                            .group = a->group,
                                            .level = a->class_level > 0 ? lines_number(c, a->class_level)
                                                                        : (struct str){ NULL, 0 } };
    }
}

static void put_person(struct ctx *c, const struct idp *idp, const struct person *p, struct tryout_view *v)
{
    struct tryout_role_row *rows = arena_make_n(c->arena, p->affiliation_count + 1, struct tryout_role_row);

    tryout_role_rows(c, idp, p, rows);
    v->person = true;
    v->given = p->given_names;
    v->calling = p->calling_name;
    v->family = p->family_name;
    v->email = p->email;
    v->learner = p->learner_id;
    v->roles.at = rows;
    v->roles.n = p->affiliation_count;
}

static struct str at_time(struct ctx *c, int64_t at_s)
{
    return at_s > 0 ? when_full(c->arena, at_s, c->lang) : (struct str){ NULL, 0 };
}

static void put_refusal(struct ctx *c, const struct tryout *t, struct tryout_view *v)
{
    const struct refusal_row *row = refusal_of(t->why.code);
    enum tryout_check at = tryout_check_of(t->why.code);

    v->code = str_of(t->why.code);
    v->check = tryout_check_word(at, c->lang);
    v->what = tryout_check_refused(at, c->lang);
    v->means = str_of(row != NULL ? refusal_means(row) : "");
    v->mend = str_of(row != NULL ? row->mend : "");
}

static void put_tryout(struct ctx *c, const struct idp *idp, const struct tryout *t, struct tryout_view *v)
{
    v->done = true;
    v->when = when_full(c->arena, t->at_s, c->lang);
    v->asked_fresh = t->fresh;
    v->let_in = t->why.kind == FAIL_NONE;
    v->subject = t->subject;
    v->issuer = t->issuer;
    v->key = idp->kind == IDP_SAML ? health_print(c, t->key) : t->key;
    v->alg = t->alg;
    v->context = t->context;
    v->issued = at_time(c, t->issued_s);
    v->authenticated = at_time(c, t->authenticated_s);
    v->ends = at_time(c, t->ends_s);
    v->session_ends = at_time(c, t->session_ends_s);
    if (!v->let_in)
        put_refusal(c, t, v);
    put_checks(c, idp, t, v);
    put_came(c, t, v);
    v->meanings = tryout_meanings(c, idp);
    put_faults(c, idp, t, v);
    v->settings = product_settings(c, idp->kind, product_of(idp), tryout_fields(t));
    if (t->person != NULL)
        put_person(c, idp, t->person, v);
}

/* ── the page ───────────────────────────────────────────────────────────── */

static enum step ask(struct ctx *c, struct fail *f)
{
    struct showing *x = c->state = arena_make(c->arena, struct showing);

    (void)f;
    x->idp = tryout_idp(c);
    if (x->idp == NULL)
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    tryout_ask(c, c->session->sid, x->idp->id, &x->got);
    return WAIT;
}

static enum step show(struct ctx *c, struct fail *f)
{
    const struct showing *x = c->state;
    struct tryout_view v = { .id = x->idp->id,
                             .name = names_in(&x->idp->names, c->lang),
                             .kind = x->idp->kind == IDP_SAML ? S("SAML") : S("OpenID Connect"),
                             .enabled = x->idp->enabled };

    if (x->got.outcome == KV_DOWN)
        return kv_away(f, "tryout");
    const struct tryout *t = tryout_kept(c, c->session->sid, x->idp->id, &x->got);
    console_page_for(c, PLACE_IDPS, true, upstream_tryout_page(c->arena, x->idp->id), &v.con);
    const struct str done = done_here(c, &v.detail);
    v.no_meaning = str_eq(done, S("no_meaning"));
    v.meaning_refused = str_eq(done, S("meaning_refused"));
    v.meaning_kept = str_eq(done, S("meaning"));
    v.word_dropped = str_eq(done, S("word_dropped"));
    put_words(c, x->idp, &v);
    if (t != NULL)
        put_tryout(c, x->idp, t, &v);
    return answer_page(c, 200, page_tryout(c->arena, &v));
}

const struct step_row admin_tryout[] = { { console_door }, { ask }, { show }, { NULL } };

/* ── what a word of the city means ──────────────────────────────────────── */

struct meaning { /* c->state; the worker's, while it has it */
    const struct idp *idp;
    struct str word, list, back; /* list: role_names as they are in force; back: where it was asked */
    struct str role;             /* as role_names say it; absent: the word is taken out */
    struct area place, area;
    struct change_by by;
    int64_t version; /* in which the source is not open, and list stands */
    struct act act;
};

/* The list without whatever was said of that word before, and with what is said now. */
static struct str with_meaning(struct arena *a, struct str list, struct str word, struct str role)
{
    struct buf b = buf_new(a, list.n + word.n + role.n + 3);
    struct str rest = list, entry;

    while (list.n > 0 && str_split(&rest, '\n', &entry))
        if (entry.n > 0 && !text_same(a, str_sub(entry, 0, role_name_equals(entry)), word)) {
            buf_add(&b, b.n > 0 ? S("\n") : S(""));
            buf_add(&b, entry);
        }
    if (str_is_set(role)) {
        buf_add(&b, b.n > 0 ? S("\n") : S(""));
        buf_add(&b, word);
        buf_byte(&b, '=');
        buf_add(&b, role);
    }
    return buf_str(&b);
}

/* At a source that is not open nobody comes in by a meaning, so one person says it.  Else words that are answered one
 * after the other come into one draft, which a second person approves. */
static bool keep_meaning(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct meaning *x = with;
    const struct row_id row = { .kind = S("idp"), .key = { x->idp->id } };
    struct edit_from from = { .version = x->act.as == EDIT_APPLY ? x->version : 0 };
    struct row_seen seen = { .field_count = 0 };
    const struct row_field *list = NULL;

    if (x->act.as == EDIT_KEEP && !draft_of_row(d, a, x->by.who, &row, &from.draft, &from.edition, f))
        return false;
    if (from.draft != 0) {
        if (!draft_row(d, a, &x->area, from.draft, &row, &seen, f))
            return false;
        list = row_field(&seen, "role_names");
    }
    const struct edit_field field = { S("role_names"),
                                      with_meaning(a, list != NULL ? list->value : x->list, x->word, x->role) };
    x->act.edit = edit_new(&x->by, &from);
    edit_put(x->act.edit, &row, &field, 1);
    bool ok = edit_run(x->act.edit, d, a, &x->act.how, x->act.as, &x->act.result, f);
    edit_free(x->act.edit);
    x->act.edit = NULL;
    return ok;
}

/* A word that is no spelling would be a row that does not hold. */
static bool is_word(struct str word)
{
    for (size_t i = 0; i < word.n; i++)
        if ((unsigned char)word.p[i] < ' ' || word.p[i] == 0x7f)
            return false;
    return word.n > 0 && word.n <= WORD_MAX_B;
}

/* A role that is no word of that list, or that this person may not give, is no answer. */
static bool is_answer(struct ctx *c, const struct meaning *x)
{
    return own_says_no_role(x->role) || may_mean(c, x->idp, role_of_name(x->role));
}

/* drops: what was said of the word is taken back. */
static enum step mean(struct ctx *c, const struct idp *idp, bool drops, struct fail *f)
{
    struct meaning *x = c->state = arena_make(c->arena, struct meaning);

    x->idp = idp;
    x->place = place_of(idp);
    x->area = c->console->area;
    x->word = form_get(c->body, S("word"));
    x->role = drops ? (struct str){ NULL, 0 } : form_get(c->body, S("role"));
    x->back = str_eq(form_get(c->body, S("back")), S("dry")) ? arena_join(c->arena, S("/admin/dry/"), idp->id)
                                                             : upstream_tryout_page(c->arena, idp->id);
    if (idp->provider == NULL || !console_may_in(c, MAY_DRAFT, &x->place))
        return console_refuse(c, FAIL_DENIED, "not_yours");
    if (drops ? !str_is_set(own_role_name(c->arena, idp, x->word)) : !is_word(x->word) || !is_answer(c, x))
        return done_go(c, x->back, "no_meaning", S(""));
    x->list = strs_joined(c->arena, &idp->role_names, '\n');
    x->by = console_by(
        c, MAKER_console,
        arena_printf(c->arena, "%.*s = %.*s", STR_ARG(x->word), STR_ARG(drops ? S("–") : meaning_word(c, x->role))));
    x->act.how = (struct edit_how){ .world = c->world, .seals = c->seals };
    x->version = registry_parts(c->registry)->version;
    x->act.as = idp->enabled ? EDIT_KEEP : EDIT_APPLY;
    return console_ask(c, keep_meaning, x, &x->act.got, f);
}

/* The door has written that a test was begun, and by whom. */
static enum step begin(struct ctx *c, struct fail *f)
{
    const struct idp *idp = tryout_idp(c);

    if (idp == NULL)
        return console_refuse(c, FAIL_NOT_FOUND, "not_found");
    struct str act = form_get(c->body, S("act"));
    if (str_eq(act, S("mean")) || str_eq(act, S("unmean")))
        return mean(c, idp, str_eq(act, S("unmean")), f);
    return upstream_tryout_begin(c, idp, str_is_set(form_get(c->body, S("fresh"))));
}

static enum step note_meaning(struct ctx *c, struct fail *f)
{
    (void)f;
    return act_note(c, &((const struct meaning *)c->state)->act.got);
}

static enum step served_meaning(struct ctx *c, struct fail *f)
{
    const struct meaning *x = c->state;

    (void)f;
    return x->act.got.ok && x->act.as == EDIT_APPLY &&
                   desk_wait(c->desk, c->work, &c->batch, c->arena, x->act.result.report.version)
               ? WAIT
               : NEXT;
}

static enum step say_meaning(struct ctx *c, struct fail *f)
{
    struct meaning *x = c->state;

    if (x->act.got.ok && x->act.as == EDIT_APPLY)
        return done_go(c, x->back, str_is_set(x->role) ? "meaning" : "word_dropped", S(""));
    if (x->act.got.ok)
        return done_go(c, arena_printf(c->arena, "/admin/drafts/%lld", (long long)x->act.result.draft), "kept", S(""));
    if (x->act.got.why.kind != FAIL_CONFLICT && !act_refused(c, &x->act.got, f))
        return REFUSE;
    return done_go(c, x->back, "meaning_refused", act_detail(c, &x->act));
}

const struct step_row admin_tryout_begin[] = { { console_door },   { begin },       { note_meaning },
                                               { served_meaning }, { say_meaning }, { NULL } };
