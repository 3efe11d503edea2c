/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The calls of libxenctrl that are about domains.
 */

#include "libxl_osdeps.h"

#undef NDEBUG
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xenctrl.h>

#include "world.h"

struct world *world;

void world_attach(void)
{
    const char *path = getenv("FORCED_WORLD");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;

    assert(fd >= 0);
    world = mmap(NULL, sizeof(*world), PROT_READ | PROT_WRITE, MAP_SHARED,
                 fd, 0);
    assert(world != MAP_FAILED);
    close(fd);
}

void world_clear(void)
{
    memset(world, 0, sizeof(*world));
}

struct world_domain *world_add(uint32_t domid, uint32_t flags)
{
    struct world_domain *d = &world->domains[world->num_domains++];

    assert(world->num_domains <= WORLD_DOMAINS);
    memset(d, 0, sizeof(*d));
    d->domid = domid;
    d->flags = flags;
    memset(d->uuid, 0xa0 + domid, sizeof(d->uuid));
    return d;
}

static struct world_domain *first_from(uint32_t domid)
{
    struct world_domain *best = NULL;
    int i;

    for (i = 0; i < world->num_domains; i++) {
        struct world_domain *d = &world->domains[i];

        if (d->domid >= domid && (!best || d->domid < best->domid)) best = d;
    }
    return best;
}

struct world_domain *world_find(uint32_t domid)
{
    struct world_domain *d = first_from(domid);

    return d && d->domid == domid ? d : NULL;
}

int xc_domain_getinfolist(xc_interface *xch, uint32_t first_domain,
                          unsigned int max_domains, xc_domaininfo_t *info)
{
    struct world_domain *d;
    unsigned int num = 0;

    errno = world_step("getinfolist");
    if (errno) return -1;
    for (d = first_from(first_domain); d && num < max_domains;
         d = first_from(d->domid + 1)) {
        memset(&info[num], 0, sizeof(*info));
        info[num].domain = d->domid;
        info[num].flags = d->flags | (d->count ? XEN_DOMINF_paused : 0);
        /* Some have used as much as others; none does while it is paused. */
        if (!d->count) d->cpu_ns += d->burns_ns + d->domid / 2 * 1000;
        info[num].cpu_time = d->cpu_ns;
        memcpy(info[num].handle, d->uuid, sizeof(d->uuid));
        num++;
    }
    return num;
}

int xc_domain_pause(xc_interface *xch, uint32_t domid)
{
    struct world_domain *d = world_find(domid);

    errno = world_step("pause");
    if (!errno && !d) errno = ESRCH;
    if (errno) return -1;
    d->count++;
    d->pauses++;
    return 0;
}

int xc_domain_unpause(xc_interface *xch, uint32_t domid)
{
    struct world_domain *d = world_find(domid);

    errno = world_step("unpause");
    if (!errno && !d) errno = ESRCH;
    if (errno) return -1;
    if (!d->count) {
        d->futile++;
        errno = EINVAL;
        return -1;
    }
    d->count--;
    d->unpauses++;
    return 0;
}
