/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/saml/name_id.h"

#include "base/codec.h"
#include "base/fields.h"
#include "base/seals.h"
#include "gateway/saml/categories.h"
#include "gateway/session/session.h"
#include "wire/saml.h"

enum { TRANSIENT_B = 20 };

static const struct {
    struct str word, uri;
} formats[] = {
    { S(NAME_PERSISTENT), S(SAML_PERSISTENT) },
    { S("transient"), S("urn:oasis:names:tc:SAML:2.0:nameid-format:transient") },
    { S("email"), S("urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress") },
};
enum { FORMATS = sizeof formats / sizeof *formats };

_Static_assert((int)FORMATS == (int)TOLD_NAMES_MAX, "one name of each form");

static const struct str unspecified = S("urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified");
static const struct str none = { NULL, 0 };

static bool word_of(struct str uri, struct str *word)
{
    for (size_t i = 0; i < FORMATS; i++)
        if (str_eq(formats[i].uri, uri)) {
            *word = formats[i].word;
            return true;
        }
    return false;
}

struct str name_format(struct str word)
{
    for (size_t i = 0; i < FORMATS; i++)
        if (str_eq(formats[i].word, word))
            return formats[i].uri;
    return none;
}

/* Where nothing is asked: as the row says, else the first that its metadata name, else the pseudonym.  "only-" is for
 * software that asks for what nobody has set, as node-saml does for e-mail addresses. */
bool name_choose(const struct service *s, const struct saml_service_metadata *m, struct str format, struct str *word)
{
    struct str row = s->saml.name_id, only = S("only-");

    *word = str_has_prefix(row, only) ? str_from(row, only.n) : row;
    if (str_has_prefix(row, only))
        return true;
    if (str_is_set(format) && !str_eq(format, unspecified))
        return word_of(format, word);
    if (str_is_set(*word))
        return true;
    for (size_t i = 0; i < m->format_count; i++)
        if (word_of(m->formats[i], word) && !str_eq(*word, S("email")))
            return true;
    *word = categories_subject(m) == SUBJECT_NOBODY ? S("transient") : S(NAME_PERSISTENT);
    return true;
}

/* One for a service and a session: each is kept for its end, and somebody who asks for names without end must not
 * fill the store.  Within the session SessionIndex says already that it is the same person. */
static struct str transient(struct ctx *c, const struct service *s)
{
    struct str of = fields_key(c->arena, (struct str[]){ S("transient"), s->id }, 2);
    struct str bytes = seals_pairwise(c->arena, c->seals, of, c->session->sid);

    return arena_join(c->arena, S("_"), hex_encode(c->arena, str_sub(bytes, 0, TRANSIENT_B)));
}

bool name_make(struct ctx *c, const struct service *s, struct str word, struct str sub, struct str email,
               struct saml_name *out)
{
    *out = (struct saml_name){ .format = name_format(word) };
    if (str_eq(word, S("none")))
        return true;
    if (str_eq(word, S("transient")))
        out->value = transient(c, s);
    else
        out->value = str_eq(word, S("email")) ? email : sub;
    if (!str_eq(word, S("email"))) {
        out->qualifier = saml_us(c);
        out->sp_qualifier = s->saml.entity_id;
    }
    return str_is_set(out->value);
}

/* Kept as a line each: "word value". */

static bool next_kept(struct str *kept, struct str *word, struct str *value)
{
    while (str_is_set(*kept) && str_split(kept, '\n', value))
        if (str_split(value, ' ', word) && name_format(*word).p != NULL && str_is_set(*value))
            return true;
    return false;
}

struct str name_keep(struct arena *a, struct str kept, struct str word, const struct saml_name *name)
{
    struct str line = arena_printf(a, "%.*s %.*s", STR_ARG(word), STR_ARG(name->value));
    struct str all = line, other, value;

    if (!str_is_set(name->value))
        return kept;
    while (next_kept(&kept, &other, &value))
        if (!str_eq(other, word))
            all = arena_printf(a, "%.*s\n%.*s %.*s", STR_ARG(all), STR_ARG(other), STR_ARG(value));
    return all.n <= SESSION_TOLD_MAX_B ? all : line;
}

size_t names_told(struct str kept, struct str names[TOLD_NAMES_MAX])
{
    struct str word;
    size_t n = 0;

    while (n < TOLD_NAMES_MAX && next_kept(&kept, &word, &names[n]))
        n++;
    return n;
}

static struct saml_name named(const struct ctx *c, const struct service *s, struct str word, struct str value)
{
    bool is_email = str_eq(word, S("email"));

    return (struct saml_name){ .value = value,
                               .format = name_format(word),
                               .qualifier = is_email ? none : saml_us(c),
                               .sp_qualifier = is_email ? none : s->saml.entity_id };
}

size_t names_kept(const struct ctx *c, const struct service *s, struct str kept, struct str sub,
                  struct saml_name out[TOLD_NAMES_MAX])
{
    struct str word, value;
    size_t n = 0;

    while (n < TOLD_NAMES_MAX && next_kept(&kept, &word, &value))
        out[n++] = named(c, s, word, value);
    if (n == 0)
        out[n++] = named(c, s, S(NAME_PERSISTENT), sub);
    return n;
}
