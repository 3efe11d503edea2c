/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line of a build.
 */
#ifndef LIVEPATCH_BUILD_OPTIONS_H
#define LIVEPATCH_BUILD_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

struct options {
    const char *tree, *config, *xen_syms, *compiler;
    const char **below;         /* --on */
    size_t nbelow;
    char *name, *output, *cache;
    const char *fixes, *description;
    const char *explain;        /* a function, or NULL */
    const char *skeleton;       /* where to write one, or NULL */
    const char *sign;           /* the private key, or NULL */
    const char *deb, *rpm;      /* NAME=VERSION of the package of Xen */
    unsigned int jobs;
    bool json, verbose, quiet, help, version;
    bool compile_all;           /* base.h */
    bool base_only;             /* the sub-command `base` */
    const char **patches;
    size_t npatches;
};

/* argv[0] is the command's or the sub-command's name.  False and *why; what
 * the options after the wrong one say may be missing then, but for json. */
bool options_parse(struct options *options, int argc, char **argv, char **why);
void options_free(struct options *options);

#endif
