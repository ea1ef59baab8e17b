/* SPDX-License-Identifier: EUPL-1.2
 * A registration is read, altered and taken back, with the token that it was answered with.  [RFC 7592] */
#include "gateway/oidc/register/register.h"

#include "base/crypt.h"
#include "gateway/registrar.h"
#include "wire/http.h"

/* The token does not change: it is 256 random bits, and whoever missed the answer with a new one would have lost
 * the service. */
static enum step read_owner(struct ctx *c, struct fail *f)
{
    struct registering *x = c->state = arena_make(c->arena, struct registering);
    struct str token = registrar_bearer(c, f);

    if (token.p == NULL)
        return REFUSE;
    x->service = registry_client(c->registry, c->req->param);
    bool known = x->service != NULL && str_is_set(x->service->client.registration_hash);
    if (!known || !crypt_eq(sha256_hex(c->arena, token), x->service->client.registration_hash))
        return registrar_bad_token(c, f, known ? "another registration access token" : "no such registration");
    c->service = x->service;
    x->id = x->service->id;
    x->client_id = x->service->client_id;
    x->by = registry_registrar(c->registry, x->service->client.registered_by);
    return NEXT;
}

/* Altering is registering: what ended that ends this. */
static enum step may_alter(struct ctx *c, struct fail *f)
{
    const struct registering *x = c->state;
    bool open = x->by != NULL && x->by->enabled && (x->by->until_s == 0 || c->now_s < x->by->until_s);

    return open ? NEXT
                : fail_told(f, FAIL_DENIED, "access_denied",
                            "the initial access token that the service was registered with has ended: it can be read "
                            "and deleted, and is altered by whoever runs the gateway",
                            "its registrar is not open");
}

/* ── GET ────────────────────────────────────────────────────────────────── */

static bool look_sql(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct registering *x = with;
    const struct row_id row = { S("service"), { x->id, { NULL, 0 } } };

    return row_look(d, a, &area_nation, &row, &x->row, &x->version, f);
}

static enum step look(struct ctx *c, struct fail *f)
{
    struct registering *x = c->state;

    if (!desk_ask(c->desk, c->work, &c->batch, c->arena, look_sql, x, &x->got))
        return fail(f, FAIL_BUSY, "temporarily_unavailable", "too many jobs wait");
    return WAIT;
}

static enum step answer_it(struct ctx *c, struct fail *f)
{
    const struct registering *x = c->state;

    if (x->got.ok)
        return register_written(c, 200, f);
    if (x->got.why.kind == FAIL_NOT_FOUND)
        return registrar_bad_token(c, f, "it was removed a moment ago");
    *f = x->got.why;
    return REFUSE;
}

const struct step_row oidc_register_show[] = { { read_owner }, { look }, { answer_it }, { NULL } };

/* ── PUT ────────────────────────────────────────────────────────────────── */

static enum step alter(struct ctx *c, struct fail *f)
{
    (void)f;
    return step_into(c, register_write);
}

const struct step_row oidc_register_alter[] = { { read_owner }, { may_alter }, { alter }, { answer_it }, { NULL } };

/* ── DELETE ─────────────────────────────────────────────────────────────── */

static bool remove_sql(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct registering *x = with;
    bool good = edit_run(x->edit, d, a, &x->how, EDIT_APPLY, &x->result, f);

    x->version = x->result.report.version;
    return good;
}

static void free_edit_of(void *e)
{
    edit_free(e);
}

static enum step take_back(struct ctx *c, struct fail *f)
{
    struct registering *x = c->state;
    const struct row_id row = { S("service"), { x->id, { NULL, 0 } } };

    x->change = (struct change_by){ .who = arena_join(c->arena, S("registrar "), x->service->client.registered_by),
                                    .acting_as = S("vendor"),
                                    .area = &area_nation,
                                    .maker = MAKER_registration,
                                    .why = x->service->vendor,
                                    .at_s = c->now_s };
    x->how = (struct edit_how){ .world = c->world, .seals = c->seals };
    x->edit = edit_new(&x->change, NULL);
    arena_adopt(c->arena, x->edit, free_edit_of);
    edit_remove(x->edit, &row);
    if (!desk_ask(c->desk, c->work, &c->batch, c->arena, remove_sql, x, &x->got))
        return fail(f, FAIL_BUSY, "temporarily_unavailable", "too many jobs wait");
    return WAIT;
}

static enum step wait_until_gone(struct ctx *c, struct fail *f)
{
    const struct registering *x = c->state;
    const struct fail *why = &x->got.why;

    if (x->got.ok)
        return desk_wait(c->desk, c->work, &c->batch, c->arena, x->version) ? WAIT : NEXT;
    if (why->kind == FAIL_CALLER)
        return fail_told(
            f, FAIL_DENIED, "access_denied",
            "it cannot be deleted, because something else rests on it: whoever runs the gateway knows what", "%s",
            why->detail);
    *f = *why;
    return REFUSE;
}

static enum step answer_gone(struct ctx *c, struct fail *f)
{
    (void)f;
    c->res->status = 204;
    c->res->body = S("");
    return DONE;
}

const struct step_row oidc_register_remove[] = {
    { read_owner }, { take_back }, { wait_until_gone }, { answer_gone }, { NULL }
};
