/* SPDX-License-Identifier: EUPL-1.2
 * Somebody can always get in: whatever national policies and dates of rights a change brings, it is refused, or there
 * is an operator at every moment to come, at any hour, on any device, in any network, term and exam. */
#include "policy/may.h"
#include "policy/windows.h"
#include "tests/unit/registry_rig.h"

#include <stdlib.h>
#include <string.h>

#define TOWN                                                                                                           \
    "format: 1\nproviders:\n  - {id: oulu, oid: 1.2.246.562.99.95640100004, name: {fi: Oulu}}\n"                       \
    "idps:\n  - {id: local, kind: local, name: {fi: Paikalliset}}\n"                                                   \
    "networks:\n  - {id: oulu-net, provider: oulu, name: {fi: N}, blocks: [10.0.0.0/8]}\n"                             \
    "accounts:\n"                                                                                                      \
    "  - {id: olavi, idp: local, username: olavi, password: {argon2id: $argon2id$x}}\n"                                \
    "  - {id: outi, idp: local, username: outi, password: {argon2id: $argon2id$x}}\n"
#define OLAVI        "admins:\n  - {id: a, role: operator, idp: local, subject: olavi}\n"
#define FORBID(rest) "policies:\n  - {id: p, " rest "}\n"
#define ALL_THEY_DO  "forbid (principal, action in Action::\"administer\", resource)"

/* ── what was accepted before ───────────────────────────────────────────── */

TEST(what_would_lock_the_last_operator_out_later_or_at_times_is_refused)
{
    static const struct {
        const char *rest, *says;
    } rows[] = {
        { OLAVI FORBID("from: 2030-01-01, text: '" ALL_THEY_DO ";'"), "from 2030-01-01T00:00:00Z on" },
        { OLAVI FORBID("from: 2030-01-01, to: 2030-01-02, text: '" ALL_THEY_DO ";'"), "from 2030-01-01T00:00:00Z on" },
        { OLAVI FORBID("to: 2026-08-11, text: '" ALL_THEY_DO ";'"), "no operator could be sure" },
        { OLAVI FORBID("text: '" ALL_THEY_DO " when { context.minute < 480 };'"), "no operator could be sure" },
        { OLAVI FORBID("text: '" ALL_THEY_DO " when { context.weekday > 5 };'"), "no operator could be sure" },
        { OLAVI FORBID("text: '" ALL_THEY_DO " when { context.device == Device::\"shared\" };'"), "no operator" },
        { OLAVI FORBID("text: '" ALL_THEY_DO " when { context.assurance < 3 };'"), "no operator" },
        { OLAVI FORBID("text: '" ALL_THEY_DO " unless { context has network };'"), "no operator" },
        { OLAVI FORBID("text: '" ALL_THEY_DO " when { context has term };'"), "no operator" },
        { OLAVI FORBID("text: '" ALL_THEY_DO " when { context has exam };'"), "no operator" },
        { OLAVI FORBID("text: '" ALL_THEY_DO " when { context.now > datetime(\"2030-01-01\") };'"), "no operator" },
        { OLAVI FORBID("text: 'forbid (principal in Role::\"operator\", action == Action::\"rollBack\", resource);'"),
          "no operator" },
        { "admins:\n  - {id: a, role: operator, idp: local, subject: olavi, to: 2026-09-01}\n", "90 days to renew" },
        { "admins:\n  - {id: a, role: operator, idp: local, subject: olavi, from: 2026-09-01}\n", "no operator" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rig g;
        rig_open(t, &g);
        CHECK(import(t, &g, S(TOWN OLAVI)));
        CHECK_STR(g.fail.detail, "");
        t->checked++;
        if (import(t, &g, arena_printf(t->arena, "%s%s", TOWN, rows[i].rest)) || strcmp(g.fail.code, "lockout") != 0 ||
            str_find(str_of(g.fail.detail), str_of(rows[i].says)) == strlen(g.fail.detail))
            test_fail(t, __FILE__, __LINE__, "row %zu: %s %s", i, g.fail.code, g.fail.detail);
        rig_free(t, &g);
    }
}

TEST(what_leaves_somebody_a_sure_way_in_is_free)
{
    static const char *const rows[] = {
        OLAVI FORBID(
            "text: 'forbid (principal, action == Action::\"draft\", resource) when { context.minute < 480 };'"),
        OLAVI FORBID("text: 'forbid (principal is Person, action in Action::\"administer\", resource);'"),
        OLAVI FORBID("text: 'forbid (principal in Role::\"auditor\", action in Action::\"administer\", resource);'"),
        OLAVI FORBID("text: 'forbid (principal, action in Action::\"administer\", resource in Provider::\"oulu\");'"),
        OLAVI FORBID("enabled: false, text: '" ALL_THEY_DO ";'"),
        OLAVI FORBID("from: 2020-01-01, to: 2020-01-02, text: '" ALL_THEY_DO ";'"),
        "admins:\n  - {id: a, role: operator, idp: local, subject: olavi, to: 2027-09-01}\n",
        "admins:\n  - {id: a, role: operator, idp: local, subject: outi}\n",
        ("admins:\n  - {id: a, role: operator, idp: local, subject: olavi, to: 2026-10-01}\n"
         "  - {id: b, role: operator, idp: local, subject: outi, from: 2026-09-30, to: 2027-09-30}\n"),
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rig g;
        rig_open(t, &g);
        CHECK(import(t, &g, S(TOWN OLAVI)));
        t->checked++;
        if (!import(t, &g, arena_printf(t->arena, "%s%s", TOWN, rows[i])))
            test_fail(t, __FILE__, __LINE__, "row %zu: %s %s", i, g.fail.code, g.fail.detail);
        rig_free(t, &g);
    }
}

/* Between two rights there is an hour without. */
TEST(a_gap_between_two_rights_is_seen)
{
    struct rig g;

    rig_open(t, &g);
    CHECK(import(t, &g, S(TOWN OLAVI)));
    CHECK(!import(t, &g,
                  S(TOWN "admins:\n  - {id: a, role: operator, idp: local, subject: olavi, to: 2026-09-01T08:00:00Z}\n"
                         "  - {id: b, role: operator, idp: local, subject: outi, from: 2026-09-01T09:00:00Z}\n")));
    CHECK(str_find(str_of(g.fail.detail), S("from 2026-09-01T08:00:00Z on")) < strlen(g.fail.detail));
    rig_free(t, &g);
}

TEST(who_could_get_in_at_times_alone_may_go_on_so_and_becomes_no_worse)
{
    struct rig g;

    rig_open(t, &g);
    CHECK(import(t, &g, S(TOWN FORBID("text: '" ALL_THEY_DO " when { context.minute < 480 };'"))));
    CHECK(import(t, &g, S(TOWN OLAVI FORBID("text: '" ALL_THEY_DO " when { context.minute < 480 };'"))));
    CHECK_STR(g.fail.detail, "");
    CHECK(import(t, &g, S(TOWN OLAVI FORBID("text: '" ALL_THEY_DO " when { context.minute < 420 };'"))));
    CHECK(!import(t, &g, S(TOWN OLAVI FORBID("text: '" ALL_THEY_DO ";'"))));
    CHECK_STR(g.fail.code, "lockout");
    rig_free(t, &g);
}

/* ── whatever is written ────────────────────────────────────────────────── */

struct dice {
    uint64_t state;
};

static size_t roll(struct dice *d, size_t sides)
{
    d->state = d->state * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(d->state >> 33) % sides;
}

#define ONE_OF(d, list) ((list)[roll(d, sizeof(list) / sizeof *(list))])

static const char *condition(struct dice *d)
{
    static const char *const all[] = {
        "context.minute < 480",
        "context.minute >= 0",
        "context.weekday > 5",
        "context.device == Device::\"own\"",
        "context.assurance >= 2",
        "context has term",
        "context has term && context.term == Term::\"holiday\"",
        "context has network && context.network == Network::\"oulu-net\"",
        "context has exam",
        "context.now < datetime(\"2027-03-01\")",
        "principal is Person",
        "principal is Official",
        "principal in Role::\"operator\"",
        "principal in Role::\"auditor\"",
        "principal has role && principal.role == Role::\"operator\"",
        "resource in Nation::\"fi\"",
        "resource in Provider::\"oulu\"",
        "true",
        "false",
    };

    return ONE_OF(d, all);
}

static void dates(struct dice *d, struct buf *b)
{
    static const char *const from[] = { "", "", "", "from: 2025-01-01, ", "from: 2026-12-24, ", "from: 2028-01-01, " };
    static const char *const to[] = { "", "", "", "to: 2026-08-01, ", "to: 2026-12-26, ", "to: 2028-01-02, " };
    size_t f = roll(d, 6), until = roll(d, 6);

    if (f > 2 && until > 2 && until < f) /* it would never be in force */
        until = 0;
    buf_printf(b, "%s%s", from[f], f > 2 && until == 3 ? "" : to[until]);
}

static void a_policy(struct dice *d, struct buf *b, size_t number)
{
    static const char *const effects[] = { "forbid", "forbid", "permit" };
    static const char *const who[] = { "principal", "principal", "principal in Role::\"operator\"",
                                       "principal is Official" };
    static const char *const acts[] = { "action in Action::\"administer\"", "action == Action::\"manageAdmins\"",
                                        "action in [Action::\"view\", Action::\"findPeople\"]",
                                        "action == Action::\"exportLog\"", "action == Action::\"rollBack\"" };

    buf_printf(b, "  - {id: p%zu, ", number);
    dates(d, b);
    buf_printf(b, "%stext: '%s (%s, %s, resource)", roll(d, 6) == 0 ? "enabled: false, " : "", ONE_OF(d, effects),
               ONE_OF(d, who), ONE_OF(d, acts));
    for (size_t n = roll(d, 3); n > 0; n--)
        buf_printf(b, " %s { %s%s%s%s }", roll(d, 4) == 0 ? "unless" : "when", roll(d, 4) == 0 ? "!(" : "(",
                   condition(d), roll(d, 3) == 0 ? ") && " : ") || ", condition(d));
    buf_add(b, S(";'}\n"));
}

static struct str country(struct test *t, struct dice *d)
{
    static const char *const subjects[] = { "olavi", "outi" };
    struct buf b = buf_new(t->arena, 1 << 16);

    buf_add(&b, S(TOWN "admins:\n"));
    for (size_t n = 1 + roll(d, 3), i = 0; i < n; i++) {
        buf_printf(&b, "  - {id: a%zu, ", i);
        dates(d, &b);
        buf_printf(&b, "role: %s, idp: local, subject: %s}\n", roll(d, 5) == 0 ? "auditor" : "operator",
                   ONE_OF(d, subjects));
    }
    buf_add(&b, S("policies:\n"));
    for (size_t n = roll(d, 3), i = 0; i < n; i++)
        a_policy(d, &b, i);
    return buf_str(&b);
}

static bool somebody_may(const struct registry *r, const struct circumstances *now, const char *acr)
{
    static const char *const subjects[] = { "olavi", "outi" };

    for (size_t i = 0; i < 2; i++) {
        const struct person p = { .idp = S("local"), .subject = str_of(subjects[i]), .acr = str_of(acr) };
        if (policy_may(r, &p, MAY_MANAGE_ADMINS, &area_nation, now) && policy_may(r, &p, MAY_VIEW, &area_nation, now) &&
            policy_may(r, &p, MAY_ROLL_BACK, &area_nation, now))
            return true;
    }
    return false;
}

/* Until the rights themselves end, 90 days at least. */
static int64_t rights_end(const struct registry *r)
{
    const struct registry_parts *p = registry_parts(r);
    int64_t last = 0;

    for (size_t i = 0; i < p->admin_count; i++)
        if (p->admins[i].role == ROLE_OPERATOR)
            last = p->admins[i].to_s == 0 ? INT64_MAX : p->admins[i].to_s > last ? p->admins[i].to_s : last;
    return last;
}

static void look_at(struct test *t, struct dice *d, const struct registry *r, struct str text)
{
    static const char *const days[] = { "schoolDay", "dayOff", "holiday", "" };
    static const char *const acrs[] = { "", "x", "http://ftn.ficora.fi/2017/loa2", "http://ftn.ficora.fi/2017/loa3" };
    static const int64_t edges[] = { 1798070400 /* 2026-12-24 */, 1798243200, 1830297600 /* 2028-01-01 */, 1830384000 };
    const int64_t ninety = TEST_NOW_S + (int64_t)90 * 86400, ends = rights_end(r);

    for (int i = 0; i < 60; i++) {
        const struct supposed as_if = { .day = ONE_OF(d, days),
                                        .network = roll(d, 2) ? S("oulu-net") : S(""),
                                        .exam = roll(d, 2) ? EXAM_DURING : EXAM_OUTSIDE };
        int64_t at_s = roll(d, 3) == 0 ? ONE_OF(d, edges) + (int64_t)roll(d, 3) - 1
                                       : TEST_NOW_S + (int64_t)roll(d, 90 * 24) * 3600;
        const struct circumstances now = { .now_s = at_s, .shared_device = roll(d, 2) == 0, .as_if = &as_if };
        if (at_s > ninety && ends != INT64_MAX)
            continue; /* there was time to renew */
        if (at_s > ninety && registry_parts(r)->admin_count > 1)
            continue;
        t->checked++;
        if (!somebody_may(r, &now, ONE_OF(d, acrs))) {
            test_fail(t, __FILE__, __LINE__, "nobody gets in at %lld: %.*s", (long long)at_s, STR_ARG(text));
            return;
        }
    }
}

TEST(whatever_is_written_it_is_refused_or_somebody_can_always_get_in)
{
    struct dice d = { 20261129 };
    size_t made = 0, refused = 0;
    struct rig g;

    rig_open(t, &g);
    for (int round = 0; round < 400 && t->failed == 0; round++) {
        struct str text = country(t, &d);
        CHECK(import(t, &g, S(TOWN OLAVI)));
        if (!import(t, &g, text)) {
            if (strcmp(g.fail.code, "lockout") != 0)
                test_fail(t, __FILE__, __LINE__, "%s: %.*s", g.fail.detail, STR_ARG(text));
            refused++;
            continue;
        }
        made++;
        struct registry *r = registry_load(g.db, &g.fail);
        CHECK(r != NULL);
        if (r != NULL)
            look_at(t, &d, r, text);
        registry_drop(r);
    }
    CHECK(made > 60 && refused > 60); /* the dice made both */
    rig_free(t, &g);
}
