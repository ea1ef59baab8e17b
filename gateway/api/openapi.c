/* SPDX-License-Identifier: EUPL-1.2
 * What there is, for programs: one OpenAPI 3.1 document, made from the tables of kinds and rights. */
#include "gateway/api/api.h"

#include "base/settings.h"
#include "wire/http.h"

#include <string.h>

enum { DOCUMENT_MAX_B = 1 << 20, LIST_DEPTH = 8 /* objects that put_list_path() has open */ };

/* ── small parts ────────────────────────────────────────────────────────── */

static void put(struct json_out *o, const char *name, const char *text)
{
    json_put_str(o, str_of(name), str_of(text));
}

static void begin(struct json_out *o, const char *name)
{
    json_key(o, str_of(name));
    json_begin_object(o);
}

static void end(struct json_out *o)
{
    json_end_object(o);
}

#define UNGATED                                                                                                        \
    "Of a token that waits for nobody: why a service comes into production without a report of the gate.  Else it "    \
    "waits."

static void ref(struct json_out *o, const char *name, struct str to)
{
    begin(o, name);
    json_put_str(o, S("$ref"), to);
    end(o);
}

static struct str schema_ref(struct arena *a, const char *kind)
{
    return arena_printf(a, "#/components/schemas/%s", kind);
}

static void put_json(struct json_out *o, const char *member, struct str schema)
{
    begin(o, member);
    begin(o, "application/json");
    ref(o, "schema", schema);
    end(o);
    end(o);
}

static void answer(struct json_out *o, const char *status, const char *says, struct str schema)
{
    begin(o, status);
    put(o, "description", says);
    if (str_is_set(schema))
        put_json(o, "content", schema);
    end(o);
}

static void param(struct json_out *o, const char *where, const char *name, const char *says)
{
    json_begin_object(o);
    put(o, "in", where);
    put(o, "name", name);
    put(o, "description", says);
    json_put_bool(o, S("required"), strcmp(where, "path") == 0);
    begin(o, "schema");
    put(o, "type", "string");
    end(o);
    end(o);
}

/* ── schemas ────────────────────────────────────────────────────────────── */

static void put_words(struct json_out *o, const char *const *words)
{
    json_key(o, S("enum"));
    json_begin_array(o);
    for (size_t i = 0; words[i] != NULL; i++)
        if (*words[i] != '\0')
            json_str(o, str_of(words[i]));
    json_end_array(o);
}

static void put_type(struct json_out *o, const struct field_about *f)
{
    static const struct {
        const char *type, *format;
    } types[] = {
        [SHAPE_TEXT] = { "string", NULL },        [SHAPE_LIST] = { "array", NULL },
        [SHAPE_WORDS] = { "array", NULL },        [SHAPE_WORD] = { "string", NULL },
        [SHAPE_FLAG] = { "boolean", NULL },       [SHAPE_NUMBER] = { "integer", NULL },
        [SHAPE_TIME] = { "string", "date-time" }, [SHAPE_DAY] = { "string", "date" },
        [SHAPE_SECRET] = { "string", NULL },
    };
    bool is_list = f->shape == SHAPE_LIST || f->shape == SHAPE_WORDS;

    json_key(o, S("type"));
    json_begin_array(o);
    json_str(o, str_of(types[f->shape].type));
    json_str(o, S("null"));
    json_end_array(o);
    if (types[f->shape].format != NULL)
        put(o, "format", types[f->shape].format);
    if (is_list) {
        begin(o, "items");
        put(o, "type", "string");
        if (f->words != NULL)
            put_words(o, f->words);
        end(o);
    } else if (f->words != NULL) {
        put_words(o, f->words);
    }
    if (f->shape == SHAPE_SECRET)
        put(o, "description",
            "Is given and never shown: null says that there is one. Left out, or null, it stays; "
            "\"\" takes it away.");
}

static void put_fields(struct json_out *o, const struct kind_about *k)
{
    struct str open = S("");

    begin(o, "properties");
    for (size_t i = 0; i < k->field_count; i++) {
        struct str name = str_of(k->fields[i].name);
        size_t dot = str_find_byte(name, '.', 0);
        struct str group = dot < name.n ? str_sub(name, 0, dot) : S("");
        if (!str_eq(group, open)) {
            if (open.n > 0) {
                end(o);
                end(o);
            }
            if (group.n > 0) {
                json_key(o, group);
                json_begin_object(o);
                put(o, "type", "object");
                begin(o, "properties");
            }
            open = group;
        }
        json_key(o, group.n > 0 ? str_from(name, dot + 1) : name);
        json_begin_object(o);
        put_type(o, &k->fields[i]);
        end(o);
    }
    if (open.n > 0) {
        end(o);
        end(o);
    }
    end(o);
}

static void put_schema(struct json_out *o, const struct kind_about *k)
{
    begin(o, k->kind);
    put(o, "type", "object");
    put(o, "description",
        "docs/registry.md says what each member means. A member that is left out of a PUT becomes as in a "
        "row that does not say it.");
    json_put_bool(o, S("additionalProperties"), false);
    json_key(o, S("required"));
    json_begin_array(o);
    for (size_t i = 0; i < k->field_count; i++)
        if (k->fields[i].must && !k->fields[i].is_key && k->fields[i].shape != SHAPE_SECRET)
            json_str(o, str_of(k->fields[i].name));
    json_end_array(o);
    put_fields(o, k);
    end(o);
}

#define TEXT_TYPE "{\"type\":\"string\"}"
#define ERROR_SCHEMA                                                                                                   \
    "{\"type\":\"object\",\"required\":[\"error\"],\"properties\":{\"error\":" TEXT_TYPE                               \
    ",\"error_description\":" TEXT_TYPE ",\"error_uri\":" TEXT_TYPE                                                    \
    ",\"troubles\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"row\":" TEXT_TYPE              \
    ",\"field\":" TEXT_TYPE ",\"code\":" TEXT_TYPE ",\"says\":" TEXT_TYPE "}}}}}"
#define NOT_AS_READ_SCHEMA                                                                                             \
    "{\"type\":\"object\",\"required\":[\"error\",\"expected\"],\"properties\":{\"error\":" TEXT_TYPE                  \
    ",\"error_description\":" TEXT_TYPE ",\"expected\":" TEXT_TYPE ",\"etag\":" TEXT_TYPE                              \
    ",\"row\":{\"type\":\"object\"},\"wanted\":{\"type\":\"object\"}}}"
#define CHANGED_SCHEMA                                                                                                 \
    "{\"type\":\"object\",\"properties\":{\"version\":{\"type\":\"integer\",\"description\":\"Of the registry, "       \
    "afterwards.\"},\"draft\":{\"type\":\"integer\",\"description\":\"Waits for a second "                             \
    "person.\"},\"state\":" TEXT_TYPE ",\"why\":" TEXT_TYPE ",\"decided_why\":" TEXT_TYPE                              \
    ",\"rows\":{\"type\":\"array\",\"items\":" TEXT_TYPE ",\"description\":\"+ made, ~ altered, - removed\"}}}"
#define CHANGE_SCHEMA                                                                                                  \
    "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{\"why\":" TEXT_TYPE                           \
    ",\"put\":{\"type\":\"object\",\"description\":\"Rows by their paths: services/tori\","                            \
    "\"additionalProperties\":{\"type\":\"object\"}},\"remove\":{\"type\":\"array\",\"items\":" TEXT_TYPE "}}}"
#define PASS_ASKED_MEMBERS                                                                                             \
    "\"given_names\":" TEXT_TYPE ",\"family_name\":" TEXT_TYPE ",\"school\":" TEXT_TYPE ",\"from\":" TIME_TYPE         \
    ",\"to\":" TIME_TYPE
#define TIME_TYPE "{\"type\":\"string\",\"format\":\"date-time\"}"
#define PASS_ASKED_SCHEMA                                                                                              \
    "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"given_names\",\"family_name\",\"school\","    \
    "\"from\",\"to\",\"why\"],\"properties\":{" PASS_ASKED_MEMBERS ",\"why\":" TEXT_TYPE "}}"
#define PASS_SCHEMA                                                                                                    \
    "{\"type\":\"object\",\"properties\":{\"id\":" TEXT_TYPE "," PASS_ASKED_MEMBERS ",\"username\":" TEXT_TYPE         \
    ",\"password\":" TEXT_TYPE ",\"address\":" TEXT_TYPE ",\"enabled\":{\"type\":\"boolean\"},\"draft\":{\"type\":"    \
    "\"integer\"},\"state\":" TEXT_TYPE "}}"
#define PASSES_SCHEMA                                                                                                  \
    "{\"type\":\"object\",\"properties\":{\"rows\":{\"type\":\"array\",\"items\":{\"$ref\":"                           \
    "\"#/components/schemas/Pass\"}},\"next\":" TEXT_TYPE "}}"

/* ── paths ──────────────────────────────────────────────────────────────── */

/* Those of a call, by their statuses. */
static void put_refusals(struct json_out *o, const char *which)
{
    static const struct {
        const char *status, *says;
    } all[] = {
        { "400", "Something is wrong with what was sent; troubles say it row by row." },
        { "401", "No token, or none that is good." },
        { "403", "The role of the token may not do it, or some of it stands outside the area of the token." },
        { "404", "There is no such row in the area of the token." },
        { "409", "Somebody else altered the row meanwhile." },
        { "412", "The row is not as If-Match or If-None-Match says it: etag and row are as it is, wanted as it was to "
                 "be." },
        { "429", "Too many changes within a minute; Retry-After says when." },
    };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strstr(which, all[i].status) != NULL)
            answer(o, all[i].status, all[i].says,
                   strcmp(all[i].status, "412") == 0 ? S("#/components/schemas/NotAsRead")
                                                     : S("#/components/schemas/Error"));
}

static void begin_call(struct json_out *o, struct arena *a, const char *method, const char *verb, const char *kind)
{
    begin(o, method);
    json_put_str(o, S("operationId"), arena_printf(a, "%s_%s", verb, kind));
}

static void put_list_path(struct json_out *o, struct arena *a, const struct kind_about *k)
{
    json_key(o, arena_printf(a, "/%s", k->section));
    json_begin_object(o);
    begin_call(o, a, "get", "list", k->kind);
    json_key(o, S("parameters"));
    json_begin_array(o);
    param(o, "query", "limit", "Rows of a page, 1 to 200; 100 unless said.");
    param(o, "query", "after", "As next of the page before has it.");
    param(o, "query", "search", "Stands somewhere in the key or in a name.");
    param(o, "query", "under", "Rows below this one alone.");
    json_end_array(o);
    begin(o, "responses");
    begin(o, "200");
    put(o, "description", "A page; long texts are left out of it.");
    begin(o, "content");
    begin(o, "application/json");
    begin(o, "schema");
    put(o, "type", "object");
    begin(o, "properties");
    json_key(o, S("next"));
    json_raw(o, S("{\"type\":\"string\",\"description\":\"The next page; none: this is the last.\"}"));
    begin(o, "rows");
    put(o, "type", "array");
    begin(o, "items");
    put(o, "type", "object");
    begin(o, "properties");
    json_key(o, S("path"));
    json_raw(o, S("{\"type\":\"string\"}"));
    ref(o, "row", schema_ref(a, k->kind));
    for (int i = 0; i < LIST_DEPTH; i++)
        end(o);
    put_refusals(o, "400 401 403");
    end(o);
    end(o);
    end(o);
}

static void put_write(struct json_out *o, struct arena *a, const struct kind_about *k, const char *method)
{
    bool is_put = strcmp(method, "put") == 0;

    begin_call(o, a, method, method, k->kind);
    json_key(o, S("parameters"));
    json_begin_array(o);
    param(o, "query", "why", "Stands in the history.");
    param(o, "query", "ungated", UNGATED);
    param(o, "query", "dry_run", "true: says what would be, and changes nothing.");
    param(o, "header", "If-Match", "The ETag of the row as it was read.");
    if (is_put)
        param(o, "header", "If-None-Match", "*: only where there is no such row.");
    json_end_array(o);
    if (is_put) {
        begin(o, "requestBody");
        json_put_bool(o, S("required"), true);
        put_json(o, "content", schema_ref(a, k->kind));
        end(o);
    }
    begin(o, "responses");
    if (is_put) {
        answer(o, "200", "As it has become; it was there before.", schema_ref(a, k->kind));
        answer(o, "201", "Made.", schema_ref(a, k->kind));
    } else {
        answer(o, "200", "dry_run: what would be.", S("#/components/schemas/Changed"));
        answer(o, "204", "Removed, with what stood below it.", S(""));
    }
    answer(o, "202", "A draft, which a second person approves in the console.", S("#/components/schemas/Changed"));
    put_refusals(o, is_put ? "400 401 403 409 412 429" : "400 401 403 404 409 412 429");
    end(o);
    end(o);
}

static void put_row_path(struct json_out *o, struct arena *a, const struct kind_about *k)
{
    json_key(o, k->key_count > 1 ? arena_printf(a, "/%s/{%s}/{key}", k->section, k->parent)
                                 : arena_printf(a, "/%s/{key}", k->section));
    json_begin_object(o);
    json_key(o, S("parameters"));
    json_begin_array(o);
    if (k->key_count > 1)
        param(o, "path", k->parent, "Below which row it stands.");
    param(o, "path", "key", "By what it is called.");
    json_end_array(o);
    begin_call(o, a, "get", "read", k->kind);
    begin(o, "responses");
    answer(o, "200", "The row; ETag is a validator of it.", schema_ref(a, k->kind));
    put_refusals(o, "401 403 404");
    end(o);
    end(o);
    put_write(o, a, k, "put");
    put_write(o, a, k, "delete");
    end(o);
}

/* A call on passes: what it answers besides the refusals. */
static void put_pass_call(struct json_out *o, const char *method, const char *id, const char *status, const char *says,
                          const char *refusals, bool gives)
{
    begin(o, method);
    put(o, "operationId", id);
    json_key(o, S("parameters"));
    json_begin_array(o);
    param(o, "query", "provider", "Whose passes; for a token of the country.");
    json_end_array(o);
    if (gives) {
        begin(o, "requestBody");
        json_put_bool(o, S("required"), true);
        put_json(o, "content", S("#/components/schemas/PassAsked"));
        end(o);
    }
    begin(o, "responses");
    answer(o, status, says, strcmp(status, "200") == 0 ? S("#/components/schemas/Pass") : S(""));
    if (gives) {
        answer(o, "201", "Given: the password stands here, once.", S("#/components/schemas/Pass"));
        answer(o, "202", "It waits for a second person; the password stands here, once.",
               S("#/components/schemas/Pass"));
    }
    put_refusals(o, refusals);
    end(o);
    end(o);
}

static void put_pass_paths(struct json_out *o)
{
    begin(o, "/passes");
    begin(o, "get");
    put(o, "operationId", "list_passes");
    json_key(o, S("parameters"));
    json_begin_array(o);
    param(o, "query", "provider", "Whose passes; for a token of the country.");
    param(o, "query", "after", "As next of the page before has it.");
    json_end_array(o);
    begin(o, "responses");
    answer(o, "200", "Passes of substitutes, those that ended too.", S("#/components/schemas/Passes"));
    put_refusals(o, "400 401 403");
    end(o);
    end(o);
    end(o);
    begin(o, "/passes/{name}");
    json_key(o, S("parameters"));
    json_begin_array(o);
    param(o, "path", "name", "Chosen by whoever gives it: a-z, 0-9 and -, 40 at most; or the id that a list shows.");
    json_end_array(o);
    put_pass_call(o, "get", "read_pass", "200", "The pass.", "400 401 403 404", false);
    put_pass_call(o, "put", "give_pass", "200", "It is there already, as asked.", "400 401 403 404 409 429", true);
    put_pass_call(o, "delete", "take_pass", "204", "Taken; whoever is in with it is signed out.", "400 401 403 404 429",
                  false);
    end(o);
}

static void put_other_paths(struct json_out *o)
{
    begin(o, "/changes");
    begin(o, "post");
    put(o, "operationId", "change");
    json_key(o, S("parameters"));
    json_begin_array(o);
    param(o, "query", "ungated", UNGATED);
    param(o, "query", "dry_run", "true: says what would be, and changes nothing.");
    json_end_array(o);
    begin(o, "requestBody");
    json_put_bool(o, S("required"), true);
    put_json(o, "content", S("#/components/schemas/Change"));
    end(o);
    begin(o, "responses");
    answer(o, "200", "Up to 200 rows were written, as one change.", S("#/components/schemas/Changed"));
    answer(o, "202", "One draft, which a second person approves in the console.", S("#/components/schemas/Changed"));
    put_refusals(o, "400 401 403 409 429");
    end(o);
    end(o);
    end(o);
    put_pass_paths(o);
    begin(o, "/drafts/{number}");
    json_key(o, S("parameters"));
    json_begin_array(o);
    param(o, "path", "number", "Of a draft.");
    json_end_array(o);
    begin(o, "get");
    put(o, "operationId", "read_draft");
    begin(o, "responses");
    answer(o, "200", "How it stands: draft, proposed, approved, sent_back, withdrawn, published.",
           S("#/components/schemas/Changed"));
    put_refusals(o, "401 403 404");
    end(o);
    end(o);
    end(o);
}

/* ── the document ───────────────────────────────────────────────────────── */

static void put_head(struct json_out *o, struct arena *a, struct str public_url)
{
    put(o, "openapi", "3.1.0");
    begin(o, "info");
    put(o, "title", "DigiOne Gateway: the registry");
    put(o, "version", "1");
    put(o, "description", "Rows of the federation, in the area of a token. docs/api.md shows it at work.");
    end(o);
    json_key(o, S("servers"));
    json_begin_array(o);
    json_begin_object(o);
    json_put_str(o, S("url"), arena_join(a, public_url, S("/api/v1")));
    end(o);
    json_end_array(o);
    json_key(o, S("security"));
    json_raw(o, S("[{\"token\":[]}]"));
}

static void put_components(struct json_out *o, const struct kind_about *kinds)
{
    begin(o, "components");
    json_key(o, S("securitySchemes"));
    json_raw(o, S("{\"token\":{\"type\":\"http\",\"scheme\":\"bearer\"}}"));
    begin(o, "schemas");
    for (size_t i = 0; i < api_right_count; i++)
        put_schema(o, &kinds[i]);
    json_key(o, S("Error"));
    json_raw(o, S(ERROR_SCHEMA));
    json_key(o, S("NotAsRead"));
    json_raw(o, S(NOT_AS_READ_SCHEMA));
    json_key(o, S("Changed"));
    json_raw(o, S(CHANGED_SCHEMA));
    json_key(o, S("Change"));
    json_raw(o, S(CHANGE_SCHEMA));
    json_key(o, S("PassAsked"));
    json_raw(o, S(PASS_ASKED_SCHEMA));
    json_key(o, S("Pass"));
    json_raw(o, S(PASS_SCHEMA));
    json_key(o, S("Passes"));
    json_raw(o, S(PASSES_SCHEMA));
    end(o);
    end(o);
}

/* Once for each snapshot: it says the same to everybody who asks. */
static void *document(struct arena *a, const struct registry *r, const void *settings)
{
    const struct settings *set = settings;
    struct json_out *o = arena_make(a, struct json_out);
    struct kind_about *kinds = arena_make_n(a, api_right_count, struct kind_about);

    (void)r;
    *o = json_out(a, DOCUMENT_MAX_B);
    for (size_t i = 0; i < api_right_count; i++)
        (void)kind_about(a, str_of(api_rights[i].kind), &kinds[i]);
    json_begin_object(o);
    put_head(o, a, set->public_url);
    begin(o, "paths");
    for (size_t i = 0; i < api_right_count; i++) {
        put_list_path(o, a, &kinds[i]);
        put_row_path(o, a, &kinds[i]);
    }
    put_other_paths(o);
    end(o);
    put_components(o, kinds);
    json_end_object(o);
    return o;
}

static enum step show(struct ctx *c, struct fail *f)
{
    http_header_set(c->res, S("Cache-Control"), S("public, max-age=300"));
    return api_json(c, 200, registry_index_with(c->registry, INDEX_OPENAPI, c->set, document), f);
}

const struct step_row api_openapi[] = { { show }, { NULL } };
