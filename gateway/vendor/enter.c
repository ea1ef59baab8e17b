/* SPDX-License-Identifier: EUPL-1.2
 * Coming into the portal, its home, and leaving.
 *
 * /vendor/enter is the one path here without the door: see gateway/session/strict.h.  Whoever is not signed in is led
 * to where people of vendors sign in, and not to the list of cities. */
#include "gateway/answer.h"
#include "gateway/flow.h"
#include "gateway/reminders.h"
#include "gateway/session/login_cookie.h"
#include "gateway/session/session.h"
#include "gateway/session/strict.h"
#include "gateway/upstream_vendor.h"
#include "gateway/vendor/door.h"
#include "idp-adapters/upstream.h"
#include "model/when.h"
#include "portal/texts.h"
#include "registry/contacts.h"
#include "wire/form.h"
#include "wire/http.h"

enum { TODO_MAX = 20 };

static struct str target(const struct ctx *c)
{
    struct str to = form_get(c->query, S("to"));

    return strict_is_below(to, S("/vendor"), S("/vendor/enter")) ? to : S("/vendor");
}

/* Where people of vendors sign in: accounts of ours, and whoever else is listed for them. */
static bool is_way(const struct ctx *c, const struct idp *idp)
{
    return idp != NULL && (idp == registry_idp_vendors(c->registry) || idp_is_outside(idp));
}

static struct vendor_ways ways(struct ctx *c)
{
    const struct registry_parts *p = registry_parts(c->registry);
    struct vendor_way *at = arena_make_n(c->arena, p->idp_count + 1, struct vendor_way);
    struct vendor_ways out = { at, 0 };

    for (size_t i = 0; i < p->idp_count; i++)
        if (is_way(c, &p->idps[i]))
            at[out.n++] =
                (struct vendor_way){ .name = names_in(&p->idps[i].names, c->lang),
                                     .to = url_to(c->arena, vendor_enter_at(c, target(c)), S("idp"), p->idps[i].id),
                                     .local = p->idps[i].kind == IDP_LOCAL };
    return out;
}

static const struct idp *only_way(const struct ctx *c)
{
    const struct registry_parts *p = registry_parts(c->registry);
    const struct idp *only = NULL;

    for (size_t i = 0; i < p->idp_count; i++)
        if (is_way(c, &p->idps[i])) {
            if (only != NULL)
                return NULL;
            only = &p->idps[i];
        }
    return only;
}

static enum step show_ways(struct ctx *c, bool stranger)
{
    struct vendor_ways_view v = { .page = page_for(c, vendor_enter_at(c, target(c))),
                                  .stranger = stranger,
                                  .ways = ways(c) };

    if (stranger)
        v.name = person_display_name(c->arena, c->session->person);
    return answer_page(c, stranger ? 404 : 200, page_vendor_ways(c->arena, &v));
}

/* Whoever is signed in here already is not asked for: the person has chosen. */
static enum step sign_in(struct ctx *c, const struct idp *idp, struct fail *f)
{
    bool fresh = str_eq(form_get(c->query, S("fresh")), S("1"));

    return outside_begin(c, idp, vendor_enter_at(c, target(c)), fresh && idp->kind != IDP_LOCAL, f);
}

static enum step stranger_ask(struct ctx *c, struct fail *f)
{
    (void)f;
    vendor_audit(c, "refused", S("not_found"), c->req->path);
    return WAIT;
}

static enum step stranger_say(struct ctx *c, struct fail *f)
{
    return vendor_audited(c, f) ? show_ways(c, true) : REFUSE;
}

static const struct step_row stranger[] = { { stranger_ask }, { stranger_say }, { NULL } };

static enum step enter(struct ctx *c, struct fail *f)
{
    struct str named = form_get(c->query, S("idp"));
    struct vendor_enter_view v = { .page = page_for(c, S("/vendor/enter")), .to = target(c) };

    if (str_is_set(named) && !is_way(c, registry_idp(c->registry, named)))
        return vendor_refuse(c, FAIL_NOT_FOUND, "not_found");
    if (str_is_set(named))
        return sign_in(c, registry_idp(c->registry, named), f);
    if (c->session == NULL && only_way(c) != NULL)
        return sign_in(c, only_way(c), f);
    if (c->session == NULL)
        return ways(c).n > 0 ? show_ways(c, false) : vendor_refuse(c, FAIL_NOT_FOUND, "not_found");
    /* Whoever is in none yet may be invited to one. */
    if (!vendor_come_in(c) && !str_has_prefix(v.to, S("/vendor/invite/")))
        return step_into(c, stranger);
    http_header_set(c->res, S("Refresh"), arena_printf(c->arena, "0; url=%.*s", STR_ARG(v.to)));
    return answer_page(c, 200, page_vendor_enter(c->arena, &v));
}

const struct step_row vendor_enter[] = { { session_find }, { enter }, { NULL } };

/* ── home ───────────────────────────────────────────────────────────────── */

struct home { /* c->state; the worker's, while it has it */
    struct str organisation;
    struct contacts contacts;
    struct vendors_got got;
    struct vendor_todo todo[TODO_MAX];
    size_t todo_n, owners;
};

static struct str say(const struct ctx *c, enum vendor_text key)
{
    return vendor_text(key, c->lang);
}

static void put_todo(struct ctx *c, struct home *h, enum vendor_text title, enum vendor_text why, struct str to,
                     enum vendor_text act)
{
    if (h->todo_n < TODO_MAX)
        h->todo[h->todo_n] =
            (struct vendor_todo){ say(c, title), say(c, why), to, say(c, act), .urgent = h->todo_n == 0 };
    h->todo_n += h->todo_n < TODO_MAX;
}

static struct str protocol_word(const struct ctx *c, enum protocol_id protocol)
{
    static const enum vendor_text words[PROTO_COUNT] = { [PROTO_OIDC] = V_v_protocol_oidc,
                                                         [PROTO_SAML] = V_v_protocol_saml,
                                                         [PROTO_LTI] = V_v_protocol_lti,
                                                         [PROTO_LINK] = V_v_protocol_link };

    return protocol < PROTO_COUNT ? say(c, words[protocol]) : S("");
}

/* "{name}: …" of texts.def, for one service. */
static struct str about(struct ctx *c, enum vendor_text key, const struct service *s)
{
    struct str text = say(c, key);
    size_t end = str_find_byte(text, '}', 0);

    return arena_join(c->arena, names_in(&s->names, c->lang), str_from(text, end + 1));
}

/* What is warned of by e-mail (reminders.h), and stands here for whoever got none. */
static void put_ends(struct ctx *c, struct home *h, const struct service *s)
{
    struct reminder due[REMINDERS_OF_ONE_MAX];
    size_t n = reminders_of_service(c->arena, upstreams_store(c->upstreams), s, c->now_s, due, REMINDERS_OF_ONE_MAX);

    for (size_t i = 0; i < n && h->todo_n < TODO_MAX; i++) {
        if (due[i].letter == LETTER_secret_retires)
            continue; /* has words of its own */
        bool need = due[i].letter == LETTER_need_ends;
        put_todo(c, h, V_v_todo_ends, need ? V_v_todo_need_why : V_v_todo_ends_why, due[i].path, V_v_look);
        h->todo[h->todo_n - 1].title =
            arena_printf(c->arena, "%.*s: %.*s %.*s %.*s", STR_ARG(names_in(&s->names, c->lang)),
                         STR_ARG(names_in(&due[i].part, c->lang)), STR_ARG(say(c, V_v_todo_ends)),
                         STR_ARG(when_date(c->arena, due[i].end_s)));
    }
}

static void put_service(struct ctx *c, struct home *h, struct vendor_home_view *v, struct vendor_service_row *rows,
                        const struct service *s)
{
    rows[v->services.n++] = (struct vendor_service_row){ .id = s->id,
                                                         .name = names_in(&s->names, c->lang),
                                                         .protocol = protocol_word(c, s->protocol),
                                                         .test = s->test,
                                                         .enabled = s->enabled };
    put_ends(c, h, s);
    if (!str_is_set(s->client.secret_too) || c->now_s >= s->client.secret_too_until_s || h->todo_n >= TODO_MAX)
        return;
    put_todo(c, h, V_v_todo_secret, V_v_todo_secret_why, arena_join(c->arena, S("/vendor/service/"), s->id), V_v_look);
    h->todo[h->todo_n - 1].title = about(c, V_v_todo_secret, s);
}

static void count_owners(const struct ctx *c, struct home *h)
{
    const struct registry_parts *p = registry_parts(c->registry);

    for (size_t i = 0; i < p->staff_count; i++)
        h->owners += p->staff[i].role == STAFF_owner && p->staff[i].organisation == c->vendor->staff->organisation;
}

static bool look_contacts(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct home *h = with;

    return contacts_of(d, a, h->organisation, &h->contacts, f);
}

static enum step home_ask(struct ctx *c, struct fail *f)
{
    struct home *h = c->state = arena_make(c->arena, struct home);

    h->organisation = c->vendor->staff->organisation->id;
    return vendor_ask(c, look_contacts, h, &h->got, f);
}

static bool all_verified(const struct ctx *c, const struct home *h)
{
    for (int i = 0; i < CONTACT_COUNT; i++)
        if (!contact_is_verified(&h->contacts, c->vendor->staff->organisation, (enum contact)i))
            return false;
    return true;
}

static enum step home(struct ctx *c, struct fail *f)
{
    const struct registry_parts *p = registry_parts(c->registry);
    struct home *h = c->state;
    struct vendor_home_view v = { 0 };
    struct vendor_service_row *rows = arena_make_n(c->arena, p->service_count + 1, struct vendor_service_row);

    if (!h->got.ok) {
        *f = h->got.why;
        return REFUSE;
    }
    vendor_page_for(c, VENDOR_PLACE_HOME, false, S("/vendor"), &v.con);
    for (size_t i = 0; i < p->service_count; i++)
        if (vendor_own_service(c, p->services[i].id) != NULL)
            put_service(c, h, &v, rows, &p->services[i]);
    count_owners(c, h);
    if (v.services.n == 0 && v.con.writes)
        put_todo(c, h, V_v_todo_first, V_v_todo_first_why, S("/vendor/new"), V_v_add);
    if (h->owners < 2 && v.con.decides)
        put_todo(c, h, V_v_todo_owner, V_v_todo_owner_why, S("/vendor/people"), V_v_invite);
    if (v.con.decides && !all_verified(c, h))
        put_todo(c, h, V_v_todo_contacts, V_v_todo_contacts_why, S("/vendor/organisation"), V_v_look);
    v.services.at = rows;
    v.todo.at = h->todo;
    v.todo.n = h->todo_n;
    return answer_page(c, 200, page_vendor_home(c->arena, &v));
}

const struct step_row vendor_home[] = { { vendor_door }, { home_ask }, { home }, { NULL } };

static enum step leave(struct ctx *c, struct fail *f)
{
    (void)f;
    vendor_go_out(c);
    return answer_go(c, S("/"));
}

const struct step_row vendor_leave[] = { { vendor_door }, { leave }, { NULL } };

/* From the next page on in another organisation of theirs. */
static enum step switch_to(struct ctx *c, struct fail *f)
{
    struct str to = form_get(c->body, S("to"));

    (void)f;
    for (const struct staff *s = vendor_other(c, NULL); s != NULL; s = vendor_other(c, s))
        if (str_eq(s->organisation->id, to)) {
            vendor_move(c, s->organisation->id);
            return answer_go(c, S("/vendor"));
        }
    return vendor_refuse(c, FAIL_NOT_FOUND, "not_found");
}

const struct step_row vendor_switch[] = { { vendor_door }, { switch_to }, { NULL } };
