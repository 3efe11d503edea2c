/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libxl_osdeps.h"

#undef NDEBUG
#include <assert.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <libxl.h>
#include <xenctrl.h>
#include <xen/errno.h>
#include <xen-tools/libs.h>

#include "libxl_livepatch_pauser.h"

#include "engine.h"
#include "hosts.h"
#include "payload_image.h"
#include "store.h"
#include "world.h"

/*----- files -----*/

/* What is local to one payload must not be in another: see engine.c. */
static void write_file(const char *name, payload_image *image)
{
    int fd;

    image->symbols[image_symbol_index(image, "names")].name = name;
    image_build(image);
    fd = open(file_of(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert(fd >= 0 && write(fd, image->bytes, image->size) == image->size);
    close(fd);
    image_free(image);
}

/* With data of its own the hypervisor does not apply it twice. */
static void make_file(const char *name, uint8_t id, uint8_t below, bool data)
{
    payload_image *image = image_new();

    memset(image_section(image, ".note.gnu.build-id")->data + 16, id, 20);
    memset(image_section(image, ".livepatch.depends")->data + 16, below, 20);
    if (data)
        image_add_section(image, ".data", SHT_PROGBITS,
                          SHF_ALLOC | SHF_WRITE, "data", 5);
    write_file(name, image);
}

/* With a hook that runs before the application. */
static void make_hooked(void)
{
    payload_image *image = image_new();

    memset(image_section(image, ".note.gnu.build-id")->data + 16, 0x88, 20);
    image_add_hooks(image, "preapply", 1);
    write_file("hooked", image);
}

static void make_for_another_xen(void)
{
    payload_image *image = image_new();

    memset(image_section(image, ".note.gnu.build-id")->data + 16, 0xaa, 20);
    memset(image_section(image, ".livepatch.depends")->data + 16, 0xbb, 20);
    memset(image_section(image, ".livepatch.xen_depends")->data + 16, 0xbb, 20);
    write_file("other", image);
}

void make_files(void)
{
    assert(!mkdir(run_dir, 0700) || errno == EEXIST);
    make_file("hello", 0x11, 0x22, true);
    make_file("bye", 0x33, 0x11, false);
    make_file("third", 0x44, 0x33, false);
    make_file("fresh", 0x55, 0x22, false);
    make_file("atop", 0x99, 0x55, false);
    make_file("zz", 0x66, 0x22, false);
    make_file("another", 0x77, 0x22, false);
    make_hooked();
    make_for_another_xen();
}

/*----- the operations -----*/

libxl_livepatch_params params;
struct pauser_fault pauser_fault;

void params_reset(void)
{
    libxl_livepatch_params_dispose(&params);
    libxl_livepatch_params_init(&params);
}

int apply_files(libxl_ctx *ctx, libxl_livepatch_result *result,
                const libxl_asyncop_how *how, int num, ...)
{
    libxl_livepatch_file files[3] = {};
    va_list al;
    int i;

    va_start(al, num);
    for (i = 0; i < num; i++)
        files[i].path = (char *)file_of(va_arg(al, const char *));
    va_end(al);
    return libxl_livepatch_apply(ctx, files, num, &params, result, how, NULL);
}

/* What a result begins with, and no more, of another type of answer. */
static void move_head(libxl_livepatch_result *to, void *answer)
{
    memcpy(to, answer, sizeof(libxl_livepatch_head));
    memset(answer, 0, sizeof(libxl_livepatch_head));
}

static int list_all(libxl_ctx *ctx, libxl_livepatch_result *result)
{
    libxl_livepatch_listing listing;
    int rc;

    libxl_livepatch_listing_init(&listing);
    rc = libxl_livepatch_list(ctx, &listing);
    move_head(result, &listing);
    result->payloads = listing.payloads;
    result->num_payloads = listing.num_payloads;
    free(listing.xen_build_id);
    return rc;
}

libxl_livepatch_details last_details;

int inform(libxl_ctx *ctx, const char *name, libxl_livepatch_result *result)
{
    int rc;

    libxl_livepatch_details_dispose(&last_details);
    libxl_livepatch_details_init(&last_details);
    rc = libxl_livepatch_info(ctx, name, &last_details);
    move_head(result, &last_details);
    return rc;
}

libxl_livepatch_obstacles last_obstacles;

int blockers(libxl_ctx *ctx, libxl_livepatch_result *result,
             const libxl_asyncop_how *how)
{
    libxl_livepatch_obstacles_dispose(&last_obstacles);
    libxl_livepatch_obstacles_init(&last_obstacles);
    return libxl_livepatch_blockers(ctx, &params, &last_obstacles, how);
}

void blockers_finish(libxl_livepatch_result *result)
{
    move_head(result, &last_obstacles);
}

int check_file(const char *path, libxl_livepatch_result *result)
{
    libxl_livepatch_file file = { .path = (char *)path };
    libxl_livepatch_verdict verdict;
    int rc;

    libxl_livepatch_verdict_init(&verdict);
    rc = libxl_livepatch_check(&file, 1, NULL, &verdict);
    move_head(result, &verdict);
    libxl_livepatch_verdict_dispose(&verdict);
    return rc;
}

#define START(name, call)                                               \
    int name(libxl_ctx *ctx, libxl_livepatch_result *result,            \
             const libxl_asyncop_how *how)                              \
    { return call; }

START(apply_hello, apply_files(ctx, result, how, 1, "hello"))
START(apply_bye, apply_files(ctx, result, how, 1, "bye"))
START(apply_third, apply_files(ctx, result, how, 1, "third"))
START(apply_three, apply_files(ctx, result, how, 3, "third", "hello", "bye"))
START(replace_two, (params.replace = true,
                    apply_files(ctx, result, how, 2, "fresh", "another")))
START(replace_stack, (params.replace = true,
                      apply_files(ctx, result, how, 2, "atop", "fresh")))
START(replace_one, (params.replace = true,
                    apply_files(ctx, result, how, 1, "fresh")))
START(upload_fresh, libxl_livepatch_upload(
          ctx, &(libxl_livepatch_file){ .path = (char *)file_of("fresh") },
          &params, result, how))
START(revert_bye, libxl_livepatch_revert(ctx, "bye", &params, result, how,
                                         NULL))
START(revert_and_unload, (params.unload = true,
          libxl_livepatch_revert(ctx, "bye", &params, result, how, NULL)))
START(unload_bye, libxl_livepatch_unload(ctx, "bye", &params, result, how))
START(plan_fresh, (params.dry_run = true,
                   apply_files(ctx, result, how, 1, "fresh")))
START(list, list_all(ctx, result))
START(info, inform(ctx, "bye", result))
START(check, check_file(file_of("bye"), result))

void do_now(start_function *start)
{
    struct scenario scenario = { .start = start };

    if (operation_do(&scenario) == LIBXL_LIVEPATCH_OUTCOME_DONE) return;
    fprintf(stderr, "can't be set up: %s\n", last_result.message);
    abort();
}

/*----- hosts -----*/

void with_hello(void)
{
    do_now(apply_hello);
}

void with_two(void)
{
    do_now(apply_hello);
    do_now(apply_bye);
}

void with_bye_reverted(void)
{
    with_two();
    do_now(revert_bye);
}

void with_hello_reverted(void)
{
    do_now(apply_hello);
    engine_revert("hello");
}

void with_foreign(void)
{
    engine_load("hello", file_of("hello"));
    engine_apply("hello");
}

/* Another payload has the name. */
void with_namesake(void)
{
    engine_load("hello", file_of("another"));
}

static void break_pauser(void)
{
    world->pauser_dies_at = pauser_fault.dies_at;
    world->pauser_stops_at = pauser_fault.stops_at;
    world->pauser_fails_at = pauser_fault.fails_at;
    world->pauser_for_ever = pauser_fault.for_ever;
    world->pauser_errno = pauser_fault.errnoval;
}

void stubborn(void)
{
    with_hello();
    world_add(2, XEN_DOMINF_running);
    world_add(3, XEN_DOMINF_running);
    engine.stubborn = 2;
    params.retries = 1;
    break_pauser();
}

void stubborn_stack(void)
{
    with_two();
    world_add(2, XEN_DOMINF_running);
    engine.stubborn = 2;
    params.retries = 0;
    break_pauser();
}

void waiting(void)
{
    world_add(2, XEN_DOMINF_running);
    engine.waiter = 2;
    engine.waits = 1;
    params.retries = 0;
}

struct engine_refusal *refuse(const char *name, uint32_t cmd, int rc,
                              int times, bool at_once, const char *words)
{
    struct engine_refusal *r = engine.refusals;

    while (r->name) r++;
    *r = (struct engine_refusal){ name, cmd, rc, times, at_once, words };
    return r;
}

static void listed(void)
{
    params.pause = LIBXL_LIVEPATCH_PAUSE_MODE_LISTED;
    params.listed = calloc(1, sizeof(*params.listed));
    params.listed[0] = 1;
    params.num_listed = 1;
}

static void third_refused(void)
{
    refuse("third", LIVEPATCH_ACTION_APPLY, -XEN_EINVAL, 1, true, NULL);
}

static void third_not_uploaded(void)
{
    refuse("third", 0, -XEN_ENOENT, 1, true, "Unknown symbol: nowhere");
}

/* The stack is reverted, and then it fails. */
static void replace_refused(void)
{
    with_two();
    refuse("fresh", LIVEPATCH_ACTION_REPLACE, -XEN_EINVAL, 1, false, NULL);
}

static void unschedulable(void)
{
    engine.unschedulable = 1;
}

/* What an action that could not be scheduled left. */
void wedged(void)
{
    with_two();
    engine_find("bye")->rc = -XEN_EAGAIN;
}

void in_flight(void)
{
    with_bye_reverted();
    engine_fly("bye", LIVEPATCH_ACTION_APPLY, 4);
}

/* A pauser that was killed with its caller. */
void with_journal(void)
{
    struct world_domain *d = world_find(1);
    FILE *stream = fopen(LIVEPATCH_PAUSE_JOURNAL, "w");
    int i;

    assert(stream);
    fprintf(stream, "paused 1:");
    for (i = 0; i < 16; i++) fprintf(stream, "%02x", d->uuid[i]);
    fprintf(stream, " %llu\n",
            (unsigned long long)d->cpu_ns);
    fclose(stream);
    d->count = d->pauses = 1;
}

const struct scenario scenarios[] = {
    { "apply", NULL, apply_hello, .done = "hello:applied|hello" },
    { "apply with guests listed", listed, apply_hello,
      .done = "hello:applied|hello" },
    { "apply on a stack", with_two, apply_third,
      .done = "bye:applied hello:applied third:applied|hello bye third" },
    { "apply three", NULL, apply_three,
      .done = "bye:applied hello:applied third:applied|hello bye third" },
    { "apply three, the last refused", third_refused, apply_three,
      .outcome = LIBXL_LIVEPATCH_OUTCOME_FAILED },
    { "apply three, the last not loaded", third_not_uploaded, apply_three,
      .outcome = LIBXL_LIVEPATCH_OUTCOME_FAILED },
    { "apply again", with_hello, apply_hello,
      .outcome = LIBXL_LIVEPATCH_OUTCOME_ALREADY },
    { "apply what another tool did", with_foreign, apply_hello,
      .outcome = LIBXL_LIVEPATCH_OUTCOME_ALREADY },
    { "apply under a name that is in use", with_namesake, apply_hello,
      .outcome = LIBXL_LIVEPATCH_OUTCOME_FAILED },
    { "apply after revert", with_bye_reverted, apply_bye,
      .done = "bye:applied hello:applied|hello bye" },
    { "apply what can't be applied twice", with_hello_reverted, apply_hello,
      .done = "hello:applied|hello" },
    { "apply on a guest in the way", stubborn, apply_bye,
      .done = "bye:applied hello:applied|hello bye", .forks = true },
    { "apply on a guest that waits", waiting, apply_hello,
      .done = "hello:applied|hello", .forks = true },
    { "apply when it can't be scheduled", unschedulable, apply_hello,
      .done = "hello:applied|hello" },
    { "apply after pauses were left", with_journal, apply_hello,
      .done = "hello:applied|hello", .forks = true },
    { "replace", with_two, replace_one, .done = "fresh:applied|fresh" },
    { "replace by two, the second refused", with_two, replace_two,
      .outcome = LIBXL_LIVEPATCH_OUTCOME_FAILED },
    { "replace that fails", replace_refused, replace_one,
      .outcome = LIBXL_LIVEPATCH_OUTCOME_FAILED },
    { "revert", with_two, revert_bye,
      .done = "bye:checked hello:applied|hello" },
    { "revert and unload, a guest in the way", stubborn_stack,
      revert_and_unload, .done = "hello:applied|hello", .forks = true },
    { "revert what is wedged", wedged, revert_bye,
      .done = "bye:checked hello:applied|hello", .stock = true },
    { "unload", with_bye_reverted, unload_bye,
      .done = "hello:applied|hello" },
    { "unload what is in flight", in_flight, unload_bye,
      .outcome = LIBXL_LIVEPATCH_OUTCOME_FAILED,
      .any_state = true },
    { "upload", with_hello, upload_fresh,
      .done = "fresh:checked hello:applied|hello" },
    { "install", NULL, install_hello, .done = "hello:applied|hello",
      .installed = "hello" },
    { "install three", NULL, install_three, .installed = "bye hello third",
      .done = "bye:applied hello:applied third:applied|hello bye third" },
    /* Unless another tool applies it meanwhile. */
    { "install three, the last refused", third_refused, install_three,
      .outcome = LIBXL_LIVEPATCH_OUTCOME_FAILED,
      .installed = "bye hello third" },
    { "install what is applied", with_hello, install_hello,
      .installed = "hello" },
    { "install again", with_installed, install_three,
      .outcome = LIBXL_LIVEPATCH_OUTCOME_ALREADY },
    { "install in place of all", with_installed, install_fresh,
      .done = "fresh:applied|fresh", .installed = "fresh" },
    { "install for another Xen", with_two, install_other },
    { "prune", with_gone, prune },
    { "uninstall", with_installed, uninstall_third,
      .done = "bye:applied hello:applied|hello bye", .installed = "bye hello" },
    { "uninstall what is below", with_installed, uninstall_hello,
      .outcome = LIBXL_LIVEPATCH_OUTCOME_FAILED },
    { "uninstall what isn't loaded", with_booted, uninstall_third,
      .installed = "bye hello" },
    { "restore", with_booted, restore,
      .done = "bye:applied hello:applied third:applied|hello bye third" },
    { "restore what is applied", with_installed, restore,
      .outcome = LIBXL_LIVEPATCH_OUTCOME_ALREADY },
    { "plan", NULL, plan_fresh,
      .outcome = LIBXL_LIVEPATCH_OUTCOME_PLANNED },
    { "list", with_two, list, true },
    { "info", with_two, info, true },
    { "check", with_two, check, true },
    { "blockers", with_two, blockers, .finish = blockers_finish,
      .outcome = LIBXL_LIVEPATCH_OUTCOME_DONE },
};

const int num_scenarios = ARRAY_SIZE(scenarios);
