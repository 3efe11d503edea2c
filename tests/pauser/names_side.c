/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What libxl finds out in xenstore about domain 1, as often as argv[1] says:
 * a line each, with the milliseconds that it took.
 */

#include "libxl_osdeps.h"

#include "libxl_livepatch_internal.h"

/* Not that of the machine that this runs on. */
#include "libxl_livepatch_names.c"

static void look(libxl__gc *gc)
{
    uint64_t began = libxl__livepatch_now_us();
    libxl__livepatch_store store;
    char *name = libxl__livepatch_domain_name(gc, 1);
    bool migrates;

    libxl__livepatch_store_init(&store);
    migrates = libxl__livepatch_is_migrating(gc, &store, 1);
    libxl__livepatch_store_dispose(&store);
    printf("%d %d %s\n", (int)(libxl__livepatch_now_us() - began) / 1000,
           migrates, name ?: "-");
    free(name);
}

int main(int argc, char **argv)
{
    xentoollog_logger *logger =
        (xentoollog_logger *)xtl_createlogger_stdiostream(stderr, XTL_WARN,
                                                          0);
    libxl_ctx ctx = { .lg = logger };
    libxl__gc gc[1];
    int i;

    for (i = 0; i < atoi(argv[1]); i++) {
        LIBXL_INIT_GC(*gc, &ctx);
        look(gc);
        libxl__free_all(gc);
    }
    xtl_logger_destroy(logger);
    return 0;
}
