/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/cedar/ext.h"

#include "policy/cedar/ext_types.h"

#define ARGS(first, second) { CEDAR_##first, CEDAR_##second }, 1 + (CEDAR_##second != CEDAR_NONE)

const struct cedar_function cedar_functions[CEDAR_X_COUNT] = {
#define X(id, name, method, result, first, second)                                                                     \
    { { name, sizeof(name) - 1 }, method, CEDAR_##result, ARGS(first, second) },
    CEDAR_FUNCTIONS(X)
#undef X
};

enum cedar_ext cedar_function_named(struct str name)
{
    enum cedar_ext f = 0;

    while (f < CEDAR_X_COUNT && !str_eq(cedar_functions[f].name, name))
        f++;
    return f;
}

enum cedar_ext cedar_ext_constructor(enum cedar_kind kind)
{
    switch (kind) {
    case CEDAR_IP:
        return CEDAR_X_IP;
    case CEDAR_DECIMAL:
        return CEDAR_X_DECIMAL;
    case CEDAR_DATETIME:
        return CEDAR_X_DATETIME;
    case CEDAR_DURATION:
        return CEDAR_X_DURATION;
    default:
        return CEDAR_X_COUNT;
    }
}

bool cedar_ext_parse(enum cedar_ext constructor, struct arena *a, struct str text, struct cedar_value *out,
                     const char **why)
{
    struct cedar_ip ip;
    int64_t number = 0;

    switch (constructor) {
    case CEDAR_X_IP:
        if ((*why = ip_parse(text, &ip)) != NULL)
            return false;
        struct cedar_ip *kept = arena_make(a, struct cedar_ip);
        *kept = ip;
        *out = (struct cedar_value){ .kind = CEDAR_IP, .ip = kept };
        return true;
    case CEDAR_X_DECIMAL:
        *why = decimal_parse(text, &number);
        break;
    case CEDAR_X_DATETIME:
        *why = datetime_parse(text, &number);
        break;
    case CEDAR_X_DURATION:
        *why = duration_parse(text, &number);
        break;
    default:
        *why = "this function does not make a value from text";
    }
    *out = (struct cedar_value){ .kind = cedar_functions[constructor].result, .number = number };
    return *why == NULL;
}

static bool ip_question(enum cedar_ext f, const struct cedar_value *args)
{
    const struct cedar_ip *ip = args[0].ip;

    switch (f) {
    case CEDAR_X_IS_IPV4:
        return !ip->v6;
    case CEDAR_X_IS_IPV6:
        return ip->v6;
    case CEDAR_X_IS_LOOPBACK:
        return ip_is_loopback(ip);
    case CEDAR_X_IS_MULTICAST:
        return ip_is_multicast(ip);
    default:
        return ip_in_range(ip, args[1].ip);
    }
}

static bool decimal_question(enum cedar_ext f, int64_t a, int64_t b)
{
    switch (f) {
    case CEDAR_X_LESS_THAN:
        return a < b;
    case CEDAR_X_LESS_OR_EQ:
        return a <= b;
    case CEDAR_X_GREATER_THAN:
        return a > b;
    default:
        return a >= b;
    }
}

enum { SECOND_MS = 1000, MINUTE_MS = 60 * SECOND_MS, HOUR_MS = 60 * MINUTE_MS, DAY_MS = 24 * HOUR_MS };

/* Milliseconds since midnight; also before 1970. */
static int64_t time_of_day(int64_t ms)
{
    int64_t rest = ms % DAY_MS;

    return rest < 0 ? rest + DAY_MS : rest;
}

/* False when the result has no room in 64 bits. */
static bool time_call(enum cedar_ext f, const struct cedar_value *args, int64_t *out)
{
    int64_t a = args[0].number;

    switch (f) {
    case CEDAR_X_OFFSET:
        return !__builtin_add_overflow(a, args[1].number, out);
    case CEDAR_X_DURATION_SINCE:
        return !__builtin_sub_overflow(a, args[1].number, out);
    case CEDAR_X_TO_DATE:
        return !__builtin_sub_overflow(a, time_of_day(a), out);
    case CEDAR_X_TO_TIME:
        *out = time_of_day(a);
        return true;
    case CEDAR_X_TO_SECONDS:
        *out = a / SECOND_MS;
        return true;
    case CEDAR_X_TO_MINUTES:
        *out = a / MINUTE_MS;
        return true;
    case CEDAR_X_TO_HOURS:
        *out = a / HOUR_MS;
        return true;
    case CEDAR_X_TO_DAYS:
        *out = a / DAY_MS;
        return true;
    default:
        *out = a;
        return true;
    }
}

enum cedar_ext_outcome cedar_ext_call(enum cedar_ext f, struct arena *a, const struct cedar_value *args,
                                      struct cedar_value *out)
{
    const struct cedar_function *function = &cedar_functions[f];
    const char *why;

    for (size_t i = 0; i < function->n_args; i++)
        if (args[i].kind != function->args[i])
            return CEDAR_EXT_TYPE;
    if (!function->method)
        return cedar_ext_parse(f, a, args[0].text, out, &why) ? CEDAR_EXT_OK : CEDAR_EXT_FAILED;
    *out = (struct cedar_value){ .kind = function->result };
    if (function->args[0] == CEDAR_IP) {
        out->boolean = ip_question(f, args);
    } else if (function->args[0] == CEDAR_DECIMAL) {
        out->boolean = decimal_question(f, args[0].number, args[1].number);
    } else {
        int64_t number;
        if (!time_call(f, args, &number))
            return CEDAR_EXT_OVERFLOW;
        out->number = number;
    }
    return CEDAR_EXT_OK;
}

void cedar_ext_text(struct buf *b, const struct cedar_value *v)
{
    switch (v->kind) {
    case CEDAR_IP:
        ip_text(b, v->ip);
        return;
    case CEDAR_DECIMAL:
        decimal_text(b, v->number);
        return;
    case CEDAR_DATETIME:
        datetime_text(b, v->number);
        return;
    case CEDAR_DURATION:
        buf_printf(b, "%lldms", (long long)v->number);
        return;
    default:
        return;
    }
}

bool cedar_ext_has_text(const struct cedar_value *v)
{
    return v->kind != CEDAR_DATETIME || datetime_has_text(v->number);
}
