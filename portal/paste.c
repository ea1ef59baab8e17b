/* SPDX-License-Identifier: EUPL-1.2 */
#include "portal/paste.h"

#include "portal/paste.def"

enum { TEXT_MAX_B = 16384 };

const struct paste_product paste_products[] = {
#define X(id, name, protocol, file, secret, return_at, text)                                                           \
    { id, name, PROTO_##protocol, file, secret, return_at, text },
    PASTES(X)
#undef X
};
const size_t paste_count = sizeof paste_products / sizeof *paste_products;

const struct paste_product *paste_named(struct str id, enum protocol_id protocol)
{
    for (size_t i = 0; i < paste_count; i++)
        if (paste_products[i].protocol == protocol && str_eq(str_of(paste_products[i].id), id))
            return &paste_products[i];
    return NULL;
}

/* Nothing that ends a word or a line in any of the products' syntaxes. */
static bool is_plain(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c < ' ' || c == 0x7f || c == '"' || c == '\'' || c == '\\' || c == '`' || c == '<' || c == '>' || c == '$')
            return false;
    }
    return true;
}

static struct str value_of(struct str name, const struct paste_values *v)
{
    bool tls = str_has_prefix(v->base, S("https://"));
    const struct {
        const char *name;
        struct str value;
    } all[] = { { "issuer", v->issuer },
                { "client_id", v->client_id },
                { "redirect_uri", v->redirect_uri },
                { "base", v->base },
                { "entity_id", v->entity_id },
                { "scope", v->scope },
                { "allow_http", str_has_prefix(v->issuer, S("http://")) ? S(", client.allowInsecureRequests") : S("") },
                { "tls", tls ? S("true") : S("false") },
                { "scheme", tls ? S("https") : S("http") } };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (str_eq(name, str_of(all[i].name)))
            return str_is_set(all[i].value) ? all[i].value : S("");
    return (struct str){ NULL, 0 };
}

struct str paste_filled(struct arena *a, struct str text, const struct paste_values *v)
{
    struct buf b = buf_new(a, TEXT_MAX_B);

    for (size_t i = 0; i < text.n; i++) {
        size_t end = text.p[i] == '{' ? str_find_byte(text, '}', i) : text.n;
        struct str value = end < text.n ? value_of(str_sub(text, i + 1, end - i - 1), v) : (struct str){ NULL, 0 };
        if (value.p == NULL) {
            buf_byte(&b, text.p[i]);
            continue;
        }
        if (is_plain(value))
            buf_add(&b, value);
        i = end;
    }
    return buf_ok(&b) ? buf_str(&b) : (struct str){ NULL, 0 };
}

struct str paste_made(struct arena *a, const struct paste_product *p, const struct paste_values *v)
{
    return paste_filled(a, str_of(p->text), v);
}
