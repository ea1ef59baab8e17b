/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/kv_sentinel.h"

#include "base/log.h"
#include "wire/kv_int.h"

#include <arpa/inet.h>
#include <string.h>

enum {
    ASK_MS = 2000, /* between two questions, while all is well: what a lost message costs at most */
    RETRY_FIRST_MS = 50,
    RETRY_MOST_MS = 2000
};

struct sentinel {
    struct kv_link link; /* first */
    struct timer timer;  /* of the answer, of the next question, or of the next attempt */
    struct kv_sentinels *all;
    struct str address;
    bool asking;
    char named[KV_ADDRESS_B];  /* "": none */
    int64_t asked_ms, told_ms; /* when the question left whose answer that is */
    const char *trouble;
    unsigned failures;
};

struct kv_sentinels {
    struct loop *loop;
    const struct world *world;
    const struct kv_config *config;
    struct arena *arena, *scratch;
    void (*changed)(void *self);
    void *self;
    struct sentinel *each;
    size_t n;
    unsigned failed; /* attempts at what they named */
    char said[KV_ADDRESS_B];
};

/* ── what they say ──────────────────────────────────────────────────────── */

struct str kv_sentinel_address(struct arena *a, const struct kv_config *config, struct str host, struct str port)
{
    unsigned char bytes[16];
    char text[INET6_ADDRSTRLEN];
    int64_t number;
    bool may = config->port_count == 0;

    if (host.p == NULL || host.n == 0 || host.n >= sizeof text || port.n > 5 || !str_int(port, &number) || number < 1 ||
        number > 65535)
        return (struct str){ NULL, 0 };
    memcpy(text, host.p, host.n);
    text[host.n] = '\0';
    bool six = inet_pton(AF_INET6, text, bytes) == 1;
    if (!six && inet_pton(AF_INET, text, bytes) != 1)
        return (struct str){ NULL, 0 };
    for (size_t i = 0; i < config->port_count; i++)
        may = may || config->ports[i] == number;
    return may ? arena_printf(a, six ? "[%s]:%lld" : "%s:%lld", text, (long long)number) : (struct str){ NULL, 0 };
}

bool kv_sentinel_switch(struct str said, struct str master, struct str from[2], struct str to[2])
{
    struct str name, rest = said;

    return said.p != NULL && str_split(&rest, ' ', &name) && str_eq(name, master) && str_split(&rest, ' ', &from[0]) &&
           str_split(&rest, ' ', &from[1]) && str_split(&rest, ' ', &to[0]) && str_split(&rest, ' ', &to[1]) &&
           !str_is_set(rest) && str_is_set(to[1]);
}

/* ── whom to believe ────────────────────────────────────────────────────── */

static size_t votes(const struct kv_sentinels *s, const char *address, int64_t since_ms)
{
    size_t n = 0;

    for (size_t i = 0; i < s->n; i++)
        n += s->each[i].named[0] != '\0' && strcmp(s->each[i].named, address) == 0 && s->each[i].told_ms >= since_ms;
    return n;
}

static bool is_first_to_name(const struct kv_sentinels *s, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (strcmp(s->each[k].named, s->each[i].named) == 0)
            return false;
    return s->each[i].named[0] != '\0';
}

/* Addresses by their votes; the rank-th of them.  NULL: there are not so many. */
static const char *ranked(const struct kv_sentinels *s, size_t rank)
{
    for (size_t wanted = s->n; wanted > 0; wanted--)
        for (size_t i = 0; i < s->n; i++)
            if (is_first_to_name(s, i) && votes(s, s->each[i].named, INT64_MIN) == wanted && rank-- == 0)
                return s->each[i].named;
    return NULL;
}

static size_t named_by_any(const struct kv_sentinels *s)
{
    size_t n = 0;

    for (size_t i = 0; i < s->n; i++)
        n += is_first_to_name(s, i);
    return n;
}

struct str kv_sentinels_primary(const struct kv_sentinels *s)
{
    size_t n = named_by_any(s);

    return n > 0 ? str_of(ranked(s, s->failed % n)) : (struct str){ NULL, 0 };
}

void kv_sentinels_failed(struct kv_sentinels *s)
{
    s->failed++;
}

bool kv_sentinels_agree(const struct kv_sentinels *s, struct str address, int64_t since_ms)
{
    char text[KV_ADDRESS_B] = "";

    if (address.n >= sizeof text)
        return false;
    memcpy(text, address.p, address.n);
    return 2 * votes(s, text, since_ms) > s->n;
}

bool kv_sentinels_moved(const struct kv_sentinels *s, struct str address)
{
    const char *first = ranked(s, 0);

    return first != NULL && 2 * votes(s, first, INT64_MIN) > s->n && !str_eq(str_of(first), address);
}

size_t kv_sentinels_well(const struct kv_sentinels *s)
{
    size_t n = 0;

    for (size_t i = 0; i < s->n; i++)
        n += s->each[i].trouble[0] == '\0';
    return n;
}

/* Of several reasons that of one who at least answers. */
const char *kv_sentinels_trouble(const struct kv_sentinels *s)
{
    const char *why = "sentinels";

    for (size_t i = 0; i < s->n; i++)
        if (strncmp(s->each[i].trouble, "sentinel_", 9) == 0 || strncmp(s->each[i].trouble, "tls", 3) == 0)
            why = s->each[i].trouble;
    return why;
}

static void look_again(struct kv_sentinels *s)
{
    const char *first = ranked(s, 0);

    if (first == NULL || strcmp(first, s->said) == 0)
        return;
    memcpy(s->said, first, strlen(first) + 1);
    s->failed = 0;
    s->changed(s->self);
}

static void note(struct sentinel *x, const char *trouble)
{
    if (strcmp(x->trouble, trouble) == 0)
        return;
    bool first = strcmp(x->trouble, "starting") == 0;
    x->trouble = trouble;
    if (trouble[0] != '\0')
        log_event(LOG_WARN, "kv.sentinel_away", LOG_S("sentinel", x->address), LOG_C("why", trouble),
                  LOG_C("mend", kv_mend(trouble)));
    else if (!first)
        log_event(LOG_INFO, "kv.sentinel_back", LOG_S("sentinel", x->address));
}

static void name(struct sentinel *x, struct str address)
{
    size_t n = address.n < sizeof x->named ? address.n : 0;

    if (n > 0)
        memcpy(x->named, address.p, n);
    x->named[n] = '\0';
    x->told_ms = x->asked_ms;
}

/* ── one of them ────────────────────────────────────────────────────────── */

static void gone(struct kv_link *l, const char *why)
{
    struct sentinel *x = (struct sentinel *)l;
    int64_t most = RETRY_FIRST_MS;
    uint32_t chance;

    kv_link_close(l);
    x->asking = false;
    x->named[0] = '\0'; /* who does not answer has no vote */
    note(x, why);
    for (unsigned i = 0; i < x->failures && most < RETRY_MOST_MS; i++)
        most *= 2;
    x->failures++;
    world_random(x->all->world, &chance, sizeof chance);
    timer_set(x->all->loop, &x->timer, most / 2 + chance % (uint32_t)(most / 2 + 1));
}

/* In one write, so that no switch falls between the question and the hearing. */
static void ask(struct sentinel *x)
{
    const struct str master = x->all->config->master;
    const struct str stop[] = { S("UNSUBSCRIBE"), S("+switch-master") };
    const struct str question[] = { S("SENTINEL"), S("get-master-addr-by-name"), master };
    const struct str listen[] = { S("SUBSCRIBE"), S("+switch-master") };

    if (x->link.state != LINK_UP || x->asking)
        return;
    x->asking = true;
    x->asked_ms = loop_now_ms(x->all->loop);
    timer_set(x->all->loop, &x->timer, x->all->config->timeout_ms);
    if (kv_link_put(&x->link, stop, 2) && kv_link_put(&x->link, question, 3) && kv_link_put(&x->link, listen, 2))
        kv_link_send(&x->link);
}

static void up(struct kv_link *l)
{
    struct sentinel *x = (struct sentinel *)l;
    const struct kv_config *c = x->all->config;

    if (str_is_set(c->sentinel_user))
        (void)kv_link_put(l, (const struct str[]){ S("AUTH"), c->sentinel_user, c->sentinel_password }, 3);
    else if (str_is_set(c->sentinel_password))
        (void)kv_link_put(l, (const struct str[]){ S("AUTH"), c->sentinel_password }, 2);
    ask(x);
}

static void answered(struct sentinel *x, struct str host, struct str port, bool knows)
{
    struct arena *a = x->all->scratch;
    struct str address = knows ? kv_sentinel_address(a, x->all->config, host, port) : (struct str){ NULL, 0 };
    bool digits = !knows || address.p != NULL ||
                  kv_sentinel_address(a, &(struct kv_config){ .port_count = 0 }, host, port).p != NULL;

    x->failures = 0;
    name(x, address);
    note(x, address.p != NULL ? "" : !knows ? "sentinel_master" : digits ? "sentinel_port" : "sentinel_names");
    arena_reset(a);
    look_again(x->all);
}

/* Whoever still named the one that was left follows: the switch was decided by most of them. */
static void heard(struct sentinel *x, struct str said)
{
    struct kv_sentinels *s = x->all;
    struct str from[2], to[2];

    if (!kv_sentinel_switch(said, s->config->master, from, to))
        return;
    struct str old = kv_sentinel_address(s->scratch, s->config, from[0], from[1]);
    struct str now = kv_sentinel_address(s->scratch, s->config, to[0], to[1]);
    log_event(LOG_WARN, "kv.switch", LOG_S("sentinel", x->address), LOG_S("from", old), LOG_S("to", now));
    for (size_t i = 0; now.p != NULL && i < s->n; i++)
        if (&s->each[i] == x || str_eq(str_of(s->each[i].named), old))
            name(&s->each[i], now);
    arena_reset(s->scratch);
    look_again(s);
}

static const struct {
    const char *word, *trouble;
} refusals[] = {
    { "NOAUTH", "sentinel_password" },
    { "WRONGPASS", "sentinel_password" },
    { "NOPERM", "sentinel_permission" },
    { "ERR", "sentinel_refuses" },
};

static const char *refusal(struct str word)
{
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
        if (str_eq(word, str_of(refusals[i].word)))
            return refusals[i].trouble;
    return "sentinel_refuses";
}

static void take(struct kv_link *l, const struct reply *r)
{
    struct sentinel *x = (struct sentinel *)l;
    struct str kind = kv_reply_at(r, 0);

    if (r->type == REPLY_ERROR) {
        gone(l, refusal(kv_reply_word(r)));
    } else if (kv_said_ok(r)) {
        return; /* the password */
    } else if (r->type == REPLY_LIST && r->n == 3 && str_eq(kind, S("message"))) {
        heard(x, kv_reply_at(r, 2));
    } else if (r->type == REPLY_LIST && r->n == 3 && str_eq(kind, S("unsubscribe"))) {
        return;
    } else if (r->type == REPLY_LIST && r->n == 3 && str_eq(kind, S("subscribe")) && x->asking) {
        x->asking = false;
        timer_set(x->all->loop, &x->timer, ASK_MS);
    } else if (x->asking && r->type == REPLY_NIL) {
        answered(x, S(""), S(""), false);
    } else if (x->asking && r->type == REPLY_LIST && r->n == 2 && kv_reply_at(r, 1).p != NULL) {
        answered(x, kind, kv_reply_at(r, 1), true);
    } else {
        gone(l, "garbage");
    }
}

static const struct kv_link_hooks hooks = { up, take, gone };

static void due(struct timer *t)
{
    struct sentinel *x = (struct sentinel *)(void *)((char *)t - offsetof(struct sentinel, timer));
    struct kv_sentinels *s = x->all;

    if (x->link.state == LINK_CLOSED) {
        timer_set(s->loop, &x->timer, s->config->timeout_ms);
        kv_link_open(&x->link, x->address);
    } else if (x->asking || x->link.state != LINK_UP) {
        if (!timer_overslept(s->loop, t))
            gone(&x->link, "timeout");
    } else {
        ask(x);
    }
}

void kv_sentinels_ask(struct kv_sentinels *s)
{
    for (size_t i = 0; i < s->n; i++)
        ask(&s->each[i]);
}

struct kv_sentinels *kv_sentinels_new(struct loop *l, const struct world *w, const struct kv_config *config,
                                      void (*changed)(void *self), void *self)
{
    struct arena *a = arena_new();
    struct kv_sentinels *s = arena_make(a, struct kv_sentinels);

    *s = (struct kv_sentinels){ .loop = l,
                                .world = w,
                                .config = config,
                                .arena = a,
                                .scratch = arena_new(),
                                .changed = changed,
                                .self = self,
                                .each = arena_make_n(a, config->sentinel_count, struct sentinel),
                                .n = config->sentinel_count };
    for (size_t i = 0; i < s->n; i++) {
        struct sentinel *x = &s->each[i];
        kv_link_init(&x->link, l, config->tls, &hooks);
        x->timer.due = due;
        x->all = s;
        x->address = config->sentinels[i];
        x->trouble = "starting";
        timer_set(l, &x->timer, 0);
    }
    return s;
}

void kv_sentinels_free(struct kv_sentinels *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->n; i++) {
        timer_clear(s->loop, &s->each[i].timer);
        kv_link_free(&s->each[i].link);
    }
    arena_free(s->scratch);
    arena_free(s->arena);
}
