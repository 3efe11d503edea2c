/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_TIMER_H
#define HOSTED_XEN_TIMER_H

#include <xen/time.h>
#include <xen/types.h>

struct timer {
    s_time_t expires;
    void (*function)(void *data);
    void *data;
    unsigned int cpu;
    bool active;
    struct timer *next;         /* Of all that there are. */
};

void init_timer(struct timer *timer, void (*function)(void *data), void *data,
                unsigned int cpu);
void set_timer(struct timer *timer, s_time_t expires);
void migrate_timer(struct timer *timer, unsigned int new_cpu);

#endif /* HOSTED_XEN_TIMER_H */
