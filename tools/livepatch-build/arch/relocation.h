/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the types of relocations mean.
 */
#ifndef LIVEPATCH_BUILD_RELOCATION_H
#define LIVEPATCH_BUILD_RELOCATION_H

#include <stdbool.h>

/* On every machine: R_*_NONE. */
#define RELOCATION_NONE 0

struct relocation {
    unsigned char size;         /* of the field that it fills in, bytes; 0: a
                                 * type that isn't known, or has none */
    enum {
        RELOCATION_ADDRESS = 1,     /* of its symbol */
        RELOCATION_DISTANCE,        /* to that from the field */
        RELOCATION_GOT_DISTANCE,    /* or by way of a table of addresses, in an
                                     * instruction that can do without */
        RELOCATION_OTHER,           /* a size, say */
        RELOCATION_OTHER_DISTANCE,
    } means;
    bool is_signed;
    bool branch;                /* a distance, and only of a call or jump */
    bool done_by_engines;
};

/* One of size 0 if the type isn't known. */
const struct relocation *relocation_of(unsigned int type);

/* Is it a distance from that field? */
bool relocation_is_relative(unsigned int type);

/* Does it mean the address of its symbol, be it by way of a table? */
bool relocation_is_address(unsigned int type);

#endif
