/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known of the Xen to be patched, where the command line doesn't say.
 */
#ifndef LIVEPATCH_BUILD_HOST_H
#define LIVEPATCH_BUILD_HOST_H

#include "running.h"

/* Where the installed xen-syms files are: Debian's, Fedora's, XCP-ng's, and
 * beside the sources of XenServer's and XCP-ng's package for live patches. */
#define HOST_XEN_SYMS \
    "/usr/lib/debug/boot:/usr/lib/debug:/boot:/usr/src/xen-*"

/* The installed xen-syms of the Xen that this host runs, found by build-id, in
 * one of the folders; the caller frees it.  NULL and *why: there is none. */
char *host_xen_syms(const char *folders, char **why);

/* The configuration that Xen was built with, as its image has it; the caller
 * frees it.  NULL: it has none. */
char *host_config(const struct running *running);

#endif
