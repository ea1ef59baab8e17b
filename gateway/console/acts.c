/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/console/acts.h"

#include "console/texts.h"
#include "gateway/answer.h"
#include "wire/form.h"

#include <string.h>

struct str act_field(const struct form *form, struct str name, size_t most)
{
    return form_typed(form, name, most);
}

struct str act_lines(struct ctx *c, struct str name, size_t most)
{
    return form_lines(c->arena, c->body, name, most);
}

struct str act_why(const struct form *form)
{
    return str_chars(str_trim(form_get(form, S("why"))), ACT_WHY_MAX, CHANGE_WHY_MAX_B);
}

const struct service *act_service(const struct ctx *c, struct str typed)
{
    const struct registry_parts *parts = registry_parts(c->registry);
    const struct service *s = registry_service(c->registry, typed);

    for (size_t i = 0; s == NULL && i < parts->service_count; i++)
        for (int lang = 0; s == NULL && lang < LANG_COUNT; lang++)
            if (str_eq(names_in(&parts->services[i].names, (enum lang)lang), typed))
                s = &parts->services[i];
    return s;
}

struct str act_new_id(struct ctx *c, struct str before, size_t n)
{
    static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789"; /* 32, so that each is as likely */
    unsigned char bytes[ACT_ID_MAX];
    struct buf b = buf_new(c->arena, before.n + ACT_ID_MAX + 1);

    n = n < ACT_ID_MAX ? n : ACT_ID_MAX;
    world_random(c->world, bytes, n);
    buf_add(&b, before);
    for (size_t i = 0; i < n; i++)
        buf_byte(&b, letters[bytes[i] & 31]);
    return buf_str(&b);
}

static void free_edit(void *e)
{
    edit_free(e);
}

struct edit *act_begin(struct ctx *c, struct act *x, const struct edit_from *from, struct str why)
{
    struct change_by *by = arena_make(c->arena, struct change_by);
    struct edit_from shown = { 0 };

    *by = console_by(c, MAKER_console, why);
    if (!str_int(form_get(c->body, S("version")), &shown.version) || shown.version <= 0)
        shown.version = registry_parts(c->registry)->version;
    x->how = (struct edit_how){ .world = c->world, .seals = c->seals };
    x->edit = edit_new(by, from != NULL ? from : &shown);
    arena_adopt(c->arena, x->edit, free_edit);
    return x->edit;
}

static bool run(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct act *x = with;

    return edit_run(x->edit, d, a, &x->how, x->as, &x->result, f);
}

enum step act_run(struct ctx *c, struct act *x, enum edit_act as, struct fail *f)
{
    x->as = as;
    return console_ask(c, run, x, &x->got, f);
}

static bool is_refusal(const struct desk_got *got)
{
    return !got->ok && (got->why.kind == FAIL_CALLER || got->why.kind == FAIL_DENIED);
}

enum step act_note(struct ctx *c, const struct desk_got *got)
{
    if (!is_refusal(got))
        return NEXT;
    console_audit(c, "refused", str_of(got->why.code), str_of(c->route->path));
    return WAIT;
}

bool act_refused(struct ctx *c, const struct desk_got *got, struct fail *f)
{
    if (is_refusal(got))
        return console_audited(c, f);
    (void)console_answered(got, f);
    return false;
}

/* Quotas (registry/quota.h) in the reader's language; what else is wrong with a row the storage layer says. */
struct str act_trouble(struct ctx *c, const struct edit_result *result, const struct fail *why)
{
    static const struct {
        const char *code;
        enum said words;
    } quotas[] = {
#define X(code, most, what) { #code, C_quota_##code },
        QUOTAS(X)
#undef X
    };

    for (size_t i = 0; why->code != NULL && i < sizeof quotas / sizeof *quotas; i++)
        if (strcmp(why->code, quotas[i].code) == 0)
            return said(quotas[i].words, c->lang);
    return arena_str(c->arena, result->trouble_count > 0 ? result->troubles[0].says : str_of(why->detail));
}

struct str act_detail(struct ctx *c, const struct act *x)
{
    return act_trouble(c, &x->result, &x->got.why);
}
