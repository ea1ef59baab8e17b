/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/words.h"

#include "model/when.h"
#include "policy/conditions.h"
#include "policy/form.h"
#include "policy/text_check.h"
#include "policy/windows.h"

enum word {
    T_NONE = 0,
#define TEXT(key, fi, sv, en) T_##key,
#include "policy/texts.def"
#undef TEXT
    T_COUNT
};

static const char *const words[T_COUNT][LANG_COUNT] = {
    [T_NONE] = { "", "", "" },
#define TEXT(key, fi, sv, en) [T_##key] = { fi, sv, en },
#include "policy/texts.def"
#undef TEXT
};

enum { WORDS_MAX_B = 1 << 16, NAMES_SHOWN = 8 };

#define NBSP   "\xc2\xa0"
#define JOINER "\xe2\x81\xa0" /* a range stays in one line */

struct saying { /* something, in a language */
    struct arena *a;
    const struct registry *r;
    enum lang lang;
};

static struct str word(const struct saying *w, enum word key)
{
    return str_of(words[key][w->lang]);
}

/* The text with x in the place of {x}. */
static struct str fill(const struct saying *w, enum word key, struct str x)
{
    struct str text = word(w, key);
    size_t at = str_find(text, S("{x}"));

    if (at == text.n)
        return text;
    return arena_join(w->a, arena_join(w->a, str_sub(text, 0, at), x), str_from(text, at + 3));
}

/* "A, B ja C"; of many the first ones: "A, B … ja 292 muuta". */
static struct str joined(const struct saying *w, const struct strs *list)
{
    struct buf b = buf_new(w->a, WORDS_MAX_B);
    size_t shown = list->n > NAMES_SHOWN + 1 ? NAMES_SHOWN : list->n;

    for (size_t i = 0; i < shown; i++) {
        if (i > 0 && i + 1 == list->n)
            buf_printf(&b, " %s ", words[T_policy_and][w->lang]);
        else if (i > 0)
            buf_add(&b, S(", "));
        buf_add(&b, list->at[i]);
    }
    if (shown < list->n) {
        struct str others = fill(w, T_policy_others, arena_printf(w->a, "%zu", list->n - shown));
        buf_printf(&b, " %s %.*s", words[T_policy_and][w->lang], STR_ARG(others));
    }
    return buf_str(&b);
}

static void add_filled(const struct saying *w, struct strs *parts, enum word one, enum word many,
                       const struct strs *names)
{
    if (names->n > 0)
        strs_add(w->a, parts, fill(w, names->n == 1 ? one : many, joined(w, names)));
}

/* ---- Who. */

static struct strs school_names(const struct saying *w, const struct strs *uids)
{
    struct strs names = { 0 };

    for (size_t i = 0; i < uids->n; i++) {
        const struct provider *p;
        const struct school *s = school_of_uid(w->r, uids->at[i], &p);
        strs_add(w->a, &names, s != NULL ? names_in(&s->names, w->lang) : uids->at[i]);
    }
    return names;
}

/* "7B (Kuusela)" */
static struct strs group_names(const struct saying *w, const struct strs *uids)
{
    struct strs names = { 0 };

    for (size_t i = 0; i < uids->n; i++) {
        const struct provider *p;
        struct str uid = uids->at[i];
        size_t at = str_find_byte(uid, '/', str_find_byte(uid, '/', 0) + 1);
        const struct school *s = at < uid.n ? school_of_uid(w->r, str_sub(uid, 0, at), &p) : NULL;
        struct str group = str_from(uid, at + 1);
        struct str school = s != NULL ? names_in(&s->names, w->lang) : S("");
        strs_add(w->a, &names, s != NULL ? arena_printf(w->a, "%.*s (%.*s)", STR_ARG(group), STR_ARG(school)) : uid);
    }
    return names;
}

static struct str place(const struct saying *w, const struct whom *whom)
{
    const struct provider *p = registry_provider(w->r, whom->provider);
    struct strs parts = { 0 }, schools = school_names(w, &whom->schools);

    if (whom->provider.p != NULL)
        strs_add(w->a, &parts, p != NULL ? names_in(&p->names, w->lang) : whom->provider);
    add_filled(w, &parts, T_policy_school, T_policy_schools, &schools);
    if (parts.n == 0)
        strs_add(w->a, &parts, word(w, T_policy_everywhere));
    struct buf b = buf_new(w->a, WORDS_MAX_B);
    for (size_t i = 0; i < parts.n; i++) {
        buf_add(&b, i > 0 ? S(", ") : S(""));
        buf_add(&b, parts.at[i]);
    }
    if (whom->provider.p == NULL && b.p[0] >= 'a' && b.p[0] <= 'z') /* "koulu": it begins a sentence */
        b.p[0] = (char)(b.p[0] - 'a' + 'A');
    return buf_str(&b);
}

/* Who is denied is nobody, rather than everybody not: "alla får inte" may mean that some may. */
static struct str role_words(const struct saying *w, uint32_t roles, bool denied)
{
    static const enum word of[ROLE_COUNT] = {
#define X(role, name, code, mpass, affiliation) [ROLE_##role] = T_policy_role_##role,
        ROLES(X)
#undef X
    };
    struct strs list = { 0 };

    if (roles == 0)
        return word(w, denied ? T_policy_nobody : T_policy_everybody);
    if (roles == ROLES_ANY)
        return word(w, denied ? T_policy_nobody_with_role : T_policy_any_role);
    for (int i = ROLE_NONE + 1; i < ROLE_COUNT; i++)
        if ((roles >> i & 1) != 0)
            strs_add(w->a, &list, word(w, of[i]));
    return joined(w, &list);
}

static struct str age_words(const struct saying *w, uint32_t ages)
{
    static const enum word of[] = { T_NONE, T_policy_age_under13, T_policy_age_13to17, T_policy_age_adult };
    struct strs list = { 0 };

    for (unsigned i = AGE_UNDER13; i <= AGE_ADULT; i++)
        if ((ages >> i & 1) != 0)
            strs_add(w->a, &list, word(w, of[i]));
    return joined(w, &list);
}

static struct str level_words(const struct saying *w, int from, int to)
{
    return from == to ? fill(w, T_policy_level, arena_printf(w->a, "%d", from))
                      : fill(w, T_policy_levels, arena_printf(w->a, "%d–" JOINER "%d", from, to));
}

/* "oppilaat, luokat 7–9, ryhmä 7B (Kuusela),": what limits them stands between commas. */
static struct str people(const struct saying *w, const struct whom *whom, bool denied)
{
    struct strs limits = { 0 }, groups = group_names(w, &whom->groups);
    struct buf b = buf_new(w->a, WORDS_MAX_B);

    if (whom->level_from > 0)
        strs_add(w->a, &limits, level_words(w, whom->level_from, whom->level_to));
    add_filled(w, &limits, T_policy_group, T_policy_groups, &groups);
    if (whom->ages != 0)
        strs_add(w->a, &limits, age_words(w, whom->ages));
    buf_add(&b, role_words(w, whom->roles, denied));
    for (size_t i = 0; i < limits.n; i++) {
        buf_add(&b, S(", "));
        buf_add(&b, limits.at[i]);
    }
    buf_add(&b, limits.n > 0 ? S(",") : S(""));
    return buf_str(&b);
}

/* ---- What. */

struct which_words {
    enum word one, many, category, categories, all;
};

#define WHICH_WORDS(how)                                                                                               \
    {                                                                                                                  \
        T_policy_##how##_one, T_policy_##how##_many, T_policy_##how##_category, T_policy_##how##_categories,           \
            T_policy_##how##_all                                                                                       \
    }

static struct str services(const struct saying *w, const struct which *which, const struct which_words *of)
{
    struct strs names = { 0 }, quoted = { 0 }, parts = { 0 };

    for (size_t i = 0; i < which->services.n; i++) {
        const struct service *s = registry_service(w->r, which->services.at[i]);
        strs_add(w->a, &names, s != NULL ? names_in(&s->names, w->lang) : which->services.at[i]);
    }
    for (size_t i = 0; i < which->categories.n; i++)
        strs_add(w->a, &quoted, fill(w, T_policy_quoted, which->categories.at[i]));
    add_filled(w, &parts, of->one, of->many, &names);
    add_filled(w, &parts, of->category, of->categories, &quoted);
    return parts.n > 0 ? joined(w, &parts) : word(w, of->all);
}

static struct str claim_words(const struct saying *w, struct claim_set claims)
{
    static const enum word of[CLAIM_COUNT] = {
#define X(claim, word, tells, scope, native, mpass) [CLAIM_##claim] = T_policy_tells_##claim,
        CLAIMS(X)
#undef X
    };
    struct buf b = buf_new(w->a, WORDS_MAX_B);

    if (claims.bits == 0)
        return word(w, T_policy_told_everything);
    for (int i = 0; i < CLAIM_COUNT; i++)
        if (claim_in(claims, (enum claim)i)) {
            buf_add(&b, b.n > 0 ? S(", ") : S(""));
            buf_add(&b, word(w, of[i]));
        }
    return buf_str(&b);
}

/* ---- When. */

static struct str clock(const struct saying *w, int minute, bool minutes)
{
    const char *dot = w->lang == LANG_EN ? ":" : ".";

    return minutes || w->lang == LANG_EN ? arena_printf(w->a, "%d%s%02d", minute / 60, dot, minute % 60)
                                         : arena_printf(w->a, "%d", minute / 60);
}

static struct str hours_words(const struct saying *w, const struct hours *h)
{
    bool minutes = h->minute_from % 60 != 0 || h->minute_to % 60 != 0;
    struct str from = clock(w, h->minute_from, minutes), to = clock(w, h->minute_to, minutes);
    struct str range = w->lang == LANG_EN ? arena_printf(w->a, "%.*s and %.*s", STR_ARG(from), STR_ARG(to))
                                          : arena_printf(w->a, "%.*s–" JOINER "%.*s", STR_ARG(from), STR_ARG(to));
    struct str text = fill(w, T_policy_hours, range);
    struct buf b = buf_new(w->a, 256);

    for (size_t i = 0; i < text.n; i++) /* "klo 8" stays in one line */
        buf_add(&b, text.p[i] == ' ' ? S(NBSP) : str_sub(text, i, 1));
    return buf_str(&b);
}

static struct str day_words(const struct saying *w, unsigned days)
{
    enum { MONDAY_TO_FRIDAY = 0x3E, WEEKEND = 0xC0 };
    struct strs list = { 0 };

    if (days == MONDAY_TO_FRIDAY)
        return word(w, T_policy_weekdays);
    if (days == WEEKEND)
        return word(w, T_policy_weekends);
    for (int i = 1; i <= 7; i++)
        if ((days >> i & 1) != 0)
            strs_add(w->a, &list, word(w, (enum word)(T_policy_day_1 + i - 1)));
    return fill(w, T_policy_on_days, joined(w, &list));
}

static struct str device_word(const struct saying *w, enum device_class device)
{
    return word(w, device == DEVICE_OWN ? T_policy_own_device : T_policy_shared_device);
}

static struct str assurance_words(const struct saying *w, int assurance)
{
    static const enum word of[] = { T_NONE, T_policy_assurance_1, T_policy_assurance_2, T_policy_assurance_3 };

    return word(w, of[assurance <= 3 ? assurance : 3]);
}

static struct str days_words(const struct saying *w, unsigned days)
{
    static const enum word of[DAY_COUNT] = { [DAY_UNKNOWN] = T_policy_day_unknown,
#define X(day, word) [DAY_##day] = T_policy_day_##day,
                                             DAY_KINDS(X)
#undef X
    };
    struct strs list = { 0 };

    for (int day = DAY_UNKNOWN; day < DAY_COUNT; day++)
        if ((days >> day & 1) != 0)
            strs_add(w->a, &list, word(w, of[day]));
    return joined(w, &list);
}

static struct str network_words(const struct saying *w, const struct strs *ids)
{
    const struct registry_parts *parts = registry_parts(w->r);
    struct strs names = { 0 };

    if (ids->n == 0)
        return word(w, T_policy_in_network);
    for (size_t i = 0; i < ids->n; i++) {
        struct str name = ids->at[i];
        for (size_t k = 0; k < parts->network_count; k++)
            if (str_eq(parts->networks[k].id, ids->at[i]))
                name = names_in(&parts->networks[k].names, w->lang);
        strs_add(w->a, &names, name);
    }
    return fill(w, names.n == 1 ? T_policy_network : T_policy_networks, joined(w, &names));
}

static struct str exam_words(const struct saying *w, enum exam_ask exam)
{
    return word(w, exam == EXAM_DURING ? T_policy_in_exam : T_policy_no_exam);
}

static void add_hours(const struct saying *w, struct buf *b, const struct hours *h)
{
    if (h->days != 0) {
        buf_byte(b, ' ');
        buf_add(b, days_words(w, h->days));
    }
    if (h->weekdays != 0) {
        buf_byte(b, ' ');
        buf_add(b, day_words(w, h->weekdays));
    }
    if (h->minute_from != 0 || h->minute_to != 0) {
        buf_byte(b, ' ');
        buf_add(b, hours_words(w, h));
    }
    if (h->device != DEVICE_ANY) {
        buf_byte(b, ' ');
        buf_add(b, device_word(w, h->device));
    }
    if (h->assurance > 0) {
        buf_add(b, S(", "));
        buf_add(b, assurance_words(w, h->assurance));
    }
    if (h->in_network) {
        buf_add(b, S(", "));
        buf_add(b, network_words(w, &h->networks));
    }
    if (h->exam != EXAM_ANY) {
        buf_add(b, S(", "));
        buf_add(b, exam_words(w, h->exam));
    }
}

/* ---- One condition alone. */

static struct str listed_words(const struct saying *w, enum word one, enum word many, const struct strs *names)
{
    return fill(w, names->n == 1 ? one : many, joined(w, names));
}

struct str condition_words(struct arena *a, const struct registry *r, const struct statement *s, enum condition_of of,
                           enum lang lang)
{
    const struct saying w = { a, r, lang };
    struct strs names;

    switch (of) {
    case CONDITION_PLACE:
        return s->whom.provider.p == NULL && s->whom.schools.n > 0
                   ? (names = school_names(&w, &s->whom.schools),
                      listed_words(&w, T_policy_school, T_policy_schools, &names))
                   : place(&w, &s->whom);
    case CONDITION_ROLE:
        return role_words(&w, s->whom.roles, false);
    case CONDITION_LEVEL:
        return level_words(&w, s->whom.level_from, s->whom.level_to);
    case CONDITION_GROUP:
        names = group_names(&w, &s->whom.groups);
        return listed_words(&w, T_policy_group, T_policy_groups, &names);
    case CONDITION_AGE:
        return age_words(&w, s->whom.ages);
    case CONDITION_DAY:
        return day_words(&w, s->hours.weekdays);
    case CONDITION_HOURS:
        return hours_words(&w, &s->hours);
    case CONDITION_DEVICE:
        return device_word(&w, s->hours.device);
    case CONDITION_ASSURANCE:
        return assurance_words(&w, s->hours.assurance);
    case CONDITION_TERM:
        return days_words(&w, s->hours.days);
    case CONDITION_NETWORK:
        return network_words(&w, &s->hours.networks);
    case CONDITION_EXAM:
        return exam_words(&w, s->hours.exam);
    case CONDITION_REST:
        return fill(&w, T_policy_more, s->rest);
    default:
        return S("");
    }
}

struct str condition_is(struct arena *a, const struct registry *r, const struct standing *who, enum condition_of of,
                        enum lang lang)
{
    const struct affiliation *at = who->at;
    const struct saying w = { a, r, lang };
    const struct school *s =
        provider_school(who->provider, str_is_set(at->school_oid) ? at->school_oid : at->school_code);
    struct str network;
    struct strs names = { &network, 0 };

    switch (of) {
    case CONDITION_PLACE:
        return names_in(s != NULL ? &s->names : &who->provider->names, lang);
    case CONDITION_LEVEL:
        return at->class_level > 0 ? level_words(&w, at->class_level, at->class_level) : word(&w, T_policy_no_level);
    case CONDITION_GROUP:
        return str_is_set(at->group) ? fill(&w, T_policy_group, at->group) : word(&w, T_policy_no_group);
    case CONDITION_AGE:
        return who->person->age != AGE_UNKNOWN ? age_words(&w, 1u << who->person->age) : word(&w, T_policy_no_age);
    case CONDITION_DAY:
    case CONDITION_HOURS:
        return when_full(a, who->now->now_s, lang);
    case CONDITION_DEVICE:
        return device_word(&w, who->now->shared_device ? DEVICE_SHARED : DEVICE_OWN);
    case CONDITION_TERM:
        return days_words(&w, 1u << windows_at(a, r, who->provider, at, who->now).day);
    case CONDITION_NETWORK:
        names.at[0] = windows_at(a, r, who->provider, at, who->now).network;
        names.n = str_is_set(names.at[0]);
        return names.n > 0 ? network_words(&w, &names) : word(&w, T_policy_no_network);
    case CONDITION_EXAM:
        return exam_words(&w, windows_at(a, r, who->provider, at, who->now).exam ? EXAM_DURING : EXAM_OUTSIDE);
    default:
        return S(""); /* the role: its word is the pages'; the rest has none */
    }
}

/* ---- Whole statements. */

static void add_open(const struct saying *w, struct buf *b, const struct statement *s)
{
    static const struct which_words open = WHICH_WORDS(open), shut = WHICH_WORDS(shut);
    bool denied = s->does == DOES_OPEN && s->forbid, nobody = s->whom.roles == 0 || s->whom.roles == ROLES_ANY;
    enum word verb = s->does == DOES_LEAVE ? (s->forbid ? T_policy_school_not : T_policy_school_says)
                     : !denied             ? T_policy_may_open
                     : nobody              ? T_policy_nobody_may_open
                                           : T_policy_may_not_open;

    buf_add(b, fill(w, verb, people(w, &s->whom, denied)));
    buf_byte(b, ' ');
    buf_add(b, services(w, &s->which, denied ? &shut : &open));
    add_hours(w, b, &s->hours);
}

static void add_told(const struct saying *w, struct buf *b, const struct statement *s)
{
    static const struct which_words told = WHICH_WORDS(told);
    struct str who = people(w, &s->whom, false);

    if (str_has_suffix(who, S(",")))
        who.n--;
    buf_add(b, fill(w, s->forbid ? T_policy_not_told : T_policy_told, who));
    buf_byte(b, ' ');
    buf_add(b, services(w, &s->which, &told));
    add_hours(w, b, &s->hours);
    buf_add(b, S(": "));
    buf_add(b, claim_words(w, s->attributes));
}

static void add_statement(const struct saying *w, struct buf *b, const struct statement *s)
{
    struct str who;

    buf_add(b, place(w, &s->whom));
    buf_add(b, S(": "));
    switch (s->does) {
    case DOES_OPEN:
    case DOES_LEAVE:
        add_open(w, b, s);
        break;
    case DOES_RELEASE:
        add_told(w, b, s);
        break;
    default:
        who = people(w, &s->whom, false);
        who.n -= str_has_suffix(who, S(",")) ? 1 : 0;
        buf_add(b, fill(w, T_policy_does_else, who));
    }
    if (!s->exact) {
        buf_add(b, S(". "));
        buf_add(b, fill(w, T_policy_more, s->rest));
    }
}

struct strs policy_text_words(struct arena *a, const struct registry *r, struct str text, enum lang lang)
{
    struct cedar_source *source = arena_make(a, struct cedar_source);
    const struct saying w = { a, r, lang };
    struct strs out = { 0 };

    *source = (struct cedar_source){ S("policy"), text };
    struct cedar_diags d = cedar_diags_new(a, source);
    const struct cedar_policies *p = cedar_policies_parse(a, &d, CEDAR_IDS_BY_POSITION);
    for (size_t i = 0; p != NULL && i < cedar_policies_n(p); i++) {
        struct statement s = statement_read(a, cedar_policy_at(p, i));
        struct buf b = buf_new(a, WORDS_MAX_B);
        add_statement(&w, &b, &s);
        strs_add(a, &out, buf_str(&b));
    }
    return out;
}

struct str policy_form_words(struct arena *a, const struct registry *r, const struct policy_form *form, enum lang lang)
{
    const struct saying w = { a, r, lang };
    struct policy_form f = *form;
    struct buf b = buf_new(a, WORDS_MAX_B);

    if (!policy_form_settle(a, &f) || (f.opening == OPENING_NONE && !policy_form_tells(&f)))
        return S("");
    bool opens = f.opening != OPENING_NONE, withholds = !opens && f.release.bits == 0;
    const struct statement s = { .does = !opens                       ? DOES_RELEASE
                                         : f.opening == OPENING_LEAVE ? DOES_LEAVE
                                                                      : DOES_OPEN,
                                 .forbid = f.opening == OPENING_FORBID || withholds,
                                 .whom = f.whom,
                                 .which = f.which,
                                 .hours = f.hours,
                                 .attributes = withholds ? f.withhold : f.release,
                                 .exact = true };
    add_statement(&w, &b, &s);
    if (opens && f.release.bits != 0) {
        buf_add(&b, S(". "));
        buf_add(&b, fill(&w, T_policy_told_it, claim_words(&w, f.release)));
    }
    if (!withholds && f.withhold.bits != 0) {
        buf_add(&b, S(". "));
        buf_add(&b, fill(&w, T_policy_not_told_it, claim_words(&w, f.withhold)));
    }
    return buf_str(&b);
}

/* ---- Findings. */

/* What the engine finds in texts of policies; what is not here is said in its own words. */
#define SAID(X)                                                                                                        \
    X(SYNTAX)                                                                                                          \
    X(CHARACTER)                                                                                                       \
    X(NOT_UTF8)                                                                                                        \
    X(STRING)                                                                                                          \
    X(ESCAPE)                                                                                                          \
    X(NUMBER)                                                                                                          \
    X(OPERATOR)                                                                                                        \
    X(NAME)                                                                                                            \
    X(ENTITY)                                                                                                          \
    X(SCOPE)                                                                                                           \
    X(UNKNOWN_VARIABLE)                                                                                                \
    X(UNKNOWN_FUNCTION)                                                                                                \
    X(UNKNOWN_METHOD)                                                                                                  \
    X(ARGUMENTS)                                                                                                       \
    X(EXTENSION)                                                                                                       \
    X(TWICE)                                                                                                           \
    X(TOO_DEEP)                                                                                                        \
    X(TOO_LARGE)                                                                                                       \
    X(UNKNOWN_TYPE)                                                                                                    \
    X(UNKNOWN_ACTION)                                                                                                  \
    X(UNKNOWN_ENTITY)                                                                                                  \
    X(UNKNOWN_ATTRIBUTE)                                                                                               \
    X(OPTIONAL_ATTRIBUTE)                                                                                              \
    X(TYPE)                                                                                                            \
    X(TYPES_DIFFER)                                                                                                    \
    X(EMPTY_SET)                                                                                                       \
    X(NO_ACTION)                                                                                                       \
    X(NOT_APPLICABLE)                                                                                                  \
    X(NEVER_APPLIES)                                                                                                   \
    X(BIDI)                                                                                                            \
    X(INVISIBLE)                                                                                                       \
    X(CONFUSABLE)                                                                                                      \
    X(MIXED_SCRIPT)

enum { QUOTED_MAX_B = 80 };

/* The place itself, in one line, and not the whole text. */
static struct str place_of(const struct saying *w, const struct cedar_diag *d)
{
    struct str at = d->source != NULL ? str_sub(d->source->text, d->span.at, d->span.end - d->span.at) : S("");
    size_t cut = 0;

    at = str_sub(at, 0, str_find_byte(at, '\n', 0));
    if (str_trim(at).n == 0)
        return word(w, T_policy_end);
    while (cut < at.n && cut < QUOTED_MAX_B) {
        size_t step = str_utf8_step(at, cut);
        if (step == 0)
            break;
        cut += step;
    }
    return cut < at.n ? arena_join(w->a, str_sub(at, 0, cut), S("…")) : at;
}

/* "`;`, `when` or `unless`": between the tokens stands one word. */
static struct str alternatives(const struct saying *w, struct str tokens)
{
    size_t at = str_find(tokens, S("` or `"));

    if (at == tokens.n)
        return tokens;
    struct str or = word(w, T_policy_or), end = str_from(tokens, at + 5), begin = str_sub(tokens, 0, at + 2);
    return arena_printf(w->a, "%.*s%.*s %.*s", STR_ARG(begin), STR_ARG(or), STR_ARG(end));
}

/* The text for a finding of the engine; T_NONE: it has none. */
static enum word word_of_engine(enum cedar_finding_code code)
{
    static const enum word of[CEDAR_FINDING_CODES] = {
#define X(code) [CEDAR_FINDING_##code] = T_wrong_cedar_##code,
        SAID(X)
#undef X
    };

    return code < CEDAR_FINDING_CODES ? of[code] : T_NONE;
}

static enum word word_of_code(const char *code)
{
    static const struct {
        const char *code;
        enum word text;
    } of[] = {
#define X(code) { #code, T_wrong_##code },
        TEXT_CODES(X)
#undef X
    };

    for (size_t i = 0; code != NULL && i < sizeof of / sizeof *of; i++)
        if (strcmp(code, of[i].code) == 0)
            return of[i].text;
    return T_NONE;
}

struct str policy_finding_words(struct arena *a, const struct cedar_diag *d, enum lang lang)
{
    const struct saying w = { a, NULL, lang };
    enum word engine = word_of_engine(d->finding), ours = word_of_code(d->code);
    bool wanted_inside = ours == T_wrong_policy_owner || ours == T_wrong_policy_layer;
    struct str said = engine != T_NONE                 ? fill(&w, engine, place_of(&w, d))
                      : wanted_inside                  ? fill(&w, ours, d->expected)
                      : ours == T_wrong_policy_unknown ? fill(&w, ours, place_of(&w, d))
                      : ours != T_NONE                 ? fill(&w, ours, d->message)
                                                       : d->message;
    struct buf b = buf_new(a, WORDS_MAX_B);

    buf_add(&b, said);
    if (str_is_set(d->expected) && d->finding == CEDAR_FINDING_SYNTAX) { /* tokens; elsewhere it is advice in English */
        buf_byte(&b, ' ');
        buf_add(&b, fill(&w, T_policy_wanted, alternatives(&w, d->expected)));
    }
    if (str_is_set(d->near)) {
        buf_byte(&b, ' ');
        buf_add(&b, fill(&w, T_policy_meant, d->near));
    }
    return buf_str(&b);
}
