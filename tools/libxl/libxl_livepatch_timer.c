/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * A timer that an abort of the ao does not break.
 */

#include "libxl_osdeps.h"

#include <sys/timerfd.h>

#include "libxl_livepatch_internal.h"

uint64_t libxl__livepatch_now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000ULL + now.tv_nsec / 1000;
}

void libxl__livepatch_timer_init(libxl__livepatch_timer *lpt)
{
    lpt->fd = -1;
    libxl__ev_fd_init(&lpt->efd);
}

static void timer_expired(libxl__egc *egc, libxl__ev_fd *ev,
                          int fd, short events, short revents)
{
    libxl__livepatch_timer *lpt = CONTAINER_OF(ev, *lpt, efd);
    uint64_t times;

    /* Nothing to read means that it was set anew since it expired. */
    if (read(fd, &times, sizeof(times)) != sizeof(times)) return;

    lpt->callback(egc, lpt);
}

int libxl__livepatch_timer_open(libxl__gc *gc, libxl__livepatch_timer *lpt)
{
    int rc;

    if (lpt->fd >= 0) return 0;

    lpt->fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (lpt->fd < 0) {
        LOGE(ERROR, "cannot create a timer");
        rc = ERROR_FAIL;
        goto out;
    }
    rc = libxl__ev_fd_register(gc, &lpt->efd, timer_expired, lpt->fd,
                               POLLIN);

 out:
    if (rc) libxl__livepatch_timer_dispose(gc, lpt);
    return rc;
}

int libxl__livepatch_timer_set(libxl__gc *gc, libxl__livepatch_timer *lpt,
                               uint64_t us)
{
    struct itimerspec when = {
        .it_value.tv_sec = us / 1000000,
        .it_value.tv_nsec = (us % 1000000) * 1000,
    };
    int rc, r;

    /* A zero would disarm it. */
    if (!us) when.it_value.tv_nsec = 1;

    rc = libxl__livepatch_timer_open(gc, lpt);
    if (rc) goto out;

    r = timerfd_settime(lpt->fd, 0, &when, NULL);
    if (r) {
        LOGE(ERROR, "cannot set a timer to %"PRIu64" us", us);
        rc = ERROR_FAIL;
        goto out;
    }
    rc = 0;

 out:
    if (rc) libxl__livepatch_timer_dispose(gc, lpt);
    return rc;
}

void libxl__livepatch_timer_dispose(libxl__gc *gc,
                                    libxl__livepatch_timer *lpt)
{
    libxl__ev_fd_deregister(gc, &lpt->efd);
    if (lpt->fd >= 0) close(lpt->fd);
    lpt->fd = -1;
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
