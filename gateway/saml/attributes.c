/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/saml/attributes.h"

#include "gateway/saml/names.def"
#include "wire/json.h"

enum preset { PRESET_NONE = 0, PRESET_MPASSID, PRESET_EDUPERSON, PRESET_PLAIN };
enum said { SAID_NATIVE = 0, SAID_MPASS, SAID_COUNT };
enum turn { TURN_AS_IT_IS = 0, TURN_AFFILIATION, TURN_SCOPED };

struct name_row {
    enum preset preset;
    enum claim claim;
    enum said said;
    struct str member, inner;
    enum turn turn;
    struct str name, friendly;
    enum attribute_format format;
};

static const struct name_row rows[] = {
#define X(preset, claim, said, member, inner, turn, name, friendly, format)                                            \
    { PRESET_##preset, CLAIM_##claim, SAID_##said, S(member),         S(inner),                                        \
      TURN_##turn,     S(name),       S(friendly), ATTRIBUTE_##format },
    SAML_NAMES(X)
#undef X
};
enum { ROWS = sizeof rows / sizeof *rows };

struct telling_all {
    struct arena *arena;
    const struct release *r;
    struct str scope;
    const struct json_value *said[SAID_COUNT];
    struct told_attributes out;
    size_t room;
};

/* ── values ─────────────────────────────────────────────────────────────── */

static struct str role_as_affiliation(struct str role)
{
    return str_of(role_edu_affiliation(role_of_name(role)));
}

static void add_value(struct telling_all *t, struct strs *values, enum turn turn, struct str value)
{
    if (turn != TURN_AS_IT_IS)
        value = role_as_affiliation(value);
    if (turn == TURN_SCOPED && str_is_set(value))
        value = arena_printf(t->arena, "%.*s@%.*s", STR_ARG(value), STR_ARG(t->scope));
    if (str_is_set(value) && !strs_has(values, value))
        strs_add(t->arena, values, value);
}

static void add_json(struct telling_all *t, struct strs *values, const struct name_row *row, const struct json_value *v)
{
    if (v->type == JSON_OBJECT)
        v = json_get(v, row->inner);
    if (v != NULL && (v->type == JSON_STR || v->type == JSON_INT))
        add_value(t, values, row->turn, v->text);
}

static struct strs values_of(struct telling_all *t, const struct name_row *row)
{
    const struct json_value *v = json_get(t->said[row->said], row->member);
    struct strs values = { NULL, 0 };

    if (v != NULL && v->type == JSON_ARRAY)
        for (const struct json_value *each = v->first; each != NULL; each = each->next)
            add_json(t, &values, row, each);
    else if (v != NULL)
        add_json(t, &values, row, v);
    return values;
}

/* ── names ──────────────────────────────────────────────────────────────── */

static bool is_told(const struct told_attributes *all, struct str name)
{
    for (size_t i = 0; i < all->n; i++)
        if (str_eq(all->at[i].name, name))
            return true;
    return false;
}

/* One form may say what the other has no name for. */
static void note_claim(struct telling_all *t, enum claim claim)
{
    struct str word = str_of(claim_rows[claim].word);

    if (!str_has_word(t->out.words, word))
        t->out.words =
            arena_printf(t->arena, "%.*s%s%.*s", STR_ARG(t->out.words), t->out.words.n > 0 ? " " : "", STR_ARG(word));
}

static void tell(struct telling_all *t, const struct name_row *row, const struct attribute_name *as)
{
    struct strs values = values_of(t, row);

    if (values.n == 0 || t->out.n == t->room || is_told(&t->out, as->name))
        return;
    note_claim(t, row->claim);
    t->out.at[t->out.n++] =
        (struct told_attribute){ .name = as->name, .friendly = as->friendly, .format = as->format, .values = values };
}

static struct attribute_name name_of(const struct name_row *row)
{
    return (struct attribute_name){ .claim = row->claim,
                                    .name = row->name,
                                    .friendly = row->friendly.n > 0 ? row->friendly : (struct str){ NULL, 0 },
                                    .format = row->format };
}

bool attributes_claim_named(struct str name, enum claim *out)
{
    for (size_t i = 0; i < ROWS; i++)
        if (str_eq(rows[i].name, name)) {
            *out = rows[i].claim;
            return true;
        }
    return false;
}

static enum preset preset_of(const struct service *s)
{
    static const struct {
        struct str word;
        enum preset is;
    } words[] = { { S("mpassid"), PRESET_MPASSID },
                  { S("eduperson"), PRESET_EDUPERSON },
                  { S("plain"), PRESET_PLAIN } };

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_eq(words[i].word, s->saml.attributes_as))
            return words[i].is;
    return PRESET_NONE;
}

/* How a claim is said under a name of the row's own: as its preset says it; where that does not, plainly. */
static const struct name_row *row_of(enum preset preset, enum claim claim)
{
    const struct name_row *plain = NULL;

    for (size_t i = 0; i < ROWS; i++) {
        if (rows[i].claim == claim && rows[i].preset == preset)
            return &rows[i];
        if (rows[i].claim == claim && rows[i].preset == PRESET_PLAIN && plain == NULL)
            plain = &rows[i];
    }
    return plain;
}

static bool is_wanted(const struct strs *wanted, struct str name)
{
    return wanted == NULL || strs_has(wanted, name);
}

static void tell_own(struct telling_all *t, const struct strs *wanted)
{
    const struct strs *lines = &t->r->service->saml.attributes;
    enum preset preset = preset_of(t->r->service);
    struct attribute_name as;
    const char *trouble;

    for (size_t i = 0; i < lines->n; i++) {
        if (!attribute_name_read(lines->at[i], &as, &trouble) || !is_wanted(wanted, as.name))
            continue;
        const struct name_row *row = row_of(preset, as.claim);
        if (row != NULL)
            tell(t, row, &as);
    }
}

static void tell_presets(struct telling_all *t, const struct strs *wanted)
{
    enum preset own = preset_of(t->r->service);

    for (int others = 0; others < 2; others++)
        for (size_t i = 0; i < ROWS; i++) {
            const struct attribute_name as = name_of(&rows[i]);
            if ((rows[i].preset == own) != (others == 0) || (others == 1 && wanted == NULL))
                continue;
            if (is_wanted(wanted, as.name))
                tell(t, &rows[i], &as);
        }
}

/* ── the whole ──────────────────────────────────────────────────────────── */

static const struct json_value *say(struct telling_all *t, enum said as, struct str *words)
{
    struct release r = *t->r;
    struct fail never = { 0 };

    r.whole = true;
    r.as = as == SAID_MPASS ? RELEASE_AS_MPASS : RELEASE_AS_NATIVE;
    return json_parse(t->arena, release_claims_told(t->arena, &r, words), &never);
}

struct told_attributes attributes_told(struct arena *a, const struct release *r, const struct strs *wanted,
                                       struct str scope)
{
    struct telling_all t = { .arena = a, .r = r, .scope = scope, .room = ROWS + r->service->saml.attributes.n };
    struct str mpass_words;

    t.out.at = arena_make_n(a, t.room, struct told_attribute);
    t.said[SAID_NATIVE] = say(&t, SAID_NATIVE, &t.out.words);
    if (preset_of(r->service) == PRESET_MPASSID || wanted != NULL || person_acts(r->person))
        t.said[SAID_MPASS] = say(&t, SAID_MPASS, &mpass_words);
    tell_own(&t, wanted);
    tell_presets(&t, wanted);
    return t.out;
}

struct str attributes_json(struct arena *a, const struct told_attributes *told, struct str name)
{
    struct json_out o = json_out(a, RELEASE_MAX_B);

    json_begin_object(&o);
    json_put_str(&o, S("NameID"), name);
    for (size_t i = 0; i < told->n; i++) {
        json_key(&o, told->at[i].name);
        json_begin_array(&o);
        for (size_t k = 0; k < told->at[i].values.n; k++)
            json_str(&o, told->at[i].values.at[k]);
        json_end_array(&o);
    }
    json_end_object(&o);
    return json_done(&o);
}

struct str attributes_shown(struct arena *a, const struct release *r)
{
    const struct told_attributes told = attributes_told(a, r, NULL, S("…"));

    return attributes_json(a, &told, r->sub);
}
