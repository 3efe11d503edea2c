/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The debug information of an object file that isn't linked.
 */
#ifndef LIVEPATCH_BUILD_LAYOUT_DWARF_H
#define LIVEPATCH_BUILD_LAYOUT_DWARF_H

#include <elfutils/libdw.h>
#include <reader.h>
#include <stdbool.h>
#include <stddef.h>

struct debug_file {
    char *image;
    size_t size;
    xlp_elf elf;
    Dwarf *dwarf;               /* NULL: there is none, nor any code */
};

/* False and *why (the caller frees it): it can't be read, isn't an x86-64
 * object, or has code without debug information.  Closing is right in either
 * case. */
bool debug_open(struct debug_file *file, const char *path, char **why);
void debug_close(struct debug_file *file);

#endif
