/* SPDX-License-Identifier: EUPL-1.2
 * A service asks for the session to end.  [OIDC RP-Initiated Logout 2, 3] */
#include "gateway/oidc/oidc.h"

#include "base/settings.h"
#include "certs/keyset.h"
#include "gateway/logout.h"
#include "gateway/session/session.h"
#include "model/pairwise.h"
#include "wire/form.h"
#include "wire/http.h"

enum { URL_MAX_B = 8192 };

struct ending { /* first: c->state of logout_now */
    struct logout out;
    struct jose_claims hint;
    bool hinted;
};

static enum step start(struct ctx *c, struct fail *f)
{
    (void)f;
    c->state = arena_make(c->arena, struct ending);
    return step_into(c, session_load);
}

/* The token's aud names the service; which one it was for decides who asks. */
static bool read_hint(struct ctx *c, struct ending *e)
{
    struct str hint = form_get(c->query, S("id_token_hint")), id = form_get(c->query, S("client_id"));
    const struct jose_rules rules = { .blame = FAIL_CALLER,
                                      .algs = JOSE_BOTH,
                                      .iss = c->set->public_url,
                                      .aud_rule = AUD_ANY,
                                      .expired_too = true,
                                      .now_s = c->now_s,
                                      .skew_s = c->set->jose_skew_s };
    struct fail why = { 0 };

    if (!str_is_set(hint) || c->keys == NULL ||
        !jose_verify(c->arena, hint, keyset_own(c->keys), &rules, &e->hint, &why))
        return false;
    struct str aud = json_get_str(e->hint.all, S("aud"));
    if (id.p != NULL && !str_eq(id, aud))
        return false;
    c->service = e->out.by = registry_client(c->registry, aud);
    return e->out.by != NULL && e->out.by->enabled;
}

/* Byte equality with a registered value, or no way back at all [3]. */
static void read_way_back(struct ctx *c, struct ending *e)
{
    struct str uri = form_get(c->query, S("post_logout_redirect_uri"));
    struct buf b = buf_new(c->arena, URL_MAX_B);

    if (!e->hinted || !strs_has(&e->out.by->post_logout_redirect_uris, uri))
        return;
    buf_add(&b, uri);
    url_query(&b, S("state"), form_get(c->query, S("state")));
    if (buf_ok(&b))
        e->out.back = buf_str(&b);
}

/* The hint fits when it was made in this very session, or for its person. */
static bool hint_fits(const struct ctx *c, const struct ending *e)
{
    return e->hinted &&
           (str_eq(e->hint.sid, c->session->sid) ||
            str_eq(e->hint.sub, pairwise_sub(c->arena, c->seals, c->session->person->id, e->out.by->vendor)));
}

static enum step decide(struct ctx *c, struct fail *f)
{
    struct ending *e = c->state;

    (void)f;
    e->hinted = read_hint(c, e);
    if (!e->hinted)
        e->out.by = NULL;
    read_way_back(c, e);
    if (c->session != NULL && !hint_fits(c, e))
        return logout_confirm(c, &e->out);
    e->out.go_back = true;
    return step_into(c, logout_now);
}

const struct step_row oidc_end_session[] = { { start }, { decide }, { NULL } };

/* A cross-site POST brings no Lax cookie; the GET of our own that follows does. */
static enum step to_get(struct ctx *c, struct fail *f)
{
    static const char *const names[] = { "id_token_hint", "client_id", "post_logout_redirect_uri", "state",
                                         "ui_locales" };
    struct buf b = buf_new(c->arena, URL_MAX_B);

    buf_add(&b, S("/oidc/end_session"));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        url_query(&b, str_of(names[i]), form_get(c->body, str_of(names[i])));
    if (!buf_ok(&b))
        return fail(f, FAIL_TOO_LARGE, "invalid_request", "the request is too large");
    return answer_go(c, buf_str(&b));
}

const struct step_row oidc_end_session_post[] = { { to_get }, { NULL } };
