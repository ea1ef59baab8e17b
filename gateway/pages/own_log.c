/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/pages/own_log.h"

struct whose {
    struct str person;
    const struct audit_finds *own;
};

/* A value of "?code=K7F29QXM&person=8c1f…", as the console writes what was looked for. */
static struct str filter(struct str row, struct str name)
{
    struct str rest = str_from(row, str_has_prefix(row, S("?")) ? 1 : 0), part;

    while (str_split(&rest, '&', &part))
        if (str_has_prefix(part, name))
            return str_from(part, name.n);
    return S("");
}

static bool is_theirs(const struct whose *w, struct str code)
{
    for (size_t i = 0; str_is_set(code) && i < w->own->n; i++)
        if (str_eq(w->own->at[i].support_code, code))
            return true;
    return false;
}

static bool names(const struct whose *w, struct str pseudonym)
{
    return pseudonym.n >= FIND_PERSON_MIN_B && str_has_prefix(w->person, pseudonym);
}

static bool is_look(void *with, const struct audit_found *x)
{
    const struct whose *w = with;

    if (str_has_prefix(x->row, S("person ")))
        return str_eq(str_from(x->row, sizeof "person " - 1), w->person);
    if (str_has_prefix(x->row, S("code ")))
        return is_theirs(w, str_from(x->row, sizeof "code " - 1));
    return names(w, filter(x->row, S("person="))) || names(w, filter(x->row, S("actor="))) ||
           is_theirs(w, filter(x->row, S("code=")));
}

bool own_log_is_look(const struct audit_found *x, struct str person, const struct audit_finds *own)
{
    struct whose w = { person, own };

    return str_eq(x->event, S("console")) && is_look(&w, x);
}

bool own_log_read(const char *dir, struct arena *a, struct str person, size_t most, size_t most_B, struct own_log *out,
                  struct fail *f)
{
    struct whose w = { person, &out->events };
    const struct audit_search events = { .person = person, .most = most, .most_B = most_B }, looks = {
        .event = S("console"), .most = most, .most_B = most_B, .within = is_look, .with = &w
    };

    return audit_find(dir, a, &events, &out->events, f) && audit_find(dir, a, &looks, &out->looks, f);
}
