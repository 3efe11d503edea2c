/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rendezvous.
 *
 * How far it got is in one word, together with a number that no other
 * rendezvous has.  What a CPU did for it is in that CPU's own slots, as the
 * number of the rendezvous that it did it for.  So whoever is late, by however
 * much, finds that the word has moved on and leaves, and is never counted for
 * a rendezvous that he isn't in.
 *
 *              who moves the word on            what the others do
 *   IDLE       quiesce_start()
 *   STARTING   quiesce_start(), the call stored
 *   CALLED     the first CPU to see it: leads
 *   GATHER     the leader, once all came        come, wait with IRQs on
 *   MASK       the leader, once all masked,     mask IRQs, wait
 *              and act() has returned
 *   RELEASE    the leader, once all left        serialise, leave
 *   ABORT      the leader, when somebody was    leave
 *              late: back to CALLED, with the
 *              next number, or at last to IDLE
 *   IDLE       ...
 *
 * MASK is a step of its own as a CPU which comes may still wait for an answer
 * to an IPI of its own: IRQs go off when nobody is underway any more.
 */

#include <xen/compiler.h>
#include <xen/cpu.h>
#include <xen/cpumask.h>
#include <xen/errno.h>
#include <xen/init.h>
#include <xen/irq.h>
#include <xen/kernel.h>
#include <xen/lib.h>
#include <xen/livepatch.h>
#include <xen/percpu.h>
#include <xen/rcupdate.h>
#include <xen/sched.h>
#include <xen/smp.h>
#include <xen/tasklet.h>
#include <xen/timer.h>
#include <xen/watchdog.h>
#include <xen/xmalloc.h>

#include "arch.h"
#include "quiesce.h"
#include "sync.h"

/*
 * How long those who came stand still for those who didn't.  Then everybody
 * goes on for as long, without the CPU maps being held, and is called again:
 * who was late may be waiting for the maps, or for the softirqs of one who
 * came, as CPU hotplug does.
 */
#define ATTEMPT MILLISECS(20)

/* Of the time between two looks at the clock no more than this counts. */
#define LONGEST_LOOK MILLISECS(1)

/* But for the first, each lasts for this at least: it may begin late. */
#define SHORTEST_ATTEMPT MILLISECS(1)

/* Between two tries to get the CPU maps. */
#define HOTPLUG_PAUSE MILLISECS(1)

/* Longest wait for those that were late to say where they are. */
#define LOCATE_TIMEOUT MILLISECS(10)

/* To see that the word has moved takes no time, but for a CPU that doesn't run
 * at all: in SMM, or because there is another hypervisor. */
#define RELEASE_TIMEOUT SECONDS(1)

enum phase { IDLE, STARTING, CALLED, GATHER, MASK, RELEASE, ABORT };
#define PHASE_BITS 3

#define WORD(generation, phase) (((generation) << PHASE_BITS) | (phase))
#define PHASE(word)             ((word) & ((1u << PHASE_BITS) - 1))
#define GENERATION(word)        ((word) >> PHASE_BITS)

static uint64_t word = WORD(0ul, IDLE);

/*
 * The call.  It belongs to who moved the word to STARTING or to GATHER, until
 * he moves it to CALLED or to IDLE.
 */
static struct {
    struct quiesce_work work;
    s_time_t called;
    s_time_t deadline;          /* 0: no CPU has led yet. */
    s_time_t stall;             /* The longest attempt so far. */
    unsigned int attempts;
    struct quiesce_straggler *stragglers; /* Room for every CPU. */
} call;

enum step { CAME, MASKED, LEFT, NR_STEPS };
struct steps {
    uint64_t done[NR_STEPS];    /* The generation they were done for. */
};
static DEFINE_PER_CPU(struct steps, steps);

/* This CPU's tasklet has run: look at the word.  Nobody else's to touch. */
static DEFINE_PER_CPU(bool, called);

/*
 * One for each CPU, but not in its per-CPU area: when a CPU goes offline its
 * tasklets move to another's list, and the area is freed.
 */
static struct tasklet *__read_mostly tasklets;

/* Calls for another attempt. */
static struct timer again;

static void cf_check note_call(void *unused)
{
    /* On whichever CPU it runs: see above. */
    this_cpu(called) = true;
}

static void summon(unsigned int cpu)
{
    tasklet_schedule_on_cpu(&tasklets[cpu], cpu);
}

static void cf_check call_again(void *unused)
{
    summon(smp_processor_id());
}

/* Pairs with load_acquire(&word) of those who see the word move. */
static void __unpatchable move_on(uint64_t generation, enum phase phase)
{
    store_release(&word, WORD(generation, phase));
}

/* Pairs with has_done(): the leader sees all that was before it. */
static void __unpatchable do_step(enum step step, uint64_t generation)
{
    store_release(&this_cpu(steps).done[step], generation);
}

static bool __unpatchable has_done(unsigned int cpu, enum step step,
                                   uint64_t generation)
{
    return load_acquire(&per_cpu(steps, cpu).done[step]) == generation;
}

/*
 * Who isn't there, and what runs there.  Another CPU's current vCPU may be
 * another one the moment after; RCU keeps those that were looked at.
 */
static unsigned int __unpatchable list_stragglers(enum step step,
                                                  uint64_t generation)
{
    unsigned int cpu, n = 0;

    rcu_read_lock(&domlist_read_lock);

    for_each_online_cpu ( cpu )
    {
        const struct vcpu *v;
        const struct sched_unit *unit;

        if ( cpu == smp_processor_id() || has_done(cpu, step, generation) )
            continue;

        v = get_cpu_current(cpu);
        unit = v->sched_unit;
        /* An idle vCPU may fill up the place of a guest's. */
        if ( is_idle_vcpu(v) && !is_idle_domain(unit->domain) )
            v = unit->vcpu_list;

        call.stragglers[n++] = (struct quiesce_straggler){
            .cpu = cpu,
            .domid = v->domain->domain_id,
            .vcpu = v->vcpu_id,
            .where = LIVEPATCH_REPORT_WHERE_UNKNOWN,
        };
    }

    rcu_read_unlock(&domlist_read_lock);

    return n;
}

/* How long the leader goes on waiting. */
struct patience {
    s_time_t left;              /* Of the time in which it runs. */
    s_time_t deadline;
    s_time_t looked;
};

/*
 * When it finds that much time has passed since it looked last, it was not
 * run, by another hypervisor or because of SMM.  Then others may not have been
 * either, and that time is nobody's fault.
 */
static bool __unpatchable is_over(struct patience *patience)
{
    s_time_t now = NOW();

    patience->left -= min(now - patience->looked, LONGEST_LOOK);
    patience->looked = now;

    return patience->left <= 0 || now >= patience->deadline;
}

/* Waits until all others have done a step: 0, or the number of stragglers. */
static unsigned int __unpatchable await_all(enum step step,
                                            uint64_t generation,
                                            struct patience *patience)
{
    unsigned int cpu, late;

    for_each_online_cpu ( cpu )
        while ( cpu != smp_processor_id() &&
                !has_done(cpu, step, generation) )
        {
            if ( is_over(patience) )
            {
                late = list_stragglers(step, generation);
                if ( late )
                    return late;
            }
            cpu_relax();
        }

    return 0;
}

/* Everybody else stands still with IRQs off. */
static void __unpatchable act(uint64_t generation,
                              struct quiesce_result *result, s_time_t arrived)
{
    unsigned long flags;
    s_time_t start;

    local_irq_save(flags);

    start = NOW();
    call.work.act(call.work.arg);
    /* Before anything else is called, as it may have been patched. */
    arch_serialise();
    result->patching = NOW() - start;

    /* What act() did is before what anybody does after he has seen this. */
    move_on(generation, RELEASE);
    result->stopped = NOW() - arrived;

    local_irq_restore(flags);
}

/*
 * Nobody waits here for the others to have left, but for the leader: they go
 * on as soon as each has serialised.  Only NMIs have to wait until all have,
 * as they are held for all CPUs or for none.
 */
static void __unpatchable release(uint64_t generation)
{
    struct patience patience = {
        .left = RELEASE_TIMEOUT,
        .deadline = STIME_MAX,
        .looked = NOW(),
    };
    unsigned int late = await_all(LEFT, generation, &patience);

    arch_nmi_release();

    if ( late )
        printk(XENLOG_ERR
               "livepatch: %u CPU(s) have not gone on after the change; one is CPU %u\n",
               late, call.stragglers[0].cpu);
}

static void __unpatchable note_attempt(s_time_t start)
{
    call.attempts++;
    call.stall = max(call.stall, NOW() - start);
}

/* With the CPU maps held. */
static void __unpatchable attempt(uint64_t generation, s_time_t deadline,
                                  struct quiesce_result *result)
{
    unsigned int cpu, self = smp_processor_id();
    s_time_t start = NOW(), arrived;
    struct patience patience = {
        .left = ATTEMPT,
        .deadline = deadline,
        .looked = start,
    };
    bool held = false;

    for_each_online_cpu ( cpu )
        if ( cpu != self )
        {
            summon(cpu);
            result->needed++;
        }

    result->nstragglers = await_all(CAME, generation, &patience);
    arrived = NOW();
    result->arrival = arrived - call.called;

    if ( !result->nstragglers )
    {
        /* Before MASK: a CPU that has seen that takes its NMIs there. */
        arch_nmi_hold();
        held = true;
        move_on(generation, MASK);
        result->nstragglers = await_all(MASKED, generation, &patience);
    }

    if ( !result->nstragglers )
    {
        result->rc = 0;
        act(generation, result, arrived);
        note_attempt(start);
        release(generation);
        return;
    }

    move_on(generation, ABORT);
    note_attempt(start);
    if ( held )
        arch_nmi_release();
}

/*
 * With the next number, as somebody may just have come to this one.  The timer
 * is this CPU's, which is not late.  So it does not run before the word says
 * CALLED; who was late and comes before it does so leads at once.
 */
static void __unpatchable try_again(uint64_t generation, s_time_t pause)
{
    s_time_t now = NOW();

    migrate_timer(&again, smp_processor_id());
    set_timer(&again, now + min(pause, (call.deadline - now) / 2));
    move_on(generation + 1, CALLED);
}

/* The word says GATHER since this CPU has made it so. */
static void __unpatchable lead(uint64_t generation)
{
    struct quiesce_result result = {
        .rc = -EBUSY,
        .stragglers = call.stragglers,
    };
    struct quiesce_straggler *stragglers = call.stragglers;
    struct quiesce_work work = call.work;
    s_time_t now = NOW(), deadline, pause;
    bool last;

    if ( !call.deadline )
        deadline = call.deadline = now + work.timeout;
    else
        deadline = max(call.deadline, now + SHORTEST_ATTEMPT);

    if ( get_cpu_maps() )
    {
        /* Nobody serves softirqs while he waits for others, which has an end
         * and doesn't mean that he is stuck. */
        watchdog_disable();
        attempt(generation, deadline, &result);
        last = !result.rc || NOW() >= call.deadline;
        if ( result.rc && last )
            arch_locate(call.stragglers, result.nstragglers, LOCATE_TIMEOUT);
        watchdog_enable();
        put_cpu_maps();
        pause = ATTEMPT;
    }
    else
    {
        /* CPUs come and go, which may need this one. */
        result.arrival = now - call.called;
        last = now >= call.deadline;
        pause = HOTPLUG_PAUSE;
    }

    if ( !last )
    {
        try_again(generation, pause);
        return;
    }

    result.stall = call.stall;
    result.attempts = call.attempts;

    /* From here on the call may be another's. */
    move_on(generation, IDLE);
    work.done(work.arg, &result);
    xfree(stragglers);
}

/* The word said GATHER. */
static void __unpatchable follow(uint64_t generation)
{
    unsigned long flags;
    uint64_t now;

    do_step(CAME, generation);

    while ( (now = load_acquire(&word)) == WORD(generation, GATHER) )
        cpu_relax();

    if ( now != WORD(generation, MASK) )
        return;

    local_irq_save(flags);
    do_step(MASKED, generation);

    while ( load_acquire(&word) == WORD(generation, MASK) )
        cpu_relax();

    /* Whatever the word is by now: somebody may have acted. */
    arch_serialise();
    do_step(LEFT, generation);

    local_irq_restore(flags);
}

/*
 * Out of line, as check_for_livepatch_work() is on the path of every context
 * switch.  The flag stays if this isn't the place to stand still in: that is
 * where nothing of a vCPU is on the stack.
 */
static void noinline __unpatchable answer_call(void)
{
    uint64_t now;

    if ( !is_idle_domain(current->sched_unit->domain) ||
         !local_irq_is_enabled() )
        return;

    this_cpu(called) = false;

    now = load_acquire(&word);
    if ( PHASE(now) == CALLED &&
         claim(&word, now, WORD(GENERATION(now), GATHER)) )
        lead(GENERATION(now));
    else
    {
        now = load_acquire(&word);
        if ( PHASE(now) == GATHER )
            follow(GENERATION(now));
    }

    arch_settle();
}

void __unpatchable check_for_livepatch_work(void)
{
    if ( unlikely(this_cpu(called)) )
        answer_call();
}

int quiesce_start(const struct quiesce_work *work)
{
    uint64_t now = load_acquire(&word), generation = GENERATION(now) + 1;
    struct quiesce_straggler *stragglers;

    if ( !tasklets )
        return -ENOMEM;

    if ( PHASE(now) != IDLE )
        return -EBUSY;

    stragglers = xzalloc_array(struct quiesce_straggler, nr_cpu_ids);
    if ( !stragglers )
        return -ENOMEM;

    if ( !claim(&word, now, WORD(generation, STARTING)) )
    {
        xfree(stragglers);
        return -EBUSY;
    }

    /* Any CPU may lead from CALLED on: by then all of it must be there. */
    call.work = *work;
    call.called = NOW();
    call.deadline = 0;
    call.stall = 0;
    call.attempts = 0;
    call.stragglers = stragglers;
    move_on(generation, CALLED);
    summon(smp_processor_id());

    return 0;
}

bool quiesce_in_progress(void)
{
    return PHASE(load_acquire(&word)) != IDLE;
}

void __init quiesce_init(void)
{
    unsigned int cpu;

    tasklets = xzalloc_array(struct tasklet, nr_cpu_ids);

    for ( cpu = 0; tasklets && cpu < nr_cpu_ids; cpu++ )
        tasklet_init(&tasklets[cpu], note_call, NULL);

    init_timer(&again, call_again, NULL, 0);
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
