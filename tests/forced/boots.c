/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What becomes of what is installed when the host is booted.
 */
#include "libxl_osdeps.h"

#undef NDEBUG
#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <libxl.h>
#include <xenctrl.h>
#include <xen/errno.h>

#include "cases.h"
#include "engine.h"
#include "hosts.h"

#define XEN "2222222222222222222222222222222222222222"
#define OURS XEN_LIB_DIR "/livepatch/" XEN "/"
#define THEIRS LIVEPATCH_VENDORS "/" XEN "/"
#define FRESH "5555"            /* its build-id begins so */
#define ALL "bye:applied hello:applied third:applied|hello bye third"

/* Do it, and see how it ends and what is applied then. */
static void expect(start_function *start, libxl_livepatch_outcome outcome, const char *state)
{
    struct scenario scenario = { .name = "boot", .start = start };
    char *now;

    operation_do(&scenario);
    now = engine_state();
    if (last_result.outcome != outcome) print_error("%s\n", last_result.message);
    assert_int_equal(last_result.outcome, outcome);
    assert_string_equal(now, state);
    free(now);
}

static void assert_warned(const char *words)
{
    char **warning;

    for (warning = last_result.warnings; warning && *warning; warning++)
        if (strstr(*warning, words)) return;
    fail_msg("no warning has \"%s\"", words);
}

static void begin(void)
{
    params_reset();
    params.until_settled = true;
    host_reset();
}

static void copy(const char *name, const char *folder)
{
    char command[512];

    snprintf(command, sizeof(command), "mkdir -p %s && cp %s %s", folder, file_of(name), folder);
    assert(!system(command));
}

static void test_crashed(void)
{
    begin();
    with_booted();
    expect(restore, LIBXL_LIVEPATCH_OUTCOME_DONE, ALL);
    /* The host goes down before it is known to run well. */
    boot("third", "");
    expect(restore, LIBXL_LIVEPATCH_OUTCOME_STRANDED, "|");
    assert_warned("hello.livepatch is installed, but was left out: the host went down");
    assert_int_equal(last_result.reason, LIBXL_LIVEPATCH_REASON_LEFT_OUT);
    /* Nor at any later boot. */
    boot("fourth", "");
    expect(restore, LIBXL_LIVEPATCH_OUTCOME_STRANDED, "|");
    params.retry = true;
    params.until_settled = false;
    expect(restore, LIBXL_LIVEPATCH_OUTCOME_DONE, ALL);
    params.retry = false;
    params.until_settled = true;
    /* Who tries again by hand has seen that the host runs. */
    boot("fifth", "");
    expect(restore, LIBXL_LIVEPATCH_OUTCOME_DONE, ALL);
    params.settled = true;
    expect(restore, LIBXL_LIVEPATCH_OUTCOME_DONE, ALL);
    expect(restore, LIBXL_LIVEPATCH_OUTCOME_ALREADY, ALL);
    params.settled = false;
    boot("sixth", "");
    expect(restore, LIBXL_LIVEPATCH_OUTCOME_DONE, ALL);
}

static void test_installed_anew(void)
{
    begin();
    with_booted();
    expect(restore, LIBXL_LIVEPATCH_OUTCOME_DONE, ALL);
    boot("third", "");
    expect(install_hello, LIBXL_LIVEPATCH_OUTCOME_DONE, "hello:applied|hello");
    boot("fourth", "");
    expect(restore, LIBXL_LIVEPATCH_OUTCOME_STRANDED, "hello:applied|hello");
}

/* What was not applied has not crashed anything. */
static void test_refused(void)
{
    begin();
    with_booted();
    refuse("third", LIVEPATCH_ACTION_APPLY, -XEN_EINVAL, 1, true, NULL);
    expect(restore, LIBXL_LIVEPATCH_OUTCOME_FAILED, "|");
    boot("third", "");
    expect(restore, LIBXL_LIVEPATCH_OUTCOME_DONE, ALL);
}

static void test_off(void)
{
    begin();
    with_booted();
    boot("third", "xl.livepatch=offline");
    expect(restore, LIBXL_LIVEPATCH_OUTCOME_DONE, ALL);
    params.settled = true;
    expect(restore, LIBXL_LIVEPATCH_OUTCOME_DONE, ALL);
    params.settled = false;
    boot("fourth", "xl.livepatch=off");
    expect(restore, LIBXL_LIVEPATCH_OUTCOME_ALREADY, "|");
    assert_non_null(strstr(last_result.message, "xl.livepatch=off"));
}

static void test_damaged(void)
{
    begin();
    with_booted();
    assert(!truncate(OURS "bye.livepatch", 100));
    expect(restore, LIBXL_LIVEPATCH_OUTCOME_STRANDED, "hello:applied|hello");
    assert_warned("bye.livepatch is installed, but was left out: ");
    assert_warned("third.livepatch is installed, but was left out: what it builds on");
}

/* Put there by hand. */
static void test_same_place(void)
{
    begin();
    with_booted();
    copy("fresh", OURS);
    expect(restore, LIBXL_LIVEPATCH_OUTCOME_STRANDED, "|");
    assert_warned("fresh.livepatch is installed, but was left out: ");
    assert_warned("is made for the same place");
}

/* What a package does as it exchanges its files. */
static void test_exchanged(void)
{
    begin();
    params.replace = true;
    copy("hello", THEIRS);
    expect(restore, LIBXL_LIVEPATCH_OUTCOME_DONE, "hello:applied|hello");
    copy("bye", THEIRS);
    expect(restore, LIBXL_LIVEPATCH_OUTCOME_DONE, "bye:applied hello:applied|hello bye");
    assert_null(last_result.displaced);
    expect(restore, LIBXL_LIVEPATCH_OUTCOME_ALREADY, "bye:applied hello:applied|hello bye");

    assert(!unlink(THEIRS "hello.livepatch") && !unlink(THEIRS "bye.livepatch"));
    copy("fresh", THEIRS);
    params.replace = false;
    expect(restore, LIBXL_LIVEPATCH_OUTCOME_FAILED, "bye:applied hello:applied|hello bye");
    /* These can't be applied again after a revert, and their files are gone. */
    params.replace = true;
    expect(restore, LIBXL_LIVEPATCH_OUTCOME_FAILED, "bye:applied hello:applied|hello bye");
    assert_int_equal(last_result.reason, LIBXL_LIVEPATCH_REASON_CANNOT_UNDO);
    params.no_undo = true;
    expect(restore, LIBXL_LIVEPATCH_OUTCOME_DONE, "fresh:applied|fresh");
    assert_non_null(last_result.displaced);
    assert_int_equal(last_result.unpatched_us, 0);
}

/* What boot finds is all that was installed, or the new one; returns which. */
static bool boots_new(int at)
{
    struct scenario scenario = { .name = "boot", .start = restore };
    char *now;
    bool is_new;

    boot("second", "");
    params_reset();
    operation_do(&scenario);
    now = engine_state();
    is_new = engine.num_applied == 1 &&
        !strncmp(engine.applied[0]->file.build_id, FRESH, strlen(FRESH));
    if (!is_new && strcmp(now, ALL))
        fail_msg("step %d (%s): boot applies %s", at, faults_last, now);
    free(now);
    return is_new;
}

/* Killed, or failing, at each step; so a power cut there makes no difference. */
void test_installed_in_place(void **state)
{
    const struct scenario s = { "install in place of all", with_installed, install_fresh,
                                .done = "fresh:applied|fresh", .installed = "fresh" };
    int at, steps, num_new[2] = { 0, 0 };

    params_reset();
    assert_null(operation_run(&s, &(struct fault){}, NULL));
    assert_true(boots_new(0));
    assert_int_equal(last_result.outcome, LIBXL_LIVEPATCH_OUTCOME_DONE);
    steps = last_steps;
    for (at = 1; at <= steps; at++) {
        params_reset();
        assert_null(operation_kill(&s, at));
        num_new[0] += boots_new(at);
        params_reset();
        assert_null(operation_run(&s, &(struct fault){ .at = at, .errnoval = EIO }, NULL));
        num_new[1] += boots_new(at);
    }
    /* Killed before the decision it is the old; a failure may matter nothing. */
    assert_in_range(num_new[0], 1, steps / 2);
    assert_in_range(num_new[1], num_new[0], steps - 1);
}

/* And what is told of it when it has gone well, or is done again. */
void test_installed_in_place_again(void **state)
{
    char *installed;

    begin();
    with_installed();
    /* A vendor's, which would be found again. */
    copy("bye", THEIRS);
    expect(install_fresh, LIBXL_LIVEPATCH_OUTCOME_DONE, "fresh:applied|fresh");
    installed = installed_state();
    assert_string_equal(installed, "bye- fresh");
    free(installed);
    expect(install_fresh, LIBXL_LIVEPATCH_OUTCOME_ALREADY, "fresh:applied|fresh");
    assert_non_null(strstr(last_result.message, "was installed already"));
    params.replace = false;
    expect(install_hello, LIBXL_LIVEPATCH_OUTCOME_FAILED, "fresh:applied|fresh");
    assert_int_equal(last_result.reason, LIBXL_LIVEPATCH_REASON_COLLISION);
}

void test_boots(void **state)
{
    begin();
    expect(restore, LIBXL_LIVEPATCH_OUTCOME_ALREADY, "|");
    test_crashed();
    test_installed_anew();
    test_refused();
    test_off();
    test_damaged();
    test_same_place();
    test_exchanged();
}

void test_uninstalled(void **state)
{
    char *installed;

    begin();
    copy("hello", THEIRS);
    expect(restore, LIBXL_LIVEPATCH_OUTCOME_DONE, "hello:applied|hello");
    expect(uninstall_third, LIBXL_LIVEPATCH_OUTCOME_FAILED, "hello:applied|hello");
    assert_int_equal(last_result.reason, LIBXL_LIVEPATCH_REASON_NO_SUCH_PAYLOAD);
    expect(uninstall_hello, LIBXL_LIVEPATCH_OUTCOME_DONE, "|");
    assert_non_null(strstr(last_result.message, "vendor's file is hidden"));
    installed = installed_state();
    assert_string_equal(installed, "hello-");
    free(installed);
    boot("second", "");
    expect(restore, LIBXL_LIVEPATCH_OUTCOME_ALREADY, "|");
    /* Installing it again takes the mask's place. */
    expect(install_hello, LIBXL_LIVEPATCH_OUTCOME_DONE, "hello:applied|hello");

    expect(install_other, LIBXL_LIVEPATCH_OUTCOME_DONE, "hello:applied|hello");
    assert_int_equal(access(XEN_LIB_DIR "/livepatch/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb/"
                            "other.livepatch", F_OK), 0);
}
