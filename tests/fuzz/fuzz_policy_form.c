/* SPDX-License-Identifier: EUPL-1.2
 * A policy as statements and as a form: whatever the text is, what is read of it as exact is written as a text that
 * decides alike and reads alike. */
#include "policy/form.h"

#include <stdlib.h>

static const char store[] =
    "["
    "{\"uid\":{\"type\":\"School\",\"id\":\"oulu/"
    "99101\"},\"attrs\":{},\"parents\":[{\"type\":\"Provider\",\"id\":\"oulu\"}]},"
    "{\"uid\":{\"type\":\"Group\",\"id\":\"oulu/99101/7B\"},\"attrs\":{},"
    "\"parents\":[{\"type\":\"School\",\"id\":\"oulu/99101\"}]},"
    "{\"uid\":{\"type\":\"Role\",\"id\":\"learner\"},\"attrs\":{},\"parents\":[{\"type\":\"Role\",\"id\":\"any\"}]},"
    "{\"uid\":{\"type\":\"Role\",\"id\":\"teacher\"},\"attrs\":{},\"parents\":[{\"type\":\"Role\",\"id\":\"any\"}]},"
    "{\"uid\":{\"type\":\"Person\",\"id\":\"0\"},\"attrs\":{\"provider\":{\"__entity\":{\"type\":\"Provider\",\"id\":"
    "\"oulu\"}},"
    "\"school\":{\"__entity\":{\"type\":\"School\",\"id\":\"oulu/99101\"}},"
    "\"role\":{\"__entity\":{\"type\":\"Role\",\"id\":\"learner\"}},\"classLevel\":8,\"age\":\"13to17\"},"
    "\"parents\":[{\"type\":\"Role\",\"id\":\"learner\"},{\"type\":\"Group\",\"id\":\"oulu/99101/7B\"},"
    "{\"type\":\"School\",\"id\":\"oulu/99101\"},{\"type\":\"Provider\",\"id\":\"oulu\"}]},"
    "{\"uid\":{\"type\":\"Person\",\"id\":\"1\"},\"attrs\":{\"provider\":{\"__entity\":{\"type\":\"Provider\",\"id\":"
    "\"oulu\"}},"
    "\"role\":{\"__entity\":{\"type\":\"Role\",\"id\":\"teacher\"}}},"
    "\"parents\":[{\"type\":\"Role\",\"id\":\"teacher\"},{\"type\":\"Provider\",\"id\":\"oulu\"}]},"
    "{\"uid\":{\"type\":\"Person\",\"id\":\"2\"},\"attrs\":{\"provider\":{\"__entity\":{\"type\":\"Provider\",\"id\":"
    "\"espoo\"}},"
    "\"classLevel\":1,\"age\":\"under13\",\"charge\":\"free\"},\"parents\":[{\"type\":\"Provider\",\"id\":\"espoo\"}]},"
    "{\"uid\":{\"type\":\"Service\",\"id\":\"a\"},\"attrs\":{\"category\":{\"__entity\":{\"type\":\"Category\",\"id\":"
    "\"c\"}}},"
    "\"parents\":[{\"type\":\"Category\",\"id\":\"c\"}]},"
    "{\"uid\":{\"type\":\"Service\",\"id\":\"b\"},\"attrs\":{\"category\":{\"__entity\":{\"type\":\"Category\",\"id\":"
    "\"d\"}}},"
    "\"parents\":[{\"type\":\"Category\",\"id\":\"d\"}]},"
    "{\"uid\":{\"type\":\"Disclosure\",\"id\":\"a\"},\"attrs\":{\"service\":{\"__entity\":{\"type\":\"Service\",\"id\":"
    "\"a\"}},"
    "\"attribute\":{\"__entity\":{\"type\":\"Attribute\",\"id\":\"email\"}}},"
    "\"parents\":[{\"type\":\"Service\",\"id\":\"a\"},{\"type\":\"Attribute\",\"id\":\"email\"}]},"
    "{\"uid\":{\"type\":\"Disclosure\",\"id\":\"b\"},\"attrs\":{\"service\":{\"__entity\":{\"type\":\"Service\",\"id\":"
    "\"b\"}},"
    "\"attribute\":{\"__entity\":{\"type\":\"Attribute\",\"id\":\"roles\"}}},"
    "\"parents\":[{\"type\":\"Service\",\"id\":\"b\"},{\"type\":\"Attribute\",\"id\":\"roles\"}]}"
    "]";

static const char *const contexts[] = {
    "{\"minute\":495,\"weekday\":1,\"device\":{\"__entity\":{\"type\":\"Device\",\"id\":\"own\"}},\"assurance\":0}",
    "{\"minute\":1380,\"weekday\":7,\"device\":{\"__entity\":{\"type\":\"Device\",\"id\":\"shared\"}},\"assurance\":2}",
};

static void must(bool holds)
{
    if (!holds)
        abort();
}

static struct cedar_diags diags(struct arena *a, struct str text)
{
    struct cedar_source *source = arena_make(a, struct cedar_source);

    *source = (struct cedar_source){ S("x"), text };
    return cedar_diags_new(a, source);
}

static const struct cedar_policies *parse(struct arena *a, struct str text)
{
    struct cedar_diags d = diags(a, text);

    return cedar_policies_parse(a, &d, CEDAR_IDS_BY_POSITION);
}

static void decide_alike(struct arena *a, struct str one, struct str other, enum does does)
{
    struct str all = S("permit (principal, action, resource);\n");
    const struct cedar_policies *x = parse(a, arena_join(a, all, one)), *y = parse(a, arena_join(a, all, other));
    const struct cedar_policies *px = parse(a, one), *py = parse(a, other);
    struct cedar_diags d = diags(a, str_of(store));
    const struct cedar_entities *e = cedar_entities_parse(a, &d, NULL);

    must(x != NULL && y != NULL && px != NULL && py != NULL && e != NULL);
    for (int i = 0; i < 3 * 2 * 2; i++) {
        static const char *const people[] = { "0", "1", "2" }, *const things[] = { "a", "b" };
        struct cedar_request r = {
            .principal = cedar_uid_make(S("Person"), str_of(people[i % 3])),
            .action = cedar_uid_make(S("Action"), does == DOES_OPEN    ? S("open")
                                                  : does == DOES_LEAVE ? S("leaveToSchools")
                                                                       : S("release")),
            .resource =
                cedar_uid_make(does == DOES_RELEASE ? S("Disclosure") : S("Service"), str_of(things[i / 3 % 2])),
        };
        struct cedar_diags c = diags(a, str_of(contexts[i / 6]));
        must(cedar_request_make(a, &c, NULL, &r));
        must(cedar_authorize_closed(a, px, e, &r).decision == cedar_authorize_closed(a, py, e, &r).decision);
        must(cedar_authorize_closed(a, x, e, &r).decision == cedar_authorize_closed(a, y, e, &r).decision);
    }
}

static void check_statement(struct arena *a, const struct cedar_policy *p)
{
    struct statement s = statement_read(a, p);
    struct buf b = buf_new(a, 1 << 22), again = buf_new(a, 1 << 22);

    must(s.exact == (s.rest.p == NULL));
    statement_write(&b, &s);
    must(s.exact == (b.n > 0));
    if (!s.exact)
        return;
    const struct cedar_policies *q = parse(a, buf_str(&b));
    must(q != NULL && cedar_policies_n(q) == 1);
    struct statement back = statement_read(a, cedar_policy_at(q, 0));
    statement_write(&again, &back);
    must(back.exact && str_eq(buf_str(&b), buf_str(&again)));
    decide_alike(a, str_sub(p->source->text, p->span.at, p->span.end - p->span.at), buf_str(&b), s.does);
}

static void check_form(struct arena *a, struct str text)
{
    struct policy_form f, again;
    struct str rest;

    if (!policy_form_read(a, text, &f, &rest)) {
        must(rest.p >= text.p && rest.p + rest.n <= text.p + text.n);
        return;
    }
    struct str canonical = policy_form_text(a, &f);
    must(canonical.p != NULL && policy_form_read(a, canonical, &again, &rest) && policy_form_eq(&f, &again));
    struct cedar_diags d = diags(a, canonical);
    must(str_eq(cedar_format(a, &d), canonical));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct str text = arena_str(a, (struct str){ (const char *)data, size });
    const struct cedar_policies *p = size > 0 ? parse(a, text) : NULL;

    for (size_t i = 0; p != NULL && i < cedar_policies_n(p); i++)
        check_statement(a, cedar_policy_at(p, i));
    if (size > 0)
        check_form(a, text);
    arena_free(a);
    return 0;
}
