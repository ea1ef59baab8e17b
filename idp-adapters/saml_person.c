/* SPDX-License-Identifier: EUPL-1.2 */
#include "idp-adapters/saml_person.h"

#include "base/text.h"

#define PAIRWISE "urn:oasis:names:tc:SAML:attribute:pairwise-id"
#define SUBJECT  "urn:oasis:names:tc:SAML:attribute:subject-id"

static struct str only_value(const struct saml_assertion *said, struct str name)
{
    for (size_t i = 0; i < said->attribute_count; i++)
        if (str_eq(said->attributes[i].name, name) && said->attributes[i].value_count == 1 &&
            !text_is_blank(said->attributes[i].values[0]))
            return said->attributes[i].values[0];
    return (struct str){ NULL, 0 };
}

struct str saml_subject(const struct saml_assertion *said)
{
    struct str id = only_value(said, S(PAIRWISE));

    if (id.p == NULL)
        id = only_value(said, S(SUBJECT));
    if (id.p == NULL && str_eq(said->name_id_format, S(SAML_PERSISTENT)))
        id = said->name_id;
    return id;
}

static bool row_reads_name_id(const struct idp *idp)
{
    for (size_t i = 0; i < idp->attributes.n; i++)
        if (str_has_prefix(idp->attributes.at[i], S(SAML_NAME_ID_WORD "=")))
            return true;
    return false;
}

/* A new one each time, or an address that may be somebody else's tomorrow: never who a person is. */
static bool changes(struct str format)
{
    return str_eq(format, S("urn:oasis:names:tc:SAML:2.0:nameid-format:transient")) ||
           str_eq(format, S("urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"));
}

struct attribute_list saml_attributes(struct arena *a, const struct idp *idp, const struct saml_assertion *said)
{
    struct attribute_list list = attribute_list_new(a);

    if (str_is_set(said->name_id) && row_reads_name_id(idp) && !changes(said->name_id_format)) {
        struct str *name = arena_make(a, struct str);
        *name = said->name_id;
        attribute_list_add(a, &list, idp, S(SAML_NAME_ID_WORD), (struct strs){ name, 1 });
    }
    for (size_t i = 0; i < said->attribute_count; i++)
        attribute_list_add(a, &list, idp, said->attributes[i].name,
                           (struct strs){ said->attributes[i].values, said->attributes[i].value_count });
    return list;
}
