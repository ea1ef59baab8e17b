/* SPDX-License-Identifier: EUPL-1.2
 * tests/unit/registry_rig.h: a registry in SQL in a folder of its own, empty, and files imported into it. */
#ifndef TESTS_UNIT_REGISTRY_RIG_H
#define TESTS_UNIT_REGISTRY_RIG_H

#include "registry/edit.h"
#include "registry/registry.h"
#include "tests/test.h"

#include <stdlib.h>

struct rig {
    char dir[64];
    struct settings set;
    struct db *db;
    struct import_how how;
    struct import_report report;
    struct edit_how edit;
    struct edit_result got;
    struct fail fail;
};

/* Opened, again where it was. */
static inline void rig_reopen(struct test *t, struct rig *g)
{
    db_close(g->db);
    g->db = registry_db_open(&g->set, DB_CREATE, &g->fail);
    CHECK(g->db != NULL);
}

static inline void rig_open(struct test *t, struct rig *g)
{
    *g = (struct rig){ .dir = "/tmp/digione-rig-XXXXXX" };
    CHECK(mkdtemp(g->dir) != NULL);
    settings_defaults(&g->set);
    g->set.state_dir = str_of(arena_cstr(t->arena, str_of(g->dir)));
    rig_reopen(t, g);
    g->how = (struct import_how){ .world = &t->world,
                                  .seals = seals_of(t->arena, S("0123456789abcdef0123456789abcdef")),
                                  .base_dir = g->dir };
}

static inline void rig_free(struct test *t, struct rig *g)
{
    db_close(g->db);
    CHECK(system(arena_cstr(t->arena, arena_printf(t->arena, "rm -rf %s", g->dir))) == 0);
}

static inline bool import(struct test *t, struct rig *g, struct str text)
{
    g->fail = (struct fail){ 0 };
    return registry_import(g->db, t->arena, text, "registry.yaml", &g->how, &g->report, &g->fail);
}

#endif
