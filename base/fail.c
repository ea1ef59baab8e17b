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

static void record(struct fail *f, size_t max_B, enum fail_kind kind, const char *code, const char *fmt, va_list ap)
    __attribute__((format(printf, 5, 0)));

static void record(struct fail *f, size_t max_B, enum fail_kind kind, const char *code, const char *fmt, va_list ap)
{
    if (f->kind != FAIL_NONE)
        return;
    f->kind = kind;
    f->code = code;
    (void)vsnprintf(f->detail, max_B, fmt, ap);
    for (char *p = f->detail; *p != '\0'; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = '?';
}

int fail(struct fail *f, enum fail_kind kind, const char *code, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    record(f, FAIL_DETAIL_B, kind, code, fmt, ap);
    va_end(ap);
    return 0;
}

int fail_long(struct fail *f, enum fail_kind kind, const char *code, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    record(f, FAIL_LONG_B, kind, code, fmt, ap);
    va_end(ap);
    return 0;
}

int fail_told(struct fail *f, enum fail_kind kind, const char *code, const char *told, const char *fmt, ...)
{
    va_list ap;

    if (f->kind == FAIL_NONE)
        f->told = told;
    va_start(ap, fmt);
    record(f, FAIL_DETAIL_B, kind, code, fmt, ap);
    va_end(ap);
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
