/* SPDX-License-Identifier: EUPL-1.2
 * /lti/pick: the links of the person's classes, in each tool that has a catalogue; teachers pick more, put them in
 * order and take them down.  What is put up stands in registry/class_links.h under the class's context, so it is seen
 * by whoever is told of that class, where policy lets them use the tool. */
#include "base/crypt.h"
#include "gateway/answer.h"
#include "gateway/lti/deep.h"
#include "gateway/lti/told.h"
#include "gateway/session/session.h"
#include "launcher/pages.h"
#include "registry/class_links.h"
#include "wire/form.h"
#include "wire/http.h"

/* Of a page: more links than that are behind one more press, by class and tool. */
enum { TOOLS_MAX = 30, LISTS_MAX = 100, SHOWN_MAX = 60, PATH_MAX_B = 16384 };

struct tool {
    const struct service *service;
    const struct told_list *told;
};

struct classes { /* c->state */
    struct tool tools[TOOLS_MAX];
    size_t tool_count;
    struct strs contexts;
    struct class_links_ask links;
};

static enum step ask(struct ctx *c, struct class_links_ask *x, struct fail *f)
{
    x->now_s = c->now_s;
    if (c->class_links == NULL)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "no links of classes are kept here");
    return class_links_ask(c->class_links, c->work, &c->batch, c->arena, x)
               ? WAIT
               : (enum step)fail(f, FAIL_BUSY, "busy", "too many jobs wait");
}

/* ── what there is ───────────────────────────────────────────────────────── */

static void add_tool(struct ctx *c, struct classes *x, const struct service *s)
{
    c->service = s;
    struct tool *tool = &x->tools[x->tool_count++];
    *tool = (struct tool){ s, told_all(c, flow_decide(c)) };
    for (size_t i = 0; i < tool->told->n; i++)
        if (tool->told->at[i].context_id.p != NULL && !strs_has(&x->contexts, tool->told->at[i].context_id))
            strs_add(c->arena, &x->contexts, tool->told->at[i].context_id);
}

static enum step collect(struct ctx *c, struct fail *f)
{
    struct classes *x = c->state = arena_make(c->arena, struct classes);
    const struct registry_parts *p = registry_parts(c->registry);
    const struct circumstances now = flow_circumstances(c);
    const struct bits open = policy_services(c->arena, c->registry, c->person, &now);

    for (size_t i = 0; i < p->service_count && x->tool_count < TOOLS_MAX; i++)
        if (p->services[i].protocol == PROTO_LTI && p->services[i].lti.deep_linking && bits_has(&open, i))
            add_tool(c, x, &p->services[i]);
    c->service = NULL;
    x->links.contexts = &x->contexts;
    return ask(c, &x->links, f);
}

/* ── the page ────────────────────────────────────────────────────────────── */

static struct str path(struct ctx *c, const char *begin, const struct service *s, struct str class)
{
    struct buf b = buf_new(c->arena, PATH_MAX_B);

    buf_printf(&b, "%s%.*s", begin, STR_ARG(s->id));
    url_query(&b, S("class"), class);
    return buf_str(&b);
}

static struct str path_of_link(struct ctx *c, const struct class_link *l)
{
    struct lti_link link;
    struct buf b = buf_new(c->arena, PATH_MAX_B);

    if (!lti_link_read(c->arena, l->text, &link))
        return (struct str){ NULL, 0 };
    buf_add(&b, S("/lti/link"));
    url_query(&b, S("item"), lti_link_seal(c, &link));
    url_query(&b, S("class"), l->context);
    return buf_ok(&b) ? buf_str(&b) : (struct str){ NULL, 0 };
}

static bool is_of(const struct class_link *l, const struct class_list *list)
{
    return str_eq(l->context, list->context) && str_eq(l->service, list->service_id);
}

static void fill_links(struct ctx *c, const struct classes *x, struct class_list *list, size_t count)
{
    struct class_row *rows = arena_make_n(c->arena, count + 1, struct class_row);

    for (size_t i = 0; i < x->links.n; i++) {
        const struct class_link *l = &x->links.at[i];
        struct str url = is_of(l, list) ? path_of_link(c, l) : (struct str){ NULL, 0 };
        if (url.p == NULL)
            continue;
        rows[list->links.n] =
            (struct class_row){ .id = l->id, .title = l->title, .url = url, .first = list->links.n == 0 };
        list->links.n++;
    }
    if (list->links.n > 0)
        rows[list->links.n - 1].last = true;
    list->links.at = rows;
}

static struct str path_of_list(struct ctx *c, const struct class_list *list)
{
    struct buf b = buf_new(c->arena, PATH_MAX_B);

    buf_add(&b, S("/lti/pick"));
    url_query(&b, S("service"), list->service_id);
    url_query(&b, S("class"), list->context);
    return buf_str(&b);
}

static bool is_wanted(const struct ctx *c, const struct class_list *list)
{
    struct str service = form_get(c->query, S("service")), class = form_get(c->query, S("class"));

    return (!str_is_set(service) || str_eq(service, list->service_id)) &&
           (!str_is_set(class) || str_eq(class, list->context));
}

static void add_list(struct ctx *c, const struct classes *x, const struct service *s, const struct lti_told *told,
                     struct links_view *v, struct class_list *list, size_t *shown)
{
    size_t count = 0;

    *list = (struct class_list){ .service = names_in(&s->names, c->lang),
                                 .service_id = s->id,
                                 .context = told->context_id.p != NULL ? told->context_id : S(""),
                                 .class_name = told->context_id.p != NULL ? told_title(told) : S(""),
                                 .teaches = told_teaches(told),
                                 .open = path(c, "/lti/open/", s, told->context_id),
                                 .pick = path(c, "/lti/pick/", s, told->context_id) };
    for (size_t i = 0; i < x->links.n; i++)
        count += is_of(&x->links.at[i], list);
    if (!is_wanted(c, list) || (!list->teaches && count == 0))
        return;
    if (*shown > 0 && *shown + count > SHOWN_MAX)
        list->more = path_of_list(c, list);
    else
        fill_links(c, x, list, count);
    *shown += list->links.n;
    v->teaches = v->teaches || list->teaches;
    v->lists.n++;
}

static void fill_lists(struct ctx *c, const struct classes *x, struct links_view *v)
{
    struct class_list *lists = arena_make_n(c->arena, LISTS_MAX, struct class_list);
    size_t shown = 0;

    for (size_t i = 0; i < x->tool_count; i++)
        for (size_t k = 0; k < x->tools[i].told->n && v->lists.n < LISTS_MAX; k++)
            add_list(c, x, x->tools[i].service, &x->tools[i].told->at[k], v, &lists[v->lists.n], &shown);
    v->lists.at = lists;
}

static enum step show(struct ctx *c, struct fail *f)
{
    const struct classes *x = c->state;
    struct links_view v = { .page = page_for(c, S("/lti/pick")),
                            .shared = c->session->shared,
                            .only = str_is_set(form_get(c->query, S("service"))) };

    if (!x->links.ok)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "links of classes: %s %s", x->links.why.code,
                    x->links.why.detail);
    fill_lists(c, x, &v);
    flow_leave_idle(c);
    return answer_page(c, 200, page_links(c->arena, &v));
}

const struct step_row lti_catalogues[] = { { session_find }, { flow_need_person }, { collect }, { show }, { NULL } };

/* ── POST /lti/links: csrf, service, class, and one of add, remove, up, down ── */

struct changing { /* c->state */
    struct class_links_ask links;
    struct class_link one;
};

static const char *const words[] = {
    [CLASS_LINK_ADD] = "add", [CLASS_LINK_REMOVE] = "remove", [CLASS_LINK_UP] = "up", [CLASS_LINK_DOWN] = "down"
};

/* A list of what was picked (add), or a link's id. */
static struct str said(const struct ctx *c, enum class_link_change *change)
{
    for (size_t i = CLASS_LINK_ADD; i < sizeof words / sizeof *words; i++) {
        struct str value = form_get(c->body, str_of(words[i]));
        *change = (enum class_link_change)i;
        if (str_is_set(value))
            return value;
    }
    *change = CLASS_LINK_NONE;
    return (struct str){ NULL, 0 };
}

/* The tool is open to them, and they teach that class: policy is asked anew. */
static bool may_change(struct ctx *c, struct str context, struct fail *f)
{
    const struct service *s = registry_service(c->registry, form_get(c->body, S("service")));

    if (s == NULL || s->protocol != PROTO_LTI || !s->enabled || !s->lti.deep_linking)
        return fail(f, FAIL_NOT_FOUND, "not_found", "service has no catalogue");
    c->service = s;
    const struct decision *d = flow_decide(c);
    const struct lti_told *told = d->effect == EFFECT_ALLOW ? told_in(told_all(c, d), context) : NULL;
    return (told != NULL && told_teaches(told)) ||
           fail(f, FAIL_DENIED, "access_denied", "links of a class are for those who teach it");
}

static struct class_link *links_of(struct ctx *c, struct str list, struct str context, size_t *n)
{
    struct class_link *links = arena_make_n(c->arena, CLASS_LINKS_AT_ONCE, struct class_link);
    struct lti_link *picked = arena_make_n(c->arena, CLASS_LINKS_AT_ONCE, struct lti_link);

    *n = deep_picked(c, list, picked, CLASS_LINKS_AT_ONCE);
    for (size_t i = 0; i < *n; i++)
        links[i] = (struct class_link){ .id = picked[i].id,
                                        .context = context,
                                        .service = c->service->id,
                                        .title = str_is_set(picked[i].title) ? picked[i].title
                                                                             : names_in(&c->service->names, c->lang),
                                        .text = lti_link_write(c->arena, &picked[i]) };
    return links;
}

static enum step change(struct ctx *c, struct fail *f)
{
    struct changing *x = c->state = arena_make(c->arena, struct changing);
    struct str context = form_get(c->body, S("class")), value = said(c, &x->links.change);

    if (!crypt_eq(c->session->csrf, form_get(c->body, S("csrf"))))
        return answer_go(c, S("/lti/pick"));
    if (x->links.change == CLASS_LINK_NONE)
        return fail(f, FAIL_CALLER, "invalid_request", "nothing to do");
    if (!may_change(c, context, f))
        return REFUSE;
    x->one = (struct class_link){ .id = value, .context = context, .service = c->service->id };
    x->links.link = &x->one;
    x->links.link_count = 1;
    if (x->links.change == CLASS_LINK_ADD)
        x->links.link = links_of(c, value, context, &x->links.link_count);
    if (x->links.link_count == 0)
        return fail(f, FAIL_NOT_FOUND, "not_found", "list is none of theirs, or too old");
    flow_audit(c, "change", flow_decision(c)->rule, (struct str){ NULL, 0 },
               arena_join(c->arena, S("class links: "), str_of(words[x->links.change])));
    return ask(c, &x->links, f);
}

static enum step changed(struct ctx *c, struct fail *f)
{
    const struct changing *x = c->state;

    if (!x->links.ok)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "links of classes: %s %s", x->links.why.code,
                    x->links.why.detail);
    if (!flow_audited(c, f))
        return REFUSE;
    if (x->links.left_out > 0)
        return fail(f, FAIL_TOO_LARGE, "too_many_links", "the class has %d links of the tool: %zu had no room",
                    CLASS_LINKS_MAX, x->links.left_out);
    struct class_list list = { .service_id = c->service->id, .context = form_get(c->body, S("class")) };
    struct str page = str_is_set(form_get(c->body, S("only"))) ? path_of_list(c, &list) : S("/lti/pick");
    return answer_go(
        c, arena_printf(c->arena, "%.*s#%.*s-%.*s", STR_ARG(page), STR_ARG(list.service_id), STR_ARG(list.context)));
}

const struct step_row lti_links[] = { { session_find }, { flow_need_person }, { change }, { changed }, { NULL } };
