/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/cli/warnings.h"

#include "base/near.h"
#include "frame/contact.h"
#include "policy/statement.h"

enum { TEXT_MAX_B = 16 << 20, IDS_LISTED_MAX = 40 };

static void begin(struct buf *b, const char *kind, struct str id)
{
    buf_printf(b, "%s%s %.*s: ", b->n > 0 ? "\n" : "", kind, STR_ARG(id));
}

#define WARN(b, kind, id, ...) (begin(b, kind, id), buf_printf(b, __VA_ARGS__))

/* ── services ───────────────────────────────────────────────────────────── */

static void about_service(struct buf *b, const struct service *s, bool open)
{
    if (!s->enabled)
        return;
    if (!service_has_way_in(s))
        WARN(b, "service", s->id,
             "nobody sees a tile for it: it has no launch_uri, initiate_login_uri or target_link_uri");
    if (!open)
        WARN(b, "service", s->id, "nobody can open it: no policy permits it");
}

/* CBC tells whoever tries whether padding fits: for a service that can nothing better [IIP-ALG05]. */
static void about_encryption(struct buf *b, const struct service *s)
{
    if (s->enabled && s->protocol == PROTO_SAML && str_has_suffix(s->saml.encryption_alg, S("-cbc")))
        WARN(
            b, "service", s->id,
            "encryption_alg %.*s can be opened by whoever may try often enough: as soon as the service can aes128-gcm, "
            "take the line away",
            STR_ARG(s->saml.encryption_alg));
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

/* ── policies ───────────────────────────────────────────────────────────── */

struct reading { /* what the policies say, policy by policy */
    struct buf *out;
    struct arena *arena; /* begun anew for each policy */
    const struct registry *registry;
    const struct registry_parts *parts;
    bool *open; /* services that somebody may open, by their place */
};

static bool is_spoken_of(const struct which *w, const struct service *s)
{
    return (w->services.n == 0 && w->categories.n == 0) || strs_has(&w->services, s->id) ||
           strs_has(&w->categories, s->category);
}

/* Fields of a statement that says more than they do still bound what it opens. */
static void mark_open(struct reading *r, const struct statement *s)
{
    for (size_t i = 0; i < r->parts->service_count; i++)
        r->open[i] = r->open[i] || is_spoken_of(&s->which, &r->parts->services[i]);
}

/* What none of the services that it names asks for. */
static void about_release(struct reading *r, const struct policy *p, const struct statement *s)
{
    struct claim_set beyond = s->attributes;
    const struct strs *ids = &s->which.services;

    for (size_t i = 0; i < ids->n; i++) {
        const struct service *service = registry_service(r->registry, ids->at[i]);
        beyond.bits &= service != NULL ? ~service->asks.bits : 0;
    }
    if (beyond.bits == 0 || ids->n == 0 || s->which.categories.n > 0)
        return;
    WARN(r->out, "policy", p->id, "releases %.*s, which is not told: ", STR_ARG(words_of(r->arena, beyond)));
    if (ids->n == 1)
        buf_printf(r->out, "service %.*s does not list it under asks", STR_ARG(ids->at[0]));
    else
        buf_printf(r->out, "none of its services lists it under asks");
}

static void about_statement(struct reading *r, const struct policy *p, const struct statement *s)
{
    if (s->forbid)
        return;
    if (s->does == DOES_OPEN || s->does == DOES_OTHER)
        mark_open(r, s);
    if (s->does == DOES_RELEASE)
        about_release(r, p, s);
    for (size_t i = 0; s->does == DOES_OPEN && i < s->which.services.n; i++) {
        const struct service *service = registry_service(r->registry, s->which.services.at[i]);
        if (service != NULL && !service->enabled)
            WARN(r->out, "policy", p->id, "opens nothing: service %.*s is not enabled", STR_ARG(service->id));
    }
}

static void about_policy(struct reading *r, const struct policy *p)
{
    const struct cedar_source source = { p->id, p->text };
    struct cedar_diags d = cedar_diags_new(r->arena, &source);
    const struct cedar_policies *all = p->enabled ? cedar_policies_parse(r->arena, &d, CEDAR_IDS_BY_POSITION) : NULL;

    for (size_t i = 0; all != NULL && i < cedar_policies_n(all); i++) {
        struct statement s = statement_read(r->arena, cedar_policy_at(all, i));
        about_statement(r, p, &s);
    }
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
    struct buf policies = buf_new(a, TEXT_MAX_B);
    struct reading read = { &policies, arena_new(), r, p, arena_array(a, p->service_count + 1, sizeof(bool)) };

    for (size_t i = 0; i < p->policy_count; i++) {
        about_policy(&read, &p->policies[i]);
        arena_reset(read.arena);
    }
    arena_free(read.arena);
    for (size_t i = 0; i < p->provider_count; i++)
        about_provider(&b, &p->providers[i]);
    for (size_t i = 0; i < p->idp_count; i++)
        about_idp(&b, p, &p->idps[i]);
    for (size_t i = 0; i < p->service_count; i++) {
        about_service(&b, &p->services[i], read.open[i]);
        about_asks(&b, a, &p->services[i]);
        about_encryption(&b, &p->services[i]);
    }
    if (policies.n > 0)
        buf_printf(&b, "%s%.*s", b.n > 0 ? "\n" : "", STR_ARG(buf_str(&policies)));
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
