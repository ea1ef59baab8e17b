/* SPDX-License-Identifier: EUPL-1.2
 * Vendor organisations, their area, and how their people come in [issue of the vendor portal, J8]. */
#include "base/codec.h"
#include "base/crypt.h"
#include "gateway/service_keys.h"
#include "model/business_id.h"
#include "model/mailbox.h"
#include "registry/contacts.h"
#include "registry/vendors.h"
#include "tests/unit/change_help.h"
#include "wire/otp.h"

#include <sys/stat.h>

#define VENDORS                                                                                                        \
    "format: 1\n"                                                                                                      \
    "idps:\n"                                                                                                          \
    "  - {id: local, kind: local, name: {fi: Hätä}}\n"                                                               \
    "  - {id: vendors, kind: local, vendors: true, name: {fi: Toimittajat}}\n"                                         \
    "services:\n"                                                                                                      \
    "  - {id: tori, protocol: link, vendor: tuisku, test: true, name: {fi: Tori}, launch_uri: "                        \
    "https://tori.example/}\n"                                                                                         \
    "  - {id: hanki, protocol: link, vendor: kinos, test: true, name: {fi: Hanki}, launch_uri: "                       \
    "https://hanki.example/}\n"                                                                                        \
    "organisations:\n"                                                                                                 \
    "  - {id: tuisku, business_id: 2345678-0, name: {fi: Tuisku Oy}, contact_technology: t@tuisku.example,\n"          \
    "     contact_privacy: p@tuisku.example, contact_incidents: i@tuisku.example}\n"                                   \
    "  - {id: kinos, business_id: 1572860-0, name: {fi: Kinos Oy}, contact_technology: t@kinos.example,\n"             \
    "     contact_privacy: p@kinos.example, contact_incidents: i@kinos.example}\n"                                     \
    "accounts:\n"                                                                                                      \
    "  - {id: root, idp: local, username: root, password: {plain: ennen-vanhaan}, given_names: Ritva}\n"               \
    "  - {id: vera, idp: vendors, username: vera, password: {plain: veran-salasana}, given_names: Vera}\n"             \
    "admins:\n"                                                                                                        \
    "  - {id: op, idp: local, subject: root, role: operator}\n"                                                        \
    "staff:\n"                                                                                                         \
    "  - {id: s1, organisation: tuisku, idp: vendors, subject: vera, role: owner}\n"

static const struct area tuisku = { { "vendor:tuisku", 13 }, { NULL, 0 } },
                         kinos = { { "vendor:kinos", 12 }, { NULL, 0 } };

static void vendors_open(struct test *t, struct rig *g)
{
    rig_open(t, g);
    g->how.who = S("aino");
    g->edit = (struct edit_how){ .world = &t->world, .seals = g->how.seals };
    CHECK(import(t, g, S(VENDORS)));
    CHECK_STR(g->fail.detail, "");
}

/* Whatever the gateway fetches for a stranger is of the public world. */
TEST(what_an_organisation_has_in_test_is_never_on_this_machine)
{
    struct rig g;

    vendors_open(t, &g);
    struct registry *r = registry_load(g.db, &g.fail);
    CHECK(r != NULL);
    struct service s = *registry_service(r, S("tori"));
    CHECK(s.test && !service_is_near(r, &s));
    s.vendor = S("nobody-of-the-portal");
    CHECK(service_is_near(r, &s));
    s.test = false;
    CHECK(!service_is_near(r, &s));
    registry_drop(r);
    rig_free(t, &g);
}

/* ── business ids ───────────────────────────────────────────────────────── */

TEST(a_mailbox_is_one_address_and_nothing_beside_it)
{
    static const struct str good[] = { S("tuki@kinos.fi"), S("a+b.c@mail.kinos.example") };
    static const struct str bad[] = { S(""),          S("@kinos.fi"),         S("tuki"),          S("tuki@"),
                                      S("tuki@fi"),   S("tuki@.fi"),          S("tuki@kinos."),   S("a@b@kinos.fi"),
                                      S("a @kin.fi"), S("Tuki <t@kinos.fi>"), S("a@k.fi,b@k.fi"), S("a@k.fi\n"),
                                      S("a@k.fi\x01") };

    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        CHECK(is_mailbox(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!is_mailbox(bad[i]));
}

TEST(a_business_id_has_its_check_digit)
{
    static const char *const good[] = { "2345678-0", "1572860-0", "0737546-2", "2617416-4" };
    static const char *const bad[] = { "2345678-1",  "1572860-1", "23456780",  "2345678-",   "234567-3", "",
                                       "FI23456780", "2345678 0", "a345678-0", "2345678-03", "2345678-x" };

    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        CHECK(is_business_id(str_of(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!is_business_id(str_of(bad[i])));
    /* A remainder of 1 has no check digit: whatever stands there. */
    for (char c = '0'; c <= '9'; c++)
        CHECK(!is_business_id(arena_printf(t->arena, "0000006-%c", c)));
}

static struct str vendors_but(struct test *t, const char *was, const char *is)
{
    struct buf b = buf_new(t->arena, 8192);
    const char *at = strstr(VENDORS, was);

    CHECK(at != NULL);
    buf_add(&b, str_n(VENDORS, (size_t)(at - VENDORS)));
    buf_add(&b, str_of(is));
    buf_add(&b, str_of(at + strlen(was)));
    return buf_str(&b);
}

TEST(an_organisation_is_in_order_or_is_not_kept)
{
    static const struct {
        const char *was, *is, *says;
    } wrong[] = {
        { "2345678-0", "2345678-1", "business_id \"2345678-1\" is none" },
        { "1572860-0", "2345678-0", "belongs to another organisation already" },
        { "t@tuisku.example", "tuisku.example", "contact_technology: expected one address of e-mail" },
        { "i@kinos.example", "i@kinos", "contact_incidents: expected one address of e-mail" },
        { "idp: vendors, subject: vera", "idp: local, subject: root", "is not for people of vendors" },
        { "kind: local, vendors: true", "kind: local", "is not for people of vendors" },
        { "role: owner}", "role: boss}", "boss" },
        { "organisation: tuisku, idp", "organisation: nobody, idp", "nobody" },
    };
    struct rig g;

    vendors_open(t, &g);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        CHECK(!import(t, &g, vendors_but(t, wrong[i].was, wrong[i].is)));
        CHECK(strstr(g.fail.detail, wrong[i].says) != NULL);
    }
    rig_free(t, &g);
}

/* ── the area of a vendor ───────────────────────────────────────────────── */

TEST(a_vendor_touches_its_own_rows_alone_and_learns_of_no_others)
{
    static const struct {
        const char *kind, *key, *field, *value;
        const struct area *yes, *no;
    } rows[] = {
        { "service", "tori", "name.sv", "Torg", &tuisku, &kinos },
        { "service", "hanki", "name.sv", "Drivan", &kinos, &tuisku },
        { "organisation", "tuisku", "name.sv", "Tuisku Ab", &tuisku, &kinos },
        { "staff", "s1", "role", "developer", &tuisku, &kinos },
        { "idp", "vendors", "name.sv", "Leverantörer", &area_nation, &tuisku },
        { "account", "vera", "given_names", "Veera", &area_nation, &tuisku },
    };
    struct rig g;

    vendors_open(t, &g);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct str before = exported(t, &g);
        struct one act = { "liisa", rows[i].kind, rows[i].key, rows[i].field, rows[i].value, rows[i].no, 0, 0, 0 };
        CHECK(!one(t, &g, &act, EDIT_APPLY));
        CHECK_STR(g.fail.code, "not_yours");
        CHECK(str_eq(exported(t, &g), before));
        act.area = rows[i].yes;
        CHECK(one(t, &g, &act, EDIT_APPLY));
        CHECK_STR(g.fail.detail, "");
    }
    rig_free(t, &g);
}

TEST(a_service_is_neither_given_away_nor_taken)
{
    struct rig g;

    vendors_open(t, &g);
    struct str before = exported(t, &g);
    CHECK(!one(t, &g, &(struct one){ "liisa", "service", "tori", "vendor", "kinos", &tuisku, 0, 0, 0 }, EDIT_APPLY));
    CHECK_STR(g.fail.code, "not_yours");
    CHECK(!one(t, &g, &(struct one){ "liisa", "service", "hanki", "vendor", "tuisku", &tuisku, 0, 0, 0 }, EDIT_APPLY));
    CHECK_STR(g.fail.code, "not_yours");
    CHECK(!one(t, &g, &(struct one){ "liisa", "organisation", "tuisku", NULL, NULL, &tuisku, 0, 0, 0 }, EDIT_APPLY));
    CHECK_STR(g.fail.code, "not_yours");
    CHECK(str_eq(exported(t, &g), before));
    rig_free(t, &g);
}

TEST(what_is_another_vendors_is_as_if_it_were_not)
{
    static const char *const kinds[] = { "service", "organisation", "staff", "idp", "account", "policy", "provider" };
    const struct row_id hanki = { S("service"), { S("hanki"), { NULL, 0 } } };
    const struct row_id nothing = { S("service"), { S("nothing"), { NULL, 0 } } };
    struct rig g;
    struct row_seen seen;
    struct row_page page;
    int64_t version;

    vendors_open(t, &g);
    CHECK(!row_look(g.db, t->arena, &tuisku, &hanki, &seen, &version, &g.fail));
    struct str first = arena_printf(t->arena, "%s: %s", g.fail.code, g.fail.detail);
    g.fail = (struct fail){ 0 };
    CHECK(!row_look(g.db, t->arena, &tuisku, &nothing, &seen, &version, &g.fail));
    CHECK_STR(arena_printf(t->arena, "%s: %s", g.fail.code, g.fail.detail), arena_cstr(t->arena, first));
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const struct row_ask ask = { .kind = kinds[i], .most = 100 };
        g.fail = (struct fail){ 0 };
        CHECK(row_list(g.db, t->arena, &tuisku, &ask, &page, &g.fail));
        CHECK_INT(page.n, i < 3 ? 1 : 0);
    }
    /* A municipality sees all services, as ever. */
    CHECK(row_look(g.db, t->arena, &oulu, &hanki, &seen, &version, &g.fail));
    const struct row_ask all = { .kind = "service", .most = 100 };
    CHECK(row_list(g.db, t->arena, &oulu, &all, &page, &g.fail));
    CHECK_INT(page.n, 2);
    (void)espoo;
    (void)kielonmaki;
    rig_free(t, &g);
}

TEST(a_vendor_has_a_history_of_its_own)
{
    struct rig g;
    struct change_entries mine, theirs;

    vendors_open(t, &g);
    CHECK(one(t, &g, &(struct one){ "liisa", "service", "tori", "name.sv", "Torg", &tuisku, 0, 0, 0 }, EDIT_APPLY));
    CHECK(change_list(g.db, t->arena, &tuisku, INT64_MAX, 10, &mine, &g.fail));
    CHECK(change_list(g.db, t->arena, &kinos, INT64_MAX, 10, &theirs, &g.fail));
    CHECK_INT(mine.n, theirs.n + 1);
    CHECK_STR(mine.at[0].area, "vendor:tuisku");
    rig_free(t, &g);
}

/* ── codes ──────────────────────────────────────────────────────────────── */

/* [RFC 6238, appendix B], the last six digits. */
TEST(codes_are_those_of_rfc_6238)
{
    static const struct {
        int64_t at_s;
        const char *code;
    } vectors[] = { { 59, "287082" },         { 1111111109, "081804" }, { 1111111111, "050471" },
                    { 1234567890, "005924" }, { 2000000000, "279037" }, { 20000000000, "353130" } };
    const struct str seed = S("12345678901234567890");
    int64_t step;

    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        int64_t at = vectors[i].at_s / OTP_STEP_S;
        struct str code = otp_code(t->arena, seed, at);
        CHECK_STR(code, vectors[i].code);
        CHECK(otp_step(t->arena, seed, code, vectors[i].at_s, 0, &step) && step == at);
        CHECK(otp_step(t->arena, seed, code, vectors[i].at_s + OTP_STEP_S, 0, &step));
        CHECK(!otp_step(t->arena, seed, code, vectors[i].at_s + 2 * OTP_STEP_S, 0, &step));
        CHECK(!otp_step(t->arena, seed, code, vectors[i].at_s, at, &step)); /* it was taken [5.2] */
    }
    struct str spaced = arena_printf(t->arena, "287 082");
    CHECK(otp_step(t->arena, seed, spaced, 59, 0, &step));
    CHECK(!otp_step(t->arena, seed, S(""), 59, 0, &step) && !otp_step(t->arena, seed, S("2870821"), 59, 0, &step));
    CHECK_STR(otp_uri(t->arena, seed, S("Digi One"), S("vera@tuisku.example")),
              "otpauth://totp/Digi%20One:vera%40tuisku.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer="
              "Digi%20One");
}

/* ── the store ──────────────────────────────────────────────────────────── */

struct shelf {
    struct test *t;
    struct rig *g;
    const struct seals *seals;
    int64_t now_s;
    struct arena *arena;
};

static bool try_invitations(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct shelf *x = with;
    struct test *t = x->t;
    struct invitation made = { S("00112233445566778899"),
                               S("tuisku"),
                               STAFF_developer,
                               S("Ville"),
                               S("p1"),
                               x->now_s,
                               x->now_s + INVITATION_S,
                               S("v@tuisku.fi"),
                               false },
                      got;
    struct invitations open;

    CHECK(invitation_put(d, a, &made, f));
    CHECK(invitation_get(d, a, made.hash, x->now_s, &got, f) && got.role == STAFF_developer);
    CHECK_STR(got.email, "v@tuisku.fi");
    CHECK(!invitation_get(d, a, made.hash, made.until_s, &got, f)); /* it ends */
    CHECK_STR(f->code, "no_invitation");
    *f = (struct fail){ 0 };
    CHECK(!invitation_take(d, a, made.hash, made.until_s, f));
    *f = (struct fail){ 0 };
    CHECK(invitations_of(d, a, S("tuisku"), x->now_s, &open, f) && open.n == 1);
    CHECK(invitations_of(d, a, S("kinos"), x->now_s, &open, f) && open.n == 0);
    CHECK(invitation_take(d, a, made.hash, x->now_s, f));
    CHECK(!invitation_take(d, a, made.hash, x->now_s, f)); /* once */
    *f = (struct fail){ 0 };
    CHECK(invitation_give_back(d, made.hash, f) && invitation_take(d, a, made.hash, x->now_s, f));
    made.hash = S("99887766554433221100");
    CHECK(invitation_put(d, a, &made, f) && invitation_drop(d, S("kinos"), str_sub(made.hash, 0, 16), f));
    CHECK(invitation_get(d, a, made.hash, x->now_s, &got, f)); /* another's cannot be taken back */
    CHECK(invitation_drop(d, S("tuisku"), str_sub(made.hash, 0, 16), f));
    CHECK(!invitation_get(d, a, made.hash, x->now_s, &got, f));
    *f = (struct fail){ 0 };
    for (int i = 0; i < INVITATIONS_OF_ONE_MAX; i++) {
        made.hash = arena_printf(a, "%020d", i);
        CHECK(invitation_put(d, a, &made, f));
    }
    made.hash = S("one too many");
    CHECK(!invitation_put(d, a, &made, f));
    CHECK_STR(f->code, "invitations_of_one");
    *f = (struct fail){ 0 };
    return true;
}

static bool try_codes(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct shelf *x = with;
    struct test *t = x->t;
    const struct str seed = S("12345678901234567890"), code = otp_code(a, seed, x->now_s / OTP_STEP_S);
    struct str papers[RECOVERY_CODES];
    enum code_was was;
    int64_t left;

    CHECK(code_take(d, a, x->seals, S("vera"), code, x->now_s, &was, f) && was == CODE_WRONG); /* she has none yet */
    CHECK(seed_put(d, a, &t->world, x->seals, S("vera"), seed, x->now_s / OTP_STEP_S - 1, f));
    recovery_make(a, &world_real, papers);
    CHECK(recovery_put(d, a, S("vera"), papers, f));
    CHECK(code_take(d, a, x->seals, S("vera"), code, x->now_s, &was, f) && was == CODE_TAKEN);
    CHECK(code_take(d, a, x->seals, S("vera"), code, x->now_s, &was, f) && was == CODE_WRONG); /* a replay */
    CHECK(code_take(d, a, x->seals, S("ville"), papers[0], x->now_s, &was, f) && was == CODE_WRONG);
    CHECK(code_take(d, a, x->seals, S("vera"), papers[0], x->now_s, &was, f) && was == CODE_OF_PAPER);
    CHECK(code_take(d, a, x->seals, S("vera"), papers[0], x->now_s, &was, f) && was == CODE_WRONG); /* once */
    CHECK(recovery_left(d, a, S("vera"), &left, f) && left == RECOVERY_CODES - 1);
    recovery_make(a, &world_real, papers);
    CHECK(recovery_put(d, a, S("vera"), papers, f) && recovery_left(d, a, S("vera"), &left, f));
    CHECK_INT(left, RECOVERY_CODES);
    CHECK(code_take(d, a, x->seals, S("vera"), S(""), x->now_s, &was, f) && was == CODE_WRONG);
    CHECK(factors_drop(d, S("vera"), f));
    CHECK(code_take(d, a, x->seals, S("vera"), papers[1], x->now_s, &was, f) && was == CODE_WRONG);
    return true;
}

/* Whoever is let in anew has an app and codes of paper, and nothing of before. */
static bool try_anew(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct shelf *x = with;
    struct test *t = x->t;
    const struct kept_passkey key = { .id = S("old"), .key = S("key"), .account = S("vera"), .made_s = x->now_s };
    const struct str was_seed = S("abcdefghijklmnopqrst"), seed = S("12345678901234567890");
    struct str old[RECOVERY_CODES], papers[RECOVERY_CODES];
    struct kept_passkeys left;
    enum code_was was;

    recovery_make(a, &world_real, old);
    recovery_make(a, &world_real, papers);
    CHECK(seed_put(d, a, &t->world, x->seals, S("vera"), was_seed, 0, f) && recovery_put(d, a, S("vera"), old, f) &&
          passkey_put(d, a, &key, f));
    const struct new_factors made = { S("vera"), seed, x->now_s / OTP_STEP_S - 1, papers };
    CHECK(factors_put(d, a, &t->world, x->seals, &made, f));
    CHECK(passkeys_of(d, a, S("vera"), &left, f) && left.n == 0);
    CHECK(code_take(d, a, x->seals, S("vera"), old[0], x->now_s, &was, f) && was == CODE_WRONG);
    CHECK(code_take(d, a, x->seals, S("vera"), otp_code(a, was_seed, x->now_s / OTP_STEP_S), x->now_s, &was, f) &&
          was == CODE_WRONG);
    CHECK(code_take(d, a, x->seals, S("vera"), otp_code(a, seed, x->now_s / OTP_STEP_S), x->now_s, &was, f) &&
          was == CODE_TAKEN);
    CHECK(code_take(d, a, x->seals, S("vera"), papers[0], x->now_s, &was, f) && was == CODE_OF_PAPER);
    return true;
}

/* An account's link is none of an organisation's, and of one account one is open. */
static bool try_links(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct shelf *x = with;
    struct test *t = x->t;
    struct invitation link = { .hash = sha256_hex(a, S("one")),
                               .organisation = invitation_to_account(a, S("v-vera")),
                               .by = S("owner"),
                               .made_s = x->now_s,
                               .until_s = x->now_s + RECOVERY_S };
    struct invitation got;
    struct fail gone = { 0 };

    CHECK_STR(invitation_account(&link), "v-vera");
    CHECK(!str_is_set(invitation_city(&link)));
    CHECK(invitation_put(d, a, &link, f) && invitation_get(d, a, link.hash, x->now_s, &got, f));
    CHECK_STR(invitation_account(&got), "v-vera");
    CHECK(!invitation_get(d, a, link.hash, x->now_s + RECOVERY_S, &got, &gone));
    CHECK(invitations_end(d, link.organisation, f) && !invitation_get(d, a, link.hash, x->now_s, &got, &gone));
    CHECK_STR(gone.code, "no_invitation");
    link.organisation = S("tuisku");
    CHECK(!str_is_set(invitation_account(&link)));
    return true;
}

static bool try_passkeys(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct shelf *x = with;
    struct test *t = x->t;
    struct kept_passkey put = { .id = S("id-one"),
                                .key = S("key"),
                                .account = S("vera"),
                                .name = S("Avain"),
                                .made_s = 5 },
                        got;
    struct kept_passkeys all;

    CHECK(passkey_put(d, a, &put, f) && passkey_get(d, a, S("id-one"), &got, f));
    CHECK(str_eq(got.id, put.id) && str_eq(got.key, put.key) && got.used_s == 0);
    CHECK(passkey_count(d, a, &got, 7, 9, f) && passkey_get(d, a, S("id-one"), &put, f) && put.count == 7);
    CHECK(!passkey_count(d, a, &got, 8, 9, f)); /* another has used it since */
    CHECK_STR(f->code, "passkey_used");
    *f = (struct fail){ 0 };
    CHECK(passkey_drop(d, a, S("ville"), S("id-one"), f) && passkeys_of(d, a, S("vera"), &all, f) && all.n == 1);
    CHECK(passkey_drop(d, a, S("vera"), S("id-one"), f) && !passkey_get(d, a, S("id-one"), &got, f));
    CHECK_STR(f->code, "no_passkey");
    *f = (struct fail){ 0 };
    return true;
}

/* Who somebody is elsewhere is said by all three parts of the key: a row that is turned to another issuer, or another
 * row of the same one, lets nobody in. */
static bool try_identities(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct shelf *x = with;
    struct test *t = x->t;
    struct str koti[] = { S("koti") };
    const struct strs listed = { koti, 1 }, none = { koti, 0 };
    const struct kept_identity one = { { S("koti"), S("https://koti.example"), S("7") }, S("vera"), S("Vera"), 5, 0 };
    const struct identity_key others[] = { { S("työ"), one.key.issuer, one.key.subject },
                                           { S("koti"), S("https://koti.example/"), S("7") },
                                           { S("koti"), one.key.issuer, S("07") } };
    struct kept_identity got, again = one;
    struct kept_identities all;
    int64_t n = -1;

    CHECK(identity_put(d, a, &one, f) && identity_find(d, a, &one.key, 9, &got, f) && str_eq(got.account, S("vera")));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        CHECK(identity_find(d, a, &others[i], 9, &got, f) && !str_is_set(got.account));
    again.account = S("ville");
    CHECK(!identity_put(d, a, &again, f));
    CHECK_STR(f->code, "identity_taken");
    *f = (struct fail){ 0 };
    CHECK(identities_of(d, a, S("vera"), &all, f) && all.n == 1 && all.at[0].used_s == 9);
    CHECK(identities_of(d, a, S("ville"), &all, f) && all.n == 0);

    CHECK(ways_in(d, a, S("vera"), &listed, &n, f) && n == 1 && ways_in(d, a, S("vera"), &none, &n, f) && n == 0);
    CHECK(!identity_drop_but_last(d, a, S("vera"), &listed, &one.key, f));
    CHECK_STR(f->code, "last_way");
    *f = (struct fail){ 0 };
    const struct kept_passkey key = { .id = S("id"), .key = S("key"), .account = S("vera"), .made_s = 5 };
    CHECK(passkey_put(d, a, &key, f));
    CHECK(identity_drop_but_last(d, a, S("ville"), &listed, &one.key, f) ==
          false); /* another's: nothing of his is left */
    *f = (struct fail){ 0 };
    CHECK(identity_find(d, a, &one.key, 9, &got, f) && str_is_set(got.account));
    CHECK(identity_drop_but_last(d, a, S("vera"), &listed, &one.key, f));
    CHECK(!passkey_drop_but_last(d, a, S("vera"), &listed, S("id"), f));
    CHECK_STR(f->code, "last_way");
    *f = (struct fail){ 0 };
    /* What is of a provider that is listed no more is no way in. */
    CHECK(identity_put(d, a, &one, f) && !passkey_drop_but_last(d, a, S("vera"), &none, S("id"), f));
    *f = (struct fail){ 0 };
    for (int i = 1; i < IDENTITIES_OF_ONE_MAX; i++) {
        again = one;
        again.key.subject = arena_printf(a, "more-%d", i);
        CHECK(identity_put(d, a, &again, f));
    }
    again.key.subject = S("one-more");
    CHECK(!identity_put(d, a, &again, f));
    CHECK_STR(f->code, "identities_of_one");
    *f = (struct fail){ 0 };
    CHECK(factors_drop(d, S("vera"), f) && identities_of(d, a, S("vera"), &all, f) && all.n == 0);
    return true;
}

static size_t lines_of(struct db *d, struct arena *a, const char *table)
{
    struct db_rows rows;
    struct fail f = { 0 };
    const struct db_statement s = { table, table };

    return db_query(d, &s, NULL, 0, a, &rows, &f) ? rows.n : SIZE_MAX;
}

/* The store as version 4 left it, where somebody had come in, or nobody yet. */
static bool as_before(struct db *d, bool in_use, struct fail *f)
{
    static const struct db_statement due = { "due", "INSERT INTO contacts_due VALUES (1)" };

    return !in_use || db_run(d, &due, NULL, 0, f);
}

static bool try_taking_over(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct shelf *x = with;
    struct test *t = x->t;
    struct organisation all[] = {
        { .id = S("tuisku"),
          .technology = S("t@a.example"),
          .privacy = S("p@a.example"),
          .incidents = S("i@a.example") },
        { .id = S("kinos"),
          .technology = S("t@b.example"),
          .privacy = S("p@b.example"),
          .incidents = S("i@b.example") },
    };
    struct contact_link asked = { S("h9"), S("kinos"), S("p@b.example"), S("vera"), CONTACT_privacy, x->now_s + 100 };
    struct contacts known[2];

    /* A new store: nobody was in before, so all are to be proven. */
    CHECK(lines_of(d, a, "SELECT due FROM contacts_due") == 0);
    CHECK(contacts_take_over(d, a, all, 2, x->now_s, f) && contacts_of_all(d, a, all, 2, known, f));
    CHECK(!str_is_set(known[0].verified[CONTACT_technology]));
    /* After an upgrade: all count, but the one that somebody is being asked about. */
    CHECK(contact_link_put(d, &asked, f) && as_before(d, true, f));
    CHECK(contacts_take_over(d, a, all, 2, x->now_s, f) && contacts_of_all(d, a, all, 2, known, f));
    for (int i = 0; i < CONTACT_COUNT; i++)
        CHECK(contact_is_verified(&known[0], &all[0], (enum contact)i) && known[0].before[i]);
    CHECK(contact_is_verified(&known[1], &all[1], CONTACT_technology));
    CHECK(!contact_is_verified(&known[1], &all[1], CONTACT_privacy));
    /* Once: what is changed after that is to be proven. */
    all[0].technology = S("rosvo@a.example");
    CHECK(contacts_take_over(d, a, all, 2, x->now_s, f) && contacts_of_all(d, a, all, 2, known, f));
    CHECK(!contact_is_verified(&known[0], &all[0], CONTACT_technology));
    CHECK_STR(known[0].verified[CONTACT_technology], "t@a.example");
    CHECK(contact_verify(d, a, S("h9"), x->now_s, f) && contacts_of_all(d, a, all, 2, known, f));
    CHECK(contact_is_verified(&known[1], &all[1], CONTACT_privacy) && !known[1].before[CONTACT_privacy]);
    return true;
}

static bool try_contacts(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct shelf *x = with;
    struct test *t = x->t;
    struct contact_link one = { S("h1"),   S("tuisku"),        S("t@tuisku.example"),
                                S("vera"), CONTACT_technology, x->now_s + 100 },
                        got;
    struct contacts known;

    CHECK(contact_link_put(d, &one, f) && contact_link_get(d, a, S("h1"), x->now_s, &got, f));
    CHECK(contacts_of(d, a, S("tuisku"), &known, f) && !str_is_set(known.verified[CONTACT_technology]));
    one.hash = S("h2"); /* the newer one alone is good */
    one.address = S("uusi@tuisku.example");
    CHECK(contact_link_put(d, &one, f) && !contact_verify(d, a, S("h1"), x->now_s, f));
    CHECK_STR(f->code, "no_contact_link");
    *f = (struct fail){ 0 };
    CHECK(!contact_verify(d, a, S("h2"), x->now_s + 100, f)); /* it is over */
    *f = (struct fail){ 0 };
    CHECK(contact_verify(d, a, S("h2"), x->now_s, f) && !contact_verify(d, a, S("h2"), x->now_s, f)); /* once */
    *f = (struct fail){ 0 };
    CHECK(contacts_of(d, a, S("tuisku"), &known, f) &&
          str_eq(known.verified[CONTACT_technology], S("uusi@tuisku.example")));
    CHECK(!str_is_set(known.verified[CONTACT_privacy]));
    CHECK(contacts_of(d, a, S("kinos"), &known, f) && !str_is_set(known.verified[CONTACT_technology]));
    return true;
}

static void on_shelf(struct test *t, vendors_job *job)
{
    struct rig g;
    struct fail f = { 0 };

    vendors_open(t, &g);
    struct vendors *v = vendors_new(&g.set);
    struct shelf x = { .t = t, .g = &g, .seals = g.how.seals, .now_s = world_now_s(&t->world) };
    CHECK(vendors_now(v, t->arena, job, &x, &f));
    CHECK_STR(f.detail, "");
    vendors_free(v);
    rig_free(t, &g);
}

TEST(an_invitation_ends_is_used_once_and_is_its_organisations)
{
    on_shelf(t, try_invitations);
}

TEST(a_code_is_good_once_and_so_is_one_of_paper)
{
    on_shelf(t, try_codes);
}

TEST(a_passkey_that_was_copied_is_found_by_its_count)
{
    on_shelf(t, try_passkeys);
}

TEST(whoever_is_let_in_anew_has_nothing_of_before)
{
    on_shelf(t, try_anew);
}

TEST(of_one_account_one_link_lets_in)
{
    on_shelf(t, try_links);
}

TEST(an_identity_elsewhere_is_one_accounts_and_the_last_way_in_stays)
{
    on_shelf(t, try_identities);
}

/* An account without a password is for people of vendors alone. */
TEST(an_account_of_a_vendor_may_have_no_password_and_no_other_may)
{
    struct rig g;

    vendors_open(t, &g);
    CHECK(import(t, &g, vendors_but(t, "username: vera, password: {plain: veran-salasana}", "username: vera")));
    CHECK_STR(g.fail.detail, "");
    CHECK(!import(t, &g, vendors_but(t, "username: root, password: {plain: ennen-vanhaan}", "username: root")));
    CHECK(strstr(g.fail.detail, "password is no Argon2id hash") != NULL);
    rig_free(t, &g);
}

TEST(contacts_of_before_an_upgrade_count_as_verified_once_until_they_are_changed)
{
    on_shelf(t, try_taking_over);
}

TEST(a_contact_is_verified_by_its_newest_link_once_and_for_its_organisation)
{
    on_shelf(t, try_contacts);
}
