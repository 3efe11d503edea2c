/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A stand-in for the hypervisor below the real pauser, to be preloaded.
 *
 * It counts pauses as Xen does, in a file that the test sees, too.  Every
 * call that the pauser makes of Xen or of its journal counts as two steps,
 * one before it takes effect and one after, and the process is killed at the
 * step that the test chose.
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <xenctrl.h>

/* The layout is known to hypervisor.py, too. */
struct domain {
    uint32_t domid;
    uint8_t uuid[16];
    uint32_t flags;             /* XEN_DOMINF_*, but for the paused one */
    uint32_t count;             /* of pauses, the administrator's included */
    uint32_t pauses, unpauses;  /* that were made */
    uint32_t futile;            /* unpauses of a domain with count 0 */
    uint32_t pause_ms;          /* how long a pause blocks */
    uint32_t pause_errno;       /* refuse it */
    uint32_t unpause_errno;     /* refuse it, */
    uint32_t unpause_refusals;  /* as often */
    uint64_t cpu_ns;            /* it has run for, and does while it may */
};

struct hypervisor {
    uint32_t num;
    uint32_t open_errno;
    uint32_t kill_at, steps;
    uint32_t short_write_at, writes;    /* to the journal */
    struct domain domains[];
};

static struct hypervisor *xen;

static void __attribute__((constructor)) attach(void)
{
    int fd = open(getenv("STAND_IN_XEN"), O_RDWR | O_CLOEXEC);
    struct stat st;

    if (fd < 0 || fstat(fd, &st)) abort();
    xen = mmap(NULL, st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (xen == MAP_FAILED) abort();
    close(fd);
}

static void step(void)
{
    if (xen && ++xen->steps == xen->kill_at) kill(getpid(), SIGKILL);
}

/*----- libxenctrl -----*/

xc_interface *xc_interface_open(xentoollog_logger *logger,
                                xentoollog_logger *dombuild_logger,
                                unsigned open_flags)
{
    step();
    errno = xen->open_errno;
    return errno ? NULL : (xc_interface *)xen;
}

static struct domain *first_from(uint32_t domid)
{
    struct domain *best = NULL;

    for (uint32_t i = 0; i < xen->num; i++) {
        struct domain *d = &xen->domains[i];

        if (d->domid >= domid && (!best || d->domid < best->domid)) best = d;
    }
    return best;
}

int xc_domain_getinfolist(xc_interface *xch, uint32_t first_domain,
                          unsigned int max_domains, xc_domaininfo_t *info)
{
    struct domain *d = first_from(first_domain);

    step();
    if (!d || !max_domains) return 0;
    memset(info, 0, sizeof(*info));
    info->domain = d->domid;
    info->flags = d->flags | (d->count ? XEN_DOMINF_paused : 0);
    if (!d->count) d->cpu_ns++;
    info->cpu_time = d->cpu_ns;
    memcpy(info->handle, d->uuid, sizeof(d->uuid));
    step();
    return 1;
}

int xc_domain_pause(xc_interface *xch, uint32_t domid)
{
    struct domain *d = first_from(domid);
    struct timespec left = { 0 };

    step();
    if (!d || d->domid != domid) { errno = ESRCH; return -1; }
    if (d->pause_errno) { errno = d->pause_errno; return -1; }
    d->count++;
    d->pauses++;
    left.tv_sec = d->pause_ms / 1000;
    left.tv_nsec = d->pause_ms % 1000 * 1000000;
    while (nanosleep(&left, &left)) continue;
    step();
    return 0;
}

int xc_domain_unpause(xc_interface *xch, uint32_t domid)
{
    struct domain *d = first_from(domid);

    step();
    if (!d || d->domid != domid) { errno = ESRCH; return -1; }
    if (d->unpause_refusals) {
        d->unpause_refusals--;
        errno = d->unpause_errno;
        return -1;
    }
    if (!d->count) { d->futile++; errno = EINVAL; return -1; }
    d->count--;
    d->unpauses++;
    step();
    return 0;
}

/*----- the journal -----*/

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void *buf, size_t count)
{
    bool journal = fd > STDERR_FILENO;
    ssize_t wrote;

    if (!xen || !journal) return REAL(write)(fd, buf, count);
    step();
    if (++xen->writes == xen->short_write_at) count /= 2;
    wrote = REAL(write)(fd, buf, count);
    step();
    return wrote;
}

int unlink(const char *path)
{
    int r;

    step();
    r = REAL(unlink)(path);
    step();
    return r;
}
