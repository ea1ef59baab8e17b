/* SPDX-License-Identifier: EUPL-1.2 */
#include "idp-adapters/map_notes.h"

#include "base/log.h"
#include "idp-adapters/hetu.h"

static const struct {
    const char *event, *mend;
} rows[NOTE_COUNT] = { [NOTE_NONE] = { "", "" },
#define X(name, event, mend) [NOTE_##name] = { event, mend },
                       MAP_NOTES(X)
#undef X
};

void map_note(struct map_notes *notes, enum note kind, struct str attribute, struct str value)
{
    for (size_t i = 0; i < notes->n; i++) {
        struct map_note *have = &notes->at[i];
        if (have->kind == kind && str_cmp(have->attribute, attribute) == 0) {
            have->count++;
            return;
        }
    }
    if (notes->n == MAP_NOTES_MAX)
        notes->untold++;
    else
        notes->at[notes->n++] = (struct map_note){ kind, attribute, value, 1 };
}

const struct map_note *map_notes_find(const struct map_notes *notes, enum note kind)
{
    for (size_t i = 0; i < notes->n; i++)
        if (notes->at[i].kind == kind)
            return &notes->at[i];
    return NULL;
}

const char *map_note_event(enum note kind)
{
    return rows[kind].event;
}

const char *map_note_mend(enum note kind)
{
    return rows[kind].mend;
}

/* Not inside a character. */
static struct str cut(struct str s, size_t max)
{
    if (s.n <= max)
        return s;
    while (max > 0 && ((unsigned char)s.p[max] & 0xC0) == 0x80)
        max--;
    return str_sub(s, 0, max);
}

/* Lists of names are made by us and may be longer. */
static size_t room_for(enum note kind)
{
    bool names = kind == NOTE_NO_ROLE || kind == NOTE_NO_NAME || kind == NOTE_NO_SUBJECT || kind == NOTE_UNREAD;

    return names ? MAP_NOTE_NAMES_MAX_B : MAP_NOTE_VALUE_MAX_B;
}

void map_notes_tell(const struct map_notes *notes, const struct person *p, struct str idp, const char *support_code)
{
    bool missing = p == NULL || p->affiliation_count == 0 || notes->left_out > 0;
    enum log_level level = missing ? LOG_WARN : LOG_INFO;

    for (size_t i = 0; i < notes->n; i++) {
        const struct map_note *n = &notes->at[i];
        log_event(
            n->kind == NOTE_UNREAD ? LOG_DEBUG : level, map_note_event(n->kind), LOG_S("idp", idp),
            LOG_C("support_code", support_code), LOG_S("attribute", str_is_set(n->attribute) ? n->attribute : S("-")),
            LOG_S("value", str_is_set(n->value) && !hetu_in(n->value) ? cut(n->value, room_for(n->kind)) : S("-")),
            LOG_N("count", n->count), LOG_C("mend", map_note_mend(n->kind)));
    }
    if (notes->left_out > 0 || notes->untold > 0)
        log_event(level, "upstream.left_out", LOG_S("idp", idp), LOG_C("support_code", support_code),
                  LOG_N("affiliations", notes->left_out), LOG_N("untold", notes->untold));
}
