/* SPDX-License-Identifier: EUPL-1.2
 *
 * What the running processes may do, asked of them themselves: a debugger stops one of their threads and has it make a
 * call that whoever captured the process would like to make.  Needs a release build, root and x86-64. */
#include "gateway/process/gateway.h"
#include "tests/http/tree.h"
#include "tests/test.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined __x86_64__

enum { BELOW_THE_STACK = 4096, DIED = -10000, NOT_ASKED = -10001 };

/* ── a call in another process ──────────────────────────────────────────── */

struct call {
    long number;
    unsigned long long a[4];
    const char *text; /* becomes argument `text_at`, an address in the other process */
    int text_at;
};

static bool put_text(pid_t pid, unsigned long long at, const char *text)
{
    size_t n = strlen(text) + 1;

    for (size_t i = 0; i < n; i += sizeof(long)) {
        long word = 0;
        memcpy(&word, text + i, n - i < sizeof word ? n - i : sizeof word);
        if (ptrace(PTRACE_POKEDATA, pid, at + i, word) != 0)
            return false;
    }
    return true;
}

static bool stopped(pid_t pid)
{
    int status;

    return waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status);
}

/* Where a thread waits in a call, a call instruction stands right before where it is. */
static bool waits_in_call(pid_t pid)
{
    struct user_regs_struct now;

    errno = 0;
    if (ptrace(PTRACE_GETREGS, pid, NULL, &now) != 0 || (long long)now.orig_rax < 0)
        return false;
    long word = ptrace(PTRACE_PEEKTEXT, pid, (void *)(now.rip - 2), NULL);
    return errno == 0 && (word & 0xffff) == 0x050f;
}

static long long make_call(pid_t pid, const struct call *c)
{
    struct user_regs_struct was, now;
    unsigned long long a[4];

    if (ptrace(PTRACE_GETREGS, pid, NULL, &was) != 0)
        return NOT_ASKED;
    now = was;
    memcpy(a, c->a, sizeof a);
    if (c->text != NULL) {
        a[c->text_at] = (was.rsp - BELOW_THE_STACK) & ~15ull;
        if (!put_text(pid, a[c->text_at], c->text))
            return NOT_ASKED;
    }
    now.rip -= 2;
    now.orig_rax = ~0ull;
    now.rax = (unsigned long long)c->number;
    now.rdi = a[0];
    now.rsi = a[1];
    now.rdx = a[2];
    now.r10 = a[3];
    if (ptrace(PTRACE_SETREGS, pid, NULL, &now) != 0 || ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) != 0)
        return NOT_ASKED;
    if (!stopped(pid))
        return DIED;
    if (ptrace(PTRACE_GETREGS, pid, NULL, &now) != 0 || ptrace(PTRACE_SETREGS, pid, NULL, &was) != 0)
        return NOT_ASKED;
    return (long long)now.rax;
}

static long long ask(pid_t pid, const struct call *c)
{
    for (int i = 0; i < PATIENCE; i++) {
        if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) != 0)
            return NOT_ASKED;
        if (ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) != 0 || !stopped(pid))
            return NOT_ASKED;
        bool waits = waits_in_call(pid); /* on a loaded machine it may be at work */
        long long said = waits ? make_call(pid, c) : NOT_ASKED;
        (void)ptrace(PTRACE_DETACH, pid, NULL, NULL);
        if (waits)
            return said;
        (void)usleep(MOMENT_MS * 1000);
    }
    return NOT_ASKED;
}

static bool can_debug(struct test *t, const struct tree *x)
{
    const struct call nothing = { .number = SYS_getppid };

    if (ask(tree_child(x, "gateway"), &nothing) == x->pid)
        return true;
    test_skip(t, "this machine lets nobody debug a process");
    return false;
}

static bool can_run(struct test *t)
{
    if (DIGIONE_SANITIZED)
        test_skip(t, "no sandbox under a sanitizer");
    else if (geteuid() != 0)
        test_skip(t, "only root may debug these processes");
    return !DIGIONE_SANITIZED && geteuid() == 0;
}

/* ── tables ─────────────────────────────────────────────────────────────── */

struct attempt {
    const char *what;
    struct call call;
    int refused_with; /* 0: it is allowed */
};

static void attempts(struct test *t, const char *who, pid_t pid, const struct attempt *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        long long said = ask(pid, &rows[i].call);
        bool right = rows[i].refused_with == 0 ? said >= 0 : said == -rows[i].refused_with;
        t->checked++;
        if (!right)
            test_fail(t, __FILE__, __LINE__, "%s: %s: it said %lld (%s), expected %s", who, rows[i].what, said,
                      said < 0 && said > -4096 ? strerror((int)-said) : "no error",
                      rows[i].refused_with != 0 ? strerror(rows[i].refused_with) : "no error");
    }
}
#define ATTEMPTS(who, pid, rows) attempts(t, who, pid, rows, sizeof rows / sizeof *rows)

#define OPEN(path, flags)                                                                                              \
    {                                                                                                                  \
        .number = SYS_openat, .a = { (unsigned long long)AT_FDCWD, 0, (flags), 0600 }, .text = (path), .text_at = 1    \
    }
#define CALL(name, ...)                                                                                                \
    {                                                                                                                  \
        .number = SYS_##name, .a = { __VA_ARGS__ }                                                                     \
    }

static const char *in_state(struct test *t, const struct tree *x, const char *name)
{
    return arena_cstr(t->arena, arena_printf(t->arena, "%s/state/%s", x->dir, name));
}

TEST(the_running_gateway_reads_no_file_outside_what_it_needs)
{
    struct tree x = { 0 };

    if (!can_run(t))
        return;
    tree_new(t, &x);
    CHECK(tree_well(t, &x));
    pid_t gateway = tree_child(&x, "gateway"), signer = tree_child(&x, "signer");
    const char *memory = arena_cstr(t->arena, arena_printf(t->arena, "/proc/%d/mem", (int)signer));
    const struct attempt rows[] = {
        { "its registry", OPEN(in_state(t, &x, "registry"), O_RDONLY | O_DIRECTORY), 0 },
        { "a new audit segment", OPEN(in_state(t, &x, "audit/tried"), O_WRONLY | O_CREAT), 0 },
        { "the folder of the keys", OPEN(in_state(t, &x, "keys"), O_RDONLY | O_DIRECTORY), EACCES },
        { "the list of keys", OPEN(in_state(t, &x, "keys/keys.json"), O_RDONLY), EACCES },
        { "the root secret", OPEN(in_state(t, &x, "root-secret"), O_RDONLY), EACCES },
        { "Redis's file", OPEN(in_state(t, &x, "redis/redis.conf"), O_RDONLY), EACCES },
        { "its state directory", OPEN(in_state(t, &x, ""), O_RDONLY | O_DIRECTORY), EACCES },
        { "a new file beside", OPEN(in_state(t, &x, "tried"), O_WRONLY | O_CREAT), EACCES },
        { "a way round", OPEN(in_state(t, &x, "registry/../keys/keys.json"), O_RDONLY), EACCES },
        { "passwd", OPEN("/etc/passwd", O_RDONLY), EACCES },
        { "a folder", OPEN("/", O_RDONLY | O_DIRECTORY), EACCES },
        { "a file of everybody's", OPEN("/tmp/digione-tried", O_WRONLY | O_CREAT), EACCES },
        { "itself", OPEN("/proc/self/environ", O_RDONLY), EACCES },
        { "the signer's memory", OPEN(memory, O_RDONLY), EACCES },
        { "a program of the system, to change it", OPEN("/usr/lib/os-release", O_WRONLY), EACCES },
    };

    if (can_debug(t, &x)) {
        ATTEMPTS("gateway", gateway, rows);
        CHECK(tree_well(t, &x));
    }
    CHECK_INT(tree_end(&x, SIGTERM), 0);
}

TEST(the_running_gateway_makes_no_process_and_no_new_way_in)
{
    struct tree x = { 0 };

    if (!can_run(t))
        return;
    tree_new(t, &x);
    CHECK(tree_well(t, &x));
    pid_t gateway = tree_child(&x, "gateway");
    unsigned long long signer = (unsigned long long)tree_child(&x, "signer");
    const struct attempt rows[] = {
        { "a process", CALL(fork, 0), EPERM },
        { "a process by vfork", CALL(vfork, 0), EPERM },
        { "a process by clone", CALL(clone, SIGCHLD), EPERM },
        { "a process by clone3", CALL(clone3, 0), ENOSYS },
        { "to be debugged", CALL(ptrace, PTRACE_TRACEME), EPERM },
        { "to debug the signer", CALL(ptrace, PTRACE_ATTACH, signer), EPERM },
        { "the signer's memory", CALL(process_vm_readv, signer), EPERM },
        { "the signer's descriptors", CALL(pidfd_getfd, 0), EPERM },
        { "to end the signer", CALL(kill, signer, SIGKILL), EPERM },
        { "to end the signer by a thread", CALL(tgkill, signer, signer, SIGKILL), EPERM },
        { "to end the signer by a queued signal", CALL(rt_sigqueueinfo, signer, SIGKILL), EPERM },
        { "to hold the signer", CALL(pidfd_open, signer), EPERM },
        { "to limit the signer", CALL(prlimit64, signer, 7), EPERM },
        { "to listen", CALL(listen, 0, 1), EPERM },
        { "to take an address", CALL(bind, 0), EPERM },
        { "a raw socket", CALL(socket, AF_INET, SOCK_RAW, 1), EPERM },
        { "a packet socket", CALL(socket, AF_PACKET, SOCK_DGRAM), EAFNOSUPPORT },
        { "a netlink socket", CALL(socket, AF_NETLINK, SOCK_DGRAM), EAFNOSUPPORT },
        { "a namespace", CALL(unshare, 0x10000000), EPERM },
        { "io_uring, which knows no filter", CALL(io_uring_setup, 1), EPERM },
        { "a socket of Redis's kind", CALL(socket, AF_UNIX, SOCK_STREAM), 0 },
    };

    if (can_debug(t, &x)) {
        ATTEMPTS("gateway", gateway, rows);
        CHECK(tree_well(t, &x));
        CHECK_INT(tree_child(&x, "signer"), signer);
    }
    CHECK_INT(tree_end(&x, SIGTERM), 0);
}

TEST(exec_ends_the_gateway_and_a_new_one_serves)
{
    struct tree x = { 0 };
    static const long numbers[] = { SYS_execve, SYS_execveat };

    if (!can_run(t))
        return;
    tree_new(t, &x);
    CHECK(tree_well(t, &x));
    if (can_debug(t, &x))
        for (int i = 0; i < 2; i++) {
            pid_t gateway = tree_child(&x, "gateway");
            const struct call exec = { .number = numbers[i], .text = "/bin/true", .text_at = i };
            CHECK_INT(ask(gateway, &exec), DIED);
            for (int k = 0; k < PATIENCE && tree_child(&x, "gateway") == gateway; k++)
                (void)usleep(MOMENT_MS * 1000);
            CHECK(tree_well(t, &x));
        }
    CHECK_INT(tree_end(&x, SIGTERM), 0);
}

TEST(the_running_signer_has_no_network_no_files_and_no_processes)
{
    struct tree x = { 0 };

    if (!can_run(t))
        return;
    tree_new(t, &x);
    CHECK(tree_well(t, &x));
    pid_t signer = tree_child(&x, "signer");
    const struct attempt rows[] = {
        { "a socket", CALL(socket, AF_INET, SOCK_STREAM), EPERM },
        { "a Unix socket", CALL(socket, AF_UNIX, SOCK_STREAM), EPERM },
        { "a pair", CALL(socketpair, AF_UNIX, SOCK_STREAM), EPERM },
        { "to connect", CALL(connect, 0), EPERM },
        { "a file", OPEN("/etc/passwd", O_RDONLY), EPERM },
        { "a key once more", OPEN(in_state(t, &x, "keys/keys.json"), O_RDONLY), EPERM },
        { "a process", CALL(clone, SIGCHLD), EPERM },
        { "another program", CALL(execve, 0), EPERM },
        { "to debug", CALL(ptrace, PTRACE_TRACEME), EPERM },
    };

    if (can_debug(t, &x)) {
        ATTEMPTS("signer", signer, rows);
        CHECK(tree_well(t, &x));
        CHECK_INT(tree_child(&x, "signer"), signer);
    }
    CHECK_INT(tree_end(&x, SIGTERM), 0);
}

/* ── a kernel that lacks it ─────────────────────────────────────────────── */

/* This process and all that it starts find no Landlock. */
static bool take_landlock_away(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_landlock_create_ruleset, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = { sizeof code / sizeof *code, code };

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

TEST(health_says_whether_the_kernel_has_the_sandbox)
{
    struct tree x = { 0 };

    if (!can_run(t))
        return;
    tree_new(t, &x);
    CHECK(tree_well(t, &x));
    CHECK(tree_says(t, &x, S("\"sandbox\":true")));
    CHECK_INT(tree_end(&x, SIGTERM), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct tree y = { 0 };
        bool good = take_landlock_away();
        tree_new(t, &y);
        good = good && tree_well(t, &y) && tree_says(t, &y, S("\"sandbox\":false"));
        _exit(tree_end(&y, SIGTERM) == 0 && good ? 0 : 1);
    }
    CHECK_INT(tree_wait(pid), 0);
}

#else

TEST(the_sandbox_is_tried_on_x86_64_alone)
{
    test_skip(t, "not this processor");
}

#endif
