/* SPDX-License-Identifier: EUPL-1.2
 * A signed aggregate, read as a stream into an index. */
#include "tests/saml/forge.h"
#include "tests/test.h"
#include "wire/saml_aggregate.h"
#include "wire/saml_service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEAD                                                                                                           \
    "<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" xmlns:u=\"urn:unused\" "                 \
    "xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "         \
    "ID=\"_all\" Name='a \"b\" &amp; &#x9;c &lt;d> ' validUntil=\"2026-08-20T00:00:00Z\" cacheDuration=\"PT6H\">@R@\n"
#define ROLE(acs)                                                                                                      \
    "<md:SPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">"                         \
    "<md:AssertionConsumerService index=\"1\" Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" "             \
    "Location=\"" acs "\"/></md:SPSSODescriptor>"
/* What canonicalization changes: empty tags, the order of attributes, quotes, references, CDATA, comments, namespaces
 * that are declared early, twice, anew or for nothing. */
#define ODD                                                                                                            \
    "<md:EntityDescriptor entityID=\"urn:odd\" z='1' xsi:b=\"2\" a=\"&#13;&#10;&quot;'\" xml:lang=\"fi\">"             \
    "<md:Extensions><x xmlns=\"urn:default\" y=\"\"><z xmlns=\"\"><q/></z><md:y xmlns:md=\"urn:other\" md:k=\"v\"/>"   \
    "<w xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" xmlns:n=\"urn:n\" n:a=\"1\" md:a=\"2\"/></x><!-- a <b> -->"  \
    "<x><![CDATA[ <&> ]]>&gt;\xC3\xA4&#xE4;\r\n\t</x></md:Extensions>" ROLE(                                           \
        "https://odd.example/acs") "</md:EntityDescriptor>"

struct folder {
    char at[40];
    const char *from, *to;
};

static struct folder new_folder(struct test *t)
{
    struct folder d = { .at = "/tmp/digione-aggregate-XXXXXX" };

    CHECK(mkdtemp(d.at) != NULL);
    d.from = arena_cstr(t->arena, arena_printf(t->arena, "%s/all.xml", d.at));
    d.to = arena_cstr(t->arena, arena_printf(t->arena, "%s/all.index", d.at));
    return d;
}

static void end_folder(struct test *t, const struct folder *d)
{
    CHECK(system(arena_cstr(t->arena, arena_printf(t->arena, "rm -rf '%s'", d->at))) == 0);
}

static void write_text(struct test *t, const char *path, struct str text)
{
    FILE *file = fopen(path, "wb");

    CHECK(file != NULL && fwrite(text.p, 1, text.n, file) == text.n);
    (void)fclose(file);
}

static struct str aggregate(struct test *t, size_t entities)
{
    struct buf b = buf_new(t->arena, 64 << 20);

    buf_add(&b, S(HEAD ODD "<md:EntitiesDescriptor validUntil=\"2026-08-19T00:00:00Z\">"));
    for (size_t i = 0; i < entities; i++)
        buf_printf(&b, "\n <md:EntityDescriptor entityID=\"https://s%zu.example/sp\">%s</md:EntityDescriptor>", i,
                   ROLE("https://s.example/acs"));
    buf_add(&b, S("</md:EntitiesDescriptor></md:EntitiesDescriptor>"));
    return buf_str(&b);
}

static struct str signed_by(struct test *t, struct str text, const struct forge_sign *how)
{
    static const struct forge_sign usual = { .key = FORGE_IDP };

    return forge_sign(t->arena, text, "_all", "@R@", how != NULL ? how : &usual);
}

static struct saml_aggregate_rules usual(struct test *t)
{
    return (struct saml_aggregate_rules){ .trust = forge_keyring(t->arena, FORGE_IDP), .now_s = TEST_NOW_S };
}

static struct saml_aggregate_made made;

static const char *outcome(struct test *t, const struct folder *d, struct str text,
                           const struct saml_aggregate_rules *rules)
{
    struct fail f = { 0 };

    write_text(t, d->from, text);
    bool ok = saml_aggregate_index(t->arena, d->from, d->to, rules, &made, &f);
    CHECK(access(arena_cstr(t->arena, arena_printf(t->arena, "%s.part", d->to)), F_OK) != 0);
    return ok ? "ok" : f.code;
}

TEST(an_aggregate_becomes_an_index_of_what_was_signed)
{
    struct folder d = new_folder(t);
    struct saml_aggregate_rules rules = usual(t);
    static struct saml_service_metadata m;
    struct fail f = { 0 };

    CHECK_STR(outcome(t, &d, signed_by(t, aggregate(t, 300), NULL), &rules), "ok");
    CHECK_INT(made.entities, 301);
    CHECK_INT(made.cache_s, 6 * 3600);
    CHECK_INT(made.valid_until_s, TEST_NOW_S + 9 * 86400 - 8 * 3600); /* of the group within */
    CHECK_STR(made.key, arena_cstr(t->arena, keyring_print(rules.trust, 0)));
    CHECK(!made.same);
    const struct saml_index *x = saml_index_open(t->arena, d.to, &f);
    CHECK(x != NULL && saml_index_count(x) == 301);
    CHECK_INT(saml_index_cache_s(x), 6 * 3600);
    for (int i = 0; i < 300; i++) {
        struct str id = arena_printf(t->arena, "https://s%d.example/sp", i);
        const struct saml_metadata_rules one = { .entity_id = id, .now_s = TEST_NOW_S, .one_alone = true };
        CHECK(saml_service_read(t->arena, saml_index_find(x, id, TEST_NOW_S), &one, &m, &f));
        CHECK_STR(m.acs[0].location, "https://s.example/acs");
    }
    struct str odd = saml_index_find(x, S("urn:odd"), TEST_NOW_S);
    const struct saml_metadata_rules one = { .entity_id = S("urn:odd"), .now_s = TEST_NOW_S };
    CHECK(saml_service_read(t->arena, odd, &one, &m, &f));
    CHECK_STR(m.acs[0].location, "https://odd.example/acs");
    CHECK(saml_index_find(x, S("urn:od"), TEST_NOW_S).p == NULL);
    CHECK(saml_index_find(x, (struct str){ NULL, 0 }, TEST_NOW_S).p == NULL);
    CHECK(saml_index_find(x, S("urn:odd"), made.valid_until_s).p == NULL);
    CHECK_STR(outcome(t, &d, signed_by(t, aggregate(t, 300), NULL), &rules), "ok");
    CHECK(made.same);
    end_folder(t, &d);
}

TEST(the_stream_has_the_canonical_form_of_libxml2)
{
    static const struct forge_sign ways[] = {
        { .key = FORGE_IDP },
        { .key = FORGE_IDP, .prefix = "" },
        { .key = FORGE_IDP, .prefix_list = "xsi u #default" },
        { .key = FORGE_IDP, .prefix_list = "md n" },
        { .key = FORGE_IDP, .lines = true, .gap = "\n  " },
    };
    struct folder d = new_folder(t);
    struct saml_aggregate_rules rules = usual(t);

    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        (void)unlink(d.to);
        CHECK_STR(outcome(t, &d, signed_by(t, aggregate(t, 3), &ways[i]), &rules), "ok");
    }
    end_folder(t, &d);
}

TEST(a_copy_that_is_broken_older_or_expired_never_replaces_a_good_one)
{
    struct folder d = new_folder(t);
    struct saml_aggregate_rules rules = usual(t), other = usual(t), later = usual(t), near = usual(t);
    struct str good = signed_by(t, aggregate(t, 2), NULL);
    struct fail f = { 0 };

    other.trust = forge_keyring(t->arena, FORGE_OTHER);
    later.now_s += 10 * 86400;
    near.most_ahead_s = 86400;
    CHECK_STR(outcome(t, &d, good, &rules), "ok");
    CHECK_STR(outcome(t, &d, good, &other), "sig_value");
    CHECK_STR(outcome(t, &d, good, &later), "metadata_expired");
    CHECK_STR(outcome(t, &d, good, &near), "metadata_too_far");
    CHECK_STR(outcome(t, &d, forge_replace(t->arena, good, "odd.example", "evil.example"), &rules), "sig_digest");
    CHECK_STR(outcome(t, &d, str_sub(good, 0, good.n - 30), &rules), "metadata_malformed");
    CHECK_STR(outcome(t, &d, str_sub(good, 0, 200), &rules), "metadata_malformed");
    CHECK_STR(outcome(t, &d, S(""), &rules), "metadata_malformed");
    CHECK_STR(outcome(t, &d, S("<html><body/></html>"), &rules), "metadata_malformed");
    CHECK_STR(outcome(t, &d, forge_unmark(t->arena, aggregate(t, 2)), &rules), "sig_missing");
    CHECK_STR(outcome(t, &d, arena_join(t->arena, S("<!DOCTYPE x>"), good), &rules), "metadata_malformed");
    struct str signature = forge_cut(good, "Signature");
    struct str twice = forge_replace(t->arena, good, "</ds:Signature>",
                                     arena_cstr(t->arena, arena_join(t->arena, S("</ds:Signature>"), signature)));
    CHECK_STR(outcome(t, &d, twice, &rules), "sig_structure");
    struct str old = forge_replace(t->arena, aggregate(t, 2), "2026-08-19T", "2026-08-18T");
    CHECK_STR(outcome(t, &d, signed_by(t, old, NULL), &rules), "metadata_older");
    struct str endless = forge_replace(t->arena, aggregate(t, 2), " validUntil=\"2026-08-20T00:00:00Z\"", "");
    CHECK_STR(outcome(t, &d, signed_by(t, endless, NULL), &rules), "metadata_no_expiry");
    struct str two = forge_replace(t->arena, aggregate(t, 2), "s1.example", "s0.example");
    CHECK_STR(outcome(t, &d, signed_by(t, two, NULL), &rules), "metadata_twice");
    struct str nameless = forge_replace(t->arena, aggregate(t, 2), " entityID=\"urn:odd\"", "");
    CHECK_STR(outcome(t, &d, signed_by(t, nameless, NULL), &rules), "metadata_malformed");
    const struct saml_index *x = saml_index_open(t->arena, d.to, &f);
    CHECK(x != NULL && saml_index_count(x) == 3 && str_is_set(saml_index_find(x, S("urn:odd"), TEST_NOW_S)));
    struct str newer = forge_replace(t->arena, aggregate(t, 1), "2026-08-19T", "2026-08-19T12");
    newer = forge_replace(t->arena, newer, "T1200:00:00Z", "T12:00:00Z");
    CHECK_STR(outcome(t, &d, signed_by(t, newer, NULL), &rules), "ok");
    CHECK_INT(saml_index_count(x), 3); /* whoever has the old one open keeps it */
    CHECK_INT(made.entities, 2);
    end_folder(t, &d);
}

TEST(a_tag_of_many_attributes_is_refused_before_the_parser_sees_it)
{
    struct folder d = new_folder(t);
    struct saml_aggregate_rules rules = usual(t);
    struct buf b = buf_new(t->arena, 1 << 20);

    buf_add(&b, S("<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\""));
    for (int i = 0; i < 300; i++)
        buf_printf(&b, " a%d=\"\"", i);
    buf_add(&b, S("/>"));
    CHECK_STR(outcome(t, &d, buf_str(&b), &rules), "metadata_malformed");
    end_folder(t, &d);
}

TEST(an_index_that_is_none_is_not_opened)
{
    struct folder d = new_folder(t);
    struct saml_aggregate_rules rules = usual(t);
    struct fail f = { 0 };

    CHECK(saml_index_open(t->arena, d.to, &f) == NULL);
    CHECK_STR(f.code, "aggregate_io");
    write_text(t, d.to, S(""));
    f = (struct fail){ 0 };
    CHECK(saml_index_open(t->arena, d.to, &f) == NULL);
    CHECK_STR(f.code, "aggregate_broken");
    CHECK_STR(outcome(t, &d, signed_by(t, aggregate(t, 2), NULL), &rules), "ok"); /* replaces what is none */
    FILE *file = fopen(d.to, "r+b");
    CHECK(file != NULL && ftruncate(fileno(file), 1000) == 0 && fclose(file) == 0);
    f = (struct fail){ 0 };
    CHECK(saml_index_open(t->arena, d.to, &f) == NULL);
    CHECK_STR(f.code, "aggregate_broken");
    f = (struct fail){ 0 };
    CHECK(!saml_aggregate_index(t->arena, "/nowhere/all.xml", d.to, &rules, &made, &f));
    CHECK_STR(f.code, "aggregate_io");
    end_folder(t, &d);
}

static struct str made_at(struct test *t, const char *instant, const char *id)
{
    struct str text = arena_printf(
        t->arena,
        "<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" ID=\"_all\" "
        "validUntil=\"2026-08-20T00:00:00Z\">@R@<md:Extensions><r:PublicationInfo "
        "xmlns:r=\"urn:oasis:names:tc:SAML:metadata:rpi\" creationInstant=\"%s\" "
        "publisher=\"urn:p\"></r:PublicationInfo></md:Extensions><md:EntityDescriptor entityID=\"%s\">" ROLE(
            "https://a.example/acs") "</md:EntityDescriptor></md:EntitiesDescriptor>",
        instant, id);

    return signed_by(t, text, NULL);
}

TEST(item_4_a_copy_that_was_made_before_replaces_nothing_though_it_ends_as_late)
{
    struct folder d = new_folder(t);
    struct saml_aggregate_rules rules = usual(t);

    CHECK_STR(outcome(t, &d, made_at(t, "2026-08-10T10:00:00Z", "urn:a"), &rules), "ok");
    CHECK(made.created_s > 0 && !made.same);
    CHECK_STR(outcome(t, &d, made_at(t, "2026-08-10T09:59:59Z", "urn:b"), &rules), "metadata_older");
    CHECK_STR(outcome(t, &d, made_at(t, "yesterday", "urn:b"), &rules), "metadata_malformed");
    CHECK_STR(outcome(t, &d, made_at(t, "2026-08-10T10:00:01Z", "urn:b"), &rules), "ok");
    CHECK(!made.same);
    end_folder(t, &d);
}
