/* SPDX-License-Identifier: EUPL-1.2
 * registry/schema.h: the kinds of rows of the registry, as tables.
 *
 * Floor 4.  One table of columns per kind says at once what a key of the YAML
 * file is called, what it may hold, which SQL column keeps it, and which member
 * of the model's struct it becomes.  Import, export and load read these tables;
 * the SQL statements are made from them.  Used by this folder alone.
 */
#ifndef REGISTRY_SCHEMA_H
#define REGISTRY_SCHEMA_H

#include "model/registry.h"
#include "wire/db.h"

enum kind {
    KIND_PROVIDER = 0,
    KIND_SCHOOL, /* below a provider */
    KIND_IDP,
    KIND_SERVICE,
    KIND_PURPOSE, /* below a service */
    KIND_POLICY,
    KIND_ACCOUNT,
    KIND_AFFILIATION, /* below an account */
    KIND_ADMIN,
    KIND_TERM,
    KIND_NETWORK,
    KIND_EXAM,
    KIND_REGISTRAR,
    KIND_ORGANISATION,
    KIND_STAFF,
    KIND_SOURCE, /* of metadata */
    KIND_API_TOKEN,
    KIND_PERMISSION,
    KIND_INCIDENT,
    KIND_NOTICE,
    KIND_MOVE, /* to another identity provider */
    KIND_COUNT,
    KIND_RULE, /* of earlier versions: in files and in history alone (old_rules.h) */
    KIND_ALL
};

enum column_type {
    COL_NONE = 0,
    COL_PARENT,   /* id of the row that this one stands below; not a key of the file */
    COL_POSITION, /* which item of the list below its parent this is; not a key of the file */
    COL_ID,       /* lower case, digits, . _ - */
    COL_REF,      /* id of a row of another kind; load resolves it */
    COL_SCHOOL,   /* a school of the row's provider: its OID; its code is understood as well */
    COL_TEXT,     /* one line */
    COL_NAME,     /* one line that people write and read: kept composed [UAX 15, NFC] */
    COL_LONG,     /* many lines; KEY_file reads it from a file */
    COL_LOGO,     /* a PNG in base64, as wire/logo.h makes it; KEY_file reads one from a file */
    COL_LIST,     /* one-line texts */
    COL_BOOL,
    COL_INT,
    COL_TIME,     /* Unix seconds in SQL, RFC 3339 in the file; 0: open */
    COL_DAY,      /* days since 1970-01-01 in SQL, 2026-08-10 in the file */
    COL_CHOICE,   /* one of words, kept as its text */
    COL_WORD,     /* one of words, its place is the enum's value */
    COL_CLAIMS,   /* list of claims' words */
    COL_HASHED,   /* {plain: …} or {sha256: …}: a secret that is only compared */
    COL_SEALED,   /* {plain: …} or {sealed: …}: a secret that we must present */
    COL_PASSWORD, /* {plain: …} or {argon2id: …} */
    COL_LAYER,    /* one of words; where the file does not say it, whose the row is says it */
    COL_POLICY,   /* Cedar text; KEY_file reads it from a file; or the keys of form_keys.h */
    COL_SUBJECT   /* a person's name at their identity provider: history does not show it */
};

enum { COLUMNS_MAX = 128, AT_NONE = -1 };

struct column {
    const char *name; /* in SQL */
    const char *key;  /* in the file; "name.fi": fi in the map name */
    enum column_type type;
    const char *preset;       /* as it stands in SQL; NULL: must be given */
    int at;                   /* offset in the model's struct; AT_NONE: load knows */
    const char *const *words; /* NULL ends; "" in a place that cannot be written */
};

struct kind_row {
    const char *name, *section, *table;
    const struct column *columns;
    size_t column_count;
    size_t key_count; /* the first columns are the key */
    size_t struct_B;
    enum kind parent; /* KIND_COUNT: none */
    size_t rows_max;
    struct db_statement select, insert, remove, find, count;
};

extern const struct kind_row kind_rows[KIND_ALL]; /* none at KIND_COUNT */
/* Of a draft, in SQL: it waits for somebody.  Indexes over these drafts are found by these very words. */
#define DRAFT_IS_OPEN "state IN ('draft', 'proposed', 'approved', 'sent_back')"

extern const struct db_migration registry_migrations[];
extern const size_t registry_migration_count;

/* What a row has that does not say it; NULL in SQL where it must. */
struct db_value column_preset(const struct column *c);
/* Index of the column of that SQL name; it must be there. */
size_t column_of(const struct kind_row *k, const char *name);

#endif
