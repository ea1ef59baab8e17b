/* SPDX-License-Identifier: EUPL-1.2 */
#include "audit/tree.h"

#include "audit/line.h"
#include "base/codec.h"
#include "base/crypt.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEADER_B = 16 };
static const char magic[] = "DGTREE1\n"; /* and the number that it begins behind, as 8 bytes, the highest first */

/* ── hashes ─────────────────────────────────────────────────────────────────── */

void tree_leaf(struct str line, unsigned char out[TREE_HASH_B])
{
    const struct str parts[] = { str_n("\0", 1), line };

    sha256_parts(parts, 2, out);
}

static void join(const unsigned char *left, const unsigned char *right, unsigned char *out)
{
    const struct str parts[] = { str_n("\1", 1), str_n((const char *)left, TREE_HASH_B),
                                 str_n((const char *)right, TREE_HASH_B) };

    sha256_parts(parts, 3, out);
}

size_t tree_add(struct tree *t, const unsigned char leaf[TREE_HASH_B], unsigned char nodes[][TREE_HASH_B])
{
    size_t n = 0;

    memcpy(nodes[n++], leaf, TREE_HASH_B);
    for (uint64_t rest = t->leaves; (rest & 1) != 0; rest >>= 1) {
        join(t->peaks[--t->peak_count], nodes[n - 1], nodes[n]);
        n++;
    }
    memcpy(t->peaks[t->peak_count++], nodes[n - 1], TREE_HASH_B);
    t->leaves++;
    return n;
}

static struct str hex(struct arena *a, const unsigned char *hash)
{
    return hex_encode(a, str_n((const char *)hash, TREE_HASH_B));
}

struct str tree_root(struct arena *a, const struct tree *t)
{
    unsigned char root[TREE_HASH_B];

    if (t->peak_count == 0)
        return (struct str){ NULL, 0 };
    memcpy(root, t->peaks[t->peak_count - 1], TREE_HASH_B);
    for (size_t i = t->peak_count - 1; i-- > 0;)
        join(t->peaks[i], root, root);
    return hex(a, root);
}

struct str tree_signed(struct arena *a, uint64_t number, struct str head, uint64_t from, struct str root)
{
    return sha256_hex(a, arena_printf(a, "digione audit tree 1\n%" PRIu64 "\n%.*s\n%" PRIu64 "\n%.*s\n", number,
                                      STR_ARG(head), from, STR_ARG(root)));
}

/* ── the file ───────────────────────────────────────────────────────────────── */

static uint64_t ones(uint64_t x)
{
    return (uint64_t)__builtin_popcountll(x);
}

/* How many nodes stand before leaf i, which is how many i leaves have. */
static uint64_t nodes_before(uint64_t i)
{
    return 2 * i - ones(i);
}

/* Where the root of the complete tree over 2^height leaves from `start` on stands. */
static uint64_t node_at(uint64_t start, unsigned height)
{
    return nodes_before(start + (UINT64_C(1) << height) - 1) + height;
}

static off_t offset_of(uint64_t node)
{
    return HEADER_B + (off_t)(node * TREE_HASH_B);
}

static bool read_node(int fd, uint64_t node, unsigned char out[TREE_HASH_B])
{
    return pread(fd, out, TREE_HASH_B, offset_of(node)) == TREE_HASH_B;
}

static bool read_header(int fd, uint64_t *from)
{
    unsigned char b[HEADER_B];

    if (pread(fd, b, sizeof b, 0) != sizeof b || memcmp(b, magic, 8) != 0)
        return false;
    *from = 0;
    for (int i = 8; i < HEADER_B; i++)
        *from = *from << 8 | b[i];
    return true;
}

static bool begin(struct tree *t, int fd, uint64_t number)
{
    unsigned char b[HEADER_B];

    *t = (struct tree){ .from = number };
    for (int i = 0; i < 8; i++) {
        b[i] = (unsigned char)magic[i];
        b[8 + i] = (unsigned char)(number >> (56 - 8 * i));
    }
    return ftruncate(fd, 0) == 0 && pwrite(fd, b, sizeof b, 0) == sizeof b;
}

/* The most leaves whose nodes are all there. */
static uint64_t leaves_in(uint64_t nodes)
{
    uint64_t n = nodes / 2;

    while (nodes_before(n + 1) <= nodes)
        n++;
    while (n > 0 && nodes_before(n) > nodes)
        n--;
    return n;
}

static bool read_peaks(struct tree *t, int fd)
{
    uint64_t start = 0;

    t->peak_count = 0;
    for (int height = TREE_DEPTH_MAX - 1; height >= 0; height--) {
        if ((t->leaves >> height & 1) == 0)
            continue;
        if (!read_node(fd, node_at(start, (unsigned)height), t->peaks[t->peak_count++]))
            return false;
        start += UINT64_C(1) << height;
    }
    return true;
}

int tree_open(struct tree *t, int dir_fd, uint64_t number)
{
    struct stat st;
    int fd = openat(dir_fd, AUDIT_TREE_NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    *t = (struct tree){ 0 };
    if (fd < 0 || fstat(fd, &st) != 0)
        return fd;
    if (!read_header(fd, &t->from) || t->from > number) {
        if (begin(t, fd, number))
            return fd;
        (void)close(fd);
        return -1;
    }
    t->leaves = leaves_in((uint64_t)(st.st_size - HEADER_B) / TREE_HASH_B);
    if (t->leaves > number - t->from)
        t->leaves = number - t->from;
    if (ftruncate(fd, offset_of(nodes_before(t->leaves))) == 0 && read_peaks(t, fd))
        return fd;
    (void)close(fd);
    return -1;
}

bool tree_append(struct tree *t, int fd, struct str lines)
{
    unsigned char leaf[TREE_HASH_B], nodes[2 * TREE_DEPTH_MAX][TREE_HASH_B];
    off_t at = offset_of(nodes_before(t->leaves));
    size_t n = 0;
    struct str line;

    for (bool more = audit_line_next(&lines, &line); more;) {
        tree_leaf(line, leaf);
        n += tree_add(t, leaf, nodes + n);
        more = audit_line_next(&lines, &line);
        if (more && n <= TREE_DEPTH_MAX)
            continue;
        if (pwrite(fd, nodes, n * TREE_HASH_B, at) != (ssize_t)(n * TREE_HASH_B))
            return false;
        at = offset_of(nodes_before(t->leaves));
        n = 0;
    }
    return true;
}

/* ── proofs ─────────────────────────────────────────────────────────────────── */

/* The root over n leaves from `start` on, which begin where a tree of that size can. */
static bool root_of(int fd, uint64_t start, uint64_t n, unsigned char out[TREE_HASH_B])
{
    struct tree t = { .leaves = n };

    for (int height = TREE_DEPTH_MAX - 1; height >= 0; height--) {
        if ((n >> height & 1) == 0)
            continue;
        if (!read_node(fd, node_at(start, (unsigned)height), t.peaks[t.peak_count++]))
            return false;
        start += UINT64_C(1) << height;
    }
    memcpy(out, t.peaks[t.peak_count - 1], TREE_HASH_B);
    for (size_t i = t.peak_count - 1; i-- > 0;)
        join(t.peaks[i], out, out);
    return true;
}

static uint64_t half_of(uint64_t n)
{
    uint64_t k = 1;

    while (k * 2 < n)
        k *= 2;
    return k;
}

/* From the root down; what is met last stands first. */
static bool walk(struct arena *a, int fd, uint64_t leaf, uint64_t size, struct tree_path *out)
{
    unsigned char other[TREE_HASH_B];
    struct str found[TREE_DEPTH_MAX + 1];
    uint64_t start = 0;
    size_t n = 0;

    while (size > 1) {
        uint64_t k = half_of(size);
        bool left = leaf < k;
        if (!root_of(fd, left ? start + k : start, left ? size - k : k, other))
            return false;
        found[n++] = hex(a, other);
        start += left ? 0 : k;
        leaf -= left ? 0 : k;
        size = left ? k : size - k;
    }
    out->at = arena_make_n(a, n + 1, struct str);
    for (out->n = 0; out->n < n; out->n++)
        out->at[out->n] = found[n - 1 - out->n];
    return true;
}

bool tree_prove(struct arena *a, int dir_fd, uint64_t number, uint64_t size, uint64_t *from, struct tree_path *out,
                struct fail *f)
{
    int fd = openat(dir_fd, AUDIT_TREE_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool good = fd >= 0 && read_header(fd, from);

    if (good && (number <= *from || number - *from > size || size >> (TREE_DEPTH_MAX - 1) != 0)) {
        (void)close(fd);
        return fail(f, FAIL_CALLER, "not_in_tree", "record %" PRIu64 " is not under the head", number);
    }
    *out = (struct tree_path){ .leaf = good ? number - *from - 1 : 0, .size = size };
    good = good && walk(a, fd, out->leaf, size, out);
    if (fd >= 0)
        (void)close(fd);
    return good || fail(f, FAIL_OURS, "audit_unreadable", AUDIT_TREE_NAME ": %s", strerror(errno));
}

/* [RFC 9162 2.1.3.2] */
struct str tree_follow(struct arena *a, struct str line, const struct tree_path *path)
{
    unsigned char hash[TREE_HASH_B];
    uint64_t at = path->leaf, last = path->size - 1;
    struct str other;

    if (path->size == 0 || path->leaf >= path->size)
        return (struct str){ NULL, 0 };
    tree_leaf(line, hash);
    for (size_t i = 0; i < path->n; i++) {
        if (last == 0 || !hex_decode(a, path->at[i], &other) || other.n != TREE_HASH_B)
            return (struct str){ NULL, 0 };
        const unsigned char *o = (const unsigned char *)other.p;
        if ((at & 1) != 0 || at == last) {
            join(o, hash, hash);
            while ((at & 1) == 0 && at != 0) {
                at >>= 1;
                last >>= 1;
            }
        } else {
            join(hash, o, hash);
        }
        at >>= 1;
        last >>= 1;
    }
    return last == 0 ? hex(a, hash) : (struct str){ NULL, 0 };
}
