/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What running*.c share. */
#ifndef LIVEPATCH_BUILD_RUNNING_PRIVATE_H
#define LIVEPATCH_BUILD_RUNNING_PRIVATE_H

#include <reader.h>

#include "running.h"

/* The engine's buffers for a symbol's name hold this many characters. */
#define SYMBOL_NAME_MAX 127

/* A symbol of a payload below. */
struct added_symbol {
    char *name;                 /* in full, as the host has it */
    const char *key;            /* what follows its last '/' or '#' */
    uint64_t size;
    unsigned char type;
    bool replaces;              /* a function of the host's; others are added */
    size_t payload;             /* which of them has it */
};

struct running {
    char *path, *image;
    xlp_elf elf;
    xlp_xen_symbols xen;
    const xlp_xen_symbol **by_name;     /* sorted by bare name */
    const xlp_xen_symbol **by_full;     /* sorted by full name */
    const xlp_xen_symbol **by_address;
    uint64_t init, init_end;    /* addresses of what was freed after boot */
    struct build_id xen_id, top_id;
    struct added_symbol *added; /* sorted by key; those that replace, too */
    size_t nadded;
    struct stacked *stacked;
    size_t nstacked, stacked_room;
};

/* The symbols, from the ELF symbol table. */
void running_read_symbols(struct running *running);
void running_free_symbols(struct running *running);

/* The symbol of a payload below that has this full name, but for a prefix that
 * ends in '/'.  Returns how many there are. */
size_t running_find_added(const struct running *running, const char *full,
                          struct running_symbol *symbol);
size_t running_count_added(const struct running *running, const char *full);
void running_free_stack(struct running *running);

#endif
