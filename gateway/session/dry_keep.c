/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/session/dry_keep.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "base/fields.h"
#include "base/seals.h"
#include "gateway/session/tryout_keep.h"
#include "wire/json.h"

enum { SECRET_B = 16, LINK_CHARS = 22, MARK_CHARS = 32, RUN_MAX_B = 8192, RESULT_MAX_B = 262144, NAME_SHOWN_B = 200 };

/* ── the run ────────────────────────────────────────────────────────────── */

static struct str run_id(struct arena *a, struct str idp)
{
    return sha256_hex(a, fields_key(a, (struct str[]){ S("dry run"), idp }, 2));
}

static struct str run_bound(struct arena *a, struct str idp)
{
    return arena_join(a, S("dry run:"), idp);
}

static struct str run_write(struct arena *a, const struct dry_run *run)
{
    struct json_out o = json_out(a, RUN_MAX_B);

    json_begin_object(&o);
    json_put_str(&o, S("secret"), run->secret);
    json_put_int(&o, S("at"), run->at_s);
    json_put_int(&o, S("until"), run->until_s);
    json_key(&o, S("labels"));
    json_begin_array(&o);
    for (size_t i = 0; i < run->n; i++)
        json_str(&o, run->labels[i]);
    json_end_array(&o);
    json_end_object(&o);
    return json_done(&o);
}

static struct dry_run *run_parse(struct arena *a, struct str idp, struct str json)
{
    struct record {
        struct str secret;
        int64_t at, until;
        const struct json_value *labels;
    } x = { { NULL, 0 }, 0, 0, NULL };
    static const struct json_field fields[] = { FIELD(record, secret, JSON_STR, true, 64),
                                                FIELD(record, at, JSON_INT, true, 0),
                                                FIELD(record, until, JSON_INT, true, 0),
                                                FIELD(record, labels, JSON_ARRAY, true, DRY_PEOPLE_MAX),
                                                { 0 } };
    struct fail ignored = { 0 };
    struct dry_run *run = arena_make(a, struct dry_run);

    if (!json_read(a, json, fields, &x, &ignored))
        return NULL;
    *run = (struct dry_run){ arena_str(a, idp), arena_str(a, x.secret), x.at, x.until, { { NULL, 0 } }, 0 };
    for (const struct json_value *one = x.labels->first; one != NULL; one = one->next)
        run->labels[run->n++] = arena_str(a, one->text);
    return run;
}

bool dry_begin(struct ctx *c, struct dry_run *run, struct kv_got *got, struct fail *f)
{
    run->secret = crypt_token(c->arena, c->world, SECRET_B);
    run->at_s = c->now_s;
    run->until_s = c->now_s + DRY_LIFE_S;
    struct str text = run_write(c->arena, run);
    if (text.p == NULL)
        return fail(f, FAIL_OURS, "server_error", "a dry run does not fit its record");
    kv_set(c->kv, &c->batch, c->arena, got, KV_DRY, run_id(c->arena, run->idp),
           seal_close(c->arena, c->world, c->seals, SEAL_SESSION, run_bound(c->arena, run->idp), text), DRY_LIFE_S);
    return true;
}

/* ── links ──────────────────────────────────────────────────────────────── */

static struct str slot_text(struct arena *a, size_t slot)
{
    return arena_printf(a, "%zu", slot);
}

static struct str made_of(struct arena *a, const struct dry_run *run, const char *what, struct str of)
{
    return sha256_hex(a, fields_key(a, (struct str[]){ str_of(what), run->secret, run->idp, of }, 4));
}

struct str dry_link(struct arena *a, const struct dry_run *run, size_t slot)
{
    struct str n = slot_text(a, slot), secret = str_sub(made_of(a, run, "dry link", n), 0, LINK_CHARS);

    return arena_printf(a, "%.*s.%.*s.%.*s", STR_ARG(run->idp), STR_ARG(n), STR_ARG(secret));
}

/* From its end: the id of an identity provider may have points. */
bool dry_link_read(struct str link, struct str *idp, size_t *slot)
{
    enum { TAIL = LINK_CHARS + 3 }; /* ".0.SECRET" */

    if (link.n <= TAIL || link.n > DRY_LINK_MAX_B)
        return false;
    struct str tail = str_from(link, link.n - TAIL);
    if (tail.p[0] != '.' || tail.p[2] != '.' || tail.p[1] < '0' || tail.p[1] > '9')
        return false;
    *idp = str_sub(link, 0, link.n - TAIL);
    *slot = (size_t)(tail.p[1] - '0');
    return true;
}

bool dry_link_is(struct arena *a, const struct dry_run *run, struct str link)
{
    struct str idp;
    size_t slot;

    return run != NULL && dry_link_read(link, &idp, &slot) && slot < run->n && str_eq(idp, run->idp) &&
           crypt_eq(link, dry_link(a, run, slot));
}

/* ── what came ──────────────────────────────────────────────────────────── */

static struct str result_id(struct arena *a, const struct dry_run *run, size_t slot)
{
    return made_of(a, run, "dry result", slot_text(a, slot));
}

static struct str result_bound(struct arena *a, const struct dry_run *run, size_t slot)
{
    return arena_printf(a, "dry result:%.*s:%zu", STR_ARG(run->idp), slot);
}

/* What is a person's own is left behind here. */
static struct tryout *stripped(struct arena *a, const struct tryout *t)
{
    struct tryout *out = tryout_new(a, t->idp, t->at_s);

    out->passed = t->passed;
    out->why = t->why;
    out->left_out = t->left_out;
    out->affiliations_left_out = t->affiliations_left_out;
    out->learner_ids = t->learner_ids;
    for (size_t i = 0; i < t->attribute_count; i++) {
        const struct tryout_attribute *x = &t->attributes[i];
        out->attributes[out->attribute_count++] =
            (struct tryout_attribute){ .name = str_chars(x->name, SIZE_MAX, NAME_SHOWN_B),
                                       .came = x->came,
                                       .hidden = x->hidden,
                                       .unread = x->unread };
    }
    for (size_t i = 0; i < t->note_count; i++)
        out->notes[out->note_count++] = t->notes[i];
    if (t->person != NULL) {
        struct person *p = arena_make(a, struct person);
        *p = (struct person){ .idp = t->idp,
                              .subject = S("-"),
                              .affiliations = t->person->affiliations,
                              .affiliation_count = t->person->affiliation_count };
        out->person = p;
    }
    return out;
}

static bool has_name(const struct person *p)
{
    return str_is_set(p->family_name) && (str_is_set(p->given_names) || str_is_set(p->calling_name));
}

struct str dry_result_write(struct arena *a, const struct dry_run *run, const struct tryout *t)
{
    const struct person *p = t->person;
    struct json_out o = json_out(a, RESULT_MAX_B);
    struct str text = tryout_write(a, stripped(a, t), NULL);

    if (text.p == NULL)
        return text;
    json_begin_object(&o);
    if (p != NULL && str_is_set(p->subject))
        json_put_str(&o, S("who"), str_sub(made_of(a, run, "dry person", p->subject), 0, MARK_CHARS));
    json_put_bool(&o, S("named"), p != NULL && has_name(p));
    json_put_bool(&o, S("numbered"), p != NULL && str_is_set(p->learner_id));
    json_key(&o, S("tryout"));
    json_raw(&o, text);
    json_end_object(&o);
    return json_done(&o);
}

static bool is_true(const struct json_value *v, struct str name)
{
    const struct json_value *x = json_get(v, name);

    return x != NULL && x->type == JSON_BOOL && x->boolean;
}

struct dry_result *dry_result_parse(struct arena *a, struct str json)
{
    struct fail ignored = { 0 };
    const struct json_value *v = json_parse(a, json, &ignored), *inner = json_get(v, S("tryout"));
    struct json_out o = json_out(a, RESULT_MAX_B);

    if (inner == NULL)
        return NULL;
    json_value(&o, inner);
    struct tryout *t = tryout_parse(a, json_done(&o), NULL);
    if (t == NULL)
        return NULL;
    struct dry_result *out = arena_make(a, struct dry_result);
    *out = (struct dry_result){ .tryout = t,
                                .who = json_get_str(v, S("who")),
                                .named = is_true(v, S("named")),
                                .numbered = is_true(v, S("numbered")) };
    return out;
}

bool dry_keep(struct ctx *c, const struct dry_run *run, size_t slot, struct kv_got *got, struct fail *f)
{
    struct str text = dry_result_write(c->arena, run, c->tryout);
    int64_t left_s = run->until_s - c->now_s;

    if (text.p == NULL)
        return fail(f, FAIL_OURS, "server_error", "a test sign-in does not fit its record");
    kv_set(c->kv, &c->batch, c->arena, got, KV_DRY, result_id(c->arena, run, slot),
           seal_close(c->arena, c->world, c->seals, SEAL_SESSION, result_bound(c->arena, run, slot), text),
           left_s > 1 ? left_s : 1);
    return true;
}

void dry_drop(struct ctx *c, const struct dry_run *run, struct dry_dropped *got)
{
    for (size_t i = 0; i < run->n; i++)
        kv_delete(c->kv, &c->batch, c->arena, &got->results[i], KV_DRY, result_id(c->arena, run, i));
    kv_delete(c->kv, &c->batch, c->arena, &got->run, KV_DRY, run_id(c->arena, run->idp));
}

/* ── a look at one ──────────────────────────────────────────────────────── */

void dry_ask(struct ctx *c, struct str idp, struct dry_look *x)
{
    *x = (struct dry_look){ .idp = idp };
    kv_get(c->kv, &c->batch, c->arena, &x->asked, KV_DRY, run_id(c->arena, idp));
}

bool dry_read(struct ctx *c, struct dry_look *x, struct fail *f)
{
    struct str text;

    if (x->asked.outcome == KV_DOWN)
        return kv_away(f, "dry run") != 0;
    if (x->asked.outcome == KV_HIT &&
        seal_open(c->arena, c->seals, SEAL_SESSION, run_bound(c->arena, x->idp), x->asked.value, &text))
        x->run = run_parse(c->arena, x->idp, text);
    if (x->run != NULL && x->run->until_s <= c->now_s)
        x->run = NULL;
    return true;
}

bool dry_ask_results(struct ctx *c, struct dry_look *x, struct fail *f)
{
    if (!dry_read(c, x, f))
        return false;
    for (size_t i = 0; x->run != NULL && i < x->run->n; i++)
        kv_get(c->kv, &c->batch, c->arena, &x->got[i], KV_DRY, result_id(c->arena, x->run, i));
    return true;
}

bool dry_read_results(struct ctx *c, struct dry_look *x, struct fail *f)
{
    for (size_t i = 0; x->run != NULL && i < x->run->n; i++) {
        struct str text;
        if (x->got[i].outcome == KV_DOWN)
            return kv_away(f, "dry result") != 0;
        if (x->got[i].outcome == KV_HIT &&
            seal_open(c->arena, c->seals, SEAL_SESSION, result_bound(c->arena, x->run, i), x->got[i].value, &text))
            x->results[i] = dry_result_parse(c->arena, text);
    }
    return true;
}

/* ── in sum ─────────────────────────────────────────────────────────────── */

static bool is_fault(const struct tryout *t)
{
    bool hidden = false;

    for (size_t i = 0; i < t->attribute_count; i++)
        hidden = hidden || t->attributes[i].hidden;
    return t->note_count > 0 || t->learner_ids > 1 || hidden;
}

enum dry_state dry_state_of(const struct dry_result *r)
{
    return r == NULL                          ? DRY_WAITS
           : r->tryout->why.kind != FAIL_NONE ? DRY_REFUSED
           : is_fault(r->tryout)              ? DRY_FAULTS
                                              : DRY_WELL;
}

bool dry_is_again(const struct dry_look *x, size_t slot)
{
    for (size_t i = 0; i < slot; i++)
        if (x->results[slot] != NULL && x->results[i] != NULL && str_is_set(x->results[i]->who) &&
            str_eq(x->results[i]->who, x->results[slot]->who))
            return true;
    return false;
}

struct dry_sum dry_sum(const struct dry_look *x)
{
    struct dry_sum sum = { .asked = x->run != NULL ? x->run->n : 0 };

    for (size_t i = 0; i < sum.asked; i++) {
        enum dry_state state = dry_state_of(x->results[i]);
        sum.came += state != DRY_WAITS;
        sum.refused += state == DRY_REFUSED;
        sum.faulty += state == DRY_FAULTS;
        sum.twice += dry_is_again(x, i);
    }
    return sum;
}
