/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/codec.h"
#include "base/crypt.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/seals.h"
#include "base/settings.h"
#include "certs/local_key.h"
#include "certs/saml_scan.h"
#include "idp-adapters/pins.h"
#include "idp-adapters/saml_person.h"
#include "idp-adapters/upstream_saml.h"
#include "tests/contract/adapter_contract.h"
#include "tests/saml/forge.h"
#include "wire/fetch.h"
#include "wire/form.h"
#include "wire/http.h"
#include "wire/kv.h"

#include <string.h>
#include <zlib.h>

#define MD   "xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\" xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\""
#define SSO  "https://idp.oulu.example/sso"
#define EVIL "https://evil.example/idp"

/* The city's web server, Redis and the signer, in this process: they stand
 * behind the functions that this program has instead of theirs. */
struct fetch {
    struct test *t;
    struct str metadata;
    int asked;
    bool away;
};

struct kv {
    struct str seen[64];
    size_t count;
    bool down;
    int64_t ttl_s;
};

struct signer {
    struct arena *arena;
    bool down;
    int queries, unwraps;
    struct str text; /* that was to be signed */
    struct str digest;
};

void fetch_ask(struct fetch *x, struct batch *b, struct arena *a, const struct fetch_request *r, struct fetch_got *out)
{
    batch_ask(b);
    x->asked++;
    *out = x->away ? (struct fetch_got){ .error = "timeout" }
                   : (struct fetch_got){ .answered = true, .status = 200, .body = x->metadata, .max_age_s = -1 };
    (void)a;
    (void)r;
    batch_answered(b);
}

void kv_add(struct kv *k, struct batch *b, struct arena *a, struct kv_got *out, enum kv_family family, struct str id,
            struct str value, int64_t ttl_s)
{
    batch_ask(b);
    out->outcome = k->down ? KV_DOWN : KV_MISS;
    for (size_t i = 0; i < k->count && !k->down; i++)
        if (str_eq(k->seen[i], id))
            out->outcome = KV_HIT;
    if (out->outcome == KV_MISS)
        k->seen[k->count++ % 64] = arena_str(a, id);
    k->ttl_s = ttl_s;
    (void)family;
    (void)value;
    batch_answered(b);
}

int64_t kv_epoch_number(const struct kv *k)
{
    return k != NULL ? 7 : 0;
}

bool kv_may_forget(const struct kv *k, int64_t born_s)
{
    (void)k;
    (void)born_s;
    return false;
}

void signer_saml_text(struct signer *s, struct batch *b, struct arena *a, enum jose_alg alg, struct str text,
                      struct signed_got *out)
{
    struct str id = { NULL, 0 };

    batch_ask(b);
    bool passes = saml_scan(text, S("https://gateway.example"), TEST_NOW_S, &id) == REASON_SIGNED;
    s->text = passes ? arena_str(s->arena, id) : S("");
    s->digest = sha256(s->arena, text);
    *out = s->down ? (struct signed_got){ .error = "timeout" }
                   : (struct signed_got){ .ok = true, .value = S("<ds:Signature>signed</ds:Signature>") };
    (void)a;
    batch_answered(b);
}

void signer_query(struct signer *s, struct batch *b, struct arena *a, struct str text, struct signed_got *out)
{
    batch_ask(b);
    s->queries++;
    s->text = text;
    *out = s->down ? (struct signed_got){ .error = "timeout" }
                   : (struct signed_got){ .ok = true, .value = S("c2lnbmVk+/==") };
    (void)a;
    batch_answered(b);
}

void signer_unwrap(struct signer *s, struct batch *b, struct arena *a, enum oaep_hash digest, enum oaep_hash mgf,
                   struct str encrypted_key, struct signed_got *out)
{
    struct fail f = { 0 };
    struct local_keys *keys = local_keys_read(a, NULL, forge_private(FORGE_SP1), &f);

    batch_ask(b);
    s->unwraps++;
    *out = (struct signed_got){ 0 };
    out->ok = !s->down && local_keys_unwrap(a, keys, digest, mgf, encrypted_key, &out->value);
    out->error = out->ok ? NULL : s->down ? "timeout" : "no_key";
    batch_answered(b);
}

struct bench {
    struct settings set;
    struct fetch city;
    struct kv redis;
    struct signer signer;
    struct loop *loop;
    struct upstream_store *store;
    struct upstreams *upstreams;
    struct idp idp;
    struct provider provider;
    struct registry *registry;
    int answers;
    struct str last; /* the honest answer given last */
};

static struct str body_of_pem(struct arena *a, struct str pem)
{
    size_t begin = str_find(pem, S("-----\n")) + 6;
    struct str rest = str_from(pem, begin);

    (void)a;
    return str_sub(rest, 0, str_find(rest, S("-----END")));
}

static struct str metadata(struct arena *a, const char *more, const char *role_more)
{
    return arena_printf(a,
                        "<EntityDescriptor " MD " entityID=\"" FORGE_ISSUER "\"%s><IDPSSODescriptor %s "
                        "protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"><Extensions>"
                        "<m:Scope xmlns:m=\"urn:mace:shibboleth:metadata:1.0\">oulu.example</m:Scope></Extensions>"
                        "<KeyDescriptor><ds:KeyInfo><ds:X509Data><ds:X509Certificate>%.*s</ds:X509Certificate>"
                        "</ds:X509Data></ds:KeyInfo></KeyDescriptor><SingleSignOnService Location=\"" SSO "\" "
                        "Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\"/></IDPSSODescriptor>"
                        "</EntityDescriptor>",
                        more, role_more, STR_ARG(body_of_pem(a, forge_certificate(FORGE_IDP))));
}

static void use_registry(struct bench *x)
{
    struct arena *a = arena_new();
    struct registry_parts parts = { .providers = &x->provider, .provider_count = 1, .idps = &x->idp, .idp_count = 1 };

    registry_drop(x->registry);
    x->registry = registry_build(a, &parts);
}

static void open_bench(struct test *t, struct bench *x)
{
    *x = (struct bench){ .city = { .t = t }, .signer = { .arena = t->arena } };
    log_set_level((enum log_level)(LOG_ERROR + 1));
    settings_defaults(&x->set);
    x->set.public_url = S("https://gateway.example");
    x->loop = loop_new(&t->world);
    x->store = upstream_store_new();
    x->upstreams = upstreams_new(x->store, x->loop, &x->city, &t->world, &x->set);
    x->provider = (struct provider){ .id = S("oulu"), .oid = S("1.2.246.562.99.95640100004") };
    x->idp = (struct idp){ .id = S("oulu-saml"),
                           .kind = IDP_SAML,
                           .provider = &x->provider,
                           .enabled = true,
                           .map = S("funet"),
                           .entity_id = S(FORGE_ISSUER),
                           .metadata_xml = metadata(t->arena, "", "") };
    use_registry(x);
}

static void close_bench(struct bench *x)
{
    upstreams_free(x->upstreams);
    upstream_store_free(x->store);
    loop_free(x->loop);
    registry_drop(x->registry);
}

static struct ctx *new_ctx(struct test *t, struct bench *x, bool fresh)
{
    struct ctx *c = arena_make(t->arena, struct ctx);

    *c = (struct ctx){ .arena = t->arena,
                       .world = &t->world,
                       .now_s = world_now_s(&t->world),
                       .set = &x->set,
                       .registry = x->registry,
                       .upstreams = x->upstreams,
                       .kv = &x->redis,
                       .seals = seals_of(t->arena, S("0123456789abcdef0123456789abcdef")),
                       .fetch = &x->city,
                       .signer = &x->signer };
    c->login = arena_make(t->arena, struct login);
    *c->login = (struct login){
        .state = LOGIN_ASKED, .idp = S("oulu-saml"), .max_age_s = -1, .prompt = fresh ? PROMPT_LOGIN : 0
    };
    return c;
}

static struct str edit(struct test *t, struct str text, const char *from, const char *to)
{
    CHECK(str_find(text, str_of(from)) < text.n);
    return forge_replace(t->arena, text, from, to);
}

static void post(struct test *t, struct ctx *c, struct str message)
{
    c->body = arena_make(t->arena, struct form);
    c->body->fields = arena_make_n(t->arena, 2, struct form_field);
    c->body->fields[c->body->count++] = (struct form_field){ S("SAMLResponse"), b64_encode(t->arena, message) };
    c->body->fields[c->body->count++] = (struct form_field){ S("RelayState"), c->login->upstream_id };
}

/* An answer for this login, before it is signed; each has an ID of its own. */
static struct str draft(struct test *t, struct bench *x, const struct ctx *c)
{
    struct str text = forge_file(t->arena, "shibboleth");
    const char *id = arena_cstr(t->arena, c->login->upstream_id);

    text = edit(t, text, FORGE_REQUEST, id);
    text = edit(t, text, "_assertion1", arena_cstr(t->arena, arena_printf(t->arena, "_assertion%d", ++x->answers)));
    return text;
}

static struct str sealed(struct test *t, struct bench *x, struct str text, const struct forge_sign *how)
{
    text = forge_sign(t->arena, text, arena_cstr(t->arena, arena_printf(t->arena, "_assertion%d", x->answers)), "@A@",
                      how);
    return forge_unmark(t->arena, text);
}

static const struct {
    enum city_answer way;
    const char *from, *to;
} edits[] = {
    { CITY_OTHER_ISSUER, FORGE_ISSUER "<", EVIL "<" },
    { CITY_EXPIRED, "2026-08-10T08:04:59", "2026-08-10T07:56:59" },
    { CITY_NOT_YET, "NotBefore=\"2026-08-10T07:59:59.123Z\"", "NotBefore=\"2026-08-10T08:03:59.123Z\"" },
    { CITY_OTHER_AUDIENCE, ">" FORGE_SP "<", ">https://other.example/sp<" },
    { CITY_OTHER_ADDRESS, "Recipient=\"" FORGE_ACS "\"", "Recipient=\"https://other.example/acs\"" },
    { CITY_STALE_LOGIN, "AuthnInstant=\"2026-08-10T07:59:57.001Z\"", "AuthnInstant=\"2026-08-10T06:59:57.001Z\"" },
    { CITY_NO_SUBJECT,
      "nameid-format:persistent\" NameQualifier=\"" FORGE_ISSUER "\" SPNameQualifier=\"" FORGE_SP "\">AAdz",
      "nameid-format:transient\">AAdz" },
    { CITY_REFUSED, "<saml2p:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/>",
      "<saml2p:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Responder\"><saml2p:StatusCode "
      "Value=\"urn:oasis:names:tc:SAML:2.0:status:AuthnFailed\"/></saml2p:StatusCode>" },
};

/* The genuine assertion and a forged one in the three places that they can have to one another. */
static struct str wrapped(struct test *t, struct str text, enum city_answer way)
{
    struct str real = forge_cut(text, "Assertion"), signature = forge_cut(text, "Signature");
    struct str evil = edit(t, edit(t, real, "AAdzZWNyZXQx", "mallory"), "ID=\"_assertion", "ID=\"_evil");
    struct str advice = arena_printf(t->arena, "</saml2:Conditions><saml2:Advice>%.*s</saml2:Advice>", STR_ARG(real));
    struct str object = arena_printf(t->arena, "<ds:Object>%.*s</ds:Object></ds:Signature>", STR_ARG(evil));
    struct str both = arena_join(t->arena, evil, real);

    if (way == CITY_WRAPPED_INSIDE)
        both = edit(t, evil, "</saml2:Conditions>", arena_cstr(t->arena, advice));
    if (way == CITY_WRAPPED_AROUND)
        both = edit(t, real, arena_cstr(t->arena, signature),
                    arena_cstr(t->arena, edit(t, signature, "</ds:Signature>", arena_cstr(t->arena, object))));
    return edit(t, text, arena_cstr(t->arena, real), arena_cstr(t->arena, both));
}

static struct str spoilt(struct test *t, struct bench *x, const struct ctx *c, enum city_answer way)
{
    struct forge_sign how = { .key = way == CITY_OTHER_KEY ? FORGE_OTHER : FORGE_IDP };
    struct str text = draft(t, x, c);

    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++)
        if (edits[i].way == way)
            text = edit(t, text, edits[i].from, edits[i].to);
    if (way == CITY_OTHER_LOGIN)
        text = edit(t, text, arena_cstr(t->arena, c->login->upstream_id), "_another-login-of-ours");
    if (way == CITY_NO_LOGIN)
        text = forge_replace(
            t->arena, text,
            arena_cstr(t->arena, arena_printf(t->arena, " InResponseTo=\"%.*s\"", STR_ARG(c->login->upstream_id))), "");
    if (way == CITY_UNSIGNED)
        return forge_unmark(t->arena, text);
    text = sealed(t, x, text, &how);
    if (way == CITY_TAMPERED)
        text = edit(t, text, "AAdzZWNyZXQx", "mallory");
    if (way == CITY_WRAPPED || way == CITY_WRAPPED_INSIDE || way == CITY_WRAPPED_AROUND)
        text = wrapped(t, text, way);
    return text;
}

static struct ctx *rig_begin(struct adapter_rig *rig, bool fresh)
{
    struct bench *x = rig->self;

    x->idp.enabled = true;
    use_registry(x);
    return new_ctx(rig->t, x, fresh);
}

static bool rig_answer(struct adapter_rig *rig, struct ctx *c, enum city_answer way)
{
    struct bench *x = rig->self;
    struct test *t = rig->t;

    post(t, c, spoilt(t, x, c, way));
    switch (way) {
    case CITY_EMPTY:
        c->body->count = 0;
        break;
    case CITY_GARBAGE:
        c->body->fields[0].value = S("PHg+%%%");
        break;
    case CITY_REPLAYED:
        CHECK(adapter_finish(c, rig->adapter) && c->person != NULL);
        c->person = NULL;
        break;
    case CITY_DISABLED:
        x->idp.enabled = false;
        use_registry(x);
        c->registry = x->registry;
        break;
    default:
        break;
    }
    return true;
}

TEST(the_saml_adapter_keeps_the_contract)
{
    struct bench x;
    struct adapter_rig rig = { t, &adapter_saml, &x, rig_begin, rig_answer, "AAdzZWNyZXQx", false };

    open_bench(t, &x);
    adapter_contract(&rig);
    CHECK_INT(x.city.asked, 0); /* what stands in the registry is not fetched */
    close_bench(&x);
}

/* From nothing to the finish; the code of the refusal, or "ok". */
static const char *log_in(struct test *t, struct bench *x, const struct forge_encrypt *enc)
{
    struct ctx *c = new_ctx(t, x, false);

    use_registry(x);
    c->registry = x->registry;
    if (!adapter_run(c, adapter_saml.start))
        return c->fail.code;
    struct str text = sealed(t, x, draft(t, x, c), &(struct forge_sign){ .key = FORGE_IDP });
    if (enc != NULL)
        text = forge_encrypt(t->arena, text, "Assertion", enc);
    post(t, c, text);
    return adapter_finish(c, &adapter_saml) && c->person != NULL ? "ok" : c->fail.code;
}

TEST(an_answer_of_a_clock_that_is_wrong_says_by_how_many_seconds)
{
    struct bench x;

    open_bench(t, &x);
    for (int i = 0; i < 2; i++) {
        struct ctx *c = new_ctx(t, &x, false);
        CHECK(adapter_run(c, adapter_saml.start));
        post(t, c, sealed(t, &x, draft(t, &x, c), &(struct forge_sign){ .key = FORGE_IDP }));
        c->now_s += i == 0 ? -1000 : 1000;
        CHECK(!adapter_finish(c, &adapter_saml));
        CHECK_STR(c->fail.code, i == 0 ? "response_issue_instant" : "confirmation_expired");
        CHECK(strstr(c->fail.detail, i == 0 ? " s ahead of our clock; 180 s are allowed)"
                                            : " s ago by our clock; 180 s are allowed)") != NULL);
    }
    close_bench(&x);
}

TEST(an_answer_to_a_login_that_has_asked_nobody_is_none)
{
    struct bench x;

    open_bench(t, &x);
    struct ctx *c = new_ctx(t, &x, false);
    post(t, c, S("<x/>"));
    CHECK(!adapter_run(c, adapter_saml.prove));
    CHECK_STR(c->fail.code, "login_not_begun");
    close_bench(&x);
}

TEST(encrypted_assertions_are_opened_by_the_signer)
{
    struct bench x;

    open_bench(t, &x);
    x.idp.want_encrypted = true;
    CHECK_STR(log_in(t, &x, NULL), "assertion_in_the_clear");
    CHECK_STR(log_in(t, &x, &(struct forge_encrypt){ .place = FORGE_BESIDE }), "ok");
    CHECK_STR(log_in(t, &x, &(struct forge_encrypt){ .keys = { FORGE_OTHER, FORGE_SP2, FORGE_SP1 } }), "ok");
    CHECK_STR(log_in(t, &x, &(struct forge_encrypt){ .keys = { FORGE_OTHER, FORGE_SP2 } }), "enc_decrypt");
    x.signer.down = true;
    CHECK_STR(log_in(t, &x, &(struct forge_encrypt){ .place = FORGE_INSIDE }), "temporarily_unavailable");
    close_bench(&x);
}

static struct str metadata_of(struct arena *a, enum forge_key key, const char *scope)
{
    struct str text = metadata(a, "", "");
    struct str old = body_of_pem(a, forge_certificate(FORGE_IDP)), new = body_of_pem(a, forge_certificate(key));

    text = forge_replace(a, text, arena_cstr(a, old), arena_cstr(a, new));
    return forge_replace(a, text, ">oulu.example<", arena_cstr(a, arena_printf(a, ">%s<", scope)));
}

/* A city that signs with a key that its kept metadata does not have is read once more. */
TEST(an_answer_by_an_unknown_key_is_judged_again_with_metadata_fetched_anew)
{
    const struct forge_encrypt *const ways[] = { NULL, &(struct forge_encrypt){ .place = FORGE_INSIDE } };

    for (size_t i = 0; i < 2; i++) {
        struct bench x;
        open_bench(t, &x);
        x.idp.metadata_xml = (struct str){ NULL, 0 };
        x.idp.metadata_url = S("https://idp.oulu.example/metadata");
        x.city.metadata = metadata_of(t->arena, FORGE_OTHER, "old.example");
        struct ctx *c = new_ctx(t, &x, false);
        use_registry(&x);
        c->registry = x.registry;
        CHECK(adapter_run(c, adapter_saml.start));
        CHECK_INT(x.city.asked, 1);
        x.city.metadata = metadata_of(t->arena, FORGE_IDP, "oulu.example");
        CHECK_STR(log_in(t, &x, ways[i]), "ok");
        CHECK_INT(x.city.asked, 2);
        CHECK_STR(log_in(t, &x, ways[i]), "ok");
        CHECK_INT(x.city.asked, 2);
        close_bench(&x);
    }
}

/* Who signs with which key, what the row pins, what the metadata bring. */
TEST(a_key_that_the_row_has_not_pinned_waits_and_those_that_it_has_go_on)
{
    static const struct {
        enum forge_key pinned, brought;
        bool both;
        const char *said;
    } ways[] = { { FORGE_OTHER, FORGE_IDP, false, "key_waiting" },
                 { FORGE_OTHER, FORGE_IDP, true, "ok" },
                 { FORGE_IDP, FORGE_OTHER, false, "ok" },
                 { FORGE_OTHER, FORGE_OTHER, false, "sig_value" } };
    const struct forge_encrypt *const forms[] = { NULL, &(struct forge_encrypt){ .place = FORGE_INSIDE } };

    for (size_t i = 0; i < 2 * sizeof ways / sizeof *ways; i++) {
        struct bench x;
        size_t at = i / 2;
        open_bench(t, &x);
        x.idp.metadata_xml = (struct str){ NULL, 0 };
        x.idp.metadata_url = S("https://idp.oulu.example/metadata");
        x.city.metadata = metadata_of(t->arena, ways[at].brought, "oulu.example");
        x.idp.pinned_keys = forge_certificate(ways[at].pinned);
        if (ways[at].both)
            x.idp.pinned_keys = arena_join(t->arena, x.idp.pinned_keys, forge_certificate(ways[at].brought));
        CHECK_STR(log_in(t, &x, forms[i % 2]), ways[at].said);
        close_bench(&x);
    }
}

TEST(a_new_certificate_about_a_pinned_key_does_not_wait)
{
    struct keyring *pins = keyring_new(t->arena);
    struct certificate is[2];
    struct fail f = { 0 };

    CHECK(keyring_add_pem(pins, forge_certificate(FORGE_IDP), &f));
    CHECK_INT(certificates_read(t->arena, forge_certificate(FORGE_IDP), is, 2), 1);
    CHECK(!pins_wait(pins, &(struct saml_certificate){ is[0], true, false }));
    CHECK(keyring_has(pins, is[0].der) && str_eq(is[0].print, keyring_print(pins, 0)) && is[0].print.n == 64);
    CHECK(is[0].from_s > 0 && is[0].to_s > is[0].from_s);
    CHECK_INT(certificates_read(t->arena, certificate_pem(t->arena, is[0].der), &is[1], 1), 1);
    CHECK(str_eq(is[1].der, is[0].der));
    CHECK_INT(certificates_read(t->arena, forge_certificate(FORGE_OTHER), is, 2), 1);
    CHECK(pins_wait(pins, &(struct saml_certificate){ is[0], true, false }));
    CHECK(!pins_wait(pins, &(struct saml_certificate){ is[0], false, true })); /* nothing is signed with it */
    CHECK(!pins_wait(NULL, &(struct saml_certificate){ is[0], true, false })); /* the row pins none */
}

TEST(strangers_with_forged_answers_cost_a_city_few_fetches)
{
    struct bench x;

    open_bench(t, &x);
    x.idp.metadata_xml = (struct str){ NULL, 0 };
    x.idp.metadata_url = S("https://idp.oulu.example/metadata");
    x.city.metadata = metadata_of(t->arena, FORGE_OTHER, "oulu.example");
    for (int i = 0; i < 20; i++)
        CHECK_STR(log_in(t, &x, NULL), "sig_value");
    CHECK_INT(x.city.asked, 2);
    test_passes(t, 5);
    CHECK_STR(log_in(t, &x, NULL), "sig_value");
    CHECK_STR(log_in(t, &x, NULL), "sig_value");
    CHECK_INT(x.city.asked, 3);
    close_bench(&x);
}

TEST(a_refusal_for_want_of_a_key_says_how_old_the_metadata_is)
{
    struct bench x;

    open_bench(t, &x);
    x.idp.metadata_xml = metadata_of(t->arena, FORGE_OTHER, "oulu.example"); /* given: nothing can be fetched */
    use_registry(&x);
    struct ctx *c = new_ctx(t, &x, false);
    CHECK(adapter_run(c, adapter_saml.start));
    post(t, c, sealed(t, &x, draft(t, &x, c), &(struct forge_sign){ .key = FORGE_IDP }));
    test_passes(t, 11);
    c->now_s += 11;
    CHECK(!adapter_finish(c, &adapter_saml) && c->person == NULL);
    CHECK_STR(c->fail.code, "sig_value");
    CHECK(strstr(c->fail.detail, "(metadata 11 s old)") != NULL);
    CHECK_INT(x.city.asked, 0);
    close_bench(&x);
}

TEST(an_assertion_is_refused_when_its_replay_cannot_be_told)
{
    struct bench x;

    open_bench(t, &x);
    CHECK_STR(log_in(t, &x, NULL), "ok");
    CHECK(x.redis.ttl_s > 300 && x.redis.ttl_s <= 600); /* until it is over, skew included */
    x.redis.down = true;
    CHECK_STR(log_in(t, &x, NULL), "temporarily_unavailable");
    close_bench(&x);
}

static struct str inflated(struct test *t, struct str packed)
{
    unsigned char *out = arena_alloc(t->arena, 65536);
    z_stream z = { .next_in = (Bytef *)arena_cstr(t->arena, packed), .avail_in = (uInt)packed.n };

    z.next_out = out;
    z.avail_out = 65536;
    CHECK(inflateInit2(&z, -MAX_WBITS) == Z_OK && inflate(&z, Z_FINISH) == Z_STREAM_END);
    (void)inflateEnd(&z);
    return str_n(out, 65536 - z.avail_out);
}

TEST(the_request_is_deflated_names_us_and_is_signed_when_the_city_wants_it) /* [SAML bindings 3.4.4.1] */
{
    struct bench x;
    struct fail f = { 0 };
    struct form *form;
    struct str packed;

    open_bench(t, &x);
    struct ctx *c = new_ctx(t, &x, true);
    CHECK(adapter_run(c, adapter_saml.start));
    CHECK_INT(x.signer.queries, 0);
    CHECK(str_has_prefix(c->upstream_url, S(SSO "?SAMLRequest=")));
    CHECK(form_read(t->arena, str_from(c->upstream_url, sizeof SSO), &form, &f));
    CHECK(str_eq(form_get(form, S("RelayState")), c->login->upstream_id) && form_get(form, S("SigAlg")).p == NULL);
    CHECK(b64_decode(t->arena, form_get(form, S("SAMLRequest")), &packed));
    struct str text = inflated(t, packed);
    struct _xmlDoc *doc = xml_parse(t->arena, text, 65536, &f);
    CHECK(doc != NULL);
    const struct _xmlNode *request = xml_root(doc);
    CHECK(xml_is(request, SAML_NS_PROTOCOL, "AuthnRequest"));
    CHECK(str_eq(xml_attr(t->arena, request, NULL, "ID"), c->login->upstream_id));
    CHECK(c->login->upstream_id.n >= 23);
    CHECK_STR(xml_attr(t->arena, request, NULL, "Destination"), SSO);
    CHECK_STR(xml_attr(t->arena, request, NULL, "AssertionConsumerServiceURL"), FORGE_ACS);
    CHECK_STR(xml_attr(t->arena, request, NULL, "ForceAuthn"), "true");
    CHECK_STR(xml_attr(t->arena, request, NULL, "IssueInstant"), "2026-08-10T08:00:00Z");
    CHECK_STR(xml_text(t->arena, xml_first(request)), FORGE_SP);
    const struct _xmlNode *policy = xml_next(xml_first(request));
    CHECK(xml_is(policy, SAML_NS_PROTOCOL, "NameIDPolicy") && xml_next(policy) == NULL);
    CHECK_STR(xml_attr(t->arena, policy, NULL, "AllowCreate"), "true");
    CHECK(xml_attr(t->arena, policy, NULL, "Format").p == NULL); /* funet names people by attributes */

    x.idp.metadata_xml = metadata(t->arena, "", "WantAuthnRequestsSigned=\"true\"");
    use_registry(&x);
    c = new_ctx(t, &x, false);
    CHECK(adapter_run(c, adapter_saml.start));
    CHECK_INT(x.signer.queries, 1);
    CHECK(str_has_prefix(x.signer.text, S("SAMLRequest=")));
    CHECK(str_has_suffix(x.signer.text, S("&SigAlg=http%3A%2F%2Fwww.w3.org%2F2001%2F04%2Fxmldsig-more%23rsa-sha256")));
    CHECK(str_has_suffix(c->upstream_url, S("&Signature=c2lnbmVk%2B%2F%3D%3D")));
    x.signer.down = true;
    c = new_ctx(t, &x, false);
    CHECK(!adapter_run(c, adapter_saml.start));
    CHECK_STR(c->fail.code, "temporarily_unavailable");
    close_bench(&x);
}

/* [SAML core 3.4.1.1] */
TEST(item_24_a_persistent_name_is_asked_for_where_the_map_needs_it_or_the_row_says_so)
{
    static const struct {
        const char *map, *policy;
        bool persistent;
    } rows[] = { { "funet", "by_map", false }, { "mpassid", "by_map", false },  { "entra", "by_map", true },
                 { "google", "", true },       { "funet", "persistent", true }, { "google", "any", false },
                 { "adfs", "by_map", false } };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench x;
        struct fail f = { 0 };
        struct form *form;
        struct str packed;
        open_bench(t, &x);
        x.idp.map = str_of(rows[i].map);
        struct str own = S("objectGUID=subject");
        if (strcmp(rows[i].map, "adfs") == 0)
            x.idp.attributes = (struct strs){ &own, 1 };
        x.idp.name_id_policy = str_of(rows[i].policy);
        use_registry(&x);
        struct ctx *c = new_ctx(t, &x, false);
        CHECK(adapter_run(c, adapter_saml.start));
        CHECK(form_read(t->arena, str_from(c->upstream_url, sizeof SSO), &form, &f));
        CHECK(b64_decode(t->arena, form_get(form, S("SAMLRequest")), &packed));
        struct str text = inflated(t, packed);
        CHECK(str_find(text, S("<samlp:NameIDPolicy AllowCreate=\"true\"")) < text.n);
        CHECK_INT(str_find(text, S(SAML_PERSISTENT)) < text.n, rows[i].persistent);
        close_bench(&x);
    }
}

/* [SAML core 3.4.1.4; 8.3.1, 8.3.2] */
TEST(whom_a_service_expects_is_told_a_city_as_its_row_says)
{
    static const struct {
        const char *way, *hint, *in_message, *in_address; /* NULL: nothing of it */
    } rows[] = {
        { "", "anna@oulu.fi", NULL, NULL },
        { "no", "anna@oulu.fi", NULL, NULL },
        { "email", "", NULL, NULL },
        { "email", "anna@oulu.fi", "emailAddress\">anna@oulu.fi</saml:NameID></saml:Subject><samlp:NameIDPolicy",
          NULL },
        { "email", "anna", NULL, NULL },
        { "email", "a\x01@oulu.fi", NULL, NULL },
        { "email", "\xff@oulu.fi", NULL, NULL },
        { "unspecified", "anna", "unspecified\">anna</saml:NameID></saml:Subject>", NULL },
        { "unspecified", "a<b>&c", "unspecified\">a&lt;b&gt;&amp;c</saml:NameID></saml:Subject>", NULL },
        { "parameter", "anna&prompt=x", NULL, "&login_hint=anna%26prompt%3Dx" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench x;
        struct fail f = { 0 };
        struct form *form;
        struct str packed;
        open_bench(t, &x);
        x.idp.login_hint = str_of(rows[i].way);
        use_registry(&x);
        struct ctx *c = new_ctx(t, &x, false);
        c->login->login_hint = str_of(rows[i].hint);
        CHECK(adapter_run(c, adapter_saml.start));
        CHECK(form_read(t->arena, str_from(c->upstream_url, sizeof SSO), &form, &f));
        CHECK(b64_decode(t->arena, form_get(form, S("SAMLRequest")), &packed));
        struct str text = inflated(t, packed), hint = form_get(form, S("login_hint"));
        CHECK_INT(str_find(text, S("Subject")) < text.n, rows[i].in_message != NULL);
        CHECK(rows[i].in_message == NULL || str_find(text, str_of(rows[i].in_message)) < text.n);
        CHECK_INT(hint.p != NULL, rows[i].in_address != NULL);
        CHECK(rows[i].in_address == NULL || str_has_suffix(c->upstream_url, str_of(rows[i].in_address)));
        close_bench(&x);
    }
}

static struct str posted_request(struct test *t, struct ctx *c)
{
    struct str text = { NULL, 0 };

    CHECK(c->upstream_form != NULL && c->upstream_form->count == 2);
    if (c->upstream_form == NULL)
        return S("");
    CHECK_STR(c->upstream_form->fields[0].name, "SAMLRequest");
    CHECK_STR(c->upstream_form->fields[1].name, "RelayState");
    CHECK_STR(c->upstream_form->fields[1].value, arena_cstr(t->arena, c->login->upstream_id));
    CHECK(b64_decode(t->arena, c->upstream_form->fields[0].value, &text));
    return text;
}

/* DigestValue of a signature that another program's canonical form gives [XML Signature 4.4.3.6]. */
static struct str digest_by_libxml2(struct test *t, struct str text, const char *id)
{
    struct str marked = forge_replace(t->arena, text, "</saml:Issuer>", "</saml:Issuer>@R@");
    struct str made = forge_sign(t->arena, marked, id, "@R@", &(struct forge_sign){ .key = FORGE_IDP });
    size_t at = str_find(made, S("<ds:DigestValue>")) + sizeof "<ds:DigestValue>" - 1;

    return str_sub(made, at, str_find_byte(made, '<', at) - at);
}

TEST(item_20_a_request_is_posted_where_the_city_takes_no_redirect) /* [IIP-SSO02; SAML bindings 3.5.4] */
{
    struct bench x;

    open_bench(t, &x);
    x.idp.metadata_xml = edit(t, metadata(t->arena, "", ""), "bindings:HTTP-Redirect", "bindings:HTTP-POST");
    x.idp.sign_requests = true;
    x.idp.login_hint = S("unspecified");
    use_registry(&x);
    struct ctx *c = new_ctx(t, &x, false);
    c->login->login_hint = S("a<b>&\"c");
    CHECK(adapter_run(c, adapter_saml.start));
    CHECK_STR(c->upstream_url, SSO);
    struct str text = posted_request(t, c);
    CHECK(str_find(text, S("Destination=\"" SSO "\"")) < text.n);
    CHECK(str_find(text, S("</saml:Issuer><ds:Signature>signed</ds:Signature><saml:Subject")) < text.n);
    CHECK_STR(x.signer.text, arena_cstr(t->arena, c->login->upstream_id));
    /* What was signed is the canonical form of what is sent. */
    struct str bare = forge_replace(t->arena, text, "<ds:Signature>signed</ds:Signature>", "");
    CHECK_STR(b64_encode(t->arena, x.signer.digest),
              arena_cstr(t->arena, digest_by_libxml2(t, bare, arena_cstr(t->arena, c->login->upstream_id))));

    x.idp.sign_requests = false;
    use_registry(&x);
    c = new_ctx(t, &x, false);
    CHECK(adapter_run(c, adapter_saml.start));
    text = posted_request(t, c);
    CHECK(str_find(text, S("Signature")) == text.n);

    x.idp.sign_requests = x.signer.down = true;
    use_registry(&x);
    c = new_ctx(t, &x, false);
    CHECK(!adapter_run(c, adapter_saml.start) && c->upstream_form == NULL);
    CHECK_STR(c->fail.code, "temporarily_unavailable");
    x.signer.down = false;

    /* Where there is a redirect, it is taken. */
    x.idp.metadata_xml = metadata(t->arena, "", "");
    use_registry(&x);
    c = new_ctx(t, &x, false);
    CHECK(adapter_run(c, adapter_saml.start) && c->upstream_form == NULL);
    close_bench(&x);
}

/* What comes with a later protocol is refused by a word of its own, and says what to do until then. */
TEST(what_a_city_cannot_do_yet_is_named)
{
    struct bench x;

    open_bench(t, &x);
    struct ctx *c;
    x.idp.metadata_xml =
        edit(t, metadata(t->arena, "", ""), "1.0\">oulu.example<", "1.0\" regexp=\" true \">.*example<");
    use_registry(&x);
    c = new_ctx(t, &x, false);
    CHECK(adapter_run(c, adapter_saml.start));
    struct str text = edit(t, draft(t, &x, c), "urn:oid:0.9.2342.19200300.100.1.1", "urn:oid:1.3.6.1.4.1.5923.1.1.1.6");
    post(t, c, sealed(t, &x, edit(t, text, ">anna<", ">anna@oulu.example<"), &(struct forge_sign){ .key = FORGE_IDP }));
    CHECK(!adapter_finish(c, &adapter_saml) && c->person == NULL);
    CHECK_STR(c->fail.code, "scope_foreign");
    CHECK(strstr(c->fail.detail, "regexp") != NULL);

    x.idp.metadata_xml = metadata(t->arena, "", "");
    use_registry(&x);
    c = new_ctx(t, &x, false);
    CHECK(adapter_run(c, adapter_saml.start));
    post(t, c,
         forge_replace(t->arena, sealed(t, &x, draft(t, &x, c), &(struct forge_sign){ .key = FORGE_IDP }),
                       "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
                       "http://www.w3.org/2000/09/xmldsig#rsa-sha1"));
    CHECK(!adapter_finish(c, &adapter_saml) && c->person == NULL);
    CHECK_STR(c->fail.code, "sig_algorithm");
    CHECK(strstr(c->fail.detail, "(SHA-1)") != NULL);

    CHECK_STR(log_in(t, &x, &(struct forge_encrypt){ .content = "http://www.w3.org/2001/04/xmlenc#aes256-cbc" }),
              "enc_algorithm");
    close_bench(&x);
}

TEST(metadata_from_an_address_is_kept_and_never_used_past_its_end)
{
    struct bench x;

    open_bench(t, &x);
    x.idp.metadata_xml = (struct str){ NULL, 0 };
    x.idp.metadata_url = S("https://idp.oulu.example/metadata");
    x.city.metadata = metadata(t->arena, " validUntil=\"2026-08-10T08:30:00Z\"", "");
    CHECK_STR(log_in(t, &x, NULL), "ok");
    CHECK_STR(log_in(t, &x, NULL), "ok");
    CHECK_INT(x.city.asked, 1);
    test_passes(t, 1801);
    CHECK_STR(log_in(t, &x, NULL), "city_metadata_expired");
    x.city.away = true;
    test_passes(t, 3600);
    CHECK_STR(log_in(t, &x, NULL), "city_metadata_expired");
    close_bench(&x);

    open_bench(t, &x);
    x.idp.metadata_xml = (struct str){ NULL, 0 };
    x.idp.metadata_url = S("https://idp.oulu.example/metadata");
    x.city.away = true;
    CHECK_STR(log_in(t, &x, NULL), "city_unreachable");
    close_bench(&x);
}

/* Fetched metadata, in a group or alone, signed by key (FORGE_KEY_COUNT: not at all); the outcome of a login. */
static const char *log_in_by(struct test *t, bool group, const char *until, enum forge_key key)
{
    struct bench x;
    struct str text = metadata(t->arena, "", "");

    if (group)
        text = arena_printf(t->arena, "<EntitiesDescriptor " MD " ID=\"_m\"%s>@M@%.*s</EntitiesDescriptor>", until,
                            STR_ARG(text));
    else
        text = edit(t, edit(t, text, "entityID=", "ID=\"_m\" entityID="), "<IDPSSO", "@M@<IDPSSO");
    if (!group)
        text = edit(t, text, "ID=\"_m\"", arena_cstr(t->arena, arena_printf(t->arena, "ID=\"_m\"%s", until)));
    text = key != FORGE_KEY_COUNT ? forge_sign(t->arena, text, "_m", "@M@", &(struct forge_sign){ .key = key })
                                  : forge_replace(t->arena, text, "@M@", "");
    open_bench(t, &x);
    x.idp.metadata_xml = (struct str){ NULL, 0 };
    x.idp.metadata_url = S("https://idp.oulu.example/metadata");
    x.idp.metadata_signer = forge_certificate(FORGE_IDP_NEXT);
    x.city.metadata = text;
    const char *outcome = log_in(t, &x, NULL);
    close_bench(&x);
    return outcome;
}

#define UNTIL " validUntil=\"2026-08-10T08:30:00Z\""

TEST(a_source_with_signers_is_believed_only_signed_and_with_an_end) /* [IIP-MD03, MD04] */
{
    for (int group = 0; group < 2; group++) {
        CHECK_STR(log_in_by(t, group, UNTIL, FORGE_IDP_NEXT), "ok");
        CHECK_STR(log_in_by(t, group, UNTIL, FORGE_KEY_COUNT), "metadata_signature");
        CHECK_STR(log_in_by(t, group, UNTIL, FORGE_OTHER), "metadata_signature");
        CHECK_STR(log_in_by(t, group, "", FORGE_IDP_NEXT), "metadata_no_expiry");
        CHECK_STR(log_in_by(t, group, " validUntil=\"2026-08-10T07:30:00Z\"", FORGE_IDP_NEXT), "city_metadata_expired");
    }
}

static struct str signed_until(struct test *t, const char *until)
{
    struct str text = metadata(t->arena, "", "");

    text = arena_printf(t->arena, "<EntitiesDescriptor " MD " ID=\"_m\" validUntil=\"%s\">@M@%.*s</EntitiesDescriptor>",
                        until, STR_ARG(text));
    return forge_sign(t->arena, text, "_m", "@M@", &(struct forge_sign){ .key = FORGE_IDP_NEXT });
}

TEST(signed_metadata_that_goes_back_in_time_does_not_replace_what_is_kept) /* [security.md S-37] */
{
    struct bench x;

    open_bench(t, &x);
    x.idp.metadata_xml = (struct str){ NULL, 0 };
    x.idp.metadata_url = S("https://idp.oulu.example/metadata");
    x.idp.metadata_signer = forge_certificate(FORGE_IDP_NEXT);
    x.city.metadata = signed_until(t, "2026-08-12T08:00:00Z");
    CHECK_STR(log_in(t, &x, NULL), "ok");
    x.city.metadata = signed_until(t, "2026-08-10T09:30:00Z");
    for (int hour = 0; hour < 2; hour++) { /* the older one is fetched, and would have ended in the second */
        test_passes(t, x.set.metadata_refresh_s + 1);
        struct ctx *c = new_ctx(t, &x, false);
        CHECK(adapter_run(c, adapter_saml.start));
    }
    CHECK(x.city.asked >= 2);
    close_bench(&x);
}

static struct str plain_until(struct test *t, const char *until)
{
    return edit(t, metadata(t->arena, "", ""),
                "entityID=", arena_cstr(t->arena, arena_printf(t->arena, "validUntil=\"%s\" entityID=", until)));
}

TEST(metadata_that_have_ended_do_not_replace_what_is_kept_though_nobody_signs_either)
{
    struct bench x;

    open_bench(t, &x);
    x.idp.metadata_xml = (struct str){ NULL, 0 };
    x.idp.metadata_url = S("https://idp.oulu.example/metadata");
    x.city.metadata = plain_until(t, "2026-08-12T08:00:00Z");
    CHECK_STR(log_in(t, &x, NULL), "ok");
    x.city.metadata = plain_until(t, "2026-08-09T08:00:00Z");
    for (int hour = 0; hour < 2;
         hour++) { /* what has ended is fetched in the first, and would be in force in the second */
        test_passes(t, x.set.metadata_refresh_s + 1);
        struct ctx *c = new_ctx(t, &x, false);
        CHECK(adapter_run(c, adapter_saml.start));
    }
    CHECK(x.city.asked >= 2);
    close_bench(&x);
}

TEST(a_text_in_the_registry_with_signers_must_be_signed_too)
{
    struct bench x;

    open_bench(t, &x);
    x.idp.metadata_signer = forge_certificate(FORGE_IDP_NEXT);
    CHECK_STR(log_in(t, &x, NULL), "metadata_signature");
    close_bench(&x);
}

TEST(an_aggregate_is_not_fetched_unless_somebody_signs_it)
{
    struct bench x;

    open_bench(t, &x);
    struct str group =
        arena_printf(t->arena, "<EntitiesDescriptor " MD ">%.*s</EntitiesDescriptor>", STR_ARG(x.idp.metadata_xml));
    x.idp.metadata_xml = group; /* as imported: whoever imported it has looked */
    CHECK_STR(log_in(t, &x, NULL), "ok");
    x.idp.metadata_xml = (struct str){ NULL, 0 };
    x.idp.metadata_url = S("https://idp.oulu.example/metadata");
    x.city.metadata = group;
    CHECK_STR(log_in(t, &x, NULL), "metadata_aggregate");
    close_bench(&x);
}

TEST(a_kept_document_does_not_outlive_the_trust_it_was_read_with)
{
    struct bench x;

    open_bench(t, &x);
    x.idp.metadata_xml = (struct str){ NULL, 0 };
    x.idp.metadata_url = S("https://idp.oulu.example/metadata");
    x.city.metadata = metadata(t->arena, UNTIL, "");
    CHECK_STR(log_in(t, &x, NULL), "ok");
    x.idp.metadata_signer = forge_certificate(FORGE_IDP_NEXT);
    CHECK_STR(log_in(t, &x, NULL), "metadata_signature");
    x.idp.metadata_signer = (struct str){ NULL, 0 };
    x.idp.entity_id = S("https://idp.espoo.example/saml");
    CHECK_STR(log_in(t, &x, NULL), "metadata_entity"); /* the document speaks of another */
    close_bench(&x);
}

TEST(item_27_demanded_contexts_are_asked_for_and_must_be_answered) /* [IIP-SP06, SP07] */
{
    static struct str demanded[] = { { "urn:example:strong", 18 },
                                     { "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport", 66 } };
    struct bench x;
    struct fail f = { 0 };
    struct form *form;
    struct str packed;

    demanded[1] = str_of(demanded[1].p);
    open_bench(t, &x);
    x.idp.contexts = (struct strs){ demanded, 2 };
    CHECK_STR(log_in(t, &x, NULL), "ok");
    struct ctx *c = new_ctx(t, &x, false);
    CHECK(adapter_run(c, adapter_saml.start));
    CHECK(form_read(t->arena, str_from(c->upstream_url, sizeof SSO), &form, &f));
    CHECK(b64_decode(t->arena, form_get(form, S("SAMLRequest")), &packed));
    struct str text = inflated(t, packed);
    CHECK(str_find(text, S("Comparison=\"exact\"")) < text.n && str_find(text, demanded[0]) < text.n);
    x.idp.contexts.n = 1;
    CHECK_STR(log_in(t, &x, NULL), "authn_context_other");
    close_bench(&x);
}

#define FORMAT_1 "urn:oasis:names:tc:SAML:1.1:nameid-format:"
#define FORMAT_2 "urn:oasis:names:tc:SAML:2.0:nameid-format:"

/* Who comes, or why nobody does, with a NameID of that format and text. */
static const char *named_by(struct test *t, struct bench *x, const char *format, const char *value)
{
    static const char usual[] = " Format=\"" FORMAT_2 "persistent\" NameQualifier=\"" FORGE_ISSUER
                                "\" SPNameQualifier=\"" FORGE_SP "\">AAdzZWNyZXQx<";
    const char *written = *format ? arena_printf(t->arena, " Format=\"%s\">%s<", format, value).p
                                  : arena_printf(t->arena, ">%s<", value).p;
    struct ctx *c = new_ctx(t, x, false);

    CHECK(adapter_run(c, adapter_saml.start));
    post(t, c, sealed(t, x, edit(t, draft(t, x, c), usual, written), &(struct forge_sign){ .key = FORGE_IDP }));
    return adapter_finish(c, &adapter_saml) && c->person != NULL ? arena_cstr(t->arena, c->person->subject)
                                                                 : c->fail.code;
}

TEST(a_name_id_is_the_subject_where_the_row_says_so)
{
    struct str own = S("NameID=subject"), other = S("no-such=subject");
    struct bench x;

    open_bench(t, &x);
    x.idp.attributes = (struct strs){ &own, 1 };
    use_registry(&x);
    CHECK_STR(named_by(t, &x, FORMAT_2 "persistent", "AAdzZWNyZXQx"), "AAdzZWNyZXQx");
    CHECK_STR(named_by(t, &x, "", "anna.1"), "anna.1");
    CHECK_STR(named_by(t, &x, FORMAT_1 "unspecified", "anna.1"), "anna.1");
    CHECK_STR(named_by(t, &x, FORMAT_1 "unspecified", " Anna.1"), " Anna.1"); /* byte for byte */
    CHECK_STR(named_by(t, &x, FORMAT_1 "WindowsDomainQualifiedName", "OULU\\anna"), "OULU\\anna");
    /* What looks scoped is of the city's own scope. */
    CHECK_STR(named_by(t, &x, FORMAT_1 "unspecified", "anna@oulu.example"), "anna@oulu.example");
    CHECK_STR(named_by(t, &x, FORMAT_1 "unspecified", "anna@espoo.example"), "scope_foreign");
    /* What changes, or is handed on, names nobody. */
    CHECK_STR(named_by(t, &x, FORMAT_2 "transient", "anna"), "attribute_missing");
    CHECK_STR(named_by(t, &x, FORMAT_1 "emailAddress", "anna@oulu.example"), "attribute_missing");
    /* Nothing else is taken in its place, nor it in another's. */
    x.idp.attributes = (struct strs){ &other, 1 };
    use_registry(&x);
    CHECK_STR(named_by(t, &x, FORMAT_1 "unspecified", "anna.1"), "attribute_missing");
    close_bench(&x);
}

static const char *with_scope(struct test *t, struct bench *x, const char *name)
{
    struct ctx *c = new_ctx(t, x, false);

    CHECK(adapter_run(c, adapter_saml.start));
    struct str text = draft(t, x, c);
    text = edit(t, text, "urn:oid:0.9.2342.19200300.100.1.1", "urn:oid:1.3.6.1.4.1.5923.1.1.1.6");
    text = edit(t, text, ">anna<", name);
    post(t, c, sealed(t, x, text, &(struct forge_sign){ .key = FORGE_IDP }));
    return adapter_finish(c, &adapter_saml) && c->person != NULL
               ? "ok"
               : arena_printf(t->arena, "%s: %s", c->fail.code, c->fail.detail).p;
}

TEST(item_35_a_scope_that_the_metadata_name_by_a_pattern_is_one_domain_and_below) /* [SDP-SP17, shibmd:Scope] */
{
    static const char scope[] = ">oulu.example</m:Scope>";
    struct bench x;

    open_bench(t, &x);
    x.idp.metadata_xml =
        edit(t, x.idp.metadata_xml, scope, " regexp=\"true\">^(.+\\.)?edu\\.oulu\\.example$</m:Scope>");
    use_registry(&x);
    CHECK_STR(with_scope(t, &x, ">anna@edu.oulu.example<"), "ok");
    CHECK_STR(with_scope(t, &x, ">anna@lukio.Edu.OULU.example<"), "ok");
    CHECK(strstr(with_scope(t, &x, ">anna@oulu.example<"), "scope_foreign") != NULL);
    CHECK(strstr(with_scope(t, &x, ">anna@xedu.oulu.example<"), "scope_foreign") != NULL);
    CHECK(strstr(with_scope(t, &x, ">anna@edu.oulu.example.evil.example<"), "scope_foreign") != NULL);
    CHECK(strstr(with_scope(t, &x, ">anna@espoo.example@edu.oulu.example<"), "scope_foreign") != NULL);

    x.idp.metadata_xml = metadata(t->arena, "", "");
    x.idp.metadata_xml = edit(t, x.idp.metadata_xml, scope, " regexp=\"true\">.*</m:Scope>");
    use_registry(&x);
    CHECK(strstr(with_scope(t, &x, ">anna@espoo.example<"),
                 "as a pattern (regexp) that is not taken: it does not end with a domain") != NULL);
    close_bench(&x);
}

TEST(item_35_the_scope_of_the_metadata_is_the_citys_alone) /* [SDP-SP17] */
{
    struct bench x;

    open_bench(t, &x);
    struct ctx *c = new_ctx(t, &x, false);
    CHECK(adapter_run(c, adapter_saml.start));
    struct str text = draft(t, &x, c);
    text = edit(t, text, "urn:oid:0.9.2342.19200300.100.1.1", "urn:oid:1.3.6.1.4.1.5923.1.1.1.6");
    text = edit(t, text, ">anna<", ">anna@espoo.example<");
    post(t, c, sealed(t, &x, text, &(struct forge_sign){ .key = FORGE_IDP }));
    CHECK(!adapter_finish(c, &adapter_saml) && c->person == NULL);
    CHECK_STR(c->fail.code, "scope_foreign");

    c = new_ctx(t, &x, false);
    CHECK(adapter_run(c, adapter_saml.start));
    text = draft(t, &x, c);
    text = edit(t, text, "urn:oid:0.9.2342.19200300.100.1.1", "urn:oid:1.3.6.1.4.1.5923.1.1.1.6");
    text = edit(t, text, ">anna<", ">anna@oulu.example<");
    post(t, c, sealed(t, &x, text, &(struct forge_sign){ .key = FORGE_IDP }));
    CHECK(adapter_finish(c, &adapter_saml) && c->person != NULL);
    close_bench(&x);
}

TEST(item_30_attributes_that_nobody_asked_for_are_passed_over) /* [IIP-SP10] */
{
    struct bench x;

    open_bench(t, &x);
    use_registry(&x);
    struct ctx *c = new_ctx(t, &x, false);
    CHECK(adapter_run(c, adapter_saml.start));
    struct str text = edit(t, draft(t, &x, c), "<saml2:AttributeStatement>",
                           "<saml2:AttributeStatement><saml2:Attribute Name=\"urn:x:unknown\" "
                           "FriendlyName=\"uid\"><saml2:AttributeValue>berta</saml2:AttributeValue></saml2:Attribute>");
    post(t, c, sealed(t, &x, text, &(struct forge_sign){ .key = FORGE_IDP }));
    CHECK(adapter_finish(c, &adapter_saml) && c->person != NULL);
    CHECK_STR(c->person->subject, "AAdzZWNyZXQx");
    close_bench(&x);
}

#define SUBJECT_ATTRIBUTE "urn:oasis:names:tc:SAML:attribute:"

TEST(item_34_a_subject_is_a_pairwise_id_a_subject_id_or_a_persistent_name) /* [SDP-SP14] */
{
    struct str pair = S("p1@oulu.example"), subject = S("s1@oulu.example"), both[] = { S("a@x.fi"), S("b@x.fi") };
    struct saml_attribute all[] = { { S("uid"), &subject, 1 },
                                    { S(SUBJECT_ATTRIBUTE "subject-id"), &subject, 1 },
                                    { S(SUBJECT_ATTRIBUTE "pairwise-id"), &pair, 1 } };
    struct saml_assertion said = {
        .name_id = S("n1"), .name_id_format = S(SAML_PERSISTENT), .attributes = all, .attribute_count = 3
    };

    CHECK_STR(saml_subject(&said), "p1@oulu.example");
    said.attribute_count = 2;
    CHECK_STR(saml_subject(&said), "s1@oulu.example");
    said.attribute_count = 1;
    CHECK_STR(saml_subject(&said), "n1");
    said.name_id_format = S(FORMAT_2 "transient");
    CHECK(saml_subject(&said).p == NULL);
    said.name_id_format = (struct str){ NULL, 0 };
    CHECK(saml_subject(&said).p == NULL);
    /* Two of them name nobody. */
    all[0] = (struct saml_attribute){ S(SUBJECT_ATTRIBUTE "pairwise-id"), both, 2 };
    CHECK(saml_subject(&said).p == NULL);
}
