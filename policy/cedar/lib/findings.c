/* SPDX-License-Identifier: EUPL-1.2
 * What is wrong with an input, for people and for programs. */
#include "policy/cedar/json.h"
#include "policy/cedar/lib/lib.h"

size_t cedar_finding_count(const struct cedar_memory *m)
{
    return m != NULL ? m->found.n : 0;
}

static void describe(const struct cedar_diag *d, struct cedar_finding *f)
{
    *f = (struct cedar_finding){
        .severity = d->severity,
        .begin = d->span.at,
        .end = d->span.end,
        .message = out(d->message),
        .expected = out(d->expected),
        .near_name = out(d->near),
        .policy = out(d->policy),
        .code = d->finding,
    };
    if (d->source != NULL) {
        struct cedar_place place = cedar_place_of(d->source, d->span.at);
        f->source = out(d->source->name);
        f->line = place.line;
        f->column = place.column;
    }
}

bool cedar_finding_at(struct cedar_memory *m, size_t i, struct cedar_finding *f)
{
    if (f == NULL)
        return false;
    *f = (struct cedar_finding){ .severity = CEDAR_ERROR };
    if (i < cedar_finding_count(m))
        describe(&m->found.items[i], f);
    return i < cedar_finding_count(m);
}

static bool as_text(struct call *c)
{
    struct buf b = text_of(c->m);

    buf_add(&b, cedar_diags_text(c->m->arena, &c->m->found));
    return text_done(c, &b);
}

/* "" when there is no memory for it. */
static struct cedar_str text_or_nothing(struct call *c, bool (*work)(struct call *))
{
    return run(c, work) == CEDAR_OK ? out(c->text) : out(S(""));
}

struct cedar_str cedar_findings_text(struct cedar_memory *m)
{
    struct call c = { .m = m };

    return text_or_nothing(&c, as_text);
}

static void add_text(struct buf *b, struct str member, struct cedar_str value)
{
    if (value.p == NULL)
        return;
    buf_byte(b, ',');
    cedar_json_quote(b, member);
    buf_byte(b, ':');
    cedar_json_quote(b, in(value));
}

static void add_finding(struct buf *b, const struct cedar_diag *d)
{
    struct cedar_finding f;

    describe(d, &f);
    buf_printf(b, "{\"severity\":\"%s\",\"code\":\"%s\"", f.severity == CEDAR_ERROR ? "error" : "warning",
               cedar_finding_code_name(f.code));
    add_text(b, S("message"), f.message);
    add_text(b, S("expected"), f.expected);
    add_text(b, S("near"), f.near_name);
    add_text(b, S("policy"), f.policy);
    add_text(b, S("source"), f.source);
    if (f.source.p != NULL)
        buf_printf(b, ",\"line\":%zu,\"column\":%zu,\"begin\":%zu,\"end\":%zu", f.line, f.column, f.begin, f.end);
    buf_byte(b, '}');
}

static bool as_json(struct call *c)
{
    struct buf b = text_of(c->m);

    buf_byte(&b, '[');
    for (size_t i = 0; i < c->m->found.n; i++) {
        if (i > 0)
            buf_byte(&b, ',');
        add_finding(&b, &c->m->found.items[i]);
    }
    buf_byte(&b, ']');
    return text_done(c, &b);
}

struct cedar_str cedar_findings_json(struct cedar_memory *m)
{
    struct call c = { .m = m };

    return text_or_nothing(&c, as_json);
}
