/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_CPUMASK_H
#define HOSTED_XEN_CPUMASK_H

#include <xen/bitmap.h>

typedef struct cpumask {
    DECLARE_BITMAP(bits, NR_CPUS);
} cpumask_t;
typedef cpumask_t cpumask_var_t[1];

_Static_assert(NR_CPUS == 64, "masks of one word");

extern cpumask_t cpu_online_map, cpu_present_map;
extern unsigned int nr_cpu_ids;

#define cpumask_set_cpu(cpu, mask)     set_bit(cpu, (mask)->bits)
#define cpumask_clear_cpu(cpu, mask)   clear_bit(cpu, (mask)->bits)
#define cpumask_test_cpu(cpu, mask)    test_bit(cpu, (mask)->bits)

const cpumask_t *cpumask_of(unsigned int cpu);

static inline bool cpumask_subset(const cpumask_t *a, const cpumask_t *b)
{
    return !(a->bits[0] & ~b->bits[0]);
}

static inline unsigned int hosted_next_cpu(unsigned long bits,
                                           unsigned int from)
{
    bits = from < NR_CPUS ? bits & (~0UL << from) : 0;
    return bits ? (unsigned int)__builtin_ctzl(bits) : NR_CPUS;
}

static inline unsigned int cpumask_first(const cpumask_t *mask)
{
    unsigned int cpu = hosted_next_cpu(mask->bits[0], 0);

    return cpu < nr_cpu_ids ? cpu : nr_cpu_ids;
}

static inline unsigned int cpumask_next(int cpu, const cpumask_t *mask)
{
    unsigned int next = hosted_next_cpu(mask->bits[0], cpu + 1);

    return next < nr_cpu_ids ? next : nr_cpu_ids;
}

#define for_each_cpu(cpu, mask) \
    for ( (cpu) = cpumask_first(mask); (cpu) < nr_cpu_ids; \
          (cpu) = cpumask_next(cpu, mask) )
#define for_each_online_cpu(cpu)  for_each_cpu(cpu, &cpu_online_map)
#define cpu_online(cpu)   cpumask_test_cpu(cpu, &cpu_online_map)

#endif /* HOSTED_XEN_CPUMASK_H */
