/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * A timer, and waiting that an abort breaks only where that may be.
 */

#include "libxl_osdeps.h"

#include "libxl_livepatch_internal.h"

uint64_t libxl__livepatch_now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000ULL + now.tv_nsec / 1000;
}

uint64_t libxl__livepatch_epoch_us(void)
{
    struct timeval now;

    gettimeofday(&now, NULL);
    return now.tv_sec * 1000000ULL + now.tv_usec;
}

void libxl__livepatch_timer_init(libxl__livepatch_timer *lpt)
{
    libxl__ev_time_init(&lpt->ev);
}

static void timer_expired(libxl__egc *egc, libxl__ev_time *ev,
                          const struct timeval *requested_abs, int rc)
{
    libxl__livepatch_timer *lpt = CONTAINER_OF(ev, *lpt, ev);

    lpt->callback(egc, lpt);
}

int libxl__livepatch_timer_set(libxl__gc *gc, libxl__livepatch_timer *lpt,
                               uint64_t us)
{
    libxl__ev_time_deregister(gc, &lpt->ev);
    return libxl__ev_time_register_rel_unabortable(gc, &lpt->ev,
                                                   timer_expired,
                                                   (us + 999) / 1000);
}

static int set_abortable(libxl__ao *ao, libxl__livepatch_timer *lpt,
                         uint64_t us)
{
    AO_GC;
    int rc;

    libxl__ev_time_deregister(gc, &lpt->ev);
    rc = libxl__ev_time_register_rel(ao, &lpt->ev, timer_expired,
                                     (us + 999) / 1000);
    /* It is aborted already. */
    return rc == ERROR_ABORTED ? libxl__livepatch_timer_set(gc, lpt, 0)
                               : rc;
}

void libxl__livepatch_wait(libxl__egc *egc, libxl__ao *ao,
                           libxl__livepatch_timer *lpt, uint64_t us,
                           bool abortable)
{
    AO_GC;
    int rc = abortable ? set_abortable(ao, lpt, us)
                       : libxl__livepatch_timer_set(gc, lpt, us);

    if (!rc) return;

    poll(NULL, 0, (us + 999) / 1000);
    lpt->callback(egc, lpt);
}

void libxl__livepatch_timer_dispose(libxl__gc *gc,
                                    libxl__livepatch_timer *lpt)
{
    libxl__ev_time_deregister(gc, &lpt->ev);
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
