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

struct attribute_list saml_attributes(struct arena *a, const struct idp *idp, const struct saml_assertion *said)
{
    struct attribute_list list = attribute_list_new(a);

    for (size_t i = 0; i < said->attribute_count; i++)
        attribute_list_add(a, &list, idp, said->attributes[i].name,
                           (struct strs){ said->attributes[i].values, said->attributes[i].value_count });
    return list;
}
