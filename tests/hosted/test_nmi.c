/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NMIs that are held, and those by which CPUs are asked where they are. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

#include <cmocka.h>

#include <asm/apic.h>
#include <asm/nmi.h>
#include <xen/lib.h>
#include <xen/sched.h>

#include "arch.h"
#include "hosted.h"

#define TIMEOUT MICROSECS(100)

static unsigned int others;             /* Calls of another's callback. */

static int other(const struct cpu_user_regs *regs, int cpu)
{
    others++;
    return 1;
}

static nmi_callback_t *ours;

static int setup(void **state)
{
    hosted_boot();
    hosted_reset();
    others = 0;
    /* As it was before the test. */
    ours = set_nmi_callback(NULL);
    set_nmi_callback(ours);
    return 0;
}

static int teardown(void **state)
{
    unsigned int cpu;

    set_nmi_callback(ours);
    nmi_watchdog = NMI_NONE;
    for_each_online_cpu ( cpu )
    {
        hosted_free(cpu);
        /* The answer that it may owe, and what it owes itself. */
        hosted_nmi(cpu);
        hosted_cpu = cpu;
        arch_settle();
    }
    hosted_cpu = 0;
    watchdog_force = false;
    hosted_check_clean();
    return 0;
}

/* -- Held ---------------------------------------------------------------- */

static void one_is_noted_and_comes_again(void **state)
{
    arch_nmi_hold();
    hosted_nmi(2);
    assert_int_equal(hosted_nmis_handled, 0);
    arch_nmi_release();
    assert_int_equal(hosted_nmis_raised, 2);
    assert_int_equal(hosted_nmis_handled, 1);

    /* And that's the end of it. */
    arch_nmi_hold();
    arch_nmi_release();
    assert_int_equal(hosted_nmis_handled, 1);
}

static void on_every_cpu_that_had_any(void **state)
{
    arch_nmi_hold();
    hosted_nmi(0);
    hosted_nmi(0);
    hosted_nmi(3);
    arch_nmi_release();
    assert_int_equal(hosted_nmis_raised, 3 + 2);
    assert_int_equal(hosted_nmis_handled, 2);
}

static void otherwise_they_are_handled_at_once(void **state)
{
    hosted_nmi(1);
    arch_nmi_hold();
    arch_nmi_release();
    hosted_nmi(1);
    assert_int_equal(hosted_nmis_raised, 2);
    assert_int_equal(hosted_nmis_handled, 2);
}

/* -- Other callbacks ----------------------------------------------------- */

static void a_crash_before_us_gets_its_nmis(void **state)
{
    set_nmi_callback(other);
    arch_nmi_hold();
    hosted_nmi(1);
    assert_int_equal(others, 1);
    arch_nmi_release();
    assert_int_equal(hosted_nmis_raised, 1);
    assert_int_equal(others, 1);
    hosted_nmi(1);
    assert_int_equal(others, 2);
}

static void a_crash_meanwhile_too(void **state)
{
    arch_nmi_hold();
    set_nmi_callback(other);
    hosted_nmi(1);
    assert_int_equal(others, 1);
    arch_nmi_release();
    hosted_nmi(1);
    assert_int_equal(others, 2);
    assert_ptr_equal(set_nmi_callback(NULL), other);
}

/*
 * At any moment: what one CPU does is single-stepped, and what another one
 * does happens in the middle, before each instruction in turn.
 */
#define TRAP_FLAG 0x100

static unsigned int steps, interrupted_at;
static void (*in_the_middle)(void);

static void on_step(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;

    if ( steps++ != interrupted_at )
        return;
    uc->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
    in_the_middle();
}

/* Whether it was long enough to be interrupted there. */
static bool interrupt(void (*what)(void), unsigned int at,
                      void (*middle)(void))
{
    struct sigaction step = { .sa_sigaction = on_step,
                              .sa_flags = SA_SIGINFO };
    struct sigaction trap;

    steps = 0;
    interrupted_at = at;
    in_the_middle = middle;
    sigaction(SIGTRAP, &step, &trap);
    __asm__ volatile ( "pushfq; orl %0, (%%rsp); popfq"
                       :: "i" (TRAP_FLAG) : "memory", "cc" );
    what();
    __asm__ volatile ( "pushfq; andl %0, (%%rsp); popfq"
                       :: "i" (~TRAP_FLAG) : "memory", "cc" );
    sigaction(SIGTRAP, &trap, NULL);
    return steps > at;
}

static void nmi_on_1(void)
{
    hosted_nmi(1);
}

/* At each instruction of one thing the other happens: no NMI is lost. */
static void at_every_instruction(void (*of)(void), void (*what)(void))
{
    unsigned int at, handled;

    for ( at = 0; ; at++ )
    {
        handled = hosted_nmis_handled;
        arch_nmi_hold();
        if ( !interrupt(of, at, what) )
            break;
        assert_true(hosted_nmis_handled > handled);
    }
    assert_true(at > 50);
    arch_nmi_release();
}

/* Setting the callback takes two steps.  If the engine took them, too, it
 * would now and then put back what was there before the crash. */
static void crash(void)
{
    set_nmi_callback(other);
}

static struct quiesce_straggler late[2];

static void locate(unsigned int n)
{
    unsigned int i;

    for ( i = 0; i < n; i++ )
        late[i] = (struct quiesce_straggler){ .cpu = i + 1 };
    arch_locate(late, n, TIMEOUT);
}

static void locate_1(void)
{
    locate(1);
}

static void wait_long(void)
{
    hosted_clock += TIMEOUT;
}

static void a_crash_at_any_moment_keeps_the_place(void **state)
{
    static void (*const what[])(void) = {
        arch_nmi_hold, arch_nmi_release, locate_1,
    };
    void (*relax)(void) = hosted_cpus.relax;
    unsigned int i, at;

    hosted_stick(1, hosted_domain(5)->vcpu[0], 0x1234, true);
    hosted_cpus.relax = wait_long;
    for ( i = 0; i < ARRAY_SIZE(what); i++ )
        for ( at = 0; interrupt(what[i], at, crash); at++ )
        {
            nmi_callback_t *now = set_nmi_callback(ours);

            assert_ptr_equal(now, other);
        }
    hosted_cpus.relax = relax;
    arch_nmi_release();
}

static void none_is_lost_at_any_moment(void **state)
{
    at_every_instruction(nmi_on_1, arch_nmi_release);
    at_every_instruction(arch_nmi_release, nmi_on_1);
}

/* -- Asked --------------------------------------------------------------- */

static void cpus_say_where_they_are(void **state)
{
    hosted_stick(1, hosted_domain(5)->vcpu[0], 0x1234, true);
    hosted_stick(2, hosted_domain(6)->vcpu[0], 0xffff82d040200010, false);
    locate(2);
    assert_int_equal(late[0].where, LIVEPATCH_REPORT_WHERE_GUEST);
    assert_int_equal(late[0].ip, 0x1234);
    assert_int_equal(late[1].where, LIVEPATCH_REPORT_WHERE_HYPERVISOR);
    assert_int_equal(late[1].ip, 0xffff82d040200010);
    assert_int_equal(hosted_nmis_raised, 2);
    assert_int_equal(hosted_nmis_handled, 0);
}

/* There the NMI that took the CPU out of the guest comes late. */
static void amd_guests_are_guests(void **state)
{
    unsigned long behind_stgi = (unsigned long)hosted_symbol("xen_stgi") + 3;

    hosted_stick(1, hosted_domain(5)->vcpu[0], behind_stgi, false);
    locate(1);
    assert_int_equal(late[0].where, LIVEPATCH_REPORT_WHERE_HYPERVISOR);
    assert_int_equal(late[0].ip, behind_stgi);

    hosted_features[X86_FEATURE_SVM] = true;
    locate(1);
    assert_int_equal(late[0].where, LIVEPATCH_REPORT_WHERE_GUEST);
    assert_int_equal(late[0].ip, 0);

    hosted_stick(1, hosted_domain(5)->vcpu[0], behind_stgi + 1, false);
    locate(1);
    assert_int_equal(late[0].where, LIVEPATCH_REPORT_WHERE_HYPERVISOR);
    /* What isn't there isn't read. */
    hosted_stick(1, hosted_domain(5)->vcpu[0], 1, false);
    locate(1);
    assert_int_equal(late[0].where, LIVEPATCH_REPORT_WHERE_HYPERVISOR);
}

static void run_others(void)
{
    hosted_clock += 1000;
}

static void who_doesnt_isnt_waited_for(void **state)
{
    void (*relax)(void) = hosted_cpus.relax;
    s_time_t start = hosted_clock;

    hosted_stick_deaf(1);
    hosted_stick(2, hosted_domain(6)->vcpu[0], 0x4321, true);
    hosted_cpus.relax = run_others;
    locate(2);
    hosted_cpus.relax = relax;
    assert_true(hosted_clock - start >= TIMEOUT);
    assert_true(hosted_clock - start < 3 * TIMEOUT);
    assert_int_equal(late[0].where, LIVEPATCH_REPORT_WHERE_UNKNOWN);
    assert_int_equal(late[1].where, LIVEPATCH_REPORT_WHERE_GUEST);

    /* When it takes its NMI at last, that is still ours. */
    hosted_free(1);
    assert_int_equal(hosted_nmis_handled, 0);
    hosted_nmi(1);
    assert_int_equal(hosted_nmis_handled, 1);
}

static void one_that_is_underway_isnt_sent_twice(void **state)
{
    void (*relax)(void) = hosted_cpus.relax;

    hosted_stick_deaf(1);
    hosted_cpus.relax = run_others;
    locate(1);
    locate(1);
    hosted_cpus.relax = relax;
    assert_int_equal(hosted_nmis_raised, 1);
    hosted_free(1);
    hosted_stick(1, hosted_domain(5)->vcpu[0], 0x77, true);
    locate(1);
    assert_int_equal(late[0].where, LIVEPATCH_REPORT_WHERE_GUEST);
    assert_int_equal(late[0].ip, 0x77);
}

static void anothers_is_handled(void **state)
{
    hosted_stick(1, hosted_domain(5)->vcpu[0], 0x1234, true);
    locate(1);
    hosted_nmi(1);
    hosted_nmi(3);
    assert_int_equal(hosted_nmis_handled, 2);
}

/* Its own NMI may have been swallowed with ours: it stands one too many, which
 * nobody else does. */
static void the_watchdog_gets_another(void **state)
{
    hosted_stick(1, hosted_domain(5)->vcpu[0], 0x1234, true);
    nmi_watchdog = NMI_IO_APIC;
    locate(1);
    assert_int_equal(hosted_nmis_handled, 1);
    watchdog_force = true;
    locate(1);
    assert_int_equal(hosted_nmis_handled, 1);
}

/* Also if it answers when nobody listens any more: then it does so itself. */
static void even_if_the_answer_comes_late(void **state)
{
    void (*relax)(void) = hosted_cpus.relax;

    nmi_watchdog = NMI_IO_APIC;
    hosted_stick_deaf(1);
    hosted_cpus.relax = run_others;
    locate(1);
    hosted_cpus.relax = relax;
    hosted_free(1);
    assert_int_equal(hosted_nmis_handled, 0);
    hosted_cpu = 1;
    arch_settle();
    assert_int_equal(hosted_nmis_handled, 1);
    arch_settle();
    assert_int_equal(hosted_nmis_handled, 1);
    hosted_cpu = 0;
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(one_is_noted_and_comes_again),
        TEST(on_every_cpu_that_had_any),
        TEST(otherwise_they_are_handled_at_once),
        TEST(a_crash_before_us_gets_its_nmis),
        TEST(a_crash_meanwhile_too),
        TEST(a_crash_at_any_moment_keeps_the_place),
        TEST(none_is_lost_at_any_moment),
        TEST(cpus_say_where_they_are),
        TEST(amd_guests_are_guests),
        TEST(who_doesnt_isnt_waited_for),
        TEST(one_that_is_underway_isnt_sent_twice),
        TEST(anothers_is_handled),
        TEST(the_watchdog_gets_another),
        TEST(even_if_the_answer_comes_late),
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
