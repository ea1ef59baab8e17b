/* SPDX-License-Identifier: EUPL-1.2 */
#include "idp-adapters/relay.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "base/seals.h"

#include <stdlib.h>

/* "_" makes it an XML ID; then, sealed, four bytes of time and eight of which city. */
enum { TIME_B = 4, MARK_B = 8 };

static const struct str bound = S("saml request"), tryout_bound = S("saml tryout");

/* ── which city ─────────────────────────────────────────────────────────── */

struct marked {
    struct str mark;
    const struct idp *idp;
};

struct marks {
    struct marked *at;
    size_t n;
};

static struct str mark_of(struct arena *a, struct str idp)
{
    return str_sub(sha256(a, idp), 0, MARK_B);
}

static int by_mark(const void *x, const void *y)
{
    return str_cmp(((const struct marked *)x)->mark, ((const struct marked *)y)->mark);
}

static void *build(struct arena *a, const struct registry *r)
{
    const struct registry_parts *parts = registry_parts(r);
    struct marks *m = arena_make(a, struct marks);

    m->at = arena_make_n(a, parts->idp_count + 1, struct marked);
    for (size_t i = 0; i < parts->idp_count; i++)
        if (parts->idps[i].kind == IDP_SAML)
            m->at[m->n++] = (struct marked){ mark_of(a, parts->idps[i].id), &parts->idps[i] };
    qsort(m->at, m->n, sizeof *m->at, by_mark);
    return m;
}

static const struct idp *find(const struct registry *r, struct str mark)
{
    const struct marks *m = registry_index(r, INDEX_RELAYS, build);
    const struct marked *found = bsearch(&(struct marked){ mark, NULL }, m->at, m->n, sizeof *m->at, by_mark);

    return found != NULL ? found->idp : NULL;
}

/* ── the name ───────────────────────────────────────────────────────────── */

struct str relay_new(struct ctx *c, const struct idp *idp)
{
    struct buf plain = buf_new(c->arena, TIME_B + MARK_B);

    for (int shift = 8 * (TIME_B - 1); shift >= 0; shift -= 8)
        buf_byte(&plain, (char)(c->now_s >> shift & 0xff));
    buf_add(&plain, mark_of(c->arena, idp->id));
    return arena_join(c->arena, S("_"),
                      b64url_encode(c->arena, seal_close(c->arena, c->world, c->seals, SEAL_COOKIE,
                                                         c->tryout != NULL ? tryout_bound : bound, buf_str(&plain))));
}

static bool open_name(const struct ctx *c, struct str sealed, struct str *plain, bool *tryout)
{
    *tryout = false;
    if (seal_open(c->arena, c->seals, SEAL_COOKIE, bound, sealed, plain))
        return true;
    *tryout = seal_open(c->arena, c->seals, SEAL_COOKIE, tryout_bound, sealed, plain);
    return *tryout;
}

bool relay_read(const struct ctx *c, struct str text, struct relay *out)
{
    struct str sealed, plain;

    *out = (struct relay){ NULL, 0, false };
    if (text.n > RELAY_MAX_B || !str_has_prefix(text, S("_")) || !b64url_decode(c->arena, str_from(text, 1), &sealed) ||
        !open_name(c, sealed, &plain, &out->tryout) || plain.n != TIME_B + MARK_B)
        return false;
    for (size_t i = 0; i < TIME_B; i++)
        out->made_s = out->made_s << 8 | (unsigned char)plain.p[i];
    out->idp = find(c->registry, str_from(plain, TIME_B));
    return true;
}
