/* SPDX-License-Identifier: EUPL-1.2 */
#include "audit/proof.h"

#include "audit/find.h"
#include "audit/line.h"
#include "audit/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define FORMAT "digione-audit-proof-1"

struct proof { /* and a line of heads.jsonl, which has fewer members */
    int64_t number, from, leaf;
    struct str format, record, head, root, signature;
    const struct json_value *path;
};

struct audit_prover {
    struct arena *arena;
    int dir_fd;
    struct proof head;
};

static const struct json_field head_fields[] = {
    FIELD(proof, number, JSON_INT, true, 0),       FIELD(proof, head, JSON_STR, true, AUDIT_HEAD_HEX),
    FIELD(proof, signature, JSON_STR, true, 4096), FIELD(proof, root, JSON_STR, false, TREE_HEX),
    FIELD(proof, from, JSON_INT, false, 0),        { 0 },
};

static const struct json_field proof_fields[] = {
    FIELD(proof, format, JSON_STR, true, sizeof FORMAT),
    FIELD(proof, record, JSON_STR, true, AUDIT_LINE_MAX_B),
    FIELD(proof, leaf, JSON_INT, true, 0),
    FIELD(proof, path, JSON_ARRAY, true, TREE_DEPTH_MAX),
    FIELD(proof, number, JSON_INT, true, 0),
    FIELD(proof, head, JSON_STR, true, AUDIT_HEAD_HEX),
    FIELD(proof, from, JSON_INT, true, 0),
    FIELD(proof, root, JSON_STR, true, TREE_HEX),
    FIELD(proof, signature, JSON_STR, true, 4096),
    { 0 },
};

/* ── proving ────────────────────────────────────────────────────────────────── */

static void close_dir(void *p)
{
    (void)close(((struct audit_prover *)p)->dir_fd);
}

struct audit_prover *audit_prover_new(const char *dir, struct arena *a, struct fail *f)
{
    struct audit_prover *p = arena_make(a, struct audit_prover);
    struct fail not_one = { 0 };
    struct str line;

    p->arena = a;
    p->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (p->dir_fd < 0) {
        (void)fail(f, FAIL_OURS, "audit_unreadable", "%s: %s", dir, strerror(errno));
        return NULL;
    }
    arena_adopt(a, p, close_dir);
    struct str rest = audit_file_read(a, p->dir_fd, AUDIT_HEADS_NAME), last = { NULL, 0 };
    while (audit_line_next(&rest, &line))
        last = line;
    if (json_read(a, last, head_fields, &p->head, &not_one) && str_is_set(p->head.root) && p->head.number > 0 &&
        p->head.from >= 0 && p->head.from < p->head.number)
        return p;
    (void)fail(f, FAIL_CALLER, "no_head", "no head with a tree is signed yet; one is each minute");
    return NULL;
}

uint64_t audit_prover_reaches(const struct audit_prover *p)
{
    return (uint64_t)p->head.number;
}

void audit_prover_head(const struct audit_prover *p, struct json_out *o)
{
    json_put_str(o, S("format"), S(FORMAT));
    json_put_int(o, S("number"), p->head.number);
    json_put_str(o, S("head"), p->head.head);
    json_put_int(o, S("from"), p->head.from);
    json_put_str(o, S("root"), p->head.root);
    json_put_str(o, S("signature"), p->head.signature);
}

static bool path_of(const struct audit_prover *p, struct arena *a, uint64_t number, struct tree_path *path,
                    struct fail *f)
{
    uint64_t from;

    if (number > (uint64_t)p->head.number)
        return fail(f, FAIL_CALLER, "not_in_tree", "no head is signed over it yet; one is each minute");
    return tree_prove(a, p->dir_fd, number, (uint64_t)(p->head.number - p->head.from), &from, path, f) &&
           (from == (uint64_t)p->head.from ||
            fail(f, FAIL_CALLER, "not_in_tree", "the tree was begun anew behind record %llu",
                 (unsigned long long)from));
}

static void put_path(struct json_out *o, struct str line, const struct tree_path *path)
{
    json_put_str(o, S("record"), line);
    json_put_int(o, S("leaf"), (int64_t)path->leaf);
    json_key(o, S("path"));
    json_begin_array(o);
    for (size_t i = 0; i < path->n; i++)
        json_str(o, path->at[i]);
    json_end_array(o);
}

bool audit_prover_put(const struct audit_prover *p, struct arena *a, struct json_out *o, uint64_t number,
                      struct str line)
{
    struct tree_path path;
    struct fail why = { 0 };

    if (!path_of(p, a, number, &path, &why))
        return false;
    put_path(o, line, &path);
    return true;
}

struct str audit_prove(const char *dir, struct arena *a, uint64_t number, struct fail *f)
{
    const struct str none = { NULL, 0 };
    const struct audit_prover *p = audit_prover_new(dir, a, f);
    const struct audit_search s = { .before = (int64_t)number + 1, .most = 1, .most_B = FIND_EXPORT_B };
    struct audit_finds found = { 0 };
    struct tree_path path;
    struct json_out o = json_out(a, AUDIT_LINE_MAX_B * 2);

    if (p == NULL || !audit_find(dir, a, &s, &found, f))
        return none;
    if (found.n == 0 || (uint64_t)found.at[0].n != number) {
        (void)fail(f, FAIL_CALLER, "no_record", "there is no record %llu", (unsigned long long)number);
        return none;
    }
    if (!path_of(p, a, number, &path, f))
        return none;
    json_begin_object(&o);
    audit_prover_head(p, &o);
    put_path(&o, found.at[0].line, &path);
    json_end_object(&o);
    return json_done(&o);
}

/* ── checking ───────────────────────────────────────────────────────────────── */

/* Written one way: what differs in a bit is another proof. */
static bool is_lower_hex(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!(s.p[i] >= '0' && s.p[i] <= '9') && !(s.p[i] >= 'a' && s.p[i] <= 'f'))
            return false;
    return true;
}

bool audit_proof_holds(struct arena *a, struct str proof, const struct audit_check *check, struct str *line,
                       struct fail *f)
{
    struct proof p = { 0 };
    struct audit_line l;

    if (!json_read(a, proof, proof_fields, &p, f))
        return false;
    if (!str_eq(p.format, S(FORMAT)) || p.number < 1 || p.from < 0 || p.from >= p.number || p.leaf < 0)
        return fail(f, FAIL_CALLER, "malformed", "is no proof of ours");
    struct tree_path path = { .leaf = (uint64_t)p.leaf,
                              .size = (uint64_t)(p.number - p.from),
                              .at = arena_make_n(a, p.path->count + 1, struct str) };
    for (const struct json_value *v = p.path->first; v != NULL; v = v->next) {
        if (v->type != JSON_STR || v->text.n != TREE_HEX || !is_lower_hex(v->text))
            return fail(f, FAIL_CALLER, "malformed", "path: hashes in hexadecimal are expected");
        path.at[path.n++] = v->text;
    }
    if (!audit_line_read(p.record, &l) || l.number != (uint64_t)(p.from + p.leaf + 1))
        return fail(f, FAIL_CALLER, "changed", "the record is not the one of this place in the log");
    if (!str_eq(tree_follow(a, p.record, &path), p.root))
        return fail(f, FAIL_CALLER, "changed", "the record, or its path, does not lead to the root");
    struct str what = tree_signed(a, (uint64_t)p.number, p.head, (uint64_t)p.from, p.root);
    if (!check->verify_head(check->self, (uint64_t)p.number, what, p.signature))
        return fail(f, FAIL_CALLER, "head", "the signature over record %lld and its tree does not hold",
                    (long long)p.number);
    *line = p.record;
    return true;
}
