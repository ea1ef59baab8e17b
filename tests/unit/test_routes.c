/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/metrics.h"
#include "gateway/node/tables.h"
#include "tests/test.h"

#include <string.h>

static const struct route *find(enum http_method method, struct str path, struct fail *f, const char **allow)
{
    struct str param;

    *f = (struct fail){ 0 };
    return route_find(&all_routes, method, path, &param, allow, f);
}

TEST(every_row_is_complete)
{
    for (size_t i = 0; i < all_routes.n; i++) {
        const struct route *r = &all_routes.at[i];
        CHECK(r->method == HTTP_GET || r->method == HTTP_POST || r->method == HTTP_PUT || r->method == HTTP_DELETE);
        bool nowhere = strcmp(r->path, "*") == 0;
        CHECK(nowhere ? i + 1 == all_routes.n && r->method == HTTP_GET : r->path[0] == '/');
        CHECK(r->door != DOOR_NONE && r->who != WHO_NOBODY);
        CHECK(r->method == HTTP_POST || r->method == HTTP_PUT || r->body_max_B == 0);
        CHECK(r->steps != NULL && r->steps[0].run != NULL);
        const char *star = strchr(r->path, '*');
        CHECK(nowhere || star == NULL || (star[-1] == '/' && star[strspn(star, "*")] == '\0' && strlen(star) <= 2));
    }
    CHECK(all_routes.n <= METRICS_ROUTES_MAX);
}

TEST(no_two_rows_answer_the_same_request)
{
    for (size_t i = 0; i < all_routes.n; i++)
        for (size_t j = i + 1; j < all_routes.n; j++)
            CHECK(all_routes.at[i].method != all_routes.at[j].method ||
                  strcmp(all_routes.at[i].path, all_routes.at[j].path) != 0);
}

TEST(a_path_is_matched_byte_by_byte)
{
    static const struct str strange[] = {
        S("/health/live/"),     S("//health/live"),   S("/health//live"),  S("/health/./live"),
        S("/x/../health/live"), S("/health%2Flive"),  S("/healt%68/live"), S("/HEALTH/LIVE"),
        S("/health/live;x"),    S("/health/live%00"), S("health/live"),    S(""),
    };
    const char *allow;
    struct fail f;

    CHECK(find(HTTP_GET, S("/health/live"), &f, &allow) != NULL);
    CHECK(find(HTTP_HEAD, S("/health/live"), &f, &allow) != NULL);
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++) {
        const struct route *r = find(HTTP_GET, strange[i], &f, &allow); /* the page that there is no such page */
        CHECK(r != NULL && strcmp(r->path, "*") == 0 && r->door == DOOR_PUBLIC);
        CHECK(find(HTTP_POST, strange[i], &f, &allow) == NULL);
        CHECK(f.kind == FAIL_NOT_FOUND);
    }
}

TEST(a_deep_path_is_segments_with_slashes_between_and_nothing_else)
{
    static const struct {
        struct str path;
        const char *row;
    } all[] = {
        { S("/api/v1/terms"), "/api/v1/**" },
        { S("/api/v1/terms/a"), "/api/v1/**" },
        { S("/api/v1/schools/a/b"), "/api/v1/**" },
        { S("/api/v1/a/b/c/d/e/f/g/h"), "/api/v1/**" },
        { S("/api/v1/a/b/c/d/e/f/g/h/i"), "*" },
        { S("/api/v1/"), "*" },
        { S("/api/v1/terms/"), "*" },
        { S("/api/v1//terms"), "*" },
        { S("/api/v1/terms//a"), "*" },
        { S("/api/v1/terms/../a"), "*" },
        { S("/api/v1/./terms"), "*" },
        { S("/api/v1/terms/a%2Fb"), "*" },
        { S("/api/v1/drafts/7"), "/api/v1/drafts/*" },
        { S("/api/v1/openapi.json"), "/api/v1/openapi.json" },
    };
    const char *allow;
    struct fail f;

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const struct route *r = find(HTTP_GET, all[i].path, &f, &allow);
        CHECK_STR(r != NULL ? r->path : "none", all[i].row);
    }
}

TEST(options_are_answered_where_scripts_of_other_origins_may_ask_and_nowhere_else) /* [Fetch 4.8] */
{
    const char *allow;
    struct fail f;
    const struct route *r = find(HTTP_OPTIONS, S("/oidc/token"), &f, &allow);

    CHECK(r != NULL && r->door == DOOR_SCRIPTS && r->body_max_B == 0);
    CHECK(route_index(&all_routes, r) == all_routes.n);
    CHECK(find(HTTP_OPTIONS, S("/oidc/authorize"), &f, &allow) == NULL);
    CHECK(f.kind == FAIL_METHOD);
    CHECK(find(HTTP_OPTIONS, S("/health/live"), &f, &allow) == NULL);
}

TEST(another_method_is_told_which_ones_are_allowed) /* [RFC 9110 15.5.6] */
{
    const char *allow;
    struct fail f;

    CHECK(find(HTTP_POST, S("/health/live"), &f, &allow) == NULL);
    CHECK(f.kind == FAIL_METHOD);
    CHECK_STR(allow, "GET, HEAD");
    CHECK(find(HTTP_OTHER, S("/health/live"), &f, &allow) == NULL);
    CHECK(f.kind == FAIL_METHOD);
}
