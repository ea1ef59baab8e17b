/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/farewell_note.h"

#include "model/test_school.h"
#include "registry/registry.h"

struct leaver leaver_of(const struct session *s, const char *why)
{
    return (struct leaver){ .sid = s->sid, .person = s->person->id, .idp = s->person->idp, .why = str_of(why) };
}

static struct str place_row(struct arena *a, const struct registry *r, const struct mark *x)
{
    const struct provider *p = registry_provider_oid(r, x->provider_oid);
    struct str provider = p != NULL ? p->id : x->provider_oid;

    if (!str_is_set(x->school))
        return arena_join(a, S("provider "), provider);
    return arena_printf(a, "%s %.*s/%.*s%s%.*s", str_is_set(x->group) ? "group" : "school", STR_ARG(provider),
                        STR_ARG(x->school), str_is_set(x->group) ? "/" : "", STR_ARG(x->group));
}

struct str left_row(struct arena *a, const struct registry *r, const struct mark *x)
{
    static const char *const kinds[MARK_COUNT] = { [MARK_PERSON] = "person ",
                                                   [MARK_IDP] = "idp ",
                                                   [MARK_SERVICE] = "service ",
                                                   [MARK_SESSION] = "session ",
                                                   [MARK_WARD] = "children " };
    struct str row = { NULL, 0 };

    if (x->kind == MARK_PLACE)
        row = place_row(a, r, x);
    else if (x->kind > MARK_NONE && x->kind < MARK_COUNT && kinds[x->kind] != NULL)
        row = arena_join(a, str_of(kinds[x->kind]), x->what);
    return str_chars(row, LEFT_ROW_MAX_B, LEFT_ROW_MAX_B);
}

bool farewell_is_noted(const struct leaver *who)
{
    const struct person p = { .idp = who->idp };

    return str_is_set(who->idp) && !test_school_has(&p);
}

struct audit_event farewell_line(const struct leaver *who, struct str service, const char *outcome)
{
    return (struct audit_event){ .event = "farewell",
                                 .person = who->person,
                                 .service = service,
                                 .idp = who->idp,
                                 .reason = str_of(outcome),
                                 .sid = who->sid,
                                 .why = who->why,
                                 .row = who->row };
}
