/* SPDX-License-Identifier: EUPL-1.2 */
#include "idp-adapters/pins.h"

static void *build(struct arena *a, const struct registry *r)
{
    const struct registry_parts *parts = registry_parts(r);
    struct keyring **all = arena_make_n(a, parts->idp_count + 1, struct keyring *);

    for (size_t i = 0; i < parts->idp_count; i++) {
        struct fail checked = { 0 };
        if (!str_is_set(parts->idps[i].pinned_keys))
            continue;
        /* Keys that cannot be read verify nothing: an empty ring refuses. */
        all[i] = keyring_new(a);
        (void)keyring_add_pem(all[i], parts->idps[i].pinned_keys, &checked);
    }
    return all;
}

const struct keyring *pins_of(const struct registry *r, struct str idp)
{
    const struct idp *row = registry_idp(r, idp);
    struct keyring *const *all = registry_index(r, INDEX_PINS, build);

    return row != NULL ? all[row - registry_parts(r)->idps] : NULL;
}

bool pins_wait(const struct keyring *pins, const struct saml_certificate *c)
{
    if (pins == NULL || !c->signs)
        return false;
    for (size_t i = 0; i < keyring_count(pins); i++) /* the usual case costs no reading of certificates */
        if (str_eq(keyring_print(pins, i), c->is.print))
            return false;
    return !keyring_has(pins, c->is.der);
}

size_t pins_waiting(const struct keyring *pins, const struct saml_metadata *m)
{
    size_t n = 0;

    for (size_t i = 0; i < m->certificate_count; i++)
        n += pins_wait(pins, &m->certificates[i]);
    return n;
}
