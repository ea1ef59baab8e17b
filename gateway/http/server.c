/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/http/server.h"

#include "base/log.h"
#include "gateway/http/int.h"

#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

struct server *server_new(struct loop *l, const struct world *w, const struct settings *set, int listen_fd,
                          const struct server_hooks *hooks)
{
    struct arena *a = arena_new();
    struct server *s = arena_make(a, struct server);
    uint64_t seed;

    s->arena = a;
    s->loop = l;
    s->world = w;
    s->set = set;
    s->hooks = *hooks;
    s->sweep.due = conn_sweep;
    s->queues[PHASE_HEADER].lasts_ms = set->request_header_s * 1000;
    s->queues[PHASE_BODY].lasts_ms = set->request_body_s * 1000;
    s->queues[PHASE_WRITE].lasts_ms = SERVER_WRITE_S * 1000;
    s->queues[PHASE_IDLE].lasts_ms = SERVER_IDLE_S * 1000;
    s->queues[PHASE_LINGER].lasts_ms = SERVER_LINGER_S * 1000;
    s->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    world_random(w, &s->codes, sizeof s->codes);
    world_random(w, &seed, sizeof seed);
    s->shares = shares_new(a, seed, (size_t)set->connections_max, BODIES_MAX_B);
    s->listening = (struct watch){ conn_knock, listen_fd, 0 };
    /* One knock wakes one loop, where loops share a Unix socket. */
    if (!library_open(s) || !loop_watch(l, &s->listening, EPOLLIN | EPOLLEXCLUSIVE)) {
        log_event(LOG_ERROR, "http.start_failed");
        abort();
    }
    return s;
}

void server_turn(struct server *s, int64_t max_wait_ms)
{
    loop_turn(s->loop, s->small.run || s->large.run ? 0 : max_wait_ms);
    library_turn(s, &s->small);
    library_turn(s, &s->large);
}

void server_stop(struct server *s)
{
    if (s->stopping)
        return;
    s->stopping = true;
    loop_forget(s->loop, &s->listening);
    (void)close(s->listening.fd);
    while (s->queues[PHASE_IDLE].first != NULL)
        conn_end(s->queues[PHASE_IDLE].first);
    for (struct conn *c = s->queues[PHASE_HEADER].first, *next; c != NULL; c = next) {
        next = c->next;
        if (!c->begun)
            conn_end(c);
    }
}

size_t server_connections(const struct server *s)
{
    return s->connections;
}

size_t server_waiting(const struct server *s)
{
    return s->waiting;
}

static void end_all(struct server *s)
{
    for (enum phase p = PHASE_HEADER; p < PHASE_GOING; p++)
        for (struct conn *c = s->queues[p].first, *next; c != NULL; c = next) {
            next = c->next;
            conn_end(c);
        }
}

void server_free(struct server *s)
{
    if (s == NULL)
        return;
    assert(s->waiting == 0);
    server_stop(s);
    library_turn(s, &s->small);
    library_turn(s, &s->large);
    end_all(s);
    library_turn(s, &s->small);
    library_turn(s, &s->large);
    timer_clear(s->loop, &s->sweep);
    library_close(s);
    if (s->reserve_fd >= 0)
        (void)close(s->reserve_fd);
    while (s->spare_n > 0)
        arena_free(s->spare[--s->spare_n]);
    arena_free(s->arena);
}
