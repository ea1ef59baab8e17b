/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/process/sandbox.h"

#include "base/arena.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <seccomp.h>

void sandbox_no_dump(void)
{
    const struct rlimit none = { 0, 0 };

    (void)setrlimit(RLIMIT_CORE, &none);
    /* A sanitizer's leak checker is a debugger of its own process. */
    if (!DIGIONE_SANITIZED)
        (void)prctl(PR_SET_DUMPABLE, 0);
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* ── Landlock: no header of the C library has it, so its numbers stand here ── */

struct landlock_ruleset {
    uint64_t fs, net;
};

struct landlock_beneath {
    uint64_t allowed;
    int32_t dir_fd;
} __attribute__((packed));

struct landlock_port {
    uint64_t allowed, port;
};

enum {
    RULE_BENEATH = 1,
    RULE_PORT = 2,
    NET_BIND = 1 << 0,
    NET_CONNECT = 1 << 1,
    ABI_WITH_NET = 4,
    FS_WRITE = 1 << 1,
    FS_READ = 1 << 2,
    FS_LIST = 1 << 3,
    FS_REMOVE = 1 << 5,
    FS_MAKE = 1 << 8
};

/* Rights over files that each version of the interface knows: more with each. */
static uint64_t all_fs(int abi)
{
    return abi >= 5 ? 0xffff : abi >= 3 ? 0x7fff : abi >= 2 ? 0x3fff : 0x1fff;
}

static void allow_beneath(int ruleset, const char *path, uint64_t rights)
{
    struct landlock_beneath rule = { rights, open(path, O_PATH | O_CLOEXEC) };

    if (rule.dir_fd < 0)
        return; /* what is not there need not be allowed */
    if (syscall(SYS_landlock_add_rule, ruleset, RULE_BENEATH, &rule, 0) != 0)
        log_event(LOG_WARN, "sandbox.rule", LOG_C("path", path), LOG_C("why", strerror(errno)));
    (void)close(rule.dir_fd);
}

static void allow_in_state_dir(int ruleset, const struct settings *set, const char *name, uint64_t rights)
{
    struct arena *a = arena_new();

    allow_beneath(ruleset, arena_cstr(a, arena_printf(a, "%.*s/%s", STR_ARG(set->state_dir), name)), rights);
    arena_free(a);
}

/* The keys and the root secret lie in the state directory too: so not the directory
 * is allowed, but what the gateway needs of it. */
static void allow_files(int ruleset, const struct settings *set, int abi)
{
    static const char *const read_only[] = { "/usr/lib",         "/lib",      "/lib64",
                                             "/etc/ld.so.cache", "/etc/ssl",  "/usr/share/zoneinfo",
                                             "/etc/localtime",   "/dev/null", "/dev/urandom" };
    uint64_t change = FS_READ | FS_WRITE | FS_LIST | FS_REMOVE | FS_MAKE | (abi >= 3 ? 1 << 14 : 0);

    for (size_t i = 0; i < sizeof read_only / sizeof *read_only; i++)
        allow_beneath(ruleset, read_only[i], FS_READ);
    allow_beneath(ruleset, "/usr/lib", FS_READ | FS_LIST);
    allow_in_state_dir(ruleset, set, "registry", change);
    allow_in_state_dir(ruleset, set, "audit", change);
    allow_in_state_dir(ruleset, set, "metadata", change);
}

static void allow_port(int ruleset, struct str address)
{
    struct landlock_port rule = { NET_CONNECT, 0 };
    struct str port = str_trim(address);
    int64_t number;

    for (size_t at; (at = str_find_byte(port, ':', 0)) < port.n;)
        port = str_from(port, at + 1);
    if (str_has_prefix(address, S("unix:")) || !str_int(port, &number))
        return;
    rule.port = (uint64_t)number;
    (void)syscall(SYS_landlock_add_rule, ruleset, RULE_PORT, &rule, 0);
}

/* Redis over TCP, and its sentinels, are the only peers that the gateway connects to by itself. */
static void allow_ports(int ruleset, const struct settings *set)
{
    struct str rest = set->redis_sentinels, part;
    bool sentinels = str_is_set(rest);

    allow_port(ruleset, set->redis);
    while (str_split(&rest, ',', &part))
        allow_port(ruleset, part);
    for (rest = set->redis_ports; sentinels && str_split(&rest, ',', &part);)
        allow_port(ruleset, part);
}

static bool enter_landlock(const struct settings *set)
{
    int abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, 1);
    struct landlock_ruleset handled = { all_fs(abi), abi >= ABI_WITH_NET ? NET_BIND | NET_CONNECT : 0 };

    if (abi < 1)
        return false;
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &handled,
                               abi >= ABI_WITH_NET ? sizeof handled : sizeof handled.fs, 0);
    if (ruleset < 0)
        return false;
    allow_files(ruleset, set, abi);
    if (abi >= ABI_WITH_NET)
        allow_ports(ruleset, set);
    bool entered = syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
    (void)close(ruleset);
    return entered;
}

/* ── seccomp ────────────────────────────────────────────────────────────── */

/* Calls that a gateway which has started never makes, and whoever captured it would like to. */
static const int forbidden[] = {
    SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(pidfd_getfd),
    SCMP_SYS(kcmp),
    SCMP_SYS(listen),
    SCMP_SYS(bind),
    SCMP_SYS(fork),
    SCMP_SYS(vfork),
    SCMP_SYS(kill),
    SCMP_SYS(tkill),
    SCMP_SYS(rt_sigqueueinfo),
    SCMP_SYS(rt_tgsigqueueinfo),
    SCMP_SYS(pidfd_open),
    SCMP_SYS(pidfd_send_signal),
    SCMP_SYS(process_madvise),
    SCMP_SYS(migrate_pages),
    SCMP_SYS(move_pages),
    SCMP_SYS(setpriority),
    SCMP_SYS(ioprio_set),
    SCMP_SYS(sched_setscheduler),
    SCMP_SYS(sched_setparam),
    SCMP_SYS(sched_setattr),
    SCMP_SYS(bpf),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(keyctl),
    SCMP_SYS(add_key),
    SCMP_SYS(request_key),
    SCMP_SYS(mount),
    SCMP_SYS(umount2),
    SCMP_SYS(pivot_root),
    SCMP_SYS(chroot),
    SCMP_SYS(setns),
    SCMP_SYS(unshare),
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(delete_module),
    SCMP_SYS(kexec_load),
    SCMP_SYS(kexec_file_load),
    SCMP_SYS(reboot),
    SCMP_SYS(swapon),
    SCMP_SYS(swapoff),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(personality),
    SCMP_SYS(quotactl),
    SCMP_SYS(acct),
    SCMP_SYS(settimeofday),
    SCMP_SYS(clock_settime),
    SCMP_SYS(adjtimex),
    SCMP_SYS(clock_adjtime),
    SCMP_SYS(setuid),
    SCMP_SYS(setgid),
    SCMP_SYS(setresuid),
    SCMP_SYS(setresgid),
    SCMP_SYS(mknod),
    SCMP_SYS(mknodat),
    SCMP_SYS(symlink),
    SCMP_SYS(symlinkat),
    SCMP_SYS(link),
    SCMP_SYS(linkat),
    SCMP_SYS(chown),
    SCMP_SYS(fchownat),
};

/* Signer and fetcher run as the same user: what names a process may name this one alone.  The C library ends
 * itself through tgkill(), and asks for its own limits as process 0. */
static bool add_own_process_rules(scmp_filter_ctx filter)
{
    return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(tgkill), 1,
                            SCMP_A0(SCMP_CMP_NE, (scmp_datum_t)getpid(), 0)) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(prlimit64), 1, SCMP_A0(SCMP_CMP_NE, 0, 0)) == 0;
}

static bool add_rules(scmp_filter_ctx filter)
{
    for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++)
        if (seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), forbidden[i], 0) != 0)
            return false;
    /* Threads yes, processes no; clone3 hides its flags in memory, and the C library does without it. */
    return seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(execve), 0) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(execveat), 0) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
                            SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0)) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
                            SCMP_A0(SCMP_CMP_GT, AF_INET6, 0)) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 1,
                            SCMP_A1(SCMP_CMP_MASKED_EQ, 0xf, SOCK_RAW)) == 0;
}

static bool enter_seccomp(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    bool entered = filter != NULL && add_rules(filter) && add_own_process_rules(filter) && seccomp_load(filter) == 0;

    if (filter != NULL)
        seccomp_release(filter);
    return entered;
}

enum sandbox_state sandbox_enter(const struct settings *set)
{
    if (DIGIONE_SANITIZED) {
        log_event(LOG_INFO, "sandbox.off", LOG_C("why", "a sanitizer build"));
        return SANDBOX_OFF;
    }
    sandbox_no_dump();
    bool files = enter_landlock(set), calls = enter_seccomp();
    if (!files)
        log_event(LOG_WARN, "sandbox.lacks", LOG_C("what", "Landlock"));
    if (!calls)
        log_event(LOG_WARN, "sandbox.lacks", LOG_C("what", "seccomp"));
    return files && calls ? SANDBOX_ON : files || calls ? SANDBOX_PARTLY : SANDBOX_OFF;
}

bool sandbox_compute(size_t memory_B, int seconds)
{
    static const int allowed[] = {
        SCMP_SYS(read),       SCMP_SYS(write),        SCMP_SYS(writev),         SCMP_SYS(close),
        SCMP_SYS(fstat),      SCMP_SYS(newfstatat),   SCMP_SYS(lseek),          SCMP_SYS(mmap),
        SCMP_SYS(munmap),     SCMP_SYS(mremap),       SCMP_SYS(mprotect),       SCMP_SYS(madvise),
        SCMP_SYS(brk),        SCMP_SYS(futex),        SCMP_SYS(getrandom),      SCMP_SYS(exit),
        SCMP_SYS(exit_group), SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigprocmask),
    };
    const struct rlimit memory = { memory_B, memory_B }, time = { (rlim_t)seconds, (rlim_t)seconds };

    (void)setrlimit(RLIMIT_CPU, &time);
    if (DIGIONE_SANITIZED)
        return true;
    sandbox_no_dump();
    (void)setrlimit(RLIMIT_AS, &memory);
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    bool entered = filter != NULL;
    for (size_t i = 0; entered && i < sizeof allowed / sizeof *allowed; i++)
        entered = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0) == 0;
    entered = entered && seccomp_load(filter) == 0;
    if (filter != NULL)
        seccomp_release(filter);
    return entered;
}
