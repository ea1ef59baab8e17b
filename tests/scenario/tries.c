/* SPDX-License-Identifier: EUPL-1.2
 *
 * maija TRIES the child of aatu called Helmi beside vilja: what stands for another guardian's child on his page, hers
 * puts wherever a child could be named, at every route of the gateway.  Nothing that comes names that child, no session
 * begins or ends, and the audit log has her acting for her own child alone. */
#include "tests/scenario/play.h"

#include "wire/form.h"
#include "wire/http.h"
#include "wire/json.h"

#include <string.h>

enum { URL_MAX_B = 16384, ALONG_MS = 200 };

/* Where a child, or somebody who could be taken for one, is named in a form or a query. */
static const char *const places[] = { "child", "login_hint", "on_behalf_of", "sub",      "person",  "lti_message_hint",
                                      "id",    "with",       "group",        "acts_for", "subject", "target",
                                      "of",    "learner_id", "ward" };

/* Where a form of her own page is her own wish to sign out. */
static const char *const ending[] = { "/sign-out", "/oidc/end_session" };

struct trying {
    struct play *p;
    struct tab *tab;
    struct str id, name, csrf; /* the other child's, as the form and the page have it */
    unsigned tried;
};

/* What a request object or the parameter claims could say. */
static struct str claims_of(const struct trying *x)
{
    return arena_printf(
        x->p->arena,
        "{\"sub\":\"%.*s\",\"on_behalf_of\":{\"child\":\"%.*s\"},\"id_token\":{\"on_behalf_of\":{\"value\":"
        "{\"child\":\"%.*s\"}},\"sub\":{\"value\":\"%.*s\"}}}",
        STR_ARG(x->id), STR_ARG(x->id), STR_ARG(x->id), STR_ARG(x->id));
}

static struct str fields_of(const struct trying *x, bool csrf)
{
    struct buf b = buf_new(x->p->arena, URL_MAX_B);

    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        form_add(&b, str_of(places[i]), x->id);
    form_add(&b, S("claims"), claims_of(x));
    form_add(&b, S("act"), S("choose"));
    if (csrf)
        form_add(&b, S("csrf"), x->csrf);
    return buf_str(&b);
}

/* The path of a row, with that id where it has a parameter. */
static struct str path_of(const struct trying *x, const struct route *r)
{
    struct str path = str_of(r->path);
    size_t star = str_find_byte(path, '*', 0);

    return star == path.n ? path : arena_join(x->p->arena, str_sub(path, 0, star), x->id);
}

static bool ends_session(const struct route *r)
{
    for (size_t i = 0; i < sizeof ending / sizeof *ending; i++)
        if (strcmp(ending[i], r->path) == 0)
            return true;
    return false;
}

static void ask(struct trying *x, const struct route *route)
{
    struct play *p = x->p;
    bool post = route->method == HTTP_POST;
    struct str fields = fields_of(x, post && !ends_session(route)), path = path_of(x, route);
    struct jar jar = *x->tab->jar; /* what is set is forgotten: the next begins as this one did */
    struct request r = { .post = post,
                         .path = post ? path : arena_printf(p->arena, "%.*s?%.*s", STR_ARG(path), STR_ARG(fields)),
                         .body = post ? fields : S(""),
                         .from = S("192.0.2.7") };

    jar_put(&jar, S("__Host-acts_for"), x->id);
    jar_put(&jar, S("__Host-child"), x->id);
    stage_move(p->stage, ALONG_MS, ALONG_MS);
    struct answer got = browser_ask(p->stage, p->arena, &jar, &r);
    x->tried += got.status != 0 && got.status != 429;
    if (got.status == 429)
        play_complain(p, "%s was not tried: too many", route->path);
    if (got.session || got.session_ended)
        play_complain(p, "%s: a session %s", route->path, got.session ? "began" : "ended");
    if (str_find(got.body, x->name) < got.body.n || str_find(got.location, x->name) < got.location.n)
        play_complain(p, "%s names the other child", route->path);
}

/* Every line since then, each of her own child where it names one. */
static void look_at_audit(struct trying *x, struct str own)
{
    struct str rest = act_audit_rest(x->p), line;

    while (str_split(&rest, '\n', &line) && rest.p != NULL) {
        struct fail f = { 0 };
        const struct json_value *v = json_parse(x->p->arena, line, &f);
        struct str child = json_get_str(v, S("child"));
        x->p->audit_at += line.n + 1;
        if (str_eq(json_get_str(v, S("event")), S("acts")) || (child.n > 0 && !str_eq(child, own)))
            play_complain(x->p, "she acted: %.*s", STR_ARG(line));
    }
}

static struct str hidden(struct play *p, struct str page, const char *name)
{
    struct str mark = arena_printf(p->arena, "name=\"%s\" value=\"", name);
    struct str rest = str_from(page, str_find(page, mark));

    return rest.n == 0 ? rest : str_sub(str_from(rest, mark.n), 0, str_find_byte(str_from(rest, mark.n), '"', 0));
}

void act_tries(struct play *p, struct tab *t, const struct line *l)
{
    const struct tab *other = play_tab(p, line_after(l, "of"));
    struct trying x = { .p = p, .tab = t, .name = line_after(l, "called") };
    const struct routes *all = p->stage->node->routes;

    x.id = hidden(x.p, other->page, "child");
    x.csrf = hidden(x.p, t->page, "csrf");
    if (x.id.n == 0 || x.name.n == 0 || x.csrf.n == 0 || str_find(other->page, x.name) == other->page.n) {
        play_complain(p, "there is no child to try with");
        return;
    }
    for (size_t i = 0; i < all->n; i++)
        if (all->at[i].method == HTTP_POST || all->at[i].method == HTTP_GET)
            ask(&x, &all->at[i]);
    if (x.tried < all->n / 2)
        play_complain(p, "few were tried: %u", x.tried);
    look_at_audit(&x, play_known_as(p->persons, line_after(l, "beside")));
}
