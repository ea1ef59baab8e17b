/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/cli/warnings.h"

#include "base/near.h"
#include "gateway/protocols.def"
#include "frame/contact.h"

#include <string.h>

enum { TEXT_MAX_B = 16 << 20, IDS_LISTED_MAX = 40 };

static void begin(struct buf *b, const char *kind, struct str id)
{
    buf_printf(b, "%s%s %.*s: ", b->n > 0 ? "\n" : "", kind, STR_ARG(id));
}

#define WARN(b, kind, id, ...) (begin(b, kind, id), buf_printf(b, __VA_ARGS__))

/* ── services ───────────────────────────────────────────────────────────── */

/* A protocol that rows may name and that nothing speaks yet: its name; NULL when it is spoken. */
static const char *missing_protocol(enum protocol_id p)
{
    static const char *const names[PROTO_COUNT] = { "none", "oidc", "saml", "lti", "link", "launcher" };
    static const bool spoken[PROTO_COUNT] = {
#define X(which, symbol) [PROTO_##which] = true,
        PROTOCOLS(X)
#undef X
    };

    return spoken[p] ? NULL : names[p];
}

static bool has_way_in(const struct service *s)
{
    return str_is_set(s->launch_uri) || str_is_set(s->initiate_login_uri) || str_is_set(s->target_link_uri);
}

/* Which services some rule lets somebody into; a rule without a service opens all. */
static bool *opened_by_rules(struct arena *a, const struct registry_parts *p)
{
    bool *open = arena_make_n(a, p->service_count + 1, bool), all = false;

    memset(open, 0, (p->service_count + 1) * sizeof *open);
    for (size_t i = 0; i < p->rule_count; i++) {
        const struct rule *r = &p->rules[i];
        if (!r->forbid && r->service != NULL)
            open[r->service - p->services] = true;
        all = all || (!r->forbid && r->service == NULL);
    }
    for (size_t i = 0; all && i < p->service_count; i++)
        open[i] = true;
    return open;
}

static void about_service(struct buf *b, const struct service *s, bool open)
{
    const char *protocol = missing_protocol(s->protocol);

    if (!s->enabled)
        return;
    if (protocol != NULL)
        WARN(b, "service", s->id, "nobody can open it: the gateway does not speak protocol %s yet", protocol);
    else if (!has_way_in(s))
        WARN(b, "service", s->id,
             "nobody sees a tile for it: it has no launch_uri, initiate_login_uri or target_link_uri");
    if (protocol == NULL && !open)
        WARN(b, "service", s->id, "nobody can open it: no rule names it");
}

/* ── claims ─────────────────────────────────────────────────────────────── */

static struct str words_of(struct arena *a, struct claim_set set)
{
    struct buf b = buf_new(a, 4096);

    for (int i = 0; i < CLAIM_COUNT; i++)
        if (claim_in(set, (enum claim)i))
            buf_printf(&b, "%s%s", b.n > 0 ? ", " : "", claim_rows[i].word);
    return buf_str(&b);
}

static void about_rule(struct buf *b, struct arena *a, const struct rule *r)
{
    struct claim_set beyond = r->release;

    if (r->service == NULL)
        return;
    beyond.bits &= ~r->service->asks.bits;
    if (beyond.bits != 0)
        WARN(b, "rule", r->id, "releases %.*s, which is not told: service %.*s does not list it under asks",
             STR_ARG(words_of(a, beyond)), STR_ARG(r->service->id));
    if (!r->forbid && !r->service->enabled)
        WARN(b, "rule", r->id, "opens nothing: service %.*s is not enabled", STR_ARG(r->service->id));
}

/* A native service is told a claim when it asks for the scope of that claim as well. */
static void about_asks(struct buf *b, struct arena *a, const struct service *s)
{
    struct claim_set beyond = { 0 };

    if (!s->enabled || s->protocol != PROTO_OIDC || s->profile != PROFILE_NATIVE)
        return;
    for (int i = 0; i < CLAIM_COUNT; i++) {
        struct str scope = str_of(claim_rows[i].scope);
        if (claim_in(s->asks, (enum claim)i) && scope.n > 0 && !str_eq(scope, S("openid")) &&
            !strs_has(&s->scopes, scope))
            claim_add(&beyond, (enum claim)i);
    }
    if (beyond.bits != 0)
        WARN(b, "service", s->id, "asks for %.*s, which is not told: no scope of its row carries it (docs/registry.md)",
             STR_ARG(words_of(a, beyond)));
}

/* ── identity providers ─────────────────────────────────────────────────── */

static void about_idp(struct buf *b, const struct registry_parts *p, const struct idp *idp)
{
    if (!idp->enabled || idp->kind != IDP_LOCAL)
        return;
    for (size_t i = 0; i < p->account_count; i++)
        if (p->accounts[i].enabled && str_eq(p->accounts[i].idp, idp->id))
            return;
    WARN(b, "idp", idp->id, "nobody can sign in there: it has no account that is enabled");
}

static void about_provider(struct buf *b, const struct provider *p)
{
    struct str url, email;

    contact_split(p->support, &url, &email);
    if (p->support.n > 0 && !str_is_set(url) && !str_is_set(email))
        WARN(b, "provider", p->id, "support is neither https://… nor an e-mail address, and is not shown: \"%.*s\"",
             STR_ARG(p->support));
}

struct str warnings_text(struct arena *a, const struct registry *r)
{
    const struct registry_parts *p = registry_parts(r);
    struct buf b = buf_new(a, TEXT_MAX_B);
    const bool *open = opened_by_rules(a, p);

    for (size_t i = 0; i < p->provider_count; i++)
        about_provider(&b, &p->providers[i]);
    for (size_t i = 0; i < p->idp_count; i++)
        about_idp(&b, p, &p->idps[i]);
    for (size_t i = 0; i < p->service_count; i++) {
        about_service(&b, &p->services[i], open[i]);
        about_asks(&b, a, &p->services[i]);
    }
    for (size_t i = 0; i < p->rule_count; i++)
        about_rule(&b, a, &p->rules[i]);
    return buf_str(&b);
}

bool warnings_local_idp(struct arena *a, const struct settings *set, const struct registry *r, struct fail *f)
{
    const struct registry_parts *p = registry_parts(r);
    const struct idp *idp = registry_idp(r, set->local_idp);
    const char *ids[IDS_LISTED_MAX + 1];
    size_t n = 0;

    if (set->local_idp.n == 0 || (idp != NULL && idp->enabled))
        return true;
    for (size_t i = 0; i < p->idp_count && n < IDS_LISTED_MAX; i++)
        ids[n++] = arena_cstr(a, p->idps[i].id);
    ids[n] = NULL;
    if (idp != NULL)
        return fail(f, FAIL_CALLER, "bad_setting", "local_idp: \"%.*s\" is not enabled", STR_ARG(set->local_idp));
    return fail_long(f, FAIL_CALLER, "bad_setting", "local_idp: there is no identity provider \"%.*s\"%.*s",
                     STR_ARG(set->local_idp),
                     STR_ARG(n > 0 ? near_help(a, set->local_idp, ids) : S("; there is none at all")));
}
