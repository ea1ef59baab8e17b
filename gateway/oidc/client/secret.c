/* SPDX-License-Identifier: EUPL-1.2
 * Secrets: sent in Basic or in the body.  [RFC 6749 2.3.1] */
#include "gateway/oidc/client/int.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "gateway/tally.h"

enum { SECRET_MAX_B = 1024, GUESSES_S = 600, COUNTER_CHARS = 3 };

/* What an unknown service's secret is compared with, so that time does not tell. */
static const struct str nobodys = S("0000000000000000000000000000000000000000000000000000000000000000");

/* Names that nobody has share these counters with those of services, so made-up ones cannot fill the store. */
void count_wrong_secret(struct ctx *c)
{
    struct asker *asker = asker_of(c);
    struct str key = str_sub(sha256_hex(c->arena, asker->id), 0, COUNTER_CHARS);

    kv_count(c->kv, &c->batch, c->arena, &asker->count, KV_COUNT, arena_join(c->arena, S("secret:"), key), GUESSES_S);
}

static bool is_hash(struct str hash)
{
    return hash.n == nobodys.n;
}

/* Many libraries join id and secret without encoding them: a secret with "+" or "%" is right in either spelling. */
struct spelt {
    struct str hash, hash_raw;
};

static bool fits(const struct spelt *said, struct str known)
{
    bool same = crypt_eq(said->hash, known), same_raw = crypt_eq(said->hash_raw, known);

    return same || same_raw;
}

/* The right secret always counts, so nobody can lock a service out by guessing. */
static enum step compare(struct ctx *c, struct fail *f)
{
    const struct asker *asker = asker_of(c);
    const struct service *s = asker->row;
    bool usable = s != NULL && service_proves_by(s, asker->method->word) && asker->secret.n <= SECRET_MAX_B;
    bool now = usable && is_hash(s->secret_hash);
    bool before = usable && is_hash(s->client.secret_too) && c->now_s < s->client.secret_too_until_s;
    const struct spelt said = { sha256_hex(c->arena, asker->secret), sha256_hex(c->arena, asker->secret_raw) };
    bool is_now = fits(&said, now ? s->secret_hash : nobodys);
    bool is_before = fits(&said, before ? s->client.secret_too : nobodys);

    (void)f;
    if ((now && is_now) || (before && is_before)) {
        if (!(now && is_now))
            tally_add(c->service_tally, s->id, S(TALLY_OLDER_SECRET), c->now_s);
        c->service = s;
        return NEXT;
    }
    c->service = s; /* for the log: the request ends here */
    (void)asker_refuse(c, "wrong secret");
    count_wrong_secret(c);
    return WAIT;
}

const struct step_row by_secret[] = { { compare }, { NULL } };
