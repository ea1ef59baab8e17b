/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/permissions.h"

static const struct db_statement first = {
    "permission.story", "SELECT c.number, c.at_s, c.who, c.draft, d.owner, d.created_s FROM change_row r "
                        "JOIN change c ON c.number = r.change LEFT JOIN draft d ON d.number = c.draft "
                        "WHERE r.kind = 'permission' AND r.row_key = ?1 ORDER BY r.change LIMIT 1"
};

bool permission_story(struct db *d, struct arena *a, struct str id, struct permission_story *out, struct fail *f)
{
    const struct db_value key = db_text(arena_join(a, S("permission "), id));
    struct db_rows rows;

    *out = (struct permission_story){ 0 };
    if (!db_query(d, &first, &key, 1, a, &rows, f))
        return false;
    if (rows.n == 1)
        *out = (struct permission_story){ .change = rows.at[0].number,
                                          .at_s = rows.at[1].number,
                                          .who = rows.at[2].text,
                                          .draft = rows.at[3].number,
                                          .owner = rows.at[4].text,
                                          .asked_s = rows.at[5].number };
    return true;
}
