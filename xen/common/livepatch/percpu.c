/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Room for new per-CPU variables of payloads.  The areas of CPUs that are up
 * can't grow, so some of each is kept free for them.
 *
 * A payload that needs it has livepatch_percpu_load() among its symbols, which
 * ties it to a hypervisor that knows what to do: others would take the section
 * for ordinary data.
 */
#include <xen/cpu.h>
#include <xen/errno.h>
#include <xen/init.h>
#include <xen/inttypes.h>
#include <xen/kernel.h>
#include <xen/lib.h>
#include <xen/percpu.h>
#include <xen/smp.h>
#include <xen/spinlock.h>
#include <xen/string.h>

#include "percpu.h"
#include "reason.h"

#define UNIT      16
#define UNITS     64            /* One bit of a word for each. */
#define ALIGNMENT 128           /* Enough for what may not share a cache line. */

struct room {
    uint8_t bytes[UNITS][UNIT];
} __aligned(ALIGNMENT);

/* Not static: tests look at it. */
DECLARE_PER_CPU(struct room, livepatch_room);
DEFINE_PER_CPU(struct room, livepatch_room);

static DEFINE_SPINLOCK(taken_lock);
static uint64_t taken;

static bool is_per_cpu(const struct elf_section *section)
{
    static const char name[] = ".bss.percpu";
    size_t length = sizeof(name) - 1;

    return elf_is_alloc(section) && !strncmp(section->name, name, length) &&
           (!section->name[length] || section->name[length] == '.');
}

static int check(const struct elf_view *elf, const struct elf_section *section)
{
    const Elf_Shdr *header = &section->header;
    unsigned int i;

    if ( header->sh_type != SHT_NOBITS || !(header->sh_flags & SHF_WRITE) ||
         (header->sh_flags & SHF_EXECINSTR) )
        return refuse(elf->why, -EOPNOTSUPP,
                      "section %s: per-CPU data begin as zero, and can be "
                      "written", section->name);

    if ( header->sh_addralign > ALIGNMENT )
        return refuse(elf->why, -EOPNOTSUPP,
                      "section %s: alignment %#"PRIx64" is above %u, which is "
                      "that of the room for per-CPU data",
                      section->name, header->sh_addralign, ALIGNMENT);

    /* What is linked there is a CPU's own area. */
    for ( i = 1; i < elf->nsections; i++ )
        if ( (elf->sections[i].header.sh_type == SHT_RELA ||
              elf->sections[i].header.sh_type == SHT_REL) &&
             elf->sections[i].header.sh_info == section - elf->sections )
            return refuse(elf->why, -EOPNOTSUPP,
                          "section %s: relocations of per-CPU data",
                          section->name);

    return 0;
}

/* The first unit of enough free ones; UNITS: there is no such. */
static unsigned int find_room(uint64_t *mask, uint64_t size, uint64_t alignment)
{
    unsigned int at, step = DIV_ROUND_UP(alignment, UNIT);
    uint64_t units = DIV_ROUND_UP(size, UNIT) ?: 1;

    if ( size > sizeof(struct room) )
        return UNITS;

    *mask = ~(uint64_t)0 >> (UNITS - units);
    for ( at = 0; at + units <= UNITS; at += step )
        if ( !(taken & (*mask << at)) )
            break;

    *mask <<= at % UNITS;

    return at + units <= UNITS ? at : UNITS;
}

static int place(struct elf_view *elf, struct elf_section *section,
                 struct payload *payload)
{
    uint64_t size = section->header.sh_size, mask;
    unsigned int at;

    spin_lock(&taken_lock);
    at = find_room(&mask, size, section->header.sh_addralign);
    if ( at < UNITS )
    {
        taken |= mask;
        payload->percpu |= mask;
        section->loaded = get_per_cpu_var(livepatch_room).bytes[at];
    }
    spin_unlock(&taken_lock);

    if ( at == UNITS )
        return refuse(elf->why, -ENOSPC,
                      "section %s: no room for %#"PRIx64" bytes of per-CPU data; "
                      "all payloads share %zu", section->name, size,
                      sizeof(struct room));

    return 0;
}

int livepatch_percpu_load(struct elf_view *elf, struct payload *payload)
{
    unsigned int i;

    for ( i = 1; i < elf->nsections; i++ )
    {
        struct elf_section *section = &elf->sections[i];
        int rc;

        if ( !is_per_cpu(section) )
            continue;

        rc = check(elf, section) ?: place(elf, section, payload);
        if ( rc )
            return rc;
    }

    percpu_clear(payload);

    return 0;
}

void percpu_clear(const struct payload *payload)
{
    unsigned int cpu, at;

    if ( !payload->percpu )
        return;

    for_each_online_cpu ( cpu )
        for ( at = 0; at < UNITS; at++ )
            if ( (payload->percpu >> at) & 1 )
                memset(per_cpu(livepatch_room, cpu).bytes[at], 0, UNIT);
}

void percpu_free(struct payload *payload)
{
    spin_lock(&taken_lock);
    taken &= ~payload->percpu;
    spin_unlock(&taken_lock);

    payload->percpu = 0;
}

/*
 * A CPU that was parked keeps its area, with what former payloads left there.
 * One that only slept goes on with what it had.
 */
static int cf_check cpu_callback(struct notifier_block *nfb,
                                 unsigned long action, void *hcpu)
{
    unsigned int cpu = (unsigned long)hcpu;

    if ( action == CPU_UP_PREPARE && system_state < SYS_STATE_suspend )
        memset(&per_cpu(livepatch_room, cpu), 0, sizeof(struct room));

    return NOTIFY_DONE;
}

static struct notifier_block cpu_nfb = {
    .notifier_call = cpu_callback,
};

static int __init cf_check percpu_init(void)
{
    register_cpu_notifier(&cpu_nfb);

    return 0;
}
__initcall(percpu_init);

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
