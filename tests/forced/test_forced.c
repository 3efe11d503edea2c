/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every operation of libxl's live patching with every call below it failing,
 * once or for ever; aborted there; and with another tool at work meanwhile.
 */

#include "libxl_osdeps.h"

#undef NDEBUG
#include <assert.h>
#include <libelf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sanitizer/lsan_interface.h>

#include <xenctrl.h>
#include <xen/errno.h>
#include <xen-tools/libs.h>

#include "cases.h"
#include "engine.h"
#include "hosts.h"
#include "world.h"

/* So many of the failures of one test are told. */
#define TOLD 10

static int num_wrong;

static void tell(char *why)
{
    if (!why) return;
    if (num_wrong++ < TOLD) print_error("%s\n", why);
    free(why);
}

static void tell_leaks(const char *name)
{
    libxl_livepatch_result_dispose(&last_result);
    libxl_livepatch_result_init(&last_result);
    if (!__lsan_do_recoverable_leak_check()) return;
    print_error("%s: memory was leaked\n", name);
    num_wrong++;
}

/*
 * Those scenarios that fork take long; only what they alone do has to be
 * tried with all that can go wrong.
 */
static bool is_quick(const struct scenario *scenario, const char *step)
{
    return !scenario->forks || !strcmp(step, "send");
}

static int meddling_stride(void)
{
    const char *given = getenv("FORCED_STRIDE");

    return given && atoi(given) > 0 ? atoi(given) : 1;
}

/* Each step in turn. */
static void at_each_step_of(const struct scenario *s, struct fault f,
                            const struct leeway *leeway, bool quick)
{
    const char *names[FAULTS_STEPS + 1];
    /* Somebody else may do something at any of many steps: at some of them,
     * others for each kind and scenario, unless all are asked for. */
    const int stride = f.meddle || f.abort ? meddling_stride() : 1;
    static int first;
    int n, steps;

    params_reset();
    tell(operation_run(s, &(struct fault){}, leeway));
    steps = last_steps;
    assert(steps <= FAULTS_STEPS);
    memcpy(names, faults_step_names, sizeof(names));
    for (n = 1 + first++ % stride; n <= steps; n += stride) {
        if (quick && !is_quick(s, names[n])) continue;
        params_reset();
        f.at = n;
        tell(operation_run(s, &f, leeway));
    }
}

static void tell_result(void)
{
    tell_leaks("all");
    if (num_wrong) fail_msg("%d runs went wrong", num_wrong);
}

static void at_every_step(struct fault f, const struct leeway *leeway,
                          bool quick)
{
    int i;

    num_wrong = 0;
    for (i = 0; i < num_scenarios; i++)
        if (!engine_reporting || !scenarios[i].stock)
            at_each_step_of(&scenarios[i], f, leeway, quick);
    tell_result();
}

static void test_nothing(void **state)
{
    int i;

    num_wrong = 0;
    for (i = 0; i < num_scenarios; i++) {
        const struct scenario *s = &scenarios[i];

        if (engine_reporting && s->stock) continue;
        params_reset();
        tell(operation_run(s, &(struct fault){}, NULL));
        tell_leaks(s->name);
    }
    assert_int_equal(num_wrong, 0);
}

/*----- calls fail -----*/

static void test_fails_once(void **state)
{
    at_every_step((struct fault){ .errnoval = EIO }, NULL, false);
    at_every_step((struct fault){ .errnoval = ENOMEM }, NULL, true);
    at_every_step((struct fault){ .errnoval = EBUSY }, NULL, true);
    at_every_step((struct fault){ .errnoval = EAGAIN }, NULL, true);
}

/* The next step, too; or what is tried again. */
static void test_fails_twice(void **state)
{
    at_every_step((struct fault){ .errnoval = EIO, .times = 2 }, NULL, true);
    at_every_step((struct fault){ .errnoval = EIO, .times = 2,
                                  .alike = true }, NULL, true);
}

static void test_fails_for_ever(void **state)
{
    at_every_step((struct fault){ .errnoval = EIO, .for_ever = true },
                  &(struct leeway){ .stranded = true }, false);
    at_every_step((struct fault){ .errnoval = EIO, .for_ever = true,
                                  .alike = true },
                  &(struct leeway){ .stranded = true }, true);
}

static void test_aborted(void **state)
{
    at_every_step((struct fault){ .abort = true }, NULL, false);
}

/*
 * Killed at each step: the next call finds the host as it was, or as it was
 * wanted, or makes it so.
 */
static void test_killed(void **state)
{
    int i, n, steps, runs = 0;

    num_wrong = 0;

    for (i = 0; i < num_scenarios; i++) {
        if ((engine_reporting && scenarios[i].stock) ||
            scenarios[i].only_looks || scenarios[i].forks ||
            scenarios[i].any_state)
            continue;
        params_reset();
        tell(operation_run(&scenarios[i], &(struct fault){}, NULL));
        steps = last_steps;
        for (n = 1; n <= steps; n++, runs++) {
            params_reset();
            tell(operation_kill(&scenarios[i], n));
        }
    }
    print_message("killed %d times\n", runs);
    assert_true(runs > 500);
    assert_int_equal(num_wrong, 0);
}

/*----- the same with an engine that reports -----*/

static int begin_reporting(void **state)
{
    engine_reporting = true;
    return 0;
}

static int end_reporting(void **state)
{
    engine_reporting = false;
    return 0;
}

#define REPORTING(test) \
    { "reporting_" #test, test, begin_reporting, end_reporting, NULL }

static void test_all_fails(void **state)
{
    at_every_step((struct fault){ .errnoval = EIO }, NULL, false);
    at_every_step((struct fault){ .errnoval = ENOMEM }, NULL, true);
    at_every_step((struct fault){ .errnoval = EIO, .for_ever = true },
                  &(struct leeway){ .stranded = true }, true);
}

/*----- a replace whose end is in doubt when the stack has gone -----*/

static void asleep(void)
{
    with_two();
    engine.waiter = 1;
    engine.waits = 6;
    params.retries = 1;
}

static void asleep_for_long(void)
{
    asleep();
    engine.waits = 20;
}

static void second_refused(void)
{
    with_two();
    refuse("atop", LIVEPATCH_ACTION_APPLY, -XEN_EINVAL, 1, false, NULL);
}

static void first_refused(void)
{
    with_two();
    refuse("fresh", LIVEPATCH_ACTION_REPLACE, -XEN_EINVAL, 1, false, NULL);
}

static void unload_fresh(void)
{
    struct engine_payload *p = engine_find("fresh");

    if (p && p != engine.flying && p->state == LIVEPATCH_STATE_CHECKED)
        engine_unload("fresh");
}

/* Nothing that goes wrong for a while leaves the host without what it had. */
static void test_replace_undone(void **state)
{
    static const struct scenario replaces[] = {
        { "replace, refused", first_refused, replace_one },
        { "replace by two, the second refused", second_refused,
          replace_stack },
        { "replace while one sleeps", asleep, replace_one,
          .done = "fresh:applied|fresh" },
    };
    const struct fault faults[] = {
        { .errnoval = EIO },
        { .errnoval = EIO, .times = 2 },
        { .errnoval = EIO, .times = 2, .alike = true },
        { .errnoval = ENOMEM, .times = 2, .alike = true },
        { .meddle = unload_fresh },
    };
    const struct leeway leeway = {
        .bystander = "fresh", .never_stranded = true,
    };
    static const struct scenario asleep_long = {
        "replace while one sleeps for long", asleep_for_long, replace_one,
        .done = "fresh:applied|fresh",
    };
    int i, j;

    num_wrong = 0;
    params_reset();
    tell(operation_run(&asleep_long, &(struct fault){}, &leeway));
    for (i = 0; i < ARRAY_SIZE(replaces); i++)
        for (j = 0; j < ARRAY_SIZE(faults); j++)
            at_each_step_of(&replaces[i], faults[j], &leeway, false);
    tell_result();
}

/*----- another tool is at work -----*/

static void load_zz(void)
{
    engine_load("zz", file_of("zz"));
}

static void load_and_unload_zz(void)
{
    load_zz();
    engine_unload("zz");
}

static void apply_zz(void)
{
    load_zz();
    engine_apply("zz");
}

static void fly_zz(void)
{
    load_zz();
    if (!engine.flying) engine_fly("zz", LIVEPATCH_ACTION_APPLY, 4);
}

/* What was loaded last, if it is in that state and nothing happens to it. */
static struct engine_payload *last_in(uint32_t state)
{
    struct engine_payload *p;

    if (!engine.num_loaded || engine.flying) return NULL;
    p = engine.loaded[engine.num_loaded - 1];
    return p->state == state ? p : NULL;
}

static void unload_last(void)
{
    struct engine_payload *p = last_in(LIVEPATCH_STATE_CHECKED);

    if (p) engine_unload(p->name);
}

/* What we wait for has ended when we look, and more than that. */
static void unload_landed(void)
{
    struct engine_payload *p = engine_land();

    if (p && p->state == LIVEPATCH_STATE_CHECKED) engine_unload(p->name);
}

static void apply_last(void)
{
    struct engine_payload *p = last_in(LIVEPATCH_STATE_CHECKED);

    if (p) engine_apply(p->name);
}

static void revert_top(void)
{
    if (engine.num_applied && !engine.flying)
        engine_revert(engine.applied[engine.num_applied - 1]->name);
}

static void swap_last(void)
{
    struct engine_payload *p = last_in(LIVEPATCH_STATE_CHECKED);
    char *name;

    if (!p || engine_find("zz")) return;
    name = strdup(p->name);
    engine_unload(name);
    engine_load(name, file_of("zz"));
    free(name);
}

static void test_bystander(void **state)
{
    const struct leeway leeway = { .bystander = "zz" };

    at_every_step((struct fault){ .meddle = load_zz }, &leeway, true);
    at_every_step((struct fault){ .meddle = load_and_unload_zz }, &leeway,
                  true);
    at_every_step((struct fault){ .meddle = fly_zz }, &leeway, true);
}

/* On top of the stack it may keep us from undoing what we did. */
static void test_bystander_on_top(void **state)
{
    at_every_step((struct fault){ .meddle = apply_zz },
                  &(struct leeway){ .bystander = "zz" }, true);
}

static void test_meddled_with(void **state)
{
    const struct leeway leeway = { .any_state = true };

    at_every_step((struct fault){ .meddle = unload_last }, &leeway, true);
    at_every_step((struct fault){ .meddle = unload_landed }, &leeway, true);
    at_every_step((struct fault){ .meddle = apply_last }, &leeway, true);
    at_every_step((struct fault){ .meddle = revert_top }, &leeway, true);
    at_every_step((struct fault){ .meddle = swap_last }, &leeway, true);
}

static void load_zz_first(void)
{
    load_zz();
    with_two();
}

/* To the end of the list. */
static void move_zz(void)
{
    engine_unload("zz");
    load_zz();
}

static int times_listed(const char *name)
{
    int i, times = 0;

    for (i = 0; i < last_result.num_payloads; i++)
        times += !strcmp(last_result.payloads[i].name, name);
    return times;
}

static void test_list_changes(void **state)
{
    const struct scenario s = { "list", load_zz_first, list, true };
    int n, steps;

    num_wrong = 0;
    params_reset();
    tell(operation_run(&s, &(struct fault){}, NULL));
    steps = last_steps;
    for (n = 1; n <= steps; n++) {
        tell(operation_run(&s, &(struct fault){ .at = n, .meddle = move_zz },
                           NULL));
        assert_int_equal(last_result.num_payloads, 3);
        assert_int_equal(times_listed("hello"), 1);
        assert_int_equal(times_listed("bye"), 1);
        assert_int_equal(times_listed("zz"), 1);
    }
    tell_leaks("list");
    assert_int_equal(num_wrong, 0);
}

/*----- the pauser fails -----*/

static const struct scenario *pausing(int i)
{
    static const struct scenario both[] = {
        { "apply", stubborn, apply_bye,
          .done = "bye:applied hello:applied|hello bye" },
        { "revert", stubborn_stack, revert_and_unload,
          .done = "hello:applied|hello" },
    };

    return i < ARRAY_SIZE(both) ? &both[i] : NULL;
}

/* Who is only slow, on a busy machine, must not be given up where steps are
 * counted; there the guard keeps its full time. */
static void at_every_pauser_step(struct pauser_fault (*make)(int n),
                                 const struct leeway *leeway,
                                 int guard_divisor)
{
    const struct scenario *s;
    int i, n, steps;

    num_wrong = 0;
    for (i = 0; (s = pausing(i)); i++) {
        params_reset();
        memset(&pauser_fault, 0, sizeof(pauser_fault));
        tell(operation_run(s, &(struct fault){}, NULL));
        steps = world->pauser_steps;
        assert_true(steps >= 5);
        faults_guard_divisor = guard_divisor;
        for (n = 1; n <= steps; n++) {
            params_reset();
            pauser_fault = make(n);
            tell(operation_run(s, &(struct fault){}, leeway));
            if (num_wrong) fail_msg("at the pauser's step %d", n);
        }
        faults_guard_divisor = 1;
    }
    memset(&pauser_fault, 0, sizeof(pauser_fault));
    tell_leaks("all");
    assert_int_equal(num_wrong, 0);
}

static struct pauser_fault dies(int n)
{
    return (struct pauser_fault){ .dies_at = n };
}

static struct pauser_fault stops(int n)
{
    return (struct pauser_fault){ .stops_at = n };
}

static struct pauser_fault fails(int n)
{
    return (struct pauser_fault){ .fails_at = n, .errnoval = EBUSY };
}

static struct pauser_fault finds_nobody(int n)
{
    return (struct pauser_fault){ .fails_at = n, .errnoval = ESRCH };
}

static void test_pauser_dies(void **state)
{
    at_every_pauser_step(dies, NULL, 1);
}

static void test_pauser_fails(void **state)
{
    at_every_pauser_step(fails, NULL, 1);
}

static void test_pauser_finds_nobody(void **state)
{
    /* The guest that it pretends has gone keeps its pause. */
    at_every_pauser_step(finds_nobody, &(struct leeway){ .guests = true },
                         1);
}

/* It takes as long as the guard to be noticed. */
static void test_pauser_stops(void **state)
{
    at_every_pauser_step(stops, NULL, 25);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_fails_once),
        cmocka_unit_test(test_fails_twice),
        cmocka_unit_test(test_fails_for_ever),
        cmocka_unit_test(test_aborted),
        cmocka_unit_test(test_killed),
        cmocka_unit_test(test_replace_undone),
        cmocka_unit_test(test_bystander),
        cmocka_unit_test(test_bystander_on_top),
        cmocka_unit_test(test_meddled_with),
        cmocka_unit_test(test_list_changes),
        cmocka_unit_test(test_pauser_dies),
        cmocka_unit_test(test_pauser_fails),
        cmocka_unit_test(test_pauser_finds_nobody),
        cmocka_unit_test(test_pauser_stops),
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_replaced),
        cmocka_unit_test(test_replacing_fails),
        cmocka_unit_test(test_abort_ends_waits),
        cmocka_unit_test(test_guessed),
        cmocka_unit_test(test_boots),
        cmocka_unit_test(test_uninstalled),
        cmocka_unit_test(test_installed_in_place),
        cmocka_unit_test(test_installed_in_place_again),
        cmocka_unit_test(test_bootable),
        cmocka_unit_test(test_grub),
        cmocka_unit_test(test_prune),
        REPORTING(test_nothing),
        REPORTING(test_all_fails),
        REPORTING(test_aborted),
        REPORTING(test_killed),
        REPORTING(test_bystander),
        REPORTING(test_meddled_with),
        REPORTING(test_list_changes),
        REPORTING(test_replaced),
        REPORTING(test_reported),
        REPORTING(test_reported_payloads),
        REPORTING(test_no_distance),
        REPORTING(test_late_and_aborted),
        REPORTING(test_distorted),
        REPORTING(test_rehearsed),
        cmocka_unit_test(test_silly_pausers),
    };

    elf_version(EV_CURRENT);
    make_files();
    world_attach();
    if (argc > 1 && !strcmp(argv[1], "files")) return 0;
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
