/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/pages/pins.h"

#include "base/text.h"
#include "registry/targets.h"
#include "wire/form.h"

struct str pin_context(struct arena *a, const struct provider *p, const struct school *s, struct str group)
{
    return arena_printf(a, "pin:%.*s/%.*s/%.*s", STR_ARG(p->oid), STR_ARG(s->oid), STR_ARG(text_composed(a, group)));
}

struct strs pin_contexts_of(const struct ctx *c, const struct person *p)
{
    struct strs all = { NULL, 0 };

    for (size_t i = 0; i < p->affiliation_count; i++) {
        const struct affiliation *at = &p->affiliations[i];
        const struct provider *of = registry_provider_oid(c->registry, at->provider_oid);
        const struct school *s =
            of != NULL ? provider_school(of, str_is_set(at->school_oid) ? at->school_oid : at->school_code) : NULL;
        if (at->role != ROLE_LEARNER || s == NULL || !str_is_set(at->group) || !affiliation_valid(at, c->now_s))
            continue;
        struct str context = pin_context(c->arena, of, s, at->group);
        if (!strs_has(&all, context))
            strs_add(c->arena, &all, context);
    }
    return all;
}

struct str pin_text(struct arena *a, const struct pin *p)
{
    return arena_printf(a, "%lld %.*s", (long long)p->until_s, STR_ARG(p->to));
}

static bool read_text(struct str text, struct pin *out)
{
    struct str until;

    if (!str_split(&text, ' ', &until) || !str_int(until, &out->until_s))
        return false;
    out->to = text;
    return true;
}

size_t class_pins_of(const struct class_links_ask *got, int64_t now_s, struct pin *out, size_t most)
{
    size_t n = 0;

    for (size_t i = 0; i < got->n && n < most; i++) {
        const struct class_link *l = &got->at[i];
        struct pin p = { .id = l->id, .service = l->service, .title = l->title };
        if (read_text(l->text, &p) && p.until_s > now_s)
            out[n++] = p;
    }
    return n;
}

struct str pin_open(struct arena *a, const struct pin *p)
{
    struct buf b = buf_new(a, 4 * (size_t)TARGET_MAX_B);

    buf_add(&b, S("/open/"));
    buf_add(&b, p->service);
    if (str_is_set(p->to))
        url_query(&b, S("to"), p->to);
    return buf_str(&b);
}
