/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rendezvous, one turn of a CPU after the other: what test_rendezvous.c
 * meets by chance is brought about here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <asm/nmi.h>
#include <xen/errno.h>
#include <xen/kernel.h>
#include <xen/lib.h>
#include <xen/livepatch.h>
#include <xen/tasklet.h>

#include "hosted.h"
#include "quiesce.h"

#define TIMEOUT MICROSECS(500)

/* What the last rendezvous of a test was. */
static unsigned int acted, ended;
static struct quiesce_result result;
static struct quiesce_straggler late[NR_CPUS];
static void (*in_act)(void), (*in_done)(void), (*at_relax)(void);
static void (*relax)(void);

static void spy_relax(void)
{
    if ( at_relax )
        at_relax();
    relax();
}

static void act(void *arg)
{
    unsigned int cpu;

    acted++;
    assert_ptr_equal(arg, &acted);
    for_each_online_cpu ( cpu )
        assert_true(hosted_irqs_are_off(cpu));
    if ( in_act )
        in_act();
}

static void done(void *arg, const struct quiesce_result *r)
{
    unsigned int i;

    ended++;
    assert_ptr_equal(arg, &acted);
    assert_true(local_irq_is_enabled());
    assert_false(quiesce_in_progress());
    result = *r;
    for ( i = 0; i < r->nstragglers; i++ )
        late[i] = r->stragglers[i];
    if ( in_done )
        in_done();
}

static int begin(s_time_t timeout)
{
    const struct quiesce_work work = {
        .timeout = timeout, .act = act, .done = done, .arg = &acted,
    };

    return quiesce_start(&work);
}

/* Begins one and lets all CPUs run to its end. */
static void meet(void)
{
    acted = ended = 0;
    memset(&result, 0xff, sizeof(result));
    assert_int_equal(begin(TIMEOUT), 0);
    assert_true(quiesce_in_progress());
    hosted_run();
    assert_int_equal(ended, 1);
    assert_false(quiesce_in_progress());
}

static void meets(void)
{
    meet();
    assert_int_equal(result.rc, 0);
    assert_int_equal(acted, 1);
    assert_int_equal(result.nstragglers, 0);
}

static void fails(unsigned int nstragglers)
{
    meet();
    assert_int_equal(result.rc, -EBUSY);
    assert_int_equal(acted, 0);
    assert_int_equal(result.nstragglers, nstragglers);
}

static int setup(void **state)
{
    hosted_boot();
    hosted_reset();
    relax = hosted_cpus.relax;
    hosted_cpus.relax = spy_relax;
    return 0;
}

static int teardown(void **state)
{
    unsigned int cpu;

    in_act = in_done = at_relax = NULL;
    for_each_online_cpu ( cpu )
        hosted_free(cpu);
    hosted_run();
    for_each_online_cpu ( cpu )
        assert_false(hosted_irqs_are_off(cpu));
    hosted_cpus.relax = relax;
    hosted_set_cpus(HOSTED_CPUS);
    hosted_check_clean();
    return 0;
}

/* -- When all goes well -------------------------------------------------- */

static void all_stand_still_while_one_acts(void **state)
{
    static const unsigned int sizes[] = { 1, 2, 4, 8, 64 };
    unsigned int before[NR_CPUS], i, cpu;

    for ( i = 0; i < ARRAY_SIZE(sizes); i++ )
    {
        hosted_set_cpus(sizes[i]);
        memcpy(before, hosted_serialised, sizeof(before));
        meets();
        assert_int_equal(result.needed, sizes[i] - 1);
        for_each_online_cpu ( cpu )
        {
            assert_true(hosted_serialised[cpu] > before[cpu]);
            assert_false(hosted_irqs_are_off(cpu));
        }
    }
}

static void times_are_lengths_of_what_they_say(void **state)
{
    s_time_t start = hosted_clock;

    meets();
    assert_true(result.arrival > 0);
    assert_true(result.patching > 0);
    assert_true(result.stopped > result.patching);
    assert_true(result.arrival + result.stopped <= hosted_clock - start);
}

static void only_one_at_a_time(void **state)
{
    acted = ended = 0;
    assert_int_equal(begin(TIMEOUT), 0);
    assert_int_equal(begin(TIMEOUT), -EBUSY);
    hosted_run();
    assert_int_equal(acted, 1);
    assert_int_equal(ended, 1);
    meets();
}

static void begin_again(void)
{
    in_done = NULL;
    assert_int_equal(begin(TIMEOUT), 0);
}

static void the_next_can_begin_within_done(void **state)
{
    in_done = begin_again;
    acted = ended = 0;
    assert_int_equal(begin(TIMEOUT), 0);
    hosted_run();
    assert_int_equal(acted, 2);
    assert_int_equal(ended, 2);
}

static void without_memory_nothing_begins(void **state)
{
    hosted_fail_allocation(1);
    assert_int_equal(begin(TIMEOUT), -ENOMEM);
    assert_false(quiesce_in_progress());
    hosted_run();
    meets();
}

static void nothing(void *unused) {}

/* A CPU that is called where it can't stand still comes later. */
static void only_an_idle_vcpu_answers(void **state)
{
    struct vcpu *guest = hosted_domain(5)->vcpu[0], *idle = idle_vcpu[0];
    static struct tasklet any;

    acted = ended = 0;
    assert_int_equal(begin(TIMEOUT), 0);

    per_cpu(curr_vcpu, 0) = guest;
    do_tasklet();
    check_for_livepatch_work();
    assert_int_equal(ended, 0);

    per_cpu(curr_vcpu, 0) = idle;
    local_irq_disable();
    check_for_livepatch_work();
    assert_int_equal(ended, 0);
    local_irq_enable();

    /* The next tasklet brings it back to where it can. */
    assert_true(quiesce_in_progress());
    tasklet_init(&any, nothing, NULL);
    tasklet_schedule(&any);
    hosted_run();
    assert_int_equal(ended, 1);
    assert_int_equal(acted, 1);
}

/* A flag that waits for better times would go with its CPU, which S3 takes
 * offline, and the call would never end. */
static void the_way_to_sleep_doesnt_matter(void **state)
{
    system_state = SYS_STATE_suspend;
    meets();
    system_state = SYS_STATE_active;
}

/* -- When somebody is late ----------------------------------------------- */

static void those_who_are_late_are_named(void **state)
{
    struct domain *d = hosted_domain(5);

    hosted_stick(2, d->vcpu[0], 0x401234, true);
    fails(1);
    assert_int_equal(result.needed, 3);
    assert_int_equal(late[0].cpu, 2);
    assert_int_equal(late[0].domid, 5);
    assert_int_equal(late[0].vcpu, d->vcpu[0]->vcpu_id);
    assert_int_equal(late[0].where, LIVEPATCH_REPORT_WHERE_GUEST);
    assert_int_equal(late[0].ip, 0x401234);
    assert_true(result.arrival >= TIMEOUT);
}

static void all_of_them_are(void **state)
{
    hosted_stick(1, hosted_domain(6)->vcpu[0], 0x82d040200000, false);
    hosted_stick_deaf(3);
    fails(2);
    assert_int_equal(late[0].cpu, 1);
    assert_int_equal(late[0].domid, 6);
    assert_int_equal(late[0].where, LIVEPATCH_REPORT_WHERE_HYPERVISOR);
    assert_int_equal(late[0].ip, 0x82d040200000);
    assert_int_equal(late[1].cpu, 3);
    assert_int_equal(late[1].domid, DOMID_IDLE);
    assert_int_equal(late[1].where, LIVEPATCH_REPORT_WHERE_UNKNOWN);
}

/* Core scheduling: its place belongs to a guest's other vCPU. */
static void an_idle_vcpu_in_a_guests_place_is_the_guests(void **state)
{
    struct vcpu *guest = hosted_domain(5)->vcpu[0], *idle = idle_vcpu[2];
    struct sched_unit *own = idle->sched_unit;

    idle->sched_unit = guest->sched_unit;
    hosted_stick_deaf(2);
    fails(1);
    idle->sched_unit = own;
    assert_int_equal(late[0].domid, 5);
    assert_int_equal(late[0].vcpu, guest->vcpu_id);
}

static void who_comes_too_late_goes_again(void **state)
{
    unsigned int cpu;

    hosted_stick_deaf(2);
    fails(1);
    hosted_free(2);
    hosted_run();
    for_each_online_cpu ( cpu )
        assert_false(hosted_irqs_are_off(cpu));
    assert_int_equal(ended, 1);
    meets();
}

/* It takes the NMI by which it was asked when it isn't listened to any more,
 * and another's with it. */
static void a_late_answer_is_made_up_for(void **state)
{
    nmi_watchdog = NMI_IO_APIC;
    hosted_stick_deaf(2);
    fails(1);
    hosted_free(2);
    assert_int_equal(hosted_nmis_handled, 0);
    hosted_run();
    assert_int_equal(hosted_nmis_handled, 1);
    meets();
    assert_int_equal(hosted_nmis_handled, 1);
    nmi_watchdog = NMI_NONE;
}

/* Stops a CPU as soon as it waits: with IRQs on, or with IRQs off. */
static unsigned int freeze_cpu;
static bool freeze_masked;

static void freeze(void)
{
    if ( hosted_cpu == freeze_cpu && local_irq_is_enabled() != freeze_masked )
        hosted_stick_deaf(freeze_cpu);
}

/*
 * CPU 2 comes, and is then away for long (another hypervisor below, or SMM),
 * while the rendezvous that it came to is given up.
 */
static void who_came_to_another_isnt_counted(void **state)
{
    hosted_stick_deaf(3);
    freeze_cpu = 2;
    freeze_masked = false;
    at_relax = freeze;
    fails(1);
    assert_int_equal(late[0].cpu, 3);
    at_relax = NULL;

    hosted_free(3);
    fails(1);
    assert_int_equal(late[0].cpu, 2);

    hosted_free(2);
    meets();
}

static bool second_frozen;

static void freeze_two(void)
{
    if ( hosted_cpu == 2 && !local_irq_is_enabled() )
        hosted_stick_deaf(2);
    /* It has come, but won't mask. */
    if ( hosted_cpu == 3 && local_irq_is_enabled() && !second_frozen )
    {
        hosted_stick_deaf(3);
        second_frozen = true;
    }
}

static void nor_who_masked_his_irqs_for_another(void **state)
{
    second_frozen = false;
    at_relax = freeze_two;
    fails(1);
    assert_int_equal(late[0].cpu, 3);
    assert_true(hosted_irqs_are_off(2));
    at_relax = NULL;

    hosted_free(3);
    fails(1);
    assert_int_equal(late[0].cpu, 2);
    hosted_free(2);
    hosted_run();
    assert_false(hosted_irqs_are_off(2));
    meets();
}

/* It hears of the call when the next rendezvous has begun, and may lead it. */
static void a_late_call_joins_the_next(void **state)
{
    unsigned int turns;

    for ( turns = 0; turns < 20; turns++ )
    {
        hosted_stick_deaf(1);
        fails(1);
        acted = ended = 0;
        hosted_free(1);
        hosted_shuffle(turns + 1);
        assert_int_equal(begin(TIMEOUT), 0);
        hosted_run();
        assert_int_equal(ended, 1);
        assert_int_equal(acted, 1);
    }
}

static s_time_t (*now)(void);

static s_time_t others_run_meanwhile(void)
{
    hosted_cpus.now = now;
    hosted_run_some(10);
    assert_int_equal(acted, 0);
    return now();
}

/* The call is only there for others when all of it is. */
static void a_late_call_finds_no_half_written_one(void **state)
{
    hosted_stick_deaf(1);
    fails(1);
    acted = ended = 0;
    hosted_free(1);
    now = hosted_cpus.now;
    hosted_cpus.now = others_run_meanwhile;
    assert_int_equal(begin(TIMEOUT), 0);
    assert_ptr_equal(hosted_cpus.now, now);
    hosted_run();
    assert_int_equal(ended, 1);
    assert_int_equal(acted, 1);
}

/* -- Attempts ------------------------------------------------------------ */

#define ATTEMPT MILLISECS(20)   /* As in quiesce.c. */
#define LONG    MILLISECS(200)

/* Lets the CPUs run until nobody stands still between two attempts. */
static void run_to_pause(unsigned int stuck)
{
    unsigned int cpu, busy;

    do {
        assert_false(hosted_run_some(1));
        busy = 0;
        for_each_online_cpu ( cpu )
            busy += cpu != stuck && !hosted_is_idle(cpu);
    } while ( busy );
    assert_true(quiesce_in_progress());
    assert_false(hosted_cpu_maps_held());
}

static void begin_long(void)
{
    acted = ended = 0;
    hosted_turn = MICROSECS(5);
    hosted_shuffle(1);
    assert_int_equal(begin(LONG), 0);
}

static s_time_t stands_since[NR_CPUS], stood_at[NR_CPUS], stood_longest;

static void watch_who_stands(void)
{
    unsigned int cpu = hosted_cpu;

    if ( hosted_clock - stood_at[cpu] > MILLISECS(1) )
        stands_since[cpu] = hosted_clock;
    stood_at[cpu] = hosted_clock;
    stood_longest = max(stood_longest, hosted_clock - stands_since[cpu]);
}

static void nobody_stands_still_for_long(void **state)
{
    unsigned int pauses = 0;
    s_time_t start;

    hosted_stick(2, hosted_domain(5)->vcpu[0], 0x401234, true);
    begin_long();
    start = hosted_clock;
    memset(stood_at, 0, sizeof(stood_at));
    stood_longest = 0;
    at_relax = watch_who_stands;
    while ( !ended )
    {
        if ( hosted_clock - start > LONG - 2 * ATTEMPT )
        {
            hosted_run();
            break;
        }
        run_to_pause(2);
        pauses++;
    }
    assert_true(pauses >= 4);
    assert_int_equal(result.rc, -EBUSY);
    assert_int_equal(result.nstragglers, 1);
    assert_int_equal(late[0].where, LIVEPATCH_REPORT_WHERE_GUEST);
    /* Nobody was asked where he is but by the last attempt. */
    assert_int_equal(hosted_nmis_raised, 1);
    assert_true(result.attempts >= 5 && result.attempts <= 6);
    assert_true(result.stall >= ATTEMPT);
    assert_true(result.stall < ATTEMPT + MILLISECS(1));
    assert_true(stood_longest <= result.stall);
    assert_true(result.arrival >= LONG);
    assert_true(result.arrival < LONG + MILLISECS(1));
}

/* A CPU that waits for the maps with no way to come: it is online or offline
 * before, and comes then. */
static void who_needs_the_maps_gets_them(void **state)
{
    hosted_stick_deaf(2);
    begin_long();
    run_to_pause(2);
    hosted_fail_cpu_maps(1, 3);
    hosted_free(2);
    hosted_run();
    assert_int_equal(ended, 1);
    assert_int_equal(result.rc, 0);
    assert_int_equal(acted, 1);
    assert_int_equal(result.attempts, 2);
    assert_true(result.stall < ATTEMPT + MILLISECS(1));
}

static void who_was_late_begins_the_next_at_once(void **state)
{
    hosted_stick_deaf(2);
    begin_long();
    run_to_pause(2);
    hosted_free(2);
    hosted_run();
    assert_int_equal(result.rc, 0);
    assert_int_equal(result.attempts, 2);
    assert_true(result.arrival < ATTEMPT + MILLISECS(1));
}

/* The emulated, or nested, CPUs of a busy machine. */
static unsigned int not_run;

static void leader_is_not_run(void)
{
    if ( hosted_cpu != 0 )
        return;
    if ( not_run++ < 10 )
        hosted_clock += MILLISECS(5);
    else
        hosted_free(2);
}

static void time_in_which_no_cpu_runs_does_not_count(void **state)
{
    not_run = 0;
    hosted_stick_deaf(2);
    at_relax = leader_is_not_run;
    begin_long();
    hosted_run();
    assert_int_equal(result.rc, 0);
    assert_int_equal(result.attempts, 1);
    assert_true(result.stall >= MILLISECS(50));

    /* The action's own does. */
    not_run = 0;
    hosted_stick_deaf(2);
    acted = ended = 0;
    assert_int_equal(begin(MILLISECS(30)), 0);
    hosted_run();
    assert_int_equal(result.rc, -EBUSY);
    assert_int_equal(result.attempts, 1);
}

/* Whoever was to call for it is gone. */
static void a_pause_outlives_its_cpu(void **state)
{
    hosted_cpu = 3;
    hosted_stick_deaf(2);
    begin_long();
    hosted_cpu = 0;
    run_to_pause(2);
    hosted_set_cpus(3);
    hosted_run();
    assert_int_equal(ended, 1);
    assert_int_equal(result.rc, -EBUSY);
    assert_int_equal(result.needed, 2);
    hosted_free(2);
    hosted_run();
    meets();
}

/* The leader's own CPU was kept from calling for it until after the end. */
static void nobody_is_late_for_an_attempt_that_begins_late(void **state)
{
    hosted_stick_deaf(2);
    begin_long();
    run_to_pause(2);
    hosted_stick_deaf(0);
    hosted_run();
    assert_int_equal(ended, 0);
    hosted_clock += LONG;
    hosted_free(0);
    hosted_free(2);
    hosted_run();
    assert_int_equal(ended, 1);
    assert_int_equal(result.rc, 0);
}

static void freeze_2(void)
{
    hosted_stick_deaf(2);
}

/* It has stood still, and doesn't go on: nobody waits for it for ever, and
 * when it does it doesn't execute what it fetched before. */
static void who_does_not_leave_is_told(void **state)
{
    unsigned int before;

    in_act = freeze_2;
    hosted_turn = MICROSECS(50);
    meets();
    in_act = NULL;
    assert_true(hosted_irqs_are_off(2));
    assert_non_null(strstr(hosted_console(), "1 CPU(s) have not gone on after "
                                             "the change; one is CPU 2"));
    fails(1);
    assert_int_equal(late[0].cpu, 2);

    before = hosted_serialised[2];
    hosted_free(2);
    hosted_run();
    assert_false(hosted_irqs_are_off(2));
    assert_true(hosted_serialised[2] > before);
    meets();
}

/* -- CPUs that come and go ----------------------------------------------- */

static void hotplug_is_waited_for(void **state)
{
    hosted_fail_cpu_maps(1, 5);
    meets();
}

static void but_not_for_ever(void **state)
{
    hosted_fail_cpu_maps(1, 1000000);
    fails(0);
    assert_true(result.arrival >= TIMEOUT);
    hosted_fail_cpu_maps(0, 0);
    meets();
}

/* The leader, who is about to find that he has to try later. */
static unsigned int leader;
static void (*kick)(unsigned int cpu);

static s_time_t late_one_comes_meanwhile(void)
{
    unsigned int turns;

    hosted_cpus.now = now;
    leader = hosted_cpu;
    for ( turns = 0; turns < 10; turns++ )
        hosted_cpus.relax();
    return now();
}

static void away_for_a_while(void)
{
    static unsigned int turns;

    if ( hosted_cpu == leader && ++turns % 20 == 0 )
        hosted_free(1);
}

/* The leader calls himself to another try. */
static void late_one_goes_again(unsigned int cpu)
{
    unsigned int turns;

    if ( cpu != leader )
        return;
    hosted_cpus.kick = kick;
    for ( turns = 0; turns < 10; turns++ )
        hosted_cpus.relax();
    hosted_stick_deaf(1);
    at_relax = away_for_a_while;
}

/* CPU 1 comes to the first try by a call from before, and late to the next. */
static void who_came_to_a_try_isnt_counted_for_the_next(void **state)
{
    hosted_stick_deaf(1);
    fails(1);
    acted = ended = 0;
    hosted_free(1);
    hosted_fail_cpu_maps(1, 1);
    leader = NR_CPUS;
    assert_int_equal(begin(TIMEOUT), 0);
    now = hosted_cpus.now;
    hosted_cpus.now = late_one_comes_meanwhile;
    kick = hosted_cpus.kick;
    hosted_cpus.kick = late_one_goes_again;
    hosted_run();
    assert_int_equal(leader, 0);
    assert_ptr_equal(hosted_cpus.now, now);
    assert_ptr_equal(hosted_cpus.kick, kick);
    assert_int_equal(ended, 1);
    assert_int_equal(result.rc, 0);
    assert_int_equal(acted, 1);
}

/* -- NMIs ---------------------------------------------------------------- */

static void nmi_for_all(void)
{
    unsigned int cpu, before = hosted_nmis_handled;

    for_each_online_cpu ( cpu )
        hosted_nmi(cpu);
    assert_int_equal(hosted_nmis_handled, before);
}

static void nmis_while_stopped_come_later(void **state)
{
    in_act = nmi_for_all;
    meets();
    assert_int_equal(hosted_nmis_handled, HOSTED_CPUS);

    /* And not once more. */
    in_act = NULL;
    meets();
    assert_int_equal(hosted_nmis_handled, HOSTED_CPUS);
}

/* From its IRQs going off on until it has serialised, for every CPU. */
static unsigned int serialised_before[NR_CPUS], nmis;

static void nmi_where_stopped(void)
{
    unsigned int cpu, handled = hosted_nmis_handled;

    for_each_online_cpu ( cpu )
        if ( hosted_irqs_are_off(cpu) ||
             (acted && hosted_serialised[cpu] == serialised_before[cpu]) )
        {
            hosted_nmi(cpu);
            nmis++;
        }
    assert_int_equal(hosted_nmis_handled, handled);
}

static void none_is_handled_by_who_stands_still(void **state)
{
    memcpy(serialised_before, hosted_serialised, sizeof(serialised_before));
    nmis = 0;
    at_relax = nmi_where_stopped;
    meets();
    at_relax = NULL;
    assert_true(nmis > HOSTED_CPUS);
    assert_int_equal(hosted_nmis_handled, HOSTED_CPUS - 1);
}

static void freeze_two_with_nmi(void)
{
    freeze_two();
    if ( hosted_cpu == 1 && !local_irq_is_enabled() && !nmis )
    {
        hosted_nmi(1);
        nmis++;
        assert_int_equal(hosted_nmis_handled, 0);
    }
}

static void nor_lost_when_it_is_given_up(void **state)
{
    second_frozen = false;
    nmis = 0;
    at_relax = freeze_two_with_nmi;
    fails(1);
    assert_int_equal(nmis, 1);
    assert_int_equal(hosted_nmis_handled, 1);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(all_stand_still_while_one_acts),
        TEST(times_are_lengths_of_what_they_say),
        TEST(only_one_at_a_time),
        TEST(the_next_can_begin_within_done),
        TEST(without_memory_nothing_begins),
        TEST(only_an_idle_vcpu_answers),
        TEST(the_way_to_sleep_doesnt_matter),
        TEST(those_who_are_late_are_named),
        TEST(all_of_them_are),
        TEST(an_idle_vcpu_in_a_guests_place_is_the_guests),
        TEST(who_comes_too_late_goes_again),
        TEST(a_late_answer_is_made_up_for),
        TEST(who_came_to_another_isnt_counted),
        TEST(nor_who_masked_his_irqs_for_another),
        TEST(a_late_call_joins_the_next),
        TEST(a_late_call_finds_no_half_written_one),
        TEST(nobody_stands_still_for_long),
        TEST(who_needs_the_maps_gets_them),
        TEST(who_was_late_begins_the_next_at_once),
        TEST(time_in_which_no_cpu_runs_does_not_count),
        TEST(a_pause_outlives_its_cpu),
        TEST(nobody_is_late_for_an_attempt_that_begins_late),
        TEST(who_does_not_leave_is_told),
        TEST(hotplug_is_waited_for),
        TEST(but_not_for_ever),
        TEST(who_came_to_a_try_isnt_counted_for_the_next),
        TEST(nmis_while_stopped_come_later),
        TEST(none_is_handled_by_who_stands_still),
        TEST(nor_lost_when_it_is_given_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
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
