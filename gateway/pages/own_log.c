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

/* ── what one page shows ────────────────────────────────────────────────── */

static bool is_theirs_alone(void *with, const struct audit_found *x)
{
    (void)with;
    return own_log_is_theirs(x);
}

bool own_log_is_theirs(const struct audit_found *x)
{
    return !str_eq(x->event, S("console")) && !str_has_prefix(x->event, S("change"));
}

/* The person, and each code once; *more: not all of them. */
static size_t look_names(struct str person, const struct audit_finds *own, struct str out[FIND_LOOKS_MAX], bool *more)
{
    size_t n = 0;

    out[n++] = person;
    for (size_t i = 0; i < own->n; i++) {
        struct str code = own->at[i].support_code;
        bool had = !str_is_set(code);
        for (size_t k = 1; k < n && !had; k++)
            had = str_eq(out[k], code);
        if (had)
            continue;
        if (n == FIND_LOOKS_MAX) {
            *more = true;
            return n;
        }
        out[n++] = code;
    }
    return n;
}

/* By a code nobody can have looked before there was one. */
static bool read_looks(const char *dir, struct arena *a, struct whose *w, struct own_log *out, struct fail *f)
{
    struct str names[FIND_LOOKS_MAX];
    bool more = false;
    size_t n = look_names(w->person, w->own, names, &more);
    const struct audit_search by_person = { .event = S("console"),
                                            .most = OWN_LOG_LOOKS,
                                            .looks = names,
                                            .look_n = 1,
                                            .within = is_look,
                                            .with = w },
                              by_code = { .event = S("console"),
                                          .most = OWN_LOG_LOOKS,
                                          .after = w->own->n > 0 ? w->own->at[w->own->n - 1].n : 0,
                                          .looks = names + 1,
                                          .look_n = n - 1,
                                          .within = is_look,
                                          .with = w };
    struct audit_finds first, second = { NULL, 0, 0, false, 0 };

    if (!audit_find(dir, a, &by_person, &first, f) || (n > 1 && !audit_find(dir, a, &by_code, &second, f)))
        return false;
    out->looks = (struct audit_finds){ .at = arena_make_n(a, first.n + second.n + 1, struct audit_found) };
    for (size_t i = 0, k = 0; i < first.n || k < second.n;) {
        bool left = k == second.n || (i < first.n && first.at[i].n >= second.at[k].n);
        const struct audit_found *x = left ? &first.at[i++] : &second.at[k++];
        if (out->looks.n == 0 || out->looks.at[out->looks.n - 1].n != x->n)
            out->looks.at[out->looks.n++] = *x;
    }
    out->looks.next = first.next != 0 ? first.next : second.next;
    if (out->looks.next == 0 && more && out->looks.n > 0)
        out->looks.next = out->looks.at[out->looks.n - 1].n;
    return true;
}

bool own_log_newest(const char *dir, struct arena *a, struct str person, int64_t from_s, struct own_log *out,
                    struct fail *f)
{
    struct whose w = { person, &out->events };
    const struct audit_search events = { .person = person, .most = OWN_LOG_NEWEST, .within = is_theirs_alone }, day = {
        .person = person, .most = OWN_LOG_DAY, .from_s = from_s, .within = is_theirs_alone
    };

    return audit_find(dir, a, &events, &out->events, f) && audit_find(dir, a, &day, &out->day, f) &&
           read_looks(dir, a, &w, out, f);
}

bool own_log_page(const char *dir, struct arena *a, struct str person, int64_t before, struct audit_finds *out,
                  struct fail *f)
{
    const struct audit_search page = {
        .person = person, .most = OWN_LOG_PAGE, .before = before, .within = is_theirs_alone
    };

    return audit_find(dir, a, &page, out, f);
}

static bool is_session(void *with, const struct audit_found *x)
{
    return str_eq(x->sid, *(const struct str *)with);
}

bool own_log_session(const char *dir, struct arena *a, struct str person, struct str sid, int64_t from_s,
                     struct audit_finds *out, struct fail *f)
{
    const struct audit_search one = {
        .event = S("login"), .person = person, .most = 1, .from_s = from_s, .within = is_session, .with = &sid
    };

    return audit_find(dir, a, &one, out, f) && out->n == 1;
}
