/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Pausing and resuming guests, each exactly once.
 *
 * XEN_DOMCTL_pausedomain comes back when all vCPUs of the guest have left
 * the hypervisor, however long that takes.  It is made from the program's
 * only thread all the same: Xen holds the lock of all domctls meanwhile,
 * and another thread could not unpause the others either.  What remains
 * is this: the first to come back starts the deadline, and no other guest
 * is paused once it has passed.
 */

#include "libxl_osdeps.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xentoollog.h>

#include "libxl_livepatch_pauser_guests.h"

/* How often, and how far apart, an unpause is tried that Xen refuses. */
#define RESUME_TRIES 50
#define RESUME_INTERVAL_US 10000

static xc_interface *xch;

/* libxc's words are of no use: errno says it, and stderr is closed. */
static void discard_message(xentoollog_logger *logger,
                            xentoollog_level level, int errnoval,
                            const char *context, const char *format,
                            va_list al)
{
}

static void discard_logger(xentoollog_logger *logger)
{
}

static xentoollog_logger logger = {
    .vmessage = discard_message,
    .destroy = discard_logger,
};

bool guests_open_xen(void)
{
    xch = xc_interface_open(&logger, &logger, 0);
    return xch;
}

uint64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000ULL + now.tv_nsec / 1000;
}

/*
 * What Xen says of g now: 1, 0 if it is no more, or -1 with errno.
 * xc_domain_getinfolist is there in all releases, and with these arguments
 * it gives the first domain whose number is not below ours.
 */
static int look_up(const guest *g, xc_domaininfo_t *info_r)
{
    int r = xc_domain_getinfolist(xch, g->domid, 1, info_r);

    if (r < 0) return -1;
    return r && info_r->domain == g->domid &&
        !memcmp(info_r->handle, g->uuid, sizeof(g->uuid));
}

/* Why g must not be paused, or NULL; errno may say more. */
static const char *objection(const guest *g)
{
    xc_domaininfo_t info;
    int r;

    errno = 0;
    if (!g->domid) return "domain 0 is never paused";
    r = look_up(g, &info);
    if (r < 0) return "it can't be looked up";
    errno = 0;
    if (!r) return "there is no domain with this number and UUID";
    if (info.flags & (XEN_DOMINF_dying | XEN_DOMINF_shutdown))
        return "it is shut down or dying";
    if (info.flags & XEN_DOMINF_paused) return "it is paused already";
    /* Whoever asked us to would then wait for xenstore. */
    if (info.flags & XEN_DOMINF_xs_domain) return "it runs xenstore";
    return NULL;
}

/* What our pause began with, in our memory and in the journal. */
static void note_paused(guest *g)
{
    xc_domaininfo_t info;

    g->since_us = now_us();
    /* Otherwise it stays one that may be paused by us. */
    if (look_up(g, &info) <= 0) return;
    g->cpu_ns = info.cpu_time;
    g->state = GUEST_PAUSED;
    journal_note(g);
}

void guest_pause(guest *g)
{
    g->why = objection(g);
    if (g->why) goto out;

    g->state = GUEST_PAUSING;
    g->why = "cannot write the journal";
    if (!journal_note(g)) goto out;

    g->why = "Xen refuses";
    if (!xc_domain_pause(xch, g->domid)) {
        note_paused(g);
        return;
    }
    g->errnoval = errno;
    g->state = GUEST_RUNS;
    journal_note(g);
    return;

 out:
    g->errnoval = errno;
    g->state = GUEST_RUNS;
}

/* Returns how many unpauses it took, 0 or 1, or -1 with errno. */
static int resume(guest *g)
{
    xc_domaininfo_t info;
    int undone = 0;
    int r = look_up(g, &info);

    if (r < 0) return -1;
    /* A guest that is gone, or has run since, has no pause of ours. */
    if (r && (info.flags & XEN_DOMINF_paused) &&
        (g->state == GUEST_PAUSING || g->cpu_ns == info.cpu_time)) {
        if (!xc_domain_unpause(xch, g->domid))
            undone = 1;
        /* ESRCH, EINVAL: gone, or unpaused by somebody else, just now. */
        else if (errno != ESRCH && errno != EINVAL)
            return -1;
    }
    g->paused_us = now_us() - g->since_us;
    g->state = GUEST_RUNS;
    journal_note(g);
    return undone;
}

int guests_resume(guest_list *guests)
{
    int i, r, try, left, undone = 0;

    for (try = 0; try < RESUME_TRIES; try++) {
        if (try) usleep(RESUME_INTERVAL_US);
        left = 0;
        for (i = 0; i < guests->num; i++) {
            guest *g = &guests->all[i];

            if (g->state == GUEST_RUNS) continue;
            r = resume(g);
            if (r >= 0)
                undone += r;
            else
                left++;
            g->errnoval = r < 0 ? errno : 0;
        }
        if (!left) return undone;
    }
    return -1;
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
