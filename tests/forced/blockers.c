/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is found to be in the way, of a stock engine and of one that reports;
 * and nothing is changed by looking. */
#include "libxl_osdeps.h"

#undef NDEBUG
#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <libxl.h>
#include <xenctrl.h>

#include "cases.h"
#include "engine.h"
#include "hosts.h"
#include "world.h"

#define OUTCOME(o) LIBXL_LIVEPATCH_OUTCOME_##o
#define REASON(r) LIBXL_LIVEPATCH_REASON_##r

static void look(void (*set_up)(void), libxl_livepatch_outcome outcome,
                 libxl_livepatch_reason reason, const char *words)
{
    const struct scenario scenario = {
        "blockers", set_up, blockers, .finish = blockers_finish,
        .outcome = outcome,
    };
    char *why;

    params_reset();
    why = operation_run(&scenario, &(struct fault){}, NULL);
    if (why) fail_msg("%s", why);
    assert_int_equal(last_result.operation,
                     LIBXL_LIVEPATCH_OPERATION_BLOCKERS);
    assert_int_equal(last_result.outcome, outcome);
    assert_int_equal(last_result.reason, reason);
    if (!strstr(last_result.message, words))
        fail_msg("\"%s\" is not in \"%s\"", words, last_result.message);
}

/*----- hosts -----*/

static void quiet(void)
{
    with_two();
    world_add(2, XEN_DOMINF_running);
    world_add(3, XEN_DOMINF_running);
}

/* 2 runs all the time, and 3 does little. */
static void busy(void)
{
    quiet();
    world_find(2)->burns_ns = 60000000000;
}

/* Who doesn't run isn't in the way. */
static void busy_but_paused(void)
{
    quiet();
    world_find(2)->burns_ns = 60000000000;
    world_find(2)->flags |= XEN_DOMINF_shutdown;
}

static void in_the_way(void)
{
    quiet();
    engine.stubborn = 2;
}

static void asleep(void)
{
    quiet();
    engine.waiter = 3;
    engine.waits = -1;
}

static void another_action(void)
{
    with_bye_reverted();
    engine_fly("bye", LIVEPATCH_ACTION_APPLY, 1000);
}

static void never_ending(void)
{
    quiet();
    engine.looks = -1;
    params.timeout_us = 1000;
}

static void too_long(void)
{
    quiet();
    params.timeout_us = LIBXL_LIVEPATCH_TIMEOUT_US_MAX + 1;
}

/*----- tests -----*/

void test_guessed(void **state)
{
    const libxl_livepatch_obstacles *const o = &last_obstacles;

    look(quiet, OUTCOME(DONE), REASON(NONE), "doesn't tell");
    assert_false(o->rehearsed);
    assert_int_equal(o->num_suspects, 0);
    assert_int_equal(o->stalled_us, 0);
    assert_int_equal(engine.rehearsals, 0);

    look(busy, OUTCOME(DONE), REASON(NONE), "these guests may be");
    assert_false(o->rehearsed);
    assert_int_equal(o->num_suspects, 1);
    assert_int_equal(o->suspects[0].domid, 2);
    assert_int_equal(o->suspects[0].cpu_us, 60000001);

    look(busy_but_paused, OUTCOME(DONE), REASON(NONE), "no guest ran much");
    assert_int_equal(o->num_suspects, 0);

    look(too_long, OUTCOME(FAILED), REASON(USAGE), "4000001 us");
}

void test_rehearsed(void **state)
{
    const libxl_livepatch_obstacles *const o = &last_obstacles;

    look(quiet, OUTCOME(DONE), REASON(NONE), "nothing is in the way");
    assert_true(o->rehearsed);
    assert_int_equal(o->timeout_us, LIBXL_LIVEPATCH_TIMEOUT_US_DEFAULT);
    assert_int_equal(o->stalled_us, 4);
    assert_int_equal(o->num_stragglers, 0);
    assert_int_equal(o->num_suspects, 0);
    assert_int_equal(engine.rehearsals, 1);

    look(in_the_way, OUTCOME(BUSY), REASON(QUIESCE), "domain 2, vCPU 0");
    assert_true(o->rehearsed);
    assert_int_equal(o->num_stragglers, 1);
    assert_int_equal(o->stragglers[0].domid, 2);
    assert_int_equal(o->num_waiting, 0);

    look(asleep, OUTCOME(BUSY), REASON(WAITQUEUE), "domain 3, vCPU 0");
    assert_int_equal(o->num_stragglers, 0);
    assert_int_equal(o->num_waiting, 1);
    assert_int_equal(o->waiting[0].domid, 3);

    look(another_action, OUTCOME(BUSY), REASON(IN_FLIGHT), "rehearse");
    assert_false(o->rehearsed);
    assert_int_equal(engine.rehearsals, 0);

    look(too_long, OUTCOME(FAILED), REASON(USAGE), "4000001 us");
    assert_int_equal(engine.rehearsals, 0);
    look(never_ending, OUTCOME(BUSY), REASON(IN_FLIGHT), "still rehearses");
    params_reset();
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
