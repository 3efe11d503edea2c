/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_SCHED_H
#define HOSTED_XEN_SCHED_H

#include <asm/current.h>
#include <asm/processor.h>
#include <xen/cpumask.h>
#include <xen/list.h>
#include <xen/percpu.h>
#include <xen/rcupdate.h>
#include <xen/smp.h>
#include <xen/spinlock.h>
#include <xen/time.h>
#include <xen/types.h>

#include <public/xen.h>

struct domain;

struct sched_unit {
    struct domain *domain;
    struct vcpu *vcpu_list;
};

struct vcpu {
    int vcpu_id;
    int processor;
    struct domain *domain;
    struct sched_unit *sched_unit;
    struct vcpu *next_in_list;
    /* Why it is pinned; VCPU_AFFINITY_WAIT: it sleeps in the hypervisor. */
    uint8_t affinity_broken;
    bool is_running;
};

#define VCPU_AFFINITY_OVERRIDE 0x01
#define VCPU_AFFINITY_WAIT     0x08

struct domain {
    domid_t domain_id;
    unsigned int max_vcpus;
    struct vcpu **vcpu;
    struct domain *next_in_list;
    int is_dying;
};

extern struct domain *domain_list;
extern rcu_read_lock_t domlist_read_lock;
extern struct vcpu *idle_vcpu[NR_CPUS];
DECLARE_PER_CPU(struct vcpu *, curr_vcpu);

#define is_idle_domain(d) ((d)->domain_id == DOMID_IDLE)
#define is_idle_vcpu(v)   (is_idle_domain((v)->domain))

#define for_each_domain(d) \
    for ( (d) = rcu_dereference(domain_list); (d) != NULL; \
          (d) = rcu_dereference((d)->next_in_list) )
#define for_each_vcpu(d, v) \
    for ( (v) = (d)->vcpu ? (d)->vcpu[0] : NULL; (v) != NULL; \
          (v) = (v)->next_in_list )

/* What the test says: see hosted.h. */
bool hypercall_preempt_check(void);

#endif /* HOSTED_XEN_SCHED_H */
