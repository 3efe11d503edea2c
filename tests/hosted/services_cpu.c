/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPUs: each is a coroutine in its idle loop, which another one follows at
 * cpu_relax().  Tasklets, IRQ flags, locks, NMIs, the clock.
 */
#include <sched.h>
#include <stdlib.h>

#include <asm/apic.h>
#include <asm/nmi.h>
#include <xen/cpu.h>
#include <xen/lib.h>
#include <xen/livepatch.h>
#include <xen/sched.h>
#include <xen/softirq.h>
#include <xen/tasklet.h>
#include <xen/timer.h>
#include <xen/watchdog.h>

#include "hosted.h"
#include "services.h"

#define STACK_SIZE (256u << 10)
/* More turns than anything takes: somebody waits for ever. */
#define TOO_MANY_TURNS 1000000u

cpumask_t cpu_online_map, cpu_present_map;
unsigned int nr_cpu_ids;
enum system_state system_state = SYS_STATE_active;
__thread unsigned int hosted_cpu;

struct cpu {
    void *stack, *sp;
    bool running;               /* In the middle of its idle loop. */
    bool stuck, deaf;
    bool irqs_off;
    struct cpu_user_regs regs;
    struct list_head tasklets;
    bool nmi;                   /* One is pending for it. */
};

static struct cpu cpus[NR_CPUS];
static void *scheduler;         /* Its stack, while a coroutine runs. */
static __thread bool main_thread;
static bool scheduling;         /* A coroutine runs. */
static unsigned int shuffle;

s_time_t hosted_clock, hosted_turn = 100;
unsigned int hosted_nmis_handled, hosted_nmis_raised;
unsigned int hosted_serialised[NR_CPUS], hosted_flushed[NR_CPUS];
static nmi_callback_t *nmi_callback;
unsigned int nmi_watchdog = NMI_NONE;
bool watchdog_force;

static spinlock_t tasklet_lock = SPIN_LOCK_UNLOCKED;
static spinlock_t timer_lock = SPIN_LOCK_UNLOCKED;
static struct timer *timers;
static struct notifier_block *notifiers[8];
static unsigned int nnotifiers;

static unsigned long maps_fail_at, maps_fail_calls;
static int maps_held;

/* -- IRQs ---------------------------------------------------------------- */

void local_irq_disable(void)
{
    cpus[hosted_cpu].irqs_off = true;
}

void local_irq_enable(void)
{
    cpus[hosted_cpu].irqs_off = false;
}

bool local_irq_is_enabled(void)
{
    return !cpus[hosted_cpu].irqs_off;
}

bool hosted_irqs_are_off(unsigned int cpu)
{
    return cpus[cpu].irqs_off;
}

void hosted_assert_may_sleep(const char *what)
{
    if ( cpus[hosted_cpu].irqs_off )
        hosted_fail("%s with IRQs off", what);
}

/* -- Timers -------------------------------------------------------------- */

void init_timer(struct timer *timer, void (*function)(void *), void *data,
                unsigned int cpu)
{
    *timer = (struct timer){ .function = function, .data = data, .cpu = cpu,
                             .next = timers };
    timers = timer;
}

void set_timer(struct timer *timer, s_time_t expires)
{
    spin_lock(&timer_lock);
    timer->expires = expires;
    timer->active = true;
    spin_unlock(&timer_lock);
}

void migrate_timer(struct timer *timer, unsigned int new_cpu)
{
    if ( !cpu_online(new_cpu) )
        hosted_fail("timer moved to CPU %u", new_cpu);
    spin_lock(&timer_lock);
    timer->cpu = new_cpu;
    spin_unlock(&timer_lock);
}

void hosted_fire_timers(void)
{
    struct timer *timer;
    bool due;

    for ( timer = timers; timer; timer = timer->next )
    {
        spin_lock(&timer_lock);
        due = timer->active && timer->cpu == hosted_cpu &&
              timer->expires <= hosted_cpus.now();
        timer->active &= !due;
        spin_unlock(&timer_lock);
        if ( due )
            timer->function(timer->data);
    }
}

/* Whether the CPU has one that should have fired. */
static bool has_due_timer(unsigned int cpu)
{
    const struct timer *timer;

    for ( timer = timers; timer; timer = timer->next )
        if ( timer->active && timer->cpu == cpu &&
             timer->expires <= hosted_clock )
            return true;
    return false;
}

/* The next one that can fire, or NULL. */
static const struct timer *next_timer(void)
{
    const struct timer *timer, *next = NULL;

    for ( timer = timers; timer; timer = timer->next )
        if ( timer->active && !cpus[timer->cpu].stuck &&
             (!next || timer->expires < next->expires) )
            next = timer;
    return next;
}

/* -- Coroutines ---------------------------------------------------------- */

/*
 * What a function may not change is kept on the stack that is left.  Without
 * system calls, unlike swapcontext(): fuzzers come here often.
 */
void hosted_switch(void **from, void *to);
asm ( ".pushsection .text\n"
      "hosted_switch:\n"
      "    push %rbp; push %rbx; push %r12; push %r13; push %r14; push %r15\n"
      "    mov %rsp, (%rdi)\n"
      "    mov %rsi, %rsp\n"
      "    pop %r15; pop %r14; pop %r13; pop %r12; pop %rbx; pop %rbp\n"
      "    ret\n"
      ".popsection\n" );

#ifdef HOSTED_ASAN
# include <sanitizer/common_interface_defs.h>

static const void *scheduler_stack;
static size_t scheduler_stack_size;
# define leaving(fake, stack, size) \
    __sanitizer_start_switch_fiber(fake, stack, size)
# define arrived(fake, stack, size) \
    __sanitizer_finish_switch_fiber(fake, stack, size)
#else
# define leaving(fake, stack, size) ((void)(fake))
# define arrived(fake, stack, size) ((void)(fake))
#endif

static void to_cpu(struct cpu *cpu)
{
    void *fake = NULL;

    leaving(&fake, cpu->stack, STACK_SIZE);
    hosted_switch(&scheduler, cpu->sp);
    arrived(fake, NULL, NULL);
}

static void to_scheduler(struct cpu *cpu)
{
    void *fake = NULL;

    leaving(&fake, scheduler_stack, scheduler_stack_size);
    hosted_switch(&cpu->sp, scheduler);
    arrived(fake, &scheduler_stack, &scheduler_stack_size);
}

static void idle_loop(void)
{
    arrived(NULL, &scheduler_stack, &scheduler_stack_size);
    for ( ; ; )
    {
        hosted_idle();
        cpus[hosted_cpu].running = false;
        to_scheduler(&cpus[hosted_cpu]);
    }
}

/* As if hosted_switch() had been called from the start of idle_loop(). */
static void make_coroutine(struct cpu *cpu)
{
    void **top;

    cpu->stack = aligned_alloc(16, STACK_SIZE);
    if ( !cpu->stack )
        abort();
    top = cpu->stack + STACK_SIZE;
    *--top = NULL;              /* Where idle_loop() would return to. */
    *--top = idle_loop;
    top -= 6;
    memset(top, 0, 6 * sizeof(*top));
    cpu->sp = top;
}

static void run_cpu(unsigned int cpu)
{
    unsigned int caller = hosted_cpu;

    if ( !cpus[cpu].stack )
        make_coroutine(&cpus[cpu]);
    hosted_cpu = cpu;
    scheduling = cpus[cpu].running = true;
    to_cpu(&cpus[cpu]);
    scheduling = false;
    hosted_cpu = caller;
    hosted_clock += hosted_turn;
}

static void coroutine_relax(void)
{
    /* A test's own threads, which get in each other's way. */
    if ( !main_thread )
    {
        sched_yield();
        return;
    }
    if ( !scheduling )
        hosted_fail("CPU %u waits, and no other can run", hosted_cpu);
    to_scheduler(&cpus[hosted_cpu]);
}

static s_time_t coroutine_now(void)
{
    return hosted_clock += 10;
}

static void coroutine_kick(unsigned int cpu) {}

static void coroutine_nmi(unsigned int cpu)
{
    unsigned int caller = hosted_cpu;

    if ( cpus[cpu].deaf )
    {
        cpus[cpu].nmi = true;
        return;
    }
    hosted_cpu = cpu;
    hosted_take_nmi();
    hosted_cpu = caller;
}

struct hosted_cpus hosted_cpus = {
    .relax = coroutine_relax,
    .now = coroutine_now,
    .kick = coroutine_kick,
    .send_nmi = coroutine_nmi,
};

static bool wants_to_run(unsigned int cpu)
{
    return !cpus[cpu].stuck &&
           (cpus[cpu].running || hosted_has_tasklet(cpu) ||
            has_due_timer(cpu));
}

bool hosted_is_running(unsigned int cpu)
{
    return cpus[cpu].running;
}

bool hosted_is_idle(unsigned int cpu)
{
    return !cpus[cpu].stuck && !cpus[cpu].running && !hosted_has_tasklet(cpu);
}

static unsigned int pick(unsigned int n)
{
    unsigned int cpu, i;

    shuffle = shuffle ? shuffle * 1103515245 + 12345 : 0;
    i = shuffle ? (shuffle >> 16) % n : 0;
    for_each_online_cpu ( cpu )
        if ( wants_to_run(cpu) && !i-- )
            return cpu;
    abort();
}

/* Without shuffling every CPU has its turn; with it, any one. */
bool hosted_run_some(unsigned int turns)
{
    unsigned int cpu, n, done = 0;

    while ( done < turns )
    {
        n = 0;
        for_each_online_cpu ( cpu )
            n += wants_to_run(cpu);
        if ( !n )
        {
            const struct timer *timer = next_timer();

            if ( !timer )
                return true;
            hosted_clock = max(hosted_clock, timer->expires);
            done++;
            continue;
        }
        if ( shuffle )
        {
            run_cpu(pick(n));
            done++;
            continue;
        }
        for_each_online_cpu ( cpu )
            if ( wants_to_run(cpu) && done++ < turns )
                run_cpu(cpu);
    }
    return false;
}

void hosted_run(void)
{
    if ( !hosted_run_some(TOO_MANY_TURNS) )
        hosted_fail("CPUs run for ever");
    hosted_grace_period();
}

void hosted_shuffle(unsigned int seed)
{
    shuffle = seed;
}

/* -- Services on them ---------------------------------------------------- */

void cpu_relax(void)
{
    hosted_cpus.relax();
}

s_time_t get_s_time(void)
{
    return hosted_cpus.now();
}

void hosted_idle(void)
{
    hosted_fire_timers();
    do_tasklet();
    check_for_livepatch_work();
    if ( !local_irq_is_enabled() )
        hosted_fail("IRQs stayed off on CPU %u", hosted_cpu);
}

void process_pending_softirqs(void) {}

/* What call_rcu() was given, the last one first. */
static struct rcu_head *rcu_waiting;

void call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *head))
{
    head->func = func;
    head->next = __atomic_load_n(&rcu_waiting, __ATOMIC_RELAXED);
    while ( !__atomic_compare_exchange_n(&rcu_waiting, &head->next, head, true,
                                         __ATOMIC_RELEASE, __ATOMIC_RELAXED) )
        continue;
}

void hosted_grace_period(void)
{
    struct rcu_head *next, *head = __atomic_exchange_n(&rcu_waiting, NULL,
                                                       __ATOMIC_ACQUIRE);

    for ( ; head; head = next )
    {
        next = head->next;
        head->func(head);
    }
}

/* cpu_down() may hold the CPU maps, and wait for who calls this. */
void rcu_barrier(void)
{
    hosted_fail("somebody waits for all CPUs' softirqs");
}

unsigned int hosted_spin_debug_disabled;

void spin_lock_init(spinlock_t *lock)
{
    *lock = (spinlock_t)SPIN_LOCK_UNLOCKED;
}

bool spin_trylock(spinlock_t *lock)
{
    if ( pthread_mutex_trylock(&lock->mutex) )
        return false;
    lock->holder = hosted_cpu;
    __atomic_store_n(&lock->held, 1, __ATOMIC_RELAXED);
    return true;
}

void spin_lock(spinlock_t *lock)
{
    while ( !spin_trylock(lock) )
        hosted_cpus.relax();
}

void spin_unlock(spinlock_t *lock)
{
    if ( !lock->held || lock->holder != hosted_cpu )
        hosted_fail("CPU %u releases a lock that it doesn't hold", hosted_cpu);
    __atomic_store_n(&lock->held, 0, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&lock->mutex);
}

bool spin_is_locked(const spinlock_t *lock)
{
    return __atomic_load_n(&lock->held, __ATOMIC_RELAXED);
}

void tasklet_init(struct tasklet *t, void (*func)(void *), void *data)
{
    *t = (struct tasklet){ .scheduled_on = -1, .func = func, .data = data };
}

void tasklet_schedule_on_cpu(struct tasklet *t, unsigned int cpu)
{
    if ( !t->func || cpu >= nr_cpu_ids || !cpu_online(cpu) )
        hosted_fail("tasklet %p scheduled on CPU %u", t, cpu);
    spin_lock(&tasklet_lock);
    if ( t->scheduled_on < 0 )
    {
        t->scheduled_on = cpu;
        list_add_tail(&t->list, &cpus[cpu].tasklets);
    }
    spin_unlock(&tasklet_lock);
    hosted_cpus.kick(cpu);
}

void tasklet_schedule(struct tasklet *t)
{
    tasklet_schedule_on_cpu(t, smp_processor_id());
}

void tasklet_kill(struct tasklet *t)
{
    spin_lock(&tasklet_lock);
    if ( t->scheduled_on >= 0 )
        list_del(&t->list);
    t->scheduled_on = -1;
    spin_unlock(&tasklet_lock);
}

bool hosted_has_tasklet(unsigned int cpu)
{
    bool has;

    spin_lock(&tasklet_lock);
    has = !list_empty(&cpus[cpu].tasklets);
    spin_unlock(&tasklet_lock);
    return has;
}

/* One a call, as in Xen. */
void do_tasklet(void)
{
    struct list_head *mine = &cpus[hosted_cpu].tasklets;
    struct tasklet *t = NULL;
    void (*func)(void *) = NULL;
    void *data = NULL;

    spin_lock(&tasklet_lock);
    if ( !list_empty(mine) )
    {
        t = list_first_entry(mine, struct tasklet, list);
        list_del(&t->list);
        t->scheduled_on = -1;
        func = t->func;
        data = t->data;
    }
    spin_unlock(&tasklet_lock);
    if ( func )
        func(data);
}

/* -- Online and offline -------------------------------------------------- */

void register_cpu_notifier(struct notifier_block *nb)
{
    if ( nnotifiers == ARRAY_SIZE(notifiers) )
        abort();
    notifiers[nnotifiers++] = nb;
}

static void notify(unsigned long action, unsigned int cpu)
{
    unsigned int i;

    for ( i = 0; i < nnotifiers; i++ )
        notifiers[i]->notifier_call(notifiers[i], action,
                                    (void *)(unsigned long)cpu);
}

/* What a CPU that is gone had to do is CPU 0's. */
static void take_over_from(unsigned int cpu)
{
    struct timer *timer;
    struct tasklet *t;

    for ( timer = timers; timer; timer = timer->next )
        if ( timer->cpu == cpu )
            timer->cpu = 0;
    while ( !list_empty(&cpus[cpu].tasklets) )
    {
        t = list_first_entry(&cpus[cpu].tasklets, struct tasklet, list);
        list_del(&t->list);
        list_add_tail(&t->list, &cpus[0].tasklets);
        t->scheduled_on = 0;
    }
}

void hosted_set_cpus(unsigned int n)
{
    unsigned int cpu;

    for ( cpu = 0; cpu < NR_CPUS; cpu++ )
    {
        if ( cpu < n && !cpu_online(cpu) )
        {
            cpumask_set_cpu(cpu, &cpu_present_map);
            notify(CPU_UP_PREPARE, cpu);
            cpumask_set_cpu(cpu, &cpu_online_map);
            notify(CPU_ONLINE, cpu);
        }
        else if ( cpu >= n && cpu_online(cpu) )
        {
            notify(CPU_DOWN_PREPARE, cpu);
            cpumask_clear_cpu(cpu, &cpu_online_map);
            take_over_from(cpu);
            notify(CPU_DEAD, cpu);
        }
    }
}

void hosted_fail_cpu_maps(unsigned long n, unsigned long calls)
{
    maps_fail_at = n;
    maps_fail_calls = calls;
}

bool get_cpu_maps(void)
{
    if ( maps_fail_at > 1 )
        maps_fail_at--;
    else if ( maps_fail_at && maps_fail_calls )
    {
        maps_fail_calls--;
        return false;
    }
    __atomic_add_fetch(&maps_held, 1, __ATOMIC_ACQUIRE);
    return true;
}

bool hosted_cpu_maps_held(void)
{
    return maps_held;
}

void put_cpu_maps(void)
{
    if ( __atomic_sub_fetch(&maps_held, 1, __ATOMIC_RELEASE) < 0 )
        hosted_fail("put_cpu_maps() without get_cpu_maps()");
}

const cpumask_t *cpumask_of(unsigned int cpu)
{
    static cpumask_t masks[NR_CPUS];

    /* Always the same value: no matter who writes it last. */
    __atomic_store_n(&masks[cpu].bits[0], 1UL << cpu, __ATOMIC_RELAXED);
    return &masks[cpu];
}

/* -- NMIs ---------------------------------------------------------------- */

/* Two steps, as in Xen: of two at once, one may be lost. */
nmi_callback_t *set_nmi_callback(nmi_callback_t *callback)
{
    nmi_callback_t *old = __atomic_load_n(&nmi_callback, __ATOMIC_SEQ_CST);

    __atomic_store_n(&nmi_callback, callback, __ATOMIC_SEQ_CST);
    return old;
}

void unset_nmi_callback(void)
{
    set_nmi_callback(NULL);
}

void hosted_take_nmi(void)
{
    nmi_callback_t *callback = __atomic_load_n(&nmi_callback,
                                               __ATOMIC_SEQ_CST);

    if ( callback && callback(&cpus[hosted_cpu].regs, hosted_cpu) )
        return;
    __atomic_add_fetch(&hosted_nmis_handled, 1, __ATOMIC_RELAXED);
}

void hosted_nmi(unsigned int cpu)
{
    __atomic_add_fetch(&hosted_nmis_raised, 1, __ATOMIC_RELAXED);
    hosted_cpus.send_nmi(cpu);
}

void send_IPI_mask(const cpumask_t *mask, int vector)
{
    unsigned int cpu;

    if ( vector != APIC_DM_NMI )
        hosted_fail("IPI %#x", vector);
    for_each_cpu ( cpu, mask )
        hosted_nmi(cpu);
}

void send_IPI_self(int vector)
{
    send_IPI_mask(cpumask_of(hosted_cpu), vector);
}

void self_nmi(void)
{
    hosted_nmi(hosted_cpu);
}

void apic_wait_icr_idle(void) {}

static int watchdog_disabled;

void watchdog_disable(void)
{
    __atomic_add_fetch(&watchdog_disabled, 1, __ATOMIC_RELAXED);
}

void watchdog_enable(void)
{
    __atomic_sub_fetch(&watchdog_disabled, 1, __ATOMIC_RELAXED);
}

/* -- Stragglers ---------------------------------------------------------- */

DEFINE_PER_CPU(struct vcpu *, curr_vcpu);

struct vcpu *hosted_current(void)
{
    return per_cpu(curr_vcpu, hosted_cpu);
}

struct vcpu *get_cpu_current(unsigned int cpu)
{
    return per_cpu(curr_vcpu, cpu);
}

struct cpu_user_regs *guest_cpu_user_regs(void)
{
    return &cpus[hosted_cpu].regs;
}

void hosted_stick(unsigned int cpu, struct vcpu *vcpu, unsigned long ip,
                  bool guest)
{
    cpus[cpu].stuck = true;
    cpus[cpu].regs.rip = ip;
    cpus[cpu].regs.cs = guest ? 0xe033 : 0xe008;
    if ( vcpu )
    {
        vcpu->processor = cpu;
        per_cpu(curr_vcpu, cpu) = vcpu;
    }
}

void hosted_stick_deaf(unsigned int cpu)
{
    cpus[cpu].stuck = cpus[cpu].deaf = true;
}

/* The NMI that it couldn't take comes now. */
void hosted_free(unsigned int cpu)
{
    bool nmi = cpus[cpu].nmi;

    cpus[cpu].stuck = cpus[cpu].deaf = cpus[cpu].nmi = false;
    if ( nmi )
        coroutine_nmi(cpu);
    per_cpu(curr_vcpu, cpu) = idle_vcpu[cpu];
}

/* -- Start --------------------------------------------------------------- */

static void __attribute__((__constructor__(102))) cpu_start(void)
{
    unsigned int cpu;

    main_thread = true;
    nr_cpu_ids = NR_CPUS;
    for ( cpu = 0; cpu < NR_CPUS; cpu++ )
        INIT_LIST_HEAD(&cpus[cpu].tasklets);
    /* The boot CPU, before anybody listens. */
    cpumask_set_cpu(0, &cpu_present_map);
    cpumask_set_cpu(0, &cpu_online_map);
}

void hosted_reset_cpus(void)
{
    unsigned int cpu;

    for ( cpu = 0; cpu < NR_CPUS; cpu++ )
    {
        hosted_free(cpu);
        cpus[cpu].irqs_off = false;
    }
    memset(hosted_serialised, 0, sizeof(hosted_serialised));
    memset(hosted_flushed, 0, sizeof(hosted_flushed));
    hosted_nmis_handled = hosted_nmis_raised = 0;
    maps_fail_at = maps_fail_calls = 0;
    hosted_turn = 100;
    shuffle = 0;
    if ( watchdog_disabled )
        hosted_fail("the watchdog stayed disabled");
    if ( maps_held )
        hosted_fail("the CPU maps stayed held");
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
