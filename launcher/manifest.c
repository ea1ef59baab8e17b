/* SPDX-License-Identifier: EUPL-1.2 */
#include "launcher/manifest.h"

#include "frame/assets.h"
#include "frame/texts.h"
#include "wire/json.h"

static void put_icon(struct json_out *o, struct str file, struct str sizes, struct str purpose)
{
    const struct asset *icon = asset_named(file);

    if (icon == NULL)
        return;
    json_begin_object(o);
    json_put_str(o, S("src"), icon->path);
    json_put_str(o, S("sizes"), sizes);
    json_put_str(o, S("type"), icon->type);
    json_put_str(o, S("purpose"), purpose);
    json_end_object(o);
}

struct str manifest_text(struct arena *a, struct str name, enum lang lang)
{
    struct json_out o = json_out(a, 4096);

    json_begin_object(&o);
    json_put_str(&o, S("name"), name);
    json_put_str(&o, S("short_name"), name);
    json_put_str(&o, S("lang"), str_of(lang_tag(lang)));
    json_put_str(&o, S("description"), frame_text(F_my_services, lang));
    json_put_str(&o, S("id"), S("/"));
    json_put_str(&o, S("start_url"), S("/"));
    json_put_str(&o, S("scope"), S("/"));
    json_put_str(&o, S("display"), S("browser"));
    json_put_str(&o, S("background_color"), S("#f2f5f3"));
    json_put_str(&o, S("theme_color"), S("#0b5d54"));
    json_key(&o, S("icons"));
    json_begin_array(&o);
    put_icon(&o, S("icon_192.png"), S("192x192"), S("any"));
    put_icon(&o, S("icon_512.png"), S("512x512"), S("any"));
    put_icon(&o, S("icon_180.png"), S("180x180"), S("maskable"));
    json_end_array(&o);
    json_end_object(&o);
    return json_done(&o);
}
