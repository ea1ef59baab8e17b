/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/readiness.h"

#include "registry/urls.h"

const char *lack_code_name(enum lack_code code)
{
    static const char *const names[] = {
#define X(code, words) #code,
        LACK_CODES(X)
#undef X
    };

    return names[code];
}

const char *lack_code_words(enum lack_code code)
{
    static const char *const all[] = {
#define X(code, words) words,
        LACK_CODES(X)
#undef X
    };

    return all[code];
}

static void add(struct lacks *out, const char *field, enum claim claim, enum lack_code code)
{
    if (out->n < LACKS_MAX)
        out->at[out->n++] = (struct lack){ field, claim, code };
}

static void look_at_texts(const struct names *texts, const char *const keys[LANG_COUNT], struct lacks *out)
{
    for (int lang = 0; lang < LANG_COUNT; lang++)
        if (!str_is_set(str_trim(texts->in[lang])))
            add(out, keys[lang], CLAIM_SUB, LACK_missing);
}

static void look_at_address(struct str url, const char *key, bool must, struct lacks *out)
{
    if (!str_is_set(url)) {
        if (must)
            add(out, key, CLAIM_SUB, LACK_missing);
    } else if (url_trouble(url, false) != NULL)
        add(out, key, CLAIM_SUB, LACK_not_public);
}

static void look_at_returns(const struct service *s, const struct strs *uris, const char *key, struct lacks *out)
{
    for (size_t i = 0; i < uris->n; i++)
        if (redirect_uri_trouble(uris->at[i], false, service_is_public(s)) != NULL) {
            add(out, key, CLAIM_SUB, LACK_not_public);
            return;
        }
}

static bool begins_with_https(struct str address)
{
    return str_eq(str_sub(address, 0, 8), S("https://"));
}

static void look_at_targets(const struct service *s, struct lacks *out)
{
    for (size_t i = 0; i < s->targets.n; i++)
        if (!begins_with_https(s->targets.at[i])) {
            add(out, "targets", CLAIM_SUB, LACK_not_public);
            return;
        }
}

static void look_at_launch(const struct service *s, struct lacks *out)
{
    if (!str_is_set(s->launch_uri) && s->protocol == PROTO_LINK)
        add(out, "launch_uri", CLAIM_SUB, LACK_missing);
    if (str_is_set(s->launch_uri) && !begins_with_https(s->launch_uri))
        add(out, "launch_uri", CLAIM_SUB, LACK_not_public);
}

static void look_at_purposes(const struct service *s, struct lacks *out)
{
    for (int claim = 0; claim < CLAIM_COUNT; claim++) {
        if (!claim_in(s->asks, (enum claim)claim))
            continue;
        const struct purpose *p = service_purpose(s, (enum claim)claim);
        if (p == NULL)
            add(out, "purposes", (enum claim)claim, LACK_no_purpose);
        else if (p->basis == BASIS_UNSAID)
            add(out, "purposes", (enum claim)claim, LACK_no_basis);
    }
}

/* A service in test has its own, on this machine perhaps; those of production are typed when it is asked for. */
static void look_at_own_addresses(const struct service *s, struct lacks *out)
{
    look_at_returns(s, &s->redirect_uris, "redirect_uris", out);
    look_at_returns(s, &s->post_logout_redirect_uris, "post_logout_redirect_uris", out);
    look_at_address(s->initiate_login_uri, "initiate_login_uri", false, out);
    look_at_address(s->target_link_uri, "target_link_uri", false, out);
    look_at_address(s->client.jwks_uri, "jwks_uri", false, out);
    look_at_launch(s, out);
    look_at_targets(s, out);
}

void service_lacks(const struct service *s, struct lacks *out)
{
    static const char *const names[LANG_COUNT] = {
        [LANG_FI] = "name.fi", [LANG_SV] = "name.sv", [LANG_EN] = "name.en"
    };
    static const char *const lines[LANG_COUNT] = {
        [LANG_FI] = "line.fi", [LANG_SV] = "line.sv", [LANG_EN] = "line.en"
    };

    *out = (struct lacks){ .n = 0 };
    look_at_texts(&s->names, names, out);
    look_at_texts(&s->lines, lines, out);
    look_at_address(s->client.policy_uri, "policy_uri", true, out);
    look_at_address(s->accessibility_uri, "accessibility_uri", true, out);
    if (s->audience.n == 0)
        add(out, "audience", CLAIM_SUB, LACK_missing);
    if (s->client.contacts.n == 0)
        add(out, "contacts", CLAIM_SUB, LACK_missing);
    if (!s->test)
        look_at_own_addresses(s, out);
    else if (!str_is_set(s->launch_uri) && s->protocol == PROTO_LINK)
        add(out, "launch_uri", CLAIM_SUB, LACK_missing);
    look_at_purposes(s, out);
}
