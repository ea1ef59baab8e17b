/* SPDX-License-Identifier: EUPL-1.2
 * tests/unit/cedar_help.h: texts to snapshots in one line, for the Cedar tests. */
#ifndef TESTS_UNIT_CEDAR_HELP_H
#define TESTS_UNIT_CEDAR_HELP_H

#include "policy/cedar/engine.h"
#include "policy/cedar/json.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

/* A list of findings about a text that outlives the call. */
static inline struct cedar_diags diags_of(struct arena *a, const char *name, struct str text)
{
    struct cedar_source *source = arena_make(a, struct cedar_source);

    *source = (struct cedar_source){ str_of(name), text };
    return cedar_diags_new(a, source);
}

/* NULL when the text is refused. */
static inline const struct cedar_policies *policies_of(struct arena *a, struct str text)
{
    struct cedar_diags d = diags_of(a, "p.cedar", text);

    return cedar_policies_parse(a, &d, CEDAR_IDS_BY_POSITION);
}

static inline const struct cedar_entities *entities_of(struct arena *a, const char *json)
{
    struct cedar_diags d = diags_of(a, "e.json", str_of(json));

    return cedar_entities_parse(a, &d, NULL);
}

static inline struct cedar_request request_of(struct arena *a, const char *json)
{
    struct cedar_diags d = diags_of(a, "r.json", str_of(json));
    struct cedar_request r = { 0 };

    if (!cedar_request_parse(a, &d, NULL, &r))
        (void)printf("%s", arena_cstr(a, cedar_diags_text(a, &d)));
    return r;
}

/* The value of an expression as text, or "error: …", for principal User::"a". */
static inline struct str value_in(struct arena *a, const char *expression, const char *entities, const char *context)
{
    struct str text = arena_printf(a, "permit (principal, action, resource) when { %s };", expression);
    struct cedar_diags d = diags_of(a, "p.cedar", text);
    const struct cedar_policies *p = cedar_policies_parse(a, &d, CEDAR_IDS_BY_POSITION);
    struct buf b = buf_new(a, 1 << 20);
    struct cedar_value v;

    if (p == NULL)
        return arena_join(a, S("refused: "), d.items[0].message);
    struct cedar_request r =
        request_of(a, arena_cstr(a, arena_printf(a,
                                                 "{\"principal\":\"User::\\\"a\\\"\",\"action\":\"Action::\\\"v\\\"\","
                                                 "\"resource\":\"Doc::\\\"d\\\"\",\"context\":%s}",
                                                 context)));
    struct eval x = { .entities = entities_of(a, entities),
                      .arena = a,
                      .context = r.context,
                      .work = CEDAR_WORK_MAX,
                      .uids = { &r.principal, &r.action, &r.resource } };
    for (int i = 0; i < 3; i++)
        x.entity[i] = cedar_entity_find(x.entities, x.uids[i]);
    if (!eval(&x, cedar_policy_at(p, 0)->conditions[0].body, &v))
        return arena_join(a, S("error: "), cedar_eval_error_text(a, &x.error));
    cedar_value_text(&b, &v);
    return buf_str(&b);
}

static inline struct str value_of(struct arena *a, const char *expression)
{
    return value_in(a, expression, "[]", "{}");
}

#endif
