/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The modelled host below a whole xl, which does not outlive it.  FORCED_HOST
 * tells what another tool has loaded: "NAME NAME ...", where one with a "+"
 * before it is applied, too.  Each is the file of that name.  FORCED_ENGINE is
 * "stock" or "reports", or the latter with something in the way: "stubborn",
 * a guest, or "idle", which is none.
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
