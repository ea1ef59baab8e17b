/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/fail.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
    const char *name;
    int status;
    const char *text;
} kinds[FAIL_KIND_COUNT] = { [FAIL_NONE] = { "none", 500, "t.ours" },
#define X(kind, http, level, key) [FAIL_##kind] = { #kind, http, key },
                             FAIL_KINDS(X)
#undef X
};

int fail(struct fail *f, enum fail_kind kind, const char *code, const char *fmt, ...)
{
    va_list ap;

    if (f->kind != FAIL_NONE)
        return 0;
    f->kind = kind;
    f->code = code;
    va_start(ap, fmt);
    (void)vsnprintf(f->detail, sizeof f->detail, fmt, ap);
    va_end(ap);
    for (char *p = f->detail; *p != '\0'; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = '?';
    return 0;
}

int fail_status(enum fail_kind kind)
{
    return kinds[kind].status;
}

const char *fail_text(enum fail_kind kind)
{
    return kinds[kind].text;
}

const char *fail_kind_name(enum fail_kind kind)
{
    return kinds[kind].name;
}
