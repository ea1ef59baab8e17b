/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/kinds.h"

#include "registry/fields.h"

#include <string.h>

static enum field_shape shape_of(const struct column *c)
{
    static const enum field_shape shapes[] = {
        [COL_LIST] = SHAPE_LIST,     [COL_CLAIMS] = SHAPE_WORDS,  [COL_BOOL] = SHAPE_FLAG,
        [COL_INT] = SHAPE_NUMBER,    [COL_TIME] = SHAPE_TIME,     [COL_DAY] = SHAPE_DAY,
        [COL_CHOICE] = SHAPE_WORD,   [COL_WORD] = SHAPE_WORD,     [COL_LAYER] = SHAPE_WORD,
        [COL_HASHED] = SHAPE_SECRET, [COL_SEALED] = SHAPE_SECRET, [COL_PASSWORD] = SHAPE_SECRET,
        [COL_SUBJECT] = SHAPE_TEXT,
    };

    return shapes[c->type];
}

static const char *const *words_of(const struct column *c)
{
    static const char *const claims[] = {
#define X(claim, word, tells, scope, native, mpass) word,
        CLAIMS(X)
#undef X
            NULL
    };

    return c->type == COL_CLAIMS ? claims : c->words;
}

static bool about(struct arena *a, const struct kind_row *k, struct kind_about *out)
{
    struct field_about *fields = arena_make_n(a, k->column_count, struct field_about);

    *out = (struct kind_about){ .kind = k->name,
                                .section = k->section,
                                .key_count = k->key_count,
                                .parent = k->parent != KIND_COUNT ? kind_rows[k->parent].name : NULL,
                                .fields = fields };
    for (size_t i = 0; i < k->column_count; i++) {
        const struct column *c = &k->columns[i];
        const struct db_value preset = column_preset(c);
        if (c->key == NULL)
            continue;
        fields[out->field_count++] = (struct field_about){
            .name = c->key,
            .shape = shape_of(c),
            .words = words_of(c),
            .must = c->preset == NULL && c->type != COL_LAYER,
            .is_key = i < k->key_count,
            .preset = c->preset != NULL ? field_text(a, c, &preset) : (struct str){ NULL, 0 },
        };
    }
    return true;
}

bool kind_about_section(struct arena *a, struct str section, struct kind_about *out)
{
    for (int i = 0; i < KIND_COUNT; i++)
        if (str_eq(section, str_of(kind_rows[i].section)))
            return about(a, &kind_rows[i], out);
    return false;
}

bool kind_about(struct arena *a, struct str kind, struct kind_about *out)
{
    enum kind found = kind_named(kind);

    return found != KIND_COUNT && about(a, &kind_rows[found], out);
}
