/* SPDX-License-Identifier: EUPL-1.2
 * Honest answers, changed at random in shape and not in bytes: elements copied,
 * moved, removed, wrapped, renamed, given a forged twin.  Whatever is accepted
 * must say what was signed, and nothing else. */
#include "tests/saml/forge.h"
#include "tests/test.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <string.h>

enum { ROUNDS = 3000, CHANGES_MAX = 4, ELEMENTS_MAX = 512 };

#define SUBJECT "_ce3d2948b4cf20146dee0a0b3dd6f69b6cf86f62d7"

struct dice {
    uint64_t state;
};

/* SplitMix64: the same rounds in every run. */
static size_t roll(struct dice *d, size_t sides)
{
    uint64_t z = (d->state += 0x9E3779B97F4A7C15u);

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return (size_t)((z ^ (z >> 31)) % sides);
}

static void gather(xmlNode *n, xmlNode **all, size_t *count)
{
    for (; n != NULL; n = n->next) {
        if (n->type != XML_ELEMENT_NODE || *count == ELEMENTS_MAX)
            continue;
        all[(*count)++] = n;
        gather(n->children, all, count);
    }
}

static bool is_within(const xmlNode *n, const xmlNode *outer)
{
    for (; n != NULL; n = n->parent)
        if (n == outer)
            return true;
    return false;
}

/* Every name and value in it is mallory's. */
static void corrupt(xmlNode *n)
{
    for (; n != NULL; n = n->next) {
        if (n->type == XML_TEXT_NODE &&
            (strstr((char *)n->content, "anna") != NULL || strstr((char *)n->content, SUBJECT) != NULL))
            xmlNodeSetContent(n, (const xmlChar *)"mallory");
        corrupt(n->children);
    }
}

static xmlNode *forged_twin(xmlNode *of, struct dice *d)
{
    xmlNode *twin = xmlDocCopyNode(of, of->doc, 1);

    corrupt(twin->children);
    if (roll(d, 2) == 0 && xmlHasProp(twin, (const xmlChar *)"ID") != NULL)
        xmlSetProp(twin, (const xmlChar *)"ID", (const xmlChar *)(roll(d, 2) == 0 ? "_forged" : "_forged2"));
    return twin;
}

static void put(xmlNode *what, xmlNode *where, struct dice *d)
{
    switch (where->parent->type == XML_ELEMENT_NODE ? roll(d, 4) : roll(d, 2)) {
    case 0:
        xmlAddChild(where, what);
        break;
    case 1:
        if (where->children != NULL)
            xmlAddPrevSibling(where->children, what);
        else
            xmlAddChild(where, what);
        break;
    case 2:
        xmlAddNextSibling(where, what);
        break;
    default:
        xmlAddPrevSibling(where, what);
    }
}

static void wrap(xmlNode *n, const xmlNode *like)
{
    xmlNode *around = xmlNewDocNode(n->doc, NULL, like->name, NULL);

    xmlReplaceNode(n, around);
    xmlSetNs(around, like->ns);
    xmlAddChild(around, n);
}

static void change_attribute(xmlNode *n, struct dice *d)
{
    static const char *const values[] = { "",
                                          "mallory",
                                          "_response1",
                                          "_assertion1",
                                          "#_response1",
                                          "#_assertion1",
                                          "http://www.w3.org/2001/10/xml-exc-c14n#" };
    static const char *const names[] = { "ID", "Id", "id", "URI", "Algorithm", "InResponseTo" };

    if (n->properties != NULL && roll(d, 3) == 0)
        xmlRemoveProp(n->properties);
    else
        xmlSetProp(n, (const xmlChar *)names[roll(d, sizeof names / sizeof *names)],
                   (const xmlChar *)values[roll(d, sizeof values / sizeof *values)]);
}

/* What was taken out may hold the namespaces of what stayed: it goes when the text is written. */
struct grave {
    xmlNode *at[CHANGES_MAX];
    size_t n;
};

static void change(xmlDoc *doc, struct dice *d, struct grave *grave)
{
    xmlNode *all[ELEMENTS_MAX];
    size_t count = 0;

    gather(xmlDocGetRootElement(doc), all, &count);
    xmlNode *one = all[roll(d, count)], *other = all[roll(d, count)];
    bool root = one == all[0];
    switch (roll(d, 8)) {
    case 0:
        put(xmlDocCopyNode(one, doc, 1), other, d);
        break;
    case 1:
        put(forged_twin(one, d), other, d);
        break;
    case 2:
        if (!root)
            put(forged_twin(one, d), one, d);
        break;
    case 3:
        if (!root && !is_within(other, one)) {
            xmlUnlinkNode(one);
            put(one, other, d);
        }
        break;
    case 4:
        if (!root) {
            xmlUnlinkNode(one);
            grave->at[grave->n++] = one;
        }
        break;
    case 5:
        if (!root)
            wrap(one, other);
        break;
    case 6:
        xmlNodeSetName(one, other->name);
        break;
    default:
        change_attribute(one, d);
    }
}

static struct str changed(struct test *t, struct str text, struct dice *d)
{
    xmlDoc *doc = xmlReadMemory(text.p, (int)text.n, NULL, NULL, XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    struct grave grave = { .n = 0 };
    xmlChar *out;
    int n;

    for (size_t i = roll(d, CHANGES_MAX) + 1; i > 0; i--)
        change(doc, d, &grave);
    (void)xmlReconciliateNs(doc, xmlDocGetRootElement(doc));
    xmlDocDumpMemory(doc, &out, &n);
    while (grave.n > 0)
        xmlFreeNode(grave.at[--grave.n]);
    struct str copy = arena_str(t->arena, str_n(out, (size_t)n));
    xmlFree(out);
    xmlFreeDoc(doc);
    return copy;
}

static bool says_what_was_signed(const struct saml_assertion *said)
{
    for (size_t i = 0; i < said->attribute_count; i++)
        for (size_t v = 0; v < said->attributes[i].value_count; v++)
            if (str_find(said->attributes[i].values[v], S("mallory")) < said->attributes[i].values[v].n)
                return false;
    return said->attribute_count == 2 && str_eq(said->name_id, S(SUBJECT));
}

TEST(whatever_is_accepted_says_what_was_signed)
{
    static const struct forge_sign plain;
    static const struct forge_encrypt sealed;
    struct str text = forge_file(t->arena, "simplesamlphp"), bases[4];
    struct saml_rules rules = forge_rules(forge_keyring(t->arena, FORGE_IDP));
    struct dice d = { 20260810 };
    int accepted = 0;

    bases[0] = forge_unmark(t->arena, forge_sign_assertion(t->arena, text, &plain));
    bases[1] = forge_unmark(t->arena, forge_sign_response(t->arena, forge_replace(t->arena, text, "@A@", ""), &plain));
    bases[2] =
        forge_unmark(t->arena, forge_sign_response(t->arena, forge_sign_assertion(t->arena, text, &plain), &plain));
    bases[3] = forge_encrypt(t->arena, bases[0], "Assertion", &sealed);
    for (int i = 0; i < ROUNDS; i++) {
        struct arena *a = arena_new();
        struct fail f = { 0 };
        struct str message = changed(t, bases[roll(&d, 4)], &d);
        const struct saml_assertion *said = forge_verify(a, message, &rules, &f);
        accepted += said != NULL;
        CHECK((said != NULL) == (f.kind == FAIL_NONE));
        if (said != NULL && !says_what_was_signed(said)) {
            test_fail(t, __FILE__, __LINE__, "round %d says what nobody signed", i);
            forge_dump(arena_cstr(a, arena_printf(a, "mutation-%d", i)), "*", message);
        }
        arena_free(a);
    }
    CHECK(accepted > ROUNDS / 100 && accepted < ROUNDS / 2); /* changes outside what is signed; not every one */
}
