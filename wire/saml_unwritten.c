/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/saml_aggregate.h"
#include "wire/saml_ask.h"
#include "wire/saml_idp_metadata.h"
#include "wire/saml_respond.h"

static bool not_yet(struct fail *f)
{
    return fail(f, FAIL_OURS, "server_error", "not offered yet");
}

bool saml_ask_redirect(struct arena *a, struct str query, size_t most_B, struct saml_ask **out, struct fail *f)
{
    return not_yet(f);
}

bool saml_ask_post(struct arena *a, struct str posted, struct str relay_state, size_t most_B, struct saml_ask **out,
                   struct fail *f)
{
    return not_yet(f);
}

bool saml_ask_soap(struct arena *a, struct str envelope, size_t most_B, struct saml_ask **out, struct fail *f)
{
    return not_yet(f);
}

enum saml_ask_kind saml_ask_kind(const struct saml_ask *m)
{
    return SAML_ASK_NOTHING;
}

enum saml_binding saml_ask_binding(const struct saml_ask *m)
{
    return SAML_NO_BINDING;
}

struct str saml_ask_issuer(const struct saml_ask *m)
{
    return (struct str){ NULL, 0 };
}

struct str saml_ask_id(const struct saml_ask *m)
{
    return (struct str){ NULL, 0 };
}

struct str saml_ask_in_response_to(const struct saml_ask *m)
{
    return (struct str){ NULL, 0 };
}

struct str saml_ask_relay_state(const struct saml_ask *m)
{
    return (struct str){ NULL, 0 };
}

bool saml_ask_has_signature(const struct saml_ask *m)
{
    return false;
}

bool saml_ask_login(struct saml_ask *m, const struct saml_ask_rules *rules, struct saml_login_asked *out,
                    struct fail *f)
{
    return not_yet(f);
}

bool saml_ask_logout(struct saml_ask *m, const struct saml_ask_rules *rules, struct saml_logout_asked *out,
                     struct fail *f)
{
    return not_yet(f);
}

bool saml_ask_named(struct saml_ask *m, struct str content_key, struct saml_logout_asked *out, struct fail *f)
{
    return not_yet(f);
}

bool saml_ask_logged_out(struct saml_ask *m, const struct saml_ask_rules *rules, struct saml_logged_out *out,
                         struct fail *f)
{
    return not_yet(f);
}

struct saml_draft saml_idp_metadata_draft(struct arena *a, const struct saml_idp *idp)
{
    return (struct saml_draft){ { NULL, 0 }, 0 };
}

bool saml_aggregate_index(struct arena *a, const char *from, const char *to, const struct saml_aggregate_rules *rules,
                          struct saml_aggregate_made *out, struct fail *f)
{
    return not_yet(f);
}

const struct saml_index *saml_index_open(struct arena *a, const char *path, struct fail *f)
{
    return not_yet(f), NULL;
}

size_t saml_index_count(const struct saml_index *x)
{
    return 0;
}

int64_t saml_index_valid_until_s(const struct saml_index *x)
{
    return 0;
}

int64_t saml_index_cache_s(const struct saml_index *x)
{
    return 0;
}

struct str saml_index_find(const struct saml_index *x, struct str entity_id, int64_t now_s)
{
    return (struct str){ NULL, 0 };
}
