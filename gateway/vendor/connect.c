/* SPDX-License-Identifier: EUPL-1.2
 * Copy and paste: the finished configuration of a product for a service as it is registered. */
#include "base/settings.h"
#include "gateway/answer.h"
#include "gateway/vendor/door.h"
#include "portal/paste.h"
#include "portal/texts.h"
#include "wire/form.h"

enum { PRODUCTS_SHOWN = 16 };

static struct str first(const struct strs *list)
{
    return list->n > 0 ? list->at[0] : (struct str){ NULL, 0 };
}

/* "https://tori.example" of "https://tori.example/paluu". */
static struct str origin_of(struct str url)
{
    size_t from = 0, slashes = 0;

    while (from < url.n && slashes < 3)
        slashes += url.p[from++] == '/';
    return str_sub(url, 0, slashes == 3 ? from - 1 : url.n);
}

static struct paste_values values_of(struct ctx *c, const struct service *s)
{
    struct str at = s->protocol == PROTO_LTI    ? s->target_link_uri
                    : s->protocol == PROTO_SAML ? s->saml.entity_id
                                                : first(&s->redirect_uris);

    return (struct paste_values){ .issuer = c->set->public_url,
                                  .client_id = s->client_id,
                                  .redirect_uri = first(&s->redirect_uris),
                                  .base = origin_of(at),
                                  .entity_id = s->saml.entity_id,
                                  .scope = strs_joined(c->arena, &s->scopes, ' ') };
}

static void put_products(struct ctx *c, struct vendor_connect_view *v, const struct service *s, struct str chosen)
{
    struct vendor_product *rows = arena_make_n(c->arena, PRODUCTS_SHOWN, struct vendor_product);

    for (size_t i = 0; i < paste_count && v->products.n < PRODUCTS_SHOWN; i++)
        if (paste_products[i].protocol == s->protocol)
            rows[v->products.n++] =
                (struct vendor_product){ str_of(paste_products[i].id), str_of(paste_products[i].name),
                                         str_eq(str_of(paste_products[i].id), chosen) };
    v->products.at = rows;
}

static enum step show(struct ctx *c, struct fail *f)
{
    const struct service *s = vendor_own_service(c, c->req->param);
    struct vendor_connect_view v = { .product = form_get(c->query, S("product")) };

    (void)f;
    if (s == NULL)
        return vendor_refuse(c, FAIL_NOT_FOUND, "not_found");
    const struct paste_product *p = paste_named(v.product, s->protocol);
    const struct paste_values values = values_of(c, s);
    vendor_page_for(c, VENDOR_PLACE_SERVICES, true, c->req->path, &v.con);
    v.con.tab = VENDOR_TAB_CONNECT;
    v.id = s->id;
    v.title = names_in(&s->names, c->lang);
    put_products(c, &v, s, v.product);
    if (p != NULL) {
        v.product_name = str_of(p->name);
        v.file = str_of(p->file);
        v.text = (struct html_lines){ paste_made(c->arena, p, &values) };
        v.return_at = paste_filled(c->arena, str_of(p->return_at), &values);
        v.return_is_there = strs_has(&s->redirect_uris, v.return_at);
        v.secret = p->secret && str_is_set(s->secret_hash);
    }
    return answer_page(c, 200, page_vendor_connect(c->arena, &v));
}

const struct step_row vendor_connect[] = { { vendor_door }, { show }, { NULL } };
