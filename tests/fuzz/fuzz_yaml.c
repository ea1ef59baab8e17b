/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/yaml.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void copy(struct yaml_out *o, const char *key, const struct yaml *y, struct arena *a)
{
    if (y->kind == YAML_TEXT) {
        yaml_out_text(o, key, y->text);
        return;
    }
    if (y->kind == YAML_MAP)
        yaml_out_map(o, key);
    else
        yaml_out_list(o, key);
    for (size_t i = 0; i < y->n; i++) /* the writer has no list directly in a list: wrapped in a map */
        if (y->kind == YAML_MAP)
            copy(o, "k", y->items[i], a);
        else if (y->items[i]->kind == YAML_TEXT)
            yaml_out_text(o, NULL, y->items[i]->text);
    yaml_out_end(o);
}

/* Every text that can be read is written so that it reads as the same text. */
static void texts_survive(const struct yaml *y, struct arena *a)
{
    struct fail f = { 0 };

    if (y->kind == YAML_TEXT) {
        struct yaml_out *o = yaml_out_new(a);
        yaml_out_text(o, "k", y->text);
        struct yaml *again = yaml_read(a, yaml_out_str(o), "again", &f);
        if (again == NULL || again->kind != YAML_MAP || !str_eq(again->items[0]->text, y->text))
            abort();
    }
    for (size_t i = 0; i < y->n; i++)
        texts_survive(y->items[i], a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct fail f = { 0 };
    struct yaml *y = yaml_read(a, str_n(data, size), "fuzz", &f);

    if ((y == NULL) != (f.kind != FAIL_NONE))
        abort();
    if (y != NULL && size < 4096) {
        struct yaml_out *o = yaml_out_new(a);
        copy(o, "k", y, a);
        struct str text = yaml_out_str(o);
        if (text.p == NULL)
            abort();
        texts_survive(y, a);
    }
    arena_free(a);
    return 0;
}
