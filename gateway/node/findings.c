/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/node/findings.h"

#include "alarms/alarms.h"
#include "audit/audit.h"
#include "audit/index.h"
#include "certs/keyset.h"
#include "certs/signer_client.h"
#include "gateway/console/health.h"
#include "gateway/console/rights_given.h"
#include "gateway/node/readiness.h"
#include "gateway/nodes.h"
#include "gateway/post.h"
#include "idp-adapters/approval.h"
#include "idp-adapters/upstream_service.h"
#include "model/when.h"

#include <string.h>
#include <sys/statvfs.h>

enum { VERIFY_EVERY_MS = 86400000, VERIFY_FIRST_MS = 600000, VERIFY_DAYS = 30 };

struct findings {
    struct node *node;
    const char *state_dir;
    int64_t began_ms, looked_ms, verify_ms; /* monotonic */
    int64_t verified_s;                     /* the last verification that was looked at */
    uint64_t fault;
};

struct findings *findings_new(struct arena *a, struct node *n)
{
    struct findings *x = arena_make(a, struct findings);

    x->node = n;
    x->state_dir = arena_cstr(a, n->set->state_dir);
    x->began_ms = world_mono_ms(n->world);
    x->looked_ms = x->began_ms - FINDINGS_EVERY_MS;
    x->verify_ms = x->began_ms - VERIFY_EVERY_MS + VERIFY_FIRST_MS;
    return x;
}

static void raise_here(struct findings *x, enum alarm_code code, const char *detail)
{
    alarm_raise(x->node->alarms, code, &area_nation, x->node->name, str_of(detail), world_now_s(x->node->world));
}

/* ── the node itself ────────────────────────────────────────────────────── */

static void look_at_parts(struct findings *x)
{
    static const enum alarm_code codes[READY_PARTS_COUNT] = {
        [READY_registry] = ALARM_registry_unwell, [READY_redis] = ALARM_redis_unwell,
        [READY_signer] = ALARM_signer_unwell,     [READY_fetcher] = ALARM_fetcher_unwell,
        [READY_audit] = ALARM_audit_refuses,      [READY_clock] = ALARM_clock_off,
    };
    struct node *n = x->node;
    struct readiness now;

    readiness_look(n, &now);
    for (size_t i = 0; i < READY_PARTS_COUNT; i++)
        if (codes[i] != ALARM_NONE && now.why[i] != NULL)
            raise_here(x, codes[i], now.why[i]);
        else if (codes[i] != ALARM_NONE)
            alarm_over(n->alarms, codes[i], &area_nation, n->name, world_now_s(n->world));
}

bool findings_disk_is_low(uint64_t free_B, uint64_t all_B)
{
    return free_B < DISK_LOW_B || free_B < all_B / 100 * DISK_LOW_PERCENT;
}

static void look_at_mail(struct findings *x)
{
    const char *why = post_trouble(x->node->post);

    if (why != NULL)
        raise_here(x, ALARM_mail_fails, why);
}

static void look_at_disk(struct findings *x)
{
    struct statvfs fs;

    if (statvfs(x->state_dir, &fs) == 0 &&
        findings_disk_is_low((uint64_t)fs.f_bavail * fs.f_frsize, (uint64_t)fs.f_blocks * fs.f_frsize))
        raise_here(x, ALARM_disk_low, NULL);
    if (x->node->audit != NULL && audit_writer_on_reserve(x->node->audit))
        raise_here(x, ALARM_audit_reserve, NULL);
}

/* A node that was there within the day and says nothing any more. */
static void look_at_nodes(struct findings *x, struct arena *a)
{
    struct node *n = x->node;
    int64_t now_s = world_now_s(n->world);
    const struct nodes_known all = nodes_read(n->nodes, a, now_s);

    for (size_t i = 0; i < all.n; i++)
        if (all.at[i].silent && !str_eq(all.at[i].record.name, n->name))
            alarm_raise(n->alarms, ALARM_node_silent, &area_nation, all.at[i].record.name, (struct str){ NULL, 0 },
                        now_s);
}

/* The chain of the last month, once a day; and what its follower met. */
static void look_at_chain(struct findings *x, struct arena *a)
{
    struct node *n = x->node;
    struct audit_state s;
    int64_t now_s = world_now_s(n->world), now_ms = world_mono_ms(n->world);

    if (n->audit_index == NULL)
        return;
    audit_index_state(n->audit_index, a, &s);
    if (s.fault != 0 && s.fault != x->fault)
        alarm_raise(n->alarms, ALARM_audit_broken, &area_nation, n->name,
                    arena_printf(a, "record %llu", (unsigned long long)s.fault), now_s);
    x->fault = s.fault;
    if (s.verified && s.done_s != x->verified_s) {
        x->verified_s = s.done_s;
        if (s.report.error != NULL && strcmp(s.report.error, "stopped") != 0)
            alarm_raise(n->alarms, ALARM_audit_broken, &area_nation, n->name, s.report.where, now_s);
    }
    if (now_ms - x->verify_ms < VERIFY_EVERY_MS || s.verifying)
        return;
    x->verify_ms = now_ms;
    (void)audit_index_verify(n->audit_index, now_s - VERIFY_DAYS * 86400, (struct str){ NULL, 0 });
}

/* Cities pin our certificates as they stand in our metadata, and some look at their end. */
static void look_at_own_keys(struct findings *x)
{
    int64_t ends_s = atomic_load(&x->node->own_ends_s), now_s = world_now_s(x->node->world);
    const struct ending e = { .what = ENDING_TLS, .at_s = ends_s };
    struct arena *a = arena_new();

    if (ends_s > 0 && ending_within(&e, now_s) >= 0)
        raise_here(x, ALARM_own_certificate_ends, arena_cstr(a, when_date(a, ends_s)));
    arena_free(a);
}

/* ── identity providers ─────────────────────────────────────────────────── */

/* Words of documents that are kept although they could not be renewed. */
static const char *stale_why(struct ctx *c, const struct idp *idp)
{
    struct document_row rows[2] = { { 0 } };
    size_t n = health_documents(c, idp, rows);

    for (size_t i = 0; i < n; i++)
        if (rows[i].error.p != NULL)
            return arena_cstr(c->arena, rows[i].error);
    return NULL;
}

/* The first of each sort that is near is said: the others come after it. */
static void look_at_endings(struct alarms *s, struct ctx *c, const struct idp *idp, const struct area *where)
{
    struct endings e;
    bool told[ALARM_COUNT] = { false };

    endings_of(upstreams_store(c->upstreams), c->arena, c->registry, idp, &e);
    for (size_t i = 0; i < e.n; i++) {
        int within = ending_within(&e.at[i], c->now_s);
        bool metadata = e.at[i].what == ENDING_METADATA, secret = e.at[i].what == ENDING_SECRET;
        if (within < 0)
            continue;
        enum alarm_code code = secret        ? within == 0 ? ALARM_idp_secret_ended : ALARM_idp_secret_ends
                               : metadata    ? within == 0 ? ALARM_idp_metadata_ended : ALARM_idp_metadata_ends
                               : within == 0 ? ALARM_idp_certificate_ended
                                             : ALARM_idp_certificate_ends;
        if (!told[code])
            alarm_raise(s, code, where, idp->id,
                        arena_printf(c->arena, "%s %.*s", ending_name(e.at[i].what),
                                     STR_ARG(when_date(c->arena, e.at[i].at_s))),
                        c->now_s);
        told[code] = true;
    }
}

static void look_at_idp(struct findings *x, struct ctx *c, const struct idp *idp, const struct tally_rows *tally)
{
    const struct area where = { .provider = idp->provider != NULL ? idp->provider->id : (struct str){ NULL, 0 } };
    const struct health how = health_of(c, idp, tally);
    struct alarms *s = x->node->alarms;
    const char *stale = stale_why(c, idp);

    if (how.worst != NULL)
        alarm_raise(s, how.away ? ALARM_idp_away : ALARM_idp_fails, &where, idp->id, how.worst->code, c->now_s);
    if (stale != NULL)
        alarm_raise(s, ALARM_idp_stale, &where, idp->id, str_of(stale), c->now_s);
    look_at_endings(s, c, idp, &where);
    if (how.waits)
        alarm_raise(s, ALARM_idp_key_waits, &where, idp->id, S("key_waiting"), c->now_s);
}

static void look_at_idps(struct findings *x, struct ctx *c)
{
    const struct registry_parts *parts = registry_parts(c->registry);
    const struct tally_rows tally = tally_read(x->node->tally, c->arena, (struct str){ NULL, 0 }, c->now_s);

    for (size_t i = 0; i < parts->idp_count; i++)
        if (parts->idps[i].enabled)
            look_at_idp(x, c, &parts->idps[i], &tally);
}

/* ── services ───────────────────────────────────────────────────────────── */

/* Whose secret was changed, and who did not notice on all their machines, stands without its people when the one before
 * ends. */
static void look_at_secret(struct findings *x, struct ctx *c, const struct service *s)
{
    if (s != NULL && c->now_s < s->client.secret_too_until_s)
        alarm_raise(x->node->alarms, ALARM_service_older_secret, &area_nation, s->id,
                    when_date(c->arena, s->client.secret_too_until_s - 1), c->now_s);
}

/* So does who signs with a certificate that is about to be retired, or encrypts to a key of ours that is about to be
 * gone. */
static void look_at_older_key(struct findings *x, struct ctx *c, const struct tally_row *row)
{
    const struct service *s = registry_service(c->registry, row->idp);
    const struct idp *idp = registry_idp(c->registry, row->idp);
    const struct area where = { .provider = idp != NULL && idp->provider != NULL ? idp->provider->id
                                                                                 : (struct str){ NULL, 0 } };

    if (str_eq(row->code, S(TALLY_OLDER_CERTIFICATE)) && s != NULL && str_is_set(s->saml.signing_too))
        alarm_raise(x->node->alarms, ALARM_service_older_certificate, &area_nation, s->id, (struct str){ NULL, 0 },
                    c->now_s);
    if (str_eq(row->code, S(TALLY_OLDER_KEY)) && s != NULL)
        alarm_raise(x->node->alarms, ALARM_service_older_key, &area_nation, s->id, (struct str){ NULL, 0 }, c->now_s);
    if (str_eq(row->code, S(TALLY_IDP_OLDER)) && idp != NULL)
        alarm_raise(x->node->alarms, ALARM_idp_older_key, &where, idp->id, (struct str){ NULL, 0 }, c->now_s);
}

/* What a service's metadata say anew at an address that nobody signs. */
static void look_at_approvals(struct findings *x, struct ctx *c)
{
    const struct registry_parts *parts = registry_parts(c->registry);

    for (size_t i = 0; i < parts->service_count; i++) {
        const struct service *s = &parts->services[i];
        struct upstream_got got = { .value = NULL };
        if (s->protocol != PROTO_SAML || !s->enabled || !approval_binds(s))
            continue;
        upstream_service_look(upstreams_store(c->upstreams), c->arena, s, &got);
        size_t waits = got.value != NULL ? approval_waiting(c->arena, s, got.value) : 0;
        if (waits > 0)
            alarm_raise(x->node->alarms, ALARM_service_metadata_waits, &area_nation, s->id,
                        arena_printf(c->arena, "%zu", waits), c->now_s);
    }
}

static void look_at_services(struct findings *x, struct ctx *c)
{
    const struct tally_rows tally = tally_read(x->node->service_tally, c->arena, (struct str){ NULL, 0 }, c->now_s);

    for (size_t i = 0; i < tally.n; i++) {
        if (str_eq(tally.at[i].code, S(TALLY_OLDER_SECRET)))
            look_at_secret(x, c, registry_service(c->registry, tally.at[i].idp));
        look_at_older_key(x, c, &tally.at[i]);
    }
    look_at_approvals(x, c);
}

/* ── rights ─────────────────────────────────────────────────────────────── */

static void look_at_rights(struct findings *x, struct ctx *c)
{
    const struct registry_parts *parts = registry_parts(c->registry);

    for (size_t i = 0; i < parts->admin_count; i++) {
        const struct admin *right = &parts->admins[i];
        const struct area where = rights_area(right);
        if (rights_state(right, c->now_s) == RIGHT_ENDS)
            alarm_raise(x->node->alarms, ALARM_right_ends, &where, right->id, when_date(c->arena, right->to_s - 1),
                        c->now_s);
    }
}

void findings_look(struct findings *x)
{
    struct node *n = x->node;
    int64_t now_ms = world_mono_ms(n->world);

    if (now_ms - x->looked_ms < FINDINGS_EVERY_MS || now_ms - x->began_ms < FINDINGS_STARTING_MS)
        return;
    x->looked_ms = now_ms;
    look_at_parts(x);
    look_at_disk(x);
    look_at_own_keys(x);
    look_at_mail(x);
    if (n->lane_count == 0)
        return;
    struct arena *a = arena_new();
    look_at_chain(x, a);
    look_at_nodes(x, a);
    struct ctx c = { .arena = a,
                     .world = n->world,
                     .now_s = world_now_s(n->world),
                     .set = n->set,
                     .registry = node_registry(n),
                     .tally = n->tally,
                     .upstreams = n->lanes[0]->upstreams };
    if (c.registry != NULL) {
        look_at_idps(x, &c);
        look_at_services(x, &c);
        look_at_rights(x, &c);
    }
    registry_drop(c.registry);
    arena_free(a);
}
