/* SPDX-License-Identifier: EUPL-1.2
 *
 * Stands before the C library's fdatasync(). */
#include "tests/scenario/disk.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_bool failing;

void disk_fails(bool fails)
{
    atomic_store(&failing, fails);
}

int fdatasync(int fd)
{
    if (!atomic_load(&failing))
        return (int)syscall(SYS_fdatasync, fd);
    errno = EIO;
    return -1;
}
