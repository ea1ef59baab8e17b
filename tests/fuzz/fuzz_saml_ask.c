/* SPDX-License-Identifier: EUPL-1.2
 * Any bytes as a message of a service: the first says over which binding; unsigned ones are read whole, and without
 * keys no signature holds. */
#include "base/codec.h"
#include "wire/saml_ask.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool opened(struct arena *a, uint8_t how, struct str text, struct saml_ask **m, struct fail *f)
{
    switch (how % 4) {
    case 0:
        return saml_ask_redirect(a, text, 0, m, f);
    case 1:
        return saml_ask_post(a, text, S("rs"), 0, m, f);
    case 2:
        return saml_ask_soap(a, text, 0, m, f);
    default:
        return saml_ask_post(a, b64_encode(a, text), S("rs"), 0, m, f);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct saml_login_asked login;
    static struct saml_logout_asked logout;
    static struct saml_logged_out logged_out;
    struct arena *a = arena_new();
    struct saml_ask *m = NULL;
    struct fail f = { 0 };

    if (size > 0 && opened(a, data[0], str_n(data + 1, size - 1), &m, &f)) {
        const struct saml_ask_rules rules = { .issuer = saml_ask_issuer(m),
                                              .here = S("https://gateway.example/saml/sso"),
                                              .now_s = 1786348800,
                                              .skew_s = 180,
                                              .request_id = saml_ask_in_response_to(m) };
        enum saml_ask_kind kind = saml_ask_kind(m);
        bool ok = kind == SAML_ASK_LOGIN    ? saml_ask_login(m, &rules, &login, &f)
                  : kind == SAML_ASK_LOGOUT ? saml_ask_logout(m, &rules, &logout, &f)
                                            : saml_ask_logged_out(m, &rules, &logged_out, &f);
        assert(!ok || !saml_ask_has_signature(m)); /* nobody's key */
        assert(ok == (f.kind == FAIL_NONE));
    }
    arena_free(a);
    return 0;
}
