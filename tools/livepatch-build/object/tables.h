/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What Xen's linker script and its code make of sections by their names.
 */
#ifndef LIVEPATCH_BUILD_TABLES_H
#define LIVEPATCH_BUILD_TABLES_H

#include "object.h"

/* The fields of a table's entries that matter here.  Offsets in the entry;
 * NO_FIELD: it has none. */
#define NO_FIELD UINT32_MAX

struct table {
    enum special special;
    uint32_t entry_size;
    uint32_t code;              /* names the code that the entry is about */
    uint32_t aside;             /* names code that lies elsewhere for it: a
                                 * fixup or a replacement */
    uint32_t aside_size;        /* a byte that has that code's size */
};

/* The table whose entries the section of this name holds; NULL: none does. */
const struct table *table_of(const char *section);

enum special special_of(const char *section);

/* .fixup: continuations of exceptions, for all functions of the object. */
bool is_fixup_section(const char *section);

/* .altinstr_replacement: what alternatives() copies into functions. */
bool is_replacement_section(const char *section);

/* Gone once Xen has booted. */
bool is_init_section(const char *section);

/* Left out when Xen is linked, or of no effect when it runs. */
bool is_dropped_section(const char *section);

/*
 * In a bug frame's field at this offset, an addend is made of the place, the
 * distance from the entry's start to the field, and above these the line's
 * bits.  Returns the place.
 */
int64_t bug_frame_place(uint64_t field, int64_t addend);

#endif
