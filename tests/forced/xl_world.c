/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The modelled host below a whole xl, which does not outlive it.  FORCED_HOST
 * tells what another tool has loaded: "NAME NAME ...", where one with a "+"
 * before it is applied, too.  Each is the file of that name.  FORCED_ENGINE is
 * "stock" or "reports", or the latter with something in the way: "stubborn",
 * a guest, or "idle", which is none.
 *
 * FORCED_ANSWER takes the place of what libxl answers to status and blockers;
 * each of its letters is something to be told: see below.
 */

#include "libxl_osdeps.h"

#include <fcntl.h>
#include <libelf.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <libxl.h>
#include <xenctrl.h>

#include "engine.h"
#include "hosts.h"
#include "store.h"
#include "world.h"

static void __attribute__((constructor)) begin(void)
{
    char *names = strdup(getenv("FORCED_HOST") ?: ""), *save = NULL, *name;
    const char *kind = getenv("FORCED_ENGINE") ?: "stock";

    elf_version(EV_CURRENT);
    world_attach();
    engine_reporting = strcmp(kind, "stock");
    host_reset();
    if (!strcmp(kind, "stubborn")) engine.stubborn = 1;
    if (!strcmp(kind, "idle")) engine.idle_late = 1000;
    for (name = strtok_r(names, " ", &save); name;
         name = strtok_r(NULL, " ", &save)) {
        bool applied = *name == '+';

        engine_load(name + applied, file_of(name + applied));
        if (applied) engine_apply(name + applied);
    }
    free(names);
}

/* xl looks whether there is a Xen before it asks libxl. */
int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
    va_list al;
    mode_t mode;

    va_start(al, flags);
    mode = va_arg(al, mode_t);
    va_end(al);
    if (!strncmp(path, "/dev/xen/", 9)) path = "/dev/null";
    return __real_open(path, flags, mode);
}

/*----- answers that xl has to put into words -----*/

static bool told(char letter)
{
    return strchr(getenv("FORCED_ANSWER") ?: "", letter);
}

/* In progress; a payload lost; one undone. */
int __real_libxl_livepatch_status(libxl_ctx *ctx, const libxl_livepatch_params *params,
                                  libxl_livepatch_condition *c);
int __wrap_libxl_livepatch_status(libxl_ctx *ctx, const libxl_livepatch_params *params,
                                  libxl_livepatch_condition *c)
{
    libxl_livepatch_deviation *d;

    if (!getenv("FORCED_ANSWER"))
        return __real_libxl_livepatch_status(ctx, params, c);

    c->operation = LIBXL_LIVEPATCH_OPERATION_STATUS;
    c->message = strdup("something is known");
    c->in_progress = told('p');
    d = c->deviations = calloc(2, sizeof(*d));
    if (told('l')) {
        d->name = strdup("hello");
        d->wanted = LIBXL_LIVEPATCH_STATE_APPLIED;
        d++;
    }
    if (told('u')) {
        d->name = strdup("bye");
        d->loaded = true;
        d->state = LIBXL_LIVEPATCH_STATE_CHECKED;
        d->wanted = LIBXL_LIVEPATCH_STATE_APPLIED;
        d->message = strdup("another tool reverted it");
        d++;
    }
    c->num_deviations = d - c->deviations;
    if (c->num_deviations) c->advice = strdup("Mend it.");
    c->outcome = c->in_progress ? LIBXL_LIVEPATCH_OUTCOME_BUSY
               : c->num_deviations ? LIBXL_LIVEPATCH_OUTCOME_STRANDED
                                   : LIBXL_LIVEPATCH_OUTCOME_DONE;
    return 0;
}

/* Rehearsed, with a CPU that was late; or else a guess, of one guest. */
int __real_libxl_livepatch_blockers(libxl_ctx *ctx,
                                    const libxl_livepatch_params *params,
                                    libxl_livepatch_obstacles *o,
                                    const libxl_asyncop_how *how);
int __wrap_libxl_livepatch_blockers(libxl_ctx *ctx,
                                    const libxl_livepatch_params *params,
                                    libxl_livepatch_obstacles *o,
                                    const libxl_asyncop_how *how)
{
    if (!getenv("FORCED_ANSWER"))
        return __real_libxl_livepatch_blockers(ctx, params, o, how);

    o->operation = LIBXL_LIVEPATCH_OPERATION_BLOCKERS;
    o->message = strdup("something is known");
    o->timeout_us = params->timeout_us;
    o->rehearsed = told('r');
    if (o->rehearsed) {
        o->outcome = LIBXL_LIVEPATCH_OUTCOME_BUSY;
        o->reason = LIBXL_LIVEPATCH_REASON_QUIESCE;
        o->stalled_us = 30000;
        o->num_stragglers = 1;
        o->stragglers = calloc(1, sizeof(*o->stragglers));
        o->stragglers->cpu = 3;
        o->stragglers->domid = 7;
        o->stragglers->name = strdup("guest");
        o->stragglers->where = LIBXL_LIVEPATCH_WHERE_GUEST;
    } else {
        o->outcome = LIBXL_LIVEPATCH_OUTCOME_DONE;
        o->num_suspects = 1;
        o->suspects = calloc(1, sizeof(*o->suspects));
        o->suspects->domid = 7;
        o->suspects->cpu_us = 93000;
        o->suspects->migrating = true;
    }
    how->callback(ctx, 0, how->u.for_callback);
    return 0;
}
