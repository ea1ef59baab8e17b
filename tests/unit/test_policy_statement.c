/* SPDX-License-Identifier: EUPL-1.2
 * Statements and forms of policies, held to the evaluator: whatever text is read as exact decides as its fields do, for
 * people, services and hours of every kind; and what a form writes is what it reads. */
#include "policy/cedar/lexer.h"
#include "policy/form.h"
#include "policy/text_check.h"
#include "policy/windows.h"
#include "tests/unit/cedar_help.h"

#include <stdlib.h>

enum { ROUNDS = 4000, ASKED = 6 };

/* ---- A small federation, and who asks for what in it. */

static const char *const providers[] = { "oulu", "espoo" };
static const char *const schools[] = { "oulu/99101", "oulu/99102", "espoo/1.2.246" };
static const char *const groups[] = { "oulu/99101/7B", "oulu/99102/7B", "espoo/1.2.246/\"Kettu\" 1 ä" };
static const char *const services[] = { "kanerva", "matikka", "pihka" };
static const char *const categories[] = { "learning", "exams" };
static const char *const networks[] = { "oulu-koulut", "oulu-kuusela", "\"ä\"" };

#define ONE_OF(list) ((list)[any(sizeof(list) / sizeof *(list))])

static uint64_t state;

static unsigned any(size_t n)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)((state >> 33) % n);
}

#define OPENS_ANY "permit (principal, action == Action::\"open\", resource)"

struct facts {
    const char *provider, *school, *group; /* NULL: none */
    enum role role;
    int level;
    unsigned age;
    const char *service, *category;
    enum claim claim;
    unsigned minute, weekday, device, assurance, day; /* day: enum day_kind */
    const char *network;                              /* NULL: none */
    bool exam;
};

static struct facts some_facts(void)
{
    struct facts f = { .provider = ONE_OF(providers), .service = ONE_OF(services), .category = ONE_OF(categories) };

    if (any(4) > 0) {
        unsigned n = any(3);
        f.school = schools[n];
        f.provider = providers[n == 2];
        f.group = any(2) ? groups[n] : NULL;
    }
    f.role = any(5) == 0 ? (enum role)any(ROLE_COUNT) : any(2) ? ROLE_LEARNER : ROLE_TEACHER;
    f.level = any(3) ? 1 + (int)any(12) : 0;
    f.age = any(4);
    f.claim = any(2) ? CLAIM_EMAIL : (enum claim)any(CLAIM_COUNT);
    f.minute = any(3) ? 60 * any(24) + any(2) * 59 : any(1440);
    f.weekday = 1 + any(7);
    f.device = 1 + any(2);
    f.assurance = any(4);
    f.day = any(DAY_COUNT);
    f.network = any(3) ? ONE_OF(networks) : NULL;
    f.exam = any(2);
    return f;
}

static void add_parent(struct buf *b, const char *type, const char *id)
{
    struct buf q = buf_new(b->arena, 1024);

    if (id == NULL)
        return;
    cedar_quote(&q, str_of(id));
    buf_printf(b, "%s{\"type\":\"%s\",\"id\":%.*s}", b->n > 0 && b->p[b->n - 1] == '}' ? "," : "", type,
               STR_ARG(buf_str(&q)));
}

static void add_entity(struct buf *b, const char *type, const char *id, const char *attrs)
{
    buf_printf(b, "%s{\"uid\":", b->n > 1 ? "," : "");
    add_parent(b, type, id);
    buf_printf(b, ",\"attrs\":{%s},\"parents\":[", attrs);
}

static const char *json_entity(struct arena *a, const char *name, const char *type, const char *id)
{
    struct buf q = buf_new(a, 1024);

    if (id == NULL)
        return "";
    cedar_quote(&q, str_of(id));
    return arena_cstr(
        a, arena_printf(a, ",\"%s\":{\"__entity\":{\"type\":\"%s\",\"id\":%.*s}}", name, type, STR_ARG(buf_str(&q))));
}

static const char *skip_comma(const char *s)
{
    return *s == ',' ? s + 1 : s;
}

static const char *person_attrs(struct arena *a, const struct facts *f)
{
    static const char *const ages[] = { "", "under13", "13to17", "adult" };
    struct buf b = buf_new(a, 4096);

    buf_add(&b, str_of(json_entity(a, "provider", "Provider", f->provider)));
    buf_add(&b, str_of(json_entity(a, "school", "School", f->school)));
    buf_add(&b, str_of(json_entity(a, "role", "Role", f->role != ROLE_NONE ? role_name(f->role) : NULL)));
    if (f->level > 0)
        buf_printf(&b, ",\"classLevel\":%d", f->level);
    if (f->age > 0)
        buf_printf(&b, ",\"age\":\"%s\"", ages[f->age]);
    if (any(2))
        buf_printf(&b, ",\"charge\":\"%s\"", any(2) ? "free" : "paid");
    return skip_comma(arena_cstr(a, buf_str(&b)));
}

static const struct cedar_entities *store_of(struct test *t, const struct cedar_schema *schema, const struct facts *f)
{
    struct arena *a = t->arena;
    struct buf b = buf_new(a, 1 << 16);

    buf_byte(&b, '[');
    for (size_t i = 0; i < 3; i++) {
        add_entity(&b, "School", schools[i], "");
        add_parent(&b, "Provider", providers[i == 2]);
        buf_add(&b, S("]}"));
        add_entity(&b, "Group", groups[i], "");
        add_parent(&b, "School", schools[i]);
        buf_add(&b, S("]}"));
    }
    for (int r = ROLE_NONE + 1; r < ROLE_COUNT; r++) {
        add_entity(&b, "Role", role_name((enum role)r), "");
        add_parent(&b, "Role", "any");
        buf_add(&b, S("]}"));
    }
    add_entity(&b, "Person", "p", person_attrs(a, f));
    add_parent(&b, "Provider", f->provider);
    add_parent(&b, "School", f->school);
    add_parent(&b, "Group", f->group);
    add_parent(&b, "Role", f->role != ROLE_NONE ? role_name(f->role) : NULL);
    buf_add(&b, S("]}"));
    add_entity(&b, "Service", f->service, skip_comma(json_entity(a, "category", "Category", f->category)));
    add_parent(&b, "Category", f->category);
    buf_add(&b, S("]}"));
    struct str about = arena_join(a, str_of(json_entity(a, "service", "Service", f->service)),
                                  str_of(json_entity(a, "attribute", "Attribute", claim_rows[f->claim].word)));
    add_entity(&b, "Disclosure", "d", skip_comma(arena_cstr(a, about)));
    add_parent(&b, "Service", f->service);
    add_parent(&b, "Attribute", claim_rows[f->claim].word);
    buf_add(&b, S("]}]"));
    struct cedar_diags d = diags_of(a, "e", buf_str(&b));
    const struct cedar_entities *e = cedar_entities_parse(a, &d, schema);
    if (e == NULL)
        (void)printf("%.*s\n%s", STR_ARG(buf_str(&b)), arena_cstr(a, cedar_diags_text(a, &d)));
    return e;
}

static struct cedar_request request_for(struct test *t, const struct cedar_schema *schema, const struct facts *f,
                                        enum does does)
{
    struct arena *a = t->arena;
    struct cedar_request r = {
        .principal = cedar_uid_make(S("Person"), S("p")),
        .action = cedar_uid_make(S("Action"), does == DOES_RELEASE ? S("release")
                                              : does == DOES_LEAVE ? S("leaveToSchools")
                                                                   : S("open")),
        .resource = does == DOES_RELEASE ? cedar_uid_make(S("Disclosure"), S("d"))
                                         : cedar_uid_make(S("Service"), str_of(f->service)),
    };
    struct str day = f->day != DAY_UNKNOWN
                         ? arena_printf(a, ",\"term\":{\"__entity\":{\"type\":\"Term\",\"id\":\"%s\"}}",
                                        day_kind_word((enum day_kind)f->day))
                         : S("");
    const char *exam = f->exam ? ",\"exam\":{\"until\":{\"__extn\":{\"fn\":\"datetime\",\"arg\":\"2026-08-11\"}},"
                                 "\"services\":[{\"__entity\":{\"type\":\"Service\",\"id\":\"pihka\"}}]}"
                               : "";
    struct cedar_diags d = diags_of(
        a, "r",
        arena_printf(a,
                     "{\"now\":{\"__extn\":{\"fn\":\"datetime\",\"arg\":\"2026-08-10\"}},\"minute\":%u,\"weekday\":%u,"
                     "\"device\":{\"__entity\":{\"type\":\"Device\",\"id\":\"%s\"}},\"assurance\":%u%.*s%s%s}",
                     f->minute, f->weekday, f->device == DEVICE_OWN ? "own" : "shared", f->assurance, STR_ARG(day),
                     json_entity(a, "network", "Network", f->network), exam));
    if (!cedar_request_make(a, &d, schema, &r))
        test_fail(t, __FILE__, __LINE__, "%s", arena_cstr(a, cedar_diags_text(a, &d)));
    return r;
}

/* ---- What the fields say. */

static bool whom_holds(const struct whom *w, const struct facts *f)
{
    return (w->provider.p == NULL || str_eq(w->provider, str_of(f->provider))) &&
           (w->schools.n == 0 || strs_has(&w->schools, str_of(f->school))) &&
           (w->groups.n == 0 || strs_has(&w->groups, str_of(f->group))) &&
           (w->roles == 0 || (f->role != ROLE_NONE && (w->roles >> f->role & 1) != 0)) &&
           ((w->level_from == 0 && w->level_to == 0) ||
            (f->level >= 1 && f->level >= w->level_from && f->level <= w->level_to)) &&
           (w->ages == 0 || (f->age != 0 && (w->ages >> f->age & 1) != 0));
}

static bool windows_hold(const struct hours *h, const struct facts *f)
{
    return (h->days == 0 || (h->days >> f->day & 1) != 0) &&
           (!h->in_network ||
            (f->network != NULL && (h->networks.n == 0 || strs_has(&h->networks, str_of(f->network))))) &&
           (h->exam == EXAM_ANY || (h->exam == EXAM_DURING) == f->exam);
}

static bool when_holds(const struct hours *h, const struct facts *f)
{
    int minute = (int)f->minute;
    bool in = h->minute_from == 0 && h->minute_to == 0 ? true
              : h->minute_from < h->minute_to          ? minute >= h->minute_from && minute < h->minute_to
                                                       : minute >= h->minute_from || minute < h->minute_to;

    return in && (h->weekdays == 0 || (h->weekdays >> f->weekday & 1) != 0) &&
           (h->device == DEVICE_ANY || h->device == f->device) && (int)f->assurance >= h->assurance &&
           windows_hold(h, f);
}

static bool fields_hold(const struct statement *s, const struct facts *f)
{
    const struct which *w = &s->which;

    return whom_holds(&s->whom, f) && when_holds(&s->hours, f) &&
           ((w->services.n == 0 && w->categories.n == 0) || strs_has(&w->services, str_of(f->service)) ||
            strs_has(&w->categories, str_of(f->category))) &&
           (s->does != DOES_RELEASE || s->attributes.bits == 0 || claim_in(s->attributes, f->claim));
}

/* ---- Texts at random: conditions in every spelling, and things that no field says. */

static struct str list_of(struct arena *a, const char *type, const char *const *names, size_t n)
{
    struct buf b = buf_new(a, 4096);

    buf_byte(&b, '[');
    for (size_t i = 0, k = 1 + any(3); i < k; i++) {
        buf_printf(&b, "%s%s::", i > 0 ? ", " : "", type);
        cedar_quote(&b, str_of(names[any(n)]));
    }
    buf_byte(&b, ']');
    return buf_str(&b);
}

static struct str one_uid(struct arena *a, const char *type, const char *name)
{
    struct buf b = buf_new(a, 4096);

    buf_printf(&b, "%s::", type);
    cedar_quote(&b, str_of(name));
    return buf_str(&b);
}

static const char *const role_words[] = { "learner", "teacher", "principal", "any", "oppilas" };
static const char *const claim_words[] = { "email", "given_name", "shoe_size" };

static struct str some_names(struct arena *a, const char *type)
{
    if (strcmp(type, "Provider") == 0)
        return any(2) ? one_uid(a, type, ONE_OF(providers)) : list_of(a, type, providers, 2);
    if (strcmp(type, "School") == 0)
        return any(2) ? one_uid(a, type, ONE_OF(schools)) : list_of(a, type, schools, 3);
    if (strcmp(type, "Group") == 0)
        return any(2) ? one_uid(a, type, ONE_OF(groups)) : list_of(a, type, groups, 3);
    if (strcmp(type, "Role") == 0)
        return any(2) ? one_uid(a, type, ONE_OF(role_words)) : list_of(a, type, role_words, 5);
    if (strcmp(type, "Service") == 0)
        return any(2) ? one_uid(a, type, ONE_OF(services)) : list_of(a, type, services, 3);
    if (strcmp(type, "Category") == 0)
        return any(2) ? one_uid(a, type, ONE_OF(categories)) : list_of(a, type, categories, 2);
    return any(2) ? one_uid(a, "Attribute", ONE_OF(claim_words)) : list_of(a, "Attribute", claim_words, 3);
}

static struct str about_names(struct arena *a)
{
    static const struct {
        const char *term, *type;
    } terms[] = {
        { "principal", "Provider" },
        { "principal", "School" },
        { "principal", "Group" },
        { "principal", "Role" },
        { "resource", "Service" },
        { "resource", "Category" },
        { "resource", "Attribute" },
        { "principal.provider", "Provider" },
        { "principal.school", "School" },
        { "principal.role", "Role" },
        { "resource.category", "Category" },
        { "resource.service", "Service" },
        { "resource.service", "Category" },
        { "resource.service.category", "Category" },
        { "resource.attribute", "Attribute" },
    };
    size_t n = any(sizeof terms / sizeof *terms);
    struct str names = some_names(a, terms[n].type);
    bool list = names.p[0] == '[';

    switch (any(4)) {
    case 0:
        return list ? arena_printf(a, "%.*s.contains(%s)", STR_ARG(names), terms[n].term)
                    : arena_printf(a, "%s == %.*s", terms[n].term, STR_ARG(names));
    case 1:
        return list ? arena_printf(a, "%s in %.*s", terms[n].term, STR_ARG(names))
                    : arena_printf(a, "%.*s %s %s", STR_ARG(names), any(3) ? "==" : "!=", terms[n].term);
    default:
        return arena_printf(a, "%s in %.*s", terms[n].term, STR_ARG(names));
    }
}

static struct str about_number(struct arena *a)
{
    static const char *const terms[] = { "principal.classLevel", "context.minute", "context.weekday",
                                         "context.assurance" };
    static const int most[] = { 14, 1450, 9, 5 };
    static const char *const ops[] = { "<", "<=", ">", ">=", "==", "!=" };
    unsigned n = any(4);
    int x = (int)any((size_t)most[n]) - 1, y = (int)any((size_t)most[n]);

    switch (any(4)) {
    case 0:
        return arena_printf(a, "[%d, %d, %d].contains(%s)", x, x + 1, y, terms[n]);
    case 1:
        return arena_printf(a, "%d %s %s", x, ONE_OF(ops), terms[n]);
    default:
        return arena_printf(a, "%s %s %d", terms[n], ONE_OF(ops), x);
    }
}

static struct str about_other(struct arena *a)
{
    static const char *const others[] = {
        "principal has classLevel",
        "principal has school",
        "principal has role",
        "principal has age",
        "principal.age == \"under13\"",
        "[\"13to17\", \"adult\"].contains(principal.age)",
        "context.device == Device::\"own\"",
        "Device::\"shared\" != context.device",
        "principal.charge == \"free\"",
        "context has term",
        "context.term == Term::\"holiday\"",
        "context has term && context.term != Term::\"holiday\"",
        "context has term && [Term::\"schoolDay\", Term::\"dayOff\"].contains(context.term)",
        "context has network",
        "context.network == Network::\"oulu-koulut\"",
        "context has network && context.network == Network::\"oulu-koulut\"",
        "context has network && [Network::\"oulu-koulut\", Network::\"oulu-kuusela\"].contains(context.network)",
        "context has network && context.network in [Network::\"oulu-kuusela\"]",
        "context has exam",
        "!(context has exam)",
        "context has exam && !(context.exam.services.contains(resource))",
        "principal has charge && principal.charge == \"free\"",
        "context.now < datetime(\"2026-12-31\")",
        "true",
        "false",
        "principal is Person",
        "resource is Service",
        "resource is Disclosure",
        "action == Action::\"open\"",
        "context.minute + 1 > 480",
        "principal in [Role::\"teacher\", School::\"oulu/99101\"]",
        "principal == Person::\"p\"",
        "principal in Nation::\"fi\"",
        "principal.school in Provider::\"oulu\"",
    };

    return str_of(ONE_OF(others));
}

static struct str condition(struct arena *a, unsigned depth)
{
    unsigned n = any(depth > 2 ? 6 : 12);

    if (n < 3)
        return about_names(a);
    if (n < 5)
        return about_number(a);
    if (n < 7)
        return about_other(a);
    struct str x = condition(a, depth + 1), y = condition(a, depth + 1);
    switch (n) {
    case 7:
        return arena_printf(a, "!(%.*s)", STR_ARG(x));
    case 8:
        return arena_printf(a, "(%.*s || %.*s)", STR_ARG(x), STR_ARG(y));
    case 9:
        return arena_printf(a, "(principal has classLevel && principal.classLevel >= %u) && %.*s", any(13), STR_ARG(y));
    case 10:
        return arena_printf(a, "(if %.*s then %.*s else true)", STR_ARG(x), STR_ARG(y));
    default:
        return arena_printf(a, "(%.*s && %.*s)", STR_ARG(x), STR_ARG(y));
    }
}

static struct str some_text(struct arena *a)
{
    static const char *const actions[] = { "action == Action::\"open\"",
                                           "action == Action::\"leaveToSchools\"",
                                           "action == Action::\"release\"",
                                           "action in [Action::\"open\"]",
                                           "action in [Action::\"open\", Action::\"release\"]",
                                           "action" };
    static const char *const principals[] = { "Provider", "School", "Group", "Role" };
    struct buf b = buf_new(a, 1 << 16);

    buf_printf(&b, "%s (principal", any(3) ? "permit" : "forbid");
    if (any(3)) {
        const char *type = ONE_OF(principals);
        struct str uid = some_names(a, type);
        while (uid.p[0] == '[')
            uid = some_names(a, type);
        buf_printf(&b, "%s in %.*s", any(3) ? "" : " is Person", STR_ARG(uid));
    }
    buf_printf(&b, ", %s, resource", any(2) ? actions[0] : ONE_OF(actions));
    if (any(3))
        buf_printf(&b, " %s Service::\"%s\"", any(2) ? "==" : "in", ONE_OF(services));
    buf_add(&b, S(")"));
    for (unsigned i = any(4); i-- > 0;) {
        struct str c = condition(a, 0);
        buf_printf(&b, " %s { %.*s }", any(5) ? "when" : "unless", STR_ARG(c));
    }
    buf_add(&b, S(";"));
    return buf_str(&b);
}

/* ---- The properties. */

struct tally {
    size_t exact, partly, applied, passed;
};

static void hold_to_evaluator(struct test *t, const struct cedar_schema *schema, struct str text, struct tally *n)
{
    const struct cedar_policies *p = policies_of(t->arena, text);

    if (p == NULL || cedar_policies_n(p) != 1)
        return;
    struct statement s = statement_read(t->arena, cedar_policy_at(p, 0));
    struct str all = arena_join(t->arena, S("permit (principal, action, resource);"), text);
    const struct cedar_policies *forbidding = policies_of(t->arena, all);
    n->exact += s.exact;
    n->partly += !s.exact && (s.whom.provider.p != NULL || s.whom.roles != 0 || s.which.services.n > 0);
    for (int i = 0; i < ASKED; i++) {
        struct facts f = some_facts();
        const struct cedar_entities *e = store_of(t, schema, &f);
        struct cedar_request r = request_for(t, schema, &f, s.does);
        struct cedar_answer answer = cedar_authorize_closed(t->arena, s.forbid ? forbidding : p, e, &r);
        bool applied = (answer.decision == CEDAR_ALLOW) != s.forbid, holds = fields_hold(&s, &f);
        if (s.exact ? applied != holds || answer.n_errors > 0 : !holds && (applied || answer.n_errors > 0)) {
            test_fail(t, __FILE__, __LINE__, "fields %s, evaluator %s, %zu errors; exact %d, rest %.*s: %.*s",
                      holds ? "hold" : "do not", applied ? "applies" : "does not", answer.n_errors, s.exact,
                      STR_ARG(s.rest), STR_ARG(text));
            return;
        }
        n->applied += s.exact && applied;
        n->passed += s.exact && !applied;
    }
}

TEST(what_is_read_as_exact_decides_as_the_evaluator_does)
{
    const struct cedar_schema *schema = policy_schema(t->arena);
    struct tally n = { 0 };

    state = 11;
    for (int i = 0; i < ROUNDS && t->failed == 0; i++) {
        struct arena *whole = t->arena;
        t->arena = arena_new();
        hold_to_evaluator(t, schema, some_text(t->arena), &n);
        arena_free(t->arena);
        t->arena = whole;
    }
    (void)printf("%zu exact, %zu partly; of the exact %zu applied, %zu did not\n", n.exact, n.partly, n.applied,
                 n.passed);
    CHECK(n.exact > ROUNDS / 10 && n.partly > ROUNDS / 10 && n.applied > 300 && n.passed > 300); /* it was tried */
}

/* Every comparison with every number around what there is, asked of every value. */
static void compare_all(struct test *t, const char *guard, const char *term, int from, int end,
                        void (*set)(struct facts *f, int value))
{
    static const char *const ops[] = { "<", "<=", ">", ">=", "==", "!=" };
    const struct cedar_schema *schema = policy_schema(t->arena);
    struct facts f = { .provider = "oulu", .service = "kanerva", .category = "learning", .weekday = 1, .device = 1 };

    for (int number = from - 2; number <= end + 1; number++)
        for (int k = 0; k < 12; k++) {
            struct str text =
                k < 6 ? arena_printf(t->arena, OPENS_ANY " when { %s%s %s %d };", guard, term, ops[k], number)
                      : arena_printf(t->arena, OPENS_ANY " when { %s%d %s %s };", guard, number, ops[k - 6], term);
            const struct cedar_policies *p = policies_of(t->arena, text);
            struct statement s = statement_read(t->arena, cedar_policy_at(p, 0));
            for (int value = from; s.exact && value < end; value++) {
                set(&f, value);
                struct cedar_request r = request_for(t, schema, &f, DOES_OPEN);
                bool applies = cedar_authorize_closed(t->arena, p, store_of(t, schema, &f), &r).decision == CEDAR_ALLOW;
                CHECK(applies == fields_hold(&s, &f));
            }
        }
}

static void set_weekday(struct facts *f, int value)
{
    f->weekday = (unsigned)value;
}

static void set_assurance(struct facts *f, int value)
{
    f->assurance = (unsigned)value;
}

static void set_level(struct facts *f, int value)
{
    f->level = value;
}

TEST(comparisons_are_read_as_they_are_evaluated)
{
    compare_all(t, "", "context.weekday", 1, 8, set_weekday);
    compare_all(t, "", "context.assurance", 0, 4, set_assurance);
    compare_all(t, "principal has classLevel && ", "principal.classLevel", 1, 13, set_level);
}

static struct strs some_strs(struct arena *a, const char *const *names, size_t n)
{
    struct strs list = { 0 };

    if (any(2))
        for (size_t i = 0, k = any(4); i < k; i++)
            strs_add(a, &list, str_of(names[any(n)]));
    return list;
}

static struct policy_form some_form(struct arena *a)
{
    static const char *const odd[] = { "",     "\"", "\\", "\n",     "ä\u00e5 ö",
                                       "a\tb", "//", "*",  "\\u{0}", "}; forbid(principal,action,resource);" };
    struct policy_form f = { .opening = (enum opening)any(4) };

    f.whom.provider = any(3) ? str_of(ONE_OF(providers)) : (struct str){ 0 };
    f.whom.schools = any(8) ? some_strs(a, schools, 3) : some_strs(a, odd, 10);
    f.whom.groups = any(8) ? some_strs(a, groups, 3) : some_strs(a, odd, 10);
    f.whom.roles = any(2) ? any(1 << ROLE_COUNT) & ~1u : any(2) ? (1u << ROLE_COUNT) - 2 : 0;
    f.whom.level_from = any(2) ? (int)any(13) : 0;
    f.whom.level_to = any(2) ? f.whom.level_from + (int)any((size_t)(13 - f.whom.level_from)) : 0;
    f.whom.ages = any(2) ? any(16) & ~1u : 0;
    f.which.services = any(8) ? some_strs(a, services, 3) : some_strs(a, odd, 10);
    f.which.categories = any(8) ? some_strs(a, categories, 2) : some_strs(a, odd, 10);
    f.hours.weekdays = (uint8_t)(any(2) ? any(256) & ~1u : any(2) ? 0xFE : 0);
    f.hours.minute_from = any(2) ? (int)any(1440) : 0;
    f.hours.minute_to = any(3) ? (int)any(1441) : any(2) ? 1440 : 0;
    f.hours.device = (enum device_class)any(3);
    f.hours.assurance = any(2) ? (int)any(4) : 0;
    f.hours.days = any(2) ? (uint8_t)(any(1 << DAY_COUNT) & ~1u) : 0;
    f.hours.in_network = any(4) == 0;
    if (any(2))
        f.hours.networks = any(8) ? some_strs(a, networks, 3) : some_strs(a, odd, 10);
    f.hours.exam = (enum exam_ask)any(3);
    f.release.bits = any(2) ? any(1u << CLAIM_COUNT) : any(2) ? (1u << CLAIM_COUNT) - 1 : 0;
    f.withhold.bits = any(3) ? 0 : any(1u << CLAIM_COUNT);
    return f;
}

static void check_form(struct test *t, const struct cedar_schema *schema, const struct policy_form *given)
{
    struct policy_form f = *given, back;
    struct str rest, text = policy_form_text(t->arena, given);
    bool ok = policy_form_settle(t->arena, &f);

    CHECK((text.p != NULL) == ok);
    if (!ok)
        return;
    struct cedar_diags d = diags_of(t->arena, "f", text);
    const struct cedar_policies *p = cedar_policies_parse(t->arena, &d, CEDAR_IDS_BY_POSITION);
    bool reads = policy_form_read(t->arena, text, &back, &rest);
    struct policy_form again = back;
    CHECK(reads && policy_form_eq(&back, &f));
    CHECK(policy_form_settle(t->arena, &again) && policy_form_eq(&back, &again));
    CHECK(p != NULL && cedar_policies_validate(p, schema, &d));
    for (size_t i = 0; i < d.n; i++) /* an odd id may look odd, but each statement can apply */
        CHECK(d.items[i].finding != CEDAR_FINDING_NEVER_APPLIES);
    CHECK(str_eq(cedar_format(t->arena, &d), text));
    CHECK(str_eq(policy_form_text(t->arena, &back), text));
    if (!reads || d.errors > 0)
        (void)printf("%.*s\nrest: %.*s\n%s", STR_ARG(text), STR_ARG(rest),
                     arena_cstr(t->arena, cedar_diags_text(t->arena, &d)));
}

TEST(a_form_is_its_text_and_the_text_its_form)
{
    const struct cedar_schema *schema = policy_schema(t->arena);

    state = 5;
    for (int i = 0; i < 3000 && t->failed == 0; i++) {
        struct arena *whole = t->arena;
        t->arena = arena_new();
        struct policy_form f = some_form(t->arena);
        check_form(t, schema, &f);
        arena_free(t->arena);
        t->arena = whole;
    }
}

/* Filling in one thing in another way changes nothing: settling keeps the meaning. */
TEST(settling_keeps_what_a_form_means)
{
    state = 6;
    for (int i = 0; i < 5000; i++) {
        struct policy_form f = some_form(t->arena), settled = f;
        if (!policy_form_settle(t->arena, &settled) || (f.opening == OPENING_NONE && !policy_form_tells(&f)))
            continue;
        /* the meaning of what stands open, spelled out */
        if (f.whom.level_from != 0 && f.whom.level_to == 0)
            f.whom.level_to = LEVEL_MAX;
        if (f.hours.minute_from != 0 && f.hours.minute_to == 0)
            f.hours.minute_to = MINUTES_A_DAY;
        for (int k = 0; k < 20; k++) {
            struct facts who = some_facts();
            f.hours.in_network = f.hours.in_network || f.hours.networks.n > 0;
            struct statement x = { .does = DOES_OPEN, .whom = f.whom, .which = f.which, .hours = f.hours }, y = {
                .does = DOES_OPEN, .whom = settled.whom, .which = settled.which, .hours = settled.hours
            };
            CHECK(fields_hold(&x, &who) == fields_hold(&y, &who));
        }
    }
}

static struct statement read_one(struct test *t, const char *text)
{
    const struct cedar_policies *p = policies_of(t->arena, str_of(text));
    struct statement none = { 0 };

    CHECK(p != NULL);
    return p != NULL ? statement_read(t->arena, cedar_policy_at(p, 0)) : none;
}

static bool says_same(struct test *t, const char *text, const char *other)
{
    struct statement x = read_one(t, text), y = read_one(t, other);
    struct buf bx = buf_new(t->arena, 1 << 16), by = buf_new(t->arena, 1 << 16);

    statement_write(&bx, &x);
    statement_write(&by, &y);
    if (!x.exact || !y.exact || bx.n == 0 || !str_eq(buf_str(&bx), buf_str(&by)))
        (void)printf("%s\n  reads as %.*s  rest: %.*s\n", other, STR_ARG(buf_str(&by)), STR_ARG(y.rest));
    return x.exact && y.exact && bx.n > 0 && str_eq(buf_str(&bx), buf_str(&by));
}

#define OPENS(principal, resource) "permit (principal" principal ", action == Action::\"open\", resource" resource ")"

TEST(one_thing_may_be_spelled_in_many_ways)
{
    const char *teachers =
        OPENS(" in Provider::\"oulu\"", " == Service::\"kanerva\"") " when { principal in Role::\"teacher\" };";
    CHECK(says_same(t, teachers,
                    OPENS(" in Role::\"teacher\"",
                          " in Service::\"kanerva\"") " when { principal.provider == Provider::\"oulu\" };"));
    CHECK(says_same(t, teachers,
                    OPENS("", "") " when { resource == Service::\"kanerva\" } when { principal in "
                                  "Provider::\"oulu\" && principal in [Role::\"teacher\"] };"));
    CHECK(says_same(
        t, teachers,
        OPENS(" is Person in Provider::\"oulu\"",
              " is Service") " unless { resource != Service::\"kanerva\" || !(principal in Role::\"teacher\") };"));
    CHECK(says_same(t, teachers,
                    "permit (principal in Provider::\"oulu\", action, resource) when { action == "
                    "Action::\"open\" && [Service::\"kanerva\"].contains(resource) && principal has role "
                    "&& principal.role == Role::\"teacher\" };"));
    const char *upper = OPENS("", "") " when { principal has classLevel && principal.classLevel >= 7 && "
                                      "principal.classLevel <= 9 };";
    CHECK(says_same(t, upper,
                    OPENS("", "") " when { principal has classLevel } when { principal.classLevel > 6 && 10 > "
                                  "principal.classLevel };"));
    CHECK(says_same(t, upper,
                    OPENS("", "") " when { principal has classLevel && [9, 7, 8].contains(principal.classLevel) };"));
    CHECK(says_same(t, upper,
                    OPENS("", "") " when { principal has classLevel && (principal.classLevel == 7 || "
                                  "principal.classLevel == 8 || principal.classLevel == 9) };"));
    CHECK(says_same(t, upper,
                    OPENS("", "") " unless { !(principal has classLevel) || principal.classLevel < 7 || "
                                  "principal.classLevel > 9 };"));
    const char *hours = OPENS("", "") " when { [1, 2, 3, 4, 5].contains(context.weekday) && context.minute >= 480 && "
                                      "context.minute < 960 };";
    CHECK(says_same(t, hours,
                    OPENS("", "") " when { context.weekday <= 5 && context.minute > 479 && 959 >= "
                                  "context.minute };"));
    CHECK(says_same(t, hours,
                    OPENS("", "") " unless { context.weekday == 6 || context.weekday == 7 || context.minute < "
                                  "480 || context.minute >= 960 };"));
    const char *two = OPENS("", "") " when { resource in [Service::\"a\", Service::\"b\"] };";
    CHECK(says_same(t, two, OPENS("", "") " when { resource == Service::\"a\" || resource == Service::\"b\" };"));
    const char *either = OPENS("", "") " when { resource in Service::\"a\" || resource in Category::\"exams\" };";
    CHECK(says_same(t, either,
                    OPENS("", "") " when { resource.category == Category::\"exams\" || resource == Service::\"a\" };"));
}

static void check_rest(struct test *t, const char *text, const char *rest)
{
    struct statement s = read_one(t, text);

    CHECK(!s.exact);
    CHECK_STR(s.rest, rest);
}

TEST(what_the_fields_do_not_say_is_named)
{
    check_rest(t, OPENS("", "") " when { principal in Role::\"teacher\" && context.now < datetime(\"2027-01-01\") };",
               "context.now < datetime(\"2027-01-01\")");
    check_rest(t, OPENS("", "") " when { principal.classLevel >= 7 };", "principal.classLevel >= 7"); /* may fail */
    check_rest(t, OPENS("", "") " when { principal in Role::\"teacher\" || context.weekday == 1 };",
               "principal in Role::\"teacher\" || context.weekday == 1");
    check_rest(t, OPENS("", "") " when { principal has school };", "principal has school");
    check_rest(t, OPENS("", "") " when { context.minute < 60 || (context.minute > 120 && context.minute < 180) };",
               "context.minute < 60 || (context.minute > 120 && context.minute < 180)");
    check_rest(t, OPENS("", "") " when { principal in [Provider::\"oulu\", Provider::\"espoo\"] };",
               "principal in [Provider::\"oulu\", Provider::\"espoo\"]");
    check_rest(t, OPENS("", "") " when { principal in Role::\"teacher\" && principal in Role::\"learner\" };",
               "principal in Role::\"learner\""); /* nobody */
    check_rest(t, OPENS("", "") " when { resource in Service::\"a\" || principal in School::\"b\" };",
               "resource in Service::\"a\" || principal in School::\"b\"");
    check_rest(t, OPENS("", "") " when { principal in School::\"a\" || principal in Group::\"b\" };",
               "principal in School::\"a\" || principal in Group::\"b\"");
    check_rest(t, OPENS("", "") " when { action == Action::\"release\" };", "action == Action::\"release\"");
    check_rest(t, "permit (principal, action, resource);", "action");
    check_rest(t, "permit (principal, action in [Action::\"open\", Action::\"release\"], resource);",
               "action in [Action::\"open\", Action::\"release\"]");
}

TEST(behind_what_might_fail_nothing_is_read)
{
    struct statement s = read_one(t, "forbid (principal, action == Action::\"open\", resource) when { "
                                     "principal.classLevel < 7 && principal in Provider::\"oulu\" };");

    CHECK(!s.exact && s.whom.provider.p == NULL);
    s = read_one(t,
                 "forbid (principal, action == Action::\"open\", resource) when { principal in Provider::\"oulu\" && "
                 "principal.classLevel < 7 };");
    CHECK(!s.exact);
    CHECK_STR(s.whom.provider, "oulu");
}

static void check_no_form(struct test *t, const char *text, const char *rest)
{
    struct policy_form f;
    struct str why;

    CHECK(!policy_form_read(t->arena, str_of(text), &f, &why));
    CHECK_STR(why, rest);
}

TEST(what_a_form_would_lose_makes_a_text_no_form)
{
    check_no_form(t, "// for the exam\n" OPENS("", "") ";", "// for the exam");
    check_no_form(t, "@id(\"x\") " OPENS("", "") ";", "@id(\"x\")");
    check_no_form(t, OPENS("", "") ";" OPENS("", "") ";", OPENS("", "") ";");
    check_no_form(t,
                  OPENS(" in Role::\"teacher\"", "") ";permit (principal, action == Action::\"release\", resource in "
                                                     "Attribute::\"email\");",
                  "permit (principal, action == Action::\"release\", resource in Attribute::\"email\");");
    check_no_form(t, "forbid (principal, action == Action::\"release\", resource);",
                  "forbid (principal, action == Action::\"release\", resource);");
    check_no_form(t, "permit (principal, action == Action::\"release\", resource);",
                  "permit (principal, action == Action::\"release\", resource);"); /* of whatever there will be */
    check_no_form(t, "permit (principal == ?principal, action == Action::\"open\", resource);",
                  "permit (principal == ?principal, action == Action::\"open\", resource);");
    check_no_form(t, "permit (principal, actoin, resource);", "actoin");
}

TEST(the_text_of_a_form_is_what_people_would_write)
{
    struct policy_form f = { .opening = OPENING_PERMIT, .release = { 1u << CLAIM_GIVEN_NAME | 1u << CLAIM_EMAIL } };

    f.whom.provider = S("oulu");
    f.whom.roles = 1u << ROLE_LEARNER;
    f.whom.level_from = 7;
    f.whom.level_to = 9;
    f.hours = (struct hours){ .weekdays = 0x3E, .minute_from = 480, .minute_to = 960 };
    strs_add(t->arena, &f.which.services, S("matikka"));
    CHECK_STR(policy_form_text(t->arena, &f), "permit (\n"
                                              "  principal in Provider::\"oulu\",\n"
                                              "  action == Action::\"open\",\n"
                                              "  resource == Service::\"matikka\"\n"
                                              ")\n"
                                              "when {\n"
                                              "  principal in Role::\"learner\" &&\n"
                                              "  principal has classLevel &&\n"
                                              "  principal.classLevel >= 7 &&\n"
                                              "  principal.classLevel <= 9 &&\n"
                                              "  [1, 2, 3, 4, 5].contains(context.weekday) &&\n"
                                              "  context.minute >= 480 &&\n"
                                              "  context.minute < 960\n"
                                              "};\n"
                                              "\n"
                                              "permit (\n"
                                              "  principal in Provider::\"oulu\",\n"
                                              "  action == Action::\"release\",\n"
                                              "  resource in Service::\"matikka\"\n"
                                              ")\n"
                                              "when {\n"
                                              "  principal in Role::\"learner\" &&\n"
                                              "  principal has classLevel &&\n"
                                              "  principal.classLevel >= 7 &&\n"
                                              "  principal.classLevel <= 9 &&\n"
                                              "  resource in [Attribute::\"given_name\", Attribute::\"email\"] &&\n"
                                              "  [1, 2, 3, 4, 5].contains(context.weekday) &&\n"
                                              "  context.minute >= 480 &&\n"
                                              "  context.minute < 960\n"
                                              "};\n");
}
