/* SPDX-License-Identifier: EUPL-1.2
 * Entities, requests and JSON: what is read, what is refused. */
#include "policy/cedar/json_value.h"
#include "tests/unit/cedar_help.h"

#define UID(type, id)       "{\"type\":\"" type "\",\"id\":\"" id "\"}"
#define ENTITY(id, parents) "{\"uid\":" UID("U", id) ",\"attrs\":{},\"parents\":[" parents "]}"

static bool refused(struct test *t, const char *json)
{
    return entities_of(t->arena, json) == NULL;
}

TEST(stores_that_are_wrong_are_refused)
{
    static const char *const texts[] = {
        "",
        "{}",
        "[1]",
        "[{}]",
        "nonsense",
        "[" ENTITY("a", "") ",]",
        "[" ENTITY("a", "") "] x",
        "[{\"uid\":" UID("U", "a") ",\"attrs\":{}}]",               /* no parents */
        "[{\"uid\":" UID("U", "a") ",\"parents\":[]}]",             /* no attrs */
        "[{\"uid\":\"U::\\\"a\\\"\",\"attrs\":{},\"parents\":[]}]", /* uid as text */
        "[{\"uid\":" UID("not a type", "a") ",\"attrs\":{},\"parents\":[]}]",
        "[{\"uid\":" UID("U::", "a") ",\"attrs\":{},\"parents\":[]}]",
        "[{\"uid\":" UID("__cedar::U", "a") ",\"attrs\":{},\"parents\":[]}]",
        "[{\"uid\":" UID("U", "a") ",\"attrs\":{\"x\":null},\"parents\":[]}]",
        "[{\"uid\":" UID("U", "a") ",\"attrs\":{\"x\":1.0},\"parents\":[]}]",
        "[{\"uid\":" UID("U", "a") ",\"attrs\":{\"x\":9223372036854775808},\"parents\":[]}]",
        "[{\"uid\":" UID("U", "a") ",\"attrs\":{\"x\":1,\"x\":1},\"parents\":[]}]", /* a name twice */
        "[{\"uid\":" UID("U", "a") ",\"attrs\":{\"x\":{\"__expr\":\"1\"}},\"parents\":[]}]",
        "[{\"uid\":" UID("U", "a") ",\"attrs\":{\"x\":{\"__extn\":{\"fn\":\"no\",\"arg\":\"1\"}}},\"parents\":[]}]",
        "[{\"uid\":" UID("U", "a") ",\"attrs\":{\"x\":{\"__extn\":{\"fn\":\"ip\",\"arg\":\"1\"}}},\"parents\":[]}]",
        "[{\"uid\":" UID("U", "a") ",\"attrs\":{\"x\":{\"__entity\":" UID("1", "a") "}},\"parents\":[]}]",
        "[{\"uid\":" UID("Action", "a") ",\"attrs\":{},\"parents\":[" UID("U", "a") "]}]", /* an action in a user */
        "[" ENTITY("a", UID("U", "a")) "]",                                                /* its own parent */
        "[" ENTITY("a", UID("U", "b")) "," ENTITY("b", UID("U", "c")) "," ENTITY("c", UID("U", "a")) "]",
        "[" ENTITY("a", "") "," ENTITY("a", UID("U", "b")) "]", /* twice, differently */
        "[{\"uid\":" UID("U", "\\ud800") ",\"attrs\":{},\"parents\":[]}]",
        "[{\"uid\":" UID("U", "\x01") ",\"attrs\":{},\"parents\":[]}]",
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        bool ok = refused(t, texts[i]);
        CHECK(ok);
        if (!ok)
            (void)printf("not refused: %s\n", texts[i]);
    }
}

#define ACTION(id, parents) "{\"uid\":" UID("Action", id) ",\"attrs\":{},\"parents\":[" parents "]}"

static bool actions_fit(struct test *t, const char *entities)
{
    struct cedar_source schema_text = { S("schema"), S("action all; action some in [all]; action view in [some];") };
    struct cedar_source text = { S("entities"), str_of(entities) };
    struct cedar_diags of_schema = cedar_diags_new(t->arena, &schema_text), d = cedar_diags_new(t->arena, &text);

    return cedar_entities_parse(t->arena, &d, cedar_schema_parse_text(t->arena, &of_schema)) != NULL;
}

TEST(an_action_is_in_the_groups_that_the_schema_declares_and_in_theirs)
{
    CHECK(actions_fit(t, "[" ACTION("view", UID("Action", "some") "," UID("Action", "all")) "]"));
    CHECK(actions_fit(t, "[" ACTION("view", UID("Action", "some")) "," ACTION("some", UID("Action", "all")) "]"));
    CHECK(!actions_fit(t, "[" ACTION("view", UID("Action", "some")) "]")); /* "all" is missing */
    CHECK(!actions_fit(t, "[" ACTION("view", UID("Action", "all")) "]"));
    CHECK(!actions_fit(t, "[" ACTION("some", UID("Action", "all") "," UID("Action", "view")) "]"));
    CHECK(!actions_fit(t, "[" ACTION("all", UID("Action", "some")) "," ACTION("some", UID("Action", "all")) "]"));
}

TEST(the_same_entity_given_twice_is_one)
{
    const struct cedar_entities *e =
        entities_of(t->arena, "[" ENTITY("a", UID("U", "b")) "," ENTITY("a", UID("U", "b")) "]");

    CHECK(e != NULL);
    CHECK_INT(e->n, 1);
}

TEST(a_record_that_only_resembles_an_escape_is_a_record)
{
    const char *store = "[{\"uid\":" UID("User", "a") ",\"attrs\":{\"x\":{\"__entity\":1},\"y\":{\"__entity\":" UID(
        "U", "a") ",\"z\":1},\"e\":{\"__entity\":" UID("U", "a") "}},\"parents\":[]}]";

    CHECK_STR(value_in(t->arena, "principal.x == {\"__entity\": 1}", store, "{}"), "true");
    CHECK_STR(value_in(t->arena, "principal.y.z", store, "{}"), "1");
    CHECK_STR(value_in(t->arena, "principal.e == U::\"a\"", store, "{}"), "true");
}

TEST(calls_in_json_are_computed)
{
    const char *context =
        "{\"t\":{\"__extn\":{\"fn\":\"offset\",\"args\":[{\"__extn\":{\"fn\":\"datetime\",\"arg\":\"1970-01-01\"}},"
        "{\"__extn\":{\"fn\":\"duration\",\"arg\":\"1d\"}}]}}}";

    CHECK_STR(value_in(t->arena, "context.t", "[]", context), "datetime(\"1970-01-02\")");
}

TEST(a_long_chain_of_parents_is_closed_without_recursion)
{
    struct buf b = buf_new(t->arena, 16u << 20);
    enum { N = 3000 };

    buf_add(&b, S("["));
    for (int i = 0; i < N; i++)
        buf_printf(
            &b, "%s{\"uid\":{\"type\":\"U\",\"id\":\"%d\"},\"attrs\":{},\"parents\":[{\"type\":\"U\",\"id\":\"%d\"}]}",
            i > 0 ? "," : "", i, i + 1);
    buf_add(&b, S("]"));
    const struct cedar_entities *e = entities_of(t->arena, arena_cstr(t->arena, buf_str(&b)));
    struct cedar_uid first = cedar_uid_make(S("U"), S("0")), last = cedar_uid_make(S("U"), S("3000"));
    CHECK(e != NULL);
    CHECK(cedar_entity_in(cedar_entity_find(e, &first), &last));
    CHECK_INT(cedar_entity_find(e, &first)->n_ancestors, N);
    CHECK(cedar_entity_find(e, &last) == NULL);
}

TEST(entities_written_and_read_again_are_the_same)
{
    const char *store = "[{\"uid\":" UID(
        "N::U", "a\\u0000b") ",\"attrs\":{\"s\":[1,\"x\",{\"r\":true}],\"d\":{\"__extn\":{\"fn\":\"decimal\",\"arg\":"
                             "\"-0.5\"}},"
                             "\"t\":{\"__extn\":{\"fn\":\"offset\",\"args\":[{\"__extn\":{\"fn\":\"datetime\",\"arg\":"
                             "\"9999-12-31\"}},{\"__extn\":{\"fn\":\"duration\",\"arg\":\"400d\"}}]}}},"
                             "\"parents\":[" UID("G", "g") "],\"tags\":{\"k\":-9223372036854775808}}]";
    const struct cedar_entities *one = entities_of(t->arena, store);
    struct buf b = buf_new(t->arena, 1 << 20), again = buf_new(t->arena, 1 << 20);

    cedar_entities_to_json(&b, one);
    const struct cedar_entities *two = entities_of(t->arena, arena_cstr(t->arena, buf_str(&b)));
    CHECK(two != NULL);
    cedar_entities_to_json(&again, two);
    CHECK_STR(buf_str(&again), arena_cstr(t->arena, buf_str(&b)));
    CHECK(cedar_entity_find(two, &one->items[0]->uid) != NULL);
}

TEST(requests_are_read_and_wrong_ones_refused)
{
    static const char *const texts[] = {
        "[]",
        "{}",
        "{\"principal\":\"U\",\"action\":\"Action::\\\"a\\\"\",\"resource\":\"U::\\\"a\\\"\"}",
        "{\"principal\":\"U::\\\"a\\\" \\\"b\\\"\",\"action\":\"Action::\\\"a\\\"\",\"resource\":\"U::\\\"a\\\"\"}",
        "{\"principal\":" UID("U", "a") ",\"action\":" UID("Action", "a") ",\"resource\":" UID("U",
                                                                                               "a") ",\"context\":[]}",
        "{\"principal\":" UID("U", "a") ",\"action\":" UID("Action", "a") ",\"resource\":" UID(
            "U", "a") ",\"context\":{\"__entity\":" UID("U", "a") "}}",
    };
    struct cedar_request r;

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct cedar_diags d = diags_of(t->arena, "r", str_of(texts[i]));
        CHECK(!cedar_request_parse(t->arena, &d, NULL, &r));
        CHECK(d.errors > 0);
    }
    r = request_of(t->arena, "{\"principal\":" UID("U", "a") ",\"action\":{\"__entity\":" UID(
                                 "Action", "x") "},\"resource\":\"A::B::\\\"\\\\u{41}\\\"\"}");
    CHECK_STR(r.principal.type, "U");
    CHECK_STR(r.action.id, "x");
    CHECK_STR(r.resource.type, "A::B");
    CHECK_STR(r.resource.id, "A");
    CHECK_INT(r.context.kind, CEDAR_RECORD);
}

/* ---- JSON itself. */

static bool json_refused(struct test *t, struct str text)
{
    struct cedar_diags d = diags_of(t->arena, "j", text);

    return cedar_json_parse(&d) == NULL && d.errors == 1;
}

TEST(a_request_for_an_action_that_the_schema_lacks_is_refused_even_when_it_is_not_validated)
{
    struct cedar_source schema_text = { S("schema"), S("entity U; action a appliesTo { principal: U, resource: U };") };
    struct cedar_source text = { S("request"), S("{\"principal\":\"U::\\\"x\\\"\",\"action\":\"Action::\\\"b\\\"\","
                                                 "\"resource\":\"V::\\\"y\\\"\",\"context\":{}}") };
    struct cedar_diags of_schema = cedar_diags_new(t->arena, &schema_text), d = cedar_diags_new(t->arena, &text);
    const struct cedar_schema *schema = cedar_schema_parse_text(t->arena, &of_schema);
    struct cedar_request r;

    CHECK(!cedar_request_from_json(t->arena, &d, cedar_json_parse(&d), schema, false, &r));
    CHECK_STR(d.items[0].message, "action: the schema has no Action::\"b\"");
}

TEST(text_that_is_no_json_is_refused)
{
    static const char *const texts[] = { "",
                                         "[",
                                         "]",
                                         "{",
                                         "nul",
                                         "tru",
                                         "01",
                                         "-",
                                         "1.",
                                         ".5",
                                         "1e",
                                         "+1",
                                         "'a'",
                                         "\"a",
                                         "\"\\x\"",
                                         "\"\\u12\"",
                                         "\"\\udc00\"",
                                         "\"\\ud800\\u0041\"",
                                         "\"\t\"",
                                         "[1,]",
                                         "{\"a\"}",
                                         "{\"a\":}",
                                         "{a:1}",
                                         "{\"a\":1,}",
                                         "{\"a\":1,\"a\":2}",
                                         "1 2",
                                         "NaN",
                                         "// x\n1",
                                         "\"\xC0\x80\"" };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        CHECK(json_refused(t, str_of(texts[i])));
    CHECK(json_refused(t, S("1\0")));
}

TEST(json_nested_too_deeply_is_refused)
{
    struct buf b = buf_new(t->arena, 1u << 20);

    for (int i = 0; i < 100000; i++)
        buf_byte(&b, '[');
    CHECK(json_refused(t, buf_str(&b)));
}

TEST(json_integers_are_exact_and_others_are_told_apart)
{
    struct cedar_diags d =
        diags_of(t->arena, "j", S("[9223372036854775807,-9223372036854775808,9223372036854775808,1e2,-0]"));
    const struct cedar_json *j = cedar_json_parse(&d);

    CHECK_INT(j->items[0].number, INT64_MAX);
    CHECK_INT(j->items[1].number, INT64_MIN);
    CHECK_INT(j->items[2].kind, CEDAR_JSON_NUMBER);
    CHECK_STR(j->items[3].text, "1e2");
    CHECK_INT(j->items[4].kind, CEDAR_JSON_INT);
}

TEST(json_strings_hold_every_character)
{
    struct cedar_diags d = diags_of(t->arena, "j", S("{\"\\u0000\":\"\\ud83d\\ude00\\u00e4\\/\"}"));
    const struct cedar_json *j = cedar_json_parse(&d);

    CHECK_STR(cedar_json_text(j, S("\0")), "\xF0\x9F\x98\x80\xC3\xA4/");
}

/* LAYERS layers of WIDTH groups, each in all groups of the next. */
TEST(many_ways_to_one_ancestor_are_one_pair)
{
    enum { LAYERS = 20, WIDTH = 60 };
    struct buf b = buf_new(t->arena, 1u << 26);

    for (int i = 0; i < LAYERS * WIDTH; i++) {
        buf_printf(&b, "%s{\"uid\":{\"type\":\"G\",\"id\":\"%d\"},\"attrs\":{},\"parents\":[", i == 0 ? "[" : ",", i);
        for (int k = 0; k < WIDTH; k++) /* the last layer's are not in the store */
            buf_printf(&b, "%s{\"type\":\"G\",\"id\":\"%d\"}", k == 0 ? "" : ",", (i / WIDTH + 1) * WIDTH + k);
        buf_add(&b, S("]}"));
    }
    buf_byte(&b, ']');
    struct cedar_diags d = diags_of(t->arena, "e", buf_str(&b));
    const struct cedar_entities *e = cedar_entities_parse(t->arena, &d, NULL);
    struct cedar_uid first = cedar_uid_make(S("G"), S("0")), third = cedar_uid_make(S("G"), S("150"));
    struct cedar_uid stranger = cedar_uid_make(S("G"), S("1259"));

    CHECK(e != NULL);
    CHECK_INT(cedar_entity_find(e, &first)->n_ancestors, LAYERS * WIDTH);
    CHECK(cedar_entity_in(cedar_entity_find(e, &first), &third));
    CHECK(cedar_entity_in(cedar_entity_find(e, &first), &stranger));
    CHECK(!cedar_entity_in(cedar_entity_find(e, &third), &first));
    CHECK_INT(cedar_entity_find(e, &third)->n_ancestors, (LAYERS - 2) * WIDTH);
    for (size_t i = 1; i < LAYERS * WIDTH; i++) {
        const struct cedar_ancestor *a = cedar_entity_find(e, &first)->ancestors;
        CHECK(cedar_uid_cmp(a[i - 1].uid, a[i].uid) < 0);
    }
}

/* ---- Changes: what is shared is what would have been computed. */

static struct cedar_uid numbered(struct test *t, size_t i)
{
    return cedar_uid_make(S("N"), arena_printf(t->arena, "%zu", i));
}

static size_t below(uint64_t *state, size_t n)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(*state >> 33) % n;
}

/* An entity of the number i with up to three parents, some of which are nowhere; one of `odds` may make a cycle. */
static struct cedar_entity *any_entity(struct test *t, uint64_t *state, size_t i, size_t n, size_t odds)
{
    static const struct cedar_record nothing = { 0, NULL };
    struct cedar_entity *e = arena_make(t->arena, struct cedar_entity);
    struct cedar_uid *parents = arena_make_n(t->arena, 3, struct cedar_uid);

    *e = (struct cedar_entity){ .uid = numbered(t, i), .attrs = &nothing, .tags = &nothing, .parents = parents };
    for (size_t k = below(state, 4); k > 0; k--) {
        size_t parent = below(state, odds) == 0 ? below(state, i + 1) : i + 1 + below(state, n / 4);
        parents[e->n_parents++] = numbered(t, parent);
    }
    return e;
}

static bool same_stores(const struct cedar_entities *x, const struct cedar_entities *y)
{
    bool same = x->n == y->n && x->pairs == y->pairs;

    for (size_t i = 0; same && i < x->n; i++) {
        const struct cedar_entity *a = x->items[i], *b = y->items[i];
        same = cedar_uid_eq(&a->uid, &b->uid) && cedar_entity_find(x, &a->uid) == a && a->n_ancestors == b->n_ancestors;
        for (size_t k = 0; same && k < a->n_ancestors; k++)
            same =
                cedar_uid_eq(a->ancestors[k].uid, b->ancestors[k].uid) && a->ancestors[k].hash == b->ancestors[k].hash;
    }
    return same;
}

/* The same entities, made anew. */
static const struct cedar_entities *anew(struct test *t, const struct cedar_entities *s,
                                         const struct cedar_entities *with, const struct cedar_uid *without, size_t n)
{
    struct cedar_entity **list = arena_make_n(t->arena, s->n + 8, struct cedar_entity *);
    struct cedar_diags d = cedar_diags_new(t->arena, NULL);
    size_t kept = 0;

    for (size_t i = 0; i < s->n + with->n; i++) {
        const struct cedar_entity *e = i < s->n ? s->items[i] : with->items[i - s->n];
        bool gone = i < s->n && cedar_entity_find(with, &e->uid) != NULL;
        for (size_t k = 0; i < s->n && k < n && !gone; k++)
            gone = cedar_uid_eq(&without[k], &e->uid);
        if (gone)
            continue;
        list[kept] = arena_make(t->arena, struct cedar_entity);
        *list[kept] = *e;
        list[kept]->ancestors = NULL;
        list[kept++]->n_ancestors = 0;
    }
    return cedar_entities_of(t->arena, list, kept, &d);
}

TEST(a_changed_store_is_what_it_would_be_made_anew)
{
    size_t refused = 0, changed = 0;

    for (uint64_t seed = 1; seed <= 60; seed++) {
        uint64_t state = seed;
        size_t n = 20 + below(&state, 200);
        struct cedar_entity **list = arena_make_n(t->arena, n, struct cedar_entity *);
        struct cedar_diags d = cedar_diags_new(t->arena, NULL);
        const struct cedar_entities *s = NULL;
        while (s == NULL) {
            for (size_t i = 0; i < n; i++)
                list[i] = any_entity(t, &state, i, n, 1000);
            s = cedar_entities_of(t->arena, list, n, &d);
        }
        for (int round = 0; round < 25; round++) {
            struct cedar_entity *some[4];
            struct cedar_uid without[4];
            size_t n_some = below(&state, 4), n_without = below(&state, 4);
            for (size_t i = 0; i < n_some; i++)
                some[i] = any_entity(t, &state, (below(&state, n) + i * n) % (n + 20) + i * 1000, n, 6);
            for (size_t i = 0; i < n_without; i++)
                without[i] = numbered(t, below(&state, n));
            const struct cedar_entities *with = cedar_entities_of(t->arena, some, n_some, &d);
            if (with == NULL)
                continue;
            const struct cedar_entities *x = cedar_entities_change(t->arena, s, with, without, n_without, &d);
            const struct cedar_entities *y = anew(t, s, with, without, n_without);
            CHECK((x == NULL) == (y == NULL));
            refused += x == NULL;
            if (x == NULL || y == NULL)
                continue;
            CHECK(same_stores(x, y));
            s = x;
            changed++;
        }
    }
    CHECK(refused > 20 && changed > 1000);
}
