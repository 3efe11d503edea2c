/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libxl_osdeps.h"

#undef NDEBUG
#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <libxl.h>
#include <xenctrl.h>
#include <xen/errno.h>
#include <xen-tools/libs.h>

#include "cases.h"
#include "engine.h"
#include "hosts.h"
#include "world.h"

/*----- operations -----*/

static int apply_fresh(libxl_ctx *ctx, libxl_livepatch_result *result,
                       const libxl_asyncop_how *how)
{
    return apply_files(ctx, result, how, 1, "fresh");
}

static int apply_hooked(libxl_ctx *ctx, libxl_livepatch_result *result,
                        const libxl_asyncop_how *how)
{
    return apply_files(ctx, result, how, 1, "hooked");
}

static int revert_hello(libxl_ctx *ctx, libxl_livepatch_result *result,
                        const libxl_asyncop_how *how)
{
    return libxl_livepatch_revert(ctx, "hello", &params, result, how, NULL);
}

static int unload_hello(libxl_ctx *ctx, libxl_livepatch_result *result,
                        const libxl_asyncop_how *how)
{
    return libxl_livepatch_unload(ctx, "hello", &params, result, how);
}

/*----- hosts -----*/

/* Domain 2 is in the way, and there are 1 and 3. */
static void at_once(void)       { stubborn(); params.retries = 0; }
static void then_another(void)  { at_once(); engine.late_then = 3; }
static void waits(void)         { waiting(); world_add(3, 0); }
static void waits_for_ever(void) { waits();
                            params.pause = LIBXL_LIVEPATCH_PAUSE_MODE_NEVER; }
static void pause_never(void)   { at_once();
                            params.pause = LIBXL_LIVEPATCH_PAUSE_MODE_NEVER; }
static void pause_all(void)     { at_once();
                            params.pause = LIBXL_LIVEPATCH_PAUSE_MODE_ALL; }

static void late(int idle, int dom0)
{
    with_hello();
    world_add(2, XEN_DOMINF_running);
    engine.idle_late = idle;
    engine.dom0_late = dom0;
    params.retries = 1;
}

static void idle_once(void)     { late(1, 0); }
static void idle_always(void)   { late(1000, 0); }
static void idle_at_once(void)  { idle_always(); engine.looks = 0; }
static void dom0_always(void)   { late(0, 1000); }
static void many(void)          { late(1000, 1000); engine.stubborn = 2;
                                  params.retries = 0; }

static libxl_domid *one_domain(libxl_domid domid)
{
    libxl_domid *list = malloc(sizeof(*list));

    *list = domid;
    return list;
}

static void exclude_it(void)
{
    at_once();
    params.excluded = one_domain(2);
    params.num_excluded = 1;
}

static void list_another(void)
{
    at_once();
    params.pause = LIBXL_LIVEPATCH_PAUSE_MODE_LISTED;
    params.listed = one_domain(3);
    params.num_listed = 1;
}

static void refused(void)
{
    refuse("fresh", LIVEPATCH_ACTION_APPLY, -XEN_EINVAL, 1, true,
           "something odd in section 7")->reason =
        LIVEPATCH_REASON_HYPERVISOR;
}

static void unexpected(void)
{
    refuse("fresh", LIVEPATCH_ACTION_APPLY, -XEN_EINVAL, 1, true,
           "function f at 0: expected 00, found 01")->reason =
        LIVEPATCH_REASON_EXPECTATION;
}

/* By a payload that is displaced. */
static void vetoed_by_another(void)
{
    struct engine_refusal *r = refuse("fresh", LIVEPATCH_ACTION_REPLACE,
                                      -XEN_EINVAL, 1, false,
                                      "the revert hook of bye returned -1");

    with_two();
    r->reason = LIVEPATCH_REASON_HOOK;
    r->culprit = "bye";
}

static void vetoed(void)
{
    refuse("hooked", LIVEPATCH_ACTION_APPLY, -XEN_EBUSY, 1, true,
           "APPLY: its preapply hook returned -16")->reason =
        LIVEPATCH_REASON_HOOK;
}

static void no_symbol(void)
{
    refuse("fresh", 0, -XEN_ENOENT, 1, true,
           "symbol x is neither in the hypervisor nor in a payload")->reason
        = LIVEPATCH_REASON_SYMBOL;
}

static void no_signature(void)
{
    refuse("fresh", 0, -XEN_EACCES, 1, true, "it is not signed")->reason =
        LIVEPATCH_REASON_SIGNATURE;
}

static void odd_upload(void)
{
    refuse("fresh", 0, -XEN_EINVAL, 1, true,
           "section 9: alignment 3")->reason = LIVEPATCH_REASON_FORMAT;
}

static void in_use(void)
{
    with_hello_reverted();
    refuse("hello", LIVEPATCH_ACTION_UNLOAD, -XEN_EBUSY, -1, true,
           "UNLOAD: other payloads use what is in it: bye")->reason =
        LIVEPATCH_REASON_IN_USE;
}

static void loaded_as_zz(void)
{
    engine_load("zz", file_of("fresh"));
}

static void replace_refused(void)
{
    with_two();
    refuse("fresh", LIVEPATCH_ACTION_REPLACE, -XEN_EINVAL, 1, false,
           "something odd")->reason = LIVEPATCH_REASON_HYPERVISOR;
}

/* Its file has gone, which matters to stock engines. */
static void lost_file(void)
{
    with_hello();
    assert(!rename(file_of("hello"), file_of("saved")));
}

static void find_file(void)
{
    assert(!rename(file_of("saved"), file_of("hello")));
}

/*----- cases -----*/

static const struct {
    struct scenario scenario;
    libxl_livepatch_reason reason;
    const char *words;          /* in the message, its advice or a warning */
    const char *seen;           /* see seen() */
    void (*clean_up)(void);
} cases[] = {
#define FAILS LIBXL_LIVEPATCH_OUTCOME_FAILED
#define BUSY LIBXL_LIVEPATCH_OUTCOME_BUSY
#define DONE LIBXL_LIVEPATCH_OUTCOME_DONE
#define ALREADY LIBXL_LIVEPATCH_OUTCOME_ALREADY
#define REASON(r) LIBXL_LIVEPATCH_REASON_##r
#define BOTH "bye:applied hello:applied|hello bye"
    { { "one is named", at_once, apply_bye, .outcome = DONE, .done = BOTH },
      REASON(NONE), "", "1 uploads, 2 attempts, paused: 2" },
    { { "another is named then", then_another, apply_bye, .outcome = DONE,
        .done = BOTH }, REASON(NONE), "",
      "1 uploads, 3 attempts, paused: 2 3" },
    { { "an idle CPU, once", idle_once, apply_bye, .outcome = DONE,
        .done = BOTH }, REASON(NONE), "",
      "1 uploads, 2 attempts, paused:" },
    { { "an idle CPU", idle_always, apply_bye, .outcome = BUSY },
      REASON(QUIESCE), "CPU 1 ran no domain, in do_busy+0x40",
      "1 uploads, 3 attempts, paused:" },
    { { "domain 0", dom0_always, apply_bye, .outcome = BUSY },
      REASON(QUIESCE), "CPU 1 ran domain 0, vCPU 0",
      "1 uploads, 3 attempts, paused:" },
    { { "nobody to pause", idle_always, apply_bye, .outcome = BUSY },
      REASON(QUIESCE), "No guest that may be paused", NULL },
    { { "many", many, apply_bye, .outcome = BUSY }, REASON(QUIESCE),
      "CPU 1 ran no domain, in do_busy+0x40; CPU 2 ran domain 0, vCPU 0",
      "1 uploads, 3 attempts, paused: 2" },
    { { "who is named may not be paused", exclude_it, apply_bye,
        .outcome = BUSY }, REASON(QUIESCE), "domain 2, vCPU 0",
      "1 uploads, 2 attempts, paused:" },
    { { "another may be paused", list_another, apply_bye,
        .outcome = BUSY }, REASON(QUIESCE), "domain 2, vCPU 0",
      "1 uploads, 2 attempts, paused:" },
    { { "nobody may be paused", pause_never, apply_bye, .outcome = BUSY },
      REASON(QUIESCE), "domain 2, vCPU 0",
      "1 uploads, 2 attempts, paused:" },
    { { "all are to be paused", pause_all, apply_bye, .outcome = DONE,
        .done = BOTH }, REASON(NONE), "",
      "1 uploads, 2 attempts, paused: 1 2 3" },
    { { "one waits", waits, apply_hello, .outcome = BUSY },
      REASON(WAITQUEUE), "domain 2, vCPU 0",
      "1 uploads, 2 attempts, paused:" },
    { { "one waits for ever", waits_for_ever, apply_hello,
        .outcome = BUSY }, REASON(WAITQUEUE), "domain 2, vCPU 0",
      "1 uploads, 2 attempts, paused:" },
    { { "what to do about it", waits_for_ever, apply_hello,
        .outcome = BUSY }, REASON(WAITQUEUE), "monitor or pager", NULL },

    { { "its own words", refused, apply_fresh, .outcome = FAILS },
      REASON(HYPERVISOR), "something odd in section 7", NULL },
    { { "an expectation", unexpected, apply_fresh, .outcome = FAILS },
      REASON(EXPECTATION), "expected 00, found 01", NULL },
    { { "a hook that is busy", vetoed, apply_hooked, .outcome = FAILS },
      REASON(HOOK), "its preapply hook", NULL },
    { { "a hook of another payload", vetoed_by_another, replace_one,
        .outcome = FAILS },
      REASON(HOOK), "The hook is that of bye", NULL },
    { { "no symbol", no_symbol, apply_fresh, .outcome = FAILS },
      REASON(SYMBOL), "symbol x is neither", NULL },
    { { "no signature", no_signature, apply_fresh, .outcome = FAILS },
      REASON(SIGNATURE), "as its maker has signed it", NULL },
    { { "an odd upload", odd_upload, apply_fresh, .outcome = FAILS },
      REASON(FORMAT), "section 9: alignment 3", NULL },
    { { "what to do about that", odd_upload, apply_fresh, .outcome = FAILS },
      REASON(FORMAT), "show these words to who made it", NULL },
    { { "not on top", with_two, revert_hello, .outcome = FAILS },
      REASON(NOT_ON_TOP), "bye was applied after it",
      "0 uploads, 1 attempts, paused:" },
    { { "others use it", in_use, unload_hello, .outcome = FAILS },
      REASON(IN_USE), "other payloads use", NULL },
    { { "another tool's in flight", in_flight, apply_bye,
        .outcome = DONE, .done = BOTH }, REASON(NONE), "", NULL },

    { { "applied again as it is", with_hello_reverted, apply_hello,
        .outcome = DONE, .done = "hello:applied|hello" },
      REASON(NONE), "", "0 uploads, 1 attempts, paused:" },
    { { "known under another name", loaded_as_zz, apply_fresh,
        .outcome = DONE, .done = "zz:applied|zz" },
      REASON(NONE), "", "0 uploads, 1 attempts, paused:" },
    { { "another tool's, applied", with_foreign, apply_hello,
        .outcome = ALREADY }, REASON(NONE), "applied already",
      "0 uploads, 0 attempts, paused:" },
    { { "another of the name", with_namesake, apply_hello,
        .outcome = FAILS }, REASON(COLLISION), "with build-id 7777",
      "0 uploads, 0 attempts, paused:" },
    { { "what builds on another tool's", with_foreign, apply_third,
        .outcome = FAILS }, REASON(DEPENDENCY), "builds on build-id 3333",
      "0 uploads, 0 attempts, paused:" },
    { { "replace another tool's", with_foreign, replace_one,
        .outcome = DONE, .done = "fresh:applied|fresh" },
      REASON(NONE), "", "1 uploads, 2 attempts, paused:" },
    { { "replace what has no file", lost_file, replace_one,
        .outcome = DONE, .done = "fresh:applied|fresh" },
      REASON(NONE), "", "1 uploads, 2 attempts, paused:", find_file },
    /* The hypervisor itself has put the old stack back. */
    { { "replace that fails", replace_refused, replace_one,
        .outcome = FAILS }, REASON(HYPERVISOR), "something odd",
      "1 uploads, 2 attempts, paused:" },
};

/* What the library did: "1 uploads, 2 attempts, paused: 2 3". */
static const char *seen(void)
{
    static char text[80];
    int i, len;

    len = snprintf(text, sizeof(text), "%d uploads, %d attempts, paused:",
                   engine.uploads, last_result.num_attempts);
    for (i = 0; i < world->num_domains; i++)
        if (world->domains[i].pauses)
            len += snprintf(text + len, sizeof(text) - len, " %u",
                            world->domains[i].domid);
    return text;
}

static bool says(const char *words)
{
    char **warning = last_result.warnings;

    if (strstr(last_result.message, words) ||
        (last_result.advice && strstr(last_result.advice, words)))
        return true;
    for (; warning && *warning; warning++)
        if (strstr(*warning, words)) return true;
    return false;
}

void test_reported(void **state)
{
    int i, wrong = 0;
    char *why;

    for (i = 0; i < ARRAY_SIZE(cases); i++) {
        const struct scenario *s = &cases[i].scenario;

        params_reset();
        why = operation_run(s, &(struct fault){}, NULL);
        if (cases[i].clean_up) cases[i].clean_up();
        /* What was told is not told twice, but a hook may have said more. */
        if (!why && last_result.outcome == s->outcome &&
            last_result.reason == cases[i].reason && says(cases[i].words) &&
            (!cases[i].seen || !strcmp(cases[i].seen, seen())) &&
            (s->outcome == DONE || !last_result.xen_messages ==
             (cases[i].reason != LIBXL_LIVEPATCH_REASON_HOOK)))
            continue;
        print_error("%s: %s\n    %s, %s: %s\n    %s\n    %s\n", s->name,
            why ?: "",
            libxl_livepatch_outcome_to_string(last_result.outcome),
            libxl_livepatch_reason_to_string(last_result.reason),
            last_result.message, last_result.advice ?: "-", seen());
        free(why);
        wrong++;
    }
    params_reset();
    assert_int_equal(wrong, 0);
}

/*----- what is told of payloads -----*/

static void run(const struct scenario *scenario)
{
    char *why;

    params_reset();
    why = operation_run(scenario, &(struct fault){}, NULL);
    if (why) fail_msg("%s", why);
}

/* One that libxl loaded, one that it didn't, one exchanged behind it. */
static void mixed(void)
{
    do_now(apply_hello);
    do_now(apply_bye);
    engine_load("zz", file_of("zz"));
    engine_revert("bye");
    engine_unload("bye");
    engine_load("bye", file_of("third"));
}

void test_reported_payloads(void **state)
{
    const struct scenario list_mixed = { "list", mixed, list, true };
    const struct scenario info_bye = { "info", with_two, info, true };
    const libxl_livepatch_payload *p;
    const libxl_livepatch_report *r;

    run(&list_mixed);
    assert_int_equal(last_result.num_payloads, 3);
    p = last_result.payloads;
    assert_string_equal(p[0].name, "hello");
    assert_true(p[0].recorded && p[0].file && p[0].sha256 && p[0].applied_us);
    assert_string_equal(p[1].name, "zz");
    assert_true(!p[1].recorded && !p[1].file && !p[1].applied_us);
    assert_memory_equal(p[1].build_id, "6666", 4);
    assert_memory_equal(p[1].depends, "2222", 4);
    assert_true(p[1].reapplicable && p[1].uploaded_us);
    assert_int_equal(p[1].num_functions, 1);
    assert_string_equal(p[1].functions[0].new_addr, "0xffff82d040500000");
    assert_string_equal(p[2].name, "bye");
    assert_false(p[2].recorded);
    assert_memory_equal(p[2].build_id, "4444", 4);

    run(&info_bye);
    assert_int_equal(last_details.num_payloads, 1);
    assert_int_equal(last_details.num_reports, 1);
    r = last_details.reports;
    assert_string_equal(r->name, "bye");
    assert_int_equal(r->action, LIBXL_LIVEPATCH_OPERATION_APPLY);
    assert_int_equal(r->arrival_us, 3);
    assert_true(last_details.payloads[0].functions[0].applied);
}

/* For ever. */
static void zz_flies(void)
{
    engine_load("zz", file_of("zz"));
    engine_fly("zz", LIVEPATCH_ACTION_APPLY, -1);
}

/* The times of attempts are the hypervisor's, and close together. */
void test_no_distance(void **state)
{
    const struct scenario scenario = { "apply", idle_once, apply_bye,
                                       .outcome = DONE, .done = BOTH };
    const struct scenario in_the_way = { "apply", zz_flies, apply_hello };
    const libxl_livepatch_attempt *a;

    run(&scenario);
    a = last_result.attempts;
    assert_int_equal(last_result.num_attempts, 2);
    assert_true(a[1].start_us - a[0].start_us - a[0].duration_us <
                ENGINE_DISTANCE_US / 2);
    assert_int_equal(a[0].num_stragglers, 1);
    assert_int_equal(a[0].stragglers[0].domid, ENGINE_IDLE);
    assert_string_equal(a[0].stragglers[0].symbol, "do_busy");
    assert_string_equal(a[0].failure, "1 CPUs did not arrive in time");
    assert_int_equal(a[1].stalled_us, 4);
    assert_int_equal(a[1].num_stragglers, 0);
    assert_null(a[1].failure);

    /* Somebody else's action has to come to its end. */
    run(&in_the_way);
    a = last_result.attempts;
    assert_int_equal(last_result.num_attempts, 4);
    assert_string_equal(a[0].failure, "an action on zz is in flight");
    assert_true(a[1].start_us - a[0].start_us >= ENGINE_DISTANCE_US / 2);
}

/*
 * Whenever that is, it says so, and not what was in the way before; also
 * where every attempt is over before it could be waited for.
 */
static void aborted_while_late(void (*setup)(void))
{
    const struct scenario s = { "apply", setup, apply_bye };
    int steps, n, times = 0;
    char *why;

    run(&s);
    steps = last_steps;
    for (n = 1; n <= steps; n++) {
        params_reset();
        why = operation_run(&s, &(struct fault){ .at = n, .abort = true },
                            NULL);
        if (why) fail_msg("%s", why);
        if (last_result.reason != LIBXL_LIVEPATCH_REASON_ABORTED) continue;
        assert_non_null(strstr(last_result.message, "aborted"));
        assert_null(strstr(last_result.message, "CPU"));
        times += last_result.num_attempts > 0;
    }
    assert_true(times > 2);
    params_reset();
}

void test_late_and_aborted(void **state)
{
    aborted_while_late(idle_always);
    aborted_while_late(idle_at_once);
}

/*----- distorted reports -----*/

typedef struct xen_sysctl_livepatch_report report_op;

static int give(report_op *op, const void *bytes, uint32_t size)
{
    const uint32_t room = op->size;

    op->size = size;
    if (size > room) return -XEN_ENOBUFS;
    memcpy(op->buffer.p, bytes, size);
    return 0;
}

static int truncated(report_op *op, uint8_t *bytes, uint32_t size)
{
    return give(op, bytes, size - 9);
}

static int item_of_none(report_op *op, uint8_t *bytes, uint32_t size)
{
    memset(bytes + 4, 0, 4);
    return give(op, bytes, size);
}

static int item_of_all(report_op *op, uint8_t *bytes, uint32_t size)
{
    memset(bytes + 4, 0xff, 4);
    return give(op, bytes, size);
}

static int noise(report_op *op, uint8_t *bytes, uint32_t size)
{
    memset(bytes, 0xa5, size);
    return give(op, bytes, size);
}

/* It says that there is more than it was given room for. */
static int too_much(report_op *op, uint8_t *bytes, uint32_t size)
{
    if (op->size) give(op, bytes, size);
    op->size += 1 << 20;
    return 0;
}

/* Always a little more. */
static int growing(report_op *op, uint8_t *bytes, uint32_t size)
{
    op->size++;
    return -XEN_ENOBUFS;
}

static int shrinking(report_op *op, uint8_t *bytes, uint32_t size)
{
    op->size /= 2;
    return -XEN_ENOBUFS;
}

static int huge(report_op *op, uint8_t *bytes, uint32_t size)
{
    op->size = 0xffffffff;
    return -XEN_ENOBUFS;
}

static int refusing(report_op *op, uint8_t *bytes, uint32_t size)
{
    return op->size ? -XEN_EPERM : -XEN_ENOBUFS;
}

/* About somebody else. */
static int another(report_op *op, uint8_t *bytes, uint32_t size)
{
    bytes[8] = 'x';
    return give(op, bytes, size);
}

static int (*const distortions[])(report_op *, uint8_t *, uint32_t) = {
    truncated, item_of_none, item_of_all, noise, too_much, growing,
    shrinking, huge, refusing,
};

/* More than there is room for at first, and it may grow once more. */
static int large(report_op *op, uint8_t *bytes, uint32_t size)
{
    static uint8_t room[20000];
    const struct xen_livepatch_report_item filler = {
        .type = 999, .size = (engine.reported % 2 ? 20000 : 10000) - size,
    };

    memcpy(room, bytes, size);
    memcpy(room + size, &filler, sizeof(filler));
    return give(op, room, size + filler.size);
}

static void (*distorted_set_up)(void);
static int (*distortion)(report_op *, uint8_t *, uint32_t);
static void distort(void)
{
    distorted_set_up();
    engine.distort = distortion;
}

static void run_distorted(void (*set_up)(void), start_function *start,
                          bool looks, libxl_livepatch_outcome outcome,
                          const char *done)
{
    const struct scenario scenario = { "distorted", distort, start, looks,
                                       .done = done };

    distorted_set_up = set_up;
    run(&scenario);
    assert_int_equal(last_result.outcome, outcome);
}

/* All goes on as if there was no report. */
void test_distorted(void **state)
{
    int i;

    for (i = 0; i < ARRAY_SIZE(distortions); i++) {
        distortion = distortions[i];
        run_distorted(with_two, list, true, DONE, NULL);
        assert_int_equal(last_result.num_payloads, 2);
        assert_null(last_result.payloads[0].build_id);
        run_distorted(with_two, info, true, DONE, NULL);
        assert_int_equal(last_details.num_reports, 0);
        run_distorted(at_once, apply_bye, false, DONE, BOTH);
        assert_int_equal(last_result.attempts[0].num_stragglers, 0);
        run_distorted(odd_upload, apply_fresh, false, FAILS, NULL);
        assert_null(strstr(last_result.message, "section 9"));
        assert_non_null(last_result.xen_messages);
    }
    distortion = another;
    run_distorted(odd_upload, apply_fresh, false, FAILS, NULL);
    assert_non_null(strstr(last_result.message, "refused"));
    assert_null(strstr(last_result.message, "section 9"));

    distortion = large;
    run_distorted(with_two, info, true, DONE, NULL);
    assert_int_equal(last_details.num_reports, 1);
    params_reset();
}
