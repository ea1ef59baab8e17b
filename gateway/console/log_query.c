/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/console/log_query.h"

#include "audit/audit.h"
#include "model/when.h"

enum { CODE_MAX_B = 32, BEFORE_MAX_B = sizeof "&before=9223372036854775807" - 1 };

/* As it is read out on the telephone: "k7rm 2q4x". */
static struct str support_code(struct arena *a, struct str typed)
{
    struct buf b = buf_new(a, CODE_MAX_B);

    for (size_t i = 0; i < typed.n && i < CODE_MAX_B - 1; i++) {
        char x = typed.p[i];
        if ((x >= '0' && x <= '9') || (x >= 'A' && x <= 'Z'))
            buf_byte(&b, x);
        else if (x >= 'a' && x <= 'z')
            buf_byte(&b, (char)(x - 'a' + 'A'));
    }
    return buf_str(&b);
}

/* Days as people mean them: the last one counts whole. */
static void read_days(const struct form *form, struct log_query *q)
{
    struct str from = str_trim(form_get(form, S("from"))), to = str_trim(form_get(form, S("to")));

    if (str_is_set(from))
        q->bad_day = !when_day_read(from, &q->search.from_s);
    if (str_is_set(to))
        q->bad_day = !when_day_read_end(to, &q->search.to_s) || q->bad_day;
}

void log_query_read(struct arena *a, const struct form *form, struct log_query *out)
{
    struct str result = form_get(form, S("result"));

    *out = (struct log_query){ .search = { .event = str_trim(form_get(form, S("event"))),
                                           .service = str_trim(form_get(form, S("service"))),
                                           .idp = str_trim(form_get(form, S("idp"))),
                                           .reason = str_trim(form_get(form, S("reason"))),
                                           .pseudonym = str_trim(form_get(form, S("person"))),
                                           .actor = str_trim(form_get(form, S("actor"))),
                                           .result = str_eq(result, S("refused")) ? RESULT_REFUSED
                                                     : str_eq(result, S("well"))  ? RESULT_WELL
                                                                                  : RESULT_ANY,
                                           .support_code = support_code(a, form_get(form, S("code"))) },
                               .city = str_trim(form_get(form, S("city"))) };
    out->bad_person = (str_is_set(out->search.pseudonym) && out->search.pseudonym.n < FIND_PERSON_MIN_B) ||
                      (str_is_set(out->search.actor) && out->search.actor.n < FIND_PERSON_MIN_B);
    read_days(form, out);
    if (!str_int(form_get(form, S("before")), &out->search.before) || out->search.before < 0)
        out->search.before = 0;
}

bool log_query_row(struct arena *a, const struct log_query *q, struct str *row)
{
    const struct audit_search *s = &q->search;
    const struct str absent = { NULL, 0 };
    const struct {
        struct str name, value;
    } parts[] = { { S("person"), s->pseudonym },
                  { S("actor"), s->actor },
                  { S("code"), s->support_code },
                  { S("event"), s->event },
                  { S("from"), s->from_s != 0 ? when_day(a, s->from_s) : absent },
                  { S("to"), s->to_s != 0 ? when_day(a, s->to_s - 1) : absent },
                  { S("city"), q->city },
                  { S("idp"), s->idp },
                  { S("service"), s->service },
                  { S("reason"), s->reason },
                  { S("result"), s->result == RESULT_REFUSED ? S("refused")
                                 : s->result == RESULT_WELL  ? S("well")
                                                             : absent },
                  { S("before"), s->before != 0 ? arena_printf(a, "%lld", (long long)s->before) : absent } };
    struct buf b = buf_new(a, AUDIT_TEXT_MAX_B + 1);

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (str_is_set(parts[i].value))
            url_query(&b, parts[i].name, parts[i].value);
    *row = buf_ok(&b) ? buf_str(&b) : absent;
    /* Where the first page fits, so do the older ones. */
    return buf_ok(&b) && row->n <= AUDIT_TEXT_MAX_B - (s->before == 0 ? BEFORE_MAX_B : 0);
}
