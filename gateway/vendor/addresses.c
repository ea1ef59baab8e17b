/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/vendor/addresses.h"

#include "portal/texts.h"
#include "registry/targets.h"
#include "registry/urls.h"
#include "wire/form.h"
#include "wire/http.h"

#include <stddef.h>

enum { TYPED_MAX = 8000 };
enum { OF_OIDC = 1 << PROTO_OIDC, OF_SAML = 1 << PROTO_SAML, OF_LTI = 1 << PROTO_LTI, OF_LINK = 1 << PROTO_LINK };

static const char *launch_trouble(struct str url, bool test)
{
    return link_trouble(url, test, true);
}

static const char *begin_trouble(struct str url, bool test)
{
    return link_trouble(url, test, false);
}

static const struct address {
    const char *key; /* of the registry, and of the form */
    unsigned of;     /* protocols */
    size_t at;       /* in struct service: a text, or a list */
    bool list;
    const char *(*trouble)(struct str url, bool test);
    enum vendor_text label;
} addresses[] = {
#define AT(member) offsetof(struct service, member)
    { "redirect_uris", OF_OIDC | OF_LTI, AT(redirect_uris), true, url_trouble, V_v_redirect_uris },
    { "post_logout_redirect_uris", OF_OIDC, AT(post_logout_redirect_uris), true, url_trouble, V_v_post_logout },
    { "initiate_login_uri", OF_OIDC, AT(initiate_login_uri), false, begin_trouble, V_v_initiate },
    { "initiate_login_uri", OF_LTI, AT(initiate_login_uri), false, begin_trouble, V_v_lti_initiate },
    { "backchannel_logout_uri", OF_OIDC, AT(client.backchannel_logout_uri), false, url_trouble, V_v_backchannel },
    { "target_link_uri", OF_LTI, AT(target_link_uri), false, begin_trouble, V_v_lti_target },
    { "jwks_uri", OF_LTI, AT(client.jwks_uri), false, url_trouble, V_v_lti_keys },
    { "launch_uri", OF_SAML | OF_LINK, AT(launch_uri), false, launch_trouble, V_v_launch },
    { "targets", OF_OIDC | OF_SAML | OF_LTI | OF_LINK, AT(targets), true, target_trouble, V_v_targets },
#undef AT
};

enum { ADDRESS_COUNT = sizeof addresses / sizeof *addresses };

static bool is_of(const struct address *x, const struct service *s)
{
    return (x->of & (1U << s->protocol)) != 0;
}

static const void *member(const struct address *x, const struct service *s)
{
    return (const char *)s + x->at;
}

/* What production takes of it: all of what is there already. */
static struct str fit(struct arena *a, const struct address *x, const struct service *s)
{
    struct str one = { NULL, 0 }, text = S("");

    if (!x->list) {
        one = *(const struct str *)member(x, s);
        return str_is_set(one) && (!s->test || x->trouble(one, false) == NULL) ? one : S("");
    }
    const struct strs *list = member(x, s);
    for (size_t i = 0; i < list->n; i++)
        if (!s->test || x->trouble(list->at[i], false) == NULL)
            text = str_is_set(text) ? arena_printf(a, "%.*s\n%.*s", STR_ARG(text), STR_ARG(list->at[i])) : list->at[i];
    return text;
}

static bool was_typed(const struct ctx *c, const struct address *x)
{
    return c->req->method == HTTP_POST && form_get(c->body, str_of(x->key)).p != NULL;
}

static struct str typed(struct ctx *c, const struct address *x)
{
    struct str value = x->list ? form_lines(c->arena, c->body, str_of(x->key), TYPED_MAX)
                               : form_typed(c->body, str_of(x->key), TYPED_MAX);

    return str_is_set(value) ? value : S("");
}

void addresses_show(struct ctx *c, const struct service *test, const struct service *production,
                    struct vendor_use_view *v)
{
    struct vendor_address *rows = arena_make_n(c->arena, ADDRESS_COUNT, struct vendor_address);

    for (size_t i = 0; i < ADDRESS_COUNT; i++) {
        const struct address *x = &addresses[i];
        if (!is_of(x, test))
            continue;
        rows[v->addresses.n++] = (struct vendor_address){
            .key = str_of(x->key),
            .label = vendor_text(x->label, c->lang),
            .list = x->list,
            .value = was_typed(c, x) ? typed(c, x) : fit(c->arena, x, production != NULL ? production : test),
        };
    }
    v->addresses.at = rows;
}

size_t addresses_typed(struct ctx *c, const struct service *test, struct edit_field *out)
{
    size_t n = 0;

    for (size_t i = 0; i < ADDRESS_COUNT; i++)
        if (is_of(&addresses[i], test) && was_typed(c, &addresses[i]))
            out[n++] = (struct edit_field){ str_of(addresses[i].key), typed(c, &addresses[i]) };
    return n;
}
