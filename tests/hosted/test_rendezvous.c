/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rendezvous with threads for CPUs: random delays, deadlines that are met
 * and missed, CPUs that come and go, several callers.  What each CPU works on
 * is plain memory, and act() writes all of it: under ThreadSanitizer a CPU
 * that doesn't stand still, or that doesn't see what act() has written, is a
 * race.
 *
 * ROUNDS=n in the environment: how many for each number of CPUs.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <xen/errno.h>
#include <xen/lib.h>
#include <xen/livepatch.h>

#include "hosted.h"
#include "quiesce.h"

#define MAX_CPUS 8
#define ROUNDS   1500

struct round {
    unsigned int begun_by, acted, ended;
    s_time_t timeout;
};

static struct worker {
    pthread_t thread;
    unsigned int cpu;
    uint64_t random;
    bool nmi;                   /* Pending. */
    unsigned long data[4];      /* All equal, whenever nobody writes. */
} workers[MAX_CPUS];

static unsigned int ncpus, rounds;
static unsigned int begun, ended, acted, given_up, hotplug, refused, repeated;
static bool stop;

#define get(x)  __atomic_load_n(&(x), __ATOMIC_RELAXED)
#define inc(x)  __atomic_add_fetch(&(x), 1, __ATOMIC_RELAXED)

/* What cmocka's asserts do isn't for other threads. */
#define insist(condition)                                               \
    do {                                                                \
        if ( !(condition) )                                             \
        {                                                               \
            fprintf(stderr, "%s:%d: CPU %u: not true: %s\n", __FILE__,  \
                    __LINE__, hosted_cpu, #condition);                  \
            _exit(1);                                                   \
        }                                                               \
    } while ( 0 )

static unsigned int chance(struct worker *w, unsigned int n)
{
    w->random ^= w->random << 13;
    w->random ^= w->random >> 7;
    w->random ^= w->random << 17;
    return w->random % n;
}

/* -- What the CPUs are --------------------------------------------------- */

static void take_nmi(void)
{
    if ( __atomic_exchange_n(&workers[hosted_cpu].nmi, false,
                             __ATOMIC_ACQ_REL) )
        hosted_take_nmi();
}

static void thread_relax(void)
{
    take_nmi();
    sched_yield();
}

static s_time_t thread_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return SECONDS(t.tv_sec) + t.tv_nsec;
}

static void thread_kick(unsigned int cpu) {}

static void thread_nmi(unsigned int cpu)
{
    __atomic_store_n(&workers[cpu].nmi, true, __ATOMIC_RELEASE);
}

/* -- What is done while they stand still --------------------------------- */

static void act(void *arg)
{
    struct round *round = arg;
    unsigned int cpu, i;

    insist(!local_irq_is_enabled());
    insist(!round->acted++);
    inc(acted);

    for ( cpu = 0; cpu < ncpus; cpu++ )
    {
        insist(hosted_irqs_are_off(cpu));
        for ( i = 0; i < 4; i++ )
            insist(workers[cpu].data[i] == workers[cpu].data[0]);
        for ( i = 0; i < 4; i++ )
        {
            workers[cpu].data[i] += 1000;
            if ( i == 1 && !chance(&workers[hosted_cpu], 8) )
                sched_yield();
        }
        for ( i = 0; i < 4; i++ )
            insist(workers[cpu].data[i] == workers[cpu].data[0]);
    }

    /* For the next one, as nobody else looks at this now. */
    switch ( chance(&workers[hosted_cpu], 8) )
    {
    case 0:
        hosted_fail_cpu_maps(1, chance(&workers[hosted_cpu], 4));
        break;

    case 1:
        hosted_fail_cpu_maps(1, 60);
        break;

    default:
        hosted_fail_cpu_maps(0, 0);
        break;
    }
}

static void done(void *arg, const struct quiesce_result *result)
{
    struct round *round = arg;
    uint64_t seen = 0;
    unsigned int i;

    insist(local_irq_is_enabled());
    insist(!round->ended++);
    insist(round->acted == !result->rc);
    insist(result->rc == 0 || result->rc == -EBUSY);
    insist(!result->rc || result->arrival >= round->timeout ||
           result->nstragglers);
    insist(result->nstragglers < ncpus);
    insist(!result->nstragglers || result->rc);
    for ( i = 0; i < result->nstragglers; i++ )
    {
        unsigned int cpu = result->stragglers[i].cpu;

        insist(cpu < ncpus && cpu != hosted_cpu && !(seen & (1u << cpu)));
        insist(result->stragglers[i].domid == DOMID_IDLE);
        seen |= 1u << cpu;
    }
    if ( result->rc )
        inc(given_up);
    if ( result->attempts > 1 )
        inc(repeated);
    if ( result->rc && !result->nstragglers )
        inc(hotplug);
    free(round);
    inc(ended);
}

static void begin(struct worker *w)
{
    struct round *round = calloc(1, sizeof(*round));
    struct quiesce_work work = { .act = act, .done = done, .arg = round };
    int rc;

    /* From what nobody can meet to what all can. */
    round->timeout = work.timeout =
        chance(w, 3) ? MILLISECS(50) : MICROSECS(chance(w, 100));
    inc(begun);
    rc = quiesce_start(&work);
    if ( !rc )
        return;
    insist(rc == -EBUSY);
    free(round);
    inc(refused);
    __atomic_sub_fetch(&begun, 1, __ATOMIC_RELAXED);
}

/* -- A CPU --------------------------------------------------------------- */

static void work(struct worker *w)
{
    unsigned int i;

    for ( i = 0; i < 4; i++ )
        insist(w->data[i] == w->data[0]);
    for ( i = 0; i < 4; i++ )
    {
        w->data[i]++;
        if ( !chance(w, 64) )
            sched_yield();
    }
    if ( !chance(w, 100) )
        usleep(chance(w, 400));
    /* Longer than an attempt. */
    if ( !chance(w, 6000) )
        usleep(30000);
}

static void *run(void *arg)
{
    struct worker *w = arg;

    hosted_cpu = w->cpu;
    while ( !get(stop) || quiesce_in_progress() ||
            hosted_has_tasklet(w->cpu) )
    {
        take_nmi();
        work(w);
        hosted_fire_timers();
        if ( hosted_has_tasklet(w->cpu) )
            hosted_idle();
        else
            check_for_livepatch_work();
        insist(local_irq_is_enabled());
        if ( !get(stop) && !chance(w, 4) && get(ended) < rounds )
            begin(w);
        if ( get(ended) >= rounds )
            __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
        if ( !chance(w, 4) )
            sched_yield();
    }
    return NULL;
}

static void meet(void **state)
{
    const char *wanted = getenv("ROUNDS");
    unsigned int i;

    ncpus = *(unsigned int *)*state;
    rounds = wanted ? strtoul(wanted, NULL, 0) : ROUNDS;
    begun = ended = acted = given_up = hotplug = refused = repeated = 0;
    stop = false;
    hosted_set_cpus(ncpus);
    for ( i = 0; i < ncpus; i++ )
        workers[i] = (struct worker){ .cpu = i, .random = 88172645463325252ull
                                                          + i + ncpus };
    for ( i = 0; i < ncpus; i++ )
        if ( pthread_create(&workers[i].thread, NULL, run, &workers[i]) )
            abort();
    for ( i = 0; i < ncpus; i++ )
        pthread_join(workers[i].thread, NULL);

    insist(ended == begun);
    insist(acted + given_up == ended);
    for ( i = 0; i < ncpus; i++ )
        insist(!hosted_irqs_are_off(i));
    print_message("%u CPUs: %u rendezvous, %u acted, %u given up (%u of them "
                  "for CPUs coming and going), %u with more than one attempt, "
                  "%u refused\n", ncpus, ended, acted, given_up, hotplug,
                  repeated, refused);
    /* Chance has to bring about all of it. */
    insist(acted >= rounds / 8);
    insist(given_up > hotplug);
    insist(repeated);
}

static int setup(void **state)
{
    hosted_boot();
    hosted_cpus = (struct hosted_cpus){
        .relax = thread_relax, .now = thread_now, .kick = thread_kick,
        .send_nmi = thread_nmi,
    };
    /* Somebody waits for ever. */
    alarm(300);
    return 0;
}

int main(void)
{
    static unsigned int sizes[] = { 2, 4, 8 };
    const struct CMUnitTest tests[] = {
        { "two_cpus", meet, NULL, NULL, &sizes[0] },
        { "four_cpus", meet, NULL, NULL, &sizes[1] },
        { "eight_cpus", meet, NULL, NULL, &sizes[2] },
    };

    return cmocka_run_group_tests(tests, setup, NULL);
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
