/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_TASKLET_H
#define HOSTED_XEN_TASKLET_H

#include <xen/list.h>
#include <xen/percpu.h>
#include <xen/types.h>

struct tasklet {
    struct list_head list;
    int scheduled_on;
    void (*func)(void *data);
    void *data;
};

void tasklet_init(struct tasklet *t, void (*func)(void *), void *data);
void tasklet_schedule_on_cpu(struct tasklet *t, unsigned int cpu);
void tasklet_schedule(struct tasklet *t);
void tasklet_kill(struct tasklet *t);
void do_tasklet(void);

#endif /* HOSTED_XEN_TASKLET_H */
