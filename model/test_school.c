/* SPDX-License-Identifier: EUPL-1.2 */
#include "model/test_school.h"

#define MANSIKKALA "1.2.246.562.99.00000000001"
#define PUOLUKKALA "1.2.246.562.99.99990100002"

enum { DAY_S = 86400 };

static struct school mansikkala_schools[] = {
    { .oid = S("1.2.246.562.99.00000000002"),
      .code = S("30076"),
      .names = { { S("Mansikkalan testi peruskoulu"), S("Mansikkala testgrundskola"), S("Mansikkala test school") } },
      .active = true },
    { .oid = S("1.2.246.562.99.00000000003"),
      .code = S("30077"),
      .names = { { S("Mansikkalan testi lukio"), S("Mansikkala testgymnasium"),
                   S("Mansikkala test upper secondary") } },
      .active = true },
};
static struct school puolukkala_schools[] = {
    { .oid = S("1.2.246.562.99.99990200018"),
      .code = S("99991"),
      .names = { { S("Puolukkalan testi lukio"), S("Puolukkala testgymnasium"),
                   S("Puolukkala test upper secondary") } },
      .active = true },
};
static const struct provider providers[] = {
    { .id = S("~mansikkala"),
      .oid = S(MANSIKKALA),
      .names = { { S("Mansikkalan testi kunta"), S("Mansikkala testkommun"), S("Mansikkala test municipality") } },
      .schools = mansikkala_schools,
      .school_count = 2 },
    { .id = S("~puolukkala"),
      .oid = S(PUOLUKKALA),
      .names = { { S("Puolukkalan testi kunta"), S("Puolukkala testkommun"), S("Puolukkala test municipality") } },
      .schools = puolukkala_schools,
      .school_count = 1 },
};
static const struct idp idp = { .id = S(TEST_SCHOOL_IDP),
                                .names = { { S("Testikoulu"), S("Testskolan"), S("Test school") } },
                                .enabled = true,
                                .test = true };

static const struct {
    const struct provider *provider;
    const struct school *school;
} places[] = { { &providers[0], &mansikkala_schools[0] },
               { &providers[0], &mansikkala_schools[1] },
               { &providers[1], &puolukkala_schools[0] },
               { &providers[0], NULL } };

struct row { /* a person, or a place of the person before it */
    struct str key, given, calling, family, learner;
    int age;
    bool non_disclosure;
    struct names odd;
    int place;
    enum role role;
    struct str group;
    int level, from, to;
};

static const struct row rows[] = {
#define PERSON(key, given, calling, family, learner, age, hidden, fi, sv, en)                                          \
    { S(#key), S(given), S(calling),  S(family), S(learner), AGE_##age, hidden, { { S(fi), S(sv), S(en) } },           \
      0,       0,        { NULL, 0 }, 0,         0,          0 },
#define PLACE(place, role, group, level, from, to)                                                                     \
    { { NULL, 0 },         { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, 0,    false,                            \
      { { { NULL, 0 } } }, place,       ROLE_##role, S(group),    level,       from, to },
#include "model/test_school.def"
#undef PERSON
#undef PLACE
};

enum { ROW_COUNT = sizeof rows / sizeof *rows };

const struct idp *person_idp(const struct registry *r, const struct person *p)
{
    return test_school_has(p) ? &idp : registry_idp(r, p->idp);
}

const struct provider *person_provider(const struct registry *r, const struct person *p, struct str oid)
{
    if (!test_school_has(p))
        return registry_provider_oid(r, oid);
    for (size_t i = 0; i < sizeof providers / sizeof *providers; i++)
        if (str_eq(providers[i].oid, oid))
            return &providers[i];
    return NULL;
}

size_t test_school_count(void)
{
    size_t n = 0;

    for (size_t i = 0; i < ROW_COUNT; i++)
        n += rows[i].key.p != NULL;
    return n;
}

static struct person of_row(const struct row *r)
{
    return (struct person){ .given_names = r->given,
                            .calling_name = r->calling,
                            .family_name = r->family,
                            .learner_id = r->learner,
                            .age = r->age,
                            .non_disclosure = r->non_disclosure };
}

struct test_person test_school_at(struct arena *a, size_t i)
{
    const struct row *r = rows;

    for (; r < rows + ROW_COUNT; r++)
        if (r->key.p != NULL && i-- == 0)
            break;
    if (r == rows + ROW_COUNT)
        return (struct test_person){ 0 };
    const struct person p = of_row(r);
    return (struct test_person){ r->key, person_display_name(a, &p), r->odd, r->non_disclosure };
}

static struct affiliation at_place(const struct row *r, int64_t now_s)
{
    static const struct school none = { .active = false };
    const struct school *s = places[r->place].school != NULL ? places[r->place].school : &none;

    return (struct affiliation){ .provider_oid = places[r->place].provider->oid,
                                 .school_oid = s->oid,
                                 .school_code = s->code,
                                 .role = r->role,
                                 .group = r->group,
                                 .class_level = r->level,
                                 .charge = r->role == ROLE_LEARNER ? r->place : 0,
                                 .from_s = r->from != 0 ? now_s + (int64_t)r->from * DAY_S : 0,
                                 .to_s = r->to != 0 ? now_s + (int64_t)r->to * DAY_S : 0 };
}

struct person *test_school_person(struct arena *a, struct str organisation, struct str key, int64_t now_s)
{
    struct affiliation at[PERSON_AFFILIATIONS_MAX];
    size_t i = 0;

    while (i < ROW_COUNT && (rows[i].key.p == NULL || !str_eq(rows[i].key, key)))
        i++;
    if (i == ROW_COUNT || !str_is_set(key))
        return NULL;
    struct person p = of_row(&rows[i]);
    p.idp = idp.id;
    p.subject = arena_printf(a, "%.*s/%.*s", STR_ARG(organisation), STR_ARG(key));
    p.origin = S("urn:digione:test-school");
    p.email = arena_printf(a, "%.*s@testikoulu.example", STR_ARG(key));
    p.email_verified = VERIFIED_YES;
    p.auth_time_s = now_s;
    p.affiliations = at;
    for (i++; i < ROW_COUNT && rows[i].key.p == NULL && p.affiliation_count < PERSON_AFFILIATIONS_MAX; i++)
        at[p.affiliation_count++] = at_place(&rows[i], now_s);
    return person_copy(a, &p);
}

bool test_school_has(const struct person *p)
{
    return str_eq(p->idp, idp.id);
}

struct str test_school_owner(const struct person *p)
{
    size_t slash = str_find_byte(p->subject, '/', 0);

    return test_school_has(p) && slash < p->subject.n ? str_sub(p->subject, 0, slash) : (struct str){ NULL, 0 };
}
