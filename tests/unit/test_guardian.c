/* SPDX-License-Identifier: EUPL-1.2
 * Guardians: the child stands beside them and never in their place, whatever is configured; identity codes, and what a
 * municipality imports of them. */
#include "base/seals.h"
#include "gateway/release.h"
#include "gateway/saml/attributes.h"
#include "gateway/session/session.h"
#include "idp-adapters/relations.h"
#include "model/pairwise.h"
#include "model/when.h"
#include "policy/form.h"
#include "registry/wards.h"
#include "tests/test.h"
#include "wire/db.h"
#include "wire/json.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROVIDER "1.2.246.562.99.1"
#define SCHOOL   "1.2.246.562.99.1001"
#define GROUP    "Ryhma-Q"
#define NUMBER   "1.2.246.562.98.85640200011"
#define CHILD    "Viljami-Lapsi"

static struct school schools[] = { { S(SCHOOL), S("99101"), { { S("Alakoulu") } }, true },
                                   { S("1.2.246.562.99.1002"), S("99102"), { { S("Suljettu") } }, false } };
static struct provider providers[] = {
    { .id = S("oulu"), .oid = S(PROVIDER), .names = { { S("Oulu") } }, .schools = schools, .school_count = 2 }
};
static struct idp idps[] = { { .id = S("oulu-edu"), .provider = &providers[0], .enabled = true, .test = true },
                             { .id = S("suomifi"), .guardians = true, .enabled = true } };

static const struct seals *seals(struct test *t)
{
    return seals_of(t->arena, S("a root secret of thirty-two bytes and more"));
}

static uint64_t draw(uint64_t *seed, uint64_t below)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (*seed >> 33) % below;
}

/* ── what leaves ────────────────────────────────────────────────────────── */

struct scene {
    struct service service;
    struct affiliation at;
    struct person person;
    struct decision decision;
    struct registry *registry;
    struct str sub, child; /* what the vendor calls them */
};

/* Somebody whose record has more of the child than it ever should. */
static void some_guardian(struct test *t, struct scene *x, uint64_t *seed)
{
    x->at = (struct affiliation){ .provider_oid = S(PROVIDER),
                                  .school_oid = S(SCHOOL),
                                  .school_code = S("99101"),
                                  .role = ROLE_GUARDIAN,
                                  .group = S(GROUP),
                                  .class_level = 4,
                                  .charge = 1,
                                  .to_s = TEST_NOW_S + 86400 };
    x->person = (struct person){ .id = pairwise_person(t->arena, seals(t), S("suomifi"), S("guardian")),
                                 .idp = S("suomifi"),
                                 .given_names = S("Maija"),
                                 .family_name = S("Huoltaja"),
                                 .learner_id = draw(seed, 2) == 0 ? S(NUMBER) : (struct str){ NULL, 0 },
                                 .age = AGE_ADULT,
                                 .affiliations = &x->at,
                                 .affiliation_count = 1 };
    if (draw(seed, 6) == 0)
        return; /* for nobody */
    x->person.acting = (struct acting){ .child = pairwise_person(t->arena, seals(t), S("oulu-edu"), S("child")),
                                        .provider_oid = S(PROVIDER),
                                        .school_oid = S(SCHOOL),
                                        .school_code = S("99101"),
                                        .group = S(GROUP),
                                        .class_level = 4,
                                        .name = S(CHILD),
                                        .until_s = TEST_NOW_S + (draw(seed, 6) == 0 ? 0 : 86400) };
    if (draw(seed, 8) == 0)
        x->person.acting.child = x->person.id; /* their own child would be themselves */
}

static int child_decides_from; /* in the services of the scenes to come */

static struct scene *some_scene(struct test *t, uint64_t *seed)
{
    static const char *const presets[] = { "mpassid", "eduperson", "plain", "none" };
    struct scene *x = arena_make(t->arena, struct scene);
    const struct circumstances now = { .now_s = TEST_NOW_S };
    uint32_t asks = (uint32_t)draw(seed, 1u << CLAIM_COUNT), released = (uint32_t)draw(seed, 1u << CLAIM_COUNT);

    x->service = (struct service){ .id = S("kanerva"),
                                   .vendor = S("puolukka"),
                                   .protocol = PROTO_SAML,
                                   .enabled = true,
                                   .child_decides_from = child_decides_from,
                                   .profile = draw(seed, 2) == 0 ? PROFILE_NATIVE : PROFILE_MPASS,
                                   .asks = { asks | 1u << CLAIM_SUB | 1u << CLAIM_ON_BEHALF_OF } };
    x->service.saml.attributes_as = str_of(presets[draw(seed, 4)]);
    if (draw(seed, 3) == 0) {
        strs_add(t->arena, &x->service.saml.attributes, S("learner_id=oppijanumero"));
        strs_add(t->arena, &x->service.saml.attributes, S("group=luokka"));
        strs_add(t->arena, &x->service.saml.attributes, S("on_behalf_of=kenen"));
    }
    some_guardian(t, x, seed);
    const struct rule_words rule = { &providers[0], ROLE_NONE, NULL, &x->service, { released }, false };
    struct policy *policy = arena_make(t->arena, struct policy);
    *policy = policy_of_rule(t->arena, S("r"), &rule);
    const struct registry_parts parts = { .providers = providers,
                                          .provider_count = 1,
                                          .idps = idps,
                                          .idp_count = 2,
                                          .services = &x->service,
                                          .service_count = 1,
                                          .policies = policy,
                                          .policy_count = 1 };
    x->registry = registry_build(arena_new(), &parts);
    arena_adopt(t->arena, x->registry, (void (*)(void *))registry_drop);
    x->decision = policy_decide(x->registry, &x->person, &x->service, &now);
    x->sub = pairwise_sub(t->arena, seals(t), x->person.id, x->service.vendor);
    x->child = person_acts(&x->person) ? pairwise_sub(t->arena, seals(t), x->person.acting.child, x->service.vendor)
                                       : S("nobody's");
    return x;
}

static struct release release_of(struct test *t, struct scene *x, uint64_t *seed)
{
    static const char *const scopes[] = {
        "openid", "openid profile edu.guardian",
        ("openid profile email edu.role edu.school edu.group edu.learner_id edu.charge "
         "edu.age edu.guardian")
    };

    return (struct release){
        .registry = x->registry,
        .person = &x->person,
        .service = &x->service,
        .decision = &x->decision,
        .sub = x->sub,
        .child = release_child(t->arena, seals(t), &x->person, x->service.vendor, TEST_NOW_S),
        .scope = str_of(scopes[draw(seed, 3)]),
        .whole = draw(seed, 3) == 0,
        .now = { .now_s = TEST_NOW_S },
    };
}

static bool stands(struct str text, const char *what)
{
    return str_find(text, str_of(what)) < text.n;
}

/* Of one artefact, as text: no word of it makes the guardian a pupil, or names the child by what is not the vendor's.
 */
static bool is_no_child(struct str text, const struct scene *x)
{
    static const char *const never[] = { GROUP,       NUMBER,    CHILD,        "oppilas",     "\"learner\"",
                                         "student",   "Student", "classLevel", "class_level", "learningMaterials",
                                         "edu_charge" };

    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        if (stands(text, never[i]))
            return false;
    return !person_acts(&x->person) || str_find(text, x->person.acting.child) == text.n;
}

static bool beside_alone(struct test *t, struct str json, const struct scene *x, bool *told)
{
    struct fail f = { 0 };
    const struct json_value *v = json_parse(t->arena, json, &f);
    const struct json_value *native = json_get(v, S("on_behalf_of")), *mpass = json_get(v, S("urn:digione:onBehalfOf"));

    *told = native != NULL || mpass != NULL;
    if (v == NULL || !str_eq(json_get_str(v, S("sub")), x->sub) || (native != NULL && mpass != NULL))
        return false;
    if (str_eq(x->child, x->sub)) /* nobody is their own child */
        return !*told;
    for (const struct json_value *m = v->first; m != NULL; m = m->next)
        if (m != native && m != mpass && str_find(m->text, x->child) < m->text.n)
            return false;
    if (native != NULL && (!str_eq(json_get_str(native, S("child")), x->child) ||
                           !str_eq(json_get_str(native, S("school_oid")), S(SCHOOL)) || native->count != 2))
        return false;
    return !*told || (claim_in(x->decision.release, CLAIM_ON_BEHALF_OF) && !str_eq(x->child, x->sub) &&
                      x->person.acting.until_s > TEST_NOW_S);
}

TEST(no_token_and_no_assertion_makes_a_guardian_the_child_whatever_is_configured)
{
    uint64_t seed = 15;
    unsigned told_times = 0;

    for (int i = 0; i < 1500 && t->failed == 0; i++) {
        struct scene *x = some_scene(t, &seed);
        struct release r = release_of(t, x, &seed);
        const struct id_facts facts = { .registry = x->registry,
                                        .person = &x->person,
                                        .sub = x->sub,
                                        .client_id = S("c"),
                                        .nonce = S("n"),
                                        .sid = S("s"),
                                        .told = &r };
        bool userinfo, id_token;
        struct str claims = release_claims(t->arena, &r), id = release_id_claims(t->arena, &facts);

        CHECK(beside_alone(t, claims, x, &userinfo) && is_no_child(claims, x));
        CHECK(beside_alone(t, id, x, &id_token) && is_no_child(id, x));
        CHECK(userinfo == id_token); /* whom a session is about is said in both, or in neither */
        CHECK(userinfo == str_has_word(release_words(t->arena, &r), S("on_behalf_of")));
        const struct told_attributes all = attributes_told(t->arena, &r, NULL, S("login.example.fi"));
        struct str assertion = attributes_json(t->arena, &all, x->sub);
        CHECK(is_no_child(assertion, x));
        for (size_t k = 0; k < all.n; k++)
            for (size_t n = 0; n < all.at[k].values.n; n++) {
                bool names = str_find(all.at[k].values.at[n], x->child) < all.at[k].values.at[n].n;
                if (names && !str_eq(x->child, x->sub))
                    CHECK(str_eq(all.at[k].name, S("urn:digione:onBehalfOf")) || str_eq(all.at[k].name, S("kenen")));
            }
        told_times += userinfo;
        if (t->failed > 0)
            test_fail(t, __FILE__, __LINE__, "round %d: %.*s / %.*s / %.*s", i, STR_ARG(claims), STR_ARG(id),
                      STR_ARG(assertion));
    }
    CHECK(told_times > 100);
}

TEST(a_child_is_called_as_it_is_itself_at_that_vendor_and_otherwise_at_another)
{
    uint64_t seed = 1;
    struct scene *x = some_scene(t, &seed);

    x->person.acting = (struct acting){ .child = pairwise_person(t->arena, seals(t), S("oulu-edu"), S("uid-vilja")),
                                        .until_s = TEST_NOW_S + 1 };
    struct str own = pairwise_sub(t->arena, seals(t),
                                  pairwise_person(t->arena, seals(t), S("oulu-edu"), S("uid-vilja")), S("puolukka"));
    CHECK(str_eq(release_child(t->arena, seals(t), &x->person, S("puolukka"), TEST_NOW_S), own));
    CHECK(!str_eq(release_child(t->arena, seals(t), &x->person, S("kuusi"), TEST_NOW_S), own));
    CHECK(release_child(t->arena, seals(t), &x->person, S("puolukka"), TEST_NOW_S + 1).p == NULL);
}

TEST(a_session_keeps_for_whom_somebody_acts_and_no_identity_code)
{
    uint64_t seed = 3;
    struct scene *x = some_scene(t, &seed);
    struct fail f = { 0 };
    struct acting ward = { .child = S("c1"), .provider_oid = S(PROVIDER), .name = S(CHILD), .until_s = 9 };
    struct session s = { .sid = S("sid"), .csrf = S("csrf"), .person = &x->person, .ends_s = 5 };

    x->person.acting = ward;
    x->person.relations = S("web s u");
    x->person.registered = true;
    x->person.identity = S("010180-9015");
    s.wards = &ward;
    s.ward_count = 1;
    s.wards_known = true;
    struct str text = session_write(t->arena, &s);
    CHECK(session_keepable(t->arena, &s, &f) && !stands(text, "010180"));
    const struct session *back = session_parse(t->arena, text, &f);
    CHECK(back != NULL && str_eq(back->person->acting.child, S("c1")) && back->person->acting.until_s == 9);
    CHECK(back != NULL && back->wards_known && back->ward_count == 1 && str_eq(back->wards[0].name, S(CHILD)));
    CHECK(back != NULL && back->person->registered && str_eq(back->person->relations, S("web s u")));
    CHECK(person_copy(t->arena, &x->person)->identity.p == NULL);
}

/* ── identity codes ─────────────────────────────────────────────────────── */

static struct str of_age(struct test *t, const char *code)
{
    int64_t at_s;

    return identity_of_age(str_of(code), &at_s) ? when_rfc3339(t->arena, at_s) : S("none");
}

TEST(a_person_is_of_age_at_midnight_in_finland_whatever_the_season_and_the_year)
{
    CHECK_STR(of_age(t, "110808A9132"), "2026-08-10T21:00:00Z"); /* summer time */
    CHECK_STR(of_age(t, "070715A915J"), "2033-07-06T21:00:00Z");
    CHECK_STR(of_age(t, "050516A911S"), "2034-05-04T21:00:00Z");
    CHECK_STR(of_age(t, "290208A914V"), "2026-02-27T22:00:00Z"); /* no 29 February: the last day of the month */
    CHECK_STR(of_age(t, "010180-9015"), "1997-12-31T22:00:00Z");
}

TEST(what_is_no_identity_code_is_none)
{
    static const char *const none[] = { "",
                                        "110808A9133",
                                        "110808A913",
                                        "110808A91322",
                                        "310208A914V",
                                        "110808a9132",
                                        "110808 9132",
                                        "1108o8A9132",
                                        "000808A9132",
                                        "110800+913X" };

    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        CHECK_STR(of_age(t, none[i]), "none");
}

TEST(what_is_kept_of_an_identity_code_is_under_a_key_of_its_own)
{
    struct str kept = identity_hash(t->arena, seals(t), S("110808A9132"));

    CHECK(kept.n == 64 && !str_eq(kept, identity_hash(t->arena, seals(t), S("110808A9141"))));
    CHECK(!str_eq(kept, identity_hash(t->arena, seals_of(t->arena, S("another root secret of more than 32 bytes")),
                                      S("110808A9132"))));
    CHECK(!str_eq(kept, pairwise_person(t->arena, seals(t), S("suomifi"), S("110808A9132"))));
}

/* ── a municipality's file ──────────────────────────────────────────────── */

struct rig {
    char dir[64];
    struct settings set;
    struct wards *wards;
    struct wards_import x;
    struct fail why;
};

static struct rig *rig_new(struct test *t)
{
    struct rig *r = arena_make(t->arena, struct rig);

    *r = (struct rig){ .dir = "/tmp/digione-wards-XXXXXX" };
    CHECK(mkdtemp(r->dir) != NULL);
    CHECK(mkdir(arena_cstr(t->arena, arena_printf(t->arena, "%s/registry", r->dir)), 0700) == 0);
    r->set.state_dir = str_of(r->dir);
    r->wards = wards_new(&r->set);
    r->x = (struct wards_import){ .provider = &providers[0], .idp = &idps[0], .seals = seals(t), .now_s = TEST_NOW_S };
    return r;
}

static void rig_end(struct test *t, struct rig *r)
{
    wards_free(r->wards);
    CHECK(system(arena_cstr(t->arena, arena_printf(t->arena, "rm -rf %s", r->dir))) == 0);
}

static bool take(struct test *t, struct rig *r, const char *csv)
{
    r->why = (struct fail){ .kind = FAIL_NONE };
    r->x.csv = str_of(csv);
    return wards_take(r->wards, t->arena, &r->x, &r->why);
}

#define HEAD "identity;own_key;school;group;level;name;protected;guardians\n"

TEST(a_file_says_who_is_where_and_replaces_what_was_said_before)
{
    struct rig *r = rig_new(t);

    CHECK(take(t, r,
               "\xef\xbb\xbf" HEAD "110808A9132;uid-1;99101;4A;4;\"Helmi; Koe\";;010180-9015 040483-904C\r\n"
               "050516A911S;uid-2;" SCHOOL ";;;Vilja;0;\n"
               "070715A915J;uid-3;99101;;;Toivo;1;010180-9015\n\n"));
    CHECK(r->x.children == 2 && r->x.relations == 2 && r->x.left_out == 1);
    CHECK(take(t, r, "identity,learner_id,school\n110808A9132," NUMBER ",99101\n"));
    CHECK(r->x.children == 1 && r->x.relations == 0);
    r->x.try_only = true;
    CHECK(take(t, r, HEAD) && r->x.children == 0);
    rig_end(t, r);
}

/* How many marks of children came of the last file. */
static size_t marked(struct test *t, struct rig *r)
{
    static const struct db_statement count = { "marks", "SELECT COUNT(*) FROM mark WHERE kind = ?1" };
    const struct db_value kind = db_int(MARK_WARD);
    struct db *d = db_open(arena_cstr(t->arena, arena_printf(t->arena, "%s/registry/sessions.sqlite", r->dir)),
                           DB_READ_ONLY, &r->why);
    struct db_rows rows = { 0 };

    if (d == NULL || !db_query(d, &count, &kind, 1, t->arena, &rows, &r->why))
        return SIZE_MAX;
    db_close(d);
    return (size_t)rows.at[0].number;
}

TEST(a_child_or_a_guardian_that_is_there_no_more_is_a_mark_and_nothing_else_is)
{
    struct rig *r = rig_new(t);
    static const char both[] = HEAD "110808A9132;uid-1;99101;4A;4;Helmi;;010180-9015 040483-904C\n"
                                    "050516A911S;uid-2;99101;;;Vilja;;010180-9015\n";

    r->x.ends = ends_new(&r->set, &t->world);
    r->x.ends_for_s = 1920;
    CHECK(take(t, r, both) && r->x.gone == 0);
    CHECK(take(t, r, both) && r->x.gone == 0);
    /* Another group, another name: nobody is gone. */
    CHECK(take(t, r,
               HEAD "110808A9132;uid-1;99101;4B;4;Helmi K;;040483-904C 010180-9015\n"
                    "050516A911S;uid-2;99101;1A;;Vilja;;010180-9015\n") &&
          r->x.gone == 0);
    r->x.try_only = true;
    CHECK(take(t, r, HEAD) && r->x.gone == 5);
    r->x.try_only = false;
    /* A file that is refused ends nobody. */
    CHECK(!take(t, r, HEAD "110808A9132;uid-1;99101;4A;4;Helmi;;nobody\n"));
    CHECK(marked(t, r) == SIZE_MAX || marked(t, r) == 0);
    /* One guardian less. */
    CHECK(take(t, r,
               HEAD "110808A9132;uid-1;99101;4A;4;Helmi;;010180-9015\n"
                    "050516A911S;uid-2;99101;;;Vilja;;010180-9015\n"));
    CHECK(r->x.gone == 1 && marked(t, r) == 1);
    /* Protected: the child is gone, whoever its guardian is. */
    CHECK(take(t, r,
               HEAD "110808A9132;uid-1;99101;4A;4;Helmi;;010180-9015\n"
                    "050516A911S;uid-2;99101;;;Vilja;1;010180-9015\n"));
    CHECK(r->x.gone == 2 && marked(t, r) == 3);
    /* Of what cannot be ended nothing is kept. */
    CHECK(system(arena_cstr(t->arena, arena_printf(t->arena, "rm -r %s/registry/sessions.sqlite*", r->dir))) == 0);
    ends_free(r->x.ends);
    CHECK(mkdir(arena_cstr(t->arena, arena_printf(t->arena, "%s/registry/sessions.sqlite", r->dir)), 0700) == 0);
    r->x.ends = ends_new(&r->set, &t->world);
    CHECK(!take(t, r, HEAD) && r->why.kind == FAIL_OURS);
    ends_free(r->x.ends);
    r->x.ends = NULL;
    CHECK(take(t, r, HEAD) && r->x.gone == 2);
    rig_end(t, r);
}

TEST(a_file_without_hundreds_of_children_marks_their_municipality_once)
{
    struct rig *r = rig_new(t);
    struct buf csv = buf_new(t->arena, 65536);

    buf_add(&csv, S("identity;own_key;school\n"));
    for (int i = 0; i < 240; i++) {
        static const char checks[] = "0123456789ABCDEFHJKLMNPRSTUVWXY";
        int day = 1 + i % 28, month = 1 + i / 28, number = 901;
        int n = (day * 10000 + month * 100 + 16) * 1000 + number;
        buf_add(&csv, arena_printf(t->arena, "%02d%02d16A%d%c;uid-%d;99101\n", day, month, number, checks[n % 31], i));
    }
    r->x.ends = ends_new(&r->set, &t->world);
    r->x.ends_for_s = 1920;
    CHECK(take(t, r, arena_cstr(t->arena, buf_str(&csv))));
    CHECK_INT(r->x.children, 240);
    CHECK(take(t, r, HEAD) && r->x.gone == 240 && marked(t, r) == 1);
    ends_free(r->x.ends);
    rig_end(t, r);
}

TEST(a_file_with_one_wrong_line_changes_nothing_and_no_complaint_quotes_a_code)
{
    static const struct {
        const char *csv, *why;
    } wrong[] = {
        { "identity;school\n", "own_key" },
        { "identity;own_key;school;colour\n", "nobody knows" },
        { "identity;identity;own_key;school\n", "twice" },
        { HEAD "110808A9133;u;99101;;;;;\n", "identity" },
        { HEAD "110808A9132;u;12345;;;;;\n", "school" },
        { HEAD "110808A9132;u;99102;;;;;\n", "open" },
        { HEAD "110808A9132;;99101;;;;;\n", "own_key" },
        { HEAD "110808A9132;u;99101;;13;;;\n", "level" },
        { HEAD "110808A9132;u;99101;;;;2;\n", "protected" },
        { HEAD "110808A9132;u;99101;;;;;110808A9132\n", "of age" },
        { HEAD "110808A9132;u;99101;;;\"Helmi;;\n", "no end" },
        { HEAD "110808A9132;u;99101;;;;;\n110808A9132;v;99101;;;;;\n", "line 3" },
        { HEAD "110808A9132;u;99101;;;He\x07lmi;;\n", "cannot be seen" },
    };
    struct rig *r = rig_new(t);

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        if (take(t, r, wrong[i].csv) || strstr(r->why.detail, wrong[i].why) == NULL)
            test_fail(t, __FILE__, __LINE__, "%zu: \"%s\" instead of %s", i, r->why.detail, wrong[i].why);
        CHECK(strstr(r->why.detail, "110808") == NULL && r->why.kind == FAIL_CALLER);
    }
    rig_end(t, r);
}

/* The database and what SQLite writes beside it. */
TEST(no_identity_code_is_at_rest)
{
    struct rig *r = rig_new(t);
    static const char *const files[] = { "wards.sqlite", "wards.sqlite-wal", "wards.sqlite-shm" };
    char *bytes = arena_alloc(t->arena, 1 << 20);
    size_t looked = 0;

    CHECK(take(t, r, HEAD "110808A9132;uid-1;99101;4A;4;Helmi;;010180-9015\n"));
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        int fd = open(arena_cstr(t->arena, arena_printf(t->arena, "%s/registry/%s", r->dir, files[i])), O_RDONLY);
        ssize_t n = fd >= 0 ? read(fd, bytes, 1 << 20) : -1;
        if (fd >= 0)
            (void)close(fd);
        struct str all = str_n(bytes, n > 0 ? (size_t)n : 0);
        looked += all.n;
        CHECK(!stands(all, "110808") && !stands(all, "9132") && !stands(all, "010180"));
    }
    CHECK(looked > 0);
    rig_end(t, r);
}

/* ── users of OneRoster ─────────────────────────────────────────────────── */

#define USERS                                                                                                          \
    "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,identifier,email," \
    "sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,resourceSourcedIds,preferredGivenName,"            \
    "preferredMiddleName,preferredFamilyName,primaryOrgSourcedId,pronouns\n"
#define USER(id, username, ids, given, agents, grades, password, org)                                                  \
    id ",,,true," username "," ids "," given ",Koe,,,,,,\"" agents "\"," grades "," password ",,,,,," org ",\n"
#define GUARDIAN USER("g1", "maija", "{hetu:010180-9015}", "Maija", "", "", "", "")
#define JSON_GUARDIAN                                                                                                  \
    "{\"sourcedId\":\"g1\",\"role\":\"guardian\",\"userIds\":[{\"type\":\"HETU\",\"identifier\":\"010180-9015\"}]}"
#define JSON_CHILD(more)                                                                                               \
    "{\"sourcedId\":\"c1\",\"username\":\"uid-1\",\"givenName\":\"Helmi\",\"familyName\":\"Koe\",\"grades\":[\"04\"]," \
    "\"userIds\":[{\"type\":\"hetu\",\"identifier\":\"110808A9132\"}],\"roles\":[{\"role\":\"student\"}],"             \
    "\"primaryOrg\":{\"sourcedId\":\"99101\"},\"agents\":[{\"sourcedId\":\"g1\",\"type\":\"user\"}]" more "}"

TEST(users_of_oneroster_say_who_is_whose_as_csv_and_as_json_of_both_versions)
{
    struct rig *r = rig_new(t);

    /* The agent stands before its learner, or behind; a grown-up without agents is nobody's child. */
    CHECK(take(t, r,
               USERS USER("c1", "uid-1", "\"{hetu:110808A9132},{learner_id:x}\"", "Helmi", "g1,g2", "04", "", "99101")
                   GUARDIAN USER("g2", "niilo", "{HETU:040483-904C}", "Niilo", "", "", "", "")
                       USER("t1", "anna", "", "Anna", "", "", "", "99101")
                           USER("c2", "uid-2", "{hetu:050516A911S}", "Vilja", "g3", "KG", "", SCHOOL)
                               USER("g3", "kaisa", "", "Kaisa", "", "", "", "")));
    CHECK(r->x.children == 2 && r->x.relations == 2 && r->x.left_out == 0 && r->x.unknown == 1);
    /* No username is asked for without an identity provider: then the learner number names the child. */
    CHECK(take(t, r,
               USERS USER("c1", "", "\"{hetu:110808A9132},{learner_id:" NUMBER "}\"", "Helmi", "", "", "", "99101")) &&
          r->x.children == 1);
    r->x.idp = NULL;
    CHECK(!take(t, r, USERS USER("c1", "uid-1", "{hetu:110808A9132}", "Helmi", "", "", "", "99101")));
    r->x.idp = &idps[0];
    CHECK(take(t, r,
               "\xef\xbb\xbf {\"total\": [1, {\"users\": []}], \"users\": [\n" JSON_GUARDIAN
               ",\n" JSON_CHILD("") "\n]}"));
    CHECK(r->x.children == 1 && r->x.relations == 1);
    CHECK(take(t, r, "[" JSON_CHILD(",\"metadata\":{\"protected\":true}") ", " JSON_GUARDIAN "]"));
    CHECK(r->x.children == 0 && r->x.relations == 0 && r->x.left_out == 1);
    CHECK(take(t, r, "[" JSON_CHILD(",\"status\":\"tobedeleted\"") ", " JSON_GUARDIAN "]") && r->x.left_out == 1);
    CHECK(take(t, r, "{\"users\":[]}") && r->x.children == 0);
    rig_end(t, r);
}

TEST(a_file_of_oneroster_with_one_wrong_user_changes_nothing_and_says_the_line_and_the_cure)
{
    static const struct {
        const char *file, *why;
    } wrong[] = {
        { "sourcedId,username\n", "the column userIds is missing" },
        { USERS GUARDIAN USER("c1", "u", "{hetu:110808A9132}", "H", "nobody", "", "", "99101"), "line 3: agents name" },
        { USERS GUARDIAN GUARDIAN, "twice" },
        { USERS USER("c1", "u", "{hetu:110808A9132}", "H", "", "", "secret", "99101"), "line 2: password" },
        { USERS USER("c1", "u", "{hetu:110808A9133}", "H", "", "", "", "99101"), "line 2: userIds: hetu" },
        { USERS GUARDIAN USER("c1", "u", "", "H", "g1", "", "", "99101"),
          "line 3: a learner without an identity code" },
        { USERS USER("c1", "", "{hetu:110808A9132}", "H", "", "", "", "99101"), "without a learner number" },
        { USERS USER("c1", "u", "{hetu:110808A9132}", "H", "", "", "", "12345"), "primaryOrgSourcedId" },
        { USERS USER("", "u", "{hetu:110808A9132}", "H", "", "", "", "99101"), "sourcedId is empty" },
        { USERS "c1,,,,\"u", "no end" },
        { "{\"users\": {}}", "an array of users" },
        { "{\"user\": []}", "an array of users" },
        { "{\"users\": [\n" JSON_GUARDIAN "\n" JSON_CHILD("") "]}", "line 3: a comma" },
        { "{\"users\": [\n" JSON_GUARDIAN ",\n" JSON_CHILD("") "", "line 3: a comma" },
        { "{\"users\": [\n\n7]}", "line 3: no user" },
        { "{\"users\": []", "behind the users" },
        { "[] x", "behind the users" },
        { "[{\"sourcedId\":\"c1\",\"sourcedId\":\"c2\"}]", "no user" },
        { "[" JSON_CHILD("") "]", "not in the file" },
    };
    struct rig *r = rig_new(t);

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        if (take(t, r, wrong[i].file) || strstr(r->why.detail, wrong[i].why) == NULL)
            test_fail(t, __FILE__, __LINE__, "%zu: \"%s\" instead of %s", i, r->why.detail, wrong[i].why);
        CHECK(strstr(r->why.detail, "110808") == NULL && strstr(r->why.detail, "010180") == NULL &&
              r->why.kind == FAIL_CALLER);
    }
    rig_end(t, r);
}

/* A user of more than 16 kB is none; many users cost what they are. */
TEST(users_of_oneroster_are_read_one_by_one_within_bounds)
{
    enum { MANY = 3000 };
    struct rig *r = rig_new(t);
    struct buf b = buf_new(t->arena, 4 << 20);

    buf_add(&b, S("{\"users\":["));
    for (int i = 0; i < MANY; i++)
        buf_printf(&b, "%s{\"sourcedId\":\"s%d\",\"role\":\"teacher\"}", i > 0 ? "," : "", i);
    buf_add(&b, S("," JSON_GUARDIAN "," JSON_CHILD("") "]}"));
    CHECK(take(t, r, arena_cstr(t->arena, buf_str(&b))) && r->x.children == 1 && r->x.relations == 1);
    b = buf_new(t->arena, 1 << 16);
    buf_add(&b, S("[{\"sourcedId\":\""));
    for (int i = 0; i < 20000; i++)
        buf_byte(&b, 'x');
    buf_add(&b, S("\"}]"));
    CHECK(!take(t, r, arena_cstr(t->arena, buf_str(&b))) && strstr(r->why.detail, "16 kB") != NULL);
    rig_end(t, r);
}

/* ── what a child decides ───────────────────────────────────────────────── */

static bool opens(struct test *t, struct scene *x, int64_t now_s)
{
    const struct circumstances now = { .now_s = now_s };
    const struct decision d = policy_decide(x->registry, &x->person, registry_service(x->registry, S("kanerva")), &now);
    struct bits all = policy_services(t->arena, x->registry, &x->person, &now);

    CHECK(bits_has(&all, 0) == (d.effect == EFFECT_ALLOW)); /* a page of tiles says as a door does */
    CHECK(d.effect == EFFECT_ALLOW || (str_eq(d.rule, S(POLICY_CHILD_DECIDES)) && d.release.bits == 0));
    return d.effect == EFFECT_ALLOW;
}

static bool opens_at(struct test *t, int age, const char *of_age, const char *now)
{
    uint64_t seed = 1;
    int64_t of_age_s = 0, now_s = 0;

    child_decides_from = age;
    struct scene *x = some_scene(t, &seed);
    child_decides_from = 0;
    CHECK(when_day_read(str_of(of_age), &of_age_s) && when_rfc3339_read(str_of(now), &now_s));
    x->person.acting = (struct acting){ .child = S("c"), .provider_oid = S(PROVIDER), .until_s = of_age_s };
    x->at.to_s = of_age_s;
    return opens(t, x, now_s);
}

TEST(from_an_age_on_that_a_service_says_its_child_decides_and_no_guardian_acts_in_it)
{
    CHECK(opens_at(t, 0, "2026-08-11", "2026-08-10T20:59:59Z")); /* no age: until the child is of age */
    CHECK(opens_at(t, 15, "2029-08-11", "2026-08-10T20:59:59Z"));
    CHECK(!opens_at(t, 15, "2029-08-11", "2026-08-10T21:00:00Z")); /* 00:00 of the 15th birthday, in summer time */
    CHECK(!opens_at(t, 15, "2026-08-11", "2026-08-10T20:00:00Z"));
    CHECK(opens_at(t, 13, "2033-01-07", "2028-01-06T21:59:59Z"));
    CHECK(!opens_at(t, 13, "2033-01-07", "2028-01-06T22:00:00Z")); /* and in winter time */
    CHECK(opens_at(t, 17, "2028-02-29", "2027-02-27T21:59:59Z"));
    CHECK(!opens_at(t, 17, "2028-02-29", "2027-02-27T22:00:00Z")); /* a year without 29 February */
}
