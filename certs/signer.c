/* SPDX-License-Identifier: EUPL-1.2 */
#include "certs/signer.h"

#include "base/log.h"
#include "certs/signer_int.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PAIRS_MAX = 64, TURN_MAX = 16, SEND_WAIT_MS = 100 };

/* A gateway that does not take its answers is waited for a moment, not longer:
 * others are waiting, and it will ask again. */
static void send_message(int fd, struct str message)
{
    struct pollfd out = { fd, POLLOUT, 0 };

    for (int i = 0; i < 2; i++) {
        if (send(fd, message.p, message.n, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
            return;
        if (errno != EAGAIN || poll(&out, 1, SEND_WAIT_MS) != 1)
            break;
    }
    log_event(LOG_WARN, "signer.answer_lost", LOG_N("bytes", message.n));
}

static void answer(struct signer_state *s, int fd, struct str datagram)
{
    struct signer_msg m, back = { .op = SIGN_ANSWER };
    struct str value = { NULL, 0 };

    if (!signer_msg_read(datagram, &m)) {
        log_event(LOG_WARN, "signer.no_message", LOG_N("bytes", datagram.n));
        return;
    }
    back.id = m.id;
    back.arg = (uint16_t)signer_answer(s, &m, &value);
    bool done = back.arg == REASON_SIGNED || back.arg == REASON_OPENED_RETIRED;
    if (done)
        back.part[0] = value;
    /* The gateway cannot alter these lines.  A key that is not for us is no event: an answer may hold several, for
     * other receivers, and anybody can post one. */
    bool ordinary = done || back.arg == REASON_UNWRAP_FAILED;
    if (m.op != SIGN_PROBE)
        log_event(ordinary ? LOG_DEBUG : LOG_WARN, done ? "signer.signed" : "signer.refused",
                  LOG_C("purpose", signer_op_name(m.op)), LOG_C("reason", signer_reason_word(back.arg)));
    send_message(fd, signer_msg_write(s->scratch, &back));
}

/* At most a few messages of one loop, then the next loop's; false when the
 * other end is closed. */
static bool serve_pair(struct signer_state *s, int fd)
{
    char *datagram = arena_alloc(s->scratch, SIGNER_MESSAGE_MAX_B);

    for (int i = 0; i < TURN_MAX; i++) {
        ssize_t n = recv(fd, datagram, SIGNER_MESSAGE_MAX_B, MSG_DONTWAIT);
        if (n == 0)
            return false;
        if (n < 0)
            return errno == EAGAIN || errno == EINTR;
        answer(s, fd, str_n(datagram, (size_t)n));
    }
    return true;
}

static volatile sig_atomic_t told_to_end;

static void on_sigterm(int signal_number)
{
    (void)signal_number;
    told_to_end = 1;
}

/* SIGTERM is heard between turns alone: whatever was taken from a pair is answered.  *hearing: the mask to wait with.
 */
static void hear_sigterm(sigset_t *hearing)
{
    const struct sigaction end = { .sa_handler = on_sigterm };
    sigset_t blocked;

    told_to_end = 0;
    (void)sigaction(SIGTERM, &end, NULL);
    (void)sigemptyset(&blocked);
    (void)sigaddset(&blocked, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &blocked, hearing);
    (void)sigdelset(hearing, SIGTERM);
}

static void serve(struct signer_state *s, struct pollfd *pairs, size_t n, const sigset_t *hearing)
{
    size_t open_pairs = n;

    while (open_pairs > 0 && !told_to_end) {
        int ready = ppoll(pairs, n, NULL, hearing);
        if (ready < 0 && errno != EINTR)
            return;
        if (ready < 0)
            continue;
        for (size_t i = 0; i < n; i++)
            if (pairs[i].fd >= 0 && pairs[i].revents != 0 && !serve_pair(s, pairs[i].fd)) {
                pairs[i].fd = -1;
                open_pairs--;
            }
        arena_reset(s->scratch);
    }
}

static void say_hello(struct signer_state *s, const int *fds, size_t n)
{
    struct signer_msg hello = { .op = SIGN_HELLO, .part = { s->keyset } };

    world_random(s->world, &hello.number, sizeof hello.number);
    for (size_t i = 0; i < n; i++)
        send_message(fds[i], signer_msg_write(s->scratch, &hello));
}

/* What OpenSSL and the C library load at first use must be there before files are closed to us. */
static void warm_up(struct signer_state *s)
{
    struct str value;
    const struct signer_msg unwrap = { .op = SIGN_UNWRAP, .arg = 0x11, .part = { S("") } };

    tzset();
    for (int alg = JOSE_NONE + 1; alg < JOSE_ALG_COUNT; alg++) {
        const struct signer_msg sign = { .op = SIGN_ID_TOKEN, .arg = (uint16_t)alg, .number = 1, .part = { S("{}") } };
        (void)signer_answer(s, &sign, &value);
    }
    (void)signer_answer(s, &unwrap, &value);
    arena_reset(s->scratch);
    memset(s->signed_count, 0, sizeof s->signed_count);
    s->refused_count = 0;
}

static void log_counts(const struct signer_state *s)
{
    for (unsigned op = 0; op < SIGN_OP_COUNT; op++)
        if (s->signed_count[op] > 0)
            log_event(LOG_INFO, "signer.count", LOG_C("purpose", signer_op_name(op)),
                      LOG_N("signed", s->signed_count[op]));
    log_event(LOG_INFO, "signer.ended", LOG_N("refused", s->refused_count));
}

static bool start(struct signer_state *s, const struct settings *set)
{
    struct fail f = { 0 };

    if (!signer_keys_prepare(set, s->world, &f) || !signer_keys_load(s, set, &f)) {
        log_event(LOG_ERROR, "signer.no_keys", LOG_C("code", f.code), LOG_C("why", f.detail));
        return false;
    }
    warm_up(s);
    (void)prctl(PR_SET_DUMPABLE, 0); /* no core with keys, no debugger */
    if (!signer_sandbox())
        log_event(LOG_WARN, "signer.no_sandbox", LOG_C("why", "the kernel has no seccomp"));
    return true;
}

/* Said after HELLO: whoever hears it may end the signer before this one. */
static void say_ready(const struct signer_state *s, int ready_fd)
{
    const struct signer_ready ready = { .pid = getpid(), .keys = s->stamp };

    if (ready_fd >= 0 && write(ready_fd, &ready, sizeof ready) != (ssize_t)sizeof ready)
        log_event(LOG_WARN, "signer.nobody_listens");
}

int signer_main(const struct settings *set, const struct world *w, const int *fds, size_t n, int ready_fd)
{
    struct signer_state s = {
        .arena = arena_new_secret(), .scratch = arena_new_secret(), .world = w, .issuer = set->public_url
    };
    struct pollfd pairs[PAIRS_MAX];
    sigset_t hearing;

    hear_sigterm(&hearing);
    bool started = n <= PAIRS_MAX && start(&s, set);

    for (size_t i = 0; started && i < n; i++)
        pairs[i] = (struct pollfd){ fds[i], POLLIN, 0 };
    if (started) {
        log_event(LOG_INFO, "signer.ready", LOG_N("keys", s.key_count));
        say_hello(&s, fds, n);
        say_ready(&s, ready_fd);
        serve(&s, pairs, n, &hearing);
        log_counts(&s);
    }
    arena_free(s.scratch);
    arena_free(s.arena);
    return started ? EXIT_SUCCESS : EXIT_FAILURE;
}
