/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/settings.h"
#include "base/work.h"
#include "idp-adapters/adapter_local.h"
#include "idp-adapters/password.h"
#include "tests/contract/adapter_contract.h"
#include "wire/form.h"
#include "wire/http.h"
#include "wire/kv.h"

#include <argon2.h>

#define PASSWORD "koivu-ja-kuusi-ja-mänty"

/* Redis and the worker threads, in this process: they stand behind the functions
 * that this program has instead of theirs. */
struct kv {
    int64_t guesses;
    bool down;
};

void kv_count(struct kv *k, struct batch *b, struct arena *a, struct kv_got *out, enum kv_family family, struct str id,
              int64_t ttl_s)
{
    batch_ask(b);
    *out = (struct kv_got){ .outcome = k->down ? KV_DOWN : KV_HIT, .number = ++k->guesses };
    (void)a;
    (void)family;
    (void)id;
    (void)ttl_s;
    batch_answered(b);
}

void kv_delete(struct kv *k, struct batch *b, struct arena *a, struct kv_got *out, enum kv_family family, struct str id)
{
    batch_ask(b);
    k->guesses = 0;
    *out = (struct kv_got){ .outcome = KV_HIT };
    (void)a;
    (void)family;
    (void)id;
    batch_answered(b);
}

bool work_ask(struct work *w, struct batch *b, void (*job)(void *arg), void *arg)
{
    batch_ask(b);
    job(arg);
    (void)w;
    batch_answered(b);
    return true;
}

struct bench {
    struct settings set;
    struct kv redis;
    struct http_request req;
    struct idp idps[2];
    struct account accounts[3]; /* anna; another of another identity provider's; one that is closed */
    struct person people[3];
    struct registry *registry;
};

static void use_registry(struct bench *x)
{
    struct registry_parts parts = { .idps = x->idps, .idp_count = 2, .accounts = x->accounts, .account_count = 3 };

    registry_drop(x->registry);
    x->registry = registry_build(arena_new(), &parts);
}

static void open_bench(struct test *t, struct bench *x)
{
    static const char *const names[] = { "anna", "berit", "cecilia" };

    *x = (struct bench){ .req = { .peer = S("192.0.2.7") } };
    settings_defaults(&x->set);
    x->set.public_url = S("https://gateway.example");
    x->idps[0] = (struct idp){ .id = S("local"), .kind = IDP_LOCAL, .enabled = true };
    x->idps[1] = (struct idp){ .id = S("other"), .kind = IDP_LOCAL, .enabled = true };
    for (size_t i = 0; i < 3; i++)
        x->accounts[i] =
            (struct account){ .id = arena_printf(t->arena, "id-%s", names[i]),
                              .idp = i == 1 ? S("other") : S("local"),
                              .username = str_of(names[i]),
                              .password_hash = password_hash(t->arena, &t->world, i == 0 ? S(PASSWORD) : S("other")),
                              .person = &x->people[i],
                              .enabled = i != 2 };
    use_registry(x);
}

static void type(struct test *t, struct ctx *c, const char *username, const char *password)
{
    c->body = arena_make(t->arena, struct form);
    c->body->fields = arena_make_n(t->arena, 2, struct form_field);
    c->body->fields[c->body->count++] = (struct form_field){ S("username"), str_of(username) };
    c->body->fields[c->body->count++] = (struct form_field){ S("password"), str_of(password) };
}

static struct ctx *rig_begin(struct adapter_rig *rig, bool fresh)
{
    struct bench *x = rig->self;
    struct test *t = rig->t;
    struct ctx *c = arena_make(t->arena, struct ctx);

    x->idps[0].enabled = true;
    use_registry(x);
    *c = (struct ctx){ .arena = t->arena,
                       .world = &t->world,
                       .now_s = world_now_s(&t->world),
                       .set = &x->set,
                       .registry = x->registry,
                       .kv = &x->redis,
                       .req = &x->req };
    c->login = arena_make(t->arena, struct login);
    *c->login = (struct login){
        .id = S("l1"), .state = LOGIN_ASKED, .idp = S("local"), .max_age_s = -1, .prompt = fresh ? PROMPT_LOGIN : 0
    };
    return c;
}

/* The ways that a form can be spoilt: who, with which password. */
static bool rig_answer(struct adapter_rig *rig, struct ctx *c, enum city_answer way)
{
    static const struct {
        enum city_answer way;
        const char *username, *password;
    } forms[] = { { CITY_HONEST, "Anna ", PASSWORD },        { CITY_UNSIGNED, "anna", "" },
                  { CITY_TAMPERED, "anna", PASSWORD "x" },   { CITY_OTHER_KEY, "anna", "other" },
                  { CITY_OTHER_ISSUER, "berit", "other" },   { CITY_NO_SUBJECT, "nobody", PASSWORD },
                  { CITY_REFUSED, "cecilia", "other" },      { CITY_EMPTY, "", "" },
                  { CITY_GARBAGE, "\x01\xff'--", "\xff\n" }, { CITY_DISABLED, "anna", PASSWORD } };
    struct bench *x = rig->self;

    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (forms[i].way != way)
            continue;
        type(rig->t, c, forms[i].username, forms[i].password);
        x->idps[0].enabled = way != CITY_DISABLED;
        use_registry(x);
        c->registry = x->registry;
        return true;
    }
    return false;
}

TEST(the_local_adapter_keeps_the_contract)
{
    struct bench x;
    struct adapter_rig rig = { t, &adapter_local, &x, rig_begin, rig_answer, "id-anna", true };

    open_bench(t, &x);
    x.set.local_guesses_max = 1000;
    adapter_contract(&rig);
    registry_drop(x.registry);
}

TEST(guesses_are_counted_and_an_attempt_that_cannot_be_counted_is_not_made)
{
    struct bench x;
    struct adapter_rig rig = { t, &adapter_local, &x, rig_begin, rig_answer, "id-anna", true };

    open_bench(t, &x);
    x.redis.guesses = x.set.local_guesses_max * LOCAL_ACCOUNT_FACTOR;
    struct ctx *c = rig_begin(&rig, false);
    type(t, c, "anna", PASSWORD);
    CHECK(adapter_run(c, adapter_local.finish) && c->person == NULL);
    const struct local_said *said = c->adapter_state;
    CHECK(said->busy && said->wait_s == LOCAL_WINDOW_S);
    x.redis = (struct kv){ .down = true };
    c = rig_begin(&rig, false);
    type(t, c, "anna", PASSWORD);
    CHECK(!adapter_run(c, adapter_local.finish) && c->person == NULL);
    CHECK_STR(c->fail.code, "temporarily_unavailable");
    registry_drop(x.registry);
}

TEST(a_password_is_the_same_composed_and_decomposed)
{
    static const char composed[] = "salasäna-Öö1", decomposed[] = "salasa\xcc\x88na-O\xcc\x88o\xcc\x88"
                                                                  "1";
    struct str a = password_hash(t->arena, &t->world, str_of(composed));
    struct str b = password_hash(t->arena, &t->world, str_of(decomposed));

    CHECK(password_ok(a, str_of(composed)) && password_ok(a, str_of(decomposed)));
    CHECK(password_ok(b, str_of(composed)) && password_ok(b, str_of(decomposed)));
    CHECK(!password_ok(a, S("salasana-Oo1")) && !password_ok(a, S("SALASÄNA-ÖÖ1")));
}

TEST(a_password_whose_hash_was_made_of_what_was_typed_still_opens)
{
    /* Argon2id of the decomposed letter alone, made elsewhere. */
    char hash[256];
    static const char typed[] = "a\xcc\x88-a\xcc\x88-a\xcc\x88";

    CHECK(argon2id_hash_encoded(2, 19456, 1, typed, sizeof typed - 1, "0123456789abcdef", 16, 32, hash, sizeof hash) ==
          ARGON2_OK);
    CHECK(password_ok(str_of(hash), str_of(typed)));
    CHECK(!password_ok(str_of(hash), S("ä-ä-ä"))); /* nobody can know that the hash meant these */
    CHECK(!password_ok((struct str){ NULL, 0 }, str_of(typed)));
}

TEST(an_account_is_found_however_its_name_is_typed)
{
    static const char *const typed[] = { "Åsa.Öberg", "åsa.öberg",
                                         "A\xcc\x8asa.O\xcc\x88"
                                         "berg",
                                         "a\xcc\x8asa.o\xcc\x88"
                                         "berg" };
    static const char *const kept[] = { "åsa.öberg", "a\xcc\x8asa.o\xcc\x88"
                                                     "berg" };
    struct bench x;
    struct adapter_rig rig = { t, &adapter_local, &x, rig_begin, rig_answer, "id-anna", true };

    open_bench(t, &x);
    x.set.local_guesses_max = 1000;
    for (size_t k = 0; k < 2; k++) {
        x.accounts[0].username = str_of(kept[k]);
        for (size_t i = 0; i < 4; i++) {
            struct ctx *c = rig_begin(&rig, false);
            type(t, c, typed[i], PASSWORD);
            CHECK(adapter_run(c, adapter_local.finish) && c->person != NULL);
        }
    }
    registry_drop(x.registry);
}
