/* SPDX-License-Identifier: EUPL-1.2
 *
 * /static/<name>.<hash>.<type>: the files that pages name.  An address holds a hash of the bytes, so browsers may
 * keep what they got for ever, and a new version has another address. */
#include "gateway/routes.h"

#include "launcher/assets.h"

static bool accepts_gzip(const struct ctx *c)
{
    struct str list = http_field_list(c->arena, c->req, S("Accept-Encoding")), coding;

    while (str_split(&list, ',', &coding)) {
        struct str parameters = str_from(coding, str_find_byte(coding, ';', 0));
        struct str name = str_trim(str_sub(coding, 0, str_find_byte(coding, ';', 0)));
        bool refused = str_find(parameters, S("q=0")) < parameters.n && str_find(parameters, S("q=0.")) == parameters.n;
        if (str_eq_case(name, S("gzip")) && !refused)
            return true;
    }
    return false;
}

static enum step show(struct ctx *c, struct fail *f)
{
    const struct asset *asset = asset_at(c->req->path);

    if (asset == NULL)
        return fail(f, FAIL_NOT_FOUND, "not_found", "no such file");
    http_header(c->res, S("Cache-Control"), S("public, max-age=31536000, immutable"));
    http_header(c->res, S("ETag"), asset->etag);
    http_header(c->res, S("Vary"), S("Accept-Encoding"));
    if (str_eq(http_field(c->req, S("If-None-Match")), asset->etag)) {
        c->res->status = 304;
        return DONE;
    }
    bool gzip = accepts_gzip(c) && asset->gzip.n < asset->bytes.n;
    if (gzip)
        http_header(c->res, S("Content-Encoding"), S("gzip"));
    http_body(c->res, 200, asset->type, gzip ? asset->gzip : asset->bytes);
    return DONE;
}

const struct step_row static_show[] = { { show }, { NULL } };
