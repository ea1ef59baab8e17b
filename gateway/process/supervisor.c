/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/process/supervisor.h"

#include "base/log.h"
#include "base/loop.h"
#include "base/seals.h"
#include "base/world.h"
#include "certs/signer.h"
#include "gateway/node/node.h"
#include "gateway/process/fetcher.h"
#include "gateway/process/gateway.h"
#include "gateway/process/state.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    LIVED_LONG_MS = 10000, /* whoever lived so long is started again at once */
    PAUSE_FIRST_MS = 20,
    PAUSE_MAX_MS = 900, /* back within a second */
    STOP_GATEWAY_MS = (GATEWAY_STOP_S + 2) * 1000,
    STOP_OTHERS_MS = 10000,
    FETCHER_DESCRIPTORS = 4096, /* every request that the fetcher may have under way, and more */
    KEYS_LOOK_MS = 250,         /* a key that was added is served within a second */
    REDIS_LOG_MAX_B = 1 << 20
};

enum role_of_child { CHILD_REDIS = 0, CHILD_SIGNER, CHILD_HEIR, CHILD_FETCHER, CHILD_GATEWAY, CHILDREN };

struct supervisor;

struct child {
    const char *name;
    int (*run)(struct supervisor *s); /* in the child; its result is the exit status */
    int stop_signal, death_signal;    /* what the kernel sends when the supervisor dies */
    pid_t pid;                        /* 0: not running */
    int64_t started_ms;
    unsigned quick_deaths;
    int64_t pause_ms;
    bool wanted, started_before;
    struct timer again;
    struct supervisor *s;
};

struct pairs { /* [i][0] the gateway's end, [i][1] the other's */
    int fd[LANES_MAX][2];
};

struct supervisor {
    struct settings *set;
    struct arena *arena;
    struct loop *loop;
    struct watch signals;
    size_t loops;
    struct pairs signer, fetcher;
    struct child children[CHILDREN];
    struct timer impatient; /* a child that does not stop is killed */
    bool stopping, failed;
    bool renewing;      /* the gateway died: all who talk with it are started afresh */
    struct watch ready; /* a pipe: signers say when they serve, and with which keys */
    int ready_fd;       /* their end of it */
    struct timer look;  /* at keys.json */
    struct keys_stamp served, tried;
    const char *redis_conf;
};

/* ── the state directory and the system user ────────────────────────────── */

static bool make_dir(const char *path, uid_t uid, gid_t gid, struct fail *f)
{
    struct stat st;

    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return fail(f, FAIL_OURS, "state_dir", "%s: %s", path, strerror(errno));
    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
        return fail(f, FAIL_OURS, "state_dir", "%s is no directory", path);
    if (geteuid() == 0 && (st.st_uid != uid || st.st_gid != gid) && chown(path, uid, gid) != 0)
        return fail(f, FAIL_OURS, "state_dir", "%s: cannot be given to run_as: %s", path, strerror(errno));
    return true;
}

static bool become(const struct passwd *user, struct fail *f)
{
    if (initgroups(user->pw_name, user->pw_gid) != 0 || setresgid(user->pw_gid, user->pw_gid, user->pw_gid) != 0 ||
        setresuid(user->pw_uid, user->pw_uid, user->pw_uid) != 0 || setuid(0) == 0)
        return fail(f, FAIL_OURS, "run_as_missing", "cannot become %s: %s", user->pw_name, strerror(errno));
    return true;
}

/* One node per state directory: the lock lives as long as this process. */
static bool lock_state(const char *dir, struct arena *a, struct fail *f)
{
    const char *path = arena_cstr(a, arena_printf(a, "%s/lock", dir));
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return fail(f, FAIL_OURS, "state_dir", "%s: %s", path, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return fail(f, FAIL_OURS, "state_dir_taken", "%s: another gateway runs in this state_dir", dir);
    return true;
}

/* As root: the user to become; otherwise nobody.  False: there is no such user. */
static bool find_user(const struct settings *set, struct arena *a, const struct passwd **out, struct fail *f)
{
    const char *name = arena_cstr(a, set->run_as);
    bool root = geteuid() == 0;

    *out = root ? getpwnam(name) : NULL;
    return !root || *out != NULL ||
           fail(f, FAIL_OURS, "run_as_missing",
                "started as root, and there is no user \"%s\": make one (adduser --system --group %s) or set run_as",
                name, name);
}

bool supervisor_become(const struct settings *set, struct arena *a, struct fail *f)
{
    const struct passwd *user;

    return find_user(set, a, &user, f) && (user == NULL || become(user, f));
}

static bool enter_dir(const struct settings *set, struct arena *a, struct fail *f)
{
    const char *dir = arena_cstr(a, set->state_dir);
    bool root = geteuid() == 0;
    const struct passwd *user;

    (void)umask(077);
    if (!find_user(set, a, &user, f))
        return false;
    return make_dir(dir, root ? user->pw_uid : geteuid(), root ? user->pw_gid : getegid(), f) &&
           (!root || become(user, f));
}

bool supervisor_enter(const struct settings *set, struct arena *a, struct fail *f)
{
    return enter_dir(set, a, f) && state_secret(set, a, f) &&
           make_dir(arena_cstr(a, arena_printf(a, "%.*s/metadata", STR_ARG(set->state_dir))), geteuid(), getegid(),
                    f) &&
           seals_prepare(arena_cstr(a, set->root_secret_file), &world_real, f) && state_keep_secret(set, a, f);
}

bool supervisor_prepare(const struct settings *set, struct arena *a, struct fail *f)
{
    return supervisor_enter(set, a, f) && lock_state(arena_cstr(a, set->state_dir), a, f) && state_keys(set, a, f) &&
           state_registry(set, a, f);
}

bool supervisor_take(const struct settings *set, struct arena *a, struct fail *f)
{
    return enter_dir(set, a, f) && lock_state(arena_cstr(a, set->state_dir), a, f);
}

/* ── what the children are ──────────────────────────────────────────────── */

/* Appended to a file once a second: what Redis may lose is bounded, and what must
 * not be lost is not there.  No TCP, no snapshots, no eviction.  A restart reads
 * the file's base, a snapshot, five times as fast as the commands behind it: so
 * these stay few, but for the first 128 MB, which take half a second.  What is
 * sealed cannot be compressed. */
static bool write_redis_conf(struct supervisor *s, struct fail *f)
{
    struct arena *a = s->arena;
    struct str dir = arena_printf(a, "%.*s/redis", STR_ARG(s->set->state_dir));
    struct str socket_path = arena_printf(a, "%.*s/redis.sock", STR_ARG(dir));
    struct str text = arena_printf(
        a,
        "port 0\nunixsocket \"%.*s\"\nunixsocketperm 600\ndir \"%.*s\"\nappendonly yes\nappendfsync everysec\n"
        "save \"\"\nmaxmemory %lldmb\nmaxmemory-policy noeviction\ndaemonize no\nlogfile \"%.*s/redis.log\"\nloglevel "
        "warning\n"
        "databases 1\nprotected-mode yes\naof-use-rdb-preamble yes\nauto-aof-rewrite-min-size 128mb\n"
        "auto-aof-rewrite-percentage 25\nrdbcompression no\n",
        STR_ARG(socket_path), STR_ARG(dir), (long long)s->set->redis_memory_MB, STR_ARG(dir));

    if (socket_path.n > 100)
        return fail(f, FAIL_OURS, "state_dir", "the path is too long for a socket in it: at most 80 bytes");
    if (str_find_byte(dir, '"', 0) < dir.n || str_find_byte(dir, '\n', 0) < dir.n ||
        str_find_byte(dir, '\\', 0) < dir.n)
        return fail(f, FAIL_OURS, "state_dir", "the path holds a quote, a backslash or a line break");
    if (!make_dir(arena_cstr(a, dir), geteuid(), getegid(), f))
        return false;
    s->redis_conf = arena_cstr(a, arena_printf(a, "%.*s/redis.conf", STR_ARG(dir)));
    int fd = open(s->redis_conf, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool written = fd >= 0 && write(fd, text.p, text.n) == (ssize_t)text.n;
    if (fd >= 0)
        (void)close(fd);
    if (!written)
        return fail(f, FAIL_OURS, "state_dir", "%s: %s", s->redis_conf, strerror(errno));
    s->set->redis = arena_printf(a, "unix:%.*s", STR_ARG(socket_path));
    return true;
}

/* Fixed places: PATH is whoever's started us. */
static const char *const redis_places[] = { "/usr/bin/redis-server", "/usr/local/bin/redis-server",
                                            "/usr/sbin/redis-server" };
enum { REDIS_PLACES = sizeof redis_places / sizeof *redis_places };

bool supervisor_finds_redis(void)
{
    for (size_t i = 0; i < REDIS_PLACES; i++)
        if (access(redis_places[i], X_OK) == 0)
            return true;
    return false;
}

/* Redis never turns its log over; what it says in a long life is little, in a crash loop it is much. */
static void bound_redis_log(struct supervisor *s)
{
    const char *path = arena_cstr(s->arena, arena_printf(s->arena, "%.*s/redis/redis.log", STR_ARG(s->set->state_dir)));
    struct stat st;

    if (stat(path, &st) == 0 && st.st_size > REDIS_LOG_MAX_B)
        (void)unlink(path);
}

static int run_redis(struct supervisor *s)
{
    char name[] = "redis-server", locale[] = "LC_ALL=C";
    char *environment[] = { locale, NULL };
    char *argv[] = { name, arena_cstr(s->arena, str_of(s->redis_conf)), NULL };

    bound_redis_log(s);
    for (size_t i = 0; i < REDIS_PLACES; i++)
        (void)execve(redis_places[i], argv, environment);
    log_event(LOG_ERROR, "redis.cannot_start", LOG_C("why", "redis-server is not installed; install it or set redis"));
    return GATEWAY_CANNOT_START;
}

static void ends(const struct supervisor *s, const struct pairs *p, int side, int *out)
{
    for (size_t i = 0; i < s->loops; i++)
        out[i] = p->fd[i][side];
}

/* Asked at each start of a part, and not at the node's alone: what goes missing while a node runs is not made anew by a
 * part that was restarted. */
static bool may_make(const struct supervisor *s, bool (*may)(const struct settings *, struct arena *, struct fail *))
{
    struct fail f = { 0 };
    bool good = may(s->set, s->arena, &f);

    if (!good)
        log_event(LOG_ERROR, "state.lost", LOG_C("code", f.code), LOG_C("why", f.detail));
    return good;
}

static int run_gateway(struct supervisor *s)
{
    int signer[LANES_MAX], fetcher[LANES_MAX];

    if (!may_make(s, state_registry))
        return GATEWAY_CANNOT_START;

    ends(s, &s->signer, 0, signer);
    ends(s, &s->fetcher, 0, fetcher);
    return gateway_main(s->set, signer, fetcher, s->loops);
}

static int run_signer(struct supervisor *s)
{
    int mine[LANES_MAX];

    if (!may_make(s, state_keys))
        return GATEWAY_CANNOT_START;
    ends(s, &s->signer, 1, mine);
    return signer_main(s->set, &world_real, mine, s->loops, s->ready_fd) == EXIT_SUCCESS ? EXIT_SUCCESS
                                                                                         : GATEWAY_CANNOT_START;
}

static int run_fetcher(struct supervisor *s)
{
    int mine[LANES_MAX];

    ends(s, &s->fetcher, 1, mine);
    return fetcher_main(s->set, mine, s->loops);
}

/* ── starting ───────────────────────────────────────────────────────────── */

static void close_ends(const struct supervisor *s, const struct pairs *p, int side)
{
    for (size_t i = 0; i < s->loops; i++)
        (void)close(p->fd[i][side]);
}

/* A process holds its own ends only: the gateway cannot answer in the signer's name. */
static void keep_own_ends(const struct supervisor *s, enum role_of_child who)
{
    if (who != CHILD_GATEWAY) {
        close_ends(s, &s->signer, 0);
        close_ends(s, &s->fetcher, 0);
    }
    if (who != CHILD_SIGNER && who != CHILD_HEIR) {
        close_ends(s, &s->signer, 1);
        (void)close(s->ready_fd);
    }
    if (who != CHILD_FETCHER)
        close_ends(s, &s->fetcher, 1);
}

static _Noreturn void be_child(struct child *c, pid_t parent)
{
    struct supervisor *s = c->s;
    const struct rlimit no_core = { 0, 0 };
    sigset_t none;

    (void)setpgid(0, 0); /* Ctrl-C is the supervisor's to hear */
    if (prctl(PR_SET_PDEATHSIG, c->death_signal) != 0 || getppid() != parent)
        _exit(GATEWAY_CANNOT_START);
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    (void)setrlimit(RLIMIT_CORE, &no_core);
    (void)prctl(PR_SET_NAME, c->name);
    (void)close(s->signals.fd);
    (void)close(s->ready.fd);
    loop_free(s->loop);
    keep_own_ends(s, (enum role_of_child)(c - s->children));
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    log_set_name(c->name);
    exit(c->run(s));
}

static void start(struct child *c)
{
    pid_t parent = getpid(), pid = fork();

    if (pid == 0)
        be_child(c, parent);
    c->started_ms = loop_now_ms(c->s->loop);
    if (pid < 0) {
        log_event(LOG_ERROR, "process.cannot_fork", LOG_C("process", c->name), LOG_C("why", strerror(errno)));
        timer_set(c->s->loop, &c->again, PAUSE_MAX_MS);
        return;
    }
    c->pid = pid;
    log_event(LOG_INFO, "process.started", LOG_C("process", c->name), LOG_N("pid", pid));
}

static void start_again(struct timer *t)
{
    struct child *c = (struct child *)((char *)t - offsetof(struct child, again));

    if (!c->s->stopping)
        start(c);
}

/* ── stopping ───────────────────────────────────────────────────────────── */

static bool signal_child(struct child *c, int signal_number)
{
    return c->pid > 0 && kill(c->pid, signal_number) == 0;
}

/* The gateway first, alone; then all others together. */
static void stop_next(struct supervisor *s)
{
    bool waits = signal_child(&s->children[CHILD_GATEWAY], SIGTERM);

    if (!waits)
        for (size_t i = 0; i < CHILDREN; i++)
            waits = signal_child(&s->children[i], s->children[i].stop_signal) || waits;
    timer_set(s->loop, &s->impatient, s->children[CHILD_GATEWAY].pid > 0 ? STOP_GATEWAY_MS : STOP_OTHERS_MS);
}

static void kill_rest(struct timer *t)
{
    struct supervisor *s = (struct supervisor *)((char *)t - offsetof(struct supervisor, impatient));
    bool gateway = s->children[CHILD_GATEWAY].pid > 0;

    for (size_t i = 0; i < CHILDREN; i++)
        if (s->children[i].pid > 0 && (i == CHILD_GATEWAY || !gateway)) {
            log_event(LOG_ERROR, "process.killed", LOG_C("process", s->children[i].name));
            (void)signal_child(&s->children[i], SIGKILL);
        }
    timer_set(s->loop, t, STOP_OTHERS_MS);
}

static void stop(struct supervisor *s)
{
    if (s->stopping)
        return;
    s->stopping = true;
    log_event(LOG_INFO, "supervisor.stopping");
    stop_next(s);
}

/* ── watching ───────────────────────────────────────────────────────────── */

static int64_t pause_after(struct child *c, int64_t lived_ms)
{
    c->quick_deaths = lived_ms >= LIVED_LONG_MS ? 0 : c->quick_deaths + 1;
    int64_t pause = c->quick_deaths == 0 ? 0 : PAUSE_FIRST_MS << (c->quick_deaths < 6 ? c->quick_deaths : 6);
    return pause < PAUSE_MAX_MS ? pause : PAUSE_MAX_MS;
}

static void drain(const struct supervisor *s, const struct pairs *p)
{
    char some[256];

    for (size_t i = 0; i < s->loops; i++)
        for (int side = 0; side < 2; side++)
            while (recv(p->fd[i][side], some, sizeof some, MSG_DONTWAIT) > 0)
                ;
}

/* What a dead gateway asked must not be answered to the next one, which numbers its
 * questions from the start again: signer and fetcher end with it, and what lies in the
 * sockets goes.  Comes back at each of their deaths until nobody holds an end. */
static void renew(struct supervisor *s)
{
    static const enum role_of_child partners[] = { CHILD_SIGNER, CHILD_HEIR, CHILD_FETCHER };
    enum { PARTNERS = sizeof partners / sizeof *partners };
    bool alive = s->children[CHILD_GATEWAY].pid > 0;

    s->renewing = true;
    for (size_t i = 0; i < PARTNERS; i++) {
        struct child *c = &s->children[partners[i]];
        timer_clear(s->loop, &c->again);
        alive = signal_child(c, SIGKILL) || alive;
    }
    if (alive)
        return;
    s->renewing = false;
    drain(s, &s->signer);
    drain(s, &s->fetcher);
    for (size_t i = 0; i < PARTNERS; i++)
        if (s->children[partners[i]].wanted)
            start(&s->children[partners[i]]);
    timer_set(s->loop, &s->children[CHILD_GATEWAY].again, s->children[CHILD_GATEWAY].pause_ms);
}

/* ── keys that change: another signer takes over behind the same pairs ──── */

static bool same_keys(const struct keys_stamp *x, const struct keys_stamp *y)
{
    return x->file == y->file && x->changed_ns == y->changed_ns;
}

/* A signer has no files after its start, so a key that was added is read by a new one, while the old one serves.  Keys
 * that cannot be read leave the old one in its place. */
static void look_at_keys(struct timer *t)
{
    struct supervisor *s = (struct supervisor *)((char *)t - offsetof(struct supervisor, look));
    struct child *signer = &s->children[CHILD_SIGNER], *heir = &s->children[CHILD_HEIR];
    struct keys_stamp now;

    if (!s->stopping && !s->renewing && signer->pid > 0 && heir->pid == 0 && s->served.file != 0 &&
        signer_keys_stamp(s->set, &now) && !same_keys(&now, &s->served) && !same_keys(&now, &s->tried)) {
        s->tried = now;
        start(heir);
    }
    timer_set(s->loop, t, KEYS_LOOK_MS);
}

/* The two change places; the old one answers what it has taken, and ends. */
static void hand_over(struct supervisor *s)
{
    struct child *signer = &s->children[CHILD_SIGNER], *heir = &s->children[CHILD_HEIR];
    const struct child before = *signer;

    timer_clear(s->loop, &signer->again);
    signer->pid = heir->pid;
    signer->started_ms = heir->started_ms;
    heir->pid = before.pid;
    heir->started_ms = before.started_ms;
    log_event(LOG_INFO, "signer.handed_over", LOG_N("pid", signer->pid));
    (void)signal_child(heir, SIGTERM);
}

static void heard_ready(struct watch *w, uint32_t events)
{
    struct supervisor *s = (struct supervisor *)((char *)w - offsetof(struct supervisor, ready));
    struct signer_ready said;

    (void)events;
    while (read(w->fd, &said, sizeof said) == (ssize_t)sizeof said) {
        bool is_heir = said.pid == s->children[CHILD_HEIR].pid;
        if (!is_heir && said.pid != s->children[CHILD_SIGNER].pid)
            continue;
        s->served = said.keys;
        if (is_heir && !s->stopping && !s->renewing)
            hand_over(s);
    }
}

static void heir_ended(int status)
{
    if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_SUCCESS)
        log_event(LOG_ERROR, "keys.kept_old", LOG_C("why", "the new signer did not start; its last line says why"));
}

/* ── a child that ended ─────────────────────────────────────────────────── */

static void died(struct supervisor *s, struct child *c, int status)
{
    int64_t lived_ms = loop_now_ms(s->loop) - c->started_ms;
    bool expected = s->stopping || s->renewing || c == &s->children[CHILD_HEIR];

    c->pid = 0;
    log_event(expected ? LOG_INFO : LOG_ERROR, "process.ended", LOG_C("process", c->name),
              LOG_N("status", WIFEXITED(status) ? WEXITSTATUS(status) : -1),
              LOG_N("signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0), LOG_N("lived_ms", lived_ms));
    if (s->stopping) {
        if (c == &s->children[CHILD_GATEWAY])
            stop_next(s);
        return;
    }
    if (c == &s->children[CHILD_HEIR] && !s->renewing) {
        heir_ended(status);
        return;
    }
    /* What cannot start at all says why in its own last line; trying for ever would hide it. */
    if (WIFEXITED(status) && WEXITSTATUS(status) == GATEWAY_CANNOT_START && !c->started_before) {
        s->failed = true;
        stop(s);
        return;
    }
    c->started_before = c->started_before || lived_ms >= LIVED_LONG_MS || WIFSIGNALED(status);
    c->pause_ms = s->renewing && c != &s->children[CHILD_GATEWAY] ? 0 : pause_after(c, lived_ms);
    if (s->renewing || c == &s->children[CHILD_GATEWAY])
        renew(s);
    else
        timer_set(s->loop, &c->again, c->pause_ms);
}

static void reap(struct supervisor *s)
{
    int status;

    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
        for (size_t i = 0; i < CHILDREN; i++)
            if (s->children[i].pid == pid)
                died(s, &s->children[i], status);
}

static void signalled(struct watch *w, uint32_t events)
{
    struct supervisor *s = (struct supervisor *)((char *)w - offsetof(struct supervisor, signals));
    struct signalfd_siginfo info;

    (void)events;
    while (read(w->fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
            stop(s);
    }
    reap(s);
}

static bool any_alive(const struct supervisor *s)
{
    for (size_t i = 0; i < CHILDREN; i++)
        if (s->children[i].pid > 0)
            return true;
    return false;
}

/* ── life ───────────────────────────────────────────────────────────────── */

static bool open_pairs(struct pairs *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, p->fd[i]) != 0)
            return false;
    return true;
}

static int open_signals(void)
{
    static const int heard[] = { SIGTERM, SIGINT, SIGHUP, SIGCHLD };
    sigset_t set;

    (void)sigemptyset(&set);
    for (size_t i = 0; i < sizeof heard / sizeof *heard; i++)
        (void)sigaddset(&set, heard[i]);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Connections are descriptors; the soft limit is a default for programs that use select(). */
static void raise_limits(const struct supervisor *s)
{
    rlim_t want = (rlim_t)s->loops * (rlim_t)(s->set->connections_max + 192) + 256;
    struct rlimit now;

    if (want < FETCHER_DESCRIPTORS)
        want = FETCHER_DESCRIPTORS;
    if (getrlimit(RLIMIT_NOFILE, &now) != 0 || now.rlim_cur >= want)
        return;
    now.rlim_cur = want < now.rlim_max ? want : now.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &now) != 0 || now.rlim_cur < want)
        log_event(LOG_WARN, "limits.descriptors", LOG_N("wanted", want), LOG_N("allowed", now.rlim_cur));
}

static bool listen_to_signers(struct supervisor *s, struct fail *f)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        return fail(f, FAIL_OURS, "sockets", "cannot make a pipe: %s", strerror(errno));
    s->ready = (struct watch){ heard_ready, ends[0], 0 };
    s->ready_fd = ends[1];
    s->look.due = look_at_keys;
    timer_set(s->loop, &s->look, KEYS_LOOK_MS);
    return loop_watch(s->loop, &s->ready, EPOLLIN);
}

static bool supervise(struct supervisor *s, struct fail *f)
{
    static const struct child table[CHILDREN] = {
        [CHILD_REDIS] = { .name = "redis", .run = run_redis, .stop_signal = SIGTERM, .death_signal = SIGTERM },
        [CHILD_SIGNER] = { .name = "signer", .run = run_signer, .stop_signal = SIGTERM, .death_signal = SIGKILL },
        [CHILD_HEIR] = { .name = "signer", .run = run_signer, .stop_signal = SIGTERM, .death_signal = SIGKILL },
        [CHILD_FETCHER] = { .name = "fetcher", .run = run_fetcher, .stop_signal = SIGTERM, .death_signal = SIGKILL },
        [CHILD_GATEWAY] = { .name = "gateway", .run = run_gateway, .stop_signal = SIGTERM, .death_signal = SIGTERM },
    };

    s->loops = gateway_loops(s->set);
    memcpy(s->children, table, sizeof table);
    if (s->set->redis.n == 0 && s->set->redis_sentinels.n == 0) {
        if (!write_redis_conf(s, f))
            return false;
        s->children[CHILD_REDIS].wanted = true;
    }
    s->children[CHILD_SIGNER].wanted = s->children[CHILD_FETCHER].wanted = s->children[CHILD_GATEWAY].wanted = true;
    if (!open_pairs(&s->signer, s->loops) || !open_pairs(&s->fetcher, s->loops))
        return fail(f, FAIL_OURS, "sockets", "cannot make socket pairs: %s", strerror(errno));
    raise_limits(s);
    s->loop = loop_new(&world_real);
    s->impatient.due = kill_rest;
    s->signals = (struct watch){ signalled, open_signals(), 0 };
    return s->signals.fd >= 0 && loop_watch(s->loop, &s->signals, EPOLLIN) && listen_to_signers(s, f);
}

int supervisor_main(struct settings *set, struct arena *a)
{
    struct supervisor *s = arena_make(a, struct supervisor);
    struct fail f = { 0 };

    s->set = set;
    s->arena = a;
    if (!supervise(s, &f)) {
        log_event(LOG_ERROR, "supervisor.cannot_start", LOG_C("code", f.code), LOG_C("why", f.detail));
        return 1;
    }
    for (size_t i = 0; i < CHILDREN; i++) {
        s->children[i].s = s;
        s->children[i].again.due = start_again;
        if (s->children[i].wanted)
            start(&s->children[i]);
    }
    while (!s->stopping || any_alive(s))
        loop_turn(s->loop, 1000);
    timer_clear(s->loop, &s->impatient);
    timer_clear(s->loop, &s->look);
    (void)close(s->signals.fd);
    (void)close(s->ready.fd);
    (void)close(s->ready_fd);
    loop_free(s->loop);
    for (int side = 0; side < 2; side++) {
        close_ends(s, &s->signer, side);
        close_ends(s, &s->fetcher, side);
    }
    log_event(LOG_INFO, "supervisor.stopped");
    return s->failed ? 1 : 0;
}
