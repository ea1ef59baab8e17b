/* SPDX-License-Identifier: EUPL-1.2 */
#include "frame/assets.h"

const struct asset *asset_at(struct str path)
{
    for (size_t i = 0; i < asset_count; i++)
        if (str_eq(assets[i].path, path))
            return &assets[i];
    return NULL;
}

const struct asset *asset_named(struct str name)
{
    for (size_t i = 0; i < asset_count; i++)
        if (str_eq(assets[i].name, name))
            return &assets[i];
    return NULL;
}
