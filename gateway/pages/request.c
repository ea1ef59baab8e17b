/* SPDX-License-Identifier: EUPL-1.2
 * A person asks for a service that is not open to them, or takes that back. */
#include "base/crypt.h"
#include "base/log.h"
#include "base/text.h"
#include "gateway/answer.h"
#include "gateway/explain.h"
#include "gateway/flow.h"
#include "gateway/session/session.h"
#include "wire/form.h"

#include <string.h>

enum { WORDS_MAX = 200 /* as the form has it */ };

struct asking { /* c->state */
    const struct registry *registry;
    const struct service *service;
    struct person *person;
    int64_t now_s, take; /* take: the number of what is taken back; 0: it is asked */
    struct str place, words, name;
    bool found; /* the place is one of theirs */
    struct pleas_got got;
};

/* On a worker thread: where they may ask is looked at anew, whatever the page said. */
static bool run(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct asking *x = with;

    if (x->take > 0)
        return plea_take(d, x->person->id, x->take, x->now_s, f);
    const struct plea_places places = plea_places(a, x->registry, x->person, x->service, x->now_s);
    const struct plea_place *at = explain_place_of(a, &places, x->place);
    x->found = at != NULL;
    if (at == NULL)
        return true;
    const struct plea_asking ask = { .person = x->person->id,
                                     .key = plea_key_of(at, x->service),
                                     .level = at->at->class_level,
                                     .words = x->words,
                                     .name = x->name };
    return plea_put(d, a, &ask, x->now_s, f);
}

static struct str why_page(struct ctx *c)
{
    return arena_printf(c->arena, "/why/%.*s#request", STR_ARG(c->service->id));
}

static enum step ask(struct ctx *c, struct fail *f)
{
    struct asking *x = arena_make(c->arena, struct asking);

    c->state = x;
    c->service = registry_service(c->registry, c->req->param);
    if (c->service == NULL)
        return fail(f, FAIL_NOT_FOUND, "not_found", "no service \"%.*s\"", STR_ARG(c->req->param));
    if (c->pleas == NULL || !crypt_eq(c->session->csrf, form_get(c->body, S("csrf"))))
        return answer_go(c, why_page(c));
    *x = (struct asking){ .registry = c->registry,
                          .service = c->service,
                          .person = c->session->person,
                          .now_s = c->now_s,
                          .place = form_get(c->body, S("place")),
                          .words = str_chars(text_trim(form_get(c->body, S("why"))), WORDS_MAX, PLEA_WORDS_MAX_B) };
    if (!str_int(form_get(c->body, S("take")), &x->take) || x->take < 0)
        x->take = 0;
    if (str_is_set(form_get(c->body, S("named"))))
        x->name = str_sub(person_display_name(c->arena, x->person), 0, PLEA_NAME_MAX_B);
    if (!pleas_ask(c->pleas, c->work, &c->batch, c->arena, run, x, &x->got))
        return fail(f, FAIL_BUSY, "busy", "too many jobs wait");
    return WAIT;
}

static enum plea_said said_of(const struct asking *x)
{
    static const struct {
        const char *code;
        enum plea_said said;
    } rows[] = { { "plea_words", PLEA_SAID_WORDS },
                 { "plea_day", PLEA_SAID_DAY },
                 { "plea_many", PLEA_SAID_MANY },
                 { "plea_full", PLEA_SAID_FULL } };

    if (x->got.ok)
        return x->found || x->take > 0 ? PLEA_SAID_NOTHING : PLEA_SAID_PLACE;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(x->got.why.code, rows[i].code) == 0)
            return rows[i].said;
    return PLEA_SAID_NOTHING;
}

/* What stands in the way is said on the page that asked, with what was typed. */
static enum step say(struct ctx *c, struct fail *f)
{
    struct asking *x = c->state;
    enum plea_said said = said_of(x);

    if (!x->got.ok && x->got.why.kind != FAIL_CALLER && x->got.why.kind != FAIL_BUSY)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "requests: %s %s", x->got.why.code, x->got.why.detail);
    const struct decision *d = flow_decide(c);
    if (said == PLEA_SAID_NOTHING || d->effect == EFFECT_ALLOW || !policy_could_open(c->registry, c->service, d))
        return answer_go(c, why_page(c));
    c->explained = arena_make(c->arena, struct explained);
    c->explained->said = said;
    c->explained->words = x->words;
    c->explained->place = x->place;
    c->explained->named = str_is_set(x->name);
    return flow_missing(c);
}

const struct step_row service_request[] = { { session_find }, { flow_need_person }, { ask }, { say }, { NULL } };
