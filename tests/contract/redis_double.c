/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/contract/redis_double.h"

#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { CONNECTIONS = REDIS_DOUBLE_FDS - 1, PARTS_MAX = 1040, IN_B = 3 << 20 };

struct entry {
    struct entry *next;
    struct str key, value;
    int64_t ends_ms; /* wall clock */
};

struct client {
    int fd; /* -1: free */
    bool silent;
    char *in;
    size_t in_n;
    struct arena *out_arena;
    struct buf out;
    size_t out_at;
};

struct placed { /* of a sorted set, which is kept beside the keys and values */
    struct placed *next;
    struct str key, text;
    int64_t at;
};

struct redis_double {
    struct arena *arena;
    struct placed *placed;
    const struct world *world;
    char path[108];
    int listening; /* -1: away */
    struct client clients[CONNECTIONS];
    struct entry *entries, *saved;
    unsigned run, commands, fail_at;
    char fail_family[16]; /* "i1:": fail_at counts those that name such a key alone */
    unsigned fail_left;
    enum redis_fault fault;
    bool failed;
    const char *refuses; /* NULL: nothing */
};

/* Keys. */

static char *copy(struct str s)
{
    char *p = malloc(s.n + 1);

    if (p == NULL)
        abort();
    if (s.n > 0)
        memcpy(p, s.p, s.n);
    return p;
}

static void drop(struct entry **at)
{
    struct entry *e = *at;

    *at = e->next;
    free((void *)(uintptr_t)e->key.p);
    free((void *)(uintptr_t)e->value.p);
    free(e);
}

/* Where the key stands, or NULL.  A key is there until its millisecond has passed. */
static struct entry **find(struct redis_double *d, struct str key)
{
    for (struct entry **at = &d->entries; *at != NULL;) {
        if (world_now_ms(d->world) > (*at)->ends_ms)
            drop(at);
        else if (str_eq((*at)->key, key))
            return at;
        else
            at = &(*at)->next;
    }
    return NULL;
}

static void put(struct redis_double *d, struct str key, struct str value, int64_t ttl_s)
{
    struct entry **old = find(d, key), *e = malloc(sizeof *e);

    if (e == NULL)
        abort();
    *e = (struct entry){ .key = { copy(key), key.n },
                         .value = { copy(value), value.n },
                         .ends_ms = world_now_ms(d->world) + ttl_s * 1000 };
    if (old != NULL)
        drop(old);
    e->next = d->entries;
    d->entries = e;
}

size_t redis_double_holds(const struct redis_double *d, struct str prefix)
{
    size_t n = 0;

    for (const struct entry *e = d->entries; e != NULL; e = e->next)
        n += str_has_prefix(e->key, prefix) && world_now_ms(d->world) <= e->ends_ms;
    for (const struct placed *p = d->placed; p != NULL; p = p->next)
        n += str_has_prefix(p->key, prefix);
    return n;
}

size_t redis_double_change(struct redis_double *d, struct str prefix, struct str value)
{
    size_t n = 0;

    for (struct entry *e = d->entries; e != NULL; e = e->next)
        if (str_has_prefix(e->key, prefix)) {
            free((void *)(uintptr_t)e->value.p);
            e->value = (struct str){ copy(value), value.n };
            n++;
        }
    return n;
}

static void unplace(struct placed **at)
{
    struct placed *p = *at;

    *at = p->next;
    free((void *)(uintptr_t)p->key.p);
    free((void *)(uintptr_t)p->text.p);
    free(p);
}

static bool remove_placed(struct redis_double *d, struct str key, struct str text)
{
    for (struct placed **at = &d->placed; *at != NULL; at = &(*at)->next)
        if (str_eq((*at)->key, key) && str_eq((*at)->text, text)) {
            unplace(at);
            return true;
        }
    return false;
}

/* In order: of equal scores by the text, as Redis does. */
static void place(struct redis_double *d, struct str key, struct str text, int64_t score)
{
    struct placed *p = malloc(sizeof *p), **at = &d->placed;

    if (p == NULL)
        abort();
    *p = (struct placed){ .key = { copy(key), key.n }, .text = { copy(text), text.n }, .at = score };
    (void)remove_placed(d, key, text);
    for (at = &d->placed; *at != NULL; at = &(*at)->next)
        if ((*at)->at > score || ((*at)->at == score && str_cmp((*at)->text, text) > 0))
            break;
    p->next = *at;
    *at = p;
}

static size_t placed_n(const struct redis_double *d, struct str key)
{
    size_t n = 0;

    for (const struct placed *p = d->placed; p != NULL; p = p->next)
        n += str_eq(p->key, key);
    return n;
}

static void forget_all(struct redis_double *d)
{
    while (d->placed != NULL)
        unplace(&d->placed);
    while (d->entries != NULL)
        drop(&d->entries);
}

/* Replies. */

static void say(struct client *c, struct str text)
{
    buf_add(&c->out, text);
}

static void say_number(struct client *c, int64_t n)
{
    buf_printf(&c->out, ":%lld\r\n", (long long)n);
}

static void say_text(struct client *c, struct str s)
{
    buf_printf(&c->out, "$%zu\r\n", s.n);
    buf_add(&c->out, s);
    buf_add(&c->out, S("\r\n"));
}

static void say_value(struct client *c, struct entry *const *at)
{
    if (at != NULL)
        say_text(c, (*at)->value);
    else
        say(c, S("$-1\r\n"));
}

/* Commands. */

struct command {
    struct redis_double *d;
    struct client *c;
    struct str part[PARTS_MAX];
    size_t n;
};

static void run_auth(const struct command *m)
{
    say(m->c, S("+OK\r\n"));
}

static void run_role(const struct command *m)
{
    say(m->c, S("*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n"));
}

static void run_info(const struct command *m)
{
    char text[200];

    (void)snprintf(text, sizeof text,
                   "# Server\r\nrun_id:double-%u\r\nmaster_replid:one\r\nloading:0\r\nmaxmemory:0\r\n"
                   "maxmemory_policy:noeviction\r\n",
                   m->d->run);
    say_text(m->c, str_of(text));
}

static void run_get(const struct command *m)
{
    say_value(m->c, find(m->d, m->part[1]));
}

static void run_getdel(const struct command *m)
{
    struct entry **at = find(m->d, m->part[1]);

    say_value(m->c, at);
    if (at != NULL)
        drop(at);
}

/* SET key value EX seconds [NX|XX] */
static void run_set(const struct command *m)
{
    bool there = find(m->d, m->part[1]) != NULL;
    int64_t ttl_s;

    if (m->n < 5 || !str_eq(m->part[3], S("EX")) || !str_int(m->part[4], &ttl_s) || ttl_s <= 0) {
        say(m->c, S("-ERR syntax error\r\n"));
        return;
    }
    if (m->n > 5 && there != str_eq(m->part[5], S("XX"))) {
        say(m->c, S("$-1\r\n"));
        return;
    }
    put(m->d, m->part[1], m->part[2], ttl_s);
    say(m->c, S("+OK\r\n"));
}

static void run_del(const struct command *m)
{
    struct entry **at = find(m->d, m->part[1]);

    say_number(m->c, at != NULL);
    if (at != NULL)
        drop(at);
}

static void run_expire(const struct command *m)
{
    struct entry **at = find(m->d, m->part[1]);
    int64_t ttl_s;

    if (!str_int(m->part[2], &ttl_s)) {
        say(m->c, S("-ERR value is not an integer or out of range\r\n"));
        return;
    }
    if (at != NULL)
        (*at)->ends_ms = world_now_ms(m->d->world) + ttl_s * 1000;
    say_number(m->c, at != NULL);
}

/* KEYS[1] ARGV[1] ARGV[2] of the script that sets what need not be filed. */
static void run_hold(const struct command *m)
{
    int64_t ttl_s;

    if (!str_int(m->part[5], &ttl_s) || ttl_s <= 0) {
        say(m->c, S("-ERR syntax error\r\n"));
        return;
    }
    put(m->d, m->part[3], m->part[4], ttl_s);
    say(m->c, S("+OK\r\n"));
}

/* KEYS[1] head value ttl create */
static void run_swap(const struct command *m)
{
    struct entry **at = find(m->d, m->part[3]);
    int64_t ttl_s;

    if (m->n != 8 || !str_int(m->part[6], &ttl_s) || ttl_s <= 0) {
        say(m->c, S("-ERR syntax error\r\n"));
        return;
    }
    if (at == NULL && str_eq(m->part[7], S("0"))) {
        say(m->c, S("$-1\r\n"));
        return;
    }
    if (at != NULL && (m->part[4].n == 0 || !str_has_prefix((*at)->value, m->part[4]))) {
        say_value(m->c, at);
        return;
    }
    put(m->d, m->part[3], m->part[5], ttl_s);
    say_number(m->c, 1);
}

static void drop_due(struct redis_double *d, struct str key)
{
    for (struct placed **at = &d->placed; *at != NULL;)
        if (str_eq((*at)->key, key) && (*at)->at <= world_now_ms(d->world))
            unplace(at);
        else
            at = &(*at)->next;
}

/* KEYS[1] after_ms most ttl_s text… */
static void run_line_put(const struct command *m)
{
    int64_t after_ms, most;

    if (!str_int(m->part[4], &after_ms) || !str_int(m->part[5], &most))
        abort();
    if (str_find(m->part[1], S("'ZREMRANGEBYSCORE'")) < m->part[1].n)
        drop_due(m->d, m->part[3]);
    for (size_t i = 7; i < m->n; i++)
        place(m->d, m->part[3], m->part[i], world_now_ms(m->d->world) + after_ms);
    for (struct placed **at = &m->d->placed; *at != NULL && placed_n(m->d, m->part[3]) > (size_t)most;)
        if (str_eq((*at)->key, m->part[3]))
            unplace(at);
        else
            at = &(*at)->next;
    say_number(m->c, (int64_t)placed_n(m->d, m->part[3]));
}

/* KEYS[1] most again_ms */
static void run_line_take(const struct command *m)
{
    int64_t most, again_ms, now_ms = world_now_ms(m->d->world);
    struct str due[1024];
    size_t n = 0;

    if (!str_int(m->part[4], &most) || !str_int(m->part[5], &again_ms) || most > 1024)
        abort();
    for (const struct placed *p = m->d->placed; p != NULL && n < (size_t)most; p = p->next)
        if (str_eq(p->key, m->part[3]) && p->at <= now_ms)
            due[n++] = (struct str){ copy(p->text), p->text.n };
    buf_printf(&m->c->out, "*%zu\r\n", n);
    for (size_t i = 0; i < n; i++) {
        say_text(m->c, due[i]);
        place(m->d, m->part[3], due[i], now_ms + again_ms);
        free((void *)(uintptr_t)due[i].p);
    }
}

/* ZREVRANGE key 0 last */
static void run_zrevrange(const struct command *m)
{
    const struct placed *found[1024];
    int64_t last;
    size_t n = 0;

    if (!str_int(m->part[3], &last))
        abort();
    for (const struct placed *p = m->d->placed; p != NULL && n < 1024; p = p->next)
        if (str_eq(p->key, m->part[1]))
            found[n++] = p;
    size_t said = n < (size_t)last + 1 ? n : (size_t)last + 1;
    buf_printf(&m->c->out, "*%zu\r\n", said);
    for (size_t i = 0; i < said; i++)
        say_text(m->c, found[n - 1 - i]->text);
}

static void run_zrem(const struct command *m)
{
    int64_t n = 0;

    for (size_t i = 2; i < m->n; i++)
        n += remove_placed(m->d, m->part[1], m->part[i]);
    say_number(m->c, n);
}

/* The scripts that we send: one sets, one counts, and its first one starts the time; and those of a line. */
static void run_script(const struct command *m)
{
    if (str_find(m->part[1], S("'ZREMRANGEBYRANK'")) < m->part[1].n) {
        run_line_put(m);
        return;
    }
    if (str_find(m->part[1], S("'GETRANGE'")) < m->part[1].n) {
        run_swap(m);
        return;
    }
    if (str_find(m->part[1], S("'ZRANGEBYSCORE'")) < m->part[1].n) {
        run_line_take(m);
        return;
    }

    struct entry **at = find(m->d, m->part[3]);
    int64_t n = 0, ttl_s;
    char text[24];

    if (m->n == 6 && str_find(m->part[1], S("'SET'")) < m->part[1].n) {
        run_hold(m);
        return;
    }
    if (str_find(m->part[1], S("'INCR'")) == m->part[1].n || !str_int(m->part[4], &ttl_s) ||
        (at != NULL && !str_int((*at)->value, &n))) {
        say(m->c, S("-ERR no script that this double knows\r\n"));
        return;
    }
    (void)snprintf(text, sizeof text, "%lld", (long long)++n);
    int64_t ends_ms = at != NULL ? (*at)->ends_ms : 0;
    put(m->d, m->part[3], str_of(text), ttl_s);
    if (at != NULL)
        m->d->entries->ends_ms = ends_ms;
    say_number(m->c, n);
}

/* A heartbeat: it stays for ever, or longer than any script. */
static void run_incr(const struct command *m)
{
    struct entry **at = find(m->d, m->part[1]);
    int64_t n = 0;
    char text[24];

    if (at != NULL && !str_int((*at)->value, &n))
        abort();
    (void)snprintf(text, sizeof text, "%lld", (long long)++n);
    put(m->d, m->part[1], str_of(text), (int64_t)10 * 365 * 86400);
    say_number(m->c, n);
}

static const struct {
    const char *name;
    size_t parts_least;
    bool own; /* of the connection, not of a request: never counted */
    bool writes;
    void (*run)(const struct command *m);
} commands[] = {
    { "INCR", 2, true, true, run_incr },       { "AUTH", 2, true, false, run_auth },
    { "ROLE", 1, true, false, run_role },      { "INFO", 1, true, false, run_info },
    { "GET", 2, false, false, run_get },       { "GETDEL", 2, false, false, run_getdel },
    { "SET", 5, false, true, run_set },        { "DEL", 2, false, false, run_del },
    { "EXPIRE", 3, false, false, run_expire }, { "EVAL", 5, false, true, run_script },
    { "ZREM", 3, false, true, run_zrem },      { "ZREVRANGE", 4, false, false, run_zrevrange },
};

static bool names_key(const struct command *m, struct str prefix)
{
    for (size_t i = 1; i < m->n; i++)
        if (str_has_prefix(m->part[i], prefix))
            return true;
    return false;
}

/* Of a heartbeat. */
static bool is_probe(const struct command *m)
{
    return names_key(m, S("p1:")) || names_key(m, S("S1:"));
}

/* Whether it is this command, now counted, that the test wants to fail. */
static bool is_to_fail(const struct command *m)
{
    struct redis_double *d = m->d;
    bool by_number = ++d->commands == d->fail_at;
    bool by_family = d->fail_left > 0 && names_key(m, str_of(d->fail_family)) && --d->fail_left == 0;

    return by_number || by_family;
}

/* False: the connection ends. */
static bool run(const struct command *m)
{
    struct redis_double *d = m->d;

    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (!str_eq(m->part[0], str_of(commands[i].name)) || m->n < commands[i].parts_least)
            continue;
        enum redis_fault fault = REDIS_WORKS;
        if (!commands[i].own && !is_probe(m) && is_to_fail(m)) {
            fault = d->fault;
            d->failed = true;
        }
        m->c->silent = m->c->silent || fault == REDIS_SILENT;
        if (m->c->silent)
            return true;
        if (d->refuses != NULL && commands[i].writes) {
            buf_printf(&m->c->out, "-%s\r\n", d->refuses);
            return true;
        }
        if (fault == REDIS_REFUSED)
            say(m->c, S("-OOM command not allowed when used memory > 'maxmemory'.\r\n"));
        else if (fault != REDIS_CUT)
            commands[i].run(m);
        if (fault == REDIS_LOST)
            m->c->out.n = m->c->out_at;
        return fault != REDIS_CUT && fault != REDIS_LOST;
    }
    say(m->c, S("-ERR unknown command\r\n"));
    return true;
}

/* An array of texts, each with its length in front.  False: not whole yet. */
static bool take_command(struct str *rest, struct command *m)
{
    struct str all = *rest, line;
    int64_t count, length;

    if (!str_split(&all, '\n', &line) || all.p == NULL || !str_int(str_trim(str_from(line, 1)), &count))
        return false;
    m->n = 0;
    for (int64_t i = 0; i < count; i++) {
        if (!str_split(&all, '\n', &line) || all.p == NULL || !str_int(str_trim(str_from(line, 1)), &length) ||
            all.n < (size_t)length + 2)
            return false;
        if (m->n < PARTS_MAX)
            m->part[m->n++] = str_sub(all, 0, (size_t)length);
        all = str_from(all, (size_t)length + 2);
    }
    *rest = all;
    return true;
}

/* Connections. */

static void end_client(struct client *c)
{
    (void)close(c->fd);
    free(c->in);
    arena_free(c->out_arena);
    *c = (struct client){ .fd = -1 };
}

static void flush(struct client *c)
{
    while (c->out_at < c->out.n) {
        ssize_t n = send(c->fd, c->out.p + c->out_at, c->out.n - c->out_at, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n <= 0)
            return;
        c->out_at += (size_t)n;
    }
    arena_reset(c->out_arena);
    c->out = buf_new(c->out_arena, IN_B);
    c->out_at = 0;
}

static void hear(struct redis_double *d, struct client *c)
{
    ssize_t got = recv(c->fd, c->in + c->in_n, IN_B - c->in_n, MSG_DONTWAIT);
    struct command m = { .d = d, .c = c };
    bool good = got > 0;

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    c->in_n += good ? (size_t)got : 0;
    struct str rest = str_n(c->in, c->in_n);
    while (good && rest.n > 0 && take_command(&rest, &m))
        good = run(&m);
    flush(c);
    if (!good) {
        end_client(c);
        return;
    }
    memmove(c->in, rest.p != NULL ? rest.p : c->in, rest.n);
    c->in_n = rest.n;
}

static void accept_one(struct redis_double *d)
{
    int fd = accept4(d->listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    for (size_t i = 0; fd >= 0 && i < CONNECTIONS; i++) {
        struct client *c = &d->clients[i];
        if (c->fd >= 0)
            continue;
        *c = (struct client){ .fd = fd, .in = malloc(IN_B), .out_arena = arena_new() };
        if (c->in == NULL)
            abort();
        c->out = buf_new(c->out_arena, IN_B);
        return;
    }
    if (fd >= 0)
        (void)close(fd);
}

size_t redis_double_watch(const struct redis_double *d, struct pollfd *fds)
{
    size_t n = 0;

    if (d->listening >= 0)
        fds[n++] = (struct pollfd){ d->listening, POLLIN, 0 };
    for (size_t i = 0; i < CONNECTIONS; i++)
        if (d->clients[i].fd >= 0)
            fds[n++] = (struct pollfd){ d->clients[i].fd, d->clients[i].out.n > 0 ? POLLIN | POLLOUT : POLLIN, 0 };
    return n;
}

bool redis_double_serve(struct redis_double *d, const struct pollfd *fds, size_t n)
{
    bool something = false;

    for (size_t i = 0; i < n; i++) {
        if (fds[i].revents == 0)
            continue;
        something = true;
        if (fds[i].fd == d->listening)
            accept_one(d);
        for (size_t k = 0; k < CONNECTIONS; k++)
            if (d->clients[k].fd == fds[i].fd) {
                flush(&d->clients[k]);
                hear(d, &d->clients[k]);
                break;
            }
    }
    return something;
}

/* Life. */

void redis_double_come_back(struct redis_double *d)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };

    if (d->listening >= 0)
        return;
    memcpy(at.sun_path, d->path, sizeof d->path);
    d->listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (d->listening < 0 || bind(d->listening, (struct sockaddr *)&at, sizeof at) != 0 ||
        listen(d->listening, CONNECTIONS) != 0)
        abort();
}

void redis_double_leave(struct redis_double *d)
{
    if (d->listening >= 0) {
        (void)close(d->listening);
        (void)unlink(d->path);
    }
    d->listening = -1;
    for (size_t i = 0; i < CONNECTIONS; i++)
        if (d->clients[i].fd >= 0)
            end_client(&d->clients[i]);
}

static struct entry *copy_of(const struct entry *all)
{
    struct entry *first = NULL, **last = &first;

    for (; all != NULL; all = all->next) {
        *last = malloc(sizeof **last);
        if (*last == NULL)
            abort();
        **last = (struct entry){ .key = { copy(all->key), all->key.n },
                                 .value = { copy(all->value), all->value.n },
                                 .ends_ms = all->ends_ms };
        last = &(*last)->next;
    }
    return first;
}

void redis_double_save(struct redis_double *d)
{
    while (d->saved != NULL)
        drop(&d->saved);
    d->saved = copy_of(d->entries);
}

void redis_double_restore(struct redis_double *d)
{
    redis_double_leave(d);
    d->run++;
    forget_all(d);
    d->entries = copy_of(d->saved);
    redis_double_come_back(d);
}

void redis_double_restart(struct redis_double *d, bool keeps)
{
    redis_double_leave(d);
    d->run++;
    if (!keeps)
        forget_all(d);
    redis_double_come_back(d);
}

struct redis_double *redis_double_new(const char *path, const struct world *w)
{
    struct arena *a = arena_new();
    struct redis_double *d = arena_make(a, struct redis_double);

    d->arena = a;
    d->world = w;
    d->listening = -1;
    d->run = 1;
    for (size_t i = 0; i < CONNECTIONS; i++)
        d->clients[i].fd = -1;
    if (strlen(path) >= sizeof d->path) {
        arena_free(a);
        return NULL;
    }
    (void)snprintf(d->path, sizeof d->path, "%s", path);
    redis_double_come_back(d);
    return d;
}

void redis_double_free(struct redis_double *d)
{
    if (d == NULL)
        return;
    redis_double_leave(d);
    forget_all(d);
    while (d->saved != NULL)
        drop(&d->saved);
    arena_free(d->arena);
}

void redis_double_fail_at(struct redis_double *d, unsigned n, enum redis_fault fault)
{
    d->fail_at = d->commands + n;
    d->fault = fault;
    d->failed = false;
}

void redis_double_fail_at_family(struct redis_double *d, struct str family, unsigned n, enum redis_fault fault)
{
    (void)snprintf(d->fail_family, sizeof d->fail_family, "%.*s:", STR_ARG(family));
    d->fail_left = n;
    d->fault = fault;
    d->failed = false;
}

void redis_double_refuse(struct redis_double *d, const char *error)
{
    d->refuses = error;
}

unsigned redis_double_commands(const struct redis_double *d)
{
    return d->commands;
}

bool redis_double_failed(const struct redis_double *d)
{
    return d->failed;
}

bool redis_double_keeps_silent(const struct redis_double *d)
{
    for (size_t i = 0; i < CONNECTIONS; i++)
        if (d->clients[i].fd >= 0 && d->clients[i].silent)
            return true;
    return false;
}
