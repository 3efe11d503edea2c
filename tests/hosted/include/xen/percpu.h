/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_PERCPU_H
#define HOSTED_XEN_PERCPU_H

#include <xen/types.h>
#include <asm/current.h>

#define DEFINE_PER_CPU(type, name) \
    __typeof__(type) per_cpu__ ## name[NR_CPUS]
#define DECLARE_PER_CPU(type, name) \
    extern __typeof__(type) per_cpu__ ## name[NR_CPUS]
#define per_cpu(name, cpu) (per_cpu__ ## name[cpu])
#define get_per_cpu_var(name) (per_cpu__ ## name[0])
#define this_cpu(name)     per_cpu(name, smp_processor_id())

#endif /* HOSTED_XEN_PERCPU_H */
