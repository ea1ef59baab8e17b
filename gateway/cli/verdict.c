/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/cli/verdict.h"

static bool person_by(struct arena *a, struct str map, struct strs scopes, const struct attribute_list *list,
                      struct str subject, struct person *out, struct fail *f)
{
    const struct idp idp = { .id = S("idp"), .kind = IDP_SAML, .enabled = true, .map = map, .scopes = scopes };
    struct map_notes notes;

    return map_person(a, &idp, list->at, list->n, subject, out, &notes, f);
}

/* Whether some map finds the person's name; what else that map wants is the row's business. */
static bool some_map_names(struct arena *a, struct strs scopes, const struct attribute_list *list, struct str subject)
{
    struct str names = dialect_names(a), name;

    while (str_split(&names, ',', &name)) {
        struct person person = { .id = { NULL, 0 } };
        struct fail why = { 0 };
        if (person_by(a, str_trim(name), scopes, list, subject, &person, &why) || str_is_set(person.subject) ||
            str_eq(str_of(why.code), S("scope_foreign")))
            return true;
    }
    return false;
}

bool verdict_person(struct arena *a, const char *map, struct strs scopes, const struct attribute_list *list,
                    struct str subject, bool name_said, struct fail *f)
{
    struct person person;

    if (map != NULL)
        return person_by(a, str_of(map), scopes, list, subject, &person, f);
    return some_map_names(a, scopes, list, subject) || (name_said && subject.p == NULL) ||
           fail(f, FAIL_UPSTREAM, "no_subject", "neither the attributes nor the message name the person");
}

bool verdict_map_known(struct arena *a, const char *map, struct fail *f)
{
    return map == NULL || dialect_named(str_of(map)) != NULL ||
           fail(f, FAIL_CALLER, "usage", "--map: \"%s\" is none of %.*s", map, STR_ARG(dialect_names(a)));
}
