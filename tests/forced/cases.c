/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libxl_osdeps.h"

#undef NDEBUG
#include <assert.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cmocka.h>

#include <libxl.h>
#include <xenctrl.h>
#include <xen/errno.h>
#include <xen-tools/libs.h>

#include "libxl_livepatch_pauser.h"

#include "cases.h"
#include "engine.h"
#include "hosts.h"
#include "store.h"
#include "world.h"

/*----- more operations -----*/

static int no_file(libxl_ctx *ctx, libxl_livepatch_result *result,
                   const libxl_asyncop_how *how)
{
    return apply_files(ctx, result, how, 0);
}

static int missing_file(libxl_ctx *ctx, libxl_livepatch_result *result,
                        const libxl_asyncop_how *how)
{
    return apply_files(ctx, result, how, 1, "no such file");
}

static int same_twice(libxl_ctx *ctx, libxl_livepatch_result *result,
                      const libxl_asyncop_how *how)
{
    return apply_files(ctx, result, how, 2, "hello", "hello");
}

static int apply_fresh(libxl_ctx *ctx, libxl_livepatch_result *result,
                       const libxl_asyncop_how *how)
{
    return apply_files(ctx, result, how, 1, "fresh");
}

static int replace_hooked(libxl_ctx *ctx, libxl_livepatch_result *result,
                          const libxl_asyncop_how *how)
{
    params.replace = true;
    return apply_files(ctx, result, how, 1, "hooked");
}

static int replace_hello(libxl_ctx *ctx, libxl_livepatch_result *result,
                         const libxl_asyncop_how *how)
{
    params.replace = true;
    return apply_files(ctx, result, how, 1, "hello");
}

static int replace_at_all_costs(libxl_ctx *ctx,
                                libxl_livepatch_result *result,
                                const libxl_asyncop_how *how)
{
    params.no_undo = true;
    return replace_one(ctx, result, how);
}

/* fresh, under a name. */
static const char *name;
static int apply_named(libxl_ctx *ctx, libxl_livepatch_result *result,
                       const libxl_asyncop_how *how)
{
    libxl_livepatch_file file = {
        .path = (char *)file_of("fresh"), .name = (char *)name,
    };

    return libxl_livepatch_apply(ctx, &file, 1, &params, result, how, NULL);
}

static int revert_named(libxl_ctx *ctx, libxl_livepatch_result *result,
                        const libxl_asyncop_how *how)
{
    return libxl_livepatch_revert(ctx, name, &params, result, how, NULL);
}

static int unload_named(libxl_ctx *ctx, libxl_livepatch_result *result,
                        const libxl_asyncop_how *how)
{
    return libxl_livepatch_unload(ctx, name, &params, result, how);
}

static int info_named(libxl_ctx *ctx, libxl_livepatch_result *result,
                      const libxl_asyncop_how *how)
{
    return inform(ctx, name, result);
}

static int check_missing(libxl_ctx *ctx, libxl_livepatch_result *result,
                         const libxl_asyncop_how *how)
{
    return check_file(file_of("none"), result);
}

/*----- more hosts -----*/

static void unnamed(void)         { name = ""; }
static void named_xx(void)        { name = "xx"; }
static void malformed(void)       { name = "hex:1"; }
static void with_zero(void)       { name = "hex:410042"; }
static void named_hello(void)     { name = "hello"; with_hello(); }
static void unload_applied(void)  { name = "bye"; with_two(); }
static void below_top(void)       { name = "hello"; with_two(); }
static void reverted_bye(void)    { name = "bye"; with_bye_reverted(); }
static void plan_revert(void)     { unload_applied();
                                    params.dry_run = true; }
static void plan_unload(void)     { plan_revert(); params.unload = true; }
static void plan_unload_bye(void) { reverted_bye(); params.dry_run = true; }
static void no_livepatch(void)    { engine.no_livepatch = true; }
static void preempted(void)       { with_two(); engine.preempted = 1; }
static void restless(void)        { with_two(); engine.restless = 1 << 20; }
static void never_ends(void)      { engine.looks = -1; }
static void never_reverts(void)   { with_two(); engine.looks = -1; }
static void never_scheduled(void) { engine.unschedulable = 1000; }
static void revert_later(void)    { with_two(); engine.unschedulable = 1; }
static void too_long(void)        { params.timeout_us = 4000001; }
static void loaded_fresh(void)    { do_now(upload_fresh); }
static void planned_namesake(void) { with_namesake();
                                     params.dry_run = true; }
static void stubborn_never(void)  { stubborn();
                            params.pause = LIBXL_LIVEPATCH_PAUSE_MODE_NEVER; }
static void stubborn_all(void)    { stubborn();
                            params.pause = LIBXL_LIVEPATCH_PAUSE_MODE_ALL; }

static void flies_for_ever(void)
{
    with_bye_reverted();
    engine_fly("bye", LIVEPATCH_ACTION_APPLY, -1);
}

/* Another tool has loaded what is to be applied, under another name. */
static void loaded_as_zz(void)
{
    engine_load("zz", file_of("fresh"));
}

static void recorded_as_xx(void)
{
    name = "xx";
    do_now(apply_named);
}

/* Records of a payload that has been exchanged since. */
static void exchanged(void)
{
    with_two();
    engine_revert("bye");
    engine_unload("bye");
    engine_load("bye", file_of("third"));
}

static void write_notes(const char *text)
{
    FILE *stream = fopen(FORCED_RUN_DIR "/livepatch.notes", "we");

    assert(stream && fputs(text, stream) >= 0 && !fclose(stream));
}

static void broken_record(void)
{
    with_two();
    write_notes("@payload\n{\n");
}

static void odd_name(void)
{
    name = "hex:ff0a";
    engine_load("\xff\n", file_of("fresh"));
    engine_apply("\xff\n");
}

static void symbol_collides(void)
{
    refuse("fresh", 0, -XEN_EEXIST, 1, true, "duplicate new symbol: f");
}

static void expects_other(void)
{
    refuse("fresh", 0, -XEN_EINVAL, 1, true, "expectations of f failed");
}

static void hook_vetoes(void)
{
    refuse("hooked", LIVEPATCH_ACTION_APPLY, -XEN_EPERM, 1, true, NULL);
}

static int apply_hooked(libxl_ctx *ctx, libxl_livepatch_result *result,
                        const libxl_asyncop_how *how)
{
    return apply_files(ctx, result, how, 1, "hooked");
}

static void in_vain(void)
{
    refuse("fresh", LIVEPATCH_ACTION_APPLY, -XEN_EINVAL, 1, false, NULL);
    engine.refusals[0].in_vain = true;
}

/* More lines than are kept. */
static void talkative(void)
{
    static char lines[100 * sizeof("(XEN) and so on\n")];
    char *end = lines;
    int i;

    for (i = 0; i < 100; i++) end = stpcpy(end, "(XEN) and so on\n");
    refuse("fresh", LIVEPATCH_ACTION_APPLY, -XEN_EINVAL, 1, false, lines);
}

/* What is displaced can't be applied twice, and its file is another now. */
static void lost_file(void)
{
    with_hello();
    assert(!rename(file_of("hello"), file_of("saved")));
    assert(!link(file_of("another"), file_of("hello")));
}

static void find_file(void)
{
    assert(!rename(file_of("saved"), file_of("hello")));
}

static void lost_file_refused(void)
{
    lost_file();
    refuse("fresh", LIVEPATCH_ACTION_REPLACE, -XEN_EINVAL, 1, false, NULL);
}

/* An administrator's pause, a domain that is dying, one that migrates. */
static void busy_host(void)
{
    with_hello();
    world_add(2, XEN_DOMINF_running)->count = 1;
    world_find(2)->pauses = 1;
    world_add(3, XEN_DOMINF_dying);
    store_write("/local/domain/1/name", "guest--incoming");
    engine.stubborn = 1;
    params.retries = 0;
}

/* By one microsecond: an attempt comes to wait for 120000. */
static void short_pause(void)
{
    with_hello();
    params.max_pause_us = 119999;
}

static void pause_as_long_as_needed(void)
{
    stubborn();
    params.max_pause_us = 120000;
}

static void short_pause_of_nobody(void)
{
    short_pause();
    params.pause = LIBXL_LIVEPATCH_PAUSE_MODE_NEVER;
}

static libxl_domid *domid_list(libxl_domid domid)
{
    libxl_domid *list = malloc(sizeof(*list));

    *list = domid;
    return list;
}

static void exclude_it(void)
{
    stubborn();
    params.excluded = domid_list(2);
    params.num_excluded = 1;
}

static void list_it(void)
{
    stubborn();
    params.pause = LIBXL_LIVEPATCH_PAUSE_MODE_LISTED;
    params.listed = domid_list(2);
    params.num_listed = 1;
}

static void list_another(void)
{
    list_it();
    params.listed[0] = 3;
}

/*----- the lock -----*/

static int lock_fd = -1;

static void lock_for(const char *text)
{
    lock_fd = open(FORCED_RUN_DIR "/livepatch.lock",
                   O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert(lock_fd >= 0 && !flock(lock_fd, LOCK_EX));
    assert(write(lock_fd, text, strlen(text)) == strlen(text));
}

static void unlock(void)
{
    close(lock_fd);
    lock_fd = -1;
}

static void locked_by_init(void)
{
    lock_for("pid 1          action 0 failure 0\n");
}

/* No process has that number. */
static void locked_by_the_dead(void)
{
    lock_for("pid 999999999  action 0 failure 0\n");
}

static void locked_by_nobody(void)
{
    lock_for("");
}

/*----- all of them -----*/

static const struct {
    struct scenario scenario;
    libxl_livepatch_reason reason;
    const char *words;          /* in the message, or a warning */
    void (*clean_up)(void);
    int abort_at;               /* a step; 0: not aborted */
} cases[] = {
#define FAILS LIBXL_LIVEPATCH_OUTCOME_FAILED
#define BUSY LIBXL_LIVEPATCH_OUTCOME_BUSY
#define STRANDED LIBXL_LIVEPATCH_OUTCOME_STRANDED
#define DONE LIBXL_LIVEPATCH_OUTCOME_DONE
#define ALREADY LIBXL_LIVEPATCH_OUTCOME_ALREADY
#define PLANNED LIBXL_LIVEPATCH_OUTCOME_PLANNED
#define REASON(r) LIBXL_LIVEPATCH_REASON_##r
    { { "no file", NULL, no_file, .outcome = FAILS },
      REASON(USAGE), "no file is given" },
    { { "missing file", NULL, missing_file, .outcome = FAILS },
      REASON(FILE), "no such file" },
    { { "empty name", unnamed, apply_named, .outcome = FAILS },
      REASON(USAGE), "can't be the name" },
    { { "malformed name", malformed, apply_named, .outcome = FAILS },
      REASON(USAGE), "can't be the name" },
    { { "a zero in the name", with_zero, apply_named, .outcome = FAILS },
      REASON(USAGE), "can't be the name" },
    { { "the same twice", NULL, same_twice, .outcome = FAILS },
      REASON(COLLISION), "have the same build-id" },
    { { "long timeout", too_long, apply_fresh, .outcome = FAILS },
      REASON(USAGE), "4000001 us" },
    { { "no live patching", no_livepatch, apply_fresh, .outcome = FAILS },
      REASON(NOT_SUPPORTED), "without live patching" },
    { { "list without it", no_livepatch, list, true, .outcome = FAILS },
      REASON(NOT_SUPPORTED), "without live patching" },
    { { "list once more", preempted, list, true, .outcome = DONE },
      REASON(NONE), "" },
    { { "list that never ends", restless, list, true,
        .outcome = FAILS }, REASON(HYPERVISOR), "cannot list" },
    { { "info of none", named_xx, info_named, true, .outcome = FAILS },
      REASON(NO_SUCH_PAYLOAD), "" },
    { { "info, malformed", malformed, info_named, true, .outcome = FAILS },
      REASON(USAGE), "can't be the name" },
    { { "info of odd bytes", odd_name, info_named, true, .outcome = DONE },
      REASON(NONE), "" },
    { { "check of none", NULL, check_missing, true, .outcome = FAILS },
      REASON(FILE), "0 of 1" },

    { { "apply in vain", in_vain, apply_fresh, .outcome = DONE,
        .done = "fresh:applied|fresh" }, REASON(NONE), "took effect" },
    { { "apply that never ends", never_ends, apply_fresh,
        .outcome = STRANDED }, REASON(IN_FLIGHT), "still worked on it" },
    { { "revert that never ends", never_reverts, revert_bye,
        .outcome = STRANDED }, REASON(IN_FLIGHT), "still worked on it" },
    { { "another tool's that never ends", flies_for_ever, apply_bye,
        .outcome = BUSY }, REASON(IN_FLIGHT), "busy" },
    { { "another tool's, and aborted", flies_for_ever, apply_bye,
        .outcome = FAILS }, REASON(ABORTED), "aborted", .abort_at = 24 },
    { { "another tool's that ends well", in_flight, apply_bye,
        .outcome = DONE, .done = "bye:applied hello:applied|hello bye" },
      REASON(NONE), "" },
    { { "apply never scheduled", never_scheduled, apply_fresh,
        .outcome = BUSY }, REASON(IN_FLIGHT), "busy" },
    { { "revert scheduled later", revert_later, revert_bye,
        .outcome = DONE, .done = "bye:checked hello:applied|hello" },
      REASON(NONE), "" },
    { { "hook vetoes", hook_vetoes, apply_hooked, .outcome = FAILS },
      REASON(HOOK), "hook" },
    { { "many words", talkative, apply_fresh, .outcome = FAILS },
      REASON(HYPERVISOR), "" },
    { { "symbol collides", symbol_collides, apply_fresh, .outcome = FAILS },
      REASON(COLLISION), "defines a symbol" },
    { { "expects another", expects_other, apply_fresh, .outcome = FAILS },
      REASON(EXPECTATION), "expectations of f" },
    { { "loaded under another name", loaded_as_zz, apply_fresh,
        .outcome = FAILS }, REASON(COLLISION), "its build-id or" },
    { { "applied by another tool", with_foreign, apply_hello,
        .outcome = FAILS }, REASON(COLLISION), "can't be known" },
    { { "applied under another name", recorded_as_xx, apply_fresh,
        .outcome = ALREADY }, REASON(NONE), "xx is applied already" },
    { { "name of another", named_hello, apply_named, .outcome = FAILS },
      REASON(COLLISION), "another payload, with build-id" },
    { { "plan with another of the name", planned_namesake, apply_hello,
        .outcome = FAILS }, REASON(COLLISION), "another tool loaded" },
    { { "uploaded already", loaded_fresh, upload_fresh,
        .outcome = ALREADY }, REASON(NONE), "loaded already" },
    { { "apply what is loaded", loaded_fresh, apply_fresh, .outcome = DONE,
        .done = "fresh:applied|fresh" }, REASON(NONE), "" },
    { { "exchanged behind us", exchanged, list, true, .outcome = DONE },
      REASON(NONE), "" },
    { { "broken record", broken_record, list, true, .outcome = DONE },
      REASON(NONE), "" },

    { { "replace by one with hooks", with_hello, replace_hooked,
        .outcome = FAILS }, REASON(HOOK), "can't replace others" },
    { { "replace by what is applied", with_two, replace_hello,
        .outcome = FAILS }, REASON(WRONG_STATE), "nothing was replaced" },
    { { "replace another tool's", with_foreign, replace_one,
        .outcome = FAILS }, REASON(CANNOT_UNDO), "another tool loaded it" },
    { { "replace what can't come back", lost_file, replace_one,
        .outcome = FAILS }, REASON(CANNOT_UNDO), "changed", find_file },
    { { "replace it all the same", lost_file, replace_at_all_costs,
        .outcome = DONE, .done = "fresh:applied|fresh" },
      REASON(NONE), "", find_file },
    { { "replace it, and fail", lost_file_refused, replace_at_all_costs,
        .outcome = STRANDED }, REASON(HYPERVISOR), "put back", find_file },

    { { "revert of none", named_xx, revert_named, .outcome = FAILS },
      REASON(NO_SUCH_PAYLOAD), "cannot revert" },
    { { "unload of none", named_xx, unload_named, .outcome = FAILS },
      REASON(NO_SUCH_PAYLOAD), "cannot unload" },
    { { "revert, malformed", malformed, revert_named, .outcome = FAILS },
      REASON(USAGE), "can't be the name" },
    { { "revert of odd bytes", odd_name, revert_named, .outcome = DONE,
        .done = "\xff\n:checked|" }, REASON(NONE), "is reverted" },
    { { "revert below the top", below_top, revert_named, .outcome = FAILS },
      REASON(NOT_ON_TOP), "on top of it" },
    { { "revert again", reverted_bye, revert_named, .outcome = ALREADY },
      REASON(NONE), "reverted already" },
    { { "unload what is applied", unload_applied, unload_named,
        .outcome = FAILS }, REASON(WRONG_STATE), "it is applied" },
    { { "plan a revert", plan_revert, revert_named, .outcome = PLANNED },
      REASON(NONE), "would be reverted" },
    { { "plan both", plan_unload, revert_named, .outcome = PLANNED },
      REASON(NONE), "would be reverted and unloaded" },
    { { "plan an unload", plan_unload_bye, unload_named,
        .outcome = PLANNED }, REASON(NONE), "would be unloaded" },

    { { "a host of many kinds", busy_host, apply_bye, .outcome = DONE,
        .done = "bye:applied hello:applied|hello bye" },
      REASON(NONE), "" },
    { { "too short a pause", short_pause, apply_bye, .outcome = FAILS },
      REASON(USAGE), "119999 us, which is less than the 120000 us" },
    { { "just enough of a pause", pause_as_long_as_needed, apply_bye,
        .outcome = DONE,
        .done = "bye:applied hello:applied|hello bye" },
      REASON(NONE), "" },
    { { "too short, for nobody", short_pause_of_nobody, apply_bye,
        .outcome = DONE, .done = "bye:applied hello:applied|hello bye" },
      REASON(NONE), "" },
    { { "pause nobody", stubborn_never, apply_bye, .outcome = BUSY },
      REASON(QUIESCE), "did not arrive" },
    { { "pause all", stubborn_all, apply_bye, .outcome = DONE,
        .done = "bye:applied hello:applied|hello bye" },
      REASON(NONE), "" },
    { { "pause all but it", exclude_it, apply_bye, .outcome = BUSY },
      REASON(QUIESCE), "did not arrive" },
    { { "pause it alone", list_it, apply_bye, .outcome = DONE,
        .done = "bye:applied hello:applied|hello bye" },
      REASON(NONE), "" },
    { { "pause another alone", list_another, apply_bye, .outcome = BUSY },
      REASON(QUIESCE), "did not arrive" },

    { { "locked", locked_by_init, apply_fresh, .outcome = BUSY },
      REASON(LOCKED), "process 1 is", unlock },
    { { "locked, and aborted", locked_by_init, apply_fresh,
        .outcome = FAILS }, REASON(ABORTED), "before anything", unlock, 8 },
    { { "three, aborted after the first", NULL, apply_three,
        .outcome = FAILS }, REASON(ABORTED), "aborted", .abort_at = 12 },
    { { "locked by the dead", locked_by_the_dead, apply_fresh,
        .outcome = BUSY }, REASON(LOCKED), "now gone", unlock },
    { { "locked by nobody", locked_by_nobody, apply_fresh,
        .outcome = BUSY }, REASON(LOCKED), "did not tell", unlock },
};

static bool says(const char *words)
{
    char **warning = last_result.warnings;

    if (strstr(last_result.message, words)) return true;
    for (; warning && *warning; warning++)
        if (strstr(*warning, words)) return true;
    return false;
}

void test_cases(void **state)
{
    int i, wrong = 0;
    char *why;

    for (i = 0; i < ARRAY_SIZE(cases); i++) {
        const struct scenario *s = &cases[i].scenario;

        params_reset();
        why = operation_run(s, &(struct fault){ .at = cases[i].abort_at,
                                                .abort = true }, NULL);
        if (cases[i].clean_up) cases[i].clean_up();
        if (!why && last_result.outcome == s->outcome &&
            last_result.reason == cases[i].reason && says(cases[i].words))
            continue;
        print_error("%s: %s\n    %s, %s: %s\n", s->name, why ?: "",
            libxl_livepatch_outcome_to_string(last_result.outcome),
            libxl_livepatch_reason_to_string(last_result.reason),
            last_result.message);
        free(why);
        wrong++;
    }
    params_reset();
    assert_int_equal(wrong, 0);
}

/*----- silly pausers -----*/

static const char *const pausers[] = {
    "exit 0",
    "exit 1",
    "kill -9 $$",
    "echo nonsense; read x",
    "echo warning on purpose; read x",
    "echo recovered many; read x",
    "head -c 600 /dev/zero | tr '\\0' x; read x",
    "echo done; read x",
    "echo standing; echo nonsense; read x",
    "echo standing; read x; echo paused 99 1; read x",
    "echo standing; read x; echo left 0 no; echo done",
    "echo standing; read x; echo done; exit 1",
    "exec sleep 100",
    "echo standing; exec sleep 100",
};

void test_silly_pausers(void **state)
{
    const struct scenario scenario = { "apply with a silly pauser",
                                       stubborn, apply_bye };
    const char *path = FORCED_RUN_DIR "/silly";
    FILE *stream;
    int i, wrong = 0;
    char *why;

    setenv("LIBXL_LIVEPATCH_PAUSER", path, 1);
    faults_guard_divisor = 25;
    unlink(path);
    for (i = -1; i < (int)ARRAY_SIZE(pausers); i++) {
        if (i >= 0) {
            stream = fopen(path, "we");
            fprintf(stream, "#!/bin/sh\n%s\n", pausers[i]);
            fchmod(fileno(stream), 0700);
            fclose(stream);
        }
        params_reset();
        why = operation_run(&scenario, &(struct fault){}, NULL);
        if (!why && last_result.outcome == BUSY) continue;
        print_error("%s: %s\n", i < 0 ? "none" : pausers[i],
                    why ?: last_result.message);
        free(why);
        wrong++;
    }
    unsetenv("LIBXL_LIVEPATCH_PAUSER");
    faults_guard_divisor = 1;
    params_reset();
    assert_int_equal(wrong, 0);
}
