/* SPDX-License-Identifier: GPL-2.0-only */
/* Who kept an action from being done. */

#include <xen/errno.h>
#include <xen/kernel.h>
#include <xen/lib.h>
#include <xen/livepatch_payload.h>
#include <xen/string.h>
#include <xen/symbols.h>
#include <xen/time.h>

#include "obstacles.h"
#include "reason.h"

static struct quiesce_straggler late[NR_CPUS];
static struct actions_obstacles obstacles = { .stragglers = late };
static const struct payload *stopped;   /* Whose obstacles they are. */

#define WHERE_SIZE (KSYM_NAME_LEN + 64)

/* How many CPUs the console gets, which may be slow; the report has all. */
#define MAX_PRINTED 16

const struct actions_obstacles *
actions_obstacles(const struct payload *payload)
{
    return stopped == payload ? &obstacles : NULL;
}

void obstacles_forget(const struct payload *payload)
{
    if ( stopped == payload )
        stopped = NULL;
}

/* "d5v0 in the guest", "idle in hypervisor function+0x12" */
static const char *where(char buf[WHERE_SIZE],
                         const struct quiesce_straggler *straggler)
{
    char name[KSYM_NAME_LEN + 1], vcpu[16] = "idle";
    unsigned long size, offset;
    const char *symbol;

    if ( straggler->domid != DOMID_IDLE )
        snprintf(vcpu, sizeof(vcpu), "d%uv%u", straggler->domid,
                 straggler->vcpu);

    switch ( straggler->where )
    {
    case LIVEPATCH_REPORT_WHERE_GUEST:
        snprintf(buf, WHERE_SIZE, "%s in the guest", vcpu);
        break;

    case LIVEPATCH_REPORT_WHERE_HYPERVISOR:
        symbol = symbols_lookup(straggler->ip, &size, &offset, name);
        if ( symbol )
            snprintf(buf, WHERE_SIZE, "%s in hypervisor %s+%#lx", vcpu, symbol,
                     offset);
        else
            snprintf(buf, WHERE_SIZE, "%s in hypervisor at %#"PRIx64, vcpu,
                     straggler->ip);
        break;

    default:
        snprintf(buf, WHERE_SIZE, "%s, and it does not answer an NMI", vcpu);
        break;
    }

    return buf;
}

void obstacles_keep(struct payload *payload, const struct patching_plan *plan,
                    const struct quiesce_result *result)
{
    char name[PRINTABLE_NAME_SIZE], buf[WHERE_SIZE];
    unsigned int i;

    if ( !result->nstragglers && !plan->nwaiting )
        return;

    stopped = payload;
    obstacles.nstragglers =
        min_t(unsigned int, result->nstragglers, ARRAY_SIZE(late));
    obstacles.nwaiting =
        min_t(unsigned int, plan->nwaiting, ARRAY_SIZE(plan->waiting));

    printable_name(name, payload->name);

    for ( i = 0; i < obstacles.nstragglers; i++ )
    {
        late[i] = result->stragglers[i];
        /* A single one is named in the refusal. */
        if ( obstacles.nstragglers > 1 && i < MAX_PRINTED )
            printk(XENLOG_ERR "livepatch: %s: late: CPU %u: %s\n", name,
                   late[i].cpu, where(buf, &late[i]));
    }

    if ( obstacles.nstragglers > MAX_PRINTED )
        printk(XENLOG_ERR "livepatch: %s: late: %u more CPUs\n", name,
               obstacles.nstragglers - MAX_PRINTED);

    for ( i = 0; i < obstacles.nwaiting; i++ )
    {
        obstacles.waiting[i] = plan->waiting[i];
        printk(XENLOG_ERR
               "livepatch: %s: d%uv%u sleeps inside the hypervisor\n",
               name, obstacles.waiting[i].domid, obstacles.waiting[i].vcpu);
    }
}

/* In the largest unit that needs no fraction. */
static const char *duration(char buf[24], s_time_t ns)
{
    if ( ns % 1000000 == 0 )
        snprintf(buf, 24, "%"PRI_stime" ms", ns / 1000000);
    else if ( ns % 1000 == 0 )
        snprintf(buf, 24, "%"PRI_stime" us", ns / 1000);
    else
        snprintf(buf, 24, "%"PRI_stime" ns", ns);

    return buf;
}

int obstacles_refuse(struct payload *payload,
                     const struct quiesce_result *result, s_time_t timeout)
{
    const struct quiesce_straggler *first = result->stragglers;
    char buf[WHERE_SIZE], time[24];

    duration(time, timeout);

    if ( !result->nstragglers )
        return refuse_as(LIVEPATCH_REASON_QUIESCE, &payload->why, result->rc,
                         "CPUs were brought up or down for all of %s", time);

    if ( result->nstragglers == 1 )
        return refuse_as(LIVEPATCH_REASON_QUIESCE, &payload->why, result->rc,
                         "CPU %u did not arrive in %s: %s", first->cpu, time,
                         where(buf, first));

    return refuse_as(LIVEPATCH_REASON_QUIESCE, &payload->why, result->rc,
                     "%u of %u CPUs did not arrive in %s; one is CPU %u: %s",
                     result->nstragglers, result->needed, time, first->cpu,
                     where(buf, first));
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
