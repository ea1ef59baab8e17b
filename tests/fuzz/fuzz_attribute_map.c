/* SPDX-License-Identifier: EUPL-1.2 */
#include "idp-adapters/attribute_map.h"

#include <assert.h>

enum { ATTRIBUTES = 32, VALUES = 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct school schools[] = {
    { S("1.2.246.562.99.90920200012"), S("99501"), { { S("Testi-Juolukkapuron koulu") } }, true },
    { S("1.2.246.562.99.90920200020"), S("99502"), { { S("Testi-verkkolukio") } }, true },
    { S("1.2.246.562.99.90920200038"), S("99503"), { { S("Suljettu koulu") } }, false },
};
static const struct provider vantaa = { .id = S("vantaa"),
                                        .oid = S("1.2.246.562.99.90920100006"),
                                        .municipality_code = S("092"),
                                        .names = { { S("Vantaa"), S("Vanda"), S("Vantaa") } },
                                        .schools = schools,
                                        .school_count = 3 };
static struct str words[] = { S("OPE=teacher"), S("g1=principal") };
static struct str own[] = { S("koulu=school"), S("rooli=roles"), S("ryhmat=groups") };
static struct str scopes[] = { S("vantaa.fi") };

/* Whatever came, the person is one of this provider's own, at its schools that are open, and has texts that a page may
 * show. */
static void check(const struct person *p, const struct map_notes *notes)
{
    const struct str texts[] = { p->subject, p->given_names, p->calling_name, p->family_name, p->email, p->learner_id };

    assert(str_is_set(p->subject) && p->affiliation_count <= PERSON_AFFILIATIONS_MAX && notes->n <= MAP_NOTES_MAX);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert(texts[i].p == NULL || (str_is_utf8(texts[i]) && str_find_byte(texts[i], '\n', 0) == texts[i].n));
    for (size_t i = 0; i < p->affiliation_count; i++) {
        const struct affiliation *a = &p->affiliations[i];
        const struct school *s = str_is_set(a->school_oid) ? provider_school(&vantaa, a->school_oid) : NULL;
        assert(a->role > ROLE_NONE && a->role < ROLE_COUNT && str_eq(a->provider_oid, vantaa.oid));
        assert(!str_is_set(a->school_oid) || (s != NULL && s->active));
        assert(a->class_level >= 0 && a->class_level <= 12 && a->charge >= 0 && a->charge <= 2 && a->group.n <= 64);
    }
    assert(!str_is_set(p->learner_id) || learner_id_valid(p->learner_id, true));
}

/* The first line names the map, the second the role of the row; the others are attributes: name, tab, values. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = str_n(data, size), map, role, line, part;
    struct attribute at[ATTRIBUTES];
    struct str values[ATTRIBUTES][VALUES];
    struct person p;
    struct map_notes notes;
    struct fail f = { 0 };
    size_t n = 0;

    if (size > 16384 || !str_split(&rest, '\n', &map) || !str_split(&rest, '\n', &role) || dialect_named(map) == NULL)
        return 0;
    for (; n < ATTRIBUTES && str_split(&rest, '\n', &line) && str_split(&line, '\t', &part); n++) {
        at[n] = (struct attribute){ .name = part, .values = { values[n], 0 } };
        while (at[n].values.n < VALUES && str_split(&line, '\t', &part))
            values[n][at[n].values.n++] = part;
    }
    struct idp idp = { .id = S("vantaa-edu"),
                       .provider = &vantaa,
                       .test = true,
                       .map = map,
                       .scopes = { scopes, 1 },
                       .role_names = { words, 2 },
                       .attributes = { own, 3 },
                       .role = role_of_name(role) };
    struct arena *a = arena_new();
    if (map_person(a, &idp, at, n, S("sub-1"), &p, &notes, &f))
        check(&p, &notes);
    else
        assert(f.kind == FAIL_UPSTREAM && f.code != NULL);
    arena_free(a);
    return 0;
}
