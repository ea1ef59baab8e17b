/* SPDX-License-Identifier: EUPL-1.2 */
#include "certs/signer_int.h"

#include <errno.h>
#include <seccomp.h>

/* What a process needs that reads datagrams, computes, writes datagrams and log
 * lines.  Anything else fails with EPERM: no file, no socket, no program, no
 * other process's memory. */
static const int allowed[] = { SCMP_SYS(read),
                               SCMP_SYS(write),
                               SCMP_SYS(recvfrom),
                               SCMP_SYS(sendto),
                               SCMP_SYS(recvmsg),
                               SCMP_SYS(sendmsg),
                               SCMP_SYS(poll),
                               SCMP_SYS(ppoll),
                               SCMP_SYS(close),
                               SCMP_SYS(brk),
                               SCMP_SYS(mmap),
                               SCMP_SYS(munmap),
                               SCMP_SYS(mremap),
                               SCMP_SYS(madvise),
                               SCMP_SYS(mprotect),
                               SCMP_SYS(futex),
                               SCMP_SYS(getrandom),
                               SCMP_SYS(getpid),
                               SCMP_SYS(gettid),
                               SCMP_SYS(tgkill),
                               SCMP_SYS(clock_gettime),
                               SCMP_SYS(gettimeofday),
                               SCMP_SYS(time),
                               SCMP_SYS(rt_sigaction),
                               SCMP_SYS(rt_sigprocmask),
                               SCMP_SYS(rt_sigreturn),
                               SCMP_SYS(restart_syscall),
                               SCMP_SYS(sigaltstack),
                               SCMP_SYS(fstat),
                               SCMP_SYS(newfstatat),
                               SCMP_SYS(exit),
                               SCMP_SYS(exit_group) };

static bool load_rules(scmp_filter_ctx ctx)
{
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
        if (seccomp_rule_add(ctx, SCMP_ACT_ALLOW, allowed[i], 0) != 0 && allowed[i] >= 0)
            return false; /* a negative number is a call that this machine does not have */
    return seccomp_load(ctx) == 0;
}

bool signer_sandbox(void)
{
    if (DIGIONE_SANITIZED)
        return true;
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    if (ctx == NULL)
        return false;
    bool ok = load_rules(ctx);
    seccomp_release(ctx);
    return ok;
}
