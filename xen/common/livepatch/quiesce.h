/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rendezvous: every online CPU leaves what it does, stands in its idle
 * loop with IRQs off, and waits there while one of them acts.
 */
#ifndef LIVEPATCH_QUIESCE_H
#define LIVEPATCH_QUIESCE_H

#include <xen/time.h>
#include <xen/types.h>

/* A CPU that had not come when a rendezvous was given up. */
struct quiesce_straggler {
    unsigned int cpu;
    uint16_t domid;             /* Of the vCPU it was running; DOMID_IDLE. */
    uint16_t vcpu;
    uint32_t where;             /* LIVEPATCH_REPORT_WHERE_* */
    uint64_t ip;
};

struct quiesce_result {
    int rc;                     /* 0: act() was called.  -EBUSY: it was not:
                                   CPUs were late, or coming and going. */
    s_time_t arrival;           /* Lengths of time, as in livepatch_times. */
    s_time_t stopped;
    s_time_t patching;
    s_time_t stall;
    unsigned int attempts;
    unsigned int needed;        /* CPUs, without the one that waits. */
    unsigned int nstragglers;   /* 0 with -EBUSY: CPU hotplug. */
    const struct quiesce_straggler *stragglers; /* Until done() returns. */
};

struct quiesce_work {
    s_time_t timeout;           /* From the first CPU's start to the last
                                   one's standing still with IRQs off.  Nobody
                                   stands still for all of it: see ATTEMPT. */
    void (*act)(void *arg);     /* Every CPU is stopped: no printing, no
                                   allocation, no lock. */
    void (*done)(void *arg, const struct quiesce_result *result);
    void *arg;
};

/*
 * Calls every CPU together.  0: done() will be called exactly once, on an idle
 * vCPU, after every CPU was released; another rendezvous can be started from
 * within it on.  -EBUSY: one is in progress.  -ENOMEM: no room to say who is
 * late.  done() will not be called then.
 */
int quiesce_start(const struct quiesce_work *work);
bool quiesce_in_progress(void);

/* At boot. */
void quiesce_init(void);

#endif /* LIVEPATCH_QUIESCE_H */
