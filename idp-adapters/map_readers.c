/* SPDX-License-Identifier: EUPL-1.2
 *
 * What a person is at school: how each form is read that cities send roles, schools, classes and charges in. */
#include "idp-adapters/map_making.h"

#include "base/text.h"
#include "wire/json.h"

static struct str role_named(const struct making *m, struct str said)
{
    return own_role_name(m->arena, m->idp, said);
}

/* The city's own answer that its word is deliberately no role: whoever has it has none, the row's neither, and nobody
 * is asked what it means. */
static bool is_no_role(struct making *m, struct str said)
{
    bool none = own_says_no_role(role_named(m, said));

    m->role_declined = m->role_declined || none;
    m->role_was_said = m->role_was_said || none;
    return none;
}

static bool is_role(struct making *m, struct str said)
{
    return str_is_set(said) && !is_no_role(m, said) &&
           (role_named(m, said).p != NULL || role_said(m->arena, said) != ROLE_NONE);
}

static const struct school *school_of(const struct making *m, struct str text)
{
    return m->idp->provider != NULL && str_is_set(text) ? provider_school(m->idp->provider, text) : NULL;
}

/* A list stands when it can be used, or when nothing better came. */
static bool offer(struct listed *into, const struct attribute *from, struct strs values, bool usable)
{
    if (into->usable || (into->values.n > 0 && !usable))
        return false;
    *into = (struct listed){ values, from->name, usable };
    return true;
}

static struct strs room_for_values(struct making *m)
{
    return (struct strs){ arena_make_n(m->arena, AFFILIATION_VALUES_MAX, struct str), 0 };
}

static void add_value(struct making *m, struct strs *list, struct str value)
{
    if (list->n < AFFILIATION_VALUES_MAX)
        list->at[list->n++] = arena_str(m->arena, value);
}

/* Lists: several values, or one with semicolons from a directory that knows no
 * lists [domain 2, rule 3].  What cannot be used keeps its place, since lists
 * belong together by position; places at the end that hold nothing are none. */
static struct strs split_values(struct making *m, const struct attribute *from)
{
    struct strs list = room_for_values(m);

    for (size_t i = 0; i < from->values.n; i++) {
        struct str rest = from->values.at[i], part;
        while (str_split(&rest, ';', &part)) {
            struct str value = map_one_text(m, part);
            if (value.p == NULL && !text_is_blank(part))
                map_note(m->notes, NOTE_TEXT_UNUSABLE, from->name, (struct str){ NULL, 0 });
            add_value(m, &list, value);
        }
    }
    while (list.n > 0 && list.at[list.n - 1].p == NULL)
        list.n--;
    return list;
}

/* Groups and classes: whatever is there. */
bool map_read_list(struct making *m, struct str *into, const struct attribute *from)
{
    struct strs values = split_values(m, from);

    (void)offer((struct listed *)(void *)into, from, values, values.n > 0);
    return true;
}

/* Notes each value that is no school of ours; true when one is. */
static bool weigh_schools(struct making *m, struct str attribute, const struct strs *values)
{
    bool usable = false;

    for (size_t i = 0; i < values->n; i++) {
        const struct school *s = school_of(m, values->at[i]);
        usable = usable || (s != NULL && s->active);
        if (values->at[i].p != NULL && (s == NULL || !s->active))
            map_note(m->notes, s == NULL ? NOTE_SCHOOL_UNKNOWN : NOTE_SCHOOL_CLOSED, attribute, values->at[i]);
    }
    return usable;
}

bool map_read_school(struct making *m, struct str *into, const struct attribute *from)
{
    struct listed *list = (struct listed *)(void *)into;

    if (!list->usable) {
        struct strs values = split_values(m, from);
        (void)offer(list, from, values, weigh_schools(m, from->name, &values));
    }
    return true;
}

/* "99501;Testi-Juolukkapuron koulu" and "1.2.246.…;Testi-Juolukkapuron koulu": both name one school. */
bool map_read_school_info(struct making *m, struct str *into, const struct attribute *from)
{
    struct listed *list = (struct listed *)(void *)into;
    struct strs values = room_for_values(m);

    for (size_t i = 0; i < from->values.n && !list->usable; i++) {
        struct str code = map_one_text(m, str_sub(from->values.at[i], 0, str_find_byte(from->values.at[i], ';', 0)));
        const struct school *s = school_of(m, code);
        code = s != NULL ? s->oid : code;
        if (code.p != NULL && !strs_has(&values, code))
            add_value(m, &values, code);
    }
    if (!list->usable)
        (void)offer(list, from, values, weigh_schools(m, from->name, &values));
    return true;
}

/* True when the word says something that we do not understand. */
static bool is_unknown_role(struct making *m, struct str attribute, struct str said)
{
    if (!str_is_set(said) || is_no_role(m, said) || is_role(m, said) || role_says_nothing(m->arena, said))
        return false;
    map_note(m->notes, NOTE_ROLE_UNKNOWN, attribute, said);
    m->role_was_said = true;
    return true;
}

static bool offer_roles(struct making *m, struct listed *list, const struct attribute *from, struct strs values,
                        bool everywhere)
{
    bool usable = false;

    for (size_t i = 0; i < values.n; i++)
        usable = is_role(m, values.at[i]) || usable;
    if (!offer(list, from, values, usable))
        return false;
    m->lists.roles_everywhere = everywhere;
    m->lists.roles_placed = false;
    return true;
}

/* Roles that belong to schools by their places. */
bool map_read_roles(struct making *m, struct str *into, const struct attribute *from)
{
    struct listed *list = (struct listed *)(void *)into;
    struct strs values = split_values(m, from);

    for (size_t i = 0; i < values.n && !list->usable; i++)
        (void)is_unknown_role(m, from->name, values.at[i]);
    (void)offer_roles(m, list, from, values, false);
    return true;
}

/* Roles in no order (app roles, eduPersonAffiliation): those that we understand, each at every school. */
bool map_read_role_set(struct making *m, struct str *into, const struct attribute *from)
{
    struct listed *list = (struct listed *)(void *)into;
    struct strs said = split_values(m, from), values = room_for_values(m);

    for (size_t i = 0; i < said.n && !list->usable; i++)
        if (is_role(m, said.at[i]))
            add_value(m, &values, said.at[i]);
        else
            (void)is_unknown_role(m, from->name, said.at[i]);
    (void)offer_roles(m, list, from, values, true);
    return true;
}

/* Groups: those that the city's row calls a role; of all others nothing is known. */
bool map_read_group_roles(struct making *m, struct str *into, const struct attribute *from)
{
    struct listed *list = (struct listed *)(void *)into;
    struct strs values = room_for_values(m);
    struct str first = { NULL, 0 };

    if (list->usable)
        return true;
    for (size_t i = 0; i < from->values.n; i++) {
        struct str group = map_one_text(m, from->values.at[i]);
        if (is_no_role(m, group))
            continue;
        if (role_named(m, group).p != NULL)
            add_value(m, &values, group);
        else if (first.p == NULL)
            first = group;
    }
    (void)offer_roles(m, list, from, values, true);
    if (values.n == 0 && first.p != NULL && !m->role_declined)
        map_note(m->notes, NOTE_GROUPS_WITHOUT_ROLE, from->name, first);
    return true;
}

void map_use_own_words(struct making *m)
{
    struct strs *roles = &m->lists.roles.values;

    for (size_t i = 0; i < roles->n; i++) {
        struct str own = role_named(m, roles->at[i]);
        roles->at[i] = own.p != NULL ? own : roles->at[i];
    }
}

void map_use_default_role(struct making *m)
{
    struct affiliation_lists *l = &m->lists;

    if (m->idp->role == ROLE_NONE || m->role_was_said || m->whole.n > 0 || l->roles.usable ||
        map_notes_find(m->notes, NOTE_GROUPS_OVERAGE) != NULL)
        return;
    l->roles = (struct listed){ room_for_values(m), S("-"), true };
    l->roles_placed = false;
    l->roles_everywhere = true;
    add_value(m, &l->roles.values, str_of(role_name(m->idp->role)));
}

void map_use_own_school(struct making *m)
{
    struct affiliation_lists *l = &m->lists;

    if (l->schools.values.n > 0 || !str_is_set(m->idp->school))
        return;
    l->schools.values = room_for_values(m);
    for (size_t i = 0; i < (l->roles_everywhere ? 1 : l->roles.values.n); i++)
        add_value(m, &l->schools.values, m->idp->school);
}

/* Puavo's schools and groups: objects, which name one another by abbreviations. */
struct named_object {
    struct str school_code, oid, name, abbreviation, school_abbreviation, type, charge;
};

/* A member that is null, or of another type, is as if it were not there; a code may come as a number. */
static struct str member(const struct making *m, const struct json_value *object, struct str name)
{
    const struct json_value *v = json_get(object, name);

    return v != NULL && (v->type == JSON_STR || v->type == JSON_INT) ? map_one_text(m, v->text)
                                                                     : (struct str){ NULL, 0 };
}

/* A list of JSON objects, of which some members count; what is no object keeps its place. */
static struct named_object object_of(struct making *m, struct str attribute, struct str value)
{
    struct fail unread = { 0 };
    const struct json_value *v = json_parse(m->arena, value, &unread);

    if (v == NULL || v->type != JSON_OBJECT) {
        map_note(m->notes, NOTE_VALUE_MALFORMED, attribute, value);
        return (struct named_object){ .oid = { NULL, 0 } };
    }
    return (struct named_object){ .school_code = member(m, v, S("school_code")),
                                  .oid = member(m, v, S("oid")),
                                  .name = member(m, v, S("name")),
                                  .abbreviation = member(m, v, S("abbreviation")),
                                  .school_abbreviation = member(m, v, S("school_abbreviation")),
                                  .type = member(m, v, S("type")),
                                  .charge = member(m, v, S("mpass_learning_materials_charge")) };
}

static void charge_at(struct affiliation_lists *l, const struct school *s, struct str said)
{
    if (s != NULL && charge_said(said) > 0 && l->charge_at_count < PERSON_AFFILIATIONS_MAX)
        l->charge_at[l->charge_at_count++] = (struct school_charge){ s, charge_said(said) };
}

bool map_read_school_objects(struct making *m, struct str *into, const struct attribute *from)
{
    struct listed *list = (struct listed *)(void *)into;
    struct strs values = room_for_values(m), marks = room_for_values(m);

    if (list->usable)
        return true;
    for (size_t i = 0; i < from->values.n; i++) {
        struct named_object said = object_of(m, from->name, from->values.at[i]);
        struct str school = str_is_set(said.school_code) ? said.school_code : said.oid;
        charge_at(&m->lists, school_of(m, school), said.charge);
        add_value(m, &values, school);
        add_value(m, &marks, said.abbreviation);
    }
    if (offer(list, from, values, weigh_schools(m, from->name, &values)))
        m->school_marks = marks;
    return true;
}

/* A person's class is the teaching group; clubs and lists of addresses are groups, too. */
static int class_rank(struct str type)
{
    return str_eq(type, S("teaching group")) ? 3 : str_eq(type, S("year class")) ? 2 : str_is_set(type) ? 0 : 1;
}

/* Groups that name their school stand at its place, the one that is a class first. */
static struct strs placed_groups(struct making *m, const struct named_object *groups, size_t n)
{
    struct strs values = room_for_values(m);

    for (size_t s = 0; s < m->school_marks.n; s++) {
        struct str best = { NULL, 0 };
        int rank = 0;
        for (size_t i = 0; i < n; i++)
            if (class_rank(groups[i].type) > rank && str_is_set(m->school_marks.at[s]) &&
                str_eq(groups[i].school_abbreviation, m->school_marks.at[s])) {
                best = groups[i].name;
                rank = class_rank(groups[i].type);
            }
        add_value(m, &values, best);
    }
    return values;
}

bool map_read_group_objects(struct making *m, struct str *into, const struct attribute *from)
{
    struct listed *list = (struct listed *)(void *)into;
    struct named_object *groups = arena_make_n(m->arena, from->values.n, struct named_object);
    struct strs values = room_for_values(m);
    bool placed = false;

    if (list->usable)
        return true;
    for (size_t i = 0; i < from->values.n; i++) {
        groups[i] = object_of(m, from->name, from->values.at[i]);
        placed = placed || str_is_set(groups[i].school_abbreviation);
        if (class_rank(groups[i].type) > 0)
            add_value(m, &values, groups[i].name);
    }
    if (placed && m->school_marks.n > 0)
        values = placed_groups(m, groups, from->values.n);
    (void)offer(list, from, values, values.n > 0);
    return true;
}

static bool looks_like_school(struct str text)
{
    int64_t number;

    return (text.n == 5 && str_int(text, &number)) || str_find_byte(text, '.', 0) < text.n;
}

/* Free (0) or paid (1): by position, or "0;99501" with the school that it is said of, whose OID may follow once more.
 */
bool map_read_charge(struct making *m, struct str *into, const struct attribute *from)
{
    struct affiliation_lists *l = &m->lists;
    struct listed *list = (struct listed *)(void *)into;
    struct strs said = split_values(m, from), values = room_for_values(m);
    bool usable = false;

    for (size_t i = 0; i < said.n && !list->usable && l->charge_at_count == 0; i++)
        if (charge_said(said.at[i]) == 0 && said.at[i].p != NULL && !looks_like_school(said.at[i]))
            map_note(m->notes, NOTE_CHARGE_UNKNOWN, from->name, said.at[i]);
    if (list->usable || l->charge_at_count > 0)
        return true;
    for (size_t i = 0; i < said.n; i++) {
        const struct school *s = i + 1 < said.n ? school_of(m, said.at[i + 1]) : NULL;
        if (i + 1 < said.n && looks_like_school(said.at[i + 1])) {
            charge_at(l, s, said.at[i]);
            i++;
        } else {
            usable = usable || charge_said(said.at[i]) > 0;
            add_value(m, &values, said.at[i]);
        }
    }
    (void)offer(list, from, values, usable);
    return true;
}

/* "7", "07", "7.", "7. luokka" */
static bool level_of(struct str text, int64_t *out)
{
    size_t digits = 0;

    while (digits < text.n && text.p[digits] >= '0' && text.p[digits] <= '9')
        digits++;
    return digits > 0 && (digits == text.n || text.p[digits] == '.' || text.p[digits] == ' ') &&
           str_int(str_sub(text, 0, digits), out);
}

bool map_read_number(struct making *m, struct str *into, const struct attribute *from)
{
    (void)into;
    for (size_t i = 0; i < from->values.n && m->lists.class_level == 0; i++) {
        struct str said = map_one_text(m, from->values.at[i]);
        int64_t v = -1;
        if (level_of(said, &v) && v >= 1 && v <= 12)
            m->lists.class_level = (int)v;
        else if (said.p != NULL && v != 0) /* 0 is the year before school, for which we have no number */
            map_note(m->notes, NOTE_CLASS_LEVEL_UNKNOWN, from->name, said);
    }
    return true;
}

typedef bool affiliation_reader(struct arena *, const struct provider *, struct str, struct affiliation *,
                                struct why_not *);

/* "…;99101;7B;OPE;;;": with the role in our words, where the row says what the city's word means. */
static struct str in_our_words(struct making *m, struct str value, struct str word)
{
    struct str own = str_is_set(word) ? role_named(m, word) : (struct str){ NULL, 0 }, part;
    struct buf b = buf_new(m->arena, value.n + own.n * (value.n + 1));

    if (own.p == NULL)
        return own;
    for (size_t i = 0; str_split(&value, ';', &part); i++) {
        if (i > 0)
            buf_byte(&b, ';');
        buf_add(&b, str_eq(text_trim(part), word) ? own : part);
    }
    return buf_str(&b);
}

static bool read_affiliation(struct making *m, affiliation_reader *read, struct str value, struct affiliation *out,
                             struct why_not *why)
{
    if (value.p == NULL || read(m->arena, m->idp->provider, value, out, why))
        return value.p != NULL;
    bool asks = why->kind == NOTE_ROLE_UNKNOWN && !is_no_role(m, why->value);
    struct str ours = asks ? in_our_words(m, value, why->value) : (struct str){ NULL, 0 };
    if (ours.p == NULL)
        return false;
    *out = (struct affiliation){ 0 };
    *why = (struct why_not){ NOTE_NONE, { NULL, 0 } };
    return read(m->arena, m->idp->provider, ours, out, why);
}

/* Values that say everything of one affiliation each.  The first attribute that brings one counts. */
static bool each_affiliation(struct making *m, const struct attribute *from, affiliation_reader *read)
{
    struct affiliations *whole = &m->whole;

    if (whole->n > 0)
        return true;
    for (size_t i = 0; i < from->values.n; i++) {
        struct affiliation one = { 0 };
        struct why_not why = { NOTE_NONE, { NULL, 0 } };
        struct str value = map_one_text(m, from->values.at[i]);
        bool good = read_affiliation(m, read, value, &one, &why);
        m->role_was_said = m->role_was_said || value.p != NULL;
        if (!good && why.kind == NOTE_ROLE_UNKNOWN && is_no_role(m, why.value))
            continue;
        if (good && why.kind != NOTE_NONE) /* a part of it */
            map_note(m->notes, why.kind, from->name, why.value);
        if (good && affiliations_add(whole, &one))
            continue;
        m->notes->left_out++;
        if (text_trim(from->values.at[i]).n > 0)
            map_note(m->notes,
                     good                    ? NOTE_TOO_MANY
                     : why.kind != NOTE_NONE ? why.kind
                                             : NOTE_VALUE_MALFORMED,
                     from->name, why.value);
    }
    return true;
}

bool map_read_mpass_role(struct making *m, struct str *into, const struct attribute *from)
{
    (void)into;
    return each_affiliation(m, from, affiliation_of_mpass);
}

bool map_read_edu_role(struct making *m, struct str *into, const struct attribute *from)
{
    (void)into;
    return each_affiliation(m, from, affiliation_of_edu);
}

/* MPASSid's oldest name was used for whole values and, beside those, for the bare word: "Oppilas". */
bool map_read_old_role(struct making *m, struct str *into, const struct attribute *from)
{
    struct attribute whole = { .name = from->name, .values = room_for_values(m) };
    struct attribute words = { .name = from->name, .values = room_for_values(m) };

    (void)into;
    for (size_t i = 0; i < from->values.n; i++) {
        struct str value = from->values.at[i];
        bool bare = text_trim(value).n > 0 && str_find_byte(value, ';', 0) == value.n;
        add_value(m, bare ? &words.values : &whole.values, value);
    }
    if (!each_affiliation(m, &whole, affiliation_of_mpass))
        return false;
    for (size_t i = 0; i < words.values.n && !m->lists.roles.usable; i++)
        (void)is_unknown_role(m, from->name, words.values.at[i]);
    if (offer_roles(m, &m->lists.roles, from, words.values, false))
        m->lists.roles_placed = true;
    return true;
}

/* Where the person is at home: the provider's OID, or its municipality. */
bool map_read_home(struct making *m, struct str *into, const struct attribute *from)
{
    (void)into;
    for (size_t i = 0; i < from->values.n; i++)
        if (affiliation_names_provider(m->arena, m->idp->provider, text_trim(from->values.at[i])))
            m->lists.home_is_ours = true;
    return true;
}

/* role@scope [eduPersonScopedAffiliation]: a role with the provider itself. */
bool map_read_scoped_role(struct making *m, struct str *into, const struct attribute *from)
{
    (void)into;
    if (m->whole.n > 0)
        return true;
    for (size_t i = 0; i < from->values.n; i++) {
        struct str value = text_trim(from->values.at[i]), word = str_sub(value, 0, str_find_byte(value, '@', 0));
        struct str own = role_named(m, word);
        struct affiliation one = { .role = own.p != NULL ? role_of_name(own) : role_spelled(m->arena, word) };
        bool ours = m->idp->provider != NULL && map_scope_is_ours(m, value);
        if (ours)
            one.provider_oid = m->idp->provider->oid;
        if ((one.role != ROLE_NONE && ours && affiliations_add(&m->whole, &one)) || is_no_role(m, word))
            continue;
        m->notes->left_out++;
        if (one.role != ROLE_NONE && !ours)
            map_note(m->notes, NOTE_SCOPE_FOREIGN, from->name, str_from(value, str_find_byte(value, '@', 0)));
        else
            (void)is_unknown_role(m, from->name, word);
    }
    return true;
}
