/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What takes the place of what, what may be bound to what, and how long it is
 * tried.
 *
 *   v1/cum  fixes XSA-1
 *   v2/cum  fixes XSA-1 and XSA-2; the same name and the same symbol
 *   next    the same symbol as v1/cum, another name
 */
#include "libxl_osdeps.h"

#undef NDEBUG
#include <assert.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include <libxl.h>
#include <xenctrl.h>
#include <xen/errno.h>
#include <xen-tools/libs.h>

#include "cases.h"
#include "engine.h"
#include "hosts.h"
#include "payload_image.h"
#include "world.h"

/*----- files -----*/

/* With data of its own it isn't applied a second time. */
static void make_cumulative(const char *name, uint8_t id, const char *fixes,
                            bool data)
{
    payload_image *image = image_new();
    struct image_section *modinfo = image_section(image, ".modinfo");
    int fd;

    modinfo->size = snprintf((char *)modinfo->data, modinfo->size,
                             "fixes=%s", fixes) + 1;
    memset(image_section(image, ".note.gnu.build-id")->data + 16, id, 20);
    memset(image_section(image, ".livepatch.depends")->data + 16, 0x22, 20);
    if (data)
        image_add_section(image, ".data", SHT_PROGBITS,
                          SHF_ALLOC | SHF_WRITE, "data", 5);
    image->symbols[image_symbol_index(image, "names")].name = "lp_helper";
    image_build(image);
    fd = open(file_of(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert(fd >= 0 && write(fd, image->bytes, image->size) == image->size);
    close(fd);
    image_free(image);
}

static void make_all(void)
{
    char path[PATH_MAX];
    int i;

    for (i = 1; i <= 2; i++) {
        snprintf(path, sizeof(path), "%s/v%d", run_dir, i);
        assert(!mkdir(path, 0700) || errno == EEXIST);
    }
    make_cumulative("v1/cum", 0xc1, "XSA-1", true);
    make_cumulative("v2/cum", 0xc2, "xsa1 XSA-2", false);
    make_cumulative("next", 0xc3, "XSA-1,XSA-2", false);
    unlink(file_of("current"));
    assert(!symlink("v1/cum.livepatch", file_of("current")));
}

/*----- hosts and operations -----*/

#define START(name, call)                                               \
    static int name(libxl_ctx *ctx, libxl_livepatch_result *result,     \
                    const libxl_asyncop_how *how)                       \
    { return call; }

START(apply_v1, apply_files(ctx, result, how, 1, "v1/cum"))
START(apply_v2, apply_files(ctx, result, how, 1, "v2/cum"))
START(apply_current, apply_files(ctx, result, how, 1, "current"))
START(replace_v1, (params.replace = true,
                   apply_files(ctx, result, how, 1, "v1/cum")))
START(replace_v2, (params.replace = true,
                   apply_files(ctx, result, how, 1, "v2/cum")))
START(replace_next, (params.replace = true,
                     apply_files(ctx, result, how, 1, "next")))
START(apply_fresh, apply_files(ctx, result, how, 1, "fresh"))
START(apply_two, apply_files(ctx, result, how, 2, "hello", "bye"))
START(unload_hello, libxl_livepatch_unload(ctx, "hello", &params, result,
                                           how))
START(apply_odd, libxl_livepatch_apply(ctx, &((libxl_livepatch_file){
          .path = (char *)file_of("fresh"),
          .name = (char *)"a\x1b[2J\xff" }), 1, &params, result, how, NULL))

static void with_v1(void) { do_now(apply_v1); }
static void with_v2(void) { do_now(apply_v2); }
static void losing(void)  { with_v2(); params.lose_fixes = true; }

static void v2_refused(void)
{
    with_v1();
    refuse("cum", LIVEPATCH_ACTION_APPLY, -XEN_EINVAL, 1, false, NULL);
}

static void v2_planned(void)
{
    with_v1();
    params.dry_run = true;
}

/* bye may be bound to hello, which has to be loaded anew. */
static void both_reverted(void)
{
    with_two();
    do_now(revert_bye);
    engine_revert("hello");
}

/* Asleep inside the hypervisor when a replace has reverted the stack. */
static void sleeper(void)
{
    with_two();
    world_add(2, XEN_DOMINF_running);
    engine.waiter = 2;
    engine.waits = 12;
}

static void sleeper_for_ever(void)
{
    sleeper();
    engine.waits = -1;
}

static void never_with_deadline(void)
{
    engine.unschedulable = 1 << 20;
    params.deadline_us = 300 * 1000000ULL;
}

/* Xen's log level hides why. */
static void silent_symbol(void)
{
    refuse("fresh", 0, -XEN_ENOENT, 1, true, "");
}

static void silent_refusal(void)
{
    refuse("fresh", LIVEPATCH_ACTION_APPLY, -XEN_EINVAL, 1, true, "");
}

/* Longer than attempts are made without a deadline. */
static void later_with_deadline(void)
{
    engine.unschedulable = 20;
    params.deadline_us = 300 * 1000000ULL;
}

static bool is_v1(void)
{
    return !strncmp(engine_find("cum")->file.build_id, "c1", 2);
}

static bool is_v2(void)
{
    return !strncmp(engine_find("cum")->file.build_id, "c2", 2) &&
        last_result.unpatched_us;
}

static bool bystander_ran(void)
{
    return !world_find(1)->pauses && !world_find(2)->pauses;
}

static bool tried_long(void)
{
    return last_result.duration_us > 200 * 1000000ULL &&
        last_result.duration_us < 300 * 1000000ULL;
}

static bool gave_up_late(void)
{
    return last_result.duration_us > 120 * 1000000ULL;
}

static const struct {
    struct scenario scenario;
    libxl_livepatch_reason reason;
    const char *words;          /* in the message, or a warning */
    bool (*holds)(void);
    bool stock;                 /* only stock engines come to that */
} cases[] = {
#define FAILS LIBXL_LIVEPATCH_OUTCOME_FAILED
#define BUSY LIBXL_LIVEPATCH_OUTCOME_BUSY
#define STRANDED LIBXL_LIVEPATCH_OUTCOME_STRANDED
#define DONE LIBXL_LIVEPATCH_OUTCOME_DONE
#define PLANNED LIBXL_LIVEPATCH_OUTCOME_PLANNED
#define REASON(r) LIBXL_LIVEPATCH_REASON_##r
    { { "replace by a namesake", with_v1, replace_v2, .outcome = DONE,
        .done = "cum:applied|cum" }, REASON(NONE), "neither were", is_v2 },
    { { "plan that", v2_planned, replace_v2, .outcome = PLANNED },
      REASON(NONE), "neither", is_v1 },
    { { "by one that is refused", v2_refused, replace_v2,
        .outcome = FAILS }, REASON(HYPERVISOR), "", is_v1 },
    { { "by one with its symbol", with_v1, replace_next, .outcome = DONE,
        .done = "next:applied|next" }, REASON(NONE), "neither were", NULL,
      true },
    { { "by an older one", with_v2, replace_v1, .outcome = FAILS },
      REASON(LOSES_FIX), "XSA-2" },
    { { "by an older one, as wanted", losing, replace_v1, .outcome = DONE,
        .done = "cum:applied|cum" }, REASON(NONE), "no longer fixed",
      is_v1 },
    { { "through a link", NULL, apply_current, .outcome = DONE,
        .done = "cum:applied|cum" }, REASON(NONE), "cum is" },
    { { "a name with escapes", NULL, apply_odd, .outcome = DONE,
        .done = "a\x1b[2J\xff:applied|a\x1b[2J\xff" }, REASON(NONE),
      "a\\x1b[2J\\xff" },

    { { "under one that may be bound to it", both_reverted, apply_hello,
        .outcome = FAILS }, REASON(IN_USE), "bye", NULL, true },
    { { "with it", both_reverted, apply_two, .outcome = DONE,
        .done = "bye:applied hello:applied|hello bye" }, REASON(NONE), "",
      NULL, true },
    { { "unload one that is built on", both_reverted, unload_hello,
        .outcome = FAILS }, REASON(IN_USE), "bye", NULL, true },

    { { "a sleeper that wakes up", sleeper, replace_one, .outcome = BUSY },
      REASON(WAITQUEUE), "waits", bystander_ran, true },
    { { "one that does not", sleeper_for_ever, replace_one,
        .outcome = STRANDED }, REASON(WAITQUEUE), "put back",
      gave_up_late, true },
    { { "no symbol, no word", silent_symbol, apply_fresh,
        .outcome = FAILS }, REASON(SYMBOL), "a symbol that is not there",
      NULL, true },
    { { "refused without a word", silent_refusal, apply_fresh,
        .outcome = FAILS }, REASON(HYPERVISOR), "doesn't say why", NULL,
      true },
    { { "a deadline", never_with_deadline, apply_fresh, .outcome = BUSY },
      REASON(IN_FLIGHT), "", tried_long },
    { { "within a deadline", later_with_deadline, apply_fresh,
        .outcome = DONE, .done = "fresh:applied|fresh" }, REASON(NONE), "" },
};

static bool says(const char *words)
{
    char **warning = last_result.warnings;

    if (strstr(last_result.message, words)) return true;
    for (; warning && *warning; warning++)
        if (strstr(*warning, words)) return true;
    return false;
}

void test_replaced(void **state)
{
    int i, wrong = 0;
    char *why;

    make_all();
    for (i = 0; i < ARRAY_SIZE(cases); i++) {
        const struct scenario *s = &cases[i].scenario;

        if (cases[i].stock && engine_reporting) continue;
        params_reset();
        why = operation_run(s, &(struct fault){}, NULL);
        if (!why && last_result.outcome == s->outcome &&
            last_result.reason == cases[i].reason && says(cases[i].words) &&
            (!cases[i].holds || cases[i].holds()) && !*engine.dangled)
            continue;
        print_error("%s: %s\n    %s, %s: %s\n    dangled: %s\n", s->name,
            why ?: "", libxl_livepatch_outcome_to_string(last_result.outcome),
            libxl_livepatch_reason_to_string(last_result.reason),
            last_result.message, engine.dangled);
        free(why);
        wrong++;
    }
    params_reset();
    assert_int_equal(wrong, 0);
}

/*----- every step of those fails -----*/

static const struct scenario replacing[] = {
    { "replace by a namesake", with_v1, replace_v2,
      .done = "cum:applied|cum" },
    { "by one that is refused", v2_refused, replace_v2 },
    { "by one with its symbol", with_v1, replace_next,
      .done = "next:applied|next" },
    { "replace two", with_two, replace_one, .done = "fresh:applied|fresh" },
    { "a sleeper that wakes up", sleeper, replace_one, .stock = true },
};

/* Whose place in the stack the old payload has. */
static char *lost(const struct scenario *s, const struct fault *f)
{
    struct leeway leeway = { .stranded = f->for_ever };

    params_reset();
    return operation_run(s, f, &leeway);
}

void test_replacing_fails(void **state)
{
    int i, n, kind, steps, runs = 0, wrong = 0;
    char *why;

    make_all();
    for (i = 0; i < ARRAY_SIZE(replacing); i++) {
        const struct scenario *s = &replacing[i];

        if (s->stock && engine_reporting) continue;
        why = lost(s, &(struct fault){});
        steps = last_steps;
        for (n = 1; n <= steps && !why; n++) {
            for (kind = 0; kind < 3 && !why; kind++, runs++)
                why = lost(s, &(struct fault){ .at = n, .errnoval = ENOMEM,
                                               .times = kind == 1 ? 2 : 1,
                                               .for_ever = kind == 2 });
            if (!why) {
                params_reset();
                why = operation_kill(s, n);
                runs++;
            }
        }
        if (!why) continue;
        print_error("%s\n", why);
        free(why);
        wrong++;
    }
    params_reset();
    print_message("%d runs\n", runs);
    assert_true(runs > 1000);
    assert_int_equal(wrong, 0);
}

/*----- waits of up to a minute, between attempts -----*/

/* An attempt that is in flight, and unloading what was loaded for it. */
#define TO_CLEAR_UP_US 200000

static void only_waits(void)
{
    never_with_deadline();
    params.pause = LIBXL_LIVEPATCH_PAUSE_MODE_NEVER;
}

void test_abort_ends_waits(void **state)
{
    const struct scenario s = {
        "apply", only_waits, apply_fresh, .outcome = BUSY,
    };
    const char *names[FAULTS_STEPS + 1];
    int n, steps, waits = 0;
    char *why;

    params_reset();
    assert_null(operation_run(&s, &(struct fault){}, NULL));
    steps = min(last_steps, FAULTS_STEPS);
    memcpy(names, faults_step_names, sizeof(names));
    for (n = 1; n <= steps; n++) {
        if (strcmp(names[n], "ev_time_register")) continue;
        params_reset();
        why = operation_run(&s, &(struct fault){ .at = n, .abort = true },
                            NULL);
        if (why) fail_msg("%s", why);
        assert_true(faults_now_us() - faults_aborted_us < TO_CLEAR_UP_US);
        waits++;
    }
    params_reset();
    assert_true(waits > 10);
}
