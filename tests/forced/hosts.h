/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files, hosts on which something is loaded, and operations on them.
 *
 *   hello     for Xen alone; it can't be applied twice
 *   bye       for hello
 *   third     for bye
 *   fresh     for Xen alone
 *   atop      for fresh
 *   another   for Xen alone
 *   hooked    for Xen alone; it has a hook before its application
 *   other     for another Xen
 *   zz        for Xen alone; another tool's
 */
#ifndef FORCED_HOSTS_H
#define FORCED_HOSTS_H

#include "operation.h"

/* What can go wrong with the pauser, in the hosts that need one. */
struct pauser_fault {
    int dies_at, stops_at, fails_at;
    bool for_ever;
    int errnoval;
};
extern struct pauser_fault pauser_fault;

/* The parameters of the next operation. */
extern libxl_livepatch_params params;
void params_reset(void);

void make_files(void);

typedef int start_function(libxl_ctx *ctx, libxl_livepatch_result *result,
                           const libxl_asyncop_how *how);
start_function apply_hello, apply_bye, apply_third, apply_three, replace_one,
    replace_two, replace_stack, upload_fresh, revert_bye, revert_and_unload, unload_bye,
    plan_fresh, list, info, check;
/* Apply files of these names. */
/* What the last of these told beyond the head, which is the result's. */
extern libxl_livepatch_details last_details;
int inform(libxl_ctx *ctx, const char *name, libxl_livepatch_result *result);
extern libxl_livepatch_obstacles last_obstacles;
start_function blockers;
void blockers_finish(libxl_livepatch_result *result);
int check_file(const char *path, libxl_livepatch_result *result);

int apply_files(libxl_ctx *ctx, libxl_livepatch_result *result,
                const libxl_asyncop_how *how, int num, ...);
/* Without a fault; it must succeed. */
void do_now(start_function *start);

/* Installing (installed.c). */
start_function install_hello, install_three, install_fresh, install_other,
    uninstall_third, uninstall_hello, restore;
void with_installed(void);      /* three, all applied */
void with_booted(void);         /* the same after a boot, nothing applied */
/* Also for a Xen that is gone. */
start_function prune;
void with_gone(void);
void install_gone(void);
/* The folder that the host boots from: empty, with a folder for GRUB; and a
 * compressed Xen in it, with a note for the build-id at that offset, all of
 * whose bytes are the same. */
void empty_boot(void);
void write_image(const char *name, size_t at, uint8_t byte);
/* A new boot of the host: the hypervisor has nothing, disks are the same. */
void boot(const char *id, const char *cmdline);

void with_hello(void);          /* applied */
void with_two(void);            /* hello and bye, applied */
void with_bye_reverted(void);
void with_hello_reverted(void);
void with_foreign(void);        /* hello is another tool's */
void with_namesake(void);       /* "hello" is another payload */
void stubborn(void);            /* two guests more, one in the way */
void stubborn_stack(void);      /* the same with_two */
void waiting(void);             /* a guest with an active waitqueue */
void wedged(void);              /* bye's rc stays -EAGAIN */
void in_flight(void);           /* another tool applies bye */
void with_journal(void);        /* left by a pauser that was killed */
/* See struct engine_refusal. */
struct engine_refusal *refuse(const char *name, uint32_t cmd, int rc,
                              int times, bool at_once, const char *words);

/* One of each kind, each path through the library at least once. */
extern const struct scenario scenarios[];
extern const int num_scenarios;

#endif
