/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the real pauser finds below it in these tests.
 */

#include "libxl_osdeps.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include <xenctrl.h>

#include "world.h"

static void __attribute__((constructor)) begin(void)
{
    world_attach();
}

xc_interface *xc_interface_open(xentoollog_logger *logger,
                                xentoollog_logger *dombuild_logger,
                                unsigned open_flags)
{
    errno = world_step("open");
    return errno ? NULL : (xc_interface *)world;
}

int world_step(const char *what)
{
    int n = ++world->pauser_steps;

    if (n == world->pauser_dies_at) kill(getpid(), SIGKILL);
    if (n == world->pauser_stops_at) kill(getpid(), SIGSTOP);
    if (n == world->pauser_fails_at ||
        (world->pauser_for_ever && n > world->pauser_fails_at))
        return world->pauser_errno;
    return 0;
}
