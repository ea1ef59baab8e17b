/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/own_names.h"

#include "model/registry.h"

#include <strings.h>

struct looking {
    struct str us;
    struct row_place *where;
    struct fail *fail;
};

/* Scheme and host mean the same in upper case. */
static bool begins_as(struct str name, struct str us)
{
    return us.n > 0 && name.n >= us.n && strncasecmp(name.p, us.p, us.n) == 0;
}

static bool is_ours(const struct looking *l, struct str name)
{
    struct str us = str_has_suffix(l->us, S("/")) ? str_sub(l->us, 0, l->us.n - 1) : l->us;

    return begins_as(name, us) && (name.n == us.n || name.p[us.n] == '/' || name.p[us.n] == '?');
}

static bool free_of(const struct looking *l, enum kind kind, struct str id, const char *field, struct str name)
{
    if (!is_ours(l, name))
        return true;
    *l->where = (struct row_place){ kind, { id, S("") } };
    return fail_long(l->fail, FAIL_CALLER, "registry_invalid",
                     "%s %.*s: %s \"%.*s\" is an address of this gateway (public_url): whoever is not the gateway "
                     "goes by a name of their own",
                     kind_rows[kind].name, STR_ARG(id), field, STR_ARG(name));
}

static bool service_is_free(const struct looking *l, const struct service *s)
{
    const struct strs *resources = &s->client.resources;

    if (!free_of(l, KIND_SERVICE, s->id, "entity_id", s->saml.entity_id) ||
        !free_of(l, KIND_SERVICE, s->id, "client_id", s->client_id))
        return false;
    for (size_t i = 0; i < resources->n; i++)
        if (!free_of(l, KIND_SERVICE, s->id, "resources", resources->at[i]))
            return false;
    return true;
}

bool registry_check_own_names(const struct registry *r, struct str us,
                              bool (*touched)(const void *with, enum kind kind, struct str id), const void *with,
                              struct row_place *where, struct fail *f)
{
    const struct registry_parts *p = registry_parts(r);
    const struct looking l = { us, where, f };

    for (size_t i = 0; i < p->service_count; i++)
        if ((touched == NULL || touched(with, KIND_SERVICE, p->services[i].id)) &&
            !service_is_free(&l, &p->services[i]))
            return false;
    for (size_t i = 0; i < p->idp_count; i++) {
        const struct idp *idp = &p->idps[i];
        if ((touched == NULL || touched(with, KIND_IDP, idp->id)) &&
            (!free_of(&l, KIND_IDP, idp->id, "entity_id", idp->entity_id) ||
             !free_of(&l, KIND_IDP, idp->id, "issuer", idp->issuer)))
            return false;
    }
    return true;
}
