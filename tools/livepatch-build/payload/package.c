/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "package.h"

#include <stdlib.h>
#include <string.h>

#include "support/memory.h"
#include "support/run.h"

#define PACKAGER "livepatch-package"

bool package_possible(char **why)
{
    return run_has_beside(PACKAGER, "--deb and --rpm need", why);
}

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? must_print("%.*s", (int)(slash + 1 - path), path)
                 : must_copy(".");
}

char *package_make(const struct package_order *order, char **why)
{
    char *packager = run_find_beside(PACKAGER), *said = NULL, *made = NULL;
    char *folder = folder_of(order->payload);
    /* Compilers aren't told the time, which they would put into objects. */
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    char *time = must_print("SOURCE_DATE_EPOCH=%s", epoch ? epoch : "");
    const char **argv = must_alloc(order->nbelow + 12, sizeof(*argv));
    size_t argc = 0;

    if (epoch) {
        argv[argc++] = "env";
        argv[argc++] = time;
    }
    argv[argc++] = packager ? packager : PACKAGER;
    argv[argc++] = order->option;
    argv[argc++] = order->xen;
    argv[argc++] = "--output";
    argv[argc++] = folder;
    argv[argc++] = "--";
    for (size_t i = 0; i < order->nbelow; i++) {
        argv[argc++] = order->below[i];
    }
    argv[argc++] = order->payload;
    if (!run_program(argv, NULL, NULL, &said)) {
        made = must_copy(run_last_line(said));
    } else {
        fail_with(why, "%s is written, and no package of it: %s",
                  order->payload, run_last_line(said));
    }
    free(said);
    free(argv);
    free(time);
    free(folder);
    free(packager);
    return made;
}
