/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/errors.h"

#include "base/settings.h"
#include "gateway/errors.def"
#include "wire/http.h"

static const struct {
    const char *code, *means, *mend;
} errors[] = {
#define X(code, means, mend) { code, means, mend },
    ERRORS(X)
#undef X
};
enum { ERROR_COUNT = sizeof errors / sizeof *errors };

static size_t find(struct str code)
{
    size_t i = 0;

    while (i < ERROR_COUNT && !str_eq(code, str_of(errors[i].code)))
        i++;
    return i;
}

struct str error_uri(const struct ctx *c, struct str code)
{
    size_t i = find(code);

    return i < ERROR_COUNT ? arena_printf(c->arena, "%.*s/errors/%s", STR_ARG(c->set->public_url), errors[i].code)
                           : (struct str){ NULL, 0 };
}

bool error_words(struct str code, struct str *means, struct str *mend)
{
    size_t i = find(code);

    if (i == ERROR_COUNT)
        return false;
    *means = str_of(errors[i].means);
    *mend = str_of(errors[i].mend);
    return true;
}

static enum step show(struct ctx *c, struct fail *f)
{
    size_t i = find(c->req->param);

    if (i == ERROR_COUNT)
        return fail(f, FAIL_NOT_FOUND, "not_found", "no such error");
    http_header_set(c->res, S("Cache-Control"), S("public, max-age=86400"));
    http_body(c->res, 200, S("text/plain; charset=utf-8"),
              arena_printf(c->arena,
                           "%s\n\n%s\n\nWhat to do: %s\n\nerror_description says what was wrong this time, and has a "
                           "support code, under which the gateway's log knows more.\n",
                           errors[i].code, errors[i].means, errors[i].mend));
    return DONE;
}

const struct step_row errors_show[] = { { show }, { NULL } };
